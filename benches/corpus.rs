//! The textbook cases from text to printed answer, in one process with the catalog loaded.

mod common;

use common::{Case, cases, fastest, milliseconds, tokens, wants_tables};
use indexmap::IndexMap;
use indicial::{Declarations, Engine, Notation, parse};
use std::time::{Duration, Instant};

const LOGISTIC: &str = "sum(log(exp(-y.*(X*w)) + vector(1)))";
const SOFTMAX: &str = "-y'*log(softmax(z))";

fn main() {
    if wants_tables() {
        let cases = cases();
        times(&cases);
        stages(&cases);
        textbook();
        ablation(&cases);
    }
    divan::main();
}

/// Median and worst over the cases, each timed as the fastest of several runs.
fn times(cases: &[Case]) {
    const RUNS: usize = 21;
    let engine = Engine::new();
    let answered: Vec<&Case> = cases.iter().filter(|c| c.solve(&engine).is_ok()).collect();
    let mut all: Vec<(Duration, &Case)> =
        answered.iter().map(|c| (fastest(RUNS, || drop(divan::black_box(c.print(&engine)))), *c)).collect();
    all.sort_by_key(|(time, _)| *time);
    let at = |share: f64| milliseconds(all[((all.len() - 1) as f64 * share) as usize].0);
    println!("{} of {} cases are answered; each is timed as the fastest of {RUNS} runs", all.len(), cases.len());
    println!("median {:.2} ms, nine in ten within {:.2} ms; the slowest:", at(0.5), at(0.9));
    for (time, c) in all.iter().rev().take(8) {
        println!("  {:8.2} ms  {:16} {}  by {}", milliseconds(*time), c.id, c.text, c.wrt.join(", "));
    }
    println!();
}

/// What share of the time each stage takes.
fn stages(cases: &[Case]) {
    const RUNS: usize = 5;
    let engine = Engine::new();
    let mut total: IndexMap<&str, Duration> = IndexMap::new();
    let mut spend = |stage, time| *total.entry(stage).or_default() += time;
    for c in cases.iter().flat_map(|c| std::iter::repeat_n(c, RUNS)) {
        let start = Instant::now();
        let Ok(declarations) = Declarations::parse(&c.declarations) else { continue };
        let parsed = parse(&c.text, &declarations).is_ok();
        let parsing = start.elapsed();
        let Some(answer) = c.solve(&engine).ok().filter(|_| parsed) else { continue };
        spend("parse", parsing);
        answer.profile.stages.iter().for_each(|(stage, time)| spend(stage, *time));
        let start = Instant::now();
        drop(divan::black_box(answer.to_string()));
        spend("print", start.elapsed());
    }
    let whole: Duration = total.values().sum();
    println!("share of each stage in the sum over all cases");
    for (stage, time) in &total {
        println!("  {stage:26} {:5.1} %", 100.0 * time.as_secs_f64() / whole.as_secs_f64());
    }
    println!();
}

/// Derivatives that every textbook has, with their answers.
fn textbook() {
    const ATTENTION: &str = "Q: matrix(m, d); K: matrix(n, d); V: matrix(n, p); D: matrix(m, p)";
    const NORM: &str = "x, gamma, beta: vector(n); eps: scalar > 0";
    const NET: &str = "W: matrix(m, n); x: vector(n); Z: matrix(k, m); y: vector(k)";
    let cases = [
        Case::new("Hessian of the logistic loss", LOGISTIC, "", &["w", "w"]),
        Case::new("Hessian of softmax cross-entropy", SOFTMAX, "", &["z", "z"]),
        Case::new("Hessian of log(norm2(A*x)^2)", "log(norm2(A*x)^2)", "", &["x", "x"]),
        Case::new("Hessian of logdet(X)", "logdet(X)", "", &["X", "X"]),
        Case::new("matrix factorisation by U twice", "normF(T - U*V')^2", "", &["U", "U"]),
        Case::new("matrix factorisation by U and V", "normF(T - U*V')^2", "", &["U", "V"]),
        Case::new("Jacobian of layer norm", "gamma.*(x - mean(x))/sqrt(var(x) + eps) + beta", NORM, &["x"]),
        Case::new("Jacobian of softmax", "softmax(x)", "x: vector(n)", &["x"]),
        Case::new("Jacobian of x'*x*x", "x'*x*x", "x: vector(n)", &["x"]),
        Case::new("attention by Q", "sum(softmax(Q*K'/sqrt(d))*V.*D)", ATTENTION, &["Q"]),
        Case::separate("two-layer net by both weights", "norm2(Z*relu(W*x) - y)^2", NET, &["W", "Z"]),
        Case::separate(
            "Gaussian log-likelihood by mean and covariance",
            "-(x - mu)'*inv(S)*(x - mu)/2 - logdet(S)/2 - n*log(2*pi)/2",
            "x, mu: vector(n); S: posdef(n)",
            &["mu", "S"],
        ),
    ];
    println!("derivatives that every textbook has");
    for case in &cases {
        let time = fastest(51, || drop(divan::black_box(case.print(&Engine::new()))));
        let answer = case.print(&Engine::new()).unwrap_or_else(|e| e.to_string());
        println!("  {:6.2} ms  {}:\n             {}", milliseconds(time), case.id, answer.replace('\n', "\n             "));
    }
    println!();
}

/// What each stage earns: the tokens of all answers without it, over the cases whose textbook answer and whose answers
/// in every column are in matrix notation.
fn ablation(cases: &[Case]) {
    let columns = [
        ("everything", Engine::new()),
        ("without saturation", Engine::new().saturation(false)),
        ("without factoring", Engine::new().factoring(false)),
        ("without recognition", Engine::new().recognition(false)),
        ("without saturation and factoring", Engine::new().saturation(false).factoring(false)),
        ("without all three", Engine::new().saturation(false).factoring(false).recognition(false)),
    ];
    let (mut compared, mut textbook, mut sums) = (0, 0, vec![(0, 0); columns.len()]);
    for c in cases.iter().filter(|c| c.notation == "matrix") {
        let Some(known) = &c.textbook else { continue };
        let answers: Option<Vec<String>> =
            columns.iter().map(|(_, e)| c.solve(e).ok().filter(|a| a.notation == Notation::Matrix).map(|a| a.to_string())).collect();
        let Some(answers) = answers else { continue };
        compared += 1;
        textbook += tokens(known);
        let best = tokens(&answers[0]);
        for (sum, answer) in sums.iter_mut().zip(&answers) {
            sum.0 += tokens(answer);
            sum.1 += usize::from(tokens(answer) > best);
        }
    }
    println!("tokens of the answers to {compared} cases in matrix notation");
    println!("  {:34} {textbook:6}", "the textbooks'");
    for ((name, _), (sum, longer)) in columns.iter().zip(&sums) {
        println!("  {name:34} {sum:6}   longer in {longer} cases");
    }
    println!();
}

#[divan::bench]
fn quadratic_form(bencher: divan::Bencher) {
    let case = Case::new("", "x'*A*x", "", &["x"]);
    bencher.bench_local(|| case.print(&Engine::new()));
}

#[divan::bench]
fn logistic_hessian(bencher: divan::Bencher) {
    let case = Case::new("", LOGISTIC, "", &["w", "w"]);
    bencher.bench_local(|| case.print(&Engine::new()));
}

#[divan::bench]
fn softmax_hessian(bencher: divan::Bencher) {
    let case = Case::new("", SOFTMAX, "", &["z", "z"]);
    bencher.bench_local(|| case.print(&Engine::new()));
}

#[divan::bench(sample_count = 10)]
fn all_cases(bencher: divan::Bencher) {
    let cases = cases();
    bencher.bench_local(|| cases.iter().filter_map(|c| c.print(&Engine::new()).ok()).map(|text| text.len()).sum::<usize>());
}
