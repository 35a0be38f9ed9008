//! Solutions of equations: each line of `tests/solve/*.cases` with the formula and what is said of it, and each put into its
//! equation again, by the reference evaluator.
//!
//! `UPDATE_CASES=1 cargo test --test solve` writes what is found; read the difference before you keep it.

use indicial::{Declarations, Engine, Error, Extent, Inputs, Scope, Solution, Symbol, Typed, evaluate, infer, parse, parse_equation};
use ndarray::ArrayD;
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

fn solutions(name: &str, holds: impl Fn(&Put)) {
    replay(name, |case| {
        let (solution, declarations) = case.solve().unwrap_or_else(|e| panic!("{}: {e}", case.equation));
        assert!(solution.residual.ok && solution.residual.points > 0, "{}", case.equation);
        if solution.extent != Extent::LeastSquares {
            holds(&Put::read(case, &solution.to_string(), &declarations));
        }
        std::iter::once(solution.to_string()).chain(solution.remarks()).collect()
    });
}

/// An equation with the solution, as it is printed and read back, put in for the unknown.
struct Put {
    equation: String,
    unknown: Symbol,
    sides: [Typed; 2],
    value: Typed,
}

impl Put {
    fn read(case: &Case, solution: &str, declarations: &Declarations) -> Put {
        let (left, right) = parse_equation(case.equation, declarations).unwrap();
        let value = infer(&parse(solution, declarations).unwrap(), declarations).unwrap();
        let sides = [left, right].map(|side| infer(&side, declarations).unwrap());
        Put { equation: format!("{}: {solution}", case.equation), unknown: Symbol::new(case.unknown), sides, value }
    }

    fn scope(&self) -> Scope {
        Scope::of(&[&self.sides[0], &self.sides[1], &self.value])
    }

    /// A side at a point; a bare 0 stands for zeros of any shape.
    fn side(&self, which: usize, at: &Inputs) -> Result<ArrayD<f64>, Error> {
        let at = at.with(self.unknown, evaluate(&self.value, at)?);
        let [own, other] = [which, 1 - which].map(|side| evaluate(&self.sides[side], &at));
        let (own, other) = (own?, other?);
        Ok(if own.ndim() == 0 { ArrayD::from_elem(other.raw_dim(), own.sum()) } else { own })
    }

    /// The sides are equal at random points.
    fn anywhere(&self) {
        let seen = self.scope().compare(&|at| self.side(0, at), &|at| self.side(1, at), 6, 1e-6);
        let seen = seen.unwrap_or_else(|e| panic!("{}: {e}", self.equation));
        assert!(seen.ok && seen.points > 0, "{}: {seen:?}", self.equation);
    }

    /// The sides are equal at points with positive entries: elsewhere there may be no value, or one of another branch.
    fn where_positive(&self) {
        let at = (1..240).step_by(6).map(|number| self.scope().draw(number).unwrap());
        let sides: Vec<[ArrayD<f64>; 2]> = at.filter_map(|at| Some([self.side(0, &at).ok()?, self.side(1, &at).ok()?])).collect();
        let finite: Vec<_> = sides.iter().filter(|[l, r]| l.iter().chain(r).all(|x| x.is_finite())).collect();
        assert!(!finite.is_empty(), "{}: no point", self.equation);
        for [l, r] in finite {
            let size = l.iter().fold(1.0f64, |m, x| m.max(x.abs()));
            assert!((l - r).iter().all(|d| d.abs() <= 1e-6 * size), "{}: {l} {r}", self.equation);
        }
    }
}

#[test]
fn linear_equations() {
    solutions("linear.cases", Put::anywhere);
}

#[test]
fn equations_of_statistics_control_and_mechanics() {
    solutions("applied.cases", Put::anywhere);
}

#[test]
fn least_norm_least_squares_and_structured_unknowns() {
    solutions("structured.cases", Put::anywhere);
}

#[test]
fn functions_that_have_an_inverse() {
    solutions("functions.cases", Put::where_positive);
}

#[test]
fn what_is_not_solved_says_why() {
    replay("refused.cases", |case| match case.solve() {
        Ok((solution, _)) => panic!("{}: {solution}", case.equation),
        Err(e) => vec![format!("{}: {e}", e.kind)],
    });
}
