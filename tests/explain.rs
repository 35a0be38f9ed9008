//! Derivations as they are printed: each is read before it is accepted.

use indicial::{Declarations, Derivation, Engine, ErrorKind, Result, parse};

fn explained(expr: &str, declarations: &str, wrt: &[&str]) -> Result<Derivation> {
    let declarations = Declarations::parse(declarations)?;
    let wrt = wrt.iter().map(|x| parse(x, &declarations)).collect::<Result<Vec<_>>>()?;
    Engine::new().explain(&parse(expr, &declarations)?, &wrt, &declarations)
}

fn save(name: &str, text: &str) {
    insta::with_settings!({snapshot_path => "../snapshots", prepend_module_to_snapshot => false, omit_expression => true}, {
        insta::assert_snapshot!(name, text);
    });
}

/// Every question of the seeds that the engine can answer.
#[test]
fn derivations_of_the_seeds() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/seeds.jsonl");
    let mut all = Vec::new();
    for line in std::fs::read_to_string(path).unwrap().lines() {
        let case: serde_json::Value = serde_json::from_str(line).unwrap();
        let of = |key: &str| case[key].as_str().unwrap_or_default();
        let wrt: Vec<&str> = case["wrt"].as_array().into_iter().flatten().filter_map(serde_json::Value::as_str).collect();
        if of("kind") != "diff" {
            continue;
        }
        match explained(of("expr"), of("vars"), &wrt) {
            Ok(derivation) => all.push(format!("{}: {} by {}    ({})\n\n{derivation}\n", of("id"), of("expr"), wrt.join(", "), of("vars"))),
            Err(e) => assert_eq!(e.kind, ErrorKind::Unsupported, "{}: {e}", of("id")),
        }
    }
    assert!(all.len() > 30, "{}", all.len());
    save("explain_seeds", &all.join("\n"));
}

#[test]
fn derivations_of_functions_of_matrices() {
    let questions: &[(&str, &str, &[&str])] = &[
        ("tr(A*expm(X))", "A: matrix(n, n); X: matrix(n, n)", &["X"]),
        ("expm(t*A)", "A: matrix(n, n); t: scalar", &["t"]),
        ("tr(sqrtm(X'*X))", "X: matrix(m, n)", &["X"]),
        ("lambda_max(X'*X)", "X: matrix(m, n)", &["X"]),
    ];
    let written = |(expr, declarations, wrt): &(&str, &str, &[&str])| {
        let derivation = explained(expr, declarations, wrt).unwrap();
        format!("{expr} by {}    ({declarations})\n\n{derivation}\n", wrt.join(", "))
    };
    save("explain_matrix_functions", &questions.iter().map(written).collect::<Vec<_>>().join("\n"));
}

#[test]
fn derivations_in_latex_and_unicode() {
    let questions: &[(&str, &str, &[&str])] = &[
        ("tr(A*B)", "A: matrix(n, m); B: matrix(m, n)", &["A"]),
        ("log(norm2(A*x)^2)", "A: matrix(n, n); x: vector(n)", &["x"]),
        ("logdet(P*X*P')", "P: matrix(m, n); X: matrix(n, n)", &["X"]),
        ("w'*tanh(W*x)", "W: matrix(m, n); x: vector(n); w: vector(m)", &["W"]),
        ("vec(X)", "X: matrix(m, n)", &["X"]),
    ];
    let written = |(expr, declarations, wrt): &(&str, &str, &[&str])| {
        let derivation = explained(expr, declarations, wrt).unwrap();
        format!("{expr} by {}\n\n{}\n\n{}\n", wrt.join(", "), derivation.latex(), derivation.unicode())
    };
    save("explain_latex", &questions.iter().map(written).collect::<Vec<_>>().join("\n"));
}

/// The definition of a stage has the names, signs and order of the input.
#[test]
fn inner_results_are_written_as_the_input_has_them() {
    let lets = |expr: &str, declarations: &str, x: &str| -> Vec<String> {
        let derivation = explained(expr, declarations, &[x]).unwrap();
        derivation.steps.into_iter().map(|s| s.title).filter(|t| t.starts_with("let ")).collect()
    };
    assert_eq!(lets("norm2(A*x - b)^2", "A: matrix(m,n); x: vector(n); b: vector(m)", "x"), ["let u = A*x - b"]);
    assert_eq!(lets("inv(A + t*B)", "A: matrix(n); B: matrix(n); t: scalar", "t"), ["let U = A + t*B"]);
    assert_eq!(lets("exp(u'*x)", "u: vector(n); x: vector(n)", "x"), ["let v = u'*x"]);
}

#[test]
fn names_of_indices_avoid_those_of_the_input() {
    let derivation = explained("k*tr(A*B)", "A: matrix(i, j); B: matrix(j, i); k: scalar", &["A"]).unwrap();
    assert_eq!(derivation.steps[0].right.text, "k*A[q,r]*B[r,q]");
    assert_eq!(derivation.steps[1].left.text, "dF/dA[l,p]");
}

#[test]
fn errors_are_those_of_the_derivative() {
    let error = |expr, declarations, x| explained(expr, declarations, &[x]).unwrap_err();
    assert_eq!(error("x'*y", "x: vector(m); y: vector(n)", "x").kind, ErrorKind::Shape);
    assert_eq!(error("x'*x", "x: vector(m)", "z").kind, ErrorKind::Name);
    assert_eq!(error("trigamma(x)", "x: scalar", "x").kind, ErrorKind::Derivative);
}
