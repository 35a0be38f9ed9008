//! Matrix calculus by index notation: derivatives of matrix expressions, simplified and raised back into matrix
//! notation.
#![forbid(unsafe_code)]

// Nouns: what the passes hand to each other.
mod answer;
mod applied;
mod comparison;
mod derivation;
mod dim;
mod error;
mod expr;
mod fact;
mod function;
mod index;
mod matrix;
mod number;
mod outline;
mod part;
mod proof;
mod rule;
mod structure;
mod typed;

// The pipeline, in order.
mod catalog; // the rules of mathematics,
mod contract; // whose constructors normalise and recognise
mod diff; // derivatives, in reverse or forwards
mod emit;
mod factor; // common factors of sums of contractions
mod infer; // kinds and dimensions of every part
mod lower; // to index form,
mod parse; // text to an expression
mod present; // to an expression as people write it
mod print; // text, Unicode, LaTeX
mod raise; // back to matrix terms
mod saturate; // by which an e-graph finds the simplest equal term // code

mod prove; // a chain of steps between two equal expressions

mod pipeline; // all of it
mod explain; // and how a derivative comes about
mod build; // expressions built in Rust
mod render; // errors, with the place in the input

// Numbers, and answers and rules checked by them.
mod audit;
mod check;
mod compare; // two expressions: a proof, a counterexample, or what is off
mod eval;

pub use answer::{Answer, Notation, Profile};
pub use applied::{Applied, Signature};
pub use audit::{Audit, Refutation, Test, Trial};
pub use catalog::Catalog;
pub use check::{Scope, Valuation, Verification, kronecker_form, numeric_derivative, verify, verify_kronecker, verify_step};
pub use comparison::{Assumption, Comparison, Counterexample, Remark, Verdict};
pub use derivation::{Claim, Derivation, Reason, Step as DerivationStep, Written};
pub use dim::{Dim, Symbol};
pub use emit::{Definition, numpy_module};
pub use error::{Error, ErrorKind, Result, Span};
pub use eval::{Inputs, Sizes, Style, evaluate};
pub use expr::{Expr, Kind, Op, Shape, Structure, Subscript, Var};
pub use function::{Call, Constant, Function, Map, Map2, Sign};
pub use infer::infer;
pub use number::Number;
pub use parse::{Declaration, Declarations, InputFormat, parse, parse_equation, parse_input, parse_latex};
pub use pipeline::Engine;
pub use present::Presented;
pub use print::{latex, rule_latex, rules_markdown, unicode};
pub use proof::{Proof, ProofStep, Requirement};
pub use render::render;
pub use rule::{Condition, Example, Fact, Rule, Step};
pub use saturate::{Stats, Stop};
pub use structure::Convention;
pub use typed::{Typed, TypedId, TypedNode};

/// The README's example is a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
