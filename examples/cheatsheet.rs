//! The derivatives of The Matrix Cookbook (Petersen and Pedersen 2012, chapter 2), each derived anew and held against central
//! differences; as Markdown, or as a LaTeX document.
//!
//! `cargo run --example cheatsheet`, `cargo run --example cheatsheet -- latex`
use indicial::{Answer, Declarations, Engine, Error, ErrorKind, Expr, Notation, Op, Result, Structure, latex, parse};
use std::fmt::Write;

/// The statements of the book; the tests of the crate hold what it says against numbers.
const COOKBOOK: &str = include_str!("../tests/coverage/matrix_cookbook.txt");
const CHAPTER: &str = "## 2 Derivatives";
const POINTS: usize = 2;

fn main() -> Result<()> {
    let sheet = Sheet::of(chapter())?;
    print!("{}", if std::env::args().nth(1).as_deref() == Some("latex") { sheet.latex() } else { sheet.markdown() });
    Ok(())
}

/// The lines of the chapter.
pub fn chapter() -> impl Iterator<Item = &'static str> {
    let lines = COOKBOOK.lines().skip_while(|l| *l != CHAPTER).skip(1);
    lines.take_while(|l| !l.starts_with("## ")).filter(|l| !l.is_empty())
}

/// The whole sheet. What the book says and this language does not is named below it.
pub struct Sheet {
    rows: Vec<Row>,
    foot: String,
}

impl Sheet {
    /// # Errors
    /// If a line cannot be derived, or central differences refute what was derived.
    pub fn of(lines: impl Iterator<Item = &'static str>) -> Result<Sheet> {
        let (mut rows, mut outside, mut points): (Vec<Row>, Vec<&str>, usize) = (Vec::new(), Vec::new(), 0);
        for line in lines {
            let (number, rest) = line.split_once(" | ").ok_or_else(|| unreadable(line))?;
            let (declarations, statement) = rest.split_once(" | ").ok_or_else(|| unreadable(line))?;
            // A printed error of the book is no line of the sheet.
            if declarations == "-" || statement.contains(" != ") {
                outside.push(number);
                continue;
            }
            let (row, seen) = row(number, declarations, statement)?;
            points += seen;
            // Several statements of the book about one derivative are one line.
            if rows.iter().all(|r| r.question != row.question || r.number != row.number) {
                rows.push(row);
            }
        }
        let foot = format!("{} derivatives, verified at {points} random points; not here: {}", rows.len(), outside.join(", "));
        Ok(Sheet { rows, foot })
    }

    pub fn markdown(&self) -> String {
        let mut text = "# The Matrix Cookbook: derivatives\n\n| | | | |\n| --- | --- | --- | --- |\n".to_owned();
        for Row { number, question, answer, remark } in &self.rows {
            // A bar would end the cell.
            let cell = |formula: &str| formula.replace(r"\|", r"\Vert ").replace('|', r"\vert ");
            let _ = writeln!(text, "| ({number}) | ${}$ | ${}$ | {remark} |", cell(question), cell(answer));
        }
        text + "\n" + &self.foot + "\n"
    }

    /// A document of its own.
    pub fn latex(&self) -> String {
        let mut text = r"\documentclass{article}
\usepackage{amsmath,amssymb}
\allowdisplaybreaks
\begin{document}
\section*{The Matrix Cookbook: derivatives}
\begin{align*}
"
        .to_owned();
        let line = |r: &Row| {
            let remark = if r.remark.is_empty() { String::new() } else { format!(r" \quad\text{{({})}}", r.remark) };
            format!("{} &= {}{remark} \\tag{{{}}}", r.question, r.answer, r.number)
        };
        text.push_str(&self.rows.iter().map(line).collect::<Vec<_>>().join(" \\\\\n"));
        text + "\n\\end{align*}\n" + &self.foot + "\n\\end{document}\n"
    }
}

/// An equation of the book: what is asked, and the answer, in LaTeX.
struct Row {
    number: &'static str,
    question: String,
    answer: String,
    /// How the answer is to be read, where that is not plain.
    remark: String,
}

fn row(number: &'static str, declarations: &str, statement: &str) -> Result<(Row, usize)> {
    let declarations = Declarations::parse(declarations)?;
    let (left, right) = statement.split_once(" = ").ok_or_else(|| unreadable(statement))?;
    let (question, answer) = match left.strip_prefix("d ") {
        Some(f) => differential(&parse(f, &declarations)?, right, &declarations)?,
        None => derivative(&parse(left, &declarations)?, &declarations)?,
    };
    let seen = answer.verify(POINTS)?;
    if !seen.ok {
        return Err(Error::new(ErrorKind::Internal, format!("({number}) {left} = {answer} is refuted")));
    }
    Ok((Row { number, question, answer: formula(&answer), remark: remark(&answer) }, seen.points))
}

/// d F with the changes that the book's side mentions.
fn differential(f: &Expr, book: &str, declarations: &Declarations) -> Result<(String, Answer)> {
    let changes = declarations.iter().filter(|(name, _)| book.contains(&format!("d{name}")));
    let variables = changes.map(|(name, _)| parse(name.as_str(), declarations)).collect::<Result<Vec<_>>>()?;
    let answer = Engine::new().differential(f, &variables, 1, declarations)?;
    Ok((format!(r"d\left({}\right)", latex(f)), answer))
}

/// A derivative, or an expression with a derivative in it.
fn derivative(left: &Expr, declarations: &Declarations) -> Result<(String, Answer)> {
    let (mut f, mut by) = (left.clone(), Vec::new());
    while let Op::Diff(inner, x) = f.op() {
        by.insert(0, x.clone());
        f = inner.clone();
    }
    let engine = Engine::new();
    let answer = if by.is_empty() { engine.simplify(left, declarations)? } else { engine.derivative(&f, &by, declarations)? };
    Ok((latex(left), answer))
}

/// The formula and its shared parts.
fn formula(answer: &Answer) -> String {
    let mut text = latex(&answer.formula.body);
    for (at, (name, part)) in answer.formula.parts.iter().enumerate() {
        let name = latex(&Expr::var(indicial::Var::undeclared(name.as_str())));
        let _ = write!(text, r"{} {name} = {}", if at == 0 { r" \text{ where }" } else { r",\;" }, latex(part));
    }
    text
}

/// The notation, and the structure of the variable.
fn remark(answer: &Answer) -> String {
    let structured = answer.wrt.iter().filter_map(|v| v.kind.as_ref().filter(|k| k.structure != Structure::General).map(|k| (v, k)));
    let structured = structured.map(|(v, kind)| format!("{}: {kind}", v.name));
    let notation = match answer.notation {
        Notation::Kronecker => Some("by columns, stacked".to_owned()),
        Notation::Index => Some("by entries".to_owned()),
        Notation::Matrix | Notation::Differential => None,
    };
    structured.chain(notation).collect::<Vec<_>>().join(", ")
}

fn unreadable(line: &str) -> Error {
    Error::new(ErrorKind::Data, format!("`{line}` is no statement"))
}
