//! Derivatives by central differences: what symbolic answers are held against.

use super::random::project;
use crate::error::{Error, ErrorKind, Result};
use crate::expr::Structure;
use crate::structure::Convention;
use ndarray::{ArrayD, Axis, Ix2, IxDyn};

/// The step relative to the entry, tried in this order: large ones are the most exact for smooth functions, small
/// ones keep clear of kinks and of the edge of the domain.
const STEPS: [f64; 3] = [1e-2, 1e-4, 1e-6];
/// A relative uncertainty that needs no smaller step.
const GOOD: f64 = 1e-8;

/// The derivative of `f` by the variable whose value is `at`: the axes of the value of `f`, then those of the variable.
/// Along a structured variable it is the projection of the unconstrained derivative, found by moving along the
/// projections of the unit matrices, so that `f` never sees a matrix without the structure; the convention may say
/// otherwise.
///
/// # Errors
/// Those of `f`, if no step is free of them; kind `Domain` where its value is not finite.
pub(crate) fn differentiate(
    f: &mut dyn FnMut(&ArrayD<f64>) -> Result<ArrayD<f64>>,
    at: &ArrayD<f64>,
    structure: Structure,
    convention: Convention,
) -> Result<ArrayD<f64>> {
    let value = f(at)?;
    if value.iter().any(|x| !x.is_finite()) {
        return Err(Error::new(ErrorKind::Domain, "a function to be differentiated is not finite at these values"));
    }
    let mut lengths = value.shape().to_vec();
    lengths.extend_from_slice(at.shape());
    super::sizes::check_entries(&lengths)?;
    let mut columns = ArrayD::zeros(IxDyn(&[value.len(), at.len()]));
    let largest = at.iter().fold(0.0f64, |m, x| m.max(x.abs()));
    for (k, entry) in at.iter().enumerate() {
        let scale = entry.abs().max(0.1 * largest);
        let Some(direction) = direction(at, k, structure, convention) else { continue };
        let along = along(f, at, &direction, if scale == 0.0 { 1.0 } else { scale })?;
        columns.index_axis_mut(Axis(1), k).iter_mut().zip(&along).for_each(|(to, from)| *to = *from);
    }
    columns.into_shape_with_order(IxDyn(&lengths)).map_err(|e| Error::new(ErrorKind::Internal, e.to_string()))
}

/// The projection of the `k`-th unit tensor; `None` if it is 0.
fn direction(at: &ArrayD<f64>, k: usize, structure: Structure, convention: Convention) -> Option<ArrayD<f64>> {
    let mut unit = ArrayD::zeros(at.raw_dim());
    unit.iter_mut().skip(k).take(1).for_each(|x| *x = 1.0);
    if let Ok(matrix) = unit.view().into_dimensionality::<Ix2>() {
        let matrix = matrix.to_owned();
        unit = match (convention, structure, at.view().into_dimensionality::<Ix2>()) {
            (Convention::Free, ..) => matrix,
            (Convention::Tangent, Structure::Orthogonal, Ok(q)) => (&matrix - &q.dot(&matrix.t()).dot(&q)) / 2.0,
            (Convention::Projected | Convention::Tangent, ..) => project(&matrix, structure),
        }
        .into_dyn();
    }
    unit.iter().any(|x| *x != 0.0).then_some(unit)
}

/// The directional derivative, with the step whose extrapolations agree best.
fn along(
    f: &mut dyn FnMut(&ArrayD<f64>) -> Result<ArrayD<f64>>,
    at: &ArrayD<f64>,
    direction: &ArrayD<f64>,
    scale: f64,
) -> Result<ArrayD<f64>> {
    let mut best: Result<(f64, ArrayD<f64>)> = Err(Error::new(ErrorKind::Internal, "no step was tried"));
    for step in STEPS {
        let next = extrapolated(f, at, direction, step * scale);
        best = match (best, next) {
            (Ok(b), Ok(n)) => Ok(if n.0 < b.0 { n } else { b }),
            (Ok(b), Err(_)) => Ok(b),
            (Err(_), next) => next,
        };
        if best.as_ref().is_ok_and(|(uncertainty, _)| *uncertainty < GOOD) {
            break;
        }
    }
    best.map(|(_, derivative)| derivative)
}

/// Richardson's extrapolation of the central differences with steps h, h/2 and h/4, whose error is of order h^6, and
/// how far the last two extrapolations are apart.
fn extrapolated(
    f: &mut dyn FnMut(&ArrayD<f64>) -> Result<ArrayD<f64>>,
    at: &ArrayD<f64>,
    direction: &ArrayD<f64>,
    h: f64,
) -> Result<(f64, ArrayD<f64>)> {
    let mut central = |h: f64| -> Result<ArrayD<f64>> { Ok((f(&(at + &(direction * h)))? - f(&(at - &(direction * h)))?) / (2.0 * h)) };
    let (d1, d2, d3) = (central(h)?, central(h / 2.0)?, central(h / 4.0)?);
    let r1 = (&d2 * 4.0 - d1) / 3.0;
    let r2 = (d3 * 4.0 - d2) / 3.0;
    let best = (&r2 * 16.0 - r1) / 15.0;
    let apart = (&best - &r2).iter().fold(0.0f64, |m, x| if x.is_finite() { m.max(x.abs()) } else { f64::INFINITY });
    let size = best.iter().fold(1e-3f64, |m, x| m.max(x.abs()));
    Ok((if apart.is_finite() { apart / size } else { f64::INFINITY }, best))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{arr0, arr1, array};

    #[test]
    fn differences_of_smooth_functions_are_nearly_exact() {
        let at = arr1(&[0.4, -1.3, 0.9]).into_dyn();
        let d = differentiate(&mut |x| Ok(x.mapv(f64::exp)), &at, Structure::General, Convention::Projected).unwrap();
        for i in 0..3 {
            for j in 0..3 {
                let want = if i == j { at[i].exp() } else { 0.0 };
                assert!((d[[i, j]] - want).abs() < 1e-10, "{i} {j} {}", d[[i, j]] - want);
            }
        }
    }

    #[test]
    fn a_kink_nearby_does_not_spoil_it() {
        let d =
            differentiate(&mut |x| Ok(x.mapv(|u| (u - 1e-3).abs())), &arr0(0.4e-3).into_dyn(), Structure::General, Convention::Projected)
                .unwrap();
        assert!((d.first().unwrap() + 1.0).abs() < 1e-6, "{d}");
    }

    #[test]
    fn a_symmetric_variable_gives_the_symmetric_part() {
        let at = array![[1.0, 2.0], [2.0, 3.0]].into_dyn();
        let d = differentiate(&mut |x| Ok(arr0(x[[0, 1]]).into_dyn()), &at, Structure::Symmetric, Convention::Projected).unwrap();
        assert!((d - array![[0.0, 0.5], [0.5, 0.0]]).iter().all(|x| x.abs() < 1e-10));
    }
}
