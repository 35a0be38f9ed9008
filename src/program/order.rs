//! In which order the factors of a contraction are multiplied, two at a time.

use super::contraction::Mask;

/// Up to this many factors all orders are looked at.
const EXHAUSTIVE: usize = 8;
/// A multiplication within a product of matrices, next to one that reads its operands from memory.
const BLOCKED: f64 = 0.1;

/// What is known of the factors: the labels of each, whether it is the inverse of a matrix, and how long labels are.
pub(super) struct Problem<'a> {
    pub factors: &'a [Factor],
    pub out: Mask,
    pub lengths: &'a [f64],
}

#[derive(Clone, Copy)]
pub(super) struct Factor {
    pub labels: Mask,
    pub inverse: bool,
}

impl Problem<'_> {
    /// Pairs of factors: each is taken out, and the product is appended.
    pub fn order(&self) -> Vec<(usize, usize)> {
        if self.factors.len() <= EXHAUSTIVE { self.best() } else { self.greedy() }
    }

    fn size(&self, labels: Mask) -> f64 {
        (0..self.lengths.len()).filter(|l| labels >> l & 1 == 1).map(|l| self.lengths[l]).product()
    }

    /// The product of two factors, where `needed` are the labels that anything else has, and what it costs.
    fn pair(&self, a: Factor, b: Factor, needed: Mask) -> (Factor, f64) {
        let all = a.labels | b.labels;
        let kept = all & needed;
        let traffic = self.size(a.labels) + self.size(b.labels) + self.size(kept);
        let work = if kept == all { self.size(all) } else { BLOCKED * self.size(all) };
        let explicit = |f: Factor, other: Factor| {
            let solves = f.inverse && (f.labels & other.labels).count_ones() == 1 && f.labels & other.labels & kept == 0;
            if f.inverse && !solves { 2.0 * BLOCKED * self.size(f.labels).powf(1.5) } else { 0.0 }
        };
        let cost = traffic + work + explicit(a, b) + if b.inverse && a.inverse { 0.0 } else { explicit(b, a) };
        (Factor { labels: kept, inverse: false }, cost)
    }

    /// Every way to split every set of factors in two, from small sets to large ones.
    fn best(&self) -> Vec<(usize, usize)> {
        let n = self.factors.len();
        let full = (1usize << n) - 1;
        let labels_of = |set: usize| (0..n).filter(|k| set >> k & 1 == 1).fold(0, |m, k| m | self.factors[k].labels);
        let mut plans: Vec<Option<(Factor, f64, usize)>> = vec![None; full + 1];
        for (k, f) in self.factors.iter().enumerate() {
            plans[1 << k] = Some((*f, 0.0, 0));
        }
        for set in 1..=full {
            if set.count_ones() < 2 {
                continue;
            }
            let needed = self.out | labels_of(full & !set);
            let mut part = (set - 1) & set;
            let mut best: Option<(Factor, f64, usize)> = None;
            while part > 0 {
                let other = set & !part;
                if part > other
                    && let (Some(a), Some(b)) = (plans[part], plans[other])
                {
                    let (product, cost) = self.pair(a.0, b.0, needed);
                    let total = cost + a.1 + b.1;
                    if best.is_none_or(|best| total < best.1) {
                        best = Some((product, total, part));
                    }
                }
                part = (part - 1) & set;
            }
            plans[set] = best;
        }
        // The tree in postorder; children of a node are looked up by the places that their products get.
        let mut pairs = Vec::new();
        self.emit(full, &plans, &mut pairs);
        pairs
    }

    /// The place of the product of a set. Recursion is as deep as there are factors.
    fn emit(&self, set: usize, plans: &[Option<(Factor, f64, usize)>], pairs: &mut Vec<(usize, usize)>) -> usize {
        if set.count_ones() == 1 {
            return set.trailing_zeros() as usize;
        }
        let part = plans[set].map_or(set & set.wrapping_neg(), |p| p.2);
        let a = self.emit(part, plans, pairs);
        let b = self.emit(set & !part, plans, pairs);
        pairs.push((a.min(b), a.max(b)));
        self.factors.len() + pairs.len() - 1
    }

    /// The cheapest pair each time; of equals the one that leaves least behind. Each round has one factor fewer.
    fn greedy(&self) -> Vec<(usize, usize)> {
        let mut live: Vec<(usize, Factor)> = self.factors.iter().copied().enumerate().collect();
        let mut pairs = Vec::new();
        while live.len() > 1 {
            let mut best: Option<(f64, f64, usize, usize, Factor)> = None;
            for i in 0..live.len() {
                for j in i + 1..live.len() {
                    let (a, b) = (live[i].1, live[j].1);
                    if a.labels & b.labels == 0 && a.labels != 0 && b.labels != 0 && best.is_some() {
                        continue;
                    }
                    let others = live.iter().enumerate().filter(|(k, _)| *k != i && *k != j);
                    let needed = others.fold(self.out, |m, (_, f)| m | f.1.labels);
                    let (product, cost) = self.pair(a, b, needed);
                    let left = self.size(product.labels) - self.size(a.labels) - self.size(b.labels);
                    let apart = a.labels & b.labels == 0;
                    let cost = if apart { cost * 1e3 } else { cost };
                    if best.is_none_or(|best| (cost, left) < (best.0, best.1)) {
                        best = Some((cost, left, i, j, product));
                    }
                }
            }
            let Some((_, _, i, j, product)) = best else { break };
            let (b, a) = (live.remove(j).0, live.remove(i).0);
            pairs.push((a, b));
            live.push((self.factors.len() + pairs.len() - 1, product));
        }
        pairs
    }
}
