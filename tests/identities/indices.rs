//! Index notation, shared parts, several inputs at once.

identities! { index_notation
    ; "A: matrix(n, n); B: matrix(n, n); x: vector(n); y: vector(n)"
    "diff(x[i]*x[i], x)" => "2*x"
    "diff(x[i]*A[i,j]*x[j], x)" => "(A + A')*x"
    "diff(A[i,j]*B[j,i], A)" => "B'"
    "diff(sum(i, A[i,i]), A)" => "eye(n)"
    "diff(sum(k, sum(i, A[k,i]*B[i,k])), A)" => "B'"
    "diff({A[i,j]*x[j]}[i], x)" => "A"
    "{A[i,j]*x[j]}[i]" => "A*x"
    "{A[i,j]*B[j,k]}[i,k]" => "A*B"
    "{A[j,i]}[i,j]" => "A'"
    "{x[i]*y[j]}[i,j]" => "x*y'"
    "{A[i,j]*B[i,j]}[i,j]" => "A.*B"
    "sum(i, A[i,i])" => "tr(A)"
    "sum(i, x[i])" => "sum(x)"
    "x[i]*y[i]" => "x'*y"
    "{delta[i,j]*x[j]}[i]" => "x"
    "{A[i,i]}[i]" => "diag(A)"
    "{delta[i,j]}[i:n,j:n]" => "eye(n)"
    "diff(sum(i, exp(x[i])), x)" => "exp(x)"
    "diff(sum(i, x[i]^3), x)" => "3*x.^2"
    "diff(sum(i, sum(j, A[i,j]^2)), A)" => "2*A"
    "{x[i]*A[i,j]}[i,j]" => "diag(x)*A"
    "{delta[i,j]*A[i,j]}[i,j]" => "diag(diag(A))"
}

identities! { what_no_matrix_formula_holds
    ; "C: tensor(p, q, p, q); E: matrix(p, q)"
    "diff(C[i,j,k,l]*E[i,j]*E[k,l]/2, E)" => "{E[k,l]*(C[i,j,k,l] + C[k,l,i,j])/2}[i,j]"
}

identities! { shared_parts
    ; "A: matrix(n, n); x: vector(n); y: vector(n)"
    "diff(t'*t, x) where t = A*x - y" => "2*A'*(A*x - y)"
    "diff(u'*A*u, x) where u = x - y" => "(A + A')*(x - y)"
    "s*s where s = x'*y" => "(x'*y)^2"
    "p - q where p = A*x; q = A*x" => "zeros(n)"
    "t + t where t = A*y" => "2*A*y"
}

identities! { deltas_between_other_outputs_stay_apart
    ; "p: vector(n); u: vector(n)"
    "{p[i]*u[j]*u[k]*delta[i,l] + p[i]*u[j]*u[l]*delta[i,k] + p[j]*u[i]*u[k]*delta[j,l] + p[j]*u[i]*u[l]*delta[j,k]}[i,j,k,l]" => "{delta[i,k]*p[i]*u[j]*u[l] + delta[i,l]*p[i]*u[j]*u[k] + delta[j,k]*p[j]*u[i]*u[l] + delta[j,l]*p[j]*u[i]*u[k]}[i,j,k,l]"
}
