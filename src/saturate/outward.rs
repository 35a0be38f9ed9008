//! Products of sums multiplied out, where the cheapest form at given sizes is wanted: after Woodbury's identity
//! `(eye(n)/s - A'*inv(K)*A)*x` is cheaper as `x/s - A'*inv(K)*A*x`. No law does so, because nothing becomes shorter.

use super::graph::Graph;
use crate::matrix::{Build, Mat};
use crate::number::Number;
use egg::Id;

/// A sum that is multiplied out to one side may be a factor of a product that is then multiplied out in turn.
const ROUNDS: usize = 3;
const MOST_TERMS: usize = 6;

/// Adds for each product of matrices with a sum as factor that with the sum over what stands on the right of it, and that with
/// the sum over what stands on the left. It ends after some rounds, or above a number of nodes.
pub(super) fn multiply_out(graph: &mut Graph, most_nodes: usize) {
    for _ in 0..ROUNDS {
        for (class, factors, at) in products(graph) {
            if graph.node_count() > most_nodes {
                return;
            }
            for sum in sums(graph, factors[at]) {
                let (before, after) = (&factors[..at], &factors[at + 1..]);
                if !after.is_empty() {
                    let product = summed(graph, &sum, |t| [t, after].concat());
                    let whole = graph.mul(&[before, &[product]].concat());
                    graph.union(class, whole);
                }
                if !before.is_empty() {
                    let product = summed(graph, &sum, |t| [before, t].concat());
                    let whole = graph.mul(&[&[product], after].concat());
                    graph.union(class, whole);
                }
            }
        }
        graph.normalise(super::NORMALISATIONS, most_nodes);
    }
}

/// The products with a place at which a sum may stand.
fn products(graph: &Graph) -> Vec<(Id, Vec<Id>, usize)> {
    let mut found = Vec::new();
    for class in graph.classes() {
        for node in graph.nodes(class) {
            if let Mat::Mul(factors) = node {
                found.extend((0..factors.len()).map(|at| (class, factors.to_vec(), at)));
            }
        }
    }
    found
}

/// A sum, or a multiple of one.
struct Multiple {
    scalar: Option<Id>,
    coefficients: Vec<Number>,
    terms: Vec<Id>,
}

/// The sums that a factor is, or a multiple of.
fn sums(graph: &Graph, factor: Id) -> Vec<Multiple> {
    let nodes = |id: Id| graph.nodes(graph.canonical(id)).iter();
    let of = |id: Id, scalar: Option<Id>, by: &Number| -> Vec<Multiple> {
        let sum = |node: &Mat| match node {
            Mat::Add(coefficients, terms) if terms.len() <= MOST_TERMS => {
                Some(Multiple { scalar, coefficients: coefficients.iter().map(|c| c * by).collect(), terms: terms.to_vec() })
            }
            _ => None,
        };
        nodes(id).filter_map(sum).collect()
    };
    let mut all = of(factor, None, &Number::ONE);
    for node in nodes(factor) {
        match node {
            Mat::Scale(n, [a]) => all.extend(of(*a, None, n)),
            Mat::Times([scalar, a]) => all.extend(of(*a, Some(*scalar), &Number::ONE)),
            _ => {}
        }
    }
    all
}

/// The sum of the products with each term. Constructors look at the shortest spelling of a term; another may be the cheap one.
fn summed(graph: &mut Graph, sum: &Multiple, product: impl Fn(&[Id]) -> Vec<Id>) -> Id {
    let mut all = Vec::with_capacity(sum.terms.len());
    for (n, term) in sum.coefficients.iter().zip(&sum.terms) {
        let whole = graph.mul(&product(&[*term]));
        for factors in spellings(graph, *term) {
            let other = graph.mul(&product(&factors));
            graph.union(whole, other);
        }
        all.push((n.clone(), whole));
    }
    let whole = graph.add(&all);
    sum.scalar.map_or(whole, |s| graph.times(s, whole))
}

/// The factors of the products that a term is, with scalars among them.
fn spellings(graph: &Graph, term: Id) -> Vec<Vec<Id>> {
    let nodes = |id: Id| graph.nodes(graph.canonical(id)).iter();
    let products = |id: Id| nodes(id).filter_map(|node| if let Mat::Mul(factors) = node { Some(factors.to_vec()) } else { None });
    let mut all: Vec<Vec<Id>> = products(term).collect();
    for node in nodes(term) {
        // The first factor is the scalar.
        let Mat::Times([scalar, a]) = node else { continue };
        all.extend(products(*a).map(|inner| [&[*scalar], &inner[..]].concat()));
    }
    all
}
