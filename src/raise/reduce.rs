//! Series-parallel reduction of a network to one formula.
//!
//! Each rule removes an edge, a vertex, a stack or a tensor, so the loop ends. The order of the rules decides between
//! equal formulas: vectors are multiplied into matrices first, so that answers are chains of matrix-vector products.

use super::Raiser;
use super::network::{Edge, Network};
use crate::dim::Dim;
use crate::index::{Label, Node};
use crate::matrix::{Build, Mat, MatFn, Terms, is_mask};
use egg::Id;

impl Network {
    /// As far as it goes; where stacks are in the way, once more with stacks of other axes, if these lead to a formula.
    pub fn reduce(&mut self, raiser: &mut Raiser) {
        self.reduce_as_allowed(raiser);
        if !self.stacks.is_empty() {
            let mut other = Network { restacking: true, ..self.clone() };
            other.reduce_as_allowed(raiser);
            if other.is_reduced() {
                *self = other;
            }
        }
    }

    /// Whether nothing is left that `close` cannot write.
    fn is_reduced(&self) -> bool {
        let open = |v: Label| !self.gone[v as usize] && !self.is_out(v) && !self.edges_at(v).is_empty();
        self.out.len() <= 2 && self.stacks.is_empty() && self.hypers.is_empty() && !(0..self.vertices.len() as Label).any(open)
    }

    fn reduce_as_allowed(&mut self, raiser: &mut Raiser) {
        while self.loops(raiser)
            || self.pendant(raiser)
            || self.cross_product(raiser)
            || self.parallel(raiser)
            || self.series(raiser, true)
            || self.series(raiser, false)
            || self.unstack(raiser)
            || self.cross_matrix(raiser)
        {}
    }

    /// An edge from a vertex to itself is a trace, or the vector of its diagonal.
    fn loops(&mut self, raiser: &mut Raiser) -> bool {
        let Some(e) = (0..self.edges.len()).find(|&e| self.edges[e].from == self.edges[e].to) else { return false };
        let Edge { from: v, matrix, .. } = self.edges.swap_remove(e);
        if !self.is_out(v) && self.bare(v) && self.edges_at(v).is_empty() && self.held(v) == 0 {
            let trace = best_trace(raiser, matrix);
            self.scalars.push(trace);
            self.gone[v as usize] = true;
        } else {
            let diagonal = raiser.terms.call(MatFn::DiagOf, &[matrix]);
            self.vertices[v as usize].vectors.push(diagonal);
        }
        true
    }

    /// A summed vertex with one edge becomes a vector at the other end: `M*v`.
    fn pendant(&mut self, raiser: &mut Raiser) -> bool {
        let ends: Vec<(Label, usize)> = (0..self.vertices.len() as Label)
            .filter(|&v| !self.gone[v as usize] && !self.is_out(v) && self.held(v) == 0)
            .filter_map(|v| match self.edges_at(v).as_slice() {
                [e] => Some((v, *e)),
                _ => None,
            })
            .collect();
        // Of several, one whose matrix need not be transposed.
        let straight =
            |&&(v, e): &&(Label, usize)| self.edges[e].to == v && !matches!(raiser.terms.node(self.edges[e].matrix), Mat::Transpose(_));
        let turned =
            |&&(v, e): &&(Label, usize)| self.edges[e].from == v && matches!(raiser.terms.node(self.edges[e].matrix), Mat::Transpose(_));
        let Some(&(v, e)) = ends.iter().find(straight).or_else(|| ends.iter().find(turned)).or_else(|| ends.first()) else { return false };
        let w = self.other_end(e, v);
        let matrix = self.oriented(raiser, e, w);
        let product = match self.take_vectors(raiser, v) {
            Some(x) => raiser.terms.mul(&[matrix, x]),
            None => raiser.terms.call(MatFn::SumColumns, &[matrix]),
        };
        self.edges.swap_remove(e);
        self.vertices[w as usize].vectors.push(product);
        self.gone[v as usize] = true;
        true
    }

    /// Parallel edges multiply entry by entry where both ends stay, or where there are three or more.
    fn parallel(&mut self, raiser: &mut Raiser) -> bool {
        for e in 0..self.edges.len() {
            let (u, v) = (self.edges[e].from, self.edges[e].to);
            let along: Vec<usize> = (e..self.edges.len())
                .filter(|&k| (self.edges[k].from, self.edges[k].to) == (u, v) || (self.edges[k].from, self.edges[k].to) == (v, u))
                .collect();
            let stays = |w: Label| self.is_out(w) || !self.bare(w) || self.held(w) > 0 || self.edges_at(w).len() > along.len();
            // A triangle of ones is no factor of a product that anyone writes, and a divisor of each entry none either.
            let entrywise =
                along.iter().any(|&k| is_mask(&*raiser.terms, self.edges[k].matrix) || is_divisor(raiser.terms, self.edges[k].matrix));
            if along.len() < 2 || !(along.len() > 2 || entrywise || (stays(u) && stays(v))) {
                continue;
            }
            let backwards = along.iter().filter(|&&k| self.edges[k].from == v).count();
            let from = if backwards * 2 > along.len() { v } else { u };
            let matrices: Vec<Id> = along.iter().map(|&k| self.oriented(raiser, k, from)).collect();
            let matrix = raiser.terms.had(&matrices);
            let along_symmetric = along.iter().all(|&k| self.edges[k].symmetric);
            for &k in along.iter().rev() {
                self.edges.remove(k);
            }
            self.edges.push(Edge { from, to: if from == u { v } else { u }, matrix, symmetric: along_symmetric });
            return true;
        }
        false
    }

    /// A summed vertex between two edges: `M*N`, or `M*diag(p)*N`.
    fn series(&mut self, raiser: &mut Raiser, bare: bool) -> bool {
        for v in 0..self.vertices.len() as Label {
            if self.gone[v as usize] || self.is_out(v) || self.held(v) > 0 || self.bare(v) != bare {
                continue;
            }
            let [a, b] = self.edges_at(v)[..] else { continue };
            let (u, w) = (self.other_end(a, v), self.other_end(b, v));
            let (left, right) = (self.oriented(raiser, a, u), self.oriented(raiser, b, v));
            let chain = match self.take_vectors(raiser, v) {
                None => raiser.terms.mul(&[left, right]),
                Some(p) => {
                    let d = raiser.terms.call(MatFn::Diag, &[p]);
                    raiser.terms.mul(&[left, d, right])
                }
            };
            let turned = raiser.terms.transpose(chain);
            let edge = if raiser.terms.cost(turned).plain < raiser.terms.cost(chain).plain {
                Edge { from: w, to: u, matrix: turned, symmetric: false }
            } else {
                Edge { from: u, to: w, matrix: chain, symmetric: false }
            };
            self.edges.remove(a.max(b));
            self.edges.remove(a.min(b));
            self.edges.push(edge);
            self.gone[v as usize] = true;
            return true;
        }
        false
    }

    /// The Levi-Civita symbol with vectors at two of its vertices is a cross product at the third.
    fn cross_product(&mut self, raiser: &mut Raiser) -> bool {
        for h in 0..self.hypers.len() {
            if !matches!(raiser.graph.node(self.hypers[h].node), Node::LeviCivita(3)) {
                continue;
            }
            let labels = self.hypers[h].labels.clone();
            let vector_only = |v: Label| !self.is_out(v) && !self.bare(v) && self.edges_at(v).is_empty() && self.held(v) == 1;
            let Some(at) = (0..3).find(|&k| vector_only(labels[(k + 1) % 3]) && vector_only(labels[(k + 2) % 3])) else { continue };
            let (free, p, q) = (labels[at], labels[(at + 1) % 3], labels[(at + 2) % 3]);
            let (x, y) = (self.take_column(raiser, p), self.take_column(raiser, q));
            let cross = raiser.terms.call(MatFn::Cross, &[x, y]);
            self.hypers.remove(h);
            self.vertices[free as usize].vectors.push(cross);
            self.gone[p as usize] = true;
            self.gone[q as usize] = true;
            return true;
        }
        false
    }

    /// The Levi-Civita symbol with vectors at one of its vertices is the matrix of a cross product between the others.
    fn cross_matrix(&mut self, raiser: &mut Raiser) -> bool {
        for h in 0..self.hypers.len() {
            if !matches!(raiser.graph.node(self.hypers[h].node), Node::LeviCivita(3)) {
                continue;
            }
            let labels = self.hypers[h].labels.clone();
            let lone = |v: Label| !self.is_out(v) && !self.bare(v) && self.edges_at(v).is_empty() && self.held(v) == 1;
            let Some(at) = (0..3).find(|&k| lone(labels[k])) else { continue };
            // A cyclic shift keeps the sign.
            let (v, to, from) = (labels[at], labels[(at + 1) % 3], labels[(at + 2) % 3]);
            let column = self.take_column(raiser, v);
            let eye = raiser.terms.eye(Dim::number(3));
            let matrix = raiser.terms.call(MatFn::Cross, &[column, eye]);
            self.hypers.remove(h);
            self.gone[v as usize] = true;
            self.edges.push(Edge { from, to, matrix, symmetric: false });
            return true;
        }
        false
    }

    /// The formula of a reduced network, or what is left of it as a contraction.
    pub fn close(mut self, raiser: &mut Raiser) -> Id {
        self.close_sums(raiser);
        let open = |v: usize| !self.gone[v] && !self.is_out(v as Label);
        let stuck = (0..self.vertices.len()).any(open) || !self.stacks.is_empty() || !self.hypers.is_empty();
        let body = match self.out.clone().as_slice() {
            _ if stuck => return self.contraction(raiser),
            [] => {
                let one = raiser.terms.number(1);
                if self.scalars.is_empty() {
                    return one;
                }
                return raiser.terms.had(&self.scalars.clone());
            }
            [v] => self.take_column(raiser, *v),
            [u, v] if u == v => match self.take_vectors(raiser, *u) {
                Some(p) => raiser.terms.call(MatFn::Diag, &[p]),
                None => raiser.terms.eye(self.vertices[*u as usize].dim),
            },
            [u, v] => {
                let body = self.between(raiser, *u, *v);
                transposed_as_a_whole(raiser, body)
            }
            _ => return self.contraction(raiser),
        };
        self.with_scalars(raiser, body)
    }

    /// Summed vertices with vectors alone: `sum(v)`, `a'*b`, `had(others)'*chain`, `sum(a./b)`.
    fn close_sums(&mut self, raiser: &mut Raiser) {
        for v in 0..self.vertices.len() as Label {
            if self.gone[v as usize] || self.is_out(v) || self.held(v) > 0 || !self.edges_at(v).is_empty() {
                continue;
            }
            let mut vectors = std::mem::take(&mut self.vertices[v as usize].vectors);
            self.gone[v as usize] = true;
            let dim = self.vertices[v as usize].dim;
            let scalar = match vectors.as_slice() {
                [] => raiser.terms.size(dim),
                [x] => {
                    // sum(sum(X, 2)) is sum(X).
                    let inner = match raiser.terms.node(*x) {
                        Mat::Call(MatFn::SumColumns, of) => of[0],
                        _ => *x,
                    };
                    raiser.terms.call(MatFn::Sum, &[inner])
                }
                _ if vectors.iter().any(|v| is_divisor(raiser.terms, *v)) => {
                    let quotient = raiser.terms.had(&vectors);
                    raiser.terms.call(MatFn::Sum, &[quotient])
                }
                _ => {
                    // The longest chain last.
                    vectors.sort_by(|a, b| {
                        let chain = |t: &Id| matches!(raiser.terms.node(*t), Mat::Mul(_));
                        chain(a).cmp(&chain(b)).then_with(|| raiser.terms.compare(*a, *b))
                    });
                    let last = vectors.pop().unwrap_or_default();
                    let rest = raiser.terms.had(&vectors);
                    let row = raiser.terms.transpose(rest);
                    raiser.terms.mul(&[row, last])
                }
            };
            self.scalars.push(scalar);
        }
    }

    /// Two outputs: `diag(p)*M*diag(q)`, or `p*q'` without an edge.
    fn between(&mut self, raiser: &mut Raiser, u: Label, v: Label) -> Id {
        let edge = self.edges_at(u).first().copied();
        match edge {
            None => {
                let (m, n) = (self.vertices[u as usize].dim, self.vertices[v as usize].dim);
                match (self.take_vectors(raiser, u), self.take_vectors(raiser, v)) {
                    (None, None) => raiser.terms.ones(m, n),
                    (p, q) => {
                        let p = p.unwrap_or_else(|| raiser.terms.ones(m, Dim::ONE));
                        let q = q.unwrap_or_else(|| raiser.terms.ones(n, Dim::ONE));
                        let row = raiser.terms.transpose(q);
                        raiser.terms.mul(&[p, row])
                    }
                }
            }
            Some(e) => {
                let matrix = self.oriented(raiser, e, u);
                self.scaled(raiser, u, matrix, v)
            }
        }
    }

    /// `diag(p)*M*diag(q)` with the vectors at both ends, which are taken.
    pub(super) fn scaled(&mut self, raiser: &mut Raiser, u: Label, matrix: Id, v: Label) -> Id {
        if !self.bare(u) && !self.bare(v) && is_mask(&*raiser.terms, matrix) {
            // The triangle of an outer product.
            let (p, q) = (self.take_column(raiser, u), self.take_column(raiser, v));
            let row = raiser.terms.transpose(q);
            let outer = raiser.terms.mul(&[p, row]);
            return raiser.terms.had(&[outer, matrix]);
        }
        let mut chain = vec![matrix];
        if let Some(p) = self.take_vectors(raiser, u) {
            chain.insert(0, raiser.terms.call(MatFn::Diag, &[p]));
        }
        if let Some(q) = self.take_vectors(raiser, v) {
            chain.push(raiser.terms.call(MatFn::Diag, &[q]));
        }
        raiser.terms.mul(&chain)
    }
}

/// Whether a term divides each entry of what it is multiplied with.
fn is_divisor(terms: &Terms, t: Id) -> bool {
    match terms.node(t) {
        Mat::Power(p, _) => p.is_negative(),
        Mat::Had(all) => all.iter().any(|a| is_divisor(terms, *a)),
        Mat::Transpose([a]) | Mat::Scale(_, [a]) => is_divisor(terms, *a),
        _ => false,
    }
}

/// A chain of three or more transposes is the transpose of a chain: `-(inv(X)*B*A*inv(X))'`.
fn transposed_as_a_whole(raiser: &mut Raiser, body: Id) -> Id {
    let Mat::Mul(factors) = raiser.terms.node(body) else { return body };
    if factors.len() < 3 || !factors.iter().all(|f| matches!(raiser.terms.node(*f), Mat::Transpose(_))) {
        return body;
    }
    let turned = raiser.terms.transpose(body);
    raiser.terms.insert(Mat::Transpose([turned]))
}

/// The trace in the rotation and orientation that costs least; ties by content.
fn best_trace(raiser: &mut Raiser, matrix: Id) -> Id {
    let turned = raiser.terms.transpose(matrix);
    let mut candidates = Vec::new();
    for m in [matrix, turned] {
        let chain: Vec<Id> = match raiser.terms.node(m) {
            Mat::Mul(all) => all.to_vec(),
            _ => vec![m],
        };
        for k in 0..chain.len() {
            let rotated: Vec<Id> = chain[k..].iter().chain(&chain[..k]).copied().collect();
            let rotated = raiser.terms.mul(&rotated);
            candidates.push(raiser.terms.call(MatFn::Trace, &[rotated]));
        }
    }
    let terms = &raiser.terms;
    candidates
        .into_iter()
        .min_by(|a, b| terms.cost(*a).plain.cmp(&terms.cost(*b).plain).then_with(|| terms.compare(*a, *b)))
        .unwrap_or(matrix)
}
