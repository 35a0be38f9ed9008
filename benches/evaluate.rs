//! How fast compiled answers are: one line of JSON for each case, with the fastest of several runs in seconds.
//!
//! `cargo bench --bench evaluate` has the cases below, `cargo bench --bench evaluate -- --cases FILE` those of a file with one
//! object a line: `{"name", "expr", "var", "wrt": […], "sizes": {…}, "compressed": true}`.

use indicial::{Compiled, Declarations, Engine, Inputs, Result, Sizes, Style, Symbol, infer, parse};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// A case is run for about so long, at least `RUNS` times.
const TIME: Duration = Duration::from_millis(400);
const RUNS: usize = 5;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let file = arguments.iter().position(|a| a == "--cases").and_then(|at| arguments.get(at + 1));
    let cases = match file {
        Some(file) => std::fs::read_to_string(file).expect("the file of cases is there").lines().map(str::to_owned).collect(),
        None => own_cases(),
    };
    let filter = arguments.iter().skip(1).find(|a| !a.starts_with("--") && file != Some(*a));
    for line in cases {
        let case: Value = serde_json::from_str(&line).expect("a case is JSON");
        let name = case["name"].as_str().unwrap_or_default();
        if filter.is_some_and(|f| !name.contains(f.as_str())) {
            continue;
        }
        match measured(&case) {
            Ok(seconds) => println!("{}", json!({"name": name, "sizes": case["sizes"], "seconds": seconds})),
            Err(e) => println!("{}", json!({"name": name, "sizes": case["sizes"], "error": e.to_string()})),
        }
    }
}

/// The fastest run of a case.
fn measured(case: &Value) -> Result<f64> {
    let text = |key: &str| case[key].as_str().unwrap_or_default();
    let declarations = Declarations::parse(text("var"))?;
    let expr = parse(text("expr"), &declarations)?;
    let names = case["wrt"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let wrt = names.map(|x| parse(x, &declarations)).collect::<Result<Vec<_>>>()?;
    let compiled = match wrt.is_empty() {
        true => Compiled::new(&infer(&expr, &declarations)?)?,
        false => Engine::new().derivative(&expr, &wrt, &declarations)?.compile()?,
    };
    let sizes: Sizes = case["sizes"].as_object().into_iter().flatten().map(|(s, n)| (Symbol::new(s), n.as_i64().unwrap_or(1))).collect();
    let inputs = Inputs::random(compiled.variables(), &sizes, 1, Style::Mixed)?;
    let compressed = case["compressed"].as_bool().unwrap_or(false);
    let run = || -> Result<()> {
        if compressed {
            divan::black_box(compiled.run_compressed(&inputs)?);
        } else {
            divan::black_box(compiled.run(&inputs)?);
        }
        Ok(())
    };
    run()?;
    let (start, mut best, mut runs) = (Instant::now(), f64::INFINITY, 0);
    while runs < RUNS || start.elapsed() < TIME {
        let begin = Instant::now();
        run()?;
        best = best.min(begin.elapsed().as_secs_f64());
        runs += 1;
    }
    Ok(best)
}

fn own_cases() -> Vec<String> {
    let mut cases = Vec::new();
    let mut add = |name: &str, expr: &str, var: &str, wrt: &[&str], sizes: Value, compressed: bool| {
        cases.push(json!({"name": name, "expr": expr, "var": var, "wrt": wrt, "sizes": sizes, "compressed": compressed}).to_string());
    };
    let orders = [("value", 0), ("gradient", 1), ("hessian", 2)];
    for n in [64, 256, 1024] {
        let (expr, var) = ("sum(log(1 + exp(-y.*(X*w))))", "X: matrix(m, n); y: vector(m); w: vector(n)");
        for (what, order) in orders {
            add(&format!("logistic {what}"), expr, var, &["w"].repeat(order), json!({"m": 2 * n, "n": n}), false);
        }
    }
    for n in [64, 256, 512] {
        let (expr, var) = ("normF(T - U*V')^2", "T: matrix(m, n); U: matrix(m, k); V: matrix(n, k)");
        let sizes = json!({"m": n, "n": n, "k": 5});
        for (what, order) in orders {
            add(&format!("factorisation {what}"), expr, var, &["U"].repeat(order), sizes.clone(), false);
        }
        add("factorisation compressed hessian", expr, var, &["U", "U"], sizes, true);
    }
    for n in [32, 64] {
        let net = (1..10).rev().fold("W10*x".to_owned(), |inner, k| format!("W{k}*relu({inner})"));
        let weights: Vec<String> = (1..=10).map(|k| format!("W{k}: matrix(n, n)")).collect();
        for (what, order) in orders {
            let var = format!("{}; x: vector(n)", weights.join("; "));
            add(&format!("network {what}"), &format!("norm2({net})^2"), &var, &["x"].repeat(order), json!({"n": n}), false);
        }
    }
    let (square, cube) = ("A: matrix(n, n); B: matrix(n, n); C: matrix(n, n)", "T: tensor(n, n, n); A: matrix(n, n); B: matrix(n, n)");
    let order_4 = "S: tensor(n, n, n, n); T: tensor(n, n, n, n); A: matrix(n, n)";
    let patterns = [
        ("ij,jk->ik", "{A[i,j]*B[j,k]}[i,k]", square, 512),
        ("ij,jk,kl->il", "{A[i,j]*B[j,k]*C[k,l]}[i,l]", square, 256),
        ("ij,ij->", "A[i,j]*B[i,j]", square, 1024),
        ("ijk,kl->ijl", "{T[i,j,k]*A[k,l]}[i,j,l]", cube, 96),
        ("ijk,jl,km->ilm", "{T[i,j,k]*A[j,l]*B[k,m]}[i,l,m]", cube, 96),
        ("ijk,ilk->jl", "{T[i,j,k]*T[i,l,k]}[j,l]", cube, 96),
        ("ijkl,kl->ij", "{S[i,j,k,l]*A[k,l]}[i,j]", order_4, 40),
        ("ijkl,klmn->ijmn", "{S[i,j,k,l]*T[k,l,p,q]}[i,j,p,q]", order_4, 24),
    ];
    for (name, expr, var, n) in patterns {
        add(&format!("einsum {name}"), expr, var, &[], json!({"n": n}), false);
    }
    cases
}
