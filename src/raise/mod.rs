//! Raising: from the index form to matrix terms.
//!
//! A contraction becomes a network: labels are vertices, factors of order 2 edges, factors of order 1 vectors at their
//! vertex. Series-parallel reduction (`reduce.rs`) turns the network into one formula exactly when, with an edge that
//! joins the outputs, its tree-width is at most 2. What is left over stays a [`Mat::Contract`], so that raising never
//! fails.

mod kron;
mod network;
mod reduce;

use crate::applied::Applied;
use crate::dim::Dim;
use crate::expr::Shape;
use crate::fact::Facts;
use crate::function::Call;
use crate::index::{Axes, Contraction, Graph, Label, Labels, LinearOperator, Node, NodeId, Opaque};
use crate::matrix::{Build, Form, Mat, MatFn, Spec, Terms};
use crate::number::Number;
use egg::Id;
use network::Network;
use rustc_hash::FxHashMap;
use std::sync::Arc;

/// Raises nodes of one graph into one arena of terms; what was raised before is found again.
pub struct Raiser<'a> {
    pub graph: &'a mut Graph,
    pub terms: &'a mut Terms,
    done: FxHashMap<NodeId, Id>,
}

impl Raiser<'_> {
    pub fn new<'a>(graph: &'a mut Graph, terms: &'a mut Terms) -> Raiser<'a> {
        Raiser { graph, terms, done: FxHashMap::default() }
    }

    /// The term of a node: a scalar is 1×1, an axis a column, two axes rows and columns, more a tensor.
    pub fn raise(&mut self, node: NodeId) -> Id {
        if let Some(&done) = self.done.get(&node) {
            return done;
        }
        let term = match self.graph.node(node).clone() {
            Node::Var(v) => {
                let term = self.terms.var(&v);
                // A declared row has one axis like a column; the index form knows no orientation.
                if v.kind.as_ref().is_some_and(|k| matches!(k.shape, Shape::Row(_))) { self.terms.transpose(term) } else { term }
            }
            Node::Constant(c) => self.terms.insert(Mat::Constant(c)),
            Node::Size(d) => self.terms.size(d),
            Node::Zero(axes) => self.terms.zero(form_of_axes(&axes)),
            Node::Unit(i, n) => self.terms.insert(Mat::Unit(i, n)),
            Node::Duplication(n) => self.terms.insert(Mat::Duplication(n)),
            Node::Elimination(n) => self.terms.insert(Mat::Elimination(n)),
            Node::Select(s) => self.terms.insert(Mat::Scatter(s)),
            Node::LeviCivita(k) => self.terms.insert(Mat::LeviCivita(k)),
            Node::Merge(m, n) => self.terms.insert(Mat::Merge(m, n)),
            Node::Triangle(m, n) => {
                let ones = self.terms.ones(m, n);
                self.terms.call(MatFn::Tril, &[ones])
            }
            Node::Contract(c) => self.contraction(&c),
            Node::Scale(n, a) => {
                let a = self.raise(a);
                self.terms.scale(&n, a)
            }
            Node::Sum(terms) => {
                let terms: Vec<(Number, Id)> = terms.into_iter().map(|(n, a)| (n, self.raise(a))).collect();
                self.terms.add(&terms)
            }
            Node::Map(f, a) => {
                let a = self.raise(a);
                self.terms.map(f, a)
            }
            Node::Power(a, p) => self.power(a, &p),
            Node::Map2(f, a, b) => {
                let (a, b) = (self.raise(a), self.raise(b));
                self.terms.map2(f, a, b)
            }
            Node::Opaque(f, a) => self.opaque(f, a),
            Node::Operator(f, operands, open) => self.operator(f, &operands, open),
            Node::Apply(f, arguments) => self.apply(&f, &arguments),
        };
        let facts = self.graph.meta(node).facts;
        if facts != Facts::NONE {
            self.terms.know(term, facts);
        }
        self.done.insert(node, term);
        term
    }

    /// The term of a node in Einstein's notation: contractions stay contractions, of matrix terms.
    pub fn in_index_notation(&mut self, node: NodeId) -> Id {
        match self.graph.node(node).clone() {
            // Stacked axes have no notation of their own; their matrices have.
            Node::Contract(c) if !self.stacks_axes(&c) => Network::of(self, &c, false).contraction(self),
            Node::Scale(n, a) => {
                let a = self.in_index_notation(a);
                self.terms.scale(&n, a)
            }
            Node::Sum(terms) => {
                let terms: Vec<(Number, Id)> = terms.into_iter().map(|(n, a)| (n, self.in_index_notation(a))).collect();
                self.terms.add(&terms)
            }
            _ => {
                let axes: Axes = self.graph.axes(node).into();
                let term = self.raise(node);
                let labels: Labels = (0..axes.len() as Label).collect();
                let spec = Spec { dims: axes.iter().copied().collect(), out: labels.clone(), inputs: smallvec::smallvec![labels] };
                if axes.is_empty() { term } else { self.terms.insert(Mat::Contract(Box::new(spec), Box::new([term]))) }
            }
        }
    }

    /// An operator; with arguments left open, the tensor `D(f)` of all derivatives, times the matrices that it is given.
    fn operator(&mut self, f: LinearOperator, operands: &[NodeId], open: u8) -> Id {
        if open == 0 {
            let operands = self.operands(f, operands);
            return self.terms.call(operator(f).0, &operands);
        }
        let n = self.graph.axes(operands[0])[0];
        let out: Labels = (0..2 + 2 * Label::from(open)).collect();
        let given = operands.len() - 1;
        let pairs = (0..given).map(|k| 2 * (1 + usize::from(open) + k) as Label).map(|l| Labels::from_slice(&[l, l + 1]));
        let pairs: Vec<Labels> = pairs.collect();
        let tensor = self.derivative(f, operands[0], usize::from(open) + given);
        if pairs.is_empty() {
            return tensor;
        }
        let whole: Labels = out.iter().chain(pairs.iter().flatten()).copied().collect();
        let dims = whole.iter().map(|_| n).collect();
        let children: Vec<Id> = [tensor].into_iter().chain(operands[1..].iter().map(|a| self.raise(*a))).collect();
        self.terms.contract(Spec { dims, out, inputs: [whole].into_iter().chain(pairs).collect() }, &children)
    }

    /// `D(f)(X)`, of higher order `D(D(f))(X)`.
    fn derivative(&mut self, f: LinearOperator, x: NodeId, order: usize) -> Id {
        let n = self.graph.axes(x)[0];
        let x = self.raise(x);
        self.terms.insert(Mat::Apply(Arc::new(Applied::of_matrix(operator(f).2, order, n)), [x].into()))
    }

    /// The directions of a Fréchet derivative as they sort, since their order does not matter.
    fn operands(&mut self, f: LinearOperator, operands: &[NodeId]) -> Vec<Id> {
        let mut operands: Vec<Id> = operands.iter().map(|a| self.raise(*a)).collect();
        if f != LinearOperator::Sylvester {
            operands[1..].sort_by(|a, b| self.terms.order(*a, *b));
        }
        operands
    }

    /// The matrix on stacked columns that an operator with its last argument open is.
    fn stacked_operator(&mut self, f: LinearOperator, operands: &[NodeId]) -> Id {
        let operands = self.operands(f, operands);
        let (closed, open, _) = operator(f);
        self.terms.call(if operands.len() == 1 { closed } else { open }, &operands)
    }

    fn stacks_axes(&self, c: &Contraction) -> bool {
        c.factors.iter().any(|f| matches!(self.graph.node(f.node), Node::Merge(..)))
    }

    fn power(&mut self, a: NodeId, p: &Number) -> Id {
        let base = match self.root_of_gram(a) {
            // (h'*h)^p is norm(h)^(2p).
            Some(norm) => return self.terms.power(norm, &(p * &Number::int(2))),
            None => self.raise(a),
        };
        self.terms.power(base, p)
    }

    /// What a signature calls a row is one for the arguments and for the result.
    fn apply(&mut self, f: &Arc<Applied>, arguments: &[NodeId]) -> Id {
        let shapes = f.signature.arguments.clone();
        let mut terms = Vec::with_capacity(arguments.len());
        for (a, shape) in arguments.iter().zip(shapes) {
            let term = self.raise(*a);
            terms.push(if matches!(shape, Shape::Row(_)) { self.terms.transpose(term) } else { term });
        }
        let value = self.terms.insert(Mat::Apply(f.clone(), terms.into()));
        let is_row = !f.elementwise && matches!(f.shape(), Shape::Row(_));
        if is_row { self.terms.transpose(value) } else { value }
    }

    fn opaque(&mut self, f: Opaque, a: NodeId) -> Id {
        let order = self.graph.order(a);
        let mut term = self.raise(a);
        if matches!(f, Opaque::Det | Opaque::LogDet) {
            term = self.in_shorter_orientation(term);
        }
        let f = match f {
            Opaque::Inv => MatFn::Inv,
            Opaque::Det => MatFn::Det,
            Opaque::LogDet => MatFn::LogDet,
            Opaque::Adj => MatFn::Adj,
            Opaque::Pinv => MatFn::Pinv,
            Opaque::Expm => MatFn::Expm,
            Opaque::Logm => MatFn::Logm,
            Opaque::Sqrtm => MatFn::Sqrtm,
            Opaque::Cosm => MatFn::Cosm,
            Opaque::Sinm => MatFn::Sinm,
            Opaque::Cholesky => MatFn::Cholesky,
            Opaque::Nuclear => MatFn::Nuclear,
            Opaque::LambdaMax => MatFn::LambdaMax,
            Opaque::LambdaMin => MatFn::LambdaMin,
            Opaque::EigvecMax => MatFn::EigvecMax,
            Opaque::EigvecMin => MatFn::EigvecMin,
            Opaque::Product => MatFn::Product,
            Opaque::NormInf => MatFn::NormInf,
            Opaque::Softmax => MatFn::Softmax,
            Opaque::LogSumExp => MatFn::LogSumExp,
        };
        debug_assert!(order <= 2 || matches!(f, MatFn::Product | MatFn::NormInf | MatFn::Softmax | MatFn::LogSumExp));
        self.terms.call(f, &[term])
    }

    fn contraction(&mut self, c: &Contraction) -> Id {
        let plain = {
            let mut network = Network::of(self, c, true);
            network.reduce(self);
            network.close(self)
        };
        if !c.out.is_empty() {
            return plain;
        }
        // A sum of squares may be shorter as the square of a norm.
        match self.norm_of_gram(c) {
            Some(norm) => {
                let square = self.terms.power(norm, &Number::int(2));
                if self.terms.cost(square).plain < self.terms.cost(plain).plain { square } else { plain }
            }
            None => plain,
        }
    }

    /// The term or its transpose, where either does.
    fn in_shorter_orientation(&mut self, term: Id) -> Id {
        let turned = self.terms.transpose(term);
        if self.terms.cost(turned).plain < self.terms.cost(term).plain { turned } else { term }
    }

    /// norm(h), where a node is the sum of the squares of the entries of h.
    fn root_of_gram(&mut self, a: NodeId) -> Option<Id> {
        let Node::Contract(c) = self.graph.node(a) else { return None };
        let c = c.clone();
        if c.out.is_empty() { self.norm_of_gram(&c) } else { None }
    }

    fn norm_of_gram(&mut self, c: &Contraction) -> Option<Id> {
        let half = crate::contract::gram_half(self.graph, c)?;
        let half = self.graph.contract(half);
        let (n, core) = self.graph.unscaled(half);
        let order = self.graph.order(core);
        if !n.is_one() || !(1..=2).contains(&order) {
            return None;
        }
        let mut h = self.raise(core);
        if order == 2 {
            h = self.in_shorter_orientation(h);
        }
        Some(self.terms.call(if order == 1 { MatFn::Norm2 } else { MatFn::NormF }, &[h]))
    }
}

/// What an operator is at matrix level: its value, the matrix of it with one direction open, and the function of which it is a
/// derivative.
fn operator(f: LinearOperator) -> (MatFn, MatFn, Call) {
    match f {
        LinearOperator::Sylvester => (MatFn::Sylvester, MatFn::Sylvester, Call::Sylvester),
        LinearOperator::FrechetExpm => (MatFn::FrechetExpm, MatFn::OpenExpm, Call::Expm),
        LinearOperator::FrechetLogm => (MatFn::FrechetLogm, MatFn::OpenLogm, Call::Logm),
        LinearOperator::FrechetCosm => (MatFn::FrechetCosm, MatFn::OpenCosm, Call::Cosm),
        LinearOperator::FrechetSinm => (MatFn::FrechetSinm, MatFn::OpenSinm, Call::Sinm),
    }
}

/// The form that raising gives to what has these axes.
pub fn form_of_axes(axes: &[Dim]) -> Form {
    match axes {
        [] => Form::Grid(Dim::ONE, Dim::ONE),
        [n] => Form::Grid(*n, Dim::ONE),
        [m, n] => Form::Grid(*m, *n),
        _ => Form::Tensor(axes.into()),
    }
}

/// d vec(F) / d vec(X)': the first `rows` axes stacked into rows and the others into columns; `None` where more than two
/// axes would have to be stacked. A sum is stacked term by term, also one that is a factor.
pub fn stacked(graph: &mut Graph, node: NodeId, rows: usize) -> Option<NodeId> {
    let axes: Axes = graph.axes(node).into();
    let (left, right) = axes.split_at(rows);
    if left.len() > 2 || right.len() > 2 {
        return None;
    }
    match graph.node(node).clone() {
        Node::Scale(n, a) => {
            let a = stacked(graph, a, rows)?;
            Some(graph.scale(&n, a))
        }
        Node::Sum(terms) => {
            let terms = terms.into_iter().map(|(n, a)| Some((n, stacked(graph, a, rows)?))).collect::<Option<Vec<_>>>()?;
            let long = [left, right].map(|side| side.iter().fold(Dim::ONE, |p, d| p * *d));
            Some(graph.sum(&long, terms))
        }
        _ => {
            if let Some(sum) = graph.without_sums_of_tensors(node) {
                return stacked(graph, sum, rows);
            }
            let mut draft = crate::contract::Draft::new();
            let labels = draft.labels(&axes);
            draft.factor(node, &labels);
            let (left, right) = labels.split_at(rows);
            let out = [stack(graph, &mut draft, left), stack(graph, &mut draft, right)];
            Some(graph.contract(draft.out(&out)))
        }
    }
}

/// One label for at most two: the long axis of a stacking bijection.
fn stack(graph: &mut Graph, draft: &mut crate::contract::Draft, labels: &[Label]) -> Label {
    match *labels {
        [l] => l,
        [i, j] => {
            let (m, n) = (draft.dims[i as usize], draft.dims[j as usize]);
            let long = draft.label(m * n);
            let merge = graph.insert(Node::Merge(m, n));
            draft.factor(merge, &[long, i, j]);
            long
        }
        _ => draft.label(Dim::ONE),
    }
}
