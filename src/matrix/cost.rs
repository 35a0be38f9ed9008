//! What a term costs a reader: ten for each name, number and operator of its printed text, and a little for what reads
//! worse at the same length. The same numbers guide the constructors and extraction.

use super::{Mat, MatFn, Spec};
use crate::dim::Dim;
use crate::function::Map2;
use crate::number::Number;
use crate::part::Cut;
use egg::Id;

/// One name, number or operator.
pub const TOKEN: u64 = 10;
const TRANSPOSE: u64 = 1;
/// A transpose after a bracket is read twice: `A'*B + C'` rather than `(B'*A + C)'`.
const TRANSPOSED_BRACKET: u64 = 1;
const DIAGONAL: u64 = 2;
const SUM: u64 = 3;
/// A mean says more than a sum of the same length.
const MEAN: u64 = 1;
const SYMMETRISED: u64 = 5;
const CONTRACTED_FACTOR: u64 = 100;

/// The cost of a term in each place where it may stand.
///
/// The places differ because of three habits of notation: a reciprocal in a product is written with `/`, a constant
/// array in a sum as its bare entry, and a number on its own needs no sign of multiplication.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    /// By itself.
    pub plain: u64,
    /// As a further factor of a product, with the sign before it.
    pub factor: u64,
    /// As a term of a sum, without the sign.
    pub addend: u64,
    /// After a coefficient in a sum, with the sign of multiplication.
    pub tail: u64,
    /// Its square root, by itself.
    pub root: u64,
}

impl Cost {
    fn plain(plain: u64) -> Cost {
        let factor = plain.saturating_add(TOKEN);
        Cost { plain, factor, addend: plain, tail: factor, root: factor }
    }

    /// A reciprocal, of which `divisor` is what follows the `/`.
    fn quotient(divisor: u64) -> Cost {
        let factor = divisor.saturating_add(TOKEN);
        let plain = factor.saturating_add(TOKEN);
        Cost { plain, factor, addend: plain, tail: factor, root: plain.saturating_add(TOKEN) }
    }

    /// The product of several: whichever may lead stands first, and `1/` leads if none may.
    fn product(factors: impl Iterator<Item = Cost> + Clone) -> Cost {
        let factor = factors.clone().fold(0u64, |sum, c| sum.saturating_add(c.factor));
        let led = factors.clone().any(|c| c.plain < c.factor);
        let plain = if led { factor.saturating_sub(TOKEN) } else { factor.saturating_add(TOKEN) };
        Cost { plain, factor, addend: plain, tail: factor, root: plain.saturating_add(TOKEN) }
    }

    /// So much more everywhere.
    pub fn more(self, extra: u64) -> Cost {
        let more = |cost: u64| cost.saturating_add(extra);
        Cost { plain: more(self.plain), factor: more(self.factor), addend: more(self.addend), tail: more(self.tail), root: more(self.root) }
    }

    pub fn min(self, other: Cost) -> Cost {
        Cost {
            plain: self.plain.min(other.plain),
            factor: self.factor.min(other.factor),
            addend: self.addend.min(other.addend),
            tail: self.tail.min(other.tail),
            root: self.root.min(other.root),
        }
    }
}

/// The tokens of a number as it is printed.
fn number(n: &Number) -> u64 {
    let sign = if n.is_negative() { TOKEN } else { 0 };
    sign + if n.is_integer() { TOKEN } else { 3 * TOKEN }
}

/// The tokens of a dimension as it is printed.
fn dim(d: Dim) -> u64 {
    let names_and_numbers: u64 = d.terms().map(|(m, c)| m.len() as u64 * 2 + if c.abs() == 1 && !m.is_empty() { 0 } else { 2 }).sum();
    TOKEN * names_and_numbers.saturating_sub(1).max(1)
}

/// The tokens of a subscript.
fn cut(cut: &Cut) -> u64 {
    match cut {
        Cut::All => 0,
        Cut::At(place) => dim(*place),
        Cut::Run(s) => dim(s.offset + Dim::ONE) + dim(s.end()),
    }
}

fn filled(rows: Dim, columns: Dim) -> u64 {
    if columns == Dim::ONE { TOKEN + dim(rows) } else { TOKEN + dim(rows) + dim(columns) }
}

/// A coefficient other than 1 and -1 before a term, without its sign; with the term.
fn with_coefficient(coefficient: &Number, after_one: u64, after_number: u64) -> u64 {
    let divided = if coefficient.is_integer() { 0 } else { 2 * TOKEN };
    let one_on_top = matches!(coefficient.as_ratio(), Some((1 | -1, _)));
    divided + if one_on_top { after_one } else { after_number.saturating_add(TOKEN) }
}

/// The tokens that a coefficient adds before a term, its sign aside.
pub fn coefficient_cost(coefficient: &Number) -> u64 {
    with_coefficient(coefficient, 0, TOKEN)
}

fn sum(coefficients: &[Number], terms: &[Id], child: impl Fn(Id) -> Cost) -> u64 {
    let leading = if coefficients.iter().all(Number::is_negative) { 0 } else { TOKEN };
    let signs = TOKEN * coefficients.len() as u64 - leading;
    coefficients.iter().zip(terms).fold(signs + SUM, |cost, (c, t)| {
        let t = child(*t);
        cost.saturating_add(with_coefficient(c, t.addend, t.tail))
    })
}

fn contraction(spec: &Spec, factors: &[Id], child: impl Fn(Id) -> Cost) -> u64 {
    let labels: usize = spec.inputs.iter().map(|l| l.len()).sum::<usize>() + spec.out.len();
    // A tensor with its axes in another order is written with the same names and signs as one without.
    let each = if factors.len() == 1 { 0 } else { CONTRACTED_FACTOR };
    let parts = factors.iter().fold(0u64, |cost, f| cost.saturating_add(child(*f).factor + each));
    parts.saturating_add(TOKEN * labels as u64).max(CONTRACTED_FACTOR)
}

fn power(base: Cost, exponent: &Number) -> Cost {
    let size = exponent.abs();
    let raised = if size.is_one() {
        base.plain
    } else if size == Number::ratio(1, 2) {
        base.root
    } else {
        base.plain.saturating_add(TOKEN + number(&size))
    };
    if exponent.is_negative() { Cost::quotient(raised) } else { Cost::plain(raised) }
}

/// The cost of a node whose children cost what `child` says.
pub fn cost_of(node: &Mat, child: impl Fn(Id) -> Cost + Copy) -> Cost {
    let plain = |id: &Id| child(*id).plain;
    let all = |ids: &[Id]| ids.iter().fold(0u64, |cost, id| cost.saturating_add(plain(id)));
    let more = |cost: u64, extra: u64| Cost::plain(cost.saturating_add(extra));
    match node {
        Mat::Number(n) if n.is_one() => Cost { tail: 0, ..Cost::plain(TOKEN) },
        Mat::Number(n) => Cost::plain(number(n)),
        Mat::Constant(_) | Mat::Var(_) | Mat::LeviCivita(_) => Cost::plain(TOKEN),
        Mat::Size(d) => Cost::plain(dim(*d)),
        Mat::Eye(n) => Cost::plain(TOKEN + dim(*n)),
        Mat::Zero(form) => Cost::plain(filled(form.rows(), form.columns())),
        Mat::Unit(i, n) => Cost::plain(TOKEN + dim(*i) + dim(*n)),
        // Most stand in a block matrix, with about as many zeros beside them.
        Mat::Gather(s) | Mat::Scatter(s) => Cost::plain(TOKEN + dim(s.of) + dim(s.offset + Dim::ONE) + dim(s.end())),
        Mat::Slice(cuts, [a]) => more(plain(a), cuts.iter().map(cut).sum()),
        Mat::Fill(m, n, [a]) => {
            let (ones, entry) = (filled(*m, *n), child(*a));
            let is_one = entry.tail == 0;
            let alone = if is_one { Cost::plain(ones) } else { Cost::plain(entry.factor.saturating_add(ones)) };
            Cost { addend: entry.addend, tail: entry.tail, ..alone }
        }
        Mat::Scale(c, [a]) => {
            let sign = if c.is_negative() { TOKEN } else { 0 };
            more(with_coefficient(c, plain(a), child(*a).factor), sign)
        }
        Mat::Times(pair) => Cost::product(pair.iter().map(|id| child(*id))),
        Mat::Mul(factors) => more(all(factors), TOKEN * (factors.len() as u64 - 1)),
        Mat::Add(coefficients, terms) => Cost::plain(sum(coefficients, terms, child)),
        Mat::Had(factors) => Cost::product(factors.iter().map(|id| child(*id))),
        Mat::Transpose([a]) => {
            let bracket = if plain(a) > 2 * TOKEN { TRANSPOSED_BRACKET } else { 0 };
            more(plain(a), TOKEN + TRANSPOSE + bracket)
        }
        Mat::Map(_, [a]) => more(plain(a), TOKEN),
        // A constant array is written as its entry here as well.
        Mat::Map2(Map2::Power | Map2::Max | Map2::Min, [a, b]) => more(child(*a).addend.saturating_add(child(*b).addend), TOKEN),
        Mat::Power(exponent, [a]) => power(child(*a), exponent),
        Mat::MatPower(_, [a]) => more(plain(a), 2 * TOKEN),
        Mat::Call(MatFn::SumRows | MatFn::SumColumns, a) => more(all(a), 2 * TOKEN),
        Mat::Call(MatFn::MeanRows | MatFn::MeanColumns, a) => more(all(a), 2 * TOKEN - MEAN),
        Mat::Call(MatFn::Mean, a) => more(all(a), TOKEN - MEAN),
        // The root of a variance has a name of its own.
        Mat::Call(MatFn::Variance, a) => {
            let cost = more(all(a), TOKEN);
            Cost { root: cost.plain, ..cost }
        }
        Mat::Call(MatFn::Diag | MatFn::DiagOf, a) => more(all(a), TOKEN + DIAGONAL),
        Mat::Call(MatFn::Sym, a) => more(all(a), TOKEN + SYMMETRISED),
        Mat::Call(_, a) => more(all(a), TOKEN),
        // `D(f,2)` has a name more for each derivative, and a number.
        Mat::Apply(f, a) => more(all(a), f.by.iter().fold(TOKEN, |c, k| c + if *k == 0 { TOKEN } else { 2 * TOKEN })),
        Mat::Duplication(n) | Mat::Elimination(n) => Cost::plain(TOKEN + dim(*n)),
        Mat::Reshape(m, n, [a]) => more(plain(a), TOKEN + dim(*m) + dim(*n)),
        Mat::Commutation(m, n) | Mat::Merge(m, n) => Cost::plain(TOKEN + dim(*m) + dim(*n)),
        Mat::Contract(spec, factors) => Cost::plain(contraction(spec, factors, child)),
    }
}
