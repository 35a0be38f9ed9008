//! Rules as a chapter of a book: Markdown with LaTeX.

use super::latex::latex;
use crate::dim::Dim;
use crate::expr::{Expr, Kind, Op, Shape, Structure, Subscript};
use crate::function::{Call, Function, Sign};
use crate::parse::Declaration;
use crate::rule::{Condition, Fact, Rule, Step, change_of};

/// Rules in Markdown, a heading for each theme and each rule, with the statement in LaTeX, the conditions, the reason, the
/// source and an example.
///
/// ```
/// use indicial::{Catalog, rules_markdown};
/// let rule = Catalog::standard().rule("transpose_mul").unwrap();
/// let text = rules_markdown([rule]);
/// assert!(text.contains(r"$$\left(A B\right)^\top = B^\top A^\top$$"));
/// ```
pub fn rules_markdown<'a>(rules: impl IntoIterator<Item = &'a Rule>) -> String {
    let mut text = String::new();
    let mut theme = None;
    for rule in rules {
        if theme != Some(&rule.theme) {
            text.push_str(&format!("{}## {}\n", if theme.is_some() { "\n" } else { "" }, capitalised(&rule.theme)));
            theme = Some(&rule.theme);
        }
        text.push('\n');
        text.push_str(&entry(rule));
    }
    text
}

/// A tempting falsehood is no equation.
fn relation(rule: &Rule) -> &'static str {
    if &*rule.theme == "rejected" { r"\neq" } else { "=" }
}

/// What a rule states, in LaTeX for math mode.
///
/// ```
/// use indicial::{Catalog, rule_latex};
/// let rule = |name| rule_latex(Catalog::standard().rule(name).unwrap());
/// assert_eq!(rule("d_inv"), r"\mathrm{d} X^{-1} = -X^{-1} \left(\mathrm{d}X\right) X^{-1}");
/// assert_eq!(rule("delta_mul_vector"), r"\delta_{ij} x_j = x_i");
/// ```
pub fn rule_latex(rule: &Rule) -> String {
    let (left, right) = with_equal_indices(&rule.left, &rule.right);
    let left = if rule.differential { differential(&left) } else { latex(&left) };
    format!("{left} {} {}", relation(rule), latex(&right))
}

fn entry(rule: &Rule) -> String {
    let mut text = format!("### {}\n\n", rule.name.replace('_', r"\_"));
    let variables = variables(rule);
    if !variables.is_empty() {
        text.push_str(&format!("For {}", joined(&variables)));
        let conditions: Vec<String> = rule.conditions.iter().map(|c| condition(rule, c)).collect();
        if !conditions.is_empty() {
            text.push_str(&format!(", if {}", joined(&conditions)));
        }
        text.push_str(":\n\n");
    }
    text.push_str(&format!("{}\n\n{}\n\n", statement(rule), rule.why));
    for (example, _) in &rule.example.laws {
        text.push_str(&format!("- Example: `{example}`\n"));
    }
    text.push_str(&format!("- Source: {}\n- Use: {}\n", rule.source, usage(rule)));
    text
}

/// The statement on a line of its own; in the language where both sides are spellings of one formula.
fn statement(rule: &Rule) -> String {
    let (left, right) = (latex(&rule.left), latex(&rule.right));
    if left == right { format!("`{}` means `{}`, which is ${right}$.", rule.left, rule.right) } else { format!("$${}$$", rule_latex(rule)) }
}

/// Who performs it, and how far it holds.
fn usage(rule: &Rule) -> String {
    if &*rule.theme == "rejected" {
        return "none: it is false in general, and kept so that nobody adds it".to_owned();
    }
    let who = match rule.by {
        Some(Step::Lowering) => "a definition, put in while index form is built".to_owned(),
        Some(Step::Contraction) => "both sides have one index form".to_owned(),
        Some(Step::Recognition) => "recognised while index form is built".to_owned(),
        Some(Step::Factoring) => "found by factoring".to_owned(),
        Some(Step::Differentiation) => "found by differentiation".to_owned(),
        Some(Step::Expansion) => "in proofs, where both sides are multiplied out".to_owned(),
        Some(Step::Construction) => "both sides are one matrix term".to_owned(),
        Some(Step::Statement) => "none yet: it is true and tested".to_owned(),
        None if rule.two_way => "tried both ways".to_owned(),
        None => "tried from left to right".to_owned(),
    };
    let opens = rule.opens.as_ref().map_or(String::new(), |o| format!(" ({o})"));
    let entries = if rule.is_elementwise() { "; holds entry by entry for tensors as well" } else { "" };
    format!("{who}{opens}{entries}")
}

/// `\mathrm{d}`, with brackets unless a name or a function with an argument of its own follows.
fn differential(function: &Expr) -> String {
    let text = latex(function);
    let alone = match function.op() {
        Op::Call(Function::Call(Call::Kron | Call::Cross | Call::Outer), _) => false,
        Op::Var(_) | Op::Call(..) | Op::Transpose(_) => true,
        _ => false,
    };
    if alone { format!(r"\mathrm{{d}} {text}") } else { format!(r"\mathrm{{d}} \left({text}\right)") }
}

/// `{A[i,j]*x[j]}[i] = y` as `A[i,j]*x[j] = y[i]`, which is how index notation is written.
fn with_equal_indices(left: &Expr, right: &Expr) -> (Expr, Expr) {
    let outputs = |e: &Expr| match e.op() {
        Op::Braces(_, outputs) => Some(outputs.iter().map(|(i, _)| Subscript::Index(*i)).collect::<Vec<_>>()),
        _ => None,
    };
    let entry = |e: &Expr, subscripts: Vec<Subscript>| Expr::new(Op::Subscript(e.clone(), subscripts));
    let body = |e: &Expr| match e.op() {
        Op::Braces(body, _) => body.clone(),
        _ => e.clone(),
    };
    match (outputs(left), outputs(right)) {
        (Some(indices), None) => (body(left), entry(right, indices)),
        (None, Some(indices)) => (entry(left, indices), body(right)),
        (Some(_), Some(_)) | (None, None) => (body(left), body(right)),
    }
}

/// `A \in \mathbb{R}^{m \times n}` for each kind, the variables of one kind together.
fn variables(rule: &Rule) -> Vec<String> {
    let mut kinds: Vec<(String, Vec<String>)> = Vec::new();
    let changes: Vec<_> = rule.declarations.iter().map(|(name, _)| change_of(name)).collect();
    for (name, declaration) in rule.declarations.iter() {
        let Declaration::Variable(kind) = declaration else { continue };
        if rule.differential && changes.contains(&name) {
            continue;
        }
        let name = latex(&Expr::scalar(name.as_str()));
        let space = space(kind);
        match kinds.iter_mut().find(|(s, _)| *s == space) {
            Some((_, names)) => names.push(name),
            None => kinds.push((space, vec![name])),
        }
    }
    kinds.into_iter().map(|(space, names)| format!("${} \\in {space}$", names.join(", "))).collect()
}

/// The set that a variable of that kind is of.
fn space(kind: &Kind) -> String {
    let dims = |axes: &[Dim]| axes.iter().map(Dim::to_string).collect::<Vec<_>>().join(r" \times ");
    let mut set = match &kind.shape {
        Shape::Scalar => r"\mathbb{R}".to_owned(),
        shape => format!(r"\mathbb{{R}}^{{{}}}", dims(&shape.axes())),
    };
    if kind.structure != Structure::General {
        set.push_str(&format!(r"\text{{ {}}}", structure(kind.structure)));
    }
    set.push_str(match kind.sign {
        Sign::Any => "",
        Sign::NonNegative => r"_{\ge 0}",
        Sign::Positive => r"_{> 0}",
    });
    set
}

fn structure(structure: Structure) -> &'static str {
    Structure::ALL.iter().find(|(s, _)| *s == structure).map_or("", |(_, name)| name)
}

fn condition(rule: &Rule, condition: &Condition) -> String {
    let subject = latex(&condition.subject);
    let is = |what: &str| format!("${subject}$ is {what}");
    let scalar = match condition.subject.op() {
        Op::Var(v) => rule.declarations.variable(v.name).is_some_and(|k| k.shape == Shape::Scalar),
        _ => true,
    };
    let each = if scalar { "" } else { " in each entry" };
    match condition.fact {
        Fact::Symmetric => is("symmetric"),
        Fact::Skew => is("skew-symmetric"),
        Fact::Diagonal => is("diagonal"),
        Fact::Lower => is("lower triangular"),
        Fact::Upper => is("upper triangular"),
        Fact::Orthogonal => is("orthogonal"),
        Fact::PositiveDefinite => is("symmetric and positive definite"),
        Fact::Invertible => is("invertible"),
        Fact::Positive => format!("${subject} > 0${each}"),
        Fact::NonNegative => format!(r"${subject} \ge 0${each}"),
    }
}

fn joined(parts: &[String]) -> String {
    match parts {
        [] => String::new(),
        [one] => one.clone(),
        [before @ .., last] => format!("{} and {last}", before.join(", ")),
    }
}

fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).collect())
}
