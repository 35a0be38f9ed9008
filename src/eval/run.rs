//! Programs run: one step after another, on arrays that are freed when nothing needs them any more.

use super::dense::{Dense, Lengths, row_major};
use super::factors::Factors;
use super::functions::{internal, log_sum_exp};
use super::kernel::Compiled;
use super::linear;
use super::matrix_functions;
use super::memory::{Pool, zeros};
use super::products::contract;
use super::sizes::{Sizes, check_entries};
use super::stand_in;
use super::tree::levi_civita;
use super::value::Inputs;
use super::vectors::{inner_product, total};
use crate::error::{Error, ErrorKind, Result};
use crate::expr::Var;
use crate::index::Opaque;
use crate::part::Cut;
use crate::program::{Entry, Kernel, Operation, Part, Program, Solve, Solver, Tensor, ValueId};
use ndarray::{ArrayD, Dimension, Ix2, IxDyn};
use smallvec::smallvec;
use std::sync::{Arc, Mutex, PoisonError};

/// A program made ready for given sizes.
pub(crate) struct Plan {
    pub program: Program,
    pub sizes: Sizes,
    lengths: Vec<Lengths>,
    kernels: Vec<Option<Compiled>>,
    /// Passes that are only summed: they are computed with the sum.
    summed: Vec<bool>,
    uses: Vec<usize>,
    /// What the last run left.
    memory: Mutex<Pool>,
}

impl Plan {
    /// # Errors
    /// If a dimension has no size, or an array would be too large.
    pub fn new(program: Program, sizes: &Sizes) -> Result<Plan> {
        let uses = program.uses();
        let mut summed = vec![false; program.steps.len()];
        for step in &program.steps {
            if let Operation::Sum(a, _) = step.operation
                && uses[a.0 as usize] == 1
                && let Operation::Elementwise(kernel) = &program.step(a).operation
            {
                summed[a.0 as usize] = kernel.as_view().is_none() && !applies(&kernel.entry);
            }
        }
        let mut lengths = Vec::with_capacity(program.steps.len());
        let mut kernels = Vec::with_capacity(program.steps.len());
        for (step, summed) in program.steps.iter().zip(&summed) {
            let own: Lengths = step.axes.iter().map(|d| sizes.of(*d)).collect::<Result<_>>()?;
            if !summed {
                check_entries(&own)?;
            }
            lengths.push(own);
            kernels.push(match &step.operation {
                Operation::Elementwise(kernel) if !applies(&kernel.entry) => Some(Compiled::new(kernel, sizes)?),
                _ => None,
            });
        }
        Ok(Plan { program, sizes: sizes.clone(), lengths, kernels, summed, uses, memory: Mutex::default() })
    }

    /// The cores of each output.
    pub fn run<'a>(&'a self, inputs: &'a Inputs) -> Result<Vec<Vec<Dense<'a>>>> {
        let memory = std::mem::take(&mut *self.memory.lock().unwrap_or_else(PoisonError::into_inner));
        let (cores, memory) = memory.during(|| self.cores(inputs));
        *self.memory.lock().unwrap_or_else(PoisonError::into_inner) = memory;
        cores
    }

    fn cores<'a>(&'a self, inputs: &'a Inputs) -> Result<Vec<Vec<Dense<'a>>>> {
        let mut machine = Machine { plan: self, inputs, sizes: &self.sizes, values: Vec::new(), left: self.uses.clone() };
        machine.values.reserve(self.program.steps.len());
        for at in 0..self.program.steps.len() {
            let value = if self.summed[at] { None } else { Some(machine.step(at)?) };
            machine.values.push(value);
            machine.release(at);
        }
        let outputs = self.program.outputs.iter();
        outputs.map(|o| o.parts.iter().map(|p| machine.take(p.value)?.dense()).collect()).collect()
    }
}

/// Whether a declared function is in it.
fn applies(entry: &Entry) -> bool {
    match entry {
        Entry::Apply(..) => true,
        Entry::Operand(_) | Entry::Number(_) | Entry::Constant(_) | Entry::Size(_) | Entry::Triangle(..) => false,
        Entry::Sum(terms) => terms.iter().any(|(_, e)| applies(e)),
        Entry::Product(all) => all.iter().any(applies),
        Entry::Power(a, _) | Entry::Map(_, a) => applies(a),
        Entry::Map2(_, a, b) => applies(a) || applies(b),
    }
}

/// The tensor that the parts of an output make.
pub(super) fn dense(parts: &[Part], mut cores: Vec<Dense>, axes: &[crate::Dim], sizes: &Sizes) -> Result<ArrayD<f64>> {
    if let [part] = parts
        && part.is_whole()
        && let Some(core) = cores.pop()
    {
        return core.into_array();
    }
    let lengths = sizes.lengths(axes)?;
    let mut whole = vec![0.0; lengths.iter().product()];
    for (at, (part, core)) in parts.iter().zip(&cores).enumerate() {
        put(part, core, &mut whole, &lengths, sizes, at == 0)?;
    }
    ArrayD::from_shape_vec(IxDyn(&lengths), whole).map_err(internal)
}

/// What a step gives.
#[derive(Clone)]
enum Value<'a> {
    Dense(Dense<'a>),
    Factors(Arc<Factors>),
}

impl<'a> Value<'a> {
    fn dense(self) -> Result<Dense<'a>> {
        match self {
            Value::Dense(value) => Ok(value),
            Value::Factors(_) => Err(internal("a factorisation is no array")),
        }
    }
}

struct Machine<'a> {
    plan: &'a Plan,
    inputs: &'a Inputs,
    sizes: &'a Sizes,
    values: Vec<Option<Value<'a>>>,
    /// How often each value is still needed.
    left: Vec<usize>,
}

impl<'a> Machine<'a> {
    fn value(&self, id: ValueId) -> Result<&Dense<'a>> {
        match self.values.get(id.0 as usize) {
            Some(Some(Value::Dense(value))) => Ok(value),
            _ => Err(internal("a step comes before what it uses")),
        }
    }

    fn factors(&self, id: ValueId) -> Result<&Factors> {
        match self.values.get(id.0 as usize) {
            Some(Some(Value::Factors(factors))) => Ok(factors),
            _ => Err(internal("a factorisation was expected")),
        }
    }

    fn used(&mut self, id: ValueId) {
        let at = id.0 as usize;
        self.left[at] = self.left[at].saturating_sub(1);
        if self.left[at] > 0 {
            return;
        }
        self.values[at] = None;
        // What was computed with the sum needs its operands until then.
        if self.plan.summed[at] {
            self.plan.program.steps[at].operation.for_each_operand(&mut |id| self.used(id));
        }
    }

    fn release(&mut self, at: usize) {
        if !self.plan.summed[at] {
            self.plan.program.steps[at].operation.for_each_operand(&mut |id| self.used(id));
        }
    }

    /// The value, which is given away if nothing needs it after this.
    fn take(&mut self, id: ValueId) -> Result<Value<'a>> {
        let at = id.0 as usize;
        let value = match self.left[at] {
            1 => self.values[at].take(),
            _ => self.values[at].clone(),
        };
        self.left[at] = self.left[at].saturating_sub(1);
        value.ok_or_else(|| internal("a value is gone before it is used"))
    }

    fn step(&mut self, at: usize) -> Result<Value<'a>> {
        let plan = self.plan;
        let lengths = &plan.lengths[at];
        Ok(Value::Dense(match &plan.program.steps[at].operation {
            Operation::Input(v) => self.input(v, lengths)?,
            Operation::Constant(t) => constant(t, self.sizes, lengths)?,
            Operation::Elementwise(kernel) => self.kernel(kernel, plan.kernels[at].as_ref(), lengths)?,
            Operation::Sum(a, over) => self.sum(*a, over, lengths)?,
            Operation::Contract(pair) => contract(pair, self.value(pair.left.0)?, self.value(pair.right.0)?)?,
            Operation::Slice(a, cuts) => cut(self.value(*a)?, cuts, self.sizes)?,
            Operation::Reshape(a) => self.value(*a)?.reshaped(lengths),
            Operation::Assemble(base, parts) => self.assembled(*base, parts, lengths)?,
            Operation::Factorise(solver, a) => return Ok(Value::Factors(Arc::new(Factors::new(*solver, self.value(*a)?)?))),
            Operation::Solve(solve) => self.solve(solve, lengths)?,
            Operation::Inverse(solver, a) => {
                let n = lengths.first().copied().unwrap_or(1);
                let mut inverse = vec![0.0; n * n];
                inverse.iter_mut().step_by(n + 1).for_each(|x| *x = 1.0);
                self.solved(*solver, *a, false, &mut inverse, n)?;
                Dense::new(inverse, lengths)
            }
            Operation::Determinant(solver, a) => Dense::new(vec![self.with_factors(*solver, *a, Factors::determinant)?], lengths),
            Operation::LogDeterminant(solver, a) => Dense::new(vec![self.with_factors(*solver, *a, Factors::log_determinant)?], lengths),
            Operation::Function(f, a) => self.function(*f, *a, lengths)?,
            Operation::Operator(f, operands) => {
                let matrix = |id: &ValueId| self.value(*id)?.to_array()?.into_dimensionality::<Ix2>().map_err(internal);
                let operands = operands.iter().map(matrix).collect::<Result<Vec<_>>>()?;
                of_array(matrix_functions::step(*f, &operands)?)
            }
            Operation::Apply(f, arguments) => {
                let arguments = arguments.iter().map(|a| self.value(*a)?.to_array()).collect::<Result<Vec<_>>>()?;
                of_array(stand_in::apply(f, &arguments, self.inputs)?)
            }
        }))
    }

    fn sum(&self, a: ValueId, over: &[usize], lengths: &[usize]) -> Result<Dense<'a>> {
        let at = a.0 as usize;
        let (true, Operation::Elementwise(kernel), Some(compiled)) =
            (self.plan.summed[at], &self.plan.program.steps[at].operation, &self.plan.kernels[at])
        else {
            return sum(self.value(a)?, over, lengths);
        };
        let operands = self.operands(kernel, &self.plan.lengths[at])?;
        if let (Entry::Product(factors), [x, y]) = (&kernel.entry, &operands[..])
            && matches!(factors[..], [Entry::Operand(0), Entry::Operand(1)])
            && let (true, Some(x), Some(y)) = (lengths.is_empty(), x.slice(), y.slice())
        {
            return Ok(Dense::new(vec![inner_product(x, y)], lengths));
        }
        Ok(compiled.run(&operands, &self.plan.lengths[at], over))
    }

    fn operands(&self, kernel: &Kernel, lengths: &[usize]) -> Result<Vec<Dense<'a>>> {
        kernel.operands.iter().map(|o| Ok(self.value(o.value)?.along(&o.axes, lengths))).collect()
    }

    fn assembled(&mut self, base: Option<ValueId>, parts: &[Part], lengths: &[usize]) -> Result<Dense<'a>> {
        let mut whole = match base {
            // The memory of the base is used again if nothing else needs it.
            Some(base) if self.left[base.0 as usize] == 1 => match self.values[base.0 as usize].take() {
                Some(value) => value.dense()?.into_vec(),
                None => return Err(internal("a value is gone before it is used")),
            },
            Some(base) => self.value(base)?.to_vec(),
            None => zeros(lengths.iter().product()),
        };
        for (at, part) in parts.iter().enumerate() {
            put(part, self.value(part.value)?, &mut whole, lengths, self.sizes, base.is_none() && at == 0)?;
        }
        Ok(Dense::new(whole, lengths))
    }

    fn with_factors(&self, solver: Solver, a: ValueId, f: fn(&Factors) -> f64) -> Result<f64> {
        match solver {
            Solver::Lu | Solver::Cholesky => Ok(f(self.factors(a)?)),
            Solver::Lower | Solver::Upper => Ok(f(&Factors::new(solver, self.value(a)?)?)),
        }
    }

    /// Solves in place for the columns of a row-major matrix.
    fn solved(&self, solver: Solver, a: ValueId, transposed: bool, right: &mut [f64], columns: usize) -> Result<()> {
        match solver {
            Solver::Lu | Solver::Cholesky => self.factors(a)?.solve(transposed, right, columns),
            Solver::Lower | Solver::Upper => Factors::new(solver, self.value(a)?)?.solve(transposed, right, columns),
        }
    }

    fn solve(&self, solve: &Solve, lengths: &[usize]) -> Result<Dense<'a>> {
        let mut right = self.value(solve.right)?.to_vec();
        let columns = lengths.iter().skip(1).product();
        self.solved(solve.solver, solve.factor, solve.transposed, &mut right, columns)?;
        Ok(Dense::new(right, lengths))
    }

    fn input(&self, v: &Var, lengths: &[usize]) -> Result<Dense<'a>> {
        let value = self.inputs.value(v.name)?;
        if value.shape() == lengths {
            return Ok(Dense::of(value));
        }
        Err(Error::new(ErrorKind::Data, format!("the value of {} has the axes {:?} instead of {lengths:?}", v.name, value.shape())))
    }

    fn kernel(&self, kernel: &Kernel, compiled: Option<&Compiled>, lengths: &[usize]) -> Result<Dense<'a>> {
        // A repetition is written out, for who runs along it.
        if let Some(operand) = kernel.as_view()
            && (0..lengths.len()).all(|at| operand.axes.contains(&at))
        {
            return Ok(self.value(operand.value)?.along(&operand.axes, lengths));
        }
        let mut operands = self.operands(kernel, lengths)?;
        if let Some(compiled) = compiled {
            return Ok(compiled.run(&operands, lengths, &[]));
        }
        let entry = self.with_applied(&kernel.entry, &mut operands, lengths)?;
        Ok(Compiled::new(&Kernel { entry, operands: Vec::new() }, self.sizes)?.run(&operands, lengths, &[]))
    }

    /// The formula in which values of declared functions are operands.
    fn with_applied(&self, entry: &Entry, operands: &mut Vec<Dense<'a>>, lengths: &[usize]) -> Result<Entry> {
        let mut of = |e: &Entry| self.with_applied(e, operands, lengths);
        Ok(match entry {
            Entry::Apply(f, arguments) => {
                let arguments = arguments.iter().map(&mut of).collect::<Result<Vec<_>>>()?;
                let value = |entry: Entry| {
                    let kernel = Kernel { entry, operands: Vec::new() };
                    Compiled::new(&kernel, self.sizes)?.run(operands, lengths, &[]).to_array()
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
            Opaque::Adj
            | Opaque::Pinv
            | Opaque::Expm
            | Opaque::Logm
            | Opaque::Sqrtm
            | Opaque::Cosm
            | Opaque::Sinm
            | Opaque::Cholesky
            | Opaque::Nuclear
            | Opaque::LambdaMax
            | Opaque::LambdaMin
            | Opaque::EigvecMax
            | Opaque::EigvecMin => of_array(super::graph::opaque(f, &a.to_array()?)?),
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

/// Adds a part at its places of a row-major whole. One that still is all zeros need not be read.
fn put(part: &Part, value: &Dense, whole: &mut [f64], lengths: &[usize], sizes: &Sizes, zeros: bool) -> Result<()> {
    let mut start = 0;
    let mut moves: Lengths = smallvec![0; value.shape.len()];
    for ((place, length), stride) in part.places.iter().zip(lengths).zip(row_major(lengths)) {
        let offset = sizes.of(place.offset)?;
        if offset + place.axis.map_or(1, |axis| value.shape[axis]) > *length {
            return Err(Error::new(ErrorKind::Domain, format!("a part beyond the length {length}")));
        }
        start += offset * stride;
        if let Some(axis) = place.axis {
            moves[axis] += stride;
        }
    }
    let (run, outer) = value.shape.split_last().map_or((1, &[][..]), |(run, outer)| (*run, outer));
    let stride = moves.last().copied().unwrap_or(1).max(1);
    let own = value.strides.last().copied().unwrap_or(1);
    let steps = row_major(outer);
    for row in 0..outer.iter().product() {
        let at = |strides: &[usize]| -> usize { outer.iter().zip(&steps).zip(strides).map(|((n, step), s)| row / step % n * s).sum() };
        let from = value.data().get(at(&value.strides)..).unwrap_or_default();
        let places = whole[start + at(&moves)..].iter_mut().step_by(stride).take(run).enumerate();
        if zeros { places.for_each(|(k, x)| *x = from[k * own]) } else { places.for_each(|(k, x)| *x += from[k * own]) }
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

    #[test]
    fn a_part_at_the_beginning_stands_in_zeros() {
        let declarations = crate::Declarations::parse("x: vector(n)").unwrap();
        let typed = crate::infer(&crate::parse("diff(sum(x[1:k].^2), x)", &declarations).unwrap(), &declarations).unwrap();
        let inputs = Inputs::from_json(r#"{"x": [1, 2, 3], "k": 2}"#, typed.variables.values()).unwrap();
        let value = crate::Compiled::new(&typed).unwrap().run(&inputs).unwrap();
        assert_eq!(value.into_iter().collect::<Vec<f64>>(), [2.0, 4.0, 0.0]);
    }

    #[test]
    fn an_inverse_that_does_not_exist_is_an_error() {
        let declarations = crate::Declarations::parse("A: matrix(n, n); x: vector(n)").unwrap();
        let typed = crate::infer(&crate::parse("inv(A - A)*x", &declarations).unwrap(), &declarations).unwrap();
        let inputs = Inputs::from_json(r#"{"A": [[2, 1], [0, 3]], "x": [1, 2]}"#, typed.variables.values()).unwrap();
        assert_eq!(crate::Compiled::new(&typed).unwrap().run(&inputs).unwrap_err().kind, ErrorKind::Domain);
    }

    fn disagreement(declarations: &str, input: &str) -> Result<f64> {
        let declarations = crate::parse::Declarations::parse(declarations)?;
        let typed = crate::infer::infer(&crate::parse::parse(input, &declarations)?, &declarations)?;
        let compiled = crate::Compiled::new(&typed)?;
        let value = |at: &Inputs| compiled.run(at);
        let seen = crate::Scope::of(&[&typed]).compare(&|at| crate::evaluate(&typed, at), &value, 1, 1e-6)?;
        Ok(seen.max_relative_error)
    }
}
