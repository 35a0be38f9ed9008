//! A derivation: the lines from a function in index notation to its derivative in matrix notation, each with its reason.

use crate::answer::Answer;
use crate::expr::{Expr, Var};
use crate::rule::Rule;
use std::fmt;
use std::sync::Arc;

/// How a derivative comes about, as it would be written on a blackboard.
///
/// `Display` prints it as numbered lines; [`Derivation::unicode`] and [`Derivation::latex`] write it otherwise.
///
/// ```
/// use indicial::{Declarations, Engine, parse};
/// let declarations = Declarations::parse("A: matrix(n, m); B: matrix(m, n)")?;
/// let (f, a) = (parse("tr(A*B)", &declarations)?, parse("A", &declarations)?);
/// let derivation = Engine::new().explain(&f, &[a], &declarations)?;
/// let lines: Vec<&str> = derivation.steps.iter().map(|s| s.right.text.as_str()).collect();
/// assert_eq!(lines, ["A[i,j]*B[j,i]", "(dA[i,j]/dA[k,l])*B[j,i]", "delta[i,k]*delta[j,l]*B[j,i]", "B[l,k]", "B'"]);
/// # Ok::<(), indicial::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Derivation {
    /// What was differentiated, as it is written.
    pub input: Expr,
    /// The variables to differentiate by, one after the other.
    pub wrt: Vec<Var>,
    pub steps: Vec<Step>,
    /// The answer that the last step arrives at.
    pub answer: Answer,
}

/// One line: `left = right`, what was done and by which laws.
#[derive(Clone, Debug)]
pub struct Step {
    /// From 1; where lines are left out, numbers are, too.
    pub number: usize,
    /// What was done.
    pub title: String,
    /// The same for LaTeX, its formulas in the signs of mathematics.
    pub(crate) title_latex: Option<String>,
    /// The rules of the catalog that say so.
    pub reasons: Vec<Reason>,
    pub left: Written,
    pub right: Written,
    /// What a reader should look at: what is constant, what is renamed.
    pub note: Option<String>,
    /// What the line claims, as two expressions in the variables alone that have the same value; none for a remark.
    pub claim: Option<Claim>,
}

/// Two expressions of the same value. Their axes are the indices on the left of the line, in that order.
#[derive(Clone, Debug)]
pub struct Claim {
    pub left: Expr,
    pub right: Expr,
}

/// A rule of the catalog.
#[derive(Clone, Debug)]
pub struct Reason {
    pub rule: Arc<str>,
    /// What it states, as an equation.
    pub law: Arc<str>,
    pub why: Arc<str>,
    pub source: Arc<str>,
}

/// A formula in each way of writing. It may hold signs that the language does not have, such as `dA[i,j]/dA[k,l]`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Written {
    pub text: String,
    pub unicode: String,
    pub latex: String,
}

impl Reason {
    pub(crate) fn of(rule: &Rule) -> Reason {
        Reason {
            rule: rule.name.clone(),
            law: read(&rule.law, rule.differential).into(),
            why: rule.why.clone(),
            source: rule.source.clone(),
        }
    }
}

/// A law as an equation: `d A*X => A*dX` is `d(A*X) = A*dX`.
fn read(law: &str, differential: bool) -> String {
    let Some((left, right)) = law.split_once(" => ") else { return law.to_owned() };
    let Some(of) = left.strip_prefix("d ").filter(|_| differential) else { return format!("{left} = {right}") };
    let mut depth = 0;
    let single = of.chars().all(|c| {
        depth += i32::from(c == '(') - i32::from(c == ')');
        depth > 0 || c == ')' || c.is_alphanumeric()
    });
    if single { format!("d {of} = {right}") } else { format!("d({of}) = {right}") }
}

/// A line that is wider than this gets its formula on a line of its own.
const WIDTH: usize = 100;
/// More laws than this beside one line hide what it says.
const MOST_LAWS: usize = 4;

impl Derivation {
    /// As [`Display`](fmt::Display), with the signs of mathematics.
    pub fn unicode(&self) -> String {
        self.lines(|w| &w.unicode)
    }

    /// One `align*` environment, to stand in text; it needs the package `amsmath`.
    pub fn latex(&self) -> String {
        let mut lines = Vec::new();
        let mut before = "";
        for step in &self.steps {
            let left = if step.left.latex == before { "" } else { step.left.latex.as_str() };
            before = &step.left.latex;
            let relation = if step.right.latex.is_empty() { "" } else { "= " };
            let mut reason = step.title_latex.clone().unwrap_or_else(|| escaped(&step.title));
            if let Some(first) = step.reasons.first() {
                reason.push_str(&escaped(&format!(" ({})", first.rule)));
            }
            lines.push(format!("{left} &{relation}{} && \\text{{{}}}", step.right.latex, reason));
        }
        format!("\\begin{{align*}}\n{}\n\\end{{align*}}", lines.join(" \\\\\n"))
    }

    fn lines(&self, of: fn(&Written) -> &str) -> String {
        let mut text = String::new();
        let digits = self.steps.last().map_or(1, |s| s.number.to_string().len());
        let margin = " ".repeat(digits + 2);
        let mut before = "";
        for (at, step) in self.steps.iter().enumerate() {
            let (left, right) = (of(&step.left), of(&step.right));
            let shown = if left == before { " ".repeat(left.chars().count()) } else { left.to_owned() };
            before = left;
            let number = format!("{:>digits$}. ", step.number);
            if right.is_empty() {
                text.push_str(&format!("{number}{}\n", step.title));
            } else {
                text.push_str(&format!("{number}{shown} = {right}\n"));
            }
            for line in self.comments(at) {
                for (k, part) in wrapped(&line, WIDTH - margin.len() - 6).iter().enumerate() {
                    text.push_str(&format!("{margin}{}{part}\n", if k == 0 { "    " } else { "      " }));
                }
            }
        }
        text.truncate(text.trim_end().len());
        text
    }

    /// What stands under a line: title and note, then the laws, each spelled out where it is first used.
    fn comments(&self, at: usize) -> Vec<String> {
        let step = &self.steps[at];
        let mut lines = Vec::new();
        let title = if step.right.text.is_empty() { None } else { Some(step.title.as_str()) };
        let said: Vec<&str> = title.into_iter().chain(step.note.as_deref()).collect();
        if !said.is_empty() {
            lines.push(said.join(": "));
        }
        let known = |rule: &str| self.steps[..at].iter().flat_map(|s| &s.reasons).any(|r| &*r.rule == rule);
        for reason in step.reasons.iter().take(MOST_LAWS) {
            lines.push(if known(&reason.rule) {
                format!("[{}] {}", reason.rule, reason.law)
            } else {
                format!("[{}] {}. {} ({})", reason.rule, reason.law, reason.why, reason.source)
            });
        }
        lines
    }
}

impl fmt::Display for Derivation {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(&self.lines(|w| &w.text))
    }
}

/// The text in lines of at most so many characters, broken at spaces.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

/// A text with formulas for `\text{…}`, each of them as text and as LaTeX, in order.
pub(crate) fn with_formulas(text: &str, formulas: &[(String, String)]) -> String {
    let (mut rest, mut out) = (text, String::new());
    for (formula, latex) in formulas {
        if let Some((before, after)) = rest.split_once(formula.as_str()) {
            out.push_str(&format!("{}${latex}$", escaped(before)));
            rest = after;
        }
    }
    out + &escaped(rest)
}

/// Plain text for `\text{…}`.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '_' | '%' | '&' | '#' | '$' | '{' | '}' => {
                out.push('\\');
                out.push(c);
            }
            '^' => out.push_str(r"\^{}"),
            '~' => out.push_str(r"\~{}"),
            '\\' => out.push_str(r"\textbackslash{}"),
            _ => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn laws_read_as_equations() {
        assert_eq!(read("d A*X => A*dX", true), "d(A*X) = A*dX");
        assert_eq!(read("d log(x) => dx/x", true), "d log(x) = dx/x");
        assert_eq!(read("d X' => dX'", true), "d(X') = dX'");
        assert_eq!(read("A + A => 2*A", false), "A + A = 2*A");
    }

    #[test]
    fn formulas_in_a_text_are_mathematics() {
        let formulas = [("u = A*x".to_owned(), "u = A x".to_owned())];
        assert_eq!(with_formulas("put u = A*x back_", &formulas), r"put $u = A x$ back\_");
    }

    #[test]
    fn long_comments_break_at_spaces() {
        assert_eq!(wrapped("one two three", 7), ["one two", "three"]);
        assert_eq!(wrapped("extraordinary", 3), ["extraordinary"]);
    }

    #[test]
    fn text_in_latex_has_no_command_of_its_own() {
        assert_eq!(escaped(r"d_mul {x}^2 \ 5%"), r"d\_mul \{x\}\^{}2 \textbackslash{} 5\%");
    }
}
