//! Values for declared functions, of which nothing is known: for each name a smooth function with exact derivatives, so that
//! answers that hold whatever the function is can be checked.
//!
//! Entry `r` of `f(z)`, with all entries of the arguments in a row in `z`, is `sin(w[r]*z + r) + (v[r]*z)^2/2`.

use super::functions::internal;
use super::matrix_functions;
use super::value::Inputs;
use crate::applied::Applied;
use crate::error::{Error, Result};
use crate::index::Mix;
use ndarray::{Array2, ArrayD, Ix2, IxDyn};

/// The value of a function that is not applied entry by entry.
pub(super) fn value(f: &Applied, arguments: &[ArrayD<f64>], result: &[usize]) -> Result<ArrayD<f64>> {
    let z: Vec<f64> = arguments.iter().flat_map(|a| a.iter().copied()).collect();
    let starts: Vec<usize> = arguments.iter().scan(0, |at, a| Some(std::mem::replace(at, *at + a.len()))).collect();
    let mut lengths: Vec<usize> = result.to_vec();
    let mut by: Vec<(usize, usize)> = Vec::new();
    for k in &f.by {
        let argument = arguments.get(*k).ok_or_else(|| internal("a derivative by an argument that is not there"))?;
        lengths.extend(argument.shape());
        by.push((starts[*k], argument.len()));
    }
    let entries: usize = lengths.iter().product();
    super::sizes::check_entries(&lengths)?;
    let value = |at: usize| {
        // The entry of the result and of each argument, from the place in the whole; the last axes run fastest.
        let mut rest = at;
        let mut places = Vec::with_capacity(by.len());
        for (start, length) in by.iter().rev() {
            places.push(start + rest % length.max(&1));
            rest /= length.max(&1);
        }
        entry(f, rest, &z, &places)
    };
    ArrayD::from_shape_vec(IxDyn(&lengths), (0..entries).map(value).collect()).map_err(internal)
}

/// One entry, differentiated by these entries of the arguments.
fn entry(f: &Applied, row: usize, z: &[f64], by: &[usize]) -> f64 {
    let weight = |which: u64, at: usize| {
        let mut mix = Mix(which);
        mix.text(f.function).add(row as u64).add(at as u64);
        // The upper bits as a number between -1 and 1.
        (mix.0 >> 11) as f64 / (1u64 << 52) as f64 - 1.0
    };
    let dot = |which: u64| z.iter().enumerate().map(|(at, x)| weight(which, at) * x).sum::<f64>();
    let slopes = |which: u64| by.iter().map(|at| weight(which, *at)).product::<f64>();
    let wave = (dot(1) + row as f64 + by.len() as f64 * std::f64::consts::FRAC_PI_2).sin() * slopes(1);
    let square = match by.len() {
        0 => dot(2).powi(2) / 2.0,
        1 => dot(2) * slopes(2),
        2 => slopes(2),
        _ => 0.0,
    };
    wave + square
}

/// The value of a declared function, or of a derivative of a function of matrices, at these arguments.
///
/// # Errors
/// If the inputs give real data, for which an unknown function has no value.
pub(super) fn apply(f: &Applied, arguments: &[ArrayD<f64>], inputs: &Inputs) -> Result<ArrayD<f64>> {
    if let (Some(function), [a]) = (f.known, arguments) {
        if let Some(x) = a.first().filter(|_| a.ndim() == 0) {
            let value = matrix_functions::derivative(function, &Array2::from_elem((1, 1), *x), f.by.len())?;
            return value.into_shape_with_order(IxDyn(&[])).map_err(internal);
        }
        let a = a.clone().into_dimensionality::<Ix2>().map_err(internal)?;
        return matrix_functions::derivative(function, &a, f.by.len());
    }
    if !inputs.stand_ins {
        return Err(Error::unsupported(format!("the value of the unknown function {}", f.function)));
    }
    let result = inputs.sizes.lengths(&f.signature.result.axes())?;
    if !f.elementwise {
        return value(f, arguments, &result);
    }
    let shape = arguments.iter().map(|a| a.shape()).max_by_key(|s| s.len()).unwrap_or_default().to_vec();
    let entries: usize = shape.iter().product();
    let at = |k: usize| {
        let scalars: Vec<f64> = arguments.iter().filter_map(|a| a.iter().nth(if a.ndim() == 0 { 0 } else { k }).copied()).collect();
        entry(f, 0, &scalars, &f.by)
    };
    ArrayD::from_shape_vec(IxDyn(&shape), (0..entries).map(at).collect()).map_err(internal)
}
