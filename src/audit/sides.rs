//! The two sides of a law, typed together, and the points at which they are compared.

use crate::check::Scope;
use crate::dim::Symbol;
use crate::error::{Error, ErrorKind, Result, Span};
use crate::eval::Inputs;
use crate::expr::{Expr, Kind, Op, Structure, Var};
use crate::function::Sign;
use crate::infer::infer;
use crate::parse::{Declaration, Declarations};
use crate::rule::{Condition, Fact};
use crate::typed::{Typed, TypedId};
use ndarray::{ArrayD, Axis};

/// Both sides of a law; they share their dimensions.
pub struct Sides {
    pub left: Typed,
    pub right: Typed,
}

impl Sides {
    /// # Errors
    /// If a side is ill-typed or their shapes differ. The places are those of the sides in their file.
    pub fn of(declarations: &Declarations, (left, right): (&Expr, &Expr), places: (Span, Span)) -> Result<Sides> {
        let both = Expr::new(Op::Add(vec![left.clone(), -right]));
        let mut typed = infer(&both, declarations).map_err(|e| explain(e, declarations, (left, right), places))?;
        // The expressions hold the kinds of the rule; what is assumed beyond these decides only which points are drawn.
        for (name, var) in &mut typed.variables {
            if let Some(kind) = declarations.variable(*name) {
                *var = Var::new(name.as_str(), kind.clone());
            }
        }
        let (l, r) = roots(&typed)?;
        if typed.node(l).shape != typed.node(r).shape || typed.node(l).free != typed.node(r).free {
            return Err(explain(Error::new(ErrorKind::Shape, ""), declarations, (left, right), places));
        }
        let side = |root: TypedId| Typed { root, ..typed.clone() };
        Ok(Sides { left: side(l), right: side(r) })
    }
}

fn roots(typed: &Typed) -> Result<(TypedId, TypedId)> {
    let lost = || Error::new(ErrorKind::Internal, "the sides of a law are no sum");
    let Op::Add(terms) = &typed.root().op else { return Err(lost()) };
    let [left, negated] = terms[..] else { return Err(lost()) };
    match typed.node(negated).op {
        Op::Neg(right) => Ok((left, right)),
        _ => Err(lost()),
    }
}

/// The error of one side, if it has one; otherwise that the two do not fit together.
fn explain(error: Error, declarations: &Declarations, (left, right): (&Expr, &Expr), places: (Span, Span)) -> Error {
    let (l, r) = (infer(left, declarations), infer(right, declarations));
    match (l, r) {
        (Err(e), _) => moved(e, places.0),
        (_, Err(e)) => moved(e, places.1),
        (Ok(l), Ok(r)) if l.root().shape != r.root().shape => {
            let (l, r) = (&l.root().shape, &r.root().shape);
            Error::new(ErrorKind::Rule, format!("the left side is a {l}, the right side a {r}"))
                .at(places.0.join(places.1))
                .note(places.0, format!("this is a {l}"))
                .note(places.1, format!("this is a {r}"))
        }
        (Ok(l), Ok(r)) if l.root().free != r.root().free => {
            Error::new(ErrorKind::Rule, "the two sides have different free indices").at(places.0.join(places.1))
        }
        (Ok(_), Ok(_)) => {
            let message = if error.message.is_empty() { "the two sides do not fit together".to_owned() } else { error.message };
            Error::new(ErrorKind::Rule, message).at(places.0.join(places.1))
        }
    }
}

/// An error within an expression that stands at a place of a file, as an error of a rule.
fn moved(error: Error, place: Span) -> Error {
    let shift = |s: Span| Span::new(s.start + place.start, s.end + place.start);
    let notes = error.notes.into_iter().map(|(s, text)| (shift(s), text)).collect();
    Error { kind: ErrorKind::Rule, span: Some(error.span.map_or(place, shift)), notes, ..error }
}

/// Conditions, each with whether it is kept.
pub type Kept<'a> = [(&'a Condition, bool)];

/// The declarations with the facts of the conditions that are kept.
pub fn assuming(declarations: &Declarations, conditions: &Kept) -> Result<Declarations> {
    let mut all = Declarations::new();
    declarations.dim_symbols().try_for_each(|s| all.insert_dim(s))?;
    for (name, declaration) in declarations.iter() {
        let declaration = match declaration {
            Declaration::Variable(kind) => {
                let kept = conditions.iter().filter(|(c, kept)| *kept && subject(c) == Some(name));
                Declaration::Variable(kept.fold(kind.clone(), |kind, (c, _)| with_fact(kind, c.fact)))
            }
            function @ Declaration::Function { .. } => function.clone(),
        };
        all.insert(name, declaration)?;
    }
    Ok(all)
}

/// The variable that a condition is on.
pub fn subject(condition: &Condition) -> Option<Symbol> {
    if let Op::Var(v) = condition.subject.op() { Some(v.name) } else { None }
}

fn with_fact(kind: Kind, fact: Fact) -> Kind {
    match fact {
        Fact::Symmetric => Kind { structure: Structure::Symmetric, ..kind },
        Fact::Skew => Kind { structure: Structure::Skew, ..kind },
        Fact::Diagonal => Kind { structure: Structure::Diagonal, ..kind },
        Fact::Orthogonal => Kind { structure: Structure::Orthogonal, ..kind },
        Fact::PositiveDefinite => Kind { structure: Structure::PositiveDefinite, ..kind },
        // A random matrix is.
        Fact::Invertible => kind,
        Fact::Positive => Kind { sign: Sign::Positive, ..kind },
        Fact::NonNegative => Kind { sign: Sign::NonNegative, ..kind },
    }
}

/// How many points are drawn for a law.
const POINTS: usize = 36;

/// How many of the readable points have dimensions from 2 on, then from 3 on, and so on.
const ROUND: usize = 12;

/// The least dimension at a point: what holds for 2×2 matrices may not hold for others. One is tried now and then.
const LEAST: [i64; 5] = [2, 3, 2, 4, 1];

/// Where a law is tried.
pub struct Points {
    scope: Scope,
    variables: Typed,
    singular: Vec<Symbol>,
    invertible: Vec<Symbol>,
    simple: bool,
    degenerate: bool,
}

impl Points {
    /// Points for these sides. With `simple`, scalars are small integers, a half or 0 in some of them, where laws of powers and kinks are
    /// put to the test; differentials do not hold there.
    pub fn of(sides: &Sides, conditions: &Kept, simple: bool) -> Points {
        let dropped = conditions.iter().filter(|(c, kept)| !kept && c.fact == Fact::Invertible);
        Points {
            scope: Scope::of(&[&sides.left, &sides.right]),
            variables: sides.left.clone(),
            singular: dropped.filter_map(|(c, _)| subject(c)).collect(),
            invertible: conditions.iter().filter(|(c, kept)| *kept && c.fact == Fact::Invertible).filter_map(|(c, _)| subject(c)).collect(),
            simple,
            degenerate: false,
        }
    }

    /// Whether matrices are singular and vectors 0 at some points, where nothing forbids it.
    pub fn with_degenerate_values(self, degenerate: bool) -> Points {
        Points { degenerate, ..self }
    }

    /// Random ones.
    pub fn random(&self) -> impl Iterator<Item = Result<Inputs>> {
        (0..POINTS).map(|number| {
            let mut at = self.scope.draw_from(number, LEAST[number % LEAST.len()])?;
            if self.simple && number % 3 == 2 {
                self.make_simple(&mut at, number / 3);
            }
            if self.degenerate && number % 4 == 3 {
                self.make_some_degenerate(&mut at, number / 4);
            }
            Ok(self.without_inverse(at))
        })
    }

    /// Small integers, which a reader can check by hand. A matrix that is more than its entries, such as an orthogonal one, stays as it is.
    pub fn round(&self) -> impl Iterator<Item = Result<Inputs>> {
        (0..POINTS).map(|number| {
            let mut at = self.scope.draw_from(number, 2 + (number / ROUND) as i64)?;
            for (name, value) in &mut at.values {
                let structure = self.variables.variables.get(name).and_then(|v| v.kind.as_ref()).map(|k| k.structure);
                if !matches!(structure, Some(Structure::Orthogonal | Structure::PositiveDefinite)) {
                    value.mapv_inplace(|x| if x == 0.0 { 0.0 } else { x.signum() * (2.0 * x.abs()).round().max(1.0) });
                }
            }
            Ok(self.without_inverse(at))
        })
    }

    /// Every other square matrix of which nothing is known becomes singular, every other vector 0.
    fn make_some_degenerate(&self, at: &mut Inputs, number: usize) {
        let free = |name: &Symbol| {
            let kind = self.variables.variables.get(name).and_then(|v| v.kind.as_ref());
            kind.is_some_and(|k| k.structure == Structure::General && k.sign != Sign::Positive) && !self.invertible.contains(name)
        };
        for (turn, (_, value)) in at.values.iter_mut().filter(|(name, value)| value.ndim() > 0 && free(name)).enumerate() {
            match value.shape() {
                _ if (number + turn) % 2 == 1 => {}
                [_] => value.fill(0.0),
                [m, n] if m == n => make_singular(value),
                _ => {}
            }
        }
    }

    fn make_simple(&self, at: &mut Inputs, number: usize) {
        let numbers = [-2.0, 2.0, 0.5, 3.0, 0.0, -1.0, 1.0];
        for (turn, (name, value)) in at.values.iter_mut().enumerate().filter(|(_, (_, value))| value.ndim() == 0) {
            let one: f64 = numbers[(number + turn * (1 + number / numbers.len())) % numbers.len()];
            value.fill(match self.variables.variables.get(name).map_or(Sign::Any, Var::sign) {
                Sign::Any => one,
                Sign::NonNegative => one.abs(),
                Sign::Positive => one.abs().max(1.0),
            });
        }
    }

    /// Makes the second row the first, where invertibility is not assumed.
    fn without_inverse(&self, mut at: Inputs) -> Inputs {
        for name in &self.singular {
            if let Some(value) = at.values.get_mut(name) {
                make_singular(value);
            }
        }
        at
    }
}

fn make_singular(value: &mut ArrayD<f64>) {
    if value.ndim() == 2 && value.shape()[0] > 1 {
        let first = value.index_axis(Axis(0), 0).to_owned();
        value.index_axis_mut(Axis(0), 1).assign(&first);
    }
}
