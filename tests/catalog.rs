//! Every rule of the catalog passes the lints and the tests that a user's rules have to pass.

use indicial::{Audit, Catalog, ErrorKind, Rule, Test, Trial, render};

fn read(text: &str, theme: &str) -> Vec<Rule> {
    Catalog::parse(text, theme).unwrap_or_else(|e| panic!("{}", render(&e, text, theme)))
}

#[test]
fn every_rule_passes_the_lints_and_the_tests() {
    let audits: Vec<((&str, &str), Audit)> = Catalog::files().zip(Catalog::audit_all(Catalog::files())).collect();
    let errors: Vec<String> = audits
        .iter()
        .flat_map(|((theme, text), a)| a.errors.iter().map(move |e| render(e, text, &format!("rules/{theme}.rules"))))
        .collect();
    assert!(errors.is_empty(), "{} errors:\n{}", errors.len(), errors.join("\n"));
    let trials: Vec<&Trial> = audits.iter().flat_map(|(_, a)| &a.trials).collect();
    let rules: Vec<&Rule> = audits.iter().flat_map(|(_, a)| &a.rules).collect();
    // Nothing is left out: a rule has a test that it holds, one of its domain, one for each condition and each example.
    let expected: usize = rules.iter().map(|r| 2 + r.conditions.len() + Catalog::examples(r).unwrap().len()).sum();
    assert_eq!(trials.len(), expected);
    assert!(trials.iter().all(|t| t.points > 0), "a test compares something");
    let standard = Catalog::standard();
    assert_eq!(standard.rules().count(), rules.len());
    assert_eq!(standard.rewrites().count(), rules.iter().filter(|r| r.is_rewrite()).count());
}

#[test]
fn every_rejected_rule_is_false() {
    let (_, text) = ("rejected", include_str!("../rules/rejected.rules"));
    assert_eq!(read(text, "rejected").len(), Catalog::rejected().len());
    for rule in Catalog::rejected().rules() {
        let trial = rule.test_rejected();
        assert!(trial.passed() && trial.counterexample.is_some(), "{trial}: {:?}", trial.error);
        assert!(Catalog::standard().rule(&rule.name).is_none(), "{} is a rule as well", rule.name);
    }
}

#[test]
fn tests_are_named_after_their_rules_and_show_what_they_saw() {
    let trials = Catalog::standard().rule("abs_of_nonnegative").unwrap().test();
    let names: Vec<String> = trials.iter().map(Trial::to_string).collect();
    let expected = ["holds", "domain", "needed(nonnegative(x))", "example"].map(|test| format!("abs_of_nonnegative::{test}"));
    assert_eq!(names, expected);
    assert_eq!(trials[3].test, Test::Example(1));
    let needed = trials[2].counterexample.as_ref().unwrap().to_string();
    assert_eq!(needed, "at x = -1: the left side is 1, the right side -1");
}

/// The message for a file that is no list of rules, with the part of it that is marked.
fn refusal(text: &str) -> String {
    match Catalog::parse(text, "test") {
        Ok(rules) => format!("{} rules", rules.len()),
        Err(e) => format!("{} at `{}`", e.message, e.span.map_or("", |s| &text[s.start..s.end])),
    }
}

#[test]
fn what_is_no_rule_is_an_error_with_its_place() {
    let end = "\n why a\n source b\n example a => a\n";
    for (text, expected) in [
        ("", "0 rules"),
        ("# only a comment\n", "0 rules"),
        ("rule", "expected `rule NAME` at `rule`"),
        ("rule a b", "expected `rule NAME` at `rule a b`"),
        ("rule Ab", "`Ab` is no name of a rule at `Ab`"),
        ("rule a__b", "`a__b` is no name of a rule at `a__b`"),
        ("law a => b", "expected `rule NAME` at `law a => b`"),
        ("  law a => b", "a field outside a rule at `law a => b`"),
        ("rule a\n  lav a => b", "a rule has no field `lav` at `lav`"),
        ("rule a\n  law", "the field `law` is empty at `law`"),
        ("rule a\n  why x.\n  why x.", "the field `why` stands twice in `a` at `why`"),
        ("rule a\n  why x.", "the rule `a` has no `law` at `a`"),
        (&format!("rule a\n law a => a{end}"), "1 rules"),
        (&format!("rule a\n law a => a{end}rule a\n law a => a{end}"), "there are two rules named `a` at `a`"),
        (&format!("rule a\n law a{end}"), "expected `LEFT => RIGHT` or `LEFT = RIGHT` at `a`"),
        (&format!("rule a\n for x: vctor(n)\n law x => x{end}"), "`vctor` is no kind at `vctor`"),
        (&format!("rule a\n for x: scalar; y\n law x => x{end}"), "expected `name: kind` at `y`"),
        (&format!("rule a\n for x: scalar\n law x => x\n if big(x){end}"), "`big` is no fact at `big`"),
        (
            &format!("rule a\n for x: scalar\n law x => x\n if positive(x) positive(x){end}"),
            "expected `,` between two conditions at `positive(x)`",
        ),
        (&format!("rule a\n for x: scalar\n law x => x\n if positive(x{end}"), "a bracket is not closed at `positive(x`"),
        (&format!("rule a\n law a => a\n by magic{end}"), "`magic` is no step of the engine at `magic`"),
    ] {
        let got = refusal(text);
        assert_eq!(got, expected, "{text}");
    }
}

#[test]
fn further_rules_join_under_names_of_their_own() {
    let standard = Catalog::standard();
    let rules = read("rule twice\n for x: scalar\n law x + x => 2*x\n why Counting.\n source None\n example a + a => 2*a\n", "own");
    assert!(rules[0].is_elementwise());
    let more = standard.with(rules.clone()).unwrap();
    assert_eq!(more.len(), standard.len() + 1);
    assert_eq!(&*more.rule("twice").unwrap().theme, "own");
    assert_eq!(more.with(rules).unwrap_err().kind, ErrorKind::Rule);
}

#[test]
fn only_rules_of_functions_that_occur_are_read() {
    let names =
        |occurs: &[&str]| Catalog::standard().rewrites_among(|f| occurs.contains(&f)).map(|r| r.name.to_string()).collect::<Vec<_>>();
    assert!(names(&["det", "inv"]).contains(&"det_inv".to_owned()));
    assert!(!names(&["det"]).contains(&"det_inv".to_owned()));
    assert!(names(&[]).iter().all(|n| !n.contains("exp")));
}
