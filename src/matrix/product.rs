//! Products of all kinds: scalar multiples, chains, Hadamard products and powers; and transposes, which move in them.

use super::build::{Build, split};
use super::{Form, Mat, MatFn, part};
use crate::dim::Dim;
use crate::fact::Facts;
use crate::number::Number;
use egg::Id;
use std::cell::Cell;

pub fn times<B: Build + ?Sized>(b: &mut B, scalar: Id, t: Id) -> Id {
    if b.is_scalar(t) {
        return b.had(&[scalar, t]);
    }
    let ((c, mut scalar), (d, mut t)) = (split(b, scalar), split(b, t));
    let coefficient = &c * &d;
    if let Mat::Times([inner, core]) = b.view(t) {
        let (inner, core) = (*inner, *core);
        scalar = b.had(&[scalar, inner]);
        t = core;
        let (e, core) = split(b, scalar);
        scalar = core;
        let product = times(b, scalar, t);
        return b.scale(&(&coefficient * &e), product);
    }
    let product = match b.view(t) {
        _ if is_one(b, scalar) => t,
        Mat::Zero(_) => t,
        Mat::Fill(m, n, [entry]) => {
            let (m, n, entry) = (*m, *n, *entry);
            let entry = b.had(&[scalar, entry]);
            b.fill(entry, m, n)
        }
        _ => b.insert(Mat::Times([scalar, t])),
    };
    b.scale(&coefficient, product)
}

fn is_one<B: Build + ?Sized>(b: &B, t: Id) -> bool {
    matches!(b.view(t), Mat::Number(n) if n.is_one())
}

/// In a chain, a matrix power up to this is as many factors.
const REPEATED: i64 = 8;

/// The factors of a chain, apart from what commutes with it.
struct Chain {
    coefficient: Number,
    scalars: Vec<Id>,
    factors: Vec<Id>,
}

/// Ends because each step replaces a factor by cheaper ones.
fn unfold<B: Build + ?Sized>(b: &B, factors: &[Id]) -> Chain {
    let mut chain = Chain { coefficient: Number::ONE, scalars: Vec::new(), factors: Vec::new() };
    let mut waiting: Vec<Id> = factors.iter().rev().copied().collect();
    while let Some(t) = waiting.pop() {
        match b.view(t) {
            Mat::Number(n) => chain.coefficient = &chain.coefficient * n,
            Mat::Scale(c, [core]) => {
                chain.coefficient = &chain.coefficient * c;
                waiting.push(*core);
            }
            _ if b.is_scalar(t) => chain.scalars.push(t),
            Mat::Times([s, core]) => {
                chain.scalars.push(*s);
                waiting.push(*core);
            }
            Mat::Mul(inner) => waiting.extend(inner.iter().rev()),
            Mat::MatPower(p, [base]) if (2..=REPEATED).contains(p) => (0..*p).for_each(|_| waiting.push(*base)),
            Mat::Eye(_) => {}
            _ => chain.factors.push(b.canonical(t)),
        }
    }
    chain
}

pub fn mul<B: Build + ?Sized>(b: &mut B, factors: &[Id]) -> Id {
    let shaped: Vec<Id> = factors.iter().copied().filter(|f| !b.is_scalar(*f)).collect();
    let (Some(first), Some(last)) = (shaped.first(), shaped.last()) else { return b.had(factors) };
    let form = Form::Grid(b.form(*first).rows(), b.form(*last).columns());
    if factors.iter().any(|f| matches!(b.view(*f), Mat::Zero(_))) {
        return b.zero(form);
    }
    let Chain { coefficient, mut scalars, factors } = unfold(b, factors);
    let factors = join_ones(b, factors, &mut scalars);
    let Some(factors) = part::fold(b, factors, &mut scalars) else { return b.zero(form) };
    let rest = closed_segments(b, &factors, &mut scalars);
    let product = match rest[..] {
        [] => b.eye(form.rows()),
        [one] => one,
        _ if form.is_scalar() => oriented(b, &rest),
        _ => b.insert(Mat::Mul(rest.into())),
    };
    let scalar = b.had(&scalars);
    let product = b.times(scalar, product);
    b.scale(&coefficient, product)
}

/// Neighbouring constant arrays are one, times the length between them.
fn join_ones<B: Build + ?Sized>(b: &mut B, factors: Vec<Id>, scalars: &mut Vec<Id>) -> Vec<Id> {
    let mut joined: Vec<Id> = Vec::with_capacity(factors.len());
    for f in factors {
        let pair = match (joined.last().map(|last| b.view(*last)), b.view(f)) {
            (Some(Mat::Fill(m, k, [x])), Mat::Fill(_, n, [y])) => Some((*m, *k, *n, *x, *y)),
            _ => None,
        };
        let Some((m, k, n, x, y)) = pair else {
            joined.push(f);
            continue;
        };
        joined.pop();
        let length = b.size(k);
        scalars.extend([length, x, y]);
        let ones = b.ones(m, n);
        if b.is_scalar(ones) { scalars.push(ones) } else { joined.push(ones) }
    }
    joined
}

/// A segment of a chain between two places where the inner dimension is 1 is a scalar, and moves out: `x*(y'*z)*w'`
/// is `(y'*z)*x*w'`. What stays has at most one such place.
fn closed_segments<B: Build + ?Sized>(b: &mut B, factors: &[Id], scalars: &mut Vec<Id>) -> Vec<Id> {
    let Some(first) = factors.first() else { return Vec::new() };
    let mut rest: Vec<Id> = Vec::with_capacity(factors.len());
    let mut open = (b.form(*first).rows() == Dim::ONE).then_some(0);
    let last = factors.len() - 1;
    for (at, f) in factors.iter().enumerate() {
        rest.push(*f);
        if b.form(*f).columns() != Dim::ONE {
            continue;
        }
        if let Some(start) = open {
            let whole = start == 0 && at == last && scalars.is_empty();
            if whole {
                return rest;
            }
            let segment: Vec<Id> = rest.drain(start..).collect();
            let scalar = if segment.len() == 1 { segment[0] } else { oriented(b, &segment) };
            scalars.push(scalar);
        }
        open = Some(rest.len());
    }
    if rest.is_empty() {
        rest.extend(scalars.pop());
    }
    rest
}

/// Of a 1×1 chain and its transpose the shorter, then the first in order.
fn oriented<B: Build + ?Sized>(b: &mut B, factors: &[Id]) -> Id {
    let turned: i64 = factors.iter().map(|f| turn(b, *f)).sum();
    if turned > 0 {
        return b.insert(Mat::Mul(factors.into()));
    }
    let reversed: Vec<Id> = factors.iter().rev().map(|f| transpose(b, *f)).collect();
    if turned == 0 && !comes_first(b, &reversed, factors) {
        return b.insert(Mat::Mul(factors.into()));
    }
    // A transpose may come with a sign of its own.
    let Chain { coefficient, mut scalars, factors } = unfold(b, &reversed);
    scalars.push(b.insert(Mat::Mul(factors.into())));
    let product = b.had(&scalars);
    b.scale(&coefficient, product)
}

fn comes_first<B: Build + ?Sized>(b: &B, these: &[Id], those: &[Id]) -> bool {
    let difference = these.iter().zip(those).map(|(x, y)| b.order(*x, *y)).find(|o| o.is_ne());
    difference.is_some_and(std::cmp::Ordering::is_lt)
}

/// The most factors that a product is taken apart into.
const FUEL: usize = 1_000;

pub fn had<B: Build + ?Sized>(b: &mut B, factors: &[(Id, Number)]) -> Id {
    let form = factors.first().map_or(Form::SCALAR, |(t, _)| b.form(*t).clone());
    let scalar_product = form.is_scalar();
    let mut coefficient = Number::ONE;
    let mut scalars: Vec<(Id, Number)> = Vec::new();
    let mut bases: Vec<(Id, Number)> = Vec::new();
    let mut waiting: Vec<(Id, Number)> = factors.iter().rev().cloned().collect();
    // In an arena each step replaces a factor by smaller ones. A class of an e-graph may be a product that holds the class
    // itself, so that the steps are counted: a factor that is not looked into any more stays as it is.
    let mut fuel = FUEL;
    while let Some((t, p)) = waiting.pop() {
        if fuel == 0 {
            bases.push((b.canonical(t), p));
            continue;
        }
        fuel -= 1;
        match b.view(t) {
            Mat::Zero(_) if !p.is_negative() => return b.zero(form),
            Mat::Number(n) => match n.pow(&p) {
                Some(n) => coefficient = &coefficient * &n,
                None => bases.push((b.canonical(t), p)),
            },
            Mat::Scale(c, [core]) if c.pow(&p).is_some() => {
                coefficient = &coefficient * &c.pow(&p).unwrap_or(Number::ONE);
                waiting.push((*core, p));
            }
            Mat::Had(inner) if splits(b, inner, &p) => waiting.extend(inner.iter().rev().map(|f| (*f, p.clone()))),
            Mat::Power(q, [base]) if p.is_integer() || b.facts(*base).contains(Facts::NONNEGATIVE) => waiting.push((*base, &p * q)),
            Mat::Times([s, core]) if splits(b, &[*s, *core], &p) => {
                scalars.push((*s, p.clone()));
                waiting.push((*core, p));
            }
            Mat::Fill(_, _, [entry]) if !scalar_product => scalars.push((*entry, p)),
            _ => bases.push((b.canonical(t), p)),
        }
    }
    let mut powers: Vec<Id> = Vec::new();
    for (t, p) in merge_powers(b, bases) {
        match b.view(t) {
            Mat::Number(n) if n.pow(&p).is_some() => coefficient = &coefficient * &n.pow(&p).unwrap_or(Number::ONE),
            _ => powers.push(raw_power(b, t, p)),
        }
    }
    powers.sort_by(|x, y| b.order(*x, *y));
    let product = match powers.len() {
        0 => b.ones_like(&form),
        1 => powers[0],
        _ => match super::structure::structured_product(b, &powers) {
            Some(product) => product,
            None => b.insert(Mat::Had(powers.into())),
        },
    };
    if coefficient.is_zero() {
        return b.zero(form);
    }
    let product = if scalars.is_empty() {
        product
    } else {
        let scalar = had(b, &scalars);
        b.times(scalar, product)
    };
    b.scale(&coefficient, product)
}

/// Whether the power of this product is the product of the powers.
fn splits<B: Build + ?Sized>(b: &B, factors: &[Id], exponent: &Number) -> bool {
    exponent.is_integer() || factors.iter().all(|f| b.facts(*f).contains(Facts::NONNEGATIVE))
}

/// Adds the exponents of equal bases.
fn merge_powers<B: Build + ?Sized>(b: &B, mut bases: Vec<(Id, Number)>) -> Vec<(Id, Number)> {
    bases.sort_by(|(x, _), (y, _)| b.order(*x, *y));
    let mut merged: Vec<(Id, Number)> = Vec::with_capacity(bases.len());
    for (t, p) in bases {
        match merged.last_mut() {
            Some((last, sum)) if *last == t => *sum = &*sum + &p,
            _ => merged.push((t, p)),
        }
    }
    merged.retain(|(_, p)| !p.is_zero());
    merged
}

fn raw_power<B: Build + ?Sized>(b: &mut B, base: Id, exponent: Number) -> Id {
    if exponent.is_one() {
        return base;
    }
    super::structure::power_of_diagonal(b, base, &exponent).unwrap_or_else(|| b.insert(Mat::Power(exponent, [base])))
}

pub fn power<B: Build + ?Sized>(b: &mut B, base: Id, exponent: &Number) -> Id {
    match b.view(base) {
        _ if exponent.is_one() => base,
        _ if exponent.is_zero() => {
            let form = b.form(base).clone();
            b.ones_like(&form)
        }
        Mat::Fill(m, n, [entry]) => {
            let (m, n, entry) = (*m, *n, *entry);
            let entry = power(b, entry, exponent);
            b.fill(entry, m, n)
        }
        _ => had(b, &[(base, exponent.clone())]),
    }
}

/// So many parts of a term are asked what their transposes cost, down to so many levels: with parts that are shared again and again
/// there are more of them than time.
const TURN_PARTS: usize = 400;
const TURN_DEPTH: usize = 24;
/// What a transpose costs.
pub const TURNED: i64 = 11;

/// What transposing a term adds to its cost when the transposes are put where they belong.
pub fn turn<B: Build + ?Sized>(b: &B, t: Id) -> i64 {
    turn_within(b, t, TURN_DEPTH, &Cell::new(TURN_PARTS))
}

/// Below `depth` levels, or when no parts are left to ask, what a plain transpose adds.
fn turn_within<B: Build + ?Sized>(b: &B, t: Id, depth: usize, left: &Cell<usize>) -> i64 {
    let of = |c: &Id| turn_within(b, *c, depth - 1, left);
    if depth == 0 || left.get() == 0 {
        return TURNED;
    }
    left.set(left.get() - 1);
    match b.view(t) {
        _ if keeps_when_transposed(b, t) => 0,
        Mat::Transpose([a]) if matches!(b.view(*a), Mat::Unit(..)) => 0,
        Mat::Transpose(_) => -TURNED,
        Mat::Zero(_) | Mat::Fill(..) | Mat::Commutation(..) | Mat::Gather(_) | Mat::Scatter(_) | Mat::Unit(..) => 0,
        Mat::Slice(_, [a]) => of(a).min(TURNED),
        Mat::Scale(_, [a]) | Mat::Times([_, a]) | Mat::Power(_, [a]) | Mat::MatPower(_, [a]) => of(a),
        Mat::Call(MatFn::Tril | MatFn::Triu, a) => of(&a[0]),
        Mat::Call(MatFn::Inv, a) if of(&a[0]) <= 0 => of(&a[0]),
        Mat::Map(_, [a]) => of(a).min(TURNED),
        Mat::Mul(factors) => factors.iter().map(of).sum(),
        Mat::Had(all) | Mat::Add(_, all) => all.iter().map(of).sum::<i64>().min(TURNED),
        Mat::Map2(_, pair) => pair.iter().map(of).sum::<i64>().min(TURNED),
        Mat::Call(MatFn::Cross, arguments) if matches!(b.view(arguments[1]), Mat::Eye(_)) => 0,
        Mat::Call(f, arguments) if sums_of_transposed(b, *f, arguments).is_some() => -TURNED,
        Mat::Call(MatFn::Kron, arguments) => arguments.iter().map(of).sum::<i64>().min(TURNED),
        _ => TURNED,
    }
}

/// The sums along one direction of a transpose are those along the other, turned.
fn sums_of_transposed<B: Build + ?Sized>(b: &B, f: MatFn, arguments: &[Id]) -> Option<(MatFn, Id)> {
    let Mat::Transpose([inner]) = b.view(*arguments.first()?) else { return None };
    let turned = match f {
        MatFn::SumRows => MatFn::SumColumns,
        MatFn::SumColumns => MatFn::SumRows,
        MatFn::MeanRows => MatFn::MeanColumns,
        MatFn::MeanColumns => MatFn::MeanRows,
        _ => return None,
    };
    Some((turned, *inner))
}

/// Whether a term is its own transpose for all that is known.
fn keeps_when_transposed<B: Build + ?Sized>(b: &B, t: Id) -> bool {
    b.is_scalar(t) || matches!(b.view(t), Mat::Eye(_)) || b.facts(t).contains(Facts::SYMMETRIC)
}

pub fn transpose<B: Build + ?Sized>(b: &mut B, t: Id) -> Id {
    if keeps_when_transposed(b, t) {
        return t;
    }
    let node = b.view(t).clone();
    match node {
        Mat::Transpose([a]) => a,
        Mat::Zero(form) => b.zero(form.transposed()),
        Mat::Fill(m, n, [a]) => b.fill(a, n, m),
        Mat::Commutation(m, n) => b.insert(Mat::Commutation(n, m)),
        Mat::Gather(s) => b.insert(Mat::Scatter(s)),
        Mat::Scatter(s) => b.insert(Mat::Gather(s)),
        Mat::Slice(cuts, [a]) if matches!(b.view(a), Mat::Transpose(_)) => {
            let [rows, columns] = *cuts;
            let a = transpose(b, a);
            b.slice([columns, rows], a)
        }
        Mat::Call(f, a) if sums_of_transposed(b, f, &a).is_some() => {
            let (f, a) = sums_of_transposed(b, f, &a).unwrap_or((f, a[0]));
            b.call(f, &[a])
        }
        Mat::Scale(c, [a]) => {
            let a = transpose(b, a);
            b.scale(&c, a)
        }
        Mat::Times([s, a]) => {
            let a = transpose(b, a);
            b.times(s, a)
        }
        Mat::Map(f, [a]) if enters(b, &[a]) => {
            let a = transpose(b, a);
            b.map(f, a)
        }
        Mat::Power(p, [a]) => {
            let a = transpose(b, a);
            b.power(a, &p)
        }
        Mat::MatPower(p, [a]) => {
            let a = transpose(b, a);
            b.matpower(a, p)
        }
        Mat::Mul(factors) => {
            let factors: Vec<Id> = factors.iter().rev().map(|f| transpose(b, *f)).collect();
            b.mul(&factors)
        }
        // Of a plain matrix the transpose stays outside: `inv(A)'`.
        Mat::Call(MatFn::Inv, a) if turn(b, a[0]) <= 0 => {
            let a = transpose(b, a[0]);
            b.call(MatFn::Inv, &[a])
        }
        Mat::Add(cs, ts) if enters(b, &ts) => {
            let terms: Vec<(Number, Id)> = cs.iter().cloned().zip(ts.iter().map(|t| transpose(b, *t))).collect();
            b.add(&terms)
        }
        Mat::Had(factors) if enters(b, &factors) => {
            let factors: Vec<Id> = factors.iter().map(|f| transpose(b, *f)).collect();
            b.had(&factors)
        }
        Mat::Map2(f, [x, y]) if enters(b, &[x, y]) => {
            let (x, y) = (transpose(b, x), transpose(b, y));
            b.map2(f, x, y)
        }
        Mat::Call(f @ (MatFn::Tril | MatFn::Triu), arguments) => {
            let a = transpose(b, arguments[0]);
            b.call(if f == MatFn::Tril { MatFn::Triu } else { MatFn::Tril }, &[a])
        }
        // The matrix of a cross product is skew.
        Mat::Call(MatFn::Cross, arguments) if matches!(b.view(arguments[1]), Mat::Eye(_)) => b.negate(t),
        // Books write `kron(B', A)`, also where that is no shorter.
        Mat::Call(MatFn::Kron, arguments) if arguments.iter().map(|a| turn(b, *a)).sum::<i64>() <= TURNED => {
            let arguments: Vec<Id> = arguments.iter().map(|a| transpose(b, *a)).collect();
            b.call(MatFn::Kron, &arguments)
        }
        _ => b.insert(Mat::Transpose([t])),
    }
}

/// Whether transposing each of these is shorter than transposing all together. Entering always would double
/// `(A*x - b)'` and hide what is shared.
fn enters<B: Build + ?Sized>(b: &B, parts: &[Id]) -> bool {
    parts.iter().map(|p| turn(b, *p)).sum::<i64>() < TURNED
}
