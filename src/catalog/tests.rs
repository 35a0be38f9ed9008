//! Laws that a step of the engine is said to perform are performed by it.

use super::Catalog;
use crate::error::Result;
use crate::expr::{Expr, Op};
use crate::index::{Graph, NodeId};
use crate::infer::infer;
use crate::lower::lower;
use crate::rule::{Rule, Step};
use crate::typed::Typed;

/// Both sides in index form; typed together, so that they share their dimensions.
fn nodes(rule: &Rule) -> Result<(NodeId, NodeId)> {
    let both = infer(&Expr::new(Op::Add(vec![rule.left.clone(), -&rule.right])), &rule.declarations)?;
    let Op::Add(sides) = both.root().op.clone() else { panic!("{rule}") };
    let Op::Neg(right) = both.node(sides[1]).op else { panic!("{rule}") };
    let mut graph = Graph::new();
    let left = lower(&mut graph, &Typed { root: sides[0], ..both.clone() })?;
    Ok((left, lower(&mut graph, &Typed { root: right, ..both })?))
}

#[test]
fn laws_of_index_form_make_both_sides_one_node() {
    let performed = |r: &&Rule| matches!(r.by, Some(Step::Contraction | Step::Lowering | Step::Recognition));
    let wrong: Vec<String> = Catalog::standard()
        .rules()
        .filter(performed)
        .filter_map(|rule| match nodes(rule) {
            Ok((left, right)) if left == right => None,
            Ok(_) => Some(rule.to_string()),
            Err(e) => Some(format!("{rule}: {e}")),
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
