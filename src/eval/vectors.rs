//! Products with vectors, by the vectors of the machine: several rows of a matrix at a time, since most of the time goes into
//! running through memory.

use pulp::Simd;

/// A row-major matrix, or its transpose, times each of some vectors that lie one after another.
pub(super) struct MatrixVectors<'a> {
    pub data: &'a [f64],
    pub m: usize,
    pub n: usize,
    /// Whether the products are with the rows of the matrix, and not with its columns.
    pub by_rows: bool,
    pub vectors: &'a [f64],
    pub to: &'a mut [f64],
}

// What is called in it is inlined, so that it is compiled for the vectors of the machine.
impl pulp::WithSimd for MatrixVectors<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let MatrixVectors { data, m, n, by_rows, vectors, to } = self;
        let (from, until) = if by_rows { (n, m) } else { (m, n) };
        for (x, to) in vectors.chunks_exact(from).zip(to.chunks_exact_mut(until)) {
            if by_rows { rows_times(simd, data, n, x, to) } else { combination(simd, data, n, x, to) }
        }
    }
}

/// Four rows at a time.
#[inline(always)]
fn rows_times<S: Simd>(simd: S, data: &[f64], n: usize, x: &[f64], to: &mut [f64]) {
    let (fours, rest) = to.as_chunks_mut::<4>();
    let (rows, last) = data.split_at(4 * n * fours.len());
    for (rows, y) in rows.chunks_exact(4 * n).zip(fours) {
        *y = four_dots(simd, rows, x);
    }
    for (row, y) in last.chunks_exact(n).zip(rest) {
        *y = one_dot(simd, row, x);
    }
}

/// The rows of a matrix added up, each times a number: four at a time, so that the sum is read and written less often.
#[inline(always)]
fn combination<S: Simd>(simd: S, data: &[f64], n: usize, x: &[f64], to: &mut [f64]) {
    to.fill(0.0);
    let (fours, rest) = x.as_chunks::<4>();
    let (rows, last) = data.split_at(4 * n * fours.len());
    for (rows, x) in rows.chunks_exact(4 * n).zip(fours) {
        add_four(simd, rows, x, to);
    }
    for (row, x) in last.chunks_exact(n).zip(rest) {
        add_one(simd, row, *x, to);
    }
}

/// Four rows of a row-major matrix.
fn four_rows(rows: &[f64], n: usize) -> [&[f64]; 4] {
    let ((a, b), (c, d)) = (rows[..2 * n].split_at(n), rows[2 * n..].split_at(n));
    [a, b, c, d]
}

#[inline(always)]
fn four_dots<S: Simd>(simd: S, rows: &[f64], x: &[f64]) -> [f64; 4] {
    let [a, b, c, d] = four_rows(rows, x.len());
    let ((a, a_rest), (b, b_rest), (c, c_rest), (d, d_rest)) =
        (S::as_simd_f64s(a), S::as_simd_f64s(b), S::as_simd_f64s(c), S::as_simd_f64s(d));
    let (x, x_rest) = S::as_simd_f64s(x);
    let zero = simd.splat_f64s(0.0);
    let (mut s, mut t, mut u, mut v) = (zero, zero, zero, zero);
    for ((((a, b), c), d), x) in a.iter().zip(b).zip(c).zip(d).zip(x) {
        s = simd.mul_add_f64s(*a, *x, s);
        t = simd.mul_add_f64s(*b, *x, t);
        u = simd.mul_add_f64s(*c, *x, u);
        v = simd.mul_add_f64s(*d, *x, v);
    }
    let mut dots = [simd.reduce_sum_f64s(s), simd.reduce_sum_f64s(t), simd.reduce_sum_f64s(u), simd.reduce_sum_f64s(v)];
    for (dot, rest) in dots.iter_mut().zip([a_rest, b_rest, c_rest, d_rest]) {
        rest.iter().zip(x_rest).for_each(|(u, v)| *dot += u * v);
    }
    dots
}

/// Four sums at a time, so that additions need not wait for each other.
#[inline(always)]
fn one_dot<S: Simd>(simd: S, x: &[f64], y: &[f64]) -> f64 {
    let ((x, x_rest), (y, y_rest)) = (S::as_simd_f64s(x), S::as_simd_f64s(y));
    let ((x, x_last), (y, y_last)) = (x.as_chunks::<4>(), y.as_chunks::<4>());
    let zero = simd.splat_f64s(0.0);
    let (mut s, mut t, mut u, mut v) = (zero, zero, zero, zero);
    for (x, y) in x.iter().zip(y) {
        s = simd.mul_add_f64s(x[0], y[0], s);
        t = simd.mul_add_f64s(x[1], y[1], t);
        u = simd.mul_add_f64s(x[2], y[2], u);
        v = simd.mul_add_f64s(x[3], y[3], v);
    }
    for (x, y) in x_last.iter().zip(y_last) {
        s = simd.mul_add_f64s(*x, *y, s);
    }
    let sum = simd.reduce_sum_f64s(simd.add_f64s(simd.add_f64s(s, t), simd.add_f64s(u, v)));
    sum + x_rest.iter().zip(y_rest).map(|(u, v)| u * v).sum::<f64>()
}

#[inline(always)]
fn add_four<S: Simd>(simd: S, rows: &[f64], x: &[f64; 4], to: &mut [f64]) {
    let [a, b, c, d] = four_rows(rows, to.len());
    let ((a, a_rest), (b, b_rest), (c, c_rest), (d, d_rest)) =
        (S::as_simd_f64s(a), S::as_simd_f64s(b), S::as_simd_f64s(c), S::as_simd_f64s(d));
    let (s, t, u, v) = (simd.splat_f64s(x[0]), simd.splat_f64s(x[1]), simd.splat_f64s(x[2]), simd.splat_f64s(x[3]));
    let (to, to_rest) = S::as_mut_simd_f64s(to);
    for (y, (((a, b), c), d)) in to.iter_mut().zip(a.iter().zip(b).zip(c).zip(d)) {
        let half = simd.mul_add_f64s(t, *b, simd.mul_add_f64s(s, *a, *y));
        *y = simd.mul_add_f64s(v, *d, simd.mul_add_f64s(u, *c, half));
    }
    for (y, (((a, b), c), d)) in to_rest.iter_mut().zip(a_rest.iter().zip(b_rest).zip(c_rest).zip(d_rest)) {
        *y += (x[0] * a + x[1] * b) + (x[2] * c + x[3] * d);
    }
}

#[inline(always)]
fn add_one<S: Simd>(simd: S, row: &[f64], x: f64, to: &mut [f64]) {
    let ((row, row_rest), (to, to_rest)) = (S::as_simd_f64s(row), S::as_mut_simd_f64s(to));
    let factor = simd.splat_f64s(x);
    for (y, a) in to.iter_mut().zip(row) {
        *y = simd.mul_add_f64s(factor, *a, *y);
    }
    add_scaled(to_rest, x, row_rest);
}

struct InnerProduct<'a>(&'a [f64], &'a [f64]);

impl pulp::WithSimd for InnerProduct<'_> {
    type Output = f64;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> f64 {
        one_dot(simd, self.0, self.1)
    }
}

pub(super) fn inner_product(x: &[f64], y: &[f64]) -> f64 {
    pulp::Arch::new().dispatch(InnerProduct(x, y))
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
