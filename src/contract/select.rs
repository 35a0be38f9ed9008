//! Parts of axes among the factors of a contraction: what two selections of one axis have in common, and what is left
//! of a sum of blocks under a selection.

use super::Draft;
use crate::dim::Dim;
use crate::index::{Axes, Contraction, Factor, Graph, Label, Labels, Node, NodeId};
use crate::number::Number;
use crate::part::Selection;

/// What a factor chooses of an axis.
#[derive(Clone, Copy)]
enum Chosen {
    Place(Dim),
    Run(Selection, Label),
}

impl Graph {
    /// The selection of a run of places: the identity for the whole axis, a unit vector with an axis of length 1 for one.
    pub fn select(&mut self, s: Selection) -> NodeId {
        if s.is_whole() {
            return self.eye(s.of);
        }
        if s.length == Dim::ONE {
            let unit = self.unit(s.offset + Dim::ONE, s.of);
            let mut draft = Draft::new();
            let l = draft.labels(&[s.of, Dim::ONE]);
            draft.factor(unit, &l[..1]);
            return self.contract(draft.out(&l));
        }
        self.insert(Node::Select(s))
    }

    /// The unit vector of that number, from 1.
    pub fn unit(&mut self, place: Dim, of: Dim) -> NodeId {
        if of == Dim::ONE {
            let one = self.one();
            return self.fill(one, &[of]);
        }
        self.insert(Node::Unit(place, of))
    }

    /// Simplifies two selections that meet; each step leaves fewer selections, or shorter ones.
    pub(super) fn join_selections(&mut self, draft: &mut Draft) -> bool {
        if !draft.factors.iter().any(|f| matches!(self.node(f.node), Node::Select(_) | Node::Unit(..))) {
            return false;
        }
        for at in 0..draft.factors.len() {
            let f = draft.factors[at].clone();
            if let Node::Select(s) = *self.node(f.node)
                && (self.sum_of_selection(draft, at, &f) || self.inner_selection(draft, at, s, &f))
            {
                return true;
            }
            // The entries of a unit vector add up to 1.
            if matches!(self.node(f.node), Node::Unit(..)) && !draft.is_out(f.labels[0]) && draft.uses(f.labels[0]) == 1 {
                draft.alive[f.labels[0] as usize] = false;
                draft.factors.remove(at);
                return true;
            }
        }
        (0..draft.factors.len()).any(|a| (a + 1..draft.factors.len()).any(|b| self.meet(draft, a, b)))
            || (0..draft.factors.len()).any(|at| self.enter_elementwise(draft, at))
    }

    /// `exp([x; y])[1:n]` is `exp(x)`: a selection enters an elementwise function whose argument has blocks along its axis.
    fn enter_elementwise(&mut self, draft: &mut Draft, at: usize) -> bool {
        let f = draft.factors[at].clone();
        let argument = match self.node(f.node) {
            Node::Map(_, a) | Node::Power(a, _) => *a,
            _ => return false,
        };
        let has_blocks = |g: &Graph, axis: usize| match g.node(argument) {
            Node::Sum(terms) => terms.iter().any(|(_, t)| g.is_placed(*t, axis)),
            _ => g.is_placed(argument, axis),
        };
        for (axis, &long) in f.labels.iter().enumerate() {
            if draft.is_out(long) || draft.uses(long) != 2 || !has_blocks(self, axis) {
                continue;
            }
            let select = draft.factors.iter().position(|g| matches!(self.node(g.node), Node::Select(_)) && g.labels[0] == long);
            let Some(select) = select else { continue };
            let (run, short) = (draft.factors[select].node, draft.factors[select].labels[1]);
            let mut part = Draft::new();
            let own: Axes = self.axes(argument).into();
            let mut out = part.labels(&own);
            part.factor(argument, &out);
            let (from, to) = (out[axis], part.label(draft.dims[short as usize]));
            part.factor(run, &[from, to]);
            out[axis] = to;
            let part = self.contract(part.out(&out));
            let node = match self.node(f.node).clone() {
                Node::Map(map, _) => self.map(map, part),
                Node::Power(_, p) => self.power(part, &p),
                _ => return false,
            };
            draft.alive[long as usize] = false;
            draft.factors[at].node = node;
            draft.factors[at].labels[axis] = short;
            draft.factors.remove(select);
            return true;
        }
        false
    }

    /// A run that is summed along the whole axis is ones.
    fn sum_of_selection(&mut self, draft: &mut Draft, at: usize, f: &Factor) -> bool {
        let long = f.labels[0];
        if draft.is_out(long) || draft.uses(long) > 1 {
            return false;
        }
        draft.alive[long as usize] = false;
        draft.factors.remove(at);
        true
    }

    /// A selection of a selection, or one place of it.
    fn inner_selection(&mut self, draft: &mut Draft, at: usize, outer: Selection, f: &Factor) -> bool {
        let (long, short) = (f.labels[0], f.labels[1]);
        if long == short || draft.is_out(short) || draft.uses(short) != 2 {
            return false;
        }
        let Some(other) = (0..draft.factors.len()).find(|&k| k != at && draft.factors[k].labels.first() == Some(&short)) else {
            return false;
        };
        let g = draft.factors[other].clone();
        let (node, labels): (NodeId, Labels) = match *self.node(g.node) {
            Node::Select(inner) => (self.select(outer.then(inner)), smallvec::smallvec![long, g.labels[1]]),
            Node::Unit(place, _) => (self.unit(outer.offset + place, outer.of), smallvec::smallvec![long]),
            _ => return false,
        };
        draft.alive[short as usize] = false;
        draft.factors[at] = Factor { node, labels };
        draft.factors.remove(other);
        true
    }

    fn chosen(&self, f: &Factor) -> Option<Chosen> {
        match *self.node(f.node) {
            Node::Select(s) if f.labels[0] != f.labels[1] => Some(Chosen::Run(s, f.labels[1])),
            Node::Unit(place, _) => Some(Chosen::Place(place)),
            _ => None,
        }
    }

    /// Two factors that choose of one axis.
    fn meet(&mut self, draft: &mut Draft, a: usize, b: usize) -> bool {
        let (f, g) = (draft.factors[a].clone(), draft.factors[b].clone());
        let (Some(x), Some(y)) = (self.chosen(&f), self.chosen(&g)) else { return false };
        let long = f.labels[0];
        if long != g.labels[0] {
            return false;
        }
        match (x, y) {
            (Chosen::Place(i), Chosen::Place(j)) if i == j => {
                draft.factors.remove(b);
                true
            }
            (Chosen::Place(i), Chosen::Place(j)) => {
                let apart = (i - j - Dim::ONE).is_nonnegative() || (j - i - Dim::ONE).is_nonnegative();
                apart && self.nothing(draft)
            }
            (Chosen::Place(i), Chosen::Run(s, short)) => self.place_in_run(draft, (i, s, short), b),
            (Chosen::Run(s, short), Chosen::Place(i)) => self.place_in_run(draft, (i, s, short), a),
            (Chosen::Run(s, j), Chosen::Run(t, k)) => self.two_runs(draft, (a, s, j), (b, t, k), long),
        }
    }

    /// A product with a factor that is 0 everywhere.
    fn nothing(&mut self, draft: &mut Draft) -> bool {
        let zero = self.zero(&[]);
        draft.factor(zero, &[]);
        true
    }

    /// At a known place of the axis the run is at a known place of its own, or nowhere.
    fn place_in_run(&mut self, draft: &mut Draft, (place, run, short): (Dim, Selection, Label), at: usize) -> bool {
        match run.place(place) {
            Err(_) => self.nothing(draft),
            Ok(None) => false,
            Ok(Some(within)) => {
                draft.factors.remove(at);
                let unit = self.unit(within, run.length);
                draft.factor(unit, &[short]);
                true
            }
        }
    }

    fn two_runs(&mut self, draft: &mut Draft, first: (usize, Selection, Label), second: (usize, Selection, Label), long: Label) -> bool {
        let ((a, s, j), (b, t, k)) = (first, second);
        if s == t {
            draft.factors.remove(b);
            draft.join(j, k);
            return true;
        }
        if s.is_disjoint(t) {
            return self.nothing(draft);
        }
        let Some((in_s, in_t)) = s.common(t) else { return false };
        draft.factors.remove(a.max(b));
        draft.factors.remove(a.min(b));
        let m = draft.label(in_s.length);
        for (node, labels) in [(s.then(in_s), [long, m]), (in_s, [j, m]), (in_t, [k, m])] {
            let node = self.select(node);
            draft.factor(node, &labels);
        }
        true
    }

    /// A sum of blocks that meets a selection, or another sum of blocks, along the axis of the blocks is taken term by
    /// term: most of the products are zero.
    pub(super) fn distribute_blocks(&mut self, draft: &Draft) -> Option<NodeId> {
        if draft.factors.len() < 2 {
            return None;
        }
        let at = (0..draft.factors.len()).find(|&at| self.meets_blocks(draft, at))?;
        self.term_by_term(draft, at)
    }

    fn meets_blocks(&self, draft: &Draft, at: usize) -> bool {
        let f = &draft.factors[at];
        let Node::Sum(terms) = self.node(f.node) else { return false };
        f.labels.iter().enumerate().any(|(axis, l)| {
            let placed = |(_, t): &(Number, NodeId)| self.is_placed(*t, axis);
            let others = || draft.factors.iter().enumerate().filter(|(k, g)| *k != at && g.labels.contains(l));
            let chosen = |g: &Factor| g.labels[0] == *l && self.chosen(g).is_some();
            let blocks = |g: &Factor| match self.node(g.node) {
                Node::Sum(terms) => {
                    g.labels.iter().enumerate().any(|(axis, m)| m == l && terms.iter().all(|(_, t)| self.is_placed(*t, axis)))
                }
                _ => false,
            };
            (terms.iter().any(placed) && others().any(|(_, g)| chosen(g))) || (terms.iter().all(placed) && others().any(|(_, g)| blocks(g)))
        })
    }

    /// Whether a node is a block within zeros along that axis.
    fn is_placed(&self, node: NodeId, axis: usize) -> bool {
        match self.node(node) {
            Node::Contract(c) => is_placed(self, c, axis),
            Node::Select(_) => axis == 0,
            Node::Unit(..) => true,
            _ => false,
        }
    }
}

fn is_placed(graph: &Graph, c: &Contraction, axis: usize) -> bool {
    let Some(out) = c.out.get(axis) else { return false };
    c.factors.iter().any(|f| f.labels.first() == Some(out) && graph.chosen(f).is_some())
}
