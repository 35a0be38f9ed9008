//! Every sort of bad input, and the error that is drawn for it.

use indicial::{Declarations, Error, infer, parse, render};

const DECLARED: &str = "A: matrix(m, k); S: matrix(n, n); b: vector(n); x: vector(n); y: vector(m); s: scalar; w: vector(3); \
     T: tensor(m, n, k); f: function(vector(n)) -> scalar";

fn drawn(declarations: &str, text: &str) -> String {
    let (error, source, name) = match Declarations::parse(declarations) {
        Err(e) => (e, declarations, "<declarations>"),
        Ok(d) => match parse(text, &d).and_then(|expr| infer(&expr, &d).map(|_| expr)) {
            Err(e) => (e, text, "<expression>"),
            Ok(expr) => panic!("{text} was read as {expr}"),
        },
    };
    assert!(error.span.is_some_and(|s| s.start <= s.end && s.end <= source.len()), "{error}");
    format!("{}\n{}", Error::new(error.kind, error.kind.to_string()).message, render(&error, source, name))
}

fn check(name: &str, texts: &[&str]) {
    let all: Vec<String> = texts.iter().map(|text| drawn(DECLARED, text)).collect();
    save(name, &all.join("\n"));
}

fn save(name: &str, text: &str) {
    insta::with_settings!({snapshot_path => "../snapshots", prepend_module_to_snapshot => false}, {
        insta::assert_snapshot!(format!("errors_{name}"), text);
    });
}

#[test]
fn syntax() {
    check(
        "syntax",
        &["(A*x", "A*x)", "A*(x + y]", "2x", "x y", "a +", "", "|x|", "X^2'", "{x[i]*y[j]}", "[A B]", "log(x, 2)", "a = b", "x ? y"],
    );
}

#[test]
fn names() {
    check("names", &["sofmax(x)", "A(x + y)", "g(x)", "exp*x", "f + 1", "t where t = s2; s2 = t", "x where x = 2", "diff(x'*x, n)"]);
}

#[test]
fn shapes() {
    check(
        "shapes",
        &[
            "A*b",
            "x*b",
            "2*b*x",
            "p*q",
            "(x + b)*(x - b)",
            "A + b",
            "x + b'",
            "S.*b",
            "A.*S",
            "x^2",
            "2^x",
            "x/b",
            "S/A",
            "1/S",
            "A\\y",
            "tr(A)",
            "det(x)",
            "T*x",
            "T'",
            "dot(x, y)",
            "cross(A, x)",
            "ones(s)",
            "eye(0)",
            "sum(S, 3)",
            "[S, A]",
            "diff(x'*x, 2*x)",
            "f(y)",
        ],
    );
}

#[test]
fn indices() {
    check(
        "indices",
        &[
            "x[i]*y[i]",
            "x[i] + y[j]",
            "{x[i]}[j]",
            "{A*x[i]}[i]",
            "S[i,i]*x[i]",
            "S[i]",
            "w[4]",
            "sum(i, s)",
            "x[n]*b[n]",
            "x[i + 1]",
            "delta[i]",
        ],
    );
}

#[test]
fn limits_and_leftovers() {
    check("limits", &["1e99999", "1/0", "norm(A, 3)", "f.(x)", "w[1:9]", "norm(A, s)"]);
    let deep = format!("{}x{}", "(".repeat(600), ")".repeat(600));
    assert!(drawn(DECLARED, &deep).contains("nested deeper than the limit of 500"));
}

#[test]
fn declarations() {
    let texts = [
        "x: vctor(n)",
        "x vector(n)",
        "x: vector",
        "x: vector(n); x: scalar",
        "n: scalar; x: vector(n)",
        "x: vector(-1)",
        "S: posdef(m, n)",
    ];
    let all: Vec<String> = texts.iter().map(|text| drawn(text, "0")).collect();
    save("declarations", &all.join("\n"));
}

#[test]
fn enormous_inputs_are_refused() {
    for text in ["(".repeat(100_000), "x*x'*".repeat(100_000), "x+".repeat(500_000), "-".repeat(1 << 20), "x".repeat(2 << 20)] {
        let error = parse(&text, &Declarations::new()).unwrap_err();
        assert!(error.message.contains("limit"), "{error}");
    }
}
