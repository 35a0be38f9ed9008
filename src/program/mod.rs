//! Programs: formulas as straight-line code over arrays of symbolic shapes, which the evaluator runs and the emitters spell.
//!
//! A value is computed by one [`Step`] and used by later ones; equal steps are one. The axes of a value are those of index
//! form: a column and a row both have one. What costs no arithmetic is no step of its own where it can be avoided: a
//! transpose is an order of labels, a part a slice, a delta a pattern by which a core is put into zeros.

mod build;
mod contraction;
mod cost;
mod distribute;
mod elementwise;
mod order;
mod outputs;
mod show;
mod stable;

use crate::applied::Applied;
use crate::dim::Dim;
use crate::expr::Var;
use crate::function::{Constant, Map, Map2};
use crate::index::{Axes, Labels, LinearOperator, Opaque};
use crate::number::Number;
use crate::part::Cut;
use smallvec::SmallVec;
use std::sync::Arc;

pub use build::program;
pub(crate) use build::{Definition, Lowered};
pub use cost::Work;

/// The step that computes a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ValueId(pub u32);

/// Straight-line code: each step uses only those before it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Program {
    /// What must be given, in order of declaration.
    pub variables: Vec<Var>,
    pub steps: Vec<Step>,
    pub outputs: Vec<Output>,
}

/// One array operation and the lengths of the axes of what it gives.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Step {
    pub operation: Operation,
    pub axes: Axes,
}

/// An array operation.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Operation {
    Input(Var),
    /// A constant tensor that is no factor that could be put in otherwise.
    Constant(Tensor),
    /// One pass over all entries. A transpose, a diagonal, a repetition along an axis is one whose entry is its operand.
    Elementwise(Kernel),
    /// The sum over some axes, in ascending order.
    Sum(ValueId, SmallVec<[usize; 4]>),
    /// A product of two values that is summed.
    Contract(Pair),
    /// The axes chosen or cut; what is taken at a place is no axis any more.
    Slice(ValueId, SmallVec<[Cut; 4]>),
    /// The same entries in row-major order under other axes.
    Reshape(ValueId),
    /// Zeros, or the first value, to which parts are added at their places.
    Assemble(Option<ValueId>, Vec<Part>),
    /// The factorisation of a square matrix, for [`Operation::Solve`] and what follows it here.
    Factorise(Solver, ValueId),
    Solve(Solve),
    /// The inverse, the determinant, the logarithm of its absolute value: of a factorisation, or of a triangular matrix.
    Inverse(Solver, ValueId),
    Determinant(Solver, ValueId),
    LogDeterminant(Solver, ValueId),
    /// `Adj`, `Product`, `NormInf`, `Softmax`, `LogSumExp`, as index form has them.
    Function(Opaque, ValueId),
    Operator(LinearOperator, Vec<ValueId>),
    /// A declared function of whole arguments.
    Apply(Arc<Applied>, Vec<ValueId>),
}

/// Constant tensors, as the nodes of index form that have their names.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Tensor {
    Select(crate::part::Selection),
    Merge(Dim, Dim),
    LeviCivita(u8),
    Duplication(Dim),
    Elimination(Dim),
}

/// An entry of the result as a formula of entries of the operands.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Kernel {
    pub entry: Entry,
    pub operands: Vec<Operand>,
}

/// A value that runs along some axes of a result: for each of its axes the axis of the result. A repeated one takes the
/// diagonal; along the axes of the result that are missing the value is repeated.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Operand {
    pub value: ValueId,
    pub axes: SmallVec<[usize; 4]>,
}

/// A formula for one entry.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Entry {
    /// The entry of the operand of that number.
    Operand(usize),
    Number(Number),
    Constant(Constant),
    Size(Dim),
    /// 1 if the place along the first axis is not before that along the second, else 0.
    Triangle(usize, usize),
    Sum(Vec<(Number, Entry)>),
    Product(Vec<Entry>),
    Power(Box<Entry>, Number),
    Map(Map, Box<Entry>),
    Map2(Map2, Box<Entry>, Box<Entry>),
    /// A declared function of scalars.
    Apply(Arc<Applied>, Vec<Entry>),
}

/// `out[labels] = sum over the other labels of left[labels] * right[labels]`. No label is repeated within one of them; every
/// label of `out` is in one of the factors, and each that is not in `out` is in both.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Pair {
    pub left: (ValueId, Labels),
    pub right: (ValueId, Labels),
    pub out: Labels,
    /// Whether the result, a matrix, is known to equal its transpose.
    pub symmetric: bool,
}

/// A [`Pair`] that is a product of linear algebra.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Product {
    /// `x'*y`
    Dot,
    /// `A*x`, or `A'*x` if transposed; the matrix is on the left.
    MatrixVector { transposed: bool },
    /// `x'*A`, or `x'*A'` if transposed; the matrix is on the right.
    VectorMatrix { transposed: bool },
    /// `A*B`, with either transposed.
    MatrixMatrix { left_transposed: bool, right_transposed: bool },
}

impl Pair {
    /// The product of linear algebra that it is; `None` where only a general einsum says it.
    pub fn product(&self) -> Option<Product> {
        match (&self.left.1[..], &self.right.1[..], &self.out[..]) {
            ([k], [l], []) if k == l => Some(Product::Dot),
            ([a, b], [k], [i]) if [a, b] == [i, k] => Some(Product::MatrixVector { transposed: false }),
            ([a, b], [k], [i]) if [a, b] == [k, i] => Some(Product::MatrixVector { transposed: true }),
            ([k], [a, b], [j]) if [a, b] == [k, j] => Some(Product::VectorMatrix { transposed: false }),
            ([k], [a, b], [j]) if [a, b] == [j, k] => Some(Product::VectorMatrix { transposed: true }),
            ([a, b], [c, d], [i, j]) => {
                let (left_transposed, right_transposed) = (b == i, d != j);
                let (i_there, k) = if left_transposed { (b, a) } else { (a, b) };
                let (k_there, j_there) = if right_transposed { (d, c) } else { (c, d) };
                (i_there == i && j_there == j && k == k_there).then_some(Product::MatrixMatrix { left_transposed, right_transposed })
            }
            _ => None,
        }
    }

    /// The letters of an einsum: `ik,kj->ij`.
    pub fn letters(&self) -> String {
        let word = |labels: &Labels| labels.iter().map(|l| letter(*l)).collect::<String>();
        format!("{},{}->{}", word(&self.left.1), word(&self.right.1), word(&self.out))
    }
}

fn letter(label: crate::index::Label) -> char {
    const LETTERS: &[u8; 52] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    LETTERS.get(usize::from(label)).map_or('?', |c| char::from(*c))
}

/// By what an equation with a square matrix is solved: the first that what is known of the matrix allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Solver {
    /// A triangular matrix is its own factorisation.
    Lower,
    Upper,
    /// Of a symmetric positive definite matrix.
    Cholesky,
    Lu,
}

/// The X of `A*X = B`, or of `A'*X = B`: B has the solved axis first, X has the axes of B.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Solve {
    pub solver: Solver,
    /// The factorisation, or the triangular matrix.
    pub factor: ValueId,
    pub transposed: bool,
    pub right: ValueId,
}

/// A value put into a larger one: for each axis of the larger one which axis of the value runs along it, and where that
/// begins. Two axes with the same axis of the value are a delta.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Part {
    pub value: ValueId,
    pub places: SmallVec<[Place; 4]>,
}

/// Along one axis of the whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Place {
    /// The axis of the part; none if the part has one place here.
    pub axis: Option<usize>,
    /// How many places of the whole come before it.
    pub offset: Dim,
    /// Whether places of the whole may come after it, so that the axis of the part is shorter.
    pub is_run: bool,
}

/// What a program computes: the sum of parts, each a core in a tensor of zeros. Nothing is built of what is zero; a value
/// without zeros is one part, each of whose axes is one of the value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    pub name: String,
    pub axes: Vec<Dim>,
    pub parts: Vec<Part>,
}

impl Output {
    /// The value that it is, if nothing has to be put into zeros.
    pub fn dense(&self) -> Option<ValueId> {
        match &self.parts[..] {
            [part] if part.is_whole() => Some(part.value),
            _ => None,
        }
    }

    /// The core and, for each axis, the axis of the core that runs along it, where deltas are all that makes it sparse.
    pub fn core(&self) -> Option<(ValueId, Vec<usize>)> {
        let [part] = &self.parts[..] else { return None };
        part.pattern().map(|pattern| (part.value, pattern))
    }
}

impl Part {
    /// A value as it is.
    pub fn whole(value: ValueId, order: usize) -> Part {
        let places = (0..order).map(|axis| Place { axis: Some(axis), offset: Dim::number(0), is_run: false }).collect();
        Part { value, places }
    }

    /// For each axis the axis of the value, if there are no offsets and none is longer than that of the value.
    pub fn pattern(&self) -> Option<Vec<usize>> {
        self.places.iter().map(|p| p.axis.filter(|_| p.offset == Dim::number(0) && !p.is_run)).collect()
    }

    /// Whether each axis is that of the value.
    pub fn is_whole(&self) -> bool {
        self.pattern().is_some_and(|p| p.iter().enumerate().all(|(at, axis)| at == *axis))
    }

    /// Whether two axes are a delta.
    pub fn has_delta(&self) -> bool {
        self.places.iter().enumerate().any(|(at, p)| p.axis.is_some() && self.places[..at].iter().any(|q| q.axis == p.axis))
    }
}

impl Program {
    pub fn step(&self, id: ValueId) -> &Step {
        &self.steps[id.0 as usize]
    }

    /// How often each value is used, outputs included.
    pub fn uses(&self) -> Vec<usize> {
        let mut uses = vec![0; self.steps.len()];
        let mut note = |id: ValueId| uses[id.0 as usize] += 1;
        self.steps.iter().for_each(|s| s.operation.for_each_operand(&mut note));
        self.outputs.iter().flat_map(|o| &o.parts).for_each(|p| note(p.value));
        uses
    }
}

impl Operation {
    /// Visits the values that it uses, each as often as it does.
    pub fn for_each_operand(&self, visit: &mut impl FnMut(ValueId)) {
        match self {
            Operation::Input(_) | Operation::Constant(_) => {}
            Operation::Elementwise(kernel) => kernel.operands.iter().for_each(|o| visit(o.value)),
            Operation::Contract(pair) => {
                visit(pair.left.0);
                visit(pair.right.0);
            }
            Operation::Assemble(base, parts) => base.iter().copied().chain(parts.iter().map(|p| p.value)).for_each(visit),
            Operation::Solve(solve) => {
                visit(solve.factor);
                visit(solve.right);
            }
            Operation::Sum(a, _)
            | Operation::Slice(a, _)
            | Operation::Reshape(a)
            | Operation::Factorise(_, a)
            | Operation::Inverse(_, a)
            | Operation::Determinant(_, a)
            | Operation::LogDeterminant(_, a)
            | Operation::Function(_, a) => visit(*a),
            Operation::Apply(_, arguments) | Operation::Operator(_, arguments) => arguments.iter().copied().for_each(visit),
        }
    }
}

impl Kernel {
    /// The operand, if the kernel only looks at its entries in another order.
    pub fn as_view(&self) -> Option<&Operand> {
        matches!(self.entry, Entry::Operand(_)).then(|| self.operands.first()).flatten()
    }
}
