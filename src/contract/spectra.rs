//! Eigenvalues, eigenvectors and singular values that the form of a matrix tells, and what becomes of eigenvectors in products.
//!
//! Sources: Horn and Johnson 2013, chapters 1, 4 and 7; Horn and Johnson 1991, theorem 4.2.12 (Kronecker products); Higham 2008,
//! theorem 1.13 (functions of matrices).

use super::Draft;
use crate::fact::Facts;
use crate::function::{Map, Sign};
use crate::index::{Axes, Factor, Graph, Label, Labels, Node, NodeId, Opaque};
use crate::number::Number;

/// What an eigenvalue becomes on the way from a matrix to another one with the same eigenvectors.
pub(super) enum Change {
    Function(Opaque),
    Power(i64),
    Plus(NodeId),
    Times(NodeId),
}

/// A matrix with the same eigenvectors as another one, whose eigenvalue at one end is a function of its own at `end`.
pub(super) struct Simpler {
    pub end: Opaque,
    pub matrix: NodeId,
    pub change: Change,
}

impl Graph {
    /// The largest or the smallest eigenvalue, where the form of the matrix tells it.
    pub(super) fn known_eigenvalue(&mut self, f: Opaque, a: NodeId) -> Option<NodeId> {
        if let Some(Simpler { end, matrix, change }) = self.with_the_same_eigenvectors(f, a) {
            let value = self.eigenvalue(end, matrix);
            return Some(match change {
                Change::Function(g) => self.function_of_scalar(g, value),
                Change::Power(k) => self.power(value, &Number::int(k)),
                Change::Plus(s) => self.sum(&[], vec![(Number::ONE, value), (Number::ONE, s)]),
                Change::Times(s) => self.times(s, value),
            });
        }
        if let Some((v, w)) = self.as_outer_product(a) {
            return (v == w && f == Opaque::LambdaMax).then(|| self.einsum(&[], &[(v, &[0]), (v, &[0])]));
        }
        if let Some(inner) = self.within_orthogonal(a) {
            return Some(self.eigenvalue(f, inner));
        }
        let (x, y) = self.as_kronecker(a)?;
        let semidefinite = |g: &Graph, x: NodeId| g.meta(x).facts.contains(Facts::PSD);
        if !semidefinite(self, x) || !semidefinite(self, y) {
            return None;
        }
        let (x, y) = (self.eigenvalue(f, x), self.eigenvalue(f, y));
        Some(self.times(x, y))
    }

    /// Of an increasing or decreasing function of a symmetric matrix, a multiple, or a sum with a multiple of the identity.
    pub(super) fn with_the_same_eigenvectors(&mut self, f: Opaque, a: NodeId) -> Option<Simpler> {
        match self.node(a).clone() {
            Node::Opaque(g @ (Opaque::Expm | Opaque::Logm | Opaque::Sqrtm), x) if self.is_symmetric(x) => {
                Some(Simpler { end: f, matrix: x, change: Change::Function(g) })
            }
            Node::Opaque(Opaque::Inv, x) if self.meta(x).facts.contains(Facts::POSDEF) => {
                Some(Simpler { end: f.other_end(), matrix: x, change: Change::Function(Opaque::Inv) })
            }
            Node::Sum(terms) => self.beside_the_identity(f, a, &terms),
            Node::Contract(c) => {
                if c.factors.iter().any(|x| x.labels.is_empty()) {
                    return self.without_positive_factors(f, a);
                }
                let links = self.links(&c)?;
                let (&x, rest) = links.split_first()?;
                let power = !rest.is_empty() && rest.iter().all(|y| *y == x) && self.meta(x).facts.contains(Facts::PSD);
                power.then_some(Simpler { end: f, matrix: x, change: Change::Power(links.len() as i64) })
            }
            _ => None,
        }
    }

    fn beside_the_identity(&mut self, f: Opaque, a: NodeId, terms: &[(Number, NodeId)]) -> Option<Simpler> {
        let axes: Axes = self.axes(a).into();
        let (mut multiples, mut others) = (Vec::new(), Vec::new());
        for (n, t) in terms {
            match self.as_multiple_of_eye(*t) {
                Some(s) => multiples.push((n.clone(), s)),
                None => others.push((n.clone(), *t)),
            }
        }
        if multiples.is_empty() {
            return None;
        }
        let shift = self.sum(&[], multiples);
        Some(Simpler { end: f, matrix: self.sum(&axes, others), change: Change::Plus(shift) })
    }

    fn without_positive_factors(&mut self, f: Opaque, a: NodeId) -> Option<Simpler> {
        let (n, scalars, core) = self.without_scalars(a);
        if scalars.iter().any(|s| self.meta(*s).sign == Sign::Any) {
            return None;
        }
        let end = if n.is_negative() { f.other_end() } else { f };
        let factor = self.product_of_scalars(n, &scalars);
        Some(Simpler { end, matrix: core, change: Change::Times(factor) })
    }

    fn product_of_scalars(&mut self, n: Number, scalars: &[NodeId]) -> NodeId {
        let mut draft = Draft::new();
        draft.coefficient = n;
        scalars.iter().for_each(|s| {
            draft.factor(*s, &[]);
        });
        self.contract(draft)
    }

    /// v and w of `v*w'`: the two axes are in factors that nothing joins.
    fn as_outer_product(&mut self, a: NodeId) -> Option<(NodeId, NodeId)> {
        let Node::Contract(c) = self.node(a) else { return None };
        let &[i, j] = c.out.as_slice() else { return None };
        let mut reached: Labels = Labels::from_slice(&[i]);
        // Each round reaches a further factor or ends.
        let touches =
            |reached: &Labels, f: &Factor| f.labels.iter().any(|l| reached.contains(l)) && !f.labels.iter().all(|l| reached.contains(l));
        while let Some(f) = c.factors.iter().find(|f| touches(&reached, f)) {
            reached.extend(f.labels.iter().copied());
        }
        if reached.contains(&j) {
            return None;
        }
        let c = c.clone();
        let part = |graph: &mut Graph, first: bool, out: Label| {
            let mut draft = Draft::new();
            draft.labels(&c.dims);
            (0..c.dims.len() as Label).filter(|l| reached.contains(l) != first).for_each(|l| draft.retire(l));
            let own = |f: &Factor| f.labels.first().map_or(first, |l| reached.contains(l) == first);
            draft.factors.extend(c.factors.iter().filter(|f| own(f)).cloned());
            graph.contract(draft.out(&[out]))
        };
        Some((part(self, true, i), part(self, false, j)))
    }

    /// S of `Q'*S*Q` with an orthogonal Q.
    fn within_orthogonal(&mut self, a: NodeId) -> Option<NodeId> {
        let Node::Contract(c) = self.node(a) else { return None };
        let &[i, j] = c.out.as_slice() else { return None };
        let end = |l: Label| {
            let mut ends = c.factors.iter().enumerate().filter(|(_, f)| f.labels.contains(&l));
            let (at, f) = ends.next()?;
            let axis = f.labels.iter().position(|k| *k == l)?;
            (ends.next().is_none() && f.labels.len() == 2).then(|| (at, f.node, axis, f.labels[1 - axis]))
        };
        let ((first, q, axis, k), (last, r, back, l)) = (end(i)?, end(j)?);
        if first == last || k == l || (q, axis) != (r, back) || !self.meta(q).facts.contains(Facts::ORTHOGONAL) {
            return None;
        }
        let c = c.clone();
        let mut draft = Draft::new();
        draft.labels(&c.dims);
        draft.retire(i);
        draft.retire(j);
        draft.factors.extend(c.factors.iter().enumerate().filter(|(at, _)| *at != first && *at != last).map(|(_, f)| f.clone()));
        Some(self.contract(draft.out(&[k, l])))
    }

    /// The nuclear norm, where the form of the matrix tells it.
    pub(super) fn known_nuclear_norm(&mut self, a: NodeId) -> Option<NodeId> {
        if let Some((v, w)) = self.as_outer_product(a) {
            let norms = [v, w].map(|v| {
                let square = self.einsum(&[], &[(v, &[0]), (v, &[0])]);
                self.power(square, &Number::ratio(1, 2))
            });
            return Some(self.times(norms[0], norms[1]));
        }
        let (n, scalars, core) = self.without_scalars(a);
        if !scalars.is_empty() {
            let factor = self.product_of_scalars(n, &scalars);
            let (size, norm) = (self.map(Map::Abs, factor), self.nuclear_norm(core));
            return Some(self.times(size, norm));
        }
        let (x, y) = self.as_kronecker(a)?;
        let (x, y) = (self.nuclear_norm(x), self.nuclear_norm(y));
        Some(self.times(x, y))
    }

    /// Of an eigenvector v of S: `v'*v = 1`, `S*v = lambda*v`, and `pinv(lambda*eye - S)*v = 0`. Each leaves fewer factors with axes.
    pub(super) fn settle_eigenvector(&mut self, draft: &mut Draft) -> bool {
        for at in 0..draft.factors.len() {
            let Node::Opaque(f @ (Opaque::EigvecMax | Opaque::EigvecMin), s) = *self.node(draft.factors[at].node) else { continue };
            let (v, label) = (draft.factors[at].node, draft.factors[at].labels[0]);
            if draft.is_out(label) || draft.uses(label) != 2 {
                continue;
            }
            let Some(other) = (0..draft.factors.len()).find(|&k| k != at && draft.factors[k].labels.contains(&label)) else { continue };
            let (node, labels) = (draft.factors[other].node, draft.factors[other].labels.clone());
            if node == v {
                draft.factors.remove(at.max(other));
                draft.factors.remove(at.min(other));
                draft.alive[label as usize] = false;
                return true;
            }
            let ([i, j], true) = (&labels[..], self.is_symmetric(s)) else { continue };
            let rest = if *i == label { *j } else { *i };
            if node == s {
                self.replace_by_multiple(draft, (at, other), v, f, rest);
                draft.alive[label as usize] = false;
                return true;
            }
            if matches!(self.node(node), Node::Opaque(Opaque::Pinv, _)) && self.resolvent(f, s) == node {
                let axes: Axes = self.axes(node).into();
                draft.factors[other].node = self.zero(&axes);
                return true;
            }
        }
        false
    }

    /// `S*v` at the places of S and v becomes `lambda*v`.
    fn replace_by_multiple(&mut self, draft: &mut Draft, (at, other): (usize, usize), v: NodeId, f: Opaque, rest: Label) {
        let Node::Opaque(_, s) = *self.node(v) else { return };
        let lambda = self.eigenvalue(if f == Opaque::EigvecMax { Opaque::LambdaMax } else { Opaque::LambdaMin }, s);
        draft.factors[at].labels = Labels::from_slice(&[rest]);
        draft.factors.remove(other);
        draft.factor(lambda, &[]);
    }

    /// `L*L'` is S, and `inv(L)'*inv(L)` its inverse, of the Cholesky factor L of S. Leaves a factor less.
    pub(super) fn join_cholesky(&mut self, draft: &mut Draft) -> bool {
        for at in 0..draft.factors.len() {
            let node = draft.factors[at].node;
            let Some((s, axis)) = self.as_cholesky(node) else { continue };
            for other in at + 1..draft.factors.len() {
                let (a, b) = (&draft.factors[at].labels, &draft.factors[other].labels);
                if draft.factors[other].node != node || a[axis] != b[axis] || draft.is_out(a[axis]) || draft.uses(a[axis]) != 2 {
                    continue;
                }
                let (middle, ends) = (a[axis], [a[1 - axis], b[1 - axis]]);
                let product = if axis == 1 { s } else { self.inverse(s) };
                draft.alive[middle as usize] = false;
                draft.factors[at] = Factor { node: product, labels: Labels::from_slice(&ends) };
                draft.factors.remove(other);
                return true;
            }
        }
        false
    }

    /// S and the axis over which a Cholesky factor of S, or its inverse, is summed with itself to S or `inv(S)`.
    fn as_cholesky(&self, node: NodeId) -> Option<(NodeId, usize)> {
        match *self.node(node) {
            Node::Opaque(Opaque::Cholesky, s) => Some((s, 1)),
            Node::Opaque(Opaque::Inv, l) => match *self.node(l) {
                Node::Opaque(Opaque::Cholesky, s) => Some((s, 0)),
                _ => None,
            },
            _ => None,
        }
    }
}
