//! How fast derivatives are found, for benches/peers: one line of JSON for each case of a file, with the answer and the fastest
//! of several runs in seconds, from text to printed answer.
//!
//! `cargo bench --bench derive -- --cases FILE` with one object a line: `{"name", "expr", "var", "wrt": […]}`.

mod common;

use common::{Case, fastest};
use indicial::Engine;
use serde_json::{Value, json};

const RUNS: usize = 25;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let Some(file) = arguments.iter().position(|a| a == "--cases").and_then(|at| arguments.get(at + 1)) else {
        println!("derive: --cases FILE says what to differentiate");
        return;
    };
    let engine = Engine::new();
    for line in std::fs::read_to_string(file).expect("the file of cases is there").lines() {
        println!("{}", measured(&engine, &serde_json::from_str(line).expect("a case is JSON")));
    }
}

fn measured(engine: &Engine, case: &Value) -> Value {
    let text = |key: &str| case[key].as_str().unwrap_or_default();
    let wrt: Vec<&str> = case["wrt"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let name = text("name");
    let case = Case::new(name, text("expr"), text("var"), &wrt);
    match case.print(engine) {
        Ok(answer) => {
            let seconds = fastest(RUNS, || drop(divan::black_box(case.print(engine)))).as_secs_f64();
            json!({"name": name, "answer": answer, "seconds": seconds})
        }
        Err(e) => json!({"name": name, "error": e.to_string()}),
    }
}
