//! What diagonal and triangular matrices make of elementwise products and of diagonals. In index form a diagonal matrix is
//! the vector of its diagonal; people write it as the matrix.

use super::build::Build;
use super::{Mat, MatFn};
use crate::dim::Dim;
use crate::fact::Facts;
use crate::number::Number;
use egg::Id;

/// A triangle of what is a triangle already.
pub fn triangle<B: Build + ?Sized>(b: &mut B, f: MatFn, a: Id) -> Option<Id> {
    let (kept, other) = if f == MatFn::Tril { (Facts::LOWER, Facts::UPPER) } else { (Facts::UPPER, Facts::LOWER) };
    if b.facts(a).contains(kept) {
        return Some(a);
    }
    if b.facts(a).contains(other) {
        let diagonal = b.call(MatFn::DiagOf, &[a]);
        return Some(b.call(MatFn::Diag, &[diagonal]));
    }
    None
}

/// Whether a term is a triangle of ones, which in an elementwise product keeps that triangle.
pub fn is_mask<B: Build + ?Sized>(b: &B, t: Id) -> bool {
    mask(b, t).is_some()
}

fn mask<B: Build + ?Sized>(b: &B, t: Id) -> Option<MatFn> {
    match b.view(t) {
        Mat::Call(f @ (MatFn::Tril | MatFn::Triu), a) => match b.view(a[0]) {
            Mat::Fill(_, _, [entry]) if matches!(b.view(*entry), Mat::Number(n) if n.is_one()) => Some(*f),
            _ => None,
        },
        _ => None,
    }
}

/// `tril(ones(n, n)).*A` is `tril(A)`; `diag(D).*x` of a diagonal D is `D*x`. Of at least two factors; ends because the
/// rest has one factor less.
pub fn structured_product<B: Build + ?Sized>(b: &mut B, factors: &[Id]) -> Option<Id> {
    let without = |at: usize| -> Vec<Id> { factors.iter().enumerate().filter(|(k, _)| *k != at).map(|(_, f)| *f).collect() };
    if let Some((at, f)) = factors.iter().enumerate().find_map(|(at, t)| Some((at, mask(b, *t)?))) {
        let rest = b.had(&without(at));
        return Some(b.call(f, &[rest]));
    }
    if b.form(factors[0]).columns() != Dim::ONE || b.is_scalar(factors[0]) {
        return None;
    }
    let (at, matrix) = factors.iter().enumerate().find_map(|(at, t)| Some((at, as_diagonal(b, *t)?)))?;
    let rest = b.had(&without(at));
    let matrix = match matrix {
        (d, None) => d,
        (d, Some(p)) => b.matpower(d, p),
    };
    Some(b.mul(&[matrix, rest]))
}

/// The diagonal matrix of which a column is the diagonal, or a natural power of it.
fn as_diagonal<B: Build + ?Sized>(b: &B, t: Id) -> Option<(Id, Option<i64>)> {
    match b.view(t) {
        Mat::Call(MatFn::DiagOf, d) if b.facts(d[0]).contains(Facts::DIAGONAL) => Some((d[0], None)),
        Mat::Power(p, [base]) => match (as_diagonal(b, *base)?, p.as_integer()) {
            ((d, None), Some(p @ 2..)) => Some((d, Some(p))),
            _ => None,
        },
        _ => None,
    }
}

/// `1./diag(D)` of a diagonal D is `diag(inv(D))`.
pub fn power_of_diagonal<B: Build + ?Sized>(b: &mut B, base: Id, exponent: &Number) -> Option<Id> {
    let p = exponent.as_integer().filter(|p| *p < 0)?;
    let (d, None) = as_diagonal(b, base)? else { return None };
    let power = b.matpower(d, p);
    Some(b.call(MatFn::DiagOf, &[power]))
}

/// `diag(diag(D))` is D and `diag(D*x)` is `D*diag(x)`, of a diagonal D.
pub fn diagonal_of_product<B: Build + ?Sized>(b: &mut B, a: Id) -> Option<Id> {
    if let Some((d, p)) = as_diagonal(b, a) {
        return Some(p.map_or(d, |p| b.matpower(d, p)));
    }
    let Mat::Mul(factors) = b.view(a) else { return None };
    let (first, rest) = (factors[0], factors[1..].to_vec());
    if !b.facts(first).contains(Facts::DIAGONAL) {
        return None;
    }
    let rest = b.mul(&rest);
    let rest = b.call(MatFn::Diag, &[rest]);
    Some(b.mul(&[first, rest]))
}
