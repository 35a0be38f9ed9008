//! Explains a derivative: index form, product and chain rule, deltas and what their contraction renames, matrix notation.
//!
//! ```text
//! stages     inner results get names, so that every line stays short
//! leibniz    the product rule and the chain rule for one stage; what is left are derivatives of entries
//! resolve    those of the variable are deltas, those of inner stages are known from before
//! formula    deltas are contracted, equal terms collected, as sums of products with named indices
//! finish     back to matrix notation, the names put back, simplified to the answer
//! write      formulas as text, and as claims that a test evaluates
//! last       from the derivative by a general variable to that by a structured one, or by a part of it
//! ```

mod finish;
mod formula;
mod input;
mod last;
mod leibniz;
mod names;
mod opaque;
mod resolve;
mod stages;
#[cfg(test)]
mod tests;
mod write;

use crate::answer::{Answer, Profile};
use crate::catalog::Catalog;
use crate::check::Scope;
use crate::derivation::{Claim, Derivation, Reason, Step, Written};
use crate::diff::derivative;
use crate::dim::{Dim, Symbol};
use crate::error::Result;
use crate::expr::{Expr, Op, Shape, Subscript, Var};
use crate::function::{Call, Function, Map};
use crate::index::{Graph, Node, NodeId, Opaque};
use crate::infer::infer;
use crate::lower::lower_parts;
use crate::parse::Declarations;
use crate::part::Selection;
use crate::pipeline::asked::with_axes_for_free_indices;
use crate::pipeline::{Engine, declared_names, on_a_deep_stack};
use crate::present::Setting;
use crate::structure::Convention;
use crate::typed::Typed;
use formula::{Formula, Index, expanded};
use last::General;
use names::Names;
use rustc_hash::FxHashMap;
use stages::{Input, Stages};
use write::{Marks, plain, quotient_of_changes, subscripted, with_own_indices};

/// More lines than this are not shown.
const MOST_LINES: usize = 60;

/// What Einstein's convention is.
const SUMMED: &str = "an index that occurs twice in a product is summed, unless it stands on the left of the line";

/// An input that is longer than this is not repeated.
const LONGEST_TITLE: usize = 70;

impl Engine {
    /// The derivation of d F / d X, with respect to one variable after the other, line by line.
    ///
    /// ```
    /// use indicial::{Declarations, Engine, parse};
    /// let declarations = Declarations::parse("x: vector(n)")?;
    /// let (f, x) = (parse("x'*x", &declarations)?, parse("x", &declarations)?);
    /// let derivation = Engine::new().explain(&f, &[x], &declarations)?;
    /// assert!(derivation.to_string().contains("dF/dx[k] = 2*x[i]*(dx[i]/dx[k])"));
    /// assert_eq!(derivation.answer.to_string(), "2*x");
    /// # Ok::<(), indicial::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Engine::derivative`].
    pub fn explain(&self, f: &Expr, wrt: &[Expr], declarations: &Declarations) -> Result<Derivation> {
        if self.notation_asked() == crate::Notation::Differential {
            return Err(crate::Error::unsupported("a derivation in differential notation"));
        }
        let answer = self.derivative(f, wrt, declarations)?;
        let known = answer.declarations();
        let whole = with_axes_for_free_indices(f, declarations)?;
        // Second derivatives nest a few times deeper than what they are derivatives of.
        on_a_deep_stack(8 * whole.depth(), || {
            let by: Vec<Expr> = answer.wrt.iter().map(last::every_entry).collect();
            let all = infer_all(&whole, &by, &known)?;
            let question = Question { f, whole: &whole, declarations: &known, general: General::of(&answer), by, all: &all };
            let mut steps = if question.general.applies(&whole) { self.levels(&question, &answer)? } else { Vec::new() };
            if steps.is_empty() || answer.is_narrower() {
                last::conclude(&mut steps, &answer, Names::new(declared_names(&all)).function());
            }
            Ok(Derivation { input: f.clone(), wrt: answer.wrt.clone(), steps: bounded(steps), answer })
        })
    }

    /// The lines that differentiate by each variable in turn, as if every entry of it moved by itself.
    fn levels(&self, question: &Question, answer: &Answer) -> Result<Vec<Step>> {
        let Question { f, whole, declarations: known, general, by, all } = question;
        let typed = infer(whole, known)?;
        let mut graph = Graph::new();
        let (mut node, lowered) = lower_parts(&mut graph, &general.typed(&typed))?;
        let input = input::as_written(&graph, &typed, &lowered);
        let mut names = Names::new(declared_names(all));
        let scope = Scope::of(&[all]);
        let mut steps: Vec<Step> = Vec::new();
        let mut outputs: Vec<Symbol> = Vec::new();
        for _ in graph.axes(node) {
            outputs.push(names.index(&outputs));
        }
        let (mut function, mut meaning) = (names.function(), (*whole).clone());
        for (at, variable) in answer.wrt.iter().enumerate() {
            let last = at + 1 == answer.wrt.len();
            let here = if last && !answer.is_narrower() { answer.clone() } else { self.entry_by_entry(f, &answer.wrt[..=at], known)? };
            let variable = &general.of_variable(variable);
            let mut indices: Vec<Symbol> = Vec::new();
            for _ in variable.axes() {
                let scope: Vec<Symbol> = outputs.iter().chain(&indices).copied().collect();
                indices.push(names.variable_index(&scope));
            }
            let input = if at == 0 { input.clone() } else { Input::default() };
            let mut level = Level::new(self, &mut graph, (function, node), variable, names.clone(), &mut steps, input);
            level.general = general.clone();
            level.scope = scope.clone();
            level.by = by[at].clone();
            level.meanings.insert(function, with_own_indices(&meaning, function));
            level.order_one_is_row = matches!(infer_all(whole, &by[..=at], known)?.root().shape, Shape::Row(_));
            level.indices.clone_from(&indices);
            level.input = (*f).clone();
            level.explain(&outputs, at, &here)?;
            meaning = Expr::new(Op::Diff(meaning, by[at].clone()));
            node = derivative(&mut graph, node, variable)?;
            outputs.extend(indices);
            function = names.function();
        }
        Ok(steps)
    }

    /// The derivative by whole variables of which every entry moves by itself.
    fn entry_by_entry(&self, f: &Expr, wrt: &[Var], declarations: &Declarations) -> Result<Answer> {
        let wrt: Vec<Expr> = wrt.iter().map(|v| Expr::var(v.clone())).collect();
        self.clone().structure(Convention::Free).derivative(f, &wrt, declarations)
    }
}

/// What is asked.
struct Question<'a> {
    /// As it is written, and with its free indices as axes.
    f: &'a Expr,
    whole: &'a Expr,
    declarations: &'a Declarations,
    general: General,
    /// What claims differentiate by, and all of these derivatives.
    by: Vec<Expr>,
    all: &'a Typed,
}

/// A formula as it is shown; one with shared parts would be very long.
fn presented(e: &Expr) -> Written {
    const LONGEST: u64 = 1_000;
    if e.nodes() <= LONGEST {
        return plain(e);
    }
    let text = "… (long)".to_owned();
    Written { text: text.clone(), unicode: text, latex: r"\cdots".to_owned() }
}

/// The text of an expression, if it is short. A shared part may make the text of a small expression very long.
fn short_text(e: &Expr) -> Option<String> {
    let text = (e.nodes() <= LONGEST_TITLE as u64).then(|| e.to_string())?;
    (text.chars().count() <= LONGEST_TITLE).then_some(text)
}

/// The expression differentiated by all of the variables, typed.
fn infer_all(f: &Expr, by: &[Expr], declarations: &Declarations) -> Result<Typed> {
    infer(&by.iter().fold(f.clone(), |f, x| Expr::new(Op::Diff(f, x.clone()))), declarations)
}

/// The first and the last lines, with a remark in place of those between.
fn bounded(mut steps: Vec<Step>) -> Vec<Step> {
    if steps.len() <= MOST_LINES {
        return steps;
    }
    let end = steps.split_off(steps.len() - MOST_LINES / 2);
    let hidden = steps.split_off(MOST_LINES / 2);
    steps.push(Step {
        number: hidden.first().map_or(0, |s| s.number),
        title: format!("({} lines are left out: further inner results are differentiated in the same way)", hidden.len()),
        title_latex: None,
        reasons: Vec::new(),
        left: Written::default(),
        right: Written::default(),
        note: None,
        claim: None,
    });
    steps.extend(end);
    steps
}

/// What is known of the derivative of a stage.
#[derive(Clone)]
struct Known {
    formula: Formula,
    outputs: Vec<Symbol>,
    /// The number of the line that says so.
    line: usize,
    /// The derivative as a tensor, axes of the stage first, without derivatives in it.
    node: NodeId,
}

/// The derivation by one variable.
struct Level<'a> {
    engine: &'a Engine,
    /// What was asked for, as it is written.
    input: Expr,
    graph: &'a mut Graph,
    names: Names,
    stages: Stages,
    variable: Var,
    variable_node: NodeId,
    /// What claims differentiate by.
    by: Expr,
    general: General,
    /// What random points are drawn for.
    scope: Scope,
    /// The indices of the variable.
    indices: Vec<Symbol>,
    /// Of each node that is differentiated, a variable that stands for its derivative; and back.
    pendings: FxHashMap<NodeId, NodeId>,
    numerators: FxHashMap<NodeId, NodeId>,
    known: FxHashMap<usize, Known>,
    /// What the tensors `D(f)(X)` in lines stand for.
    tensors: FxHashMap<NodeId, NodeId>,
    /// What each name of a stage stands for, in the variables alone.
    meanings: FxHashMap<Symbol, Expr>,
    /// Parts of the input, as they are written.
    written: FxHashMap<NodeId, Expr>,
    products: bool,
    transposes: bool,
    /// Formulas in the title of the next line, as text and as LaTeX.
    said: Vec<(String, String)>,
    /// Nodes in matrix notation.
    matrices: FxHashMap<NodeId, Expr>,
    order_one_is_row: bool,
    /// Indices of whole axes that are not shown, the index within a part for each, and that part.
    cuts: Vec<(Symbol, Symbol, Selection)>,
    /// Whether lines say what they claim.
    claims: bool,
    steps: &'a mut Vec<Step>,
}

impl<'a> Level<'a> {
    fn new(
        engine: &'a Engine,
        graph: &'a mut Graph,
        (function, root): (Symbol, NodeId),
        variable: &Var,
        mut names: Names,
        steps: &'a mut Vec<Step>,
        input: Input,
    ) -> Level<'a> {
        let variable_node = graph.insert(Node::Var(variable.clone()));
        let stages = Stages::of(graph, root, variable_node, function, &mut names, &input);
        Level {
            engine,
            input: Expr::number(0),
            graph,
            names,
            stages,
            variable: variable.clone(),
            variable_node,
            by: Expr::var(variable.clone()),
            general: General::default(),
            scope: Scope::default(),
            indices: Vec::new(),
            pendings: FxHashMap::default(),
            numerators: FxHashMap::default(),
            known: FxHashMap::default(),
            tensors: FxHashMap::default(),
            meanings: FxHashMap::default(),
            written: input.parts,
            products: input.products,
            transposes: input.transposes,
            said: Vec::new(),
            matrices: FxHashMap::default(),
            order_one_is_row: false,
            cuts: Vec::new(),
            claims: true,
            steps,
        }
    }

    fn explain(&mut self, outputs: &[Symbol], level: usize, answer: &Answer) -> Result<()> {
        // Of very many inner results most lines are left out; what each means in the variables alone is long.
        self.claims = self.stages.all.len() <= MOST_LINES / 2;
        let explained = if self.claims { self.stages.all.len() } else { 1 };
        for at in 1..explained {
            let stage = self.stages.all[at].clone();
            let meaning = match self.written.get(&stage.node) {
                Some(written) => written.clone(),
                None => self.matrix(stage.node)?,
            };
            self.meanings.insert(stage.name, with_own_indices(&meaning, stage.name));
        }
        let root = self.stages.all[0].clone();
        if !root.depends {
            return self.independent(answer, level);
        }
        for at in 0..self.stages.all.len() {
            self.define(at, outputs, level)?;
        }
        for at in self.stages.inner_first.clone() {
            if self.stages.all[at].depends {
                self.derive(at, outputs)?;
            }
        }
        self.finish(answer)
    }

    /// The names of the axes of a stage.
    fn outputs_of(&self, at: usize, outputs: &[Symbol]) -> Vec<Index> {
        let axes = self.graph.axes(self.stages.all[at].node).to_vec();
        if at == 0 {
            return outputs.iter().copied().zip(axes).collect();
        }
        let mut scope = self.indices.clone();
        let mut own = Vec::new();
        for dim in axes {
            let name = self.names.index(&scope);
            scope.push(name);
            own.push((name, dim));
        }
        own
    }

    /// The line that says what a name stands for.
    fn define(&mut self, at: usize, outputs: &[Symbol], level: usize) -> Result<()> {
        let stage = self.stages.all[at].clone();
        if !stage.depends {
            return self.define_constant(at);
        }
        let outputs = self.outputs_of(at, outputs);
        let own: Vec<Symbol> = outputs.iter().map(|o| o.0).collect();
        let mut marks = Marks::default();
        let formula = expanded(self.graph, stage.shown, &own, &self.indices, &self.names);
        let scope: Vec<Symbol> = own.iter().chain(&self.indices).copied().collect();
        let right = self.formula(&formula, &scope, &mut marks)?;
        let title = match (at, level) {
            (0, 0) => {
                let input = self.input.clone();
                let input = short_text(&input).map_or_else(|| "the function".to_owned(), |text| self.say(None, &text, &input));
                format!("{input} in index form")
            }
            (0, _) => format!("differentiate again: let {} be the derivative just found, in index form", stage.name),
            _ => match self.short_definition(at)? {
                Some(definition) => format!("let {definition}"),
                None => format!("a name for an inner result: {}", stage.name),
            },
        };
        let note = self.sums_silently(&formula, &right).then(|| SUMMED.to_owned());
        let rules = if at == 0 && level == 0 { self.rules_of_definitions(at) } else { Vec::new() };
        let name = Expr::var(Var { name: stage.name, kind: None });
        let left = plain(&subscripted(name, &own));
        let meaning = self.meanings.get(&stage.name).cloned().unwrap_or_else(|| Expr::number(0));
        let claim = Claim { left: meaning, right: self.meaning(&right, &outputs, &marks) };
        self.push(title, &rules, left, marks.write(&right), note, Some(claim));
        Ok(())
    }

    /// Whether a line is the first that sums over an index without saying so.
    fn sums_silently(&self, formula: &Formula, right: &Expr) -> bool {
        let said = self.steps.iter().any(|s| s.note.as_deref().is_some_and(|n| n.contains(SUMMED)));
        let signs = right.any(&mut |op| matches!(op, Op::IndexSum(..)));
        let mut shown = |op: &Op| match op {
            Op::Subscript(_, s) => s.iter().any(|s| matches!(s, Subscript::Index(i) if formula.terms.iter().any(|t| t.is_bound(*i)))),
            _ => false,
        };
        !said && !signs && right.any(&mut shown)
    }

    /// What does not depend on the variable stays as it is.
    fn define_constant(&mut self, at: usize) -> Result<()> {
        let stage = self.stages.all[at].clone();
        let right = match self.written.get(&stage.node) {
            Some(written) => written.clone(),
            None => self.matrix(stage.node)?,
        };
        let left = plain(&Expr::var(Var { name: stage.name, kind: None }));
        let right = presented(&right);
        self.push(format!("a name for what does not depend on {}", self.variable.name), &[], left, right, None, None);
        Ok(())
    }

    /// A stage in matrix notation over the names of other stages, or as it stands in the input if it has none.
    fn short_definition(&mut self, at: usize) -> Result<Option<String>> {
        let stage = &self.stages.all[at];
        let (name, node, shown) = (stage.name, stage.node, stage.shown);
        let named = self.graph.reachable(&[shown]).iter().any(|n| self.stages.named(*n).is_some());
        let meaning = match self.written.get(&node) {
            Some(written) if !named => written.clone(),
            _ => self.matrix(shown)?,
        };
        Ok(short_text(&meaning).map(|text| self.say(Some(name), &text, &meaning)))
    }

    /// The laws that make sums of entries of the functions in the input, and names of what was written with others.
    fn rules_of_definitions(&self, at: usize) -> Vec<&'static str> {
        let Some(input) = self.meanings.get(&self.stages.all[at].name) else { return Vec::new() };
        let mut rules: Vec<&'static str> = Vec::new();
        let mut written: Vec<Function> = Vec::new();
        let mut walk = |op: &Op| {
            let rule = match op {
                Op::Call(Function::Call(call), _) => {
                    written.push(Function::Call(*call));
                    match call {
                        Call::Trace => "trace_def",
                        Call::Norm2 => "norm2_sq",
                        Call::NormF => "normF_sq",
                        Call::Norm1 => "norm1_def",
                        Call::Dot => "dot_def",
                        Call::Inner => "inner_def",
                        Call::Outer => "outer_def",
                        Call::Mean => "mean_def",
                        Call::Cross => "cross_def",
                        _ => "",
                    }
                }
                Op::Call(f @ Function::Map(_), _) => {
                    written.push(*f);
                    ""
                }
                Op::Mul(_) if self.products => "einstein_mul",
                Op::Transpose(_) if self.transposes => "einstein_transpose",
                _ => "",
            };
            if !rule.is_empty() && !rules.contains(&rule) {
                rules.push(rule);
            }
            false
        };
        input.any(&mut walk);
        for node in self.graph.reachable(&[self.stages.all[at].node]) {
            let (function, rule) = match self.graph.node(node) {
                Node::Map(Map::Softplus, _) => (Function::Map(Map::Softplus), "log_one_add_exp"),
                Node::Map(Map::Relu, _) => (Function::Map(Map::Relu), "max_zero"),
                Node::Map(Map::Sigmoid, _) => (Function::Map(Map::Sigmoid), "sigmoid_def"),
                Node::Opaque(Opaque::Softmax, _) => (Function::Call(Call::Softmax), "softmax_def"),
                Node::Opaque(Opaque::LogSumExp, _) => (Function::Call(Call::LogSumExp), "log_sum_exp"),
                _ => continue,
            };
            if !written.contains(&function) {
                rules.insert(0, rule);
            }
        }
        rules
    }

    /// What does not depend on the variable has the derivative 0.
    fn independent(&mut self, answer: &Answer, level: usize) -> Result<()> {
        let name = self.stages.all[0].name;
        let what = if level == 0 { "the function".to_owned() } else { format!("{name}, the derivative just found,") };
        let title = format!("{what} does not depend on {}", self.variable.name);
        let left = self.change_of_function();
        self.push(title, &[], left, finish::presented(&answer.formula), None, None);
        Ok(())
    }

    /// `dF/dX`
    fn change_of_function(&self) -> Written {
        let function = Expr::var(Var { name: self.stages.all[0].name, kind: None });
        quotient_of_changes(&function, &Expr::var(self.variable.clone()))
    }

    fn push(&mut self, title: String, rules: &[&str], left: Written, right: Written, note: Option<String>, claim: Option<Claim>) {
        let reasons = rules.iter().filter_map(|r| Catalog::standard().rule(r)).map(Reason::of).collect();
        let number = self.steps.len() + 1;
        let title_latex = crate::derivation::with_formulas(&title, &std::mem::take(&mut self.said));
        let notes: Vec<String> = note.into_iter().chain(self.brackets(&right)).collect();
        let note = (!notes.is_empty()).then(|| notes.join("; "));
        let claim = claim.filter(|_| self.claims);
        self.steps.push(Step { number, title, title_latex: Some(title_latex), reasons, left, right, note, claim });
    }

    /// A formula for the title of the next line, `u = A*x` with a name.
    fn say(&mut self, name: Option<Symbol>, text: &str, e: &Expr) -> String {
        let latex = plain(e).latex;
        let (text, latex) = match name {
            Some(name) => {
                let name = plain(&Expr::var(Var { name, kind: None }));
                (format!("{} = {text}", name.text), format!("{} = {latex}", name.latex))
            }
            None => (text.to_owned(), latex),
        };
        self.said.push((text.clone(), latex));
        text
    }

    /// What the first condition in brackets stands for.
    fn brackets(&self, right: &Written) -> Option<String> {
        let condition = |text: &str| -> Option<String> {
            let inner = text.split('[').skip(1).filter_map(|rest| rest.split(']').next());
            inner.into_iter().find(|t| t.contains(" = ") || t.contains(" >= ")).map(str::to_owned)
        };
        let said = self.steps.iter().any(|s| condition(&s.right.text).is_some());
        let found = condition(&right.text).filter(|_| !said)?;
        Some(format!("[{found}] is 1 where that holds, else 0"))
    }

    fn depends_on_variable(&self, node: NodeId) -> bool {
        let order = self.graph.reachable(&[node]);
        let named = |n: &NodeId| self.stages.named(*n).is_some_and(|at| self.stages.all[at].depends);
        order.iter().any(|n| *n == self.variable_node || named(n))
    }

    /// The variable that stands for the derivative of a name.
    fn pending_of(&mut self, node: NodeId) -> NodeId {
        if let Some(known) = self.pendings.get(&node) {
            return *known;
        }
        let axes: Vec<Dim> = self.graph.axes(node).iter().copied().chain(self.variable.axes()).collect();
        let name = if let Node::Var(v) = self.graph.node(node) { v.name.to_string() } else { format!("{node:?}") };
        // No name of a reader has a sign of differentiation in it.
        let pending = Var::new(&format!("∂{name}/∂{}", self.variable.name), Shape::of_axes(&axes));
        let pending = self.graph.insert(Node::Var(pending));
        self.pendings.insert(node, pending);
        self.numerators.insert(pending, node);
        pending
    }

    /// What a variable for a derivative is the derivative of.
    fn numerator_of(&self, pending: NodeId) -> Option<NodeId> {
        self.numerators.get(&pending).copied()
    }

    /// A node in matrix notation, as it is.
    fn matrix(&mut self, node: NodeId) -> Result<Expr> {
        if let Some(known) = self.matrices.get(&node) {
            return Ok(known.clone());
        }
        let engine = self.engine.clone().saturation(false);
        let setting = Setting { taken: self.names.taken(), input: None };
        let (formula, _) = engine.formula(self.graph, node, (0, false), setting, &mut Profile::default())?;
        let e = self.general.restored(&formula.inlined());
        self.matrices.insert(node, e.clone());
        Ok(e)
    }
}
