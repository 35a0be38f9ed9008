//! The catalog as a book: one snapshot for each theme, and a counterexample for each rejected rule.

use indicial::{
    Catalog, Error, ErrorKind, Expr, Inputs, Kind, Op, Rule, Sign, Sizes, Structure, Symbol, Typed, evaluate, infer, rules_markdown,
};
use ndarray::{ArrayD, Ix2, IxDyn};

const REJECTED: &str = include_str!("../rules/rejected.rules");

#[test]
fn themes() {
    for (theme, text) in Catalog::files() {
        let rules = Catalog::parse(text, theme).unwrap();
        assert_text(&format!("catalog_{theme}"), &rules_markdown(&rules));
    }
}

#[test]
fn counterexamples() {
    let rules = Catalog::parse(REJECTED, "rejected").unwrap();
    assert!(rules.len() >= 45, "{} rejected rules", rules.len());
    let found: Vec<Result<String, String>> = rules.iter().map(|rule| counterexample(rule).map(|c| shown(rule, &c))).collect();
    let missing: Vec<&String> = found.iter().filter_map(|f| f.as_ref().err()).collect();
    assert!(missing.is_empty(), "{missing:#?}");
    let text: Vec<String> = found.into_iter().flatten().collect();
    assert_text("catalog_rejected", &text.join("\n"));
}

fn assert_text(name: &str, text: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../snapshots");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, text));
}

/// A point where the two sides of a rule differ.
struct Counterexample {
    at: Inputs,
    left: ArrayD<f64>,
    right: Option<ArrayD<f64>>,
}

fn shown(rule: &Rule, found: &Counterexample) -> String {
    let sizes = found.at.sizes.iter().map(|(name, size)| format!("{name} = {size}"));
    let held = |name: &Symbol| rule.differential && name.as_str().starts_with('d') && !rule.changes().iter().any(|(_, dx)| dx == name);
    let values = found.at.values.iter().filter(|(name, _)| !held(name)).map(|(name, value)| format!("{name} = {}", array(value)));
    let at: Vec<String> = sizes.chain(values).collect();
    let right = found.right.as_ref().map_or("undefined".to_owned(), array);
    format!("{rule}\n  {}\n  at     {}\n  left   {}\n  right  {right}\n", rule.why, at.join(", "), array(&found.left))
}

/// Numbers to four decimals, rows in brackets.
fn array(value: &ArrayD<f64>) -> String {
    if value.ndim() == 0 {
        let rounded = (value.sum() * 1e4).round() / 1e4;
        return if rounded == 0.0 { "0".to_owned() } else { rounded.to_string() };
    }
    let rows: Vec<String> = value.outer_iter().map(|row| array(&row.to_owned())).collect();
    format!("[{}]", rows.join(", "))
}

/// The sizes and entries that are tried, from the simplest.
const SIZES: std::ops::RangeInclusive<i64> = 1..=3;
const ENTRIES: [f64; 5] = [0.0, 1.0, -1.0, 2.0, 3.0];
/// How many points are drawn at most, how many hits end that, and how many of these are made simpler.
const TRIES: usize = 300;
const HITS: usize = 20;
const SHRUNK: usize = 3;

/// The first sizes at which small integers make a difference, and there the simplest such integers that are found: if it
/// can be, at a point where both sides are defined.
fn counterexample(rule: &Rule) -> Result<Counterexample, String> {
    let sides = Sides::of(rule)?;
    let mut undefined = None;
    for sizes in sides.sizes() {
        let mut turn = Turn(0);
        let hits = (0..TRIES).filter_map(|_| sides.differs_at(sides.draw(&sizes, &mut turn)?));
        let mut hits: Vec<Counterexample> = hits.filter(|hit| undefined.is_none() || hit.right.is_some()).take(HITS).collect();
        hits.sort_by_key(|hit| (hit.right.is_none(), weight(&hit.at)));
        let defined = hits.first().is_some_and(|hit| hit.right.is_some());
        let hits = hits.into_iter().filter(|hit| !defined || hit.right.is_some());
        let simplest = hits.take(SHRUNK).map(|hit| sides.shrunk(hit, defined)).min_by_key(|hit| weight(&hit.at));
        if defined && let Some(found) = simplest {
            return Ok(found);
        }
        undefined = undefined.or(simplest);
    }
    undefined.ok_or_else(|| format!("no counterexample to {rule}"))
}

/// How much there is to read: first the sum of the sizes of the numbers, then that of the places that are not 0.
fn weight(at: &Inputs) -> (u64, Vec<u64>) {
    let entry = |x: &f64| ENTRIES.iter().position(|e| e == x).unwrap_or(ENTRIES.len()) as u64;
    let entries: Vec<u64> = at.values.values().flat_map(|v| v.iter().map(entry).collect::<Vec<_>>()).collect();
    (entries.iter().sum(), entries)
}

/// A sequence of small numbers, the same on every machine: a multiplicative congruence modulo 2^31 - 1 (Lehmer 1951).
struct Turn(u64);

impl Turn {
    fn below(&mut self, n: usize) -> usize {
        self.0 = (self.0 + 1) * 48_271 % 2_147_483_647;
        (self.0 >> 8) as usize % n
    }
}

/// Both sides of a rule, typed together so that they share their dimensions.
struct Sides<'a> {
    rule: &'a Rule,
    left: Typed,
    right: Typed,
}

impl Sides<'_> {
    fn of(rule: &Rule) -> Result<Sides<'_>, String> {
        let both = Expr::new(Op::Add(vec![rule.left.clone(), -&rule.right]));
        let typed = infer(&both, &rule.declarations).map_err(|e| format!("{rule}: {e}"))?;
        let Op::Add(terms) = typed.root().op.clone() else { return Err(format!("{rule}: no sum")) };
        let Op::Neg(right) = typed.node(terms[1]).op else { return Err(format!("{rule}: no difference")) };
        Ok(Sides { rule, left: Typed { root: terms[0], ..typed.clone() }, right: Typed { root: right, ..typed } })
    }

    /// All assignments of sizes, small ones first.
    fn sizes(&self) -> Vec<Sizes> {
        let dims = self.left.variables.values().flat_map(|v| v.axes()).flat_map(|d| d.symbols());
        let sized = self.left.nodes.iter().flat_map(|n| n.shape.axes()).flat_map(|d| d.symbols());
        let mut symbols: Vec<Symbol> = dims.chain(sized).collect();
        symbols.sort();
        symbols.dedup();
        let mut all: Vec<Vec<i64>> = vec![Vec::new()];
        for _ in &symbols {
            all = all.iter().flat_map(|before| SIZES.map(|n| before.iter().copied().chain([n]).collect())).collect();
        }
        all.sort_by_key(|numbers| (numbers.iter().sum::<i64>(), numbers.clone()));
        all.iter().map(|numbers| symbols.iter().copied().zip(numbers.iter().copied()).collect()).collect()
    }

    /// Values that are as declared.
    fn draw(&self, sizes: &Sizes, turn: &mut Turn) -> Option<Inputs> {
        let mut at = Inputs { sizes: sizes.clone(), ..Inputs::default() };
        for (name, var) in &self.left.variables {
            let lengths = sizes.lengths(&var.axes()).ok()?;
            let value = ArrayD::from_shape_simple_fn(IxDyn(&lengths), || ENTRIES[turn.below(ENTRIES.len())]);
            at.values.insert(*name, value);
        }
        self.is_declared(&at).then_some(at)
    }

    fn is_declared(&self, at: &Inputs) -> bool {
        at.values.iter().all(|(name, value)| self.rule.declarations.variable(*name).is_none_or(|kind| is_of(value, kind)))
    }

    /// What the sides are there, if the left one is defined and the right one is not the same.
    fn differs_at(&self, at: Inputs) -> Option<Counterexample> {
        let left = finite(if self.rule.differential { self.differential(&at) } else { evaluate(&self.left, &at) })?;
        let right = finite(evaluate(&self.right, &at));
        let tolerance = if self.rule.differential { 1e-3 } else { 1e-9 };
        let same = right.as_ref().is_some_and(|right| (&left - right).iter().all(|d| d.abs() <= tolerance));
        (!same).then_some(Counterexample { at, left, right })
    }

    /// Central differences along the change; none at a kink, where those to both sides differ.
    fn differential(&self, at: &Inputs) -> indicial::Result<ArrayD<f64>> {
        let step = 1e-5;
        let moved = |by: f64| {
            let mut to = at.clone();
            for (x, dx) in self.rule.changes() {
                to.values[&x] = &at.values[&x] + &(&at.values[&dx] * by);
            }
            evaluate(&self.left, &to)
        };
        let (before, here, after) = (moved(-step)?, moved(0.0)?, moved(step)?);
        if (&after - &here * 2.0 + &before).iter().any(|d| d.abs() > 1e-7) {
            return Err(Error::new(ErrorKind::Domain, "a kink"));
        }
        Ok((after - before) / (2.0 * step))
    }

    /// With each entry made as simple as it can be while the sides still differ.
    fn shrunk(&self, mut found: Counterexample, defined: bool) -> Counterexample {
        loop {
            let hits = |at: Inputs| self.differs_at(at).filter(|hit| !defined || hit.right.is_some());
            let lighter = self.lighter(&found.at).find_map(hits);
            match lighter {
                Some(next) => found = next,
                None => return found,
            }
        }
    }

    /// The same with one entry simpler, or two that mirror each other.
    fn lighter<'a>(&'a self, at: &'a Inputs) -> impl Iterator<Item = Inputs> + 'a {
        let places = at.values.iter().flat_map(|(name, value)| (0..value.len()).map(move |place| (*name, place)));
        let simpler = move |(name, place): (Symbol, usize)| {
            let now = at.values[&name].iter().nth(place).copied().unwrap_or_default();
            let rank = ENTRIES.iter().position(|e| *e == now).unwrap_or(0);
            ENTRIES[..rank].iter().flat_map(move |entry| [false, true].map(|both| with_entry(at, name, place, *entry, both)))
        };
        places.flat_map(simpler).filter(|at| self.is_declared(at))
    }
}

fn with_entry(at: &Inputs, name: Symbol, place: usize, entry: f64, both: bool) -> Inputs {
    let mut value = at.values[&name].clone();
    if let Some(x) = value.iter_mut().nth(place) {
        *x = entry;
    }
    if both && value.ndim() == 2 {
        let columns = value.shape()[1];
        let (i, j) = (place / columns, place % columns);
        if let Some(x) = value.get_mut(IxDyn(&[j, i])) {
            *x = entry;
        }
    }
    at.with(name, value)
}

fn finite(value: indicial::Result<ArrayD<f64>>) -> Option<ArrayD<f64>> {
    value.ok().filter(|v| v.iter().all(|x| x.is_finite()))
}

fn is_of(value: &ArrayD<f64>, kind: &Kind) -> bool {
    let sign = match kind.sign {
        Sign::Any => true,
        Sign::NonNegative => value.iter().all(|x| *x >= 0.0),
        Sign::Positive => value.iter().all(|x| *x > 0.0),
    };
    let Ok(matrix) = value.view().into_dimensionality::<Ix2>() else { return sign };
    sign && match kind.structure {
        Structure::General => true,
        Structure::Symmetric => matrix == matrix.t(),
        Structure::Skew => matrix == -&matrix.t(),
        Structure::Diagonal => matrix.indexed_iter().all(|((i, j), x)| i == j || *x == 0.0),
        // No rejected rule declares one of these.
        Structure::PositiveDefinite | Structure::Orthogonal | Structure::Lower | Structure::Upper | Structure::Hollow => false,
    }
}

/// The search finds what it should, and nothing where a law is true.
#[test]
fn the_search_is_honest() {
    let rule = |law: &str| {
        let text = format!("rule r\n for A: matrix(n, n); B: matrix(n, n)\n law {law}\n why a.\n source b\n example {law}\n");
        counterexample(&Catalog::parse(&text, "test").unwrap()[0]).map(|c| array(&c.left)).ok()
    };
    assert_eq!(rule("A*B => B*A").as_deref(), Some("[[0, 0], [1, 0]]"));
    assert_eq!(rule("tr(A*B) => tr(B*A)"), None);
    assert_eq!(rule("d A*A => dA*A + A*dA"), None);
    assert!(rule("d A*A => 2*A*dA").is_some());
}
