//! Answers: a formula with everything that was understood on the way to it.

mod verify;

use crate::code::{Coded, Formula, builds_stacks, described, source, written};
use crate::compress::CompressedPart;
use crate::conditions;
use crate::dim::{Dim, Symbol};
use crate::emit::Target;
use crate::error::Result;
use crate::eval::Compiled;
use crate::expr::{Expr, Kind, Op, Shape, Subscript, Var};
use crate::function::{Call, Function};
use crate::infer::infer;
use crate::layout::Layout;
use crate::parse::{Declaration, Declarations};
use crate::pipeline::{Engine, on_a_deep_stack};
use crate::present::Presented;
use crate::program::{Definition, Work};
use crate::question::Question;
use crate::saturate::Stats;
use crate::structure::Convention;
use crate::typed::Typed;
use std::collections::BTreeSet;
use std::fmt;
use std::time::{Duration, Instant};

/// The notation in which an answer is written; the first that expresses it is taken.
///
/// ```
/// use indicial::{Declarations, Engine, Notation, parse};
/// let declarations = Declarations::parse("A: matrix(m, n); B: matrix(n, p)")?;
/// let (f, b) = (parse("A*B", &declarations)?, parse("B", &declarations)?);
/// let answer = Engine::new().derivative(&f, &[b], &declarations)?;
/// assert_eq!((answer.notation, answer.to_string().as_str()), (Notation::Kronecker, "kron(eye(p), A)"));
/// # Ok::<(), indicial::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Notation {
    /// Matrix formulas: a gradient is a column or has the shape of its matrix, a Jacobian has F's rows and X's columns.
    Matrix,
    /// d vec(F) / d vec(X)' with Kronecker products; columns are stacked.
    Kronecker,
    /// Einstein's notation.
    Index,
    /// dF with the changes of the variables in place, as [`Engine::differential`] has it.
    Differential,
}

impl fmt::Display for Notation {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(match self {
            Notation::Matrix => "matrix",
            Notation::Kronecker => "kron",
            Notation::Index => "index",
            Notation::Differential => "differential",
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
    pub(crate) fn stage<T>(&mut self, name: &'static str, work: impl FnOnce() -> T) -> T {
        let start = Instant::now();
        let result = work();
        self.stages.push((name, start.elapsed()));
        result
    }
}

/// An answer with everything that was understood on the way to it.
///
/// `Display` prints the formula in the language; [`latex`](crate::latex) and [`unicode`](crate::unicode) print its parts
/// otherwise.
///
/// ```
/// use indicial::{Declarations, Engine, parse};
/// let declarations = Declarations::new();
/// let (f, x) = (parse("norm2(A*x - b)^2/2", &declarations)?, parse("x", &declarations)?);
/// let answer = Engine::new().derivative(&f, &[x], &declarations)?;
/// assert_eq!(answer.to_string(), "A'*(A*x - b)");
/// assert_eq!(answer.shape.len(), 1);
/// assert_eq!(answer.variables.len(), 3);
/// assert!(answer.verify(3)?.ok);
/// # Ok::<(), indicial::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Answer {
    /// The input as it was understood; for a derivative, what was differentiated.
    pub input: Expr,
    pub question: Question,
    pub wrt: Vec<Var>,
    /// What it was differentiated by: each of these variables, or the part of it that was asked for.
    pub by: Vec<Expr>,
    /// The variables of the input with their kinds.
    pub variables: Vec<Var>,
    /// Those of them whose kind was not declared but found.
    pub assumed: Vec<Symbol>,
    /// The axes of the answer: those of F, then those of each variable.
    pub shape: Vec<Dim>,
    pub notation: Notation,
    /// How a derivative by a structured variable is meant.
    pub convention: Convention,
    /// Which way the formula that is shown is turned.
    pub layout: Layout,
    /// The formula, with its shared parts apart; its layout is mixed.
    pub formula: Presented,
    /// Its transpose, where the layout shows that.
    pub(crate) laid_out: Option<Presented>,
    pub profile: Profile,
    /// How many leading axes are rows in Kronecker notation.
    pub(crate) rows: usize,
}

impl Answer {
    /// The declarations under which the formula reads back.
    pub fn declarations(&self) -> Declarations {
        let mut declarations = declarations_of(self.variables.iter());
        self.input.any(&mut |op| {
            if let Op::Apply { function, .. } = op
                && function.known.is_none()
            {
                let kind = |s: &Shape| Kind::plain(s.clone());
                let arguments = function.signature.arguments.iter().map(kind).collect();
                let declared = Declaration::Function { arguments, result: kind(&function.signature.result) };
                // Names are distinct in what was declared before.
                let _ = declarations.insert(function.function, declared);
            }
            false
        });
        declarations
    }

    /// What was taken for granted because the symbols do not tell: that the parts of the input lie within their axes, as in
    /// `k <= n`; where the functions of the input that are not differentiable everywhere are: at a simple eigenvalue, at
    /// full rank, where the rank does not change; and that integrals of exponentials of matrices have the value given.
    ///
    /// # Errors
    /// As of [`infer`] for the input.
    ///
    /// ```
    /// use indicial::{Declarations, Engine, parse};
    /// let declarations = Declarations::parse("x: vector(n)")?;
    /// let (f, x) = (parse("sum(x[1:k])", &declarations)?, parse("x", &declarations)?);
    /// let answer = Engine::new().derivative(&f, &[x], &declarations)?;
    /// assert_eq!(answer.to_string(), "[ones(k); zeros(n-k)]");
    /// assert_eq!(answer.conditions()?, ["k <= n"]);
    /// # Ok::<(), indicial::Error>(())
    /// ```
    pub fn conditions(&self) -> Result<Vec<String>> {
        let declarations = self.declarations();
        let mut conditions: Vec<String> = Vec::new();
        for (whole, directions) in self.question.forward(&self.input, &self.by) {
            for e in std::iter::once(&whole).chain(&directions) {
                conditions.extend(within_axes(&infer(e, &declarations)?));
            }
        }
        let by: Vec<Symbol> = self.wrt.iter().map(|v| v.name).collect();
        conditions::of_spectra(&self.input, &by, &mut conditions);
        conditions::of_integrals(&self.input, &self.formula.inlined(), &declarations, &mut conditions)?;
        let mut seen = BTreeSet::new();
        conditions.retain(|c| seen.insert(c.clone()));
        Ok(conditions)
    }

    /// The formula as the layout asked for shows it.
    pub fn shown(&self) -> &Presented {
        self.laid_out.as_ref().unwrap_or(&self.formula)
    }

    /// The formula with the shape of each part.
    ///
    /// # Errors
    /// Of kind `Internal` if the formula does not fit its own declarations, which would be a bug.
    pub fn typed(&self) -> Result<Typed> {
        infer(&self.formula.inlined(), &self.declarations())
    }

    /// The formula made ready to be evaluated often. Its value has the axes of the answer, whatever the notation.
    ///
    /// # Errors
    /// As of [`Answer::typed`].
    ///
    /// ```
    /// use indicial::{Declarations, Engine, Inputs, parse};
    /// let declarations = Declarations::parse("A: matrix(m, n); B: matrix(n, p)")?;
    /// let (f, b) = (parse("A*B", &declarations)?, parse("B", &declarations)?);
    /// let jacobian = Engine::new().derivative(&f, &[b], &declarations)?.compile()?;
    /// let inputs = Inputs::from_json(r#"{"A": [[1, 2, 3]], "B": [[1], [1], [1]]}"#, jacobian.variables())?;
    /// assert_eq!(jacobian.run(&inputs)?.shape(), [1, 1, 3, 1]);
    /// # Ok::<(), indicial::Error>(())
    /// ```
    pub fn compile(&self) -> Result<Compiled> {
        let typed = self.typed()?;
        let stacked = self.stacked(&typed);
        let name = if self.wrt.is_empty() { "value" } else { "derivative" };
        let depth = self.formula.inlined().depth();
        on_a_deep_stack(depth, || Compiled::of(&[Definition { name, value: &typed, stacked }]))
    }

    /// The axes to give the formula, and how many of them are rows: of what Kronecker notation stacks, and where matrix notation does
    /// not write an axis of length 1.
    fn stacked(&self, formula: &Typed) -> Option<(&[Dim], usize)> {
        let narrow = formula.root().shape.axes().len() < self.shape.len() && self.shape.len() <= 2;
        match self.notation {
            Notation::Kronecker => Some((&self.shape, self.rows)),
            Notation::Matrix | Notation::Index | Notation::Differential => narrow.then_some((&self.shape, 1)),
        }
    }

    /// How many operations and numbers it takes to evaluate the formula, as polynomials of its dimensions; what is equal is counted
    /// once, and zeros of deltas are not built.
    ///
    /// # Errors
    /// As of [`Answer::typed`].
    pub fn cost(&self) -> Result<Work> {
        self.compile()?.work()
    }

    /// What is said of each structured variable that was differentiated by: on which space the derivative is projected.
    pub fn remarks(&self) -> Vec<String> {
        // By a part of a variable every entry of the part moves by itself.
        let convention = |by: &Expr| if matches!(by.op(), Op::Subscript(..)) { Convention::Free } else { self.convention };
        let mut remarks: Vec<String> = self.wrt.iter().zip(&self.by).filter_map(|(v, by)| convention(by).remark(v)).collect();
        remarks.dedup();
        remarks
    }

    /// The same in Einstein's notation.
    ///
    /// # Errors
    /// As of the derivative itself.
    pub fn index(&self) -> Result<Presented> {
        let engine = Engine::new().notation(Notation::Index).structure(self.convention);
        let (f, by, declarations) = (&self.input, &self.by, &self.declarations());
        let answer = match &self.question {
            Question::Value | Question::Derivative => engine.derivative(f, by, declarations),
            Question::Jvp(_) | Question::Vjp(_) | Question::Hvp(_) | Question::Differential { .. } => {
                engine.product(f, by, self.question.clone(), declarations)
            }
        };
        Ok(answer?.formula)
    }

    /// The parts of the compressed form, of which the answer is the sum: arrays, and the deltas that spread them over the
    /// whole. None if a term is as large as the whole, as in a Jacobian without structure. See [`CompressedPart`].
    ///
    /// ```
    /// use indicial::{Declarations, Engine, parse};
    /// let declarations = Declarations::parse("x: vector(n); A: matrix(n, n)")?;
    /// let x = parse("x", &declarations)?;
    /// let by_x = |f: &str| Engine::new().derivative(&parse(f, &declarations)?, &[x.clone()], &declarations);
    /// let parts = by_x("x.*(A*x)/2 + exp(x)")?.compressed()?;
    /// assert!(parts.is_empty(), "A is not diagonal");
    /// let parts = by_x("diag(exp(x))")?.compressed()?;
    /// assert_eq!(parts[0].core.to_string(), "exp(x)");
    /// assert_eq!(parts[0].pattern.to_string(), "{delta[i,j]*delta[i,k]*core[i]}[i,j,k]");
    /// # Ok::<(), indicial::Error>(())
    /// ```
    ///
    /// # Errors
    /// As of the derivative itself.
    pub fn compressed(&self) -> Result<Vec<CompressedPart>> {
        if self.question != Question::Derivative {
            return Ok(Vec::new());
        }
        Engine::new().structure(self.convention).compressed(&self.input, &self.by, &self.declarations())
    }

    /// Python source with `value(…)` and, for a derivative, `derivative(…)`; the same as [`Answer::code`] for numpy.
    ///
    /// # Errors
    /// If a part has no form in Python.
    pub fn numpy(&self) -> Result<String> {
        self.code(Target::Numpy)
    }

    /// The source of a module in another language with `value` and, for a derivative, `derivative`, whose axes are those of F,
    /// then those of each variable. The arguments are the variables, and each dimension that no argument's shape tells; their
    /// shapes are checked. In MATLAB it is one function with two results.
    ///
    /// # Errors
    /// If a part has no form in that language.
    pub fn code(&self, target: Target) -> Result<String> {
        if self.wrt.is_empty() {
            let value = Formula { output: described("value", "The value", &self.formula), value: self.typed()?, stacked: None };
            return source(target, vec![Coded { name: "value", variables: &self.variables, formulas: vec![value] }]);
        }
        let function = |name, formulas| Coded { name, variables: &self.variables, formulas };
        let mut functions = vec![function("value", vec![self.value_formula()?])];
        let parts = if self.notation == Notation::Matrix { Vec::new() } else { self.compressed()? };
        let core = |(at, p): (usize, &CompressedPart)| {
            let title = format!("What is not zero of the derivative: the core of {}", p.pattern);
            let name = if parts.len() == 1 { "core".to_owned() } else { format!("core{}", at + 1) };
            Ok(Formula { output: described(&name, &title, &p.core), value: infer(&p.core.inlined(), &self.declarations())?, stacked: None })
        };
        let cores = parts.iter().enumerate().map(core).collect::<Result<Vec<_>>>()?;
        if !cores.is_empty() {
            functions.push(function("core", cores));
        }
        functions.push(function("derivative", vec![self.derivative_formula("derivative")?]));
        source(target, functions)
    }

    /// The function itself, as code has it.
    pub(crate) fn value_formula(&self) -> Result<Formula> {
        let declarations = self.declarations();
        let value = infer(&without_derivatives(&self.input, &declarations, self.convention)?, &declarations)?;
        let function = Presented { body: self.input.clone(), parts: Vec::new() };
        Ok(Formula { output: described("value", "The value", &function), value, stacked: None })
    }

    /// The answer, as code has it.
    pub(crate) fn derivative_formula(&self, name: &str) -> Result<Formula> {
        let by = self.by.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        let input = written(&self.input);
        let (title, axes) = match &self.question {
            Question::Value => ("The value".to_owned(), String::new()),
            Question::Derivative => {
                let axes = if self.shape.len() > self.by_axes() {
                    format!("the axes of the value, then of {by}")
                } else {
                    format!("the axes of {by}")
                };
                (format!("The derivative of {input} by {by}"), axes)
            }
            Question::Jvp(_) | Question::Vjp(_) | Question::Hvp(_) => {
                (format!("A product with the derivative of {input} by {by}"), String::new())
            }
            Question::Differential { order: 1, .. } => (format!("The differential of {input} by {by}"), String::new()),
            Question::Differential { order, .. } => (format!("The differential of order {order} of {input} by {by}"), String::new()),
        };
        let mut output = described(name, &title, &self.formula);
        output.axes = axes;
        output.conditions = self.conditions()?;
        let value = self.typed()?;
        let stacked = self.stacked(&value).map(|(axes, rows)| (axes.to_vec(), rows));
        let formula = Formula { output, value, stacked };
        if formula.stacked.is_some() && builds_stacks(&formula)? {
            // Index notation has no stacks, and the same axes.
            return Ok(Formula { value: infer(&self.index()?.inlined(), &self.declarations())?, stacked: None, ..formula });
        }
        Ok(formula)
    }

    fn by_axes(&self) -> usize {
        self.wrt.iter().map(|v| v.axes().len()).sum()
    }
}

/// As text that reads back to the same value: the formula, then its shared parts.
impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{}", self.shown())
    }
}

/// `k <= n` for each place k along an axis of length n where the symbols leave it open.
fn within_axes(typed: &Typed) -> Vec<String> {
    let dim = |id: &crate::typed::TypedId| match &typed.node(*id).op {
        Op::Size(d) => Some(*d),
        Op::Number(n) => n.as_integer().map(Dim::number),
        _ => None,
    };
    let mut conditions: Vec<(Dim, Dim)> = Vec::new();
    let mut note = |small: Option<Dim>, large: Dim| {
        let implied = |d: &Dim, by: &[(Dim, Dim)]| by.iter().any(|(e, of)| *of == large && d.is_at_most(*e));
        if let Some(small) = small.filter(|d| !d.is_at_most(large) && !implied(d, &conditions)) {
            conditions.retain(|(d, of)| *of != large || !d.is_at_most(small));
            conditions.push((small, large));
        }
    };
    for node in &typed.nodes {
        let Op::Subscript(tensor, subscripts) = &node.op else { continue };
        for (s, axis) in subscripts.iter().zip(typed.node(*tensor).shape.axes()) {
            match s {
                Subscript::Index(_) | Subscript::All => {}
                Subscript::At(place) => note(dim(place), axis),
                Subscript::Range(from, to) => {
                    dim(to).into_iter().for_each(|to| note(dim(from), to));
                    note(dim(to), axis);
                }
            }
        }
    }
    conditions.into_iter().map(|(small, large)| format!("{small} <= {large}")).collect()
}

/// The input with every `diff(…)` and `integral(…)` in it replaced by its value, for targets that cannot do either.
pub(crate) fn without_derivatives(input: &Expr, declarations: &Declarations, convention: Convention) -> Result<Expr> {
    let calculus = |op: &Op| matches!(op, Op::Diff(..) | Op::Call(Function::Call(Call::Integral), _));
    if input.any(&mut |op| calculus(op)) {
        Ok(Engine::new().structure(convention).simplify(input, declarations)?.formula.inlined())
    } else {
        Ok(input.clone())
    }
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
