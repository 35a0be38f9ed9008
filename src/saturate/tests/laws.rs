//! The rules together: none keeps another from doing what its examples show. That each does it alone is among the tests
//! that the library runs on every rule.

use super::*;
use crate::catalog::Catalog;
use crate::infer;
use crate::matrix::of_typed;

#[test]
fn all_rules_together_find_what_the_examples_show() {
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
            let (equal, stats) = proves(&terms, l, r, rules);
            if !equal {
                missed.push(format!("{}: {} | {} | {} {stats:?}", rule.name, example.text, terms.show(l), terms.show(r)));
            }
        }
    }
    assert!(missed.is_empty(), "{}", missed.join("\n"));
}

fn proves(terms: &Terms, l: Id, r: Id, rules: &RuleSet) -> (bool, Stats) {
    let outcome = simplify(terms, &[l], rules, &Limits::default()).unwrap();
    let mut back = terms.clone();
    let best = back.add_recexpr(&outcome.found[0].0);
    // The answer may be better still than the right side.
    let of_right = simplify(terms, &[r], rules, &Limits::default()).unwrap();
    let best_right = back.add_recexpr(&of_right.found[0].0);
    (best == best_right || back.tokens(best) <= back.tokens(r), outcome.stats)
}
