//! Differences as they were written: where the sign of a difference does not matter, as in a norm or in `(x - m)*(x - m)'`,
//! it has the sign that it has in the input.

use super::factors::{is_subtracted, negated};
use super::share::tokens;
use crate::expr::{Expr, Op};
use crate::function::{Call, Function, Parity};
use rustc_hash::{FxHashMap, FxHashSet};

/// A difference of more tokens than this may get a name, so that it should be the same everywhere.
const NEVER_NAMED: u64 = 3;

/// A difference written out longer than this is left as it is.
const MOST_NODES: u64 = 1000;

/// What a sum is made of, whatever the order: the text of each term and whether it is subtracted.
type Content = Vec<(String, bool)>;

fn content(terms: &[Expr], turned: bool) -> Content {
    let text = |t: &Expr| {
        let written = t.to_string();
        written.strip_prefix('-').map(str::to_owned).unwrap_or(written)
    };
    let mut all: Content = terms.iter().map(|t| (text(t), is_subtracted(t) != turned)).collect();
    all.sort_unstable();
    all
}

/// The expression with the differences of `input` as they stand there, wherever their sign does not matter.
pub(super) fn as_written(body: Expr, input: &Expr) -> Expr {
    let mut found = Found::default();
    found.visit(&body, false);
    if found.even.is_empty() {
        return body;
    }
    let written = differences(input);
    let Found { even, odd, .. } = found;
    even.into_iter().fold(body, |body, difference| {
        let Op::Add(terms) = difference.op() else { return body };
        let is_written = |turned| written.contains(&content(terms, turned));
        let named = odd.contains(&difference) && tokens(std::slice::from_ref(&difference)) > NEVER_NAMED;
        match negated(&difference) {
            Some(other) if is_written(true) && !is_written(false) && !named => {
                Turn { difference: &difference, other: &other, done: FxHashMap::default() }.even(&body, false)
            }
            _ => body,
        }
    })
}

/// The contents of the differences in an expression.
fn differences(e: &Expr) -> FxHashSet<Content> {
    let mut all = FxHashSet::default();
    e.any(&mut |op| {
        if let Op::Add(terms) = op
            && is_short(terms)
        {
            all.insert(content(terms, false));
        }
        false
    });
    all
}

fn is_short(terms: &[Expr]) -> bool {
    terms.iter().fold(0u64, |sum, t| sum.saturating_add(t.nodes())) <= MOST_NODES
}

/// Differences where their sign does not matter, in the order in which they are met, and where it does.
#[derive(Default)]
struct Found {
    even: Vec<Expr>,
    odd: FxHashSet<Expr>,
    seen: FxHashSet<(Expr, bool)>,
}

impl Found {
    fn visit(&mut self, e: &Expr, is_even: bool) {
        if !self.seen.insert((e.clone(), is_even)) {
            return;
        }
        if let Op::Add(terms) = e.op()
            && is_short(terms)
            && terms.iter().any(is_subtracted)
        {
            if !is_even {
                self.odd.insert(e.clone());
            } else if !self.even.contains(e) {
                self.even.push(e.clone());
            }
        }
        for_each_child(e, &mut |c, even| self.visit(c, even));
    }
}

/// Every child, with whether its sign does not matter to the value of the whole.
fn for_each_child(e: &Expr, f: &mut dyn FnMut(&Expr, bool)) {
    let mut at = 0;
    e.op().for_each_child(|c| {
        match c.op() {
            // `d'` stands in a product as a factor does.
            Op::Transpose(a) if matches!(e.op(), Op::Mul(_)) => f(a, is_even_in(e, a, at)),
            _ => f(c, is_even_in(e, c, at)),
        }
        at += 1;
    });
}

/// Whether changing the sign of a difference wherever it is a child of an expression, transposed or not, changes nothing.
fn is_even_in(parent: &Expr, child: &Expr, at: usize) -> bool {
    match parent.op() {
        Op::Mul(factors) => factors.iter().filter(|f| bare(f) == child).count() % 2 == 0,
        Op::Pow(_, p) | Op::HadPow(_, p) => at == 0 && matches!(p.op(), Op::Number(n) if n.as_integer().is_some_and(|n| n % 2 == 0)),
        Op::Call(Function::Map(map), _) => map.row().parity == Parity::Even,
        Op::Call(Function::Call(call), _) => matches!(
            call,
            Call::Norm | Call::Norm1 | Call::Norm2 | Call::NormF | Call::NormInf | Call::Variance | Call::Deviation | Call::LogDet
        ),
        _ => false,
    }
}

fn bare(factor: &Expr) -> &Expr {
    if let Op::Transpose(a) = factor.op() { a } else { factor }
}

/// Changes the sign of a difference wherever that does not matter.
struct Turn<'a> {
    difference: &'a Expr,
    other: &'a Expr,
    done: FxHashMap<(Expr, bool), Expr>,
}

impl Turn<'_> {
    fn even(&mut self, e: &Expr, is_even: bool) -> Expr {
        if is_even && e == self.difference {
            return self.other.clone();
        }
        if let Some(done) = self.done.get(&(e.clone(), is_even)) {
            return done.clone();
        }
        let mut evens = Vec::new();
        for_each_child(e, &mut |_, even| evens.push(even));
        let mut evens = evens.into_iter();
        let new = e.op().try_map(|c| {
            let even = evens.next().unwrap_or(false);
            Ok::<Expr, std::convert::Infallible>(match c.op() {
                Op::Transpose(a) if even && a == self.difference => Expr::new(Op::Transpose(self.other.clone())),
                _ => self.even(c, even),
            })
        });
        let new = match new {
            Ok(op) if op == *e.op() => e.clone(),
            Ok(op) => Expr::new(op),
        };
        self.done.insert((e.clone(), is_even), new.clone());
        new
    }
}
