//! `indicial diff --separate`: several derivatives of one expression in one answer.

use super::input::Input;
use super::output::{self, Printed};
use super::{Expression, Format, POINTS, json};
use indicial::{Answers, Engine, Result, Target, Verification};
use std::fmt::Write;
use std::process::ExitCode;

/// What is asked for.
pub struct Wanted {
    pub wrt: Vec<String>,
    pub order: u8,
    pub value: bool,
}

/// Reads, computes and prints; the exit code says how it went.
pub fn run(expression: &Expression, options: &super::Answers, wanted: &Wanted) -> ExitCode {
    let input = match Input::read(expression) {
        Ok(input) => input,
        Err(failure) => return output::failure(&failure, options.format),
    };
    let engine = match options.rules.engine(options.format) {
        Ok(engine) => engine.notation(options.notation.into()).layout(options.layout.into()).structure(options.structure.into()),
        Err(code) => return code,
    };
    let outcome = answers(&input, &engine, wanted).and_then(|answers| {
        let seen = if options.verify { answers.answers.iter().map(|a| a.verify(POINTS)).collect::<Result<Vec<_>>>()? } else { Vec::new() };
        Ok((printed(&answers, options, &seen)?, seen))
    });
    match outcome {
        Ok((text, seen)) => {
            output::print(&text);
            ExitCode::from(u8::from(seen.iter().any(|v| !v.ok)))
        }
        Err(error) => output::failure(&input.explain(error), options.format),
    }
}

fn answers(input: &Input, engine: &Engine, wanted: &Wanted) -> Result<Answers> {
    let mut wrt = if wanted.value { vec![Vec::new()] } else { Vec::new() };
    for x in &wanted.wrt {
        wrt.push(vec![input.parse(x)?; usize::from(wanted.order)]);
    }
    engine.derivatives(&input.expr, &wrt, &input.declarations)
}

fn printed(answers: &Answers, options: &super::Answers, seen: &[Verification]) -> Result<Printed> {
    let answer = match options.format {
        Format::Text => answers.to_string(),
        Format::Unicode => answers.unicode(),
        Format::Latex => answers.latex(),
        Format::Numpy => code(answers, Target::Numpy)?,
        Format::Jax => code(answers, Target::Jax)?,
        Format::Torch => code(answers, Target::Torch)?,
        Format::Matlab => code(answers, Target::Matlab)?,
        Format::Rust => code(answers, Target::Rust)?,
        Format::Json => json::answers(answers, seen, options.stats)?.to_string(),
    };
    let notes = if options.format == Format::Json { String::new() } else { notes(answers, options, seen) };
    Ok(Printed { answer, notes })
}

fn code(answers: &Answers, target: Target) -> Result<String> {
    Ok(answers.code(target)?.trim_end().to_owned())
}

/// What is said of all of them, then what is said of each.
fn notes(answers: &Answers, options: &super::Answers, seen: &[Verification]) -> String {
    let mut notes = answers.answers.first().map(output::assumptions).unwrap_or_default();
    let mut said: Vec<String> = Vec::new();
    for answer in &answers.answers {
        said.extend(answer.remarks().into_iter().map(|remark| remark + "\n"));
        said.push(output::conditions(answer));
    }
    for (at, text) in said.iter().enumerate() {
        if !said[..at].contains(text) {
            notes.push_str(text);
        }
    }
    for answer in &answers.answers {
        if let Some(note) = output::notation(answer) {
            let _ = writeln!(notes, "{} {note}", answer.label());
        }
    }
    for (answer, verification) in answers.answers.iter().zip(seen) {
        let _ = writeln!(notes, "{} {}", answer.label(), output::verdict(verification));
    }
    if options.stats {
        notes.push_str(&answers.answers.first().map(output::statistics).unwrap_or_default());
    }
    notes
}
