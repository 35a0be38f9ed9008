//! The expanded form: sums of coefficients times contractions in which no sum is a factor.
//!
//! The constructors of index form keep products of sums, because an answer is not shorter multiplied out. A proof does
//! not mind: two expressions with one expanded form are equal. Structure that the index form does not know is put in by
//! projections: a skew `W` is `(W - W')/2` of a general one, a diagonal `D` is `D.*eye(n)`.
//!
//! With definitions, the functions of exp are written by exp, and those of sums by their addition theorems.

use crate::contract::Draft;
use crate::dim::Dim;
use crate::expr::{Kind, Structure, Var};
use crate::index::{Axes, Contraction, Factor, Graph, Label, Labels, Node, NodeId, Opaque};
use crate::number::Number;
use indexmap::IndexMap;
use rustc_hash::FxHashMap;
use std::sync::Arc;

/// An expansion of more terms is given up.
const MOST_TERMS: usize = 4096;
/// Determinants of matrices up to this size are written by traces.
const LARGEST_DETERMINANT: i64 = 4;
/// A power of a sum up to this is multiplied out.
const HIGHEST_POWER: i64 = 8;

/// Terms with their coefficients; none is a sum, a multiple or zero.
pub type Terms = IndexMap<NodeId, Number>;

/// Expands nodes of one graph.
pub struct Expander<'a> {
    pub graph: &'a mut Graph,
    /// Whether functions are written by their definitions.
    pub definitions: bool,
    /// Whether a determinant has been written by traces.
    pub traces: bool,
    done: FxHashMap<NodeId, Terms>,
    /// Terms that may still be made.
    room: usize,
}

impl Expander<'_> {
    pub fn new(graph: &mut Graph, definitions: bool) -> Expander<'_> {
        Expander { graph, definitions, traces: false, done: FxHashMap::default(), room: MOST_TERMS * 4 }
    }

    /// The node of the expanded form; `None` if it has too many terms.
    pub fn node(&mut self, a: NodeId) -> Option<NodeId> {
        let terms = self.expand(a)?;
        Some(self.collect(a, &terms))
    }

    /// The node of terms with the axes of another.
    pub fn collect(&mut self, like: NodeId, terms: &Terms) -> NodeId {
        let axes: Axes = self.graph.axes(like).into();
        self.graph.primitive_sum(&axes, terms.iter().map(|(t, n)| (n.clone(), *t)).collect())
    }

    pub fn expand(&mut self, a: NodeId) -> Option<Terms> {
        if let Some(done) = self.done.get(&a) {
            return Some(done.clone());
        }
        let terms = self.expanded(a)?;
        self.room = self.room.checked_sub(terms.len())?;
        self.done.insert(a, terms.clone());
        (terms.len() <= MOST_TERMS).then_some(terms)
    }

    fn expanded(&mut self, a: NodeId) -> Option<Terms> {
        Some(match self.graph.node(a).clone() {
            Node::Var(v) => self.variable(a, &v)?,
            Node::Zero(_) => Terms::new(),
            Node::Constant(_)
            | Node::Size(_)
            | Node::Unit(..)
            | Node::Select(_)
            | Node::Duplication(_)
            | Node::Elimination(_)
            | Node::LeviCivita(_)
            | Node::Merge(..)
            | Node::Triangle(..) => single(a),
            Node::Apply(f, arguments) => {
                let arguments = arguments.into_iter().map(|x| self.node(x)).collect::<Option<Vec<_>>>()?;
                let value = self.graph.apply(&f, arguments);
                self.flat(value)
            }
            Node::Contract(c) => self.product(&c)?,
            Node::Scale(n, b) => scaled(&self.expand(b)?, &n),
            Node::Sum(all) => {
                let mut terms = Terms::new();
                for (n, b) in all {
                    merge(&mut terms, &scaled(&self.expand(b)?, &n));
                }
                terms
            }
            Node::Map(f, u) => self.map(f, u)?,
            Node::Power(base, p) => self.power(base, &p)?,
            Node::Map2(f, x, y) => {
                let (x, y) = (self.node(x)?, self.node(y)?);
                match self.extremum(f, x, y) {
                    Some(terms) => terms,
                    None => {
                        let value = self.graph.map2(f, x, y);
                        self.flat(value)
                    }
                }
            }
            Node::Opaque(Opaque::Det, x) => self.determinant(x)?,
            Node::Opaque(f @ (Opaque::Softmax | Opaque::LogSumExp), x) if self.definitions => self.along_the_last_axis(f, x)?,
            Node::Operator(f, operands, open) => {
                let operands = operands.into_iter().map(|x| self.node(x)).collect::<Option<_>>()?;
                let value = self.graph.open_operator(f, operands, open);
                self.flat(value)
            }
            Node::Opaque(f, x) => {
                let x = self.node(x)?;
                let value = self.graph.opaque(f, x);
                self.flat(value)
            }
        })
    }

    /// The terms of what a constructor has returned.
    pub(super) fn flat(&mut self, a: NodeId) -> Terms {
        match self.graph.node(a).clone() {
            Node::Zero(_) => Terms::new(),
            Node::Scale(n, b) => scaled(&self.flat(b), &n),
            Node::Sum(all) => {
                let mut terms = Terms::new();
                all.into_iter().for_each(|(n, b)| merge(&mut terms, &scaled(&self.flat(b), &n)));
                terms
            }
            // A sum may be returned as the transpose of the sum of the transposed terms.
            Node::Contract(c) if is_turned_sum(self.graph, &c) => self.product(&c).unwrap_or_else(|| single(a)),
            _ => single(a),
        }
    }

    /// A structured variable as the projection of a general one of its name.
    fn variable(&mut self, a: NodeId, v: &Var) -> Option<Terms> {
        let Some(kind) = v.kind.as_ref() else { return Some(single(a)) };
        if !matches!(kind.structure, Structure::Skew | Structure::Diagonal | Structure::Hollow) {
            return Some(single(a));
        }
        let general = Kind { structure: Structure::General, ..(**kind).clone() };
        let general = self.graph.insert(Node::Var(Var { name: v.name, kind: Some(Arc::new(general)) }));
        let n = *self.graph.axes(a).first()?;
        let mut draft = Draft::new();
        let i = draft.label(n);
        draft.factor(general, &[i, i]);
        let diagonal = self.graph.contract(draft.out(&[i, i]));
        let turned = self.graph.transpose(general);
        let (one, half) = (Number::ONE, Number::ratio(1, 2));
        Some(match kind.structure {
            Structure::Skew => [(general, half.clone()), (turned, -&half)].into_iter().collect(),
            Structure::Diagonal => single(diagonal),
            _ => [(general, one), (diagonal, Number::MINUS_ONE)].into_iter().collect(),
        })
    }

    fn product(&mut self, c: &Contraction) -> Option<Terms> {
        let mut partial: Vec<(Number, Vec<Factor>)> = vec![(Number::ONE, Vec::new())];
        for f in &c.factors {
            let terms = self.expand(f.node)?;
            if partial.len() * terms.len() > MOST_TERMS {
                return None;
            }
            let with = |(n, before): &(Number, Vec<Factor>)| {
                let before = before.clone();
                let n = n.clone();
                let one = |(t, m): (&NodeId, &Number)| {
                    let mut factors = before.clone();
                    factors.push(Factor { node: *t, labels: f.labels.clone() });
                    (&n * m, factors)
                };
                terms.iter().map(one).collect::<Vec<_>>()
            };
            partial = partial.iter().flat_map(with).collect();
        }
        let mut terms = Terms::new();
        for (n, factors) in partial {
            let made = self.monomial(c, factors)?;
            merge(&mut terms, &scaled(&made, &n));
        }
        Some(terms)
    }

    /// A product without sums; the constructor may make one of it again, which is expanded in turn.
    pub(super) fn monomial(&mut self, c: &Contraction, mut factors: Vec<Factor>) -> Option<Terms> {
        if self.definitions {
            self.join_exponentials(&mut factors);
        }
        let mut draft = Draft::new();
        draft.labels(&c.dims);
        draft.factors = factors;
        let node = self.graph.contract(draft.out(&c.out));
        let (n, core) = self.graph.unscaled(node);
        let terms = match self.graph.node(core) {
            Node::Contract(d) if d != c && d.factors.iter().any(|f| matches!(self.graph.node(f.node), Node::Sum(_) | Node::Scale(..))) => {
                self.room = self.room.checked_sub(1)?;
                self.expand(core)?
            }
            Node::Contract(d) if self.definitions => {
                let d = d.clone();
                match self.one_sine_less(&d) {
                    Some(terms) => terms?,
                    None => single(core),
                }
            }
            Node::Power(..) if self.definitions => {
                let alone = Contraction { factors: [Factor { node: core, labels: c.out.clone() }].into_iter().collect(), ..c.clone() };
                match self.one_sine_less(&alone) {
                    Some(terms) => terms?,
                    None => single(core),
                }
            }
            _ => self.flat(core),
        };
        Some(scaled(&terms, &n))
    }

    /// The entrywise product of two sums with the axes of `like`.
    pub fn entrywise(&mut self, like: NodeId, a: &Terms, b: &Terms) -> Option<Terms> {
        let axes: Axes = self.graph.axes(like).into();
        let mut draft = Draft::new();
        let labels: Labels = draft.labels(&axes);
        let frame = Contraction { dims: axes.iter().copied().collect(), out: labels.clone(), factors: Default::default() };
        if a.len() * b.len() > MOST_TERMS {
            return None;
        }
        let mut product = Terms::new();
        for (x, m) in a {
            for (y, n) in b {
                let factors = [*x, *y].map(|node| Factor { node, labels: labels.clone() }).to_vec();
                merge(&mut product, &scaled(&self.monomial(&frame, factors)?, &(m * n)));
            }
        }
        Some(product)
    }

    pub(super) fn ones(&mut self, like: NodeId) -> Terms {
        let axes: Axes = self.graph.axes(like).into();
        let one = self.graph.one();
        single(self.graph.fill(one, &axes))
    }

    pub(super) fn power_of(&mut self, like: NodeId, terms: &Terms, p: &Number) -> Option<Terms> {
        let base = self.collect(like, terms);
        let value = self.graph.power(base, p);
        self.room = self.room.checked_sub(1)?;
        Some(self.flat(value))
    }

    /// Terms over some of the labels as terms over all.
    pub(super) fn spread(&mut self, axes: &Axes, out: &Labels, own: &Labels, terms: &Terms) -> Option<Terms> {
        let mut dims = smallvec::smallvec![Dim::ONE; out.iter().map(|l| *l as usize + 1).max().unwrap_or(0)];
        out.iter().zip(axes).for_each(|(l, d)| dims[*l as usize] = *d);
        let frame = Contraction { dims, out: out.clone(), factors: Default::default() };
        let mut spread = Terms::new();
        for (t, n) in terms {
            let factor = Factor { node: *t, labels: own.clone() };
            merge(&mut spread, &scaled(&self.monomial(&frame, vec![factor])?, n));
        }
        Some(spread)
    }

    fn power(&mut self, base: NodeId, p: &Number) -> Option<Terms> {
        let terms = self.expand(base)?;
        match p.as_integer() {
            Some(k @ 2..=HIGHEST_POWER) if terms.len() > 1 || self.definitions => {
                let mut product = terms.clone();
                for _ in 1..k {
                    product = self.entrywise(base, &product, &terms)?;
                }
                Some(product)
            }
            _ => self.power_of(base, &terms, p),
        }
    }

    /// Newton's identities: n*e_n = sum over k of (-1)^(k-1) * e_(n-k) * tr(X^k), and det(X) is e_n.
    fn determinant(&mut self, x: NodeId) -> Option<Terms> {
        let inside = self.node(x)?;
        let n = self.graph.axes(x)[0];
        let odd = n.as_number().is_some_and(|n| n % 2 == 1);
        let turned = self.graph.transpose(inside);
        let turned = self.expand(turned)?;
        let minus: Terms = scaled(&self.expand(inside)?, &Number::MINUS_ONE);
        if odd && same(&turned, &minus) {
            return Some(Terms::new());
        }
        let size = n.as_number().filter(|n| (1..=LARGEST_DETERMINANT).contains(n));
        let Some(size) = size else {
            let value = self.graph.opaque(Opaque::Det, inside);
            return Some(self.flat(value));
        };
        self.traces = true;
        let mut traces = Vec::new();
        for k in 1..=size {
            let mut draft = Draft::new();
            let labels: Vec<Label> = (0..k).map(|_| draft.label(n)).collect();
            let factors =
                (0..labels.len()).map(|at| Factor { node: inside, labels: [labels[at], labels[(at + 1) % labels.len()]][..].into() });
            let c = Contraction { dims: labels.iter().map(|_| n).collect(), out: Labels::new(), factors: factors.collect() };
            traces.push(self.product(&c)?);
        }
        let one = self.graph.one();
        let mut symmetric: Vec<Terms> = vec![single(one)];
        for m in 1..=size as usize {
            let mut sum = Terms::new();
            for k in 1..=m {
                let product = self.entrywise(one, &symmetric[m - k], &traces[k - 1])?;
                merge(&mut sum, &scaled(&product, &Number::int(if k % 2 == 1 { 1 } else { -1 })));
            }
            symmetric.push(scaled(&sum, &Number::ratio(1, m as i64)));
        }
        symmetric.pop()
    }

    /// The two over one denominator, which is that of both: `None` if nothing is divided by a sum, or by one that is summed
    /// over.
    pub fn over_one_denominator(&mut self, like: NodeId, a: Terms, b: Terms) -> Option<(Terms, Terms, Vec<NodeId>)> {
        let (mut a, mut b) = (a, b);
        let mut denominators = Vec::new();
        for _ in 0..8 {
            let Some((base, power)) = a.keys().chain(b.keys()).filter_map(|t| self.divisor(*t)).max_by(|x, y| x.1.cmp(&y.1)) else { break };
            let value = self.graph.power(base, &power);
            let value = self.expand_power(base, &power).unwrap_or_else(|| single(value));
            let spread = self.divisor_terms(like, base, &value)?;
            a = self.times_divisor(like, &a, &spread, base, &power)?;
            b = self.times_divisor(like, &b, &spread, base, &power)?;
            denominators.push(self.graph.power(base, &power));
        }
        (!denominators.is_empty()).then_some((a, b, denominators))
    }

    fn expand_power(&mut self, base: NodeId, p: &Number) -> Option<Terms> {
        let terms = self.flat(base);
        let mut product = terms.clone();
        for _ in 1..p.as_integer()? {
            product = self.entrywise(base, &product, &terms)?;
        }
        Some(product)
    }

    fn divisor_terms(&mut self, like: NodeId, base: NodeId, value: &Terms) -> Option<Terms> {
        let axes: Axes = self.graph.axes(like).into();
        let out: Labels = (0..axes.len() as Label).collect();
        let own: Labels = if self.graph.order(base) == 0 { Labels::new() } else { out.clone() };
        self.spread(&axes, &out, &own, value)
    }

    /// Each term times the denominator: where it has the very power, that falls away instead.
    fn times_divisor(&mut self, like: NodeId, terms: &Terms, spread: &Terms, base: NodeId, p: &Number) -> Option<Terms> {
        let below = self.graph.power(base, &-p);
        let mut product = Terms::new();
        for (t, n) in terms {
            let made = match self.without(like, *t, below) {
                Some(rest) => rest,
                None => self.entrywise(like, &single(*t), spread)?,
            };
            merge(&mut product, &scaled(&made, n));
        }
        Some(product)
    }

    fn without(&mut self, like: NodeId, t: NodeId, factor: NodeId) -> Option<Terms> {
        if t == factor {
            return Some(self.ones(like));
        }
        let Node::Contract(c) = self.graph.node(t) else { return None };
        let c = c.clone();
        let at = c.factors.iter().position(|f| f.node == factor && (f.labels.is_empty() || f.labels == c.out))?;
        let mut factors = c.factors.to_vec();
        factors.remove(at);
        self.monomial(&c, factors)
    }

    /// A sum that the term is divided by, entry by entry or as a scalar, with the power.
    fn divisor(&self, t: NodeId) -> Option<(NodeId, Number)> {
        let below = |f: NodeId| match self.graph.node(f) {
            Node::Power(s, p) if p.is_integer() && p.is_negative() => Some((*s, -p)),
            _ => None,
        };
        match self.graph.node(t) {
            Node::Contract(c) => c.factors.iter().filter(|f| f.labels.is_empty() || f.labels == c.out).find_map(|f| below(f.node)),
            _ => below(t),
        }
    }
}

fn is_turned_sum(graph: &Graph, c: &Contraction) -> bool {
    matches!(c.factors.as_slice(), [f] if matches!(graph.node(f.node), Node::Sum(_)))
}

pub fn same(a: &Terms, b: &Terms) -> bool {
    a.len() == b.len() && a.iter().all(|(t, n)| b.get(t) == Some(n))
}

pub fn single(a: NodeId) -> Terms {
    [(a, Number::ONE)].into_iter().collect()
}

pub fn scaled(terms: &Terms, n: &Number) -> Terms {
    terms.iter().map(|(t, m)| (*t, m * n)).collect()
}

pub fn merge(into: &mut Terms, terms: &Terms) {
    for (t, n) in terms {
        let sum = into.entry(*t).or_insert(Number::ZERO);
        *sum = &*sum + n;
    }
    into.retain(|_, n| !n.is_zero());
}
