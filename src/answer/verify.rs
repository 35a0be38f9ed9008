//! Answers held against central differences of what they are derivatives of.

use crate::answer::{Answer, Notation};
use crate::check::{Scope, Verification, kronecker_form, numeric_derivative_by, times_first_axes, times_last_axes};
use crate::error::{Error, ErrorKind, Result};
use crate::eval::evaluate;
use crate::expr::{Expr, Op};
use crate::infer::infer;
use crate::question::Question;
use crate::typed::Typed;

/// How far the answer may be from central differences, by how often these are nested.
const TOLERANCE: [f64; 4] = [1e-8, 1e-6, 1e-4, 1e-2];

impl Answer {
    /// Holds the formula against central differences of the input (against its value, if nothing was differentiated) at
    /// random points with small, pairwise different dimensions.
    ///
    /// # Errors
    /// Of kind `Domain` if no point was found where all is finite.
    pub fn verify(&self, points: usize) -> Result<Verification> {
        let declarations = self.declarations();
        let function = infer(&self.input, &declarations)?.by(self.convention);
        if !matches!(self.question, Question::Value | Question::Derivative) {
            return self.verify_product(points);
        }
        let by_parts = self.by.iter().any(|x| !matches!(x.op(), Op::Var(_)));
        let whole = self.by.iter().fold(self.input.clone(), |f, x| Expr::new(Op::Diff(f, x.clone())));
        let whole = by_parts.then(|| infer(&whole, &declarations)).transpose()?;
        let answer = infer(&self.shown().inlined(), &declarations)?;
        let wanted = |at: &crate::Inputs| {
            let derivative = match &whole {
                Some(whole) => evaluate(whole, at)?,
                None => numeric_derivative_by(self.convention, &|at| evaluate(&function, at), &self.wrt, at)?,
            };
            let value = if self.notation == Notation::Kronecker { kronecker_form(&derivative, self.rows)? } else { derivative };
            Ok(if self.laid_out.is_some() { value.reversed_axes() } else { value })
        };
        let tolerance = TOLERANCE[self.wrt.len().min(TOLERANCE.len() - 1)];
        Scope::of(&[whole.as_ref().unwrap_or(&function), &answer]).compare(&wanted, &|at| evaluate(&answer, at), points, tolerance)
    }

    /// Holds a product with directions against that of the derivative found by central differences.
    fn verify_product(&self, points: usize) -> Result<Verification> {
        let declarations = self.declarations();
        let typed = |e: &Expr| Ok(infer(e, &declarations)?.by(self.convention));
        let mut terms: Vec<(Typed, Vec<Typed>)> = Vec::new();
        for (derivative, directions) in self.question.forward(&self.input, &self.by) {
            terms.push((typed(&derivative)?, directions.iter().map(typed).collect::<Result<_>>()?));
        }
        let reverse = if let Question::Vjp(v) = &self.question { Some(typed(v)?) } else { None };
        let answer = self.typed()?;
        let wanted = |at: &crate::Inputs| {
            let products = terms.iter().map(|(derivative, directions)| {
                let derivative = evaluate(derivative, at)?;
                let value = match &reverse {
                    Some(v) => times_first_axes(&evaluate(v, at)?, &derivative)?,
                    None => derivative,
                };
                directions.iter().rev().try_fold(value, |value, v| times_last_axes(&value, &evaluate(v, at)?))
            });
            let all = products.collect::<Result<Vec<_>>>()?;
            all.into_iter().reduce(|a, b| a + b).ok_or_else(|| Error::new(ErrorKind::Internal, "a product without factors"))
        };
        let scope: Vec<&Typed> =
            terms.iter().flat_map(|(d, all)| std::iter::once(d).chain(all)).chain(&reverse).chain(std::iter::once(&answer)).collect();
        let order = match &self.question {
            Question::Hvp(_) => 2,
            Question::Differential { order, .. } => *order,
            Question::Value | Question::Derivative | Question::Jvp(_) | Question::Vjp(_) => 1,
        };
        let tolerance = TOLERANCE[order.min(TOLERANCE.len() - 1)];
        Scope::of(&scope).compare(&wanted, &|at| evaluate(&answer, at), points, tolerance)
    }
}
