//! Contractions of two strided arrays as products of matrices.

use super::dense::{Dense, Lengths};
use super::functions::internal;
use super::matmul::{Product, mirror};
use super::memory::unwritten;
use super::sizes::check_entries;
use super::vectors::{MatrixVectors, add_scaled, dot};
use crate::error::Result;
use crate::index::{Label, Labels};
use crate::program::Pair;
use ndarray::{ArrayView1, ArrayView2, CowArray, Ix2, ShapeBuilder};
use smallvec::{SmallVec, smallvec};
use std::borrow::Cow;

/// `out[labels] = sum over the other labels of left[labels] * right[labels]`
pub(super) fn contract<'a>(pair: &Pair, left: &Dense<'a>, right: &Dense<'a>) -> Result<Dense<'a>> {
    let (left, right) = (Labelled { value: left, labels: &pair.left.1 }, Labelled { value: right, labels: &pair.right.1 });
    // The last axis of the result is one of the right factor, so that its rows are written as they lie.
    let swapped = pair.out.last().is_some_and(|l| left.has(*l) && !right.has(*l));
    let (left, right) = if swapped { (right, left) } else { (left, right) };
    let groups = Groups::new(&left, &right, &pair.out);
    let Groups { batch, rows, columns, outer, summed } = &groups;
    let copies = (left.arranged([batch, outer, rows, summed]), right.arranged([batch, outer, summed, columns]));
    let left = copies.0.as_ref().map_or(left, |(value, labels)| Labelled { value, labels });
    let right = copies.1.as_ref().map_or(right, |(value, labels)| Labelled { value, labels });
    let labels: Labels = batch.iter().chain(rows).chain(columns).copied().collect();
    let shape: Lengths = labels.iter().filter_map(|l| left.length(*l).or(right.length(*l))).collect();
    check_entries(&shape)?;
    let (m, n) = (left.size(rows), right.size(columns));
    let upper = pair.symmetric && m == n;
    let terms = places(&left, &right, outer);
    let mut out = unwritten(shape.iter().product());
    for ((a, b), to) in places(&left, &right, batch).into_iter().zip(out.chunks_exact_mut((m * n).max(1))) {
        for (at, (i, j)) in terms.iter().enumerate() {
            multiply(&left.matrix(a + i, rows, summed)?, &right.matrix(b + j, summed, columns)?, to, upper, at > 0);
        }
        if upper {
            mirror(to, n);
        }
    }
    let order: Lengths = pair.out.iter().filter_map(|l| labels.iter().position(|k| k == l)).collect();
    Ok(Dense::new(out, &shape).permuted(&order))
}

/// Where in both factors each place along some labels begins, in row-major order.
fn places(left: &Labelled, right: &Labelled, labels: &Labels) -> SmallVec<[(usize, usize); 1]> {
    labels.iter().fold(smallvec![(0, 0)], |places, l| {
        let n = left.length(*l).or(right.length(*l)).unwrap_or(1);
        let (s, t) = (left.stride(*l), right.stride(*l));
        places.iter().flat_map(|(a, b)| (0..n).map(move |i| (a + i * s, b + i * t))).collect()
    })
}

/// Which labels are what to a product of matrices, or to several of them.
struct Groups {
    /// One product for each of their places: those of the result that both factors have, and rows and columns that do not lie
    /// evenly in memory together with the others.
    batch: Labels,
    rows: Labels,
    columns: Labels,
    /// Products are added up along these.
    outer: Labels,
    /// Summed within a product.
    summed: Labels,
}

impl Groups {
    fn new(left: &Labelled, right: &Labelled, out: &[Label]) -> Groups {
        let of = |in_left: bool, in_right: bool| -> Labels {
            out.iter().copied().filter(|l| left.has(*l) == in_left && right.has(*l) == in_right).collect()
        };
        let mut batch = of(true, true);
        let (more, rows) = split(of(true, false), |inner| left.is_even(inner), |inner| left.size(inner));
        batch.extend(more);
        let (more, columns) = split(of(false, true), |inner| right.is_even(inner), |inner| right.size(inner));
        batch.extend(more);
        let mut summed: Labels = left.labels.iter().copied().filter(|l| !out.contains(l)).collect();
        // In the order in which they lie in memory, so that they merge to one axis.
        summed.sort_by_key(|l| std::cmp::Reverse(left.stride(*l)));
        // Products are only added up where they are large.
        let large = left.size(&rows).min(right.size(&columns)) > FEW && left.size(&summed) > 0;
        let even = |inner: &[Label]| !large || left.is_even(inner) && right.is_even(inner);
        let (outer, summed) = split(summed, even, |inner| left.size(inner));
        Groups { batch, rows, columns, outer, summed }
    }
}

/// Smaller products than of so many rows, columns or terms are not worth one of their own.
const WORTH: usize = 16;

/// The last labels, as many as lie evenly, and those before them; all, if that would be few.
fn split(labels: Labels, even: impl Fn(&[Label]) -> bool, size: impl Fn(&[Label]) -> usize) -> (Labels, Labels) {
    let at = (0..labels.len()).find(|at| even(&labels[*at..])).unwrap_or(0);
    let (outer, inner) = labels.split_at(at);
    if at == 0 || size(inner) < WORTH { (Labels::new(), labels) } else { (outer.into(), inner.into()) }
}

/// A factor and the labels of its axes.
#[derive(Clone, Copy)]
struct Labelled<'d, 'a> {
    value: &'d Dense<'a>,
    labels: &'d [Label],
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

    /// 0 for a label of the other factor, along which nothing changes.
    fn stride(&self, l: Label) -> usize {
        self.at(l).map_or(0, |at| self.value.strides[at])
    }

    fn size(&self, labels: &[Label]) -> usize {
        labels.iter().filter_map(|l| self.length(*l)).product()
    }

    /// Whether some axes are as good as one.
    fn is_even(&self, labels: &[Label]) -> bool {
        let axes: Labels = labels.iter().copied().filter(|l| self.length(*l) != Some(1)).collect();
        axes.windows(2).all(|w| self.stride(w[0]) == self.stride(w[1]) * self.length(w[1]).unwrap_or(1))
    }

    /// A copy in the order of some groups, where the axes of the last two do not lie evenly.
    fn arranged(&self, groups: [&Labels; 4]) -> Option<(Dense<'a>, Labels)> {
        if self.is_even(groups[2]) && self.is_even(groups[3]) {
            return None;
        }
        let labels: Labels = groups.into_iter().flatten().copied().filter(|l| self.has(*l)).collect();
        let order: Lengths = labels.iter().filter_map(|l| self.at(*l)).collect();
        let value = self.value.permuted(&order);
        Some((Dense::new(value.to_vec(), &value.shape), labels))
    }

    /// The matrix from some place on, whose axes are groups that lie evenly.
    fn matrix(&self, from: usize, rows: &[Label], columns: &[Label]) -> Result<ArrayView2<'_, f64>> {
        let stride = |labels: &[Label]| labels.iter().rev().find(|l| self.length(**l) != Some(1)).map_or(1, |l| self.stride(*l));
        let data = self.value.data().get(from..).unwrap_or_default();
        ArrayView2::from_shape((self.size(rows), self.size(columns)).strides((stride(rows), stride(columns))), data).map_err(internal)
    }
}

/// Products with so few terms, rows or columns are made of products with vectors.
const FEW: usize = 8;

/// `to = a*b`, or with it `added`, row-major. Of an `upper` one, what is below the diagonal may be missing.
fn multiply(a: &ArrayView2<f64>, b: &ArrayView2<f64>, to: &mut [f64], upper: bool, added: bool) {
    let ((m, k), (_, n)) = (a.dim(), b.dim());
    if added {
        Product { left: *a, right: *b, to, added, upper }.compute();
    } else if m == 0 || n == 0 || k == 0 {
        to.fill(0.0);
    } else if n == 1 {
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
    } else {
        Product { left: *a, right: *b, to, added, upper }.compute();
    }
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
    use crate::program::ValueId;
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
                multiply(&a.view(), &b.view(), &mut product, false, false);
                assert_eq!(product, a.dot(&b).iter().copied().collect::<Vec<_>>(), "{m} {k} {n} {layout}");
            }
        }
    }

    /// Labels in any order, with axes that lie evenly and others, against the contraction of the reference.
    #[test]
    fn random_contractions_agree_with_the_reference() {
        let mut random = crate::eval::Random::new(7);
        let mut shuffled = |labels: &[Label]| -> Labels {
            let mut keyed: Vec<(usize, Label)> = labels.iter().map(|l| (random.below(1 << 20), *l)).collect();
            keyed.sort_unstable();
            keyed.into_iter().map(|(_, l)| l).collect()
        };
        // Of the five labels two are of the left factor, one of the right, and two are shared, summed or not.
        for lengths in [[2, 17, 10, 16, 3], [3, 17, 9, 2, 20], [17, 9, 12, 2, 3], [17, 0, 18, 2, 3], [1, 1, 17, 17, 1]] {
            for shared in 0..4u16 {
                for _ in 0..8 {
                    let kept = [shared & 1, shared >> 1].map(|k| k == 1);
                    let out: Vec<Label> = (0..5).filter(|l| *l < 3 || kept[usize::from(*l) - 3]).collect();
                    let (left, right, out) = (shuffled(&[0, 1, 3, 4]), shuffled(&[2, 3, 4]), shuffled(&out));
                    let array = |labels: &Labels| {
                        let shape: Lengths = labels.iter().map(|l| lengths[usize::from(*l)]).collect();
                        let entries = (0..shape.iter().product()).map(|k: usize| ((k * k + 3 * k) % 17) as f64 - 8.0).collect();
                        Dense::new(entries, &shape)
                    };
                    let (a, b) = (array(&left), array(&right));
                    let reference = |value: &Dense, labels: &Labels| crate::eval::einsum::Labelled {
                        value: value.to_array().unwrap(),
                        labels: labels.to_vec(),
                    };
                    let expected = crate::eval::einsum::contract(vec![reference(&a, &left), reference(&b, &right)], &out, &lengths);
                    let pair = Pair { left: (ValueId(0), left), right: (ValueId(1), right), out, symmetric: false };
                    assert_eq!(contract(&pair, &a, &b).unwrap().to_array().unwrap(), expected.unwrap(), "{pair:?} {lengths:?}");
                }
            }
        }
    }
}
