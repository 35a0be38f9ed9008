type ComplexMatrix = nalgebra::DMatrix<nalgebra::Complex<f64>>;

/// The unitary U and the upper triangular T with A = U*T*U'.
fn schur(a: ArrayView2<f64>) -> (ComplexMatrix, ComplexMatrix) {
    assert!(a.iter().all(|x| x.is_finite()), "a function of a matrix that is not finite");
    let a = ComplexMatrix::from_fn(a.nrows(), a.ncols(), |i, j| a[[i, j]].into());
    nalgebra::Schur::try_new(a, f64::EPSILON, 10_000).expect("the Schur form of a matrix is not found").unpack()
}


fn real(a: &ComplexMatrix) -> Array2<f64> {
    let largest = |part: fn(&nalgebra::Complex<f64>) -> f64| a.iter().map(part).fold(0.0, f64::max);
    assert!(largest(|x| x.im.abs()) <= 1e-8*largest(|x| x.norm()), "a function of a matrix has no real value");
    Array2::from_shape_fn((a.nrows(), a.ncols()), |(i, j)| a[(i, j)].re)
}


fn expm(a: ArrayView2<f64>) -> Array2<f64> {
    assert!(a.iter().all(|x| x.is_finite()), "the exponential of a matrix that is not finite");
    let e = nalgebra::DMatrix::from_fn(a.nrows(), a.ncols(), |i, j| a[[i, j]]).exp();
    Array2::from_shape_fn(a.raw_dim(), |(i, j)| e[(i, j)])
}


/// expm([0, -A; A, 0]) = [cosm(A), -sinm(A); sinm(A), cosm(A)].
fn turned(a: ArrayView2<f64>) -> Array2<f64> {
    let n = a.nrows();
    let blocks = Array2::from_shape_fn((2*n, 2*n), |(i, j)| match (i < n, j < n) {
        (true, false) => -a[[i, j - n]],
        (false, true) => a[[i - n, j]],
        _ => 0.0,
    });
    expm(blocks.view())
}


fn cosm(a: ArrayView2<f64>) -> Array2<f64> {
    turned(a).slice_move(s![..a.nrows(), ..a.nrows()])
}


fn sinm(a: ArrayView2<f64>) -> Array2<f64> {
    turned(a).slice_move(s![a.nrows().., ..a.nrows()])
}


/// The principal square root of an upper triangular matrix, entry by entry (Björck and Hammarling 1983).
fn triangular_root(t: &ComplexMatrix) -> ComplexMatrix {
    let n = t.nrows();
    let zero = 1e-13*t.iter().fold(0.0, |m: f64, x| m.max(x.norm()));
    let mut r = ComplexMatrix::zeros(n, n);
    for j in 0..n {
        let value = t[(j, j)];
        assert!(value.re >= -zero || value.im.abs() > zero, "a matrix has no principal square root");
        r[(j, j)] = if value.norm() <= zero { nalgebra::Complex::ZERO } else { value.sqrt() };
        for i in (0..j).rev() {
            let known: nalgebra::Complex<f64> = (i + 1..j).map(|k| r[(i, k)]*r[(k, j)]).sum();
            let (right, sum) = (t[(i, j)] - known, r[(i, i)] + r[(j, j)]);
            assert!(sum.norm() > 0.0 || right.norm() <= zero, "a matrix has no principal square root");
            r[(i, j)] = if sum.norm() > 0.0 { right/sum } else { nalgebra::Complex::ZERO };
        }
    }
    r
}


fn sqrtm(a: ArrayView2<f64>) -> Array2<f64> {
    let (u, t) = schur(a);
    real(&(&u*triangular_root(&t)*u.adjoint()))
}


/// The principal logarithm: square roots of the Schur form until it is near the identity, then 2*atanh((T - I)/(T + I)) by its
/// series (Higham 2008, section 11.5).
fn logm(a: ArrayView2<f64>) -> Array2<f64> {
    let (u, t) = schur(a);
    let one = ComplexMatrix::identity(t.nrows(), t.nrows());
    let (mut root, mut scale) = (t, 2.0);
    while (&root - &one).norm() > 0.2 {
        assert!(scale < 2_f64.powi(60), "a matrix has no principal logarithm");
        root = triangular_root(&root);
        scale *= 2.0;
    }
    let mut power = (&root + &one).try_inverse().expect("it is near 2*I")*(&root - &one);
    let square = &power*&power;
    let mut sum = power.clone();
    for k in 1..9 {
        power *= &square;
        sum += power.unscale(f64::from(2*k + 1));
    }
    real(&(&u*sum.scale(scale)*u.adjoint()))
}


/// The derivative of f at A in the direction E: the upper right block of f([A, E; 0, A]), with E as large as A.
fn frechet(f: impl Fn(ArrayView2<f64>) -> Array2<f64>, a: ArrayView2<f64>, e: ArrayView2<f64>) -> Array2<f64> {
    let n = a.nrows();
    let largest = |a: &ArrayView2<f64>| a.iter().fold(0.0, |m: f64, x| m.max(x.abs()));
    let scale = (1.0 + largest(&a))/(1e-30 + largest(&e));
    let blocks = Array2::from_shape_fn((2*n, 2*n), |(i, j)| match (i < n, j < n) {
        (true, false) => scale*e[[i, j - n]],
        (false, true) => 0.0,
        _ => a[[i%n, j%n]],
    });
    f(blocks.view()).slice_move(s![..n, n..])/scale
}


/// The matrix K with vec(L) = K*vec(E) of the derivative L of f at A in any direction E.
fn frechet_matrix(f: impl Fn(ArrayView2<f64>) -> Array2<f64>, a: ArrayView2<f64>) -> Array2<f64> {
    let n = a.nrows();
    let mut all = Array2::zeros((n*n, n*n));
    for at in 0..n*n {
        let mut e = Array2::zeros((n, n));
        e[[at%n, at/n]] = 1.0;
        let l = frechet(&f, a, e.view());
        (0..n*n).for_each(|k| all[[k, at]] = l[[k%n, k/n]]);
    }
    all
}


/// U*diag(s), s and V of A = U*diag(s)*V', by one-sided Jacobi rotations (Hestenes 1958), of a matrix with no more columns
/// than rows.
fn svd(a: ArrayView2<f64>) -> (Array2<f64>, Array1<f64>, Array2<f64>) {
    let (mut left, mut right) = (a.to_owned(), Array2::<f64>::eye(a.ncols()));
    let rounding = (f64::EPSILON.powi(2))*a.iter().map(|x| x*x).sum::<f64>();
    let pairs = (1..a.ncols()).flat_map(|q| (0..q).map(move |p| (p, q)));
    let mut changed = true;
    for _ in 0..40 {
        if !std::mem::take(&mut changed) {
            break;
        }
        for (p, q) in pairs.clone() {
            let (x, y) = (left.column(p), left.column(q));
            let (alpha, beta, gamma) = (x.dot(&x), y.dot(&y), x.dot(&y));
            if gamma.abs() <= f64::EPSILON*(alpha*beta).sqrt() + rounding {
                continue;
            }
            changed = true;
            let zeta = (beta - alpha)/(2.0*gamma);
            let t = zeta.signum()/(zeta.abs() + zeta.hypot(1.0));
            let c = 1.0/t.hypot(1.0);
            for m in [&mut left, &mut right] {
                for mut row in m.rows_mut() {
                    (row[p], row[q]) = (c*(row[p] - t*row[q]), c*(t*row[p] + row[q]));
                }
            }
        }
    }
    let values = left.columns().into_iter().map(|x| x.dot(&x).sqrt()).collect();
    (left, values, right)
}


/// The Moore-Penrose pseudoinverse.
fn pinv(a: ArrayView2<f64>) -> Array2<f64> {
    if a.nrows() < a.ncols() {
        return pinv(a.t()).reversed_axes();
    }
    let (left, values, right) = svd(a);
    let zero = 1e-13*values.iter().fold(0.0, |m: f64, x| m.max(*x));
    (right*values.mapv(|s| if s <= zero { 0.0 } else { 1.0/(s*s) })).dot(&left.t())
}


/// The sum of the singular values.
fn nuclear(a: ArrayView2<f64>) -> f64 {
    svd(if a.nrows() < a.ncols() { a.reversed_axes() } else { a }).1.sum()
}


fn lambda_max(a: ArrayView2<f64>) -> f64 {
    let (_, t) = schur(a);
    let largest = t.diagonal().iter().copied().max_by(|x, y| x.re.total_cmp(&y.re)).expect("a matrix without entries");
    assert!(largest.im.abs() <= 1e-9*t.norm(), "an eigenvalue is not real");
    largest.re
}


fn lambda_min(a: ArrayView2<f64>) -> f64 {
    -lambda_max((-&a).view())
}


/// The eigenvector of length 1 of the largest eigenvalue; its entry of largest absolute value is positive.
fn eigvec_max(a: ArrayView2<f64>) -> Array1<f64> {
    // The direction that is taken to 0 belongs to the least singular value.
    let (_, values, right) = svd((&a - Array2::<f64>::eye(a.nrows())*lambda_max(a)).view());
    let least = (0..values.len()).min_by(|i, j| values[*i].total_cmp(&values[*j])).expect("a matrix without entries");
    let v = right.column(least);
    let lead = v.iter().fold(0.0, |lead: f64, x| if x.abs() > lead.abs() { *x } else { lead });
    &v*lead.signum()
}


fn eigvec_min(a: ArrayView2<f64>) -> Array1<f64> {
    eigvec_max((-&a).view())
}
