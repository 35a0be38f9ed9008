//! Formulas to the source of a module in another language: which functions it has, and what is said of each.

use crate::dim::Dim;
use crate::emit::{Function, Output, Target, module};
use crate::error::Result;
use crate::expr::{Expr, Shape, Var};
use crate::pipeline::on_a_deep_stack;
use crate::present::Presented;
use crate::program::{Definition, Lowered, Operation, Program, Tensor};
use crate::typed::Typed;

/// A formula that is a result of a function.
pub(crate) struct Formula {
    pub output: Output,
    pub value: Typed,
    /// The axes to give it if it is in Kronecker notation, and how many of them are rows.
    pub stacked: Option<(Vec<Dim>, usize)>,
}

/// Longer formulas are not written into the documentation of a function: definitions may double each other.
const LONGEST: u64 = 1 << 12;

/// A formula as the documentation of a function has it.
pub(crate) fn written(e: &Expr) -> String {
    if e.nodes() <= LONGEST { e.to_string() } else { format!("an expression of {} parts", e.nodes()) }
}

/// What the documentation of a function says of a formula.
pub(crate) fn described(name: &str, title: &str, formula: &Presented) -> Output {
    let mut lines = vec![written(&formula.body)];
    for (at, (part, e)) in formula.parts.iter().enumerate() {
        lines.push(format!("{} {part} = {e}", if at == 0 { "where" } else { "     " }));
    }
    let parts = formula.parts.iter().map(|(part, _)| part.to_string()).collect();
    Output {
        name: name.to_owned(),
        title: title.to_owned(),
        formula: lines,
        conditions: Vec::new(),
        parts,
        axes: String::new(),
        row: false,
    }
}

/// A function of a module: its name, its arguments and its results.
pub(crate) struct Coded<'a> {
    pub name: &'a str,
    pub variables: &'a [Var],
    pub formulas: Vec<Formula>,
}

/// The source of these functions. MATLAB has one function, the first with the results of all others, but for the cores, which it
/// would compute twice; of a solution it has that alone.
///
/// # Errors
/// If a formula has no form in that language.
pub(crate) fn source(target: Target, functions: Vec<Coded>) -> Result<String> {
    let functions: Vec<Coded> = match target {
        Target::Matlab => together(functions),
        Target::Numpy | Target::Jax | Target::Torch | Target::Rust => functions,
    };
    let programs = functions.iter().map(|f| program(&f.formulas)).collect::<Result<Vec<_>>>()?;
    let mut written = Vec::with_capacity(functions.len());
    for (f, program) in functions.iter().zip(&programs) {
        let outputs = f.formulas.iter().map(|f| Output { row: is_row(f), ..f.output.clone() }).collect();
        written.push(Function { name: f.name.to_owned(), variables: f.variables, program, outputs });
    }
    module(target, &written)
}

fn together(functions: Vec<Coded>) -> Vec<Coded> {
    let solves = functions.iter().any(|f| f.name == "solution");
    let wanted = |f: &Coded| f.name != "core" && (!solves || f.name == "solution");
    let mut kept = functions.into_iter().filter(wanted);
    let Some(mut first) = kept.next() else { return Vec::new() };
    first.name = "objective";
    first.formulas.extend(kept.flat_map(|f| f.formulas));
    vec![first]
}

/// Whether a result of order 1 is a row: of a derivative only the axes are known.
fn is_row(f: &Formula) -> bool {
    matches!(f.value.root().shape, Shape::Row(_)) && f.stacked.is_none() && f.output.axes.is_empty()
}

/// Whether computing a formula takes the tensor that stacks two axes in one, which is nearly all zeros.
pub(crate) fn builds_stacks(formula: &Formula) -> Result<bool> {
    let program = program(std::slice::from_ref(formula))?;
    Ok(program.steps.iter().any(|s| matches!(s.operation, Operation::Constant(Tensor::Merge(..)))))
}

fn program(formulas: &[Formula]) -> Result<Program> {
    let mut definitions: Vec<Definition> = Vec::with_capacity(formulas.len());
    for f in formulas {
        let stacked = f.stacked.as_ref().map(|(axes, rows)| (axes.as_slice(), *rows));
        definitions.push(Definition { name: &f.output.name, value: &f.value, stacked });
    }
    // An expression is no deeper than it has nodes.
    let depth = formulas.iter().map(|f| f.value.nodes.len()).max().unwrap_or(0);
    on_a_deep_stack(depth, || Lowered::new(&definitions)?.program(None))
}
