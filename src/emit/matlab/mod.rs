//! MATLAB and Octave: one function whose second result, the derivative, is computed only if it is asked for, as solvers of
//! these languages want it.
//!
//! A scalar is 1×1, a vector n×1, a row 1×n, a matrix m×n. Inside, everything of order 1 is a column. What the languages have
//! no function for are local functions behind the first one.

mod module;
mod words;

pub(super) use module::module;

use super::body::{Body, Factor, Language, Words};
use super::code::{Code, Tight, letters};
use super::formula::{Piece, Place};
use super::python::running;
use crate::applied::Applied;
use crate::dim::Dim;
use crate::error::Result;
use crate::function::{Map, Map2};
use crate::index::Opaque;
use crate::number::Number;
use crate::part::Cut;
use crate::program::{Kernel, Pair, Part, Product, Solve, Solver, Tensor, ValueId};

struct Matlab;

/// A list of lengths that makes an array: `n, 1` of one axis, `1, 1` of none.
fn lengths(body: &mut Body, axes: &[Dim]) -> String {
    match axes {
        [] => "1, 1".to_owned(),
        [n] => format!("{}, 1", body.dim(*n)),
        many => body.dims(many),
    }
}

/// The value of an operand with its axes in the order in which they run along the result, each once.
fn in_order(code: Code, axes: &[usize]) -> Piece {
    let mut distinct = axes.to_vec();
    distinct.sort_unstable();
    distinct.dedup();
    let code = match axes {
        [] => Code { constant: true, ..code },
        _ if distinct == axes => code,
        [a, b] if a == b => Code::call("diag({})", &[&code]),
        [_, _] => code.method("'"),
        _ => Code::call(&format!("axes_({{}}, '{}', '{}')", letters(axes), letters(&distinct)), &[&code]),
    };
    Piece { code, axes: distinct }
}

/// A value along some axes of a result with `order` of them, which may come in another order.
fn aligned(body: &Body, code: Code, axes: &[usize], order: usize) -> Code {
    let piece = in_order(code, axes);
    let all: Vec<usize> = (0..order).collect();
    body.spread(&piece, &all)
}

impl Language for Matlab {
    fn words(&self) -> &'static Words {
        &words::WORDS
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

    fn map(&self, f: Map, argument: &Code) -> Code {
        Code::call((words::WORDS.map)(f), &[argument])
    }

    fn map2(&self, f: Map2, a: &Code, b: &Code) -> Code {
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

    fn spread(&self, code: &Code, own: &[usize], order: usize) -> Code {
        // What it has of leading axes stands where it has to; a column and a row are of order 2 both.
        match own {
            _ if own.iter().copied().eq(0..own.len()) => code.clone(),
            [1] if order == 2 => code.method("'"),
            _ => {
                let all: Vec<usize> = (0..order).collect();
                Code::call(&format!("axes_({{}}, '{}', '{}')", letters(own), letters(&all)), &[code])
            }
        }
    }

    fn triangle(&self, body: &mut Body, along: (usize, usize), axes: &[Dim]) -> Code {
        let n = body.dim(axes[along.0]);
        in_order(Code::atom(format!("tril(ones({n}))")), &[along.0, along.1]).code
    }

    fn splits_formulas(&self) -> bool {
        true
    }

    fn elementwise(&self, body: &mut Body, kernel: &Kernel, axes: &[Dim]) -> Result<Code> {
        let all = body.operands(kernel)?;
        let all: Vec<Piece> = all.into_iter().map(|(code, o)| in_order(code, &o.axes)).collect();
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
        let (name, all) = match t {
            Tensor::Select(s) => ("select_", vec![s.of, s.offset, s.length]),
            Tensor::Merge(m, n) => ("merge_", vec![*m, *n]),
            Tensor::LeviCivita(k) => ("levi_civita_", vec![Dim::number(i64::from(*k))]),
            Tensor::Duplication(n) => ("duplication_", vec![*n]),
            Tensor::Elimination(n) => ("elimination_", vec![*n]),
        };
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
        let Some(product) = pair.product() else {
            let (words, out) = pair.letters().split_once("->").map(|(w, o)| (w.to_owned(), o.to_owned())).unwrap_or_default();
            let (left, right) = words.split_once(',').unwrap_or_default();
            let template = format!("contract_({{}}, '{left}', {{}}, '{right}', '{out}')");
            return Ok(Code::call(&template, &[&body.value(pair.left.0)?, &body.value(pair.right.0)?]));
        };
        let (a, b) = body.factors(pair, product, |code| code.method("'"))?;
        let a = if product == Product::Dot { a.method("'") } else { a };
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

    fn factorise(&self, solver: Solver, matrix: &Code) -> Code {
        match solver {
            Solver::Cholesky => Code::call("chol({})", &[matrix]),
            Solver::Lu => Code::call("lu_({})", &[matrix]),
            Solver::Lower | Solver::Upper => matrix.clone(),
        }
    }

    fn solve(&self, body: &mut Body, solve: &Solve, factor: &Factor, axes: &[Dim]) -> Result<Code> {
        let mut right = body.value(solve.right)?;
        if axes.len() > 2 {
            right = Code::call(&format!("reshape({{}}, {}, [])", body.dim(axes[0])), &[&right]);
        }
        let solved = solved(factor, solve.transposed, &right);
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
        solved(factor, false, &eye)
    }

    fn determinant(&self, factor: &Factor) -> Code {
        match factor.solver {
            Solver::Lower | Solver::Upper => Code::call("prod(diag({}))", &[&factor.code]),
            _ if !factor.factorised => Code::call("det({})", &[&factor.code]),
            Solver::Cholesky => Code { tight: Tight::Minus, ..Code::call("prod(diag({}))^2", &[&factor.code]) },
            Solver::Lu => Code { tight: Tight::Product, ..Code::call("det({}.P)*prod(diag({}.U))", &[&factor.code, &factor.code]) },
        }
    }

    fn log_determinant(&self, factor: &Factor) -> Code {
        let product = |c: Code| Code { tight: Tight::Product, ..c };
        match (factor.solver, factor.factorised) {
            (Solver::Lower | Solver::Upper, _) => Code::call("sum(log(abs(diag({}))))", &[&factor.code]),
            (Solver::Cholesky, true) => product(Code::call("2*sum(log(diag({})))", &[&factor.code])),
            (Solver::Cholesky, false) => product(Code::call("2*sum(log(diag(chol({}))))", &[&factor.code])),
            (Solver::Lu, true) => Code::call("sum(log(abs(diag({}.U))))", &[&factor.code]),
            (Solver::Lu, false) => Code::call("logdet_({})", &[&factor.code]),
        }
    }

    fn special(&self, code: &Code, f: Opaque, order: usize) -> Option<Code> {
        let template = match (f, order) {
            (Opaque::Product, 0 | 1) => "prod({})",
            (Opaque::Product, 2) => "prod(prod({}))",
            (Opaque::NormInf, 0 | 1) => "max(abs({}))",
            (Opaque::NormInf, 2) => "max(max(abs({})))",
            (Opaque::Softmax, _) => return Some(Code::call(&format!("softmax_({{}}, {order})"), &[code])),
            (Opaque::LogSumExp, _) => return Some(Code::call(&format!("logsumexp_({{}}, {order})"), &[code])),
            _ => return None,
        };
        Some(Code::call(template, &[code]))
    }

    fn apply(&self, body: &mut Body, f: &Applied, arguments: &[ValueId]) -> Result<Code> {
        let name = body.function_name(f);
        let arguments = arguments.iter().map(|a| body.value(*a)).collect::<Result<Vec<_>>>()?;
        Ok(Code::applied(&name, &arguments))
    }
}

/// An equation with a matrix or its factorisation, with a right side of order 1 or 2.
fn solved(factor: &Factor, transposed: bool, right: &Code) -> Code {
    let a = &factor.code;
    match (factor.solver, factor.factorised) {
        (Solver::Cholesky, true) => Code { tight: Tight::Product, ..Code::call("{}\\({}'\\", &[a, a]).ended(right) },
        (Solver::Lu, true) => {
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
    let axes: Vec<String> = part.places.iter().map(|p| p.axis.map_or(0, |a| a + 1).to_string()).collect();
    let offsets: Vec<String> = part.places.iter().map(|p| body.dim(p.offset)).collect();
    format!("{whole} = put_({whole}, {}, [{}], [{}]);", value.text, axes.join(", "), offsets.join(", "))
}
