//! Simplification: one e-graph per query, seeded with equal terms, saturated with laws and factoring, and the cheapest
//! term taken out.

mod extract;
mod factoring;
mod graph;

use crate::error::{Error, ErrorKind, Result};
use crate::matrix::{Build, Mat, Terms};
use egg::{Id, RecExpr};
use extract::Extractor;
use factoring::Factoring;
use graph::Graph;

/// How far saturation may go. The clock plays no part, so that the same input always gives the same answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    pub nodes: usize,
    pub iterations: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { nodes: 3_000, iterations: 8 }
    }
}

/// Why saturation ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// Nothing more to find.
    Saturated,
    Nodes,
    Iterations,
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

/// The simplest term found.
#[derive(Clone, Debug)]
pub struct Outcome {
    pub best: RecExpr<Mat>,
    pub stats: Stats,
}

/// Rounds of normalisation between two searches.
const NORMALISATIONS: usize = 6;

/// The cheapest term that the laws and factoring find equal to the seeds, which are equal to each other.
///
/// # Errors
/// [`ErrorKind::Internal`] if a law made two terms of different shape equal, or if there is no seed.
pub fn simplify(terms: &Terms, seeds: &[Id], limits: &Limits) -> Result<Outcome> {
    let mut graph = Graph::default();
    let seeds = graph.add_terms(terms, seeds);
    let Some((root, others)) = seeds.split_first() else {
        return Err(Error::new(ErrorKind::Internal, "nothing to simplify"));
    };
    others.iter().for_each(|seed| _ = graph.union(*root, *seed));
    graph.normalise(NORMALISATIONS, limits.nodes);
    let (iterations, stop) = saturate(&mut graph, limits);
    if let Some((a, b)) = &graph.egraph.analysis.clash {
        debug_assert!(false, "terms of different form were found equal: {a:?} and {b:?}");
        return Err(Error::new(ErrorKind::Internal, format!("terms of different form were found equal: {a:?} and {b:?}")));
    }
    let mut extractor = Extractor::new(&graph);
    let best = extractor.extract(*root);
    let best = extractor.terms.to_recexpr(best);
    let stats = Stats { nodes: graph.node_count(), classes: graph.egraph.number_of_classes(), iterations, stop, laws: Vec::new() };
    Ok(Outcome { best, stats })
}

/// Searches, builds what was found and merges, until nothing is found or a limit is reached.
fn saturate(graph: &mut Graph, limits: &Limits) -> (usize, Stop) {
    let mut factoring = Factoring::default();
    for iteration in 0..limits.iterations {
        let hits = factoring.search(graph);
        let mut changed = false;
        for (class, hit) in hits {
            if graph.node_count() > limits.nodes {
                graph.normalise(1, 0);
                return (iteration + 1, Stop::Nodes);
            }
            if let Some(built) = factoring::build(graph, hit) {
                changed |= graph.union(class, built);
            }
        }
        if !changed {
            return (iteration + 1, Stop::Saturated);
        }
        graph.normalise(NORMALISATIONS, limits.nodes);
    }
    (limits.iterations, Stop::Iterations)
}

#[cfg(test)]
mod tests;
