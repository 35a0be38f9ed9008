//! Stacked axes: `vec`, `kron` and commutation matrices as contractions with the stacking bijection.

use super::*;

impl Lowering<'_> {
    /// The columns of a matrix stacked; of a tensor all entries, those along the first axis next to each other.
    pub(super) fn stacked(&mut self, mut a: NodeId) -> NodeId {
        // Each step leaves an axis less.
        while let [m, n, ref rest @ ..] = *self.graph.axes(a) {
            let rest: Labels = (3..3 + rest.len() as Label).collect();
            let merge = self.graph.insert(Node::Merge(m, n));
            let out: Labels = [2].into_iter().chain(rest.iter().copied()).collect();
            let own: Labels = [0, 1].into_iter().chain(rest).collect();
            a = self.graph.einsum(&out, &[(merge, &[2, 0, 1]), (a, &own)]);
        }
        a
    }

    /// `reshape(A, m, n)`: the stacked columns of A as the stacked columns of an m×n matrix.
    pub(super) fn reshape(&mut self, typed: &TypedNode, args: &[TypedId]) -> Result<NodeId> {
        self.closed(args[0])?;
        let a = self.node(args[0])?;
        let (m, n) = (self.dimension(args[1])?, self.dimension(args[2])?);
        if self.graph.order(a) == 0 {
            return Ok(self.broadcast(a, typed));
        }
        let stacked = self.stacked(a);
        let merge = self.graph.insert(Node::Merge(m, n));
        Ok(self.graph.einsum(&[1, 2], &[(merge, &[0, 1, 2]), (stacked, &[0])]))
    }

    pub(super) fn kron(&mut self, typed: &TypedNode, a: TypedId, b: TypedId) -> Result<NodeId> {
        let (a, b) = (self.kron_factor(a)?, self.kron_factor(b)?);
        let product = self.kron_product(a, b);
        Ok(self.squeeze(product, typed))
    }

    /// A factor as rows and columns.
    pub(super) fn kron_factor(&mut self, a: TypedId) -> Result<NodeId> {
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
    pub(super) fn kron_product(&mut self, a: NodeId, b: NodeId) -> NodeId {
        let ([m, n], [p, q]) = (self.two_axes(a), self.two_axes(b));
        let (rows, columns) = (self.graph.insert(Node::Merge(p, m)), self.graph.insert(Node::Merge(q, n)));
        self.graph.einsum(&[0, 1], &[(rows, &[0, 4, 2]), (columns, &[1, 5, 3]), (a, &[2, 3]), (b, &[4, 5])])
    }

    pub(super) fn two_axes(&self, a: NodeId) -> [Dim; 2] {
        match *self.graph.axes(a) {
            [m, n] => [m, n],
            _ => [Dim::ONE, Dim::ONE],
        }
    }

    /// Rows and columns as the axes of the shape: an axis of length 1 that the shape lacks is summed.
    pub(super) fn squeeze(&mut self, a: NodeId, typed: &TypedNode) -> NodeId {
        let out: &[Label] = match typed.shape {
            Shape::Scalar => &[],
            Shape::Column(_) => &[0],
            Shape::Row(_) => &[1],
            Shape::Matrix(..) | Shape::Tensor(_) => &[0, 1],
        };
        self.graph.einsum(out, &[(a, &[0, 1])])
    }

    /// `commutation(m, n)*vec(A) = vec(A')` for an m×n matrix A.
    pub(super) fn commutation(&mut self, args: &[TypedId]) -> Result<NodeId> {
        let (m, n) = (self.dimension(args[0])?, self.dimension(args[1])?);
        let (from, to) = (self.graph.insert(Node::Merge(m, n)), self.graph.insert(Node::Merge(n, m)));
        Ok(self.graph.einsum(&[0, 1], &[(to, &[0, 2, 3]), (from, &[1, 3, 2])]))
    }
}
