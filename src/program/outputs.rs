//! A node as a sum of cores in zeros.

use super::build::Builder;
use super::contraction::Core;
use super::{Entry, Kernel, Operation, Part, Place};
use crate::dim::Dim;
use crate::error::Result;
use crate::index::{Axes, Node, NodeId};
use crate::number::Number;

impl Builder<'_> {
    /// The parts whose sum a node is: one without zeros, or several cores.
    pub(super) fn parts(&mut self, node: NodeId) -> Result<Vec<Part>> {
        let order = self.graph.order(node);
        let graph = self.graph;
        match graph.node(node) {
            Node::Zero(_) => Ok(Vec::new()),
            Node::Unit(place, _) => {
                let one = self.number(&Number::ONE, Axes::new());
                Ok(vec![Part {
                    value: one,
                    places: [Place { axis: None, offset: *place - Dim::ONE, is_run: false }].into_iter().collect(),
                }])
            }
            Node::Scale(n, a) => match graph.node(*a) {
                Node::Contract(_) if !self.is_elementwise(*a) => Ok(vec![self.scaled(*a, n)?]),
                _ => Ok(vec![Part::whole(self.pass(node)?, order)]),
            },
            Node::Contract(_) if self.is_elementwise(node) => Ok(vec![Part::whole(self.pass(node)?, order)]),
            Node::Contract(_) => Ok(vec![self.scaled(node, &Number::ONE)?]),
            Node::Sum(terms) => {
                let (sparse, dense): (Vec<_>, Vec<_>) = terms.iter().partition(|(_, a)| self.is_sparse(*a));
                if sparse.is_empty() {
                    return Ok(vec![Part::whole(self.pass(node)?, order)]);
                }
                let parts = sparse.iter().map(|(n, a)| self.scaled(*a, n)).collect::<Result<Vec<_>>>()?;
                if dense.is_empty() {
                    return Ok(parts);
                }
                let axes: Vec<usize> = (0..order).collect();
                let mut operands = Vec::new();
                let term = |(n, a): &&(Number, NodeId)| Ok((n.clone(), self.entry(*a, &axes, order, &mut operands)?));
                let entry = Entry::Sum(dense.iter().map(term).collect::<Result<_>>()?);
                let base = self.kernel(Kernel { entry, operands }, graph.axes(node));
                let whole = self.step(Operation::Assemble(Some(base), parts), graph.axes(node));
                Ok(vec![Part::whole(whole, order)])
            }
            Node::Var(_)
            | Node::Constant(_)
            | Node::Size(_)
            | Node::Select(_)
            | Node::LeviCivita(_)
            | Node::Duplication(_)
            | Node::Elimination(_)
            | Node::Merge(..)
            | Node::Triangle(..)
            | Node::Map(..)
            | Node::Power(..)
            | Node::Map2(..)
            | Node::Opaque(..)
            | Node::Operator(..)
            | Node::Apply(..) => Ok(vec![Part::whole(self.value(node)?, order)]),
        }
    }

    /// Whether most of a value may be zeros, because a contraction has a delta or puts a part into a whole.
    pub(super) fn is_sparse(&self, node: NodeId) -> bool {
        match self.graph.node(node) {
            Node::Contract(c) => {
                let repeated = (1..c.out.len()).any(|at| c.out[..at].contains(&c.out[at]));
                let embeds = |f: &crate::index::Factor| {
                    matches!(self.graph.node(f.node), Node::Select(_) | Node::Unit(..)) && c.out.contains(&f.labels[0])
                };
                let stacks = c.factors.iter().any(|f| matches!(self.graph.node(f.node), Node::Merge(..)) && c.out.contains(&f.labels[0]));
                (repeated || c.factors.iter().any(embeds)) && !stacks
            }
            Node::Unit(..) => true,
            _ => false,
        }
    }

    /// A contraction times a number.
    fn scaled(&mut self, node: NodeId, n: &Number) -> Result<Part> {
        let graph = self.graph;
        let Node::Contract(c) = graph.node(node) else {
            let mut parts = self.parts(node)?;
            let Some(mut part) = parts.pop().filter(|_| parts.is_empty()) else { return Err(super::build::internal("a part in a part")) };
            if !n.is_one() {
                let axes = self.axes(part.value).clone();
                let mut operands = Vec::new();
                let own: Vec<usize> = (0..axes.len()).collect();
                let entry = super::build::operand(&mut operands, part.value, &own);
                let entry = super::elementwise::product(vec![Entry::Number(n.clone()), entry]);
                part.value = self.kernel(Kernel { entry, operands }, axes);
            }
            return Ok(part);
        };
        let Core { part, stacked } = self.contraction(c, n, graph.is_symmetric(node))?;
        if !stacked {
            return Ok(part);
        }
        Ok(Part::whole(part.value, graph.order(node)))
    }
}
