//! Answers, values and errors as they are printed: the answer on standard output, what is said of it on standard error.

use super::input::Failure;
use super::{Answers, Format, json, status};
use indicial::{Answer, Layout, Notation, Question, Result, Target, Verification, latex, render, unicode};
use ndarray::{ArrayD, ArrayViewD};
use std::fmt::Write;
use std::io::Write as _;
use std::process::ExitCode;

/// What goes to standard output, and what to standard error.
pub struct Printed {
    pub answer: String,
    pub notes: String,
}

/// The answer in the format asked for.
///
/// # Errors
/// If the answer has no form in it.
pub fn answer(answer: &Answer, options: &Answers, verification: Option<&Verification>) -> Result<Printed> {
    let text = match options.format {
        Format::Text => answer.to_string(),
        Format::Unicode => with_parts(answer, unicode, (" where", ";")),
        Format::Latex => with_parts(answer, latex, (r" \quad\text{where}\quad", r",\quad")),
        Format::Numpy => code(answer, Target::Numpy)?,
        Format::Jax => code(answer, Target::Jax)?,
        Format::Torch => code(answer, Target::Torch)?,
        Format::Matlab => code(answer, Target::Matlab)?,
        Format::Rust => code(answer, Target::Rust)?,
        Format::Json => json::answer(answer, verification, options.stats)?.to_string(),
    };
    let notes = if options.format == Format::Json { String::new() } else { notes(answer, options, verification) };
    Ok(Printed { answer: text, notes })
}

fn code(answer: &Answer, target: Target) -> Result<String> {
    Ok(answer.code(target)?.trim_end().to_owned())
}

fn with_parts(answer: &Answer, spell: fn(&indicial::Expr) -> String, (first, next): (&str, &str)) -> String {
    let mut text = spell(&answer.shown().body);
    for (at, (name, part)) in answer.shown().parts.iter().enumerate() {
        let name = indicial::Expr::var(indicial::Var::undeclared(name.as_str()));
        let _ = write!(text, "{} {} = {}", if at == 0 { first } else { next }, spell(&name), spell(part));
    }
    text
}

/// What was assumed, on which space the derivative is projected, the notation if it is not the usual one, what verification saw, statistics.
pub fn notes(answer: &Answer, options: &Answers, verification: Option<&Verification>) -> String {
    let mut notes = assumptions(answer);
    for remark in answer.remarks() {
        let _ = writeln!(notes, "{remark}");
    }
    notes.push_str(&conditions(answer));
    if let Some(note) = notation(answer) {
        let _ = writeln!(notes, "{note}");
    }
    if answer.layout != Layout::Mixed {
        let _ = writeln!(notes, "in {} layout", answer.layout);
    }
    if answer.notation != Notation::Matrix {
        notes.push_str(&compressed(answer));
    }
    if let Some(v) = verification {
        let _ = writeln!(notes, "{}", verdict(v));
    }
    if options.stats {
        notes.push_str(&statistics(answer));
    }
    notes
}

/// `d F, with dX: matrix(n, n)`
fn differential(answer: &Answer) -> String {
    let Question::Differential { changes, order } = &answer.question else { return String::new() };
    let is_change = |v: &indicial::Var| changes.iter().any(|c| c.mentions(v.name));
    let changes: Vec<String> = answer.variables.iter().filter(|v| is_change(v)).map(|v| format!("{v:?}")).collect();
    let what = if *order == 1 { "d F".to_owned() } else { format!("d^{order} F") };
    format!("{what}, with {}", changes.join("; "))
}

/// The smaller arrays that the answer is made of, if it is.
fn compressed(answer: &Answer) -> String {
    // The answer itself was found before.
    let parts = answer.compressed().unwrap_or_default();
    parts.iter().fold(String::new(), |mut text, part| {
        let _ = writeln!(text, "core {}, pattern {}", part.core, part.pattern);
        text
    })
}

/// The kinds that were found from spelling and use.
pub fn assumptions(answer: &Answer) -> String {
    let assumed: Vec<String> = answer.variables.iter().filter(|v| answer.assumed.contains(&v.name)).map(|v| format!("{v:?}")).collect();
    if assumed.is_empty() { String::new() } else { format!("assuming {}\n", assumed.join("; ")) }
}

/// What was taken for granted of dimensions.
pub fn conditions(answer: &Answer) -> String {
    match answer.conditions() {
        Ok(conditions) if !conditions.is_empty() => format!("assuming {}\n", conditions.join(", ")),
        // The input was understood before.
        Ok(_) | Err(_) => String::new(),
    }
}

/// What is said of a notation that is not the usual one.
pub fn notation(answer: &Answer) -> Option<String> {
    match answer.notation {
        Notation::Matrix => None,
        Notation::Kronecker => Some("in Kronecker notation: d vec(F) / d vec(X)', columns stacked".to_owned()),
        Notation::Index => Some("in index notation".to_owned()),
        Notation::Differential => Some(format!("in differential notation: {}", differential(answer))),
    }
}

pub fn verdict(v: &Verification) -> String {
    let verdict = if v.ok { "verified" } else { "REFUTED" };
    format!("{verdict} at {} random points, largest relative error {:.1e}", v.points, v.max_relative_error)
}

pub fn statistics(answer: &Answer) -> String {
    let mut text = String::new();
    for (stage, time) in &answer.profile.stages {
        let _ = writeln!(text, "{stage:24} {:9.3} ms", time.as_secs_f64() * 1e3);
    }
    if let Some(s) = &answer.profile.saturation {
        let _ = writeln!(text, "e-graph: {} nodes, {} classes, {} iterations, stopped: {:?}", s.nodes, s.classes, s.iterations, s.stop);
        for (rule, hits) in &s.laws {
            let _ = writeln!(text, "rule {rule}: {hits}");
        }
    }
    if let Ok(cost) = answer.cost() {
        let _ = writeln!(text, "to evaluate: {cost}");
    }
    text
}

/// Prints the answer, then what is said of it. A closed pipe is the reader's choice.
pub fn print(printed: &Printed) {
    let _ = writeln!(std::io::stdout(), "{}", printed.answer);
    let _ = write!(std::io::stderr(), "{}", printed.notes);
}

/// What is said beside the answer.
pub fn print_notes(text: &str) {
    let _ = write!(std::io::stderr(), "{text}");
}

/// A value: numbers in nested brackets, or an object with the shape and the numbers.
pub fn value(value: &ArrayD<f64>, format: Format) -> Printed {
    let answer = match format {
        Format::Json => json::value(value).to_string(),
        Format::Text | Format::Unicode | Format::Latex | Format::Numpy | Format::Jax | Format::Torch | Format::Matlab | Format::Rust => {
            nested(value.view())
        }
    };
    Printed { answer, notes: String::new() }
}

fn nested(value: ArrayViewD<f64>) -> String {
    match value.ndim() {
        0 => value.first().map(f64::to_string).unwrap_or_default(),
        _ => {
            let parts: Vec<String> = value.outer_iter().map(nested).collect();
            let between = if value.ndim() == 1 { ", " } else { ",\n" };
            format!("[{}]", parts.join(between))
        }
    }
}

/// Prints an error where the format wants it and gives its exit code.
pub fn failure(failure: &Failure, format: Format) -> ExitCode {
    if format == Format::Json {
        let _ = writeln!(std::io::stdout(), "{}", json::error(&failure.error));
    } else {
        let _ = write!(std::io::stderr(), "{}", render(&failure.error, &failure.text, failure.name));
    }
    ExitCode::from(status(&failure.error))
}
