//! Products of sums of matrices that take fewer operations term by term: `(eye(n) - x*y')*v` as `v - x*(y'*v)`, in which
//! no matrix is built.
//!
//! The constructors of index form keep products of sums, because an answer is not shorter multiplied out. A program may be:
//! what has a delta or a product for a term, and meets a vector, is an array of more entries than its terms need.

use super::build::{LARGE, Lowered};
use crate::dim::Symbol;
use crate::error::Result;
use crate::eval::Sizes;
use crate::index::{Contraction, Graph, Node, NodeId};
use crate::pipeline::on_a_deep_stack;
use rustc_hash::FxHashMap;

/// How many sums are tried, of how many terms each.
const MOST_SUMS: usize = 12;
const MOST_TERMS: usize = 6;
/// How many products one may become, and how many nodes may be added to the graph in all.
const MOST_PRODUCTS: usize = 64;
const MOST_NODES: usize = 2000;
/// Of the operations and entries that a program takes, those that one with more terms may take.
const WORTH: f64 = 0.95;

impl Lowered {
    /// Adds the roots with those sums multiplied out for which it is worth it, and with all of them.
    ///
    /// # Errors
    /// If no thread can be started.
    pub(super) fn multiply_out(&mut self) -> Result<()> {
        if sums(&self.graph, &self.forms[0]).is_empty() {
            return Ok(());
        }
        let depth = self.forms[0].iter().map(|r| self.graph.meta(*r).depth as usize).max().unwrap_or(0);
        on_a_deep_stack(2 * depth, || self.multiply_out_sums())
    }

    fn multiply_out_sums(&mut self) -> Result<()> {
        let mut best = self.forms[0].clone();
        let mut all = best.clone();
        let mut least = self.work_of(&best, None);
        let mut tried = Vec::new();
        let most = self.graph.len() + MOST_NODES;
        while tried.len() < MOST_SUMS
            && self.graph.len() < most
            && let Some(sum) = sums(&self.graph, &best).into_iter().find(|s| !tried.contains(s))
        {
            let other = Distribution { graph: &mut self.graph, sum }.of(&best);
            let work = self.work_of(&other, None);
            if work < WORTH * least {
                (best, least) = (other, work);
            }
            tried.push(sum);
        }
        for _ in 0..MOST_SUMS {
            let Some(sum) = sums(&self.graph, &all).first().copied().filter(|_| self.graph.len() < most) else { break };
            all = Distribution { graph: &mut self.graph, sum }.of(&all);
        }
        for other in [best, all] {
            if !self.forms.contains(&other) {
                self.forms.push(other);
            }
        }
        Ok(())
    }

    /// The operations and entries of a program at these sizes, or where all dimensions are large and alike; without bound if there is
    /// none.
    pub(super) fn work_of(&self, roots: &[NodeId], sizes: Option<&Sizes>) -> f64 {
        let length = |s: Symbol| sizes.and_then(|sizes| sizes.get(s)).map_or(LARGE, |n| n as f64);
        let Ok(program) = self.program_of(roots, sizes) else { return f64::INFINITY };
        let work = program.work();
        work.operations.approximately(&length) + work.entries.approximately(&length)
    }
}

/// The sums that a contraction sums over, and which have a term of less than all their entries.
fn sums(graph: &Graph, roots: &[NodeId]) -> Vec<NodeId> {
    let mut found = Vec::new();
    for id in graph.reachable(roots) {
        let Node::Contract(c) = graph.node(id) else { continue };
        let meets = |at: usize| c.factors.len() > 1 && is_summed(c, at) && has_structure(graph, c.factors[at].node);
        found.extend((0..c.factors.len()).filter(|at| meets(*at)).map(|at| c.factors[at].node));
    }
    found.sort_unstable();
    found.dedup();
    found
}

/// Whether an axis of a factor is summed.
fn is_summed(c: &Contraction, at: usize) -> bool {
    c.factors[at].labels.iter().any(|l| !c.out.contains(l))
}

fn has_structure(graph: &Graph, node: NodeId) -> bool {
    let Node::Sum(terms) = graph.node(node) else { return false };
    let structured = |node: NodeId| match graph.node(node) {
        Node::Contract(c) => match &c.factors[..] {
            [one] => one.labels.len() != c.out.len() || matches!(graph.node(one.node), Node::Select(_)),
            _ => true,
        },
        Node::Unit(..) | Node::Select(_) => true,
        _ => false,
    };
    graph.order(node) >= 2 && terms.len() <= MOST_TERMS && terms.iter().any(|(_, t)| structured(*t))
}

struct Distribution<'a> {
    graph: &'a mut Graph,
    /// What is multiplied out wherever a product sums over it.
    sum: NodeId,
}

impl Distribution<'_> {
    /// The roots with the products made anew, children before parents.
    fn of(&mut self, roots: &[NodeId]) -> Vec<NodeId> {
        let mut new: FxHashMap<NodeId, NodeId> = FxHashMap::default();
        for id in self.graph.reachable(roots) {
            let mut changed = false;
            self.graph.node(id).for_each_child(|c| changed |= new.get(&c).is_some_and(|n| *n != c));
            let of = |c: NodeId| new.get(&c).copied().unwrap_or(c);
            let node = match self.graph.node(id) {
                Node::Contract(c) if c.factors.len() > 1 => {
                    let mut c = c.clone();
                    c.factors.iter_mut().filter(|f| f.node != self.sum).for_each(|f| f.node = of(f.node));
                    self.contract(&c, changed).unwrap_or(id)
                }
                _ if changed => self.graph.rebuilt(id, of),
                _ => id,
            };
            new.insert(id, node);
        }
        roots.iter().map(|r| new.get(r).copied().unwrap_or(*r)).collect()
    }

    /// A contraction, term by term of the first factor that is the sum; the rest of its factors has one less of them.
    fn contract(&mut self, c: &Contraction, changed: bool) -> Option<NodeId> {
        let at = (0..c.factors.len()).find(|at| c.factors[*at].node == self.sum && is_summed(c, *at));
        let (Some(at), Node::Sum(terms)) = (at, self.graph.node(self.sum)) else {
            return changed.then(|| self.made(c));
        };
        let times = (0..c.factors.len()).filter(|at| c.factors[*at].node == self.sum && is_summed(c, *at)).count();
        if terms.len().saturating_pow(times as u32) > MOST_PRODUCTS {
            return changed.then(|| self.made(c));
        }
        let terms = terms.clone();
        let mut all = Vec::with_capacity(terms.len());
        for (n, term) in terms {
            let mut one = c.clone();
            one.factors[at].node = term;
            all.push((n, self.contract(&one, true)?));
        }
        let axes: Vec<_> = c.out.iter().map(|l| c.dims[*l as usize]).collect();
        Some(self.graph.sum(&axes, all))
    }

    fn made(&mut self, c: &Contraction) -> NodeId {
        let mut draft = crate::contract::Draft::new();
        draft.labels(&c.dims);
        c.factors.iter().for_each(|f| _ = draft.factor(f.node, &f.labels));
        self.graph.contract(draft.out(&c.out))
    }
}
