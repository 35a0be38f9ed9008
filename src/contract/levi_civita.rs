//! Products of Levi-Civita symbols.

use super::Draft;
use crate::index::{Graph, Label, Labels, Node, NodeId};
use crate::number::Number;

/// Two symbols become sums of products of deltas if so many indices of each are left at most: 3 make 6 terms.
const MOST_FREE: usize = 3;

impl Graph {
    /// `eps[i,j,k]*eps[i,l,m] = delta[j,l]*delta[k,m] - delta[j,m]*delta[k,l]`, and so on for each order: with c indices
    /// shared, c! times the determinant of the deltas between the others. A Levi-Civita symbol against what is symmetric
    /// in two of its indices is zero.
    pub(super) fn expand_levi_civita(&mut self, draft: &Draft) -> Option<NodeId> {
        let symbols: Vec<usize> =
            (0..draft.factors.len()).filter(|&k| matches!(self.node(draft.factors[k].node), Node::LeviCivita(_))).collect();
        let axes: Vec<_> = draft.out.iter().map(|&l| draft.dims[l as usize]).collect();
        for (n, &a) in symbols.iter().enumerate() {
            let la = draft.factors[a].labels.clone();
            if !super::all_distinct(&la) || self.is_symmetric_at(draft, a) {
                return Some(self.zero(&axes));
            }
            if let Some(value) = self.at_known_places(draft, a) {
                return Some(value);
            }
            for &b in &symbols[n + 1..] {
                let lb = &draft.factors[b].labels;
                if la.len() != lb.len() || !super::all_distinct(lb) {
                    continue;
                }
                let shared: Labels = la.iter().copied().filter(|l| lb.contains(l) && !draft.is_out(*l) && draft.uses(*l) == 2).collect();
                let left = la.len() - shared.len();
                if shared.is_empty() || left > MOST_FREE {
                    continue;
                }
                return Some(self.shared_levi_civita(draft, [a, b], &shared));
            }
        }
        None
    }

    /// A symbol with a unit vector at each of its indices is a number.
    fn at_known_places(&mut self, draft: &Draft, at: usize) -> Option<NodeId> {
        let labels = &draft.factors[at].labels;
        let mut units = vec![at];
        let mut places = Vec::new();
        for l in labels {
            let private = !draft.is_out(*l) && draft.uses(*l) == 2;
            let unit = draft.factors.iter().position(|f| private && f.labels[..] == [*l] && matches!(self.node(f.node), Node::Unit(..)))?;
            let Node::Unit(place, _) = self.node(draft.factors[unit].node) else { return None };
            places.push(usize::try_from(place.as_number()?).ok()?);
            units.push(unit);
        }
        let axes: Vec<_> = draft.out.iter().map(|&l| draft.dims[l as usize]).collect();
        if !places.iter().enumerate().all(|(k, p)| !places[..k].contains(p)) {
            return Some(self.zero(&axes));
        }
        let mut d = draft.clone();
        d.coefficient = &d.coefficient * &Number::int(sign(&places));
        labels.iter().for_each(|l| d.alive[*l as usize] = false);
        units.sort_unstable();
        units.into_iter().rev().for_each(|k| {
            d.factors.remove(k);
        });
        Some(self.contract(d))
    }

    /// The product with the two symbols at `at` replaced by deltas.
    fn shared_levi_civita(&mut self, draft: &Draft, at: [usize; 2], shared: &[Label]) -> NodeId {
        // Both with the shared indices first, in the same order.
        let [(p, sign_p), (q, sign_q)] = at.map(|k| {
            let labels = &draft.factors[k].labels;
            let rest: Labels = labels.iter().copied().filter(|l| !shared.contains(l)).collect();
            let places = shared.iter().chain(&rest).filter_map(|l| labels.iter().position(|m| m == l)).collect::<Vec<_>>();
            (rest, sign(&places))
        });
        let ways: i64 = (1..=shared.len() as i64).product();
        let axes: Vec<_> = draft.out.iter().map(|&l| draft.dims[l as usize]).collect();
        let mut terms = Vec::new();
        for order in permutations(p.len()) {
            let mut d = draft.clone();
            d.coefficient = &d.coefficient * &Number::int(ways * sign_p * sign_q * sign(&order));
            d.factors.remove(at[0].max(at[1]));
            d.factors.remove(at[0].min(at[1]));
            shared.iter().for_each(|l| d.alive[*l as usize] = false);
            let mut pairs: Vec<(Label, Label)> = p.iter().zip(&order).map(|(l, k)| (*l, q[*k])).collect();
            while let Some((x, y)) = pairs.pop() {
                if x == y {
                    continue;
                }
                d.join(x, y);
                let now = |l: Label| if l == x.max(y) { x.min(y) } else { l };
                pairs.iter_mut().for_each(|(l, m)| (*l, *m) = (now(*l), now(*m)));
            }
            terms.push((Number::ONE, self.contract(d)));
        }
        self.sum(&axes, terms)
    }

    /// Whether swapping two indices of the Levi-Civita symbol leaves all other factors as they are.
    fn is_symmetric_at(&self, draft: &Draft, at: usize) -> bool {
        let labels = &draft.factors[at].labels;
        let pairs = (0..labels.len()).flat_map(|i| (i + 1..labels.len()).map(move |j| (i, j)));
        pairs.into_iter().any(|(i, j)| {
            let (x, y) = (labels[i], labels[j]);
            if draft.is_out(x) || draft.is_out(y) {
                return false;
            }
            let others = |swap: bool| {
                let mut all: Vec<(NodeId, Labels)> = draft
                    .factors
                    .iter()
                    .enumerate()
                    .filter(|(k, _)| *k != at)
                    .map(|(_, f)| {
                        let mut ls: Labels = f
                            .labels
                            .iter()
                            .map(|&l| {
                                if swap && l == x {
                                    y
                                } else if swap && l == y {
                                    x
                                } else {
                                    l
                                }
                            })
                            .collect();
                        if self.has_symmetric_axes(f.node) {
                            ls.sort_unstable();
                        }
                        (f.node, ls)
                    })
                    .collect();
                all.sort();
                all
            };
            others(false) == others(true)
        })
    }
}

/// The sign of a permutation.
fn sign(order: &[usize]) -> i64 {
    let pairs = (0..order.len()).flat_map(|i| (i + 1..order.len()).map(move |j| (i, j)));
    if pairs.filter(|(i, j)| order[*i] > order[*j]).count().is_multiple_of(2) { 1 } else { -1 }
}

/// All orders of so many things.
fn permutations(n: usize) -> Vec<Vec<usize>> {
    let mut all = vec![Vec::new()];
    for k in 0..n {
        all = all.iter().flat_map(|order| (0..=k).map(move |at| [&order[..at], &[k], &order[at..]].concat())).collect();
    }
    all
}
