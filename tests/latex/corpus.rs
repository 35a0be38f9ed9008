//! Formulas as they stand in papers, textbooks and questions.

use super::check_all;

/// Regression, classification and neural networks.
#[test]
fn learning() {
    let data = "X: matrix(n, p); y: vector(n); beta: vector(p); w: vector(p); lambda: scalar > 0; alpha: scalar; b: scalar";
    check_all(&[
        ("", r"\frac{1}{2} x^\top A x + \|Ax-b\|_2^2", "1/2*x'*A*x + norm2(A*x - b)^2"),
        (data, r"\|y - X\beta\|_2^2 + \lambda \|\beta\|_2^2", "norm2(y - X*beta)^2 + lambda*norm2(beta)^2"),
        (data, r"\frac{1}{2n}\left\|\mathbf{y}-\mathbf{X}\boldsymbol{\beta}\right\|_2^2", "norm2(y - X*beta)^2/(2*n)"),
        (data, r"$\frac{1}{2n} \| y - X\beta \|^2_2 + \lambda \|\beta\|_1$", "norm2(y - X*beta)^2/(2*n) + lambda*norm1(beta)"),
        (data, r"(y - X\beta)^T (y - X\beta)", "(y - X*beta)'*(y - X*beta)"),
        (data, r"y'y - 2\beta'X'y + \beta'X'X\beta", "y'*y - 2*beta'*X'*y + beta'*X'*X*beta"),
        (data, r"(X^T X)^{-1} X^T y", "inv(X'*X)*X'*y"),
        (
            data,
            r"\left(\mathbf{X}^{\mathsf{T}}\mathbf{X} + \lambda \mathbf{I}\right)^{-1}\mathbf{X}^{\mathsf{T}}\mathbf{y}",
            "inv(X'*X + lambda*eye(p))*X'*y",
        ),
        (data, r"X\beta + b\mathbf{1}", "X*beta + b"),
        (
            data,
            r"\lambda \left( \alpha \|\beta\|_1 + \frac{1-\alpha}{2} \|\beta\|_2^2 \right)",
            "lambda*(alpha*norm1(beta) + (1 - alpha)/2*norm2(beta)^2)",
        ),
        (data, r"\sum_{i=1}^{n} \left(y_i - \sum_{j=1}^{p} X_{ij}\beta_j\right)^2", "sum(i, (y[i] - sum(j, X[i,j]*beta[j]))^2)"),
        (data, r"\frac{1}{n}\sum_{i=1}^n \log\left(1 + \exp\left(-y_i \sum_j X_{ij} w_j\right)\right)", "sum(log(1 + exp(-y.*(X*w))))/n"),
        (data, r"\mathbf{1}^\top \log(1 + \exp(-y \odot (Xw)))", "ones(n)'*log(1 + exp(-y.*(X*w)))"),
        (
            data,
            r"-y^\top \log \sigma(Xw) - (\mathbf{1}-y)^\top \log(\mathbf 1 - \sigma(Xw))",
            "-y'*log(sigmoid(X*w)) - (1 - y)'*log(1 - sigmoid(X*w))",
        ),
        (data, r"\frac{1}{1+e^{-w^\top \beta}}", "1/(1 + exp(-w'*beta))"),
        (
            data,
            r"\frac12 \|w\|^2 + \sum_{i=1}^n \max\{0, 1 - y_i (Xw + b \mathbf{1})_i\}",
            "1/2*norm2(w)^2 + sum(max(0, 1 - y.*(X*w + b)))",
        ),
        (data, r"\max\left(0, 1 - b \, w^\top \beta\right)", "max(0, 1 - b*w'*beta)"),
        ("z: vector(k); y: vector(k)", r"-\sum_{i} y_i \log \hat{p}_i", "-sum(i, y[i]*log(p_hat[i]))"),
        ("z: vector(k); y: vector(k)", r"-\sum_{k} y_k \log \mathrm{softmax}(z)_k", "-y'*log(softmax(z))"),
        ("z: vector(k); y: vector(k)", r"\log \sum_{j} e^{z_j} - y^\top z", "log(sum(exp(z))) - y'*z"),
        ("z: vector(k)", r"\frac{e^{z}}{\mathbf{1}^\top e^{z}}", "exp(z)/sum(exp(z))"),
        (
            "W_1: matrix(h, p); W_2: matrix(k, h); x: vector(p); b_1: vector(h); b_2: vector(k)",
            r"W_2\,\operatorname{ReLU}(W_1 x + b_1) + b_2",
            "W_2*relu(W_1*x + b_1) + b_2",
        ),
        (
            "W_hh: matrix(h, h); W_xh: matrix(h, p); x: vector(p); h_prev: vector(h); b_h: vector(h)",
            r"\tanh\left(W_{hh} h_{\text{prev}} + W_{xh} x + b_h\right)",
            "tanh(W_hh*h_prev + W_xh*x + b_h)",
        ),
        (
            "Q: matrix(m, d); K: matrix(n, d); V: matrix(n, v)",
            r"\mathrm{softmax}\left(\frac{QK^\top}{\sqrt{d}}\right)V",
            "softmax(Q*K'/d^(1/2))*V",
        ),
        (
            "x: vector(n); gamma: vector(n); beta: vector(n); mu: scalar; sigma: scalar; epsilon: scalar > 0",
            r"\gamma \odot \frac{x - \mu}{\sqrt{\sigma^2 + \varepsilon}} + \beta",
            "gamma.*((x - mu)/(sigma^2 + epsilon)^(1/2)) + beta",
        ),
        ("x: vector(n)", r"\frac{1}{n}\sum_{i=1}^n (x_i - \frac{1}{n}\sum_{j=1}^n x_j)^2", "var(x)"),
        ("x: vector(n); y: vector(n)", r"\frac{x^\top y}{\|x\| \|y\|}", "x'*y/(norm2(x)*norm2(y))"),
        ("x: vector(n); y: vector(n); gamma: scalar", r"\exp\left(-\gamma \lVert x - y \rVert^2\right)", "exp(-gamma*norm2(x - y)^2)"),
        ("x: vector(n); y: vector(n); c: scalar; d: scalar", r"(x^{\top}y + c)^{2}\,d", "(x'*y + c)^2*d"),
        ("p: vector(n) > 0; q: vector(n) > 0", r"\sum_{i=1}^n p_i \log \frac{p_i}{q_i}", "sum(p.*log(p./q))"),
        ("p: vector(n) > 0", r"-\sum_i p_i \ln p_i", "-sum(p.*log(p))"),
        (
            "r: vector(n); delta: scalar > 0",
            r"\sum_{i} \delta^2 \left(\sqrt{1 + (r_i/\delta)^2} - 1\right)",
            "sum(delta^2*((1 + (r/delta).^2).^(1/2) - 1))",
        ),
    ]);
}

/// Likelihoods, priors, filters.
#[test]
fn statistics() {
    let gaussian = "x: vector(d); mu: vector(d); Sigma: posdef(d)";
    let two = "mu_0: vector(k); mu_1: vector(k); Sigma_0: posdef(k); Sigma_1: posdef(k)";
    let filter = "P: posdef(n); H: matrix(m, n); R: posdef(m); F: matrix(n, n); Q: posdef(n); x: vector(n); z: vector(m)";
    let gls = "X: matrix(n, k); Omega: posdef(n); y: vector(n)";
    check_all(&[
        (
            gaussian,
            r"-\frac{d}{2}\log(2\pi) - \frac{1}{2}\log|\Sigma| - \frac{1}{2}(\mathbf{x}-\boldsymbol{\mu})^{\top}\Sigma^{-1}(\mathbf{x}-\boldsymbol{\mu})",
            "-d/2*log(2*pi) - 1/2*logdet(Sigma) - 1/2*(x - mu)'*inv(Sigma)*(x - mu)",
        ),
        (
            gaussian,
            r"\frac{1}{(2\pi)^{d/2}|\Sigma|^{1/2}} \exp\left( -\frac{1}{2}(x-\mu)^{\top}\Sigma^{-1}(x-\mu) \right)",
            "1/((2*pi)^(d/2)*det(Sigma)^(1/2))*exp(-1/2*(x - mu)'*inv(Sigma)*(x - mu))",
        ),
        (
            gaussian,
            r"|2{\pi}{\Sigma}|^{-\frac{1}{2}} e^{-\frac{1}{2}(x-{\mu})^T{\Sigma}^{-1}(x-{\mu})}",
            "det(2*pi*Sigma)^(-1/2)*exp(-1/2*(x - mu)'*inv(Sigma)*(x - mu))",
        ),
        (gaussian, r"\sqrt{(x-\mu)^\top \Sigma^{-1} (x-\mu)}", "((x - mu)'*inv(Sigma)*(x - mu))^(1/2)"),
        (gaussian, r"\|x - \mu\|_{\Sigma^{-1}}^2", "(x - mu)'*inv(Sigma)*(x - mu)"),
        (gaussian, r"\|x - \mu\|^2_{\Sigma^{-1}} / 2", "(x - mu)'*inv(Sigma)*(x - mu)/2"),
        (
            two,
            r"\frac{1}{2}\left(\operatorname{tr}\left(\Sigma_1^{-1}\Sigma_0\right) + (\mu_1-\mu_0)^\top \Sigma_1^{-1}(\mu_1-\mu_0) - k + \ln\frac{\det\Sigma_1}{\det\Sigma_0}\right)",
            "1/2*(tr(inv(Sigma_1)*Sigma_0) + (mu_1 - mu_0)'*inv(Sigma_1)*(mu_1 - mu_0) - k + log(det(Sigma_1)/det(Sigma_0)))",
        ),
        (
            "S: posdef(p); Sigma: posdef(p); n: scalar",
            r"\frac{n-p-1}{2}\log\det S - \frac{1}{2}\operatorname{tr}(\Sigma^{-1}S)",
            "(n - p - 1)/2*logdet(S) - 1/2*tr(inv(Sigma)*S)",
        ),
        (
            "S: posdef(p); Theta: posdef(p); rho: scalar",
            r"\log\det\Theta - \operatorname{tr}(S\Theta) - \rho \|\Theta\|_F^2",
            "logdet(Theta) - tr(S*Theta) - rho*normF(Theta)^2",
        ),
        (
            "K: posdef(n); y: vector(n); sigma: scalar",
            r"-\tfrac12 y^\top (K + \sigma^2 I)^{-1} y - \tfrac12 \log|K + \sigma^2 I| - \tfrac{n}{2}\log 2\pi",
            "-1/2*y'*inv(K + sigma^2*eye(n))*y - 1/2*logdet(K + sigma^2*eye(n)) - n/2*log(2*pi)",
        ),
        (
            "K: posdef(n); k_star: vector(n); y: vector(n); sigma_n: scalar",
            r"\mathbf{k}_*^\top \left[K + \sigma_n^2 I_n\right]^{-1}\mathbf{y}",
            "k_star'*inv(K + sigma_n^2*eye(n))*y",
        ),
        (gls, r"(X^\top \Omega^{-1} X)^{-1} X^\top \Omega^{-1} y", "inv(X'*inv(Omega)*X)*X'*inv(Omega)*y"),
        (gls, r"(X'\Omega^{-1}X)^{-1}X'\Omega^{-1}y", "inv(X'*inv(Omega)*X)*X'*inv(Omega)*y"),
        (gls, r"y^\top \left(I - X (X^\top X)^{-1} X^\top\right) y", "y'*(eye(n) - X*inv(X'*X)*X')*y"),
        ("X: matrix(n, k); Z: matrix(n, l); y: vector(n)", r"(X^\top P_Z X)^{-1} X^\top P_Z y", "inv(X'*P_Z*X)*X'*P_Z*y"),
        ("e: vector(n); X: matrix(n, k)", r"\frac{e'e}{n-k}", "e'*e/(n - k)"),
        (filter, r"P H^\top \left(H P H^\top + R\right)^{-1}", "P*H'*inv(H*P*H' + R)"),
        (filter, r"F P F^{T} + Q", "F*P*F' + Q"),
        (filter, r"x + P H^\top (H P H^\top + R)^{-1} (z - H x)", "x + P*H'*inv(H*P*H' + R)*(z - H*x)"),
        ("", r"\operatorname{tr}(P_{k|k-1})", "tr(P_k_given_k_minus_1)"),
        (
            "X: matrix(n, p)",
            r"\frac{1}{n-1} X^\top \left(I_n - \frac{1}{n}\mathbf{1}_n\mathbf{1}_n^\top\right) X",
            "X'*(eye(n) - ones(n)*ones(n)'/n)*X/(n - 1)",
        ),
        (
            "a: scalar > 0; b: scalar > 0; x: scalar > 0",
            r"a \log b - \log\Gamma(a) + (a-1)\log x - b x",
            "a*log(b) - lgamma(a) + (a - 1)*log(x) - b*x",
        ),
        (
            "w: vector(n); Sigma: posdef(n); mu: vector(n); r_f: scalar",
            r"\frac{w^\top\mu - r_f}{\sqrt{w^\top\Sigma w}}",
            "(w'*mu - r_f)/(w'*Sigma*w)^(1/2)",
        ),
        (
            "w: vector(n); Sigma: posdef(n); gamma: scalar; mu: vector(n)",
            r"\mu'w - \frac{\gamma}{2}\,w'\Sigma w.",
            "mu'*w - gamma/2*w'*Sigma*w",
        ),
    ]);
}

/// Factorisations, traces, determinants, Kronecker products.
#[test]
fn matrices() {
    let square = "A: matrix(n, n); B: matrix(n, n); C: matrix(n, n); X: matrix(n, n); a: vector(n); b: vector(n)";
    check_all(&[
        ("", r"\operatorname{tr}(A^{-1}B)", "tr(inv(A)*B)"),
        ("X: matrix(n, p); W: matrix(p, k)", r"\operatorname{tr}(W^\top X^\top X W)", "tr(W'*X'*X*W)"),
        ("X: matrix(n, p); W: matrix(p, k)", r"\left\| X - X W W^{\top} \right\|_F^2", "normF(X - X*W*W')^2"),
        ("V: matrix(m, n); W: matrix(m, r); H: matrix(r, n)", r"\tfrac{1}{2}\|V - WH\|_\mathrm{F}^2", "1/2*normF(V - W*H)^2"),
        (
            "R: matrix(m, n); U: matrix(m, k); V: matrix(n, k); M: matrix(m, n); lambda: scalar",
            r"\|M \circ (R - UV^T)\|_F^2 + \lambda(\|U\|_F^2 + \|V\|_F^2)",
            "normF(M.*(R - U*V'))^2 + lambda*(normF(U)^2 + normF(V)^2)",
        ),
        (
            "T: tensor(l, m, n); A: matrix(l, r); B: matrix(m, r); C: matrix(n, r)",
            r"\sum_{i,j,k} \left(T_{ijk} - \sum_{r} A_{ir} B_{jr} C_{kr}\right)^2",
            "sum(i, j, k, (T[i,j,k] - sum(q, A[i,q]*B[j,q]*C[k,q]))^2)",
        ),
        (square, r"\frac{\partial \operatorname{tr}(AX)}{\partial X}", "diff(tr(A*X), X)"),
        (square, r"\frac{\partial}{\partial \mathbf{X}} \mathrm{tr}(\mathbf{X}\mathbf{A}\mathbf{X}^\top)", "diff(tr(X*A*X'), X)"),
        (square, r"\frac{\partial \, \mathbf{a}^T\mathbf{X}\mathbf{b}}{\partial \mathbf{X}}", "diff(a'*X*b, X)"),
        (square, r"\dfrac{\partial \ln|\det(X)|}{\partial X}", "diff(logdet(X), X)"),
        (square, r"\frac{\partial \det(\mathbf{AXB})}{\partial \mathbf{X}}", "diff(det(A*X*B), X)"),
        (square, r"\nabla_X \operatorname{tr} A X B X^\top C", "diff(tr(A*X*B*X'*C), X)"),
        (square, r"\nabla_{a} \left( a^\top A a + b^\top a \right)", "diff(a'*A*a + b'*a, a)"),
        (square, r"\frac{\partial^2 a^\top A a}{\partial a \, \partial a^\top}", "diff(a'*A*a, a, a)"),
        (square, r"\nabla_a^2 \|Aa - b\|^2", "diff(norm2(A*a - b)^2, a, a)"),
        (square, r"\text{Tr}\left[(A^T B)^{-1} C\right]", "tr(inv(A'*B)*C)"),
        (square, r"\mathbf{A}^{-\top}\mathbf{a} + \mathbf{A}^{-T}\mathbf{b}", "inv(A)'*a + inv(A)'*b"),
        (square, r"\frac{a^\top A a}{a^\top a}", "a'*A*a/(a'*a)"),
        (square, r"(A \otimes B)\operatorname{vec}(X)", "kron(A, B)*vec(X)"),
        (square, r"\operatorname{vec}(A)^\top (B \otimes C) \operatorname{vec}(A)", "vec(A)'*kron(B, C)*vec(A)"),
        (square, r"\langle A, B X\rangle_F + \langle a, X b\rangle", "inner(A, B*X) + dot(a, X*b)"),
        (square, r"\operatorname{diag}(a) X \operatorname{Diag}(b)", "diag(a)*X*diag(b)"),
        (square, r"\mathbf{1}^\top (A \odot B) \mathbf{1}", "sum(A.*B)"),
        (square, r"\det(A B) \, |C|", "det(A*B)*det(C)"),
        (square, r"\sum_{i,j} A_{ij} a_i b_j", "a'*A*b"),
        (square, r"A_{ij} B_{jk} C_{ki}", "tr(A*B*C)"),
        (square, r"\sum_{i=1}^n A_{ii}", "tr(A)"),
        (square, r"(A + a b^\top)^{-1} - A^{-1}", "inv(A + a*b') - inv(A)"),
        (square, r"A^{-1} - \frac{A^{-1} a b^\top A^{-1}}{1 + b^\top A^{-1} a}", "inv(A) - inv(A)*a*b'*inv(A)/(1 + b'*inv(A)*a)"),
        (square, r"\begin{pmatrix} A & B \\ B^\top & C \end{pmatrix}", "[A, B; B', C]"),
        (square, r"\begin{bmatrix} a^\top & b^\top \end{bmatrix}", "[a', b']"),
        ("A: matrix(m, n)", r"(A^\top A)^{-1} A^\top A", "inv(A'*A)*A'*A"),
        ("a: vector(3); b: vector(3); c: vector(3)", r"a^\top (b \times c)", "a'*cross(b, c)"),
    ]);
}

/// Control, mechanics, geometry, optimisation.
#[test]
fn applications() {
    let control = "A: matrix(n, n); B: matrix(n, m); P: posdef(n); Q: posdef(n); R: posdef(m); K: matrix(m, n); x: vector(n); u: vector(m)";
    let elastic = "epsilon: symmetric(3); C: tensor(3, 3, 3, 3); lambda: scalar; mu: scalar; sigma: symmetric(3)";
    check_all(&[
        (control, r"A^\top P + P A - P B R^{-1} B^\top P + Q", "A'*P + P*A - P*B*inv(R)*B'*P + Q"),
        (control, r"x^\top (A^\top P + P A) x", "x'*(A'*P + P*A)*x"),
        (control, r"x^\top Q x + u^\top R u", "x'*Q*x + u'*R*u"),
        (control, r"(A - BK)^\top P (A - BK) - P + Q + K^\top R K", "(A - B*K)'*P*(A - B*K) - P + Q + K'*R*K"),
        (control, r"R^{-1} B^{\mathsf T} P x", "inv(R)*B'*P*x"),
        (elastic, r"\frac{1}{2} C_{ijkl} \varepsilon_{ij} \varepsilon_{kl}", "1/2*C[i,j,k,l]*epsilon[i,j]*epsilon[k,l]"),
        (
            elastic,
            r"\frac{\lambda}{2} (\operatorname{tr} \varepsilon)^2 + \mu \operatorname{tr}(\varepsilon^2)",
            "lambda/2*tr(epsilon)^2 + mu*tr(epsilon^2)",
        ),
        (
            elastic,
            r"\lambda \delta_{ij} \varepsilon_{kk} + 2\mu \varepsilon_{ij}",
            "{lambda*delta[i,j]*epsilon[k,k] + 2*mu*epsilon[i,j]}[i,j]",
        ),
        (elastic, r"\sqrt{\frac{3}{2} s_{ij} s_{ij}}", "(3/2*s[i,j]*s[i,j])^(1/2)"),
        ("u: vector(3); v: vector(3)", r"\epsilon_{ijk} u_j v_k", "cross(u, v)"),
        (
            "F: matrix(3, 3); mu: scalar; lambda: scalar",
            r"\frac{\mu}{2}(\operatorname{tr}(F^\top F) - 3) - \mu \ln \det F + \frac{\lambda}{2} (\ln \det F)^2",
            "mu/2*(tr(F'*F) - 3) - mu*logdet(F) + lambda/2*logdet(F)^2",
        ),
        ("omega: vector(3); J: symmetric(3)", r"\tfrac{1}{2}\boldsymbol{\omega}^\top J \boldsymbol{\omega}", "1/2*omega'*J*omega"),
        ("m: scalar; k: scalar; x_dot: scalar; x: scalar", r"\tfrac12 m \dot{x}^2 - \tfrac12 k x^2", "1/2*m*x_dot^2 - 1/2*k*x^2"),
        (
            "A: matrix(m, n); b: vector(m); c: vector(n)",
            r"c^\top x - \mu \sum_{i=1}^n \log x_i + \lambda^\top (b - A x)",
            "c'*x - mu*sum(log(x)) + lambda'*(b - A*x)",
        ),
        ("A: matrix(m, n); b: vector(m); x: vector(n)", r"-\sum_{i=1}^m \log (b - A x)_i", "-sum(log(b - A*x))"),
        ("A: matrix(m, n); b: vector(m); x: vector(n)", r"A^\top (A x - b)", "A'*(A*x - b)"),
        ("x: vector(n); p: scalar > 0", r"\left(\sum_{i=1}^n |x_i|^p\right)^{1/p}", "sum(abs(x).^p)^(1/p)"),
        (
            "s_k: vector(n); y_k: vector(n); B_k: symmetric(n)",
            r"B_k + \frac{y_k y_k^\top}{y_k^\top s_k} - \frac{B_k s_k s_k^\top B_k}{s_k^\top B_k s_k}",
            "B_k + y_k*y_k'/(y_k'*s_k) - B_k*s_k*s_k'*B_k/(s_k'*B_k*s_k)",
        ),
        ("v: vector(n)", r"I - 2\frac{v v^\top}{v^\top v}", "eye(n) - 2*(v*v'/(v'*v))"),
        (
            "theta: scalar",
            r"\begin{bmatrix} \cos\theta & -\sin\theta \\ \sin\theta & \cos\theta \end{bmatrix}",
            "[cos(theta), -sin(theta); sin(theta), cos(theta)]",
        ),
        ("x: scalar; a: scalar", r"\frac{d}{dx} \left( x^3 \sin^2 x \right)", "diff(x^3*sin(x)^2, x)"),
        ("x: scalar", r"\sqrt[3]{x^2 + 1}", "(x^2 + 1)^(1/3)"),
        ("x: scalar > 0", r"\log_2 x + \log_{10}(x)", "log(x)/log(2) + log(x)/log(10)"),
        ("x: vector(n)", r"\prod_{i=1}^n x_i", "prod(x)"),
    ]);
}
