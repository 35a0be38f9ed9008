//! The pipeline keeps values, and derivatives are those that differences show.

use super::{DECLARED, Outcome, choices, generate, holds, made, made_scalar, read};
use indicial::{Answer, Engine, Error, ErrorKind, Expr, Inputs, Result, Scope, Typed, evaluate, infer, numeric_derivative};
use ndarray::ArrayD;

/// What may be refused: nothing else is an error on a well-typed expression.
fn refused(e: &Error) -> bool {
    matches!(e.kind, ErrorKind::Unsupported | ErrorKind::Derivative)
}

/// A value of moderate size, so that rounding does not drown what is compared.
fn moderate(typed: &Typed, at: &Inputs) -> Result<ArrayD<f64>> {
    let value = evaluate(typed, at)?;
    let size = value.iter().fold(0f64, |m, v| m.max(v.abs()));
    if size < 1e4 { Ok(value) } else { Err(Error::new(ErrorKind::Domain, "too large to compare")) }
}

fn same_value(e: &Expr, engine: &Engine) -> Outcome {
    let answer = match engine.simplify(e, &DECLARED) {
        Ok(answer) => answer,
        Err(error) if refused(&error) => return Ok(()),
        Err(error) => return Err(format!("refused: {error}")),
    };
    let compare = || {
        let (before, after) = (infer(e, &DECLARED)?, answer.typed()?);
        Scope::of(&[&before, &after]).compare(&|at| moderate(&before, at), &|at| evaluate(&after, at), 2, 1e-7)
    };
    judge(&answer, compare())
}

fn judge(answer: &Answer, seen: Result<indicial::Verification>) -> Outcome {
    match seen {
        Ok(seen) if seen.ok => Ok(()),
        Ok(seen) => Err(format!("{answer} is off by {:.1e}", seen.max_relative_error)),
        Err(e) if e.kind == ErrorKind::Domain => Ok(()),
        Err(e) => Err(format!("{answer} cannot be compared: {e}")),
    }
}

#[test]
fn simplification_keeps_the_value() {
    holds(400, &choices(), |list| made(list, 4).to_string(), |list| same_value(&made(list, 4), &Engine::new()));
}

#[test]
fn without_saturation_the_value_is_kept() {
    holds(400, &choices(), |list| made(list, 4).to_string(), |list| same_value(&made(list, 4), &Engine::new().saturation(false)));
}

#[test]
fn without_factoring_the_value_is_kept() {
    holds(200, &choices(), |list| made(list, 4).to_string(), |list| same_value(&made(list, 4), &Engine::new().factoring(false)));
}

fn derivative_holds(f: &Expr, by: &str) -> Outcome {
    let x = read(by);
    let answer = match Engine::new().derivative(f, std::slice::from_ref(&x), &DECLARED) {
        Ok(answer) => answer,
        Err(e) if refused(&e) || e.kind == ErrorKind::Name => return Ok(()),
        Err(e) => return Err(format!("refused: {e}")),
    };
    let compare = || {
        let (function, after) = (infer(f, &DECLARED)?, answer.typed()?);
        let wanted = |at: &Inputs| numeric_derivative(&|at| moderate(&function, at), &answer.wrt, at);
        Scope::of(&[&function, &after]).compare(&wanted, &|at| evaluate(&after, at), 2, 1e-4)
    };
    judge(&answer, compare())
}

#[test]
fn derivatives_of_scalars_are_those_of_differences() {
    let strategy = (choices(), 0..generate::VARIABLES.len());
    holds(
        500,
        &strategy,
        |(list, by)| format!("diff({}, {})", made_scalar(list, 4), generate::VARIABLES[*by]),
        |(list, by)| derivative_holds(&made_scalar(list, 4), generate::VARIABLES[*by]),
    );
}
