//! Values: the meaning of expressions and of the index form at given inputs.
//!
//! `tree` is the reference: it follows the language word for word and knows nothing of the index form, so that the two
//! can be held against each other: `graph` evaluates the index form, for tests and for derivations. `run` evaluates programs,
//! and is fast.

mod compiled;
mod data;
mod declared;
mod dense;
mod differences;
mod einsum;
mod factors;
mod functions;
pub(crate) mod graph;
mod indices;
mod kernel;
mod linear;
mod matmul;
mod matrix_functions;
mod memory;
mod products;
mod quadrature;
mod random;
mod run;
mod sizes;
mod spectra;
mod stand_in;
mod svd;
mod tree;
mod value;
mod vectors;

pub use compiled::{Compiled, Compressed};
pub(crate) use differences::differentiate;
pub use random::Style;
pub(crate) use random::{Random, project};
pub use sizes::Sizes;
pub(crate) use spectra::eigenvalues;
pub use tree::evaluate;
pub(crate) use tree::evaluate_disturbed;
pub use value::Inputs;
