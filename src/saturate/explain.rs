//! Explained saturation: how one term becomes another one that is found equal, such as an answer that of its seed.
//!
//! [`connect`] saturates from both in a graph that keeps a [`Log`]. Then the equations of the log are closed under
//! congruence with a proof forest (Nieuwenhuis and Oliveras 2005, "Proof-producing congruence closure"), the path from
//! the one to the other is written as a chain of whole terms, and the chain is made short: loops are cut, and from each
//! term it jumps to the furthest one that a single rule reaches.
//!
//! A [`Rewrite`] is named after a law of the catalog or is a [`super::step`] of the engine.

use super::factoring;
use super::graph::Graph;
use super::log::{Equation, Log, step};
use super::matcher::{self, Side};
use super::{Found, Limits, NORMALISATIONS, RuleSet, Searched, saturate, search};
use crate::error::Result;
use crate::matrix::{Build, Mat, Terms, reconstruct, sort_children};
use egg::{Id, Language, RecExpr};
use indexmap::IndexMap;
use rustc_hash::FxHashMap;
use std::sync::Arc;

/// One step of a chain: the rule of that name makes `after` of the term before, or that of `after` if it is used backwards.
#[derive(Clone, Debug)]
pub(crate) struct Rewrite {
    pub rule: Arc<str>,
    pub forward: bool,
    /// The whole term; that of the step before, or the start of the chain, is what it was made of.
    pub after: RecExpr<Mat>,
}

/// A chain of steps from the first term of the left to the first of the right, if saturation from both finds them equal. The
/// terms of one side are given as equal.
///
/// # Errors
/// As [`super::simplify`].
pub(crate) fn connect(terms: &Terms, left: &[Id], right: &[Id], rules: &RuleSet, limits: &Limits) -> Result<Option<Vec<Rewrite>>> {
    let mut graph = Graph::with_log();
    let (lefts, rights) = (graph.add_terms(terms, left), graph.add_terms(terms, right));
    let (Some(&a), Some(&b)) = (lefts.first(), rights.first()) else { return Ok(None) };
    lefts.iter().for_each(|t| _ = graph.union(a, *t));
    rights.iter().for_each(|t| _ = graph.union(b, *t));
    graph.normalise(NORMALISATIONS, limits.nodes);
    let met = |graph: &Graph| graph.canonical(a) == graph.canonical(b);
    saturate(&mut graph, &[a], rules, limits, &mut IndexMap::new(), &met);
    graph.shapes_agree()?;
    if !met(&graph) {
        return Ok(None);
    }
    let mut log = graph.log.take().unwrap_or_default();
    let mut ends = Vec::new();
    for side in [left, right] {
        let given: Vec<Id> = side.iter().map(|t| log.terms.add_recexpr(&terms.to_recexpr(*t))).collect();
        given.iter().skip(1).for_each(|t| log.given(given[0], *t));
        ends.extend(given.first());
    }
    let [left, right] = ends[..] else { return Ok(None) };
    Ok(Some(chain(*log, left, right, rules)))
}

/// A step between terms of one arena.
#[derive(Clone, Debug)]
struct Link {
    rule: Arc<str>,
    forward: bool,
    after: Id,
}

fn chain(log: Log, start: Id, end: Id, rules: &RuleSet) -> Vec<Rewrite> {
    let Log { mut terms, equations, joints, .. } = log;
    let unexplained = || vec![Link { rule: step::NORMALISE.into(), forward: true, after: end }];
    let links = if start == end {
        Vec::new()
    } else {
        let found = Closure::of(&mut terms, &equations, &joints, (start, end)).chain(start, end);
        let links = found.unwrap_or_else(unexplained);
        let links = in_normal_form(&mut terms, start, links);
        shortened(&mut terms, start, links, rules)
    };
    links.into_iter().map(|link| Rewrite { rule: link.rule, forward: link.forward, after: terms.to_recexpr(link.after) }).collect()
}

/// Why two terms of a proof forest are equal.
#[derive(Clone, Copy, Debug)]
enum Why {
    /// The equation at that place, from its left side to its right one or the other way.
    Equation(usize, bool),
    /// Their children are.
    Congruence,
}

/// The most links that a path may have before it is shortened.
const MOST_LINKS: usize = 20_000;

/// Congruence closure of equations between terms.
struct Closure<'a> {
    terms: &'a mut Terms,
    equations: Vec<Equation>,
    class: Vec<Id>,
    members: Vec<Vec<Id>>,
    /// The terms that have a term of the class as a child.
    users: Vec<Vec<Id>>,
    table: FxHashMap<Mat, Id>,
    forest: Vec<Option<(Id, Why)>>,
    links: usize,
}

impl<'a> Closure<'a> {
    fn of(terms: &'a mut Terms, equations: &[Equation], joints: &[(Id, Id)], ends: (Id, Id)) -> Closure<'a> {
        let n = terms.len();
        let mut closure = Closure {
            terms,
            equations: equations.to_vec(),
            class: (0..n).map(Id::from).collect(),
            members: (0..n).map(|t| vec![Id::from(t)]).collect(),
            users: vec![Vec::new(); n],
            table: FxHashMap::default(),
            forest: vec![None; n],
            links: 0,
        };
        for t in (0..n).map(Id::from) {
            let children = closure.terms.node(t).children().to_vec();
            children.into_iter().for_each(|c| closure.users[usize::from(c)].push(t));
            let key = closure.key(t);
            closure.table.insert(key, t);
        }
        for (at, equation) in equations.iter().enumerate() {
            closure.merge(equation.before, equation.after, Why::Equation(at, true));
        }
        // What congruence does not show was done by a constructor that knows more of a class than any of its terms tells.
        for &(a, b) in joints.iter().chain([&ends]) {
            if closure.class[usize::from(a)] != closure.class[usize::from(b)] {
                let at = closure.equations.len();
                closure.equations.push(Equation { name: step::NORMALISE.into(), before: a, after: b });
                closure.merge(a, b, Why::Equation(at, true));
            }
        }
        closure
    }

    fn key(&self, t: Id) -> Mat {
        let mut node = self.terms.node(t).clone().map_children(|c| self.class[usize::from(c)]);
        sort_children(&mut node, |a, b| a.cmp(&b));
        node
    }

    fn merge(&mut self, a: Id, b: Id, why: Why) {
        let mut waiting = vec![(a, b, why)];
        while let Some((a, b, why)) = waiting.pop() {
            let (mut kept, mut gone) = (self.class[usize::from(a)], self.class[usize::from(b)]);
            if kept == gone {
                continue;
            }
            self.plant(a, b, why);
            if self.users[usize::from(kept)].len() < self.users[usize::from(gone)].len() {
                (kept, gone) = (gone, kept);
            }
            for t in std::mem::take(&mut self.members[usize::from(gone)]) {
                self.class[usize::from(t)] = kept;
                self.members[usize::from(kept)].push(t);
            }
            for t in std::mem::take(&mut self.users[usize::from(gone)]) {
                let key = self.key(t);
                match self.table.get(&key) {
                    Some(other) => waiting.push((t, *other, Why::Congruence)),
                    None => _ = self.table.insert(key, t),
                }
                self.users[usize::from(kept)].push(t);
            }
        }
    }

    /// Makes `a` the root of its tree and hangs it on `b`.
    fn plant(&mut self, a: Id, b: Id, why: Why) {
        let (mut at, mut edge) = (a, Some((b, why)));
        while let Some((to, why)) = edge {
            let next = self.forest[usize::from(at)].replace((to, why));
            edge = next.map(|(parent, why)| (at, turned(why), parent)).map(|(back, why, parent)| {
                at = parent;
                (back, why)
            });
        }
    }

    /// The links from one term to another of its class; `None` if they are too many.
    fn chain(&mut self, from: Id, to: Id) -> Option<Vec<Link>> {
        let ancestors = |mut t: Id| {
            let mut all = vec![(t, None)];
            while let Some((parent, why)) = self.forest[usize::from(t)] {
                all.push((parent, Some(why)));
                t = parent;
            }
            all
        };
        let (mut up, mut down) = (ancestors(from), ancestors(to));
        while up.len() > 1 && down.len() > 1 && up[up.len() - 2].0 == down[down.len() - 2].0 {
            up.pop();
            down.pop();
        }
        if up.last().map(|(t, _)| *t) != down.last().map(|(t, _)| *t) {
            return None;
        }
        let forwards = up.windows(2).filter_map(|w| w[1].1.map(|why| (w[0].0, w[1].0, why)));
        let backwards = down.windows(2).rev().filter_map(|w| w[1].1.map(|why| (w[1].0, w[0].0, turned(why))));
        let edges: Vec<(Id, Id, Why)> = forwards.chain(backwards).collect();
        let mut links = Vec::new();
        for (a, b, why) in edges {
            match why {
                Why::Equation(at, forward) => {
                    let rule = self.equations[at].name.clone();
                    links.push(Link { rule, forward, after: b });
                }
                Why::Congruence => self.within(a, b, &mut links)?,
            }
            self.links += 1;
            if self.links > MOST_LINKS {
                return None;
            }
        }
        Some(links)
    }

    /// The links from `f(x, …)` to `f(y, …)` where the children are equal in pairs.
    fn within(&mut self, a: Id, b: Id, links: &mut Vec<Link>) -> Option<()> {
        let (mut node, goal) = (self.terms.node(a).clone(), self.terms.node(b).clone());
        for (at, child) in self.pairs(&node, &goal)? {
            for link in self.chain(node.children()[at], child)? {
                node.children_mut()[at] = link.after;
                links.push(Link { after: self.terms.insert(node.clone()), ..link });
            }
        }
        Some(())
    }

    /// For each child of one node the equal child of the other: of commutative ones in any order.
    fn pairs(&self, node: &Mat, goal: &Mat) -> Option<Vec<(usize, Id)>> {
        let class = |c: Id| self.class[usize::from(c)];
        let mut free: Vec<(usize, Id)> = goal.children().iter().copied().enumerate().collect();
        let coefficients = |node: &Mat, at: usize| match node {
            Mat::Add(cs, _) => Some(cs[at].clone()),
            _ => None,
        };
        let commutative = matches!(node, Mat::Add(..) | Mat::Had(_));
        let children = node.children().iter().enumerate().map(|(at, c)| {
            let fits = |(place, d): &(usize, Id)| {
                class(*d) == class(*c) && (commutative || *place == at) && coefficients(node, at) == coefficients(goal, *place)
            };
            free.iter().position(fits).map(|found| (at, free.remove(found).1))
        });
        children.collect()
    }
}

fn turned(why: Why) -> Why {
    match why {
        Why::Equation(at, forward) => Why::Equation(at, !forward),
        Why::Congruence => Why::Congruence,
    }
}

/// The chain with every term between its ends as the constructors build it, so that steps which only they make are gone.
fn in_normal_form(terms: &mut Terms, start: Id, links: Vec<Link>) -> Vec<Link> {
    let mut done = FxHashMap::default();
    let last = links.len().saturating_sub(1);
    let mut built: Vec<Link> = Vec::with_capacity(links.len() + 1);
    for (at, mut link) in links.into_iter().enumerate() {
        let end = link.after;
        link.after = normal(terms, end, &mut done);
        built.push(link);
        if at == last && built.last().is_some_and(|l| l.after != end) {
            // The answer may be written in a way that no constructor chooses, because it is shorter there.
            built.push(Link { rule: step::NORMALISE.into(), forward: true, after: end });
        }
    }
    without_loops(terms, start, built, &mut done)
}

/// Cuts what leads back to a term that was there before; the start counts as its normal form.
fn without_loops(terms: &mut Terms, start: Id, links: Vec<Link>, done: &mut FxHashMap<Id, Id>) -> Vec<Link> {
    let first = normal(terms, start, done);
    let mut kept: Vec<Link> = Vec::new();
    let given = Link { rule: step::NORMALISE.into(), forward: true, after: first };
    let all = (first != start).then_some(given).into_iter().chain(links);
    for link in all {
        if link.after == start {
            kept.clear();
        } else if let Some(at) = kept.iter().position(|l| l.after == link.after) {
            kept.truncate(at + 1);
        } else {
            kept.push(link);
        }
    }
    kept
}

/// The term as the constructors build it.
fn normal(terms: &mut Terms, t: Id, done: &mut FxHashMap<Id, Id>) -> Id {
    if let Some(built) = done.get(&t) {
        return *built;
    }
    let mut node = terms.node(t).clone();
    for at in 0..node.children().len() {
        let child = normal(terms, node.children()[at], done);
        node.children_mut()[at] = child;
    }
    let built = reconstruct(terms, &node);
    done.insert(t, built);
    built
}

/// Jumps from each term to the furthest one that a single rule reaches.
fn shortened(terms: &mut Terms, start: Id, links: Vec<Link>, rules: &RuleSet) -> Vec<Link> {
    let mut short: Vec<Link> = Vec::new();
    let (mut at, mut here) = (0, start);
    while at < links.len() {
        // A single forward step to the end needs no shorter way.
        let reached = if at + 1 == links.len() && links[at].forward && &*links[at].rule != step::NORMALISE {
            None
        } else {
            let next = successors(terms, here, rules);
            (at..links.len()).rev().find_map(|j| next.get(&links[j].after).map(|rule| (j, rule.clone())))
        };
        let (to, link) = match reached {
            Some((j, rule)) => (j, Link { rule, forward: true, after: links[j].after }),
            None => (at, links[at].clone()),
        };
        here = link.after;
        at = to + 1;
        // Two steps of the constructors are one.
        match short.last_mut() {
            Some(last) if &*last.rule == step::NORMALISE && &*link.rule == step::NORMALISE => last.after = link.after,
            _ => short.push(link),
        }
    }
    // Every step ends in the normal form of what its rule makes; of the last one that is written as the answer is.
    let mut done = FxHashMap::default();
    if let [.., made, written] = &mut short[..]
        && normal(terms, made.after, &mut done) == normal(terms, written.after, &mut done)
    {
        made.after = written.after;
        short.pop();
    }
    short
}

/// What a single rule makes of a term, in normal form, each with the first rule that does.
fn successors(terms: &mut Terms, t: Id, rules: &RuleSet) -> IndexMap<Id, Arc<str>> {
    // A graph in which each class is one term finds what rules make of these very terms.
    let mut graph = Graph::default();
    let roots = graph.add_terms(terms, &[t]);
    let Some(root) = roots.first().copied() else { return IndexMap::new() };
    let Found { laws, factors, .. } = search(&graph, rules, &mut Searched::default());
    let mut made: Vec<(Id, Id, Arc<str>)> = Vec::new();
    for (class, law, found) in laws {
        let built = matcher::apply(&mut graph, law, &found, Side::Right, &|class| class);
        made.push((class, built, law.name.as_str().into()));
    }
    for (class, hit) in factors {
        if let Some(built) = factoring::build(&mut graph, hit) {
            made.push((class, built, step::FACTOR.into()));
        }
    }
    let mut plain = FxHashMap::default();
    let whole = written(&graph, terms, root, None, &mut plain);
    let mut next = IndexMap::new();
    for (class, built, rule) in made {
        let part = written(&graph, terms, built, None, &mut plain);
        let after = written(&graph, terms, root, Some((class, part)), &mut FxHashMap::default());
        if after != whole {
            next.entry(after).or_insert(rule);
        }
    }
    next
}

/// The only term of a class, in normal form, with one class written differently.
fn written(graph: &Graph, terms: &mut Terms, class: Id, changed: Option<(Id, Id)>, done: &mut FxHashMap<Id, Id>) -> Id {
    if let Some((_, part)) = changed.filter(|(c, _)| *c == class) {
        return part;
    }
    if let Some(t) = done.get(&class) {
        return *t;
    }
    let mut node = graph.view(class).clone();
    for at in 0..node.children().len() {
        let child = written(graph, terms, node.children()[at], changed, done);
        node.children_mut()[at] = child;
    }
    let t = reconstruct(terms, &node);
    done.insert(class, t);
    t
}
