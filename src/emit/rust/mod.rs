//! Rust with ndarray. A scalar is an `f64`, arguments are views, results own their entries. What is computed entry by entry
//! is one closure over the places; what ndarray has no function for is written behind the functions.

mod module;
mod words;

pub(super) use module::module;

use super::body::{Body, Factor, Language, Words};
use super::code::{Code, Tight};
use super::formula::{Piece, Place};
use super::no_code;
use crate::applied::Applied;
use crate::dim::Dim;
use crate::error::Result;
use crate::function::{Map, Map2};
use crate::index::Opaque;
use crate::number::Number;
use crate::part::Cut;
use crate::program::{Kernel, Pair, Part, Solve, Solver, Tensor, ValueId};

struct Rust;

const LETTERS: [&str; 6] = ["i", "j", "k", "l", "p", "q"];

fn indices(body: &Body, order: usize) -> Result<Vec<String>> {
    if order > LETTERS.len() {
        Err(no_code("an array of more than six axes"))
    } else {
        Ok(LETTERS[..order].iter().map(|l| body.names.local(l)).collect())
    }
}

/// `i`, or `(i, j)`: a place, or a shape.
fn tuple(all: &[String]) -> String {
    if let [one] = all { one.clone() } else { format!("({})", all.join(", ")) }
}

fn shape(body: &mut Body, axes: &[Dim]) -> String {
    let all: Vec<String> = axes.iter().map(|d| body.dim(*d)).collect();
    tuple(&all)
}

/// An entry: `x[i]`, `A[[i, j]]`.
fn entry_of(name: &str, at: &[String]) -> String {
    match at {
        [] => name.to_owned(),
        [one] => format!("{name}[{one}]"),
        many => format!("{name}[[{}]]", many.join(", ")),
    }
}

/// An array whose entries a closure gives; a scalar is the entry.
fn filled(body: &mut Body, axes: &[Dim], at: &[String], entry: &Code) -> Code {
    if axes.is_empty() {
        return entry.clone();
    }
    let text = format!("Array{}::from_shape_fn({}, |{}| {})", axes.len(), shape(body, axes), tuple(at), entry.text);
    Code { depth: entry.depth + 1, ..Code::atom(text) }
}

/// A literal on which methods can be called.
fn receiver(code: &Code) -> String {
    let literal = code.text.starts_with(|c: char| c.is_ascii_digit()) && code.text.chars().all(|c| c.is_ascii_digit() || c == '.');
    if literal { format!("{}_f64", code.text) } else { code.at_least(Tight::Atom) }
}

fn method(code: &Code, suffix: &str) -> Code {
    Code { text: receiver(code) + suffix, tight: Tight::Atom, ..Code::over(&[code]) }
}

fn flag(condition: &str) -> Code {
    Code::atom(format!("f64::from(u8::from({condition}))"))
}

impl Language for Rust {
    fn words(&self) -> &'static Words {
        &words::WORDS
    }

    fn assignment(&self, name: &str, code: &Code) -> String {
        let kind = if code.constant { ": f64" } else { "" };
        format!("let {name}{kind} = {};", code.text)
    }

    fn integer(&self, n: i64) -> String {
        format!("{n}.0")
    }

    fn as_float(&self, size: &str) -> String {
        format!("({size} as f64)")
    }

    fn power(&self, base: &Code, exponent: &Number) -> Code {
        if *exponent == Number::ratio(1, 2) {
            return method(base, ".sqrt()");
        }
        match exponent.as_ratio() {
            Some((p, 1)) if i32::try_from(p).is_ok() => method(base, &format!(".powi({p})")),
            Some((p, q)) => method(base, &format!(".powf({p}.0/{q}.0)")),
            None => method(base, &format!(".powf({:e})", exponent.to_f64())),
        }
    }

    fn map(&self, f: Map, argument: &Code) -> Code {
        let template = (words::WORDS.map)(f);
        if template.starts_with('.') { method(argument, template) } else { Code::call(template, &[argument]) }
    }

    fn map2(&self, f: Map2, a: &Code, b: &Code) -> Code {
        let name = match f {
            Map2::Power => "powf",
            Map2::Max => "max",
            Map2::Min => "min",
        };
        Code { text: format!("{}.{name}({})", receiver(a), b.text), tight: Tight::Atom, ..Code::over(&[a, b]) }
    }

    fn apply_to_entries(&self, body: &mut Body, f: &Applied, arguments: &[Code]) -> Result<Code> {
        let name = body.function_name(f);
        Ok(Code::applied(&name, arguments))
    }

    fn spread(&self, code: &Code, _: &[usize], _: usize) -> Code {
        code.clone()
    }

    fn triangle(&self, body: &mut Body, (a, b): (usize, usize), axes: &[Dim]) -> Code {
        let at = indices(body, axes.len()).unwrap_or_default();
        match (at.get(a), at.get(b)) {
            (Some(a), Some(b)) => flag(&format!("{a} >= {b}")),
            _ => Code::constant("1.0", Tight::Atom),
        }
    }

    fn splits_formulas(&self) -> bool {
        false
    }

    fn elementwise(&self, body: &mut Body, kernel: &Kernel, axes: &[Dim]) -> Result<Code> {
        let at = indices(body, axes.len())?;
        let mut entries = Vec::new();
        for (code, operand) in body.operands(kernel)? {
            // What a closure uses is computed before it.
            let code = if axes.is_empty() || code.constant { code } else { body.as_name(code) };
            let place: Vec<String> = operand.axes.iter().map(|a| at[*a].clone()).collect();
            let code = if place.is_empty() { code } else { Code::atom(entry_of(&code.text, &place)) };
            // Each entry is a number, along no axis.
            entries.push(Piece { code, axes: Vec::new() });
        }
        let entry = body.entry(&kernel.entry, Place { operands: &entries, axes })?;
        Ok(filled(body, axes, &at, &entry.code))
    }

    fn tensor(&self, body: &mut Body, t: &Tensor, axes: &[Dim]) -> Result<Code> {
        let at = indices(body, axes.len())?;
        let entry = match t {
            Tensor::Select(s) => flag(&format!("{} == {} + {}", at[0], body.dim(s.offset), at[1])),
            Tensor::Merge(m, _) => flag(&format!("{} == {} + {}*{}", at[0], at[1], body.dim(*m), at[2])),
            Tensor::LeviCivita(_) => Code::atom(format!("levi_civita(&[{}])", at.join(", "))),
            Tensor::Duplication(n) => {
                let n = body.dim(*n);
                flag(&format!("{} == half({n}, {1}%{n}, {1}/{n})", at[1], at[0]))
            }
            Tensor::Elimination(n) => {
                let n = body.dim(*n);
                flag(&format!("{1}%{n} >= {1}/{n} && {0} == half({n}, {1}%{n}, {1}/{n})", at[0], at[1]))
            }
        };
        Ok(filled(body, axes, &at, &entry))
    }

    fn sum(&self, body: &mut Body, a: ValueId, over: &[usize], axes: &[Dim]) -> Result<Code> {
        let code = body.value(a)?;
        if axes.is_empty() {
            return Ok(method(&code, ".sum()"));
        }
        Ok(over.iter().rev().fold(code, |c, axis| method(&c, &format!(".sum_axis(Axis({axis}))"))))
    }

    fn contract(&self, body: &mut Body, pair: &Pair, axes: &[Dim]) -> Result<Code> {
        let Some(product) = pair.product() else { return summed(body, pair, axes) };
        let (a, b) = body.factors(pair, product, |code| method(code, ".t()"))?;
        let text = format!("{}.dot(&{})", a.at_least(Tight::Atom), b.at_least(Tight::Atom));
        Ok(Code { text, tight: Tight::Atom, ..Code::over(&[&a, &b]) })
    }

    fn slice(&self, body: &mut Body, a: ValueId, cuts: &[Cut], axes: &[Dim]) -> Result<Code> {
        let code = body.value(a)?;
        let mut places = Vec::new();
        for cut in cuts {
            places.push(match cut {
                Cut::All => "..".to_owned(),
                Cut::At(d) => body.dim(*d - Dim::ONE),
                Cut::Run(s) => format!("{}..{}", body.dim(s.offset), body.dim(s.end())),
            });
        }
        if axes.is_empty() {
            let name = body.as_name(code).text;
            // The type of a lone number is open where that of the array is computed.
            let typed = |p: &String| if p.parse::<usize>().is_ok() { format!("{p}_usize") } else { p.clone() };
            let places = if let [one] = &places[..] { vec![typed(one)] } else { places };
            return Ok(Code::atom(entry_of(&name, &places)));
        }
        Ok(method(&code, &format!(".slice(s![{}]).to_owned()", places.join(", "))))
    }

    fn reshape(&self, body: &mut Body, a: ValueId, axes: &[Dim]) -> Result<Code> {
        let code = body.value(a)?;
        Ok(match (body.axes(a).len(), axes) {
            (_, []) => method(&code, ".sum()"),
            (0, axes) => Code::atom(format!("Array{}::from_elem({}, {})", axes.len(), shape(body, axes), code.text)),
            (_, axes) => reshaped(&code, &shape(body, axes)),
        })
    }

    fn assemble(&self, body: &mut Body, base: Option<ValueId>, parts: &[Part], axes: &[Dim]) -> Result<Code> {
        let start = match base {
            Some(base) => method(&body.value(base)?, ".to_owned()").text,
            None => format!("Array{}::<f64>::zeros({})", axes.len(), shape(body, axes)),
        };
        let whole = body.names.numbered("t");
        body.lines.push(format!("let mut {whole} = {start};"));
        for part in parts {
            let value = body.value(part.value)?;
            let at = indices(body, body.axes(part.value).len())?;
            let mut places = Vec::new();
            for p in &part.places {
                let offset = body.dim(p.offset);
                places.push(match p.axis {
                    None => offset,
                    Some(axis) if offset == "0" => at[axis].clone(),
                    Some(axis) => format!("{} + {offset}", at[axis]),
                });
            }
            let target = entry_of(&whole, &places);
            let value = if at.is_empty() { value } else { body.as_name(value) };
            body.lines.push(match at.is_empty() {
                true => format!("{target} += {};", value.text),
                false => format!("for ({}, x) in {}.indexed_iter() {{ {target} += x; }}", tuple(&at), value.text),
            });
        }
        Ok(Code::atom(whole))
    }

    fn factorise(&self, solver: Solver, matrix: &Code) -> Code {
        factorised(solver, &method(matrix, ".view()"))
    }

    fn solve(&self, body: &mut Body, solve: &Solve, factor: &Factor, axes: &[Dim]) -> Result<Code> {
        let right = body.value(solve.right)?;
        let solver = solver(factor, solve.transposed);
        let back = if solve.transposed && factor.factorised && factor.solver == Solver::Lu { "_transposed" } else { "" };
        Ok(match axes {
            [_] => {
                Code::atom(format!("{}.solve{back}({}.view().insert_axis(Axis(1))).column(0).to_owned()", solver.text, receiver(&right)))
            }
            [_, _] => Code::atom(format!("{}.solve{back}({}.view())", solver.text, receiver(&right))),
            more => {
                let rest = body.dims(&more[1..]).replace(", ", "*");
                let flat = reshaped(&right, &format!("({}, {rest})", body.dim(more[0])));
                reshaped(&Code::atom(format!("{}.solve{back}({}.view())", solver.text, flat.text)), &shape(body, more))
            }
        })
    }

    fn inverse(&self, body: &mut Body, factor: &Factor, axes: &[Dim]) -> Code {
        let solver = solver(factor, false);
        let n = body.dim(axes[0]);
        Code::atom(format!("{}.solve(Array2::eye({n}).view())", solver.text))
    }

    fn determinant(&self, factor: &Factor) -> Code {
        method(&solver(factor, false), ".determinant()")
    }

    fn log_determinant(&self, factor: &Factor) -> Code {
        method(&solver(factor, false), ".log_determinant()")
    }

    fn argument(&self, code: &Code) -> Code {
        method(code, ".view()")
    }

    fn special(&self, code: &Code, f: Opaque, order: usize) -> Option<Code> {
        match f {
            Opaque::Product => Some(method(code, ".product()")),
            Opaque::NormInf => Some(method(code, ".iter().fold(0.0_f64, |m, x| m.max(x.abs()))")),
            Opaque::LogSumExp if order == 1 => Some(Code::call("log_sum_exp({})", &[&self.argument(code)])),
            Opaque::LogSumExp => Some(method(code, &format!(".map_axis(Axis({}), log_sum_exp)", order - 1))),
            _ => None,
        }
    }

    fn apply(&self, body: &mut Body, f: &Applied, arguments: &[ValueId]) -> Result<Code> {
        let name = body.function_name(f);
        let mut all = Vec::new();
        for a in arguments {
            let code = body.value(*a)?;
            all.push(if body.axes(*a).is_empty() { code.text } else { method(&code, ".view()").text });
        }
        Ok(Code::atom(format!("{name}({})", all.join(", "))))
    }
}

fn reshaped(code: &Code, shape: &str) -> Code {
    method(code, &format!(".to_shape({shape}).unwrap().to_owned()"))
}

/// A product of two arrays that is summed over what the result has not.
fn summed(body: &mut Body, pair: &Pair, axes: &[Dim]) -> Result<Code> {
    let (a, b) = (body.value(pair.left.0)?, body.value(pair.right.0)?);
    let (a, b) = (body.as_name(a), body.as_name(b));
    let (left, right) = (&pair.left.1, &pair.right.1);
    let mut labels: Vec<_> = pair.out.iter().copied().collect();
    let mut lengths = Vec::new();
    for (l, d) in left.iter().zip(body.axes(pair.left.0)).chain(right.iter().zip(body.axes(pair.right.0))) {
        if !labels.contains(l) {
            labels.push(*l);
            lengths.push(*d);
        }
    }
    let at = indices(body, labels.len())?;
    let place =
        |own: &[_]| -> Vec<String> { own.iter().filter_map(|l| labels.iter().position(|k| k == l)).map(|p| at[p].clone()).collect() };
    let mut text = format!("{}*{}", entry_of(&a.text, &place(left)), entry_of(&b.text, &place(right)));
    for (index, d) in at[axes.len()..].iter().zip(&lengths).rev() {
        text = format!("(0..{}).map(|{index}| {text}).sum::<f64>()", body.dim(*d));
    }
    Ok(filled(body, axes, &at[..axes.len()], &Code::atom(text)))
}

/// What solves equations with a matrix, or with its transpose where it is not factorised already.
fn solver(factor: &Factor, transposed: bool) -> Code {
    if factor.factorised {
        return factor.code.clone();
    }
    let view = if transposed { ".t()" } else { ".view()" };
    let solver = match (factor.solver, transposed) {
        (Solver::Lower, true) => Solver::Upper,
        (Solver::Upper, true) => Solver::Lower,
        (other, _) => other,
    };
    factorised(solver, &method(&factor.code, view))
}

fn factorised(solver: Solver, view: &Code) -> Code {
    match solver {
        Solver::Lower | Solver::Upper => {
            let name = if solver == Solver::Lower { "lower({})" } else { "upper({})" };
            Code::call(name, &[view])
        }
        Solver::Cholesky => Code::call("cholesky({})", &[view]),
        Solver::Lu => Code::call("lu({})", &[view]),
    }
}
