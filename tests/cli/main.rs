//! The command line: exit codes, formats, standard input, data, and input that is hostile.

mod answers;
mod costs;
mod hostile;
mod products;
mod rules;

use std::io::Write;
use std::process::{Command, Stdio};

struct Outcome {
    code: i32,
    out: String,
    err: String,
}

/// Runs it; whatever the input is, it does not panic.
fn run(arguments: &[&str]) -> Outcome {
    run_with("", arguments)
}

fn run_with(input: &str, arguments: &[&str]) -> Outcome {
    let mut child = Command::new(env!("CARGO_BIN_EXE_indicial"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut stdin = child.stdin.take().expect("it is piped");
    // A child that reads nothing closes the pipe, which is no fault.
    let _ = stdin.write_all(input.as_bytes());
    drop(stdin);
    let output = child.wait_with_output().expect("it ends");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let outcome = Outcome { code: output.status.code().unwrap_or(-1), out: text(&output.stdout), err: text(&output.stderr) };
    assert!(!outcome.err.contains("panicked") && !outcome.out.contains("panicked"), "{arguments:?}: {}", outcome.err);
    assert!((0..=3).contains(&outcome.code), "{arguments:?} ends with {}: {}", outcome.code, outcome.err);
    outcome
}

fn json(text: &str) -> serde_json::Value {
    serde_json::from_str(text).unwrap_or_else(|e| panic!("{text}: {e}"))
}
