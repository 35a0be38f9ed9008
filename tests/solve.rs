//! Solutions of equations: each line of `tests/solve/*.cases` with the formula and what is said of it, and each put into its
//! equation again, by the reference evaluator.
//!
//! `UPDATE_CASES=1 cargo test --test solve` writes what is found; read the difference before you keep it.

use indicial::{Declarations, Engine, Error, Extent, Scope, Solution, Symbol, evaluate, infer, parse, parse_equation};
use std::fmt::Write;
use std::path::{Path, PathBuf};

/// An equation with its unknown and declarations, and the lines that belong to it.
struct Case<'a> {
    equation: &'a str,
    unknown: &'a str,
    declarations: &'a str,
}

impl<'a> Case<'a> {
    fn read(line: &'a str) -> Case<'a> {
        let mut parts = line.split(" | ");
        let mut next = || parts.next().unwrap_or_else(|| panic!("{line}: three parts"));
        Case { equation: next(), unknown: next(), declarations: next() }
    }

    fn solve(&self) -> Result<(Solution, Declarations), Error> {
        let declarations = Declarations::parse(self.declarations)?;
        let (left, right) = parse_equation(self.equation, &declarations)?;
        let unknown = parse(self.unknown, &declarations)?;
        Ok((Engine::new().solve(&left, &right, &unknown, &declarations)?, declarations))
    }
}

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/solve").join(name)
}

/// Holds a file against what is found for its lines; comments stay.
fn replay(name: &str, answer: impl Fn(&Case) -> Vec<String>) {
    let path = file(name);
    let wanted = std::fs::read_to_string(&path).unwrap();
    let mut found = String::new();
    for line in wanted.lines().filter(|l| !l.starts_with("    ")) {
        let _ = writeln!(found, "{line}");
        if !line.is_empty() && !line.starts_with('#') {
            answer(&Case::read(line)).iter().flat_map(|a| a.lines().map(str::to_owned).collect::<Vec<_>>()).for_each(|a| {
                let _ = writeln!(found, "    {a}");
            });
        }
    }
    if std::env::var_os("UPDATE_CASES").is_some() {
        std::fs::write(&path, &found).unwrap();
    }
    for (w, f) in wanted.lines().zip(found.lines()) {
        assert_eq!(f, w, "{name}");
    }
    assert_eq!(found, wanted, "{name}");
}

fn solutions(name: &str) {
    replay(name, |case| {
        let (solution, declarations) = case.solve().unwrap_or_else(|e| panic!("{}: {e}", case.equation));
        assert!(solution.residual.ok && solution.residual.points > 0, "{}", case.equation);
        if solution.extent != Extent::LeastSquares {
            solves(case, &solution.to_string(), &declarations);
        }
        std::iter::once(solution.to_string()).chain(solution.remarks()).collect()
    });
}

/// The text as it is printed, read back and put into the equation in place of the unknown, at points with positive entries:
/// elsewhere there may be no value, or one of another branch.
fn solves(case: &Case, solution: &str, declarations: &Declarations) {
    let (left, right) = parse_equation(case.equation, declarations).unwrap();
    let value = infer(&parse(solution, declarations).unwrap(), declarations).unwrap();
    let sides = [&left, &right].map(|side| infer(side, declarations).unwrap());
    let scope = Scope::of(&[&sides[0], &sides[1], &value]);
    let mut tried = 0;
    for number in (1..240).step_by(6) {
        let at = scope.draw(number).unwrap();
        let Ok(x) = evaluate(&value, &at) else { continue };
        let at = at.with(Symbol::new(case.unknown), x);
        let (Ok(l), Ok(r)) = (evaluate(&sides[0], &at), evaluate(&sides[1], &at)) else { continue };
        if l.iter().chain(&r).all(|x| x.is_finite()) {
            let size = l.iter().chain(&r).fold(1.0f64, |m, x| m.max(x.abs()));
            // A bare 0 stands for zeros of any shape.
            let far = l.iter().zip(r.iter().cycle()).map(|(l, r)| (l - r).abs()).fold(0.0, f64::max);
            assert!(far <= 1e-6 * size, "{}: {solution} is off by {far} at point {number}", case.equation);
            tried += 1;
        }
    }
    assert!(tried > 0, "{}: no point", case.equation);
}

#[test]
fn linear_equations() {
    solutions("linear.cases");
}

#[test]
fn equations_of_statistics_control_and_mechanics() {
    solutions("applied.cases");
}

#[test]
fn least_norm_least_squares_and_structured_unknowns() {
    solutions("structured.cases");
}

#[test]
fn functions_that_have_an_inverse() {
    solutions("functions.cases");
}

#[test]
fn what_is_not_solved_says_why() {
    replay("refused.cases", |case| match case.solve() {
        Ok((solution, _)) => panic!("{}: {solution}", case.equation),
        Err(e) => vec![format!("{}: {e}", e.kind)],
    });
}
