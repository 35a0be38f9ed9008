//! Dense linear algebra of small matrices.

use super::sizes::check_entries;
use super::svd::Svd;
use crate::error::{Error, ErrorKind, Result};
use nalgebra::DMatrix;
use ndarray::{Array2, Axis, Slice};

/// Above this the adjugate is computed as `det(A)*inv(A)`, which needs an invertible matrix.
const MAX_COFACTORS: usize = 12;
/// The smallest pivot or singular value, relative to the largest: below this fewer than three digits of an inverse would be right.
const SINGULAR: f64 = 1e-13;
/// Exponents of matrix powers beyond this are refused.
const MAX_EXPONENT: f64 = 1e6;

pub(crate) fn to_dense(a: &Array2<f64>) -> DMatrix<f64> {
    DMatrix::from_fn(a.nrows(), a.ncols(), |i, j| a[[i, j]])
}

pub(crate) fn from_dense(a: &DMatrix<f64>) -> Array2<f64> {
    Array2::from_shape_fn((a.nrows(), a.ncols()), |(i, j)| a[(i, j)])
}

/// For iterations that need not end otherwise.
pub(crate) fn to_finite(a: &Array2<f64>) -> Result<DMatrix<f64>> {
    if a.iter().all(|x| x.is_finite()) {
        return Ok(to_dense(a));
    }
    Err(Error::new(ErrorKind::Domain, "a matrix to be decomposed is not finite"))
}

fn square(a: &Array2<f64>, what: &str) -> Result<()> {
    if a.nrows() == a.ncols() {
        return Ok(());
    }
    Err(Error::new(ErrorKind::Shape, format!("cannot take the {what} of a {}×{} matrix", a.nrows(), a.ncols())))
}

/// The product, in which a 1×1 matrix is a scalar.
pub(crate) fn product(a: &Array2<f64>, b: &Array2<f64>) -> Result<Array2<f64>> {
    match (a.dim(), b.dim()) {
        ((1, 1), _) => Ok(b * a[[0, 0]]),
        (_, (1, 1)) => Ok(a * b[[0, 0]]),
        ((m, k), (l, n)) if k == l => {
            check_entries(&[m, n])?;
            Ok(a.dot(b))
        }
        ((m, k), (l, n)) => Err(Error::new(ErrorKind::Shape, format!("cannot multiply {m}×{k} by {l}×{n}"))),
    }
}

/// Whether rounding alone keeps a matrix from being singular: a matrix such as `X*X'` of a tall X has a determinant
/// of some 1e-17, whose logarithm and inverse would look like answers. Rows and columns are scaled first, so that units of
/// measurement do not matter.
pub(super) fn is_singular(a: &Array2<f64>) -> bool {
    let largest = |lane: ndarray::ArrayView1<f64>| lane.fold(0.0f64, |m, x| m.max(x.abs()));
    let mut scaled = a.clone();
    for axis in [Axis(0), Axis(1)] {
        for mut lane in scaled.axis_iter_mut(axis) {
            let scale = largest(lane.view());
            if scale == 0.0 {
                return true;
            }
            lane.mapv_inplace(|x| x / scale);
        }
    }
    let lu = to_dense(&scaled).lu();
    let pivots: Vec<f64> = (0..a.nrows()).map(|i| lu.lu_internal()[(i, i)].abs()).collect();
    let largest = pivots.iter().fold(0.0f64, |m, x| m.max(*x));
    pivots.iter().any(|x| *x <= SINGULAR * largest)
}

/// Exactly 0 for a matrix that is singular but for rounding.
pub(crate) fn determinant(a: &Array2<f64>) -> Result<f64> {
    square(a, "determinant")?;
    Ok(if is_singular(a) { 0.0 } else { to_dense(a).determinant() })
}

/// log |det A|, by the pivots of the LU decomposition so that large determinants do not overflow.
pub(crate) fn log_determinant(a: &Array2<f64>) -> Result<f64> {
    square(a, "determinant")?;
    if is_singular(a) {
        return Ok(f64::NEG_INFINITY);
    }
    let lu = to_dense(a).lu();
    Ok((0..a.nrows()).map(|i| lu.lu_internal()[(i, i)].abs().ln()).sum())
}

pub(crate) fn inverse(a: &Array2<f64>) -> Result<Array2<f64>> {
    square(a, "inverse")?;
    let inverse = if is_singular(a) { None } else { to_dense(a).lu().try_inverse() };
    inverse.map(|b| from_dense(&b)).ok_or_else(|| Error::new(ErrorKind::Domain, "a matrix to be inverted is singular at these values"))
}

/// The Moore-Penrose pseudoinverse by singular values; those below rounding, relative to the largest, count as 0.
pub(crate) fn pseudoinverse(a: &Array2<f64>) -> Result<Array2<f64>> {
    let svd = Svd::of(a)?;
    Ok(from_dense(&svd.pseudoinverse(SINGULAR * svd.largest())))
}

/// adj(A)[i,j] is the cofactor of A[j,i] (Horn and Johnson 2013, 0.8.2); it exists for singular matrices too.
pub(crate) fn adjugate(a: &Array2<f64>) -> Result<Array2<f64>> {
    square(a, "adjugate")?;
    let n = a.nrows();
    if n > MAX_COFACTORS {
        return Ok(inverse(a)? * determinant(a)?);
    }
    let mut adjugate = Array2::zeros((n, n));
    for ((i, j), entry) in adjugate.indexed_iter_mut() {
        let rows: Vec<usize> = (0..n).filter(|r| *r != j).collect();
        let columns: Vec<usize> = (0..n).filter(|c| *c != i).collect();
        let minor = to_dense(&a.select(Axis(0), &rows).select(Axis(1), &columns)).determinant();
        *entry = if (i + j) % 2 == 0 { minor } else { -minor };
    }
    Ok(adjugate)
}

/// `A^p`: by squaring for an integer, `expm(p*logm(A))` otherwise.
pub(crate) fn power(a: &Array2<f64>, p: f64) -> Result<Array2<f64>> {
    square(a, "power")?;
    if p.abs() > MAX_EXPONENT {
        return Err(Error::new(ErrorKind::Limit, format!("the exponent {p} of a matrix power is beyond {MAX_EXPONENT}")));
    }
    if p.fract() != 0.0 {
        return super::matrix_functions::exponential(&(super::matrix_functions::logarithm(a)? * p));
    }
    let mut base = if p < 0.0 { inverse(a)? } else { a.clone() };
    let mut left = p.abs() as u64;
    let mut result = Array2::eye(a.nrows());
    while left > 0 {
        if left & 1 == 1 {
            result = result.dot(&base);
        }
        base = base.dot(&base);
        left >>= 1;
    }
    Ok(result)
}

/// The Kronecker product: block (i, j) is `A[i,j]*B`.
pub(crate) fn kronecker(a: &Array2<f64>, b: &Array2<f64>) -> Result<Array2<f64>> {
    let ((m, n), (p, q)) = (a.dim(), b.dim());
    check_entries(&[m, n, p, q])?;
    Ok(Array2::from_shape_fn((m * p, n * q), |(i, j)| a[[i / p, j / q]] * b[[i % p, j % q]]))
}

/// The matrix K with `K*vec(A) = vec(A')` for each m×n matrix A (Magnus and Neudecker 1979).
pub(crate) fn commutation(m: usize, n: usize) -> Result<Array2<f64>> {
    let size = m.saturating_mul(n);
    check_entries(&[size, size])?;
    let mut k = Array2::zeros((size, size));
    for i in 0..m {
        for j in 0..n {
            k[[j + n * i, i + m * j]] = 1.0;
        }
    }
    Ok(k)
}

/// The matrix D with `D*vech(S) = vec(S)` for each symmetric n×n matrix S (Magnus and Neudecker 1980).
pub(crate) fn duplication(n: usize) -> Result<Array2<f64>> {
    let (rows, columns) = (n.saturating_mul(n), n.saturating_mul(n.saturating_add(1)) / 2);
    check_entries(&[rows, columns])?;
    let mut d = Array2::zeros((rows, columns));
    let mut at = 0;
    for j in 0..n {
        for i in j..n {
            d[[i + n * j, at]] = 1.0;
            d[[j + n * i, at]] = 1.0;
            at += 1;
        }
    }
    Ok(d)
}

/// The matrix L with `L*vec(A) = vech(A)` for each n×n matrix A (Magnus and Neudecker 1980).
pub(crate) fn elimination(n: usize) -> Result<Array2<f64>> {
    let (rows, columns) = (n.saturating_mul(n.saturating_add(1)) / 2, n.saturating_mul(n));
    check_entries(&[rows, columns])?;
    let mut l = Array2::zeros((rows, columns));
    let places = (0..n).flat_map(|j| (j..n).map(move |i| i + n * j));
    places.enumerate().for_each(|(at, place)| l[[at, place]] = 1.0);
    Ok(l)
}

/// The blocks put together; each row of blocks has one height, and all rows are as wide.
pub(crate) fn blocks(rows: &[Vec<Array2<f64>>]) -> Result<Array2<f64>> {
    let misfit = || Error::new(ErrorKind::Shape, "the blocks of a block matrix do not fit together");
    let heights: Vec<usize> = rows.iter().map(|r| r.first().map_or(0, Array2::nrows)).collect();
    let width = rows.first().map_or(0, |r| r.iter().map(Array2::ncols).sum());
    check_entries(&[heights.iter().sum(), width])?;
    let mut whole = Array2::zeros((heights.iter().sum(), width));
    let mut top = 0;
    for (row, height) in rows.iter().zip(heights) {
        let mut left = 0;
        for block in row {
            let right = left + block.ncols();
            if block.nrows() != height || right > width {
                return Err(misfit());
            }
            let mut rows = whole.slice_axis_mut(Axis(0), Slice::from(top..top + height));
            rows.slice_axis_mut(Axis(1), Slice::from(left..right)).assign(block);
            left = right;
        }
        if left != width {
            return Err(misfit());
        }
        top += height;
    }
    Ok(whole)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn the_adjugate_of_a_singular_matrix_exists() {
        assert_eq!(adjugate(&array![[1.0, 2.0], [2.0, 4.0]]).unwrap(), array![[4.0, -2.0], [-2.0, 1.0]]);
        assert_eq!(inverse(&array![[0.0]]).unwrap_err().kind, ErrorKind::Domain);
    }

    #[test]
    fn what_is_singular_but_for_rounding_is_singular() {
        let x = array![[0.7, -1.3], [0.9, 0.4], [-0.6, 1.1]];
        assert_eq!(determinant(&x.dot(&x.t())).unwrap(), 0.0);
        assert_eq!(log_determinant(&x.dot(&x.t())).unwrap(), f64::NEG_INFINITY);
        assert_eq!(inverse(&x.dot(&x.t())).unwrap_err().kind, ErrorKind::Domain);
        assert_eq!(inverse(&array![[1e-20, 0.0], [0.0, 1e20]]).unwrap()[[1, 1]], 1e-20);
    }

    #[test]
    fn powers_agree_with_products() {
        let a = array![[2.0, 1.0], [1.0, 3.0]];
        assert_eq!(power(&a, 3.0).unwrap(), a.dot(&a).dot(&a));
        let root = power(&a, 0.5).unwrap();
        assert!((root.dot(&root) - &a).iter().all(|x| x.abs() < 1e-12));
        assert!((power(&a, -1.0).unwrap().dot(&a) - Array2::<f64>::eye(2)).iter().all(|x| x.abs() < 1e-12));
    }

    #[test]
    fn the_commutation_matrix_transposes() {
        let a = array![[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]];
        let vec = |a: &Array2<f64>| a.t().iter().copied().collect::<ndarray::Array1<f64>>();
        assert_eq!(commutation(2, 3).unwrap().dot(&vec(&a)), vec(&a.t().to_owned()));
    }
}
