//! Functions of matrices, held against what defines them: central differences, and block matrices.

mod closed_forms;
mod definition;

use indicial::{Declarations, Inputs, Symbol, evaluate, infer, parse};
use ndarray::{Array2, Axis, Slice};

/// `f(X)` for a numeric X of any size, f written in the variable X.
fn function(f: &str, x: &Array2<f64>) -> Array2<f64> {
    let n = x.nrows();
    let declarations = Declarations::parse(&format!("X: matrix({n}, {n})")).unwrap();
    let values = [(Symbol::new("X"), x.clone().into_dyn())].into_iter().collect();
    let inputs = Inputs { sizes: [].into_iter().collect(), values, stand_ins: false };
    let value = evaluate(&infer(&parse(f, &declarations).unwrap(), &declarations).unwrap(), &inputs);
    value.unwrap_or_else(|e| panic!("{f} at {x}: {e}")).into_dimensionality().unwrap()
}

/// The Fréchet derivative of f at X along directions by its definition: the upper right block of f at `[X, E; 0, X]`, of which
/// every further direction makes two blocks a side, `[Y, G; 0, Y]` with the direction G on the diagonal of Y's blocks
/// (Higham 2008, (3.16); Higham and Relton 2014, theorem 3.5).
fn frechet(f: &str, x: &Array2<f64>, directions: &[Array2<f64>]) -> Array2<f64> {
    let whole = directions.iter().fold(x.clone(), |whole, direction| {
        let copies = whole.nrows() / x.nrows();
        blocks(&whole, &repeated(direction, copies))
    });
    block(&function(f, &whole), 0, whole.ncols() - x.ncols(), x.nrows())
}

/// `[A, B; 0, A]`
fn blocks(a: &Array2<f64>, b: &Array2<f64>) -> Array2<f64> {
    let n = a.nrows();
    let mut whole = Array2::zeros((2 * n, 2 * n));
    for (from, row, column) in [(a, 0, 0), (b, 0, n), (a, n, n)] {
        put(&mut whole, from, row, column);
    }
    whole
}

/// `kron(eye(copies), A)`
fn repeated(a: &Array2<f64>, copies: usize) -> Array2<f64> {
    let n = a.nrows();
    let mut whole = Array2::zeros((copies * n, copies * n));
    (0..copies).for_each(|k| put(&mut whole, a, k * n, k * n));
    whole
}

fn put(whole: &mut Array2<f64>, part: &Array2<f64>, row: usize, column: usize) {
    let n = part.nrows();
    whole.slice_axis_mut(Axis(0), Slice::from(row..row + n)).slice_axis_mut(Axis(1), Slice::from(column..column + n)).assign(part);
}

fn block(whole: &Array2<f64>, row: usize, column: usize, n: usize) -> Array2<f64> {
    whole.slice_axis(Axis(0), Slice::from(row..row + n)).slice_axis(Axis(1), Slice::from(column..column + n)).to_owned()
}

fn assert_close(seen: &Array2<f64>, exact: &Array2<f64>, what: &str) {
    let size = |a: &Array2<f64>| a.iter().fold(0.0f64, |m, x| m.max(x.abs()));
    assert!(size(&(seen - exact)) <= 1e-7 * size(exact).max(1.0), "{what}: {seen} and {exact}");
}
