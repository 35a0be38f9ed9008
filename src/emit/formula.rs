//! The formula of one entry in a target's operators, in forms that lose no digits: `log1p(u)` for `log(1 + u)` and its kin.

use super::body::Body;
use super::code::{Code, Tight, plus, small_ratio};
use crate::error::Result;
use crate::function::Map;
use crate::number::Number;
use crate::program::Entry;

/// The parts of a product: a number, what is multiplied, what is divided by.
#[derive(Default)]
struct Fraction {
    above: Vec<Code>,
    below: Vec<Code>,
}

impl Body<'_> {
    /// The code of an entry whose operands are written already; `axes` are those of the result.
    pub(super) fn entry(&mut self, entry: &Entry, operands: &[Code], axes: &[crate::dim::Dim]) -> Result<Code> {
        let code = match entry {
            Entry::Operand(at) => operands[*at].clone(),
            Entry::Number(n) => self.number(n),
            Entry::Constant(c) => Code::constant(self.language.constant(*c), Tight::Atom),
            Entry::Size(d) => {
                let size = self.dim(*d);
                Code::constant(self.language.as_float(&size), Tight::Atom)
            }
            Entry::Triangle(a, b) => {
                let language = self.language;
                language.triangle(self, (*a, *b), axes)
            }
            Entry::Sum(terms) => self.sum_of(terms, operands, axes)?,
            Entry::Product(factors) => self.product_of(factors, operands, axes)?,
            Entry::Power(..) => self.product_of(std::slice::from_ref(entry), operands, axes)?,
            Entry::Map(f, a) => self.map_of(*f, a, operands, axes)?,
            Entry::Map2(f, a, b) => {
                let (a, b) = (self.entry(a, operands, axes)?, self.entry(b, operands, axes)?);
                let language = self.language;
                language.map2(self, *f, &a, &b)
            }
            Entry::Apply(f, arguments) => {
                let arguments = arguments.iter().map(|a| self.entry(a, operands, axes)).collect::<Result<Vec<_>>>()?;
                let language = self.language;
                language.apply_to_entries(self, f, &arguments)?
            }
        };
        Ok(self.shallow(code))
    }

    fn number(&self, n: &Number) -> Code {
        let Some((p, q)) = small_ratio(n) else { return Code::constant(format!("{:e}", n.to_f64()), Tight::Atom) };
        let numerator = Code::constant(self.language.integer(p), if p < 0 { Tight::Minus } else { Tight::Atom });
        if q == 1 { numerator } else { self.language.divide(&numerator, &Code::constant(self.language.integer(q), Tight::Atom)) }
    }

    fn sum_of(&mut self, terms: &[(Number, Entry)], operands: &[Code], axes: &[crate::dim::Dim]) -> Result<Code> {
        if let Some(u) = exponential_less_one(terms) {
            return self.map_of(Map::Expm1, u, operands, axes);
        }
        // A positive term first, so that no sum begins with a minus if it need not.
        let first = terms.iter().position(|(n, _)| !n.is_negative()).unwrap_or(0);
        let order = std::iter::once(first).chain((0..terms.len()).filter(|at| *at != first));
        let mut codes = Vec::with_capacity(terms.len());
        for (n, e) in order.map(|at| &terms[at]) {
            codes.push((n.is_negative(), self.scaled(&n.abs(), e, operands, axes)?));
        }
        Ok(plus(&codes))
    }

    fn scaled(&mut self, n: &Number, e: &Entry, operands: &[Code], axes: &[crate::dim::Dim]) -> Result<Code> {
        match e {
            _ if n.is_one() => self.entry(e, operands, axes),
            Entry::Number(m) => Ok(self.number(&(n * m))),
            Entry::Product(factors) => {
                let factors: Vec<Entry> = std::iter::once(Entry::Number(n.clone())).chain(factors.iter().cloned()).collect();
                self.product_of(&factors, operands, axes)
            }
            other => self.product_of(&[Entry::Number(n.clone()), other.clone()], operands, axes),
        }
    }

    /// A product as one fraction.
    fn product_of(&mut self, factors: &[Entry], operands: &[Code], axes: &[crate::dim::Dim]) -> Result<Code> {
        let mut coefficient = Number::ONE;
        let mut fraction = Fraction::default();
        for factor in factors {
            match factor {
                Entry::Number(n) => coefficient = &coefficient * n,
                Entry::Power(base, p) => {
                    let base = self.entry(base, operands, axes)?;
                    let power = if p.abs().is_one() { base } else { self.language.power(&base, &p.abs()) };
                    if p.is_negative() { fraction.below.push(power) } else { fraction.above.push(power) }
                }
                other => fraction.above.push(self.entry(other, operands, axes)?),
            }
        }
        let negative = coefficient.is_negative();
        let ratio = small_ratio(&coefficient.abs());
        let whole = |n: i64| Code::constant(self.language.integer(n), Tight::Atom);
        match ratio {
            Some((p, q)) => {
                if p != 1 || fraction.above.is_empty() {
                    fraction.above.insert(0, whole(p));
                }
                if q != 1 {
                    fraction.below.insert(0, whole(q));
                }
            }
            None => fraction.above.insert(0, self.number(&coefficient.abs())),
        }
        let above = self.multiplied(fraction.above);
        let code = if fraction.below.is_empty() { above } else { self.language.divide(&above, &self.multiplied(fraction.below)) };
        if !negative {
            return Ok(code);
        }
        Ok(if code.tight == Tight::Atom {
            code.negated()
        } else {
            Code { text: format!("-{}", code.at_least(Tight::Product)), tight: Tight::Product, ..code }
        })
    }

    fn multiplied(&self, factors: Vec<Code>) -> Code {
        let one = || Code::constant(self.language.integer(1), Tight::Atom);
        factors.into_iter().reduce(|a, b| self.language.multiply(&a, &b)).unwrap_or_else(one)
    }

    fn map_of(&mut self, f: Map, argument: &Entry, operands: &[Code], axes: &[crate::dim::Dim]) -> Result<Code> {
        if f == Map::Log
            && let Entry::Sum(terms) = argument
            && let Some(rest) = without_one(terms)
        {
            if let [(n, Entry::Map(Map::Exp, u))] = &rest[..]
                && n.is_one()
            {
                return self.map_of(Map::Softplus, u, operands, axes);
            }
            let u = self.sum_of(&rest, operands, axes)?;
            let language = self.language;
            return Ok(language.map(self, Map::Log1p, &u));
        }
        // log(sigmoid(u)) = -softplus(-u)
        if let (Map::Log, Entry::Map(Map::Sigmoid, u)) = (f, argument) {
            let u = self.scaled_negative(u, operands, axes)?;
            let language = self.language;
            return Ok(language.map(self, Map::Softplus, &u).negated());
        }
        let argument = self.entry(argument, operands, axes)?;
        let language = self.language;
        Ok(language.map(self, f, &argument))
    }

    fn scaled_negative(&mut self, u: &Entry, operands: &[Code], axes: &[crate::dim::Dim]) -> Result<Code> {
        self.product_of(&[Entry::Number(Number::MINUS_ONE), u.clone()], operands, axes)
    }
}

/// The terms but for the number 1, if that is one of them.
fn without_one(terms: &[(Number, Entry)]) -> Option<Vec<(Number, Entry)>> {
    let one = terms.iter().position(|(n, e)| matches!(e, Entry::Number(m) if (n * m).is_one()))?;
    Some(terms.iter().enumerate().filter(|(at, _)| *at != one).map(|(_, t)| t.clone()).collect())
}

/// The u of `exp(u) - 1`.
fn exponential_less_one(terms: &[(Number, Entry)]) -> Option<&Entry> {
    match terms {
        [(n, Entry::Map(Map::Exp, u)), (m, Entry::Number(one))] | [(m, Entry::Number(one)), (n, Entry::Map(Map::Exp, u))]
            if n.is_one() && (m * one) == Number::MINUS_ONE =>
        {
            Some(u)
        }
        _ => None,
    }
}
