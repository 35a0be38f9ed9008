//! What an equation says of its unknown: a formula, when it solves, and what else does.

use crate::answer::Answer;
use crate::check::Verification;
use crate::code::{Coded, Formula, described, source};
use crate::dim::Symbol;
use crate::emit::Target;
use crate::error::Result;
use crate::expr::{Expr, Op, Var};
use crate::infer::infer;
use crate::present::Presented;
use crate::proof::Requirement;
use std::fmt;

/// The solution of `left = right` for an unknown, with the conditions under which it is one. It has been put into the
/// equation at random points before it is returned.
///
/// `Display` prints the formula, which reads back.
///
/// ```
/// use indicial::{Declarations, Engine, parse, parse_equation};
/// let declarations = Declarations::parse("A: matrix(n, n); x: vector(n); b: vector(n)")?;
/// let (left, right) = parse_equation("A*x = b", &declarations)?;
/// let solution = Engine::new().solve(&left, &right, &parse("x", &declarations)?, &declarations)?;
/// assert_eq!(solution.to_string(), "inv(A)*b");
/// assert_eq!(solution.remarks(), ["the only solution, if A is invertible"]);
/// # Ok::<(), indicial::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Solution {
    pub left: Expr,
    pub right: Expr,
    pub unknown: Var,
    /// The formula, with its shape, its notation and the variables of the equation.
    pub answer: Answer,
    pub extent: Extent,
    /// What has to hold for the formula to be a solution of that extent. What declarations say already is not repeated.
    pub provisos: Vec<Proviso>,
    /// The largest difference between the sides at the points where the solution was put in; of least squares, the largest
    /// slope of the squared distance.
    pub residual: Verification,
}

/// How many solutions there are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Extent {
    /// One.
    Only,
    /// One of several whose entries differ in sign, or one branch of a function of several values.
    Principal,
    /// Many, of which the formula is that of least norm: whatever satisfies an equation in this new name may be added.
    LeastNorm(Symbol, Expr, Expr),
    /// None in general: the formula makes the difference of the sides as small as can be, in the sum of its squares.
    LeastSquares,
}

/// Something that has to hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Proviso {
    /// That a part has an inverse, a reciprocal, a logarithm.
    Requires(Requirement),
    /// That no eigenvalue of the first is minus one of the second.
    Spectra(Expr, Expr),
    /// That all eigenvalues lie in a region of the plane.
    Eigenvalues(Expr, Region),
    /// That the sides can be equal at all.
    Consistent(Expr, Expr),
}

/// Where eigenvalues lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Region {
    /// Neither 0 nor negative: there is a principal logarithm.
    OffTheNegativeAxis,
    /// To the right of the imaginary axis: the matrix is the principal root of its square.
    RightHalfPlane,
    /// Between `-pi*i` and `pi*i`: the matrix is the principal logarithm of its exponential.
    Strip,
}

impl fmt::Display for Proviso {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Proviso::Requires(r) => f.write_str(&r.sentence()),
            Proviso::Spectra(a, b) => match (a.op(), b.op()) {
                (_, Op::Neg(b)) => write!(f, "{a} and {b} have no eigenvalue in common"),
                (Op::Neg(a), _) => write!(f, "{a} and {b} have no eigenvalue in common"),
                _ => write!(f, "no eigenvalue of {a} is minus one of {b}"),
            },
            Proviso::Eigenvalues(a, Region::OffTheNegativeAxis) => write!(f, "no eigenvalue of {a} is 0 or negative"),
            Proviso::Eigenvalues(a, Region::RightHalfPlane) => write!(f, "the eigenvalues of {a} have positive real parts"),
            Proviso::Eigenvalues(a, Region::Strip) => {
                write!(f, "the eigenvalues of {a} have imaginary parts between -pi and pi")
            }
            Proviso::Consistent(a, b) => write!(f, "{a} = {b}"),
        }
    }
}

impl Solution {
    /// How far the formula solves, in sentences.
    pub fn remarks(&self) -> Vec<String> {
        let (consistent, required): (Vec<&Proviso>, Vec<&Proviso>) =
            self.provisos.iter().partition(|p| matches!(p, Proviso::Consistent(..)));
        let and = |all: &[&Proviso]| all.iter().map(ToString::to_string).collect::<Vec<_>>().join(" and ");
        let provided = if required.is_empty() { String::new() } else { format!(", if {}", and(&required)) };
        let x = self.unknown.name;
        let mut remarks = match &self.extent {
            Extent::Only => vec![format!("the only solution{provided}")],
            Extent::Principal => vec![format!("the principal solution{provided}; others differ in branch or sign")],
            Extent::LeastNorm(z, left, right) => {
                vec![format!("the solution of least norm{provided}"), format!("any {z} with {left} = {right} may be added to {x}")]
            }
            Extent::LeastSquares => vec![format!("the solution of least squares{provided}")],
        };
        if !consistent.is_empty() {
            remarks.push(format!("it solves the equation only if {}", and(&consistent)));
        }
        remarks
    }

    /// Python source with `solution(…)`, and `value(…)`, which is the left side minus the right one.
    ///
    /// # Errors
    /// If a part has no form in Python.
    pub fn numpy(&self) -> Result<String> {
        self.code(Target::Numpy)
    }

    /// The source of a module in another language, as [`Answer::code`] has it; MATLAB has the solution alone.
    ///
    /// # Errors
    /// If a part has no form in that language.
    pub fn code(&self, target: Target) -> Result<String> {
        let declarations = self.answer.declarations();
        let difference = &self.left - &self.right;
        let value = infer(&crate::answer::without_derivatives(&difference, &declarations, self.answer.convention)?, &declarations)?;
        let shown = Presented { body: difference, parts: Vec::new() };
        let value = Formula { output: described("value", "Left less right", &shown), value, stacked: None };
        let title = format!("The {} of {} = {}", self.unknown.name, self.left, self.right);
        let solution = Formula { output: described("solution", &title, &self.answer.formula), value: self.answer.typed()?, stacked: None };
        let known: Vec<Var> = self.answer.variables.iter().filter(|v| v.name != self.unknown.name).cloned().collect();
        let value = Coded { name: "value", variables: &self.answer.variables, formulas: vec![value] };
        source(target, vec![value, Coded { name: "solution", variables: &known, formulas: vec![solution] }])
    }
}

impl fmt::Display for Solution {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{}", self.answer)
    }
}
