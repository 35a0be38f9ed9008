//! The shapes of matrix terms, and the names that they mention.

use crate::dim::{Dim, Symbol};
use crate::expr::{Shape, Var};
use crate::matrix::{Form, Mat, Spec, form_of_slice};
use crate::part::Cut;
use egg::Id;
use std::collections::BTreeSet;

pub(super) fn children(term: &Mat) -> &[Id] {
    match term {
        Mat::Number(_)
        | Mat::Constant(_)
        | Mat::Size(_)
        | Mat::Var(_)
        | Mat::Eye(_)
        | Mat::Zero(_)
        | Mat::Unit(..)
        | Mat::Gather(_)
        | Mat::Scatter(_)
        | Mat::Commutation(..)
        | Mat::Duplication(_)
        | Mat::Elimination(_)
        | Mat::LeviCivita(_)
        | Mat::Merge(..) => &[],
        Mat::Fill(_, _, a)
        | Mat::Reshape(_, _, a)
        | Mat::Scale(_, a)
        | Mat::Slice(_, a)
        | Mat::Transpose(a)
        | Mat::Map(_, a)
        | Mat::Power(_, a)
        | Mat::MatPower(_, a) => a,
        Mat::Times(ab) | Mat::Map2(_, ab) => ab,
        Mat::Mul(all) | Mat::Had(all) | Mat::Add(_, all) | Mat::Call(_, all) | Mat::Apply(_, all) | Mat::Contract(_, all) => all,
    }
}

/// The shape of each term; children come first.
pub(super) fn forms(terms: &[Mat]) -> Vec<Form> {
    let mut forms: Vec<Form> = Vec::with_capacity(terms.len());
    for term in terms {
        let form = form_of(term, |id| &forms[usize::from(id)]);
        forms.push(form);
    }
    forms
}

pub(super) const SCALAR: Form = Form::Grid(Dim::ONE, Dim::ONE);

fn form_of<'a>(term: &Mat, of: impl Fn(Id) -> &'a Form) -> Form {
    let grid = |id: Id| match of(id) {
        Form::Grid(m, n) => (*m, *n),
        Form::Tensor(_) => (Dim::ONE, Dim::ONE),
    };
    match term {
        Mat::Number(_) | Mat::Constant(_) | Mat::Size(_) => SCALAR,
        Mat::Var(v) => form_of_var(v),
        Mat::Eye(n) => Form::Grid(*n, *n),
        Mat::Zero(form) => form.clone(),
        Mat::Unit(_, n) => Form::Grid(*n, Dim::ONE),
        Mat::Gather(s) => Form::Grid(s.length, s.of),
        Mat::Scatter(s) => Form::Grid(s.of, s.length),
        Mat::Slice(cuts, [a]) => form_of_slice(cuts, of(*a)),
        Mat::Fill(m, n, _) => Form::Grid(*m, *n),
        Mat::Scale(_, [a]) | Mat::Times([_, a]) | Mat::Map(_, [a]) | Mat::Power(_, [a]) | Mat::MatPower(_, [a]) => of(*a).clone(),
        Mat::Mul(all) => match (all.first(), all.last()) {
            (Some(a), Some(b)) => Form::Grid(grid(*a).0, grid(*b).1),
            _ => SCALAR,
        },
        // An operand that is 1×1 stands for every entry.
        Mat::Add(_, all) | Mat::Had(all) => all.iter().map(|a| of(*a)).find(|f| **f != SCALAR).unwrap_or(&SCALAR).clone(),
        Mat::Map2(_, all) => all.iter().map(|a| of(*a)).find(|f| **f != SCALAR).unwrap_or(&SCALAR).clone(),
        Mat::Transpose([a]) => Form::Grid(grid(*a).1, grid(*a).0),
        Mat::Call(function, all) => function.form(all.iter().map(|a| grid(*a))),
        Mat::Apply(f, all) if f.elementwise => of(all[0]).clone(),
        Mat::Apply(f, _) => Form::of_shape(&f.shape()),
        Mat::Commutation(m, n) => Form::Grid(*m * *n, *m * *n),
        Mat::Duplication(n) => Form::Grid(*n * *n, n.triangular()),
        Mat::Elimination(n) => Form::Grid(n.triangular(), *n * *n),
        Mat::Reshape(m, n, _) => Form::Grid(*m, *n),
        Mat::LeviCivita(k) => Form::Tensor(smallvec::smallvec![Dim::number(i64::from(*k)); usize::from(*k)]),
        Mat::Merge(m, n) => Form::Tensor(smallvec::smallvec![*m * *n, *m, *n]),
        Mat::Contract(spec, _) => form_of_spec(spec),
    }
}

fn form_of_var(v: &Var) -> Form {
    match v.kind.as_ref().map(|k| &k.shape) {
        Some(Shape::Tensor(axes)) => Form::Tensor(axes.clone()),
        Some(shape) => shape.rows_and_columns().map_or(SCALAR, |(m, n)| Form::Grid(m, n)),
        None => SCALAR,
    }
}

fn form_of_spec(spec: &Spec) -> Form {
    let axes: Vec<Dim> = spec.out.iter().map(|l| spec.dims[usize::from(*l)]).collect();
    match axes.as_slice() {
        [] => SCALAR,
        [n] => Form::Grid(*n, Dim::ONE),
        [m, n] => Form::Grid(*m, *n),
        _ => Form::Tensor(axes.into_iter().collect()),
    }
}

/// The names of variables and dimensions that the terms mention.
pub(super) fn names(terms: &[Mat]) -> BTreeSet<Symbol> {
    let mut names = BTreeSet::new();
    let mut add = |d: Dim| names.extend(d.symbols());
    for term in terms {
        match term {
            Mat::Size(n) | Mat::Eye(n) | Mat::Duplication(n) | Mat::Elimination(n) => add(*n),
            Mat::Unit(i, n) => {
                add(*i);
                add(*n);
            }
            Mat::Gather(s) | Mat::Scatter(s) => {
                add(s.offset);
                add(s.length);
                add(s.of);
            }
            Mat::Slice(cuts, _) => cuts.iter().for_each(|c| match c {
                Cut::All => {}
                Cut::At(place) => add(*place),
                Cut::Run(s) => add(s.offset + s.length),
            }),
            Mat::Fill(m, n, _) | Mat::Reshape(m, n, _) | Mat::Commutation(m, n) | Mat::Merge(m, n) | Mat::Zero(Form::Grid(m, n)) => {
                add(*m);
                add(*n);
            }
            Mat::Zero(Form::Tensor(axes)) => axes.iter().copied().for_each(&mut add),
            Mat::Contract(spec, _) => spec.dims.iter().copied().for_each(&mut add),
            Mat::Apply(f, _) => f.axes().into_iter().for_each(&mut add),
            Mat::Var(v) => v.axes().into_iter().for_each(&mut add),
            _ => {}
        }
    }
    names.extend(terms.iter().filter_map(|t| match t {
        Mat::Var(v) => Some(v.name),
        Mat::Apply(f, _) => Some(f.function),
        _ => None,
    }));
    names
}
