//! The formula of one entry in a target's operators.
//!
//! A part of a formula is computed along the axes that it has, and spread along others where it meets them: of
//! `X*(v*w)[:, None]` the product of the vectors is no matrix.

use super::body::Body;
use super::code::{Code, Fraction, Tight, plus, small_ratio};
use crate::dim::Dim;
use crate::error::Result;
use crate::function::Map;
use crate::number::Number;
use crate::program::Entry;

/// Code, and the axes of the result along which it runs, in ascending order.
#[derive(Clone)]
pub(super) struct Piece {
    pub code: Code,
    pub axes: Vec<usize>,
}

impl Piece {
    fn scalar(code: Code) -> Piece {
        Piece { code, axes: Vec::new() }
    }
}

/// What is multiplied and what is divided by, of those factors that run along the same axes.
#[derive(Default)]
struct Group {
    axes: Vec<usize>,
    above: Vec<Code>,
    below: Vec<Code>,
}

/// Where a formula is computed: its operands, and the axes of the result.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub operands: &'a [Piece],
    pub axes: &'a [Dim],
}

/// The axes of any of them.
fn union<'a>(all: impl Iterator<Item = &'a Vec<usize>>) -> Vec<usize> {
    let mut axes: Vec<usize> = all.flatten().copied().collect();
    axes.sort_unstable();
    axes.dedup();
    axes
}

impl Body<'_> {
    /// The code of an entry whose operands are written already.
    pub(super) fn entry(&mut self, entry: &Entry, place: Place) -> Result<Piece> {
        let language = self.language;
        let piece = match entry {
            Entry::Operand(at) => place.operands[*at].clone(),
            Entry::Number(n) => Piece::scalar(self.number(n)),
            Entry::Constant(c) => Piece::scalar(self.constant(*c)),
            Entry::Size(d) => {
                let size = self.dim(*d);
                Piece::scalar(Code::constant(language.as_float(&size), Tight::Atom))
            }
            Entry::Triangle(a, b) => Piece { code: language.triangle(self, (*a, *b), place.axes), axes: vec![*a.min(b), *a.max(b)] },
            Entry::Sum(terms) => self.sum_of(terms, place)?,
            Entry::Product(factors) => self.product_of(factors, place)?,
            Entry::Power(..) => self.product_of(std::slice::from_ref(entry), place)?,
            Entry::Map(f, a) => self.map_of(*f, a, place)?,
            Entry::Map2(f, a, b) => {
                let (all, axes) = self.together([&**a, &**b].into_iter(), place)?;
                Piece { code: language.map2(*f, &all[0], &all[1]), axes }
            }
            Entry::Apply(f, arguments) => {
                let (all, axes) = self.together(arguments.iter(), place)?;
                Piece { code: language.apply_to_entries(self, f, &all)?, axes }
            }
        };
        Ok(Piece { code: self.shallow(piece.code), ..piece })
    }

    /// The codes of several entries along the axes of all of them.
    fn together<'e>(&mut self, all: impl Iterator<Item = &'e Entry>, place: Place) -> Result<(Vec<Code>, Vec<usize>)> {
        let pieces = all.map(|e| self.entry(e, place)).collect::<Result<Vec<_>>>()?;
        let axes = union(pieces.iter().map(|p| &p.axes));
        Ok((pieces.iter().map(|p| self.spread(p, &axes)).collect(), axes))
    }

    /// A piece along more axes than its own.
    pub(super) fn spread(&self, piece: &Piece, axes: &[usize]) -> Code {
        if piece.axes.is_empty() || piece.axes == axes {
            return piece.code.clone();
        }
        let own: Vec<usize> = piece.axes.iter().filter_map(|a| axes.iter().position(|b| a == b)).collect();
        self.language.spread(&piece.code, &own, axes.len())
    }

    fn number(&self, n: &Number) -> Code {
        let Some((p, q)) = small_ratio(n) else { return Code::constant(format!("{:e}", n.to_f64()), Tight::Atom) };
        let numerator = Code::constant(self.language.integer(p), if p < 0 { Tight::Minus } else { Tight::Atom });
        if q == 1 { numerator } else { self.language.divide(&numerator, &Code::constant(self.language.integer(q), Tight::Atom)) }
    }

    fn sum_of(&mut self, terms: &[(Number, Entry)], place: Place) -> Result<Piece> {
        let mut pieces = Vec::with_capacity(terms.len());
        for (n, e) in terms {
            pieces.push(self.scaled(&n.abs(), e, place)?);
        }
        let axes = union(pieces.iter().map(|p| &p.axes));
        let codes: Vec<(bool, Code)> = terms.iter().zip(&pieces).map(|((n, _), p)| (n.is_negative(), self.spread(p, &axes))).collect();
        Ok(Piece { code: plus(&codes), axes })
    }

    fn scaled(&mut self, n: &Number, e: &Entry, place: Place) -> Result<Piece> {
        match e {
            _ if n.is_one() => self.entry(e, place),
            Entry::Number(m) => Ok(Piece::scalar(self.number(&(n * m)))),
            Entry::Product(factors) => {
                let factors: Vec<Entry> = std::iter::once(Entry::Number(n.clone())).chain(factors.iter().cloned()).collect();
                self.product_of(&factors, place)
            }
            other => self.product_of(&[Entry::Number(n.clone()), other.clone()], place),
        }
    }

    /// A product as one fraction. What runs along fewer axes is multiplied first.
    fn product_of(&mut self, factors: &[Entry], place: Place) -> Result<Piece> {
        let mut coefficient = Number::ONE;
        let mut groups: Vec<Group> = Vec::new();
        for (at, factor) in factors.iter().enumerate() {
            let times = factors[at..].iter().filter(|f| *f == factor).count();
            match factor {
                Entry::Number(n) => coefficient = &coefficient * n,
                repeated if factors[..at].contains(repeated) => {}
                Entry::Power(base, p) => self.power_of(&mut groups, base, &(p * &Number::int(times as i64)), place)?,
                other if times == 1 => {
                    if self.factor_of(&mut groups, other, place)? {
                        coefficient = -&coefficient;
                    }
                }
                other => self.power_of(&mut groups, other, &Number::int(times as i64), place)?,
            }
        }
        Ok(self.fraction(&coefficient, groups))
    }

    fn power_of(&mut self, groups: &mut Vec<Group>, base: &Entry, exponent: &Number, place: Place) -> Result<()> {
        let base = self.entry(base, place)?;
        let power = if exponent.abs().is_one() { base.code } else { self.language.power(&base.code, &exponent.abs()) };
        let group = group(groups, base.axes);
        if exponent.is_negative() {
            group.below.push(power)
        } else {
            group.above.push(power)
        }
        Ok(())
    }

    /// Puts a factor, or the parts of a fraction, where it belongs; whether it has a minus in front.
    fn factor_of(&mut self, groups: &mut Vec<Group>, factor: &Entry, place: Place) -> Result<bool> {
        let piece = self.entry(factor, place)?;
        let group = group(groups, piece.axes);
        let Some(fraction) = piece.code.fraction else {
            group.above.push(piece.code);
            return Ok(false);
        };
        group.above.extend(fraction.above);
        group.below.extend(fraction.below);
        Ok(fraction.negative)
    }

    /// A number times the product of groups.
    fn fraction(&mut self, coefficient: &Number, mut groups: Vec<Group>) -> Piece {
        let mut negative = coefficient.is_negative();
        if negative && let Some(code) = groups.iter_mut().flat_map(|g| g.above.iter_mut()).find(|c| c.opposite.is_some()) {
            *code = code.negated();
            negative = false;
        }
        let scalars = self.with_number(&coefficient.abs(), &mut groups);
        // Where they are multiplied with least.
        let least = (0..groups.len()).min_by_key(|at| groups[*at].axes.len());
        match least {
            Some(at) => {
                groups[at].above.splice(0..0, scalars.above);
                groups[at].below.splice(0..0, scalars.below);
            }
            None => groups.push(scalars),
        }
        if let [Group { axes, above, below }] = &mut groups[..] {
            let (above, below) = (std::mem::take(above), std::mem::take(below));
            return Piece { code: self.signed(negative, above, below), axes: std::mem::take(axes) };
        }
        let axes = union(groups.iter().map(|g| &g.axes));
        let (mut above, mut below) = (Vec::new(), Vec::new());
        for group in groups {
            let divides = group.above.is_empty();
            let code = if divides { self.multiplied(group.below) } else { self.divided(group.above, group.below) };
            let code = self.spread(&Piece { code, axes: group.axes }, &axes);
            if divides { below.push(code) } else { above.push(code) }
        }
        Piece { code: Code { fraction: None, ..self.signed(negative, above, below) }, axes }
    }

    /// The factors without axes, and the number.
    fn with_number(&self, coefficient: &Number, groups: &mut Vec<Group>) -> Group {
        let at = groups.iter().position(|g| g.axes.is_empty());
        let mut scalars = at.map_or_else(Group::default, |at| groups.remove(at));
        let whole = |n: i64| Code::constant(self.language.integer(n), Tight::Atom);
        match small_ratio(coefficient) {
            Some((p, q)) => {
                scalars.above.splice(0..0, (p != 1).then(|| whole(p)));
                scalars.below.splice(0..0, (q != 1).then(|| whole(q)));
            }
            None => scalars.above.insert(0, self.number(coefficient)),
        }
        // A division of numbers is one, that of an array many.
        if !groups.is_empty() && !scalars.above.is_empty() && !scalars.below.is_empty() {
            let code = self.divided(std::mem::take(&mut scalars.above), std::mem::take(&mut scalars.below));
            scalars.above.push(code);
        }
        scalars
    }

    fn signed(&self, negative: bool, above: Vec<Code>, below: Vec<Code>) -> Code {
        let is_fraction = negative || !below.is_empty();
        let fraction = is_fraction.then(|| Box::new(Fraction { negative, above: above.clone(), below: below.clone() }));
        let code = self.divided(above, below);
        let code = if negative { code.negated() } else { code };
        if is_fraction { Code { fraction, ..code } } else { code }
    }

    fn divided(&self, above: Vec<Code>, below: Vec<Code>) -> Code {
        let above = self.multiplied(above);
        if below.is_empty() { above } else { self.language.divide(&above, &self.multiplied(below)) }
    }

    fn multiplied(&self, factors: Vec<Code>) -> Code {
        let one = || Code::constant(self.language.integer(1), Tight::Atom);
        factors.into_iter().reduce(|a, b| self.language.multiply(&a, &b)).unwrap_or_else(one)
    }

    fn map_of(&mut self, f: Map, argument: &Entry, place: Place) -> Result<Piece> {
        let argument = self.entry(argument, place)?;
        Ok(Piece { code: self.language.map(f, &argument.code), ..argument })
    }
}

/// The group of the factors along these axes.
fn group(groups: &mut Vec<Group>, axes: Vec<usize>) -> &mut Group {
    let at = groups.iter().position(|g| g.axes == axes).unwrap_or_else(|| {
        groups.push(Group { axes, ..Group::default() });
        groups.len() - 1
    });
    &mut groups[at]
}
