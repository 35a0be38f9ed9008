//! What is recognised among the factors of a contraction. Each law here is also a rule of the catalog, marked
//! `by recognition` or `by contraction`, where it is stated in mathematics and tested.

use super::Draft;
use crate::function::Map;
use crate::index::{Factor, Graph, Label, Labels, Node, NodeId, Opaque};
use crate::number::Number;

impl Graph {
    /// Applies one recognition; each leaves fewer factors, or fewer exponentials and negative powers.
    pub(super) fn recognise(&mut self, draft: &mut Draft) -> bool {
        self.cancel_inverse(draft)
            || self.join_functions(draft)
            || self.order_functions(draft)
            || self.trace_of_derivative(draft)
            || self.take_direction(draft)
            || self.absorb_projector(draft)
            || self.annihilate(draft)
            || self.settle_eigenvector(draft)
            || self.join_cholesky(draft)
            || (self.recognition && (self.make_softmax(draft) || self.make_sigmoid(draft) || self.join_sign_and_abs(draft)))
            || self.join_merges(draft)
            || self.cancel_orthogonal(draft)
            || self.cancel_signs(draft)
            || self.join_selections(draft)
            || self.join_halves(draft)
    }

    /// `inv(X)*X` and `X*inv(X)` are the identity; the label between them must be theirs alone.
    fn cancel_inverse(&mut self, draft: &mut Draft) -> bool {
        for at in 0..draft.factors.len() {
            let Node::Opaque(Opaque::Inv, x) = self.node(draft.factors[at].node) else { continue };
            let x = *x;
            for other in 0..draft.factors.len() {
                if draft.factors[other].node != x || draft.factors[other].labels.len() != 2 {
                    continue;
                }
                let (inverse, matrix) = (draft.factors[at].labels.clone(), draft.factors[other].labels.clone());
                let symmetric = self.has_symmetric_axes(x);
                let skew = self.has_skew_axes(x);
                let pairs: &[(usize, usize)] = if symmetric || skew { &[(1, 0), (0, 1), (0, 0), (1, 1)] } else { &[(1, 0), (0, 1)] };
                let private = |d: &Draft, l: Label| !d.is_out(l) && d.uses(l) == 2;
                let Some(&(i, m)) = pairs.iter().find(|&&(i, m)| inverse[i] == matrix[m] && private(draft, inverse[i])) else { continue };
                if skew && i == m {
                    draft.coefficient = -&draft.coefficient;
                }
                draft.alive[inverse[i] as usize] = false;
                let (keep, drop) = (inverse[1 - i], matrix[1 - m]);
                draft.factors.remove(at.max(other));
                draft.factors.remove(at.min(other));
                draft.join(keep, drop);
                return true;
            }
        }
        false
    }

    /// `exp(u)[…,k] * S[…]^p` with `S = sum over k of exp(u)` and p < 0 is `softmax(u)[…,k] * S[…]^(p+1)`.
    fn make_softmax(&mut self, draft: &mut Draft) -> bool {
        for at in 0..draft.factors.len() {
            let Node::Power(s, p) = self.node(draft.factors[at].node) else { continue };
            let (s, p) = (*s, p.clone());
            if !p.is_negative() || !p.is_integer() {
                continue;
            }
            let Some((u, axis)) = self.as_sum_of_exp_along(s) else { continue };
            let exp = self.map(Map::Exp, u);
            let outer = draft.factors[at].labels.clone();
            let matching = draft.factors.iter().position(|f| {
                f.node == exp && {
                    let mut rest = f.labels.clone();
                    rest.remove(axis);
                    rest == outer
                }
            });
            if matching.is_none() && outer.is_empty() && self.make_softmax_within(draft, exp, u) {
                draft.factors[at].node = self.power(s, &(&p + &Number::ONE));
                return true;
            }
            let Some(other) = matching else { continue };
            let mut labels = draft.factors[other].labels.clone();
            let (softmax, order) = self.softmax_along(u, axis);
            labels = order.iter().map(|&k| labels[k]).collect();
            draft.factors[other] = Factor { node: softmax, labels };
            draft.factors[at].node = self.power(s, &(&p + &Number::ONE));
            return true;
        }
        false
    }

    /// The same where the exponentials of a vector are in a closed product: `(a'*exp(u))*S^p`. One softmax for one S.
    fn make_softmax_within(&mut self, draft: &mut Draft, exp: NodeId, u: NodeId) -> bool {
        for at in 0..draft.factors.len() {
            let Node::Contract(c) = self.node(draft.factors[at].node) else { continue };
            let Some(of) = c.factors.iter().position(|f| f.node == exp) else { continue };
            let mut c = c.clone();
            let mut inner = Draft::new();
            inner.labels(&c.dims);
            c.factors[of].node = self.opaque(Opaque::Softmax, u);
            c.factors.iter().for_each(|f| _ = inner.factor(f.node, &f.labels));
            draft.factors[at].node = self.contract(inner.out(&c.out));
            return true;
        }
        false
    }

    /// Softmax along any axis, as softmax along the last; with the order in which it has the axes of `u`.
    fn softmax_along(&mut self, u: NodeId, axis: usize) -> (NodeId, Vec<usize>) {
        let order: Vec<usize> = (0..self.order(u)).filter(|&k| k != axis).chain([axis]).collect();
        let last = self.permute(u, &order);
        (self.opaque(Opaque::Softmax, last), order)
    }

    /// u, where a node is the sum of exp(u) along one axis; with that axis, which comes last in u then.
    pub(super) fn as_sum_of_exp(&mut self, s: NodeId) -> Option<NodeId> {
        let (u, axis) = self.as_sum_of_exp_along(s)?;
        let order: Vec<usize> = (0..self.order(u)).filter(|&k| k != axis).chain([axis]).collect();
        Some(self.permute(u, &order))
    }

    fn as_sum_of_exp_along(&self, s: NodeId) -> Option<(NodeId, usize)> {
        let Node::Contract(c) = self.node(s) else { return None };
        if !self.recognition {
            return None;
        }
        let [f] = c.factors.as_slice() else { return None };
        let Node::Map(Map::Exp, u) = self.node(f.node) else { return None };
        let summed: Vec<usize> = (0..f.labels.len()).filter(|&k| !c.out.contains(&f.labels[k])).collect();
        let [axis] = summed.as_slice() else { return None };
        let mut rest = f.labels.clone();
        rest.remove(*axis);
        (rest == c.out && super::all_distinct(&f.labels)).then_some((*u, *axis))
    }

    /// u, where a node is `1 + exp(u)`.
    pub(super) fn as_one_plus_exp(&self, sum: NodeId) -> Option<NodeId> {
        let Node::Sum(terms) = self.node(sum) else { return None };
        let [(m, a), (n, b)] = terms.as_slice() else { return None };
        if !m.is_one() || !n.is_one() || !self.recognition {
            return None;
        }
        let pair = |one: NodeId, exp: NodeId| match self.node(exp) {
            Node::Map(Map::Exp, u) if self.as_constant(one).is_some_and(|c| c.is_one()) => Some(*u),
            _ => None,
        };
        pair(*a, *b).or_else(|| pair(*b, *a))
    }

    /// `exp(u)*sigmoid(-u)` is `sigmoid(u)`; `exp(u)/(exp(u) + exp(v))` is `sigmoid(u - v)`.
    fn make_sigmoid(&mut self, draft: &mut Draft) -> bool {
        for at in 0..draft.factors.len() {
            let Node::Map(Map::Exp, u) = self.node(draft.factors[at].node) else { continue };
            let (u, labels) = (*u, draft.factors[at].labels.clone());
            let minus = self.negate(u);
            let sigmoid = self.find(&Node::Map(Map::Sigmoid, minus));
            let same = |f: &Factor| f.labels == labels;
            let base = |g: &Graph, f: &Factor| match g.node(f.node) {
                Node::Power(s, p) if p.as_integer().is_some_and(|p| p > 0) => (*s, p.clone()),
                _ => (f.node, Number::ONE),
            };
            if let Some(other) = draft.factors.iter().position(|f| same(f) && Some(base(self, f).0) == sigmoid) {
                let (minus, p) = base(self, &draft.factors[other]);
                draft.factors[at].node = self.map(Map::Sigmoid, u);
                draft.factors[other].node = self.power(minus, &(&p - &Number::ONE));
                if p.is_one() {
                    draft.factors.remove(other);
                }
                return true;
            }
            for other in 0..draft.factors.len() {
                let Some((v, power)) = self.as_power_of_two_exps(draft.factors[other].node, u) else { continue };
                if !same(&draft.factors[other]) {
                    continue;
                }
                let axes = self.axes_of_node(u);
                let difference = self.sum(&axes, vec![(Number::ONE, u), (Number::MINUS_ONE, v)]);
                draft.factors[at].node = self.map(Map::Sigmoid, difference);
                draft.factors[other].node = power;
                return true;
            }
        }
        false
    }

    /// v and `(exp(u) + exp(v))^(p+1)`, where a node is `(exp(u) + exp(v))^p` with a whole p < 0.
    fn as_power_of_two_exps(&mut self, node: NodeId, u: NodeId) -> Option<(NodeId, NodeId)> {
        let Node::Power(s, p) = self.node(node) else { return None };
        let (s, p) = (*s, p.clone());
        let Node::Sum(terms) = self.node(s) else { return None };
        let [(m, a), (n, b)] = terms.as_slice() else { return None };
        let (Node::Map(Map::Exp, a), Node::Map(Map::Exp, b)) = (self.node(*a), self.node(*b)) else { return None };
        if !m.is_one() || !n.is_one() || !p.is_integer() || !p.is_negative() || (*a != u && *b != u) {
            return None;
        }
        let v = if *a == u { *b } else { *a };
        Some((v, self.power(s, &(&p + &Number::ONE))))
    }

    /// `sign(u)*abs(u)^p` is `u*abs(u)^(p-1)`.
    fn join_sign_and_abs(&mut self, draft: &mut Draft) -> bool {
        for at in 0..draft.factors.len() {
            let Node::Map(Map::Sign, u) = self.node(draft.factors[at].node) else { continue };
            let (u, labels) = (*u, draft.factors[at].labels.clone());
            let exponent = |g: &Graph, node: NodeId| match g.node(node) {
                Node::Map(Map::Abs, v) if *v == u => Some(Number::ONE),
                Node::Power(base, p) if matches!(g.node(*base), Node::Map(Map::Abs, v) if *v == u) => Some(p.clone()),
                _ => None,
            };
            let found =
                draft.factors.iter().enumerate().find_map(|(k, f)| Some((k, exponent(self, f.node)?)).filter(|_| f.labels == labels));
            let Some((other, p)) = found else { continue };
            let abs = self.map(Map::Abs, u);
            draft.factors[at].node = u;
            draft.factors[other].node = self.power(abs, &(&p - &Number::ONE));
            return true;
        }
        false
    }

    /// The stacking bijection with itself is a delta, whichever side it is joined at.
    fn join_merges(&mut self, draft: &mut Draft) -> bool {
        let merges: Vec<usize> =
            (0..draft.factors.len()).filter(|&k| matches!(self.node(draft.factors[k].node), Node::Merge(..))).collect();
        for (n, &a) in merges.iter().enumerate() {
            let la = draft.factors[a].labels.clone();
            if self.drop_merge(draft, a, &la) {
                return true;
            }
            for &b in &merges[n + 1..] {
                let lb = draft.factors[b].labels.clone();
                if draft.factors[a].node != draft.factors[b].node {
                    continue;
                }
                if la[0] == lb[0] {
                    // I says what i and j are.
                    draft.factors.remove(b);
                    draft.join(la[1], lb[1]);
                    let now = |l: Label| if l == la[1].max(lb[1]) { la[1].min(lb[1]) } else { l };
                    draft.join(now(la[2]), now(lb[2]));
                    return true;
                }
                if la[1..] == lb[1..] {
                    // i and j say what I is.
                    draft.factors.remove(b);
                    draft.join(la[0], lb[0]);
                    return true;
                }
            }
        }
        false
    }

    /// A bijection that stands at one side alone sums to ones, and one with an axis of length 1 is a delta.
    fn drop_merge(&mut self, draft: &mut Draft, at: usize, labels: &Labels) -> bool {
        let private = |d: &Draft, l: Label| !d.is_out(l) && d.uses(l) == 1;
        if private(draft, labels[0]) {
            draft.factors.remove(at);
            draft.alive[labels[0] as usize] = false;
            return true;
        }
        if labels[1] != labels[2] && private(draft, labels[1]) && private(draft, labels[2]) {
            draft.factors.remove(at);
            draft.alive[labels[1] as usize] = false;
            draft.alive[labels[2] as usize] = false;
            return true;
        }
        for (unit, other) in [(1, 2), (2, 1)] {
            if draft.dims[labels[unit] as usize] == crate::dim::Dim::ONE && private(draft, labels[unit]) {
                draft.factors.remove(at);
                draft.alive[labels[unit] as usize] = false;
                draft.join(labels[0], labels[other]);
                return true;
            }
        }
        false
    }
}
