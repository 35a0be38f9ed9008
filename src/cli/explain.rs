//! `indicial explain`: the derivation, line by line.

use super::input::Input;
use super::output::{self, Printed};
use super::rules::Rules;
use super::{Expression, Format, json};
use clap::{Args, ValueEnum};
use indicial::{Derivation, Engine, Result};
use std::fmt::Write;
use std::process::ExitCode;

#[derive(Args)]
pub struct Explain {
    #[command(flatten)]
    expression: Expression,
    /// The variable to differentiate by; several differentiate one after the other.
    #[arg(long, value_name = "X", required = true)]
    wrt: Vec<String>,
    /// How often to differentiate by the whole list of variables.
    #[arg(long, value_name = "K", default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=4))]
    order: u8,
    #[arg(long, value_enum, default_value_t = ExplainFormat::Text)]
    format: ExplainFormat,
    #[command(flatten)]
    rules: Rules,
}

/// What is printed.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ExplainFormat {
    /// Numbered lines, each with its reason.
    Text,
    /// The same with the signs of mathematics.
    Unicode,
    /// One align* environment.
    Latex,
    /// An object with every step.
    Json,
}

impl ExplainFormat {
    /// How errors are printed.
    fn for_errors(self) -> Format {
        match self {
            ExplainFormat::Json => Format::Json,
            ExplainFormat::Text | ExplainFormat::Unicode | ExplainFormat::Latex => Format::Text,
        }
    }
}

pub fn run(arguments: &Explain) -> ExitCode {
    let input = match Input::read(&arguments.expression) {
        Ok(input) => input,
        Err(failure) => return output::failure(&failure, arguments.format.for_errors()),
    };
    let engine = match arguments.rules.engine(arguments.format.for_errors()) {
        Ok(engine) => engine,
        Err(code) => return code,
    };
    match derivation(&input, arguments, &engine) {
        Ok(derivation) => {
            output::print(&printed(&derivation, arguments.format));
            ExitCode::SUCCESS
        }
        Err(error) => output::failure(&input.explain(error), arguments.format.for_errors()),
    }
}

fn derivation(input: &Input, arguments: &Explain, engine: &Engine) -> Result<Derivation> {
    let once = arguments.wrt.iter().map(|x| input.parse(x)).collect::<Result<Vec<_>>>()?;
    let all: Vec<_> = std::iter::repeat_n(once, usize::from(arguments.order)).flatten().collect();
    engine.explain(&input.expr, &all, &input.declarations)
}

fn printed(derivation: &Derivation, format: ExplainFormat) -> Printed {
    let answer = match format {
        ExplainFormat::Text => derivation.to_string(),
        ExplainFormat::Unicode => derivation.unicode(),
        ExplainFormat::Latex => derivation.latex(),
        ExplainFormat::Json => json::derivation(derivation).to_string(),
    };
    let notes = if format == ExplainFormat::Json { String::new() } else { assumptions(derivation) };
    Printed { answer, notes }
}

fn assumptions(derivation: &Derivation) -> String {
    let answer = &derivation.answer;
    let assumed: Vec<String> = answer.variables.iter().filter(|v| answer.assumed.contains(&v.name)).map(|v| format!("{v:?}")).collect();
    let mut notes = String::new();
    if !assumed.is_empty() {
        let _ = writeln!(notes, "assuming {}", assumed.join("; "));
    }
    notes
}
