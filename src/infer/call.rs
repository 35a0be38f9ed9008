//! The shapes of the results of functions.

use super::report::Mismatch;
use super::shape::unify_shapes;
use super::{Found, Pass};
use crate::applied::Applied;
use crate::dim::Dim;
use crate::error::{Error, ErrorKind};
use crate::expr::{Op, Shape};
use crate::function::{Call, Function};
use crate::typed::TypedId;

impl Pass<'_> {
    pub(super) fn call(&mut self, function: Function, arguments: &[TypedId]) -> Found<Shape> {
        let call = match (function, arguments) {
            (Function::Map(_), [a]) => return Ok(self.shape(*a).clone()),
            (Function::Map(map), _) => return Err(self.wrong_count(map.name(), "one argument")),
            (Function::Call(call), _) => call,
        };
        let row = call.row();
        if !(row.least_arguments..=row.most_arguments).contains(&arguments.len()) {
            return Err(self.wrong_count(row.name, row.usage));
        }
        let a = arguments[0];
        match call {
            Call::Max | Call::Min | Call::Power => self.same_shape(arguments, row.name),
            Call::Sum | Call::Mean => self.sum_along(a, arguments.get(1).copied()),
            Call::Variance | Call::Deviation | Call::Product => Ok(Shape::Scalar),
            Call::Norm1 | Call::Norm2 | Call::NormF | Call::NormInf | Call::Nuclear => Ok(Shape::Scalar),
            Call::Norm => self.all_scalars(&arguments[1..], row.name).map(|()| Shape::Scalar),
            Call::Dot => self.dot(a, arguments[1]),
            Call::Inner => {
                self.equal(call.name(), a, arguments[1])?;
                Ok(Shape::Scalar)
            }
            Call::EigvecMax | Call::EigvecMin => match self.square(a, row.name)? {
                Shape::Matrix(n, _) => Ok(Shape::Column(n)),
                scalar => Ok(scalar),
            },
            Call::Trace | Call::Det | Call::LogDet | Call::LambdaMax | Call::LambdaMin => {
                self.square(a, row.name)?;
                Ok(Shape::Scalar)
            }
            Call::Inv
            | Call::Adj
            | Call::Expm
            | Call::Logm
            | Call::Sqrtm
            | Call::Cosm
            | Call::Sinm
            | Call::Cholesky
            | Call::Sym
            | Call::Skew => self.square(a, row.name),
            Call::Triu | Call::Tril => match self.shape(a) {
                Shape::Matrix(..) => Ok(self.shape(a).clone()),
                _ => Err(self.unfit(a, &format!("`{}` takes a matrix", row.name), "")),
            },
            Call::LogSumExp => match self.shape(a).clone() {
                Shape::Scalar | Shape::Column(_) | Shape::Row(_) => Ok(Shape::Scalar),
                Shape::Matrix(m, _) => Ok(Shape::Column(m)),
                Shape::Tensor(_) => Err(self.unfit(a, "`logsumexp` takes a vector or a matrix", "")),
            },
            Call::Softmax => Ok(self.shape(a).clone()),
            Call::Diag => self.diag(a),
            Call::Vec => Ok(self.vec_shape(a)),
            Call::Vech => self.vech(a),
            Call::Reshape => self.reshape(a, arguments[1], arguments[2]),
            Call::Eye => {
                let m = self.dim_argument(a)?;
                Ok(Shape::Matrix(m, arguments.get(1).map_or(Ok(m), |n| self.dim_argument(*n))?))
            }
            Call::Ones | Call::Zeros => {
                let axes = arguments.iter().map(|d| self.dim_argument(*d)).collect::<Result<Vec<Dim>, Error>>()?;
                Ok(Shape::of_axes(&axes))
            }
            Call::Vector => {
                self.all_scalars(arguments, row.name)?;
                Ok(Shape::Column(self.dims.fresh()))
            }
            Call::Matrix => {
                self.all_scalars(arguments, row.name)?;
                Ok(Shape::Matrix(self.dims.fresh(), self.dims.fresh()))
            }
            Call::Unit => self.unit(a, arguments[1]),
            Call::Cross => self.cross(a, arguments[1]),
            Call::Outer => Ok(Shape::Matrix(self.length(a, row.name)?, self.length(arguments[1], row.name)?)),
            Call::Kron => self.kron_of_all(arguments),
            Call::Commutation => {
                let n = self.dim_argument(a)? * self.dim_argument(arguments[1])?;
                Ok(Shape::Matrix(n, n))
            }
            Call::Duplication => {
                let n = self.dim_argument(a)?;
                Ok(Shape::Matrix(n * n, n.triangular()))
            }
            Call::Elimination => {
                let n = self.dim_argument(a)?;
                Ok(Shape::Matrix(n.triangular(), n * n))
            }
            Call::Integral => {
                self.all_scalars(&arguments[1..], row.name)?;
                match self.nodes[arguments[1].0 as usize].op {
                    Op::Var(_) => Ok(self.shape(a).clone()),
                    _ => Err(self.unfit(arguments[1], "an integral is over a variable", "write `integral(F, t, a, b)`")),
                }
            }
            Call::Pinv => self.transpose(a),
            Call::FrechetExpm | Call::FrechetLogm | Call::FrechetSqrtm | Call::FrechetCosm | Call::FrechetSinm => {
                self.frechet(arguments, arguments.len() == 1)
            }
            Call::OpenExpm | Call::OpenLogm | Call::OpenSqrtm | Call::OpenCosm | Call::OpenSinm => self.frechet(arguments, true),
            Call::Sylvester => self.sylvester(a, arguments[1], arguments[2]),
        }
    }

    /// Directions are of the shape of the place; with one left open it is a matrix on stacked columns.
    fn frechet(&mut self, arguments: &[TypedId], open: bool) -> Found<Shape> {
        let square = self.square(arguments[0], "frechet")?;
        for e in &arguments[1..] {
            self.equal("frechet", arguments[0], *e)?;
        }
        Ok(match square {
            Shape::Matrix(n, _) if open => {
                let n = self.dims.resolve(n);
                Shape::Matrix(n * n, n * n)
            }
            square => square,
        })
    }

    /// The axes of the matrix, once for the value and once for each derivative.
    fn derivative_of_matrix_function(&mut self, function: Call, order: usize, arguments: &[TypedId]) -> Found<Shape> {
        let [a] = *arguments else { return Err(self.wrong_count(&format!("D({})", function.name()), "one matrix")) };
        Ok(match self.square(a, function.name())? {
            Shape::Matrix(n, _) => Applied::of_matrix(function, order, self.dims.resolve(n)).shape(),
            scalar => scalar,
        })
    }

    fn wrong_count(&self, name: &str, usage: &str) -> Box<super::Failure> {
        Error::new(ErrorKind::Syntax, format!("`{name}` has the wrong number of arguments")).help(format!("it takes {usage}")).into()
    }

    /// A square matrix, or a scalar as one of size 1.
    fn square(&mut self, a: TypedId, name: &str) -> Found<Shape> {
        match self.shape(a).clone() {
            Shape::Scalar => Ok(Shape::Scalar),
            square @ Shape::Matrix(m, n) if self.dims.unify(m, n) => Ok(square),
            Shape::Matrix(m, n) => {
                let why = format!("{} and {} differ", self.show_dim(m), self.show_dim(n));
                Err(self.unfit(a, &format!("`{name}` takes a square matrix"), &why))
            }
            _ => Err(self.unfit(a, &format!("`{name}` takes a square matrix"), "")),
        }
    }

    fn length(&mut self, a: TypedId, name: &str) -> Found<Dim> {
        match self.shape(a) {
            Shape::Column(n) | Shape::Row(n) => Ok(*n),
            _ => Err(self.unfit(a, &format!("`{name}` takes vectors"), "")),
        }
    }

    fn all_scalars(&mut self, all: &[TypedId], name: &str) -> Found<()> {
        match all.iter().find(|a| *self.shape(**a) != Shape::Scalar) {
            Some(a) => Err(self.unfit(*a, &format!("`{name}` takes a scalar here"), "")),
            None => Ok(()),
        }
    }

    fn equal(&mut self, name: &str, a: TypedId, b: TypedId) -> Found<()> {
        let (left, right) = (self.shape(a).clone(), self.shape(b).clone());
        unify_shapes(&mut self.dims, &left, &right).map_err(|mismatch| self.unlike(&format!("take `{name}` of"), a, b, &mismatch))
    }

    fn dot(&mut self, a: TypedId, b: TypedId) -> Found<Shape> {
        if *self.shape(a) == Shape::Scalar && *self.shape(b) == Shape::Scalar {
            return Ok(Shape::Scalar);
        }
        let (m, n) = (self.length(a, "dot")?, self.length(b, "dot")?);
        if self.dims.unify(m, n) { Ok(Shape::Scalar) } else { Err(self.unlike("take `dot` of", a, b, &Mismatch::Lengths(m, n))) }
    }

    /// All entries without a second argument; over rows, giving a row, by 1; over columns, giving a column, by 2.
    fn sum_along(&mut self, a: TypedId, axis: Option<TypedId>) -> Found<Shape> {
        let Some(axis) = axis else { return Ok(Shape::Scalar) };
        let number = match &self.nodes[axis.0 as usize].op {
            Op::Number(n) => n.as_integer(),
            _ => None,
        };
        Ok(match (self.shape(a).clone(), number) {
            (_, n) if !matches!(n, Some(1 | 2)) => {
                let rule = "the second argument is 1 for over rows or 2 for over columns";
                let error = Error::new(ErrorKind::Shape, format!("{rule}, not {}", self.quoted(axis)));
                return Err(self.expr(axis).span().into_iter().fold(error, Error::at).into());
            }
            (Shape::Tensor(_), _) => {
                return Err(self.unfit(a, "only a matrix is summed over its rows or columns", "sum over an index: `sum(i, T[i,j,k])`"));
            }
            (Shape::Scalar, _) | (Shape::Column(_), Some(1)) | (Shape::Row(_), Some(2)) => Shape::Scalar,
            (Shape::Matrix(_, n), Some(1)) => Shape::Row(n),
            (Shape::Matrix(m, _), _) => Shape::Column(m),
            (vector, _) => vector,
        })
    }

    fn diag(&mut self, a: TypedId) -> Found<Shape> {
        match self.shape(a).clone() {
            Shape::Column(n) | Shape::Row(n) => Ok(Shape::Matrix(n, n)),
            Shape::Matrix(m, n) if self.dims.unify(m, n) => Ok(Shape::Column(n)),
            _ => Err(self.unfit(a, "`diag` takes a vector or a square matrix", "")),
        }
    }

    fn vec_shape(&self, a: TypedId) -> Shape {
        Shape::Column(self.shape(a).axes().into_iter().fold(Dim::ONE, |product, d| product * self.dims.resolve(d)))
    }

    fn vech(&mut self, a: TypedId) -> Found<Shape> {
        match self.square(a, "vech")? {
            Shape::Matrix(n, _) => Ok(Shape::Column(self.dims.resolve(n).triangular())),
            shape => Ok(shape),
        }
    }

    fn reshape(&mut self, a: TypedId, m: TypedId, n: TypedId) -> Found<Shape> {
        let (m, n) = (self.dim_argument(m)?, self.dim_argument(n)?);
        let Shape::Column(size) = self.vec_shape(a) else { return Ok(Shape::Matrix(m, n)) };
        if self.dims.unify(size, m * n) {
            return Ok(Shape::Matrix(m, n));
        }
        let rule = format!("`reshape` to {m} by {n} takes {} entries", m * n);
        Err(self.unfit(a, &rule, &format!("it has {}", self.show_dim(size))))
    }

    fn unit(&mut self, i: TypedId, n: TypedId) -> Found<Shape> {
        let (at, length) = (self.dim_argument(i)?, self.dim_argument(n)?);
        match (at.as_number(), length.as_number()) {
            (Some(at), Some(length)) if at > length => self.index_error(format!("a vector of length {length} has no entry {at}"), ""),
            _ => Ok(Shape::Column(length)),
        }
    }

    fn cross(&mut self, a: TypedId, b: TypedId) -> Found<Shape> {
        let rule = "`cross` takes vectors of length 3";
        let n = self.length(a, "cross")?;
        // The columns of a matrix one by one.
        let of_matrix = matches!(self.shape(b), Shape::Matrix(..));
        let m = if let Shape::Matrix(m, _) = *self.shape(b) { m } else { self.length(b, "cross")? };
        for (id, length) in [(a, n), (b, m)] {
            if !self.dims.require(length, 3) {
                return Err(self.unfit(id, rule, ""));
            }
        }
        if !of_matrix {
            self.equal("cross", a, b)?;
        }
        Ok(self.shape(b).clone())
    }

    fn kron_of_all(&mut self, all: &[TypedId]) -> Found<Shape> {
        let mut product = self.kron(all[0], all[1])?;
        for &id in &all[2..] {
            let (Some((m, n)), Some((p, q))) = (product.rows_and_columns(), self.shape(id).rows_and_columns()) else { continue };
            product = Shape::Matrix(m * p, n * q);
        }
        Ok(product)
    }

    /// The X of A*X + X*B = C.
    fn sylvester(&mut self, a: TypedId, b: TypedId, c: TypedId) -> Found<Shape> {
        let (left, right) = (self.square(a, "sylvester")?, self.square(b, "sylvester")?);
        let shape = self.shape(c).clone();
        let (Some((m, _)), Some((n, _)), Some((p, q))) = (left.rows_and_columns(), right.rows_and_columns(), shape.rows_and_columns())
        else {
            return Err(self.unfit(c, "`sylvester` takes matrices", ""));
        };
        if !self.dims.unify(m, p) {
            return Err(self.unlike("take `sylvester` of", a, c, &Mismatch::Lengths(m, p)));
        }
        if !self.dims.unify(n, q) {
            return Err(self.unlike("take `sylvester` of", b, c, &Mismatch::Lengths(n, q)));
        }
        Ok(shape)
    }

    /// A declared function: of the shapes declared, or of scalars entry by entry.
    pub(super) fn apply(&mut self, function: &Applied, arguments: &[TypedId]) -> Found<Shape> {
        let shapes = &function.signature.arguments;
        if shapes.len() != arguments.len() {
            return Err(self.wrong_count(function.function.as_str(), &format!("{} arguments", shapes.len())));
        }
        if function.elementwise {
            if !function.is_of_scalars() {
                let message = format!("`{}` is no function of scalars, and cannot be applied entry by entry", function.function);
                return Err(Error::new(ErrorKind::Shape, message).help(format!("write `{}(…)`", function.function)).into());
            }
            return self.same_shape(arguments, "apply entry by entry");
        }
        if let Some(known) = function.known {
            return self.derivative_of_matrix_function(known, function.by.len(), arguments);
        }
        for (&id, wanted) in arguments.iter().zip(shapes) {
            let shape = self.shape(id).clone();
            if unify_shapes(&mut self.dims, wanted, &shape).is_err() {
                let help = if function.is_of_scalars() { format!("apply it to each entry with `{function}.(x)`") } else { String::new() };
                return Err(self.unfit(id, &format!("`{function}` takes a {wanted} here"), &help));
            }
        }
        Ok(function.shape())
    }
}
