//! One step of differentiation: the product rule, and the chain rule for each kind of node. What is left to differentiate
//! are entries of the variable and of named stages.

use super::Level;
use super::formula::{Factor, Formula, Product, expanded};
use crate::diff::partial;
use crate::dim::{Dim, Symbol};
use crate::error::{Error, Result};
use crate::function::Map2;
use crate::index::{LinearOperator, Node, NodeId};
use crate::number::Number;

/// What a step of differentiation used.
#[derive(Clone, Debug, Default)]
pub(super) struct Used {
    pub rules: Vec<&'static str>,
    pub product: bool,
    pub chain: bool,
    /// A function of the variable itself.
    pub function: bool,
    pub constants: bool,
    pub sum: bool,
    /// What the tensors in it are that no line looks into.
    pub note: Option<String>,
}

impl Used {
    pub fn rule(&mut self, name: &'static str) {
        if !self.rules.contains(&name) {
            self.rules.push(name);
        }
    }

    pub fn title(&self) -> &'static str {
        match (self.product, self.chain, self.sum) {
            (true, true, _) => "product rule and chain rule",
            (true, false, _) if self.function => "product rule, and differentiate the function",
            (true, false, _) => "product rule",
            (false, true, _) => "chain rule",
            (false, false, true) => "differentiate term by term",
            (false, false, false) if self.function => "differentiate the function",
            (false, false, false) if self.constants => "constant factors stay",
            (false, false, false) => "differentiate the entry",
        }
    }
}

impl Level<'_> {
    /// The derivative of a formula with the axes `outputs` by the variable, with derivatives of entries in it.
    ///
    /// # Errors
    /// If the derivative of a function is not known.
    pub fn differentiate(&mut self, formula: &Formula, outputs: &[Symbol]) -> Result<(Formula, Used)> {
        let mut used = Used { sum: formula.terms.len() > 1, ..Used::default() };
        let mut terms = Vec::new();
        for term in &formula.terms {
            self.product_rule(term, outputs, &mut used, &mut terms)?;
        }
        let leading: &[&'static str] = match (used.product, used.sum, used.constants) {
            (true, _, _) => &["d_mul"],
            (false, true, _) => &["d_add"],
            (false, false, true) => &["d_const_mul"],
            (false, false, false) => &[],
        };
        used.rules.splice(0..0, leading.iter().copied());
        Ok((Formula { terms }, used))
    }

    /// Each factor in turn is replaced by its derivative; equal factors count as a power.
    fn product_rule(&mut self, term: &Product, outputs: &[Symbol], used: &mut Used, terms: &mut Vec<Product>) -> Result<()> {
        let mut scope: Vec<Symbol> = outputs.iter().chain(&self.indices).copied().chain(term.names()).collect();
        let mut factors = 0;
        for (at, factor) in term.factors.iter().enumerate() {
            let Factor::Entry(node, indices) = factor else { continue };
            if !self.depends_on_variable(*node) {
                // A selection or a mask is no factor that anyone has written.
                used.constants |= !matches!(
                    self.graph.node(*node),
                    Node::Select(_) | Node::Triangle(..) | Node::Merge(..) | Node::Duplication(_) | Node::Elimination(_)
                );
                continue;
            }
            // Of equal factors the last one stands for all.
            if term.factors[at + 1..].contains(factor) {
                continue;
            }
            factors += 1;
            if let Some(derived) = self.trace_rule(term, at, &mut scope, used) {
                terms.push(derived);
                continue;
            }
            let count = term.factors.iter().filter(|f| *f == factor).count();
            used.product |= count > 1;
            for piece in self.chain_rule(*node, indices, &mut scope, used)? {
                let mut derived = Product { factors: term.factors[..at].to_vec(), ..term.clone() };
                derived = derived.times(piece).scaled(&Number::int(count as i64));
                derived.factors.extend(term.factors[at + 1..].iter().cloned());
                terms.push(derived);
            }
        }
        used.product |= factors > 1;
        Ok(())
    }

    /// d of the entry of a node, as products that hold one derivative of an entry each.
    fn chain_rule(&mut self, node: NodeId, at: &[Symbol], scope: &mut Vec<Symbol>, used: &mut Used) -> Result<Vec<Product>> {
        match self.graph.node(node).clone() {
            Node::Map(f, a) => {
                self.uses_function(a, used);
                if let Some(rule) = rule_of(&format!("d_{}", f.name())) {
                    used.rule(rule);
                }
                let slope = self.graph.derivative_of_map(f, a)?;
                Ok(self.slope_times_change(slope, a, at, scope))
            }
            Node::Power(a, p) => {
                self.uses_function(a, used);
                used.rule("d_pow");
                let power = self.graph.power(a, &(&p - &Number::ONE));
                let slope = self.graph.scale(&p, power);
                Ok(self.slope_times_change(slope, a, at, scope))
            }
            Node::Map2(f, a, b) => {
                used.chain = true;
                used.rule(match f {
                    Map2::Power => "d_pow_exponent",
                    Map2::Max => "d_max",
                    Map2::Min => "d_min",
                });
                let mut pieces = Vec::new();
                for (argument, to) in [a, b].into_iter().enumerate() {
                    if self.depends_on_variable(to) {
                        let slope = partial(self.graph, f, a, b, argument);
                        pieces.extend(self.slope_times_change(slope, to, at, scope));
                    }
                }
                Ok(pieces)
            }
            Node::Opaque(f, a) => self.whole_tensor(node, f, a, at, scope, used),
            Node::Operator(f, ..) => Err(no_lines(match f {
                LinearOperator::Sylvester => "sylvester",
                LinearOperator::FrechetExpm | LinearOperator::FrechetLogm | LinearOperator::FrechetCosm | LinearOperator::FrechetSinm => {
                    "frechet"
                }
            })),
            Node::Apply(f, arguments) => {
                arguments.iter().for_each(|a| self.uses_function(*a, used));
                let mut pieces = Vec::new();
                for (k, to) in arguments.iter().copied().enumerate() {
                    if !self.depends_on_variable(to) {
                        continue;
                    }
                    let slope = self.graph.apply(&f.derivative(k), arguments.to_vec());
                    if f.elementwise {
                        pieces.extend(self.slope_times_change(slope, to, at, scope));
                        continue;
                    }
                    let axes: Vec<Dim> = self.graph.axes(to).to_vec();
                    let bound: Vec<(Symbol, Dim)> = axes.iter().map(|n| self.fresh(*n, scope)).collect();
                    let names: Vec<Symbol> = bound.iter().map(|b| b.0).collect();
                    let factor = Factor::Entry(slope, at.iter().chain(&names).copied().collect());
                    let product = Product { factors: vec![factor], bound, ..Product::one() };
                    pieces.push(product.times(self.change(to, &names)));
                }
                Ok(pieces)
            }
            // Stages leave only names below a product.
            _ => Ok(vec![self.change(node, at)]),
        }
    }

    pub fn uses_function(&self, argument: NodeId, used: &mut Used) {
        let of_variable = argument == self.variable_node;
        used.function |= of_variable;
        used.chain |= !of_variable;
    }

    /// The derivative of an entry of the variable or of a stage.
    pub fn change(&mut self, node: NodeId, at: &[Symbol]) -> Product {
        if let Node::Scale(n, a) = self.graph.node(node).clone() {
            return self.change(a, at).scaled(&n);
        }
        if node == self.variable_node && self.indices.is_empty() {
            return Product::one();
        }
        let pending = self.pending_of(node);
        Product::of(Factor::Entry(pending, at.iter().chain(&self.indices).copied().collect()))
    }

    fn slope_times_change(&mut self, slope: NodeId, a: NodeId, at: &[Symbol], scope: &mut Vec<Symbol>) -> Vec<Product> {
        let mut all = expanded(self.graph, slope, at, scope, &self.names).terms;
        if all.len() > 1 {
            all = vec![Product::of(Factor::Entry(slope, at.to_vec()))];
        }
        let change = self.change(a, at);
        let all: Vec<Product> = all.into_iter().map(|p| p.times(change.clone())).collect();
        scope.extend(all.iter().flat_map(Product::names));
        all
    }

    pub fn fresh(&self, n: Dim, scope: &mut Vec<Symbol>) -> (Symbol, Dim) {
        let name = self.names.index(scope);
        scope.push(name);
        (name, n)
    }
}

/// What has no derivation entry by entry.
pub(super) fn no_lines(function: &str) -> Error {
    Error::unsupported(format!("the derivation of `{function}` line by line")).help("`diff` gives its derivative")
}

/// The rule of that name in the catalog, if there is one.
fn rule_of(name: &str) -> Option<&'static str> {
    crate::catalog::Catalog::standard().rule(name).map(|rule| &*rule.name)
}
