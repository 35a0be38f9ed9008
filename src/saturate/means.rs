//! Means over a number of entries: `sum(x)/4` of a vector of length 4 is `mean(x)`, and `4*x - sum(x)` is `4*(x - mean(x))`.
//!
//! Where the length is a symbol, laws find the mean, since the symbol is a factor that they can match. A number is part of
//! a coefficient, in which it is seen by division alone.

use super::graph::Graph;
use crate::matrix::{Build, Mat, MatFn, coefficient_cost, reconstruct};
use crate::number::Number;
use egg::{Id, Language};

/// Terms with their coefficients, some of which hold a sum that becomes a mean.
#[derive(Debug)]
pub struct Means(Vec<(Number, Id, Option<Averaged>)>);

/// A sum, or its power, in a term.
#[derive(Debug)]
struct Averaged {
    /// The mean's function and argument.
    mean: (MatFn, Id),
    exponent: Number,
    /// The term that holds it as a child, and at which place; none if the term is the sum itself.
    within: Option<(Mat, usize)>,
}

/// A sum of terms, or a multiple of one, that is no longer with means in place of sums.
pub fn search(graph: &Graph, node: &Mat) -> Option<Means> {
    let terms: Vec<(Number, Id)> = match node {
        Mat::Add(coefficients, terms) => coefficients.iter().cloned().zip(terms.iter().copied()).collect(),
        Mat::Scale(c, [t]) if !c.is_integer() => vec![(c.clone(), *t)],
        _ => return None,
    };
    let averaged: Vec<Option<(Number, Averaged)>> = terms.iter().map(|(_, t)| averaged(graph, *t)).collect();
    if averaged.iter().all(Option::is_none) {
        return None;
    }
    let before = terms.iter().map(|(c, _)| c.clone()).collect::<Vec<Number>>();
    let after: Vec<Number> = before.iter().zip(&averaged).map(|(c, a)| a.as_ref().map_or(c.clone(), |(count, _)| c * count)).collect();
    if length(&after) > length(&before) {
        return None;
    }
    let means = after.into_iter().zip(terms).zip(averaged).map(|((c, (_, t)), a)| (c, t, a.map(|(_, a)| a)));
    Some(Means(means.collect()))
}

/// What the coefficients cost, once what they have in common stands outside.
fn length(coefficients: &[Number]) -> u64 {
    let [first, others @ ..] = coefficients else { return 0 };
    let sum = |all: &[Number]| all.iter().map(coefficient_cost).sum::<u64>();
    let common = others.iter().fold(first.abs(), |g, c| g.gcd(c));
    let inside: Vec<Number> = coefficients.iter().filter_map(|c| c / &common).collect();
    sum(coefficients).min(coefficient_cost(&common) + sum(&inside))
}

fn averaged(graph: &Graph, t: Id) -> Option<(Number, Averaged)> {
    if let Some((count, mean, exponent)) = sum_of(graph, t) {
        return Some((count, Averaged { mean, exponent, within: None }));
    }
    graph.nodes(t).iter().filter(|node| matches!(node, Mat::Fill(..) | Mat::Times(_) | Mat::Had(_) | Mat::Mul(_))).find_map(|node| {
        let (place, (count, mean, exponent)) = node.children().iter().enumerate().find_map(|(at, c)| Some((at, sum_of(graph, *c)?)))?;
        Some((count, Averaged { mean, exponent, within: Some((node.clone(), place)) }))
    })
}

/// A sum or an integer power of one: by what it is more than the mean, and the mean.
fn sum_of(graph: &Graph, t: Id) -> Option<(Number, (MatFn, Id), Number)> {
    graph.nodes(t).iter().find_map(|node| match node {
        Mat::Call(f, a) => {
            let (count, mean) = mean_of(graph, *f, *a.first()?)?;
            Some((count, mean, Number::ONE))
        }
        Mat::Power(p, [base]) if p.is_integer() => graph.nodes(*base).iter().find_map(|node| {
            let Mat::Call(f, a) = node else { return None };
            let (count, mean) = mean_of(graph, *f, *a.first()?)?;
            Some((count.pow(p)?, mean, p.clone()))
        }),
        _ => None,
    })
}

/// The mean of what a function sums, and of how many, if this is a number.
fn mean_of(graph: &Graph, f: MatFn, a: Id) -> Option<(Number, (MatFn, Id))> {
    let form = graph.form(a);
    let (count, mean) = match f {
        MatFn::Sum => (form.rows() * form.columns(), MatFn::Mean),
        MatFn::SumRows => (form.rows(), MatFn::MeanRows),
        MatFn::SumColumns => (form.columns(), MatFn::MeanColumns),
        _ => return None,
    };
    let count = count.as_number().filter(|n| *n > 1)?;
    Some((Number::int(count), (mean, a)))
}

pub fn build(graph: &mut Graph, Means(terms): Means) -> Id {
    let terms: Vec<(Number, Id)> = terms
        .into_iter()
        .map(|(c, t, averaged)| match averaged {
            None => (c, t),
            Some(averaged) => (c, build_mean(graph, averaged)),
        })
        .collect();
    graph.add(&terms)
}

fn build_mean(graph: &mut Graph, Averaged { mean: (f, a), exponent, within }: Averaged) -> Id {
    let mean = graph.call(f, &[a]);
    let mean = graph.power(mean, &exponent);
    match within {
        None => mean,
        Some((mut node, place)) => {
            node.children_mut()[place] = mean;
            reconstruct(graph, &node)
        }
    }
}
