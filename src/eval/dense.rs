//! Strided arrays over shared or borrowed memory: transposes, diagonals, parts and repetitions cost nothing.

use super::functions::internal;
use super::memory::{Buffer, empty};
use crate::error::Result;
use ndarray::{ArrayD, ArrayViewD, IxDyn, ShapeBuilder};
use smallvec::{SmallVec, smallvec};
use std::sync::Arc;

pub(super) type Lengths = SmallVec<[usize; 4]>;

#[derive(Clone)]
enum Data<'a> {
    Borrowed(&'a [f64]),
    Shared(Arc<Buffer>),
}

/// The entry at places i, j, … is `data[offset + i*strides[0] + j*strides[1] + …]`.
#[derive(Clone)]
pub(super) struct Dense<'a> {
    data: Data<'a>,
    offset: usize,
    pub shape: Lengths,
    pub strides: Lengths,
}

/// The strides of a row-major array.
pub(super) fn row_major(shape: &[usize]) -> Lengths {
    let mut strides: Lengths = smallvec![1; shape.len()];
    for at in (1..shape.len()).rev() {
        strides[at - 1] = strides[at] * shape[at].max(1);
    }
    strides
}

impl<'a> Dense<'a> {
    pub fn new(data: Vec<f64>, shape: &[usize]) -> Dense<'a> {
        Dense { data: Data::Shared(Arc::new(Buffer::new(data))), offset: 0, shape: shape.into(), strides: row_major(shape) }
    }

    /// The entries of an array, without a copy if they lie in its order without gaps.
    pub fn of(array: &'a ArrayD<f64>) -> Dense<'a> {
        let strides: Option<Lengths> = array.strides().iter().map(|s| usize::try_from(*s).ok()).collect();
        match (array.as_slice_memory_order(), strides) {
            (Some(data), Some(strides)) => Dense { data: Data::Borrowed(data), offset: 0, shape: array.shape().into(), strides },
            _ => Dense::new(array.iter().copied().collect(), array.shape()),
        }
    }

    pub fn len(&self) -> usize {
        self.shape.iter().product()
    }

    /// All entries, in the order of memory, from the first one on.
    pub fn data(&self) -> &[f64] {
        let all: &[f64] = match &self.data {
            Data::Borrowed(data) => data,
            Data::Shared(data) => data,
        };
        all.get(self.offset..).unwrap_or_default()
    }

    pub fn is_row_major(&self) -> bool {
        let expected = row_major(&self.shape);
        self.shape.iter().zip(&self.strides).zip(&expected).all(|((n, s), e)| *n == 1 || s == e)
    }

    /// The entries in row-major order, where they lie so.
    pub fn slice(&self) -> Option<&[f64]> {
        if self.is_row_major() { self.data().get(..self.len()) } else { None }
    }

    /// Row-major, copied if it is not.
    pub fn contiguous(&self) -> Dense<'a> {
        if self.is_row_major() { self.clone() } else { Dense::new(self.to_vec(), &self.shape) }
    }

    /// The entries in row-major order.
    pub fn to_vec(&self) -> Vec<f64> {
        if let Some(slice) = self.slice() {
            let mut entries = empty(slice.len());
            entries.extend_from_slice(slice);
            return entries;
        }
        let mut entries = empty(self.len());
        if self.len() > 0 {
            self.copy(0, 0, &mut entries);
        }
        entries
    }

    /// Appends the entries from some axis on, in row-major order. Recursion is as deep as there are axes.
    fn copy(&self, axis: usize, offset: usize, to: &mut Vec<f64>) {
        let data = self.data();
        match (self.shape.get(axis), self.strides.get(axis)) {
            (Some(n), Some(1)) if axis + 1 == self.shape.len() => to.extend_from_slice(&data[offset..offset + n]),
            (Some(n), Some(s)) if axis + 1 == self.shape.len() => to.extend((0..*n).map(|k| data[offset + k * s])),
            (Some(n), Some(s)) => (0..*n).for_each(|k| self.copy(axis + 1, offset + k * s, to)),
            _ => to.extend(data.get(offset)),
        }
    }

    pub fn view(&self) -> Result<ArrayViewD<'_, f64>> {
        let shape = IxDyn(&self.shape).strides(IxDyn(&self.strides));
        ArrayViewD::from_shape(shape, self.data()).map_err(internal)
    }

    pub fn to_array(&self) -> Result<ArrayD<f64>> {
        ArrayD::from_shape_vec(IxDyn(&self.shape), self.to_vec()).map_err(internal)
    }

    /// The array itself, without a copy if nothing else has its memory and it lies there without gaps.
    pub fn into_array(self) -> Result<ArrayD<f64>> {
        let mut order: Vec<usize> = (0..self.shape.len()).collect();
        order.sort_by_key(|at| std::cmp::Reverse(self.strides[*at]));
        let (shape, strides) = (self.shape.clone(), self.strides.clone());
        let sorted = self.permuted(&order);
        let even = sorted.strides.iter().zip(&row_major(&sorted.shape)).all(|(s, t)| s == t);
        if !even {
            return self.to_array();
        }
        drop(sorted);
        ArrayD::from_shape_vec(IxDyn(&shape).strides(IxDyn(&strides)), self.into_memory()).map_err(internal)
    }

    /// Its memory, from its first entry on to its last one.
    fn into_memory(self) -> Vec<f64> {
        let len = self.len();
        match self.data {
            Data::Shared(data) if self.offset == 0 && data.len() == len => {
                Arc::try_unwrap(data).map_or_else(|shared| shared.to_vec(), Buffer::into_vec)
            }
            data => Dense { data, ..self }.data()[..len].to_vec(),
        }
    }

    /// The entries in row-major order, in its own memory where nothing else has that.
    pub fn into_vec(self) -> Vec<f64> {
        if self.is_row_major() { self.into_memory() } else { self.to_vec() }
    }

    /// Axes chosen from those of this one, which may be repeated (a diagonal); a length without an axis repeats the value.
    pub fn along(&self, axes: &[usize], lengths: &[usize]) -> Dense<'a> {
        let mut strides: Lengths = smallvec![0; lengths.len()];
        for (own, at) in axes.iter().enumerate() {
            strides[*at] += self.strides[own];
        }
        Dense { data: self.data.clone(), offset: self.offset, shape: lengths.into(), strides }
    }

    /// An axis of one place made longer: the value is repeated along it.
    pub fn repeated(mut self, axis: usize, length: usize) -> Dense<'a> {
        self.shape[axis] = length;
        self.strides[axis] = 0;
        self
    }

    /// Without the axes along which it is repeated, and which axes these were.
    pub fn without_repetition(&self) -> (Dense<'a>, Vec<usize>) {
        let repeated: Vec<usize> = (0..self.shape.len()).filter(|at| self.strides[*at] == 0 && self.shape[*at] > 1).collect();
        let once = repeated.iter().rev().fold(self.clone(), |value, axis| value.place(*axis, 0));
        (once, repeated)
    }

    /// The axes in another order: the new first one is `order[0]`.
    pub fn permuted(&self, order: &[usize]) -> Dense<'a> {
        let pick = |of: &Lengths| order.iter().map(|at| of[*at]).collect();
        Dense { data: self.data.clone(), offset: self.offset, shape: pick(&self.shape), strides: pick(&self.strides) }
    }

    /// A run of places along an axis.
    pub fn run(mut self, axis: usize, from: usize, length: usize) -> Dense<'a> {
        self.offset += from * self.strides[axis];
        self.shape[axis] = length;
        self
    }

    /// One place along an axis, which goes.
    pub fn place(mut self, axis: usize, at: usize) -> Dense<'a> {
        self.offset += at * self.strides[axis];
        self.shape.remove(axis);
        self.strides.remove(axis);
        self
    }

    /// The same entries in row-major order under other lengths.
    pub fn reshaped(&self, lengths: &[usize]) -> Dense<'a> {
        let mut whole = self.contiguous();
        whole.shape = lengths.into();
        whole.strides = row_major(lengths);
        whole
    }
}
