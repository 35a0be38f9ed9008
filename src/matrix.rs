//! Matrix form: the language of terms that raising builds, `egg` saturates and printing shows.
//!
//! Everything has rows and columns: a column vector is n×1, a row 1×n, a scalar 1×1, so that dot, outer, matrix-vector
//! and matrix products are one n-ary chain. What has no matrix formula is a [`Mat::Contract`] over matrix terms.

mod build;
mod call;
mod cost;
mod form;
mod function;
mod language;
mod of_typed;
mod part;
mod product;
mod structure;
mod show;
mod sum;
mod terms;

pub use build::{Build, reconstruct};
pub use cost::{Cost, TOKEN, coefficient_cost, cost_of};
pub use form::form_of;
pub use function::{MatFn, Scaling};
pub use language::Operator;
pub use of_typed::of_typed;
pub use part::form_of_slice;
pub use product::{TURNED, turn};
pub(crate) use structure::is_mask;
pub use terms::{Terms, sort_children};

#[cfg(test)]
mod tests;

use crate::applied::Applied;
use crate::dim::Dim;
use crate::expr::Var;
use crate::function::{Constant, Map, Map2};
use crate::index::Labels;
use crate::number::Number;
use crate::part::{Cut, Selection};
use egg::Id;
use smallvec::SmallVec;
use std::sync::Arc;

/// The shape of a matrix term.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Form {
    /// Rows and columns.
    Grid(Dim, Dim),
    /// A tensor of order 3 or more, or an order-1 or order-2 contraction shown in index notation has a `Grid`.
    Tensor(SmallVec<[Dim; 4]>),
}

/// How the factors of a contraction are joined: the labels of the output and of each child, and their lengths.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Spec {
    pub dims: SmallVec<[Dim; 6]>,
    pub out: Labels,
    /// One per child: no label for a scalar, one for a column, two for a matrix, k for a tensor of order k.
    pub inputs: SmallVec<[Labels; 4]>,
}

/// A node of matrix form; an `egg` language.
#[expect(clippy::enum_variant_names, reason = "the power of a matrix is called that")]
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Mat {
    /// 1×1.
    Number(Number),
    Constant(Constant),
    Size(Dim),
    Var(Var),
    Eye(Dim),
    Zero(Form),
    /// A column of zeros with a 1 at that place, from 1.
    Unit(Dim, Dim),
    /// The rows of the identity matrix that a run chooses: before a matrix it takes these rows of it.
    Gather(Selection),
    /// Its transpose: before a matrix it puts this in these rows of a matrix of zeros.
    Scatter(Selection),
    /// `A[1:k,:]`, `A[2,:]`, `A[1:k,1:k]`: rows and columns of a matrix.
    Slice(Box<[Cut; 2]>, [Id; 1]),
    /// Every entry is the 1×1 child; `ones(m,n)` is `Fill(1)`.
    Fill(Dim, Dim, [Id; 1]),
    /// A rational number other than 0 and 1 times anything.
    Scale(Number, [Id; 1]),
    /// A 1×1 times something that is not 1×1.
    Times([Id; 2]),
    /// A chain of at least two; none 1×1, none a `Scale`, `Times`, `Mul` or `Eye`.
    Mul(Box<[Id]>),
    /// A sum of at least two terms with their coefficients; children sorted.
    Add(Box<[Number]>, Box<[Id]>),
    /// The elementwise product of at least two, children sorted; of 1×1 children, the product of scalars.
    Had(Box<[Id]>),
    Transpose([Id; 1]),
    Map(Map, [Id; 1]),
    Map2(Map2, [Id; 2]),
    /// Elementwise power; of a 1×1, the power of a scalar.
    Power(Number, [Id; 1]),
    /// The power of a square matrix, at least 2.
    MatPower(i64, [Id; 1]),
    Call(MatFn, Box<[Id]>),
    /// A declared function; vectors are columns here as everywhere, except where its signature says row.
    Apply(Arc<Applied>, Box<[Id]>),
    /// `commutation(m, n)`: takes vec(A) of an m×n matrix to vec(A').
    Commutation(Dim, Dim),
    /// `duplication(n)` and `elimination(n)`, between `vec` and `vech` of an n×n matrix.
    Duplication(Dim),
    Elimination(Dim),
    /// `reshape(v, m, n)` of a column.
    Reshape(Dim, Dim, [Id; 1]),
    /// The Levi-Civita symbol and the stacking bijection of the index form: only within a `Contract`.
    LeviCivita(u8),
    Merge(Dim, Dim),
    /// What no matrix formula expresses.
    Contract(Box<Spec>, Box<[Id]>),
}
