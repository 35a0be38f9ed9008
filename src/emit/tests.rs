use super::{Definition, numpy_module};
use crate::{Declarations, Dim, ErrorKind, infer, parse};

/// What follows `def value` for an expression.
fn body(declarations: &str, text: &str) -> String {
    let source = source(declarations, text).unwrap();
    let (_, body) = source.split_once("def value").unwrap();
    body.trim_end().to_owned()
}

fn source(declarations: &str, text: &str) -> crate::Result<String> {
    let declarations = Declarations::parse(declarations).unwrap();
    let typed = infer(&parse(text, &declarations).unwrap(), &declarations).unwrap();
    numpy_module(&typed.variables, &[Definition { name: "value", value: &typed, kron_axes: None }])
}

#[test]
fn products_are_multiplied_where_they_are_small() {
    assert_eq!(body("A: matrix(m, n); x: vector(n)", "2*A'*A*x"), "(*, A, x):\n    return 2*(A.T @ (A @ x))");
    assert_eq!(body("x: vector(n)", "x'*x*x"), "(*, x):\n    return (x @ x)*x");
    assert_eq!(body("x: vector(n)", "x*x'"), "(*, x):\n    return np.outer(x, x)");
    assert_eq!(
        body("lambda: scalar; S: matrix(k, k)", "lambda*S^-1"),
        "(*, lambda_, S):\n    return lambda_*np.linalg.matrix_power(S, -1)"
    );
}

#[test]
fn shared_parts_are_computed_once() {
    assert_eq!(body("x: vector(n)", "t.*(1 - t) where t = exp(x)"), "(*, x):\n    t1 = np.exp(x)\n    return t1*(1 - t1)");
}

#[test]
fn sizes_come_from_shapes_or_are_arguments() {
    assert_eq!(body("x: vector(n)", "sum(x)/n"), "(*, x):\n    n = len(x)\n    return np.sum(x)/n");
    assert_eq!(body("z: vector(p+1)", "sum(z)/p"), "(*, z):\n    p = len(z) - 1\n    return np.sum(z)/p");
    assert_eq!(body("s: scalar", "s*ones(q)"), "(*, s, q):\n    return s*np.ones((q,))");
    assert_eq!(body("A: matrix(m, n)", "tr(A*A')/m"), "(*, A):\n    m = A.shape[0]\n    return np.trace(A @ A.T)/m");
}

#[test]
fn index_notation_becomes_einsum() {
    assert_eq!(body("A: matrix(m, n); x: vector(n)", "{A[i,j]*x[j]}[i]"), "(*, A, x):\n    return np.einsum('ab,b->a', A, x)");
    assert_eq!(body("S: matrix(k, k)", "S[i,i]"), "(*, S):\n    return np.einsum('aa->', S)");
    assert_eq!(body("x: vector(n)", "{x[i]*delta[i,j]}[i,j]"), "(*, x):\n    n = len(x)\n    return np.einsum('a,ab->ab', x, np.eye(n))");
}

#[test]
fn kronecker_answers_get_the_axes_of_the_derivative() {
    let declarations = Declarations::parse("B: matrix(n, n)").unwrap();
    let typed = infer(&parse("kron(B', eye(m))", &declarations).unwrap(), &declarations).unwrap();
    let axes = ["m", "n", "m", "n"].map(Dim::symbol);
    let module = numpy_module(&typed.variables, &[Definition { name: "derivative", value: &typed, kron_axes: Some(&axes) }]).unwrap();
    let line = "return np.reshape(np.kron(B.T, np.eye(m)), (m, n, m, n), order='F')";
    assert_eq!(module, format!("import numpy as np\n\n\ndef derivative(*, B, m):\n    n = B.shape[0]\n    {line}\n"));
}

#[test]
fn scipy_is_imported_only_where_it_is_used() {
    assert!(source("x: vector(n)", "sigmoid(x)").unwrap().starts_with("import numpy as np\nfrom scipy import special\n"));
    assert!(source("S: matrix(k, k)", "det(S)").unwrap().starts_with("import numpy as np\n\n"));
}

#[test]
fn what_has_no_numpy_form_is_refused() {
    let declarations = Declarations::parse("x: vector(n)").unwrap();
    let expr = parse("diff(x'*x, x)", &declarations).unwrap();
    if let Ok(typed) = infer(&expr, &declarations) {
        let definition = Definition { name: "value", value: &typed, kron_axes: None };
        assert_eq!(numpy_module(&typed.variables, &[definition]).unwrap_err().kind, ErrorKind::Unsupported);
    }
}
