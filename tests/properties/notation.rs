//! What is printed in LaTeX and in Unicode reads back, and nothing that looks like these makes the parser panic.

use super::{DECLARED, Outcome, choices, holds, made};
use indicial::{Declarations, ErrorKind, Expr, InputFormat, Op, Result, Scope, evaluate, infer, latex, parse_input, parse_latex, unicode};
use proptest::prelude::*;

fn reads_back(e: &Expr, printed: &str, read: Result<Expr>) -> Outcome {
    let read = read.map_err(|e| format!("`{printed}` does not read: {e}"))?;
    let compare = || {
        let (one, two) = (infer(e, &DECLARED)?, infer(&read, &DECLARED)?);
        Scope::of(&[&one, &two]).compare(&|at| evaluate(&one, at), &|at| evaluate(&two, at), 1, 1e-9)
    };
    match compare() {
        Ok(seen) if seen.ok => Ok(()),
        Ok(seen) => Err(format!("`{printed}` reads as {read}, which differs by {:.1e}", seen.max_relative_error)),
        Err(e) if matches!(e.kind, ErrorKind::Domain | ErrorKind::Unsupported) => Ok(()),
        Err(e) => Err(format!("`{printed}` reads as {read}, which cannot be compared: {e}")),
    }
}

#[test]
fn latex_reads_back() {
    let test = |list: &Vec<u8>| {
        let e = made(list, 5);
        // The indices of the whole are not printed, and their order is lost.
        if matches!(e.op(), Op::Braces(..)) {
            return Ok(());
        }
        let printed = latex(&e);
        reads_back(&e, &printed, parse_latex(&printed, &DECLARED))
    };
    holds(1500, &choices(), |list| made(list, 5).to_string(), test);
}

#[test]
fn unicode_reads_back() {
    let test = |list: &Vec<u8>| {
        let e = made(list, 5);
        let printed = unicode(&e);
        reads_back(&e, &printed, parse_input(&printed, InputFormat::Unicode, &DECLARED))?;
        // `sx` by itself is a name of the language.
        if printed.is_ascii() { Ok(()) } else { reads_back(&e, &printed, parse_input(&printed, InputFormat::Auto, &DECLARED)) }
    };
    holds(1500, &choices(), |list| made(list, 5).to_string(), test);
}

/// Nothing may panic or take long; an error has a place in the text.
fn survives(text: &str, declarations: &Declarations) -> Outcome {
    for format in [InputFormat::Auto, InputFormat::Latex, InputFormat::Unicode] {
        match parse_input(text, format, declarations) {
            Ok(expr) => {
                let _ = infer(&expr, declarations);
            }
            Err(e) => match e.span {
                Some(s) if s.start <= s.end && s.end <= text.len() && text.is_char_boundary(s.start) && text.is_char_boundary(s.end) => {}
                other => return Err(format!("the error `{e}` is at {other:?}")),
            },
        }
    }
    Ok(())
}

#[test]
fn random_text_is_no_trouble_as_latex() {
    holds(2000, &".{0,60}", |text| format!("{text:?}"), |text| survives(text, &Declarations::new()));
    let signs = r"[-+*/\\^_'()\[\]{}|,;:=<>&$!.0-9a-zA-Zλσ⊗⊙ᵀ²⁻₁√‖∑∂∇𝐱½ ]{0,40}";
    holds(3000, &signs, |text| format!("{text:?}"), |text| survives(text, &Declarations::new()));
}

const PIECES: [&str; 96] = [
    "x",
    "y",
    "A",
    "B",
    "s",
    "n",
    "i",
    "j",
    "e",
    "d",
    "I",
    "T",
    "1",
    "12",
    "0",
    "{",
    "}",
    "(",
    ")",
    "[",
    "]",
    "^",
    "_",
    "^{",
    "_{",
    "+",
    "-",
    "/",
    "=",
    ",",
    ";",
    ":",
    "|",
    "'",
    "!",
    "&",
    "\\\\",
    "\\|",
    "\\{",
    "\\}",
    "\\,",
    "\\frac",
    "\\tfrac12",
    "\\sqrt",
    "\\sqrt[3]",
    "\\sum",
    "\\sum_i",
    "\\sum_{i=1}^n",
    "\\prod",
    "\\nabla",
    "\\nabla_x",
    "\\partial",
    "\\frac{\\partial",
    "\\left(",
    "\\right)",
    "\\left\\|",
    "\\right\\|",
    "\\lvert",
    "\\rvert",
    "\\langle",
    "\\rangle",
    "\\top",
    "\\mathbf",
    "\\mathbb",
    "\\operatorname{tr}",
    "\\operatorname",
    "\\text{a b}",
    "\\mathrm",
    "\\hat",
    "\\bar{x}",
    "\\log",
    "\\det",
    "\\max",
    "\\exp",
    "\\sigma",
    "\\lambda",
    "\\varepsilon",
    "\\odot",
    "\\otimes",
    "\\times",
    "\\cdot",
    "\\oslash",
    "\\begin{bmatrix}",
    "\\end{bmatrix}",
    "\\begin{cases}",
    "\\cdots",
    "\\foo",
    "\\left.",
    "\\infty",
    "ᵀ",
    "⁻¹",
    "₁",
    "‖",
    "∂",
    "∑",
    "𝐱",
];

#[test]
fn random_pieces_are_no_trouble_as_latex() {
    let strategy = prop::collection::vec(prop::sample::select(&PIECES[..]), 0..18);
    let declarations = Declarations::parse("A: matrix(n, n); B: matrix(m, n); x: vector(n); s: scalar").expect("they are well-formed");
    holds(8000, &strategy, |pieces| pieces.concat(), |pieces| survives(&pieces.concat(), &declarations));
}

#[test]
fn deep_latex_is_refused() {
    for (open, close) in [
        ("{", "}"),
        ("(", ")"),
        ("\\frac{1}{", "}"),
        ("\\sqrt{", "}"),
        ("x^{", "}"),
        ("x_{", "}"),
        ("\\log ", ""),
        ("\\sum_i ", ""),
        ("\\left\\|", "\\right\\|_2"),
        ("|", "|"),
        ("[", "]"),
        ("\\mathbf{", "}"),
        ("\\mathbf ", ""),
        ("\\hat{", "}"),
        ("\\|", "\\|_A"),
        ("\\nabla_x ", ""),
        ("\\begin{bmatrix}", "\\end{bmatrix}"),
        ("\\operatorname{tr} ", ""),
        ("e^", ""),
        ("√", ""),
        ("∂", ""),
    ] {
        for depth in [600, 20_000] {
            let text = format!("{}x{}", open.repeat(depth), close.repeat(depth));
            for format in [InputFormat::Latex, InputFormat::Auto, InputFormat::Unicode] {
                let _ = parse_input(&text, format, &Declarations::new()).map_err(|e| e.to_string());
            }
        }
    }
    for text in [
        "x ".repeat(40_000),
        "x+".repeat(500_000),
        "-".repeat(1 << 20),
        "x^\\top ".repeat(20_000),
        "\\\\".repeat(40_000),
        "{".repeat(40_000),
    ] {
        let _ = parse_latex(&text, &Declarations::new());
    }
}
