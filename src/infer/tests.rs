use super::*;
use crate::parse::parse;

/// The shape of the whole, and the kinds of the variables that are not declared.
fn judge(declarations: &str, text: &str) -> String {
    let declarations = Declarations::parse(declarations).unwrap();
    match parse(text, &declarations).and_then(|expr| infer(&expr, &declarations)) {
        Ok(typed) => {
            let assumed: Vec<String> = typed.assumed.iter().map(|name| format!("{:?}", typed.variables[name])).collect();
            let shape = typed.root().shape.to_string();
            if assumed.is_empty() { shape } else { format!("{shape}; {}", assumed.join(", ")) }
        }
        Err(e) => format!("{}: {}", e.kind, e.message),
    }
}

const DECLARED: &str = "A: matrix(m, n); B: matrix(n, p); S: matrix(n, n); x: vector(n); y: vector(m); r: row(n); s: scalar; \
     T: tensor(m, n, p); w: vector(3); U: matrix(n, 1); V: matrix(1, n); f: function(vector(n)) -> matrix(n, m)";

#[test]
fn operators_have_shapes() {
    for (text, expected) in [
        ("A*x", "vector(m)"),
        ("y'*A", "row(n)"),
        ("y'*A*x", "scalar"),
        ("y*x'", "matrix(m, n)"),
        ("s*A*B", "matrix(m, p)"),
        ("x'*x*x", "vector(n)"),
        ("x*V", "matrix(n, n)"),
        ("U*r", "matrix(n, n)"),
        ("V*x", "vector(1)"),
        ("U'*S*U", "matrix(1, 1)"),
        ("x + s", "vector(n)"),
        ("1 + A.*s", "matrix(m, n)"),
        ("A + y*x'", "matrix(m, n)"),
        ("x./(1 + x.^2)", "vector(n)"),
        ("2.^x", "vector(n)"),
        ("A/s", "matrix(m, n)"),
        ("A/S", "matrix(m, n)"),
        ("S\\x", "vector(n)"),
        ("S^3", "matrix(n, n)"),
        ("kron(A, B)", "matrix(m*n, n*p)"),
        ("kron(x, x)", "vector(n*n)"),
        ("kron(x, r)", "matrix(n, n)"),
        ("x'", "row(n)"),
        ("sum(x)/n", "scalar"),
        ("diff(A*x, x)", "matrix(m, n)"),
        ("diff(s*A, A)", "tensor(m, n, m, n)"),
        ("diff(x'*x, A)", "matrix(m, n)"),
        ("diff(A, s)", "matrix(m, n)"),
        ("diff(x'*S*x, x, x)", "matrix(n, n)"),
        ("diff(x'*x, x[2])", "scalar"),
    ] {
        assert_eq!(judge(DECLARED, text), expected, "{text}");
    }
}

#[test]
fn functions_have_shapes() {
    for (text, expected) in [
        ("exp(A)", "matrix(m, n)"),
        ("max(0, x)", "vector(n)"),
        ("sum(A)", "scalar"),
        ("sum(A, 1)", "row(n)"),
        ("mean(A, 2)", "vector(m)"),
        ("sum(x, 1)", "scalar"),
        ("sum(T)", "scalar"),
        ("var(x) + std(x) + prod(x)", "scalar"),
        ("dot(x, r)", "scalar"),
        ("inner(A, y*x')", "scalar"),
        ("tr(S) + det(S) + logdet(S)", "scalar"),
        ("inv(S)*adj(S)", "matrix(n, n)"),
        ("norm(x, 1) + norm2(x) + normF(A)", "scalar"),
        ("softmax(A)", "matrix(m, n)"),
        ("logsumexp(A)", "vector(m)"),
        ("logsumexp(x)", "scalar"),
        ("diag(x)", "matrix(n, n)"),
        ("diag(S)", "vector(n)"),
        ("vec(A)", "vector(m*n)"),
        ("eye(2*n)", "matrix(2*n, 2*n)"),
        ("eye(m, n)", "matrix(m, n)"),
        ("ones(m, n) + zeros(m, n)", "matrix(m, n)"),
        ("ones(2, 3, n)", "tensor(2, 3, n)"),
        ("x + vector(1)", "vector(n)"),
        ("A + matrix(0)", "matrix(m, n)"),
        ("unit(2, n)", "vector(n)"),
        ("sym(S) + skew(S)", "matrix(n, n)"),
        ("cross(w, w)", "vector(3)"),
        ("cross(x, w)", "vector(3)"),
        ("outer(y, x)", "matrix(m, n)"),
        ("commutation(m, n)", "matrix(m*n, m*n)"),
        ("1 + inv(s) + tr(s)", "scalar"),
    ] {
        assert_eq!(judge(DECLARED, text), expected, "{text}");
    }
}

#[test]
fn index_notation_has_shapes() {
    for (text, expected) in [
        ("A[i,j]*x[j]", "vector(m)"),
        ("A[i,j]*B[j,k]*A[i,l]", "matrix(p, n)"),
        ("S[i,i]", "scalar"),
        ("sum(i, S[i,i])", "scalar"),
        ("{A[i,j]*B[j,k]}[k,i]", "matrix(p, m)"),
        ("{x[i]*x[i]}[i]", "vector(n)"),
        ("{x[i]/y[j]}[i,j]", "matrix(n, m)"),
        ("{delta[i,k]*B[l,j]}[i:m, j, k, l]", "tensor(m, p, m, n)"),
        ("{s}[i:3]", "vector(3)"),
        ("{1 - sigmoid(x[i])}[i]", "vector(n)"),
        ("{x[i] + y[j]}[i,j]", "matrix(n, m)"),
        ("x[i]*x[i] + A[i,j]*A[i,j]", "scalar"),
        ("T[i,j,k]*x[j]", "matrix(m, p)"),
        ("sum(i, sum(j, (T[i,j,k]*T[i,j,k] - A[i,q]*A[i,q])^2))", "scalar"),
        ("eps[i,j,k]*w[i]*w[j]", "vector(3)"),
        ("A[2,3]", "scalar"),
        ("(S*S)[1,i]", "vector(n)"),
        ("diff(A[i,j]*x[j], x[k])", "matrix(m, n)"),
        ("A[i,j]*S[j,j]*x[j]", "index: the index `j` is summed in one part of `A[i,j]*S[j,j]*x[j]` and free in another"),
        ("x[i]*x[i]/x[i]", "index: the index `i` is summed in one part of `x[i]*x[i]/x[i]` and free in another"),
        ("x[i] + y[j]", "index: the terms of a sum need the same indices: `y[j]` lacks `i`"),
        ("{x[i]}[j]", "index: the index `j` does not occur in `x[i]`"),
        ("{A*x[i]}[i]", "index: braces hold a scalar with indices, not `A*x[i]`: matrix(m, n)"),
        ("x[i]*y[i]", "index: the index `i` runs to n and to m"),
        ("sum(i, s)", "index: the index `i` of the sum does not occur in `s`"),
        ("A[i]", "index: `A`: matrix(m, n) has 2 axes, not the 1 of its subscripts"),
        ("w[4]", "index: there is no entry 4 along an axis of length 3"),
        ("x[i + 1]", "index: `i + 1` is neither an index nor the number of an entry"),
    ] {
        assert_eq!(judge(DECLARED, text), expected, "{text}");
    }
}

#[test]
fn undeclared_names_get_kinds_from_spelling_and_use() {
    for (text, expected) in [
        ("x'*A*x", "scalar; x: vector(n), A: matrix(n, n)"),
        ("0.5*x'*A*x", "scalar; x: vector(n), A: matrix(n, n)"),
        ("A*exp(x)", "vector(m); A: matrix(m, n), x: vector(n)"),
        ("(y.*v)'*x", "scalar; y: vector(n), v: vector(n), x: vector(n)"),
        ("a^b", "scalar; a: scalar, b: scalar"),
        ("norm1(A*x-y)", "scalar; A: matrix(m, n), x: vector(n), y: vector(m)"),
        ("norm2(A*x-y)^2", "scalar; A: matrix(m, n), x: vector(n), y: vector(m)"),
        ("sum(log(exp(-y.*(X*w)) + vector(1)))", "scalar; y: vector(n), X: matrix(n, m), w: vector(m)"),
        ("tr(A*X'*B*X*C)", "scalar; A: matrix(m, n), X: matrix(k, n), B: matrix(k, k), C: matrix(n, m)"),
        ("log(det(inv(X)))", "scalar; X: matrix(n, n)"),
        ("lambda*x", "vector(n); lambda: scalar, x: vector(n)"),
        ("c*A*x", "vector(m); c: scalar, A: matrix(m, n), x: vector(n)"),
        ("A/s", "matrix(m, n); A: matrix(m, n), s: scalar"),
        ("sin(x)^2", "scalar; x: scalar"),
        ("(a + b)^2*X", "matrix(m, n); a: scalar, b: scalar, X: matrix(m, n)"),
        ("T[i,j,k]*x[j]", "matrix(p, n); T: tensor(p, m, n), x: vector(m)"),
        ("A + n*eye(n)", "matrix(n, n); A: matrix(n, n)"),
        ("vec(X) + x", "vector(m*n); X: matrix(m, n), x: vector(m*n)"),
        ("x*y", "shape: cannot multiply x: vector(n) by y: vector(m): both are columns"),
    ] {
        assert_eq!(judge("", text), expected, "{text}");
    }
    assert_eq!(judge(DECLARED, "c*x"), "vector(n); c: scalar");
    assert_eq!(judge(DECLARED, "A*z"), "vector(m); z: vector(n)");
}

#[test]
fn what_cannot_be_lowered_is_named() {
    for (text, expected) in [
        ("norm(A, 3)", "`norm(A, 3)` of a matrix, with p other than 1, 2 and inf,"),
        ("norm(A, s)", "the norm of a matrix whose order is not a number"),
    ] {
        assert_eq!(judge(DECLARED, text), format!("unsupported: {expected} is not supported yet"), "{text}");
    }
}

#[test]
fn shared_parts_are_judged_once() {
    let doubling: Vec<String> = (1..60).map(|i| format!("t{i} = t{} + t{}", i - 1, i - 1)).collect();
    let text = format!("t59 + A*x where t0 = A*x; {}", doubling.join("; "));
    let declarations = Declarations::new();
    let typed = infer(&parse(&text, &declarations).unwrap(), &declarations).unwrap();
    assert!(typed.nodes.len() < 100);
    assert!(judge("B: matrix(2, 3)", &text.replace("t59 +", "B*t59 +")).starts_with("shape"));
}

#[test]
fn deep_expressions_need_no_deep_stack() {
    assert_eq!(judge("", &format!("x{}", "'".repeat(490))), "vector(n); x: vector(n)");
    let many = (0..2_000).map(|i| format!("x{i}^2")).collect::<Vec<_>>().join(" + ");
    assert!(judge("", &many).starts_with("scalar; x0: scalar"));
}
