//! Conditions under which an answer holds, beyond those of its parts: eigenvalues that are simple, ranks that do not change, integrals
//! that exist.

use crate::dim::Symbol;
use crate::error::Result;
use crate::expr::{Expr, Op, Shape, Structure};
use crate::function::{Call, Constant, Function};
use crate::index::{Graph, Node};
use crate::infer::infer;
use crate::lower::lower;
use crate::parse::Declarations;
use crate::pipeline::Engine;
use crate::proof::Requirement;
use crate::prove::requirements;
use crate::solution::{Proviso, Region};

/// What is longer is not written out.
const MOST_NODES: u64 = 200;

/// Where functions of eigenvalues and singular values have the derivative that is given; only what depends on the variables that
/// are differentiated by.
pub(crate) fn of_spectra(input: &Expr, by: &[Symbol], conditions: &mut Vec<String>) {
    // Shared parts are asked once: written out they may be endless.
    input.any(&mut |op| {
        if let Op::Call(Function::Call(f), arguments) = op
            && let Some(a) = arguments.first()
            && by.iter().any(|x| a.mentions(*x))
        {
            conditions.extend(of_call(*f, a, arguments.len()));
        }
        false
    });
}

fn of_call(f: Call, a: &Expr, arguments: usize) -> Option<String> {
    if !matches!(
        f,
        Call::LambdaMax | Call::LambdaMin | Call::EigvecMax | Call::EigvecMin | Call::Norm2 | Call::Norm | Call::Nuclear | Call::Pinv
    ) {
        return None;
    }
    let Shape::Matrix(m, n) = infer(a, &Declarations::new()).ok()?.root().shape else { return None };
    if !is_spectral(f, a) {
        return None;
    }
    let wide = m.is_at_most(n) && !n.is_at_most(m);
    let text = if a.nodes() <= MOST_NODES { a.to_string() } else { "…".to_owned() };
    match f {
        Call::LambdaMax | Call::EigvecMax => Some(format!("lambda_max({text}) is a simple eigenvalue")),
        Call::LambdaMin | Call::EigvecMin => Some(format!("lambda_min({text}) is a simple eigenvalue")),
        Call::Norm2 => Some(format!("norm2({text}), the largest singular value, is simple")),
        Call::Norm if arguments == 1 => Some(format!("norm({text}), the largest singular value, is simple")),
        Call::Nuclear => Some(format!("{text} has full {} rank", if wide { "row" } else { "column" })),
        Call::Pinv => Some(format!("the rank of {text} does not change")),
        _ => None,
    }
}

/// Whether anything is left of the spectrum: the nuclear norm of a definite matrix is its trace, its pseudoinverse the inverse.
fn is_spectral(f: Call, a: &Expr) -> bool {
    let call = Expr::new(Op::Call(Function::Call(f), vec![a.clone()]));
    let Ok(typed) = infer(&call, &Declarations::new()) else { return true };
    let mut graph = Graph::new();
    let Ok(root) = lower(&mut graph, &typed) else { return true };
    graph.reachable(&[root]).iter().any(|id| matches!(graph.node(*id), Node::Opaque(g, _) if g.is_spectral()))
}

/// When an integral of exponentials of matrices has the value that is given: at an infinite end they vanish, and over a finite
/// range what is inverted in the formula has an inverse.
///
/// # Errors
/// As of [`infer`] for the parts of the input.
pub(crate) fn of_integrals(input: &Expr, formula: &Expr, declarations: &Declarations, conditions: &mut Vec<String>) -> Result<()> {
    let mut integrals: Vec<Vec<Expr>> = Vec::new();
    input.any(&mut |op| {
        if let Op::Call(Function::Call(Call::Integral), arguments) = op {
            integrals.push(arguments.to_vec());
        }
        false
    });
    for integral in integrals {
        let [f, t, from, to] = &integral[..] else { continue };
        let Op::Var(t) = t.op() else { continue };
        let exponents = exponents(f, t.name);
        if exponents.is_empty() {
            continue;
        }
        match (is_infinite(from), is_infinite(to)) {
            (false, false) => of_inverses(input, formula, conditions),
            (_, upwards) => {
                for u in exponents {
                    let at = |place: i64| u.with(t.name, &Expr::number(place));
                    let slope = if upwards { at(0) - at(1) } else { at(1) - at(0) };
                    // The eigenvalues of a transpose are the same.
                    let decay = Engine::new().simplify(&slope, declarations)?.formula.inlined();
                    let decay = if let Op::Transpose(inner) = decay.op() { inner.clone() } else { decay };
                    if !is_definite(&decay) {
                        conditions.push(Proviso::Eigenvalues(decay, Region::RightHalfPlane).to_string());
                    }
                }
            }
        }
    }
    Ok(())
}

/// The arguments of the exponentials, cosines and sines of matrices that depend on `t`.
fn exponents(f: &Expr, t: Symbol) -> Vec<Expr> {
    let mut found = Vec::new();
    f.any(&mut |op| {
        if let Op::Call(Function::Call(Call::Expm | Call::Cosm | Call::Sinm), arguments) = op
            && arguments[0].mentions(t)
        {
            found.push(arguments[0].clone());
        }
        false
    });
    found
}

fn is_infinite(end: &Expr) -> bool {
    end.any(&mut |op| matches!(op, Op::Constant(Constant::Infinity)))
}

fn is_definite(e: &Expr) -> bool {
    match e.op() {
        Op::Var(v) => v.kind.as_ref().is_some_and(|k| k.structure == Structure::PositiveDefinite),
        _ => false,
    }
}

fn of_inverses(input: &Expr, formula: &Expr, conditions: &mut Vec<String>) {
    let given = requirements(std::iter::once(input), &[]);
    let new = requirements(std::iter::once(formula), &[]).into_iter().filter(|r| !given.contains(r));
    conditions.extend(new.filter(|r| matches!(r, Requirement::Invertible(_))).map(|r| r.sentence()));
    formula.any(&mut |op| {
        if let Op::Call(Function::Call(Call::Sylvester), arguments) = op {
            conditions.push(Proviso::Spectra(arguments[0].clone(), arguments[1].clone()).to_string());
        }
        false
    });
}
