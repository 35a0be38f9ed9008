//! The shape of each node from the shapes of its children.

use super::{Form, Mat, Spec};
use crate::dim::Dim;
use crate::expr::{Shape, Var};
use egg::Id;

impl Form {
    pub const SCALAR: Form = Form::Grid(Dim::ONE, Dim::ONE);

    pub fn column(n: Dim) -> Form {
        Form::Grid(n, Dim::ONE)
    }

    /// Whether it is 1×1.
    pub fn is_scalar(&self) -> bool {
        *self == Form::SCALAR
    }

    /// The rows; the first axis of a tensor.
    pub fn rows(&self) -> Dim {
        match self {
            Form::Grid(m, _) => *m,
            Form::Tensor(axes) => axes.first().copied().unwrap_or(Dim::ONE),
        }
    }

    /// The columns; the last axis of a tensor.
    pub fn columns(&self) -> Dim {
        match self {
            Form::Grid(_, n) => *n,
            Form::Tensor(axes) => axes.last().copied().unwrap_or(Dim::ONE),
        }
    }

    pub fn is_square(&self) -> bool {
        matches!(self, Form::Grid(m, n) if m == n)
    }

    pub fn transposed(&self) -> Form {
        match self {
            Form::Grid(m, n) => Form::Grid(*n, *m),
            Form::Tensor(axes) => Form::Tensor(axes.iter().rev().copied().collect()),
        }
    }

    /// At matrix level a shape is its rows and columns.
    pub fn of_shape(shape: &Shape) -> Form {
        match shape {
            Shape::Tensor(axes) => Form::Tensor(axes.clone()),
            Shape::Scalar => Form::SCALAR,
            Shape::Column(n) => Form::column(*n),
            Shape::Row(n) => Form::Grid(Dim::ONE, *n),
            Shape::Matrix(m, n) => Form::Grid(*m, *n),
        }
    }

    fn of_var(var: &Var) -> Form {
        var.kind.as_ref().map_or(Form::SCALAR, |kind| Form::of_shape(&kind.shape))
    }

    fn of_spec(spec: &Spec) -> Form {
        let dims: smallvec::SmallVec<[Dim; 4]> = spec.out.iter().map(|l| spec.dims[usize::from(*l)]).collect();
        match dims[..] {
            [] => Form::SCALAR,
            [n] => Form::column(n),
            [m, n] => Form::Grid(m, n),
            _ => Form::Tensor(dims),
        }
    }
}

/// The form of a node whose children have the given forms.
pub fn form_of<'a>(node: &Mat, child: impl Fn(Id) -> &'a Form) -> Form {
    match node {
        Mat::Number(_) | Mat::Constant(_) | Mat::Size(_) => Form::SCALAR,
        Mat::Var(var) => Form::of_var(var),
        Mat::Eye(n) => Form::Grid(*n, *n),
        Mat::Zero(form) => form.clone(),
        Mat::Unit(_, n) => Form::column(*n),
        Mat::Gather(s) => Form::Grid(s.length, s.of),
        Mat::Scatter(s) => Form::Grid(s.of, s.length),
        Mat::Slice(cuts, [a]) => super::part::form_of_slice(cuts, child(*a)),
        Mat::Fill(m, n, _) => Form::Grid(*m, *n),
        Mat::Scale(_, [a]) | Mat::Map(_, [a]) | Mat::Map2(_, [a, _]) | Mat::Power(_, [a]) | Mat::MatPower(_, [a]) => child(*a).clone(),
        Mat::Times([_, a]) => child(*a).clone(),
        Mat::Mul(factors) => Form::Grid(child(factors[0]).rows(), child(factors[factors.len() - 1]).columns()),
        Mat::Add(_, terms) | Mat::Had(terms) => child(terms[0]).clone(),
        Mat::Transpose([a]) => child(*a).transposed(),
        Mat::Call(f, arguments) => f.form(arguments.iter().map(|a| (child(*a).rows(), child(*a).columns()))),
        Mat::Apply(f, arguments) if f.elementwise => child(arguments[0]).clone(),
        Mat::Apply(f, _) => Form::of_shape(&f.shape()),
        Mat::Commutation(m, n) => Form::Grid(*m * *n, *m * *n),
        Mat::Duplication(n) => Form::Grid(*n * *n, n.triangular()),
        Mat::Elimination(n) => Form::Grid(n.triangular(), *n * *n),
        Mat::Reshape(m, n, _) => Form::Grid(*m, *n),
        Mat::LeviCivita(k) => Form::Tensor(smallvec::smallvec![Dim::number(i64::from(*k)); usize::from(*k)]),
        Mat::Merge(m, n) => Form::Tensor(smallvec::smallvec![*m * *n, *m, *n]),
        Mat::Contract(spec, _) => Form::of_spec(spec),
    }
}
