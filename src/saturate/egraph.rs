//! An e-graph: nodes in classes of equal ones, closed under congruence, with what is known of each class.
//!
//! It does what has to be done and no more: a class is a place in a vector and found without hashing, and after merges only
//! the classes that hold a changed node are put in order again. Merging is put off until [`EGraph::rebuild`], as in Willsey and
//! others 2021, *egg: Fast and extensible equality saturation*, section 3.

use crate::fact::{Facts, facts_of};
use crate::matrix::{Cost, Form, Mat, cost_of, form_of};
use egg::{Id, Language};
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::VecDeque;

/// What is known of a class. The form never changes; the cost only falls, the facts only grow.
#[derive(Clone, Debug)]
pub struct About {
    pub form: Form,
    pub cost: Cost,
    pub facts: Facts,
    /// The node of least plain cost.
    best: Id,
}

#[derive(Debug)]
struct Class {
    nodes: Vec<Mat>,
    /// The nodes with this class among their children, by the ids under which they were added.
    users: Vec<Id>,
    about: About,
}

/// Ids that wait, each once.
#[derive(Debug, Default)]
struct Queue {
    order: VecDeque<Id>,
    waiting: FxHashSet<Id>,
}

impl Queue {
    fn extend(&mut self, ids: &[Id]) {
        self.order.extend(ids.iter().filter(|id| self.waiting.insert(**id)));
    }

    fn pop(&mut self) -> Option<Id> {
        let first = self.order.pop_front();
        first.iter().for_each(|id| _ = self.waiting.remove(id));
        first
    }
}

#[derive(Debug, Default)]
pub struct EGraph {
    /// Each node as it was added; its place is the id of the class that it began.
    added: Vec<Mat>,
    /// From an id towards the one of its class.
    leaders: Vec<Id>,
    /// By id; one that has gone into another is empty.
    classes: Vec<Class>,
    known: FxHashMap<Mat, Id>,
    /// Added nodes of which a child has gone into another class.
    changed: Vec<Id>,
    /// Added nodes of which more is known about a child.
    learned: Queue,
    /// Classes whose nodes may be twice there or out of order.
    untidy: Vec<Id>,
    node_count: usize,
    /// Two forms that were found equal, which is a bug of a rule.
    pub clash: Option<(Form, Form)>,
}

impl EGraph {
    /// The id of the class.
    pub fn find(&self, mut id: Id) -> Id {
        while self.leaders[usize::from(id)] != id {
            id = self.leaders[usize::from(id)];
        }
        id
    }

    /// The classes in order of their ids.
    pub fn classes(&self) -> impl Iterator<Item = Id> + '_ {
        self.leaders.iter().enumerate().map(|(at, leader)| (Id::from(at), *leader)).filter(|(id, leader)| id == leader).map(|(id, _)| id)
    }

    fn class(&self, id: Id) -> &Class {
        &self.classes[usize::from(self.find(id))]
    }

    /// The nodes of a class, in order as they were when the graph was last rebuilt.
    pub fn nodes(&self, class: Id) -> &[Mat] {
        &self.class(class).nodes
    }

    pub fn about(&self, class: Id) -> &About {
        &self.class(class).about
    }

    /// The node of least plain cost of a class.
    pub fn best(&self, class: Id) -> &Mat {
        &self.added[usize::from(self.about(class).best)]
    }

    /// The nodes of all classes.
    pub fn node_count(&self) -> usize {
        self.node_count
    }

    fn canonical(&self, mut node: Mat) -> Mat {
        node.update_children(|c| self.find(c));
        node
    }

    /// The class of a node, if it is there.
    pub fn lookup(&self, node: Mat) -> Option<Id> {
        self.known.get(&self.canonical(node)).map(|class| self.find(*class))
    }

    /// The class of a node, which is added if it is not there.
    pub fn add(&mut self, node: Mat) -> Id {
        let node = self.canonical(node);
        if let Some(class) = self.known.get(&node) {
            return self.find(*class);
        }
        let id = Id::from(self.added.len());
        let form = form_of(&node, |c| &self.about(c).form);
        let cost = cost_of(&node, |c| self.about(c).cost);
        let facts = facts_of(&node, &form, |c| self.about(c).facts);
        for c in node.children() {
            self.classes[usize::from(*c)].users.push(id);
        }
        self.leaders.push(id);
        self.added.push(node.clone());
        self.known.insert(node.clone(), id);
        self.classes.push(Class { nodes: vec![node], users: Vec::new(), about: About { form, cost, facts, best: id } });
        self.node_count += 1;
        id
    }

    /// Merges two classes; says whether they were different. What follows from it waits for [`EGraph::rebuild`].
    pub fn union(&mut self, a: Id, b: Id) -> bool {
        let (mut into, mut from) = (usize::from(self.find(a)), usize::from(self.find(b)));
        if into == from {
            return false;
        }
        if self.classes[into].users.len() < self.classes[from].users.len() {
            std::mem::swap(&mut into, &mut from);
        }
        self.leaders[from] = Id::from(into);
        let Ok([class, other]) = self.classes.get_disjoint_mut([into, from]) else { return false };
        if class.about.form != other.about.form && self.clash.is_none() {
            self.clash = Some((class.about.form.clone(), other.about.form.clone()));
        }
        self.changed.extend(&other.users);
        if class.about.learn(&other.about) {
            self.learned.extend(&class.users);
        }
        if other.about.learn(&class.about) {
            self.learned.extend(&other.users);
        }
        append(&mut class.nodes, std::mem::take(&mut other.nodes));
        append(&mut class.users, std::mem::take(&mut other.users));
        self.untidy.push(Id::from(into));
        true
    }

    /// Merges the classes of nodes that have become equal, and carries what is known of classes to those above them, until
    /// nothing changes.
    ///
    /// Ends because each merge leaves one class less, costs only fall and facts only grow.
    pub fn rebuild(&mut self) {
        loop {
            if let Some(node) = self.changed.pop() {
                self.is_again(node);
            } else if let Some(node) = self.learned.pop() {
                self.learn(node);
            } else {
                return self.tidy();
            }
        }
    }

    /// A node with its children as they are now, which may be there already.
    fn is_again(&mut self, id: Id) {
        self.untidy.push(id);
        let node = self.canonical(self.added[usize::from(id)].clone());
        if let Some(class) = self.known.insert(node, id) {
            self.union(class, id);
        }
    }

    /// What is known of the children of a node tells of its class.
    fn learn(&mut self, id: Id) {
        let (node, class) = (&self.added[usize::from(id)], usize::from(self.find(id)));
        let form = &self.classes[class].about.form;
        let cost = cost_of(node, |c| self.about(c).cost);
        let facts = facts_of(node, form, |c| self.about(c).facts);
        let Class { about, users, .. } = &mut self.classes[class];
        if about.learn_from(cost, facts, id) {
            self.learned.extend(users);
        }
    }

    /// Puts the nodes of the classes in order that have changed.
    fn tidy(&mut self) {
        if self.untidy.is_empty() {
            return;
        }
        for at in 0..self.leaders.len() {
            self.leaders[at] = self.find(self.leaders[at]);
        }
        let mut untidy: Vec<Id> = std::mem::take(&mut self.untidy).into_iter().map(|id| self.find(id)).collect();
        untidy.sort_unstable();
        untidy.dedup();
        for class in untidy {
            let nodes = &mut self.classes[usize::from(class)].nodes;
            let before = nodes.len();
            nodes.iter_mut().for_each(|node| node.update_children(|c| self.leaders[usize::from(c)]));
            nodes.sort_unstable();
            nodes.dedup();
            self.node_count -= before - nodes.len();
        }
    }
}

impl About {
    /// Takes over what is known of an equal class; says whether it was news.
    fn learn(&mut self, other: &About) -> bool {
        self.learn_from(other.cost, other.facts, other.best)
    }

    fn learn_from(&mut self, cost: Cost, facts: Facts, best: Id) -> bool {
        if cost.plain < self.cost.plain {
            self.best = best;
        }
        let (cost, facts) = (self.cost.min(cost), self.facts | facts);
        let news = cost != self.cost || facts != self.facts;
        (self.cost, self.facts) = (cost, facts);
        news
    }
}

/// Puts the shorter list behind the longer one.
fn append<T>(to: &mut Vec<T>, mut from: Vec<T>) {
    if to.len() < from.len() {
        std::mem::swap(to, &mut from);
    }
    to.append(&mut from);
}
