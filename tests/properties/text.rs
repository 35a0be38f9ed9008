//! Printing and reading: one undoes the other, and nothing that is read makes the parser panic.

use super::{DECLARED, Outcome, choices, holds, made};
use indicial::{Declarations, Engine, ErrorKind, Expr, Notation, Op, Scope, Symbol, evaluate, infer, parse};
use proptest::prelude::*;

/// The text of an expression has its value, and what a parser makes of text is what it makes of its print.
fn reads_back(e: &Expr, declarations: &Declarations) -> Outcome {
    let read = parse(&e.to_string(), declarations).map_err(|e| format!("does not read: {e}"))?;
    let again = parse(&read.to_string(), declarations).map_err(|e| format!("{read} does not read: {e}"))?;
    if again == read { same_value(e, &read, declarations) } else { Err(format!("reads as {read}, then as {again}")) }
}

fn same_value(e: &Expr, read: &Expr, declarations: &Declarations) -> Outcome {
    let compare = || {
        let (one, two) = (infer(e, declarations)?, infer(read, declarations)?);
        Scope::of(&[&one, &two]).compare(&|at| evaluate(&one, at), &|at| evaluate(&two, at), 1, 1e-9)
    };
    match compare() {
        Ok(seen) if seen.ok => Ok(()),
        Ok(seen) => Err(format!("its value is another when read, by {:.1e}", seen.max_relative_error)),
        Err(e) if matches!(e.kind, ErrorKind::Domain | ErrorKind::Unsupported) => Ok(()),
        Err(e) => Err(format!("cannot be compared: {e}")),
    }
}

#[test]
fn printing_then_parsing_is_the_identity() {
    holds(1500, &choices(), |list| made(list, 5).to_string(), |list| reads_back(&made(list, 5), &DECLARED));
}

#[test]
fn answers_read_back() {
    let test = |list: &Vec<u8>| match Engine::new().simplify(&made(list, 4), &DECLARED) {
        Ok(answer) => {
            let declarations = answer.declarations();
            reads_back(&answer.formula.inlined(), &declarations)?;
            answer.index().map_or(Ok(()), |f| reads_back(&f.inlined(), &declarations))
        }
        Err(_) => Ok(()),
    };
    holds(300, &choices(), |list| made(list, 4).to_string(), test);
}

/// No name of an index is bound where it has a meaning already: as an output, or by another sum.
fn well_scoped(e: &Expr, meant: &[Symbol]) -> Outcome {
    let bound: Vec<Symbol> = match e.op() {
        Op::Braces(_, outputs) => outputs.iter().map(|(i, _)| *i).collect(),
        Op::IndexSum(i, _) => vec![*i],
        _ => Vec::new(),
    };
    if let Some(i) = bound.iter().find(|i| meant.contains(i)) {
        return Err(format!("{i} has two meanings in {e}"));
    }
    let inner = [meant, &bound].concat();
    let mut outcome = Ok(());
    e.op().for_each_child(|c| {
        if outcome.is_ok() {
            outcome = well_scoped(c, &inner);
        }
    });
    outcome
}

#[test]
fn indices_of_answers_have_one_meaning() {
    let by: Vec<Expr> = ["x", "A", "B"].iter().map(|x| super::read(x)).collect();
    let test = |list: &Vec<u8>| {
        for x in &by {
            let engine = Engine::new().notation(Notation::Index);
            if let Ok(answer) = engine.derivative(&made(list, 3), std::slice::from_ref(x), &DECLARED) {
                let formula = answer.formula.inlined();
                well_scoped(&formula, &[])?;
                reads_back(&formula, &answer.declarations())?;
            }
        }
        Ok(())
    };
    holds(150, &choices(), |list| made(list, 3).to_string(), test);
}

/// Nothing may panic; what comes out is either an answer or an error with a place in the text.
fn survives(text: &str, declarations: &Declarations) -> Outcome {
    let expr = match parse(text, declarations) {
        Ok(expr) => expr,
        Err(e) => return placed(text, e.span),
    };
    if let Err(e) = infer(&expr, declarations) {
        return placed(text, e.span);
    }
    let _ = Engine::new().simplify(&expr, declarations);
    Ok(())
}

fn placed(text: &str, span: Option<indicial::Span>) -> Outcome {
    match span {
        Some(s) if s.start <= s.end && s.end <= text.len() && text.is_char_boundary(s.start) && text.is_char_boundary(s.end) => Ok(()),
        other => Err(format!("the error is at {other:?}")),
    }
}

#[test]
fn random_text_never_panics() {
    holds(3000, &".{0,60}", |text| format!("{text:?}"), |text| survives(text, &Declarations::new()));
}

#[test]
fn random_symbols_never_panic() {
    let strategy = r"[-+*/\\^.'()\[\]{}:;,=<>|_0-9a-zA-Zλσ⊗⊙ᵀ²√ ]{0,40}";
    holds(3000, &strategy, |text| format!("{text:?}"), |text| survives(text, &Declarations::new()));
}

const TOKENS: [&str; 64] = [
    "x", "y", "A", "B", "s", "n", "m", "i", "j", "1", "2", "0", "1/2", "0.5", "1e3", "pi", "inf", "+", "-", "*", ".*", "/", "./", "\\",
    "^", ".^", "'", "(", ")", "[", "]", "{", "}", ",", ";", ":", "=", "where", "t1", "sum(", "tr(", "det(", "inv(", "diag(", "vec(",
    "kron(", "exp(", "log(", "norm2(", "softmax(", "diff(", "ones(", "eye(", "zeros(", "unit(", "[i,j]", "[i]", "delta", "eps", "cross(",
    "max(", "^-1", "mean(", "outer(",
];

#[test]
fn random_tokens_never_panic() {
    let strategy = prop::collection::vec(prop::sample::select(&TOKENS[..]), 0..16);
    let declarations = Declarations::parse("A: matrix(n, n); B: matrix(m, n); x: vector(n); s: scalar").expect("they are well-formed");
    holds(6000, &strategy, |tokens| tokens.join(""), |tokens| survives(&tokens.join(""), &declarations));
}
