//! A solution put into its equation at random points.

use super::Equation;
use crate::check::{Scope, Verification, numeric_derivative};
use crate::error::{Error, ErrorKind, Result};
use crate::eval::{Inputs, eigenvalues, evaluate, project};
use crate::expr::{Expr, Structure};
use crate::infer::infer;
use crate::parse::Declarations;
use crate::proof::Requirement;
use crate::solution::{Extent, Proviso, Region, Solution};
use ndarray::{ArrayD, Ix2, IxDyn};

/// At how many points.
const POINTS: usize = 6;
/// Relative to the larger of the sides.
const TOLERANCE: f64 = 1e-6;
/// Of slopes, which differences give less exactly.
const SLOPE: f64 = 1e-2;

pub(super) const NOT_YET: Verification = Verification { ok: false, max_relative_error: f64::NAN, points: 0 };

/// The solution with what was seen.
///
/// # Errors
/// If it does not solve the equation where its conditions hold: a way to a solution is then not known.
pub(super) fn verified(mut solution: Solution, equation: &Equation) -> Result<Solution> {
    let wrong = |why: &str| {
        let message = format!("no way is known to solve this equation for {}", equation.unknown.name);
        Err(Error::new(ErrorKind::Unsupported, message).help(why))
    };
    match seen(&solution, equation) {
        Ok(residual) if residual.ok => {
            solution.residual = residual;
            Ok(solution)
        }
        Ok(_) => wrong("the formula that was found does not solve it"),
        Err(e) if e.kind == ErrorKind::Domain => wrong("the formula that was found has no value at random points"),
        Err(e) => Err(e),
    }
}

fn seen(solution: &Solution, equation: &Equation) -> Result<Verification> {
    let formula = solution.answer.typed()?;
    let declarations = solution.answer.declarations();
    // Of equal shape, where a side is a bare number.
    let side = |e: &Expr, other: &Expr| infer(&(e + &(Expr::number(0) * other)), &declarations);
    let (left, right) = (side(equation.left, equation.right)?, side(equation.right, equation.left)?);
    let scope = Scope::of(&[&equation.typed, &formula]);
    let x = &equation.unknown;
    let provisos = solution.provisos.iter().map(|p| proviso(p, &declarations)).collect::<Result<Vec<_>>>()?;
    let put_in = |at: &Inputs| {
        provisos.iter().try_for_each(|holds| holds(at))?;
        Ok(at.with(x.name, evaluate(&formula, at)?))
    };
    let structure = x.kind.as_ref().map_or(Structure::General, |k| k.structure);
    if structure != Structure::General {
        let value = |at: &Inputs| evaluate(&formula, at);
        let kept = |at: &Inputs| structured(&evaluate(&formula, at)?, structure);
        let structured = scope.compare(&value, &kept, POINTS, TOLERANCE)?;
        if !structured.ok {
            return Ok(structured);
        }
    }
    if solution.extent == Extent::LeastSquares {
        let square = |at: &Inputs| {
            let difference = evaluate(&left, at)? - evaluate(&right, at)?;
            Ok(ArrayD::from_elem(IxDyn(&[]), difference.iter().map(|d| d * d).sum()))
        };
        let slope = |at: &Inputs| numeric_derivative(&square, std::slice::from_ref(x), &put_in(at)?);
        let none = |at: &Inputs| Ok(evaluate(&formula, at)? * 0.0);
        return scope.compare(&none, &slope, POINTS, SLOPE);
    }
    let (left, right) = (|at: &Inputs| evaluate(&left, &put_in(at)?), |at: &Inputs| evaluate(&right, &put_in(at)?));
    scope.compare(&left, &right, POINTS, TOLERANCE)
}

/// Something that holds at a point, or an error.
type Test = Box<dyn Fn(&Inputs) -> Result<()>>;

/// A test that is passed where the proviso holds; a point where it does not tells nothing.
fn proviso(proviso: &Proviso, declarations: &Declarations) -> Result<Test> {
    let requirement = match proviso {
        Proviso::Requires(requirement) => requirement,
        Proviso::Eigenvalues(a, region) => return eigenvalues_in(a, *region, declarations),
        Proviso::Spectra(..) | Proviso::Consistent(..) => return Ok(Box::new(|_| Ok(()))),
    };
    let holds: fn(f64) -> bool = match requirement {
        // A singular matrix has no inverse to evaluate.
        Requirement::Invertible(_) => return Ok(Box::new(|_| Ok(()))),
        Requirement::NonZero(_) => |x| x != 0.0,
        Requirement::Positive(_) => |x| x > 0.0,
    };
    let typed = infer(requirement.of(), declarations)?;
    Ok(Box::new(move |at| {
        let met = evaluate(&typed, at)?.iter().all(|x| holds(*x));
        if met { Ok(()) } else { Err(unmet()) }
    }))
}

fn unmet() -> Error {
    Error::new(ErrorKind::Domain, "a condition does not hold")
}

/// What has no principal logarithm has none to evaluate.
fn eigenvalues_in(a: &Expr, region: Region, declarations: &Declarations) -> Result<Test> {
    let holds: fn(f64, f64) -> bool = match region {
        Region::OffTheNegativeAxis => return Ok(Box::new(|_| Ok(()))),
        Region::RightHalfPlane => |re, _| re > 0.0,
        Region::Strip => |_, im| im.abs() < std::f64::consts::PI,
    };
    let typed = infer(a, declarations)?;
    Ok(Box::new(move |at| {
        let met = eigenvalues(&evaluate(&typed, at)?)?.into_iter().all(|(re, im)| holds(re, im));
        if met { Ok(()) } else { Err(unmet()) }
    }))
}

/// The nearest matrix of that structure.
fn structured(value: &ArrayD<f64>, structure: Structure) -> Result<ArrayD<f64>> {
    let matrix = value.view().into_dimensionality::<Ix2>();
    let matrix = matrix.map_err(|e| Error::new(ErrorKind::Internal, format!("a structured unknown is no matrix: {e}")))?.to_owned();
    let nearest = match structure {
        Structure::Orthogonal => {
            let gram = matrix.t().dot(&matrix);
            matrix.dot(&gram)
        }
        _ => project(&matrix, structure),
    };
    Ok(nearest.into_dyn())
}
