//! Matching laws against an e-graph of n-ary nodes.
//!
//! At its root a pattern takes part of a node: a run of a chain, some factors of a Hadamard product (of a power, part
//! of the exponent), some terms of a sum (of a coefficient, a part). Inside, it takes the whole of one.

use super::graph::Graph;
use super::law::Law;
use super::split::find_transpose;
use crate::dim::{Dim, Symbol};
use crate::function::Map2;
use crate::matrix::{Build, Form, Mat, MatFn};
use crate::number::Number;
use egg::{Id, Language};
use smallvec::{SmallVec, smallvec};

/// What a metavariable stands for: a coefficient times a chain of classes, mostly of one.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Bound {
    coefficient: Number,
    chain: SmallVec<[Id; 2]>,
}

/// What the metavariables of a law stand for.
#[derive(Clone, Debug)]
pub struct Substitution {
    bound: SmallVec<[Option<Bound>; 4]>,
    /// Each dimension of the pattern that is a symbol, with what it stands for.
    dims: SmallVec<[(Dim, Dim); 4]>,
}

/// What the root pattern left of the node it matched.
#[derive(Clone, Debug)]
enum Remainder {
    Nothing,
    Chain(Vec<Id>, Vec<Id>),
    Powers(Vec<(Id, Number)>),
    /// How often the pattern was taken, and the rest.
    Terms(Number, Vec<(Number, Id)>),
    Scalar(Vec<(Id, Number)>),
}

/// A match of a law.
#[derive(Clone, Debug)]
pub struct Match {
    substitution: Substitution,
    remainder: Remainder,
}

type Matches = Vec<Substitution>;
type Powers = Vec<(Id, Number)>;

/// More matches of one law at one node than this are not looked at.
const MATCHES_AT_A_NODE: usize = 24;

/// A metavariable of a run takes no more factors than this: all runs of a chain of n are n², and laws name several.
const MOST_FACTORS: usize = 12;

/// Every match of the law with this node as its root.
pub fn matches(graph: &Graph, law: &Law, node: &Mat) -> Vec<Match> {
    let matcher = Matcher { graph, law };
    let start = Substitution { bound: smallvec![None; law.slots.len()], dims: SmallVec::new() };
    let mut found = matcher.root(node, &start);
    found.truncate(MATCHES_AT_A_NODE);
    found
}

/// Which side of a law is built where it has matched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    Left,
    Right,
}

impl Match {
    /// The classes that it speaks of.
    pub fn classes(&self) -> Vec<Id> {
        let bound = self.substitution.bound.iter().flatten().flat_map(|b| b.chain.iter().copied());
        let mut all: Vec<Id> = bound.collect();
        match &self.remainder {
            Remainder::Nothing => {}
            Remainder::Chain(before, after) => all.extend(before.iter().chain(after)),
            Remainder::Powers(powers) | Remainder::Scalar(powers) => all.extend(powers.iter().map(|(t, _)| *t)),
            Remainder::Terms(_, terms) => all.extend(terms.iter().map(|(_, t)| *t)),
        }
        all
    }
}

/// Builds what the match makes of its node, or the node itself as the law sees it. `place` says where each class stands
/// in what is built into.
pub fn apply<B: Build>(b: &mut B, law: &Law, found: &Match, side: Side, place: &impl Fn(Id) -> Id) -> Id {
    let Match { substitution, remainder } = found;
    let value = |b: &mut B, slot: usize| match &substitution.bound[slot] {
        Some(Bound { coefficient, chain }) => {
            let product = if let [one] = chain[..] {
                place(one)
            } else {
                let chain: SmallVec<[Id; 2]> = chain.iter().map(|c| place(*c)).collect();
                b.mul(&chain)
            };
            b.scale(coefficient, product)
        }
        None => b.number(0),
    };
    let size = |symbol: Symbol| substitution.dims.iter().find(|(p, _)| *p == Dim::of(symbol)).map(|(_, d)| *d);
    let built = law.instantiate(b, side, &value, &size);
    let places = |all: &[(Id, Number)]| -> Powers { all.iter().map(|(t, p)| (place(*t), p.clone())).collect() };
    match remainder {
        Remainder::Nothing => built,
        Remainder::Chain(before, after) => {
            let all = |part: &[Id]| part.iter().map(|f| place(*f)).collect::<Vec<Id>>();
            let factors = [&all(before)[..], &[built], &all(after)[..]].concat();
            b.mul(&factors)
        }
        Remainder::Powers(powers) => {
            let mut powers = places(powers);
            powers.push((built, Number::ONE));
            b.had_powers(&powers)
        }
        Remainder::Terms(times, terms) => {
            let mut terms: Vec<(Number, Id)> = terms.iter().map(|(c, t)| (c.clone(), place(*t))).collect();
            terms.push((times.clone(), built));
            b.add(&terms)
        }
        Remainder::Scalar(powers) => {
            let scalar = b.had_powers(&places(powers));
            b.times(scalar, built)
        }
    }
}

struct Matcher<'a> {
    graph: &'a Graph,
    law: &'a Law,
}

impl Matcher<'_> {
    fn pattern(&self, p: Id) -> &Mat {
        self.law.terms.node(p)
    }

    fn root(&self, node: &Mat, start: &Substitution) -> Vec<Match> {
        let whole = |substitution| Match { substitution, remainder: Remainder::Nothing };
        match (self.pattern(self.law.left), node) {
            (Mat::Mul(patterns), Mat::Mul(factors)) => {
                let mut found = self.run_of_chain(patterns, factors, start);
                found.extend(self.turned_dot(patterns, factors, start).into_iter().map(whole));
                found
            }
            (Mat::Had(_) | Mat::Power(..), Mat::Had(_) | Mat::Power(..)) => self.part_of_product(node, start),
            (Mat::Add(cs, ps), Mat::Add(ds, ts)) => self.part_of_sum(cs, ps, ds, ts, start),
            (Mat::Times([s, p]), Mat::Times([r, t])) => self.part_of_scalar(*s, *p, *r, *t, start),
            _ => self.node(self.law.left, node, start).into_iter().map(whole).collect(),
        }
    }

    /// `a'*b` is `b'*a`, of which the graph has but one.
    fn turned_dot(&self, patterns: &[Id], factors: &[Id], start: &Substitution) -> Matches {
        let ([row, q], [x, y]) = (patterns, factors) else { return Matches::default() };
        let (Mat::Transpose([p]), true) = (self.pattern(*row), self.graph.form(*y).columns() == Dim::ONE) else {
            return Matches::default();
        };
        match find_transpose(self.graph, *x, 1) {
            Some(x) if self.graph.form(x).columns() == Dim::ONE => {
                self.class(*p, *y, start).iter().flat_map(|s| self.class(*q, x, s)).collect()
            }
            _ => Matches::default(),
        }
    }

    fn run_of_chain(&self, patterns: &[Id], factors: &[Id], start: &Substitution) -> Vec<Match> {
        let mut found = Vec::new();
        for from in 0..factors.len() {
            let mut ends = Vec::new();
            self.chain(patterns, factors, from, false, start, &mut ends);
            found.extend(ends.into_iter().map(|(substitution, to)| Match {
                substitution,
                remainder: Remainder::Chain(factors[..from].to_vec(), factors[to..].to_vec()),
            }));
        }
        found
    }

    /// Matches a chain of patterns from a place on, to the end if `exact`; gives the places reached.
    ///
    /// A metavariable may take several factors, if the whole must be used up or if the others of its occurrences
    /// restrict it.
    fn chain(&self, patterns: &[Id], factors: &[Id], at: usize, exact: bool, s: &Substitution, found: &mut Vec<(Substitution, usize)>) {
        let Some((pattern, rest)) = patterns.split_first() else {
            if !exact || at == factors.len() {
                found.push((s.clone(), at));
            }
            return;
        };
        let Some(room) = (factors.len() - at).checked_sub(rest.len()).filter(|room| *room > 0) else { return };
        let longest = match self.variable_in_chain(*pattern) {
            Some(_) if exact => room,
            Some(slot) if self.law.is_repeated(slot) => room.min(MOST_FACTORS),
            _ => 1,
        };
        for length in 1..=longest {
            for s in self.segment(*pattern, &factors[at..at + length], s) {
                self.chain(rest, factors, at + length, exact, &s, found);
            }
        }
    }

    /// The metavariable that the pattern is, or is the transpose of.
    fn variable_in_chain(&self, pattern: Id) -> Option<usize> {
        match self.pattern(pattern) {
            Mat::Transpose([a]) => self.law.slot(*a),
            _ => self.law.slot(pattern),
        }
    }

    fn segment(&self, pattern: Id, factors: &[Id], s: &Substitution) -> Matches {
        if let [one] = factors {
            return self.class(pattern, *one, s);
        }
        match self.pattern(pattern) {
            Mat::Transpose([a]) => {
                let turned: Option<SmallVec<[Id; 2]>> = factors.iter().rev().map(|f| find_transpose(self.graph, *f, 2)).collect();
                turned.and_then(|chain| self.bind(*a, Number::ONE, chain, s)).into_iter().collect()
            }
            _ => self.bind(pattern, Number::ONE, factors.iter().map(|f| self.graph.canonical(*f)).collect(), s).into_iter().collect(),
        }
    }

    /// The powers that a Hadamard product or a power is made of.
    fn powers(&self, node: &Mat, power: impl Fn(Id) -> (Id, Number)) -> Powers {
        match node {
            Mat::Had(factors) => factors.iter().map(|f| power(*f)).collect(),
            Mat::Power(p, [base]) => vec![(*base, p.clone())],
            _ => Vec::new(),
        }
    }

    fn pattern_powers(&self, node: &Mat) -> Powers {
        self.powers(node, |p| match self.pattern(p) {
            Mat::Power(e, [base]) => (*base, e.clone()),
            _ => (p, Number::ONE),
        })
    }

    fn node_powers(&self, node: &Mat) -> Powers {
        self.powers(node, |t| match self.graph.view(t) {
            Mat::Power(e, [base]) => (self.graph.canonical(*base), e.clone()),
            _ => (self.graph.canonical(t), Number::ONE),
        })
    }

    fn part_of_product(&self, node: &Mat, start: &Substitution) -> Vec<Match> {
        let patterns = self.pattern_powers(self.pattern(self.law.left));
        let mut found = Vec::new();
        self.take_powers(&patterns, self.node_powers(node), start, &mut |substitution, left| {
            found.push(Match { substitution, remainder: Remainder::Powers(left) });
        });
        found
    }

    /// Takes each power of the pattern from one of the node, which keeps the remaining exponent.
    fn take_powers(&self, patterns: &[(Id, Number)], left: Powers, s: &Substitution, found: &mut dyn FnMut(Substitution, Powers)) {
        let Some(((pattern, exponent), rest)) = patterns.split_first() else {
            return found(s.clone(), left);
        };
        for (at, (base, have)) in left.iter().enumerate() {
            let Some(remaining) = remaining(have, exponent) else { continue };
            for s in self.class(*pattern, *base, s) {
                let mut left = left.clone();
                if remaining.is_zero() {
                    left.remove(at);
                } else {
                    left[at].1 = remaining.clone();
                }
                self.take_powers(rest, left, &s, found);
            }
        }
    }

    fn part_of_sum(&self, cs: &[Number], ps: &[Id], ds: &[Number], ts: &[Id], start: &Substitution) -> Vec<Match> {
        let mut found = Vec::new();
        self.take_terms(ps, ts, &mut Vec::new(), start, &mut |substitution, places| {
            let ratios: Option<Vec<Number>> = cs.iter().zip(places).map(|(c, at)| &ds[*at] / c).collect();
            let Some(ratios) = ratios else { return };
            let negative = ratios.iter().any(Number::is_negative);
            if negative && !ratios.iter().all(Number::is_negative) {
                return;
            }
            let Some(times) = ratios.into_iter().min_by_key(Number::abs) else { return };
            let mut left: Vec<(Number, Id)> = ds.iter().cloned().zip(ts.iter().copied()).collect();
            for (c, at) in cs.iter().zip(places) {
                left[*at].0 = &left[*at].0 - &(&times * c);
            }
            left.retain(|(c, _)| !c.is_zero());
            found.push(Match { substitution, remainder: Remainder::Terms(times, left) });
        });
        found
    }

    /// Matches each pattern with a term of its own; gives their places.
    fn take_terms(&self, ps: &[Id], ts: &[Id], places: &mut Vec<usize>, s: &Substitution, found: &mut dyn FnMut(Substitution, &[usize])) {
        let Some((p, rest)) = ps.split_first() else {
            return found(s.clone(), places);
        };
        for (at, t) in ts.iter().enumerate() {
            if places.contains(&at) {
                continue;
            }
            for s in self.class(*p, *t, s) {
                places.push(at);
                self.take_terms(rest, ts, places, &s, found);
                places.pop();
            }
        }
    }

    /// A scalar times a term, where the scalar may have further factors.
    fn part_of_scalar(&self, s: Id, p: Id, r: Id, t: Id, start: &Substitution) -> Vec<Match> {
        if self.law.slot(s).is_some() {
            let scalars = self.class(s, r, start);
            let found = scalars.iter().flat_map(|s| self.class(p, t, s));
            return found.map(|substitution| Match { substitution, remainder: Remainder::Nothing }).collect();
        }
        let as_product = |powers: Powers, whole: (Id, Number)| if powers.is_empty() { vec![whole] } else { powers };
        let patterns = as_product(self.pattern_powers(self.pattern(s)), (s, Number::ONE));
        let have = as_product(self.node_powers(self.graph.view(r)), (self.graph.canonical(r), Number::ONE));
        let mut found = Vec::new();
        for substitution in self.class(p, t, start) {
            self.take_powers(&patterns, have.clone(), &substitution, &mut |substitution, left| {
                found.push(Match { substitution, remainder: Remainder::Scalar(left) });
            });
        }
        found
    }

    /// Matches a pattern with any node of a class.
    fn class(&self, pattern: Id, class: Id, s: &Substitution) -> Matches {
        let class = self.graph.canonical(class);
        if self.law.slot(pattern).is_some() {
            return self.bind(pattern, Number::ONE, smallvec![class], s).into_iter().collect();
        }
        if let Mat::Transpose([a]) = self.pattern(pattern)
            && self.law.slot(*a).is_some()
        {
            let turned = find_transpose(self.graph, class, 2);
            return turned.and_then(|t| self.bind(*a, Number::ONE, smallvec![t], s)).into_iter().collect();
        }
        if let (Mat::Fill(m, n, [entry]), true) = (self.pattern(pattern), self.graph.is_scalar(class)) {
            let s = with(s, |s| self.dim(*m, Dim::ONE, s) && self.dim(*n, Dim::ONE, s));
            return s.map(|s| self.class(*entry, class, &s)).unwrap_or_default();
        }
        if let (Mat::Zero(form), true) = (self.pattern(pattern), matches!(self.graph.view(class), Mat::Number(n) if n.is_zero())) {
            return with(s, |s| self.form(form, &Form::SCALAR, s)).into_iter().collect();
        }
        self.graph.nodes(class).iter().flat_map(|node| self.node(pattern, node, s)).collect()
    }

    /// Matches a pattern with the whole of a node.
    fn node(&self, pattern: Id, node: &Mat, s: &Substitution) -> Matches {
        match (self.pattern(pattern), node) {
            (Mat::Number(a), Mat::Number(b)) if a == b => vec![s.clone()],
            (Mat::Constant(a), Mat::Constant(b)) if a == b => vec![s.clone()],
            (Mat::Size(m), Mat::Size(n)) | (Mat::Eye(m), Mat::Eye(n)) => with(s, |s| self.dim(*m, *n, s)).into_iter().collect(),
            (Mat::Zero(f), Mat::Zero(g)) => with(s, |s| self.form(f, g, s)).into_iter().collect(),
            (Mat::Unit(i, m), Mat::Unit(j, n)) => with(s, |s| self.dim(*m, *n, s) && self.dim(*i, *j, s)).into_iter().collect(),
            (Mat::Commutation(m, n), Mat::Commutation(p, q)) => {
                with(s, |s| self.dim(*m, *p, s) && self.dim(*n, *q, s)).into_iter().collect()
            }
            (Mat::Fill(m, n, [a]), Mat::Fill(p, q, [b])) => {
                let s = with(s, |s| self.dim(*m, *p, s) && self.dim(*n, *q, s));
                s.map(|s| self.class(*a, *b, &s)).unwrap_or_default()
            }
            (Mat::Scale(c, [p]), Mat::Scale(d, [t])) => self.scaled(c, *p, d, *t, s),
            (Mat::Mul(patterns), Mat::Mul(factors)) => {
                let mut ends = Vec::new();
                self.chain(patterns, factors, 0, true, s, &mut ends);
                ends.into_iter().map(|(s, _)| s).collect()
            }
            (Mat::Had(ps), Mat::Had(ts)) if ps.len() == ts.len() => {
                let mut found = Vec::new();
                self.take_powers(&self.pattern_powers(self.pattern(pattern)), self.node_powers(node), s, &mut |s, left| {
                    if left.is_empty() {
                        found.push(s);
                    }
                });
                found
            }
            (Mat::Add(cs, ps), Mat::Add(ds, ts)) if ps.len() == ts.len() => {
                let mut found = Vec::new();
                self.take_terms(ps, ts, &mut Vec::new(), s, &mut |s, places| {
                    if cs.iter().zip(places).all(|(c, at)| *c == ds[*at]) {
                        found.push(s);
                    }
                });
                found
            }
            (Mat::Map2(f @ (Map2::Max | Map2::Min), [p, q]), Mat::Map2(g, [x, y])) if f == g => {
                let mut found = self.children(&[*p, *q], &[*x, *y], s);
                found.extend(self.children(&[*q, *p], &[*x, *y], s));
                found
            }
            (Mat::Call(f, _), Mat::Call(g, arguments)) if f == g && !self.same_orientation(*f, pattern, arguments) => Vec::new(),
            (
                p @ (Mat::Times(_) | Mat::Transpose(_) | Mat::Map(..) | Mat::Map2(..) | Mat::Power(..) | Mat::MatPower(..) | Mat::Call(..)),
                node,
            ) if p.matches(node) => self.children(p.children(), node.children(), s),
            _ => Vec::new(),
        }
    }

    /// Some functions mean one thing of a column and another of a matrix.
    fn same_orientation(&self, f: MatFn, pattern: Id, arguments: &[Id]) -> bool {
        if !matches!(f, MatFn::Softmax | MatFn::LogSumExp | MatFn::Norm1 | MatFn::Norm2 | MatFn::NormInf) {
            return true;
        }
        let expected = self.law.terms.form(self.pattern(pattern).children()[0]).columns();
        (expected == Dim::ONE) == (self.graph.form(arguments[0]).columns() == Dim::ONE)
    }

    fn children(&self, patterns: &[Id], classes: &[Id], s: &Substitution) -> Matches {
        let mut found = vec![s.clone()];
        for (p, c) in patterns.iter().zip(classes) {
            found = found.iter().flat_map(|s| self.class(*p, *c, s)).collect();
        }
        found
    }

    /// A multiple of a metavariable takes any multiple of that sign.
    fn scaled(&self, c: &Number, p: Id, d: &Number, t: Id, s: &Substitution) -> Matches {
        let Some(ratio) = d / c else { return Vec::new() };
        if ratio.is_one() {
            return self.class(p, t, s);
        }
        if self.law.slot(p).is_none() || ratio.is_negative() {
            return Vec::new();
        }
        self.bind(p, ratio, smallvec![self.graph.canonical(t)], s).into_iter().collect()
    }

    /// Lets a metavariable stand for a multiple of a chain, if that is what it stands for already or its kind allows it.
    fn bind(&self, pattern: Id, coefficient: Number, chain: SmallVec<[Id; 2]>, s: &Substitution) -> Option<Substitution> {
        let slot = self.law.slot(pattern)?;
        if let Some(bound) = &s.bound[slot] {
            return self.same(bound, &coefficient, &chain).then(|| s.clone());
        }
        let kind = &self.law.slots[slot];
        let (Some(first), Some(last)) = (chain.first(), chain.last()) else { return None };
        let form = match self.graph.form(*first) {
            Form::Grid(rows, _) => Form::Grid(*rows, self.graph.form(*last).columns()),
            tensor @ Form::Tensor(_) => tensor.clone(),
        };
        let known = if chain.len() == 1 && !coefficient.is_negative() { self.graph.facts(*first) } else { crate::fact::Facts::NONE };
        if !known.contains(kind.facts) {
            return None;
        }
        let mut s = with(s, |s| self.form(&kind.form, &form, s))?;
        s.bound[slot] = Some(Bound { coefficient, chain });
        Some(s)
    }

    fn same(&self, bound: &Bound, coefficient: &Number, chain: &[Id]) -> bool {
        bound.coefficient == *coefficient
            && (bound.chain[..] == *chain || self.as_class(&bound.chain).is_some_and(|c| self.as_class(chain) == Some(c)))
    }

    fn as_class(&self, chain: &[Id]) -> Option<Id> {
        match chain {
            [one] => Some(*one),
            _ => self.graph.lookup(Mat::Mul(chain.into())),
        }
    }

    /// Whether a form fits, with what its dimensions then stand for.
    fn form(&self, pattern: &Form, form: &Form, s: &mut Substitution) -> bool {
        match (pattern, form) {
            (Form::Grid(m, n), Form::Grid(p, q)) => self.dim(*m, *p, s) && self.dim(*n, *q, s),
            (Form::Tensor(ms), Form::Tensor(ns)) => ms.len() == ns.len() && ms.iter().zip(ns).all(|(m, n)| self.dim(*m, *n, s)),
            _ => false,
        }
    }

    /// Whether a dimension fits; a symbol stands for one dimension throughout.
    fn dim(&self, pattern: Dim, dim: Dim, s: &mut Substitution) -> bool {
        let known = s.dims.iter().find(|(p, _)| *p == pattern).map(|(_, d)| *d);
        match known {
            Some(d) => d == dim,
            None if self.law.is_symbol(pattern) => {
                s.dims.push((pattern, dim));
                true
            }
            None => self.size_of(pattern, s) == Some(dim),
        }
    }

    /// The value of a dimension whose symbols are all known.
    fn size_of(&self, pattern: Dim, s: &Substitution) -> Option<Dim> {
        if pattern == Dim::ONE {
            return Some(pattern);
        }
        let known = |symbol| s.dims.iter().find(|(p, _)| *p == Dim::of(symbol)).map(|(_, d)| *d);
        pattern.symbols().into_iter().all(|symbol| known(symbol).is_some()).then(|| pattern.substitute(&known))
    }
}

/// A substitution with what `add` finds to fit.
fn with(s: &Substitution, add: impl FnOnce(&mut Substitution) -> bool) -> Option<Substitution> {
    let mut s = s.clone();
    add(&mut s).then_some(s)
}

/// What stays of an exponent when a part is taken; `None` if that part is not in it.
fn remaining(have: &Number, take: &Number) -> Option<Number> {
    if have == take {
        return Some(Number::ZERO);
    }
    let within = have.is_negative() == take.is_negative() && take.abs() < have.abs();
    (within && have.is_integer() && take.is_integer()).then(|| have - take)
}
