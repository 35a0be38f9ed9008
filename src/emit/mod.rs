//! Code in other languages.

mod calls;
mod indices;
mod numpy;
mod sizes;

pub(crate) use numpy::{Cores, numpy_module_with_cores};
pub use numpy::{Definition, numpy_module};

#[cfg(test)]
mod tests;
