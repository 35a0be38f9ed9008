//! Intermediate results with names, so that every formula stays short and the chain rule goes stage by stage.

use super::names::Names;
use crate::diff::dependent;
use crate::dim::Symbol;
use crate::expr::{Expr, Kind, Shape, Var};
use crate::index::{Contraction, Graph, Node, NodeId};
use crate::number::Number;
use rustc_hash::FxHashMap;
use std::sync::Arc;

/// A constant with more nodes than this gets a name of its own.
const LONGEST_CONSTANT: u64 = 12;

/// A product with more factors than this is not one line.
const MOST_FACTORS: usize = 6;

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
        // What the function uses is not all: a part as it is written may be another node.
        let order: Vec<NodeId> = (0..graph.len()).map(|at| NodeId(at as u32)).collect();
        let depends = dependent(graph, &order, &[variable]);
        let mut cutter = Cutter {
            graph,
            names,
            input,
            depends,
            weights: FxHashMap::default(),
            all: Vec::new(),
            order: Vec::new(),
            memo: FxHashMap::default(),
        };
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
    /// Of sums that are written with a number before index form took it out: that number.
    pub scales: FxHashMap<NodeId, Number>,
    /// The terms of sums in the order in which they are written.
    pub orders: FxHashMap<NodeId, Vec<NodeId>>,
    /// Whether products and transposes of matrices are written.
    pub products: bool,
    pub transposes: bool,
}

impl Input {
    /// By what number a sum is multiplied where it is written, if not by 1.
    fn scale_of(&self, sum: NodeId) -> Option<Number> {
        if self.parts.contains_key(&sum) { None } else { self.scales.get(&sum).cloned() }
    }
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
        // Multiples and transposes of a node are newer than what was looked at.
        let (_, node) = self.graph.unscaled(node);
        if let Node::Contract(c) = self.graph.node(node)
            && node.0 as usize >= self.depends.len()
        {
            return c.factors.iter().any(|f| self.depends(f.node));
        }
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
        if self.all[at].depends {
            self.all[at].shown = self.shown(node);
        }
        self.order.push(at);
        var
    }

    /// The node with names for what is inside of it. It only hash-conses, so that the formula keeps its form.
    fn shown(&mut self, node: NodeId) -> NodeId {
        if let Some(terms) = self.terms_as_written(node) {
            let term = |(n, a): (Number, NodeId)| {
                let a = self.shown(a);
                let (m, a) = self.graph.unscaled(a);
                (&n * &m, a)
            };
            let terms = terms.into_iter().map(term).collect();
            return self.graph.insert(Node::Sum(terms));
        }
        let new = match self.graph.node(node).clone() {
            leaf @ (Node::Var(_)
            | Node::Constant(_)
            | Node::Size(_)
            | Node::Zero(_)
            | Node::Unit(..)
            | Node::Select(_)
            | Node::Duplication(_)
            | Node::Elimination(_)
            | Node::LeviCivita(_)
            | Node::Merge(..)
            | Node::Triangle(..)) => leaf,
            Node::Apply(f, arguments) => Node::Apply(f, arguments.into_iter().map(|a| self.argument(a)).collect()),
            Node::Contract(mut c) => {
                let mut sign = Number::ONE;
                let whole = c.clone();
                for f in &mut c.factors {
                    let turned = self.turned_as_written(f.node);
                    if let Some(turned) = turned {
                        (f.node, f.labels) = (turned, f.labels.iter().rev().copied().collect());
                        continue;
                    }
                    let factor = if self.is_short_scalar(&whole, f.node) { self.shown(f.node) } else { self.factor(f.node) };
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
            sum @ Node::Sum(_) => sum,
            Node::Map(f, a) => Node::Map(f, self.argument(a)),
            Node::Power(a, p) => Node::Power(self.argument(a), p),
            Node::Map2(f, a, b) => {
                let a = self.argument(a);
                Node::Map2(f, a, self.argument(b))
            }
            Node::Opaque(f, a) => Node::Opaque(f, self.argument(a)),
            Node::Operator(f, operands, open) => Node::Operator(f, operands.into_iter().map(|a| self.argument(a)).collect(), open),
        };
        self.graph.insert(new)
    }

    /// The stage of the transpose of a sum that the input has, where index form has the other orientation.
    fn turned_as_written(&mut self, node: NodeId) -> Option<NodeId> {
        let known = self.input.parts.contains_key(&node) || self.memo.contains_key(&node) || !self.depends(node);
        if known || self.graph.order(node) != 2 || !matches!(self.graph.node(node), Node::Sum(_)) {
            return None;
        }
        let turned = self.graph.transpose(node);
        if !self.input.parts.contains_key(&turned) {
            return None;
        }
        Some(self.stage(turned, None))
    }

    /// Whether a factor is a sum over entries of its own that can be written out among the others.
    fn is_short_scalar(&self, product: &Contraction, factor: NodeId) -> bool {
        let Node::Contract(inner) = self.graph.node(factor) else { return false };
        let once = product.factors.iter().filter(|f| f.node == factor).count() == 1;
        once && inner.out.is_empty() && inner.factors.len() + product.factors.len() <= MOST_FACTORS
    }

    /// The terms of a sum, of a number times one, of a transposed one.
    fn terms_as_written(&mut self, node: NodeId) -> Option<Vec<(Number, NodeId)>> {
        let (scale, core) = self.graph.unscaled(node);
        let (turned, sum) = match self.graph.node(core) {
            Node::Contract(Contraction { out, factors, .. }) => match (factors.as_slice(), out.as_slice()) {
                ([f], [i, j]) if i != j && f.labels.as_slice() == [*j, *i] => (true, f.node),
                _ => return None,
            },
            _ => (false, core),
        };
        let Node::Sum(terms) = self.graph.node(sum).clone() else { return None };
        let term = |(n, a): (Number, NodeId)| (&scale * &n, if turned { self.graph.transpose(a) } else { a });
        let terms = terms.into_iter().map(term).collect();
        Some(self.in_order(core, terms))
    }

    /// The terms of a sum as the input has them. What is not found there takes the places that are left.
    fn in_order(&self, node: NodeId, terms: Vec<(Number, NodeId)>) -> Vec<(Number, NodeId)> {
        let Some(order) = self.input.orders.get(&node) else { return terms };
        let core = |a: &NodeId| self.graph.unscaled(*a).1;
        let free: Vec<usize> = (0..order.len()).filter(|at| !terms.iter().any(|(_, a)| core(a) == order[*at])).collect();
        let mut free = free.into_iter();
        let mut placed: Vec<(usize, (Number, NodeId))> = Vec::new();
        for term in terms {
            let at = order.iter().position(|n| *n == core(&term.1)).or_else(|| free.next()).unwrap_or(usize::MAX);
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
        if self.weight(node) > LONGEST_CONSTANT { self.stage_as_written(node) } else { self.constant_as_written(node) }
    }

    /// The argument of a function: anything but a variable has a name.
    fn argument(&mut self, node: NodeId) -> NodeId {
        if matches!(self.graph.node(node), Node::Var(_)) {
            return node;
        }
        if self.depends(node) || self.weight(node) > LONGEST_CONSTANT { self.stage_as_written(node) } else { node }
    }

    /// A stage with the sign and the scale that the input has: `A*x - b` where index form has `b - A*x`.
    fn stage_as_written(&mut self, node: NodeId) -> NodeId {
        match self.input.scale_of(node) {
            Some(scale) if !self.memo.contains_key(&node) => {
                let scaled = self.graph.scale(&scale, node);
                let stage = self.stage(scaled, None);
                self.divided(stage, &scale)
            }
            _ => self.stage(node, None),
        }
    }

    /// A constant sum, likewise.
    fn constant_as_written(&mut self, node: NodeId) -> NodeId {
        let Some(scale) = self.input.scale_of(node) else { return node };
        let scaled = self.graph.scale(&scale, node);
        let Some(terms) = self.terms_as_written(scaled) else { return node };
        let sum = self.graph.insert(Node::Sum(terms));
        self.divided(sum, &scale)
    }

    fn divided(&mut self, node: NodeId, scale: &Number) -> NodeId {
        let inverse = scale.recip().unwrap_or(Number::ONE);
        self.graph.scale(&inverse, node)
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
