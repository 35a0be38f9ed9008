//! Definite integrals of arrays, by Gauss and Legendre's rule of five points on many panels, which are smaller towards the ends:
//! there a root or a logarithm may begin.

use crate::error::{Error, ErrorKind, Result};
use ndarray::ArrayD;

/// Places and weights on -1 to 1 (Abramowitz and Stegun 1964, table 25.4).
const RULE: [(f64, f64); 5] = [
    (-0.906_179_845_938_664, 0.236_926_885_056_189_1),
    (-0.538_469_310_105_683_1, 0.478_628_670_499_366_5),
    (0.0, 0.568_888_888_888_888_9),
    (0.538_469_310_105_683_1, 0.478_628_670_499_366_5),
    (0.906_179_845_938_664, 0.236_926_885_056_189_1),
];
const PANELS: u32 = 60;

/// The integral between two ends, either of which may be infinite.
///
/// # Errors
/// Those of `f`, and of kind `Domain` if a value is not finite.
pub(super) fn integrate(f: &mut dyn FnMut(f64) -> Result<ArrayD<f64>>, from: f64, to: f64) -> Result<ArrayD<f64>> {
    if from.is_nan() || to.is_nan() {
        return Err(Error::new(ErrorKind::Domain, "an end of an integral is no number"));
    }
    match (from.is_finite(), to.is_finite()) {
        (true, true) => on_panels(f, from, to),
        _ if from > to => Ok(-integrate(f, to, from)?),
        // t = s/(1 - s^2), with s from -1 to 1.
        (false, false) => on_panels(&mut |s| Ok(f(s / (1.0 - s * s))? * ((1.0 + s * s) / (1.0 - s * s).powi(2))), -1.0, 1.0),
        // t = from + s/(1 - s), and likewise downwards.
        (true, false) => on_panels(&mut |s| Ok(f(from + s / (1.0 - s))? / (1.0 - s).powi(2)), 0.0, 1.0),
        (false, true) => on_panels(&mut |s| Ok(f(to - s / (1.0 - s))? / (1.0 - s).powi(2)), 0.0, 1.0),
    }
}

fn on_panels(f: &mut dyn FnMut(f64) -> Result<ArrayD<f64>>, from: f64, to: f64) -> Result<ArrayD<f64>> {
    let half = 0.5 / f64::from(PANELS);
    let mut sum: Option<ArrayD<f64>> = None;
    for panel in 0..PANELS {
        let middle = half * f64::from(2 * panel + 1);
        for (place, weight) in RULE {
            // From 0 to 1, with slope 0 at both.
            let s = middle + half * place;
            let value = f(from + (to - from) * s * s * (3.0 - 2.0 * s))? * (weight * half * (to - from) * 6.0 * s * (1.0 - s));
            sum = Some(match sum {
                Some(sum) => sum + value,
                None => value,
            });
        }
    }
    sum.filter(|s| s.iter().all(|x| x.is_finite())).ok_or_else(|| Error::new(ErrorKind::Domain, "an integral is not finite"))
}

#[cfg(test)]
mod tests {
    use super::integrate;
    use ndarray::{ArrayD, IxDyn};

    #[test]
    fn finite_and_infinite_ranges() {
        let at = |f: fn(f64) -> f64, from, to| integrate(&mut |t| Ok(ArrayD::from_elem(IxDyn(&[]), f(t))), from, to).unwrap().sum();
        let (inf, pi) = (f64::INFINITY, std::f64::consts::PI);
        for (found, wanted) in [
            (at(|t| t * t, 0.0, 3.0), 9.0),
            (at(|t| t * t, 3.0, 0.0), -9.0),
            (at(f64::sin, 0.0, pi), 2.0),
            (at(|t| (-t * t).exp(), -inf, inf), pi.sqrt()),
            (at(|t| (-2.0 * t).exp(), 0.0, inf), 0.5),
            (at(f64::exp, -inf, 1.0), 1f64.exp()),
        ] {
            assert!((found - wanted).abs() < 1e-9 * wanted.abs(), "{found} {wanted}");
        }
    }
}
