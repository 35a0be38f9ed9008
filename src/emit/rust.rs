//! Rust with ndarray. A scalar is an `f64`, arguments are views, results own their entries. What is computed entry by entry
//! is one closure over the places; what ndarray has no function for is written behind the functions.

use super::body::{Body, Factor, Language};
use super::code::{Code, Tight};
use super::formula::{Piece, Place};
use super::names::Spelling;
use super::python::operands;
use super::sizes::{DimStyle, Told};
use super::{Function, Written, no_code};
use crate::applied::Applied;
use crate::dim::Dim;
use crate::error::Result;
use crate::function::{Constant, Map, Map2};
use crate::index::{LinearOperator, Opaque};
use crate::number::Number;
use crate::part::Cut;
use crate::program::{Kernel, Operation, Pair, Part, Product, Solve, Solver, Tensor, ValueId};
use std::fmt::Write;

struct Rust;

static NAMES: Spelling = Spelling {
    reserved: &[
        "as", "async", "await", "break", "const", "continue", "crate", "dyn", "else", "enum", "extern", "false", "fn", "for", "gen", "if",
        "impl", "in", "let", "loop", "match", "mod", "move", "mut", "pub", "ref", "return", "self", "Self", "static", "struct", "super",
        "trait", "true", "type", "union", "unsafe", "use", "where", "while", "abstract", "become", "box", "do", "final", "macro",
        "override", "priv", "try", "typeof", "unsized", "virtual", "yield", "s", "f64", "usize", "libm", "lu", "cholesky", "check", "Lu",
        "Axis", "_",
    ],
    unicode: true,
    underscore_first: true,
};

static SIZES: DimStyle = DimStyle { divide: "/" };

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
    fn names(&self) -> &'static Spelling {
        &NAMES
    }

    fn divide_sizes(&self) -> &'static DimStyle {
        &SIZES
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

    fn constant(&self, c: Constant) -> &'static str {
        match c {
            Constant::Pi => "std::f64::consts::PI",
            Constant::Infinity => "f64::INFINITY",
        }
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

    fn map(&self, body: &mut Body, f: Map, argument: &Code) -> Code {
        match f {
            Map::Sign => body.need(SIGN),
            Map::Sigmoid => body.need(SIGMOID),
            Map::Softplus => body.need(SOFTPLUS),
            Map::Digamma => body.need(DIGAMMA),
            Map::Trigamma => body.need(TRIGAMMA),
            _ => {}
        }
        let template = map(f);
        if template.starts_with('.') { method(argument, template) } else { Code::call(template, &[argument]) }
    }

    fn map2(&self, _: &mut Body, f: Map2, a: &Code, b: &Code) -> Code {
        let name = match f {
            Map2::Power => "powf",
            Map2::Max => "max",
            Map2::Min => "min",
        };
        Code { text: format!("{}.{name}({})", receiver(a), b.text), tight: Tight::Atom, ..Code::over(&[a, b]) }
    }

    fn apply_to_entries(&self, body: &mut Body, f: &Applied, arguments: &[Code]) -> Result<Code> {
        let name = body.function_name(f);
        let places = vec!["{}"; arguments.len()].join(", ");
        Ok(Code::call(&format!("{name}({places})"), &arguments.iter().collect::<Vec<_>>()))
    }

    fn spread(&self, _: &mut Body, code: &Code, _: &[usize], _: usize) -> Code {
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
        for (code, operand) in operands(body, kernel)? {
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
            Tensor::LeviCivita(_) => {
                body.need(LEVI_CIVITA);
                Code::atom(format!("levi_civita(&[{}])", at.join(", ")))
            }
            Tensor::Duplication(n) => {
                body.need(HALF);
                let n = body.dim(*n);
                flag(&format!("{} == half({n}, {1}%{n}, {1}/{n})", at[1], at[0]))
            }
            Tensor::Elimination(n) => {
                body.need(HALF);
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
        let (a, b) = (body.value(pair.left.0)?, body.value(pair.right.0)?);
        let turned = |code: &Code, t: bool| if t { method(code, ".t()") } else { code.clone() };
        let dot = |a: &Code, b: &Code| Code {
            text: format!("{}.dot(&{})", a.at_least(Tight::Atom), b.at_least(Tight::Atom)),
            tight: Tight::Atom,
            ..Code::over(&[a, b])
        };
        Ok(match pair.product() {
            Some(Product::Dot) => dot(&a, &b),
            Some(Product::MatrixVector { transposed }) => dot(&turned(&a, transposed), &b),
            Some(Product::VectorMatrix { transposed }) => dot(&turned(&b, !transposed), &a),
            Some(Product::MatrixMatrix { left_transposed, right_transposed }) => {
                dot(&turned(&a, left_transposed), &turned(&b, right_transposed))
            }
            None => {
                let (a, b) = (body.as_name(a), body.as_name(b));
                summed(body, pair, &a, &b, axes)?
            }
        })
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

    fn factorise(&self, body: &mut Body, solver: Solver, matrix: &Code) -> Code {
        factorised(body, solver, &method(matrix, ".view()"))
    }

    fn solve(&self, body: &mut Body, solve: &Solve, factor: &Factor, axes: &[Dim]) -> Result<Code> {
        let right = body.value(solve.right)?;
        let solver = solver(body, factor, solve.transposed);
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
        let solver = solver(body, factor, false);
        let n = body.dim(axes[0]);
        Code::atom(format!("{}.solve(Array2::eye({n}).view())", solver.text))
    }

    fn determinant(&self, body: &mut Body, factor: &Factor) -> Code {
        method(&solver(body, factor, false), ".determinant()")
    }

    fn log_determinant(&self, body: &mut Body, factor: &Factor) -> Code {
        method(&solver(body, factor, false), ".log_determinant()")
    }

    fn function(&self, body: &mut Body, f: Opaque, a: ValueId, axes: &[Dim]) -> Result<Code> {
        let code = body.value(a)?;
        Ok(match f {
            Opaque::Product => method(&code, ".product()"),
            Opaque::NormInf => method(&code, ".iter().fold(0.0_f64, |m, x| m.max(x.abs()))"),
            Opaque::Adj => {
                body.need(ADJUGATE);
                body.need(LU);
                Code::call("adjugate({})", &[&method(&code, ".view()")])
            }
            Opaque::Softmax => {
                body.need(SOFTMAX);
                Code::call("softmax({})", &[&method(&code, ".view()")])
            }
            Opaque::LogSumExp => {
                body.need(LOG_SUM_EXP);
                if axes.is_empty() {
                    Code::call("log_sum_exp({})", &[&method(&code, ".view()")])
                } else {
                    method(&code, &format!(".map_axis(Axis({}), log_sum_exp)", axes.len()))
                }
            }
            Opaque::Pinv => return Err(no_code("a pseudoinverse")),
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
            | Opaque::EigvecMin => return Err(no_code(&format!("{f:?}").to_lowercase())),
            Opaque::Inv | Opaque::Det | Opaque::LogDet => return Err(no_code("a function of a factorisation")),
        })
    }

    fn sylvester(&self, body: &mut Body, [a, b, c]: [&Code; 3]) -> Code {
        body.need(LU);
        body.need(SYLVESTER);
        Code::call("sylvester({}, {}, {})", &[&method(a, ".view()"), &method(b, ".view()"), &method(c, ".view()")])
    }

    fn frechet(&self, _: &mut Body, _: LinearOperator, _: &[&Code]) -> Result<Code> {
        Err(no_code("a Fréchet derivative"))
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
fn summed(body: &mut Body, pair: &Pair, a: &Code, b: &Code, axes: &[Dim]) -> Result<Code> {
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
fn solver(body: &mut Body, factor: &Factor, transposed: bool) -> Code {
    if factor.factorised {
        return factor.code.clone();
    }
    let view = if transposed { ".t()" } else { ".view()" };
    let solver = match (factor.solver, transposed) {
        (Solver::Lower, true) => Solver::Upper,
        (Solver::Upper, true) => Solver::Lower,
        (other, _) => other,
    };
    factorised(body, solver, &method(&factor.code, view))
}

fn factorised(body: &mut Body, solver: Solver, view: &Code) -> Code {
    match solver {
        Solver::Lower | Solver::Upper => {
            body.need(TRIANGULAR);
            let name = if solver == Solver::Lower { "lower({})" } else { "upper({})" };
            Code::call(name, &[view])
        }
        Solver::Cholesky => {
            body.need(TRIANGULAR);
            body.need(CHOLESKY);
            Code::call("cholesky({})", &[view])
        }
        Solver::Lu => {
            body.need(LU);
            Code::call("lu({})", &[view])
        }
    }
}

fn map(f: Map) -> &'static str {
    match f {
        Map::Exp => ".exp()",
        Map::Log => ".ln()",
        Map::Log1p => ".ln_1p()",
        Map::Expm1 => ".exp_m1()",
        Map::Sqrt => ".sqrt()",
        Map::Cbrt => ".cbrt()",
        Map::Abs => ".abs()",
        Map::Sign => "sign({})",
        Map::Sin => ".sin()",
        Map::Cos => ".cos()",
        Map::Tan => ".tan()",
        Map::Sec => ".cos().recip()",
        Map::Csc => ".sin().recip()",
        Map::Cot => ".tan().recip()",
        Map::Asin => ".asin()",
        Map::Acos => ".acos()",
        Map::Atan => ".atan()",
        Map::Sinh => ".sinh()",
        Map::Cosh => ".cosh()",
        Map::Tanh => ".tanh()",
        Map::Asinh => ".asinh()",
        Map::Acosh => ".acosh()",
        Map::Atanh => ".atanh()",
        Map::Relu => ".max(0.0)",
        Map::Step => "f64::from(u8::from({} > 0.0))",
        Map::Sigmoid => "sigmoid({})",
        Map::Softplus => "softplus({})",
        Map::Erf => "libm::erf({})",
        Map::Gamma => "libm::tgamma({})",
        Map::Lgamma => "libm::lgamma({})",
        Map::Digamma => "digamma({})",
        Map::Trigamma => "trigamma({})",
    }
}

/// The file: the functions, then what they need.
pub(super) fn module(functions: &[Function]) -> Result<String> {
    let mut text = String::new();
    let mut helpers: Vec<&str> = Vec::new();
    for f in functions {
        let mut written = Written::new(&Rust, f)?;
        text.push('\n');
        text.push_str(&function(&mut written)?);
        for h in written.body.helpers {
            if !helpers.contains(&h) {
                helpers.push(h);
            }
        }
    }
    if functions.iter().flat_map(|f| f.variables).any(|v| !v.axes().is_empty()) {
        helpers.push(CHECK);
    }
    helpers.iter().for_each(|h| text.push_str(h));
    let names = (1..=6).flat_map(|k| [format!("Array{k}"), format!("ArrayView{k}")]);
    let names = names.chain(["Array", "ArrayView", "Axis", "Dimension", "s"].map(str::to_owned));
    let used: Vec<String> = names.filter(|n| uses(&text, n)).collect();
    Ok(if used.is_empty() { text.trim_start().to_owned() } else { format!("use ndarray::{{{}}};\n{text}", used.join(", ")) })
}

/// Whether a name stands in a text by itself; `s` as the macro.
fn uses(text: &str, name: &str) -> bool {
    let inner = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(name).any(|(at, _)| {
        let (before, after) = (&text[..at], &text[at + name.len()..]);
        !before.ends_with(inner) && if name == "s" { after.starts_with("![") } else { !after.starts_with(inner) }
    })
}

fn owned(order: usize) -> Result<String> {
    match order {
        0 => Ok("f64".to_owned()),
        1..=6 => Ok(format!("Array{order}<f64>")),
        _ => Err(no_code("an array of more than six axes")),
    }
}

fn viewed(order: usize) -> Result<String> {
    Ok(if order == 0 { "f64".to_owned() } else { owned(order)?.replace("Array", "ArrayView") })
}

fn function(f: &mut Written) -> Result<String> {
    let size = |axes: &[String], _: bool| match axes {
        [] => "a scalar".to_owned(),
        [one] => format!("`[{one}]`"),
        many => format!("`[{}]`", many.join(", ")),
    };
    let mut source = String::new();
    for line in f.documentation(&size) {
        let _ = writeln!(source, "{}", format!("/// {line}").trim_end());
    }
    if f.variables.iter().any(|v| !v.axes().is_empty()) {
        source.push_str("///\n/// # Panics\n/// If an argument has another shape.\n");
    }
    let mut arguments = Vec::new();
    for v in f.variables {
        arguments.push(format!("{}: {}", f.body.names.variable(v.name), viewed(v.axes().len())?));
    }
    arguments.extend(f.plan.asked.iter().map(|s| format!("{}: usize", f.body.names.dim(*s))));
    for name in &f.arguments[arguments.len()..] {
        let Some((_, function)) = f.body.functions.iter().find(|(n, _)| n == name) else { continue };
        let kinds = function.signature.arguments.iter().map(|s| viewed(s.axes().len())).collect::<Result<Vec<_>>>()?;
        arguments.push(format!("{name}: impl Fn({}) -> {}", kinds.join(", "), owned(function.axes().len())?));
    }
    let (mut results, mut kinds) = (Vec::new(), Vec::new());
    for ((result, _), output) in f.results.iter().zip(&f.program.outputs) {
        let is_input = output.dense().is_some_and(|id| matches!(f.program.step(id).operation, Operation::Input(_)));
        results.push(if is_input && !output.axes.is_empty() { format!("{}.to_owned()", result.text) } else { result.text.clone() });
        kinds.push(owned(output.axes.len())?);
    }
    // An array that is returned again is copied before it is.
    for at in 0..results.len() {
        if kinds[at] != "f64" && results[at + 1..].contains(&results[at]) {
            results[at].push_str(".clone()");
        }
    }
    let in_brackets = |all: Vec<String>| if let [one] = &all[..] { one.clone() } else { format!("({})", all.join(", ")) };
    let result = in_brackets(results);
    source.push_str("#[allow(non_snake_case, unused_variables, unused_parens)]\n");
    let _ = writeln!(source, "pub fn {}({}) -> {} {{", f.name, arguments.join(", "), in_brackets(kinds));
    let mut lines = checks(f);
    lines.append(&mut f.body.lines);
    lines.push(result);
    for line in lines {
        let _ = writeln!(source, "    {line}");
    }
    Ok(source + "}\n")
}

/// The lines that take lengths from shapes and check these.
fn checks(f: &mut Written) -> Vec<String> {
    let mut lines = Vec::new();
    let looks = std::mem::take(&mut f.plan.looks);
    for look in looks.iter().filter(|l| !l.checked.is_empty()) {
        let name = f.body.names.variable(look.variable.name);
        for told in &look.tells {
            let length = told_by(&mut f.body, told, format!("{name}.shape()[{}]", told.axis));
            lines.push(format!("let {} = {length};", f.body.names.dim(told.symbol)));
        }
        let expected: Vec<String> =
            look.checked.iter().enumerate().map(|(at, d)| d.map_or_else(|| format!("{name}.shape()[{at}]"), |d| f.body.dim(d))).collect();
        lines.push(format!("check(\"{name}\", {name}.shape(), &[{}]);", expected.join(", ")));
    }
    lines
}

fn told_by(body: &mut Body, told: &Told, length: String) -> String {
    let difference = if told.rest == Dim::number(0) { length } else { format!("{length} - {}", body.dim(told.rest)) };
    if told.coefficient == 1 { difference } else { format!("({difference})/{}", told.coefficient) }
}

const CHECK: &str = "
fn check(name: &str, seen: &[usize], expected: &[usize]) {
    assert!(seen == expected, \"{name} has the shape {seen:?}, expected {expected:?}\");
}
";
const SIGN: &str = "
fn sign(x: f64) -> f64 {
    if x == 0.0 { 0.0 } else { x.signum() }
}
";
const SIGMOID: &str = "
fn sigmoid(x: f64) -> f64 {
    1.0/(1.0 + (-x).exp())
}
";
const SOFTPLUS: &str = "
fn softplus(x: f64) -> f64 {
    x.max(0.0) + (-x.abs()).exp().ln_1p()
}
";
const DIGAMMA: &str = "
/// By the asymptotic series above 10, the recurrence and the reflection formula below.
fn digamma(x: f64) -> f64 {
    if x <= 0.0 {
        return if x == x.floor() { f64::NAN } else { digamma(1.0 - x) - std::f64::consts::PI/(std::f64::consts::PI*x).tan() };
    }
    if x < 10.0 {
        return digamma(x + 1.0) - 1.0/x;
    }
    let y = 1.0/(x*x);
    x.ln() - 0.5/x - y*(1.0/12.0 - y*(1.0/120.0 - y*(1.0/252.0 - y*(1.0/240.0 - y/132.0))))
}
";
const TRIGAMMA: &str = "
/// By the asymptotic series above 10, the recurrence and the reflection formula below.
fn trigamma(x: f64) -> f64 {
    if x <= 0.0 {
        let s = (std::f64::consts::PI*x).sin();
        return if x == x.floor() { f64::NAN } else { (std::f64::consts::PI/s).powi(2) - trigamma(1.0 - x) };
    }
    if x < 10.0 {
        return trigamma(x + 1.0) + 1.0/(x*x);
    }
    let y = 1.0/(x*x);
    1.0/x + y/2.0 + y/x*(1.0/6.0 - y*(1.0/30.0 - y*(1.0/42.0 - y*(1.0/30.0 - y*5.0/66.0))))
}
";
const LEVI_CIVITA: &str = "
fn levi_civita(at: &[usize]) -> f64 {
    let pairs = (0..at.len()).flat_map(|i| (i + 1..at.len()).map(move |j| (at[i], at[j])));
    pairs.map(|(a, b)| (b as f64 - a as f64).clamp(-1.0, 1.0)).product()
}
";
const HALF: &str = "
/// The place of an entry of a symmetric matrix among those on and below the diagonal, column by column.
fn half(n: usize, row: usize, column: usize) -> usize {
    let (low, high) = (row.min(column), row.max(column));
    n*low + high - low*(low + 1)/2
}
";
const SOFTMAX: &str = "
/// Along the last axis.
fn softmax<D: Dimension>(x: ArrayView<f64, D>) -> Array<f64, D> {
    let mut y = x.to_owned();
    for mut row in y.rows_mut() {
        let largest = row.fold(f64::NEG_INFINITY, |m, x| m.max(*x));
        row.mapv_inplace(|x| (x - largest).exp());
        let total = row.sum();
        row.mapv_inplace(|x| x/total);
    }
    y
}
";
const LOG_SUM_EXP: &str = "
fn log_sum_exp(x: ArrayView1<f64>) -> f64 {
    let largest = x.fold(f64::NEG_INFINITY, |m, x| m.max(*x));
    largest + x.iter().map(|x| (x - largest).exp()).sum::<f64>().ln()
}
";
const ADJUGATE: &str = "
/// det(A)*inv(A), also of a singular matrix, by the determinants of its minors.
fn adjugate(a: ArrayView2<f64>) -> Array2<f64> {
    let n = a.nrows();
    Array2::from_shape_fn((n, n), |(i, j)| {
        let minor = Array2::from_shape_fn((n - 1, n - 1), |(k, l)| a[[k + usize::from(k >= j), l + usize::from(l >= i)]]);
        let sign = if (i + j)%2 == 0 { 1.0 } else { -1.0 };
        sign*lu(minor.view()).determinant()
    })
}
";
const SYLVESTER: &str = "
/// The X of A*X + X*B = C.
fn sylvester(a: ArrayView2<f64>, b: ArrayView2<f64>, c: ArrayView2<f64>) -> Array2<f64> {
    let (m, n) = (a.nrows(), b.nrows());
    let left = Array2::from_shape_fn((m*n, m*n), |(p, q)| {
        let (i, j, k, l) = (p/n, p%n, q/n, q%n);
        (if j == l { a[[i, k]] } else { 0.0 }) + (if i == k { b[[l, j]] } else { 0.0 })
    });
    let right = Array2::from_shape_fn((m*n, 1), |(p, _)| c[[p/n, p%n]]);
    let x = lu(left.view()).solve(right.view());
    Array2::from_shape_fn((m, n), |(i, j)| x[[i*n + j, 0]])
}
";
const TRIANGULAR: &str = "
/// A triangular matrix, or L where it stands for L*L'.
struct Triangular {
    matrix: Array2<f64>,
    lower: bool,
    squared: bool,
}

#[allow(dead_code)]
fn lower(matrix: ArrayView2<f64>) -> Triangular {
    Triangular { matrix: matrix.to_owned(), lower: true, squared: false }
}

#[allow(dead_code)]
fn upper(matrix: ArrayView2<f64>) -> Triangular {
    Triangular { matrix: matrix.to_owned(), lower: false, squared: false }
}

#[allow(dead_code)]
impl Triangular {
    fn solve(&self, b: ArrayView2<f64>) -> Array2<f64> {
        let mut x = b.to_owned();
        self.substitute(&mut x, self.lower, false);
        if self.squared {
            self.substitute(&mut x, false, true);
        }
        x
    }

    fn substitute(&self, x: &mut Array2<f64>, forward: bool, transposed: bool) {
        let n = self.matrix.nrows();
        let a = if transposed { self.matrix.t() } else { self.matrix.view() };
        for step in 0..n {
            let i = if forward { step } else { n - 1 - step };
            for c in 0..x.ncols() {
                let known: f64 = if forward { (0..i).map(|j| a[[i, j]]*x[[j, c]]).sum() } else { (i + 1..n).map(|j| a[[i, j]]*x[[j, c]]).sum() };
                x[[i, c]] = (x[[i, c]] - known)/a[[i, i]];
            }
        }
    }

    fn determinant(&self) -> f64 {
        self.matrix.diag().product().powi(1 + i32::from(self.squared))
    }

    fn log_determinant(&self) -> f64 {
        self.matrix.diag().iter().map(|x| x.abs().ln()).sum::<f64>()*f64::from(1 + u8::from(self.squared))
    }
}
";
const CHOLESKY: &str = "
/// L with L*L' = A, of a symmetric positive definite A; NaN of another.
fn cholesky(a: ArrayView2<f64>) -> Triangular {
    let n = a.nrows();
    let mut l = Array2::<f64>::zeros((n, n));
    for j in 0..n {
        for i in j..n {
            let rest = a[[i, j]] - (0..j).map(|k| l[[i, k]]*l[[j, k]]).sum::<f64>();
            l[[i, j]] = if i == j { rest.sqrt() } else { rest/l[[j, j]] };
        }
    }
    Triangular { matrix: l, lower: true, squared: true }
}
";
const LU: &str = "
/// L and U of the rows of a matrix in another order.
struct Lu {
    factors: Array2<f64>,
    rows: Vec<usize>,
    sign: f64,
}

fn lu(matrix: ArrayView2<f64>) -> Lu {
    let n = matrix.nrows();
    let mut a = matrix.to_owned();
    let mut rows: Vec<usize> = (0..n).collect();
    let mut sign = 1.0;
    for k in 0..n {
        let pivot = (k..n).fold(k, |p, i| if a[[i, k]].abs() > a[[p, k]].abs() { i } else { p });
        if pivot != k {
            (0..n).for_each(|j| a.swap([pivot, j], [k, j]));
            rows.swap(pivot, k);
            sign = -sign;
        }
        for i in k + 1..n {
            if a[[k, k]] != 0.0 {
                a[[i, k]] /= a[[k, k]];
            }
            for j in k + 1..n {
                a[[i, j]] -= a[[i, k]]*a[[k, j]];
            }
        }
    }
    Lu { factors: a, rows, sign }
}

#[allow(dead_code)]
impl Lu {
    fn solve(&self, b: ArrayView2<f64>) -> Array2<f64> {
        let (n, a) = (self.rows.len(), &self.factors);
        let mut x = Array2::from_shape_fn(b.raw_dim(), |(i, c)| b[[self.rows[i], c]]);
        for c in 0..x.ncols() {
            for i in 0..n {
                x[[i, c]] -= (0..i).map(|j| a[[i, j]]*x[[j, c]]).sum::<f64>();
            }
            for i in (0..n).rev() {
                x[[i, c]] = (x[[i, c]] - (i + 1..n).map(|j| a[[i, j]]*x[[j, c]]).sum::<f64>())/a[[i, i]];
            }
        }
        x
    }

    fn solve_transposed(&self, b: ArrayView2<f64>) -> Array2<f64> {
        let (n, a) = (self.rows.len(), &self.factors);
        let mut y = b.to_owned();
        for c in 0..y.ncols() {
            for i in 0..n {
                y[[i, c]] = (y[[i, c]] - (0..i).map(|j| a[[j, i]]*y[[j, c]]).sum::<f64>())/a[[i, i]];
            }
            for i in (0..n).rev() {
                y[[i, c]] -= (i + 1..n).map(|j| a[[j, i]]*y[[j, c]]).sum::<f64>();
            }
        }
        let mut x = y.clone();
        for (i, row) in self.rows.iter().enumerate() {
            x.row_mut(*row).assign(&y.row(i));
        }
        x
    }

    fn determinant(&self) -> f64 {
        self.sign*self.factors.diag().product()
    }

    fn log_determinant(&self) -> f64 {
        self.factors.diag().iter().map(|x| x.abs().ln()).sum()
    }
}
";
