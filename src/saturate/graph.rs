//! The e-graph of one query: classes of equal matrix terms, what is known of each, and the constructors over them.

use super::log::{Log, step};
use crate::error::{Error, ErrorKind, Result};
use crate::fact::{Facts, facts_of};
use crate::matrix::{Build, Cost, Form, Mat, Terms, cost_of, form_of, reconstruct, sort_children};
use crate::number::Number;
use egg::{Analysis, DidMerge, EGraph, Id, Language};
use rustc_hash::{FxHashMap, FxHashSet, FxHasher};
use std::cell::RefCell;
use std::cmp::Ordering;
use std::hash::{Hash, Hasher};
use std::sync::LazyLock;

/// The clock that `egg` sees: it times each rebuild for a log that nobody reads, and the first look at a real clock calibrates that for
/// longer than most derivatives take.
static STOPPED: LazyLock<quanta::Clock> = LazyLock::new(|| quanta::Clock::mock().0);

/// What is known of a class. The form never changes; the cost only falls, the facts only grow.
#[derive(Clone, Debug)]
pub struct About {
    pub form: Form,
    pub cost: Cost,
    pub facts: Facts,
    /// The node of least plain cost.
    best: Mat,
}

/// What is known of every class, by its id: it is asked for far more often than the graph changes, and `egg` finds a class by
/// hashing. Two classes of different form that are found equal are a bug of a rule, which is kept for the report.
#[derive(Debug, Default)]
pub struct Knowledge {
    about: Vec<About>,
    pub clash: Option<(Form, Form)>,
}

/// What one node says of its class.
#[derive(Debug)]
pub struct News {
    class: Id,
    cost: Cost,
    facts: Facts,
    /// The node, if the class has none that is cheaper.
    best: Option<Mat>,
}

impl Analysis<Mat> for Knowledge {
    type Data = News;

    /// Of a node that begins a class, or once more when more is known of its children.
    fn make(egraph: &mut EGraph<Mat, Self>, node: &Mat, class: Id) -> News {
        let about = |c: Id| &egraph.analysis.about[usize::from(egraph.find(c))];
        let known = egraph.analysis.about.get(usize::from(class));
        let form = known.map_or_else(|| form_of(node, |c| &about(c).form), |known| known.form.clone());
        let cost = cost_of(node, |c| about(c).cost);
        let facts = facts_of(node, &form, |c| about(c).facts);
        let best = known.filter(|known| cost.plain < known.cost.plain).map(|_| node.clone());
        if known.is_none() {
            egraph.analysis.about.push(About { form, cost, facts, best: node.clone() });
        }
        News { class, cost, facts, best }
    }

    /// The class that stays is the one of `a`.
    fn merge(&mut self, a: &mut News, b: News) -> DidMerge {
        let other = usize::from(b.class);
        if a.class != b.class && self.clash.is_none() && self.about[usize::from(a.class)].form != self.about[other].form {
            self.clash = Some((self.about[usize::from(a.class)].form.clone(), self.about[other].form.clone()));
        }
        let (cost, facts) = (a.cost.min(b.cost), a.facts | b.facts);
        let better = b.cost.plain < a.cost.plain;
        let changed = DidMerge(cost != a.cost || facts != a.facts, cost != b.cost || facts != b.facts || !better);
        (a.cost, a.facts) = (cost, facts);
        let best = if better { Some(b.best.unwrap_or_else(|| self.about[other].best.clone())) } else { None };
        let about = &mut self.about[usize::from(a.class)];
        (about.cost, about.facts) = (cost, facts);
        if let Some(best) = best {
            about.best = best;
        }
        changed
    }
}

/// An e-graph whose n-ary nodes are kept normal.
#[derive(Default)]
pub struct Graph {
    egraph: EGraph<Mat, Knowledge>,
    /// Nodes that have been normalised already, with what they saw of their children.
    normal: FxHashSet<u64>,
    /// What happens, for those who ask for a chain of steps.
    pub log: Option<Box<Log>>,
    /// Which class is the transpose of which, by how deep it was looked for, as long as the graph does not change.
    transposes: RefCell<FxHashMap<(Id, usize), Option<Id>>>,
}

impl Graph {
    /// An empty graph that writes down what happens.
    pub fn with_log() -> Graph {
        Graph { log: Some(Box::default()), ..Graph::default() }
    }

    /// Adds terms as they are; only commutative children are sorted anew. Children go first, in the order in which they
    /// stand, so that the numbers of the classes do not depend on what else the arena holds.
    pub fn add_terms(&mut self, terms: &Terms, roots: &[Id]) -> Vec<Id> {
        let mut place: FxHashMap<Id, Id> = FxHashMap::default();
        let mut waiting: Vec<Id> = roots.iter().rev().copied().collect();
        while let Some(&t) = waiting.last() {
            let node = terms.node(t);
            let missing = node.children().iter().rev().filter(|c| !place.contains_key(c));
            let before = waiting.len();
            waiting.extend(missing);
            if waiting.len() > before {
                continue;
            }
            waiting.pop();
            if !place.contains_key(&t) {
                let class = self.insert(node.clone().map_children(|c| place.get(&c).copied().unwrap_or(c)));
                place.insert(t, class);
            }
        }
        roots.iter().filter_map(|r| place.get(r).copied()).collect()
    }

    /// The classes in order of their ids.
    pub fn classes(&self) -> Vec<Id> {
        let mut ids: Vec<Id> = self.egraph.classes().map(|c| c.id).collect();
        ids.sort_unstable();
        ids
    }

    pub fn nodes(&self, class: Id) -> &[Mat] {
        &self.egraph[class].nodes
    }

    /// Merges two classes; says whether they were different.
    pub fn union(&mut self, a: Id, b: Id) -> bool {
        // `egg` would rebuild itself although nothing has changed.
        if self.canonical(a) == self.canonical(b) {
            return false;
        }
        self.transposes.get_mut().clear();
        self.egraph.union(a, b)
    }

    pub fn node_count(&self) -> usize {
        self.egraph.total_number_of_nodes()
    }

    /// Restores congruence and adds the normal form of every node that is not normal, until nothing changes.
    ///
    /// Congruence is positional, so that equal sums would stay apart once their children merge. Ends after `rounds`
    /// at the latest; each round does only nodes whose children have changed.
    pub fn normalise(&mut self, rounds: usize, node_limit: usize) {
        self.rebuild();
        self.new_round();
        for _ in 0..rounds {
            let mut changed = false;
            for class in self.classes() {
                let is_new = |node: &Mat| !node.is_leaf() && !self.normal.contains(&self.seen(node));
                if !self.nodes(class).iter().any(is_new) {
                    continue;
                }
                for node in self.nodes(class).to_vec() {
                    if node.is_leaf() || !self.normal.insert(self.seen(&node)) {
                        continue;
                    }
                    let normal = reconstruct(self, &node);
                    self.record(class, normal, |log, graph| log.engine(graph, step::NORMALISE, &node, class, normal));
                    changed |= self.union(class, normal);
                }
            }
            self.rebuild();
            self.new_round();
            if !changed || self.node_count() > node_limit {
                return;
            }
        }
    }

    fn rebuild(&mut self) {
        self.transposes.get_mut().clear();
        if !self.egraph.clean {
            quanta::with_clock(&STOPPED, || self.egraph.rebuild());
        }
    }

    /// Lets the log, if there is one, write down why two classes that are different so far are equal.
    pub fn record(&mut self, a: Id, b: Id, write: impl FnOnce(&mut Log, &Graph)) {
        if self.log.is_some()
            && self.canonical(a) != self.canonical(b)
            && let Some(mut log) = self.log.take()
        {
            write(&mut log, self);
            self.log = Some(log);
        }
    }

    /// Tells the log, if there is one, that the graph has changed.
    pub fn new_round(&mut self) {
        if let Some(log) = &mut self.log {
            log.new_round();
        }
    }

    /// A node with all that its constructor could look at.
    fn seen(&self, node: &Mat) -> u64 {
        let mut hasher = FxHasher::default();
        node.hash(&mut hasher);
        for c in node.children() {
            let about = self.about(*c);
            (about.cost.plain, about.facts).hash(&mut hasher);
        }
        hasher.finish()
    }

    /// # Errors
    /// [`ErrorKind::Internal`] if terms of different form were merged.
    pub fn shapes_agree(&self) -> Result<()> {
        let Some((a, b)) = &self.egraph.analysis.clash else { return Ok(()) };
        debug_assert!(false, "terms of different form were found equal: {a:?} and {b:?}");
        Err(Error::new(ErrorKind::Internal, format!("terms of different form were found equal: {a:?} and {b:?}")))
    }

    /// The class of that node, if there is one.
    pub fn lookup(&self, mut node: Mat) -> Option<Id> {
        sort_children(&mut node, |a, b| a.cmp(&b));
        self.egraph.lookup(node)
    }

    /// What `find` finds as the transpose of a class, remembered until the graph changes.
    pub fn transpose_once(&self, class: Id, depth: usize, find: impl FnOnce() -> Option<Id>) -> Option<Id> {
        if let Some(known) = self.transposes.borrow().get(&(class, depth)) {
            return *known;
        }
        let found = find();
        self.transposes.borrow_mut().insert((class, depth), found);
        found
    }

    pub fn about(&self, class: Id) -> &About {
        &self.egraph.analysis.about[usize::from(self.egraph.find(class))]
    }
}

/// How deep below a node a change is noticed. No pattern looks further.
const DEPTH: usize = 3;

/// A fingerprint of what is below each class, in the place of its id, by which unchanged nodes are recognised.
pub struct Below {
    near: Vec<u64>,
    far: Vec<u64>,
}

impl Below {
    /// Of the classes in order of their ids.
    pub fn of(graph: &Graph, classes: &[Id]) -> Below {
        let of_each = |fingerprint: &dyn Fn(Id) -> u64| {
            let mut all = vec![0; classes.last().map_or(0, |last| usize::from(*last) + 1)];
            classes.iter().for_each(|c| all[usize::from(*c)] = fingerprint(*c));
            all
        };
        let near = of_each(&|c| {
            let about = graph.about(c);
            hash_of(&(c, graph.nodes(c).len(), about.facts, about.cost.plain))
        });
        let far = (1..DEPTH).fold(near.clone(), |below, _| of_each(&|c| one_deeper(graph, c, &below)));
        Below { near, far }
    }

    /// A node with its children as they are written and what they cost.
    pub fn near(&self, graph: &Graph, node: &Mat) -> u64 {
        of_node(graph, node, &self.near)
    }

    /// A node with all that a pattern can look at.
    pub fn far(&self, graph: &Graph, node: &Mat) -> u64 {
        of_node(graph, node, &self.far)
    }
}

fn one_deeper(graph: &Graph, class: Id, below: &[u64]) -> u64 {
    let children = graph.nodes(class).iter().flat_map(|node| node.children());
    let mut hasher = FxHasher::default();
    hasher.write_u64(below[usize::from(class)]);
    children.for_each(|c| hasher.write_u64(below[usize::from(graph.canonical(*c))]));
    hasher.finish()
}

fn of_node(graph: &Graph, node: &Mat, below: &[u64]) -> u64 {
    let mut hasher = FxHasher::default();
    node.hash(&mut hasher);
    node.children().iter().for_each(|c| hasher.write_u64(below[usize::from(graph.canonical(*c))]));
    hasher.finish()
}

/// A hash that is the same in every process.
pub fn hash_of(value: &impl Hash) -> u64 {
    let mut hasher = FxHasher::default();
    value.hash(&mut hasher);
    hasher.finish()
}

impl Build for Graph {
    fn insert(&mut self, node: Mat) -> Id {
        self.transposes.get_mut().clear();
        let mut node = node.map_children(|c| self.egraph.find(c));
        sort_children(&mut node, |a, b| a.cmp(&b));
        let Some(log) = &mut self.log else { return self.egraph.add(node) };
        let class = self.egraph.add(node.clone());
        log.added(class, &node);
        class
    }

    fn form(&self, t: Id) -> &Form {
        &self.about(t).form
    }

    fn view(&self, t: Id) -> &Mat {
        &self.about(t).best
    }

    fn canonical(&self, t: Id) -> Id {
        self.egraph.find(t)
    }

    fn cost(&self, t: Id) -> Cost {
        self.about(t).cost
    }

    fn facts(&self, t: Id) -> Facts {
        self.about(t).facts
    }

    fn order(&self, a: Id, b: Id) -> Ordering {
        self.egraph.find(a).cmp(&self.egraph.find(b))
    }

    /// Signs are not normalised here, since a sort key may change on merge and the signs would flip for ever: of a sum
    /// and its negation, the one that exists is kept.
    fn prefers_negation(&self, coefficients: &[Number], terms: &[Id]) -> bool {
        let negated: Box<[Number]> = coefficients.iter().map(|c| -c).collect();
        self.lookup(Mat::Add(coefficients.into(), terms.into())).is_none() && self.lookup(Mat::Add(negated, terms.into())).is_some()
    }
}
