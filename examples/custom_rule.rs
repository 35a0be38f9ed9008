//! A rule of one's own: a false one is refused with a counterexample, a true one is tested and simplifies answers.
//!
//! `cargo run --example custom_rule`
use indicial::{Catalog, Declarations, Engine, Result, parse, render};
use std::fmt::Write;

/// Where a sigmoid ends up that someone wrote as a hyperbolic tangent.
const RULE: &str = "\
rule half_one_add_tanh
  for      x: scalar
  law      (1 + tanh(x))/2 => sigmoid(2*x)
  why      The hyperbolic tangent is a sigmoid that runs from -1 to 1.
  source   Abramowitz and Stegun 1964, chapter 4
  with     s: scalar; t: scalar
  example  (1 + tanh(s*t))/2 => sigmoid(2*s*t)
";

fn main() -> Result<()> {
    print!("{}", report()?);
    Ok(())
}

pub fn report() -> Result<String> {
    let mut text = String::new();
    let wrong = RULE.replace("2*", "");
    if let Err(error) = Catalog::standard().extend(&wrong) {
        let _ = writeln!(text, "{}", render(&error, &wrong, "wrong.rules"));
    }
    let audit = Catalog::standard().audit(RULE, "own");
    for trial in &audit.trials {
        let _ = writeln!(text, "{trial}: {}", if trial.passed() { "passed" } else { "failed" });
    }
    let declarations = Declarations::parse("x: vector(n)")?;
    let gate = parse("sum(log((1 + tanh(x))/2))", &declarations)?;
    let catalog = Catalog::standard().extend(RULE)?;
    let _ = writeln!(text, "\n{gate}");
    let _ = writeln!(text, "  as it is       {}", Engine::new().simplify(&gate, &declarations)?);
    let _ = writeln!(text, "  with the rule  {}", Engine::new().rules(&catalog).simplify(&gate, &declarations)?);
    Ok(text)
}
