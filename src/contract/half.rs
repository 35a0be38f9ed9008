//! The lower triangle of a square matrix as a vector: duplication and elimination matrices.

use super::Draft;
use crate::index::{Contraction, Graph, Label, Node};

impl Graph {
    /// `elimination(n)*duplication(n)` is the identity, and `duplication(n)*elimination(n)*vec(A)` is `vec(A)` for a
    /// symmetric A. Each step leaves fewer factors.
    pub(super) fn join_halves(&mut self, draft: &mut Draft) -> bool {
        for at in 0..draft.factors.len() {
            let Node::Duplication(n) = *self.node(draft.factors[at].node) else { continue };
            for other in 0..draft.factors.len() {
                if *self.node(draft.factors[other].node) != Node::Elimination(n) {
                    continue;
                }
                let (d, e) = (draft.factors[at].labels.clone(), draft.factors[other].labels.clone());
                let private = |d: &Draft, l: Label| !d.is_out(l) && d.uses(l) == 2;
                let (gone, keep, drop) = if d[0] == e[1] && private(draft, d[0]) {
                    (d[0], d[1], e[0])
                } else if d[1] == e[0] && private(draft, d[1]) && self.is_stacked_symmetric(draft, e[1]) {
                    (d[1], d[0], e[1])
                } else {
                    continue;
                };
                draft.alive[gone as usize] = false;
                draft.factors.remove(at.max(other));
                draft.factors.remove(at.min(other));
                draft.join(keep, drop);
                return true;
            }
        }
        false
    }

    /// Whether a long label is that of the vec of a symmetric matrix.
    fn is_stacked_symmetric(&self, draft: &Draft, long: Label) -> bool {
        let merge = draft.factors.iter().find(|f| f.labels[..].first() == Some(&long) && matches!(self.node(f.node), Node::Merge(..)));
        let Some(short) = merge.map(|m| [m.labels[1], m.labels[2]]) else { return false };
        let alone = short.iter().all(|l| !draft.is_out(*l) && draft.uses(*l) == 2);
        alone
            && draft.factors.iter().any(|f| f.labels.len() == 2 && short.iter().all(|l| f.labels.contains(l)) && self.is_symmetric(f.node))
    }

    /// `reshape(duplication(n)*v, n, n)` is symmetric.
    pub(super) fn is_unstacked_half(&self, c: &Contraction) -> bool {
        let [i, j] = c.out.as_slice() else { return false };
        let uses = |l: Label| c.factors.iter().flat_map(|f| &f.labels).filter(|m| **m == l).count();
        if i == j || uses(*i) != 1 || uses(*j) != 1 {
            return false;
        }
        let merge = c.factors.iter().find(|f| matches!(self.node(f.node), Node::Merge(..)) && f.labels.contains(i) && f.labels.contains(j));
        merge.is_some_and(|m| {
            let long = m.labels[0];
            uses(long) == 2 && c.factors.iter().any(|f| matches!(self.node(f.node), Node::Duplication(_)) && f.labels[0] == long)
        })
    }
}
