//! Proofs that two expressions are equal.

use crate::expr::Expr;
use crate::rule::Condition;
use std::sync::Arc;

/// A chain of equal expressions from one side to the other.
#[derive(Clone, Debug)]
pub struct Proof {
    pub start: Expr,
    pub steps: Vec<ProofStep>,
    /// What has to hold for the laws that were used.
    pub conditions: Vec<Condition>,
}

/// One law used on an expression.
#[derive(Clone, Debug)]
pub struct ProofStep {
    pub rule: Arc<str>,
    /// Whether the law was used from left to right.
    pub forward: bool,
    /// The whole expression after the step.
    pub after: Expr,
}
