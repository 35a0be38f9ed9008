//! Small whole values for variables, and which entries of a structured matrix may change together.

use crate::error::Result;
use crate::eval::{Random, Sizes, project};
use crate::expr::{Kind, Structure};
use crate::function::Sign;
use ndarray::{Array2, ArrayD, Ix2, IxDyn};

/// What entries are drawn from; functions differ in where they are defined.
pub const POOLS: [&[f64]; 5] =
    [&[1.0, -1.0, 2.0, 0.0, -2.0], &[1.0, 2.0, 3.0], &[1.0, -1.0, 2.0, 3.0, -2.0], &[2.0, 3.0, 4.0], &[0.5, -0.5, 0.25]];

/// What an entry may become to be simpler, the simplest first.
pub const SIMPLER: [f64; 6] = [0.0, 1.0, -1.0, 2.0, -2.0, 3.0];

/// The place of a value among the simple ones.
pub fn rank(x: f64) -> usize {
    SIMPLER.iter().position(|s| *s == x).unwrap_or(SIMPLER.len())
}

/// A value of that kind with entries from the pool.
///
/// # Errors
/// If a dimension has no size.
pub fn draw(kind: &Kind, sizes: &Sizes, pool: &[f64], random: &mut Random) -> Result<ArrayD<f64>> {
    let lengths = sizes.lengths(&kind.shape.axes())?;
    let signed = |x: f64| match kind.sign {
        Sign::Any => x,
        Sign::NonNegative => x.abs(),
        Sign::Positive => {
            if x == 0.0 {
                1.0
            } else {
                x.abs()
            }
        }
    };
    let value = ArrayD::from_shape_simple_fn(IxDyn(&lengths), || signed(pool[random.below(pool.len())]));
    Ok(match value.view().into_dimensionality::<Ix2>() {
        Ok(matrix) if kind.structure != Structure::General => structured(&matrix.to_owned(), kind.structure, random).into_dyn(),
        _ => value,
    })
}

/// A matrix of that structure with whole entries, made of a general one.
fn structured(a: &Array2<f64>, structure: Structure, random: &mut Random) -> Array2<f64> {
    let n = a.nrows();
    let mirrored = |sign: f64| Array2::from_shape_fn(a.dim(), |(i, j)| if i <= j { a[[i, j]] } else { sign * a[[j, i]] });
    match structure {
        Structure::General | Structure::Diagonal | Structure::Lower | Structure::Upper | Structure::Hollow => project(a, structure),
        Structure::Symmetric => mirrored(1.0),
        Structure::Skew => project(&mirrored(-1.0), Structure::Hollow),
        Structure::PositiveDefinite => {
            let lower = Array2::from_shape_fn(a.dim(), |(i, j)| {
                if i == j {
                    1.0
                } else if i > j {
                    a[[i, j]].round()
                } else {
                    0.0
                }
            });
            lower.dot(&lower.t())
        }
        Structure::Orthogonal => rotation(n, random.below(3)),
    }
}

/// Rotations with short entries: by the triangle of sides 3, 4 and 5, a quarter turn, or a reflection.
fn rotation(n: usize, which: usize) -> Array2<f64> {
    let mut q = Array2::eye(n);
    let (c, s) = [(0.6, 0.8), (0.0, 1.0), (-1.0, 0.0)][which];
    q[[0, 0]] = c;
    if n > 1 && s != 0.0 {
        q[[0, 1]] = -s;
        q[[1, 0]] = s;
        q[[1, 1]] = c;
    } else if n == 1 {
        q[[0, 0]] = if which == 2 { -1.0 } else { 1.0 };
    }
    q
}

/// Entries that change together, each with the sign with which it does.
pub type Orbit = Vec<(usize, f64)>;

/// The independent entries of a value of that kind; none of an orthogonal one.
pub fn orbits(kind: &Kind, value: &ArrayD<f64>) -> Vec<Orbit> {
    let n = value.shape().last().copied().unwrap_or(1);
    let pair = |i: usize, j: usize, sign: f64| if i == j { vec![(i * n + j, 1.0)] } else { vec![(i * n + j, 1.0), (j * n + i, sign)] };
    let places = (0..n).flat_map(|i| (0..n).map(move |j| (i, j)));
    match kind.structure {
        Structure::General => (0..value.len()).map(|k| vec![(k, 1.0)]).collect(),
        Structure::Symmetric | Structure::PositiveDefinite => places.filter(|(i, j)| i <= j).map(|(i, j)| pair(i, j, 1.0)).collect(),
        Structure::Skew => places.filter(|(i, j)| i < j).map(|(i, j)| pair(i, j, -1.0)).collect(),
        Structure::Diagonal => (0..n).map(|i| pair(i, i, 1.0)).collect(),
        Structure::Lower => places.filter(|(i, j)| i >= j).map(|(i, j)| vec![(i * n + j, 1.0)]).collect(),
        Structure::Upper => places.filter(|(i, j)| i <= j).map(|(i, j)| vec![(i * n + j, 1.0)]).collect(),
        Structure::Hollow => places.filter(|(i, j)| i != j).map(|(i, j)| vec![(i * n + j, 1.0)]).collect(),
        Structure::Orthogonal => Vec::new(),
    }
}

/// Whether a value is what its kind says, given that its entries changed by orbits.
pub fn is_admissible(kind: &Kind, value: &ArrayD<f64>) -> bool {
    let signs = match kind.sign {
        Sign::Any => true,
        Sign::NonNegative => value.iter().all(|x| *x >= 0.0),
        Sign::Positive => value.iter().all(|x| *x > 0.0),
    };
    let matrix = value.view().into_dimensionality::<Ix2>().map(|m| m.to_owned());
    let definite = kind.structure != Structure::PositiveDefinite || matrix.as_ref().is_ok_and(is_positive_definite);
    signs && definite && (!kind.full_rank || matrix.is_ok_and(|m| has_full_rank(&m)))
}

/// By Cholesky's decomposition.
fn is_positive_definite(a: &Array2<f64>) -> bool {
    let n = a.nrows();
    let mut l = Array2::<f64>::zeros((n, n));
    for i in 0..n {
        for j in 0..=i {
            let rest = a[[i, j]] - (0..j).map(|k| l[[i, k]] * l[[j, k]]).sum::<f64>();
            if i == j {
                if rest <= 1e-3 {
                    return false;
                }
                l[[i, i]] = rest.sqrt();
            } else {
                l[[i, j]] = rest / l[[j, j]];
            }
        }
    }
    true
}

/// The smaller of the two Gram matrices is positive definite.
fn has_full_rank(a: &Array2<f64>) -> bool {
    is_positive_definite(&if a.nrows() >= a.ncols() { a.t().dot(a) } else { a.dot(&a.t()) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dim::{Dim, Symbol};
    use crate::expr::Shape;

    fn kind(structure: Structure) -> Kind {
        let n = Dim::symbol("n");
        Kind { structure, ..Kind::plain(Shape::Matrix(n, n)) }
    }

    #[test]
    fn drawn_values_have_their_structure() {
        let mut random = Random::new(3);
        for n in 1..4 {
            let sizes = Sizes::from_iter([(Symbol::new("n"), n)]);
            for (structure, name) in Structure::ALL {
                let value = draw(&kind(structure), &sizes, POOLS[2], &mut random).unwrap();
                let matrix = value.clone().into_dimensionality::<Ix2>().unwrap();
                assert!(is_admissible(&kind(structure), &value), "{name} {value}");
                match structure {
                    Structure::Orthogonal => {
                        assert!((matrix.dot(&matrix.t()) - Array2::<f64>::eye(matrix.nrows())).iter().all(|x| x.abs() < 1e-12))
                    }
                    _ => assert_eq!(project(&matrix, structure), matrix, "{name}"),
                }
            }
        }
    }

    #[test]
    fn orbits_keep_the_structure() {
        let sizes = Sizes::from_iter([(Symbol::new("n"), 3)]);
        for (structure, name) in Structure::ALL.into_iter().filter(|(s, _)| *s != Structure::Orthogonal) {
            let value = draw(&kind(structure), &sizes, POOLS[2], &mut Random::new(5)).unwrap();
            for (turn, orbit) in orbits(&kind(structure), &value).into_iter().enumerate() {
                let mut moved = value.clone();
                let entries = moved.as_slice_mut().unwrap();
                orbit.iter().for_each(|(k, sign)| entries[*k] = sign * (turn + 2) as f64);
                let matrix = moved.into_dimensionality::<Ix2>().unwrap();
                assert_eq!(project(&matrix, structure), matrix, "{name}");
            }
        }
    }

    #[test]
    fn what_is_indefinite_is_not_admitted() {
        let value = |entries: [f64; 4]| ArrayD::from_shape_vec(IxDyn(&[2, 2]), entries.to_vec()).unwrap();
        assert!(is_admissible(&kind(Structure::PositiveDefinite), &value([2.0, 1.0, 1.0, 1.0])));
        assert!(!is_admissible(&kind(Structure::PositiveDefinite), &value([1.0, 2.0, 2.0, 1.0])));
        let full = Kind { full_rank: true, ..kind(Structure::General) };
        assert!(is_admissible(&full, &value([1.0, 2.0, 0.0, 1.0])) && !is_admissible(&full, &value([1.0, 2.0, 2.0, 4.0])));
    }
}
