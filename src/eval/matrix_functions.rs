//! Functions of square matrices defined by power series (Higham 2008), and the equations they solve.

use super::linear::{blocks, from_dense, inverse, to_dense};
use super::sizes::check_entries;
use crate::error::{Error, ErrorKind, Result};
use crate::function::Call;
use crate::index::LinearOperator;
use nalgebra::{Complex, DMatrix};
use ndarray::{Array1, Array2, Axis, Slice};

/// Square roots taken before the logarithm's series; more means that the matrix has no principal logarithm.
const MAX_ROOTS: usize = 60;
/// Steps of the QR algorithm.
const MAX_SCHUR: usize = 10_000;
/// Sums of eigenvalues below this part of the matrices count as 0.
const SINGULAR: f64 = 1e-13;
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

/// The principal square root: of a symmetric matrix by its eigenvalues, of which those below rounding count as 0; of others by
/// the Denman-Beavers iteration (Higham 2008, (6.15)).
pub(crate) fn root(a: &Array2<f64>) -> Result<Array2<f64>> {
    let n = square(a)?;
    if super::spectra::is_symmetric(a) {
        return super::spectra::root_of_symmetric(a);
    }
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

/// The X of `A*X + X*B = C` by the Schur forms of A and B (Bartels and Stewart 1972): with `A = U*T*U'` and `B = V*S*V'`
/// the columns of `Y = U'*X*V` follow from each other by triangular systems.
pub(crate) fn sylvester(a: &Array2<f64>, b: &Array2<f64>, c: &Array2<f64>) -> Result<Array2<f64>> {
    let (m, n) = (square(a)?, square(b)?);
    if c.dim() != (m, n) {
        return Err(Error::new(ErrorKind::Shape, format!("sylvester of {m}×{m} and {n}×{n} needs a right side of {m}×{n}")));
    }
    let (u, t) = schur(a)?;
    let (v, s) = schur(b)?;
    let mut y = u.adjoint() * complex(c) * &v;
    let scale = size(a) + size(b);
    for k in 0..n {
        for j in 0..k {
            let known = y.column(j) * s[(j, k)];
            let mut column = y.column_mut(k);
            column -= known;
        }
        for i in (0..m).rev() {
            let rest: Complex<f64> = (i + 1..m).map(|l| t[(i, l)] * y[(l, k)]).sum();
            let pivot = t[(i, i)] + s[(k, k)];
            if pivot.norm() <= SINGULAR * scale {
                return Err(Error::new(ErrorKind::Domain, "A and -B have an eigenvalue in common: sylvester(A, B, C) is not unique"));
            }
            y[(i, k)] = (y[(i, k)] - rest) / pivot;
        }
    }
    let x = u * y * v.adjoint();
    Ok(Array2::from_shape_fn((m, n), |(i, j)| x[(i, j)].re))
}

fn complex(a: &Array2<f64>) -> DMatrix<Complex<f64>> {
    DMatrix::from_fn(a.nrows(), a.ncols(), |i, j| Complex::new(a[[i, j]], 0.0))
}

/// The unitary U and the upper triangular T with `A = U*T*U'`.
pub(super) fn schur(a: &Array2<f64>) -> Result<(DMatrix<Complex<f64>>, DMatrix<Complex<f64>>)> {
    super::linear::to_finite(a)?;
    let schur = nalgebra::Schur::try_new(complex(a), f64::EPSILON, MAX_SCHUR);
    let schur = schur.ok_or_else(|| Error::new(ErrorKind::Domain, "the Schur form of a matrix was not found"))?;
    Ok(schur.unpack())
}

/// A function of matrices by its name.
pub(crate) fn named(f: Call, a: &Array2<f64>) -> Result<Array2<f64>> {
    match f {
        Call::Expm => exponential(a),
        Call::Logm => logarithm(a),
        Call::Sqrtm => root(a),
        Call::Cosm => Ok(cosine_and_sine(a)?.0),
        Call::Sinm => Ok(cosine_and_sine(a)?.1),
        _ => Err(Error::new(ErrorKind::Internal, format!("{} is no function of matrices", f.name()))),
    }
}

/// The Fréchet derivative at A in the direction E: the upper right block of `f([A, E; 0, A])` (Higham 2008, (3.16)).
pub(crate) fn frechet(f: &dyn Fn(&Array2<f64>) -> Result<Array2<f64>>, a: &Array2<f64>, e: &Array2<f64>) -> Result<Array2<f64>> {
    let n = square(a)?;
    // The direction is scaled to the size of A, so that the blocks are of one size.
    let scale = if size(e) > 0.0 && size(e).is_finite() { size(a).max(1.0) / size(e) } else { 1.0 };
    let whole = f(&blocks(&[vec![a.clone(), e * scale], vec![Array2::zeros((n, n)), a.clone()]])?)?;
    Ok(whole.slice_axis(Axis(0), Slice::from(..n)).slice_axis(Axis(1), Slice::from(n..)).to_owned() / scale)
}

/// The matrix K with `vec(L(A, E)) = K*vec(E)`, a column for each direction.
pub(crate) fn frechet_matrix(f: &dyn Fn(&Array2<f64>) -> Result<Array2<f64>>, a: &Array2<f64>) -> Result<Array2<f64>> {
    let n = square(a)?;
    check_entries(&[n, n, n, n])?;
    let mut k = Array2::zeros((n * n, n * n));
    for at in 0..n * n {
        let mut e = Array2::zeros((n, n));
        e[[at % n, at / n]] = 1.0;
        let column = frechet(f, a, &e)?;
        k.column_mut(at).assign(&Array1::from_iter(column.t().iter().copied()));
    }
    Ok(k)
}

/// The value of a linear operator.
pub(crate) fn operator(f: LinearOperator, operands: &[Array2<f64>]) -> Result<Array2<f64>> {
    let function = match f {
        LinearOperator::Sylvester => match operands {
            [a, b, c] => return sylvester(a, b, c),
            _ => return Err(Error::new(ErrorKind::Internal, "sylvester takes three matrices")),
        },
        LinearOperator::FrechetExpm => Call::Expm,
        LinearOperator::FrechetLogm => Call::Logm,
        LinearOperator::FrechetCosm => Call::Cosm,
        LinearOperator::FrechetSinm => Call::Sinm,
    };
    match operands {
        [a, e] => frechet(&|a| named(function, a), a, e),
        [a] => frechet_matrix(&|a| named(function, a), a),
        _ => Err(Error::new(ErrorKind::Internal, "a Fréchet derivative takes one matrix or two")),
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
    fn the_frechet_derivative_is_the_limit_of_differences() {
        let (a, e) = (array![[0.4, 1.0], [-0.5, 1.3]], array![[0.2, -1.0], [0.7, 0.1]]);
        for f in [Call::Expm, Call::Logm, Call::Sqrtm, Call::Cosm, Call::Sinm] {
            let function = |a: &Array2<f64>| named(f, a);
            let h = 1e-5;
            let difference = (function(&(&a + &e * h)).unwrap() - function(&(&a - &e * h)).unwrap()) / (2.0 * h);
            let exact = frechet(&function, &a, &e).unwrap();
            assert!(size(&(&difference - &exact)) < 1e-8, "{}", f.name());
            let stacked = frechet_matrix(&function, &a).unwrap().dot(&Array1::from_iter(e.t().iter().copied()));
            assert!(size(&(stacked.into_shape_with_order((2, 2)).unwrap().reversed_axes() - exact)) < 1e-12, "{}", f.name());
        }
    }

    /// Higham 2008, problem 1.10 and its like: closed forms of 2×2 matrices.
    #[test]
    fn closed_forms_are_met() {
        let turn = array![[0.0, -0.7], [0.7, 0.0]];
        let (c, s) = (0.7f64.cos(), 0.7f64.sin());
        assert!(close(&exponential(&turn).unwrap(), &array![[c, -s], [s, c]]));
        assert!(close(&logarithm(&array![[c, -s], [s, c]]).unwrap(), &turn));
        let jordan = array![[2.0, 1.0], [0.0, 2.0]];
        assert!(close(&logarithm(&jordan).unwrap(), &array![[2f64.ln(), 0.5], [0.0, 2f64.ln()]]));
        assert!(close(&root(&jordan).unwrap(), &array![[2f64.sqrt(), 0.5 / 2f64.sqrt()], [0.0, 2f64.sqrt()]]));
        assert!(close(&root(&array![[1.0, 1.0], [1.0, 1.0]]).unwrap(), &(array![[1.0, 1.0], [1.0, 1.0]] / 2f64.sqrt())));
    }

    #[test]
    fn sylvester_with_complex_eigenvalues_and_without_solution() {
        let (a, b) = (array![[0.0, -1.0], [1.0, 0.5]], array![[1.0, 2.0, 0.0], [-3.0, 1.0, 0.2], [0.1, 0.0, 0.3]]);
        let c = array![[1.0, 2.0, 3.0], [4.0, 5.0, 6.5]];
        let x = sylvester(&a, &b, &c).unwrap();
        assert!(close(&(a.dot(&x) + x.dot(&b)), &c));
        assert_eq!(sylvester(&a, &-a.clone(), &Array2::eye(2)).unwrap_err().kind, ErrorKind::Domain);
    }

    #[test]
    fn what_does_not_exist_is_an_error() {
        assert_eq!(logarithm(&array![[-1.0, 0.0], [0.0, 2.0]]).unwrap_err().kind, ErrorKind::Domain);
        assert_eq!(exponential(&array![[f64::NAN]]).unwrap_err().kind, ErrorKind::Domain);
    }
}
