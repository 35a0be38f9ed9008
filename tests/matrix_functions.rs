//! Derivatives of functions of matrices at matrices that are not symmetric and have no basis of eigenvectors, held against the
//! definition by block matrices, `f([X, E; 0, X])` and, of the second derivative, f of four blocks a side (Higham 2008, (3.16);
//! Higham and Relton 2014, theorem 3.5).

use indicial::{Declarations, Engine, Inputs, Result, Symbol, evaluate, infer, parse};
use ndarray::{Array2, ArrayD, Axis, Slice, array};

/// Functions that are analytic at the matrices below, in the variable X.
const FUNCTIONS: [&str; 9] =
    ["expm(X)", "logm(X)", "sqrtm(X)", "cosm(X)", "sinm(X)", "X^(2/3)", "X^(-1/2)", "X^(3/2)", "expm(X)*logm(X) - sqrtm(X)*X"];

/// A Jordan block, one with a second one beside it, and two that are general.
fn places() -> [Array2<f64>; 4] {
    [
        array![[1.3, 1.0, 0.0], [0.0, 1.3, 1.0], [0.0, 0.0, 1.3]],
        array![[0.7, 1.0, 0.0], [0.0, 0.7, 0.0], [0.0, 0.0, 2.1]],
        array![[1.4, 1.0, -0.3], [-0.5, 1.3, 0.2], [0.1, -0.7, 0.9]],
        array![[2.0, -9.0, 4.0], [0.0, 1.0, 7.0], [0.0, 0.0, 3.0]],
    ]
}

fn declarations() -> Declarations {
    Declarations::parse("X: matrix(3, 3); E: matrix(3, 3); F: matrix(3, 3)").unwrap()
}

fn value(expr: &indicial::Expr, at: &[(&str, &Array2<f64>)], declarations: &Declarations) -> Result<Array2<f64>> {
    let values = at.iter().map(|(name, a)| (Symbol::new(name), (*a).clone().into_dyn())).collect();
    let inputs = Inputs { sizes: [].into_iter().collect(), values, stand_ins: false };
    let value: ArrayD<f64> = evaluate(&infer(expr, declarations)?, &inputs)?;
    Ok(value.into_dimensionality().unwrap())
}

/// `f(X)` for a numeric X of any size.
fn function(f: &str, x: &Array2<f64>) -> Array2<f64> {
    let n = x.nrows();
    let declarations = Declarations::parse(&format!("X: matrix({n}, {n})")).unwrap();
    value(&parse(f, &declarations).unwrap(), &[("X", x)], &declarations).unwrap()
}

/// `[A, B; 0, A]`
fn blocks(a: &Array2<f64>, b: &Array2<f64>) -> Array2<f64> {
    let n = a.nrows();
    let mut whole = Array2::zeros((2 * n, 2 * n));
    for (from, rows, columns) in [(a, 0, 0), (b, 0, n), (a, n, n)] {
        whole.slice_axis_mut(Axis(0), Slice::from(rows..rows + n)).slice_axis_mut(Axis(1), Slice::from(columns..columns + n)).assign(from);
    }
    whole
}

fn upper_right(a: &Array2<f64>) -> Array2<f64> {
    let n = a.nrows();
    a.slice_axis(Axis(0), Slice::from(..3)).slice_axis(Axis(1), Slice::from(n - 3..)).to_owned()
}

fn assert_close(seen: &Array2<f64>, exact: &Array2<f64>, what: &str) {
    let size = |a: &Array2<f64>| a.iter().fold(0.0f64, |m, x| m.max(x.abs()));
    assert!(size(&(seen - exact)) <= 1e-7 * size(exact).max(1.0), "{what}: {seen} and {exact}");
}

#[test]
fn derivatives_along_directions_are_those_of_block_matrices() {
    let declarations = declarations();
    let read = |text: &str| parse(text, &declarations).unwrap();
    let e = array![[0.2, -1.0, 0.5], [0.7, 0.1, -0.4], [0.3, -0.6, 0.8]];
    let g = array![[-0.3, 0.4, 0.1], [0.9, -0.2, 0.6], [-0.5, 0.7, 0.3]];
    for f in FUNCTIONS {
        let first = Engine::new().jvp(&read(f), &[(read("X"), read("E"))], &declarations).unwrap();
        let formula = first.formula.inlined();
        let second = Engine::new().jvp(&formula, &[(read("X"), read("F"))], &declarations).unwrap();
        for x in places() {
            let at = [("X", &x), ("E", &e), ("F", &g)];
            let once = blocks(&x, &e);
            let exact = upper_right(&function(f, &once));
            assert_close(&value(&formula, &at, &declarations).unwrap(), &exact, &format!("{f} once: {first}"));
            let twice = blocks(&once, &{
                let mut both = Array2::zeros((6, 6));
                both.slice_axis_mut(Axis(0), Slice::from(..3)).slice_axis_mut(Axis(1), Slice::from(..3)).assign(&g);
                both.slice_axis_mut(Axis(0), Slice::from(3..)).slice_axis_mut(Axis(1), Slice::from(3..)).assign(&g);
                both
            });
            let exact = upper_right(&function(f, &twice));
            assert_close(&value(&second.formula.inlined(), &at, &declarations).unwrap(), &exact, &format!("{f} twice: {second}"));
        }
    }
}
