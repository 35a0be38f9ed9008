//! A proof that two expressions are equal: a chain of expressions, each made of the one before by a named rule.

use crate::expr::Expr;
use std::fmt;
use std::sync::Arc;

/// A chain of equal expressions, from one side of an equation to the other.
///
/// Every expression of the chain is whole and in the language, so that the chain can be replayed: at any point that meets
/// the conditions all of them have one value.
///
/// ```
/// use indicial::{Declarations, Engine, parse};
/// let declarations = Declarations::parse("A: matrix(m, n); B: matrix(n, m)")?;
/// let (left, right) = (parse("tr(A*B)", &declarations)?, parse("tr(B*A)", &declarations)?);
/// let proof = Engine::new().prove(&left, &right, &declarations)?.expect("the trace is cyclic");
/// assert_eq!(proof.end().to_string(), "tr(B*A)");
/// # Ok::<(), indicial::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    pub start: Expr,
    pub steps: Vec<ProofStep>,
    /// Where the two sides and all that is between them are defined. What declarations say already is not repeated.
    pub conditions: Vec<Requirement>,
}

/// `after` is what the rule makes of the expression before it; used backwards, the expression before is what the rule
/// makes of `after`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProofStep {
    /// The name of a rule of the catalog, or of a step of the engine: see [`ProofStep::reason`].
    pub rule: Arc<str>,
    pub forward: bool,
    /// The whole expression.
    pub after: Expr,
}

/// The steps that are no rules of the catalog, each with what it does.
const ENGINE_STEPS: [(&str, &str); 12] = [
    ("normalise", "Products and sums are flat, like terms are merged, numbers are computed."),
    ("factor", "A common factor is taken out of a sum."),
    ("raise", "One index form is read in two ways."),
    ("index_form", "Both have the same index form: they are the same sum of products of entries."),
    ("expansion", "Products of sums are multiplied out and like terms are merged."),
    ("common_denominator", "All terms are put over one denominator and multiplied out."),
    ("definition", "Functions are written by their definitions, and products of sums are multiplied out."),
    ("derivative", "A derivative is worked out."),
    ("entries", "Both have the same entries, as polynomials in the entries of the variables."),
    ("inverse_of_blocks", "The matrix times its inverse is the identity: all blocks of the product are multiplied out."),
    ("determinant_of_blocks", "det([A, B; C, D]) is det(A)*det(D - C*inv(A)*B), or the same by the last block (Schur)."),
    ("det_by_traces", "The determinant of a small matrix is a polynomial in the traces of its powers (Newton's identities)."),
];

impl ProofStep {
    /// The names of the engine's own steps, each with what it does.
    ///
    /// ```
    /// assert!(indicial::ProofStep::of_the_engine().any(|(name, _)| name == "expansion"));
    /// ```
    pub fn of_the_engine() -> impl Iterator<Item = (&'static str, &'static str)> {
        ENGINE_STEPS.into_iter()
    }

    /// What the step does, if it is one of the engine's own and no rule of the catalog.
    pub fn reason(&self) -> Option<&'static str> {
        ENGINE_STEPS.iter().find(|(name, _)| **name == *self.rule).map(|(_, reason)| *reason)
    }
}

impl Proof {
    /// The expression that the chain ends with.
    pub fn end(&self) -> &Expr {
        self.steps.last().map_or(&self.start, |step| &step.after)
    }

    /// The names of the rules in order, without those that follow themselves.
    pub fn rules(&self) -> Vec<Arc<str>> {
        let mut names: Vec<Arc<str>> = self.steps.iter().map(|s| s.rule.clone()).collect();
        names.dedup();
        names
    }
}

/// One line for each expression, with the rule that leads to it.
impl fmt::Display for Proof {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{}", self.start)?;
        for step in &self.steps {
            let backwards = if step.forward { "" } else { ", backwards" };
            write!(f, "\n  = {}    by {}{backwards}", step.after, step.rule)?;
        }
        for (at, condition) in self.conditions.iter().enumerate() {
            write!(f, "{}{condition}", if at == 0 { "\n  where " } else { ", " })?;
        }
        Ok(())
    }
}

/// What has to hold for every expression of a proof to be defined.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Requirement {
    Invertible(Expr),
    /// Of an array, every entry.
    NonZero(Expr),
    /// Of an array, every entry.
    Positive(Expr),
}

impl Requirement {
    /// What it is asked of.
    pub fn of(&self) -> &Expr {
        match self {
            Requirement::Invertible(e) | Requirement::NonZero(e) | Requirement::Positive(e) => e,
        }
    }

    /// `A is invertible`
    pub fn sentence(&self) -> String {
        match self {
            Requirement::Invertible(e) => format!("{e} is invertible"),
            Requirement::NonZero(e) => format!("{e} is not 0"),
            Requirement::Positive(e) => format!("{e} is positive"),
        }
    }
}

impl fmt::Display for Requirement {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Requirement::Invertible(e) => write!(f, "invertible({e})"),
            Requirement::NonZero(e) => write!(f, "nonzero({e})"),
            Requirement::Positive(e) => write!(f, "positive({e})"),
        }
    }
}
