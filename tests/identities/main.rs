//! Identities, one a line: what is asked, and what the answer reads.
//!
//! Of each line four things are held against each other: the text that the engine prints, the value of that text read
//! back, the value of the expected text, and central differences of what was differentiated.

use indicial::{Answer, Declarations, Engine, Expr, Op, Result, Scope, evaluate, infer, parse};

/// A table of one theme: declarations, then for each line the input and what it becomes. A leading `diff(…)` is
/// differentiated, everything else is simplified.
macro_rules! identities {
    ($theme:ident $(; $declarations:literal $($input:literal => $expected:literal)+)+) => {
        #[test]
        fn $theme() {
            crate::check_all(&[$($(($declarations, $input, $expected)),+),+]);
        }
    };
}

mod algebra;
mod answers;
mod calculus;
mod differentials;
mod elementwise;
mod functions;
mod gradients;
mod indices;
mod kronecker;
mod layouts;
mod matrices;
mod matrix_functions;
mod orders;
mod parts;
mod products;
mod reductions;
mod scalars;
mod statistics;
mod structured;

/// Points at which values are compared.
const POINTS: usize = 4;

/// Fails with all lines that are not as they should be.
fn check_all(lines: &[(&str, &str, &str)]) {
    let bad: Vec<String> = lines
        .iter()
        .filter_map(|(declarations, input, expected)| {
            check(declarations, input, expected).err().map(|e| format!("{declarations} | {input}\n    {e}"))
        })
        .collect();
    assert!(bad.is_empty(), "{} of {} lines:\n{}", bad.len(), lines.len(), bad.join("\n"));
}

fn check(declarations: &str, input: &str, expected: &str) -> Result<(), String> {
    let answer = answer(declarations, input).map_err(|e| format!("no answer: {e}"))?;
    let verdict = [reads_back(&answer), derivative(&answer), value(&answer, expected), text(&answer, expected)];
    let bad: Vec<String> = verdict.into_iter().filter_map(Result::err).collect();
    if bad.is_empty() { Ok(()) } else { Err(bad.join("\n    ")) }
}

fn answer(declarations: &str, input: &str) -> Result<Answer> {
    let declarations = Declarations::parse(declarations)?;
    let mut function = parse(input, &declarations)?;
    let mut wrt: Vec<Expr> = Vec::new();
    while let Op::Diff(f, x) = function.op().clone() {
        wrt.insert(0, x);
        function = f;
    }
    Engine::new().derivative(&function, &wrt, &declarations)
}

fn text(answer: &Answer, expected: &str) -> Result<(), String> {
    let printed = answer.to_string();
    if printed == expected { Ok(()) } else { Err(format!("reads `{printed}`, expected `{expected}`")) }
}

/// The text that is printed has the value of what it was printed from.
fn reads_back(answer: &Answer) -> Result<(), String> {
    value(answer, &answer.to_string())
}

fn value(answer: &Answer, expected: &str) -> Result<(), String> {
    let compare = || {
        let declarations = answer.declarations();
        let (got, wanted) = (answer.typed()?, infer(&parse(expected, &declarations)?, &declarations)?);
        Scope::of(&[&got, &wanted]).compare(&|at| evaluate(&wanted, at), &|at| evaluate(&got, at), POINTS, 1e-8)
    };
    match compare() {
        Ok(seen) if seen.ok => Ok(()),
        Ok(seen) => Err(format!("`{answer}` differs from `{expected}` by {:.1e}", seen.max_relative_error)),
        Err(e) => Err(format!("`{answer}` against `{expected}`: {e}")),
    }
}

fn derivative(answer: &Answer) -> Result<(), String> {
    match answer.verify(POINTS) {
        Ok(seen) if seen.ok => Ok(()),
        Ok(seen) => Err(format!("REFUTED: `{answer}` is off by {:.1e}", seen.max_relative_error)),
        Err(e) => Err(format!("`{answer}` cannot be verified: {e}")),
    }
}
