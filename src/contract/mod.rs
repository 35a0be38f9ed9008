//! Contractions: the constructors of the index form, which normalise and recognise as they build.
//!
//! [`Draft`] collects factors; [`Graph::contract`] brings it to normal form by small steps until none fires:
//!
//! ```text
//! flatten     a child contraction is spliced in, except a closed scalar; coefficients move out; a zero factor ends it
//! deltas      a label repeated in a child's output joins the labels that it meets
//! order       indices that triangles force to be equal are joined, entries that are 0 end it   structure.rs
//! linear      a sum reduced over a label of its own is reduced term by term, and one of order 3 or more with deltas
//!             is taken apart: the only expansions
//! blocks      a sum of blocks is taken term by term where it meets a selection or other blocks       select.rs
//! selections  two selections of one axis are one of what they have in common                        select.rs
//! closed      a component that reaches no output becomes an order-0 factor
//! powers      equal bases with equal labels add their exponents                            power.rs
//! recognise   inverses cancel, exp(u)/sum(exp(u)) is softmax(u), eps*eps is deltas, …      recognise.rs
//! order       canonical labels and factors by colour refinement                            canonical.rs
//! ```
//!
//! Every step terminates, and so does their loop: splicing removes a contraction node from among the factors, whose
//! depth is finite; `linear` and `closed` replace a factor by nodes over fewer labels; `powers` and `recognise` leave
//! fewer factors than they found, or the same ones with fewer pairs in the wrong order.

mod blocks;
mod cancel;
mod canonical;
mod commuting;
mod elementwise;
mod frechet;
mod function;
mod half;
mod kronecker;
mod levi_civita;
mod opaque;
mod operator;
mod power;
mod rebuild;
mod recognise;
mod select;
mod spectra;
mod structure;
mod sum;

use crate::dim::Dim;
use crate::error::{Error, ErrorKind, Result};
use crate::fact::Facts;
use crate::index::{Axes, Contraction, Factor, Graph, Label, Labels, Node, NodeId};
use crate::number::Number;

use canonical::Parity;
pub(crate) use canonical::{gram_half, is_gram};
pub(crate) use commuting::Generator;
pub(crate) use operator::Sandwich;
use structure::Settled;

/// In one graph so many factors of products are put into other products: some hundreds in the gradients of forty layers, any number where
/// something doubles itself again and again, as in `t1 = A*t2*t2; t2 = A*t3*t3; …`.
const MOST_SPLICED: usize = 20_000;
/// A product with more factors than this is not multiplied out further.
const MOST_FACTORS: usize = 512;

/// A contraction under construction. Labels are handed out by [`Draft::label`].
#[derive(Clone, Debug)]
pub(crate) struct Draft {
    pub coefficient: Number,
    pub dims: Vec<Dim>,
    /// Whether a label takes part: not joined into another one, not gone with a part that was split off. A label that
    /// takes part and stands nowhere is a sum of ones.
    alive: Vec<bool>,
    pub out: Labels,
    pub factors: Vec<Factor>,
}

impl Draft {
    pub fn new() -> Draft {
        Draft { coefficient: Number::ONE, dims: Vec::new(), alive: Vec::new(), out: Labels::new(), factors: Vec::new() }
    }

    pub fn label(&mut self, dim: Dim) -> Label {
        self.dims.push(dim);
        self.alive.push(true);
        (self.dims.len() - 1) as Label
    }

    /// Some of the factors with an output of their own, over the same labels.
    fn part(&self, out: Labels, factors: Vec<Factor>) -> Draft {
        let mut part = Draft { coefficient: Number::ONE, dims: self.dims.clone(), alive: vec![false; self.dims.len()], out, factors };
        for &l in part.out.iter().chain(part.factors.iter().flat_map(|f| &f.labels)) {
            part.alive[l as usize] = true;
        }
        part
    }

    pub fn labels(&mut self, dims: &[Dim]) -> Labels {
        dims.iter().map(|&d| self.label(d)).collect()
    }

    pub fn factor(&mut self, node: NodeId, labels: &[Label]) -> &mut Draft {
        self.factors.push(Factor { node, labels: labels.into() });
        self
    }

    pub fn out(mut self, labels: &[Label]) -> Draft {
        self.out = labels.into();
        self
    }

    /// Joins two labels everywhere: what a Kronecker delta between them does.
    fn join(&mut self, a: Label, b: Label) {
        if a == b {
            return;
        }
        let (keep, drop) = (a.min(b), a.max(b));
        debug_assert_eq!(self.dims[keep as usize], self.dims[drop as usize], "a delta joins axes of one length");
        let rename = |l: &mut Label| {
            if *l == drop {
                *l = keep;
            }
        };
        self.out.iter_mut().for_each(rename);
        self.factors.iter_mut().flat_map(|f| f.labels.iter_mut()).for_each(rename);
        self.alive[drop as usize] = false;
    }

    /// Takes back a label that was handed out and not used.
    pub fn retire(&mut self, label: Label) {
        self.alive[label as usize] = false;
    }

    /// How often a label stands in the factors and in the output.
    fn uses(&self, label: Label) -> usize {
        self.factors.iter().flat_map(|f| &f.labels).chain(&self.out).filter(|&&l| l == label).count()
    }

    fn is_out(&self, label: Label) -> bool {
        self.out.contains(&label)
    }

    /// Adds a contraction as a factor whose outputs carry `labels`.
    fn splice(&mut self, c: &Contraction, labels: &[Label]) {
        let mut mine: Vec<Option<Label>> = vec![None; c.dims.len()];
        let mut joins: Vec<(Label, Label)> = Vec::new();
        for (&inner, &outer) in c.out.iter().zip(labels) {
            match mine[inner as usize] {
                None => mine[inner as usize] = Some(outer),
                Some(first) => joins.push((first, outer)),
            }
        }
        for f in &c.factors {
            let labels = f.labels.iter().map(|&l| *mine[l as usize].get_or_insert_with(|| self.label(c.dims[l as usize]))).collect();
            self.factors.push(Factor { node: f.node, labels });
        }
        // A joined label may be the survivor of an earlier join.
        let mut renamed: Vec<(Label, Label)> = Vec::new();
        for (a, b) in joins {
            let now = |l: Label| renamed.iter().fold(l, |l, &(from, to)| if l == from { to } else { l });
            let (a, b) = (now(a), now(b));
            self.join(a, b);
            renamed.push((a.max(b), a.min(b)));
        }
    }
}

impl Graph {
    /// The number 1: the empty contraction.
    pub fn one(&mut self) -> NodeId {
        self.insert(Node::Contract(Contraction::default()))
    }

    pub fn zero(&mut self, axes: &[Dim]) -> NodeId {
        self.insert(Node::Zero(axes.into()))
    }

    pub fn number(&mut self, n: &Number) -> NodeId {
        let one = self.one();
        self.scale(n, one)
    }

    /// A dimension as a number: monomials are split, so that equal factors cancel.
    pub fn size(&mut self, dim: Dim) -> NodeId {
        if let Some(n) = dim.as_number() {
            return self.number(&Number::int(n));
        }
        let mut terms = dim.terms();
        if dim.denominator() != 1 {
            let above = self.size(dim.numerator());
            return self.scale(&Number::ratio(1, dim.denominator()), above);
        }
        match (terms.next(), terms.next()) {
            (Some((symbols, c)), None) if symbols.len() > 1 || c != 1 => {
                let mut draft = Draft::new();
                draft.coefficient = Number::int(c);
                for s in symbols {
                    let s = self.insert(Node::Size(Dim::of(*s)));
                    draft.factor(s, &[]);
                }
                self.contract(draft)
            }
            _ => self.insert(Node::Size(dim)),
        }
    }

    /// `n` times `a`.
    pub fn scale(&mut self, n: &Number, a: NodeId) -> NodeId {
        if n.is_one() {
            return a;
        }
        match self.node(a) {
            _ if n.is_zero() => {
                let axes: Axes = self.axes(a).into();
                self.zero(&axes)
            }
            Node::Zero(_) => a,
            Node::Scale(m, b) => {
                let (product, b) = (n * m, *b);
                self.scale(&product, b)
            }
            _ => self.insert(Node::Scale(n.clone(), a)),
        }
    }

    pub fn negate(&mut self, a: NodeId) -> NodeId {
        self.scale(&Number::MINUS_ONE, a)
    }

    /// The coefficient and what it multiplies.
    pub fn unscaled(&self, a: NodeId) -> (Number, NodeId) {
        match self.node(a) {
            Node::Scale(n, b) => (n.clone(), *b),
            _ => (Number::ONE, a),
        }
    }

    /// `out[labels] = sum of the product of the factors`, lengths read off the factors.
    pub fn einsum(&mut self, out: &[Label], factors: &[(NodeId, &[Label])]) -> NodeId {
        let mut draft = Draft::new();
        let most = factors.iter().flat_map(|(_, ls)| ls.iter()).chain(out).max().map_or(0, |&l| l as usize + 1);
        draft.dims = vec![Dim::ONE; most];
        draft.alive = vec![false; most];
        for (node, labels) in factors {
            for (axis, &l) in labels.iter().enumerate() {
                draft.dims[l as usize] = self.axes(*node)[axis];
                draft.alive[l as usize] = true;
            }
            draft.factor(*node, labels);
        }
        self.contract(draft.out(out))
    }

    /// The identity matrix.
    pub fn eye(&mut self, n: Dim) -> NodeId {
        let mut draft = Draft::new();
        let l = draft.label(n);
        self.contract(draft.out(&[l, l]))
    }

    /// A scalar repeated along these axes.
    pub fn fill(&mut self, scalar: NodeId, axes: &[Dim]) -> NodeId {
        let mut draft = Draft::new();
        let out = draft.labels(axes);
        draft.factor(scalar, &[]);
        self.contract(draft.out(&out))
    }

    /// `result[k] = a[axes[k]]`: axis `k` of the result is axis `axes[k]` of `a`.
    pub fn permute(&mut self, a: NodeId, axes: &[usize]) -> NodeId {
        let mut draft = Draft::new();
        let dims: Axes = self.axes(a).into();
        let labels = draft.labels(&dims);
        draft.factor(a, &labels);
        let out: Labels = axes.iter().map(|&k| labels[k]).collect();
        self.contract(draft.out(&out))
    }

    /// The transpose of what has two axes; anything of lower order is its own.
    pub fn transpose(&mut self, a: NodeId) -> NodeId {
        if self.order(a) == 2 { self.permute(a, &[1, 0]) } else { a }
    }

    /// The elementwise product; a scalar multiplies every entry.
    pub fn times(&mut self, a: NodeId, b: NodeId) -> NodeId {
        let axes: Axes = if self.order(a) >= self.order(b) { self.axes(a).into() } else { self.axes(b).into() };
        let mut draft = Draft::new();
        let labels = draft.labels(&axes);
        for node in [a, b] {
            let own = if self.order(node) == 0 { &[][..] } else { &labels[..] };
            draft.factor(node, own);
        }
        self.contract(draft.out(&labels))
    }

    /// The normal form of a contraction.
    pub fn contract(&mut self, mut draft: Draft) -> NodeId {
        loop {
            if !self.flatten(&mut draft) {
                let axes: Axes = draft.out.iter().map(|&l| draft.dims[l as usize]).collect();
                return self.zero(&axes);
            }
            match self.settle_order(&mut draft) {
                Settled::Zero => {
                    let axes: Axes = draft.out.iter().map(|&l| draft.dims[l as usize]).collect();
                    return self.zero(&axes);
                }
                Settled::Changed => continue,
                Settled::Already => {}
            }
            if let Some(done) =
                self.distribute_alone(&draft).or_else(|| self.distribute_deltas(&draft)).or_else(|| self.distribute_blocks(&draft))
            {
                return done;
            }
            if self.reduce_linear(&mut draft)
                || self.split_closed(&mut draft)
                || self.collect_powers(&mut draft)
                || self.recognise(&mut draft)
            {
                continue;
            }
            if let Some(done) = self.expand_levi_civita(&draft) {
                return done;
            }
            return self.finish(&draft);
        }
    }

    /// Splices child contractions in and moves coefficients out; false if a factor is zero.
    fn flatten(&mut self, draft: &mut Draft) -> bool {
        let mut at = 0;
        while at < draft.factors.len() {
            match self.node(draft.factors[at].node) {
                Node::Zero(_) => return false,
                Node::Scale(n, a) => {
                    draft.coefficient = &draft.coefficient * n;
                    draft.factors[at].node = *a;
                }
                Node::Contract(c) if !self.is_closed_scalar(c) && self.spliced < MOST_SPLICED => {
                    let c = c.clone();
                    let too_long = draft.factors.len() + c.factors.len() > MOST_FACTORS;
                    self.spliced += if too_long { MOST_SPLICED } else { c.factors.len() };
                    let f = draft.factors.swap_remove(at);
                    draft.splice(&c, &f.labels);
                }
                _ => at += 1,
            }
        }
        true
    }

    /// # Errors
    /// `Limit` if products were multiplied out until no more were taken apart: then equal tensors may have different nodes.
    pub(crate) fn check_size(&self) -> Result<()> {
        if self.spliced < MOST_SPLICED {
            return Ok(());
        }
        let error = Error::new(
            ErrorKind::Limit,
            format!("multiplied out, it has products of more than {MOST_FACTORS} factors, or of {MOST_SPLICED} in all"),
        );
        Err(error.help("declare a variable for what is multiplied by itself, and put the results together by the chain rule"))
    }

    /// One connected component without output: an atom among factors. A product of scalars is none.
    fn is_closed_scalar(&self, c: &Contraction) -> bool {
        c.out.is_empty() && c.factors.iter().any(|f| !f.labels.is_empty())
    }

    /// A sum that stands alone under anything but a permutation of its axes is taken term by term.
    fn distribute_alone(&mut self, draft: &Draft) -> Option<NodeId> {
        let [f] = draft.factors.as_slice() else { return None };
        if is_permutation(&f.labels, &draft.out) {
            return None;
        }
        self.term_by_term(draft, 0)
    }

    /// A sum of order 3 or more in which a term has a delta is taken term by term: the deltas then join labels of the other
    /// factors, and no matrix formula could hold such a sum together.
    fn distribute_deltas(&mut self, draft: &Draft) -> Option<NodeId> {
        if draft.factors.len() < 2 {
            return None;
        }
        let at = draft.factors.iter().position(|f| match self.node(f.node) {
            Node::Sum(terms) if f.labels.len() > 2 => terms.iter().any(|(_, t)| self.has_delta(*t)),
            _ => false,
        })?;
        self.term_by_term(draft, at)
    }

    /// The product as a sum over the terms of the factor at that place, if it is a sum.
    fn term_by_term(&mut self, draft: &Draft, at: usize) -> Option<NodeId> {
        let Node::Sum(terms) = self.node(draft.factors[at].node) else { return None };
        let terms = terms.clone();
        let axes: Axes = draft.out.iter().map(|&l| draft.dims[l as usize]).collect();
        let terms = terms
            .into_iter()
            .map(|(n, node)| {
                let mut one = draft.clone();
                one.coefficient = &one.coefficient * &n;
                one.factors[at].node = node;
                (Number::ONE, self.contract(one))
            })
            .collect();
        Some(self.sum(&axes, terms))
    }

    /// A contraction as a sum over the terms of one of its factors.
    pub(crate) fn by_terms_of(&mut self, node: NodeId, at: usize) -> Option<NodeId> {
        let Node::Contract(c) = self.node(node) else { return None };
        let c = c.clone();
        let mut draft = Draft::new();
        draft.labels(&c.dims);
        draft.factors.extend(c.factors);
        self.term_by_term(&draft.out(&c.out), at)
    }

    /// A product one of whose factors is a sum of tensors of order 3 or more, which no matrix formula holds together, as the sum
    /// over the terms of the first of these.
    pub(crate) fn without_sums_of_tensors(&mut self, node: NodeId) -> Option<NodeId> {
        const MOST_TERMS: usize = 32;
        let Node::Contract(c) = self.node(node) else { return None };
        let length = |f: &Factor| match self.node(f.node) {
            Node::Sum(terms) if f.labels.len() > 2 => terms.len(),
            _ => 1,
        };
        let at = c.factors.iter().position(|f| length(f) > 1)?;
        if c.factors.iter().map(length).product::<usize>() > MOST_TERMS {
            return None;
        }
        self.by_terms_of(node, at)
    }

    fn has_delta(&self, node: NodeId) -> bool {
        matches!(self.node(node), Node::Contract(c) if !all_distinct(&c.out))
    }

    /// Reduces a sum over its private labels, or takes its diagonal, apart from the other factors.
    fn reduce_linear(&mut self, draft: &mut Draft) -> bool {
        for at in 0..draft.factors.len() {
            let f = &draft.factors[at];
            if !matches!(self.node(f.node), Node::Sum(_)) || draft.factors.len() == 1 {
                continue;
            }
            let mut kept = Labels::new();
            for &l in &f.labels {
                let here = f.labels.iter().filter(|&&m| m == l).count();
                if !kept.contains(&l) && (draft.is_out(l) || draft.uses(l) > here) {
                    kept.push(l);
                }
            }
            if kept.len() == f.labels.len() {
                continue;
            }
            let gone: Labels = f.labels.iter().copied().filter(|l| !kept.contains(l)).collect();
            let alone = draft.part(kept.clone(), vec![f.clone()]);
            let node = self.contract(alone);
            draft.factors[at] = Factor { node, labels: kept };
            gone.iter().for_each(|&l| draft.alive[l as usize] = false);
            return true;
        }
        false
    }

    /// Makes an order-0 factor of each component that reaches no output, and of each summed label that no factor has.
    fn split_closed(&mut self, draft: &mut Draft) -> bool {
        for l in 0..draft.dims.len() {
            if draft.alive[l] && draft.uses(l as Label) == 0 {
                draft.alive[l] = false;
                let node = self.size(draft.dims[l]);
                draft.factors.push(Factor { node, labels: Labels::new() });
                return true;
            }
        }
        let components = components(draft);
        if components.len() == 1 && draft.out.is_empty() {
            return false;
        }
        let closed = components.into_iter().find(|component| {
            let mut labels = component.iter().flat_map(|&f| &draft.factors[f].labels).peekable();
            labels.peek().is_some() && labels.all(|&l| !draft.is_out(l))
        });
        let Some(closed) = closed else { return false };
        let factors: Vec<Factor> = closed.iter().map(|&f| draft.factors[f].clone()).collect();
        factors.iter().flat_map(|f| &f.labels).for_each(|&l| draft.alive[l as usize] = false);
        let node = self.contract(draft.part(Labels::new(), factors));
        for &f in closed.iter().rev() {
            draft.factors.remove(f);
        }
        draft.factors.push(Factor { node, labels: Labels::new() });
        true
    }

    /// The node of a draft to which no step applies any more.
    fn finish(&mut self, draft: &Draft) -> NodeId {
        if let Some(node) = self.lone_factor(draft) {
            return self.scale(&draft.coefficient, node);
        }
        let (c, parity) = canonical::canonical_and_sign(self, draft);
        match parity {
            Parity::Vanishes => {
                let axes: Axes = draft.out.iter().map(|&l| draft.dims[l as usize]).collect();
                self.zero(&axes)
            }
            Parity::Even | Parity::Odd => {
                let node = self.insert(Node::Contract(c));
                let sign = if parity == Parity::Odd { -&draft.coefficient } else { draft.coefficient.clone() };
                self.scale(&sign, node)
            }
        }
    }

    /// The node that a draft is, if it has one factor and changes nothing about it.
    fn lone_factor(&mut self, draft: &Draft) -> Option<NodeId> {
        let [f] = draft.factors.as_slice() else { return None };
        if f.labels == draft.out && all_distinct(&f.labels) {
            return Some(f.node);
        }
        let ([a, b], [i, j]) = (f.labels.as_slice(), draft.out.as_slice()) else { return None };
        match (a == b, i == j) {
            // A diagonal matrix is the diagonal matrix of its diagonal.
            (true, true) if a == i && self.meta(f.node).facts.contains(Facts::DIAGONAL) => Some(f.node),
            (false, false) if (a, b) == (j, i) && self.has_symmetric_axes(f.node) => Some(f.node),
            (false, false) if (a, b) == (j, i) && self.has_skew_axes(f.node) => Some(self.negate(f.node)),
            _ => None,
        }
    }
}

/// Whether `out` is a reordering of `labels`, each once.
fn is_permutation(labels: &[Label], out: &[Label]) -> bool {
    labels.len() == out.len() && all_distinct(labels) && all_distinct(out) && labels.iter().all(|l| out.contains(l))
}

fn all_distinct(labels: &[Label]) -> bool {
    labels.iter().enumerate().all(|(at, l)| !labels[..at].contains(l))
}

/// The factors grouped by shared labels; a factor without labels is a component of its own.
fn components(draft: &Draft) -> Vec<Vec<usize>> {
    let mut of: Vec<usize> = (0..draft.factors.len()).collect();
    let mut first_with: Vec<Option<usize>> = vec![None; draft.dims.len()];
    fn root(of: &mut [usize], mut i: usize) -> usize {
        while of[i] != i {
            of[i] = of[of[i]];
            i = of[i];
        }
        i
    }
    for (at, f) in draft.factors.iter().enumerate() {
        for &l in &f.labels {
            match first_with[l as usize] {
                None => first_with[l as usize] = Some(at),
                Some(other) => {
                    let (a, b) = (root(&mut of, at), root(&mut of, other));
                    of[a.max(b)] = a.min(b);
                }
            }
        }
    }
    let mut groups: Vec<Vec<usize>> = vec![Vec::new(); draft.factors.len()];
    for at in 0..draft.factors.len() {
        let r = root(&mut of, at);
        groups[r].push(at);
    }
    groups.retain(|g| !g.is_empty());
    groups
}
