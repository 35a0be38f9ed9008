//! Every line of every derivation is evaluated: what it claims holds at random points.

use crate::check::Scope;
use crate::derivation::Derivation;
use crate::error::{ErrorKind, Result};
use crate::eval::Inputs;
use crate::eval::graph::evaluate_graph;
use crate::expr::{Expr, Op};
use crate::index::{Graph, NodeId};
use crate::infer::infer;
use crate::lower::lower;
use crate::parse::{Declarations, parse};
use crate::pipeline::Engine;
use crate::typed::Typed;

fn explained(expr: &str, declarations: &str, wrt: &[&str]) -> Result<Derivation> {
    let declarations = Declarations::parse(declarations)?;
    let wrt = wrt.iter().map(|x| parse(x, &declarations)).collect::<Result<Vec<_>>>()?;
    Engine::new().explain(&parse(expr, &declarations)?, &wrt, &declarations)
}

/// Whether the derivative is known without an explanation.
fn answered(expr: &str, declarations: &str, wrt: &[&str]) -> bool {
    let answer = || -> Result<_> {
        let declarations = Declarations::parse(declarations)?;
        let wrt = wrt.iter().map(|x| parse(x, &declarations)).collect::<Result<Vec<_>>>()?;
        Engine::new().derivative(&parse(expr, &declarations)?, &wrt, &declarations)
    };
    answer().is_ok()
}

/// The largest relative error of the claim of each line, at two points.
fn errors(derivation: &Derivation) -> Vec<(usize, Result<f64>)> {
    let known = derivation.answer.declarations();
    let lowered = |e: &Expr| -> Result<(Typed, Graph, NodeId)> {
        let typed = infer(e, &known)?.by(derivation.answer.convention);
        let mut graph = Graph::new();
        let node = lower(&mut graph, &typed)?;
        Ok((typed, graph, node))
    };
    let one = |left: &Expr, right: &Expr| -> Result<f64> {
        let ((a, f, x), (b, g, y)) = (lowered(left)?, lowered(right)?);
        let value = |graph: &Graph, node: NodeId, at: &Inputs| evaluate_graph(graph, &[node], at).map(|mut v| v.remove(0));
        let seen = Scope::of(&[&a, &b]).compare(&|at| value(&f, x, at), &|at| value(&g, y, at), 2, 1e-6)?;
        Ok(seen.max_relative_error)
    };
    derivation.steps.iter().filter_map(|s| Some((s.number, one(&s.claim.as_ref()?.left, &s.claim.as_ref()?.right)))).collect()
}

fn problems(name: &str, derivation: &Derivation) -> Vec<String> {
    let wrong = errors(derivation).into_iter().filter(|(_, e)| !matches!(e, Ok(e) if *e < 1e-6));
    let mut problems: Vec<String> = wrong.map(|(line, e)| format!("{name}, line {line}: {e:?}\n{derivation}")).collect();
    let last = derivation.steps.last().map(|s| s.right.text.clone()).unwrap_or_default();
    if last != derivation.answer.to_string() {
        problems.push(format!("{name}: ends with {last}, the answer is {}", derivation.answer));
    }
    problems.extend(unbalanced(&derivation.latex()).map(|what| format!("{name}: {what} in\n{}", derivation.latex())));
    problems
}

/// What does not close in LaTeX: braces, environments, `\left`.
fn unbalanced(latex: &str) -> Option<String> {
    let mut depth = 0i64;
    let mut escaped = false;
    for c in latex.chars() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        if depth < 0 {
            return Some("a brace too many".to_owned());
        }
    }
    let count = |what: &str| latex.matches(what).count();
    let pairs = [(r"\begin{", r"\end{"), (r"\left", r"\right")];
    let off =
        pairs.into_iter().find(|(open, close)| count(open) - if *open == r"\left" { count(r"\leftarrow") } else { 0 } != count(close));
    if depth != 0 {
        return Some("a brace without its other half".to_owned());
    }
    off.map(|(open, close)| format!("{open} and {close}"))
}

#[test]
fn latex_that_does_not_close_is_seen() {
    assert_eq!(unbalanced(r"\begin{a}\{ {x} \left( \right)\end{a}"), None);
    assert!(unbalanced(r"{x").is_some() && unbalanced(r"x}{").is_some() && unbalanced(r"\left(").is_some());
}

/// A wrong line is seen.
#[test]
fn replaying_refutes_a_wrong_line() {
    let mut derivation = explained("x'*A*x", "A: matrix(n,n); x: vector(n)", &["x"]).unwrap();
    let claim = derivation.steps[2].claim.as_mut().unwrap();
    claim.right = parse("{2*A[k,i]*x[i]}[k]", &Declarations::parse("A: matrix(n,n); x: vector(n)").unwrap()).unwrap();
    assert_eq!(problems("", &derivation).len(), 1);
}

#[test]
fn every_line_of_the_textbook_cases_holds() {
    let mut problems_seen = Vec::new();
    let directory = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let mut count = 0;
    for file in ["seeds.jsonl", "cookbook.jsonl", "field.jsonl"] {
        let text = std::fs::read_to_string(directory.join(file)).unwrap();
        for line in text.lines() {
            let case: serde_json::Value = serde_json::from_str(line).unwrap();
            let of = |key: &str| case[key].as_str().unwrap_or_default();
            let wrt: Vec<&str> = case["wrt"].as_array().into_iter().flatten().filter_map(serde_json::Value::as_str).collect();
            if of("kind") != "diff" || wrt.is_empty() {
                continue;
            }
            match explained(of("expr"), of("vars"), &wrt) {
                Ok(derivation) => {
                    count += 1;
                    problems_seen.extend(problems(of("id"), &derivation));
                }
                Err(e) if e.kind == ErrorKind::Unsupported && !answered(of("expr"), of("vars"), &wrt) => {}
                Err(e) => problems_seen.push(format!("{}: {e:?}", of("id"))),
            }
        }
    }
    assert!(count > 250, "{count} derivations");
    assert!(problems_seen.is_empty(), "{} problems\n{}", problems_seen.len(), problems_seen.join("\n\n"));
}

/// The derivatives among the identities of a file, with their declarations.
fn identities(file: &str) -> Vec<(String, Expr, Vec<Expr>, Declarations)> {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/identities").join(file);
    let text = std::fs::read_to_string(path).unwrap();
    let quoted = |line: &str| line.split('"').nth(1).unwrap_or_default().to_owned();
    let (mut declarations, mut all) = (Declarations::new(), Vec::new());
    for line in text.lines().map(str::trim) {
        if line.starts_with("; \"") {
            declarations = Declarations::parse(&quoted(line)).unwrap();
        } else if line.starts_with("\"diff(") && line.contains(" => ") {
            let whole = parse(&quoted(line), &declarations).unwrap();
            let (mut f, mut wrt) = (whole, Vec::new());
            while let Op::Diff(inner, x) = f.clone().op() {
                wrt.insert(0, x.clone());
                f = inner.clone();
            }
            if !wrt.is_empty() {
                all.push((quoted(line), f, wrt, declarations.clone()));
            }
        }
    }
    all
}

#[test]
fn every_line_of_parts_functions_and_structures_holds() {
    let mut seen = Vec::new();
    let mut count = 0;
    for file in ["parts.rs", "functions.rs", "structured.rs"] {
        for (name, f, wrt, declarations) in identities(file) {
            let engine = Engine::new();
            match engine.explain(&f, &wrt, &declarations) {
                Ok(derivation) => {
                    count += 1;
                    seen.extend(problems(&name, &derivation));
                }
                Err(_) if engine.derivative(&f, &wrt, &declarations).is_err() => {}
                Err(e) => seen.push(format!("{name}: {e:?}")),
            }
        }
    }
    assert!(count > 100, "{count} derivations");
    assert!(seen.is_empty(), "{} problems\n{}", seen.len(), seen.join("\n\n"));
}

/// Constructs that the textbook cases do not have.
#[test]
fn every_line_of_further_cases_holds() {
    let all: &[(&str, &str, &[&str])] = &[
        ("w'*tanh(W*tanh(V*x + b) + c)", "W: matrix(m,n); V: matrix(n,p); x: vector(p); b: vector(n); c: vector(m); w: vector(m)", &["V"]),
        ("softmax(A*x)", "A: matrix(m,n); x: vector(n)", &["x"]),
        ("logsumexp(x)", "x: vector(n)", &["x", "x"]),
        ("norminf(A*x)", "A: matrix(m,n); x: vector(n)", &["x"]),
        ("prod(x)", "x: vector(n)", &["x", "x"]),
        ("adj(X)", "X: matrix(n)", &["X"]),
        ("tr(adj(A*X))", "A: matrix(n); X: matrix(n)", &["X"]),
        ("x.^y", "x: vector(n); y: vector(n)", &["y"]),
        ("max(A*x, y) + min(x, y)", "A: matrix(n); x: vector(n); y: vector(n)", &["x"]),
        ("cross(a, x)'*b", "a: vector(3); x: vector(3); b: vector(3)", &["x"]),
        ("kron(A, X)", "A: matrix(p,q); X: matrix(m,n)", &["X"]),
        ("vec(A*X*B)", "A: matrix(p,m); X: matrix(m,n); B: matrix(n,q)", &["X"]),
        ("(A.*X)*x", "A: matrix(m,n); X: matrix(m,n); x: vector(n)", &["X"]),
        ("X'*X", "X: matrix(m,n)", &["X"]),
        ("inv(X)*X'", "X: matrix(n)", &["X"]),
        ("x*x'*x", "x: vector(n)", &["x", "x"]),
        ("u*tanh(v*x)", "u: scalar; v: matrix(m,n); x: vector(n)", &["x"]),
        ("X[2,3]^2 + X[1,1]", "X: matrix(m,n)", &["X"]),
        ("t^3*exp(-t^2)", "t: scalar", &["t", "t"]),
        ("a'*x", "a: vector(n); x: vector(n); y: vector(m)", &["y"]),
        ("{A[i,j]*x[j]*x[i]}[i]", "A: matrix(n); x: vector(n)", &["x"]),
        ("log(A[i,j]*x[i]*x[j])", "A: matrix(n); x: vector(n)", &["x"]),
        ("norm(x, 3)", "x: vector(n)", &["x"]),
        ("var(x) + std(A*x)", "A: matrix(m,n); x: vector(n)", &["x"]),
        ("X^-2", "X: matrix(n)", &["X"]),
        ("x'*X*y", "x: vector(m); X: matrix(m,n); y: vector(n)", &["x", "X"]),
        ("step(x).*x", "x: vector(n)", &["x"]),
        ("x", "x: row(n)", &["x"]),
        ("sin(x*A)", "x: row(m); A: matrix(m,n)", &["x"]),
        ("tr(A*expm(X))", "A: matrix(n); X: matrix(n)", &["X"]),
        ("tr(expm(X)) + tr(cosm(X)) - tr(sinm(X))", "X: matrix(n)", &["X", "X"]),
        ("a'*sinm(A*X)*b", "A: matrix(n); X: matrix(n); a: vector(n); b: vector(n)", &["X"]),
        ("expm(t*A)*x", "A: matrix(n); x: vector(n); t: scalar", &["t"]),
        ("tr(logm(X)) + tr(A*logm(X))", "A: matrix(n); X: posdef(n)", &["X"]),
        ("tr(sqrtm(X)) + tr(A*sqrtm(X))", "A: matrix(n); X: posdef(n)", &["X"]),
        ("tr(expm(X))*tr(expm(X)*A)", "A: matrix(n); X: matrix(n)", &["X"]),
        ("lambda_max(S) + lambda_min(X'*X)", "S: symmetric(n); X: matrix(m,n)", &["X"]),
        ("lambda_max(S)^2", "S: symmetric(n)", &["S"]),
        ("nuclear(A - X)", "A: matrix(m,n); X: matrix(m,n)", &["X"]),
        ("pinv(X)*b", "X: matrix(m,n); b: vector(m)", &["X"]),
    ];
    let mut problems_seen = Vec::new();
    for (expr, declarations, wrt) in all {
        match explained(expr, declarations, wrt) {
            Ok(derivation) => problems_seen.extend(problems(expr, &derivation)),
            Err(e) => {
                if answered(expr, declarations, wrt) {
                    problems_seen.push(format!("{expr}: {e:?}"));
                }
            }
        }
    }
    assert!(problems_seen.is_empty(), "{} problems\n{}", problems_seen.len(), problems_seen.join("\n\n"));
}

/// Many stages, many terms and deep nesting end with an answer, in few lines.
#[test]
fn large_inputs_stay_bounded() {
    let nested = (0..200).fold("x".to_owned(), |f, _| format!("sin({f})"));
    let terms: Vec<String> = (0..60).map(|k| format!("a{k}'*x*norm2(x - a{k})^2")).collect();
    let vectors: Vec<String> = (0..60).map(|k| format!("a{k}: vector(n)")).collect();
    let network = (0..40).fold("x".to_owned(), |f, k| format!("tanh(W{k}*{f})"));
    let weights: Vec<String> = (0..40).map(|k| format!("W{k}: matrix(n)")).collect();
    for (expr, declarations) in [
        (nested, "x: scalar".to_owned()),
        (terms.join(" + "), format!("x: vector(n); {}", vectors.join("; "))),
        (format!("sum({network})"), format!("x: vector(n); {}", weights.join("; "))),
    ] {
        let derivation = explained(&expr, &declarations, &["x"]).unwrap();
        assert!(derivation.steps.len() <= super::MOST_LINES + 1, "{}", derivation.steps.len());
        let longest = derivation.steps.iter().rev().skip(1).map(|s| s.right.text.len()).max().unwrap();
        assert!(longest < 2_000, "{longest}");
    }
}
