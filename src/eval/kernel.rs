//! Elementwise kernels: all operations of a chain on one block of entries after another, so that no intermediate array is
//! written to memory.

use super::dense::{Dense, Lengths, row_major};
use super::functions::power;
use super::sizes::Sizes;
use crate::error::{Error, Result};
use crate::function::Map2;
use crate::number::Number;
use crate::program::{Entry, Kernel};

/// How many entries are computed at once: a few such blocks fit into the first cache.
const BLOCK: usize = 512;

/// One operation on the blocks of a stack.
enum Code {
    Load(usize),
    Fill(f64),
    /// 1 where the place along the first axis is not before that along the second.
    Triangle(usize, usize),
    Add,
    Multiply,
    Divide,
    /// The top times a number.
    Scale(f64),
    /// Adds the top times a number to what is below it.
    AddScaled(f64),
    Square,
    Root,
    Reciprocal,
    Power(f64),
    Map(fn(f64) -> f64),
    Map2(Map2),
}

/// A kernel made ready for given sizes.
pub(super) struct Compiled {
    code: Vec<Code>,
    depth: usize,
}

impl Compiled {
    pub fn new(kernel: &Kernel, sizes: &Sizes) -> Result<Compiled> {
        let mut compiled = Compiled { code: Vec::new(), depth: 0 };
        compiled.entry(&kernel.entry, sizes, 1)?;
        Ok(compiled)
    }

    /// Code that leaves the entry on top of a stack that then has that height.
    fn entry(&mut self, entry: &Entry, sizes: &Sizes, height: usize) -> Result<()> {
        self.depth = self.depth.max(height);
        if let Some(x) = constant(entry, sizes)? {
            self.code.push(Code::Fill(x));
            return Ok(());
        }
        match entry {
            Entry::Operand(at) => self.code.push(Code::Load(*at)),
            Entry::Number(n) => self.code.push(Code::Fill(n.to_f64())),
            Entry::Constant(c) => self.code.push(Code::Fill(c.value())),
            Entry::Size(d) => self.code.push(Code::Fill(sizes.of(*d)? as f64)),
            Entry::Triangle(a, b) => self.code.push(Code::Triangle(*a, *b)),
            Entry::Sum(terms) => self.sum(terms, sizes, height)?,
            Entry::Product(factors) => self.product(factors, sizes, height)?,
            Entry::Power(a, p) => {
                self.entry(a, sizes, height)?;
                self.code.push(match p.as_ratio() {
                    Some((2, 1)) => Code::Square,
                    Some((1, 2)) => Code::Root,
                    Some((-1, 1)) => Code::Reciprocal,
                    _ => Code::Power(p.to_f64()),
                });
            }
            Entry::Map(f, a) => {
                self.entry(a, sizes, height)?;
                self.code.push(Code::Map(f.row().value));
            }
            Entry::Map2(f, a, b) => {
                self.entry(a, sizes, height)?;
                self.entry(b, sizes, height + 1)?;
                self.code.push(Code::Map2(*f));
            }
            Entry::Apply(..) => return Err(Error::unsupported("the value of a declared function of each entry in one pass")),
        }
        Ok(())
    }

    fn sum(&mut self, terms: &[(Number, Entry)], sizes: &Sizes, height: usize) -> Result<()> {
        for (at, (n, term)) in terms.iter().enumerate() {
            self.entry(term, sizes, height + usize::from(at > 0))?;
            self.code.push(match (at, n.to_f64()) {
                (0, 1.0) => continue,
                (0, c) => Code::Scale(c),
                (_, 1.0) => Code::Add,
                (_, c) => Code::AddScaled(c),
            });
        }
        Ok(())
    }

    /// Constant factors at once, divisions as such.
    fn product(&mut self, factors: &[Entry], sizes: &Sizes, height: usize) -> Result<()> {
        let mut coefficient = 1.0;
        let mut started = false;
        let (mut below, mut above) = (Vec::new(), Vec::new());
        for factor in factors {
            match (constant(factor, sizes)?, factor) {
                (Some(x), _) => coefficient *= x,
                (None, Entry::Power(a, p)) if *p == Number::MINUS_ONE => below.push(&**a),
                (None, other) => above.push(other),
            }
        }
        for factor in above {
            self.entry(factor, sizes, height + usize::from(started))?;
            if started {
                self.code.push(Code::Multiply);
            }
            started = true;
        }
        if !started {
            self.code.push(Code::Fill(coefficient));
        } else if coefficient != 1.0 {
            self.code.push(Code::Scale(coefficient));
        }
        for factor in below {
            self.entry(factor, sizes, height + 1)?;
            self.code.push(Code::Divide);
        }
        Ok(())
    }

    /// The entries of all places, in row-major order.
    pub fn run(&self, operands: &[Dense], lengths: &[usize]) -> Vec<f64> {
        let loops = Loops::new(operands, lengths, self.code.iter().any(|c| matches!(c, Code::Triangle(..))));
        let mut out = vec![0.0; lengths.iter().product()];
        let mut stack = vec![[0.0; BLOCK]; self.depth.saturating_sub(1)];
        loops.for_each_block(|at, place| {
            let (start, len) = (place.start, place.len);
            self.block(operands, at, &place, &mut out[start..start + len], &mut stack);
        });
        out
    }

    /// One block: the lowest place of the stack is the output itself.
    fn block(&self, operands: &[Dense], offsets: &[usize], place: &Block, out: &mut [f64], stack: &mut [[f64; BLOCK]]) {
        let len = place.len;
        let mut top = 0usize;
        for code in &self.code {
            // A stack of height h has its top in stack[h - 2], or in the output.
            match code {
                Code::Load(k) => {
                    let to = push(out, stack, &mut top, len);
                    load(operands[*k].data(), offsets[*k], place.strides[*k], to);
                }
                Code::Fill(x) => push(out, stack, &mut top, len).fill(*x),
                Code::Triangle(a, b) => {
                    let to = push(out, stack, &mut top, len);
                    let (i, j) = (place.places[*a], place.places[*b]);
                    let (s, t) = (place.moves(*a), place.moves(*b));
                    to.iter_mut().enumerate().for_each(|(k, x)| *x = f64::from(u8::from(i + s * k >= j + t * k)));
                }
                Code::Add => pop(out, stack, &mut top, len, |x, y| x + y),
                Code::Multiply => pop(out, stack, &mut top, len, |x, y| x * y),
                Code::Divide => pop(out, stack, &mut top, len, |x, y| x / y),
                Code::AddScaled(c) => pop(out, stack, &mut top, len, |x, y| x + c * y),
                Code::Map2(f) => pop(out, stack, &mut top, len, |x, y| f.value(x, y)),
                Code::Scale(c) => peek(out, stack, top, len).iter_mut().for_each(|x| *x *= c),
                Code::Square => peek(out, stack, top, len).iter_mut().for_each(|x| *x *= *x),
                Code::Root => peek(out, stack, top, len).iter_mut().for_each(|x| *x = x.sqrt()),
                Code::Reciprocal => peek(out, stack, top, len).iter_mut().for_each(|x| *x = 1.0 / *x),
                Code::Power(p) => peek(out, stack, top, len).iter_mut().for_each(|x| *x = power(*x, *p)),
                Code::Map(f) => peek(out, stack, top, len).iter_mut().for_each(|x| *x = f(*x)),
            }
        }
    }
}

/// The value of an entry that no operand changes.
fn constant(entry: &Entry, sizes: &Sizes) -> Result<Option<f64>> {
    let all = |entries: &[Entry], start: f64, f: fn(f64, f64) -> f64| {
        entries.iter().try_fold(Some(start), |so_far, e| Ok(so_far.zip(constant(e, sizes)?).map(|(x, y)| f(x, y))))
    };
    Ok(match entry {
        Entry::Number(n) => Some(n.to_f64()),
        Entry::Constant(c) => Some(c.value()),
        Entry::Size(d) => Some(sizes.of(*d)? as f64),
        Entry::Operand(_) | Entry::Triangle(..) | Entry::Apply(..) => None,
        Entry::Sum(terms) => terms
            .iter()
            .try_fold(Some(0.0), |so_far, (n, e)| Ok::<_, Error>(so_far.zip(constant(e, sizes)?).map(|(x, y)| x + n.to_f64() * y)))?,
        Entry::Product(factors) => all(factors, 1.0, |x, y| x * y)?,
        Entry::Power(a, p) => constant(a, sizes)?.map(|x| power(x, p.to_f64())),
        Entry::Map(f, a) => constant(a, sizes)?.map(f.row().value),
        Entry::Map2(f, a, b) => constant(a, sizes)?.zip(constant(b, sizes)?).map(|(x, y)| f.value(x, y)),
    })
}

fn push<'a>(out: &'a mut [f64], stack: &'a mut [[f64; BLOCK]], top: &mut usize, len: usize) -> &'a mut [f64] {
    *top += 1;
    peek(out, stack, *top, len)
}

fn peek<'a>(out: &'a mut [f64], stack: &'a mut [[f64; BLOCK]], top: usize, len: usize) -> &'a mut [f64] {
    if top <= 1 { &mut out[..len] } else { &mut stack[top - 2][..len] }
}

/// The two topmost blocks become one.
fn pop(out: &mut [f64], stack: &mut [[f64; BLOCK]], top: &mut usize, len: usize, f: impl Fn(f64, f64) -> f64) {
    let (low, high) = stack.split_at_mut((*top).saturating_sub(2));
    let below = match low.last_mut() {
        Some(below) if *top > 2 => &mut below[..len],
        _ => &mut out[..len],
    };
    if let Some(above) = high.first() {
        below.iter_mut().zip(&above[..len]).for_each(|(x, y)| *x = f(*x, *y));
    }
    *top -= 1;
}

fn load(data: &[f64], offset: usize, stride: usize, to: &mut [f64]) {
    match stride {
        0 => to.fill(data[offset]),
        1 => to.copy_from_slice(&data[offset..offset + to.len()]),
        s => to.iter_mut().zip(data[offset..].iter().step_by(s)).for_each(|(x, y)| *x = *y),
    }
}

/// The loops over the places of a result: neighbouring axes along which everything lies evenly are one.
struct Loops {
    lengths: Lengths,
    /// For each operand its stride along each loop.
    strides: Vec<Lengths>,
}

/// A run of places along the innermost loop.
pub(super) struct Block<'a> {
    /// The number of the first place, in row-major order.
    pub start: usize,
    pub len: usize,
    /// The stride of each operand.
    strides: &'a [usize],
    /// The place along each loop.
    places: &'a [usize],
}

impl Block<'_> {
    /// How far the place along an axis moves with the block.
    fn moves(&self, axis: usize) -> usize {
        usize::from(axis + 1 == self.places.len())
    }
}

impl Loops {
    fn new(operands: &[Dense], lengths: &[usize], places_matter: bool) -> Loops {
        let mut loops = Loops { lengths: Lengths::new(), strides: vec![Lengths::new(); operands.len()] };
        for (at, n) in lengths.iter().enumerate() {
            let merges = !places_matter
                && !loops.lengths.is_empty()
                && operands.iter().zip(&loops.strides).all(|(o, s)| s.last().is_some_and(|s| *s == o.strides[at] * n));
            if merges {
                if let Some(last) = loops.lengths.last_mut() {
                    *last *= n;
                }
                loops.strides.iter_mut().zip(operands).for_each(|(s, o)| {
                    if let Some(last) = s.last_mut() {
                        *last = o.strides[at];
                    }
                });
            } else {
                loops.lengths.push(*n);
                loops.strides.iter_mut().zip(operands).for_each(|(s, o)| s.push(o.strides[at]));
            }
        }
        if loops.lengths.is_empty() {
            loops.lengths.push(1);
            loops.strides.iter_mut().for_each(|s| s.push(0));
        }
        loops
    }

    /// Visits runs of places in row-major order, with the place of each operand in its memory.
    fn for_each_block(&self, mut visit: impl FnMut(&[usize], Block)) {
        let Some((inner, outer)) = self.lengths.split_last() else { return };
        if self.lengths.contains(&0) {
            return;
        }
        let steps = row_major(outer);
        let rows: usize = outer.iter().product();
        let strides: Vec<usize> = self.strides.iter().filter_map(|s| s.last().copied()).collect();
        let mut places = vec![0; self.lengths.len()];
        let mut offsets = vec![0; self.strides.len()];
        for row in 0..rows {
            for (at, (n, step)) in outer.iter().zip(&steps).enumerate() {
                places[at] = row / step % n;
            }
            let mut done = 0;
            while done < *inner {
                let len = BLOCK.min(inner - done);
                places[outer.len()] = done;
                for (offset, s) in offsets.iter_mut().zip(&self.strides) {
                    *offset = places.iter().zip(s).map(|(p, s)| p * s).sum();
                }
                visit(&offsets, Block { start: row * inner + done, len, strides: &strides, places: &places });
                done += len;
            }
        }
    }
}
