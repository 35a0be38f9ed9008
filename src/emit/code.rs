//! Pieces of code and how tightly they hold together.

use crate::number::Number;

/// How tightly a piece of code holds together. The targets agree on these levels: products associate to the left, a minus
/// in front binds tighter than they do, powers, calls and subscripts tighter than it. Matrix products are of the level of
/// other products, but stand in brackets within them: a minus or a number is not to be multiplied with a whole matrix first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Tight {
    Sum,
    Matrix,
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
    /// Its negative, where that is written without a minus in front.
    pub opposite: Option<Box<Code>>,
    /// What it is a fraction of, so that the fraction of a product is one.
    pub fraction: Option<Box<Fraction>>,
    /// What it repeats along further axes; a place that does so by itself takes this instead.
    pub repeated: Option<Box<Code>>,
}

/// `above/below`, or its negative.
#[derive(Clone, Debug)]
pub(super) struct Fraction {
    pub negative: bool,
    pub above: Vec<Code>,
    pub below: Vec<Code>,
}

impl Code {
    /// A name, a call or something in brackets, made of an array.
    pub fn atom(text: impl Into<String>) -> Code {
        Code { text: text.into(), tight: Tight::Atom, depth: 0, constant: false, opposite: None, fraction: None, repeated: None }
    }

    /// A number.
    pub fn constant(text: impl Into<String>, tight: Tight) -> Code {
        Code { constant: true, tight, ..Code::atom(text) }
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
        Code { text, ..Code::over(arguments) }
    }

    /// A call of the function of that name.
    pub fn applied(name: &str, arguments: &[Code]) -> Code {
        let places = vec!["{}"; arguments.len()].join(", ");
        Code::call(&format!("{name}({places})"), &arguments.iter().collect::<Vec<_>>())
    }

    /// Nothing yet, one bracket around the parts.
    pub fn over(parts: &[&Code]) -> Code {
        let depth = parts.iter().map(|c| c.depth).max().unwrap_or(0) + 1;
        Code { depth, constant: parts.iter().all(|c| c.constant), ..Code::atom("") }
    }

    pub fn at_least(&self, tight: Tight) -> String {
        if self.tight >= tight { self.text.clone() } else { format!("({})", self.text) }
    }

    /// With something behind it that is linear in it: another order of axes, a part.
    pub fn method(&self, suffix: &str) -> Code {
        let opposite = self.opposite.as_ref().map(|o| Box::new(o.method(suffix)));
        Code { text: self.at_least(Tight::Atom) + suffix, opposite, ..Code::over(&[self]) }
    }

    pub fn negated(&self) -> Code {
        if let Some(opposite) = &self.opposite {
            return (**opposite).clone();
        }
        let (text, tight) = match (self.text.strip_prefix('-'), self.tight) {
            (Some(rest), Tight::Product) => (rest.to_owned(), Tight::Product),
            (Some(rest), Tight::Minus) => (rest.to_owned(), Tight::Atom),
            (_, Tight::Atom) => (format!("-{}", self.text), Tight::Minus),
            (_, Tight::Sum | Tight::Matrix | Tight::Product | Tight::Minus) => {
                (format!("-{}", self.at_least(Tight::Product)), Tight::Product)
            }
        };
        Code { text, tight, depth: self.depth, constant: self.constant, ..Code::atom("") }
    }

    /// Two operands of an operator of the level of products, which associates to the left.
    pub fn product(left: &Code, operator: &str, right: &Code) -> Code {
        // A power needs no brackets on the right, a minus does.
        let right_text =
            if right.tight == Tight::Minus && !right.text.starts_with('-') { right.text.clone() } else { right.at_least(Tight::Atom) };
        let text = format!("{}{operator}{right_text}", left.at_least(Tight::Product));
        Code { text, tight: Tight::Product, ..Code::over(&[left, right]) }
    }

    /// A product of matrices.
    pub fn matrix_product(left: &Code, operator: &str, right: &Code) -> Code {
        let of = |left: &Code, right: &Code| {
            let left_text = if left.tight == Tight::Matrix { left.text.clone() } else { left.at_least(Tight::Atom) };
            format!("{left_text}{operator}{}", right.at_least(Tight::Atom))
        };
        let plain = |text: String| Code { text, tight: Tight::Matrix, ..Code::over(&[left, right]) };
        let opposite = match (&left.opposite, &right.opposite) {
            (Some(left), _) => Some(Box::new(plain(of(left, right)))),
            (None, Some(right)) => Some(Box::new(plain(of(left, right)))),
            (None, None) => None,
        };
        Code { opposite, ..plain(of(left, right)) }
    }
}

/// The sum of terms, each with whether it is subtracted.
pub(super) fn plus(terms: &[(bool, Code)]) -> Code {
    let negative: Vec<(bool, Code)> = terms.iter().map(|(minus, c)| (!minus, c.clone())).collect();
    let opposite = (terms.len() > 1 && terms.iter().any(|(minus, _)| *minus)).then(|| Box::new(sum(&negative)));
    Code { opposite, ..sum(terms) }
}

/// A positive term stands first, so that no sum begins with a minus if it need not.
fn sum(terms: &[(bool, Code)]) -> Code {
    // A minus in front of a product is one in front of its first factor.
    let signed = |(minus, code): &(bool, Code)| match (code.text.strip_prefix('-'), &code.opposite) {
        (Some(rest), _) if code.tight > Tight::Sum => (!minus, rest.to_owned()),
        (_, Some(opposite)) if *minus => (false, opposite.at_least(Tight::Matrix)),
        _ => (*minus, code.at_least(Tight::Matrix)),
    };
    let mut shown: Vec<(bool, String)> = terms.iter().map(signed).collect();
    if let Some(first) = shown.iter().position(|(minus, _)| !minus) {
        let first = shown.remove(first);
        shown.insert(0, first);
    }
    let mut text = String::new();
    for (minus, term) in &shown {
        text.push_str(match (text.is_empty(), minus) {
            (true, true) => "-",
            (true, false) => "",
            (false, true) => " - ",
            (false, false) => " + ",
        });
        text.push_str(term);
    }
    let parts: Vec<&Code> = terms.iter().map(|(_, c)| c).collect();
    let tight = if terms.len() == 1 { Tight::Product } else { Tight::Sum };
    Code { text, tight, ..Code::over(&parts) }
}

/// Axes as the letters of an einsum.
pub(super) fn letters(axes: &[usize]) -> String {
    axes.iter().map(|a| char::from(b'a' + (*a % 26) as u8)).collect()
}

/// Integers beyond this are written as floats: numpy would make arrays of objects of them.
pub(super) const LARGEST_INTEGER: i64 = 1 << 53;

/// Numerator and denominator, where both are small enough to be written.
pub(super) fn small_ratio(n: &Number) -> Option<(i64, i64)> {
    n.as_ratio().filter(|(p, q)| p.abs() < LARGEST_INTEGER && (*q == 1 || (p.abs() < 1_000_000 && *q < 1_000_000)))
}
