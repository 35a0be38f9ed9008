//! Contractions as steps: what only chooses, repeats or stacks entries is taken out of the product, then the factors are
//! multiplied two at a time.

use super::build::{Builder, internal, operand};
use super::elementwise::product;
use super::order::{Factor as Planned, Problem};
use super::{Entry, Kernel, Operand, Operation, Pair, Part, Place, ValueId};
use crate::dim::Dim;
use crate::error::{Error, ErrorKind, Result};
use crate::index::{Axes, Contraction, Label, Labels, Node, NodeId, Opaque};
use crate::number::Number;
use crate::part::{Cut, Selection};
use smallvec::SmallVec;

/// A set of labels.
pub(super) type Mask = u128;

/// The value of a contraction.
pub(super) struct Core {
    pub part: Part,
    /// Whether axes were stacked, so that the part is the whole.
    pub stacked: bool,
}

/// A factor of a product that is being built.
#[derive(Clone, Copy, PartialEq)]
enum Leaf {
    Node(NodeId),
    Value(ValueId),
    Ones,
}

/// Factors that are multiplied entry by entry when their product is needed.
#[derive(Clone)]
pub(super) struct Term {
    factors: Vec<(Leaf, Labels)>,
}

impl Term {
    fn labels(&self) -> Mask {
        self.factors.iter().flat_map(|f| f.1.iter()).fold(0, |m, l| m | bit(*l))
    }
}

fn bit(l: Label) -> Mask {
    1 << l
}

/// What the axes of the result are made of.
enum Axis {
    Label(Label),
    /// A run of places of a longer axis.
    Embedded(Label, Selection),
    /// One place of a longer axis.
    Single(Dim, Dim),
    /// The first axis runs fastest.
    Stacked(Box<Axis>, Box<Axis>),
}

/// A factor that only chooses entries along an axis, or stacks two axes in it.
#[derive(Clone, Copy)]
enum Special {
    Run(Selection),
    At(Dim, Dim),
    Stack(Dim, Dim),
}

impl Special {
    /// The axis that is made of the short ones, of which the slow one comes first.
    fn axis(self, short: &[Label]) -> Option<Axis> {
        match (self, short) {
            (Special::Run(s), [l]) => Some(Axis::Embedded(*l, s)),
            (Special::At(place, of), []) => Some(Axis::Single(place - Dim::ONE, of)),
            (Special::Stack(..), [slow, fast]) => Some(Axis::Stacked(Box::new(Axis::Label(*fast)), Box::new(Axis::Label(*slow)))),
            _ => None,
        }
    }

    /// An axis of a value cut, or taken apart.
    fn applied(self, builder: &mut Builder, value: ValueId, axis: usize) -> ValueId {
        match self {
            Special::Run(s) => builder.cut(value, axis, Cut::Run(s)),
            Special::At(place, _) => builder.cut(value, axis, Cut::At(place)),
            Special::Stack(m, n) => builder.split(value, axis, m, n),
        }
    }
}

/// A contraction that is taken apart.
struct Work {
    dims: Vec<Dim>,
    live: Vec<bool>,
    factors: Vec<(Leaf, Labels)>,
    out: Vec<Axis>,
}

impl Builder<'_> {
    /// The product of a number and a contraction.
    pub(super) fn contraction(&mut self, c: &Contraction, n: &Number, symmetric: bool) -> Result<Core> {
        if c.dims.len() > Mask::BITS as usize {
            return Err(Error::new(ErrorKind::Limit, format!("a product of more than {} indices", Mask::BITS)));
        }
        let mut work = Work {
            dims: c.dims.to_vec(),
            live: vec![true; c.dims.len()],
            factors: c.factors.iter().map(|f| (Leaf::Node(f.node), f.labels.clone())).collect(),
            out: c.out.iter().map(|l| Axis::Label(*l)).collect(),
        };
        while self.take_special(&mut work)? {}
        let mut leaves = Vec::new();
        work.out.iter().for_each(|a| a.leaves(&mut leaves));
        let mut out = Labels::new();
        for axis in &leaves {
            if let Axis::Label(l) | Axis::Embedded(l, _) = axis
                && !out.contains(l)
            {
                out.push(*l);
            }
        }
        let value = self.product(&work, &out, n, symmetric && out.len() == 2)?;
        let place = |axis: &&Axis| match axis {
            Axis::Label(l) => Place { axis: out.iter().position(|o| o == l), offset: Dim::number(0), is_run: false },
            Axis::Embedded(l, s) => Place { axis: out.iter().position(|o| o == l), offset: s.offset, is_run: true },
            Axis::Single(offset, _) => Place { axis: None, offset: *offset, is_run: false },
            Axis::Stacked(..) => Place { axis: None, offset: Dim::number(0), is_run: false },
        };
        let part = Part { value, places: leaves.iter().map(place).collect() };
        if work.out.iter().all(|a| !matches!(a, Axis::Stacked(..))) {
            return Ok(Core { part, stacked: false });
        }
        let axes: Axes = leaves.iter().map(|a| a.length(&work.dims)).collect();
        let value = if part.is_whole() { part.value } else { self.step(Operation::Assemble(None, vec![part]), axes) };
        let axes: Axes = work.out.iter().map(|a| a.length(&work.dims)).collect();
        let order = axes.len();
        Ok(Core { part: Part::whole(self.step(Operation::Reshape(value), axes), order), stacked: true })
    }

    /// Takes out one factor that only chooses or stacks. Each removes a factor.
    fn take_special(&mut self, work: &mut Work) -> Result<bool> {
        for at in 0..work.factors.len() {
            let (Leaf::Node(node), labels) = work.factors[at].clone() else { continue };
            let Some((special, short)) = self.special(node, &labels) else { continue };
            if work.chosen(at, labels[0], &short, special, self)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// What a factor makes of its first axis, and the labels of the axes that this is made of.
    fn special(&self, node: NodeId, labels: &Labels) -> Option<(Special, Labels)> {
        match self.graph.node(node) {
            Node::Select(s) => Some((Special::Run(*s), labels[1..].into())),
            Node::Unit(place, n) => Some((Special::At(*place, *n), Labels::new())),
            Node::Merge(m, n) => Some((Special::Stack(*m, *n), Labels::from_slice(&[labels[2], labels[1]]))),
            _ => None,
        }
    }

    fn cut(&mut self, value: ValueId, axis: usize, cut: Cut) -> ValueId {
        let axes = self.axes(value).clone();
        let cuts: SmallVec<[Cut; 4]> = (0..axes.len()).map(|at| if at == axis { cut } else { Cut::All }).collect();
        let rest = axes.iter().enumerate().filter_map(|(at, d)| match (at == axis, cut) {
            (true, Cut::Run(s)) => Some(s.length),
            (true, Cut::At(_)) => None,
            _ => Some(*d),
        });
        let rest: Axes = rest.collect();
        self.step(Operation::Slice(value, cuts), rest)
    }

    /// A long axis as its slow and its fast one.
    fn split(&mut self, value: ValueId, axis: usize, m: Dim, n: Dim) -> ValueId {
        let mut axes = self.axes(value).clone();
        axes[axis] = n;
        axes.insert(axis + 1, m);
        self.step(Operation::Reshape(value), axes)
    }

    fn leaf_value(&mut self, leaf: Leaf, dims: &[Dim]) -> Result<ValueId> {
        match leaf {
            Leaf::Node(node) => self.value(node),
            Leaf::Value(value) => Ok(value),
            Leaf::Ones => Ok(self.number(&Number::ONE, dims)),
        }
    }

    /// The matrix of which a leaf is the inverse.
    fn inverted(&self, leaf: Leaf) -> Option<NodeId> {
        let Leaf::Node(node) = leaf else { return None };
        if let Node::Opaque(Opaque::Inv, a) = self.graph.node(node) { Some(*a) } else { None }
    }

    /// The product of the factors over distinct labels, in the order `out`.
    fn product(&mut self, work: &Work, out: &Labels, n: &Number, symmetric: bool) -> Result<ValueId> {
        let dims = &work.dims;
        let outer = out.iter().fold(0, |m, l| m | bit(*l));
        let (scalars, mut tensors): (Vec<_>, Vec<_>) = work.factors.iter().cloned().partition(|f| f.1.is_empty());
        let mut extra: Vec<Entry> = vec![Entry::Number(n.clone())];
        let present = tensors.iter().flat_map(|f| f.1.iter()).fold(outer, |m, l| m | bit(*l));
        extra.extend((0..dims.len()).filter(|l| work.live[*l] && present >> l & 1 == 0).map(|l| Entry::Size(dims[l])));
        self.ones_beside_inverses(&mut tensors, outer);
        let mut terms: Vec<Option<Term>> = Vec::new();
        for at in 0..tensors.len() {
            let others = tensors.iter().enumerate().filter(|(k, _)| *k != at).flat_map(|(_, f)| f.1.iter());
            let needed = others.fold(outer, |m, l| m | bit(*l));
            terms.push(Some(self.privately_summed(tensors[at].clone(), needed, dims)?));
        }
        let lengths: Vec<f64> = dims.iter().map(|d| self.length(*d)).collect();
        let planned = |t: &Option<Term>| {
            let term = t.as_ref();
            let inverse =
                term.is_some_and(|t| t.factors.len() == 1 && t.factors[0].1.len() == 2 && self.inverted(t.factors[0].0).is_some());
            Planned { labels: term.map_or(0, Term::labels), inverse }
        };
        let factors: Vec<Planned> = terms.iter().map(planned).collect();
        let order = if factors.len() > 1 { Problem { factors: &factors, out: outer, lengths: &lengths }.order() } else { Vec::new() };
        let last = order.len();
        for (at, (a, b)) in order.into_iter().enumerate() {
            let (Some(a), Some(b)) = (terms[a].take(), terms[b].take()) else { return Err(internal("a factor is multiplied twice")) };
            let needed = terms.iter().flatten().fold(outer, |m, t| m | t.labels());
            let wanted = (at + 1 == last).then_some(out);
            terms.push(Some(self.pair(a, b, needed, wanted, symmetric && at + 1 == last, dims)?));
        }
        let term = terms.pop().flatten().unwrap_or(Term { factors: Vec::new() });
        self.finished(term, &scalars, extra, out, dims)
    }

    /// Where one axis of an inverse is summed alone, a vector of ones is multiplied: that is solved, not inverted.
    fn ones_beside_inverses(&self, tensors: &mut Vec<(Leaf, Labels)>, outer: Mask) {
        let mut count = [0u32; Mask::BITS as usize];
        tensors.iter().flat_map(|f| f.1.iter()).for_each(|l| count[usize::from(*l)] += 1);
        let lone = |l: &Label| count[usize::from(*l)] == 1 && outer & bit(*l) == 0;
        let inverses = tensors.iter().filter(|f| self.inverted(f.0).is_some());
        let ones: Vec<Label> = inverses.filter_map(|f| f.1.iter().copied().find(lone)).collect();
        tensors.extend(ones.into_iter().map(|l| (Leaf::Ones, Labels::from_slice(&[l]))));
    }

    /// A factor summed over the labels that nothing else has.
    fn privately_summed(&mut self, (leaf, labels): (Leaf, Labels), needed: Mask, dims: &[Dim]) -> Result<Term> {
        let whole = Term { factors: vec![(leaf, labels.clone())] };
        if labels.iter().all(|l| needed & bit(*l) != 0) {
            return Ok(whole);
        }
        let (value, labels) = self.materialised(&whole, dims)?;
        let over: SmallVec<[usize; 4]> = (0..labels.len()).filter(|at| needed & bit(labels[*at]) == 0).collect();
        let kept: Labels = labels.iter().copied().filter(|l| needed & bit(*l) != 0).collect();
        let axes: Axes = kept.iter().map(|l| dims[usize::from(*l)]).collect();
        let sum = self.step(Operation::Sum(value, over), axes);
        Ok(Term { factors: vec![(Leaf::Value(sum), kept)] })
    }

    fn pair(&mut self, a: Term, b: Term, needed: Mask, out: Option<&Labels>, symmetric: bool, dims: &[Dim]) -> Result<Term> {
        let shared = a.labels() & b.labels();
        let summed = shared & !needed;
        if summed == 0 {
            return Ok(Term { factors: a.factors.into_iter().chain(b.factors).collect() });
        }
        if let Some(solved) = self.solved(&a, &b, summed, needed, dims)? {
            return Ok(solved);
        }
        if let Some(solved) = self.solved(&b, &a, summed, needed, dims)? {
            return Ok(solved);
        }
        let all = a.labels() | b.labels();
        if all == shared && all.count_ones() > 1 {
            return self.summed_product(a, b, needed, out, dims);
        }
        self.contracted(&a, &b, needed, out, symmetric, dims)
    }

    /// A product entry by entry, of which some axes are summed: one pass.
    fn summed_product(&mut self, a: Term, b: Term, needed: Mask, out: Option<&Labels>, dims: &[Dim]) -> Result<Term> {
        let both = Term { factors: a.factors.into_iter().chain(b.factors).collect() };
        let mut labels = self.label_order(&both);
        if let Some(out) = out {
            labels.sort_by_key(|l| out.iter().position(|o| o == l).unwrap_or(out.len()));
        }
        let value = self.kernel_of(&both, &labels, &[], Vec::new(), dims)?;
        let over: SmallVec<[usize; 4]> = (0..labels.len()).filter(|at| needed & bit(labels[*at]) == 0).collect();
        let kept: Labels = labels.iter().copied().filter(|l| needed & bit(*l) != 0).collect();
        let axes: Axes = kept.iter().map(|l| dims[usize::from(*l)]).collect();
        let sum = self.step(Operation::Sum(value, over), axes);
        Ok(Term { factors: vec![(Leaf::Value(sum), kept)] })
    }

    /// The inverse of a matrix times something, if `a` is that: solved.
    fn solved(&mut self, a: &Term, b: &Term, summed: Mask, needed: Mask, dims: &[Dim]) -> Result<Option<Term>> {
        let [(leaf, labels)] = &a.factors[..] else { return Ok(None) };
        let (Some(matrix), [i, j]) = (self.inverted(*leaf), &labels[..]) else { return Ok(None) };
        let transposed = summed == bit(*i);
        let (kept, along) = if transposed { (*j, *i) } else { (*i, *j) };
        if i == j || summed != bit(along) || b.labels() & bit(kept) != 0 || needed & bit(kept) == 0 {
            return Ok(None);
        }
        let mut order = self.label_order(b);
        order.sort_by_key(|l| *l != along);
        let right = self.kernel_of(b, &order, &[], Vec::new(), dims)?;
        let (solver, factor) = self.factorised(matrix)?;
        order[0] = kept;
        let axes: Axes = order.iter().map(|l| dims[usize::from(*l)]).collect();
        let solve = super::Solve { solver, factor, transposed: transposed && solver != super::Solver::Cholesky, right };
        let value = self.step(Operation::Solve(solve), axes);
        Ok(Some(Term { factors: vec![(Leaf::Value(value), order)] }))
    }

    /// A product that is summed. Its axes are those of the batch, of the left and of the right, or as wanted.
    fn contracted(&mut self, a: &Term, b: &Term, needed: Mask, out: Option<&Labels>, symmetric: bool, dims: &[Dim]) -> Result<Term> {
        let (mut left, mut right) = (self.materialised(a, dims)?, self.materialised(b, dims)?);
        let own =
            |x: &Labels, y: &Labels| -> Vec<Label> { x.iter().copied().filter(|l| needed & bit(*l) != 0 && !y.contains(l)).collect() };
        let before = |x: &Labels, y: &Labels| {
            let first = |labels: Vec<Label>| labels.first().and_then(|l| out.and_then(|o| o.iter().position(|k| k == l)));
            first(own(x, y)) > first(own(y, x))
        };
        let swapped = match (left.1.len(), right.1.len()) {
            // A matrix stands before its vector, wanted or not: so equal products are one step.
            (1, 2) => true,
            (2, 1) => false,
            (m, n) => before(&left.1, &right.1) || (m == n && out.is_none_or(|o| o.is_empty()) && left.0 > right.0),
        };
        if swapped {
            std::mem::swap(&mut left, &mut right);
        }
        let batch = left.1.iter().copied().filter(|l| needed & bit(*l) != 0 && right.1.contains(l));
        let mut kept: Labels = batch.chain(own(&left.1, &right.1)).chain(own(&right.1, &left.1)).collect();
        if let Some(out) = out.filter(|o| kept.iter().all(|l| o.contains(l))) {
            kept.sort_by_key(|l| out.iter().position(|k| k == l));
        }
        let axes: Axes = kept.iter().map(|l| dims[usize::from(*l)]).collect();
        let symmetric = kept.len() == 2 && (symmetric || is_gram(&left, &right));
        let pair = Pair { left, right, out: kept.clone(), symmetric };
        let value = self.step(Operation::Contract(pair.renumbered()), axes);
        Ok(Term { factors: vec![(Leaf::Value(value), kept)] })
    }

    /// The labels of a term: those of the factor with most of them first.
    fn label_order(&self, term: &Term) -> Labels {
        let mut labels = Labels::new();
        let mut factors: Vec<&Labels> = term.factors.iter().map(|f| &f.1).collect();
        factors.sort_by_key(|l| std::cmp::Reverse(l.len()));
        for l in factors.into_iter().flatten() {
            if !labels.contains(l) {
                labels.push(*l);
            }
        }
        labels
    }

    /// A term as one value and its distinct labels.
    fn materialised(&mut self, term: &Term, dims: &[Dim]) -> Result<(ValueId, Labels)> {
        let labels = self.label_order(term);
        Ok((self.kernel_of(term, &labels, &[], Vec::new(), dims)?, labels))
    }

    /// The factors of a term multiplied entry by entry, with scalars and whatever else is a factor of each entry.
    fn kernel_of(&mut self, term: &Term, labels: &[Label], scalars: &[NodeId], extra: Vec<Entry>, dims: &[Dim]) -> Result<ValueId> {
        let mut operands: Vec<Operand> = Vec::new();
        let mut entries = extra;
        for s in scalars {
            entries.push(self.entry(*s, &[], labels.len(), &mut operands)?);
        }
        for (leaf, along) in &term.factors {
            let axes: Vec<usize> = along.iter().filter_map(|l| labels.iter().position(|k| k == l)).collect();
            entries.push(match leaf {
                Leaf::Node(node) => self.entry(*node, &axes, labels.len(), &mut operands)?,
                Leaf::Value(value) => operand(&mut operands, *value, &axes),
                Leaf::Ones => Entry::Number(Number::ONE),
            });
        }
        let axes: Axes = labels.iter().map(|l| dims[usize::from(*l)]).collect();
        Ok(self.kernel(Kernel { entry: product(entries), operands }, axes))
    }

    fn finished(&mut self, term: Term, scalars: &[(Leaf, Labels)], extra: Vec<Entry>, out: &Labels, dims: &[Dim]) -> Result<ValueId> {
        let mut nodes = Vec::new();
        let mut term = term;
        for (leaf, labels) in scalars {
            match leaf {
                Leaf::Node(node) => nodes.push(*node),
                other => term.factors.push((*other, labels.clone())),
            }
        }
        self.kernel_of(&term, out, &nodes, extra, dims)
    }
}

/// `A'*A` or `A*A'`: the same label is summed at the same place of the same matrix.
fn is_gram(left: &(ValueId, Labels), right: &(ValueId, Labels)) -> bool {
    let (x, y) = (&left.1, &right.1);
    left.0 == right.0 && x.len() == 2 && y.len() == 2 && (x[0] == y[0]) != (x[1] == y[1])
}

impl Pair {
    /// With labels numbered by first appearance, so that equal products are equal.
    pub(super) fn renumbered(self) -> Pair {
        let mut seen: Vec<Label> = Vec::new();
        let mut number = |labels: &Labels| -> Labels {
            let mut place = |l: &Label| {
                seen.iter().position(|s| s == l).unwrap_or_else(|| {
                    seen.push(*l);
                    seen.len() - 1
                }) as Label
            };
            labels.iter().map(&mut place).collect()
        };
        let (left, right) = ((self.left.0, number(&self.left.1)), (self.right.0, number(&self.right.1)));
        let out = number(&self.out);
        Pair { left, right, out, symmetric: self.symmetric }
    }
}

impl Work {
    /// Takes out a factor between a long axis and what it is made of, if that can be done: where the long axis is summed,
    /// the other factors are cut; where it is an axis of the result, the result is put together from the short ones.
    fn chosen(&mut self, at: usize, long: Label, short: &[Label], special: Special, builder: &mut Builder) -> Result<bool> {
        let mut leaves = Vec::new();
        self.out.iter().for_each(|a| a.leaves(&mut leaves));
        let uses = leaves.iter().filter(|a| a.is_of(long)).count();
        let wrapped = leaves.iter().any(|a| matches!(a, Axis::Embedded(l, _) if *l == long));
        let others = |l: Label, me: &Work| me.factors.iter().enumerate().any(|(k, f)| k != at && f.1.contains(&l));
        if short.contains(&long) || short.windows(2).any(|w| w[0] == w[1]) {
            return Ok(false);
        }
        if uses == 0 {
            for k in (0..self.factors.len()).filter(|k| *k != at) {
                while let Some(place) = self.factors[k].1.iter().position(|l| *l == long) {
                    let (leaf, labels) = self.factors[k].clone();
                    let dims: Vec<Dim> = labels.iter().map(|l| self.dims[usize::from(*l)]).collect();
                    let value = builder.leaf_value(leaf, &dims)?;
                    let value = special.applied(builder, value, place);
                    let mut labels = labels;
                    labels.remove(place);
                    labels.insert_many(place, short.iter().copied());
                    self.factors[k] = (Leaf::Value(value), labels);
                }
            }
        } else {
            // The long axis is a delta between several axes, or is needed elsewhere, or its parts are axes already.
            let short_out = |s: &Label| leaves.iter().any(|a| a.is_of(*s));
            let stays = uses > 1 || wrapped || others(long, self) || short.iter().any(short_out) || self.is_long(short, at, builder);
            if stays {
                return Ok(false);
            }
            let mut made = special.axis(short);
            self.out.iter_mut().for_each(|a| a.replace(long, &mut made));
        }
        self.live[usize::from(long)] = false;
        self.factors.remove(at);
        Ok(true)
    }

    /// Whether a part is taken of a stack: that is left as it is.
    fn is_long(&self, short: &[Label], at: usize, builder: &Builder) -> bool {
        let [short] = short else { return false };
        let makes = |f: &(Leaf, Labels)| {
            f.1.first() == Some(short)
                && matches!(f.0, Leaf::Node(n) if matches!(builder.graph.node(n), Node::Select(_) | Node::Unit(..) | Node::Merge(..)))
        };
        self.factors.iter().enumerate().any(|(k, f)| k != at && makes(f))
    }
}

impl Axis {
    fn leaves<'a>(&'a self, to: &mut Vec<&'a Axis>) {
        match self {
            Axis::Stacked(a, b) => {
                b.leaves_slow_first(a, to);
            }
            other => to.push(other),
        }
    }

    /// In row-major order the slow axis comes first.
    fn leaves_slow_first<'a>(&'a self, fast: &'a Axis, to: &mut Vec<&'a Axis>) {
        self.leaves(to);
        fast.leaves(to);
    }

    fn is_of(&self, l: Label) -> bool {
        matches!(self, Axis::Label(k) | Axis::Embedded(k, _) if *k == l)
    }

    fn replace(&mut self, l: Label, with: &mut Option<Axis>) {
        match self {
            Axis::Label(k) if *k == l => {
                if let Some(with) = with.take() {
                    *self = with;
                }
            }
            Axis::Stacked(a, b) => {
                a.replace(l, with);
                b.replace(l, with);
            }
            Axis::Label(_) | Axis::Embedded(..) | Axis::Single(..) => {}
        }
    }

    fn length(&self, dims: &[Dim]) -> Dim {
        match self {
            Axis::Label(l) => dims[usize::from(*l)],
            Axis::Embedded(_, s) => s.of,
            Axis::Single(_, of) => *of,
            Axis::Stacked(a, b) => a.length(dims) * b.length(dims),
        }
    }
}
