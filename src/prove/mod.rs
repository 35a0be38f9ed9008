//! Proofs of equality: from two expressions to a chain of steps between them, or to none.
//!
//! Attempts, in order; each is exact, deterministic and limited, and the first that succeeds makes the chain.
//!
//! ```text
//! index form    both sides are lowered to one node                                 a chain of laws, or by their index form
//! expansion     they are once products of sums are multiplied out                  expand.rs
//! words         they are once inverses are cleared                                 words.rs, by completion in complete.rs
//! definitions   they are once functions are written by exp, over one denominator   expand.rs
//! saturation    one e-graph finds them equal                                       saturate/explain.rs
//! ```
//!
//! Nothing is ever proved by numbers.

mod domain;

use crate::dim::{Dim, Symbol};
use crate::error::Result;
use crate::expr::{Expr, Op, Shape};
use crate::factor;
use crate::index::{Graph, NodeId};
use crate::infer::infer;
use crate::lower::lower;
use crate::matrix::{Build, Mat, Terms, of_typed};
use crate::parse::Declarations;
use crate::present::present;
use crate::proof::{Proof, ProofStep};
use crate::raise::Raiser;
use crate::saturate::{Limits, Rewrite, RuleSet, connect};
use crate::typed::Typed;
use egg::{Id, RecExpr};
use std::collections::BTreeSet;

/// A longer chain of laws reads worse than one reference to the index form.
const SHORT: usize = 4;
/// What saturation may use up to find a short chain, and to find any.
const QUICK: Limits = Limits { nodes: 150, iterations: 2 };
const LONG: Limits = Limits { nodes: 1500, iterations: 8 };

/// A proof that two expressions have the same value wherever both are defined, if one is found.
///
/// # Errors
/// If a derivative in an expression is not known, or an e-graph meets a limit of the crate itself.
pub(crate) fn prove(left: &Typed, right: &Typed, rules: &RuleSet) -> Result<Option<Proof>> {
    let (left, right) = (Side::of(left), Side::of(right));
    if left.shape() != right.shape() || left.typed.root().free != right.typed.root().free {
        return Ok(None);
    }
    let mut prover = Prover { rules, taken: names(&[left.typed, right.typed]), left, right };
    let steps = prover.chain()?;
    Ok(steps.and_then(|steps| prover.proof(steps)))
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
    left: Side<'a>,
    right: Side<'a>,
}

type Chain = Vec<ProofStep>;

impl Prover<'_> {
    fn chain(&mut self) -> Result<Option<Chain>> {
        if self.left.written == self.right.written {
            return Ok(Some(Vec::new()));
        }
        let mut graph = Graph::new();
        let nodes = (lower(&mut graph, self.left.typed), lower(&mut graph, self.right.typed));
        if let (Ok(left), Ok(right)) = nodes {
            if left == right {
                return match self.by_laws(None, &QUICK)? {
                    Some(chain) if chain.len() <= SHORT => Ok(Some(chain)),
                    _ => Ok(Some(self.by_index_form(&mut graph, left))),
                };
            }
            return self.by_laws(Some((&mut graph, left, right)), &LONG);
        }
        self.by_laws(None, &LONG)
    }

    /// Saturation from both sides, as they are written and as they are raised.
    fn by_laws(&self, lowered: Option<(&mut Graph, NodeId, NodeId)>, limits: &Limits) -> Result<Option<Chain>> {
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
        let found = connect(&terms, &left, &right, self.rules, limits)?;
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
        let mut terms = Terms::new();
        let term = Raiser::new(graph, &mut terms).in_index_notation(node);
        let index = self.show(&terms.to_recexpr(term)).map(|e| if self.left.is_row() { Expr::new(Op::Transpose(e)) } else { e });
        let through = index.map(|after| ProofStep { rule: "index_form".into(), forward: true, after });
        through.into_iter().chain([ProofStep { rule: "index_form".into(), forward: false, after: self.right.written.clone() }]).collect()
    }

    fn show(&self, term: &RecExpr<Mat>) -> Option<Expr> {
        present(term, &self.taken).ok().map(|p| p.inlined())
    }

    /// The proof, if every expression of it can be read and has the shape of the sides.
    fn proof(&self, mut steps: Chain) -> Option<Proof> {
        let start = self.left.written.clone();
        if steps.last().map_or(&start, |s| &s.after) != &self.right.written {
            steps.push(ProofStep { rule: "normalise".into(), forward: false, after: self.right.written.clone() });
        }
        let mut short: Chain = Vec::with_capacity(steps.len());
        for step in steps {
            // What leads back to where the chain has been is cut.
            if step.after == start {
                short.clear();
            } else if let Some(at) = short.iter().position(|s| s.after == step.after) {
                short.truncate(at + 1);
            } else {
                short.push(step);
            }
        }
        let readable = |e: &Expr| infer(e, &Declarations::new()).is_ok_and(|t| agree(&t.root().shape, self.left.shape()));
        let inner = short.len().saturating_sub(1);
        if !short[..inner].iter().all(|s| readable(&s.after)) {
            return None;
        }
        let conditions = domain::requirements(std::iter::once(&start).chain(short.iter().map(|s| &s.after)));
        Some(Proof { start, steps: short, conditions })
    }
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
