//! What occurs more than once gets a name, if that makes the whole shorter.

use super::Parts;
use super::build::chain_of;
use super::factors::ScalarsFirst;
use super::runs::{Count, Factors, Named, Runs, replaced, turned};
use crate::dim::Symbol;
use crate::expr::{Expr, Op, Subscript, Var};
use crate::outline::{Outline, outline_of_product};
use rustc_hash::{FxHashMap, FxHashSet};
use smallvec::SmallVec;
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
    Sizes::default().of_all(all)
}

/// The tokens of each part.
#[derive(Default)]
pub(super) struct Sizes(FxHashMap<Expr, u64>);

impl Sizes {
    pub(super) fn of_all(&mut self, all: &[Expr]) -> u64 {
        all.iter().fold(0, |sum, e| sum.saturating_add(self.of(e)))
    }

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
    let mut names: Option<Names> = None;
    let mut parts = Parts::new();
    let mut known = Known::default();
    while parts.len() < MOST_PARTS * bodies.len() {
        let Some(part) = known.most_saving(&bodies, &parts) else { break };
        let name = names.get_or_insert_with(|| fresh_names(&bodies, taken)).next();
        let with = Expr::var(Var { name, kind: None });
        let mut replace = Replace::new(&part, &with, &parts);
        for other in bodies.iter_mut().chain(parts.iter_mut().map(|(_, part)| part)) {
            *other = replace.everywhere(other);
        }
        parts.push((name, part));
    }
    let (bodies, parts) = if parts.is_empty() { (bodies, parts) } else { renumbered(bodies, parts, taken) };
    let mut scalars = ScalarsFirst::default();
    let parts = parts.into_iter().map(|(name, part)| (name, scalars.of(&part))).collect();
    (bodies.iter().map(|body| scalars.of(body)).collect(), parts)
}

/// The expression with the scalars of its products in front.
pub(super) fn scalars_first(e: &Expr) -> Expr {
    ScalarsFirst::default().of(e)
}

/// What is known of expressions from one round of naming to the next.
#[derive(Default)]
struct Known {
    sizes: Sizes,
    factors: Factors,
}

impl Known {
    /// The part with the largest saving; of equal ones the larger, then the first met.
    fn most_saving(&mut self, bodies: &[Expr], parts: &[(Symbol, Expr)]) -> Option<Expr> {
        let walk = Walk::of(bodies.iter().chain(parts.iter().map(|(_, part)| part)));
        let mut best = Best::default();
        let mut runs = Runs::default();
        for (Met { e, open, .. }, uses) in walk.order.iter().zip(walk.uses()) {
            match e.op() {
                _ if *open => {}
                Op::Mul(factors) => runs.add(factors, uses, &mut self.factors, parts),
                op if uses > 1 => {
                    let size = self.sizes.of(e);
                    let nameable = Nameable { size, least: 1, short: matches!(op, Op::Add(_)) };
                    best.offer(nameable, uses.saturating_mul(size), (uses, 0), || e.clone());
                }
                _ => {}
            }
        }
        for (run, count) in runs.shared() {
            self.offer_run(&run, &count, &mut best, parts);
        }
        best.part
    }

    /// Which of both has the name: a column and not a row; else each use of the other needs a transpose.
    fn offer_run(&mut self, run: &[u32], count: &Count, best: &mut Best, parts: &[(Symbol, Expr)]) {
        let other = self.factors.turned(run, parts);
        let (size, other_size) = (self.length(run), self.length(&other));
        let before = count.straight.saturating_mul(size).saturating_add(count.turned.saturating_mul(other_size));
        let least = if count.is_whole() { 1 } else { WORTH_A_RUN };
        let looks = outline_of_product(self.factors.of(run));
        let other_is_shorter = other_size.saturating_add(count.straight) < size.saturating_add(count.turned);
        let (run, size, uses) = if looks == Some(Outline::Row) || other_is_shorter && looks != Some(Outline::Column) {
            (&other[..], other_size, (count.turned, count.straight))
        } else {
            (run, size, (count.straight, count.turned))
        };
        best.offer(Nameable { size, least, short: true }, before, uses, || Expr::new(Op::Mul(self.factors.of(run).cloned().collect())));
    }

    /// The tokens of a product.
    fn length(&mut self, run: &[u32]) -> u64 {
        let signs = run.len().saturating_sub(1) as u64;
        self.factors.of(run).fold(signs, |sum, factor| sum.saturating_add(self.sizes.of(factor)))
    }
}

/// A part that may get a name.
struct Nameable {
    size: u64,
    /// What a name has to save at least,
    least: u64,
    /// and whether a part one token short of the least may have a name.
    short: bool,
}

/// The best part so far.
#[derive(Default)]
struct Best {
    saved: u64,
    size: u64,
    part: Option<Expr>,
}

impl Best {
    /// A part that is written `before` tokens long in all and then stands as its name `straight` times and transposed `turned` times.
    fn offer(&mut self, part: Nameable, before: u64, (straight, turned): (u64, u64), e: impl FnOnce() -> Expr) {
        // A name is one token, its transpose two.
        let after = part.size.saturating_add(1).saturating_add(straight).saturating_add(turned.saturating_mul(2));
        let saved = before.saturating_sub(after);
        let short = part.size < LEAST_TOKENS;
        let least = if short { WORTH_A_SHORT_NAME } else { part.least };
        let nameable = !short || part.size + 1 == LEAST_TOKENS && part.short;
        let better = self.part.is_none() || (saved, part.size) > (self.saved, self.size);
        if nameable && saved >= least && better {
            *self = Best { saved, size: part.size, part: Some(e()) };
        }
    }
}

/// A part, where its children stand in the walk, and whether free indices are in it.
struct Met {
    e: Expr,
    children: SmallVec<[usize; 4]>,
    open: bool,
}

/// Every different part, children first.
#[derive(Default)]
struct Walk {
    order: Vec<Met>,
    places: FxHashMap<Expr, usize>,
    /// One for each root.
    roots: Vec<usize>,
}

impl Walk {
    fn of<'a>(roots: impl Iterator<Item = &'a Expr>) -> Walk {
        let mut walk = Walk::default();
        for root in roots {
            let place = walk.visit(root);
            walk.roots.push(place);
        }
        walk
    }

    fn visit(&mut self, e: &Expr) -> usize {
        if let Some(place) = self.places.get(e) {
            return *place;
        }
        let mut children = SmallVec::new();
        e.op().for_each_child(|c| children.push(self.visit(c)));
        let open = self.is_open(e.op(), &children);
        let place = self.order.len();
        self.places.insert(e.clone(), place);
        self.order.push(Met { e: e.clone(), children, open });
        place
    }

    fn is_open(&self, op: &Op, children: &[usize]) -> bool {
        let named = |s: &[Subscript]| s.iter().any(|s| matches!(s, Subscript::Index(_)));
        let below = children.iter().any(|c| self.order[*c].open);
        match op {
            Op::Subscript(_, s) => below || named(s),
            Op::Delta(_) | Op::LeviCivita(_) | Op::IndexSum(..) => true,
            Op::Braces(..) => false,
            _ => below,
        }
    }

    /// How often each part occurs in the text of the roots.
    fn uses(&self) -> Vec<u64> {
        let mut uses = vec![0u64; self.order.len()];
        self.roots.iter().for_each(|root| uses[*root] += 1);
        for at in (0..self.order.len()).rev() {
            let own = uses[at];
            self.order[at].children.iter().for_each(|c| uses[*c] = uses[*c].saturating_add(own));
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

/// The expression with `f` of its children; `f` remembers what it has seen, and is asked again only where something changes.
fn replaced_children(e: &Expr, f: &mut dyn FnMut(&Expr) -> Expr) -> Expr {
    let mut same = true;
    e.op().for_each_child(|c| same &= f(c) == *c);
    if same {
        return e.clone();
    }
    match e.op().try_map(|c| Ok::<_, std::convert::Infallible>(f(c))) {
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
