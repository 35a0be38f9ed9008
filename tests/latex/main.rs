//! LaTeX and mathematics in Unicode, as papers and questions have them, against the same in the language: each line is declarations, what
//! is read, and the plain text of it. Both are evaluated at random points.

mod corpus;
mod errors;
mod readings;
mod unicode;

use indicial::{Declarations, Expr, InputFormat, Result, Scope, evaluate, infer, parse, parse_input};

/// Points at which values are compared.
const POINTS: usize = 3;

/// Fails with all lines that are not as they should be.
fn check_all(lines: &[(&str, &str, &str)]) {
    let bad: Vec<String> =
        lines.iter().filter_map(|(d, input, text)| check(d, input, text).err().map(|e| format!("{d} | {input}\n    {e}"))).collect();
    assert!(bad.is_empty(), "{} of {} lines:\n{}", bad.len(), lines.len(), bad.join("\n"));
}

fn check(declarations: &str, input: &str, text: &str) -> std::result::Result<(), String> {
    let declarations = Declarations::parse(declarations).map_err(|e| format!("declarations: {e}"))?;
    let wanted = parse(text, &declarations).map_err(|e| format!("`{text}` does not read: {e}"))?;
    let read = parse_input(input, InputFormat::Auto, &declarations).map_err(|e| format!("does not read: {e}"))?;
    if read == wanted {
        return Ok(());
    }
    match same_value(&wanted, &read, &declarations) {
        Ok(difference) if difference < 1e-9 => Ok(()),
        Ok(difference) => Err(format!("reads `{read}`, not `{text}`: off by {difference:.1e}")),
        Err(e) => Err(format!("reads `{read}`, which cannot be compared with `{text}`: {e}")),
    }
}

fn same_value(wanted: &Expr, read: &Expr, declarations: &Declarations) -> Result<f64> {
    let (one, two) = (infer(wanted, declarations)?, infer(read, declarations)?);
    Ok(Scope::of(&[&one, &two]).compare(&|at| evaluate(&one, at), &|at| evaluate(&two, at), POINTS, 1e-9)?.max_relative_error)
}
