//! The e-graph finds what that of `egg` finds, which puts all classes in order whenever it is rebuilt.

use super::values::Dice;
use crate::function::{Map, Map2};
use crate::matrix::{Mat, cost_of};
use crate::number::Number;
use crate::saturate::egraph::EGraph;
use egg::{Analysis, Id, Language};

struct Nothing;

impl Analysis<Mat> for Nothing {
    type Data = ();

    fn make(_: &mut egg::EGraph<Mat, Nothing>, _: &Mat, _: Id) {}

    fn merge(&mut self, (): &mut (), (): ()) -> egg::DidMerge {
        egg::DidMerge(false, false)
    }
}

type Other = egg::EGraph<Mat, Nothing>;

/// A node over classes that are there.
fn random_node(dice: &mut Dice, classes: &[Id]) -> Mat {
    let mut child = || classes[dice.roll(classes.len())];
    let (a, b) = (child(), child());
    match dice.roll(5) {
        0 => Mat::Map(Map::Exp, [a]),
        1 => Mat::Map(Map::Sin, [a]),
        2 => Mat::Power(Number::int(3), [a]),
        3 => Mat::Map2(Map2::Power, [a, b]),
        _ => Mat::Had(Box::new([a, b])),
    }
}

/// The same classes with the same nodes in the same order, each node found in its class.
fn assert_same(own: &EGraph, other: &Other) {
    let mut classes: Vec<Id> = other.classes().map(|c| c.id).collect();
    classes.sort_unstable();
    assert_eq!(own.classes().collect::<Vec<Id>>(), classes);
    assert_eq!(own.node_count(), other.total_number_of_nodes());
    for class in classes {
        assert_eq!(own.nodes(class), other[class].nodes);
        assert!(own.nodes(class).iter().all(|node| own.lookup(node.clone()) == Some(class)));
        let least = own.nodes(class).iter().map(|node| cost_of(node, |c| own.about(c).cost).plain).min();
        assert_eq!(Some(own.about(class).cost.plain), least);
        let best = own.best(class).clone().map_children(|c| own.find(c));
        assert_eq!(Some(cost_of(&best, |c| own.about(c).cost).plain), least);
    }
}

#[test]
fn classes_are_those_of_egg() {
    for seed in 0..60 {
        let mut dice = Dice(seed);
        let (mut own, mut other) = (EGraph::default(), Other::new(Nothing));
        let mut classes: Vec<Id> = Vec::new();
        for n in 2..5 {
            let leaf = Mat::Number(Number::int(n));
            other.add(leaf.clone());
            classes.push(own.add(leaf));
        }
        for _ in 0..120 {
            match dice.roll(8) {
                0 => {
                    let (a, b) = (classes[dice.roll(classes.len())], classes[dice.roll(classes.len())]);
                    assert_eq!(own.union(a, b), other.union(a, b));
                }
                1 => {
                    own.rebuild();
                    other.rebuild();
                    assert_same(&own, &other);
                }
                _ => {
                    let node = random_node(&mut dice, &classes);
                    let class = own.add(node.clone());
                    assert_eq!(class, other.add(node));
                    classes.push(class);
                }
            }
        }
    }
}
