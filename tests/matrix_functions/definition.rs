//! Derivatives along directions at matrices that are not symmetric and have no basis of eigenvectors, held against the
//! definition by block matrices.

use crate::{assert_close, frechet};
use indicial::{Declarations, Engine, Expr, Inputs, Symbol, evaluate, infer, parse};
use ndarray::{Array2, array};

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

fn value(expr: &Expr, at: &[(&str, &Array2<f64>)], declarations: &Declarations) -> Array2<f64> {
    let values = at.iter().map(|(name, a)| (Symbol::new(name), (*a).clone().into_dyn())).collect();
    let inputs = Inputs { sizes: [].into_iter().collect(), values, stand_ins: false };
    evaluate(&infer(expr, declarations).unwrap(), &inputs).unwrap().into_dimensionality().unwrap()
}

#[test]
fn derivatives_along_directions_are_those_of_block_matrices() {
    let declarations = Declarations::parse("X: matrix(3, 3); E: matrix(3, 3); F: matrix(3, 3)").unwrap();
    let read = |text: &str| parse(text, &declarations).unwrap();
    let e = array![[0.2, -1.0, 0.5], [0.7, 0.1, -0.4], [0.3, -0.6, 0.8]];
    let g = array![[-0.3, 0.4, 0.1], [0.9, -0.2, 0.6], [-0.5, 0.7, 0.3]];
    for f in FUNCTIONS {
        let first = Engine::new().jvp(&read(f), &[(read("X"), read("E"))], &declarations).unwrap();
        let formula = first.formula.inlined();
        let second = Engine::new().jvp(&formula, &[(read("X"), read("F"))], &declarations).unwrap();
        for x in places() {
            let at = [("X", &x), ("E", &e), ("F", &g)];
            let exact = frechet(f, &x, std::slice::from_ref(&e));
            assert_close(&value(&formula, &at, &declarations), &exact, &format!("{f} once: {first}"));
            let exact = frechet(f, &x, &[e.clone(), g.clone()]);
            assert_close(&value(&second.formula.inlined(), &at, &declarations), &exact, &format!("{f} twice: {second}"));
        }
    }
}
