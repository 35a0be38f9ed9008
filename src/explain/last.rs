//! Structured variables and parts: everything is derived as if each entry of the variable moved by itself; what a
//! structure or a part makes of that is one last line.

use super::finish::presented;
use super::write::{plain, quotient_of_changes, substitute};
use crate::answer::{Answer, Notation};
use crate::derivation::{Claim, Step, Written};
use crate::dim::Symbol;
use crate::expr::{Expr, Op, Structure, Subscript, Var};
use crate::index::{Graph, NodeId};
use crate::structure::{self, Convention};
use crate::typed::Typed;
use rustc_hash::FxHashMap;

/// The structured variables to differentiate by: as general matrices, and as they are.
#[derive(Clone, Debug, Default)]
pub(super) struct General {
    pairs: Vec<(Var, Var)>,
    /// Whether a projection depends on the variable, so that it cannot wait until all is differentiated.
    entangled: bool,
}

impl General {
    pub fn of(answer: &Answer) -> General {
        let mut pairs: Vec<(Var, Var)> = Vec::new();
        for v in answer.wrt.iter().filter(|v| structure_of(v) != Structure::General) {
            let pair = (structure::lifted(v), v.clone());
            if !pairs.contains(&pair) {
                pairs.push(pair);
            }
        }
        let tangent = pairs.iter().any(|(_, v)| structure_of(v) == Structure::Orthogonal) && answer.convention == Convention::Tangent;
        General { pairs, entangled: tangent && answer.wrt.len() > 1 }
    }

    /// Whether the function may be differentiated as if its variables were general. A derivative within it is projected,
    /// which a general variable does not show.
    pub fn applies(&self, whole: &Expr) -> bool {
        self.pairs.is_empty() || (!self.entangled && !whole.any(&mut |op| matches!(op, Op::Diff(..))))
    }

    pub fn of_variable(&self, v: &Var) -> Var {
        self.pairs.iter().find(|(_, structured)| structured == v).map_or(v, |(general, _)| general).clone()
    }

    /// The input over the general variables.
    pub fn typed(&self, typed: &Typed) -> Typed {
        let mut typed = typed.clone();
        for node in &mut typed.nodes {
            if let Op::Var(v) = &mut node.op {
                *v = self.of_variable(v);
            }
        }
        typed
    }

    /// The expression over the variables as they are.
    pub fn restored(&self, e: &Expr) -> Expr {
        if self.pairs.is_empty() {
            return e.clone();
        }
        let known = |name| self.pairs.iter().find(|(general, _)| general.name == name).map(|(_, v)| Expr::var(v.clone()));
        substitute(e, &known, &mut FxHashMap::default())
    }

    /// The node over the variables as they are, built anew with what is known of them.
    pub fn with_structure(&self, graph: &mut Graph, node: NodeId) -> NodeId {
        if self.pairs.is_empty() { node } else { structure::substitute(graph, node, &self.pairs) }
    }
}

fn structure_of(v: &Var) -> Structure {
    v.kind.as_ref().map_or(Structure::General, |k| k.structure)
}

/// What stands for a variable of which every entry moves by itself: all of its entries as a part of it.
pub(super) fn every_entry(v: &Var) -> Expr {
    let whole = Expr::var(v.clone());
    if structure_of(v) == Structure::General {
        return whole;
    }
    Expr::new(Op::Subscript(whole, v.axes().iter().map(|_| Subscript::All).collect()))
}

impl Answer {
    /// Whether the answer is not yet the derivative by whole variables of which every entry moves by itself.
    pub(super) fn is_narrower(&self) -> bool {
        self.parts().next().is_some() || self.projections().next().is_some()
    }

    fn parts(&self) -> impl Iterator<Item = &Expr> {
        self.by.iter().filter(|x| matches!(x.op(), Op::Subscript(..)))
    }

    /// The variables whose structure changes the derivative by them.
    fn projections(&self) -> impl Iterator<Item = &Var> {
        let by_whole = self.by.iter().zip(&self.wrt).filter(|(x, _)| matches!(x.op(), Op::Var(_))).map(|(_, v)| v);
        by_whole.filter(|v| match (self.convention, structure_of(v)) {
            (Convention::Free, _) | (_, Structure::General) | (Convention::Projected, Structure::Orthogonal) => false,
            (Convention::Projected | Convention::Tangent, _) => true,
        })
    }
}

/// The last line: what the structure of the variables, and the parts that were asked for, make of the derivative above.
pub(super) fn conclude(steps: &mut Vec<Step>, answer: &Answer, function: Symbol) {
    let whole = answer.by.iter().fold(answer.input.clone(), |f, x| Expr::new(Op::Diff(f, x.clone())));
    let claim = (answer.notation != Notation::Kronecker).then(|| Claim { left: whole, right: answer.formula.inlined() });
    let mut said: Vec<String> = Vec::new();
    for v in answer.projections() {
        let one = projection(v);
        if !said.contains(&one) {
            said.push(one);
        }
    }
    for part in answer.parts() {
        said.push(format!("only the entries of {part} are asked for"));
    }
    let function = Expr::var(Var { name: function, kind: None });
    if steps.is_empty() {
        said.insert(0, "differentiate by the rules for matrices".to_owned());
        let right = super::presented(&answer.input);
        steps.push(line(1, "the function".to_owned(), plain(&function), right));
    }
    let right = presented(&answer.formula);
    let unchanged = steps.last().is_some_and(|s| s.right == right);
    let left = left_of(answer, &function, steps.last());
    let note = unchanged.then(|| "it is so already".to_owned());
    steps.push(Step { note, claim, ..line(steps.len() + 1, said.join("; "), left, right) });
}

fn line(number: usize, title: String, left: Written, right: Written) -> Step {
    Step { number, title, title_latex: None, reasons: Vec::new(), left, right, note: None, claim: None }
}

/// `S is symmetric: its entries move in pairs, so take the symmetric part`
fn projection(v: &Var) -> String {
    let x = v.name;
    match structure_of(v) {
        Structure::General => String::new(),
        Structure::Symmetric | Structure::PositiveDefinite => {
            format!("{x} is symmetric: entries [k,l] and [l,k] move together, so take the symmetric part, the mean of it and its transpose")
        }
        Structure::Skew => {
            format!("{x} is skew: entry [l,k] moves as the negative of [k,l], so take the skew part, half of it minus its transpose")
        }
        Structure::Diagonal => format!("{x} is diagonal: only entries on the diagonal move, so keep the diagonal and put 0 elsewhere"),
        Structure::Lower => format!("{x} is lower triangular: entries above the diagonal stay 0, so put 0 there"),
        Structure::Upper => format!("{x} is upper triangular: entries below the diagonal stay 0, so put 0 there"),
        Structure::Hollow => format!("{x} is hollow: the diagonal stays 0, so put 0 there"),
        Structure::Orthogonal => {
            format!("{x} stays orthogonal: {x}'*d{x} is skew, so from G above take (G - {x}*G'*{x})/2")
        }
    }
}

/// `sym(dF/dS)`, `dF/dX[1:k,1:k]`: what is made of the left side before it.
fn left_of(answer: &Answer, function: &Expr, before: Option<&Step>) -> Written {
    let several = answer.by.len() > 1;
    let own = |x: &Expr| match answer.notation {
        Notation::Kronecker => change_of_columns(&plain(function), &plain(x)),
        Notation::Matrix | Notation::Index | Notation::Differential => quotient_of_changes(function, x),
    };
    let Some(v) = answer.projections().next() else {
        let before = before.map(|s| s.left.clone()).filter(|_| several);
        return match (before, answer.by.as_slice()) {
            (Some(left), _) => wrapped(&left, ["(", " in part)"], [r"\left(", r"\right)_{\text{in part}}"]),
            (None, [x]) => own(x),
            (None, _) => plain(function),
        };
    };
    let change = match before {
        Some(step) if several => step.left.clone(),
        Some(_) | None => own(&Expr::var(v.clone())),
    };
    let called = |name: &str| wrapped(&change, [&format!("{name}("), ")"], [&format!(r"\operatorname{{{name}}}\left("), r"\right)"]);
    match structure_of(v) {
        _ if several || answer.notation != Notation::Matrix => projected(&change),
        Structure::Symmetric | Structure::PositiveDefinite => called("sym"),
        Structure::Skew => called("skew"),
        Structure::Diagonal => {
            let [open, close] = [r"\operatorname{diag}\left(\operatorname{diag}\left(", r"\right)\right)"];
            wrapped(&change, ["diag(diag(", "))"], [open, close])
        }
        Structure::Lower => called("tril"),
        Structure::Upper => called("triu"),
        Structure::Hollow => {
            let change = &change;
            Written {
                text: format!("{0} - diag(diag({0}))", change.text),
                unicode: format!("{0} - diag(diag({0}))", change.unicode),
                latex: format!(r"{0} - \operatorname{{diag}}\left(\operatorname{{diag}}\left({0}\right)\right)", change.latex),
            }
        }
        Structure::General | Structure::Orthogonal => projected(&change),
    }
}

fn wrapped(inner: &Written, [open, close]: [&str; 2], latex: [&str; 2]) -> Written {
    Written {
        text: format!("{open}{}{close}", inner.text),
        unicode: format!("{open}{}{close}", inner.unicode),
        latex: format!("{}{}{}", latex[0], inner.latex, latex[1]),
    }
}

fn projected(change: &Written) -> Written {
    wrapped(change, ["(", " projected)"], [r"\left(", r"\right)_{\text{projected}}"])
}

/// `d vec(F)/d vec(X)'`
pub(super) fn change_of_columns(f: &Written, x: &Written) -> Written {
    Written {
        text: format!("d vec({})/d vec({})'", f.text, x.text),
        unicode: format!("∂vec({})/∂vec({})ᵀ", f.unicode, x.unicode),
        latex: format!(r"\frac{{\partial \operatorname{{vec}}({})}}{{\partial \operatorname{{vec}}({})^\top}}", f.latex, x.latex),
    }
}
