//! Pseudoinverses, matrix equations, functions of matrices, eigenvalues and singular values.

identities! { pseudoinverses
    ; "X: matrix(m, n); A: matrix(m, n); B: matrix(m, n); t: scalar"
    "X*pinv(X)*X" => "X"
    "pinv(X)*X*pinv(X)" => "pinv(X)"
    "(eye(m) - X*pinv(X))*X" => "zeros(m, n)"
    "(X*pinv(X))'" => "X*pinv(X)"
    "pinv(2*X')" => "pinv(X)'/2"
}

identities! { matrix_equations
    ; "A: matrix(m, m); B: matrix(n, n); C: matrix(m, n); F: matrix(m, n); t: scalar"
    "A*sylvester(A, B, C) + sylvester(A, B, C)*B" => "C"
    "sylvester(A, B, 2*C)" => "2*sylvester(A, B, C)"
    "diff(tr(F'*sylvester(A, B, C)), C)" => "sylvester(A', B', F)"
    "diff(tr(F'*sylvester(A, B, C)), B)" => "-sylvester(A, B, C)'*sylvester(A', B', F)"
}

identities! { functions_of_matrices
    ; "A: matrix(n, n); B: matrix(n, n); X: matrix(n, n); s: scalar; t: scalar"
    "expm(A)*expm(-A)" => "eye(n)"
    "expm(A)*expm(A)" => "expm(2*A)"
    "expm(s*A)*expm(t*A)" => "expm((s + t)*A)"
    "expm(A)*expm(B)" => "expm(A)*expm(B)"
    "inv(expm(A))" => "expm(-A)"
    "expm(A')" => "expm(A)'"
    "expm(-t*A')" => "expm(-t*A)'"
    "logdet(expm(A))" => "tr(A)"
    "det(expm(A))" => "exp(tr(A))"
    "expm(diag(diag(A)))" => "diag(exp(diag(A)))"
    "sinm(-A)" => "-sinm(A)"
    "cosm(-A)" => "cosm(A)"
    "expm(zeros(n, n))" => "eye(n)"
    ; "X: posdef(n); Y: matrix(m, n); p: scalar"
    "sqrtm(X)*sqrtm(X)" => "X"
    "inv(sqrtm(X))*X" => "sqrtm(X)"
    "sqrtm(X^2)" => "X"
    "sqrtm(4*X)" => "2*sqrtm(X)"
    "X^(1/2)" => "sqrtm(X)"
    "X^(-1/2)" => "inv(sqrtm(X))"
    "X^p*X" => "X^(p + 1)"
    "logm(inv(X))" => "-logm(X)"
    "expm(logm(X))" => "X"
    "tr(logm(X))" => "logdet(X)"
    "nuclear(X)" => "tr(X)"
    "nuclear(-2*X)" => "2*tr(X)"
    "lambda_max(-X)" => "-lambda_min(X)"
    "lambda_max(Y'*Y)" => "norm2(Y)^2"
}

identities! { derivatives_of_functions_of_matrices
    ; "A: matrix(n, n); B: matrix(n, n); X: matrix(n, n); x: vector(n); t: scalar; p: scalar"
    "diff(tr(expm(X)), X)" => "expm(X)'"
    "diff(tr(expm(X))^2, X)" => "2*tr(expm(X))*expm(X)'"
    "diff(logdet(expm(X)), X)" => "eye(n)"
    "diff(tr(sinm(X)), X)" => "cosm(X)'"
    "diff(tr(logm(X)), X)" => "inv(X)'"
    "diff(tr(X^p), X)" => "p*(X^(p - 1))'"
    "diff(tr(A*expm(X)), X)" => "frechet(expm, X, A)'"
    "diff(expm(X), X)" => "frechet(expm, X)"
    "diff(expm(A*X*B), X)" => "frechet(expm, A*X*B)*kron(B', A)"
    "diff(expm(X*X), X)" => "frechet(expm, X^2)*(kron(X', eye(n)) + kron(eye(n), X))"
    "diff(expm(t*A), t)" => "A*expm(t*A)"
    "diff(expm(t*A)*x, t)" => "A*expm(t*A)*x"
    "diff(sinm(t*A), t)" => "A*cosm(t*A)"
    "diff(x'*expm(t*A)*x, A)" => "t*frechet(expm, t*A, x*x')'"
    "diff(diff(tr(expm(A + t*B)), t), t)" => "tr(B*frechet(expm, A + t*B, B))"
    ; "A: posdef(n); B: matrix(n, n); X: posdef(n); p: scalar"
    "diff(tr(expm(X)), X)" => "expm(X)"
    "diff(tr(X*logm(X)), X)" => "logm(X) + eye(n)"
    "diff(tr(B*sqrtm(X)), X)" => "sym(sylvester(sqrtm(X), sqrtm(X), B))"
    "diff(X^p, p)" => "logm(X)*X^p"
    "diff(tr(A^B), B)" => "logm(A)*(A^B)'"
    "diff(logdet(sqrtm(X)), X)" => "inv(X)/2"
}

identities! { frechet_derivatives_of_higher_order
    ; "A: matrix(n, n); B: matrix(n, n); C: matrix(n, n); X: matrix(n, n); a: vector(n); b: vector(n); t: scalar"
    "frechet(expm, X, A, B) - frechet(expm, X, B, A)" => "zeros(n, n)"
    "frechet(cosm, X, 2*A, t*B)" => "2*t*frechet(cosm, X, A, B)"
    "frechet(expm, X', A', B')" => "frechet(expm, X, A, B)'"
    "frechet(expm, X, X, X)" => "X^2*expm(X)"
    "frechet(cosm, X, X, X^2)" => "-X^3*cosm(X)"
    "frechet(expm, X, eye(n), A)" => "frechet(expm, X, A)"
    "frechet(logm, X, eye(n), A)" => "-inv(X)*A*inv(X)"
    "tr(frechet(sinm, X, A, B))" => "tr(A*frechet(cosm, X, B))"
    "frechet(expm, X, :)*vec(A)" => "vec(frechet(expm, X, A))"
    "frechet(expm, X, B, :)*vec(A)" => "vec(frechet(expm, X, A, B))"
    "{D(expm)(X)[i,j,k,l]*A[k,l]}[i,j]" => "frechet(expm, X, A)"
    "{D(D(expm))(X)[i,j,k,l,p,q]*A[k,l]*B[p,q]}[i,j]" => "frechet(expm, X, A, B)"
    "diff(diff(tr(A*expm(X)), X), X)" => "commutation(n, n)*frechet(expm, X, A, :)"
    "diff(diff(a'*sinm(X + t*A)*b, t), t)" => "a'*frechet(sinm, X + t*A, A, A)*b"
    "diff(diff(tr(C*logm(X + t*A)), t), t)" => "tr(C*frechet(logm, X + t*A, A, A))"
    "diff(diff(a'*expm(A + t*B)*b, t), t)" => "a'*frechet(expm, A + t*B, B, B)*b"
    "diff(tr(C*frechet(expm, X, A, B)), X)" => "frechet(expm, X, A, B, C)'"
    "diff(tr(C*frechet(expm, X, A, B)), A)" => "frechet(expm, X, B, C)'"
    "diff(tr(frechet(logm, X, X*A)), X)" => "zeros(n, n)"
}

identities! { second_derivatives_by_equations
    ; "A: symmetric(n); X: posdef(n)"
    "diff(diff(tr(A*sqrtm(X)), X), X)" => "-t1*(kron(eye(n), t2) + kron(t2, eye(n)))*t1*(commutation(n, n) + eye(n*n))/2 where t1 = inv(kron(eye(n), sqrtm(X)) + kron(sqrtm(X), eye(n))); t2 = sylvester(sqrtm(X), sqrtm(X), A)"
}

identities! { functions_of_matrices_of_one_entry
    ; "X: matrix(1, 1); A: matrix(1, 1); x: vector(1); y: vector(1); B: matrix(m, n)"
    "inv(X)" => "1/X[1,1]"
    "diff(tr(inv(X)), X)" => "-1/X[1,1]^2"
    "diff(log(x'*y), x)" => "1/x[1]"
    "(x'*y)*B" => "x[1]*y[1]*B"
    "diff(tr(expm(X)), X)" => "exp(X)"
    ; "s: scalar"
    "D(expm)(s)" => "exp(s)"
    "D(D(cosm))(s)" => "-cos(s)"
}

identities! { derivatives_of_spectra
    ; "S: symmetric(n); A: matrix(n, n); x: vector(n); a: vector(n); t: scalar"
    "diff(lambda_max(S), S)" => "eigvec_max(S)*eigvec_max(S)'"
    "diff(lambda_min(S), S)" => "eigvec_min(S)*eigvec_min(S)'"
    "diff(lambda_max(A), A)" => "eigvec_max(A')*eigvec_max(A)'/(eigvec_max(A)'*eigvec_max(A'))"
    "diff(a'*eigvec_max(S), S)" => "sym(pinv(lambda_max(S)*eye(n) - S)*a*eigvec_max(S)')"
    ; "X: matrix(m, n); S: posdef(n)"
    "diff(norm2(X), X)" => "X*t1*t1'/norm2(X) where t1 = eigvec_max(X'*X)"
    "diff(nuclear(X), X)" => "X*inv(sqrtm(X'*X))"
    "diff(tr(sqrtm(X'*X)), X)" => "X*inv(sqrtm(X'*X))"
}
