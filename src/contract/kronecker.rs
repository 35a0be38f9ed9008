//! Kronecker products found again in index form, so that their inverses are made of small ones.

use super::{Draft, all_distinct, components};
use crate::index::{Contraction, Factor, Graph, Label, Labels, Node, NodeId};

/// The labels that an axis of the whole stacks.
struct Stack {
    inner: Label,
    outer: Label,
}

impl Graph {
    /// The inverse for a derivative: `inv(kron(A, B))` is `kron(inv(A), inv(B))` there, since what meets it is a product of small
    /// matrices. As a value it stays as short as it is.
    pub(crate) fn inverse_for_derivative(&mut self, a: NodeId) -> NodeId {
        match self.as_kronecker(a) {
            Some((first, second)) => {
                let (first, second) = (self.inverse_for_derivative(first), self.inverse_for_derivative(second));
                self.kronecker(first, second)
            }
            None => self.inverse(a),
        }
    }

    /// A and B of `kron(A, B)`, both square.
    pub(super) fn as_kronecker(&mut self, a: NodeId) -> Option<(NodeId, NodeId)> {
        let (coefficient, core) = self.unscaled(a);
        let Node::Contract(c) = self.node(core) else { return None };
        let (rows, columns) = (self.stack(c, 0)?, self.stack(c, 1)?);
        if [rows.outer, columns.outer].iter().any(|l| *l == rows.inner || *l == columns.inner) {
            return None;
        }
        let c = c.clone();
        let mut rest = Draft::new();
        rest.labels(&c.dims);
        rest.factors = c.factors.iter().filter(|f| !f.labels.iter().any(|l| c.out.contains(l))).cloned().collect();
        let mut first = rest.part(Labels::from_slice(&[rows.outer, columns.outer]), Vec::new());
        let mut second = rest.part(Labels::from_slice(&[rows.inner, columns.inner]), Vec::new());
        for component in components(&rest) {
            let factors: Vec<Factor> = component.iter().map(|&k| rest.factors[k].clone()).collect();
            let meets = |side: &Draft| factors.iter().flat_map(|f| &f.labels).any(|l| side.out.contains(l));
            match (meets(&first), meets(&second)) {
                (true, true) => return None,
                (false, true) => second = rest.part(second.out.clone(), second.factors.into_iter().chain(factors).collect()),
                (_, false) => first = rest.part(first.out.clone(), first.factors.into_iter().chain(factors).collect()),
            }
        }
        first.coefficient = coefficient;
        let (first, second) = (self.contract(first), self.contract(second));
        let square = |g: &Graph, a: NodeId| matches!(g.axes(a), [m, n] if m == n);
        (square(self, first) && square(self, second)).then_some((first, second))
    }

    fn stack(&self, c: &Contraction, axis: usize) -> Option<Stack> {
        let long = *c.out.get(axis).filter(|_| all_distinct(&c.out))?;
        let mut meeting = c.factors.iter().filter(|f| f.labels.contains(&long));
        match (meeting.next(), meeting.next()) {
            (Some(f), None) if matches!(self.node(f.node), Node::Merge(..)) && f.labels[0] == long => {
                Some(Stack { inner: f.labels[1], outer: f.labels[2] })
            }
            _ => None,
        }
    }
}
