//! Statistics and machine learning.

identities! { means_over_a_number_of_entries;
    "x: vector(4); X: matrix(3, 4)"
    "sum(x)/4" => "mean(x)"
    "sum(x)/8" => "mean(x)/2"
    "sum(x)/6" => "sum(x)/6"
    "2*sum(x)" => "2*sum(x)"
    "(4*x - sum(x))/8" => "(x - mean(x))/2"
    "mean(x)^2" => "mean(x)^2"
    "sum(X)/12" => "mean(X)"
    "sum(X, 1)/3" => "mean(X, 1)"
    "sum(X, 2)/4" => "mean(X, 2)"
    "var(x)" => "var(x)"
    "std(x)" => "std(x)"
    "diff(std(x), x)" => "(x - mean(x))/(4*std(x))"
}

identities! { variances;
    "x: vector(n); X: matrix(m, n); w: vector(n); e: scalar > 0"
    "norm2(x - mean(x))^2/n" => "var(x)"
    "norm2(x - mean(x))/sqrt(n)" => "std(x)"
    "sqrt(var(x))" => "std(x)"
    "std(x)^2" => "var(x)"
    "std(x)*var(x)" => "std(x)^3"
    "1/std(x)" => "1/std(x)"
    "normF(X - mean(X))^2/(m*n)" => "var(X)"
    "std(X)" => "std(X)"
    "sum(X, 1)" => "sum(X, 1)"
    "diff(var(x), x)" => "2*(x - mean(x))/n"
    "diff(std(x), x)" => "(x - mean(x))/(n*std(x))"
    "diff(var(X*w), w)" => "2*X'*(X*w - mean(X*w))/m"
    "diff(1/sqrt(var(x) + e), x)" => "?"
}

identities! { normalisation;
    "x: vector(n); g: vector(n); b: vector(n); y: vector(n); e: scalar > 0; X: matrix(m, n); Y: matrix(m, n)"
    "diff(g.*(x - mean(x))/sqrt(var(x) + e) + b, x)" => "?"
    "diff(g.*(x - mean(x))/sqrt(var(x) + e) + b, g)" => "?"
    "diff(g.*(x - mean(x))/sqrt(var(x) + e) + b, b)" => "?"
    "diff(y'*(g.*(x - mean(x))/sqrt(var(x) + e) + b), x)" => "?"
    "diff(y'*(g.*(x - mean(x))/sqrt(var(x) + e) + b), g)" => "?"
    "diff((x - mean(x))/std(x), x)" => "?"
    "diff(x.*g/sqrt(mean(x.^2) + e), x)" => "?"
    "diff(sum(Y.*(X - ones(m)*mean(X, 1))), X)" => "?"
}

identities! { regression;
    "X: matrix(n, d); w: vector(d); y: vector(n); x: vector(n); l: scalar"
    "diff(norm2(X*w - y)^2/(2*n) + l*norm2(w)^2, w)" => "?"
    "diff(1 - norm2(y - X*w)^2/norm2(y - mean(y))^2, w)" => "?"
    "diff((x - mean(x))'*(y - mean(y))/(n*std(x)*std(y)), x)" => "?"
    "diff(-y'*log(sigmoid(X*w)) - (1 - y)'*log(1 - sigmoid(X*w)), w)" => "?"
    "diff(diff(sum(log(1 + exp(X*w)) - y.*(X*w)), w), w)" => "?"
    "diff(mean(log(1 + exp(-y.*(X*w)))), w)" => "?"
    "diff(sum(max(0, 1 - y.*(X*w))) + l/2*norm2(w)^2, w)" => "?"
}

identities! { attention_and_cross_entropy;
    "Q: matrix(m, d); K: matrix(n, d); V: matrix(n, p); Y: matrix(m, p); z: vector(n); y: vector(n); W: matrix(n, d); x: vector(d); A: matrix(m, n); B: matrix(n, k); C: matrix(m, k)"
    "diff(sum(Y.*(softmax(Q*K'/sqrt(d))*V)), Q)" => "?"
    "diff(sum(Y.*(softmax(Q*K'/sqrt(d))*V)), K)" => "?"
    "diff(sum(Y.*(softmax(Q*K'/sqrt(d))*V)), V)" => "?"
    "diff(-y'*log(softmax(z)), z)" => "?"
    "diff(logsumexp(z) - y'*z, z)" => "?"
    "diff(-y'*log(softmax(W*x)), W)" => "?"
    "diff(-sum(C.*log(softmax(A*B))), B)" => "?"
}

identities! { gaussians;
    "S: posdef(n); P: posdef(n); x: vector(n); u: vector(n); X: matrix(m, n)"
    "diff(-logdet(S)/2 - (x - u)'*inv(S)*(x - u)/2, u)" => "?"
    "diff(-logdet(S)/2 - (x - u)'*inv(S)*(x - u)/2, S)" => "?"
    "diff(logdet(P)/2 - (x - u)'*P*(x - u)/2, P)" => "?"
    "diff(-m/2*logdet(S) - tr((X - ones(m)*u')*inv(S)*(X - ones(m)*u')')/2, u)" => "?"
    "diff((tr(inv(S)*P) + (x - u)'*inv(S)*(x - u) - n + logdet(S) - logdet(P))/2, P)" => "?"
    "diff((tr(inv(S)*P) + (x - u)'*inv(S)*(x - u) - n + logdet(S) - logdet(P))/2, u)" => "?"
}

identities! { filters_and_processes;
    "G: matrix(n, m); H: matrix(m, n); P: posdef(n); R: posdef(m); S: posdef(n); z: vector(m); x: vector(n); u: vector(n); s: scalar; t: scalar > 0"
    "diff(tr((eye(n) - G*H)*P*(eye(n) - G*H)' + G*R*G'), G)" => "?"
    "diff((z - H*x)'*inv(R)*(z - H*x) + (x - u)'*inv(P)*(x - u), x)" => "?"
    "diff(-x'*inv(S + s^2*eye(n))*x/2 - logdet(S + s^2*eye(n))/2, s)" => "?"
    "diff(exp(-norm2(x - u)^2/(2*t^2)), x)" => "?"
    "diff(exp(-norm2(x - u)^2/(2*t^2)), t)" => "?"
}

identities! { networks;
    "A: matrix(h, d); B: matrix(k, h); x: vector(d); b: vector(h); y: vector(k); u: scalar; v: vector(n); t: scalar > 0"
    "diff(norm2(B*sigmoid(A*x + b) - y)^2/2, A)" => "?"
    "diff(norm2(B*sigmoid(A*x + b) - y)^2/2, B)" => "?"
    "diff(norm2(B*sigmoid(A*x + b) - y)^2/2, b)" => "?"
    "diff(norm2(B*relu(A*x + b) - y)^2/2, A)" => "?"
    "diff(norm2(B*softplus(A*x + b) - y)^2/2, A)" => "?"
    "diff(u*sigmoid(u), u)" => "?"
    "diff(u*(1 + erf(u/sqrt(2)))/2, u)" => "?"
    "diff(sum(v.*sigmoid(v)), v)" => "?"
}

identities! { portfolios_and_factors;
    "w: vector(n); u: vector(n); S: posdef(n); A: symmetric(n); V: matrix(m, n); W: matrix(m, r); H: matrix(r, n); F: matrix(n, k); g: scalar; p: vector(n) > 0; q: vector(n) > 0"
    "diff(w'*S*w, w)" => "?"
    "diff(u'*w - g/2*w'*S*w, w)" => "?"
    "diff(u'*w/sqrt(w'*S*w), w)" => "?"
    "diff(w'*A*w/(w'*w), w)" => "?"
    "diff(w'*u/(norm2(w)*norm2(u)), w)" => "?"
    "diff(normF(V - V*F*F')^2, F)" => "?"
    "diff(normF(V - W*H)^2/2, W)" => "?"
    "diff(normF(V - W*H)^2/2, H)" => "?"
    "diff(p'*log(p./q), p)" => "?"
    "diff(p'*log(p./q), q)" => "?"
}
