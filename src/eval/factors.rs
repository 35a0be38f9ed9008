//! Factorisations of dense matrices, by blocks, so that most of the work is products of matrices (Golub and Van Loan 2013,
//! sections 3.1.4, 3.2.10, 3.4.5 and 4.2.6).

use super::dense::Dense;
use super::functions::internal;
use super::linear;
use super::vectors::{add_scaled, dot};
use crate::error::{Error, ErrorKind, Result};
use crate::program::Solver;
use ndarray::linalg::general_mat_mul;
use ndarray::{Array2, ArrayView2, ArrayViewMut2, Axis, Slice};

/// How many columns are factorised before the rest of the matrix is updated by a product.
const BLOCK: usize = 48;
/// Smaller pivots, relative to the largest, are looked at again with rows and columns scaled.
const SUSPICIOUS: f64 = 1e-13;

/// A square matrix as a product of triangular ones, which share one row-major array.
pub(super) struct Factors {
    entries: Vec<f64>,
    n: usize,
    kind: Kind,
    /// Whether the matrix is singular but for rounding.
    singular: bool,
}

enum Kind {
    /// `P*A = L*U`: what each row was exchanged with, and the sign of the permutation.
    Lu(Vec<usize>, f64),
    /// `A = L*L'`
    Cholesky,
    Lower,
    Upper,
}

/// The factor of a sweep: as it is stored or transposed, and whether its diagonal is of ones that are not stored.
#[derive(Clone, Copy)]
struct Triangle {
    transposed: bool,
    unit: bool,
}

const STORED: Triangle = Triangle { transposed: false, unit: false };
const UNIT: Triangle = Triangle { transposed: false, unit: true };
const TRANSPOSED: Triangle = Triangle { transposed: true, unit: false };
const UNIT_TRANSPOSED: Triangle = Triangle { transposed: true, unit: true };

impl Factors {
    /// A matrix that is declared positive definite and is not is factorised as any other.
    ///
    /// # Errors
    /// Of kind `Internal` for what is no square matrix.
    pub fn new(solver: Solver, matrix: &Dense) -> Result<Factors> {
        let n = match matrix.shape[..] {
            [m, n] if m == n => n,
            _ => return Err(internal("a square matrix was expected")),
        };
        let mut entries = matrix.to_vec();
        let kind = match solver {
            Solver::Lower => Kind::Lower,
            Solver::Upper => Kind::Upper,
            Solver::Cholesky if cholesky(&mut entries, n)? => Kind::Cholesky,
            Solver::Cholesky | Solver::Lu => {
                entries = matrix.to_vec();
                let (exchanges, sign) = lu(&mut entries, n)?;
                Kind::Lu(exchanges, sign)
            }
        };
        let mut factors = Factors { entries, n, kind, singular: false };
        let largest = factors.diagonal().fold(0.0f64, |m, x| m.max(x.abs()));
        if factors.diagonal().any(|x| x.is_nan() || x.abs() <= SUSPICIOUS * largest) {
            factors.singular = linear::is_singular(&Array2::from_shape_vec((n, n), matrix.to_vec()).map_err(internal)?);
        }
        Ok(factors)
    }

    fn diagonal(&self) -> impl Iterator<Item = f64> {
        self.entries.iter().step_by(self.n + 1).copied()
    }

    /// Exactly 0 for a matrix that is singular but for rounding.
    pub fn determinant(&self) -> f64 {
        if self.singular {
            return 0.0;
        }
        let product: f64 = self.diagonal().product();
        match self.kind {
            Kind::Lu(_, sign) => sign * product,
            Kind::Cholesky => product * product,
            Kind::Lower | Kind::Upper => product,
        }
    }

    /// log |det A|
    pub fn log_determinant(&self) -> f64 {
        if self.singular {
            return f64::NEG_INFINITY;
        }
        let sum: f64 = self.diagonal().map(|x| x.abs().ln()).sum();
        if matches!(self.kind, Kind::Cholesky) { 2.0 * sum } else { sum }
    }

    /// The columns of a row-major matrix become the solutions of equations with them on the right.
    ///
    /// # Errors
    /// Of kind `Domain` if the matrix is singular.
    pub fn solve(&self, transposed: bool, right: &mut [f64], columns: usize) -> Result<()> {
        if self.singular {
            return Err(Error::new(ErrorKind::Domain, "a matrix to be inverted is singular at these values"));
        }
        match (&self.kind, transposed) {
            (Kind::Lu(exchanges, _), false) => {
                exchanges.iter().enumerate().for_each(|(i, j)| exchange(right, columns, i, *j));
                self.sweep(UNIT, true, right, columns)?;
                self.sweep(STORED, false, right, columns)
            }
            (Kind::Lu(exchanges, _), true) => {
                self.sweep(TRANSPOSED, true, right, columns)?;
                self.sweep(UNIT_TRANSPOSED, false, right, columns)?;
                exchanges.iter().enumerate().rev().for_each(|(i, j)| exchange(right, columns, i, *j));
                Ok(())
            }
            (Kind::Cholesky, _) => {
                self.sweep(STORED, true, right, columns)?;
                self.sweep(TRANSPOSED, false, right, columns)
            }
            (Kind::Lower, false) => self.sweep(STORED, true, right, columns),
            (Kind::Lower, true) => self.sweep(TRANSPOSED, false, right, columns),
            (Kind::Upper, false) => self.sweep(STORED, false, right, columns),
            (Kind::Upper, true) => self.sweep(TRANSPOSED, true, right, columns),
        }
    }

    /// Solves with a triangular factor, from the first row to the last or backwards.
    fn sweep(&self, t: Triangle, forwards: bool, right: &mut [f64], columns: usize) -> Result<()> {
        if columns == 1 {
            self.sweep_vector(t, forwards, right);
            return Ok(());
        }
        let blocks: Vec<usize> = (0..self.n).step_by(BLOCK).collect();
        let blocks: Vec<usize> = if forwards { blocks } else { blocks.into_iter().rev().collect() };
        let whole = ArrayView2::from_shape((self.n, self.n), &self.entries).map_err(internal)?;
        let whole = if t.transposed { whole.reversed_axes() } else { whole };
        for from in blocks {
            let until = (from + BLOCK).min(self.n);
            let rest = if forwards { until..self.n } else { 0..from };
            self.sweep_block(t, forwards, from..until, right, columns);
            let block = whole.slice_axis(Axis(0), Slice::from(rest.clone()));
            let block = block.slice_axis(Axis(1), Slice::from(from..until));
            let (done, rest) = if forwards {
                let (head, rest) = right.split_at_mut(until * columns);
                (&head[from * columns..], rest)
            } else {
                let (rest, tail) = right.split_at_mut(from * columns);
                (&tail[..(until - from) * columns], rest)
            };
            let done = ArrayView2::from_shape((until - from, columns), done).map_err(internal)?;
            let mut rest = ArrayViewMut2::from_shape((block.nrows(), columns), rest).map_err(internal)?;
            general_mat_mul(-1.0, &block, &done, 1.0, &mut rest);
        }
        Ok(())
    }

    /// The rows of one block, which no row outside it changes any more.
    fn sweep_block(&self, t: Triangle, forwards: bool, block: std::ops::Range<usize>, right: &mut [f64], columns: usize) {
        for step in 0..block.len() {
            let i = if forwards { block.start + step } else { block.end - 1 - step };
            let known = if forwards { block.start..i } else { i + 1..block.end };
            for p in known {
                let c = self.entries[if t.transposed { p * self.n + i } else { i * self.n + p }];
                let (row, other) = two_rows(right, columns, i, p);
                add_scaled(row, -c, other);
            }
            if !t.unit {
                let pivot = self.entries[i * self.n + i];
                right[i * columns..(i + 1) * columns].iter_mut().for_each(|x| *x /= pivot);
            }
        }
    }

    /// One column: along the rows of the array, whichever way they are needed.
    fn sweep_vector(&self, t: Triangle, forwards: bool, x: &mut [f64]) {
        for step in 0..self.n {
            let i = if forwards { step } else { self.n - 1 - step };
            let row = &self.entries[i * self.n..(i + 1) * self.n];
            let (before, after) = (0..i, i + 1..self.n);
            if !t.transposed {
                let known = if forwards { before } else { after };
                x[i] -= dot(&row[known.clone()], &x[known]);
            }
            if !t.unit {
                x[i] /= row[i];
            }
            if t.transposed {
                let rest = if forwards { i + 1..self.n } else { 0..i };
                let c = x[i];
                add_scaled(&mut x[rest.clone()], -c, &row[rest]);
            }
        }
    }
}

/// Rows i and p of a row-major matrix; they are different.
fn two_rows(a: &mut [f64], columns: usize, i: usize, p: usize) -> (&mut [f64], &mut [f64]) {
    let (low, high) = (i.min(p), i.max(p));
    let (top, bottom) = a.split_at_mut(high * columns);
    let (first, second) = (&mut top[low * columns..(low + 1) * columns], &mut bottom[..columns]);
    if i < p { (first, second) } else { (second, first) }
}

fn exchange(a: &mut [f64], columns: usize, i: usize, j: usize) {
    if i != j {
        let (x, y) = two_rows(a, columns, i, j);
        x.swap_with_slice(y);
    }
}

/// In place, with partial pivoting: what each row was exchanged with, and the sign of the permutation.
fn lu(a: &mut [f64], n: usize) -> Result<(Vec<usize>, f64)> {
    let (mut exchanges, mut sign) = (Vec::with_capacity(n), 1.0);
    for from in (0..n).step_by(BLOCK) {
        let until = (from + BLOCK).min(n);
        for j in from..until {
            let pivot = (j..n).fold(j, |best, i| if a[i * n + j].abs() > a[best * n + j].abs() { i } else { best });
            exchange(a, n, j, pivot);
            exchanges.push(pivot);
            sign = if pivot == j { sign } else { -sign };
            let diagonal = a[j * n + j];
            for i in j + 1..n {
                let (row, above) = two_rows(a, n, i, j);
                // A column of zeros stays one.
                let c = if diagonal == 0.0 { 0.0 } else { row[j] / diagonal };
                row[j] = c;
                add_scaled(&mut row[j + 1..until], -c, &above[j + 1..until]);
            }
        }
        for i in from + 1..until {
            for p in from..i {
                let (row, above) = two_rows(a, n, i, p);
                let c = row[p];
                add_scaled(&mut row[until..], -c, &above[until..]);
            }
        }
        let (top, bottom) = a.split_at_mut(until * n);
        let above = ArrayView2::from_shape((until - from, n), &top[from * n..]).map_err(internal)?;
        let (_, above) = above.split_at(Axis(1), until);
        let rest = ArrayViewMut2::from_shape((n - until, n), bottom).map_err(internal)?;
        let (left, mut rest) = rest.split_at(Axis(1), until);
        general_mat_mul(-1.0, &left.slice_axis(Axis(1), Slice::from(from..)), &above, 1.0, &mut rest);
    }
    Ok((exchanges, sign))
}

/// In place, in the lower triangle; false if the matrix is not positive definite.
pub(super) fn cholesky(a: &mut [f64], n: usize) -> Result<bool> {
    for from in (0..n).step_by(BLOCK) {
        let until = (from + BLOCK).min(n);
        for j in from..until {
            let own = &a[j * n + from..j * n + j];
            let square = a[j * n + j] - dot(own, own);
            // Not a number is not positive either.
            if square.is_nan() || square <= 0.0 {
                return Ok(false);
            }
            let pivot = square.sqrt();
            a[j * n + j] = pivot;
            for i in j + 1..n {
                let (row, above) = two_rows(a, n, i, j);
                row[j] = (row[j] - dot(&row[from..j], &above[from..j])) / pivot;
            }
        }
        let rest = ArrayViewMut2::from_shape((n - until, n), &mut a[until * n..]).map_err(internal)?;
        let (left, mut rest) = rest.split_at(Axis(1), until);
        let left = left.slice_axis(Axis(1), Slice::from(from..));
        for top in (0..n - until).step_by(2 * BLOCK) {
            let bottom = (top + 2 * BLOCK).min(n - until);
            let mut rows = rest.slice_axis_mut(Axis(0), Slice::from(top..bottom));
            let mut to = rows.slice_axis_mut(Axis(1), Slice::from(..bottom));
            let (rows, above) = (left.slice_axis(Axis(0), Slice::from(top..bottom)), left.slice_axis(Axis(0), Slice::from(..bottom)));
            general_mat_mul(-1.0, &rows, &above.t(), 1.0, &mut to);
        }
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eval::random::Random;

    /// A matrix that is far from singular: its diagonal outweighs the rest.
    fn matrix(n: usize, random: &mut Random) -> Array2<f64> {
        Array2::from_shape_fn((n, n), |(i, j)| random.signed() + if i == j { 2.0 * (n as f64).sqrt() } else { 0.0 })
    }

    fn dense(a: &Array2<f64>) -> Dense<'static> {
        Dense::new(a.iter().copied().collect(), &[a.nrows(), a.ncols()])
    }

    /// The matrix that a solver takes the factors of.
    fn meant(solver: Solver, a: &Array2<f64>) -> Array2<f64> {
        let kept = |keep: fn(usize, usize) -> bool| Array2::from_shape_fn(a.dim(), |(i, j)| if keep(i, j) { a[[i, j]] } else { 0.0 });
        match solver {
            Solver::Lower => kept(|i, j| i >= j),
            Solver::Upper => kept(|i, j| i <= j),
            Solver::Cholesky => a.dot(&a.t()),
            Solver::Lu => a.clone(),
        }
    }

    #[test]
    fn equations_are_solved() {
        let mut random = Random::new(5);
        for (n, columns) in [(1, 1), (2, 3), (7, 1), (48, 2), (49, 1), (100, 60), (131, 5)] {
            let a = matrix(n, &mut random);
            let x = Array2::from_shape_fn((n, columns), |_| random.signed());
            for solver in [Solver::Lower, Solver::Upper, Solver::Cholesky, Solver::Lu] {
                let a = meant(solver, &a);
                let factors = Factors::new(solver, &dense(&a)).unwrap();
                for transposed in [false, true] {
                    let right = if transposed { a.t().dot(&x) } else { a.dot(&x) };
                    let mut right: Vec<f64> = right.iter().copied().collect();
                    factors.solve(transposed, &mut right, columns).unwrap();
                    let error = right.iter().zip(&x).map(|(u, v)| (u - v).abs()).fold(0.0, f64::max);
                    assert!(error < 1e-10, "{solver:?} {n} {columns} {transposed}: {error}");
                }
                let wanted = linear::log_determinant(&a).unwrap();
                assert!((factors.log_determinant() - wanted).abs() < 1e-9 * wanted.abs().max(1.0), "{solver:?} {n}");
            }
        }
    }

    #[test]
    fn what_is_singular_but_for_rounding_has_no_solution() {
        let a = Array2::from_shape_vec((2, 2), vec![1.0, 2.0, 2.0, 4.0]).unwrap();
        let factors = Factors::new(Solver::Lu, &dense(&a)).unwrap();
        assert_eq!((factors.determinant(), factors.log_determinant()), (0.0, f64::NEG_INFINITY));
        assert_eq!(factors.solve(false, &mut [1.0, 1.0], 1).unwrap_err().kind, ErrorKind::Domain);
        let scaled = Array2::from_shape_vec((2, 2), vec![1e-20, 0.0, 0.0, 1e20]).unwrap();
        assert_eq!(Factors::new(Solver::Lu, &dense(&scaled)).unwrap().determinant(), 1.0);
    }

    #[test]
    fn what_is_not_definite_is_factorised_all_the_same() {
        let a = Array2::from_shape_vec((2, 2), vec![1.0, 2.0, 2.0, 1.0]).unwrap();
        assert!((Factors::new(Solver::Cholesky, &dense(&a)).unwrap().determinant() + 3.0).abs() < 1e-12);
    }
}
