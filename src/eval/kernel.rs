//! Elementwise kernels: all operations of a chain on one block of entries after another, so that no intermediate array is
//! written to memory.

use super::dense::{Dense, Lengths, row_major};
use super::functions::power;
use super::memory::{unwritten, zeros};
use super::sizes::Sizes;
use super::vectors::total;
use crate::error::{Error, Result};
use crate::function::{Map, Map2};
use crate::number::Number;
use crate::program::{Entry, Kernel};
use smallvec::smallvec;

/// How many entries are computed at once: a few such blocks fit into the first cache. A copy of 4 KiB, twice as much, is one
/// instruction in some C libraries, and a slow one where source and target begin alike in their pages.
const BLOCK: usize = 256;

/// One operation on the blocks of a stack.
enum Code {
    Load(usize),
    Fill(f64),
    /// 1 where the place along the first axis is not before that along the second.
    Triangle(usize, usize),
    Join(Join, Source),
    /// The top times a number.
    Scale(f64),
    /// A number more.
    Shift(f64),
    Square,
    Root,
    Reciprocal,
    Power(f64),
    Absolute,
    Relu,
    Step,
    Map(fn(f64) -> f64),
}

/// What is joined: operands need not be copied to the stack for that.
#[derive(Clone, Copy)]
enum Source {
    /// The two topmost blocks become one.
    Stack,
    /// The top and the block of an operand.
    Operand(usize),
    /// The blocks of two operands.
    Operands(usize, usize),
}

/// What is made of an entry and of the one above it on the stack.
#[derive(Clone, Copy)]
enum Join {
    Add,
    Subtract,
    Multiply,
    Divide,
    /// Adds the upper one times a number.
    AddScaled(f64),
    Map2(Map2),
}

/// A kernel made ready for given sizes.
pub(super) struct Compiled {
    code: Vec<Code>,
    depth: usize,
    /// Whether it needs to know where an entry stands.
    places_matter: bool,
}

impl Compiled {
    /// # Errors
    /// `Unsupported` for a declared function: its values must be operands.
    pub fn new(kernel: &Kernel, sizes: &Sizes) -> Result<Compiled> {
        let mut compiled = Compiled { code: Vec::new(), depth: 0, places_matter: false };
        compiled.entry(&kernel.entry, sizes, 1)?;
        compiled.places_matter = compiled.code.iter().any(|c| matches!(c, Code::Triangle(..)));
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
                self.code.push(power_code(p));
            }
            Entry::Map(f, a) => {
                self.entry(a, sizes, height)?;
                self.code.push(map_code(*f));
            }
            Entry::Map2(f, a, b) => {
                self.entry(a, sizes, height)?;
                self.entry(b, sizes, height + 1)?;
                self.join(Join::Map2(*f));
            }
            Entry::Apply(..) => return Err(Error::unsupported("the value of a declared function of each entry in one pass")),
        }
        Ok(())
    }

    /// Joins the two topmost blocks.
    fn join(&mut self, how: Join) {
        let second = self.loaded();
        let first = if second.is_some() { self.loaded() } else { None };
        let source = match (first, second) {
            (Some(j), Some(k)) => Source::Operands(j, k),
            (None, Some(k)) => Source::Operand(k),
            (_, None) => Source::Stack,
        };
        self.code.push(Code::Join(how, source));
    }

    /// The operand that the last code copied to the stack: it need not.
    fn loaded(&mut self) -> Option<usize> {
        match self.code.pop_if(|code| matches!(code, Code::Load(_))) {
            Some(Code::Load(k)) => Some(k),
            _ => None,
        }
    }

    /// The positive terms first, since they need no change of sign; numbers last.
    fn sum(&mut self, terms: &[(Number, Entry)], sizes: &Sizes, height: usize) -> Result<()> {
        let mut shift = 0.0;
        let mut varying: Vec<(f64, &Entry)> = Vec::with_capacity(terms.len());
        for (n, term) in terms {
            match constant(term, sizes)? {
                Some(x) => shift += n.to_f64() * x,
                None => varying.push((n.to_f64(), term)),
            }
        }
        varying.sort_by_key(|(c, _)| *c != 1.0);
        for (at, (c, term)) in varying.iter().enumerate() {
            self.entry(term, sizes, height + usize::from(at > 0))?;
            match (at, *c) {
                (0, 1.0) => {}
                (0, c) => self.code.push(Code::Scale(c)),
                (_, 1.0) => self.join(Join::Add),
                (_, -1.0) => self.join(Join::Subtract),
                (_, c) => self.join(Join::AddScaled(c)),
            }
        }
        if shift != 0.0 {
            self.code.push(Code::Shift(shift));
        }
        Ok(())
    }

    /// Constant factors at once, divisions as such.
    fn product(&mut self, factors: &[Entry], sizes: &Sizes, height: usize) -> Result<()> {
        let mut coefficient = 1.0;
        let (mut below, mut above) = (Vec::new(), Vec::new());
        for factor in factors {
            match (constant(factor, sizes)?, factor) {
                (Some(x), _) => coefficient *= x,
                (None, Entry::Power(a, p)) if *p == Number::MINUS_ONE => below.push(&**a),
                (None, other) => above.push(other),
            }
        }
        for (at, factor) in above.iter().enumerate() {
            self.entry(factor, sizes, height + usize::from(at > 0))?;
            if at > 0 {
                self.join(Join::Multiply);
            }
        }
        if above.is_empty() {
            self.code.push(Code::Fill(coefficient));
        } else if coefficient != 1.0 {
            self.code.push(Code::Scale(coefficient));
        }
        for factor in below {
            self.entry(factor, sizes, height + 1)?;
            self.join(Join::Divide);
        }
        Ok(())
    }

    /// The entries at all places, summed over the axes `over`. The operands run along all axes; where none of them changes along
    /// an axis, neither does the result, of which only one place is computed.
    pub fn run<'a>(&self, operands: &[Dense], lengths: &[usize], over: &[usize]) -> Dense<'a> {
        let changes = |at: usize| self.places_matter || over.contains(&at) || operands.iter().any(|o| o.strides[at] != 0);
        let repeated: Vec<usize> = (0..lengths.len()).filter(|at| lengths[*at] > 1 && !changes(*at)).collect();
        if repeated.is_empty() {
            return self.all(operands, lengths, over);
        }
        let once: Lengths = (0..lengths.len()).map(|at| if repeated.contains(&at) { 1 } else { lengths[at] }).collect();
        let kept: Vec<usize> = (0..lengths.len()).filter(|at| !over.contains(at)).collect();
        let mut result = self.all(operands, &once, over);
        for (own, at) in kept.iter().enumerate().filter(|(_, at)| repeated.contains(at)) {
            result = result.repeated(own, lengths[*at]);
        }
        result
    }

    fn all<'a>(&self, operands: &[Dense], lengths: &[usize], over: &[usize]) -> Dense<'a> {
        let order = if self.places_matter { (0..lengths.len()).collect() } else { loop_order(operands, lengths) };
        let kept: Vec<usize> = order.iter().copied().filter(|at| !over.contains(at)).collect();
        let shape: Lengths = kept.iter().map(|at| lengths[*at]).collect();
        let own = row_major(&shape);
        let mut strides: Lengths = smallvec![0; lengths.len()];
        kept.iter().zip(&own).for_each(|(at, s)| strides[*at] = *s);
        let entries = shape.iter().product();
        let mut out = if over.is_empty() { unwritten(entries) } else { zeros(entries) };
        let loops = Loops::new(operands, &order, lengths, &strides, self.places_matter);
        pulp::Arch::new().dispatch(Fill { kernel: self, operands, loops: &loops, summed: !over.is_empty(), out: &mut out });
        // The axes in their own order again.
        let mut back: Vec<usize> = (0..kept.len()).collect();
        back.sort_by_key(|k| kept[*k]);
        Dense::new(out, &shape).permuted(&back)
    }

    /// One block: the lowest place of the stack is the output itself.
    #[inline(always)]
    fn block(&self, operands: &[Dense], block: &Block, out: &mut [f64], stack: &mut [[f64; BLOCK]]) {
        let len = block.len;
        let mut top = 0usize;
        for code in &self.code {
            match code {
                Code::Load(k) => load(operands[*k].data(), block.offsets[*k], block.strides[*k], push(out, stack, &mut top, len)),
                Code::Fill(x) => push(out, stack, &mut top, len).fill(*x),
                Code::Triangle(a, b) => {
                    let to = push(out, stack, &mut top, len);
                    let (i, j) = (block.places[*a], block.places[*b]);
                    let (s, t) = (block.moves(*a), block.moves(*b));
                    to.iter_mut().enumerate().for_each(|(k, x)| *x = f64::from(u8::from(i + s * k >= j + t * k)));
                }
                Code::Join(how, source) => {
                    let block_of = |k: usize| (&operands[k].data()[block.offsets[k]..], block.strides[k]);
                    let from = match *source {
                        Source::Stack => Joined::Stack,
                        Source::Operand(k) => Joined::Operand(block_of(k)),
                        Source::Operands(j, k) => Joined::Operands(block_of(j), block_of(k)),
                    };
                    match how {
                        Join::Add => join(from, out, stack, &mut top, len, |x, y| x + y),
                        Join::Subtract => join(from, out, stack, &mut top, len, |x, y| x - y),
                        Join::Multiply => join(from, out, stack, &mut top, len, |x, y| x * y),
                        Join::Divide => join(from, out, stack, &mut top, len, |x, y| x / y),
                        Join::AddScaled(c) => join(from, out, stack, &mut top, len, |x, y| x + c * y),
                        Join::Map2(f) => join(from, out, stack, &mut top, len, |x, y| f.value(x, y)),
                    }
                }
                Code::Scale(c) => each(out, stack, top, len, |x| x * c),
                Code::Shift(c) => each(out, stack, top, len, |x| x + c),
                Code::Square => each(out, stack, top, len, |x| x * x),
                Code::Root => each(out, stack, top, len, f64::sqrt),
                Code::Reciprocal => each(out, stack, top, len, |x| 1.0 / x),
                Code::Power(p) => each(out, stack, top, len, |x| power(x, *p)),
                Code::Absolute => each(out, stack, top, len, f64::abs),
                Code::Relu => each(out, stack, top, len, |x| x.max(0.0)),
                Code::Step => each(out, stack, top, len, |x| if x > 0.0 { 1.0 } else { 0.0 }),
                Code::Map(f) => each(out, stack, top, len, f),
            }
        }
    }
}

/// All blocks of a kernel. What is called in it is inlined, so that it is compiled for the vectors of the machine.
struct Fill<'k> {
    kernel: &'k Compiled,
    operands: &'k [Dense<'k>],
    loops: &'k Loops,
    summed: bool,
    out: &'k mut [f64],
}

impl pulp::WithSimd for Fill<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) {
        let Fill { kernel, operands, loops, summed, out } = self;
        let mut stack = vec![[0.0; BLOCK]; kernel.depth.saturating_sub(1)];
        let mut scratch = [0.0; BLOCK];
        let mut cursor = Cursor::new(loops);
        while let Some(block) = cursor.block(loops) {
            let (to, len) = (block.out, block.len);
            if !summed {
                kernel.block(operands, &block, &mut out[to..to + len], &mut stack);
            } else {
                let values = &mut scratch[..len];
                kernel.block(operands, &block, values, &mut stack);
                match block.out_stride {
                    0 => out[to] += total(values),
                    _ => out[to..to + len].iter_mut().zip(values).for_each(|(x, y)| *x += *y),
                }
            }
            cursor.advance(loops, len);
        }
    }
}

fn power_code(p: &Number) -> Code {
    match p.as_ratio() {
        Some((2, 1)) => Code::Square,
        Some((1, 2)) => Code::Root,
        Some((-1, 1)) => Code::Reciprocal,
        _ => Code::Power(p.to_f64()),
    }
}

/// What has instructions of its own is done so; the others are calls.
fn map_code(f: Map) -> Code {
    match f {
        Map::Abs => Code::Absolute,
        Map::Relu => Code::Relu,
        Map::Step => Code::Step,
        Map::Sqrt => Code::Root,
        other => Code::Map(other.row().value),
    }
}

/// The value of an entry that no operand changes.
fn constant(entry: &Entry, sizes: &Sizes) -> Result<Option<f64>> {
    Ok(match entry {
        Entry::Number(n) => Some(n.to_f64()),
        Entry::Constant(c) => Some(c.value()),
        Entry::Size(d) => Some(sizes.of(*d)? as f64),
        Entry::Operand(_) | Entry::Triangle(..) | Entry::Apply(..) => None,
        Entry::Sum(terms) => {
            let mut sum = Some(0.0);
            for (n, e) in terms {
                sum = sum.zip(constant(e, sizes)?).map(|(x, y)| x + n.to_f64() * y);
            }
            sum
        }
        Entry::Product(factors) => {
            let mut product = Some(1.0);
            for e in factors {
                product = product.zip(constant(e, sizes)?).map(|(x, y)| x * y);
            }
            product
        }
        Entry::Power(a, p) => constant(a, sizes)?.map(|x| power(x, p.to_f64())),
        Entry::Map(f, a) => constant(a, sizes)?.map(f.row().value),
        Entry::Map2(f, a, b) => constant(a, sizes)?.zip(constant(b, sizes)?).map(|(x, y)| f.value(x, y)),
    })
}

#[inline(always)]
fn push<'a>(out: &'a mut [f64], stack: &'a mut [[f64; BLOCK]], top: &mut usize, len: usize) -> &'a mut [f64] {
    *top += 1;
    place(out, stack, *top, len)
}

/// A stack of height h has its top in `stack[h - 2]`, or in the output.
#[inline(always)]
fn place<'a>(out: &'a mut [f64], stack: &'a mut [[f64; BLOCK]], top: usize, len: usize) -> &'a mut [f64] {
    if top <= 1 { &mut out[..len] } else { &mut stack[top - 2][..len] }
}

#[inline(always)]
fn each(out: &mut [f64], stack: &mut [[f64; BLOCK]], top: usize, len: usize, f: impl Fn(f64) -> f64) {
    place(out, stack, top, len).iter_mut().for_each(|x| *x = f(*x));
}

/// A [`Source`] with the blocks of the operands: their entries and strides.
enum Joined<'a> {
    Stack,
    Operand((&'a [f64], usize)),
    Operands((&'a [f64], usize), (&'a [f64], usize)),
}

#[inline(always)]
fn join(from: Joined, out: &mut [f64], stack: &mut [[f64; BLOCK]], top: &mut usize, len: usize, f: impl Fn(f64, f64) -> f64) {
    let (data, stride) = match from {
        Joined::Stack => return pop(out, stack, top, len, f),
        Joined::Operand(block) => block,
        Joined::Operands((x, 1), (y, 1)) => {
            let to = push(out, stack, top, len);
            to.iter_mut().zip(x.iter().zip(y)).for_each(|(to, (x, y))| *to = f(*x, *y));
            return;
        }
        Joined::Operands((x, stride), block) => {
            load(x, 0, stride, push(out, stack, top, len));
            block
        }
    };
    let to = place(out, stack, *top, len);
    match stride {
        0 => {
            let y = data[0];
            to.iter_mut().for_each(|x| *x = f(*x, y));
        }
        1 => to.iter_mut().zip(data).for_each(|(x, y)| *x = f(*x, *y)),
        s => to.iter_mut().zip(data.iter().step_by(s)).for_each(|(x, y)| *x = f(*x, *y)),
    }
}

/// The two topmost blocks become one.
#[inline(always)]
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

#[inline(always)]
fn load(data: &[f64], offset: usize, stride: usize, to: &mut [f64]) {
    match stride {
        0 => to.fill(data[offset]),
        1 => to.copy_from_slice(&data[offset..offset + to.len()]),
        s => to.iter_mut().zip(data[offset..].iter().step_by(s)).for_each(|(x, y)| *x = *y),
    }
}

/// The axes from the outermost loop to the innermost one: as the largest operand lies in memory.
fn loop_order(operands: &[Dense], lengths: &[usize]) -> Vec<usize> {
    let entries = |o: &&Dense| o.shape.iter().zip(&o.strides).filter(|(_, s)| **s != 0).map(|(n, _)| *n).product::<usize>();
    let mut order: Vec<usize> = (0..lengths.len()).collect();
    // The first of equals.
    if let Some(largest) = operands.iter().rev().max_by_key(entries) {
        order.sort_by_key(|at| match largest.strides[*at] {
            0 => 0,
            s => usize::MAX - s,
        });
    }
    order
}

/// The loops over the places of a result: neighbouring axes along which everything lies evenly are one.
struct Loops {
    lengths: Lengths,
    /// For each loop the stride of each operand, then that of the result.
    strides: Vec<Vec<usize>>,
}

/// A run of places along the innermost loop.
struct Block<'a> {
    len: usize,
    /// The place of each operand in its memory, and its stride.
    offsets: &'a [usize],
    strides: &'a [usize],
    /// The place of the result, and its stride: 0 if it is a sum over this loop.
    out: usize,
    out_stride: usize,
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
    fn new(operands: &[Dense], order: &[usize], lengths: &[usize], out: &[usize], places_matter: bool) -> Loops {
        let mut loops = Loops { lengths: Lengths::new(), strides: Vec::new() };
        for at in order {
            let n = lengths[*at];
            let strides: Vec<usize> = operands.iter().map(|o| o.strides[*at]).chain([out[*at]]).collect();
            let merges = !places_matter && loops.strides.last().is_some_and(|last| last.iter().zip(&strides).all(|(l, s)| *l == s * n));
            match (loops.lengths.last_mut(), loops.strides.last_mut()) {
                (Some(length), Some(last)) if merges => {
                    *length *= n;
                    *last = strides;
                }
                _ => {
                    loops.lengths.push(n);
                    loops.strides.push(strides);
                }
            }
        }
        if loops.lengths.is_empty() {
            loops.lengths.push(1);
            loops.strides.push(vec![0; operands.len() + 1]);
        }
        loops
    }
}

/// A place in the loops, from the first run of places to the last.
struct Cursor {
    places: Lengths,
    /// Of each operand, then of the result.
    offsets: Vec<usize>,
    ended: bool,
}

impl Cursor {
    fn new(loops: &Loops) -> Cursor {
        let operands = loops.strides.first().map_or(0, Vec::len);
        Cursor { places: smallvec![0; loops.lengths.len()], offsets: vec![0; operands], ended: loops.lengths.contains(&0) }
    }

    /// The run of places that begins here.
    fn block<'c>(&'c self, loops: &'c Loops) -> Option<Block<'c>> {
        let (out_stride, strides) = loops.strides.last()?.split_last()?;
        let (out, offsets) = self.offsets.split_last()?;
        let len = BLOCK.min(loops.lengths.last()? - self.places.last()?);
        let block = Block { len, offsets, strides, out: *out, out_stride: *out_stride, places: &self.places };
        (!self.ended).then_some(block)
    }

    /// On to the next run; a loop that ends hands over to the one outside it.
    fn advance(&mut self, loops: &Loops, len: usize) {
        let mut step = len;
        for at in (0..self.places.len()).rev() {
            self.places[at] += step;
            self.offsets.iter_mut().zip(&loops.strides[at]).for_each(|(o, s)| *o += s * step);
            if self.places[at] < loops.lengths[at] {
                return;
            }
            let whole = self.places[at];
            self.offsets.iter_mut().zip(&loops.strides[at]).for_each(|(o, s)| *o -= s * whole);
            self.places[at] = 0;
            step = 1;
        }
        self.ended = true;
    }
}
