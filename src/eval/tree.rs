//! The reference semantics: an expression evaluated as the language defines it, node by node.

use super::differences::differentiate;
use super::functions::{self, Operand, elementwise, internal, scalar};
use super::indices::{Indexed, Place, Ranges, choose, scalars};
use super::linear;
use super::matrix_functions;
use super::quadrature::integrate;
use super::random::Random;
use super::stand_in;
use super::value::Inputs;
use crate::dim::{Dim, Symbol};
use crate::error::{Error, ErrorKind, Result};
use crate::expr::{Op, Shape, Structure, Subscript, Var};
use crate::function::{Call, Function};
use crate::typed::{Typed, TypedId, TypedNode};
use ndarray::ArrayD;
use std::rc::Rc;

/// The value of an expression: the free indices of its root in order, then the axes of its shape. A scalar has no
/// axis, a column or a row one, a matrix two. `diff` is evaluated by central differences.
///
/// ```
/// use indicial::{Declarations, Inputs, evaluate, infer, parse};
/// let declarations = Declarations::parse("A: matrix(2, 2); x: vector(2)")?;
/// let typed = infer(&parse("x'*A*x", &declarations)?, &declarations)?;
/// let inputs = Inputs::from_json(r#"{"A": [[1, 2], [3, 4]], "x": [1, 1]}"#, typed.variables.values())?;
/// assert_eq!(evaluate(&typed, &inputs)?.sum(), 10.0);
/// # Ok::<(), indicial::Error>(())
/// ```
///
/// # Errors
/// If a variable or a dimension has no value, one is outside the domain (a singular matrix under `inv`), an array is
/// too large, or a construct has no evaluation yet.
pub fn evaluate(typed: &Typed, inputs: &Inputs) -> Result<ArrayD<f64>> {
    evaluated(typed, inputs, None)
}

/// The value where every intermediate result is off by a little that is far more than rounding: what then changes by as much as
/// two values differ, says nothing about these values. Whole and short binary numbers are exact and stay.
///
/// # Errors
/// As [`evaluate`].
pub(crate) fn evaluate_disturbed(typed: &Typed, inputs: &Inputs, seed: u64) -> Result<ArrayD<f64>> {
    evaluated(typed, inputs, Some(Random::new(seed)))
}

fn evaluated(typed: &Typed, inputs: &Inputs, disturbance: Option<Random>) -> Result<ArrayD<f64>> {
    let mut evaluator = Evaluator { typed, inputs: inputs.clone(), values: vec![None; typed.nodes.len()], disturbance };
    evaluator.fill(&order(typed, typed.root))?;
    Ok(evaluator.indexed(typed.root)?.value.clone())
}

fn disturbed(x: f64, random: &mut Random) -> f64 {
    const SIZE: f64 = 1e-9;
    const EXACT: f64 = 1e6;
    let off = SIZE * random.signed();
    // What is left of a cancellation is as much below as above 0.
    match x.abs() {
        0.0 => x,
        size if size < SIZE => off,
        size if size <= EXACT && (64.0 * x).fract() == 0.0 => x,
        _ => x * (1.0 + off),
    }
}

struct Evaluator<'a> {
    typed: &'a Typed,
    inputs: Inputs,
    values: Vec<Option<Rc<ArrayD<f64>>>>,
    disturbance: Option<Random>,
}

/// The nodes that the value of `root` needs, children first. What is under a `diff` or an `integral` is evaluated elsewhere.
fn order(typed: &Typed, root: TypedId) -> Vec<TypedId> {
    let mut seen = vec![false; typed.nodes.len()];
    let mut waiting = vec![root];
    while let Some(id) = waiting.pop() {
        if std::mem::replace(&mut seen[id.0 as usize], true) {
            continue;
        }
        match &typed.node(id).op {
            Op::Diff(_, variable) => {
                if let Op::Subscript(_, places) = &typed.node(*variable).op {
                    waiting.extend(places.iter().flat_map(numbers));
                }
            }
            Op::Call(Function::Call(Call::Integral), arguments) => waiting.extend(&arguments[2..]),
            op => op.for_each_child(|c| waiting.push(*c)),
        }
    }
    (0..seen.len()).filter(|i| seen[*i]).map(|i| TypedId(i as u32)).collect()
}

/// The children of a subscript.
fn numbers(s: &Subscript<TypedId>) -> Vec<TypedId> {
    match s {
        Subscript::Index(_) | Subscript::All => Vec::new(),
        Subscript::At(a) => vec![*a],
        Subscript::Range(a, b) => vec![*a, *b],
    }
}

impl<'a> Evaluator<'a> {
    fn fill(&mut self, order: &[TypedId]) -> Result<()> {
        for id in order {
            if self.values[id.0 as usize].is_none() {
                let node = self.typed.node(*id);
                let mut value = self.node(node).map_err(|e| node.span.map_or(e.clone(), |s| e.at(s)))?;
                if let Some(random) = &mut self.disturbance {
                    value.mapv_inplace(|x| disturbed(x, random));
                }
                self.values[id.0 as usize] = Some(Rc::new(value));
            }
        }
        Ok(())
    }

    /// The value of a node that was evaluated before.
    fn indexed(&self, id: TypedId) -> Result<Indexed<'_>> {
        let value = self.values[id.0 as usize].as_deref().ok_or_else(|| internal("a node is evaluated before its child"))?;
        Ok(Indexed { value, free: self.typed.node(id).free.iter().map(|f| f.0).collect() })
    }

    fn lengths(&self, axes: &[Dim]) -> Result<Vec<usize>> {
        self.inputs.sizes.lengths(axes)
    }

    /// The indices that are free in a node.
    fn ranges(&self, node: &TypedNode) -> Result<Ranges> {
        let mut ranges = Ranges::default();
        for (index, dim) in &node.free {
            ranges.free.insert(*index, self.inputs.sizes.of(*dim)?);
        }
        Ok(ranges)
    }

    fn node(&self, node: &TypedNode) -> Result<ArrayD<f64>> {
        match &node.op {
            Op::Number(n) => Ok(scalar(n.to_f64())),
            Op::Constant(c) => Ok(scalar(c.value())),
            Op::Size(d) => Ok(scalar(self.inputs.sizes.of(*d)? as f64)),
            Op::Var(v) => self.variable(v),
            Op::Subscript(base, subscripts) => {
                let places = self.places(subscripts)?;
                self.choose(&self.indexed(*base)?, &places, node)
            }
            Op::Delta(subscripts) => {
                self.symbol(node, &self.places(subscripts)?, |at| f64::from(u8::from(at.windows(2).all(|w| w[0] == w[1]))))
            }
            Op::LeviCivita(subscripts) => self.symbol(node, &self.places(subscripts)?, levi_civita),
            Op::Braces(body, outputs) => self.braces(node, *body, outputs),
            Op::Diff(function, variable) => self.derivative(node, *function, *variable),
            Op::Call(Function::Call(Call::Integral), arguments) => self.integral(arguments),
            Op::Neg(_)
            | Op::Add(_)
            | Op::Mul(_)
            | Op::Had(_)
            | Op::Kron(..)
            | Op::Div(..)
            | Op::HadDiv(..)
            | Op::LeftDiv(..)
            | Op::Pow(..)
            | Op::HadPow(..)
            | Op::Transpose(_)
            | Op::Call(..)
            | Op::Apply { .. }
            | Op::IndexSum(..)
            | Op::Block(_) => self.pointwise(node),
        }
    }

    fn variable(&self, v: &Var) -> Result<ArrayD<f64>> {
        let value = self.inputs.value(v.name)?;
        let lengths = self.lengths(&v.axes())?;
        if value.shape() == lengths {
            return Ok(value.clone());
        }
        Err(Error::new(ErrorKind::Data, format!("the value of {} has the axes {:?} instead of {lengths:?}", v.name, value.shape())))
    }

    /// An operation on shapes, at each place of the free indices of its operands.
    fn pointwise(&self, node: &TypedNode) -> Result<ArrayD<f64>> {
        let mut children = Vec::new();
        node.op.for_each_child(|c| children.push(*c));
        let values: Vec<Indexed> = children.iter().map(|c| self.indexed(*c)).collect::<Result<_>>()?;
        let mut ranges = self.ranges(node)?;
        for child in &values {
            child.free.iter().zip(child.value.shape()).try_for_each(|(index, length)| ranges.note(*index, *length))?;
        }
        if let Some(f) = arithmetic(&node.op)
            && children.iter().all(|c| self.typed.node(*c).shape == Shape::Scalar)
        {
            return scalars(&values, &ranges, f);
        }
        ranges.collect(&self.lengths(&node.shape.axes())?, |places| {
            let mut operands = Vec::with_capacity(values.len());
            for (child, id) in values.iter().zip(&children) {
                operands.push(Operand { value: child.at(places)?, shape: &self.typed.node(*id).shape });
            }
            self.apply(node, &operands)
        })
    }

    fn apply(&self, node: &TypedNode, operands: &[Operand]) -> Result<ArrayD<f64>> {
        let fold = |f: fn(f64, f64) -> f64| {
            let mut rest = operands.iter();
            let first = rest.next().ok_or_else(|| internal("an operation without operands"))?.value.to_owned();
            rest.try_fold(first, |a, b| elementwise(&a.view(), &b.value, f))
        };
        match (&node.op, operands) {
            (Op::Neg(_), [a]) => Ok(-a.value.to_owned()),
            (Op::IndexSum(..), [a]) => Ok(a.value.to_owned()),
            (Op::Add(_), _) => fold(|x, y| x + y),
            (Op::Had(_), _) => fold(|x, y| x * y),
            (Op::HadDiv(..), _) => fold(|x, y| x / y),
            (Op::HadPow(..), _) => fold(functions::power),
            (Op::Mul(_), _) => multiply(operands),
            (Op::Kron(..), [a, b]) => Ok(linear::kronecker(&a.matrix()?, &b.matrix()?)?.into_dyn()),
            (Op::Div(..), [a, b]) if b.is_scalar() => elementwise(&a.value, &b.value, |x, y| x / y),
            (Op::Div(..), [a, b]) => Ok(linear::product(&a.matrix()?, &linear::inverse(&b.matrix()?)?)?.into_dyn()),
            (Op::LeftDiv(..), [a, b]) if a.is_scalar() => elementwise(&b.value, &a.value, |x, y| x / y),
            (Op::LeftDiv(..), [a, b]) if b.is_scalar() => Ok(linear::inverse(&a.matrix()?)?.into_dyn() * b.scalar()?),
            (Op::LeftDiv(..), [a, b]) => Ok(linear::product(&linear::inverse(&a.matrix()?)?, &b.matrix()?)?.into_dyn()),
            (Op::Pow(..), [a, p]) if a.is_scalar() && p.is_scalar() => Ok(scalar(functions::power(a.scalar()?, p.scalar()?))),
            (Op::Pow(..), [a, p]) if p.is_scalar() => Ok(linear::power(&a.matrix()?, p.scalar()?)?.into_dyn()),
            (Op::Pow(..), [a, p]) => {
                let base = a.matrix()?;
                let log = if a.is_scalar() { base.mapv(f64::ln) } else { matrix_functions::logarithm(&base)? };
                let exponent = linear::product(&log, &p.matrix()?)?;
                Ok(matrix_functions::exponential(&exponent)?.into_dyn())
            }
            (Op::Transpose(_), [a]) if a.value.ndim() <= 2 => Ok(a.value.t().to_owned()),
            (Op::Transpose(_), _) => Err(Error::unsupported("the transpose of a tensor of order above 2")),
            (Op::Call(Function::Map(m), _), [a]) => Ok(a.value.mapv(m.row().value)),
            (Op::Call(Function::Call(c), _), _) => functions::call(*c, operands, &node.shape, &self.inputs.sizes),
            (Op::Apply { function, .. }, _) => {
                let arguments: Vec<ArrayD<f64>> = operands.iter().map(|o| o.value.to_owned()).collect();
                stand_in::apply(function, &arguments, &self.inputs)
            }
            (Op::Block(rows), _) => {
                let mut next = operands.iter();
                let row = |r: &Vec<TypedId>| next.by_ref().take(r.len()).map(Operand::matrix).collect();
                Ok(linear::blocks(&rows.iter().map(row).collect::<Result<Vec<_>>>()?)?.into_dyn())
            }
            (op, _) => Err(internal(format!("{op:?} with {} operands", operands.len()))),
        }
    }

    /// The subscripts with their numbers, counted from 0.
    fn places(&self, subscripts: &[Subscript<TypedId>]) -> Result<Vec<Place>> {
        let number = |id: &TypedId| -> Result<usize> {
            let value = self.indexed(*id)?;
            match value.value.first() {
                Some(n) if value.value.ndim() == 0 && *n >= 1.0 && n.fract() == 0.0 => Ok(*n as usize),
                _ => Err(Error::new(ErrorKind::Shape, "a subscript is not a positive integer")),
            }
        };
        let place = |s: &Subscript<TypedId>| {
            Ok(match s {
                Subscript::Index(i) => Place::Index(*i),
                Subscript::All => Place::All,
                Subscript::At(a) => Place::At(number(a)? - 1),
                Subscript::Range(a, b) => Place::Range(number(a)? - 1, number(b)?),
            })
        };
        subscripts.iter().map(place).collect()
    }

    /// The entries of `base` that subscripts choose; an index that the node does not have free is summed.
    fn choose(&self, base: &Indexed, places: &[Place], node: &TypedNode) -> Result<ArrayD<f64>> {
        let mut ranges = self.ranges(node)?;
        let (leading, axes) = base.value.shape().split_at(base.free.len());
        base.free.iter().zip(leading).try_for_each(|(index, length)| ranges.note(*index, *length))?;
        for (place, length) in places.iter().zip(axes) {
            if let Place::Index(index) = place {
                ranges.note(*index, *length)?;
            }
        }
        ranges.collect(&self.lengths(&node.shape.axes())?, |at| choose(base.at(at)?, places, at))
    }

    /// A tensor given by a formula for its entries, all of whose subscripts are indices or numbers.
    fn symbol(&self, node: &TypedNode, places: &[Place], entry: fn(&[usize]) -> f64) -> Result<ArrayD<f64>> {
        let mut ranges = self.ranges(node)?;
        for place in places {
            if let (Place::Index(index), Op::LeviCivita(s)) = (place, &node.op) {
                ranges.note(*index, s.len())?;
            }
        }
        ranges.collect(&[], |at| {
            let place = |p: &Place| match p {
                Place::Index(index) => at.get(index).copied().ok_or_else(|| internal(format!("the index {index} has no length"))),
                Place::At(n) => Ok(*n),
                Place::All | Place::Range(..) => Err(internal("a range as a subscript of a symbol")),
            };
            Ok(scalar(entry(&places.iter().map(place).collect::<Result<Vec<_>>>()?)))
        })
    }

    /// The tensor of the named free indices: these become axes, before those of the body.
    fn braces(&self, node: &TypedNode, body: TypedId, outputs: &[(Symbol, Option<Dim>)]) -> Result<ArrayD<f64>> {
        let mut ranges = self.ranges(node)?;
        let axes = node.shape.axes();
        for ((index, _), dim) in outputs.iter().zip(&axes) {
            if ranges.free.insert(*index, self.inputs.sizes.of(*dim)?).is_some() {
                return Err(Error::new(ErrorKind::Index, format!("the index {index} is named twice")));
            }
        }
        let body_value = self.indexed(body)?;
        body_value.free.iter().zip(body_value.value.shape()).try_for_each(|(index, length)| ranges.note(*index, *length))?;
        let inner = self.lengths(axes.get(outputs.len()..).unwrap_or_default())?;
        ranges.collect(&inner, |places| Ok(body_value.at(places)?.to_owned()))
    }

    /// `diff(F, X)`: by central differences along X or, for a part of X, along that part.
    fn derivative(&self, node: &TypedNode, function: TypedId, variable: TypedId) -> Result<ArrayD<f64>> {
        let part = match &self.typed.node(variable).op {
            Op::Subscript(base, places) => Some((*base, self.places(places)?)),
            _ => None,
        };
        let Op::Var(v) = &self.typed.node(part.as_ref().map_or(variable, |p| p.0)).op else {
            return Err(Error::unsupported("a numerical derivative by something that is no variable"));
        };
        // An entry of a structured matrix varies alone: only the whole variable respects the structure.
        let structure = if part.is_some() { Structure::General } else { v.kind.as_ref().map_or(Structure::General, |k| k.structure) };
        let value = self.differences(function, v.name, structure)?;
        let free: Vec<Symbol> = self.typed.node(function).free.iter().map(|f| f.0).collect();
        let kept = self.typed.node(function).shape.axes().len();
        let places = part.map_or_else(|| vec![Place::All; v.axes().len()], |p| p.1);
        let places: Vec<Place> = std::iter::repeat_n(Place::All, kept).chain(places).collect();
        self.choose(&Indexed { value: &value, free }, &places, node)
    }

    /// `integral(F, t, a, b)`: by quadrature.
    fn integral(&self, arguments: &[TypedId]) -> Result<ArrayD<f64>> {
        let &[function, variable, from, to] = arguments else { return Err(internal("an integral has four arguments")) };
        let Op::Var(v) = &self.typed.node(variable).op else {
            return Err(Error::unsupported("an integral over something that is no variable"));
        };
        let end = |id: TypedId| Ok(self.indexed(id)?.value.sum());
        let mut at = self.moving(function, v.name);
        integrate(&mut |t| at(&scalar(t)), end(from)?, end(to)?)
    }

    /// The value of `function` as a function of the value of a variable.
    fn moving(&self, function: TypedId, variable: Symbol) -> impl FnMut(&ArrayD<f64>) -> Result<ArrayD<f64>> + use<'a> {
        let order = order(self.typed, function);
        let dependent = self.dependent(variable);
        let dependent: Vec<TypedId> = order.iter().copied().filter(|id| dependent[id.0 as usize]).collect();
        let mut moved = Evaluator { typed: self.typed, inputs: self.inputs.clone(), values: self.values.clone(), disturbance: None };
        move |at: &ArrayD<f64>| {
            moved.inputs.values.insert(variable, at.clone());
            dependent.iter().for_each(|id| moved.values[id.0 as usize] = None);
            moved.fill(&order)?;
            Ok(moved.indexed(function)?.value.clone())
        }
    }

    /// The axes of the value of `function`, then those of the variable.
    fn differences(&self, function: TypedId, variable: Symbol, structure: Structure) -> Result<ArrayD<f64>> {
        let mut value_at = self.moving(function, variable);
        differentiate(&mut value_at, self.inputs.value(variable)?, structure, self.typed.convention)
    }

    /// Which nodes of the whole expression depend on a variable.
    fn dependent(&self, variable: Symbol) -> Vec<bool> {
        let mut dependent = vec![false; self.typed.nodes.len()];
        for (at, node) in self.typed.nodes.iter().enumerate() {
            let mut depends = matches!(&node.op, Op::Var(v) if v.name == variable);
            node.op.for_each_child(|c| depends |= dependent[c.0 as usize]);
            dependent[at] = depends;
        }
        dependent
    }
}

/// What an operation of two operands or more does to scalars.
fn arithmetic(op: &Op<TypedId>) -> Option<fn(f64, f64) -> f64> {
    match op {
        Op::Add(_) => Some(|x, y| x + y),
        Op::Mul(_) | Op::Had(_) => Some(|x, y| x * y),
        Op::Div(..) | Op::HadDiv(..) => Some(|x, y| x / y),
        Op::Pow(..) | Op::HadPow(..) => Some(functions::power),
        // The function is not used: there is one operand.
        Op::IndexSum(..) => Some(|x, _| x),
        _ => None,
    }
}

/// The product of linear algebra from left to right; a tensor of higher order takes scalar factors only.
fn multiply(operands: &[Operand]) -> Result<ArrayD<f64>> {
    let mut matrix = ndarray::Array2::from_elem((1, 1), 1.0);
    let mut tensor: Option<ArrayD<f64>> = None;
    for operand in operands {
        if operand.value.ndim() > 2 && tensor.is_none() {
            tensor = Some(operand.value.to_owned());
        } else {
            matrix = linear::product(&matrix, &operand.matrix()?)?;
        }
    }
    match (tensor, matrix.dim()) {
        (None, _) => Ok(matrix.into_dyn()),
        (Some(tensor), (1, 1)) => Ok(tensor * matrix[[0, 0]]),
        (Some(_), _) => Err(Error::unsupported("the product of a tensor of order above 2 and a matrix")),
    }
}

/// 1 for an even permutation of 0, 1, 2, -1 for an odd one, else 0.
/// The sign of a permutation of the places, by the number of its inversions; 0 if a place is repeated.
pub(super) fn levi_civita(at: &[usize]) -> f64 {
    let pairs = (0..at.len()).flat_map(|i| (i + 1..at.len()).map(move |j| (at[i], at[j])));
    pairs.fold(1.0, |sign, (a, b)| match a.cmp(&b) {
        std::cmp::Ordering::Less => sign,
        std::cmp::Ordering::Equal => 0.0,
        std::cmp::Ordering::Greater => -sign,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::number::Number;
    use indexmap::IndexMap;
    use ndarray::{arr1, array};

    /// An expression built bottom up; the last node is the root.
    fn typed(nodes: Vec<(Op<TypedId>, Shape, &[&str])>) -> Typed {
        let free = |names: &[&str]| names.iter().map(|i| (Symbol::new(i), Dim::symbol("n"))).collect();
        let nodes: Vec<TypedNode> = nodes.into_iter().map(|(op, shape, f)| TypedNode { op, shape, free: free(f), span: None }).collect();
        Typed {
            root: TypedId(nodes.len() as u32 - 1),
            nodes,
            variables: IndexMap::new(),
            assumed: Vec::new(),
            convention: crate::Convention::default(),
        }
    }

    fn inputs() -> Inputs {
        let values = [("A", array![[1.0, 2.0], [3.0, 4.0]].into_dyn()), ("x", arr1(&[5.0, 6.0]).into_dyn())];
        let sizes = [(Symbol::new("n"), 2)].into_iter().collect();
        Inputs { sizes, values: values.into_iter().map(|(s, v)| (Symbol::new(s), v)).collect(), stand_ins: false }
    }

    fn n() -> Dim {
        Dim::symbol("n")
    }

    fn a() -> (Op<TypedId>, Shape, &'static [&'static str]) {
        (Op::Var(Var::new("A", Shape::Matrix(n(), n()))), Shape::Matrix(n(), n()), &[])
    }

    fn x() -> (Op<TypedId>, Shape, &'static [&'static str]) {
        (Op::Var(Var::new("x", Shape::Column(n()))), Shape::Column(n()), &[])
    }

    fn index(i: &str) -> Subscript<TypedId> {
        Subscript::Index(Symbol::new(i))
    }

    #[test]
    fn products_are_those_of_linear_algebra() {
        let t = |i| TypedId(i);
        let product = typed(vec![
            a(),
            x(),
            (Op::Transpose(t(1)), Shape::Row(n()), &[]),
            (Op::Mul(vec![t(2), t(0), t(1), t(0)]), Shape::Matrix(n(), n()), &[]),
        ]);
        let quadratic = 25.0 + 5.0 * 5.0 * 6.0 + 4.0 * 36.0;
        assert_eq!(evaluate(&product, &inputs()).unwrap(), (array![[1.0, 2.0], [3.0, 4.0]] * quadratic).into_dyn());
    }

    #[test]
    fn repeated_indices_are_summed() {
        let t = |i| TypedId(i);
        // {A[i,j]*x[j]}[i]
        let nodes = vec![
            a(),
            x(),
            (Op::Subscript(t(0), vec![index("i"), index("j")]), Shape::Scalar, &["i", "j"][..]),
            (Op::Subscript(t(1), vec![index("j")]), Shape::Scalar, &["j"]),
            (Op::Mul(vec![t(2), t(3)]), Shape::Scalar, &["i"]),
            (Op::Braces(t(4), vec![(Symbol::new("i"), None)]), Shape::Column(n()), &[]),
        ];
        assert_eq!(evaluate(&typed(nodes.clone()), &inputs()).unwrap(), arr1(&[17.0, 39.0]).into_dyn());
        assert_eq!(evaluate(&typed(nodes[..5].to_vec()), &inputs()).unwrap(), arr1(&[17.0, 39.0]).into_dyn());
        let trace = vec![a(), (Op::Subscript(t(0), vec![index("i"), index("i")]), Shape::Scalar, &[][..])];
        assert_eq!(evaluate(&typed(trace), &inputs()).unwrap(), scalar(5.0));
    }

    #[test]
    fn diff_has_the_axes_of_the_value_first() {
        let t = |i| TypedId(i);
        let jacobian = typed(vec![
            a(),
            x(),
            (Op::Mul(vec![t(0), t(1)]), Shape::Column(n()), &[]),
            (Op::Diff(t(2), t(1)), Shape::Matrix(n(), n()), &[]),
        ]);
        let value = evaluate(&jacobian, &inputs()).unwrap();
        assert!((value - array![[1.0, 2.0], [3.0, 4.0]]).iter().all(|e| e.abs() < 1e-9));
        let entry = typed(vec![
            a(),
            (Op::Call(Function::Call(crate::function::Call::Det), vec![t(0)]), Shape::Scalar, &[]),
            (Op::Number(Number::int(2)), Shape::Scalar, &[]),
            (Op::Subscript(t(0), vec![Subscript::At(t(2)), index("j")]), Shape::Scalar, &["j"]),
            (Op::Diff(t(1), t(3)), Shape::Scalar, &["j"]),
        ]);
        let value = evaluate(&entry, &inputs()).unwrap();
        assert!((value - arr1(&[-2.0, 1.0])).iter().all(|e| e.abs() < 1e-9));
    }

    #[test]
    fn an_answer_is_checked_and_refuted() {
        let t = |i| TypedId(i);
        let with = |mut typed: Typed, x: &Var| {
            typed.variables.insert(x.name, x.clone());
            typed
        };
        let v = Var::new("x", Shape::Column(n()));
        let log = || (Op::Call(Function::Map(crate::function::Map::Log), vec![t(0)]), Shape::Column(n()), &[][..]);
        let function =
            with(typed(vec![x(), log(), (Op::Call(Function::Call(crate::function::Call::Sum), vec![t(1)]), Shape::Scalar, &[])]), &v);
        let one = || (Op::Number(Number::ONE), Shape::Scalar, &[][..]);
        let right = with(typed(vec![x(), one(), (Op::HadDiv(t(1), t(0)), Shape::Column(n()), &[])]), &v);
        let wrong = with(typed(vec![x(), log()]), &v);
        assert!(crate::verify(&function, std::slice::from_ref(&v), &right, 4).unwrap().ok);
        assert!(!crate::verify(&function, &[v], &wrong, 4).unwrap().ok);
    }
}
