//! How the input is written: what its parts are called, the order of its terms, numbers before its sums.

use super::stages::Input;
use crate::expr::{Expr, Op, Shape};
use crate::index::{Graph, Node, NodeId};
use crate::number::Number;
use crate::typed::{Typed, TypedId};
use rustc_hash::FxHashMap;

/// All of that; `typed` is the input and `lowered` the node of each part of it.
pub(super) fn as_written(graph: &Graph, typed: &Typed, lowered: &[Option<NodeId>]) -> Input {
    let parts = parts_as_written(graph, typed, lowered);
    let scales = scales_as_written(graph, &parts);
    let orders = orders_as_written(graph, typed, lowered);
    Input { scales, parts, orders, products: has_products(typed), transposes: has_transposes(typed) }
}

/// The parts of the input by their nodes, so that an intermediate result is called what the reader called it.
fn parts_as_written(graph: &Graph, typed: &Typed, lowered: &[Option<NodeId>]) -> FxHashMap<NodeId, Expr> {
    fn expr(typed: &Typed, id: TypedId, memo: &mut FxHashMap<TypedId, Expr>) -> Expr {
        if let Some(known) = memo.get(&id) {
            return known.clone();
        }
        let e = match typed.node(id).op.try_map(|c| Ok::<_, std::convert::Infallible>(expr(typed, *c, memo))) {
            Ok(op) => Expr::new(op),
        };
        memo.insert(id, e.clone());
        e
    }
    let (mut parts, mut memo): (FxHashMap<NodeId, Expr>, FxHashMap<TypedId, Expr>) = Default::default();
    for (at, node) in lowered.iter().enumerate() {
        let id = TypedId(at as u32);
        let (Some(node), own) = (node, typed.node(id)) else { continue };
        let fits = own.free.is_empty() && !matches!(own.shape, Shape::Row(_)) && own.shape.axes().as_slice() == graph.axes(*node);
        if !fits {
            continue;
        }
        let e = expr(typed, id, &mut memo);
        let shorter = parts.get(node).is_none_or(|known| e.nodes() < known.nodes());
        if shorter {
            parts.insert(*node, e);
        }
    }
    parts
}

/// The numbers that index form took out of sums of the input; of several the first in order of size.
fn scales_as_written(graph: &Graph, parts: &FxHashMap<NodeId, Expr>) -> FxHashMap<NodeId, Number> {
    let mut scales: FxHashMap<NodeId, Number> = FxHashMap::default();
    for part in parts.keys() {
        if let Node::Scale(n, core) = graph.node(*part)
            && matches!(graph.node(*core), Node::Sum(_))
            && scales.get(core).is_none_or(|known| n < known)
        {
            scales.insert(*core, n.clone());
        }
    }
    scales
}

/// Of each sum of the input its terms, up to numbers, in the order in which they are written.
fn orders_as_written(graph: &Graph, typed: &Typed, lowered: &[Option<NodeId>]) -> FxHashMap<NodeId, Vec<NodeId>> {
    let core = |id: &TypedId| lowered[id.0 as usize].map(|n| graph.unscaled(n).1);
    let mut orders = FxHashMap::default();
    for (at, own) in typed.nodes.iter().enumerate() {
        let Op::Add(terms) = &own.op else { continue };
        let terms: Option<Vec<NodeId>> = terms.iter().map(core).collect();
        if let (Some(sum), Some(terms)) = (core(&TypedId(at as u32)), terms) {
            orders.entry(sum).or_insert(terms);
        }
    }
    orders
}

/// Whether matrices are multiplied by each other or by vectors.
fn has_products(typed: &Typed) -> bool {
    let axes = |id: &TypedId| typed.node(*id).shape.axes().len();
    typed.nodes.iter().any(|own| match &own.op {
        Op::Mul(factors) => factors.iter().any(|f| axes(f) == 2) && factors.iter().filter(|f| axes(f) > 0).count() > 1,
        _ => false,
    })
}

fn has_transposes(typed: &Typed) -> bool {
    typed.nodes.iter().any(|own| matches!(&own.op, Op::Transpose(a) if typed.node(*a).shape.axes().len() == 2))
}
