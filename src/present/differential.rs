//! The differential of a scalar: each transposed gradient with the change of its variable behind it, `g'*dx` and `tr(G'*dX)`, so
//! that the gradients can be read off.

use super::Presented;
use super::build::fewest_signs;
use super::factors::{Factors, call, positive_first};
use super::share::name_shared_parts;
use crate::dim::Symbol;
use crate::error::{Error, ErrorKind, Result};
use crate::expr::{Expr, Op};
use crate::function::{Call, Function};
use crate::matrix::Mat;
use crate::number::Number;
use egg::{Id, RecExpr};
use std::collections::BTreeSet;

/// The part of a differential that one variable contributes.
pub(crate) struct PartialDifferential {
    /// The transposed gradient, and which of its terms is the root.
    pub transposed: (RecExpr<Mat>, Id),
    /// The change of the variable, a column where it has one axis.
    pub change: Expr,
    /// How many axes the variable has: at most two.
    pub axes: usize,
}

/// The sum of partial differentials, in their order.
///
/// # Errors
/// As [`super::present`].
pub(crate) fn present_differential(partials: &[PartialDifferential], taken: &BTreeSet<Symbol>) -> Result<Presented> {
    let not_zero = partials.iter().filter(|p| !p.is_zero());
    let mut terms = not_zero.map(|p| p.written(taken)).collect::<Result<Vec<Vec<_>>>>()?.concat();
    let body = match terms.len() {
        0 => Expr::number(Number::ZERO),
        1 => terms.remove(0),
        _ => Expr::new(Op::Add(positive_first(terms))),
    };
    let (bodies, parts) = name_shared_parts(vec![body], taken);
    match bodies.into_iter().next() {
        Some(body) => Ok(Presented { body, parts }),
        None => Err(Error::new(ErrorKind::Internal, "no term was written")),
    }
}

impl PartialDifferential {
    fn is_zero(&self) -> bool {
        let (terms, root) = &self.transposed;
        match &terms[*root] {
            Mat::Number(n) => n.is_zero(),
            Mat::Zero(_) => true,
            _ => false,
        }
    }

    fn written(&self, taken: &BTreeSet<Symbol>) -> Result<Vec<Expr>> {
        let (terms, root) = &self.transposed;
        fewest_signs(terms.as_ref(), &[*root], taken, &|gradient| self.product(gradient))
    }

    /// The written gradient times the change. The change stands last, also behind other scalars.
    fn product(&self, gradient: Factors) -> Expr {
        let fill = gradient.fill;
        let (scalars, core) = gradient.split();
        let behind = match core {
            None => self.change.clone(),
            Some(_) if fill => call(Call::Sum, [self.change.clone()]),
            Some(core) if self.axes == 2 => call(Call::Trace, [chain(&core, &self.change)]),
            Some(core) => chain(&core, &self.change),
        };
        scalars.times(Factors::of(behind, false)).finish()
    }
}

fn chain(core: &Expr, change: &Expr) -> Expr {
    match core.op() {
        Op::Mul(factors) => Expr::new(Op::Mul(factors.iter().chain([change]).cloned().collect())),
        Op::Call(Function::Call(Call::Eye), _) => change.clone(),
        _ => core * change,
    }
}
