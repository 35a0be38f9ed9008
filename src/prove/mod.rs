//! Proofs of equality: from two expressions to a chain of steps between them, or to none.
//!
//! Attempts, in order; each is exact, deterministic and limited, and the first that succeeds makes the chain.
//!
//! ```text
//! index form    both sides are lowered to one node                                 a chain of laws, or by their index form
//! expansion     they are once products of sums are multiplied out                  expand.rs
//! words         they are once inverses are cleared                                 words.rs, by completion in complete.rs
//! blocks        an inverse of blocks is multiplied out, a determinant of blocks written by Schur complements   blocks.rs
//! definitions   they are once functions are written by exp, over one denominator   definitions.rs
//! entries       all sizes are known, and all entries are the same polynomials  entries.rs
//! saturation    one e-graph finds them equal, if need be by laws that are only stated   saturate/explain.rs
//! ```
//!
//! Nothing is ever proved by numbers.

mod blocks;
mod complete;
mod definitions;
mod domain;
mod entries;
mod expand;
mod monomial;
mod words;

use crate::dim::{Dim, Symbol};
use crate::error::Result;
use crate::expr::{Expr, Kind, Op, Shape, Var};
use crate::factor;
use crate::function::{Call, Function};
use crate::index::{Graph, NodeId};
use crate::infer::infer;
use crate::lower::lower;
use crate::matrix::{Build, Mat, Terms, of_typed};
use crate::number::Number;
use crate::parse::Declarations;
use crate::present::present_whole;
use crate::proof::{Proof, ProofStep};
use crate::raise::Raiser;
use crate::saturate::{Limits, Rewrite, RuleSet, connect};
use crate::typed::Typed;
pub(crate) use domain::requirements;
use egg::{Id, RecExpr};
use entries::Entries;
pub(crate) use expand::Expander;
use std::collections::BTreeSet;
use std::sync::Arc;
use words::{Alphabet, Poly};

/// A longer chain of laws reads worse than one reference to the index form.
const SHORT: usize = 4;
/// What saturation may use up to find a short chain, and to find any.
const QUICK: Limits = Limits { nodes: 150, iterations: 2 };
/// More terms of noncommutative polynomials than this are not made.
const MOST_MONOMIALS: usize = 60_000;
const LONG: Limits = Limits { nodes: 1500, iterations: 8 };
/// With the laws that are only stated, among which are such as make terms longer.
const STATED: Limits = Limits { nodes: 600, iterations: 3 };

/// A proof that two expressions have the same value wherever both are defined, if one is found.
///
/// # Errors
/// If a derivative in an expression is not known, or an e-graph meets a limit of the crate itself.
pub(crate) fn prove(left: &Typed, right: &Typed, rules: &RuleSet) -> Result<Option<Proof>> {
    let assumed = inverted(&[left, right]);
    let (left, right) = (with_full_rank(left, &assumed), with_full_rank(right, &assumed));
    let (left, right) = (Side::of(&left), Side::of(&right));
    if left.shape() != right.shape() {
        return Ok(None);
    }
    let prover = Prover { rules, taken: names(&[left.typed, right.typed]), assumed, left, right };
    let steps = prover.chain()?;
    Ok(steps.and_then(|steps| prover.proof(steps)))
}

/// The variables of which either side has the inverse: an equation speaks of those points only where it exists.
fn inverted(sides: &[&Typed]) -> Vec<Symbol> {
    let mut found = Vec::new();
    for typed in sides {
        for node in &typed.nodes {
            let of = match &node.op {
                Op::Call(Function::Call(Call::Inv), arguments) => arguments.first().copied(),
                Op::LeftDiv(a, _) => Some(*a),
                Op::Div(_, b) => Some(*b),
                _ => None,
            };
            if let Some(Op::Var(v)) = of.map(|a| &typed.node(a).op)
                && v.axes().len() == 2
                && !found.contains(&v.name)
            {
                found.push(v.name);
            }
        }
    }
    found
}

/// The same expression where these variables are declared to have full rank.
fn with_full_rank(typed: &Typed, names: &[Symbol]) -> Typed {
    let mut typed = typed.clone();
    let declare = |v: &mut Var| {
        if let Some(kind) = v.kind.as_mut().filter(|_| names.contains(&v.name)) {
            *kind = Arc::new(Kind { full_rank: true, ..(**kind).clone() });
        }
    };
    typed.variables.values_mut().for_each(declare);
    for node in &mut typed.nodes {
        if let Op::Var(v) = &mut node.op {
            declare(v);
        }
    }
    typed
}

/// One side of the equation.
struct Side<'a> {
    typed: &'a Typed,
    written: Expr,
}

impl Side<'_> {
    fn of(typed: &Typed) -> Side<'_> {
        Side { typed, written: expression_of(typed) }
    }

    fn shape(&self) -> &Shape {
        &self.typed.root().shape
    }

    fn is_row(&self) -> bool {
        matches!(self.shape(), Shape::Row(_))
    }
}

struct Prover<'a> {
    rules: &'a RuleSet,
    /// Names that no index may take.
    taken: BTreeSet<Symbol>,
    assumed: Vec<Symbol>,
    left: Side<'a>,
    right: Side<'a>,
}

type Chain = Vec<ProofStep>;

impl Prover<'_> {
    fn chain(&self) -> Result<Option<Chain>> {
        if self.left.written == self.right.written {
            return Ok(Some(Vec::new()));
        }
        let mut graph = Graph::new();
        let nodes = (lower(&mut graph, self.left.typed), lower(&mut graph, self.right.typed));
        if let (Ok(left), Ok(right)) = nodes {
            if left == right {
                return match self.by_laws(self.rules.with_laws_of_the_engine(), None, &QUICK)? {
                    Some(chain) if chain.len() <= SHORT => Ok(Some(chain)),
                    _ => Ok(Some(self.by_index_form(&mut graph, left))),
                };
            }
            let attempts = [Prover::by_expansion, Prover::by_words, Prover::by_blocks, Prover::by_definitions, Prover::by_entries];
            if let Some(chain) = attempts.iter().find_map(|attempt| attempt(self)) {
                return Ok(Some(chain));
            }
            return match self.by_laws(self.rules, Some((&mut graph, left, right)), &LONG)? {
                Some(chain) => Ok(Some(chain)),
                None => self.by_laws(self.rules.with_laws_of_the_engine(), Some((&mut graph, left, right)), &STATED),
            };
        }
        self.by_laws(self.rules, None, &LONG)
    }

    fn by_expansion(&self) -> Option<Chain> {
        self.expanded(false)
    }

    fn by_definitions(&self) -> Option<Chain> {
        self.expanded(true)
    }

    /// From the terms as they are written, which read better, or else from those that the index form is raised to.
    fn by_words(&self) -> Option<Chain> {
        let mut terms = Terms::new();
        if let (Ok(left), Ok(right)) = (of_typed(self.left.typed, &mut terms), of_typed(self.right.typed, &mut terms))
            && let Some(chain) = self.by_words_of(terms, left, right)
        {
            return Some(chain);
        }
        let mut graph = Graph::new();
        let nodes = [lower(&mut graph, self.left.typed).ok()?, lower(&mut graph, self.right.typed).ok()?];
        let mut terms = Terms::new();
        let mut raiser = Raiser::new(&mut graph, &mut terms);
        let sides = nodes.map(|n| raiser.raise(n)).map(|t| if self.left.is_row() { terms.transpose(t) } else { t });
        self.by_words_of(terms, sides[0], sides[1])
    }

    /// The entries of both sides, where all sizes are known.
    fn by_entries(&self) -> Option<Chain> {
        let mut graph = Graph::new();
        graph.recognition = false;
        let nodes = [lower(&mut graph, self.left.typed).ok()?, lower(&mut graph, self.right.typed).ok()?];
        if graph.reachable(&nodes).iter().flat_map(|n| graph.axes(*n)).any(|d| d.as_number().is_none()) {
            return None;
        }
        let mut expander = Expander::new(&mut graph, true);
        let agree = Entries::new(&mut expander).agree(nodes[0], nodes[1])?;
        agree.then(|| vec![ProofStep { rule: "entries".into(), forward: true, after: self.right.written.clone() }])
    }

    /// The difference of the sides as a sum of multiples of `M*inv(M) - 1` and the like, taken away one after the other.
    fn by_words_of(&self, mut terms: Terms, left: Id, right: Id) -> Option<Chain> {
        let mut alphabet = Alphabet::new(&mut terms, MOST_MONOMIALS);
        let (left, right) = (alphabet.poly(left)?, alphabet.poly(right)?);
        if !alphabet.has_relations() || (left.rows, left.columns) != (right.rows, right.columns) {
            return None;
        }
        let mut difference = left.clone();
        difference.add_all(&right, &Number::MINUS_ONE);
        let cofactors = complete::consequence(&mut alphabet, &difference)?;
        let mut parts: Vec<(&'static str, bool, Poly)> = Vec::new();
        for (context, n) in &cofactors {
            let relation = alphabet.relations.get(context.relation)?.clone();
            let part = complete::in_context(&mut alphabet, context, &relation.poly, left.rows, left.columns)?.scaled(n);
            difference.add_all(&part, &Number::MINUS_ONE);
            parts.push((relation.rule, !n.is_negative(), part));
        }
        // The certificate is checked, whatever has found it.
        if !difference.is_zero() {
            return None;
        }
        let mut now = left;
        let mut chain = vec![self.step("expansion", true, &mut alphabet, &now)?];
        while !parts.is_empty() {
            // What leaves the shortest expression goes first.
            let without = |part: &Poly| {
                let mut next = now.clone();
                next.add_all(part, &Number::MINUS_ONE);
                next
            };
            let best = (0..parts.len()).min_by_key(|k| {
                let next = without(&parts[*k].2);
                (next.terms.len(), next.terms.keys().map(|m| m.degree).sum::<usize>())
            })?;
            let next = without(&parts[best].2);
            let (rule, forward, _) = parts.remove(best);
            now = next;
            chain.push(self.step(rule, forward, &mut alphabet, &now)?);
        }
        chain.push(ProofStep { rule: "expansion".into(), forward: false, after: self.right.written.clone() });
        Some(chain)
    }

    fn step(&self, rule: &str, forward: bool, alphabet: &mut Alphabet, poly: &Poly) -> Option<ProofStep> {
        let term = alphabet.term(poly);
        Some(ProofStep { rule: rule.into(), forward, after: self.show(&alphabet.terms.to_recexpr(term))? })
    }

    /// Both sides multiplied out, with functions by their definitions or without.
    fn expanded(&self, definitions: bool) -> Option<Chain> {
        let mut graph = Graph::new();
        graph.recognition = !definitions;
        let left = lower(&mut graph, self.left.typed).ok()?;
        let right = lower(&mut graph, self.right.typed).ok()?;
        let mut expander = Expander::new(&mut graph, definitions);
        let (a, b) = (expander.expand(left)?, expander.expand(right)?);
        let name = if expander.traces {
            "det_by_traces"
        } else if definitions {
            "definition"
        } else {
            "expansion"
        };
        if expand::same(&a, &b) {
            let middle = expander.node(left)?;
            return Some(self.through(&mut graph, middle, name));
        }
        let (above, other, below) = expander.over_one_denominator(left, a, b)?;
        if !expand::same(&above, &other) {
            return None;
        }
        let mut quotient = expander.collect(left, &above);
        for divisor in below {
            let reciprocal = graph.power(divisor, &Number::MINUS_ONE);
            quotient = graph.times(quotient, reciprocal);
        }
        Some(self.through(&mut graph, quotient, "common_denominator"))
    }

    /// From the left side to a node and from there to the right side, by a step of that name.
    fn through(&self, graph: &mut Graph, node: NodeId, name: &str) -> Chain {
        let mut terms = Terms::new();
        let mut term = Raiser::new(graph, &mut terms).raise(node);
        if self.left.is_row() {
            term = terms.transpose(term);
        }
        let middle = self.show(&terms.to_recexpr(term));
        let there = middle.map(|after| ProofStep { rule: name.into(), forward: true, after });
        let last = ProofStep { rule: name.into(), forward: there.is_none(), after: self.right.written.clone() };
        there.into_iter().chain([last]).collect()
    }

    /// Saturation from both sides, as they are written and as they are raised.
    fn by_laws(&self, rules: &RuleSet, lowered: Option<(&mut Graph, NodeId, NodeId)>, limits: &Limits) -> Result<Option<Chain>> {
        let mut terms = Terms::new();
        let mut sides = [&self.left, &self.right].map(|s| of_typed(s.typed, &mut terms).ok().into_iter().collect::<Vec<Id>>());
        if let Some((graph, left, right)) = lowered {
            for (side, node) in sides.iter_mut().zip([left, right]) {
                let factored = factor::factor(graph, node);
                let mut raiser = Raiser::new(graph, &mut terms);
                let raised = [node, factored].map(|n| raiser.raise(n));
                side.extend(raised.map(|t| if self.left.is_row() { terms.transpose(t) } else { t }));
                side.dedup();
            }
        }
        let [left, right] = sides;
        let (Some(first), Some(last)) = (left.first(), right.first()) else { return Ok(None) };
        if terms.form(*first) != terms.form(*last) {
            return Ok(None);
        }
        let found = connect(&terms, &left, &right, rules, limits)?;
        Ok(found.and_then(|steps| self.written(&terms.to_recexpr(*first), &steps)))
    }

    /// A chain of terms as expressions; the sides are written as they were given.
    fn written(&self, first: &RecExpr<Mat>, steps: &[Rewrite]) -> Option<Chain> {
        let mut chain: Chain = Vec::new();
        let start = self.show(first)?;
        if start != self.left.written {
            chain.push(ProofStep { rule: "normalise".into(), forward: true, after: start });
        }
        for step in steps {
            chain.push(ProofStep { rule: step.rule.clone(), forward: step.forward, after: self.show(&step.after)? });
        }
        Some(chain)
    }

    fn by_index_form(&self, graph: &mut Graph, node: NodeId) -> Chain {
        if has_derivative(&self.left.written) || has_derivative(&self.right.written) {
            return self.through(graph, node, "index_form");
        }
        let mut terms = Terms::new();
        let term = Raiser::new(graph, &mut terms).in_index_notation(node);
        let index = self.show(&terms.to_recexpr(term)).filter(|e| !is_mere_subscript(e));
        let index = index.map(|e| if self.left.is_row() { Expr::new(Op::Transpose(e)) } else { e });
        let through = index.map(|after| ProofStep { rule: "index_form".into(), forward: true, after });
        let last = ProofStep { rule: "index_form".into(), forward: through.is_none(), after: self.right.written.clone() };
        through.into_iter().chain([last]).collect()
    }

    fn show(&self, term: &RecExpr<Mat>) -> Option<Expr> {
        present_whole(term, &self.taken).ok()
    }

    /// The proof, if every expression of it can be read and has the shape of the sides.
    fn proof(&self, mut steps: Chain) -> Option<Proof> {
        let start = self.left.written.clone();
        if steps.last().map_or(&start, |s| &s.after) != &self.right.written {
            steps.push(ProofStep { rule: "normalise".into(), forward: false, after: self.right.written.clone() });
        }
        let mut terms = Terms::new();
        let mut term = |e: &Expr| -> Option<Option<Id>> {
            let typed = infer(e, &Declarations::new()).ok().filter(|t| agree(&t.root().shape, self.left.shape()))?;
            Some(of_typed(&typed, &mut terms).ok())
        };
        let (first, last) = (term(&start).flatten(), term(&self.right.written).flatten());
        let mut kept: Vec<(ProofStep, Option<Id>)> = Vec::with_capacity(steps.len());
        let Some(given) = steps.pop() else {
            let conditions = domain::requirements(std::iter::once(&start), &self.assumed);
            return Some(Proof { start, steps, conditions });
        };
        for step in steps {
            // What is only written in another order, or has been there before, is no step.
            let t = term(&step.after)?;
            let same = |e: &Expr, u: Option<Id>| *e == step.after || (t.is_some() && u == t);
            if same(&start, first) {
                kept.clear();
            } else if let Some(at) = kept.iter().position(|(s, u)| same(&s.after, *u)) {
                kept.truncate(at + 1);
            } else {
                kept.push((step, t));
            }
        }
        let mut last_step = given;
        if let Some((step, _)) = kept.pop_if(|(s, t)| s.after == last_step.after || (t.is_some() && *t == last)) {
            last_step = ProofStep { after: last_step.after, ..step };
        } else if kept.is_empty() && first.is_some() && first == last {
            last_step.rule = if &*last_step.rule == "index_form" { last_step.rule } else { "normalise".into() };
            last_step.forward = true;
        }
        let mut steps: Chain = kept.into_iter().map(|(step, _)| step).chain([last_step]).collect();
        if let [only] = &mut steps[..]
            && only.reason().is_some()
        {
            only.forward = true;
        }
        self.name_derivatives(&mut steps);
        let conditions = domain::requirements(std::iter::once(&start).chain(steps.iter().map(|s| &s.after)), &self.assumed);
        Some(Proof { start, steps, conditions })
    }

    /// The step that a derivative is gone after is the one that works it out.
    fn name_derivatives(&self, steps: &mut [ProofStep]) {
        if has_derivative(&self.right.written)
            && let Some(last) = steps.last_mut()
        {
            (last.rule, last.forward) = ("derivative".into(), false);
        }
        if has_derivative(&self.left.written)
            && let Some(first) = steps.first_mut()
        {
            (first.rule, first.forward) = ("derivative".into(), true);
        }
    }
}

fn has_derivative(e: &Expr) -> bool {
    e.any(&mut |op| matches!(op, Op::Diff(..)))
}

/// `{M[i,j]}[i,j]` of a compound M says nothing that M does not.
fn is_mere_subscript(e: &Expr) -> bool {
    matches!(e.op(), Op::Braces(body, _) if matches!(body.op(), Op::Subscript(of, _) if !matches!(of.op(), Op::Var(_))))
}

fn agree(a: &Shape, b: &Shape) -> bool {
    let long = |s: &Shape| s.axes().into_iter().filter(|d| *d != Dim::ONE).collect::<Vec<_>>();
    long(a) == long(b)
}

/// The expression that was typed, with the kind of every variable.
pub(crate) fn expression_of(typed: &Typed) -> Expr {
    let mut built: Vec<Expr> = Vec::with_capacity(typed.nodes.len());
    for node in &typed.nodes {
        let op: std::result::Result<Op, std::convert::Infallible> = node.op.try_map(|c| Ok(built[c.0 as usize].clone()));
        match op {
            Ok(op) => built.push(Expr::new(op)),
        }
    }
    built[typed.root.0 as usize].clone()
}

/// The names of variables and dimensions.
fn names(all: &[&Typed]) -> BTreeSet<Symbol> {
    let variables = all.iter().flat_map(|t| t.variables.values());
    variables.flat_map(|v| v.axes().into_iter().flat_map(Dim::symbols).chain([v.name])).collect()
}
