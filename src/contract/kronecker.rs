//! Kronecker products: taken apart again, and functions of them.
//!
//! Sources: Horn and Johnson 1991, chapter 4; Magnus and Neudecker 2019, chapter 2; Higham 2008, theorem 10.9.

use super::{Draft, all_distinct};
use crate::dim::Dim;
use crate::fact::Facts;
use crate::index::{Axes, Graph, Labels, Node, NodeId, Opaque};
use crate::number::Number;

impl Graph {
    /// A and B of `kron(A, B)`.
    pub(super) fn as_kronecker(&mut self, a: NodeId) -> Option<(NodeId, NodeId)> {
        let (n, core) = self.unscaled(a);
        let Node::Contract(c) = self.node(core) else { return None };
        if c.out.len() != 2 || !all_distinct(&c.out) {
            return None;
        }
        let stacked = |at: usize| c.factors.iter().position(|f| matches!(self.node(f.node), Node::Merge(..)) && f.labels[0] == c.out[at]);
        let (rows, columns) = (stacked(0)?, stacked(1)?);
        let c = c.clone();
        let mut draft = Draft::new();
        draft.labels(&c.dims);
        c.out.iter().for_each(|l| draft.retire(*l));
        draft.coefficient = n;
        for (_, f) in c.factors.iter().enumerate().filter(|(k, _)| *k != rows && *k != columns) {
            draft.factor(f.node, &f.labels);
        }
        let (rows, columns) = (&c.factors[rows].labels, &c.factors[columns].labels);
        let out: Labels = [rows[2], columns[2], rows[1], columns[1]].into_iter().collect();
        let tensor = self.contract(draft.out(&out));
        self.separated(tensor, 0)
    }

    /// A and B of `kron(A, B)`, both of them square.
    pub(super) fn as_square_kronecker(&mut self, a: NodeId) -> Option<(NodeId, NodeId)> {
        let square = |g: &Graph, x: NodeId| g.axes(x)[0] == g.axes(x)[1];
        self.as_kronecker(a).filter(|&(x, y)| square(self, x) && square(self, y))
    }

    /// The inverse for a derivative: `inv(kron(A, B))` is `kron(inv(A), inv(B))` there, since what meets it is a product of small
    /// matrices. As a value it stays as short as it is.
    pub(crate) fn inverse_for_derivative(&mut self, a: NodeId) -> NodeId {
        match self.as_square_kronecker(a) {
            Some((first, second)) => {
                let (first, second) = (self.inverse_for_derivative(first), self.inverse_for_derivative(second));
                self.kronecker(first, second)
            }
            None => self.inverse(a),
        }
    }

    /// A function of `kron(A, eye)` or `kron(eye, B)`; the exponential of their sums, which commute; and the root and the logarithm of
    /// `kron(A, B)`, if the eigenvalues of one of them are positive, so that no product of eigenvalues leaves the principal branch.
    pub(super) fn function_of_kronecker(&mut self, f: Opaque, a: NodeId) -> Option<NodeId> {
        if let Some([x, y]) = self.as_kronecker_sum(a) {
            let both = |g: &mut Graph, x: NodeId| (!matches!(g.node(x), Node::Zero(_))).then(|| g.function_of_matrix(f, x));
            let (rows, columns) = (self.axes(x)[0], self.axes(y)[0]);
            return match (both(self, x), both(self, y)) {
                (Some(x), None) => {
                    let eye = self.eye(columns);
                    Some(self.kronecker(x, eye))
                }
                (None, Some(y)) => {
                    let eye = self.eye(rows);
                    Some(self.kronecker(eye, y))
                }
                (Some(x), Some(y)) if f == Opaque::Expm => Some(self.kronecker(x, y)),
                _ => None,
            };
        }
        if !matches!(f, Opaque::Sqrtm | Opaque::Logm) {
            return None;
        }
        let (x, y) = self.as_square_kronecker(a)?;
        if ![x, y].iter().any(|z| self.meta(*z).facts.contains(Facts::POSDEF)) {
            return None;
        }
        let (first, second) = (self.function_of_matrix(f, x), self.function_of_matrix(f, y));
        if f == Opaque::Sqrtm {
            return Some(self.kronecker(first, second));
        }
        let (rows, columns) = (self.eye(self.axes(x)[0]), self.eye(self.axes(y)[0]));
        let (first, second) = (self.kronecker(first, columns), self.kronecker(rows, second));
        let axes: Axes = self.axes(a).into();
        Some(self.sum(&axes, vec![(Number::ONE, first), (Number::ONE, second)]))
    }

    /// A and B of `kron(A, eye) + kron(eye, B)`, one of which may be 0.
    fn as_kronecker_sum(&mut self, a: NodeId) -> Option<[NodeId; 2]> {
        let terms = match self.node(a) {
            Node::Sum(terms) => terms.clone(),
            Node::Contract(_) | Node::Scale(..) => vec![(Number::ONE, a)],
            _ => return None,
        };
        let mut parts: [Vec<(Number, NodeId)>; 2] = Default::default();
        let mut sizes: Option<[Dim; 2]> = None;
        for (n, t) in terms.iter() {
            let (x, y) = self.as_square_kronecker(*t)?;
            let own = [self.axes(x)[0], self.axes(y)[0]];
            if *sizes.get_or_insert(own) != own {
                return None;
            }
            if let Some(s) = self.as_multiple_of_eye(y) {
                parts[0].push((n.clone(), self.times(s, x)));
            } else if let Some(s) = self.as_multiple_of_eye(x) {
                parts[1].push((n.clone(), self.times(s, y)));
            } else {
                return None;
            }
        }
        let [m, n] = sizes?;
        let [first, second] = parts;
        Some([self.sum(&[m, m], first), self.sum(&[n, n], second)])
    }
}
