//! How answers grow: high orders, deep inputs, many terms, several derivatives at once. Every answer is a snapshot, and is
//! held against numbers.

mod inputs;
mod several;

use indicial::{
    Answer, Declarations, Engine, Expr, Notation, Result, Scope, Typed, Verification, evaluate, infer, kronecker_form, numeric_derivative,
    parse,
};
use std::fmt::Write;

/// At how many points values are compared.
const POINTS: usize = 2;

fn save(name: &str, text: &str) {
    insta::with_settings!({snapshot_path => "../../snapshots", prepend_module_to_snapshot => false}, {
        insta::assert_snapshot!(format!("growth_{name}"), text);
    });
}

fn read(text: &str, declarations: &Declarations) -> Expr {
    parse(text, declarations).unwrap_or_else(|e| panic!("{text}: {e}"))
}

/// The derivatives of each order up to the highest, each with a title.
fn derivatives(declarations: &str, text: &str, x: &str, highest: usize) -> String {
    let declarations = Declarations::parse(declarations).unwrap_or_else(|e| panic!("{declarations}: {e}"));
    let (f, x) = (read(text, &declarations), read(x, &declarations));
    let mut shown = String::new();
    let mut lower: Option<Answer> = None;
    for order in 1..=highest {
        let answer =
            Engine::new().derivative(&f, &vec![x.clone(); order], &declarations).unwrap_or_else(|e| panic!("{text}, order {order}: {e}"));
        let seen = match &lower {
            Some(lower) => step(lower, &answer),
            None => answer.verify(POINTS),
        };
        let seen = seen.unwrap_or_else(|e| panic!("{text}, order {order}: {e}"));
        assert!(seen.ok, "{text}, order {order}: {answer} is off by {:e}", seen.max_relative_error);
        let _ = writeln!(shown, "{order} ({}): {answer}", answer.notation);
        lower = Some(answer);
    }
    shown
}

/// Holds an answer against central differences of the derivative of the order below.
fn step(lower: &Answer, answer: &Answer) -> Result<Verification> {
    // A Kronecker product has other axes than the derivative.
    let lower: Typed = match lower.notation {
        Notation::Matrix | Notation::Index | Notation::Differential => lower.typed()?,
        Notation::Kronecker => infer(&lower.index()?.inlined(), &lower.declarations())?,
    };
    let written = answer.typed()?;
    let x = answer.wrt[answer.wrt.len() - 1].clone();
    let wanted = |at: &indicial::Inputs| {
        let value = numeric_derivative(&|at| evaluate(&lower, at), std::slice::from_ref(&x), at)?;
        let rows = value.ndim() - x.axes().len();
        if answer.notation == Notation::Kronecker { kronecker_form(&value, rows) } else { Ok(value) }
    };
    Scope::of(&[&lower, &written]).compare(&wanted, &|at| evaluate(&written, at), POINTS, 1e-5)
}
