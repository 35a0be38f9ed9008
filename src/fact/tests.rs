//! The table of facts, line by line, and that no fact is claimed that a value refutes.

use super::Facts;
use crate::check::Scope;
use crate::eval::evaluate;
use crate::index::Graph;
use crate::infer::infer;
use crate::lower::lower;
use crate::matrix::{Build, Terms};
use crate::parse::{Declarations, parse};
use crate::raise::Raiser;
use ndarray::{Array2, Ix2};

const DECLARATIONS: &str = "S: symmetric(n); T: symmetric(n); P: posdef(n); R: posdef(n); W: skew(n); V: skew(n); L: lower(n); M: lower(n); \
     U: upper(n); D: diagonal(n); E: diagonal(n); H: hollow(n); Q: orthogonal(n); O: orthogonal(n); A: matrix(n, n); X: matrix(m, n); \
     B: matrix(n, n) full rank; x: vector(n); w: vector(n) > 0; s: scalar > 0; t: scalar; G: matrix(n, n) > 0";

const NAMES: [(Facts, &str); 11] = [
    (Facts::SYMMETRIC, "symmetric"),
    (Facts::SKEW, "skew"),
    (Facts::LOWER, "lower"),
    (Facts::UPPER, "upper"),
    (Facts::HOLLOW, "hollow"),
    (Facts::ORTHOGONAL, "orthogonal"),
    (Facts::INVERTIBLE, "invertible"),
    (Facts::PSD, "semidefinite"),
    (Facts::POSDEF, "definite"),
    (Facts::NONNEGATIVE, "nonnegative"),
    (Facts::POSITIVE, "positive"),
];

/// What index form and matrix form know of an expression, and its values at some points.
fn known(text: &str) -> (Facts, Vec<Array2<f64>>) {
    let declarations = Declarations::parse(DECLARATIONS).unwrap();
    let typed = infer(&parse(text, &declarations).unwrap(), &declarations).unwrap_or_else(|e| panic!("{text}: {e}"));
    let mut graph = Graph::new();
    let node = lower(&mut graph, &typed).unwrap_or_else(|e| panic!("{text}: {e}"));
    let mut terms = Terms::new();
    let term = Raiser::new(&mut graph, &mut terms).raise(node);
    let scope = Scope::of(&[&typed]);
    let values = (0..6).filter_map(|k| evaluate(&typed, &scope.draw(k).ok()?).ok()?.into_dimensionality::<Ix2>().ok());
    let values = values.filter(|v| v.iter().all(|e| e.is_finite())).collect();
    (terms.facts(term) | graph.meta(node).facts, values)
}

/// Whether a value is as a fact says.
fn holds(fact: Facts, a: &Array2<f64>) -> bool {
    let size = a.iter().fold(1.0f64, |m, e| m.max(e.abs()));
    let zero = |b: Array2<f64>| b.iter().all(|e| e.abs() < 1e-9 * size * size);
    let only = |keep: fn(usize, usize) -> bool| a.indexed_iter().all(|((i, j), e)| keep(i, j) || e.abs() < 1e-9 * size);
    let dense = || nalgebra::DMatrix::from_fn(a.nrows(), a.ncols(), |i, j| a[[i, j]]);
    let least = || dense().symmetric_eigenvalues().min();
    match NAMES.iter().find(|(f, _)| *f == fact).map_or("", |(_, name)| *name) {
        "symmetric" => zero(a - &a.t()),
        "skew" => zero(a + &a.t()),
        "lower" => only(|i, j| i >= j),
        "upper" => only(|i, j| i <= j),
        "hollow" => only(|i, j| i != j),
        "orthogonal" => zero(a.dot(&a.t()) - Array2::<f64>::eye(a.nrows())),
        // That an inverse exists is an assumption where one is written, and a skew matrix of odd size has none.
        "invertible" => true,
        "semidefinite" => zero(a - &a.t()) && least() > -1e-9 * size,
        "definite" => zero(a - &a.t()) && least() > 0.0,
        "nonnegative" => a.iter().all(|e| *e >= -1e-9 * size),
        "positive" => a.iter().all(|e| *e > 0.0),
        _ => false,
    }
}

fn refuted(text: &str) -> Option<String> {
    let (facts, values) = known(text);
    let claimed = NAMES.iter().filter(|(fact, _)| facts.contains(*fact));
    let wrong: Vec<&str> = claimed.filter(|(fact, _)| !values.iter().all(|v| holds(*fact, v))).map(|(_, name)| *name).collect();
    (!wrong.is_empty()).then(|| format!("{text} is not {}", wrong.join(", ")))
}

#[test]
fn facts_propagate_as_the_table_says() {
    let lines: &[(&str, &[&str])] = &[
        ("S'", &["symmetric"]),
        ("L'", &["upper"]),
        ("U'", &["lower"]),
        ("2*W", &["skew", "hollow"]),
        ("-L", &["lower"]),
        ("-Q", &["orthogonal"]),
        ("s*P", &["definite"]),
        ("t*P", &["symmetric"]),
        ("S + T", &["symmetric"]),
        ("W - V", &["skew"]),
        ("L + M", &["lower"]),
        ("A + A'", &["symmetric"]),
        ("A - A'", &["skew", "hollow"]),
        ("P + R", &["definite"]),
        ("P + X'*X", &["definite"]),
        ("X'*X + s*eye(n)", &["definite", "invertible"]),
        ("L*M", &["lower"]),
        ("L*D", &["lower"]),
        ("U*D*U", &["upper"]),
        ("D*E", &["lower", "upper", "symmetric"]),
        ("Q*O", &["orthogonal"]),
        ("Q*O'", &["orthogonal"]),
        ("B*P", &["invertible"]),
        ("X'*X", &["symmetric", "semidefinite"]),
        ("X*P*X'", &["semidefinite"]),
        ("B'*P*B", &["definite"]),
        ("X*diag(w)*X'", &["semidefinite"]),
        ("A*x*x'*A'", &["semidefinite"]),
        ("X*W*X'", &["skew"]),
        ("X*S*X'", &["symmetric"]),
        ("L.*A", &["lower"]),
        ("H.*A", &["hollow"]),
        ("S.*T", &["symmetric"]),
        ("W.*S", &["skew"]),
        ("W.*V", &["symmetric"]),
        ("P.*R", &["definite"]),
        ("exp(S)", &["symmetric", "positive"]),
        ("sin(W)", &["skew"]),
        ("cos(W)", &["symmetric"]),
        ("sin(L)", &["lower"]),
        ("S.^2", &["symmetric", "nonnegative"]),
        ("W.^3", &["skew"]),
        ("L.^3", &["lower"]),
        ("inv(S)", &["symmetric", "invertible"]),
        ("inv(W)", &["skew"]),
        ("inv(L)", &["lower"]),
        ("inv(D)", &["lower", "upper", "symmetric"]),
        ("inv(Q)", &["orthogonal"]),
        ("inv(P)", &["definite"]),
        ("inv(X'*X + P)", &["definite"]),
        ("adj(S)", &["symmetric"]),
        ("adj(P)", &["definite"]),
        ("P^2", &["definite"]),
        ("S^2", &["semidefinite"]),
        ("S^3", &["symmetric"]),
        ("W^2", &["symmetric"]),
        ("W^3", &["skew"]),
        ("L^3", &["lower"]),
        ("kron(S, T)", &["symmetric"]),
        ("kron(P, R)", &["definite"]),
        ("kron(L, M)", &["lower"]),
        ("kron(Q, O)", &["orthogonal"]),
        ("kron(W, S)", &["skew"]),
        ("kron(H, A)", &["hollow"]),
        ("diag(x)", &["lower", "upper", "symmetric"]),
        ("diag(w)", &["definite"]),
        ("diag(x.^2)", &["semidefinite"]),
        ("sym(A)", &["symmetric"]),
        ("skew(A)", &["skew"]),
        ("tril(A)", &["lower"]),
        ("triu(A)", &["upper"]),
        ("triu(L)", &["lower", "upper"]),
        ("eye(n)", &["orthogonal", "definite", "lower", "upper"]),
        ("ones(n, n)", &["symmetric", "positive"]),
    ];
    let mut bad = Vec::new();
    for (text, expected) in lines {
        let (facts, values) = known(text);
        assert!(!values.is_empty(), "{text} has no value");
        let missing = expected.iter().filter(|name| NAMES.iter().any(|(f, n)| n == *name && !facts.contains(*f)));
        bad.extend(missing.map(|name| format!("{text} is not known to be {name}")));
        bad.extend(refuted(text));
    }
    assert!(bad.is_empty(), "{}", bad.join("\n"));
}

#[test]
fn numbers_have_the_sign_that_definiteness_says() {
    let lines =
        [("det(P)", Facts::POSITIVE), ("tr(P)", Facts::POSITIVE), ("det(X'*X)", Facts::NONNEGATIVE), ("sum(diag(P))", Facts::POSITIVE)];
    for (text, fact) in lines {
        assert!(known(text).0.contains(fact), "{text}");
    }
}

#[test]
fn no_fact_is_claimed_that_a_value_refutes() {
    let bases = ["S", "P", "W", "L", "U", "D", "H", "Q", "A", "G", "eye(n)", "ones(n, n)", "zeros(n, n)"];
    let one = [
        "(X)'",
        "inv(X)",
        "-2*(X)",
        "-(X)",
        "t*(X)",
        "s*(X)",
        "(X).^2",
        "(X).^3",
        "(X).^-1",
        "(X)^2",
        "(X)^3",
        "adj(X)",
        "exp(X)",
        "sin(X)",
        "cos(X)",
        "abs(X)",
        "relu(X)",
        "tril(X)",
        "triu(X)",
        "sym(X)",
        "skew(X)",
        "diag(diag(X))",
        "max(X, (X)')",
        "(X)*x*x'*(X)'",
    ];
    let two = [
        "X + Y",
        "X - Y",
        "X*Y",
        "X.*Y",
        "X*Y*X'",
        "X'*Y*X",
        "X*Y*X",
        "X*diag(w)*Y",
        "inv(X + Y)",
        "(X*Y)^2",
        "tril(X*Y)",
        "X*inv(Y)",
        "kron(X, Y)",
    ];
    // Letters of the patterns that are not names of the declarations.
    let fill = |pattern: &str, x: &str, y: &str| pattern.replace('X', "#").replace('Y', y).replace('#', &format!("({x})"));
    let mut texts: Vec<String> = Vec::new();
    for x in bases {
        texts.extend(one.iter().map(|p| fill(p, x, "")));
        texts.extend(one.iter().flat_map(|p| ["inv(X)", "X*X'", "X + X'", "X - X'"].map(|q| fill(p, &fill(q, x, ""), ""))));
        texts.extend(bases.iter().flat_map(|y| two.iter().map(move |p| fill(p, x, y))));
    }
    // What is divided by zeros, or by entries that are 0 but for rounding.
    let zeros = |t: &String| t.contains("zeros") && (t.contains("inv") || t.contains("^-1")) || t.contains("(Q)'") && t.contains("^-1");
    let bad: Vec<String> = texts.iter().filter(|t| !zeros(t)).filter_map(|t| refuted(t)).collect();
    assert!(texts.len() > 2000);
    assert!(bad.is_empty(), "{} of {}:\n{}", bad.len(), texts.len(), bad.join("\n"));
}
