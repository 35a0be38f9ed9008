//! Sums over pairs taken apart: `W[i,j]*(x[i] - x[j])` summed over j is `sum(W, 2).*x - W*x`.
//!
//! A difference of all pairs is a tensor of which each term varies along some axes only. Where one of its axes is summed, the
//! product with each term is a product with something smaller, which is shorter than the tensor with its ones; of rows of a matrix,
//! `X[i,k] - X[j,k]`, it has a matrix formula only so. The result is one seed of saturation beside the node as it is.

use crate::index::{Factor, Graph, Node, NodeId};
use rustc_hash::FxHashMap;

/// A product is not multiplied out to more terms than this.
const MOST_TERMS: usize = 32;

/// The node with every sum over pairs in it taken apart.
pub fn spread(graph: &mut Graph, root: NodeId) -> NodeId {
    Spreading { graph, done: FxHashMap::default() }.node(root)
}

struct Spreading<'a> {
    graph: &'a mut Graph,
    done: FxHashMap<NodeId, NodeId>,
}

impl Spreading<'_> {
    fn node(&mut self, id: NodeId) -> NodeId {
        if let Some(&done) = self.done.get(&id) {
            return done;
        }
        let mut children = Vec::new();
        self.graph.node(id).for_each_child(|c| children.push(c));
        let changed = children.iter().filter(|c| self.node(**c) != **c).count() > 0;
        let done = &self.done;
        let rebuilt = if changed { self.graph.rebuilt(id, |c| done.get(&c).copied().unwrap_or(c)) } else { id };
        let result = self.taken_apart(rebuilt, MOST_TERMS);
        self.done.insert(id, result);
        result
    }

    /// Each round takes one factor apart; `most` bounds the terms that may still come of a product.
    fn taken_apart(&mut self, id: NodeId, most: usize) -> NodeId {
        match self.graph.node(id) {
            Node::Scale(n, a) => {
                let (n, a) = (n.clone(), *a);
                let a = self.taken_apart(a, most);
                self.graph.scale(&n, a)
            }
            Node::Sum(terms) => {
                let (terms, axes) = (terms.clone(), crate::index::Axes::from(self.graph.axes(id)));
                let terms = terms.into_iter().map(|(n, a)| (n, self.taken_apart(a, most))).collect();
                self.graph.sum(&axes, terms)
            }
            // A sum as it lies in the graph, turned.
            Node::Contract(c) if c.factors.len() == 1 && matches!(self.graph.node(c.factors[0].node), Node::Sum(_)) => {
                let sum = c.factors[0].node;
                let apart = self.taken_apart(sum, most);
                if apart == sum { id } else { self.graph.rebuilt(id, |_| apart) }
            }
            Node::Contract(c) => {
                let summed = |f: &Factor| f.labels.iter().any(|l| !c.out.contains(l));
                let Some(at) = c.factors.iter().position(|f| summed(f) && self.pairs(f) > 0) else { return id };
                let terms = self.pairs(&c.factors[at]);
                match self.graph.by_terms_of(id, at).filter(|_| terms <= most) {
                    Some(sum) => self.taken_apart(sum, most / terms),
                    None => id,
                }
            }
            _ => id,
        }
    }

    /// How many terms a factor has, if it is a sum of which no term varies along all axes.
    fn pairs(&self, f: &Factor) -> usize {
        let Node::Sum(terms) = self.graph.node(f.node) else { return 0 };
        let distinct = f.labels.len() > 1 && f.labels.iter().enumerate().all(|(at, l)| !f.labels[..at].contains(l));
        let is_spread = |t: NodeId| match self.graph.node(t) {
            Node::Contract(c) => {
                c.out.iter().any(|l| c.out.iter().filter(|o| *o == l).count() == 1 && !c.factors.iter().any(|f| f.labels.contains(l)))
            }
            _ => false,
        };
        if distinct && terms.iter().all(|(_, t)| is_spread(*t)) { terms.len() } else { 0 }
    }
}
