//! From LaTeX, and from mathematics in Unicode, to expressions.
//!
//! What papers write is read to the expression that the language of the command line has for it. `scan` drops what only sets type and
//! turns Unicode into commands; `parser` reads sums and products, `scripts` what stands above and below; `atoms` what factors begin with; `calls` functions, norms and
//! fractions; `calculus` sums and derivatives; `names` decides what stands below a letter, `entries` reads indices and sizes; `commands` are the tables.
//!
//! ```text
//! sum      = [ sign ] product { ( "+" | "-" ) product }
//! product  = chain { ( "\odot" | "\circ" | "\oslash" | "\otimes" | "\times" ) chain }          from left to right
//! chain    = factor { [ "\cdot" | "*" | "/" ] factor }        side by side is a product; after a/b it needs its sign
//! factor   = primary { "^" above | "_" below | "'" | "\prime" }
//! above    = "\top" | "T" | "\intercal" | "-1" | "-\top" | "+" | "\odot" sum | sum
//! primary  = number | name | word | bracket | norm | bars | matrix | "\langle" sum "," sum "\rangle"
//!          | "\frac" argument argument | "\sqrt" [ "[" sum "]" ] argument | function { scripts } arguments
//!          | ( "\sum" | "\prod" ) [ "_" indices ] [ "^" size ] product
//!          | "\nabla" "_" factor product | "\frac{\partial" [ sum ] "}{\partial" factor "}" [ product ]
//! ```
//!
//! What is decided where the spelling alone does not tell:
//!
//! - **Letters.** Each letter is a variable, unless it is part of a longer name that is declared (`Ax` is A times x). Faces change
//!   nothing: `\mathbf{x}` is x, `\mathcal{L}` is L. `\hat{y}` is `y_hat`, `\bar{x}` is `x_bar`, `\tilde{x}` is `x_tilde`; Greek letters
//!   have their English names, `\varepsilon` and `\epsilon` the same. A word in upright letters is a function or one name.
//! - **Below a name.** A declared name wins (`x_1` or `x1`, `\sigma_x`), except for an index of a sum around it. Below a declared tensor
//!   as many letters or digits as it has axes are indices and entries (`A_{ij}`, `A_{12}`). Below a name that is not declared, letters
//!   are indices if a sum around it has them, or if they are among i, j, k, l for a small letter and stand below another one as well,
//!   or among i, …, s for several (`A_{ij} x_j`); everything else makes a longer name (`W_1`, `\sigma_x`, `P_k`, `x_{\text{new}}`; `P_{k|k-1}` is
//!   `P_k_given_k_minus_1`). A capital or bold letter with one index of a sum would be one of several matrices or vectors, which is an
//!   error.
//! - **Sums** take in everything multiplied after them. They run over whole axes: an end that differs from a declared axis is an error.
//!   An index outside of its sum is one, too. Repeated indices without a sum are summed, as in the language.
//! - **Functions without brackets** take the factors side by side up to the next sign, function or sum: `\log x^\top y`,
//!   `\operatorname{tr} A B`. A bracket among these is an error, except for tr, det and vec. `\log\det A` and `\log|A|` are `logdet(A)`;
//!   `\exp(A)` is taken of each entry, `e^{A}` is the matrix exponential.
//! - **`f(x)`** is a call of a declared function; `\sigma(x)` is the sigmoid, `\Gamma` and `\psi` gamma and digamma, unless such a name is
//!   declared. For f, g, h, φ and their capitals that are not declared it is an error, for other letters a product.
//! - **`|A|`** of a matrix is the determinant, otherwise an absolute value. **`I`**, bold **1** and 0 have the size that their place needs.
//!   `\varepsilon_{ijk}` is the Levi-Civita symbol and `\delta_{ij}` Kronecker's, unless declared.
//! - **`u \times v`** of two columns is the cross product. `\|x\|_W` with a matrix W is the root of `x' W x`.
//! - **A quotient `a/b c`** is an error, since its end is not clear.
//!
//! In Unicode the same holds, with words for functions and with the brackets of the language (`A[i,j]`, `{…}[i,j]`, `[A, B; C, D]`); words
//! that are neither declared nor functions are products of letters only where signs of paper (`‖`, `⁻¹`, `∂`) or missing operators show
//! that the text is no text of the language.

mod applied;
mod atoms;
mod calculus;
mod calls;
mod commands;
mod declare;
mod detect;
mod entries;
mod names;
mod parser;
mod scan;
mod scripts;
mod unicode;

use super::{Declarations, parse};
use crate::dim::Symbol;
use crate::error::{ErrorKind, Result};
use crate::expr::{Expr, Op};
use parser::Parser;
use scan::Writing;

pub(super) use declare::{is_membership, membership};

/// How an input is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum InputFormat {
    /// Found out from the text: LaTeX by its commands, Unicode by its signs, and the language otherwise.
    #[default]
    Auto,
    /// The language of the command line.
    Text,
    /// LaTeX's math mode.
    Latex,
    /// Mathematics in Unicode, as [`unicode`](crate::unicode) prints it: letters side by side are a product.
    Unicode,
}

/// Reads an expression in LaTeX's math mode; places in errors are those of the LaTeX.
///
/// ```
/// use indicial::{Declarations, parse_latex};
/// let declarations = Declarations::parse("A: matrix(m, n); x: vector(n); b: vector(m)")?;
/// let ridge = parse_latex(r"\frac{1}{2} \|A\mathbf{x} - b\|_2^2 + \lambda \mathbf{x}^\top \mathbf{x}", &declarations)?;
/// assert_eq!(ridge.to_string(), "1/2*norm2(A*x - b)^2 + lambda*x'*x");
/// # Ok::<(), indicial::Error>(())
/// ```
///
/// # Errors
/// As [`parse`], and for every command and every spelling whose meaning is not clear.
pub fn parse_latex(text: &str, declarations: &Declarations) -> Result<Expr> {
    read(text, Writing::Latex, declarations)
}

impl InputFormat {
    /// The format of texts that belong together: whoever writes one of them in LaTeX writes all so, and `2 A x` alone does not tell.
    ///
    /// ```
    /// use indicial::{Declarations, InputFormat};
    /// let format = InputFormat::Auto.of([r"\frac{\partial x^T A x}{\partial x}", "2 A x"], &Declarations::new());
    /// assert_eq!(format, InputFormat::Latex);
    /// ```
    #[must_use]
    pub fn of<'a>(self, texts: impl IntoIterator<Item = &'a str>, declarations: &Declarations) -> InputFormat {
        let latex = self == InputFormat::Auto && texts.into_iter().any(|text| detect::is_latex(text, declarations));
        if latex { InputFormat::Latex } else { self }
    }
}

/// Reads an expression in that format.
///
/// ```
/// use indicial::{Declarations, InputFormat, parse_input};
/// let none = Declarations::new();
/// let read = |text| parse_input(text, InputFormat::Auto, &none).map(|e| e.to_string());
/// assert_eq!(read(r"x^\top A x")?, "x'*A*x");
/// assert_eq!(read("xᵀAx")?, "x'*A*x");
/// assert_eq!(read("A\\b")?, "A\\b");
/// # Ok::<(), indicial::Error>(())
/// ```
///
/// # Errors
/// As [`parse`] and [`parse_latex`].
pub fn parse_input(text: &str, format: InputFormat, declarations: &Declarations) -> Result<Expr> {
    match format {
        InputFormat::Text => parse(text, declarations),
        InputFormat::Latex => parse_latex(text, declarations),
        InputFormat::Unicode => read(text, Writing::Unicode { split: true }, declarations),
        InputFormat::Auto if detect::is_latex(text, declarations) => parse_latex(text, declarations),
        InputFormat::Auto => match detect::signs(text) {
            detect::Signs::None => parse(text, declarations),
            detect::Signs::OfLanguage => language_first(text, declarations),
            detect::Signs::OfPaper if text.contains(['*', '@']) => language_first(text, declarations),
            detect::Signs::OfPaper => paper_first(text, declarations),
        },
    }
}

/// A text with signs that the language has, too: what the language reads stays so, unless its words are products of declared letters.
fn language_first(text: &str, declarations: &Declarations) -> Result<Expr> {
    match parse(text, declarations) {
        Ok(expr) if text.contains('*') || !has_products_of_letters(&expr, declarations) => Ok(expr),
        Ok(_) => read(text, Writing::Unicode { split: true }, declarations),
        Err(error) if matches!(error.kind, ErrorKind::Syntax | ErrorKind::Name) => {
            let split = !text.contains('*');
            read(text, Writing::Unicode { split }, declarations).map_err(|second| if split { second } else { error })
        }
        Err(error) => Err(error),
    }
}

fn paper_first(text: &str, declarations: &Declarations) -> Result<Expr> {
    // The language has `×`, too.
    let split = detect::signs(&text.replace('×', "ᵀ")) == detect::Signs::OfPaper;
    read(text, Writing::Unicode { split }, declarations).or_else(|error| parse(text, declarations).map_err(|_| error))
}

/// Whether a name of several letters is not declared while each of its letters is.
fn has_products_of_letters(expr: &Expr, declarations: &Declarations) -> bool {
    expr.any(&mut |op| matches!(op, Op::Var(v) if v.kind.is_none() && is_product_of_letters(v.name.as_str(), declarations)))
}

/// Whether a word has several letters, each of which is declared as a variable or a dimension.
fn is_product_of_letters(word: &str, declarations: &Declarations) -> bool {
    let declared = |c: char| {
        let name = Symbol::new(&c.to_string());
        declarations.get(name).is_some() || declarations.has_dim(name)
    };
    word.chars().count() > 1 && word.chars().all(declared)
}

fn read(text: &str, writing: Writing, declarations: &Declarations) -> Result<Expr> {
    let mut parser = Parser::new(text, writing, declarations)?;
    super::on_enough_stack(parser.nesting_at_most(), move || parser.whole())
}
