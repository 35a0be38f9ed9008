//! Factoring of sums: what two terms or more have in common moves out.
//!
//! Each term is split in every way into a factor and a rest; terms with an equal factor of the same kind form a group.

use super::graph::{Graph, hash_of};
use crate::dim::Dim;
use crate::matrix::{Build, Form, Mat, MatFn, TURNED, turn};
use crate::number::Number;
use egg::{Id, Language};
use rustc_hash::FxHashSet;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::rc::Rc;

/// Sums of more terms than this offer only their best group of each kind.
const ALL_GROUPS: usize = 6;
/// In a graph of more nodes than this, every sum offers only its best groups.
const LARGE: usize = 300;
/// Only so many nodes of a class are looked at.
const NODES_OF_A_TERM: usize = 12;
/// Only so many ways to write a part of a sum or product as one itself are unfolded.
const UNFOLDED: usize = 2;

/// Where the common factor stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Kind {
    /// `F*(…)`
    Left,
    /// `(…)*F`
    Right,
    /// `F.*(…)`
    Hadamard,
    /// A scalar before anything.
    Scalar,
    /// A matrix after a sum of scalars.
    Core,
    /// `kron(F, …)`
    KronLeft,
    /// `kron(…, F)`
    KronRight,
    /// `diag(…)`
    Diagonal,
    /// `f(…)` of a linear function
    Linear(MatFn),
    /// `(…)'`
    Transposed,
}

/// What a term leaves when the factor is taken out.
#[derive(Clone, Debug)]
enum Rest<'a> {
    /// A scalar times a chain; the identity if the chain is empty.
    Chain(Option<Id>, Cow<'a, [Id]>, Dim),
    /// Powers, from one of which the common power is taken, times what follows.
    Powers(Rc<[(Id, Number)]>, usize, Option<Id>),
    Kron(Option<Id>, Cow<'a, [Id]>),
    /// A scalar times that.
    Plain(Option<Id>, Id),
    /// A scalar times a chain in which ones of that form stand between two parts.
    Summed(Option<Id>, Cow<'a, [Id]>, Form, Cow<'a, [Id]>),
    /// A scalar times a column in each of so many columns.
    Spread(Option<Id>, Id, Dim),
    /// A scalar in each entry.
    Ones(Option<Id>, Form),
}

impl Rest<'_> {
    fn into_owned(self) -> Rest<'static> {
        let own = |ids: Cow<'_, [Id]>| Cow::Owned(ids.into_owned());
        match self {
            Rest::Chain(s, factors, n) => Rest::Chain(s, own(factors), n),
            Rest::Powers(powers, at, after) => Rest::Powers(powers, at, after),
            Rest::Kron(s, arguments) => Rest::Kron(s, own(arguments)),
            Rest::Plain(s, t) => Rest::Plain(s, t),
            Rest::Summed(s, before, form, after) => Rest::Summed(s, own(before), form, own(after)),
            Rest::Spread(s, column, columns) => Rest::Spread(s, column, columns),
            Rest::Ones(s, form) => Rest::Ones(s, form),
        }
    }
}

/// One way to split one term.
#[derive(Clone, Debug)]
struct Split<'a> {
    kind: Kind,
    factor: Id,
    exponent: Number,
    rest: Rest<'a>,
}

impl Split<'_> {
    /// Positive and negative powers of a factor do not go together.
    fn key(&self) -> (Kind, Id, bool) {
        (self.kind, self.factor, self.exponent.is_negative())
    }
}

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
    /// The transpose of the sum of the transposes.
    Turned(Vec<(Number, Id)>),
    /// A chain with a run of equal factors as a power: where it begins, and how long it is.
    Repeated(Vec<Id>, usize, usize),
    /// The transpose of the Hadamard product of the transposes.
    TurnedProduct(Vec<Id>),
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
    if !matches!(node, Mat::Add(..) | Mat::Mul(_) | Mat::Had(_)) {
        return;
    }
    unfold(graph, node, found);
    repeat(graph, node, found);
    cancel(graph, node, found);
    turn_product(graph, node, found);
    if let Mat::Add(coefficients, terms) = node {
        groups(graph, coefficients, terms, done, found);
    }
}

/// Parts of an n-ary node that can be written with the same operator, although not most cheaply so: the constructors
/// see only the cheapest way.
fn unfold(graph: &Graph, node: &Mat, found: &mut impl FnMut(Hit)) {
    for (at, child) in node.children().iter().enumerate() {
        let same = graph.nodes(*child).iter().filter(|n| n.operator() == node.operator() && *n != node);
        for inner in same.take(UNFOLDED) {
            found(Hit::Flat(node.clone(), at, inner.clone()));
        }
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
    let turned: i64 = terms.iter().map(|t| turn(graph, *t)).sum();
    if turned + TURNED < 0 && !graph.is_scalar(terms[0]) && done.insert(hash_of(&(coefficients, terms))) {
        found(Hit::Turned(all));
    }
}

/// Splits of different terms with the same factor.
type Members<'a, 's> = Vec<&'s (usize, Split<'a>)>;

/// The groups of two terms or more, in the order of kind and factor; of a term only its first split.
fn by_factor<'a, 's>(splits: &'s [(usize, Split<'a>)]) -> Vec<Members<'a, 's>> {
    let mut sorted: Members = splits.iter().collect();
    sorted.sort_by_key(|(_, split)| split.key());
    let mut groups: Vec<Members> = Vec::new();
    for same in sorted.chunk_by(|(_, a), (_, b)| a.key() == b.key()) {
        let mut members: Members = same.to_vec();
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
        Rest::Powers(..) | Rest::Kron(..) | Rest::Plain(..) | Rest::Spread(..) | Rest::Summed(..) => false,
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

/// The class of the transpose, if it is in the graph already.
pub fn find_transpose(graph: &Graph, t: Id, depth: usize) -> Option<Id> {
    let t = graph.canonical(t);
    if graph.is_scalar(t) || graph.facts(t).contains(crate::fact::Facts::SYMMETRIC) {
        return Some(t);
    }
    if let Some(turned) = graph.lookup(Mat::Transpose([t])) {
        return Some(turned);
    }
    if depth == 0 {
        return None;
    }
    let all = |ids: &[Id]| ids.iter().map(|c| find_transpose(graph, *c, depth - 1)).collect::<Option<Vec<Id>>>();
    graph.nodes(t).iter().take(NODES_OF_A_TERM).find_map(|node| match node {
        Mat::Transpose([a]) => Some(graph.canonical(*a)),
        Mat::Mul(factors) => {
            let mut turned = all(factors)?;
            turned.reverse();
            graph.lookup(Mat::Mul(turned.into()))
        }
        Mat::Had(factors) => graph.lookup(Mat::Had(all(factors)?.into())),
        Mat::Times([s, a]) => graph.lookup(Mat::Times([*s, find_transpose(graph, *a, depth - 1)?])),
        Mat::Map(f, [a]) => graph.lookup(Mat::Map(*f, [find_transpose(graph, *a, depth - 1)?])),
        _ => None,
    })
}

/// Every way to split a term.
fn splits<'a>(graph: &'a Graph, t: Id, push: &mut impl FnMut(Split<'a>)) {
    let t = graph.canonical(t);
    for node in graph.nodes(t).iter().take(NODES_OF_A_TERM) {
        split_node(graph, node, None, push);
        if let Mat::Times([s, core]) = node {
            let (s, core) = (graph.canonical(*s), graph.canonical(*core));
            push(simple(Kind::Core, core, Rest::Chain(Some(s), Cow::Borrowed(&[]), Dim::ONE)));
            split_scalar(graph, s, Some(core), push);
            split_around(graph, s, core, push);
            for inner in graph.nodes(core).iter().take(NODES_OF_A_TERM) {
                split_node(graph, inner, Some(s), push);
            }
            bare(graph, core, Some(s), push);
        }
    }
    if graph.is_scalar(t) {
        split_scalar(graph, t, None, push);
    } else {
        bare(graph, t, None, push);
        push(simple(Kind::Core, t, Rest::Ones(None, Form::SCALAR)));
    }
}

fn simple(kind: Kind, factor: Id, rest: Rest<'_>) -> Split<'_> {
    Split { kind, factor, exponent: Number::ONE, rest }
}

/// A term that is the factor itself leaves the identity or ones.
fn bare<'a>(graph: &'a Graph, t: Id, scalar: Option<Id>, push: &mut impl FnMut(Split<'a>)) {
    let form = graph.form(t).clone();
    if let Form::Grid(rows, columns) = form {
        push(simple(Kind::Left, t, Rest::Chain(scalar, Cow::Borrowed(&[]), columns)));
        push(simple(Kind::Right, t, Rest::Chain(scalar, Cow::Borrowed(&[]), rows)));
    }
    push(simple(Kind::Hadamard, t, Rest::Ones(scalar, form)));
}

/// The ways to split a node that is multiplied by a scalar.
fn split_node<'a>(graph: &'a Graph, node: &'a Mat, scalar: Option<Id>, push: &mut impl FnMut(Split<'a>)) {
    match node {
        Mat::Mul(factors) => {
            let last = factors.len() - 1;
            let (first, end) = (graph.canonical(factors[0]), graph.canonical(factors[last]));
            push(simple(Kind::Left, first, Rest::Chain(scalar, Cow::Borrowed(&factors[1..]), Dim::ONE)));
            push(simple(Kind::Right, end, Rest::Chain(scalar, Cow::Borrowed(&factors[..last]), Dim::ONE)));
            split_sums(graph, factors, scalar, push);
            // diag(v)*B is (v*ones').*B.
            if let (Mat::Call(MatFn::Diag, v), [_, b]) = (graph.view(first), &factors[..]) {
                let columns = graph.form(end).columns();
                push(simple(Kind::Hadamard, graph.canonical(*b), Rest::Spread(scalar, v[0], columns)));
            }
        }
        Mat::Had(factors) if !graph.is_scalar(factors[0]) => split_powers(graph, factors, scalar, Kind::Hadamard, push),
        Mat::Power(p, [base]) if !graph.is_scalar(*base) => {
            let rest = Rest::Powers(Rc::from([(*base, p.clone())]), 0, scalar);
            push(Split { kind: Kind::Hadamard, factor: graph.canonical(*base), exponent: p.clone(), rest });
        }
        Mat::Call(MatFn::Kron, arguments) => {
            let last = arguments.len() - 1;
            push(simple(Kind::KronLeft, graph.canonical(arguments[0]), Rest::Kron(scalar, Cow::Borrowed(&arguments[1..]))));
            push(simple(Kind::KronRight, graph.canonical(arguments[last]), Rest::Kron(scalar, Cow::Borrowed(&arguments[..last]))));
        }
        Mat::Call(MatFn::Diag, v) => push(simple(Kind::Diagonal, Id::from(0), Rest::Plain(scalar, v[0]))),
        Mat::Call(f, arguments) if is_linear(*f) => push(simple(Kind::Linear(*f), Id::from(0), Rest::Plain(scalar, arguments[0]))),
        Mat::Eye(n) => push(simple(Kind::Diagonal, Id::from(0), Rest::Ones(scalar, Form::column(*n)))),
        Mat::Transpose([a]) => push(simple(Kind::Transposed, Id::from(0), Rest::Plain(scalar, *a))),
        _ => {}
    }
}

/// Whether a function of one argument takes sums to sums.
fn is_linear(f: MatFn) -> bool {
    matches!(
        f,
        MatFn::Trace
            | MatFn::DiagOf
            | MatFn::Sum
            | MatFn::SumRows
            | MatFn::SumColumns
            | MatFn::Mean
            | MatFn::MeanRows
            | MatFn::MeanColumns
            | MatFn::Vec
    )
}

/// `sum(A, 2)*…` is `A*ones*…`, and `…*sum(A, 1)` and `…*sum(A', 2)'` are `…*ones*A`.
fn split_sums<'a>(graph: &'a Graph, factors: &'a [Id], scalar: Option<Id>, push: &mut impl FnMut(Split<'a>)) {
    let last = factors.len() - 1;
    if let Mat::Call(MatFn::SumColumns, a) = graph.view(factors[0]) {
        let ones = Form::column(graph.form(a[0]).columns());
        push(simple(Kind::Left, graph.canonical(a[0]), Rest::Summed(scalar, Cow::Borrowed(&[]), ones, Cow::Borrowed(&factors[1..]))));
    }
    let summed = match graph.view(factors[last]) {
        Mat::Call(MatFn::SumRows, a) => Some(graph.canonical(a[0])),
        Mat::Transpose([s]) => match graph.view(*s) {
            Mat::Call(MatFn::SumColumns, a) => find_transpose(graph, a[0], 2),
            _ => None,
        },
        _ => None,
    };
    if let Some(a) = summed {
        let ones = Form::Grid(Dim::ONE, graph.form(a).rows());
        push(simple(Kind::Right, a, Rest::Summed(scalar, Cow::Borrowed(&factors[..last]), ones, Cow::Borrowed(&[]))));
    }
}

/// The base and exponent of a factor.
fn as_power(graph: &Graph, t: Id) -> (Id, Number) {
    match graph.view(t) {
        Mat::Power(p, [base]) => (graph.canonical(*base), p.clone()),
        _ => (graph.canonical(t), Number::ONE),
    }
}

/// Each factor of an elementwise or scalar product may be the common one.
fn split_powers<'a>(graph: &'a Graph, factors: &[Id], scalar: Option<Id>, kind: Kind, push: &mut impl FnMut(Split<'a>)) {
    let powers: Rc<[(Id, Number)]> = factors.iter().map(|f| as_power(graph, *f)).collect();
    for (at, (base, exponent)) in powers.iter().enumerate() {
        let rest = Rest::Powers(powers.clone(), at, scalar);
        push(Split { kind, factor: *base, exponent: exponent.clone(), rest });
    }
}

/// The scalar factors of `s`, before `core` if there is one.
fn split_scalar<'a>(graph: &'a Graph, s: Id, core: Option<Id>, push: &mut impl FnMut(Split<'a>)) {
    let products = graph.nodes(s).iter().take(NODES_OF_A_TERM);
    for node in products {
        if let Mat::Had(factors) = node {
            split_powers(graph, factors, core, Kind::Scalar, push);
        }
    }
    split_powers(graph, &[s], core, Kind::Scalar, push);
}

/// `(a'*y)*x` is also `x*a'*y` and `x*y'*a`: the ends of the scalar's chain are ends of the whole.
fn split_around<'a>(graph: &'a Graph, s: Id, core: Id, push: &mut impl FnMut(Split<'a>)) {
    let is_column = graph.form(core).columns() == Dim::ONE;
    let is_row = graph.form(core).rows() == Dim::ONE;
    let parts: Vec<Id> = match graph.view(s) {
        Mat::Had(factors) => factors.to_vec(),
        _ => vec![s],
    };
    for (at, part) in parts.iter().enumerate() {
        let others: Vec<(Id, Number)> =
            parts.iter().enumerate().filter(|(i, _)| *i != at).map(|(_, p)| (graph.canonical(*p), Number::ONE)).collect();
        for node in graph.nodes(*part).iter().take(NODES_OF_A_TERM) {
            let Mat::Mul(chain) = node else { continue };
            let turned: Option<Vec<Id>> = chain.iter().rev().map(|f| find_transpose(graph, *f, 2)).collect();
            for chain in std::iter::once(chain.to_vec()).chain(turned) {
                around(graph, &chain, core, (is_column, is_row), &others, push);
            }
        }
    }
}

fn around<'a>(
    graph: &Graph,
    chain: &[Id],
    core: Id,
    (is_column, is_row): (bool, bool),
    others: &[(Id, Number)],
    push: &mut impl FnMut(Split<'a>),
) {
    let last = chain.len() - 1;
    let rest = |mut factors: Vec<Id>| {
        factors.extend(others.iter().map(|(s, _)| *s));
        Rest::Chain(None, Cow::Owned(factors), Dim::ONE)
    };
    if is_column {
        let factors = std::iter::once(core).chain(chain[..last].iter().copied()).collect();
        push(simple(Kind::Right, graph.canonical(chain[last]), rest(factors)));
    }
    if is_row {
        let factors = chain[1..].iter().copied().chain([core]).collect();
        push(simple(Kind::Left, graph.canonical(chain[0]), rest(factors)));
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

fn build_rest(graph: &mut Graph, rest: Rest<'_>, common: &Number) -> Id {
    let scaled = |graph: &mut Graph, scalar: Option<Id>, t: Id| match scalar {
        Some(s) => graph.times(s, t),
        None => t,
    };
    match rest {
        Rest::Chain(scalar, factors, n) => {
            let chain = if factors.is_empty() { graph.eye(n) } else { graph.mul(&factors) };
            scaled(graph, scalar, chain)
        }
        Rest::Powers(powers, at, after) => {
            let mut powers = powers.to_vec();
            powers[at].1 = &powers[at].1 - common;
            let product = graph.had_powers(&powers);
            match after {
                Some(t) if graph.is_scalar(product) => graph.times(product, t),
                Some(s) => graph.times(s, product),
                None => product,
            }
        }
        Rest::Kron(scalar, arguments) => {
            let product = graph.call(MatFn::Kron, &arguments);
            scaled(graph, scalar, product)
        }
        Rest::Summed(scalar, before, form, after) => {
            let ones = graph.ones_like(&form);
            let chain = graph.mul(&[&before[..], &[ones], &after[..]].concat());
            scaled(graph, scalar, chain)
        }
        Rest::Spread(scalar, column, columns) => {
            let row = graph.ones(Dim::ONE, columns);
            let spread = graph.mul(&[column, row]);
            scaled(graph, scalar, spread)
        }
        Rest::Plain(scalar, t) => scaled(graph, scalar, t),
        Rest::Ones(scalar, form) => {
            let ones = graph.ones_like(&form);
            scaled(graph, scalar, ones)
        }
    }
}
