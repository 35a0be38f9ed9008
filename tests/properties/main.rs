//! What holds for every expression, tried on random ones. The seed is fixed, so that a run is like any other;
//! `INDICIAL_SEED=7 INDICIAL_CASES=20 cargo test --test properties` tries others, and twenty times as many.

mod generate;
mod meaning;
mod notation;
mod order;
mod text;
mod verdict;

use generate::{Choices, DECLARATIONS, expression};
use indicial::{Declarations, Expr, Shape, parse};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestError, TestRng, TestRunner};
use std::fmt::Debug;
use std::sync::LazyLock;

static DECLARED: LazyLock<Declarations> = LazyLock::new(|| Declarations::parse(DECLARATIONS).expect("they are well-formed"));

/// What the outcome of a case is: a failure says what is wrong.
type Outcome = Result<(), String>;

fn read(text: &str) -> Expr {
    parse(text, &DECLARED).unwrap_or_else(|e| panic!("{text}: {e}"))
}

/// Runs `test` on `cases` values and fails with the smallest value that fails, drawn by `show`.
fn holds<S: Strategy>(cases: u32, strategy: &S, show: impl Fn(&S::Value) -> String, test: impl Fn(&S::Value) -> Outcome)
where
    S::Value: Debug,
{
    let cases = cases * setting("INDICIAL_CASES").unwrap_or(1);
    let config = Config { cases, failure_persistence: None, max_shrink_iters: 2000, ..Config::default() };
    let seed = setting("INDICIAL_SEED").unwrap_or(0).to_le_bytes().repeat(8);
    let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &seed));
    match runner.run(strategy, |value| test(&value).map_err(TestCaseError::fail)) {
        Ok(()) => {}
        Err(TestError::Fail(reason, value)) => panic!("{}\n{reason}", show(&value)),
        Err(TestError::Abort(reason)) => panic!("{reason}"),
    }
}

fn setting(name: &str) -> Option<u32> {
    std::env::var(name).ok()?.parse().ok()
}

/// Lists of choices from which expressions are made.
fn choices() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(any::<u8>(), 0..60)
}

/// The shape and the expression that a list of choices makes.
fn made(list: &[u8], depth: usize) -> Expr {
    let mut c = Choices::new(list);
    let (m, n) = (indicial::Dim::symbol("m"), indicial::Dim::symbol("n"));
    let shapes = [Shape::Scalar, Shape::Column(n), Shape::Matrix(m, n), Shape::Matrix(n, n), Shape::Row(m)];
    let shape = &shapes[c.of(shapes.len())];
    expression(&mut c, shape, depth)
}

fn made_scalar(list: &[u8], depth: usize) -> Expr {
    expression(&mut Choices::new(list), &Shape::Scalar, depth)
}
