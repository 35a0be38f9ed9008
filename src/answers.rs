//! Several answers about one function, with the parts that they share.

use crate::answer::Answer;
use crate::code::{Coded, Formula, source};
use crate::emit::Target;
use crate::error::{Error, ErrorKind, Result};
use crate::expr::{Expr, Var};
use crate::infer::infer;
use crate::pipeline::several::{apart, together};
use crate::present::Parts;
use crate::print::{latex, unicode};
use crate::typed::Typed;
use std::fmt;

/// Derivatives of one function, each by a variable of its own, and the value of the function if it was asked for.
///
/// `Display` prints one line for each, named `dF/dX`, and the shared parts once, after all of them. The right side of a
/// line followed by the shared parts is an expression that reads back to the same value.
///
/// ```
/// use indicial::{Declarations, Engine, parse};
/// let declarations = Declarations::parse("a: vector(n); b: vector(n); x: vector(n)")?;
/// let f = parse("exp(a'*x + b'*x)", &declarations)?;
/// let by = |x| Ok::<_, indicial::Error>(vec![parse(x, &declarations)?]);
/// let answers = Engine::new().derivatives(&f, &[vec![], by("x")?, by("a")?], &declarations)?;
/// assert_eq!(answers.to_string(), "F = t1\ndF/dx = t1*(a + b)\ndF/da = t1*x\nwhere t1 = exp(x'*(a + b))");
/// assert_eq!(answers.answers[2].to_string(), "t1*x where t1 = exp(x'*(a + b))");
/// # Ok::<(), indicial::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Answers {
    /// In the order in which they were asked for; each with those of the shared parts that it needs.
    pub answers: Vec<Answer>,
    /// The shared parts with their names; each uses only those before it.
    pub parts: Parts,
}

impl Answers {
    /// Python source with `value(…)` and `derivatives(…)`, which returns a tuple of all answers in their order and computes
    /// once what they share. Arguments and axes are those of [`Answer::numpy`].
    ///
    /// # Errors
    /// If a part has no form in Python.
    pub fn numpy(&self) -> Result<String> {
        self.code(Target::Numpy)
    }

    /// The source of a module in another language, as [`Answer::code`] has it.
    ///
    /// # Errors
    /// If a part has no form in that language.
    pub fn code(&self, target: Target) -> Result<String> {
        let Some(first) = self.answers.first() else {
            return Err(Error::new(ErrorKind::Internal, "no answer to write as code"));
        };
        let declarations = first.declarations();
        let formulas: Vec<Expr> = self.answers.iter().map(|a| a.formula.inlined()).collect();
        let typed = infer(&together(formulas.iter()), &declarations)?;
        let mut results = Vec::new();
        for (at, (answer, root)) in self.answers.iter().zip(apart(&typed)?).enumerate() {
            let name = if answer.wrt.is_empty() { "value_".to_owned() } else { format!("derivative{}", at + 1) };
            results.push(Formula { value: Typed { root, ..typed.clone() }, ..answer.derivative_formula(&name)? });
        }
        let function = |name, formulas| Coded { name, variables: &first.variables, formulas };
        source(target, vec![function("value", vec![first.value_formula()?]), function("derivatives", results)])
    }
}

/// How the parts of several answers are written one below the other.
struct Layout {
    /// The derivative sign, and powers of it.
    quotient: fn(&Answer) -> String,
    spell: fn(&Expr) -> String,
    equals: &'static str,
    /// After each line but the last.
    end: &'static str,
    /// Before the first shared part, before the others, and after all of these but the last.
    first: &'static str,
    next: &'static str,
    end_of_part: &'static str,
}

const TEXT: Layout = Layout {
    quotient: Answer::label,
    spell: Expr::to_string,
    equals: " = ",
    end: "\n",
    first: "where ",
    next: "      ",
    end_of_part: ";\n",
};

const UNICODE: Layout = Layout { quotient: unicode_label, spell: unicode, ..TEXT };

const LATEX: Layout = Layout {
    quotient: latex_label,
    spell: latex,
    equals: " &= ",
    end: " \\\\\n",
    first: r"\text{where}\quad ",
    next: "",
    end_of_part: ", \\\\\n",
};

impl Answers {
    /// The same with the signs of mathematics: `∂F/∂X = …`.
    pub fn unicode(&self) -> String {
        self.written(&UNICODE)
    }

    /// The same as an `align*` environment of LaTeX.
    pub fn latex(&self) -> String {
        format!("\\begin{{align*}}\n{}\n\\end{{align*}}", self.written(&LATEX))
    }

    fn written(&self, layout: &Layout) -> String {
        let spell = layout.spell;
        let line = |a: &Answer| format!("{}{}{}", (layout.quotient)(a), layout.equals, spell(&a.formula.body));
        let mut text = self.answers.iter().map(line).collect::<Vec<_>>().join(layout.end);
        for (at, (name, part)) in self.parts.iter().enumerate() {
            let (end, start) = if at == 0 { (layout.end, layout.first) } else { (layout.end_of_part, layout.next) };
            let name = spell(&Expr::var(Var::undeclared(name.as_str())));
            text.push_str(&format!("{end}{start}{name}{}{}", layout.equals, spell(part)));
        }
        text
    }
}

impl Answer {
    /// What the answer is called beside others: `F`, `dF/dX`, `d2F/dX2`, `d2F/(dX dY)`.
    pub fn label(&self) -> String {
        let order = if self.by.len() > 1 { self.by.len().to_string() } else { String::new() };
        match self.by.as_slice() {
            [] => "F".to_owned(),
            [x, rest @ ..] if rest.iter().all(|y| y == x) => format!("d{order}F/d{x}{order}"),
            by => format!("d{order}F/({})", by.iter().map(|x| format!("d{x}")).collect::<Vec<_>>().join(" ")),
        }
    }
}

fn unicode_label(answer: &Answer) -> String {
    let digit = |c: char| "⁰¹²³⁴⁵⁶⁷⁸⁹".chars().nth(c.to_digit(10).unwrap_or(0) as usize).unwrap_or(c);
    let by = grouped(answer);
    let power = |n: usize| if n > 1 { n.to_string().chars().map(digit).collect() } else { String::new() };
    let below: String = by.iter().map(|(x, n)| format!("∂{}{}", unicode(x), power(*n))).collect();
    let below = if by.len() > 1 { format!("({below})") } else { below };
    if by.is_empty() { "F".to_owned() } else { format!("∂{}F/{below}", power(answer.by.len())) }
}

fn latex_label(answer: &Answer) -> String {
    let power = |n: usize| if n > 1 { format!("^{{{n}}}") } else { String::new() };
    let by = grouped(answer);
    let below: Vec<String> = by.iter().map(|(x, n)| format!(r"\partial {}{}", latex(x), power(*n))).collect();
    if by.is_empty() { "F".to_owned() } else { format!(r"\frac{{\partial{} F}}{{{}}}", power(answer.by.len()), below.join(" ")) }
}

/// What the answer was differentiated by, and how often in a row by each.
fn grouped(answer: &Answer) -> Vec<(&Expr, usize)> {
    let mut groups: Vec<(&Expr, usize)> = Vec::new();
    for x in &answer.by {
        match groups.last_mut() {
            Some((last, times)) if *last == x => *times += 1,
            Some(_) | None => groups.push((x, 1)),
        }
    }
    groups
}

impl fmt::Display for Answers {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(&self.written(&TEXT))
    }
}
