//! Answers: a formula with everything that was understood on the way to it.

use crate::check::{Scope, Verification, kronecker_form, numeric_derivative_by};
use crate::dim::{Dim, Symbol};
use crate::emit::{Function, Output, Target, module};
use crate::error::Result;
use crate::eval::{Compiled, evaluate};
use crate::expr::{Expr, Kind, Op, Shape, Subscript, Var};
use crate::infer::infer;
use crate::parse::{Declaration, Declarations};
use crate::pipeline::{Engine, on_a_deep_stack};
use crate::present::Presented;
use crate::program::{Definition, Lowered};
use crate::saturate::Stats;
use crate::structure::Convention;
use crate::typed::Typed;
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
    /// The formula, with its shared parts apart.
    pub formula: Presented,
    pub profile: Profile,
    /// How many leading axes are rows in Kronecker notation.
    pub(crate) rows: usize,
}

impl Answer {
    /// The declarations under which the formula reads back.
    pub fn declarations(&self) -> Declarations {
        let mut declarations = declarations_of(self.variables.iter());
        self.input.any(&mut |op| {
            if let Op::Apply { function, .. } = op {
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

    /// What was taken for granted of the dimensions, because the symbols do not tell: that the parts of the input lie within
    /// their axes, as in `k <= n`.
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
        let whole = self.by.iter().fold(self.input.clone(), |f, x| Expr::new(Op::Diff(f, x.clone())));
        Ok(within_axes(&infer(&whole, &self.declarations())?))
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
        let stacked = (self.notation == Notation::Kronecker).then_some((self.shape.as_slice(), self.rows));
        let name = if self.wrt.is_empty() { "value" } else { "derivative" };
        let depth = self.formula.inlined().depth();
        on_a_deep_stack(depth, || Compiled::of(&[Definition { name, value: &typed, stacked }]))
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
        let engine = Engine::new().saturation(false).notation(Notation::Index).structure(self.convention);
        Ok(engine.derivative(&self.input, &self.by, &self.declarations())?.formula)
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
        let answer = self.typed()?;
        let stacked = (self.notation == Notation::Kronecker).then_some((self.shape.as_slice(), self.rows));
        let input = self.input.to_string();
        let mut formulas = Vec::new();
        let value;
        if self.wrt.is_empty() {
            formulas.push((output("value", "The value", &self.formula, self.shape_of(&answer)), &answer, None));
        } else {
            value = infer(&without_derivatives(&self.input, &self.declarations(), self.convention)?, &self.declarations())?;
            let function = Presented { body: self.input.clone(), parts: Vec::new() };
            formulas.push((output("value", "The value", &function, self.shape_of(&value)), &value, None));
            let by: Vec<String> = self.by.iter().map(ToString::to_string).collect();
            let title = format!("The derivative of {input} by {}", by.join(", "));
            let of_function = value.root().shape.axes().len();
            let axes = if of_function == 0 { format!("the axes of {}", by.join(", ")) } else { format!("the axes of the value, then of {}", by.join(", ")) };
            formulas.push((Output { axes, row: false, ..output("derivative", &title, &self.formula, false) }, &answer, stacked));
        }
        let definitions: Vec<Definition> =
            formulas.iter().map(|(o, value, stacked)| Definition { name: o.name, value, stacked: *stacked }).collect();
        let together = target == Target::Matlab;
        let groups: Vec<&[Definition]> = if together { vec![&definitions] } else { definitions.chunks(1).collect() };
        let depth = self.formula.inlined().depth().max(self.input.depth());
        let program = |g: &&[Definition]| on_a_deep_stack(depth, || Lowered::new(g)?.program(None));
        let programs = groups.iter().map(program).collect::<Result<Vec<_>>>()?;
        let outputs: Vec<Output> = formulas.iter().map(|(o, ..)| o.clone()).collect();
        let documented: Vec<Vec<Output>> = if together { vec![outputs] } else { outputs.chunks(1).map(<[Output]>::to_vec).collect() };
        let functions: Vec<Function> = programs.iter().zip(documented).map(|(program, outputs)| Function { program, outputs }).collect();
        module(target, &self.variables, &functions)
    }

    fn shape_of(&self, value: &Typed) -> bool {
        matches!(value.root().shape, Shape::Row(_))
    }

    /// Holds the formula against central differences of the input (against its value, if nothing was differentiated) at
    /// random points with small, pairwise different dimensions.
    ///
    /// # Errors
    /// Of kind `Domain` if no point was found where all is finite.
    pub fn verify(&self, points: usize) -> Result<Verification> {
        const TOLERANCE: [f64; 4] = [1e-8, 1e-6, 1e-4, 1e-2];
        let declarations = self.declarations();
        let function = infer(&self.input, &declarations)?.by(self.convention);
        let by_parts = self.by.iter().any(|x| !matches!(x.op(), Op::Var(_)));
        let whole = self.by.iter().fold(self.input.clone(), |f, x| Expr::new(Op::Diff(f, x.clone())));
        let whole = by_parts.then(|| infer(&whole, &declarations)).transpose()?;
        let answer = self.typed()?;
        let wanted = |at: &crate::Inputs| {
            let derivative = match &whole {
                Some(whole) => evaluate(whole, at)?,
                None => numeric_derivative_by(self.convention, &|at| evaluate(&function, at), &self.wrt, at)?,
            };
            if self.notation == Notation::Kronecker { kronecker_form(&derivative, self.rows) } else { Ok(derivative) }
        };
        let tolerance = TOLERANCE[self.wrt.len().min(TOLERANCE.len() - 1)];
        Scope::of(&[whole.as_ref().unwrap_or(&function), &answer]).compare(&wanted, &|at| evaluate(&answer, at), points, tolerance)
    }
}

/// What the documentation of a function says of a formula.
fn output(name: &'static str, title: &str, formula: &Presented, row: bool) -> Output {
    let mut lines = vec![formula.body.to_string()];
    for (at, (part, e)) in formula.parts.iter().enumerate() {
        lines.push(format!("{} {part} = {e}", if at == 0 { "where" } else { "     " }));
    }
    Output { name, title: title.to_owned(), formula: lines, axes: String::new(), row }
}

/// As text that reads back to the same value: the formula, then its shared parts.
impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{}", self.formula)
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

/// The input with every `diff(…)` in it replaced by its value, for targets that cannot differentiate.
fn without_derivatives(input: &Expr, declarations: &Declarations, convention: Convention) -> Result<Expr> {
    if input.any(&mut |op| matches!(op, Op::Diff(..))) {
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
