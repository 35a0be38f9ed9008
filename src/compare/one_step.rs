//! Equality by index form alone: both sides have one normal form.

use crate::error::Result;
use crate::expr::Expr;
use crate::index::Graph;
use crate::lower::lower;
use crate::proof::{Proof, ProofStep};
use crate::typed::Typed;

/// A proof of one step, if the two have the same index form.
///
/// # Errors
/// If a construct cannot be lowered.
pub fn prove(left: &Typed, right: &Typed, (start, end): (&Expr, &Expr)) -> Result<Option<Proof>> {
    let mut graph = Graph::new();
    if lower(&mut graph, left)? != lower(&mut graph, right)? {
        return Ok(None);
    }
    let step = ProofStep { rule: "index_form".into(), forward: true, after: end.clone() };
    Ok(Some(Proof { start: start.clone(), steps: vec![step], conditions: Vec::new() }))
}
