//! The smallest point found at which two sides differ: small dimensions, few entries that are not 0, small whole numbers.

use super::entries::{POOLS, SIMPLER, draw, is_admissible, orbits, rank};
use super::sides::{Seen, Sides};
use crate::comparison::{Counterexample, settled};
use crate::dim::{Dim, Symbol};
use crate::eval::{Inputs, Random, Sizes};
use indexmap::IndexSet;
use ndarray::ArrayD;

/// How much may be computed in each part of the search, so that it ends soon and always at the same place.
const WORK: f64 = 1e6;
/// The same where nothing hints at a difference.
const SHORT_WORK: f64 = 2e5;
/// The largest size of a dimension symbol that is tried.
const LARGEST: i64 = 3;
/// With more symbols than this not every choice of sizes is tried.
const MANY: usize = 4;
/// Points for each choice of sizes and each pool of entries.
const TRIES: usize = 2;
const MANY_TRIES: usize = 10;

/// Looks for a small point; `found` is one where the sides differ, to fall back to. `None` if central differences confirm
/// neither.
pub fn search(sides: &Sides, found: &Inputs) -> Option<Counterexample> {
    let small = small_point(sides, TRIES, &mut Budget(WORK));
    let mut candidates = Vec::new();
    if let Some(small) = &small {
        candidates.push(shrink(sides, small.clone(), &SIMPLER, &mut Budget(WORK)));
        // Functions have their kinks at 0, where a derivative is a convention.
        candidates.push(shrink(sides, small.clone(), &SIMPLER[1..], &mut Budget(WORK)));
        candidates.push(small.clone());
    }
    candidates.extend([rounded(sides, found, 10.0), rounded(sides, found, 100.0)].into_iter().flatten());
    candidates.push(found.clone());
    candidates.iter().find(|at| sides.is_confirmed(at)).and_then(|at| counterexample(sides, at))
}

/// A point of whole numbers at which the sides differ, though they agree at random ones.
pub fn at_kinks(sides: &Sides) -> Option<Counterexample> {
    let small = small_point(sides, MANY_TRIES, &mut Budget(SHORT_WORK))?;
    let shrunk = shrink(sides, small.clone(), &SIMPLER, &mut Budget(SHORT_WORK));
    [shrunk, small].iter().find(|at| sides.is_confirmed(at)).and_then(|at| counterexample(sides, at))
}

struct Budget(f64);

impl Budget {
    /// Whether one more point of these sizes may be looked at.
    fn spend(&mut self, sides: &Sides, sizes: &Sizes) -> bool {
        self.0 -= sides.work(sizes);
        self.0 >= 0.0
    }
}

fn differ(sides: &Sides, at: &Inputs) -> bool {
    matches!(sides.at(at), Ok(Seen::Differ))
}

/// A point of whole numbers with the smallest sizes at which one is found.
fn small_point(sides: &Sides, tries: usize, budget: &mut Budget) -> Option<Inputs> {
    let mut random = Random::new(1);
    let constants = sides.constants();
    let with_constants = (!constants.is_empty()).then_some(&constants[..]);
    for sizes in all_sizes(sides) {
        for pool in POOLS.into_iter().chain(with_constants) {
            for _ in 0..tries {
                if !budget.spend(sides, &sizes) {
                    return None;
                }
                let Some(at) = drawn(sides, &sizes, pool, &mut random) else { continue };
                if differ(sides, &at) {
                    return Some(at);
                }
            }
        }
    }
    None
}

fn drawn(sides: &Sides, sizes: &Sizes, pool: &[f64], random: &mut Random) -> Option<Inputs> {
    let mut at = Inputs { sizes: sizes.clone(), values: Default::default(), stand_ins: true };
    for v in &sides.variables {
        let kind = v.kind.as_ref()?;
        let value = draw(kind, sizes, pool, random).ok()?;
        if !is_admissible(kind, &value) {
            return None;
        }
        at.values.insert(v.name, value);
    }
    Some(at)
}

/// Choices of sizes that make every dimension positive, those with the fewest entries first.
fn all_sizes(sides: &Sides) -> Vec<Sizes> {
    let symbols: IndexSet<Symbol> = sides.scope.dims().iter().flat_map(|d| d.symbols()).collect();
    let largest = if symbols.len() > MANY { 2 } else { LARGEST };
    let mut all: Vec<Vec<i64>> = vec![Vec::new()];
    for _ in symbols.iter().take(8) {
        all = all.into_iter().flat_map(|before| (1..=largest).map(move |n| before.iter().copied().chain([n]).collect())).collect();
    }
    let sizes =
        |numbers: &Vec<i64>| -> Sizes { symbols.iter().copied().zip(numbers.iter().copied().chain(std::iter::repeat(2))).collect() };
    let fits = |s: &Sizes| sides.scope.dims().iter().all(|d| s.of(*d).is_ok_and(|n| n >= 1));
    let entries = |s: &Sizes| -> usize {
        let of = |axes: &[Dim]| axes.iter().map(|d| s.of(*d).unwrap_or(1)).product::<usize>();
        sides.variables.iter().map(|v| of(&v.axes())).sum()
    };
    let mut fitting: Vec<(usize, i64, Sizes)> =
        all.iter().map(|n| (sizes(n), n.iter().sum())).filter(|(s, _)| fits(s)).map(|(s, sum)| (entries(&s), sum, s)).collect();
    fitting.sort_by_key(|(entries, sum, _)| (*entries, *sum));
    fitting.into_iter().map(|(_, _, s)| s).collect()
}

/// Makes entries simpler as long as the sides differ. It ends since each change makes an entry simpler.
fn shrink(sides: &Sides, mut at: Inputs, simpler: &[f64], budget: &mut Budget) -> Inputs {
    let mut changed = true;
    while changed {
        changed = false;
        for v in &sides.variables {
            let (Some(kind), Some(value)) = (&v.kind, at.values.get(&v.name)) else { continue };
            for orbit in orbits(kind, value) {
                let Some(now) = orbit.first().and_then(|(k, _)| at.values[&v.name].iter().nth(*k)).copied() else { continue };
                let moves = simpler.iter().copied().filter(|to| rank(*to) < rank(now));
                let better = moves.into_iter().find_map(|to| {
                    let next = with_entries(&at.values[&v.name], &orbit, to);
                    let moved = at.with(v.name, next);
                    (is_admissible(kind, &moved.values[&v.name]) && budget.spend(sides, &moved.sizes) && differ(sides, &moved))
                        .then_some(moved)
                });
                if let Some(better) = better {
                    at = better;
                    changed = true;
                }
            }
        }
    }
    at
}

fn with_entries(value: &ArrayD<f64>, orbit: &[(usize, f64)], to: f64) -> ArrayD<f64> {
    let mut value = value.as_standard_layout().into_owned();
    if let Some(entries) = value.as_slice_mut() {
        orbit.iter().for_each(|(k, sign)| entries[*k] = if to == 0.0 { 0.0 } else { sign * to });
    }
    value
}

/// The point with short numbers, if the sides still differ there.
fn rounded(sides: &Sides, at: &Inputs, unit: f64) -> Option<Inputs> {
    let mut short = at.clone();
    for v in &sides.variables {
        let kind = v.kind.as_ref()?;
        let value = short.values.get_mut(&v.name)?;
        if !orbits(kind, value).is_empty() {
            value.mapv_inplace(|x| (x * unit).round() / unit);
        }
        if !is_admissible(kind, value) {
            return None;
        }
    }
    differ(sides, &short).then_some(short)
}

fn counterexample(sides: &Sides, at: &Inputs) -> Option<Counterexample> {
    let (left, right) = sides.both(at)?;
    let values = sides.variables.iter().filter_map(|v| Some((v.clone(), at.values.get(&v.name)?.clone()))).collect();
    Some(Counterexample {
        sizes: at.sizes.clone(),
        values,
        left: left.mapv(settled),
        right: right.mapv(settled),
        is_row: sides.left.is_row(),
    })
}
