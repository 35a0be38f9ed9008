//! Whether a derivative is right: it is evaluated at random points and held against central differences.

use crate::dim::Dim;
use crate::error::{Error, ErrorKind, Result};
use crate::eval::{Inputs, Sizes, Style, differentiate, evaluate};
use crate::expr::{Op, Structure, Subscript, Var};
use crate::function::{Call, Function};
use crate::structure::Convention;
use crate::typed::{Typed, TypedId};
use indexmap::IndexMap;
use ndarray::{ArrayD, Dimension, IxDyn};

/// How often a point is drawn again where a value is not finite.
const MAX_DRAWS: usize = 60;

/// Relative to the largest entry.
const TOLERANCE: f64 = 1e-5;

/// What a comparison at random points saw.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Verification {
    pub ok: bool,
    /// The largest difference at any point relative to the largest entry there.
    pub max_relative_error: f64,
    /// At how many points the two were compared.
    pub points: usize,
}

/// A value that depends on inputs.
pub type Valuation<'a> = dyn Fn(&Inputs) -> Result<ArrayD<f64>> + 'a;

/// Holds `answer` against the derivative of `function` by each of `wrt` in turn, found by nested central differences.
/// The structure that the kind of a variable has is respected as the convention of `function` says; a general kind
/// ignores it.
///
/// # Errors
/// Kind `Domain` if no point was found where all is finite; otherwise those of [`evaluate`].
pub fn verify(function: &Typed, wrt: &[Var], answer: &Typed, points: usize) -> Result<Verification> {
    let wanted = |at: &Inputs| numeric_derivative_by(function.convention, &|at| evaluate(function, at), wrt, at);
    Scope::of(&[function, answer]).compare(&wanted, &|at| evaluate(answer, at), points, tolerance(wrt))
}

/// Likewise for an answer in Kronecker notation, d vec(F)/d vec(X)': for a further variable F is the derivative by those
/// before it.
///
/// # Errors
/// As [`verify`].
pub fn verify_kronecker(function: &Typed, wrt: &[Var], answer: &Typed, points: usize) -> Result<Verification> {
    let before = wrt.len().saturating_sub(1);
    let rows =
        function.root().free.len() + function.root().shape.axes().len() + wrt[..before].iter().map(|v| v.axes().len()).sum::<usize>();
    let wanted = |at: &Inputs| kronecker_form(&numeric_derivative_by(function.convention, &|at| evaluate(function, at), wrt, at)?, rows);
    Scope::of(&[function, answer]).compare(&wanted, &|at| evaluate(answer, at), points, tolerance(wrt))
}

/// Holds `answer` against central differences of `lower` by one variable: for higher orders, where the derivative of
/// the order below is at hand and is known to be right.
///
/// # Errors
/// As [`verify`].
pub fn verify_step(scope: &Scope, lower: &Valuation, wrt: &Var, answer: &Valuation, points: usize) -> Result<Verification> {
    let wanted = |at: &Inputs| numeric_derivative(lower, std::slice::from_ref(wrt), at);
    scope.compare(&wanted, answer, points, TOLERANCE)
}

/// Each nested difference multiplies the rounding errors of the one inside.
fn tolerance(wrt: &[Var]) -> f64 {
    if wrt.len() > 2 { 100.0 * TOLERANCE } else { TOLERANCE }
}

/// The derivative by each variable in turn: the axes of the value, then those of each variable.
///
/// # Errors
/// Those of `function`.
pub fn numeric_derivative(function: &Valuation, wrt: &[Var], at: &Inputs) -> Result<ArrayD<f64>> {
    numeric_derivative_by(Convention::default(), function, wrt, at)
}

/// Likewise under another convention for structured variables.
pub(crate) fn numeric_derivative_by(convention: Convention, function: &Valuation, wrt: &[Var], at: &Inputs) -> Result<ArrayD<f64>> {
    let Some((last, before)) = wrt.split_last() else { return function(at) };
    let structure = last.kind.as_ref().map_or(Structure::General, |k| k.structure);
    let mut moved = at.clone();
    let mut value_at = |value: &ArrayD<f64>| {
        moved.values.insert(last.name, value.clone());
        numeric_derivative_by(convention, function, before, &moved)
    };
    differentiate(&mut value_at, at.value(last.name)?, structure, convention)
}

/// d vec(F) / d vec(X)', columns stacked, of a derivative whose first `rows` axes are those of F.
///
/// # Errors
/// Kind `Shape` if there are fewer axes.
pub fn kronecker_form(derivative: &ArrayD<f64>, rows: usize) -> Result<ArrayD<f64>> {
    let misfit = || Error::new(ErrorKind::Shape, format!("{} axes cannot be {rows} and others", derivative.ndim()));
    let order: Vec<usize> = (0..rows).rev().chain((rows..derivative.ndim()).rev()).collect();
    if order.len() != derivative.ndim() {
        return Err(misfit());
    }
    let height: usize = derivative.shape()[..rows].iter().product();
    let width: usize = derivative.shape()[rows..].iter().product();
    let value = derivative.view().permuted_axes(IxDyn(&order)).as_standard_layout().into_owned();
    value.into_shape_with_order(IxDyn(&[height, width])).map_err(|_| misfit())
}

/// The contraction of the last axes of a tensor with all axes of another one.
///
/// # Errors
/// Kind `Shape` if these axes differ.
pub(crate) fn times_last_axes(tensor: &ArrayD<f64>, direction: &ArrayD<f64>) -> Result<ArrayD<f64>> {
    let kept = tensor.ndim().checked_sub(direction.ndim()).filter(|k| tensor.shape()[*k..] == *direction.shape());
    let Some(kept) = kept else {
        return Err(Error::new(ErrorKind::Shape, format!("{:?} has not the last axes {:?}", tensor.shape(), direction.shape())));
    };
    let lengths = IxDyn(&tensor.shape()[..kept]);
    let (entries, width): (Vec<f64>, usize) = (tensor.iter().copied().collect(), direction.len());
    let products = entries.chunks(width.max(1)).map(|row| row.iter().zip(direction).map(|(a, b)| a * b).sum()).collect();
    ArrayD::from_shape_vec(lengths, products).map_err(|e| Error::new(ErrorKind::Internal, e.to_string()))
}

/// Likewise of its first axes.
///
/// # Errors
/// As [`times_last_axes`].
pub(crate) fn times_first_axes(direction: &ArrayD<f64>, tensor: &ArrayD<f64>) -> Result<ArrayD<f64>> {
    let first = direction.ndim().min(tensor.ndim());
    let order: Vec<usize> = (first..tensor.ndim()).chain(0..first).collect();
    times_last_axes(&tensor.view().permuted_axes(IxDyn(&order)).to_owned(), direction)
}

/// What points are drawn for: the variables and every dimension that has to be positive.
#[derive(Clone, Debug, Default)]
pub struct Scope {
    variables: IndexMap<crate::dim::Symbol, Var>,
    dims: Vec<Dim>,
}

impl Scope {
    /// The variables and dimensions of expressions; one that occurs in several has the kind of the first.
    pub fn of(expressions: &[&Typed]) -> Scope {
        let mut scope = Scope::default();
        for typed in expressions {
            for v in typed.variables.values() {
                scope.add(v);
            }
            for node in &typed.nodes {
                scope.dims.extend(node.shape.axes());
                scope.dims.extend(node.free.iter().map(|f| f.1));
                scope.dims.extend(lengths_within(typed, &node.op));
            }
        }
        scope
    }

    pub fn add(&mut self, v: &Var) {
        self.dims.extend(v.axes());
        self.variables.entry(v.name).or_insert_with(|| v.clone());
    }

    /// The variables in order.
    pub(crate) fn variables(&self) -> impl Iterator<Item = &Var> {
        self.variables.values()
    }

    /// Every dimension that has to be positive, some of them several times.
    pub(crate) fn dims(&self) -> &[Dim] {
        &self.dims
    }

    /// The same with another kind of one variable.
    pub(crate) fn with(mut self, v: Var) -> Scope {
        self.dims.extend(v.axes());
        self.variables.insert(v.name, v);
        self
    }

    /// A dimension that has to have a length even if no variable has it.
    pub fn add_dim(&mut self, d: Dim) {
        self.dims.push(d);
    }

    /// The point of that number: other numbers give other sizes, values and regions.
    ///
    /// # Errors
    /// If no sizes fit the dimensions.
    pub fn draw(&self, number: usize) -> Result<Inputs> {
        // What holds for two rows alone must not pass: every other point has three.
        self.draw_from(number, 2 + (number % 2) as i64)
    }

    /// Likewise, where no dimension is smaller than `least`, unless the shapes ask for it.
    pub(crate) fn draw_from(&self, number: usize, least: i64) -> Result<Inputs> {
        let sizes = Sizes::small_from(&self.dims, number, least)?;
        // Mixed signs twice as often: they tell more apart.
        let style = [Style::Mixed, Style::Positive, Style::Mixed, Style::Small, Style::Mixed, Style::Large][number % 6];
        Inputs::random(self.variables.values(), &sizes, number as u64, style)
    }

    /// Compares two values at points where both are finite.
    ///
    /// # Errors
    /// Kind `Domain` if there is no such point.
    pub fn compare(&self, wanted: &Valuation, got: &Valuation, points: usize, tolerance: f64) -> Result<Verification> {
        let mut seen = Verification { ok: true, max_relative_error: 0.0, points: 0 };
        let mut last = None;
        for number in 0..MAX_DRAWS {
            if seen.points == points {
                break;
            }
            let at = self.draw(number)?;
            match (finite(wanted(&at)), finite(got(&at))) {
                (Ok(w), Ok(g)) => {
                    let error = relative_error(&w, &g);
                    // An error that is no number is not small.
                    let small = error <= tolerance;
                    if !small && ill_conditioned(&at, (wanted, &w), (got, &g)) {
                        continue;
                    }
                    seen.max_relative_error = seen.max_relative_error.max(error);
                    seen.points += 1;
                }
                (Err(e), _) | (_, Err(e)) if e.kind != ErrorKind::Domain => return Err(e),
                (Err(e), _) | (_, Err(e)) => last = Some(e),
            }
        }
        if seen.points == 0 {
            let error = Error::new(ErrorKind::Domain, "no point was found at which all values are finite");
            return Err(match last {
                Some(cause) => error.help(cause.message),
                None => error,
            });
        }
        // Not `<`, so that an error that is no number is none that is small.
        seen.ok = seen.max_relative_error <= tolerance;
        Ok(seen)
    }
}

/// Whether the two values differ by no more than rounding of the inputs explains: the point then tells nothing. Inputs
/// are moved by `MOVE` of their size, some 10^5 times as far as rounding does, and the change is given a margin.
fn ill_conditioned(at: &Inputs, (wanted, w): (&Valuation, &ArrayD<f64>), (got, g): (&Valuation, &ArrayD<f64>)) -> bool {
    const MOVE: f64 = 1e-11;
    const MARGIN: f64 = 100.0;
    let mut moved = at.clone();
    for value in moved.values.values_mut() {
        // The sign depends on the sum of the place, so that a symmetric matrix stays one.
        for (place, x) in value.indexed_iter_mut() {
            let odd = place.as_array_view().iter().sum::<usize>() % 2 == 1;
            *x *= if odd { 1.0 - MOVE } else { 1.0 + MOVE };
        }
    }
    let distance = |a: &ArrayD<f64>, b: &ArrayD<f64>| a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
    let change = |f: &Valuation, before: &ArrayD<f64>| finite(f(&moved)).map_or(f64::INFINITY, |after| distance(&after, before));
    w.len() == g.len() && distance(w, g) <= MARGIN * change(wanted, w).max(change(got, g))
}

/// What has to be at least 1 besides the lengths of axes: sizes, and the room from a place to the end of its axis.
fn lengths_within(typed: &Typed, op: &Op<TypedId>) -> Vec<Dim> {
    let dim = |id: &TypedId| match &typed.node(*id).op {
        Op::Size(d) => Some(*d),
        Op::Number(n) => n.as_integer().map(Dim::number),
        _ => None,
    };
    let room = |place: Option<Dim>, of: Dim| place.into_iter().flat_map(move |p| [p, of - p + Dim::ONE]);
    match op {
        Op::Size(d) => vec![*d],
        Op::Subscript(tensor, subscripts) => {
            let axes = typed.node(*tensor).shape.axes();
            let of_subscript = |(s, of): (&Subscript<TypedId>, Dim)| match s {
                Subscript::Index(_) | Subscript::All => Vec::new(),
                Subscript::At(place) => room(dim(place), of).collect(),
                Subscript::Range(from, to) => dim(from).into_iter().chain(room(dim(to), of)).collect(),
            };
            subscripts.iter().zip(axes).flat_map(of_subscript).collect()
        }
        Op::Call(Function::Call(Call::Unit), arguments) => match arguments.as_slice() {
            [place, of] => dim(of).map(|of| room(dim(place), of).collect()).unwrap_or_default(),
            _ => Vec::new(),
        },
        _ => Vec::new(),
    }
}

fn finite(value: Result<ArrayD<f64>>) -> Result<ArrayD<f64>> {
    let value = value?;
    if value.iter().all(|x| x.is_finite()) { Ok(value) } else { Err(Error::new(ErrorKind::Domain, "a value is not finite")) }
}

/// The largest difference over the largest entry; infinite if the shapes differ in more than axes of length 1.
pub(crate) fn relative_error(wanted: &ArrayD<f64>, got: &ArrayD<f64>) -> f64 {
    let long = |a: &ArrayD<f64>| a.shape().iter().copied().filter(|n| *n != 1).collect::<Vec<_>>();
    if long(wanted) != long(got) {
        return f64::INFINITY;
    }
    let size = wanted.iter().chain(got).fold(1e-4f64, |m, x| m.max(x.abs()));
    wanted.iter().zip(got).map(|(w, g)| (w - g).abs()).fold(0.0, f64::max) / size
}

#[cfg(test)]
mod tests {
    use crate::{Declarations, Engine, parse, verify};

    /// Whether `answer` passes for the derivative of `f` by x.
    fn passes(declarations: &str, f: &str, answer: Option<&str>) -> bool {
        let declarations = Declarations::parse(declarations).unwrap();
        let read = |text: &str| parse(text, &declarations).unwrap();
        let found = Engine::new().derivative(&read(f), &[read("x")], &declarations).unwrap();
        let typed = |text: &str| crate::infer(&read(text), &declarations).unwrap();
        match answer {
            None => found.verify(6).unwrap().ok,
            Some(wrong) => verify(&typed(f), &found.wrt, &typed(wrong), 6).unwrap().ok,
        }
    }

    #[test]
    fn rounding_refutes_nothing() {
        // Two standardised entries are 1 and -1 wherever they are, so that all terms cancel.
        assert!(passes("x: vector(2); g: vector(2)", "g.*(x - mean(x))/std(x)", None));
    }

    #[test]
    fn a_wrong_answer_is_refuted() {
        for wrong in ["2*A*x", "(A + A')*x*(1 + 1e-4)", "(A' - A)*x"] {
            assert!(!passes("A: matrix(n, n); x: vector(n)", "x'*A*x", Some(wrong)), "{wrong}");
        }
    }
}
