//! Runs of factors: a part of a product that may have a name, and that part transposed.
//!
//! `inv(S)*(x - m)*(x - m)'*inv(S)` of a symmetric S is `t*t'` with `t = inv(S)*(x - m)`, although neither `t` nor `t'`
//! is an expression of its own in it.

use crate::dim::Symbol;
use crate::expr::{Expr, Op};
use crate::function::{Call, Function};
use crate::outline::{Outline, outline};
use indexmap::{IndexMap, IndexSet};
use rustc_hash::{FxBuildHasher, FxHashMap};
use smallvec::SmallVec;

/// Products of more factors than this are not searched for runs, but for one: a long run next to itself transposed.
const MOST_FACTORS: usize = 16;

/// Names that stand for parts, with what they stand for.
pub(super) type Named = [(Symbol, Expr)];

/// What may be named in a product: every run of two factors or more, from where to where.
fn runs(factors: &[Expr]) -> impl Iterator<Item = (usize, usize)> {
    let first = factors.iter().take_while(|f| matches!(f.op(), Op::Number(_))).count();
    let last = if factors.len() > MOST_FACTORS { first } else { factors.len() };
    (first..last).flat_map(move |from| (from + 2..=last).map(move |to| (from, to)))
}

/// The two halves of the longest part of a long product that is its own transpose, as Hessians of chains have.
fn halves(factors: &[u32], turned: &[u32]) -> Option<[(usize, usize); 2]> {
    if factors.len() <= MOST_FACTORS {
        return None;
    }
    let reach = |middle: usize| {
        let (right, left) = (&factors[middle..], &turned[factors.len() - middle..]);
        right.iter().zip(left).take_while(|(a, b)| a == b).count()
    };
    let (length, middle) = (1..factors.len()).map(|middle| (reach(middle), middle)).max()?;
    (length >= 2).then_some([(middle - length, middle), (middle, middle + length)])
}

/// The factors of the transposed product.
pub(super) fn turned(factors: &[Expr], parts: &Named) -> Vec<Expr> {
    Symmetry::default().turned(factors, parts)
}

/// Which expressions are their own transposes, for all that can be read off them; none is read twice.
///
/// A part that gets a name keeps what was known of it: the name stands for the same value.
#[derive(Default)]
pub(super) struct Symmetry(FxHashMap<Expr, bool>);

impl Symmetry {
    pub fn turned(&mut self, factors: &[Expr], parts: &Named) -> Vec<Expr> {
        factors.iter().rev().map(|f| self.transposed(f, parts)).collect()
    }

    fn transposed(&mut self, e: &Expr, parts: &Named) -> Expr {
        match e.op() {
            Op::Transpose(a) => a.clone(),
            _ if self.holds(e, parts) => e.clone(),
            _ => Expr::new(Op::Transpose(e.clone())),
        }
    }

    fn holds(&mut self, e: &Expr, parts: &Named) -> bool {
        if let Some(known) = self.0.get(e) {
            return *known;
        }
        let holds = self.read(e, parts);
        self.0.insert(e.clone(), holds);
        holds
    }

    fn read(&mut self, e: &Expr, parts: &Named) -> bool {
        let mut of = |e: &Expr| self.holds(e, parts);
        match e.op() {
            Op::Number(_) | Op::Constant(_) | Op::Size(_) => true,
            Op::Var(v) if v.kind.is_none() => parts.iter().find(|(name, _)| *name == v.name).is_some_and(|(_, part)| of(part)),
            Op::Var(v) => v.is_symmetric() || outline(e) == Some(Outline::Scalar),
            Op::Neg(a) | Op::Transpose(a) | Op::Pow(a, _) | Op::HadPow(a, _) => of(a),
            Op::Div(a, b) => of(a) && outline(b) == Some(Outline::Scalar),
            Op::Add(all) | Op::Had(all) => all.iter().all(of),
            Op::HadDiv(a, b) => of(a) && of(b),
            Op::Mul(factors) => self.turned(factors, parts) == *factors,
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
}

/// The factors of products by numbers, the same number for equal ones, with the number of each one's transpose.
#[derive(Default)]
pub(super) struct Factors {
    all: IndexSet<Expr, FxBuildHasher>,
    transposes: FxHashMap<u32, u32>,
    symmetry: Symmetry,
}

/// Factors by their numbers.
pub(super) type Run = SmallVec<[u32; 8]>;

impl Factors {
    fn number(&mut self, factor: &Expr) -> u32 {
        // There are no more factors than nodes in memory, fewer than 2³².
        self.all.insert_full(factor.clone()).0 as u32
    }

    fn transpose(&mut self, factor: u32, parts: &Named) -> u32 {
        if let Some(&known) = self.transposes.get(&factor) {
            return known;
        }
        let transposed = self.symmetry.transposed(&self.all[factor as usize], parts);
        let number = self.number(&transposed);
        self.transposes.insert(factor, number);
        number
    }

    pub fn turned(&mut self, run: &[u32], parts: &Named) -> Run {
        run.iter().rev().map(|f| self.transpose(*f, parts)).collect()
    }

    pub fn of<'a>(&'a self, run: &'a [u32]) -> impl Iterator<Item = &'a Expr> {
        run.iter().map(|f| &self.all[*f as usize])
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
    counts: IndexMap<Run, Count, FxBuildHasher>,
    products: usize,
}

impl Runs {
    /// Counts the runs of a product that occurs `uses` times.
    pub fn add(&mut self, factors: &[Expr], uses: u64, table: &mut Factors, parts: &Named) {
        self.products += 1;
        let numbers: Run = factors.iter().map(|f| table.number(f)).collect();
        let turned = table.turned(&numbers, parts);
        for (from, to) in runs(factors).chain(halves(&numbers, &turned).into_iter().flatten()) {
            let run = &numbers[from..to];
            let (at, straight) = self.place(run, &turned[turned.len() - to..turned.len() - from]);
            let Some((_, count)) = self.counts.get_index_mut(at) else { continue };
            if count.end.0 == self.products && from < count.end.1 {
                continue;
            }
            count.end = (self.products, to);
            let own = if straight { &mut count.straight } else { &mut count.turned };
            *own = own.saturating_add(uses);
            count.part += u64::from(run.len() < factors.len());
        }
    }

    fn place(&mut self, run: &[u32], turned: &[u32]) -> (usize, bool) {
        if let Some(at) = self.counts.get_index_of(run) {
            return (at, true);
        }
        if let Some(at) = self.counts.get_index_of(turned) {
            return (at, false);
        }
        (self.counts.insert_full(run.into(), Count::default()).0, true)
    }

    /// Each run that occurs more than once.
    pub fn shared(self) -> impl Iterator<Item = (Run, Count)> {
        self.counts.into_iter().filter(|(_, count)| count.straight.saturating_add(count.turned) > 1)
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
