//! The order in which factors and terms are read. It depends on content only.

use crate::expr::{Expr, Op};
use smallvec::SmallVec;
use std::cmp::Ordering;

/// Numbers, then variables, then what is made of them: the simpler first.
fn rank(op: &Op) -> u8 {
    match op {
        Op::Number(_) => 0,
        Op::Constant(_) => 1,
        Op::Size(_) => 2,
        // A delta says which indices are one before they are read.
        Op::Delta(_) | Op::LeviCivita(_) => 3,
        Op::Var(_) => 4,
        Op::Subscript(..) => 5,
        Op::Transpose(_) => 6,
        Op::Pow(..) | Op::HadPow(..) => 7,
        Op::Call(..) | Op::Apply { .. } => 8,
        Op::Mul(_) => 9,
        Op::Had(_) | Op::HadDiv(..) | Op::Kron(..) => 10,
        Op::Div(..) | Op::LeftDiv(..) => 11,
        Op::Add(_) => 12,
        Op::Neg(_) => 13,
        Op::Braces(..) | Op::IndexSum(..) | Op::Diff(..) | Op::Block(_) => 14,
    }
}

/// By kind, name, number of parts, then part by part.
pub(super) fn compare(a: &Expr, b: &Expr) -> Ordering {
    if a == b {
        return Ordering::Equal;
    }
    let own = rank(a.op()).cmp(&rank(b.op())).then_with(|| match (a.op(), b.op()) {
        (Op::Number(a), Op::Number(b)) => a.cmp(b),
        (Op::Constant(a), Op::Constant(b)) => a.cmp(b),
        (Op::Size(a), Op::Size(b)) => a.cmp(b),
        (Op::Var(a), Op::Var(b)) => a.cmp(b),
        (Op::Call(f, _), Op::Call(g, _)) => f.name().cmp(g.name()),
        (Op::Apply { function: f, .. }, Op::Apply { function: g, .. }) => f.cmp(g),
        _ => Ordering::Equal,
    });
    own.then_with(|| bulk(a).cmp(&bulk(b))).then_with(|| compare_parts(a, b))
}

/// Below so many levels part is compared with part, beyond them depth and size come first: chains of functions that differ
/// at their ends only are not compared along their whole length.
const DEEP: usize = 16;

fn bulk(e: &Expr) -> Option<(usize, u64)> {
    (e.depth() > DEEP).then(|| (e.depth(), e.nodes()))
}

type Children<'a> = SmallVec<[&'a Expr; 8]>;

fn compare_parts(a: &Expr, b: &Expr) -> Ordering {
    let (mut left, mut right): (Children, Children) = Default::default();
    a.op().for_each_child(|c| left.push(c));
    b.op().for_each_child(|c| right.push(c));
    let parts = left
        .len()
        .cmp(&right.len())
        .then_with(|| left.iter().zip(&right).map(|(a, b)| compare(a, b)).find(|o| o.is_ne()).unwrap_or(Ordering::Equal));
    // What is left are names of indices: the text decides.
    parts.then_with(|| a.to_string().cmp(&b.to_string()))
}

/// How many factors there are to read, powers counted by their exponent: the degree of a term of a polynomial.
pub(super) fn degree(e: &Expr) -> i64 {
    match e.op() {
        Op::Number(_) | Op::Constant(_) | Op::Size(_) => 0,
        Op::Mul(all) => all.iter().map(degree).sum(),
        Op::Neg(a) | Op::Div(a, _) => degree(a),
        Op::Pow(a, p) => match p.op() {
            Op::Number(p) => degree(a).saturating_mul(p.as_integer().unwrap_or(1)),
            _ => degree(a),
        },
        _ => 1,
    }
}
