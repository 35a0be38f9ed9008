//! What a letter with what stands below it is: a name, an entry, or a tensor with a size.

use super::commands::{Role, english, function, role};
use super::parser::Parser;
use super::scan::{Tok, Writing};
use super::scripts::{Above, Script};
use crate::dim::{Dim, Symbol};
use crate::error::{Error, ErrorKind, Result, Span};
use crate::expr::{Expr, Op, Subscript, Var};
use crate::function::{Call, Constant, Function, Map};
use crate::parse::{Declaration, syntax};
use std::ops::Range;
use std::sync::Arc;

/// A name as it is understood so far.
#[derive(Clone, Debug)]
pub struct Name {
    pub text: String,
    pub span: Span,
    /// In a bold or upright face: of a small letter that says a vector.
    pub bold: bool,
}

/// What a name with something below it is.
pub enum Lowered {
    /// One longer name.
    Name(String),
    /// The name with subscripts of a tensor.
    Entry,
    Value(Expr),
}

/// A piece of what stands below.
#[derive(Clone, Debug, PartialEq)]
pub enum Unit {
    Letter(String),
    Number(String),
    Word(String),
    Comma,
    Colon,
    Other(&'static str),
}

/// Letters that number entries, if nothing says otherwise.
const INDEX_LETTERS: &str = "ijkl";
/// Those that do so among several.
const MORE_INDEX_LETTERS: &str = "ijklmnpqrs";
/// Names that stand for functions if an argument follows.
const FUNCTION_LETTERS: [&str; 8] = ["f", "g", "h", "phi", "F", "G", "H", "Phi"];

impl<'a> Parser<'a> {
    pub fn is_known(&self, name: &str) -> bool {
        self.declarations.get(Symbol::new(name)).is_some()
    }

    fn order_of(&self, name: &str) -> Option<usize> {
        self.declarations.variable(Symbol::new(name)).map(|kind| kind.shape.axes().len())
    }

    /// The name of a letter: a Greek one by its English name, unless the letter itself is declared or is how plain text has it.
    pub fn letter_name(&self, letter: char) -> String {
        let own = letter.to_string();
        match english(letter) {
            Some(name) if !self.is_known(&own) && (self.writing == Writing::Latex || self.is_known(name) || letter.is_uppercase()) => {
                name.to_owned()
            }
            _ => own,
        }
    }

    /// The name that a command of a letter means: the declared one of those that it may be.
    pub fn command_name(&self, command: &str, name: &str) -> String {
        let letters = super::commands::LETTERS.iter().filter(|(_, english, _)| *english == name).map(|(.., letter)| letter.to_string());
        let declared = std::iter::once(name.to_owned()).chain([command.to_owned()]).chain(letters).find(|n| self.is_known(n));
        declared.unwrap_or_else(|| name.to_owned())
    }

    /// What stands below, in pieces.
    pub fn units(&self, range: Range<usize>) -> Vec<Unit> {
        let mut units = Vec::new();
        let mut at = range.start;
        while at < range.end {
            let token = &self.tokens[at];
            at += 1;
            match &token.tok {
                Tok::Letter(c) => units.push(Unit::Letter(self.letter_name(*c))),
                Tok::Number(_) => units.push(Unit::Number(self.digits(at - 1))),
                Tok::Command(command) => match role(command) {
                    Some(Role::Letter(name)) => units.push(Unit::Letter(self.command_name(command, name))),
                    Some(Role::Face | Role::Accent(_)) => {}
                    Some(Role::Word) => {
                        let (word, next) = self.word_at(at);
                        at = next.min(range.end);
                        units.push(Unit::Word(word));
                    }
                    Some(Role::Function(_)) => units.push(Unit::Word((*command).to_owned())),
                    _ => units.push(Unit::Other(match *command {
                        "infty" => "inf",
                        "ast" | "star" => "star",
                        "times" => "x",
                        "prime" => "prime",
                        "mid" => "given",
                        _ => "",
                    })),
                },
                Tok::Sign('_') => {
                    let inner = self.units(at..self.end_of_argument(at, range.end));
                    at = self.end_of_argument(at, range.end);
                    let below: String = inner.iter().map(Unit::text).collect();
                    if let Some(Unit::Letter(letter)) = units.last_mut() {
                        if !below.chars().all(|c| c.is_ascii_digit()) {
                            letter.push('_');
                        }
                        letter.push_str(&below);
                    }
                }
                Tok::Sign(',' | ';') => units.push(Unit::Comma),
                Tok::Sign(':') => units.push(Unit::Colon),
                Tok::Sign('{' | '}' | '[' | ']' | '(' | ')') => {}
                Tok::Sign(sign) => units.push(Unit::Other(match sign {
                    '*' => "star",
                    '+' => "plus",
                    '-' => "minus",
                    '|' => "given",
                    '\'' => "prime",
                    _ => "",
                })),
                Tok::Begin(_) | Tok::Finish(_) | Tok::End => units.push(Unit::Other("")),
            }
        }
        units
    }

    pub fn end_of_argument(&self, at: usize, end: usize) -> usize {
        if at < end && self.tokens[at].tok == Tok::Sign('{') { self.closing(at).map_or(end, |close| close + 1) } else { (at + 1).min(end) }
    }

    /// The digits of a number as they are written; of raised and lowered ones, those that they are.
    fn digits(&self, at: usize) -> String {
        let token = &self.tokens[at];
        match &token.tok {
            Tok::Number(n) => n.to_string(),
            _ => String::new(),
        }
    }

    /// What a name with something below it is.
    pub fn lowered(&mut self, name: &Name, range: Range<usize>) -> Result<Lowered> {
        let units = self.units(range.clone());
        let span = self.span_of(&range, name.span);
        if units.is_empty() {
            return Err(syntax("nothing stands below").at(span));
        }
        let suffix: String = joined(&units);
        let bound = units.iter().any(|u| matches!(u, Unit::Letter(l) if self.bound.contains(&Symbol::new(l))));
        let written = &self.text[self.tokens[range.start].span.start..self.tokens[range.end - 1].span.end];
        let spellings = [suffix.as_str(), written].map(|s| format!("{}{s}", name.text));
        let spellings = [format!("{}_{suffix}", name.text)].into_iter().chain(spellings).collect::<Vec<_>>();
        if !bound && let Some(known) = spellings.iter().find(|s| self.is_known(s)) {
            return Ok(Lowered::Name(known.clone()));
        }
        if let Some(order) = self.order_of(&name.text).filter(|order| *order > 0) {
            let positions = units.iter().filter(|u| matches!(u, Unit::Letter(_) | Unit::Number(_))).count();
            let entries = units.iter().all(|u| !matches!(u, Unit::Word(_) | Unit::Other("star" | "given" | "prime" | "inf" | "")));
            let digits = matches!(units.as_slice(), [Unit::Number(d)] if d.len() == order);
            if entries && (positions == order || digits || units.contains(&Unit::Colon) || units.contains(&Unit::Comma)) || bound {
                return Ok(Lowered::Entry);
            }
            return Ok(Lowered::Name(spellings[0].clone()));
        }
        if !self.is_known(&name.text)
            && let Some(value) = self.sized_symbol(name, &units, range, span)?
        {
            return Ok(Lowered::Value(value));
        }
        if !self.is_known(&name.text) && self.reads_as_entry(name, &units, span)? {
            return Ok(Lowered::Entry);
        }
        if units.iter().any(|u| matches!(u, Unit::Other(""))) || suffix.is_empty() {
            let error = syntax("what stands below is neither a name nor indices").at(span);
            return Err(error.help(r"indices are A_{ij}, entries A_{1,2}, names W_1, \sigma_x or P_{\text{new}}"));
        }
        if bound {
            let error = Error::new(ErrorKind::Index, format!("`{}` has an index of a sum below it in a way that is no entry", name.text));
            return Err(error.at(span).help("declare it as a tensor with as many axes as it has indices"));
        }
        Ok(Lowered::Name(spellings[0].clone()))
    }

    /// The name that this is with something below it, where only a name can stand.
    pub fn compound(&self, name: &Name, range: Range<usize>) -> Result<String> {
        let span = self.span_of(&range, name.span);
        let suffix = joined(&self.units(range));
        if suffix.is_empty() { Err(syntax("nothing stands below").at(span)) } else { Ok(format!("{}_{suffix}", name.text)) }
    }

    pub fn span_of(&self, range: &Range<usize>, start: Span) -> Span {
        range.clone().fold(start, |span, at| span.join(self.tokens[at].span))
    }

    /// Whether letters below an undeclared name are indices: those of a sum around it always, others by how they are usually meant.
    fn reads_as_entry(&self, name: &Name, units: &[Unit], span: Span) -> Result<bool> {
        let letters: Vec<&str> = units.iter().filter_map(|u| if let Unit::Letter(l) = u { Some(l.as_str()) } else { None }).collect();
        let plain = units.iter().all(|u| matches!(u, Unit::Letter(_) | Unit::Number(_) | Unit::Comma));
        if !plain {
            return Ok(units.contains(&Unit::Colon));
        }
        let positions = units.iter().filter(|u| **u != Unit::Comma).count();
        let all_numbers = letters.is_empty();
        if all_numbers {
            return Ok(units.contains(&Unit::Comma) && name.text.starts_with(char::is_uppercase));
        }
        let bound = |l: &&&str| self.bound.contains(&Symbol::new(l));
        let of_sum = letters.iter().filter(bound).count();
        let usual = |l: &&str, among: &str| {
            let stem = l.trim_end_matches(|c: char| c.is_ascii_digit());
            self.bound.contains(&Symbol::new(l)) || stem.len() == 1 && among.contains(stem)
        };
        if positions == 1 && (name.text.starts_with(char::is_uppercase) || name.bold && name.text.len() == 1) {
            if of_sum == 0 {
                return Ok(false);
            }
            let error = Error::new(
                ErrorKind::Index,
                format!("`{}` is one of several {} here", name.text, if name.bold { "vectors" } else { "matrices" }),
            );
            let help = "declare it as a vector if these are entries; the rows of a matrix X are read by entries: X_{ij}";
            return Err(error.at(span).help(help));
        }
        if positions == 1 {
            return Ok(letters.iter().all(|l| usual(l, INDEX_LETTERS) && (of_sum > 0 || l.len() > 1 || self.stands_below_twice(l))));
        }
        Ok(letters.join("") != "in" && letters.iter().all(|l| usual(l, MORE_INDEX_LETTERS)))
    }

    /// Whether a letter stands below more than one name. What stands there once is part of a name: the `k` of `\sqrt{d_k}`.
    fn stands_below_twice(&self, letter: &str) -> bool {
        let end = self.tokens.len();
        let below = (0..end).filter(|at| self.tokens[*at].tok == Tok::Sign('_')).map(|at| at + 1..self.end_of_argument(at + 1, end));
        let with_it = |range: &Range<usize>| self.units(range.clone()).iter().any(|u| matches!(u, Unit::Letter(l) if l == letter));
        below.filter(with_it).nth(1).is_some()
    }

    /// `I_n`, `\delta_{ij}`, `\varepsilon_{ijk}`, `K_{m,n}`, `D_n` where nothing of that name is declared.
    fn sized_symbol(&mut self, name: &Name, units: &[Unit], range: Range<usize>, span: Span) -> Result<Option<Expr>> {
        let indices = || {
            let one = |u: &Unit| match u {
                Unit::Letter(l) => Some(Subscript::Index(Symbol::new(l))),
                _ => None,
            };
            units.iter().filter(|u| **u != Unit::Comma).map(one).collect::<Option<Vec<_>>>()
        };
        let are_dims = || {
            units.iter().filter(|u| **u != Unit::Comma).all(|u| match u {
                Unit::Letter(l) => self.declarations.has_dim(Symbol::new(l)),
                Unit::Number(_) => true,
                _ => false,
            })
        };
        let call = match name.text.as_str() {
            "I" => Call::Eye,
            "K" if units.contains(&Unit::Comma) && are_dims() => Call::Commutation,
            "D" if units.len() == 1 && matches!(units[0], Unit::Letter(_)) && are_dims() => Call::Duplication,
            "delta" | "δ" if indices().is_some_and(|i| i.len() == 2) => {
                let subscripts = indices().unwrap_or_default();
                self.note_indices(&subscripts, None, span);
                return self.node(Op::Delta(subscripts), span).map(Some);
            }
            "epsilon" | "ε" | "ϵ" => {
                return match indices() {
                    Some(subscripts) if subscripts.len() > 2 => {
                        self.note_indices(&subscripts, None, span);
                        self.node(Op::LeviCivita(subscripts), span).map(Some)
                    }
                    Some(subscripts) if subscripts.len() == 2 => {
                        let error = Error::new(ErrorKind::Name, "this may be a tensor of two axes or the Levi-Civita symbol").at(span);
                        Err(error.help("declare `epsilon` if it is a tensor, as in epsilon: symmetric(3)"))
                    }
                    _ => Ok(None),
                };
            }
            _ => return Ok(None),
        };
        let sizes = self.sizes(range)?;
        self.node(Op::Call(Function::Call(call), sizes), span).map(Some)
    }

    /// `f(x)` of a declared function, of a function that a letter stands for, or `\lambda_{\max}(A)`.
    pub fn call_of_name(&mut self, name: &Name, scripts: &mut Vec<Script>) -> Result<Option<Expr>> {
        if scripts.is_empty()
            && let Some(function) = self.declarations.function(Symbol::new(&name.text))
            && self.is_elementwise_call()
        {
            return self.applied(function, name.span).map(Some);
        }
        if *self.peek() != Tok::Sign('(') {
            return match self.declarations.get(Symbol::new(&name.text)) {
                Some(Declaration::Function { .. }) => {
                    Err(Error::new(ErrorKind::Name, format!("`{}` is a function and needs its arguments", name.text))
                        .at(name.span)
                        .help(format!("write {}(…)", name.text)))
                }
                _ => Ok(None),
            };
        }
        let prime = matches!(scripts.as_slice(), [Script::Above(Above::Transpose)]);
        if let Some(mut function) = self.declarations.function(Symbol::new(&name.text)) {
            let primes = scripts.iter().all(|s| matches!(s, Script::Above(Above::Transpose)));
            if primes && function.is_of_scalars() && function.signature.arguments.len() == 1 {
                function = scripts.drain(..).fold(function, |f, _| f.derivative(0));
            }
            if !scripts.is_empty() {
                return Err(
                    Error::unsupported(format!("a derivative or a power of the function `{}` written above it", name.text)).at(name.span)
                );
            }
            return self.applied(function, name.span).map(Some);
        }
        if self.is_known(&name.text) || !scripts.is_empty() && !prime {
            return Ok(None);
        }
        let of_letter = match (name.text.as_str(), prime) {
            ("sigma" | "σ", false) => Some(Function::Map(Map::Sigmoid)),
            ("Gamma" | "Γ", false) => Some(Function::Map(Map::Gamma)),
            ("psi" | "ψ", false) => Some(Function::Map(Map::Digamma)),
            ("psi" | "ψ", true) => Some(Function::Map(Map::Trigamma)),
            (text, false) if text.contains('_') => function(text),
            _ => None,
        };
        if let Some(found) = of_letter {
            scripts.clear();
            return self.call(found, name.span).map(Some);
        }
        if FUNCTION_LETTERS.contains(&name.text.split('_').next().unwrap_or_default()) {
            let error = Error::new(ErrorKind::Name, format!("`{}` may be a function or a factor here", name.text)).at(name.span);
            let help = format!("declare it, as in {0}: function(vector(n)) -> scalar, or write {0} \\cdot (…) for a product", name.text);
            return Err(error.help(help));
        }
        Ok(None)
    }

    /// A name where a value stands.
    pub fn named(&mut self, name: &Name) -> Result<Expr> {
        let symbol = Symbol::new(&name.text);
        if let Some(kind) = self.declarations.variable(symbol) {
            let kind = self.kinds.entry(symbol).or_insert_with(|| Arc::new(kind.clone())).clone();
            return self.node(Op::Var(Var { name: symbol, kind: Some(kind) }), name.span);
        }
        if self.bound.contains(&symbol) {
            let error = Error::new(ErrorKind::Index, format!("`{}` is the index of a sum, and is used as a number here", name.text));
            return Err(error.at(name.span).help("an index stands only below a tensor; declare a vector for such weights"));
        }
        match name.text.as_str() {
            "pi" | "π" => return self.node(Op::Constant(Constant::Pi), name.span),
            "I" => {
                let ones = self.filled(true, Vec::new(), name.span)?;
                return self.node(Op::Call(Function::Call(Call::Diag), vec![ones]), name.span);
            }
            _ => {}
        }
        self.values.insert(symbol);
        if self.declarations.has_dim(symbol) {
            return self.node(Op::Size(Dim::of(symbol)), name.span);
        }
        self.node(Op::Var(Var::undeclared(&name.text)), name.span)
    }
}

impl Unit {
    pub fn text(&self) -> &str {
        match self {
            Unit::Letter(s) | Unit::Number(s) | Unit::Word(s) => s,
            Unit::Comma | Unit::Colon => "",
            Unit::Other(s) => s,
        }
    }
}

/// The pieces as a part of a name: `k|k-1` is `k_given_k_minus_1`.
fn joined(units: &[Unit]) -> String {
    let mut text = String::new();
    for (at, unit) in units.iter().enumerate() {
        let apart = |u: &Unit| matches!(u, Unit::Other(s) if *s != "star") || matches!(u, Unit::Comma);
        if at > 0 && (apart(unit) || apart(&units[at - 1])) && !text.ends_with('_') {
            text.push('_');
        }
        text.push_str(unit.text());
    }
    text
}
