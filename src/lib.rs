//! Matrix calculus by index notation: derivatives of matrix expressions, simplified and raised back into matrix
//! notation.
#![forbid(unsafe_code)]

// Nouns.
mod contract;
mod dim;
mod error;
mod expr;
mod function;
mod index;
mod matrix;
mod number;
mod typed;

// From text to an expression whose shapes are known.
mod infer;
mod parse;
mod render;
// Verbs.
mod emit;
mod present;
mod print;

// The rules of mathematics.
mod catalog;
mod rule;

// Numbers.
mod check;
mod eval;

pub use catalog::Catalog;
pub use check::{Scope, Valuation, Verification, kronecker_form, numeric_derivative, verify, verify_step};
pub use dim::{Dim, Symbol};
pub use emit::{Definition, numpy_module};
pub use error::{Error, ErrorKind, Result, Span};
pub use eval::{Inputs, Sizes, Style, evaluate};
pub use expr::{Expr, Kind, Op, Shape, Structure, Subscript, Var};
pub use function::{Call, Constant, Function, Map, Map2, Sign};
pub use infer::infer;
pub use number::Number;
pub use parse::{Declaration, Declarations, parse, parse_equation};
pub use present::Presented;
pub use print::{latex, unicode};
pub use render::render;
pub use rule::{Condition, Example, Fact, Rule, Step};
pub use typed::{Typed, TypedId, TypedNode};
