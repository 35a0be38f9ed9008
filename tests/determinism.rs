//! The same input gives the same bytes, in every process.

use std::process::Command;

const RUNS: usize = 100;

/// Arguments: an expression with much to order in it each, by variables that are declared in another order than used.
const INPUTS: [&[&str]; 12] = [
    &["diff", "log(norm2(A*x)^2)", "--wrt", "x"],
    &["diff", "x'*A*x + y'*B*y + x'*C*y", "--wrt", "x"],
    &["diff", "tr(A*X*B*X'*C)", "--wrt", "X"],
    &["diff", "logsumexp(A*x)", "--wrt", "x", "--order", "2"],
    &["diff", "sum(log(1 + exp(-y.*(X*w))))", "--wrt", "w", "--order", "2"],
    &["diff", "A*B", "--wrt", "A", "--format", "json"],
    &["diff", "norm2(W*relu(V*x) - y)^2", "--wrt", "V", "--format", "numpy"],
    &["diff", "x.*y.*z + x*(y'*z)", "--wrt", "x", "--wrt", "y"],
    &["diff", "tr(inv(X)*A*inv(X)*B)", "--wrt", "X", "--notation", "index"],
    &["diff", "x'*A*x/(x'*B*x)", "--wrt", "x", "--verify"],
    &["simplify", "A*B + A*C + D*B + D*C"],
    &["simplify", "a.*b.*c + b.*c.*a + sin(a).*exp(b).*c", "--format", "latex"],
];

fn run(arguments: &[&str]) -> (Vec<u8>, Vec<u8>) {
    let output = Command::new(env!("CARGO_BIN_EXE_indicial")).args(arguments).output().expect("it starts");
    (output.stdout, output.stderr)
}

/// The first run that gives other bytes than the first one.
fn difference(arguments: &[&str]) -> Option<String> {
    let first = run(arguments);
    assert!(!first.0.is_empty(), "{arguments:?} gives nothing");
    (1..RUNS).find(|_| run(arguments) != first).map(|at| format!("{arguments:?} differs in run {at}"))
}

#[test]
fn a_hundred_runs_give_the_same_bytes() {
    let different: Vec<String> = std::thread::scope(|scope| {
        let threads: Vec<_> = INPUTS.iter().map(|arguments| scope.spawn(|| difference(arguments))).collect();
        threads.into_iter().filter_map(|thread| thread.join().expect("an input gives nothing")).collect()
    });
    assert!(different.is_empty(), "{}", different.join("\n"));
}
