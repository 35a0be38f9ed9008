//! Extraction by work: the term of a class that takes the fewest operations at given sizes.

use super::graph::Graph;
use crate::dim::{Dim, Symbol};
use crate::eval::Sizes;
use crate::matrix::{Build, Form, Mat, MatFn, Terms, reconstruct};
use egg::{Id, Language};
use rustc_hash::FxHashMap;

/// Operations, then nodes: of two terms of equal work the smaller one is taken, and no term costs less than a part of it.
type Cost = (f64, usize);

/// The work of inverting an n×n matrix, over n³, and of factorising it.
const INVERSE: f64 = 2.0;
const FACTORS: f64 = 2.0 / 3.0;
/// That of a function of a matrix or its spectrum.
const FUNCTION: f64 = 50.0;
/// That of the matrix of a Fréchet derivative, for each direction.
const FRECHET: f64 = 400.0;
/// Costs fall in rounds from the leaves on; terms are not deeper than this.
const MOST_ROUNDS: usize = 64;

/// The cheapest term of the class that was found at these sizes.
pub(super) fn cheapest(graph: &Graph, root: Id, sizes: &Sizes) -> (Terms, Id) {
    let mut search = Search { graph, sizes, costs: FxHashMap::default(), best: FxHashMap::default() };
    // Each round that changes something lowers a cost.
    for _ in 0..MOST_ROUNDS {
        if !search.round() {
            break;
        }
    }
    let (mut terms, mut done) = (Terms::new(), FxHashMap::default());
    let term = search.build(graph.canonical(root), &mut terms, &mut done);
    (terms, term)
}

struct Search<'a> {
    graph: &'a Graph,
    sizes: &'a Sizes,
    costs: FxHashMap<Id, Cost>,
    best: FxHashMap<Id, Mat>,
}

impl Search<'_> {
    fn round(&mut self) -> bool {
        let mut changed = false;
        for class in self.graph.classes() {
            for node in self.graph.nodes(class) {
                let Some(cost) = self.cost(node, self.graph.form(class)) else { continue };
                if self.costs.get(&class).is_none_or(|known| cost < *known) {
                    self.costs.insert(class, cost);
                    self.best.insert(class, node.clone());
                    changed = true;
                }
            }
        }
        changed
    }

    fn known(&self, class: Id) -> Option<Cost> {
        self.costs.get(&self.graph.canonical(class)).copied()
    }

    fn length(&self, d: Dim) -> f64 {
        d.evaluate(&|s: Symbol| self.sizes.get(s)).map_or(1.0, |n| n as f64)
    }

    fn entries(&self, form: &Form) -> f64 {
        match form {
            Form::Grid(m, n) => self.length(*m) * self.length(*n),
            Form::Tensor(axes) => axes.iter().map(|d| self.length(*d)).product(),
        }
    }

    fn form(&self, class: Id) -> &Form {
        self.graph.form(class)
    }

    fn is_matrix(&self, arguments: &[Id]) -> bool {
        arguments.first().is_some_and(|a| self.form(*a).rows() != Dim::ONE && self.form(*a).columns() != Dim::ONE)
    }

    /// The entries of the first argument times its shorter side.
    fn cube(&self, arguments: &[Id]) -> f64 {
        let Some(a) = arguments.first() else { return 0.0 };
        let (m, n) = (self.length(self.form(*a).rows()), self.length(self.form(*a).columns()));
        m * n * m.min(n)
    }

    /// The cost of a node with its children; none while that of a child is not known.
    fn cost(&self, node: &Mat, form: &Form) -> Option<Cost> {
        let mut below = (0.0, 1);
        for child in node.children() {
            let cost = if matches!(node, Mat::Mul(_)) { self.as_factor(*child)? } else { self.known(*child)? };
            below = (below.0 + cost.0, below.1 + cost.1);
        }
        let n = self.entries(form);
        let side = |of: &[Id]| of.first().map_or(1.0, |a| self.length(self.form(*a).rows()));
        let own = match node {
            Mat::Number(_)
            | Mat::Constant(_)
            | Mat::Size(_)
            | Mat::Var(_)
            | Mat::Eye(_)
            | Mat::Zero(_)
            | Mat::Unit(..)
            | Mat::Fill(..)
            | Mat::Transpose(_)
            | Mat::Gather(_)
            | Mat::Scatter(_)
            | Mat::Slice(..)
            | Mat::Duplication(_)
            | Mat::Elimination(_)
            | Mat::Commutation(..)
            | Mat::Reshape(..)
            | Mat::LeviCivita(_)
            | Mat::Merge(..) => 0.0,
            Mat::Mul(factors) => self.chain(factors),
            Mat::Call(MatFn::Inv, a) => INVERSE * side(a).powi(3),
            Mat::Call(MatFn::Det | MatFn::LogDet | MatFn::Adj, a) => FACTORS * side(a).powi(3),
            // The trace of a product is a sum of products of entries.
            Mat::Call(MatFn::Trace, a) if a.len() == 1 => return self.trace(a[0]),
            Mat::Call(MatFn::Diag | MatFn::DiagOf | MatFn::Vec, a) => side(a),
            Mat::Call(
                MatFn::Pinv
                | MatFn::Expm
                | MatFn::Logm
                | MatFn::Sqrtm
                | MatFn::Cosm
                | MatFn::Sinm
                | MatFn::Norm2
                | MatFn::Nuclear
                | MatFn::LambdaMax
                | MatFn::LambdaMin
                | MatFn::EigvecMax
                | MatFn::EigvecMin
                | MatFn::Sylvester,
                a,
            ) if self.is_matrix(a) => FUNCTION * self.cube(a),
            Mat::Call(MatFn::Cholesky, a) => FACTORS / 2.0 * side(a).powi(3),
            Mat::Call(MatFn::FrechetExpm | MatFn::FrechetLogm | MatFn::FrechetCosm | MatFn::FrechetSinm, a) => {
                FRECHET * side(a).powi(3) * if a.len() == 1 { side(a).powi(2) } else { 1.0 }
            }
            Mat::Call(_, arguments) => arguments.iter().map(|a| self.entries(self.form(*a))).sum::<f64>() + n,
            Mat::MatPower(..) => 2.0 * n.powf(1.5),
            Mat::Contract(spec, _) => 2.0 * spec.dims.iter().map(|d| self.length(*d)).product::<f64>(),
            Mat::Add(_, terms) => n * terms.len() as f64,
            Mat::Had(factors) => n * factors.len() as f64,
            Mat::Scale(..) | Mat::Times(_) | Mat::Map(..) | Mat::Map2(..) | Mat::Power(..) | Mat::Apply(..) => n,
        };
        Some((below.0 + own, below.1))
    }

    /// As a factor of a product an inverse is solved with.
    fn as_factor(&self, class: Id) -> Option<Cost> {
        let whole = self.known(class);
        let solved = self.nodes(class).filter_map(|node| match node {
            Mat::Call(MatFn::Inv, a) => {
                let a = *a.first()?;
                self.known(a).map(|c| (c.0 + FACTORS * self.length(self.form(a).rows()).powi(3), c.1 + 1))
            }
            _ => None,
        });
        solved.chain(whole).min_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)))
    }

    fn nodes(&self, class: Id) -> impl Iterator<Item = &Mat> {
        self.graph.nodes(self.graph.canonical(class)).iter()
    }

    /// The best order in which a chain is multiplied (Cormen et al. 2022, section 14.2).
    fn chain(&self, factors: &[Id]) -> f64 {
        let lengths: Vec<f64> = factors
            .iter()
            .map(|f| self.length(self.form(*f).rows()))
            .chain(factors.last().map(|f| self.length(self.form(*f).columns())))
            .collect();
        let diagonal: Vec<bool> = factors.iter().map(|f| self.nodes(*f).any(|n| matches!(n, Mat::Call(MatFn::Diag, _)))).collect();
        let k = factors.len();
        let mut least = vec![vec![0.0; k + 1]; k + 1];
        for span in 2..=k {
            for from in 0..=k - span {
                let until = from + span;
                let of = |cut: usize| {
                    let scales = (cut == from + 1 && diagonal[from]) || (cut + 1 == until && diagonal[cut]);
                    let product = lengths[from] * lengths[until] * if scales { 1.0 } else { 2.0 * lengths[cut] };
                    least[from][cut] + least[cut][until] + product
                };
                least[from][until] = (from + 1..until).map(of).fold(f64::INFINITY, f64::min);
            }
        }
        least[0][k]
    }

    fn trace(&self, a: Id) -> Option<Cost> {
        let whole = self.known(a).map(|c| (c.0 + self.length(self.form(a).rows()), c.1 + 1));
        let products = self.nodes(a).filter_map(|node| match node {
            Mat::Mul(factors) => {
                let mut below = (0.0, 1);
                for f in factors {
                    let c = self.known(*f)?;
                    below = (below.0 + c.0, below.1 + c.1);
                }
                let split = |at: usize| {
                    let sum = 2.0 * self.length(self.form(factors[at]).rows()) * self.length(self.form(factors[0]).rows());
                    self.chain(&factors[..at]) + self.chain(&factors[at..]) + sum
                };
                let own = (1..factors.len()).map(split).fold(f64::INFINITY, f64::min);
                Some((below.0 + own, below.1))
            }
            _ => None,
        });
        products.chain(whole).min_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)))
    }

    /// The term; recursion ends because a node costs more than each of its children.
    fn build(&self, class: Id, terms: &mut Terms, done: &mut FxHashMap<Id, Id>) -> Id {
        if let Some(known) = done.get(&class) {
            return *known;
        }
        let Some(mut node) = self.best.get(&class).cloned() else { return terms.number(0) };
        for child in node.children_mut() {
            *child = self.build(self.graph.canonical(*child), terms, done);
        }
        let term = reconstruct(terms, &node);
        done.insert(class, term);
        term
    }
}
