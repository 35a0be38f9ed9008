//! Sums: flat, like terms merged, a common coefficient outside where that is no longer.

use super::build::{Build, split};
use super::cost::coefficient_cost;
use super::{Form, Mat};
use crate::number::Number;
use egg::Id;

pub fn scale<B: Build + ?Sized>(b: &mut B, coefficient: &Number, t: Id) -> Id {
    if coefficient.is_one() {
        return t;
    }
    if coefficient.is_zero() {
        let form = b.form(t).clone();
        return b.zero(form);
    }
    match b.view(t) {
        Mat::Number(n) => {
            let product = coefficient * n;
            b.number(product)
        }
        Mat::Zero(_) => t,
        Mat::Scale(c, [core]) => {
            let (product, core) = (coefficient * c, *core);
            scale(b, &product, core)
        }
        Mat::Add(..) => add(b, &[(coefficient.clone(), t)]),
        _ => b.insert(Mat::Scale(coefficient.clone(), [t])),
    }
}

/// What a sum is made of while it is collected.
struct Collected {
    terms: Vec<(Number, Id)>,
    /// The entries of constant arrays; in a sum of scalars, the number alone.
    entries: Vec<(Number, Id)>,
    constant: Number,
}

/// Ends because each step replaces a term by cheaper ones.
fn collect<B: Build + ?Sized>(b: &mut B, terms: &[(Number, Id)]) -> Collected {
    let mut found = Collected { terms: Vec::new(), entries: Vec::new(), constant: Number::ZERO };
    let mut waiting: Vec<(Number, Id)> = terms.iter().rev().cloned().collect();
    while let Some((c, t)) = waiting.pop() {
        if c.is_zero() {
            continue;
        }
        match b.view(t) {
            Mat::Number(n) => found.constant = &found.constant + &(&c * n),
            Mat::Zero(_) => {}
            Mat::Scale(d, [core]) => waiting.push((&c * d, *core)),
            Mat::Add(ds, ts) => waiting.extend(ds.iter().map(|d| &c * d).zip(ts.iter().copied()).rev()),
            Mat::Fill(_, _, [entry]) => found.entries.push((c, *entry)),
            _ => found.terms.push((c, b.canonical(t))),
        }
    }
    found
}

/// Adds the coefficients of equal terms, in the order of the builder.
fn merge_like<B: Build + ?Sized>(b: &B, mut terms: Vec<(Number, Id)>) -> Vec<(Number, Id)> {
    terms.sort_by(|(_, x), (_, y)| b.order(*x, *y));
    let mut merged: Vec<(Number, Id)> = Vec::with_capacity(terms.len());
    for (c, t) in terms {
        match merged.last_mut() {
            Some((sum, last)) if *last == t => *sum = &*sum + &c,
            _ => merged.push((c, t)),
        }
    }
    merged.retain(|(c, _)| !c.is_zero());
    merged
}

pub fn add<B: Build + ?Sized>(b: &mut B, terms: &[(Number, Id)]) -> Id {
    let form = terms.first().map_or(Form::SCALAR, |(_, t)| b.form(*t).clone());
    let Collected { mut terms, entries, constant } = collect(b, terms);
    if !constant.is_zero() {
        terms.push((constant, b.number(1)));
    }
    if !entries.is_empty() {
        let entry = add(b, &entries);
        let (c, core) = split(b, entry);
        if !c.is_zero() {
            terms.push((c, b.insert(Mat::Fill(form.rows(), form.columns(), [core]))));
        }
    }
    let terms = merge_like(b, terms);
    match &terms[..] {
        [] => b.zero(form),
        [(c, t)] => scale(b, c, *t),
        _ => primitive(b, &terms),
    }
}

/// The sum with its common coefficient and its sign taken out.
fn primitive<B: Build + ?Sized>(b: &mut B, terms: &[(Number, Id)]) -> Id {
    let ids: Vec<Id> = terms.iter().map(|(_, t)| *t).collect();
    let mut coefficients: Vec<Number> = terms.iter().map(|(c, _)| c.clone()).collect();
    let mut content = content(b, terms);
    let negative = coefficients.iter().filter(|c| c.is_negative()).count();
    let flip = match (2 * negative).cmp(&coefficients.len()) {
        std::cmp::Ordering::Greater => true,
        std::cmp::Ordering::Less => false,
        std::cmp::Ordering::Equal => {
            let divided: Vec<Number> = coefficients.iter().filter_map(|c| c / &content).collect();
            b.prefers_negation(&divided, &ids)
        }
    };
    if flip {
        content = -&content;
    }
    if let (false, Some(inverse)) = (content.is_one(), content.recip()) {
        coefficients.iter_mut().for_each(|c| *c = &*c * &inverse);
    }
    let sum = b.insert(Mat::Add(coefficients.into(), ids.into()));
    if content.is_one() { sum } else { b.insert(Mat::Scale(content, [sum])) }
}

/// The common positive coefficient, or 1 if the sum is no shorter without it.
fn content<B: Build + ?Sized>(b: &B, terms: &[(Number, Id)]) -> Number {
    let common = terms.iter().skip(1).fold(terms[0].0.abs(), |g, (c, _)| g.gcd(c));
    let Some(inverse) = common.recip() else { return Number::ONE };
    // The coefficient of a constant stands in place of the number 1.
    let length = |c: &Number, t: Id| if b.cost(t).tail == 0 && c.is_integer() { 0 } else { coefficient_cost(c) };
    let before: u64 = terms.iter().map(|(c, t)| length(c, *t)).sum();
    let after: u64 = terms.iter().map(|(c, t)| length(&(c * &inverse), *t)).sum();
    if coefficient_cost(&common) + after <= before { common } else { Number::ONE }
}
