//! The catalog as a book: one snapshot for each theme, and a counterexample for each rejected rule.

use indicial::{Catalog, Refutation, Rule, Trial, rules_markdown};

const REJECTED: &str = include_str!("../rules/rejected.rules");

#[test]
fn themes() {
    for (theme, text) in Catalog::files() {
        let rules = Catalog::parse(text, theme).unwrap();
        assert_text(&format!("catalog_{theme}"), &rules_markdown(&rules));
    }
}

#[test]
fn counterexamples() {
    let rules = Catalog::parse(REJECTED, "rejected").unwrap();
    assert!(rules.len() >= 45, "{} rejected rules", rules.len());
    let found: Vec<(&Rule, Trial)> = rules.iter().map(|rule| (rule, rule.test_rejected())).collect();
    let missing: Vec<String> = found.iter().filter(|(_, trial)| !trial.passed()).map(|(rule, _)| rule.to_string()).collect();
    assert!(missing.is_empty(), "{missing:#?}");
    let text: Vec<String> = found.iter().filter_map(|(rule, trial)| Some(shown(rule, trial.counterexample.as_ref()?))).collect();
    assert_eq!(text.len(), rules.len(), "every falsehood has its counterexample");
    assert_text("catalog_rejected", &text.join("\n"));
}

fn shown(rule: &Rule, found: &Refutation) -> String {
    format!("{rule}\n  {}\n  {found}\n", rule.why)
}

fn assert_text(name: &str, text: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../snapshots");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, text));
}

/// The search finds what it should, and nothing where a law is true.
#[test]
fn the_search_is_honest() {
    let is_refuted = |law: &str| {
        let text = format!("rule r\n for A: matrix(n, n); B: matrix(n, n)\n law {law}\n why a.\n source b\n example {law}\n");
        Catalog::parse(&text, "test").unwrap()[0].test_rejected().counterexample.is_some()
    };
    assert!(is_refuted("A*B => B*A"));
    assert!(!is_refuted("tr(A*B) => tr(B*A)"));
    assert!(!is_refuted("d A*A => dA*A + A*dA"));
    assert!(is_refuted("d A*A => 2*A*dA"));
}
