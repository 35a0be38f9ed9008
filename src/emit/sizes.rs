//! Which lengths the shapes of the arguments tell, in which order, and which must be given.

use crate::dim::{Dim, Symbol};
use crate::expr::Var;
use std::collections::BTreeSet;

/// What one argument tells: `symbol = (length of axis - rest)/coefficient`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Told {
    pub symbol: Symbol,
    pub axis: usize,
    pub rest: Dim,
    pub coefficient: i64,
}

/// An argument whose shape is looked at: what is known of it before, what it tells, and what it must be then.
#[derive(Clone, Debug)]
pub(super) struct Look<'a> {
    pub variable: &'a Var,
    /// The lengths that are known before; none where it tells something, or where nothing is known.
    pub expected: Vec<Option<Dim>>,
    pub tells: Vec<Told>,
    /// The same when what it tells is known.
    pub checked: Vec<Option<Dim>>,
}

impl Look<'_> {
    /// Whether the shape has to be looked at again: a length occurs in it that it told itself, but for where it is that length
    /// as it is, which is the same wherever it occurs.
    pub fn again(&self) -> bool {
        let axes = self.variable.axes();
        let plain = |t: &Told| t.coefficient == 1 && t.rest == Dim::number(0);
        let seen = |d: Dim| d.as_symbol().is_some_and(|s| self.tells.iter().any(|t| t.symbol == s && plain(t)));
        axes.iter().enumerate().any(|(at, d)| self.expected[at] != self.checked[at] && !seen(*d))
    }
}

/// In which order the arguments are looked at, and the needed lengths that none of them tells.
pub(super) struct Plan<'a> {
    pub looks: Vec<Look<'a>>,
    pub asked: Vec<Symbol>,
}

/// The plan for variables of which the body needs some lengths.
pub(super) fn plan<'a>(variables: &'a [Var], needed: &BTreeSet<Symbol>) -> Plan<'a> {
    let mut known: BTreeSet<Symbol> = BTreeSet::new();
    let solvable = |tried: &mut BTreeSet<Symbol>, v: &Var| v.axes().iter().all(|d| learn(*d, 0, tried).is_ok());
    // What no argument tells, found by asking all of them until nothing new is learned: each round learns a symbol or is the last.
    loop {
        let before = known.len();
        variables.iter().flat_map(Var::axes).for_each(|d| drop(learn(d, 0, &mut known)));
        if known.len() == before {
            break;
        }
    }
    let asked: Vec<Symbol> = needed.difference(&known).copied().collect();
    let never: BTreeSet<Symbol> = variables.iter().flat_map(Var::axes).flat_map(Dim::symbols).filter(|s| !known.contains(s)).collect();
    let mut known: BTreeSet<Symbol> = asked.iter().copied().collect();
    let mut left: Vec<&Var> = variables.iter().collect();
    let mut looks = Vec::new();
    // Each round takes a variable.
    while !left.is_empty() {
        let at = left.iter().position(|v| solvable(&mut known.clone(), v)).unwrap_or(0);
        looks.push(look(left.remove(at), &mut known, &never));
    }
    Plan { looks, asked }
}

fn look<'a>(variable: &'a Var, known: &mut BTreeSet<Symbol>, never: &BTreeSet<Symbol>) -> Look<'a> {
    let axes = variable.axes();
    let before = known.clone();
    let is_known = |d: Dim, known: &BTreeSet<Symbol>| d.symbols().iter().all(|s| known.contains(s));
    let mut tells = Vec::new();
    for (at, d) in axes.iter().enumerate() {
        if let Ok(Some(told)) = learn(*d, at, known) {
            tells.push(told);
        }
    }
    let of = |known: &BTreeSet<Symbol>| {
        axes.iter()
            .map(|d| Some(*d).filter(|d| is_known(*d, known) && !d.symbols().iter().any(|s| never.contains(s) && !before.contains(s))))
            .collect()
    };
    Look { variable, expected: of(&before), tells, checked: of(known) }
}

/// What an axis of that length tells when some symbols are known: nothing if all are, `Err` if it has more than one unknown
/// symbol or is not linear in it.
fn learn(d: Dim, axis: usize, known: &mut BTreeSet<Symbol>) -> Result<Option<Told>, ()> {
    let unknown: Vec<Symbol> = d.symbols().into_iter().filter(|s| !known.contains(s)).collect();
    let symbol = match unknown.as_slice() {
        [] => return Ok(None),
        [symbol] if d.denominator() == 1 => *symbol,
        _ => return Err(()),
    };
    let with: Vec<(&[Symbol], i64)> = d.terms().filter(|(m, _)| m.contains(&symbol)).collect();
    let [([_], coefficient)] = with.as_slice() else { return Err(()) };
    let rest = d - Dim::of(symbol) * Dim::number(*coefficient);
    known.insert(symbol);
    Ok(Some(Told { symbol, axis, rest, coefficient: *coefficient }))
}

impl Told {
    /// What it tells, of the length of the axis; `rest` is written already.
    pub fn solved(&self, length: String, rest: &str, divide: &str) -> String {
        let difference = if self.rest == Dim::number(0) { length } else { format!("{length} - {rest}") };
        if self.coefficient == 1 { difference } else { format!("({difference}){}{}", divide, self.coefficient) }
    }
}

/// A dimension as code, in parentheses if it is a sum or a product.
pub(super) fn dim_code(d: Dim, divide: &str, name: &mut impl FnMut(Symbol) -> String) -> String {
    let mut sum = String::new();
    let mut count = 0;
    // Positive terms first: lengths are not negative, and neither may what stands for one in between be.
    let mut terms: Vec<_> = d.terms().collect();
    terms.sort_by_key(|(_, c)| *c < 0);
    for (symbols, c) in terms {
        let mut factors: Vec<String> = symbols.iter().map(|s| name(*s)).collect();
        if c.abs() != 1 || factors.is_empty() {
            factors.insert(0, c.abs().to_string());
        }
        let sign = match (count, c < 0) {
            (0, false) => "",
            (0, true) => "-",
            (_, false) => " + ",
            (_, true) => " - ",
        };
        count += 1;
        sum = sum + sign + &factors.join("*");
    }
    match (count, d.denominator()) {
        (0, _) => "0".to_owned(),
        (_, q) if q != 1 => format!("(({sum}){}{q})", divide),
        _ if d.as_symbol().is_some() || d.as_number().is_some_and(|n| n >= 0) => sum,
        _ => format!("({sum})"),
    }
}
