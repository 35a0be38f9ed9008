//! Textbook cases with known values: `tests/cases/*.jsonl`, one case a line.
//!
//! A case holds an input, at two random points the inputs, the value and (of a `diff` case) the derivative, computed
//! elsewhere by automatic differentiation. A `check` case holds two expressions and whether they are equal.

use indicial::{
    Declarations, Engine, ErrorKind, Inputs, Notation, Result, Typed, Var, evaluate, infer, kronecker_form, parse, verify, verify_kronecker,
};
use ndarray::{ArrayD, IxDyn};
use serde_json::Value;

/// Relative to the largest entry.
const TOLERANCE: f64 = 1e-8;

/// One that would have to be written with stacked indices.
const MOST_REFUSED: usize = 1;

struct Case(Value);

impl Case {
    fn text(&self, key: &str) -> &str {
        self.0[key].as_str().unwrap_or_default()
    }

    fn points(&self) -> &[Value] {
        self.0["points"].as_array().map_or(&[], Vec::as_slice)
    }

    fn typed(&self, key: &str) -> Result<Typed> {
        let declarations = Declarations::parse(self.text("vars"))?;
        infer(&parse(self.text(key), &declarations)?, &declarations)
    }

    /// The variables of the derivative, in order.
    fn wrt(&self, typed: &Typed) -> Vec<Var> {
        let names = self.0["wrt"].as_array().into_iter().flatten().filter_map(Value::as_str);
        names.filter_map(|name| typed.variables.values().find(|v| v.name.as_str() == name).cloned()).collect()
    }

    /// The inputs of a point, with the sizes that no variable's shape tells.
    fn inputs(&self, point: &Value, typed: &Typed) -> Result<Inputs> {
        let mut data = point["inputs"].clone();
        if let (Value::Object(data), Value::Object(dims)) = (&mut data, &self.0["dims"]) {
            dims.iter().for_each(|(name, size)| {
                data.entry(name).or_insert_with(|| size.clone());
            });
        }
        Inputs::from_json(&data.to_string(), typed.variables.values())
    }

    fn value(&self, key: &str, point: &Value) -> Result<ArrayD<f64>> {
        let typed = self.typed(key)?;
        evaluate(&typed, &self.inputs(point, &typed)?)
    }
}

fn cases() -> Vec<Case> {
    let directory = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let mut files: Vec<_> = std::fs::read_dir(directory).unwrap().map(|f| f.unwrap().path()).collect();
    files.sort();
    let texts: Vec<String> = files.iter().map(|f| std::fs::read_to_string(f).unwrap()).collect();
    texts.iter().flat_map(|t| t.lines()).map(|line| Case(serde_json::from_str(line).unwrap())).collect()
}

/// A number or nested arrays, as a flat list.
fn flat(value: &Value, to: &mut Vec<f64>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| flat(item, to)),
        number => to.push(number.as_f64().unwrap_or(f64::NAN)),
    }
}

fn error_against(want: &[f64], got: &ArrayD<f64>) -> f64 {
    if want.len() != got.len() {
        return f64::INFINITY;
    }
    let size = want.iter().fold(1.0f64, |m, x| m.max(x.abs()));
    // A NaN must not vanish in a maximum.
    want.iter().zip(got).map(|(w, g)| (w - g).abs() / size).fold(0.0, |m, e| if e <= m { m } else { e })
}

/// What is wrong with the case, if anything.
fn problem(case: &Case, check: impl Fn(&Case, &Value) -> Result<f64>) -> Option<String> {
    let of_point = |point: &Value| match check(case, point) {
        Ok(error) if error <= TOLERANCE => None,
        Ok(error) => Some(format!("{}: off by {error:.1e}", case.text("id"))),
        Err(e) => Some(format!("{}: {e}", case.text("id"))),
    };
    case.points().iter().find_map(of_point)
}

#[test]
fn expressions_have_the_known_values() {
    let check = |case: &Case, point: &Value| {
        let mut want = Vec::new();
        flat(&point["value"], &mut want);
        Ok(error_against(&want, &case.value("expr", point)?))
    };
    let known = |case: &Case| case.points().iter().all(|p| !p["value"].is_null()) && !case.text("expr").is_empty();
    let problems: Vec<String> = cases().iter().filter(|c| known(c)).filter_map(|c| problem(c, check)).collect();
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn diff_has_the_known_derivatives() {
    let check = |case: &Case, point: &Value| {
        let declarations = Declarations::parse(case.text("vars"))?;
        let mut text = case.text("expr").to_owned();
        for variable in case.0["wrt"].as_array().into_iter().flatten() {
            text = format!("diff({text}, {})", variable.as_str().unwrap_or_default());
        }
        let typed = infer(&parse(&text, &declarations)?, &declarations)?;
        let mut want = Vec::new();
        flat(&point["derivative"], &mut want);
        // The reference semantics takes differences, which are a little less exact than the values.
        Ok(error_against(&want, &evaluate(&typed, &case.inputs(point, &typed)?)?) * 1e-3)
    };
    let problems: Vec<String> = cases().iter().filter(|c| c.text("kind") == "diff").filter_map(|c| problem(c, check)).collect();
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

/// The derivative that the case holds; in Kronecker notation if so asked.
fn known_derivative(case: &Case, point: &Value, kronecker: bool) -> Result<Vec<f64>> {
    let mut known = Vec::new();
    flat(&point["derivative"], &mut known);
    if !kronecker {
        return Ok(known);
    }
    let function = case.typed("expr")?;
    let wrt = case.wrt(&function);
    let (last, before) = wrt.split_last().expect("a diff case has a variable");
    let inputs = case.inputs(point, &function)?;
    let mut lengths = inputs.sizes.lengths(&function.root().shape.axes())?;
    for v in before {
        lengths.extend(inputs.sizes.lengths(&v.axes())?);
    }
    let rows = lengths.len();
    lengths.extend(inputs.sizes.lengths(&last.axes())?);
    let derivative = ArrayD::from_shape_vec(IxDyn(&lengths), known).expect("the case has the shape of the derivative");
    Ok(kronecker_form(&derivative, rows)?.into_iter().collect())
}

/// The text of the answer, read back, has the value of the derivative. What this version refuses to differentiate is
/// counted, so that it cannot become more unnoticed.
#[test]
fn derivatives_read_back_to_the_known_values() {
    let check = |case: &Case, point: &Value| {
        let declarations = Declarations::parse(case.text("vars"))?;
        let wrt = case.0["wrt"].as_array().into_iter().flatten().filter_map(Value::as_str);
        let wrt = wrt.map(|x| parse(x, &declarations)).collect::<Result<Vec<_>>>()?;
        let answer = Engine::new().derivative(&parse(case.text("expr"), &declarations)?, &wrt, &declarations)?;
        let back = infer(&parse(&answer.to_string(), &declarations)?, &declarations)?;
        let want = known_derivative(case, point, answer.notation == Notation::Kronecker)?;
        Ok(error_against(&want, &evaluate(&back, &case.inputs(point, &back)?)?))
    };
    let problems: Vec<String> = cases().iter().filter(|c| c.text("kind") == "diff").filter_map(|c| problem(c, check)).collect();
    let (refused, wrong): (Vec<String>, Vec<String>) = problems.into_iter().partition(|p| p.contains("is not supported yet"));
    assert!(wrong.is_empty() && refused.len() <= MOST_REFUSED, "{}\n{}", wrong.join("\n"), refused.join("\n"));
}

/// The cores, spread by their patterns and added up, read back, are the derivative.
#[test]
fn compressed_forms_are_the_known_derivatives() {
    let compressed = std::cell::Cell::new(0);
    let check = |case: &Case, point: &Value| {
        let declarations = Declarations::parse(case.text("vars"))?;
        let wrt = case.0["wrt"].as_array().into_iter().flatten().filter_map(Value::as_str);
        let wrt = wrt.map(|x| parse(x, &declarations)).collect::<Result<Vec<_>>>()?;
        let answer = Engine::new().derivative(&parse(case.text("expr"), &declarations)?, &wrt, &declarations)?;
        let parts = answer.compressed()?;
        if parts.is_empty() {
            return Ok(0.0);
        }
        compressed.set(compressed.get() + 1);
        let mut sum = ArrayD::zeros(IxDyn(&[]));
        for part in parts {
            let back = infer(&parse(&part.dense().to_string(), &declarations)?, &declarations)?;
            sum = sum + evaluate(&back, &case.inputs(point, &back)?)?;
        }
        Ok(error_against(&known_derivative(case, point, false)?, &sum))
    };
    let problems: Vec<String> = cases().iter().filter(|c| c.text("kind") == "diff").filter_map(|c| problem(c, check)).collect();
    let wrong: Vec<&String> = problems.iter().filter(|p| !p.contains("is not supported yet")).collect();
    assert!(wrong.is_empty() && compressed.get() > 60, "{}: {wrong:?}", compressed.get());
}

/// Answers may use what this version does not do yet, and leave the lengths of their indices to the reader.
fn answer(case: &Case) -> Option<Typed> {
    match case.typed("answer") {
        Ok(answer) => {
            let told = |point: &Value| case.inputs(point, &answer).is_ok_and(|inputs| evaluate(&answer, &inputs).is_ok());
            case.points().iter().all(told).then_some(answer)
        }
        Err(e) if e.kind == ErrorKind::Unsupported || case.0["answer"].is_null() => None,
        Err(e) => panic!("{}: {e}", case.text("id")),
    }
}

#[test]
fn answers_have_the_known_derivatives() {
    let check = |case: &Case, point: &Value| {
        let Some(answer) = answer(case) else { return Ok(0.0) };
        let want = known_derivative(case, point, case.text("notation") == "kron")?;
        Ok(error_against(&want, &evaluate(&answer, &case.inputs(point, &answer)?)?))
    };
    let problems: Vec<String> = cases().iter().filter(|c| c.text("kind") == "diff").filter_map(|c| problem(c, check)).collect();
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn answers_are_verified() {
    let mut problems = Vec::new();
    let mut verified = 0;
    for case in cases().iter().filter(|c| c.text("kind") == "diff") {
        let Some(answer) = answer(case) else { continue };
        let function = case.typed("expr").expect("the value was evaluated");
        let verify = if case.text("notation") == "kron" { verify_kronecker } else { verify };
        match verify(&function, &case.wrt(&function), &answer, 2) {
            Ok(seen) if seen.ok && seen.points == 2 => verified += 1,
            seen => problems.push(format!("{}: {seen:?}", case.text("id"))),
        }
    }
    assert!(problems.is_empty() && verified > 250, "{verified}\n{}", problems.join("\n"));
}

#[test]
fn verdicts_are_those_of_the_cases() {
    let mut problems = Vec::new();
    for case in cases().iter().filter(|c| c.text("kind") == "check") {
        let said: Result<String> = Declarations::parse(case.text("vars")).and_then(|declarations| {
            let (left, right) = (parse(case.text("left"), &declarations)?, parse(case.text("right"), &declarations)?);
            Ok(Engine::new().check(&left, &right, &declarations)?.verdict.to_string())
        });
        if said.as_deref() != Ok(case.text("verdict")) {
            problems.push(format!("{}: {said:?}", case.text("id")));
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn verdicts_agree_with_values() {
    let mut problems = Vec::new();
    for case in cases().iter().filter(|c| c.text("kind") == "check") {
        let equal = |case: &Case, point: &Value| {
            let right: Vec<f64> = case.value("right", point)?.into_iter().collect();
            Ok(error_against(&right, &case.value("left", point)?) * if case.text("left").contains("diff") { 1e-3 } else { 1.0 })
        };
        match (case.text("verdict"), problem(case, equal)) {
            ("equal", Some(problem)) => problems.push(problem),
            ("different", None) => problems.push(format!("{}: equal at every point", case.text("id"))),
            ("different", Some(problem)) if !problem.contains("off by") => problems.push(problem),
            _ => {}
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}
