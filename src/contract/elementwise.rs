//! Elementwise functions, with what can be said of them at once: parity, constants, inverses of each other.

use super::Draft;
use crate::error::{Error, ErrorKind, Result};
use crate::expr::{Expr, Op};
use crate::function::{Constant, ELEMENTWISE, Function, Map, Map2, Parity, Sign};
use crate::index::{Axes, Factor, Graph, Labels, Node, NodeId, Opaque};
use crate::number::Number;
use crate::parse::{Declarations, parse};
use std::sync::OnceLock;

/// The formulas of the function table, read when first asked for.
static DERIVATIVES: [OnceLock<Option<Expr>>; ELEMENTWISE.len()] = [const { OnceLock::new() }; ELEMENTWISE.len()];
static DEFINITIONS: [OnceLock<Option<Expr>>; ELEMENTWISE.len()] = [const { OnceLock::new() }; ELEMENTWISE.len()];

/// A formula in the scalar `u`. The tests of this module read every one of the table.
fn formula(text: &str) -> Option<Expr> {
    let declarations = Declarations::parse("u: scalar").ok()?;
    parse(text, &declarations).ok()
}

impl Graph {
    /// `f(a)`, entry by entry.
    pub fn map(&mut self, f: Map, a: NodeId) -> NodeId {
        let axes: Axes = self.axes(a).into();
        if let (Node::Zero(_), Some(value)) = (self.node(a), f.row().at_zero) {
            let value = self.number(&Number::int(value));
            return self.fill(value, &axes);
        }
        if let Some(done) = self.through_broadcast(a, |g, inner| g.map(f, inner)) {
            return done;
        }
        if let Some(done) = self.through_reindexing(a, |g, inner| g.map(f, inner)) {
            return done;
        }
        let (n, positive) = self.unscaled(a);
        if n.is_negative() && f.row().parity != Parity::Neither {
            let flipped = self.scale(&-&n, positive);
            let value = self.map(f, flipped);
            return if f.row().parity == Parity::Odd { self.negate(value) } else { value };
        }
        if let Some(done) = self.without_size(f, &n, positive) {
            return done;
        }
        if let Some(done) = self.known_value(f, a, &axes) {
            return done;
        }
        if let Some(t) = self.in_better_orientation(a) {
            let value = self.map(f, t);
            return self.transpose(value);
        }
        self.insert(Node::Map(f, a))
    }

    /// The size of a coefficient plays no part in a sign and comes out of what is homogeneous: `step(2*x) = step(x)`,
    /// `relu(-2*x) = 2*relu(-x)`.
    fn without_size(&mut self, f: Map, n: &Number, a: NodeId) -> Option<NodeId> {
        let size = n.abs();
        if size.is_one() || size.is_zero() || !matches!(f, Map::Step | Map::Sign | Map::Abs | Map::Relu) {
            return None;
        }
        let unit = if n.is_negative() { self.negate(a) } else { a };
        let value = self.map(f, unit);
        Some(if matches!(f, Map::Abs | Map::Relu) { self.scale(&size, value) } else { value })
    }

    /// What `f(a)` is in terms of simpler nodes, where that is known.
    fn known_value(&mut self, f: Map, a: NodeId, axes: &[crate::Dim]) -> Option<NodeId> {
        let sign = self.meta(a).sign;
        match (f, self.node(a).clone()) {
            (Map::Sqrt, _) => Some(self.power(a, &Number::ratio(1, 2))),
            (Map::Exp, Node::Map(Map::Log, u)) => Some(u),
            (Map::Exp, Node::Scale(n, l)) => match self.node(l) {
                Node::Map(Map::Log, u) => {
                    let u = *u;
                    Some(self.power(u, &n))
                }
                _ => None,
            },
            (Map::Log, _) => self.known_logarithm(a, axes),
            (Map::Abs, _) if sign != Sign::Any => Some(a),
            (Map::Relu, _) if self.as_constant(a).is_some_and(|c| c.is_negative()) => Some(self.zero(axes)),
            (Map::Abs, Node::Map(Map::Abs, _)) | (Map::Relu, Node::Map(Map::Relu, _)) => Some(a),
            (Map::Relu, _) if sign != Sign::Any => Some(a),
            (Map::Sign | Map::Step, _) if sign == Sign::Positive => {
                let one = self.one();
                Some(self.fill(one, axes))
            }
            _ => self.by_definition(f, a),
        }
    }

    /// log(exp u), log(u^p), log(softmax u), log(sigmoid u), log(det X), log(sum(exp u)), log(1 + exp u).
    fn known_logarithm(&mut self, a: NodeId, axes: &[crate::Dim]) -> Option<NodeId> {
        match self.node(a).clone() {
            _ if self.node(a) == &Node::Contract(crate::index::Contraction::default()) => Some(self.zero(&[])),
            Node::Map(Map::Exp, u) => Some(u),
            Node::Power(u, p) => {
                let even = p.as_integer().is_some_and(|n| n % 2 == 0);
                let base = if even { self.map(Map::Abs, u) } else { u };
                let log = self.map(Map::Log, base);
                Some(self.scale(&p, log))
            }
            Node::Map(Map::Sigmoid, u) => {
                let minus = self.negate(u);
                let soft = self.map(Map::Softplus, minus);
                Some(self.negate(soft))
            }
            Node::Opaque(Opaque::Softmax, u) => {
                let lse = self.opaque(Opaque::LogSumExp, u);
                let mut draft = Draft::new();
                let labels = draft.labels(axes);
                draft.factor(lse, &labels[..axes.len() - 1]);
                let lse = self.contract(draft.out(&labels));
                Some(self.sum(axes, vec![(Number::ONE, u), (Number::MINUS_ONE, lse)]))
            }
            Node::Opaque(Opaque::Det, x) => Some(self.opaque(Opaque::LogDet, x)),
            Node::Map(Map::Abs, d) => match self.node(d) {
                Node::Opaque(Opaque::Det, x) => {
                    let x = *x;
                    Some(self.opaque(Opaque::LogDet, x))
                }
                _ => None,
            },
            Node::Contract(_) => {
                let u = self.as_sum_of_exp(a)?;
                Some(self.opaque(Opaque::LogSumExp, u))
            }
            Node::Sum(terms) => {
                if let Some(u) = self.as_one_plus_exp(a) {
                    return Some(self.map(Map::Softplus, u));
                }
                // log(1 - sigmoid(u)) is -softplus(u).
                let u = terms.iter().find_map(|(n, t)| match self.node(*t) {
                    Node::Map(Map::Sigmoid, u) if *n == Number::MINUS_ONE => Some(*u),
                    _ => None,
                })?;
                let one = terms.iter().any(|(n, t)| n.is_one() && self.as_constant(*t).is_some_and(|c| c.is_one()));
                if !one || terms.len() != 2 {
                    return None;
                }
                let soft = self.map(Map::Softplus, u);
                Some(self.negate(soft))
            }
            _ => None,
        }
    }

    /// `f(a, b)`, entry by entry; both of the same axes.
    pub fn map2(&mut self, f: Map2, a: NodeId, b: NodeId) -> NodeId {
        let zero = |g: &Graph, x| matches!(g.node(x), Node::Zero(_));
        match f {
            Map2::Max | Map2::Min if a == b => return a,
            Map2::Max if zero(self, b) => return self.map(Map::Relu, a),
            Map2::Max if zero(self, a) => return self.map(Map::Relu, b),
            Map2::Min if zero(self, b) || zero(self, a) => {
                let x = if zero(self, b) { a } else { b };
                let minus = self.negate(x);
                let relu = self.map(Map::Relu, minus);
                return self.negate(relu);
            }
            Map2::Power => {
                if self.order(a) == 0 && self.as_constant(a).is_some_and(|one| one.is_one()) {
                    return a;
                }
                if let Some(p) = self.as_constant(b) {
                    return self.power(a, &p);
                }
                if let Node::Map(Map::Exp, u) = self.node(a) {
                    let u = *u;
                    let product = self.times(u, b);
                    return self.map(Map::Exp, product);
                }
            }
            Map2::Max | Map2::Min => {
                if self.meta(b).hash < self.meta(a).hash {
                    return self.insert(Node::Map2(f, b, a));
                }
            }
        }
        self.insert(Node::Map2(f, a, b))
    }

    /// The number that every entry is.
    pub fn as_constant(&self, a: NodeId) -> Option<Number> {
        let (n, core) = self.unscaled(a);
        match self.node(core) {
            Node::Zero(_) => Some(Number::ZERO),
            Node::Contract(c) if c.factors.is_empty() && super::all_distinct(&c.out) && c.dims.len() == c.out.len() => Some(n),
            _ => None,
        }
    }

    /// An elementwise operation on a value that does not vary along some axes is done before these axes are added.
    pub(super) fn through_broadcast(&mut self, a: NodeId, f: impl FnOnce(&mut Graph, NodeId) -> NodeId) -> Option<NodeId> {
        let (n, core) = self.unscaled(a);
        let Node::Contract(c) = self.node(core) else { return None };
        let varies = |l: &u16| c.factors.iter().any(|f| f.labels.contains(l));
        if !super::all_distinct(&c.out) || c.out.is_empty() || c.out.iter().all(varies) {
            return None;
        }
        let c = c.clone();
        let kept: Labels = c.out.iter().copied().filter(|l| c.factors.iter().any(|f| f.labels.contains(l))).collect();
        let mut inner = Draft::new();
        inner.coefficient = n;
        // Only the labels that take part: the dropped outputs are not summed.
        let mut outer = Draft::new();
        outer.labels(&c.dims);
        let factors: Vec<Factor> = c.factors.to_vec();
        let part = outer.clone().part(kept.clone(), factors);
        inner.dims = part.dims;
        inner.alive = part.alive;
        inner.out = part.out;
        inner.factors = part.factors;
        let inner = self.contract(inner);
        let value = f(self, inner);
        let out = outer.part(c.out.clone(), vec![Factor { node: value, labels: kept }]);
        Some(self.contract(out))
    }

    /// Stacking axes moves entries and changes none: f(vec(X)) is vec(f(X)).
    fn through_reindexing(&mut self, a: NodeId, f: impl FnOnce(&mut Graph, NodeId) -> NodeId) -> Option<NodeId> {
        let (n, core) = self.unscaled(a);
        let Node::Contract(c) = self.node(core) else { return None };
        if !super::all_distinct(&c.out) {
            return None;
        }
        let at = c.factors.iter().position(|m| {
            let uses = |l: u16| c.factors.iter().flat_map(|f| &f.labels).filter(|&&x| x == l).count();
            matches!(self.node(m.node), Node::Merge(..))
                && c.out.contains(&m.labels[0])
                && uses(m.labels[0]) == 1
                && super::all_distinct(&m.labels)
                && m.labels[1..].iter().all(|l| !c.out.contains(l))
        })?;
        let c = c.clone();
        let merge = c.factors[at].clone();
        let inner_out: Labels =
            c.out.iter().flat_map(|&l| if l == merge.labels[0] { merge.labels[1..].to_vec() } else { vec![l] }).collect();
        let mut all = Draft::new();
        all.labels(&c.dims);
        let rest: Vec<Factor> = c.factors.iter().enumerate().filter(|(k, _)| *k != at).map(|(_, f)| f.clone()).collect();
        let mut inner = all.part(inner_out.clone(), rest);
        inner.coefficient = n;
        let inner = self.contract(inner);
        let value = f(self, inner);
        let out = all.part(c.out.clone(), vec![merge, Factor { node: value, labels: inner_out }]);
        Some(self.contract(out))
    }

    /// f'(a), entry by entry.
    ///
    /// # Errors
    /// If no closed form of f' is known.
    pub fn derivative_of_map(&mut self, f: Map, a: NodeId) -> Result<NodeId> {
        let unknown = || Error::new(ErrorKind::Derivative, format!("the derivative of {} is not known", f.name()));
        let formula = DERIVATIVES[f as usize].get_or_init(|| f.row().derivative.and_then(formula));
        self.template(formula.as_ref().ok_or_else(unknown)?, a)
    }

    /// A function that is only a spelling of simpler ones.
    fn by_definition(&mut self, f: Map, a: NodeId) -> Option<NodeId> {
        let formula = DEFINITIONS[f as usize].get_or_init(|| f.row().definition.and_then(formula)).as_ref()?;
        self.template(formula, a).ok()
    }

    /// A formula in the scalar `u`, such as those of the function table, at each entry of a node.
    pub(crate) fn entrywise(&mut self, text: &str, u: NodeId) -> Option<NodeId> {
        self.template(&formula(text)?, u).ok()
    }

    /// A formula of the function table, in terms of `u`, at a node.
    fn template(&mut self, formula: &Expr, u: NodeId) -> Result<NodeId> {
        let axes: Axes = self.axes(u).into();
        self.instantiate(formula, u, &axes)
    }

    fn instantiate(&mut self, e: &Expr, u: NodeId, axes: &[crate::Dim]) -> Result<NodeId> {
        let odd = || Error::new(ErrorKind::Internal, format!("{e} is not a formula of the function table"));
        Ok(match e.op() {
            Op::Var(_) => u,
            Op::Number(n) => {
                let n = self.number(n);
                self.fill(n, axes)
            }
            Op::Constant(Constant::Pi) => {
                let pi = self.insert(Node::Constant(Constant::Pi));
                self.fill(pi, axes)
            }
            Op::Neg(a) => {
                let a = self.instantiate(a, u, axes)?;
                self.negate(a)
            }
            Op::Add(all) => {
                let terms = all.iter().map(|t| Ok((Number::ONE, self.instantiate(t, u, axes)?))).collect::<Result<_>>()?;
                self.sum(axes, terms)
            }
            Op::Mul(all) => {
                let mut product = self.instantiate(&all[0], u, axes)?;
                for f in &all[1..] {
                    let f = self.instantiate(f, u, axes)?;
                    product = self.times(product, f);
                }
                product
            }
            Op::Div(a, b) => {
                let (a, b) = (self.instantiate(a, u, axes)?, self.instantiate(b, u, axes)?);
                let b = self.power(b, &Number::MINUS_ONE);
                self.times(a, b)
            }
            Op::Pow(a, p) => {
                let a = self.instantiate(a, u, axes)?;
                let p = self.instantiate(p, u, axes)?;
                let p = self.as_constant(p).ok_or_else(odd)?;
                self.power(a, &p)
            }
            Op::Call(Function::Map(f), args) => {
                let a = self.instantiate(&args[0], u, axes)?;
                self.map(*f, a)
            }
            _ => return Err(odd()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_formula_of_the_function_table_is_read() {
        for row in &ELEMENTWISE {
            for text in [row.derivative, row.definition].into_iter().flatten() {
                let mut graph = Graph::new();
                let u = graph.insert(Node::Var(crate::Var::new("u", crate::Shape::Scalar)));
                let e = formula(text).unwrap_or_else(|| panic!("{text} is not read"));
                assert!(graph.template(&e, u).is_ok(), "{}: {text}", row.name);
            }
        }
    }
}
