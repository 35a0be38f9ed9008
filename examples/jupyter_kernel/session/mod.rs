//! A session: statements over several cells, and what each of them shows. It knows nothing of Jupyter.

mod assist;
mod draw;
mod network;
mod show;
mod state;
mod statement;
mod svg;

use assist::help;
pub use assist::{complete, inspect, is_complete, name_at};
pub use show::Shown;
pub use state::State;

use indicial::{Answer, Engine, Error, ErrorKind, Expr, Op, Result, Span, infer, render};
use state::within;
use statement::Statement;

/// How many random points `verify` looks at.
const POINTS: usize = 6;

/// Why a cell was not run to its end.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Failure {
    /// The class of the error: `shape`, `syntax`, …
    pub kind: String,
    pub message: String,
    /// The error drawn into the cell.
    pub drawn: String,
}

/// Runs the statements of a cell one after the other and hands on what each shows; what was run before a failure stays.
///
/// # Errors
/// Of the first statement that fails, with its place in the cell.
pub fn run(state: &mut State, cell: &str, mut show: impl FnMut(Shown)) -> Result<(), Failure> {
    for (start, line) in statement::lines(cell) {
        match one(state, line) {
            Ok(shown) => shown.into_iter().for_each(&mut show),
            Err(mut error) => {
                error.span = error.span.or(Some(Span::new(0, line.len())));
                return Err(failure(&moved(error, start), cell));
            }
        }
    }
    Ok(())
}

fn failure(error: &Error, cell: &str) -> Failure {
    Failure { kind: error.kind.to_string(), message: error.message.clone(), drawn: render(error, cell, "cell") }
}

/// An error in a part of a cell that begins at this byte.
fn moved(mut error: Error, by: usize) -> Error {
    let shifted = |s: Span| Span::new(s.start + by, s.end + by);
    error.span = error.span.map(shifted);
    error.notes.iter_mut().for_each(|(span, _)| *span = shifted(*span));
    error
}

fn one(state: &mut State, line: &str) -> Result<Option<Shown>> {
    let read = statement::read(line).map_err(|usage| Error::new(ErrorKind::Syntax, usage).at(Span::new(0, line.len())))?;
    // Where a part begins in its line.
    let at = |part: &str| part.as_ptr() as usize - line.as_ptr() as usize;
    let placed = |part: &str, error: Error| moved(within(error, part.len()), at(part));
    Ok(Some(match read {
        Statement::Declare(text) => {
            state.declare(text)?;
            return Ok(None);
        }
        Statement::Define(name, text) => {
            let (question, answer) = asked(state, text).map_err(|e| placed(text, e))?;
            let formula = if has_derivative(&question) { answer.formula.inlined() } else { question.clone() };
            state.define(name, &formula, &question).map_err(|e| moved(e.at(Span::new(0, name.len())), at(name)))?;
            show::answer(Some(name), &answer, None)?
        }
        Statement::Answer(text) => show::answer(None, &asked(state, text).map_err(|e| placed(text, e))?.1, None)?,
        Statement::Verify(text) => {
            let answer = asked(state, text).map_err(|e| placed(text, e))?.1;
            show::answer(None, &answer, Some(&answer.verify(POINTS)?))?
        }
        Statement::Numpy(text) => Shown::plain(asked(state, text).map_err(|e| placed(text, e))?.1.numpy()?),
        Statement::Check(left, right) => {
            let read = |side| sound(state, side).map_err(|e| placed(side, e));
            let (left, right) = (read(left)?, read(right)?);
            show::comparison(&Engine::new().check(&left, &right, &state.declarations_of(&[&left, &right])?)?)
        }
        Statement::Explain(text) => {
            let question = state.parse_question(text).map_err(|e| placed(text, e))?;
            let (f, by) = derivative_of(&question);
            if by.is_empty() {
                let error = Error::new(ErrorKind::Domain, "this is no derivative").help("write `explain diff(F, X)`");
                return Err(placed(text, error.at(Span::new(0, text.len()))));
            }
            let declarations = state.declarations_of(&[&question])?;
            show::derivation(&Engine::new().explain(&f, &by, &declarations).map_err(|e| placed(text, e))?)
        }
        Statement::Solve(equation, unknown) => {
            let (left, right) = state.parse_equation(equation).map_err(|e| placed(equation, e))?;
            let x = state.parse(unknown).map_err(|e| placed(unknown, e))?;
            let declarations = state.declarations_of(&[&left, &right, &x])?;
            show::solution(&Engine::new().solve(&left, &right, &x, &declarations).map_err(|e| placed(equation, e))?)?
        }
        Statement::Draw(text) => {
            let (question, answer) = asked(state, text).map_err(|e| placed(text, e))?;
            let (f, by) = derivative_of(&question);
            draw::pictures(&f, &by, &answer)?
        }
        Statement::Names => Shown::plain(state.lines().join("\n")),
        Statement::Help => Shown::plain(help()),
        Statement::Inspect(name) => match inspect(state, name) {
            Some(text) => Shown::plain(text),
            None => {
                let message = format!("nothing is known of `{name}`");
                return Err(moved(Error::new(ErrorKind::Name, message).at(Span::new(0, name.len())), at(name)));
            }
        },
    }))
}

/// An expression with shapes that fit.
fn sound(state: &State, text: &str) -> Result<Expr> {
    let expr = state.parse(text)?;
    infer(&expr, &state.declarations_of(&[&expr])?)?;
    Ok(expr)
}

/// What a text asks, and the answer: its derivative if it is one, otherwise its simplest form.
fn asked(state: &State, text: &str) -> Result<(Expr, Answer)> {
    let question = state.parse(text)?;
    let (f, by) = derivative_of(&question);
    let (engine, declarations) = (Engine::new(), state.declarations_of(&[&question])?);
    let answer = if by.is_empty() { engine.simplify(&question, &declarations)? } else { engine.derivative(&f, &by, &declarations)? };
    Ok((question, answer))
}

/// `diff(diff(F, X), Y)` as F and what it is differentiated by, in order.
fn derivative_of(question: &Expr) -> (Expr, Vec<Expr>) {
    let (mut f, mut by) = (question.clone(), Vec::new());
    while let Op::Diff(inner, x) = f.op() {
        by.insert(0, x.clone());
        f = inner.clone();
    }
    (f, by)
}

fn has_derivative(expr: &Expr) -> bool {
    expr.any(&mut |op| matches!(op, Op::Diff(..)))
}
