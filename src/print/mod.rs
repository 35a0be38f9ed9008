//! Printing: one walk over an expression, one table of precedences, and a [`Notation`] for each way of writing.

mod latex;
#[cfg(test)]
mod properties;
mod rules;
mod text;
mod unicode;

use crate::applied::Applied;
use crate::dim::{Dim, Symbol};
use crate::expr::{Expr, Op, Subscript};
use crate::function::{Constant, Function};
use crate::number::Number;
use crate::outline::{Outline, outline};

pub use latex::latex;
pub use rules::{rule_latex, rules_markdown};
pub use unicode::unicode;

/// A Fréchet derivative as the language writes it: `frechet(expm, A, E)`, and `frechet(expm, A, E, :)` with a direction open.
fn frechet(function: Function, arguments: &str) -> Option<String> {
    match function {
        Function::Call(call) => {
            let (f, open) = call.of_frechet()?;
            Some(format!("frechet({}, {arguments}{})", f.name(), if open { ", :" } else { "" }))
        }
        Function::Map(_) => None,
    }
}

/// How tightly what was written holds together, from the loosest; the precedences of every notation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Level {
    Sum,
    /// An explicit sum over an index: everything multiplied after the sign belongs to it.
    Reduction,
    /// `⊙` and `⊗` with signs that look wider than factors side by side do.
    Spread,
    Product,
    Prefix,
    Power,
    Postfix,
    Atom,
}

/// A part that is written already.
pub(crate) struct Piece {
    text: String,
    level: Level,
}

impl Piece {
    fn new(text: impl Into<String>, level: Level) -> Piece {
        Piece { text: text.into(), level }
    }

    fn atom(text: impl Into<String>) -> Piece {
        Piece::new(text, Level::Atom)
    }

    /// Without its leading minus, if it has one that belongs to the whole of it.
    fn without_minus(&self) -> Option<&str> {
        if self.level > Level::Prefix || self.level == Level::Sum { None } else { self.text.strip_prefix('-') }
    }
}

/// The products of the language; all of one precedence, read from left to right.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Product {
    Matrix,
    Elementwise,
    Kronecker,
}

/// The quotients of the language, of the precedence of products.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Quotient {
    Right,
    Elementwise,
    Left,
}

/// A way of writing: how each construct is spelled, given its written parts.
pub(crate) trait Notation {
    fn number(&self, n: &Number) -> Piece {
        let text = n.to_string();
        let level = if text.contains('/') {
            Level::Product
        } else if text.starts_with('-') {
            Level::Prefix
        } else {
            Level::Atom
        };
        Piece::new(text, level)
    }
    fn name(&self, name: Symbol) -> Piece;
    fn constant(&self, constant: Constant) -> Piece;
    fn dim(&self, dim: Dim) -> Piece;
    fn parenthesised(&self, text: &str) -> String {
        format!("({text})")
    }
    fn product(&self, kind: Product, factors: &[Piece]) -> Piece;
    fn quotient(&self, kind: Quotient, a: &Piece, b: &Piece) -> Piece;
    fn power(&self, elementwise: bool, base: &Expr, exponent: &Expr) -> Piece;
    fn transpose(&self, e: &Expr) -> Piece;
    fn call(&self, function: Function, arguments: &[Expr]) -> Piece;
    /// `f(x)` or `D(f)(x)` of a declared function.
    fn apply(&self, function: &Applied, arguments: &[Expr]) -> Piece {
        Piece::atom(format!("{function}({})", self.list(arguments, ", ")))
    }
    fn subscript(&self, base: &Piece, subscripts: &[Subscript]) -> Piece;
    fn delta(&self, subscripts: &[Subscript]) -> Piece;
    fn levi_civita(&self, subscripts: &[Subscript]) -> Piece;
    fn index_sum(&self, index: Symbol, body: &Piece) -> Piece;
    fn braces(&self, body: &Piece, outputs: &[(Symbol, Option<Dim>)]) -> Piece;
    fn diff(&self, f: &Piece, x: &Piece) -> Piece;
    fn block(&self, rows: &[Vec<Expr>]) -> Piece;

    /// In parentheses unless it holds together at least as tightly as `least`.
    fn at_least(&self, piece: &Piece, least: Level) -> String {
        if piece.level >= least { piece.text.clone() } else { self.parenthesised(&piece.text) }
    }

    fn write(&self, e: &Expr) -> Piece {
        match e.op() {
            Op::Number(n) => self.number(n),
            Op::Constant(c) => self.constant(*c),
            Op::Var(v) => self.name(v.name),
            Op::Size(d) => self.dim(*d),
            Op::Neg(a) => self.negated(&self.write(a)),
            Op::Add(terms) => self.sum(terms),
            Op::Mul(all) => self.product(Product::Matrix, &self.factors(e, all)),
            Op::Had(all) => self.product(Product::Elementwise, &self.factors(e, all)),
            Op::Kron(a, b) => self.product(Product::Kronecker, &[self.write(a), self.write(b)]),
            Op::Div(a, b) => self.quotient(Quotient::Right, &self.dividend(a, false), &self.write(b)),
            Op::HadDiv(a, b) => self.quotient(Quotient::Elementwise, &self.dividend(a, true), &self.write(b)),
            Op::LeftDiv(a, b) => self.quotient(Quotient::Left, &self.dividend(a, false), &self.write(b)),
            Op::Pow(a, b) => self.power(false, a, b),
            Op::HadPow(a, b) => self.power(true, a, b),
            Op::Transpose(a) => self.transpose(a),
            Op::Call(f, all) => self.call(*f, all),
            Op::Apply { function, arguments } => self.apply(function, arguments),
            Op::Subscript(a, s) => self.subscript(&self.write(a), s),
            Op::Delta(s) => self.delta(s),
            Op::LeviCivita(s) => self.levi_civita(s),
            Op::IndexSum(i, a) => self.index_sum(*i, &self.write(a)),
            Op::Braces(a, outputs) => self.braces(&self.write(a), outputs),
            Op::Diff(a, b) => self.diff(&self.write(a), &self.write(b)),
            Op::Block(rows) => self.block(rows),
        }
    }

    fn all(&self, all: &[Expr]) -> Vec<Piece> {
        all.iter().map(|e| self.write(e)).collect()
    }

    /// The factors of a product, the first in parentheses where it would be read otherwise or with doubt: a product of
    /// the same kind, an elementwise product before a matrix product and the other way round unless the latter is by
    /// scalars, and a minus of its own.
    fn factors(&self, product: &Expr, all: &[Expr]) -> Vec<Piece> {
        let mut pieces = self.all(all);
        let elementwise = matches!(product.op(), Op::Had(_));
        let apart = |e: &Expr| match e.op() {
            Op::Mul(factors) if elementwise => !is_scaled(factors),
            Op::Neg(_) | Op::Mul(_) | Op::Had(_) => true,
            // `-2*x` is the negative of a product.
            Op::Number(n) => n.is_negative(),
            Op::HadDiv(..) => !elementwise,
            _ => false,
        };
        if all.first().is_some_and(apart) {
            pieces[0].level = Level::Sum;
        }
        pieces
    }

    /// What stands before a division sign, likewise.
    fn dividend(&self, e: &Expr, elementwise: bool) -> Piece {
        let mut piece = self.write(e);
        let minus = matches!(e.op(), Op::Neg(_)) || matches!(e.op(), Op::Number(n) if n.is_negative());
        if minus || elementwise && matches!(e.op(), Op::Mul(factors) if !is_scaled(factors)) {
            piece.level = Level::Sum;
        }
        piece
    }

    /// The parts one after the other.
    fn list(&self, all: &[Expr], separator: &str) -> String {
        self.all(all).into_iter().map(|p| p.text).collect::<Vec<_>>().join(separator)
    }

    /// A minus in front of a product is the minus of the product, so that `-A*B` needs no parentheses.
    fn negated(&self, a: &Piece) -> Piece {
        let plain = a.level >= Level::Spread && a.level != Level::Prefix && a.without_minus().is_none();
        let text = if plain { a.text.clone() } else { self.parenthesised(&a.text) };
        Piece::new(format!("-{text}"), Level::Prefix)
    }

    fn sum(&self, terms: &[Expr]) -> Piece {
        let mut text = String::new();
        for (at, term) in terms.iter().enumerate() {
            let piece = self.write(term);
            let piece_text = self.at_least(&piece, Level::Reduction);
            match (at, piece.without_minus()) {
                (0, _) => text.push_str(&piece_text),
                (_, Some(rest)) => {
                    text.push_str(" - ");
                    text.push_str(rest);
                }
                (_, None) => {
                    text.push_str(" + ");
                    text.push_str(&piece_text);
                }
            }
        }
        Piece::new(text, Level::Sum)
    }

    /// Factors written with `sign` between them: the first may be a product or have a minus, the others not.
    fn infix(&self, factors: &[Piece], sign: &str, level: Level) -> Piece {
        let written = factors.iter().enumerate().map(|(at, p)| self.at_least(p, if at == 0 { Level::Product } else { Level::Power }));
        Piece::new(written.collect::<Vec<_>>().join(sign), level)
    }

    fn subscript_list(&self, subscripts: &[Subscript], separator: &str) -> String {
        let one = |s: &Subscript| match s {
            Subscript::Index(i) => self.name(*i).text,
            Subscript::At(e) => self.write(e).text,
            Subscript::All => ":".to_owned(),
            Subscript::Range(a, b) => format!("{}:{}", self.write(a).text, self.write(b).text),
        };
        subscripts.iter().map(one).collect::<Vec<_>>().join(separator)
    }
}

/// Whether a product is one thing after scalars: `2*s*x`.
fn is_scaled(factors: &[Expr]) -> bool {
    let scalar = |e: &Expr| outline(e) == Some(Outline::Scalar) && !matches!(e.op(), Op::Number(n) if n.is_negative());
    factors.split_last().is_some_and(|(_, scalars)| scalars.iter().all(scalar))
}

/// The number, if it is one.
fn as_number(e: &Expr) -> Option<&Number> {
    if let Op::Number(n) = e.op() { Some(n) } else { None }
}

/// Whether some signs mean another thing of it than of a scalar or a vector.
fn may_be_matrix(e: &Expr) -> bool {
    !matches!(outline(e), Some(Outline::Scalar | Outline::Column | Outline::Row))
}

/// The English names of the Greek letters, their letters and their commands.
const GREEK: &[(&str, &str)] = &[
    ("alpha", "α"),
    ("beta", "β"),
    ("gamma", "γ"),
    ("delta", "δ"),
    ("epsilon", "ε"),
    ("zeta", "ζ"),
    ("eta", "η"),
    ("theta", "θ"),
    ("iota", "ι"),
    ("kappa", "κ"),
    ("lambda", "λ"),
    ("mu", "μ"),
    ("nu", "ν"),
    ("xi", "ξ"),
    ("pi", "π"),
    ("rho", "ρ"),
    ("sigma", "σ"),
    ("tau", "τ"),
    ("upsilon", "υ"),
    ("phi", "φ"),
    ("chi", "χ"),
    ("psi", "ψ"),
    ("omega", "ω"),
    ("Gamma", "Γ"),
    ("Delta", "Δ"),
    ("Theta", "Θ"),
    ("Lambda", "Λ"),
    ("Xi", "Ξ"),
    ("Pi", "Π"),
    ("Sigma", "Σ"),
    ("Phi", "Φ"),
    ("Psi", "Ψ"),
    ("Omega", "Ω"),
];

/// A name as a stem and what is written below it: `m1` is m with 1, `x_k` is x with k.
fn split_name(name: &str) -> (&str, &str) {
    if let Some((stem, below)) = name.split_once('_')
        && !stem.is_empty()
        && !below.is_empty()
    {
        return (stem, below);
    }
    let stem = name.trim_end_matches(|c: char| c.is_ascii_digit());
    if stem.is_empty() { (name, "") } else { name.split_at(stem.len()) }
}
