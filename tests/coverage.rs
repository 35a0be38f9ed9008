//! How much of The Matrix Cookbook the engine and the catalog cover, equation by equation: a table that is made anew by each run and
//! compared with the one that is kept, so that it says what is so.

use indicial::{
    Catalog, Declarations, Engine, Error, ErrorKind, Expr, Inputs, Op, Rule, Scope, Symbol, Typed, Valuation, evaluate, infer, parse,
};
use std::collections::BTreeMap;

const COOKBOOK: &str = include_str!("coverage/matrix_cookbook.txt");

/// Points at which both sides of a statement are compared.
const POINTS: usize = 5;

#[test]
fn matrix_cookbook() {
    let catalog: Vec<(String, Vec<String>)> = Catalog::standard().rules().map(|r| (r.name.to_string(), spellings(r))).collect();
    let mut wrong = Vec::new();
    let mut chapters: Vec<Chapter> = Vec::new();
    for line in COOKBOOK.lines().filter(|l| !l.trim().is_empty()) {
        match line.strip_prefix("## ") {
            Some(title) => chapters.push(Chapter { title, rows: Vec::new() }),
            None if line.starts_with('#') => {}
            None => match row(line, &catalog) {
                Ok(row) => chapters.last_mut().expect("a chapter has begun").rows.push(row),
                Err(e) => wrong.push(format!("{line}\n    {e}")),
            },
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../snapshots");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!("coverage_matrix_cookbook", table(&chapters)));
}

/// What is false is no row of the table, nor is a true equation that is said to be none.
#[test]
fn a_false_line_is_refused() {
    let refusal = |line| row(line, &[]).err().unwrap_or_default();
    let symmetric_only = "81 | x: vector(n); B: matrix(n, n) | diff(x'*B*x, x) = 2*B*x";
    assert_eq!(refusal(symmetric_only), "the sides differ");
    assert_eq!(refusal("40 | X: matrix(n, n) | d inv(X) = -inv(X)*inv(X)*dX"), "the sides differ");
    assert_eq!(refusal("14 | A: matrix(m, n); B: matrix(n, m) | tr(A*B) != tr(B*A)"), "both sides agree");
    assert_eq!(refusal("25 | A: matrix(n, n) | det(eye(n) + A) = 1 + det(A) + tr(A)"), "the sides differ");
    assert_eq!(refusal("14 | A: matrix(n, n)"), "it has no three parts");
}

#[test]
fn one_law_has_one_spelling() {
    assert_eq!(canonical("tr(A*B) = tr(B*A)"), canonical("tr(X*Y) = tr(Y*X)"));
    assert_ne!(canonical("tr(A*B) = tr(B*A)"), canonical("tr(X*Y) = tr(X*Y)"));
    assert_eq!(canonical("inv(X) = -dX"), canonical("inv(Y) = -dY"));
}

struct Chapter {
    title: &'static str,
    rows: Vec<Row>,
}

struct Row {
    number: &'static str,
    statement: &'static str,
    status: Status,
    rules: Vec<String>,
}

/// From the best to the least; of an equation that says several things the least counts.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Status {
    /// The engine finds both sides equal.
    Derived,
    /// A chain of steps leads from one side to the other.
    Proved,
    /// The catalog states it, and its test shows it true.
    Rule,
    /// What is said to differ does.
    Refuted,
    /// Both sides agree at random points.
    Numeric,
    /// It cannot be said, for the reason that stands where the statement would.
    Outside,
}

impl Status {
    const ALL: [(Status, &'static str); 6] = [
        (Status::Derived, "derived by the engine"),
        (Status::Proved, "proved"),
        (Status::Rule, "a rule"),
        (Status::Refuted, "refuted, as it should be"),
        (Status::Numeric, "numerically true"),
        (Status::Outside, "not expressed"),
    ];

    fn name(self) -> &'static str {
        Status::ALL.iter().find(|(s, _)| *s == self).map_or("", |(_, name)| name)
    }
}

fn row(line: &'static str, catalog: &[(String, Vec<String>)]) -> Result<Row, String> {
    let [number, declarations, statement] = line.splitn(3, " | ").collect::<Vec<_>>()[..] else {
        return Err("it has no three parts".to_owned());
    };
    if declarations == "-" {
        return Ok(Row { number, statement, status: Status::Outside, rules: Vec::new() });
    }
    let (law, differs) = match (statement.split_once(" != "), statement.split_once(" = ")) {
        (Some((left, right)), _) => (format!("{left} => {right}"), true),
        (None, Some((left, right))) => (format!("{left} => {right}"), false),
        (None, None) => return Err("it is no equation".to_owned()),
    };
    let text = format!("rule r\n for {declarations}\n law {law}\n why x.\n source x\n example {law}\n");
    let rule = Catalog::parse(&text, "cookbook").map_err(|e| e.to_string())?.remove(0);
    match (Sides::of(&rule)?.agree()?, differs) {
        (true, true) => return Err("both sides agree".to_owned()),
        (false, false) => return Err("the sides differ".to_owned()),
        (false, true) => return Ok(Row { number, statement, status: Status::Refuted, rules: Vec::new() }),
        (true, false) => {}
    }
    let own = canonical(&format!("{} = {}", rule.left, rule.right));
    let rules: Vec<String> = catalog.iter().filter(|(_, all)| all.contains(&own)).map(|(name, _)| name.clone()).collect();
    let status = match rules.is_empty() {
        _ if derived(&rule) => Status::Derived,
        _ if proved(&rule, &rules) => Status::Proved,
        false => Status::Rule,
        true => Status::Numeric,
    };
    Ok(Row { number, statement, status, rules })
}

/// The law and its reverse, with names by order of appearance.
fn spellings(rule: &Rule) -> Vec<String> {
    let (left, right) = (&rule.left, &rule.right);
    let mut all = vec![canonical(&format!("{left} = {right}"))];
    if !rule.differential {
        all.push(canonical(&format!("{right} = {left}")));
    }
    all
}

/// Names of variables, dimensions and indices replaced by numbers in order of appearance; the change `dX` by that of `X`.
fn canonical(text: &str) -> String {
    let is_letter = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let mut names: Vec<&str> = Vec::new();
    let mut out = String::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = if first.is_ascii_alphabetic() { rest.find(|c| !is_letter(c)).unwrap_or(rest.len()) } else { first.len_utf8() };
        let (word, after) = rest.split_at(length);
        rest = after;
        let is_function = after.starts_with('(') || matches!(word, "delta" | "eps" | "pi");
        if !first.is_ascii_alphabetic() || is_function {
            out.push_str(word);
            continue;
        }
        let changed = word.strip_prefix('d').and_then(|x| names.iter().position(|n| *n == x));
        match changed {
            Some(at) => out.push_str(&format!("d#{at}")),
            None => {
                let at = names.iter().position(|n| *n == word).unwrap_or_else(|| {
                    names.push(word);
                    names.len() - 1
                });
                out.push_str(&format!("#{at}"));
            }
        }
    }
    out
}

/// Whether the engine brings both sides to one form, or their difference to 0.
fn derived(rule: &Rule) -> bool {
    let Ok((left, right, declarations)) = without_differentials(rule) else { return false };
    let simplest = |e: &Expr| Engine::new().simplify(e, &declarations).ok().map(|a| a.to_string());
    let zero = |text: &str| text == "0" || text.starts_with("zeros(");
    let difference = simplest(&Expr::new(Op::Add(vec![left.clone(), -&right])));
    difference.is_some_and(|d| zero(&d)) || simplest(&left).is_some_and(|l| simplest(&right).is_some_and(|r| l == r))
}

/// Whether there is a proof of the statement by other rules than those that state it.
fn proved(rule: &Rule, same: &[String]) -> bool {
    let Ok((left, right, declarations)) = without_differentials(rule) else { return false };
    let proof = Engine::new().prove(&left, &right, &declarations);
    proof.is_ok_and(|p| p.is_some_and(|p| p.rules().iter().all(|used| !same.contains(&used.to_string()))))
}

/// `d F => G` says that the derivative of F at X + tau*dX by tau is G where tau is 0.
fn without_differentials(rule: &Rule) -> indicial::Result<(Expr, Expr, Declarations)> {
    let mut declarations = rule.declarations.clone();
    if !rule.differential {
        return Ok((rule.left.clone(), rule.right.clone(), declarations));
    }
    declarations.extend("tau: scalar")?;
    let tau = parse("tau", &declarations)?;
    let moved = substitute(&rule.left, &|name| {
        let (x, dx) = rule.changes().into_iter().find(|(x, _)| *x == name)?;
        parse(&format!("{x} + tau*{dx}"), &declarations).ok()
    });
    let derivative = Engine::new().derivative(&moved, &[tau], &declarations)?;
    let value = parse(&derivative.to_string(), &declarations)?;
    let here = substitute(&value, &|name| (name.as_str() == "tau").then(|| Expr::number(0)));
    Ok((here, rule.right.clone(), declarations))
}

fn substitute(expr: &Expr, value: &dyn Fn(Symbol) -> Option<Expr>) -> Expr {
    match expr.op() {
        Op::Var(v) => value(v.name).unwrap_or_else(|| expr.clone()),
        op => match op.try_map(|c| Ok::<Expr, Error>(substitute(c, value))) {
            Ok(op) => Expr::new(op),
            Err(_) => expr.clone(),
        },
    }
}

/// Both sides of a statement, typed together so that they share their dimensions.
struct Sides<'a> {
    rule: &'a Rule,
    left: Typed,
    right: Typed,
}

impl Sides<'_> {
    fn of(rule: &Rule) -> Result<Sides<'_>, String> {
        let both = Expr::new(Op::Add(vec![rule.left.clone(), -&rule.right]));
        let typed = infer(&both, &rule.declarations).map_err(|e| e.to_string())?;
        let Op::Add(terms) = typed.root().op.clone() else { return Err("the sides are no sum".to_owned()) };
        let Op::Neg(right) = typed.node(terms[1]).op else { return Err("the right side is no term".to_owned()) };
        Ok(Sides { rule, left: Typed { root: terms[0], ..typed.clone() }, right: Typed { root: right, ..typed } })
    }

    /// Whether the values are equal at random points.
    fn agree(&self) -> Result<bool, String> {
        let right = |at: &Inputs| evaluate(&self.right, at);
        let left: &Valuation = &|at| if self.rule.differential { self.differential(at) } else { evaluate(&self.left, at) };
        let seen = Scope::of(&[&self.left, &self.right]).compare(left, &right, POINTS, self.tolerance());
        seen.map(|seen| seen.ok).map_err(|e| e.to_string())
    }

    /// Central differences are less exact, those of differences even less.
    fn tolerance(&self) -> f64 {
        let derivatives = self.left.nodes.iter().filter(|n| matches!(n.op, Op::Diff(..))).count();
        match (derivatives, self.rule.differential) {
            (0, false) => 1e-7,
            (0, true) | (1, _) => 1e-5,
            (_, _) => 1e-3,
        }
    }

    fn differential(&self, at: &Inputs) -> indicial::Result<ndarray::ArrayD<f64>> {
        let step = 1e-5;
        let moved = |by: f64| {
            let mut to = at.clone();
            for (x, dx) in self.rule.changes() {
                let change = at.value(dx)? * by;
                to = to.with(x, at.value(x)? + &change);
            }
            evaluate(&self.left, &to)
        };
        let difference = moved(step)? - moved(-step)?;
        match difference.iter().all(|d| d.is_finite()) {
            true => Ok(difference / (2.0 * step)),
            false => Err(Error::new(ErrorKind::Domain, "not finite")),
        }
    }
}

fn table(chapters: &[Chapter]) -> String {
    let mut text = String::from("# The Matrix Cookbook (2012-11-15): what the engine and the catalog cover\n\n");
    let names: Vec<&str> = Status::ALL.iter().map(|(_, name)| *name).collect();
    text.push_str(&format!("| chapter | equations | {} |\n|---|---|{}\n", names.join(" | "), "---|".repeat(names.len())));
    let mut totals = [0; Status::ALL.len()];
    for chapter in chapters {
        let counts = counts(chapter);
        totals.iter_mut().zip(counts).for_each(|(t, c)| *t += c);
        text.push_str(&total_line(chapter.title, &counts));
    }
    text.push_str(&total_line("together", &totals));
    for chapter in chapters {
        text.push_str(&format!("\n## {}\n\n| equation | statement | status | rules |\n|---|---|---|---|\n", chapter.title));
        for row in &chapter.rows {
            let statement = match row.status {
                Status::Outside => row.statement.to_owned(),
                _ => format!("`{}`", row.statement),
            };
            text.push_str(&format!("| {} | {statement} | {} | {} |\n", row.number, row.status.name(), row.rules.join(", ")));
        }
    }
    text
}

fn total_line(title: &str, counts: &[usize]) -> String {
    let numbers: Vec<String> = counts.iter().map(usize::to_string).collect();
    format!("| {title} | {} | {} |\n", counts.iter().sum::<usize>(), numbers.join(" | "))
}

/// How many equations have each status; of a subsection without numbers each line is one.
fn counts(chapter: &Chapter) -> [usize; Status::ALL.len()] {
    let mut equations: BTreeMap<String, Status> = BTreeMap::new();
    for (at, row) in chapter.rows.iter().enumerate() {
        let name = if row.number.contains('.') { format!("{} {at}", row.number) } else { row.number.to_owned() };
        let status = equations.entry(name).or_insert(row.status);
        // A misprint that is refuted stands beside its correction.
        if row.status != Status::Refuted {
            *status = if *status == Status::Refuted { row.status } else { (*status).max(row.status) };
        }
    }
    Status::ALL.map(|(s, _)| equations.values().filter(|status| **status == s).count())
}
