//! Models whose gradients people look up.

identities! { regression
    ; "X: matrix(m, n); w: vector(n); y: vector(m); l: scalar; s: scalar > 0"
    "diff(norm2(X*w - y)^2 + l*norm2(w)^2, w)" => "2*(X'*(X*w - y) + l*w)"
    "diff(norm2(X*w - y)^2/(2*m), w)" => "X'*(X*w - y)/m"
    "diff(norm2(X*w - y)^2 + l*norm1(w), w)" => "2*X'*(X*w - y) + l*sign(w)"
    "diff(norm2(y - X*w)^2/(2*s^2) + m*log(s), s)" => "m/s - norm2(y - X*w)^2/s^3"
    "diff(mean((X*w - y).^2), w)" => "2*X'*(X*w - y)/m"
    "diff(sum(log(1 + exp(-y.*(X*w)))), w)" => "-X'*(y.*sigmoid(-y.*(X*w)))"
    "diff(-sum(y.*log(sigmoid(X*w)) + (1 - y).*log(1 - sigmoid(X*w))), w)" => "X'*(sigmoid(X*w) - y)"
    "diff(sum(exp(X*w) - y.*(X*w)), w)" => "X'*(exp(X*w) - y)"
    "diff(sum(max(0, 1 - y.*(X*w))), w)" => "-X'*(y.*step(1 - y.*(X*w)))"
}

identities! { factorisation
    ; "A: matrix(m, n); U: matrix(m, k); V: matrix(n, k); W: matrix(m, n)"
    "diff(normF(A - U*V')^2, U)" => "2*(U*V' - A)*V"
    "diff(normF(A - U*V')^2, V)" => "2*(U*V' - A)'*U"
    "diff(normF(W.*(A - U*V'))^2, U)" => "2*(W.^2.*(U*V' - A))*V"
    "diff(normF(U)^2 + normF(V)^2, U)" => "2*U"
}

identities! { densities
    ; "S: matrix(n, n); m: vector(n); x: vector(n)"
    "diff((x - m)'*inv(S)*(x - m), x)" => "2*sym(inv(S))*(x - m)"
    "diff((x - m)'*inv(S)*(x - m), m)" => "2*sym(inv(S))*(m - x)"
    "diff((x - m)'*inv(S)*(x - m), S)" => "-inv(S)'*(x - m)*(x - m)'*inv(S)'"
    "diff(exp(-1/2*(x - m)'*(x - m)), x)" => "exp(-norm2(x - m)^2/2)*(m - x)"
    ; "P: posdef(n); m: vector(n); x: vector(n)"
    "diff((x - m)'*inv(P)*(x - m), x)" => "2*inv(P)*(x - m)"
}

identities! { networks
    ; "W: matrix(k, m); V: matrix(m, n); x: vector(n); b: vector(m); y: vector(k)"
    "diff(norm2(W*tanh(V*x + b) - y)^2, W)" => "2*(W*t1 - y)*t1' where t1 = tanh(V*x + b)"
    "diff(norm2(W*relu(V*x) - y)^2, W)" => "2*(W*t1 - y)*t1' where t1 = relu(V*x)"
    "diff(norm2(W*relu(V*x) - y)^2, V)" => "2*(step(V*x).*(W'*(W*relu(V*x) - y)))*x'"
    "diff(norm2(W*relu(V*x) - y)^2, y)" => "2*(y - W*relu(V*x))"
    "diff(y'*W*sigmoid(V*x), V)" => "(t1.*(1 - t1).*(W'*y))*x' where t1 = sigmoid(V*x)"
}
