//! LaTeX as a textbook has it.

use super::text::dim_level;
use super::{GREEK, Level, Notation, Piece, Product, Quotient, as_number, may_be_matrix, split_name};
use crate::applied::Applied;
use crate::dim::{Dim, Symbol};
use crate::expr::{Expr, Op, Subscript};
use crate::function::{Call, Constant, Function, Map};
use crate::number::Number;

/// The expression in LaTeX, for math mode.
///
/// ```
/// use indicial::{Expr, latex};
/// let (a, x) = (Expr::matrix("A", "m", "n"), Expr::vector("x", "n"));
/// assert_eq!(latex(&(2 * a * x)), r"2 A x");
/// ```
pub fn latex(e: &Expr) -> String {
    match e.op() {
        // A single index of the whole is seen in its body.
        Op::Braces(body, outputs) if outputs.len() < 2 => Latex.write(body).text,
        _ => Latex.write(e).text,
    }
}

struct Latex;

/// In braces unless it is one sign.
fn group(text: &str) -> String {
    if text.chars().count() == 1 { text.to_owned() } else { format!("{{{text}}}") }
}

fn letter(stem: &str) -> String {
    if let Some((english, _)) = GREEK.iter().find(|(english, letter)| *english == stem || *letter == stem) {
        return if *english == "epsilon" { r"\varepsilon".to_owned() } else { format!(r"\{english}") };
    }
    if stem.chars().count() == 1 { stem.to_owned() } else { format!(r"\mathrm{{{stem}}}") }
}

/// Before the variable in the name of a change; `A \left(\mathrm{d}X\right) B` has brackets, since a d looks as if it belonged to
/// all that follows.
const CHANGE: &str = r"\mathrm{d}";

/// The variable of which a name is the change: `dX` and `dalpha`, but not `data` or `d`.
fn change(name: &str) -> Option<String> {
    let variable = name.strip_prefix('d')?;
    let is_letter = variable.len() == 1 && variable.starts_with(|c: char| c.is_ascii_alphabetic());
    (is_letter || GREEK.iter().any(|(english, _)| *english == variable)).then(|| letter(variable))
}

impl Latex {
    /// `L_f(A, E)` and its matrix `K_f(A)` (Higham 2008, section 3.1), with the order above where it is not the first.
    fn frechet(&self, f: Call, open: bool, arguments: &[Expr]) -> Piece {
        let letter = if open || arguments.len() == 1 { "K" } else { "L" };
        let order = arguments.len() - 1 + usize::from(letter == "K");
        let above = if order > 1 { format!("^{{({order})}}") } else { String::new() };
        self.operator(&format!("{letter}_{{{}}}{above}", function_of_matrix(f)), arguments)
    }

    fn operator(&self, name: &str, arguments: &[Expr]) -> Piece {
        Piece::atom(name.to_owned() + &self.parenthesised(&self.list(arguments, ", ")))
    }

    /// A name with dimensions below it: `I_n`, `\mathbf{1}_{m \times n}`.
    fn with_size(&self, name: &str, sizes: &[Expr], separator: &str) -> Piece {
        Piece::new(format!("{name}_{}", group(&self.list(sizes, separator))), Level::Postfix)
    }

    fn raise(&self, base: &Expr, above: &str) -> Piece {
        let piece = self.write(base);
        let base = if piece.level >= Level::Postfix { piece.text } else { self.parenthesised(&piece.text) };
        Piece::new(format!("{base}^{}", group(above)), Level::Power)
    }

    fn norm(&self, arguments: &[Expr], below: &str) -> Piece {
        Piece::atom(format!(r"\lVert {}\rVert{below}", self.list(arguments, ", ")))
    }

    /// `A C \otimes B D`: the sign is so wide that products need no brackets on either side of it.
    fn kronecker(&self, factors: &[Piece]) -> Piece {
        let least = |at: usize, p: &Piece| if at > 0 && p.without_minus().is_some() { Level::Power } else { Level::Product };
        let written: Vec<String> = factors.iter().enumerate().map(|(at, p)| self.at_least(p, least(at, p))).collect();
        Piece::new(written.join(r" \otimes "), Level::Spread)
    }

    /// In brackets unless it stands between bars already.
    fn argument(&self, text: &str) -> String {
        let bars = [(r"\left\lvert ", r"\right\rvert"), (r"\lVert ", r"\rVert_2"), (r"\lVert ", r"\rVert_F"), (r"\lVert ", r"\rVert_1")];
        let between = |(open, close): &(&str, &str)| {
            text.strip_prefix(open).and_then(|t| t.strip_suffix(close)).is_some_and(|t| !t.contains("vert") && !t.contains("Vert"))
        };
        if bars.iter().any(between) { text.to_owned() } else { self.parenthesised(text) }
    }

    fn indices(&self, subscripts: &[Subscript]) -> String {
        let short = subscripts.iter().all(|s| matches!(s, Subscript::Index(i) if i.as_str().chars().count() == 1));
        group(&self.subscript_list(subscripts, if short { "" } else { ", " }))
    }

    fn map(&self, map: Map, arguments: &[Expr]) -> Piece {
        let argument = self.list(arguments, ", ");
        match map {
            Map::Sqrt if !may_be_matrix(&arguments[0]) => Piece::atom(format!(r"\sqrt{{{argument}}}")),
            Map::Sqrt => self.raise(&arguments[0], r"\odot 1/2"),
            // Bars around a matrix are its determinant, and a root of it may be that of the matrix.
            Map::Abs if !may_be_matrix(&arguments[0]) => Piece::atom(format!(r"\left\lvert {argument}\right\rvert")),
            _ => {
                // What is two functions would have a power at the inner one.
                let level = if map == Map::Lgamma { Level::Power } else { Level::Atom };
                Piece::new(map.row().latex.replace("{}", &self.argument(&argument)), level)
            }
        }
    }

    fn sized(&self, call: Call, arguments: &[Expr]) -> Option<Piece> {
        Some(match (call, arguments.len()) {
            (Call::Eye, 1) => self.with_size("I", arguments, r" \times "),
            (Call::Ones, _) => self.with_size(r"\mathbf{1}", arguments, r" \times "),
            (Call::Zeros, _) => self.with_size(r"\mathbf{0}", arguments, r" \times "),
            (Call::Unit, 2) => self.with_size("e", &arguments[..1], ""),
            (Call::Commutation, 2) => self.with_size("K", arguments, ", "),
            (Call::Elimination, 1) => self.with_size("L", arguments, ", "),
            (Call::Duplication, 1) => self.with_size("D", arguments, ", "),
            _ => return None,
        })
    }

    fn bracketed(&self, call: Call, arguments: &[Expr]) -> Option<Piece> {
        Some(match (call, arguments.len()) {
            (Call::Norm, 1) => self.norm(arguments, ""),
            (Call::Norm1, 1) => self.norm(arguments, "_1"),
            (Call::Norm2, 1) => self.norm(arguments, "_2"),
            (Call::NormF, 1) => self.norm(arguments, "_F"),
            (Call::NormInf, 1) => self.norm(arguments, r"_\infty"),
            (Call::Nuclear, 1) => self.norm(arguments, "_*"),
            (Call::Norm, 2) => self.norm(&arguments[..1], &format!("_{}", group(&self.write(&arguments[1]).text))),
            (Call::Inner | Call::Dot, 2) => Piece::atom(format!(r"\left\langle {}\right\rangle", self.list(arguments, ", "))),
            (Call::LogDet, 1) => {
                let text = format!(r"\log\left\lvert\det {}\right\rvert", self.parenthesised(&self.list(arguments, "")));
                Piece::new(text, Level::Power)
            }
            _ => return None,
        })
    }
}

impl Notation for Latex {
    fn number(&self, n: &Number) -> Piece {
        let text = n.to_string();
        match text.split_once('/') {
            Some((p, q)) => match p.strip_prefix('-') {
                Some(p) => Piece::new(format!(r"-\frac{{{p}}}{{{q}}}"), Level::Prefix),
                None => Piece::new(format!(r"\frac{{{p}}}{{{q}}}"), Level::Power),
            },
            None => Piece::new(text, if n.is_negative() { Level::Prefix } else { Level::Atom }),
        }
    }

    fn name(&self, name: Symbol) -> Piece {
        if let Some(variable) = change(name.as_str()) {
            return Piece::new(format!("{CHANGE}{variable}"), Level::Power);
        }
        let (stem, below) = split_name(name.as_str());
        if below.is_empty() {
            return Piece::atom(letter(stem));
        }
        let below = if below.chars().all(|c| c.is_ascii_digit()) { below.to_owned() } else { letter(below) };
        Piece::new(format!("{}_{}", letter(stem), group(&below)), Level::Postfix)
    }

    fn constant(&self, constant: Constant) -> Piece {
        Piece::atom(match constant {
            Constant::Pi => r"\pi",
            Constant::Infinity => r"\infty",
        })
    }

    fn dim(&self, dim: Dim) -> Piece {
        Piece::new(dim.to_string().replace('*', " "), dim_level(dim))
    }

    fn parenthesised(&self, text: &str) -> String {
        format!(r"\left({text}\right)")
    }

    fn product(&self, kind: Product, factors: &[Piece]) -> Piece {
        match kind {
            Product::Elementwise => return self.infix(factors, r" \odot ", Level::Spread),
            Product::Kronecker => return self.kronecker(factors),
            Product::Matrix => {}
        }
        let mut text = String::new();
        for (at, piece) in factors.iter().enumerate() {
            let factor = match at + 1 < factors.len() && piece.text.starts_with(CHANGE) {
                true => self.parenthesised(&piece.text),
                false => self.at_least(piece, if at == 0 { Level::Product } else { Level::Power }),
            };
            let apart = factor.starts_with(|c: char| c.is_ascii_digit());
            text.push_str(match (at, apart) {
                (0, _) => "",
                (_, true) => r" \cdot ",
                (_, false) => " ",
            });
            text.push_str(&factor);
        }
        Piece::new(text, Level::Product)
    }

    fn quotient(&self, kind: Quotient, a: &Piece, b: &Piece) -> Piece {
        match kind {
            Quotient::Right => match a.without_minus() {
                Some(a) => Piece::new(format!(r"-\frac{{{a}}}{{{}}}", b.text), Level::Prefix),
                None => Piece::new(format!(r"\frac{{{}}}{{{}}}", a.text, b.text), Level::Power),
            },
            Quotient::Elementwise => {
                Piece::new(format!(r"{} \oslash {}", self.at_least(a, Level::Product), self.at_least(b, Level::Power)), Level::Spread)
            }
            Quotient::Left => {
                let inverse = format!("{}^{{-1}}", self.at_least(a, Level::Postfix));
                Piece::new(format!("{inverse} {}", self.at_least(b, Level::Power)), Level::Product)
            }
        }
    }

    fn power(&self, elementwise: bool, base: &Expr, exponent: &Expr) -> Piece {
        let half = as_number(exponent).is_some_and(|n| *n == Number::ratio(1, 2));
        if half && !elementwise && !may_be_matrix(base) {
            return Piece::atom(format!(r"\sqrt{{{}}}", self.write(base).text));
        }
        let exponent = match as_number(exponent) {
            Some(n) => n.to_string(),
            None => self.write(exponent).text,
        };
        if elementwise { self.raise(base, &format!(r"\odot {exponent}")) } else { self.raise(base, &exponent) }
    }

    fn transpose(&self, e: &Expr) -> Piece {
        let (base, above) = match e.op() {
            Op::Call(Function::Call(Call::Inv), arguments) if arguments.len() == 1 && !is_root(&arguments[0]) => {
                (&arguments[0], r"{-\top}")
            }
            _ => (e, r"\top"),
        };
        let piece = self.write(base);
        Piece::new(format!("{}^{above}", self.at_least(&piece, Level::Postfix)), Level::Power)
    }

    fn call(&self, function: Function, arguments: &[Expr]) -> Piece {
        let call = match function {
            Function::Map(map) => return self.map(map, arguments),
            Function::Call(call) => call,
        };
        if let Some(piece) = self.sized(call, arguments).or_else(|| self.bracketed(call, arguments)) {
            return piece;
        }
        if let Some((f, open)) = call.of_frechet() {
            return self.frechet(f, open, arguments);
        }
        match (call, arguments.len()) {
            (Call::Inv, 1) => match arguments[0].op() {
                Op::Call(Function::Call(Call::Sqrtm), inner) => self.raise(&inner[0], "-1/2"),
                _ => self.raise(&arguments[0], "-1"),
            },
            (Call::Pinv, 1) => self.raise(&arguments[0], "+"),
            (Call::Kron, _) => self.product(Product::Kronecker, &self.all(arguments)),
            (Call::Cross, 2) => self.infix(&self.all(arguments), r" \times ", Level::Spread),
            (Call::Det, 1) => self.operator(r"\det", arguments),
            (Call::Max, _) => self.operator(r"\max", arguments),
            (Call::Min, _) => self.operator(r"\min", arguments),
            (Call::Expm, 1) => self.operator(r"\exp", arguments),
            (Call::Logm, 1) => self.operator(r"\log", arguments),
            (Call::Cosm, 1) => self.operator(r"\cos", arguments),
            (Call::Sinm, 1) => self.operator(r"\sin", arguments),
            (Call::Sqrtm, 1) => self.raise(&arguments[0], "1/2"),
            (Call::Cholesky, 1) => self.operator(r"\operatorname{chol}", arguments),
            (Call::EigvecMax, 1) => self.operator(r"v_{\max}", arguments),
            (Call::EigvecMin, 1) => self.operator(r"v_{\min}", arguments),
            (Call::LambdaMax, 1) => self.operator(r"\lambda_{\max}", arguments),
            (Call::LambdaMin, 1) => self.operator(r"\lambda_{\min}", arguments),
            _ => self.operator(&format!(r"\operatorname{{{}}}", call.name().replace('_', r"\_")), arguments),
        }
    }

    /// Derivatives of a function of one scalar have primes, others an operator with the number of the argument.
    fn apply(&self, function: &Applied, arguments: &[Expr]) -> Piece {
        let name = match function.known {
            Some(f) => format!(" {}", function_of_matrix(f)),
            None => self.name(function.function).text,
        };
        let written = match (function.signature.arguments.len(), function.is_of_scalars()) {
            (1, true) => name + &"'".repeat(function.by.len()),
            (1, false) => r"\mathrm{D}".repeat(function.by.len()) + &name,
            _ => function.by.iter().rev().map(|k| format!(r"\mathrm{{D}}_{}", k + 1)).collect::<String>() + &name,
        };
        self.operator(&written, arguments)
    }

    fn subscript(&self, base: &Piece, subscripts: &[Subscript]) -> Piece {
        Piece::new(format!("{}_{}", self.at_least(base, Level::Atom), self.indices(subscripts)), Level::Postfix)
    }

    fn delta(&self, subscripts: &[Subscript]) -> Piece {
        Piece::new(format!(r"\delta_{}", self.indices(subscripts)), Level::Postfix)
    }

    fn levi_civita(&self, subscripts: &[Subscript]) -> Piece {
        Piece::new(format!(r"\varepsilon_{}", self.indices(subscripts)), Level::Postfix)
    }

    fn index_sum(&self, index: Symbol, body: &Piece) -> Piece {
        Piece::new(format!(r"\sum_{{{}}} {}", self.name(index).text, self.at_least(body, Level::Reduction)), Level::Reduction)
    }

    fn braces(&self, body: &Piece, outputs: &[(Symbol, Option<Dim>)]) -> Piece {
        let indices: Vec<Subscript> = outputs.iter().map(|(i, _)| Subscript::Index(*i)).collect();
        Piece::new(format!(r"\left[{}\right]_{}", body.text, self.indices(&indices)), Level::Postfix)
    }

    fn diff(&self, f: &Piece, x: &Piece) -> Piece {
        Piece::new(format!(r"\frac{{\partial {}}}{{\partial {}}}", self.at_least(f, Level::Product), x.text), Level::Power)
    }

    fn block(&self, rows: &[Vec<Expr>]) -> Piece {
        let rows: Vec<String> = rows.iter().map(|r| self.list(r, " & ")).collect();
        Piece::atom(format!(r"\begin{{bmatrix}} {} \end{{bmatrix}}", rows.join(r" \\ ")))
    }
}

/// A root has its exponent where the sign of an inverse would go.
fn is_root(e: &Expr) -> bool {
    matches!(e.op(), Op::Call(Function::Call(Call::Sqrtm), _))
}

/// A function of matrices as an index.
fn function_of_matrix(f: Call) -> &'static str {
    match f {
        Call::Logm => r"\log",
        Call::Sqrtm => "1/2",
        Call::Cosm => r"\cos",
        Call::Sinm => r"\sin",
        _ => r"\exp",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_look_as_in_a_textbook() {
        let (a, x, b) = (Expr::matrix("A", "m", "n"), Expr::vector("x", "n"), Expr::vector("m1", "m"));
        let t = |e: &Expr| Expr::new(Op::Transpose(e.clone()));
        let check = |e: Expr, text: &str| assert_eq!(latex(&e), text);
        check(t(&x) * &a * &x, r"x^\top A x");
        check(t(&(&a * &x - &b)) * &b, r"\left(A x - m_1\right)^\top m_1");
        let norm = Expr::call(Function::Call(Call::Norm2), [&a * &x]);
        check(2 * t(&a) * &a * &x / Expr::new(Op::Pow(norm, 2.into())), r"\frac{2 A^\top A x}{\lVert A x\rVert_2^2}");
        check(Expr::call(Function::Call(Call::Trace), [a.clone()]), r"\operatorname{tr}\left(A\right)");
        check(Expr::call(Function::Call(Call::Kron), [t(&a), a.clone()]), r"A^\top \otimes A");
        check(t(&Expr::call(Function::Call(Call::Inv), [a.clone()])), r"A^{-\top}");
        check(Expr::scalar("alpha") * -(&x / 2), r"\alpha \left(-\frac{x}{2}\right)");
        let [i, j] = ["i", "j"].map(|i| Subscript::Index(Symbol::new(i)));
        let entry = Expr::new(Op::Subscript(a, vec![i.clone(), j.clone()])) * Expr::new(Op::Delta(vec![i, j]));
        let names = ["i", "j"].map(|i| (Symbol::new(i), None)).to_vec();
        check(Expr::new(Op::Braces(entry, names)), r"\left[A_{ij} \delta_{ij}\right]_{ij}");
    }
}
