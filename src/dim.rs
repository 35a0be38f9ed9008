//! Symbols and dimensions. Both are small copies that point into one table of the process; both compare and
//! hash-order by content, so that nothing ever depends on the order in which names were first seen.

use indexmap::IndexSet;
use smallvec::SmallVec;
use std::cmp::Ordering;
use std::fmt;
use std::sync::{LazyLock, RwLock};

/// An interned name.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Symbol(u32);

static NAMES: LazyLock<RwLock<IndexSet<&'static str>>> = LazyLock::new(RwLock::default);

impl Symbol {
    pub fn new(name: &str) -> Symbol {
        if let Some(at) = read(&NAMES).get_index_of(name) {
            return Symbol(at as u32);
        }
        Symbol(write(&NAMES).insert_full(Box::leak(name.to_owned().into_boxed_str())).0 as u32)
    }

    pub fn as_str(self) -> &'static str {
        read(&NAMES)[self.0 as usize]
    }
}

impl PartialOrd for Symbol {
    fn partial_cmp(&self, other: &Symbol) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Symbol {
    fn cmp(&self, other: &Symbol) -> Ordering {
        if self == other { Ordering::Equal } else { self.as_str().cmp(other.as_str()) }
    }
}

impl fmt::Display for Symbol {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Symbol {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A product of symbols, sorted; empty for the constant 1.
type Monomial = SmallVec<[Symbol; 2]>;
type Terms = SmallVec<[(Monomial, i64); 2]>;

/// Terms sorted by monomial, no coefficient 0, over a positive number that has no factor in common with all of them.
#[derive(PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Polynomial {
    terms: Terms,
    over: i64,
}

/// A dimension: a polynomial of symbols whose values are integers, such as `n`, `3`, `n+1`, `m*n`, `n*(n+1)/2`.
///
/// ```
/// use indicial::Dim;
/// let n = Dim::symbol("n");
/// assert_eq!((n + Dim::ONE).to_string(), "n+1");
/// assert_eq!(n * Dim::number(2), n + n);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Dim(u32);

static DIMS: LazyLock<RwLock<IndexSet<&'static Polynomial>>> = LazyLock::new(|| {
    let one: &'static Polynomial = Box::leak(Box::new(Polynomial { terms: constant(1), over: 1 }));
    RwLock::new([one].into_iter().collect())
});

fn constant(n: i64) -> Terms {
    if n == 0 { Terms::new() } else { smallvec::smallvec![(Monomial::new(), n)] }
}

impl Dim {
    pub const ONE: Dim = Dim(0);

    pub fn number(n: i64) -> Dim {
        Dim::intern(constant(n), 1)
    }

    pub fn symbol(name: &str) -> Dim {
        Dim::of(Symbol::new(name))
    }

    pub fn of(symbol: Symbol) -> Dim {
        Dim::intern(smallvec::smallvec![(smallvec::smallvec![symbol], 1)], 1)
    }

    fn intern(mut terms: Terms, over: i64) -> Dim {
        let common = terms.iter().fold(over, |g, (_, c)| gcd(g, *c));
        if common > 1 {
            terms.iter_mut().for_each(|(_, c)| *c /= common);
        }
        let p = Polynomial { terms, over: over / common.max(1) };
        if let Some(at) = read(&DIMS).get_index_of(&p) {
            return Dim(at as u32);
        }
        Dim(write(&DIMS).insert_full(Box::leak(Box::new(p))).0 as u32)
    }

    fn polynomial(self) -> &'static Polynomial {
        read(&DIMS)[self.0 as usize]
    }

    fn collect(terms: impl IntoIterator<Item = (Monomial, i64)>, over: i64) -> Dim {
        let mut p = Terms::new();
        for (m, c) in terms {
            match p.binary_search_by(|(q, _)| q.cmp(&m)) {
                Ok(at) => p[at].1 = p[at].1.saturating_add(c),
                Err(at) => p.insert(at, (m, c)),
            }
        }
        p.retain(|(_, c)| *c != 0);
        Dim::intern(p, over)
    }

    /// The terms above the [`denominator`](Dim::denominator): a product of symbols (empty for the constant) and its
    /// coefficient.
    pub fn terms(self) -> impl Iterator<Item = (&'static [Symbol], i64)> {
        self.polynomial().terms.iter().map(|(m, c)| (m.as_slice(), *c))
    }

    /// What the sum of the terms is divided by: 1, but 2 for `n*(n+1)/2`.
    pub fn denominator(self) -> i64 {
        self.polynomial().over
    }

    /// This times its denominator, a polynomial with integer coefficients.
    pub fn numerator(self) -> Dim {
        Dim::intern(self.polynomial().terms.clone(), 1)
    }

    /// The quotient, if it is a whole number whatever the symbols are.
    ///
    /// ```
    /// use indicial::Dim;
    /// let n = Dim::symbol("n");
    /// assert_eq!((n * (n + Dim::ONE)).over(2).map(|d| d.to_string()).as_deref(), Some("n*(n+1)/2"));
    /// assert_eq!(n.over(2), None);
    /// ```
    pub fn over(self, divisor: i64) -> Option<Dim> {
        /// Points at which a value must be whole: all residues of the symbols.
        const MOST_POINTS: i64 = 4096;
        let below = self.denominator().checked_mul(divisor).filter(|b| divisor > 0 && *b <= MOST_POINTS)?;
        let quotient = Dim::intern(self.polynomial().terms.clone(), below);
        let (symbols, base) = (quotient.symbols(), quotient.denominator());
        if base == 1 {
            return Some(quotient);
        }
        let points = base.checked_pow(symbols.len() as u32).filter(|p| *p <= MOST_POINTS)?;
        let digit = |point: i64, s: Symbol| symbols.iter().position(|t| *t == s).map(|k| point / base.pow(k as u32) % base);
        (0..points).all(|point| quotient.evaluate(&|s| digit(point, s)).is_some()).then_some(quotient)
    }

    /// The value, if it is a number.
    pub fn as_number(self) -> Option<i64> {
        match self.polynomial().terms.as_slice() {
            [] => Some(0),
            [(m, c)] if m.is_empty() && self.denominator() == 1 => Some(*c),
            _ => None,
        }
    }

    /// The symbol, if it is just one.
    pub fn as_symbol(self) -> Option<Symbol> {
        match self.polynomial().terms.as_slice() {
            [(m, 1)] if m.len() == 1 && self.denominator() == 1 => Some(m[0]),
            _ => None,
        }
    }

    /// Each symbol in it, once.
    pub fn symbols(self) -> Vec<Symbol> {
        let mut all: Vec<Symbol> = self.terms().flat_map(|(m, _)| m.iter().copied()).collect();
        all.sort();
        all.dedup();
        all
    }

    /// With each symbol replaced by what `value` says, where it says something.
    pub fn substitute(self, value: &impl Fn(Symbol) -> Option<Dim>) -> Dim {
        if self.as_number().is_some() {
            return self;
        }
        if let Some(s) = self.as_symbol() {
            return value(s).unwrap_or(self);
        }
        let above = self.terms().fold(Dim::number(0), |sum, (m, c)| {
            sum + m.iter().fold(Dim::number(c), |product, s| product * value(*s).unwrap_or(Dim::of(*s)))
        });
        let p = above.polynomial();
        Dim::intern(p.terms.clone(), p.over.saturating_mul(self.denominator()))
    }

    /// Whether it is known to be at least 0 whatever the symbols are, each of which is at least 1.
    pub fn is_nonnegative(self) -> bool {
        match self.as_number() {
            Some(n) => n >= 0,
            // With each symbol one more than something that is at least 0, no coefficient may be negative.
            None => self.substitute(&|s| Some(Dim::of(s) + Dim::ONE)).terms().all(|(_, c)| c >= 0),
        }
    }

    /// Whether it is known to be at most the other one.
    pub fn is_at_most(self, other: Dim) -> bool {
        self == other || (other - self).is_nonnegative()
    }

    /// `n*(n+1)/2`, how many entries the lower triangle of an n×n matrix has.
    pub fn triangular(self) -> Dim {
        let twice = (self * (self + Dim::ONE)).polynomial();
        Dim::intern(twice.terms.clone(), twice.over.saturating_mul(2))
    }

    /// The value at the sizes given; `None` if a symbol has none or the result overflows or is not whole.
    pub fn evaluate(self, size: &impl Fn(Symbol) -> Option<i64>) -> Option<i64> {
        let of_term = |m: &[Symbol], c: i64| m.iter().try_fold(c, |product, s| product.checked_mul(size(*s)?));
        let above = self.terms().try_fold(0i64, |sum, (m, c)| sum.checked_add(of_term(m, c)?))?;
        (above % self.denominator() == 0).then_some(above / self.denominator())
    }

    /// The value where a symbol may be any number.
    pub(crate) fn approximately(self, size: &impl Fn(Symbol) -> f64) -> f64 {
        let above: f64 = self.terms().map(|(m, c)| m.iter().map(|s| size(*s)).product::<f64>() * c as f64).sum();
        above / self.denominator() as f64
    }

    /// The symbol n, if this is `n*(n+1)/2`.
    pub(crate) fn as_triangular(self) -> Option<Symbol> {
        let [n] = self.symbols()[..] else { return None };
        (Dim::of(n).triangular() == self).then_some(n)
    }
}

impl std::ops::Add for Dim {
    type Output = Dim;
    fn add(self, other: Dim) -> Dim {
        let (p, q) = (self.polynomial(), other.polynomial());
        if p.over == 1 && q.over == 1 {
            return Dim::collect(p.terms.iter().chain(&q.terms).cloned(), 1);
        }
        let times = |terms: &Terms, by: i64| -> Terms { terms.iter().map(|(m, c)| (m.clone(), c.saturating_mul(by))).collect() };
        let common = gcd(p.over, q.over);
        let (left, right) = (times(&p.terms, q.over / common), times(&q.terms, p.over / common));
        Dim::collect(left.into_iter().chain(right), p.over.saturating_mul(q.over / common))
    }
}

impl std::ops::Sub for Dim {
    type Output = Dim;
    fn sub(self, other: Dim) -> Dim {
        self + Dim::number(-1) * other
    }
}

impl std::ops::Mul for Dim {
    type Output = Dim;
    fn mul(self, other: Dim) -> Dim {
        if self == Dim::ONE {
            return other;
        }
        if other == Dim::ONE {
            return self;
        }
        let (p, q) = (self.polynomial(), other.polynomial());
        let products = p.terms.iter().flat_map(|(a, x)| {
            q.terms.iter().map(move |(b, y)| {
                let mut m: Monomial = a.iter().chain(b).copied().collect();
                m.sort();
                (m, x.saturating_mul(*y))
            })
        });
        Dim::collect(products, p.over.saturating_mul(q.over))
    }
}

impl PartialOrd for Dim {
    fn partial_cmp(&self, other: &Dim) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Dim {
    fn cmp(&self, other: &Dim) -> Ordering {
        if self == other { Ordering::Equal } else { self.polynomial().cmp(other.polynomial()) }
    }
}

/// Symbols before numbers, as people write: `n+1`, `2*n`, `m*n`, `n*(n+1)/2`.
impl fmt::Display for Dim {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        if let Some(n) = self.as_triangular() {
            return write!(f, "{n}*({n}+1)/2");
        }
        if self.denominator() != 1 {
            return write!(f, "({})/{}", self.numerator(), self.denominator());
        }
        let (symbolic, constant): (Vec<_>, Vec<_>) = self.terms().partition(|(m, _)| !m.is_empty());
        let (positive, negative): (Vec<_>, Vec<_>) = symbolic.into_iter().partition(|(_, c)| *c > 0);
        let all: Vec<_> = positive
            .into_iter()
            .chain(constant.iter().copied().filter(|c| c.1 > 0))
            .chain(negative)
            .chain(constant.iter().copied().filter(|c| c.1 < 0))
            .collect();
        if all.is_empty() {
            return f.write_str("0");
        }
        for (at, (m, c)) in all.into_iter().enumerate() {
            match (at, c < 0) {
                (0, false) => {}
                (0, true) | (_, true) => f.write_str("-")?,
                (_, false) => f.write_str("+")?,
            }
            let c = c.unsigned_abs();
            let names: Vec<&str> = m.iter().map(|s| s.as_str()).collect();
            match (c, names.is_empty()) {
                (_, true) => write!(f, "{c}")?,
                (1, false) => f.write_str(&names.join("*"))?,
                (_, false) => write!(f, "{c}*{}", names.join("*"))?,
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Dim {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "`{self}`")
    }
}

fn gcd(a: i64, b: i64) -> i64 {
    let (mut a, mut b) = (a.unsigned_abs(), b.unsigned_abs());
    while b != 0 {
        (a, b) = (b, a % b);
    }
    i64::try_from(a).unwrap_or(1)
}

/// A poisoned table is still a table: entries are only ever added whole.
fn read<T>(lock: &RwLock<T>) -> std::sync::RwLockReadGuard<'_, T> {
    lock.read().unwrap_or_else(std::sync::PoisonError::into_inner)
}

fn write<T>(lock: &RwLock<T>) -> std::sync::RwLockWriteGuard<'_, T> {
    lock.write().unwrap_or_else(std::sync::PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dimensions_are_polynomials() {
        let (m, n) = (Dim::symbol("m"), Dim::symbol("n"));
        assert_eq!((m + n) * Dim::number(2) - m, n + n + m);
        assert_eq!((n - Dim::ONE).to_string(), "n-1");
        assert_eq!((m * n).to_string(), "m*n");
        assert_eq!((n - n).as_number(), Some(0));
        assert!((m * n - m).is_nonnegative() && !(m - n).is_nonnegative() && !(n - Dim::number(2)).is_nonnegative());
        assert!(m.is_at_most(m + n - Dim::ONE) && !(m + n).is_at_most(m));
        let half = n.triangular();
        assert_eq!((half.to_string(), half + half), ("n*(n+1)/2".to_owned(), n * n + n));
        assert_eq!((half - n).to_string(), "(n*n-n)/2");
        assert_eq!(half.substitute(&|_| Some(Dim::number(4))), Dim::number(10));
        assert_eq!((half + Dim::ONE).to_string(), "(n+n*n+2)/2");
        assert_eq!(((n * n + m).over(2), (n * n + n).over(2)), (None, Some(half)));
        assert_eq!((m * n + Dim::ONE).evaluate(&|s| Some(if s.as_str() == "m" { 2 } else { 3 })), Some(7));
    }
}
