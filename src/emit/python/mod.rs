//! What numpy, jax.numpy and torch have in common: arrays of any order, broadcasting, `@`, einsum. A scalar is of order 0, a
//! vector or a row of order 1, a matrix of order 2.

pub(super) mod jax;
mod module;
pub(super) mod numpy;
mod parts;
mod solvers;
pub(super) mod torch;

use super::body::{Body, Factor, Language, Words};
use super::code::{Code, Tight, letters};
use super::formula::{Piece, Place};
use crate::applied::Applied;
use crate::dim::Dim;
use crate::error::Result;
use crate::function::{Map, Map2};
use crate::number::Number;
use crate::part::Cut;
use crate::program::{Kernel, Pair, Part, Solve, Solver, Tensor, ValueId};
pub(super) use module::module;
pub(super) use parts::running;
use parts::{Whole, range};
use solvers::Solvers;

/// How one of the libraries differs from the others.
pub(super) struct Library {
    /// By which name the module of arrays is imported.
    np: &'static str,
    /// The imports, those of scipy's counterparts only if something of them is used.
    import: &'static str,
    import_special: &'static [(&'static str, &'static str)],
    /// The keyword of the axis of a reduction.
    axis: &'static str,
    /// What reorders axes.
    permute: &'static str,
    /// What every new array is made with.
    like: &'static str,
    /// From an array of numpy.
    from_numpy: (&'static str, &'static str),
    words: &'static Words,
    shape_of_scalar: &'static str,
    /// Lines that make arrays of the arguments, of which these are arrays and these scalars.
    arguments: fn(&[String], &[String]) -> Vec<String>,
    /// Whether functions refuse plain numbers.
    strict: bool,
    power: &'static str,
    vectorize: &'static str,
    solver: &'static dyn Solvers,
    /// A line that adds a part to an array.
    assemble: fn(&mut Body, Whole, &Code, &Part) -> String,
}

impl Library {
    fn call(&self, name: &str, argument: &Code, rest: &str) -> Code {
        let text = format!("{}.{name}({}{rest})", self.np, argument.text);
        Code { text, tight: Tight::Atom, ..Code::over(&[argument]) }
    }

    /// A tuple: `(n,)`.
    fn tuple(body: &mut Body, axes: &[Dim]) -> String {
        let all = body.dims(axes);
        if axes.len() == 1 { format!("({all},)") } else { format!("({all})") }
    }

    /// An array of the library where a plain number would not do.
    fn array(&self, code: &Code) -> Code {
        if self.strict && code.constant {
            Code { constant: false, ..Code::call(&format!("{}.as_tensor({{}}{})", self.np, self.like), &[code]) }
        } else {
            code.clone()
        }
    }

    /// The value of an operand with its axes in the order in which they run along the result, each once.
    fn in_order(&self, code: Code, axes: &[usize]) -> Piece {
        let mut distinct = axes.to_vec();
        distinct.sort_unstable();
        distinct.dedup();
        let code = match axes {
            _ if distinct == axes => code,
            [a, b] if a == b => self.call("diagonal", &code, ""),
            [_, _] => code.method(".T"),
            _ if distinct.len() < axes.len() => {
                let text = format!("{}.einsum('{}->{}', {})", self.np, letters(axes), letters(&distinct), code.text);
                Code { text, ..Code::over(&[&code]) }
            }
            _ => {
                let places = distinct.iter().filter_map(|a| axes.iter().position(|o| o == a)).map(|p| p.to_string());
                self.call(self.permute, &code, &format!(", ({})", places.collect::<Vec<_>>().join(", ")))
            }
        };
        Piece { code, axes: distinct }
    }

    /// The formula of a kernel, before it is repeated along axes that nothing in it has.
    fn formula(&self, body: &mut Body, kernel: &Kernel, axes: &[Dim]) -> Result<Piece> {
        let operands: Vec<Piece> = body.operands(kernel)?.into_iter().map(|(code, o)| self.in_order(code, &o.axes)).collect();
        body.entry(&kernel.entry, Place { operands: &operands, axes })
    }
}

impl Language for Library {
    fn words(&self) -> &'static Words {
        self.words
    }

    fn assignment(&self, name: &str, code: &Code) -> String {
        format!("{name} = {}", code.text)
    }

    fn integer(&self, n: i64) -> String {
        n.to_string()
    }

    fn as_float(&self, size: &str) -> String {
        size.to_owned()
    }

    fn power(&self, base: &Code, exponent: &Number) -> Code {
        if *exponent == Number::ratio(1, 2) {
            return Code::call(&format!("{}.sqrt({{}})", self.np), &[&self.array(base)]);
        }
        let exponent = match exponent.as_ratio() {
            Some((p, 1)) => p.to_string(),
            Some((p, q)) => format!("({p}/{q})"),
            None => format!("{:e}", exponent.to_f64()),
        };
        // A power is taken for no atom by what follows, since the next one would bind tighter.
        Code { text: format!("{}**{exponent}", base.at_least(Tight::Atom)), tight: Tight::Minus, ..Code::over(&[base]) }
    }

    fn map(&self, f: Map, argument: &Code) -> Code {
        let template = (self.words.map)(f);
        let code = Code::call(template, &[&self.array(argument)]);
        if template.starts_with("1/") { Code { tight: Tight::Product, ..code } } else { code }
    }

    fn map2(&self, f: Map2, a: &Code, b: &Code) -> Code {
        let name = match f {
            Map2::Power => self.power,
            Map2::Max => "maximum",
            Map2::Min => "minimum",
        };
        Code::call(&format!("{}.{name}({{}}, {{}})", self.np), &[&self.array(a), &self.array(b)])
    }

    fn apply_to_entries(&self, body: &mut Body, f: &Applied, arguments: &[Code]) -> Result<Code> {
        let name = body.function_name(f);
        let function = if self.vectorize.is_empty() { name } else { format!("{}({name})", self.vectorize) };
        Ok(Code { constant: false, ..Code::applied(&function, arguments) })
    }

    fn spread(&self, code: &Code, own: &[usize], order: usize) -> Code {
        let first = own.first().copied().unwrap_or(order);
        let places: Vec<&str> = (first..order).map(|at| if own.contains(&at) { ":" } else { "None" }).collect();
        if places.contains(&"None") { code.method(&format!("[{}]", places.join(", "))) } else { code.clone() }
    }

    fn triangle(&self, body: &mut Body, along: (usize, usize), axes: &[Dim]) -> Code {
        let n = body.dim(axes[along.0]);
        let tri = match self.np {
            "torch" => format!("torch.tril(torch.ones(({n}, {n}){}))", self.like),
            np => format!("{np}.tri({n})"),
        };
        self.in_order(Code::atom(tri), &[along.0, along.1]).code
    }

    fn splits_formulas(&self) -> bool {
        true
    }

    fn elementwise(&self, body: &mut Body, kernel: &Kernel, axes: &[Dim]) -> Result<Code> {
        let piece = self.formula(body, kernel, axes)?;
        let all: Vec<usize> = (0..axes.len()).collect();
        if piece.axes == all {
            return Ok(piece.code);
        }
        let code = body.spread(&piece, &all);
        let shape = Library::tuple(body, axes);
        let (np, like) = (self.np, self.like);
        let whole = match (code.constant, code.text.as_str()) {
            (true, "0") => Code::atom(format!("{np}.zeros({shape}{like})")),
            (true, "1") => Code::atom(format!("{np}.ones({shape}{like})")),
            // Of a whole number numpy would make an array of whole numbers.
            (true, text) => {
                let number = if text.parse::<i64>().is_ok() { format!("{text}.0") } else { text.to_owned() };
                Code::atom(format!("{np}.full({shape}, {number}{like})"))
            }
            (false, _) => self.call("broadcast_to", &code, &format!(", {shape}")),
        };
        Ok(Code { repeated: Some(Box::new(code)), ..whole })
    }

    fn tensor(&self, body: &mut Body, t: &Tensor, _: &[Dim]) -> Result<Code> {
        let text = match t {
            Tensor::Select(s) => {
                let (of, from, to) = (body.dim(s.of), body.dim(s.offset), body.dim(s.end()));
                format!("np.eye({of})[:, {from}:{to}]")
            }
            Tensor::Merge(m, n) => {
                let (m, n) = (body.dim(*m), body.dim(*n));
                format!("np.transpose(np.reshape(np.eye({m}*{n}), (-1, {n}, {m})), (0, 2, 1))")
            }
            // The symbol is the determinant of rows of the identity.
            Tensor::LeviCivita(k) => format!("np.round(np.linalg.det(np.eye({k})[np.moveaxis(np.indices(({k},)*{k}), 0, -1)]))"),
            Tensor::Duplication(n) => {
                format!("_duplication({})", body.dim(*n))
            }
            Tensor::Elimination(n) => {
                let n = body.dim(*n);
                format!("np.eye({n}*{n})[[i + {n}*j for j in range({n}) for i in range(j, {n})]]")
            }
        };
        Ok(Code::atom(format!("{}{text}{}", self.from_numpy.0, self.from_numpy.1)))
    }

    fn sum(&self, body: &mut Body, a: ValueId, over: &[usize], axes: &[Dim]) -> Result<Code> {
        let code = body.value(a)?;
        let rest = match over {
            _ if axes.is_empty() => String::new(),
            [one] => format!(", {}={one}", self.axis),
            many => format!(", {}=({})", self.axis, many.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")),
        };
        Ok(self.call("sum", &code, &rest))
    }

    fn contract(&self, body: &mut Body, pair: &Pair, _: &[Dim]) -> Result<Code> {
        let Some(product) = pair.product() else {
            let template = format!("{}.einsum('{}', {{}}, {{}})", self.np, pair.letters());
            return Ok(Code::call(&template, &[&body.value(pair.left.0)?, &body.value(pair.right.0)?]));
        };
        let (a, b) = body.factors(pair, product, |code| code.method(".T"))?;
        Ok(Code::matrix_product(&a, " @ ", &b))
    }

    fn slice(&self, body: &mut Body, a: ValueId, cuts: &[Cut], _: &[Dim]) -> Result<Code> {
        let mut places = Vec::new();
        for cut in cuts {
            places.push(match cut {
                Cut::All => ":".to_owned(),
                Cut::At(d) => body.dim(*d - Dim::ONE),
                Cut::Run(s) => range(body, s.offset, s.length, s.of),
            });
        }
        while places.last().is_some_and(|p| p == ":") {
            places.pop();
        }
        let code = body.value(a)?;
        Ok(if places.is_empty() { code } else { code.method(&format!("[{}]", places.join(", "))) })
    }

    fn reshape(&self, body: &mut Body, a: ValueId, axes: &[Dim]) -> Result<Code> {
        let shape = Library::tuple(body, axes);
        Ok(self.call("reshape", &body.value(a)?, &format!(", {shape}")))
    }

    fn assemble(&self, body: &mut Body, base: Option<ValueId>, parts: &[Part], axes: &[Dim]) -> Result<Code> {
        if let (None, [part]) = (base, parts)
            && part.pattern().as_deref() == Some(&[0, 0])
        {
            return Ok(self.call("diag", &self.array(&body.value(part.value)?), ""));
        }
        let shape = Library::tuple(body, axes);
        let start = match base {
            // What a product has just made needs no copy.
            Some(base) if self.np == "np" && !body.is_new(base)? => format!("np.array({}, dtype=float)", body.value(base)?.text),
            Some(base) => body.value(base)?.text,
            None => format!("{}.zeros({shape}{})", self.np, self.like),
        };
        let whole = body.named(Code::atom(start));
        for (at, part) in parts.iter().enumerate() {
            let value = body.value(part.value)?;
            let value = value.repeated.as_deref().unwrap_or(&value);
            let fresh = base.is_none() && at == 0;
            let line = (self.assemble)(body, Whole { name: &whole.text, axes, fresh }, value, part);
            body.lines.push(line);
        }
        Ok(whole)
    }

    fn factorise(&self, solver: Solver, matrix: &Code) -> Code {
        Code::atom(self.solver.factorise(solver, &matrix.text))
    }

    fn solve(&self, body: &mut Body, solve: &Solve, factor: &Factor, axes: &[Dim]) -> Result<Code> {
        let right = body.value(solve.right)?;
        if axes.len() <= 2 {
            return Ok(Code {
                depth: factor.code.depth.max(right.depth) + 1,
                ..Code::atom(self.solver.solve(factor, solve.transposed, &right.text))
            });
        }
        let n = body.dim(axes[0]);
        let flat = self.call("reshape", &right, &format!(", ({n}, -1)"));
        let solved = Code::atom(self.solver.solve(factor, solve.transposed, &flat.text));
        let shape = Library::tuple(body, axes);
        Ok(self.call("reshape", &solved, &format!(", {shape}")))
    }

    fn inverse(&self, body: &mut Body, factor: &Factor, axes: &[Dim]) -> Code {
        if !factor.factorised && matches!(factor.solver, Solver::Lu | Solver::Cholesky) {
            return self.call("linalg.inv", &factor.code, "");
        }
        let n = body.dim(axes[0]);
        let eye = format!("{}.eye({n}{})", self.np, self.like);
        Code::atom(self.solver.solve(factor, false, &eye))
    }

    fn determinant(&self, factor: &Factor) -> Code {
        let np = self.np;
        match factor.solver {
            Solver::Lower | Solver::Upper => Code::atom(format!("{np}.prod({np}.diagonal({}))", factor.code.text)),
            _ if !factor.factorised => self.call("linalg.det", &factor.code, ""),
            Solver::Cholesky => {
                Code { tight: Tight::Minus, ..Code::atom(format!("{np}.prod({})**2", self.solver.cholesky_diagonal(&factor.code.text))) }
            }
            Solver::Lu => {
                let (diagonal, sign) = self.solver.lu_diagonal(&factor.code.text);
                Code { tight: Tight::Product, ..Code::atom(format!("{np}.prod({diagonal})*{sign}")) }
            }
        }
    }

    fn log_determinant(&self, factor: &Factor) -> Code {
        let np = self.np;
        match factor.solver {
            Solver::Lower | Solver::Upper => Code::atom(format!("{np}.sum({np}.log({np}.abs({np}.diagonal({}))))", factor.code.text)),
            _ if !factor.factorised => self.call("linalg.slogdet", &factor.code, "").method("[1]"),
            Solver::Cholesky => Code {
                tight: Tight::Product,
                ..Code::atom(format!("2*{np}.sum({np}.log({}))", self.solver.cholesky_diagonal(&factor.code.text)))
            },
            Solver::Lu => Code::atom(format!("{np}.sum({np}.log({np}.abs({})))", self.solver.lu_diagonal(&factor.code.text).0)),
        }
    }

    fn apply(&self, body: &mut Body, f: &Applied, arguments: &[ValueId]) -> Result<Code> {
        let name = body.function_name(f);
        let arguments = arguments.iter().map(|a| body.value(*a)).collect::<Result<Vec<_>>>()?;
        Ok(Code { constant: false, ..Code::applied(&name, &arguments) })
    }
}

/// Names of Python, and of what the emitted code imports.
macro_rules! python_names {
    ($helpers:expr $(, $more:literal)*) => {
        Spelling {
            reserved: &[
                "False", "None", "True", "and", "as", "assert", "async", "await", "break", "class", "continue", "def", "del", "elif",
                "else", "except", "finally", "for", "from", "global", "if", "import", "in", "is", "lambda", "nonlocal", "not", "or",
                "pass", "raise", "return", "try", "while", "with", "yield", "len", "range", "map", "np", "special", "linalg" $(, $more)*
            ],
            helpers: $helpers,
            unicode: true,
            underscore_first: true,
        }
    };
}
use python_names;
