//! Whether a value is what was declared: symmetric, positive, … . An answer makes use of it, and would be wrong of another value.

use super::factors::cholesky;
use super::random::project;
use crate::error::{Error, ErrorKind, Result};
use crate::expr::{Structure, Var};
use crate::function::Sign;
use ndarray::{Array2, ArrayD, Ix2};

/// How far entries may be off, in units of the largest: data in single precision is rounded to seven digits.
const ROUNDING: f64 = 1e-5;

/// # Errors
/// Kind `Data`, with an entry that is not as declared.
pub(super) fn check(v: &Var, value: &ArrayD<f64>) -> Result<()> {
    let Some(kind) = &v.kind else { return Ok(()) };
    let wrong = |why: String| Err(Error::new(ErrorKind::Data, format!("{} is declared {kind}, but {why}", v.name)));
    let outside = |x: &&f64| match kind.sign {
        Sign::Any => false,
        Sign::NonNegative => **x < 0.0,
        Sign::Positive => **x <= 0.0,
    };
    if let Some(x) = value.iter().find(outside) {
        return wrong(format!("its value {} {x}", if value.ndim() == 0 { "is" } else { "has the entry" }));
    }
    let Ok(matrix) = value.view().into_dimensionality::<Ix2>() else { return Ok(()) };
    match deviation(&matrix.to_owned(), kind.structure) {
        Some(why) => wrong(why),
        None => Ok(()),
    }
}

/// What is off, if something is. What is no number is nowhere off.
fn deviation(a: &Array2<f64>, structure: Structure) -> Option<String> {
    if structure == Structure::General || a.nrows() != a.ncols() {
        return None;
    }
    if structure == Structure::Orthogonal {
        let product = a.t().dot(a);
        let off = product.indexed_iter().find(|((i, j), x)| (**x - f64::from(u8::from(i == j))).abs() > ROUNDING);
        return off.map(|((i, j), x)| format!("entry [{}, {}] of its transpose times itself is {x}", i + 1, j + 1));
    }
    let near = project(a, structure);
    let size = a.iter().fold(0.0, |size: f64, x| size.max(x.abs()));
    let off = a.indexed_iter().find(|(place, x)| (**x - near[*place]).abs() > ROUNDING * size);
    if let Some(((i, j), x)) = off {
        let turned = if i == j { String::new() } else { format!(" and [{}, {}] is {}", j + 1, i + 1, a[[j, i]]) };
        return Some(format!("entry [{}, {}] of its value is {x}{turned}", i + 1, j + 1));
    }
    let definite = || cholesky(&mut a.iter().copied().collect::<Vec<f64>>(), a.nrows()).unwrap_or(true);
    let indefinite = structure == Structure::PositiveDefinite && a.iter().all(|x| x.is_finite()) && !definite();
    indefinite.then(|| "its value has an eigenvalue that is not positive".to_owned())
}
