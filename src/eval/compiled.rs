//! Formulas made ready to be evaluated often.

use super::dense::Dense;
use super::run::{Plan, dense};
use super::sizes::Sizes;
use super::value::Inputs;
use crate::dim::Dim;
use crate::error::Result;
use crate::expr::Var;
use crate::pipeline::on_a_deep_stack;
use crate::program::{Definition, Lowered, Output, Program, Work};
use crate::typed::Typed;
use ndarray::ArrayD;
use std::sync::{Arc, Mutex, PoisonError};

/// A formula made ready to be evaluated often: its index form, and the program for the sizes that were seen last.
///
/// ```
/// use indicial::{Declarations, Engine, Inputs, parse};
/// let declarations = Declarations::parse("A: matrix(m, n); x: vector(n)")?;
/// let (f, x) = (parse("norm2(A*x)^2", &declarations)?, parse("x", &declarations)?);
/// let gradient = Engine::new().derivative(&f, &[x], &declarations)?.compile()?;
/// let inputs = Inputs::from_json(r#"{"A": [[1, 2], [0, 1], [1, 0]], "x": [1, -1]}"#, gradient.variables())?;
/// assert_eq!(gradient.run(&inputs)?, ndarray::arr1(&[0.0, -6.0]).into_dyn());
/// # Ok::<(), indicial::Error>(())
/// ```
pub struct Compiled {
    lowered: Lowered,
    /// The sizes for which products were ordered last.
    planned: Mutex<Option<Arc<Plan>>>,
}

/// A core of a tensor that is mostly zeros: entry `[i, j, …]` of the tensor is that of the core at the places along the axes
/// that `pattern` names for i, j, …, if equal axes have equal places, and 0 otherwise. An axis that `pattern` names and the
/// core does not have is a delta alone: the core is the same for all its places.
#[derive(Clone, Debug, PartialEq)]
pub struct Compressed {
    pub core: ArrayD<f64>,
    /// For each axis of the tensor the axis of the core that runs along it.
    pub pattern: Vec<usize>,
}

impl Compressed {
    /// A core without the axes along which it is repeated.
    fn new(core: Dense, pattern: &[usize]) -> Result<Compressed> {
        let (once, repeated) = core.without_repetition();
        drop(core);
        let order = once.shape.len();
        let renumbered = |axis: &usize| match repeated.iter().position(|r| r == axis) {
            Some(at) => order + at,
            None => axis - repeated.iter().filter(|r| *r < axis).count(),
        };
        Ok(Compressed { pattern: pattern.iter().map(renumbered).collect(), core: once.into_array()? })
    }
}

impl Compiled {
    /// An expression made ready.
    ///
    /// # Errors
    /// If a construct has no index form.
    pub fn new(value: &Typed) -> Result<Compiled> {
        Compiled::of(&[Definition { name: "value", value, stacked: None }])
    }

    pub(crate) fn of(definitions: &[Definition]) -> Result<Compiled> {
        Ok(Compiled { lowered: Lowered::new(definitions)?, planned: Mutex::new(None) })
    }

    /// The variables that need a value.
    pub fn variables(&self) -> impl Iterator<Item = &Var> {
        self.lowered.variables.iter()
    }

    /// The program for these sizes: products are multiplied in the cheapest order.
    ///
    /// # Errors
    /// Kind `Limit` for a product of more than 128 indices, or an array that would be too large; `Data` if a dimension has no size.
    pub fn program(&self, sizes: &Sizes) -> Result<Program> {
        Ok(self.plan(sizes)?.program.clone())
    }

    /// What a run takes, where products are multiplied as if all dimensions were large and alike.
    ///
    /// # Errors
    /// Kind `Limit` for a product of more than 128 indices.
    pub fn work(&self) -> Result<Work> {
        Ok(self.lowered.program(None)?.work())
    }

    fn plan(&self, sizes: &Sizes) -> Result<Arc<Plan>> {
        let mut planned = self.planned.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(plan) = planned.as_ref().filter(|plan| plan.sizes == *sizes) {
            return Ok(plan.clone());
        }
        let graph = &self.lowered.graph;
        let depth = self.lowered.forms[0].iter().map(|r| graph.meta(*r).depth as usize).max().unwrap_or(0);
        let program = on_a_deep_stack(depth, || self.lowered.program(Some(sizes)))?;
        let plan = Arc::new(Plan::new(program, sizes)?);
        *planned = Some(plan.clone());
        Ok(plan)
    }

    /// The value, with all its entries.
    ///
    /// # Errors
    /// Kind `Data` if a variable has no value or one of other lengths, `Domain` where the formula is not defined (the inverse of a
    /// singular matrix), `Limit` if an array is too large.
    pub fn run(&self, inputs: &Inputs) -> Result<ArrayD<f64>> {
        let plan = self.plan(&inputs.sizes)?;
        let (output, cores) = cores(&plan, inputs)?;
        dense(&output.parts, cores, &output.axes, &inputs.sizes)
    }

    /// The value as the sum of cores in zeros, where it has deltas; else as it is.
    ///
    /// ```
    /// use indicial::{Declarations, Engine, Inputs, parse};
    /// let declarations = Declarations::parse("T: matrix(m, n); U: matrix(m, k); V: matrix(n, k)")?;
    /// let (f, u) = (parse("normF(T - U*V')^2", &declarations)?, parse("U", &declarations)?);
    /// let hessian = Engine::new().derivative(&f, &[u.clone(), u], &declarations)?.compile()?;
    /// let data = r#"{"T": [[1, 2], [3, 4], [5, 6]], "U": [[1], [0], [1]], "V": [[1], [2]]}"#;
    /// let inputs = Inputs::from_json(data, hessian.variables())?;
    /// let compressed = hessian.run_compressed(&inputs)?;
    /// // 2*V'*V for each of the three rows, where the first and the third axis are equal.
    /// assert_eq!(compressed[0].core, ndarray::arr2(&[[10.0]]).into_dyn());
    /// assert_eq!(compressed[0].pattern, [2, 0, 2, 1]);
    /// assert_eq!(hessian.run(&inputs)?.shape(), [3, 1, 3, 1]);
    /// # Ok::<(), indicial::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Compiled::run`].
    pub fn run_compressed(&self, inputs: &Inputs) -> Result<Vec<Compressed>> {
        let plan = self.plan(&inputs.sizes)?;
        let (output, cores) = cores(&plan, inputs)?;
        let patterns: Option<Vec<Vec<usize>>> = output.parts.iter().map(|p| p.pattern()).collect();
        if let Some(patterns) = patterns {
            return cores.into_iter().zip(patterns).map(|(core, pattern)| Compressed::new(core, &pattern)).collect();
        }
        let core = dense(&output.parts, cores, &output.axes, &inputs.sizes)?;
        Ok(vec![Compressed { pattern: (0..core.ndim()).collect(), core }])
    }

    /// The axes of the value.
    pub fn axes(&self) -> &[Dim] {
        self.lowered.forms[0].last().map_or(&[], |r| self.lowered.graph.axes(*r))
    }
}

/// The last output and its cores.
fn cores<'p>(plan: &'p Plan, inputs: &'p Inputs) -> Result<(&'p Output, Vec<Dense<'p>>)> {
    let missing = || super::functions::internal("a program without an output");
    let output = plan.program.outputs.last().ok_or_else(missing)?;
    Ok((output, plan.run(inputs)?.pop().ok_or_else(missing)?))
}
