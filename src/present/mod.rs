//! From an extracted matrix term to the expression that people read: coefficients in front, divisors behind, few minus
//! signs, a readable order, index notation where no matrix formula is left, and shared parts named.

mod blocks;
mod build;
mod factors;
mod forms;
mod indices;
mod order;
mod runs;
mod share;
mod written;

pub(crate) use indices::{index_names, known_lengths};

use crate::dim::Symbol;
use crate::error::Result;
use crate::expr::{Expr, Op};
use crate::matrix::Mat;
use std::collections::BTreeSet;
use std::fmt;

/// An answer ready to be printed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Presented {
    pub body: Expr,
    /// Shared parts with their names; each uses only those before it.
    pub parts: Vec<(Symbol, Expr)>,
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

/// What an answer stands beside.
#[derive(Clone, Copy)]
pub struct Setting<'a> {
    /// The names that are declared: no index and no shared part gets one of them.
    pub taken: &'a BTreeSet<Symbol>,
    /// What was asked. Differences keep the sign that they have there, where that costs nothing.
    pub input: Option<&'a Expr>,
}

impl Presented {
    /// Names, numbers and operators of the whole: what a reader has to read.
    pub fn tokens(&self) -> u64 {
        self.parts.iter().fold(share::tokens(&self.body), |sum, (_, part)| sum + 1 + share::tokens(part))
    }
}

/// Writes the term whose root is the last node.
///
/// # Errors
/// `Unsupported` for a contraction that stacks axes in a way for which the language has no notation.
pub fn present(terms: &egg::RecExpr<Mat>, setting: Setting) -> Result<Presented> {
    let terms: &[Mat] = terms.as_ref();
    let body = build::fewest_signs(terms, setting.taken)?;
    let body = if let Some(input) = setting.input { written::as_written(body, input) } else { body };
    Ok(share::name_shared_parts(body, setting.taken))
}

#[cfg(test)]
mod tests;
