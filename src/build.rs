//! Building expressions in Rust: the functions of the language as methods, beside the operators.

use crate::answer::Answer;
use crate::error::Result;
use crate::expr::{Expr, Op};
use crate::function::{Call, Function, Map};
use crate::number::Number;
use crate::parse::Declarations;
use crate::pipeline::Engine;

/// Methods build trees and never fail; a shape that does not fit is reported by whatever first needs shapes.
///
/// ```
/// use indicial::Expr;
/// let (a, x, b) = (Expr::matrix("A", "m", "n"), Expr::vector("x", "n"), Expr::vector("b", "m"));
/// let loss = (&a * &x - &b).norm_squared();
/// assert_eq!(loss.derivative(&x)?.to_string(), "2*A'*(A*x - b)");
/// # Ok::<(), indicial::Error>(())
/// ```
impl Expr {
    /// `X'`
    #[must_use]
    pub fn transpose(&self) -> Expr {
        Expr::new(Op::Transpose(self.clone()))
    }

    /// `X^p`: of a scalar its power, of a square matrix the matrix power.
    #[must_use]
    pub fn pow(&self, p: impl Into<Number>) -> Expr {
        Expr::new(Op::Pow(self.clone(), Expr::number(p)))
    }

    /// `X.^p`: of each entry.
    #[must_use]
    pub fn powers(&self, p: impl Into<Number>) -> Expr {
        Expr::new(Op::HadPow(self.clone(), Expr::number(p)))
    }

    /// `X.*Y`: entry by entry.
    #[must_use]
    pub fn hadamard(&self, other: &Expr) -> Expr {
        Expr::new(Op::Had(vec![self.clone(), other.clone()]))
    }

    /// An elementwise function of each entry, such as `Map::Exp`.
    #[must_use]
    pub fn map(&self, f: Map) -> Expr {
        Expr::call(Function::Map(f), [self.clone()])
    }

    /// A function of the whole, such as `Call::Det`, `Call::Inv` or `Call::Softmax`.
    #[must_use]
    pub fn apply(&self, f: Call) -> Expr {
        Expr::call(Function::Call(f), [self.clone()])
    }

    /// `tr(X)`
    #[must_use]
    pub fn trace(&self) -> Expr {
        self.apply(Call::Trace)
    }

    /// `sum(X)`: of all entries.
    #[must_use]
    pub fn sum(&self) -> Expr {
        self.apply(Call::Sum)
    }

    /// `inv(X)`
    #[must_use]
    pub fn inverse(&self) -> Expr {
        self.apply(Call::Inv)
    }

    /// `norm2(x)^2` of a vector.
    #[must_use]
    pub fn norm_squared(&self) -> Expr {
        self.apply(Call::Norm2).pow(2)
    }

    /// d self / d x with the default [`Engine`]: the axes of this expression first, then those of `x`.
    ///
    /// # Errors
    /// If shapes do not fit, a construct is not supported or a derivative is not known.
    pub fn derivative(&self, x: &Expr) -> Result<Answer> {
        Engine::new().derivative(self, std::slice::from_ref(x), &Declarations::new())
    }

    /// The same value in its simplest form, with the default [`Engine`].
    ///
    /// # Errors
    /// If shapes do not fit, a construct is not supported or a derivative in it is not known.
    pub fn simplify(&self) -> Result<Answer> {
        Engine::new().simplify(self, &Declarations::new())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::parse;

    /// Parsing and building give identical values.
    #[test]
    fn built_expressions_are_the_parsed_ones() {
        let declarations = Declarations::parse("A: matrix(m, n); x: vector(n); b: vector(m); s: scalar").unwrap();
        let (a, x) = (Expr::matrix("A", "m", "n"), Expr::vector("x", "n"));
        let (b, s) = (Expr::vector("b", "m"), Expr::scalar("s"));
        let pairs = [
            ((&a * &x - &b).norm_squared(), "norm2(A*x - b)^2"),
            (a.transpose() * &b, "A'*b"),
            (2 * &x + x.map(Map::Exp), "2*x + exp(x)"),
            (x.hadamard(&x).sum() / &s, "sum(x.*x)/s"),
            ((a.transpose() * &a).inverse().trace(), "tr(inv(A'*A))"),
            (x.powers(3), "x.^3"),
        ];
        for (built, text) in pairs {
            assert_eq!(built, parse(text, &declarations).unwrap(), "{text}");
        }
    }
}
