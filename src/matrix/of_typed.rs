//! Typed expressions as matrix terms, construct by construct, without going through index form: how the two sides of a
//! law become patterns.

use super::{Build, Form, Mat, MatFn, Terms};
use crate::dim::Dim;
use crate::error::{Error, Result};
use crate::expr::{Op, Shape};
use crate::function::{Call, Function, Map2};
use crate::number::Number;
use crate::typed::{Typed, TypedId, TypedNode};
use egg::Id;

/// Builds the expression in the arena.
///
/// # Errors
/// [`crate::ErrorKind::Unsupported`] for what has no matrix form: index notation, tensors, declared functions.
pub fn of_typed(expression: &Typed, terms: &mut Terms) -> Result<Id> {
    let mut built: Vec<Id> = Vec::with_capacity(expression.nodes.len());
    let mut needed = vec![false; expression.nodes.len()];
    needed[expression.root.0 as usize] = true;
    for at in (0..expression.nodes.len()).rev().filter(|at| *at <= expression.root.0 as usize) {
        if needed[at] {
            expression.nodes[at].op.for_each_child(|c| needed[c.0 as usize] = true);
        }
    }
    for (node, needed) in expression.nodes.iter().zip(needed) {
        let t = if needed { Converter { built: &built, terms: &mut *terms }.node(node)? } else { Id::from(0) };
        built.push(t);
    }
    Ok(built[expression.root.0 as usize])
}

struct Converter<'a> {
    built: &'a [Id],
    terms: &'a mut Terms,
}

impl Converter<'_> {
    fn of(&self, id: TypedId) -> Id {
        self.built[id.0 as usize]
    }

    fn all(&self, ids: &[TypedId]) -> Vec<Id> {
        ids.iter().map(|id| self.of(*id)).collect()
    }

    fn node(&mut self, node: &TypedNode) -> Result<Id> {
        if !node.free.is_empty() {
            return Err(Error::unsupported("index notation in a matrix law"));
        }
        let form = Form::of_shape(&node.shape);
        Ok(match &node.op {
            Op::Number(n) => self.terms.number(n.clone()),
            Op::Constant(c) => self.terms.insert(Mat::Constant(*c)),
            Op::Var(var) => self.terms.var(var),
            Op::Size(n) => self.terms.size(*n),
            Op::Neg(a) => self.terms.negate(self.of(*a)),
            Op::Add(all) => {
                let all: Vec<Id> = all.iter().map(|a| self.spread(self.of(*a), &form)).collect();
                self.terms.plus(&all)
            }
            Op::Mul(all) => self.terms.mul(&self.all(all)),
            Op::Had(all) => {
                let all: Vec<Id> = all.iter().map(|a| self.spread(self.of(*a), &form)).collect();
                self.terms.had(&all)
            }
            Op::Kron(a, b) => self.terms.call(MatFn::Kron, &[self.of(*a), self.of(*b)]),
            Op::Div(a, b) => {
                let inverse = self.terms.call(MatFn::Inv, &[self.of(*b)]);
                self.terms.mul(&[self.of(*a), inverse])
            }
            Op::LeftDiv(a, b) => {
                let inverse = self.terms.call(MatFn::Inv, &[self.of(*a)]);
                self.terms.mul(&[inverse, self.of(*b)])
            }
            Op::HadDiv(a, b) => {
                let (a, b) = (self.spread(self.of(*a), &form), self.spread(self.of(*b), &form));
                self.terms.had_powers(&[(a, Number::ONE), (b, Number::MINUS_ONE)])
            }
            Op::Pow(a, b) => self.power(self.of(*a), self.of(*b))?,
            Op::HadPow(a, b) => self.elementwise(Map2::Power, self.of(*a), self.of(*b), &form),
            Op::Transpose(a) => self.terms.transpose(self.of(*a)),
            Op::Call(Function::Map(f), arguments) => match arguments[..] {
                [a] => self.terms.map(*f, self.of(a)),
                _ => return Err(Error::unsupported(f.name())),
            },
            Op::Call(Function::Call(f), arguments) => self.call(*f, arguments, &node.shape)?,
            Op::Apply { .. } => return Err(Error::unsupported("a declared function in a matrix law")),
            Op::Subscript(..) | Op::Delta(_) | Op::LeviCivita(_) | Op::IndexSum(..) | Op::Braces(..) => {
                return Err(Error::unsupported("index notation in a matrix law"));
            }
            Op::Diff(..) => return Err(Error::unsupported("a derivative in a matrix law")),
            Op::Block(_) => return Err(Error::unsupported("a block matrix in a matrix law")),
        })
    }

    /// A scalar among arrays is an array of it.
    fn spread(&mut self, t: Id, form: &Form) -> Id {
        if self.terms.is_scalar(t) { self.terms.fill(t, form.rows(), form.columns()) } else { t }
    }

    fn elementwise(&mut self, f: Map2, a: Id, b: Id, form: &Form) -> Id {
        match (f, self.terms.node(b)) {
            (Map2::Power, Mat::Number(n)) => {
                let n = n.clone();
                let a = self.spread(a, form);
                self.terms.power(a, &n)
            }
            _ => {
                let (a, b) = (self.spread(a, form), self.spread(b, form));
                self.terms.map2(f, a, b)
            }
        }
    }

    fn power(&mut self, base: Id, exponent: Id) -> Result<Id> {
        if self.terms.is_scalar(base) {
            return Ok(self.elementwise(Map2::Power, base, exponent, &Form::SCALAR));
        }
        match self.terms.node(exponent) {
            Mat::Number(n) if n.as_integer().is_some() => {
                let n = n.as_integer().unwrap_or(1);
                Ok(self.terms.matpower(base, n))
            }
            Mat::Number(n) if *n == Number::ratio(1, 2) => Ok(self.terms.call(MatFn::Sqrtm, &[base])),
            _ => {
                let log = self.terms.call(MatFn::Logm, &[base]);
                let product = self.terms.mul(&[log, exponent]);
                Ok(self.terms.call(MatFn::Expm, &[product]))
            }
        }
    }

    fn column(&mut self, t: Id) -> Id {
        if self.terms.form(t).rows() == Dim::ONE { self.terms.transpose(t) } else { t }
    }

    fn dim_of(&self, id: TypedId) -> Result<Dim> {
        match self.terms.node(self.of(id)) {
            Mat::Size(n) => Ok(*n),
            Mat::Number(n) if n.as_integer().is_some_and(|n| n > 0) => Ok(Dim::number(n.as_integer().unwrap_or(1))),
            _ => Err(Error::unsupported("a dimension that is no dimension symbol")),
        }
    }

    fn call(&mut self, f: Call, arguments: &[TypedId], shape: &Shape) -> Result<Id> {
        let form = Form::of_shape(shape);
        let values = self.all(arguments);
        Ok(match (f, &values[..]) {
            (Call::Max, [a, b]) => self.elementwise(Map2::Max, *a, *b, &form),
            (Call::Min, [a, b]) => self.elementwise(Map2::Min, *a, *b, &form),
            (Call::Power, [a, b]) => self.elementwise(Map2::Power, *a, *b, &form),
            (Call::Sum, [a]) => self.terms.call(MatFn::Sum, &[*a]),
            (Call::Mean, [a]) => self.terms.call(MatFn::Mean, &[*a]),
            (Call::Sum, [a, axis]) => self.along(*a, *axis, MatFn::SumRows, MatFn::SumColumns)?,
            (Call::Mean, [a, axis]) => self.along(*a, *axis, MatFn::MeanRows, MatFn::MeanColumns)?,
            (Call::Deviation, [a]) => {
                let variance = self.terms.call(MatFn::Variance, &[*a]);
                self.terms.power(variance, &Number::ratio(1, 2))
            }
            (Call::Dot | Call::Inner, [a, b]) => self.inner(*a, *b),
            (Call::Outer, [a, b]) => {
                let row = self.terms.transpose(*b);
                self.terms.mul(&[*a, row])
            }
            (Call::Norm, [a]) => self.norm(MatFn::Norm2, *a),
            (Call::NormF, [a]) if !self.is_matrix(*a) => self.norm(MatFn::Norm2, *a),
            (Call::Diag, [a]) if self.is_matrix(*a) => self.terms.call(MatFn::DiagOf, &[*a]),
            (Call::Diag, [a]) => {
                let column = self.column(*a);
                self.terms.call(MatFn::Diag, &[column])
            }
            (Call::Eye, _) => self.terms.eye(form.rows()),
            (Call::Ones, _) => self.terms.ones(form.rows(), form.columns()),
            (Call::Zeros, _) => self.terms.zero(form),
            (Call::Vector | Call::Matrix, [a]) => self.spread(*a, &form),
            (Call::Unit, [place, _]) => match self.terms.node(*place) {
                Mat::Number(n) if n.as_integer().is_some() => {
                    let n = n.as_integer().unwrap_or(1);
                    self.terms.insert(Mat::Unit(Dim::number(n), form.rows()))
                }
                _ => return Err(Error::unsupported("a unit vector of a symbolic place")),
            },
            (Call::Commutation, [_, _]) => {
                let (m, n) = (self.dim_of(arguments[0])?, self.dim_of(arguments[1])?);
                self.terms.commutation(m, n)
            }
            (Call::Sym, [a]) => self.half_sum(*a, Number::ratio(1, 2)),
            (Call::Skew, [a]) => self.half_sum(*a, Number::ratio(-1, 2)),
            (Call::Cross, [a, b]) => self.terms.call(MatFn::Cross, &[*a, *b]),
            (Call::FrechetExpm, _) => self.terms.call(MatFn::FrechetExpm, &values),
            (Call::FrechetLogm, _) => self.terms.call(MatFn::FrechetLogm, &values),
            (Call::FrechetCosm, _) => self.terms.call(MatFn::FrechetCosm, &values),
            (Call::FrechetSinm, _) => self.terms.call(MatFn::FrechetSinm, &values),
            (Call::OpenExpm, _) => self.terms.call(MatFn::OpenExpm, &values),
            (Call::OpenLogm, _) => self.terms.call(MatFn::OpenLogm, &values),
            (Call::OpenCosm, _) => self.terms.call(MatFn::OpenCosm, &values),
            (Call::OpenSinm, _) => self.terms.call(MatFn::OpenSinm, &values),
            (Call::Sylvester, [_, _, _]) => self.terms.call(MatFn::Sylvester, &values),
            (Call::Kron, all) => self.terms.call(MatFn::Kron, all),
            (_, [a]) => match MatFn::of_one_argument(f) {
                Some(f @ (MatFn::Norm1 | MatFn::Norm2 | MatFn::NormInf | MatFn::NormF)) => self.norm(f, *a),
                Some(f) => self.terms.call(f, &[*a]),
                None => return Err(Error::unsupported(f.name())),
            },
            _ => return Err(Error::unsupported(f.name())),
        })
    }

    fn is_matrix(&self, t: Id) -> bool {
        let form = self.terms.form(t);
        form.rows() != Dim::ONE && form.columns() != Dim::ONE
    }

    /// The norm of a row is that of the column.
    fn norm(&mut self, f: MatFn, t: Id) -> Id {
        let column = self.column(t);
        self.terms.call(f, &[column])
    }

    fn inner(&mut self, a: Id, b: Id) -> Id {
        let (a, b) = if self.is_matrix(a) { (a, b) } else { (self.column(a), self.column(b)) };
        let turned = self.terms.transpose(a);
        let product = self.terms.mul(&[turned, b]);
        self.terms.call(MatFn::Trace, &[product])
    }

    fn half_sum(&mut self, a: Id, half_of_turned: Number) -> Id {
        let turned = self.terms.transpose(a);
        self.terms.add(&[(Number::ratio(1, 2), a), (half_of_turned, turned)])
    }

    fn along(&mut self, a: Id, axis: Id, rows: MatFn, columns: MatFn) -> Result<Id> {
        match self.terms.node(axis) {
            Mat::Number(n) if n.is_one() => Ok(self.terms.call(rows, &[a])),
            Mat::Number(n) if n.as_integer() == Some(2) => Ok(self.terms.call(columns, &[a])),
            _ => Err(Error::unsupported("a sum along another direction than 1 or 2")),
        }
    }
}
