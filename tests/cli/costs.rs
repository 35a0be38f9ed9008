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
        ("w'*(eye(m) - X*P*X')*w", ""),
        ("(x[2:n] - x[1:n-1])'*(x[2:n] - x[1:n-1])", ""),
        ("(eye(n)[:,2:n] - eye(n)[:,1:n-1])*x[2:n]", ""),
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
        ("inv(s*eye(n) + A'*A)*x", "n=1000,m=10", ""),
        ("inv(s*eye(n) + A'*A)*x", "n=10,m=1000", ""),
        ("inv(diag(d) + U*V)*x", "n=1000,k=10", ""),
        ("inv(diag(d) + U*U')", "n=1000,k=10", ""),
        ("inv(eye(n) + x*y')*a", "n=1000", ""),
        ("inv(S + U*P*U')*x", "n=1000,k=10", ""),
        ("(eye(n) - x*y')*(eye(n) - a*b')*z", "n=1000", ""),
        ("(C + x*y')*b", "n=1000", ""),
        ("C*x + E*x", "n=1000", ""),
        ("x'*C*x + x'*S*x", "n=1000", ""),
        ("X*pinv(X)*w", "m=1000,k=10", ""),
        ("logdet(diag(d) + U*U')", "n=1000,k=10", ""),
        ("tr((eye(n) - x*x')*C)", "n=1000", ""),
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
