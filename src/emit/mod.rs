//! Code in other languages: a program, spelled by the table of a target.
//!
//! `body` walks the program and decides what gets a name, `formula` writes what is computed entry by entry, `functions` has
//! tables of functions of arrays, `helpers` what a target has no function for. A target implements `body::Language`; `python` does
//! so for three libraries.

mod body;
mod code;
mod formula;
mod functions;
mod helpers;
mod matlab;
mod names;
mod python;
mod rust;
mod sizes;

use crate::dim::Dim;
use crate::error::{Error, Result};
use crate::expr::{Shape, Var};
use crate::program::Program;
use body::{Body, Language};
use code::Code;
use sizes::Plan;

/// A language and library in which an answer can be written as code.
///
/// ```
/// use indicial::{Declarations, Engine, Target, parse};
/// let declarations = Declarations::parse("A: matrix(m, n); x: vector(n)")?;
/// let (f, x) = (parse("norm2(A*x)^2", &declarations)?, parse("x", &declarations)?);
/// let answer = Engine::new().derivative(&f, &[x], &declarations)?;
/// assert!(answer.code(Target::Numpy)?.contains("return 2*(A.T @ (A @ x))"));
/// assert!(answer.code(Target::Matlab)?.contains("derivative = 2*t1;"));
/// # Ok::<(), indicial::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Target {
    /// Python with numpy, and scipy where a function needs it.
    Numpy,
    /// Python with jax, traceable: lengths are whole numbers of Python.
    Jax,
    /// Python with torch; type and device are those of the arguments, and autograd goes through.
    Torch,
    /// MATLAB and Octave.
    Matlab,
    /// Rust with ndarray.
    Rust,
}

impl Target {
    pub const ALL: [Target; 5] = [Target::Numpy, Target::Jax, Target::Torch, Target::Matlab, Target::Rust];
}

/// A function to write: a program, and what is said of each of its outputs.
pub(crate) struct Function<'a> {
    pub name: String,
    /// The arguments.
    pub variables: &'a [Var],
    pub program: &'a Program,
    pub outputs: Vec<Output>,
}

/// What the documentation of a function says of a result.
#[derive(Clone)]
pub(crate) struct Output {
    pub name: String,
    /// What it is, in one line.
    pub title: String,
    /// The formula, its shared parts on lines of their own.
    pub formula: Vec<String>,
    /// What has to hold for it, in words.
    pub conditions: Vec<String>,
    /// The names of these parts; no line of code has one of them for something else.
    pub parts: Vec<String>,
    /// What the axes of the result are.
    pub axes: String,
    /// Whether it is a row, where it is of order 1.
    pub row: bool,
}

/// The source of a module with these functions.
///
/// # Errors
/// `Unsupported` for an operation that a target has no code for.
pub(crate) fn module(target: Target, functions: &[Function]) -> Result<String> {
    match target {
        Target::Numpy => python::module(&python::numpy::LIBRARY, functions),
        Target::Jax => python::module(&python::jax::LIBRARY, functions),
        Target::Torch => python::module(&python::torch::LIBRARY, functions),
        Target::Matlab => matlab::module(functions),
        Target::Rust => rust::module(functions),
    }
}

/// A function whose body is written.
struct Written<'a> {
    name: &'a str,
    program: &'a Program,
    outputs: &'a [Output],
    variables: &'a [Var],
    body: Body<'a>,
    plan: Plan<'a>,
    /// Each result, and how many of the lines come before it.
    results: Vec<(Code, usize)>,
    /// The variables, then the lengths that no argument tells, then declared functions.
    arguments: Vec<String>,
}

impl<'a> Written<'a> {
    fn new(language: &'a dyn Language, function: &'a Function<'a>) -> Result<Written<'a>> {
        let (program, variables) = (function.program, function.variables);
        let mut body = Body::new(program, language, variables);
        function.outputs.iter().flat_map(|o| &o.parts).for_each(|part| body.names.reserve(part));
        let mut results = Vec::new();
        for output in &program.outputs {
            let until = output.parts.iter().map(|p| p.value.0 as usize + 1).max().unwrap_or(0);
            body.write(until, output.dense())?;
            let result = body.result(output)?;
            results.push((result, body.lines.len()));
        }
        let plan = sizes::plan(variables, &body.sizes);
        let mut arguments: Vec<String> = variables.iter().map(|v| body.names.variable(v.name)).collect();
        arguments.extend(plan.asked.iter().map(|s| body.names.dim(*s)));
        for (name, _) in &body.functions {
            if !arguments.contains(name) {
                arguments.push(name.clone());
            }
        }
        Ok(Written { name: &function.name, program, outputs: &function.outputs, variables, body, plan, results, arguments })
    }

    /// Lines of documentation: the formulas, what each argument is, and the results. `shown` says a shape, of which it is
    /// told whether it is a row.
    fn documentation(&mut self, shown: &dyn Fn(&[String], bool) -> String) -> Vec<String> {
        let mut lines = Vec::new();
        for output in self.outputs {
            lines.push(format!("{}:", output.title));
            lines.push(String::new());
            lines.extend(output.formula.iter().map(|l| format!("    {l}")));
            lines.push(String::new());
            if !output.conditions.is_empty() {
                lines.push(format!("It holds if {}.", output.conditions.join(", and ")));
                lines.push(String::new());
            }
        }
        let words = |axes: &[Dim]| axes.iter().map(ToString::to_string).collect::<Vec<String>>();
        for v in self.variables {
            let row = v.kind.as_ref().is_some_and(|k| matches!(k.shape, Shape::Row(_)));
            lines.push(format!("{}: {}{}", self.body.names.variable(v.name), shown(&words(&v.axes()), row), structure(v)));
        }
        for s in &self.plan.asked {
            lines.push(format!("{}: a length", self.body.names.dim(*s)));
        }
        for (output, known) in self.outputs.iter().zip(&self.program.outputs) {
            let axes = if output.axes.is_empty() { String::new() } else { format!(", {}", output.axes) };
            let name = if self.outputs.len() == 1 { "returns" } else { output.name.as_str() };
            lines.push(format!("{name}: {}{axes}", shown(&words(&known.axes), output.row)));
        }
        lines
    }
}

/// What is known of a variable beside its shape.
fn structure(v: &Var) -> String {
    let kind = v.kind.as_ref().map(ToString::to_string).unwrap_or_default();
    let plain = ["scalar", "vector", "row", "matrix", "tensor"].iter().any(|word| kind.starts_with(word));
    if plain { String::new() } else { format!(", {}", kind.split('(').next().unwrap_or_default()) }
}

impl Body<'_> {
    fn result(&mut self, output: &crate::program::Output) -> Result<Code> {
        if let Some(value) = output.dense() {
            return self.value(value);
        }
        if output.axes.is_empty() && output.parts.is_empty() {
            return Ok(Code::constant(self.language.integer(0), code::Tight::Atom));
        }
        let language = self.language;
        language.assemble(self, None, &output.parts, &output.axes)
    }
}

fn no_code(what: &str) -> Error {
    Error::unsupported(format_args!("{what} in code of this kind"))
}
