//! Back to matrix notation: the derivative with the names of inner results, these put back, and the simplified answer.

use super::formula::Product;
use super::last::change_of_columns;
use super::write::{Marks, plain, quotient_of_changes, subscripted, substitute};
use super::{Level, short_text};
use crate::answer::{Answer, Notation, Profile};
use crate::catalog::Catalog;
use crate::derivation::{Claim, Written};
use crate::diff::derivative;
use crate::dim::{Dim, Symbol};
use crate::error::{Error, ErrorKind, Result};
use crate::eval::Inputs;
use crate::eval::graph::evaluate_graph;
use crate::expr::{Expr, Op, Var};
use crate::function::{Call, Function};
use crate::index::NodeId;
use crate::infer::infer;
use crate::matrix::{Terms, of_typed};
use crate::present::{Presented, Setting, present};
use crate::saturate::{Limits, Rewrite, connect, step};
use egg::Id;
use rustc_hash::FxHashMap;

/// A formula with more parts than this is not shown on the way to the answer.
const LONGEST: u64 = 60;
/// An entry that is longer than this is not repeated in a note.
const LONGEST_NOTE: usize = 60;

impl Level<'_> {
    /// The lines from the derivative of the function to the answer.
    pub fn finish(&mut self, answer: &Answer) -> Result<()> {
        let Some(known) = self.known.get(&0).cloned() else { return Ok(()) };
        self.check(known.node)?;
        if !self.claims {
            return self.conclude(answer, matrix_title(answer.notation), self.place_note(answer));
        }
        let engine = self.engine.clone().saturation(false);
        let taken = self.names.taken().clone();
        let node = self.general.with_structure(self.graph, known.node);
        let setting = Setting { taken: &taken, input: Some(&answer.input) };
        let raised = engine.formula(self.graph, node, (answer.rows, self.order_one_is_row), setting, &mut Profile::default());
        let target = answer.formula.inlined();
        // What has no notation over the names may have one without them.
        let Ok((formula, notation)) = raised else { return self.conclude(answer, matrix_title(answer.notation), None) };
        let raised = formula.inlined();
        if notation != answer.notation || raised.nodes() > LONGEST {
            return self.conclude(answer, matrix_title(answer.notation), self.place_note(answer));
        }
        let note = self.entry_note(&known.formula.terms, &raised, answer).or_else(|| self.place_note(answer));
        // A scalar by a scalar is in matrix notation already.
        let already = self.steps.last().is_some_and(|s| (&s.left, &s.right) == (&self.left_of(notation), &plain(&raised)));
        if raised == target {
            return if already { Ok(()) } else { self.conclude(answer, matrix_title(answer.notation), note) };
        }
        if !already {
            self.matrix_line(answer, &raised, matrix_title(answer.notation).to_owned(), &[], note);
        }
        let back = self.put_back(&raised);
        if back != raised {
            let title = self.title_of_putting_back(&raised);
            if back == target {
                return self.conclude(answer, &title, None);
            }
            if back.nodes() <= LONGEST {
                self.matrix_line(answer, &back, title, &[], None);
            }
        }
        self.simplify(answer, &back, &target)
    }

    /// Holds the derivative that the lines lead to against that of differentiation, at a random point.
    ///
    /// # Errors
    /// Of kind `Internal` if they differ: then a line is wrong, and none is shown.
    fn check(&mut self, found: NodeId) -> Result<()> {
        const TOLERANCE: f64 = 1e-6;
        let wanted = derivative(self.graph, self.stages.all[0].node, &self.variable)?;
        let (graph, stages) = (&*self.graph, &self.stages.all);
        let nodes: Vec<NodeId> = stages.iter().skip(1).map(|s| s.node).collect();
        let value = |at: &Inputs, node: NodeId| evaluate_graph(graph, &[node], at).map(|mut v| v.remove(0));
        let with_stages = |at: &Inputs| {
            let mut at = at.clone();
            let values = evaluate_graph(graph, &nodes, &at)?;
            at.values.extend(stages.iter().skip(1).map(|s| s.name).zip(values));
            value(&at, found)
        };
        match self.scope.compare(&|at| value(at, wanted), &with_stages, 1, TOLERANCE) {
            Ok(seen) if !seen.ok => Err(Error::new(ErrorKind::Internal, "a line of the derivation does not hold")),
            // Where nothing is finite there is nothing to compare.
            Err(e) if e.kind != ErrorKind::Domain => Err(e),
            _ => Ok(()),
        }
    }

    /// The steps of saturation from a formula to the answer, each by a law.
    fn simplify(&mut self, answer: &Answer, from: &Expr, target: &Expr) -> Result<()> {
        let chain = self.chain(answer, from, target);
        let mut before = from.clone();
        // The laws of the steps that are too long to show.
        let mut rules: Vec<&str> = Vec::new();
        for (rule, after) in chain.iter().flatten() {
            if Catalog::standard().rule(rule).is_some() && !rules.contains(&rule.as_str()) {
                rules.push(rule);
            }
            let title = if commutes(&before, after) { COMMUTES } else { title_of(rule) };
            if after == target {
                return self.conclude_by(answer, title, &rules, None);
            }
            if *after != before && after.nodes() <= LONGEST {
                self.matrix_line(answer, after, title.to_owned(), &rules, None);
                before = after.clone();
                rules.clear();
            }
        }
        let title = if rules.is_empty() && chain.is_some() { title_of(step::NORMALISE) } else { "write it more briefly" };
        self.conclude_by(answer, title, &rules, None)
    }

    /// Names of rules, each with what it leads to.
    fn chain(&mut self, answer: &Answer, from: &Expr, target: &Expr) -> Option<Vec<(String, Expr)>> {
        let declarations = answer.declarations();
        let mut terms = Terms::new();
        let mut read = |e: &Expr| of_typed(&infer(e, &declarations).ok()?, &mut terms).ok();
        let (left, right) = (read(from)?, read(target)?);
        let limits = Limits::default();
        let straight = connect(&terms, &[left], &[right], self.engine.rule_set(), &limits).ok()?;
        let chain = match straight {
            Some(chain) => chain,
            // What the answer was found from: its index form, read as it is and with its sums factored.
            None => {
                let seeds = self.seeds_of_answer(answer, &mut terms)?;
                let left: Vec<_> = std::iter::once(left).chain(seeds).collect();
                connect(&terms, &left, &[right], self.engine.rule_set(), &limits).ok()??
            }
        };
        let setting = Setting { taken: self.names.taken(), input: Some(&answer.input) };
        let shown = |rewrite: Rewrite| Some((rewrite.rule.to_string(), present(&rewrite.after, setting).ok()?.inlined()));
        chain.into_iter().map(shown).collect()
    }

    /// The terms that the engine starts from.
    fn seeds_of_answer(&mut self, answer: &Answer, terms: &mut Terms) -> Option<Vec<Id>> {
        let whole = derivative(self.graph, self.stages.all[0].node, &self.variable).ok()?;
        let whole = self.general.with_structure(self.graph, whole);
        let (found, seeds, notation) = self.engine.raise(self.graph, whole, answer.rows, self.order_one_is_row);
        (notation == answer.notation).then(|| seeds.iter().map(|s| terms.add_recexpr(&found.to_recexpr(*s))).collect())
    }

    /// The line with the answer.
    fn conclude(&mut self, answer: &Answer, title: &str, note: Option<String>) -> Result<()> {
        self.conclude_by(answer, title, &[], note)
    }

    fn conclude_by(&mut self, answer: &Answer, title: &str, rules: &[&str], note: Option<String>) -> Result<()> {
        let right = presented(&answer.formula);
        let claim = (answer.notation != Notation::Kronecker).then(|| self.claim_of(&answer.formula.inlined()));
        let left = self.left_of(answer.notation);
        self.push(title.to_owned(), rules, left, right, note, claim);
        Ok(())
    }

    fn matrix_line(&mut self, answer: &Answer, e: &Expr, title: String, rules: &[&str], note: Option<String>) {
        let claim = (answer.notation != Notation::Kronecker).then(|| {
            let meaning = self.meaning(e, &[], &Marks::default());
            self.claim_of(&meaning)
        });
        let left = self.left_of(answer.notation);
        self.push(title, rules, left, plain(e), note, claim);
    }

    fn claim_of(&self, right: &Expr) -> Claim {
        let function = self.meanings.get(&self.stages.all[0].name).cloned().unwrap_or_else(|| Expr::number(0));
        Claim { left: Expr::new(Op::Diff(function, self.by.clone())), right: right.clone() }
    }

    fn left_of(&self, notation: Notation) -> Written {
        match notation {
            Notation::Matrix | Notation::Index | Notation::Differential => self.change_of_function(),
            Notation::Kronecker => {
                let function = Expr::var(Var { name: self.stages.all[0].name, kind: None });
                change_of_columns(&plain(&function), &plain(&Expr::var(self.variable.clone())))
            }
        }
    }

    /// The names of stages replaced by what they stand for, as it is shown.
    fn put_back(&mut self, e: &Expr) -> Expr {
        let mut known: FxHashMap<Symbol, Expr> = FxHashMap::default();
        for at in 1..self.stages.all.len() {
            let stage = self.stages.all[at].clone();
            if !e.mentions(stage.name) {
                continue;
            }
            let meaning = match self.written.get(&stage.node) {
                Some(written) => Some(written.clone()),
                None => self.matrix(stage.node).ok(),
            };
            known.extend(meaning.map(|m| (stage.name, m)));
        }
        substitute(e, &|name| known.get(&name).cloned(), &mut FxHashMap::default())
    }

    /// `put u = A*x back`
    fn title_of_putting_back(&mut self, e: &Expr) -> String {
        let used: Vec<usize> = (1..self.stages.all.len()).filter(|at| e.mentions(self.stages.all[*at].name)).collect();
        let mut said = Vec::new();
        for at in used {
            let stage = self.stages.all[at].clone();
            let meaning = match self.written.get(&stage.node) {
                Some(written) => Some(written.clone()),
                None => self.matrix(stage.node).ok(),
            };
            let short = meaning.and_then(|m| Some((short_text(&m)?, m)));
            said.push(short.map_or_else(|| stage.name.to_string(), |(text, m)| self.say(Some(stage.name), &text, &m)));
        }
        let long = said.iter().map(String::len).sum::<usize>() > 2 * LONGEST_NOTE;
        if long { "put the inner results back".to_owned() } else { format!("put {} back", said.join(" and ")) }
    }

    /// Where an entry of the derivative stands among stacked columns.
    fn place_note(&self, answer: &Answer) -> Option<String> {
        if answer.notation != Notation::Kronecker {
            return None;
        }
        let place = |names: &[Symbol], axes: &[Dim]| match (names, axes) {
            ([i], _) => Some(i.to_string()),
            ([i, j], [m, _]) if m.terms().count() > 1 => Some(format!("{i} + ({m})*({j} - 1)")),
            ([i, j], [m, _]) => Some(format!("{i} + {m}*({j} - 1)")),
            _ => None,
        };
        let own = &self.known.get(&0)?.outputs;
        let row = place(own, &answer.shape[..own.len().min(answer.shape.len())])?;
        let column = place(&self.indices, &self.variable.axes())?;
        let entry = |name: Symbol, at: &[Symbol]| subscripted(Expr::var(Var { name, kind: None }), at);
        let entry = quotient_of_changes(&entry(self.stages.all[0].name, own), &entry(self.variable.name, &self.indices)).text;
        Some(format!("row {row}, column {column} holds {entry}"))
    }

    /// `entry [k,l] of B' is B[l,k]`
    fn entry_note(&mut self, terms: &[Product], matrix: &Expr, answer: &Answer) -> Option<String> {
        let indices: Vec<Symbol> = self.known.get(&0)?.outputs.iter().chain(&self.indices).copied().collect();
        if answer.notation != Notation::Matrix || indices.is_empty() {
            return None;
        }
        let formula = super::Formula { terms: terms.to_vec() };
        let mut marks = Marks::default();
        let entry = self.formula(&formula, &indices, &mut marks).ok()?;
        let entry = marks.write(&entry).text;
        let matrix = if matrix.nodes() <= LONGEST { matrix.to_string() } else { return None };
        let names: Vec<&str> = indices.iter().map(|i| i.as_str()).collect();
        (entry.len() + matrix.len() <= 2 * LONGEST_NOTE).then(|| format!("entry [{}] of {matrix} is {entry}", names.join(",")))
    }
}

const COMMUTES: &str = "the direction commutes with the matrix: the derivative of the function of a scalar, times the direction";

/// Whether a Fréchet derivative is none any more.
fn commutes(before: &Expr, after: &Expr) -> bool {
    let mut is_frechet =
        |op: &Op| matches!(op, Op::Call(Function::Call(Call::FrechetExpm | Call::FrechetLogm | Call::FrechetCosm | Call::FrechetSinm), _));
    before.any(&mut is_frechet) && !after.any(&mut is_frechet)
}

/// What a rule or a step of the engine does, in words.
fn title_of(rule: &str) -> &'static str {
    match rule {
        step::FACTOR => "take out common factors",
        step::NORMALISE => "put powers, factors and signs in order",
        step::RAISE => "multiply out and collect: both lines have the same index form",
        _ => "simplify",
    }
}

fn matrix_title(notation: Notation) -> &'static str {
    match notation {
        Notation::Matrix | Notation::Differential => "in matrix notation",
        Notation::Kronecker => "in Kronecker notation, columns stacked",
        Notation::Index => "no matrix formula expresses this; in index notation",
    }
}

/// A formula with its shared parts after it.
pub(super) fn presented(formula: &Presented) -> Written {
    let mut all = plain(&formula.body);
    for (at, (name, part)) in formula.parts.iter().enumerate() {
        let name = plain(&Expr::var(Var { name: *name, kind: None }));
        let part = plain(part);
        let first = at == 0;
        all.text.push_str(&format!("{} {} = {}", if first { " where" } else { ";" }, name.text, part.text));
        all.unicode.push_str(&format!("{} {} = {}", if first { " where" } else { ";" }, name.unicode, part.unicode));
        all.latex.push_str(&format!(r"{} {} = {}", if first { r" \quad\text{where}\quad" } else { r",\quad" }, name.latex, part.latex));
    }
    all
}
