//! The Jupyter kernel, driven by Jupyter's own client in Python. Without it the tests are ignored; `tests/notebook/setup.sh` installs it.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

/// The exit code by which `run.py` says that the client is not installed.
const NOT_INSTALLED: i32 = 3;

fn main() -> ExitCode {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let binary = Path::new(env!("CARGO_BIN_EXE_indicial"));
    // Examples stand beside the program; `cargo test` has built them.
    let kernel = binary.with_file_name("examples").join("jupyter_kernel");
    let Some(python) = python(root, binary) else { return ignored("no Python: tests/notebook/setup.sh") };
    if !kernel.exists() {
        return ignored("no kernel: cargo build --example jupyter_kernel");
    }
    let run = Command::new(python).arg(root.join("tests/notebook/run.py")).arg(&kernel).arg(binary).status();
    match run.map(|status| status.code()) {
        Ok(Some(0)) => result("ok", (1, 0, 0)),
        Ok(Some(NOT_INSTALLED)) => ignored("not installed: tests/notebook/setup.sh"),
        Ok(_) => result("FAILED", (0, 1, 0)),
        Err(error) => {
            eprintln!("the client does not start: {error}");
            result("FAILED", (0, 1, 0))
        }
    }
}

/// The Python that `setup.sh` has set up.
fn python(root: &Path, binary: &Path) -> Option<PathBuf> {
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
    let beside = binary.ancestors().nth(2).unwrap_or(root).to_owned();
    [target, beside].into_iter().map(|t| t.join("notebook/venv/bin/python")).find(|p| p.exists())
}

fn ignored(why: &str) -> ExitCode {
    println!("test notebook ... ignored, {why}");
    result("ok", (0, 0, 1))
}

fn result(verdict: &str, (passed, failed, ignored): (u32, u32, u32)) -> ExitCode {
    println!("\ntest result: {verdict}. {passed} passed; {failed} failed; {ignored} ignored; 0 measured; 0 filtered out");
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
