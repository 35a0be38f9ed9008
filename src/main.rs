//! The command line of `indicial`: arguments in, answers out. All mathematics is in the library.
#![forbid(unsafe_code)]

mod cli;

fn main() -> std::process::ExitCode {
    cli::run()
}
