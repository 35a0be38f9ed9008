//! Numbers for the symbols of dimensions.

use crate::dim::{Dim, Symbol};
use crate::error::{Error, ErrorKind, Result};
use indexmap::{IndexMap, IndexSet};

/// An array of more entries than this is refused: a fourth derivative of a large matrix would fill the machine.
const MAX_ENTRIES: usize = 10_000_000;
/// How far [`Sizes::small`] goes up before it gives up.
const MAX_START: i64 = 64;

/// The number that each symbol of a dimension stands for.
///
/// ```
/// use indicial::{Dim, Sizes, Symbol};
/// let sizes = Sizes::from_iter([(Symbol::new("n"), 4)]);
/// assert_eq!(sizes.of(Dim::symbol("n") + Dim::ONE).unwrap(), 5);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sizes(IndexMap<Symbol, i64>);

impl FromIterator<(Symbol, i64)> for Sizes {
    fn from_iter<T: IntoIterator<Item = (Symbol, i64)>>(pairs: T) -> Sizes {
        Sizes(pairs.into_iter().collect())
    }
}

impl Sizes {
    pub fn get(&self, symbol: Symbol) -> Option<i64> {
        self.0.get(&symbol).copied()
    }

    pub fn insert(&mut self, symbol: Symbol, size: i64) {
        self.0.insert(symbol, size);
    }

    pub fn iter(&self) -> impl Iterator<Item = (Symbol, i64)> {
        self.0.iter().map(|(s, n)| (*s, *n))
    }

    /// The length that a dimension stands for.
    ///
    /// # Errors
    /// If a symbol has no number, or the length is negative or absurdly large.
    pub fn of(&self, dim: Dim) -> Result<usize> {
        if let Some(unknown) = dim.symbols().into_iter().find(|s| self.get(*s).is_none()) {
            let error = Error::new(ErrorKind::Data, format!("the dimension {unknown} is not known"));
            return Err(error.help(format!("no variable's shape tells it: give a number for {unknown}")));
        }
        let length = dim.evaluate(&|s| self.get(s)).and_then(|n| usize::try_from(n).ok());
        length.ok_or_else(|| Error::new(ErrorKind::Data, format!("the dimension {dim} is negative or too large at the sizes given")))
    }

    /// The lengths of the axes of an array that fits in memory.
    ///
    /// # Errors
    /// As [`Sizes::of`]; kind `Limit` above 10^7 entries.
    pub fn lengths(&self, axes: &[Dim]) -> Result<Vec<usize>> {
        let lengths: Vec<usize> = axes.iter().map(|d| self.of(*d)).collect::<Result<_>>()?;
        check_entries(&lengths)?;
        Ok(lengths)
    }

    /// Small sizes, pairwise different so that a wrong transpose cannot hide, for the symbols in `dims`, such that
    /// every one of `dims` is at least 1. Another `attempt` gives another choice.
    ///
    /// # Errors
    /// Kind `Domain` if no small choice makes every dimension positive.
    pub fn small(dims: &[Dim], attempt: usize) -> Result<Sizes> {
        Sizes::small_from(dims, attempt, 2)
    }

    /// Likewise, of numbers from `least` on.
    pub(crate) fn small_from(dims: &[Dim], attempt: usize, least: i64) -> Result<Sizes> {
        let symbols: IndexSet<Symbol> = dims.iter().flat_map(|d| d.symbols()).collect();
        let fixed: Vec<i64> = dims.iter().filter_map(|d| d.as_number()).collect();
        for (gap, start) in [1, 2, 5].into_iter().flat_map(|gap| (least..MAX_START).map(move |start| (gap, start))) {
            let free = (start..).step_by(gap).filter(|n| !fixed.contains(n));
            let numbers: Vec<i64> = free.take(symbols.len()).collect();
            for turn in 0..symbols.len().max(1) {
                let sizes: Sizes =
                    symbols.iter().copied().zip(numbers.iter().copied().cycle().skip((attempt + turn) % symbols.len().max(1))).collect();
                if dims.iter().all(|d| d.evaluate(&|s| sizes.get(s)).is_some_and(|n| n >= 1)) {
                    return Ok(sizes);
                }
            }
        }
        let all: IndexSet<String> = dims.iter().map(Dim::to_string).collect();
        let all: Vec<String> = all.into_iter().collect();
        Err(Error::new(ErrorKind::Domain, format!("no small sizes make all of the dimensions {} positive", all.join(", "))))
    }
}

/// # Errors
/// Kind `Limit` if an array of these lengths is too large.
pub(crate) fn check_entries(lengths: &[usize]) -> Result<()> {
    let entries = lengths.iter().try_fold(1usize, |n, l| n.checked_mul(*l));
    if entries.is_some_and(|n| n <= MAX_ENTRIES) {
        return Ok(());
    }
    let lengths: Vec<String> = lengths.iter().map(usize::to_string).collect();
    let message = format!("an array of {} entries is above the limit of {MAX_ENTRIES} entries", lengths.join("×"));
    Err(Error::new(ErrorKind::Limit, message))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_sizes_differ_and_make_every_dimension_positive() {
        let (m, n) = (Dim::symbol("m"), Dim::symbol("n"));
        let sizes = Sizes::small(&[m, n, Dim::number(2), m - n - Dim::ONE, n - Dim::number(3)], 0).unwrap();
        let (a, b) = (sizes.of(m).unwrap(), sizes.of(n).unwrap());
        assert!(a > b + 1 && b > 3, "{sizes:?}");
    }

    #[test]
    fn impossible_dimensions_are_an_error() {
        let n = Dim::symbol("n");
        assert_eq!(Sizes::small(&[Dim::number(1) - n], 0).unwrap_err().kind, ErrorKind::Domain);
        assert_eq!(Sizes::default().of(n).unwrap_err().kind, ErrorKind::Data);
    }

    #[test]
    fn large_arrays_are_refused() {
        let sizes = Sizes::from_iter([(Symbol::new("n"), 10_000)]);
        assert_eq!(sizes.lengths(&[Dim::symbol("n"); 2]).unwrap_err().kind, ErrorKind::Limit);
        assert_eq!(sizes.lengths(&[Dim::symbol("n"); 40]).unwrap_err().kind, ErrorKind::Limit);
    }
}
