//! Runs emitted code in every target, or in those named: `cargo test --release --test targets -- numpy jax`. `cargo test` alone
//! does not, since it takes minutes. A target that is not installed is ignored; `tests/targets/setup.sh` installs them.

use std::process::{Command, ExitCode};

/// The last is the example of jax on several devices.
const TARGETS: [&str; 6] = ["numpy", "jax", "torch", "matlab", "rust", "sharded"];

/// The exit code by which `run.py` says that the target is not installed.
const NOT_INSTALLED: i32 = 3;

fn main() -> ExitCode {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/targets/run.py");
    let (mut passed, mut failed, mut ignored) = (0, 0, 0);
    let named: Vec<String> = std::env::args().skip(1).filter(|a| !a.starts_with('-')).collect();
    for target in TARGETS.into_iter().filter(|t| named.is_empty() || named.iter().any(|n| n == t)) {
        let run = Command::new("python3").args([script, "--bin", env!("CARGO_BIN_EXE_indicial"), "--target", target]).status();
        let outcome = match run.map(|status| status.code()) {
            Ok(Some(0)) => {
                passed += 1;
                "ok"
            }
            Ok(Some(NOT_INSTALLED)) => {
                ignored += 1;
                "ignored, not installed: tests/targets/setup.sh"
            }
            Ok(_) => {
                failed += 1;
                "FAILED"
            }
            Err(_) => {
                ignored += 1;
                "ignored, python3 is not installed"
            }
        };
        println!("test {target} ... {outcome}");
    }
    let verdict = if failed == 0 { "ok" } else { "FAILED" };
    println!("\ntest result: {verdict}. {passed} passed; {failed} failed; {ignored} ignored; 0 measured; 0 filtered out");
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
