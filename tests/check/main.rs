//! Whether two expressions are equal: verdicts and what is said of them, counterexamples that are real, what is printed.

mod pairs;
mod printed;
mod real;
mod traps;

use indicial::{Comparison, Declarations, Engine, Remark, Result, parse};

/// Declarations, then for each line both sides and the verdict with the remarks. What the derivative is goes without saying.
type Table = (&'static str, &'static [(&'static str, &'static str, &'static str)]);

fn check(declarations: &str, left: &str, right: &str) -> Result<Comparison> {
    let declarations = Declarations::parse(declarations)?;
    Engine::new().check(&parse(left, &declarations)?, &parse(right, &declarations)?, &declarations)
}

fn said(declarations: &str, left: &str, right: &str) -> String {
    match check(declarations, left, right) {
        Ok(comparison) => {
            let remarks = comparison.remarks.iter().filter(|r| !matches!(r, Remark::Derivative(_)));
            let remarks: Vec<String> = remarks.map(ToString::to_string).collect();
            let verdict = comparison.verdict.to_string();
            if remarks.is_empty() { verdict } else { format!("{verdict}: {}", remarks.join("; ")) }
        }
        Err(e) => format!("error: {}", e.message),
    }
}

/// Fails with all lines that are not as they should be.
fn holds((declarations, lines): &Table) {
    let wrong = |(left, right, expected): &(&str, &str, &str)| {
        let said = said(declarations, left, right);
        (said != *expected).then(|| format!("{left} | {right}\n    expected {expected}\n    but was  {said}"))
    };
    let bad: Vec<String> = lines.iter().filter_map(wrong).collect();
    assert!(bad.is_empty(), "{} of {} lines:\n{}", bad.len(), lines.len(), bad.join("\n"));
}

#[test]
fn gradients() {
    holds(&pairs::GRADIENTS);
}

#[test]
fn traces() {
    holds(&pairs::TRACES);
}

#[test]
fn identities() {
    holds(&pairs::IDENTITIES);
}

#[test]
fn others() {
    holds(&pairs::OTHERS);
}

#[test]
fn rounding_is_no_difference() {
    holds(&traps::ROUNDING);
}

#[test]
fn a_proof_of_nothing_proves_nothing() {
    holds(&traps::VACUOUS);
}

#[test]
fn kinks_and_constants() {
    holds(&traps::KINKS);
}

#[test]
fn blocks_and_structures() {
    holds(&traps::BLOCKS);
}
