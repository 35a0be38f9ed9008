use super::super::rules::laws_of;
use super::*;
use crate::catalog::Catalog;
use crate::infer;
use crate::matrix::of_typed;

/// Rules about symbolic powers of matrices, which have no matrix term.
const BEYOND: [&str; 2] = ["det_pow", "logdet_pow"];

#[test]
fn every_rewrite_of_the_catalog_compiles() {
    let mut refused = Vec::new();
    for rule in Catalog::standard().rewrites().filter(|r| !r.differential) {
        if let (Err(e), false) = (laws_of(rule), BEYOND.contains(&&*rule.name)) {
            refused.push(format!("{}: {} | {e}", rule.name, rule.law));
        }
    }
    assert!(refused.is_empty(), "{}", refused.join("\n"));
}

#[test]
fn examples_fire() {
    let rules = RuleSet::standard();
    let mut missed = Vec::new();
    for rule in Catalog::standard().rewrites().filter(|r| !r.differential) {
        for example in &Catalog::examples(rule).unwrap() {
            let mut terms = Terms::new();
            let (Ok(l), Ok(r)) = (infer(&example.left, &example.declarations), infer(&example.right, &example.declarations)) else {
                missed.push(format!("{}: types", rule.name));
                continue;
            };
            let (Ok(l), Ok(r)) = (of_typed(&l, &mut terms), of_typed(&r, &mut terms)) else {
                missed.push(format!("{}: form", rule.name));
                continue;
            };
            if l == r {
                continue;
            }
            let single = RuleSet::new(laws_of(rule).unwrap_or_default());
            for (which, rules) in [("alone", &single), ("all", rules)] {
                let (equal, stats) = proves(&terms, l, r, rules);
                if !equal {
                    missed.push(format!("{} [{which}]: {} | {} | {} {stats:?}", rule.name, example.text, terms.show(l), terms.show(r)));
                }
            }
        }
    }
    assert!(missed.is_empty(), "{}", missed.join("\n"));
}

fn proves(terms: &Terms, l: Id, r: Id, rules: &RuleSet) -> (bool, Stats) {
    let outcome = simplify(terms, &[l], rules, &Limits::default()).unwrap();
    let mut back = terms.clone();
    let best = back.add_recexpr(&outcome.best);
    // The answer may be better still than the right side.
    let of_right = simplify(terms, &[r], rules, &Limits::default()).unwrap();
    let best_right = back.add_recexpr(&of_right.best);
    (best == best_right || back.tokens(best) <= back.tokens(r), outcome.stats)
}
