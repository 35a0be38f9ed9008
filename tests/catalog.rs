//! Every rule of the catalog passes the lints and tests that a user's rules have to pass.

use indicial::{Catalog, ErrorKind, render};
use std::collections::BTreeSet;

#[test]
fn every_rule_passes_the_lints_and_the_tests() {
    let nothing = Catalog::default();
    let mut refused = Vec::new();
    let (mut rules, mut tests) = (0, 0);
    for (theme, text) in Catalog::files() {
        let audit = nothing.audit(text, theme);
        refused.extend(audit.errors.iter().map(|e| render(e, text, &format!("rules/{theme}.rules"))));
        rules += audit.rules.len();
        tests += audit.trials.len();
    }
    println!("{rules} {tests}");
    assert!(refused.is_empty(), "{} of {rules}\n{}", refused.len(), refused.join("\n"));
}
