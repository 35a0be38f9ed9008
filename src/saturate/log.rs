//! What an e-graph was told, as equations between plain terms, so that a chain of steps can be read off afterwards.
//!
//! A class knows neither the terms it was made of nor why they are equal. So while the graph works, the log keeps the
//! term that each class began as, and for each merge the law with the very terms that it makes equal. `explain.rs`
//! makes a chain of these. Nothing here changes the graph: with a log it finds what it finds without.

use super::graph::Graph;
use super::law::Law;
use super::matcher::{self, Match, Side};
use crate::matrix::{Build, Mat, Terms};
use egg::{Id, Language};
use rustc_hash::FxHashMap;
use std::sync::Arc;

/// The steps of the engine itself, by the names that a chain gives them.
pub mod step {
    /// A constructor puts a node into normal form: products are flat, like terms merged, what is known of a part is used.
    pub const NORMALISE: &str = "normalise";
    /// Common factors of a sum are taken out, or a part of an n-ary node is written as one.
    pub const FACTOR: &str = "factor";
    /// One index form read in two ways.
    pub const RAISE: &str = "raise";
}

/// Two terms that a named step makes equal: `after` is what it makes of `before`.
#[derive(Clone, Debug)]
pub struct Equation {
    pub name: Arc<str>,
    pub before: Id,
    pub after: Id,
}

/// The log of one graph; all terms are of its arena.
#[derive(Debug, Default)]
pub struct Log {
    pub terms: Terms,
    /// The term that each class began as.
    first: FxHashMap<Id, Id>,
    pub equations: Vec<Equation>,
    /// Terms that are in one class without any step: congruence shows it, as a rule.
    pub joints: Vec<(Id, Id)>,
    /// The cheapest term of a class as the graph was when the current round began.
    cheapest: FxHashMap<Id, Id>,
}

impl Log {
    /// A class may have come into being with this node.
    pub fn added(&mut self, class: Id, node: &Mat) {
        if !self.first.contains_key(&class) {
            let term = self.over(node, |log, c| log.first(c));
            self.first.insert(class, term);
        }
    }

    /// The term that the class began as.
    pub fn first(&mut self, class: Id) -> Id {
        // Every class began with a node that was added, so that the number is never needed.
        self.first.get(&class).copied().unwrap_or_else(|| self.terms.number(0))
    }

    fn over(&mut self, node: &Mat, mut term: impl FnMut(&mut Log, Id) -> Id) -> Id {
        let mut node = node.clone();
        for at in 0..node.children().len() {
            let child = term(self, node.children()[at]);
            node.children_mut()[at] = child;
        }
        self.terms.insert(node)
    }

    /// The graph has changed since classes were last written out.
    pub fn new_round(&mut self) {
        self.cheapest.clear();
    }

    fn cheapest(&mut self, graph: &Graph, class: Id) -> Id {
        let class = graph.canonical(class);
        if let Some(term) = self.cheapest.get(&class) {
            return *term;
        }
        let term = self.over(graph.view(class), |log, c| log.cheapest(graph, c));
        self.cheapest.insert(class, term);
        term
    }

    /// A law has made `built` of what it matched in the class.
    pub fn law(&mut self, graph: &Graph, law: &Law, found: &Match, class: Id, built: Id) {
        let mut places: Vec<(Id, Id)> = Vec::new();
        for c in found.classes() {
            places.push((c, self.cheapest(graph, c)));
        }
        let place = |c: Id| places.iter().find(|(from, _)| *from == c).map_or(c, |(_, to)| *to);
        let before = matcher::apply(&mut self.terms, law, found, Side::Left, &place);
        let after = matcher::apply(&mut self.terms, law, found, Side::Right, &place);
        self.equation(law.name.as_str(), class, before, after, built);
    }

    /// A step of the engine has made `built` of a node of the class.
    pub fn engine(&mut self, graph: &Graph, name: &str, node: &Mat, class: Id, built: Id) {
        let before = self.over(node, |log, c| log.cheapest(graph, c));
        let after = self.cheapest(graph, built);
        self.equation(name, class, before, after, built);
    }

    fn equation(&mut self, name: &str, class: Id, before: Id, after: Id, built: Id) {
        let (first, last) = (self.first(class), self.first(built));
        self.joints.extend([(first, before), (last, after)]);
        self.equations.push(Equation { name: name.into(), before, after });
    }

    /// Two seeds are given as equal.
    pub fn given(&mut self, before: Id, after: Id) {
        self.equations.push(Equation { name: step::RAISE.into(), before, after });
    }
}
