//! Answers that books print, as short as there or shorter; how they read is said in STYLE.md.

identities! { losses
    ; "X: matrix(m, n); w: vector(n); y: vector(m); z: vector(n); p: vector(n)"
    "diff(diff(sum(log(1 + exp(-y.*(X*w)))), w), w)" => "X'*diag(y.^2.*t1.*(1 - t1))*X where t1 = sigmoid(-y.*(X*w))"
    "diff(diff(-p'*log(softmax(z)), z), z)" => "sum(p)*(diag(softmax(z)) - softmax(z)*softmax(z)')"
    "diff(softmax(z), z)" => "diag(softmax(z)) - softmax(z)*softmax(z)'"
    "diff(sum(exp(X*w)) - y'*X*w, w)" => "X'*(exp(X*w) - y)"
    ; "A: matrix(m, n); x: vector(n); b: vector(m)"
    "diff(diff(log(norm2(A*x)^2), x), x)" => "2*A'*(A - 2*t1*t1'*A/t2)/t2 where t1 = A*x; t2 = norm2(t1)^2"
    "diff(x'*x*x, x)" => "2*x*x' + norm2(x)^2*eye(n)"
    "diff(A*x/norm2(A*x), x)" => "(A - t1*t1'*A/norm2(t1)^2)/norm2(t1) where t1 = A*x"
}

identities! { factorisations
    ; "X: matrix(n, n); T: matrix(m, n); U: matrix(m, k); V: matrix(n, k)"
    "diff(diff(logdet(X), X), X)" => "-commutation(n, n)*kron(inv(X)', inv(X))"
    "diff(diff(normF(T - U*V')^2, U), U)" => "2*kron(V'*V, eye(m))"
    "diff(diff(normF(T - U*V')^2, U), V)" => "2*(commutation(k, m)*kron(U, V') + kron(eye(k), U*V' - T))"
}

identities! { networks
    ; "x: vector(n); g: vector(n); c: vector(n); e: scalar > 0"
    "diff(g.*(x - mean(x))/sqrt(var(x) + e) + c, x)" => "diag(g)*(eye(n) - (t1*t1'/t2 + 1)/n)/sqrt(t2) where t1 = x - mean(x); t2 = e + var(x)"
    ; "Q: matrix(n, d); K: matrix(m, d); V: matrix(m, p); Y: matrix(n, p)"
    "diff(sum(Y.*(softmax(Q*K')*V)), Q)" => "(t1.*(Y*V') - diag(diag(t1*V*Y'))*t1)*K where t1 = softmax(Q*K')"
    ; "W: matrix(h, n); Z: matrix(m, h); x: vector(n); y: vector(m)"
    "diff(norm2(Z*relu(W*x) - y)^2, W)" => "2*(step(W*x).*(Z'*(Z*relu(W*x) - y)))*x'"
    "diff(norm2(Z*relu(W*x) - y)^2, Z)" => "2*(Z*t1 - y)*t1' where t1 = relu(W*x)"
}

identities! { likelihoods
    ; "x: vector(n); m: vector(n); S: posdef(n); P: posdef(n)"
    "diff(-1/2*logdet(S) - 1/2*(x - m)'*inv(S)*(x - m), m)" => "inv(S)*(x - m)"
    "diff(-1/2*logdet(S) - 1/2*(x - m)'*inv(S)*(x - m), S)" => "(t1*t1' - inv(S))/2 where t1 = inv(S)*(x - m)"
    "diff(1/2*logdet(P) - 1/2*(x - m)'*P*(x - m), P)" => "(inv(P) - (x - m)*(x - m)')/2"
    "diff((x - m)'*inv(S)*(x - m), S)" => "-t1*t1' where t1 = inv(S)*(x - m)"
    "diff(sqrt((x - m)'*inv(S)*(x - m)), x)" => "t1/sqrt(t1'*(x - m)) where t1 = inv(S)*(x - m)"
}
