//! Factoring of sums: what two terms or more have in common moves out.
//!
//! Each term is split in every way into a factor and a rest; terms with an equal factor of the same kind form a group.

use super::graph::{Graph, hash_of};
use super::means::{self, Means};
use super::split::{Kind, Rest, Split, as_power, build_rest, find_transpose, splits};
use crate::fact::Facts;
use crate::matrix::{Build, Mat, MatFn, TURNED, turn};
use crate::number::Number;
use egg::{Id, Language};
use rustc_hash::FxHashSet;
use std::collections::BTreeMap;

/// Sums of more terms than this offer only their best group of each kind.
const ALL_GROUPS: usize = 6;
/// In a graph of more nodes than this, every sum offers only its best groups.
const LARGE: usize = 300;
/// Only so many ways to write a part of a sum or product as one itself are unfolded.
const UNFOLDED: usize = 2;

/// What the search found in a sum, to be built once the search is over.
#[derive(Debug)]
pub enum Hit {
    /// `outside + factor·(sum of rests)`
    Group(Group),
    /// A node in which a part has been unfolded.
    Flat(Mat, usize, Mat),
    /// `coefficient*(X + X')` among other terms.
    Symmetrised(Vec<(Number, Id)>, Number, Id),
    /// A sum among powers, with a power moved into it that cancels there: the sum, its exponent, the power, the others.
    Cancelled(Id, bool, (Id, Number), Vec<(Id, Number)>),
    /// Sums of a number of entries as means.
    Averaged(Means),
    /// The transpose of the sum of the transposes.
    Turned(Vec<(Number, Id)>),
    /// A chain with a run of equal factors as a power: where it begins, and how long it is.
    Repeated(Vec<Id>, usize, usize),
    /// The transpose of the Hadamard product of the transposes.
    TurnedProduct(Vec<Id>),
    /// The product of the transposes of the factors from the last to the first: of a symmetric product it is the same.
    Mirrored(Vec<Id>),
}

#[derive(Debug)]
pub struct Group {
    outside: Vec<(Number, Id)>,
    kind: Kind,
    factor: Id,
    exponent: Number,
    rests: Vec<(Number, Rest<'static>)>,
}

/// All that can be factored or unfolded in a node.
pub fn search(graph: &Graph, node: &Mat, done: &mut FxHashSet<u64>, found: &mut impl FnMut(Hit)) {
    if !matches!(node, Mat::Add(..) | Mat::Mul(_) | Mat::Had(_) | Mat::Scale(..)) {
        return;
    }
    mirror(graph, node, found);
    unfold(graph, node, found);
    if let Some(means) = means::search(graph, node) {
        found(Hit::Averaged(means));
    }
    repeat(graph, node, found);
    cancel(graph, node, found);
    turn_product(graph, node, found);
    if let Mat::Add(coefficients, terms) = node {
        groups(graph, coefficients, terms, done, found);
    }
}

/// Parts of an n-ary node, or what a number multiplies, that can be written with the same operator, although not most cheaply so: the constructors
/// see only the cheapest way.
fn unfold(graph: &Graph, node: &Mat, found: &mut impl FnMut(Hit)) {
    for (at, child) in node.children().iter().enumerate() {
        let same = graph.nodes(*child).iter().filter(|n| n.operator() == node.operator() && *n != node);
        for inner in same.take(UNFOLDED) {
            found(Hit::Flat(node.clone(), at, inner.clone()));
        }
    }
}

/// A symmetric product whose last factor is transposed at no higher price than the first.
fn mirror(graph: &Graph, node: &Mat, found: &mut impl FnMut(Hit)) {
    if let Mat::Mul(factors) = node
        && let [first, .., last] = factors[..]
        && matches!(graph.view(first), Mat::Transpose([a]) if matches!(graph.view(*a), Mat::Add(..)))
        && !matches!(graph.view(last), Mat::Transpose(_))
        && graph.lookup(node.clone()).is_some_and(|class| graph.facts(class).contains(Facts::SYMMETRIC))
    {
        found(Hit::Mirrored(factors.to_vec()));
    }
}

/// A run of three equal factors or more is shorter as a power.
fn repeat(graph: &Graph, node: &Mat, found: &mut impl FnMut(Hit)) {
    let Mat::Mul(factors) = node else { return };
    let mut at = 0;
    for run in factors.chunk_by(|a, b| graph.canonical(*a) == graph.canonical(*b)) {
        if run.len() >= 3 {
            found(Hit::Repeated(factors.to_vec(), at, run.len()));
        }
        at += run.len();
    }
}

/// `s*(a + b/s)` is `a*s + b`, and `1/(s*(a + b/s))` likewise.
fn cancel(graph: &Graph, node: &Mat, found: &mut impl FnMut(Hit)) {
    let Mat::Had(factors) = node else { return };
    let powers: Vec<(Id, Number)> = factors.iter().map(|f| as_power(graph, *f)).collect();
    for (i, (sum, exponent)) in powers.iter().enumerate() {
        let inverted = *exponent == Number::MINUS_ONE;
        let Mat::Add(_, terms) = graph.view(*sum) else { continue };
        if !inverted && !exponent.is_one() {
            continue;
        }
        for (j, (base, p)) in powers.iter().enumerate().filter(|(j, _)| *j != i) {
            let p = if inverted { -p } else { p.clone() };
            // Into a sum below the line only a positive power goes: a negative one would divide its terms where nothing was
            // divided before, which narrows the domain.
            if !(inverted && p.is_negative()) && terms.iter().any(|t| has_opposite_power(graph, *t, *base, &p)) {
                let others = powers.iter().enumerate().filter(|(k, _)| *k != i && *k != j).map(|(_, power)| power.clone()).collect();
                found(Hit::Cancelled(*sum, inverted, (*base, p), others));
            }
        }
    }
}

/// Whether a term has a power of the base whose exponent has the other sign.
fn has_opposite_power(graph: &Graph, t: Id, base: Id, exponent: &Number) -> bool {
    let opposite = |f: &Id| {
        let (b, e) = as_power(graph, *f);
        b == base && e.is_negative() != exponent.is_negative()
    };
    match graph.view(t) {
        Mat::Had(factors) => factors.iter().any(opposite),
        _ => opposite(&t),
    }
}

/// A Hadamard product whose factors are mostly transposed.
fn turn_product(graph: &Graph, node: &Mat, found: &mut impl FnMut(Hit)) {
    if let Mat::Had(factors) = node
        && !graph.is_scalar(factors[0])
        && factors.iter().map(|f| turn(graph, *f)).sum::<i64>() + TURNED < 0
    {
        found(Hit::TurnedProduct(factors.to_vec()));
    }
}

fn groups(graph: &Graph, coefficients: &[Number], terms: &[Id], done: &mut FxHashSet<u64>, found: &mut impl FnMut(Hit)) {
    let mut all_splits: Vec<(usize, Split)> = Vec::new();
    for (at, t) in terms.iter().enumerate() {
        splits(graph, *t, &mut |split| all_splits.push((at, split)));
    }
    let mut groups = by_factor(&all_splits);
    groups.retain(|members| worthwhile(graph, members));
    if terms.len() > ALL_GROUPS || graph.node_count() > LARGE {
        groups = best_of_each_kind(graph, groups);
    }
    let all: Vec<(Number, Id)> = coefficients.iter().cloned().zip(terms.iter().copied()).collect();
    for members in groups {
        // The same group again, found because a term has been written in a further way, leaves equal rests.
        let (places, first) = (members.iter().map(|(at, _)| *at).collect::<Vec<usize>>(), &members[0].1);
        if done.insert(hash_of(&(coefficients, terms, first.kind, first.factor, places))) {
            found(Hit::Group(group(&all, &members)));
        }
    }
    symmetric_pairs(graph, &all, found);
    let whole = hash_of(&(coefficients, terms));
    let is_longer_turned = || terms.iter().map(|t| turn(graph, *t)).sum::<i64>() + TURNED >= 0;
    if !graph.is_scalar(terms[0]) && !done.contains(&whole) && !is_longer_turned() {
        done.insert(whole);
        found(Hit::Turned(all));
    }
}

/// Splits of different terms with the same factor.
type Members<'a, 's> = Vec<&'s (usize, Split<'a>)>;

/// The groups of two terms or more, in the order of kind and factor; of a term only its first split.
fn by_factor<'a, 's>(splits: &'s [(usize, Split<'a>)]) -> Vec<Members<'a, 's>> {
    let mut sorted: Vec<(u64, usize)> = splits.iter().enumerate().map(|(place, (_, split))| (split.key(), place)).collect();
    sorted.sort_unstable();
    let mut groups: Vec<Members> = Vec::new();
    for same in sorted.chunk_by(|(a, _), (b, _)| a == b).filter(|same| same.len() > 1) {
        let mut members: Members = same.iter().map(|(_, place)| &splits[*place]).collect();
        members.dedup_by_key(|(at, _)| *at);
        if members.len() > 1 {
            groups.push(members);
        }
    }
    groups
}

/// A group of nothing but the bare factor would be like terms, and a diagonal of nothing but identities a scalar.
fn worthwhile(graph: &Graph, members: &[&(usize, Split)]) -> bool {
    let (_, Split { kind, factor, .. }) = members[0];
    let named = !matches!(kind, Kind::Diagonal | Kind::Transposed | Kind::Linear(_) | Kind::KronLeft | Kind::KronRight);
    let trivial = named && matches!(graph.view(*factor), Mat::Number(_) | Mat::Eye(_));
    let bare = |split: &Split| match &split.rest {
        Rest::Chain(_, factors, _) => factors.is_empty() && split.kind != Kind::Core,
        Rest::Ones(..) => true,
        Rest::Powers(..) | Rest::Filled(..) | Rest::Kron(..) | Rest::Plain(..) | Rest::Spread(..) | Rest::Summed(..) | Rest::Column(..) => {
            false
        }
    };
    !trivial && !members.iter().all(|(_, split)| bare(split))
}

/// The group of each kind that saves most.
fn best_of_each_kind<'a, 's>(graph: &Graph, groups: Vec<Members<'a, 's>>) -> Vec<Members<'a, 's>> {
    let saved = |members: &Members| (members.len() as u64 - 1).saturating_mul(graph.cost(members[0].1.factor).plain);
    let mut best: BTreeMap<Kind, Members> = BTreeMap::new();
    for members in groups {
        let kind = members[0].1.kind;
        if best.get(&kind).is_none_or(|most| saved(&members) > saved(most)) {
            best.insert(kind, members);
        }
    }
    best.into_values().collect()
}

fn group(all: &[(Number, Id)], members: &[&(usize, Split)]) -> Group {
    let inside: Vec<usize> = members.iter().map(|(at, _)| *at).collect();
    let outside = all.iter().enumerate().filter(|(at, _)| !inside.contains(at)).map(|(_, term)| term.clone()).collect();
    let exponents = members.iter().map(|(_, split)| split.exponent.clone());
    let exponent = exponents.min_by_key(Number::abs).unwrap_or(Number::ONE);
    let rests = members.iter().map(|(at, split)| (all[*at].0.clone(), split.rest.clone().into_owned())).collect();
    let (_, Split { kind, factor, .. }) = members[0];
    Group { outside, kind: *kind, factor: *factor, exponent, rests }
}

/// Terms `c*X + c*X'`.
fn symmetric_pairs(graph: &Graph, all: &[(Number, Id)], found: &mut impl FnMut(Hit)) {
    if !graph.form(all[0].1).is_square() || graph.is_scalar(all[0].1) || all.len() > ALL_GROUPS {
        return;
    }
    for (i, (c, x)) in all.iter().enumerate() {
        let Some(turned) = find_transpose(graph, *x, 2) else { continue };
        let partner = all.iter().enumerate().skip(i + 1).find(|(_, (d, y))| d == c && graph.canonical(*y) == turned);
        if let Some((j, (_, y))) = partner {
            let outside = all.iter().enumerate().filter(|(at, _)| *at != i && *at != j).map(|(_, term)| term.clone()).collect();
            let shorter = if graph.cost(*y).plain < graph.cost(*x).plain { *y } else { *x };
            found(Hit::Symmetrised(outside, c.clone(), shorter));
        }
    }
}

/// Builds what was found; `None` if the rests do not fit together.
pub fn build(graph: &mut Graph, hit: Hit) -> Option<Id> {
    match hit {
        Hit::Group(group) => build_group(graph, group),
        Hit::Flat(node, at, inner) => build_flat(graph, &node, at, &inner),
        Hit::Symmetrised(mut terms, c, x) => {
            let symmetrised = graph.call(MatFn::Sym, &[x]);
            terms.push((&c + &c, symmetrised));
            Some(graph.add(&terms))
        }
        Hit::Cancelled(sum, inverted, power, mut others) => {
            let Mat::Add(coefficients, terms) = graph.view(sum).clone() else { return None };
            let terms = terms.iter().map(|t| graph.had_powers(&[(*t, Number::ONE), power.clone()])).collect::<Vec<Id>>();
            let terms: Vec<(Number, Id)> = coefficients.iter().cloned().zip(terms).collect();
            let sum = graph.add(&terms);
            others.push((sum, if inverted { Number::MINUS_ONE } else { Number::ONE }));
            Some(graph.had_powers(&others))
        }
        Hit::Repeated(mut factors, at, length) => {
            let power = graph.insert(Mat::MatPower(i64::try_from(length).ok()?, [factors[at]]));
            if factors.len() == length {
                return Some(power);
            }
            // Not by the constructor, which would take the power apart again.
            factors.splice(at..at + length, [power]);
            Some(graph.insert(Mat::Mul(factors.into())))
        }
        Hit::TurnedProduct(factors) => {
            let factors: Vec<Id> = factors.into_iter().map(|f| graph.transpose(f)).collect();
            let product = graph.had(&factors);
            Some(graph.insert(Mat::Transpose([product])))
        }
        Hit::Mirrored(factors) => {
            let factors: Vec<Id> = factors.into_iter().rev().map(|f| graph.transpose(f)).collect();
            Some(graph.mul(&factors))
        }
        Hit::Averaged(means) => Some(means::build(graph, means)),
        Hit::Turned(terms) => {
            let terms: Vec<(Number, Id)> = terms.into_iter().map(|(c, t)| (c, graph.transpose(t))).collect();
            let sum = graph.add(&terms);
            Some(graph.insert(Mat::Transpose([sum])))
        }
    }
}

fn build_flat(graph: &mut Graph, node: &Mat, at: usize, inner: &Mat) -> Option<Id> {
    let spliced = |outer: &[Id], inner: &[Id]| [&outer[..at], inner, &outer[at + 1..]].concat();
    match (node, inner) {
        (Mat::Mul(outer), Mat::Mul(inner)) => Some(graph.mul(&spliced(outer, inner))),
        (Mat::Scale(c, _), Mat::Scale(d, [core])) => Some(graph.scale(&(c * d), *core)),
        (Mat::Had(outer), Mat::Had(inner)) => Some(graph.had(&spliced(outer, inner))),
        (Mat::Add(cs, outer), Mat::Add(ds, inner)) => {
            let mut terms: Vec<(Number, Id)> = cs.iter().cloned().zip(outer.iter().copied()).collect();
            let (c, _) = terms.remove(at);
            terms.extend(ds.iter().map(|d| &c * d).zip(inner.iter().copied()));
            Some(graph.add(&terms))
        }
        _ => None,
    }
}

fn build_group(graph: &mut Graph, group: Group) -> Option<Id> {
    let Group { mut outside, kind, factor, exponent, rests } = group;
    let mut inside: Vec<(Number, Id)> = Vec::with_capacity(rests.len());
    for (c, rest) in rests {
        inside.push((c, build_rest(graph, rest, &exponent)));
    }
    let form = graph.form(inside[0].1).clone();
    if inside.iter().any(|(_, t)| *graph.form(*t) != form) {
        return None;
    }
    let inner = graph.add(&inside);
    let product = match kind {
        Kind::Left => graph.mul(&[factor, inner]),
        Kind::Right => graph.mul(&[inner, factor]),
        Kind::Hadamard => graph.had_powers(&[(factor, exponent), (inner, Number::ONE)]),
        Kind::Scalar => {
            let scalar = graph.power(factor, &exponent);
            graph.times(scalar, inner)
        }
        Kind::Core => graph.times(inner, factor),
        Kind::KronLeft => graph.call(MatFn::Kron, &[factor, inner]),
        Kind::KronRight => graph.call(MatFn::Kron, &[inner, factor]),
        Kind::Diagonal => graph.call(MatFn::Diag, &[inner]),
        Kind::Linear(f) => graph.call(f, &[inner]),
        Kind::Transposed => graph.transpose(inner),
    };
    outside.push((Number::ONE, product));
    Some(graph.add(&outside))
}
