//! What is decided where the spelling alone does not tell, each decision a line.

use super::check_all;

#[test]
fn names() {
    check_all(&[
        ("Ax: vector(n); A: matrix(n, n)", r"A^\top Ax", "A'*Ax"),
        ("A: matrix(n, n); x: vector(n)", r"A^\top Ax", "A'*A*x"),
        ("", r"\mathbf{x}^\top\mathcal{L}\,\boldsymbol\theta", "x'*L*theta"),
        ("", r"\hat{\boldsymbol\beta}^\top \bar{x} + \tilde y_1", "beta_hat'*x_bar + y_tilde_1"),
        ("yhat: vector(n)", r"\|\hat y\|^2", "norm2(yhat)^2"),
        ("σ: scalar; x: vector(n)", r"\sigma x", "σ*x"),
        ("x1: vector(n); x_2: vector(n)", r"x_1^\top x_2", "x1'*x_2"),
        ("x: vector(n)", r"x_1 + x_{2}", "x[1] + x[2]"),
        ("A: matrix(n, n)", r"A_{12} + A_{2,1}", "A[1,2] + A[2,1]"),
        ("", r"\sigma_x \Sigma_{xy} W_1", "sigma_x*Sigma_xy*W_1"),
        ("", r"P_{k|k-1} + x_{\text{new}} x_{\text{new}}^\top", "P_k_given_k_minus_1 + x_new*x_new'"),
        ("", r"k_*^\top K^{-1} k_*", "k_star'*inv(K)*k_star"),
        ("X: matrix(n, p); x_i: vector(p)", r"\|x_i\|^2", "norm2(x_i)^2"),
        ("foo: matrix(n, n)", r"\operatorname{tr}(\mathrm{foo}^2)", "tr(foo^2)"),
        ("e: vector(n)", r"e^\top e", "e'*e"),
        ("", r"\mathrm{softmax}\left(\frac{QK^\top}{\sqrt{d_k}}\right)V", "softmax(Q*K'/sqrt(d_k))*V"),
        ("I: matrix(n, n); A: matrix(n, n)", r"A\,I", "A*I"),
        ("", r"{\bf x}^T {\bf y}", "x'*y"),
    ]);
}

#[test]
fn powers_and_transposes() {
    check_all(&[
        ("", r"x^{\prime}A^{\mathrm T}A^{\mathsf{T}}x", "x'*A'*A'*x"),
        ("A: matrix(n, n)", r"A^{-1} + A^{-\top} + A^{-T} + A^{-\mathsf{T}}", "inv(A) + 3*inv(A)'"),
        ("x: vector(n)", r"\sum_i x_i^2 + \sum_i x^2_i", "2*sum(x.^2)"),
        ("A: matrix(m, n)", r"\sum_{ij} A^\top_{ij} A_{ji}", "tr(A'*A)"),
        ("x: vector(n) > 0", r"\mathbf{1}^\top x^{\circ -\frac12} + \mathbf{1}^\top x^{\odot 2}", "sum(x.^(-1/2)) + sum(x.^2)"),
        (
            "s: scalar > 0",
            r"s^{-\frac12} + s^\frac13 + \sqrt s + \sqrt[4]{s} + \frac12 s^{10}",
            "s^(-1/2) + s^(1/3) + sqrt(s) + s^(1/4) + 1/2*s^10",
        ),
        ("A: symmetric(2)", r"\operatorname{tr}(e^{A})", "tr(expm(A))"),
        ("A: matrix(m, n)", r"\exp(A)", "exp(A)"),
        ("s: scalar", r"e^{-s^2/2} + e^2 + e^{-1}", "exp(-s^2/2) + exp(2) + exp(-1)"),
        ("s: scalar > 0", r"\frac1{\sqrt{2\pi}} s + \tfrac12 \nicefrac{3}{4}", "1/sqrt(2*pi)*s + 3/8"),
    ]);
}

#[test]
fn functions() {
    check_all(&[
        ("x: vector(n); A: matrix(n, n)", r"\log x^\top A x", "log(x'*A*x)"),
        ("A: matrix(n, n); B: matrix(n, n)", r"\operatorname{tr} AB + \det A \det B", "tr(A*B) + det(A)*det(B)"),
        ("A: matrix(n, n)", r"\operatorname{tr} A (A + I)", "tr(A*(A + eye(n)))"),
        ("s: scalar", r"\sin s \cos 2s - \cos^2 s", "sin(s)*cos(2*s) - cos(s)^2"),
        ("x: vector(n)", r"\log\|x\| + \log \|x\|^2", "3*log(norm2(x))"),
        ("S: posdef(n); s: scalar", r"\log|S| s", "logdet(S)*s"),
        ("x: vector(n); w: vector(n); b: scalar", r"\sigma(w^\top x + b)", "sigmoid(w'*x + b)"),
        ("sigma: scalar; x: vector(n); y: vector(n)", r"\sigma(x + y)", "sigma*(x + y)"),
        ("a: scalar; b: vector(n); c: vector(n)", r"a\,(b + c)", "a*(b + c)"),
        ("z: vector(n)", r"\mathrm{softmax}(z)_i \log \mathrm{softmax}(z)_i", "softmax(z)'*log(softmax(z))"),
        ("A: matrix(n, n)", r"|A|^2 + |\operatorname{tr}A|", "det(A)^2 + abs(tr(A))"),
        (
            "x: vector(n); W: posdef(n); p: scalar > 0",
            r"\|x\|_W^2 + \|x\|_{W} + \|x\|_1 + \|x\|_\infty",
            "x'*W*x + (x'*W*x)^(1/2) + norm1(x) + norminf(x)",
        ),
        ("u: vector(3); v: vector(3)", r"u \times v + 2 \times u", "cross(u, v) + 2*u"),
        ("y: vector(m); A: matrix(m, n); x: vector(n)", r"y \odot A x", "y.*(A*x)"),
        ("A: matrix(m, n); B: matrix(p, q); C: matrix(q, k)", r"A \otimes B C", "kron(A, B*C)"),
        ("x: vector(n); s: scalar", r"x / 2 + 1/2 x + x^\top x / s", "x + x'*x/s"),
    ]);
}

#[test]
fn sums_and_sizes() {
    check_all(&[
        ("x: vector(n)", r"\sum_i x_i \sum_j x_j + 1", "sum(x)^2 + 1"),
        ("x: vector(n)", r"\sum\limits_{i=1}^{n} (x_i - 1)^2", "sum((x - 1).^2)"),
        ("x: vector(n); c: scalar", r"\sum_{i=1}^n c + \sum x", "n*c + sum(x)"),
        ("u: vector(n); v: vector(n)", r"\frac1n \sum_{i=1}^n u_i v_i", "u'*v/n"),
        ("A: matrix(n, n)", r"\|A - I\|_F^2 + \|A - I_n\|_F^2", "2*normF(A - eye(n))^2"),
        ("A: matrix(m, n)", r"\mathbf{1}_m^\top A \mathbf 1 + \mathbf 1^\top A 1_n", "2*sum(A)"),
        ("A: matrix(m, n)", r"A + \mathbf{0}_{m \times n} + \mathbf 1_{m \times n}", "A + ones(m, n)"),
        ("A: matrix(n, n); B: matrix(n, n)", r"\left[A_{ik} B_{kj}\right]_{ij} + \left[AB\right]_{11} B", "A*B + (A*B)[1,1]*B"),
    ]);
}

#[test]
fn calculus() {
    check_all(&[
        ("x: vector(n); A: matrix(n, n)", r"\nabla_x \left(x^\top A x\right)", "diff(x'*A*x, x)"),
        ("x: vector(n); A: matrix(m, n)", r"\frac{\partial A x}{\partial x^\top}", "diff(A*x, x)"),
        ("x: vector(n); a: vector(n)", r"\frac{\partial a^\top x}{\partial x^\top}", "a'"),
        ("x: vector(n); y: vector(n)", r"\frac{\partial^2}{\partial x \partial y} (x^\top y)^2", "diff((x'*y)^2, x, y)"),
        ("t: scalar; A: matrix(n, n)", r"\frac{\mathrm{d}}{\mathrm{d}t} \det(I + tA)", "diff(det(eye(n) + t*A), t)"),
        ("t: scalar", r"\frac{d^2 \sin t}{dt^2}", "-sin(t)"),
        ("d: scalar; x: scalar > 0", r"\frac{dx}{dx}", "1"),
    ]);
}

#[test]
fn typesetting_says_nothing() {
    check_all(&[
        ("", r"\[ \left( x \right)^{\top} \! A \; x \quad \]", "x'*A*x"),
        ("", r"$$\bigl( x^\top A \bigr) \Big[ x \Big]$$", "x'*A*x"),
        ("", r"\begin{equation}\label{eq:q} x^\top A x . \end{equation}", "x'*A*x"),
        ("", "\\begin{align*} & x^\\top A x \\\\ & + y^\\top y % the end\n \\end{align*}", "x'*A*x + y'*y"),
        ("", r"\displaystyle{ x^{\top} y }", "x'*y"),
        ("", r"\left.\left\langle x, y\right\rangle\right.", "dot(x, y)"),
    ]);
}

#[test]
fn sets_declare() {
    check_all(&[
        (r"A \in \mathbb{R}^{m \times n}; x \in \mathbb{R}^n", r"A\,x", "A*x"),
        (r"\mathbf{X} \in \mathbb{R}^{n \times 2p}, \beta \in \mathbb{R}^{2p}", r"X \beta", "X*beta"),
        (r"x, y \in \mathbb{R}^n; \Sigma \in \mathbb{S}^n_{++}", r"x^\top \Sigma^{-1} y", "y'*inv(Sigma)*x"),
    ]);
}

#[test]
fn declared_functions() {
    let declared = "f: function(vector(n)) -> scalar; g: function(vector(n)) -> vector(n); h: function(scalar) -> scalar; q: function(scalar, scalar) -> scalar; x: vector(n); s: scalar; t: scalar";
    check_all(&[
        (declared, r"\mathrm{D}f\left(x\right)", "D(f)(x)"),
        (declared, r"\mathrm{D}\mathrm{D}f(x)\,x", "D(D(f))(x)*x"),
        (declared, r"\mathrm{D}_2 q(s, t)", "D(q,2)(s, t)"),
        (declared, r"x^\top\mathrm{D}g\left(x\right)^\top x", "x'*D(g)(x)'*x"),
        (declared, r"h'(t) + h''(t)\,s", "D(h)(t) + D(D(h))(t)*s"),
        (declared, r"h'(x) \odot x", "D(h).(x).*x"),
        (declared, "xᵀ·D(h).(x)", "x'*D(h).(x)"),
        (declared, "h.(x) + D(D(h))(t)·x", "h.(x) + D(D(h))(t)*x"),
        (declared, "D(D(q),2)(s, t)·x", "D(D(q),2)(s, t)*x"),
    ]);
}
