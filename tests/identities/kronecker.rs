//! Derivatives by matrices in Kronecker notation, as books write them, and in index notation.

identities! { products
    ; "A: matrix(p, m); B: matrix(n, q); X: matrix(m, n); M: matrix(n, n); C: matrix(m, n)"
    "diff(A*X*B, X)" => "kron(B', A)"
    "diff(X*B, X)" => "kron(B', eye(m))"
    "diff(A*X, X)" => "kron(eye(n), A)"
    "diff(X', X)" => "commutation(m, n)"
    "diff(vec(X'), X)" => "commutation(m, n)"
    "diff(X'*X, X)" => "(commutation(n, n) + eye(n*n))*kron(eye(n), X')"
    "diff(X*X', X)" => "(commutation(m, m) + eye(m*m))*kron(X, eye(m))"
    "diff(M'*M, M)" => "(commutation(n, n) + eye(n*n))*kron(eye(n), M')"
    "diff(A*X*X'*A', X)" => "(commutation(p, p) + eye(p*p))*kron(A*X, A)"
    "diff(X*M*X', X)" => "commutation(m, m)*kron(X*M, eye(m)) + kron(X*M', eye(m))"
    "diff(M^2, M)" => "kron(M', eye(n)) + kron(eye(n), M)"
    "diff(inv(M), M)" => "-kron(inv(M)', inv(M))"
    "diff(inv(M)', M)" => "-commutation(n, n)*kron(inv(M)', inv(M))"
    "diff(X*inv(X'*X)*X', X)" => "(commutation(m, m) + eye(m*m))*kron(pinv(X)', eye(m) - X*pinv(X))"
}

identities! { entries
    ; "X: matrix(m, n); C: matrix(m, n); M: matrix(n, n); x: vector(n); A: matrix(p, m); b: vector(n)"
    "diff(C.*X, X)" => "diag(vec(C))"
    "diff(exp(X), X)" => "diag(vec(exp(X)))"
    "diff(A*(C.*X), X)" => "kron(eye(n), A)*diag(vec(C))"
    "diff(diag(M), M)" => "kron(ones(n)', eye(n))*diag(vec(eye(n)))"
    "diff(diag(x), x)" => "diag(vec(eye(n)))*kron(ones(n), eye(n))"
    "diff(diag(diag(M)), M)" => "diag(vec(eye(n)))"
    "diff(diag(b)*M*diag(b), M)" => "diag(kron(b, b))"
    "diff(diag(x)*M*diag(x), x)" => "diag(vec(M))*(kron(x, eye(n)) + kron(eye(n), x))"
    "diff(diag(x)*M, x)" => "diag(vec(M))*kron(ones(n), eye(n))"
    "diff(M*diag(x), x)" => "diag(vec(M))*kron(eye(n), ones(n))"
    "diff(x*x', x)" => "kron(x, eye(n)) + kron(eye(n), x)"
    "diff(sum(X, 1), X)" => "kron(eye(n), ones(m)')"
    "diff(sum(X, 2), X)" => "kron(ones(n)', eye(m))"
    "diff(A'*relu(A*X), X)" => "kron(eye(n), A')*diag(vec(step(A*X)))*kron(eye(n), A)"
    "diff(softmax(X), X)" => "t1 - t1*kron(ones(n, n), eye(m))*t1 where t1 = diag(vec(softmax(X)))"
}

identities! { attention
    ; "Q: matrix(m, d); K: matrix(n, d); V: matrix(n, v)"
    "diff(softmax(Q*K')*V, Q)" => "kron(V', eye(m))*diag(vec(t1))*kron(K, eye(m)) - diag(vec(t1*V))*kron(ones(v, d), eye(m))*diag(vec(t1*K)) where t1 = softmax(Q*K')"
    "diff(softmax(Q*K')*V, K)" => "(kron(V', eye(m)) - diag(vec(t1*V))*kron(ones(v, n), eye(m)))*commutation(n, m)*diag(vec(t1'))*kron(Q, eye(n)) where t1 = softmax(Q*K')"
    "diff(softmax(Q*K')*V, V)" => "kron(eye(v), softmax(Q*K'))"
}

identities! { second_derivatives
    ; "T: matrix(m, n); U: matrix(m, k); V: matrix(n, k); X: matrix(n, n); S: posdef(n); x: vector(n); Y: matrix(m, n)"
    "diff(diff(normF(T - U*V')^2, U), U)" => "2*kron(V'*V, eye(m))"
    "diff(diff(tr(X^2), X), X)" => "2*commutation(n, n)"
    "diff(diff(logdet(X), X), X)" => "-commutation(n, n)*kron(inv(X)', inv(X))"
    "diff(diff(logdet(S), S), S)" => "-(commutation(n, n) + eye(n*n))*kron(inv(S), inv(S))/2"
    "diff(diff(sum(Y.^3), Y), Y)" => "6*diag(vec(Y))"
    "diff(diff(normF(Y), Y), Y)" => "(eye(m*n) - vec(Y)*vec(Y)'/normF(Y)^2)/normF(Y)"
    "diff(diff(x'*x*x, x), x)" => "2*(vec(eye(n))*x' + kron(x, eye(n)) + kron(eye(n), x))"
}

identities! { stacked_functions
    ; "X: matrix(m, n); Y: matrix(q, r); x: vector(n); M: matrix(n, n)"
    "diff(kron(X, Y), X)" => "kron(eye(n), commutation(r, m), eye(q))*kron(eye(m*n), vec(Y))"
    "diff(kron(x, x), x)" => "kron(x, eye(n)) + kron(eye(n), x)"
    "diff(det(M)*M, M)" => "det(M)*(vec(M)*vec(inv(M)')' + eye(n*n))"
}
