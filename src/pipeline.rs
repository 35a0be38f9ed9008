//! The pipeline: every pass in order, from an expression to an answer.

use crate::dim::{Dim, Symbol};
use crate::error::{Error, ErrorKind, Result};
use crate::expr::{Expr, Op, Shape, Var};
use crate::index::{Graph, NodeId};
use crate::infer::infer;
use crate::matrix::{Build, Mat, Terms};
use crate::parse::{Declaration, Declarations};
use crate::present::{Presented, present};
use crate::raise::{Raiser, stacked};
use crate::saturate::{Limits, RuleSet, Stats, simplify};
use crate::typed::Typed;
use crate::{factor, lower};
use egg::Id;
use std::fmt;
use std::time::{Duration, Instant};

/// The notation in which an answer is written; the first that expresses it is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Notation {
    /// Matrix formulas: a gradient is a column or has the shape of its matrix, a Jacobian has F's rows and X's columns.
    Matrix,
    /// d vec(F) / d vec(X)' with Kronecker products; columns are stacked.
    Kronecker,
    /// Einstein's notation.
    Index,
}

impl fmt::Display for Notation {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(match self {
            Notation::Matrix => "matrix",
            Notation::Kronecker => "kron",
            Notation::Index => "index",
        })
    }
}

/// What each stage took, and what saturation did.
#[derive(Clone, Debug, Default)]
pub struct Profile {
    pub stages: Vec<(&'static str, Duration)>,
    pub saturation: Option<Stats>,
}

impl Profile {
    fn stage<T>(&mut self, name: &'static str, work: impl FnOnce() -> T) -> T {
        let start = Instant::now();
        let result = work();
        self.stages.push((name, start.elapsed()));
        result
    }
}

/// An answer with everything that was understood on the way to it.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The input as it was understood; for a derivative, what was differentiated.
    pub input: Expr,
    pub wrt: Vec<Var>,
    /// The variables of the input with their kinds.
    pub variables: Vec<Var>,
    /// Those of them whose kind was not declared but found.
    pub assumed: Vec<Symbol>,
    /// The axes of the answer: those of F, then those of each variable.
    pub shape: Vec<Dim>,
    pub notation: Notation,
    /// The formula, with its shared parts apart.
    pub formula: Presented,
    pub profile: Profile,
    /// How many leading axes are rows in Kronecker notation.
    pub(crate) rows: usize,
}

impl Answer {
    /// The declarations under which the formula reads back.
    pub fn declarations(&self) -> Declarations {
        declarations_of(self.variables.iter())
    }
}

/// As text that reads back to the same value: the formula, then its shared parts.
impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{}", self.formula)
    }
}

/// Settings of the pipeline; the default is what the command line uses.
///
/// ```
/// use indicial::{Declarations, Engine, parse};
/// let declarations = Declarations::parse("A: matrix(n, n); x: vector(n)")?;
/// let (f, x) = (parse("x'*A*x", &declarations)?, parse("x", &declarations)?);
/// let answer = Engine::new().derivative(&f, &[x], &declarations)?;
/// assert_eq!(answer.to_string(), "(A + A')*x");
/// # Ok::<(), indicial::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Engine {
    limits: Limits,
    saturation: bool,
    factoring: bool,
}

impl Default for Engine {
    fn default() -> Engine {
        Engine { limits: Limits::default(), saturation: true, factoring: true }
    }
}

impl Engine {
    pub fn new() -> Engine {
        Engine::default()
    }

    /// Whether an e-graph looks for the simplest form; without it the shorter of the raised forms is the answer.
    #[must_use]
    pub fn saturation(mut self, on: bool) -> Engine {
        self.saturation = on;
        self
    }

    /// Whether sums are factored on the index form.
    #[must_use]
    pub fn factoring(mut self, on: bool) -> Engine {
        self.factoring = on;
        self
    }

    /// The most nodes that the e-graph may have.
    #[must_use]
    pub fn node_limit(mut self, nodes: usize) -> Engine {
        self.limits.nodes = nodes;
        self
    }

    /// d F / d X, with respect to one variable after the other: the axes of F first, then those of each variable.
    ///
    /// # Errors
    /// If shapes do not fit, a construct is not supported or a derivative is not known.
    pub fn derivative(&self, f: &Expr, wrt: &[Expr], declarations: &Declarations) -> Result<Answer> {
        let whole = wrt.iter().fold(f.clone(), |f, x| Expr::new(Op::Diff(f, x.clone())));
        self.answer(f, wrt, &whole, declarations)
    }

    /// The same value in its simplest form.
    ///
    /// # Errors
    /// If shapes do not fit, a construct is not supported or a derivative in it is not known.
    pub fn simplify(&self, expr: &Expr, declarations: &Declarations) -> Result<Answer> {
        self.answer(expr, &[], expr, declarations)
    }

    fn answer(&self, input: &Expr, wrt: &[Expr], whole: &Expr, declarations: &Declarations) -> Result<Answer> {
        on_a_deep_stack(whole.depth(), || {
            let mut profile = Profile::default();
            let typed = profile.stage("infer", || infer(whole, declarations))?;
            let wrt = wrt.iter().map(|x| variable(x, &typed)).collect::<Result<Vec<Var>>>()?;
            let mut graph = Graph::new();
            let node = profile.stage("lower and differentiate", || lower::lower(&mut graph, &typed))?;
            let shape = graph.axes(node).to_vec();
            let rows = shape.len() - wrt.last().map_or(0, |x| x.axes().len());
            let row = matches!(typed.root().shape, Shape::Row(_));
            let (terms, seeds, notation) = profile.stage("raise", || raise(&mut graph, node, self.factoring, rows, row));
            let best = if self.saturation {
                let outcome = profile.stage("saturate", || simplify(&terms, &seeds, RuleSet::standard(), &self.limits))?;
                profile.saturation = Some(outcome.stats);
                outcome.best
            } else {
                let seed = seeds.iter().min_by_key(|s| terms.tokens(**s)).copied().unwrap_or_default();
                terms.to_recexpr(seed)
            };
            let formula = profile.stage("present", || present(&best))?;
            Ok(Answer {
                input: input.clone(),
                wrt,
                variables: typed.variables.values().cloned().collect(),
                assumed: typed.assumed.clone(),
                shape,
                notation,
                formula,
                profile,
                rows,
            })
        })
    }
}

/// The terms of the first notation that expresses the value: matrix, then Kronecker, then index.
fn raise(graph: &mut Graph, node: NodeId, factoring: bool, rows: usize, row: bool) -> (Terms, Vec<Id>, Notation) {
    let seeds_of = |graph: &mut Graph, node: NodeId| {
        let factored = if factoring { factor::factor(graph, node) } else { node };
        let mut terms = Terms::new();
        let mut raiser = Raiser::new(graph, &mut terms);
        let mut seeds: Vec<Id> = [factored, node].iter().map(|n| raiser.raise(*n)).collect();
        seeds.dedup();
        if row {
            seeds.iter_mut().for_each(|s| *s = terms.transpose(*s));
        }
        (terms, seeds)
    };
    let order = graph.order(node);
    let (terms, seeds) = seeds_of(graph, node);
    let formulas: Vec<Id> = seeds.iter().copied().filter(|s| is_formula(&terms, *s)).collect();
    if order <= 2 && !formulas.is_empty() {
        return (terms, formulas, Notation::Matrix);
    }
    if (1..order).contains(&rows)
        && let Some(stack) = stacked(graph, node, rows)
    {
        let (terms, seeds) = seeds_of(graph, stack);
        let formulas: Vec<Id> = seeds.iter().copied().filter(|s| is_formula(&terms, *s)).collect();
        if !formulas.is_empty() {
            return (terms, formulas, Notation::Kronecker);
        }
    }
    (terms, seeds, Notation::Index)
}

/// Whether a term needs no index notation.
fn is_formula(terms: &Terms, seed: Id) -> bool {
    let all = terms.to_recexpr(seed);
    !all.as_ref().iter().any(|t| matches!(t, Mat::Contract(..) | Mat::LeviCivita | Mat::Merge(..)))
}

/// The variable that an expression to differentiate by is.
fn variable(x: &Expr, typed: &Typed) -> Result<Var> {
    let Op::Var(v) = x.op() else {
        return Err(
            Error::unsupported(format!("the derivative with respect to {x}")).help("differentiate with respect to a whole variable")
        );
    };
    typed.variables.get(&v.name).cloned().ok_or_else(|| Error::new(ErrorKind::Name, format!("{} does not occur in the expression", v.name)))
}

/// Declarations that say of each variable what is known of it.
pub(crate) fn declarations_of<'a>(variables: impl Iterator<Item = &'a Var>) -> Declarations {
    let mut declarations = Declarations::new();
    for v in variables {
        if let Some(kind) = &v.kind {
            // Names of variables are distinct, so that none is declared twice.
            let _ = declarations.insert(v.name, Declaration::Variable(kind.as_ref().clone()));
        }
    }
    declarations
}

/// Passes recurse as deep as the expression; deep ones get a stack that is large enough for the parser's limit.
fn on_a_deep_stack<T: Send>(depth: usize, work: impl FnOnce() -> Result<T> + Send) -> Result<T> {
    const SHALLOW: usize = 40;
    const STACK: usize = 64 << 20;
    if depth <= SHALLOW {
        return work();
    }
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(STACK).spawn_scoped(scope, work);
        let thread = thread.map_err(|e| Error::new(ErrorKind::Limit, format!("no thread could be started: {e}")))?;
        thread.join().unwrap_or_else(|_| Err(Error::new(ErrorKind::Internal, "a pass ended in a panic")))
    })
}
