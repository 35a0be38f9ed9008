//! The one place that refuses what is understood but cannot be lowered yet. What a later version can do is deleted here.

use crate::error::{Error, Result};
use crate::expr::{Op, Shape, Subscript};
use crate::function::{Call, Constant, Function};
use crate::number::Number;
use crate::typed::{Typed, TypedId, TypedNode};

/// A Levi-Civita symbol has as many places as indices, each of that length: with 6 there are 46,656.
const MOST_INDICES_OF_EPS: usize = 6;

/// What the largest singular value is called.
const SPECTRAL_NORM: &str = "the spectral norm of a matrix (its largest singular value; `normF(A)` is the Frobenius norm)";

/// # Errors
/// Of kind `Unsupported`, naming the construct, for the first node that cannot be lowered.
pub fn check(typed: &Typed) -> Result<()> {
    for node in &typed.nodes {
        if let Some(construct) = unsupported(typed, node) {
            let error = Error::unsupported(construct);
            return Err(node.span.into_iter().fold(error, Error::at));
        }
    }
    Ok(())
}

/// What the node is called, if it cannot be lowered.
fn unsupported(typed: &Typed, node: &TypedNode) -> Option<String> {
    match &node.op {
        Op::Call(Function::Call(call), arguments) => unsupported_call(typed, *call, arguments),
        Op::Pow(base, exponent) => unsupported_power(typed, *base, *exponent),
        Op::LeviCivita(s) if !(2..=MOST_INDICES_OF_EPS).contains(&s.len()) => {
            Some(format!("`eps` with {} indices (from 2 to {MOST_INDICES_OF_EPS} are)", s.len()))
        }
        Op::Delta(s) | Op::LeviCivita(s) => s.iter().find_map(|s| unsupported_subscript(typed, s)),
        _ => None,
    }
}

fn unsupported_call(typed: &Typed, call: Call, arguments: &[TypedId]) -> Option<String> {
    let name = call.name();
    let of_matrix = matches!(typed.node(*arguments.first()?).shape, Shape::Matrix(..));
    match call {
        _ if !call.row().supported => Some(format!("the function `{name}`")),
        Call::Norm2 if of_matrix => Some(SPECTRAL_NORM.to_owned()),
        Call::Norm if of_matrix => match arguments.get(1).map(|p| &typed.node(*p).op) {
            Some(Op::Number(p)) if p.is_one() => None,
            Some(Op::Constant(Constant::Infinity)) => None,
            Some(Op::Number(p)) if *p != Number::int(2) => Some(format!("`norm(A, {p})` of a matrix, with p other than 1, 2 and inf,")),
            Some(Op::Number(_)) | None => Some(SPECTRAL_NORM.to_owned()),
            Some(_) => Some("the norm of a matrix whose order is not a number".to_owned()),
        },
        _ => None,
    }
}

fn unsupported_power(typed: &Typed, base: TypedId, exponent: TypedId) -> Option<String> {
    if typed.node(exponent).shape != Shape::Scalar {
        return Some("a power with a matrix as its exponent".to_owned());
    }
    if typed.node(base).shape == Shape::Scalar {
        return None;
    }
    match &typed.node(exponent).op {
        Op::Number(n) if n.is_integer() => None,
        Op::Number(n) => Some(format!("the power {n} of a matrix")),
        _ => Some("a symbolic power of a matrix".to_owned()),
    }
}

fn unsupported_subscript(typed: &Typed, subscript: &Subscript<TypedId>) -> Option<String> {
    match subscript {
        Subscript::Index(_) => None,
        Subscript::At(a) => (!matches!(typed.node(*a).op, Op::Number(_))).then(|| "an entry of symbolic number".to_owned()),
        Subscript::All | Subscript::Range(..) => Some("a part of a tensor, such as `A[1:k,:]`,".to_owned()),
    }
}
