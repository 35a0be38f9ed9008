//! Help while a cell is written: what may complete a word, what is known of a name, whether a cell is whole.

use super::state::State;
use super::statement::{VERBS, is_open, lines};
use indicial::{Catalog, Function, Op, Rule};

/// The kinds of declarations.
const KINDS: &[&str] = &[
    "diagonal",
    "function",
    "hollow",
    "lower",
    "matrix",
    "orthogonal",
    "posdef",
    "row",
    "scalar",
    "skew",
    "symmetric",
    "tensor",
    "upper",
    "vector",
];
/// How many laws are shown of a function.
const MOST_LAWS: usize = 6;

/// What may stand in the place of a part of a cell, in bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Completion {
    pub start: usize,
    pub end: usize,
    pub matches: Vec<String>,
}

/// The names, functions, verbs and kinds that begin as the word before the cursor does; after `?` the rules as well.
pub fn complete(state: &State, cell: &str, cursor: usize) -> Completion {
    let (start, end) = word_at(cell, cursor);
    let (word, line) = (&cell[start..cursor], &cell[cell[..start].rfind('\n').map_or(0, |at| at + 1)..start]);
    let names = state.names().map(str::to_owned);
    let functions = Function::all().map(|f| f.name().to_owned());
    let verbs = VERBS.iter().filter(|_| line.trim().is_empty()).map(|(verb, _)| (*verb).to_owned());
    let kinds = KINDS.iter().filter(|_| line.contains(':')).map(|k| (*k).to_owned());
    let rules = Catalog::standard().rules().filter(|_| line.trim_start().starts_with('?')).map(|r| r.name.to_string());
    let mut matches: Vec<String> =
        names.chain(functions).chain(verbs).chain(kinds).chain(rules).chain(["diff".to_owned()]).filter(|m| m.starts_with(word)).collect();
    matches.sort();
    matches.dedup();
    Completion { start, end, matches }
}

/// The first and the last byte of the word around a place; the place is moved to the boundary of a character.
fn word_at(cell: &str, cursor: usize) -> (usize, usize) {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    let start = cell[..cursor].char_indices().rev().take_while(|(_, c)| is_part(*c)).last().map_or(cursor, |(at, _)| at);
    let end = cell[cursor..].char_indices().find(|(_, c)| !is_part(*c)).map_or(cell.len(), |(at, _)| cursor + at);
    (start, end)
}

/// The name around the cursor, for what is known of it.
pub fn name_at(cell: &str, cursor: usize) -> &str {
    let (start, end) = word_at(cell, cursor);
    &cell[start..end]
}

/// What may stand in a cell.
pub fn help() -> String {
    let first = ["A : matrix(m, n); x : vector(n): declares names", "f = EXPR: lets a name stand for a formula", "EXPR: its answer"];
    first.into_iter().chain(VERBS.iter().map(|(_, usage)| *usage)).collect::<Vec<_>>().join("\n")
}

/// What is known of a name: a declaration, a formula, a function with its differential and source, a rule, a verb.
pub fn inspect(state: &State, name: &str) -> Option<String> {
    if let Some(declaration) = state.declaration(name) {
        return Some(declaration.to_owned());
    }
    if let Some(d) = state.definition(name) {
        let asked = if d.question == d.formula { String::new() } else { format!("\n  asked: {}", d.question) };
        return Some(format!("{name} = {}{asked}", d.formula));
    }
    if let Some((_, usage)) = VERBS.iter().find(|(verb, _)| *verb == name) {
        return Some((*usage).to_owned());
    }
    if name == "diff" {
        return Some("diff(F, X): the derivative of F by X; the axes of F first, then those of X".to_owned());
    }
    Function::named(name).map(function).or_else(|| Catalog::standard().rule(name).map(rule))
}

fn function(f: Function) -> String {
    let mut lines = Vec::new();
    match f {
        Function::Map(map) => {
            let row = map.row();
            lines.push(format!("{}(u): of every entry", row.name));
            lines.extend(row.definition.map(|d| format!("  = {d}")));
            lines.extend(row.derivative.map(|d| format!("  d {}(u)/du = {d}   (Abramowitz and Stegun 1964)", row.name)));
        }
        Function::Call(call) => lines.push(call.row().usage.to_owned()),
    }
    // Laws of its differential first.
    let of_it = |r: &&Rule| matches!(r.left.op(), Op::Call(g, _) if *g == f);
    let (differential, other): (Vec<&Rule>, Vec<&Rule>) = Catalog::standard().rules().filter(of_it).partition(|r| r.differential);
    lines.extend(differential.iter().chain(&other).take(MOST_LAWS).map(|r| format!("  [{}] {}   ({})", r.name, r.law, r.source)));
    lines.join("\n")
}

fn rule(rule: &Rule) -> String {
    format!("[{}] {}\n  {}\n  {}", rule.name, rule.law, rule.why, rule.source)
}

/// Whether a cell can be run as it stands, or its last statement goes on.
pub fn is_complete(cell: &str) -> bool {
    lines(cell).last().is_none_or(|(_, line)| !is_open(line))
}
