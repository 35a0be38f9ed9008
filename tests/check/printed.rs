//! What the command line prints.

use std::process::Command;

struct Outcome {
    code: i32,
    out: String,
    err: String,
}

fn run(arguments: &[&str]) -> Outcome {
    let output = Command::new(env!("CARGO_BIN_EXE_indicial")).arg("check").args(arguments).output().expect("it starts");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let outcome = Outcome { code: output.status.code().unwrap_or(-1), out: text(&output.stdout), err: text(&output.stderr) };
    assert!(!outcome.err.contains("panicked"), "{arguments:?}: {}", outcome.err);
    outcome
}

fn save(name: &str, questions: &[&[&str]]) {
    let show = |arguments: &&[&str]| {
        let outcome = run(arguments);
        format!("$ indicial check {}\n{}{}exit status {}\n", arguments.join(" | "), outcome.out, outcome.err, outcome.code)
    };
    let all: Vec<String> = questions.iter().map(show).collect();
    insta::with_settings!({snapshot_path => "../../snapshots", prepend_module_to_snapshot => false}, {
        insta::assert_snapshot!(format!("check_{name}"), all.join("\n"));
    });
}

#[test]
fn equal() {
    save(
        "equal",
        &[
            &["tr(A*B*C)", "tr(B*C*A)"],
            &["inv(A)*A", "eye(n)", "--var", "A: matrix(n, n)"],
            &["W + W'", "0", "--var", "W: skew(n)"],
            &["diff(x'*A*x, x)", "2*A*x", "--var", "A: symmetric(n); x: vector(n)"],
            &["sin(t)^2 + cos(t)^2", "1"],
            &["A[i,j]*x[j]", "A*x"],
        ],
    );
}

#[test]
fn different() {
    save(
        "different",
        &[
            &["diff(x'*A*x, x)", "2*A*x"],
            &["diff(norm2(A*x - b)^2, x)", "A'*(A*x - b)"],
            &["diff(tr(A*X), X)", "A"],
            &["diff(x'*A*x, x)", "x'*(A + A')"],
            &["inv(A*B)", "inv(A)*inv(B)"],
            &["det(eye(n) + A)", "1 + tr(A) + det(A)", "--var", "A: matrix(n, n)"],
            &["norm1(Q*x)", "norm1(x)", "--var", "Q: orthogonal(n); x: vector(n)"],
            &["expm(A)*expm(B)", "expm(A + B)"],
        ],
    );
}

#[test]
fn undecided() {
    save("undecided", &[&["log(t^2)", "2*log(t)"]]);
}

#[test]
fn other_formats() {
    let formats = ["unicode", "latex", "json"];
    let questions: [&[&str]; 3] = [
        &["diff(x'*A*x, x)", "2*A*x", "--format"],
        &["det(A*B)", "det(B)*det(A)", "--var", "A: matrix(n, n); B: matrix(n, n)", "--format"],
        &["log(t^2)", "2*log(t)", "--format"],
    ];
    let all: Vec<Vec<&str>> = questions.iter().flat_map(|q| formats.map(|f| q.iter().copied().chain([f]).collect())).collect();
    save("formats", &all.iter().map(Vec::as_slice).collect::<Vec<_>>());
}

#[test]
fn wrong_sides() {
    save(
        "wrong_sides",
        &[
            &["tr(A*B", "1"],
            &["A*x", "A.*x", "--var", "A: matrix(n, n); x: vector(n)"],
            &["A*x", "x", "--var", "A: matrix(m, n); x: vector(n)"],
            &["A*inv(A)", "1"],
            &["diff(exp(x), x)", "exp(x)", "--var", "x: vector(n)"],
            &["A", "A", "--var", "A: matri(n)"],
        ],
    );
}

/// Every answer has the same keys, whatever the verdict is.
#[test]
fn json_has_one_shape() {
    let keys = ["verdict", "left", "right", "variables", "assumed", "proof", "steps", "conditions", "counterexample", "remarks", "points"];
    for (left, right, code, verdict) in
        [("x'*y", "y'*x", 0, "equal"), ("A*B", "B*A", 1, "different"), ("log(t^2)", "2*log(t)", 3, "undecided")]
    {
        let outcome = run(&[left, right, "--format", "json"]);
        let answer: serde_json::Value = serde_json::from_str(&outcome.out).expect("it is JSON");
        assert_eq!(answer.as_object().unwrap().keys().map(String::as_str).collect::<Vec<_>>(), keys);
        assert_eq!((outcome.code, answer["verdict"].as_str()), (code, Some(verdict)));
        assert_eq!(answer["proof"].is_array() && answer["steps"].is_array(), verdict == "equal");
        assert_eq!(answer["counterexample"].is_object(), verdict == "different");
        assert!(outcome.err.is_empty());
    }
    let proof: serde_json::Value = serde_json::from_str(&run(&["inv(A)*A", "eye(n)", "--format", "json"]).out).unwrap();
    assert_eq!(proof["proof"].as_array().unwrap().len() + 1, proof["steps"].as_array().unwrap().len());
    assert_eq!(proof["steps"][1]["direction"], "forward");
    assert_eq!(proof["conditions"][0], "A is invertible");
}

#[test]
fn the_left_side_may_come_from_standard_input() {
    use std::io::Write;
    let mut child = Command::new(env!("CARGO_BIN_EXE_indicial"))
        .args(["check", "-", "-x"])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::null())
        .spawn()
        .expect("it starts");
    child.stdin.take().expect("it is piped").write_all(b"x - 2*x\n").expect("it is read");
    let output = child.wait_with_output().expect("it ends");
    assert_eq!((output.status.code(), output.stdout.starts_with(b"equal")), (Some(0), true));
}
