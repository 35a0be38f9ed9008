//! What is printed where, and which exit code says what.

use super::{json, run, run_with};

#[test]
fn the_answer_goes_to_standard_output_and_what_was_assumed_to_standard_error() {
    let outcome = run(&["diff", "x'*A*x", "--wrt", "x"]);
    assert_eq!((outcome.code, outcome.out.as_str()), (0, "(A + A')*x\n"));
    assert!(outcome.err.contains("assuming") && outcome.err.contains("A: matrix(n, n)"), "{}", outcome.err);
}

#[test]
fn declared_variables_are_not_said_to_be_assumed() {
    let outcome = run(&["diff", "x'*A*x", "--wrt", "x", "--var", "A: symmetric(n); x: vector(n)"]);
    assert_eq!((outcome.code, outcome.out.as_str(), outcome.err.as_str()), (0, "2*A*x\n", ""));
}

#[test]
fn declarations_may_come_in_several_options() {
    let outcome = run(&["diff", "x'*A*x", "--wrt", "x", "--var", "A: symmetric(n)", "--var", "x: vector(n)"]);
    assert_eq!((outcome.code, outcome.out.as_str()), (0, "2*A*x\n"));
}

#[test]
fn a_dash_reads_standard_input() {
    let outcome = run_with("norm2(A*x - y)^2\n", &["diff", "-", "--wrt", "x"]);
    assert_eq!((outcome.code, outcome.out.as_str()), (0, "2*A'*(A*x - y)\n"));
}

#[test]
fn an_expression_may_begin_with_a_minus() {
    let outcome = run(&["diff", "-a'*x", "--wrt", "x"]);
    assert_eq!((outcome.code, outcome.out.as_str()), (0, "-a\n"), "{}", outcome.err);
}

#[test]
fn several_variables_and_orders_append_axes() {
    let axes = |arguments: &[&str]| {
        let mut all = vec!["diff", "x'*A*y", "--var", "A: matrix(m, n); x: vector(m); y: vector(n)", "--format", "json"];
        all.extend(arguments);
        json(&run(&all).out)["shape"].to_string()
    };
    assert_eq!(axes(&["--wrt", "x"]), r#"["m"]"#);
    assert_eq!(axes(&["--wrt", "x", "--wrt", "y"]), r#"["m","n"]"#);
    assert_eq!(axes(&["--wrt", "y", "--order", "2"]), r#"["n","n"]"#);
    assert_eq!(axes(&["--wrt", "A"]), r#"["m","n"]"#);
}

#[test]
fn simplify_prints_the_simplest_form() {
    assert_eq!(run(&["simplify", "A*x + B*x"]).out, "(A + B)*x\n");
}

#[test]
fn formats() {
    let of = |format| run(&["diff", "exp(a'*x)/t", "--wrt", "x", "--var", "t: scalar", "--format", format]).out;
    let all = ["text", "unicode", "latex", "numpy", "jax", "torch", "matlab", "rust"].map(|format| format!("{format}:\n{}", of(format)));
    super::hostile::save("formats", &all.join("\n"));
}

#[test]
fn notations() {
    let of = |notation| {
        let outcome = run(&["diff", "A*X*B", "--wrt", "X", "--notation", notation]);
        format!("{notation}:\n{}{}", outcome.out, outcome.err)
    };
    super::hostile::save("notations", &["matrix", "kron", "index"].map(of).join("\n"));
}

#[test]
fn json_has_the_keys_of_the_language() {
    let outcome = run(&["diff", "sum(log(1 + exp(-y.*(X*w))))", "--wrt", "w", "--format", "json", "--verify", "--stats"]);
    assert_eq!((outcome.code, outcome.err.as_str()), (0, ""));
    let answer = json(&outcome.out);
    let keys =
        ["input", "wrt", "variables", "shape", "notation", "text", "unicode", "latex", "index", "where", "numpy", "verified", "stats"];
    for key in keys {
        assert!(!answer[key].is_null(), "{key} is missing");
    }
    assert_eq!(answer["wrt"], serde_json::json!(["w"]));
    assert_eq!(answer["shape"].as_array().map(Vec::len), Some(1));
    assert_eq!(
        answer["variables"][0].as_object().map(|v| v.keys().cloned().collect()),
        Some(vec!["name".to_owned(), "kind".into(), "dims".into()])
    );
    assert_eq!(answer["verified"]["ok"], true);
    assert!(answer["verified"]["points"].as_u64() > Some(0) && answer["verified"]["max_relative_error"].as_f64() < Some(1e-6));
    for key in ["milliseconds", "e_nodes", "e_classes", "iterations", "stop"] {
        assert!(!answer["stats"][key].is_null(), "stats.{key} is missing");
    }
    let numpy = answer["numpy"].as_str().unwrap_or_default();
    assert!(numpy.contains("def value(") && numpy.contains("def derivative("), "{numpy}");
}

#[test]
fn json_names_shared_parts() {
    let answer = json(&run(&["diff", "norm2(A*x - y)", "--wrt", "x", "--format", "json"]).out);
    let part = &answer["where"][0];
    assert_eq!(part["name"], "t1");
    assert!(answer["text"].as_str().is_some_and(|t| t.contains("t1")) && part["text"].is_string() && part["latex"].is_string());
}

#[test]
fn verify_and_stats_say_what_they_saw() {
    let outcome = run(&["diff", "logdet(X)", "--wrt", "X", "--verify", "--stats"]);
    assert_eq!((outcome.code, outcome.out.as_str()), (0, "inv(X)'\n"));
    assert!(outcome.err.contains("verified at") && outcome.err.contains("e-graph:") && outcome.err.contains("ms"), "{}", outcome.err);
}

#[test]
fn eval_takes_json() {
    let path = std::env::temp_dir().join(format!("indicial-{}.json", std::process::id()));
    std::fs::write(&path, r#"{"A": [[1, 2], [3, 4]], "x": [1, -1], "t": 2}"#).expect("the directory can be written");
    let file = path.to_string_lossy().into_owned();
    let of = |arguments: &[&str]| run(&[&["eval"], arguments, &["--data", &file]].concat());
    assert_eq!(of(&["A*x"]).out, "[-1, -1]\n");
    assert_eq!(of(&["x'*A*x"]).out, "0\n");
    assert_eq!(of(&["t*tr(A)", "--var", "t: scalar"]).out, "10\n");
    assert_eq!(json(&of(&["A*x", "--format", "json"]).out), serde_json::json!({"shape": [2], "value": [-1.0, -1.0]}));
    let missing = of(&["A*y"]);
    assert_eq!(missing.code, 2, "{}", missing.err);
    let misfit = of(&["A*x", "--var", "x: vector(3)"]);
    assert_eq!(misfit.code, 2, "{}", misfit.err);
    std::fs::remove_file(path).expect("it was written");
    assert_eq!(run(&["eval", "A*x", "--data", "/nowhere/at-all.json"]).code, 2);
}

#[test]
fn help_shows_examples_and_is_no_error() {
    for arguments in [&["--help"][..], &["diff", "--help"], &["simplify", "--help"], &["eval", "--help"], &["--version"]] {
        assert_eq!(run(arguments).code, 0, "{arguments:?}");
    }
    let help = run(&["diff", "--help"]).out;
    assert!(help.contains("indicial diff \"log(norm2(A*x)^2)\" --wrt x") && help.contains("--order"), "{help}");
}

#[test]
fn bad_arguments_end_with_2() {
    for arguments in [&[][..], &["dif", "x"], &["diff", "x'*x"], &["diff", "x", "--wrt", "x", "--format", "word"], &["simplify"]] {
        assert_eq!(run(arguments).code, 2, "{arguments:?}");
    }
}

#[test]
fn a_derivation_is_printed_line_by_line() {
    let outcome = run(&["explain", "tr(A*B)", "--wrt", "A", "--var", "A: matrix(n, m); B: matrix(m, n)"]);
    assert_eq!(outcome.code, 0);
    assert!(outcome.out.contains("3.            = delta[i,k]*delta[j,l]*B[j,i]\n"), "{}", outcome.out);
    assert!(outcome.out.contains("5. dF/dA = B'\n"), "{}", outcome.out);
    let assumed = run(&["explain", "x'*x", "--wrt", "x", "--order", "2"]);
    assert_eq!((assumed.code, assumed.err.as_str()), (0, "assuming x: vector(n)\n"));
    assert!(assumed.out.ends_with("of 2*eye(n) is 2*delta[k,l]\n"), "{}", assumed.out);
}

#[test]
fn a_derivation_in_json() {
    let outcome = run(&["explain", "x'*A*x", "--wrt", "x", "--format", "json"]);
    let object = json(&outcome.out);
    assert_eq!((object["answer"].as_str(), object["notation"].as_str()), (Some("(A + A')*x"), Some("matrix")));
    assert_eq!(object["steps"][1]["rule"], "d_mul");
    super::hostile::save("explain_json", &serde_json::to_string_pretty(&object).unwrap());
}

#[test]
fn what_has_no_derivative_has_no_derivation() {
    for arguments in [&["x'*y*z'", "--wrt", "q"][..], &["x'*(", "--wrt", "x"], &["norm(A, 3)", "--wrt", "A"]] {
        let of = |verb: &'static str| run(&[&[verb], arguments].concat());
        let (diff, explain) = (of("diff"), of("explain"));
        assert_eq!((explain.code, explain.out.as_str(), explain.err), (2, "", diff.err));
    }
}

#[test]
fn several_derivatives_share_their_parts() {
    let arguments = ["diff", "normF(T - U*V')^2", "--wrt", "U", "--wrt", "V", "--separate"];
    let outcome = run(&[&arguments[..], &["--value", "--verify"]].concat());
    assert_eq!(
        (outcome.code, outcome.out.as_str()),
        (0, "F = normF(t1)^2\ndF/dU = 2*t1*V\ndF/dV = 2*t1'*U\nwhere t1 = U*V' - T\n"),
        "{}",
        outcome.err
    );
    for label in ["F", "dF/dU", "dF/dV"] {
        assert!(outcome.err.contains(&format!("{label} verified at 6 random points")), "{}", outcome.err);
    }
    let printed = |format| run(&[&arguments[..], &["--format", format]].concat()).out;
    assert_eq!(printed("unicode"), "∂F/∂U = 2t₁V\n∂F/∂V = 2t₁ᵀU\nwhere t₁ = UVᵀ - T\n");
    let latex = printed("latex");
    assert!(latex.starts_with("\\begin{align*}\n\\frac{\\partial F}{\\partial U} &= 2 t_1 V \\\\\n"), "{latex}");
    let numpy = printed("numpy");
    assert!(numpy.contains("def derivatives(*, T, U, V):") && numpy.matches("U @ V.T").count() == 2, "{numpy}");
}

#[test]
fn several_derivatives_are_one_object() {
    let object = json(
        &run(&["diff", "norm2(A*x - b)^2", "--wrt", "A", "--wrt", "x", "--separate", "--value", "--order", "2", "--format", "json"]).out,
    );
    let all = object["derivatives"].as_array().expect("a list");
    assert_eq!(object["value"]["text"], "norm2(A*x - b)^2");
    assert_eq!(all.iter().map(|d| d["text"].to_string()).collect::<Vec<_>>(), [r#""2*kron(x*x', eye(m))""#, r#""2*A'*A""#]);
    assert_eq!(all[1]["wrt"], serde_json::json!(["x", "x"]));
    assert_eq!(all[0]["notation"], "kron");
    assert!(object["numpy"].as_str().is_some_and(|code| code.contains("def derivatives(")));
}

#[test]
fn what_goes_with_several_derivatives_does_not_go_without() {
    for arguments in [
        &["diff", "x'*x", "--wrt", "x", "--value"][..],
        &["diff", "x'*x", "--wrt", "x", "--separate", "--hvp", "v"],
        &["diff", "x'*x", "--wrt", "y", "--separate"],
    ] {
        assert_eq!(run(arguments).code, 2, "{arguments:?}");
    }
}
