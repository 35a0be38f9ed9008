//! What an expression looks like before inference: a scalar, a column, a row or a matrix, by what is declared and by the spelling of names.
//!
//! Some notations depend on it: `|A|` is a determinant and `|x|` an absolute value. It is `None` where only inference could tell.

use crate::expr::{Expr, Op, Shape, Subscript};
use crate::function::{Call, Function};
use crate::parse::is_greek;

/// The sort of a shape, without its dimensions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outline {
    Scalar,
    Column,
    Row,
    Matrix,
}

use Outline::{Column, Matrix, Row, Scalar};

impl Outline {
    /// That of a shape; a tensor of order 3 and more has none.
    pub fn of_shape(shape: &Shape) -> Option<Outline> {
        match shape {
            Shape::Scalar => Some(Scalar),
            Shape::Column(_) => Some(Column),
            Shape::Row(_) => Some(Row),
            Shape::Matrix(..) => Some(Matrix),
            Shape::Tensor(_) => None,
        }
    }

    fn transposed(self) -> Outline {
        match self {
            Column => Row,
            Row => Column,
            Scalar | Matrix => self,
        }
    }

    /// Whether it has several rows, and several columns.
    fn sides(self) -> (bool, bool) {
        (matches!(self, Column | Matrix), matches!(self, Row | Matrix))
    }

    fn of_sides(sides: (bool, bool)) -> Outline {
        match sides {
            (false, false) => Scalar,
            (true, false) => Column,
            (false, true) => Row,
            (true, true) => Matrix,
        }
    }

    fn times(self, other: Outline) -> Outline {
        match (self, other) {
            (Scalar, a) | (a, Scalar) => a,
            (a, b) => Outline::of_sides((a.sides().0, b.sides().1)),
        }
    }

    fn of_name(name: &str) -> Outline {
        if name.starts_with(char::is_uppercase) {
            Matrix
        } else if is_greek(name) {
            Scalar
        } else {
            Column
        }
    }
}

/// The outline of an expression.
pub fn outline(e: &Expr) -> Option<Outline> {
    match e.op() {
        Op::Number(_) | Op::Constant(_) | Op::Size(_) | Op::Delta(_) | Op::LeviCivita(_) => Some(Scalar),
        Op::Var(v) => match &v.kind {
            Some(kind) => Outline::of_shape(&kind.shape),
            None => Some(Outline::of_name(v.name.as_str())),
        },
        Op::Neg(a) | Op::HadPow(a, _) | Op::Pow(a, _) | Op::IndexSum(_, a) => outline(a),
        Op::Add(all) | Op::Had(all) => largest(all),
        Op::HadDiv(a, b) => largest([a, b]),
        Op::Mul(all) => outline_of_product(all),
        Op::Kron(a, b) => {
            let ((a, b), (c, d)) = (outline(a)?.sides(), outline(b)?.sides());
            Some(Outline::of_sides((a || c, b || d)))
        }
        Op::Div(a, b) | Op::LeftDiv(a, b) => Some(outline(a)?.times(outline(b)?)),
        Op::Transpose(a) => Some(outline(a)?.transposed()),
        Op::Call(function, all) => of_call(*function, all),
        Op::Apply { .. } => None,
        Op::Subscript(_, subscripts) => {
            let single = |s: &Subscript| matches!(s, Subscript::Index(_) | Subscript::At(_));
            if subscripts.iter().all(single) { Some(Scalar) } else { None }
        }
        Op::Braces(_, outputs) => match outputs.len() {
            0 => Some(Scalar),
            1 => Some(Column),
            2 => Some(Matrix),
            _ => None,
        },
        Op::Diff(f, x) => match (outline(f)?, outline(x)?) {
            (Scalar, a) | (a, Scalar) => Some(a),
            (Column | Row, Column | Row) => Some(Matrix),
            _ => None,
        },
        Op::Block(rows) => Some(Outline::of_sides((rows.len() > 1, rows.first().is_some_and(|r| r.len() > 1))).max_with_parts(rows)),
    }
}

/// That of the product of these factors.
pub fn outline_of_product<'a>(factors: impl IntoIterator<Item = &'a Expr>) -> Option<Outline> {
    factors.into_iter().try_fold(Scalar, |left, e| Some(left.times(outline(e)?)))
}

impl Outline {
    /// A block matrix is as wide as its widest part.
    fn max_with_parts(self, rows: &[Vec<Expr>]) -> Outline {
        let parts = rows.iter().flatten().map(|e| outline(e).unwrap_or(Matrix).sides());
        Outline::of_sides(parts.fold(self.sides(), |(a, b), (c, d)| (a || c, b || d)))
    }
}

/// That of the first that is no scalar.
fn largest<'a>(all: impl IntoIterator<Item = &'a Expr>) -> Option<Outline> {
    all.into_iter().try_fold(Scalar, |found, e| Some(if found == Scalar { outline(e)? } else { found }))
}

fn of_call(function: Function, all: &[Expr]) -> Option<Outline> {
    let call = match function {
        Function::Map(_) => return largest(all),
        Function::Call(call) => call,
    };
    let first = || largest(all.iter().take(1));
    match call {
        Call::Sum | Call::Mean if all.len() == 2 => match all[1].op() {
            Op::Number(n) if n.is_one() => Some(Row),
            _ => Some(Column),
        },
        Call::Sum
        | Call::Mean
        | Call::Variance
        | Call::Deviation
        | Call::Product
        | Call::Dot
        | Call::Inner
        | Call::Trace
        | Call::Det
        | Call::LogDet
        | Call::Norm1
        | Call::Norm2
        | Call::NormF
        | Call::NormInf
        | Call::Norm
        | Call::Nuclear
        | Call::LambdaMax
        | Call::LambdaMin => Some(Scalar),
        Call::LogSumExp => Some(if first()? == Matrix { Column } else { Scalar }),
        Call::Diag => Some(if first()? == Matrix { Column } else { Matrix }),
        Call::Vec | Call::Vech | Call::Vector | Call::Unit | Call::Cross | Call::EigvecMax | Call::EigvecMin => Some(Column),
        Call::Ones | Call::Zeros => match all.len() {
            1 => Some(Column),
            2 => Some(Matrix),
            _ => None,
        },
        Call::Eye | Call::Matrix | Call::Outer | Call::Reshape | Call::Commutation | Call::Duplication | Call::Sylvester => Some(Matrix),
        Call::Kron => all.iter().try_fold(Scalar, |found, e| {
            let ((a, b), (c, d)) = (found.sides(), outline(e)?.sides());
            Some(Outline::of_sides((a || c, b || d)))
        }),
        Call::Pinv => Some(first()?.transposed()),
        Call::Max | Call::Min | Call::Power => largest(all),
        // The others are functions of a square matrix, or keep the shape of their argument.
        _ => first(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Declarations, parse};

    #[test]
    fn outlines_follow_declarations_and_spelling() {
        let declarations = Declarations::parse("A: matrix(m, n); x: vector(n); s: scalar; r: row(n)").unwrap();
        for (text, expected) in [
            ("A*x", Some(Column)),
            ("x'*A'", Some(Row)),
            ("s*x'*x", Some(Scalar)),
            ("B + s", Some(Matrix)),
            ("lambda*y", Some(Column)),
            ("diag(x)", Some(Matrix)),
            ("diag(A*A')", Some(Column)),
            ("kron(x, x)", Some(Column)),
            ("kron(x, r)", Some(Matrix)),
            ("sum(A, 1)", Some(Row)),
            ("x[i]", Some(Scalar)),
            ("diff(s, A)", Some(Matrix)),
            ("A\\x", Some(Column)),
            ("[x, x]", Some(Matrix)),
        ] {
            assert_eq!(outline(&parse(text, &declarations).unwrap()), expected, "{text}");
        }
    }
}
