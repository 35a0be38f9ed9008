//! Forward differentiation: the tangent of a node has the node's axes first, then those of the variable,
//! or none if it is the tangent along a direction.
//!
//! Where the variable has fewer axes than the function, in particular for a scalar, no tensor on the way is larger than
//! the answer, and the product rule shows as people write it.

use super::{beside_the_change, dependent, one_kind, partial, resolvent, slope_of_largest};
use crate::contract::{Draft, Sandwich};
use crate::dim::Dim;
use crate::error::Result;
use crate::expr::Var;
use crate::index::{Axes, Contraction, Graph, Labels, LinearOperator, Node, NodeId, Opaque};
use crate::number::Number;
use rustc_hash::FxHashMap;

/// The tangent of `f`, where each of these variables has the tangent beside it, whose axes are those of the variable and
/// then the inner ones: axes of `f`, then the inner ones. With deltas for a tangent it is d f / d x, with a direction the
/// derivative along it.
///
/// # Errors
/// If the derivative of a function on the way is not known.
pub(super) fn along(graph: &mut Graph, f: NodeId, inner: &[Dim], seeds: &[(Var, NodeId)]) -> Result<NodeId> {
    let mut forward = Forward { inner: inner.into(), tangents: FxHashMap::default() };
    for (x, tangent) in seeds {
        one_kind(graph, f, x)?;
        forward.tangents.insert(graph.insert(Node::Var(x.clone())), *tangent);
    }
    let variables: Vec<NodeId> = forward.tangents.keys().copied().collect();
    let order = graph.reachable(&[f]);
    let depends = dependent(graph, &order, &variables);
    for node in order.into_iter().filter(|n| depends[n.0 as usize]) {
        if forward.of(node).is_none() {
            let tangent = forward.tangent(graph, node)?;
            forward.tangents.insert(node, tangent);
        }
    }
    let axes: Axes = graph.axes(f).iter().chain(inner).copied().collect();
    Ok(forward.of(f).unwrap_or_else(|| graph.zero(&axes)))
}

struct Forward {
    /// The axes of a tangent after those of its node.
    inner: Axes,
    /// Of each node that depends on a variable.
    tangents: FxHashMap<NodeId, NodeId>,
}

impl Forward {
    fn of(&self, node: NodeId) -> Option<NodeId> {
        self.tangents.get(&node).copied()
    }

    fn tangent(&self, graph: &mut Graph, node: NodeId) -> Result<NodeId> {
        let axes: Axes = graph.axes(node).iter().copied().chain(self.inner.iter().copied()).collect();
        let mut terms: Vec<(Number, NodeId)> = Vec::new();
        match graph.node(node).clone() {
            // Leaves other than the variable do not depend on it.
            Node::Var(_)
            | Node::Constant(_)
            | Node::Size(_)
            | Node::Zero(_)
            | Node::Unit(..)
            | Node::Select(_)
            | Node::Duplication(_)
            | Node::Elimination(_)
            | Node::LeviCivita(_)
            | Node::Merge(..)
            | Node::Triangle(..) => {}
            Node::Contract(c) => {
                for at in 0..c.factors.len() {
                    if let Some(t) = self.of(c.factors[at].node) {
                        terms.push((Number::ONE, self.of_factor(graph, &c, at, t)));
                    }
                }
            }
            Node::Scale(n, a) => terms.extend(self.of(a).map(|t| (n, t))),
            Node::Sum(all) => terms.extend(all.into_iter().filter_map(|(n, a)| Some((n, self.of(a)?)))),
            Node::Map(f, a) => {
                let slope = graph.derivative_of_map(f, a)?;
                terms.extend(self.times_slope(graph, slope, a));
            }
            Node::Power(a, p) => {
                let power = graph.power(a, &(&p - &Number::ONE));
                let slope = graph.scale(&p, power);
                terms.extend(self.times_slope(graph, slope, a));
            }
            Node::Map2(f, a, b) => {
                for (argument, to) in [a, b].into_iter().enumerate() {
                    if self.of(to).is_some() {
                        let slope = partial(graph, f, a, b, argument);
                        terms.extend(self.times_slope(graph, slope, to));
                    }
                }
            }
            Node::Apply(f, arguments) => {
                for (k, &a) in arguments.iter().enumerate() {
                    let Some(t) = self.of(a) else { continue };
                    let slope = graph.apply(&f.derivative(k), arguments.clone());
                    terms.extend(if f.elementwise {
                        self.times_slope(graph, slope, a)
                    } else {
                        Some((Number::ONE, self.through_function(graph, slope, t, a)))
                    });
                }
            }
            Node::Operator(LinearOperator::Sylvester, operands, _) => terms.extend(self.of_sylvester(graph, &operands, node)),
            Node::Operator(f, operands, open) => self.of_frechet(graph, f, &operands, open, &mut terms),
            Node::Opaque(f, a) => {
                if let Some(t) = self.of(a) {
                    self.of_opaque(graph, f, a, node, t, &mut terms)?;
                }
            }
        }
        Ok(graph.sum(&axes, terms))
    }

    /// The contraction with one factor replaced by its tangent, whose further axes become the last outputs.
    fn of_factor(&self, graph: &mut Graph, c: &Contraction, at: usize, tangent: NodeId) -> NodeId {
        let mut draft = Draft::new();
        draft.labels(&c.dims);
        let inner = draft.labels(&self.inner);
        for (k, f) in c.factors.iter().enumerate() {
            if k == at {
                let labels: Labels = f.labels.iter().chain(&inner).copied().collect();
                draft.factor(tangent, &labels);
            } else {
                draft.factor(f.node, &f.labels);
            }
        }
        let out: Labels = c.out.iter().chain(&inner).copied().collect();
        graph.contract(draft.out(&out))
    }

    fn times_slope(&self, graph: &mut Graph, slope: NodeId, a: NodeId) -> Option<(Number, NodeId)> {
        let t = self.of(a)?;
        let mut draft = Draft::new();
        let axes: Axes = graph.axes(t).into();
        let labels = draft.labels(&axes);
        draft.factor(slope, &labels[..graph.order(a)]).factor(t, &labels);
        Some((Number::ONE, graph.contract(draft.out(&labels))))
    }

    /// The derivative of a declared function by an argument, over all axes of which it meets the argument's tangent.
    fn through_function(&self, graph: &mut Graph, slope: NodeId, tangent: NodeId, a: NodeId) -> NodeId {
        let mut draft = Draft::new();
        let of_slope: Axes = graph.axes(slope).into();
        let of_slope = draft.labels(&of_slope);
        let (value, own) = of_slope.split_at(of_slope.len() - graph.order(a));
        let inner = draft.labels(&self.inner);
        let of_tangent: Labels = own.iter().chain(&inner).copied().collect();
        draft.factor(slope, &of_slope).factor(tangent, &of_tangent);
        let out: Labels = value.iter().chain(&inner).copied().collect();
        graph.contract(draft.out(&out))
    }

    /// The differentials of functions of whole tensors; `t` is the tangent of the argument.
    fn of_opaque(&self, graph: &mut Graph, f: Opaque, a: NodeId, node: NodeId, t: NodeId, terms: &mut Vec<(Number, NodeId)>) -> Result<()> {
        let axes: Axes = graph.axes(a).into();
        let mut draft = Draft::new();
        let own = draft.labels(&axes);
        let inner = draft.labels(&self.inner);
        let of_argument: Labels = own.iter().chain(&inner).copied().collect();
        match f {
            Opaque::Expm | Opaque::Logm | Opaque::Sqrtm | Opaque::Cosm | Opaque::Sinm => {
                terms.push((Number::ONE, graph.differential_of_function(f, a, t, 0, false)));
            }
            Opaque::Cholesky => terms.push((Number::ONE, graph.differential_of_cholesky(node, t, 0, false))),
            // dv = pinv(lambda*eye - S)*dS*v
            Opaque::EigvecMax | Opaque::EigvecMin => {
                let resolvent = resolvent(graph, f, a)?;
                let i = draft.label(axes[0]);
                draft.factor(resolvent, &[i, own[0]]).factor(t, &of_argument).factor(node, &[own[1]]);
                let out: Labels = [i].into_iter().chain(inner.iter().copied()).collect();
                terms.push((Number::ONE, graph.contract(draft.out(&out))));
            }
            Opaque::Nuclear | Opaque::LambdaMax | Opaque::LambdaMin => {
                let slope = if f == Opaque::Nuclear { graph.polar_factor(a) } else { graph.slope_of_eigenvalue(f, a) };
                draft.factor(slope, &own).factor(t, &of_argument);
                terms.push((Number::ONE, graph.contract(draft.out(&inner))));
            }
            Opaque::Pinv => {
                for Sandwich { sign, left, turned, right } in graph.differential_of_pseudoinverse(a, node) {
                    let mut draft = draft.clone();
                    let (k, l) = (draft.label(axes[1]), draft.label(axes[0]));
                    let (from, to) = if turned { (own[1], own[0]) } else { (own[0], own[1]) };
                    draft.factor(left, &[k, from]).factor(t, &of_argument).factor(right, &[to, l]);
                    let out: Labels = [k, l].into_iter().chain(inner.iter().copied()).collect();
                    terms.push((sign, graph.contract(draft.out(&out))));
                }
            }
            // d inv(X) = -inv(X)*dX*inv(X)
            Opaque::Inv => {
                let inverse = graph.inverse_for_derivative(a);
                terms.push((Number::MINUS_ONE, self.sandwich(graph, inverse, t, None)));
            }
            // d det(X) = det(X)*tr(inv(X)*dX)
            Opaque::Det | Opaque::LogDet => {
                let inverse = graph.inverse_for_derivative(a);
                draft.factor(inverse, &[own[1], own[0]]).factor(t, &of_argument);
                if f == Opaque::Det {
                    draft.factor(node, &[]);
                }
                terms.push((Number::ONE, graph.contract(draft.out(&inner))));
            }
            // d adj(X) = det(X)*(tr(inv(X)*dX)*inv(X) - inv(X)*dX*inv(X))
            Opaque::Adj => {
                let (inverse, det) = (graph.inverse_for_derivative(a), graph.determinant(a));
                let (k, l) = (draft.label(axes[0]), draft.label(axes[1]));
                draft.factor(det, &[]).factor(inverse, &[own[1], own[0]]).factor(t, &of_argument).factor(inverse, &[k, l]);
                let out: Labels = [k, l].into_iter().chain(inner.iter().copied()).collect();
                terms.push((Number::ONE, graph.contract(draft.out(&out))));
                terms.push((Number::MINUS_ONE, self.sandwich(graph, inverse, t, Some(det))));
            }
            Opaque::Product | Opaque::NormInf => {
                let slope = if f == Opaque::Product {
                    let reciprocal = graph.power(a, &Number::MINUS_ONE);
                    graph.times(reciprocal, node)
                } else {
                    slope_of_largest(graph, node, a)
                };
                draft.factor(slope, &own).factor(t, &of_argument);
                terms.push((Number::ONE, graph.contract(draft.out(&inner))));
            }
            // d s = s.*du - s*(s'*du) along the last axis
            Opaque::Softmax => {
                let mut straight = draft.clone();
                straight.factor(node, &own).factor(t, &of_argument);
                terms.push((Number::ONE, graph.contract(straight.out(&of_argument))));
                let last = axes.len() - 1;
                let m = draft.label(axes[last]);
                let other: Labels = own[..last].iter().copied().chain([m]).collect();
                let labels: Labels = other.iter().chain(&inner).copied().collect();
                draft.factor(node, &own).factor(node, &other).factor(t, &labels);
                terms.push((Number::MINUS_ONE, graph.contract(draft.out(&of_argument))));
            }
            Opaque::LogSumExp => {
                let softmax = graph.opaque(Opaque::Softmax, a);
                draft.factor(softmax, &own).factor(t, &of_argument);
                let out: Labels = own[..axes.len() - 1].iter().chain(&inner).copied().collect();
                terms.push((Number::ONE, graph.contract(draft.out(&out))));
            }
        }
        Ok(())
    }

    /// The X of `A*X + X*B = C` changes by that of `dC - dA*X - X*dB` on the right.
    fn of_sylvester(&self, graph: &mut Graph, operands: &[NodeId], node: NodeId) -> Option<(Number, NodeId)> {
        let (&last, parameters) = operands.split_last()?;
        let axes: Axes = graph.axes(node).iter().copied().chain(self.inner.iter().copied()).collect();
        let mut terms: Vec<(Number, NodeId)> = self.of(last).map(|t| (Number::ONE, t)).into_iter().collect();
        for (at, a) in parameters.iter().enumerate() {
            let Some(t) = self.of(*a) else { continue };
            let mut draft = Draft::new();
            let labels = draft.labels(&axes);
            let k = draft.label(axes[at]);
            let (of_tangent, of_value) = if at == 0 { ([labels[0], k], [k, labels[1]]) } else { ([k, labels[1]], [labels[0], k]) };
            let of_tangent: Labels = of_tangent.into_iter().chain(labels[2..].iter().copied()).collect();
            draft.factor(t, &of_tangent).factor(node, &of_value);
            terms.push((Number::MINUS_ONE, graph.contract(draft.out(&labels))));
        }
        let right = graph.sum(&axes, terms);
        Some((Number::ONE, graph.apply_operator(LinearOperator::Sylvester, parameters, right, 0, false)))
    }

    /// The change of a direction in its place, that of X as a further direction (Higham and Relton 2014).
    fn of_frechet(&self, graph: &mut Graph, f: LinearOperator, operands: &[NodeId], open: u8, terms: &mut Vec<(Number, NodeId)>) {
        for (at, a) in operands.iter().enumerate() {
            let Some(t) = self.of(*a) else { continue };
            let mut parameters = beside_the_change(operands, at);
            let term = if open == 0 {
                graph.apply_operator(f, &parameters, t, 0, false)
            } else if self.inner.is_empty() {
                parameters.push(t);
                graph.open_operator(f, parameters, open)
            } else {
                let tensor = graph.open_operator(f, parameters, open + 1);
                graph.apply_tensor(tensor, t, 0, false)
            };
            terms.push((Number::ONE, term));
        }
    }

    /// `Y*dX*Y` times a scalar.
    fn sandwich(&self, graph: &mut Graph, y: NodeId, t: NodeId, scalar: Option<NodeId>) -> NodeId {
        let n = graph.axes(y)[0];
        let mut draft = Draft::new();
        let l = draft.labels(&[n, n, n, n]);
        let inner = draft.labels(&self.inner);
        let middle: Labels = [l[1], l[2]].into_iter().chain(inner.iter().copied()).collect();
        draft.factor(y, &[l[0], l[1]]).factor(t, &middle).factor(y, &[l[2], l[3]]);
        if let Some(s) = scalar {
            draft.factor(s, &[]);
        }
        let out: Labels = [l[0], l[3]].into_iter().chain(inner.iter().copied()).collect();
        graph.contract(draft.out(&out))
    }
}
