//! Matrix calculus by index notation: derivatives of matrix expressions, simplified and raised back into matrix
//! notation; with proofs, counterexamples and derivations.
//!
//! | to | from | by |
//! | --- | --- | --- |
//! | an [`Expr`] | text, LaTeX, Unicode, operators of Rust | [`parse`], [`parse_latex`], [`parse_input`], [`Expr`] |
//! | an [`Answer`], which prints as text, Unicode, LaTeX, NumPy | an expression | [`Engine::derivative`], [`Engine::simplify`] |
//! | a [`Comparison`]: a [`Proof`] or a [`Counterexample`] | two expressions | [`Engine::check`], [`Engine::prove`] |
//! | a [`Solution`] of an equation | two expressions and an unknown | [`Engine::solve`] |
//! | a [`Derivation`] line by line | an expression | [`Engine::explain`] |
//! | a [`Catalog`] with rules of one's own | a text of rules | [`Catalog::extend`], [`Catalog::audit`], [`Engine::rules`] |
//! | numbers | an expression and [`Inputs`] | [`evaluate`], [`Answer::verify`] |
//!
//! ```
//! use indicial::{Declarations, Engine, parse};
//! let declarations = Declarations::parse("X: matrix(m, n); y: vector(m); w: vector(n)")?;
//! let (loss, w) = (parse("sum(log(1 + exp(-y.*(X*w))))", &declarations)?, parse("w", &declarations)?);
//! let gradient = Engine::new().derivative(&loss, &[w], &declarations)?;
//! assert_eq!(gradient.to_string(), "-X'*(y.*sigmoid(-y.*(X*w)))");
//! assert!(gradient.verify(6)?.ok);
//! # Ok::<(), indicial::Error>(())
//! ```
//!
//! A vector is a column. The derivative of F by X has the axes of F first, then those of X.
#![forbid(unsafe_code)]

// Nouns: what the passes hand to each other.
mod number; // exact rationals
mod dim; // names and symbolic dimensions
mod error; // with the place in the input
mod function; // the functions of the language, as tables
mod expr; // what people write,
mod outline; // what it looks like before anything is known of it,
mod applied; // and functions that are only declared
mod typed; // the same with the shape of every part
mod part; // runs of places along an axis
mod index; // index form: contractions whose indices have no names
mod structure; // what a derivative by a symmetric variable is
mod matrix; // matrix form: terms of an e-graph
mod fact; // what is known of a value beyond its shape
mod rule; // a law with its conditions, reason and source
mod proof; // a chain of laws between two expressions
mod derivation; // the lines by which a derivative is explained
mod comparison; // whether two expressions are equal, and why
mod layout; // which way matrix notation turns a derivative
mod compress; // a tensor as smaller arrays and deltas
mod conditions; // when an answer holds
mod question; // what is asked of a derivative
mod answer; // a formula with everything that was understood on the way,
mod answers; // and several of one function
mod solution; // of an equation: a formula, and when it solves

// Passes, in order.
mod parse; // text to an expression
mod infer; // kinds and dimensions of every part
mod lower; // to index form,
mod contract; // whose constructors normalise and recognise
mod diff; // derivatives, in reverse or forwards
mod integrate; // closed forms of integrals
mod factor; // common factors of sums of contractions
mod spread; // sums over pairs taken apart
mod raise; // back to matrix terms
mod catalog; // the rules of mathematics,
mod saturate; // by which an e-graph finds the simplest equal term
mod present; // to an expression as people write it
mod print; // text, Unicode, LaTeX
mod program; // straight-line code over arrays,
mod emit; // in other languages,
mod code; // as modules with documentation

// What they are composed to.
mod pipeline; // an expression to an answer
mod prove; // two equal expressions to a chain of steps
mod explain; // a derivative to the lines of a teacher
mod compare; // two expressions to a proof, a counterexample, or what is off
mod solve; // an equation to its solution
mod audit; // rules to what the lints and the tests say of them

// Numbers, by which answers and rules are checked.
mod eval; // expressions and index form on data
mod check; // an answer against central differences

// Beside all that.
mod build; // expressions built in Rust
mod render; // errors drawn into the input

pub use answer::{Answer, Notation, Profile};
pub use answers::Answers;
pub use applied::{Applied, Signature};
pub use audit::{Audit, Refutation, Test, Trial};
pub use catalog::Catalog;
pub use check::{Scope, Valuation, Verification, kronecker_form, numeric_derivative, verify, verify_kronecker, verify_step};
pub use comparison::{Assumption, Comparison, Counterexample, Remark, Verdict};
pub use compress::CompressedPart;
pub use derivation::{Claim, Derivation, Reason, Step as DerivationStep, Written};
pub use dim::{Dim, Symbol};
pub use emit::Target;
pub use error::{Error, ErrorKind, Result, Span};
pub use eval::{Compiled, Compressed, Inputs, Sizes, Style, evaluate};
pub use expr::{Expr, Kind, Op, Shape, Structure, Subscript, Var};
pub use function::{Call, Constant, Function, Map, Map2, Sign};
pub use infer::infer;
pub use layout::Layout;
pub use number::Number;
pub use parse::{Declaration, Declarations, InputFormat, parse, parse_equation, parse_input, parse_latex};
pub use pipeline::Engine;
pub use present::Presented;
pub use print::{latex, rule_latex, rules_markdown, unicode};
pub use program::{Program, Work, program};
pub use proof::{Proof, ProofStep, Requirement};
pub use question::Question;
pub use render::render;
pub use rule::{Condition, Example, Fact, Rule, Step};
pub use saturate::{Stats, Stop};
pub use solution::{Extent, Proviso, Region, Solution};
pub use structure::Convention;
pub use typed::{Typed, TypedId, TypedNode};

/// The README's example is a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
