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
use crate::function::{Map, Sign};
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
            Node::Constant(_) | Node::Size(_) | Node::Unit(..) | Node::LeviCivita | Node::Merge(..) => single(a),
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
                let value = self.graph.map2(f, x, y);
                self.flat(value)
            }
            Node::Opaque(Opaque::Det, x) => self.determinant(x)?,
            Node::Opaque(f @ (Opaque::Softmax | Opaque::LogSumExp), x) if self.definitions => self.along_the_last_axis(f, x)?,
            Node::Opaque(f, x) => {
                let x = self.node(x)?;
                let value = self.graph.opaque(f, x);
                self.flat(value)
            }
        })
    }

    /// The terms of what a constructor has returned.
    fn flat(&mut self, a: NodeId) -> Terms {
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
    fn monomial(&mut self, c: &Contraction, mut factors: Vec<Factor>) -> Option<Terms> {
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

    /// exp(a*u)*exp(b*u) is exp((a + b)*u).
    fn join_exponentials(&mut self, factors: &mut Vec<Factor>) {
        let mut joined: Vec<Factor> = Vec::with_capacity(factors.len());
        for f in factors.drain(..) {
            let exponent = |g: &Graph, node: NodeId| match g.node(node) {
                Node::Map(Map::Exp, u) => Some(g.unscaled(*u)),
                _ => None,
            };
            let Some((m, u)) = exponent(self.graph, f.node) else {
                joined.push(f);
                continue;
            };
            let partner = joined.iter().position(|g| g.labels == f.labels && exponent(self.graph, g.node).is_some_and(|(_, v)| v == u));
            match partner.and_then(|at| exponent(self.graph, joined[at].node).map(|(n, _)| (at, n))) {
                Some((at, n)) => {
                    let sum = self.graph.scale(&(&m + &n), u);
                    joined[at].node = self.graph.map(Map::Exp, sum);
                }
                None => joined.push(f),
            }
        }
        *factors = joined;
    }

    /// sin(u)^2 is 1 - cos(u)^2: the product with that in place; `None` if there is no such square.
    fn one_sine_less(&mut self, c: &Contraction) -> Option<Option<Terms>> {
        for at in 0..c.factors.len() {
            let mut rest: Vec<Factor> = c.factors.to_vec();
            let Factor { node, labels } = rest.remove(at);
            let u = match self.graph.node(node) {
                Node::Map(Map::Sin, u) => {
                    let Some(other) = rest.iter().position(|f| f.node == node && f.labels == labels) else { continue };
                    rest.remove(other);
                    *u
                }
                Node::Power(sine, p) if p.as_integer().is_some_and(|p| p >= 2) => {
                    let Node::Map(Map::Sin, u) = self.graph.node(*sine) else { continue };
                    let (u, sine, left) = (*u, *sine, p - &Number::int(2));
                    rest.push(Factor { node: self.graph.power(sine, &left), labels: labels.clone() });
                    u
                }
                _ => continue,
            };
            let axes: Axes = self.graph.axes(u).into();
            let one = self.graph.one();
            let ones = self.graph.fill(one, &axes);
            let cosine = self.graph.map(Map::Cos, u);
            let with = |extra: &[NodeId]| {
                let more = extra.iter().map(|node| Factor { node: *node, labels: labels.clone() });
                rest.iter().cloned().chain(more).collect::<Vec<Factor>>()
            };
            let (plain, squared) = (with(&[ones]), with(&[cosine, cosine]));
            let (Some(mut terms), Some(squared)) = (self.monomial(c, plain), self.monomial(c, squared)) else { return Some(None) };
            merge(&mut terms, &scaled(&squared, &Number::MINUS_ONE));
            return Some(Some(terms));
        }
        None
    }

    fn map(&mut self, f: Map, u: NodeId) -> Option<Terms> {
        let terms = self.expand(u)?;
        if self.definitions {
            let defined = match f {
                Map::Exp => self.exponential(u, &terms),
                Map::Sigmoid => self.sigmoid(u, &terms)?,
                Map::Tanh => self.hyperbolic(u, &terms, -1, true)?,
                Map::Sinh => self.hyperbolic(u, &terms, -1, false)?,
                Map::Cosh => self.hyperbolic(u, &terms, 1, false)?,
                Map::Softplus => self.softplus(u, &terms)?,
                Map::Tan => {
                    let (sine, cosine) = (self.circular(Map::Sin, u, &terms)?, self.circular(Map::Cos, u, &terms)?);
                    let below = self.power_of(u, &cosine, &Number::MINUS_ONE)?;
                    Some(self.entrywise(u, &sine, &below)?)
                }
                Map::Sin | Map::Cos => Some(self.circular(f, u, &terms)?),
                Map::Log => self.logarithm(u, &terms)?,
                _ => None,
            };
            if let Some(defined) = defined {
                return Some(defined);
            }
        }
        let u = self.collect(u, &terms);
        let value = self.graph.map(f, u);
        Some(self.flat(value))
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

    fn ones(&mut self, like: NodeId) -> Terms {
        let axes: Axes = self.graph.axes(like).into();
        let one = self.graph.one();
        single(self.graph.fill(one, &axes))
    }

    fn power_of(&mut self, like: NodeId, terms: &Terms, p: &Number) -> Option<Terms> {
        let base = self.collect(like, terms);
        let value = self.graph.power(base, p);
        self.room = self.room.checked_sub(1)?;
        Some(self.flat(value))
    }

    /// exp of a sum is the product of the exps; `None` if it is no sum.
    fn exponential(&mut self, u: NodeId, terms: &Terms) -> Option<Terms> {
        if terms.len() < 2 {
            return None;
        }
        let mut product = self.ones(u);
        for (t, n) in terms {
            let term = self.graph.scale(n, *t);
            let value = self.graph.map(Map::Exp, term);
            let value = self.flat(value);
            product = self.entrywise(u, &product, &value)?;
        }
        Some(product)
    }

    fn exp_of(&mut self, u: NodeId, terms: &Terms) -> Option<Terms> {
        match self.exponential(u, terms) {
            Some(product) => Some(product),
            None => {
                let u = self.collect(u, terms);
                let value = self.graph.map(Map::Exp, u);
                Some(self.flat(value))
            }
        }
    }

    /// exp(u)/(1 + exp(u))
    fn sigmoid(&mut self, u: NodeId, terms: &Terms) -> Option<Option<Terms>> {
        let above = self.exp_of(u, terms)?;
        let mut below = self.ones(u);
        merge(&mut below, &above);
        let below = self.power_of(u, &below, &Number::MINUS_ONE)?;
        Some(Some(self.entrywise(u, &above, &below)?))
    }

    /// (exp(u) ± exp(-u))/2, or (exp(2*u) - 1)/(exp(2*u) + 1) for the quotient.
    fn hyperbolic(&mut self, u: NodeId, terms: &Terms, sign: i64, quotient: bool) -> Option<Option<Terms>> {
        if quotient {
            let double = scaled(terms, &Number::int(2));
            let above = self.exp_of(u, &double)?;
            let (mut difference, mut sum) = (above.clone(), above);
            let ones = self.ones(u);
            merge(&mut difference, &scaled(&ones, &Number::MINUS_ONE));
            merge(&mut sum, &ones);
            let below = self.power_of(u, &sum, &Number::MINUS_ONE)?;
            return Some(Some(self.entrywise(u, &difference, &below)?));
        }
        let plus = self.exp_of(u, terms)?;
        let minus = self.exp_of(u, &scaled(terms, &Number::MINUS_ONE))?;
        let mut half = scaled(&plus, &Number::ratio(1, 2));
        merge(&mut half, &scaled(&minus, &Number::ratio(sign, 2)));
        Some(Some(half))
    }

    /// log(1 + exp(u))
    fn softplus(&mut self, u: NodeId, terms: &Terms) -> Option<Option<Terms>> {
        let mut sum = self.ones(u);
        merge(&mut sum, &self.exp_of(u, terms)?);
        let sum = self.collect(u, &sum);
        let value = self.graph.map(Map::Log, sum);
        Some(Some(self.flat(value)))
    }

    /// sin and cos of sums and of small multiples, by the addition theorems.
    fn circular(&mut self, f: Map, u: NodeId, terms: &Terms) -> Option<Terms> {
        let first = terms.iter().next().map(|(t, n)| (*t, n.clone()));
        let (Some((t, n)), more) = (first, terms.len() > 1) else {
            let zero = self.collect(u, terms);
            let value = self.graph.map(f, zero);
            return Some(self.flat(value));
        };
        let whole = n.as_integer().filter(|n| (2..=4).contains(&n.abs()));
        if !more && whole.is_none() {
            let u = self.graph.scale(&n, t);
            let value = self.graph.map(f, u);
            return Some(self.flat(value));
        }
        // One summand, or one of several equal ones, against the rest.
        let step = if whole.is_some_and(|n| n < 0) { Number::MINUS_ONE } else { Number::ONE };
        let taken = if whole.is_some() { step } else { n.clone() };
        let one: Terms = [(t, taken.clone())].into_iter().collect();
        let mut rest = terms.clone();
        merge(&mut rest, &[(t, -&taken)].into_iter().collect());
        let (sine, cosine) = (self.circular(Map::Sin, u, &one)?, self.circular(Map::Cos, u, &one)?);
        let (rest_sine, rest_cosine) = (self.circular(Map::Sin, u, &rest)?, self.circular(Map::Cos, u, &rest)?);
        let (first, second, sign) = if f == Map::Sin {
            ((&sine, &rest_cosine), (&cosine, &rest_sine), 1)
        } else {
            ((&cosine, &rest_cosine), (&sine, &rest_sine), -1)
        };
        let mut sum = self.entrywise(u, first.0, first.1)?;
        let other = self.entrywise(u, second.0, second.1)?;
        merge(&mut sum, &scaled(&other, &Number::int(sign)));
        Some(sum)
    }

    /// The log of a product of what is positive is the sum of the logs.
    fn logarithm(&mut self, u: NodeId, terms: &Terms) -> Option<Option<Terms>> {
        let Some((t, n)) = terms.iter().next().filter(|_| terms.len() == 1) else { return Some(None) };
        let Node::Contract(c) = self.graph.node(*t) else { return Some(None) };
        let c = c.clone();
        let all_distinct = c.out.iter().enumerate().all(|(at, l)| !c.out[..at].contains(l));
        let reaches_out = |f: &Factor| f.labels.iter().all(|l| c.out.contains(l));
        if c.factors.is_empty() || !all_distinct || !c.factors.iter().all(reaches_out) {
            return Some(None);
        }
        let positive = |f: &&Factor| self.graph.meta(f.node).sign == Sign::Positive;
        let others = c.factors.iter().filter(|f| !positive(f)).count();
        if others > 1 || (others == 1 && n.is_negative()) || (others == 0 && n.is_negative()) {
            return Some(None);
        }
        let axes: Axes = self.graph.axes(u).into();
        let labels: Labels = c.out.clone();
        let coefficient = self.graph.number(n);
        let log = self.graph.map(Map::Log, coefficient);
        let mut sum = Terms::new();
        let pieces: Vec<(NodeId, Labels)> = c.factors.iter().map(|f| (f.node, f.labels.clone())).collect();
        for (node, own) in pieces {
            let log = self.map(Map::Log, node)?;
            merge(&mut sum, &self.spread(&axes, &labels, &own, &log)?);
        }
        let log = self.flat(log);
        merge(&mut sum, &self.spread(&axes, &labels, &Labels::new(), &log)?);
        Some(Some(sum))
    }

    /// Terms over some of the labels as terms over all.
    fn spread(&mut self, axes: &Axes, out: &Labels, own: &Labels, terms: &Terms) -> Option<Terms> {
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

    /// exp(x)/sum(exp(x)), and log(sum(exp(x))), along the last axis.
    fn along_the_last_axis(&mut self, f: Opaque, x: NodeId) -> Option<Terms> {
        let axes: Axes = self.graph.axes(x).into();
        let last = axes.len().checked_sub(1)?;
        let inside = self.expand(x)?;
        let exps = self.exp_of(x, &inside)?;
        let labels: Labels = (0..axes.len() as Label).collect();
        let outer: Labels = labels[..last].into();
        let mut total = Terms::new();
        let frame = Contraction { dims: axes.iter().copied().collect(), out: outer.clone(), factors: Default::default() };
        for (t, n) in &exps {
            let made = self.monomial(&frame, vec![Factor { node: *t, labels: labels.clone() }])?;
            merge(&mut total, &scaled(&made, n));
        }
        let zero = self.graph.zero(&axes[..last]);
        if f == Opaque::LogSumExp {
            return match self.logarithm(zero, &total)? {
                Some(terms) => Some(terms),
                None => {
                    let total = self.collect(zero, &total);
                    let value = self.graph.map(Map::Log, total);
                    Some(self.flat(value))
                }
            };
        }
        let below = self.power_of(zero, &total, &Number::MINUS_ONE)?;
        let below = self.spread(&axes, &labels, &outer, &below)?;
        self.entrywise(x, &exps, &below)
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
