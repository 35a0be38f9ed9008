//! Layouts: the formula is the one of the layout, its value the transposed derivative; shape and code stay.

use indicial::{Declarations, Engine, Layout, Notation, Result, parse};

/// Declarations, F, the variables, and what reads under mixed, numerator and denominator layout.
type Line = (&'static str, &'static str, &'static str, [&'static str; 3]);

const LAYOUTS: &[Line] = &[
    ("x: vector(n)", "x'*A*x", "x", ["(A + A')*x", "x'*(A + A')", "(A + A')*x"]),
    ("x: vector(n)", "norm2(A*x - b)^2", "x", ["2*A'*(A*x - b)", "2*(A*x - b)'*A", "2*A'*(A*x - b)"]),
    ("", "tr(A*X)", "X", ["A'", "A", "A'"]),
    ("X: matrix(n, n)", "logdet(X)", "X", ["inv(X)'", "inv(X)", "inv(X)'"]),
    ("x: vector(n)", "A*x", "x", ["A", "A", "A'"]),
    ("t: scalar; A: matrix(m, n)", "t*A", "t", ["A", "A", "A'"]),
    ("t: scalar; a: vector(n)", "t*a", "t", ["a", "a", "a'"]),
    ("t: scalar", "t^2", "t", ["2*t", "2*t", "2*t"]),
    ("x: vector(m); y: vector(n)", "x'*A*y", "x, y", ["A", "A", "A'"]),
    ("x: vector(n)", "x'*A*x", "x, x", ["A + A'", "A + A'", "A + A'"]),
    ("", "A*X*B", "X", ["kron(B', A)", "kron(B', A)", "kron(B, A')"]),
];

#[test]
fn layouts_turn_what_is_shown() {
    let mut bad = Vec::new();
    for (declared, f, by, expected) in LAYOUTS {
        let declarations = Declarations::parse(declared).unwrap();
        let read = |text: &str| parse(text, &declarations);
        let (f, by) = (read(f).unwrap(), by.split(", ").map(read).collect::<Result<Vec<_>>>().unwrap());
        let mixed = Engine::new().derivative(&f, &by, &declarations).unwrap();
        for (layout, expected) in [Layout::Mixed, Layout::Numerator, Layout::Denominator].into_iter().zip(expected) {
            let answer = Engine::new().layout(layout).derivative(&f, &by, &declarations).unwrap();
            let seen = [crate::text(&answer, expected), crate::derivative(&answer)];
            bad.extend(seen.into_iter().filter_map(Result::err).map(|e| format!("{f}, {layout}: {e}")));
            assert_eq!((&answer.formula, &answer.shape, answer.layout), (&mixed.formula, &mixed.shape, layout));
            assert_eq!(answer.numpy().unwrap(), mixed.numpy().unwrap());
        }
    }
    assert!(bad.is_empty(), "{}", bad.join("\n"));
}

#[test]
fn products_and_index_notation_have_one_layout() {
    let declarations = Declarations::parse("x: vector(n); A: matrix(n, n)").unwrap();
    let [f, x, v] = ["x'*A*x", "x", "v"].map(|text| parse(text, &declarations).unwrap());
    for layout in [Layout::Numerator, Layout::Denominator] {
        let engine = Engine::new().layout(layout);
        assert_eq!(engine.hvp(&f, &x, &v, &declarations).unwrap().to_string(), "(A + A')*v");
        let index = engine.notation(Notation::Index).derivative(&f, std::slice::from_ref(&x), &declarations).unwrap();
        assert!(index.to_string().starts_with('{'), "{index}");
    }
}
