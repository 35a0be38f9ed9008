//! Random values for variables that respect what was declared of them.

use super::linear::{from_dense, to_dense};
use super::sizes::Sizes;
use crate::error::Result;
use crate::expr::{Kind, Structure};
use crate::function::Sign;
use ndarray::{Array2, ArrayD, Ix2, IxDyn};

/// From which region of the reals free entries are drawn: functions differ in where they are defined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// Either sign, absolute values from 0.3 to 1.5.
    Mixed,
    /// From 0.3 to 1.5, for logarithms and roots.
    Positive,
    /// Either sign, absolute values from 0.05 to 0.4, for `asin`, `atanh`, `log(1 + x)`.
    Small,
    /// From 1.2 to 2.5, for `acosh`.
    Large,
}

impl Style {
    pub const ALL: [Style; 4] = [Style::Mixed, Style::Positive, Style::Small, Style::Large];
}

/// splitmix64 (Steele, Lea and Flood 2014): the same numbers on every machine.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Random {
        Random(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Uniform in [0, 1).
    fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Of either sign, absolute values from 0.5 to 1.
    pub(super) fn signed(&mut self) -> f64 {
        let size = 0.5 + 0.5 * self.unit();
        if self.next() & 1 == 1 { -size } else { size }
    }

    /// Uniform below a small number.
    pub(crate) fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }

    /// Away from 0, where `abs`, `relu` and their like have their kinks.
    fn entry(&mut self, style: Style, sign: Sign) -> f64 {
        let (low, high, signed) = match style {
            Style::Mixed => (0.3, 1.5, true),
            Style::Positive => (0.3, 1.5, false),
            Style::Small => (0.05, 0.4, true),
            Style::Large => (1.2, 2.5, false),
        };
        let size = low + (high - low) * self.unit();
        let negative = self.next() & 1 == 1;
        if signed && negative && sign == Sign::Any { -size } else { size }
    }

    /// A value of that kind.
    pub(crate) fn value(&mut self, kind: &Kind, sizes: &Sizes, style: Style) -> Result<ArrayD<f64>> {
        let lengths = sizes.lengths(&kind.shape.axes())?;
        let free = ArrayD::from_shape_simple_fn(IxDyn(&lengths), || self.entry(style, kind.sign));
        Ok(match free.view().into_dimensionality::<Ix2>() {
            Ok(matrix) if kind.structure != Structure::General => structured(&matrix.to_owned(), kind.structure).into_dyn(),
            _ => free,
        })
    }
}

/// A matrix of that structure, made of a general one.
fn structured(a: &Array2<f64>, structure: Structure) -> Array2<f64> {
    match structure {
        Structure::PositiveDefinite => a.dot(&a.t()) + Array2::<f64>::eye(a.nrows()),
        Structure::Orthogonal => from_dense(&to_dense(a).qr().q()),
        Structure::General
        | Structure::Symmetric
        | Structure::Skew
        | Structure::Diagonal
        | Structure::Lower
        | Structure::Upper
        | Structure::Hollow => project(a, structure),
    }
}

/// The nearest matrix in the space in which matrices of that structure move: positive definite ones among the
/// symmetric ones. Orthogonal ones move in no linear space, and the matrix is left as it is.
pub(crate) fn project(a: &Array2<f64>, structure: Structure) -> Array2<f64> {
    let keep = |keep: fn(usize, usize) -> bool| Array2::from_shape_fn(a.dim(), |(i, j)| if keep(i, j) { a[[i, j]] } else { 0.0 });
    match structure {
        Structure::General | Structure::Orthogonal => a.clone(),
        Structure::Symmetric | Structure::PositiveDefinite => (a + &a.t()) / 2.0,
        Structure::Skew => (a - &a.t()) / 2.0,
        Structure::Diagonal => keep(|i, j| i == j),
        Structure::Lower => keep(|i, j| i >= j),
        Structure::Upper => keep(|i, j| i <= j),
        Structure::Hollow => keep(|i, j| i != j),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dim::{Dim, Symbol};
    use crate::expr::Shape;

    #[test]
    fn structures_are_respected() {
        let n = Dim::symbol("n");
        let sizes = Sizes::from_iter([(Symbol::new("n"), 4)]);
        for (structure, name) in Structure::ALL {
            let kind = Kind { structure, ..Kind::plain(Shape::Matrix(n, n)) };
            let a = Random::new(7).value(&kind, &sizes, Style::Mixed).unwrap().into_dimensionality::<Ix2>().unwrap();
            let close = |b: &Array2<f64>, c: &Array2<f64>| (b - c).iter().all(|x| x.abs() < 1e-12);
            match structure {
                Structure::Orthogonal => assert!(close(&a.dot(&a.t()), &Array2::eye(4)), "{name}"),
                _ => assert!(close(&a, &project(&a, structure)), "{name}"),
            }
        }
    }
}
