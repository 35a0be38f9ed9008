//! Functions of whole tensors, with what can be said of them at once.

use super::{Draft, all_distinct};
use crate::applied::Applied;
use crate::dim::Dim;
use crate::fact::Facts;
use crate::function::{Map, Map2};
use crate::index::{Axes, Contraction, Factor, Graph, Labels, Node, NodeId, Opaque};
use crate::number::Number;
use std::sync::Arc;

/// A square matrix taken apart: a number, scalar factors, and a chain of square factors of the same size.
pub(super) struct Chain {
    coefficient: Number,
    scalars: Vec<NodeId>,
    /// In order; with whether it stands transposed.
    pub(super) links: Vec<(NodeId, bool)>,
}

impl Graph {
    /// `f` of a whole tensor.
    pub fn opaque(&mut self, f: Opaque, a: NodeId) -> NodeId {
        match f {
            Opaque::Inv => self.inverse(a),
            Opaque::Det => self.determinant(a),
            Opaque::LogDet => self.log_determinant(a),
            Opaque::Pinv => self.pseudoinverse(a),
            Opaque::Expm | Opaque::Logm | Opaque::Sqrtm | Opaque::Cosm | Opaque::Sinm => self.function_of_matrix(f, a),
            Opaque::LambdaMax | Opaque::LambdaMin => self.eigenvalue(f, a),
            Opaque::EigvecMax | Opaque::EigvecMin => self.eigenvector(f, a),
            Opaque::Nuclear => self.nuclear_norm(a),
            Opaque::Cholesky if self.axes(a) == [Dim::ONE, Dim::ONE] => self.power(a, &Number::ratio(1, 2)),
            Opaque::Adj | Opaque::Product | Opaque::NormInf | Opaque::Softmax | Opaque::LogSumExp | Opaque::Cholesky => {
                self.insert(Node::Opaque(f, a))
            }
        }
    }

    /// A declared function of these arguments. Derivatives by several arguments do not depend on the order in which they are
    /// taken; only the axes do.
    pub fn apply(&mut self, f: &Applied, arguments: Vec<NodeId>) -> NodeId {
        let mut f = f.clone();
        f.elementwise &= arguments.first().is_some_and(|a| self.order(*a) > 0);
        let mut order: Vec<usize> = (0..f.by.len()).collect();
        order.sort_by_key(|at| f.by[*at]);
        let given = std::mem::take(&mut f.by);
        f.by = order.iter().map(|at| given[*at]).collect();
        let mut axes = Axes::new();
        let mut starts = vec![0; given.len()];
        if !f.elementwise {
            axes = f.axes();
            let mut at = f.signature.result.axes().len();
            for &k in &order {
                starts[k] = at;
                at += f.signature.arguments.get(given[k]).map_or(0, |s| s.axes().len());
            }
        }
        let (result, signature) = (f.signature.result.axes().len(), f.signature.clone());
        let elementwise = f.elementwise;
        let node = self.insert(Node::Apply(Arc::new(f), arguments));
        if elementwise || order.is_sorted() {
            return node;
        }
        let length = |k: usize| signature.arguments.get(given[k]).map_or(0, |s| s.axes().len());
        let permutation: Vec<usize> = (0..result).chain((0..given.len()).flat_map(|k| starts[k]..starts[k] + length(k))).collect();
        debug_assert_eq!(permutation.len(), axes.len(), "each axis once");
        self.permute(node, &permutation)
    }

    pub fn inverse(&mut self, a: NodeId) -> NodeId {
        if let Some((n, pointwise)) = self.as_diagonal(a) {
            let inverse = self.power(pointwise, &Number::MINUS_ONE);
            return self.diagonal(inverse, n);
        }
        if let Some(inverse) = self.inverse_of_blocks(a) {
            return inverse;
        }
        let n = self.axes(a)[0];
        match self.chain(a) {
            Some(chain) if chain.coefficient.recip().is_some() => {
                let inverses: Vec<(NodeId, bool)> = chain.links.iter().rev().map(|&(x, t)| (self.inverse_of_link(x), t)).collect();
                let scalars: Vec<NodeId> = chain.scalars.iter().map(|&s| self.power(s, &Number::MINUS_ONE)).collect();
                let coefficient = chain.coefficient.recip().unwrap_or(Number::ONE);
                self.product_of_chain(n, &Chain { coefficient, scalars, links: inverses })
            }
            _ => self.inverse_of_link(a),
        }
    }

    fn inverse_of_link(&mut self, a: NodeId) -> NodeId {
        match self.node(a) {
            Node::Opaque(Opaque::Inv, x) => *x,
            Node::Opaque(Opaque::Expm, x) => {
                let minus = self.negate(*x);
                self.opaque(Opaque::Expm, minus)
            }
            Node::Opaque(Opaque::Adj, x) => {
                let x = *x;
                let det = self.determinant(x);
                let reciprocal = self.power(det, &Number::MINUS_ONE);
                self.times(reciprocal, x)
            }
            _ if self.is_orthogonal(a) => self.transpose(a),
            _ => match self.in_better_orientation(a) {
                Some(t) => {
                    let inverse = self.inverse_of_link(t);
                    self.transpose(inverse)
                }
                None => self.insert(Node::Opaque(Opaque::Inv, a)),
            },
        }
    }

    pub fn determinant(&mut self, a: NodeId) -> NodeId {
        if let Some((_, v)) = self.as_diagonal(a) {
            return self.product_of_entries(v, self.axes(a)[0]);
        }
        if let Some(t) = self.triangular(a) {
            let (first, last) = (self.determinant(t.first), self.determinant(t.last));
            return self.times(first, last);
        }
        if let Some(det) = self.determinant_of_entries(a) {
            return det;
        }
        if let Some((x, y)) = self.as_square_kronecker(a) {
            let sizes = [x, y].map(|z| self.size(self.axes_of_node(z)[0]));
            let (first, last) = (self.determinant(x), self.determinant(y));
            let (first, last) = (self.map2(Map2::Power, first, sizes[1]), self.map2(Map2::Power, last, sizes[0]));
            return self.times(first, last);
        }
        match self.chain(a) {
            Some(chain) => {
                let mut draft = Draft::new();
                for &(x, _) in &chain.links {
                    let det = self.determinant_of_link(x);
                    draft.factor(det, &[]);
                }
                let scale = self.power_of_dimension(&chain, self.axes(a)[0]);
                draft.factor(scale, &[]);
                self.contract(draft)
            }
            None => self.determinant_of_link(a),
        }
    }

    fn determinant_of_link(&mut self, a: NodeId) -> NodeId {
        match self.node(a) {
            Node::Opaque(Opaque::Inv, x) => {
                let det = self.determinant(*x);
                self.power(det, &Number::MINUS_ONE)
            }
            Node::Opaque(Opaque::Expm, x) => {
                let trace = self.einsum(&[], &[(*x, &[0, 0])]);
                self.map(Map::Exp, trace)
            }
            Node::Opaque(Opaque::Sqrtm | Opaque::Cholesky, x) => {
                let det = self.determinant(*x);
                self.power(det, &Number::ratio(1, 2))
            }
            Node::Opaque(Opaque::Adj, x) => {
                let x = *x;
                let (det, fewer) = (self.determinant(x), self.one_less(self.axes_of_node(x)[0]));
                self.map2(Map2::Power, det, fewer)
            }
            _ => match self.in_better_orientation(a) {
                Some(t) => self.determinant_of_link(t),
                None => self.insert(Node::Opaque(Opaque::Det, a)),
            },
        }
    }

    /// `(c*s)^n` for the coefficient and the scalar factors of an n×n matrix.
    fn power_of_dimension(&mut self, chain: &Chain, n: Dim) -> NodeId {
        let mut draft = Draft::new();
        draft.coefficient = chain.coefficient.clone();
        chain.scalars.iter().for_each(|&s| {
            draft.factor(s, &[]);
        });
        let base = self.contract(draft);
        if self.as_constant(base).is_some_and(|c| c.is_one()) {
            return base;
        }
        let n = self.size(n);
        self.map2(Map2::Power, base, n)
    }

    pub fn log_determinant(&mut self, a: NodeId) -> NodeId {
        let dim = self.axes(a)[0];
        if let Some((_, v)) = self.as_diagonal(a) {
            let abs = self.map(Map::Abs, v);
            let logs = self.map(Map::Log, abs);
            return self.total(logs, &[dim]);
        }
        if let Some(t) = self.triangular(a) {
            let (first, last) = (self.log_determinant(t.first), self.log_determinant(t.last));
            return self.sum(&[], vec![(Number::ONE, first), (Number::ONE, last)]);
        }
        if let Some(det) = self.determinant_of_entries(a) {
            let abs = self.map(Map::Abs, det);
            return self.map(Map::Log, abs);
        }
        if let Some((x, y)) = self.as_square_kronecker(a) {
            let sizes = [x, y].map(|z| self.size(self.axes_of_node(z)[0]));
            let (first, last) = (self.log_determinant(x), self.log_determinant(y));
            let (first, last) = (self.times(sizes[1], first), self.times(sizes[0], last));
            return self.sum(&[], vec![(Number::ONE, first), (Number::ONE, last)]);
        }
        let Some(chain) = self.chain(a) else { return self.log_determinant_of_link(a) };
        let mut terms: Vec<(Number, NodeId)> = chain.links.iter().map(|&(x, _)| (Number::ONE, self.log_determinant_of_link(x))).collect();
        let n = self.size(dim);
        let coefficient = self.number(&chain.coefficient.abs());
        for s in chain.scalars.into_iter().chain([coefficient]) {
            let abs = self.map(Map::Abs, s);
            let log = self.map(Map::Log, abs);
            let term = self.times(n, log);
            terms.push((Number::ONE, term));
        }
        self.sum(&[], terms)
    }

    /// `n - 1`
    fn one_less(&mut self, n: Dim) -> NodeId {
        let (n, one) = (self.size(n), self.one());
        self.sum(&[], vec![(Number::ONE, n), (Number::MINUS_ONE, one)])
    }

    fn is_orthogonal(&self, a: NodeId) -> bool {
        self.meta(a).facts.contains(Facts::ORTHOGONAL)
    }

    fn log_determinant_of_link(&mut self, a: NodeId) -> NodeId {
        match self.node(a) {
            Node::Opaque(Opaque::Inv, x) => {
                let det = self.log_determinant(*x);
                self.negate(det)
            }
            Node::Opaque(Opaque::Expm, x) => self.einsum(&[], &[(*x, &[0, 0])]),
            Node::Opaque(Opaque::Sqrtm | Opaque::Cholesky, x) => {
                let det = self.log_determinant(*x);
                self.scale(&Number::ratio(1, 2), det)
            }
            Node::Opaque(Opaque::Adj, x) => {
                let x = *x;
                let (det, fewer) = (self.log_determinant(x), self.one_less(self.axes_of_node(x)[0]));
                self.times(fewer, det)
            }
            // The determinant is 1 or -1.
            _ if self.is_orthogonal(a) => self.zero(&[]),
            _ => match self.in_better_orientation(a) {
                Some(t) => self.log_determinant_of_link(t),
                None => self.insert(Node::Opaque(Opaque::LogDet, a)),
            },
        }
    }

    /// The sum of all entries of a vector over that axis, or of a scalar that often.
    fn total(&mut self, v: NodeId, axes: &[Dim]) -> NodeId {
        let mut draft = Draft::new();
        let labels = draft.labels(axes);
        let own = if self.order(v) == 0 { &[][..] } else { &labels[..] };
        draft.factor(v, own);
        self.contract(draft)
    }

    fn product_of_entries(&mut self, v: NodeId, n: Dim) -> NodeId {
        if self.order(v) == 0 {
            let n = self.size(n);
            return self.map2(Map2::Power, v, n);
        }
        self.opaque(Opaque::Product, v)
    }

    /// `diag(v)`; of a scalar, that times the identity.
    pub(super) fn diagonal(&mut self, v: NodeId, n: Dim) -> NodeId {
        let mut draft = Draft::new();
        let l = draft.label(n);
        let own = if self.order(v) == 0 { &[][..] } else { &[l][..] };
        draft.factor(v, own);
        self.contract(draft.out(&[l, l]))
    }

    /// The length and the entries of a diagonal matrix; a scalar if they are all one.
    pub(super) fn as_diagonal(&mut self, a: NodeId) -> Option<(Dim, NodeId)> {
        let (n, core) = self.unscaled(a);
        let Node::Contract(c) = self.node(core) else { return None };
        if c.out.as_slice() != [0, 0] {
            return None;
        }
        let c = c.clone();
        let varies = c.factors.iter().any(|f| f.labels.contains(&0));
        let mut all = Draft::new();
        all.labels(&c.dims);
        let mut entries = all.part(if varies { Labels::from_slice(&[0]) } else { Labels::new() }, c.factors.to_vec());
        entries.coefficient = n;
        let dim = c.dims[0];
        Some((dim, self.contract(entries)))
    }

    /// A product of square matrices of one size, or a scaled one; `None` for what is no product.
    fn chain(&self, a: NodeId) -> Option<Chain> {
        let (coefficient, core) = self.unscaled(a);
        let Node::Contract(c) = self.node(core) else {
            return (!coefficient.is_one()).then(|| Chain { coefficient, scalars: Vec::new(), links: vec![(core, false)] });
        };
        let chain = self.chain_of(c, coefficient)?;
        (chain.links.len() > 1 || !chain.coefficient.is_one() || !chain.scalars.is_empty()).then_some(chain)
    }

    pub(super) fn chain_of(&self, c: &Contraction, coefficient: Number) -> Option<Chain> {
        if c.out.len() != 2 || !all_distinct(&c.out) {
            return None;
        }
        let dim = c.dims[c.out[0] as usize];
        let (scalars, matrices): (Vec<&Factor>, Vec<&Factor>) = c.factors.iter().partition(|f| f.labels.is_empty());
        if matrices.iter().any(|f| f.labels.len() != 2 || f.labels[0] == f.labels[1]) || c.dims.iter().any(|d| *d != dim) {
            return None;
        }
        let mut left: Vec<&Factor> = matrices;
        let mut links = Vec::new();
        let mut at = c.out[0];
        while !left.is_empty() {
            let here: Vec<usize> = (0..left.len()).filter(|&k| left[k].labels.contains(&at)).collect();
            let [k] = here.as_slice() else { return None };
            let f = left.remove(*k);
            let transposed = f.labels[1] == at;
            links.push((f.node, transposed));
            at = if transposed { f.labels[0] } else { f.labels[1] };
        }
        (at == c.out[1] && !links.is_empty()).then(|| Chain { coefficient, scalars: scalars.iter().map(|f| f.node).collect(), links })
    }

    fn product_of_chain(&mut self, n: Dim, chain: &Chain) -> NodeId {
        let mut draft = Draft::new();
        draft.coefficient = chain.coefficient.clone();
        chain.scalars.iter().for_each(|&s| {
            draft.factor(s, &[]);
        });
        let first = draft.label(n);
        let mut at = first;
        for &(x, transposed) in &chain.links {
            let next = draft.label(n);
            draft.factor(x, &if transposed { [next, at] } else { [at, next] });
            at = next;
        }
        self.contract(draft.out(&[first, at]))
    }

    /// The axes of a node as a list, for callers that go on to change the graph.
    pub(crate) fn axes_of_node(&self, a: NodeId) -> Axes {
        self.axes(a).into()
    }
}
