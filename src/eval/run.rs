//! Programs run: one step after another, on arrays that are freed when nothing needs them any more.

use super::dense::{Dense, Lengths};
use super::functions::{internal, log_sum_exp};
use super::kernel::Compiled;
use super::linear;
use super::products::contract;
use super::sizes::{Sizes, check_entries};
use super::stand_in;
use super::tree::levi_civita;
use super::value::Inputs;
use crate::error::{Error, ErrorKind, Result};
use crate::expr::Var;
use crate::index::Opaque;
use crate::part::Cut;
use crate::program::{Entry, Kernel, Operation, Part, Program, Solve, Step, Tensor, ValueId};
use ndarray::{Array2, ArrayD, Dimension, Ix2, IxDyn};
use std::collections::VecDeque;

/// The cores of each output, with the parts of the whole that they are.
pub(crate) fn run(program: &Program, inputs: &Inputs) -> Result<Vec<Vec<ArrayD<f64>>>> {
    let mut machine = Machine { inputs, sizes: &inputs.sizes, values: Vec::new(), left: program.uses() };
    for step in &program.steps {
        let value = machine.step(step)?;
        machine.values.push(Some(value));
        step.operation.for_each_operand(&mut |id| machine.used(id));
    }
    let core = |machine: &mut Machine, part: &Part| {
        let value = machine.take(part.value)?;
        value.into_array()
    };
    program.outputs.iter().map(|o| o.parts.iter().map(|p| core(&mut machine, p)).collect()).collect()
}

/// The tensor that the parts of an output make.
pub(crate) fn dense(parts: &[Part], cores: Vec<ArrayD<f64>>, axes: &[crate::Dim], sizes: &Sizes) -> Result<ArrayD<f64>> {
    let mut cores: VecDeque<ArrayD<f64>> = cores.into();
    if let ([part], Some(_)) = (parts, cores.front())
        && part.is_whole()
        && let Some(core) = cores.pop_front()
    {
        return Ok(core);
    }
    let lengths = sizes.lengths(axes)?;
    let mut whole = ArrayD::zeros(IxDyn(&lengths));
    for (part, core) in parts.iter().zip(&cores) {
        put(part, &Dense::of(core), &mut whole, sizes)?;
    }
    Ok(whole)
}

struct Machine<'a> {
    inputs: &'a Inputs,
    sizes: &'a Sizes,
    values: Vec<Option<Dense<'a>>>,
    /// How often each value is still needed.
    left: Vec<usize>,
}

impl<'a> Machine<'a> {
    fn value(&self, id: ValueId) -> Result<&Dense<'a>> {
        self.values.get(id.0 as usize).and_then(Option::as_ref).ok_or_else(|| internal("a step comes before what it uses"))
    }

    fn used(&mut self, id: ValueId) {
        let left = &mut self.left[id.0 as usize];
        *left = left.saturating_sub(1);
        if *left == 0 {
            self.values[id.0 as usize] = None;
        }
    }

    /// The value, which is given away if nothing needs it after this.
    fn take(&mut self, id: ValueId) -> Result<Dense<'a>> {
        let value = self.value(id)?.clone();
        self.used(id);
        Ok(value)
    }

    fn array(&self, id: ValueId) -> Result<Array2<f64>> {
        self.value(id)?.to_array()?.into_dimensionality::<Ix2>().map_err(internal)
    }

    fn step(&mut self, step: &Step) -> Result<Dense<'a>> {
        let lengths: Lengths = self.sizes.lengths(&step.axes)?.into();
        match &step.operation {
            Operation::Input(v) => self.input(v),
            Operation::Constant(t) => constant(t, self.sizes, &lengths),
            Operation::Elementwise(kernel) => self.kernel(kernel, &lengths),
            Operation::Sum(a, over) => sum(self.value(*a)?, over, &lengths),
            Operation::Contract(pair) => contract(pair, self.value(pair.left.0)?, self.value(pair.right.0)?),
            Operation::Slice(a, cuts) => cut(self.value(*a)?, cuts, self.sizes),
            Operation::Reshape(a) => Ok(self.value(*a)?.reshaped(&lengths)),
            Operation::Assemble(base, parts) => {
                let mut whole = match base {
                    Some(base) => self.value(*base)?.to_array()?,
                    None => ArrayD::zeros(IxDyn(&lengths)),
                };
                for part in parts {
                    put(part, self.value(part.value)?, &mut whole, self.sizes)?;
                }
                Ok(Dense::new(whole.into_raw_vec_and_offset().0, &lengths))
            }
            Operation::Factorise(_, a) => Ok(self.value(*a)?.clone()),
            Operation::Solve(solve) => self.solve(solve, &lengths),
            Operation::Inverse(_, a) => Ok(of_array(linear::inverse(&self.array(*a)?)?.into_dyn())),
            Operation::Determinant(_, a) => Ok(Dense::new(vec![linear::determinant(&self.array(*a)?)?], &lengths)),
            Operation::LogDeterminant(_, a) => Ok(Dense::new(vec![linear::log_determinant(&self.array(*a)?)?], &lengths)),
            Operation::Function(f, a) => self.function(*f, *a, &lengths),
            Operation::Apply(f, arguments) => {
                let arguments = arguments.iter().map(|a| self.value(*a)?.to_array()).collect::<Result<Vec<_>>>()?;
                Ok(of_array(stand_in::apply(f, &arguments, self.inputs)?))
            }
        }
    }

    fn input(&self, v: &Var) -> Result<Dense<'a>> {
        let value = self.inputs.value(v.name)?;
        let lengths = self.sizes.lengths(&v.axes())?;
        if value.shape() == lengths {
            return Ok(Dense::of(value));
        }
        Err(Error::new(ErrorKind::Data, format!("the value of {} has the axes {:?} instead of {lengths:?}", v.name, value.shape())))
    }

    fn kernel(&self, kernel: &Kernel, lengths: &[usize]) -> Result<Dense<'a>> {
        if let Some(operand) = kernel.as_view() {
            let distinct = (1..operand.axes.len()).all(|at| !operand.axes[..at].contains(&operand.axes[at]));
            // A repetition is written out, for who runs along it.
            if operand.axes.len() == lengths.len() || !distinct {
                let view = self.value(operand.value)?.along(&operand.axes, lengths);
                if (0..lengths.len()).all(|at| operand.axes.contains(&at)) {
                    return Ok(view);
                }
            }
        }
        check_entries(lengths)?;
        let mut operands = Vec::with_capacity(kernel.operands.len());
        for o in &kernel.operands {
            operands.push(self.value(o.value)?.along(&o.axes, lengths));
        }
        let entry = self.with_applied(&kernel.entry, &mut operands, lengths)?;
        let kernel = Kernel { entry, operands: Vec::new() };
        Ok(Dense::new(Compiled::new(&kernel, self.sizes)?.run(&operands, lengths), lengths))
    }

    /// The formula in which values of declared functions are operands.
    fn with_applied(&self, entry: &Entry, operands: &mut Vec<Dense<'a>>, lengths: &[usize]) -> Result<Entry> {
        let mut of = |e: &Entry| self.with_applied(e, operands, lengths);
        Ok(match entry {
            Entry::Apply(f, arguments) => {
                let arguments = arguments.iter().map(&mut of).collect::<Result<Vec<_>>>()?;
                let value = |entry: Entry| {
                    let kernel = Kernel { entry, operands: Vec::new() };
                    let values = Compiled::new(&kernel, self.sizes)?.run(operands, lengths);
                    ArrayD::from_shape_vec(IxDyn(lengths), values).map_err(internal)
                };
                let arguments = arguments.into_iter().map(value).collect::<Result<Vec<_>>>()?;
                operands.push(of_array(stand_in::apply(f, &arguments, self.inputs)?));
                Entry::Operand(operands.len() - 1)
            }
            Entry::Sum(terms) => Entry::Sum(terms.iter().map(|(n, e)| Ok((n.clone(), of(e)?))).collect::<Result<_>>()?),
            Entry::Product(all) => Entry::Product(all.iter().map(of).collect::<Result<_>>()?),
            Entry::Power(a, p) => Entry::Power(Box::new(of(a)?), p.clone()),
            Entry::Map(f, a) => Entry::Map(*f, Box::new(of(a)?)),
            Entry::Map2(f, a, b) => {
                let a = of(a)?;
                Entry::Map2(*f, Box::new(a), Box::new(of(b)?))
            }
            Entry::Operand(_) | Entry::Number(_) | Entry::Constant(_) | Entry::Size(_) | Entry::Triangle(..) => entry.clone(),
        })
    }

    fn solve(&self, solve: &Solve, lengths: &[usize]) -> Result<Dense<'a>> {
        let matrix = self.array(solve.factor)?;
        let matrix = if solve.transposed { matrix.reversed_axes() } else { matrix };
        let n = matrix.nrows();
        let right = self.value(solve.right)?;
        let right = Array2::from_shape_vec((n, right.len() / n.max(1)), right.to_vec()).map_err(internal)?;
        let inverse = linear::inverse(&matrix)?;
        Ok(Dense::new(inverse.dot(&right).iter().copied().collect(), lengths))
    }

    fn function(&self, f: Opaque, a: ValueId, lengths: &[usize]) -> Result<Dense<'a>> {
        let a = self.value(a)?;
        let row = a.shape.last().copied().unwrap_or(1).max(1);
        let entries = a.to_vec();
        Ok(match f {
            Opaque::Product => Dense::new(vec![entries.iter().product()], lengths),
            Opaque::NormInf => Dense::new(vec![entries.iter().fold(0.0f64, |m, x| m.max(x.abs()))], lengths),
            Opaque::LogSumExp => Dense::new(entries.chunks(row).map(log_sum_exp).collect(), lengths),
            Opaque::Softmax => {
                let mut entries = entries;
                entries.chunks_mut(row).for_each(softmax);
                Dense::new(entries, lengths)
            }
            Opaque::Adj => {
                let matrix = a.to_array()?.into_dimensionality::<Ix2>().map_err(internal)?;
                of_array(linear::adjugate(&matrix)?.into_dyn())
            }
            Opaque::Inv | Opaque::Det | Opaque::LogDet => return Err(internal("a function of a factorisation was expected")),
        })
    }
}

fn softmax(row: &mut [f64]) {
    let largest = row.iter().fold(f64::NEG_INFINITY, |m, x| m.max(*x));
    row.iter_mut().for_each(|x| *x = (*x - largest).exp());
    let total: f64 = row.iter().sum();
    row.iter_mut().for_each(|x| *x /= total);
}

fn of_array<'a>(array: ArrayD<f64>) -> Dense<'a> {
    let shape: Lengths = array.shape().into();
    let contiguous = array.is_standard_layout();
    Dense::new(if contiguous { array.into_raw_vec_and_offset().0 } else { array.iter().copied().collect() }, &shape)
}

/// The sum over some axes.
fn sum<'a>(a: &Dense<'a>, over: &[usize], lengths: &[usize]) -> Result<Dense<'a>> {
    let order: Vec<usize> = (0..a.shape.len()).filter(|at| !over.contains(at)).chain(over.iter().copied()).collect();
    let last = over.iter().max() == a.shape.len().checked_sub(1).as_ref();
    if last || lengths.is_empty() {
        let entries = a.permuted(&order).contiguous();
        let row = over.iter().map(|at| a.shape[*at]).product::<usize>();
        let sums = match entries.slice() {
            Some(_) if row == 0 => vec![0.0; lengths.iter().product()],
            Some(entries) => entries.chunks(row).map(total).collect(),
            None => return Err(internal("a contiguous array was expected")),
        };
        return Ok(Dense::new(sums, lengths));
    }
    let mut view = a.view()?.to_owned();
    for axis in over.iter().rev() {
        view = view.sum_axis(ndarray::Axis(*axis));
    }
    Ok(of_array(view))
}

/// Eight sums at a time.
fn total(entries: &[f64]) -> f64 {
    let mut sums = [0.0; 8];
    let chunks = entries.chunks_exact(8);
    let rest: f64 = chunks.remainder().iter().sum();
    chunks.for_each(|c| sums.iter_mut().zip(c).for_each(|(s, x)| *s += x));
    sums.iter().sum::<f64>() + rest
}

fn cut<'a>(a: &Dense<'a>, cuts: &[Cut], sizes: &Sizes) -> Result<Dense<'a>> {
    let mut part = a.clone();
    for (axis, cut) in cuts.iter().enumerate().rev() {
        let beyond = |length: usize| Error::new(ErrorKind::Domain, format!("a part beyond the length {length}"));
        let length = part.shape[axis];
        part = match cut {
            Cut::All => part,
            Cut::At(place) => {
                let at = sizes.of(*place)?.checked_sub(1).filter(|at| *at < length).ok_or_else(|| beyond(length))?;
                part.place(axis, at)
            }
            Cut::Run(s) => {
                let (from, run) = (sizes.of(s.offset)?, sizes.of(s.length)?);
                if from + run > length {
                    return Err(beyond(length));
                }
                part.run(axis, from, run)
            }
        };
    }
    Ok(part)
}

/// Adds a part at its places.
fn put(part: &Part, value: &Dense, whole: &mut ArrayD<f64>, sizes: &Sizes) -> Result<()> {
    let offsets: Vec<usize> = part.places.iter().map(|p| sizes.of(p.offset)).collect::<Result<_>>()?;
    for (place, (offset, length)) in part.places.iter().zip(offsets.iter().zip(whole.shape())) {
        let own = place.axis.map_or(1, |axis| value.shape[axis]);
        if offset + own > *length {
            return Err(Error::new(ErrorKind::Domain, format!("a part beyond the length {length}")));
        }
    }
    for (at, x) in value.view()?.indexed_iter() {
        let at = at.slice();
        let place: Vec<usize> = part.places.iter().zip(&offsets).map(|(p, offset)| offset + p.axis.map_or(0, |axis| at[axis])).collect();
        whole[IxDyn(&place)] += x;
    }
    Ok(())
}

fn constant<'a>(t: &Tensor, sizes: &Sizes, lengths: &[usize]) -> Result<Dense<'a>> {
    check_entries(lengths)?;
    let filled = |f: &dyn Fn(&[usize]) -> f64| of_array(ArrayD::from_shape_fn(IxDyn(lengths), |at| f(at.slice())));
    Ok(match t {
        Tensor::Select(s) => {
            let offset = sizes.of(s.offset)?;
            filled(&|at| f64::from(u8::from(at[0] == offset + at[1])))
        }
        Tensor::Merge(m, _) => {
            let rows = sizes.of(*m)?;
            filled(&|at| f64::from(u8::from(at[0] == at[1] + rows * at[2])))
        }
        Tensor::LeviCivita(_) => filled(&levi_civita),
        Tensor::Duplication(n) => of_array(linear::duplication(sizes.of(*n)?)?.into_dyn()),
        Tensor::Elimination(n) => of_array(linear::elimination(sizes.of(*n)?)?.into_dyn()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::program::program;

    /// Every expression of the textbook cases, and its derivative, has the same value as a program as in the reference.
    #[test]
    fn programs_agree_with_the_reference() {
        let mut problems = Vec::new();
        let directory = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
        let files = ["cookbook.jsonl", "field.jsonl", "seeds.jsonl"].map(|f| std::fs::read_to_string(directory.join(f)).unwrap());
        for line in files.iter().flat_map(|f| f.lines()) {
            let case: serde_json::Value = serde_json::from_str(line).unwrap();
            let text = |key: &str| case[key].as_str().unwrap_or_default();
            let wrt = case["wrt"].as_array().into_iter().flatten().filter_map(serde_json::Value::as_str);
            let derivative = wrt.fold(text("expr").to_owned(), |f, x| format!("diff({f}, {x})"));
            for input in [text("expr"), &derivative, text("left"), text("right")].into_iter().filter(|t| !t.is_empty()) {
                match disagreement(text("vars"), input) {
                    Ok(error) if error < 1e-6 => {}
                    Err(e) if e.kind == ErrorKind::Unsupported => {}
                    seen => problems.push(format!("{}: {input}: {seen:?}", text("id"))),
                }
            }
        }
        assert!(problems.is_empty(), "{}", problems.join("\n"));
    }

    fn disagreement(declarations: &str, input: &str) -> Result<f64> {
        let declarations = crate::parse::Declarations::parse(declarations)?;
        let typed = crate::infer::infer(&crate::parse::parse(input, &declarations)?, &declarations)?;
        let program = program(&[("value", &typed)], None)?;
        let value = |at: &Inputs| {
            let cores = run(&program, at)?.remove(0);
            dense(&program.outputs[0].parts, cores, &program.outputs[0].axes, &at.sizes)
        };
        let seen = crate::Scope::of(&[&typed]).compare(&|at| crate::evaluate(&typed, at), &value, 1, 1e-6)?;
        Ok(seen.max_relative_error)
    }
}
