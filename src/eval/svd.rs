//! Singular values and vectors by one-sided Jacobi rotations (Hestenes 1958; Golub and Van Loan 2013, section 8.6.3), which
//! keep their accuracy for matrices of deficient rank.

use super::linear::to_finite;
use crate::error::Result;
use nalgebra::{DMatrix, DVector};
use ndarray::Array2;

/// Sweeps over all pairs of columns; they converge quadratically, so that fewer than ten are usual.
const MAX_SWEEPS: usize = 40;

/// `A = U*diag(s)*V'` of an m×n matrix with m >= n, the singular values in no order; columns of U that belong to 0 are 0.
pub(super) struct Svd {
    left: DMatrix<f64>,
    pub(super) values: DVector<f64>,
    right: DMatrix<f64>,
    /// Whether this is the decomposition of the transpose.
    turned: bool,
}

impl Svd {
    /// # Errors
    /// If an entry is not finite.
    pub(super) fn of(a: &Array2<f64>) -> Result<Svd> {
        let a = to_finite(a)?;
        let turned = a.nrows() < a.ncols();
        let mut left = if turned { a.transpose() } else { a };
        let mut right = DMatrix::identity(left.ncols(), left.ncols());
        for _ in 0..MAX_SWEEPS {
            if !sweep(&mut left, &mut right) {
                break;
            }
        }
        let values = DVector::from_iterator(left.ncols(), left.column_iter().map(|c| c.norm()));
        for (mut column, s) in left.column_iter_mut().zip(values.iter()).filter(|(_, s)| **s > 0.0) {
            column /= *s;
        }
        Ok(Svd { left, values, right, turned })
    }

    pub(super) fn largest(&self) -> f64 {
        self.values.iter().fold(0.0, |m, s| m.max(*s))
    }

    /// The Moore-Penrose pseudoinverse; singular values up to this count as 0.
    pub(super) fn pseudoinverse(&self, negligible: f64) -> DMatrix<f64> {
        let inverted = self.values.map(|s| if s <= negligible { 0.0 } else { 1.0 / s });
        let inverse = &self.right * DMatrix::from_diagonal(&inverted) * self.left.transpose();
        if self.turned { inverse.transpose() } else { inverse }
    }

    /// The direction that belongs to the smallest singular value of a square matrix.
    pub(super) fn kernel(&self) -> DVector<f64> {
        self.right.column(self.values.imin()).into()
    }
}

/// Makes each pair of columns orthogonal in turn; whether that changed anything.
fn sweep(left: &mut DMatrix<f64>, right: &mut DMatrix<f64>) -> bool {
    // What is below the rounding of the whole matrix is 0.
    let rounding = (f64::EPSILON * left.norm()).powi(2);
    let mut changed = false;
    for q in 1..left.ncols() {
        for p in 0..q {
            let (alpha, beta) = (left.column(p).norm_squared(), left.column(q).norm_squared());
            let gamma = left.column(p).dot(&left.column(q));
            if gamma.abs() <= f64::EPSILON * (alpha * beta).sqrt() + rounding {
                continue;
            }
            changed = true;
            let zeta = (beta - alpha) / (2.0 * gamma);
            let t = zeta.signum() / (zeta.abs() + zeta.hypot(1.0));
            let c = 1.0 / t.hypot(1.0);
            rotate(left, p, q, c, c * t);
            rotate(right, p, q, c, c * t);
        }
    }
    changed
}

fn rotate(a: &mut DMatrix<f64>, p: usize, q: usize, c: f64, s: f64) {
    for i in 0..a.nrows() {
        let (x, y) = (a[(i, p)], a[(i, q)]);
        a[(i, p)] = c * x - s * y;
        a[(i, q)] = s * x + c * y;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eval::linear::from_dense;
    use ndarray::array;

    fn close(a: &Array2<f64>, b: &Array2<f64>) -> bool {
        a.dim() == b.dim() && a.iter().zip(b).all(|(x, y)| (x - y).abs() < 1e-14)
    }

    /// Values of numpy.linalg.pinv.
    #[test]
    fn pseudoinverses_have_the_values_of_numpy() {
        let a = array![[1.0, 2.0, 3.0], [2.0, 4.0, 6.0]];
        let expected = array![[1.0, 2.0], [2.0, 4.0], [3.0, 6.0]] / 70.0;
        assert!(close(&from_dense(&Svd::of(&a).unwrap().pseudoinverse(1e-13)), &expected));
        assert!(close(&from_dense(&Svd::of(&a.t().to_owned()).unwrap().pseudoinverse(1e-13)), &expected.t().to_owned()));
    }

    #[test]
    fn a_singular_symmetric_matrix_has_a_symmetric_pseudoinverse_that_satisfies_the_equations_of_penrose() {
        let s = array![[4.0, 5.0, 3.0, 4.0], [5.0, 5.0, 4.0, 3.0], [3.0, 4.0, 5.0, 4.0], [4.0, 3.0, 4.0, 3.0]];
        let shifted = Array2::eye(4) * 15.828_871_991_541_5 - s;
        let p = from_dense(&Svd::of(&shifted).unwrap().pseudoinverse(1e-12));
        assert!((&p - &p.t()).iter().all(|x| x.abs() < 1e-14));
        assert!((p.dot(&shifted).dot(&p) - &p).iter().all(|x| x.abs() < 1e-13));
        assert!((shifted.dot(&p).dot(&shifted) - &shifted).iter().all(|x| x.abs() < 1e-12));
    }

    #[test]
    fn zeros_have_the_singular_value_0() {
        let svd = Svd::of(&Array2::zeros((3, 2))).unwrap();
        assert_eq!(svd.largest(), 0.0);
        assert!(svd.pseudoinverse(0.0).iter().all(|x| *x == 0.0));
    }
}
