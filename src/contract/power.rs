//! Powers: of whole nodes, and of equal bases that meet in a contraction.

use super::{Draft, all_distinct};
use crate::function::{Map, Map2, Sign};
use crate::index::{Axes, Contraction, Factor, Graph, Labels, Node, NodeId, Opaque};
use crate::number::Number;
use smallvec::SmallVec;

/// A natural power of a tensor up to this is written as repeated factors, so that it takes part in contractions.
const MOST_REPEATED: i64 = 8;

/// An exponent: a number plus scalar or tensor nodes of the base's axes.
struct Exponent {
    number: Number,
    symbolic: Vec<(Number, NodeId)>,
}

impl Graph {
    /// `base.^p`, elementwise.
    pub fn power(&mut self, base: NodeId, p: &Number) -> NodeId {
        let axes: Axes = self.axes(base).into();
        if p.is_zero() {
            let one = self.one();
            return self.fill(one, &axes);
        }
        if p.is_one() {
            return base;
        }
        if let Some(done) = self.through_broadcast(base, |g, inner| g.power(inner, p)) {
            return done;
        }
        match self.node(base).clone() {
            Node::Zero(_) if !p.is_negative() => base,
            // The number 1.
            Node::Contract(c) if c.factors.is_empty() && c.out.is_empty() => base,
            Node::Scale(c, a) => self.power_of_scaled(&c, a, base, p),
            Node::Power(a, q) => self.power_of_power(a, &q, base, p),
            Node::Map(Map::Exp, u) => {
                let u = self.scale(p, u);
                self.map(Map::Exp, u)
            }
            Node::Opaque(Opaque::Det, _) if self.is_unit_determinant(base) && p.as_integer().is_some() => {
                if p.as_integer().is_some_and(|p| p % 2 == 0) { self.one() } else { base }
            }
            Node::Map(Map::Abs, u) if p.as_integer().is_some_and(|n| n % 2 == 0) => self.power(u, p),
            Node::Contract(c) => self.power_of_product(&c, base, p),
            Node::Sum(terms) if p.is_integer() && p.is_negative() => match self.as_one_plus_exp(base) {
                Some(u) => {
                    let minus = self.negate(u);
                    let s = self.map(Map::Sigmoid, minus);
                    self.power(s, &-p)
                }
                None => self.over_common_denominator(&terms, p).unwrap_or_else(|| self.plain_power(base, p)),
            },
            _ => self.plain_power(base, p),
        }
    }

    fn plain_power(&mut self, base: NodeId, p: &Number) -> NodeId {
        if let (Some(n @ 2..=MOST_REPEATED), order @ 1..) = (p.as_integer(), self.order(base)) {
            let labels: Labels = (0..order as u16).collect();
            let factors: Vec<(NodeId, &[u16])> = (0..n).map(|_| (base, &labels[..])).collect();
            return self.einsum(&labels, &factors);
        }
        if let Some(t) = self.in_better_orientation(base) {
            let power = self.plain_power(t, p);
            return self.transpose(power);
        }
        self.insert(Node::Power(base, p.clone()))
    }

    /// `(a/s + b)^p` is `(a + b*s)^p/s^p` for a scalar s and a whole p < 0, so that nothing is divided twice.
    fn over_common_denominator(&mut self, terms: &[(Number, NodeId)], p: &Number) -> Option<NodeId> {
        let axes: Axes = self.axes(terms[0].1).into();
        let divisor = terms.iter().find_map(|(_, t)| self.divisor_of(*t))?;
        let product: Vec<(Number, NodeId)> = terms.iter().map(|(n, t)| (n.clone(), self.times(*t, divisor))).collect();
        let sum = self.sum(&axes, product);
        let (above, below) = (self.power(sum, p), self.power(divisor, &-p));
        Some(self.times(above, below))
    }

    /// A positive power of a scalar that a term is divided by; of a sum nothing, so that denominators do not pile up.
    fn divisor_of(&mut self, term: NodeId) -> Option<NodeId> {
        let factors: Vec<NodeId> = match self.node(term) {
            Node::Contract(c) => c.factors.iter().filter(|f| f.labels.is_empty()).map(|f| f.node).collect(),
            _ if self.order(term) == 0 => vec![term],
            _ => return None,
        };
        let (base, p) = factors.iter().find_map(|f| match self.node(*f) {
            Node::Power(base, p) if p.is_negative() && !matches!(self.node(*base), Node::Sum(_)) => Some((*base, -p)),
            _ => None,
        })?;
        Some(self.power(base, &p))
    }

    fn power_of_scaled(&mut self, c: &Number, a: NodeId, base: NodeId, p: &Number) -> NodeId {
        if (p.is_integer() || !c.is_negative())
            && let Some(power) = c.pow(p)
        {
            let rest = self.power(a, p);
            return self.scale(&power, rest);
        }
        if !c.is_negative() && p.as_integer().is_none() && self.is_square_of_norm(a) {
            let number = self.number(c);
            let (outside, root) = (self.plain_power(number, p), self.power(a, p));
            return self.times(outside, root);
        }
        self.plain_power(base, p)
    }

    /// Whether a root of the node is a norm: `sqrt(3/2*normF(A)^2)` is `sqrt(3/2)*normF(A)`.
    fn is_square_of_norm(&self, a: NodeId) -> bool {
        matches!(self.node(a), Node::Contract(c) if c.out.is_empty() && !c.dims.is_empty() && super::is_gram(self, c))
    }

    /// `(a^q)^p` is `a^(pq)` if p is whole, a is not negative, or q is such that a cannot be negative or keeps its sign;
    /// an even q leaves the absolute value.
    fn power_of_power(&mut self, a: NodeId, q: &Number, base: NodeId, p: &Number) -> NodeId {
        let product = q * p;
        let even = q.as_integer().is_some_and(|n| n % 2 == 0);
        if p.is_integer() || self.meta(a).sign != Sign::Any || !even {
            self.power(a, &product)
        } else if even {
            let abs = self.map(Map::Abs, a);
            self.power(abs, &product)
        } else {
            self.plain_power(base, p)
        }
    }

    /// A product without sums distributes a whole power over its factors, any other power over those that are not
    /// negative.
    fn power_of_product(&mut self, c: &Contraction, base: NodeId, p: &Number) -> NodeId {
        let pointwise = c.dims.len() == c.out.len() && all_distinct(&c.out) && c.factors.len() > 1;
        if !pointwise || (p.as_integer().is_some_and(|n| n > 1) && !c.out.is_empty()) {
            return self.plain_power(base, p);
        }
        let takes = |g: &Graph, f: &Factor| p.is_integer() || g.meta(f.node).sign != Sign::Any;
        let (inside, outside): (Vec<&Factor>, Vec<&Factor>) = c.factors.iter().partition(|f| !takes(self, f));
        if outside.is_empty() {
            return self.plain_power(base, p);
        }
        let mut draft = Draft::new();
        draft.labels(&c.dims);
        for f in outside {
            // Entries off the diagonal may be 0 and take no part.
            let (node, labels) = self.on_own_labels(f);
            let power = self.power(node, p);
            draft.factor(power, &labels);
        }
        if !inside.is_empty() {
            let mut rest = Draft::new();
            rest.labels(&c.dims);
            inside.iter().for_each(|f| {
                rest.factor(f.node, &f.labels);
            });
            let rest = self.contract(rest.out(&c.out));
            let power = self.plain_power(rest, p);
            draft.factor(power, &c.out);
        }
        self.contract(draft.out(&c.out))
    }

    /// A factor as a node of its distinct labels: the diagonal of a matrix on one label.
    fn on_own_labels(&mut self, f: &Factor) -> (NodeId, Labels) {
        match f.labels[..] {
            [a, b] if a == b => (self.einsum(&[0], &[(f.node, &[0, 0])]), Labels::from_slice(&[a])),
            _ => (f.node, f.labels.clone()),
        }
    }

    /// Adds the exponents of factors with equal base and labels, where at least one is not a plain factor of a tensor or where there
    /// are more of them than are repeated.
    pub(super) fn collect_powers(&mut self, draft: &mut Draft) -> bool {
        let bases: SmallVec<[NodeId; 16]> = draft.factors.iter().map(|f| self.base_of(f.node)).collect();
        for at in 0..draft.factors.len() {
            let (base, labels) = (bases[at], &draft.factors[at].labels);
            let meets = |k: &usize| self.same_base(bases[*k], base) && draft.factors[*k].labels == *labels;
            let same: SmallVec<[usize; 8]> = (at..draft.factors.len()).filter(meets).collect();
            let plain = same.iter().all(|&k| draft.factors[k].node == base) && !labels.is_empty() && !self.is_exp(base);
            if same.len() < 2 || plain && same.len() <= MOST_REPEATED as usize {
                continue;
            }
            let labels = labels.clone();
            let node = if self.is_exp(base) { self.product_of_exps(draft, &same) } else { self.power_of_sum(draft, &same, base) };
            for &k in same.iter().rev() {
                draft.factors.remove(k);
            }
            draft.factors.push(Factor { node, labels });
            return true;
        }
        false
    }

    fn is_exp(&self, node: NodeId) -> bool {
        matches!(self.node(node), Node::Map(Map::Exp, _))
    }

    /// All exponentials count as powers of one base.
    fn same_base(&self, a: NodeId, b: NodeId) -> bool {
        a == b || (self.is_exp(a) && self.is_exp(b))
    }

    /// `a^p` and `(a^q)^s` have one base.
    fn base_of(&self, node: NodeId) -> NodeId {
        match self.node(node) {
            Node::Power(a, _) => *a,
            Node::Map2(Map2::Power, root, _) => self.power_of_root(*root).0,
            _ => node,
        }
    }

    /// `a^q` of an a that is not negative, in which exponents may be multiplied; anything else is its own first power.
    fn power_of_root(&self, root: NodeId) -> (NodeId, Number) {
        match self.node(root) {
            Node::Power(a, q) if self.meta(*a).sign != Sign::Any => (*a, q.clone()),
            _ => (root, Number::ONE),
        }
    }

    fn product_of_exps(&mut self, draft: &Draft, same: &[usize]) -> NodeId {
        let terms: Vec<(Number, NodeId)> = same
            .iter()
            .filter_map(|&k| match self.node(draft.factors[k].node) {
                Node::Map(Map::Exp, u) => Some((Number::ONE, *u)),
                _ => None,
            })
            .collect();
        let axes: Axes = self.axes(draft.factors[same[0]].node).into();
        let u = self.sum(&axes, terms);
        self.map(Map::Exp, u)
    }

    /// The sum of the exponents over the base, or over the root of it that has a symbolic one: `norm2(x)^s/norm2(x)` is
    /// `norm2(x)^(s - 1)`.
    fn power_of_sum(&mut self, draft: &Draft, same: &[usize], base: NodeId) -> NodeId {
        let mut exponent = Exponent { number: Number::ZERO, symbolic: Vec::new() };
        let mut root = base;
        for &k in same {
            match self.node(draft.factors[k].node) {
                Node::Power(a, p) if *a == base => exponent.number = &exponent.number + p,
                Node::Map2(Map2::Power, a, e) if self.power_of_root(*a).0 == base => {
                    exponent.symbolic.push((self.power_of_root(*a).1, *e));
                    root = if *a == base { root } else { *a };
                }
                _ => exponent.number = &exponent.number + &Number::ONE,
            }
        }
        let unit = self.power_of_root(root).1;
        let Some(per_root) = unit.recip().filter(|_| !exponent.symbolic.is_empty()) else {
            return self.power(base, &exponent.number);
        };
        let axes: Axes = self.axes(base).into();
        let number = self.number(&(&exponent.number * &per_root));
        let number = self.fill(number, &axes);
        let mut terms: Vec<(Number, NodeId)> = exponent.symbolic.into_iter().map(|(q, e)| (&q * &per_root, e)).collect();
        terms.push((Number::ONE, number));
        let e = self.sum(&axes, terms);
        self.map2(Map2::Power, root, e)
    }
}
