//! What a statement shows: plain text, LaTeX, HTML with steps that fold, and JSON.

use super::draw::of_step;
use crate::json;
use indicial::{
    Answer, Comparison, Declarations, Derivation, DerivationStep, Expr, Notation, Proof, Requirement, Result, Solution, Var, Verdict,
    Verification, latex,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::fmt::Write;

/// One output in each form that it has.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    pub plain: String,
    pub latex: Option<String>,
    pub html: Option<String>,
    pub svg: Option<String>,
    /// The object of `LANGUAGE.md`.
    pub json: Option<Value>,
}

impl Shown {
    pub fn plain(text: String) -> Shown {
        Shown { plain: text, ..Shown::default() }
    }
}

/// The text as HTML shows it.
pub fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// A formula on a line of its own, in HTML.
fn displayed(formula: &str) -> String {
    format!("$$\\displaystyle {}$$", escaped(formula))
}

fn small(text: &str) -> String {
    format!("<div style=\"color: gray; font-size: smaller\">{}</div>", escaped(text))
}

/// An answer, after its name if it has one. HTML only where there is something to say beside the formula.
pub fn answer(name: Option<&str>, answer: &Answer, verification: Option<&Verification>) -> Result<Shown> {
    let notes = notes(answer, verification);
    let formula = format!("{}{}", name.map(|n| format!("{} = ", variable(n))).unwrap_or_default(), with_parts(answer));
    let first = name.map(|n| format!("{n} = ")).unwrap_or_default();
    let plain = [vec![format!("{first}{answer}")], notes.clone()].concat().join("\n");
    let html = (!notes.is_empty()).then(|| displayed(&formula) + &notes.iter().map(|n| small(n)).collect::<String>());
    Ok(Shown {
        plain,
        latex: Some(format!("$$\\displaystyle {formula}$$")),
        html,
        svg: None,
        json: Some(json::answer(answer, verification, false)?),
    })
}

fn variable(name: &str) -> String {
    latex(&Expr::var(Var::undeclared(name)))
}

/// The formula with its shared parts, in LaTeX.
fn with_parts(answer: &Answer) -> String {
    let mut text = latex(&answer.shown().body);
    for (at, (name, part)) in answer.shown().parts.iter().enumerate() {
        let between = if at == 0 { r" \quad\text{where}\quad" } else { r",\quad" };
        let _ = write!(text, "{between} {} = {}", variable(name.as_str()), latex(part));
    }
    text
}

/// What was assumed, how the answer is to be read, and what verification saw.
fn notes(answer: &Answer, verification: Option<&Verification>) -> Vec<String> {
    let mut notes = Vec::new();
    let assumed: Vec<String> = answer.variables.iter().filter(|v| answer.assumed.contains(&v.name)).map(|v| format!("{v:?}")).collect();
    if !assumed.is_empty() {
        notes.push(format!("assuming {}", assumed.join("; ")));
    }
    notes.extend(answer.remarks());
    // The input was understood before.
    let conditions = answer.conditions().unwrap_or_default();
    if !conditions.is_empty() {
        notes.push(format!("assuming {}", conditions.join(", ")));
    }
    match answer.notation {
        Notation::Kronecker => notes.push("in Kronecker notation: d vec(F) / d vec(X)', columns stacked".to_owned()),
        Notation::Index => notes.push("in index notation".to_owned()),
        Notation::Matrix | Notation::Differential => {}
    }
    if let Some(v) = verification {
        let verdict = if v.ok { "verified" } else { "REFUTED" };
        notes.push(format!("{verdict} at {} random points, largest relative error {:.0e}", v.points, v.max_relative_error));
    }
    notes
}

/// A derivation: each line of it unfolds to the laws behind it, and to its network.
pub fn derivation(derivation: &Derivation) -> Shown {
    let declarations = derivation.answer.declarations();
    let mut html = "<ol>".to_owned();
    for step in &derivation.steps {
        let _ = write!(html, "<li>{}</li>", line(step, &declarations));
    }
    html.push_str("</ol>");
    let steps = format!("<details open><summary>{} steps</summary>{html}</details>", derivation.steps.len());
    Shown {
        plain: derivation.to_string(),
        latex: Some(derivation.latex()),
        html: Some(displayed(&with_parts(&derivation.answer)) + &steps),
        svg: None,
        json: Some(json::derivation(derivation)),
    }
}

fn line(step: &DerivationStep, declarations: &Declarations) -> String {
    let relation =
        if step.right.latex.is_empty() { String::new() } else { format!("$\\displaystyle {} = {}$", step.left.latex, step.right.latex) };
    let said: Vec<&str> = std::iter::once(step.title.as_str()).chain(step.note.as_deref()).collect();
    let laws: String = step
        .reasons
        .iter()
        .map(|r| format!("<li><code>{}</code> {}. {} ({})</li>", r.rule, escaped(&r.law), escaped(&r.why), escaped(&r.source)))
        .collect();
    let picture = of_step(step, declarations).map(|svg| format!("<div>{svg}</div>")).unwrap_or_default();
    format!(
        "<details><summary>{} <span style=\"color: gray; margin-left: 1.5em\">{}</span></summary><ul>{laws}</ul>{picture}</details>",
        escaped(&relation),
        escaped(&said.join(": "))
    )
}

/// A verdict with its proof, or with the point where the sides differ.
pub fn comparison(comparison: &Comparison) -> Shown {
    let (left, right) = (latex(&comparison.left), latex(&comparison.right));
    let (sign, lines, details) = match &comparison.verdict {
        Verdict::Equal(proof) => ("=", proof_lines(proof), proof_html(proof)),
        Verdict::Different(at) => {
            let lines: Vec<String> = at.iter().flat_map(|p| p.lines()).map(|(name, value)| format!("{name} = {value}")).collect();
            let details = format!("<pre>{}</pre>", escaped(&lines.join("\n")));
            (r"\neq", lines, details)
        }
        _ => (r"\overset{?}{=}", Vec::new(), String::new()),
    };
    let remarks: Vec<String> = comparison.remarks.iter().map(ToString::to_string).collect();
    let formula = format!("{left} {sign} {right}");
    let plain: Vec<String> = std::iter::once(comparison.verdict.to_string()).chain(lines.iter().map(|l| format!("  {l}"))).collect();
    let html = format!(
        "<b>{}</b> {}{details}{}",
        comparison.verdict,
        displayed(&formula),
        remarks.iter().map(|r| format!("<div>{}</div>", escaped(r))).collect::<String>()
    );
    Shown {
        plain: [plain, remarks].concat().join("\n"),
        latex: Some(format!("$${formula}$$")),
        html: Some(html),
        svg: None,
        json: Some(json::comparison(comparison)),
    }
}

fn conditions(proof: &Proof) -> Option<String> {
    let all: Vec<String> = proof.conditions.iter().map(Requirement::sentence).collect();
    (!all.is_empty()).then(|| format!("where {}", all.join(", ")))
}

fn law(rule: &str, forward: bool) -> String {
    if forward { rule.to_owned() } else { format!("{rule}, backwards") }
}

fn proof_lines(proof: &Proof) -> Vec<String> {
    let steps = proof.steps.iter().map(|s| format!("= {}   {}", s.after, law(&s.rule, s.forward)));
    std::iter::once(format!("  {}", proof.start)).chain(steps).chain(conditions(proof)).collect()
}

fn proof_html(proof: &Proof) -> String {
    let steps: String = proof
        .steps
        .iter()
        .map(|s| format!("<li>{} <code>{}</code></li>", escaped(&format!("$= {}$", latex(&s.after))), law(&s.rule, s.forward)))
        .collect();
    let start = escaped(&format!("${}$", latex(&proof.start)));
    let conditions = conditions(proof).map(|c| small(&c)).unwrap_or_default();
    format!("<details><summary>proof</summary>{start}<ul>{steps}</ul>{conditions}</details>")
}

/// The unknown of an equation, with how far the formula solves it.
///
/// # Errors
/// If the solution has no form in Python, which its JSON holds.
pub fn solution(solution: &Solution) -> Result<Shown> {
    let remarks = solution.remarks();
    let unknown = solution.unknown.name;
    let formula = format!("{} = {}", variable(unknown.as_str()), with_parts(&solution.answer));
    let notes = [remarks, notes(&solution.answer, None)].concat();
    Ok(Shown {
        plain: [vec![format!("{unknown} = {solution}")], notes.clone()].concat().join("\n"),
        latex: Some(format!("$$\\displaystyle {formula}$$")),
        html: Some(displayed(&formula) + &notes.iter().map(|n| small(n)).collect::<String>()),
        svg: None,
        json: Some(json::solution(solution, None, false)?),
    })
}
