//! Pairs that tempt numbers or proofs into a wrong verdict.

use super::Table;

/// What is left of a cancellation is no difference, however much it is made of.
pub const ROUNDING: Table = (
    "x: scalar; y: scalar; A: matrix(n, n); B: matrix(n, n); Q: orthogonal(n); v: vector(n)",
    &[
        ("(x + 1e16) - 1e16", "x", "equal"),
        ("(x + 1e9)^2 - 1e18 - 2e9*x", "x^2", "equal"),
        ("sign((x + 0.1) - x - 0.1)", "0", "equal"),
        ("sign((x + y)^2 - x^2 - 2*x*y - y^2)", "0", "equal"),
        ("sign(tr(A*B) - tr(B*A))", "0", "equal"),
        ("sign(det(A*B) - det(A)*det(B))", "0", "equal"),
        ("step(norm2(Q*v) - norm2(v))", "0", "equal"),
        ("abs(sqrt(2)*sqrt(2) - 2)*1e20", "0", "equal"),
        ("sign(sin(x)^2 + cos(x)^2 - 1)", "0", "equal"),
        ("1e300*x", "2e300*x", "different: the left side is 1/2 times the right side"),
    ],
);

/// An equation that holds nowhere is true of anything.
pub const VACUOUS: Table = (
    "A: matrix(n, n); B: matrix(n, n); C: matrix(3, 3); K: skew(3); x: vector(n); s: scalar; t: scalar",
    &[
        (
            "inv(A - A)",
            "inv(B - B)",
            "undecided: they can be transformed into each other, but only where A - A is invertible, and no point was found where that holds",
        ),
        ("inv(A*inv(A) - eye(n))", "5*inv(inv(A)*A - eye(n))", "undecided"),
        (
            "inv(x*x')*(x*x')",
            "eye(n)",
            "undecided: at some points the right side is defined and the left one is not; they can be transformed into each other, but only where x*x' is invertible, and no point was found where that holds",
        ),
        (
            "inv(skew(C))",
            "inv(skew(C)) + eye(3)",
            "undecided: they can be transformed into each other, but only where skew(C) is invertible, and no point was found where that holds",
        ),
        (
            "inv(K)*K",
            "eye(3)",
            "undecided: at some points the right side is defined and the left one is not; they can be transformed into each other, but only where K is invertible, and no point was found where that holds",
        ),
        ("s/(t - t)", "t/(s - s)", "undecided"),
        (
            "0/(s - s)",
            "0",
            "undecided: at some points the right side is defined and the left one is not; they can be transformed into each other, but only where s - s is not 0, and no point was found where that holds",
        ),
        (
            "sqrt(-1 - s^2)^2",
            "-1 - s^2",
            "undecided: at some points the right side is defined and the left one is not; they can be transformed into each other, but no point was found at which both are defined",
        ),
        ("log(-exp(s))", "log(-exp(s)) + 1", "undecided"),
        // These are defined at some points.
        ("inv(A)*A", "eye(n)", "equal"),
        ("log((s - 9)^2)", "2*log(abs(s - 9))", "equal"),
    ],
);

/// Sides that differ at points which no random choice meets.
pub const KINKS: Table = (
    "x: scalar; v: vector(n)",
    &[
        ("sign(x)^2", "1", "different: equal if x > 0"),
        ("step(x) + step(-x)", "1", "different: equal if x > 0"),
        ("sign(x)", "2*step(x) - 1", "different: equal if x > 0"),
        ("relu(x - 100)", "0", "different"),
        ("abs(x + 1e6)", "x + 1e6", "different: equal if x > 0"),
        ("max(x, 1000)", "1000", "different"),
        ("sum(sign(v).^2)", "n", "different: equal if v > 0"),
        ("max(x, 3)", "(x + 3 + abs(x - 3))/2", "equal"),
        ("min(x, 3) + max(x, 3)", "x + 3", "equal"),
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
            "different",
        ),
        ("det([A, B; C, D])", "det(A)*det(D - C*inv(A)*B)", "equal"),
        ("det([A, B; C, D])", "det(D)*det(A - B*inv(D)*C)", "equal"),
        ("det([A, B; C, D])", "det(A)*det(D + C*inv(A)*B)", "different: the term `C*inv(A)*B` has the wrong sign"),
        ("L[1,2]", "0", "equal"),
        ("L[2,1]", "0", "different"),
        ("H[2,2]", "0", "equal"),
        ("S[3,3]", "0", "equal"),
        ("(L*L)[1,3]", "0", "equal"),
        ("diff(det(A), A)", "adj(A)'", "equal"),
    ],
);
