//! The cases that ask whether two expressions are equal, from text to verdict, in one process with the catalog loaded.

mod common;

use common::{fastest, milliseconds, wants_tables};
use indicial::{Comparison, Declarations, Engine, Result, parse};
use serde_json::Value;
use std::time::Duration;

struct Question {
    id: String,
    left: String,
    right: String,
    declarations: String,
}

impl Question {
    fn ask(&self) -> Result<Comparison> {
        let declarations = Declarations::parse(&self.declarations)?;
        Engine::new().check(&parse(&self.left, &declarations)?, &parse(&self.right, &declarations)?, &declarations)
    }
}

/// All cases of kind `check` in `tests/cases`, in the order of the files.
fn questions() -> Vec<Question> {
    let directory = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let mut files: Vec<_> = std::fs::read_dir(directory).expect("the cases are there").flatten().map(|f| f.path()).collect();
    files.sort();
    let texts: Vec<String> = files.iter().map(|f| std::fs::read_to_string(f).expect("a file of cases")).collect();
    let cases = texts.iter().flat_map(|t| t.lines()).map(|line| serde_json::from_str::<Value>(line).expect("a case is JSON"));
    let text = |c: &Value, key: &str| c[key].as_str().unwrap_or_default().to_owned();
    let question =
        |c: Value| Question { id: text(&c, "id"), left: text(&c, "left"), right: text(&c, "right"), declarations: text(&c, "vars") };
    cases.filter(|c| c["kind"] == "check").map(question).collect()
}

fn main() {
    if wants_tables() {
        times();
    }
    divan::main();
}

/// Median and worst for each verdict, each question timed as the fastest of several runs.
fn times() {
    const RUNS: usize = 5;
    let questions = questions();
    let mut all: Vec<(Duration, String, &Question)> = questions
        .iter()
        .map(|q| {
            let verdict = q.ask().map_or_else(|e| e.kind.to_string(), |c| c.verdict.to_string());
            (fastest(RUNS, || drop(divan::black_box(q.ask()))), verdict, q)
        })
        .collect();
    all.sort_by_key(|(time, ..)| *time);
    println!("{} questions, each timed as the fastest of {RUNS} runs", all.len());
    println!("| verdict | questions | median ms | worst ms |\n| --- | ---: | ---: | ---: |");
    for wanted in ["equal", "different", "undecided"] {
        let times: Vec<Duration> = all.iter().filter(|(_, verdict, _)| verdict == wanted).map(|(time, ..)| *time).collect();
        let (Some(worst), Some(median)) = (times.last(), times.get(times.len() / 2)) else { continue };
        println!("| {wanted} | {} | {:.2} | {:.2} |", times.len(), milliseconds(*median), milliseconds(*worst));
    }
    println!("the slowest:");
    for (time, verdict, q) in all.iter().rev().take(8) {
        println!("  {:8.2} ms  {:10} {:10} {}  =  {}", milliseconds(*time), q.id, verdict, q.left, q.right);
    }
    println!();
}

#[divan::bench(sample_count = 10)]
fn all_questions(bencher: divan::Bencher) {
    let questions = questions();
    bencher.bench_local(|| questions.iter().filter_map(|q| q.ask().ok()).count());
}
