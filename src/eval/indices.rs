//! Index notation: values whose leading axes are named indices.

use super::functions::{internal, reshaped};
use super::sizes::check_entries;
use crate::dim::Symbol;
use crate::error::{Error, ErrorKind, Result};
use indexmap::IndexMap;
use ndarray::{ArrayD, ArrayViewD, Axis, IxDyn, Slice};

/// A subscript whose numbers are known, counted from 0; a range is without its end.
#[derive(Clone, Debug)]
pub(super) enum Place {
    Index(Symbol),
    At(usize),
    Range(usize, usize),
    All,
}

/// A value with a leading axis for each of `free`.
pub(super) struct Indexed<'a> {
    pub value: &'a ArrayD<f64>,
    pub free: Vec<Symbol>,
}

impl Indexed<'_> {
    /// The part at these places of the free indices.
    pub(super) fn at(&self, places: &IndexMap<Symbol, usize>) -> Result<ArrayViewD<'_, f64>> {
        let mut view = self.value.view();
        for index in &self.free {
            let place = places.get(index).ok_or_else(|| internal(format!("the index {index} has no value")))?;
            view = view.index_axis_move(Axis(0), *place);
        }
        Ok(view)
    }
}

/// The lengths of free and summed indices.
#[derive(Default)]
pub(super) struct Ranges {
    pub free: IndexMap<Symbol, usize>,
    pub summed: IndexMap<Symbol, usize>,
}

impl Ranges {
    /// Notes an index; those that are not free in the result are summed.
    pub(super) fn note(&mut self, index: Symbol, length: usize) -> Result<()> {
        let known = self.free.get(&index).copied().unwrap_or_else(|| *self.summed.entry(index).or_insert(length));
        if known == length {
            return Ok(());
        }
        Err(Error::new(ErrorKind::Shape, format!("the index {index} runs to {known} and to {length}")))
    }

    /// The array whose leading axes are the free indices: at each place of these, the sum of `part` over the others.
    pub(super) fn collect(
        &self,
        inner: &[usize],
        mut part: impl FnMut(&IndexMap<Symbol, usize>) -> Result<ArrayD<f64>>,
    ) -> Result<ArrayD<f64>> {
        let mut lengths: Vec<usize> = self.free.values().copied().collect();
        let outer: usize = lengths.iter().product();
        let summed: Vec<usize> = self.summed.values().copied().collect();
        check_entries(&[lengths.clone(), summed.clone()].concat())?;
        lengths.extend_from_slice(inner);
        check_entries(&lengths)?;
        let mut all = ArrayD::zeros(IxDyn(&[&[outer], inner].concat()));
        let mut places: IndexMap<Symbol, usize> = self.free.keys().chain(self.summed.keys()).map(|s| (*s, 0)).collect();
        for at in 0..outer {
            set(&mut places, &self.free, at);
            for inside in 0..summed.iter().product() {
                set(&mut places, &self.summed, inside);
                let mut to = all.index_axis_mut(Axis(0), at);
                to += &reshaped(part(&places)?, inner)?;
            }
        }
        reshaped(all, &lengths)
    }
}

impl Indexed<'_> {
    /// A value of order 0 repeated along all indices of `ranges`, the free ones first.
    fn aligned(&self, ranges: &Ranges) -> Result<ArrayViewD<'_, f64>> {
        let all: Vec<(&Symbol, &usize)> = ranges.free.iter().chain(&ranges.summed).collect();
        let order: Vec<usize> = all.iter().filter_map(|(index, _)| self.free.iter().position(|f| f == *index)).collect();
        if order.len() != self.value.ndim() {
            return Err(internal("an index of a scalar is not in scope"));
        }
        let mut view = self.value.view().permuted_axes(IxDyn(&order));
        for (axis, (index, _)) in all.iter().enumerate() {
            if !self.free.contains(index) {
                view = view.insert_axis(Axis(axis));
            }
        }
        Ok(view)
    }
}

/// An elementwise operation on values of order 0, for all places at once; it folds from the first to the last.
pub(super) fn scalars(values: &[Indexed], ranges: &Ranges, f: impl Fn(f64, f64) -> f64) -> Result<ArrayD<f64>> {
    let lengths: Vec<usize> = ranges.free.values().chain(ranges.summed.values()).copied().collect();
    check_entries(&lengths)?;
    let whole = IxDyn(&lengths);
    let mut result: Option<ArrayD<f64>> = None;
    for value in values {
        let aligned = value.aligned(ranges)?;
        let aligned = aligned.broadcast(whole.clone()).ok_or_else(|| internal("indices of different lengths"))?;
        match &mut result {
            None => result = Some(aligned.to_owned()),
            Some(result) => result.zip_mut_with(&aligned, |x, y| *x = f(*x, *y)),
        }
    }
    let mut result = result.ok_or_else(|| internal("an operation without operands"))?;
    for axis in (ranges.free.len()..lengths.len()).rev() {
        result = result.sum_axis(Axis(axis));
    }
    Ok(result)
}

/// The places of the `at`-th assignment, the last index running fastest.
fn set(places: &mut IndexMap<Symbol, usize>, ranges: &IndexMap<Symbol, usize>, mut at: usize) {
    for (index, length) in ranges.iter().rev() {
        places.insert(*index, at % length);
        at /= length;
    }
}

/// The part of an array that the subscripts choose, one for each axis.
pub(super) fn choose(view: ArrayViewD<f64>, subscripts: &[Place], places: &IndexMap<Symbol, usize>) -> Result<ArrayD<f64>> {
    if view.ndim() != subscripts.len() {
        return Err(Error::new(ErrorKind::Shape, format!("{} subscripts for {} axes", subscripts.len(), view.ndim())));
    }
    let mut view = view;
    for (axis, subscript) in subscripts.iter().enumerate().rev() {
        let length = view.len_of(Axis(axis));
        let inside = |at: usize| {
            let message = || format!("the subscript {} is beyond the length {length}", at + 1);
            if at < length { Ok(at) } else { Err(Error::new(ErrorKind::Shape, message())) }
        };
        match subscript {
            Place::All => {}
            Place::At(at) => view = view.index_axis_move(Axis(axis), inside(*at)?),
            Place::Index(index) => {
                let at = places.get(index).ok_or_else(|| internal(format!("the index {index} has no value")))?;
                view = view.index_axis_move(Axis(axis), inside(*at)?);
            }
            Place::Range(from, to) => {
                if from < to {
                    inside(to - 1)?;
                }
                view.slice_axis_inplace(Axis(axis), Slice::from(*from..(*to).max(*from)));
            }
        }
    }
    Ok(view.to_owned())
}
