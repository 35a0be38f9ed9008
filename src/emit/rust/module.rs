//! A file of Rust: imports, functions with their documentation and the checks of shapes, and what they need.

use super::words::WORDS;
use super::{Rust, no_code};
use crate::emit::helpers::mentions;
use crate::emit::{Function, Written};
use crate::error::Result;
use crate::program::Operation;
use std::fmt::Write;

/// The file: the crates and imports, the functions, then what they need.
pub(in crate::emit) fn module(functions: &[Function]) -> Result<String> {
    let mut text = String::new();
    for f in functions {
        let mut written = Written::new(&Rust, f)?;
        let _ = write!(text, "\n{}", function(&mut written)?);
    }
    for helper in WORDS.names.helpers.needed(&text) {
        let _ = writeln!(text, "\n{helper}");
    }
    let names = (1..=6).flat_map(|k| [format!("Array{k}"), format!("ArrayView{k}")]);
    let names = names.chain(["Array", "ArrayView", "Axis", "Dimension", "s"].map(str::to_owned));
    let used: Vec<String> = names.filter(|name| mentions(&text, name, |after| name != "s" || after.starts_with("!["))).collect();
    let others = ["nalgebra", "libm"].into_iter().filter(|name| mentions(&text, name, |after| after.starts_with("::")));
    let crates: Vec<&str> = (!used.is_empty()).then_some("ndarray").into_iter().chain(others).collect();
    let mut head = if crates.is_empty() { String::new() } else { format!("// Needs {}.\n", crates.join(", ")) };
    if !used.is_empty() {
        let _ = writeln!(head, "use ndarray::{{{}}};", used.join(", "));
    }
    Ok(if head.is_empty() { text.trim_start().to_owned() } else { head + &text })
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
    source.push_str(&panics(f));
    let arguments = arguments(f)?.join(", ");
    let (result, kind) = results(f)?;
    source.push_str("#[allow(non_snake_case, unused_variables, unused_parens)]\n");
    let _ = writeln!(source, "pub fn {}({arguments}) -> {kind} {{", f.name);
    let mut lines = checks(f);
    lines.append(&mut f.body.lines);
    lines.push(result);
    for line in lines {
        let _ = writeln!(source, "    {line}");
    }
    Ok(source + "}\n")
}

/// What its documentation says of arguments that it does not take.
fn panics(f: &Written) -> String {
    let code: String = f.body.lines.iter().chain(f.results.iter().map(|(code, _)| &code.text)).map(|line| format!("{line}\n")).collect();
    let partial = WORDS.names.helpers.needed(&code).iter().any(|helper| helper.contains("assert!("));
    let shaped = f.variables.iter().any(|v| !v.axes().is_empty());
    let reasons = [(shaped, "an argument has another shape"), (partial, "a function of a matrix has no real value")];
    let reasons: Vec<&str> = reasons.iter().filter(|(applies, _)| *applies).map(|(_, reason)| *reason).collect();
    if reasons.is_empty() { String::new() } else { format!("///\n/// # Panics\n/// If {}.\n", reasons.join(", or ")) }
}

fn arguments(f: &mut Written) -> Result<Vec<String>> {
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
    Ok(arguments)
}

/// The result and its type.
fn results(f: &Written) -> Result<(String, String)> {
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
    Ok((in_brackets(results), in_brackets(kinds)))
}

/// The lines that take lengths from shapes and check these.
fn checks(f: &mut Written) -> Vec<String> {
    let mut lines = Vec::new();
    let looks = std::mem::take(&mut f.plan.looks);
    for look in looks.iter().filter(|l| !l.checked.is_empty()) {
        let name = f.body.names.variable(look.variable.name);
        for told in &look.tells {
            let length = f.body.told(told, format!("{name}.shape()[{}]", told.axis));
            lines.push(format!("let {} = {length};", f.body.names.dim(told.symbol)));
        }
        let expected: Vec<String> =
            look.checked.iter().enumerate().map(|(at, d)| d.map_or_else(|| format!("{name}.shape()[{at}]"), |d| f.body.dim(d))).collect();
        lines.push(format!("check(\"{name}\", {name}.shape(), &[{}]);", expected.join(", ")));
    }
    lines
}
