//! From an extracted matrix term to the expression that people read: coefficients in front, divisors behind, few minus
//! signs, a readable order, index notation where no matrix formula is left, and shared parts named.

mod blocks;
mod build;
mod differential;
mod factors;
mod forms;
mod indices;
mod lengths;
mod order;
mod runs;
mod share;
mod written;

pub(crate) use differential::{PartialDifferential, present_differential};
pub(crate) use indices::index_names;
pub(crate) use lengths::known_lengths;

use crate::dim::Symbol;
use crate::error::{Error, ErrorKind, Result};
use crate::expr::{Expr, Op};
use crate::matrix::Mat;
use crate::outline::{Outline, outline};
use factors::Factors;
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

/// The expression with its names replaced by what they stand for; a product in a product is no part of its own.
fn put_in(e: &Expr, known: &[(Symbol, Expr)]) -> Expr {
    if known.is_empty() {
        return e.clone();
    }
    match e.op() {
        Op::Var(v) => known.iter().find(|(name, _)| *name == v.name).map_or_else(|| e.clone(), |(_, part)| part.clone()),
        Op::Mul(factors) => build::chain_of(factors.iter().flat_map(|f| factors_of(f, known)).collect()),
        Op::Transpose(a) if matches!(a.op(), Op::Var(_)) => build::chain_of(factors_of(e, known)),
        op => match op.try_map(|c| Ok::<_, std::convert::Infallible>(put_in(c, known))) {
            Ok(op) => Expr::new(op),
        },
    }
}

/// What a factor adds to its product: all factors of the part that it, or its transpose, is the name of, unless that is a scalar.
fn factors_of(factor: &Expr, known: &[(Symbol, Expr)]) -> Vec<Expr> {
    let (of, transposed) = if let Op::Transpose(a) = factor.op() { (a, true) } else { (factor, false) };
    let new = put_in(of, known);
    // A scalar stays one factor: `(x'*A*x)*x` is no `x'*A*x^2`.
    let apart = outline(&new) == Some(Outline::Scalar);
    match (of.op(), new.op()) {
        (Op::Var(_), Op::Mul(_)) if apart => vec![new],
        (Op::Var(_), Op::Mul(factors)) if transposed => runs::turned(factors, &[]),
        (Op::Var(_), Op::Mul(factors)) => factors.to_vec(),
        _ if transposed => vec![Expr::new(Op::Transpose(new))],
        _ => vec![new],
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

/// Terms, and which of them are the roots.
pub type Rooted = (egg::RecExpr<Mat>, Vec<egg::Id>);

/// What an answer stands beside.
#[derive(Clone, Copy)]
pub struct Setting<'a> {
    /// The names that are declared: no index and no shared part gets one of them.
    pub taken: &'a BTreeSet<Symbol>,
    /// What was asked. Differences keep the sign that they have there, where that costs nothing.
    pub input: Option<&'a Expr>,
}

/// Writes the term whose root is the last node.
///
/// # Errors
/// `Unsupported` for a contraction that stacks axes in a way for which the language has no notation.
pub fn present(terms: &egg::RecExpr<Mat>, setting: Setting) -> Result<Presented> {
    let last = egg::Id::from(terms.as_ref().len().saturating_sub(1));
    let (bodies, parts) = present_each(terms, &[last], setting)?;
    match bodies.into_iter().next() {
        Some(body) => Ok(Presented { body, parts }),
        None => Err(Error::new(ErrorKind::Internal, "no term was written")),
    }
}

/// Writes the term whose root is the last node as one expression: what occurs more than once has no name.
///
/// # Errors
/// As [`present`].
pub fn present_whole(terms: &egg::RecExpr<Mat>, taken: &BTreeSet<Symbol>) -> Result<Expr> {
    let last = egg::Id::from(terms.as_ref().len().saturating_sub(1));
    let bodies = build::fewest_signs(terms.as_ref(), &[last], taken, &Factors::finish)?;
    let body = bodies.first().ok_or_else(|| Error::new(ErrorKind::Internal, "no term was written"))?;
    Ok(share::scalars_first(body))
}

/// Writes the terms at these places, with the parts that they have in common.
///
/// # Errors
/// As [`present`].
pub fn present_each(terms: &egg::RecExpr<Mat>, roots: &[egg::Id], setting: Setting) -> Result<(Vec<Expr>, Parts)> {
    let bodies = build::fewest_signs(terms.as_ref(), roots, setting.taken, &Factors::finish)?;
    let plain = share::name_shared_parts(bodies.clone(), setting.taken);
    let Some(input) = setting.input else { return Ok(plain) };
    let written: Vec<Expr> = bodies.iter().map(|body| written::as_written(body.clone(), input)).collect();
    if written.iter().zip(&bodies).all(|(written, body)| written.same_node(body)) {
        return Ok(plain);
    }
    let as_written = share::name_shared_parts(written, setting.taken);
    // What has one sign in the input may have the other in a part that answers share.
    Ok(if size(&as_written) <= size(&plain) { as_written } else { plain })
}

/// Tokens of answers and of their parts; a name counts as a token more.
fn size((bodies, parts): &(Vec<Expr>, Parts)) -> u64 {
    let all: Vec<Expr> = bodies.iter().cloned().chain(parts.iter().map(|(_, part)| part.clone())).collect();
    share::tokens(&all) + parts.len() as u64
}

/// Of terms with equal values, given with their places, those that are shortest once their shared parts have names; of equal
/// ones the first. A name that others do without counts as a token more.
///
/// # Errors
/// As [`present`], and if there are none.
pub fn shortest(found: &[Rooted], setting: Setting) -> Result<(Vec<Expr>, Parts)> {
    let mut best: Option<(u64, Vec<Expr>, Parts)> = None;
    for (terms, roots) in found {
        let presented = present_each(terms, roots, setting)?;
        let tokens = size(&presented);
        let (bodies, parts) = presented;
        let more_names = |others: &Parts| u64::from(parts.len() > others.len());
        if best.as_ref().is_none_or(|(least, _, others)| tokens + more_names(others) < *least) {
            best = Some((tokens, bodies, parts));
        }
    }
    let (_, bodies, parts) = best.ok_or_else(|| Error::new(ErrorKind::Internal, "there is no term to present"))?;
    Ok((bodies, parts))
}

#[cfg(test)]
mod tests;
