//! What would make two sides equal that are not: structure, sign, matrices that commute, small sizes.

use super::sides::{Seen, Sides, draw};
use crate::comparison::Assumption;
use crate::dim::Symbol;
use crate::eval::{Inputs, Sizes, Style};
use crate::expr::{Kind, Shape, Structure, Var};
use crate::function::Sign;
use ndarray::Ix2;
use std::sync::Arc;

/// At so many points the sides have to agree,
const POINTS: usize = 12;
/// of so many that are drawn.
const DRAWS: usize = 24;

/// Weaker assumptions come first, so that the weakest is the one that is said.
const STRUCTURES: [Structure; 4] = [Structure::Symmetric, Structure::Orthogonal, Structure::Skew, Structure::Diagonal];

/// The weakest assumption found on variables under which the sides agree.
pub fn find(sides: &Sides) -> Option<Assumption> {
    // A variable of differentiation with a structure would be another derivative.
    let wrt: Vec<_> = sides.left.wrt().into_iter().chain(sides.right.wrt()).collect();
    let general = |v: &&Var| v.kind.as_ref().is_some_and(|k| k.structure == Structure::General && k.sign == Sign::Any);
    let free: Vec<&Var> = sides.variables.iter().filter(general).collect();
    let square: Vec<&Var> = free.iter().copied().filter(|v| is_square(v) && !wrt.contains(&v.name)).collect();
    let structured = square.iter().flat_map(|v| STRUCTURES.map(|s| (*v, s)));
    let structured = structured.map(|(v, s)| (with_kind(v, |k| k.structure = s), Assumption::Structure(v.name, s)));
    let positive = free.iter().map(|v| (with_kind(v, |k| k.sign = Sign::Positive), Assumption::Positive(v.name)));
    for (v, assumption) in structured.chain(positive) {
        let scope = sides.scope.clone().with(v);
        if agree(sides, |number| draw(&scope, number).ok()) {
            return Some(assumption);
        }
    }
    commuting(sides, &square)
}

fn is_square(v: &Var) -> bool {
    v.kind.as_ref().is_some_and(|k| matches!(k.shape, Shape::Matrix(m, n) if m == n))
}

fn with_kind(v: &Var, change: impl FnOnce(&mut Kind)) -> Var {
    let mut kind = v.kind.as_ref().map_or(Kind::plain(Shape::Scalar), |k| k.as_ref().clone());
    change(&mut kind);
    Var { name: v.name, kind: Some(Arc::new(kind)) }
}

/// One matrix as a polynomial of another commutes with it.
fn commuting(sides: &Sides, square: &[&Var]) -> Option<Assumption> {
    let all: Vec<&Var> = sides.variables.iter().filter(|v| is_square(v)).collect();
    let pairs = all.iter().flat_map(|a| square.iter().map(move |b| (*a, *b)));
    // Two general matrices are looked at once.
    let once = |(a, b): &(&Var, &Var)| a.axes() == b.axes() && a.name != b.name && (!square.contains(a) || a.name < b.name);
    for (a, b) in pairs.filter(once) {
        let point = |number| {
            let mut at = draw(&sides.scope, number).ok()?;
            let base = at.values.get(&a.name)?.clone().into_dimensionality::<Ix2>().ok()?;
            let other = base.dot(&base) * 0.5 + &base * 2.0;
            at.values.insert(b.name, other.into_dyn());
            Some(at)
        };
        if agree(sides, point) {
            let (first, second) = if a.name < b.name { (a.name, b.name) } else { (b.name, a.name) };
            return Some(Assumption::Commute(first, second));
        }
    }
    None
}

/// A size of one dimension at which they agree, whatever the other sizes are.
pub fn size(sides: &Sides) -> Option<Assumption> {
    let symbols: Vec<Symbol> = sides.scope.draw(0).ok()?.sizes.iter().map(|(s, _)| s).collect();
    let choices = symbols.iter().flat_map(|symbol| (1..=3).map(move |size| (*symbol, size)));
    let holds = |(symbol, size): &(Symbol, i64)| {
        let point = |number: usize| {
            let other = |at: usize| 1 + ((number + 1) * (2 * at + 1) % 4) as i64;
            let sizes: Sizes = symbols.iter().enumerate().map(|(at, s)| (*s, if s == symbol { *size } else { other(at) })).collect();
            let fits = sides.scope.dims().iter().all(|d| sizes.of(*d).is_ok_and(|n| n >= 1));
            let style = [Style::Mixed, Style::Positive, Style::Mixed, Style::Small][number % 4];
            if fits { Inputs::random(sides.scope.variables(), &sizes, number as u64, style).ok() } else { None }
        };
        agree(sides, point)
    };
    choices.into_iter().find(holds).map(|(symbol, size)| Assumption::Size(symbol, size))
}

fn agree(sides: &Sides, point: impl Fn(usize) -> Option<Inputs>) -> bool {
    // Where both sides are 0 for no other reason than the assumption, it teaches nothing.
    let mut vanish = sides.zeros.is_none() && !sides.is_zero();
    let mut count = 0;
    for number in 0..DRAWS {
        let Some(at) = point(number) else { continue };
        match sides.at(&at) {
            Ok(Seen::Agree) => {
                vanish = vanish && sides.both(&at).is_some_and(|(left, _)| left.iter().all(|x| x.abs() < 1e-9));
                count += 1;
            }
            Ok(Seen::Nowhere) => {}
            Ok(Seen::Differ | Seen::Unclear | Seen::OnlyLeft | Seen::OnlyRight) | Err(_) => return false,
        }
        if count == POINTS {
            return !vanish && agree_beyond_constants(sides, &point);
        }
    }
    false
}

/// A kink far out is met by no random point: numbers and vectors are as large as the constants of the sides.
fn agree_beyond_constants(sides: &Sides, point: &impl Fn(usize) -> Option<Inputs>) -> bool {
    let differ = |c: f64| {
        let Some(mut at) = point(0) else { return false };
        at.values.values_mut().filter(|x| x.ndim() < 2).for_each(|x| x.fill(c));
        matches!(sides.at(&at), Ok(Seen::Differ))
    };
    !sides.constants().into_iter().filter(|c| *c > 0.0).any(differ)
}
