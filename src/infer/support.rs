//! The one place that refuses what is understood but cannot be lowered yet. What a later version can do is deleted here.

use crate::error::{Error, Result};
use crate::expr::{Op, Shape, Subscript};
use crate::function::{Call, Constant, Function};
use crate::number::Number;
use crate::typed::{Typed, TypedId, TypedNode};

/// A Levi-Civita symbol has as many places as indices, each of that length: with 6 there are 46,656.
const MOST_INDICES_OF_EPS: usize = 6;

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
        Call::Norm if of_matrix => match arguments.get(1).map(|p| &typed.node(*p).op) {
            Some(Op::Number(p)) if p.is_one() || *p == Number::int(2) => None,
            Some(Op::Constant(Constant::Infinity)) | None => None,
            Some(Op::Number(p)) => Some(format!("`norm(A, {p})` of a matrix, with p other than 1, 2 and inf,")),
            Some(_) => Some("the norm of a matrix whose order is not a number".to_owned()),
        },
        _ => None,
    }
}

fn unsupported_subscript(typed: &Typed, subscript: &Subscript<TypedId>) -> Option<String> {
    match subscript {
        Subscript::Index(_) => None,
        Subscript::At(a) => (!matches!(typed.node(*a).op, Op::Number(_))).then(|| "an entry of symbolic number".to_owned()),
        Subscript::All | Subscript::Range(..) => Some("a part of a tensor, such as `A[1:k,:]`,".to_owned()),
    }
}
