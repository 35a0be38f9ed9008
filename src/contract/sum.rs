//! Sums: flat, like terms merged, common content and sign taken out.

use crate::dim::Dim;
use crate::index::{Axes, Graph, Node, NodeId};
use crate::number::Number;
use rustc_hash::FxHashMap;

impl Graph {
    /// The sum of terms that all have these axes.
    pub fn sum(&mut self, axes: &[Dim], terms: Vec<(Number, NodeId)>) -> NodeId {
        let mut flat: Vec<(Number, NodeId)> = Vec::with_capacity(terms.len());
        let mut place: FxHashMap<NodeId, usize> = FxHashMap::default();
        let mut waiting: Vec<(Number, NodeId)> = terms.into_iter().rev().collect();
        while let Some((n, a)) = waiting.pop() {
            match self.node(a) {
                Node::Zero(_) => {}
                Node::Scale(m, b) => waiting.push((&n * m, *b)),
                Node::Sum(inner) => waiting.extend(inner.iter().rev().map(|(m, b)| (&n * m, *b))),
                _ => match self.terms_of_permuted_sum(a) {
                    Some(inner) => waiting.extend(inner.into_iter().map(|(m, b)| (&n * &m, b))),
                    None => match place.get(&a) {
                        Some(&at) => flat[at].0 = &flat[at].0 + &n,
                        None => {
                            place.insert(a, flat.len());
                            flat.push((n, a));
                        }
                    },
                },
            }
        }
        flat.retain(|(n, _)| !n.is_zero());
        self.join_runs(&mut flat);
        if let Some(shorter) = self.cancelled(axes, &flat) {
            return shorter;
        }
        self.primitive_sum(axes, flat)
    }

    /// A sum under a permutation of its axes, taken into the terms: sums of sums are flat whatever their orientation.
    fn terms_of_permuted_sum(&mut self, a: NodeId) -> Option<Vec<(Number, NodeId)>> {
        let Node::Contract(c) = self.node(a) else { return None };
        let [f] = c.factors.as_slice() else { return None };
        let Node::Sum(terms) = self.node(f.node) else { return None };
        if !super::is_permutation(&f.labels, &c.out) {
            return None;
        }
        let axes: Vec<usize> = c.out.iter().filter_map(|o| f.labels.iter().position(|l| l == o)).collect();
        let terms = terms.clone();
        Some(terms.into_iter().map(|(n, b)| (n, self.permute(b, &axes))).collect())
    }

    /// From flat terms: the content and the sign of the first term go into a scale, the rest is one node.
    pub(crate) fn primitive_sum(&mut self, axes: &[Dim], mut terms: Vec<(Number, NodeId)>) -> NodeId {
        match terms.as_slice() {
            [] => return self.zero(axes),
            [(n, a)] => return self.scale(&n.clone(), *a),
            _ => {}
        }
        terms.sort_by_key(|(_, a)| (self.meta(*a).hash, *a));
        let mut content = self.content(&terms);
        if terms[0].0.is_negative() {
            content = -&content;
        }
        if let Some(inverse) = content.recip() {
            terms.iter_mut().for_each(|(n, _)| *n = &*n * &inverse);
        }
        let sum = self.oriented_sum(axes, terms);
        self.scale(&content, sum)
    }

    /// What all coefficients are whole multiples of, where these multiples are numbers that people write: measured
    /// constants such as 0.7978845608028654 are left alone.
    fn content(&self, terms: &[(Number, NodeId)]) -> Number {
        const LARGEST: i64 = 10_000;
        let content = terms.iter().fold(Number::ZERO, |g, (n, _)| g.gcd(n));
        let plain = |n: &Number| n.as_ratio().is_some_and(|(p, q)| p.abs() <= LARGEST && q <= LARGEST);
        let short = content.recip().is_some_and(|r| plain(&content) && terms.iter().all(|(n, _)| plain(&(n * &r))));
        if short { content } else { Number::ONE }
    }

    /// A sum of order 2 and the sum of its transposed terms are one node and its transpose.
    fn oriented_sum(&mut self, axes: &[Dim], terms: Vec<(Number, NodeId)>) -> NodeId {
        if axes.len() == 2 && !terms.iter().all(|(_, a)| self.is_symmetric(*a)) {
            let mut other: Vec<(Number, NodeId)> = Vec::with_capacity(terms.len());
            for (n, a) in &terms {
                let turned = self.transpose(*a);
                let (sign, core) = self.unscaled(turned);
                other.push((n * &sign, core));
            }
            other.sort_by_key(|(_, a)| (self.meta(*a).hash, *a));
            if self.orientation(&other) < self.orientation(&terms) {
                let negative = other[0].0.is_negative();
                if negative {
                    other.iter_mut().for_each(|(n, _)| *n = -&*n);
                }
                let sum = self.insert(Node::Sum(other));
                let turned = self.insert_transpose(sum);
                return if negative { self.negate(turned) } else { turned };
            }
        }
        self.insert(Node::Sum(terms))
    }

    /// What decides between a sum and its transpose: plainly transposed terms, then content.
    fn orientation(&self, terms: &[(Number, NodeId)]) -> (usize, Vec<u64>) {
        (
            terms.iter().filter(|(_, a)| self.is_plain_transpose(*a) || self.is_turned_block(*a)).count(),
            terms.iter().map(|(_, a)| self.meta(*a).hash).collect(),
        )
    }

    /// Whether a node is just another one with its two axes swapped.
    pub(super) fn is_plain_transpose(&self, a: NodeId) -> bool {
        matches!(self.node(a), Node::Contract(c) if c.factors.len() == 1 && c.out.as_slice() == [0, 1] && c.factors[0].labels.as_slice() == [1, 0])
    }

    /// How many of the matrices at the ends of a product stand there transposed: those of a single one are both its ends.
    fn turned_ends(&self, a: NodeId) -> usize {
        let Node::Contract(c) = self.node(a) else { return 0 };
        let [row, column] = c.out.as_slice() else { return 0 };
        let matrices = c.factors.iter().filter(|f| f.labels.len() == 2 && !self.has_symmetric_axes(f.node));
        matrices.map(|f| usize::from(f.labels[1] == *row) + usize::from(f.labels[0] == *column)).sum()
    }

    /// Whether a node is one matrix, transposed, in its place within zeros.
    fn is_turned_block(&self, a: NodeId) -> bool {
        let Node::Contract(c) = self.node(a) else { return false };
        let [row, column] = c.out.as_slice() else { return false };
        let places = |f: &&crate::index::Factor| matches!(self.node(f.node), Node::Select(_) | Node::Unit(..));
        // The label inside of the place at which an output stands; none of a single row or column.
        let inner = |out: &u16| match c.factors.iter().filter(places).find(|f| f.labels[0] == *out) {
            Some(f) => f.labels.get(1).copied(),
            None => Some(*out),
        };
        let mut cores = c.factors.iter().filter(|f| !places(f));
        let (Some(core), None) = (cores.next(), cores.next()) else { return false };
        match core.labels.as_slice() {
            [a, b] => a != b && Some(*a) == inner(column) && Some(*b) == inner(row),
            [a] => Some(*a) == inner(column) && inner(row).is_none(),
            _ => false,
        }
    }

    /// The transpose of a matrix node whose elementwise functions are taken instead, where that is the better of the two.
    pub(super) fn in_better_orientation(&mut self, a: NodeId) -> Option<NodeId> {
        if self.order(a) != 2 || self.is_symmetric(a) {
            return None;
        }
        if let Node::Contract(c) = self.node(a)
            && self.is_plain_transpose(a)
        {
            return Some(c.factors[0].node);
        }
        if !matches!(self.node(a), Node::Contract(_)) {
            return None;
        }
        let t = self.transpose(a);
        let key = |g: &Graph, a| (g.turned_ends(a), g.meta(a).hash);
        (!matches!(self.node(t), Node::Scale(..)) && key(self, t) < key(self, a)).then_some(t)
    }

    fn insert_transpose(&mut self, a: NodeId) -> NodeId {
        let mut draft = super::Draft::new();
        let dims: Axes = self.axes(a).into();
        let l = draft.labels(&dims);
        draft.factor(a, &l);
        let (c, parity) = super::canonical::canonical_and_sign(self, &draft.out(&[l[1], l[0]]));
        let turned = self.insert(Node::Contract(c));
        if parity == super::canonical::Parity::Odd { self.negate(turned) } else { turned }
    }
}
