//! Steps of differentiation of functions of whole tensors: determinants, inverses, functions of matrices, eigenvalues.

use super::Level;
use super::formula::{Factor, Product, expanded};
use super::leibniz::{Used, no_lines};
use crate::applied::Applied;
use crate::contract::Sandwich;
use crate::diff::slope_of_largest;
use crate::dim::{Dim, Symbol};
use crate::error::Result;
use crate::function::Call;
use crate::index::{Node, NodeId, Opaque};
use crate::number::Number;
use std::sync::Arc;

impl Level<'_> {
    /// `d tr(f(X)) = tr(f'(X)*dX)`: the term in which the factor at that place, which is the trace of a function of a matrix, is
    /// replaced by its change. None if it is no such trace.
    pub fn trace_rule(&mut self, term: &Product, at: usize, scope: &mut Vec<Symbol>, used: &mut Used) -> Option<Product> {
        let Factor::Entry(node, indices) = &term.factors[at] else { return None };
        let (&Node::Opaque(f, a), &[i, j]) = (self.graph.node(*node), indices.as_slice()) else { return None };
        let meets = |(other, factor): (usize, &Factor)| other != at && factor.indices().contains(&i);
        if i != j || !term.is_bound(i) || term.factors.iter().enumerate().any(meets) {
            return None;
        }
        let (rule, slope) = self.slope_under_trace(f, a)?;
        used.rule(rule);
        self.uses_function(a, used);
        let axes: Vec<Dim> = self.graph.axes(a).to_vec();
        let (p, q) = (self.fresh(axes[0], scope), self.fresh(axes[1], scope));
        let slope = self.factor(slope, &[q.0, p.0], scope);
        let mut derived = Product { factors: term.factors[..at].to_vec(), ..term.clone() };
        derived.bound.retain(|(bound, _)| *bound != i);
        derived = derived.times(Product { bound: vec![p, q], ..Product::one() }).times(slope).times(self.change(a, &[p.0, q.0]));
        derived.factors.extend(term.factors[at + 1..].iter().cloned());
        Some(derived)
    }

    /// The derivative f' of a function of scalars, at a matrix, with the rule of its trace.
    fn slope_under_trace(&mut self, f: Opaque, a: NodeId) -> Option<(&'static str, NodeId)> {
        Some(match f {
            Opaque::Expm => ("d_trace_expm", self.graph.opaque(Opaque::Expm, a)),
            Opaque::Logm => ("d_trace_logm", self.graph.inverse(a)),
            Opaque::Sqrtm => {
                let root = self.graph.opaque(Opaque::Sqrtm, a);
                let inverse = self.graph.inverse(root);
                ("d_trace_sqrtm", self.graph.scale(&Number::ratio(1, 2), inverse))
            }
            Opaque::Cosm => {
                let sine = self.graph.opaque(Opaque::Sinm, a);
                ("d_trace_cosm", self.graph.negate(sine))
            }
            Opaque::Sinm => ("d_trace_sinm", self.graph.opaque(Opaque::Cosm, a)),
            _ => return None,
        })
    }

    /// The tensor of all derivatives of a function of n×n matrices, which lines write as `D(f)(X)` and do not look into.
    fn tensor_of(&mut self, f: Call, a: NodeId, n: Dim) -> Result<NodeId> {
        let written = self.graph.insert(Node::Apply(Arc::new(Applied::of_matrix(f, 1, n)), [a].into_iter().collect()));
        let meant = self.graph.derivative_of_matrix_function(f, a, 1)?;
        self.tensors.insert(written, meant);
        Ok(written)
    }

    /// `D(expm)(X)[i,j,p,q] is the derivative of expm(X)[i,j] by X[p,q]`
    fn note_of_tensor(&mut self, f: Call, a: NodeId, at: [Symbol; 4]) -> Result<String> {
        let (f, a, [i, j, p, q]) = (f.name(), self.matrix(a)?, at);
        Ok(format!("D({f})({a})[{i},{j},{p},{q}] is the derivative of {f}({a})[{i},{j}] by {a}[{p},{q}]"))
    }

    /// The slope of an eigenvalue, `v*v'` where the matrix is symmetric, also where only what its name stands for is seen to be.
    fn slope_of_eigenvalue(&mut self, f: Opaque, a: NodeId) -> NodeId {
        let meant = self.stages.named(a).map_or(a, |at| self.stages.all[at].node);
        let meant = self.general.with_structure(self.graph, meant);
        if !self.graph.is_symmetric(meant) {
            return self.graph.slope_of_eigenvalue(f, a);
        }
        let vector = if f == Opaque::LambdaMax { Opaque::EigvecMax } else { Opaque::EigvecMin };
        let v = self.graph.insert(Node::Opaque(vector, a));
        self.graph.einsum(&[0, 1], &[(v, &[0]), (v, &[1])])
    }

    /// An entry of a node as a product, if it is one.
    fn factor(&self, node: NodeId, at: &[Symbol], scope: &mut Vec<Symbol>) -> Product {
        let mut terms = expanded(self.graph, node, at, scope, &self.names).terms;
        let product = match (terms.pop(), terms.is_empty()) {
            (Some(product), true) => product,
            _ => Product::of(Factor::Entry(node, at.to_vec())),
        };
        scope.extend(product.names());
        product
    }

    /// The change of an entry of a function of a whole tensor.
    ///
    /// # Errors
    /// If that has no formula entry by entry.
    pub fn whole_tensor(
        &mut self,
        node: NodeId,
        f: Opaque,
        a: NodeId,
        at: &[Symbol],
        scope: &mut Vec<Symbol>,
        used: &mut Used,
    ) -> Result<Vec<Product>> {
        self.uses_function(a, used);
        let entry = |node: NodeId, at: &[Symbol]| Factor::Entry(node, at.to_vec());
        let axes: Vec<Dim> = self.graph.axes(a).to_vec();
        let product = |factors: Vec<Factor>, bound: Vec<(Symbol, Dim)>| Product { factors, bound, ..Product::one() };
        Ok(match f {
            Opaque::Expm | Opaque::Logm | Opaque::Sqrtm | Opaque::Cosm | Opaque::Sinm => {
                let (call, rule) = name_of(f);
                used.rule(rule);
                let tensor = self.tensor_of(call, a, axes[0])?;
                let (p, q) = (self.fresh(axes[0], scope), self.fresh(axes[1], scope));
                let change = self.change(a, &[p.0, q.0]);
                used.note = Some(self.note_of_tensor(call, a, [at[0], at[1], p.0, q.0])?);
                vec![product(vec![entry(tensor, &[at[0], at[1], p.0, q.0])], vec![p, q]).times(change)]
            }
            Opaque::LambdaMax | Opaque::LambdaMin | Opaque::Nuclear => {
                let (rule, slope) = match f {
                    Opaque::Nuclear => ("d_nuclear", self.graph.polar_factor(a)),
                    Opaque::LambdaMin => ("d_lambda_min", self.slope_of_eigenvalue(f, a)),
                    _ => ("d_lambda_max", self.slope_of_eigenvalue(f, a)),
                };
                used.rule(rule);
                let (p, q) = (self.fresh(axes[0], scope), self.fresh(axes[1], scope));
                vec![product(Vec::new(), vec![p, q]).times(self.factor(slope, &[p.0, q.0], scope)).times(self.change(a, &[p.0, q.0]))]
            }
            Opaque::Pinv => {
                used.rule("d_pinv");
                let sandwiches = self.graph.differential_of_pseudoinverse(a, node);
                let pieces = sandwiches.into_iter().map(|Sandwich { sign, left, turned, right }| {
                    let (p, q) = (self.fresh(axes[0], scope), self.fresh(axes[1], scope));
                    let (from, to) = if turned { (q.0, p.0) } else { (p.0, q.0) };
                    let left = product(Vec::new(), vec![p, q]).times(self.factor(left, &[at[0], from], scope));
                    let change = self.change(a, &[p.0, q.0]);
                    left.times(change).times(self.factor(right, &[to, at[1]], scope)).scaled(&sign)
                });
                pieces.collect()
            }
            Opaque::Cholesky | Opaque::EigvecMax | Opaque::EigvecMin => return Err(no_lines(&format!("{f:?}").to_lowercase())),
            Opaque::Inv => {
                used.rule("d_inv");
                let (p, q) = (self.fresh(axes[0], scope), self.fresh(axes[1], scope));
                let change = self.change(a, &[p.0, q.0]);
                let left = product(vec![entry(node, &[at[0], p.0])], vec![p, q]);
                vec![left.times(change).times(Product::of(entry(node, &[q.0, at[1]]))).scaled(&Number::MINUS_ONE)]
            }
            Opaque::Det | Opaque::LogDet => {
                used.rule(if f == Opaque::Det { "d_det_inv" } else { "d_logdet" });
                let (p, q) = (self.fresh(axes[0], scope), self.fresh(axes[1], scope));
                let inverse = self.graph.inverse(a);
                let mut factors = if f == Opaque::Det { vec![entry(node, &[])] } else { Vec::new() };
                factors.push(entry(inverse, &[q.0, p.0]));
                vec![product(factors, vec![p, q]).times(self.change(a, &[p.0, q.0]))]
            }
            Opaque::Adj => {
                used.rule("d_adj");
                let (p, q) = (self.fresh(axes[0], scope), self.fresh(axes[1], scope));
                let inverse = self.graph.inverse(a);
                let change = self.change(a, &[p.0, q.0]);
                let first = product(vec![entry(inverse, &[q.0, p.0])], vec![p, q]).times(change.clone());
                let second = product(vec![entry(inverse, &[at[0], p.0])], vec![p, q]).times(change);
                vec![
                    first.times(Product::of(entry(node, at))),
                    second.times(Product::of(entry(node, &[q.0, at[1]]))).scaled(&Number::MINUS_ONE),
                ]
            }
            Opaque::Product => {
                used.rule("d_prod");
                let bound: Vec<(Symbol, Dim)> = axes.iter().map(|n| self.fresh(*n, scope)).collect();
                let names: Vec<Symbol> = bound.iter().map(|b| b.0).collect();
                let reciprocal = self.graph.power(a, &Number::MINUS_ONE);
                vec![product(vec![entry(node, &[]), entry(reciprocal, &names)], bound).times(self.change(a, &names))]
            }
            Opaque::NormInf => {
                used.rule("d_norminf");
                let bound: Vec<(Symbol, Dim)> = axes.iter().map(|n| self.fresh(*n, scope)).collect();
                let names: Vec<Symbol> = bound.iter().map(|b| b.0).collect();
                let slope = slope_of_largest(self.graph, node, a);
                vec![product(vec![entry(slope, &names)], bound).times(self.change(a, &names))]
            }
            Opaque::Softmax => {
                used.rule("d_softmax");
                let straight = product(vec![entry(node, at)], Vec::new()).times(self.change(a, at));
                let p = self.fresh(axes[axes.len() - 1], scope);
                let other: Vec<Symbol> = at[..at.len() - 1].iter().copied().chain([p.0]).collect();
                let mixed = product(vec![entry(node, at), entry(node, &other)], vec![p]).times(self.change(a, &other));
                vec![straight, mixed.scaled(&Number::MINUS_ONE)]
            }
            Opaque::LogSumExp => {
                used.rule("d_logsumexp");
                let softmax = self.graph.opaque(Opaque::Softmax, a);
                let p = self.fresh(axes[axes.len() - 1], scope);
                let other: Vec<Symbol> = at.iter().copied().chain([p.0]).collect();
                vec![product(vec![entry(softmax, &other)], vec![p]).times(self.change(a, &other))]
            }
        })
    }
}

/// A function of matrices as it is called, and the rule of its differential.
fn name_of(f: Opaque) -> (Call, &'static str) {
    match f {
        Opaque::Logm => (Call::Logm, "d_logm"),
        Opaque::Sqrtm => (Call::Sqrtm, "d_sqrtm"),
        Opaque::Cosm => (Call::Cosm, "d_cosm"),
        Opaque::Sinm => (Call::Sinm, "d_sinm"),
        _ => (Call::Expm, "d_expm"),
    }
}
