//! Plain text as it would stand on paper, as far as Unicode goes: `‖Ax - b‖²`.

use super::text::dim_level;
use super::{GREEK, Level, Notation, Piece, Product, Quotient, as_number, frechet, may_be_matrix, split_name};
use crate::applied::Applied;
use crate::dim::{Dim, Symbol};
use crate::expr::{Expr, Op, Subscript};
use crate::function::{Call, Constant, Function, Map};

/// The expression in Unicode's mathematical signs, for reading only.
///
/// ```
/// use indicial::{Expr, unicode};
/// let (a, x) = (Expr::matrix("A", "m", "n"), Expr::vector("x", "n"));
/// assert_eq!(unicode(&(2 * a * x)), "2Ax");
/// ```
pub fn unicode(e: &Expr) -> String {
    Unicode.write(e).text
}

struct Unicode;

const SUPERSCRIPTS: [char; 10] = ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'];
const SUBSCRIPTS: [char; 10] = ['₀', '₁', '₂', '₃', '₄', '₅', '₆', '₇', '₈', '₉'];

fn digits(text: &str, table: [char; 10]) -> Option<String> {
    text.chars().map(|c| c.to_digit(10).map(|d| table[d as usize])).collect()
}

/// The exponent in raised digits, if it is an integer of one digit.
fn raised(exponent: &Expr) -> Option<String> {
    let n = as_number(exponent)?.as_integer().filter(|n| n.abs() < 10)?;
    Some(format!("{}{}", if n < 0 { "⁻" } else { "" }, SUPERSCRIPTS[n.unsigned_abs() as usize]))
}

/// Whether it is a single letter with what is written above and below it.
fn is_letter(text: &str) -> bool {
    let mut chars = text.chars();
    let above_or_below = |c: char| c == 'ᵀ' || c == '⁻' || SUPERSCRIPTS.contains(&c) || SUBSCRIPTS.contains(&c);
    chars.next().is_some_and(char::is_alphabetic) && chars.all(above_or_below)
}

impl Unicode {
    /// Single letters and a leading number stand side by side; a dot keeps everything else apart.
    fn juxtaposed(&self, factors: &[Piece]) -> Piece {
        let mut text = String::new();
        let mut after_letter = false;
        for (at, piece) in factors.iter().enumerate() {
            let factor = self.at_least(piece, if at == 0 { Level::Product } else { Level::Power });
            let letter = is_letter(&factor);
            let number = piece.level == Level::Atom && factor.chars().all(|c| c.is_ascii_digit());
            if at > 0 && !(after_letter && letter) {
                text.push('·');
            }
            text.push_str(&factor);
            after_letter = letter || (at == 0 && number);
        }
        Piece::new(text, Level::Product)
    }

    fn raise(&self, base: &Expr, above: &str) -> Piece {
        Piece::new(self.at_least(&self.write(base), Level::Atom) + above, Level::Power)
    }
}

impl Notation for Unicode {
    fn name(&self, name: Symbol) -> Piece {
        let (stem, below) = split_name(name.as_str());
        let stem = GREEK.iter().find(|(english, _)| *english == stem).map_or(stem, |(_, letter)| letter);
        match digits(below, SUBSCRIPTS) {
            Some(below) => Piece::atom(format!("{stem}{below}")),
            None => Piece::atom(name.as_str()),
        }
    }

    fn constant(&self, constant: Constant) -> Piece {
        Piece::atom(match constant {
            Constant::Pi => "π",
            Constant::Infinity => "∞",
        })
    }

    fn dim(&self, dim: Dim) -> Piece {
        Piece::new(dim.to_string(), dim_level(dim))
    }

    fn product(&self, kind: Product, factors: &[Piece]) -> Piece {
        match kind {
            Product::Matrix => self.juxtaposed(factors),
            Product::Elementwise => self.infix(factors, " ⊙ ", Level::Spread),
            Product::Kronecker => self.infix(factors, " ⊗ ", Level::Spread),
        }
    }

    fn quotient(&self, kind: Quotient, a: &Piece, b: &Piece) -> Piece {
        let sign = match kind {
            Quotient::Right => "/",
            Quotient::Elementwise => " ⊘ ",
            Quotient::Left => "\\",
        };
        let level = if kind == Quotient::Elementwise { Level::Spread } else { Level::Product };
        // `\|` would be LaTeX for a norm.
        let bar = kind == Quotient::Left && b.text.starts_with('|');
        let right = if bar { self.parenthesised(&b.text) } else { self.at_least(b, Level::Power) };
        Piece::new(format!("{}{sign}{right}", self.at_least(a, Level::Product)), level)
    }

    fn power(&self, elementwise: bool, base: &Expr, exponent: &Expr) -> Piece {
        if let (false, Some(above)) = (elementwise, raised(exponent)) {
            return self.raise(base, &above);
        }
        let exponent = self.at_least(&self.write(exponent), Level::Atom);
        self.raise(base, &format!("{}{exponent}", if elementwise { ".^" } else { "^" }))
    }

    fn transpose(&self, e: &Expr) -> Piece {
        match e.op() {
            Op::Call(Function::Call(Call::Inv), arguments) if arguments.len() == 1 => self.raise(&arguments[0], "⁻ᵀ"),
            _ => self.raise(e, "ᵀ"),
        }
    }

    fn call(&self, function: Function, arguments: &[Expr]) -> Piece {
        let first = || self.list(arguments, ", ");
        match (function, arguments.len()) {
            (Function::Call(Call::Inv), 1) => self.raise(&arguments[0], "⁻¹"),
            (Function::Call(Call::Norm2), 1) if may_be_matrix(&arguments[0]) => Piece::atom(format!("‖{}‖₂", first())),
            (Function::Call(Call::Norm2), 1) => Piece::atom(format!("‖{}‖", first())),
            (Function::Call(Call::Norm1), 1) => Piece::atom(format!("‖{}‖₁", first())),
            (Function::Call(Call::NormF), 1) => Piece::atom(format!("‖{}‖F", first())),
            (Function::Call(Call::NormInf), 1) => Piece::atom(format!("‖{}‖∞", first())),
            // Without a number below, bars around a matrix are another norm, and single ones the determinant.
            (Function::Map(Map::Abs), 1) if !may_be_matrix(&arguments[0]) => Piece::atom(format!("|{}|", first())),
            (Function::Map(Map::Sqrt), 1) => {
                Piece::new(format!("√{}", self.at_least(&self.write(&arguments[0]), Level::Atom)), Level::Power)
            }
            (Function::Map(Map::Sigmoid), 1) => Piece::atom(format!("σ({})", first())),
            (Function::Call(Call::Kron), 2) => self.product(Product::Kronecker, &self.all(arguments)),
            (Function::Call(Call::Cross), 2) => self.infix(&self.all(arguments), " × ", Level::Spread),
            (Function::Call(Call::Pinv), 1) => self.raise(&arguments[0], "⁺"),
            _ => Piece::atom(frechet(function, &first()).unwrap_or_else(|| format!("{function}({})", first()))),
        }
    }

    fn apply(&self, function: &Applied, arguments: &[Expr]) -> Piece {
        let written = function.to_string().replacen(function.function.as_str(), &self.name(function.function).text, 1);
        Piece::atom(format!("{written}({})", self.list(arguments, ", ")))
    }

    fn subscript(&self, base: &Piece, subscripts: &[Subscript]) -> Piece {
        Piece::new(format!("{}[{}]", self.at_least(base, Level::Atom), self.subscript_list(subscripts, ",")), Level::Postfix)
    }

    fn delta(&self, subscripts: &[Subscript]) -> Piece {
        Piece::new(format!("δ[{}]", self.subscript_list(subscripts, ",")), Level::Postfix)
    }

    fn levi_civita(&self, subscripts: &[Subscript]) -> Piece {
        Piece::new(format!("ε[{}]", self.subscript_list(subscripts, ",")), Level::Postfix)
    }

    fn index_sum(&self, index: Symbol, body: &Piece) -> Piece {
        Piece::new(format!("∑[{}] {}", self.name(index).text, self.at_least(body, Level::Reduction)), Level::Reduction)
    }

    fn braces(&self, body: &Piece, outputs: &[(Symbol, Option<Dim>)]) -> Piece {
        let one = |(index, dim): &(Symbol, Option<Dim>)| match dim {
            Some(dim) => format!("{}:{dim}", self.name(*index).text),
            None => self.name(*index).text,
        };
        let outputs: Vec<String> = outputs.iter().map(one).collect();
        Piece::atom(format!("{{{}}}[{}]", body.text, outputs.join(",")))
    }

    fn diff(&self, f: &Piece, x: &Piece) -> Piece {
        Piece::new(format!("∂{}/∂{}", self.at_least(f, Level::Atom), self.at_least(x, Level::Atom)), Level::Product)
    }

    fn block(&self, rows: &[Vec<Expr>]) -> Piece {
        let rows: Vec<String> = rows.iter().map(|r| self.list(r, ", ")).collect();
        Piece::atom(format!("[{}]", rows.join("; ")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_stand_side_by_side() {
        let (a, x, b) = (Expr::matrix("A", "m", "n"), Expr::vector("x", "n"), Expr::vector("b1", "m"));
        let t = |e: &Expr| Expr::new(Op::Transpose(e.clone()));
        let check = |e: Expr, text: &str| assert_eq!(unicode(&e), text);
        check(t(&x) * &a * &x, "xᵀAx");
        check(2 * t(&a) * (&a * &x - &b), "2Aᵀ·(Ax - b₁)");
        let norm = Expr::call(Function::Call(Call::Norm2), [&a * &x]);
        check(&x / Expr::new(Op::Pow(norm, 2.into())), "x/‖Ax‖²");
        check(t(&Expr::call(Function::Call(Call::Inv), [a.clone()])), "A⁻ᵀ");
        check(Expr::new(Op::Had(vec![x.clone(), x])), "x ⊙ x");
        check(Expr::scalar("lambda") * a, "λA");
    }
}
