//! Runs of factors: a part of a product that may have a name, and that part transposed.
//!
//! `inv(S)*(x - m)*(x - m)'*inv(S)` of a symmetric S is `t*t'` with `t = inv(S)*(x - m)`, although neither `t` nor `t'`
//! is an expression of its own in it.

use crate::dim::Symbol;
use crate::expr::{Expr, Op};
use crate::function::{Call, Function};
use crate::outline::{Outline, outline};
use rustc_hash::FxHashMap;

/// Products of more factors than this are not searched for runs.
const MOST_FACTORS: usize = 16;

/// Names that stand for parts, with what they stand for.
pub(super) type Named = [(Symbol, Expr)];

/// What may be named in a product: every run of two factors or more, with its place.
pub(super) fn runs(factors: &[Expr]) -> impl Iterator<Item = (usize, &[Expr])> {
    let first = factors.iter().take_while(|f| matches!(f.op(), Op::Number(_))).count();
    let last = if factors.len() > MOST_FACTORS { first } else { factors.len() };
    (first..last).flat_map(move |from| (from + 2..=last).map(move |to| (from, &factors[from..to])))
}

/// The factors of the transposed product.
pub(super) fn turned(factors: &[Expr], parts: &Named) -> Vec<Expr> {
    factors.iter().rev().map(|f| transposed(f, parts)).collect()
}

fn transposed(e: &Expr, parts: &Named) -> Expr {
    match e.op() {
        Op::Transpose(a) => a.clone(),
        _ if is_symmetric(e, parts) => e.clone(),
        _ => Expr::new(Op::Transpose(e.clone())),
    }
}

/// Whether an expression is its own transpose, for all that can be read off it.
fn is_symmetric(e: &Expr, parts: &Named) -> bool {
    let of = |e: &Expr| is_symmetric(e, parts);
    match e.op() {
        Op::Number(_) | Op::Constant(_) | Op::Size(_) => true,
        Op::Var(v) if v.kind.is_none() => parts.iter().find(|(name, _)| *name == v.name).is_some_and(|(_, part)| of(part)),
        Op::Var(v) => v.is_symmetric() || outline(e) == Some(Outline::Scalar),
        Op::Neg(a) | Op::Transpose(a) | Op::Pow(a, _) | Op::HadPow(a, _) => of(a),
        Op::Div(a, b) => of(a) && outline(b) == Some(Outline::Scalar),
        Op::Add(all) | Op::Had(all) => all.iter().all(of),
        Op::HadDiv(a, b) => of(a) && of(b),
        Op::Mul(factors) => turned(factors, parts) == *factors,
        Op::Call(Function::Map(_) | Function::Call(Call::Inv | Call::Adj), all) => all.iter().all(of),
        Op::Call(Function::Call(Call::Eye | Call::Sym), _) => true,
        Op::Call(Function::Call(Call::Diag), _) => outline(e) == Some(Outline::Matrix),
        Op::Call(..) => outline(e) == Some(Outline::Scalar),
        Op::Kron(..)
        | Op::LeftDiv(..)
        | Op::Apply { .. }
        | Op::Subscript(..)
        | Op::Delta(_)
        | Op::LeviCivita(_)
        | Op::IndexSum(..)
        | Op::Braces(..)
        | Op::Diff(..)
        | Op::Block(_) => false,
    }
}

/// How often a run stands in an expression, as it is and transposed.
#[derive(Default)]
pub(super) struct Count {
    pub straight: u64,
    pub turned: u64,
    /// How often it is not all of a product.
    part: u64,
    /// The product in which it was last met and where it ended there: it does not overlap itself.
    end: (usize, usize),
}

impl Count {
    /// Whether it is a product of its own wherever it stands.
    pub fn is_whole(&self) -> bool {
        self.part == 0 && self.turned == 0
    }
}

/// Runs with how often they occur.
#[derive(Default)]
pub(super) struct Runs {
    counts: Vec<(Vec<Expr>, Count)>,
    places: FxHashMap<Vec<Expr>, usize>,
    products: usize,
}

impl Runs {
    /// Counts the runs of a product that occurs `uses` times.
    pub fn add(&mut self, factors: &[Expr], uses: u64, parts: &Named) {
        self.products += 1;
        for (from, run) in runs(factors) {
            let (at, straight) = self.place(run, parts);
            let count = &mut self.counts[at].1;
            if count.end.0 == self.products && from < count.end.1 {
                continue;
            }
            count.end = (self.products, from + run.len());
            *(if straight { &mut count.straight } else { &mut count.turned }) += uses;
            count.part += u64::from(run.len() < factors.len());
        }
    }

    fn place(&mut self, run: &[Expr], parts: &Named) -> (usize, bool) {
        if let Some(&at) = self.places.get(run) {
            return (at, true);
        }
        if let Some(&at) = self.places.get(&turned(run, parts)) {
            return (at, false);
        }
        let at = self.counts.len();
        self.places.insert(run.to_vec(), at);
        self.counts.push((run.to_vec(), Count::default()));
        (at, true)
    }

    /// Each run that occurs more than once.
    pub fn shared(self) -> impl Iterator<Item = (Vec<Expr>, Count)> {
        self.counts.into_iter().filter(|(_, count)| count.straight + count.turned > 1)
    }
}

/// The product with a name in the place of a run, `name` as it is and `other` transposed; other factors by `each`.
pub(super) fn replaced(factors: &[Expr], run: &[Expr], turned: &[Expr], name: &Expr, each: &mut dyn FnMut(&Expr) -> Expr) -> Vec<Expr> {
    let mut new: Vec<Expr> = Vec::with_capacity(factors.len());
    let mut at = 0;
    while at < factors.len() {
        let rest = &factors[at..];
        if rest.starts_with(run) {
            new.push(name.clone());
            at += run.len();
        } else if rest.starts_with(turned) {
            new.push(Expr::new(Op::Transpose(name.clone())));
            at += run.len();
        } else {
            new.push(each(&rest[0]));
            at += 1;
        }
    }
    new
}
