//! Several derivatives of one function: one inference, one reverse pass, one arena of terms, one e-graph, and one list of
//! shared parts.

use super::asked::{known, order_of_part, part_by_axes, variable, with_axes_for_free_indices};
use super::{Engine, declared_names, lengths_are_known, on_a_deep_stack};
use crate::answer::{Answer, Notation, Profile};
use crate::answers::Answers;
use crate::dim::Symbol;
use crate::error::{Error, ErrorKind, Result};
use crate::expr::{Expr, Op, Shape, Var};
use crate::function::{Call, Function};
use crate::index::{Graph, NodeId};
use crate::infer::infer;
use crate::layout::Layout;
use crate::lower;
use crate::matrix::Terms;
use crate::parse::Declarations;
use crate::present::{Parts, Presented, Setting, shortest};
use crate::question::Question;
use crate::raise::Raiser;
use crate::saturate::simplify_each;
use crate::typed::{Typed, TypedId};
use egg::Id;
use std::collections::BTreeSet;

/// One of the values that are asked for: what it is differentiated by (nothing, if it is the function itself), and the
/// expression of it.
struct Asked {
    by: Vec<Expr>,
    whole: Expr,
}

/// A node with what raising has to know of it.
struct Wanted {
    node: NodeId,
    /// How many leading axes are rows in Kronecker notation.
    rows: usize,
    /// Whether the value is a row and not a column.
    row: bool,
}

impl Engine {
    /// The derivatives of one function, each by a variable of its own, with the parts that they share written once: the
    /// gradients of a loss by all parameters. Each derivative is that of [`Engine::derivative`].
    ///
    /// Each element of `wrt` is what one derivative is taken by, one variable after the other: `[x]` gives the gradient by
    /// x, `[x, x]` the Hessian, and nothing at all, `[]`, the value of the function, which then shares too.
    ///
    /// ```
    /// use indicial::{Declarations, Engine, parse};
    /// let declarations = Declarations::new();
    /// let loss = parse("normF(T - U*V')^2", &declarations)?;
    /// let by = |x| Ok::<_, indicial::Error>(vec![parse(x, &declarations)?]);
    /// let gradients = Engine::new().derivatives(&loss, &[by("U")?, by("V")?], &declarations)?;
    /// assert_eq!(gradients.to_string(), "dF/dU = 2*t1*V\ndF/dV = 2*t1'*U\nwhere t1 = U*V' - T");
    /// assert!(gradients.answers.iter().all(|a| a.verify(6).is_ok_and(|v| v.ok)));
    /// # Ok::<(), indicial::Error>(())
    /// ```
    ///
    /// # Errors
    /// As of [`Engine::derivative`] for each of them; and if nothing is asked for.
    pub fn derivatives(&self, f: &Expr, wrt: &[Vec<Expr>], declarations: &Declarations) -> Result<Answers> {
        if self.notation == Notation::Differential {
            let error = Error::new(ErrorKind::Domain, "a differential is by all variables together");
            return Err(error.help("ask for one answer: each product in it shows a gradient"));
        }
        if self.layout != Layout::Mixed {
            return Err(Error::unsupported(format!("{} layout of several derivatives with shared parts", self.layout)));
        }
        wrt.iter().flatten().try_for_each(|x| known(x, f, declarations))?;
        let f = &with_axes_for_free_indices(f, declarations)?;
        let mut asked: Vec<Asked> = Vec::with_capacity(wrt.len());
        for by in wrt {
            let by = by.iter().map(|x| part_by_axes(x, f)).collect::<Result<Vec<_>>>()?;
            let whole = by.iter().fold(f.clone(), |f, x| Expr::new(Op::Diff(f, x.clone())));
            if asked.iter().all(|a| a.by != by) {
                asked.push(Asked { by, whole });
            }
        }
        if asked.is_empty() {
            return Err(Error::new(ErrorKind::Name, "no variable to differentiate by"));
        }
        let together = together(asked.iter().map(|a| &a.whole));
        on_a_deep_stack(together.depth(), || self.separate(f, &asked, &together, declarations))
    }

    fn separate(&self, f: &Expr, asked: &[Asked], together: &Expr, declarations: &Declarations) -> Result<Answers> {
        let mut profile = Profile::default();
        let typed = profile.stage("infer", || infer(together, declarations))?.by(self.convention);
        let roots = apart(&typed)?;
        let mut graph = self.graph();
        let nodes = profile.stage("lower and differentiate", || lower::lower_each(&mut graph, &typed, &roots))?;
        let wrt = |a: &Asked| a.by.iter().map(|x| variable(x, &typed)).collect::<Result<Vec<Var>>>();
        let wrt = asked.iter().map(wrt).collect::<Result<Vec<_>>>()?;
        let mut wanted = Vec::with_capacity(asked.len());
        for (((a, wrt), root), node) in asked.iter().zip(&wrt).zip(&roots).zip(nodes) {
            let last = a.by.last().zip(wrt.last()).map_or(0, |(part, x)| order_of_part(part, x));
            let row = matches!(typed.node(*root).shape, Shape::Row(_));
            wanted.push(Wanted { node, rows: graph.order(node) - last, row });
        }
        let shapes: Vec<_> = wanted.iter().map(|w| graph.axes(w.node).to_vec()).collect();
        let setting = Setting { taken: &declared_names(&typed), input: Some(f) };
        let (formulas, parts, notations) = self.formulas(&mut graph, &wanted, setting, &mut profile)?;
        let mut answers = Vec::with_capacity(asked.len());
        for (at, (a, body)) in asked.iter().zip(formulas).enumerate() {
            let formula = Presented { parts: needed(&body, &parts), body };
            lengths_are_known(&a.whole, &typed, &formula)?;
            answers.push(Answer {
                input: f.clone(),
                question: if a.by.is_empty() { Question::Value } else { Question::Derivative },
                wrt: wrt[at].clone(),
                by: a.by.clone(),
                variables: typed.variables.values().cloned().collect(),
                assumed: typed.assumed.clone(),
                shape: shapes[at].clone(),
                notation: notations[at],
                convention: self.convention,
                layout: self.layout,
                formula,
                laid_out: None,
                profile: profile.clone(),
                rows: wanted[at].rows,
            });
        }
        Ok(Answers { answers, parts })
    }

    /// The nodes as people write them, each in the first notation that expresses it, and the parts that they share.
    fn formulas(
        &self,
        graph: &mut Graph,
        wanted: &[Wanted],
        setting: Setting,
        profile: &mut Profile,
    ) -> Result<(Vec<Expr>, Parts, Vec<Notation>)> {
        let mut terms = Terms::new();
        let raised: Vec<(Vec<Id>, Notation)> = profile.stage("raise", || {
            let mut raiser = Raiser::new(graph, &mut terms);
            wanted.iter().map(|w| self.raise_with(&mut raiser, w.node, w.rows, w.row)).collect()
        });
        let (seeds, notations): (Vec<Vec<Id>>, Vec<Notation>) = raised.into_iter().unzip();
        let found = if self.saturation {
            let outcome = profile.stage("saturate", || simplify_each(&terms, &seeds, self.rule_set(), &self.limits))?;
            profile.saturation = Some(outcome.stats);
            outcome.found
        } else {
            let least = |s: &Vec<Id>| s.iter().min_by_key(|t| terms.tokens(**t)).copied().unwrap_or_default();
            vec![terms.to_recexprs(&seeds.iter().map(least).collect::<Vec<_>>())]
        };
        let (formulas, parts) = profile.stage("present", || shortest(&found, setting))?;
        Ok((formulas, parts, notations))
    }
}

/// Values of any shapes in one expression, so that every name in them has one kind: their entries have sums of one shape.
pub(crate) fn together<'a>(all: impl Iterator<Item = &'a Expr>) -> Expr {
    let sum = |e: &Expr| Expr::new(Op::Call(Function::Call(Call::Sum), vec![e.clone()]));
    Expr::new(Op::Add(all.map(sum).collect()))
}

/// The values that [`together`] has put into one expression.
pub(crate) fn apart(typed: &Typed) -> Result<Vec<TypedId>> {
    let Op::Add(terms) = &typed.root().op else {
        return Err(Error::new(ErrorKind::Internal, "several values were not understood one by one"));
    };
    let inner = |id: &TypedId| match &typed.node(*id).op {
        Op::Call(Function::Call(Call::Sum), arguments) => arguments.first().copied(),
        _ => None,
    };
    let missing = || Error::new(ErrorKind::Internal, "one of several values was not understood");
    terms.iter().map(|t| inner(t).ok_or_else(missing)).collect()
}

/// The parts that a formula rests on, in their order.
fn needed(body: &Expr, parts: &[(Symbol, Expr)]) -> Parts {
    let mut names: BTreeSet<Symbol> = BTreeSet::new();
    let add = |e: &Expr, names: &mut BTreeSet<Symbol>| {
        e.any(&mut |op| {
            if let Op::Var(v) = op {
                names.insert(v.name);
            }
            false
        });
    };
    add(body, &mut names);
    // A part uses only those before it.
    for (name, part) in parts.iter().rev() {
        if names.contains(name) {
            add(part, &mut names);
        }
    }
    parts.iter().filter(|(name, _)| names.contains(name)).cloned().collect()
}
