//! Code in other languages.

mod calls;
mod indices;
mod numpy;
mod sizes;

pub use numpy::{Definition, numpy_module};

#[cfg(test)]
mod tests;
