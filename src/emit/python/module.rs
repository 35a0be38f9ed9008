//! A module of Python: imports, helpers, and functions with their documentation and the checks of shapes.

use super::Library;
use crate::dim::Dim;
use crate::emit::body::Body;
use crate::emit::helpers::mentions;
use crate::emit::sizes::Look;
use crate::emit::{Function, Written};
use crate::error::Result;
use std::fmt::Write;

/// The module with all functions.
pub(in crate::emit) fn module(library: &'static Library, functions: &[Function]) -> Result<String> {
    let mut texts = Vec::new();
    for f in functions {
        let mut written = Written::new(library, f)?;
        texts.push(function(library, &mut written));
    }
    let helpers = library.words.names.helpers.needed(&texts.concat());
    let code = helpers.iter().chain(&texts).map(|text| text.trim_end().to_owned()).collect::<Vec<_>>().join("\n\n\n");
    let mut source = String::new();
    if code.contains("@lru_cache") {
        source.push_str("from functools import lru_cache\n\n");
    }
    let module = |word: &str| mentions(&code, word, |after| after.starts_with('.'));
    if library.np != "np" && module("np") {
        source.push_str("import numpy as np\n");
    }
    source.push_str(library.import);
    source.extend(library.import_special.iter().filter(|(word, _)| module(word)).map(|(_, import)| *import));
    Ok(format!("{source}\n\n{code}\n"))
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

/// What makes arrays of arguments that may be lists.
pub(super) fn as_arrays(arrays: &[String], _: &[String]) -> Vec<String> {
    match arrays {
        [] => vec![],
        [one] => vec![format!("{one} = _array({one})")],
        many => vec![format!("{} = map(_array, ({0}))", many.join(", "))],
    }
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
            lines.push(format!("{} = {}", body.names.dim(told.symbol), body.told(told, length)));
        }
        many => {
            let names: Vec<String> = (0..look.expected.len())
                .map(|at| many.iter().find(|t| t.axis == at).map_or("_".to_owned(), |t| body.names.dim(t.symbol)))
                .collect();
            lines.push(format!("{} = {first}", names.join(", ")));
            for told in many {
                let name = body.names.dim(told.symbol);
                let solved = body.told(told, name.clone());
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
