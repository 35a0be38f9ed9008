//! Eigenvalues, eigenvectors and Cholesky factors.

use super::linear::{from_dense, to_finite};
use super::matrix_functions::schur;
use super::svd::Svd;
use crate::error::{Error, ErrorKind, Result};
use nalgebra::{DMatrix, SymmetricEigen};
use ndarray::{Array1, Array2, ArrayD};

/// Relative to the largest entry or eigenvalue: what counts as rounding.
const ROUNDING: f64 = 1e-13;
/// Likewise for the imaginary part of an eigenvalue.
const IMAGINARY: f64 = 1e-9;

fn largest(a: &Array2<f64>) -> f64 {
    a.iter().fold(0.0, |m, x| x.abs().max(m))
}

pub(super) fn is_symmetric(a: &Array2<f64>) -> bool {
    let size = largest(a);
    a.is_square() && a.indexed_iter().all(|((i, j), x)| (x - a[[j, i]]).abs() <= ROUNDING * size)
}

fn domain(message: &str) -> Error {
    Error::new(ErrorKind::Domain, message)
}

pub(super) fn root_of_symmetric(a: &Array2<f64>) -> Result<Array2<f64>> {
    of_symmetric(a, |l, size| match l {
        _ if l < -ROUNDING * size => Err(domain("a matrix has no real square root at these values: an eigenvalue is negative")),
        _ if l <= ROUNDING * size => Ok(0.0),
        _ => Ok(l.sqrt()),
    })
}

pub(super) fn logarithm_of_symmetric(a: &Array2<f64>) -> Result<Array2<f64>> {
    of_symmetric(a, |l, size| match l {
        _ if l <= ROUNDING * size => Err(domain("a matrix has no real logarithm at these values: an eigenvalue is not positive")),
        _ => Ok(l.ln()),
    })
}

/// A function of the eigenvalues, given each with the largest absolute value of all.
fn of_symmetric(a: &Array2<f64>, f: impl Fn(f64, f64) -> Result<f64>) -> Result<Array2<f64>> {
    let eigen = SymmetricEigen::new(to_finite(a)?);
    let size = eigen.eigenvalues.amax();
    let values = eigen.eigenvalues.iter().map(|l| f(*l, size)).collect::<Result<Vec<f64>>>()?;
    let v = &eigen.eigenvectors;
    Ok(from_dense(&(v * DMatrix::from_diagonal(&values.into()) * v.transpose())))
}

/// The largest or the smallest eigenvalue of a matrix whose eigenvalue there is real.
pub(super) fn eigenvalue(a: &Array2<f64>, largest_one: bool) -> Result<f64> {
    if is_symmetric(a) {
        let all = to_finite(a)?.symmetric_eigenvalues();
        return Ok(if largest_one { all.max() } else { all.min() });
    }
    let (_, t) = schur(a)?;
    let sign = if largest_one { 1.0 } else { -1.0 };
    let ahead = |x: &nalgebra::Complex<f64>, y: &nalgebra::Complex<f64>| (sign * x.re).total_cmp(&(sign * y.re));
    let extreme = t.diagonal().iter().copied().max_by(ahead).ok_or_else(|| domain("an empty matrix has no eigenvalues"))?;
    if extreme.im.abs() > IMAGINARY * largest(a) {
        return Err(domain("the eigenvalue of a matrix with the largest or smallest real part is not real at these values"));
    }
    Ok(extreme.re)
}

/// The eigenvalues of a square matrix, or of a scalar, as their real and imaginary parts.
pub(crate) fn eigenvalues(a: &ArrayD<f64>) -> Result<Vec<(f64, f64)>> {
    let n = a.shape().first().copied().unwrap_or(1);
    let matrix = a.to_shape((n, n)).map_err(super::functions::internal)?.to_owned();
    let (_, t) = schur(&matrix)?;
    Ok(t.diagonal().iter().map(|l| (l.re, l.im)).collect())
}

/// The eigenvector of length 1 whose entry of largest absolute value is positive.
pub(super) fn eigenvector(a: &Array2<f64>, largest_one: bool) -> Result<Array1<f64>> {
    let lambda = eigenvalue(a, largest_one)?;
    // The direction that is taken to 0 belongs to the least singular value.
    let v = Svd::of(&(a - &(Array2::<f64>::eye(a.nrows()) * lambda)))?.kernel();
    let lead = v.iter().fold(0.0f64, |lead, x| if x.abs() > lead.abs() { *x } else { lead });
    Ok(v.iter().map(|x| x * lead.signum()).collect())
}

/// The Cholesky factor of the symmetric part, which of a symmetric matrix is the matrix.
pub(super) fn cholesky(a: &Array2<f64>) -> Result<Array2<f64>> {
    let symmetric = to_finite(&((a + &a.t()) / 2.0))?;
    let factor = nalgebra::Cholesky::new(symmetric).ok_or_else(|| domain("cholesky of a matrix that is not positive definite"))?;
    Ok(from_dense(&factor.l()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn eigenvectors_are_those_of_their_eigenvalues() {
        for a in [array![[2.0, 1.0], [1.0, -1.0]], array![[2.0, 1.0], [0.5, -1.0]]] {
            for largest_one in [true, false] {
                let (lambda, v) = (eigenvalue(&a, largest_one).unwrap(), eigenvector(&a, largest_one).unwrap());
                assert!((a.dot(&v) - &v * lambda).iter().all(|x| x.abs() < 1e-12));
                assert!((v.dot(&v) - 1.0).abs() < 1e-12);
            }
        }
    }

    #[test]
    fn what_is_not_real_is_an_error() {
        assert_eq!(eigenvalue(&array![[0.0, -1.0], [1.0, 0.0]], true).unwrap_err().kind, ErrorKind::Domain);
        assert_eq!(root_of_symmetric(&array![[1.0, 0.0], [0.0, -1.0]]).unwrap_err().kind, ErrorKind::Domain);
        assert_eq!(cholesky(&array![[1.0, 2.0], [2.0, 1.0]]).unwrap_err().kind, ErrorKind::Domain);
    }
}
