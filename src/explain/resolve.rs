//! From a stage with derivatives of entries in it to its derivative: deltas, inner stages, contraction, like terms.

use super::formula::{Factor, Formula, Index, Product, expanded, node_of, node_of_sum};
use super::write::{Marks, quotient_of_changes, subscripted};
use super::{Known, Level, SUMMED};
use crate::derivation::{Claim, Written};
use crate::dim::Symbol;
use crate::error::Result;
use crate::expr::{Expr, Op, Subscript, Var};
use crate::index::{Node, NodeId};
use crate::number::Number;
use rustc_hash::FxHashMap;

/// A derivative is put into another one if the product has no more factors than this and its sum no more terms.
const MOST_FACTORS: usize = 12;
const MOST_TERMS: usize = 4;

/// A term is not written anew to save fewer signs than this.
const LEAST_CANCELLED: usize = 1;

/// What the derivatives of entries were replaced by.
#[derive(Default)]
struct Inserted {
    /// An entry of the variable with its deltas, as text.
    deltas: Option<String>,
    /// Whether entries of parts were replaced.
    parts: bool,
    /// Numbers of lines.
    lines: Vec<usize>,
    /// Whether a derivative was left as it is because it is long.
    left: Option<usize>,
}

impl Level<'_> {
    /// The lines that differentiate a stage.
    pub fn derive(&mut self, at: usize, outputs: &[Symbol]) -> Result<()> {
        let stage = self.stages.all[at].clone();
        let outputs = self.outputs_of(at, outputs);
        let own: Vec<Symbol> = outputs.iter().map(|o| o.0).collect();
        let by: Vec<Index> = self.indices.iter().copied().zip(self.variable.axes()).collect();
        let all: Vec<Index> = outputs.iter().chain(&by).copied().collect();
        let name = Expr::var(Var { name: stage.name, kind: None });
        let left = quotient_of_changes(&subscripted(name, &own), &subscripted(Expr::var(self.variable.clone()), &self.indices));
        let line = Line { stage: stage.name, left, all };
        let start = expanded(self.graph, stage.shown, &own, &self.indices, &self.names);
        let (pending, used) = self.differentiate(&start, &own)?;
        // Notes count the terms as they are shown.
        let pending = pending.positive_first();
        let notes: Vec<String> = self.constants_of(&start).into_iter().chain(used.note.clone()).collect();
        let note = (!notes.is_empty()).then(|| notes.join("; "));
        self.line(&line, &pending, used.title().to_owned(), &used.rules, note)?;
        let (mut formula, inserted) = self.insert(&pending, &line);
        if formula != pending {
            let rules: &[&str] = match (inserted.deltas.is_some() || inserted.parts, self.indices.len()) {
                (true, 1) => &["diff_entry_vector"],
                (true, 2) => &["diff_entry_matrix"],
                _ => &[],
            };
            self.line(&line, &formula, inserted.title().to_owned(), rules, inserted.note())?;
        }
        let renamed: Vec<Vec<(Symbol, Symbol)>> = formula.terms.iter_mut().map(Product::contract_deltas).collect();
        if let Some(note) = renamings(&renamed) {
            let rules: Vec<&str> = rule_of_contraction(&formula, &renamed).into_iter().collect();
            self.line(&line, &formula, "contract the deltas".to_owned(), &rules, Some(note))?;
        }
        if let Some((collected, note)) = self.collected(&formula, &line) {
            formula = collected;
            self.line(&line, &formula, "collect equal terms".to_owned(), &["add_self"], note)?;
        }
        if let Some(cancelled) = self.cancelled(&formula, &line)? {
            formula = cancelled;
            self.line(&line, &formula, "equal factors cancel".to_owned(), &[], None)?;
        }
        if let Some(at) = inserted.left {
            let line = self.steps.len();
            self.steps[line - 1].note.get_or_insert_with(|| format!("its inner derivative is that of line {at}"));
        }
        let mut replace: FxHashMap<NodeId, NodeId> =
            self.known.iter().filter_map(|(at, k)| Some((*self.pendings.get(&self.stages.all[*at].var)?, k.node))).collect();
        replace.extend(&self.tensors);
        let node = node_of_sum(self.graph, &formula, &line.all, &replace);
        let number = self.steps.len();
        self.known.insert(at, Known { formula, outputs: own, line: number, node });
        Ok(())
    }

    fn line(&mut self, line: &Line, formula: &Formula, title: String, rules: &[&str], note: Option<String>) -> Result<()> {
        let mut marks = Marks::default();
        let scope: Vec<Symbol> = line.all.iter().map(|o| o.0).collect();
        let right = self.formula(formula, &scope, &mut marks)?;
        let note =
            if self.sums_silently(formula, &right) { Some(note.map_or(SUMMED.to_owned(), |n| format!("{n}; {SUMMED}"))) } else { note };
        let function = self.meanings.get(&line.stage).cloned().unwrap_or_else(|| Expr::number(0));
        let wanted = Expr::new(Op::Diff(function, self.by.clone()));
        let claim = Claim { left: wanted, right: self.meaning(&right, &line.all, &marks) };
        self.push(title, rules, line.left.clone(), marks.write(&right), note, Some(claim));
        Ok(())
    }

    /// `A and b do not depend on x`
    fn constants_of(&self, formula: &Formula) -> Option<String> {
        let mut names: Vec<Symbol> = Vec::new();
        for factor in formula.terms.iter().flat_map(|t| &t.factors) {
            let Factor::Entry(node, _) = factor else { continue };
            for inner in self.graph.reachable(&[*node]) {
                if let Node::Var(v) = self.graph.node(inner)
                    && !self.depends_on_variable(inner)
                    && !names.contains(&v.name)
                {
                    names.push(v.name);
                }
            }
        }
        names.sort();
        let verb = match names.len() {
            0 => return None,
            1 => "does",
            _ => "do",
        };
        let names: Vec<String> = names.iter().map(ToString::to_string).collect();
        Some(format!("{} {verb} not depend on {}", listed(&names), self.variable.name))
    }

    /// Deltas for derivatives of entries of the variable, what is known for those of stages.
    fn insert(&self, formula: &Formula, line: &Line) -> (Formula, Inserted) {
        let mut inserted = Inserted::default();
        let mut terms = Vec::new();
        for term in &formula.terms {
            terms.extend(self.insert_into(term, line, &mut inserted));
        }
        (Formula { terms }.positive_first(), inserted)
    }

    fn insert_into(&self, term: &Product, line: &Line, inserted: &mut Inserted) -> Vec<Product> {
        let found = term.factors.iter().enumerate().find_map(|(at, f)| match f {
            Factor::Entry(node, indices) => self.numerator_of(*node).map(|of| (at, of, indices.clone())),
            Factor::Delta(..) => None,
        });
        let Some((at, of, indices)) = found else { return vec![term.clone()] };
        let (before, after) = (term.factors[..at].to_vec(), term.factors[at + 1..].to_vec());
        let around = |pieces: Product| {
            let mut product = Product { factors: before.clone(), ..term.clone() }.times(pieces);
            product.factors.extend(after.iter().cloned());
            product
        };
        if of == self.variable_node {
            let (own, by) = indices.split_at(indices.len() - self.indices.len());
            let deltas: Vec<Factor> = own.iter().zip(by).map(|(a, b)| Factor::Delta(*a, *b)).collect();
            let mut product = around(Product { factors: deltas, ..Product::one() });
            if self.contract_selections(&mut product) {
                inserted.parts = true;
            } else {
                inserted.deltas.get_or_insert_with(|| self.delta_rule(own));
            }
            return vec![product];
        }
        let Some((stage, known)) = self.stages.named(of).and_then(|s| Some((s, self.known.get(&s)?))) else {
            return vec![term.clone()];
        };
        let _ = stage;
        let longest = known.formula.terms.iter().map(|t| t.factors.len()).max().unwrap_or(0);
        if longest + term.factors.len() > MOST_FACTORS + 1 || known.formula.terms.len() > MOST_TERMS {
            inserted.left = Some(known.line);
            return vec![term.clone()];
        }
        if !inserted.lines.contains(&known.line) {
            inserted.lines.push(known.line);
        }
        let own = &indices[..indices.len() - self.indices.len()];
        let scope: Vec<Symbol> = term.names().into_iter().chain(line.all.iter().map(|o| o.0)).collect();
        known.formula.terms.iter().map(|t| around(self.placed(t, &known.outputs, own, &scope))).collect()
    }

    /// Contracts deltas with selections of parts, of which no line shows the index of the whole axis. Says whether any was.
    fn contract_selections(&self, term: &mut Product) -> bool {
        let selects = |f: &Factor, i: Symbol| match f {
            Factor::Entry(node, at) => matches!(self.graph.node(*node), Node::Select(_)) && at.first() == Some(&i),
            Factor::Delta(..) => false,
        };
        let mut any = false;
        loop {
            let found = term.factors.iter().enumerate().find_map(|(at, f)| match *f {
                Factor::Delta(a, b) if term.is_bound(a) && term.factors.iter().any(|f| selects(f, a)) => Some((at, a, b)),
                _ => None,
            });
            // Every round removes a delta.
            let Some((at, from, to)) = found else { return any };
            term.factors.remove(at);
            term.bound.retain(|(name, _)| *name != from);
            term.rename(from, to);
            any = true;
        }
    }

    /// The derivative of a stage at other indices, with summed indices that are not in scope.
    fn placed(&self, term: &Product, outputs: &[Symbol], at: &[Symbol], scope: &[Symbol]) -> Product {
        // Through names of their own, since a name may stand on both sides.
        let passing: Vec<Symbol> = outputs.iter().map(|o| Symbol::new(&format!("{o}:"))).collect();
        let mut term = term.clone();
        outputs.iter().zip(&passing).for_each(|(from, to)| term.rename(*from, *to));
        let mut term = term.freshened(scope, &self.names);
        passing.iter().zip(at).for_each(|(from, to)| term.rename(*from, *to));
        term
    }

    /// `dA[i,j]/dA[k,l] = delta[i,k]*delta[j,l]`
    fn delta_rule(&self, own: &[Symbol]) -> String {
        let entry = |at: &[Symbol]| subscripted(Expr::var(self.variable.clone()), at);
        let left = quotient_of_changes(&entry(own), &entry(&self.indices)).text;
        if own.is_empty() {
            return format!("{left} = 1");
        }
        let delta = |(a, b): (&Symbol, &Symbol)| Expr::new(Op::Delta(vec![Subscript::Index(*a), Subscript::Index(*b)])).to_string();
        let deltas: Vec<String> = own.iter().zip(&self.indices).map(delta).collect();
        format!("{left} = {}", deltas.join("*"))
    }

    /// Equal terms as one, if there are any.
    fn collected(&mut self, formula: &Formula, line: &Line) -> Option<(Formula, Option<String>)> {
        let none = FxHashMap::default();
        let mut groups: Vec<(NodeId, Product, usize)> = Vec::new();
        let mut notes: Vec<String> = Vec::new();
        for (number, term) in formula.terms.iter().enumerate() {
            let node = node_of(self.graph, term, &line.all, &none);
            let (scale, core) = self.graph.unscaled(node);
            if matches!(self.graph.node(core), Node::Zero(_)) {
                continue;
            }
            match groups.iter_mut().find(|(known, ..)| *known == core) {
                Some((_, first, at)) => {
                    notes.extend(renaming_between(term, first).map(|r| format!("with {r}, term {} equals term {}", number + 1, *at + 1)));
                    // Both are the same tensor times a number; the first keeps how it is written.
                    let own = node_of(self.graph, first, &line.all, &none);
                    let ratio = self.graph.unscaled(own).0.recip().map_or(Number::ONE, |r| &scale * &r);
                    first.coefficient = &first.coefficient * &(&Number::ONE + &ratio);
                    if first.coefficient.is_zero() {
                        groups.retain(|(_, p, _)| !p.coefficient.is_zero());
                    }
                }
                None => groups.push((core, term.clone(), number)),
            }
        }
        if groups.len() == formula.terms.len() {
            return None;
        }
        let note = if notes.is_empty() { None } else { Some(notes.join("; ")) };
        Some((Formula { terms: groups.into_iter().map(|(_, p, _)| p).collect() }.positive_first(), note))
    }

    /// The terms in which factors cancel, without these.
    fn cancelled(&mut self, formula: &Formula, line: &Line) -> Result<Option<Formula>> {
        let (none, mut changed) = (FxHashMap::default(), false);
        let at: Vec<Symbol> = line.all.iter().map(|o| o.0).collect();
        let mut terms = Vec::new();
        for term in &formula.terms {
            let node = node_of(self.graph, term, &line.all, &none);
            let mut other = expanded(self.graph, node, &at, &[], &self.names).terms;
            let shorter = match other.pop() {
                Some(shorter) if other.is_empty() && self.length(&shorter, &at)? + LEAST_CANCELLED < self.length(term, &at)? => {
                    Some(shorter)
                }
                _ => None,
            };
            changed |= shorter.is_some();
            terms.push(shorter.unwrap_or_else(|| term.clone()));
        }
        Ok(changed.then_some(Formula { terms }))
    }

    /// How many signs a term has.
    fn length(&mut self, term: &Product, scope: &[Symbol]) -> Result<usize> {
        let mut marks = Marks::default();
        let e = self.formula(&Formula { terms: vec![term.clone()] }, scope, &mut marks)?;
        Ok(marks.write(&e).text.chars().count())
    }
}

/// The left side of the lines of a stage, and the indices on it.
struct Line {
    stage: Symbol,
    left: Written,
    all: Vec<Index>,
}

impl Inserted {
    fn title(&self) -> &'static str {
        match (self.deltas.is_some() || self.parts, self.lines.is_empty()) {
            (true, true) => "an entry changes only with itself",
            (true, false) => "an entry changes only with itself; insert what is known",
            (false, _) => "insert what is known",
        }
    }

    fn note(&self) -> Option<String> {
        let lines: Vec<String> = self.lines.iter().map(ToString::to_string).collect();
        let lines = (!lines.is_empty()).then(|| format!("line{} {}", if lines.len() > 1 { "s" } else { "" }, listed(&lines)));
        let of_parts = self.parts.then(|| "a part keeps the order of its entries".to_owned());
        let parts: Vec<String> = self.deltas.iter().cloned().chain(of_parts).chain(lines).collect();
        (!parts.is_empty()).then(|| parts.join("; "))
    }
}

/// The rule for a sum over a delta and what else has its index, if anything has.
fn rule_of_contraction(formula: &Formula, renamed: &[Vec<(Symbol, Symbol)>]) -> Option<&'static str> {
    let mut longest = 0;
    for (term, renamed) in formula.terms.iter().zip(renamed) {
        let met = |f: &&Factor| matches!(f, Factor::Entry(..)) && renamed.iter().any(|(_, to)| f.indices().contains(to));
        longest = term.factors.iter().filter(met).map(|f| f.indices().len()).max().unwrap_or(0).max(longest);
    }
    match longest {
        0 => None,
        1 => Some("delta_mul_vector"),
        _ => Some("delta_mul_matrix"),
    }
}

/// `a, b and c`
pub(super) fn listed(all: &[String]) -> String {
    match all.split_last() {
        Some((last, before)) if !before.is_empty() => format!("{} and {last}", before.join(", ")),
        _ => all.join(""),
    }
}

/// `the sum over i puts k for i`; for each term apart where they differ.
fn renamings(all: &[Vec<(Symbol, Symbol)>]) -> Option<String> {
    let say = |renamed: &[(Symbol, Symbol)]| {
        let sums: Vec<String> = renamed.iter().map(|(from, _)| from.to_string()).collect();
        let puts: Vec<String> = renamed.iter().map(|(from, to)| format!("{to} for {from}")).collect();
        let verb = if renamed.len() == 1 { ("sum", "puts") } else { ("sums", "put") };
        format!("the {} over {} {} {}", verb.0, listed(&sums), verb.1, listed(&puts))
    };
    let some: Vec<(usize, String)> = all.iter().enumerate().filter(|(_, r)| !r.is_empty()).map(|(at, r)| (at, say(r))).collect();
    let (_, first) = some.first()?;
    if all.len() == 1 || (some.len() == all.len() && some.iter().all(|(_, s)| s == first)) {
        return Some(first.clone());
    }
    Some(some.iter().map(|(at, s)| format!("in term {} {s}", at + 1)).collect::<Vec<_>>().join("; "))
}

/// The summed indices to rename so that the factors of one product are those of the other, if that is all.
fn renaming_between(term: &Product, other: &Product) -> Option<String> {
    fn search(rest: &[Factor], open: &mut Vec<Factor>, map: &mut Vec<(Symbol, Symbol)>, term: &Product, other: &Product) -> bool {
        let Some((first, rest)) = rest.split_first() else { return open.is_empty() };
        for at in 0..open.len() {
            let before = map.len();
            if matches(first, &open[at], map, term, other) {
                let taken = open.remove(at);
                if search(rest, open, map, term, other) {
                    return true;
                }
                open.insert(at, taken);
            }
            map.truncate(before);
        }
        false
    }
    fn matches(a: &Factor, b: &Factor, map: &mut Vec<(Symbol, Symbol)>, term: &Product, other: &Product) -> bool {
        let alike = match (a, b) {
            (Factor::Entry(x, _), Factor::Entry(y, _)) => x == y,
            (Factor::Delta(..), Factor::Delta(..)) => true,
            (Factor::Entry(..), Factor::Delta(..)) | (Factor::Delta(..), Factor::Entry(..)) => false,
        };
        alike
            && a.indices().into_iter().zip(b.indices()).all(|(i, j)| match map.iter().find(|(from, to)| *from == i || *to == j) {
                Some(pair) => *pair == (i, j),
                None if i == j && !term.is_bound(i) => true,
                None if term.is_bound(i) && other.is_bound(j) => {
                    map.push((i, j));
                    true
                }
                None => false,
            })
    }
    // Backtracking is cheap for products that people read.
    if term.factors.len() != other.factors.len() || term.factors.len() > 8 {
        return None;
    }
    let mut map = Vec::new();
    if !search(&term.factors, &mut other.factors.clone(), &mut map, term, other) {
        return None;
    }
    let changed: Vec<String> = map.iter().filter(|(a, b)| a != b).map(|(a, b)| format!("{b} for {a}")).collect();
    (!changed.is_empty()).then(|| listed(&changed))
}
