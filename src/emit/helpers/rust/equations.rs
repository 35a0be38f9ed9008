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
