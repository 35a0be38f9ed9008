//! Structured matrices: what their structure simplifies, and derivatives by them.

identities! { symmetric_variables
    ; "A: matrix(n, n); B: symmetric(n); S: symmetric(n); P: posdef(n); a: vector(n); b: vector(n); X: matrix(n, m); M: matrix(m, n)"
    "diff(tr(S), S)" => "eye(n)"
    "diff(tr(A*S), S)" => "sym(A)"
    "diff(tr(B*S), S)" => "B"
    "diff(a'*S*b, S)" => "sym(a*b')"
    "diff(a'*S*a, S)" => "a*a'"
    "diff(tr(S^2), S)" => "2*S"
    "diff(tr(S^3), S)" => "3*S^2"
    "diff(tr(A*S^2), S)" => "sym(S*(A + A'))"
    "diff(tr(B*S*B*S), S)" => "2*B*S*B"
    "diff(normF(S)^2, S)" => "2*S"
    "diff(normF(S - A)^2, S)" => "2*(S - sym(A))"
    "diff(tr(X'*S*X), S)" => "X*X'"
    "diff(tr(M*S*X), S)" => "sym(X*M)"
    "diff(sum(S), S)" => "ones(n, n)"
    "diff(sum(exp(S)), S)" => "exp(S)"
    "diff(sum(A.*S), S)" => "sym(A)"
    "diff(sum(diag(S)), S)" => "eye(n)"
    "diff(det(S), S)" => "det(S)*inv(S)"
    "diff(logdet(P), P)" => "inv(P)"
    "diff(log(det(P)), P)" => "inv(P)"
    "diff(tr(inv(P)), P)" => "-inv(P)^2"
    "diff(tr(A*inv(P)), P)" => "-sym(inv(P)*A*inv(P))"
    "diff(tr(inv(P)*B), P)" => "-inv(P)*B*inv(P)"
    "diff(a'*inv(P)*a, P)" => "-inv(P)*a*a'*inv(P)"
    "diff(a'*inv(P)*b, P)" => "-inv(P)*sym(a*b')*inv(P)"
    "diff(logdet(X'*P*X), P)" => "X*inv(X'*P*X)*X'"
    "diff(logdet(P + B), P)" => "inv(B + P)"
    "diff(norm2(S*a)^2, S)" => "2*sym(S*a*a')"
    "diff(tr(S)^2, S)" => "2*tr(S)*eye(n)"
    "diff(S, S)" => "(commutation(n, n) + eye(n*n))/2"
    "diff(inv(P), P)" => "-(commutation(n, n) + eye(n*n))*kron(inv(P), inv(P))/2"
    "diff(diff(logdet(P), P), P)" => "-(commutation(n, n) + eye(n*n))*kron(inv(P), inv(P))/2"
    "diff(S*a, S)" => "(kron(a, eye(n)) + kron(eye(n), a))'/2"
}

identities! { skew_variables
    ; "A: matrix(n, n); B: symmetric(n); W: skew(n); a: vector(n); b: vector(n)"
    "diff(tr(A*W), W)" => "(A' - A)/2"
    "diff(tr(B*W), W)" => "zeros(n, n)"
    "diff(a'*W*b, W)" => "(a*b' - b*a')/2"
    "diff(a'*W*a, W)" => "zeros(n, n)"
    "diff(tr(W'*W), W)" => "2*W"
    "diff(tr(W^2), W)" => "-2*W"
    "diff(tr(W^3), W)" => "zeros(n, n)"
    "diff(normF(W - A)^2, W)" => "2*W + A' - A"
    "diff(logdet(A + W), W)" => "(t1' - t1)/2 where t1 = inv(A + W)"
    "diff(norm2(W*a)^2, W)" => "W*a*a' + a*a'*W"
    "a'*W*a" => "0"
    "a'*W*b + b'*W*a" => "0"
    "tr(W)" => "0"
    "diag(W)" => "zeros(n)"
    "tr(W*B)" => "0"
    "tr(W^3)" => "0"
    "W + W'" => "zeros(n, n)"
    "W'*W" => "-W^2"
    "inv(W)'" => "-inv(W)"
    "sym(W)" => "zeros(n, n)"
    "inv(W)*W" => "eye(n)"
    "W*inv(W')" => "-eye(n)"
    "a'*(A - A')*a" => "0"
    "sum(W)" => "0"
    "(B*W*B)'" => "-B*W*B"
}

identities! { diagonal_variables
    ; "A: matrix(n, n); D: diagonal(n); E: diagonal(n); a: vector(n); b: vector(n); X: matrix(n, m); P: posdef(n)"
    "diff(tr(D), D)" => "eye(n)"
    "diff(tr(A*D), D)" => "diag(diag(A))"
    "diff(a'*D*b, D)" => "diag(a.*b)"
    "diff(a'*D*b, a)" => "D*b"
    "diff(tr(D^2), D)" => "2*D"
    "diff(tr(D*A*D), D)" => "2*D*diag(diag(A))"
    "diff(tr(D*A*D), A)" => "D^2"
    "diff(tr(X'*D*X), D)" => "diag(diag(X*X'))"
    "diff(tr(X'*D*X), X)" => "2*D*X"
    "diff(tr(D*A*E*A'), A)" => "2*D*A*E"
    "diff(logdet(D), D)" => "inv(D)"
    "diff(det(D), D)" => "det(D)*inv(D)"
    "diff(a'*inv(D)*a, D)" => "-inv(D)^2*diag(a.^2)"
    "diff(a'*inv(D)*a, a)" => "2*inv(D)*a"
    "diff(logdet(P + D), D)" => "diag(diag(inv(D + P)))"
    "diff(normF(D - A)^2, D)" => "2*(D - diag(diag(A)))"
    "D*E - E*D" => "zeros(n, n)"
    "D'" => "D"
    "diag(diag(D))" => "D"
    "D.*E" => "D*E"
    "D.*A" => "D*diag(diag(A))"
    "inv(D*E)" => "inv(D)*inv(E)"
    "tr(D*A)" => "tr(D*A)"
    "D*inv(D)" => "eye(n)"
    "diag(D).*a" => "D*a"
    "a./diag(D)" => "inv(D)*a"
    "D*a - a.*diag(D)" => "zeros(n)"
}

identities! { triangular_variables
    ; "A: matrix(n, n); L: lower(n); M: lower(n); U: upper(n); a: vector(n); b: vector(n); Y: matrix(m, n)"
    "diff(tr(A*L), L)" => "tril(A')"
    "diff(tr(A*U), U)" => "triu(A')"
    "diff(a'*L*b, L)" => "tril(a*b')"
    "diff(a'*U*b, U)" => "triu(a*b')"
    "diff(tr(L*A*L'), L)" => "tril(L*(A + A'))"
    "diff(normF(L)^2, L)" => "2*L"
    "diff(norm2(L*a - b)^2, L)" => "2*tril((L*a - b)*a')"
    "diff(logdet(L), L)" => "diag(1./diag(L))"
    "diff(logdet(U), U)" => "diag(1./diag(U))"
    "diff(logdet(L*L'), L)" => "2*diag(1./diag(L))"
    "diff(det(L), L)" => "det(L)*diag(1./diag(L))"
    "diff(tr(L^2), L)" => "2*diag(diag(L))"
    "diff(tr(inv(L)), L)" => "-diag(1./diag(L).^2)"
    "diff(a'*L*L'*a, L)" => "2*tril(a*a'*L)"
    "tril(L)" => "L"
    "triu(L)" => "diag(diag(L))"
    "tril(U)" => "diag(diag(U))"
    "tril(L*M)" => "L*M"
    "tril(L + M)" => "L + M"
    "tril(inv(L))" => "inv(L)"
    "tril(tril(A))" => "tril(A)"
    "tril(A)'" => "triu(A')"
    "triu(L')" => "L'"
    "diag(inv(L))" => "1./diag(L)"
    "diag(L*M)" => "diag(L).*diag(M)"
    "prod(diag(L))" => "det(L)"
    "sum(log(abs(diag(U))))" => "logdet(U)"
    "diff(sum(tril(Y)), Y)" => "tril(ones(m, n))"
    "diff(sum(triu(Y).^2), Y)" => "2*triu(Y)"
    "diff(tr(A'*tril(A)), A)" => "2*tril(A)"
}

identities! { hollow_variables
    ; "A: matrix(n, n); H: hollow(n); a: vector(n); b: vector(n)"
    "diff(tr(A*H), H)" => "A' - diag(diag(A))"
    "diff(a'*H*b, H)" => "a*b' - diag(a.*b)"
    "diff(normF(H)^2, H)" => "2*H"
    "diff(sum(H), H)" => "1 - eye(n)"
    "diag(H)" => "zeros(n)"
    "tr(H)" => "0"
    "diag(H.*A)" => "zeros(n)"
    "tr(2*H + A)" => "tr(A)"
}

identities! { orthogonal_variables
    ; "A: matrix(n, n); Q: orthogonal(n); a: vector(n); b: vector(n)"
    "diff(tr(A*Q), Q)" => "A'"
    "diff(tr(Q'*A*Q), Q)" => "(A + A')*Q"
    "diff(tr(Q'*Q), Q)" => "2*Q"
    "diff(logdet(Q), Q)" => "Q"
    "diff(normF(Q - A)^2, Q)" => "2*(Q - A)"
    "diff(normF(A*Q)^2, A)" => "2*A"
    "inv(Q)" => "Q'"
    "Q'*Q" => "eye(n)"
    "Q*Q'" => "eye(n)"
    "inv(Q)*A*Q" => "Q'*A*Q"
    "det(Q*A*Q')" => "det(A)"
    "det(Q)^2" => "1"
    "logdet(Q)" => "0"
    "norm2(Q*a)" => "norm2(a)"
    "normF(Q*A)" => "normF(A)"
    "(Q*a)'*(Q*b)" => "a'*b"
    "tr(Q*A*Q')" => "tr(A)"
    "logdet(Q'*A*Q)" => "logdet(A)"
    "inv(Q*A)" => "inv(A)*Q'"
}

identities! { facts_of_products_and_sums
    ; "A: symmetric(n); B: symmetric(n); P: posdef(n); X: matrix(n, m); Y: matrix(n, n); s: scalar > 0; w: vector(n) > 0; t: scalar"
    "(X'*X)'" => "X'*X"
    "inv(X'*P*X)'" => "inv(X'*P*X)"
    "(Y'*A*Y)'" => "Y'*A*Y"
    "inv(A)'" => "inv(A)"
    "(A + B)'" => "A + B"
    "(A.*B)'" => "A.*B"
    "kron(A, B)'" => "kron(A, B)"
    "inv(A + B)' - inv(A + B)" => "zeros(n, n)"
    "sym(A*B*A)" => "A*B*A"
    "log(abs(det(P)))" => "logdet(P)"
    "abs(det(P))" => "det(P)"
    "abs(det(X'*X + s*eye(m)))" => "det(X'*X + s*eye(m))"
    "abs(det(P + X*X'))" => "det(X*X' + P)"
    "abs(det(P.*P))" => "det(P.^2)"
    "abs(det(inv(P) + diag(w)))" => "det(diag(w) + inv(P))"
    "abs(det(Y'*P*Y))" => "det(P*Y^2)"
}

/// Each function by one structured variable under the three conventions: projected, free, tangent.
const CONVENTIONS: [(&str, &str, &str, [&str; 3]); 14] = [
    ("A: matrix(n, n); S: symmetric(n)", "tr(A*S)", "S", ["sym(A)", "A'", "sym(A)"]),
    (
        "P: posdef(n); a: vector(n); b: vector(n)",
        "a'*inv(P)*b",
        "P",
        ["-inv(P)*sym(a*b')*inv(P)", "-inv(P)*a*b'*inv(P)", "-inv(P)*sym(a*b')*inv(P)"],
    ),
    ("P: posdef(n)", "logdet(P)", "P", ["inv(P)", "inv(P)", "inv(P)"]),
    (
        "P: posdef(n)",
        "inv(P)",
        "P",
        [
            "-(commutation(n, n) + eye(n*n))*kron(inv(P), inv(P))/2",
            "-kron(inv(P), inv(P))",
            "-(commutation(n, n) + eye(n*n))*kron(inv(P), inv(P))/2",
        ],
    ),
    ("W: skew(n); A: matrix(n, n)", "normF(W - A)^2", "W", ["2*W + A' - A", "2*(W - A)", "2*W + A' - A"]),
    ("W: skew(n); a: vector(n)", "a'*W*a", "W", ["zeros(n, n)", "a*a'", "zeros(n, n)"]),
    ("D: diagonal(n); A: matrix(n, n)", "tr(D*A*D)", "D", ["2*D*diag(diag(A))", "(A*D + D*A)'", "2*D*diag(diag(A))"]),
    ("L: lower(n)", "logdet(L)", "L", ["diag(1./diag(L))", "inv(L)'", "diag(1./diag(L))"]),
    ("U: upper(n); a: vector(n); b: vector(n)", "a'*U*b", "U", ["triu(a*b')", "a*b'", "triu(a*b')"]),
    ("H: hollow(n); a: vector(n); b: vector(n)", "a'*H*b", "H", ["a*b' - diag(a.*b)", "a*b'", "a*b' - diag(a.*b)"]),
    ("Q: orthogonal(n); A: matrix(n, n)", "tr(A*Q)", "Q", ["A'", "A'", "(A' - Q*A*Q)/2"]),
    ("Q: orthogonal(n); A: matrix(n, n)", "tr(Q'*Q*A)", "Q", ["Q*(A + A')", "Q*(A + A')", "zeros(n, n)"]),
    ("Q: orthogonal(n)", "logdet(Q)", "Q", ["Q", "Q", "zeros(n, n)"]),
    ("Q: orthogonal(n); a: vector(n); b: vector(n)", "a'*Q*b", "Q", ["a*b'", "a*b'", "(a*b' - Q*b*a'*Q)/2"]),
];

#[test]
fn conventions() {
    use indicial::{Convention, Declarations, Engine, parse};
    let mut bad = Vec::new();
    for (declarations, function, variable, expected) in CONVENTIONS {
        let declarations = Declarations::parse(declarations).unwrap();
        let (f, x) = (parse(function, &declarations).unwrap(), parse(variable, &declarations).unwrap());
        for (convention, expected) in [Convention::Projected, Convention::Free, Convention::Tangent].into_iter().zip(expected) {
            let answer = Engine::new().structure(convention).derivative(&f, std::slice::from_ref(&x), &declarations).unwrap();
            let seen = [crate::text(&answer, expected), crate::derivative(&answer), crate::reads_back(&answer)];
            bad.extend(seen.into_iter().filter_map(Result::err).map(|e| format!("{function}, {convention}: {e}")));
            assert_eq!(answer.remarks().len(), 1);
        }
    }
    assert!(bad.is_empty(), "{}", bad.join("\n"));
}

#[test]
fn a_second_derivative_is_projected_twice() {
    use indicial::{Convention, Declarations, Engine, parse};
    let declarations = Declarations::parse("A: matrix(n, n); S: symmetric(n); Q: orthogonal(n); L: lower(n)").unwrap();
    for (function, variable) in [("tr(A*S*S)", "S"), ("tr(S^3)", "S"), ("tr(A*Q*Q)", "Q"), ("tr(L*A*L')", "L"), ("logdet(L)", "L")] {
        let (f, x) = (parse(function, &declarations).unwrap(), parse(variable, &declarations).unwrap());
        for convention in [Convention::Projected, Convention::Free, Convention::Tangent] {
            let answer = Engine::new().structure(convention).derivative(&f, &[x.clone(), x.clone()], &declarations).unwrap();
            crate::derivative(&answer).unwrap_or_else(|e| panic!("{function}, {convention}: {e}"));
        }
    }
}

identities! { sums_of_products_of_skew_matrices_keep_their_sign
    ; "S: symmetric(n); K: skew(n)"
    "{K[j,k]*K[l,k]*S[i,l] - K[i,k]*K[k,l]*S[j,l]}[i,j]" => "-S*K^2 - K^2*S"
    "{K[j,k]*S[i,k] - K[i,k]*S[j,k]}[i,j]" => "-K*S - S*K"
    "{K[j,k]*S[i,k] + K[i,k]*S[j,k]}[i,j]" => "2*sym(K*S)"
}
