//! Pairs that tempt numbers or proofs into a wrong verdict.

use super::Table;

/// What is left of a cancellation is no difference, however much it is made of.
pub const ROUNDING: Table = (
    "x: scalar; y: scalar; A: matrix(n, n); B: matrix(n, n); Q: orthogonal(n); v: vector(n)",
    &[
        ("(x + 1e16) - 1e16", "x", "equal"),
        ("(x + 1e9)^2 - 1e18 - 2e9*x", "x^2", "equal"),
        ("sign((x + 0.1) - x - 0.1)", "0", "equal"),
        ("sign((x + y)^2 - x^2 - 2*x*y - y^2)", "0", "EXPECT"),
        ("sign(tr(A*B) - tr(B*A))", "0", "EXPECT"),
        ("sign(det(A*B) - det(A)*det(B))", "0", "EXPECT"),
        ("step(norm2(Q*v) - norm2(v))", "0", "EXPECT"),
        ("abs(sqrt(2)*sqrt(2) - 2)*1e20", "0", "EXPECT"),
        ("sign(sin(x)^2 + cos(x)^2 - 1)", "0", "EXPECT"),
        ("1e300*x", "2e300*x", "EXPECT"),
    ],
);

/// An equation that holds nowhere is true of anything.
pub const VACUOUS: Table = (
    "A: matrix(n, n); B: matrix(n, n); C: matrix(3, 3); K: skew(3); x: vector(n); s: scalar; t: scalar",
    &[
        ("inv(A - A)", "inv(B - B)", "EXPECT"),
        ("inv(A*inv(A) - eye(n))", "5*inv(inv(A)*A - eye(n))", "EXPECT"),
        ("inv(x*x')*(x*x')", "eye(n)", "EXPECT"),
        ("inv(skew(C))", "inv(skew(C)) + eye(3)", "EXPECT"),
        ("inv(K)*K", "eye(3)", "EXPECT"),
        ("s/(t - t)", "t/(s - s)", "EXPECT"),
        ("0/(s - s)", "0", "EXPECT"),
        ("sqrt(-1 - s^2)^2", "-1 - s^2", "EXPECT"),
        ("log(-exp(s))", "log(-exp(s)) + 1", "EXPECT"),
        // These are defined at some points.
        ("inv(A)*A", "eye(n)", "EXPECT"),
        ("log((s - 9)^2)", "2*log(abs(s - 9))", "EXPECT"),
    ],
);

/// Sides that differ at points which no random choice meets.
pub const KINKS: Table = (
    "x: scalar; v: vector(n)",
    &[
        ("sign(x)^2", "1", "EXPECT"),
        ("step(x) + step(-x)", "1", "EXPECT"),
        ("sign(x)", "2*step(x) - 1", "EXPECT"),
        ("relu(x - 100)", "0", "EXPECT"),
        ("abs(x + 1e6)", "x + 1e6", "EXPECT"),
        ("max(x, 1000)", "1000", "EXPECT"),
        ("sum(sign(v).^2)", "n", "EXPECT"),
        ("max(x, 3)", "(x + 3 + abs(x - 3))/2", "EXPECT"),
        ("min(x, 3) + max(x, 3)", "x + 3", "EXPECT"),
    ],
);

/// Blocks multiplied out, Schur complements, entries that structure makes 0, adjugates.
pub const BLOCKS: Table = (
    "A: matrix(n, n); B: matrix(n, k); C: matrix(k, n); D: matrix(k, k); L: lower(n); H: hollow(n); S: skew(n)",
    &[
        (
            "inv([A, B; C, D])",
            "[inv(A - B*inv(D)*C), -inv(A)*B*inv(D - C*inv(A)*B); -inv(D)*C*inv(A - B*inv(D)*C), inv(D - C*inv(A)*B)]",
            "equal",
        ),
        (
            "[inv(A) + inv(A)*B*inv(D - C*inv(A)*B)*C*inv(A), -inv(A)*B*inv(D - C*inv(A)*B); \
             -inv(D - C*inv(A)*B)*C*inv(A), inv(D - C*inv(A)*B)]",
            "inv([A, B; C, D])",
            "equal",
        ),
        (
            "inv([A, B; C, D])",
            "[inv(A - B*inv(D)*C), inv(A)*B*inv(D - C*inv(A)*B); -inv(D)*C*inv(A - B*inv(D)*C), inv(D - C*inv(A)*B)]",
            "EXPECT",
        ),
        ("det([A, B; C, D])", "det(A)*det(D - C*inv(A)*B)", "equal"),
        ("det([A, B; C, D])", "det(D)*det(A - B*inv(D)*C)", "equal"),
        ("det([A, B; C, D])", "det(A)*det(D + C*inv(A)*B)", "EXPECT"),
        ("L[1,2]", "0", "equal"),
        ("L[2,1]", "0", "different"),
        ("H[2,2]", "0", "equal"),
        ("S[3,3]", "0", "equal"),
        ("(L*L)[1,3]", "0", "EXPECT"),
        ("diff(det(A), A)", "adj(A)'", "equal"),
    ],
);
