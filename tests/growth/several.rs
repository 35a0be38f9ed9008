//! Several derivatives of one function in one answer.

use super::{POINTS, read, save};
use indicial::{Answers, Declarations, Engine, Notation, evaluate, infer, parse};
use std::fmt::Write;

fn answers(declarations: &str, f: &str, wrt: &[&str]) -> Answers {
    let declarations = Declarations::parse(declarations).unwrap_or_else(|e| panic!("{declarations}: {e}"));
    let by: Vec<_> = wrt.iter().map(|x| if *x == "F" { vec![] } else { vec![read(x, &declarations)] }).collect();
    Engine::new().derivatives(&read(f, &declarations), &by, &declarations).unwrap_or_else(|e| panic!("{f}: {e}"))
}

/// Each answer is right, and its line with the shared parts reads back to its value.
fn check(declarations: &str, f: &str, wrt: &[&str]) -> String {
    let answers = answers(declarations, f, wrt);
    let text = answers.to_string();
    let (lines, parts) = text.split_once("\nwhere ").map_or((text.as_str(), String::new()), |(l, p)| (l, format!(" where {p}")));
    assert_eq!(lines.lines().count(), answers.answers.len());
    for (answer, line) in answers.answers.iter().zip(lines.lines()) {
        let seen = answer.verify(POINTS).unwrap_or_else(|e| panic!("{line}: {e}"));
        assert!(seen.ok, "{f}: {line} is off by {:e}", seen.max_relative_error);
        let (label, body) = line.split_once(" = ").expect("a line has a name");
        assert_eq!(label, answer.label());
        let again = parse(&format!("{body}{parts}"), &answer.declarations()).unwrap_or_else(|e| panic!("{line}{parts}: {e}"));
        let again = infer(&again, &answer.declarations()).unwrap_or_else(|e| panic!("{line}: {e}"));
        let own = answer.typed().expect("it fits its declarations");
        let scope = indicial::Scope::of(&[&own, &again]);
        assert!(scope.compare(&|at| evaluate(&own, at), &|at| evaluate(&again, at), POINTS, 1e-9).is_ok_and(|v| v.ok), "{line}");
    }
    for (name, _) in &answers.parts {
        let uses = text.split(|c: char| !c.is_alphanumeric()).filter(|word| *word == name.as_str()).count();
        assert!(uses > 2, "{name} is used once:\n{text}");
    }
    text
}

const TEXTBOOK: &[(&str, &str, &[&str])] = &[
    ("T: matrix(m, n); U: matrix(m, k); V: matrix(n, k)", "normF(T - U*V')^2", &["F", "U", "V"]),
    ("X: matrix(m, n); w: vector(n); b: scalar; y: vector(m)", "sum(log(1 + exp(-y.*(X*w + b))))", &["F", "w", "b"]),
    ("x, mu: vector(n); S: posdef(n)", "-(x - mu)'*inv(S)*(x - mu)/2 - logdet(S)/2 - n*log(2*pi)/2", &["mu", "S"]),
    (
        "x: vector(n); W: matrix(m, n); b: vector(m); Z: matrix(k, m); c, y: vector(k)",
        "norm2(Z*relu(W*x + b) + c - y)^2",
        &["F", "W", "b", "Z", "c"],
    ),
    ("x, gamma, beta: vector(n); eps: scalar > 0", "gamma.*(x - mean(x))/sqrt(var(x) + eps) + beta", &["x", "gamma", "beta"]),
    ("Q: matrix(m, d); K: matrix(n, d); V: matrix(n, p); D: matrix(m, p)", "sum(softmax(Q*K'/sqrt(d))*V.*D)", &["Q", "K", "V"]),
    (
        "x: vector(n); h, c, v, w: vector(m); Wf, Wi, Wo, Wc: matrix(m, n); Uf, Ui, Uo, Uc: matrix(m, m)",
        "v'*(sigmoid(Wo*x + Uo*h).*tanh(sigmoid(Wf*x + Uf*h).*c + sigmoid(Wi*x + Ui*h).*tanh(Wc*x + Uc*h)))",
        &["Wf", "Wi", "Wo", "Wc", "h", "c"],
    ),
    ("A: matrix(n, n); x: vector(n); t: scalar", "t^2*x'*A*x", &["x", "t", "A"]),
    ("A: matrix(m, n); X: matrix(n, p)", "A*X", &["A", "X"]),
];

#[test]
fn textbook_examples() {
    let mut shown = String::new();
    for (declarations, f, wrt) in TEXTBOOK {
        let _ = writeln!(shown, "F = {f}\n{}\n", check(declarations, f, wrt));
    }
    save("several", &shown);
}

/// The loss of a network by each of its weights.
fn network(layers: usize) -> (String, Vec<String>) {
    let inner = (1..layers).fold("x".to_owned(), |inner, k| format!("tanh(W{k}*{inner})"));
    (format!("norm2(W{layers}*{inner} - y)^2"), (1..=layers).map(|k| format!("W{k}")).collect())
}

#[test]
fn gradients_of_a_network_share_their_layers() {
    let (loss, weights) = network(5);
    save("backpropagation", &check("", &loss, &weights.iter().map(String::as_str).collect::<Vec<_>>()));
}

#[test]
fn the_length_of_all_gradients_is_linear_in_the_depth() {
    let length = |layers| {
        let (loss, weights) = network(layers);
        answers("", &loss, &weights.iter().map(String::as_str).collect::<Vec<_>>()).to_string().len()
    };
    let [few, more, many] = [4, 8, 12].map(length);
    assert!(many - more < 2 * (more - few), "{few}, {more}, {many} characters");
}

#[test]
fn each_is_the_derivative_by_itself() {
    let declarations = Declarations::parse("A: matrix(m, n); X: matrix(n, p); x: vector(n)").unwrap();
    for (f, x) in [("A*X", "X"), ("x'*x*x", "x"), ("norm2(A*x)^3", "x")] {
        let (f, x) = (read(f, &declarations), read(x, &declarations));
        let alone = Engine::new().derivative(&f, &[x.clone(), x.clone()], &declarations).unwrap();
        let together = Engine::new().derivatives(&f, &[vec![x.clone(), x.clone()]], &declarations).unwrap();
        assert_eq!(together.answers[0].to_string(), alone.to_string());
        assert_eq!(together.answers[0].shape, alone.shape);
    }
}

#[test]
fn each_is_in_a_notation_of_its_own() {
    let all = answers("A: matrix(m, n); x: vector(n)", "A*x", &["x", "A"]);
    let notations: Vec<Notation> = all.answers.iter().map(|a| a.notation).collect();
    assert_eq!(notations, [Notation::Matrix, Notation::Kronecker]);
    assert_eq!(all.to_string(), "dF/dx = A\ndF/dA = kron(x', eye(m))");
}

#[test]
fn a_variable_that_is_asked_for_twice_is_answered_once() {
    assert_eq!(answers("x: vector(n)", "x'*x", &["x", "x"]).to_string(), "dF/dx = 2*x");
}

#[test]
fn nothing_to_differentiate_by_is_an_error() {
    let declarations = Declarations::parse("x: vector(n)").unwrap();
    assert!(Engine::new().derivatives(&read("x'*x", &declarations), &[], &declarations).is_err());
}
