//! MATLAB and Octave: one function whose second result, the derivative, is computed only if it is asked for, as solvers of
//! these languages want it.
//!
//! A scalar is 1×1, a vector n×1, a row 1×n, a matrix m×n. Inside, everything of order 1 is a column. What the languages have
//! no function for are local functions behind the first one.

use super::body::{Body, Factor, Language};
use super::code::{Code, Tight};
use super::formula::{Piece, Place};
use super::functions::MATLAB;
use super::names::Spelling;
use super::python::{letters, operands, running};
use super::sizes::{DimStyle, Told};
use super::{Function, Written, no_code};
use crate::applied::Applied;
use crate::dim::Dim;
use crate::error::Result;
use crate::expr::Shape;
use crate::function::{Constant, Map, Map2};
use crate::index::{LinearOperator, Opaque};
use crate::number::Number;
use crate::part::Cut;
use crate::program::{Kernel, Pair, Part, Product, Solve, Solver, Tensor, ValueId};
use std::fmt::Write;

struct Matlab;

static NAMES: Spelling = Spelling {
    reserved: &[
        "break",
        "case",
        "catch",
        "classdef",
        "continue",
        "else",
        "elseif",
        "end",
        "for",
        "function",
        "global",
        "if",
        "otherwise",
        "parfor",
        "persistent",
        "return",
        "spmd",
        "switch",
        "try",
        "while",
        "do",
        "until",
        "endif",
        "endfor",
        "endwhile",
        "endfunction",
        "unwind_protect",
        "value",
        "derivative",
        "solution",
        "objective",
        "nargout",
        "size",
        "zeros",
        "ones",
        "eye",
        "diag",
        "sum",
        "prod",
        "inv",
        "det",
        "chol",
        "reshape",
        "permute",
        "max",
        "min",
        "abs",
        "exp",
        "log",
        "log1p",
        "expm1",
        "sqrt",
        "nthroot",
        "sign",
        "sin",
        "cos",
        "tan",
        "sec",
        "csc",
        "cot",
        "asin",
        "acos",
        "atan",
        "sinh",
        "cosh",
        "tanh",
        "asinh",
        "acosh",
        "atanh",
        "double",
        "erf",
        "gamma",
        "gammaln",
        "psi",
        "pi",
        "Inf",
        "tril",
        "triu",
        "arrayfun",
        "error",
        "isequal",
        "expm",
        "logm",
        "sqrtm",
        "chol",
        "eig",
        "svd",
        "pinv",
    ],
    unicode: false,
    underscore_first: false,
};

static SIZES: DimStyle = DimStyle { divide: "/" };

/// A list of lengths that makes an array: `n, 1` of one axis, `1, 1` of none.
fn lengths(body: &mut Body, axes: &[Dim]) -> String {
    match axes {
        [] => "1, 1".to_owned(),
        [n] => format!("{}, 1", body.dim(*n)),
        many => body.dims(many),
    }
}

/// The value of an operand with its axes in the order in which they run along the result, each once.
fn in_order(body: &mut Body, code: Code, axes: &[usize]) -> Piece {
    let mut distinct = axes.to_vec();
    distinct.sort_unstable();
    distinct.dedup();
    let code = match axes {
        [] => Code { constant: true, ..code },
        _ if distinct == axes => code,
        [a, b] if a == b => Code::call("diag({})", &[&code]),
        [_, _] => code.method("'"),
        _ => {
            body.need(AXES);
            Code::call(&format!("axes_({{}}, '{}', '{}')", letters(axes), letters(&distinct)), &[&code])
        }
    };
    Piece { code, axes: distinct }
}

/// A value along some axes of a result with `order` of them, which may come in another order.
fn aligned(body: &mut Body, code: Code, axes: &[usize], order: usize) -> Code {
    let piece = in_order(body, code, axes);
    let all: Vec<usize> = (0..order).collect();
    body.spread(&piece, &all)
}

impl Language for Matlab {
    fn names(&self) -> &'static Spelling {
        &NAMES
    }

    fn divide_sizes(&self) -> &'static DimStyle {
        &SIZES
    }

    fn assignment(&self, name: &str, code: &Code) -> String {
        format!("{name} = {};", code.text)
    }

    fn integer(&self, n: i64) -> String {
        n.to_string()
    }

    fn as_float(&self, size: &str) -> String {
        size.to_owned()
    }

    fn constant(&self, c: Constant) -> &'static str {
        match c {
            Constant::Pi => "pi",
            Constant::Infinity => "Inf",
        }
    }

    fn multiply(&self, a: &Code, b: &Code) -> Code {
        Code::product(a, if a.constant || b.constant { "*" } else { ".*" }, b)
    }

    fn divide(&self, a: &Code, b: &Code) -> Code {
        Code::product(a, if b.constant { "/" } else { "./" }, b)
    }

    fn power(&self, base: &Code, exponent: &Number) -> Code {
        if *exponent == Number::ratio(1, 2) {
            return Code::call("sqrt({})", &[base]);
        }
        let exponent = match exponent.as_ratio() {
            Some((p, 1)) => p.to_string(),
            Some((p, q)) => format!("({p}/{q})"),
            None => format!("{:e}", exponent.to_f64()),
        };
        let operator = if base.constant { "^" } else { ".^" };
        Code { text: format!("{}{operator}{exponent}", base.at_least(Tight::Atom)), tight: Tight::Minus, ..Code::over(&[base]) }
    }

    fn map(&self, body: &mut Body, f: Map, argument: &Code) -> Code {
        match f {
            Map::Sigmoid => body.need(SIGMOID),
            Map::Softplus => body.need(SOFTPLUS),
            _ => {}
        }
        Code::call(map(f), &[argument])
    }

    fn map2(&self, _: &mut Body, f: Map2, a: &Code, b: &Code) -> Code {
        match f {
            Map2::Power => {
                let text = format!("{}.^{}", a.at_least(Tight::Atom), b.at_least(Tight::Atom));
                Code { text, tight: Tight::Minus, ..Code::over(&[a, b]) }
            }
            Map2::Max => Code::call("max({}, {})", &[a, b]),
            Map2::Min => Code::call("min({}, {})", &[a, b]),
        }
    }

    fn apply_to_entries(&self, body: &mut Body, f: &Applied, arguments: &[Code]) -> Result<Code> {
        let name = body.function_name(f);
        let places = ", {}".repeat(arguments.len());
        Ok(Code::call(&format!("arrayfun({name}{places})"), &arguments.iter().collect::<Vec<_>>()))
    }

    fn spread(&self, body: &mut Body, code: &Code, own: &[usize], order: usize) -> Code {
        // What it has of leading axes stands where it has to; a column and a row are of order 2 both.
        match own {
            _ if own.iter().copied().eq(0..own.len()) => code.clone(),
            [1] if order == 2 => code.method("'"),
            _ => {
                body.need(AXES);
                let all: Vec<usize> = (0..order).collect();
                Code::call(&format!("axes_({{}}, '{}', '{}')", letters(own), letters(&all)), &[code])
            }
        }
    }

    fn triangle(&self, body: &mut Body, along: (usize, usize), axes: &[Dim]) -> Code {
        let n = body.dim(axes[along.0]);
        in_order(body, Code::atom(format!("tril(ones({n}))")), &[along.0, along.1]).code
    }

    fn splits_formulas(&self) -> bool {
        true
    }

    fn elementwise(&self, body: &mut Body, kernel: &Kernel, axes: &[Dim]) -> Result<Code> {
        let all = operands(body, kernel)?;
        let all: Vec<Piece> = all.into_iter().map(|(code, o)| in_order(body, code, &o.axes)).collect();
        let piece = body.entry(&kernel.entry, Place { operands: &all, axes })?;
        let along: Vec<usize> = (0..axes.len()).collect();
        if piece.axes == along {
            return Ok(piece.code);
        }
        let code = body.spread(&piece, &along);
        let lengths = lengths(body, axes);
        Ok(match code.text.as_str() {
            "0" => Code::atom(format!("zeros({lengths})")),
            "1" => Code::atom(format!("ones({lengths})")),
            _ if code.constant => Code { constant: false, ..Code::product(&code, "*", &Code::atom(format!("ones({lengths})"))) },
            _ => Code { text: format!("{} + zeros({lengths})", code.text), tight: Tight::Sum, ..Code::over(&[&code]) },
        })
    }

    fn tensor(&self, body: &mut Body, t: &Tensor, _: &[Dim]) -> Result<Code> {
        let (helper, name, all) = match t {
            Tensor::Select(s) => (SELECT, "select_", vec![s.of, s.offset, s.length]),
            Tensor::Merge(m, n) => (MERGE, "merge_", vec![*m, *n]),
            Tensor::LeviCivita(k) => (LEVI_CIVITA, "levi_civita_", vec![Dim::number(i64::from(*k))]),
            Tensor::Duplication(n) => (DUPLICATION, "duplication_", vec![*n]),
            Tensor::Elimination(n) => (ELIMINATION, "elimination_", vec![*n]),
        };
        body.need(helper);
        Ok(Code::atom(format!("{name}({})", body.dims(&all))))
    }

    fn sum(&self, body: &mut Body, a: ValueId, over: &[usize], axes: &[Dim]) -> Result<Code> {
        let (code, order) = (body.value(a)?, body.axes(a).len());
        match (order, over) {
            (1, _) => return Ok(Code::call("sum({})", &[&code])),
            (2, [0]) => return Ok(Code::call("sum({}, 1)'", &[&code])),
            (2, [1]) => return Ok(Code::call("sum({}, 2)", &[&code])),
            (2, [_, _]) => return Ok(Code::call("sum(sum({}))", &[&code])),
            _ => {}
        }
        let summed = over.iter().fold(code, |c, axis| Code::call(&format!("sum({{}}, {})", axis + 1), &[&c]));
        let lengths = lengths(body, axes);
        Ok(Code::call(&format!("reshape({{}}, {lengths})"), &[&summed]))
    }

    fn contract(&self, body: &mut Body, pair: &Pair, _: &[Dim]) -> Result<Code> {
        let (a, b) = (body.value(pair.left.0)?, body.value(pair.right.0)?);
        let turned = |code: &Code, t: bool| if t { code.method("'") } else { code.clone() };
        let (a, b) = match pair.product() {
            Some(Product::Dot) => (turned(&a, true), b),
            Some(Product::MatrixVector { transposed }) => (turned(&a, transposed), b),
            Some(Product::VectorMatrix { transposed }) => (turned(&b, !transposed), a),
            Some(Product::MatrixMatrix { left_transposed, right_transposed }) => {
                (turned(&a, left_transposed), turned(&b, right_transposed))
            }
            None => {
                body.need(AXES);
                body.need(CONTRACT);
                let (words, out) = pair.letters().split_once("->").map(|(w, o)| (w.to_owned(), o.to_owned())).unwrap_or_default();
                let (left, right) = words.split_once(',').unwrap_or_default();
                return Ok(Code::call(&format!("contract_({{}}, '{left}', {{}}, '{right}', '{out}')"), &[&a, &b]));
            }
        };
        Ok(Code::matrix_product(&a, "*", &b))
    }

    fn slice(&self, body: &mut Body, a: ValueId, cuts: &[Cut], axes: &[Dim]) -> Result<Code> {
        let own = body.axes(a);
        let mut places = Vec::new();
        for cut in cuts {
            places.push(match cut {
                Cut::All => ":".to_owned(),
                Cut::At(d) => body.dim(*d),
                Cut::Run(s) => format!("{}:{}", body.dim(s.offset + Dim::ONE), body.dim(s.end())),
            });
        }
        let code = body.value(a)?;
        let part = body.as_name(code).method(&format!("({})", places.join(", ")));
        Ok(match (own.len(), axes.len(), cuts) {
            (2, 1, [Cut::At(_), _]) => part.method("'"),
            (0..=2, ..) => part,
            (_, order, _) if order == own.len() => part,
            _ => Code::call(&format!("reshape({{}}, {})", lengths(body, axes)), &[&part]),
        })
    }

    fn reshape(&self, body: &mut Body, a: ValueId, axes: &[Dim]) -> Result<Code> {
        body.need(RESHAPE);
        let (code, order) = (body.value(a)?, body.axes(a).len());
        Ok(Code::call(&format!("reshape_({{}}, {order}, [{}])", body.dims(axes)), &[&code]))
    }

    fn assemble(&self, body: &mut Body, base: Option<ValueId>, parts: &[Part], axes: &[Dim]) -> Result<Code> {
        if let (None, [part]) = (base, parts)
            && part.pattern().as_deref() == Some(&[0, 0])
        {
            return Ok(Code::call("diag({})", &[&body.value(part.value)?]));
        }
        let start = match base {
            Some(base) => body.value(base)?,
            None => Code::atom(format!("zeros({})", lengths(body, axes))),
        };
        let whole = body.named(start).text;
        for part in parts {
            let value = body.value(part.value)?;
            let line = if part.has_delta() { put(body, &whole, &value, part) } else { added(body, &whole, &value, part, axes) };
            body.lines.push(line);
        }
        Ok(Code::atom(whole))
    }

    fn factorise(&self, body: &mut Body, solver: Solver, matrix: &Code) -> Code {
        match solver {
            Solver::Cholesky => Code::call("chol({})", &[matrix]),
            Solver::Lu => {
                body.need(LU);
                Code::call("lu_({})", &[matrix])
            }
            Solver::Lower | Solver::Upper => matrix.clone(),
        }
    }

    fn solve(&self, body: &mut Body, solve: &Solve, factor: &Factor, axes: &[Dim]) -> Result<Code> {
        let mut right = body.value(solve.right)?;
        if axes.len() > 2 {
            right = Code::call(&format!("reshape({{}}, {}, [])", body.dim(axes[0])), &[&right]);
        }
        let solved = solved(body, factor, solve.transposed, &right);
        if axes.len() <= 2 {
            return Ok(solved);
        }
        Ok(Code::call(&format!("reshape({{}}, {})", lengths(body, axes)), &[&solved]))
    }

    fn inverse(&self, body: &mut Body, factor: &Factor, axes: &[Dim]) -> Code {
        if !factor.factorised && matches!(factor.solver, Solver::Lu | Solver::Cholesky) {
            return Code::call("inv({})", &[&factor.code]);
        }
        let eye = Code::atom(format!("eye({})", body.dim(axes[0])));
        solved(body, factor, false, &eye)
    }

    fn determinant(&self, _: &mut Body, factor: &Factor) -> Code {
        match factor.solver {
            Solver::Lower | Solver::Upper => Code::call("prod(diag({}))", &[&factor.code]),
            _ if !factor.factorised => Code::call("det({})", &[&factor.code]),
            Solver::Cholesky => Code { tight: Tight::Minus, ..Code::call("prod(diag({}))^2", &[&factor.code]) },
            Solver::Lu => Code { tight: Tight::Product, ..Code::call("det({}.P)*prod(diag({}.U))", &[&factor.code, &factor.code]) },
        }
    }

    fn log_determinant(&self, body: &mut Body, factor: &Factor) -> Code {
        let product = |c: Code| Code { tight: Tight::Product, ..c };
        match (factor.solver, factor.factorised) {
            (Solver::Lower | Solver::Upper, _) => Code::call("sum(log(abs(diag({}))))", &[&factor.code]),
            (Solver::Cholesky, true) => product(Code::call("2*sum(log(diag({})))", &[&factor.code])),
            (Solver::Cholesky, false) => product(Code::call("2*sum(log(diag(chol({}))))", &[&factor.code])),
            (Solver::Lu, true) => Code::call("sum(log(abs(diag({}.U))))", &[&factor.code]),
            (Solver::Lu, false) => {
                body.need(LU);
                body.need(LOGDET);
                Code::call("logdet_({})", &[&factor.code])
            }
        }
    }

    fn function(&self, body: &mut Body, f: Opaque, a: ValueId, _: &[Dim]) -> Result<Code> {
        let (argument, axis) = (body.value(a)?, body.axes(a).len());
        let rows = "prod(prod({}))";
        let template = match f {
            Opaque::Product if axis <= 1 => "prod({})".to_owned(),
            Opaque::Product if axis == 2 => rows.to_owned(),
            Opaque::NormInf if axis <= 1 => "max(abs({}))".to_owned(),
            Opaque::NormInf if axis == 2 => "max(max(abs({})))".to_owned(),
            Opaque::Product | Opaque::NormInf => return Err(no_code("a product or a maximum over more than two axes")),
            Opaque::Softmax => {
                body.need(SOFTMAX);
                format!("softmax_({{}}, {axis})")
            }
            Opaque::LogSumExp => {
                body.need(LOGSUMEXP);
                format!("logsumexp_({{}}, {axis})")
            }
            Opaque::Adj => {
                body.need(ADJUGATE);
                "adjugate_({})".to_owned()
            }
            Opaque::Pinv => "pinv({})".to_owned(),
            Opaque::Inv | Opaque::Det | Opaque::LogDet => return Err(no_code("a function of a factorisation")),
            Opaque::Expm
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
                let template = MATLAB.function(f).ok_or_else(|| no_code(&format!("{f:?}").to_lowercase()))?;
                MATLAB.needed(template).into_iter().for_each(|helper| body.need(helper));
                template.to_owned()
            }
        };
        Ok(Code::call(&template, &[&argument]))
    }

    fn sylvester(&self, _: &mut Body, [a, b, c]: [&Code; 3]) -> Code {
        Code::call("sylvester({}, {}, {})", &[a, b, c])
    }

    fn frechet(&self, body: &mut Body, f: LinearOperator, matrices: &[&Code]) -> Result<Code> {
        let template = MATLAB.frechet(f, matrices.len()).ok_or_else(|| no_code("this Fréchet derivative"))?;
        MATLAB.needed(&template).into_iter().for_each(|helper| body.need(helper));
        Ok(Code::call(&template, matrices))
    }

    fn apply(&self, body: &mut Body, f: &Applied, arguments: &[ValueId]) -> Result<Code> {
        let name = body.function_name(f);
        let arguments = arguments.iter().map(|a| body.value(*a)).collect::<Result<Vec<_>>>()?;
        let places = vec!["{}"; arguments.len()].join(", ");
        Ok(Code::call(&format!("{name}({places})"), &arguments.iter().collect::<Vec<_>>()))
    }
}

/// An equation with a matrix or its factorisation, with a right side of order 1 or 2.
fn solved(body: &mut Body, factor: &Factor, transposed: bool, right: &Code) -> Code {
    let a = &factor.code;
    match (factor.solver, factor.factorised) {
        (Solver::Cholesky, true) => Code { tight: Tight::Product, ..Code::call("{}\\({}'\\", &[a, a]).ended(right) },
        (Solver::Lu, true) => {
            body.need(LU);
            let name = if transposed { "lu_solve_transposed_({}, {})" } else { "lu_solve_({}, {})" };
            Code::call(name, &[a, right])
        }
        (Solver::Cholesky | Solver::Lu | Solver::Lower | Solver::Upper, _) => {
            let a = if transposed { a.method("'") } else { a.clone() };
            Code::product(&a, "\\", right)
        }
    }
}

impl Code {
    /// With a right operand and a bracket behind it.
    fn ended(self, right: &Code) -> Code {
        Code { text: format!("{}{})", self.text, right.at_least(Tight::Atom)), ..self }
    }
}

/// A part added where it is a block.
fn added(body: &mut Body, whole: &str, value: &Code, part: &Part, axes: &[Dim]) -> String {
    let own: Vec<Dim> = body.axes(part.value).to_vec();
    let mut places = Vec::new();
    for (p, of) in part.places.iter().zip(axes) {
        let full = p.axis.is_some_and(|axis| own[axis] == *of);
        places.push(match p.axis {
            _ if full => ":".to_owned(),
            Some(axis) => format!("{}:{}", body.dim(p.offset + Dim::ONE), body.dim(p.offset + own[axis])),
            None => body.dim(p.offset + Dim::ONE),
        });
    }
    let along: Vec<usize> = (0..own.len()).map(|axis| part.places.iter().position(|p| p.axis == Some(axis)).unwrap_or(0)).collect();
    let value = aligned(body, value.clone(), &along, axes.len());
    debug_assert_eq!(running(part).len(), own.len());
    let target = format!("{whole}({})", places.join(", "));
    format!("{target} = {target} + {};", value.at_least(Tight::Product))
}

/// A part added along deltas.
fn put(body: &mut Body, whole: &str, value: &Code, part: &Part) -> String {
    body.need(PUT);
    let axes: Vec<String> = part.places.iter().map(|p| p.axis.map_or(0, |a| a + 1).to_string()).collect();
    let offsets: Vec<String> = part.places.iter().map(|p| body.dim(p.offset)).collect();
    format!("{whole} = put_({whole}, {}, [{}], [{}]);", value.text, axes.join(", "), offsets.join(", "))
}

fn map(f: Map) -> &'static str {
    match f {
        Map::Exp => "exp({})",
        Map::Log => "log({})",
        Map::Log1p => "log1p({})",
        Map::Expm1 => "expm1({})",
        Map::Sqrt => "sqrt({})",
        Map::Cbrt => "nthroot({}, 3)",
        Map::Abs => "abs({})",
        Map::Sign => "sign({})",
        Map::Sin => "sin({})",
        Map::Cos => "cos({})",
        Map::Tan => "tan({})",
        Map::Sec => "sec({})",
        Map::Csc => "csc({})",
        Map::Cot => "cot({})",
        Map::Asin => "asin({})",
        Map::Acos => "acos({})",
        Map::Atan => "atan({})",
        Map::Sinh => "sinh({})",
        Map::Cosh => "cosh({})",
        Map::Tanh => "tanh({})",
        Map::Asinh => "asinh({})",
        Map::Acosh => "acosh({})",
        Map::Atanh => "atanh({})",
        Map::Relu => "max({}, 0)",
        Map::Step => "double({} > 0)",
        Map::Sigmoid => "sigmoid_({})",
        Map::Softplus => "softplus_({})",
        Map::Erf => "erf({})",
        Map::Gamma => "gamma({})",
        Map::Lgamma => "gammaln({})",
        Map::Digamma => "psi({})",
        Map::Trigamma => "psi(1, {})",
    }
}

/// The file: the function, then what it needs.
pub(super) fn module(functions: &[Function]) -> Result<String> {
    let mut source = String::new();
    let mut helpers: Vec<&str> = Vec::new();
    for f in functions {
        let mut written = Written::new(&Matlab, f)?;
        source.push_str(&function(&mut written));
        for h in written.body.helpers {
            if !helpers.contains(&h) {
                helpers.push(h);
            }
        }
    }
    if functions.iter().any(|f| !f.variables.is_empty()) {
        helpers.push(CHECK);
    }
    helpers.iter().for_each(|h| source.push_str(h));
    Ok(source)
}

fn function(f: &mut Written) -> String {
    let names: Vec<&str> = f.outputs.iter().map(|o| o.name.as_str()).collect();
    let results = if let [one] = names[..] { one.to_owned() } else { format!("[{}]", names.join(", ")) };
    let mut source = format!("function {results} = objective({})\n", f.arguments.join(", "));
    let size = |axes: &[String], row: bool| match axes {
        [] => "a scalar".to_owned(),
        [n] if row => format!("1 x {n}"),
        [n] => format!("{n} x 1"),
        many => many.join(" x "),
    };
    for line in f.documentation(&size) {
        let _ = writeln!(source, "{}", format!("% {line}").trim_end());
    }
    let mut lines = checks(f);
    let mut written = 0;
    for (at, (output, (result, until))) in f.outputs.iter().zip(&f.results).enumerate() {
        if at > 0 {
            lines.push(format!("if nargout <= {at}, return; end"));
        }
        lines.extend(f.body.lines[written..*until].iter().cloned());
        written = *until;
        let result = if output.row { result.method("'").text } else { result.text.clone() };
        lines.push(format!("{} = {result};", output.name));
    }
    lines.iter().for_each(|line| {
        let _ = writeln!(source, "  {line}");
    });
    source + "end\n"
}

/// The lines that take lengths from sizes and check these; a row becomes a column.
fn checks(f: &mut Written) -> Vec<String> {
    let mut lines = Vec::new();
    let looks = std::mem::take(&mut f.plan.looks);
    for look in &looks {
        let name = f.body.names.variable(look.variable.name);
        let row = look.variable.kind.as_ref().is_some_and(|k| matches!(k.shape, Shape::Row(_)));
        for told in &look.tells {
            let axis = if row { 2 } else { told.axis + 1 };
            let length = told_by(&mut f.body, told, format!("size({name}, {axis})"));
            lines.push(format!("{} = {length};", f.body.names.dim(told.symbol)));
        }
        let mut all: Vec<String> = look.checked.iter().map(|d| d.map_or("NaN".to_owned(), |d| f.body.dim(d))).collect();
        match all.len() {
            0 => all = vec!["1".to_owned(), "1".to_owned()],
            1 if row => all.insert(0, "1".to_owned()),
            1 => all.push("1".to_owned()),
            _ => {}
        }
        lines.push(format!("check_('{name}', {name}, [{}]);", all.join(", ")));
        if row {
            lines.push(format!("{name} = {name}';"));
        }
    }
    lines
}

fn told_by(body: &mut Body, told: &Told, length: String) -> String {
    let difference = if told.rest == Dim::number(0) { length } else { format!("{length} - {}", body.dim(told.rest)) };
    if told.coefficient == 1 { difference } else { format!("({difference})/{}", told.coefficient) }
}

const CHECK: &str = "
function check_(name, value, expected)
  % The size of an argument has to be as expected; NaN stands for any length.
  seen = ones(1, max(numel(expected), ndims(value)));
  seen(1:ndims(value)) = size(value);
  expected(end + 1:numel(seen)) = 1;
  if any(seen ~= expected & ~isnan(expected))
    error('%s has the size %s, expected %s', name, mat2str(seen), mat2str(expected));
  end
end
";
const SIGMOID: &str = "
function y = sigmoid_(x)
  y = 1./(1 + exp(-x));
end
";
const SOFTPLUS: &str = "
function y = softplus_(x)
  y = max(x, 0) + log1p(exp(-abs(x)));
end
";
const SOFTMAX: &str = "
function y = softmax_(x, axis)
  y = exp(x - max(x, [], axis));
  y = y./sum(y, axis);
end
";
const LOGSUMEXP: &str = "
function y = logsumexp_(x, axis)
  largest = max(x, [], axis);
  y = largest + log(sum(exp(x - largest), axis));
end
";
const LU: &str = "
function f = lu_(A)
  [f.L, f.U, f.P] = lu(A);
end

function x = lu_solve_(f, b)
  x = f.U\\(f.L\\(f.P*b));
end

function x = lu_solve_transposed_(f, b)
  x = f.P'*(f.L'\\(f.U'\\b));
end
";
const LOGDET: &str = "
function y = logdet_(A)
  f = lu_(A);
  y = sum(log(abs(diag(f.U))));
end
";
const ADJUGATE: &str = "
function B = adjugate_(A)
  % det(A)*inv(A), also of a singular matrix, by its singular values.
  [U, S, V] = svd(A);
  s = diag(S);
  others = arrayfun(@(k) prod(s([1:k-1, k+1:end])), (1:numel(s))');
  B = det(U)*det(V)*(V*diag(others)*U');
end
";
const AXES: &str = "
function B = axes_(A, labels, all)
  % A, whose axes have these labels, with the axes `all`; those it has not are of length 1. A label twice takes the diagonal.
  n = arrayfun(@(k) size(A, k), 1:numel(labels));
  stride = cumprod([1, n(1:end-1)]);
  at = 1;
  shape = ones(1, max(numel(all), 2));
  for k = 1:numel(all)
    mine = labels == all(k);
    if any(mine)
      shape(k) = n(find(mine, 1));
      at = at + reshape((0:shape(k) - 1)*sum(stride(mine)), [ones(1, k - 1), shape(k), 1]);
    end
  end
  B = reshape(A(at), shape);
end
";
const CONTRACT: &str = "
function C = contract_(A, a, B, b, out)
  % out(labels) = sum over the other labels of A(a).*B(b).
  all = [out, setdiff([a, b], out)];
  C = axes_(A, a, all).*axes_(B, b, all);
  for k = numel(out) + 1:numel(all)
    C = sum(C, k);
  end
end
";
const RESHAPE: &str = "
function B = reshape_(A, order, shape)
  % The same entries, the last axis fastest, under other axes.
  if order > 1
    A = permute(A, order:-1:1);
  end
  B = reshape(A, [fliplr(shape), 1, 1]);
  if numel(shape) > 1
    B = permute(B, numel(shape):-1:1);
  end
end
";
const PUT: &str = "
function T = put_(T, part, axes, offsets)
  % Adds a part to T: along axis k of T runs its axis axes(k), or one place if that is 0.
  at = 1;
  stride = 1;
  for k = 1:numel(axes)
    if axes(k) == 0
      at = at + offsets(k)*stride;
    else
      n = size(part, axes(k));
      at = at + reshape((offsets(k):offsets(k) + n - 1)*stride, [ones(1, axes(k) - 1), n, 1]);
    end
    stride = stride*size(T, k);
  end
  T(at) = T(at) + part;
end
";
const SELECT: &str = "
function S = select_(n, offset, length)
  S = eye(n);
  S = S(:, offset + 1:offset + length);
end
";
const MERGE: &str = "
function M = merge_(m, n)
  M = reshape(eye(m*n), [m*n, m, n]);
end
";
const LEVI_CIVITA: &str = "
function E = levi_civita_(k)
  E = zeros([k*ones(1, k), 1]);
  I = eye(k);
  for p = perms(1:k)'
    at = num2cell(p);
    E(at{:}) = round(det(I(p, :)));
  end
end
";
const DUPLICATION: &str = "
function D = duplication_(n)
  D = zeros(n*n, n*(n + 1)/2);
  for j = 1:n
    for i = 1:n
      low = min(i, j) - 1;
      D(i + n*(j - 1), n*low - low*(low + 1)/2 + max(i, j)) = 1;
    end
  end
end
";
const ELIMINATION: &str = "
function E = elimination_(n)
  E = eye(n*n);
  E = E(find(tril(ones(n))), :);
end
";
