//! A Jupyter kernel: cells of declarations and questions, answered with rendered formulas.
//!
//! `cargo run --release --example jupyter_kernel -- install` registers it for the user who runs it; Jupyter itself calls
//! `jupyter_kernel start FILE`.

mod install;
#[path = "../../src/cli/json.rs"]
#[allow(dead_code, reason = "the command line needs more of it")]
mod json;
mod reply;
mod server;
mod session;
mod worker;

use std::path::Path;
use std::process::ExitCode;

const USAGE: &str = "\
usage: jupyter_kernel install [--prefix DIRECTORY]   registers the kernel for this user, or below DIRECTORY
       jupyter_kernel start FILE                     what Jupyter calls, with its connection file";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let outcome = match arguments[..] {
        ["install"] => install::install(None).map(|at| println!("installed in {}", at.display())),
        ["install", "--prefix", prefix] => install::install(Some(Path::new(prefix))).map(|at| println!("installed in {}", at.display())),
        ["start", file] => server::start(Path::new(file)),
        ["worker"] => worker::serve(),
        _ => Err(USAGE.into()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(2)
        }
    }
}
