//! A node over other children.

use super::Draft;
use crate::index::{Axes, Graph, Node, NodeId};

impl Graph {
    /// The node with its children replaced by others of the same axes, made anew by the constructors, so that it is normal. A
    /// node without children stays as it is.
    pub(crate) fn rebuilt(&mut self, id: NodeId, of: impl Fn(NodeId) -> NodeId) -> NodeId {
        match self.node(id).clone() {
            Node::Contract(c) => {
                let mut draft = Draft::new();
                draft.labels(&c.dims);
                for f in &c.factors {
                    draft.factor(of(f.node), &f.labels);
                }
                self.contract(draft.out(&c.out))
            }
            Node::Sum(terms) => {
                let axes: Axes = self.axes(id).into();
                let terms = terms.into_iter().map(|(n, a)| (n, of(a))).collect();
                self.sum(&axes, terms)
            }
            Node::Scale(n, a) => self.scale(&n, of(a)),
            Node::Map(f, a) => self.map(f, of(a)),
            Node::Power(a, p) => self.power(of(a), &p),
            Node::Map2(f, a, b) => self.map2(f, of(a), of(b)),
            Node::Apply(f, arguments) => self.apply(&f, arguments.into_iter().map(of).collect()),
            Node::Opaque(f, a) => self.opaque(f, of(a)),
            Node::Operator(f, operands, open) => self.open_operator(f, operands.into_iter().map(of).collect(), open),
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
        }
    }
}
