//! A broken rule for each lint and each test, and what is said of it.

use indicial::{Catalog, Declarations, Engine, ErrorKind, parse, render};
use std::path::{Path, PathBuf};

fn fixtures() -> Vec<PathBuf> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/rules");
    let mut files: Vec<PathBuf> = std::fs::read_dir(directory).unwrap().map(|f| f.unwrap().path()).collect();
    files.sort();
    files
}

#[test]
fn every_broken_rule_is_refused_at_its_place() {
    for path in fixtures() {
        let name = path.file_stem().unwrap().to_str().unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        let audit = Catalog::standard().audit(&text, name);
        let drawn: Vec<String> = audit.errors.iter().map(|e| render(e, &text, &format!("{name}.rules"))).collect();
        insta::with_settings!({snapshot_path => "../snapshots", prepend_module_to_snapshot => false}, {
            insta::assert_snapshot!(format!("lints_{name}"), drawn.join("\n"));
        });
        assert_eq!(audit.errors.len(), 1, "{name} breaks one law:\n{}", drawn.join("\n"));
        let error = &audit.errors[0];
        assert!(error.span.is_some_and(|s| s.start < s.end && s.end <= text.len()), "{name} has a place");
        let refused = Catalog::standard().extend(&text).unwrap_err();
        assert_eq!((&refused, refused.kind == ErrorKind::Internal), (error, false));
    }
}

/// The rule of a user that the engine then uses.
const OWN: &str = "rule digamma_succ_sub
  for      x: scalar
  law      digamma(x + 1) - 1/x => digamma(x)
  why      This is the recurrence of the digamma function.
  source   Abramowitz and Stegun 1964, chapter 6
  example  digamma(alpha + 1) - 1/alpha => digamma(alpha)
";

#[test]
fn a_rule_that_passes_is_used() {
    let catalog = Catalog::standard().extend(OWN).unwrap();
    assert_eq!((&*catalog.rule("digamma_succ_sub").unwrap().theme, catalog.unreached("own").len()), ("own", 0));
    assert!(Catalog::standard().rule("digamma_succ_sub").is_none());
    let declarations = Declarations::parse("x: vector(n) > 0").unwrap();
    let read = |text| parse(text, &declarations).unwrap();
    let answer = |engine: Engine| engine.derivative(&read("sum(lgamma(x + 1) - log(x))"), &[read("x")], &declarations).unwrap();
    assert_eq!(answer(Engine::new().rules(&catalog)).to_string(), "digamma(x)");
    assert_eq!(answer(Engine::new().rules(&catalog.without("digamma_succ_sub"))).to_string(), "digamma(x + 1) - 1./x");
    assert!(catalog.extend(OWN).unwrap_err().to_string().contains("already"));
}

#[test]
fn a_law_that_the_engine_never_meets_is_remarked_on() {
    let text = "rule det_one_sub_outer_mul_gamma
  for      s: scalar; x: vector(n); y: vector(n)
  law      det(eye(n) - x*y')*gamma(s) => gamma(s)*(1 - y'*x)
  why      This is the matrix determinant lemma beside a factor.
  source   Horn and Johnson 2013
  example  det(eye(n) - x*y')*gamma(alpha) => gamma(alpha)*(1 - y'*x)

rule gamma_mul_cosh_mul_tanh
  for      x: scalar
  law      gamma(x)*cosh(x)*tanh(x) => gamma(x)*sinh(x)
  why      This is the definition of tanh beside a factor.
  source   Abramowitz and Stegun 1964, chapter 4
  example  gamma(alpha)*cosh(alpha)*tanh(alpha) => gamma(alpha)*sinh(alpha)
";
    let catalog = Catalog::standard().extend(text).unwrap();
    let remarks: Vec<String> = catalog.unreached("own").iter().map(ToString::to_string).collect();
    let expected = [
        "the engine never comes to use `det_one_sub_outer_mul_gamma` in its example\nhelp: before the e-graph looks at it, \
         `det(eye(n) - x*y')*gamma(alpha)` is written `(-1)^n*det(y*x' - eye(n))*gamma(alpha)`; write the law for that",
        "the engine makes `gamma(alpha)*sinh(alpha)` of the example without `gamma_mul_cosh_mul_tanh`",
    ];
    assert_eq!(remarks, expected);
}

#[test]
fn every_mistake_of_a_file_is_found() {
    let text = ["det_of_sum", "inv_of_sum"].map(|name| {
        let f = &name[..3];
        format!("rule {name}\n  for A: matrix(n, n); B: matrix(n, n)\n  law {f}(A + B) => {f}(A) + {f}(B)\n  why so\n  source none\n  example {f}(A) => {f}(A)\n")
    });
    let audit = Catalog::standard().audit(&text.join("stray line\n  lost field\n"), "own");
    let messages: Vec<&str> = audit.errors.iter().map(|e| e.message.as_str()).collect();
    assert_eq!(
        messages,
        [
            "`det_of_sum` is false",
            "the reason of `det_of_sum` is no sentence",
            "`det_of_sum` has no source",
            "expected `rule NAME`",
            "`inv_of_sum` is false",
            "the reason of `inv_of_sum` is no sentence",
            "`inv_of_sum` has no source",
        ]
    );
    assert!(!audit.passed());
}
