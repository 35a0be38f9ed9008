//! The meaning of the functions that are not elementwise in one argument, on whole values.

use super::linear;
use super::matrix_functions;
use super::sizes::Sizes;
use super::spectra;
use super::svd::Svd;
use crate::dim::Dim;
use crate::error::{Error, ErrorKind, Result};
use crate::expr::Shape;
use crate::function::{Call, Map2};
use ndarray::{Array2, ArrayD, ArrayViewD, Axis, Dimension, Ix2, IxDyn, arr0};

/// A value with the shape that inference found, without free indices.
pub(super) struct Operand<'a> {
    pub value: ArrayViewD<'a, f64>,
    pub shape: &'a Shape,
}

impl Operand<'_> {
    pub(super) fn is_scalar(&self) -> bool {
        self.value.ndim() == 0
    }

    /// The value of a scalar.
    pub(super) fn scalar(&self) -> Result<f64> {
        match self.value.first() {
            Some(x) if self.is_scalar() => Ok(*x),
            _ => Err(Error::new(ErrorKind::Shape, format!("a scalar was expected where a {} stands", self.shape))),
        }
    }

    /// As rows by columns: a column is n×1, a row 1×n, a scalar 1×1.
    pub(super) fn matrix(&self) -> Result<Array2<f64>> {
        let (rows, columns) = match (self.shape, self.value.shape()) {
            (_, []) => (1, 1),
            (Shape::Row(_), [n]) => (1, *n),
            (_, [n]) => (*n, 1),
            (_, [m, n]) => (*m, *n),
            _ => return Err(Error::unsupported(format!("a product or a matrix function of a {}", self.shape))),
        };
        reshaped(self.value.to_owned(), &[rows, columns])?.into_dimensionality::<Ix2>().map_err(internal)
    }

    fn is_matrix(&self) -> bool {
        self.value.ndim() == 2
    }
}

pub(super) fn internal(e: impl std::fmt::Display) -> Error {
    Error::new(ErrorKind::Internal, e.to_string())
}

/// The same entries in row-major order under other lengths.
pub(super) fn reshaped(value: ArrayD<f64>, lengths: &[usize]) -> Result<ArrayD<f64>> {
    if value.shape() == lengths {
        return Ok(value);
    }
    value.as_standard_layout().into_owned().into_shape_with_order(IxDyn(lengths)).map_err(internal)
}

pub(super) fn scalar(x: f64) -> ArrayD<f64> {
    arr0(x).into_dyn()
}

/// A scalar meets every entry of the other.
pub(super) fn elementwise(a: &ArrayViewD<f64>, b: &ArrayViewD<f64>, f: impl Fn(f64, f64) -> f64) -> Result<ArrayD<f64>> {
    match (a.ndim(), b.ndim(), a.first(), b.first()) {
        (0, _, Some(x), _) => Ok(b.mapv(|y| f(*x, y))),
        (_, 0, _, Some(y)) => Ok(a.mapv(|x| f(x, *y))),
        _ if a.shape() == b.shape() => Ok(ndarray::Zip::from(a).and(b).map_collect(|x, y| f(*x, *y))),
        _ => Err(Error::new(ErrorKind::Shape, format!("entries of {:?} and {:?} do not pair up", a.shape(), b.shape()))),
    }
}

/// `x^p`, exact for small integers.
pub(super) fn power(x: f64, p: f64) -> f64 {
    if p.fract() == 0.0 && p.abs() <= 64.0 { x.powi(p as i32) } else { x.powf(p) }
}

/// The value of a call; `shape` is that of the result.
pub(super) fn call(call: Call, arguments: &[Operand], shape: &Shape, sizes: &Sizes) -> Result<ArrayD<f64>> {
    let lengths = sizes.lengths(&shape.axes())?;
    let Some(first) = arguments.first() else { return Err(internal("a call without arguments")) };
    let second = || arguments.get(1).ok_or_else(|| internal("a call without its second argument"));
    let x = &first.value;
    let vector_2 = || x.iter().map(|u| u * u).sum::<f64>().sqrt();
    let value = match call {
        Call::Max => elementwise(x, &second()?.value, |a, b| Map2::Max.value(a, b))?,
        Call::Min => elementwise(x, &second()?.value, |a, b| Map2::Min.value(a, b))?,
        Call::Power => elementwise(x, &second()?.value, power)?,
        Call::Sum => return reduce(first, arguments.get(1), &lengths, |v| v.sum()),
        Call::Mean => return reduce(first, arguments.get(1), &lengths, |v| v.sum() / v.len() as f64),
        Call::Variance => scalar(variance(x)),
        Call::Deviation => scalar(variance(x).sqrt()),
        Call::Product => scalar(x.product()),
        Call::Dot | Call::Inner => scalar(elementwise(x, &second()?.value, |a, b| a * b)?.sum()),
        Call::Trace => scalar(first.matrix()?.diag().sum()),
        Call::Det => scalar(linear::determinant(&first.matrix()?)?),
        Call::LogDet => scalar(linear::log_determinant(&first.matrix()?)?),
        Call::Norm1 if first.is_matrix() => norm1(first)?,
        Call::NormInf if first.is_matrix() => norminf(first)?,
        Call::Norm if first.is_matrix() && arguments.get(1).is_some_and(|p| p.scalar() == Ok(1.0)) => norm1(first)?,
        Call::Norm if first.is_matrix() && arguments.get(1).is_some_and(|p| p.scalar() == Ok(f64::INFINITY)) => norminf(first)?,
        Call::Norm2 | Call::Norm if first.is_matrix() => scalar(Svd::of(&first.matrix()?)?.largest()),
        Call::Norm1 => scalar(x.iter().map(|u| u.abs()).sum()),
        Call::NormInf => scalar(x.iter().fold(0.0f64, |m, u| m.max(u.abs()))),
        Call::Norm if arguments.len() == 2 => scalar(norm(x, second()?.scalar()?)),
        Call::Norm2 | Call::Norm | Call::NormF => scalar(vector_2()),
        Call::Nuclear => scalar(Svd::of(&first.matrix()?)?.values.sum()),
        Call::LogSumExp => along_rows(first, &lengths, |row| vec![log_sum_exp(row)])?,
        Call::Softmax => along_rows(first, &lengths, |row| {
            let total = log_sum_exp(row);
            row.iter().map(|u| (u - total).exp()).collect()
        })?,
        Call::LambdaMax | Call::LambdaMin => scalar(spectra::eigenvalue(&first.matrix()?, call == Call::LambdaMax)?),
        Call::EigvecMax | Call::EigvecMin => spectra::eigenvector(&first.matrix()?, call == Call::EigvecMax)?.into_dyn(),
        Call::FrechetExpm
        | Call::FrechetLogm
        | Call::FrechetSqrtm
        | Call::FrechetCosm
        | Call::FrechetSinm
        | Call::OpenExpm
        | Call::OpenLogm
        | Call::OpenSqrtm
        | Call::OpenCosm
        | Call::OpenSinm => {
            let (of, open) = call.of_frechet().unwrap_or((call, false));
            let function = |a: &Array2<f64>| matrix_functions::named(of, a);
            let directions = arguments[1..].iter().map(Operand::matrix).collect::<Result<Vec<_>>>()?;
            if open || directions.is_empty() {
                matrix_functions::frechet_matrix(&function, &first.matrix()?, &directions)?.into_dyn()
            } else {
                matrix_functions::frechet(&function, &first.matrix()?, &directions)?.into_dyn()
            }
        }
        Call::Diag if first.is_matrix() => first.matrix()?.diag().to_owned().into_dyn(),
        Call::Diag => Array2::from_diag(&ndarray::Array1::from_iter(x.iter().copied())).into_dyn(),
        Call::Vec => ndarray::Array1::from_iter(x.t().iter().copied()).into_dyn(),
        Call::Vech => {
            let a = first.matrix()?;
            (0..a.ncols()).flat_map(|j| (j..a.nrows()).map(move |i| (i, j))).map(|at| a[at]).collect::<ndarray::Array1<f64>>().into_dyn()
        }
        Call::Reshape => {
            let stacked: Vec<f64> = x.t().iter().copied().collect();
            let transposed: Vec<usize> = lengths.iter().rev().copied().collect();
            ArrayD::from_shape_vec(IxDyn(&transposed), stacked).map_err(internal)?.reversed_axes()
        }
        Call::Eye => {
            let equal = |i: IxDyn| if i.slice().windows(2).all(|w| w[0] == w[1]) { 1.0 } else { 0.0 };
            ArrayD::from_shape_fn(IxDyn(&lengths), equal)
        }
        Call::Ones => ArrayD::ones(IxDyn(&lengths)),
        Call::Zeros => ArrayD::zeros(IxDyn(&lengths)),
        Call::Vector | Call::Matrix => ArrayD::from_elem(IxDyn(&lengths), first.scalar()?),
        Call::Unit => unit(first.scalar()?, &lengths)?,
        Call::Triu => keep(&first.matrix()?, |i, j| i <= j),
        Call::Tril => keep(&first.matrix()?, |i, j| i >= j),
        Call::Sym => halves(first, 1.0)?,
        Call::Skew => halves(first, -1.0)?,
        Call::Cross => cross(x, &second()?.value)?,
        Call::Outer => linear::product(&first.matrix()?, &second()?.matrix()?.reversed_axes())?.into_dyn(),
        Call::Kron => {
            let rest = arguments[1..].iter().map(Operand::matrix);
            rest.into_iter().try_fold(first.matrix()?, |a, b| linear::kronecker(&a, &b?))?.into_dyn()
        }
        Call::Commutation => linear::commutation(size(first)?, size(second()?)?)?.into_dyn(),
        Call::Duplication => linear::duplication(size(first)?)?.into_dyn(),
        Call::Elimination => linear::elimination(size(first)?)?.into_dyn(),
        Call::Inv => linear::inverse(&first.matrix()?)?.into_dyn(),
        Call::Pinv => linear::pseudoinverse(&first.matrix()?)?.into_dyn(),
        Call::Adj => linear::adjugate(&first.matrix()?)?.into_dyn(),
        Call::Expm | Call::Logm | Call::Sqrtm | Call::Cosm | Call::Sinm => matrix_functions::named(call, &first.matrix()?)?.into_dyn(),
        Call::Sylvester => {
            let [a, b, c] = arguments else { return Err(internal("sylvester takes three matrices")) };
            matrix_functions::sylvester(&a.matrix()?, &b.matrix()?, &c.matrix()?)?.into_dyn()
        }
        Call::Cholesky => spectra::cholesky(&first.matrix()?)?.into_dyn(),
        Call::Integral => return Err(Error::unsupported("the value of an integral")),
    };
    reshaped(value, &lengths)
}

/// A reduction of everything, or along one axis, counted from 1.
fn reduce(x: &Operand, axis: Option<&Operand>, lengths: &[usize], f: impl Fn(&ndarray::ArrayView1<f64>) -> f64) -> Result<ArrayD<f64>> {
    let Some(axis) = axis else {
        return Ok(scalar(f(&ndarray::Array1::from_iter(x.value.iter().copied()).view())));
    };
    let whole = if x.value.ndim() > 2 { x.value.to_owned() } else { x.matrix()?.into_dyn() };
    let axis = axis.scalar()? as usize;
    if axis == 0 || axis > whole.ndim() {
        return Err(Error::new(ErrorKind::Shape, format!("a {} has no axis {axis}", x.shape)));
    }
    reshaped(whole.map_axis(Axis(axis - 1), |lane| f(&lane)), lengths)
}

/// The population variance, as NumPy has it.
fn variance(x: &ArrayViewD<f64>) -> f64 {
    let n = x.len() as f64;
    let mean = x.sum() / n;
    x.iter().map(|u| (u - mean) * (u - mean)).sum::<f64>() / n
}

fn norm(x: &ArrayViewD<f64>, p: f64) -> f64 {
    if p == f64::INFINITY {
        return x.iter().fold(0.0f64, |m, u| m.max(u.abs()));
    }
    x.iter().map(|u| power(u.abs(), p)).sum::<f64>().powf(1.0 / p)
}

fn largest(sums: &ndarray::Array1<f64>) -> f64 {
    sums.fold(0.0f64, |m, u| m.max(*u))
}

/// The largest sum of absolute values of a column.
fn norm1(x: &Operand) -> Result<ArrayD<f64>> {
    Ok(scalar(largest(&x.matrix()?.mapv(f64::abs).sum_axis(Axis(0)))))
}

/// The largest sum of absolute values of a row.
fn norminf(x: &Operand) -> Result<ArrayD<f64>> {
    Ok(scalar(largest(&x.matrix()?.mapv(f64::abs).sum_axis(Axis(1)))))
}

/// Shifted by the largest entry, so that it does not overflow.
pub(super) fn log_sum_exp(row: &[f64]) -> f64 {
    let largest = row.iter().fold(f64::NEG_INFINITY, |m, u| m.max(*u));
    if largest.is_finite() { largest + row.iter().map(|u| (u - largest).exp()).sum::<f64>().ln() } else { largest }
}

/// Along each row of a matrix, or the whole of a vector.
fn along_rows(x: &Operand, lengths: &[usize], f: impl Fn(&[f64]) -> Vec<f64>) -> Result<ArrayD<f64>> {
    let whole: Vec<f64> = x.value.iter().copied().collect();
    let length = x.value.shape().last().copied().unwrap_or(1).max(1);
    let entries: Vec<f64> = whole.chunks(length).flat_map(f).collect();
    ArrayD::from_shape_vec(IxDyn(lengths), entries).map_err(internal)
}

fn unit(i: f64, lengths: &[usize]) -> Result<ArrayD<f64>> {
    let mut value = ArrayD::zeros(IxDyn(lengths));
    if i < 1.0 || i > value.len() as f64 {
        return Err(Error::new(ErrorKind::Domain, format!("there is no unit vector {i} of length {}", value.len())));
    }
    value.iter_mut().skip(i as usize - 1).take(1).for_each(|x| *x = 1.0);
    Ok(value)
}

fn keep(a: &Array2<f64>, keep: impl Fn(usize, usize) -> bool) -> ArrayD<f64> {
    Array2::from_shape_fn(a.dim(), |(i, j)| if keep(i, j) { a[[i, j]] } else { 0.0 }).into_dyn()
}

/// `(A + s*A')/2`
fn halves(x: &Operand, s: f64) -> Result<ArrayD<f64>> {
    let a = x.matrix()?;
    elementwise(&a.view().into_dyn(), &a.t().into_dyn(), |u, v| (u + s * v) / 2.0)
}

/// Of a vector and another one, or each column of a matrix.
fn cross(x: &ArrayViewD<f64>, y: &ArrayViewD<f64>) -> Result<ArrayD<f64>> {
    if y.ndim() == 2 {
        let columns = y.axis_iter(Axis(1)).map(|column| cross(x, &column)).collect::<Result<Vec<_>>>()?;
        let views: Vec<ArrayViewD<f64>> = columns.iter().map(|c| c.view()).collect();
        return ndarray::stack(Axis(1), &views).map_err(internal);
    }
    let (x, y): (Vec<f64>, Vec<f64>) = (x.iter().copied().collect(), y.iter().copied().collect());
    match (x.as_slice(), y.as_slice()) {
        ([a, b, c], [d, e, f]) => Ok(ndarray::arr1(&[b * f - c * e, c * d - a * f, a * e - b * d]).into_dyn()),
        _ => Err(Error::new(ErrorKind::Shape, "cross takes two vectors of 3 entries")),
    }
}

fn size(x: &Operand) -> Result<usize> {
    let n = x.scalar()?;
    Sizes::default().of(Dim::number(n as i64))
}
