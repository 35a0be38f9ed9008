//! Rules tried with numbers: they hold, need their conditions, are defined where their left side is, and their examples
//! are right.

use super::fire::fires;
use super::sides::{Kept, Points, Sides, assuming};
use crate::catalog::Catalog;
use crate::dim::Symbol;
use crate::error::{Error, ErrorKind, Result, Span};
use crate::eval::{Inputs, evaluate};
use crate::expr::Expr;
use crate::parse::Declarations;
use crate::rule::{Condition, Example, Fact, Rule, changes};
use ndarray::{ArrayD, ArrayViewD};
use std::fmt;

/// What is tested of a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Test {
    /// Both sides agree at random points that satisfy the conditions.
    Holds,
    /// Where the left side is defined, the right side is.
    Domain,
    /// Without this condition they differ somewhere.
    Needed(Condition),
    /// The example of this place, from 1, is right, and the rule is what makes it so.
    Example(usize),
    /// A rejected rule is false.
    False,
}

impl fmt::Display for Test {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Test::Holds => f.write_str("holds"),
            Test::Domain => f.write_str("domain"),
            Test::Needed(condition) => write!(f, "needed({condition})"),
            Test::Example(1) => f.write_str("example"),
            Test::Example(number) => write!(f, "example({number})"),
            Test::False => f.write_str("false"),
        }
    }
}

/// A test of a rule and how it went.
#[derive(Clone, Debug)]
pub struct Trial {
    /// The name of the rule.
    pub rule: std::sync::Arc<str>,
    pub test: Test,
    /// At how many points both sides were compared.
    pub points: usize,
    /// Where the two sides differ: without the condition that is needed, or although they should not.
    pub counterexample: Option<Refutation>,
    /// Why the test failed, with the place in the rule's file.
    pub error: Option<Error>,
}

/// `transpose_mul::holds`
impl fmt::Display for Trial {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{}::{}", self.rule, self.test)
    }
}

impl Trial {
    /// Whether the test passed.
    pub fn passed(&self) -> bool {
        self.error.is_none()
    }
}

/// A point where the two sides of a law differ.
///
/// `{}` prints it on one line: `at A = [1, 2; 3, 4], B = [1, 1; 1, 2]: the left side is 5, the right side 4`.
#[derive(Clone, Debug, PartialEq)]
pub struct Refutation {
    /// The sizes and the values of the variables.
    pub at: Inputs,
    pub left: ArrayD<f64>,
    /// Nothing where it is undefined.
    pub right: Option<ArrayD<f64>>,
}

impl fmt::Display for Refutation {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let values: Vec<String> = self.at.values.iter().map(|(name, value)| format!("{name} = {}", show(value))).collect();
        let sizes = self.at.sizes.iter().map(|(symbol, size)| format!("{symbol} = {size}"));
        let at = if values.is_empty() { sizes.collect() } else { values };
        let at = if at.is_empty() { String::new() } else { format!("at {}: ", at.join(", ")) };
        write!(f, "{at}the left side is {}, the right side ", show(&self.left))?;
        match &self.right {
            Some(right) => f.write_str(&show(right)),
            None => f.write_str("is undefined"),
        }
    }
}

/// `3`, `[1, 2]`, `[1, 2; 3, 4]`; numbers with four digits after the point.
fn show(value: &ArrayD<f64>) -> String {
    fn inside(value: ArrayViewD<f64>) -> String {
        match value.ndim() {
            0 => value.first().map(|x| number(*x)).unwrap_or_default(),
            1 => value.iter().map(|x| number(*x)).collect::<Vec<_>>().join(", "),
            2 => value.outer_iter().map(inside).collect::<Vec<_>>().join("; "),
            _ => value.outer_iter().map(|part| format!("[{}]", inside(part))).collect::<Vec<_>>().join(", "),
        }
    }
    let text = inside(value.view());
    if value.ndim() == 0 { text } else { format!("[{text}]") }
}

fn number(x: f64) -> String {
    let text = format!("{x:.4}");
    let short = text.trim_end_matches('0').trim_end_matches('.');
    if short == "-0" { "0".to_owned() } else { short.to_owned() }
}

/// Fewer points than this say nothing.
const FEWEST: usize = 4;

impl Rule {
    /// Tests the rule with numbers: that it [holds](Test::Holds), its [domain](Test::Domain), that each of its conditions
    /// is [needed](Test::Needed), and its [examples](Test::Example).
    ///
    /// ```
    /// let rule = indicial::Catalog::standard().rule("det_inv").unwrap();
    /// for trial in rule.test() {
    ///     assert!(trial.passed(), "{trial}");
    /// }
    /// ```
    pub fn test(&self) -> Vec<Trial> {
        let mut all = self.test_truth();
        all.extend((0..self.conditions.len()).map(|at| self.test_condition(at)));
        match Catalog::examples(self) {
            Ok(examples) => all.extend(examples.iter().enumerate().map(|(at, e)| self.test_example(at, e))),
            Err(e) => all.push(self.trial(Test::Example(1), 0, None, Some(e))),
        }
        all
    }

    /// Tests that the rule is false, as those of [`Catalog::rejected`] are.
    pub fn test_rejected(&self) -> Trial {
        match self.compare(None) {
            Err(e) => self.trial(Test::False, 0, None, Some(e)),
            Ok(Seen { points, counterexample: Some(at) }) => self.trial(Test::False, points, Some(at), None),
            Ok(Seen { points, counterexample: None }) => {
                let error = Error::new(ErrorKind::Rule, format!("`{}` is rejected, but holds at {points} points", self.name));
                self.trial(Test::False, points, None, Some(error.at(self.span)))
            }
        }
    }

    fn trial(&self, test: Test, points: usize, counterexample: Option<Refutation>, error: Option<Error>) -> Trial {
        Trial { rule: self.name.clone(), test, points, counterexample, error }
    }

    /// One comparison shows both that the rule holds and that its right side is defined.
    fn test_truth(&self) -> Vec<Trial> {
        let seen = match self.compare(None) {
            Ok(seen) => seen,
            Err(e) => return vec![self.trial(Test::Holds, 0, None, Some(e))],
        };
        let undefined = seen.counterexample.as_ref().is_some_and(|c| c.right.is_none());
        let error = seen.error(&format!("`{}`", self.name), self.span);
        let (holds, domain) = if undefined { (None, error) } else { (error, None) };
        let (differ, outside) = if undefined { (None, seen.counterexample) } else { (seen.counterexample, None) };
        vec![self.trial(Test::Holds, seen.points, differ, holds), self.trial(Test::Domain, seen.points, outside, domain)]
    }

    fn test_condition(&self, at: usize) -> Trial {
        let condition = &self.conditions[at];
        let (seen, error) = match self.compare(Some(at)) {
            Ok(seen) => (seen, None),
            Err(e) => (Seen::default(), Some(e)),
        };
        let place = self.places.conditions.get(at).copied().unwrap_or(self.span);
        let error = error.or_else(|| {
            let message = format!("`{}` holds without `{condition}`", self.name);
            let error =
                Error::new(ErrorKind::Rule, message).at(place).help("leave the condition out: a law should say no more than it needs");
            seen.counterexample.is_none().then_some(error)
        });
        self.trial(Test::Needed(condition.clone()), seen.points, seen.counterexample, error)
    }

    fn test_example(&self, at: usize, example: &Example) -> Trial {
        let law = Law {
            declarations: &example.declarations,
            left: &example.left,
            right: &example.right,
            places: example.places,
            regular: self.needs_inverses(),
        };
        let seen = if example.differential { law.differential(&[]) } else { law.plain(&[]) };
        let test = Test::Example(at + 1);
        match seen {
            Err(e) => self.trial(test, 0, None, Some(e)),
            Ok(seen) => {
                let error = seen.error("the example", example.span).or_else(|| fires(self, example).err());
                self.trial(test, seen.points, seen.counterexample, error)
            }
        }
    }

    fn needs_inverses(&self) -> bool {
        self.conditions.iter().any(|c| c.fact == Fact::Invertible)
    }

    /// Tries the rule at points that satisfy its conditions, except perhaps one.
    fn compare(&self, without: Option<usize>) -> Result<Seen> {
        let kept: Vec<(&Condition, bool)> = self.conditions.iter().enumerate().map(|(at, c)| (c, Some(at) != without)).collect();
        let places = (self.places.left, self.places.right);
        let law = Law { declarations: &self.declarations, left: &self.left, right: &self.right, places, regular: false };
        if self.differential { law.differential(&kept) } else { law.plain(&kept) }
    }
}

/// What a comparison saw.
#[derive(Default)]
struct Seen {
    points: usize,
    counterexample: Option<Refutation>,
}

impl Seen {
    fn error(&self, what: &str, place: Span) -> Option<Error> {
        let error = match &self.counterexample {
            Some(at) if at.right.is_none() => {
                let error = Error::new(ErrorKind::Rule, format!("the right side of {what} is undefined where the left side is defined"));
                error.help(format!("{at}\nsay in `if` what the right side needs"))
            }
            Some(at) => Error::new(ErrorKind::Rule, format!("{what} is false")).help(at.to_string()),
            None if self.points < FEWEST => {
                let message = format!("the left side of {what} is defined at only {} points", self.points);
                Error::new(ErrorKind::Rule, message).help("say in `for` or `if` where it is meant to hold")
            }
            None => return None,
        };
        Some(error.at(place))
    }
}

/// A law to be tried.
struct Law<'a> {
    declarations: &'a Declarations,
    left: &'a Expr,
    right: &'a Expr,
    places: (Span, Span),
    /// Whether its matrices are invertible, although no condition says so: no declaration can say so in an example.
    regular: bool,
}

impl Law<'_> {
    fn sides(&self, conditions: &Kept) -> Result<Sides> {
        let declarations = assuming(self.declarations, conditions).map_err(|e| e.at(self.places.0))?;
        Sides::of(&declarations, (self.left, self.right), self.places)
    }

    fn plain(&self, conditions: &Kept) -> Result<Seen> {
        let sides = self.sides(conditions)?;
        let points = Points::of(&sides, conditions, true).with_degenerate_values(!self.regular);
        self.compare(&points, &|at| evaluate(&sides.left, at), &|at| evaluate(&sides.right, at), 1e-8)
    }

    /// Compares with central differences along the change.
    fn differential(&self, conditions: &Kept) -> Result<Seen> {
        let sides = self.sides(conditions)?;
        let points = Points::of(&sides, conditions, false);
        let step = 1e-5;
        let changing = changes(self.declarations, self.right);
        let moved = |at: &Inputs, by: f64| {
            let mut to = at.clone();
            for (x, dx) in &changing {
                let value = at.value(*x)? + &(at.value(*dx)? * by);
                to.values.insert(*x, value);
            }
            evaluate(&sides.left, &to)
        };
        self.compare(&points, &|at| Ok((moved(at, step)? - moved(at, -step)?) / (2.0 * step)), &|at| evaluate(&sides.right, at), 1e-4)
    }
}

impl Law<'_> {
    /// The counterexample says nothing of variables that the law does not have.
    fn compare(&self, points: &Points, left: &Side, right: &Side, tolerance: f64) -> Result<Seen> {
        let mut seen = compare(points, left, right, tolerance)?;
        if let Some(found) = &mut seen.counterexample {
            found.at.values.retain(|name, _| self.left.mentions(*name) || self.right.mentions(*name));
        }
        Ok(seen)
    }
}

type Side<'a> = dyn Fn(&Inputs) -> Result<ArrayD<f64>> + 'a;

/// Compares at random points up to the first where the two differ; then one is looked for that is easier to read.
fn compare(points: &Points, left: &Side, right: &Side, tolerance: f64) -> Result<Seen> {
    let mut seen = Seen::default();
    for at in points.random() {
        match compare_at(&at?, left, right, tolerance)? {
            At::Undefined => {}
            At::Equal => seen.points += 1,
            At::Different(found) => {
                seen.points += 1;
                let same_kind = |c: &Refutation| c.right.is_none() == found.right.is_none();
                let easier = points.round().find_map(|at| match compare_at(&at.ok()?, left, right, tolerance) {
                    Ok(At::Different(easier)) if same_kind(&easier) => Some(*easier),
                    _ => None,
                });
                seen.counterexample = Some(easier.unwrap_or(*found));
                break;
            }
        }
    }
    Ok(seen)
}

enum At {
    /// The left side is; this says nothing.
    Undefined,
    Equal,
    Different(Box<Refutation>),
}

fn compare_at(at: &Inputs, left: &Side, right: &Side, tolerance: f64) -> Result<At> {
    let Some(left) = defined(left(at))?.filter(|a| a.iter().all(|v| v.is_finite())) else { return Ok(At::Undefined) };
    let right = defined(right(at))?;
    Ok(match right {
        Some(b) if close(&left, &b, tolerance) => At::Equal,
        right => {
            let right = right.filter(|b| b.iter().all(|v| v.is_finite()));
            At::Different(Box::new(Refutation { at: at.clone(), left, right }))
        }
    })
}

/// Nothing where the value is undefined.
fn defined(value: Result<ArrayD<f64>>) -> Result<Option<ArrayD<f64>>> {
    match value {
        Ok(value) => Ok(Some(value)),
        Err(e) if matches!(e.kind, ErrorKind::Domain | ErrorKind::Data) => Ok(None),
        Err(e) => Err(e),
    }
}

fn close(a: &ArrayD<f64>, b: &ArrayD<f64>, tolerance: f64) -> bool {
    let scale = a.iter().fold(1.0, |m: f64, v| m.max(v.abs()));
    a.shape() == b.shape() && a.iter().zip(b).all(|(x, y)| (x - y).abs() <= tolerance * scale)
}

/// The names that a rule is about, for messages.
pub(super) fn names(names: &[Symbol]) -> String {
    names.iter().map(|n| format!("`{n}`")).collect::<Vec<_>>().join(", ")
}
