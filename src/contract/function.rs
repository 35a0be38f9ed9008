//! Functions of square matrices, eigenvalues and singular values: what is known of them at once, what becomes of them in
//! products, and their differentials.
//!
//! Nothing here takes two matrices for commuting that are not known to. Sources: Higham 2008, chapters 1 and 3; Magnus
//! and Neudecker 2019, chapter 9.

use super::Draft;
use super::spectra::Simpler;
use crate::dim::Dim;
use crate::error::{Error, ErrorKind, Result};
use crate::fact::Facts;
use crate::function::Map;
use crate::index::{Axes, Factor, Graph, Label, Labels, LinearOperator, Node, NodeId, Opaque};
use crate::number::Number;

/// Powers with exponents up to this are written as products.
const MOST_FACTORS: i64 = 8;

impl Graph {
    /// A function of a square matrix; of a diagonal one entry by entry.
    pub(super) fn function_of_matrix(&mut self, f: Opaque, a: NodeId) -> NodeId {
        if let Some(known) = self.known_function(f, a).or_else(|| self.function_of_kronecker(f, a)) {
            return known;
        }
        if let Some((n, v)) = self.as_diagonal(a) {
            let v = self.function_of_scalar(f, v);
            return self.diagonal(v, n);
        }
        let (n, core) = self.unscaled(a);
        match self.in_better_orientation(core) {
            Some(t) => {
                let t = self.scale(&n, t);
                let value = self.function_of_matrix(f, t);
                self.transpose(value)
            }
            None => self.insert(Node::Opaque(f, a)),
        }
    }

    /// What the function of a 1×1 matrix is, entry by entry.
    pub(crate) fn function_of_scalar(&mut self, f: Opaque, v: NodeId) -> NodeId {
        match f {
            Opaque::Expm => self.map(Map::Exp, v),
            Opaque::Logm => self.map(Map::Log, v),
            Opaque::Cosm => self.map(Map::Cos, v),
            Opaque::Sinm => self.map(Map::Sin, v),
            Opaque::Inv => self.power(v, &Number::MINUS_ONE),
            Opaque::Sqrtm | Opaque::Cholesky => self.power(v, &Number::ratio(1, 2)),
            _ => v,
        }
    }

    fn known_function(&mut self, f: Opaque, a: NodeId) -> Option<NodeId> {
        if let Node::Zero(axes) = self.node(a) {
            let n = axes[0];
            return match f {
                Opaque::Expm | Opaque::Cosm => Some(self.eye(n)),
                Opaque::Sinm | Opaque::Sqrtm => Some(a),
                _ => None,
            };
        }
        match f {
            Opaque::Expm => self.exponential_of_logarithm(a),
            Opaque::Logm => match *self.node(a) {
                Node::Opaque(Opaque::Inv, x) => {
                    let log = self.function_of_matrix(f, x);
                    Some(self.negate(log))
                }
                // The logarithm of another exponential may be another one: that of a turn by 2*pi is 0.
                Node::Opaque(Opaque::Expm, x) if self.is_symmetric(x) => Some(x),
                _ => None,
            },
            Opaque::Sqrtm => self.known_root(a),
            Opaque::Sinm | Opaque::Cosm => {
                let Node::Scale(n, _) = self.node(a) else { return None };
                if !n.is_negative() {
                    return None;
                }
                let positive = self.negate(a);
                let value = self.function_of_matrix(f, positive);
                Some(if f == Opaque::Sinm { self.negate(value) } else { value })
            }
            _ => None,
        }
    }

    /// `expm(p*logm(A))` is the power of A with that exponent; a product, where that is a half of a small whole number.
    fn exponential_of_logarithm(&mut self, a: NodeId) -> Option<NodeId> {
        let (p, core) = self.unscaled(a);
        match *self.node(core) {
            Node::Opaque(Opaque::Logm, x) => self.power_of_matrix(x, &p),
            _ => None,
        }
    }

    /// `A^p`, if p is a half of a small whole number.
    pub(crate) fn power_of_matrix(&mut self, a: NodeId, p: &Number) -> Option<NodeId> {
        let halves = (p * &Number::int(2)).as_integer().filter(|h| h.abs() <= 2 * MOST_FACTORS)?;
        let (whole, negative) = (halves.abs() / 2, halves < 0);
        let mut factors = vec![a; whole.unsigned_abs() as usize];
        if halves % 2 != 0 {
            factors.push(self.function_of_matrix(Opaque::Sqrtm, a));
        }
        if negative {
            factors = factors.into_iter().map(|x| self.inverse(x)).collect();
        }
        if factors.is_empty() {
            let n = self.axes(a)[0];
            return Some(self.eye(n));
        }
        Some(self.product(&factors))
    }

    /// The root of an inverse, of a positive multiple, and of the square of a semidefinite matrix.
    fn known_root(&mut self, a: NodeId) -> Option<NodeId> {
        if let Node::Opaque(Opaque::Inv, x) = *self.node(a) {
            let root = self.function_of_matrix(Opaque::Sqrtm, x);
            return Some(self.inverse(root));
        }
        let half = Number::ratio(1, 2);
        let (n, _) = self.unscaled(a);
        if let Some(root) = n.pow(&half).filter(|_| !n.is_one() && !n.is_negative()) {
            let (_, core) = self.unscaled(a);
            let value = self.function_of_matrix(Opaque::Sqrtm, core);
            return Some(self.scale(&root, value));
        }
        let Node::Contract(c) = self.node(a) else { return None };
        match self.links(&c.clone()).as_deref() {
            Some([x, y]) if x == y && self.meta(*x).facts.contains(Facts::PSD) && c_is_pure(self, a) => Some(*x),
            _ => None,
        }
    }

    /// Neighbours in a chain that are one function of one matrix: `expm(X)*expm(Y)` for X and Y that commute,
    /// `sqrtm(X)*sqrtm(X)`, and roots beside their matrix or its inverse.
    pub(super) fn join_functions(&mut self, draft: &mut Draft) -> bool {
        if !draft.factors.iter().any(|f| self.is_joinable(f.node)) {
            return false;
        }
        for at in 0..draft.factors.len() {
            for other in 0..draft.factors.len() {
                if !self.is_joinable(draft.factors[at].node) && !self.is_joinable(draft.factors[other].node) {
                    continue;
                }
                let Some((left, right, between)) = self.neighbours(draft, at, other) else { continue };
                let Some(node) = self.joined_functions(draft.factors[at].node, draft.factors[other].node) else { continue };
                draft.alive[between as usize] = false;
                draft.factors[at] = Factor { node, labels: Labels::from_slice(&[left, right]) };
                draft.factors.remove(other);
                return true;
            }
        }
        false
    }

    fn is_joinable(&self, a: NodeId) -> bool {
        match self.node(a) {
            Node::Opaque(Opaque::Expm | Opaque::Sqrtm, _) => true,
            Node::Opaque(Opaque::Inv, s) => matches!(self.node(*s), Node::Opaque(Opaque::Sqrtm, _)),
            _ => false,
        }
    }

    /// The outer labels of two factors that are neighbours in this order, and the label between them.
    pub(super) fn neighbours(&self, draft: &Draft, at: usize, other: usize) -> Option<(Label, Label, Label)> {
        let (f, g) = (&draft.factors[at], &draft.factors[other]);
        if at == other || f.labels.len() != 2 || g.labels.len() != 2 {
            return None;
        }
        let ends = |f: &Factor, last: usize| if self.has_symmetric_axes(f.node) { vec![last, 1 - last] } else { vec![last] };
        let private = |l: Label| !draft.is_out(l) && draft.uses(l) == 2;
        ends(f, 1).into_iter().find_map(|i| {
            let j = ends(g, 0).into_iter().find(|&j| f.labels[i] == g.labels[j] && private(f.labels[i]))?;
            Some((f.labels[1 - i], g.labels[1 - j], f.labels[i]))
        })
    }

    fn joined_functions(&mut self, f: NodeId, g: NodeId) -> Option<NodeId> {
        if let Some(power) = self.next_power(f, g).or_else(|| self.next_power(g, f)) {
            return Some(power);
        }
        let root = |graph: &Graph, a: NodeId| match *graph.node(a) {
            Node::Opaque(Opaque::Sqrtm, x) => Some(x),
            _ => None,
        };
        let inverse = |graph: &Graph, a: NodeId| match *graph.node(a) {
            Node::Opaque(Opaque::Inv, x) => Some(x),
            _ => None,
        };
        if let (Node::Opaque(Opaque::Expm, x), Node::Opaque(Opaque::Expm, y)) = (self.node(f), self.node(g)) {
            let (x, y) = (*x, *y);
            if !self.commute(x, y) {
                return None;
            }
            let axes: Axes = self.axes(x).into();
            let sum = self.sum(&axes, vec![(Number::ONE, x), (Number::ONE, y)]);
            return Some(self.function_of_matrix(Opaque::Expm, sum));
        }
        if let Some(x) = root(self, f) {
            // sqrtm(X)*sqrtm(X) = X, and sqrtm(X)*inv(X) = inv(sqrtm(X)).
            return match (root(self, g), inverse(self, g)) {
                (Some(y), _) if x == y => Some(x),
                (_, Some(y)) if x == y => Some(self.inverse(f)),
                _ => None,
            };
        }
        let s = inverse(self, f)?;
        let x = root(self, s)?;
        match inverse(self, g) {
            _ if g == x => Some(s),
            Some(t) if t == s => Some(self.inverse(x)),
            _ => None,
        }
    }

    /// `X^p*X` and `X^p*inv(X)` as powers of X, of which `X^p` is written `expm(p*logm(X))`.
    fn next_power(&mut self, power: NodeId, other: NodeId) -> Option<NodeId> {
        let Node::Opaque(Opaque::Expm, argument) = *self.node(power) else { return None };
        let (n, scalars, core) = self.without_scalars(argument);
        let Node::Opaque(Opaque::Logm, x) = *self.node(core) else { return None };
        let step = match *self.node(other) {
            _ if other == x => Number::ONE,
            Node::Opaque(Opaque::Inv, y) if y == x => Number::MINUS_ONE,
            _ => return None,
        };
        let mut draft = Draft::new();
        draft.coefficient = n;
        scalars.into_iter().for_each(|s| {
            draft.factor(s, &[]);
        });
        let (exponent, one) = (self.contract(draft), self.one());
        let exponent = self.sum(&[], vec![(Number::ONE, exponent), (step, one)]);
        let argument = self.times(exponent, core);
        Some(self.function_of_matrix(Opaque::Expm, argument))
    }

    /// The differential of a function at X for the change in the two axes at `at` of a tensor; adjoint on request. That
    /// of the root S solves `S*dS + dS*S = dX` (Higham 2008, (6.2) and problem 3.10).
    pub(crate) fn differential_of_function(&mut self, f: Opaque, x: NodeId, e: NodeId, at: usize, adjoint: bool) -> NodeId {
        let operator = match f {
            Opaque::Logm => LinearOperator::FrechetLogm,
            Opaque::Cosm => LinearOperator::FrechetCosm,
            Opaque::Sinm => LinearOperator::FrechetSinm,
            Opaque::Sqrtm => {
                if let Some((e, rest)) = self.separated(e, at) {
                    let value = self.differential_of_function(f, x, e, 0, adjoint);
                    return self.beside(value, rest, at);
                }
                let root = self.function_of_matrix(f, x);
                let turned = self.transpose(x);
                if self.order(e) == 2 && self.commute(if adjoint { turned } else { x }, e) {
                    let root = if adjoint { self.transpose(root) } else { root };
                    let slope = self.inverse(root);
                    let slope = self.scale(&Number::ratio(1, 2), slope);
                    return self.product(&[e, slope]);
                }
                return self.apply_operator(LinearOperator::Sylvester, &[root, root], e, at, adjoint);
            }
            _ => LinearOperator::FrechetExpm,
        };
        self.apply_operator(operator, &[x], e, at, adjoint)
    }

    /// A tensor as a matrix in the two axes at `at` beside what has the others; `None` if they are joined, or there are no
    /// others.
    pub(super) fn separated(&mut self, t: NodeId, at: usize) -> Option<(NodeId, NodeId)> {
        let (n, core) = self.unscaled(t);
        let Node::Contract(c) = self.node(core) else { return None };
        if c.out.len() < 3 {
            return None;
        }
        let c = c.clone();
        let own = &c.out[at..at + 2];
        let others: Labels = c.out[..at].iter().chain(&c.out[at + 2..]).copied().collect();
        let mut reached: Labels = own.into();
        // Each round reaches a further factor or ends.
        loop {
            let touches = |f: &Factor| f.labels.iter().any(|l| reached.contains(l)) && !f.labels.iter().all(|l| reached.contains(l));
            let Some(next) = c.factors.iter().find(|f| touches(f)) else { break };
            reached.extend(next.labels.iter().copied());
        }
        if others.iter().any(|l| reached.contains(l)) {
            return None;
        }
        let part = |graph: &mut Graph, own: bool, out: &[Label], n: &Number| {
            let mut draft = Draft::new();
            draft.labels(&c.dims);
            for (l, _) in c.dims.iter().enumerate() {
                if reached.contains(&(l as Label)) != own {
                    draft.retire(l as Label);
                }
            }
            draft.coefficient = n.clone();
            for f in c.factors.iter().filter(|f| (!f.labels.is_empty() && reached.contains(&f.labels[0])) == own) {
                draft.factor(f.node, &f.labels);
            }
            graph.contract(draft.out(out))
        };
        let matrix = part(self, true, own, &n);
        Some((matrix, part(self, false, &others, &Number::ONE)))
    }

    /// The product of a matrix and a tensor, the two axes of the matrix at `at`.
    pub(super) fn beside(&mut self, matrix: NodeId, rest: NodeId, at: usize) -> NodeId {
        let mut draft = Draft::new();
        let (own, others): (Axes, Axes) = (self.axes(matrix).into(), self.axes(rest).into());
        let (own, others) = (draft.labels(&own), draft.labels(&others));
        draft.factor(matrix, &own).factor(rest, &others);
        let out: Labels = others[..at].iter().chain(&own).chain(&others[at..]).copied().collect();
        self.contract(draft.out(&out))
    }

    /// Eigenvalues of transposes and multiples, and of what has its eigenvectors from a simpler matrix.
    pub(super) fn eigenvalue(&mut self, f: Opaque, a: NodeId) -> NodeId {
        if let Some(s) = self.as_multiple_of_eye(a) {
            return s;
        }
        let (n, core) = self.unscaled(a);
        if !n.is_one() {
            let value = self.eigenvalue(if n.is_negative() { f.other_end() } else { f }, core);
            return self.scale(&n, value);
        }
        if let Some(known) = self.known_eigenvalue(f, a) {
            return known;
        }
        let a = self.in_better_orientation(a).unwrap_or(a);
        self.insert(Node::Opaque(f, a))
    }

    /// Eigenvectors do not change with a positive factor, or on the way to a function of the matrix.
    pub(super) fn eigenvector(&mut self, f: Opaque, a: NodeId) -> NodeId {
        if self.axes(a) == [Dim::ONE, Dim::ONE] {
            let one = self.one();
            return self.fill(one, &[Dim::ONE]);
        }
        let (n, core) = self.unscaled(a);
        let f = if n.is_negative() { f.other_end() } else { f };
        match self.with_the_same_eigenvectors(f, core) {
            Some(Simpler { end, matrix, .. }) => self.eigenvector(end, matrix),
            None => self.insert(Node::Opaque(f, core)),
        }
    }

    /// # Errors
    /// If an eigenvector of a multiple of the identity is asked for, which has all vectors.
    pub(crate) fn check_eigenvectors(&mut self, root: NodeId) -> Result<()> {
        for id in self.reachable(&[root]) {
            if let Node::Opaque(Opaque::EigvecMax | Opaque::EigvecMin, a) = *self.node(id)
                && self.as_multiple_of_eye(a).is_some()
            {
                let error = Error::new(ErrorKind::Domain, "a multiple of the identity has no simple eigenvalue");
                return Err(error.help("where an eigenvalue is multiple, its eigenvector and its derivative do not exist"));
            }
        }
        Ok(())
    }

    /// The derivative of an eigenvalue by its matrix: `w*v'/(w'*v)` with the right eigenvector v and the left one w, which
    /// is `v*v'` of a symmetric matrix (Magnus and Neudecker 2019, chapter 9).
    pub(crate) fn slope_of_eigenvalue(&mut self, f: Opaque, a: NodeId) -> NodeId {
        let vector = if f == Opaque::LambdaMax { Opaque::EigvecMax } else { Opaque::EigvecMin };
        let v = self.eigenvector(vector, a);
        if self.is_symmetric(a) {
            return self.einsum(&[0, 1], &[(v, &[0]), (v, &[1])]);
        }
        let turned = self.transpose(a);
        let w = self.eigenvector(vector, turned);
        let product = self.einsum(&[], &[(w, &[0]), (v, &[0])]);
        let reciprocal = self.power(product, &Number::MINUS_ONE);
        self.einsum(&[0, 1], &[(w, &[0]), (v, &[1]), (reciprocal, &[])])
    }

    /// `pinv(lambda*eye - S)`, which takes `dS*v` to the change of an eigenvector v of a symmetric S (Magnus 1985).
    pub(crate) fn resolvent(&mut self, f: Opaque, s: NodeId) -> NodeId {
        let axes: Axes = self.axes(s).into();
        let lambda = self.eigenvalue(if f == Opaque::EigvecMax { Opaque::LambdaMax } else { Opaque::LambdaMin }, s);
        let eye = self.eye(axes[0]);
        let multiple = self.times(lambda, eye);
        let shifted = self.sum(&axes, vec![(Number::ONE, multiple), (Number::MINUS_ONE, s)]);
        self.pseudoinverse(shifted)
    }

    pub(super) fn nuclear_norm(&mut self, a: NodeId) -> NodeId {
        if let Node::Zero(_) = self.node(a) {
            return self.zero(&[]);
        }
        if self.meta(a).facts.contains(Facts::PSD) {
            return self.einsum(&[], &[(a, &[0, 0])]);
        }
        let (n, core) = self.unscaled(a);
        if !n.is_one() {
            let value = self.nuclear_norm(core);
            return self.scale(&n.abs(), value);
        }
        self.known_nuclear_norm(a).unwrap_or_else(|| {
            let a = self.in_better_orientation(a).unwrap_or(a);
            self.insert(Node::Opaque(Opaque::Nuclear, a))
        })
    }

    /// The derivative of the nuclear norm at full rank: `X*(X'*X)^(-1/2)`, or `(X*X')^(-1/2)*X` of a matrix that is known
    /// to be wide (Higham 2008, chapter 8).
    pub(crate) fn polar_factor(&mut self, x: NodeId) -> NodeId {
        let (m, n) = (self.axes(x)[0], self.axes(x)[1]);
        let wide = m.is_at_most(n) && !n.is_at_most(m);
        let turned = self.transpose(x);
        let gram = if wide { self.product(&[x, turned]) } else { self.product(&[turned, x]) };
        let root = self.function_of_matrix(Opaque::Sqrtm, gram);
        let inverse = self.inverse(root);
        if wide { self.product(&[inverse, x]) } else { self.product(&[x, inverse]) }
    }

    /// The lower triangle with half of the diagonal.
    fn half_triangle(&mut self, n: Dim) -> NodeId {
        let (triangle, eye) = (self.insert(Node::Triangle(n, n)), self.eye(n));
        self.sum(&[n, n], vec![(Number::ONE, triangle), (Number::ratio(-1, 2), eye)])
    }

    /// The differential of the Cholesky factor L of S for a change in the two axes at `at` of a tensor:
    /// `dL = L*(H.*(inv(L)*dS*inv(L)'))` with H the lower triangle of ones with 1/2 on the diagonal (Murray 2016, (8));
    /// adjoint on request. Only the symmetric part of the change counts.
    pub(crate) fn differential_of_cholesky(&mut self, l: NodeId, t: NodeId, at: usize, adjoint: bool) -> NodeId {
        let n = self.axes(l)[0];
        let (inverse, mask) = (self.inverse(l), self.half_triangle(n));
        let t = if adjoint { t } else { self.symmetrised(t, at) };
        let axes: Axes = self.axes(t).into();
        let mut draft = Draft::new();
        let labels = draft.labels(&axes);
        let (a, j, i, p, q) = (draft.label(n), draft.label(n), draft.label(n), draft.label(n), draft.label(n));
        let (from, to) = if adjoint { ([i, j], [p, q]) } else { ([p, q], [i, j]) };
        let around = |own: [Label; 2]| labels[..at].iter().chain(&own).chain(&labels[at + 2..]).copied().collect::<Labels>();
        draft.retire(labels[at]);
        draft.retire(labels[at + 1]);
        draft.factor(t, &around(from)).factor(l, &[i, a]).factor(mask, &[a, j]).factor(inverse, &[a, p]).factor(inverse, &[j, q]);
        let value = self.contract(draft.out(&around(to)));
        if adjoint { self.symmetrised(value, at) } else { value }
    }

    fn symmetrised(&mut self, t: NodeId, at: usize) -> NodeId {
        let axes: Axes = self.axes(t).into();
        if self.order(t) == 2 && self.is_symmetric(t) {
            return t;
        }
        let mut order: Vec<usize> = (0..axes.len()).collect();
        order.swap(at, at + 1);
        let turned = self.permute(t, &order);
        let half = Number::ratio(1, 2);
        self.sum(&axes, vec![(half.clone(), t), (half, turned)])
    }
}

/// Whether a product has no scalar factors.
fn c_is_pure(graph: &Graph, a: NodeId) -> bool {
    matches!(graph.node(a), Node::Contract(c) if c.factors.iter().all(|f| !f.labels.is_empty()))
}
