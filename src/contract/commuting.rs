//! What matrices commute, and the order of those that do.

use super::Draft;
use crate::index::{Axes, Contraction, Graph, Label, Node, NodeId, Opaque};
use crate::number::Number;

/// What a matrix is a function of.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Generator {
    /// A multiple of the identity, which commutes with everything.
    Eye,
    Of(NodeId),
}

impl Graph {
    /// Exchanges two neighbours in a chain that are functions of one matrix and stand the other way round.
    ///
    /// Of the pairs in a chain one fewer stands the wrong way round then. A closed chain of functions of one matrix has no
    /// beginning, and stays as it is.
    pub(super) fn order_functions(&mut self, draft: &mut Draft) -> bool {
        if !draft.factors.iter().any(|f| self.is_function(f.node)) {
            return false;
        }
        for first in 0..draft.factors.len() {
            for second in 0..draft.factors.len() {
                let (f, g) = (draft.factors[first].node, draft.factors[second].node);
                if !self.is_function(f) && !self.is_function(g) || self.rank(f) <= self.rank(g) {
                    continue;
                }
                if self.reads(draft, first, second) && self.share_generator(f, g) && !self.is_closed(draft, f) {
                    draft.factors[first].node = g;
                    draft.factors[second].node = f;
                    return true;
                }
            }
        }
        false
    }

    fn is_function(&self, a: NodeId) -> bool {
        matches!(self.node(a), Node::Opaque(f, _) if f.is_function_of_matrix())
    }

    /// A matrix stands before its inverse, that before other functions of it, and these before their sums.
    fn rank(&self, a: NodeId) -> (usize, bool, Option<Opaque>, u64) {
        let hash = self.meta(a).hash;
        if let Node::Sum(terms) = self.node(a) {
            return (usize::from(terms.iter().any(|(_, t)| self.is_function(*t))), true, None, hash);
        }
        let (mut depth, mut inner, mut outermost) = (0, a, None);
        while let Node::Opaque(f, x) = *self.node(inner)
            && f.is_function_of_matrix()
        {
            (depth, inner) = (depth + 1, x);
            outermost = outermost.or(Some(f));
        }
        (depth, false, outermost, hash)
    }

    fn share_generator(&mut self, a: NodeId, b: NodeId) -> bool {
        matches!((self.generator(a), self.generator(b)), (Generator::Of(x), Generator::Of(y)) if x == y)
    }

    /// Whether a chain reads one factor right before the other. One of symmetric matrices can be read from both ends.
    fn reads(&self, draft: &Draft, first: usize, second: usize) -> bool {
        let Some((left, right, _)) = self.neighbours(draft, first, second) else { return false };
        let symmetric = |at: usize| self.has_symmetric_axes(draft.factors[at].node);
        left != right && (!symmetric(first) || !symmetric(second) || self.end(draft, first, left) < self.end(draft, second, right))
    }

    /// Where a chain ends beyond a factor: at an axis of the result, or at something that is no matrix of the chain.
    fn end(&self, draft: &Draft, mut at: usize, mut label: Label) -> (Option<usize>, u64) {
        for _ in 0..draft.factors.len() {
            if let Some(place) = draft.out.iter().position(|l| *l == label) {
                return (Some(place), 0);
            }
            let beyond = |(k, f): &(usize, &crate::index::Factor)| *k != at && f.labels.contains(&label);
            let Some((next, f)) = draft.factors.iter().enumerate().find(beyond) else { break };
            let ([a, b], 2) = (&f.labels[..], draft.uses(label)) else { return (None, self.meta(f.node).hash) };
            (at, label) = (next, if *a == label { *b } else { *a });
        }
        (None, 0)
    }

    /// Whether there is nothing else than functions of the same matrix, all of which are summed.
    fn is_closed(&mut self, draft: &Draft, a: NodeId) -> bool {
        draft.out.is_empty() && draft.factors.iter().all(|f| f.labels.is_empty() || f.labels.len() == 2 && self.share_generator(a, f.node))
    }

    /// Whether two square matrices are known to commute: both are functions of one matrix, or their products are the
    /// same node.
    pub(crate) fn commute(&mut self, a: NodeId, b: NodeId) -> bool {
        if self.axes(a) != self.axes(b) {
            return false;
        }
        match (self.generator(a), self.generator(b)) {
            (Generator::Eye, _) | (_, Generator::Eye) => return true,
            (Generator::Of(x), Generator::Of(y)) if x == y => return true,
            _ => {}
        }
        let axes: Axes = self.axes(a).into();
        let (ab, ba) = (self.product(&[a, b]), self.product(&[b, a]));
        if ab == ba {
            return true;
        }
        let difference = self.sum(&axes, vec![(Number::ONE, ab), (Number::MINUS_ONE, ba)]);
        matches!(self.node(difference), Node::Zero(_))
    }

    /// The matrix of which a square matrix is a function, as far as its form shows; itself if it shows nothing more.
    fn generator(&mut self, a: NodeId) -> Generator {
        if let Some(known) = self.generators.get(&a) {
            return *known;
        }
        let generator = self.read_generator(a);
        self.generators.insert(a, generator);
        generator
    }

    fn read_generator(&mut self, a: NodeId) -> Generator {
        if self.as_multiple_of_eye(a).is_some() {
            return Generator::Eye;
        }
        let (_, _, core) = self.without_scalars(a);
        match self.node(core).clone() {
            Node::Sum(terms) => self.common_generator(core, terms.into_iter().map(|(_, t)| t)),
            Node::Opaque(f, x) if f.is_function_of_matrix() => self.generator(x),
            Node::Contract(c) if self.is_plain_transpose(core) => match self.generator(c.factors[0].node) {
                Generator::Eye => Generator::Eye,
                Generator::Of(x) => Generator::Of(self.transpose(x)),
            },
            Node::Contract(c) => match self.links(&c) {
                Some(links) => self.common_generator(core, links.into_iter()),
                None => Generator::Of(core),
            },
            _ => Generator::Of(core),
        }
    }

    fn common_generator(&mut self, whole: NodeId, parts: impl Iterator<Item = NodeId>) -> Generator {
        let mut common = Generator::Eye;
        for part in parts {
            match (&common, self.generator(part)) {
                (_, Generator::Eye) => {}
                (Generator::Eye, other) => common = other,
                (Generator::Of(x), Generator::Of(y)) if *x == y => {}
                _ => return Generator::Of(whole),
            }
        }
        common
    }

    /// The factors of a chain of square matrices, each in the orientation in which it stands there.
    pub(crate) fn links(&mut self, c: &Contraction) -> Option<Vec<NodeId>> {
        let links = self.chain_of(c, Number::ONE)?.links;
        Some(links.into_iter().map(|(x, turned)| if turned { self.transpose(x) } else { x }).collect())
    }
}
