//! Intermediate results with names, so that every formula stays short and the chain rule goes stage by stage.

use super::names::Names;
use crate::diff::dependent;
use crate::dim::Symbol;
use crate::expr::{Expr, Kind, Shape, Var};
use crate::index::{Graph, Node, NodeId};
use crate::number::Number;
use rustc_hash::FxHashMap;
use std::sync::Arc;

/// A constant with more nodes than this gets a name of its own.
const LONGEST_CONSTANT: u64 = 12;

/// A named intermediate result.
#[derive(Clone, Debug)]
pub(super) struct Stage {
    pub name: Symbol,
    /// What it stands for, without names.
    pub node: NodeId,
    /// The same over the names of other stages.
    pub shown: NodeId,
    /// The name as a node.
    pub var: NodeId,
    pub depends: bool,
}

/// The stages of a function, the function itself among them.
pub(super) struct Stages {
    /// In the order in which they are named: what uses a stage comes before it.
    pub all: Vec<Stage>,
    /// Places in `all`, what a stage uses before it; the function last.
    pub inner_first: Vec<usize>,
    by_node: FxHashMap<NodeId, usize>,
}

impl Stages {
    pub fn of(graph: &mut Graph, root: NodeId, variable: NodeId, function: Symbol, names: &mut Names, input: &Input) -> Stages {
        let order = graph.reachable(&[root]);
        let depends = dependent(graph, &order, variable);
        let mut cutter = Cutter { graph, names, input, depends, weights: FxHashMap::default(), all: Vec::new(), order: Vec::new(), memo: FxHashMap::default() };
        cutter.stage(root, Some(function));
        let (all, inner_first) = (cutter.all, cutter.order);
        let by_node = all.iter().enumerate().map(|(at, s)| (s.var, at)).collect();
        Stages { all, inner_first, by_node }
    }

    /// The stage that a variable is the name of.
    pub fn named(&self, var: NodeId) -> Option<usize> {
        self.by_node.get(&var).copied()
    }
}

/// What the input says of how its parts are written.
#[derive(Clone, Default)]
pub(super) struct Input {
    /// Parts by their nodes, so that an intermediate result is called what the reader called it.
    pub parts: FxHashMap<NodeId, Expr>,
    /// The terms of sums in the order in which they are written.
    pub orders: FxHashMap<NodeId, Vec<NodeId>>,
}

struct Cutter<'a> {
    graph: &'a mut Graph,
    names: &'a mut Names,
    input: &'a Input,
    depends: Vec<bool>,
    weights: FxHashMap<NodeId, u64>,
    all: Vec<Stage>,
    order: Vec<usize>,
    memo: FxHashMap<NodeId, NodeId>,
}

impl Cutter<'_> {
    fn depends(&self, node: NodeId) -> bool {
        // The negative of a node is newer than what was looked at.
        let (_, node) = self.graph.unscaled(node);
        self.depends.get(node.0 as usize).copied().unwrap_or(false)
    }

    /// The name of a node; it is given one if it has none.
    fn stage(&mut self, node: NodeId, name: Option<Symbol>) -> NodeId {
        if let Some(known) = self.memo.get(&node) {
            return *known;
        }
        let axes = self.graph.axes(node).to_vec();
        let name = name.unwrap_or_else(|| self.names.stage(axes.len()));
        let kind = Kind { sign: self.graph.meta(node).sign, ..Kind::plain(Shape::of_axes(&axes)) };
        let var = self.graph.insert(Node::Var(Var { name, kind: Some(Arc::new(kind)) }));
        let at = self.all.len();
        self.all.push(Stage { name, node, shown: node, var, depends: self.depends(node) });
        self.memo.insert(node, var);
        let shown = self.shown(node);
        self.all[at].shown = shown;
        self.order.push(at);
        var
    }

    /// The node with names for what is inside of it. It only hash-conses, so that the formula keeps its form.
    fn shown(&mut self, node: NodeId) -> NodeId {
        let new = match self.graph.node(node).clone() {
            leaf @ (Node::Var(_) | Node::Constant(_) | Node::Size(_) | Node::Zero(_) | Node::Unit(..) | Node::LeviCivita | Node::Merge(..)) => leaf,
            Node::Contract(mut c) => {
                let mut sign = Number::ONE;
                for f in &mut c.factors {
                    let factor = self.factor(f.node);
                    let (n, core) = self.graph.unscaled(factor);
                    sign = &sign * &n;
                    f.node = core;
                }
                let product = self.graph.insert(Node::Contract(c));
                return self.graph.scale(&sign, product);
            }
            Node::Scale(n, a) => {
                let a = self.shown(a);
                return self.graph.scale(&n, a);
            }
            Node::Sum(terms) => {
                let terms = self.in_order(node, terms);
                let term = |(n, a): (Number, NodeId)| {
                    let a = self.shown(a);
                    let (m, a) = self.graph.unscaled(a);
                    (&n * &m, a)
                };
                Node::Sum(terms.into_iter().map(term).collect())
            }
            Node::Map(f, a) => Node::Map(f, self.argument(a)),
            Node::Power(a, p) => Node::Power(self.argument(a), p),
            Node::Map2(f, a, b) => {
                let a = self.argument(a);
                Node::Map2(f, a, self.argument(b))
            }
            Node::Opaque(f, a) => Node::Opaque(f, self.argument(a)),
        };
        self.graph.insert(new)
    }

    /// The terms of a sum as the input has them. What is not found there takes the places that are left.
    fn in_order(&self, node: NodeId, terms: Vec<(Number, NodeId)>) -> Vec<(Number, NodeId)> {
        let Some(order) = self.input.orders.get(&node) else { return terms };
        let free: Vec<usize> = (0..order.len()).filter(|at| !terms.iter().any(|(_, a)| *a == order[*at])).collect();
        let mut free = free.into_iter();
        let mut placed: Vec<(usize, (Number, NodeId))> = Vec::new();
        for term in terms {
            let at = order.iter().position(|n| *n == term.1).or_else(|| free.next()).unwrap_or(usize::MAX);
            placed.push((at, term));
        }
        placed.sort_by_key(|(at, _)| *at);
        placed.into_iter().map(|(_, term)| term).collect()
    }

    /// A factor of a product: sums and products in themselves have names.
    fn factor(&mut self, node: NodeId) -> NodeId {
        let composite = matches!(self.graph.node(node), Node::Sum(_) | Node::Contract(_));
        if self.depends(node) {
            return if composite { self.stage_as_written(node) } else { self.shown(node) };
        }
        if self.weight(node) > LONGEST_CONSTANT { self.stage(node, None) } else { node }
    }

    /// The argument of a function: anything but a variable has a name.
    fn argument(&mut self, node: NodeId) -> NodeId {
        if matches!(self.graph.node(node), Node::Var(_)) {
            return node;
        }
        if self.depends(node) || self.weight(node) > LONGEST_CONSTANT { self.stage_as_written(node) } else { node }
    }

    /// A stage, with the sign that the input has: `A*x - b` where index form has `b - A*x`.
    fn stage_as_written(&mut self, node: NodeId) -> NodeId {
        let negative = self.graph.negate(node);
        let turn = !self.input.parts.contains_key(&node) && self.input.parts.contains_key(&negative);
        if !turn || self.memo.contains_key(&node) || !matches!(self.graph.node(node), Node::Sum(_)) {
            return self.stage(node, None);
        }
        let stage = self.stage(negative, None);
        self.graph.negate(stage)
    }

    /// The number of nodes of the tree.
    fn weight(&mut self, node: NodeId) -> u64 {
        if let Some(known) = self.weights.get(&node) {
            return *known;
        }
        let mut children = Vec::new();
        self.graph.node(node).for_each_child(|c| children.push(c));
        let weight = children.into_iter().fold(1u64, |sum, c| sum.saturating_add(self.weight(c)));
        self.weights.insert(node, weight);
        weight
    }
}
