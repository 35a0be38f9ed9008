//! From an extracted matrix term to the expression that people read: coefficients in front, divisors behind, few minus
//! signs, a readable order, index notation where no matrix formula is left, and shared parts named.

mod blocks;
mod build;
mod factors;
mod forms;
mod indices;
mod order;
mod share;

pub(crate) use indices::{index_names, known_lengths};

use crate::dim::Symbol;
use crate::error::{Error, ErrorKind, Result};
use crate::expr::{Expr, Op};
use crate::matrix::Mat;
use std::collections::BTreeSet;
use std::fmt;

/// Shared parts with their names; each uses only those before it.
pub type Parts = Vec<(Symbol, Expr)>;

/// An answer ready to be printed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Presented {
    pub body: Expr,
    pub parts: Parts,
}

impl Presented {
    /// One expression, in which the shared parts stand in place, still shared.
    pub fn inlined(&self) -> Expr {
        let mut known: Vec<(Symbol, Expr)> = Vec::new();
        for (name, part) in &self.parts {
            let part = put_in(part, &known);
            known.push((*name, part));
        }
        put_in(&self.body, &known)
    }
}

/// The expression with its names replaced by what they stand for.
fn put_in(e: &Expr, known: &[(Symbol, Expr)]) -> Expr {
    if let Op::Var(v) = e.op()
        && let Some((_, part)) = known.iter().find(|(name, _)| *name == v.name)
    {
        return part.clone();
    }
    if known.is_empty() {
        return e.clone();
    }
    let mapped: Result<Op, std::convert::Infallible> = e.op().try_map(|c| Ok(put_in(c, known)));
    match mapped {
        Ok(op) => Expr::new(op),
    }
}

/// As the language writes it: `a'*t1 where t1 = inv(A)*x`.
impl fmt::Display for Presented {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{}", self.body)?;
        for (at, (name, part)) in self.parts.iter().enumerate() {
            write!(f, "{} {name} = {part}", if at == 0 { " where" } else { ";" })?;
        }
        Ok(())
    }
}

/// Writes the term whose root is the last node; no index and no shared part gets a name of `taken`, the names that are
/// declared.
///
/// # Errors
/// `Unsupported` for a contraction that stacks axes in a way for which the language has no notation.
pub fn present(terms: &egg::RecExpr<Mat>, taken: &BTreeSet<Symbol>) -> Result<Presented> {
    let last = egg::Id::from(terms.as_ref().len().saturating_sub(1));
    let (bodies, parts) = present_each(terms, &[last], taken)?;
    match bodies.into_iter().next() {
        Some(body) => Ok(Presented { body, parts }),
        None => Err(Error::new(ErrorKind::Internal, "no term was written")),
    }
}

/// Writes the terms at these places, with the parts that they have in common.
///
/// # Errors
/// As [`present`].
pub fn present_each(terms: &egg::RecExpr<Mat>, roots: &[egg::Id], taken: &BTreeSet<Symbol>) -> Result<(Vec<Expr>, Parts)> {
    let bodies = build::fewest_signs(terms.as_ref(), roots, taken)?;
    Ok(share::name_shared_parts(bodies, taken))
}

#[cfg(test)]
mod tests;
