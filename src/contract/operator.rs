//! Linear operators on matrices (`sylvester`, Fréchet derivatives), and pseudoinverses.
//!
//! Sources: Golub and Pereyra 1973 (pseudoinverse); Horn and Johnson 1991, chapter 4 (matrix equations); Higham 2008,
//! appendix B; Higham and Relton 2014 (Fréchet derivatives of higher order).

use super::Draft;
use crate::fact::Facts;
use crate::index::{Axes, Contraction, Factor, Graph, Label, Labels, LinearOperator, Node, NodeId, Opaque, Operands};
use crate::number::Number;

impl Graph {
    /// The value of an operator.
    pub fn operator(&mut self, f: LinearOperator, operands: Operands) -> NodeId {
        self.open_operator(f, operands, 0)
    }

    /// An operator with that many arguments left open; of what it is linear in, coefficients and zeros come out.
    pub(crate) fn open_operator(&mut self, f: LinearOperator, mut operands: Operands, open: u8) -> NodeId {
        let fixed = f.parameters();
        if operands[fixed..].iter().any(|e| matches!(self.node(*e), Node::Zero(_))) {
            let axes = self.axes_of_operator(f, &operands, open);
            return self.zero(&axes);
        }
        let mut draft = Draft::new();
        for e in &mut operands[fixed..] {
            let (c, scalars, core) = self.without_scalars(*e);
            *e = core;
            draft.coefficient = &draft.coefficient * &c;
            scalars.into_iter().for_each(|s| {
                draft.factor(s, &[]);
            });
        }
        let value = match f {
            LinearOperator::Sylvester => self.sylvester(&operands),
            LinearOperator::FrechetExpm | LinearOperator::FrechetLogm | LinearOperator::FrechetCosm | LinearOperator::FrechetSinm => {
                self.frechet(f, operands, open)
            }
        };
        let axes: Axes = self.axes(value).into();
        let labels = draft.labels(&axes);
        draft.factor(value, &labels);
        self.contract(draft.out(&labels))
    }

    /// If A, B and C commute, `inv(A + B)*C` solves `A*X + X*B = C`; if A or B is a multiple of the identity, the equation
    /// is `(A + B)*X = C` or `X*(A + B) = C` with that multiple of the size of the other.
    fn sylvester(&mut self, operands: &Operands) -> NodeId {
        let [a, b, c] = operands[..] else { return operands[0] };
        if let Some(s) = self.as_multiple_of_eye(b) {
            let sum = self.shifted(a, s);
            return self.product(&[sum, c]);
        }
        if let Some(s) = self.as_multiple_of_eye(a) {
            let sum = self.shifted(b, s);
            return self.product(&[c, sum]);
        }
        if self.axes(a) == self.axes(b) && self.commute(a, b) && self.commute(a, c) && self.commute(b, c) {
            let axes: Axes = self.axes(a).into();
            let sum = self.sum(&axes, vec![(Number::ONE, a), (Number::ONE, b)]);
            let inverse = self.inverse(sum);
            return self.product(&[inverse, c]);
        }
        self.insert(Node::Operator(LinearOperator::Sylvester, operands.clone(), 0))
    }

    /// `inv(A + s*eye(n))`
    fn shifted(&mut self, a: NodeId, s: NodeId) -> NodeId {
        let axes: Axes = self.axes(a).into();
        let eye = self.eye(axes[0]);
        let multiple = self.times(s, eye);
        let sum = self.sum(&axes, vec![(Number::ONE, a), (Number::ONE, multiple)]);
        self.inverse(sum)
    }

    /// s, where a matrix is `s*eye(n)`.
    pub(crate) fn as_multiple_of_eye(&mut self, a: NodeId) -> Option<NodeId> {
        if let Node::Zero(_) = self.node(a) {
            return Some(self.number(&Number::int(0)));
        }
        let (n, core) = self.unscaled(a);
        let Node::Contract(c) = self.node(core) else { return None };
        if c.out.as_slice() != [0, 0] || c.factors.iter().any(|f| f.labels.contains(&0)) {
            return None;
        }
        let mut draft = Draft::new();
        draft.coefficient = n;
        c.factors.clone().into_iter().for_each(|f| {
            draft.factor(f.node, &f.labels);
        });
        Some(self.contract(draft))
    }

    /// The product of matrices.
    pub(crate) fn product(&mut self, factors: &[NodeId]) -> NodeId {
        let mut draft = Draft::new();
        let first = draft.label(self.axes(factors[0])[0]);
        let mut at = first;
        for &f in factors {
            let next = draft.label(self.axes(f)[1]);
            draft.factor(f, &[at, next]);
            at = next;
        }
        self.contract(draft.out(&[first, at]))
    }

    /// A node as a coefficient, scalar factors and the rest.
    pub(super) fn without_scalars(&mut self, a: NodeId) -> (Number, Vec<NodeId>, NodeId) {
        let (n, core) = self.unscaled(a);
        let Node::Contract(c) = self.node(core) else { return (n, Vec::new(), core) };
        if c.out.is_empty() || !c.factors.iter().any(|f| f.labels.is_empty()) {
            return (n, Vec::new(), core);
        }
        let c = c.clone();
        let mut draft = Draft::new();
        draft.labels(&c.dims);
        c.factors.iter().filter(|f| !f.labels.is_empty()).for_each(|f| {
            draft.factor(f.node, &f.labels);
        });
        let scalars = c.factors.iter().filter(|f| f.labels.is_empty()).map(|f| f.node).collect();
        let rest = self.contract(draft.out(&c.out));
        let (m, rest) = self.unscaled(rest);
        (&n * &m, scalars, rest)
    }

    /// `kron(A, B)`.
    pub(crate) fn kronecker(&mut self, a: NodeId, b: NodeId) -> NodeId {
        let (m, n, p, q) = (self.axes(a)[0], self.axes(a)[1], self.axes(b)[0], self.axes(b)[1]);
        let (rows, columns) = (self.insert(Node::Merge(p, m)), self.insert(Node::Merge(q, n)));
        self.einsum(&[0, 1], &[(rows, &[0, 4, 2]), (columns, &[1, 5, 3]), (a, &[2, 3]), (b, &[4, 5])])
    }

    /// The matrix of an operator on columns stacked: what takes vec(C) to the vec of the value.
    pub(crate) fn matrix_of_operator(&mut self, f: LinearOperator, operands: &[NodeId]) -> NodeId {
        match f {
            LinearOperator::Sylvester => {
                let (a, b) = (operands[0], operands[1]);
                let turned = self.transpose(b);
                let (left, right) = (self.eye(self.axes(b)[0]), self.eye(self.axes(a)[0]));
                let (first, second) = (self.kronecker(left, a), self.kronecker(turned, right));
                let axes: Axes = self.axes(first).into();
                let sum = self.sum(&axes, vec![(Number::ONE, first), (Number::ONE, second)]);
                self.inverse(sum)
            }
            LinearOperator::FrechetExpm | LinearOperator::FrechetLogm | LinearOperator::FrechetCosm | LinearOperator::FrechetSinm => {
                let tensor = self.open_operator(f, operands.into(), 1);
                let n = self.axes(tensor)[0];
                let merge = self.insert(Node::Merge(n, n));
                self.einsum(&[0, 3], &[(merge, &[0, 1, 2]), (tensor, &[1, 2, 4, 5]), (merge, &[3, 4, 5])])
            }
        }
    }

    /// An operator on the two axes at `at` of a tensor, one matrix for each place along the others; adjoint on request: of
    /// the map that takes E to the value, the one that takes G to the matrix with `<G, f(E)> = <adjoint(G), E>`.
    pub(crate) fn apply_operator(&mut self, f: LinearOperator, operands: &[NodeId], t: NodeId, at: usize, adjoint: bool) -> NodeId {
        if self.order(t) == 2 {
            let mut all: Operands = operands.iter().map(|&x| if adjoint { self.transpose(x) } else { x }).collect();
            all.push(t);
            return self.operator(f, all);
        }
        if let Some((matrix, rest)) = self.separated(t, at) {
            let value = self.apply_operator(f, operands, matrix, 0, adjoint);
            return self.beside(value, rest, at);
        }
        match f {
            LinearOperator::Sylvester => {
                let matrix = self.matrix_of_operator(f, operands);
                self.apply_stacked(matrix, t, at, adjoint)
            }
            LinearOperator::FrechetExpm | LinearOperator::FrechetLogm | LinearOperator::FrechetCosm | LinearOperator::FrechetSinm => {
                let tensor = self.open_operator(f, operands.into(), 1);
                self.apply_tensor(tensor, t, at, adjoint)
            }
        }
    }

    /// What the tensor of an operator does to another one: the two axes at `at` meet its last two and become its other ones, or
    /// the other way round.
    pub(crate) fn apply_tensor(&mut self, tensor: NodeId, t: NodeId, at: usize, adjoint: bool) -> NodeId {
        let (own, axes): (Axes, Axes) = (self.axes(tensor).into(), self.axes(t).into());
        let mut draft = Draft::new();
        let met_axes = if adjoint { own.len() - 2 } else { 2 };
        let rest: Axes = axes[..at].iter().chain(&axes[at + met_axes..]).copied().collect();
        let (own, labels) = (draft.labels(&own), draft.labels(&rest));
        let (first, last) = own.split_at(own.len() - 2);
        let (met, left) = if adjoint { (first, last) } else { (last, first) };
        let around = |inner: &[Label]| labels[..at].iter().chain(inner).chain(&labels[at..]).copied().collect::<Labels>();
        draft.factor(tensor, &own).factor(t, &around(met));
        self.contract(draft.out(&around(left)))
    }

    /// What a matrix does to two axes of a tensor, columns stacked.
    pub(crate) fn apply_stacked(&mut self, matrix: NodeId, t: NodeId, at: usize, adjoint: bool) -> NodeId {
        let axes: Axes = self.axes(t).into();
        let mut draft = Draft::new();
        let labels = draft.labels(&axes);
        let (m, n) = (axes[at], axes[at + 1]);
        let merge = self.insert(Node::Merge(m, n));
        let (i, j, long, stacked) = (draft.label(m), draft.label(n), draft.label(m * n), draft.label(m * n));
        let order = if adjoint { [stacked, long] } else { [long, stacked] };
        draft.factor(t, &labels).factor(merge, &[stacked, labels[at], labels[at + 1]]).factor(matrix, &order).factor(merge, &[long, i, j]);
        let out: Vec<Label> = labels[..at].iter().chain([&i, &j]).chain(&labels[at + 2..]).copied().collect();
        self.contract(draft.out(&out))
    }

    /// Of `sylvester(A, A', C)`, the symmetry of C.
    pub(super) fn facts_of_operator(&self, f: LinearOperator, operands: &[NodeId]) -> Facts {
        match (f, operands) {
            (LinearOperator::Sylvester, [a, b, c]) => {
                let turned = self.found_transpose(*a).is_some_and(|(parity, t)| parity == super::Parity::Even && t == *b);
                let mirrored = turned || (a == b && self.is_symmetric(*a));
                if mirrored && self.is_symmetric(*c) { Facts::SYMMETRIC } else { Facts::NONE }
            }
            (LinearOperator::Sylvester, _) | (_, [_]) => Facts::NONE,
            (_, operands) if operands.iter().all(|a| self.is_symmetric(*a)) => Facts::SYMMETRIC,
            _ => Facts::NONE,
        }
    }

    pub fn pseudoinverse(&mut self, a: NodeId) -> NodeId {
        let axes: Axes = self.axes(a).into();
        if let Node::Zero(_) = self.node(a) {
            return self.zero(&[axes[1], axes[0]]);
        }
        if self.meta(a).facts.contains(Facts::INVERTIBLE) && axes[0] == axes[1] {
            return self.inverse(a);
        }
        let (n, core) = self.unscaled(a);
        if let Some(c) = n.recip().filter(|_| !n.is_one()) {
            let inverse = self.pseudoinverse(core);
            return self.scale(&c, inverse);
        }
        if let Node::Opaque(Opaque::Pinv, x) = self.node(a) {
            return *x;
        }
        if let Some((x, y)) = self.as_kronecker(a) {
            let (x, y) = (self.pseudoinverse(x), self.pseudoinverse(y));
            return self.kronecker(x, y);
        }
        let (n, scalars, core) = self.without_scalars(a);
        if !scalars.is_empty() {
            let mut draft = Draft::new();
            draft.coefficient = n;
            scalars.iter().for_each(|s| {
                draft.factor(*s, &[]);
            });
            let factor = self.contract(draft);
            let (reciprocal, inverse) = (self.power(factor, &Number::MINUS_ONE), self.pseudoinverse(core));
            return self.times(reciprocal, inverse);
        }
        match self.in_better_orientation(a) {
            Some(t) => {
                let inverse = self.pseudoinverse(t);
                self.transpose(inverse)
            }
            None => self.insert(Node::Opaque(Opaque::Pinv, a)),
        }
    }

    /// The terms of the differential of the pseudoinverse P of X where its rank does not change:
    /// `dP = -P*dX*P + P*P'*dX'*(eye - X*P) + (eye - P*X)*dX'*P'*P` (Golub and Pereyra 1973, (4.12)). At full rank one of the
    /// projectors is 0.
    pub(crate) fn differential_of_pseudoinverse(&mut self, x: NodeId, p: NodeId) -> Vec<Sandwich> {
        let turned = self.transpose(p);
        let mut terms = vec![Sandwich { sign: Number::MINUS_ONE, left: p, turned: false, right: p }];
        let (rows, columns) = (self.product(&[p, turned]), self.product(&[turned, p]));
        let (left, right) = (self.off_projector(&[p, x]), self.off_projector(&[x, p]));
        terms.push(Sandwich { sign: Number::ONE, left: rows, turned: true, right });
        terms.push(Sandwich { sign: Number::ONE, left, turned: true, right: columns });
        terms
    }

    /// The identity less a product.
    fn off_projector(&mut self, factors: &[NodeId]) -> NodeId {
        let product = self.product(factors);
        let axes: Axes = self.axes(product).into();
        let eye = self.eye(axes[0]);
        self.sum(&axes, vec![(Number::ONE, eye), (Number::MINUS_ONE, product)])
    }

    /// `X*pinv(X)` and `pinv(X)*X` change nothing about X and pinv(X) on their side, and are symmetric.
    pub(super) fn absorb_projector(&mut self, draft: &mut Draft) -> bool {
        for at in 0..draft.factors.len() {
            let Node::Opaque(Opaque::Pinv, x) = *self.node(draft.factors[at].node) else { continue };
            for other in 0..draft.factors.len() {
                if draft.factors[other].node == x && self.absorb_into(draft, at, other) {
                    return true;
                }
            }
        }
        false
    }

    /// The pseudoinverse at `at` and its argument at `other`, joined on either side.
    fn absorb_into(&mut self, draft: &mut Draft, at: usize, other: usize) -> bool {
        let (inverse, matrix) = (draft.factors[at].clone(), draft.factors[other].clone());
        let private = |d: &Draft, l: Label| !d.is_out(l) && d.uses(l) == 2;
        // The side of the matrix on which the projector acts: its rows for X*pinv(X).
        for side in [0, 1] {
            if inverse.labels[side] != matrix.labels[1 - side] || !private(draft, inverse.labels[side]) {
                continue;
            }
            let ends = [inverse.labels[1 - side], matrix.labels[side]];
            let absorbs = |d: &Draft, k: usize| {
                let f = &d.factors[k];
                let axis = if f.node == matrix.node { side } else { 1 - side };
                let fits = f.node == matrix.node || f.node == inverse.node;
                k != at && k != other && fits && ends.contains(&f.labels[axis]) && private(d, f.labels[axis])
            };
            if (0..draft.factors.len()).any(|k| absorbs(draft, k)) {
                draft.alive[inverse.labels[side] as usize] = false;
                draft.factors.remove(at.max(other));
                draft.factors.remove(at.min(other));
                draft.join(ends[0], ends[1]);
                return true;
            }
        }
        false
    }

    /// `eye - X*pinv(X)` times X, and its like, is 0.
    pub(super) fn annihilate(&mut self, draft: &mut Draft) -> bool {
        for at in 0..draft.factors.len() {
            let f = &draft.factors[at];
            let Some((x, side)) = self.complement_of_projector(f.node) else { continue };
            let ends = f.labels.clone();
            let zero = |g: &Factor| {
                let axis = match self.node(g.node) {
                    _ if g.node == x => side,
                    Node::Opaque(Opaque::Pinv, y) if *y == x => 1 - side,
                    _ => return false,
                };
                let l = g.labels[axis];
                ends.contains(&l) && !draft.is_out(l) && draft.uses(l) == 2
            };
            if draft.factors.iter().any(zero) {
                let axes: Axes = self.axes(f.node).into();
                draft.factors[at].node = self.zero(&axes);
                return true;
            }
        }
        false
    }

    /// X and the side on which it is met, where a node is a multiple of `eye - X*pinv(X)` (the rows, 0) or of
    /// `eye - pinv(X)*X` (the columns, 1).
    fn complement_of_projector(&self, a: NodeId) -> Option<(NodeId, usize)> {
        let Node::Sum(terms) = self.node(a) else { return None };
        let [(m, a), (n, b)] = terms.as_slice() else { return None };
        if *m != -n {
            return None;
        }
        let pair = |eye: NodeId, product: NodeId| match (self.node(eye), self.node(product)) {
            (Node::Contract(one), Node::Contract(c)) if one.factors.is_empty() && one.out.as_slice() == [0, 0] => self.as_projector(c),
            _ => None,
        };
        pair(*a, *b).or_else(|| pair(*b, *a))
    }

    /// X and the side on which it is met, where a contraction is `X*pinv(X)` (its rows, 0) or `pinv(X)*X` (its columns, 1).
    pub(super) fn as_projector(&self, c: &Contraction) -> Option<(NodeId, usize)> {
        let [f, g] = c.factors.as_slice() else { return None };
        let joined = |inverse: &Factor, x: &Factor| match self.node(inverse.node) {
            Node::Opaque(Opaque::Pinv, y) if *y == x.node => (0..2).find(|&side| inverse.labels[side] == x.labels[1 - side]),
            _ => None,
        };
        let (x, side) = joined(f, g).map(|side| (g.node, side)).or_else(|| joined(g, f).map(|side| (f.node, side)))?;
        (c.dims.len() == 3 && c.out.len() == 2 && c.out[0] != c.out[1]).then_some((x, side))
    }
}

/// `sign*left*dX*right`, or with dX'.
pub(crate) struct Sandwich {
    pub sign: Number,
    pub left: NodeId,
    pub turned: bool,
    pub right: NodeId,
}
