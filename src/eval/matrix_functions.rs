//! Functions of square matrices defined by power series (Higham 2008), and the equations they solve.

use super::linear::{blocks, from_dense, inverse, kronecker, to_dense};
use super::sizes::check_entries;
use crate::error::{Error, ErrorKind, Result};
use crate::index::LinearOperator;
use ndarray::{Array1, Array2, Axis, Slice};

/// Square roots taken before the logarithm's series; more means that the matrix has no principal logarithm.
const MAX_ROOTS: usize = 60;
/// Newton steps for a square root; they converge quadratically.
const MAX_STEPS: usize = 60;

fn square(a: &Array2<f64>) -> Result<usize> {
    if a.nrows() == a.ncols() {
        return Ok(a.nrows());
    }
    Err(Error::new(ErrorKind::Shape, format!("a function of a square matrix was given one of {}×{}", a.nrows(), a.ncols())))
}

fn size(a: &Array2<f64>) -> f64 {
    a.iter().fold(0.0, |m, x| if x.is_nan() { f64::INFINITY } else { m.max(x.abs()) })
}

pub(crate) fn exponential(a: &Array2<f64>) -> Result<Array2<f64>> {
    square(a)?;
    // Scaling and squaring would not end for these.
    if !size(a).is_finite() {
        return Err(Error::new(ErrorKind::Domain, "the exponential of a matrix that is not finite"));
    }
    Ok(from_dense(&to_dense(a).exp()))
}

/// The principal square root by the Denman-Beavers iteration (Higham 2008, (6.15)).
pub(crate) fn root(a: &Array2<f64>) -> Result<Array2<f64>> {
    let n = square(a)?;
    let (mut y, mut z) = (a.clone(), Array2::eye(n));
    for _ in 0..MAX_STEPS {
        let next = (&y + &inverse(&z)?) / 2.0;
        z = (&z + &inverse(&y)?) / 2.0;
        let moved = size(&(&next - &y));
        y = next;
        if moved <= 1e-15 * size(&y) {
            break;
        }
    }
    if size(&(y.dot(&y) - a)) <= 1e-8 * size(a) {
        return Ok(y);
    }
    Err(Error::new(ErrorKind::Domain, "a matrix has no principal square root at these values"))
}

/// The principal logarithm: square roots until the matrix is near I, then `2*atanh((A - I)/(A + I))` by its series.
pub(crate) fn logarithm(a: &Array2<f64>) -> Result<Array2<f64>> {
    let n = square(a)?;
    let one = Array2::<f64>::eye(n);
    let mut near = a.clone();
    let mut scale = 2.0;
    for _ in 0..MAX_ROOTS {
        if size(&(&near - &one)) < 0.05 {
            let u = inverse(&(&near + &one))?.dot(&(&near - &one));
            let squared = u.dot(&u);
            let mut term = u.clone();
            let mut sum = Array2::zeros((n, n));
            // The entries of u are below 0.03, so that the 12th term is far below rounding.
            for k in 0..12 {
                sum = sum + &term / f64::from(2 * k + 1);
                term = term.dot(&squared);
            }
            return Ok(sum * scale);
        }
        near = root(&near)?;
        scale *= 2.0;
    }
    Err(Error::new(ErrorKind::Domain, "a matrix has no principal logarithm at these values"))
}

/// `cos(A)` and `sin(A)`, the blocks of `expm([0, -A; A, 0])`.
pub(crate) fn cosine_and_sine(a: &Array2<f64>) -> Result<(Array2<f64>, Array2<f64>)> {
    let n = square(a)?;
    let zero = Array2::zeros((n, n));
    let turned = exponential(&blocks(&[vec![zero.clone(), -a], vec![a.clone(), zero]])?)?;
    let left = turned.slice_axis(Axis(1), Slice::from(..n));
    Ok((left.slice_axis(Axis(0), Slice::from(..n)).to_owned(), left.slice_axis(Axis(0), Slice::from(n..)).to_owned()))
}

/// The X of `A*X + X*B = C`, from `(kron(I, A) + kron(B', I))*vec(X) = vec(C)`.
pub(crate) fn sylvester(a: &Array2<f64>, b: &Array2<f64>, c: &Array2<f64>) -> Result<Array2<f64>> {
    let (m, n) = (square(a)?, square(b)?);
    if c.dim() != (m, n) {
        return Err(Error::new(ErrorKind::Shape, format!("sylvester of {m}×{m} and {n}×{n} needs a right side of {m}×{n}")));
    }
    check_entries(&[m, n, m, n])?;
    let system = kronecker(&Array2::eye(n), a)? + kronecker(&b.t().to_owned(), &Array2::eye(m))?;
    let x = inverse(&system)?.dot(&Array1::from_iter(c.t().iter().copied()));
    Ok(Array2::from_shape_fn((m, n), |(i, j)| x[i + m * j]))
}

/// The value of a linear operator.
pub(crate) fn operator(f: LinearOperator, operands: &[Array2<f64>]) -> Result<Array2<f64>> {
    match (f, operands) {
        (LinearOperator::Sylvester, [a, b, c]) => sylvester(a, b, c),
        (LinearOperator::Sylvester, _) => Err(Error::new(ErrorKind::Internal, "sylvester takes three matrices")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    fn close(a: &Array2<f64>, b: &Array2<f64>) -> bool {
        size(&(a - b)) < 1e-12 * size(a).max(1.0)
    }

    #[test]
    fn functions_invert_each_other() {
        let a = array![[4.0, 1.0], [-0.5, 3.0]];
        assert!(close(&exponential(&logarithm(&a).unwrap()).unwrap(), &a));
        let r = root(&a).unwrap();
        assert!(close(&r.dot(&r), &a));
        let (c, s) = cosine_and_sine(&a).unwrap();
        assert!(close(&(c.dot(&c) + s.dot(&s)), &Array2::eye(2)));
    }

    #[test]
    fn sylvester_solves_its_equation() {
        let (a, b, c) = (array![[4.0, 1.0], [-0.5, 3.0]], array![[2.0]], array![[1.0], [5.0]]);
        let x = sylvester(&a, &b, &c).unwrap();
        assert!(close(&(a.dot(&x) + x.dot(&b)), &c));
    }

    #[test]
    fn what_does_not_exist_is_an_error() {
        assert_eq!(logarithm(&array![[-1.0, 0.0], [0.0, 2.0]]).unwrap_err().kind, ErrorKind::Domain);
        assert_eq!(exponential(&array![[f64::NAN]]).unwrap_err().kind, ErrorKind::Domain);
    }
}
