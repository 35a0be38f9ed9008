//! Closed forms of integrals: each line of `tests/integrals/known.cases` with its answer, held against quadrature by the
//! reference evaluator; `tests/integrals/refused.cases` has what is not known, and why.
//!
//! `UPDATE_CASES=1 cargo test --test integrals` writes what is found; read the difference before you keep it.

use indicial::{Answer, Declarations, Engine, Error, parse};
use std::fmt::Write;
use std::path::Path;

fn simplified(expr: &str, declarations: &str) -> Result<Answer, Error> {
    let declarations = Declarations::parse(declarations)?;
    Engine::new().simplify(&parse(expr, &declarations)?, &declarations)
}

/// Holds a file against what is found for its lines, each an expression and declarations.
fn replay(name: &str, answer: impl Fn(&str, &str) -> String) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/integrals").join(name);
    let wanted = std::fs::read_to_string(&path).unwrap();
    let mut found = String::new();
    for line in wanted.lines().filter(|l| !l.starts_with("    ")) {
        let (expr, declarations) = line.split_once(" |").unwrap_or_else(|| panic!("{line}: two parts"));
        let _ = writeln!(found, "{line}");
        answer(expr, declarations.trim()).lines().for_each(|l| {
            let _ = writeln!(found, "    {l}");
        });
    }
    if std::env::var_os("UPDATE_CASES").is_some() {
        std::fs::write(&path, &found).unwrap();
    }
    assert_eq!(found, wanted, "{name}");
}

#[test]
fn closed_forms_have_the_value_of_quadrature() {
    replay("known.cases", |expr, declarations| {
        let answer = simplified(expr, declarations).unwrap_or_else(|e| panic!("{expr}: {e}"));
        let seen = answer.verify(4).unwrap_or_else(|e| panic!("{expr} = {answer}: {e}"));
        assert!(seen.ok && seen.points > 0, "{expr} = {answer}: {seen:?}");
        answer.to_string()
    });
}

#[test]
fn what_is_not_known_says_so() {
    replay("refused.cases", |expr, declarations| match simplified(expr, declarations) {
        Ok(answer) => panic!("{expr} = {answer}"),
        Err(e) => format!("{}: {e}", e.kind),
    });
}
