//! The ways to split a term into a factor and a rest.

use super::graph::Graph;
use crate::dim::Dim;
use crate::fact::Facts;
use crate::matrix::{Build, Form, Mat, MatFn};
use crate::number::Number;
use egg::Id;
use std::borrow::Cow;
use std::rc::Rc;

/// Only so many nodes of a class are looked at.
const NODES_OF_A_TERM: usize = 12;

/// Where the common factor stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
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

impl Kind {
    /// Its place in the order of kinds.
    fn rank(self) -> u64 {
        match self {
            Kind::Left => 0,
            Kind::Right => 1,
            Kind::Hadamard => 2,
            Kind::Scalar => 3,
            Kind::Core => 4,
            Kind::KronLeft => 5,
            Kind::KronRight => 6,
            Kind::Diagonal => 7,
            Kind::Linear(f) => 8 + f as u64,
            Kind::Transposed => 1 << 16,
        }
    }
}

/// What a term leaves when the factor is taken out.
#[derive(Clone, Debug)]
pub enum Rest<'a> {
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
    /// A scalar times a chain that begins with a column of powers, one of which is taken.
    Column(Option<Id>, Rc<[(Id, Number)]>, usize, Cow<'a, [Id]>),
    /// A scalar in each entry.
    Ones(Option<Id>, Form),
    /// Powers, from one of which the common power is taken, in each entry.
    Filled(Rc<[(Id, Number)]>, usize, Form),
}

impl Rest<'_> {
    pub fn into_owned(self) -> Rest<'static> {
        let own = |ids: Cow<'_, [Id]>| Cow::Owned(ids.into_owned());
        match self {
            Rest::Chain(s, factors, n) => Rest::Chain(s, own(factors), n),
            Rest::Powers(powers, at, after) => Rest::Powers(powers, at, after),
            Rest::Kron(s, arguments) => Rest::Kron(s, own(arguments)),
            Rest::Plain(s, t) => Rest::Plain(s, t),
            Rest::Summed(s, before, form, after) => Rest::Summed(s, own(before), form, own(after)),
            Rest::Spread(s, column, columns) => Rest::Spread(s, column, columns),
            Rest::Column(s, powers, at, after) => Rest::Column(s, powers, at, own(after)),
            Rest::Ones(s, form) => Rest::Ones(s, form),
            Rest::Filled(powers, at, form) => Rest::Filled(powers, at, form),
        }
    }
}

/// One way to split one term.
#[derive(Clone, Debug)]
pub struct Split<'a> {
    pub kind: Kind,
    pub factor: Id,
    pub exponent: Number,
    pub rest: Rest<'a>,
}

impl Split<'_> {
    /// A number that is the same for splits that go together, in the order of kind and factor. Positive and negative powers of a
    /// factor do not.
    pub fn key(&self) -> u64 {
        self.kind.rank() << 40 | (usize::from(self.factor) as u64) << 1 | u64::from(self.exponent.is_negative())
    }
}

/// Every way to split a term.
pub fn splits<'a>(graph: &'a Graph, t: Id, push: &mut impl FnMut(Split<'a>)) {
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
            split_column(graph, factors, scalar, push);
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
        Mat::Fill(rows, columns, [entry]) if scalar.is_none() => split_entry(graph, *entry, &Form::Grid(*rows, *columns), push),
        Mat::Transpose([a]) => push(simple(Kind::Transposed, Id::from(0), Rest::Plain(scalar, *a))),
        _ => {}
    }
}

/// The scalar factors of the entry of a constant array.
fn split_entry<'a>(graph: &Graph, entry: Id, form: &Form, push: &mut impl FnMut(Split<'a>)) {
    let powers: Rc<[(Id, Number)]> = match graph.view(entry) {
        Mat::Had(factors) => factors.iter().map(|f| as_power(graph, *f)).collect(),
        Mat::Number(_) => return,
        _ => Rc::from([as_power(graph, entry)]),
    };
    for (at, (base, exponent)) in powers.iter().enumerate() {
        let rest = Rest::Filled(powers.clone(), at, form.clone());
        push(Split { kind: Kind::Scalar, factor: *base, exponent: exponent.clone(), rest });
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
            | MatFn::Sym
            | MatFn::Tril
            | MatFn::Triu
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

/// `(g.*u)*…` is `diag(g)*u*…`, and `g*ones'` is `diag(g)*ones*ones'`: only where `diag(g)` is in the graph, since only
/// with that there is something in common.
fn split_column<'a>(graph: &'a Graph, factors: &'a [Id], scalar: Option<Id>, push: &mut impl FnMut(Split<'a>)) {
    let column = graph.canonical(factors[0]);
    if graph.form(column).columns() != Dim::ONE {
        return;
    }
    let powers: Rc<[(Id, Number)]> = match graph.view(column) {
        Mat::Had(all) => all.iter().map(|f| as_power(graph, *f)).collect(),
        _ => Rc::from([as_power(graph, column)]),
    };
    let before_ones = matches!(graph.view(factors[1]), Mat::Fill(m, ..) if *m == Dim::ONE);
    for (at, (base, exponent)) in powers.iter().enumerate().filter(|_| powers.len() > 1 || before_ones) {
        let diagonal = || graph.lookup(Mat::Call(MatFn::Diag, Box::new([*base])));
        if exponent.is_one()
            && let Some(diagonal) = diagonal()
        {
            push(simple(Kind::Left, graph.canonical(diagonal), Rest::Column(scalar, powers.clone(), at, Cow::Borrowed(&factors[1..]))));
        }
    }
}

/// The base and exponent of a factor.
pub fn as_power(graph: &Graph, t: Id) -> (Id, Number) {
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

/// The class of the transpose, if it is in the graph already.
pub fn find_transpose(graph: &Graph, t: Id, depth: usize) -> Option<Id> {
    let t = graph.canonical(t);
    if graph.is_scalar(t) || graph.facts(t).contains(Facts::SYMMETRIC) {
        return Some(t);
    }
    graph.transpose_once(t, depth, || look_for_transpose(graph, t, depth))
}

fn look_for_transpose(graph: &Graph, t: Id, depth: usize) -> Option<Id> {
    if let Some(turned) = graph.lookup(Mat::Transpose([t])) {
        return Some(turned);
    }
    if depth == 0 {
        return None;
    }
    let one = |c: Id| find_transpose(graph, c, depth - 1);
    let all = |ids: &[Id]| ids.iter().map(|c| one(*c)).collect::<Option<Vec<Id>>>();
    graph.nodes(t).iter().take(NODES_OF_A_TERM).find_map(|node| match node {
        Mat::Transpose([a]) => Some(graph.canonical(*a)),
        Mat::Mul(factors) => {
            let mut turned = all(factors)?;
            turned.reverse();
            graph.lookup(Mat::Mul(turned.into()))
        }
        Mat::Had(factors) => graph.lookup(Mat::Had(all(factors)?.into())),
        Mat::Times([s, a]) => graph.lookup(Mat::Times([*s, one(*a)?])),
        Mat::Map(f, [a]) => graph.lookup(Mat::Map(*f, [one(*a)?])),
        _ => None,
    })
}

pub fn build_rest(graph: &mut Graph, rest: Rest<'_>, common: &Number) -> Id {
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
        Rest::Column(scalar, powers, at, after) => {
            let left: Vec<(Id, Number)> = powers.iter().enumerate().filter(|(k, _)| *k != at).map(|(_, p)| p.clone()).collect();
            let column = match powers.get(at) {
                Some((base, _)) if left.is_empty() => {
                    let form = graph.form(*base).clone();
                    graph.ones_like(&form)
                }
                _ => graph.had_powers(&left),
            };
            let chain = graph.mul(&[&[column], &after[..]].concat());
            scaled(graph, scalar, chain)
        }
        Rest::Plain(scalar, t) => scaled(graph, scalar, t),
        Rest::Ones(scalar, form) => {
            let ones = graph.ones_like(&form);
            scaled(graph, scalar, ones)
        }
        Rest::Filled(powers, at, form) => {
            let mut powers = powers.to_vec();
            powers[at].1 = &powers[at].1 - common;
            let entry = graph.had_powers(&powers);
            graph.fill(entry, form.rows(), form.columns())
        }
    }
}
