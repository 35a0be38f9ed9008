//! Every rule of the catalog: it reads, is well-typed, named, sourced, and true.

use indicial::{Catalog, Rule};
use std::collections::BTreeSet;
use std::time::Instant;

fn all() -> Vec<Rule> {
    Catalog::files().flat_map(|(theme, text)| Catalog::parse(text, theme).unwrap_or_else(|e| panic!("{theme}: {e} at {:?}", e.span.map(|s| &text[s.start..s.end])))).collect()
}

#[test]
fn every_rule_reads() {
    let start = Instant::now();
    let rules = all();
    println!("{} rules in {:?}", rules.len(), start.elapsed());
    let start = Instant::now();
    assert_eq!(Catalog::standard().rewrites().count(), rules.iter().filter(|r| r.is_rewrite()).count());
    println!("rewrites in {:?}", start.elapsed());
    assert_eq!(Catalog::standard().rules().count(), rules.len());
    let names: BTreeSet<&str> = rules.iter().map(|r| &*r.name).collect();
    assert_eq!(names.len(), rules.len(), "two rules have one name");
}
