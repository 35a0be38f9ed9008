//! Products with directions on the command line: what is said, and what is refused.

use super::{json, run};

#[test]
fn what_does_not_fit_is_refused() {
    let of = |arguments: &[&str]| {
        let outcome = run(&[&["diff"], arguments].concat());
        assert_eq!((outcome.code, outcome.out.as_str()), (2, ""), "{arguments:?}");
        format!("$ diff {}\n{}", arguments.join(" "), outcome.err)
    };
    let all = [
        of(&["x'*A*x", "--wrt", "x", "--hvp", "B", "--var", "B: matrix(n, n)"]),
        of(&["x'*A*x", "--wrt", "A", "--hvp", "x"]),
        of(&["x'*A*x", "--wrt", "x", "--hvp", "x'"]),
        of(&["A*x", "--wrt", "x", "--vjp", "x", "--var", "A: matrix(m, n); x: vector(n)"]),
        of(&["A*x", "--wrt", "x", "--hvp", "v"]),
        of(&["A*x", "--wrt", "x", "--jvp", "A*v + x*v"]),
        of(&["x'*y", "--wrt", "x", "--wrt", "y", "--jvp", "v"]),
        of(&["x'*y", "--wrt", "x", "--wrt", "y", "--hvp", "v"]),
        of(&["x'*y", "--wrt", "x", "--jvp", "v", "--vjp", "v"]),
        of(&["x'*y", "--wrt", "x", "--jvp", "v", "--order", "2"]),
        of(&["x'*y", "--wrt", "z", "--jvp", "v"]),
        of(&["x'*y", "--wrt", "x", "--jvp", "(v"]),
        of(&["n*x", "--wrt", "n", "--jvp", "v", "--var", "x: vector(n)"]),
    ];
    super::hostile::save("errors_products", &all.join("\n"));
}

#[test]
fn json_says_which_product() {
    let arguments = ["diff", "A*inv(X)", "--wrt", "X", "--vjp", "V", "--format", "json", "--verify", "--var", "A: matrix(m, n)"];
    let answer = json(&run(&arguments).out);
    assert_eq!(answer["product"], "vjp");
    assert_eq!(answer["directions"], serde_json::json!(["V"]));
    assert_eq!(answer["shape"], serde_json::json!(["n", "n"]));
    assert_eq!(answer["assumed"], serde_json::json!(["X", "V"]));
    assert_eq!(answer["verified"]["ok"], true);
    assert!(answer["numpy"].as_str().is_some_and(|p| p.contains("def derivative(*, A, V, X):")), "{answer}");
}

#[test]
fn a_direction_may_begin_with_a_minus() {
    assert_eq!(run(&["diff", "A*x", "--wrt", "x", "--jvp", "-x"]).out, "-A*x\n");
}
