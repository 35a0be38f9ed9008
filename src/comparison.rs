//! What comparing two expressions found: the verdict, and whatever helps to see why.

use crate::dim::{Dim, Symbol};
use crate::eval::Sizes;
use crate::expr::{Expr, Structure, Var};
use crate::number::Number;
use crate::present::Presented;
use crate::proof::{Proof, Requirement};
use ndarray::ArrayD;
use std::fmt;

/// Whether two expressions are equal, with everything that was understood on the way.
///
/// ```
/// use indicial::{Declarations, Engine, Verdict, parse};
/// let declarations = Declarations::new();
/// let (left, right) = (parse("diff(x'*A*x, x)", &declarations)?, parse("2*A*x", &declarations)?);
/// let comparison = Engine::new().check(&left, &right, &declarations)?;
/// assert!(matches!(comparison.verdict, Verdict::Different(_)));
/// let remarks: Vec<String> = comparison.remarks.iter().map(ToString::to_string).collect();
/// assert_eq!(remarks, ["the derivative is (A + A')*x", "equal if A is symmetric"]);
/// # Ok::<(), indicial::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Comparison {
    pub verdict: Verdict,
    /// The two sides as they were understood: a bare 0 is the zero of the other side's shape.
    pub left: Expr,
    pub right: Expr,
    /// The variables of both sides with their kinds.
    pub variables: Vec<Var>,
    /// Those of them whose kind was not declared but found.
    pub assumed: Vec<Symbol>,
    /// At how many random points both sides were evaluated and agreed.
    pub points: usize,
    /// What is off, what would make the sides equal, and what else should be known, most telling first.
    pub remarks: Vec<Remark>,
}

/// The answer to whether two expressions are equal.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Verdict {
    /// They are, by this chain of laws.
    Equal(Proof),
    /// They are not: here they differ by more than rounding. Without a point where the shapes alone differ.
    Different(Option<Box<Counterexample>>),
    /// They agree wherever they were evaluated, if they could be, and no proof was found.
    Undecided,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(match self {
            Verdict::Equal(_) => "equal",
            Verdict::Different(_) => "different",
            Verdict::Undecided => "undecided",
        })
    }
}

/// A point where two expressions have different values: the smallest one that was found.
///
/// ```
/// use indicial::{Declarations, Engine, Verdict, parse};
/// let declarations = Declarations::parse("A: matrix(n, n); B: matrix(n, n)")?;
/// let (left, right) = (parse("A*B", &declarations)?, parse("B*A", &declarations)?);
/// let Verdict::Different(Some(point)) = Engine::new().check(&left, &right, &declarations)?.verdict else { panic!() };
/// let lines = point.lines();
/// let names: Vec<&str> = lines.iter().map(|(name, _)| name.as_str()).collect();
/// assert_eq!(names, ["A", "B", "left", "right"]);
/// # Ok::<(), indicial::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Counterexample {
    /// The number that each dimension symbol stands for.
    pub sizes: Sizes,
    /// The variables that occur, in order, with their values.
    pub values: Vec<(Var, ArrayD<f64>)>,
    pub left: ArrayD<f64>,
    pub right: ArrayD<f64>,
    /// Whether these two are rows, which have one axis as columns do.
    pub is_row: bool,
}

/// Something that helps to see why. `Display` writes it as a clause. Each was confirmed by numbers before it was said.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Remark {
    /// What `diff(…)` on one side comes to.
    Derivative(Presented),
    /// The transpose of the right side is the left one; of a derivative, that is the other layout.
    Transposed { layout: bool },
    /// The left side is the right one times this.
    Factor(Expr),
    /// The sides have opposite signs.
    Sign,
    /// A part of the right side, what should stand in its place, and a further factor if that alone is not enough.
    Instead { part: Expr, better: Expr, factor: Option<Number> },
    /// This term of the right side has the wrong sign.
    TermSign(Expr),
    /// This term of the right side is too much.
    Superfluous(Expr),
    /// The right side lacks this term.
    Missing(Expr),
    /// The right side lacks a diag: it is right on the diagonal, and the left side is 0 elsewhere.
    OnlyDiagonal,
    /// The right side is the derivative by the free entries of a structured matrix, each pair counted once.
    PairsCountedOnce,
    /// The right side is the derivative that ignores the structure of the variable.
    StructureIgnored(Structure),
    /// What would make the sides equal.
    If(Assumption),
    /// Wherever both are defined they agree, but at some points only the left side is defined (or only the right).
    Domain { only_left: bool },
    /// The sides were compared as d vec(F) / d vec(X)'.
    Kronecker,
    /// The bare 0 of one side stands for zeros of this shape.
    Zeros(String),
    /// There is a proof, of nothing: what it needs held at no point that was tried, or both sides were defined at none.
    Vacuous(Vec<Requirement>),
    /// Why something could not be tried.
    Because(String),
}

/// Under what the sides would be equal.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Assumption {
    Structure(Symbol, Structure),
    Positive(Symbol),
    Commute(Symbol, Symbol),
    Size(Symbol, i64),
}

impl fmt::Display for Assumption {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Assumption::Structure(name, structure) => {
                let word = match structure {
                    Structure::General => "general",
                    Structure::Symmetric => "symmetric",
                    Structure::Skew => "skew",
                    Structure::Diagonal => "diagonal",
                    Structure::PositiveDefinite => "positive definite",
                    Structure::Orthogonal => "orthogonal",
                    Structure::Lower => "lower triangular",
                    Structure::Upper => "upper triangular",
                    Structure::Hollow => "hollow",
                };
                write!(f, "{name} is {word}")
            }
            Assumption::Positive(name) => write!(f, "{name} > 0"),
            Assumption::Commute(a, b) => write!(f, "{a} and {b} commute"),
            Assumption::Size(name, size) => write!(f, "{name} = {size}"),
        }
    }
}

impl fmt::Display for Remark {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Remark::Derivative(answer) => write!(f, "the derivative is {answer}"),
            Remark::Transposed { layout: true } => f.write_str("equal up to transposition (numerator layout)"),
            Remark::Transposed { layout: false } => f.write_str("equal up to transposition"),
            Remark::Factor(c) => write!(f, "the left side is {c} times the right side"),
            Remark::Sign => f.write_str("the right side has the wrong sign"),
            Remark::Instead { part, better, factor: None } => write!(f, "`{part}` should be `{better}`"),
            Remark::Instead { part, better, factor: Some(c) } if (-c).is_one() => {
                write!(f, "`{part}` should be `{better}`, and the sign is wrong")
            }
            Remark::Instead { part, better, factor: Some(c) } => write!(f, "`{part}` should be `{better}`, and a factor {c} is missing"),
            Remark::TermSign(term) => write!(f, "the term `{term}` has the wrong sign"),
            Remark::Superfluous(term) => write!(f, "the term `{term}` is superfluous"),
            Remark::Missing(term) => write!(f, "the term `{term}` is missing"),
            Remark::OnlyDiagonal => f.write_str("only the diagonal of the right side is right, the rest is 0: a diag is missing"),
            Remark::PairsCountedOnce => f.write_str(
                "the right side counts each pair of equal entries once; here the derivative is itself symmetric, \
                 so that d F is its inner product with dX",
            ),
            Remark::StructureIgnored(structure) => {
                let space = Assumption::Structure(Symbol::new("the variable"), *structure);
                write!(f, "the right side ignores that {space}")
            }
            Remark::If(assumption) => write!(f, "equal if {assumption}"),
            Remark::Domain { only_left: true } => f.write_str("at some points the left side is defined and the right one is not"),
            Remark::Domain { only_left: false } => f.write_str("at some points the right side is defined and the left one is not"),
            Remark::Kronecker => f.write_str("compared in Kronecker notation: d vec(F) / d vec(X)', columns stacked"),
            Remark::Zeros(shape) => write!(f, "0 stands for the zero {shape}"),
            Remark::Vacuous(unmet) if unmet.is_empty() => {
                f.write_str("they can be transformed into each other, but no point was found at which both are defined")
            }
            Remark::Vacuous(unmet) => {
                f.write_str("they can be transformed into each other, but only where ")?;
                for (at, requirement) in unmet.iter().enumerate() {
                    write!(f, "{}{}", if at == 0 { "" } else { " and " }, requirement.sentence())?;
                }
                f.write_str(", and no point was found where that holds")
            }
            Remark::Because(why) => f.write_str(why),
        }
    }
}

/// A value as the language writes it: `[1, 2; 3, 4]`, a column `[1; 2]`, a row `[1, 2]`; a tensor of higher order in
/// nested brackets. What nobody would read is not written out.
pub(crate) fn written(value: &ArrayD<f64>, row: bool) -> String {
    const MOST: usize = 150;
    if value.len() > MOST {
        let lengths: Vec<String> = value.shape().iter().map(usize::to_string).collect();
        return format!("{} numbers, too many to show", lengths.join("×"));
    }
    let line = |entries: &mut dyn Iterator<Item = &f64>, between: &str| entries.map(|x| number(*x)).collect::<Vec<_>>().join(between);
    match value.ndim() {
        0 => value.first().copied().map(number).unwrap_or_default(),
        1 => format!("[{}]", line(&mut value.iter(), if row { ", " } else { "; " })),
        2 => format!("[{}]", value.outer_iter().map(|r| line(&mut r.iter(), ", ")).collect::<Vec<_>>().join("; ")),
        _ => format!("[{}]", value.outer_iter().map(|part| written(&part.to_owned(), true)).collect::<Vec<_>>().join(", ")),
    }
}

/// Whole numbers as such, others with what six digits tell.
fn number(x: f64) -> String {
    let x = settled(x);
    // Six digits, and no more zeros than they need.
    format!("{}", format!("{x:.5e}").parse::<f64>().unwrap_or(x))
}

/// Without the rounding errors of a value that is whole.
pub(crate) fn settled(x: f64) -> f64 {
    let whole = x.round();
    if (x - whole).abs() < 1e-8 * whole.abs().max(1.0) { whole + 0.0 } else { x }
}

impl Counterexample {
    /// Each name with its value as the language writes it: the dimensions that no variable tells, the variables, and
    /// both sides.
    pub fn lines(&self) -> Vec<(String, String)> {
        let told: Vec<Dim> = self.values.iter().flat_map(|(v, _)| v.axes()).collect();
        let sizes = self.sizes.iter().filter(|(s, _)| !told.contains(&Dim::of(*s))).map(|(s, n)| (s.to_string(), n.to_string()));
        let values = self.values.iter().map(|(v, value)| (v.name.to_string(), written(value, is_row(v))));
        let sides = [("left", &self.left), ("right", &self.right)].map(|(name, value)| (name.to_owned(), written(value, self.is_row)));
        sizes.chain(values).chain(sides).collect()
    }
}

fn is_row(v: &Var) -> bool {
    v.kind.as_ref().is_some_and(|k| matches!(k.shape, crate::expr::Shape::Row(_)))
}
