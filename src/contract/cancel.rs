//! What only cancels once products of sums are multiplied out, or once terms have one denominator.
//!
//! Products of sums stay as they are everywhere else. Here they are opened on trial, and the result is kept only if terms
//! have cancelled: the sum has fewer terms then, which bounds how often this can happen.

use super::Draft;
use crate::dim::Dim;
use crate::function::Map;
use crate::index::{Contraction, Graph, Node, NodeId};
use crate::number::Number;
use indexmap::IndexMap;

/// A trial with more terms than this is not made.
const MOST_TERMS: usize = 16;

type Terms = Vec<(Number, NodeId)>;

impl Graph {
    /// The sum of the terms in a shorter form, if multiplying out or a common denominator makes terms cancel.
    pub(super) fn cancelled(&mut self, axes: &[Dim], terms: &Terms) -> Option<NodeId> {
        if terms.len() < 2 || self.terms_when_open(terms) > MOST_TERMS + 1 {
            return None;
        }
        self.multiplied_out(axes, terms).or_else(|| self.over_one_denominator(terms))
    }

    /// `(1 - y).*s - y.*(1 - s)` is `s - y`.
    fn multiplied_out(&mut self, axes: &[Dim], terms: &Terms) -> Option<NodeId> {
        let holds_sum =
            |g: &Graph, t: &NodeId| matches!(g.node(*t), Node::Contract(c) if c.factors.iter().any(|f| g.opens(f.node, c, &f.labels)));
        if !terms.iter().any(|(_, t)| holds_sum(self, t)) {
            return None;
        }
        let mut open: Terms = Vec::new();
        for (n, t) in terms {
            self.open_term(n, *t, &mut open)?;
        }
        let complements = self.complementary_sigmoids(&open);
        if !complements.is_empty() {
            let mut rewritten = Terms::new();
            for (n, t) in open {
                self.open_sigmoids(&n, t, &complements, &mut rewritten)?;
            }
            open = rewritten;
        }
        let merged = merge(&open);
        // Something must have cancelled, and not merely been multiplied out.
        (merged.len() < open.len() && merged.len() <= terms.len() && !self.same_terms(&merged, terms))
            .then(|| self.primitive_sum(axes, merged))
    }

    /// How many terms the products of sums among these multiply out to, counted as far as it matters and without making
    /// any of them: sums nested in long products would be expensive to make and too many in the end.
    fn terms_when_open(&self, terms: &[(Number, NodeId)]) -> usize {
        let mut count = 0usize;
        for (_, t) in terms {
            if count > MOST_TERMS + 1 {
                break;
            }
            count = count.saturating_add(match self.node(*t) {
                Node::Scale(n, a) => self.terms_when_open(&[(n.clone(), *a)]),
                Node::Sum(inner) => self.terms_when_open(inner),
                Node::Contract(c) => {
                    let sums = c.factors.iter().filter(|f| self.opens(f.node, c, &f.labels));
                    sums.fold(1, |product, f| match self.node(f.node) {
                        Node::Sum(inner) if product <= MOST_TERMS + 1 => product.saturating_mul(self.terms_when_open(inner)),
                        _ => product,
                    })
                }
                _ => 1,
            });
        }
        count
    }

    fn same_terms(&self, a: &Terms, b: &Terms) -> bool {
        a.len() == b.len() && a.iter().all(|t| b.contains(t))
    }

    /// Whether a factor is a sum that may be multiplied out, entry by entry.
    fn opens(&self, node: NodeId, c: &Contraction, labels: &[u16]) -> bool {
        matches!(self.node(node), Node::Sum(_)) && labels.iter().all(|l| c.out.contains(l))
    }

    /// The terms that a product of sums multiplies out to; `None` if they are too many.
    fn open_term(&mut self, n: &Number, t: NodeId, into: &mut Terms) -> Option<()> {
        if into.len() > MOST_TERMS {
            return None;
        }
        match self.node(t) {
            Node::Scale(m, a) => {
                let (n, a) = (n * m, *a);
                return self.open_term(&n, a, into);
            }
            Node::Sum(terms) => {
                for (m, a) in terms.clone() {
                    self.open_term(&(n * &m), a, into)?;
                }
                return Some(());
            }
            _ => {}
        }
        let Node::Contract(c) = self.node(t) else {
            into.push((n.clone(), t));
            return Some(());
        };
        let Some(at) = c.factors.iter().position(|f| self.opens(f.node, c, &f.labels)) else {
            into.push((n.clone(), t));
            return Some(());
        };
        let c = c.clone();
        let Node::Sum(terms) = self.node(c.factors[at].node) else { return None };
        for (m, a) in terms.clone() {
            let product = self.with_factor(&c, at, a);
            self.open_term(&(n * &m), product, into)?;
        }
        Some(())
    }

    /// A contraction with another node in the place of one factor.
    fn with_factor(&mut self, c: &Contraction, at: usize, node: NodeId) -> NodeId {
        let mut draft = Draft::new();
        draft.labels(&c.dims);
        draft.factors = c.factors.to_vec();
        draft.factors[at].node = node;
        self.contract(draft.out(&c.out))
    }

    /// Sigmoids whose argument is the negative of another one's: (`sigmoid(-u)`, `sigmoid(u)`).
    fn complementary_sigmoids(&self, terms: &Terms) -> Vec<(NodeId, NodeId)> {
        let mut all: Vec<(NodeId, NodeId)> = Vec::new();
        for (_, t) in terms {
            let mut visit = |f: NodeId| {
                if let Node::Map(Map::Sigmoid, u) = self.node(f)
                    && !all.contains(&(f, *u))
                {
                    all.push((f, *u));
                }
            };
            visit(*t);
            if let Node::Contract(c) = self.node(*t) {
                c.factors.iter().for_each(|f| visit(f.node));
            }
        }
        let negative = |u: NodeId| matches!(self.node(u), Node::Scale(n, _) if n.is_negative());
        let opposite = |u: NodeId, v: NodeId| {
            let ((m, a), (n, b)) = (self.unscaled(u), self.unscaled(v));
            a == b && m == -&n
        };
        let pairs = all.iter().filter(|(_, u)| negative(*u));
        pairs.filter_map(|(f, u)| all.iter().find(|(_, v)| opposite(*u, *v)).map(|(g, _)| (*f, *g))).collect()
    }

    /// `sigmoid(-u)` as `1 - sigmoid(u)`.
    fn open_sigmoids(&mut self, n: &Number, t: NodeId, pairs: &[(NodeId, NodeId)], into: &mut Terms) -> Option<()> {
        if into.len() > MOST_TERMS {
            return None;
        }
        let complement = |f: NodeId| pairs.iter().find(|(g, _)| *g == f).map(|(_, s)| *s);
        let (at, s, c) = match self.node(t) {
            Node::Map(..) => match complement(t) {
                Some(s) => (None, s, None),
                None => (None, t, None),
            },
            Node::Contract(c) => match c.factors.iter().enumerate().find_map(|(k, f)| Some((k, complement(f.node)?))) {
                Some((k, s)) => (Some(k), s, Some(c.clone())),
                None => (None, t, None),
            },
            _ => (None, t, None),
        };
        if s == t {
            into.push((n.clone(), t));
            return Some(());
        }
        let axes = self.axes_of_node(s);
        let one = self.one();
        let ones = self.fill(one, &axes);
        for (m, a) in [(Number::ONE, ones), (Number::MINUS_ONE, s)] {
            let product = match (&c, at) {
                (Some(c), Some(k)) => self.with_factor(c, k, a),
                _ => a,
            };
            let (m, product) = (n * &m, product);
            let (extra, core) = self.unscaled(product);
            self.open_sigmoids(&(&m * &extra), core, pairs, into)?;
        }
        Some(())
    }

    /// `1 - t/(t + 1)` is `1/(t + 1)`.
    fn over_one_denominator(&mut self, terms: &Terms) -> Option<NodeId> {
        // The highest power: of equal ones the first, as the terms stand in the order in which they were given.
        let below = terms.iter().filter_map(|(_, t)| self.sum_below(*t));
        let (sum, k) = below.reduce(|best, other| if other.1 > best.1 { other } else { best })?;
        let power = self.power(sum, &k);
        let mut open = Terms::new();
        for (n, t) in terms {
            let product = self.times(*t, power);
            self.open_term(n, product, &mut open)?;
        }
        let merged = merge(&open);
        if merged.len() >= terms.len() {
            return None;
        }
        let axes = self.axes_of_node(terms[0].1);
        let above = self.primitive_sum(&axes, merged);
        let below = self.power(sum, &-&k);
        Some(self.times(above, below))
    }

    /// A sum that a term is divided by, with the power: of a scalar, or of all axes of the term.
    fn sum_below(&self, t: NodeId) -> Option<(NodeId, Number)> {
        let below = |f: NodeId| match self.node(f) {
            Node::Power(s, p) if p.is_integer() && p.is_negative() && matches!(self.node(*s), Node::Sum(_)) => Some((*s, -p)),
            _ => None,
        };
        match self.node(t) {
            Node::Contract(c) => c.factors.iter().filter(|f| f.labels.is_empty() || f.labels == c.out).find_map(|f| below(f.node)),
            _ => below(t),
        }
    }
}

/// Like terms merged, those that cancel gone.
fn merge(terms: &Terms) -> Terms {
    let mut merged: IndexMap<NodeId, Number> = IndexMap::new();
    for (n, t) in terms {
        let sum = merged.entry(*t).or_insert(Number::ZERO);
        *sum = &*sum + n;
    }
    merged.into_iter().filter(|(_, n)| !n.is_zero()).map(|(t, n)| (n, t)).collect()
}
