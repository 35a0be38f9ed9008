//! The shapes of sums, products, quotients, powers, transposes and derivatives.

use super::dims::Dims;
use super::report::Mismatch;
use super::{Found, Pass};
use crate::applied::derivative_shape;
use crate::dim::Dim;
use crate::error::{Error, ErrorKind};
use crate::expr::{Op, Shape};
use crate::typed::TypedId;

/// The shape of `a*b`, a vector being a column.
pub fn product_shape(dims: &mut Dims, a: &Shape, b: &Shape) -> Result<Shape, Mismatch> {
    use Shape::{Column, Matrix, Row, Scalar, Tensor};
    let (inner, shape) = match (a, b) {
        (Scalar, other) | (other, Scalar) => return Ok(other.clone()),
        (Column(m), Row(n)) => return Ok(Matrix(*m, *n)),
        (Row(k), Column(l)) => ((*k, *l), Scalar),
        (Matrix(m, k), Column(l)) => ((*k, *l), Column(*m)),
        (Row(k), Matrix(l, n)) => ((*k, *l), Row(*n)),
        (Matrix(m, k), Matrix(l, n)) => ((*k, *l), Matrix(*m, *n)),
        // What follows fits only where a length is known to be 1; an unknown length is not made 1 for it.
        (Column(m), Matrix(l, n)) if dims.is_one(*l) => return Ok(Matrix(*m, *n)),
        (Matrix(m, k), Row(n)) if dims.is_one(*k) => return Ok(Matrix(*m, *n)),
        (Column(m), Column(l)) if dims.is_one(*l) => return Ok(Column(*m)),
        (Row(k), Row(n)) if dims.is_one(*k) => return Ok(Row(*n)),
        (Column(_), Column(_)) => return Err(Mismatch::Because("both are columns".to_owned())),
        (Row(_), Row(_)) => return Err(Mismatch::Because("both are rows".to_owned())),
        (Column(_), Matrix(l, _)) => return Err(Mismatch::Lengths(Dim::ONE, *l)),
        (Matrix(_, k), Row(_)) => return Err(Mismatch::Lengths(*k, Dim::ONE)),
        (Tensor(_), _) | (_, Tensor(_)) => {
            return Err(Mismatch::Because("a product of a tensor needs index notation, such as T[i,j,k]*x[k]".to_owned()));
        }
    };
    if dims.unify(inner.0, inner.1) { Ok(shape) } else { Err(Mismatch::Lengths(inner.0, inner.1)) }
}

/// Makes both shapes equal.
pub fn unify_shapes(dims: &mut Dims, a: &Shape, b: &Shape) -> Result<(), Mismatch> {
    let alike = std::mem::discriminant(a) == std::mem::discriminant(b) && a.axes().len() == b.axes().len();
    if !alike {
        return Err(Mismatch::Kinds);
    }
    match a.axes().into_iter().zip(b.axes()).find(|(x, y)| !dims.unify(*x, *y)) {
        Some((x, y)) => Err(Mismatch::Lengths(x, y)),
        None => Ok(()),
    }
}

impl Pass<'_> {
    /// The common shape of all that are no scalars; a scalar goes with every shape.
    pub(super) fn same_shape(&mut self, all: &[TypedId], verb: &str) -> Found<Shape> {
        let mut first: Option<TypedId> = None;
        for &id in all {
            if *self.shape(id) == Shape::Scalar {
                continue;
            }
            let Some(other) = first else {
                first = Some(id);
                continue;
            };
            let (a, b) = (self.shape(other).clone(), self.shape(id).clone());
            if let Err(mismatch) = unify_shapes(&mut self.dims, &a, &b) {
                return Err(self.unlike(verb, other, id, &mismatch));
            }
        }
        Ok(first.map_or(Shape::Scalar, |id| self.shape(id).clone()))
    }

    pub(super) fn product(&mut self, all: &[TypedId]) -> Found<Shape> {
        let mut shape = Shape::Scalar;
        for (at, &id) in all.iter().enumerate() {
            let right = self.shape(id).clone();
            shape = match product_shape(&mut self.dims, &shape, &right) {
                Ok(shape) => shape,
                Err(mismatch) => return Err(self.no_product(&all[..at], &shape, id, &mismatch)),
            };
        }
        Ok(shape)
    }

    /// `A/s`, or `A*inv(B)`.
    pub(super) fn quotient(&mut self, a: TypedId, b: TypedId) -> Found<Shape> {
        match self.shape(b).clone() {
            Shape::Scalar => Ok(self.shape(a).clone()),
            divisor @ Shape::Matrix(m, n) if *self.shape(a) != Shape::Scalar => {
                if !self.dims.unify(m, n) {
                    return Err(self.unfit(b, "a divisor has to be a scalar or a square matrix", "divide entry by entry with `./`"));
                }
                let left = self.shape(a).clone();
                product_shape(&mut self.dims, &left, &divisor).map_err(|mismatch| self.no_product(&[a], &left, b, &mismatch))
            }
            Shape::Matrix(..) => Err(self.unfit(b, "a divisor has to be a scalar", "use `inv(…)`, or `./` entry by entry")),
            _ => Err(self.unfit(b, "a divisor has to be a scalar or a square matrix", "divide entry by entry with `./`")),
        }
    }

    /// `A\b`, which is `inv(A)*b`.
    pub(super) fn left_quotient(&mut self, a: TypedId, b: TypedId) -> Found<Shape> {
        match self.shape(a).clone() {
            Shape::Scalar => Ok(self.shape(b).clone()),
            divisor @ Shape::Matrix(m, n) if self.dims.unify(m, n) => {
                let right = self.shape(b).clone();
                product_shape(&mut self.dims, &divisor, &right).map_err(|mismatch| self.no_product(&[a], &divisor, b, &mismatch))
            }
            _ => Err(self.unfit(a, "the left of `\\` has to be a square matrix", "for least squares use `inv(A'*A)*A'*b`")),
        }
    }

    pub(super) fn power(&mut self, base: TypedId, exponent: TypedId) -> Found<Shape> {
        match self.shape(exponent).clone() {
            Shape::Scalar => match self.shape(base).clone() {
                Shape::Scalar => Ok(Shape::Scalar),
                square @ Shape::Matrix(m, n) if self.dims.unify(m, n) => Ok(square),
                _ => Err(self.unfit(base, "`^` needs a scalar or a square matrix", "raise each entry with `.^`")),
            },
            square @ Shape::Matrix(m, n) if self.dims.unify(m, n) => {
                let left = self.shape(base).clone();
                if left != Shape::Scalar
                    && let Err(mismatch) = unify_shapes(&mut self.dims, &left, &square)
                {
                    return Err(self.unlike("raise to a power", base, exponent, &mismatch));
                }
                Ok(square)
            }
            _ => Err(self.unfit(exponent, "an exponent has to be a scalar or a square matrix", "raise each entry with `.^`")),
        }
    }

    pub(super) fn transpose(&mut self, a: TypedId) -> Found<Shape> {
        match self.shape(a).clone() {
            Shape::Scalar => Ok(Shape::Scalar),
            Shape::Column(n) => Ok(Shape::Row(n)),
            Shape::Row(n) => Ok(Shape::Column(n)),
            Shape::Matrix(m, n) => Ok(Shape::Matrix(n, m)),
            Shape::Tensor(_) => {
                Err(self.unfit(a, "only vectors and matrices have a transpose", "permute axes in index notation: `{T[i,j,k]}[k,j,i]`"))
            }
        }
    }

    pub(super) fn kron(&mut self, a: TypedId, b: TypedId) -> Found<Shape> {
        use Shape::{Column, Row, Scalar};
        let (left, right) = (self.shape(a).clone(), self.shape(b).clone());
        let Some((m, n)) = left.rows_and_columns() else { return Err(self.unfit(a, "a Kronecker product takes matrices and vectors", "")) };
        let Some((p, q)) = right.rows_and_columns() else {
            return Err(self.unfit(b, "a Kronecker product takes matrices and vectors", ""));
        };
        Ok(match (left, right) {
            (Scalar, other) | (other, Scalar) => other,
            (Column(_), Column(_)) => Column(bounded(m * p)?),
            (Row(_), Row(_)) => Row(bounded(n * q)?),
            _ => Shape::Matrix(bounded(m * p)?, bounded(n * q)?),
        })
    }

    /// The axes of `f` first, those of `x` after them.
    pub(super) fn derivative(&mut self, f: TypedId, x: TypedId) -> Found<Shape> {
        let is_variable = |op: &Op<TypedId>| matches!(op, Op::Var(_));
        let part = match &self.nodes[x.0 as usize].op {
            Op::Subscript(of, _) => *of,
            _ => x,
        };
        if !is_variable(&self.nodes[part.0 as usize].op) {
            let quoted = self.quoted(x);
            let message = match self.nodes[x.0 as usize].op {
                Op::Size(_) => format!("{quoted} is a dimension; nothing can be differentiated by it"),
                _ => format!("a derivative is by a variable or a part of one, not by {quoted}"),
            };
            let error = Error::new(ErrorKind::Domain, message);
            return Err(self.expr(x).span().into_iter().fold(error, Error::at).into());
        }
        Ok(derivative_shape(self.shape(f), self.shape(x)))
    }

    /// A direction has the shape of what it is a direction of. The first variables are not its own.
    pub(super) fn direction(&mut self, of: TypedId, direction: TypedId, others: usize) -> Found<()> {
        let (a, b) = (self.shape(of).clone(), self.shape(direction).clone());
        unify_shapes(&mut self.dims, &a, &b).map_err(|mismatch| self.no_direction(of, direction, others, &mismatch))
    }

    /// Blocks of one row share their rows, and all rows of blocks have as many columns.
    pub(super) fn block(&mut self, rows: &[Vec<TypedId>]) -> Found<Shape> {
        let (mut height, mut width) = (Dim::number(0), None);
        let (mut is_column, mut is_row) = (true, rows.len() == 1);
        for row in rows {
            let (mut rows_here, mut columns) = (None, Dim::number(0));
            for &id in row {
                let shape = self.shape(id).clone();
                let Some((m, n)) = shape.rows_and_columns() else {
                    return Err(self.unfit(id, "a block has to be a matrix or a vector", ""));
                };
                let (first, first_rows) = *rows_here.get_or_insert((id, m));
                if !self.dims.unify(first_rows, m) {
                    return Err(self.unlike("put side by side", first, id, &Mismatch::Lengths(first_rows, m)));
                }
                columns = bounded(columns + n)?;
                is_column &= row.len() == 1 && matches!(shape, Shape::Column(_) | Shape::Scalar);
                is_row &= matches!(shape, Shape::Row(_) | Shape::Scalar);
            }
            let Some((id, rows_here)) = rows_here else { continue };
            let (above, first_columns) = *width.get_or_insert((id, columns));
            if !self.dims.unify(first_columns, columns) {
                return Err(self.unlike("put below each other", above, id, &Mismatch::Lengths(first_columns, columns)));
            }
            height = bounded(height + rows_here)?;
        }
        let width = width.map_or(Dim::ONE, |(_, w)| w);
        Ok(match () {
            () if is_column => Shape::Column(height),
            () if is_row => Shape::Row(width),
            () => Shape::Matrix(height, width),
        })
    }
}

/// Longer dimensions are of no use to anybody and slow to compute with.
fn bounded(dim: Dim) -> Found<Dim> {
    const MAX_SYMBOLS: usize = 64;
    let size: usize = dim.terms().map(|(symbols, _)| symbols.len().max(1)).sum();
    if size > MAX_SYMBOLS {
        return Err(Error::new(ErrorKind::Limit, format!("a dimension is longer than the limit of {MAX_SYMBOLS} symbols")).into());
    }
    Ok(dim)
}
