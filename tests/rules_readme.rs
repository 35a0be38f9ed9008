//! The tables of `rules/README.md` are measured: `UPDATE_TABLES=1 cargo test --test rules_readme` writes them anew.

use indicial::{Catalog, Declarations, Engine, Example, Expr, Rule, Stats, parse};
use std::fmt::Write;
use std::path::PathBuf;

/// Terms larger than any example in which the rules for both ways find something to do: forms of Woodbury's identity, of the Kalman
/// filter, of ridge regression and of Gaussian densities, chains under determinants.
const LARGER: &[(&str, &str)] = &[
    ("A: matrix(m, n); B: matrix(n, p); C: matrix(p, m)", "logdet(eye(m) + A*B*C)"),
    ("A: matrix(m, n); B: matrix(n, m); C: matrix(n, m)", "logdet(eye(m) + A*B) + logdet(eye(n) + C*A)"),
    ("U: matrix(n, k); S: posdef(n); x: vector(n)", "x'*inv(S + U*U')*x + logdet(S + U*U')"),
    ("H: matrix(m, n); P: posdef(n); R: posdef(m)", "P - P*H'*inv(H*P*H' + R)*H*P"),
    ("X: matrix(m, n); y: vector(m); l: scalar > 0", "inv(X'*X + l*eye(n))*X'*y"),
    ("X: matrix(m, n); y: vector(m); l: scalar > 0", "norm2(y - X*inv(X'*X + l*eye(n))*X'*y)^2"),
    ("A, B, C, D: matrix(n, n)", "det(A*B*C*D)"),
    ("A, B, C, D: matrix(n, n)", "det(A)*det(B)*det(C)*det(D)"),
    ("A, B, C: matrix(n, n)", "det(A*inv(B)*C) + det(eye(n) + A*B*C)"),
    ("A, B, C: matrix(n, n); x: vector(n)", "A*inv(A + B)*B*x + B*inv(B + C)*C*x"),
    ("A: matrix(m, n); B: matrix(n, m); C: matrix(m, n)", "inv(eye(m) + A*B)*A*inv(eye(n) + B*C)"),
    ("A: matrix(m, n); B: matrix(n, m)", "diff(logdet(eye(m) + A*B), A)"),
];

#[derive(Clone, Copy, Default)]
struct Work {
    nodes: usize,
    iterations: usize,
}

fn work(engine: &Engine, expr: &Expr, declarations: &Declarations) -> Work {
    let answer = engine.simplify(expr, declarations).unwrap_or_else(|e| panic!("{expr}: {e}"));
    let Some(Stats { nodes, iterations, .. }) = answer.profile.saturation else { panic!("{expr} is not saturated") };
    Work { nodes, iterations }
}

/// Without the rule and with it.
struct Growth {
    example: (Work, Work),
    /// The nodes of all larger terms.
    larger: (usize, usize),
    /// The term that grows most, with its nodes.
    most: (&'static str, usize, usize),
}

fn growth(rule: &Rule) -> Growth {
    let (without, with) = (Engine::new().rules(&Catalog::standard().without(&rule.name)), Engine::new());
    let Example { left, declarations, .. } = Catalog::examples(rule).unwrap().remove(0);
    let example = (work(&without, &left, &declarations), work(&with, &left, &declarations));
    let pairs: Vec<(&str, usize, usize)> = LARGER
        .iter()
        .map(|(declarations, text)| {
            let declarations = Declarations::parse(declarations).unwrap();
            let expr = parse(text, &declarations).unwrap();
            (*text, work(&without, &expr, &declarations).nodes, work(&with, &expr, &declarations).nodes)
        })
        .collect();
    let sum = |which: fn(&(&str, usize, usize)) -> usize| pairs.iter().map(which).sum();
    // The first of those that grow most.
    let most = pairs.iter().rev().max_by_key(|p| p.2.saturating_sub(p.1)).copied().unwrap();
    Growth { example, larger: (sum(|p| p.1), sum(|p| p.2)), most }
}

fn growth_table() -> String {
    let mut table = String::from(
        "| rule | law | its example: e-nodes | iterations | larger terms: e-nodes | the one that grows most |\n\
         | --- | --- | ---: | ---: | ---: | --- |\n",
    );
    for rule in Catalog::standard().rules().filter(|r| r.two_way) {
        let Growth { example: (before, after), larger, most } = growth(rule);
        let conditions: Vec<String> = rule.conditions.iter().map(ToString::to_string).collect();
        let condition = if conditions.is_empty() { String::new() } else { format!(" if `{}`", conditions.join(", ")) };
        let most = if most.2 > most.1 { format!("`{}`: {} → {}", most.0, most.1, most.2) } else { String::new() };
        let _ = writeln!(
            table,
            "| `{}` | `{}`{condition} | {} → {} | {} → {} | {} → {} | {most} |",
            rule.name, rule.law, before.nodes, after.nodes, before.iterations, after.iterations, larger.0, larger.1,
        );
    }
    table
}

/// The files with their subjects, which are written by hand, and their numbers, which are not.
fn files_table(readme: &str) -> String {
    let mut table = String::from("| file | what it is about | rules | in the e-graph |\n| --- | --- | --- | --- |\n");
    let catalog = Catalog::standard();
    for theme in catalog.themes() {
        let start = format!("| `{theme}.rules` | ");
        let subject = readme.lines().find_map(|l| l.strip_prefix(&start)).and_then(|rest| rest.split(" | ").next());
        let rules = || catalog.rules().filter(|r| &*r.theme == theme);
        let _ = writeln!(
            table,
            "{start}{} | {} | {} |",
            subject.unwrap_or("TODO"),
            rules().count(),
            rules().filter(|r| r.is_rewrite()).count()
        );
    }
    table
}

fn marked(readme: &str, mark: &str) -> std::ops::Range<usize> {
    let (start, end) = (format!("<!-- {mark} -->\n"), format!("<!-- end of {mark} -->"));
    let from = readme.find(&start).expect("the table is marked") + start.len();
    from..from + readme[from..].find(&end).expect("the table has an end")
}

#[test]
fn the_tables_of_the_readme_are_measured() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("rules/README.md");
    let readme = std::fs::read_to_string(&path).unwrap();
    let mut new = readme.clone();
    for (mark, table) in [("growth", growth_table()), ("files", files_table(&readme))] {
        new.replace_range(marked(&new.clone(), mark), &table);
    }
    if std::env::var_os("UPDATE_TABLES").is_some() {
        std::fs::write(&path, &new).unwrap();
    }
    assert!(new == readme || std::env::var_os("UPDATE_TABLES").is_some(), "write the tables anew with UPDATE_TABLES=1; they are\n{new}");
}
