fn sign(x: f64) -> f64 {
    if x == 0.0 { 0.0 } else { x.signum() }
}


fn sigmoid(x: f64) -> f64 {
    1.0/(1.0 + (-x).exp())
}


fn softplus(x: f64) -> f64 {
    x.max(0.0) + (-x.abs()).exp().ln_1p()
}


/// By the asymptotic series above 10, the recurrence and the reflection formula below.
fn digamma(x: f64) -> f64 {
    if x <= 0.0 {
        return if x == x.floor() { f64::NAN } else { digamma(1.0 - x) - std::f64::consts::PI/(std::f64::consts::PI*x).tan() };
    }
    if x < 10.0 {
        return digamma(x + 1.0) - 1.0/x;
    }
    let y = 1.0/(x*x);
    x.ln() - 0.5/x - y*(1.0/12.0 - y*(1.0/120.0 - y*(1.0/252.0 - y*(1.0/240.0 - y/132.0))))
}


/// By the asymptotic series above 10, the recurrence and the reflection formula below.
fn trigamma(x: f64) -> f64 {
    if x <= 0.0 {
        let s = (std::f64::consts::PI*x).sin();
        return if x == x.floor() { f64::NAN } else { (std::f64::consts::PI/s).powi(2) - trigamma(1.0 - x) };
    }
    if x < 10.0 {
        return trigamma(x + 1.0) + 1.0/(x*x);
    }
    let y = 1.0/(x*x);
    1.0/x + y/2.0 + y/x*(1.0/6.0 - y*(1.0/30.0 - y*(1.0/42.0 - y*(1.0/30.0 - y*5.0/66.0))))
}


fn levi_civita(at: &[usize]) -> f64 {
    let pairs = (0..at.len()).flat_map(|i| (i + 1..at.len()).map(move |j| (at[i], at[j])));
    pairs.map(|(a, b)| (b as f64 - a as f64).clamp(-1.0, 1.0)).product()
}


/// The place of an entry of a symmetric matrix among those on and below the diagonal, column by column.
fn half(n: usize, row: usize, column: usize) -> usize {
    let (low, high) = (row.min(column), row.max(column));
    n*low + high - low*(low + 1)/2
}


/// Along the last axis.
fn softmax<D: Dimension>(x: ArrayView<f64, D>) -> Array<f64, D> {
    let mut y = x.to_owned();
    for mut row in y.rows_mut() {
        let largest = row.fold(f64::NEG_INFINITY, |m, x| m.max(*x));
        row.mapv_inplace(|x| (x - largest).exp());
        let total = row.sum();
        row.mapv_inplace(|x| x/total);
    }
    y
}


fn log_sum_exp(x: ArrayView1<f64>) -> f64 {
    let largest = x.fold(f64::NEG_INFINITY, |m, x| m.max(*x));
    largest + x.iter().map(|x| (x - largest).exp()).sum::<f64>().ln()
}


/// L and U of the rows of a matrix in another order.
struct Lu {
    factors: Array2<f64>,
    rows: Vec<usize>,
    sign: f64,
}

fn lu(matrix: ArrayView2<f64>) -> Lu {
    let n = matrix.nrows();
    let mut a = matrix.to_owned();
    let mut rows: Vec<usize> = (0..n).collect();
    let mut sign = 1.0;
    for k in 0..n {
        let pivot = (k..n).fold(k, |p, i| if a[[i, k]].abs() > a[[p, k]].abs() { i } else { p });
        if pivot != k {
            (0..n).for_each(|j| a.swap([pivot, j], [k, j]));
            rows.swap(pivot, k);
            sign = -sign;
        }
        for i in k + 1..n {
            if a[[k, k]] != 0.0 {
                a[[i, k]] /= a[[k, k]];
            }
            for j in k + 1..n {
                a[[i, j]] -= a[[i, k]]*a[[k, j]];
            }
        }
    }
    Lu { factors: a, rows, sign }
}

#[allow(dead_code)]
impl Lu {
    fn solve(&self, b: ArrayView2<f64>) -> Array2<f64> {
        let (n, a) = (self.rows.len(), &self.factors);
        let mut x = Array2::from_shape_fn(b.raw_dim(), |(i, c)| b[[self.rows[i], c]]);
        for c in 0..x.ncols() {
            for i in 0..n {
                x[[i, c]] -= (0..i).map(|j| a[[i, j]]*x[[j, c]]).sum::<f64>();
            }
            for i in (0..n).rev() {
                x[[i, c]] = (x[[i, c]] - (i + 1..n).map(|j| a[[i, j]]*x[[j, c]]).sum::<f64>())/a[[i, i]];
            }
        }
        x
    }

    fn solve_transposed(&self, b: ArrayView2<f64>) -> Array2<f64> {
        let (n, a) = (self.rows.len(), &self.factors);
        let mut y = b.to_owned();
        for c in 0..y.ncols() {
            for i in 0..n {
                y[[i, c]] = (y[[i, c]] - (0..i).map(|j| a[[j, i]]*y[[j, c]]).sum::<f64>())/a[[i, i]];
            }
            for i in (0..n).rev() {
                y[[i, c]] -= (i + 1..n).map(|j| a[[j, i]]*y[[j, c]]).sum::<f64>();
            }
        }
        let mut x = y.clone();
        for (i, row) in self.rows.iter().enumerate() {
            x.row_mut(*row).assign(&y.row(i));
        }
        x
    }

    fn determinant(&self) -> f64 {
        self.sign*self.factors.diag().product()
    }

    fn log_determinant(&self) -> f64 {
        self.factors.diag().iter().map(|x| x.abs().ln()).sum()
    }
}


/// det(A)*inv(A), also of a singular matrix, by the determinants of its minors.
fn adjugate(a: ArrayView2<f64>) -> Array2<f64> {
    let n = a.nrows();
    Array2::from_shape_fn((n, n), |(i, j)| {
        let minor = Array2::from_shape_fn((n - 1, n - 1), |(k, l)| a[[k + usize::from(k >= j), l + usize::from(l >= i)]]);
        let sign = if (i + j)%2 == 0 { 1.0 } else { -1.0 };
        sign*lu(minor.view()).determinant()
    })
}


/// The X of A*X + X*B = C.
fn sylvester(a: ArrayView2<f64>, b: ArrayView2<f64>, c: ArrayView2<f64>) -> Array2<f64> {
    let (m, n) = (a.nrows(), b.nrows());
    let left = Array2::from_shape_fn((m*n, m*n), |(p, q)| {
        let (i, j, k, l) = (p/n, p%n, q/n, q%n);
        (if j == l { a[[i, k]] } else { 0.0 }) + (if i == k { b[[l, j]] } else { 0.0 })
    });
    let right = Array2::from_shape_fn((m*n, 1), |(p, _)| c[[p/n, p%n]]);
    let x = lu(left.view()).solve(right.view());
    Array2::from_shape_fn((m, n), |(i, j)| x[[i*n + j, 0]])
}


/// A triangular matrix, or L where it stands for L*L'.
struct Triangular {
    matrix: Array2<f64>,
    lower: bool,
    squared: bool,
}

#[allow(dead_code)]
fn lower(matrix: ArrayView2<f64>) -> Triangular {
    Triangular { matrix: matrix.to_owned(), lower: true, squared: false }
}

#[allow(dead_code)]
fn upper(matrix: ArrayView2<f64>) -> Triangular {
    Triangular { matrix: matrix.to_owned(), lower: false, squared: false }
}

#[allow(dead_code)]
impl Triangular {
    fn solve(&self, b: ArrayView2<f64>) -> Array2<f64> {
        let mut x = b.to_owned();
        self.substitute(&mut x, self.lower, false);
        if self.squared {
            self.substitute(&mut x, false, true);
        }
        x
    }

    fn substitute(&self, x: &mut Array2<f64>, forward: bool, transposed: bool) {
        let n = self.matrix.nrows();
        let a = if transposed { self.matrix.t() } else { self.matrix.view() };
        for step in 0..n {
            let i = if forward { step } else { n - 1 - step };
            for c in 0..x.ncols() {
                let known: f64 = if forward { (0..i).map(|j| a[[i, j]]*x[[j, c]]).sum() } else { (i + 1..n).map(|j| a[[i, j]]*x[[j, c]]).sum() };
                x[[i, c]] = (x[[i, c]] - known)/a[[i, i]];
            }
        }
    }

    fn determinant(&self) -> f64 {
        self.matrix.diag().product().powi(1 + i32::from(self.squared))
    }

    fn log_determinant(&self) -> f64 {
        self.matrix.diag().iter().map(|x| x.abs().ln()).sum::<f64>()*f64::from(1 + u8::from(self.squared))
    }
}


/// L with L*L' = A, of a symmetric positive definite A; NaN of another.
fn cholesky(a: ArrayView2<f64>) -> Triangular {
    let n = a.nrows();
    let mut l = Array2::<f64>::zeros((n, n));
    for j in 0..n {
        for i in j..n {
            let rest = a[[i, j]] - (0..j).map(|k| l[[i, k]]*l[[j, k]]).sum::<f64>();
            l[[i, j]] = if i == j { rest.sqrt() } else { rest/l[[j, j]] };
        }
    }
    Triangular { matrix: l, lower: true, squared: true }
}


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


fn check(name: &str, seen: &[usize], expected: &[usize]) {
    assert!(seen == expected, "{name} has the shape {seen:?}, expected {expected:?}");
}
