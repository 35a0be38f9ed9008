//! Index notation: which indices are free, which are summed where, and the shapes of parts of tensors.
//!
//! An index that two factors of a product share, or that occurs twice in one tensor, is summed there, unless an enclosing `sum(i, …)` or
//! `{…}[i]` binds it. An index that is still free at the root is an axis of the answer, in order of appearance.

use super::{Found, Free, Guess, Judged, Pass};
use crate::dim::{Dim, Symbol};
use crate::error::{Error, ErrorKind};
use crate::expr::{Expr, Op, Shape, Subscript};
use crate::number::Number;
use crate::typed::TypedId;
use indexmap::{IndexMap, IndexSet};

/// No tensor has more axes.
const MAX_ORDER: usize = 64;

impl Pass<'_> {
    /// The free indices of all children, each once; their lengths agree.
    pub(super) fn union_of_free(&mut self, op: &Op<TypedId>) -> Found<Free> {
        let mut children = Vec::new();
        op.for_each_child(|c| children.push(*c));
        Ok(self.union(&children)?.0)
    }

    /// The union, and how many of the children have each index.
    fn union(&mut self, children: &[TypedId]) -> Found<(Free, Vec<usize>)> {
        let mut all: IndexMap<Symbol, (Dim, usize)> = IndexMap::new();
        for &c in children {
            for (i, dim) in self.free(c).clone() {
                let (length, count) = *all.entry(i).or_insert((dim, 0));
                if !self.dims.unify(length, dim) {
                    let (a, b) = (self.show_dim(length), self.show_dim(dim));
                    return self.index_error(format!("the index `{i}` runs to {a} and to {b}"), "an index has one length");
                }
                all[&i] = (length, count + 1);
            }
        }
        let counts = all.values().map(|(_, count)| *count).collect();
        Ok((all.into_iter().map(|(i, (dim, _))| (i, dim)).collect(), counts))
    }

    /// Terms have the same indices; one without any is the same for all, and one that lacks an index that is bound outside, too.
    pub(super) fn free_of_sum(&mut self, op: &Op<TypedId>, terms: &[TypedId], shape: Shape, scope: usize) -> Found<Judged> {
        let (free, counts) = self.union(terms)?;
        let indexed = terms.iter().filter(|t| !self.free(**t).is_empty()).count();
        let lacking = free.iter().zip(counts).find(|((i, _), count)| *count != indexed && !self.is_bound(*i, scope));
        if let Some(((i, _), _)) = lacking {
            let without = terms.iter().find(|t| !self.free(**t).is_empty() && !self.free(**t).iter().any(|(j, _)| j == i));
            let quoted = without.map_or_else(String::new, |t| self.quoted(*t));
            let message = format!("the terms of a sum need the same indices: {quoted} lacks `{i}`");
            return self.index_error(message, "name the axes of the result: `{x[i] + y[j]}[i,j]`");
        }
        Ok(Judged { op: op.clone(), shape, free, summed: Vec::new() })
    }

    /// What two factors share is summed.
    pub(super) fn free_of_product(&mut self, op: &Op<TypedId>, factors: &[TypedId], shape: Shape, scope: usize) -> Found<Judged> {
        let (free, counts) = self.union(factors)?;
        let is_summed: Vec<bool> = free.iter().zip(counts).map(|((i, _), count)| count > 1 && !self.is_bound(*i, scope)).collect();
        let of = |wanted: bool| free.iter().zip(&is_summed).filter(move |(_, s)| **s == wanted).map(|(f, _)| *f);
        Ok(Judged { op: op.clone(), shape, free: of(false).collect(), summed: of(true).map(|(i, _)| i).collect() })
    }

    fn is_bound(&self, index: Symbol, scope: usize) -> bool {
        self.scopes[scope].contains(&index)
    }

    /// All indices that Einstein's convention sums within a node. None of them may be free beside that.
    pub(super) fn summed_within(&self, expr: &Expr, judged: &Judged) -> Found<Vec<Symbol>> {
        let mut summed: IndexSet<Symbol> = judged.summed.iter().copied().collect();
        if matches!(judged.op, Op::Braces(..)) {
            return Ok(Vec::new());
        }
        judged.op.for_each_child(|c| summed.extend(self.summed[c.0 as usize].iter().copied()));
        let mut clash = None;
        judged
            .op
            .for_each_child(|c| clash = clash.or(self.free(*c).iter().map(|(i, _)| *i).find(|i| self.is_summed_beside(*i, *c, judged))));
        match clash {
            Some(i) => {
                let message = format!("the index `{i}` is summed in one part of {} and free in another", super::report::quoted(expr));
                let help = format!("rename one of them, or say where it is summed: `sum({i}, …)`");
                self.index_error(message, &help).map_err(|mut f: Box<super::Failure>| {
                    f.error = expr.span().into_iter().fold(f.error, Error::at);
                    f
                })
            }
            None => Ok(summed.into_iter().collect()),
        }
    }

    fn is_summed_beside(&self, index: Symbol, child: TypedId, judged: &Judged) -> bool {
        let mut found = false;
        judged.op.for_each_child(|c| found |= *c != child && self.summed[c.0 as usize].contains(&index));
        found
    }

    /// `A[i,j]`, `A[2,3]`, `A[i,:]`, `A[1:k,1:k]`
    pub(super) fn subscript(&mut self, expr: &Expr, tensor: TypedId, subscripts: &[Subscript<TypedId>], scope: usize) -> Found<Judged> {
        let shape = self.shape(tensor).clone();
        let axes = shape.axes();
        if axes.len() != subscripts.len() {
            return Err(self.wrong_order(tensor, axes.len(), subscripts.len()));
        }
        let mut judged = Judged { op: Op::Size(Dim::ONE), shape: Shape::Scalar, free: self.free(tensor).clone(), summed: Vec::new() };
        let mut kept: Vec<(usize, Dim)> = Vec::new();
        let mut given = Vec::new();
        for (at, (s, axis)) in subscripts.iter().zip(axes).enumerate() {
            match s {
                Subscript::Index(i) => self.add_index(&mut judged, *i, axis, scope)?,
                Subscript::At(_) => {}
                Subscript::All => kept.push((at, axis)),
                Subscript::Range(a, b) => kept.push((at, self.range_length(*a, *b)?)),
            }
            given.push(self.positions(expr, s, axis)?);
        }
        judged.shape = part_shape(&shape, &kept);
        judged.op = Op::Subscript(tensor, given);
        Ok(judged)
    }

    fn wrong_order(&self, tensor: TypedId, order: usize, given: usize) -> Box<super::Failure> {
        let message = format!(
            "{}: {} has {order} {}, not the {given} of its subscripts",
            self.quoted(tensor),
            self.show(self.shape(tensor)),
            if order == 1 { "axis" } else { "axes" }
        );
        let error = Error::new(ErrorKind::Index, message);
        let retype = match &self.nodes[tensor.0 as usize].op {
            Op::Var(v) if self.variables.get(&v.name).is_some_and(|v| v.assumed) => vec![(v.name, Guess::Order(given))],
            _ => Vec::new(),
        };
        let retype = retype.into_iter().filter(|(name, _)| !self.guesses.contains_key(name)).collect();
        Box::new(super::Failure { error, retype })
    }

    /// A second occurrence in the same tensor is summed, unless it is bound outside.
    fn add_index(&mut self, judged: &mut Judged, index: Symbol, axis: Dim, scope: usize) -> Found<()> {
        let Some(at) = judged.free.iter().position(|(i, _)| *i == index) else {
            if judged.summed.contains(&index) {
                return self.index_error(format!("the index `{index}` occurs more than twice in one tensor"), "");
            }
            judged.free.push((index, axis));
            return Ok(());
        };
        let length = judged.free[at].1;
        if !self.dims.unify(length, axis) {
            let (a, b) = (self.show_dim(length), self.show_dim(axis));
            return self.index_error(format!("the index `{index}` runs to {a} and to {b}"), "an index has one length");
        }
        if !self.is_bound(index, scope) {
            judged.free.remove(at);
            judged.summed.push(index);
        }
        Ok(())
    }

    /// The subscript with its numbers as leaves of their own.
    fn positions(&mut self, expr: &Expr, subscript: &Subscript<TypedId>, axis: Dim) -> Found<Subscript<TypedId>> {
        Ok(match subscript {
            Subscript::Index(i) => Subscript::Index(*i),
            Subscript::All => Subscript::All,
            Subscript::At(a) => Subscript::At(self.position(expr, *a, axis)?),
            Subscript::Range(a, b) => Subscript::Range(self.position(expr, *a, axis)?, self.position(expr, *b, axis)?),
        })
    }

    fn position(&mut self, expr: &Expr, id: TypedId, axis: Dim) -> Found<TypedId> {
        let Ok(dim) = self.dim_argument(id) else {
            let message = format!("{} is neither an index nor the number of an entry", self.quoted(id));
            return self.index_error(message, "entries are counted from 1; an index is a name used only as a subscript");
        };
        let axis = self.dims.resolve(axis);
        if let (Some(at), Some(length)) = (dim.as_number(), axis.as_number())
            && at > length
        {
            return self.index_error(format!("there is no entry {at} along an axis of length {length}"), "");
        }
        let op = dim.as_number().map_or(Op::Size(dim), |n| Op::Number(Number::int(n)));
        let leaf = self.exprs[id.0 as usize].clone();
        let leaf = leaf.span().map_or(leaf, |_| expr_at(&op, expr, self.expr(id)));
        Ok(self.push(op, Shape::Scalar, Free::new(), &leaf, Vec::new()))
    }

    fn range_length(&mut self, from: TypedId, to: TypedId) -> Found<Dim> {
        let (Ok(a), Ok(b)) = (self.dim_argument(from), self.dim_argument(to)) else {
            return self.index_error(format!("{}:{} is no range of entries", self.quoted(from), self.quoted(to)), "a range is `1:k`");
        };
        let length = b - a + Dim::ONE;
        match length.as_number() {
            Some(n) if n < 1 => self.index_error(format!("the range {a}:{b} is empty"), ""),
            _ => Ok(length),
        }
    }

    pub(super) fn delta(&mut self, subscripts: &[Subscript<TypedId>], scope: usize) -> Found<Judged> {
        let length = self.dims.fresh();
        self.symbol(subscripts, length, scope, Op::Delta)
    }

    /// The Levi-Civita symbol with k indices has axes of length k.
    pub(super) fn levi_civita(&mut self, subscripts: &[Subscript<TypedId>], scope: usize) -> Found<Judged> {
        self.symbol(subscripts, Dim::number(subscripts.len() as i64), scope, Op::LeviCivita)
    }

    fn symbol(
        &mut self,
        subscripts: &[Subscript<TypedId>],
        length: Dim,
        scope: usize,
        make: fn(Vec<Subscript<TypedId>>) -> Op<TypedId>,
    ) -> Found<Judged> {
        let mut judged = Judged { op: Op::Size(Dim::ONE), shape: Shape::Scalar, free: Free::new(), summed: Vec::new() };
        let mut given = Vec::new();
        for s in subscripts {
            if let Subscript::Index(i) = s {
                self.add_index(&mut judged, *i, length, scope)?;
            }
            given.push(match s {
                Subscript::At(a) => {
                    let expr = self.expr(*a).clone();
                    Subscript::At(self.position(&expr, *a, length)?)
                }
                other => other.clone(),
            });
        }
        judged.op = make(given);
        Ok(judged)
    }

    pub(super) fn index_sum(&mut self, index: Symbol, body: TypedId) -> Found<Judged> {
        let mut free = self.free(body).clone();
        let before = free.len();
        free.retain(|(i, _)| *i != index);
        if free.len() == before {
            let message = format!("the index `{index}` of the sum does not occur in {}", self.quoted(body));
            return self.index_error(message, "the number of terms is unknown; sum(i, …) sums over an index such as that of x[i]");
        }
        let shape = self.shape(body).clone();
        Ok(Judged { op: Op::IndexSum(index, body), shape, free, summed: Vec::new() })
    }

    pub(super) fn braces(&mut self, body: TypedId, outputs: &[(Symbol, Option<Dim>)]) -> Found<Judged> {
        if *self.shape(body) != Shape::Scalar {
            let message = format!("braces hold a scalar with indices, not {}: {}", self.quoted(body), self.show(self.shape(body)));
            return self.index_error(message, "give each tensor in them its indices: `{A[i,j]*x[j]}[i]`");
        }
        if outputs.len() > MAX_ORDER {
            return Err(Error::new(ErrorKind::Limit, format!("a tensor of more axes than the limit of {MAX_ORDER}")).into());
        }
        let mut free = self.free(body).clone();
        let mut axes = Vec::new();
        for (i, given) in outputs {
            let found = free.iter().position(|(j, _)| j == i).map(|at| free.remove(at).1);
            match (found, *given) {
                (Some(length), Some(given)) if !self.dims.unify(length, given) => {
                    let (a, b) = (self.show_dim(length), self.show_dim(given));
                    return self.index_error(format!("the index `{i}` runs to {a}, not to {b}"), "");
                }
                (Some(length), _) | (None, Some(length)) => axes.push(length),
                (None, None) => {
                    let message = format!("the index `{i}` does not occur in {}", self.quoted(body));
                    return self.index_error(message, &format!("if the tensor is constant along `{i}`, give its length: `{i}:n`"));
                }
            }
        }
        Ok(Judged { op: Op::Braces(body, outputs.to_vec()), shape: Shape::of_axes(&axes), free, summed: Vec::new() })
    }

    /// Makes the indices that are free at the root axes of the answer.
    pub(super) fn close(&mut self, root: TypedId) -> Found<TypedId> {
        let free = self.free(root).clone();
        if free.is_empty() {
            return Ok(root);
        }
        let outputs: Vec<_> = free.iter().map(|(i, _)| (*i, None)).collect();
        let expr = self.expr(root).clone();
        let judged = self.braces(root, &outputs).map_err(|mut failure| {
            failure.error = expr.span().into_iter().fold(failure.error, Error::at);
            failure
        })?;
        Ok(self.push(judged.op, judged.shape, judged.free, &expr, Vec::new()))
    }
}

/// The expression of a number that stands in for `original`, at its place.
fn expr_at(op: &Op<TypedId>, whole: &Expr, original: &Expr) -> Expr {
    let op = match op {
        Op::Number(n) => Op::Number(n.clone()),
        Op::Size(d) => Op::Size(*d),
        _ => return original.clone(),
    };
    let span = original.span().or(whole.span());
    span.map_or_else(|| Expr::new(op.clone()), |s| Expr::spanned(op.clone(), s))
}

/// The shape of what ranges leave: a part of a row of a matrix is a row.
fn part_shape(whole: &Shape, kept: &[(usize, Dim)]) -> Shape {
    match (whole, kept) {
        (Shape::Row(_) | Shape::Matrix(..), [(1, n)]) | (Shape::Row(_), [(_, n)]) => Shape::Row(*n),
        _ => Shape::of_axes(&kept.iter().map(|(_, d)| *d).collect::<Vec<_>>()),
    }
}
