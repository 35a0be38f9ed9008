//! The normal form of a product of letters, and the ways to write it.
//!
//! What commutes is put in order: blocks of width 1 side by side, each and each trace in the least of its two orientations.

use super::words::{Alphabet, Letter, Monomial, Word};
use crate::dim::Dim;
use crate::number::Number;

impl Alphabet<'_> {
    pub(super) fn turn_word(&self, word: &[Letter]) -> (Number, Word) {
        let negative = word.iter().filter(|l| self.about(**l).turned.1).count() % 2 == 1;
        (sign(negative), word.iter().rev().map(|l| self.about(*l).turned.0).collect())
    }

    /// The width of the gap before each letter, and after the last.
    fn gaps(&self, rows: Dim, word: &[Letter]) -> Vec<Dim> {
        std::iter::once(rows).chain(word.iter().map(|l| self.about(*l).columns)).collect()
    }

    /// The normal form of a product, with its sign.
    pub fn monomial(&self, rows: Dim, columns: Dim, word: &[Letter], scalars: &[Word]) -> (Number, Monomial) {
        let (mut blocks, mut cycles) = (Vec::new(), Vec::new());
        let mut negative = false;
        for s in scalars.iter().filter(|s| !s.is_empty()) {
            match s.iter().position(|l| self.about(*l).rows == Dim::ONE) {
                Some(at) => blocks.extend(self.blocks(&[&s[at..], &s[..at]].concat())),
                None => cycles.push(s.clone()),
            }
        }
        debug_assert!(!word.is_empty() || rows == columns);
        let gaps = self.gaps(rows, word);
        let first = gaps.iter().position(|d| *d == Dim::ONE);
        let last = gaps.iter().rposition(|d| *d == Dim::ONE);
        if let (Some(first), Some(last)) = (first, last) {
            blocks.extend(self.blocks(&word[first..last]));
        }
        let mut oriented = |all: Vec<Word>, best: &dyn Fn(&[Letter]) -> (bool, Word)| {
            let mut all: Vec<Word> = all
                .iter()
                .map(|w| {
                    let (minus, w) = best(w);
                    negative ^= minus;
                    w
                })
                .collect();
            all.sort();
            all
        };
        let blocks = oriented(blocks, &|w| self.least_block(w));
        let mut beside = oriented(cycles, &|w| self.least_cycle(w));
        let word: Word = match (first, last) {
            (Some(first), Some(last)) => [&word[..first], &blocks.concat(), &word[last..]].concat(),
            _ => {
                beside.extend(blocks);
                beside.sort();
                word.to_vec()
            }
        };
        let degree = word.len() + beside.iter().map(Vec::len).sum::<usize>();
        (sign(negative), Monomial { degree, word, scalars: beside })
    }

    /// A word from width 1 to width 1, cut wherever its width is 1.
    fn blocks(&self, word: &[Letter]) -> Vec<Word> {
        word.split_inclusive(|l| self.about(*l).columns == Dim::ONE).map(<[Letter]>::to_vec).collect()
    }

    fn least_block(&self, word: &[Letter]) -> (bool, Word) {
        let (sign, turned) = self.turn_word(word);
        if turned < word.to_vec() { (sign.is_negative(), turned) } else { (false, word.to_vec()) }
    }

    fn least_cycle(&self, word: &[Letter]) -> (bool, Word) {
        let (sign, turned) = self.turn_word(word);
        let rotations = |w: &[Letter]| (0..w.len()).map(|at| [&w[at..], &w[..at]].concat()).min().unwrap_or_default();
        let (plain, turned) = (rotations(word), rotations(&turned));
        if turned < plain { (sign.is_negative(), turned) } else { (false, plain) }
    }

    /// The ways to write the word of a monomial that differ in the order and orientation of its blocks.
    pub fn arrangements(&self, rows: Dim, m: &Monomial) -> Vec<(Number, Word)> {
        const MOST_BLOCKS: usize = 3;
        let gaps = self.gaps(rows, &m.word);
        let ends = (gaps.iter().position(|d| *d == Dim::ONE), gaps.iter().rposition(|d| *d == Dim::ONE));
        let (Some(first), Some(last)) = ends else { return vec![(Number::ONE, m.word.clone())] };
        let blocks = self.blocks(&m.word[first..last]);
        if blocks.len() > MOST_BLOCKS {
            return vec![(Number::ONE, m.word.clone())];
        }
        let mut all: Vec<(Number, Word)> = vec![(Number::ONE, m.word[..first].to_vec())];
        let mut orders: Vec<Vec<usize>> = vec![Vec::new()];
        for _ in &blocks {
            let more = |order: Vec<usize>| {
                (0..blocks.len()).filter(|k| !order.contains(k)).map(|k| [&order[..], &[k]].concat()).collect::<Vec<_>>()
            };
            orders = orders.into_iter().flat_map(more).collect();
        }
        let start = all.remove(0);
        for order in orders {
            let mut ways = vec![start.clone()];
            for k in order {
                let (sign, turned) = self.turn_word(&blocks[k]);
                let with = |(n, w): (Number, Word)| {
                    let plain = (n.clone(), [&w[..], &blocks[k]].concat());
                    let other = (&n * &sign, [&w[..], &turned].concat());
                    if turned == blocks[k] { vec![plain] } else { vec![plain, other] }
                };
                ways = ways.into_iter().flat_map(with).collect();
            }
            all.extend(ways);
        }
        all.iter_mut().for_each(|(_, w)| w.extend(&m.word[last..]));
        all
    }

    /// The ways to write a closed word from each of its letters on, also turned.
    pub fn rotations(&self, word: &[Letter]) -> Vec<(Number, Word)> {
        let (sign, turned) = self.turn_word(word);
        let all = |w: &[Letter], n: &Number| (0..w.len()).map(|at| (n.clone(), [&w[at..], &w[..at]].concat())).collect::<Vec<_>>();
        [all(word, &Number::ONE), all(&turned, &sign)].concat()
    }
}

pub fn sign(negative: bool) -> Number {
    if negative { Number::MINUS_ONE } else { Number::ONE }
}
