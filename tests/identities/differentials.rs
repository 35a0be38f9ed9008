//! Differentials: what they read, what that reads back as, and central differences along the changes.

use indicial::{Answer, Declarations, Engine, Notation, Result, parse};

/// Declarations, F, the variables, the order, and what the differential reads.
type Line = (&'static str, &'static str, &'static str, usize, &'static str);

const DIFFERENTIALS: &[Line] = &[
    // Scalars, with their gradients.
    ("x: vector(n)", "x'*A*x", "x", 1, "x'*(A + A')*dx"),
    ("x: vector(n)", "norm2(A*x)^2", "x", 1, "2*x'*A'*A*dx"),
    ("", "tr(X*A*X')", "X", 1, "tr((A + A')*X'*dX)"),
    ("", "tr(A*X)", "X", 1, "tr(A*dX)"),
    ("X: matrix(n, n)", "logdet(X)", "X", 1, "tr(inv(X)*dX)"),
    ("X: matrix(n, n)", "det(X)", "X", 1, "det(X)*tr(inv(X)*dX)"),
    ("t: scalar", "sin(t)^2", "t", 1, "sin(2*t)*dt"),
    ("r: row(n); a: vector(n)", "exp(r*a)", "r", 1, "exp(r*a)*a'*dr'"),
    // Several variables.
    ("", "a'*X*y", "X, y", 1, "tr(y*a'*dX) + a'*X*dy"),
    ("", "A*B", "A, B", 1, "A*dB + dA*B"),
    // Of other shapes.
    ("X: matrix(n, n)", "inv(X)", "X", 1, "-inv(X)*dX*inv(X)"),
    ("X: matrix(m, n)", "exp(X)", "X", 1, "dX.*exp(X)"),
    ("x: vector(n)", "A*exp(x)", "x", 1, "A*(dx.*exp(x))"),
    // Of higher order.
    ("x: vector(n)", "x'*A*x", "x", 2, "2*dx'*A*dx"),
    ("X: matrix(n, n)", "logdet(X)", "X", 2, "-tr(dX*inv(X)*dX*inv(X))"),
    ("X: matrix(n, n)", "inv(X)", "X", 2, "2*inv(X)*dX*inv(X)*dX*inv(X)"),
    ("x: vector(n); y: vector(n)", "x'*A*y", "x, y", 2, "2*dx'*A*dy"),
    ("t: scalar", "t^4", "t", 3, "24*t*dt^3"),
    // Of structured variables and parts.
    ("S: symmetric(n); A: matrix(n, n)", "tr(A*S)", "S", 1, "tr(sym(A)*dS)"),
    ("P: posdef(n)", "logdet(P)", "P", 1, "tr(inv(P)*dP)"),
    ("Q: orthogonal(n); A: matrix(n, n)", "tr(A*Q)", "Q", 1, "tr(A*dQ)"),
    ("x: vector(n)", "x'*x", "x[1:k]", 1, "2*x[1:k]'*dx[1:k]"),
    // Names that are taken.
    ("X: matrix(n, n); dX: matrix(n, n)", "tr(X*dX)", "X", 1, "tr(dX*deltaX)"),
    ("iag: vector(n); a: vector(n)", "a'*iag", "iag", 1, "a'*deltaiag"),
];

fn ask((declarations, f, variables, order, _): &Line) -> Result<Answer> {
    let declarations = Declarations::parse(declarations)?;
    let read = |text: &str| parse(text, &declarations);
    let variables = variables.split(", ").map(read).collect::<Result<Vec<_>>>()?;
    Engine::new().differential(&read(f)?, &variables, *order, &declarations)
}

#[test]
fn differentials_read_as_in_a_textbook() {
    let mut bad = Vec::new();
    for line in DIFFERENTIALS {
        let verdicts = match ask(line) {
            Ok(answer) => {
                assert_eq!(answer.notation, Notation::Differential);
                vec![crate::text(&answer, line.4), crate::derivative(&answer), crate::reads_back(&answer)]
            }
            Err(e) => vec![Err(e.to_string())],
        };
        bad.extend(verdicts.into_iter().filter_map(Result::err).map(|e| format!("{line:?}:\n    {e}")));
    }
    assert!(bad.is_empty(), "{}", bad.join("\n"));
}

#[test]
fn a_list_of_variables_has_one_order() {
    let declarations = Declarations::parse("x: vector(n); y: vector(n)").unwrap();
    let [f, x, y] = ["x'*y", "x", "y"].map(|text| parse(text, &declarations).unwrap());
    let by = |list: &[_]| Engine::new().notation(Notation::Differential).derivative(&f, list, &declarations);
    assert_eq!(by(&[x.clone(), y.clone()]).unwrap().to_string(), "y'*dx + x'*dy");
    assert_eq!(by(&[x.clone(), y.clone(), x.clone(), y.clone()]).unwrap().to_string(), "2*dx'*dy");
    assert!(by(&[x.clone(), y, x]).is_err());
}
