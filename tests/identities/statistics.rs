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
    "diff(1/sqrt(var(x) + e), x)" => "(mean(x) - x)/(n*(e + var(x))^(3/2))"
}

identities! { normalisation;
    "x: vector(n); g: vector(n); b: vector(n); y: vector(n); e: scalar > 0; X: matrix(m, n); Y: matrix(m, n)"
    "diff(g.*(x - mean(x))/sqrt(var(x) + e) + b, x)" => "diag(g)*(eye(n) - (t1*t1'/t2 + 1)/n)/sqrt(t2) where t1 = x - mean(x); t2 = e + var(x)"
    "diff(g.*(x - mean(x))/sqrt(var(x) + e) + b, g)" => "diag(x - mean(x))/sqrt(e + var(x))"
    "diff(g.*(x - mean(x))/sqrt(var(x) + e) + b, b)" => "eye(n)"
    "diff(y'*(g.*(x - mean(x))/sqrt(var(x) + e) + b), x)" => "(g.*y - ((t1'*(g.*y))*t1/t2 + g'*y)/n)/sqrt(t2) where t1 = x - mean(x); t2 = e + var(x)"
    "diff(y'*(g.*(x - mean(x))/sqrt(var(x) + e) + b), g)" => "y.*(x - mean(x))/sqrt(e + var(x))"
    "diff((x - mean(x))/std(x), x)" => "(eye(n) - (t1*t1'/var(x) + 1)/n)/std(x) where t1 = x - mean(x)"
    "diff(x.*g/sqrt(mean(x.^2) + e), x)" => "(diag(g) - (g.*x)*x'/(t1 + n*e))/sqrt(t1/n + e) where t1 = norm2(x)^2"
    "diff(sum(Y.*(X - ones(m)*mean(X, 1))), X)" => "Y - ones(m)*mean(Y, 1)"
}

identities! { regression;
    "X: matrix(n, d); w: vector(d); y: vector(n); x: vector(n); l: scalar"
    "diff(norm2(X*w - y)^2/(2*n) + l*norm2(w)^2, w)" => "X'*(X*w - y)/n + 2*l*w"
    "diff(1 - norm2(y - X*w)^2/norm2(y - mean(y))^2, w)" => "2*X'*(y - X*w)/(n*var(y))"
    "diff((x - mean(x))'*(y - mean(y))/(n*std(x)*std(y)), x)" => "(eye(n) - t1*t1'/(n*var(x)))*(y - mean(y))/(n*std(x)*std(y)) where t1 = x - mean(x)"
    "diff(-y'*log(sigmoid(X*w)) - (1 - y)'*log(1 - sigmoid(X*w)), w)" => "X'*(sigmoid(X*w) - y)"
    "diff(diff(sum(log(1 + exp(X*w)) - y.*(X*w)), w), w)" => "X'*diag(t1.*(1 - t1))*X where t1 = sigmoid(X*w)"
    "diff(mean(log(1 + exp(-y.*(X*w)))), w)" => "-X'*(y.*sigmoid(-y.*(X*w)))/n"
    "diff(sum(max(0, 1 - y.*(X*w))) + l/2*norm2(w)^2, w)" => "l*w - X'*(y.*step(1 - y.*(X*w)))"
}

identities! { attention_and_cross_entropy;
    "Q: matrix(m, d); K: matrix(n, d); V: matrix(n, p); Y: matrix(m, p); z: vector(n); y: vector(n); W: matrix(n, d); x: vector(d); A: matrix(m, n); B: matrix(n, k); C: matrix(m, k)"
    "diff(sum(Y.*(softmax(Q*K'/sqrt(d))*V)), Q)" => "(t1.*(Y*V') - diag(diag(t1*V*Y'))*t1)*K/sqrt(d) where t1 = softmax(Q*K'/sqrt(d))"
    "diff(sum(Y.*(softmax(Q*K'/sqrt(d))*V)), K)" => "(t1.*(Y*V') - diag(diag(t1*V*Y'))*t1)'*Q/sqrt(d) where t1 = softmax(Q*K'/sqrt(d))"
    "diff(sum(Y.*(softmax(Q*K'/sqrt(d))*V)), V)" => "softmax(Q*K'/sqrt(d))'*Y"
    "diff(-y'*log(softmax(z)), z)" => "sum(y)*softmax(z) - y"
    "diff(logsumexp(z) - y'*z, z)" => "softmax(z) - y"
    "diff(-y'*log(softmax(W*x)), W)" => "(sum(y)*softmax(W*x) - y)*x'"
    "diff(-sum(C.*log(softmax(A*B))), B)" => "A'*(diag(sum(C, 2))*softmax(A*B) - C)"
}

identities! { gaussians;
    "S: posdef(n); P: posdef(n); x: vector(n); u: vector(n); X: matrix(m, n)"
    "diff(-logdet(S)/2 - (x - u)'*inv(S)*(x - u)/2, u)" => "inv(S)*(x - u)"
    "diff(-logdet(S)/2 - (x - u)'*inv(S)*(x - u)/2, S)" => "(t1*t1' - inv(S))/2 where t1 = inv(S)*(x - u)"
    "diff(logdet(P)/2 - (x - u)'*P*(x - u)/2, P)" => "(inv(P) - (x - u)*(x - u)')/2"
    "diff(-m/2*logdet(S) - tr((X - ones(m)*u')*inv(S)*(X - ones(m)*u')')/2, u)" => "inv(S)*(sum(X', 2) - m*u)"
    "diff((tr(inv(S)*P) + (x - u)'*inv(S)*(x - u) - n + logdet(S) - logdet(P))/2, P)" => "(inv(S) - inv(P))/2"
    "diff((tr(inv(S)*P) + (x - u)'*inv(S)*(x - u) - n + logdet(S) - logdet(P))/2, u)" => "inv(S)*(u - x)"
}

identities! { filters_and_processes;
    "G: matrix(n, m); H: matrix(m, n); P: posdef(n); R: posdef(m); S: posdef(n); z: vector(m); x: vector(n); u: vector(n); s: scalar; t: scalar > 0"
    "diff(tr((eye(n) - G*H)*P*(eye(n) - G*H)' + G*R*G'), G)" => "2*(G*R - (eye(n) - G*H)*P*H')"
    "diff((z - H*x)'*inv(R)*(z - H*x) + (x - u)'*inv(P)*(x - u), x)" => "2*(H'*inv(R)*(H*x - z) + inv(P)*(x - u))"
    "diff(-x'*inv(S + s^2*eye(n))*x/2 - logdet(S + s^2*eye(n))/2, s)" => "s*(norm2(t1*x)^2 - tr(t1)) where t1 = inv(S + s^2*eye(n))"
    "diff(exp(-norm2(x - u)^2/(2*t^2)), x)" => "exp(-norm2(x - u)^2/(2*t^2))*(u - x)/t^2"
    "diff(exp(-norm2(x - u)^2/(2*t^2)), t)" => "t1*exp(-t1/(2*t^2))/t^3 where t1 = norm2(x - u)^2"
}

identities! { networks;
    "A: matrix(h, d); B: matrix(k, h); x: vector(d); b: vector(h); y: vector(k); u: scalar; v: vector(n); t: scalar > 0"
    "diff(norm2(B*sigmoid(A*x + b) - y)^2/2, A)" => "(t1.*(1 - t1).*(B'*(B*t1 - y)))*x' where t1 = sigmoid(A*x + b)"
    "diff(norm2(B*sigmoid(A*x + b) - y)^2/2, B)" => "(B*t1 - y)*t1' where t1 = sigmoid(A*x + b)"
    "diff(norm2(B*sigmoid(A*x + b) - y)^2/2, b)" => "t1.*(1 - t1).*(B'*(B*t1 - y)) where t1 = sigmoid(A*x + b)"
    "diff(norm2(B*relu(A*x + b) - y)^2/2, A)" => "(step(t1).*(B'*(B*relu(t1) - y)))*x' where t1 = A*x + b"
    "diff(norm2(B*softplus(A*x + b) - y)^2/2, A)" => "(sigmoid(t1).*(B'*(B*softplus(t1) - y)))*x' where t1 = A*x + b"
    "diff(u*sigmoid(u), u)" => "sigmoid(u)*(u*(1 - sigmoid(u)) + 1)"
    "diff(u*(1 + erf(u/sqrt(2)))/2, u)" => "(2*u*exp(-u^2/2)/sqrt(2*pi) + erf(u/sqrt(2)) + 1)/2"
    "diff(sum(v.*sigmoid(v)), v)" => "sigmoid(v).*(v.*(1 - sigmoid(v)) + 1)"
}

identities! { portfolios_and_factors;
    "w: vector(n); u: vector(n); S: posdef(n); A: symmetric(n); V: matrix(m, n); W: matrix(m, r); H: matrix(r, n); F: matrix(n, k); g: scalar; p: vector(n) > 0; q: vector(n) > 0"
    "diff(w'*S*w, w)" => "2*S*w"
    "diff(u'*w - g/2*w'*S*w, w)" => "u - g*S*w"
    "diff(u'*w/sqrt(w'*S*w), w)" => "(u - (u'*w)*S*w/t1)/sqrt(t1) where t1 = w'*S*w"
    "diff(w'*A*w/(w'*w), w)" => "2*(A - w*w'*A/t1)*w/t1 where t1 = norm2(w)^2"
    "diff(w'*u/(norm2(w)*norm2(u)), w)" => "(u - (u'*w)*w/norm2(w)^2)/(norm2(u)*norm2(w))"
    "diff(normF(V - V*F*F')^2, F)" => "4*sym(V'*(V*F*F' - V))*F"
    "diff(normF(V - W*H)^2/2, W)" => "(W*H - V)*H'"
    "diff(normF(V - W*H)^2/2, H)" => "W'*(W*H - V)"
    "diff(p'*log(p./q), p)" => "log(p./q) + 1"
    "diff(p'*log(p./q), q)" => "-p./q"
}

identities! { kronecker_covariances;
    "A: posdef(m); B: posdef(n); C: posdef(p); X: matrix(n, m); Y: matrix(m, m); Z: matrix(n, n); x: vector(m*n); s: scalar > 0"
    "diff(logdet(kron(A, B)), A)" => "n*inv(A)"
    "diff(logdet(kron(A, eye(n))), A)" => "n*inv(A)"
    "diff(logdet(kron(kron(A, B), C)), B)" => "m*p*inv(B)"
    "diff(det(kron(Y, Z)), Z)" => "m*det(Y)^n*det(Z)^m*inv(Z)'"
    "diff(x'*inv(kron(A, B))*x, A)" => "-t1'*inv(B)*t1 where t1 = reshape(x, n, m)*inv(A)"
    "diff(x'*inv(kron(A, B))*x, x)" => "2*inv(kron(A, B))*x"
    "diff(vec(X)'*inv(kron(A, B))*vec(X), A)" => "-inv(A)*X'*inv(B)*X*inv(A)"
    "diff(logdet(kron(A, B) + s*eye(m*n)), s)" => "tr(inv(kron(A, B) + s*eye(m*n)))"
}

identities! { likelihoods;
    "X: posdef(n); V: posdef(n); v: scalar; Y: matrix(m, n); b: vector(n); y: vector(m); u: scalar; g: scalar > 0; w: vector(n)"
    "diff((v - n - 1)/2*logdet(X) - tr(inv(V)*X)/2, X)" => "((v - 1 - n)*inv(X) - inv(V))/2"
    "diff(sum(-y./exp(Y*b) - Y*b), b)" => "Y'*(y.*exp(-Y*b) - 1)"
    "diff(-sum(log(1 + (w - u).^2/g^2)) - n*log(g), u)" => "2*sum((w - u)./((w - u).^2 + g^2))"
    "diff(-sum(log(1 + (w - u).^2/g^2)) - n*log(g), g)" => "(2*sum(t1./(t1 + g^2)) - n)/g where t1 = (w - u).^2"
}

identities! { pairs;
    "W: symmetric(n); A: matrix(m, n); x: vector(n); y: vector(m); X: matrix(n, p); Y: matrix(m, p)"
    "diff(sum(i, sum(j, W[i,j]*(x[i] - x[j])^2)), x)" => "4*(x.*sum(W, 2) - W*x)"
    "diff(sum(i, sum(j, A[i,j]*(y[i] - x[j])^2)), y)" => "2*(y.*sum(A, 2) - A*x)"
    "{sum(k, (X[i,k] - Y[j,k])^2)}[i,j]" => "diag(X*X')*ones(m)' + ones(n)*diag(Y*Y')' - 2*X*Y'"
    "{exp(sum(k, (X[i,k] - Y[j,k])^2))}[i,j]" => "exp(diag(X*X')*ones(m)' + ones(n)*diag(Y*Y')' - 2*X*Y')"
    "diff(sum(i, sum(j, exp(-sum(k, (X[i,k] - X[j,k])^2)))), X)" => "4*(t2 - diag(sum(t2, 2)))*X where t1 = diag(X*X')*ones(n)'; t2 = exp(2*X*X' - t1 - t1')"
    "diff(sum(i, sum(j, sqrt(1 + sum(k, (X[i,k] - Y[j,k])^2)))), Y)" => "diag(sum(t1, 2))*Y - t1*X where t1 = 1./sqrt(diag(Y*Y')*ones(n)' + ones(m)*diag(X*X')' - 2*Y*X' + 1)"
    "diff(sum(i, sum(j, W[i,j]*sum(k, (X[i,k] - X[j,k])^2))), X)" => "4*(diag(sum(W, 2)) - W)*X"
    "diff(sum(i, sum(j, exp(-(y[i] - x[j])^2))), y)" => "2*(t1*x - y.*sum(t1, 2)) where t1 = exp(-(y*ones(n)' - ones(m)*x').^2)"
}
