//! Parts of axes: a run of neighbouring places, or one place.

use crate::dim::Dim;

/// A run of places along an axis. It is assumed to lie within the axis where the symbols do not tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Selection {
    /// How many places come before it.
    pub offset: Dim,
    pub length: Dim,
    /// The length of the whole axis.
    pub of: Dim,
}

impl Selection {
    /// The place after the last one, counted from 0.
    pub fn end(self) -> Dim {
        self.offset + self.length
    }

    pub fn is_whole(self) -> bool {
        self.length == self.of
    }

    /// Whether the two are known to have no place in common.
    pub fn is_disjoint(self, other: Selection) -> bool {
        self.end().is_at_most(other.offset) || other.end().is_at_most(self.offset)
    }

    /// What two runs of one axis have in common: as a part of the first and as a part of the second.
    /// `None` where the symbols do not tell, or nothing is common.
    pub fn common(self, other: Selection) -> Option<(Selection, Selection)> {
        let start = largest(self.offset, other.offset)?;
        let end = smallest(self.end(), other.end())?;
        let length = end - start;
        (length - Dim::ONE).is_nonnegative().then(|| {
            let within = |s: Selection| Selection { offset: start - s.offset, length, of: s.length };
            (within(self), within(other))
        })
    }

    /// A part of this part, as a part of the whole.
    pub fn then(self, inner: Selection) -> Selection {
        Selection { offset: self.offset + inner.offset, length: inner.length, of: self.of }
    }

    /// The number within the run of a place of the whole axis, from 1. `Err` if that place is known not to be in the run,
    /// `Ok(None)` where the symbols do not tell.
    pub fn place(self, place: Dim) -> Result<Option<Dim>, Outside> {
        let at = place - self.offset;
        if at.is_at_most(Dim::number(0)) || (self.length + Dim::ONE).is_at_most(at) {
            return Err(Outside);
        }
        Ok((Dim::ONE.is_at_most(at) && at.is_at_most(self.length)).then_some(at))
    }
}

/// A place is not in a run.
#[derive(Debug, PartialEq, Eq)]
pub struct Outside;

fn largest(a: Dim, b: Dim) -> Option<Dim> {
    if a.is_at_most(b) { Some(b) } else { b.is_at_most(a).then_some(a) }
}

fn smallest(a: Dim, b: Dim) -> Option<Dim> {
    if a.is_at_most(b) { Some(a) } else { b.is_at_most(a).then_some(b) }
}

/// What is taken along one direction of a matrix.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Cut {
    All,
    /// One place, from 1.
    At(Dim),
    Run(Selection),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_of_symbolic_length_are_compared_where_that_is_safe() {
        let (k, n) = (Dim::symbol("k"), Dim::symbol("n"));
        let head = Selection { offset: Dim::number(0), length: k, of: n };
        let tail = Selection { offset: k, length: n - k, of: n };
        let other = Selection { offset: Dim::number(0), length: Dim::symbol("l"), of: n };
        assert!(head.is_disjoint(tail) && !head.is_disjoint(other));
        assert_eq!(head.common(head), Some((Selection { of: k, ..head }, Selection { of: k, ..head })));
        assert_eq!((head.common(other), head.common(tail)), (None, None));
        assert_eq!(head.place(k), Ok(Some(k)));
        assert_eq!((head.place(k + Dim::ONE), head.place(n)), (Err(Outside), Ok(None)));
    }
}
