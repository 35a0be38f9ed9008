//! The catalog's rules as laws of the e-graph.

use super::law::{Law, RuleSet};
use crate::catalog::Catalog;
use crate::dim::Symbol;
use crate::error::{Error, ErrorKind, Result};
use crate::expr::{Expr, Op};
use crate::fact::Facts;
use crate::infer::infer;
use crate::rule::{Fact, Rule};
use std::sync::LazyLock;

impl From<Fact> for Facts {
    fn from(fact: Fact) -> Facts {
        match fact {
            Fact::Symmetric => Facts::SYMMETRIC,
            Fact::Skew => Facts::SKEW,
            Fact::Diagonal => Facts::DIAGONAL,
            Fact::Orthogonal => Facts::ORTHOGONAL,
            Fact::PositiveDefinite => Facts::POSDEF,
            Fact::Invertible => Facts::INVERTIBLE,
            Fact::Positive => Facts::POSITIVE,
            Fact::NonNegative => Facts::NONNEGATIVE,
        }
    }
}

/// The laws of a rule: one, or two if it may be used both ways.
///
/// # Errors
/// If a side has no matrix form or a condition is not on a variable.
pub fn laws_of(rule: &Rule) -> Result<Vec<Law>> {
    let conditions =
        rule.conditions.iter().map(|c| Ok((variable(&c.subject)?, c.fact.into()))).collect::<Result<Vec<(Symbol, Facts)>>>()?;
    let (left, right) = (infer(&rule.left, &rule.declarations)?, infer(&rule.right, &rule.declarations)?);
    let compile = if rule.is_elementwise() { Law::compile_elementwise } else { Law::compile };
    let mut laws = vec![compile(&rule.name, &left, &right, &conditions)?];
    if rule.two_way {
        laws.push(compile(&rule.name, &right, &left, &conditions)?);
    }
    Ok(laws)
}

fn variable(subject: &Expr) -> Result<Symbol> {
    match subject.op() {
        Op::Var(var) => Ok(var.name),
        _ => Err(Error::new(ErrorKind::Rule, format!("a condition is on variables, not on {subject}"))),
    }
}

static STANDARD: LazyLock<RuleSet> = LazyLock::new(|| RuleSet::of(Catalog::standard()));

impl RuleSet {
    /// The laws of the catalog that comes with the crate, compiled once.
    pub fn standard() -> &'static RuleSet {
        &STANDARD
    }

    /// The laws of a catalog. A rule without matrix form, such as one about index notation, is none of them.
    pub fn of(catalog: &Catalog) -> RuleSet {
        RuleSet::new(catalog.rewrites().filter(|rule| !rule.differential).filter_map(|rule| laws_of(rule).ok()).flatten())
    }
}
