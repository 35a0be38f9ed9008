//! Contractions of two strided arrays as products of matrices.

use super::dense::{Dense, Lengths};
use super::functions::internal;
use super::sizes::check_entries;
use crate::error::Result;
use crate::index::Label;
use crate::program::Pair;
use ndarray::linalg::general_mat_mul;
use ndarray::{ArrayView2, ArrayViewMut2, Axis, ShapeBuilder, Slice};

/// `out[labels] = sum over the other labels of left[labels] * right[labels]`
pub(super) fn contract<'a>(pair: &Pair, left: &Dense<'a>, right: &Dense<'a>) -> Result<Dense<'a>> {
    let (left, right) = (Labelled { value: left, labels: &pair.left.1 }, Labelled { value: right, labels: &pair.right.1 });
    let kept = |l: &Label| pair.out.contains(l);
    let batch: Vec<Label> = pair.out.iter().copied().filter(|l| left.has(*l) && right.has(*l)).collect();
    let rows: Vec<Label> = pair.out.iter().copied().filter(|l| left.has(*l) && !right.has(*l)).collect();
    let columns: Vec<Label> = pair.out.iter().copied().filter(|l| !left.has(*l) && right.has(*l)).collect();
    let mut summed: Vec<Label> = left.labels.iter().copied().filter(|l| !kept(l)).collect();
    // In the order in which they lie in memory, so that they merge to one axis.
    summed.sort_by_key(|l| std::cmp::Reverse(left.stride(*l)));
    let a = left.grouped(&[&batch, &rows, &summed])?;
    let b = right.grouped(&[&batch, &summed, &columns])?;
    let length = |labels: &[Label]| labels.iter().map(|l| left.length(*l).or(right.length(*l)).unwrap_or(1)).product::<usize>();
    let (batches, m, n) = (length(&batch), length(&rows), length(&columns));
    let labels: Vec<Label> = [batch.as_slice(), &rows, &columns].concat();
    let shape: Lengths = labels.iter().map(|l| left.length(*l).or(right.length(*l)).unwrap_or(1)).collect();
    check_entries(&shape)?;
    let mut out = vec![0.0; batches * m * n];
    for at in 0..batches {
        let to = &mut out[at * m * n..(at + 1) * m * n];
        multiply(&a.matrix(at)?, &b.matrix(at)?, to, pair.symmetric)?;
    }
    let order: Vec<usize> = pair.out.iter().filter_map(|l| labels.iter().position(|k| k == l)).collect();
    Ok(Dense::new(out, &shape).permuted(&order))
}

struct Labelled<'d, 'a> {
    value: &'d Dense<'a>,
    labels: &'d [Label],
}

/// Three groups of axes, each of which runs evenly through memory.
struct Grouped<'a> {
    value: Dense<'a>,
    lengths: [usize; 3],
    strides: [usize; 3],
}

impl Grouped<'_> {
    fn matrix(&self, batch: usize) -> Result<ArrayView2<'_, f64>> {
        let [_, m, n] = self.lengths;
        let data = self.value.data().get(batch * self.strides[0]..).unwrap_or_default();
        ArrayView2::from_shape((m, n).strides((self.strides[1], self.strides[2])), data).map_err(internal)
    }
}

impl<'a> Labelled<'_, 'a> {
    fn has(&self, l: Label) -> bool {
        self.labels.contains(&l)
    }

    fn at(&self, l: Label) -> Option<usize> {
        self.labels.iter().position(|k| *k == l)
    }

    fn length(&self, l: Label) -> Option<usize> {
        self.at(l).map(|at| self.value.shape[at])
    }

    fn stride(&self, l: Label) -> usize {
        self.at(l).map_or(0, |at| self.value.strides[at])
    }

    /// Copied only where the axes of a group do not lie evenly.
    fn grouped(&self, groups: &[&Vec<Label>; 3]) -> Result<Grouped<'a>> {
        let order: Vec<usize> = groups.iter().flat_map(|g| g.iter().filter_map(|l| self.at(*l))).collect();
        let mut value = self.value.permuted(&order);
        let mut at = 0;
        let bounds: Vec<(usize, usize)> = groups
            .iter()
            .map(|g| {
                (at, {
                    at += g.len();
                    at
                })
            })
            .collect();
        if !bounds.iter().all(|(from, to)| even(&value, *from, *to)) {
            value = Dense::new(value.to_vec(), &value.shape);
        }
        let length = |(from, to): (usize, usize)| value.shape[from..to].iter().product();
        let stride = |(from, to): (usize, usize)| (from..to).rev().find(|k| value.shape[*k] != 1).map_or(1, |k| value.strides[k]);
        let lengths = [length(bounds[0]), length(bounds[1]), length(bounds[2])];
        let strides = [stride(bounds[0]), stride(bounds[1]), stride(bounds[2])];
        Ok(Grouped { value, lengths, strides })
    }
}

/// Whether some neighbouring axes are as good as one.
fn even(value: &Dense, from: usize, to: usize) -> bool {
    let axes: Vec<usize> = (from..to).filter(|k| value.shape[*k] != 1).collect();
    axes.windows(2).all(|w| value.strides[w[0]] == value.strides[w[1]] * value.shape[w[1]])
}

/// `to = a*b`, row-major; `to` is full of zeros.
fn multiply(a: &ArrayView2<f64>, b: &ArrayView2<f64>, to: &mut [f64], symmetric: bool) -> Result<()> {
    let ((m, k), (_, n)) = (a.dim(), b.dim());
    if m == 0 || n == 0 || k == 0 {
        return Ok(());
    }
    if n == 1 {
        matrix_vector(a, &b.column(0).to_vec(), to);
    } else if m == 1 {
        matrix_vector(&b.t(), &a.row(0).to_vec(), to);
    } else {
        if symmetric && m == n && n >= 128 {
            return symmetric_product(a, b, to);
        }
        general_mat_mul(1.0, a, b, 0.0, &mut ArrayViewMut2::from_shape((m, n), to).map_err(internal)?);
    }
    Ok(())
}

/// Rows of blocks from the diagonal on; what is below is a copy of what is above.
fn symmetric_product(a: &ArrayView2<f64>, b: &ArrayView2<f64>, to: &mut [f64]) -> Result<()> {
    let n = a.nrows();
    let block = if n <= 256 { 64 } else { 128 };
    for from in (0..n).step_by(block) {
        let until = (from + block).min(n);
        let rows = ArrayViewMut2::from_shape((until - from, n), &mut to[from * n..until * n]).map_err(internal)?;
        let (_, mut rows) = rows.split_at(Axis(1), from);
        let (left, right) = (a.slice_axis(Axis(0), Slice::from(from..until)), b.slice_axis(Axis(1), Slice::from(from..)));
        general_mat_mul(1.0, &left, &right, 0.0, &mut rows);
    }
    for row in 1..n {
        let (above, below) = to.split_at_mut(row * n);
        for (column, x) in below[..row].iter_mut().enumerate() {
            *x = above[column * n + row];
        }
    }
    Ok(())
}

/// `to = a*x`, by whichever direction runs through memory; `to` is full of zeros.
fn matrix_vector(a: &ArrayView2<f64>, x: &[f64], to: &mut [f64]) {
    let by_rows = a.strides()[1].abs() <= a.strides()[0].abs();
    let rows = if by_rows { *a } else { a.reversed_axes() };
    let copy;
    let rows = if rows.strides()[1] == 1 {
        rows
    } else {
        copy = rows.as_standard_layout();
        copy.view()
    };
    let (m, n) = rows.dim();
    match rows.as_slice() {
        Some(data) => pulp::Arch::new().dispatch(MatrixVector { data, m, n, by_rows, x, to }),
        // Rows with gaps between them.
        None => {
            for (at, row) in rows.outer_iter().enumerate() {
                let row = row.to_slice().unwrap_or_default();
                if by_rows { to[at] = dot(row, x) } else { add_scaled(to, x[at], row) }
            }
        }
    }
}

/// A row-major matrix times a vector, or its transpose. What is called in it is inlined, so that it is compiled for the vectors of
/// the machine.
struct MatrixVector<'a> {
    data: &'a [f64],
    m: usize,
    n: usize,
    by_rows: bool,
    x: &'a [f64],
    to: &'a mut [f64],
}

impl pulp::WithSimd for MatrixVector<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) {
        let MatrixVector { data, m, n, by_rows, x, to } = self;
        if by_rows { rows_times(data, n, x, to) } else { combination(data, m, n, x, to) }
    }
}

#[inline(always)]
fn rows_times(data: &[f64], n: usize, x: &[f64], to: &mut [f64]) {
    for (row, y) in data.chunks_exact(n).zip(to) {
        *y = dot(row, x);
    }
}

/// The rows of a matrix added up, each times a number: four at a time, so that the sum is read and written less often.
#[inline(always)]
fn combination(data: &[f64], m: usize, n: usize, x: &[f64], to: &mut [f64]) {
    let whole = m - m % 4;
    for at in (0..whole).step_by(4) {
        let rows = &data[at * n..(at + 4) * n];
        let ((a, b), (c, d)) = (rows[..2 * n].split_at(n), rows[2 * n..].split_at(n));
        let (s, t, u, v) = (x[at], x[at + 1], x[at + 2], x[at + 3]);
        for (y, (((a, b), c), d)) in to.iter_mut().zip(a.iter().zip(b).zip(c).zip(d)) {
            *y += (s * a + t * b) + (u * c + v * d);
        }
    }
    for at in whole..m {
        add_scaled(to, x[at], &data[at * n..(at + 1) * n]);
    }
}

#[inline(always)]
pub(super) fn add_scaled(to: &mut [f64], c: f64, x: &[f64]) {
    to.iter_mut().zip(x).for_each(|(y, x)| *y += c * x);
}

/// Sixteen sums at a time, so that additions need not wait for each other.
#[inline(always)]
pub(super) fn dot(x: &[f64], y: &[f64]) -> f64 {
    let ((xs, x_rest), (ys, y_rest)) = (x.as_chunks::<16>(), y.as_chunks::<16>());
    let mut sums = [0.0; 16];
    for (u, v) in xs.iter().zip(ys) {
        for k in 0..16 {
            sums[k] += u[k] * v[k];
        }
    }
    sums.iter().sum::<f64>() + x_rest.iter().zip(y_rest).map(|(u, v)| u * v).sum::<f64>()
}

/// Likewise the sum of the entries.
#[inline(always)]
pub(super) fn total(entries: &[f64]) -> f64 {
    let (chunks, rest) = entries.as_chunks::<16>();
    let mut sums = [0.0; 16];
    for chunk in chunks {
        for k in 0..16 {
            sums[k] += chunk[k];
        }
    }
    sums.iter().sum::<f64>() + rest.iter().sum::<f64>()
}
