//! The laws of the catalog, compiled for the matcher.

use super::law::{Law, RuleSet};
use crate::catalog::Catalog;
use crate::dim::{Dim, Symbol};
use crate::error::{Error, ErrorKind, Result};
use crate::expr::{Expr, Kind, Op, Shape};
use crate::fact::Facts;
use crate::infer::infer;
use crate::parse::{Declaration, Declarations};
use crate::rule::{Fact, Rule};
use std::sync::LazyLock;

static STANDARD: LazyLock<RuleSet> = LazyLock::new(|| {
    // A law that does not compile is left out here and refused by the crate's tests.
    RuleSet::new(Catalog::standard().rewrites().filter_map(|rule| laws_of(rule).ok()).flatten())
});

impl RuleSet {
    /// The laws of the standard catalog, compiled when first asked for.
    pub fn standard() -> &'static RuleSet {
        &STANDARD
    }

    /// The laws of a catalog.
    ///
    /// # Errors
    /// If a rule cannot be used as a law of matrix terms.
    pub fn of_catalog(catalog: &Catalog) -> Result<RuleSet> {
        let laws = catalog.rewrites().map(laws_of).collect::<Result<Vec<_>>>()?;
        Ok(RuleSet::new(laws.into_iter().flatten()))
    }
}

/// The laws that a rule stands for: one, or one for each direction.
fn laws_of(rule: &Rule) -> Result<Vec<Law>> {
    let (declarations, left, right) = if rule.is_elementwise() {
        let entry = Shape::Matrix(Dim::symbol("rows"), Dim::symbol("columns"));
        (of_shape(&rule.declarations, &entry), elementwise(&rule.left), elementwise(&rule.right))
    } else {
        (rule.declarations.clone(), rule.left.clone(), rule.right.clone())
    };
    let conditions = conditions(rule)?;
    let compile = |left: &Expr, right: &Expr| -> Result<Law> {
        // Both sides in one expression, so that a constant array on one side has the lengths of the other.
        let (left, right) = (infer(left, &declarations)?, infer(right, &declarations)?);
        Law::compile(&rule.name, &left, &right, &conditions)
    };
    let mut laws = vec![compile(&left, &right)?];
    if rule.two_way {
        laws.push(compile(&right, &left)?);
    }
    Ok(laws)
}

fn conditions(rule: &Rule) -> Result<Vec<(Symbol, Facts)>> {
    rule.conditions
        .iter()
        .map(|c| match c.subject.op() {
            Op::Var(v) => Ok((v.name, facts(c.fact))),
            _ => Err(Error::new(ErrorKind::Rule, format!("the condition {c} is not about a variable"))),
        })
        .collect()
}

fn facts(fact: Fact) -> Facts {
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

/// The same variables, each an array of that shape.
fn of_shape(declarations: &Declarations, shape: &Shape) -> Declarations {
    let mut arrays = Declarations::new();
    for (name, declaration) in declarations.iter() {
        if let Declaration::Variable(kind) = declaration {
            // The names are distinct, as they were.
            let _ = arrays.insert(name, Declaration::Variable(Kind { shape: shape.clone(), ..kind.clone() }));
        }
    }
    arrays
}

/// A law of scalars as a law of arrays, entry by entry.
fn elementwise(e: &Expr) -> Expr {
    let all = |es: &[Expr]| es.iter().map(elementwise).collect::<Vec<_>>();
    Expr::new(match e.op() {
        // A number factor scales; everything else multiplies entry by entry.
        Op::Mul(factors) => {
            let (numbers, rest): (Vec<_>, Vec<_>) = factors.iter().partition(|f| matches!(f.op(), Op::Number(_) | Op::Constant(_)));
            let mut factors: Vec<Expr> = numbers.into_iter().cloned().collect();
            match rest.as_slice() {
                [] => {}
                [one] => factors.push(elementwise(one)),
                several => factors.push(Expr::new(Op::Had(several.iter().map(|f| elementwise(f)).collect()))),
            }
            match factors.as_slice() {
                [one] => return one.clone(),
                _ => Op::Mul(factors),
            }
        }
        Op::Div(a, b) => Op::HadDiv(elementwise(a), elementwise(b)),
        Op::Pow(a, p) => Op::HadPow(elementwise(a), elementwise(p)),
        Op::Neg(a) => Op::Neg(elementwise(a)),
        Op::Add(terms) => Op::Add(all(terms)),
        Op::Had(factors) => Op::Had(all(factors)),
        Op::Call(f, arguments) => Op::Call(*f, all(arguments)),
        op => op.clone(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rewrite_of_the_standard_catalog_compiles() {
        let failures: Vec<String> =
            Catalog::standard().rewrites().filter_map(|rule| laws_of(rule).err().map(|e| format!("{}: {e}", rule.name))).collect();
        assert!(failures.is_empty(), "{}", failures.join("\n"));
    }
}
