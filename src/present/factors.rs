//! A product taken apart: number, scalars above and below the line, and what is not a scalar.

use super::order::compare;
use crate::expr::{Expr, Op};
use crate::function::{Call, Function, Map};
use crate::number::Number;
use crate::outline::{Outline, outline};
use rustc_hash::FxHashMap;

/// `coefficient * above / below * (had ./ under)`; without `had` and `under` it is a scalar.
#[derive(Clone, Debug)]
pub(super) struct Factors {
    pub coefficient: Number,
    /// Scalars.
    pub above: Vec<Expr>,
    pub below: Vec<Expr>,
    /// What is multiplied entry by entry; a single chain of matrices stands alone.
    pub had: Vec<Expr>,
    /// What it is divided by entry by entry.
    pub under: Vec<Expr>,
    /// Whether the non-scalar part is `ones(…)` and nothing else.
    pub fill: bool,
}

impl Factors {
    pub fn number(coefficient: Number) -> Factors {
        Factors { coefficient, above: Vec::new(), below: Vec::new(), had: Vec::new(), under: Vec::new(), fill: false }
    }

    pub fn one() -> Factors {
        Factors::number(Number::ONE)
    }

    /// One thing, a scalar or not.
    pub fn of(e: Expr, scalar: bool) -> Factors {
        let mut f = Factors::one();
        if scalar {
            f.above.push(e)
        } else {
            f.had.push(e)
        }
        f
    }

    pub fn scalar(e: Expr) -> Factors {
        Factors::of(e, true)
    }

    pub fn is_scalar(&self) -> bool {
        self.had.is_empty() && self.under.is_empty()
    }

    /// Both multiplied, entry by entry where neither is a scalar.
    pub fn times(mut self, other: Factors) -> Factors {
        self.coefficient = &self.coefficient * &other.coefficient;
        self.fill = (self.fill && other.is_scalar()) || (other.fill && self.is_scalar());
        self.above.extend(other.above);
        self.below.extend(other.below);
        self.had.extend(other.had);
        self.under.extend(other.under);
        self
    }

    pub fn scaled(mut self, by: &Number) -> Factors {
        self.coefficient = &self.coefficient * by;
        self
    }

    /// The scalars alone, and what is not a scalar as one expression.
    pub fn split(mut self) -> (Factors, Option<Expr>) {
        let core = if self.is_scalar() { None } else { Some(self.core()) };
        self.had.clear();
        self.under.clear();
        self.fill = false;
        (self, core)
    }

    /// The non-scalar part.
    fn core(&self) -> Expr {
        let above = match self.had.as_slice() {
            [] => Expr::number(Number::ONE),
            [one] => one.clone(),
            many => Expr::new(Op::Had(sorted(many))),
        };
        match self.under.as_slice() {
            [] => above,
            [one] => Expr::new(Op::HadDiv(above, one.clone())),
            many => Expr::new(Op::HadDiv(above, Expr::new(Op::Had(sorted(many))))),
        }
    }

    /// Without its sign.
    pub fn absolute(mut self) -> Factors {
        self.coefficient = self.coefficient.abs();
        self
    }

    /// The number in front and the number below the line, without the sign.
    fn numbers(&self) -> (Number, Number) {
        let size = self.coefficient.abs();
        match size.as_ratio() {
            Some((p, q)) if size.to_string().contains('/') => (Number::int(p), Number::int(q)),
            _ => (size, Number::ONE),
        }
    }

    /// The whole as one expression.
    pub fn finish(self) -> Expr {
        if self.coefficient.is_zero() {
            return Expr::number(Number::ZERO);
        }
        if let Some(sum) = self.negated_sum() {
            return sum;
        }
        let negative = self.coefficient.is_negative();
        let e = self.quotient();
        match (negative, e.op()) {
            (false, _) => e,
            (true, Op::Number(n)) => Expr::number(-n),
            (true, _) => -e,
        }
    }

    /// `-(a - b)` is `b - a`.
    fn negated_sum(&self) -> Option<Expr> {
        if self.coefficient != Number::MINUS_ONE || !self.below.is_empty() || !self.under.is_empty() {
            return None;
        }
        match (self.above.as_slice(), self.had.as_slice()) {
            ([only], []) | ([], [only]) => negated(only),
            _ => None,
        }
    }

    fn quotient(&self) -> Expr {
        let (p, q) = self.numbers();
        let above = self.numerator(&p);
        let mut below: Vec<Expr> = if q.is_one() { Vec::new() } else { vec![Expr::number(q)] };
        below.extend(sorted_scalars(&self.below));
        match below.len() {
            0 => above,
            1 => above / below.remove(0),
            _ => above / Expr::new(Op::Mul(below)),
        }
    }

    fn numerator(&self, number: &Number) -> Expr {
        let mut front: Vec<Expr> = if number.is_one() { Vec::new() } else { vec![Expr::number(number.clone())] };
        front.extend(sorted_scalars(&self.above));
        if self.is_scalar() {
            splice_last(&mut front);
            return product(front);
        }
        if self.under.is_empty() {
            front.push(self.core());
            splice_last(&mut front);
            return product(front);
        }
        match self.had.as_slice() {
            [] => {}
            [one] => front.push(one.clone()),
            many => front.push(Expr::new(Op::Had(sorted(many)))),
        }
        splice_last(&mut front);
        let under = if self.under.len() == 1 { self.under[0].clone() } else { Expr::new(Op::Had(sorted(&self.under))) };
        Expr::new(Op::HadDiv(product(front), under))
    }
}

/// A chain at the end needs no parentheses: `2*(x'*y)` is `2*x'*y`.
fn splice_last(factors: &mut Vec<Expr>) {
    if let Some(Op::Mul(chain)) = factors.last().map(|e| e.op().clone()) {
        factors.pop();
        factors.extend(chain);
    }
}

fn product(mut factors: Vec<Expr>) -> Expr {
    match factors.len() {
        0 => Expr::number(Number::ONE),
        1 => factors.remove(0),
        _ => Expr::new(Op::Mul(factors)),
    }
}

fn sorted(all: &[Expr]) -> Vec<Expr> {
    let mut all = all.to_vec();
    all.sort_by(compare);
    complements_together(&mut all);
    all
}

/// `s` and `1 - s` stand side by side: together they are the derivative of a sigmoid.
fn complements_together(factors: &mut [Expr]) {
    for at in 0..factors.len() {
        if let Some(place) = (at + 1..factors.len()).find(|j| is_complement(&factors[*j], &factors[at])) {
            factors[at + 1..=place].rotate_right(1);
        }
    }
}

/// Whether `e` is `1 - of`.
fn is_complement(e: &Expr, of: &Expr) -> bool {
    let Op::Add(terms) = e.op() else { return false };
    let [one, minus] = &terms[..] else { return false };
    matches!((one.op(), minus.op()), (Op::Number(n), Op::Neg(a)) if n.is_one() && a == of)
}

/// The roots of numbers, constants and sizes are one root: `sqrt(2*pi)`.
fn sorted_scalars(all: &[Expr]) -> Vec<Expr> {
    let under: Vec<Expr> = all.iter().filter_map(under_root).cloned().collect();
    if under.len() < 2 {
        return sorted(all);
    }
    let root = Expr::call(Function::Map(Map::Sqrt), [product(sorted(&under))]);
    let others = all.iter().filter(|e| under_root(e).is_none()).cloned();
    sorted(&others.chain([root]).collect::<Vec<Expr>>())
}

/// What a root is taken of, if that is positive by itself.
fn under_root(e: &Expr) -> Option<&Expr> {
    let Op::Call(Function::Map(Map::Sqrt), arguments) = e.op() else { return None };
    arguments.first().filter(|a| matches!(a.op(), Op::Number(_) | Op::Constant(_) | Op::Size(_)))
}

/// A sum with every sign changed.
pub(super) fn negated(e: &Expr) -> Option<Expr> {
    let Op::Add(terms) = e.op() else { return None };
    let flipped: Vec<Expr> = terms
        .iter()
        .map(|t| match t.op() {
            Op::Neg(a) => a.clone(),
            Op::Number(n) => Expr::number(-n),
            _ => -t,
        })
        .collect();
    Some(Expr::new(Op::Add(positive_first(flipped))))
}

/// The terms that are not subtracted first, where that avoids a leading minus.
pub(super) fn positive_first(terms: Vec<Expr>) -> Vec<Expr> {
    if !terms.first().is_some_and(is_subtracted) {
        return terms;
    }
    let (mut ordered, rest): (Vec<Expr>, Vec<Expr>) = terms.into_iter().partition(|t| !is_subtracted(t));
    ordered.extend(rest);
    ordered
}

/// Whether a term of a sum stands behind a minus.
pub(super) fn is_subtracted(term: &Expr) -> bool {
    match term.op() {
        Op::Neg(_) => true,
        Op::Number(n) => n.is_negative(),
        _ => false,
    }
}

/// `base^exponent` for a positive exponent; the root by its name.
pub(super) fn power(base: Expr, exponent: &Number, elementwise: bool) -> Expr {
    if exponent.is_one() {
        base
    } else if let Some((deviation, exponent)) = of_variance(&base, exponent) {
        power(deviation, &exponent, elementwise)
    } else if *exponent == Number::ratio(1, 2) {
        Expr::call(Function::Map(Map::Sqrt), [base])
    } else if elementwise {
        Expr::new(Op::HadPow(base, Expr::number(exponent.clone())))
    } else {
        Expr::new(Op::Pow(base, Expr::number(exponent.clone())))
    }
}

/// `var(x)^(p/2)` is `std(x)^p` for an odd p.
fn of_variance(base: &Expr, exponent: &Number) -> Option<(Expr, Number)> {
    let Op::Call(Function::Call(Call::Variance), arguments) = base.op() else { return None };
    let doubled = exponent * &Number::int(2);
    (doubled.is_integer() && !exponent.is_integer()).then(|| (call(Call::Deviation, arguments.iter().cloned()), doubled))
}

/// The power of a whole product: of a single factor the exponent may change its sign, and an integer exponent takes
/// the minus out.
pub(super) fn power_of(f: Factors, exponent: &Number) -> Factors {
    let integer = exponent.as_integer();
    let sign = match integer {
        Some(p) if f.coefficient.is_negative() && p % 2 != 0 => Number::MINUS_ONE,
        _ => Number::ONE,
    };
    let f = if integer.is_some() { f.absolute() } else { f };
    let plain = f.coefficient.is_one();
    let (base, exponent, scalar) = match (f.above.as_slice(), f.below.as_slice(), f.had.as_slice(), f.under.as_slice()) {
        ([], [s], [], []) if plain => (s.clone(), -exponent, true),
        ([], [], [], [x]) if plain => (x.clone(), -exponent, false),
        _ => {
            let scalar = f.is_scalar();
            (f.finish(), exponent.clone(), scalar)
        }
    };
    let (base, exponent) = nested_power(base, exponent, scalar);
    let e = power(base, &exponent.abs(), !scalar);
    let mut result = Factors::number(sign);
    match (scalar, exponent.is_negative()) {
        (true, false) => result.above.push(e),
        (true, true) => result.below.push(e),
        (false, false) => result.had.push(e),
        (false, true) => result.under.push(e),
    }
    result
}

/// `(s^2)^3` is `s^6`; integers only, for other exponents the base may not be positive.
fn nested_power(base: Expr, exponent: Number, scalar: bool) -> (Expr, Number) {
    // The square of a matrix is no power of its entries.
    let parts = match base.op() {
        Op::Pow(inner, p) if scalar => Some((inner, p)),
        Op::HadPow(inner, p) if !scalar => Some((inner, p)),
        _ => None,
    };
    if let Some((inner, p)) = parts
        && let Op::Number(p) = p.op()
        && p.is_integer()
        && exponent.is_integer()
    {
        return (inner.clone(), p * &exponent);
    }
    (base, exponent)
}

pub(super) fn call(function: Call, arguments: impl IntoIterator<Item = Expr>) -> Expr {
    Expr::call(Function::Call(function), arguments)
}

/// `2*(x.*y)` as `2*x.*y`, which is read from left to right: scalars before an entrywise product go to its first factor.
///
/// Last of all, since the product without its scalars may have a name.
#[derive(Default)]
pub(super) struct ScalarsFirst(FxHashMap<Expr, Expr>);

impl ScalarsFirst {
    pub fn of(&mut self, e: &Expr) -> Expr {
        if let Some(known) = self.0.get(e) {
            return known.clone();
        }
        let new = match e.op().try_map(|c| Ok::<Expr, std::convert::Infallible>(self.of(c))) {
            Ok(op) => entrywise(&op).unwrap_or_else(|| if op == *e.op() { e.clone() } else { Expr::new(op) }),
        };
        self.0.insert(e.clone(), new.clone());
        new
    }
}

fn entrywise(op: &Op) -> Option<Expr> {
    let Op::Mul(factors) = op else { return None };
    let (last, scalars) = factors.split_last()?;
    if !scalars.iter().all(|s| outline(s) == Some(Outline::Scalar)) {
        return None;
    }
    let scaled = |first: &Expr| product(scalars.iter().chain([first]).cloned().collect());
    match last.op() {
        Op::Had(all) => {
            let (first, others) = all.split_first()?;
            let plain = !matches!(first.op(), Op::Had(_) | Op::HadDiv(..) | Op::Mul(_));
            plain.then(|| Expr::new(Op::Had(std::iter::once(scaled(first)).chain(others.iter().cloned()).collect())))
        }
        Op::HadDiv(above, below) => {
            let above = match above.op() {
                Op::Number(_) | Op::Mul(_) | Op::HadDiv(..) => return None,
                Op::Had(_) => entrywise(&Op::Mul(scalars.iter().chain([above]).cloned().collect()))?,
                _ => scaled(above),
            };
            Some(Expr::new(Op::HadDiv(above, below.clone())))
        }
        _ => None,
    }
}
