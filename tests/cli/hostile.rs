//! Input that is wrong, or meant to break something: an error that says what and where. What grows without bound would not end here.

use super::{json, run_with};

pub fn save(name: &str, text: &str) {
    insta::with_settings!({snapshot_path => "../../snapshots", prepend_module_to_snapshot => false}, {
        insta::assert_snapshot!(format!("cli_{name}"), text);
    });
}

fn refused(text: &str, arguments: &[&str]) -> (i32, String) {
    let outcome = run_with(text, &[&["diff", "-"], arguments].concat());
    assert!(outcome.code == 2 || outcome.code == 3, "{} is answered: {}{}", &text[..text.len().min(60)], outcome.out, outcome.err);
    assert!(outcome.out.is_empty(), "{}", outcome.out);
    (outcome.code, outcome.err)
}

fn check(name: &str, texts: &[(&str, &[&str])]) {
    let all: Vec<String> = texts
        .iter()
        .map(|(text, arguments)| {
            let (code, error) = refused(text, arguments);
            format!("$ {text} {}\n{code}\n{error}", arguments.join(" "))
        })
        .collect();
    save(name, &all.join("\n"));
}

#[test]
fn wrong_expressions() {
    let by_x: &[&str] = &["--wrt", "x"];
    check(
        "wrong_expressions",
        &[
            ("sofmax(x)", by_x),
            ("A*x", &["--wrt", "x", "--var", "A: matrix(m, n); x: vector(m)"]),
            ("x'*(A*x", by_x),
            ("x'*A*x)", by_x),
            ("x*x'*", by_x),
            ("", by_x),
            ("1/0*x", by_x),
            ("x^1e9", &["--wrt", "x", "--var", "x: vector(n)"]),
            ("A^1000000000", &["--wrt", "A"]),
            ("1e999999999*x", by_x),
            ("x'*x; y", by_x),
            ("norm(A, 3)*x'*x", by_x),
            ("\u{0}\u{7f}x", by_x),
            ("x'*\u{202e}x", by_x),
        ],
    );
}

#[test]
fn wrong_variables() {
    check(
        "wrong_variables",
        &[
            ("x'*x", &["--wrt", "y"]),
            ("x'*x", &["--wrt", "2*x"]),
            ("x'*x", &["--wrt", "x'*x"]),
            ("x'*x", &["--wrt", ""]),
            ("x'*x", &["--wrt", "("]),
            ("x'*x", &["--wrt", "n", "--var", "x: vector(n)"]),
            ("x'*x", &["--wrt", "3"]),
            ("x'*x", &["--wrt", "x", "--var", "x: vctor(n)"]),
            ("x'*x", &["--wrt", "x", "--var", "x: vector(n"]),
        ],
    );
}

#[test]
fn limits_end_with_3() {
    let texts = [
        format!("{}x{}", "(".repeat(100_000), ")".repeat(100_000)),
        "(".repeat(100_000),
        "[".repeat(100_000),
        format!("{}x{}", "sin(".repeat(50_000), ")".repeat(50_000)),
        format!("x{}", "'".repeat(200_000)),
        format!("x{}", "^2".repeat(100_000)),
        format!("{}x", "-".repeat(500_000)),
        "x+".repeat(500_000) + "x",
        "x'*".repeat(300_000) + "x",
        "x".repeat(2 << 20),
    ];
    let all: Vec<String> = texts
        .iter()
        .map(|text| {
            let (code, error) = refused(text, &["--wrt", "x"]);
            assert_eq!(code, 3, "{}… ends with {code}: {error}", &text[..40]);
            assert!(error.len() < 4000, "{}… is answered with {} bytes", &text[..40], error.len());
            format!("$ {}… ({} bytes)\n{}", &text[..40], text.len(), error.lines().next().unwrap_or_default())
        })
        .collect();
    save("limits", &all.join("\n"));
}

#[test]
fn huge_exponents_are_not_multiplied_out() {
    for (text, answer) in [("x^1e9", "1000000000*x^999999999\n"), ("2^1e9*x'*x", "2*2^1000000000*x\n")] {
        let outcome = run_with(text, &["diff", "-", "--wrt", "x"]);
        assert_eq!((outcome.code, outcome.out.as_str()), (0, answer));
    }
}

/// Each definition uses the one below it twice: written out, the last would be longer than any memory.
#[test]
fn definitions_that_double_are_answered_or_refused() {
    for sign in ["+", "*", ".*"] {
        let parts: Vec<String> = (1..60).map(|at| format!("t{at} = t{} {sign} t{}", at + 1, at + 1)).collect();
        let text = format!("t1 where {}; t60 = s", parts.join("; "));
        let formats = ["text", "latex", "numpy", "matlab", "json"].map(|format| ["--wrt", "s", "--format", format]);
        for options in formats.into_iter().chain([["--wrt", "z", "--format", "text"], ["--wrt", "s", "--notation", "index"]]) {
            let outcome = run_with(&text, &[&["diff", "-", "--var", "s: scalar"][..], &options].concat());
            assert!(outcome.out.len() < 10_000 && outcome.err.len() < 10_000);
        }
    }
}

/// Vectors and matrices that double: powers where there are some, else a limit.
#[test]
fn products_that_double_are_answered_or_refused() {
    let cases = [
        ("norm2(t1)^2", "$.*$", "x", 0),
        ("norm2(t1)^2", "$.*$.*y", "x", 0),
        ("norm2(t1)^2", "$ - A*$", "x", 0),
        ("tr(t1)", "$*$", "X", 3),
        ("tr(t1)", "A*$*$", "X", 3),
    ];
    for (whole, step, last, code) in cases {
        let parts: Vec<String> = (1..40).map(|at| format!("t{at} = {}", step.replace('$', &format!("t{}", at + 1)))).collect();
        let text = format!("{whole} where {}; t40 = {last}", parts.join("; "));
        let outcome = run_with(&text, &["diff", "-", "--var", "x, y: vector(n); A, X: matrix(n, n)", "--wrt", last]);
        assert_eq!(outcome.code, code, "{step}: {}", outcome.err);
    }
}

#[test]
fn long_sums_are_answered_or_refused() {
    for terms in [50, 400] {
        let text: Vec<String> = (0..terms).map(|at| format!("a{at}'*x")).collect();
        let outcome = run_with(&text.join(" + "), &["diff", "-", "--wrt", "x"]);
        assert!(outcome.code == 0 || outcome.code == 3, "{}", outcome.err);
    }
}

#[test]
fn deep_nesting_within_the_limit_is_answered_or_refused() {
    for (open, close) in [("sin(", ")"), ("(", ")"), ("exp(-", ")"), ("relu(A*", ")"), ("-(1 + ", ")")] {
        let text = format!("sum({}x{})", open.repeat(90), close.repeat(90));
        let outcome = run_with(&text, &["diff", "-", "--wrt", "x"]);
        assert!(outcome.code == 0 || outcome.code == 3, "{}", outcome.err);
    }
}

#[test]
fn errors_in_json_are_one_object_on_standard_output() {
    for (text, kind) in [("x'*(A*x", "syntax"), ("sofmax(x)", "name"), ("x*x", "shape"), ("x[i]*", "syntax")] {
        let outcome = run_with(text, &["diff", "-", "--wrt", "x", "--format", "json"]);
        assert_eq!((outcome.code, outcome.err.as_str()), (2, ""), "{text}");
        let error = json(&outcome.out)["error"].clone();
        assert_eq!(error["kind"], kind, "{text}");
        assert!(error["message"].is_string() && error["span"].is_array(), "{error}");
        assert!(error.as_object().is_some_and(|e| e.contains_key("help")));
    }
}

#[test]
fn bytes_that_are_no_text_are_an_error() {
    use std::io::Write;
    let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_indicial"))
        .args(["simplify", "-"])
        .stdin(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .expect("it starts");
    child.stdin.take().expect("it is piped").write_all(&[0xff, 0xfe, b'x']).expect("it is read");
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("cannot be read"));
}
