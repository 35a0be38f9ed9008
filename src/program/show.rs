//! Programs as text, for people who look at what is computed.

use super::{Entry, Kernel, Operation, Output, Part, Product, Program, ValueId};
use crate::number::Number;
use crate::part::Cut;
use std::fmt::{self, Write};

/// One line for each step and each output, in the letters of the language.
impl fmt::Display for Program {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let names = self.names();
        for (at, step) in self.steps.iter().enumerate() {
            if !matches!(step.operation, Operation::Input(_)) {
                writeln!(f, "{} = {}", names[at], shown(&step.operation, &names, step.axes.len()))?;
            }
        }
        self.outputs.iter().try_for_each(|o| writeln!(f, "{} = {}", o.name, output(o, &names)))
    }
}

impl Program {
    /// Variables by their names, other values by numbers.
    fn names(&self) -> Vec<String> {
        let mut count = 0;
        let name = |s: &super::Step| match &s.operation {
            Operation::Input(v) => v.name.to_string(),
            _ => {
                count += 1;
                format!("t{count}")
            }
        };
        self.steps.iter().map(name).collect()
    }
}

fn output(o: &Output, names: &[String]) -> String {
    if let Some(value) = o.dense() {
        return names[value.0 as usize].clone();
    }
    if o.parts.is_empty() { "0".to_owned() } else { parts(&o.parts, names) }
}

fn parts(all: &[Part], names: &[String]) -> String {
    let part = |p: &Part| {
        let place = |p: &super::Place| match (p.axis, p.offset == crate::dim::Dim::number(0)) {
            (Some(axis), true) => axis.to_string(),
            (Some(axis), false) => format!("{axis}+{}", p.offset),
            (None, _) => format!("+{}", p.offset),
        };
        let places: Vec<String> = p.places.iter().map(place).collect();
        format!("{}[{}]", names[p.value.0 as usize], places.join(","))
    };
    all.iter().map(part).collect::<Vec<_>>().join(" + ")
}

fn shown(operation: &Operation, names: &[String], order: usize) -> String {
    let name = |id: ValueId| names[id.0 as usize].as_str();
    match operation {
        Operation::Input(v) => v.name.to_string(),
        Operation::Constant(t) => format!("{t:?}"),
        Operation::Elementwise(kernel) => shown_kernel(kernel, names, order),
        Operation::Sum(a, over) => format!("sum({}, {over:?})", name(*a)),
        Operation::Contract(pair) => {
            let (a, b) = (name(pair.left.0), name(pair.right.0));
            let turned = |t: bool| if t { "'" } else { "" };
            match pair.product() {
                Some(Product::Dot) => format!("{a}@{b}"),
                Some(Product::MatrixVector { transposed }) => format!("{a}{}@{b}", turned(transposed)),
                Some(Product::VectorMatrix { transposed }) => format!("{a}@{b}{}", turned(transposed)),
                Some(Product::MatrixMatrix { left_transposed, right_transposed }) => {
                    format!("{a}{}@{b}{}", turned(left_transposed), turned(right_transposed))
                }
                None => format!("einsum({}, {a}, {b})", pair.letters()),
            }
        }
        Operation::Slice(a, cuts) => {
            let cut = |c: &Cut| match c {
                Cut::All => ":".to_owned(),
                Cut::At(d) => d.to_string(),
                Cut::Run(s) => format!("{}:{}", s.offset + crate::dim::Dim::ONE, s.end()),
            };
            format!("{}[{}]", name(*a), cuts.iter().map(cut).collect::<Vec<_>>().join(","))
        }
        Operation::Reshape(a) => format!("reshape({})", name(*a)),
        Operation::Assemble(base, all) => {
            let base = base.map(|b| format!("{} + ", name(b))).unwrap_or_default();
            format!("{base}{}", parts(all, names))
        }
        Operation::Factorise(s, a) => format!("{s:?}({})", name(*a)).to_lowercase(),
        Operation::Solve(s) => format!("solve({}{}, {})", name(s.factor), if s.transposed { "'" } else { "" }, name(s.right)),
        Operation::Inverse(_, a) => format!("inv({})", name(*a)),
        Operation::Determinant(_, a) => format!("det({})", name(*a)),
        Operation::LogDeterminant(_, a) => format!("logdet({})", name(*a)),
        Operation::Function(f, a) => format!("{f:?}({})", name(*a)).to_lowercase(),
        Operation::Operator(f, operands) => {
            format!("{f:?}({})", operands.iter().map(|a| name(*a)).collect::<Vec<_>>().join(", ")).to_lowercase()
        }
        Operation::Apply(f, arguments) => format!("{f}({})", arguments.iter().map(|a| name(*a)).collect::<Vec<_>>().join(", ")),
    }
}

fn shown_kernel(kernel: &Kernel, names: &[String], order: usize) -> String {
    let operand = |at: &usize| {
        let o = &kernel.operands[*at];
        let name = &names[o.value.0 as usize];
        if o.axes.iter().copied().eq(0..order) || o.axes.is_empty() { name.clone() } else { format!("{name}{:?}", o.axes).replace(' ', "") }
    };
    shown_entry(&kernel.entry, &operand)
}

fn shown_entry(entry: &Entry, operand: &impl Fn(&usize) -> String) -> String {
    let of = |e: &Entry| shown_entry(e, operand);
    let in_brackets = |e: &Entry| if matches!(e, Entry::Sum(_) | Entry::Product(_)) { format!("({})", of(e)) } else { of(e) };
    match entry {
        Entry::Operand(at) => operand(at),
        Entry::Number(n) => n.to_string(),
        Entry::Constant(c) => c.name().to_owned(),
        Entry::Size(d) => d.to_string(),
        Entry::Triangle(a, b) => format!("[{a}>={b}]"),
        Entry::Sum(terms) => {
            let mut text = String::new();
            for (at, (n, e)) in terms.iter().enumerate() {
                let sign = match (at, n.is_negative()) {
                    (0, true) => "-",
                    (0, false) => "",
                    (_, true) => " - ",
                    (_, false) => " + ",
                };
                let size = n.abs();
                let coefficient = if size == Number::ONE { String::new() } else { format!("{size}*") };
                let _ = write!(text, "{sign}{coefficient}{}", if matches!(e, Entry::Sum(_)) { in_brackets(e) } else { of(e) });
            }
            text
        }
        Entry::Product(all) => all.iter().map(in_brackets).collect::<Vec<_>>().join("*"),
        Entry::Power(a, p) => format!("{}^{p}", in_brackets(a)),
        Entry::Map(f, a) => format!("{}({})", f.name(), of(a)),
        Entry::Map2(f, a, b) => format!("{f:?}({}, {})", of(a), of(b)).to_lowercase(),
        Entry::Apply(f, all) => format!("{f}({})", all.iter().map(of).collect::<Vec<_>>().join(", ")),
    }
}
