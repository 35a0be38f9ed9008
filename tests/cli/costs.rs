//! What answers cost, and the forms that cost least at given sizes.

use super::run_with;

const DECLARED: &str = "A: matrix(m, n); C: matrix(n, n); E: diagonal(n); P: posdef(k); S: posdef(n); U: matrix(n, k); V: matrix(k, n); \
                        X: matrix(m, k); a, b, x, y, z: vector(n); w: vector(m); d: vector(n) > 0; s: scalar > 0";

fn asked(expr: &str, more: &[&str]) -> (String, String) {
    let outcome = run_with(expr, &[&["simplify", "-", "--var", DECLARED, "--stats"], more].concat());
    let cost = outcome.err.lines().find_map(|l| l.strip_prefix("to evaluate: ")).unwrap_or(&outcome.err);
    let operations = cost.split(" operations").next().unwrap_or(cost);
    (outcome.out.trim_end().to_owned(), operations.to_owned())
}

/// A product of a sum is computed term by term where that is less: no matrix is built for a vector.
#[test]
fn products_of_sums() {
    let lines = [
        ("(eye(n) - x*y')*a", "4*n - 1"),
        ("(diag(d) - x*y')*a", "5*n - 1"),
        ("(eye(n) - x*y')*(eye(n) - a*b')*z", "11*n - 1"),
        ("(C + x*y')*a", "2*n^2 + 3*n - 1"),
        ("(C + E)*a", "3*n^2 - n"),
        ("(C + C')*a", "3*n^2 - n"),
        ("w'*(eye(m) - X*P*X')*w", "2*k^2 + 4*k*m - 2*k + 3*m - 1"),
        ("(x[2:n] - x[1:n-1])'*(x[2:n] - x[1:n-1])", "3*n - 4"),
        ("(eye(n)[:,2:n] - eye(n)[:,1:n-1])*x[2:n]", "n - 1"),
    ];
    let wrong: Vec<String> = lines
        .iter()
        .filter_map(|(expr, cost)| {
            let seen = asked(expr, &[]).1;
            (seen != *cost).then(|| format!("{expr} takes {seen}"))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The answer for sizes, and its operations.
#[test]
fn cheapest_forms() {
    let lines = [
        (
            "inv(s*eye(n) + A'*A)*x",
            "n=1000,m=10",
            "x/s - A'*inv(A*A'/s + eye(m))*A*x/s^2 | (m^3 + 3*m^2*n + 9*m^2 + 15*m*n - m + 9*n + 6)/3",
        ),
        ("inv(s*eye(n) + A'*A)*x", "n=10,m=1000", "inv(A'*A + s*eye(n))*x | (3*m*n^2 + n^3 + 3*m*n + 6*n^2 + 2*n)/3"),
        (
            "inv(diag(d) + U*V)*x",
            "n=1000,k=10",
            "t1*(x - U*inv(V*t1*U + eye(k))*V*t1*x) where t1 = diag(1./d) | (4*k^3 + 12*k^2*n + 3*k^2 + 30*k*n - 7*k + 24*n)/6",
        ),
        (
            "inv(diag(d) + U*U')",
            "n=1000,k=10",
            "t1 - t2'*inv(t2*U + eye(k))*t2 where t1 = diag(1./d); t2 = U'*t1 | (k^3 + 9*k^2*n + 6*k*n^2 + 6*k*n + 6*n^2 + 2*k + 9*n)/3",
        ),
        ("inv(eye(n) + x*y')*a", "n=1000", "a - (a'*y)*x/(x'*y + 1) | 7*n"),
        ("inv(S + U*P*U')*x", "n=1000,k=10", "inv(U*P*U' + S)*x | (6*k^2*n + 3*k*n^2 + n^3 + 9*n^2 - n)/3"),
        ("(eye(n) - x*y')*(eye(n) - a*b')*z", "n=1000", "z + ((a'*y)*b'*z - y'*z)*x - (b'*z)*a | 11*n - 1"),
        ("(C + x*y')*b", "n=1000", "C*b + (b'*y)*x | 2*n^2 + 3*n - 1"),
        ("C*x + E*x", "n=1000", "(C + E)*x | 3*n^2 - n"),
        ("x'*C*x + x'*S*x", "n=1000", "x'*(C + S)*x | 3*n^2 + n - 1"),
        ("logdet(diag(d) + U*U')", "n=1000,k=10", "logdet(U'*diag(1./d)*U + eye(k)) + sum(log(d)) | (k^3 + 3*k^2*n + 6*k*n + 8*k + 9*n)/3"),
        ("tr((eye(n) - x*x')*C)", "n=1000", "tr(C - C*x*x') | 2*n^2 + 2*n - 1"),
    ];
    let wrong: Vec<String> = lines
        .iter()
        .filter_map(|(expr, sizes, expected)| {
            let (answer, cost) = asked(expr, &["--for", sizes]);
            let seen = format!("{answer} | {cost}");
            (seen != *expected).then(|| format!("{expr} for {sizes}: {seen}"))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
