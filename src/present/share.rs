//! What occurs more than once gets a name, if that makes the whole shorter.

use super::Parts;
use super::build::chain_of;
use super::factors::ScalarsFirst;
use super::runs::{Named, Runs, replaced, turned};
use crate::dim::Symbol;
use crate::expr::{Expr, Op, Subscript, Var};
use crate::outline::{Outline, outline};
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::BTreeSet;
use std::rc::Rc;

/// Parts shorter than this stay where they are,
const LEAST_TOKENS: u64 = 4;
/// and sums and products of one token less too, `A*x` and `x - m`, unless a name saves so many.
const WORTH_A_SHORT_NAME: u64 = 2;
/// A name for a part of a product, for which the product has to be read anew, saves at least so many.
const WORTH_A_RUN: u64 = 2;
/// More names than this help no reader.
const MOST_PARTS: usize = 64;

/// Names, numbers and operators of the text: what a reader has to read.
pub(super) fn tokens(all: &[Expr]) -> u64 {
    let mut sizes = Sizes::default();
    all.iter().fold(0, |sum, e| sum.saturating_add(sizes.of(e)))
}

#[derive(Default)]
struct Sizes(FxHashMap<Expr, u64>);

impl Sizes {
    fn of(&mut self, e: &Expr) -> u64 {
        if let Some(known) = self.0.get(e) {
            return *known;
        }
        let size = self.count(e);
        self.0.insert(e.clone(), size);
        size
    }

    fn all(&mut self, all: &[Expr], between: u64) -> u64 {
        let parts = all.iter().fold(0u64, |sum, e| sum.saturating_add(self.of(e)));
        parts.saturating_add(between.saturating_mul(all.len().saturating_sub(1) as u64))
    }

    fn sum(&mut self, terms: &[Expr]) -> u64 {
        let mut size = 0u64;
        for (at, term) in terms.iter().enumerate() {
            let own = match term.op() {
                Op::Neg(a) => self.of(a).saturating_add(1),
                Op::Number(n) if n.is_negative() => self.of(term),
                _ => self.of(term).saturating_add(u64::from(at > 0)),
            };
            size = size.saturating_add(own);
        }
        size
    }

    fn subscripts(&mut self, subscripts: &[Subscript]) -> u64 {
        subscripts.iter().fold(0, |sum, s| {
            sum + match s {
                Subscript::Index(_) => 1,
                Subscript::At(e) => self.of(e),
                Subscript::All => 0,
                Subscript::Range(a, b) => self.of(a) + self.of(b),
            }
        })
    }

    fn count(&mut self, e: &Expr) -> u64 {
        let one = |parts: u64| parts.saturating_add(1);
        match e.op() {
            Op::Number(n) => u64::from(n.is_negative()) + if n.to_string().contains('/') { 3 } else { 1 },
            Op::Constant(_) | Op::Var(_) => 1,
            Op::Size(d) => 2 * d.terms().map(|(m, c)| (m.len() + usize::from(c.abs() != 1)) as u64).sum::<u64>() - 1,
            Op::Neg(a) | Op::Transpose(a) => one(self.of(a)),
            Op::Add(terms) => self.sum(terms),
            Op::Mul(all) | Op::Had(all) => self.all(all, 1),
            Op::Kron(a, b) | Op::Div(a, b) | Op::HadDiv(a, b) | Op::LeftDiv(a, b) | Op::Pow(a, b) | Op::HadPow(a, b) => {
                one(self.of(a).saturating_add(self.of(b)))
            }
            Op::Call(_, all) | Op::Apply { arguments: all, .. } => one(self.all(all, 0)),
            Op::Subscript(a, s) => self.of(a).saturating_add(self.subscripts(s)),
            Op::Delta(s) | Op::LeviCivita(s) => one(self.subscripts(s)),
            Op::IndexSum(_, a) => self.of(a).saturating_add(2),
            Op::Braces(a, outputs) => {
                let names = outputs.iter().map(|(_, d)| 1 + u64::from(d.is_some())).sum();
                self.of(a).saturating_add(names)
            }
            Op::Diff(a, b) => one(self.of(a).saturating_add(self.of(b))),
            Op::Block(rows) => rows.iter().fold(0, |sum, r| sum.saturating_add(self.all(r, 0))),
        }
    }
}

/// Names the part that saves the most, again and again while something is saved.
///
/// Every round makes the whole shorter, and there are at most [`MOST_PARTS`] rounds.
pub(super) fn name_shared_parts(mut bodies: Vec<Expr>, taken: &BTreeSet<Symbol>) -> (Vec<Expr>, Parts) {
    let mut names = fresh_names(&bodies, taken);
    let mut parts = Parts::new();
    while parts.len() < MOST_PARTS * bodies.len() {
        let Some(part) = most_saving(&bodies, &parts) else { break };
        let name = names.next();
        let with = Expr::var(Var { name, kind: None });
        let mut replace = Replace::new(&part, &with, &parts);
        for other in bodies.iter_mut().chain(parts.iter_mut().map(|(_, part)| part)) {
            *other = replace.everywhere(other);
        }
        parts.push((name, part));
    }
    let (bodies, parts) = renumbered(bodies, parts, taken);
    let mut scalars = ScalarsFirst::default();
    let parts = parts.into_iter().map(|(name, part)| (name, scalars.of(&part))).collect();
    (bodies.iter().map(|body| scalars.of(body)).collect(), parts)
}

/// The expression with the scalars of its products in front.
pub(super) fn scalars_first(e: &Expr) -> Expr {
    ScalarsFirst::default().of(e)
}

/// The part with the largest saving; of equal ones the larger, then the first met.
fn most_saving(bodies: &[Expr], parts: &[(Symbol, Expr)]) -> Option<Expr> {
    let mut walk = Walk::default();
    let roots: Vec<&Expr> = bodies.iter().chain(parts.iter().map(|(_, p)| p)).collect();
    for root in &roots {
        walk.visit(root);
    }
    let uses = walk.uses(&roots);
    let mut best: Option<(u64, u64, Expr)> = None;
    let mut offer = |e: Expr, least: u64, size: u64, before: u64, (straight, turned): (u64, u64)| {
        // A name is one token, its transpose two.
        let after = size.saturating_add(1).saturating_add(straight).saturating_add(turned.saturating_mul(2));
        let saved = before.saturating_sub(after);
        let short = size < LEAST_TOKENS;
        let least = if short { WORTH_A_SHORT_NAME } else { least };
        let nameable = !short || size + 1 == LEAST_TOKENS && matches!(e.op(), Op::Add(_) | Op::Mul(_));
        if nameable && saved >= least && best.as_ref().is_none_or(|(s, t, _)| (saved, size) > (*s, *t)) {
            best = Some((saved, size, e));
        }
    };
    let mut runs = Runs::default();
    for (e, open) in &walk.order {
        let uses = uses.get(e).copied().unwrap_or(0);
        if *open {
            continue;
        }
        match e.op() {
            Op::Mul(factors) => runs.add(factors, uses, parts),
            _ if uses > 1 => {
                let size = walk.sizes.of(e);
                offer(e.clone(), 1, size, uses.saturating_mul(size), (uses, 0));
            }
            _ => {}
        }
    }
    for (run, count) in runs.shared() {
        let other = Expr::new(Op::Mul(turned(&run, parts)));
        let run = Expr::new(Op::Mul(run));
        let (size, other_size) = (walk.sizes.of(&run), walk.sizes.of(&other));
        let before = count.straight.saturating_mul(size).saturating_add(count.turned.saturating_mul(other_size));
        let least = if count.is_whole() { 1 } else { WORTH_A_RUN };
        // Which of both has the name: a column and not a row; else each use of the other needs a transpose.
        let is_row = outline(&run) == Some(Outline::Row);
        if is_row || other_size + count.straight < size + count.turned && outline(&run) != Some(Outline::Column) {
            offer(other, least, other_size, before, (count.turned, count.straight));
        } else {
            offer(run, least, size, before, (count.straight, count.turned));
        }
    }
    best.map(|(_, _, e)| e)
}

/// Every different part, children first, and whether free indices are in it.
#[derive(Default)]
struct Walk {
    order: Vec<(Expr, bool)>,
    open: FxHashMap<Expr, bool>,
    sizes: Sizes,
}

impl Walk {
    fn visit(&mut self, e: &Expr) -> bool {
        if let Some(open) = self.open.get(e) {
            return *open;
        }
        let mut open = false;
        e.op().for_each_child(|c| open |= self.visit(c));
        let named = |s: &[Subscript]| s.iter().any(|s| matches!(s, Subscript::Index(_)));
        open = match e.op() {
            Op::Subscript(_, s) => open || named(s),
            Op::Delta(_) | Op::LeviCivita(_) | Op::IndexSum(..) => true,
            Op::Braces(..) => false,
            _ => open,
        };
        self.open.insert(e.clone(), open);
        self.order.push((e.clone(), open));
        open
    }

    /// How often each part occurs in the text of the roots.
    fn uses(&self, roots: &[&Expr]) -> FxHashMap<Expr, u64> {
        let mut uses: FxHashMap<Expr, u64> = FxHashMap::default();
        for root in roots {
            *uses.entry((*root).clone()).or_default() += 1;
        }
        for (e, _) in self.order.iter().rev() {
            let own = uses.get(e).copied().unwrap_or(0);
            e.op().for_each_child(|c| {
                let count = uses.entry(c.clone()).or_default();
                *count = count.saturating_add(own);
            });
        }
        uses
    }
}

struct Replace<'a> {
    what: &'a Expr,
    with: &'a Expr,
    /// The factors of `what`, if it is a product, and those of its transpose.
    run: Rc<[Expr]>,
    turned: Rc<[Expr]>,
    memo: FxHashMap<Expr, Expr>,
}

impl<'a> Replace<'a> {
    fn new(what: &'a Expr, with: &'a Expr, parts: &Named) -> Replace<'a> {
        let run: &[Expr] = if let Op::Mul(factors) = what.op() { factors } else { &[] };
        Replace { what, with, run: run.into(), turned: turned(run, parts).into(), memo: FxHashMap::default() }
    }

    fn everywhere(&mut self, e: &Expr) -> Expr {
        if e == self.what {
            return self.with.clone();
        }
        if let Some(known) = self.memo.get(e) {
            return known.clone();
        }
        let new = match e.op() {
            Op::Mul(factors) if !self.run.is_empty() => self.product(e, factors),
            _ => replaced_children(e, &mut |c| self.everywhere(c)),
        };
        self.memo.insert(e.clone(), new.clone());
        new
    }

    /// A product in which the part may be a run of factors.
    fn product(&mut self, e: &Expr, factors: &[Expr]) -> Expr {
        let (run, turned) = (self.run.clone(), self.turned.clone());
        let new = replaced(factors, &run, &turned, self.with, &mut |c| self.everywhere(c));
        if new == *factors { e.clone() } else { chain_of(new) }
    }
}

fn replaced_children(e: &Expr, f: &mut dyn FnMut(&Expr) -> Expr) -> Expr {
    match e.op().try_map(|c| Ok::<_, std::convert::Infallible>(f(c))) {
        Ok(op) if op == *e.op() => e.clone(),
        Ok(op) => Expr::new(op),
    }
}

/// t1, t2, … without the names in use.
struct Names {
    used: FxHashSet<Symbol>,
    next: usize,
}

impl Names {
    fn next(&mut self) -> Symbol {
        loop {
            self.next += 1;
            let name = Symbol::new(&format!("t{}", self.next));
            if !self.used.contains(&name) {
                return name;
            }
        }
    }
}

fn fresh_names(bodies: &[Expr], taken: &BTreeSet<Symbol>) -> Names {
    let mut used: FxHashSet<Symbol> = taken.iter().copied().collect();
    let mut seen = FxHashSet::default();
    bodies.iter().for_each(|e| names_in(e, &mut used, &mut seen));
    Names { used, next: 0 }
}

fn names_in(e: &Expr, used: &mut FxHashSet<Symbol>, seen: &mut FxHashSet<Expr>) {
    if !seen.insert(e.clone()) {
        return;
    }
    match e.op() {
        Op::Var(v) => {
            used.insert(v.name);
            used.extend(v.axes().iter().flat_map(|d| d.symbols()));
        }
        Op::Size(d) => used.extend(d.symbols()),
        Op::Apply { function, .. } => {
            used.insert(function.function);
        }
        _ => {}
    }
    e.op().for_each_child(|c| names_in(c, used, seen));
}

/// The parts in an order in which each uses only those before it, the first used first, numbered in that order.
fn renumbered(bodies: Vec<Expr>, parts: Vec<(Symbol, Expr)>, taken: &BTreeSet<Symbol>) -> (Vec<Expr>, Parts) {
    let by_name: FxHashMap<Symbol, Expr> = parts.iter().cloned().collect();
    let mut order: Vec<Symbol> = Vec::new();
    let mut seen = FxHashSet::default();
    bodies.iter().for_each(|body| in_order(body, &by_name, &mut order, &mut seen));
    let mut own = FxHashSet::default();
    own.extend(by_name.keys().copied());
    let mut fresh = fresh_names(&bodies, taken);
    let mut seen = FxHashSet::default();
    by_name.values().for_each(|p| names_in(p, &mut fresh.used, &mut seen));
    fresh.used.retain(|n| !own.contains(n));
    let renamed: FxHashMap<Symbol, Symbol> = order.iter().map(|n| (*n, fresh.next())).collect();
    let mut rename = Rename { renamed: &renamed, memo: FxHashMap::default() };
    let bodies = bodies.iter().map(|body| rename.everywhere(body)).collect();
    let parts = order.iter().map(|n| (renamed[n], rename.everywhere(&by_name[n]))).collect();
    (bodies, parts)
}

fn in_order(e: &Expr, parts: &FxHashMap<Symbol, Expr>, order: &mut Vec<Symbol>, seen: &mut FxHashSet<Expr>) {
    if !seen.insert(e.clone()) {
        return;
    }
    e.op().for_each_child(|c| in_order(c, parts, order, seen));
    if let Op::Var(Var { name, kind: None }) = e.op()
        && let Some(part) = parts.get(name)
    {
        in_order(part, parts, order, seen);
        order.push(*name);
    }
}

struct Rename<'a> {
    renamed: &'a FxHashMap<Symbol, Symbol>,
    memo: FxHashMap<Expr, Expr>,
}

impl Rename<'_> {
    fn everywhere(&mut self, e: &Expr) -> Expr {
        if let Op::Var(Var { name, kind: None }) = e.op()
            && let Some(name) = self.renamed.get(name)
        {
            return Expr::var(Var { name: *name, kind: None });
        }
        if let Some(known) = self.memo.get(e) {
            return known.clone();
        }
        let new = replaced_children(e, &mut |c| self.everywhere(c));
        self.memo.insert(e.clone(), new.clone());
        new
    }
}
