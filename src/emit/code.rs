//! Pieces of code and how tightly they hold together.

use crate::number::Number;

/// How tightly a piece of code holds together. The targets agree on these levels: products associate to the left, a minus
/// in front binds tighter than they do, powers, calls and subscripts tighter than it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Tight {
    Sum,
    Product,
    Minus,
    Atom,
}

/// A piece of code.
#[derive(Clone, Debug)]
pub(super) struct Code {
    pub text: String,
    pub tight: Tight,
    /// How deeply its brackets nest: parsers have limits.
    pub depth: usize,
    /// Whether no array is in it, so that it is a number of the target's language.
    pub constant: bool,
}

impl Code {
    /// A name, a call or something in brackets, made of an array.
    pub fn atom(text: impl Into<String>) -> Code {
        Code { text: text.into(), tight: Tight::Atom, depth: 0, constant: false }
    }

    /// A number.
    pub fn constant(text: impl Into<String>, tight: Tight) -> Code {
        Code { text: text.into(), tight, depth: 0, constant: true }
    }

    /// A call whose arguments are these; `{}` in the template is replaced by one after the other.
    pub fn call(template: &str, arguments: &[&Code]) -> Code {
        let mut text = String::with_capacity(template.len() + 16);
        let mut left = arguments.iter();
        for (at, piece) in template.split("{}").enumerate() {
            if at > 0 {
                // A template may repeat its one argument.
                let code = left.next().or(arguments.last());
                text.push_str(code.map_or("", |c| c.text.as_str()));
            }
            text.push_str(piece);
        }
        Code { text, tight: Tight::Atom, ..Code::over(arguments) }
    }

    /// Nothing yet, one bracket around the parts.
    pub fn over(parts: &[&Code]) -> Code {
        let depth = parts.iter().map(|c| c.depth).max().unwrap_or(0) + 1;
        Code { text: String::new(), tight: Tight::Atom, depth, constant: parts.iter().all(|c| c.constant) }
    }

    pub fn at_least(&self, tight: Tight) -> String {
        if self.tight >= tight { self.text.clone() } else { format!("({})", self.text) }
    }

    /// With a method, a subscript or the like behind it.
    pub fn method(&self, suffix: &str) -> Code {
        Code { text: self.at_least(Tight::Atom) + suffix, tight: Tight::Atom, ..Code::over(&[self]) }
    }

    pub fn negated(&self) -> Code {
        Code { text: format!("-{}", self.at_least(Tight::Atom)), tight: Tight::Minus, ..self.clone() }
    }

    /// Two operands of an operator of the level of products, which associates to the left.
    pub fn product(left: &Code, operator: &str, right: &Code) -> Code {
        // A matrix product keeps its parentheses in another, for the eye.
        let matrices = left.tight == Tight::Product && operator != " @ " && left.text.contains(" @ ");
        let left_text = if matrices { format!("({})", left.text) } else { left.at_least(Tight::Product) };
        let text = format!("{left_text}{operator}{}", right.at_least(Tight::Atom));
        Code { text, tight: Tight::Product, ..Code::over(&[left, right]) }
    }
}

/// The sum of terms, each with whether it is subtracted.
pub(super) fn plus(terms: &[(bool, Code)]) -> Code {
    let mut text = String::new();
    for (at, (minus, code)) in terms.iter().enumerate() {
        // A minus in front of a product is one in front of its first factor.
        let (minus, shown) = match code.text.strip_prefix('-') {
            Some(rest) if code.tight > Tight::Sum => (!minus, rest.to_owned()),
            _ => (*minus, code.at_least(Tight::Product)),
        };
        text.push_str(match (at, minus) {
            (0, true) => "-",
            (0, false) => "",
            (_, true) => " - ",
            (_, false) => " + ",
        });
        text.push_str(&shown);
    }
    let parts: Vec<&Code> = terms.iter().map(|(_, c)| c).collect();
    let tight = if terms.len() == 1 { Tight::Product } else { Tight::Sum };
    Code { text, tight, ..Code::over(&parts) }
}

/// Integers beyond this are written as floats: numpy would make arrays of objects of them.
pub(super) const LARGEST_INTEGER: i64 = 1 << 53;

/// Numerator and denominator, where both are small enough to be written.
pub(super) fn small_ratio(n: &Number) -> Option<(i64, i64)> {
    n.as_ratio().filter(|(p, q)| p.abs() < LARGEST_INTEGER && (*q == 1 || (p.abs() < 1_000_000 && *q < 1_000_000)))
}
