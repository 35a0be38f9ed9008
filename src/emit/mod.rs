//! Code in other languages.

mod calls;
mod indices;
mod numpy;
mod sizes;

pub use numpy::{Definition, numpy_module};
pub(crate) use numpy::{Cores, numpy_module_with_cores};

#[cfg(test)]
mod tests;
