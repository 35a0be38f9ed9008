//! The pipeline: every pass in order, from an expression to an answer. Proofs, explanations and comparisons compose the same
//! passes in `prove`, `explain` and `compare`.

pub(crate) mod asked;
mod differential;
mod notation;
mod products;
pub(crate) mod several;

use self::asked::{known, order_of_part, part_by_axes, variable, with_axes_for_free_indices};
use self::notation::written;
use crate::answer::{Answer, Notation, Profile};
use crate::catalog::Catalog;
use crate::compress::{CompressedPart, Part};
use crate::dim::{Dim, Symbol};
use crate::error::{Error, ErrorKind, Result};
use crate::eval::Sizes;
use crate::expr::{Expr, Op, Shape, Var};
use crate::index::{Graph, NodeId};
use crate::infer::infer;
use crate::layout::Layout;
use crate::parse::Declarations;
use crate::present::{Presented, Setting};
use crate::proof::Proof;
use crate::prove::prove;
use crate::question::Question;
use crate::saturate::{Limits, RuleSet};
use crate::structure::Convention;
use crate::typed::Typed;
use crate::{compress, lower};
use std::collections::BTreeSet;

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
    recognition: bool,
    notation: Notation,
    convention: Convention,
    layout: Layout,
    /// Nothing stands for the rules of the crate, which are compiled once for all queries.
    rules: Option<RuleSet>,
    /// The sizes at which the answer is to be cheap; nothing if it is to be short.
    sizes: Option<Sizes>,
}

impl Default for Engine {
    fn default() -> Engine {
        Engine {
            limits: Limits::default(),
            saturation: true,
            factoring: true,
            recognition: true,
            notation: Notation::Matrix,
            convention: Convention::default(),
            layout: Layout::default(),
            rules: None,
            sizes: None,
        }
    }
}

impl Engine {
    /// The default settings: every stage on, matrix notation first.
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

    /// Whether softmax, sigmoid and their like are recognised where they are written with exponentials.
    #[must_use]
    pub fn recognition(mut self, on: bool) -> Engine {
        self.recognition = on;
        self
    }

    /// The answer is the form that takes the fewest operations at these sizes, of those that are found equal, instead of the
    /// shortest one. All laws of the catalog take part, also those that make a formula longer.
    ///
    /// ```
    /// use indicial::{Declarations, Engine, Sizes, Symbol, parse};
    /// let declarations = Declarations::parse("U: matrix(n, k); V: matrix(k, n)")?;
    /// let expr = parse("logdet(eye(n) + U*V)", &declarations)?;
    /// let at = |n, k| Sizes::from_iter([(Symbol::new("n"), n), (Symbol::new("k"), k)]);
    /// let form = |sizes| Ok::<_, indicial::Error>(Engine::new().cheapest_at(sizes).simplify(&expr, &declarations)?.to_string());
    /// assert_eq!(form(at(1000, 10))?, "logdet(V*U + eye(k))");
    /// assert_eq!(form(at(10, 1000))?, "logdet(U*V + eye(n))");
    /// # Ok::<(), indicial::Error>(())
    /// ```
    #[must_use]
    pub fn cheapest_at(mut self, sizes: Sizes) -> Engine {
        self.sizes = Some(sizes);
        self
    }

    /// The first notation to try; what it cannot express is written in the next one.
    #[must_use]
    pub fn notation(mut self, first: Notation) -> Engine {
        self.notation = first;
        self
    }

    /// How a derivative by a structured variable (symmetric, diagonal, …) is meant.
    ///
    /// ```
    /// use indicial::{Convention, Declarations, Engine, parse};
    /// let declarations = Declarations::parse("Q: orthogonal(n); x: vector(n)")?;
    /// let (f, q) = (parse("x'*Q*x", &declarations)?, parse("Q", &declarations)?);
    /// let by = |convention| Engine::new().structure(convention).derivative(&f, &[q.clone()], &declarations);
    /// assert_eq!(by(Convention::Free)?.to_string(), "x*x'");
    /// assert_eq!(by(Convention::Tangent)?.to_string(), "(x*x' - Q*x*x'*Q)/2");
    /// # Ok::<(), indicial::Error>(())
    /// ```
    #[must_use]
    pub fn structure(mut self, convention: Convention) -> Engine {
        self.convention = convention;
        self
    }

    /// Which way matrix and Kronecker notation turn a derivative; products with directions and differentials have one layout.
    #[must_use]
    pub fn layout(mut self, layout: Layout) -> Engine {
        self.layout = layout;
        self
    }

    /// The most nodes that the e-graph may have.
    #[must_use]
    pub fn node_limit(mut self, nodes: usize) -> Engine {
        self.limits.nodes = nodes;
        self
    }

    /// The catalog whose laws the e-graph uses, such as the standard one with further rules. They are compiled when a
    /// query first has the functions that they are about, and shared by the clones of this engine.
    ///
    /// ```
    /// use indicial::{Catalog, Declarations, Engine, parse};
    /// let catalog = Catalog::standard().extend(
    ///     "rule digamma_succ_sub
    ///        for      x: scalar
    ///        law      digamma(x + 1) - 1/x => digamma(x)
    ///        why      This is the recurrence of the digamma function.
    ///        source   Abramowitz and Stegun 1964, chapter 6
    ///        example  digamma(alpha + 1) - 1/alpha => digamma(alpha)",
    /// )?;
    /// let declarations = Declarations::parse("x: vector(n) > 0")?;
    /// let (f, x) = (parse("sum(lgamma(x + 1) - log(x))", &declarations)?, parse("x", &declarations)?);
    /// let answer = Engine::new().rules(&catalog).derivative(&f, &[x], &declarations)?;
    /// assert_eq!(answer.to_string(), "digamma(x)");
    /// # Ok::<(), indicial::Error>(())
    /// ```
    #[must_use]
    pub fn rules(mut self, catalog: &Catalog) -> Engine {
        self.rules = Some(RuleSet::of(catalog));
        self
    }

    /// The notation asked for.
    pub(crate) fn notation_asked(&self) -> Notation {
        self.notation
    }

    /// The laws that saturation and proofs use.
    pub(crate) fn rule_set(&self) -> &RuleSet {
        self.rules.as_ref().unwrap_or_else(|| RuleSet::standard())
    }

    /// d F / d X, with respect to one variable after the other: the axes of F first, then those of each variable. In
    /// differential notation it is [`Engine::differential`] by all of them together. A
    /// variable may be a part of one, `X[1:k,:]`; by a structured one the derivative is that of [`Engine::structure`].
    ///
    /// ```
    /// use indicial::{Declarations, Dim, Engine, parse};
    /// let declarations = Declarations::parse("X: matrix(n, n)")?;
    /// let (f, x) = (parse("logdet(X[1:k,1:k])", &declarations)?, parse("X", &declarations)?);
    /// let answer = Engine::new().derivative(&f, &[x], &declarations)?;
    /// assert_eq!(answer.to_string(), "[inv(X[1:k,1:k])', zeros(k, n-k); zeros(n-k, n)]");
    /// assert_eq!(answer.shape, [Dim::symbol("n"), Dim::symbol("n")]);
    /// # Ok::<(), indicial::Error>(())
    /// ```
    ///
    /// # Errors
    /// If shapes do not fit, a construct is not supported, a derivative is not known, or a variable is neither in F nor
    /// declared.
    pub fn derivative(&self, f: &Expr, wrt: &[Expr], declarations: &Declarations) -> Result<Answer> {
        if self.notation == Notation::Differential {
            return self.differential_of_list(f, wrt, declarations);
        }
        wrt.iter().try_for_each(|x| known(x, f, declarations))?;
        let f = &with_axes_for_free_indices(f, declarations)?;
        let wrt = &wrt.iter().map(|x| part_by_axes(x, f)).collect::<Result<Vec<_>>>()?[..];
        let whole = wrt.iter().fold(f.clone(), |f, x| Expr::new(Op::Diff(f, x.clone())));
        self.answer(f, wrt, Question::Derivative, &whole, declarations)
    }

    /// The same value in its simplest form. A derivative may stand anywhere in it, as `diff(F, X)`.
    ///
    /// ```
    /// use indicial::{Declarations, Engine, parse};
    /// let declarations = Declarations::parse("A: matrix(n, n); B: matrix(n, n); x: vector(n)")?;
    /// let expr = parse("inv(A*inv(B))*diff(x'*x, x)", &declarations)?;
    /// assert_eq!(Engine::new().simplify(&expr, &declarations)?.to_string(), "2*B*inv(A)*x");
    /// # Ok::<(), indicial::Error>(())
    /// ```
    ///
    /// # Errors
    /// If shapes do not fit, a construct is not supported or a derivative in it is not known.
    pub fn simplify(&self, expr: &Expr, declarations: &Declarations) -> Result<Answer> {
        if self.notation == Notation::Differential {
            return Err(Error::unsupported("differential notation of what is not differentiated").help("use `diff … --wrt X`"));
        }
        self.answer(expr, &[], Question::Value, expr, declarations)
    }

    /// A proof that two expressions have the same value wherever both are defined, if one is found. None is no proof that
    /// they differ; [`Engine::check`] looks for a point where they do, too.
    ///
    /// ```
    /// use indicial::{Declarations, Engine, parse};
    /// let declarations = Declarations::parse("A: matrix(n, n); B: matrix(n, n)")?;
    /// let (left, right) = (parse("inv(A*B)*A", &declarations)?, parse("inv(B)", &declarations)?);
    /// let proof = Engine::new().prove(&left, &right, &declarations)?.expect("inverses are unique");
    /// assert_eq!(proof.start.to_string(), "inv(A*B)*A");
    /// assert_eq!(proof.end().to_string(), "inv(B)");
    /// assert!(!proof.conditions.is_empty());
    /// # Ok::<(), indicial::Error>(())
    /// ```
    ///
    /// # Errors
    /// If shapes do not fit, a construct is not supported or a derivative is not known.
    pub fn prove(&self, left: &Expr, right: &Expr, declarations: &Declarations) -> Result<Option<Proof>> {
        on_a_deep_stack(left.depth().max(right.depth()) + 1, || {
            let (left, right) = infer_together(left, right, declarations)?;
            prove(&left, &right, self.rule_set())
        })
    }

    /// The compressed form of a derivative; empty if it has none.
    pub(crate) fn compressed(&self, f: &Expr, wrt: &[Expr], declarations: &Declarations) -> Result<Vec<CompressedPart>> {
        let whole = wrt.iter().fold(f.clone(), |f, x| Expr::new(Op::Diff(f, x.clone())));
        on_a_deep_stack(whole.depth(), || {
            let typed = infer(&whole, declarations)?.by(self.convention);
            let mut graph = Graph::new();
            let node = lower::lower(&mut graph, &typed)?;
            let lengths = graph.axes(node).to_vec();
            let taken = declared_names(&typed);
            // An axis of length 1 is none in matrix notation, in which cores are written.
            let parts = if lengths.contains(&Dim::ONE) { None } else { compress::parts(&mut graph, node) };
            let Some(parts) = parts else { return Ok(Vec::new()) };
            let presented = |part: Part| {
                let axes = graph.axes(part.core).to_vec();
                let setting = Setting { taken: &taken, input: Some(f) };
                let (core, _) = self.formula(&mut graph, part.core, (0, false), setting, &mut Profile::default())?;
                Ok(part.presented(core, axes, &lengths, &taken))
            };
            match parts.into_iter().map(presented).collect::<Result<Vec<_>>>() {
                // A core that stacks axes may have no notation.
                Err(e) if e.kind == ErrorKind::Unsupported => Ok(Vec::new()),
                written => written,
            }
        })
    }

    fn answer(&self, input: &Expr, by: &[Expr], question: Question, whole: &Expr, declarations: &Declarations) -> Result<Answer> {
        on_a_deep_stack(whole.depth(), || {
            let mut profile = Profile::default();
            let typed = profile.stage("infer", || infer(whole, declarations))?.by(self.convention);
            let wrt = by.iter().map(|x| variable(x, &typed)).collect::<Result<Vec<Var>>>()?;
            let mut graph = self.graph();
            let node = profile.stage("lower and differentiate", || lower::lower(&mut graph, &typed))?;
            let rows = graph.order(node) - by.last().zip(wrt.last()).map_or(0, |(part, x)| order_of_part(part, x));
            let row = matches!(typed.root().shape, Shape::Row(_));
            let found = Found { typed, graph, node, rows, row };
            self.finished(Asked { input, by, wrt, question, whole }, found, profile)
        })
    }

    /// A graph for one question.
    fn graph(&self) -> Graph {
        let mut graph = Graph::new();
        graph.recognition = self.recognition;
        graph
    }

    /// From the index form of an answer to the answer.
    fn finished(&self, asked: Asked, mut found: Found, mut profile: Profile) -> Result<Answer> {
        let setting = Setting { taken: &declared_names(&found.typed), input: Some(asked.input) };
        let (formula, notation) = self.formula(&mut found.graph, found.node, (found.rows, found.row), setting, &mut profile)?;
        self.answered(asked, found, formula, notation, profile)
    }

    /// The answer with this formula.
    fn answered(&self, asked: Asked, found: Found, formula: Presented, notation: Notation, mut profile: Profile) -> Result<Answer> {
        let Found { typed, mut graph, node, rows, row } = found;
        lengths_are_known(asked.whole, &typed, &formula)?;
        let shape = graph.axes(node).to_vec();
        let turned = asked.question == Question::Derivative && notation != Notation::Index && {
            let variables = asked.wrt.iter().zip(asked.by).filter(|(x, part)| order_of_part(part, x) > 0).count();
            let axes_of_variables: usize = asked.wrt.iter().zip(asked.by).map(|(x, part)| order_of_part(part, x)).sum();
            self.layout.turns(shape.len() - axes_of_variables, variables)
        };
        let laid_out = if turned {
            let (found, _) = self.simplest(&mut graph, node, (rows, row), true, &mut profile)?;
            Some(written(&found, Setting { taken: &declared_names(&typed), input: Some(asked.input) })?)
        } else {
            None
        };
        Ok(Answer {
            input: asked.input.clone(),
            question: asked.question,
            wrt: asked.wrt,
            by: asked.by.to_vec(),
            variables: typed.variables.values().cloned().collect(),
            assumed: typed.assumed.clone(),
            shape,
            notation,
            convention: self.convention,
            layout: self.layout,
            formula,
            laid_out,
            profile,
            rows,
        })
    }
}

/// A question, and the expression that names everything in it.
struct Asked<'a> {
    input: &'a Expr,
    by: &'a [Expr],
    wrt: Vec<Var>,
    question: Question,
    whole: &'a Expr,
}

/// The index form of an answer. The first `rows` axes are rows in Kronecker notation; `row` says that the value is a row and
/// not a column.
struct Found {
    typed: Typed,
    graph: Graph,
    node: NodeId,
    rows: usize,
    row: bool,
}

/// Both sides of an equation, whose names mean the same in both.
fn infer_together(left: &Expr, right: &Expr, declarations: &Declarations) -> Result<(Typed, Typed)> {
    let both = Expr::new(Op::Add(vec![left.clone(), Expr::new(Op::Neg(right.clone()))]));
    if let Ok(typed) = infer(&both, declarations)
        && let Op::Add(terms) = &typed.root().op
        && let [a, b] = terms[..]
        && let Op::Neg(b) = typed.node(b).op
        && typed.node(a).shape == typed.node(b).shape
    {
        return Ok((Typed { root: a, ..typed.clone() }, Typed { root: b, ..typed }));
    }
    Ok((infer(left, declarations)?, infer(right, declarations)?))
}

/// The names of variables and dimensions, also of those that are not in the answer: it should read back where they are declared.
pub(crate) fn declared_names(typed: &Typed) -> BTreeSet<Symbol> {
    let functions = typed.nodes.iter().filter_map(|n| if let Op::Apply { function, .. } = &n.op { Some(function.function) } else { None });
    let names = typed.variables.values().flat_map(|v| v.axes().into_iter().flat_map(Dim::symbols).chain([v.name]));
    // `D` is the derivative of a function.
    let derivative = functions.clone().next().map(|_| Symbol::new("D"));
    names.chain(functions).chain(derivative).collect()
}

/// A length that stands in the answer and that nothing in the input names comes from a delta whose indices stand nowhere else:
/// the answer would say nothing.
fn lengths_are_known(whole: &Expr, typed: &Typed, formula: &Presented) -> Result<()> {
    let (mut known, mut has_delta) = (declared_names(typed), false);
    whole.any(&mut |op| {
        match op {
            Op::Size(d) => known.extend(d.symbols()),
            Op::Braces(_, outputs) => known.extend(outputs.iter().filter_map(|(_, d)| *d).flat_map(Dim::symbols)),
            op => has_delta |= matches!(op, Op::Delta(_)),
        }
        false
    });
    let unknown = |op: &Op| matches!(op, Op::Size(d) if d.symbols().iter().any(|s| !known.contains(s)));
    if has_delta && formula.inlined().any(&mut |op| unknown(op)) {
        return Err(Error::new(ErrorKind::Index, "nothing tells over which length the indices of delta are summed")
            .help("use the index in a tensor as well, or name the length: `sum({delta[i,i]}[i:n])`"));
    }
    Ok(())
}

/// Passes recurse as deep as the expression; deep ones get a stack that is large enough for the parser's limit.
pub(crate) fn on_a_deep_stack<T: Send>(depth: usize, work: impl FnOnce() -> Result<T> + Send) -> Result<T> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::parse;

    #[test]
    fn a_length_that_nothing_names_is_an_error() {
        let declarations = Declarations::parse("x: vector(n)").unwrap();
        let simplify = |text| Engine::new().simplify(&parse(text, &declarations).unwrap(), &declarations);
        assert_eq!(simplify("{delta[i,j]*delta[i,j]*x[k]}[k]").unwrap_err().kind, ErrorKind::Index);
        assert_eq!(simplify("{delta[i,j]*delta[i,k]*x[k]}[j]").unwrap().to_string(), "x");
    }
}
