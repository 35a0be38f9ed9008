//! Code in other languages.

mod calls;
mod indices;
mod numpy;
mod sizes;

pub(crate) use numpy::{Cores, numpy_module_with_cores};
pub use numpy::{Definition, numpy_module};

use crate::dim::{Dim, Symbol};
use crate::error::Result;
use crate::expr::Var;
use crate::typed::{Typed, TypedId};
use indexmap::IndexMap;

/// A module of two functions: `value`, and `derivatives` with several values of one expression, as a tuple. Of each value
/// the axes into which it is reshaped are given if it is in Kronecker notation.
///
/// # Errors
/// As [`numpy_module`].
pub(crate) fn numpy_of_several(
    variables: &IndexMap<Symbol, Var>,
    value: &Typed,
    typed: &Typed,
    results: &[(TypedId, Option<&[Dim]>)],
) -> Result<String> {
    let value = numpy::function_of(variables, "value", value, &[(value.root, None)])?;
    Ok(numpy::module(&[value, numpy::function_of(variables, "derivatives", typed, results)?]))
}

#[cfg(test)]
mod tests;
