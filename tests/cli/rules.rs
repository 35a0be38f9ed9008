//! The catalog on the command line, and a user's rules.

use super::{Outcome, json, run};
use std::path::PathBuf;

/// A file of that content, which is gone afterwards.
fn with_file<T>(name: &str, text: &[u8], work: impl FnOnce(&str) -> T) -> T {
    let path: PathBuf = std::env::temp_dir().join(format!("indicial-{}-{name}.rules", std::process::id()));
    std::fs::write(&path, text).unwrap();
    let result = work(path.to_str().unwrap());
    std::fs::remove_file(&path).unwrap();
    result
}

const DIGAMMA: &str = "rule digamma_succ_sub
  for      x: scalar
  law      digamma(x + 1) - 1/x => digamma(x)
  why      This is the recurrence of the digamma function.
  source   Abramowitz and Stegun 1964, chapter 6
  example  digamma(alpha + 1) - 1/alpha => digamma(alpha)
";

const FALSE: &str = "rule det_of_sum
  for      A: matrix(n, n); B: matrix(n, n)
  law      det(A + B) => det(A) + det(B)
  why      So it seems.
  source   Horn and Johnson 2013
  example  det(A + B) => det(A) + det(B)
";

fn save(name: &str, text: &str) {
    insta::with_settings!({snapshot_path => "../../snapshots", prepend_module_to_snapshot => false}, {
        insta::assert_snapshot!(name, text);
    });
}

#[test]
fn a_rule_is_shown_with_the_state_of_its_tests() {
    let names = ["transpose_mul", "abs_of_nonnegative", "d_inv", "det_one_add_mul_comm", "eps_det", "trace_mul_swap"];
    let all = names.map(|name| {
        let Outcome { code, out, err } = run(&["rules", "show", name]);
        assert_eq!((code, err.as_str()), (0, ""), "{name}");
        out
    });
    save("cli_rules_show", &all.join("\n"));
}

#[test]
fn a_misspelt_rule_is_answered_with_suggestions() {
    let help = |name| {
        let outcome = run(&["rules", "show", name]);
        assert_eq!((outcome.code, outcome.out.as_str()), (2, ""));
        outcome.err
    };
    assert_eq!(help("transpose_mull"), "Error: there is no rule `transpose_mull`\nhelp: did you mean `transpose_mul`?\n");
    assert!(help("inverse_of_det").contains("there are "));
    assert_eq!(help("xyzzy"), "Error: there is no rule `xyzzy`\nhelp: `indicial rules list` names all of them\n");
}

#[test]
fn the_catalog_is_listed_by_theme() {
    let outcome = run(&["rules", "list", "--theme", "transpose"]);
    assert_eq!((outcome.code, outcome.err.as_str()), (0, ""));
    let mut lines = outcome.out.lines();
    assert!(lines.next().is_some_and(|l| l.starts_with("transpose (")), "{}", outcome.out);
    assert!(lines.any(|l| l.trim_start().starts_with("transpose_mul ") && l.ends_with("(A*B)' => B'*A'")), "{}", outcome.out);
    let all = json(&run(&["rules", "list", "--format", "json"]).out);
    let named = |name: &str| all.as_array().unwrap().iter().find(|r| r["name"] == name).unwrap().clone();
    assert_eq!(named("abs_of_nonnegative")["if"], serde_json::json!(["nonnegative(x)"]));
    assert_eq!(named("d_det")["for"], "X: matrix(n, n)");
    assert_eq!(run(&["rules", "list", "--theme", "poetry"]).code, 2);
    assert!(run(&["rules", "list", "--theme", "rejected"]).out.contains("det_add"));
}

#[test]
fn the_whole_catalog_passes() {
    let report = json(&run(&["rules", "test", "--format", "json"]).out);
    assert_eq!((&report["passed"], report["errors"].as_array().unwrap().len()), (&serde_json::json!(true), 0));
    let rules: u64 = report["themes"].as_array().unwrap().iter().map(|t| t["rules"].as_u64().unwrap()).sum();
    assert_eq!(report["rules"], rules);
    assert!(report["tests"].as_u64().unwrap() > 3 * rules && report["rejected"].as_u64().unwrap() > 20, "{report}");
}

#[test]
fn a_file_of_rules_is_tested_and_used() {
    with_file("used", DIGAMMA.as_bytes(), |path| {
        let outcome = run(&["rules", "test", path]);
        assert_eq!((outcome.code, outcome.out.as_str(), outcome.err.as_str()), (0, "1 rule, 3 tests: all passed\n", ""));
        let derivative = ["diff", "lgamma(x + 1) - log(x)", "--wrt", "x", "--var", "x: scalar > 0"];
        assert_eq!(run(&derivative).out, "digamma(x + 1) - 1/x\n");
        assert_eq!(run(&[&derivative[..], &["--rules", path]].concat()).out, "digamma(x)\n");
        assert_eq!(run(&["rules", "show", "digamma_succ_sub", "--rules", path]).code, 0);
    });
}

#[test]
fn a_file_with_a_false_rule_is_refused_at_its_place() {
    with_file("false", format!("{DIGAMMA}\n{FALSE}").as_bytes(), |path| {
        let outcome = run(&["rules", "test", path]);
        assert_eq!((outcome.code, outcome.out.as_str()), (1, "2 rules, 6 tests: 1 error\n"));
        assert!(outcome.err.contains(".rules:10:12") && outcome.err.contains("the left side is -1, the right side 4"), "{}", outcome.err);
        let outcome = run(&["simplify", "det(A + B)", "--rules", path]);
        assert_eq!((outcome.code, outcome.out.as_str()), (2, ""));
        assert!(outcome.err.contains("`det_of_sum` is false"), "{}", outcome.err);
        let outcome = run(&["simplify", "det(A + B)", "--rules", path, "--format", "json"]);
        assert_eq!((outcome.code, json(&outcome.out)["error"]["kind"].clone()), (2, "rule".into()));
    });
}

#[test]
fn hostile_files_of_rules_are_refused() {
    let deep = format!("{}A{}", "(".repeat(2000), "')".repeat(2000));
    let nested = (0..450).fold("x".to_owned(), |inner, _| format!("exp({inner})"));
    let many: String = (0..40).map(|i| format!("x{i}: scalar;")).collect();
    let sum: Vec<String> = (0..40).map(|i| format!("x{i}")).collect();
    let rule = |declared: &str, law: &str| {
        format!("rule a\n  for {declared}\n  law {law}\n  why So it is.\n  source Horn and Johnson 2013\n  example {law}\n")
    };
    for (name, text) in [
        ("binary", vec![0xff, 0xfe, 0, 1, 2]),
        ("deep", rule("A: matrix(n, n)", &format!("{deep} => A")).into_bytes()),
        ("nested", rule("x: scalar", &format!("{nested} => x")).into_bytes()),
        ("many", rule(many.trim_end_matches(';'), &format!("{} => x0", sum.join(" + "))).into_bytes()),
        ("large", rule("A: matrix(99999, 99999)", "A*A => A").into_bytes()),
        ("tower", rule("A: matrix(n, n)", "kron(A, A, A, A, A, A, A, A, A) => A").into_bytes()),
        ("nul", b"rule \0\n law \0 => \0\n".to_vec()),
        ("words", "rule rule\n".repeat(500).into_bytes()),
    ] {
        let outcome = with_file(name, &text, |path| run(&["rules", "test", path]));
        assert!([1, 2].contains(&outcome.code), "{name}: {}{}", outcome.out, outcome.err);
        assert!(outcome.err.contains("Error"), "{name}: {}", outcome.err);
    }
    assert_eq!(run(&["rules", "test", "/nonexistent.rules"]).code, 2);
    assert_eq!(with_file("empty", b"# nothing\n", |path| run(&["rules", "test", path])).out, "0 rules, 0 tests: there is no rule in it\n");
}
