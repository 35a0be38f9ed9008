//! Formulas with named indices: sums of products of entries.

use super::names::Names;
use crate::contract::Draft;
use crate::dim::{Dim, Symbol};
use crate::index::{Contraction, Graph, Label, Labels, Node, NodeId};
use crate::number::Number;
use rustc_hash::FxHashMap;

/// An index with its length.
pub(super) type Index = (Symbol, Dim);

/// A sum; without terms it is 0.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Formula {
    pub terms: Vec<Product>,
}

/// A product of entries, summed over `bound`.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Product {
    pub coefficient: Number,
    pub factors: Vec<Factor>,
    pub bound: Vec<Index>,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Factor {
    /// The entry of a node at these indices.
    Entry(NodeId, Vec<Symbol>),
    Delta(Symbol, Symbol),
}

impl Formula {
    /// The terms that are added before those that are subtracted, if one of these leads.
    pub fn positive_first(mut self) -> Formula {
        if self.terms.first().is_some_and(|t| t.coefficient.is_negative()) {
            self.terms.sort_by_key(|t| t.coefficient.is_negative());
        }
        self
    }
}

impl Factor {
    pub fn indices(&self) -> Vec<Symbol> {
        match self {
            Factor::Entry(_, at) => at.clone(),
            Factor::Delta(a, b) => vec![*a, *b],
        }
    }

    fn rename(&mut self, from: Symbol, to: Symbol) {
        let change = |s: &mut Symbol| {
            if *s == from {
                *s = to;
            }
        };
        match self {
            Factor::Entry(_, at) => at.iter_mut().for_each(change),
            Factor::Delta(a, b) => [a, b].into_iter().for_each(change),
        }
    }
}

impl Product {
    pub fn one() -> Product {
        Product { coefficient: Number::ONE, factors: Vec::new(), bound: Vec::new() }
    }

    pub fn of(factor: Factor) -> Product {
        Product { factors: vec![factor], ..Product::one() }
    }

    pub fn scaled(mut self, by: &Number) -> Product {
        self.coefficient = &self.coefficient * by;
        self
    }

    /// Both multiplied; their bound indices have different names.
    pub fn times(mut self, other: Product) -> Product {
        self.coefficient = &self.coefficient * &other.coefficient;
        self.factors.extend(other.factors);
        self.bound.extend(other.bound);
        self
    }

    pub fn rename(&mut self, from: Symbol, to: Symbol) {
        self.factors.iter_mut().for_each(|f| f.rename(from, to));
        self.bound.iter_mut().filter(|(name, _)| *name == from).for_each(|(name, _)| *name = to);
    }

    /// All names in it.
    pub fn names(&self) -> Vec<Symbol> {
        self.factors.iter().flat_map(Factor::indices).chain(self.bound.iter().map(|(name, _)| *name)).collect()
    }

    pub fn is_bound(&self, name: Symbol) -> bool {
        self.bound.iter().any(|(bound, _)| *bound == name)
    }

    /// Renames the bound indices so that none is in `scope`.
    pub fn freshened(mut self, scope: &[Symbol], names: &Names) -> Product {
        for (name, _) in self.bound.clone() {
            if scope.contains(&name) {
                let used: Vec<Symbol> = scope.iter().copied().chain(self.names()).collect();
                self.rename(name, names.index(&used));
            }
        }
        self
    }

    /// Sums over every bound index that a delta joins with another one; says which became which.
    ///
    /// Every round removes a bound index, so it ends.
    pub fn contract_deltas(&mut self) -> Vec<(Symbol, Symbol)> {
        let mut renamed = Vec::new();
        loop {
            let found = self.factors.iter().enumerate().find_map(|(at, f)| match *f {
                Factor::Delta(a, b) if a != b && self.is_bound(a) => Some((at, a, b)),
                Factor::Delta(a, b) if a != b && self.is_bound(b) => Some((at, b, a)),
                _ => None,
            });
            let Some((at, from, to)) = found else { return renamed };
            self.factors.remove(at);
            self.bound.retain(|(name, _)| *name != from);
            self.rename(from, to);
            renamed.push((from, to));
        }
    }
}

/// The entry of a node as a sum of products, its scale, its terms and its factors apart.
pub(super) fn expanded(graph: &Graph, node: NodeId, at: &[Symbol], scope: &[Symbol], names: &Names) -> Formula {
    let terms = match graph.node(node) {
        Node::Zero(_) => Vec::new(),
        Node::Scale(n, a) => expanded(graph, *a, at, scope, names).terms.into_iter().map(|t| t.scaled(n)).collect(),
        Node::Sum(all) => {
            let one = |(n, a): &(Number, NodeId)| expanded(graph, *a, at, scope, names).terms.into_iter().map(|t| t.scaled(n)).collect();
            all.iter().flat_map::<Vec<Product>, _>(one).collect()
        }
        Node::Contract(c) => vec![product(graph, c, at, scope, names)],
        _ => vec![Product::of(Factor::Entry(node, at.to_vec()))],
    };
    Formula { terms }
}

/// A contraction with names, its factors in the order in which a chain of matrices is read.
fn product(graph: &Graph, c: &Contraction, at: &[Symbol], scope: &[Symbol], names: &Names) -> Product {
    let mut named: Vec<Option<Symbol>> = vec![None; c.dims.len()];
    let mut product = Product::one();
    for (label, name) in c.out.iter().zip(at) {
        match named[usize::from(*label)] {
            None => named[usize::from(*label)] = Some(*name),
            Some(first) => product.factors.push(Factor::Delta(first, *name)),
        }
    }
    let mut scope: Vec<Symbol> = scope.iter().chain(at).copied().collect();
    for which in reading_order(graph, c) {
        let factor = &c.factors[which];
        let mut indices = Vec::with_capacity(factor.labels.len());
        for label in &factor.labels {
            let slot = &mut named[usize::from(*label)];
            let name = slot.unwrap_or_else(|| {
                let name = names.index(&scope);
                scope.push(name);
                product.bound.push((name, c.dims[usize::from(*label)]));
                name
            });
            *slot = Some(name);
            indices.push(name);
        }
        let alone = c.factors.iter().filter(|f| f.node == factor.node).count() == 1;
        if alone && factor.labels.is_empty() && matches!(graph.node(factor.node), Node::Contract(_) | Node::Scale(..)) {
            let inner = expanded(graph, factor.node, &[], &scope, names).terms;
            for one in inner.into_iter().take(1) {
                scope.extend(one.names());
                product = product.times(one);
            }
            continue;
        }
        product.factors.push(Factor::Entry(factor.node, indices));
    }
    product
}

/// Scalars first; then from a factor with the first output, or from an end of the chain, along shared labels.
fn reading_order(graph: &Graph, c: &Contraction) -> Vec<usize> {
    let text = |at: usize| reading_key(graph, c.factors[at].node, 4);
    let mut order: Vec<usize> = (0..c.factors.len()).filter(|at| c.factors[*at].labels.is_empty()).collect();
    order.sort_by_cached_key(|at| text(*at));
    let scalars = order.len();
    let mut turned = 0;
    let mut rest: Vec<usize> = (0..c.factors.len()).filter(|at| !c.factors[*at].labels.is_empty()).collect();
    rest.sort_by_cached_key(|at| text(*at));
    let straight = |at: usize| {
        let own = &c.factors[at].labels;
        let meets = |other: &usize| *other != at && c.factors[*other].labels.len() > 1 && c.factors[*other].labels.first() == own.first();
        own.len() == 1 && rest.iter().any(meets)
    };
    // The first of the smallest key: ends of a chain before its middle.
    let starts: FxHashMap<usize, u8> =
        rest.iter().map(|at| (*at, if c.factors[*at].labels.len() > 1 { 2 } else { u8::from(!straight(*at)) })).collect();
    let mut here: Option<Label> = c.out.first().copied();
    while !rest.is_empty() {
        let on = |at: &usize| here.is_some_and(|l| c.factors[*at].labels.contains(&l));
        let next = if rest.iter().any(on) {
            // Vectors at a label before the matrix that leads on.
            rest.iter().copied().filter(on).min_by_key(|at| c.factors[*at].labels.len().min(2))
        } else {
            rest.iter().copied().min_by_key(|at| starts.get(at).copied().unwrap_or(2))
        };
        let Some(next) = next else { break };
        rest.retain(|at| *at != next);
        order.push(next);
        let own = &c.factors[next].labels;
        if let [i, j] = own.as_slice() {
            turned += if Some(*i) == here { -1 } else { i32::from(Some(*j) == here) };
        }
        here = own.iter().rev().find(|l| Some(**l) != here).copied().or(here);
    }
    // With one end at an output a chain may be read from either end.
    if turned > 0 && c.out.len() == 1 {
        order[scalars..].reverse();
    }
    order
}

/// Sorts nodes as a reader would: variables by name, then functions of them.
fn reading_key(graph: &Graph, node: NodeId, depth: usize) -> String {
    if depth == 0 {
        return String::new();
    }
    let inner = |a: NodeId| reading_key(graph, a, depth - 1);
    match graph.node(node) {
        Node::Var(v) => format!("1{}", v.name),
        Node::Constant(c) => format!("0{}", c.name()),
        Node::Size(d) => format!("0{d}"),
        Node::Map(f, a) => format!("2{}{}", f.name(), inner(*a)),
        Node::Power(a, p) => format!("{}{p}", inner(*a)),
        Node::Opaque(f, a) => format!("2{f:?}{}", inner(*a)),
        Node::Operator(f, operands, _) => operands.iter().fold(format!("2{f:?}"), |s, a| s + &inner(*a)),
        Node::Map2(f, a, b) => format!("2{f:?}{}{}", inner(*a), inner(*b)),
        Node::Unit(i, _) => format!("3{i}"),
        Node::Apply(f, arguments) => arguments.iter().fold(format!("2{f}"), |s, a| s + &inner(*a)),
        Node::Zero(_)
        | Node::Select(_)
        | Node::Duplication(_)
        | Node::Elimination(_)
        | Node::LeviCivita(_)
        | Node::Merge(..)
        | Node::Triangle(..) => "3".to_owned(),
        Node::Scale(_, a) => format!("4{}", inner(*a)),
        Node::Contract(c) => c.factors.iter().fold("4".to_owned(), |s, f| s + &inner(f.node)),
        Node::Sum(terms) => terms.iter().fold("5".to_owned(), |s, (_, a)| s + &inner(*a)),
    }
}

/// The tensor of a product with the axes `outputs`, in normal form; `replace` puts other nodes in place of some.
pub(super) fn node_of(graph: &mut Graph, product: &Product, outputs: &[Index], replace: &FxHashMap<NodeId, NodeId>) -> NodeId {
    let mut draft = Draft::new();
    draft.coefficient = product.coefficient.clone();
    let mut labels: FxHashMap<Symbol, Label> = FxHashMap::default();
    for (name, dim) in outputs.iter().chain(&product.bound) {
        labels.entry(*name).or_insert_with(|| draft.label(*dim));
    }
    for factor in &product.factors {
        let node = match factor {
            Factor::Entry(node, _) => replace.get(node).copied().unwrap_or(*node),
            Factor::Delta(a, b) => {
                let length = [a, b].into_iter().find_map(|n| labels.get(n)).map(|l| draft.dims[usize::from(*l)]);
                graph.eye(length.unwrap_or(Dim::ONE))
            }
        };
        let own: Labels = factor.indices().iter().filter_map(|n| labels.get(n).copied()).collect();
        draft.factor(node, &own);
    }
    let out: Labels = outputs.iter().filter_map(|(n, _)| labels.get(n).copied()).collect();
    graph.contract(draft.out(&out))
}

/// The tensor of a whole formula.
pub(super) fn node_of_sum(graph: &mut Graph, formula: &Formula, outputs: &[Index], replace: &FxHashMap<NodeId, NodeId>) -> NodeId {
    let terms = formula.terms.iter().map(|t| (Number::ONE, node_of(graph, t, outputs, replace))).collect();
    let axes: Vec<Dim> = outputs.iter().map(|(_, d)| *d).collect();
    graph.sum(&axes, terms)
}
