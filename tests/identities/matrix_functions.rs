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
