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

mod read;

use crate::error::{Error, ErrorKind, Result};
use crate::parse::nearest;
use crate::rule::{Example, Rule, Step};
use read::{Section, sections};
use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock, OnceLock};

/// The files of the crate, in the order in which their rules are listed.
const THEMES: &[(&str, &str)] = &[
    ("transpose", include_str!("../../rules/transpose.rules")),
    ("product", include_str!("../../rules/product.rules")),
    ("trace", include_str!("../../rules/trace.rules")),
    ("determinant", include_str!("../../rules/determinant.rules")),
    ("inverse", include_str!("../../rules/inverse.rules")),
    ("matrix_function", include_str!("../../rules/matrix_function.rules")),
    ("hadamard", include_str!("../../rules/hadamard.rules")),
    ("diagonal", include_str!("../../rules/diagonal.rules")),
    ("kronecker", include_str!("../../rules/kronecker.rules")),
    ("norm", include_str!("../../rules/norm.rules")),
    ("exponential", include_str!("../../rules/exponential.rules")),
    ("sigmoid", include_str!("../../rules/sigmoid.rules")),
    ("piecewise", include_str!("../../rules/piecewise.rules")),
    ("sum", include_str!("../../rules/sum.rules")),
    ("delta", include_str!("../../rules/delta.rules")),
    ("derivative", include_str!("../../rules/derivative.rules")),
];

/// A collection of rules, in the order of their files.
#[derive(Clone, Debug, Default)]
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

static STANDARD: LazyLock<Catalog> = LazyLock::new(|| Catalog::read_own(THEMES));
static REJECTED: LazyLock<Catalog> = LazyLock::new(|| Catalog::read_own(&[("rejected", include_str!("../../rules/rejected.rules"))]));

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

    /// The falsehoods that the crate keeps: each of them looks like a law, is none, and says why. No other catalog holds them.
    ///
    /// ```
    /// let rejected = indicial::Catalog::rejected();
    /// assert_eq!(&*rejected.rule("det_add").unwrap().law, "det(A + B) => det(A) + det(B)");
    /// ```
    pub fn rejected() -> &'static Catalog {
        &REJECTED
    }

    /// The rules of the text of a `.rules` file, each read whole. [`Catalog::extend`] holds them against the lints and the
    /// tests as well.
    ///
    /// # Errors
    /// Of kind `Rule` for what is no rule, and those of the parser for what is no expression; with the place in `text`.
    pub fn parse(text: &str, theme: &str) -> Result<Vec<Rule>> {
        let (rules, errors) = Catalog::parse_all(text, theme);
        match errors.into_iter().next() {
            Some(e) => Err(e),
            None => Ok(rules),
        }
    }

    /// The rules of a text that can be read, and every error in the others, in the order of their places.
    pub(crate) fn parse_all(text: &str, theme: &str) -> (Vec<Rule>, Vec<Error>) {
        let theme: Arc<str> = theme.into();
        let (sections, mut errors) = sections(text);
        let mut first = BTreeMap::new();
        let mut rules = Vec::with_capacity(sections.len());
        for section in &sections {
            let name = section.name;
            if let Some(before) = first.insert(name.text, name) {
                errors.push(name.error(format!("there are two rules named `{}`", name.text)).note(before.span(), "the first one"));
            }
            if section.broken {
                continue;
            }
            match section.read(&theme).and_then(|rule| read::examples(&rule.example).map(|_| rule)) {
                Ok(rule) => rules.push(rule),
                Err(e) => errors.push(e),
            }
        }
        errors.sort_by_key(|e| e.span.map(|s| s.start));
        (rules, errors)
    }

    /// The examples of a rule. Their names are declared by the field `with`, then by that of the rule.
    ///
    /// # Errors
    /// As [`Catalog::parse`]; none for a rule that it has read.
    pub fn examples(rule: &Rule) -> Result<Vec<Example>> {
        read::examples(&rule.example)
    }

    /// These rules and further ones.
    ///
    /// # Errors
    /// If a name is taken.
    pub fn with(&self, rules: impl IntoIterator<Item = Rule>) -> Result<Catalog> {
        let mut catalog = self.clone();
        for rule in rules {
            if catalog.has(&rule.name) {
                return Err(Error::new(ErrorKind::Rule, format!("there is a rule named `{}` already", rule.name)).at(rule.places.name));
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

    /// Whether there is a rule of that name.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.entries.iter().any(|e| e.name() == name)
    }

    /// The laws as they are written, each with the place of its rule, without reading them as expressions.
    pub(crate) fn texts(&self) -> impl Iterator<Item = (usize, &str)> {
        self.entries.iter().enumerate().map(|(at, e)| (at, e.law()))
    }

    /// The number of rules.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// These rules but the one of that name.
    #[must_use]
    pub fn without(&self, name: &str) -> Catalog {
        Catalog { entries: self.entries.iter().filter(|e| e.name() != name).cloned().collect() }
    }

    /// The themes in the order in which their rules are listed.
    pub fn themes(&self) -> Vec<&str> {
        let mut themes: Vec<&str> = Vec::new();
        for entry in &self.entries {
            if !themes.contains(&&*entry.theme) {
                themes.push(&entry.theme);
            }
        }
        themes
    }

    /// The name of a rule that may have been meant by one that no rule has.
    pub fn nearest(&self, name: &str) -> Option<&str> {
        nearest(name, self.entries.iter().map(Entry::name))
    }

    /// A file of the crate that cannot be read leaves its rules out; the crate's tests read every one.
    fn read_own(files: &'static [(&'static str, &'static str)]) -> Catalog {
        let mut entries = Vec::new();
        for (theme, text) in files {
            let theme: Arc<str> = (*theme).into();
            for section in sections(text).0 {
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
pub(crate) fn functions(law: &str) -> impl Iterator<Item = &str> {
    let name = |before: &str| before.len() - before.bytes().rev().take_while(|b| b.is_ascii_alphanumeric() || *b == b'_').count();
    law.match_indices('(').map(move |(at, _)| &law[name(&law[..at])..at]).filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests;
