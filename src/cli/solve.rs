//! `solve EQUATION --for X`: the formula on standard output, how far it solves on standard error.

use super::input::Input;
use super::output::{self, Printed};
use super::{Answers, Expression, Format, InputName, json};
use clap::Args;
use indicial::{Declarations, Error, Expr, InputFormat, Result, Solution, Target, parse_equation, parse_input};
use std::process::ExitCode;

#[derive(Args)]
pub struct Arguments {
    /// The equation, `LEFT = RIGHT`; `-` reads it from standard input.
    #[arg(value_name = "EQUATION", allow_hyphen_values = true)]
    equation: String,
    /// The unknown.
    #[arg(long = "for", value_name = "X")]
    unknown: String,
    /// Declarations such as "A: matrix(m,n); x: vector(n)".
    #[arg(long, value_name = "DECLARATIONS")]
    var: Vec<String>,
    /// How the equation is written.
    #[arg(long, value_enum, default_value_t = InputName::Auto)]
    input: InputName,
    #[command(flatten)]
    answers: Answers,
}

/// Reads, solves and prints.
pub fn run(arguments: &Arguments) -> ExitCode {
    let options = &arguments.answers;
    let engine = match options.rules.engine(options.format) {
        Ok(engine) => engine.notation(options.notation.into()).structure(options.structure.into()),
        Err(code) => return code,
    };
    let expression = Expression { expr: arguments.equation.clone(), var: arguments.var.clone(), input: arguments.input };
    let printed = Input::read_by(&expression, equation).and_then(|input| {
        let (left, right) = &input.expr;
        let solution = input.parse(&arguments.unknown).and_then(|x| engine.solve(left, right, &x, &input.declarations));
        solution.and_then(|s| printed(&s, options)).map_err(|e| input.explain(e))
    });
    match printed {
        Ok(printed) => {
            output::print(&printed);
            ExitCode::SUCCESS
        }
        Err(failure) => output::failure(&failure, options.format),
    }
}

/// The sides. What is not in the language is cut at its equals sign.
fn equation(text: &str, format: InputFormat, declarations: &Declarations) -> Result<(Expr, Expr)> {
    let in_language = parse_equation(text, declarations);
    let format = format.of([text], declarations);
    if in_language.is_ok() && matches!(format, InputFormat::Auto | InputFormat::Text) {
        return in_language;
    }
    match text.split_once('=') {
        Some((left, right)) if format != InputFormat::Text && !right.contains('=') => {
            let read = |side: &str| parse_input(side.trim(), format, declarations).map_err(|e| unplaced(e, side));
            let sides = read(left).and_then(|left| Ok((left, read(right)?)));
            if format == InputFormat::Auto { sides.or(in_language) } else { sides }
        }
        _ => in_language,
    }
}

/// The places of a side are not those of the equation.
fn unplaced(mut error: Error, side: &str) -> Error {
    error.span = None;
    error.notes.clear();
    error.message = format!("in `{}`: {}", side.trim(), error.message);
    error
}

fn printed(solution: &Solution, options: &Answers) -> Result<Printed> {
    let verification = options.verify.then_some(&solution.residual);
    let remarks: String = solution.remarks().iter().map(|r| format!("{r}\n")).collect();
    Ok(match options.format {
        Format::Json => Printed { answer: json::solution(solution, verification, options.stats)?.to_string(), notes: String::new() },
        Format::Numpy => code(solution, options, Target::Numpy)?,
        Format::Jax => code(solution, options, Target::Jax)?,
        Format::Torch => code(solution, options, Target::Torch)?,
        Format::Matlab => code(solution, options, Target::Matlab)?,
        Format::Rust => code(solution, options, Target::Rust)?,
        Format::Text | Format::Unicode | Format::Latex => {
            let Printed { answer, notes } = output::answer(&solution.answer, options, verification)?;
            Printed { answer, notes: remarks + &notes }
        }
    })
}

fn code(solution: &Solution, options: &Answers, target: Target) -> Result<Printed> {
    let notes = output::notes(&solution.answer, options, options.verify.then_some(&solution.residual));
    let remarks: String = solution.remarks().iter().map(|r| format!("{r}\n")).collect();
    Ok(Printed { answer: solution.code(target)?.trim_end().to_owned(), notes: remarks + &notes })
}
