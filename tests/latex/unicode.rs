//! Mathematics in Unicode.

use super::check_all;

#[test]
fn formulas_on_one_line() {
    let declared = "A: matrix(m, n); x: vector(n); b: vector(m); lambda: scalar; B: matrix(n, n); C: matrix(n, n)";
    check_all(&[
        ("", "xᵀAx", "x'*A*x"),
        ("", "‖Ax−b‖²", "norm2(A*x - b)^2"),
        (declared, "‖Ax − b‖² + λ‖x‖₁", "norm2(A*x - b)^2 + lambda*norm1(x)"),
        (declared, "½‖Ax − b‖₂²", "1/2*norm2(A*x - b)^2"),
        (declared, "2Aᵀ(Ax − b)", "2*A'*(A*x - b)"),
        (declared, "2AᵀAx/‖Ax‖²", "2*A'*A*x/norm2(A*x)^2"),
        (declared, "tr(B⁻¹C) + tr(B⁻ᵀC)", "tr(inv(B)*C) + tr(inv(B)'*C)"),
        (declared, "tr(BC)·xᵀx", "tr(B*C)*x'*x"),
        (declared, "B ⊙ C + B ∘ C", "2*B.*C"),
        (declared, "B ⊗ C", "kron(B, C)"),
        (declared, "𝐱ᵀ𝐁𝐱", "x'*B*x"),
        (declared, "⟨x, Bx⟩", "dot(x, B*x)"),
        (declared, "∑ᵢⱼ Bᵢⱼ xᵢ xⱼ", "x'*B*x"),
        (declared, "∑(i, x[i])", "sum(x)"),
        (declared, "|det(Bᵀ)| + |x₁|", "abs(det(B)) + abs(x[1])"),
        (declared, "∂(xᵀBx)/∂x", "diff(x'*B*x, x)"),
        (declared, "∇ₓ xᵀBx", "diff(x'*B*x, x)"),
        (declared, "√(xᵀx) + √2", "(x'*x)^(1/2) + sqrt(2)"),
        (declared, "B′C x′′", "B'*C*x''"),
        ("w: vector(n); x: vector(n)", "σ(wᵀx)", "sigmoid(w'*x)"),
        ("x1: vector(n); y: vector(n)", "x₁ᵀy", "x1'*y"),
        ("", "x₁ᵀy", "x_1'*y"),
        ("u: vector(3); v: vector(3)", "u × v", "cross(u, v)"),
        ("Sigma: posdef(n); mu: vector(n)", "log det Σ + exp(−½ μᵀΣ⁻¹μ)", "logdet(Sigma) + exp(-1/2*mu'*inv(Sigma)*mu)"),
        ("x_bar: vector(n); S: matrix(n, n)", "x_barᵀS x_bar", "x_bar'*S*x_bar"),
        ("A: matrix(m, n)", "Aᵀ*A", "A'*A"),
    ]);
}

#[test]
fn the_language_stays_as_it_is() {
    for text in
        ["A\\B", "A\\b + c", "foo⊙bar", "Aᵀ*foo", "fooᵀ", "X^T*y", "λ*x", "A\\exp(B)", "√(x + 1)*y", "δ[i,j]*foo[i,j]", "A\\{x[i]}[i]"]
    {
        let none = indicial::Declarations::new();
        let auto = indicial::parse_input(text, indicial::InputFormat::Auto, &none).unwrap();
        assert_eq!(auto, indicial::parse(text, &none).unwrap(), "{text}");
    }
}
