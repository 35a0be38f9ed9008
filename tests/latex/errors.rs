//! What is not understood, with its place marked.

use indicial::{Declarations, infer, parse_latex, render};

const DECLARED: &str = "A: matrix(m, n); x: vector(n); y: vector(m)";

const TEXTS: [&str; 38] = [
    r"a_1 + a_2 + \cdots + a_n",
    r"\min_w \|Xw - y\|^2",
    r"\operatorname*{argmin}_w \|w\|^2",
    r"\mathbb{E}[x x^\top]",
    r"f(x) + 1",
    r"\operatorname{sofmax}(x)",
    r"\foo x",
    r"x^* A",
    r"x^{(2)}",
    r"\sin^{-1} x",
    r"\log x (1 - x)",
    r"x^\top y / n z",
    r"\sum_i x_i - y_i",
    r"\sum_{i \neq j} x_i",
    r"\sum_{i=0}^n x_i",
    r"\sum_{i=1}^m x_i",
    r"\sum_i (b_i - X_i w)^2",
    r"\sum_i i x_i",
    r"\sum_i \log(1 + \exp(-b_i w^\top v_i))",
    r"\sum_i (b_i - v_i^\top w)^2",
    r"\sum_i \|v_i - c\|^2",
    r"\sqrt{\Sigma}",
    r"\nabla \|x\|^2",
    r"\frac{\partial f}{\partial x \partial y}",
    r"\left( A x + y",
    r"A x )",
    r"\begin{cases} x & y \\ 0 & 1 \end{cases}",
    r"L(x) = x^\top x",
    r"\overline{AB}",
    r"\|x\|_{2,1}",
    r"n!",
    r"A y",
    r"x^{-",
    r"\frac{\partial}{\partial x} x^\top B x + c^\top x",
    r"\nabla_x \frac12 \|A x - y\|^2 + \lambda \|x\|_1",
    r"\frac{\partial f}{\partial x}",
    r"\left|\left|x\right|\right|_2",
    r"f'(x)",
];

#[test]
fn errors_mark_the_place() {
    let declarations = Declarations::parse(DECLARED).unwrap();
    let drawn: Vec<String> = TEXTS
        .iter()
        .map(|text| match parse_latex(text, &declarations).and_then(|expr| infer(&expr, &declarations).map(|_| expr)) {
            Ok(expr) => panic!("{text} was read as {expr}"),
            Err(e) => {
                assert!(e.span.is_some_and(|s| s.start <= s.end && s.end <= text.len()), "{text}: {e}");
                render(&e, text, "<expression>")
            }
        })
        .collect();
    insta::with_settings!({snapshot_path => "../../snapshots", prepend_module_to_snapshot => false}, {
        insta::assert_snapshot!("errors_latex", drawn.join("\n"));
    });
}
