//! Functions: most are contractions and maps, the others opaque nodes.

use super::*;
use crate::applied::Applied;
use crate::integrate::integral;
use crate::part::Selection;

impl Lowering<'_> {
    /// Sums a child over the labels that `keep` does not name.
    pub(super) fn reduce(&mut self, typed: &TypedNode, a: TypedId, keep: impl Fn(&[Label]) -> Labels) -> Result<NodeId> {
        let node = self.node(a)?;
        Ok(self.reduce_node(typed, node, a, keep))
    }

    pub(super) fn reduce_node(&mut self, typed: &TypedNode, node: NodeId, like: TypedId, keep: impl Fn(&[Label]) -> Labels) -> NodeId {
        let own = self.typed.node(like);
        let mut frame = Frame::new();
        let shape = frame.draft.labels(&own.shape.axes());
        frame.attach(node, own, &shape);
        let kept = keep(&shape);
        frame.finish(self.graph, typed, &kept)
    }

    /// The sum of the elementwise product of two children of equal shape.
    pub(super) fn inner(&mut self, typed: &TypedNode, a: TypedId, b: TypedId) -> Result<NodeId> {
        let (x, y) = (self.node(a)?, self.node(b)?);
        let mut frame = Frame::new();
        let shape = frame.draft.labels(&self.typed(a).shape.axes());
        frame.attach(x, self.typed.node(a), &shape);
        frame.attach(y, self.typed.node(b), &shape);
        Ok(frame.finish(self.graph, typed, &[]))
    }

    /// An end of an integral, which may be infinite.
    fn end(&mut self, id: TypedId) -> Result<NodeId> {
        match self.typed(id).op.clone() {
            Op::Constant(Constant::Infinity) => Ok(self.graph.insert(Node::Constant(Constant::Infinity))),
            Op::Neg(a) if matches!(self.typed(a).op, Op::Constant(Constant::Infinity)) => {
                let end = self.end(a)?;
                Ok(self.graph.negate(end))
            }
            _ => self.node(id),
        }
    }

    pub(super) fn call(&mut self, f: Call, args: &[TypedId], typed: &TypedNode) -> Result<NodeId> {
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
            Call::Pinv => self.pinv(args[0], typed),
            Call::Expm => self.function_of_matrix(Opaque::Expm, args[0]),
            Call::Logm => self.function_of_matrix(Opaque::Logm, args[0]),
            Call::Sqrtm => self.function_of_matrix(Opaque::Sqrtm, args[0]),
            Call::Cosm => self.function_of_matrix(Opaque::Cosm, args[0]),
            Call::Sinm => self.function_of_matrix(Opaque::Sinm, args[0]),
            Call::Cholesky => {
                let a = self.node(args[0])?;
                let single = self.graph.axes(a).iter().all(|n| *n == Dim::ONE);
                if !single && !self.graph.is_symmetric(a) {
                    return Err(not_symmetric("cholesky"));
                }
                self.function_of_matrix(Opaque::Cholesky, args[0])
            }
            Call::Nuclear => match self.typed(args[0]).shape {
                Shape::Matrix(..) => self.of_matrix(Opaque::Nuclear, args[0]),
                _ => self.norm(Call::Norm2, args, typed),
            },
            Call::LambdaMax => self.of_matrix(Opaque::LambdaMax, args[0]),
            Call::LambdaMin => self.of_matrix(Opaque::LambdaMin, args[0]),
            Call::EigvecMax => self.of_matrix(Opaque::EigvecMax, args[0]),
            Call::EigvecMin => self.of_matrix(Opaque::EigvecMin, args[0]),
            Call::FrechetExpm => self.frechet(LinearOperator::FrechetExpm, args, typed),
            Call::FrechetLogm => self.frechet(LinearOperator::FrechetLogm, args, typed),
            Call::FrechetCosm => self.frechet(LinearOperator::FrechetCosm, args, typed),
            Call::FrechetSinm => self.frechet(LinearOperator::FrechetSinm, args, typed),
            Call::FrechetSqrtm => self.differential_of_root(args, typed),
            Call::OpenExpm => self.open_frechet(LinearOperator::FrechetExpm, args, typed),
            Call::OpenLogm => self.open_frechet(LinearOperator::FrechetLogm, args, typed),
            Call::OpenCosm => self.open_frechet(LinearOperator::FrechetCosm, args, typed),
            Call::OpenSinm => self.open_frechet(LinearOperator::FrechetSinm, args, typed),
            Call::OpenSqrtm => Err(Error::unsupported("`:` in a Fréchet derivative of `sqrtm`").help("write it with `sylvester`")),
            Call::Sylvester => self.sylvester(args, typed),
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
                let place = self.dimension(args[0])?;
                Ok(self.graph.unit(place, typed.shape.axes()[0]))
            }
            Call::Tril => self.triangle(args[0], [0, 1]),
            Call::Triu => self.triangle(args[0], [1, 0]),
            Call::Sym | Call::Skew => {
                let a = self.square(args[0])?;
                let t = self.graph.transpose(a);
                let (half, axes) = (Number::ratio(1, 2), axes_of(typed));
                let other = if f == Call::Sym { half.clone() } else { -&half };
                Ok(self.graph.sum(&axes, vec![(half, a), (other, t)]))
            }
            Call::Cross => {
                let (a, b) = (self.node(args[0])?, self.node(args[1])?);
                self.closed(args[0])?;
                self.closed(args[1])?;
                let eps = self.graph.insert(Node::LeviCivita(3));
                if self.graph.order(b) == 2 {
                    return Ok(self.graph.einsum(&[0, 3], &[(eps, &[0, 1, 2]), (a, &[1]), (b, &[2, 3])]));
                }
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
            Call::Duplication | Call::Elimination => {
                let n = self.dimension(args[0])?;
                Ok(self.graph.insert(if f == Call::Duplication { Node::Duplication(n) } else { Node::Elimination(n) }))
            }
            Call::Vech => {
                let a = self.square(args[0])?;
                let n = self.graph.axes(a)[0];
                let (vec, elimination) = (self.stacked(a), self.graph.insert(Node::Elimination(n)));
                let half = self.graph.einsum(&[0], &[(elimination, &[0, 1]), (vec, &[1])]);
                Ok(if self.typed(args[0]).shape == Shape::Scalar { self.graph.einsum(&[], &[(half, &[0])]) } else { half })
            }
            Call::Reshape => self.reshape(typed, args),
            Call::Integral => {
                args.iter().try_for_each(|a| self.closed(*a))?;
                let Op::Var(t) = self.typed(args[1]).op.clone() else { return Err(Error::unsupported("an integral over no variable")) };
                let (f, from, to) = (self.node(args[0])?, self.end(args[2])?, self.end(args[3])?);
                integral(self.graph, f, &t, from, to)
            }
        }
    }

    /// A declared function; of scalars it goes into index notation and arrays entry by entry.
    pub(super) fn apply(&mut self, typed: &TypedNode, function: &Applied, arguments: &[TypedId]) -> Result<NodeId> {
        if function.is_of_scalars() {
            let arguments = arguments.iter().map(|a| self.aligned(*a, typed)).collect::<Result<Vec<_>>>()?;
            return Ok(self.graph.apply(&Applied { elementwise: true, ..function.clone() }, arguments));
        }
        if let (Some(f), [x]) = (function.known, arguments) {
            let x = self.kron_factor(*x)?;
            let value = self.graph.derivative_of_matrix_function(f, x, function.by.len())?;
            // Of a scalar all axes have one entry.
            let all: Labels = (0..self.graph.order(value) as Label).collect();
            return Ok(if typed.shape == Shape::Scalar { self.graph.einsum(&[], &[(value, &all)]) } else { value });
        }
        arguments.iter().try_for_each(|a| self.closed(*a))?;
        let arguments = arguments.iter().map(|a| self.node(*a)).collect::<Result<Vec<_>>>()?;
        Ok(self.graph.apply(function, arguments))
    }

    /// The part of a matrix in which the first of these axes is not before the second.
    fn triangle(&mut self, a: TypedId, axes: [Label; 2]) -> Result<NodeId> {
        self.closed(a)?;
        let a = self.node(a)?;
        let lengths = match *self.graph.axes(a) {
            [m, n] => [m, n],
            _ => return Ok(a),
        };
        let [rows, columns] = axes.map(|k| lengths[usize::from(k)]);
        let triangle = self.graph.insert(Node::Triangle(rows, columns));
        Ok(self.graph.einsum(&[0, 1], &[(a, &[0, 1]), (triangle, &axes)]))
    }

    pub(super) fn two(&mut self, f: Map2, args: &[TypedId], typed: &TypedNode) -> Result<NodeId> {
        let (a, b) = (self.aligned(args[0], typed)?, self.aligned(args[1], typed)?);
        Ok(self.graph.map2(f, a, b))
    }

    pub(super) fn of_square(&mut self, f: Opaque, a: TypedId) -> Result<NodeId> {
        let node = self.square(a)?;
        let value = self.graph.opaque(f, node);
        // The inverse of a scalar is one.
        Ok(if self.typed(a).shape == Shape::Scalar && self.graph.order(value) == 2 {
            self.graph.einsum(&[], &[(value, &[0, 1])])
        } else {
            value
        })
    }

    /// Of a column, a row or a scalar as of a matrix with one column, row or entry.
    fn pinv(&mut self, a: TypedId, typed: &TypedNode) -> Result<NodeId> {
        let matrix = self.kron_factor(a)?;
        let value = self.graph.opaque(Opaque::Pinv, matrix);
        Ok(self.squeeze(value, typed))
    }

    /// A function of a matrix; of a scalar that of a number.
    fn function_of_matrix(&mut self, f: Opaque, a: TypedId) -> Result<NodeId> {
        self.closed(a)?;
        let node = self.node(a)?;
        Ok(if self.graph.order(node) == 0 { self.graph.function_of_scalar(f, node) } else { self.graph.opaque(f, node) })
    }

    /// An eigenvalue or an eigenvector; of a scalar that is itself, or 1.
    fn of_matrix(&mut self, f: Opaque, a: TypedId) -> Result<NodeId> {
        self.closed(a)?;
        let node = self.node(a)?;
        Ok(match (self.graph.order(node), f) {
            (0, Opaque::EigvecMax | Opaque::EigvecMin) => self.graph.one(),
            (0, _) => node,
            _ => self.graph.opaque(f, node),
        })
    }

    fn frechet(&mut self, f: LinearOperator, args: &[TypedId], typed: &TypedNode) -> Result<NodeId> {
        if args.len() == 1 {
            return self.open_frechet(f, args, typed);
        }
        let operands = args.iter().map(|a| self.kron_factor(*a)).collect::<Result<_>>()?;
        let value = self.graph.operator(f, operands);
        Ok(self.squeeze(value, typed))
    }

    /// The matrix of the map with its last direction left open.
    fn open_frechet(&mut self, f: LinearOperator, args: &[TypedId], typed: &TypedNode) -> Result<NodeId> {
        let operands = args.iter().map(|a| self.kron_factor(*a)).collect::<Result<Vec<_>>>()?;
        let value = self.graph.matrix_of_operator(f, &operands);
        Ok(self.squeeze(value, typed))
    }

    fn differential_of_root(&mut self, args: &[TypedId], typed: &TypedNode) -> Result<NodeId> {
        let x = self.kron_factor(args[0])?;
        let directions = args[1..].iter().map(|e| self.kron_factor(*e)).collect::<Result<Vec<_>>>()?;
        let value = match directions[..] {
            [e] => self.graph.differential_of_function(Opaque::Sqrtm, x, e, 0, false),
            [_, ..] => self.graph.differential_of_root(x, &directions),
            [] => {
                let root = self.graph.opaque(Opaque::Sqrtm, x);
                self.graph.matrix_of_operator(LinearOperator::Sylvester, &[root, root])
            }
        };
        Ok(self.squeeze(value, typed))
    }

    fn sylvester(&mut self, args: &[TypedId], typed: &TypedNode) -> Result<NodeId> {
        let operands = args.iter().map(|a| self.kron_factor(*a)).collect::<Result<_>>()?;
        let value = self.graph.operator(LinearOperator::Sylvester, operands);
        Ok(self.squeeze(value, typed))
    }

    /// `sum(X)`, `sum(X, 1)`, `sum(X, 2)`.
    pub(super) fn total(&mut self, typed: &TypedNode, args: &[TypedId]) -> Result<NodeId> {
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
    pub(super) fn count(&mut self, args: &[TypedId]) -> Result<NodeId> {
        let shape = self.typed(args[0]).shape.clone();
        let (rows, columns) = shape.rows_and_columns().unwrap_or((Dim::ONE, shape.axes().iter().fold(Dim::ONE, |p, d| p * *d)));
        Ok(match args.get(1).map(|a| self.place(*a)).transpose()? {
            None => self.graph.size(rows * columns),
            Some(1) => self.graph.size(rows),
            Some(_) => self.graph.size(columns),
        })
    }

    pub(super) fn over(&mut self, a: NodeId, b: NodeId) -> NodeId {
        let reciprocal = self.graph.power(b, &Number::MINUS_ONE);
        self.graph.times(a, reciprocal)
    }

    /// The mean squared deviation from the mean: the variance of the whole population, as NumPy has it.
    pub(super) fn variance(&mut self, typed: &TypedNode, a: TypedId) -> Result<NodeId> {
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

    pub(super) fn norm(&mut self, f: Call, args: &[TypedId], typed: &TypedNode) -> Result<NodeId> {
        let a = args[0];
        if matches!(self.typed(a).shape, Shape::Matrix(..)) && f != Call::NormF {
            let order = args.get(1).map(|p| &self.typed(*p).op);
            let spectral = matches!(order, Some(Op::Number(p)) if *p == Number::int(2)) || order.is_none();
            if f == Call::Norm2 || (f == Call::Norm && spectral) {
                return self.spectral_norm(a);
            }
            let infinite = f == Call::NormInf || args.get(1).is_some_and(|p| self.typed(*p).op == Op::Constant(Constant::Infinity));
            return self.norm_of_matrix(a, if infinite { 0 } else { 1 });
        }
        match f {
            Call::Norm1 => self.sum_of_powers(typed, a, &Number::ONE),
            Call::NormInf => self.largest(a),
            Call::Norm if args.len() == 2 => {
                if self.typed(args[1]).op == Op::Constant(Constant::Infinity) {
                    return self.largest(a);
                }
                let p = self.node(args[1])?;
                let Some(p) = self.graph.as_constant(p) else { return self.norm_of_symbolic_order(typed, a, p) };
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

    /// The largest singular value: the root of the largest eigenvalue of A'*A.
    fn spectral_norm(&mut self, a: TypedId) -> Result<NodeId> {
        self.closed(a)?;
        let x = self.node(a)?;
        let gram = self.graph.einsum(&[0, 1], &[(x, &[2, 0]), (x, &[2, 1])]);
        let largest = self.graph.opaque(Opaque::LambdaMax, gram);
        Ok(self.graph.power(largest, &Number::ratio(1, 2)))
    }

    /// The largest sum of absolute values along that axis' slices: of the rows for axis 0, of the columns for axis 1.
    fn norm_of_matrix(&mut self, a: TypedId, axis: Label) -> Result<NodeId> {
        self.closed(a)?;
        let x = self.node(a)?;
        let abs = self.graph.map(Map::Abs, x);
        let sums = self.graph.einsum(&[axis], &[(abs, &[0, 1])]);
        Ok(self.graph.opaque(Opaque::NormInf, sums))
    }

    /// `sum(abs(x).^p)^(1/p)`
    fn norm_of_symbolic_order(&mut self, typed: &TypedNode, a: TypedId, p: NodeId) -> Result<NodeId> {
        self.closed(a)?;
        let x = self.node(a)?;
        let axes: Axes = self.graph.axes(x).into();
        let (abs, order) = (self.graph.map(Map::Abs, x), self.graph.fill(p, &axes));
        let powers = self.graph.map2(Map2::Power, abs, order);
        let sum = self.reduce_node(typed, powers, a, |_| Labels::new());
        let inverse = self.graph.power(p, &Number::MINUS_ONE);
        Ok(self.graph.map2(Map2::Power, sum, inverse))
    }

    pub(super) fn sum_of_powers(&mut self, typed: &TypedNode, a: TypedId, p: &Number) -> Result<NodeId> {
        let x = self.node(a)?;
        let abs = self.graph.map(Map::Abs, x);
        let power = self.graph.power(abs, p);
        Ok(self.reduce_node(typed, power, a, |_| Labels::new()))
    }

    pub(super) fn largest(&mut self, a: TypedId) -> Result<NodeId> {
        self.closed(a)?;
        let x = self.node(a)?;
        Ok(if self.graph.order(x) == 0 { self.graph.map(Map::Abs, x) } else { self.graph.opaque(Opaque::NormInf, x) })
    }

    /// Of a vector along it, of a matrix along each row, or over all entries where the result is a scalar.
    pub(super) fn log_sum_exp(&mut self, a: NodeId, typed: &TypedNode) -> Result<NodeId> {
        let value = self.graph.opaque(Opaque::LogSumExp, a);
        if typed.shape == Shape::Scalar && self.graph.order(value) == 1 {
            return Ok(self.graph.opaque(Opaque::LogSumExp, value));
        }
        Ok(value)
    }

    pub(super) fn diag(&mut self, typed: &TypedNode, a: TypedId) -> Result<NodeId> {
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

    /// Ones where both places are the same: the first columns or rows of the identity, if it is known which is longer.
    fn rectangular_eye(&mut self, m: Dim, n: Dim) -> NodeId {
        let first = |length: Dim, of: Dim| Selection { offset: Dim::number(0), length, of };
        if n.is_at_most(m) {
            return self.graph.select(first(n, m));
        }
        if m.is_at_most(n) {
            let rows = self.graph.select(first(m, n));
            return self.graph.transpose(rows);
        }
        let (below, above) = (self.graph.insert(Node::Triangle(m, n)), self.graph.insert(Node::Triangle(n, m)));
        self.graph.einsum(&[0, 1], &[(below, &[0, 1]), (above, &[1, 0])])
    }

    pub(super) fn eye(&mut self, typed: &TypedNode) -> Result<NodeId> {
        match typed.shape.axes().as_slice() {
            [m, n] if m == n => Ok(self.graph.eye(*m)),
            [] => Ok(self.graph.one()),
            [m, n] => Ok(self.rectangular_eye(*m, *n)),
            axes => Err(Error::new(ErrorKind::Shape, format!("eye() has two axes, not {}", axes.len()))),
        }
    }
}

fn not_symmetric(function: &str) -> Error {
    Error::new(ErrorKind::Domain, format!("`{function}` takes a symmetric matrix, and this is not known to be one"))
        .help("declare it as posdef(n) or symmetric(n)")
}
