//! Where the expressions of a proof are defined.

use crate::dim::Symbol;
use crate::expr::{Expr, Op};
use crate::fact::Facts;
use crate::function::{Call, Function, Map};
use crate::infer::infer;
use crate::matrix::{Build, Terms, of_typed};
use crate::number::Number;
use crate::parse::Declarations;
use crate::proof::Requirement;
use egg::Id;

/// What the expressions need to be defined, each requirement once and none that declarations meet.
///
/// Variables of `assumed` have been taken for invertible without a declaration.
pub fn requirements<'a>(all: impl Iterator<Item = &'a Expr>, assumed: &[Symbol]) -> Vec<Requirement> {
    let mut found = Found { terms: Terms::new(), assumed, seen: Vec::new(), all: Vec::new() };
    all.for_each(|e| found.expression(e));
    found.all
}

struct Found<'a> {
    terms: Terms,
    assumed: &'a [Symbol],
    /// What has been met, as terms where they have a matrix form: one sum may be written in many orders.
    seen: Vec<Id>,
    all: Vec<Requirement>,
}

impl Found<'_> {
    fn expression(&mut self, e: &Expr) {
        match e.op() {
            Op::Call(Function::Call(Call::Inv), arguments) => arguments.iter().for_each(|a| self.divisor(a)),
            Op::Call(Function::Map(Map::Log), arguments) => arguments.iter().for_each(|a| self.positive(a)),
            Op::Div(_, b) | Op::HadDiv(_, b) | Op::LeftDiv(b, _) => self.divisor(b),
            Op::Pow(a, p) | Op::HadPow(a, p) if is_negative(p) => self.divisor(a),
            _ => {}
        }
        e.op().for_each_child(|c| self.expression(c));
    }

    fn divisor(&mut self, e: &Expr) {
        // What depends on the indices around it is no expression of its own.
        let Ok(typed) = infer(e, &Declarations::new()) else { return };
        let square = typed.root().shape.axes().len() == 2;
        if let Some(facts) = self.new_facts(e) {
            let assumed = matches!(e.op(), Op::Var(v) if self.assumed.contains(&v.name));
            let met = !assumed && facts.contains(if square { Facts::INVERTIBLE } else { Facts::POSITIVE });
            if !met && !matches!(e.op(), Op::Number(_)) {
                self.all.push(if square { Requirement::Invertible(e.clone()) } else { Requirement::NonZero(e.clone()) });
            }
        }
    }

    fn positive(&mut self, e: &Expr) {
        if self.new_facts(e).is_some_and(|facts| !facts.contains(Facts::POSITIVE)) {
            self.all.push(Requirement::Positive(e.clone()));
        }
    }

    /// What is known of an expression that has not been met before.
    fn new_facts(&mut self, e: &Expr) -> Option<Facts> {
        let typed = infer(e, &Declarations::new()).ok()?;
        let Ok(term) = of_typed(&typed, &mut self.terms) else {
            let written = |r: &Requirement| match r {
                Requirement::Invertible(x) | Requirement::NonZero(x) | Requirement::Positive(x) => x == e,
            };
            return (!self.all.iter().any(written)).then_some(Facts::NONE);
        };
        if self.seen.contains(&term) {
            return None;
        }
        // A matrix is invertible where its transpose is.
        let turned = self.terms.transpose(term);
        self.seen.extend([term, turned]);
        Some(self.terms.facts(term))
    }
}

fn is_negative(e: &Expr) -> bool {
    match e.op() {
        Op::Number(n) => n.is_negative(),
        Op::Neg(a) => matches!(a.op(), Op::Number(n) if *n > Number::ZERO),
        _ => false,
    }
}
