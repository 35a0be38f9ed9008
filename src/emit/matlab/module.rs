//! A file of MATLAB: the function, the checks of its arguments, and what it needs.

use super::Matlab;
use super::words::WORDS;
use crate::emit::{Function, Written};
use crate::error::Result;
use crate::expr::Shape;
use std::fmt::Write;

/// The file: the function, then what it needs.
pub(in crate::emit) fn module(functions: &[Function]) -> Result<String> {
    let mut source = String::new();
    for f in functions {
        let mut written = Written::new(&Matlab, f)?;
        source.push_str(&function(&mut written));
    }
    for helper in WORDS.names.helpers.needed(&source) {
        let _ = writeln!(source, "\n{helper}");
    }
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
            let length = f.body.told(told, format!("size({name}, {axis})"));
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
