//! What `check` says: the simplest form is never another value, a change of it never the same.

use super::{DECLARED, Outcome, choices, holds, made};
use indicial::{Engine, ErrorKind, Expr, Number, Verdict};

/// `None` for what cannot be typed for now.
fn verdict(left: &Expr, right: &Expr) -> Result<Option<Verdict>, String> {
    match Engine::new().check(left, right, &DECLARED) {
        Ok(comparison) => Ok(Some(comparison.verdict)),
        Err(e) if matches!(e.kind, ErrorKind::Unsupported | ErrorKind::Derivative) => Ok(None),
        Err(e) => Err(format!("refused: {e}")),
    }
}

fn tried(cases: u32, test: impl Fn(&Expr) -> Outcome) {
    holds(cases, &choices(), |list| made(list, 3).to_string(), |list| test(&made(list, 3)));
}

#[test]
fn the_simplest_form_is_never_different() {
    tried(120, |e| {
        let Ok(answer) = Engine::new().simplify(e, &DECLARED) else { return Ok(()) };
        match verdict(e, &answer.formula.inlined())? {
            Some(Verdict::Different(at)) => Err(format!("{answer} is said to differ at {at:?}")),
            Some(_) | None => Ok(()),
        }
    });
}

#[test]
fn a_small_change_is_never_equal_and_mostly_different() {
    let (changed, seen) = (std::cell::Cell::new(0), std::cell::Cell::new(0));
    tried(80, |e| match verdict(e, &(e + &Expr::number(Number::ratio(1, 50))))? {
        Some(Verdict::Equal(_)) => Err("said to equal itself plus 1/50".to_owned()),
        Some(Verdict::Different(None)) => Err("different without a point".to_owned()),
        found => {
            changed.set(changed.get() + 1);
            seen.set(seen.get() + u32::from(matches!(found, Some(Verdict::Different(_)))));
            Ok(())
        }
    });
    // The others are defined nowhere, or large beside the change.
    assert!(10 * seen.get() > 9 * changed.get(), "{} of {}", seen.get(), changed.get());
}

#[test]
fn sums_may_be_written_in_another_order() {
    tried(80, |e| match verdict(&(e + &(2 * e)), &(3 * e))? {
        Some(Verdict::Different(at)) => Err(format!("three times it is said to differ at {at:?}")),
        Some(_) | None => Ok(()),
    });
}

/// The verdict does not depend on which side stands left.
#[test]
fn the_sides_may_be_exchanged() {
    tried(60, |e| {
        let other = e * &Expr::number(2);
        let [a, b] = [verdict(e, &other)?, verdict(&other, e)?].map(|v| v.map(|v| v.to_string()));
        if a == b { Ok(()) } else { Err(format!("{a:?}, and exchanged {b:?}")) }
    });
}
