//! Variables and dimensions: what a name is by its declaration, its use or its spelling.

use super::{Found, Free, Guess, Judged, Pass, Variable};
use crate::dim::{Dim, Symbol};
use crate::error::{Error, ErrorKind, Result};
use crate::expr::{Expr, Kind, Op, Shape, Subscript, Var};
use crate::function::{Call, Function};
use crate::number::Number;
use crate::parse::{Declarations, is_greek};
use crate::typed::TypedId;
use indexmap::IndexSet;
use rustc_hash::FxHashSet;

/// The names of an expression, known before any shape is.
#[derive(Default)]
pub struct Names {
    /// Those that stand for the length of an axis, wherever they occur.
    pub dims: IndexSet<Symbol>,
    /// Those over which something is integrated: scalars, whatever their spelling.
    pub integrated: IndexSet<Symbol>,
    /// All of them, indices too.
    used: IndexSet<Symbol>,
}

impl Names {
    /// Names for lengths that nothing has yet.
    pub fn unused(&self) -> impl Iterator<Item = Dim> {
        let letters = ["n", "m", "k", "p", "q", "r", "s", "t", "l", "d", "h"].map(str::to_owned).into_iter();
        let numbered = (1..).map(|i| format!("n{i}"));
        letters.chain(numbered).filter(|name| !self.used.contains(&Symbol::new(name))).map(|name| Dim::symbol(&name))
    }
}

/// Walks the expressions once. A name in an argument that is a dimension (`eye(n)`, `x[1:k]`) is one everywhere.
pub fn names(all: &[&Expr], declarations: &Declarations) -> Names {
    let mut names = Names::default();
    names.used.extend(declarations.iter().map(|(name, _)| name));
    names.dims.extend(declarations.dim_symbols());
    let mut seen = FxHashSet::default();
    let mut waiting: Vec<(Expr, bool)> = all.iter().rev().map(|e| ((*e).clone(), false)).collect();
    while let Some((expr, is_dim)) = waiting.pop() {
        if !seen.insert((expr.address(), is_dim)) {
            continue;
        }
        names.note(expr.op(), is_dim, declarations);
        match expr.op() {
            Op::Call(Function::Call(call), arguments) => {
                if let (Call::Integral, Some(Op::Var(t))) = (call, arguments.get(1).map(Expr::op)) {
                    names.integrated.insert(t.name);
                }
                let first = first_dim_argument(*call);
                waiting.extend(arguments.iter().enumerate().map(|(at, a)| (a.clone(), is_dim || at >= first)));
            }
            Op::Subscript(tensor, subscripts) => {
                waiting.push((tensor.clone(), is_dim));
                subscripts.iter().for_each(|s| match s {
                    Subscript::At(e) => waiting.push((e.clone(), is_dim)),
                    Subscript::Range(a, b) => waiting.extend([(a.clone(), true), (b.clone(), true)]),
                    Subscript::Index(_) | Subscript::All => {}
                });
            }
            op => op.for_each_child(|c| waiting.push((c.clone(), is_dim))),
        }
    }
    names.used.extend(names.dims.clone());
    names
}

/// From which argument on a function takes dimensions.
fn first_dim_argument(call: Call) -> usize {
    match call {
        Call::Eye | Call::Ones | Call::Zeros | Call::Unit | Call::Commutation | Call::Duplication | Call::Elimination => 0,
        Call::Reshape => 1,
        _ => usize::MAX,
    }
}

impl Names {
    fn note(&mut self, op: &Op, is_dim: bool, declarations: &Declarations) {
        let indices = |s: &[Subscript]| {
            let index = |s: &Subscript| if let Subscript::Index(i) = s { Some(*i) } else { None };
            s.iter().filter_map(index).collect::<Vec<_>>()
        };
        match op {
            Op::Var(Var { name, kind: None }) if is_dim && declarations.get(*name).is_none() => {
                self.dims.insert(*name);
            }
            Op::Var(Var { name, kind }) => {
                self.used.insert(*name);
                self.dims.extend(kind.iter().flat_map(|k| k.shape.axes()).flat_map(Dim::symbols));
            }
            Op::Size(d) => self.dims.extend(d.symbols()),
            Op::Subscript(_, s) | Op::Delta(s) | Op::LeviCivita(s) => self.used.extend(indices(s)),
            Op::IndexSum(i, _) => {
                self.used.insert(*i);
            }
            Op::Braces(_, outputs) => {
                self.used.extend(outputs.iter().map(|(i, _)| *i));
                self.dims.extend(outputs.iter().filter_map(|(_, d)| *d).flat_map(Dim::symbols));
            }
            _ => {}
        }
    }
}

impl Pass<'_> {
    pub(super) fn variable(&mut self, var: &Var) -> Found<Judged> {
        let judged = |op, shape| Judged { op, shape, free: Free::new(), summed: Vec::new() };
        let name = var.name;
        let declared = var.kind.as_deref().or(self.declarations.variable(name));
        if let Some(known) = self.variables.get(&name) {
            if declared.is_some_and(|d| *d != known.kind) {
                let message = format!(
                    "`{name}` is a {} here and a {} elsewhere",
                    self.show(&declared.map_or(Shape::Scalar, |d| d.shape.clone())),
                    self.show(&known.kind.shape)
                );
                return Err(Error::new(ErrorKind::Name, message).into());
            }
            return Ok(judged(Op::Var(var.clone()), known.kind.shape.clone()));
        }
        if declared.is_none() && self.names.dims.contains(&name) {
            return Ok(judged(Op::Size(Dim::of(name)), Shape::Scalar));
        }
        let kind = match declared {
            Some(kind) => kind.clone(),
            None => self.assume(name),
        };
        let shape = kind.shape.clone();
        self.variables.insert(name, Variable { kind, assumed: declared.is_none() });
        Ok(judged(Op::Var(var.clone()), shape))
    }

    /// A capital is a matrix, a Greek letter a scalar, another letter a vector.
    fn assume(&mut self, name: Symbol) -> Kind {
        let capital = name.as_str().starts_with(char::is_uppercase);
        let order = match self.guesses.get(&name) {
            Some(Guess::Scalar) => 0,
            Some(Guess::Order(order)) => *order,
            None if capital => 2,
            None if is_greek(name.as_str()) => 0,
            None => 1,
        };
        let axes: Vec<Dim> = (0..order).map(|_| self.dims.fresh()).collect();
        Kind::plain(Shape::of_axes(&axes))
    }

    /// The names taken for vectors only by their spelling that give this node its shape.
    pub(super) fn blamed(&self, id: TypedId) -> Vec<Symbol> {
        let mut names = Vec::new();
        let mut seen = FxHashSet::default();
        let mut waiting = vec![id];
        while let Some(id) = waiting.pop() {
            if !matches!(self.shape(id), Shape::Column(_) | Shape::Row(_)) || !seen.insert(id) {
                continue;
            }
            match &self.nodes[id.0 as usize].op {
                Op::Var(v) if self.variables.get(&v.name).is_some_and(|v| v.assumed) && !self.guesses.contains_key(&v.name) => {
                    names.push(v.name);
                }
                Op::Neg(a) | Op::Transpose(a) | Op::Div(a, _) => waiting.push(*a),
                Op::HadDiv(a, b) | Op::HadPow(a, b) => waiting.extend([*b, *a]),
                Op::Call(Function::Map(_) | Function::Call(Call::Max | Call::Min | Call::Power | Call::Softmax), all)
                | Op::Add(all)
                | Op::Mul(all)
                | Op::Had(all) => waiting.extend(all.iter().rev()),
                _ => {}
            }
        }
        names
    }

    /// The value of an argument that is a dimension, such as `2*n` in `eye(2*n)`.
    pub(super) fn dim_argument(&self, id: TypedId) -> Result<Dim> {
        let dim = self.dim_value(id, &mut 256).ok_or_else(|| {
            let error = Error::new(ErrorKind::Shape, format!("{} is no dimension", self.quoted(id)));
            let error = error.help("a dimension is made of integers and names that are no variables, such as `2*n + 1`");
            self.expr(id).span().into_iter().fold(error, Error::at)
        })?;
        match dim.as_number() {
            Some(n) if n < 1 => {
                let error = Error::new(ErrorKind::Shape, format!("a dimension is at least 1, not {n}"));
                Err(self.expr(id).span().into_iter().fold(error, Error::at))
            }
            _ => Ok(dim),
        }
    }

    /// Sums and products of sizes, as far as `fuel` reaches: shared parts could make it long.
    fn dim_value(&self, id: TypedId, fuel: &mut usize) -> Option<Dim> {
        const MAX_TERMS: usize = 32;
        *fuel = fuel.checked_sub(1)?;
        let small = |d: Dim| (d.terms().count() <= MAX_TERMS).then_some(d);
        match &self.nodes[id.0 as usize].op {
            Op::Number(n) => integer(n),
            Op::Size(d) => Some(*d),
            Op::Neg(a) => Some(Dim::number(-1) * self.dim_value(*a, fuel)?),
            Op::Add(all) => all.iter().try_fold(Dim::number(0), |sum, c| small(sum + self.dim_value(*c, fuel)?)),
            Op::Mul(all) => all.iter().try_fold(Dim::ONE, |product, c| small(product * self.dim_value(*c, fuel)?)),
            Op::Div(a, b) => {
                let by = self.dim_value(*b, fuel)?.as_number()?;
                self.dim_value(*a, fuel)?.over(by)
            }
            _ => None,
        }
    }
}

fn integer(n: &Number) -> Option<Dim> {
    n.as_integer().filter(|n| n.abs() <= i64::from(i32::MAX)).map(Dim::number)
}
