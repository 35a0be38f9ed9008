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
