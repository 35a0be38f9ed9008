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
/// Sorted by monomial, no coefficient 0.
type Polynomial = SmallVec<[(Monomial, i64); 2]>;

/// A dimension: a polynomial of symbols with integer coefficients, such as `n`, `3`, `n+1`, `m*n`.
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
    let one: &'static Polynomial = Box::leak(Box::new(constant(1)));
    RwLock::new([one].into_iter().collect())
});

fn constant(n: i64) -> Polynomial {
    if n == 0 { Polynomial::new() } else { smallvec::smallvec![(Monomial::new(), n)] }
}

impl Dim {
    pub const ONE: Dim = Dim(0);

    pub fn number(n: i64) -> Dim {
        Dim::intern(constant(n))
    }

    pub fn symbol(name: &str) -> Dim {
        Dim::of(Symbol::new(name))
    }

    pub fn of(symbol: Symbol) -> Dim {
        Dim::intern(smallvec::smallvec![(smallvec::smallvec![symbol], 1)])
    }

    fn intern(p: Polynomial) -> Dim {
        if let Some(at) = read(&DIMS).get_index_of(&p) {
            return Dim(at as u32);
        }
        Dim(write(&DIMS).insert_full(Box::leak(Box::new(p))).0 as u32)
    }

    fn polynomial(self) -> &'static Polynomial {
        read(&DIMS)[self.0 as usize]
    }

    fn collect(terms: impl IntoIterator<Item = (Monomial, i64)>) -> Dim {
        let mut p = Polynomial::new();
        for (m, c) in terms {
            match p.binary_search_by(|(q, _)| q.cmp(&m)) {
                Ok(at) => p[at].1 = p[at].1.saturating_add(c),
                Err(at) => p.insert(at, (m, c)),
            }
        }
        p.retain(|(_, c)| *c != 0);
        Dim::intern(p)
    }

    /// The terms: a product of symbols (empty for the constant) and its coefficient.
    pub fn terms(self) -> impl Iterator<Item = (&'static [Symbol], i64)> {
        self.polynomial().iter().map(|(m, c)| (m.as_slice(), *c))
    }

    /// The value, if it is a number.
    pub fn as_number(self) -> Option<i64> {
        match self.polynomial().as_slice() {
            [] => Some(0),
            [(m, c)] if m.is_empty() => Some(*c),
            _ => None,
        }
    }

    /// The symbol, if it is just one.
    pub fn as_symbol(self) -> Option<Symbol> {
        match self.polynomial().as_slice() {
            [(m, 1)] if m.len() == 1 => Some(m[0]),
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
        self.terms().fold(Dim::number(0), |sum, (m, c)| {
            sum + m.iter().fold(Dim::number(c), |product, s| product * value(*s).unwrap_or(Dim::of(*s)))
        })
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

    /// `n*(n+1)/2`, if n is a number: no polynomial with integer coefficients expresses it.
    pub fn triangular(self) -> Option<Dim> {
        self.as_number().and_then(|n| n.checked_mul(n.checked_add(1)?)).map(|twice| Dim::number(twice / 2))
    }

    /// The value at the sizes given; `None` if a symbol has none or the result overflows.
    pub fn evaluate(self, size: &impl Fn(Symbol) -> Option<i64>) -> Option<i64> {
        self.terms().try_fold(0i64, |sum, (m, c)| sum.checked_add(m.iter().try_fold(c, |product, s| product.checked_mul(size(*s)?))?))
    }
}

impl std::ops::Add for Dim {
    type Output = Dim;
    fn add(self, other: Dim) -> Dim {
        Dim::collect(self.polynomial().iter().chain(other.polynomial()).cloned())
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
        Dim::collect(self.polynomial().iter().flat_map(|(a, x)| {
            other.polynomial().iter().map(move |(b, y)| {
                let mut m: Monomial = a.iter().chain(b).copied().collect();
                m.sort();
                (m, x.saturating_mul(*y))
            })
        }))
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

/// Symbols before numbers, as people write: `n+1`, `2*n`, `m*n`.
impl fmt::Display for Dim {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
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
        assert_eq!((m * n + Dim::ONE).evaluate(&|s| Some(if s.as_str() == "m" { 2 } else { 3 })), Some(7));
    }
}
