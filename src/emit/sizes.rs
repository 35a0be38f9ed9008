//! Which sizes the shapes of the arguments tell, and how Python spells a dimension.

use crate::dim::{Dim, Symbol};
use crate::expr::Var;
use std::collections::{BTreeMap, BTreeSet};

/// A dimension as Python, in parentheses if it is a sum or a product.
pub(super) fn dim_code(d: Dim, name: &impl Fn(Symbol) -> String) -> String {
    let terms: Vec<String> = d
        .terms()
        .map(|(symbols, c)| {
            let mut factors: Vec<String> = symbols.iter().map(|s| name(*s)).collect();
            if c != 1 || factors.is_empty() {
                factors.insert(0, c.to_string());
            }
            factors.join("*")
        })
        .collect();
    if d.denominator() != 1 {
        return format!("(({}) // {})", terms.join(" + "), d.denominator());
    }
    match (terms.len(), d.as_symbol(), d.as_number()) {
        (0, _, _) => "0".to_owned(),
        (_, Some(_), _) | (_, _, Some(0..)) => terms[0].clone(),
        _ => format!("({})", terms.join(" + ")),
    }
}

/// For each size in `needed` that the shapes tell, in an order in which each uses only those before it: the symbol and
/// its code. The others must be arguments.
pub(super) struct Solved {
    pub told: Vec<(Symbol, String)>,
    pub asked: Vec<Symbol>,
}

pub(super) fn solve<'a>(
    needed: &BTreeSet<Symbol>,
    variables: impl Iterator<Item = &'a Var>,
    argument: &impl Fn(Symbol) -> String,
    name: &impl Fn(Symbol) -> String,
) -> Solved {
    let mut equations: Vec<(Dim, String)> = Vec::new();
    for v in variables {
        let one = v.axes().len() == 1;
        for (at, d) in v.axes().into_iter().enumerate() {
            let code = if one { format!("len({})", argument(v.name)) } else { format!("{}.shape[{at}]", argument(v.name)) };
            equations.push((d, code));
        }
    }
    // The simplest equations first: a symbol alone needs no solving.
    equations.sort_by_key(|(d, _)| (d.as_symbol().is_none(), d.symbols().len()));
    let mut known: BTreeMap<Symbol, (String, BTreeSet<Symbol>)> = BTreeMap::new();
    let mut order: Vec<Symbol> = Vec::new();
    // Every pass finds a symbol or is the last.
    loop {
        let before = order.len();
        for (d, code) in &equations {
            if let Some((symbol, solution, uses)) = solve_for_one(*d, code, &known, name) {
                known.insert(symbol, (solution, uses));
                order.push(symbol);
            }
        }
        if order.len() == before {
            break;
        }
    }
    let mut wanted = needed.clone();
    for symbol in order.iter().rev() {
        if wanted.contains(symbol) {
            wanted.extend(known[symbol].1.iter().copied());
        }
    }
    let told = order.iter().filter(|s| wanted.contains(s)).map(|s| (*s, known[s].0.clone())).collect();
    Solved { told, asked: needed.iter().filter(|s| !known.contains_key(s)).copied().collect() }
}

/// Solves `d = code` for its one unknown symbol, if it is linear in it with a numeric coefficient.
fn solve_for_one(
    d: Dim,
    code: &str,
    known: &BTreeMap<Symbol, (String, BTreeSet<Symbol>)>,
    name: &impl Fn(Symbol) -> String,
) -> Option<(Symbol, String, BTreeSet<Symbol>)> {
    let unknown: Vec<Symbol> = d.symbols().into_iter().filter(|s| !known.contains_key(s)).collect();
    let [symbol] = unknown.as_slice() else { return None };
    if d.denominator() != 1 {
        return None;
    }
    let with: Vec<(&[Symbol], i64)> = d.terms().filter(|(m, _)| m.contains(symbol)).collect();
    let [([_], coefficient)] = with.as_slice() else { return None };
    let rest = d - Dim::of(*symbol) * Dim::number(*coefficient);
    let uses: BTreeSet<Symbol> = rest.symbols().into_iter().collect();
    let difference = if rest.as_number() == Some(0) { code.to_owned() } else { format!("{code} - {}", dim_code(rest, name)) };
    let solution = match coefficient {
        1 => difference,
        c => format!("({difference}) // {c}"),
    };
    Some((*symbol, solution, uses))
}
