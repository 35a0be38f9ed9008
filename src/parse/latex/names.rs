//! What a letter with what stands below it is: a name, an entry, or a tensor with a size.

use super::commands::{Role, english, function, role};
use super::parser::{Above, Parser, Script};
use super::scan::{Tok, Writing};
use crate::dim::{Dim, Symbol};
use crate::error::{Error, ErrorKind, Result, Span};
use crate::expr::{Expr, Op, Subscript, Var};
use crate::function::{Call, Constant, Function, Map};
use crate::outline::{Outline, outline};
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
enum Unit {
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
    fn units(&self, range: Range<usize>) -> Vec<Unit> {
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

    fn end_of_argument(&self, at: usize, end: usize) -> usize {
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

    fn span_of(&self, range: &Range<usize>, start: Span) -> Span {
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
            return Ok(letters.iter().all(|l| usual(l, INDEX_LETTERS)));
        }
        Ok(letters.join("") != "in" && letters.iter().all(|l| usual(l, MORE_INDEX_LETTERS)))
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

    /// The sizes below a 1, a 0 or an I: `n`, `m \times n`, `m, n`.
    pub fn sizes(&mut self, range: Range<usize>) -> Result<Vec<Expr>> {
        self.within(range, |p| {
            let mut all = vec![p.size()?];
            while matches!(p.peek(), Tok::Command("times") | Tok::Sign(',')) {
                p.advance();
                all.push(p.size()?);
            }
            Ok(all)
        })
    }

    /// One size: a sum of products of names and numbers.
    fn size(&mut self) -> Result<Expr> {
        let mut terms = Vec::new();
        let start = self.span();
        let mut negative = false;
        loop {
            let mut factors = Vec::new();
            while self.starts_factor() || matches!(self.peek(), Tok::Sign('*') | Tok::Command("cdot")) {
                if matches!(self.peek(), Tok::Sign('*') | Tok::Command("cdot")) {
                    self.advance();
                }
                factors.push(self.factor()?);
            }
            let product = match factors.len() {
                0 => return Err(self.unexpected("a size")),
                1 => factors.swap_remove(0),
                _ => self.node(Op::Mul(factors), start)?,
            };
            terms.push(if negative { self.node(Op::Neg(product), start)? } else { product });
            negative = *self.peek() == Tok::Sign('-');
            if !matches!(self.peek(), Tok::Sign('+' | '-')) {
                break;
            }
            self.advance();
        }
        if terms.len() == 1 { Ok(terms.swap_remove(0)) } else { self.node(Op::Add(terms), start) }
    }

    /// Ones or zeros; without sizes they are as large as their place needs.
    pub fn filled(&mut self, ones: bool, sizes: Vec<Expr>, start: Span) -> Result<Expr> {
        let op = match (ones, sizes.is_empty()) {
            (true, true) => Op::Call(Function::Call(Call::Vector), vec![Expr::number(1)]),
            (true, false) => Op::Call(Function::Call(Call::Ones), sizes),
            (false, true) => Op::Number(crate::number::Number::ZERO),
            (false, false) => Op::Call(Function::Call(Call::Zeros), sizes),
        };
        self.node(op, start)
    }

    /// The entry of a value with these tokens below it.
    pub fn entry(&mut self, value: Expr, range: Range<usize>, start: Span) -> Result<Expr> {
        let span = self.span_of(&range, start);
        let order = match value.op() {
            Op::Var(v) => v.kind.as_ref().map(|k| k.shape.axes().len()),
            _ => match outline(&value) {
                Some(Outline::Matrix) => Some(2),
                Some(Outline::Column | Outline::Row) => Some(1),
                Some(Outline::Scalar) | None => None,
            },
        };
        // `A[i,j]` has its brackets among the tokens.
        let bracketed = range.len() > 1 && self.tokens[range.start].tok == Tok::Sign('[');
        let inner = if bracketed { range.start + 1..range.end - 1 } else { range };
        let subscripts = self.within(inner, |p| p.positions(order, bracketed))?;
        self.note_indices(&subscripts, Some(&value), span);
        self.node(Op::Subscript(value, subscripts), start)
    }

    /// Indices, numbers of entries and ranges. Without commas each letter and, if the order is right, each digit is one.
    fn positions(&mut self, order: Option<usize>, bracketed: bool) -> Result<Vec<Subscript>> {
        let separated = bracketed || (self.at..self.end).any(|at| matches!(self.tokens[at].tok, Tok::Sign(',' | ':')));
        let mut all = Vec::new();
        while *self.peek() != Tok::End {
            if let Tok::Number(n) = self.peek().clone()
                && !separated
                && let Some(order) = order.filter(|o| *o > 1)
                && n.to_string().len() == order
                && n.is_integer()
            {
                all.extend(n.to_string().chars().filter_map(|c| c.to_digit(10)).map(|d| Subscript::At(Expr::number(i64::from(d)))));
                self.advance();
                continue;
            }
            all.push(self.position(separated)?);
            if separated && !self.eat(&Tok::Sign(',')) && *self.peek() != Tok::End {
                return Err(self.unexpected("`,` between two subscripts"));
            }
        }
        if all.is_empty() { Err(self.unexpected("indices")) } else { Ok(all) }
    }

    fn position(&mut self, separated: bool) -> Result<Subscript> {
        if self.eat(&Tok::Sign(':')) {
            return Ok(Subscript::All);
        }
        if let Some((index, next)) = self.index_here()
            && (!separated || next >= self.end || self.tokens[next].tok == Tok::Sign(','))
        {
            self.at = next;
            return Ok(Subscript::Index(index));
        }
        let from = if separated { self.sum()? } else { self.factor()? };
        if self.eat(&Tok::Sign(':')) { Ok(Subscript::Range(from, self.sum()?)) } else { Ok(Subscript::At(from)) }
    }

    /// An undeclared letter that stands here, as an index, and the token after it.
    pub fn index_here(&self) -> Option<(Symbol, usize)> {
        if self.writing != Writing::Latex && matches!(self.peek(), Tok::Letter(_)) {
            let mut at = self.at;
            let mut name = String::new();
            while at < self.end && (at == self.at || self.tokens[at].span.start == self.tokens[at - 1].span.end) {
                let span = self.tokens[at].span;
                match &self.tokens[at].tok {
                    Tok::Letter(c) => name.push(*c),
                    Tok::Number(n) => name.push_str(&n.to_string()),
                    Tok::Sign('_') if self.text[span.start..span.end] == *"_" => name.push('_'),
                    // Lowered signs: all tokens of these stand at one place.
                    Tok::Sign('_') => {
                        let end = self.end_of_argument(at + 1, self.end);
                        self.units(at + 1..end).iter().for_each(|u| name.push_str(u.text()));
                        at = end - 1;
                    }
                    _ => break,
                }
                at += 1;
            }
            return if self.is_known(&name) { None } else { Some((Symbol::new(&name), at)) };
        }
        let below = |at: usize| at < self.end && self.tokens[at].tok == Tok::Sign('_');
        let alone = match self.peek() {
            Tok::Letter(_) => true,
            Tok::Command(command) => matches!(role(command), Some(Role::Letter(_))),
            _ => false,
        };
        if !alone {
            return None;
        }
        let next = if below(self.at + 1) { self.end_of_argument(self.at + 2, self.end) } else { self.at + 1 };
        match self.units(self.at..next).as_slice() {
            [Unit::Letter(name)] if !self.is_known(name) => Some((Symbol::new(name), next)),
            _ => None,
        }
    }

    /// Remembers which indices stand here, and along which axes they run.
    pub fn note_indices(&mut self, subscripts: &[Subscript], tensor: Option<&Expr>, span: Span) {
        let axes = match tensor.map(Expr::op) {
            Some(Op::Var(Var { kind: Some(kind), .. })) => kind.shape.axes(),
            _ => Default::default(),
        };
        for (at, subscript) in subscripts.iter().enumerate() {
            let Subscript::Index(index) = subscript else { continue };
            self.indices.insert(*index);
            if !self.bound.contains(index) {
                self.loose.entry(*index).or_insert(span);
            }
            if let Some(axis) = axes.get(at).filter(|_| axes.len() == subscripts.len()) {
                self.axes.push((*index, *axis));
            }
        }
    }

    /// `[A_{ij} x_j]_i`: a tensor of its free indices, if these are free in the body.
    pub fn tensor_of_free_indices(&mut self, body: &Expr, range: Range<usize>, start: Span) -> Result<Option<Expr>> {
        let mut outputs = Vec::new();
        for unit in self.units(range) {
            match unit {
                Unit::Letter(l) if !self.is_known(&l) => outputs.push((Symbol::new(&l), None)),
                Unit::Comma => {}
                _ => return Ok(None),
            }
        }
        let free = |i: Symbol| {
            body.any(&mut |op| match op {
                Op::Subscript(_, s) | Op::Delta(s) | Op::LeviCivita(s) => s.contains(&Subscript::Index(i)),
                _ => false,
            })
        };
        if outputs.is_empty() || !outputs.iter().any(|(i, _)| free(*i)) {
            return Ok(None);
        }
        for (index, _) in &outputs {
            self.loose.shift_remove(index);
        }
        self.node(Op::Braces(body.clone(), outputs), start).map(Some)
    }

    /// `f(x)` of a declared function, of a function that a letter stands for, or `\lambda_{\max}(A)`.
    pub fn call_of_name(&mut self, name: &Name, scripts: &mut Vec<Script>) -> Result<Option<Expr>> {
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
        if let Some(Declaration::Function { arguments, .. }) = self.declarations.get(Symbol::new(&name.text)) {
            if !scripts.is_empty() {
                return Err(
                    Error::unsupported(format!("a derivative or a power of the function `{}` written above it", name.text)).at(name.span)
                );
            }
            let scalars = arguments.iter().all(|k| k.shape == crate::expr::Shape::Scalar);
            let arguments = self.arguments(&format!("{}(…)", name.text), arguments.len(), arguments.len(), name.span)?;
            let elementwise = scalars && arguments.iter().any(|a| outline(a) != Some(Outline::Scalar));
            let op = Op::Apply { function: Symbol::new(&name.text), elementwise, arguments };
            return self.node(op, name.span).map(Some);
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
        if !prime && FUNCTION_LETTERS.contains(&name.text.split('_').next().unwrap_or_default()) {
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
    fn text(&self) -> &str {
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
