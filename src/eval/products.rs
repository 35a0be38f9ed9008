//! Contractions of two strided arrays as products of matrices.

use super::dense::{Dense, Lengths};
use super::functions::internal;
use super::memory::unwritten;
use super::sizes::check_entries;
use super::vectors::{MatrixVectors, add_scaled, dot};
use crate::error::Result;
use crate::index::Label;
use crate::program::Pair;
use ndarray::linalg::general_mat_mul;
use ndarray::{ArrayView1, ArrayView2, ArrayViewMut2, Axis, CowArray, Ix2, ShapeBuilder, Slice};
use std::borrow::Cow;

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
    let mut out = unwritten(batches * m * n);
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

/// Products with so few terms, rows or columns are made of products with vectors.
const FEW: usize = 8;

/// `to = a*b`, row-major.
fn multiply(a: &ArrayView2<f64>, b: &ArrayView2<f64>, to: &mut [f64], symmetric: bool) -> Result<()> {
    let ((m, k), (_, n)) = (a.dim(), b.dim());
    if m == 0 || n == 0 || k == 0 {
        to.fill(0.0);
        return Ok(());
    }
    if n == 1 {
        matrix_vector(a, &contiguous(b.column(0)), to);
    } else if m == 1 {
        matrix_vector(&b.t(), &contiguous(a.row(0)), to);
    } else if k <= FEW {
        let (a, b) = (a.as_standard_layout(), b.as_standard_layout());
        times_each(&b, false, &a, to);
    } else if n <= FEW && (a.is_standard_layout() || m <= FEW) {
        let (a, columns) = (a.as_standard_layout(), b.t());
        times_each(&columns.as_standard_layout(), true, &a, to);
    } else if m <= FEW && b.t().is_standard_layout() {
        let mut columns = vec![0.0; m * n];
        times_each(&a.as_standard_layout(), true, &b.t().as_standard_layout(), &mut columns);
        to.chunks_exact_mut(n)
            .enumerate()
            .for_each(|(i, row)| row.iter_mut().zip(columns[i..].iter().step_by(m)).for_each(|(y, x)| *y = *x));
    } else if symmetric && m == n && n >= 128 {
        symmetric_product(a, b, to)?;
    } else {
        general_mat_mul(1.0, a, b, 0.0, &mut ArrayViewMut2::from_shape((m, n), to).map_err(internal)?);
    }
    Ok(())
}

/// A matrix, or its transpose, times each row of another one; both are row-major.
fn times_each(matrix: &CowArray<f64, Ix2>, by_rows: bool, vectors: &CowArray<f64, Ix2>, to: &mut [f64]) {
    if let (Some(data), Some(vectors)) = (matrix.as_slice(), vectors.as_slice()) {
        let (m, n) = matrix.dim();
        pulp::Arch::new().dispatch(MatrixVectors { data, m, n, by_rows, vectors, to });
    }
}

/// Copied only where there are gaps between the entries.
fn contiguous(vector: ArrayView1<f64>) -> Cow<[f64]> {
    vector.to_slice().map_or_else(|| Cow::Owned(vector.to_vec()), Cow::Borrowed)
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

/// `to = a*x`, by whichever direction runs through memory.
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
        Some(data) => pulp::Arch::new().dispatch(MatrixVectors { data, m, n, by_rows, vectors: x, to }),
        // Rows with gaps between them.
        None => {
            to.fill(0.0);
            for (at, row) in rows.outer_iter().enumerate() {
                let row = row.to_slice().unwrap_or_default();
                if by_rows { to[at] = dot(row, x) } else { add_scaled(to, x[at], row) }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array2;

    /// Of every kind of product, with entries in any order: as ndarray has it.
    #[test]
    fn products_of_all_lengths_and_layouts() {
        let of = |m: usize, n: usize, by_columns: bool| {
            let entry = |(i, j): (usize, usize)| ((7 * i + 3 * j) % 11) as f64 - 5.0;
            if by_columns {
                Array2::from_shape_fn((n, m), |(j, i)| entry((i, j))).reversed_axes()
            } else {
                Array2::from_shape_fn((m, n), entry)
            }
        };
        let lengths = [1, 2, 5, 8, 9, 17, 130];
        let lengths = lengths.iter().flat_map(|m| lengths.map(|k| (*m, k))).flat_map(|(m, k)| lengths.map(|n| (m, k, n)));
        for (m, k, n) in lengths {
            for layout in 0..4 {
                let (a, b) = (of(m, k, layout & 1 == 1), of(k, n, layout & 2 == 2));
                let mut product = vec![0.0; m * n];
                multiply(&a.view(), &b.view(), &mut product, false).unwrap();
                assert_eq!(product, a.dot(&b).iter().copied().collect::<Vec<_>>(), "{m} {k} {n} {layout}");
            }
        }
    }
}
