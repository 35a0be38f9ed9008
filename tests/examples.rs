//! What the programs of `examples/` print, by snapshots.
#![allow(dead_code, reason = "nobody calls the main of a program")]

#[path = "../examples/cheatsheet.rs"]
mod cheatsheet;
#[path = "../examples/custom_rule.rs"]
mod custom_rule;
#[path = "../examples/gradient.rs"]
mod gradient;
#[path = "../examples/newton.rs"]
mod newton;

fn snapshot(name: &str, text: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../snapshots");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(format!("example_{name}"), text));
}

#[test]
fn gradient_of_least_squares() {
    assert_eq!(gradient::report().unwrap(), "A'*(A*x - b)");
}

#[test]
fn a_rule_of_ones_own() {
    snapshot("custom_rule", &custom_rule::report().unwrap());
}

/// The coefficients are those that Dalal, Fowlkes and Hoadley 1989 found: 15.043 and -0.2322.
#[test]
fn newtons_method() {
    let report = newton::report().unwrap();
    assert!(report.contains("15.042902 -0.232163"), "{report}");
    snapshot("newton", &report);
}

#[test]
fn the_cookbooks_derivatives() {
    let sheet = cheatsheet::Sheet::of(cheatsheet::chapter()).unwrap();
    snapshot("cheatsheet_markdown", &sheet.markdown());
    snapshot("cheatsheet_latex", &sheet.latex());
}

/// The sheet does not pass on what numbers refute, or what it cannot read.
#[test]
fn a_line_that_is_no_statement_is_refused() {
    let refused = |line| cheatsheet::Sheet::of([line].into_iter()).err().map(|e| e.to_string()).unwrap_or_default();
    assert_eq!(refused("1 | X: matrix(n, n)"), "`1 | X: matrix(n, n)` is no statement");
    assert_eq!(refused("1 | X: matrix(n, n) | tr(X)"), "`tr(X)` is no statement");
}
