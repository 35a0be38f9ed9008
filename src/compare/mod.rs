//! Whether two expressions are equal: numbers first, which refute at once; then a proof; and what is off, where the
//! answer is no.
//!
//! - `sides`: both sides typed together and evaluated
//! - `entries`, `counterexample`: the smallest point at which they differ
//! - `inhabited`: whether what a proof needs holds anywhere
//! - `diagnose`, `variants`, `assumptions`: what should stand instead, and what would make them equal

mod assumptions;
mod counterexample;
mod diagnose;
mod entries;
mod inhabited;
mod sides;
mod variants;

use crate::answer::Notation;
use crate::comparison::{Comparison, Remark, Verdict};
use crate::dim::Symbol;
use crate::error::{Error, ErrorKind, Result};
use crate::eval::{Inputs, Random};
use crate::expr::{Expr, Op, Shape};
use crate::infer::{shapes, supported};
use crate::parse::Declarations;
use crate::pipeline::{Engine, on_a_deep_stack};
use crate::proof::Proof;
use crate::prove::prove;
use crate::saturate::RuleSet;
use sides::{Seen, Sides, draw};

/// At how many points the sides have to agree before a proof is looked for.
const POINTS: usize = 8;
/// How many points are drawn for that; at many of them functions may be undefined.
const DRAWS: usize = 32;
/// No further point is drawn after so many operations: dimensions may be declared as large numbers.
const MOST_WORK: f64 = 2e8;

/// Shared parts are written out where they stand, in proofs and in answers.
const LONGEST: u64 = 1 << 16;

impl Engine {
    /// Whether two expressions are equal for all values of their variables: with a proof if they are, with a point at
    /// which they differ if they are not.
    ///
    /// Both are evaluated at random points first. The shapes have to be those of one value, except that a side may be the
    /// transpose of the other, which is a difference, and that a bare `0` stands for zeros of any shape.
    ///
    /// ```
    /// use indicial::{Declarations, Engine, Verdict, parse};
    /// let declarations = Declarations::parse("A: matrix(m, n); B: matrix(n, m)")?;
    /// let read = |text| parse(text, &declarations);
    /// let comparison = Engine::new().check(&read("tr(A*B)")?, &read("sum(B'.*A)")?, &declarations)?;
    /// assert!(matches!(comparison.verdict, Verdict::Equal(_)));
    /// # Ok::<(), indicial::Error>(())
    /// ```
    ///
    /// # Errors
    /// If a side is ill-formed or too long, or the shapes of the two do not fit together.
    pub fn check(&self, left: &Expr, right: &Expr, declarations: &Declarations) -> Result<Comparison> {
        let longest = left.nodes().max(right.nodes());
        if longest > LONGEST {
            let message = format!("a side with its definitions put in place has more than the limit of {LONGEST} parts");
            return Err(Error::new(ErrorKind::Limit, message));
        }
        on_a_deep_stack(left.depth().max(right.depth()) + 8, || {
            let sides = Sides::read(left, right, declarations, self);
            if let Some(kinds) = sides.as_ref().ok().and_then(|s| s.kinds_by_left(declarations))
                && let Some(comparison) = self.as_read(Sides::read(left, right, &kinds, self), (left, right), &kinds)
                && let Ok(mut comparison) = comparison
            {
                let declared = |name: &Symbol| declarations.variable(*name).is_some();
                comparison.assumed = comparison.variables.iter().map(|v| v.name).filter(|name| !declared(name)).collect();
                return Ok(comparison);
            }
            let fallback = sides.as_ref().err().map(|e| self.with_derivative(e, left, right, declarations));
            self.as_read(sides, (left, right), declarations)
                .or(fallback.map(Err))
                .unwrap_or_else(|| Err(Error::new(ErrorKind::Internal, "two sides were not compared")))
        })
    }

    /// Whoever has a derivative of the wrong shape wants to know the right one.
    fn with_derivative(&self, error: &Error, left: &Expr, right: &Expr, declarations: &Declarations) -> Error {
        let question = [left, right].into_iter().find(|e| matches!(e.op(), Op::Diff(..)));
        let both_read = [left, right].iter().all(|e| shapes(e, declarations).is_ok());
        let answer = question.filter(|_| both_read && error.kind == ErrorKind::Shape);
        match answer.and_then(|e| self.simplify(e, declarations).ok()) {
            Some(answer) => error.clone().help(format!("the derivative is {answer}")),
            None => error.clone(),
        }
    }

    /// The comparison of two sides as they were read, or of one with the transpose of the other.
    fn as_read(&self, sides: Result<Sides>, (left, right): (&Expr, &Expr), declarations: &Declarations) -> Option<Result<Comparison>> {
        match sides {
            Ok(sides) => Some(self.compare(sides)),
            Err(e) if e.kind == ErrorKind::Shape => self.otherwise_shaped(left, right, declarations),
            Err(e) => Some(Err(e)),
        }
    }

    fn compare(&self, mut sides: Sides) -> Result<Comparison> {
        let mut seen = look(&sides);
        let mut found = seen.differ.as_ref().and_then(|at| counterexample::search(&sides, at));
        if seen.differ.is_some() && found.is_none() {
            sides.distrust();
            seen = look(&sides);
            found = seen.differ.as_ref().and_then(|at| counterexample::search(&sides, at));
        }
        if let Some(found) = found {
            let mut remarks = diagnose::remarks(self, &sides);
            remarks.extend(zeros(&sides));
            return Ok(comparison(&sides, Verdict::Different(Some(Box::new(found))), &seen, remarks));
        }
        let mut remarks: Vec<Remark> = zeros(&sides).into_iter().chain(seen.domain()).collect();
        let found = proof(&sides, self.rule_set());
        // Random points are away from kinks, which may be the only points where two sides differ.
        if seen.differ.is_none()
            && (!matches!(found, Ok(Some(_))) || sides.has_kinks())
            && let Some(at) = counterexample::at_kinks(&sides)
        {
            let remarks = zeros(&sides).into_iter().chain(assumptions::find(&sides).map(Remark::If)).collect();
            return Ok(comparison(&sides, Verdict::Different(Some(Box::new(at))), &seen, remarks));
        }
        let verdict = match found {
            // A proof against numbers would be a wrong law; it is not believed.
            Ok(Some(proof)) if seen.differ.is_none() => match inhabited::unmet(&sides, &proof) {
                None => Verdict::Equal(proof),
                Some(unmet) => {
                    remarks.push(Remark::Vacuous(unmet));
                    Verdict::Undecided
                }
            },
            Ok(_) => Verdict::Undecided,
            Err(e) => {
                remarks.push(Remark::Because(format!("no proof could be tried: {}", e.message)));
                Verdict::Undecided
            }
        };
        if let (Verdict::Undecided, Some(e)) = (&verdict, &seen.impossible) {
            remarks.push(Remark::Because(format!("no values: {}", e.message)));
        }
        if matches!(verdict, Verdict::Undecided) && seen.only_left + seen.only_right > 0 {
            remarks.extend(assumptions::find(&sides).map(Remark::If));
        }
        Ok(comparison(&sides, verdict, &seen, remarks))
    }

    /// Sides whose shapes differ: one may be the transpose of the other, or a derivative in Kronecker notation.
    fn otherwise_shaped(&self, left: &Expr, right: &Expr, declarations: &Declarations) -> Option<Result<Comparison>> {
        let transposed = Expr::new(Op::Transpose(right.clone()));
        if let Ok(sides) = Sides::read(left, &transposed, declarations, self)
            && matches!(sides.left.shape(), Shape::Column(_) | Shape::Row(_) | Shape::Matrix(..))
        {
            let seen = look(&sides);
            let is_equal = seen.differ.is_none() && (seen.agree >= POINTS || matches!(proof(&sides, self.rule_set()), Ok(Some(_))));
            return is_equal.then(|| {
                let layout = sides.left.has_diff || sides.right.has_diff;
                let mut remarks = vec![Remark::Transposed { layout }];
                remarks.extend(sides.left.derivative.clone().map(Remark::Derivative));
                let mut whole = comparison(&sides, Verdict::Different(None), &seen, remarks);
                whole.right = right.clone();
                Ok(whole)
            });
        }
        let (stacked, other) = match (self.stacked(left, declarations), self.stacked(right, declarations)) {
            (Some(l), None) => (Sides::read(&l, right, declarations, self), l),
            (None, Some(r)) => (Sides::read(left, &r, declarations, self), r),
            _ => return None,
        };
        drop(other);
        let mut comparison = self.compare(stacked.ok()?).ok()?;
        (comparison.left, comparison.right) = (left.clone(), right.clone());
        comparison.remarks.push(Remark::Kronecker);
        Some(Ok(comparison))
    }

    /// A derivative with more than two axes as d vec(F) / d vec(X)'.
    fn stacked(&self, side: &Expr, declarations: &Declarations) -> Option<Expr> {
        let Op::Diff(f, x) = side.op() else { return None };
        let answer = self.clone().notation(Notation::Kronecker).derivative(f, std::slice::from_ref(x), declarations).ok()?;
        (answer.notation == Notation::Kronecker && answer.shape.len() > 2).then(|| answer.formula.inlined())
    }
}

/// A proof that the sides are equal, if one is found.
///
/// # Errors
/// If a construct cannot be lowered, or a derivative is not known.
fn proof(sides: &Sides, rules: &RuleSet) -> Result<Option<Proof>> {
    supported(&sides.left.typed)?;
    prove(&sides.left.typed, &sides.right.typed, rules)
}

fn comparison(sides: &Sides, verdict: Verdict, seen: &Look, remarks: Vec<Remark>) -> Comparison {
    Comparison {
        verdict,
        left: sides.left.expr.clone(),
        right: sides.right.expr.clone(),
        variables: sides.variables.clone(),
        assumed: sides.assumed.clone(),
        points: seen.agree,
        remarks,
    }
}

fn zeros(sides: &Sides) -> Option<Remark> {
    sides.zeros.as_ref().map(|shape| Remark::Zeros(shape.to_string()))
}

/// What evaluation at random points saw.
#[derive(Default)]
struct Look {
    agree: usize,
    /// The first point where the sides differ.
    differ: Option<Inputs>,
    only_left: usize,
    only_right: usize,
    /// Why there are no values.
    impossible: Option<Error>,
}

impl Look {
    /// Where only one side is defined, if they agree otherwise.
    fn domain(&self) -> Vec<Remark> {
        let one = |count: usize, only_left: bool| (count > 0).then_some(Remark::Domain { only_left });
        [one(self.only_left, true), one(self.only_right, false)].into_iter().flatten().collect()
    }
}

fn look(sides: &Sides) -> Look {
    let mut seen = Look::default();
    let mut work = 0.0;
    for number in 0..DRAWS {
        if seen.agree >= POINTS || work > MOST_WORK {
            break;
        }
        let outcome = draw(&sides.scope, number).and_then(|at| {
            work += sides.work(&at.sizes);
            let at = if number % 3 == 2 { with_whole_scalars(sides, at, number) } else { at };
            Ok((sides.at(&at)?, at))
        });
        match outcome {
            Ok((Seen::Differ, at)) if sides.is_certain(&at) => {
                seen.differ = Some(at);
                break;
            }
            Ok((Seen::Agree, _)) => seen.agree += 1,
            Ok((Seen::OnlyLeft, _)) => seen.only_left += 1,
            Ok((Seen::OnlyRight, _)) => seen.only_right += 1,
            Ok((Seen::Differ | Seen::Unclear | Seen::Nowhere, _)) => {}
            Err(e) => {
                seen.impossible = Some(e);
                break;
            }
        }
    }
    seen
}

/// Scalars may be powers of matrices, which have to be whole, or of negative numbers.
fn with_whole_scalars(sides: &Sides, mut at: Inputs, number: usize) -> Inputs {
    let mut random = Random::new(number as u64);
    for v in sides.variables.iter().filter(|v| v.axes().is_empty()) {
        if let Some(kind) = &v.kind
            && let Ok(value) = entries::draw(kind, &at.sizes, entries::POOLS[1 + number % 2], &mut random)
        {
            at.values.insert(v.name, value);
        }
    }
    at
}
