//! What a program costs: numbers of operations and of numbers kept, as polynomials of the dimensions.
//!
//! One operation is an addition, a multiplication, a division or one value of an elementwise function. Counts of factorisations
//! and triangular equations are those of Golub and Van Loan 2013 (sections 3.1, 3.2, 4.2) with lower terms.

use super::{Entry, Operation, Pair, Program, Solver, Step};
use crate::dim::{Dim, Symbol};
use crate::error::Result;
use crate::eval::Sizes;
use crate::index::{Label, LinearOperator};
use crate::number::Number;
use std::fmt;

/// What it takes to evaluate an answer.
///
/// ```
/// use indicial::{Declarations, Engine, parse};
/// let declarations = Declarations::parse("A: matrix(m, n); x: vector(n)")?;
/// let (f, x) = (parse("norm2(A*x)^2", &declarations)?, parse("x", &declarations)?);
/// let cost = Engine::new().derivative(&f, &[x], &declarations)?.cost()?;
/// assert_eq!(cost.to_string(), "4*m*n - m operations, m + 2*n numbers kept");
/// # Ok::<(), indicial::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Work {
    /// Operations on numbers.
    pub operations: Dim,
    /// The entries of all arrays that are computed, the result among them, the variables not.
    pub entries: Dim,
}

impl Work {
    /// The operations and the entries at these sizes.
    ///
    /// # Errors
    /// If a dimension has no size.
    pub fn at(&self, sizes: &Sizes) -> Result<(usize, usize)> {
        Ok((sizes.of(self.operations)?, sizes.of(self.entries)?))
    }

    /// Both as text, from the highest degree to the lowest.
    pub fn polynomials(&self) -> [String; 2] {
        [polynomial(self.operations), polynomial(self.entries)]
    }
}

impl fmt::Display for Work {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let [operations, entries] = self.polynomials();
        write!(f, "{operations} operations, {entries} numbers kept")
    }
}

/// From the highest degree to the lowest: `2*n^3 - n^2`.
fn polynomial(d: Dim) -> String {
    let mut terms: Vec<(&[Symbol], i64)> = d.terms().collect();
    terms.sort_by_key(|(m, _)| std::cmp::Reverse(m.len()));
    let mut text = String::new();
    for (m, c) in &terms {
        let sign = match (text.is_empty(), *c < 0) {
            (true, true) => "-",
            (true, false) => "",
            (false, true) => " - ",
            (false, false) => " + ",
        };
        let mut factors: Vec<String> = m.chunk_by(|a, b| a == b).map(power).collect();
        if c.abs() != 1 || factors.is_empty() {
            factors.insert(0, c.abs().to_string());
        }
        text.push_str(sign);
        text.push_str(&factors.join("*"));
    }
    match (terms.len(), d.denominator()) {
        (0, _) => "0".to_owned(),
        (_, 1) => text,
        (_, below) => format!("({text})/{below}"),
    }
}

fn power(same: &[Symbol]) -> String {
    if same.len() == 1 { same[0].to_string() } else { format!("{}^{}", same[0], same.len()) }
}

impl Program {
    /// What it takes to run.
    pub fn work(&self) -> Work {
        let zero = Dim::number(0);
        let operations = self.steps.iter().fold(zero, |sum, s| sum + self.operations(s));
        let entries = self.steps.iter().filter(|s| keeps(&s.operation)).fold(zero, |sum, s| sum + entries(s));
        Work { operations, entries }
    }

    fn operations(&self, step: &Step) -> Dim {
        let all = entries(step);
        let whole = |d: Dim, by: i64| d.over(by).unwrap_or(d);
        let number = Dim::number;
        match &step.operation {
            Operation::Input(_) | Operation::Constant(_) | Operation::Slice(..) | Operation::Reshape(_) => number(0),
            Operation::Elementwise(kernel) => all * number(operations_of(&kernel.entry)),
            Operation::Sum(a, _) => entries(self.step(*a)) - all,
            Operation::Contract(pair) => self.operations_of_pair(pair, step),
            Operation::Assemble(base, parts) => {
                let added = parts.iter().skip(usize::from(base.is_none()));
                added.fold(number(0), |sum, p| sum + entries(self.step(p.value)))
            }
            Operation::Factorise(solver, a) => {
                let n = side(self.step(*a));
                let (cube, square) = (n * n * n, n * n);
                match solver {
                    Solver::Lu => whole(number(4) * cube - number(3) * square - n, 6),
                    Solver::Cholesky => whole(number(2) * cube + number(3) * square + n, 6),
                    Solver::Lower | Solver::Upper => number(0),
                }
            }
            Operation::Solve(solve) => all * sweeps(solve.solver, side(self.step(solve.factor))),
            Operation::Inverse(solver, a) => all * sweeps(*solver, side(self.step(*a))),
            Operation::Determinant(_, a) => side(self.step(*a)),
            Operation::LogDeterminant(_, a) => number(2) * side(self.step(*a)),
            // About 25 products of matrices (Higham 2008, section 10.3; Golub and Van Loan 2013, section 7.5.6).
            Operation::Function(f, a) if f.is_function_of_matrix() || f.is_spectral() => {
                let n = side(self.step(*a));
                number(50) * n * n * n
            }
            Operation::Function(_, a) => number(3) * entries(self.step(*a)),
            // The Schur forms of both matrices, and a system for each column (Golub and Van Loan 2013, section 7.6.3).
            Operation::Operator(LinearOperator::Sylvester, _) => {
                let (m, n) = (side(step), step.axes.last().copied().unwrap_or(Dim::ONE));
                number(25) * (m * m * m + n * n * n) + number(5) * (m * m * n + m * n * n)
            }
            // The function of a matrix with twice the side, for each direction: about 25 products (Higham 2008, section 10.3).
            Operation::Operator(_, operands) => {
                let n = operands.first().map_or(Dim::ONE, |a| side(self.step(*a)));
                let directions = if operands.len() == 1 { n * n } else { Dim::ONE };
                number(400) * n * n * n * directions
            }
            Operation::Apply(..) => all,
        }
    }

    /// Multiplications and additions of a sum for each entry.
    fn operations_of_pair(&self, pair: &Pair, step: &Step) -> Dim {
        let summed = |l: &&Label| !pair.out.contains(*l);
        let axes = &self.step(pair.left.0).axes;
        let length = pair.left.1.iter().zip(axes).filter(|(l, _)| summed(l)).fold(Dim::ONE, |k, (_, d)| k * *d);
        let kept = if pair.symmetric { step.axes.first().map_or(Dim::ONE, |n| n.triangular()) } else { entries(step) };
        kept * (Dim::number(2) * length - Dim::ONE)
    }
}

/// Operations on one column of an equation.
fn sweeps(solver: Solver, n: Dim) -> Dim {
    match solver {
        Solver::Lower | Solver::Upper => n,
        Solver::Lu => Dim::number(2) * n - Dim::ONE,
        Solver::Cholesky => Dim::number(2) * n,
    }
}

fn entries(step: &Step) -> Dim {
    step.axes.iter().fold(Dim::ONE, |n, d| n * *d)
}

fn side(step: &Step) -> Dim {
    step.axes.first().copied().unwrap_or(Dim::ONE)
}

/// Whether a step has memory of its own.
fn keeps(operation: &Operation) -> bool {
    match operation {
        Operation::Input(_) | Operation::Slice(..) | Operation::Reshape(_) => false,
        Operation::Elementwise(kernel) => kernel.as_view().is_none(),
        Operation::Constant(_)
        | Operation::Sum(..)
        | Operation::Contract(_)
        | Operation::Assemble(..)
        | Operation::Factorise(..)
        | Operation::Solve(_)
        | Operation::Inverse(..)
        | Operation::Determinant(..)
        | Operation::LogDeterminant(..)
        | Operation::Function(..)
        | Operation::Operator(..)
        | Operation::Apply(..) => true,
    }
}

/// Operations for one entry. A reciprocal factor is a division by what is below.
fn operations_of(entry: &Entry) -> i64 {
    match entry {
        Entry::Operand(_) | Entry::Number(_) | Entry::Constant(_) | Entry::Size(_) | Entry::Triangle(..) => 0,
        Entry::Sum(terms) => {
            let term = |(n, e): &(Number, Entry)| operations_of(e) + i64::from(!n.abs().is_one());
            terms.iter().map(term).sum::<i64>() + terms.len() as i64 - 1
        }
        Entry::Product(factors) => {
            let factor = |e: &Entry| match e {
                Entry::Power(a, p) if *p == Number::MINUS_ONE => operations_of(a),
                other => operations_of(other),
            };
            factors.iter().map(factor).sum::<i64>() + factors.len() as i64 - 1
        }
        Entry::Power(a, _) | Entry::Map(_, a) => 1 + operations_of(a),
        Entry::Map2(_, a, b) => 1 + operations_of(a) + operations_of(b),
        Entry::Apply(_, all) => 1 + all.iter().map(operations_of).sum::<i64>(),
    }
}
