//! Products of matrices in blocks that stay in the caches, whatever the strides of the factors (Goto and van de Geijn 2008,
//! "Anatomy of High-Performance Matrix Multiplication", figures 8 and 9; Van Zee and van de Geijn 2015, "BLIS", figure 1).

use super::memory::{Buffer, unwritten};
use ndarray::{ArrayView2, Axis, Slice};
use pulp::{Simd, bytemuck::cast_slice};

/// The rows of a tile and the vectors in each: their sums, a row of the right factor and a number of the left one are in
/// registers, of which x86 and ARM have at least sixteen.
const ROWS: usize = 6;
const VECTORS: usize = 2;
/// How many terms a tile sums at once: so many rows of the right factor, as wide as a tile, stay in the first cache.
const DEPTH: usize = 256;
/// How many rows of the left factor stay in the second cache.
const HEIGHT: usize = 144;
/// How many columns of the right factor stay in the third one.
const WIDTH: usize = 2048;

/// The sums of one tile.
type Tile<S> = [[<S as Simd>::f64s; VECTORS]; ROWS];

/// `to = left*right`
pub(super) struct Product<'a> {
    pub left: ArrayView2<'a, f64>,
    pub right: ArrayView2<'a, f64>,
    /// Row-major.
    pub to: &'a mut [f64],
    /// Whether the product is added to what is there.
    pub added: bool,
    /// Whether only the tiles that reach up to the diagonal are needed, as of a symmetric product; see [`mirror`].
    pub upper: bool,
}

impl Product<'_> {
    pub fn compute(self) {
        pulp::Arch::new().dispatch(self);
    }
}

// What is called in it is inlined, so that it is compiled for the vectors of the machine.
impl pulp::WithSimd for Product<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Product { left, right, to, added, upper } = self;
        let (m, depth, n) = (left.nrows(), left.ncols(), right.ncols());
        let tile = VECTORS * S::F64_LANES;
        let (height, width, depths) = (m.min(HEIGHT), n.min(WIDTH), depth.min(DEPTH));
        let mut rows = unwritten(height.next_multiple_of(ROWS) * depths);
        let mut columns = unwritten(width.next_multiple_of(tile) * depths);
        for column in (0..n).step_by(WIDTH) {
            for term in (0..depth).step_by(DEPTH) {
                let right = part(right, Axis(1), column, WIDTH);
                let columns = packed(part(right, Axis(0), term, DEPTH).reversed_axes(), tile, &mut columns);
                for row in (0..m).step_by(HEIGHT) {
                    let left = part(left, Axis(0), row, HEIGHT);
                    let rows = packed(part(left, Axis(1), term, DEPTH), ROWS, &mut rows);
                    let block = Block { rows, columns, terms: DEPTH.min(depth - term), row, column, n, upper };
                    block.compute(simd, to, added || term > 0);
                }
            }
        }
        drop([Buffer::new(rows), Buffer::new(columns)]);
    }
}

/// Some neighbouring rows or columns.
fn part<'a>(mut matrix: ArrayView2<'a, f64>, axis: Axis, from: usize, most: usize) -> ArrayView2<'a, f64> {
    let until = matrix.len_of(axis).min(from + most);
    matrix.slice_axis_inplace(axis, Slice::from(from..until));
    matrix
}

/// Panels of so many rows each, column after column; rows that the last one lacks are 0.
#[inline(always)]
fn packed<'t>(rows: ArrayView2<f64>, height: usize, to: &'t mut [f64]) -> &'t [f64] {
    let (m, n) = rows.dim();
    let to = &mut to[..m.next_multiple_of(height) * n];
    for (at, panel) in to.chunks_exact_mut(height * n).enumerate() {
        let rows = part(rows, Axis(0), at * height, height);
        let known = rows.nrows();
        if known < height {
            panel.fill(0.0);
        }
        if rows.strides()[0] == 1 {
            for (column, to) in rows.columns().into_iter().zip(panel.chunks_exact_mut(height)) {
                to[..known].copy_from_slice(column.to_slice().unwrap_or_default());
            }
            continue;
        }
        for (at, row) in rows.outer_iter().enumerate() {
            let to = panel[at..].iter_mut().step_by(height);
            match row.to_slice() {
                Some(row) => to.zip(row).for_each(|(to, x)| *to = *x),
                None => to.zip(row).for_each(|(to, x)| *to = *x),
            }
        }
    }
    to
}

/// Packed rows of the left factor and columns of the right one, and where their product stands.
struct Block<'a> {
    rows: &'a [f64],
    columns: &'a [f64],
    terms: usize,
    row: usize,
    column: usize,
    /// The columns of the whole product.
    n: usize,
    upper: bool,
}

impl Block<'_> {
    #[inline(always)]
    fn compute<S: Simd>(&self, simd: S, to: &mut [f64], added: bool) {
        let n = self.n;
        let tile = VECTORS * S::F64_LANES;
        for (at, columns) in self.columns.chunks_exact(tile * self.terms).enumerate() {
            let column = self.column + at * tile;
            let width = tile.min(n - column);
            for (at, rows) in self.rows.chunks_exact(ROWS * self.terms).enumerate() {
                let row = self.row + at * ROWS;
                if self.upper && row >= column + width {
                    break;
                }
                let sums = sums(simd, rows, columns);
                for (to, sums) in to[row * n..].chunks_exact_mut(n).zip(&sums) {
                    write(simd, sums, &mut to[column..column + width], added);
                }
            }
        }
    }
}

/// The product of a panel of rows and one of columns.
#[inline(always)]
fn sums<S: Simd>(simd: S, rows: &[f64], columns: &[f64]) -> Tile<S> {
    let mut sums = [[simd.splat_f64s(0.0); VECTORS]; ROWS];
    let (columns, _) = S::as_simd_f64s(columns).0.as_chunks::<VECTORS>();
    for (x, y) in rows.as_chunks::<ROWS>().0.iter().zip(columns) {
        for i in 0..ROWS {
            let x = simd.splat_f64s(x[i]);
            for j in 0..VECTORS {
                sums[i][j] = simd.mul_add_f64s(x, y[j], sums[i][j]);
            }
        }
    }
    sums
}

/// One row of a tile, or its beginning.
#[inline(always)]
fn write<S: Simd>(simd: S, sums: &[S::f64s; VECTORS], to: &mut [f64], added: bool) {
    match (S::as_mut_simd_f64s(to), added) {
        ((to, []), false) if to.len() == VECTORS => to.copy_from_slice(sums),
        ((to, []), true) if to.len() == VECTORS => to.iter_mut().zip(sums).for_each(|(y, x)| *y = simd.add_f64s(*y, *x)),
        (_, false) => to.iter_mut().zip(cast_slice(sums)).for_each(|(y, x): (_, &f64)| *y = *x),
        (_, true) => to.iter_mut().zip(cast_slice(sums)).for_each(|(y, x): (_, &f64)| *y += *x),
    }
}

/// What is below the diagonal becomes what is above it.
pub(super) fn mirror(to: &mut [f64], n: usize) {
    for row in 1..n {
        let (above, below) = to.split_at_mut(row * n);
        for (column, x) in below[..row].iter_mut().enumerate() {
            *x = above[column * n + row];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array2, ShapeBuilder};

    /// Around the lengths of tiles and blocks, in all layouts: small integers, whose sums are exact, as ndarray has them.
    #[test]
    fn blocks_of_all_lengths_and_layouts() {
        let of = |m: usize, n: usize, by_columns: bool| {
            let entry = |(i, j): (usize, usize)| ((7 * i + 3 * j) % 11) as f64 - 5.0;
            Array2::from_shape_fn((m, n).set_f(by_columns), entry)
        };
        for (m, k, n) in [(1, 1, 1), (5, 3, 7), (6, 8, 8), (7, 256, 9), (97, 257, 17), (192, 300, 33), (13, 2, 2050)] {
            for layout in 0..4 {
                let (a, b) = (of(m, k, layout & 1 == 1), of(k, n, layout & 2 == 2));
                let mut product = vec![1.0; m * n];
                for times in 1..=2 {
                    let added = times == 2;
                    Product { left: a.view(), right: b.view(), to: &mut product, added, upper: false }.compute();
                    assert!(product.iter().eq(&(a.dot(&b) * f64::from(times))), "{m} {k} {n} {layout}");
                }
            }
        }
    }

    #[test]
    fn a_symmetric_product_is_the_whole() {
        for n in [1, 5, 8, 100, 130] {
            let a = Array2::from_shape_fn((n, 270), |(i, j)| ((5 * i + 3 * j) % 7) as f64 - 3.0);
            let (mut whole, mut product) = (vec![0.0; n * n], vec![f64::NAN; n * n]);
            Product { left: a.view(), right: a.t(), to: &mut whole, added: false, upper: false }.compute();
            Product { left: a.view(), right: a.t(), to: &mut product, added: false, upper: true }.compute();
            mirror(&mut product, n);
            assert_eq!(product, whole);
        }
    }
}
