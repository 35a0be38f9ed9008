//! High orders, deep compositions, long products and sums.

use super::{derivatives, save};
use std::fmt::Write;

/// Declarations, function, variable, highest order.
type Line = (&'static str, &'static str, &'static str, usize);

fn check(name: &str, lines: &[Line]) {
    let mut shown = String::new();
    for (declarations, f, x, highest) in lines {
        let _ = writeln!(shown, "{f}  by {x}\n{}", derivatives(declarations, f, x, *highest));
    }
    save(name, &shown);
}

#[test]
fn orders_of_functions_of_a_vector() {
    check(
        "orders_vector",
        &[
            ("A: matrix(n, n); B: matrix(n, n); x: vector(n)", "x'*A*x*x'*B*x", "x", 4),
            ("x: vector(n)", "x'*x*x", "x", 4),
            ("A: matrix(m, n); x: vector(n)", "log(norm2(A*x)^2)", "x", 3),
            ("A: matrix(n, n); x: vector(n)", "exp(x'*A*x)", "x", 3),
            ("x: vector(n)", "1/(1 + x'*x)", "x", 4),
            ("x: vector(n)", "norm2(x)", "x", 4),
            ("x: vector(n)", "softmax(x)", "x", 3),
            ("y: vector(n); z: vector(n)", "-y'*log(softmax(z))", "z", 3),
        ],
    );
}

#[test]
fn orders_of_functions_of_a_scalar() {
    check(
        "orders_scalar",
        &[
            ("x: scalar", "exp(sin(x))", "x", 6),
            ("x: scalar", "exp(-x^2/2)", "x", 6),
            ("x: scalar", "tanh(x)", "x", 6),
            ("x: scalar", "sin(x)/(1 + x^2)", "x", 4),
            ("A: matrix(n, n); B: matrix(n, n); t: scalar", "inv(A + t*B)", "t", 6),
        ],
    );
}

#[test]
fn orders_of_functions_of_a_matrix() {
    check(
        "orders_matrix",
        &[
            ("X: matrix(n, n)", "logdet(X)", "X", 3),
            ("A: matrix(n, n); X: matrix(n, n)", "tr(A*inv(X))", "X", 2),
            ("X: matrix(n, n)", "tr(X^4)", "X", 2),
            ("A: matrix(n, n); B: tensor(k, n, n); t: vector(k)", "logdet(A + {t[i]*B[i,j,l]}[j,l])", "t", 2),
        ],
    );
}

/// The loss of a network of so many layers.
fn network(layers: usize, activation: &str) -> String {
    let inner = (1..layers).fold("x".to_owned(), |inner, k| format!("{activation}(W{k}*{inner})"));
    format!("norm2(W{layers}*{inner} - y)^2")
}

#[test]
fn hessians_of_a_network_of_ten_layers() {
    let mut shown = String::new();
    for activation in ["relu", "tanh"] {
        for layer in [1, 10] {
            let answers = derivatives("", &network(10, activation), &format!("W{layer}"), 2);
            let _ = writeln!(shown, "{activation}, layer {layer}\n{answers}");
        }
    }
    save("network", &shown);
}

#[test]
fn attention_and_layer_norm() {
    const ATTENTION: &str = "Q: matrix(m, d); K: matrix(n, d); V: matrix(n, p); D: matrix(m, p)";
    const NORM: &str = "x: vector(n); gamma: vector(n); c: vector(n); eps: scalar > 0";
    check(
        "attention",
        &[
            (ATTENTION, "sum(softmax(Q*K'/sqrt(d))*V.*D)", "Q", 2),
            (ATTENTION, "sum(softmax(Q*K'/sqrt(d))*V.*D)", "K", 2),
            (NORM, "c'*(gamma.*(x - mean(x))/sqrt(var(x) + eps))", "x", 2),
        ],
    );
}

#[test]
fn long_products_and_sums() {
    let product = (1..=32).map(|k| format!("X{k}")).collect::<Vec<_>>().join("*");
    let sum = (1..=60).map(|k| format!("x'*A{k}*x")).collect::<Vec<_>>().join(" + ");
    let polynomial = (0..16).map(|k| format!("a{k}*x^{k}")).collect::<Vec<_>>().join(" + ");
    let powers = (1..=12).map(|_| "A").collect::<Vec<_>>().join("*");
    let mut shown = String::new();
    for (declarations, f, x, highest) in [
        ("", format!("tr({product})"), "X16", 1),
        ("x: vector(n)", sum, "x", 2),
        ("x: scalar", polynomial, "x", 2),
        ("A: matrix(n, n); x: vector(n)", format!("x'*{powers}*x"), "x", 2),
    ] {
        let _ = writeln!(shown, "{f}  by {x}\n{}", derivatives(declarations, &f, x, highest));
    }
    save("long", &shown);
}

#[test]
fn deep_compositions() {
    let nested = |k: usize| (0..k).fold("x".to_owned(), |inner, i| format!("{}({inner})", ["exp", "tanh", "sin"][i % 3]));
    let mut shown = String::new();
    for (declarations, f, x, highest) in [
        ("x: vector(n)", format!("sum({})", nested(64)), "x", 1),
        ("x: vector(n)", format!("sum({})", nested(8)), "x", 2),
        ("x: scalar", "1/(1 + 1/(1 + 1/(1 + 1/(1 + x))))".to_owned(), "x", 2),
        ("x: vector(n)", "softmax(A*softmax(B*softmax(x)))".to_owned(), "x", 1),
        ("x: vector(n)", "softmax(softmax(x))".to_owned(), "x", 2),
    ] {
        let _ = writeln!(shown, "{f}  by {x}\n{}", derivatives(declarations, &f, x, highest));
    }
    save("deep", &shown);
}
