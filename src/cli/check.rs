//! `check LEFT RIGHT`: the verdict first, then why.

use super::input::{Failure, Input};
use super::output::{self, Printed};
use super::rules::Rules;
use super::{Expression, Format, InputName, json};
use clap::{Args, ValueEnum};
use indicial::{
    Comparison, Counterexample, Declarations, Error, Expr, InputFormat, Proof, ProofStep, Remark, Requirement, Verdict, infer, latex,
    parse, parse_input, unicode,
};
use std::fmt::Write;
use std::process::ExitCode;

#[derive(Args)]
pub struct Arguments {
    /// The left side; `-` reads it from standard input.
    #[arg(value_name = "LEFT", allow_hyphen_values = true)]
    left: String,
    /// The right side.
    #[arg(value_name = "RIGHT", allow_hyphen_values = true)]
    right: String,
    /// Declarations such as "A: matrix(m,n); x: vector(n)".
    #[arg(long, value_name = "DECLARATIONS")]
    var: Vec<String>,
    /// How both sides are written.
    #[arg(long, value_enum, default_value_t = InputName::Auto)]
    input: InputName,
    #[arg(long, value_enum, default_value_t = CheckFormat::Text)]
    format: CheckFormat,
    #[command(flatten)]
    rules: Rules,
}

/// What is printed.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum CheckFormat {
    Text,
    Unicode,
    Latex,
    /// The verdict, the proof or the counterexample, and the remarks as one object.
    Json,
}

/// Reads both sides, compares and prints.
pub fn run(arguments: &Arguments) -> ExitCode {
    let format = if arguments.format == CheckFormat::Json { Format::Json } else { Format::Text };
    let (left, right) = match read(arguments) {
        Ok(sides) => sides,
        Err(failure) => return output::failure(&failure, format),
    };
    let engine = match arguments.rules.engine(format) {
        Ok(engine) => engine,
        Err(code) => return code,
    };
    match engine.check(&left.expr, &right, &left.declarations) {
        Ok(comparison) => {
            output::print(&printed(&comparison, arguments.format));
            ExitCode::from(match comparison.verdict {
                Verdict::Equal(_) => 0,
                Verdict::Different(_) => 1,
                _ => 3,
            })
        }
        Err(error) => output::failure(&placed(error, &left, &right, &arguments.right), format),
    }
}

fn read(arguments: &Arguments) -> Result<(Input, Expr), Failure> {
    let expression = Expression { expr: arguments.left.clone(), var: arguments.var.clone(), input: arguments.input };
    let left = Input::read(&expression).map_err(|f| Failure { name: if f.name == "<expression>" { "<left>" } else { f.name }, ..f })?;
    let mut left = left;
    let given: InputFormat = arguments.input.into();
    let format = given.of([&*left.text, &*arguments.right], &left.declarations);
    if format != given {
        let again = parse_input(&left.text, format, &left.declarations);
        left.expr = again.map_err(|error| Failure { error: error.into(), text: left.text.clone(), name: "<left>" })?;
    }
    let right = parse_input(&arguments.right, format, &left.declarations);
    let right = right.map_err(|error| Failure { error: error.into(), text: arguments.right.clone(), name: "<right>" })?;
    Ok((left, right))
}

/// The error with the text of the side that it is about.
fn placed(error: Error, left: &Input, right: &Expr, right_text: &str) -> Failure {
    let is_of = |side: &Expr, declarations: &Declarations| infer(side, declarations).is_err_and(|e| e == error);
    if is_of(&left.expr, &left.declarations) {
        return Failure { error: error.into(), text: left.text.clone(), name: "<left>" };
    }
    if is_of(right, &left.declarations) {
        return Failure { error: error.into(), text: right_text.to_owned(), name: "<right>" };
    }
    let mut error = error;
    error.span = None;
    error.notes.clear();
    Failure { error: error.into(), text: String::new(), name: "<left>" }
}

fn printed(comparison: &Comparison, format: CheckFormat) -> Printed {
    match format {
        CheckFormat::Json => Printed { answer: json::comparison(comparison).to_string(), notes: String::new() },
        CheckFormat::Text => Printed { answer: text(comparison, &ToString::to_string), notes: assumed(comparison) },
        CheckFormat::Unicode => Printed { answer: text(comparison, &|e| unicode(e)), notes: assumed(comparison) },
        CheckFormat::Latex => Printed { answer: in_latex(comparison), notes: assumed(comparison) },
    }
}

fn assumed(comparison: &Comparison) -> String {
    let names: Vec<String> =
        comparison.variables.iter().filter(|v| comparison.assumed.contains(&v.name)).map(|v| format!("{v:?}")).collect();
    if names.is_empty() { String::new() } else { format!("assuming {}\n", names.join("; ")) }
}

/// The verdict in the first line, then the chain or the values, then what else is to be said.
fn text(comparison: &Comparison, spell: &dyn Fn(&Expr) -> String) -> String {
    let mut lines = vec![comparison.verdict.to_string()];
    match &comparison.verdict {
        Verdict::Equal(proof) => lines.extend(chain(proof, spell)),
        Verdict::Different(Some(at)) => lines.extend(values(at)),
        Verdict::Different(None) => {}
        _ if comparison.remarks.iter().any(|r| matches!(r, Remark::Vacuous(_))) => {}
        _ => lines.push(tried(comparison.points)),
    }
    lines.extend(comparison.remarks.iter().map(ToString::to_string));
    lines.join("\n")
}

fn tried(points: usize) -> String {
    match points {
        0 => "no proof was found, and no point at which both sides have a value".to_owned(),
        _ => format!("no proof was found, and no difference: the sides agree at {points} random points"),
    }
}

/// One step a line, with the laws in a column of their own.
fn chain(proof: &Proof, spell: &dyn Fn(&Expr) -> String) -> Vec<String> {
    let steps: Vec<(String, String)> = proof.steps.iter().map(|s| (spell(&s.after), law(s))).collect();
    let width = steps.iter().map(|(after, _)| after.chars().count()).max().unwrap_or(0);
    let mut lines = vec![format!("    {}", spell(&proof.start))];
    lines.extend(steps.iter().map(|(after, law)| format!("  = {after}{}   {law}", " ".repeat(width - after.chars().count()))));
    let conditions = conditions(proof);
    if !conditions.is_empty() {
        lines.push(format!("where {}", conditions.join(", ")));
    }
    lines
}

fn law(step: &ProofStep) -> String {
    if step.forward { step.rule.to_string() } else { format!("{}, backwards", step.rule) }
}

fn conditions(proof: &Proof) -> Vec<String> {
    proof.conditions.iter().map(Requirement::sentence).collect()
}

fn values(at: &Counterexample) -> Vec<String> {
    let lines = at.lines();
    let width = lines.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
    lines.iter().map(|(name, value)| format!("  {name}{} = {value}", " ".repeat(width - name.chars().count()))).collect()
}

fn in_latex(comparison: &Comparison) -> String {
    let (left, right) = (latex(&comparison.left), latex(&comparison.right));
    let mut text = match &comparison.verdict {
        Verdict::Equal(proof) => aligned(proof),
        Verdict::Different(at) => {
            let mut text = format!(r"\[ {left} \neq {right} \]");
            if let Some(at) = at {
                let values: Vec<String> = at.lines().iter().map(|(name, value)| value_in_latex(name, value)).collect();
                let _ = write!(text, "\n\\[ {} \\]", values.join(r",\quad "));
            }
            text
        }
        _ => format!("\\[ {left} \\overset{{?}}{{=}} {right} \\]"),
    };
    for remark in &comparison.remarks {
        let _ = write!(text, "\n% {remark}");
    }
    text
}

fn aligned(proof: &Proof) -> String {
    let mut text = format!("\\begin{{align*}}\n{}", latex(&proof.start));
    for step in &proof.steps {
        let _ = writeln!(text, r" &= {} && \text{{{}}} \\", latex(&step.after), law(step).replace('_', r"\_"));
    }
    text.push_str("\\end{align*}");
    for condition in conditions(proof) {
        let _ = write!(text, "\n% where {condition}");
    }
    text
}

fn value_in_latex(name: &str, value: &str) -> String {
    let value = parse(value, &Declarations::new()).map_or_else(|_| value.to_owned(), |e| latex(&e));
    let name = match name {
        "left" | "right" => format!(r"\text{{{name}}}"),
        _ => latex(&Expr::var(indicial::Var::undeclared(name))),
    };
    format!("{name} = {value}")
}
