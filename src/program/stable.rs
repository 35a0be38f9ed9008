//! Entries in forms that neither overflow nor lose digits: `log1p(u)` for `log(1 + u)` and its kin, for the evaluator and for
//! code in every target alike.
//!
//! Index form has one spelling of each function, by which equal things are one node; which form is computed is decided here.

use super::build::{Builder, operand};
use super::elementwise::product;
use super::{Entry, Kernel, Operand};
use crate::error::Result;
use crate::function::{Map, Map2};
use crate::index::{Node, NodeId};
use crate::number::Number;

/// The entry with stable forms for what is in it. It descends, and what it makes is stable.
pub(super) fn stable(entry: Entry) -> Entry {
    match entry {
        Entry::Map(Map::Log, a) => log_of(*a),
        Entry::Map(f, a) => Entry::Map(f, Box::new(stable(*a))),
        Entry::Map2(f, a, b) => Entry::Map2(f, Box::new(stable(*a)), Box::new(stable(*b))),
        Entry::Power(a, p) => Entry::Power(Box::new(stable(*a)), p),
        Entry::Sum(terms) => sum(terms),
        Entry::Product(factors) => product(factors.into_iter().map(stable).collect()),
        Entry::Apply(f, arguments) => Entry::Apply(f, arguments.into_iter().map(stable).collect()),
        Entry::Operand(_) | Entry::Number(_) | Entry::Constant(_) | Entry::Size(_) | Entry::Triangle(..) => entry,
    }
}

fn log_of(argument: Entry) -> Entry {
    match argument {
        Entry::Sum(terms) => match without_one(&terms) {
            Some(rest) => match &rest[..] {
                [(n, Entry::Map(Map::Exp, u))] if n.is_one() => Entry::Map(Map::Softplus, Box::new(stable((**u).clone()))),
                _ => Entry::Map(Map::Log1p, Box::new(sum(rest))),
            },
            None => Entry::Map(Map::Log, Box::new(sum(terms))),
        },
        // log(sigmoid(u)) = -softplus(-u)
        Entry::Map(Map::Sigmoid, u) => negated(Entry::Map(Map::Softplus, Box::new(negated(stable(*u))))),
        other => Entry::Map(Map::Log, Box::new(stable(other))),
    }
}

/// `exp(u) - 1` among the terms is `expm1(u)`, times any number.
fn sum(terms: Vec<(Number, Entry)>) -> Entry {
    let number = |e: &Entry| if let Entry::Number(m) = e { Some(m.clone()) } else { None };
    let one = terms.iter().position(|(_, e)| number(e).is_some());
    let constant = one.and_then(|at| number(&terms[at].1).map(|m| &terms[at].0 * &m));
    let exp = terms.iter().position(|(n, e)| matches!(e, Entry::Map(Map::Exp, _)) && constant.as_ref().is_some_and(|c| *c == -n));
    let mut all = Vec::with_capacity(terms.len());
    for (at, (n, e)) in terms.into_iter().enumerate() {
        match e {
            Entry::Map(Map::Exp, u) if exp == Some(at) => all.push((n, Entry::Map(Map::Expm1, Box::new(stable(*u))))),
            _ if exp.is_some() && one == Some(at) => {}
            e => all.push(with_coefficient(n, stable(e))),
        }
    }
    match &all[..] {
        [(n, e)] => product(vec![Entry::Number(n.clone()), e.clone()]),
        _ => Entry::Sum(all),
    }
}

/// The number in front of a product belongs to the sum that it is in.
fn with_coefficient(n: Number, e: Entry) -> (Number, Entry) {
    match e {
        Entry::Product(mut factors) if matches!(factors[..], [Entry::Number(_), _, ..]) => {
            let Entry::Number(m) = factors.remove(0) else { return (n, Entry::Product(factors)) };
            (&n * &m, product(factors))
        }
        e => (n, e),
    }
}

fn negated(e: Entry) -> Entry {
    product(vec![Entry::Number(Number::MINUS_ONE), e])
}

/// The terms but for the number 1, if that is one of them.
fn without_one(terms: &[(Number, Entry)]) -> Option<Vec<(Number, Entry)>> {
    let one = terms.iter().position(|(n, e)| matches!(e, Entry::Number(m) if (n * m).is_one()))?;
    Some(terms.iter().enumerate().filter(|(at, _)| *at != one).map(|(_, t)| t.clone()).collect())
}

impl Builder<'_> {
    /// The logarithm of a node whose value may be too large where its logarithm is not: a hyperbolic cosine, a sum of
    /// exponentials. What occurs more than once in the form is a value of its own.
    pub(super) fn log_entry(&mut self, a: NodeId, axes: &[usize], operands: &mut Vec<Operand>) -> Result<Option<Entry>> {
        match self.graph.node(a) {
            // log(cosh(u)) = softplus(2*u) - u - log(2)
            Node::Map(Map::Cosh, u) => {
                let u = self.value(*u)?;
                let u = operand(operands, u, axes);
                let twice = product(vec![Entry::Number(Number::int(2)), u.clone()]);
                let two = Entry::Map(Map::Log, Box::new(Entry::Number(Number::int(2))));
                let terms = [(1, Entry::Map(Map::Softplus, Box::new(twice))), (-1, u), (-1, two)];
                Ok(Some(Entry::Sum(terms.into_iter().map(|(n, e)| (Number::int(n), e)).collect())))
            }
            Node::Sum(terms) => self.log_of_exponentials(a, terms, axes, operands),
            Node::Scale(n, inner) => {
                let Node::Sum(terms) = self.graph.node(*inner) else { return Ok(None) };
                let scaled: Vec<(Number, NodeId)> = terms.iter().map(|(m, t)| (n * m, *t)).collect();
                self.log_of_exponentials(a, &scaled, axes, operands)
            }
            _ => Ok(None),
        }
    }

    /// `log(c*exp(u) + d*exp(v)) = k + log(c*exp(u - k) + d*exp(v - k))` with the largest of the exponents for k, where a number
    /// is a multiple of exp(0).
    fn log_of_exponentials(
        &mut self,
        a: NodeId,
        terms: &[(Number, NodeId)],
        axes: &[usize],
        operands: &mut Vec<Operand>,
    ) -> Result<Option<Entry>> {
        let mut exponents = Vec::with_capacity(terms.len());
        for (n, term) in terms {
            match self.graph.node(*term) {
                Node::Map(Map::Exp, u) => exponents.push((n.clone(), Some(*u))),
                _ => match self.graph.as_constant(*term) {
                    Some(c) => exponents.push((n * &c, None)),
                    None => return Ok(None),
                },
            }
        }
        let plain = |n: &Number, u: &Option<NodeId>| u.is_none() && n.is_one();
        if exponents.len() == 2 && exponents.iter().any(|(n, u)| plain(n, u)) {
            // log1p or softplus
            return Ok(None);
        }
        let own: Vec<usize> = (0..self.graph.order(a)).collect();
        let mut values = Vec::with_capacity(exponents.len());
        for (n, u) in exponents {
            values.push((n, u.map(|u| self.value(u)).transpose()?));
        }
        let mut inner = Vec::new();
        let each = values.iter().map(|(_, u)| u.map_or(Entry::Number(Number::ZERO), |u| operand(&mut inner, u, &own)));
        let Some(entry) = each.collect::<Vec<_>>().into_iter().reduce(|a, b| Entry::Map2(Map2::Max, Box::new(a), Box::new(b))) else {
            return Ok(None);
        };
        let length = self.graph.axes(a).to_vec();
        let largest = self.kernel(Kernel { entry, operands: inner }, length.as_slice());
        let largest = operand(operands, largest, axes);
        let mut shifted = Vec::with_capacity(values.len());
        for (n, u) in values {
            let mut difference = vec![(Number::MINUS_ONE, largest.clone())];
            difference.extend(u.map(|u| (Number::ONE, operand(operands, u, axes))));
            difference.reverse();
            let difference = if difference.len() == 1 { negated(largest.clone()) } else { Entry::Sum(difference) };
            shifted.push((n, Entry::Map(Map::Exp, Box::new(difference))));
        }
        let log = Entry::Map(Map::Log, Box::new(Entry::Sum(shifted)));
        Ok(Some(Entry::Sum(vec![(Number::ONE, largest), (Number::ONE, log)])))
    }
}
