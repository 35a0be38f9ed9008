//! Python with numpy (and scipy where a function needs it).
//!
//! A scalar is a float, a vector or a row a 1-d array, a matrix 2-d, a tensor of order k k-d. A value with free indices
//! has one leading axis for each, in the order in which inference lists them.

use super::calls;
use super::sizes::{dim_code, solve};
use crate::applied::Applied;
use crate::dim::{Dim, Symbol};
use crate::error::{Error, ErrorKind, Result};
use crate::expr::{Op, Shape, Var};
use crate::function::Constant;
use crate::number::Number;
use crate::typed::{Typed, TypedId, TypedNode};
use indexmap::IndexMap;
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::BTreeSet;
use std::fmt::Write;

/// A function to emit: its name, its value, and the axes to give the result if it is in Kronecker notation (the
/// matrix of `d vec(F) / d vec(X)'` becomes the tensor whose axes are those of F, then those of X).
pub struct Definition<'a> {
    pub name: &'a str,
    pub value: &'a Typed,
    pub kron_axes: Option<&'a [Dim]>,
}

/// Python source that defines the functions. The arguments are keywords: the variables by name, and each dimension
/// that no argument's shape tells.
///
/// ```
/// use indicial::{Declarations, Definition, infer, numpy_module, parse};
/// let declarations = Declarations::parse("A: matrix(m, n); x: vector(n)")?;
/// let value = infer(&parse("A*x", &declarations)?, &declarations)?;
/// let source = numpy_module(&value.variables, &[Definition { name: "value", value: &value, kron_axes: None }])?;
/// assert!(source.contains("def value(*, A, x):") && source.contains("return A @ x"), "{source}");
/// # Ok::<(), indicial::Error>(())
/// ```
///
/// # Errors
/// `Unsupported` for a construct that has no numpy form here, `Limit` for more than 52 indices in one product.
pub fn numpy_module(variables: &IndexMap<Symbol, Var>, definitions: &[Definition]) -> Result<String> {
    Ok(module(&definitions.iter().map(|d| function(variables, d)).collect::<Result<Vec<_>>>()?))
}

/// Arrays, and where each of them stands in a larger one.
pub(crate) struct Cores<'a> {
    pub cores: &'a [Typed],
    /// For each, the view of the whole in the notation of einsum.
    pub views: &'a [String],
    pub axes: &'a [Dim],
}

/// Python source with a function, with `core(…)`, which returns the arrays, and `derivative(…)`, which adds them to zeros
/// through views, so that nothing is multiplied by identities.
///
/// # Errors
/// As of [`numpy_module`].
pub(crate) fn numpy_module_with_cores(variables: &IndexMap<Symbol, Var>, value: &Definition, cores: &Cores) -> Result<String> {
    let mut emitters: Vec<Emitter> = Vec::new();
    let mut arrays: Vec<String> = Vec::new();
    for typed in cores.cores {
        let mut emitter = Emitter::new(variables, typed);
        if let Some(before) = emitters.pop() {
            emitter.follow(before);
        }
        arrays.push(emitter.value(typed.root)?.text);
        emitters.push(emitter);
    }
    let Some(mut emitter) = emitters.pop() else { return numpy_module(variables, std::slice::from_ref(value)) };
    let core = written(variables, &emitter, "core", &arrays.join(", "));
    let axes = emitter.tuple(cores.axes);
    let whole = emitter.named(Code::atom(format!("np.zeros(({axes}))"), 0)).text;
    for (array, view) in arrays.iter().zip(cores.views) {
        emitter.lines.push(format!("np.einsum('{view}', {whole})[...] += {array}"));
    }
    let derivative = written(variables, &emitter, "derivative", &whole);
    Ok(module(&[function(variables, value)?, core, derivative]))
}

/// The functions with what they import.
pub(super) fn module(bodies: &[String]) -> String {
    let uses = |module: &str| bodies.iter().any(|b| b.replace("np.linalg.", "").contains(&format!("{module}.")));
    let mut source = "import numpy as np\n".to_owned();
    let scipy: Vec<&str> = ["linalg", "special"].into_iter().filter(|m| uses(m)).collect();
    if !scipy.is_empty() {
        let _ = writeln!(source, "from scipy import {}", scipy.join(", "));
    }
    for body in bodies {
        source.push_str("\n\n");
        source.push_str(body);
    }
    source
}

fn function(variables: &IndexMap<Symbol, Var>, definition: &Definition) -> Result<String> {
    function_of(variables, definition.name, definition.value, &[(definition.value.root, definition.kron_axes)])
}

/// A function that returns several values of one expression, as a tuple if there is more than one.
pub(super) fn function_of(
    variables: &IndexMap<Symbol, Var>,
    function: &str,
    typed: &Typed,
    results: &[(TypedId, Option<&[Dim]>)],
) -> Result<String> {
    let mut emitter = Emitter::new(variables, typed);
    let mut values = Vec::with_capacity(results.len());
    for (root, kron_axes) in results {
        let value = emitter.value(*root)?;
        values.push(match kron_axes {
            Some(axes) => format!("np.reshape({}, ({}), order='F')", value.text, emitter.tuple(axes)),
            None => value.text,
        });
    }
    Ok(written(variables, &emitter, function, &values.join(", ")))
}

/// The function of what has been emitted.
fn written(variables: &IndexMap<Symbol, Var>, emitter: &Emitter, function: &str, result: &str) -> String {
    let (argument, name) = (|s: Symbol| emitter.names.argument(s), |s: Symbol| emitter.names.dim(s));
    let sizes = solve(&emitter.sizes, variables.values(), &argument, &name);
    let arguments =
        variables.keys().map(|v| argument(*v)).chain(sizes.asked.iter().map(|s| name(*s))).chain(emitter.functions.iter().cloned());
    let arguments: Vec<String> = arguments.collect();
    let star = if arguments.is_empty() { "" } else { "*, " };
    let mut source = format!("def {function}({star}{}):\n", arguments.join(", "));
    for (symbol, code) in &sizes.told {
        let _ = writeln!(source, "    {} = {code}", name(*symbol));
    }
    for line in &emitter.lines {
        let _ = writeln!(source, "    {line}");
    }
    let _ = writeln!(source, "    return {result}");
    source
}

/// Names that Python or the emitted code keeps for itself; they get `_` appended.
const RESERVED: &[&str] = &[
    "False", "None", "True", "and", "as", "assert", "async", "await", "break", "class", "continue", "def", "del", "elif", "else", "except",
    "finally", "for", "from", "global", "if", "import", "in", "is", "lambda", "nonlocal", "not", "or", "pass", "raise", "return", "try",
    "while", "with", "yield", "np", "special", "linalg", "len",
];

/// How the names of the input are spelled in Python.
pub(super) struct Names {
    variables: FxHashSet<Symbol>,
}

impl Names {
    fn argument(&self, s: Symbol) -> String {
        let reserved = if RESERVED.contains(&s.as_str()) { "_" } else { "" };
        format!("{s}{reserved}")
    }

    /// A dimension of the name of a variable needs another spelling.
    fn dim(&self, s: Symbol) -> String {
        if self.variables.contains(&s) { format!("{}_", self.argument(s)) } else { self.argument(s) }
    }
}

/// How tightly a piece of Python holds together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Tight {
    Sum,
    Product,
    Minus,
    Atom,
}

/// A piece of Python.
#[derive(Clone, Debug)]
pub(super) struct Code {
    pub text: String,
    pub tight: Tight,
    /// How deeply its brackets nest: Python's parser has a limit.
    pub depth: usize,
}

impl Code {
    pub fn atom(text: impl Into<String>, depth: usize) -> Code {
        Code { text: text.into(), tight: Tight::Atom, depth }
    }

    pub fn at_least(&self, tight: Tight) -> String {
        if self.tight >= tight { self.text.clone() } else { format!("({})", self.text) }
    }
}

/// Brackets nest no deeper than this before a part gets a line of its own.
const MOST_NESTING: usize = 24;

pub(super) struct Emitter<'a> {
    pub typed: &'a Typed,
    names: Names,
    /// Names that a temporary may not have.
    taken: FxHashSet<Symbol>,
    /// How often each node is used.
    uses: Vec<usize>,
    done: Vec<Option<Code>>,
    by_text: FxHashMap<String, String>,
    lines: Vec<String>,
    temporaries: usize,
    sizes: BTreeSet<Symbol>,
    /// The declared functions in use, as they are spelled here.
    functions: BTreeSet<String>,
}

impl<'a> Emitter<'a> {
    fn new(variables: &IndexMap<Symbol, Var>, typed: &'a Typed) -> Emitter<'a> {
        let mut uses = vec![0; typed.nodes.len()];
        let mut waiting = vec![typed.root];
        while let Some(id) = waiting.pop() {
            uses[id.0 as usize] += 1;
            if uses[id.0 as usize] == 1 {
                typed.node(id).op.for_each_child(|c| waiting.push(*c));
            }
        }
        let mut taken: FxHashSet<Symbol> = variables.keys().copied().collect();
        taken.extend(typed.variables.keys().copied());
        let names = Names { variables: taken.clone() };
        taken.extend(typed.nodes.iter().flat_map(|n| n.shape.axes()).flat_map(Dim::symbols));
        let done = vec![None; typed.nodes.len()];
        Emitter {
            typed,
            names,
            taken,
            uses,
            done,
            by_text: FxHashMap::default(),
            lines: Vec::new(),
            temporaries: 0,
            sizes: BTreeSet::new(),
            functions: BTreeSet::new(),
        }
    }

    /// Goes on after the lines of another value in the same function.
    fn follow(&mut self, before: Emitter) {
        self.taken.extend(before.taken);
        self.sizes.extend(before.sizes);
        self.functions.extend(before.functions);
        (self.lines, self.by_text, self.temporaries) = (before.lines, before.by_text, before.temporaries);
    }

    /// The code of a node; of one that is used more than once a name.
    pub fn value(&mut self, id: TypedId) -> Result<Code> {
        let at = id.0 as usize;
        if let Some(known) = &self.done[at] {
            return Ok(known.clone());
        }
        let code = self.build(self.typed.node(id))?;
        let trivial = matches!(self.typed.node(id).op, Op::Number(_) | Op::Constant(_) | Op::Var(_) | Op::Size(_));
        let code = if !trivial && (self.uses[at] > 1 || code.depth > MOST_NESTING) { self.named(code) } else { code };
        self.done[at] = Some(code.clone());
        Ok(code)
    }

    /// A line of its own for the code.
    pub fn named(&mut self, code: Code) -> Code {
        if let Some(name) = self.by_text.get(&code.text) {
            return Code::atom(name.clone(), 0);
        }
        let name = loop {
            self.temporaries += 1;
            let name = format!("t{}", self.temporaries);
            if !self.taken.contains(&Symbol::new(&name)) {
                break name;
            }
        };
        self.lines.push(format!("{name} = {}", code.text));
        self.by_text.insert(code.text, name.clone());
        Code::atom(name, 0)
    }

    pub fn dim(&mut self, d: Dim) -> String {
        self.sizes.extend(d.symbols());
        let names = &self.names;
        dim_code(d, &|s| names.dim(s))
    }

    /// `m, n,`: a tuple without its parentheses.
    pub fn tuple(&mut self, axes: &[Dim]) -> String {
        let all: Vec<String> = axes.iter().map(|d| self.dim(*d)).collect();
        if all.len() == 1 { format!("{},", all[0]) } else { all.join(", ") }
    }

    pub fn shape(&self, id: TypedId) -> &'a Shape {
        &self.typed.node(id).shape
    }

    fn build(&mut self, node: &'a TypedNode) -> Result<Code> {
        let indexed = !node.free.is_empty() || {
            let mut any = false;
            node.op.for_each_child(|c| any |= !self.typed.node(*c).free.is_empty());
            any
        };
        let notation = matches!(node.op, Op::Subscript(..) | Op::Delta(_) | Op::LeviCivita(_) | Op::IndexSum(..) | Op::Braces(..));
        if indexed || notation {
            return self.indexed(node);
        }
        match &node.op {
            Op::Number(n) => Ok(number(n)),
            Op::Constant(Constant::Pi) => Ok(Code::atom("np.pi", 0)),
            Op::Constant(Constant::Infinity) => Ok(Code::atom("np.inf", 0)),
            Op::Var(v) => Ok(Code::atom(self.names.argument(v.name), 0)),
            Op::Size(d) => Ok(Code::atom(self.dim(*d), 0)),
            Op::Neg(a) => {
                let a = self.value(*a)?;
                Ok(Code { text: format!("-{}", a.at_least(Tight::Minus)), tight: Tight::Minus, depth: a.depth + 1 })
            }
            Op::Add(all) => self.sum(all),
            Op::Mul(all) => self.chain(all, node),
            Op::Had(all) => {
                let all = all.iter().map(|a| self.value(*a)).collect::<Result<Vec<_>>>()?;
                Ok(times(&all, "*"))
            }
            Op::Kron(a, b) => self.kron(&[*a, *b], node),
            Op::Div(a, b) => self.quotient(*a, *b),
            Op::HadDiv(a, b) => Ok(times(&[self.value(*a)?, self.value(*b)?], "/")),
            Op::LeftDiv(a, b) => self.left_quotient(*a, *b),
            Op::Pow(a, b) if matches!((self.shape(*a), self.shape(*b)), (Shape::Scalar, Shape::Scalar)) => self.elementwise_power(*a, *b),
            Op::Pow(a, b) => self.matrix_power(*a, *b),
            Op::HadPow(a, b) => self.elementwise_power(*a, *b),
            Op::Transpose(a) => {
                let code = self.value(*a)?;
                Ok(if matches!(self.shape(*a), Shape::Matrix(..)) { method(&code, ".T") } else { code })
            }
            Op::Call(f, all) => calls::call(self, *f, all, node),
            Op::Block(rows) => self.block(rows, node),
            Op::Apply { function, arguments } => self.apply(function, arguments),
            Op::Diff(..) => Err(Error::unsupported("a derivative inside an expression in code")),
            Op::Subscript(..) | Op::Delta(_) | Op::LeviCivita(_) | Op::IndexSum(..) | Op::Braces(..) => self.indexed(node),
        }
    }

    /// A declared function is an argument, and so is each of its derivatives: `D(f,2)` is `D2_f`.
    fn apply(&mut self, function: &Applied, arguments: &[TypedId]) -> Result<Code> {
        let all = arguments.iter().map(|a| self.value(*a)).collect::<Result<Vec<_>>>()?;
        let depth = all.iter().map(|c| c.depth).max().unwrap_or(0) + 2;
        let alone = function.signature.arguments.len() == 1;
        let word: String = function.by.iter().map(|k| if alone { "D".to_owned() } else { format!("D{}", k + 1) }).collect();
        let name = if word.is_empty() { function.function.to_string() } else { format!("{word}_{}", function.function) };
        let mut name = self.names.argument(Symbol::new(&name));
        while self.taken.contains(&Symbol::new(&name)) {
            name.push('_');
        }
        let all: Vec<String> = all.into_iter().map(|c| c.text).collect();
        let call = if function.elementwise { format!("np.vectorize({name})") } else { name.clone() };
        self.functions.insert(name);
        Ok(Code::atom(format!("{call}({})", all.join(", ")), depth))
    }

    fn sum(&mut self, all: &[TypedId]) -> Result<Code> {
        let all = all.iter().map(|a| self.value(*a)).collect::<Result<Vec<_>>>()?;
        Ok(plus(&all))
    }

    /// A product from left to right. What ends in a column is multiplied from the right, where the factors are smaller.
    fn chain(&mut self, all: &[TypedId], node: &TypedNode) -> Result<Code> {
        let mut scalars: Vec<Code> = Vec::new();
        let mut segment: Vec<(Code, Kind)> = Vec::new();
        for id in all {
            let code = self.value(*id)?;
            match Kind::of(self.shape(*id)) {
                Kind::Scalar => scalars.push(code),
                kind => segment.push((code, kind)),
            }
            // A row times a column is a scalar factor of what follows.
            if closes(&segment) {
                scalars.push(multiplied(&segment)?.0);
                segment.clear();
            }
        }
        if segment.is_empty() {
            return Ok(times(&scalars, "*"));
        }
        let (product, kind) = multiplied(&segment)?;
        let product = if kind == Kind::of(&node.shape) { product } else { self.reshaped(&product, &node.shape) };
        scalars.push(product);
        Ok(times(&scalars, "*"))
    }

    pub fn reshaped(&mut self, code: &Code, shape: &Shape) -> Code {
        let axes = self.tuple(&shape.axes());
        Code::atom(format!("np.reshape({}, ({axes}))", code.text), code.depth + 2)
    }

    pub fn kron(&mut self, all: &[TypedId], node: &TypedNode) -> Result<Code> {
        let kinds: Vec<Kind> = all.iter().map(|a| Kind::of(self.shape(*a))).collect();
        let alike = kinds.windows(2).all(|w| w[0] == w[1]);
        let mut product: Option<Code> = None;
        for (id, kind) in all.iter().zip(&kinds) {
            let code = self.value(*id)?;
            let code = match kind {
                Kind::Column if !alike => method(&code, "[:, None]"),
                Kind::Row if !alike => method(&code, "[None, :]"),
                _ => code,
            };
            product = Some(match product {
                Some(p) => Code::atom(format!("np.kron({}, {})", p.text, code.text), p.depth.max(code.depth) + 1),
                None => code,
            });
        }
        let product = product.ok_or_else(|| Error::new(ErrorKind::Internal, "a Kronecker product of nothing"))?;
        let one_axis = node.shape.axes().len() == 1;
        Ok(if !alike && one_axis { Code::atom(format!("np.ravel({})", product.text), product.depth + 1) } else { product })
    }

    fn quotient(&mut self, a: TypedId, b: TypedId) -> Result<Code> {
        let (x, y) = (self.value(a)?, self.value(b)?);
        let depth = x.depth.max(y.depth) + 1;
        Ok(match (Kind::of(self.shape(a)), Kind::of(self.shape(b))) {
            (_, Kind::Scalar) => times(&[x, y], "/"),
            (Kind::Scalar, _) => times(&[x, Code::atom(format!("np.linalg.inv({})", y.text), depth)], "*"),
            (Kind::Row, _) => Code::atom(format!("np.linalg.solve({}.T, {})", y.at_least(Tight::Atom), x.text), depth),
            _ => Code::atom(format!("np.linalg.solve({}.T, {}.T).T", y.at_least(Tight::Atom), x.at_least(Tight::Atom)), depth),
        })
    }

    fn left_quotient(&mut self, a: TypedId, b: TypedId) -> Result<Code> {
        let (x, y) = (self.value(a)?, self.value(b)?);
        let depth = x.depth.max(y.depth) + 1;
        Ok(match Kind::of(self.shape(a)) {
            Kind::Scalar => times(&[y, x], "/"),
            _ => Code::atom(format!("np.linalg.solve({}, {})", x.text, y.text), depth),
        })
    }

    /// Whole exponents keep the sign of a negative base; others go through `np.power`, which says nan where Python
    /// would turn to complex numbers.
    fn elementwise_power(&mut self, a: TypedId, b: TypedId) -> Result<Code> {
        let base = self.value(a)?;
        if let Some(n) = self.constant(b) {
            return Ok(power(&base, &n));
        }
        let exponent = self.value(b)?;
        Ok(Code::atom(format!("np.power({}, {})", base.text, exponent.text), base.depth.max(exponent.depth) + 1))
    }

    /// The value of a node that is a number however it was written: `-1`, `1/2`.
    fn constant(&self, id: TypedId) -> Option<Number> {
        match &self.typed.node(id).op {
            Op::Number(n) => Some(n.clone()),
            Op::Neg(a) => Some(-&self.constant(*a)?),
            Op::Div(a, b) => &self.constant(*a)? / &self.constant(*b)?,
            _ => None,
        }
    }

    fn matrix_power(&mut self, a: TypedId, b: TypedId) -> Result<Code> {
        let base = self.value(a)?;
        if !matches!(self.shape(b), Shape::Scalar) {
            let exponent = self.value(b)?;
            let depth = base.depth.max(exponent.depth) + 3;
            if matches!(self.shape(a), Shape::Scalar) {
                return Ok(Code::atom(format!("linalg.expm(np.log({})*{})", base.text, exponent.at_least(Tight::Atom)), depth));
            }
            return Ok(Code::atom(
                format!("np.real_if_close(linalg.expm(linalg.logm({}) @ {}), 1e6)", base.text, exponent.at_least(Tight::Atom)),
                depth,
            ));
        }
        let depth = base.depth + 1;
        match self.constant(b) {
            Some(n) if n.is_integer() => Ok(Code::atom(format!("np.linalg.matrix_power({}, {n})", base.text), depth)),
            Some(n) => Ok(Code::atom(
                format!("np.real_if_close(linalg.fractional_matrix_power({}, {}), 1e6)", base.text, number(&n).text),
                depth + 1,
            )),
            None => {
                let exponent = self.value(b)?;
                Ok(Code::atom(
                    format!("np.real_if_close(linalg.fractional_matrix_power({}, {}), 1e6)", base.text, exponent.text),
                    depth + 1,
                ))
            }
        }
    }

    fn block(&mut self, rows: &[Vec<TypedId>], node: &TypedNode) -> Result<Code> {
        let mut lines = Vec::new();
        let mut depth = 0;
        for row in rows {
            let mut cells = Vec::new();
            for id in row {
                let code = self.value(*id)?;
                depth = depth.max(code.depth);
                cells.push(match Kind::of(self.shape(*id)) {
                    Kind::Column => method(&code, "[:, None]").text,
                    Kind::Row => method(&code, "[None, :]").text,
                    Kind::Scalar => format!("[[{}]]", code.text),
                    Kind::Matrix | Kind::Tensor => code.text,
                });
            }
            lines.push(format!("[{}]", cells.join(", ")));
        }
        let block = format!("np.block([{}])", lines.join(", "));
        let one_axis = node.shape.axes().len() == 1;
        Ok(Code::atom(if one_axis { format!("np.ravel({block})") } else { block }, depth + 4))
    }
}

/// What kind of array a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Scalar,
    Column,
    Row,
    Matrix,
    Tensor,
}

impl Kind {
    pub fn of(shape: &Shape) -> Kind {
        match shape {
            Shape::Scalar => Kind::Scalar,
            Shape::Column(_) => Kind::Column,
            Shape::Row(_) => Kind::Row,
            Shape::Matrix(..) => Kind::Matrix,
            Shape::Tensor(_) => Kind::Tensor,
        }
    }
}

/// Whether the product of the segment so far is a row times a column.
fn closes(segment: &[(Code, Kind)]) -> bool {
    segment.len() > 1 && segment[0].1 == Kind::Row && segment.last().is_some_and(|(_, k)| *k == Kind::Column)
}

/// A product of arrays and what kind it is; a row first and a column last closes it, so that only the first may be a
/// column followed by a row.
fn multiplied(segment: &[(Code, Kind)]) -> Result<(Code, Kind)> {
    // Parentheses nest to the right then, which Python limits.
    let from_right =
        (3..MOST_NESTING).contains(&segment.len()) && segment[1..].iter().all(|(_, k)| matches!(k, Kind::Matrix | Kind::Column));
    let pair = |(a, k): (Code, Kind), (b, l): &(Code, Kind)| two(&a, k, b, *l);
    let (first, rest) = segment.split_first().ok_or_else(|| Error::new(ErrorKind::Internal, "a product of nothing"))?;
    if from_right && segment.last().is_some_and(|(_, k)| *k == Kind::Column) {
        let (last, rest) = segment.split_last().unwrap_or((first, &[]));
        return rest.iter().rev().try_fold(last.clone(), |(b, l), (a, k)| two(a, *k, &b, l));
    }
    rest.iter().try_fold(first.clone(), pair)
}

fn two(a: &Code, k: Kind, b: &Code, l: Kind) -> Result<(Code, Kind)> {
    let kind = match (k, l) {
        (Kind::Column, Kind::Row) => {
            let outer = format!("np.outer({}, {})", a.text, b.text);
            return Ok((Code::atom(outer, a.depth.max(b.depth) + 1), Kind::Matrix));
        }
        (Kind::Column, Kind::Matrix) | (Kind::Matrix, Kind::Row) => {
            let outer = format!("np.outer({}, {})", a.text, b.text);
            return Ok((Code::atom(outer, a.depth.max(b.depth) + 1), Kind::Matrix));
        }
        (Kind::Matrix, Kind::Matrix) => Kind::Matrix,
        (Kind::Matrix, Kind::Column) => Kind::Column,
        (Kind::Row, Kind::Matrix) => Kind::Row,
        (Kind::Row, Kind::Column) => Kind::Scalar,
        _ => return Err(Error::unsupported("this product of tensors in code")),
    };
    // Python reads products from left to right, so that only the second operand needs parentheses.
    let text = format!("{} @ {}", a.at_least(Tight::Product), b.at_least(Tight::Atom));
    Ok((Code { text, tight: Tight::Product, depth: a.depth.max(b.depth) + 1 }, kind))
}

/// Factors with an operator between them; a matrix product keeps its parentheses, for the eye.
pub(super) fn times(all: &[Code], operator: &str) -> Code {
    if let [one] = all {
        return one.clone();
    }
    let least = |at: usize, c: &Code| if at == 0 && !c.text.contains(" @ ") { Tight::Product } else { Tight::Atom };
    let text: Vec<String> = all.iter().enumerate().map(|(at, c)| c.at_least(least(at, c))).collect();
    let depth = all.iter().map(|c| c.depth).max().unwrap_or(0) + 1;
    Code { text: text.join(operator), tight: Tight::Product, depth }
}

pub(super) fn plus(all: &[Code]) -> Code {
    let mut text = String::new();
    for (at, code) in all.iter().enumerate() {
        match (at, code.tight == Tight::Minus) {
            (0, _) => text.push_str(&code.at_least(Tight::Product)),
            (_, true) => {
                text.push_str(" - ");
                text.push_str(code.text.strip_prefix('-').unwrap_or(&code.text));
            }
            (_, false) => {
                text.push_str(" + ");
                text.push_str(&code.at_least(Tight::Product));
            }
        }
    }
    Code { text, tight: Tight::Sum, depth: all.iter().map(|c| c.depth).max().unwrap_or(0) + 1 }
}

pub(super) fn method(code: &Code, suffix: &str) -> Code {
    Code::atom(code.at_least(Tight::Atom) + suffix, code.depth + 1)
}

pub(super) fn power(base: &Code, exponent: &Number) -> Code {
    let depth = base.depth + 1;
    if exponent.is_integer() {
        // Python's ** binds tighter than a minus in front and is taken for no atom by what follows.
        return Code { text: format!("{}**{}", base.at_least(Tight::Atom), number(exponent).text), tight: Tight::Product, depth };
    }
    if *exponent == Number::ratio(1, 2) {
        return Code::atom(format!("np.sqrt({})", base.text), depth);
    }
    Code::atom(format!("np.power({}, {})", base.text, number(exponent).text), depth)
}

/// Integers beyond this are written as floats: numpy would make arrays of objects of them.
const LARGEST_INTEGER: i64 = 1 << 53;

pub(super) fn number(n: &Number) -> Code {
    let tight = if n.is_negative() { Tight::Minus } else { Tight::Atom };
    let text = match n.as_ratio() {
        Some((p, 1)) if p.abs() < LARGEST_INTEGER => p.to_string(),
        Some((p, q)) if p.abs() < 1_000_000 && q < 1_000_000 => {
            return Code { text: format!("{p}/{q}"), tight: if p < 0 { Tight::Minus } else { Tight::Product }, depth: 0 };
        }
        _ => format!("{:e}", n.to_f64()),
    };
    Code { text, tight, depth: 0 }
}
