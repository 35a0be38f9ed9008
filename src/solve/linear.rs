//! Linear equations: `J*x = b`, with J the derivative of the difference of the sides.
//!
//! | J | solution |
//! | --- | --- |
//! | entry by entry | `b./w` |
//! | a matrix | `inv(J)*b`, `pinv(J)*b` |
//! | `A*X*B` | `inv(A)*C*inv(B)` |
//! | `A*X + X*B` | `sylvester(A, B, C)` |
//! | more terms, a transposed unknown | `inv(kron(B', A) + …)*vec(C)`, reshaped |
//! | fewer axes than the unknown has | least norm: `J'*inv(J*J')*b` |
//! | more axes | least squares: `inv(J'*J)*J'*b` |
//! | a multiple of a projector | `J*b`, divided by the square of what `J*J` is of J |

use super::provisos::has_delta;
use super::split::Term;
use super::{Need, Reach, Solver};
use crate::contract::Draft;
use crate::diff::derivative;
use crate::dim::Dim;
use crate::error::{Error, Result};
use crate::expr::{Expr, Op, Shape, Var};
use crate::fact::Facts;
use crate::function::{Call, Function};
use crate::index::{Axes, Label, Labels, Node, NodeId};
use crate::infer::infer;
use crate::lower::lower;
use crate::number::Number;
use crate::parse::Declarations;
use crate::prove::Expander;
use crate::raise::stacked;
use rustc_hash::FxHashMap;

/// `map*x = right`: the axes of the equation, then those of the unknown.
pub(super) struct Linear {
    pub map: NodeId,
    pub right: NodeId,
}

impl Solver<'_> {
    /// The equation `g = 0` as a linear one, if it is.
    pub(super) fn linear(&mut self, g: NodeId, x: &Var) -> Option<Linear> {
        let map = derivative(&mut self.graph, g, x).ok()?;
        // What has slope 0 and is not constant, such as `sign(x)`, is not linear.
        if matches!(self.graph.node(map), Node::Zero(_)) || self.depends(map, x) {
            return None;
        }
        let variable = self.graph.insert(Node::Var(x.clone()));
        let zero = self.graph.zero(&x.axes());
        let constant = self.put_in(g, variable, zero);
        let right = self.graph.negate(constant);
        Some(Linear { map, right })
    }

    /// The node with one of those below it replaced.
    pub(super) fn put_in(&mut self, root: NodeId, what: NodeId, by: NodeId) -> NodeId {
        let mut done: FxHashMap<NodeId, NodeId> = FxHashMap::default();
        for id in self.graph.reachable(&[root]) {
            let built = if id == what { by } else { self.graph.rebuilt(id, |a| done.get(&a).copied().unwrap_or(a)) };
            done.insert(id, built);
        }
        done.get(&root).copied().unwrap_or(root)
    }

    pub(super) fn solve_linear(&mut self, linear: &Linear) -> Result<NodeId> {
        let equations = self.graph.order(linear.right);
        let unknowns = self.graph.order(linear.map) - equations;
        if equations > 2 || unknowns > 2 {
            return Err(Error::unsupported("an equation or an unknown with more than two axes"));
        }
        if let Some(unstacked) = self.unstacked(linear) {
            return unstacked;
        }
        match equations.cmp(&unknowns) {
            std::cmp::Ordering::Equal => self.as_many(linear),
            std::cmp::Ordering::Less => self.least_norm(linear),
            std::cmp::Ordering::Greater => self.least_squares(linear),
        }
    }

    /// As many axes on both sides.
    fn as_many(&mut self, linear: &Linear) -> Result<NodeId> {
        let Linear { map, right } = *linear;
        if let Some(value) = self.of_projector(linear) {
            return Ok(value);
        }
        if let Some(entries) = self.entry_by_entry(map) {
            let reciprocal = self.reciprocal(entries);
            return Ok(self.graph.times(reciprocal, right));
        }
        if self.graph.order(right) == 1 {
            let inverse = self.inverse_or_pseudoinverse(map)?;
            let value = self.applied(inverse, right);
            self.judge_rectangular(linear, value);
            return Ok(value);
        }
        if let Some(terms) = self.terms(map)
            && let Some(value) = self.of_terms(&terms, right)?
        {
            self.judge_rectangular(linear, value);
            return Ok(value);
        }
        let turned = self.graph.permute(map, &[0, 1, 3, 2]);
        if let Some(terms) = self.terms(turned)
            && let Some(value) = self.of_terms(&terms, right)?
        {
            let value = self.graph.transpose(value);
            self.judge_rectangular(linear, value);
            return Ok(value);
        }
        let value = self.by_vec(map, right)?;
        self.judge_rectangular(linear, value);
        Ok(value)
    }

    /// `X + X' = C`, `tril(X) = C`, `x - mean(x) = c`: of a map P with `P' = P` and `P*P = s*P`, the solution of least norm is `P*c/s^2`.
    fn of_projector(&mut self, linear: &Linear) -> Option<NodeId> {
        let Linear { map, right } = *linear;
        let equations = self.graph.order(right);
        let axes = self.graph.axes_of_node(map);
        let square = axes[..equations] == axes[equations..];
        let ratio = |s: &mut Self, a: NodeId, b: NodeId| s.is_multiple(a, b);
        let adjoint = self.adjoint(map, equations);
        if !square || !ratio(self, adjoint, map)?.is_one() || self.is_multiple_of_identity(map) {
            return None;
        }
        let twice = self.gram(map, equations);
        let factor = ratio(self, twice, map)?.recip()?;
        let reached = self.applied(map, right);
        // Multiplied out, a matrix with a structure is written by a general one.
        let expanded = if equations == 1 { Expander::new(&mut self.graph, false).node(reached) } else { None };
        let reached = self.graph.scale(&factor, expanded.unwrap_or(reached));
        let value = self.graph.scale(&factor, reached);
        self.reach = Reach::LeastNorm(map);
        let off = self.plus(reached, Number::MINUS_ONE, right);
        if !matches!(self.graph.node(off), Node::Zero(_)) {
            self.need(Need::Consistent(reached, right));
            self.reach = Reach::LeastSquares;
        }
        Some(value)
    }

    fn is_multiple_of_identity(&mut self, map: NodeId) -> bool {
        let Some(weights) = self.entry_by_entry(map) else { return false };
        let (_, core) = self.graph.unscaled(weights);
        matches!(self.graph.node(core), Node::Contract(c) if c.factors.is_empty() && !has_delta(c))
    }

    /// The number that the second has to be multiplied by to be the first.
    fn is_multiple(&mut self, a: NodeId, b: NodeId) -> Option<Number> {
        let [a, b] = [a, b].map(|x| Expander::new(&mut self.graph, false).node(x).unwrap_or(x));
        let first = |s: &Self, x: NodeId| {
            let (n, core) = s.graph.unscaled(x);
            let Node::Sum(terms) = s.graph.node(core) else { return n };
            terms.first().map_or(Number::ONE, |(m, _)| &n * m)
        };
        let ratio = (&first(self, a) / &first(self, b))?;
        let difference = self.plus(a, -&ratio, b);
        matches!(self.graph.node(difference), Node::Zero(_)).then_some(ratio)
    }

    /// Stacked axes taken apart: `kron(A, B)*x = vec(C)` is `B*X*A' = C` with `x = vec(X)`.
    fn unstacked(&mut self, linear: &Linear) -> Option<Result<NodeId>> {
        let Linear { map, right } = *linear;
        let equations = self.graph.order(right);
        let order = self.graph.order(map);
        let outer = (equations == 1).then(|| self.stack_at(map, 0)).flatten()?;
        let map = self.taken_apart(map, 0, outer);
        let right = self.taken_apart(right, 0, outer);
        if order == 3 {
            return Some(self.solve_linear(&Linear { map, right }));
        }
        let inner = self.stack_at(map, 2)?;
        let map = self.taken_apart(map, 2, inner);
        let value = self.solve_linear(&Linear { map, right });
        Some(value.map(|value| {
            let [m, n] = inner;
            let merge = self.graph.insert(Node::Merge(m, n));
            self.graph.einsum(&[0], &[(merge, &[0, 1, 2]), (value, &[1, 2])])
        }))
    }

    /// The lengths that are stacked in an axis.
    fn stack_at(&self, a: NodeId, axis: usize) -> Option<[Dim; 2]> {
        match self.graph.node(a) {
            Node::Scale(_, core) => self.stack_at(*core, axis),
            Node::Sum(terms) => {
                let first = self.stack_at(terms.first()?.1, axis)?;
                terms.iter().all(|(_, t)| self.stack_at(*t, axis) == Some(first)).then_some(first)
            }
            Node::Contract(c) => {
                let label = c.out.get(axis)?;
                c.factors.iter().find_map(|f| match self.graph.node(f.node) {
                    Node::Merge(m, n) if f.labels.first() == Some(label) => Some([*m, *n]),
                    _ => None,
                })
            }
            _ => None,
        }
    }

    /// Two axes in place of the one that they are stacked in.
    fn taken_apart(&mut self, a: NodeId, axis: usize, [m, n]: [Dim; 2]) -> NodeId {
        let axes = self.graph.axes_of_node(a);
        let merge = self.graph.insert(Node::Merge(m, n));
        let mut draft = Draft::new();
        let labels = draft.labels(&axes);
        let (i, j) = (draft.label(m), draft.label(n));
        draft.factor(a, &labels).factor(merge, &[labels[axis], i, j]);
        let mut out: Vec<Label> = labels.to_vec();
        out.splice(axis..=axis, [i, j]);
        self.graph.contract(draft.out(&out))
    }

    /// The weights of a map that multiplies entry by entry.
    fn entry_by_entry(&mut self, map: NodeId) -> Option<NodeId> {
        let axes = self.graph.axes_of_node(map);
        let (rows, columns) = axes.split_at(axes.len() / 2);
        if rows != columns {
            return None;
        }
        let twice = |draft: &mut Draft| {
            let labels = draft.labels(rows);
            let both: Labels = labels.iter().chain(&labels).copied().collect();
            (labels, both)
        };
        let mut draft = Draft::new();
        let (labels, both) = twice(&mut draft);
        draft.factor(map, &both);
        let weights = self.graph.contract(draft.out(&labels));
        let mut draft = Draft::new();
        let (labels, both) = twice(&mut draft);
        draft.factor(weights, &labels);
        (self.graph.contract(draft.out(&both)) == map).then_some(weights)
    }

    /// The inverse of a matrix; of one that is not square, the pseudoinverse.
    fn inverse_or_pseudoinverse(&mut self, m: NodeId) -> Result<NodeId> {
        let axes = self.graph.axes_of_node(m);
        if axes[0] == axes[1] { Ok(self.inverse(m)) } else { self.call(Call::Pinv, &[m]) }
    }

    /// What a pseudoinverse gives is a solution only if there is one, and not the only one if there are more unknowns than
    /// equations.
    fn judge_rectangular(&mut self, linear: &Linear, value: NodeId) {
        let axes = self.graph.axes_of_node(linear.map);
        let equations = self.graph.order(linear.right);
        let (rows, columns) = axes.split_at(equations);
        if rows != columns {
            self.only_if_consistent(linear, value);
        }
    }

    /// The map of an argument.
    pub(super) fn applied(&mut self, map: NodeId, x: NodeId) -> NodeId {
        let axes = self.graph.axes_of_node(map);
        let outer = axes.len() - self.graph.order(x);
        let mut draft = Draft::new();
        let labels = draft.labels(&axes);
        draft.factor(map, &labels).factor(x, &labels[outer..]);
        self.graph.contract(draft.out(&labels[..outer]))
    }

    /// The map with the axes of the unknown first.
    fn adjoint(&mut self, map: NodeId, equations: usize) -> NodeId {
        let order = self.graph.order(map);
        let axes: Vec<usize> = (equations..order).chain(0..equations).collect();
        self.graph.permute(map, &axes)
    }

    /// `map*adjoint`, over the last axes of the map.
    fn gram(&mut self, map: NodeId, outer: usize) -> NodeId {
        let axes = self.graph.axes_of_node(map);
        let mut draft = Draft::new();
        let labels = draft.labels(&axes);
        let other: Labels = draft.labels(&axes[..outer]).into_iter().chain(labels[outer..].iter().copied()).collect();
        draft.factor(map, &labels).factor(map, &other);
        let out: Labels = labels[..outer].iter().chain(&other[..outer]).copied().collect();
        self.graph.contract(draft.out(&out))
    }

    pub(super) fn least_norm(&mut self, linear: &Linear) -> Result<NodeId> {
        let Linear { map, right } = *linear;
        let equations = self.graph.order(right);
        let gram = self.gram(map, equations);
        let multipliers = self.as_many(&Linear { map: gram, right })?;
        self.reach = Reach::LeastNorm(map);
        let adjoint = self.adjoint(map, equations);
        Ok(self.applied(adjoint, multipliers))
    }

    pub(super) fn least_squares(&mut self, linear: &Linear) -> Result<NodeId> {
        let normal = self.normal_equations(linear);
        let value = self.as_many(&normal)?;
        self.only_if_consistent(linear, value);
        Ok(value)
    }

    pub(super) fn normal_equations(&mut self, linear: &Linear) -> Linear {
        let Linear { map, right } = *linear;
        let equations = self.graph.order(right);
        let adjoint = self.adjoint(map, equations);
        let unknowns = self.graph.order(map) - equations;
        Linear { map: self.gram(adjoint, unknowns), right: self.applied(adjoint, right) }
    }

    pub(super) fn only_if_consistent(&mut self, linear: &Linear, value: NodeId) {
        let reached = self.applied(linear.map, value);
        if reached != linear.right {
            self.need(Need::Consistent(reached, linear.right));
            self.reach = Reach::LeastSquares;
        }
    }

    /// One term, or two of a Sylvester equation.
    fn of_terms(&mut self, terms: &[Term], right: NodeId) -> Result<Option<NodeId>> {
        match terms {
            [Term { left, right: last }] => {
                let (first, last) = (self.inverse_or_pseudoinverse(*left)?, self.inverse_or_pseudoinverse(*last)?);
                Ok(Some(self.product(&[first, right, last])))
            }
            [a, b] => match self.sylvester(a, b, right)? {
                Some(value) => Ok(Some(value)),
                None => self.sylvester(b, a, right),
            },
            _ => Ok(None),
        }
    }

    /// `A*X*R + L*X*B = C` with L and R that are known to be invertible is `inv(L)*A*X + X*B*inv(R) = inv(L)*C*inv(R)`.
    fn sylvester(&mut self, a: &Term, b: &Term, c: NodeId) -> Result<Option<NodeId>> {
        let known = |s: &Self, m: NodeId| s.graph.meta(m).facts.contains(Facts::INVERTIBLE);
        if !known(self, b.left) || !known(self, a.right) {
            return Ok(None);
        }
        let (l, r) = (self.graph.inverse(b.left), self.graph.inverse(a.right));
        let (mut first, mut second) = (self.product(&[l, a.left]), self.product(&[b.right, r]));
        let mut right = self.product(&[l, c, r]);
        // Of two signs people write the first as plus: `A*X - X*B`.
        if self.graph.unscaled(first).0.is_negative() {
            [&mut first, &mut second, &mut right].into_iter().for_each(|x| *x = self.graph.negate(*x));
        }
        let definite = |s: &Self, m: NodeId, fact| s.graph.meta(m).facts.contains(fact);
        let apart = |x, y| definite(self, x, Facts::POSDEF) && definite(self, y, Facts::PSD);
        if first == second && definite(self, first, Facts::PSD) {
            self.need_invertible(first);
        } else if !apart(first, second) && !apart(second, first) {
            self.need(Need::Spectra(first, second));
        }
        Ok(Some(self.call(Call::Sylvester, &[first, second, right])?))
    }

    /// `vec` of both sides makes any linear map of a matrix a matrix.
    fn by_vec(&mut self, map: NodeId, right: NodeId) -> Result<NodeId> {
        let axes = self.graph.axes_of_node(map);
        let Some(matrix) = stacked(&mut self.graph, map, 2) else {
            return Err(Error::unsupported("this linear map of a matrix"));
        };
        let inverse = self.inverse_or_pseudoinverse(matrix)?;
        let long = self.graph.axes_of_node(matrix);
        let [rows, columns] = [[axes[0], axes[1]], [axes[2], axes[3]]];
        let merges = [rows, columns].map(|[m, n]| self.graph.insert(Node::Merge(m, n)));
        let mut draft = Draft::new();
        let (equation, unknown) = (draft.label(long[0]), draft.label(long[1]));
        let (outer, inner) = (draft.labels(&rows), draft.labels(&columns));
        draft.factor(right, &outer).factor(merges[0], &[equation, outer[0], outer[1]]);
        draft.factor(inverse, &[unknown, equation]).factor(merges[1], &[unknown, inner[0], inner[1]]);
        Ok(self.graph.contract(draft.out(&inner)))
    }

    /// A function of the language of nodes.
    ///
    /// # Errors
    /// If this version cannot do it.
    pub(super) fn call(&mut self, f: Call, arguments: &[NodeId]) -> Result<NodeId> {
        let place = |k: usize, axes: &Axes| Var::new(&format!("argument{k}#"), Shape::of_axes(axes));
        let places: Vec<Var> = arguments.iter().enumerate().map(|(k, a)| place(k, &self.graph.axes_of_node(*a))).collect();
        let call = Expr::new(Op::Call(Function::Call(f), places.iter().cloned().map(Expr::var).collect()));
        let typed = infer(&call, &Declarations::new())?;
        let mut value = lower(&mut self.graph, &typed)?;
        for (at, place) in places.iter().enumerate() {
            let place = self.graph.insert(Node::Var(place.clone()));
            value = self.put_in(value, place, arguments[at]);
        }
        Ok(value)
    }

    /// The sum of two nodes of the same axes.
    pub(super) fn plus(&mut self, a: NodeId, n: Number, b: NodeId) -> NodeId {
        let axes = self.graph.axes_of_node(a);
        self.graph.sum(&axes, vec![(Number::ONE, a), (n, b)])
    }
}
