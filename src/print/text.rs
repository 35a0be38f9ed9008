//! The text of the language: reads back to the same value.

use super::{Level, Notation, Piece, Product, Quotient, as_number, frechet};
use crate::dim::{Dim, Symbol};
use crate::expr::{Expr, Subscript};
use crate::function::{Constant, Function};
use std::fmt;

struct Text;

impl fmt::Display for Expr {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(&Text.write(self).text)
    }
}

/// How the text of a dimension holds together.
pub(super) fn dim_level(dim: Dim) -> Level {
    let terms: Vec<_> = dim.terms().collect();
    if dim.denominator() != 1 {
        return Level::Product;
    }
    match terms.as_slice() {
        [] => Level::Atom,
        [(_, c)] if *c < 0 => Level::Prefix,
        [(symbols, c)] if symbols.is_empty() || (symbols.len() == 1 && *c == 1) => Level::Atom,
        [_] => Level::Product,
        _ => Level::Sum,
    }
}

impl Notation for Text {
    fn name(&self, name: Symbol) -> Piece {
        Piece::atom(name.as_str())
    }

    fn constant(&self, constant: Constant) -> Piece {
        Piece::atom(constant.name())
    }

    fn dim(&self, dim: Dim) -> Piece {
        Piece::new(dim.to_string(), dim_level(dim))
    }

    fn product(&self, kind: Product, factors: &[Piece]) -> Piece {
        match kind {
            Product::Matrix => self.infix(factors, "*", Level::Product),
            Product::Elementwise => self.infix(factors, ".*", Level::Product),
            Product::Kronecker => {
                let factors: Vec<&str> = factors.iter().map(|p| p.text.as_str()).collect();
                Piece::atom(format!("kron({})", factors.join(", ")))
            }
        }
    }

    fn quotient(&self, kind: Quotient, a: &Piece, b: &Piece) -> Piece {
        let sign = match kind {
            Quotient::Right => "/",
            Quotient::Elementwise => "./",
            Quotient::Left => "\\",
        };
        let text = format!("{}{sign}{}", self.at_least(a, Level::Product), self.at_least(b, Level::Power));
        Piece::new(text, Level::Product)
    }

    /// Powers do not chain: both `(x^2)^3` and `x^(2^3)` keep their parentheses.
    fn power(&self, elementwise: bool, base: &Expr, exponent: &Expr) -> Piece {
        let base = self.at_least(&self.write(base), Level::Postfix);
        let plain = as_number(exponent).is_none_or(|n| n.is_integer() && !n.is_negative());
        let exponent = self.write(exponent);
        let exponent = if plain { self.at_least(&exponent, Level::Atom) } else { self.parenthesised(&exponent.text) };
        Piece::new(format!("{base}{}{exponent}", if elementwise { ".^" } else { "^" }), Level::Power)
    }

    fn transpose(&self, e: &Expr) -> Piece {
        Piece::new(self.at_least(&self.write(e), Level::Postfix) + "'", Level::Postfix)
    }

    fn call(&self, function: Function, arguments: &[Expr]) -> Piece {
        let arguments = self.list(arguments, ", ");
        Piece::atom(frechet(function, &arguments).unwrap_or_else(|| format!("{function}({arguments})")))
    }

    fn subscript(&self, base: &Piece, subscripts: &[Subscript]) -> Piece {
        Piece::new(format!("{}[{}]", self.at_least(base, Level::Atom), self.subscript_list(subscripts, ",")), Level::Postfix)
    }

    fn delta(&self, subscripts: &[Subscript]) -> Piece {
        Piece::new(format!("delta[{}]", self.subscript_list(subscripts, ",")), Level::Postfix)
    }

    fn levi_civita(&self, subscripts: &[Subscript]) -> Piece {
        Piece::new(format!("eps[{}]", self.subscript_list(subscripts, ",")), Level::Postfix)
    }

    fn index_sum(&self, index: Symbol, body: &Piece) -> Piece {
        Piece::atom(format!("sum({index}, {})", body.text))
    }

    fn braces(&self, body: &Piece, outputs: &[(Symbol, Option<Dim>)]) -> Piece {
        Piece::atom(format!("{{{}}}[{}]", body.text, outputs_list(outputs)))
    }

    fn diff(&self, f: &Piece, x: &Piece) -> Piece {
        Piece::atom(format!("diff({}, {})", f.text, x.text))
    }

    fn block(&self, rows: &[Vec<Expr>]) -> Piece {
        let rows: Vec<String> = rows.iter().map(|r| self.list(r, ", ")).collect();
        Piece::atom(format!("[{}]", rows.join("; ")))
    }
}

/// `i,k:n`
fn outputs_list(outputs: &[(Symbol, Option<Dim>)]) -> String {
    let one = |(index, dim): &(Symbol, Option<Dim>)| match dim {
        Some(dim) => format!("{index}:{dim}"),
        None => index.to_string(),
    };
    outputs.iter().map(one).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use crate::dim::{Dim, Symbol};
    use crate::expr::{Expr, Op, Subscript};
    use crate::function::{Call, Function, Map};
    use crate::number::Number;

    fn t(e: &Expr) -> Expr {
        Expr::new(Op::Transpose(e.clone()))
    }

    fn at(e: &Expr, indices: &[&str]) -> Expr {
        Expr::new(Op::Subscript(e.clone(), indices.iter().map(|i| Subscript::Index(Symbol::new(i))).collect()))
    }

    #[test]
    fn parentheses_stand_only_where_they_are_needed() {
        let (a, x, b) = (Expr::matrix("A", "m", "n"), Expr::vector("x", "n"), Expr::vector("b", "m"));
        let s = Expr::scalar("s");
        let check = |e: Expr, text: &str| assert_eq!(e.to_string(), text);
        check((&a + t(&a)) * &x, "(A + A')*x");
        check(&a * t(&b), "A*b'");
        check(t(&(&a * &b)), "(A*b)'");
        check(&a * &x - &b, "A*x - b");
        check(-(&a * &x), "-A*x");
        check(-(&a - &x), "-(A - x)");
        check(-(-&x), "-(-x)");
        check(&b - (&a - &x), "b - (A - x)");
        check(&x / 2, "x/2");
        check(Expr::number(Number::ratio(1, 2)) * &x, "1/2*x");
        check(&x * Expr::number(Number::ratio(1, 2)), "x*(1/2)");
        check(&x * Expr::number(-2), "x*(-2)");
        check(&b - 2 * &x, "b - 2*x");
        check(&b + Expr::number(-2) * &x, "b + (-2)*x");
        check(&x / (2 * &s), "x/(2*s)");
        check(&x / &s * 2, "x/s*2");
        check(&x * (2 / &s), "x*(2/s)");
        check(&a * (&a * &b), "A*(A*b)");
        check(Expr::new(Op::Had(vec![&a + 1, a.clone()])), "(A + 1).*A");
        check(Expr::new(Op::HadDiv(x.clone(), Expr::new(Op::HadPow(x.clone(), 2.into())))), "x./x.^2");
        let pow = |a: &Expr, b: Expr| Expr::new(Op::Pow(a.clone(), b));
        check(pow(&s, Expr::number(Number::ratio(1, 2))), "s^(1/2)");
        check(pow(&s, (-1).into()), "s^(-1)");
        check(pow(&s, -&x), "s^(-x)");
        check(pow(&(-&s), 2.into()), "(-s)^2");
        check(-pow(&s, 2.into()), "-s^2");
        check(pow(&pow(&s, 2.into()), s.clone()), "(s^2)^s");
        check(t(&pow(&a, 2.into())), "(A^2)'");
        check(pow(&t(&a), 2.into()), "A'^2");
        check(Expr::call(Function::Call(Call::Kron), [t(&b), a.clone()]), "kron(b', A)");
        check(Expr::call(Function::Map(Map::Exp), [-&x]), "exp(-x)");
        check(&s / Expr::new(Op::Size(Dim::symbol("n") + Dim::ONE)), "s/(n+1)");
    }

    #[test]
    fn index_notation_is_written_without_spaces() {
        let (a, x) = (Expr::matrix("A", "m", "n"), Expr::vector("x", "n"));
        let [i, j] = ["i", "j"].map(Symbol::new);
        let product = at(&a, &["i", "j"]) * at(&x, &["j"]);
        let braces = Expr::new(Op::Braces(product.clone(), vec![(i, Some(Dim::symbol("m")))]));
        assert_eq!(braces.to_string(), "{A[i,j]*x[j]}[i:m]");
        assert_eq!(Expr::new(Op::IndexSum(j, product)).to_string(), "sum(j, A[i,j]*x[j])");
        assert_eq!(at(&(&a * &x), &["i"]).to_string(), "(A*x)[i]");
        let delta = Expr::new(Op::Delta(vec![Subscript::Index(i), Subscript::Index(j)]));
        assert_eq!((-delta).to_string(), "-delta[i,j]");
        let part = Expr::new(Op::Subscript(a.clone(), vec![Subscript::Range(1.into(), Expr::scalar("k")), Subscript::All]));
        assert_eq!(part.to_string(), "A[1:k,:]");
        assert_eq!(Expr::new(Op::Block(vec![vec![a.clone(), a.clone()], vec![x.clone(), x]])).to_string(), "[A, A; x, x]");
    }
}
