//! Values for the variables of an expression.

use super::data;
use super::random::{Random, Style};
use super::sizes::Sizes;
use crate::dim::Symbol;
use crate::error::{Error, ErrorKind, Result};
use crate::expr::Var;
use indexmap::IndexMap;
use ndarray::ArrayD;
use std::io::{Read, Seek};

/// What an expression is evaluated at: the size of each dimension symbol and the value of each variable. A scalar has
/// no axis, a column or a row one, a matrix two.
///
/// ```
/// use indicial::{Dim, Inputs, Shape, Symbol, Var};
/// let x = Var::new("x", Shape::Column(Dim::symbol("n")));
/// let inputs = Inputs::from_json(r#"{"x": [1, 2, 3]}"#, [&x]).unwrap();
/// assert_eq!(inputs.sizes.get(Symbol::new("n")), Some(3));
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Inputs {
    pub sizes: Sizes,
    pub values: IndexMap<Symbol, ArrayD<f64>>,
    /// Whether declared functions have made-up values, with derivatives that fit them: for checks, not for data.
    pub stand_ins: bool,
}

impl Inputs {
    /// # Errors
    /// If the variable has no value.
    pub fn value(&self, name: Symbol) -> Result<&ArrayD<f64>> {
        self.values.get(&name).ok_or_else(|| Error::new(ErrorKind::Data, format!("the variable {name} has no value")))
    }

    /// The same with another value of one variable.
    #[must_use]
    pub fn with(&self, name: Symbol, value: ArrayD<f64>) -> Inputs {
        let mut inputs = self.clone();
        inputs.values.insert(name, value);
        inputs
    }

    /// Random values of order 1 that respect what is declared of each variable; the same seed gives the same values.
    ///
    /// # Errors
    /// If a dimension has no size, or an array would be too large.
    pub fn random<'a>(variables: impl IntoIterator<Item = &'a Var>, sizes: &Sizes, seed: u64, style: Style) -> Result<Inputs> {
        let mut random = Random::new(seed);
        let mut values = IndexMap::new();
        for v in variables {
            let kind = v.kind.as_ref().ok_or_else(|| Error::new(ErrorKind::Internal, format!("the kind of {} is not known", v.name)))?;
            values.insert(v.name, random.value(kind, sizes, style)?);
        }
        Ok(Inputs { sizes: sizes.clone(), values, stand_ins: true })
    }

    /// Reads a JSON object of numbers and nested arrays of numbers, and finds the sizes from the shapes. A member named
    /// as a dimension symbol gives its number; others are ignored.
    ///
    /// # Errors
    /// Kind `Data` for what is not such an object, for a missing variable, and for shapes and values that are not as declared: a
    /// matrix that is not symmetric, a number that is not positive.
    pub fn from_json<'a>(text: &str, variables: impl IntoIterator<Item = &'a Var>) -> Result<Inputs> {
        data::fit(data::read_json(text)?, &variables.into_iter().collect::<Vec<_>>())
    }

    /// Likewise from NumPy's archive of named arrays.
    ///
    /// # Errors
    /// As [`Inputs::from_json`].
    pub fn from_npz<'a>(source: impl Read + Seek, variables: impl IntoIterator<Item = &'a Var>) -> Result<Inputs> {
        data::fit(data::read_npz(source)?, &variables.into_iter().collect::<Vec<_>>())
    }

    /// Likewise from one NumPy array, for an expression of one variable.
    ///
    /// # Errors
    /// As [`Inputs::from_json`]; also if there are more variables.
    pub fn from_npy<'a>(source: impl Read, variables: impl IntoIterator<Item = &'a Var>) -> Result<Inputs> {
        let variables: Vec<&Var> = variables.into_iter().collect();
        let [one] = variables.as_slice() else {
            let error = Error::new(ErrorKind::Data, format!("a .npy file holds one array, but there are {} variables", variables.len()));
            return Err(error.help("use an .npz file or JSON, which name their arrays"));
        };
        let value = data::read_npy(source, one.name.as_str());
        data::fit([(one.name.as_str().to_owned(), value)].into_iter().collect(), &variables)
    }
}
