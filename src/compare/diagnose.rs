//! What is off where two sides differ. Nothing is said that numbers at several points have not confirmed.

use super::assumptions;
use super::sides::{Side, Sides, defined, draw};
use super::variants::{pairs, variants};
use crate::check::relative_error;
use crate::comparison::Remark;
use crate::dim::Dim;
use crate::eval::{Inputs, evaluate, project};
use crate::expr::{Expr, Op, Shape, Structure};
use crate::infer::shapes;
use crate::number::Number;
use crate::pipeline::Engine;
use crate::typed::Typed;
use ndarray::{Array2, ArrayD, Ix2};

/// At how many points a diagnosis has to be right.
const POINTS: usize = 4;
const DRAWS: usize = 16;
/// How many other expressions are tried in the place of the wrong one.
const VARIANTS: usize = 240;
const AGREE: f64 = 1e-6;
/// Nothing is looked for where one evaluation takes more operations: there are many.
const MOST_WORK: f64 = 1e5;

/// What is off, then what the derivative is, then what would make the sides equal.
pub fn remarks(engine: &Engine, sides: &Sides) -> Vec<Remark> {
    // The side with the derivative is the question, the other one the answer that is looked at.
    let swapped = sides.right.has_diff && !sides.left.has_diff;
    let (question, answer) = if swapped { (&sides.right, &sides.left) } else { (&sides.left, &sides.right) };
    let mut remarks = Vec::new();
    let sizes = draw(&sides.scope, 1).map(|at| at.sizes).unwrap_or_default();
    let is_short = answer.work(&sizes) <= MOST_WORK;
    if let Some(trial) = Trial::new(sides, question, answer).filter(|_| is_short) {
        let slip = trial.root().or_else(|| trial.structure()).or_else(|| trial.variant()).or_else(|| trial.missing(engine));
        remarks.extend(slip.map(|r| if swapped { other_way_round(r) } else { r }));
    }
    remarks.extend(question.derivative.clone().map(Remark::Derivative));
    // For a derivative with its slip found nothing is left to assume; an identity may have been meant for such values.
    let settled = question.has_diff && remarks.iter().any(|r| !matches!(r, Remark::Derivative(_)));
    if !settled && !remarks.iter().any(says_all) && sides.work(&sizes) <= MOST_WORK {
        // Nearly everything is equal for n = 1; that is said only where nothing else is known.
        let size = || if remarks.is_empty() { assumptions::size(sides) } else { None };
        let assumption = assumptions::find(sides).or_else(size);
        remarks.extend(assumption.map(Remark::If));
    }
    remarks
}

fn other_way_round(remark: Remark) -> Remark {
    match remark {
        Remark::Factor(c) => Remark::Factor(match c.op() {
            Op::Number(n) => n.recip().map_or_else(|| c.clone(), Expr::number),
            _ => Expr::new(Op::Div(Expr::number(1), c.clone())),
        }),
        other => other,
    }
}

/// Whether nothing is left to assume.
fn says_all(remark: &Remark) -> bool {
    matches!(remark, Remark::Factor(_) | Remark::Sign)
}

/// A point with the value that is wanted there and the one that is given.
type Point = (Inputs, ArrayD<f64>, ArrayD<f64>);

/// Points with the values that both sides have there.
struct Trial<'a> {
    sides: &'a Sides,
    question: &'a Side,
    answer: &'a Side,
    points: Vec<Point>,
}

impl<'a> Trial<'a> {
    fn new(sides: &'a Sides, question: &'a Side, answer: &'a Side) -> Option<Trial<'a>> {
        let mut points = Vec::new();
        for number in 0..DRAWS {
            if points.len() == POINTS {
                break;
            }
            let Ok(at) = draw(&sides.scope, number) else { continue };
            if let (Ok(Some(wanted)), Ok(Some(got))) = (defined(question.value(&at)), defined(answer.value(&at))) {
                points.push((at, wanted, got));
            }
        }
        (points.len() == POINTS).then_some(Trial { sides, question, answer, points })
    }

    fn all(&self, holds: impl Fn(&Inputs, &ArrayD<f64>, &ArrayD<f64>) -> bool) -> bool {
        self.points.iter().all(|(at, wanted, got)| holds(at, wanted, got))
    }

    /// What one operation on the whole answer mends: a factor, a sign, the transpose.
    fn root(&self) -> Option<Remark> {
        if let Some(c) = self.ratio(&self.points.iter().map(|p| p.2.clone()).collect::<Vec<_>>()) {
            return Some(if (-&c).is_one() { Remark::Sign } else { Remark::Factor(Expr::number(c)) });
        }
        if let Some(factor) = self.varying_factor() {
            return Some(Remark::Factor(factor));
        }
        let turned = |_: &Inputs, wanted: &ArrayD<f64>, got: &ArrayD<f64>| {
            wanted.ndim() == 2 && wanted.shape() == got.t().shape() && relative_error(wanted, &got.t().to_owned()) < AGREE
        };
        self.all(turned).then_some(Remark::Transposed { layout: self.question.has_diff })
    }

    /// The rational number by which the question is the values given, everywhere.
    fn ratio(&self, values: &[ArrayD<f64>]) -> Option<Number> {
        let c = rational(quotient(&self.points.first()?.1, values.first()?)?)?;
        let fits = |((_, wanted, _), value): (&Point, &ArrayD<f64>)| {
            wanted.shape() == value.shape() && relative_error(wanted, &(value * c.to_f64())) < AGREE
        };
        self.points.iter().zip(values).all(fits).then_some(c)
    }

    /// A factor that is a dimension or a scalar variable, or one over it.
    fn varying_factor(&self) -> Option<Expr> {
        let sizes = self.points.first()?.0.sizes.iter().map(|(s, _)| Expr::new(Op::Size(Dim::of(s))));
        let scalars = self.sides.variables.iter().map(|v| Expr::var(v.clone()));
        let mut parts = Vec::new();
        self.question.derivative.iter().for_each(|d| calls(&d.inlined(), &mut parts));
        calls(&self.answer.expr, &mut parts);
        sizes.chain(scalars).chain(parts).find_map(|factor| {
            let typed = shapes(&factor, &self.sides.declarations).ok().filter(|t| t.root().shape == Shape::Scalar)?;
            let value = |at: &Inputs| evaluate(&typed, at).ok()?.first().copied();
            let values = self.points.iter().map(|(at, _, _)| value(at)).collect::<Option<Vec<f64>>>()?;
            let times = |power: i32| self.points.iter().zip(&values).map(|(p, v)| &p.2 * v.powi(power)).collect::<Vec<_>>();
            if let Some(c) = self.ratio(&times(1)) {
                return Some(if c.is_one() { factor } else { Expr::number(c) * factor });
            }
            self.ratio(&times(-1)).map(|c| Expr::new(Op::Div(Expr::number(c), factor)))
        })
    }

    /// Slips that have to do with the structure of the variable, or of the answer.
    fn structure(&self) -> Option<Remark> {
        let square = |a: &ArrayD<f64>| a.clone().into_dimensionality::<Ix2>().ok().filter(|a| a.is_square());
        let matrices = |test: fn(&Array2<f64>, &Array2<f64>) -> Array2<f64>| {
            self.all(|_, wanted, got| match (square(wanted), square(got)) {
                (Some(w), Some(g)) => relative_error(wanted, &test(&w, &g).into_dyn()) < AGREE,
                _ => false,
            })
        };
        let wrt = self.question.wrt();
        let structure = self.sides.variables.iter().find(|v| wrt.contains(&v.name)).and_then(|v| v.kind.as_ref()).map(|k| k.structure);
        if let Some(structure) = structure.filter(|s| *s != Structure::General) {
            let once = |w: &ArrayD<f64>, g: &ArrayD<f64>| match (square(w), square(g)) {
                (Some(w), Some(g)) => relative_error(&(&w * 2.0 - project(&w, Structure::Diagonal)).into_dyn(), &g.into_dyn()) < AGREE,
                _ => false,
            };
            if structure.is_symmetric() && self.all(|_, w, g| once(w, g)) {
                return Some(Remark::PairsCountedOnce);
            }
            let ignored = |_: &Inputs, w: &ArrayD<f64>, g: &ArrayD<f64>| {
                square(g).is_some_and(|g| relative_error(w, &project(&g, structure).into_dyn()) < AGREE)
            };
            if self.all(ignored) {
                return Some(Remark::StructureIgnored(structure));
            }
        }
        matrices(|_, g| project(g, Structure::Diagonal)).then_some(Remark::OnlyDiagonal)
    }

    /// A place in which the answer is wrong; one that leaves only a factor wrong, if there is no better.
    fn variant(&self) -> Option<Remark> {
        let mut nearly = None;
        let declarations = &self.sides.declarations;
        let all = variants(&self.answer.expr, declarations).into_iter().chain(pairs(&self.answer.expr, declarations));
        for variant in all.take(VARIANTS) {
            let Some(c) = self.ratio_of(&variant.whole) else { continue };
            if c.is_one() {
                return Some(variant.remark);
            }
            if let (None, Remark::Instead { part, better, .. }) = (&nearly, variant.remark) {
                nearly = Some(Remark::Instead { part, better, factor: Some(c) });
            }
        }
        nearly
    }

    /// The rational number by which the question is that expression.
    fn ratio_of(&self, expr: &Expr) -> Option<Number> {
        let typed = self.typed(expr)?;
        let value = |at: &Inputs| evaluate(&typed, at).ok().filter(|v| v.iter().all(|x| x.is_finite()));
        // Most variants are refuted at the first point.
        let (at, wanted, _) = self.points.first()?;
        let first = value(at)?;
        let c = rational(quotient(wanted, &first)?)?;
        if wanted.shape() != first.shape() || relative_error(wanted, &(&first * c.to_f64())) >= AGREE {
            return None;
        }
        let values = self.points.iter().map(|(at, _, _)| value(at)).collect::<Option<Vec<_>>>()?;
        self.ratio(&values)
    }

    /// The expression as one that could stand where the answer stands.
    fn typed(&self, expr: &Expr) -> Option<Typed> {
        let same = |shape: &Shape| shape == self.question.shape();
        if let Some(typed) = shapes(expr, &self.sides.declarations).ok().filter(|t| same(&t.root().shape)) {
            return Some(typed);
        }
        let both = Expr::new(Op::Add(vec![self.question.expr.clone(), expr.clone()]));
        let typed = shapes(&both, &self.sides.declarations).ok()?;
        let root = if let Op::Add(terms) = &typed.root().op { terms.get(1).copied() } else { None }?;
        same(&typed.node(root).shape).then_some(Typed { root, ..typed })
    }

    /// The one term by which a sum is short.
    fn missing(&self, engine: &Engine) -> Option<Remark> {
        let whole = self.question.derivative.as_ref().map_or_else(|| self.question.expr.clone(), |d| d.inlined());
        let is_sum = |e: &Expr| e.any(&mut |op| matches!(op, Op::Add(_)));
        const LONGEST: u64 = 1000;
        if !is_sum(&whole) && !is_sum(&self.answer.expr) || whole.nodes().max(self.answer.expr.nodes()) > LONGEST {
            return None;
        }
        let difference = Expr::new(Op::Add(vec![whole.clone(), -&self.answer.expr]));
        let term = engine.simplify(&difference, &self.sides.declarations).ok()?.formula.inlined();
        let in_sight = |e: &Expr| contains(&whole, e) || contains(&self.answer.expr, e);
        let plain = sums(&term).iter().all(in_sight);
        if matches!(term.op(), Op::Add(_)) || !plain || term.nodes() >= whole.nodes() {
            return None;
        }
        let mended = Expr::new(Op::Add(vec![self.answer.expr.clone(), term.clone()]));
        self.ratio_of(&mended).is_some_and(|c| c.is_one()).then_some(Remark::Missing(term))
    }
}

/// The functions and powers in an expression, some of which are scalars that may be missing as a factor.
fn calls(expr: &Expr, to: &mut Vec<Expr>) {
    const MOST: usize = 12;
    const LONGEST: u64 = 1000;
    if to.len() >= MOST || expr.nodes() > LONGEST || matches!(expr.op(), Op::Diff(..)) {
        return;
    }
    if matches!(expr.op(), Op::Call(..) | Op::Pow(..)) && !to.contains(expr) {
        to.push(expr.clone());
    }
    expr.op().for_each_child(|c| calls(c, to));
}

/// Where the other value is largest.
fn quotient(wanted: &ArrayD<f64>, got: &ArrayD<f64>) -> Option<f64> {
    let (w, g) = wanted.iter().zip(got).max_by(|a, b| a.1.abs().total_cmp(&b.1.abs()))?;
    let c = w / g;
    (c.is_finite() && c.abs() > 1e-9).then_some(c)
}

/// The fraction of small numbers that it is.
fn rational(c: f64) -> Option<Number> {
    const LARGEST: f64 = 24.0;
    (1..=12i64).find_map(|d| {
        let n = (c * d as f64).round();
        ((c * d as f64 - n).abs() < 1e-6 * n.abs() && n.abs() <= LARGEST).then(|| Number::ratio(n as i64, d))
    })
}

/// The sums within, outermost first.
fn sums(expr: &Expr) -> Vec<Expr> {
    if matches!(expr.op(), Op::Add(_)) {
        return vec![expr.clone()];
    }
    let mut all = Vec::new();
    expr.op().for_each_child(|c| all.extend(sums(c)));
    all
}

fn contains(whole: &Expr, part: &Expr) -> bool {
    let mut found = whole == part;
    whole.op().for_each_child(|c| found = found || contains(c, part));
    found
}
