//! From an extracted matrix term to the expression that people read: coefficients in front, divisors behind, few minus
//! signs, a readable order, index notation where no matrix formula is left, and shared parts named.

mod build;
mod factors;
mod forms;
mod indices;
mod order;
mod share;

use crate::dim::Symbol;
use crate::error::Result;
use crate::expr::Expr;
use crate::matrix::Mat;
use std::fmt;

/// An answer ready to be printed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Presented {
    pub body: Expr,
    /// Shared parts with their names; each uses only those before it.
    pub parts: Vec<(Symbol, Expr)>,
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

/// Writes the term whose root is the last node.
///
/// # Errors
/// `Unsupported` for a contraction that stacks axes in a way for which the language has no notation.
pub fn present(terms: &egg::RecExpr<Mat>) -> Result<Presented> {
    let terms: &[Mat] = terms.as_ref();
    let body = build::fewest_signs(terms)?;
    Ok(share::name_shared_parts(body))
}

#[cfg(test)]
mod tests;
