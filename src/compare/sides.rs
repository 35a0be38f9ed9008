//! The two sides of a question, read together so that they share their names and dimensions, and evaluated.

use crate::answer::declarations_of;
use crate::check::{Scope, relative_error};
use crate::dim::{Dim, Symbol};
use crate::error::{Error, ErrorKind, Result};
use crate::eval::{Inputs, Sizes, Style, evaluate, evaluate_disturbed};
use crate::expr::{Expr, Op, Shape, Var};
use crate::function::{Call, Function, Map};
use crate::infer::shapes;
use crate::parse::{Declaration, Declarations};
use crate::pipeline::Engine;
use crate::present::Presented;
use crate::typed::{Typed, TypedId};
use indexmap::IndexSet;
use ndarray::ArrayD;

/// One side.
pub struct Side {
    pub expr: Expr,
    pub typed: Typed,
    /// The engine's own derivative in place of each `diff(…)`, to be evaluated without the noise of differences.
    exact: Option<Typed>,
    /// What the side with its `diff(…)` comes to.
    pub derivative: Option<Presented>,
    pub has_diff: bool,
}

/// Both.
pub struct Sides {
    pub left: Side,
    pub right: Side,
    /// The kinds of all names, also of those that were not declared.
    pub declarations: Declarations,
    pub variables: Vec<Var>,
    pub assumed: Vec<Symbol>,
    pub scope: Scope,
    /// The shape for which a bare 0 stands on one side.
    pub zeros: Option<Shape>,
}

/// A value, where there is one.
type Defined = Option<ArrayD<f64>>;

/// What the values at one point say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen {
    Agree,
    Differ,
    /// Neither clearly: rounding may be the reason.
    Unclear,
    OnlyLeft,
    OnlyRight,
    Nowhere,
}

/// How far apart values have to be, relative to the largest entry, to be different or to agree.
struct Tolerance {
    differ: f64,
    agree: f64,
}

const EXACT: Tolerance = Tolerance { differ: 1e-6, agree: 1e-8 };
const DIFFERENCES: Tolerance = Tolerance { differ: 1e-3, agree: 1e-5 };

impl Side {
    fn new(expr: &Expr, typed: Typed, declarations: &Declarations, engine: &Engine) -> Side {
        let has_diff = expr.any(&mut |op| matches!(op, Op::Diff(..)));
        let answer = if has_diff { engine.simplify(expr, declarations).ok() } else { None };
        let exact = answer.as_ref().and_then(|a| shapes(&a.formula.inlined(), declarations).ok());
        Side { expr: expr.clone(), typed, exact, derivative: answer.map(|a| a.formula), has_diff }
    }

    /// The value where it is finite; the derivative in it is the engine's own, if there is one.
    pub fn value(&self, at: &Inputs) -> Result<ArrayD<f64>> {
        finite(evaluate(self.exact.as_ref().unwrap_or(&self.typed), at)?)
    }

    fn disturbed(&self, at: &Inputs, seed: u64) -> Result<ArrayD<f64>> {
        finite(evaluate_disturbed(self.exact.as_ref().unwrap_or(&self.typed), at, seed)?)
    }

    /// The value with derivatives by central differences, whatever the engine thinks of them.
    fn reference(&self, at: &Inputs) -> Result<ArrayD<f64>> {
        finite(evaluate(&self.typed, at)?)
    }

    /// About how many operations it takes to evaluate it at these sizes.
    pub fn work(&self, sizes: &Sizes) -> f64 {
        work(self.exact.as_ref().unwrap_or(&self.typed), sizes)
    }

    pub fn shape(&self) -> &Shape {
        &self.typed.root().shape
    }

    pub fn is_row(&self) -> bool {
        matches!(self.shape(), Shape::Row(_))
    }

    fn is_noisy(&self) -> bool {
        self.has_diff && self.exact.is_none()
    }

    /// The names by which something is differentiated.
    pub fn wrt(&self) -> IndexSet<Symbol> {
        let diffs = self.typed.nodes.iter().filter_map(|n| if let Op::Diff(_, x) = &n.op { Some(*x) } else { None });
        diffs.filter_map(|x| if let Op::Var(v) = &self.typed.node(x).op { Some(v.name) } else { None }).collect()
    }
}

/// About how many operations an evaluation takes: the entries of each node by the length of its longest axis, and again
/// for each of the points that differences are taken at.
fn work(typed: &Typed, sizes: &Sizes) -> f64 {
    const POINTS: f64 = 18.0;
    const NODE: f64 = 20.0;
    let lengths = |axes: &[Dim]| axes.iter().map(|d| sizes.of(*d).unwrap_or(1) as f64).collect::<Vec<_>>();
    let mut needed = vec![false; typed.nodes.len()];
    if let Some(root) = needed.get_mut(typed.root.0 as usize) {
        *root = true;
    }
    for (at, node) in typed.nodes.iter().enumerate().rev() {
        if needed[at] {
            node.op.for_each_child(|c| needed[c.0 as usize] = true);
        }
    }
    let mut times: Vec<f64> = Vec::with_capacity(typed.nodes.len());
    let mut sum = 0.0;
    for (node, needed) in typed.nodes.iter().zip(&needed) {
        let axes = lengths(&node.shape.axes());
        let of_node = NODE + axes.iter().product::<f64>() * axes.iter().fold(1.0, |m: f64, x| m.max(*x));
        sum += if *needed { of_node } else { 0.0 };
        let mut most: f64 = 1.0;
        node.op.for_each_child(|c| most = most.max(times[c.0 as usize]));
        if let Op::Diff(_, x) = &node.op {
            most *= POINTS * lengths(&typed.node(*x).shape.axes()).iter().product::<f64>();
        }
        times.push(most);
    }
    sum * times.get(typed.root.0 as usize).copied().unwrap_or(1.0)
}

/// A value that is not finite is none.
fn finite(value: ArrayD<f64>) -> Result<ArrayD<f64>> {
    let fine = value.iter().all(|x| x.is_finite());
    if fine { Ok(value) } else { Err(Error::new(ErrorKind::Domain, "a value is not finite")) }
}

impl Sides {
    /// # Errors
    /// If one of the sides is no expression of the language, or the two do not fit together.
    pub fn read(left: &Expr, right: &Expr, declarations: &Declarations, engine: &Engine) -> Result<Sides> {
        let (left, right) = with_axes(left, right, declarations)?;
        let (typed, l, r) = together(&left, &right, declarations)?;
        let (a, b) = (typed.node(l).shape.clone(), typed.node(r).shape.clone());
        if a == b {
            return Ok(Sides::of(&left, &right, (typed, l, r), declarations, engine));
        }
        let shape = if a == Shape::Scalar { b.clone() } else { a.clone() };
        let (zero_left, zero_right) = (is_zero(&left), is_zero(&right));
        if !(a == Shape::Scalar && zero_left || b == Shape::Scalar && zero_right) {
            return Err(unlike(&a, &b));
        }
        let zeros = zeros(&shape);
        let (left, right) = if zero_left && a == Shape::Scalar { (zeros, right) } else { (left, zeros) };
        // The dimensions that the zeros name are known as such now.
        let mut known = declarations_of(typed.variables.values());
        declarations.dim_symbols().for_each(|s| drop(known.insert_dim(s)));
        let (again, l, r) = together(&left, &right, &known)?;
        let again = Typed { assumed: typed.assumed, ..again };
        Ok(Sides { zeros: Some(shape), ..Sides::of(&left, &right, (again, l, r), declarations, engine) })
    }

    /// The kinds that the left side alone gives to undeclared names, where some of them became others for the sake of the
    /// right side: a vector may have been taken for a scalar so that shapes fit.
    pub fn kinds_by_left(&self, declared: &Declarations) -> Option<Declarations> {
        let alone = shapes(&self.left.expr, declared).ok()?;
        let order = |v: &Var| v.axes().len();
        let changed = |v: &Var| self.variables.iter().any(|w| w.name == v.name && order(w) != order(v));
        alone.variables.values().any(changed).then(|| {
            let mut kinds = declarations_of(alone.variables.values());
            declared.dim_symbols().for_each(|s| drop(kinds.insert_dim(s)));
            kinds
        })
    }

    fn of(left: &Expr, right: &Expr, (typed, l, r): (Typed, TypedId, TypedId), declared: &Declarations, engine: &Engine) -> Sides {
        let occurring = occurring(&typed);
        let variables: Vec<Var> = typed.variables.values().filter(|v| occurring.contains(&v.name)).cloned().collect();
        let mut declarations = declarations_of(typed.variables.values());
        for (name, declaration) in declared.iter().filter(|(_, d)| matches!(d, Declaration::Function { .. })) {
            // Names are distinct already.
            let _ = declarations.insert(name, declaration.clone());
        }
        let typed = Typed { variables: variables.iter().map(|v| (v.name, v.clone())).collect(), ..typed };
        let side = |expr: &Expr, root| Side::new(expr, Typed { root, ..typed.clone() }, &declarations, engine);
        let (left, right) = (side(left, l), side(right, r));
        let scope = Scope::of(&[&left.typed]);
        Sides { left, right, declarations, variables, assumed: typed.assumed.clone(), scope, zeros: None }
    }

    /// # Errors
    /// If a construct has no evaluation, or an array would be too large.
    pub fn at(&self, at: &Inputs) -> Result<Seen> {
        Ok(match self.values(at)? {
            (Some(left), Some(right)) => {
                let (gap, tolerance) = (relative_error(&left, &right), self.tolerance());
                match () {
                    () if gap <= tolerance.agree => Seen::Agree,
                    () if gap > tolerance.differ && self.is_steady(at, &left, &right, gap, 2) => Seen::Differ,
                    () => Seen::Unclear,
                }
            }
            (Some(_), None) => Seen::OnlyLeft,
            (None, Some(_)) => Seen::OnlyRight,
            (None, None) => Seen::Nowhere,
        })
    }

    /// Both values, where they are defined.
    fn values(&self, at: &Inputs) -> Result<(Defined, Defined)> {
        Ok((defined(self.left.value(at))?, defined(self.right.value(at))?))
    }

    fn tolerance(&self) -> &'static Tolerance {
        if self.left.is_noisy() || self.right.is_noisy() { &DIFFERENCES } else { &EXACT }
    }

    /// Whether the difference is far more than what errors in the intermediate results make of the values: near a singular
    /// matrix, and where terms cancel, it is not. A sign that is left to chance shows after some tries.
    fn is_steady(&self, at: &Inputs, left: &ArrayD<f64>, right: &ArrayD<f64>, gap: f64, tries: u64) -> bool {
        const MARGIN: f64 = 10.0;
        (0..tries).all(|seed| {
            let values = (self.left.disturbed(at, 2 * seed), self.right.disturbed(at, 2 * seed + 1));
            let (Ok(l), Ok(r)) = values else { return false };
            gap > MARGIN * relative_error(left, &l).max(relative_error(right, &r))
        })
    }

    /// Whether the values at a point where they seem to differ can be told apart, looked at often enough.
    pub fn is_certain(&self, at: &Inputs) -> bool {
        const TRIES: u64 = 10;
        self.both(at).is_some_and(|(left, right)| self.is_steady(at, &left, &right, relative_error(&left, &right), TRIES))
    }

    /// About how many operations it takes to evaluate both sides at these sizes.
    pub fn work(&self, sizes: &Sizes) -> f64 {
        self.left.work(sizes) + self.right.work(sizes)
    }

    /// Whether central differences confirm that the sides differ, and the engine's derivatives there. Of high orders they
    /// would take too long, and the engine's derivatives are believed.
    pub fn is_confirmed(&self, at: &Inputs) -> bool {
        const MOST_WORK: f64 = 1e6;
        if !self.is_certain(at) {
            return false;
        }
        if !self.left.has_diff && !self.right.has_diff || work(&self.left.typed, &at.sizes) > MOST_WORK {
            return true;
        }
        let (Ok(left), Ok(right), Ok(l), Ok(r)) =
            (self.left.reference(at), self.right.reference(at), self.left.value(at), self.right.value(at))
        else {
            return false;
        };
        let near = |a, b| relative_error(a, b) <= 10.0 * DIFFERENCES.agree;
        relative_error(&left, &right) > 10.0 * DIFFERENCES.agree && near(&left, &l) && near(&right, &r)
    }

    /// Leaves the engine's derivatives aside for central differences.
    pub fn distrust(&mut self) {
        self.left.exact = None;
        self.right.exact = None;
        self.left.derivative = None;
        self.right.derivative = None;
    }

    /// Whether one of the sides is written as 0.
    pub fn is_zero(&self) -> bool {
        is_zero(&self.left.expr) || is_zero(&self.right.expr)
    }

    /// Whether both have a value; also if that cannot be known.
    pub fn are_defined(&self, at: &Inputs) -> bool {
        !matches!(self.values(at), Ok((None, _) | (_, None)))
    }

    /// Whether a function in it has a kink or a jump.
    pub fn has_kinks(&self) -> bool {
        let sharp = |op: &Op<TypedId>| {
            matches!(
                op,
                Op::Call(Function::Map(Map::Sign | Map::Step | Map::Abs | Map::Relu), _)
                    | Op::Call(Function::Call(Call::Max | Call::Min | Call::Norm1), _)
            )
        };
        [&self.left, &self.right].iter().any(|s| s.typed.nodes.iter().any(|n| sharp(&n.op)))
    }

    /// The numbers that stand in the sides and are not small, and their neighbours: where a kink may be.
    pub fn constants(&self) -> Vec<f64> {
        const MOST: usize = 6;
        let mut found: Vec<f64> = Vec::new();
        for node in [&self.left, &self.right].into_iter().flat_map(|s| &s.typed.nodes) {
            if let Op::Number(n) = &node.op {
                let n = n.to_f64().abs();
                if n > 2.0 && n < 1e12 && !found.contains(&n) && found.len() < MOST {
                    found.push(n);
                }
            }
        }
        found.iter().flat_map(|n| [n + 1.0, -n - 1.0, *n, -n]).collect()
    }

    /// The values of both sides at a point where both are defined.
    pub fn both(&self, at: &Inputs) -> Option<(ArrayD<f64>, ArrayD<f64>)> {
        match self.values(at) {
            Ok((Some(left), Some(right))) => Some((left, right)),
            _ => None,
        }
    }
}

/// The point of that number, of sizes that vary even where there is one dimension only.
///
/// # Errors
/// If no sizes fit the dimensions.
pub fn draw(scope: &Scope, number: usize) -> Result<Inputs> {
    const STYLES: [Style; 6] = [Style::Mixed, Style::Positive, Style::Mixed, Style::Small, Style::Mixed, Style::Large];
    let small = Sizes::small(scope.dims(), number)?;
    let larger: Sizes = small.iter().map(|(s, n)| (s, n + [0, 1, 0, 2][number % 4])).collect();
    let fits = scope.dims().iter().all(|d| larger.of(*d).is_ok_and(|n| n >= 1));
    Inputs::random(scope.variables(), if fits { &larger } else { &small }, number as u64, STYLES[number % STYLES.len()])
}

/// Nothing where the value is undefined.
///
/// # Errors
/// If it cannot be known.
pub fn defined(value: Result<ArrayD<f64>>) -> Result<Option<ArrayD<f64>>> {
    match value {
        Ok(value) => Ok(Some(value)),
        Err(e) if e.kind == ErrorKind::Domain => Ok(None),
        Err(e) => Err(e),
    }
}

/// The variables that stand in it, among all that are declared.
fn occurring(typed: &Typed) -> IndexSet<Symbol> {
    typed.nodes.iter().filter_map(|n| if let Op::Var(v) = &n.op { Some(v.name) } else { None }).collect()
}

/// Both sides in one arena, and where they are in it.
fn together(left: &Expr, right: &Expr, declarations: &Declarations) -> Result<(Typed, TypedId, TypedId)> {
    let both = Expr::new(Op::Add(vec![left.clone(), -right]));
    let typed = shapes(&both, declarations).map_err(|e| misfit(left, right, declarations, e))?;
    let inner = |id: TypedId| if let Op::Neg(a) = typed.node(id).op { a } else { id };
    match &typed.root().op {
        Op::Add(terms) if terms.len() == 2 => {
            let (l, r) = (terms[0], inner(terms[1]));
            Ok((typed, l, r))
        }
        _ => Err(Error::new(ErrorKind::Internal, "two sides were not read as two")),
    }
}

/// Why two sides cannot be compared: one of them is at fault, or they are of different shapes.
fn misfit(left: &Expr, right: &Expr, declarations: &Declarations, error: Error) -> Error {
    for side in [left, right] {
        if let Err(e) = shapes(side, declarations) {
            return e;
        }
    }
    if error.kind != ErrorKind::Shape {
        return error;
    }
    let sum = |e: &Expr| Expr::call(Function::Call(Call::Sum), [e.clone()]);
    let typed = shapes(&Expr::new(Op::Add(vec![sum(left), sum(right)])), declarations);
    let shape = |typed: &Typed, at: usize| {
        let Op::Add(terms) = &typed.root().op else { return None };
        let Op::Call(_, of) = &typed.node(*terms.get(at)?).op else { return None };
        Some(typed.node(*of.first()?).shape.clone())
    };
    match typed.as_ref().map(|t| (shape(t, 0), shape(t, 1))) {
        Ok((Some(l), Some(r))) if l != r => unlike(&l, &r),
        // The places are of two texts.
        _ => Error { span: None, notes: Vec::new(), ..error },
    }
}

fn unlike(left: &Shape, right: &Shape) -> Error {
    let error = Error::new(ErrorKind::Shape, format!("the left side is a {left}, the right side a {right}"));
    match (left, right) {
        (Shape::Matrix(m, n), Shape::Scalar) | (Shape::Scalar, Shape::Matrix(m, n)) if m == n => {
            error.help(format!("did you mean the scalar times `eye({n})`?"))
        }
        (Shape::Matrix(m, n), Shape::Column(k)) | (Shape::Column(k), Shape::Matrix(m, n)) if m == n && m == k => {
            error.help("did you mean `diag(…)` of the vector?")
        }
        _ => error,
    }
}

/// Free indices become axes; where both sides have the same ones, in the order of the left side.
fn with_axes(left: &Expr, right: &Expr, declarations: &Declarations) -> Result<(Expr, Expr)> {
    let (l, r) = (free_indices(left, declarations)?, free_indices(right, declarations)?);
    let alike = l.len() == r.len() && l.iter().all(|i| r.contains(i));
    let order = if alike { &l } else { &r };
    Ok((braced(left, &l), braced(right, order)))
}

fn braced(expr: &Expr, indices: &[Symbol]) -> Expr {
    match indices {
        [] => expr.clone(),
        _ => Expr::new(Op::Braces(expr.clone(), indices.iter().map(|i| (*i, None)).collect())),
    }
}

fn free_indices(expr: &Expr, declarations: &Declarations) -> Result<Vec<Symbol>> {
    let indexed = |op: &Op| matches!(op, Op::Subscript(..) | Op::Delta(_) | Op::LeviCivita(_));
    if matches!(expr.op(), Op::Braces(..)) || !expr.any(&mut { indexed }) {
        return Ok(Vec::new());
    }
    Ok(match &shapes(expr, declarations)?.root().op {
        Op::Braces(_, outputs) => outputs.iter().map(|(i, _)| *i).collect(),
        _ => Vec::new(),
    })
}

fn is_zero(expr: &Expr) -> bool {
    matches!(expr.op(), Op::Number(n) if n.is_zero())
}

fn zeros(shape: &Shape) -> Expr {
    let size = |d: &Dim| d.as_number().map_or_else(|| Expr::new(Op::Size(*d)), Expr::number);
    let zeros = Expr::call(Function::Call(Call::Zeros), shape.axes().iter().map(size));
    if matches!(shape, Shape::Row(_)) { Expr::new(Op::Transpose(zeros)) } else { zeros }
}
