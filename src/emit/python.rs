//! What numpy, jax.numpy and torch have in common: arrays of any order, broadcasting, `@`, einsum. A scalar is of order 0, a
//! vector or a row of order 1, a matrix of order 2.

use super::body::{Body, Factor, Language};
use super::code::{Code, Tight};
use super::formula::{Piece, Place};
use super::names::Spelling;
use super::sizes::{DimStyle, Look};
use super::{Function, Written};
use crate::applied::Applied;
use crate::dim::Dim;
use crate::error::Result;
use crate::function::{Constant, Map, Map2};
use crate::index::{LinearOperator, Opaque};
use crate::number::Number;
use crate::part::Cut;
use crate::program::{self, Entry, Kernel, Operand, Pair, Part, Product, Solve, Solver, Tensor, ValueId};
use std::fmt::Write;

/// How one of the libraries differs from the others.
pub(super) struct Library {
    /// By which name the module of arrays is imported.
    pub np: &'static str,
    /// The imports, those of scipy's counterparts only if something of them is used.
    pub import: &'static str,
    pub import_special: &'static [(&'static str, &'static str)],
    /// The keyword of the axis of a reduction.
    pub axis: &'static str,
    /// What reorders axes.
    pub permute: &'static str,
    /// What every new array is made with.
    pub like: &'static str,
    /// From an array of numpy.
    pub from_numpy: (&'static str, &'static str),
    pub map: fn(Map) -> &'static str,
    /// The helpers of functions that the library has not.
    pub map_helpers: &'static [(&'static str, &'static str)],
    pub names: &'static Spelling,
    /// The helper that checks a shape, and what it imports.
    pub shape: &'static str,
    pub import_shape: &'static str,
    pub shape_of_scalar: &'static str,
    /// Lines that make arrays of the arguments, of which these are arrays and these scalars.
    pub arguments: fn(&[String], &[String]) -> Vec<String>,
    /// Whether functions refuse plain numbers.
    pub strict: bool,
    pub power: &'static str,
    pub vectorize: &'static str,
    /// Functions of matrices.
    pub spellings: &'static super::functions::Spellings,
    pub functions: fn(Opaque) -> Option<&'static str>,
    pub solver: &'static dyn Solvers,
    /// A line that adds a part to an array.
    pub assemble: fn(&mut Body, Whole, &Code, &Part) -> String,
}

/// An array that parts are added to.
pub(super) struct Whole<'a> {
    pub name: &'a str,
    pub axes: &'a [Dim],
    /// Whether it is all zeros so far: each place of a part is another one, so that it may be written there as it is.
    pub fresh: bool,
}

/// Equations and factorisations, which differ most.
pub(super) trait Solvers: Sync {
    /// Of a matrix or a factorisation, with a right side of order 1 or 2.
    fn solve(&self, body: &mut Body, factor: &Factor, transposed: bool, right: &str) -> String;
    fn factorise(&self, body: &mut Body, solver: Solver, matrix: &str) -> String;
    /// Whether right sides of higher order need no reshaping.
    fn any_order(&self) -> bool;
    /// The diagonal that a shared factorisation has, and the sign that its exchanges of rows give the determinant.
    fn lu_diagonal(&self, factor: &str) -> (String, String);
    fn cholesky_diagonal(&self, factor: &str) -> String;
}

pub(super) const SIZES: DimStyle = DimStyle { divide: "//" };

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
        let operands: Vec<Piece> = operands(body, kernel)?.into_iter().map(|(code, o)| self.in_order(code, &o.axes)).collect();
        body.entry(&kernel.entry, Place { operands: &operands, axes })
    }
}

pub(super) fn letters(axes: &[usize]) -> String {
    axes.iter().map(|a| char::from(b'a' + (*a % 26) as u8)).collect()
}

/// How often each operand occurs in a formula.
pub(super) fn occurrences(entry: &Entry, counts: &mut Vec<usize>) {
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

/// The operands of a kernel; one that occurs more than once has a name.
pub(super) fn operands(body: &mut Body, kernel: &Kernel) -> Result<Vec<(Code, Operand)>> {
    let mut counts = vec![0; kernel.operands.len()];
    occurrences(&kernel.entry, &mut counts);
    let mut all = Vec::with_capacity(counts.len());
    for (operand, count) in kernel.operands.iter().zip(counts) {
        let code = body.value(operand.value)?;
        all.push((if count > 1 { body.as_name(code) } else { code }, operand.clone()));
    }
    Ok(all)
}

impl Language for Library {
    fn names(&self) -> &'static Spelling {
        self.names
    }

    fn divide_sizes(&self) -> &'static DimStyle {
        &SIZES
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

    fn constant(&self, c: Constant) -> &'static str {
        match (c, self.np) {
            (Constant::Pi, "np") => "np.pi",
            (Constant::Pi, "jnp") => "jnp.pi",
            (Constant::Pi, _) => "torch.pi",
            (Constant::Infinity, "np") => "np.inf",
            (Constant::Infinity, "jnp") => "jnp.inf",
            (Constant::Infinity, _) => "torch.inf",
        }
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

    fn map(&self, body: &mut Body, f: Map, argument: &Code) -> Code {
        self.map_helpers.iter().filter(|(name, _)| (self.map)(f).starts_with(name)).for_each(|(_, helper)| body.need(helper));
        let code = Code::call((self.map)(f), &[&self.array(argument)]);
        if (self.map)(f).starts_with("1/") { Code { tight: Tight::Product, ..code } } else { code }
    }

    fn map2(&self, _: &mut Body, f: Map2, a: &Code, b: &Code) -> Code {
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
        let places = vec!["{}"; arguments.len()].join(", ");
        Ok(Code { constant: false, ..Code::call(&format!("{function}({places})"), &arguments.iter().collect::<Vec<_>>()) })
    }

    fn spread(&self, _: &mut Body, code: &Code, own: &[usize], order: usize) -> Code {
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
                body.need(DUPLICATION);
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
        let (a, b) = (body.value(pair.left.0)?, body.value(pair.right.0)?);
        let turned = |code: &Code, t: bool| if t { code.method(".T") } else { code.clone() };
        let (a, b) = match pair.product() {
            Some(Product::Dot) => (a, b),
            Some(Product::MatrixVector { transposed }) => (turned(&a, transposed), b),
            // The matrix stands first, as in the formula.
            Some(Product::VectorMatrix { transposed }) => (turned(&b, !transposed), a),
            Some(Product::MatrixMatrix { left_transposed, right_transposed }) => {
                (turned(&a, left_transposed), turned(&b, right_transposed))
            }
            None => {
                let template = format!("{}.einsum('{}', {{}}, {{}})", self.np, pair.letters());
                return Ok(Code::call(&template, &[&a, &b]));
            }
        };
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
            Some(base) if self.np == "np" => format!("np.array({}, dtype=float)", body.value(base)?.text),
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

    fn factorise(&self, body: &mut Body, solver: Solver, matrix: &Code) -> Code {
        Code::atom(self.solver.factorise(body, solver, &matrix.text))
    }

    fn solve(&self, body: &mut Body, solve: &Solve, factor: &Factor, axes: &[Dim]) -> Result<Code> {
        let right = body.value(solve.right)?;
        if axes.len() <= 2 || self.solver.any_order() {
            return Ok(Code {
                depth: factor.code.depth.max(right.depth) + 1,
                ..Code::atom(self.solver.solve(body, factor, solve.transposed, &right.text))
            });
        }
        let n = body.dim(axes[0]);
        let flat = self.call("reshape", &right, &format!(", ({n}, -1)"));
        let solved = Code::atom(self.solver.solve(body, factor, solve.transposed, &flat.text));
        let shape = Library::tuple(body, axes);
        Ok(self.call("reshape", &solved, &format!(", {shape}")))
    }

    fn inverse(&self, body: &mut Body, factor: &Factor, axes: &[Dim]) -> Code {
        if !factor.factorised && matches!(factor.solver, Solver::Lu | Solver::Cholesky) {
            return self.call("linalg.inv", &factor.code, "");
        }
        let n = body.dim(axes[0]);
        let eye = format!("{}.eye({n}{})", self.np, self.like);
        Code::atom(self.solver.solve(body, factor, false, &eye))
    }

    fn determinant(&self, _: &mut Body, factor: &Factor) -> Code {
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

    fn log_determinant(&self, _: &mut Body, factor: &Factor) -> Code {
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

    fn function(&self, body: &mut Body, f: Opaque, a: ValueId, _: &[Dim]) -> Result<Code> {
        let argument = body.value(a)?;
        let np = self.np;
        let template = match f {
            Opaque::Product => format!("{np}.prod({{}})"),
            Opaque::NormInf => format!("{np}.max({np}.abs({{}}))"),
            // NumPy's own bound is too small for what is singular but for rounding.
            Opaque::Pinv if np == "np" => "np.linalg.pinv({}, 1e-13)".to_owned(),
            Opaque::Pinv => format!("{np}.linalg.pinv({{}})"),
            Opaque::Adj => {
                body.need(match np {
                    "np" => ADJUGATE_NUMPY,
                    "jnp" => ADJUGATE_JAX,
                    _ => ADJUGATE_TORCH,
                });
                "_adjugate({})".to_owned()
            }
            other => match (self.functions)(other) {
                Some(template) => {
                    self.spellings.needed(template).into_iter().for_each(|helper| body.need(helper));
                    template.to_owned()
                }
                None => return Err(super::no_code(&format!("{other:?}").to_lowercase())),
            },
        };
        Ok(Code::call(&template, &[&argument]))
    }

    fn sylvester(&self, body: &mut Body, [a, b, c]: [&Code; 3]) -> Code {
        if self.np != "np" {
            body.need(if self.np == "jnp" { SYLVESTER_JAX } else { SYLVESTER_TORCH });
        }
        Code::call(if self.np == "np" { "linalg.solve_sylvester({}, {}, {})" } else { "_sylvester({}, {}, {})" }, &[a, b, c])
    }

    fn frechet(&self, body: &mut Body, f: LinearOperator, matrices: &[&Code]) -> Result<Code> {
        let template = self.spellings.frechet(f, matrices.len()).ok_or_else(|| super::no_code("this Fréchet derivative"))?;
        self.spellings.needed(&template).into_iter().for_each(|helper| body.need(helper));
        Ok(Code::call(&template, matrices))
    }

    fn apply(&self, body: &mut Body, f: &Applied, arguments: &[ValueId]) -> Result<Code> {
        let name = body.function_name(f);
        let arguments = arguments.iter().map(|a| body.value(*a)).collect::<Result<Vec<_>>>()?;
        let places = vec!["{}"; arguments.len()].join(", ");
        Ok(Code { constant: false, ..Code::call(&format!("{name}({places})"), &arguments.iter().collect::<Vec<_>>()) })
    }
}

/// `a:b` of an axis, or what of it is not said by itself.
pub(super) fn range(body: &mut Body, offset: Dim, length: Dim, of: Dim) -> String {
    let end = offset + length;
    let from = if offset == Dim::number(0) { String::new() } else { body.dim(offset) };
    let to = if end == of { String::new() } else { body.dim(end) };
    format!("{from}:{to}")
}

/// What a part is put into: `[a:b, c]` for each axis of the whole, without deltas.
pub(super) fn places(body: &mut Body, part: &Part, axes: &[Dim]) -> Vec<String> {
    let own: Vec<Dim> = body.axes(part.value).to_vec();
    let place = |body: &mut Body, (p, of): (&program::Place, &Dim)| match p.axis {
        Some(axis) => range(body, p.offset, own[axis], *of),
        None => body.dim(p.offset),
    };
    part.places.iter().zip(axes).map(|pair| place(body, pair)).collect()
}

/// The axes of the part in the order in which they run along the whole.
pub(super) fn running(part: &Part) -> Vec<usize> {
    part.places.iter().filter_map(|p| p.axis).collect()
}

/// An index array for each axis of the whole, which together have the shape of the part.
pub(super) fn index_arrays(body: &mut Body, part: &Part, arange: &str, device: &str) -> String {
    let own: Vec<Dim> = body.axes(part.value).to_vec();
    let order = own.len();
    let mut all = Vec::new();
    for p in &part.places {
        let zero = p.offset == Dim::number(0);
        all.push(match p.axis {
            None => format!("{arange}({}{device})", [body.dim(p.offset), body.dim(p.offset + Dim::ONE)].join(", ")),
            Some(axis) => {
                let ends = if zero { body.dim(own[axis]) } else { format!("{}, {}", body.dim(p.offset), body.dim(p.offset + own[axis])) };
                let shape: Vec<&str> = (axis..order).map(|at| if at == axis { ":" } else { "None" }).collect();
                let shape = if shape.len() > 1 { format!("[{}]", shape.join(", ")) } else { String::new() };
                format!("{arange}({ends}{device}){shape}")
            }
        });
    }
    if all.len() == 1 { format!("({},)", all[0]) } else { format!("({})", all.join(", ")) }
}

/// The helper that checks shapes.
macro_rules! shape_check {
    () => {
        "\
def _shape(name, shape, *expected):
    \"\"\"The shape of an argument. It must be as expected, where a name stands for any length, the same wherever it occurs.\"\"\"
    lengths = {}
    fits = len(shape) == len(expected)
    for e, n in zip(expected, shape):
        fits = fits and n == (lengths.setdefault(e, n) if isinstance(e, str) else e)
    if not fits:
        raise ValueError(f\"{name} has the shape {tuple(shape)}, expected ({', '.join(map(str, expected))})\")
    return shape
"
    };
}
pub(super) use shape_check;

const DUPLICATION: &str = "
def _duplication(n):
    \"\"\"The matrix D with vec(S) = D @ vech(S) of symmetric S.\"\"\"
    row, column = np.indices((n, n))
    low, high = np.minimum(row, column), np.maximum(row, column)
    return np.eye(n*(n + 1)//2)[np.ravel(n*low - low*(low + 1)//2 + high, order='F')]
";

// Of A = U*S*V' the adjugate is det(U)*det(V)*V*adj(S)*U', and adj(S) has the products of the other singular values.
const ADJUGATE_NUMPY: &str = "
def _adjugate(A):
    \"\"\"det(A)*inv(A), also of a singular matrix, by its singular values.\"\"\"
    U, s, Vt = np.linalg.svd(A)
    others = np.stack([np.prod(s[np.arange(len(s)) != k]) for k in range(len(s))])
    return np.linalg.det(U)*np.linalg.det(Vt)*((Vt.T*others) @ U.T)
";
const ADJUGATE_JAX: &str = "
def _adjugate(A):
    \"\"\"det(A)*inv(A), also of a singular matrix, by its singular values.\"\"\"
    U, s, Vt = jnp.linalg.svd(A)
    others = jnp.stack([jnp.prod(jnp.delete(s, k)) for k in range(len(s))])
    return jnp.linalg.det(U)*jnp.linalg.det(Vt)*((Vt.T*others) @ U.T)
";
const ADJUGATE_TORCH: &str = "
def _adjugate(A):
    \"\"\"det(A)*inv(A), also of a singular matrix, by its singular values.\"\"\"
    U, s, Vt = torch.linalg.svd(A)
    others = torch.stack([torch.prod(torch.cat((s[:k], s[k + 1:]))) for k in range(len(s))])
    return torch.linalg.det(U)*torch.linalg.det(Vt)*((Vt.T*others) @ U.T)
";

const SYLVESTER_JAX: &str = "
def _sylvester(A, B, C):
    \"\"\"The X with A @ X + X @ B = C.\"\"\"
    left = jnp.kron(A, jnp.eye(len(B))) + jnp.kron(jnp.eye(len(A)), B.T)
    return jnp.reshape(jnp.linalg.solve(left, jnp.reshape(C, (-1,))), C.shape)
";
const SYLVESTER_TORCH: &str = "
def _sylvester(A, B, C):
    \"\"\"The X with A @ X + X @ B = C.\"\"\"
    left = torch.kron(A, torch.eye(len(B), dtype=C.dtype, device=C.device)) + torch.kron(torch.eye(len(A), dtype=C.dtype, device=C.device), B.T)
    return torch.reshape(torch.linalg.solve(left, torch.reshape(C, (-1,))), C.shape)
";

/// The module with all functions.
pub(super) fn module(library: &'static Library, functions: &[Function]) -> Result<String> {
    let mut helpers: Vec<&str> = Vec::new();
    let mut texts = Vec::new();
    for f in functions {
        let mut written = Written::new(library, f)?;
        texts.push(function(library, &mut written));
        if !written.variables.is_empty() && !helpers.contains(&library.shape) {
            helpers.insert(0, library.shape);
        }
        for h in written.body.helpers {
            if !helpers.contains(&h) {
                helpers.push(h);
            }
        }
    }
    let code: String = helpers.iter().copied().chain(texts.iter().map(String::as_str)).collect();
    let mut source = String::new();
    if helpers.contains(&library.shape) {
        source.push_str(library.import_shape);
    }
    if library.np != "np" && uses(&code, "np.") {
        source.push_str("import numpy as np\n");
    }
    source.push_str(library.import);
    for (word, import) in library.import_special {
        if uses(&code, word) {
            source.push_str(import);
        }
    }
    for text in helpers {
        let _ = write!(source, "\n{text}");
    }
    for text in texts {
        let _ = write!(source, "\n\n{text}");
    }
    Ok(source)
}

/// Whether a name followed by a dot is used that is not the end of another one.
fn uses(code: &str, word: &str) -> bool {
    code.match_indices(word).any(|(at, _)| !code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == '.'))
}

fn function(library: &Library, f: &mut Written) -> String {
    let star = if f.arguments.is_empty() { "" } else { "*, " };
    let mut source = format!("def {}({star}{}):\n", f.name, f.arguments.join(", "));
    let tuple = |axes: &[String], _: bool| match axes {
        [] => "a scalar".to_owned(),
        [one] => format!("({one},)"),
        many => format!("({})", many.join(", ")),
    };
    let documentation = f.documentation(&tuple);
    let raw = if documentation.iter().any(|l| l.contains('\\')) { "r" } else { "" };
    for (at, line) in documentation.iter().enumerate() {
        let quotes = if at == 0 { format!("{raw}\"\"\"") } else { String::new() };
        let indent = if line.is_empty() { "" } else { "    " };
        let _ = writeln!(source, "{indent}{quotes}{line}");
    }
    let mut lines = vec!["\"\"\"".to_owned()];
    let named = |scalar: bool, f: &mut Written| -> Vec<String> {
        f.variables.iter().filter(|v| v.axes().is_empty() == scalar).map(|v| f.body.names.variable(v.name)).collect()
    };
    let (arrays, scalars) = (named(false, f), named(true, f));
    lines.extend((library.arguments)(&arrays, &scalars));
    let looks = std::mem::take(&mut f.plan.looks);
    lines.extend(looks.iter().flat_map(|look| looked_at(library, &mut f.body, look)));
    lines.append(&mut f.body.lines);
    let results: Vec<String> = f.results.iter().map(|(code, _)| library.array(code).text).collect();
    lines.push(format!("return {}", results.join(", ")));
    for line in lines {
        let _ = writeln!(source, "    {line}");
    }
    source
}

/// The lines that take lengths from a shape and check it.
fn looked_at(library: &Library, body: &mut Body, look: &Look) -> Vec<String> {
    let name = body.names.variable(look.variable.name);
    let axes = look.variable.axes();
    let shape = |body: &mut Body, expected: &[Option<Dim>]| {
        let mut all = Vec::with_capacity(axes.len());
        for (axis, known) in axes.iter().zip(expected) {
            all.push(match (known, axis.as_symbol()) {
                (Some(d), _) => body.dim(*d),
                (None, Some(s)) => format!("\"{}\"", body.names.dim(s)),
                (None, None) => format!("\"{axis}\""),
            });
        }
        let rest = all.iter().map(|a| format!(", {a}")).collect::<String>();
        let of = if axes.is_empty() { library.shape_of_scalar.replace("{}", &name) } else { format!("{name}.shape") };
        format!("_shape(\"{name}\", {of}{rest})")
    };
    let mut lines = Vec::new();
    let first = shape(body, &look.expected);
    match look.tells.as_slice() {
        [] => lines.push(first),
        [told] => {
            let length = format!("{first}[{}]", told.axis);
            lines.push(format!("{} = {}", body.names.dim(told.symbol), solved(body, told, length)));
        }
        many => {
            let names: Vec<String> = (0..look.expected.len())
                .map(|at| many.iter().find(|t| t.axis == at).map_or("_".to_owned(), |t| body.names.dim(t.symbol)))
                .collect();
            lines.push(format!("{} = {first}", names.join(", ")));
            for told in many {
                let name = body.names.dim(told.symbol);
                let solved = solved(body, told, name.clone());
                if solved != name {
                    lines.push(format!("{name} = {solved}"));
                }
            }
        }
    }
    if look.again() {
        lines.push(shape(body, &look.checked));
    }
    lines
}

fn solved(body: &mut Body, told: &super::sizes::Told, length: String) -> String {
    let difference = if told.rest == Dim::number(0) { length } else { format!("{length} - {}", body.dim(told.rest)) };
    if told.coefficient == 1 { difference } else { format!("({difference})//{}", told.coefficient) }
}
