//! Factoring sums on the index form, before raising.
//!
//! A factor of a term has a signature: which node it is, where each of its axes goes (to which outputs, to the rest of
//! the term, or nowhere else) and which outputs the rest keeps. Terms that have a factor of equal signature are that
//! factor times the sum of their rests. This sees neither orientation nor rotation: only here
//! `a'*X*b + b'*Y*a = a'*(X + Y')*b` and `tr(A*B) + tr(C*A) = tr((B + C)*A)` are found. It is greedy and can be too
//! eager, so its result is one seed of saturation, not the answer.

use crate::contract::Draft;
use crate::index::{Axes, Contraction, Factor, Graph, Label, Labels, Node, NodeId};
use crate::number::Number;
use indexmap::IndexMap;
use rustc_hash::{FxBuildHasher, FxHashMap};
use smallvec::SmallVec;

/// A rest of higher order than this has no matrix formula, unless it is a single factor, which has none anyway.
const MOST_REST_ORDER: usize = 2;

/// The node with every sum in it factored.
pub fn factor(graph: &mut Graph, root: NodeId) -> NodeId {
    let mut factoring = Factoring { graph, done: FxHashMap::default(), sizes: FxHashMap::default() };
    factoring.node(root)
}

struct Factoring<'a> {
    graph: &'a mut Graph,
    done: FxHashMap<NodeId, NodeId>,
    sizes: FxHashMap<NodeId, u64>,
}

/// What two factors must have in common to be taken out of a sum together.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Signature {
    factor: NodeId,
    /// Per axis: the first axis with the same label, the outputs that it is, whether the rest has it.
    axes: Vec<(usize, u64, bool)>,
    /// The outputs that the rest keeps.
    kept: u64,
    /// The outputs that are one with an earlier one, each with the first of these.
    repeated: SmallVec<[(u8, u8); 2]>,
}

/// A term as a contraction.
struct Term {
    coefficient: Number,
    node: NodeId,
    contraction: Contraction,
}

impl Factoring<'_> {
    fn node(&mut self, id: NodeId) -> NodeId {
        if let Some(&done) = self.done.get(&id) {
            return done;
        }
        let result = match self.graph.node(id).clone() {
            Node::Sum(terms) => {
                let axes: Axes = self.graph.axes(id).into();
                let terms = terms.into_iter().map(|(n, a)| (n, self.node(a))).collect();
                self.sum(&axes, terms)
            }
            node => {
                node.for_each_child(|c| _ = self.node(c));
                let done = &self.done;
                self.graph.rebuilt(id, |c| done.get(&c).copied().unwrap_or(c))
            }
        };
        self.done.insert(id, result);
        result
    }

    /// Takes out the factor that saves most until no two terms share one. Every round leaves fewer terms, or is the last
    /// and not kept: where a product by blocks is taken term by term, what was taken out comes back.
    fn sum(&mut self, axes: &[crate::Dim], mut terms: Vec<(Number, NodeId)>) -> NodeId {
        let mut before: Option<(usize, NodeId)> = None;
        loop {
            let whole = self.graph.sum(axes, terms.clone());
            let (content, core) = self.graph.unscaled(whole);
            let Node::Sum(flat) = self.graph.node(core) else { return whole };
            match before {
                Some((least, shorter)) if flat.len() >= least => return shorter,
                _ => before = Some((flat.len(), whole)),
            }
            let flat: Vec<Term> = flat
                .clone()
                .into_iter()
                .map(|(n, a)| Term { coefficient: &n * &content, node: a, contraction: self.as_contraction(a) })
                .collect();
            let Some((signature, group)) = self.best_group(&flat) else { return whole };
            let product = self.take_out(&signature, &flat, &group);
            terms = flat
                .iter()
                .enumerate()
                .filter(|(k, _)| !group.iter().any(|(t, _)| t == k))
                .map(|(_, t)| (t.coefficient.clone(), t.node))
                .collect();
            terms.push((Number::ONE, product));
        }
    }

    fn as_contraction(&self, a: NodeId) -> Contraction {
        match self.graph.node(a) {
            Node::Contract(c) => c.clone(),
            _ => {
                let labels: Labels = (0..self.graph.order(a) as Label).collect();
                let factors = smallvec::smallvec![Factor { node: a, labels: labels.clone() }];
                Contraction { dims: self.graph.axes(a).into(), out: labels, factors }
            }
        }
    }

    /// The signature that several terms share and that saves most, with a factor of each of these terms.
    fn best_group(&mut self, terms: &[Term]) -> Option<(Signature, Vec<(usize, usize)>)> {
        let mut groups: IndexMap<Signature, Vec<(usize, usize)>, FxBuildHasher> = IndexMap::default();
        for (t, term) in terms.iter().enumerate() {
            for f in 0..term.contraction.factors.len() {
                let signature = self.signature(&term.contraction, f);
                for signature in signature.into_iter().flat_map(|s| [Some(s.clone()), self.with_ones(&term.contraction, s)]).flatten() {
                    let group = groups.entry(signature).or_default();
                    if group.last().is_none_or(|(last, _)| *last != t) {
                        group.push((t, f));
                    }
                }
            }
        }
        // The first of the best: terms and factors stand in the order of their content.
        let mut best: Option<(u64, usize)> = None;
        for (at, (signature, group)) in groups.iter().enumerate() {
            let saved = (group.len() as u64 - 1) * self.size(signature.factor);
            if group.len() > 1 && best.is_none_or(|(most, _)| saved > most) {
                best = Some((saved, at));
            }
        }
        let (_, at) = best?;
        groups.swap_remove_index(at)
    }

    fn signature(&self, c: &Contraction, at: usize) -> Option<Signature> {
        let factor = &c.factors[at];
        if c.out.len() > 60 || self.rest_is_places(c, at) {
            return None;
        }
        let in_rest = |l: Label| c.factors.iter().enumerate().any(|(k, f)| k != at && f.labels.contains(&l));
        let outputs = |l: Label| c.out.iter().enumerate().filter(|(_, o)| **o == l).fold(0u64, |mask, (p, _)| mask | 1 << p);
        let axes: Vec<_> =
            factor.labels.iter().map(|&l| (factor.labels.iter().position(|m| *m == l).unwrap_or(0), outputs(l), in_rest(l))).collect();
        let kept = c.out.iter().enumerate().filter(|(_, l)| in_rest(**l)).fold(0u64, |mask, (p, _)| mask | 1 << p);
        let first = |l: &Label| c.out.iter().position(|o| o == l).unwrap_or(0);
        let repeated = c.out.iter().enumerate().map(|(p, l)| (p as u8, first(l) as u8)).filter(|(p, first)| p != first).collect();
        let signature = Signature { factor: factor.node, axes, kept, repeated };
        (self.rest_labels(c, at, &signature).len() <= MOST_REST_ORDER || self.rest_is_one_tensor(c, at)).then_some(signature)
    }

    /// The signature under which a term stands beside `M*H` as `ones*H`, and beside `A'*x` as `A'*ones`: the axes that are only
    /// summed are joined to ones in the rest, which get the outputs that nothing in the term has.
    fn with_ones(&self, c: &Contraction, mut signature: Signature) -> Option<Signature> {
        let constant = |l: &Label| !c.factors.iter().any(|f| f.labels.contains(l));
        let missing = c.out.iter().enumerate().filter(|(_, l)| constant(l)).fold(0u64, |mask, (p, _)| mask | 1 << p);
        let mut summed = signature.axes.iter_mut().filter(|(_, outputs, in_rest)| *outputs == 0 && !*in_rest).peekable();
        summed.peek()?;
        summed.for_each(|axis| axis.2 = true);
        signature.kept |= missing;
        let order =
            signature.kept.count_ones() as usize + signature.axes.iter().filter(|(_, outputs, in_rest)| *outputs == 0 && *in_rest).count();
        (order <= MOST_REST_ORDER).then_some(signature)
    }

    /// Whether the rest only says where the factor stands: blocks are not taken out of a block matrix.
    fn rest_is_places(&self, c: &Contraction, at: usize) -> bool {
        let place = |f: &Factor| matches!(self.graph.node(f.node), Node::Select(_) | Node::Unit(..));
        c.factors.len() > 1 && c.factors.iter().enumerate().all(|(k, f)| k == at || place(f)) && !place(&c.factors[at])
    }

    fn rest_is_one_tensor(&self, c: &Contraction, at: usize) -> bool {
        c.factors.len() == 2 && self.graph.order(c.factors[1 - at].node) > MOST_REST_ORDER
    }

    /// The labels of the rest: the outputs that it keeps, then what it shares with the factor beyond these.
    fn rest_labels(&self, c: &Contraction, at: usize, signature: &Signature) -> Labels {
        let mut labels = Labels::new();
        let mut push = |l: Label| {
            if !labels.contains(&l) {
                labels.push(l);
            }
        };
        c.out.iter().enumerate().filter(|(p, _)| signature.kept >> p & 1 == 1).for_each(|(_, l)| push(*l));
        c.factors[at].labels.iter().zip(&signature.axes).filter(|(_, (_, _, in_rest))| *in_rest).for_each(|(l, _)| push(*l));
        labels
    }

    /// The factor times the sum of the rests, which is factored in turn.
    fn take_out(&mut self, signature: &Signature, terms: &[Term], group: &[(usize, usize)]) -> NodeId {
        let mut rests = Vec::with_capacity(group.len());
        let mut axes = Axes::new();
        for &(t, f) in group {
            let c = &terms[t].contraction;
            let out = self.rest_labels(c, f, signature);
            axes = out.iter().map(|&l| c.dims[l as usize]).collect();
            let mut draft = Draft::new();
            draft.labels(&c.dims);
            draft.factors = c.factors.iter().enumerate().filter(|(k, _)| *k != f).map(|(_, f)| f.clone()).collect();
            let kept: Vec<Label> = out.iter().chain(draft.factors.iter().flat_map(|f| &f.labels)).copied().collect();
            (0..c.dims.len() as Label).filter(|l| !kept.contains(l)).for_each(|l| draft.retire(l));
            rests.push((terms[t].coefficient.clone(), self.graph.contract(draft.out(&out))));
        }
        let rest = self.sum(&axes, rests);
        let (t, f) = group[0];
        let c = &terms[t].contraction;
        let out = self.rest_labels(c, f, signature);
        let mut draft = Draft::new();
        draft.labels(&c.dims);
        let used: Vec<Label> = c.out.iter().chain(&c.factors[f].labels).chain(&out).copied().collect();
        (0..c.dims.len() as Label).filter(|l| !used.contains(l)).for_each(|l| draft.retire(l));
        draft.factor(signature.factor, &c.factors[f].labels).factor(rest, &out);
        self.graph.contract(draft.out(&c.out))
    }

    /// About how many tokens a node prints as.
    fn size(&mut self, id: NodeId) -> u64 {
        if let Some(&size) = self.sizes.get(&id) {
            return size;
        }
        let mut children = Vec::new();
        self.graph.node(id).for_each_child(|c| children.push(c));
        let size = children.iter().fold(1u64, |sum, c| sum.saturating_add(self.size(*c)));
        self.sizes.insert(id, size);
        size
    }
}
