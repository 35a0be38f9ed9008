//! Back to matrix notation: the derivative with the names of inner results, these put back, and the simplified answer.

use super::formula::Product;
use super::write::{Marks, plain, substitute};
use super::Level;
use crate::answer::{Answer, Notation, Profile};
use crate::derivation::{Claim, Written};
use crate::dim::Symbol;
use crate::error::Result;
use crate::expr::{Expr, Op};
use crate::present::Presented;
use rustc_hash::FxHashMap;

/// A formula with more parts than this is not shown on the way to the answer.
const LONGEST: u64 = 60;
/// An entry that is longer than this is not repeated in a note.
const LONGEST_NOTE: usize = 60;

impl Level<'_> {
    /// The lines from the derivative of the function to the answer.
    pub fn finish(&mut self, answer: &Answer) -> Result<()> {
        let Some(known) = self.known.get(&0).cloned() else { return Ok(()) };
        let engine = self.engine.clone().saturation(false);
        let taken = self.names.taken().clone();
        let raised = engine.formula(self.graph, known.node, (answer.rows, self.order_one_is_row), &taken, &mut Profile::default());
        let target = answer.formula.inlined();
        let mut last: Option<Expr> = None;
        let mut said = false;
        // What has no notation over the names may have one without them.
        if let Ok((formula, notation)) = raised
            && notation == answer.notation
            && formula.inlined().nodes() <= LONGEST
        {
            let raised = formula.inlined();
            let back = self.put_back(&raised);
            let note = self.entry_note(&known.formula.terms, &raised, answer);
            if raised == target {
                return self.conclude(answer, matrix_title(answer.notation), note);
            }
            self.matrix_line(answer, &raised, matrix_title(answer.notation).to_owned(), note);
            said = true;
            if back != raised {
                let names = self.names_in(&raised);
                let title = format!("put back {}", names.join(" and "));
                if back == target {
                    return self.conclude(answer, &title, None);
                }
                if back.nodes() <= LONGEST {
                    self.matrix_line(answer, &back, title, None);
                }
            }
            last = Some(back);
        }
        let _ = last;
        let title = if said { "simplify" } else { matrix_title(answer.notation) };
        self.conclude(answer, title, None)
    }

    /// The line with the answer.
    fn conclude(&mut self, answer: &Answer, title: &str, note: Option<String>) -> Result<()> {
        let right = presented(&answer.formula);
        let claim = (answer.notation != Notation::Kronecker).then(|| self.claim_of(&answer.formula.inlined()));
        let left = self.left_of(answer.notation);
        self.push(title.to_owned(), &[], left, right, note, claim);
        Ok(())
    }

    fn matrix_line(&mut self, answer: &Answer, e: &Expr, title: String, note: Option<String>) {
        let claim = (answer.notation != Notation::Kronecker).then(|| {
            let meaning = self.meaning(e, &[], &Marks::default());
            self.claim_of(&meaning)
        });
        let left = self.left_of(answer.notation);
        self.push(title, &[], left, plain(e), note, claim);
    }

    fn claim_of(&self, right: &Expr) -> Claim {
        let function = self.meanings.get(&self.stages.all[0].name).cloned().unwrap_or_else(|| Expr::number(0));
        Claim { left: Expr::new(Op::Diff(function, Expr::var(self.variable.clone()))), right: right.clone() }
    }

    fn left_of(&self, notation: Notation) -> Written {
        match notation {
            Notation::Matrix | Notation::Index => self.change_of_function(),
            Notation::Kronecker => {
                let (f, x) = (self.stages.all[0].name, plain(&Expr::var(self.variable.clone())));
                Written {
                    text: format!("d vec({f})/d vec({})'", x.text),
                    unicode: format!("∂vec({f})/∂vec({})ᵀ", x.unicode),
                    latex: format!(
                        r"\frac{{\partial \operatorname{{vec}}({f})}}{{\partial \operatorname{{vec}}({})^\top}}",
                        x.latex
                    ),
                }
            }
        }
    }

    /// The names of stages replaced by what they stand for, as it is shown.
    fn put_back(&mut self, e: &Expr) -> Expr {
        let mut known: FxHashMap<Symbol, Expr> = FxHashMap::default();
        for at in 1..self.stages.all.len() {
            let stage = self.stages.all[at].clone();
            let meaning = match self.written.get(&stage.node) {
                Some(written) => Some(written.clone()),
                None => self.matrix(stage.node).ok(),
            };
            known.extend(meaning.map(|m| (stage.name, m)));
        }
        substitute(e, &|name| known.get(&name).cloned(), &mut FxHashMap::default())
    }

    fn names_in(&self, e: &Expr) -> Vec<String> {
        let used = self.stages.all.iter().skip(1).filter(|s| e.mentions(s.name));
        used.map(|s| s.name.to_string()).collect()
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
        let matrix = matrix.to_string();
        let names: Vec<&str> = indices.iter().map(|i| i.as_str()).collect();
        (entry.len() + matrix.len() <= 2 * LONGEST_NOTE).then(|| format!("entry [{}] of {matrix} is {entry}", names.join(",")))
    }
}

fn matrix_title(notation: Notation) -> &'static str {
    match notation {
        Notation::Matrix => "in matrix notation",
        Notation::Kronecker => "in Kronecker notation, columns stacked",
        Notation::Index => "no matrix formula expresses this; in index notation",
    }
}

/// A formula with its shared parts after it.
fn presented(formula: &Presented) -> Written {
    let mut all = plain(&formula.body);
    for (at, (name, part)) in formula.parts.iter().enumerate() {
        let name = plain(&Expr::var(crate::expr::Var { name: *name, kind: None }));
        let part = plain(part);
        let first = at == 0;
        all.text.push_str(&format!("{} {} = {}", if first { " where" } else { ";" }, name.text, part.text));
        all.unicode.push_str(&format!("{} {} = {}", if first { " where" } else { ";" }, name.unicode, part.unicode));
        all.latex.push_str(&format!(r"{} {} = {}", if first { r" \quad\text{where}\quad" } else { r",\quad" }, name.latex, part.latex));
    }
    all
}
