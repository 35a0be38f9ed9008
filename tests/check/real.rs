//! Every counterexample is true as it is printed: the numbers of the JSON, put into both sides, give the values that it
//! says, and they differ.

use super::{Table, pairs};
use indicial::{Declarations, Inputs, Typed, Var, evaluate, infer, parse};
use ndarray::ArrayD;
use serde_json::Value;

/// Relative to the largest entry; of central differences less can be said.
const EXACT: f64 = 1e-7;
const DIFFERENCES: f64 = 1e-4;

fn printed(declarations: &str, left: &str, right: &str) -> Value {
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_indicial"))
        .args(["check", left, right, "--var", declarations, "--format", "json"])
        .output()
        .expect("it starts");
    serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{left} | {right}: {e}"))
}

fn flat(value: &Value, to: &mut Vec<f64>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| flat(item, to)),
        number => to.push(number.as_f64().expect("a value is a number")),
    }
}

/// The side, of whatever it may be a function, at the point.
fn value(text: &str, declarations: &Declarations, point: &Value) -> Option<ArrayD<f64>> {
    let typed: Typed = infer(&parse(text, declarations).ok()?, declarations).ok()?;
    let mut data = point["inputs"].clone();
    let members = data.as_object_mut()?;
    point["dims"].as_object()?.iter().for_each(|(name, size)| drop(members.insert(name.clone(), size.clone())));
    let occurring: Vec<&Var> = typed.variables.values().filter(|v| members.contains_key(v.name.as_str())).collect();
    let at = Inputs::from_json(&Value::Object(members.clone()).to_string(), occurring).ok()?;
    evaluate(&typed, &at).ok()
}

fn error(said: &[f64], found: &[f64]) -> f64 {
    assert_eq!(said.len(), found.len());
    let size = said.iter().chain(found).fold(1e-3f64, |m, x| m.max(x.abs()));
    said.iter().zip(found).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max) / size
}

/// How many counterexamples of the table were looked at; those of expressions that cannot be typed for now are not.
fn all_are_real((declarations, lines): &Table) -> usize {
    let read = Declarations::parse(declarations).expect("they are well-formed");
    let mut count = 0;
    for (left, right, expected) in lines.iter().filter(|line| line.2.starts_with("different")) {
        let answer = printed(declarations, left, right);
        let point = &answer["counterexample"];
        if point.is_null() {
            assert!(expected.contains("transposition"), "{left} | {right} has no counterexample");
            continue;
        }
        let texts = [answer["left"].as_str().unwrap(), answer["right"].as_str().unwrap()];
        let [Some(l), Some(r)] = texts.map(|text| value(text, &read, point)) else { continue };
        // Stacked derivatives have their axes otherwise.
        if l.ndim() != r.ndim() {
            continue;
        }
        let (mut said_left, mut said_right) = (Vec::new(), Vec::new());
        flat(&point["left"], &mut said_left);
        flat(&point["right"], &mut said_right);
        let [found_left, found_right]: [Vec<f64>; 2] = [l, r].map(|value| value.into_iter().collect());
        let tolerance = if left.contains("diff") || right.contains("diff") { DIFFERENCES } else { EXACT };
        assert!(error(&said_left, &found_left) < tolerance, "{left}: said {said_left:?}, is {found_left:?}");
        assert!(error(&said_right, &found_right) < tolerance, "{right}: said {said_right:?}, is {found_right:?}");
        assert!(error(&found_left, &found_right) > 10.0 * tolerance, "{left} | {right}: both are {found_left:?}");
        count += 1;
    }
    count
}

#[test]
fn counterexamples_of_gradients_are_real() {
    assert!(all_are_real(&pairs::GRADIENTS) >= 15);
}

#[test]
fn counterexamples_of_traces_are_real() {
    assert!(all_are_real(&pairs::TRACES) >= 25);
}

#[test]
fn counterexamples_of_identities_are_real() {
    assert!(all_are_real(&pairs::IDENTITIES) >= 25);
}

#[test]
fn other_counterexamples_are_real() {
    assert!(all_are_real(&pairs::OTHERS) >= 15);
}
