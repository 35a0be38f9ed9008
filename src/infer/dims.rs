//! Unification of dimensions: linear equations between polynomials, solved for symbols that stand for unknown lengths.

use crate::dim::{Dim, Symbol};
use rustc_hash::FxHashMap;

/// What is known of the unknown lengths. These are symbols whose names start with `?`, which no text can write.
#[derive(Clone, Default)]
pub struct Dims {
    values: FxHashMap<Symbol, Dim>,
    count: usize,
    /// Equations that cannot be solved yet, such as `?1*?2 = m*n`.
    waiting: Vec<(Dim, Dim)>,
}

impl Dims {
    pub fn fresh(&mut self) -> Dim {
        self.count += 1;
        Dim::symbol(&format!("?{}", self.count))
    }

    /// With all that is known put in. It ends, since the value of a symbol never leads back to it.
    pub fn resolve(&self, dim: Dim) -> Dim {
        let mut dim = dim;
        while dim.as_number().is_none() {
            let next = dim.substitute(&|s| self.values.get(&s).copied());
            if next == dim {
                break;
            }
            dim = next;
        }
        dim
    }

    pub fn is_one(&self, dim: Dim) -> bool {
        self.resolve(dim) == Dim::ONE
    }

    /// Makes both equal; false if they cannot be.
    #[must_use]
    pub fn unify(&mut self, a: Dim, b: Dim) -> bool {
        if a == b {
            return true;
        }
        match self.solve(a, b) {
            Outcome::Done => true,
            Outcome::Never => false,
            Outcome::Later => {
                self.waiting.push((a, b));
                true
            }
        }
    }

    /// Makes a length a certain number, even one that a declaration calls by a name: `cross(x, y)` makes n 3.
    #[must_use]
    pub fn require(&mut self, dim: Dim, number: i64) -> bool {
        match self.resolve(dim).as_symbol() {
            Some(symbol) => {
                self.values.insert(symbol, Dim::number(number));
                true
            }
            None => self.unify(dim, Dim::number(number)),
        }
    }

    /// Tries the equations that had to wait until nothing changes; each round solves one at least. Those left over, if any.
    pub fn finish(&mut self) -> Result<(), (Dim, Dim)> {
        loop {
            let waiting = std::mem::take(&mut self.waiting);
            let before = waiting.len();
            for (a, b) in waiting {
                match self.solve(a, b) {
                    Outcome::Done => {}
                    Outcome::Never => return Err((a, b)),
                    Outcome::Later => self.waiting.push((a, b)),
                }
            }
            if self.waiting.len() == before {
                return self.waiting.first().map_or(Ok(()), |w| Err(*w));
            }
        }
    }

    fn solve(&mut self, a: Dim, b: Dim) -> Outcome {
        let difference = (self.resolve(a) - self.resolve(b)).numerator();
        if difference.as_number() == Some(0) {
            return Outcome::Done;
        }
        let mut unknown = false;
        // The youngest unknown is solved for: chains of values stay short, so that many equal lengths cost little.
        let mut youngest: Option<(Symbol, Dim)> = None;
        for (symbols, coefficient) in difference.terms() {
            unknown |= symbols.iter().any(|s| is_unknown(*s));
            let &[s] = symbols else { continue };
            let alone = difference.terms().filter(|(m, _)| m.contains(&s)).count() == 1;
            if !is_unknown(s) || !alone || youngest.is_some_and(|(y, _)| age(y) > age(s)) {
                continue;
            }
            let rest = (Dim::of(s) * Dim::number(coefficient) - difference) * Dim::number(coefficient.signum());
            let Some(value) = rest.over(coefficient.abs()) else { continue };
            if may_be_positive(value) {
                youngest = Some((s, value));
            }
        }
        if let Some((s, value)) = youngest {
            self.values.insert(s, value);
            return Outcome::Done;
        }
        if unknown { Outcome::Later } else { Outcome::Never }
    }
}

enum Outcome {
    Done,
    Never,
    Later,
}

pub fn is_unknown(symbol: Symbol) -> bool {
    symbol.as_str().starts_with('?')
}

/// Grows with the number in the name: `?9` is before `?10`.
fn age(unknown: Symbol) -> (usize, Symbol) {
    (unknown.as_str().len(), unknown)
}

/// A length is at least 1; one whose terms are all negative is none.
fn may_be_positive(dim: Dim) -> bool {
    dim.terms().any(|(_, c)| c > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn linear_equations_are_solved() {
        let mut dims = Dims::default();
        let (n, m) = (Dim::symbol("n"), Dim::symbol("m"));
        let (a, b) = (dims.fresh(), dims.fresh());
        assert!(dims.unify(a + n, n + m));
        assert_eq!(dims.resolve(a), m);
        assert!(dims.unify(a * b, m * n), "waits");
        assert!(dims.finish().is_err());
        assert!(dims.unify(b, n));
        assert!(dims.finish().is_ok());
        assert!(!dims.unify(m, n));
        let c = dims.fresh();
        assert!(dims.unify(c + n, n) && dims.finish().is_err(), "no length is 0");
    }
}
