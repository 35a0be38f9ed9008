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
    Family { title: "x'*A1*x + … + x'*Ak*x by x", make: forms, sizes: &[2, 4, 8, 16, 32, 64, 200] },
    Family { title: "norm2(W1*relu(W2*relu(…Wk*x)))^2 by Wk", make: network, sizes: &[2, 4, 8, 16, 32] },
    Family { title: "the same by W1, …, Wk, separately", make: gradients, sizes: &[5, 10, 20, 40] },
    Family { title: "the same by W1 twice", make: network_hessian, sizes: &[2, 5, 10] },
    Family { title: "sum(sin(tanh(exp(…x)))), k functions, by x", make: nested, sizes: &[4, 8, 16, 32, 64] },
    Family { title: "the same by x twice", make: nested_hessian, sizes: &[4, 8, 16, 32, 64] },
    Family { title: "x'*A*x*x'*B*x, k-th derivative by x", make: |k| order("x'*A*x*x'*B*x", k), sizes: &[1, 2, 3, 4] },
    Family { title: "x'*x*x, k-th derivative by x", make: |k| order("x'*x*x", k), sizes: &[1, 2, 3, 4] },
    Family { title: "log(norm2(A*x)^2), k-th derivative by x", make: |k| order("log(norm2(A*x)^2)", k), sizes: &[1, 2, 3, 4] },
    Family { title: "softmax(x), k-th derivative by x", make: |k| order("softmax(x)", k), sizes: &[1, 2, 3] },
    Family { title: "exp(x'*A*x), k-th derivative by x", make: |k| order("exp(x'*A*x)", k), sizes: &[1, 2, 3, 4] },
    Family { title: "1/(1 + x'*x), k-th derivative by x", make: |k| order("1/(1 + x'*x)", k), sizes: &[1, 2, 3, 4] },
    Family { title: "exp(sin(s)), k-th derivative by a scalar s", make: scalar_order, sizes: &[2, 4, 6, 8] },
    Family { title: "logdet(X), k-th derivative by X", make: matrix_order, sizes: &[1, 2, 3, 4] },
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
        match case.print_with_stats(&Engine::new()) {
            Err(e) => println!("  {k:4}  {e}"),
            Ok((answer, stats)) => {
                let time = fastest(7, || drop(divan::black_box(case.print(&Engine::new()))));
                let (nodes, stop) = stats.as_ref().map_or((0, String::new()), |s| (s.nodes, format!("{:?}", s.stop)));
                let (before, after) = (tokens(&case.text), tokens(&answer));
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

/// The loss of the network by the weights of each layer.
fn gradients(k: usize) -> Case {
    let weights: Vec<String> = (1..=k).map(|i| format!("W{i}")).collect();
    Case { separate: true, wrt: weights, ..network(k) }
}

fn network_hessian(k: usize) -> Case {
    Case { wrt: vec!["W1".to_owned(), "W1".to_owned()], ..network(k) }
}

fn nested_hessian(k: usize) -> Case {
    Case { wrt: vec!["x".to_owned(), "x".to_owned()], ..nested(k) }
}

fn order(f: &str, k: usize) -> Case {
    Case::new("", f, "A, B: matrix(n, n); x: vector(n)", &vec!["x"; k])
}

fn scalar_order(k: usize) -> Case {
    Case::new("", "exp(sin(s))", "s: scalar", &vec!["s"; k])
}

fn matrix_order(k: usize) -> Case {
    Case::new("", "logdet(X)", "X: matrix(n, n)", &vec!["X"; k])
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

#[divan::bench(args = [10, 40])]
fn gradients_of_all_layers(bencher: divan::Bencher, k: usize) {
    bench(bencher, &gradients(k));
}

#[divan::bench(args = [2, 4])]
fn orders_of_a_quartic(bencher: divan::Bencher, k: usize) {
    bench(bencher, &order("x'*A*x*x'*B*x", k));
}

fn bench(bencher: divan::Bencher, case: &Case) {
    bencher.bench_local(|| case.print(&Engine::new()));
}
