//! Lowering: from typed expressions to the index form.
//!
//! A node with free indices becomes a tensor whose first axes are these, in the order that inference gives them, and
//! whose last axes are those of its shape. Columns and rows have one axis alike.

use crate::contract::Draft;
use crate::diff::derivative;
use crate::dim::{Dim, Symbol};
use crate::error::{Error, ErrorKind, Result};
use crate::expr::{Op, Shape, Subscript};
use crate::function::{Call, Constant, Function, Map, Map2};
use crate::index::{Axes, Graph, Label, Labels, Node, NodeId, Opaque};
use crate::number::Number;
use crate::typed::{Typed, TypedId, TypedNode};
use smallvec::SmallVec;

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
    let mut lowering = Lowering { graph, typed, done: vec![None; typed.nodes.len()] };
    let root = lowering.node(typed.root)?;
    Ok((root, lowering.done))
}

struct Lowering<'a> {
    graph: &'a mut Graph,
    typed: &'a Typed,
    done: Vec<Option<NodeId>>,
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
        let node = self.op(typed).map_err(at)?;
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
            Op::Var(v) => Ok(self.graph.insert(Node::Var(v.clone()))),
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
            Op::Pow(a, p) if self.typed(*a).shape == Shape::Scalar => self.elementwise_power(typed, *a, *p),
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
                let eps = self.graph.insert(Node::LeviCivita);
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
            Op::Diff(f, x) => {
                let f = self.node(*f)?;
                let Op::Var(v) = &self.typed(*x).op else {
                    return Err(Error::unsupported("the derivative with respect to a part or an expression")
                        .help("differentiate with respect to the whole variable"));
                };
                let v = v.clone();
                derivative(self.graph, f, &v)
            }
            Op::Apply { function, .. } => Err(Error::unsupported(format!("applying the declared function {function}"))),
            Op::Block(_) => Err(Error::unsupported("a block matrix")),
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

    /// A product of linear algebra from left to right: neighbouring inner axes share a label, scalars multiply.
    fn product(&mut self, typed: &TypedNode, factors: &[TypedId]) -> Result<NodeId> {
        let mut frame = Frame::new();
        let mut shape = Shape::Scalar;
        let mut labels = Labels::new();
        for &f in factors {
            let node = self.node(f)?;
            let own = self.typed.node(f);
            let mut mine = frame.draft.labels(&own.shape.axes());
            match (&shape, &own.shape) {
                (_, Shape::Scalar) => {}
                (Shape::Scalar, s) => {
                    shape = s.clone();
                    labels = mine.clone();
                }
                (Shape::Row(_), Shape::Column(_)) => {
                    mine = frame.rename(&mine, 0, labels[0]);
                    shape = Shape::Scalar;
                    labels.clear();
                }
                (Shape::Row(_), Shape::Matrix(_, n)) => {
                    mine = frame.rename(&mine, 0, labels[0]);
                    shape = Shape::Row(*n);
                    labels = smallvec::smallvec![mine[1]];
                }
                (Shape::Matrix(m, _), Shape::Column(_)) => {
                    mine = frame.rename(&mine, 0, labels[1]);
                    shape = Shape::Column(*m);
                    labels.truncate(1);
                }
                (Shape::Matrix(m, _), Shape::Matrix(_, n)) => {
                    mine = frame.rename(&mine, 0, labels[1]);
                    shape = Shape::Matrix(*m, *n);
                    labels = smallvec::smallvec![labels[0], mine[1]];
                }
                // An axis of length 1 between the two is summed by itself.
                (Shape::Column(m), Shape::Row(n)) => {
                    shape = Shape::Matrix(*m, *n);
                    labels = smallvec::smallvec![labels[0], mine[0]];
                }
                (Shape::Column(m), Shape::Matrix(_, n)) => {
                    shape = Shape::Matrix(*m, *n);
                    labels = smallvec::smallvec![labels[0], mine[1]];
                }
                (Shape::Matrix(m, _), Shape::Row(n)) => {
                    shape = Shape::Matrix(*m, *n);
                    labels = smallvec::smallvec![labels[0], mine[0]];
                }
                (Shape::Column(_) | Shape::Row(_) | Shape::Tensor(_), _) | (_, Shape::Tensor(_)) => {
                    return Err(Error::new(ErrorKind::Shape, format!("cannot multiply {shape} by {}", own.shape)));
                }
            }
            frame.attach(node, own, &mine);
        }
        Ok(frame.finish(self.graph, typed, &labels))
    }

    fn hadamard(&mut self, typed: &TypedNode, factors: &[TypedId]) -> Result<NodeId> {
        let mut frame = Frame::new();
        let shape = frame.draft.labels(&typed.shape.axes());
        for &f in factors {
            let node = self.node(f)?;
            let own = self.typed.node(f);
            frame.attach(node, own, if own.shape == Shape::Scalar { &[] } else { &shape });
        }
        Ok(frame.finish(self.graph, typed, &shape))
    }

    fn quotient(&mut self, typed: &TypedNode, a: TypedId, b: TypedId) -> Result<NodeId> {
        if matches!(typed.op, Op::Div(..)) && self.typed(b).shape != Shape::Scalar {
            let inverse = self.inverse(b)?;
            let a = self.node(a)?;
            return Ok(self.matrix_product(a, inverse));
        }
        let below = self.node(b)?;
        if matches!(self.graph.node(below), Node::Zero(_)) {
            return Err(Error::new(ErrorKind::Domain, "the divisor is 0"));
        }
        let reciprocal = self.graph.power(below, &Number::MINUS_ONE);
        let above = self.node(a)?;
        let mut frame = Frame::new();
        let shape = frame.draft.labels(&typed.shape.axes());
        for (node, id) in [(above, a), (reciprocal, b)] {
            let own = self.typed.node(id);
            frame.attach(node, own, if own.shape == Shape::Scalar { &[] } else { &shape });
        }
        Ok(frame.finish(self.graph, typed, &shape))
    }

    fn left_quotient(&mut self, typed: &TypedNode, a: TypedId, b: TypedId) -> Result<NodeId> {
        if self.typed(a).shape == Shape::Scalar {
            return self.quotient(typed, b, a);
        }
        let inverse = self.inverse(a)?;
        let right = self.node(b)?;
        if self.typed(b).shape != Shape::Scalar {
            self.closed(b)?;
            return Ok(self.matrix_product(inverse, right));
        }
        let mut frame = Frame::new();
        let shape = frame.draft.labels(&typed.shape.axes());
        frame.attach(inverse, self.typed.node(a), &shape);
        frame.attach(right, self.typed.node(b), &[]);
        Ok(frame.finish(self.graph, typed, &shape))
    }

    fn inverse(&mut self, a: TypedId) -> Result<NodeId> {
        let node = self.square(a)?;
        Ok(self.graph.opaque(Opaque::Inv, node))
    }

    /// A square matrix without free indices.
    fn square(&mut self, a: TypedId) -> Result<NodeId> {
        self.closed(a)?;
        let node = self.node(a)?;
        match self.graph.axes(node) {
            [m, n] if m == n => Ok(node),
            [] => Ok(self.graph.fill(node, &[Dim::ONE, Dim::ONE])),
            _ => Err(Error::new(ErrorKind::Shape, format!("a square matrix is needed here, not {}", self.typed(a).shape))),
        }
    }

    /// Functions of whole tensors do not go into index notation with free indices.
    fn closed(&self, a: TypedId) -> Result<()> {
        match self.typed(a).free.first() {
            None => Ok(()),
            Some((i, _)) => Err(Error::unsupported(format!("a function of whole tensors under the free index {i}"))),
        }
    }

    /// The product over the last axis of `a` and the first of `b`.
    fn matrix_product(&mut self, a: NodeId, b: NodeId) -> NodeId {
        let (m, n) = (self.graph.order(a) as Label, self.graph.order(b) as Label);
        let left: Labels = (0..m).collect();
        let right: Labels = (m - 1..m + n - 1).collect();
        let out: Labels = (0..m + n - 1).filter(|l| *l != m - 1).collect();
        self.graph.einsum(&out, &[(a, &left), (b, &right)])
    }

    fn elementwise_power(&mut self, typed: &TypedNode, a: TypedId, p: TypedId) -> Result<NodeId> {
        let exponent = self.node(p)?;
        if let Some(p) = self.graph.as_constant(exponent) {
            let base = self.aligned(a, typed)?;
            return Ok(self.graph.power(base, &p));
        }
        let (base, exponent) = (self.aligned(a, typed)?, self.aligned(p, typed)?);
        Ok(self.graph.map2(Map2::Power, base, exponent))
    }

    fn matrix_power(&mut self, a: TypedId, p: TypedId) -> Result<NodeId> {
        let exponent = self.node(p)?;
        let whole = self.graph.as_constant(exponent).and_then(|p| p.as_integer());
        let Some(p) = whole.filter(|p| p.abs() <= MOST_MATRIX_POWER) else {
            return Err(Error::unsupported("a power of a matrix that is not a whole number of at most 64")
                .help("for a power of each entry write X.^p"));
        };
        let base = self.square(a)?;
        let base = if p < 0 { self.graph.opaque(Opaque::Inv, base) } else { base };
        let n = self.graph.axes(base)[0];
        if p == 0 {
            return Ok(self.graph.eye(n));
        }
        let labels: Vec<[Label; 2]> = (0..p.unsigned_abs() as Label).map(|k| [k, k + 1]).collect();
        let factors: Vec<(NodeId, &[Label])> = labels.iter().map(|ls| (base, &ls[..])).collect();
        Ok(self.graph.einsum(&[0, p.unsigned_abs() as Label], &factors))
    }

    fn transposed(&mut self, typed: &TypedNode, a: TypedId) -> Result<NodeId> {
        let node = self.node(a)?;
        let own = self.typed.node(a);
        let mut frame = Frame::new();
        let mut shape = frame.draft.labels(&own.shape.axes());
        frame.attach(node, own, &shape);
        shape.reverse();
        Ok(frame.finish(self.graph, typed, &shape))
    }

    fn map(&mut self, f: Map, a: TypedId, typed: &TypedNode) -> Result<NodeId> {
        let a = self.aligned(a, typed)?;
        Ok(self.graph.map(f, a))
    }

    /// Sums a child over the labels that `keep` does not name.
    fn reduce(&mut self, typed: &TypedNode, a: TypedId, keep: impl Fn(&[Label]) -> Labels) -> Result<NodeId> {
        let node = self.node(a)?;
        Ok(self.reduce_node(typed, node, a, keep))
    }

    fn reduce_node(&mut self, typed: &TypedNode, node: NodeId, like: TypedId, keep: impl Fn(&[Label]) -> Labels) -> NodeId {
        let own = self.typed.node(like);
        let mut frame = Frame::new();
        let shape = frame.draft.labels(&own.shape.axes());
        frame.attach(node, own, &shape);
        let kept = keep(&shape);
        frame.finish(self.graph, typed, &kept)
    }

    /// The sum of the elementwise product of two children of equal shape.
    fn inner(&mut self, typed: &TypedNode, a: TypedId, b: TypedId) -> Result<NodeId> {
        let (x, y) = (self.node(a)?, self.node(b)?);
        let mut frame = Frame::new();
        let shape = frame.draft.labels(&self.typed(a).shape.axes());
        frame.attach(x, self.typed.node(a), &shape);
        frame.attach(y, self.typed.node(b), &shape);
        Ok(frame.finish(self.graph, typed, &[]))
    }

    fn call(&mut self, f: Call, args: &[TypedId], typed: &TypedNode) -> Result<NodeId> {
        if !f.row().supported {
            return Err(Error::unsupported(format!("{}()", f.name())));
        }
        match f {
            Call::Max => self.two(Map2::Max, args, typed),
            Call::Min => self.two(Map2::Min, args, typed),
            Call::Power => self.elementwise_power(typed, args[0], args[1]),
            Call::Sum => self.total(typed, args),
            Call::Mean => {
                let sum = self.total(typed, args)?;
                let count = self.count(args)?;
                Ok(self.over(sum, count))
            }
            Call::Variance => self.variance(typed, args[0]),
            Call::Deviation => {
                let variance = self.variance(typed, args[0])?;
                Ok(self.graph.power(variance, &Number::ratio(1, 2)))
            }
            Call::Product => {
                self.closed(args[0])?;
                let a = self.node(args[0])?;
                Ok(if self.graph.order(a) == 0 { a } else { self.graph.opaque(Opaque::Product, a) })
            }
            Call::Dot | Call::Inner => self.inner(typed, args[0], args[1]),
            Call::Trace => {
                let a = self.square(args[0])?;
                Ok(self.graph.einsum(&[], &[(a, &[0, 0])]))
            }
            Call::Det => self.of_square(Opaque::Det, args[0]),
            Call::LogDet => self.of_square(Opaque::LogDet, args[0]),
            Call::Inv => self.of_square(Opaque::Inv, args[0]),
            Call::Adj => self.of_square(Opaque::Adj, args[0]),
            Call::Norm1 | Call::Norm2 | Call::NormF | Call::NormInf | Call::Norm => self.norm(f, args, typed),
            Call::LogSumExp | Call::Softmax => {
                self.closed(args[0])?;
                let a = self.node(args[0])?;
                let one = self.graph.one();
                match (self.graph.order(a), f) {
                    (0, Call::Softmax) => Ok(one),
                    (0, _) => Ok(a),
                    (_, Call::Softmax) => Ok(self.graph.opaque(Opaque::Softmax, a)),
                    _ => self.log_sum_exp(a, typed),
                }
            }
            Call::Diag => self.diag(typed, args[0]),
            Call::Vec => {
                self.closed(args[0])?;
                let a = self.node(args[0])?;
                Ok(self.stacked(a))
            }
            Call::Eye => self.eye(typed),
            Call::Ones | Call::Vector | Call::Matrix => {
                let scalar = if f == Call::Ones { self.graph.one() } else { self.node(args[0])? };
                Ok(self.broadcast(scalar, typed))
            }
            Call::Zeros => {
                let axes = axes_of(typed);
                Ok(self.graph.zero(&axes))
            }
            Call::Unit => {
                let place = self.place(args[0])?;
                Ok(self.graph.insert(Node::Unit(place, typed.shape.axes()[0])))
            }
            Call::Sym | Call::Skew => {
                let a = self.square(args[0])?;
                let t = self.graph.transpose(a);
                let (half, axes) = (Number::ratio(1, 2), axes_of(typed));
                let other = if f == Call::Sym { half.clone() } else { -&half };
                Ok(self.graph.sum(&axes, vec![(half, a), (other, t)]))
            }
            Call::Cross => {
                let (a, b) = (self.aligned(args[0], typed)?, self.aligned(args[1], typed)?);
                self.closed(args[0])?;
                self.closed(args[1])?;
                let eps = self.graph.insert(Node::LeviCivita);
                Ok(self.graph.einsum(&[0], &[(eps, &[0, 1, 2]), (a, &[1]), (b, &[2])]))
            }
            Call::Outer => {
                let (a, b) = (self.node(args[0])?, self.node(args[1])?);
                self.closed(args[0])?;
                self.closed(args[1])?;
                Ok(self.graph.einsum(&[0, 1], &[(a, &[0]), (b, &[1])]))
            }
            Call::Kron => {
                let mut product = self.kron_factor(args[0])?;
                for &b in &args[1..] {
                    let b = self.kron_factor(b)?;
                    product = self.kron_product(product, b);
                }
                Ok(self.squeeze(product, typed))
            }
            Call::Commutation => self.commutation(args),
            Call::Nuclear
            | Call::LambdaMax
            | Call::LambdaMin
            | Call::Vech
            | Call::Reshape
            | Call::Triu
            | Call::Tril
            | Call::Duplication
            | Call::Integral
            | Call::Pinv
            | Call::Expm
            | Call::Logm
            | Call::Sqrtm
            | Call::Cosm
            | Call::Sinm
            | Call::Cholesky
            | Call::Sylvester => Err(Error::unsupported(format!("{}()", f.name()))),
        }
    }

    fn two(&mut self, f: Map2, args: &[TypedId], typed: &TypedNode) -> Result<NodeId> {
        let (a, b) = (self.aligned(args[0], typed)?, self.aligned(args[1], typed)?);
        Ok(self.graph.map2(f, a, b))
    }

    fn of_square(&mut self, f: Opaque, a: TypedId) -> Result<NodeId> {
        let node = self.square(a)?;
        let value = self.graph.opaque(f, node);
        // The inverse of a scalar is one.
        Ok(if self.typed(a).shape == Shape::Scalar && self.graph.order(value) == 2 {
            self.graph.einsum(&[], &[(value, &[0, 1])])
        } else {
            value
        })
    }

    /// `sum(X)`, `sum(X, 1)`, `sum(X, 2)`.
    fn total(&mut self, typed: &TypedNode, args: &[TypedId]) -> Result<NodeId> {
        let axis = args.get(1).map(|a| self.place(*a)).transpose()?;
        let vector = matches!(self.typed(args[0]).shape, Shape::Column(_) | Shape::Row(_));
        let row = matches!(self.typed(args[0]).shape, Shape::Row(_));
        self.reduce(typed, args[0], |shape| match axis {
            None => Labels::new(),
            // Over rows a column goes and a row stays, over columns the other way round.
            Some(k) if vector => {
                if (k == 1) == row {
                    shape.into()
                } else {
                    Labels::new()
                }
            }
            Some(1) => shape[1..].into(),
            Some(_) => shape[..1].into(),
        })
    }

    /// How many entries `total` adds up.
    fn count(&mut self, args: &[TypedId]) -> Result<NodeId> {
        let shape = self.typed(args[0]).shape.clone();
        let (rows, columns) = shape.rows_and_columns().unwrap_or((Dim::ONE, shape.axes().iter().fold(Dim::ONE, |p, d| p * *d)));
        Ok(match args.get(1).map(|a| self.place(*a)).transpose()? {
            None => self.graph.size(rows * columns),
            Some(1) => self.graph.size(rows),
            Some(_) => self.graph.size(columns),
        })
    }

    fn over(&mut self, a: NodeId, b: NodeId) -> NodeId {
        let reciprocal = self.graph.power(b, &Number::MINUS_ONE);
        self.graph.times(a, reciprocal)
    }

    /// The mean squared deviation from the mean: the variance of the whole population, as NumPy has it.
    fn variance(&mut self, typed: &TypedNode, a: TypedId) -> Result<NodeId> {
        let x = self.node(a)?;
        let count = self.count(&[a])?;
        let sum = self.reduce_node(typed, x, a, |_| Labels::new());
        let mean = self.over(sum, count);
        let own = self.typed.node(a);
        let mut frame = Frame::new();
        let shape = frame.draft.labels(&own.shape.axes());
        frame.attach(mean, typed, &[]);
        let mean = frame.finish(self.graph, own, &shape);
        let axes: Axes = self.graph.axes(x).into();
        let deviation = self.graph.sum(&axes, vec![(Number::ONE, x), (Number::MINUS_ONE, mean)]);
        let square = self.graph.power(deviation, &Number::int(2));
        let sum = self.reduce_node(typed, square, a, |_| Labels::new());
        Ok(self.over(sum, count))
    }

    fn norm(&mut self, f: Call, args: &[TypedId], typed: &TypedNode) -> Result<NodeId> {
        let a = args[0];
        let matrix = matches!(self.typed(a).shape, Shape::Matrix(..));
        if matrix && f != Call::NormF {
            return Err(Error::unsupported(format!("{}() of a matrix", f.name())).help("normF(A) is the Frobenius norm"));
        }
        match f {
            Call::Norm1 => self.sum_of_powers(typed, a, &Number::ONE),
            Call::NormInf => self.largest(a),
            Call::Norm if args.len() == 2 => {
                if self.typed(args[1]).op == Op::Constant(Constant::Infinity) {
                    return self.largest(a);
                }
                let p = self.node(args[1])?;
                let Some(p) = self.graph.as_constant(p) else {
                    return Err(Error::unsupported("a norm whose order is not a number"));
                };
                let inverse = p.recip().filter(|_| !p.is_negative());
                let inverse = inverse.ok_or_else(|| Error::new(ErrorKind::Domain, "the order of a norm must be positive"))?;
                let sum = self.sum_of_powers(typed, a, &p)?;
                Ok(self.graph.power(sum, &inverse))
            }
            _ => {
                let sum = self.inner(typed, a, a)?;
                Ok(self.graph.power(sum, &Number::ratio(1, 2)))
            }
        }
    }

    fn sum_of_powers(&mut self, typed: &TypedNode, a: TypedId, p: &Number) -> Result<NodeId> {
        let x = self.node(a)?;
        let abs = self.graph.map(Map::Abs, x);
        let power = self.graph.power(abs, p);
        Ok(self.reduce_node(typed, power, a, |_| Labels::new()))
    }

    fn largest(&mut self, a: TypedId) -> Result<NodeId> {
        self.closed(a)?;
        let x = self.node(a)?;
        Ok(if self.graph.order(x) == 0 { self.graph.map(Map::Abs, x) } else { self.graph.opaque(Opaque::NormInf, x) })
    }

    /// Of a vector along it, of a matrix along each row, or over all entries where the result is a scalar.
    fn log_sum_exp(&mut self, a: NodeId, typed: &TypedNode) -> Result<NodeId> {
        let value = self.graph.opaque(Opaque::LogSumExp, a);
        if typed.shape == Shape::Scalar && self.graph.order(value) == 1 {
            return Ok(self.graph.opaque(Opaque::LogSumExp, value));
        }
        Ok(value)
    }

    fn diag(&mut self, typed: &TypedNode, a: TypedId) -> Result<NodeId> {
        let node = self.node(a)?;
        let own = self.typed.node(a);
        let mut frame = Frame::new();
        let shape: Labels = match own.shape {
            Shape::Matrix(m, _) => {
                let l = frame.draft.label(m);
                smallvec::smallvec![l, l]
            }
            _ => frame.draft.labels(&own.shape.axes()),
        };
        frame.attach(node, own, &shape);
        let out: Labels =
            if typed.shape.axes().len() == 2 { smallvec::smallvec![shape[0], shape[0]] } else { shape[..typed.shape.axes().len()].into() };
        Ok(frame.finish(self.graph, typed, &out))
    }

    fn eye(&mut self, typed: &TypedNode) -> Result<NodeId> {
        match typed.shape.axes().as_slice() {
            [m, n] if m == n => Ok(self.graph.eye(*m)),
            [] => Ok(self.graph.one()),
            _ => Err(Error::unsupported("eye() that is not square")),
        }
    }

    /// The columns of a matrix stacked.
    fn stacked(&mut self, a: NodeId) -> NodeId {
        match *self.graph.axes(a) {
            [m, n] => {
                let merge = self.graph.insert(Node::Merge(m, n));
                self.graph.einsum(&[2], &[(merge, &[2, 0, 1]), (a, &[0, 1])])
            }
            _ => a,
        }
    }

    fn kron(&mut self, typed: &TypedNode, a: TypedId, b: TypedId) -> Result<NodeId> {
        let (a, b) = (self.kron_factor(a)?, self.kron_factor(b)?);
        let product = self.kron_product(a, b);
        Ok(self.squeeze(product, typed))
    }

    /// A factor as rows and columns.
    fn kron_factor(&mut self, a: TypedId) -> Result<NodeId> {
        self.closed(a)?;
        let node = self.node(a)?;
        let shape = &self.typed(a).shape;
        let Some((m, n)) = shape.rows_and_columns() else { return Err(Error::unsupported("kron() of a tensor")) };
        let mut draft = Draft::new();
        let labels = draft.labels(&[m, n]);
        let own: &[Label] = match shape {
            Shape::Scalar => &[],
            Shape::Column(_) => &labels[..1],
            Shape::Row(_) => &labels[1..],
            Shape::Matrix(..) | Shape::Tensor(_) => &labels,
        };
        draft.factor(node, own);
        Ok(self.graph.contract(draft.out(&labels)))
    }

    /// `kron(A, B)[p*i + k, q*j + l] = A[i,j]*B[k,l]`.
    fn kron_product(&mut self, a: NodeId, b: NodeId) -> NodeId {
        let ([m, n], [p, q]) = (self.two_axes(a), self.two_axes(b));
        let (rows, columns) = (self.graph.insert(Node::Merge(p, m)), self.graph.insert(Node::Merge(q, n)));
        self.graph.einsum(&[0, 1], &[(rows, &[0, 4, 2]), (columns, &[1, 5, 3]), (a, &[2, 3]), (b, &[4, 5])])
    }

    fn two_axes(&self, a: NodeId) -> [Dim; 2] {
        match *self.graph.axes(a) {
            [m, n] => [m, n],
            _ => [Dim::ONE, Dim::ONE],
        }
    }

    /// Rows and columns as the axes of the shape: an axis of length 1 that the shape lacks is summed.
    fn squeeze(&mut self, a: NodeId, typed: &TypedNode) -> NodeId {
        let out: &[Label] = match typed.shape {
            Shape::Scalar => &[],
            Shape::Column(_) => &[0],
            Shape::Row(_) => &[1],
            Shape::Matrix(..) | Shape::Tensor(_) => &[0, 1],
        };
        self.graph.einsum(out, &[(a, &[0, 1])])
    }

    /// `commutation(m, n)*vec(A) = vec(A')` for an m×n matrix A.
    fn commutation(&mut self, args: &[TypedId]) -> Result<NodeId> {
        let (m, n) = (self.dimension(args[0])?, self.dimension(args[1])?);
        let (from, to) = (self.graph.insert(Node::Merge(m, n)), self.graph.insert(Node::Merge(n, m)));
        Ok(self.graph.einsum(&[0, 1], &[(to, &[0, 2, 3]), (from, &[1, 3, 2])]))
    }

    fn dimension(&mut self, a: TypedId) -> Result<Dim> {
        let bad = || Error::new(ErrorKind::Shape, "a dimension is needed here: a positive integer or a symbol such as n");
        match &self.typed(a).op {
            Op::Size(d) => Ok(*d),
            Op::Number(n) => n.as_integer().filter(|n| *n > 0).map(Dim::number).ok_or_else(bad),
            Op::Add(terms) => terms.clone().iter().try_fold(Dim::number(0), |s, t| Ok(s + self.dimension(*t)?)),
            Op::Mul(terms) => terms.clone().iter().try_fold(Dim::ONE, |s, t| Ok(s * self.dimension(*t)?)),
            _ => Err(bad()),
        }
    }

    /// A number that says which: an axis or an entry.
    fn place(&mut self, a: TypedId) -> Result<i64> {
        let node = self.node(a)?;
        self.graph
            .as_constant(node)
            .and_then(|n| n.as_integer())
            .filter(|n| *n > 0)
            .ok_or_else(|| Error::unsupported("a place that is not a positive whole number"))
    }

    /// Kronecker's delta of two numbers.
    fn closed_delta(&mut self, subscripts: &[Subscript<TypedId>]) -> Result<NodeId> {
        let [Subscript::At(i), Subscript::At(j)] = subscripts else {
            return Err(Error::unsupported("a delta whose indices are summed over a length that nothing tells"));
        };
        let (i, j) = (self.place(*i)?, self.place(*j)?);
        Ok(self.graph.number(&Number::int(i64::from(i == j))))
    }

    fn subscript(&mut self, typed: &TypedNode, a: TypedId, subscripts: &[Subscript<TypedId>]) -> Result<NodeId> {
        self.closed(a)?;
        let node = self.node(a)?;
        self.subscripted(typed, node, subscripts)
    }

    fn subscripted(&mut self, typed: &TypedNode, node: NodeId, subscripts: &[Subscript<TypedId>]) -> Result<NodeId> {
        let mut frame = Frame::new();
        let axes: Axes = self.graph.axes(node).into();
        if axes.len() != subscripts.len() {
            return Err(Error::new(ErrorKind::Index, format!("{} subscripts for {} axes", subscripts.len(), axes.len())));
        }
        let (mut labels, mut shape) = (Labels::new(), Labels::new());
        for (s, &dim) in subscripts.iter().zip(&axes) {
            let l = match s {
                Subscript::Index(name) => frame.index(*name, dim),
                Subscript::All => {
                    let l = frame.draft.label(dim);
                    shape.push(l);
                    l
                }
                Subscript::At(entry) => {
                    let place = self.place(*entry)?;
                    if dim.as_number().is_some_and(|n| place > n) {
                        return Err(Error::new(ErrorKind::Index, format!("there is no entry {place} on an axis of length {dim}")));
                    }
                    let unit = self.graph.insert(Node::Unit(place, dim));
                    let l = frame.draft.label(dim);
                    frame.draft.factor(unit, &[l]);
                    l
                }
                Subscript::Range(..) => return Err(Error::unsupported("a slice such as 1:k")),
            };
            labels.push(l);
        }
        frame.draft.factor(node, &labels);
        Ok(frame.finish(self.graph, typed, &shape))
    }

    fn braces(&mut self, typed: &TypedNode, a: TypedId, outputs: &[(Symbol, Option<Dim>)]) -> Result<NodeId> {
        let node = self.node(a)?;
        let own = self.typed.node(a);
        let mut frame = Frame::new();
        let shape: Labels = outputs.iter().zip(typed.shape.axes()).map(|((name, _), dim)| frame.index(*name, dim)).collect();
        frame.attach(node, own, &[]);
        Ok(frame.finish(self.graph, typed, &shape))
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
