//! Simplification: one e-graph per query, seeded with equal terms, saturated with laws and factoring, and the cheapest
//! term taken out.

mod explain;
mod extract;
mod factoring;
mod graph;
mod law;
mod lift;
mod log;
mod matcher;
mod means;
mod outward;
mod rules;
mod split;
mod work;

pub(crate) use explain::{Rewrite, connect};
pub use law::{Law, with_dims};
pub(crate) use log::step;
pub use rules::{RuleSet, laws_of};

use crate::error::{Error, ErrorKind, Result};
use crate::eval::Sizes;
use crate::matrix::{Build, Mat, Operator, TOKEN, Terms};
use egg::{Id, RecExpr};
use extract::Extractor;
use factoring::Hit;
use graph::{Below, Graph};
use indexmap::IndexMap;
use matcher::{Match, Side};
use rustc_hash::{FxHashMap, FxHashSet};

/// How far saturation may go. The clock plays no part, so that the same input always gives the same answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    pub nodes: usize,
    pub iterations: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { nodes: 500, iterations: 6 }
    }
}

/// Why saturation ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// Nothing more to find.
    Saturated,
    Nodes,
    Iterations,
    /// The graph is large and the answer has not become shorter for a while.
    Settled,
}

/// What saturation did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stats {
    pub nodes: usize,
    pub classes: usize,
    pub iterations: usize,
    pub stop: Stop,
    /// The laws that found something, with how often they did.
    pub laws: Vec<(String, usize)>,
}

/// The simplest terms found.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The cheapest term of each value, and if they are long others that may be shorter once what occurs twice is written
    /// once; each time the terms, and the place of each value in them.
    pub found: Vec<(RecExpr<Mat>, Vec<Id>)>,
    pub stats: Stats,
}

/// Rounds of normalisation between two searches.
const NORMALISATIONS: usize = 6;

/// Of an answer of at least this cost others are looked at, which may have more in common.
const LONG: u64 = 16 * TOKEN;
/// A graph of more nodes than this is not searched further once its answer stays as it is,
const LARGE: usize = 200;
/// for so many iterations.
const PATIENCE: usize = 2;

/// The cheapest term that the laws and factoring find equal to the seeds, which are equal to each other.
///
/// # Errors
/// [`ErrorKind::Internal`] if a law made two terms of different shape equal, or if there is no seed.
pub fn simplify(terms: &Terms, seeds: &[Id], rules: &RuleSet, limits: &Limits) -> Result<Outcome> {
    simplify_each(terms, &[seeds.to_vec()], rules, limits)
}

/// Several values in one e-graph, each given by its seeds. Each may have as many nodes as one alone.
///
/// # Errors
/// As [`simplify`].
pub fn simplify_each(terms: &Terms, seeds: &[Vec<Id>], rules: &RuleSet, limits: &Limits) -> Result<Outcome> {
    let (graph, roots, stats) = saturated(terms, seeds, rules, limits)?;
    let mut extractor = Extractor::new(&graph);
    let best: Vec<Id> = roots.iter().map(|root| extractor.extract(*root)).collect();
    let mut found = vec![extractor.terms.to_recexprs(&best)];
    // Parts of arrays are put together to blocks only when they are presented, so that counting would compare other things.
    let in_parts = |t: &Mat| matches!(t, Mat::Gather(_) | Mat::Scatter(_) | Mat::Contract(..));
    let cost = roots.iter().fold(0u64, |sum, root| sum.saturating_add(graph.cost(*root).plain));
    if cost >= LONG && !found[0].0.as_ref().iter().any(in_parts) {
        let mut extractor = Extractor::multiplied_out(&graph);
        let best: Vec<Id> = roots.iter().map(|root| extractor.extract(*root)).collect();
        let most = seeds.iter().map(Vec::len).max().unwrap_or(0);
        // The factored form of each, or each as it is.
        let alike = (0..most).map(|at| seeds.iter().filter_map(|s| s.get(at).or(s.last()).copied()).collect::<Vec<Id>>());
        for other in std::iter::once(extractor.terms.to_recexprs(&best)).chain(alike.map(|seed| terms.to_recexprs(&seed))) {
            if !found.contains(&other) {
                found.push(other);
            }
        }
    }
    Ok(Outcome { found, stats })
}

/// Of the terms found equal to the seeds the one that takes the fewest operations at these sizes.
///
/// # Errors
/// As [`simplify`].
pub fn cheapest_at(sizes: &Sizes, terms: &Terms, seeds: &[Id], rules: &RuleSet, limits: &Limits) -> Result<Outcome> {
    let (mut graph, roots, stats) = saturated(terms, &[seeds.to_vec()], rules, limits)?;
    outward::multiply_out(&mut graph, 2 * limits.nodes);
    graph.shapes_agree()?;
    let (terms, best) = work::cheapest(&graph, roots[0], sizes);
    Ok(Outcome { found: vec![terms.to_recexprs(&[best])], stats })
}

/// A graph of what is equal to the seeds of each value, and the class of each.
fn saturated(terms: &Terms, seeds: &[Vec<Id>], rules: &RuleSet, limits: &Limits) -> Result<(Graph, Vec<Id>, Stats)> {
    let mut graph = Graph::default();
    let limits = &Limits { nodes: limits.nodes * seeds.len().max(1), ..*limits };
    let mut roots = Vec::with_capacity(seeds.len());
    let classes = graph.add_terms(terms, &seeds.concat());
    let mut rest = &classes[..];
    for own in seeds {
        let (own, others) = rest.split_at(own.len());
        rest = others;
        let Some((root, others)) = own.split_first() else {
            return Err(Error::new(ErrorKind::Internal, "nothing to simplify"));
        };
        others.iter().for_each(|seed| _ = graph.union(*root, *seed));
        roots.push(*root);
    }
    graph.normalise(NORMALISATIONS, limits.nodes);
    let mut fired = IndexMap::new();
    let (iterations, stop) = saturate(&mut graph, &roots, rules, limits, &mut fired, &|_| false);
    graph.shapes_agree()?;
    let laws = fired.into_iter().map(|(name, times)| (name.to_owned(), times)).collect();
    let stats = Stats { nodes: graph.node_count(), classes: graph.classes().len(), iterations, stop, laws };
    Ok((graph, roots, stats))
}

/// Whether the laws and factoring find the two terms equal.
///
/// # Errors
/// [`ErrorKind::Internal`] if a law made two terms of different shape equal.
pub fn equates(terms: &Terms, left: Id, right: Id, rules: &RuleSet, limits: &Limits) -> Result<bool> {
    let mut graph = Graph::default();
    let [left, right] = graph.add_terms(terms, &[left, right])[..] else {
        return Err(Error::new(ErrorKind::Internal, "a term is not in the graph"));
    };
    graph.normalise(NORMALISATIONS, limits.nodes);
    saturate(&mut graph, &[left], rules, limits, &mut IndexMap::new(), &|_| false);
    graph.shapes_agree()?;
    Ok(graph.canonical(left) == graph.canonical(right))
}

/// What a search found, with the class of the node it was found at.
#[derive(Default)]
struct Found<'a> {
    laws: Vec<(Id, &'a Law, Match)>,
    factors: Vec<(Id, Hit)>,
    /// The nodes of `factors`, if there is a log to write them down.
    nodes: Vec<Mat>,
}

/// Fingerprints of the nodes that have been searched.
#[derive(Default)]
struct Searched {
    laws: FxHashSet<u64>,
    factors: FxHashSet<u64>,
    groups: FxHashSet<u64>,
}

/// Searches, builds what was found and merges, until nothing is found or a limit is reached.
/// It ends at once where `enough` is true of the graph.
fn saturate<'a>(
    graph: &mut Graph,
    roots: &[Id],
    rules: &'a RuleSet,
    limits: &Limits,
    fired: &mut IndexMap<&'a str, usize>,
    enough: &impl Fn(&Graph) -> bool,
) -> (usize, Stop) {
    let (mut least, mut improved) = (u64::MAX, 0);
    let mut searched = Searched::default();
    for iteration in 1..=limits.iterations {
        if enough(graph) {
            return (iteration - 1, Stop::Saturated);
        }
        let Found { laws, factors, nodes } = search(graph, rules, &mut searched);
        let mut changed = false;
        for (class, law, found) in laws {
            if graph.node_count() > limits.nodes {
                break;
            }
            let built = matcher::apply(graph, law, &found, Side::Right, &|class| class);
            graph.record(class, built, |log, graph| log.law(graph, law, &found, class, built));
            if graph.union(class, built) {
                *fired.entry(law.name.as_str()).or_insert(0) += 1;
                changed = true;
            }
        }
        for (at, (class, hit)) in factors.into_iter().enumerate() {
            if graph.node_count() > limits.nodes {
                break;
            }
            let Some(built) = factoring::build(graph, hit) else { continue };
            if let Some(node) = nodes.get(at) {
                graph.record(class, built, |log, graph| log.engine(graph, step::FACTOR, node, class, built));
            }
            changed |= graph.union(class, built);
        }
        graph.normalise(NORMALISATIONS, limits.nodes);
        if graph.node_count() > limits.nodes {
            return (iteration, Stop::Nodes);
        }
        if !changed {
            return (iteration, Stop::Saturated);
        }
        let cost = roots.iter().fold(0u64, |sum, root| sum.saturating_add(graph.cost(*root).plain));
        if cost < least {
            (least, improved) = (cost, iteration);
        } else if graph.node_count() > LARGE && iteration - improved >= PATIENCE {
            return (iteration, Stop::Settled);
        }
    }
    (limits.iterations, Stop::Iterations)
}

/// What laws and factoring find at the nodes that have not been searched as they are now.
fn search<'a>(graph: &Graph, rules: &'a RuleSet, searched: &mut Searched) -> Found<'a> {
    let classes = graph.classes();
    let present = classes.iter().flat_map(|c| graph.nodes(*c)).fold(0, |all, node| all | node.operator().bit());
    let mut by_root: FxHashMap<Operator, Vec<&Law>> = FxHashMap::default();
    for law in rules.applicable(present) {
        law.roots().for_each(|root| by_root.entry(root).or_default().push(law));
    }
    let below = Below::of(graph, &classes);
    let mut found = Found::default();
    for class in classes {
        for node in graph.nodes(class) {
            if searched.laws.insert(below.far(graph, node)) {
                for law in by_root.get(&node.operator()).into_iter().flatten() {
                    found.laws.extend(matcher::matches(graph, law, node).into_iter().map(|m| (class, *law, m)));
                }
            }
            if searched.factors.insert(below.near(graph, node)) {
                factoring::search(graph, node, &mut searched.groups, &mut |hit| found.factors.push((class, hit)));
                if graph.log.is_some() {
                    found.nodes.resize(found.factors.len(), node.clone());
                }
            }
        }
    }
    found
}

#[cfg(test)]
mod tests;
