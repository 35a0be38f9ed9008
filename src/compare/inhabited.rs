//! Whether there is a point at all where both sides are defined and everything holds that a proof needs. An equation that holds
//! nowhere is true of any two expressions and says nothing: `inv(A - A) = 5*inv(A - A)`.

use super::sides::{Sides, draw};
use super::{DRAWS, MOST_WORK};
use crate::error::{ErrorKind, Result};
use crate::eval::{Inputs, evaluate};
use crate::expr::Expr;
use crate::infer::infer;
use crate::parse::Declarations;
use crate::proof::{Proof, Requirement};
use crate::typed::Typed;
use ndarray::{ArrayD, Ix2};

/// Far points, for logarithms of differences and the like.
const FAR: usize = 8;
const FACTOR: f64 = 40.0;
/// A pivot this small next to the largest entry is none, and a number this small is 0.
const TINY: f64 = 1e-7;

/// What the proof needs and no point has; nothing if there is such a point, or that cannot be known. Where the sizes are free
/// a point where all of them are 1 is none: every product commutes there, and every number is a matrix.
pub fn unmet(sides: &Sides, proof: &Proof) -> Option<Vec<Requirement>> {
    let conditions: Vec<(Typed, &Requirement)> =
        proof.conditions.iter().filter_map(|c| infer(expression(c), &Declarations::new()).ok().map(|typed| (typed, c))).collect();
    let mut never = vec![true; conditions.len()];
    let mut work = 0.0;
    for number in 0..DRAWS + FAR {
        let mut at = draw(&sides.scope, number).ok()?;
        if at.sizes.iter().next().is_some() && at.sizes.iter().all(|(_, n)| n == 1) {
            continue;
        }
        if number >= DRAWS {
            let scalars =
                sides.variables.iter().filter(|v| v.kind.as_ref().is_some_and(|k| k.structure == crate::expr::Structure::General));
            scalars.for_each(|v| at.values.get_mut(&v.name).into_iter().for_each(|x| *x *= FACTOR));
        }
        work += sides.work(&at.sizes);
        if work > MOST_WORK {
            return None;
        }
        let mut all = true;
        for (met, never) in conditions.iter().map(|(typed, c)| holds(typed, c, &at)).zip(&mut never) {
            let met = met.unwrap_or(true);
            all &= met;
            *never &= !met;
        }
        if all && sides.are_defined(&at) {
            return None;
        }
    }
    Some(conditions.iter().zip(&never).filter(|(_, never)| **never).map(|((_, c), _)| (*c).clone()).collect())
}

fn expression(requirement: &Requirement) -> &Expr {
    match requirement {
        Requirement::Invertible(e) | Requirement::NonZero(e) | Requirement::Positive(e) => e,
    }
}

/// # Errors
/// If it cannot be known.
fn holds(typed: &Typed, requirement: &Requirement, at: &Inputs) -> Result<bool> {
    let value = match evaluate(typed, at) {
        Ok(value) if value.iter().all(|x| x.is_finite()) => value,
        Ok(_) => return Ok(false),
        Err(e) if e.kind == ErrorKind::Domain => return Ok(false),
        Err(e) => return Err(e),
    };
    Ok(match requirement {
        Requirement::Invertible(_) => is_regular(&value),
        Requirement::NonZero(_) => value.iter().all(|x| x.abs() > TINY),
        Requirement::Positive(_) => value.iter().all(|x| *x > 0.0),
    })
}

/// By elimination with pivots.
fn is_regular(value: &ArrayD<f64>) -> bool {
    let Ok(mut a) = value.clone().into_dimensionality::<Ix2>() else { return value.iter().all(|x| x.abs() > TINY) };
    let n = a.nrows().min(a.ncols());
    let largest = a.iter().fold(0.0f64, |m, x| m.max(x.abs()));
    for k in 0..n {
        let Some(best) = (k..n).max_by(|i, j| a[[*i, k]].abs().total_cmp(&a[[*j, k]].abs())) else { return true };
        if a[[best, k]].abs() <= TINY * largest {
            return false;
        }
        for j in 0..n {
            a.swap([k, j], [best, j]);
        }
        for i in k + 1..n {
            let factor = a[[i, k]] / a[[k, k]];
            for j in k..n {
                a[[i, j]] -= factor * a[[k, j]];
            }
        }
    }
    true
}
