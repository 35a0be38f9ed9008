//! Builds the expression of a matrix term, with the orientation of each sum chosen so that few minus signs are left.

use super::blocks::of_identity;
use super::factors::{Factors, call, is_subtracted, positive_first, power_of};
use super::forms::{SCALAR, children, forms, names};
use super::indices::has_stacked_output;
use super::order::{compare, degree};
use super::share::Sizes;
use crate::dim::{Dim, Symbol};
use crate::error::{Error, ErrorKind, Result};
use crate::expr::{Expr, Op, Subscript};
use crate::function::{Call, Function, Map, Map2, Parity};
use crate::infer::infer;
use crate::matrix::{Form, Mat, MatFn, Scaling};
use crate::number::Number;
use crate::parse::Declarations;
use egg::Id;
use rustc_hash::{FxHashMap, FxHashSet};
use std::cmp::Ordering;
use std::collections::BTreeSet;

/// How much work the choice of signs may be: nodes and children of nodes that are written.
const SIGN_BUDGET: usize = 60_000;

/// The expression with the fewest tokens over the orientations of its sums (`A*x - b` or `b - A*x`, the sign going to
/// the product around it), of equal ones that with the fewest minus signs, found by turning one sum after the other;
/// `finish` makes an expression of the product.
///
/// A binary minus is no longer than a plus, so only where a minus leads is there something to save, and only before a
/// bracket with a minus may one go. Each sum is turned once and kept only if that is better, so the loop ends; the budget
/// keeps large terms fast.
pub(super) fn fewest_signs(terms: &[Mat], roots: &[Id], taken: &BTreeSet<Symbol>, finish: &dyn Fn(Factors) -> Expr) -> Result<Vec<Expr>> {
    let mut builder = Builder::new(terms, taken);
    let mut sizes = (Sizes::default(), FxHashMap::default());
    let mut size_of = |all: &[Expr]| (sizes.0.of_all(all), minuses(all, &mut sizes.1));
    let mut best = builder.all(roots, finish)?;
    let mut size = size_of(&best);
    let mut is_shortest = !may_any_lose_a_minus(&best);
    let sums = (0..terms.len()).rev().filter(|&at| matches!(terms[at], Mat::Add(..)));
    let work: usize = terms.iter().map(|t| 1 + children(t).len()).sum();
    for at in sums.take(SIGN_BUDGET / work.max(1)) {
        if is_shortest {
            break;
        }
        // `-(A + (1 + n - s)*B)` is `(s - n - 1)*B - A` once both sums are turned.
        for within in std::iter::once(None).chain(sums_among_factors(terms, at).into_iter().map(Some)) {
            let turned = [Some(at), within];
            turned.iter().flatten().for_each(|&k| builder.turned[k] = !builder.turned[k]);
            let before = builder.forget(within.unwrap_or(at));
            let other = builder.all(roots, finish)?;
            let other_size = size_of(&other);
            if other_size < size {
                is_shortest = !may_any_lose_a_minus(&other);
                (best, size) = (other, other_size);
                break;
            }
            turned.iter().flatten().for_each(|&k| builder.turned[k] = !builder.turned[k]);
            before.into_iter().for_each(|(at, factors)| builder.memo[at] = factors);
        }
    }
    Ok(best)
}

/// The sums of scalars that are factors of the terms of a sum.
fn sums_among_factors(terms: &[Mat], sum: usize) -> Vec<usize> {
    let at = |id: &Id| &terms[usize::from(*id)];
    let unscaled = |id: &Id| if let Mat::Scale(_, [a]) = at(id) { *a } else { *id };
    let scalars = children(&terms[sum]).iter().filter_map(|term| match at(&unscaled(term)) {
        Mat::Times([s, _]) => Some(unscaled(s)),
        _ => None,
    });
    let factors = scalars.flat_map(|s| if let Mat::Had(all) = at(&s) { all.to_vec() } else { vec![s] });
    factors.filter(|s| matches!(at(s), Mat::Add(..))).map(usize::from).collect()
}

fn may_any_lose_a_minus(all: &[Expr]) -> bool {
    let mut seen = FxHashSet::default();
    all.iter().any(|e| may_lose_a_minus(e, &mut seen))
}

/// Whether there is a minus that does not stand between two terms, or that stands before a product with a difference.
fn may_lose_a_minus(e: &Expr, seen: &mut FxHashSet<Expr>) -> bool {
    if !seen.insert(e.clone()) {
        return false;
    }
    match e.op() {
        Op::Neg(_) => true,
        Op::Number(n) => n.is_negative(),
        Op::Add(terms) => terms.iter().enumerate().any(|(at, term)| match term.op() {
            Op::Neg(a) if at > 0 => {
                a.any(&mut |op| matches!(op, Op::Add(terms) if terms.iter().any(is_subtracted))) || may_lose_a_minus(a, seen)
            }
            Op::Number(_) if at > 0 => false,
            _ => may_lose_a_minus(term, seen),
        }),
        op => {
            let mut any = false;
            op.for_each_child(|c| any = any || may_lose_a_minus(c, seen));
            any
        }
    }
}

/// How many minus signs there are to read, in the text without names; `known` remembers those of each part.
fn minuses(all: &[Expr], known: &mut FxHashMap<Expr, u64>) -> u64 {
    fn of(e: &Expr, known: &mut FxHashMap<Expr, u64>) -> u64 {
        if let Some(known) = known.get(e) {
            return *known;
        }
        let mut count = u64::from(is_subtracted(e));
        e.op().for_each_child(|c| count = count.saturating_add(of(c, known)));
        known.insert(e.clone(), count);
        count
    }
    all.iter().fold(0, |sum, e| sum.saturating_add(of(e, known)))
}

pub(super) struct Builder<'a> {
    pub terms: &'a [Mat],
    pub forms: Vec<Form>,
    /// Whether the term is written entry by entry because a contraction is in it.
    pub indexed: Vec<bool>,
    /// Names that an index may not have.
    pub taken: BTreeSet<Symbol>,
    /// The names of variables and dimensions that are declared.
    pub(super) declared: BTreeSet<Symbol>,
    /// Whether the sum is written with all signs changed.
    turned: Vec<bool>,
    memo: Vec<Option<Factors>>,
    /// How many names of indices are in use around what is being written, and how many it has used in all.
    pub(super) base: usize,
    pub(super) reached: usize,
}

impl<'a> Builder<'a> {
    fn new(terms: &'a [Mat], taken: &BTreeSet<Symbol>) -> Builder<'a> {
        let forms = forms(terms);
        let mut indexed = vec![false; terms.len()];
        for (at, term) in terms.iter().enumerate() {
            let of = |id: &Id| indexed[usize::from(*id)];
            indexed[at] = match term {
                Mat::Contract(spec, all) => !has_stacked_output(terms, spec, all),
                Mat::Times([_, a]) | Mat::Transpose([a]) => of(a),
                Mat::Scale(..) | Mat::Map(..) | Mat::Power(..) | Mat::Map2(..) | Mat::Had(_) | Mat::Add(..) => {
                    children(term).iter().any(of)
                }
                _ => false,
            };
        }
        let declared = taken.clone();
        let taken = names(terms).union(taken).copied().collect();
        let (turned, memo) = (vec![false; terms.len()], vec![None; terms.len()]);
        Builder { terms, forms, indexed, taken, declared, turned, memo, base: 0, reached: 0 }
    }

    /// Forgets how the term is written, and what it is a part of, and returns what is forgotten. The names of indices depend on
    /// what has been written before: where there are some, nothing is kept.
    fn forget(&mut self, at: usize) -> Vec<(usize, Option<Factors>)> {
        let everything = self.indexed.contains(&true);
        let mut changed = vec![everything; self.terms.len()];
        let mut forgotten = Vec::new();
        for (place, term) in self.terms.iter().enumerate() {
            changed[place] |= place == at || children(term).iter().any(|c| changed[usize::from(*c)]);
            if changed[place] {
                forgotten.push((place, self.memo[place].take()));
            }
        }
        forgotten
    }

    fn all(&mut self, roots: &[Id], finish: &dyn Fn(Factors) -> Expr) -> Result<Vec<Expr>> {
        if self.terms.is_empty() {
            return Err(Error::new(ErrorKind::Internal, "a term without nodes cannot be written"));
        }
        roots.iter().map(|root| Ok(finish(self.factors(*root)?))).collect()
    }

    pub fn is_scalar(&self, id: Id) -> bool {
        self.forms[usize::from(id)] == SCALAR
    }

    /// The term as a product, outside of index notation.
    pub fn factors(&mut self, id: Id) -> Result<Factors> {
        let at = usize::from(id);
        if let (Some(known), 0) = (&self.memo[at], self.base) {
            return Ok(known.clone());
        }
        let factors = if self.indexed[at] { self.indexed_value(id)? } else { self.build(id)? };
        // Within index notation the names of inner indices depend on the place.
        if self.base == 0 {
            self.memo[at] = Some(factors.clone());
        }
        Ok(factors)
    }

    pub fn expr(&mut self, id: Id) -> Result<Expr> {
        Ok(self.factors(id)?.finish())
    }

    fn build(&mut self, id: Id) -> Result<Factors> {
        let scalar = self.is_scalar(id);
        let terms = self.terms;
        let leaf = |e: Expr| Ok(Factors::of(e, scalar));
        match &terms[usize::from(id)] {
            Mat::Number(n) => Ok(Factors::number(n.clone())),
            Mat::Constant(c) => leaf(Expr::new(Op::Constant(*c))),
            Mat::Size(d) => Ok(size(*d)),
            Mat::Var(v) => leaf(Expr::var(v.clone())),
            Mat::Eye(n) if scalar => Ok(Factors::number(Number::int(n.as_number().unwrap_or(1)))),
            Mat::Eye(n) => leaf(call(Call::Eye, [dim(*n)])),
            Mat::Zero(_) if scalar => Ok(Factors::number(Number::ZERO)),
            Mat::Zero(form) => leaf(constant_array(Call::Zeros, form)),
            Mat::Unit(i, n) => leaf(call(Call::Unit, [dim(*i), dim(*n)])),
            Mat::Fill(m, n, [c]) => self.fill(*m, *n, *c, scalar),
            Mat::Scale(n, [a]) => Ok(self.factors(*a)?.scaled(n)),
            Mat::Times([s, a]) => Ok(self.number(*s)?.times(self.factors(*a)?)),
            Mat::Had(all) if scalar => all.iter().try_fold(Factors::one(), |product, a| Ok(product.times(self.number(*a)?))),
            Mat::Had(all) => all.iter().try_fold(Factors::one(), |product, a| Ok(product.times(self.factors(*a)?))),
            Mat::Apply(f, all) => {
                let arguments = all.iter().map(|a| self.expr(*a)).collect::<Result<Vec<_>>>()?;
                leaf(Expr::new(Op::Apply { function: f.clone(), arguments }))
            }
            Mat::Duplication(n) => leaf(call(Call::Duplication, [dim(*n)])),
            Mat::Elimination(n) => leaf(call(Call::Elimination, [dim(*n)])),
            Mat::Reshape(m, n, [a]) => self.linear(&[*a], scalar, |all| call(Call::Reshape, [unstacked(&all[0]), dim(*m), dim(*n)])),
            Mat::Gather(s) => leaf(of_identity(*s, true)),
            Mat::Scatter(s) => leaf(of_identity(*s, false)),
            Mat::Slice(cuts, [a]) => self.slice(cuts, *a, scalar),
            Mat::Mul(all) => {
                if let Some(product) = self.between_diagonals(all)? {
                    return Ok(product);
                }
                let plain = self.chain(all, scalar)?;
                self.shorter_as_block(id, plain)
            }
            Mat::Add(coefficients, all) => self.sum(id, coefficients, all),
            Mat::Transpose([a]) => self.linear(&[*a], scalar, |all| transposed(&all[0])),
            Mat::Map(map, [a]) => {
                let argument = self.factors(*a)?;
                Ok(mapped(*map, argument, scalar))
            }
            Mat::Map2(function, [a, b]) => {
                let (a, b) = (self.factors(*a)?, self.factors(*b)?);
                let (a, b) = if a.fill == b.fill { (a, b) } else { (without_ones(a), without_ones(b)) };
                leaf(map2(*function, a.finish(), b.finish(), scalar))
            }
            Mat::Power(p, [a]) if scalar => Ok(power_of(self.number(*a)?, p)),
            Mat::Power(p, [a]) => Ok(power_of(self.factors(*a)?, p)),
            Mat::MatPower(p, [a]) => self.matrix_power(*p, *a),
            Mat::Call(function, all) => self.call(*function, all, scalar),
            Mat::Commutation(m, n) => leaf(call(Call::Commutation, [dim(*m), dim(*n)])),
            Mat::LeviCivita(_) | Mat::Merge(..) | Mat::Contract(..) => self.indexed_value(id),
        }
    }

    /// A factor that has to be a number: of a variable of one entry this entry, since the language has it as a vector or a matrix.
    fn number(&mut self, id: Id) -> Result<Factors> {
        match &self.terms[usize::from(id)] {
            Mat::Var(v) if !v.axes().is_empty() => {
                let first = v.axes().iter().map(|_| Subscript::At(Expr::number(1))).collect();
                Ok(Factors::scalar(Expr::new(Op::Subscript(Expr::var(v.clone()), first))))
            }
            _ => self.factors(id),
        }
    }

    fn fill(&mut self, m: Dim, n: Dim, c: Id, scalar: bool) -> Result<Factors> {
        let value = self.factors(c)?;
        if scalar {
            return Ok(value);
        }
        let ones = Factors { fill: true, ..Factors::of(constant_array(Call::Ones, &Form::Grid(m, n)), false) };
        Ok(value.times(ones))
    }

    /// A function that is linear in each argument: scalars go in front of it.
    fn linear(&mut self, arguments: &[Id], scalar: bool, make: impl Fn(&[Expr]) -> Expr) -> Result<Factors> {
        let mut product = Factors::one();
        let mut cores = Vec::new();
        for a in arguments {
            let (scalars, core) = self.factors(*a)?.split();
            product = product.times(scalars);
            cores.push(core.unwrap_or_else(|| Expr::number(Number::ONE)));
        }
        Ok(product.times(Factors::of(make(&cores), scalar)))
    }

    pub(super) fn chain(&mut self, all: &[Id], scalar: bool) -> Result<Factors> {
        self.linear(all, scalar, |cores| {
            let mut chain = Vec::new();
            for core in cores {
                match core.op() {
                    Op::Mul(inner) => chain.extend(inner.iter().cloned()),
                    _ => chain.push(core.clone()),
                }
            }
            chain_of(chain)
        })
    }

    /// `diag(a)*(A.*B)*diag(b)` is `(a*b').*A.*B`.
    fn between_diagonals(&mut self, all: &[Id]) -> Result<Option<Factors>> {
        let terms = self.terms;
        let node = |id: &Id| &terms[usize::from(*id)];
        if let [left, product, right] = all
            && let (Mat::Call(MatFn::Diag, a), Mat::Had(_), Mat::Call(MatFn::Diag, b)) = (node(left), node(product), node(right))
        {
            let outer = self.linear(&[a[0], b[0]], false, |cores| chain_of(vec![cores[0].clone(), transposed(&cores[1])]))?;
            return Ok(Some(outer.times(self.factors(*product)?)));
        }
        Ok(None)
    }

    fn matrix_power(&mut self, p: i64, a: Id) -> Result<Factors> {
        let inner = self.factors(a)?;
        let sign = if p % 2 != 0 && inner.coefficient.is_negative() { Number::MINUS_ONE } else { Number::ONE };
        let base = inner.absolute().finish();
        Ok(Factors::of(Expr::new(Op::Pow(base, Expr::number(p))), false).scaled(&sign))
    }

    fn sum(&mut self, id: Id, coefficients: &[Number], all: &[Id]) -> Result<Factors> {
        let (blocks, rest): (Vec<_>, Vec<_>) = coefficients.iter().zip(all).partition(|(_, a)| self.is_placed(**a));
        let mut terms = Vec::with_capacity(all.len());
        for (n, a) in rest {
            terms.push(self.factors(*a)?.scaled(n));
        }
        terms.extend(self.block_of_terms(id, &blocks)?);
        if terms.len() == 1 {
            return Ok(terms.remove(0));
        }
        let numbers: Vec<Number> = terms.iter().map(|t: &Factors| t.coefficient.clone()).collect();
        let scale = common_scale_of_decimals(&numbers).and_then(|s| Some((s.recip()?, s)));
        if let Some((down, _)) = &scale {
            terms = terms.into_iter().map(|t| t.scaled(down)).collect();
        }
        let scalar = self.is_scalar(id);
        // A scalar in a sum stands for every entry, so `ones` is not needed where another term shows the shape.
        let shown = terms.iter().any(|t| !t.fill && !t.is_scalar());
        if !scalar && shown {
            terms = terms.into_iter().map(without_ones).collect();
        }
        let sum = self.oriented_sum(id, terms, scalar);
        Ok(match scale {
            Some((_, up)) => sum.scaled(&up),
            None => sum,
        })
    }

    /// The sum with the sign that this build gives it: `-1` times the written sum if that is turned.
    pub fn oriented_sum(&self, id: Id, terms: Vec<Factors>, scalar: bool) -> Factors {
        let mut terms: Vec<SumTerm> = terms.into_iter().map(|t| SumTerm::new(t, scalar)).collect();
        terms.sort_by(SumTerm::compare);
        let turn = naturally_turned(&terms) != self.turned[usize::from(id)];
        // Of terms alike, those that are added stand before those that are subtracted.
        terms.sort_by_key(|t| (t.constant, std::cmp::Reverse(t.degree), t.factors.coefficient.is_negative() != turn));
        let terms = terms.into_iter().map(|t| if turn { t.factors.scaled(&Number::MINUS_ONE) } else { t.factors }.finish());
        let sum = Expr::new(Op::Add(positive_first(terms.collect())));
        Factors::of(sum, scalar).scaled(if turn { &Number::MINUS_ONE } else { &Number::ONE })
    }

    /// `expm(p*logm(A))` is written `A^p`, and `expm(logm(A)*B)` is `A^B`: the base and the exponent.
    fn as_power(&mut self, argument: Id) -> Result<Option<(Expr, Expr)>> {
        let terms = self.terms;
        let mut exponent = Factors::one();
        let mut core = argument;
        loop {
            core = match &terms[usize::from(core)] {
                Mat::Scale(n, [inner]) => {
                    exponent = exponent.scaled(n);
                    *inner
                }
                Mat::Times([s, inner]) => {
                    exponent = exponent.times(self.factors(*s)?);
                    *inner
                }
                _ => break,
            };
        }
        let (first, rest) = match &terms[usize::from(core)] {
            Mat::Mul(factors) => (factors[0], &factors[1..]),
            _ => (core, &[][..]),
        };
        let Mat::Call(MatFn::Logm, base) = &terms[usize::from(first)] else { return Ok(None) };
        let base = self.expr(base[0])?;
        match rest {
            [] => {}
            [b] => exponent = exponent.times(self.factors(*b)?),
            _ => exponent = exponent.times(self.chain(rest, false)?),
        }
        Ok(Some((base, exponent.finish())))
    }

    fn call(&mut self, function: MatFn, all: &[Id], scalar: bool) -> Result<Factors> {
        if function == MatFn::Expm
            && let Some((base, exponent)) = self.as_power(all[0])?
        {
            return Ok(Factors::of(Expr::new(Op::Pow(base, exponent)), scalar));
        }
        let name = function.row().call;
        let axis = match function {
            MatFn::SumRows | MatFn::MeanRows => Some(1),
            MatFn::SumColumns | MatFn::MeanColumns => Some(2),
            _ => None,
        };
        let make = |arguments: Vec<Expr>| call(name, arguments.into_iter().chain(axis.map(Expr::number)));
        match function.row().scaling {
            Scaling::Linear if function == MatFn::Trace => self.linear(all, scalar, |arguments| trace_of(&arguments[0])),
            Scaling::Linear if function == MatFn::Diag => self.linear(all, scalar, |arguments| make(vec![as_vector(&arguments[0])])),
            Scaling::Linear => self.linear(all, scalar, |arguments| make(arguments.to_vec())),
            Scaling::Even | Scaling::Norm | Scaling::Square => {
                let arguments = all.iter().map(|a| Ok(self.factors(*a)?.absolute().finish())).collect::<Result<Vec<_>>>()?;
                Ok(Factors::of(make(arguments), scalar))
            }
            Scaling::Inverse => {
                let mut sign = Number::ONE;
                let mut arguments = Vec::new();
                for a in all {
                    let f = self.factors(*a)?;
                    if f.coefficient.is_negative() {
                        sign = -&sign;
                    }
                    arguments.push(f.absolute().finish());
                }
                Ok(Factors::of(make(arguments), scalar).scaled(&sign))
            }
            Scaling::None => {
                let arguments = all.iter().map(|a| self.expr(*a)).collect::<Result<Vec<_>>>()?;
                Ok(Factors::of(make(arguments), scalar))
            }
        }
    }
}

/// What is declared as an n×1 matrix is a vector only by `vec`.
fn as_vector(e: &Expr) -> Expr {
    let narrow = |op: &Op| matches!(op, Op::Var(v) if v.axes().len() == 2 && v.axes().contains(&Dim::ONE));
    let is_matrix = |e: &Expr| infer(e, &Declarations::default()).is_ok_and(|t| t.root().shape.axes().len() == 2);
    if e.any(&mut { narrow }) && is_matrix(e) { call(Call::Vec, [e.clone()]) } else { e.clone() }
}

/// `tr((A - B)'*C)` is `inner(A - B, C)`; of a name, `tr(A'*B)` is what books have.
fn trace_of(e: &Expr) -> Expr {
    let bracketed = |e: &Expr| match e.op() {
        Op::Transpose(a) => matches!(a.op(), Op::Add(_) | Op::Had(_) | Op::HadDiv(..) | Op::Call(Function::Map(_), _)).then(|| a.clone()),
        _ => None,
    };
    let product = |factors: &[Expr]| if let [one] = factors { one.clone() } else { Expr::new(Op::Mul(factors.to_vec())) };
    if let Op::Mul(factors) = e.op()
        && let ([first, others @ ..], [rest @ .., last]) = (&factors[..], &factors[..])
    {
        let arguments = match (bracketed(first), bracketed(last)) {
            (Some(a), _) => [a, product(others)],
            (None, Some(b)) => [product(rest), b],
            (None, None) => return call(Call::Trace, [e.clone()]),
        };
        return call(Call::Inner, arguments);
    }
    call(Call::Trace, [e.clone()])
}

/// A chain of matrices, with powers for what stands beside itself.
pub(super) fn chain_of(factors: Vec<Expr>) -> Expr {
    let mut runs: Vec<(Expr, i64)> = Vec::new();
    for factor in factors {
        match runs.last_mut() {
            Some((last, count)) if *last == factor => *count += 1,
            _ => runs.push((factor, 1)),
        }
    }
    let power = |(base, count): (Expr, i64)| if count == 1 { base } else { Expr::new(Op::Pow(base, Expr::number(count))) };
    let mut chain: Vec<Expr> = runs.into_iter().map(power).collect();
    if chain.len() == 1 { chain.remove(0) } else { Expr::new(Op::Mul(chain)) }
}

/// A scalar for all of whose entries are that scalar.
fn without_ones(f: Factors) -> Factors {
    if f.fill { f.split().0 } else { f }
}

/// By what all coefficients of a sum are too large, if they are of one order of magnitude: sums of decimals have such
/// coefficients after their common denominator went out. It is the largest one, if the others are decimals beside it, as in
/// `x + 0.044715*x.^3`, or else a power of ten.
fn common_scale_of_decimals(coefficients: &[Number]) -> Option<Number> {
    let (least, most) = (coefficients.iter().map(Number::abs).min()?, coefficients.iter().map(Number::abs).max()?);
    if most < Number::int(100_000) || &least * &Number::int(1_000) < most {
        return None;
    }
    let down = most.recip()?;
    if coefficients.iter().all(|c| !(c * &down).to_string().contains('/')) {
        return Some(most);
    }
    Number::int(10).pow(&Number::int(most.to_f64().log10().floor() as i64))
}

/// A term of a sum with what decides its place.
struct SumTerm {
    factors: Factors,
    constant: bool,
    degree: i64,
    /// The term without its coefficient.
    shown: Expr,
}

impl SumTerm {
    fn new(factors: Factors, scalar_sum: bool) -> SumTerm {
        let (scalars, core) = factors.clone().split();
        let degree = match &core {
            Some(core) => degree(core),
            None if scalar_sum => scalars.above.iter().map(degree).sum(),
            None => 0,
        };
        let constant = match &core {
            Some(core) => matches!(core.op(), Op::Call(Function::Call(Call::Eye | Call::Ones | Call::Zeros), _)),
            None => scalars.above.iter().chain(&scalars.below).all(|s| super::order::degree(s) == 0),
        };
        let shown = Factors { coefficient: Number::ONE, ..factors.clone() }.finish();
        SumTerm { factors, constant, degree, shown }
    }

    /// Constants last, longer products first, then by content.
    fn compare(&self, other: &SumTerm) -> Ordering {
        let by_degree = self.constant.cmp(&other.constant).then(other.degree.cmp(&self.degree));
        by_degree.then_with(|| compare(&self.shown, &other.shown)).then_with(|| self.factors.coefficient.cmp(&other.factors.coefficient))
    }
}

/// Whether the sum reads better with all signs changed: more terms are added than subtracted then, or as many and
/// the constant (else the first term) is added.
fn naturally_turned(terms: &[SumTerm]) -> bool {
    let negative = |t: &SumTerm| t.factors.coefficient.is_negative();
    let minuses = terms.iter().filter(|t| negative(t)).count();
    match (2 * minuses).cmp(&terms.len()) {
        Ordering::Less => false,
        Ordering::Greater => true,
        Ordering::Equal => terms.iter().rfind(|t| t.constant).or(terms.first()).is_some_and(negative),
    }
}

/// A sign passes through an odd function and is lost in an even one.
pub(super) fn mapped(map: Map, argument: Factors, scalar: bool) -> Factors {
    let negative = argument.coefficient.is_negative();
    let make = |argument: Factors| Factors::of(Expr::call(Function::Map(map), [argument.finish()]), scalar);
    match map.row().parity {
        Parity::Even => make(argument.absolute()),
        Parity::Odd if negative => make(argument.absolute()).scaled(&Number::MINUS_ONE),
        Parity::Odd | Parity::Neither => make(argument),
    }
}

pub(super) fn map2(function: Map2, a: Expr, b: Expr, scalar: bool) -> Expr {
    match function {
        Map2::Power if scalar => Expr::new(Op::Pow(a, b)),
        Map2::Power => Expr::new(Op::HadPow(a, b)),
        Map2::Max => call(Call::Max, [a, b]),
        Map2::Min => call(Call::Min, [a, b]),
    }
}

/// `reshape(vec(A), …)` is `reshape(A, …)`.
fn unstacked(e: &Expr) -> Expr {
    match e.op() {
        Op::Call(Function::Call(Call::Vec), all) if all.len() == 1 => all[0].clone(),
        _ => e.clone(),
    }
}

pub(super) fn transposed(e: &Expr) -> Expr {
    match e.op() {
        Op::Transpose(inner) => inner.clone(),
        Op::Call(Function::Call(Call::Eye), n) if n.len() == 1 => e.clone(),
        _ => Expr::new(Op::Transpose(e.clone())),
    }
}

pub(super) fn dim(d: Dim) -> Expr {
    match d.as_number() {
        Some(n) => Expr::number(n),
        None => Expr::new(Op::Size(d)),
    }
}

pub(super) fn size(d: Dim) -> Factors {
    match d.as_number() {
        Some(n) => Factors::number(Number::int(n)),
        None => Factors::scalar(dim(d)),
    }
}

/// `ones(n)`, `ones(n)'`, `ones(m, n)`, `zeros(…)`.
pub(super) fn constant_array(name: Call, form: &Form) -> Expr {
    match form {
        Form::Grid(m, n) if *n == Dim::ONE => call(name, [dim(*m)]),
        Form::Grid(m, n) if *m == Dim::ONE => transposed(&call(name, [dim(*n)])),
        Form::Grid(m, n) => call(name, [dim(*m), dim(*n)]),
        Form::Tensor(axes) => call(name, axes.iter().map(|d| dim(*d))),
    }
}
