//! Products, quotients, powers and transposes.

use super::*;

impl Lowering<'_> {
    /// A product of linear algebra from left to right: neighbouring inner axes share a label, scalars multiply.
    pub(super) fn product(&mut self, typed: &TypedNode, factors: &[TypedId]) -> Result<NodeId> {
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

    pub(super) fn hadamard(&mut self, typed: &TypedNode, factors: &[TypedId]) -> Result<NodeId> {
        let mut frame = Frame::new();
        let shape = frame.draft.labels(&typed.shape.axes());
        for &f in factors {
            let node = self.node(f)?;
            let own = self.typed.node(f);
            frame.attach(node, own, if own.shape == Shape::Scalar { &[] } else { &shape });
        }
        Ok(frame.finish(self.graph, typed, &shape))
    }

    pub(super) fn quotient(&mut self, typed: &TypedNode, a: TypedId, b: TypedId) -> Result<NodeId> {
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

    pub(super) fn left_quotient(&mut self, typed: &TypedNode, a: TypedId, b: TypedId) -> Result<NodeId> {
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

    pub(super) fn inverse(&mut self, a: TypedId) -> Result<NodeId> {
        let node = self.square(a)?;
        Ok(self.graph.opaque(Opaque::Inv, node))
    }

    /// A square matrix without free indices.
    pub(super) fn square(&mut self, a: TypedId) -> Result<NodeId> {
        self.closed(a)?;
        let node = self.node(a)?;
        match self.graph.axes(node) {
            [m, n] if m == n => Ok(node),
            [] => Ok(self.graph.fill(node, &[Dim::ONE, Dim::ONE])),
            _ => Err(Error::new(ErrorKind::Shape, format!("a square matrix is needed here, not {}", self.typed(a).shape))),
        }
    }

    /// Functions of whole tensors do not go into index notation with free indices.
    pub(super) fn closed(&self, a: TypedId) -> Result<()> {
        match self.typed(a).free.first() {
            None => Ok(()),
            Some((i, _)) => Err(Error::unsupported(format!("a function of whole tensors under the free index {i}"))),
        }
    }

    /// The product over the last axis of `a` and the first of `b`.
    pub(super) fn matrix_product(&mut self, a: NodeId, b: NodeId) -> NodeId {
        let (m, n) = (self.graph.order(a) as Label, self.graph.order(b) as Label);
        let left: Labels = (0..m).collect();
        let right: Labels = (m - 1..m + n - 1).collect();
        let out: Labels = (0..m + n - 1).filter(|l| *l != m - 1).collect();
        self.graph.einsum(&out, &[(a, &left), (b, &right)])
    }

    pub(super) fn elementwise_power(&mut self, typed: &TypedNode, a: TypedId, p: TypedId) -> Result<NodeId> {
        let exponent = self.node(p)?;
        if let Some(p) = self.graph.as_constant(exponent) {
            let base = self.aligned(a, typed)?;
            return Ok(self.graph.power(base, &p));
        }
        let (base, exponent) = (self.aligned(a, typed)?, self.aligned(p, typed)?);
        Ok(self.graph.map2(Map2::Power, base, exponent))
    }

    pub(super) fn matrix_power(&mut self, a: TypedId, p: TypedId) -> Result<NodeId> {
        let exponent = self.node(p)?;
        let constant = self.graph.as_constant(exponent).filter(|_| self.graph.order(exponent) == 0);
        let whole = constant.as_ref().and_then(|p| p.as_integer());
        let base = self.square(a)?;
        let Some(p) = whole else { return self.power_by_logarithm(base, exponent, constant.as_ref(), p) };
        if p.abs() > MOST_MATRIX_POWER {
            return Err(
                Error::unsupported("a power of a matrix with a whole exponent beyond 64").help("for a power of each entry write X.^p")
            );
        }
        let base = if p < 0 { self.graph.opaque(Opaque::Inv, base) } else { base };
        let n = self.graph.axes(base)[0];
        if p == 0 {
            return Ok(self.graph.eye(n));
        }
        let labels: Vec<[Label; 2]> = (0..p.unsigned_abs() as Label).map(|k| [k, k + 1]).collect();
        let factors: Vec<(NodeId, &[Label])> = labels.iter().map(|ls| (base, &ls[..])).collect();
        Ok(self.graph.einsum(&[0, p.unsigned_abs() as Label], &factors))
    }

    /// `A^p = expm(p*logm(A))`, and `A^B = expm(logm(A)*B)`.
    fn power_by_logarithm(&mut self, base: NodeId, exponent: NodeId, constant: Option<&Number>, p: TypedId) -> Result<NodeId> {
        self.closed(p)?;
        if let Some(power) = constant.and_then(|p| self.graph.power_of_matrix(base, p)) {
            return Ok(power);
        }
        let log = if self.graph.axes(base) == [Dim::ONE, Dim::ONE] {
            let number = self.graph.einsum(&[], &[(base, &[0, 0])]);
            self.graph.map(Map::Log, number)
        } else {
            self.graph.opaque(Opaque::Logm, base)
        };
        let scalar = self.graph.order(exponent) == 0 || self.graph.order(log) == 0;
        let product = if scalar { self.graph.times(log, exponent) } else { self.graph.product(&[log, exponent]) };
        Ok(self.graph.opaque(Opaque::Expm, product))
    }

    pub(super) fn transposed(&mut self, typed: &TypedNode, a: TypedId) -> Result<NodeId> {
        let node = self.node(a)?;
        let own = self.typed.node(a);
        let mut frame = Frame::new();
        let mut shape = frame.draft.labels(&own.shape.axes());
        frame.attach(node, own, &shape);
        shape.reverse();
        Ok(frame.finish(self.graph, typed, &shape))
    }
}
