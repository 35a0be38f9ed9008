//! A linear map of matrices as a sum of terms `A*X*B`.

use super::Solver;
use crate::contract::Draft;
use crate::index::{Contraction, Factor, Label, Node, NodeId};
use crate::number::Number;

/// `left*X*right`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Term {
    pub left: NodeId,
    pub right: NodeId,
}

/// The same with what multiplies it.
struct Scaled {
    scale: NodeId,
    term: Term,
}

impl Solver<'_> {
    /// The fewest terms that are found; `None` if a part of the map is no product of this form.
    pub(super) fn terms(&mut self, map: NodeId) -> Option<Vec<Term>> {
        let (n, core) = self.graph.unscaled(map);
        let parts = match self.graph.node(core).clone() {
            Node::Sum(parts) => parts.into_iter().map(|(m, part)| (&n * &m, part)).collect(),
            _ => vec![(n, core)],
        };
        let split = parts.into_iter().map(|(n, part)| self.split(&n, part)).collect::<Option<Vec<_>>>()?;
        let orders = [[true, false], [false, true]];
        orders.into_iter().map(|by_right| self.grouped(&split, by_right)).min_by_key(Vec::len)
    }

    /// The product as `A[i,k]*B[l,j]` over the axes `[i, j, k, l]`.
    fn split(&mut self, n: &Number, part: NodeId) -> Option<Scaled> {
        let Node::Contract(c) = self.graph.node(part).clone() else { return None };
        let &[i, j, k, l] = c.out.as_slice() else { return None };
        let group = components(&c);
        let of = |label: Label| group[usize::from(label)];
        if [i, k].iter().any(|a| [l, j].iter().any(|b| of(*a) == of(*b))) {
            return None;
        }
        let in_left = |f: &Factor| f.labels.first().is_some_and(|a| of(*a) == of(i) || of(*a) == of(k));
        let in_right = |f: &Factor| f.labels.first().is_some_and(|a| of(*a) == of(j) || of(*a) == of(l));
        let left = self.part(&c, in_left, &[i, k]);
        let right = self.part(&c, in_right, &[l, j]);
        let scalar = self.part(&c, |f| f.labels.is_empty(), &[]);
        let scale = self.graph.scale(n, scalar);
        Some(Scaled { scale, term: Term { left, right } })
    }

    /// Some factors with an output of their own.
    fn part(&mut self, c: &Contraction, keep: impl Fn(&Factor) -> bool, out: &[Label]) -> NodeId {
        let factors: Vec<(NodeId, &[Label])> = c.factors.iter().filter(|f| keep(f)).map(|f| (f.node, &f.labels[..])).collect();
        let mut draft = Draft::new();
        let labels = draft.labels(&c.dims);
        let used = |label: &Label| out.contains(label) || factors.iter().any(|(_, ls)| ls.contains(label));
        labels.iter().filter(|l| !used(l)).for_each(|l| draft.retire(*l));
        for (node, labels) in &factors {
            draft.factor(*node, labels);
        }
        self.graph.contract(draft.out(out))
    }

    /// Terms with a common side are one.
    fn grouped(&mut self, split: &[Scaled], by_right: [bool; 2]) -> Vec<Term> {
        let scaled = |s: &mut Self, f: &Scaled| {
            let Term { left, right } = f.term;
            if by_right[0] {
                Term { left: s.graph.times(f.scale, left), right }
            } else {
                Term { left, right: s.graph.times(f.scale, right) }
            }
        };
        let mut terms: Vec<Term> = split.iter().map(|f| scaled(self, f)).collect();
        for by_right in by_right {
            terms = self.joined(terms, by_right);
        }
        terms
    }

    fn joined(&mut self, terms: Vec<Term>, by_right: bool) -> Vec<Term> {
        let mut joined: Vec<Term> = Vec::new();
        for t in terms {
            let (common, other) = if by_right { (t.right, t.left) } else { (t.left, t.right) };
            let (n, core) = self.graph.unscaled(common);
            let mut found = None;
            for (at, u) in joined.iter().enumerate() {
                let (m, also) = self.graph.unscaled(if by_right { u.right } else { u.left });
                if core == also {
                    found = (&n / &m).map(|ratio| (at, ratio));
                    break;
                }
            }
            match found {
                Some((at, ratio)) => {
                    let before = if by_right { joined[at].left } else { joined[at].right };
                    let sum = self.plus(before, ratio, other);
                    if by_right {
                        joined[at].left = sum;
                    } else {
                        joined[at].right = sum;
                    }
                }
                None => joined.push(t),
            }
        }
        joined
    }
}

/// For each label the number of the component that factors make it part of.
fn components(c: &Contraction) -> Vec<usize> {
    let mut group: Vec<usize> = (0..c.dims.len()).collect();
    for f in &c.factors {
        for pair in f.labels.windows(2) {
            let (a, b) = (group[usize::from(pair[0])], group[usize::from(pair[1])]);
            group.iter_mut().filter(|g| **g == b).for_each(|g| *g = a);
        }
    }
    group
}
