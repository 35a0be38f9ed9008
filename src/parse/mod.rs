//! From text to expressions.
//!
//! ```text
//! input       = sum [ "where" { name "=" sum [ ";" | "," ] } ]        definitions may use each other in any order
//! equation    = sum "=" sum
//! sum         = [ sign ] product { ( "+" | "-" ) product }
//! product     = operand { ( "*" | ".*" | "/" | "./" | "\" | ".\" | "⊗" ) operand }        from left to right
//! operand     = { sign } power
//! power       = tight [ ".^" operand ]                    from right to left
//! tight       = postfix [ "^" { sign } tight ]            from right to left
//! postfix     = primary { "'" | "^T" | "²" | "[" subscripts "]" }
//! primary     = number | name | call | "(" sum ")" | block | braces | "√" postfix | "‖" sum "‖" [ "₁" | "₂" | "_F" | "∞" ]
//! call        = function "(" [ sum { "," sum } ] ")"      function: one of the tables, or declared
//!             | declared-function "." "(" sum { "," sum } ")"
//!             | "diff" "(" sum { "," sum } ")"
//!             | "sum" "(" index "," { index "," } sum ")"
//!             | ( "delta" | "eps" ) "[" subscripts "]"
//! subscripts  = subscript { "," subscript }               subscript = index | sum | ":" | sum ":" sum
//! block       = "[" sum { "," sum } { ";" sum { "," sum } } "]"
//! braces      = "{" sum "}" "[" index [ ":" dim ] { "," index [ ":" dim ] } "]"
//! dim         = [ dim ( "+" | "-" ) ] { factor "*" } factor           factor = name | integer | "(" dim ")"
//!
//! declarations = { { name "," } name ":" kind  separator }             separator = ";" | "," | a new line
//! kind        = ( "scalar" | ( "vector" | "row" ) "(" dim ")" | "matrix" "(" dim [ "," dim ] ")" | "tensor" "(" dim { "," dim } ")"
//!               | structure "(" dim ")" ) { "> 0" | ">= 0" | "full rank" }
//!             | "function" "(" kind { "," kind } ")" "->" kind
//! ```
//!
//! - A run of `*` is one `Mul` and a run of `.*` one `Had`; a sum is one `Add` in which a subtracted term is a `Neg`. A bracketed product
//!   within a product stays a node of its own, except at its beginning, where brackets change nothing (indices apart).
//! - A minus before a product negates the whole of it (`-A*B` is `-(A*B)`); before a number alone it is part of the number. A
//!   quotient of two plain numbers is one number (`1/2`).
//! - A declared name wins over functions and constants; an undeclared one that a declared dimension has is that dimension.
//! - An index is a name used only as a subscript: `A[i,k]` has the entry number `k` if `k` is a dimension or used as a value, unless an
//!   enclosing `sum(k, …)` or `{…}[k]` binds it.
//!
//! Other spellings: `.'`, `ᵀ`, `′`, `⊤` for `'`; `**` for `^`; `·`, `×`, `@` for `*`; `⊙`, `∘` for `.*`; `⊘` for `./`; `−` for `-`;
//! `π`, `∞`, `∑`, `∏`; `δ[…]`, `ε[…]`. A Greek letter stands for its declared English name and the other way round.

mod cursor;
mod declare;
mod expression;
mod latex;
mod lex;
mod names;
mod resolve;
mod suggest;

pub use declare::{Declaration, Declarations};
pub use latex::{InputFormat, parse_input, parse_latex};

use crate::error::{Error, ErrorKind, Result};
use crate::expr::Expr;
use cursor::Cursor;
use expression::Parser;
use lex::Tok;

pub(crate) use names::is_greek;
pub(crate) use suggest::nearest;

/// Reads an expression, with its `where` definitions put in place as shared parts.
///
/// ```
/// use indicial::{Declarations, Expr, parse};
/// let declarations = Declarations::parse("A: matrix(m, n); x: vector(n)").unwrap();
/// let expr = parse("t1*x where t1 = A", &declarations).unwrap();
/// assert_eq!(expr, Expr::matrix("A", "m", "n") * Expr::vector("x", "n"));
/// ```
///
/// # Errors
/// With the place in the text: of kind `Syntax`, `Name`, `Index` or `Limit`.
pub fn parse(text: &str, declarations: &Declarations) -> Result<Expr> {
    with_enough_stack(Cursor::new(text)?, |cursor| {
        let mut parser = Parser::new(cursor, declarations)?;
        let expr = parser.whole()?;
        parser.finish(expr)
    })
}

/// Reads `LEFT = RIGHT`.
///
/// # Errors
/// As [`parse`], and of kind `Syntax` if there is not just one `=`.
pub fn parse_equation(text: &str, declarations: &Declarations) -> Result<(Expr, Expr)> {
    with_enough_stack(Cursor::new(text)?, |cursor| {
        let mut parser = Parser::new(cursor, declarations)?;
        let left = parser.sum()?;
        if !parser.cursor.eat(&Tok::Equals) {
            return Err(parser.cursor.unexpected("`=` and the right side of the equation"));
        }
        let right = parser.whole()?;
        Ok((parser.finish(left)?, parser.finish(right)?))
    })
}

/// Text that may nest deeply is read on a thread of its own, so that a caller on a small stack is safe up to the limit of depth.
fn with_enough_stack<'a, T: Send>(cursor: Cursor<'a>, read: impl FnOnce(Cursor<'a>) -> Result<T> + Send) -> Result<T> {
    on_enough_stack(cursor.nesting_at_most(), move || read(cursor))
}

/// Reads where the stack is large enough for so many levels.
fn on_enough_stack<T: Send>(nesting_at_most: usize, read: impl FnOnce() -> Result<T> + Send) -> Result<T> {
    const NESTING_FOR_ANY_STACK: usize = 64;
    const STACK_BYTES: usize = 32 << 20;
    if nesting_at_most <= NESTING_FOR_ANY_STACK {
        return read();
    }
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(STACK_BYTES).spawn_scoped(scope, read);
        let failed = |what: &str| Error::new(ErrorKind::Internal, what);
        thread.map_err(|_| failed("no thread for the parser"))?.join().map_err(|_| failed("the parser panicked"))?
    })
}

fn syntax(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Syntax, message)
}

#[cfg(test)]
mod tests;
