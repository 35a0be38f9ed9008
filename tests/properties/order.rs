//! The order in which things are written does not matter: the answer has the same bytes.

use super::generate::{Choices, DECLARATIONS};
use super::{DECLARED, Outcome, choices, holds, made};
use indicial::{Declarations, Engine, Expr, Op, Shape, infer};

/// Terms, entrywise factors and scalar factors in another order.
fn shuffled(e: &Expr, c: &mut Choices) -> Expr {
    let op = e.op().try_map(|part| Ok::<Expr, ()>(shuffled(part, c))).unwrap_or_else(|()| e.op().clone());
    Expr::new(match op {
        Op::Add(terms) => Op::Add(permuted(terms, c)),
        Op::Had(factors) => Op::Had(permuted(factors, c)),
        Op::Mul(factors) => Op::Mul(scalars_moved(factors, c)),
        op => op,
    })
}

fn permuted<T>(mut all: Vec<T>, c: &mut Choices) -> Vec<T> {
    for end in (1..all.len()).rev() {
        all.swap(end, end - c.of(end + 1));
    }
    all
}

/// A scalar factor commutes with everything.
fn scalars_moved(mut factors: Vec<Expr>, c: &mut Choices) -> Vec<Expr> {
    let scalar = |e: &Expr| infer(e, &DECLARED).is_ok_and(|t| t.root().shape == Shape::Scalar && t.root().free.is_empty());
    if let Some(at) = factors.iter().position(scalar) {
        let moved = factors.remove(at);
        let to = if c.of(2) == 0 { 0 } else { factors.len() };
        factors.insert(to, moved);
    }
    factors
}

fn answer(e: &Expr, declarations: &Declarations) -> String {
    match Engine::new().simplify(e, declarations) {
        Ok(answer) => format!("{answer} or {}", answer.index().map_or_else(|e| e.to_string(), |f| f.to_string())),
        Err(e) => format!("error {}", e.kind),
    }
}

fn same_bytes(e: &Expr, other: &Expr) -> Outcome {
    let (one, two) = (answer(e, &DECLARED), answer(other, &DECLARED));
    if one == two { Ok(()) } else { Err(format!("gives {one}\n{other}\ngives {two}")) }
}

#[test]
fn the_order_of_terms_and_factors_does_not_matter() {
    let other = |list: &Vec<u8>| shuffled(&made(list, 4), &mut Choices::new(&list.iter().rev().copied().collect::<Vec<u8>>()));
    holds(300, &choices(), |list| made(list, 4).to_string(), |list| same_bytes(&made(list, 4), &other(list)));
}

#[test]
fn the_order_of_declarations_does_not_matter() {
    let backwards: Vec<&str> = DECLARATIONS.split(';').rev().collect();
    let backwards = Declarations::parse(&backwards.join(";")).expect("they are well-formed");
    let test = |list: &Vec<u8>| {
        let e = made(list, 4);
        let (one, two) = (answer(&e, &DECLARED), answer(&e, &backwards));
        if one == two { Ok(()) } else { Err(format!("gives {one} or {two}")) }
    };
    holds(150, &choices(), |list| made(list, 4).to_string(), test);
}
