//! An arena of matrix terms: hash-consed, each with its form, its cost and its facts.

use super::{Build, Cost, Form, Mat, cost_of, form_of};
use crate::fact::{Facts, facts_of};
use crate::number::Number;
use egg::{Id, Language, RecExpr};
use rustc_hash::FxHashMap;
use std::cmp::Ordering;

/// Matrix terms under construction. Equal terms have the same id, and children come before their parents.
#[derive(Clone, Debug, Default)]
pub struct Terms {
    entries: Vec<Entry>,
    ids: FxHashMap<Mat, Id>,
}

#[derive(Clone, Debug)]
struct Entry {
    node: Mat,
    form: Form,
    cost: Cost,
    facts: Facts,
}

impl Terms {
    pub fn new() -> Terms {
        Terms::default()
    }

    /// How many terms there are; their ids are the numbers below.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    pub fn node(&self, t: Id) -> &Mat {
        &self.entry(t).node
    }

    fn entry(&self, t: Id) -> &Entry {
        &self.entries[usize::from(t)]
    }

    /// Adds what is known of the value of a term beyond what its form tells.
    pub fn know(&mut self, t: Id, facts: Facts) {
        let entry = &mut self.entries[usize::from(t)];
        entry.facts = entry.facts | facts;
    }

    /// The names, numbers and operators of the term as text.
    pub fn tokens(&self, t: Id) -> u64 {
        // A mean costs one less than its token.
        (self.cost(t).plain + 1) / super::TOKEN
    }

    /// The order of content: operator, what it carries, then the children. Ids play no part, so that it is the same
    /// whatever was built before.
    ///
    /// Equal subterms have equal ids, so that only the first differing child is looked into: linear in the depth.
    pub fn compare(&self, mut a: Id, mut b: Id) -> Ordering {
        while a != b {
            let (x, y) = (self.node(a), self.node(b));
            let shallow = x.operator().cmp(&y.operator()).then_with(|| x.children().len().cmp(&y.children().len()));
            if shallow.is_ne() {
                return shallow;
            }
            if !x.matches(y) {
                let same_children = |node: &Mat| node.clone().map_children(|_| Id::from(0));
                return same_children(x).cmp(&same_children(y));
            }
            match x.children().iter().zip(y.children()).find(|(c, d)| c != d) {
                Some((c, d)) => (a, b) = (*c, *d),
                None => return Ordering::Equal,
            }
        }
        Ordering::Equal
    }

    /// The term and what it is made of, on its own.
    pub fn to_recexpr(&self, t: Id) -> RecExpr<Mat> {
        self.to_recexprs(&[t]).0
    }

    /// Several terms and what they are made of, in one expression, with the place of each.
    pub fn to_recexprs(&self, roots: &[Id]) -> (RecExpr<Mat>, Vec<Id>) {
        let mut needed = vec![false; roots.iter().map(|r| usize::from(*r) + 1).max().unwrap_or(0)];
        roots.iter().for_each(|r| needed[usize::from(*r)] = true);
        for at in (0..needed.len()).rev() {
            if needed[at] {
                self.entries[at].node.children().iter().for_each(|c| needed[usize::from(*c)] = true);
            }
        }
        let mut place = vec![Id::from(0); needed.len()];
        let mut expression = RecExpr::default();
        for at in (0..needed.len()).filter(|at| needed[*at]) {
            let node = self.entries[at].node.clone().map_children(|c| place[usize::from(c)]);
            place[at] = expression.add(node);
        }
        (expression, roots.iter().map(|r| place[usize::from(*r)]).collect())
    }

    /// Adds the terms of an expression as they are and returns its root.
    pub fn add_recexpr(&mut self, expression: &RecExpr<Mat>) -> Id {
        let mut place: Vec<Id> = Vec::with_capacity(expression.as_ref().len());
        for node in expression.as_ref() {
            let node = node.clone().map_children(|c| place[usize::from(c)]);
            let id = self.insert(node);
            place.push(id);
        }
        place.last().copied().unwrap_or_else(|| self.number(0))
    }
}

/// Puts the commutative children of a node in order.
pub fn sort_children(node: &mut Mat, order: impl Fn(Id, Id) -> Ordering) {
    match node {
        Mat::Had(factors) => factors.sort_by(|a, b| order(*a, *b)),
        Mat::Add(coefficients, terms) if !terms.is_sorted_by(|a, b| order(*a, *b).is_le()) => {
            let mut pairs: Vec<(Number, Id)> = coefficients.iter().cloned().zip(terms.iter().copied()).collect();
            pairs.sort_by(|(_, a), (_, b)| order(*a, *b));
            for (at, (c, t)) in pairs.into_iter().enumerate() {
                coefficients[at] = c;
                terms[at] = t;
            }
        }
        _ => {}
    }
}

impl Build for Terms {
    fn insert(&mut self, mut node: Mat) -> Id {
        sort_children(&mut node, |a, b| self.compare(a, b));
        if let Some(id) = self.ids.get(&node) {
            return *id;
        }
        let form = form_of(&node, |c| &self.entry(c).form);
        let cost = cost_of(&node, |c| self.entry(c).cost);
        let facts = facts_of(&node, &form, |c| self.entry(c).facts);
        let id = Id::from(self.entries.len());
        self.ids.insert(node.clone(), id);
        self.entries.push(Entry { node, form, cost, facts });
        id
    }

    fn form(&self, t: Id) -> &Form {
        &self.entry(t).form
    }

    fn view(&self, t: Id) -> &Mat {
        self.node(t)
    }

    fn canonical(&self, t: Id) -> Id {
        t
    }

    fn cost(&self, t: Id) -> Cost {
        self.entry(t).cost
    }

    fn facts(&self, t: Id) -> Facts {
        self.entry(t).facts
    }

    fn order(&self, a: Id, b: Id) -> Ordering {
        self.compare(a, b)
    }

    fn prefers_negation(&self, coefficients: &[Number], _: &[Id]) -> bool {
        coefficients.first().is_some_and(Number::is_negative)
    }
}
