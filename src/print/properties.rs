//! Printing and reading back is the identity.

use crate::applied::{Applied, Signature};
use crate::expr::Shape;
use crate::expr::{Expr, Op, Subscript};
use crate::function::{Call, Function, Map};
use crate::number::Number;
use crate::{Declarations, Symbol, parse};
use proptest::prelude::*;
use std::sync::Arc;

const DECLARATIONS: &str = "A: matrix(n, n); B: matrix(n, n); x: vector(n); y: vector(n); s: scalar; f: function(scalar) -> scalar";

fn leaf() -> impl Strategy<Value = Expr> {
    let variables = ["A", "B", "x", "y", "s"].map(|name| {
        let declarations = Declarations::parse(DECLARATIONS).unwrap();
        parse(name, &declarations).unwrap()
    });
    let numbers = (0i64..20, 1i64..8).prop_map(|(p, q)| Expr::number(Number::ratio(p, q)));
    prop_oneof![3 => prop::sample::select(variables.to_vec()), 1 => numbers]
}

/// A product as the parser builds it: one of the same sort that begins it is a part of it.
fn flat(mut all: Vec<Expr>, make: fn(Vec<Expr>) -> Op) -> Expr {
    if let (Op::Mul(inner), Op::Mul(_)) | (Op::Had(inner), Op::Had(_)) = (all[0].op().clone(), make(Vec::new())) {
        all.splice(0..1, inner);
    }
    Expr::new(make(all))
}

fn is_number(e: &Expr) -> bool {
    matches!(e.op(), Op::Number(_))
}

/// The parser folds a minus and a quotient of plain numbers.
fn negated(e: Expr) -> Expr {
    if let Op::Number(n) = e.op() { Expr::number(-n) } else { -e }
}

/// The parser takes a transposed exponent for a slip.
fn untransposed(e: Expr) -> Expr {
    if let Op::Transpose(a) = e.op() { untransposed(a.clone()) } else { e }
}

/// In a sum a minus is the sum's.
fn subtracted(e: Expr) -> Expr {
    match e.op() {
        Op::Number(n) if n.is_negative() => Expr::number(n.abs()),
        _ => e,
    }
}

/// A minus before a number that is divided belongs to the quotient.
fn positive(e: Expr) -> Expr {
    if let Op::Number(n) = e.op() { Expr::number(n.abs()) } else { e }
}

fn divided(a: Expr, b: Expr) -> Expr {
    if is_number(&a) && is_number(&b) { a } else { Expr::new(Op::Div(positive(a), b)) }
}

fn expression() -> impl Strategy<Value = Expr> {
    leaf().prop_recursive(5, 40, 3, |inner| {
        let (one, two) = (inner.clone(), (inner.clone(), inner.clone()));
        let many = prop::collection::vec(inner.clone(), 2..4);
        let entry = |i: &str, j: &str| vec![Subscript::Index(Symbol::new(i)), Subscript::Index(Symbol::new(j))];
        prop_oneof![
            many.clone().prop_map(|all| Expr::new(Op::Add(all.into_iter().map(subtracted).collect()))),
            many.clone().prop_map(|all| flat(all, Op::Mul)),
            many.prop_map(|all| flat(all, Op::Had)),
            one.clone().prop_map(negated),
            two.clone().prop_map(|(a, b)| divided(a, b)),
            two.clone().prop_map(|(a, b)| Expr::new(Op::HadDiv(positive(a), b))),
            two.clone().prop_map(|(a, b)| Expr::new(Op::LeftDiv(positive(a), b))),
            two.clone().prop_map(|(a, b)| Expr::new(Op::Kron(a, b))),
            two.clone().prop_map(|(a, b)| Expr::new(Op::Pow(a, untransposed(b)))),
            two.clone().prop_map(|(a, b)| Expr::new(Op::HadPow(a, untransposed(b)))),
            one.clone().prop_map(|a| Expr::new(Op::Transpose(a))),
            one.clone().prop_map(|a| Expr::call(Function::Map(Map::Exp), [a])),
            two.prop_map(|(a, b)| Expr::call(Function::Call(Call::Cross), [a, b])),
            one.clone().prop_map(|a| {
                let signature = Signature { arguments: vec![Shape::Scalar], result: Shape::Scalar };
                let function = Applied { elementwise: true, ..Applied::new(Symbol::new("f"), Arc::new(signature)) };
                Expr::new(Op::Apply { function: Arc::new(function), arguments: vec![a] })
            }),
            one.prop_map(move |a| {
                let outputs = ["i", "j"].map(|i| (Symbol::new(i), None)).to_vec();
                Expr::new(Op::Braces(Expr::new(Op::Subscript(a, entry("i", "j"))), outputs))
            }),
        ]
    })
}

proptest! {
    #[test]
    fn what_is_printed_reads_back_to_the_same_tree(e in expression()) {
        let declarations = Declarations::parse(DECLARATIONS).unwrap();
        let text = e.to_string();
        let back = parse(&text, &declarations);
        prop_assert!(back.is_ok(), "{text}: {:?}", back.err());
        let back = back.unwrap();
        prop_assert_eq!(back, e);
    }
}
