//! Expressions as people write them: a tree of small shared nodes with their places in the text.

use crate::applied::Applied;
use crate::dim::{Dim, Symbol};
use crate::error::Span;
use crate::function::{Constant, Function, Sign};
use crate::number::Number;
use smallvec::SmallVec;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// The shape of a value, with its orientation.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Shape {
    Scalar,
    /// `vector(n)`: n rows, one column; one axis.
    Column(Dim),
    /// `row(n)`: one row, n columns; one axis.
    Row(Dim),
    Matrix(Dim, Dim),
    /// Any other order; also order 0 to 2 never appear here.
    Tensor(SmallVec<[Dim; 4]>),
}

impl Shape {
    /// The axes: none of a scalar, one of a column or a row.
    pub fn axes(&self) -> SmallVec<[Dim; 4]> {
        match self {
            Shape::Scalar => SmallVec::new(),
            Shape::Column(n) | Shape::Row(n) => smallvec::smallvec![*n],
            Shape::Matrix(m, n) => smallvec::smallvec![*m, *n],
            Shape::Tensor(axes) => axes.clone(),
        }
    }

    /// The shape with these axes; one axis makes a column.
    pub fn of_axes(axes: &[Dim]) -> Shape {
        match axes {
            [] => Shape::Scalar,
            [n] => Shape::Column(*n),
            [m, n] => Shape::Matrix(*m, *n),
            _ => Shape::Tensor(axes.into()),
        }
    }

    /// Rows and columns, for what has at most two axes.
    pub fn rows_and_columns(&self) -> Option<(Dim, Dim)> {
        match self {
            Shape::Scalar => Some((Dim::ONE, Dim::ONE)),
            Shape::Column(n) => Some((*n, Dim::ONE)),
            Shape::Row(n) => Some((Dim::ONE, *n)),
            Shape::Matrix(m, n) => Some((*m, *n)),
            Shape::Tensor(_) => None,
        }
    }
}

/// As a declaration writes it: `matrix(m, n)`.
impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Shape::Scalar => f.write_str("scalar"),
            Shape::Column(n) => write!(f, "vector({n})"),
            Shape::Row(n) => write!(f, "row({n})"),
            Shape::Matrix(m, n) => write!(f, "matrix({m}, {n})"),
            Shape::Tensor(axes) => {
                let axes: Vec<String> = axes.iter().map(Dim::to_string).collect();
                write!(f, "tensor({})", axes.join(", "))
            }
        }
    }
}

/// The structure of a square matrix.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Structure {
    #[default]
    General,
    Symmetric,
    Skew,
    Diagonal,
    PositiveDefinite,
    Orthogonal,
    Lower,
    Upper,
    Hollow,
}

impl Structure {
    pub const ALL: [(Structure, &'static str); 8] = [
        (Structure::Symmetric, "symmetric"),
        (Structure::Skew, "skew"),
        (Structure::Diagonal, "diagonal"),
        (Structure::PositiveDefinite, "posdef"),
        (Structure::Orthogonal, "orthogonal"),
        (Structure::Lower, "lower"),
        (Structure::Upper, "upper"),
        (Structure::Hollow, "hollow"),
    ];

    /// Whether it equals its transpose.
    pub fn is_symmetric(self) -> bool {
        matches!(self, Structure::Symmetric | Structure::Diagonal | Structure::PositiveDefinite)
    }
}

/// What is known of a variable: its shape, and what a declaration said beyond that.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Kind {
    pub shape: Shape,
    pub structure: Structure,
    pub sign: Sign,
    pub full_rank: bool,
}

impl Kind {
    pub fn plain(shape: Shape) -> Kind {
        Kind { shape, structure: Structure::General, sign: Sign::Any, full_rank: false }
    }
}

impl From<Shape> for Kind {
    fn from(shape: Shape) -> Kind {
        Kind::plain(shape)
    }
}

/// As a declaration writes it: `scalar > 0`, `posdef(n)`.
impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match (Structure::ALL.iter().find(|(s, _)| *s == self.structure), &self.shape) {
            (Some((_, name)), Shape::Matrix(n, _)) => write!(f, "{name}({n})")?,
            _ => write!(f, "{}", self.shape)?,
        }
        match self.sign {
            Sign::Any => {}
            Sign::NonNegative => f.write_str(" >= 0")?,
            Sign::Positive => f.write_str(" > 0")?,
        }
        if self.full_rank { f.write_str(" full rank") } else { Ok(()) }
    }
}

/// A variable: its name and, once declared or inferred, its kind. Cheap to clone.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Var {
    pub name: Symbol,
    /// `None` until inference has found it.
    pub kind: Option<Arc<Kind>>,
}

impl Var {
    pub fn new(name: &str, kind: impl Into<Kind>) -> Var {
        Var { name: Symbol::new(name), kind: Some(Arc::new(kind.into())) }
    }

    pub fn undeclared(name: &str) -> Var {
        Var { name: Symbol::new(name), kind: None }
    }

    /// The axes; none while the kind is unknown.
    pub fn axes(&self) -> SmallVec<[Dim; 4]> {
        self.kind.as_ref().map(|k| k.shape.axes()).unwrap_or_default()
    }

    pub fn is_symmetric(&self) -> bool {
        self.kind.as_ref().is_some_and(|k| k.structure.is_symmetric())
    }

    pub fn sign(&self) -> Sign {
        self.kind.as_ref().map_or(Sign::Any, |k| k.sign)
    }
}

impl fmt::Debug for Var {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match &self.kind {
            Some(kind) => write!(f, "{}: {kind}", self.name),
            None => write!(f, "{}", self.name),
        }
    }
}

/// What may stand between the brackets of `A[…]`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Subscript<C = Expr> {
    /// A named index: a name used only as a subscript.
    Index(Symbol),
    /// An entry, from 1.
    At(C),
    /// `:`
    All,
    /// `a:b`, both ends included.
    Range(C, C),
}

/// The operations of the language over children of type `C`: expressions while parsing, positions in an arena after
/// inference. Sums and products are flat.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Op<C = Expr> {
    Number(Number),
    Constant(Constant),
    Var(Var),
    /// A dimension where a number may stand, as in `sum(x)/n`.
    Size(Dim),
    Neg(C),
    Add(Vec<C>),
    /// `A*B`: the product of linear algebra, or a scalar times anything.
    Mul(Vec<C>),
    /// `A.*B`
    Had(Vec<C>),
    /// `A⊗B`
    Kron(C, C),
    /// `A/B`
    Div(C, C),
    /// `A./B`
    HadDiv(C, C),
    /// `A\B`
    LeftDiv(C, C),
    /// `A^p`
    Pow(C, C),
    /// `A.^p`
    HadPow(C, C),
    Transpose(C),
    Call(Function, Vec<C>),
    /// A declared function applied, elementwise for `f.(x)`.
    Apply {
        function: Arc<Applied>,
        arguments: Vec<C>,
    },
    /// `A[i,j]`, `A[2,3]`, `A[i,:]`, `A[1:k,1:k]`
    Subscript(C, Vec<Subscript<C>>),
    /// `delta[i,j]`
    Delta(Vec<Subscript<C>>),
    /// `eps[i,j,k]`
    LeviCivita(Vec<Subscript<C>>),
    /// `sum(i, …)`
    IndexSum(Symbol, C),
    /// `{…}[i, k:n]`: the tensor of these free indices, in this order; a dimension where one is given.
    Braces(C, Vec<(Symbol, Option<Dim>)>),
    /// `diff(F, X)`
    Diff(C, C),
    /// `[A, B; C, D]`
    Block(Vec<Vec<C>>),
}

/// An expression: an immutable tree whose parts are shared, cheap to clone and to send to another thread.
///
/// Operators build trees and never fail; shapes are checked by whatever first needs them. Two expressions are equal
/// if they are written the same, wherever they stand.
///
/// ```
/// use indicial::Expr;
/// let (a, x) = (Expr::matrix("A", "m", "n"), Expr::vector("x", "n"));
/// assert_eq!((&a * &x).to_string(), "A*x");
/// ```
#[derive(Clone)]
pub struct Expr(Arc<Inner>);

struct Inner {
    op: Op,
    span: Option<Span>,
    hash: u64,
    depth: u32,
    nodes: u64,
}

impl Expr {
    pub fn new(op: Op) -> Expr {
        Expr::build(op, None)
    }

    pub fn spanned(op: Op, span: Span) -> Expr {
        Expr::build(op, Some(span))
    }

    fn build(op: Op, span: Option<Span>) -> Expr {
        let mut hasher = rustc_hash::FxHasher::default();
        op.hash(&mut hasher);
        let (mut depth, mut nodes) = (0, 1u64);
        op.for_each_child(|c| {
            depth = depth.max(c.0.depth);
            nodes = nodes.saturating_add(c.0.nodes);
        });
        Expr(Arc::new(Inner { op, span, hash: hasher.finish(), depth: depth + 1, nodes }))
    }

    pub fn op(&self) -> &Op {
        &self.0.op
    }

    pub fn span(&self) -> Option<Span> {
        self.0.span
    }

    /// The number of nodes on the longest path to a leaf.
    pub fn depth(&self) -> usize {
        self.0.depth as usize
    }

    /// The number of nodes with shared parts counted wherever they stand: what is written out is about as long.
    pub fn nodes(&self) -> u64 {
        self.0.nodes
    }

    /// Whether a part of it is as asked; a shared part is asked once.
    pub fn any(&self, ask: &mut impl FnMut(&Op) -> bool) -> bool {
        fn walk(e: &Expr, ask: &mut impl FnMut(&Op) -> bool, seen: &mut rustc_hash::FxHashSet<usize>) -> bool {
            if !seen.insert(e.address()) {
                return false;
            }
            let mut found = ask(e.op());
            e.op().for_each_child(|c| found = found || walk(c, ask, seen));
            found
        }
        walk(self, ask, &mut rustc_hash::FxHashSet::default())
    }

    /// Whether both are the very same node in memory.
    pub fn same_node(&self, other: &Expr) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// Tells one node from another in memory, as [`Expr::same_node`] does; stable while the node lives.
    pub(crate) fn address(&self) -> usize {
        Arc::as_ptr(&self.0).addr()
    }

    /// Whether a variable of that name is in it.
    pub fn mentions(&self, name: Symbol) -> bool {
        self.any(&mut |op| matches!(op, Op::Var(v) if v.name == name))
    }

    /// The expression with a value in place of each variable of that name.
    #[must_use]
    pub(crate) fn with(&self, name: Symbol, value: &Expr) -> Expr {
        if !self.mentions(name) {
            return self.clone();
        }
        if matches!(self.op(), Op::Var(v) if v.name == name) {
            return value.clone();
        }
        let mapped: Result<Op, std::convert::Infallible> = self.op().try_map(|c| Ok(c.with(name, value)));
        match mapped {
            Ok(op) => Expr::new(op),
        }
    }

    /// The same without places in a text.
    #[must_use]
    pub fn unplaced(&self) -> Expr {
        fn walk(e: &Expr, done: &mut rustc_hash::FxHashMap<usize, Expr>) -> Expr {
            if let Some(known) = done.get(&e.address()) {
                return known.clone();
            }
            let mapped: Result<Op, std::convert::Infallible> = e.op().try_map(|c| Ok(walk(c, done)));
            match mapped {
                Ok(op) => {
                    let unplaced = Expr::new(op);
                    done.insert(e.address(), unplaced.clone());
                    unplaced
                }
            }
        }
        walk(self, &mut rustc_hash::FxHashMap::default())
    }

    pub fn number(n: impl Into<Number>) -> Expr {
        Expr::new(Op::Number(n.into()))
    }

    pub fn var(var: Var) -> Expr {
        Expr::new(Op::Var(var))
    }

    /// A scalar variable.
    pub fn scalar(name: &str) -> Expr {
        Expr::var(Var::new(name, Shape::Scalar))
    }

    /// A column vector; the dimension is a symbol or a number, as text.
    pub fn vector(name: &str, n: &str) -> Expr {
        Expr::var(Var::new(name, Shape::Column(dim(n))))
    }

    /// A matrix of `m` rows and `n` columns.
    pub fn matrix(name: &str, m: &str, n: &str) -> Expr {
        Expr::var(Var::new(name, Shape::Matrix(dim(m), dim(n))))
    }

    pub fn call(function: Function, arguments: impl IntoIterator<Item = Expr>) -> Expr {
        Expr::new(Op::Call(function, arguments.into_iter().collect()))
    }
}

fn dim(text: &str) -> Dim {
    text.parse::<i64>().map_or_else(|_| Dim::symbol(text), Dim::number)
}

impl PartialEq for Expr {
    fn eq(&self, other: &Expr) -> bool {
        self.same_node(other) || (self.0.hash == other.0.hash && self.0.op == other.0.op)
    }
}

impl Eq for Expr {}

impl Hash for Expr {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.0.hash);
    }
}

/// Deep trees are taken apart without recursion, so that dropping one cannot overflow the stack.
impl Drop for Inner {
    fn drop(&mut self) {
        if self.depth < 64 {
            return;
        }
        let mut waiting: Vec<Expr> = Vec::new();
        let take = |op: &mut Op, waiting: &mut Vec<Expr>| {
            let op = std::mem::replace(op, Op::Number(Number::ZERO));
            op.for_each_child(|c| waiting.push(c.clone()));
        };
        take(&mut self.op, &mut waiting);
        while let Some(Expr(mut inner)) = waiting.pop() {
            if let Some(inner) = Arc::get_mut(&mut inner) {
                take(&mut inner.op, &mut waiting);
            }
        }
    }
}

impl<C> Subscript<C> {
    fn for_each_child<'a>(&'a self, visit: &mut impl FnMut(&'a C)) {
        match self {
            Subscript::Index(_) | Subscript::All => {}
            Subscript::At(c) => visit(c),
            Subscript::Range(a, b) => {
                visit(a);
                visit(b);
            }
        }
    }

    fn try_map<D, E>(&self, f: &mut impl FnMut(&C) -> Result<D, E>) -> Result<Subscript<D>, E> {
        Ok(match self {
            Subscript::Index(i) => Subscript::Index(*i),
            Subscript::All => Subscript::All,
            Subscript::At(c) => Subscript::At(f(c)?),
            Subscript::Range(a, b) => Subscript::Range(f(a)?, f(b)?),
        })
    }
}

impl<C> Op<C> {
    /// Visits the children from left to right.
    pub fn for_each_child<'a>(&'a self, mut visit: impl FnMut(&'a C)) {
        match self {
            Op::Number(_) | Op::Constant(_) | Op::Var(_) | Op::Size(_) => {}
            Op::Neg(a) | Op::Transpose(a) | Op::IndexSum(_, a) | Op::Braces(a, _) => visit(a),
            Op::Add(all) | Op::Mul(all) | Op::Had(all) | Op::Call(_, all) | Op::Apply { arguments: all, .. } => all.iter().for_each(visit),
            Op::Kron(a, b) | Op::Div(a, b) | Op::HadDiv(a, b) | Op::LeftDiv(a, b) | Op::Pow(a, b) | Op::HadPow(a, b) | Op::Diff(a, b) => {
                visit(a);
                visit(b);
            }
            Op::Subscript(a, subscripts) => {
                visit(a);
                subscripts.iter().for_each(|s| s.for_each_child(&mut visit));
            }
            Op::Delta(subscripts) | Op::LeviCivita(subscripts) => subscripts.iter().for_each(|s| s.for_each_child(&mut visit)),
            Op::Block(rows) => rows.iter().flatten().for_each(visit),
        }
    }

    /// The same operation over other children.
    ///
    /// # Errors
    /// The first error of `f`.
    pub fn try_map<D, E>(&self, mut f: impl FnMut(&C) -> Result<D, E>) -> Result<Op<D>, E> {
        let f = &mut f;
        let all = |cs: &Vec<C>, f: &mut dyn FnMut(&C) -> Result<D, E>| cs.iter().map(f).collect::<Result<Vec<D>, E>>();
        Ok(match self {
            Op::Number(n) => Op::Number(n.clone()),
            Op::Constant(c) => Op::Constant(*c),
            Op::Var(v) => Op::Var(v.clone()),
            Op::Size(d) => Op::Size(*d),
            Op::Neg(a) => Op::Neg(f(a)?),
            Op::Add(cs) => Op::Add(all(cs, f)?),
            Op::Mul(cs) => Op::Mul(all(cs, f)?),
            Op::Had(cs) => Op::Had(all(cs, f)?),
            Op::Kron(a, b) => Op::Kron(f(a)?, f(b)?),
            Op::Div(a, b) => Op::Div(f(a)?, f(b)?),
            Op::HadDiv(a, b) => Op::HadDiv(f(a)?, f(b)?),
            Op::LeftDiv(a, b) => Op::LeftDiv(f(a)?, f(b)?),
            Op::Pow(a, b) => Op::Pow(f(a)?, f(b)?),
            Op::HadPow(a, b) => Op::HadPow(f(a)?, f(b)?),
            Op::Transpose(a) => Op::Transpose(f(a)?),
            Op::Call(function, cs) => Op::Call(*function, all(cs, f)?),
            Op::Apply { function, arguments } => Op::Apply { function: function.clone(), arguments: all(arguments, f)? },
            Op::Subscript(a, s) => Op::Subscript(f(a)?, s.iter().map(|s| s.try_map(f)).collect::<Result<_, E>>()?),
            Op::Delta(s) => Op::Delta(s.iter().map(|s| s.try_map(f)).collect::<Result<_, E>>()?),
            Op::LeviCivita(s) => Op::LeviCivita(s.iter().map(|s| s.try_map(f)).collect::<Result<_, E>>()?),
            Op::IndexSum(i, a) => Op::IndexSum(*i, f(a)?),
            Op::Braces(a, outputs) => Op::Braces(f(a)?, outputs.clone()),
            Op::Diff(a, b) => Op::Diff(f(a)?, f(b)?),
            Op::Block(rows) => Op::Block(rows.iter().map(|r| all(r, f)).collect::<Result<_, E>>()?),
        })
    }
}

/// In backquotes, so that a failing test reads as mathematics.
impl fmt::Debug for Expr {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "`{self}`")
    }
}

macro_rules! operator {
    ($trait:ident, $method:ident, $build:expr) => {
        operator!($trait, $method, $build, Expr, Expr);
        operator!($trait, $method, $build, &Expr, Expr);
        operator!($trait, $method, $build, Expr, &Expr);
        operator!($trait, $method, $build, &Expr, &Expr);
        operator!($trait, $method, $build, i64, Expr);
        operator!($trait, $method, $build, i64, &Expr);
        operator!($trait, $method, $build, Expr, i64);
        operator!($trait, $method, $build, &Expr, i64);
    };
    ($trait:ident, $method:ident, $build:expr, $left:ty, $right:ty) => {
        impl std::ops::$trait<$right> for $left {
            type Output = Expr;
            fn $method(self, other: $right) -> Expr {
                let build: fn(Expr, Expr) -> Expr = $build;
                build(self.into(), other.into())
            }
        }
    };
}

impl From<&Expr> for Expr {
    fn from(e: &Expr) -> Expr {
        e.clone()
    }
}

impl From<i64> for Expr {
    fn from(n: i64) -> Expr {
        Expr::number(n)
    }
}

/// Sums and products are flat, on the left as the parser builds them.
fn flat(a: Expr, b: Expr, children: fn(&Op) -> Option<&Vec<Expr>>, make: fn(Vec<Expr>) -> Op) -> Expr {
    let mut all = children(a.op()).cloned().unwrap_or_else(|| vec![a.clone()]);
    all.push(b);
    Expr::new(make(all))
}

operator!(Add, add, |a, b| flat(a, b, |op| if let Op::Add(all) = op { Some(all) } else { None }, Op::Add));
operator!(Sub, sub, |a, b| a + Expr::new(Op::Neg(b)));
operator!(Mul, mul, |a, b| flat(a, b, |op| if let Op::Mul(all) = op { Some(all) } else { None }, Op::Mul));
operator!(Div, div, |a, b| Expr::new(Op::Div(a, b)));

impl std::ops::Neg for Expr {
    type Output = Expr;
    fn neg(self) -> Expr {
        Expr::new(Op::Neg(self))
    }
}

impl std::ops::Neg for &Expr {
    type Output = Expr;
    fn neg(self) -> Expr {
        -self.clone()
    }
}
