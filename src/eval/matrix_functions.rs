//! Functions of square matrices defined by power series (Higham 2008), and the equations they solve.

use super::linear::{blocks, from_dense, kronecker, to_dense};
use super::sizes::check_entries;
use super::spectra;
use crate::error::{Error, ErrorKind, Result};
use crate::function::Call;
use crate::index::LinearOperator;
use nalgebra::{Complex, DMatrix};
use ndarray::{Array2, ArrayD, Axis, Dimension, IxDyn, Slice};
use rustc_hash::FxHashMap;
use std::collections::hash_map::Entry;

type ComplexMatrix = DMatrix<Complex<f64>>;

/// Square roots taken before the logarithm's series; more means that the matrix has no principal logarithm.
const MAX_ROOTS: usize = 60;
/// Steps of the QR algorithm.
const MAX_SCHUR: usize = 10_000;
/// Sums of eigenvalues below this part of the matrices count as 0.
const SINGULAR: f64 = 1e-13;
/// How near to I the logarithm's series begins: `(T - I)/(T + I)` is then below 0.12 in norm.
const NEAR: f64 = 0.2;
/// Terms of that series, of which each is 0.014 of the one before.
const TERMS: u32 = 9;
/// What is left of an equation, relative to its sides, and still holds.
const RESIDUAL: f64 = 1e-8;

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
/// the Schur form, whose root is found entry by entry (Björck and Hammarling 1983).
pub(crate) fn root(a: &Array2<f64>) -> Result<Array2<f64>> {
    square(a)?;
    if spectra::is_symmetric(a) {
        return spectra::root_of_symmetric(a);
    }
    let (u, mut t) = schur(a)?;
    let negligible = SINGULAR * size(a);
    for i in 0..t.nrows() {
        if t[(i, i)].norm() <= negligible {
            t[(i, i)] = Complex::new(0.0, 0.0);
        }
    }
    let root = root_of_triangular(&t, negligible).ok_or_else(no_root)?;
    let root = real(&(&u * root * u.adjoint())).ok_or_else(no_root)?;
    if size(&(root.dot(&root) - a)) <= RESIDUAL * size(a) { Ok(root) } else { Err(no_root()) }
}

fn no_root() -> Error {
    Error::new(ErrorKind::Domain, "a matrix has no principal square root at these values")
}

/// Eigenvalues on the negative axis have two roots and two logarithms, none of which is the principal one.
fn is_on_the_cut(eigenvalue: Complex<f64>, negligible: f64) -> bool {
    eigenvalue.re < 0.0 && eigenvalue.im.abs() <= negligible
}

fn root_of_triangular(t: &ComplexMatrix, negligible: f64) -> Option<ComplexMatrix> {
    let n = t.nrows();
    let mut r = DMatrix::from_element(n, n, Complex::new(0.0, 0.0));
    for j in 0..n {
        if is_on_the_cut(t[(j, j)], negligible) {
            return None;
        }
        r[(j, j)] = t[(j, j)].sqrt();
        for i in (0..j).rev() {
            let known: Complex<f64> = (i + 1..j).map(|k| r[(i, k)] * r[(k, j)]).sum();
            let (right, sum) = (t[(i, j)] - known, r[(i, i)] + r[(j, j)]);
            r[(i, j)] = match (sum.norm() == 0.0, right.norm() <= negligible) {
                (true, false) => return None,
                (true, true) => Complex::new(0.0, 0.0),
                (false, _) => right / sum,
            };
        }
    }
    Some(r)
}

/// The real part of what is real but for rounding.
fn real(a: &ComplexMatrix) -> Option<Array2<f64>> {
    let (size, imaginary) = a.iter().fold((0.0f64, 0.0f64), |(s, i), x| (s.max(x.norm()), i.max(x.im.abs())));
    (imaginary <= RESIDUAL * size).then(|| Array2::from_shape_fn((a.nrows(), a.ncols()), |(i, j)| a[(i, j)].re))
}

/// The principal logarithm: of a symmetric matrix by its eigenvalues; of others by inverse scaling and squaring of the Schur
/// form (Higham 2008, section 11.5): square roots until the matrix is near I, then `2*atanh((T - I)/(T + I))` by its series.
pub(crate) fn logarithm(a: &Array2<f64>) -> Result<Array2<f64>> {
    square(a)?;
    if spectra::is_symmetric(a) {
        return spectra::logarithm_of_symmetric(a);
    }
    let none = || Error::new(ErrorKind::Domain, "a matrix has no principal logarithm at these values");
    let (u, t) = schur(a)?;
    let negligible = SINGULAR * size(a);
    if t.diagonal().iter().any(|l| l.norm() <= negligible) {
        return Err(none());
    }
    let mut log = logarithm_of_triangular(&t, negligible).ok_or_else(none)?;
    // The diagonal is known, and the roots have cost it some digits.
    for i in 0..t.nrows() {
        log[(i, i)] = t[(i, i)].ln();
    }
    real(&(&u * log * u.adjoint())).ok_or_else(none)
}

fn logarithm_of_triangular(t: &ComplexMatrix, negligible: f64) -> Option<ComplexMatrix> {
    let one = ComplexMatrix::identity(t.nrows(), t.nrows());
    let mut near = t.clone();
    let mut scale = 2.0;
    for _ in 0..MAX_ROOTS {
        if (&near - &one).norm() < NEAR {
            let u = (&near + &one).try_inverse()? * (&near - &one);
            let squared = &u * &u;
            let mut term = u;
            let mut sum = term.clone() * Complex::new(0.0, 0.0);
            for k in 0..TERMS {
                sum += &term / Complex::new(f64::from(2 * k + 1), 0.0);
                term = &term * &squared;
            }
            return Some(sum * Complex::new(scale, 0.0));
        }
        near = root_of_triangular(&near, negligible)?;
        scale *= 2.0;
    }
    None
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

fn complex(a: &Array2<f64>) -> ComplexMatrix {
    DMatrix::from_fn(a.nrows(), a.ncols(), |i, j| Complex::new(a[[i, j]], 0.0))
}

/// The unitary U and the upper triangular T with `A = U*T*U'`.
pub(super) fn schur(a: &Array2<f64>) -> Result<(ComplexMatrix, ComplexMatrix)> {
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

/// The Fréchet derivative at A in the directions E1, …, Ek: the upper right block of f of a matrix of 2^k blocks a side, in
/// one direction of `[A, E; 0, A]`, in a further one of `[X, kron(eye, E); 0, X]` with the X of those before it (Higham 2008,
/// (3.16); Higham and Relton 2014, theorem 3.5).
pub(crate) fn frechet(f: &dyn Fn(&Array2<f64>) -> Result<Array2<f64>>, a: &Array2<f64>, directions: &[Array2<f64>]) -> Result<Array2<f64>> {
    let n = square(a)?;
    let blocks_a_side = u32::try_from(directions.len()).ok().and_then(|k| 2usize.checked_pow(k)).unwrap_or(usize::MAX);
    let side = n.saturating_mul(blocks_a_side);
    check_entries(&[side, side])?;
    let (mut whole, mut scale) = (a.clone(), 1.0);
    for e in directions {
        // A direction is scaled to the size of A, so that the blocks are of one size.
        let own = if size(e) > 0.0 && size(e).is_finite() { size(a).max(1.0) / size(e) } else { 1.0 };
        scale *= own;
        let m = whole.nrows();
        let right = kronecker(&Array2::eye(m / n.max(1)), &(e * own))?;
        whole = blocks(&[vec![whole.clone(), right], vec![Array2::zeros((m, m)), whole]])?;
    }
    let value = f(&whole)?;
    Ok(value.slice_axis(Axis(0), Slice::from(..n)).slice_axis(Axis(1), Slice::from(side - n..)).to_owned() / scale)
}

/// The derivatives in these directions and in as many open ones, each a matrix with a single 1: the axes of the value, then those
/// of each open direction.
fn frechet_tensor(
    f: &dyn Fn(&Array2<f64>) -> Result<Array2<f64>>,
    a: &Array2<f64>,
    directions: &[Array2<f64>],
    open: usize,
) -> Result<ArrayD<f64>> {
    let n = square(a)?;
    let axes = vec![n; 2 + 2 * open];
    check_entries(&axes)?;
    let mut tensor = ArrayD::zeros(IxDyn(&axes));
    // Which direction comes first does not matter.
    let mut known: FxHashMap<Vec<usize>, Array2<f64>> = FxHashMap::default();
    for places in ndarray::indices(vec![n * n; open]) {
        let mut sorted = places.slice().to_vec();
        sorted.sort_unstable();
        let value = match known.entry(sorted) {
            Entry::Occupied(value) => value.into_mut(),
            Entry::Vacant(place) => {
                let units = place.key().iter().map(|p| unit(n, *p));
                let all: Vec<Array2<f64>> = directions.iter().cloned().chain(units).collect();
                place.insert(frechet(f, a, &all)?)
            }
        };
        let part =
            places.slice().iter().fold(tensor.view_mut(), |part, p| part.index_axis_move(Axis(2), p / n).index_axis_move(Axis(2), p % n));
        { part }.assign(value);
    }
    Ok(tensor)
}

/// The n×n matrix with a 1 at that place, rows before columns.
fn unit(n: usize, place: usize) -> Array2<f64> {
    let mut e = Array2::zeros((n, n));
    e[[place / n, place % n]] = 1.0;
    e
}

/// The matrix K with `vec(L(A, …, E)) = K*vec(E)`.
pub(crate) fn frechet_matrix(
    f: &dyn Fn(&Array2<f64>) -> Result<Array2<f64>>,
    a: &Array2<f64>,
    directions: &[Array2<f64>],
) -> Result<Array2<f64>> {
    let n = a.nrows();
    let tensor = frechet_tensor(f, a, directions, 1)?;
    let entries = tensor.permuted_axes(IxDyn(&[1, 0, 3, 2])).iter().copied().collect();
    Array2::from_shape_vec((n * n, n * n), entries).map_err(super::functions::internal)
}

/// The function of which an operator is the derivative.
fn function_of(f: LinearOperator) -> Option<Call> {
    match f {
        LinearOperator::Sylvester => None,
        LinearOperator::FrechetExpm => Some(Call::Expm),
        LinearOperator::FrechetLogm => Some(Call::Logm),
        LinearOperator::FrechetCosm => Some(Call::Cosm),
        LinearOperator::FrechetSinm => Some(Call::Sinm),
    }
}

/// The value of a linear operator with so many arguments left open, as the index form has it.
pub(crate) fn operator(f: LinearOperator, operands: &[Array2<f64>], open: usize) -> Result<ArrayD<f64>> {
    match (function_of(f), operands) {
        (None, [a, b, c]) => Ok(sylvester(a, b, c)?.into_dyn()),
        (Some(function), [a, directions @ ..]) if open == 0 => Ok(frechet(&|a| named(function, a), a, directions)?.into_dyn()),
        (Some(function), [a, directions @ ..]) => frechet_tensor(&|a| named(function, a), a, directions, open),
        _ => Err(Error::new(ErrorKind::Internal, "an operator on too few matrices")),
    }
}

/// The value of a step of a program: of a Fréchet derivative without a direction its matrix.
pub(crate) fn step(f: LinearOperator, operands: &[Array2<f64>]) -> Result<ArrayD<f64>> {
    match (function_of(f), operands) {
        (Some(function), [a]) => Ok(frechet_matrix(&|a| named(function, a), a, &[])?.into_dyn()),
        _ => operator(f, operands, 0),
    }
}

/// The tensor of all derivatives of that order of a function of matrices, axes of the value first: `D(expm)(A)`.
pub(crate) fn derivative(function: Call, a: &Array2<f64>, order: usize) -> Result<ArrayD<f64>> {
    frechet_tensor(&|a| named(function, a), a, &[], order)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array1, array};

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
            let exact = frechet(&function, &a, std::slice::from_ref(&e)).unwrap();
            assert!(size(&(&difference - &exact)) < 1e-8, "{}", f.name());
            let stacked = frechet_matrix(&function, &a, &[]).unwrap().dot(&Array1::from_iter(e.t().iter().copied()));
            assert!(size(&(stacked.into_shape_with_order((2, 2)).unwrap().reversed_axes() - exact)) < 1e-12, "{}", f.name());
        }
    }

    /// That of order k is the limit of differences of that of order k - 1, at a Jordan block as well, and it is symmetric.
    #[test]
    fn frechet_derivatives_of_higher_order_are_limits_of_differences() {
        let jordan = array![[1.3, 1.0, 0.0], [0.0, 1.3, 1.0], [0.0, 0.0, 1.3]];
        let general = array![[1.4, 1.0, -0.3], [-0.5, 1.3, 0.2], [0.1, -0.7, 0.9]];
        let e = array![[0.2, -1.0, 0.5], [0.7, 0.1, -0.4], [0.3, -0.6, 0.8]];
        let g = array![[-0.3, 0.4, 0.1], [0.9, -0.2, 0.6], [-0.5, 0.7, 0.3]];
        let h = 1e-4;
        for f in [Call::Expm, Call::Logm, Call::Sqrtm, Call::Cosm, Call::Sinm] {
            let function = |a: &Array2<f64>| named(f, a);
            for a in [&jordan, &general] {
                for known in [vec![], vec![e.clone()]] {
                    let lower = |a: &Array2<f64>| frechet(&function, a, &known).unwrap();
                    let difference = (lower(&(a + &(&g * h))) - lower(&(a - &(&g * h)))) / (2.0 * h);
                    let exact = frechet(&function, a, &[known.clone(), vec![g.clone()]].concat()).unwrap();
                    assert!(size(&(&difference - &exact)) < 1e-6 * size(&exact).max(1.0), "{} of order {}", f.name(), known.len() + 1);
                }
                let [one, other] = [[e.clone(), g.clone()], [g.clone(), e.clone()]].map(|ds| frechet(&function, a, &ds).unwrap());
                assert!(size(&(&one - &other)) < 1e-10 * size(&one).max(1.0), "{}", f.name());
            }
        }
    }

    #[test]
    fn the_tensor_of_all_derivatives_holds_each() {
        let (a, e) = (array![[0.4, 1.0], [-0.5, 1.3]], array![[0.2, -1.0], [0.7, 0.1]]);
        let tensor = derivative(Call::Cosm, &a, 2).unwrap();
        let exact = frechet(&|a| named(Call::Cosm, a), &a, &[e.clone(), unit(2, 1)]).unwrap();
        let entry = |i: usize, j: usize| e.indexed_iter().map(|((k, l), x)| x * tensor[[i, j, k, l, 0, 1].as_slice()]).sum::<f64>();
        assert!(close(&Array2::from_shape_fn((2, 2), |(i, j)| entry(i, j)), &exact));
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

    /// Computed with scipy.linalg 1.17: expm, logm, sqrtm, cosm, sinm, expm_frechet, solve_sylvester; the Fréchet derivatives of
    /// logm and sqrtm by block matrices. The eigenvalues of A are 0.988 ± 0.715i and 0.624; J is a Jordan block, N far from normal,
    /// and the norm of L is large.
    #[test]
    fn values_are_those_of_scipy() {
        let a = array![[0.4, 1.0, -0.3], [-0.5, 1.3, 0.2], [0.1, -0.7, 0.9]];
        let j = array![[2.0, 1.0, 0.0], [0.0, 2.0, 1.0], [0.0, 0.0, 2.0]];
        let n = array![[1.0, 1000.0, 0.0], [0.0, 1.5, -200.0], [0.0, 0.0, 2.0]];
        let l = array![[30.0, -12.0, 4.0], [7.0, 25.0, -9.0], [-3.0, 8.0, -20.0]];
        let of = |f: Call, a: &Array2<f64>| named(f, a).unwrap();
        let table = [
            (
                of(Call::Expm, &a),
                array![
                    [0.953_156_595_912_196_1, 2.387_632_866_555_138_3, -0.279_106_669_983_037_57],
                    [-1.051_132_624_536_217, 2.760_726_505_302_505_6, 0.714_952_431_056_638_3],
                    [0.568_648_252_465_520_9, -1.788_914_464_991_471_4, 2.209_753_905_035_961]
                ],
            ),
            (
                of(Call::Expm, &n),
                array![
                    [std::f64::consts::E, 3_526.814_483_758_039, -457_583.914_685_426_3],
                    [0.0, 4.481_689_070_338_064_5, -1_162.946_811_437_034_3],
                    [0.0, 0.0, 7.389_056_098_930_65]
                ],
            ),
            (
                of(Call::Expm, &l),
                array![
                    [-239_046_179_626.857_15, -242_951_772_268.052_58, 44_635_260_583.174_77],
                    [168_785_817_701.723_66, -383_736_443_278.538_3, 86_845_299_578.373_15],
                    [47_715_406_198.697_266, -41_110_554_453.630_2, 10_190_449_421.697_092]
                ],
            ),
            (
                of(Call::Logm, &a),
                array![
                    [-0.494_984_017_698_421_43, 0.912_212_857_521_939_7, -0.482_635_102_908_952_3],
                    [-0.524_308_532_433_414_1, 0.489_146_986_055_812_64, 0.068_954_270_993_440_86],
                    [-0.066_461_977_938_497_77, -0.582_350_466_839_263_6, -0.068_886_514_553_326_78]
                ],
            ),
            (
                of(Call::Logm, &n),
                array![
                    [0.0, 810.930_216_216_328_7, 47_113.214_262_553_39],
                    [0.0, 0.405_465_108_108_164_4, -115.072_828_980_712_36],
                    [0.0, 0.0, std::f64::consts::LN_2]
                ],
            ),
            (of(Call::Logm, &j), array![[2f64.ln(), 0.5, -0.125], [0.0, 2f64.ln(), 0.5], [0.0, 0.0, 2f64.ln()]]),
            (
                of(Call::Sqrtm, &a),
                array![
                    [0.726_372_244_881_922_2, 0.484_891_628_420_676_96, -0.197_498_760_691_781_68],
                    [-0.259_427_299_904_065_9, 1.203_394_424_239_928_2, 0.068_721_133_489_774_95],
                    [0.009_227_967_918_171_823, -0.325_431_395_682_843_2, 0.961_346_205_387_020_9]
                ],
            ),
            (
                of(Call::Sqrtm, &n),
                array![
                    [1.0, 449.489_742_783_178_14, 14_110.472_164_033_223],
                    [0.0, 1.224_744_871_391_589, -75.787_476_392_602_4],
                    [0.0, 0.0, 2f64.sqrt()]
                ],
            ),
            (
                of(Call::Cosm, &a),
                array![
                    [1.121_236_523_662_947, -0.885_693_585_546_095_7, 0.137_156_833_763_866_73],
                    [0.400_891_426_617_707_7, 0.424_469_532_515_034_3, -0.246_952_446_391_705],
                    [-0.185_570_165_105_755_8, 0.654_556_731_594_267_1, 0.659_929_369_781_549_6]
                ],
            ),
            (
                of(Call::Sinm, &a),
                array![
                    [0.575_922_627_962_594_2, 0.624_625_208_832_589_3, -0.339_378_286_260_630_7],
                    [-0.361_917_931_965_528_96, 1.256_741_259_409_693, 0.042_381_776_724_591_99],
                    [-0.052_224_996_410_570_77, -0.396_362_856_282_243_44, 0.866_408_888_257_225_6]
                ],
            ),
        ];
        for (at, (found, expected)) in table.iter().enumerate() {
            assert!(size(&(found - expected)) < 1e-11 * size(expected), "line {at}: {found}");
        }
    }

    #[test]
    fn frechet_derivatives_and_solutions_are_those_of_scipy() {
        let a = array![[0.4, 1.0, -0.3], [-0.5, 1.3, 0.2], [0.1, -0.7, 0.9]];
        let e = array![[0.2, -1.0, 0.5], [0.7, 0.1, -0.4], [0.3, -0.6, 0.8]];
        let of = |f: Call| frechet(&|a: &Array2<f64>| named(f, a), &a, std::slice::from_ref(&e)).unwrap();
        let table = [
            (
                of(Call::Expm),
                array![
                    [1.345_081_994_689_956_8, -1.411_594_559_470_815_7, -0.147_235_229_568_201_65],
                    [1.129_986_042_010_971_5, 2.031_356_747_388_388, -1.175_005_366_585_859],
                    [0.622_526_768_025_586_6, -2.590_275_538_986_426, 2.067_730_435_388_378]
                ],
            ),
            (
                of(Call::Logm),
                array![
                    [-0.309_737_811_310_804_97, -0.699_045_885_470_178_7, 1.048_175_140_027_801_7],
                    [0.608_036_932_762_695_9, -0.352_363_414_980_448_76, -0.039_648_684_581_046_444],
                    [0.503_385_166_987_729_6, -0.511_425_739_646_874, 0.939_040_881_463_667_2]
                ],
            ),
            (
                of(Call::Sqrtm),
                array![
                    [-0.031_742_779_161_810_494, -0.450_196_405_381_080_2, 0.394_241_485_559_554_74],
                    [0.340_646_494_912_987_5, -0.083_787_725_059_436_19, -0.117_270_064_063_860_7],
                    [0.199_969_719_475_677_07, -0.268_823_706_451_305_77, 0.424_491_316_767_165_5]
                ],
            ),
            (
                sylvester(&a, &array![[2.0, 0.5], [-1.0, 3.0]], &array![[1.0, 2.0], [3.0, 4.0], [5.0, 6.5]]).unwrap(),
                array![
                    [0.456_922_475_713_339_1, 0.420_333_956_605_609_1],
                    [1.066_525_474_060_025, 0.786_276_465_985_698],
                    [2.476_018_197_221_428, 1.479_577_187_671_463_4]
                ],
            ),
        ];
        for (at, (found, expected)) in table.iter().enumerate() {
            assert!(size(&(found - expected)) < 1e-12, "line {at}: {found}");
        }
    }

    #[test]
    fn what_does_not_exist_is_an_error() {
        for f in [Call::Logm, Call::Sqrtm] {
            // A pair of equal negative eigenvalues has a real root that is not the principal one.
            for a in [array![[-1.0, 0.0], [0.0, 2.0]], array![[-2.0, 1.0], [0.0, -2.0]], array![[0.0, 1.0], [0.0, 0.0]]] {
                assert_eq!(named(f, &a).unwrap_err().kind, ErrorKind::Domain, "{}", f.name());
            }
        }
        assert_eq!(logarithm(&array![[1.0, 2.0], [3.0, 6.0]]).unwrap_err().kind, ErrorKind::Domain);
        assert_eq!(exponential(&array![[f64::NAN]]).unwrap_err().kind, ErrorKind::Domain);
    }
}
