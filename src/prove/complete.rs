//! Whether a polynomial is a consequence of relations, by noncommutative completion (Mora 1986, "Groebner bases for
//! noncommutative polynomial rings"): relations are used as rules from their greatest word down, and what two rules make of
//! an overlap is a new rule. Every rule remembers how it follows from the relations, so that the answer is a sum of
//! relations in contexts: nothing else has to be believed.
//!
//! It ends because the number of overlaps, their length and the steps of a reduction are limited.

use super::words::{Alphabet, Letter, Monomial, Poly, Relation, Word};
use crate::dim::Dim;
use crate::number::Number;
use std::collections::BTreeMap;

const MOST_OVERLAPS: usize = 600;
const MOST_RULES: usize = 80;
const LONGEST: usize = 14;
const MOST_REDUCTIONS: usize = 200;

/// Where a relation stands: `scalars * left * relation * right`, or its trace beside another word.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Context {
    pub relation: usize,
    scalars: Vec<Word>,
    left: Word,
    right: Word,
    /// The word that stands beside the trace.
    beside: Option<Word>,
}

/// A sum of relations in contexts.
pub type Cofactors = BTreeMap<Context, Number>;

#[derive(Clone, Debug)]
struct Rule {
    lead: Monomial,
    /// The ways to write the word of `lead`, with their signs: an overlap may be with any of them.
    ways: Vec<(Number, Word)>,
    poly: Poly,
    why: Cofactors,
}

/// What a polynomial is the sum of, if the relations make it zero.
pub fn consequence(alphabet: &mut Alphabet, goal: &Poly) -> Option<Cofactors> {
    let relations: Vec<Relation> = alphabet.relations.clone();
    let mut completion = Completion { alphabet, rules: Vec::new(), waiting: Vec::new() };
    let mut goal = (goal.clone(), Cofactors::new());
    for (at, relation) in relations.iter().enumerate() {
        let context = Context { relation: at, scalars: Vec::new(), left: Vec::new(), right: Vec::new(), beside: None };
        completion.add(relation.poly.clone(), [(context, Number::ONE)].into_iter().collect())?;
    }
    // What is reduced in part only is as good a goal.
    let _ = completion.reduce(&mut goal.0, &mut goal.1);
    for _ in 0..MOST_OVERLAPS {
        if goal.0.is_zero() {
            // goal - sum = 0
            return Some(goal.1.into_iter().map(|(c, n)| (c, -&n)).collect());
        }
        let next = completion.waiting.iter().enumerate().min_by_key(|(at, o)| (o.length, *at)).map(|(at, _)| at)?;
        let overlap = completion.waiting.remove(next);
        let Some((mut poly, mut why)) = completion.difference(&overlap) else { continue };
        if completion.reduce(&mut poly, &mut why).is_none() || poly.is_zero() {
            continue;
        }
        if completion.rules.len() < MOST_RULES {
            completion.add(poly, why)?;
            let _ = completion.reduce(&mut goal.0, &mut goal.1);
        }
    }
    None
}

/// The polynomial of a relation in a context.
pub fn in_context(alphabet: &mut Alphabet, context: &Context, poly: &Poly, rows: Dim, columns: Dim) -> Option<Poly> {
    alphabet.room = alphabet.room.checked_sub(poly.terms.len())?;
    let mut made = Poly::zero(rows, columns);
    for (m, n) in &poly.terms {
        let word = [&context.left[..], &m.word, &context.right].concat();
        let mut scalars = [&context.scalars[..], &m.scalars].concat();
        match &context.beside {
            None => {
                let (sign, product) = alphabet.monomial(rows, columns, &word, &scalars);
                made.add(product, &(n * &sign));
            }
            Some(beside) if word.is_empty() => {
                // The trace of the identity is its size.
                let mut one = Poly::zero(poly.rows, poly.rows);
                one.add(Monomial::default(), n);
                let size = alphabet.trace(&one);
                for (s, c) in &size.terms {
                    let all = [&scalars[..], &s.scalars, std::slice::from_ref(&s.word)].concat();
                    let (sign, product) = alphabet.monomial(rows, columns, beside, &all);
                    made.add(product, &(c * &sign));
                }
            }
            Some(beside) => {
                scalars.push(word);
                let (sign, product) = alphabet.monomial(rows, columns, beside, &scalars);
                made.add(product, &(n * &sign));
            }
        }
    }
    Some(made)
}

/// Two rules whose greatest words overlap: `left * first * (rest of second)` is `(rest of first) * second * right`.
#[derive(Clone, Debug)]
struct Overlap {
    length: usize,
    first: Part,
    second: Part,
}

/// A rule between two words, with the sign of the way in which its greatest word is written.
#[derive(Clone, Debug)]
struct Part {
    rule: usize,
    sign: Number,
    left: Word,
    right: Word,
}

struct Completion<'a, 'b> {
    alphabet: &'a mut Alphabet<'b>,
    rules: Vec<Rule>,
    waiting: Vec<Overlap>,
}

impl Completion<'_, '_> {
    fn add(&mut self, poly: Poly, why: Cofactors) -> Option<()> {
        let Some((lead, n)) = poly.lead() else { return Some(()) };
        let (lead, scale) = (lead.clone(), n.recip()?);
        let why = why.into_iter().map(|(c, n)| (c, &n * &scale)).collect();
        let ways = self.alphabet.arrangements(poly.rows, &lead);
        self.rules.push(Rule { lead, ways, poly: poly.scaled(&scale), why });
        let new = self.rules.len() - 1;
        for other in 0..=new {
            self.overlaps(new, other);
            if other != new {
                self.overlaps(other, new);
            }
        }
        Some(())
    }

    fn overlaps(&mut self, a: usize, b: usize) {
        let (first, second) = (self.rules[a].ways.clone(), self.rules[b].ways.clone());
        for (m, v) in &first {
            for (n, w) in &second {
                self.overlaps_of((a, m, v), (b, n, w));
            }
        }
    }

    fn overlaps_of(&mut self, (a, m, v): (usize, &Number, &Word), (b, n, w): (usize, &Number, &Word)) {
        let part = |rule: usize, sign: &Number, left: &[Letter], right: &[Letter]| Part {
            rule,
            sign: sign.clone(),
            left: left.to_vec(),
            right: right.to_vec(),
        };
        for k in 1..=v.len().min(w.len()) {
            let whole = k == v.len() && k == w.len();
            let length = v.len() + w.len() - k;
            if v[v.len() - k..] == w[..k] && !(whole && a >= b) && length <= LONGEST {
                let second = part(b, n, &v[..v.len() - k], &[]);
                self.waiting.push(Overlap { length, first: part(a, m, &[], &w[k..]), second });
            }
        }
        // The second within the first.
        if w.len() < v.len() {
            for at in 1..v.len() - w.len() {
                if v[at..at + w.len()] == w[..] {
                    let second = part(b, n, &v[..at], &v[at + w.len()..]);
                    self.waiting.push(Overlap { length: v.len(), first: part(a, m, &[], &[]), second });
                }
            }
        }
    }

    fn difference(&mut self, overlap: &Overlap) -> Option<(Poly, Cofactors)> {
        let Overlap { first: a, second: b, .. } = overlap;
        let (first, second) = (self.rules[a.rule].clone(), self.rules[b.rule].clone());
        let rows = if b.left.is_empty() { second.poly.rows } else { first.poly.rows };
        let columns = if a.right.is_empty() { first.poly.columns } else { second.poly.columns };
        let around = |part: &Part, scalars: &[Word]| Context {
            relation: 0,
            scalars: scalars.to_vec(),
            left: part.left.clone(),
            right: part.right.clone(),
            beside: None,
        };
        let (one, other) = (around(a, &second.lead.scalars), around(b, &first.lead.scalars));
        let mut poly = in_context(self.alphabet, &one, &first.poly, rows, columns)?.scaled(&a.sign);
        let subtracted = in_context(self.alphabet, &other, &second.poly, rows, columns)?;
        poly.add_all(&subtracted, &-&b.sign);
        let mut why = Cofactors::new();
        add_cofactors(&mut why, &one, &first.why, &a.sign);
        add_cofactors(&mut why, &other, &second.why, &-&b.sign);
        Some((poly, why))
    }

    /// Uses rules until none applies: the polynomial becomes what is left, and `why` says by what it has changed.
    fn reduce(&mut self, poly: &mut Poly, why: &mut Cofactors) -> Option<()> {
        let mut fuel = MOST_REDUCTIONS;
        let mut stuck: Option<Monomial> = None;
        loop {
            // From the greatest term down; those above `stuck` have been looked at.
            let next = match &stuck {
                None => poly.terms.iter().next_back(),
                Some(m) => poly.terms.range(..m.clone()).next_back(),
            };
            let Some((m, n)) = next.map(|(m, n)| (m.clone(), n.clone())) else { return Some(()) };
            let Some((rule, context)) = self.find(poly.rows, &m) else {
                stuck = Some(m);
                continue;
            };
            fuel = fuel.checked_sub(1)?;
            let rule = self.rules[rule].clone();
            let made = in_context(self.alphabet, &context, &rule.poly, poly.rows, poly.columns)?;
            // Where words commute, the greatest term may have met another one.
            let Some(times) = made.terms.get(&m).and_then(|c| &n / c) else {
                stuck = Some(m);
                continue;
            };
            poly.add_all(&made, &-&times);
            add_cofactors(why, &context, &rule.why, &-&times);
            stuck = None;
        }
    }

    /// A rule that applies to a monomial, and where.
    fn find(&self, rows: Dim, m: &Monomial) -> Option<(usize, Context)> {
        let ways = self.alphabet.arrangements(rows, m);
        for (at, rule) in self.rules.iter().enumerate() {
            let (word, Some(scalars)) = (&rule.lead.word, without(&m.scalars, &rule.lead.scalars)) else { continue };
            for (_, way) in &ways {
                if let Some(place) = position(way, word) {
                    let (left, right) = (way[..place].to_vec(), way[place + word.len()..].to_vec());
                    return Some((at, Context { relation: 0, scalars, left, right, beside: None }));
                }
            }
            if rule.poly.rows != rule.poly.columns && word.is_empty() {
                continue;
            }
            for (k, closed) in scalars.iter().enumerate() {
                let turned = self.alphabet.rotations(closed).into_iter().find(|(_, way)| way.starts_with(word));
                let Some((_, way)) = turned else { continue };
                let mut others = scalars.clone();
                others.remove(k);
                let right = way[word.len()..].to_vec();
                return Some((at, Context { relation: 0, scalars: others, left: Vec::new(), right, beside: Some(m.word.clone()) }));
            }
        }
        None
    }
}

fn position(word: &[Letter], part: &[Letter]) -> Option<usize> {
    word.windows(part.len()).position(|w| w == part)
}

/// The multiset without a part of it; `None` if that is no part.
fn without(all: &[Word], part: &[Word]) -> Option<Vec<Word>> {
    let mut left = all.to_vec();
    for w in part {
        let at = left.iter().position(|x| x == w)?;
        left.remove(at);
    }
    Some(left)
}

fn add_cofactors(into: &mut Cofactors, outer: &Context, inner: &Cofactors, n: &Number) {
    for (context, c) in inner {
        let context = within(outer, context);
        let sum = into.entry(context.clone()).or_insert(Number::ZERO);
        *sum = &*sum + &(c * n);
        if sum.is_zero() {
            into.remove(&context);
        }
    }
}

/// A context inside another one.
fn within(outer: &Context, inner: &Context) -> Context {
    let mut scalars = [&outer.scalars[..], &inner.scalars].concat();
    let (left, right, beside) = match &inner.beside {
        None => ([&outer.left[..], &inner.left].concat(), [&inner.right[..], &outer.right].concat(), outer.beside.clone()),
        Some(word) => {
            let whole = [&outer.left[..], word, &outer.right].concat();
            let beside = match &outer.beside {
                None => whole,
                Some(beside) => {
                    scalars.push(whole);
                    beside.clone()
                }
            };
            (inner.left.clone(), inner.right.clone(), Some(beside))
        }
    };
    scalars.sort();
    Context { relation: inner.relation, scalars, left, right, beside }
}
