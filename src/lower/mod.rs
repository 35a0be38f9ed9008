//! Lowering: from typed expressions to the index form.
//!
//! A node with free indices becomes a tensor whose first axes are these, in the order that inference gives them, and
//! whose last axes are those of its shape. Columns and rows have one axis alike.

mod along;
mod calls;
mod indices;
mod parts;
mod products;
mod stacks;

use crate::contract::Draft;
use crate::diff::derivatives;
use crate::dim::{Dim, Symbol};
use crate::error::{Error, ErrorKind, Result};
use crate::expr::{Op, Shape, Subscript, Var};
use crate::function::{Call, Constant, Function, Map, Map2};
use crate::index::{Axes, Graph, Label, Labels, LinearOperator, Node, NodeId, Opaque};
use crate::number::Number;
use crate::structure::{self, Convention};
use crate::typed::{Typed, TypedId, TypedNode};
use rustc_hash::FxHashMap;
use smallvec::SmallVec;

pub use along::{Along, lower_along};

/// The largest whole power of a matrix; beyond it the product would have more factors than anyone reads.
const MOST_MATRIX_POWER: i64 = 64;

/// The index form of an expression, in `graph`.
///
/// # Errors
/// If a construct is not supported, or a derivative in it is not known.
pub fn lower(graph: &mut Graph, typed: &Typed) -> Result<NodeId> {
    lower_parts(graph, typed).map(|(root, _)| root)
}

/// The same, with the node of every part that was lowered on the way.
///
/// # Errors
/// As [`lower`].
pub fn lower_parts(graph: &mut Graph, typed: &Typed) -> Result<(NodeId, Vec<Option<NodeId>>)> {
    let mut lowering = Lowering::of(graph, typed, &[]);
    let node = lowering.node(typed.root)?;
    let root = lowering.with_structure(node);
    Ok((root, lowering.done))
}

/// The index form of several parts of an expression.
///
/// # Errors
/// As [`lower`].
pub fn lower_each(graph: &mut Graph, typed: &Typed, parts: &[TypedId]) -> Result<Vec<NodeId>> {
    let mut lowering = Lowering::of(graph, typed, &[]);
    parts.iter().map(|part| lowering.node(*part).map(|node| lowering.with_structure(node))).collect()
}

/// The variables that something is differentiated by, here or beside the expression, as if they had no structure: by the
/// convention, or because a part of them moves by itself.
fn lifted_by(typed: &Typed, beside: &[TypedId]) -> Vec<(Var, Var)> {
    let whole = |x: TypedId| match &typed.node(x).op {
        Op::Var(v) => Some(v),
        _ => None,
    };
    let within = typed.nodes.iter().filter_map(|node| if let Op::Diff(_, x) = &node.op { Some(*x) } else { None });
    let by = within.chain(beside.iter().copied()).filter_map(|x| match &typed.node(x).op {
        Op::Subscript(base, _) => Some((whole(*base)?, Convention::Free)),
        _ => Some((whole(x)?, typed.convention)),
    });
    let mut lifted: Vec<(Var, Var)> = by
        .filter(|(v, convention)| v.kind.as_ref().is_some_and(|k| convention.lifts(k.structure)))
        .map(|(v, _)| v)
        .map(|v| (structure::lifted(v), v.clone()))
        .collect();
    lifted.dedup();
    lifted
}

struct Lowering<'a> {
    graph: &'a mut Graph,
    typed: &'a Typed,
    done: Vec<Option<NodeId>>,
    /// The variables whose structure is left out of account until all is differentiated, without it and with it.
    lifted: Vec<(Var, Var)>,
    /// The derivatives taken so far: a function is differentiated by all variables that are asked for at once.
    derivatives: FxHashMap<(NodeId, Var), NodeId>,
}

/// A contraction in the making, with the labels of the named indices.
struct Frame {
    draft: Draft,
    named: SmallVec<[(Symbol, Label); 4]>,
}

impl Frame {
    fn new() -> Frame {
        Frame { draft: Draft::new(), named: SmallVec::new() }
    }

    fn index(&mut self, name: Symbol, dim: Dim) -> Label {
        match self.named.iter().find(|(n, _)| *n == name) {
            Some((_, l)) => *l,
            None => {
                let l = self.draft.label(dim);
                self.named.push((name, l));
                l
            }
        }
    }

    /// Adds a lowered node: its free indices by name, its shape by these labels.
    fn attach(&mut self, node: NodeId, typed: &TypedNode, shape: &[Label]) {
        let mut labels: Labels = typed.free.iter().map(|(name, dim)| self.index(*name, *dim)).collect();
        labels.extend_from_slice(shape);
        self.draft.factor(node, &labels);
    }

    /// Contracts to the free indices and shape of `typed`.
    fn finish(mut self, graph: &mut Graph, typed: &TypedNode, shape: &[Label]) -> NodeId {
        let mut out: Labels = typed.free.iter().map(|(name, dim)| self.index(*name, *dim)).collect();
        out.extend_from_slice(shape);
        graph.contract(self.draft.out(&out))
    }
}

impl<'a> Lowering<'a> {
    /// Variables may be differentiated by beside what is in the expression.
    fn of(graph: &'a mut Graph, typed: &'a Typed, beside: &[TypedId]) -> Lowering<'a> {
        let (done, lifted) = (vec![None; typed.nodes.len()], lifted_by(typed, beside));
        Lowering { graph, typed, done, lifted, derivatives: FxHashMap::default() }
    }

    /// The node with the structure of its variables, once all is differentiated.
    fn with_structure(&mut self, node: NodeId) -> NodeId {
        if self.lifted.is_empty() { node } else { structure::substitute(self.graph, node, &self.lifted) }
    }
}

impl Lowering<'_> {
    fn typed(&self, id: TypedId) -> &TypedNode {
        self.typed.node(id)
    }

    fn node(&mut self, id: TypedId) -> Result<NodeId> {
        if let Some(done) = self.done[id.0 as usize] {
            return Ok(done);
        }
        let typed: &TypedNode = self.typed.node(id);
        let at = |e: Error| match typed.span {
            Some(span) => e.at(span),
            None => e,
        };
        let node = self.op(typed).and_then(|node| self.graph.check_size().map(|()| node)).map_err(at)?;
        debug_assert_eq!(
            self.graph.axes(node),
            typed.free.iter().map(|(_, d)| *d).chain(typed.shape.axes()).collect::<Axes>().as_slice(),
            "lowering keeps the axes of {:?}",
            typed.op
        );
        self.done[id.0 as usize] = Some(node);
        Ok(node)
    }

    fn op(&mut self, typed: &TypedNode) -> Result<NodeId> {
        match &typed.op {
            Op::Number(n) => {
                let number = self.graph.number(n);
                Ok(self.broadcast(number, typed))
            }
            Op::Constant(Constant::Infinity) => Err(Error::new(ErrorKind::Domain, "inf is no number to calculate with")
                .help("it may stand as the order of a norm: norm(x, inf)")),
            Op::Constant(c) => Ok(self.graph.insert(Node::Constant(*c))),
            Op::Var(v) => {
                let v = self.lifted.iter().find(|(_, with)| with == v).map_or(v, |(without, _)| without);
                Ok(self.graph.insert(Node::Var(v.clone())))
            }
            Op::Size(d) => Ok(self.graph.size(*d)),
            Op::Neg(a) => {
                let a = self.aligned(*a, typed)?;
                Ok(self.graph.negate(a))
            }
            Op::Add(terms) => {
                let terms = terms.iter().map(|t| Ok((Number::ONE, self.aligned(*t, typed)?))).collect::<Result<Vec<_>>>()?;
                let axes = axes_of(typed);
                Ok(self.graph.sum(&axes, terms))
            }
            Op::Mul(factors) => self.product(typed, factors),
            Op::Had(factors) => self.hadamard(typed, factors),
            Op::Kron(a, b) => self.kron(typed, *a, *b),
            Op::Div(a, b) | Op::HadDiv(a, b) => self.quotient(typed, *a, *b),
            Op::LeftDiv(a, b) => self.left_quotient(typed, *a, *b),
            Op::Pow(a, p) if typed.shape == Shape::Scalar => self.elementwise_power(typed, *a, *p),
            Op::Pow(a, p) => self.matrix_power(*a, *p),
            Op::HadPow(a, p) => self.elementwise_power(typed, *a, *p),
            Op::Transpose(a) => self.transposed(typed, *a),
            Op::Call(Function::Map(f), args) => self.map(*f, args[0], typed),
            Op::Call(Function::Call(f), args) => self.call(*f, args, typed),
            Op::Subscript(a, subscripts) => self.subscript(typed, *a, subscripts),
            Op::Delta(subscripts) => {
                let Some((_, n)) = typed.free.first() else { return self.closed_delta(subscripts) };
                let eye = self.graph.eye(*n);
                self.subscripted(typed, eye, subscripts)
            }
            Op::LeviCivita(subscripts) => {
                let eps = self.graph.insert(Node::LeviCivita(subscripts.len() as u8));
                self.subscripted(typed, eps, subscripts)
            }
            Op::IndexSum(_, a) => {
                let node = self.node(*a)?;
                let mut frame = Frame::new();
                let shape = frame.draft.labels(&typed.shape.axes());
                frame.attach(node, self.typed.node(*a), &shape);
                Ok(frame.finish(self.graph, typed, &shape))
            }
            Op::Braces(a, outputs) => self.braces(typed, *a, outputs),
            Op::Diff(f, x) => self.derivative(typed, *f, *x),
            Op::Apply { function, arguments } => self.apply(typed, function, arguments),
            Op::Block(rows) => self.block(typed, rows),
        }
    }

    /// A child with the free indices and the shape of its parent; scalars are repeated.
    fn aligned(&mut self, child: TypedId, parent: &TypedNode) -> Result<NodeId> {
        let node = self.node(child)?;
        let own = self.typed.node(child);
        if own.free == parent.free && own.shape.axes() == parent.shape.axes() {
            return Ok(node);
        }
        let mut frame = Frame::new();
        let shape = frame.draft.labels(&parent.shape.axes());
        frame.attach(node, own, if own.shape == Shape::Scalar { &[] } else { &shape });
        Ok(frame.finish(self.graph, parent, &shape))
    }

    fn broadcast(&mut self, scalar: NodeId, typed: &TypedNode) -> NodeId {
        let axes = axes_of(typed);
        self.graph.fill(scalar, &axes)
    }

    fn map(&mut self, f: Map, a: TypedId, typed: &TypedNode) -> Result<NodeId> {
        let a = self.aligned(a, typed)?;
        Ok(self.graph.map(f, a))
    }
}

impl Frame {
    /// A label for an axis in place of the one that was handed out for it.
    fn rename(&mut self, labels: &[Label], axis: usize, to: Label) -> Labels {
        let mut labels: Labels = labels.into();
        self.draft.retire(labels[axis]);
        labels[axis] = to;
        labels
    }
}

fn axes_of(typed: &TypedNode) -> Axes {
    typed.free.iter().map(|(_, d)| *d).chain(typed.shape.axes()).collect()
}
