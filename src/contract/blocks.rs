//! Sums of blocks within zeros: neighbouring runs of one thing joined, triangular block matrices taken apart.

use super::Draft;
use crate::dim::Dim;
use crate::index::{Contraction, Graph, Label, Node, NodeId};
use crate::number::Number;
use crate::part::Selection;

/// A square matrix of two by two blocks with square blocks on the diagonal and zeros on one side of it.
pub(super) struct Triangular {
    pub first: NodeId,
    pub last: NodeId,
    /// The block beside the diagonal, if it is not zero.
    pub beside: Option<NodeId>,
    upper: bool,
    runs: [Selection; 2],
}

impl Graph {
    /// `S*S'*A + T*T'*A` for two neighbouring runs is `R*R'*A` for both together: `[A[1:k,:]; A[k+1:n,:]]` is A.
    ///
    /// Single places join only if all terms become one: `[t, 1; 2, t]` stays as it is written.
    pub(super) fn join_runs(&mut self, terms: &mut Vec<(Number, NodeId)>) {
        let holds = |g: &Graph, t: NodeId| matches!(g.node(t), Node::Contract(c) if !projectors(g, c, true).is_empty());
        if terms.iter().filter(|(_, t)| holds(self, *t)).count() < 2 {
            return;
        }
        let mut all = terms.clone();
        self.join_while_possible(&mut all, true);
        if all.len() == 1 {
            *terms = all;
        } else {
            self.join_while_possible(terms, false);
        }
    }

    /// Each round leaves a term less.
    fn join_while_possible(&mut self, terms: &mut Vec<(Number, NodeId)>, units: bool) {
        while let Some((a, b, both)) = self.joined_pair(terms, units) {
            let (n, core) = self.unscaled(both);
            terms[a] = (&terms[a].0 * &n, core);
            terms.remove(b);
        }
    }

    fn joined_pair(&mut self, terms: &[(Number, NodeId)], units: bool) -> Option<(usize, usize, NodeId)> {
        let pairs = (0..terms.len()).flat_map(|a| (0..terms.len()).map(move |b| (a, b)));
        let alike: Vec<(usize, usize)> = pairs.filter(|&(a, b)| a != b && terms[a].0 == terms[b].0).collect();
        alike.into_iter().find_map(|(a, b)| Some((a, b, self.joined(terms[a].1, terms[b].1, units)?)))
    }

    /// The sum of two terms that differ only in a run that the second one continues.
    fn joined(&mut self, a: NodeId, b: NodeId, units: bool) -> Option<NodeId> {
        let (Node::Contract(c), Node::Contract(d)) = (self.node(a), self.node(b)) else { return None };
        let (c, others) = (c.clone(), projectors(self, d, units));
        for projector in projectors(self, &c, units) {
            for next in &others {
                let run = projector.run;
                if run.end() != next.run.offset || run.of != next.run.of || self.with_run(&c, &projector, next.run) != b {
                    continue;
                }
                let both = Selection { length: run.length + next.run.length, ..run };
                return Some(self.with_run(&c, &projector, both));
            }
        }
        None
    }

    /// The contraction with another run in the place of a projector's.
    fn with_run(&mut self, c: &Contraction, projector: &Projector, run: Selection) -> NodeId {
        let mut draft = Draft::new();
        draft.labels(&c.dims);
        let kept = c.factors.iter().enumerate().filter(|(k, _)| !projector.factors.contains(k)).map(|(_, f)| f.clone());
        draft.factors = kept.collect();
        projector.inner.into_iter().for_each(|l| draft.retire(l));
        let (select, inner) = (self.select(run), draft.label(run.length));
        projector.ends.iter().for_each(|end| {
            draft.factor(select, &[*end, inner]);
        });
        self.contract(draft.out(&c.out))
    }

    /// A sum of blocks as a triangular matrix of two by two.
    pub(super) fn triangular(&mut self, a: NodeId) -> Option<Triangular> {
        let (coefficient, core) = self.unscaled(a);
        let Node::Sum(terms) = self.node(core) else { return None };
        if !coefficient.is_one() {
            return None;
        }
        let places: Vec<[Selection; 2]> = terms.iter().map(|(_, t)| self.place(*t)).collect::<Option<_>>()?;
        let n = self.axes(core)[0];
        // The first block is square, so that it ends where a block ends in both directions.
        let ends: Vec<Dim> = places.iter().flat_map(|[r, c]| [r.end(), c.end()]).filter(|d| *d != n).collect();
        let split = ends.into_iter().find(|k| {
            let zero_below = places.iter().all(|[r, c]| r.end().is_at_most(*k) || k.is_at_most(c.offset));
            let zero_above = places.iter().all(|[r, c]| k.is_at_most(r.offset) || c.end().is_at_most(*k));
            zero_below || zero_above
        })?;
        let upper = places.iter().all(|[r, c]| r.end().is_at_most(split) || split.is_at_most(c.offset));
        let runs = [Selection { offset: Dim::number(0), length: split, of: n }, Selection { offset: split, length: n - split, of: n }];
        let (first, last) = (self.part(core, [runs[0], runs[0]]), self.part(core, [runs[1], runs[1]]));
        let beside = self.part(core, if upper { [runs[0], runs[1]] } else { [runs[1], runs[0]] });
        let beside = (!matches!(self.node(beside), Node::Zero(_))).then_some(beside);
        let zero = |g: &Graph, t: NodeId| matches!(g.node(t), Node::Zero(_));
        (!zero(self, first) && !zero(self, last)).then_some(Triangular { first, last, beside, upper, runs })
    }

    /// `inv([A, B; 0, D])` is `[inv(A), -inv(A)*B*inv(D); 0, inv(D)]`.
    pub(super) fn inverse_of_blocks(&mut self, a: NodeId) -> Option<NodeId> {
        let t = self.triangular(a)?;
        let n = t.runs[0].of;
        let (first, last) = (self.inverse(t.first), self.inverse(t.last));
        let mut terms = vec![(Number::ONE, self.put(first, [t.runs[0], t.runs[0]])), (Number::ONE, self.put(last, [t.runs[1], t.runs[1]]))];
        if let Some(beside) = t.beside {
            let (left, right, place) = if t.upper { (first, last, t.runs) } else { (last, first, [t.runs[1], t.runs[0]]) };
            let product = self.einsum(&[0, 3], &[(left, &[0, 1]), (beside, &[1, 2]), (right, &[2, 3])]);
            terms.push((Number::MINUS_ONE, self.put(product, place)));
        }
        Some(self.sum(&[n, n], terms))
    }

    /// `det([a, b; c, d])` is `a*d - b*c`: the determinant of a matrix of two or three rows that is written entry by entry.
    pub(super) fn determinant_of_entries(&mut self, a: NodeId) -> Option<NodeId> {
        let n = self.axes(a)[0].as_number().filter(|n| (2..=3).contains(n))?;
        let (_, core) = self.unscaled(a);
        let written = match self.node(core) {
            // The determinant of the transpose is the same.
            Node::Contract(c) if self.is_plain_transpose(core) => c.factors[0].node,
            _ => core,
        };
        let Node::Sum(terms) = self.node(written) else { return None };
        let entry = |[r, c]: [Selection; 2]| r.length == Dim::ONE && c.length == Dim::ONE;
        if !terms.iter().all(|(_, t)| self.place(*t).is_some_and(entry)) {
            return None;
        }
        let mut products = Vec::new();
        for (sign, columns) in permutations(n) {
            let mut draft = Draft::new();
            draft.coefficient = sign;
            for (row, column) in (0..).zip(columns) {
                let unit = |g: &mut Graph, place: i64| g.insert(Node::Unit(Dim::number(place + 1), Dim::number(n)));
                let (row, column) = (unit(self, row), unit(self, column));
                let entry = self.einsum(&[], &[(a, &[0, 1]), (row, &[0]), (column, &[1])]);
                draft.factor(entry, &[]);
            }
            products.push((Number::ONE, self.contract(draft)));
        }
        Some(self.sum(&[], products))
    }

    /// The rows and columns of a matrix in which a term is not known to be zero.
    fn place(&self, t: NodeId) -> Option<[Selection; 2]> {
        let Node::Contract(c) = self.node(t) else { return None };
        let [row, column] = c.out.as_slice() else { return None };
        let run = |out: &Label| {
            let of = c.dims[*out as usize];
            let chosen = c.factors.iter().filter(|f| f.labels.first() == Some(out)).find_map(|f| match self.node(f.node) {
                Node::Select(s) => Some(*s),
                Node::Unit(i, _) => Some(Selection { offset: *i - Dim::ONE, length: Dim::ONE, of }),
                _ => None,
            });
            chosen.unwrap_or(Selection { offset: Dim::number(0), length: of, of })
        };
        Some([run(row), run(column)])
    }

    /// Rows and columns of a matrix.
    fn part(&mut self, a: NodeId, runs: [Selection; 2]) -> NodeId {
        let (rows, columns) = (self.select(runs[0]), self.select(runs[1]));
        self.einsum(&[2, 3], &[(a, &[0, 1]), (rows, &[0, 2]), (columns, &[1, 3])])
    }

    /// A matrix in its place within zeros.
    fn put(&mut self, a: NodeId, runs: [Selection; 2]) -> NodeId {
        let (rows, columns) = (self.select(runs[0]), self.select(runs[1]));
        self.einsum(&[0, 1], &[(a, &[2, 3]), (rows, &[0, 2]), (columns, &[1, 3])])
    }
}

/// The permutations of two or three columns with their signs.
fn permutations(n: i64) -> Vec<(Number, Vec<i64>)> {
    let cyclic = (0..n).map(|k| (0..n).map(|i| (i + k) % n).collect::<Vec<_>>());
    // A cycle of two columns is odd, one of three even.
    let sign = |k: i64| if n == 2 && k == 1 { Number::MINUS_ONE } else { Number::ONE };
    let mut all: Vec<(Number, Vec<i64>)> = (0..).map(sign).zip(cyclic).collect();
    if n == 3 {
        let odd: Vec<_> = all.iter().map(|(_, p)| (Number::MINUS_ONE, vec![p[1], p[0], p[2]])).collect();
        all.extend(odd);
    }
    all
}

/// Two factors that keep the places of one run and put zeros elsewhere: `S[i,a]*S[j,a]`, or `e[i]*e[j]` of one unit vector.
struct Projector {
    factors: [usize; 2],
    ends: [Label; 2],
    /// The label of the run, which nothing else has.
    inner: Option<Label>,
    run: Selection,
}

fn projectors(graph: &Graph, c: &Contraction, units: bool) -> Vec<Projector> {
    let uses = |l: Label| c.factors.iter().flat_map(|h| &h.labels).chain(&c.out).filter(|m| **m == l).count();
    let mut all = Vec::new();
    for (p, f) in c.factors.iter().enumerate() {
        let (run, inner) = match graph.node(f.node) {
            Node::Select(s) => (*s, Some(f.labels[1])),
            Node::Unit(i, n) if units => (Selection { offset: *i - Dim::ONE, length: Dim::ONE, of: *n }, None),
            _ => continue,
        };
        for (q, g) in c.factors.iter().enumerate().skip(p + 1) {
            if g.node == f.node && g.labels.get(1).copied() == inner && inner.is_none_or(|l| uses(l) == 2) {
                all.push(Projector { factors: [p, q], ends: [f.labels[0], g.labels[0]], inner, run });
            }
        }
    }
    all
}
