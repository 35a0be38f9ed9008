//! A program as the lines of a function: which steps get a name, and which are written where they are used.

use super::code::{Code, Tight};
use super::functions::Spellings;
use super::names::{Names, Spelling};
use super::sizes::{Told, dim_code};
use crate::applied::Applied;
use crate::dim::{Dim, Symbol};
use crate::error::{Error, ErrorKind, Result};
use crate::expr::Var;
use crate::function::{Constant, Map, Map2};
use crate::index::Opaque;
use crate::number::Number;
use crate::part::Cut;
use crate::program::{Entry, Kernel, Operand, Operation, Pair, Part, Product, Program, Solve, Solver, Tensor, ValueId};
use std::collections::BTreeSet;

/// What of a target is a table.
pub(super) struct Words {
    pub names: Spelling,
    /// What divides lengths, `//` or `/`.
    pub divide: &'static str,
    pub pi: &'static str,
    pub infinity: &'static str,
    /// Functions of entries: calls, with `{}` for the argument.
    pub map: fn(Map) -> &'static str,
    pub functions: &'static Spellings,
}

/// A target: how it spells each operation on arrays of known axes.
pub(super) trait Language {
    fn words(&self) -> &'static Words;
    /// `name = code` as a line.
    fn assignment(&self, name: &str, code: &Code) -> String;

    fn integer(&self, n: i64) -> String;
    /// A length as a number that one can calculate with.
    fn as_float(&self, size: &str) -> String;
    /// Entry by entry.
    fn multiply(&self, a: &Code, b: &Code) -> Code {
        Code::product(a, "*", b)
    }
    fn divide(&self, a: &Code, b: &Code) -> Code {
        Code::product(a, "/", b)
    }
    /// A positive exponent that is not 1.
    fn power(&self, base: &Code, exponent: &Number) -> Code;
    fn map(&self, f: Map, argument: &Code) -> Code;
    fn map2(&self, f: Map2, a: &Code, b: &Code) -> Code;
    fn apply_to_entries(&self, body: &mut Body, f: &Applied, arguments: &[Code]) -> Result<Code>;
    /// What runs along some of the axes of a result, for use with others that run along all `order` of them.
    fn spread(&self, code: &Code, own: &[usize], order: usize) -> Code;
    /// 1 where the place along the first axis is not before that along the second, along these two axes alone.
    fn triangle(&self, body: &mut Body, along: (usize, usize), axes: &[Dim]) -> Code;
    /// Whether a part of a formula may get a line of its own.
    fn splits_formulas(&self) -> bool;

    fn elementwise(&self, body: &mut Body, kernel: &Kernel, axes: &[Dim]) -> Result<Code>;
    fn tensor(&self, body: &mut Body, t: &Tensor, axes: &[Dim]) -> Result<Code>;
    fn sum(&self, body: &mut Body, a: ValueId, over: &[usize], axes: &[Dim]) -> Result<Code>;
    fn contract(&self, body: &mut Body, pair: &Pair, axes: &[Dim]) -> Result<Code>;
    fn slice(&self, body: &mut Body, a: ValueId, cuts: &[Cut], axes: &[Dim]) -> Result<Code>;
    fn reshape(&self, body: &mut Body, a: ValueId, axes: &[Dim]) -> Result<Code>;
    fn assemble(&self, body: &mut Body, base: Option<ValueId>, parts: &[Part], axes: &[Dim]) -> Result<Code>;
    /// A factorisation that more than one step uses.
    fn factorise(&self, solver: Solver, matrix: &Code) -> Code;
    fn solve(&self, body: &mut Body, solve: &Solve, matrix: &Factor, axes: &[Dim]) -> Result<Code>;
    fn inverse(&self, body: &mut Body, matrix: &Factor, axes: &[Dim]) -> Code;
    fn determinant(&self, matrix: &Factor) -> Code;
    fn log_determinant(&self, matrix: &Factor) -> Code;
    /// An array as an argument of a function of its table.
    fn argument(&self, code: &Code) -> Code {
        code.clone()
    }
    /// One that is more than a call, if it is.
    fn special(&self, _: &Code, _: Opaque, _order: usize) -> Option<Code> {
        None
    }
    fn apply(&self, body: &mut Body, f: &Applied, arguments: &[ValueId]) -> Result<Code>;
}

/// What an equation is solved with: a matrix, or its factorisation, which others use too.
pub(super) struct Factor {
    pub solver: Solver,
    pub code: Code,
    pub factorised: bool,
}

/// Brackets nest no deeper than this, and a line is about no longer than that, before a part gets a line of its own.
const MOST_NESTING: usize = 12;
const LONGEST: usize = 72;

pub(super) struct Body<'a> {
    pub program: &'a Program,
    pub language: &'a dyn Language,
    pub names: Names,
    pub lines: Vec<String>,
    /// The declared functions in use: how each is spelled, and what it is.
    pub functions: Vec<(String, Applied)>,
    /// The dimensions in use.
    pub sizes: BTreeSet<Symbol>,
    uses: Vec<usize>,
    values: Vec<Code>,
}

impl<'a> Body<'a> {
    pub fn new(program: &'a Program, language: &'a dyn Language, variables: &[Var]) -> Body<'a> {
        let mut names = Names::new(&language.words().names);
        variables.iter().for_each(|v| drop(names.variable(v.name)));
        variables.iter().flat_map(Var::axes).flat_map(Dim::symbols).for_each(|s| drop(names.dim(s)));
        program.steps.iter().flat_map(|s| s.axes.iter()).flat_map(|d| d.symbols()).for_each(|s| drop(names.dim(s)));
        Body {
            program,
            language,
            names,
            lines: Vec::new(),
            functions: Vec::new(),
            sizes: BTreeSet::new(),
            uses: program.uses(),
            values: Vec::new(),
        }
    }

    /// Writes the lines of the steps up to some number. A result stands in the line that returns it, however long.
    pub fn write(&mut self, until: usize, result: Option<ValueId>) -> Result<()> {
        for at in self.values.len()..until {
            let code = self.step(at)?;
            let trivial = matches!(self.program.steps[at].operation, Operation::Input(_)) || code.text.len() <= 1;
            let factor = matches!(self.program.steps[at].operation, Operation::Factorise(..));
            let result = self.uses[at] == 1 && result == Some(ValueId(at as u32));
            let long = (code.text.len() > LONGEST && !result) || code.depth > MOST_NESTING;
            let again = self.uses[at] > 1 && !is_name(&code.text) && !factor;
            let code = if !trivial && (again || long) { self.named(code) } else { code };
            self.values.push(code);
        }
        Ok(())
    }

    fn step(&mut self, at: usize) -> Result<Code> {
        let program = self.program;
        let (step, language) = (&program.steps[at], self.language);
        let axes = &step.axes[..];
        match &step.operation {
            Operation::Input(v) => Ok(Code::atom(self.names.variable(v.name))),
            Operation::Constant(t) => language.tensor(self, t, axes),
            Operation::Elementwise(kernel) => language.elementwise(self, kernel, axes),
            Operation::Sum(a, over) => language.sum(self, *a, over, axes),
            Operation::Contract(pair) => language.contract(self, pair, axes),
            Operation::Slice(a, cuts) => language.slice(self, *a, cuts, axes),
            Operation::Reshape(a) => language.reshape(self, *a, axes),
            Operation::Assemble(base, parts) => language.assemble(self, *base, parts, axes),
            Operation::Factorise(solver, a) => {
                let matrix = self.value(*a)?;
                if self.uses[at] < 2 {
                    return Ok(matrix);
                }
                let factor = language.factorise(*solver, &matrix);
                Ok(self.named(factor))
            }
            Operation::Solve(solve) => {
                let matrix = self.factor(solve.solver, solve.factor)?;
                language.solve(self, solve, &matrix, axes)
            }
            Operation::Inverse(solver, a) => {
                let matrix = self.factor(*solver, *a)?;
                Ok(language.inverse(self, &matrix, axes))
            }
            Operation::Determinant(solver, a) => {
                let matrix = self.factor(*solver, *a)?;
                Ok(language.determinant(&matrix))
            }
            Operation::LogDeterminant(solver, a) => {
                let matrix = self.factor(*solver, *a)?;
                Ok(language.log_determinant(&matrix))
            }
            Operation::Function(f, a) => {
                let code = self.value(*a)?;
                if let Some(special) = language.special(&code, *f, self.axes(*a).len()) {
                    return Ok(special);
                }
                let template = language.words().functions.function(*f).ok_or_else(|| super::no_code(&format!("{f:?}").to_lowercase()))?;
                Ok(Code::call(template, &[&language.argument(&code)]))
            }
            Operation::Operator(f, arguments) => {
                let matrices = arguments.iter().map(|a| self.value(*a)).collect::<Result<Vec<Code>>>()?;
                let template = language.words().functions.operator(*f, matrices.len()).ok_or_else(|| super::no_code("this derivative"))?;
                let matrices: Vec<Code> = matrices.iter().map(|m| language.argument(m)).collect();
                Ok(Code::call(&template, &matrices.iter().collect::<Vec<_>>()))
            }
            Operation::Apply(f, arguments) => language.apply(self, f, arguments),
        }
    }

    fn factor(&self, solver: Solver, id: ValueId) -> Result<Factor> {
        let factorised = self.uses[id.0 as usize] > 1 && matches!(self.program.step(id).operation, Operation::Factorise(..));
        Ok(Factor { solver, code: self.value(id)?, factorised })
    }

    /// The code of a value that has been written.
    pub fn value(&self, id: ValueId) -> Result<Code> {
        self.values.get(id.0 as usize).cloned().ok_or_else(|| Error::new(ErrorKind::Internal, "a step comes before what it uses"))
    }

    /// Whether a value is a product of matrices that nothing else uses, so that it may be changed.
    pub fn is_new(&self, id: ValueId) -> Result<bool> {
        let product = matches!(&self.program.step(id).operation, Operation::Contract(pair) if pair.out.len() == 2);
        Ok(product && self.uses[id.0 as usize] == 1 && !is_name(&self.value(id)?.text))
    }

    pub fn axes(&self, id: ValueId) -> &'a [Dim] {
        &self.program.step(id).axes
    }

    /// A line of its own for the code.
    pub fn named(&mut self, code: Code) -> Code {
        let name = self.names.numbered("t");
        self.lines.push(self.language.assignment(&name, &code));
        Code { constant: code.constant, ..Code::atom(name) }
    }

    /// The code under a name, if it is none yet.
    pub fn as_name(&mut self, code: Code) -> Code {
        if is_name(&code.text) { code } else { self.named(code) }
    }

    /// A part of a formula that is nested too deeply gets a line of its own.
    pub fn shallow(&mut self, code: Code) -> Code {
        if self.language.splits_formulas() && code.depth > MOST_NESTING { self.named(code) } else { code }
    }

    pub fn dim(&mut self, d: Dim) -> String {
        self.sizes.extend(d.symbols());
        let (names, divide) = (&mut self.names, self.language.words().divide);
        dim_code(d, divide, &mut |s| names.dim(s))
    }

    /// `m, n` as the target's lists separate them.
    pub fn dims(&mut self, axes: &[Dim]) -> String {
        axes.iter().map(|d| self.dim(*d)).collect::<Vec<_>>().join(", ")
    }

    /// A constant of the language.
    pub fn constant(&self, c: Constant) -> Code {
        let words = self.language.words();
        Code::constant(
            match c {
                Constant::Pi => words.pi,
                Constant::Infinity => words.infinity,
            },
            Tight::Atom,
        )
    }

    /// The factors of a product of matrices and vectors, each turned as `transpose` does it where it has to be. A matrix stands
    /// before a vector, as in the formula.
    pub fn factors(&self, pair: &Pair, product: Product, transpose: impl Fn(&Code) -> Code) -> Result<(Code, Code)> {
        let (a, b) = (self.value(pair.left.0)?, self.value(pair.right.0)?);
        let turned = |code: Code, t: bool| if t { transpose(&code) } else { code };
        Ok(match product {
            Product::Dot => (a, b),
            Product::MatrixVector { transposed } => (turned(a, transposed), b),
            Product::VectorMatrix { transposed } => (turned(b, !transposed), a),
            Product::MatrixMatrix { left_transposed, right_transposed } => (turned(a, left_transposed), turned(b, right_transposed)),
        })
    }

    /// The operands of a kernel; one that occurs more than once has a name.
    pub fn operands(&mut self, kernel: &Kernel) -> Result<Vec<(Code, Operand)>> {
        let mut counts = vec![0; kernel.operands.len()];
        occurrences(&kernel.entry, &mut counts);
        let mut all = Vec::with_capacity(counts.len());
        for (operand, count) in kernel.operands.iter().zip(counts) {
            let code = self.value(operand.value)?;
            all.push((if count > 1 { self.as_name(code) } else { code }, operand.clone()));
        }
        Ok(all)
    }

    /// The length that an axis of an argument tells.
    pub fn told(&mut self, told: &Told, length: String) -> String {
        let rest = self.dim(told.rest);
        told.solved(length, &rest, self.language.words().divide)
    }

    /// How a declared function or a derivative of it is spelled: `D(f,2)` is `D2_f`.
    pub fn function_name(&mut self, f: &Applied) -> String {
        if let Some((name, _)) = self.functions.iter().find(|(_, known)| known == f) {
            return name.clone();
        }
        let alone = f.signature.arguments.len() == 1;
        let word: String = f.by.iter().map(|k| if alone { "D".to_owned() } else { format!("D{}", k + 1) }).collect();
        let name = if word.is_empty() { f.function.to_string() } else { format!("{word}_{}", f.function) };
        let same = self.functions.iter().find(|(_, g)| g.function == f.function && g.by == f.by).map(|(name, _)| name.clone());
        let name = same.unwrap_or_else(|| self.names.free(&name));
        self.functions.push((name.clone(), f.clone()));
        name
    }
}

/// How often each operand occurs in a formula.
fn occurrences(entry: &Entry, counts: &mut [usize]) {
    match entry {
        Entry::Operand(at) => counts[*at] += 1,
        Entry::Sum(terms) => terms.iter().for_each(|(_, e)| occurrences(e, counts)),
        Entry::Product(all) | Entry::Apply(_, all) => all.iter().for_each(|e| occurrences(e, counts)),
        Entry::Power(a, _) | Entry::Map(_, a) => occurrences(a, counts),
        Entry::Map2(_, a, b) => {
            occurrences(a, counts);
            occurrences(b, counts);
        }
        Entry::Number(_) | Entry::Constant(_) | Entry::Size(_) | Entry::Triangle(..) => {}
    }
}

fn is_name(text: &str) -> bool {
    text.chars().all(|c| c.is_alphanumeric() || c == '_') && !text.starts_with(|c: char| c.is_ascii_digit())
}
