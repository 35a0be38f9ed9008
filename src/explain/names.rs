//! Names of indices and of intermediate results, none of which means two things.

use crate::dim::Symbol;
use std::collections::BTreeSet;

/// Indices of functions and summed indices.
const BOUND: &[&str] = &["i", "j", "p", "q", "r", "s", "a", "b", "c", "e"];
/// Indices of what is differentiated by.
const VARIABLE: &[&str] = &["k", "l", "p", "q", "r", "s"];
/// Intermediate results that are scalars or vectors, and those with more axes.
const SMALL: &[&str] = &["u", "v", "w", "z", "y", "h"];
const LARGE: &[&str] = &["U", "V", "W", "Z", "Y", "H"];
/// The function.
const FUNCTION: &[&str] = &["F", "G", "Q"];

/// The names of variables, dimensions and intermediate results, which no index may have.
#[derive(Clone, Debug)]
pub(super) struct Names {
    taken: BTreeSet<Symbol>,
}

impl Names {
    pub fn new(taken: BTreeSet<Symbol>) -> Names {
        Names { taken }
    }

    pub fn taken(&self) -> &BTreeSet<Symbol> {
        &self.taken
    }

    /// An index that is not in scope.
    pub fn index(&self, scope: &[Symbol]) -> Symbol {
        self.first(BOUND, "i", scope)
    }

    /// An index of a variable to differentiate by.
    pub fn variable_index(&self, scope: &[Symbol]) -> Symbol {
        self.first(VARIABLE, "k", scope)
    }

    /// A name for an intermediate result with so many axes; it is taken from then on.
    pub fn stage(&mut self, order: usize) -> Symbol {
        let (pool, stem) = if order < 2 { (SMALL, "u") } else { (LARGE, "U") };
        self.take(pool, stem)
    }

    pub fn function(&mut self) -> Symbol {
        self.take(FUNCTION, "F")
    }

    fn take(&mut self, pool: &[&str], stem: &str) -> Symbol {
        let name = self.first(pool, stem, &[]);
        self.taken.insert(name);
        name
    }

    /// The first free name of the pool, then the stem with a number: there are more numbers than taken names.
    fn first(&self, pool: &[&str], stem: &str, scope: &[Symbol]) -> Symbol {
        let numbered = (1..).map(|n| Symbol::new(&format!("{stem}{n}")));
        let mut all = pool.iter().map(|n| Symbol::new(n)).chain(numbered);
        all.find(|n| !self.taken.contains(n) && !scope.contains(n)).unwrap_or_else(|| Symbol::new(stem))
    }
}
