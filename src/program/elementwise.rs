//! Elementwise chains: nodes that are computed entry by entry within one pass.

use super::build::{Builder, operand};
use super::{Entry, Kernel, Operand, ValueId};
use crate::error::Result;
use crate::function::Map;
use crate::index::{Contraction, Node, NodeId};
use crate::number::Number;

impl Builder<'_> {
    /// The value of a node that is computed entry by entry.
    pub(super) fn pass(&mut self, node: NodeId) -> Result<ValueId> {
        let axes: Vec<usize> = (0..self.graph.order(node)).collect();
        let mut operands = Vec::new();
        let entry = self.formula(node, &axes, axes.len(), &mut operands)?;
        let axes = self.graph.axes(node);
        Ok(self.kernel(Kernel { entry, operands }, axes))
    }

    /// The entry of a node whose axes run along `axes` of a result with `loops` axes: as a formula, if that costs nothing or
    /// nothing else needs the value, or as an operand.
    pub(super) fn entry(&mut self, node: NodeId, axes: &[usize], loops: usize, operands: &mut Vec<Operand>) -> Result<Entry> {
        let full = axes.len() == loops && (1..loops).all(|at| !axes[..at].contains(&axes[at]));
        if self.is_free(node) || (full && self.used_once(node) && self.is_elementwise(node)) {
            return self.formula(node, axes, loops, operands);
        }
        let value = self.value(node)?;
        Ok(operand(operands, value, axes))
    }

    fn formula(&mut self, node: NodeId, axes: &[usize], loops: usize, operands: &mut Vec<Operand>) -> Result<Entry> {
        let boxed = |e: Result<Entry>| e.map(Box::new);
        Ok(match self.graph.node(node) {
            Node::Constant(c) => Entry::Constant(*c),
            Node::Size(d) => Entry::Size(*d),
            Node::Zero(_) => Entry::Number(Number::ZERO),
            Node::Triangle(..) => Entry::Triangle(axes[0], axes[1]),
            Node::Map(Map::Log, a) => match self.log_entry(*a, axes, operands)? {
                Some(entry) => entry,
                None => Entry::Map(Map::Log, boxed(self.entry(*a, axes, loops, operands))?),
            },
            Node::Map(f, a) => Entry::Map(*f, boxed(self.entry(*a, axes, loops, operands))?),
            Node::Power(a, p) => Entry::Power(boxed(self.entry(*a, axes, loops, operands))?, p.clone()),
            Node::Map2(f, a, b) => {
                let a = boxed(self.entry(*a, axes, loops, operands))?;
                Entry::Map2(*f, a, boxed(self.entry(*b, axes, loops, operands))?)
            }
            Node::Scale(n, a) => {
                let a = self.entry(*a, axes, loops, operands)?;
                product(vec![Entry::Number(n.clone()), a])
            }
            Node::Sum(terms) => {
                let term = |(n, a): &(Number, NodeId)| Ok((n.clone(), self.entry(*a, axes, loops, operands)?));
                Entry::Sum(terms.iter().map(term).collect::<Result<_>>()?)
            }
            Node::Contract(c) => {
                let along = |l: &u16| c.out.iter().position(|o| o == l).map_or(0, |at| axes[at]);
                let mut factors = Vec::with_capacity(c.factors.len());
                for f in &c.factors {
                    let axes: Vec<usize> = f.labels.iter().map(along).collect();
                    factors.push(self.entry(f.node, &axes, loops, operands)?);
                }
                product(factors)
            }
            Node::Apply(f, arguments) if f.elementwise => {
                let arguments = arguments.iter().map(|a| self.entry(*a, axes, loops, operands));
                Entry::Apply(f.clone(), arguments.collect::<Result<_>>()?)
            }
            Node::Var(_)
            | Node::Unit(..)
            | Node::Select(_)
            | Node::LeviCivita(_)
            | Node::Duplication(_)
            | Node::Elimination(_)
            | Node::Merge(..)
            | Node::Opaque(..)
            | Node::Operator(..)
            | Node::Apply(..) => {
                let value = self.value(node)?;
                operand(operands, value, axes)
            }
        })
    }

    /// Whether each entry is a function of the entries of children at the same place.
    pub(super) fn is_elementwise(&self, node: NodeId) -> bool {
        match self.graph.node(node) {
            Node::Constant(_) | Node::Size(_) | Node::Zero(_) | Node::Triangle(..) | Node::Map(..) | Node::Power(..) | Node::Map2(..) => {
                true
            }
            Node::Scale(_, a) => !self.is_sparse(*a) && (self.is_elementwise(*a) || !matches!(self.graph.node(*a), Node::Contract(_))),
            Node::Sum(terms) => terms.iter().all(|(_, a)| !self.is_sparse(*a)),
            Node::Contract(c) => self.is_pointwise(c),
            Node::Apply(f, _) => f.elementwise,
            Node::Var(_)
            | Node::Unit(..)
            | Node::Select(_)
            | Node::LeviCivita(_)
            | Node::Duplication(_)
            | Node::Elimination(_)
            | Node::Merge(..)
            | Node::Opaque(..)
            | Node::Operator(..) => false,
        }
    }

    /// Whether a contraction neither sums nor has a delta, a part or a stack.
    fn is_pointwise(&self, c: &Contraction) -> bool {
        let distinct = (1..c.out.len()).all(|at| !c.out[..at].contains(&c.out[at]));
        let plain = |node: NodeId| !matches!(self.graph.node(node), Node::Select(_) | Node::Unit(..) | Node::Merge(..));
        distinct && c.dims.len() == c.out.len() && c.factors.iter().all(|f| plain(f.node))
    }

    /// Whether its entry costs nothing, so that it is no step even where it is used more than once: another order of axes, a
    /// repetition, or a number.
    fn is_free(&self, node: NodeId) -> bool {
        match self.graph.node(node) {
            Node::Constant(_) | Node::Size(_) | Node::Zero(_) | Node::Triangle(..) => true,
            Node::Contract(c) => self.is_pointwise(c) && (c.factors.len() <= 1 || self.is_constant(node)),
            Node::Scale(..) | Node::Sum(_) | Node::Map(..) | Node::Power(..) | Node::Map2(..) => self.is_constant(node),
            _ => false,
        }
    }

    /// Whether it is a number that no variable changes.
    fn is_constant(&self, node: NodeId) -> bool {
        let mut constant = self.graph.order(node) == 0 && self.is_elementwise(node) && !matches!(self.graph.node(node), Node::Apply(..));
        self.graph.node(node).for_each_child(|c| constant = constant && self.is_constant(c));
        constant
    }
}

/// A product without products in it; the number stands in front.
pub(super) fn product(factors: Vec<Entry>) -> Entry {
    let mut coefficient = Number::ONE;
    let mut flat = Vec::with_capacity(factors.len());
    let mut waiting: Vec<Entry> = factors.into_iter().rev().collect();
    while let Some(entry) = waiting.pop() {
        match entry {
            Entry::Number(n) => coefficient = &coefficient * &n,
            Entry::Product(inner) => waiting.extend(inner.into_iter().rev()),
            other => flat.push(other),
        }
    }
    if !coefficient.is_one() || flat.is_empty() {
        flat.insert(0, Entry::Number(coefficient));
    }
    if flat.len() == 1 { flat.remove(0) } else { Entry::Product(flat) }
}
