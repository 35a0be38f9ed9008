//! Stacked axes: `vec`, `kron` and commutation matrices.

use super::Raiser;
use super::network::{Edge, Network, Stack, Vertex};
use crate::dim::Dim;
use crate::index::Label;
use crate::matrix::{Build, Mat, MatFn};
use egg::Id;

/// How two short axes hang together.
enum Link {
    /// They are one vertex: a delta.
    Same,
    Edge(usize),
    None,
}

impl Network {
    /// Turns one stack into a vector, or two into an edge.
    pub(super) fn unstack(&mut self, raiser: &mut Raiser) -> bool {
        (0..self.stacks.len()).any(|s| self.entrywise(raiser, s))
            || (0..self.stacks.len()).any(|s| self.vec(raiser, s))
            || (0..self.stacks.len()).any(|a| (a + 1..self.stacks.len()).any(|b| self.kron_of_two(raiser, a, b)))
            || (0..self.stacks.len()).any(|s| self.kron_with_vertex(raiser, s))
            || (0..self.stacks.len()).any(|s| self.reshape(raiser, s))
            || (0..self.stacks.len()).any(|s| self.regroup(raiser, s))
            || self.restacking && self.restack(raiser)
    }

    fn restack(&mut self, raiser: &mut Raiser) -> bool {
        (0..self.stacks.len()).any(|s| self.only_equal(raiser, s))
            || (0..self.stacks.len()).any(|s| self.reassociate(raiser, s))
            || (0..self.stacks.len()).any(|s| self.pass_on(raiser, s))
    }

    /// Stacking is associative, `(p + m*q) + m*n*c = p + m*(q + n*c)`: an inner pair becomes one of axes that have something in
    /// common, an index or an edge, which the next step uses up.
    fn reassociate(&mut self, raiser: &mut Raiser, s: usize) -> bool {
        let Stack { long, fast, slow, .. } = self.stacks[s];
        let joined = |a: Label, b: Label| a == b || self.edges_at(a).iter().any(|&e| self.other_end(e, a) == b);
        for (between, other) in [(fast, slow), (slow, fast)] {
            let private = !self.is_out(between) && self.bare(between) && self.edges_at(between).is_empty() && self.held(between) == 2;
            let Some(t) = self.stacks.iter().position(|t| t.long == between).filter(|_| private) else { continue };
            let Stack { fast: p, slow: q, .. } = self.stacks[t];
            let (pair, apart) = if between == fast { ([q, other], p) } else { ([other, p], q) };
            if !joined(pair[0], pair[1]) {
                continue;
            }
            let [m, n] = pair.map(|v| self.vertices[v as usize].dim);
            let inner = self.vertex(m * n);
            let outer = if between == fast { [apart, inner] } else { [inner, apart] };
            self.gone[between as usize] = true;
            for (at, long, [fast, slow]) in [(s, long, outer), (t, inner, pair)] {
                let term = raiser.terms.insert(Mat::Merge(self.vertices[fast as usize].dim, self.vertices[slow as usize].dim));
                self.stacks[at] = Stack { long, fast, slow, term };
            }
            return true;
        }
        false
    }

    /// Both short axes are one vertex at which more hangs: `vec(eye(n))` at the long axis chooses the places where they are
    /// equal, and one of them may be any. This leaves a stack less whose short axes are one vertex.
    fn only_equal(&mut self, raiser: &mut Raiser, s: usize) -> bool {
        let Stack { long, fast, slow, .. } = self.stacks[s];
        if fast != slow {
            return false;
        }
        let dim = self.vertices[fast as usize].dim;
        let eye = raiser.terms.eye(dim);
        let places = raiser.terms.call(MatFn::Vec, &[eye]);
        self.vertices[long as usize].vectors.push(places);
        self.stacks[s].slow = self.vertex(dim);
        true
    }

    /// A short axis that one edge alone joins to the rest, while the other short axis has more: the stack is that of the far
    /// end, after `kron(M', eye)` or `kron(eye, M')`. Edges between short axes become fewer.
    fn pass_on(&mut self, raiser: &mut Raiser, s: usize) -> bool {
        let Stack { long, fast, slow, .. } = self.stacks[s];
        for (passed, kept) in [(slow, fast), (fast, slow)] {
            let [e] = self.edges_at(passed)[..] else { continue };
            let end = self.other_end(e, passed);
            if passed == kept || end == kept || !self.short(passed, 1) {
                continue;
            }
            let matrix = self.oriented(raiser, e, end);
            let matrix = self.weighted(raiser, matrix, passed);
            let matrix = raiser.terms.transpose(matrix);
            let eye = raiser.terms.eye(self.vertices[kept as usize].dim);
            let (pair, stack) = if passed == slow { ([matrix, eye], [kept, end]) } else { ([eye, matrix], [end, kept]) };
            let kron = raiser.terms.call(MatFn::Kron, &pair);
            let [m, n] = stack.map(|v| self.vertices[v as usize].dim);
            let (to, term) = (self.vertex(m * n), raiser.terms.insert(Mat::Merge(m, n)));
            self.stacks[s] = Stack { long: to, fast: stack[0], slow: stack[1], term };
            self.edges[e] = Edge { from: long, to, matrix: kron, symmetric: false };
            self.gone[passed as usize] = true;
            return true;
        }
        false
    }

    /// `M*diag(p)` with the vectors at the vertex that the columns are, which are taken.
    fn weighted(&mut self, raiser: &mut Raiser, matrix: Id, columns: Label) -> Id {
        let Some(p) = self.take_vectors(raiser, columns) else { return matrix };
        let weights = raiser.terms.call(MatFn::Diag, &[p]);
        raiser.terms.mul(&[matrix, weights])
    }

    /// A new vertex that is summed.
    pub(super) fn vertex(&mut self, dim: Dim) -> Label {
        self.vertices.push(Vertex { dim, vectors: Vec::new() });
        self.gone.push(false);
        (self.vertices.len() - 1) as Label
    }

    /// A pair of pairs `(k + p*i) + m*p*(l + q*j)` with the inner two changed, `(k + p*l) + p*q*(i + m*j)`, after a permutation:
    /// Kronecker products of matrices have the first order, their vecs the second.
    fn regroup(&mut self, raiser: &mut Raiser, s: usize) -> bool {
        let Stack { long, fast, slow, .. } = self.stacks[s];
        let inner = |v: Label| self.stacks.iter().position(|t| t.long == v).filter(|_| self.held(v) == 2 && self.edges_at(v).is_empty());
        let private = |v: Label| !self.is_out(v) && self.bare(v);
        let (Some(a), Some(b)) = (inner(fast), inner(slow)) else { return false };
        if a == b || !private(fast) || !private(slow) || self.regrouped.contains(&long) {
            return false;
        }
        let (first, second) = (self.stacks[a], self.stacks[b]);
        let dim = |v: Label| self.vertices[v as usize].dim;
        let (k, i, l, j) = (first.fast, first.slow, second.fast, second.slow);
        let parts = [raiser.terms.eye(dim(j)), raiser.terms.commutation(dim(l), dim(i)), raiser.terms.eye(dim(k))];
        let permutation = raiser.terms.call(MatFn::Kron, &parts);
        let (whole, low, high) = (dim(long), dim(k) * dim(l), dim(i) * dim(j));
        let (changed, low, high) = (self.vertex(whole), self.vertex(low), self.vertex(high));
        self.gone[fast as usize] = true;
        self.gone[slow as usize] = true;
        for (at, long, fast, slow) in [(s, changed, low, high), (a, low, k, l), (b, high, i, j)] {
            let (m, n) = (self.vertices[fast as usize].dim, self.vertices[slow as usize].dim);
            let term = raiser.terms.insert(Mat::Merge(m, n));
            self.stacks[at] = Stack { long, fast, slow, term };
        }
        self.regrouped.push(changed);
        self.edges.push(Edge { from: long, to: changed, matrix: permutation, symmetric: false });
        true
    }

    /// Nothing but vectors at the long axis: a matrix between the short ones.
    fn reshape(&mut self, raiser: &mut Raiser, s: usize) -> bool {
        let Stack { long, fast, slow, .. } = self.stacks[s];
        let lone = !self.is_out(long) && self.held(long) == 1 && !self.bare(long) && self.edges_at(long).is_empty();
        if !lone || fast == slow {
            return false;
        }
        let column = self.take_column(raiser, long);
        let (m, n) = (self.vertices[fast as usize].dim, self.vertices[slow as usize].dim);
        let matrix = raiser.terms.reshape(m, n, column);
        self.stacks.remove(s);
        self.gone[long as usize] = true;
        self.edges.push(Edge { from: fast, to: slow, matrix, symmetric: false });
        true
    }

    /// A short axis that only this many stacks hold, and nothing else of higher order.
    fn short(&self, v: Label, stacks: usize) -> bool {
        !self.is_out(v) && self.held(v) == stacks
    }

    /// An edge between the two short axes of a stack, where these are joined to more: a vector at the long axis.
    fn entrywise(&mut self, raiser: &mut Raiser, s: usize) -> bool {
        let Stack { long, fast, slow, .. } = self.stacks[s];
        let joins = |e: &Edge| (e.from == fast && e.to == slow) || (e.from == slow && e.to == fast);
        let Some(e) = self.edges.iter().position(joins) else { return false };
        let lone = |v: Label| self.short(v, 1) && self.edges_at(v).len() == 1;
        if fast == slow || (lone(fast) && lone(slow)) {
            return false;
        }
        let matrix = self.oriented(raiser, e, fast);
        self.edges.remove(e);
        let column = raiser.terms.call(MatFn::Vec, &[matrix]);
        self.vertices[long as usize].vectors.push(column);
        true
    }

    /// Both short axes are joined to nothing but each other: `vec(M)`, or `kron(q, p)`.
    fn vec(&mut self, raiser: &mut Raiser, s: usize) -> bool {
        let Stack { long, fast, slow, .. } = self.stacks[s];
        if !self.short(fast, 1) || !self.short(slow, 1) {
            return false;
        }
        if fast == slow {
            return self.vec_of_diagonal(raiser, s);
        }
        let (a, b) = (self.edges_at(fast), self.edges_at(slow));
        let column = match (a.as_slice(), b.as_slice()) {
            ([], []) => {
                let (p, q) = (self.take_column(raiser, fast), self.take_column(raiser, slow));
                raiser.terms.call(MatFn::Kron, &[q, p])
            }
            ([e], [f]) if e == f => {
                let matrix = self.oriented(raiser, *e, fast);
                let matrix = self.scaled(raiser, fast, matrix, slow);
                self.edges.remove(*e);
                raiser.terms.call(MatFn::Vec, &[matrix])
            }
            _ => return false,
        };
        self.vertices[long as usize].vectors.push(column);
        self.drop_stack(s);
        true
    }

    /// Both short axes are one vertex: `vec(diag(p))`.
    fn vec_of_diagonal(&mut self, raiser: &mut Raiser, s: usize) -> bool {
        let Stack { long, fast, .. } = self.stacks[s];
        if !self.edges_at(fast).is_empty() {
            return false;
        }
        let matrix = self.matrix_of_link(raiser, fast, fast, &Link::Same);
        let column = raiser.terms.call(MatFn::Vec, &[matrix]);
        self.vertices[long as usize].vectors.push(column);
        self.drop_stack(s);
        true
    }

    fn drop_stack(&mut self, s: usize) {
        let Stack { fast, slow, .. } = self.stacks.remove(s);
        for v in [fast, slow] {
            if !self.is_out(v) && self.held(v) == 0 && self.edges_at(v).is_empty() {
                self.gone[v as usize] = true;
            }
        }
    }

    /// What joins two short axes of different stacks; `None` if something else hangs at them.
    fn link(&self, a: Label, b: Label) -> Option<Link> {
        if a == b {
            return (self.short(a, 2) && self.edges_at(a).is_empty()).then_some(Link::Same);
        }
        if !self.short(a, 1) || !self.short(b, 1) {
            return None;
        }
        match (self.edges_at(a).as_slice(), self.edges_at(b).as_slice()) {
            ([], []) => Some(Link::None),
            ([e], [f]) if e == f => Some(Link::Edge(*e)),
            _ => None,
        }
    }

    /// The matrix of a link with rows at `a`, with the vectors at both ends.
    fn matrix_of_link(&mut self, raiser: &mut Raiser, a: Label, b: Label, link: &Link) -> Id {
        match link {
            Link::Same => match self.take_vectors(raiser, a) {
                Some(p) => raiser.terms.call(MatFn::Diag, &[p]),
                None => raiser.terms.eye(self.vertices[a as usize].dim),
            },
            Link::Edge(e) => {
                let matrix = self.oriented(raiser, *e, a);
                self.scaled(raiser, a, matrix, b)
            }
            Link::None => {
                let (p, q) = (self.take_column(raiser, a), self.take_column(raiser, b));
                let row = raiser.terms.transpose(q);
                raiser.terms.mul(&[p, row])
            }
        }
    }

    /// Two stacks whose short axes are joined in pairs: `kron(slow, fast)`, times a commutation matrix if crosswise.
    fn kron_of_two(&mut self, raiser: &mut Raiser, a: usize, b: usize) -> bool {
        let (s, t) = (self.stacks[a], self.stacks[b]);
        if s.fast == s.slow || t.fast == t.slow {
            return false;
        }
        let straight = self.link(s.fast, t.fast).zip(self.link(s.slow, t.slow));
        let crossed = if straight.is_some() { None } else { self.link(s.fast, t.slow).zip(self.link(s.slow, t.fast)) };
        let (matrix, edges) = match (straight, crossed) {
            (Some((fast, slow)), _) => {
                let low = self.matrix_of_link(raiser, s.fast, t.fast, &fast);
                let high = self.matrix_of_link(raiser, s.slow, t.slow, &slow);
                (raiser.terms.call(MatFn::Kron, &[high, low]), [fast, slow])
            }
            (None, Some((fast, slow))) => {
                let low = self.matrix_of_link(raiser, s.fast, t.slow, &fast);
                let high = self.matrix_of_link(raiser, s.slow, t.fast, &slow);
                let kron = raiser.terms.call(MatFn::Kron, &[high, low]);
                let (m, n) = (self.vertices[t.fast as usize].dim, self.vertices[t.slow as usize].dim);
                let commutation = raiser.terms.commutation(m, n);
                (raiser.terms.mul(&[kron, commutation]), [fast, slow])
            }
            (None, None) => return false,
        };
        let mut used: Vec<usize> = edges.iter().filter_map(|l| if let Link::Edge(e) = l { Some(*e) } else { None }).collect();
        used.sort_unstable();
        used.into_iter().rev().for_each(|e| {
            self.edges.remove(e);
        });
        self.stacks.remove(a.max(b));
        self.stacks.remove(a.min(b));
        for v in [s.fast, s.slow, t.fast, t.slow] {
            self.gone[v as usize] = true;
        }
        self.edges.push(Edge { from: s.long, to: t.long, matrix, symmetric: false });
        true
    }

    /// One short axis hangs at an output, the other has vectors alone: `kron(q', M)` or `kron(M, p')`.
    fn kron_with_vertex(&mut self, raiser: &mut Raiser, s: usize) -> bool {
        let stack = self.stacks[s];
        for (joined, lone, fast) in [(stack.fast, stack.slow, true), (stack.slow, stack.fast, false)] {
            if joined == lone || !self.short(lone, 1) || !self.edges_at(lone).is_empty() {
                continue;
            }
            let (end, matrix) = if self.is_out(joined) && self.held(joined) == 1 {
                (joined, raiser.terms.eye(self.vertices[joined as usize].dim))
            } else if self.short(joined, 1)
                && let [e] = self.edges_at(joined)[..]
                && self.is_out(self.other_end(e, joined))
            {
                let end = self.other_end(e, joined);
                let matrix = self.oriented(raiser, e, end);
                let matrix = self.weighted(raiser, matrix, joined);
                self.edges.remove(e);
                self.gone[joined as usize] = true;
                (end, matrix)
            } else {
                continue;
            };
            let column = self.take_column(raiser, lone);
            let row = raiser.terms.transpose(column);
            let pair = if fast { [row, matrix] } else { [matrix, row] };
            let kron = raiser.terms.call(MatFn::Kron, &pair);
            self.gone[lone as usize] = true;
            self.stacks.remove(s);
            let long = stack.long;
            self.edges.push(Edge { from: end, to: long, matrix: kron, symmetric: false });
            return true;
        }
        false
    }
}
