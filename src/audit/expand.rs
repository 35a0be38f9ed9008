//! Index form with its products of sums multiplied out, by which laws `by expansion` are tested.

use crate::contract::Draft;
use crate::error::{Error, ErrorKind, Result};
use crate::index::{Axes, Contraction, Graph, Node, NodeId};
use crate::number::Number;
use rustc_hash::FxHashMap;

/// Products of sums are not multiplied out to more terms than this.
const MOST_TERMS: usize = 4096;

/// The node as a sum of contractions in which no factor is a sum.
///
/// # Errors
/// Of kind `Limit` if it has too many terms.
pub fn expand(graph: &mut Graph, root: NodeId) -> Result<NodeId> {
    let mut done: FxHashMap<NodeId, NodeId> = FxHashMap::default();
    // Children come before their parents, so that no recursion is needed.
    for id in graph.reachable(&[root]) {
        let axes: Axes = graph.axes(id).into();
        let expanded = match graph.node(id).clone() {
            Node::Contract(c) => multiplied_out(graph, &axes, &c, &done)?,
            Node::Scale(n, a) => graph.scale(&n, known(&done, a)),
            Node::Sum(terms) => graph.sum(&axes, terms.into_iter().map(|(n, a)| (n, known(&done, a))).collect()),
            Node::Var(_)
            | Node::Constant(_)
            | Node::Size(_)
            | Node::Zero(_)
            | Node::Unit(..)
            | Node::Select(_)
            | Node::Duplication(_)
            | Node::Elimination(_)
            | Node::LeviCivita(_)
            | Node::Merge(..)
            | Node::Triangle(..) => id,
            Node::Map(..) | Node::Power(..) | Node::Map2(..) | Node::Opaque(..) | Node::Apply(..) => id,
        };
        done.insert(id, expanded);
    }
    Ok(known(&done, root))
}

fn known(done: &FxHashMap<NodeId, NodeId>, id: NodeId) -> NodeId {
    done.get(&id).copied().unwrap_or(id)
}

fn multiplied_out(graph: &mut Graph, axes: &[crate::Dim], c: &Contraction, done: &FxHashMap<NodeId, NodeId>) -> Result<NodeId> {
    let mut products: Vec<(Number, Vec<NodeId>)> = vec![(Number::ONE, Vec::new())];
    for factor in &c.factors {
        let terms = terms_of(graph, known(done, factor.node));
        if products.len() * terms.len() > MOST_TERMS {
            return Err(Error::new(ErrorKind::Limit, format!("multiplied out it has more than {MOST_TERMS} terms")));
        }
        let times =
            |(n, nodes): &(Number, Vec<NodeId>)| terms.iter().map(|(m, a)| (n * m, [&nodes[..], &[*a]].concat())).collect::<Vec<_>>();
        products = products.iter().flat_map(times).collect();
    }
    let mut sum = Vec::with_capacity(products.len());
    for (n, nodes) in products {
        let mut draft = Draft::new();
        draft.labels(&c.dims);
        for (factor, node) in c.factors.iter().zip(nodes) {
            draft.factor(node, &factor.labels);
        }
        sum.push((n, graph.contract(draft.out(&c.out))));
    }
    Ok(graph.sum(axes, sum))
}

fn terms_of(graph: &Graph, id: NodeId) -> Vec<(Number, NodeId)> {
    match graph.node(id) {
        Node::Sum(terms) => terms.clone(),
        Node::Scale(n, a) => terms_of(graph, *a).into_iter().map(|(m, b)| (n * &m, b)).collect(),
        _ => vec![(Number::ONE, id)],
    }
}
