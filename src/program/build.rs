//! Index form to a program: which nodes become steps, and what is computed within another step.

use super::stable::stable;
use super::{Entry, Kernel, Operand, Operation, Output, Part, Program, Solver, Step, Tensor, ValueId};
use crate::dim::{Dim, Symbol};
use crate::error::{Error, ErrorKind, Result};
use crate::eval::Sizes;
use crate::expr::{Shape, Var};
use crate::fact::Facts;
use crate::index::{Axes, Graph, Labels, LinearOperator, Node, NodeId, Opaque};
use crate::lower::lower;
use crate::number::Number;
use crate::typed::Typed;
use indexmap::IndexMap;
use rustc_hash::FxHashMap;

/// A value that a program is to compute: its name, the formula, and the axes to give the result if that is in Kronecker
/// notation, with how many of them are rows.
pub(crate) struct Definition<'a> {
    pub name: &'a str,
    pub value: &'a Typed,
    pub stacked: Option<(&'a [Dim], usize)>,
}

/// The program of several formulas, which share what they have in common. Products are ordered by the sizes given, or as if
/// all dimensions were large and alike.
///
/// ```
/// use indicial::{Declarations, infer, parse, program};
/// let declarations = Declarations::parse("A: matrix(m, n); x: vector(n)")?;
/// let loss = infer(&parse("norm2(A*x)^2", &declarations)?, &declarations)?;
/// let program = program(&[("value", &loss)], None)?;
/// assert_eq!(program.to_string(), "t1 = A@x\nt2 = A'@t1\nt3 = x@t2\nvalue = t3\n");
/// # Ok::<(), indicial::Error>(())
/// ```
///
/// # Errors
/// If a formula has no index form.
pub fn program(definitions: &[(&str, &Typed)], sizes: Option<&Sizes>) -> Result<Program> {
    let definitions: Vec<Definition> = definitions.iter().map(|(name, value)| Definition { name, value, stacked: None }).collect();
    Lowered::new(&definitions)?.program(sizes)
}

/// Formulas in one graph, by which they share what they have in common.
pub(crate) struct Lowered {
    pub graph: Graph,
    names: Vec<String>,
    /// The values, in forms that take more or fewer operations depending on the sizes; the first is that of the formulas.
    pub forms: Vec<Vec<NodeId>>,
    /// The variables of all of them.
    pub variables: Vec<Var>,
}

impl Lowered {
    pub fn new(definitions: &[Definition]) -> Result<Lowered> {
        let mut graph = Graph::new();
        let mut variables: IndexMap<Symbol, Var> = IndexMap::new();
        let (mut names, mut roots) = (Vec::new(), Vec::new());
        for d in definitions {
            variables.extend(d.value.variables.iter().map(|(name, v)| (*name, v.clone())));
            let node = lower(&mut graph, d.value)?;
            let node = graph.in_first_order(node)?;
            names.push(d.name.to_owned());
            roots.push(
                d.stacked
                    .map_or(node, |(axes, rows)| unstacked(&mut graph, node, matches!(d.value.root().shape, Shape::Row(_)), axes, rows)),
            );
        }
        let mut lowered = Lowered { graph, names, forms: vec![roots], variables: variables.into_values().collect() };
        lowered.multiply_out()?;
        Ok(lowered)
    }

    /// The program that takes the least of those found, whose products are ordered for these sizes.
    pub fn program(&self, sizes: Option<&Sizes>) -> Result<Program> {
        let mut best = (&self.forms[0], f64::INFINITY);
        for form in self.forms.iter().filter(|_| self.forms.len() > 1) {
            let work = self.work_of(form, sizes);
            if work < best.1 {
                best = (form, work);
            }
        }
        self.program_of(best.0, sizes)
    }

    pub(super) fn program_of(&self, roots: &[NodeId], sizes: Option<&Sizes>) -> Result<Program> {
        let graph = &self.graph;
        let mut builder = Builder::new(graph, roots, sizes);
        let mut outputs = Vec::new();
        for (name, root) in self.names.iter().zip(roots) {
            let parts = builder.parts(*root)?;
            outputs.push(Output { name: name.clone(), axes: graph.axes(*root).to_vec(), parts });
        }
        let program = Program { variables: self.variables.clone(), steps: builder.steps, outputs };
        Ok(program.trimmed().turned())
    }
}

/// The tensor whose matrix in Kronecker notation a node is: its first axis stacks the first `rows` of `axes`, its second the others.
/// A row has the second alone, a vector the first, a number none.
fn unstacked(graph: &mut Graph, node: NodeId, is_row: bool, axes: &[Dim], rows: usize) -> NodeId {
    let mut draft = crate::contract::Draft::new();
    let out = draft.labels(axes);
    let sides = [&out[..rows.min(out.len())], &out[rows.min(out.len())..]];
    let mut long = Labels::new();
    for side in sides {
        let Some((first, rest)) = side.split_first() else { continue };
        let mut stack = *first;
        for l in rest {
            let (m, n) = (draft.dims[stack as usize], draft.dims[*l as usize]);
            let whole = draft.label(m * n);
            let merge = graph.insert(Node::Merge(m, n));
            draft.factor(merge, &[whole, stack, *l]);
            stack = whole;
        }
        long.push(stack);
    }
    if is_row && long.len() > graph.order(node) {
        long.remove(0);
    }
    long.truncate(graph.order(node));
    draft.factor(node, &long);
    graph.contract(draft.out(&out))
}

/// How large a dimension without a number is taken to be when products are ordered.
pub(super) const LARGE: f64 = 100.0;

pub(super) struct Builder<'a> {
    pub graph: &'a Graph,
    sizes: Option<&'a Sizes>,
    pub steps: Vec<Step>,
    by_step: FxHashMap<Step, ValueId>,
    values: FxHashMap<NodeId, ValueId>,
    /// How often a node is used by those that are computed.
    uses: Vec<usize>,
}

impl<'a> Builder<'a> {
    fn new(graph: &'a Graph, roots: &[NodeId], sizes: Option<&'a Sizes>) -> Builder<'a> {
        let mut uses = vec![0; graph.len()];
        roots.iter().for_each(|r| uses[r.0 as usize] += 1);
        for id in graph.reachable(roots) {
            graph.node(id).for_each_child(|c| uses[c.0 as usize] += 1);
        }
        Builder { graph, sizes, steps: Vec::new(), by_step: FxHashMap::default(), values: FxHashMap::default(), uses }
    }

    /// The step, found again if it is there.
    pub fn step(&mut self, operation: Operation, axes: impl Into<Axes>) -> ValueId {
        let step = Step { operation, axes: axes.into() };
        if let Some(known) = self.by_step.get(&step) {
            return *known;
        }
        let id = ValueId(self.steps.len() as u32);
        self.by_step.insert(step.clone(), id);
        self.steps.push(step);
        id
    }

    pub fn axes(&self, id: ValueId) -> &Axes {
        &self.steps[id.0 as usize].axes
    }

    pub fn used_once(&self, node: NodeId) -> bool {
        self.uses[node.0 as usize] <= 1
    }

    /// How long an axis is taken to be.
    pub fn length(&self, dim: Dim) -> f64 {
        let known = |s: Symbol| self.sizes.and_then(|sizes| sizes.get(s)).map_or(LARGE, |n| n as f64);
        dim.approximately(&known).max(1.0)
    }

    /// A pass over all entries of an array; what only looks at a value as it is, is that value.
    pub fn kernel(&mut self, kernel: Kernel, axes: impl Into<Axes>) -> ValueId {
        let axes = axes.into();
        let kernel = Kernel { entry: stable(kernel.entry), ..kernel };
        if let Some(operand) = kernel.as_view()
            && operand.axes.iter().copied().eq(0..axes.len())
        {
            return operand.value;
        }
        self.step(Operation::Elementwise(kernel), axes)
    }

    /// The value of a node with all its entries.
    pub fn value(&mut self, node: NodeId) -> Result<ValueId> {
        if let Some(known) = self.values.get(&node) {
            return Ok(*known);
        }
        let value = self.compute(node)?;
        self.values.insert(node, value);
        Ok(value)
    }

    fn compute(&mut self, node: NodeId) -> Result<ValueId> {
        let axes: Axes = self.graph.axes(node).into();
        match self.graph.node(node) {
            Node::Var(v) => Ok(self.step(Operation::Input(v.clone()), axes)),
            Node::Select(s) => Ok(self.step(Operation::Constant(Tensor::Select(*s)), axes)),
            Node::LeviCivita(k) => Ok(self.step(Operation::Constant(Tensor::LeviCivita(*k)), axes)),
            Node::Duplication(n) => Ok(self.step(Operation::Constant(Tensor::Duplication(*n)), axes)),
            Node::Elimination(n) => Ok(self.step(Operation::Constant(Tensor::Elimination(*n)), axes)),
            Node::Merge(m, n) => Ok(self.step(Operation::Constant(Tensor::Merge(*m, *n)), axes)),
            Node::Zero(_) => Ok(self.number(&Number::ZERO, axes)),
            Node::Opaque(f, a) => self.opaque(*f, *a, axes),
            Node::Operator(f, operands, open) => {
                let operands = operands.iter().map(|a| self.value(*a)).collect::<Result<Vec<_>>>()?;
                match open {
                    0 => Ok(self.step(Operation::Operator(*f, operands), axes)),
                    _ => Ok(self.open_operator(*f, operands, axes)),
                }
            }
            Node::Apply(f, arguments) if !f.elementwise => {
                let arguments = arguments.iter().map(|a| self.value(*a)).collect::<Result<Vec<_>>>()?;
                Ok(self.step(Operation::Apply(f.clone(), arguments), axes))
            }
            Node::Unit(..) | Node::Contract(_) | Node::Scale(..) | Node::Sum(_) => {
                let parts = self.parts(node)?;
                self.assembled(parts, axes)
            }
            Node::Constant(_) | Node::Size(_) | Node::Triangle(..) | Node::Map(..) | Node::Power(..) | Node::Map2(..) | Node::Apply(..) => {
                self.pass(node)
            }
        }
    }

    /// The matrix that an operator is on stacked columns, with its four axes.
    fn open_operator(&mut self, f: LinearOperator, operands: Vec<ValueId>, axes: Axes) -> ValueId {
        let sides: Axes = [axes[0] * axes[1], axes[2] * axes[3]].into_iter().collect();
        let matrix = self.step(Operation::Operator(f, operands), sides);
        let split: Axes = [1, 0, 3, 2].into_iter().map(|k| axes[k]).collect();
        let split = self.step(Operation::Reshape(matrix), split);
        let mut operands = Vec::new();
        let entry = operand(&mut operands, split, &[1, 0, 3, 2]);
        self.kernel(Kernel { entry, operands }, axes)
    }

    /// An array with one number everywhere.
    pub fn number(&mut self, n: &Number, axes: impl Into<Axes>) -> ValueId {
        self.kernel(Kernel { entry: Entry::Number(n.clone()), operands: Vec::new() }, axes)
    }

    fn assembled(&mut self, parts: Vec<Part>, axes: Axes) -> Result<ValueId> {
        match &parts[..] {
            [] => Ok(self.number(&Number::ZERO, axes)),
            [one] if one.is_whole() => Ok(one.value),
            _ => Ok(self.step(Operation::Assemble(None, parts), axes)),
        }
    }

    fn opaque(&mut self, f: Opaque, a: NodeId, axes: Axes) -> Result<ValueId> {
        match f {
            Opaque::Inv => {
                let (solver, factor) = self.factorised(a)?;
                Ok(self.step(Operation::Inverse(solver, factor), axes))
            }
            Opaque::Det => {
                let (solver, factor) = self.factorised(a)?;
                Ok(self.step(Operation::Determinant(solver, factor), axes))
            }
            Opaque::LogDet => {
                let (solver, factor) = self.factorised(a)?;
                Ok(self.step(Operation::LogDeterminant(solver, factor), axes))
            }
            Opaque::Adj
            | Opaque::Pinv
            | Opaque::Product
            | Opaque::NormInf
            | Opaque::Softmax
            | Opaque::LogSumExp
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
            | Opaque::EigvecMin => {
                let a = self.value(a)?;
                Ok(self.step(Operation::Function(f, a), axes))
            }
        }
    }

    /// A square matrix made ready for equations with it.
    pub fn factorised(&mut self, matrix: NodeId) -> Result<(Solver, ValueId)> {
        let facts = self.graph.meta(matrix).facts;
        let value = self.value(matrix)?;
        let solver = if facts.contains(Facts::LOWER) {
            return Ok((Solver::Lower, value));
        } else if facts.contains(Facts::UPPER) {
            return Ok((Solver::Upper, value));
        } else if facts.contains(Facts::POSDEF) {
            Solver::Cholesky
        } else {
            Solver::Lu
        };
        let axes = self.axes(value).clone();
        Ok((solver, self.step(Operation::Factorise(solver, value), axes)))
    }
}

impl Program {
    /// Without the steps that nothing uses.
    fn trimmed(self) -> Program {
        let mut needed = vec![false; self.steps.len()];
        self.outputs.iter().flat_map(|o| &o.parts).for_each(|p| needed[p.value.0 as usize] = true);
        for at in (0..self.steps.len()).rev() {
            if needed[at] {
                self.steps[at].operation.for_each_operand(&mut |id| needed[id.0 as usize] = true);
            }
        }
        let mut place = Vec::with_capacity(needed.len());
        let mut count = 0;
        for n in &needed {
            place.push(ValueId(count));
            count += u32::from(*n);
        }
        let renamed = |id: ValueId| place[id.0 as usize];
        let kept = self.steps.into_iter().zip(&needed).filter(|(_, n)| **n).map(|(s, _)| s.renamed(&renamed)).collect();
        let part = |p: Part| Part { value: renamed(p.value), ..p };
        let outputs = self.outputs.into_iter().map(|o| Output { parts: o.parts.into_iter().map(part).collect(), ..o }).collect();
        Program { variables: self.variables, steps: kept, outputs }
    }
}

impl Program {
    /// A product of matrices that is only used transposed is that of the transposed factors in the other order.
    fn turned(mut self) -> Program {
        let uses = self.uses();
        for at in 0..self.steps.len() {
            let Operation::Elementwise(kernel) = &self.steps[at].operation else { continue };
            // What only looks at a product turned is turned where it is used, but as a result.
            let is_result = self.outputs.iter().flat_map(|o| &o.parts).any(|p| p.value.0 as usize == at);
            if kernel.as_view().is_some() && !is_result {
                continue;
            }
            let transposed = |o: &Operand| o.axes[..] == [1, 0] && uses[o.value.0 as usize] == 1;
            for of in (0..kernel.operands.len()).filter(|k| transposed(&kernel.operands[*k])).collect::<Vec<_>>() {
                self.turn(at, of);
            }
        }
        self
    }

    fn turn(&mut self, at: usize, of: usize) {
        let Operation::Elementwise(kernel) = &self.steps[at].operation else { return };
        let product = kernel.operands[of].value.0 as usize;
        let Operation::Contract(pair) = &mut self.steps[product].operation else { return };
        if pair.out.len() != 2 || pair.symmetric || pair.left.1.len() != 2 || pair.right.1.len() != 2 {
            return;
        }
        std::mem::swap(&mut pair.left, &mut pair.right);
        pair.out.reverse();
        *pair = pair.clone().renumbered();
        self.steps[product].axes.reverse();
        if let Operation::Elementwise(kernel) = &mut self.steps[at].operation {
            kernel.operands[of].axes = [0, 1].as_slice().into();
        }
    }
}

impl Step {
    fn renamed(self, to: &impl Fn(ValueId) -> ValueId) -> Step {
        let operation = match self.operation {
            Operation::Input(v) => Operation::Input(v),
            Operation::Constant(t) => Operation::Constant(t),
            Operation::Elementwise(mut kernel) => {
                kernel.operands.iter_mut().for_each(|o| o.value = to(o.value));
                Operation::Elementwise(kernel)
            }
            Operation::Sum(a, over) => Operation::Sum(to(a), over),
            Operation::Contract(mut pair) => {
                (pair.left.0, pair.right.0) = (to(pair.left.0), to(pair.right.0));
                Operation::Contract(pair)
            }
            Operation::Slice(a, cuts) => Operation::Slice(to(a), cuts),
            Operation::Reshape(a) => Operation::Reshape(to(a)),
            Operation::Assemble(base, mut parts) => {
                parts.iter_mut().for_each(|p| p.value = to(p.value));
                Operation::Assemble(base.map(to), parts)
            }
            Operation::Factorise(s, a) => Operation::Factorise(s, to(a)),
            Operation::Solve(s) => Operation::Solve(super::Solve { factor: to(s.factor), right: to(s.right), ..s }),
            Operation::Inverse(s, a) => Operation::Inverse(s, to(a)),
            Operation::Determinant(s, a) => Operation::Determinant(s, to(a)),
            Operation::LogDeterminant(s, a) => Operation::LogDeterminant(s, to(a)),
            Operation::Function(f, a) => Operation::Function(f, to(a)),
            Operation::Operator(f, operands) => Operation::Operator(f, operands.into_iter().map(to).collect()),
            Operation::Apply(f, arguments) => Operation::Apply(f, arguments.into_iter().map(to).collect()),
        };
        Step { operation, axes: self.axes }
    }
}

/// An operand along axes of a result, once.
pub(super) fn operand(operands: &mut Vec<Operand>, value: ValueId, axes: &[usize]) -> Entry {
    let operand = Operand { value, axes: axes.into() };
    let at = operands.iter().position(|o| *o == operand).unwrap_or_else(|| {
        operands.push(operand);
        operands.len() - 1
    });
    Entry::Operand(at)
}

pub(super) fn internal(message: &str) -> Error {
    Error::new(ErrorKind::Internal, message)
}
