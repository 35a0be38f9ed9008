//! Cuts files into rules and these into fields, and reads what stands in them.

use crate::dim::Symbol;
use crate::error::{Error, ErrorKind, Result, Span};
use crate::expr::Expr;
use crate::parse::{Declaration, Declarations, parse};
use crate::rule::{Condition, Example, ExampleText, Fact, Places, Rule, Step, change_of};
use std::sync::Arc;

/// A part of a file with its place.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Part<'a> {
    pub text: &'a str,
    pub start: usize,
}

impl<'a> Part<'a> {
    pub fn span(self) -> Span {
        Span::new(self.start, self.start + self.text.len())
    }

    fn from(self, start: usize) -> Part<'a> {
        Part { text: &self.text[start..], start: self.start + start }.trim()
    }

    fn to(self, end: usize) -> Part<'a> {
        Part { text: &self.text[..end], start: self.start }.trim()
    }

    fn trim(self) -> Part<'a> {
        let text = self.text.trim_start();
        Part { text: text.trim_end(), start: self.start + self.text.len() - text.len() }
    }

    /// An error within this part, with its place in the file.
    fn shift(self, mut error: Error) -> Error {
        let place = |s: Span| Span::new(s.start + self.start, s.end + self.start);
        error.span = Some(error.span.map_or(self.span(), place));
        error.notes.iter_mut().for_each(|(s, _)| *s = place(*s));
        error
    }

    pub fn error(self, message: impl Into<String>) -> Error {
        Error::new(ErrorKind::Rule, message).at(self.span())
    }
}

/// A rule as the lines of its file.
#[derive(Clone, Debug, Default)]
pub(super) struct Section<'a> {
    pub name: Part<'a>,
    fields: Vec<(&'a str, Part<'a>)>,
    /// Whether a line of it is no field, which is an error of its own.
    pub broken: bool,
}

/// The fields that a rule may have, and whether it may have several of them.
const FIELDS: &[(&str, bool)] = &[
    ("for", true),
    ("law", false),
    ("if", false),
    ("by", false),
    ("opens", false),
    ("why", false),
    ("source", false),
    ("with", false),
    ("example", true),
];

/// Cuts a file into rules and these into fields. What is neither is an error; the rest is read nevertheless.
pub(super) fn sections(text: &str) -> (Vec<Section<'_>>, Vec<Error>) {
    let (mut all, mut errors) = (Vec::<Section>::new(), Vec::new());
    let (mut start, mut lost) = (0, false);
    for line in text.split_inclusive('\n') {
        let part = Part { text: line, start }.trim();
        start += line.len();
        if part.text.is_empty() || part.text.starts_with('#') {
            continue;
        }
        let (word, rest) = part.text.split_once(char::is_whitespace).unwrap_or((part.text, ""));
        let value = part.from(part.text.len() - rest.len());
        if line.starts_with(char::is_whitespace) {
            match all.last_mut() {
                // The fields of a rule whose first line is wrong.
                _ if lost => {}
                Some(rule) => {
                    if let Err(e) = rule.add(word, part.to(word.len()), value) {
                        rule.broken = true;
                        errors.push(e);
                    }
                }
                None => errors.push(part.error("a field outside a rule").help("begin with `rule NAME`")),
            }
        } else {
            let header = header(word, part, value);
            lost = header.is_err();
            match header {
                Ok(name) => all.push(Section { name, ..Section::default() }),
                Err(e) => errors.push(e),
            }
        }
    }
    (all, errors)
}

/// The name in `rule NAME`.
fn header<'a>(word: &str, line: Part<'a>, name: Part<'a>) -> Result<Part<'a>> {
    if word != "rule" || name.text.is_empty() || name.text.contains(char::is_whitespace) {
        return Err(line.error("expected `rule NAME`").help("a rule begins with `rule NAME`; its fields are indented"));
    }
    if !is_name(name.text) {
        let error = name.error(format!("`{}` is no name of a rule", name.text));
        return Err(
            error.help("a name is words of a-z, A-Z and 0-9 with `_` between them, and begins with a small letter: `transpose_mul`")
        );
    }
    Ok(name)
}

/// `transpose_mul`, `normF_sq`.
fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.split('_').all(|word| !word.is_empty() && word.bytes().all(|b| b.is_ascii_alphanumeric()))
}

/// The examples of a rule. Their names are declared by the field `with`, then by that of the rule.
pub(super) fn examples(text: &ExampleText) -> Result<Vec<Example>> {
    let mut declarations = Declarations::new();
    if let Some((text, start)) = &text.with {
        declare(&mut declarations, Part { text, start: *start }, |_| true)?;
    }
    let own = declarations.clone();
    for (text, start) in &text.declarations {
        declare(&mut declarations, Part { text, start: *start }, |name| own.get(name).is_none() && !own.has_dim(name))?;
    }
    let read_one = |(text, start): &(Arc<str>, usize)| {
        let mut declarations = declarations.clone();
        let part = Part { text, start: *start };
        let law = read_law(part, &mut declarations)?;
        let Law { left, right, differential, places, .. } = law;
        Ok(Example { declarations, left, right, differential, text: text.clone(), span: part.span(), places })
    };
    text.laws.iter().map(read_one).collect()
}

impl<'a> Section<'a> {
    fn add(&mut self, word: &'a str, place: Part<'a>, value: Part<'a>) -> Result<()> {
        let Some((_, several)) = FIELDS.iter().find(|(name, _)| *name == word) else {
            let known: Vec<&str> = FIELDS.iter().map(|(name, _)| *name).collect();
            return Err(place.error(format!("a rule has no field `{word}`")).help(format!("the fields are {}", known.join(", "))));
        };
        if !several && self.fields.iter().any(|(name, _)| *name == word) {
            return Err(place.error(format!("the field `{word}` stands twice in `{}`", self.name.text)));
        }
        if value.text.is_empty() {
            return Err(place.error(format!("the field `{word}` is empty")));
        }
        self.fields.push((word, value));
        Ok(())
    }

    pub fn get(&self, word: &str) -> Option<Part<'a>> {
        self.fields.iter().find(|(name, _)| *name == word).map(|(_, value)| *value)
    }

    fn need(&self, word: &str) -> Result<Part<'a>> {
        self.get(word).ok_or_else(|| self.name.error(format!("the rule `{}` has no `{word}`", self.name.text)))
    }

    pub fn by(&self) -> Result<Option<Step>> {
        self.get("by").map(|part| Step::named(part.text).map_err(|e| part.shift(e))).transpose()
    }

    pub(super) fn read(&self, theme: &Arc<str>) -> Result<Rule> {
        let mut declarations = Declarations::new();
        for part in self.all("for") {
            declare(&mut declarations, part, |_| true)?;
        }
        let text = self.need("law")?;
        let law = read_law(text, &mut declarations)?;
        let (conditions, places) = self.get("if").map_or(Ok(Default::default()), |part| read_conditions(part, &declarations))?;
        let (why, source) = (self.need("why")?, self.need("source")?);
        self.need("example")?;
        let (left, right) = law.places;
        Ok(Rule {
            name: self.name.text.into(),
            theme: theme.clone(),
            left: law.left,
            right: law.right,
            two_way: law.two_way,
            differential: law.differential,
            conditions,
            by: self.by()?,
            opens: self.get("opens").map(|part| part.text.into()),
            why: why.text.into(),
            source: source.text.into(),
            example: self.example_text(),
            law: text.text.into(),
            span: text.span(),
            places: Places {
                name: self.name.span(),
                left,
                right,
                conditions: places,
                opens: self.get("opens").map(Part::span),
                why: why.span(),
                source: source.span(),
            },
            declarations,
        })
    }

    fn all(&self, word: &str) -> impl Iterator<Item = Part<'a>> {
        self.fields.iter().filter(move |(name, _)| *name == word).map(|(_, part)| *part)
    }

    fn example_text(&self) -> ExampleText {
        let keep = |part: Part| (part.text.into(), part.start);
        ExampleText {
            with: self.get("with").map(keep),
            declarations: self.all("for").map(keep).collect(),
            laws: self.all("example").map(keep).collect(),
        }
    }
}

/// Adds those of the declarations of a field that are wanted; `n: dimension` declares a dimension.
fn declare(declarations: &mut Declarations, part: Part, wanted: impl Fn(Symbol) -> bool) -> Result<()> {
    let mut start = part.start;
    for text in part.text.split(';') {
        let piece = Part { text, start }.trim();
        start += text.len() + 1;
        let Some((name, kind)) = piece.text.split_once(':') else { return Err(piece.error("expected `name: kind`")) };
        let name = Symbol::new(name.trim());
        if kind.trim() == "dimension" {
            declarations.insert_dim(name).map_err(|e| piece.shift(e))?;
        } else if wanted(name) {
            declarations.extend(piece.text).map_err(|e| piece.shift(e))?;
        }
    }
    Ok(())
}

/// A law as it is read, with the places of its sides.
struct Law {
    left: Expr,
    right: Expr,
    two_way: bool,
    differential: bool,
    places: (Span, Span),
}

/// `LEFT => RIGHT`, `LEFT = RIGHT` or `d F => RIGHT`; the last declares `dX` for each variable `X`.
fn read_law(part: Part, declarations: &mut Declarations) -> Result<Law> {
    let (at, arrow) = match (part.text.find("=>"), part.text.find('=')) {
        (Some(at), _) => (at, "=>"),
        (None, Some(at)) => (at, "="),
        (None, None) => return Err(part.error("expected `LEFT => RIGHT` or `LEFT = RIGHT`")),
    };
    let (left, right) = (part.to(at), part.from(at + arrow.len()));
    let differential = left.text.strip_prefix('d').is_some_and(|rest| rest.starts_with(char::is_whitespace));
    let left = if differential { left.from(1) } else { left };
    if differential {
        declare_changes(declarations).map_err(|e| part.shift(e))?;
    }
    let places = (left.span(), right.span());
    let (left, right) = (read(left, declarations)?, read(right, declarations)?);
    Ok(Law { left, right, two_way: arrow == "=", differential, places })
}

fn read(part: Part, declarations: &Declarations) -> Result<Expr> {
    parse(part.text, declarations).map_err(|e| part.shift(e))
}

/// For each variable `X` also `dX`, of its shape.
fn declare_changes(declarations: &mut Declarations) -> Result<()> {
    let variables: Vec<(Symbol, Declaration)> = declarations.iter().map(|(name, d)| (name, d.clone())).collect();
    for (name, declaration) in variables {
        if let Declaration::Variable(kind) = declaration {
            declarations.insert(change_of(name), Declaration::Variable(kind.shape.into()))?;
        }
    }
    Ok(())
}

/// `fact(sum), fact(sum)`
fn read_conditions(part: Part, declarations: &Declarations) -> Result<(Vec<Condition>, Vec<Span>)> {
    let (mut all, mut places) = (Vec::new(), Vec::new());
    let mut rest = part;
    while !rest.text.is_empty() {
        let Some(open) = rest.text.find('(') else { return Err(rest.error("expected `fact(expression)`")) };
        let Some(close) = closing(rest.text, open) else { return Err(rest.error("a bracket is not closed")) };
        let word = rest.to(open);
        let fact = Fact::named(word.text).map_err(|e| word.shift(e))?;
        let subject = read(rest.to(close).from(open + 1), declarations)?;
        all.push(Condition { fact, subject });
        places.push(rest.to(close + 1).span());
        rest = rest.from(close + 1);
        if let Some(after) = rest.text.strip_prefix(',') {
            rest = rest.from(rest.text.len() - after.len());
        } else if !rest.text.is_empty() {
            return Err(rest.error("expected `,` between two conditions"));
        }
    }
    Ok((all, places))
}

/// The bracket that closes the one at `open`.
fn closing(text: &str, open: usize) -> Option<usize> {
    let mut depth = 0usize;
    for (at, byte) in text.bytes().enumerate().skip(open) {
        match byte {
            b'(' => depth += 1,
            b')' if depth == 1 => return Some(at),
            b')' => depth -= 1,
            _ => {}
        }
    }
    None
}
