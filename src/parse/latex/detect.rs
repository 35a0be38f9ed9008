//! Whether a text is LaTeX, mathematics in Unicode, or the language of the command line.
//!
//! What the language reads stays what it is: `A\B` is a left division and `Aᵀ*x` has its sign of multiplication. LaTeX is known by what
//! no text of the language has: `$`, `^{`, `_{`, `\,`, `\\`, `\|`, or a command after a backslash. A backslash after an operand may be a
//! left division; it is one before a name that is declared or no command, and between a matrix and a function with its brackets
//! (`A\exp(B)`).

use super::commands::{function, role};
use crate::dim::Symbol;
use crate::expr::Shape;
use crate::parse::Declarations;

/// Whether the text is LaTeX.
pub fn is_latex(text: &str, declarations: &Declarations) -> bool {
    let start = text.trim_start();
    // `x.^{…}[i]` is of the language.
    let script = |mark: &str| text.match_indices(mark).any(|(at, _)| !text[..at].ends_with('.'));
    if text.contains('$') || ["^{", "_{", "^\\", "_\\"].into_iter().any(script) {
        return true;
    }
    if start.starts_with('\\') {
        return true;
    }
    text.match_indices('\\').any(|(at, _)| is_command(text, at, declarations)) || raised_t_before_factor(text, declarations)
}

/// Whether a backslash between these begins a command.
fn is_command(text: &str, at: usize, declarations: &Declarations) -> bool {
    let (before, after) = (&text[..at], &text[at + 1..]);
    let of_language = text.contains(|c: char| "*ᵀ·⊙⊘⊗‖√".contains(c) || "⁻²³₀₁₂₃".contains(c));
    let word = &after[..after.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(after.len())];
    if word.is_empty() {
        return after.starts_with([',', ';', '!', '|', '\\', ' ', ':', '>'])
            && !(after.starts_with(' ') && divides(before.trim_end(), of_language, declarations));
    }
    let operand =
        before.trim_end().ends_with(|c: char| c.is_alphanumeric() || matches!(c, ')' | ']' | '\'' | '}' | '_') || "ᵀ²³¹".contains(c));
    if !operand {
        return true;
    }
    // The whole name of the language: `A\x_1`, `A\theta1`.
    let name = &after[..after.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(after.len())];
    // `X\beta` with a declared `beta` is a left division only by a square matrix, and `X \beta` is none.
    if declarations.get(Symbol::new(name)).is_some() {
        return role(word).is_some() && !divides(before, of_language, declarations);
    }
    let called = function(name).is_some() && after[name.len()..].starts_with('(');
    role(word).is_some() && !(called && divides(before, of_language, declarations))
}

/// Whether what stands right before is a matrix, so that dividing by it from the left makes sense; a bracket is one where signs of the
/// language stand in the text.
fn divides(before: &str, of_language: bool, declarations: &Declarations) -> bool {
    let start = before
        .rfind(|c: char| !(c.is_alphanumeric() || c == '_'))
        .map_or(0, |at| at + before[at..].chars().next().map_or(1, char::len_utf8));
    let name = &before[start..];
    match declarations.variable(Symbol::new(name)) {
        Some(kind) => matches!(kind.shape, Shape::Matrix(m, n) if m == n),
        None if before.ends_with([')', ']', '\'']) => of_language,
        None => name.starts_with(char::is_uppercase),
    }
}

/// `x^T A x`: after a raised T the language would need an operator.
fn raised_t_before_factor(text: &str, declarations: &Declarations) -> bool {
    let spaced =
        |rest: &str| rest.starts_with(' ') && rest.trim_start().starts_with(|c: char| c.is_alphabetic() || matches!(c, '(' | '\\'));
    let word = |rest: &str| rest.trim_start().starts_with("where") || rest.trim_start().is_empty();
    declarations.get(Symbol::new("T")).is_none()
        && !text.contains('*')
        && text.match_indices("^T").any(|(at, _)| spaced(&text[at + 2..]) && !word(&text[at + 2..]))
}

/// What signs of Unicode a text has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signs {
    None,
    /// Such as the language has, too: `ᵀ`, `⊙`, `λ`.
    OfLanguage,
    /// Such as formulas on paper have.
    OfPaper,
}

/// The signs of a text that is not LaTeX.
pub fn signs(text: &str) -> Signs {
    const OF_PAPER: &str = "‖∥⁻½⅓¼∇∂⟨⟩×|ℓ⅔¾";
    let of_paper = |c: char| OF_PAPER.contains(c) || ('\u{1D400}'..='\u{1D7FF}').contains(&c);
    if text.is_ascii() {
        Signs::None
    } else if text.chars().any(of_paper) {
        Signs::OfPaper
    } else {
        Signs::OfLanguage
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn left_divisions_are_no_commands() {
        let declarations = Declarations::parse("beta: vector(n); S: matrix(n, n); X: matrix(m, n); t: scalar").unwrap();
        for text in
            ["A\\B", "A\\b + c", "A \\ b", "S\\beta", "A\\exp(B)", "S\\log(x)", "(A'*A)\\exp(x)", "A\\(B*c)", "A\\[1, 2; 3, 4]", "A\\x_1"]
        {
            assert!(!is_latex(text, &declarations), "{text}");
        }
        for text in [
            r"\frac{1}{2} x",
            r"x^\top y",
            r"A\theta",
            r"y \log(p) + (1-y)\log(1-p)",
            r"t\log(p)",
            r"\|x\|",
            r"A_{ij} x_j",
            "$x$",
            r"2\alpha x",
            r"A \, x",
            "x^T A x",
            r"A + \foo",
            r"X\beta",
            r"S \beta",
        ] {
            assert!(is_latex(text, &declarations), "{text}");
        }
    }
}
