//! Functions by their definitions: those of exp by exp, those of sums by their addition theorems, logs of products as sums.

use super::expand::{Expander, Terms, merge, scaled};
use crate::function::{Map, Map2, Sign};
use crate::index::Graph;
use crate::index::{Axes, Contraction, Factor, Label, Labels, Node, NodeId, Opaque};
use crate::number::Number;

impl Expander<'_> {
    pub(super) fn map(&mut self, f: Map, u: NodeId) -> Option<Terms> {
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

    /// max(x, y) is (x + y + abs(x - y))/2, and min(x, y) the same with a minus.
    pub(super) fn extremum(&mut self, f: Map2, x: NodeId, y: NodeId) -> Option<Terms> {
        if !self.definitions {
            return None;
        }
        let sign = match f {
            Map2::Max => Number::ONE,
            Map2::Min => Number::MINUS_ONE,
            Map2::Power => return None,
        };
        let axes: Axes = self.graph.axes(x).into();
        if self.graph.axes(y) != &axes[..] {
            return None;
        }
        let half = Number::ratio(1, 2);
        let difference = self.graph.primitive_sum(&axes, vec![(Number::ONE, x), (Number::MINUS_ONE, y)]);
        let mut terms = scaled(&self.map(Map::Abs, difference)?, &(&half * &sign));
        for side in [x, y] {
            let side = self.expand(side)?;
            merge(&mut terms, &scaled(&side, &half));
        }
        Some(terms)
    }

    /// exp(a*u)*exp(b*u) is exp((a + b)*u).
    pub(super) fn join_exponentials(&mut self, factors: &mut Vec<Factor>) {
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
    pub(super) fn one_sine_less(&mut self, c: &Contraction) -> Option<Option<Terms>> {
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

    /// exp(x)/sum(exp(x)), and log(sum(exp(x))), along the last axis.
    pub(super) fn along_the_last_axis(&mut self, f: Opaque, x: NodeId) -> Option<Terms> {
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
}
