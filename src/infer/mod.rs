//! From an expression to one in which every node has its shape.
//!
//! Shapes follow from the leaves upwards; only the lengths of axes are unknowns, found by unification (`dims`). A name that nothing
//! declares has the kind that its spelling says; where that cannot stand, the pass starts anew with another kind for it.
//!
//! - `leaf`: variables, numbers, dimensions
//! - `shape`: sums, products, quotients, powers
//! - `call`: functions
//! - `index`: index notation and parts of tensors
//! - `report`: messages with both shapes, and proposals
//! - `support`: the constructs that cannot be lowered yet

mod call;
mod dims;
mod index;
mod leaf;
mod report;
mod shape;
mod support;

pub(crate) use support::check as supported;

use crate::dim::{Dim, Symbol};
use crate::error::{Error, ErrorKind, Result};
use crate::expr::{Expr, Kind, Op, Shape, Var};
use crate::parse::Declarations;
use crate::typed::{Typed, TypedId, TypedNode};
use dims::Dims;
use indexmap::{IndexMap, IndexSet};
use rustc_hash::FxHashMap;
use smallvec::SmallVec;
use std::sync::Arc;

/// The deepest expression that is taken; the parser refuses deeper ones, too.
const MAX_DEPTH: usize = 500;
/// Each pass settles all names that it can; more passes than this are needed only by nonsense.
const MAX_PASSES: usize = 64;

/// Finds the shape of every part of an expression, and the kinds of the names that are not declared.
///
/// ```
/// use indicial::{Declarations, infer, parse};
/// let declarations = Declarations::new();
/// let typed = infer(&parse("x'*A*x", &declarations).unwrap(), &declarations).unwrap();
/// let kinds: Vec<String> = typed.variables.values().map(|v| format!("{v:?}")).collect();
/// assert_eq!(kinds, ["x: vector(n)", "A: matrix(n, n)"]);
/// ```
///
/// # Errors
/// Of kind `Shape` where shapes do not fit, `Index` for ill-formed index notation, `Unsupported` for what cannot be lowered yet.
pub fn infer(expr: &Expr, declarations: &Declarations) -> Result<Typed> {
    let typed = shapes(expr, declarations)?;
    support::check(&typed)?;
    Ok(typed)
}

/// The same for what may have a value only: a construct that cannot be lowered is no error.
pub(crate) fn shapes(expr: &Expr, declarations: &Declarations) -> Result<Typed> {
    shapes_beside(expr, &[], declarations).map(|(typed, _)| typed)
}

/// An expression together with pairs of others that have the same names and are of one shape each: directions, and what they
/// are directions of. The places of the pairs come with it.
///
/// # Errors
/// As [`infer`]; of kind `Shape` if a pair does not fit.
pub(crate) fn infer_beside(expr: &Expr, pairs: &[(Expr, Expr)], declarations: &Declarations) -> Result<(Typed, Vec<(TypedId, TypedId)>)> {
    let (typed, places) = shapes_beside(expr, pairs, declarations)?;
    support::check(&typed)?;
    Ok((typed, places))
}

fn shapes_beside(expr: &Expr, pairs: &[(Expr, Expr)], declarations: &Declarations) -> Result<(Typed, Vec<(TypedId, TypedId)>)> {
    let all: Vec<&Expr> = std::iter::once(expr).chain(pairs.iter().flat_map(|(of, direction)| [of, direction])).collect();
    if let Some(deep) = all.iter().find(|e| e.depth() > MAX_DEPTH) {
        let error = Error::new(ErrorKind::Limit, format!("the expression is nested deeper than the limit of {MAX_DEPTH}"));
        return Err(deep.span().into_iter().fold(error, Error::at));
    }
    let names = leaf::names(&all, declarations);
    let mut guesses: IndexMap<Symbol, Guess> = names.integrated.iter().map(|t| (*t, Guess::Scalar)).collect();
    for _ in 0..MAX_PASSES {
        let mut pass = Pass::new(declarations, &names, &guesses);
        let outcome = pass.run(expr).and_then(|root| Ok((root, pass.pairs(pairs)?)));
        let retype: Vec<_> = std::mem::take(&mut pass.retype).into_iter().filter(|(name, _)| !guesses.contains_key(name)).collect();
        if retype.is_empty() {
            return outcome.and_then(|(root, places)| Ok((pass.finish(root)?, places))).map_err(|failure| failure.error);
        }
        guesses.extend(retype);
    }
    Err(Error::new(ErrorKind::Limit, format!("the kinds of undeclared names were not found in the limit of {MAX_PASSES} passes"))
        .help("declare the variables"))
}

/// The kind that a name is tried with in place of that of its spelling.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Guess {
    Scalar,
    /// A tensor of this order.
    Order(usize),
}

/// Why a node has no shape, and which names may have been given the wrong kind.
struct Failure {
    error: Error,
    retype: Vec<(Symbol, Guess)>,
}

impl From<Error> for Box<Failure> {
    fn from(error: Error) -> Box<Failure> {
        Box::new(Failure { error, retype: Vec::new() })
    }
}

type Found<T> = Result<T, Box<Failure>>;
type Free = SmallVec<[(Symbol, Dim); 2]>;

/// What a node turns out to be.
struct Judged {
    op: Op<TypedId>,
    shape: Shape,
    free: Free,
    /// Indices that Einstein's convention sums here.
    summed: Vec<Symbol>,
}

struct Variable {
    kind: Kind,
    assumed: bool,
}

/// One attempt, with the kinds as guessed so far.
struct Pass<'a> {
    declarations: &'a Declarations,
    names: &'a leaf::Names,
    guesses: &'a IndexMap<Symbol, Guess>,
    retype: Vec<(Symbol, Guess)>,
    dims: Dims,
    nodes: Vec<TypedNode>,
    /// Of each node the expression that it comes from, to quote.
    exprs: Vec<Expr>,
    /// Of each node the indices that Einstein's convention sums somewhere within.
    summed: Vec<Vec<Symbol>>,
    variables: IndexMap<Symbol, Variable>,
    /// Sets of indices that something around a node binds.
    scopes: IndexSet<Vec<Symbol>>,
    memo: FxHashMap<(usize, usize), TypedId>,
}

impl<'a> Pass<'a> {
    fn new(declarations: &'a Declarations, names: &'a leaf::Names, guesses: &'a IndexMap<Symbol, Guess>) -> Pass<'a> {
        Pass {
            declarations,
            names,
            guesses,
            retype: Vec::new(),
            dims: Dims::default(),
            nodes: Vec::new(),
            exprs: Vec::new(),
            summed: Vec::new(),
            variables: IndexMap::new(),
            scopes: IndexSet::from([Vec::new()]),
            memo: FxHashMap::default(),
        }
    }

    /// Judges children before parents, without recursion. A shared part is judged once in each scope.
    fn run(&mut self, root: &Expr) -> Found<TypedId> {
        let mut waiting = vec![(root.clone(), 0, false)];
        while let Some((expr, scope, ready)) = waiting.pop() {
            if self.memo.contains_key(&(expr.address(), scope)) {
                continue;
            }
            let inner = self.inner_scope(expr.op(), scope);
            if ready {
                let id = self.node(&expr, scope, inner)?;
                self.memo.insert((expr.address(), scope), id);
                continue;
            }
            waiting.push((expr.clone(), scope, true));
            let first = waiting.len();
            expr.op().for_each_child(|c| waiting.push((c.clone(), inner, false)));
            waiting[first..].reverse();
        }
        let root = self.memo[&(root.address(), 0)];
        self.close(root)
    }

    /// Judges both of each pair and makes their shapes equal.
    fn pairs(&mut self, pairs: &[(Expr, Expr)]) -> Found<Vec<(TypedId, TypedId)>> {
        let of_the_expression = self.variables.len();
        let judge = |(of, direction): &(Expr, Expr)| {
            let (of, direction) = (self.run(of)?, self.run(direction)?);
            if let Err(mut failure) = self.direction(of, direction, of_the_expression) {
                if failure.retype.is_empty() {
                    return Err(failure);
                }
                self.retype.append(&mut failure.retype);
            }
            Ok((of, direction))
        };
        pairs.iter().map(judge).collect()
    }

    fn inner_scope(&mut self, op: &Op, scope: usize) -> usize {
        let binds: Vec<Symbol> = match op {
            Op::IndexSum(i, _) => vec![*i],
            Op::Braces(_, outputs) => outputs.iter().map(|(i, _)| *i).collect(),
            _ => return scope,
        };
        let mut all = self.scopes[scope].clone();
        all.extend(binds);
        all.sort();
        all.dedup();
        self.scopes.insert_full(all).0
    }

    fn node(&mut self, expr: &Expr, scope: usize, inner: usize) -> Found<TypedId> {
        let op = expr.op().try_map(|c| Ok::<_, Error>(self.memo[&(c.address(), inner)]))?;
        let judged = self.judge(expr, &op, scope).or_else(|mut failure| {
            if let Some(span) = expr.span() {
                failure.error = failure.error.at(span);
            }
            if failure.retype.is_empty() {
                return Err(failure);
            }
            // The names at fault become scalars in the next pass, and with them most likely this node.
            self.retype.append(&mut failure.retype);
            Ok(Judged { op: op.clone(), shape: Shape::Scalar, free: Free::new(), summed: Vec::new() })
        })?;
        let summed = self.summed_within(expr, &judged)?;
        Ok(self.push(judged.op, judged.shape, judged.free, expr, summed))
    }

    fn push(&mut self, op: Op<TypedId>, shape: Shape, free: Free, expr: &Expr, summed: Vec<Symbol>) -> TypedId {
        let id = TypedId(self.nodes.len() as u32);
        self.nodes.push(TypedNode { op, shape, free, span: expr.span() });
        self.exprs.push(expr.clone());
        self.summed.push(summed);
        id
    }

    fn shape(&self, id: TypedId) -> &Shape {
        &self.nodes[id.0 as usize].shape
    }

    fn free(&self, id: TypedId) -> &Free {
        &self.nodes[id.0 as usize].free
    }

    fn expr(&self, id: TypedId) -> &Expr {
        &self.exprs[id.0 as usize]
    }

    /// The shape and the free indices of one node, from those of its children.
    fn judge(&mut self, expr: &Expr, op: &Op<TypedId>, scope: usize) -> Found<Judged> {
        let shape = match op {
            Op::Number(_) | Op::Constant(_) | Op::Size(_) => Shape::Scalar,
            Op::Var(var) => return self.variable(var),
            Op::Neg(a) => self.shape(*a).clone(),
            Op::Transpose(a) => self.transpose(*a)?,
            Op::Add(all) => {
                let shape = self.same_shape(all, "add")?;
                return self.free_of_sum(op, all, shape, scope);
            }
            Op::Mul(all) => {
                let shape = self.product(all)?;
                return self.free_of_product(op, all, shape, scope);
            }
            Op::Had(all) => {
                let shape = self.same_shape(all, "multiply entry by entry")?;
                return self.free_of_product(op, all, shape, scope);
            }
            Op::Div(a, b) => {
                let shape = self.quotient(*a, *b)?;
                return self.free_of_product(op, &[*a, *b], shape, scope);
            }
            Op::HadDiv(a, b) => {
                let shape = self.same_shape(&[*a, *b], "divide entry by entry")?;
                return self.free_of_product(op, &[*a, *b], shape, scope);
            }
            Op::LeftDiv(a, b) => {
                let shape = self.left_quotient(*a, *b)?;
                return self.free_of_product(op, &[*a, *b], shape, scope);
            }
            Op::Kron(a, b) => self.kron(*a, *b)?,
            Op::Pow(a, b) => self.power(*a, *b)?,
            Op::HadPow(a, b) => self.same_shape(&[*a, *b], "raise entry by entry")?,
            Op::Call(function, arguments) => self.call(*function, arguments)?,
            Op::Apply { function, arguments } => self.apply(function, arguments)?,
            Op::Subscript(a, subscripts) => return self.subscript(expr, *a, subscripts, scope),
            Op::Delta(subscripts) => return self.delta(subscripts, scope),
            Op::LeviCivita(subscripts) => return self.levi_civita(subscripts, scope),
            Op::IndexSum(i, a) => return self.index_sum(*i, *a),
            Op::Braces(a, outputs) => return self.braces(*a, outputs),
            Op::Diff(f, x) => self.derivative(*f, *x)?,
            Op::Block(rows) => self.block(rows)?,
        };
        let free = self.union_of_free(op)?;
        Ok(Judged { op: op.clone(), shape, free, summed: Vec::new() })
    }

    /// Puts what was found of the lengths into all nodes, and names those that stay unknown.
    fn finish(mut self, root: TypedId) -> Found<Typed> {
        if let Err((a, b)) = self.dims.finish() {
            return Err(self.undetermined(a, b).into());
        }
        let naming = self.naming();
        let value = |d: Dim| self.dims.resolve(d).substitute(&|s| naming.get(&s).copied());
        let kinds: IndexMap<Symbol, Var> = self.variables.iter().map(|(name, v)| (*name, var(*name, &v.kind, &value))).collect();
        for node in &mut self.nodes {
            node.shape = map_shape(&node.shape, &value);
            node.free.iter_mut().for_each(|(_, d)| *d = value(*d));
            match &mut node.op {
                Op::Var(v) => v.clone_from(&kinds[&v.name]),
                Op::Size(d) => *d = value(*d),
                Op::Braces(_, outputs) => outputs.iter_mut().for_each(|(_, d)| *d = d.map(&value)),
                _ => {}
            }
        }
        let declared = self.declarations.iter().filter_map(|(name, _)| Some((name, var(name, self.declarations.variable(name)?, &value))));
        let mut variables: IndexMap<Symbol, Var> = declared.collect();
        let assumed = self.variables.iter().filter(|(_, v)| v.assumed).map(|(name, _)| *name).collect();
        variables.extend(kinds);
        Ok(Typed { nodes: self.nodes, root, variables, assumed, convention: crate::structure::Convention::default() })
    }

    /// Names for the lengths that stay unknown, in order of appearance, the columns of a matrix first.
    fn naming(&self) -> IndexMap<Symbol, Dim> {
        let kinds = self.variables.values().flat_map(|v| v.kind.shape.axes().into_iter().rev());
        let nodes = self.nodes.iter().flat_map(|n| n.shape.axes().into_iter().chain(n.free.iter().map(|(_, d)| *d)));
        let mut names = self.names.unused();
        let mut naming = IndexMap::new();
        for symbol in kinds.chain(nodes).flat_map(|d| self.dims.resolve(d).symbols()) {
            if dims::is_unknown(symbol) {
                naming.entry(symbol).or_insert_with(|| names.next().unwrap_or(Dim::of(symbol)));
            }
        }
        naming
    }
}

fn var(name: Symbol, kind: &Kind, value: &impl Fn(Dim) -> Dim) -> Var {
    Var { name, kind: Some(Arc::new(Kind { shape: map_shape(&kind.shape, value), ..kind.clone() })) }
}

fn map_shape(shape: &Shape, value: &impl Fn(Dim) -> Dim) -> Shape {
    match shape {
        Shape::Scalar => Shape::Scalar,
        Shape::Column(n) => Shape::Column(value(*n)),
        Shape::Row(n) => Shape::Row(value(*n)),
        Shape::Matrix(m, n) => Shape::Matrix(value(*m), value(*n)),
        Shape::Tensor(axes) => Shape::Tensor(axes.iter().map(|d| value(*d)).collect()),
    }
}

#[cfg(test)]
mod tests;
