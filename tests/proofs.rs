//! Proofs, each replayed: the chain starts with the left side and ends with the right one, and at random points every
//! expression of it has the value of the one before.

use indicial::{Declarations, Engine, Expr, Proof, Scope, Typed, evaluate, infer, parse};
use std::fmt::Write;

#[path = "proofs/identities.rs"]
mod identities;

use identities::{FALSE, OF_CASES, TRUE};

fn read(declared: &str, left: &str, right: &str) -> (Declarations, Expr, Expr) {
    let declarations = Declarations::parse(declared).unwrap_or_else(|e| panic!("{declared}: {e}"));
    let side = |text: &str| parse(text, &declarations).unwrap_or_else(|e| panic!("{text}: {e}"));
    let (left, right) = (side(left), side(right));
    (declarations, left, right)
}

/// Every step holds numerically, and the ends are the sides as they are written.
fn replay(proof: &Proof, declarations: &Declarations, left: &Expr, right: &Expr) {
    assert_eq!(proof.start.to_string(), left.to_string());
    assert_eq!(proof.end().to_string(), right.to_string());
    let typed = |e: &Expr| infer(e, declarations).unwrap_or_else(|error| panic!("{e}: {error}\n{proof}"));
    let all: Vec<Typed> = std::iter::once(&proof.start).chain(proof.steps.iter().map(|s| &s.after)).map(typed).collect();
    let scope = Scope::of(&all.iter().collect::<Vec<_>>());
    for (pair, step) in all.windows(2).zip(&proof.steps) {
        let seen = scope.compare(&|at| evaluate(&pair[0], at), &|at| evaluate(&pair[1], at), 4, 1e-5);
        let seen = seen.unwrap_or_else(|e| panic!("{}: {e}\n{proof}", step.rule));
        assert!(seen.ok, "{} makes {} with an error of {}\n{proof}", step.rule, step.after, seen.max_relative_error);
    }
}

/// The proofs of a table as text; those of no identity are listed at the end.
fn prove_all(table: &[(&str, &str, &str)]) -> String {
    let mut shown = String::new();
    let mut missing = Vec::new();
    for (declared, left, right) in table {
        let (declarations, left, right) = read(declared, left, right);
        match Engine::new().prove(&left, &right, &declarations) {
            Ok(Some(proof)) => {
                replay(&proof, &declarations, &left, &right);
                writeln!(shown, "{proof}\n").unwrap();
            }
            Ok(None) => missing.push(format!("{left} = {right}")),
            Err(e) => missing.push(format!("{left} = {right}: {e}")),
        }
    }
    assert!(missing.is_empty(), "not proved:\n{}\n\n{shown}", missing.join("\n"));
    shown
}

#[test]
fn identities_of_the_acceptance_cases_are_proved() {
    let shown = prove_all(OF_CASES);
    insta::with_settings!({snapshot_path => "../snapshots", prepend_module_to_snapshot => false}, {
        insta::assert_snapshot!("proofs_of_cases", shown);
    });
}

#[test]
fn identities_that_users_check_are_proved() {
    let shown = prove_all(TRUE);
    insta::with_settings!({snapshot_path => "../snapshots", prepend_module_to_snapshot => false}, {
        insta::assert_snapshot!("proofs_of_identities", shown);
    });
}

#[test]
fn falsehoods_are_not_proved() {
    for (declared, left, right) in FALSE {
        let (declarations, left, right) = read(declared, left, right);
        if let Ok(Some(proof)) = Engine::new().prove(&left, &right, &declarations) {
            panic!("{left} = {right} is false\n{proof}");
        }
        // They are false and not merely unproved.
        let (a, b) = (infer(&left, &declarations).unwrap(), infer(&right, &declarations).unwrap());
        let seen = Scope::of(&[&a, &b]).compare(&|at| evaluate(&a, at), &|at| evaluate(&b, at), 8, 1e-5);
        assert!(seen.is_ok_and(|seen| !seen.ok), "{left} = {right} is true at random points");
    }
}
