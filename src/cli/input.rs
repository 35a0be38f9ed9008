//! What the arguments hold: declarations and an expression, with the texts that errors point into.

use super::Expression;
use indicial::{Compiled, Declarations, Error, ErrorKind, Expr, InputFormat, Inputs, Result, Typed, evaluate, infer, parse_input};
use ndarray::ArrayD;
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// The largest text read from standard input; the parser has the same limit.
const MAX_TEXT: u64 = 1 << 20;

/// The declarations and the expression of a call, or what else its text is.
pub struct Input<T = Expr> {
    pub text: String,
    pub declarations: Declarations,
    pub expr: T,
    format: InputFormat,
}

/// An error with the text that its place is in.
pub struct Failure {
    pub error: Box<Error>,
    pub text: String,
    pub name: &'static str,
}

impl Input {
    pub fn read(arguments: &Expression) -> std::result::Result<Input, Failure> {
        Input::read_by(arguments, parse_input)
    }

    /// The value on the data of a file: by a program, or by the reference where there is none.
    pub fn evaluate(&self, path: &Path) -> Result<ArrayD<f64>> {
        let typed = infer(&self.expr, &self.declarations)?;
        let inputs = read_data(path, &typed)?;
        match Compiled::new(&typed) {
            Ok(program) => program.run(&inputs),
            Err(e) if e.kind == ErrorKind::Unsupported => evaluate(&typed, &inputs),
            Err(e) => Err(e),
        }
    }
}

impl<T> Input<T> {
    /// The declarations, and what `parse` makes of the text.
    pub fn read_by(
        arguments: &Expression,
        parse: impl FnOnce(&str, InputFormat, &Declarations) -> Result<T>,
    ) -> std::result::Result<Input<T>, Failure> {
        let mut declarations = Declarations::new();
        for text in &arguments.var {
            declarations.extend(text).map_err(|error| Failure { error: error.into(), text: text.clone(), name: "<declarations>" })?;
        }
        let text = if arguments.expr == "-" { standard_input()? } else { arguments.expr.clone() };
        let format = arguments.input.into();
        match parse(&text, format, &declarations) {
            Ok(expr) => Ok(Input { text, declarations, expr, format }),
            Err(error) => Err(Failure { error: error.into(), text, name: "<expression>" }),
        }
    }

    /// Reads a further expression, such as a variable to differentiate by.
    pub fn parse(&self, text: &str) -> Result<Expr> {
        // Its places are not in the main text.
        parse_input(text, self.format, &self.declarations).map(|e| e.unplaced()).map_err(|mut e| {
            e.span = None;
            e.notes.clear();
            e.message = format!("in `{text}`: {}", e.message);
            e
        })
    }

    pub fn explain(&self, error: Error) -> Failure {
        Failure { error: error.into(), text: self.text.clone(), name: "<expression>" }
    }
}

fn standard_input() -> std::result::Result<String, Failure> {
    let mut text = String::new();
    let failure = |message: String| Failure { error: Error::new(ErrorKind::Data, message).into(), text: String::new(), name: "<stdin>" };
    std::io::stdin().take(MAX_TEXT + 1).read_to_string(&mut text).map_err(|e| failure(format!("standard input cannot be read: {e}")))?;
    Ok(text.trim_end_matches(['\n', '\r']).to_owned())
}

fn read_data(path: &Path, typed: &Typed) -> Result<Inputs> {
    let unreadable = |e: std::io::Error| Error::new(ErrorKind::Data, format!("{} cannot be read: {e}", path.display()));
    let variables = typed.variables.values();
    match path.extension().and_then(|e| e.to_str()) {
        Some("npz") => Inputs::from_npz(File::open(path).map_err(unreadable)?, variables),
        Some("npy") => Inputs::from_npy(File::open(path).map_err(unreadable)?, variables),
        _ => Inputs::from_json(&std::fs::read_to_string(path).map_err(unreadable)?, variables),
    }
}
