//! Noncommutative polynomials: sums of coefficients times words, the letters of which are matrices.
//!
//! `A*inv(A + B)*B` is a word of three letters; an inverse is a letter that remembers of what. Letters have shapes, so that
//! every word is a product that exists. A part of a word between two places of width 1 is a number, and commutes: such
//! blocks stand side by side, in order. Numbers that find no such place, and traces, stand beside the word.

use crate::dim::Dim;
use crate::fact::Facts;
use crate::matrix::{Build, Form, Mat, MatFn, Terms};
use crate::number::Number;
use egg::Id;
use rustc_hash::FxHashMap;
use std::collections::BTreeMap;

pub type Letter = u16;
pub type Word = Vec<Letter>;

/// A word with the numbers that stand beside it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Monomial {
    /// All letters; first, so that the order is by degree.
    pub degree: usize,
    pub word: Word,
    pub scalars: Vec<Word>,
}

/// A polynomial of one shape.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Poly {
    pub rows: Dim,
    pub columns: Dim,
    pub terms: BTreeMap<Monomial, Number>,
}

impl Poly {
    pub fn zero(rows: Dim, columns: Dim) -> Poly {
        Poly { rows, columns, terms: BTreeMap::new() }
    }

    pub fn is_zero(&self) -> bool {
        self.terms.is_empty()
    }

    pub fn add(&mut self, m: Monomial, n: &Number) {
        let entry = self.terms.entry(m.clone()).or_insert(Number::ZERO);
        *entry = &*entry + n;
        if entry.is_zero() {
            self.terms.remove(&m);
        }
    }

    pub fn add_all(&mut self, other: &Poly, n: &Number) {
        other.terms.iter().for_each(|(m, c)| self.add(m.clone(), &(c * n)));
    }

    pub fn scaled(&self, n: &Number) -> Poly {
        let mut scaled = Poly::zero(self.rows, self.columns);
        scaled.add_all(self, n);
        scaled
    }

    /// The greatest term that has a word.
    pub fn lead(&self) -> Option<(&Monomial, &Number)> {
        self.terms.iter().rev().find(|(m, _)| !m.word.is_empty())
    }
}

#[derive(Clone, Debug)]
pub(super) struct About {
    pub rows: Dim,
    pub columns: Dim,
    term: Id,
    /// The transpose, with its sign.
    pub turned: (Letter, bool),
    inverse_of: Option<Poly>,
    orthogonal: bool,
}

/// What is equal to zero because of what a letter is, by the name of the rule that says so.
#[derive(Clone, Debug)]
pub struct Relation {
    pub rule: &'static str,
    pub poly: Poly,
}

/// The letters of two sides of an equation.
pub struct Alphabet<'a> {
    pub terms: &'a mut Terms,
    letters: Vec<About>,
    of_term: FxHashMap<Id, Letter>,
    pub relations: Vec<Relation>,
    done: FxHashMap<Id, Poly>,
    /// Monomials that may still be made.
    pub room: usize,
}

const MOST_LETTERS: usize = 60;
const HIGHEST_POWER: i64 = 8;

impl Alphabet<'_> {
    pub fn new(terms: &mut Terms, room: usize) -> Alphabet<'_> {
        Alphabet { terms, letters: Vec::new(), of_term: FxHashMap::default(), relations: Vec::new(), done: FxHashMap::default(), room }
    }

    pub(super) fn about(&self, l: Letter) -> &About {
        &self.letters[l as usize]
    }

    /// Whether any letter satisfies an equation.
    pub fn has_relations(&self) -> bool {
        !self.relations.is_empty()
    }

    fn one(&mut self, n: Dim) -> Poly {
        let mut one = Poly::zero(n, n);
        one.add(Monomial::default(), &Number::ONE);
        one
    }

    fn letter_poly(&self, l: Letter) -> Poly {
        let about = self.about(l);
        let (sign, m) = self.monomial(about.rows, about.columns, &[l], &[]);
        let mut poly = Poly::zero(about.rows, about.columns);
        poly.add(m, &sign);
        poly
    }

    /// The polynomial of a term; `None` if it has too many terms.
    pub fn poly(&mut self, t: Id) -> Option<Poly> {
        if let Some(done) = self.done.get(&t) {
            return Some(done.clone());
        }
        let (rows, columns) = match self.terms.form(t) {
            Form::Grid(m, n) => (*m, *n),
            Form::Tensor(_) => return None,
        };
        let poly = match self.terms.node(t).clone() {
            Mat::Number(n) => self.one(Dim::ONE).scaled(&n),
            Mat::Eye(n) => self.one(n),
            Mat::Zero(_) => Poly::zero(rows, columns),
            Mat::Scale(c, [a]) => self.poly(a)?.scaled(&c),
            Mat::Times([s, a]) => {
                let (s, a) = (self.poly(s)?, self.poly(a)?);
                self.scalar_times(&s, &a)?
            }
            Mat::Mul(factors) => self.product(&factors)?,
            Mat::Had(factors) if rows == Dim::ONE && columns == Dim::ONE => self.product(&factors)?,
            Mat::Add(cs, all) => {
                let mut sum = Poly::zero(rows, columns);
                for (c, a) in cs.iter().zip(all.iter()) {
                    let a = self.poly(*a)?;
                    sum.add_all(&a, c);
                }
                sum
            }
            Mat::Transpose([a]) => {
                let a = self.poly(a)?;
                self.turn(&a)
            }
            Mat::MatPower(p @ 2..=HIGHEST_POWER, [a]) => self.product(&vec![a; p as usize])?,
            Mat::Power(p, [a]) if rows == Dim::ONE && columns == Dim::ONE => self.power(t, a, &p)?,
            Mat::Call(MatFn::Inv, a) => {
                let a = self.poly(a[0])?;
                self.inverse(t, &a)?
            }
            Mat::Call(MatFn::Trace, a) => {
                let a = self.poly(a[0])?;
                self.trace(&a)
            }
            Mat::Call(MatFn::Sym, a) => {
                let a = self.poly(a[0])?;
                let mut sum = a.scaled(&Number::ratio(1, 2));
                sum.add_all(&self.turn(&a), &Number::ratio(1, 2));
                sum
            }
            Mat::Fill(m, n, [entry]) => {
                let (left, right) = (self.ones(m)?, self.ones(n)?);
                let right = self.turn(&right);
                let ones = self.mul(&left, &right)?;
                let entry = self.poly(entry)?;
                self.scalar_times(&entry, &ones)?
            }
            Mat::Call(f @ (MatFn::Sum | MatFn::SumRows | MatFn::SumColumns), a) => {
                let mut value = self.poly(a[0])?;
                if f != MatFn::SumColumns {
                    let ones = self.ones(value.rows)?;
                    let ones = self.turn(&ones);
                    value = self.mul(&ones, &value)?;
                }
                if f != MatFn::SumRows {
                    let ones = self.ones(value.columns)?;
                    value = self.mul(&value, &ones)?;
                }
                value
            }
            _ => {
                let letter = self.letter(t)?;
                self.letter_poly(letter)
            }
        };
        self.room = self.room.checked_sub(poly.terms.len())?;
        self.done.insert(t, poly.clone());
        Some(poly)
    }

    fn product(&mut self, factors: &[Id]) -> Option<Poly> {
        let mut product: Option<Poly> = None;
        for f in factors {
            let f = self.poly(*f)?;
            product = Some(match product {
                None => f,
                Some(before) => self.mul(&before, &f)?,
            });
        }
        product
    }

    /// A column of ones.
    fn ones(&mut self, n: Dim) -> Option<Poly> {
        if n == Dim::ONE {
            return Some(self.one(Dim::ONE));
        }
        let ones = self.terms.ones(n, Dim::ONE);
        let known = self.of_term.contains_key(&ones);
        let letter = self.letter(ones)?;
        let poly = self.letter_poly(letter);
        if !known {
            let turned = self.turn(&poly);
            let mut zero = self.mul(&turned, &poly)?;
            let size = self.size(n)?;
            zero.add_all(&size, &Number::MINUS_ONE);
            self.relations.push(Relation { rule: "dot_ones_ones", poly: zero });
        }
        Some(poly)
    }

    fn size(&mut self, n: Dim) -> Option<Poly> {
        let size = self.terms.size(n);
        self.poly(size)
    }

    /// The letter of a term that is no sum and no product.
    fn letter(&mut self, t: Id) -> Option<Letter> {
        if let Some(l) = self.of_term.get(&t) {
            return Some(*l);
        }
        let facts = self.terms.facts(t);
        let letter = self.new_letter(t, facts.contains(Facts::SYMMETRIC), facts.contains(Facts::SKEW))?;
        if facts.contains(Facts::ORTHOGONAL) && !self.terms.is_scalar(t) {
            self.letters[letter as usize].orthogonal = true;
            let q = self.letter_poly(letter);
            let turned = self.turn(&q);
            self.relate("transpose_mul_orthogonal", &turned, &q)?;
            self.relate("mul_transpose_orthogonal", &q, &turned)?;
        }
        if let Mat::Call(MatFn::Adj, a) = self.terms.node(t).clone() {
            let det = self.terms.call(MatFn::Det, &a);
            let (a, det, adj) = (self.poly(a[0])?, self.poly(det)?, self.letter_poly(letter));
            let one = self.one(a.rows);
            let right = self.scalar_times(&det, &one)?;
            let (turned, turned_adj) = (self.turn(&a), self.turn(&adj));
            let products = [("mul_adj", &a, &adj), ("adj_mul_self", &adj, &a)];
            for (rule, x, y) in products.into_iter().chain([("mul_adj", &turned, &turned_adj), ("adj_mul_self", &turned_adj, &turned)]) {
                let mut poly = self.mul(x, y)?;
                poly.add_all(&right, &Number::MINUS_ONE);
                self.relations.push(Relation { rule, poly });
            }
        }
        Some(letter)
    }

    fn new_letter(&mut self, t: Id, symmetric: bool, skew: bool) -> Option<Letter> {
        if self.letters.len() + 2 > MOST_LETTERS {
            return None;
        }
        let (rows, columns) = (self.terms.form(t).rows(), self.terms.form(t).columns());
        let letter = self.letters.len() as Letter;
        let own = symmetric || skew || (rows == Dim::ONE && columns == Dim::ONE);
        let about = |turned, negative| About { rows, columns, term: t, turned: (turned, negative), inverse_of: None, orthogonal: false };
        self.of_term.insert(t, letter);
        if own {
            self.letters.push(about(letter, skew && !symmetric));
            return Some(letter);
        }
        self.letters.push(about(letter + 1, false));
        let turned = self.terms.transpose(t);
        let other = About { rows: columns, columns: rows, term: turned, ..about(letter, false) };
        self.letters.push(other);
        self.of_term.insert(turned, letter + 1);
        Some(letter)
    }

    /// `x*y - 1` is zero.
    fn relate(&mut self, rule: &'static str, x: &Poly, y: &Poly) -> Option<()> {
        let mut poly = self.mul(x, y)?;
        let one = self.one(poly.rows);
        poly.add_all(&one, &Number::MINUS_ONE);
        self.relations.push(Relation { rule, poly });
        Some(())
    }

    fn power(&mut self, t: Id, base: Id, p: &Number) -> Option<Poly> {
        // The even powers of a norm are products.
        if let (Mat::Call(f @ (MatFn::Norm2 | MatFn::NormF), a), Some(even)) = (self.terms.node(base).clone(), p.as_integer())
            && even % 2 == 0
        {
            let a = self.poly(a[0])?;
            let turned = self.turn(&a);
            let mut square = self.mul(&turned, &a)?;
            if f == MatFn::NormF {
                square = self.trace(&square);
            }
            return self.whole_power(&square, even / 2);
        }
        match p.as_integer() {
            Some(p) if p.abs() <= HIGHEST_POWER => {
                let base = self.poly(base)?;
                self.whole_power(&base, p)
            }
            _ => {
                let letter = self.letter(t)?;
                Some(self.letter_poly(letter))
            }
        }
    }

    fn whole_power(&mut self, base: &Poly, p: i64) -> Option<Poly> {
        let base = if p < 0 {
            let below = self.term(base);
            let reciprocal = self.terms.power(below, &Number::MINUS_ONE);
            self.inverse(reciprocal, base)?
        } else {
            base.clone()
        };
        let mut product = self.one(Dim::ONE);
        for _ in 0..p.abs() {
            product = self.mul(&product, &base)?;
        }
        Some(product)
    }

    /// The inverse of a polynomial, which the term says as it stands: a letter, up to a coefficient.
    fn inverse(&mut self, t: Id, of: &Poly) -> Option<Poly> {
        let (lead, c) = of.terms.iter().next_back().map(|(m, c)| (m.clone(), c.clone()))?;
        let reciprocal = c.recip()?;
        let monic = of.scaled(&reciprocal);
        if monic.terms.len() == 1 && lead.degree == 0 {
            return Some(self.one(of.rows).scaled(&reciprocal));
        }
        let turned = self.turn(&monic);
        for at in 0..self.letters.len() {
            let Some(known) = &self.letters[at].inverse_of else { continue };
            if *known == monic {
                return Some(self.letter_poly(at as Letter).scaled(&reciprocal));
            }
        }
        if let ([letter], [], 1) = (&lead.word[..], &lead.scalars[..], monic.terms.len()) {
            let about = self.about(*letter).clone();
            if about.orthogonal {
                return Some(turned.scaled(&reciprocal));
            }
            if let Some(inner) = about.inverse_of {
                return Some(inner.scaled(&reciprocal));
            }
        }
        let term = if reciprocal.is_one() {
            t
        } else {
            let inside = self.term(&monic);
            self.terms.call(MatFn::Inv, &[inside])
        };
        let symmetric = turned == monic;
        let skew = turned == monic.scaled(&Number::MINUS_ONE);
        let letter = self.new_letter(term, symmetric, skew)?;
        self.letters[letter as usize].inverse_of = Some(monic.clone());
        let inverse = self.letter_poly(letter);
        self.relate("mul_inv_cancel", &monic, &inverse)?;
        self.relate("inv_mul_cancel", &inverse, &monic)?;
        let (other, _) = self.about(letter).turned;
        if other != letter {
            self.letters[other as usize].inverse_of = Some(turned.clone());
            let inverse = self.letter_poly(other);
            self.relate("mul_inv_cancel", &turned, &inverse)?;
            self.relate("inv_mul_cancel", &inverse, &turned)?;
        }
        Some(inverse.scaled(&reciprocal))
    }

    pub fn mul(&mut self, a: &Poly, b: &Poly) -> Option<Poly> {
        let number = |p: &Poly| p.rows == Dim::ONE && p.columns == Dim::ONE;
        if a.columns != b.rows {
            return match (number(a), number(b)) {
                (true, _) => self.scalar_times(a, b),
                (_, true) => self.scalar_times(b, a),
                _ => None,
            };
        }
        self.room = self.room.checked_sub(a.terms.len() * b.terms.len())?;
        let mut product = Poly::zero(a.rows, b.columns);
        for (x, m) in &a.terms {
            for (y, n) in &b.terms {
                let (sign, made) =
                    self.monomial(a.rows, b.columns, &[&x.word[..], &y.word].concat(), &[&x.scalars[..], &y.scalars].concat());
                product.add(made, &(&(m * n) * &sign));
            }
        }
        Some(product)
    }

    fn scalar_times(&mut self, s: &Poly, a: &Poly) -> Option<Poly> {
        self.room = self.room.checked_sub(s.terms.len() * a.terms.len())?;
        let mut product = Poly::zero(a.rows, a.columns);
        for (x, m) in &s.terms {
            for (y, n) in &a.terms {
                let scalars = [&x.scalars[..], &y.scalars, std::slice::from_ref(&x.word)].concat();
                let (sign, made) = self.monomial(a.rows, a.columns, &y.word, &scalars);
                product.add(made, &(&(m * n) * &sign));
            }
        }
        Some(product)
    }

    fn turn(&self, a: &Poly) -> Poly {
        let mut turned = Poly::zero(a.columns, a.rows);
        for (m, n) in &a.terms {
            let (sign, word) = self.turn_word(&m.word);
            let (other, made) = self.monomial(a.columns, a.rows, &word, &m.scalars);
            turned.add(made, &(&(n * &sign) * &other));
        }
        turned
    }

    pub fn trace(&mut self, a: &Poly) -> Poly {
        let mut trace = Poly::zero(Dim::ONE, Dim::ONE);
        for (m, n) in &a.terms {
            if m.word.is_empty() {
                let Some(size) = self.size(a.rows) else { continue };
                let mut beside = Poly::zero(Dim::ONE, Dim::ONE);
                let (sign, made) = self.monomial(Dim::ONE, Dim::ONE, &[], &m.scalars);
                beside.add(made, &(n * &sign));
                if let Some(product) = self.scalar_times(&size, &beside) {
                    trace.add_all(&product, &Number::ONE);
                }
                continue;
            }
            let scalars = [&m.scalars[..], std::slice::from_ref(&m.word)].concat();
            let (sign, made) = self.monomial(Dim::ONE, Dim::ONE, &[], &scalars);
            trace.add(made, &(n * &sign));
        }
        trace
    }

    /// A polynomial as a term.
    pub fn term(&mut self, poly: &Poly) -> Id {
        let mut sum: Vec<(Number, Id)> = Vec::with_capacity(poly.terms.len());
        for (m, n) in &poly.terms {
            let letters: Vec<Id> = m.word.iter().map(|l| self.about(*l).term).collect();
            let word = match letters[..] {
                [] => self.terms.eye(poly.rows),
                [one] => one,
                _ => self.terms.mul(&letters),
            };
            let mut scalars = Vec::new();
            for s in &m.scalars {
                let letters: Vec<Id> = s.iter().map(|l| self.about(*l).term).collect();
                let product = if let [one] = letters[..] { one } else { self.terms.mul(&letters) };
                scalars.push(if self.terms.is_scalar(product) { product } else { self.terms.call(MatFn::Trace, &[product]) });
            }
            let scalar = self.terms.had(&scalars);
            sum.push((n.clone(), self.terms.times(scalar, word)));
        }
        if sum.is_empty() {
            return self.terms.zero(Form::Grid(poly.rows, poly.columns));
        }
        self.terms.add(&sum)
    }
}
