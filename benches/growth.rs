//! How time and the length of the answer grow with the input.

mod common;

use common::{Case, fastest, milliseconds, tokens, wants_tables};
use indicial::Engine;

/// A family of inputs, and the sizes it is tried at.
struct Family {
    title: &'static str,
    make: fn(usize) -> Case,
    sizes: &'static [usize],
}

const FAMILIES: &[Family] = &[
    Family { title: "tr(X1*X2*…*Xk) by X1", make: product, sizes: &[3, 6, 12, 24] },
    Family { title: "norm2(A1*x - b1)^2 + … + norm2(Ak*x - bk)^2 by x", make: least_squares, sizes: &[2, 4, 8, 16, 32, 64] },
    Family { title: "x'*A1*x + … + x'*Ak*x by x", make: forms, sizes: &[2, 4, 8, 16, 32, 64] },
    Family { title: "norm2(W1*relu(W2*relu(…Wk*x)))^2 by Wk", make: network, sizes: &[2, 4, 8, 16, 32] },
    Family { title: "sum(sin(tanh(exp(…x)))), k functions, by x", make: nested, sizes: &[4, 8, 16, 32, 64] },
];

fn main() {
    if wants_tables() {
        FAMILIES.iter().for_each(table);
    }
    divan::main();
}

fn table(family: &Family) {
    println!("{}", family.title);
    println!("     k        ms  tokens of input  tokens of answer  e-nodes  stopped");
    for &k in family.sizes {
        let case = (family.make)(k);
        match case.solve(&Engine::new()) {
            Err(e) => println!("  {k:4}  {e}"),
            Ok(answer) => {
                let time = fastest(7, || drop(divan::black_box(case.print(&Engine::new()))));
                let (nodes, stop) = answer.profile.saturation.as_ref().map_or((0, String::new()), |s| (s.nodes, format!("{:?}", s.stop)));
                let (before, after) = (tokens(&case.text), tokens(&answer.to_string()));
                println!("  {k:4}  {:8.2}  {before:15}  {after:16}  {nodes:7}  {stop}", milliseconds(time));
            }
        }
    }
    println!();
}

fn product(k: usize) -> Case {
    let factors: Vec<String> = (1..=k).map(|i| format!("X{i}")).collect();
    Case::new("", &format!("tr({})", factors.join("*")), "", &["X1"])
}

fn least_squares(k: usize) -> Case {
    let terms: Vec<String> = (1..=k).map(|i| format!("norm2(A{i}*x - b{i})^2")).collect();
    Case::new("", &terms.join(" + "), "", &["x"])
}

fn forms(k: usize) -> Case {
    let terms: Vec<String> = (1..=k).map(|i| format!("x'*A{i}*x")).collect();
    Case::new("", &terms.join(" + "), "", &["x"])
}

fn network(k: usize) -> Case {
    let inner = (1..k).rev().fold(format!("W{k}*x"), |inner, i| format!("W{i}*relu({inner})"));
    Case::new("", &format!("norm2({inner})^2"), "", &[&format!("W{k}")])
}

fn nested(k: usize) -> Case {
    let body = (0..k).fold("x".to_owned(), |inner, i| format!("{}({inner})", ["exp", "tanh", "sin"][i % 3]));
    Case::new("", &format!("sum({body})"), "", &["x"])
}

#[divan::bench(args = [6, 24])]
fn matrix_product(bencher: divan::Bencher, k: usize) {
    bench(bencher, &product(k));
}

#[divan::bench(args = [16, 64])]
fn sum_of_squares(bencher: divan::Bencher, k: usize) {
    bench(bencher, &least_squares(k));
}

#[divan::bench(args = [8, 32])]
fn layers(bencher: divan::Bencher, k: usize) {
    bench(bencher, &network(k));
}

#[divan::bench(args = [16, 64])]
fn nested_functions(bencher: divan::Bencher, k: usize) {
    bench(bencher, &nested(k));
}

fn bench(bencher: divan::Bencher, case: &Case) {
    bencher.bench_local(|| case.print(&Engine::new()));
}
