//! Laws that a step of the engine is said to perform are performed by it.

use super::Catalog;
use crate::error::Result;
use crate::expr::{Expr, Kind, Op, Shape, Structure, Var};
use crate::index::{Graph, NodeId};
use crate::infer::infer;
use crate::lower::lower;
use crate::rule::{Rule, Step};
use crate::typed::{Typed, TypedId};

/// Both sides in index form; typed together, so that they share their dimensions.
fn nodes(rule: &Rule) -> Result<(NodeId, NodeId)> {
    let mut both = infer(&Expr::new(Op::Add(vec![rule.left.clone(), -&rule.right])), &rule.declarations)?;
    both.nodes.iter_mut().for_each(|node| assume(rule, &mut node.op));
    let Op::Add(sides) = both.root().op.clone() else { panic!("{rule}") };
    let Op::Neg(right) = both.node(sides[1]).op else { panic!("{rule}") };
    let mut graph = Graph::new();
    let left = lower(&mut graph, &Typed { root: sides[0], ..both.clone() })?;
    Ok((left, lower(&mut graph, &Typed { root: right, ..both })?))
}

/// Gives a variable the structure that a condition asks for.
fn assume(rule: &Rule, op: &mut Op<TypedId>) {
    let Op::Var(v) = op else { return };
    let name = v.name;
    let asked = rule.conditions.iter().filter(|c| matches!(c.subject.op(), Op::Var(s) if s.name == name));
    for structure in asked.filter_map(|c| Structure::ALL.iter().find(|(_, name)| *name == c.fact.name())) {
        let kind = v.kind.as_deref().cloned().unwrap_or(Kind::plain(Shape::Scalar));
        *v = Var::new(name.as_str(), Kind { structure: structure.0, ..kind });
    }
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
