//! What a rule must not be, whatever its law says: each lint is a function from a rule to an error with its place.

use super::alike::{Statement, is_permutation, is_written_permutation};
use super::sides::{Sides, subject};
use super::trial::names;
use crate::catalog::{Catalog, functions};
use crate::dim::Symbol;
use crate::error::{Error, ErrorKind, Span};
use crate::expr::{Expr, Op};
use crate::function::Function;
use crate::rule::{Rule, Step};
use crate::saturate::laws_of;
use std::collections::BTreeSet;

type Lint = fn(&Rule) -> Option<Error>;

/// Those that look at what a rule says about itself,
const WORDS: &[Lint] = &[no_sentence, no_source];
/// at whether its law makes sense,
const TYPES: &[Lint] = &[undeclared, condition_on_a_term, not_a_differential, shapes_differ, unbound];
/// and at what it would do in the e-graph. Of these two, each is asked only where those before it found nothing.
const REWRITES: &[Lint] = &[free_commutativity, trivial, no_pattern, costs_more, needless_opens];

/// What is wrong with one rule.
pub fn of_one(rule: &Rule) -> Vec<Error> {
    let mut errors: Vec<Error> = WORDS.iter().filter_map(|lint| lint(rule)).collect();
    errors.extend(of_types(rule).or_else(|| of_rewrites(rule)));
    errors
}

/// What is wrong with what a rule says about itself, if it is to be one of a catalog.
pub fn of_words(catalog: &Catalog, rule: &Rule) -> Vec<Error> {
    let taken = catalog.has(&rule.name).then(|| {
        refuse(rule.places.name, format!("there is a rule named `{}` already", rule.name))
            .help("rules have names of their own, also among those that come with the crate")
    });
    taken.into_iter().chain(WORDS.iter().filter_map(|lint| lint(rule))).collect()
}

/// Why the law makes no sense.
pub fn of_types(rule: &Rule) -> Option<Error> {
    TYPES.iter().find_map(|lint| lint(rule))
}

/// Why the e-graph should not use a law that is true.
pub fn of_rewrites(rule: &Rule) -> Option<Error> {
    REWRITES.iter().find_map(|lint| lint(rule))
}

/// Rules that say what others say, or undo it: each is held against those before it and those of the catalog.
pub fn of_pairs(catalog: &Catalog, rules: &[&Rule]) -> Vec<Error> {
    let words: BTreeSet<Vec<&str>> = rules.iter().map(|rule| vocabulary(&rule.law)).collect();
    let similar = catalog.texts().filter(|(_, law)| words.contains(&vocabulary(law))).filter_map(|(at, _)| catalog.rule_at(at));
    let known: Vec<Known> = similar.filter_map(|rule| Known::of(rule, false)).collect();
    let new: Vec<Known> = rules.iter().filter_map(|rule| Known::of(rule, true)).collect();
    let before = |at: usize| known.iter().chain(&new[..at]);
    new.iter().enumerate().filter_map(|(at, one)| before(at).find_map(|other| one.clash(other))).collect()
}

/// A rule with what its law says.
struct Known<'a> {
    rule: &'a Rule,
    /// Whether it is one of the text that is looked at.
    new: bool,
    statement: Statement,
}

impl<'a> Known<'a> {
    fn of(rule: &'a Rule, new: bool) -> Option<Known<'a>> {
        Some(Known { rule, new, statement: Statement::of(rule)? })
    }

    /// Two rules that say the same, or one that undoes what the other does.
    fn clash(&self, other: &Known) -> Option<Error> {
        let (rule, before) = (self.rule, other.rule);
        let name = if other.new { format!("`{}`", before.name) } else { format!("`{}` of the catalog", before.name) };
        let told = |error: Error| if other.new { error.note(before.span, format!("`{}`", before.name)) } else { error };
        // The definition of one function by others says the same as a law of these, and is a rule of its own.
        if vocabulary(&rule.law) != vocabulary(&before.law) {
            return None;
        }
        if self.statement.forwards == other.statement.forwards {
            let error = refuse(rule.span, format!("`{}` says the same as {name}: {}", rule.name, before.law));
            return Some(told(error.help("a law stands in the catalog once; its examples show its other spellings")));
        }
        let turned = self.statement.forwards == other.statement.backwards;
        let both = rule.is_rewrite() && before.is_rewrite();
        (turned && (both || rule.by == before.by)).then(|| {
            let error = refuse(rule.span, format!("`{}` undoes what {name} does: {}", rule.name, before.law));
            told(error.help("keep the one whose right side is shorter, or write one law with `=` and say in `opens` what it is for"))
        })
    }
}

/// The functions that a law names: laws that say the same name the same ones.
fn vocabulary(law: &str) -> Vec<&str> {
    let mut words: Vec<&str> = functions(law).collect();
    words.sort_unstable();
    words.dedup();
    words
}

fn refuse(place: Span, message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Rule, message).at(place)
}

fn no_sentence(rule: &Rule) -> Option<Error> {
    let first = rule.why.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
    let begins = rule.why.starts_with(|c: char| c.is_uppercase() || c.is_numeric());
    // `det` and `x` are not written with a capital at the beginning of a sentence.
    let symbol = Symbol::new(first);
    let names = Function::named(first).is_some() || rule.declarations.get(symbol).is_some() || rule.declarations.has_dim(symbol);
    let sentence = (begins || names) && rule.why.ends_with('.') && rule.why.split_whitespace().count() > 1;
    (!sentence).then(|| {
        refuse(rule.places.why, format!("the reason of `{}` is no sentence", rule.name))
            .help("`why` is a sentence: it begins with a capital, unless with a name, and ends in a full stop")
    })
}

fn no_source(rule: &Rule) -> Option<Error> {
    let names_something = rule.source.chars().filter(|c| c.is_alphabetic()).count() >= 4;
    let nothing = ["none", "unknown", "todo", "tbd", "folklore"].contains(&rule.source.to_lowercase().trim_end_matches('.'));
    (!names_something || nothing).then(|| {
        refuse(rule.places.source, format!("`{}` has no source", rule.name))
            .help("name the book or paper where the law or its proof is found: author and year")
    })
}

/// Every variable is declared: what a law says must not depend on how its names are spelt.
fn undeclared(rule: &Rule) -> Option<Error> {
    let mut found = None;
    for (side, place) in [(&rule.left, rule.places.left), (&rule.right, rule.places.right)] {
        visit(side, &mut |part| {
            if let Op::Var(v) = part.op()
                && v.kind.is_none()
                && found.is_none()
            {
                let place = part.span().map_or(place, |s| Span::new(s.start + place.start, s.end + place.start));
                found = Some(refuse(place, format!("`{}` is not declared", v.name)).help(format!("declare it: `for {}: …`", v.name)));
            }
        });
    }
    found
}

fn visit<'a>(expr: &'a Expr, see: &mut impl FnMut(&'a Expr)) {
    see(expr);
    expr.op().for_each_child(|c| visit(c, see));
}

fn condition_on_a_term(rule: &Rule) -> Option<Error> {
    let at = rule.conditions.iter().position(|c| subject(c).is_none())?;
    let place = rule.places.conditions.get(at).copied().unwrap_or(rule.span);
    Some(refuse(place, format!("a condition is on a variable, not on `{}`", rule.conditions[at].subject)))
}

fn not_a_differential(rule: &Rule) -> Option<Error> {
    match (rule.differential, rule.by == Some(Step::Differentiation)) {
        (true, false) => Some(refuse(rule.span, "the law of a differential is `by diff`")),
        (false, true) => Some(refuse(rule.span, "a law `by diff` is one of a differential: `d F => …`")),
        (true, true) if rule.changes().is_empty() => {
            Some(refuse(rule.places.right, "no change stands on the right side").help("`dX` is the change of `X`"))
        }
        (true, true) | (false, false) => None,
    }
}

fn shapes_differ(rule: &Rule) -> Option<Error> {
    let places = (rule.places.left, rule.places.right);
    Sides::of(&rule.declarations, (&rule.left, &rule.right), places).err().map(|e| Error { kind: ErrorKind::Rule, ..e })
}

/// What stands on the right has to be found on the left.
fn unbound(rule: &Rule) -> Option<Error> {
    let missing = |e: &Expr, by: &Expr| -> Vec<Symbol> {
        rule.declarations.iter().map(|(n, _)| n).filter(|n| e.mentions(*n) && !by.mentions(*n)).collect()
    };
    let say = |found: Vec<Symbol>, place: Span, side: &str| {
        (!found.is_empty()).then(|| {
            let verb = if found.len() == 1 { "stands" } else { "stand" };
            refuse(place, format!("{} {verb} only {side}", names(&found))).help("what the law makes is of what it finds on its left side")
        })
    };
    let right = if rule.differential { Vec::new() } else { missing(&rule.right, &rule.left) };
    let left = if rule.two_way { missing(&rule.left, &rule.right) } else { Vec::new() };
    let conditions = rule.conditions.iter().zip(&rule.places.conditions);
    say(right, rule.places.right, "on the right side")
        .or_else(|| say(left, rule.places.left, "on the left side of a law for both ways"))
        .or_else(|| conditions.into_iter().find_map(|(c, place)| say(missing(&c.subject, &rule.left), *place, "in a condition")))
}

fn free_commutativity(rule: &Rule) -> Option<Error> {
    let free = rule.is_rewrite() && !rule.two_way && (is_written_permutation(rule) || is_permutation(rule));
    free.then(|| {
        refuse(rule.span, format!("`{}` only exchanges variables: it could be applied for ever", rule.name))
            .help("sums, elementwise products and products of scalars have no order in the e-graph; a law that turns something round goes both ways (`=`)")
    })
}

fn trivial(rule: &Rule) -> Option<Error> {
    let nothing = rule.is_rewrite() && laws_of(rule).is_ok_and(|laws| laws.iter().any(|law| law.holds_by_construction()));
    nothing.then(|| {
        refuse(rule.span, format!("both sides of `{}` are the same term: the e-graph has nothing to do", rule.name))
            .help("the constructors of terms do this by themselves; a law that is to be listed nevertheless is `by construction`")
    })
}

fn no_pattern(rule: &Rule) -> Option<Error> {
    if !rule.is_rewrite() {
        return None;
    }
    let error = laws_of(rule).err()?;
    let why = error.message;
    Some(
        refuse(rule.places.left, format!("the e-graph cannot use `{}`: {why}", rule.name))
            .help("it looks for matrix terms; a law that a step of the engine performs says so in `by`"),
    )
}

fn costs_more(rule: &Rule) -> Option<Error> {
    if !rule.is_rewrite() || rule.opens.is_some() {
        return None;
    }
    let (left, right) = (tokens(&rule.left), tokens(&rule.right));
    if rule.two_way {
        return Some(refuse(rule.span, format!("`{}` goes both ways and does not say what that opens", rule.name)).help(OPENS));
    }
    (right > left).then(|| {
        refuse(rule.span, format!("`{}` makes a term longer: {left} names, numbers and operators become {right}", rule.name))
            .note(rule.places.left, format!("{left} of them"))
            .note(rule.places.right, format!("{right} of them"))
            .help(OPENS)
    })
}

const OPENS: &str = "turn it round, or say in `opens` why it is needed and what bounds its use";

fn needless_opens(rule: &Rule) -> Option<Error> {
    let place = rule.places.opens?;
    let needs = rule.is_rewrite() && (rule.two_way || tokens(&rule.right) > tokens(&rule.left));
    (!needs).then(|| {
        let why = if rule.is_rewrite() { "its right side is no longer than its left" } else { "it is not for the e-graph" };
        refuse(place, format!("`{}` needs no `opens`: {why}", rule.name)).help("leave it out")
    })
}

/// Names, numbers, functions and operators.
fn tokens(expr: &Expr) -> usize {
    let own = match expr.op() {
        Op::Add(all) => all.len() - 1 - all.iter().filter(|t| matches!(t.op(), Op::Neg(_))).count(),
        Op::Mul(all) | Op::Had(all) => all.len() - 1,
        _ => 1,
    };
    let mut sum = own;
    expr.op().for_each_child(|c| sum += tokens(c));
    sum
}
