//! Reads rules: from the files of the crate, once, and from those of a user.
//!
//! ```text
//! file     = { comment | rule }                       comment = "#" …, also between the lines of a rule
//! rule     = "rule" name { field }                    a field is an indented line: a word and its text
//! field    = "for" declarations | "law" law | "if" fact "(" sum ")" { "," … } | "by" step | "opens" sentence
//!          | "why" sentence | "source" text | "with" declarations | "example" law
//! law      = [ "d" ] sum ( "=>" | "=" ) sum
//! ```
//!
//! Cutting a file into rules is cheap and done at once; the laws within are read when a rule is first asked for, so
//! that a query pays only for the rules it looks at.

use crate::dim::Symbol;
use crate::error::{Error, ErrorKind, Result, Span};
use crate::expr::Expr;
use crate::parse::{Declaration, Declarations, parse};
use crate::rule::{Condition, Example, ExampleText, Fact, Rule, Step, change_of};
use std::collections::BTreeSet;
use std::sync::{Arc, LazyLock, OnceLock};

/// The files of the crate, in the order in which their rules are listed.
const THEMES: &[(&str, &str)] = &[
    ("transpose", include_str!("../rules/transpose.rules")),
    ("product", include_str!("../rules/product.rules")),
    ("trace", include_str!("../rules/trace.rules")),
    ("determinant", include_str!("../rules/determinant.rules")),
    ("inverse", include_str!("../rules/inverse.rules")),
    ("hadamard", include_str!("../rules/hadamard.rules")),
    ("diagonal", include_str!("../rules/diagonal.rules")),
    ("kronecker", include_str!("../rules/kronecker.rules")),
    ("norm", include_str!("../rules/norm.rules")),
    ("exponential", include_str!("../rules/exponential.rules")),
    ("sigmoid", include_str!("../rules/sigmoid.rules")),
    ("piecewise", include_str!("../rules/piecewise.rules")),
    ("sum", include_str!("../rules/sum.rules")),
    ("delta", include_str!("../rules/delta.rules")),
    ("derivative", include_str!("../rules/derivative.rules")),
];

/// A collection of rules, in the order of their files.
#[derive(Clone, Debug)]
pub struct Catalog {
    entries: Vec<Entry>,
}

#[derive(Clone, Debug)]
struct Entry {
    theme: Arc<str>,
    section: Section<'static>,
    by: Option<Step>,
    rule: Arc<OnceLock<Result<Rule>>>,
}

static STANDARD: LazyLock<Catalog> = LazyLock::new(Catalog::read_standard);

impl Catalog {
    /// The rules that come with the crate.
    ///
    /// ```
    /// let catalog = indicial::Catalog::standard();
    /// let rule = catalog.rule("transpose_mul").unwrap();
    /// assert_eq!(&*rule.law, "(A*B)' => B'*A'");
    /// ```
    pub fn standard() -> &'static Catalog {
        &STANDARD
    }

    /// The rules of the text of a `.rules` file, each read whole. It does not test them: `Rule::verify` and
    /// evaluation do.
    ///
    /// # Errors
    /// Of kind `Rule` for what is no rule, and those of the parser for what is no expression; with the place in `text`.
    pub fn parse(text: &str, theme: &str) -> Result<Vec<Rule>> {
        let theme: Arc<str> = theme.into();
        let sections = sections(text)?;
        let mut names = BTreeSet::new();
        for section in &sections {
            if !names.insert(section.name.text) {
                let message = format!("there are two rules named `{}`", section.name.text);
                return Err(Error::new(ErrorKind::Rule, message).at(section.name.span()));
            }
        }
        let rules: Vec<Rule> = sections.iter().map(|section| section.read(&theme)).collect::<Result<_>>()?;
        rules.iter().try_for_each(|rule| Catalog::examples(rule).map(|_| ()))?;
        Ok(rules)
    }

    /// The examples of a rule. Their names are declared by the field `with`, then by that of the rule.
    ///
    /// # Errors
    /// As [`Catalog::parse`]; none for a rule that it has read.
    pub fn examples(rule: &Rule) -> Result<Vec<Example>> {
        let mut declarations = Declarations::new();
        if let Some((text, start)) = &rule.example.with {
            declare(&mut declarations, Part { text, start: *start }, |_| true)?;
        }
        let own = declarations.clone();
        for (text, start) in &rule.example.declarations {
            declare(&mut declarations, Part { text, start: *start }, |name| own.get(name).is_none() && !own.has_dim(name))?;
        }
        let read_one = |(text, start): &(Arc<str>, usize)| {
            let mut declarations = declarations.clone();
            let (left, right, _) = read_law(Part { text, start: *start }, &mut declarations)?;
            Ok(Example { declarations, left, right, text: text.clone() })
        };
        rule.example.laws.iter().map(read_one).collect()
    }

    /// These rules and further ones.
    ///
    /// # Errors
    /// If a name is taken.
    pub fn with(&self, rules: impl IntoIterator<Item = Rule>) -> Result<Catalog> {
        let mut catalog = self.clone();
        for rule in rules {
            if catalog.entries.iter().any(|e| e.name() == &*rule.name) {
                return Err(Error::new(ErrorKind::Rule, format!("there is a rule named `{}` already", rule.name)));
            }
            let entry = Entry { theme: rule.theme.clone(), section: Section::default(), by: rule.by, rule: Arc::default() };
            entry.rule.get_or_init(|| Ok(rule));
            catalog.entries.push(entry);
        }
        Ok(catalog)
    }

    /// All rules.
    pub fn rules(&self) -> impl Iterator<Item = &Rule> {
        self.entries.iter().filter_map(Entry::rule)
    }

    /// The rules that saturation uses.
    pub fn rewrites(&self) -> impl Iterator<Item = &Rule> {
        self.entries.iter().filter(|e| e.by.is_none()).filter_map(Entry::rule)
    }

    /// Those of the rules that saturation uses of which `occurs` is true for each function that a side to be matched calls. The others
    /// are not even read.
    pub fn rewrites_among(&self, occurs: impl Fn(&str) -> bool) -> impl Iterator<Item = &Rule> {
        let possible = move |e: &&Entry| e.by.is_none() && e.matched_sides().any(|side| functions(side).all(&occurs));
        self.entries.iter().filter(possible).filter_map(Entry::rule)
    }

    /// The laws that saturation uses as they are written, without reading them as expressions, each with the place of
    /// its rule.
    pub(crate) fn rewrite_texts(&self) -> impl Iterator<Item = (usize, &str)> {
        self.entries.iter().enumerate().filter(|(_, e)| e.by.is_none()).map(|(at, e)| (at, e.law()))
    }

    /// Likewise all laws but those of differentials.
    pub(crate) fn equation_texts(&self) -> impl Iterator<Item = (usize, &str)> {
        self.entries.iter().enumerate().filter(|(_, e)| e.by != Some(Step::Differentiation)).map(|(at, e)| (at, e.law()))
    }

    /// The rule at a place.
    pub(crate) fn rule_at(&self, at: usize) -> Option<&Rule> {
        self.entries.get(at).and_then(Entry::rule)
    }

    /// The rule of that name.
    pub fn rule(&self, name: &str) -> Option<&Rule> {
        self.entries.iter().find(|e| e.name() == name).and_then(Entry::rule)
    }

    pub fn len(&self) -> usize {
        self.entries.len()
    }

    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// A file of the crate that cannot be read leaves its rules out; the crate's tests read every one.
    fn read_standard() -> Catalog {
        let mut entries = Vec::new();
        for (theme, text) in THEMES {
            let theme: Arc<str> = (*theme).into();
            for section in sections(text).unwrap_or_default() {
                let by = section.by().unwrap_or(Some(Step::Expansion));
                entries.push(Entry { theme: theme.clone(), section, by, rule: Arc::default() });
            }
        }
        Catalog { entries }
    }

    /// The files of the crate: theme and text.
    pub fn files() -> impl Iterator<Item = (&'static str, &'static str)> {
        THEMES.iter().copied()
    }
}

impl Entry {
    fn name(&self) -> &str {
        match self.rule.get() {
            Some(Ok(rule)) => &rule.name,
            _ => self.section.name.text,
        }
    }

    fn law(&self) -> &str {
        match self.rule.get() {
            Some(Ok(rule)) => &rule.law,
            _ => self.section.get("law").map_or("", |part| part.text),
        }
    }

    /// The left side; of a law that goes both ways, both.
    fn matched_sides(&self) -> impl Iterator<Item = &str> {
        let law = self.law();
        let one_way = law.find("=>").map(|at| &law[..at]);
        one_way.into_iter().chain(law.split('=').filter(move |_| one_way.is_none()))
    }

    fn rule(&self) -> Option<&Rule> {
        self.rule.get_or_init(|| self.section.read(&self.theme)).as_ref().ok()
    }
}

/// The names before an opening bracket.
fn functions(law: &str) -> impl Iterator<Item = &str> {
    let name = |before: &str| before.len() - before.bytes().rev().take_while(|b| b.is_ascii_alphanumeric() || *b == b'_').count();
    law.match_indices('(').map(move |(at, _)| &law[name(&law[..at])..at]).filter(|word| !word.is_empty())
}

/// A part of a file with its place.
#[derive(Clone, Copy, Debug, Default)]
struct Part<'a> {
    text: &'a str,
    start: usize,
}

impl<'a> Part<'a> {
    fn span(self) -> Span {
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

    fn error(self, message: impl Into<String>) -> Error {
        Error::new(ErrorKind::Rule, message).at(self.span())
    }
}

/// A rule as the lines of its file.
#[derive(Clone, Debug, Default)]
struct Section<'a> {
    name: Part<'a>,
    fields: Vec<(&'a str, Part<'a>)>,
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

/// Cuts a file into rules and these into fields.
fn sections(text: &str) -> Result<Vec<Section<'_>>> {
    let mut all: Vec<Section> = Vec::new();
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let part = Part { text: line, start }.trim();
        start += line.len();
        if part.text.is_empty() || part.text.starts_with('#') {
            continue;
        }
        let (word, rest) = part.text.split_once(char::is_whitespace).unwrap_or((part.text, ""));
        let value = part.from(part.text.len() - rest.len());
        if line.starts_with(char::is_whitespace) {
            let Some(rule) = all.last_mut() else { return Err(part.error("a field outside a rule").help("begin with `rule NAME`")) };
            rule.add(word, part.to(word.len()), value)?;
        } else if word == "rule" && is_name(value.text) {
            all.push(Section { name: value, fields: Vec::new() });
        } else {
            return Err(part.error("expected `rule NAME`").help("the fields of a rule are indented; a name is of a-z, A-Z, 0-9 and _"));
        }
    }
    Ok(all)
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
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

    fn get(&self, word: &str) -> Option<Part<'a>> {
        self.fields.iter().find(|(name, _)| *name == word).map(|(_, value)| *value)
    }

    fn need(&self, word: &str) -> Result<Part<'a>> {
        self.get(word).ok_or_else(|| self.name.error(format!("the rule `{}` has no `{word}`", self.name.text)))
    }

    fn by(&self) -> Result<Option<Step>> {
        self.get("by").map(|part| Step::named(part.text).map_err(|e| part.shift(e))).transpose()
    }

    fn read(&self, theme: &Arc<str>) -> Result<Rule> {
        let mut declarations = Declarations::new();
        for part in self.all("for") {
            declare(&mut declarations, part, |_| true)?;
        }
        let law = self.need("law")?;
        let (left, right, statement) = read_law(law, &mut declarations)?;
        let conditions = self.get("if").map_or(Ok(Vec::new()), |part| read_conditions(part, &declarations))?;
        self.need("example")?;
        Ok(Rule {
            name: self.name.text.into(),
            theme: theme.clone(),
            left,
            right,
            two_way: statement.two_way,
            differential: statement.differential,
            conditions,
            by: self.by()?,
            opens: self.get("opens").map(|part| part.text.into()),
            why: self.need("why")?.text.into(),
            source: self.need("source")?.text.into(),
            example: self.example_text(),
            law: law.text.into(),
            span: law.span(),
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

struct Statement {
    two_way: bool,
    differential: bool,
}

/// `LEFT => RIGHT`, `LEFT = RIGHT` or `d F => RIGHT`; the last declares `dX` for each variable `X`.
fn read_law(part: Part, declarations: &mut Declarations) -> Result<(Expr, Expr, Statement)> {
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
    let statement = Statement { two_way: arrow == "=", differential };
    Ok((read(left, declarations)?, read(right, declarations)?, statement))
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
fn read_conditions(part: Part, declarations: &Declarations) -> Result<Vec<Condition>> {
    let mut all = Vec::new();
    let mut rest = part;
    while !rest.text.is_empty() {
        let Some(open) = rest.text.find('(') else { return Err(rest.error("expected `fact(expression)`")) };
        let Some(close) = closing(rest.text, open) else { return Err(rest.error("a bracket is not closed")) };
        let word = rest.to(open);
        let fact = Fact::named(word.text).map_err(|e| word.shift(e))?;
        let subject = read(rest.to(close).from(open + 1), declarations)?;
        all.push(Condition { fact, subject });
        rest = rest.from(close + 1);
        if let Some(after) = rest.text.strip_prefix(',') {
            rest = rest.from(rest.text.len() - after.len());
        } else if !rest.text.is_empty() {
            return Err(rest.error("expected `,` between two conditions"));
        }
    }
    Ok(all)
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

#[cfg(test)]
mod tests;
