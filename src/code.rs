//! Formulas to the source of a module in another language: which functions it has, and what is said of each.

use crate::dim::Dim;
use crate::emit::{Function, Output, Target, module};
use crate::error::Result;
use crate::expr::{Shape, Var};
use crate::pipeline::on_a_deep_stack;
use crate::present::Presented;
use crate::program::{Definition, Lowered, Program};
use crate::typed::Typed;

/// A formula that is a result of a function.
pub(crate) struct Formula {
    pub output: Output,
    pub value: Typed,
    /// The axes to give it if it is in Kronecker notation, and how many of them are rows.
    pub stacked: Option<(Vec<Dim>, usize)>,
}

/// What the documentation of a function says of a formula.
pub(crate) fn described(name: &str, title: &str, formula: &Presented) -> Output {
    let mut lines = vec![formula.body.to_string()];
    for (at, (part, e)) in formula.parts.iter().enumerate() {
        lines.push(format!("{} {part} = {e}", if at == 0 { "where" } else { "     " }));
    }
    Output { name: name.to_owned(), title: title.to_owned(), formula: lines, axes: String::new(), row: false }
}

/// The source of functions of the same variables, each with its results. MATLAB has one function with all results but the
/// cores, which it would have to compute twice.
///
/// # Errors
/// If a formula has no form in that language.
pub(crate) fn source(target: Target, variables: &[Var], functions: Vec<(&str, Vec<Formula>)>) -> Result<String> {
    let functions: Vec<(&str, Vec<Formula>)> = match target {
        Target::Matlab => vec![("objective", functions.into_iter().filter(|f| f.0 != "core").flat_map(|f| f.1).collect())],
        Target::Numpy | Target::Jax | Target::Torch | Target::Rust => functions,
    };
    let programs = functions.iter().map(|(_, formulas)| program(formulas)).collect::<Result<Vec<_>>>()?;
    let mut written = Vec::with_capacity(functions.len());
    for ((name, formulas), program) in functions.iter().zip(&programs) {
        let outputs = formulas.iter().map(|f| Output { row: is_row(f), ..f.output.clone() }).collect();
        written.push(Function { name: (*name).to_owned(), program, outputs });
    }
    module(target, variables, &written)
}

/// Whether a result of order 1 is a row: of a derivative only the axes are known.
fn is_row(f: &Formula) -> bool {
    matches!(f.value.root().shape, Shape::Row(_)) && f.stacked.is_none() && f.output.axes.is_empty()
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
