//! The JSON form of answers, values and errors.

use indicial::{Answer, Error, ErrorKind, Expr, Kind, Presented, Question, Result, Verification, latex, unicode};
use ndarray::{ArrayD, ArrayViewD};
use serde_json::{Map, Value, json};

/// One object with everything that is known of an answer.
///
/// # Errors
/// If the answer has no form in Python.
pub fn answer(answer: &Answer, verification: Option<&Verification>, stats: bool) -> Result<Value> {
    // Shared parts of the input are written wherever they stand.
    const LONGEST_INPUT: u64 = 1 << 20;
    if answer.input.nodes() > LONGEST_INPUT {
        return Err(Error::new(
            ErrorKind::Limit,
            format!("the input with its definitions put in place is over the limit of {LONGEST_INPUT} parts"),
        ));
    }
    let formula = &answer.formula;
    let mut object = Map::new();
    let mut put = |key: &str, value: Value| {
        object.insert(key.to_owned(), value);
    };
    put("input", json!(answer.input.to_string()));
    put("wrt", json!(answer.by.iter().map(ToString::to_string).collect::<Vec<_>>()));
    if let Some((product, directions)) = product(&answer.question) {
        put("product", json!(product));
        put("directions", json!(directions.iter().map(ToString::to_string).collect::<Vec<_>>()));
    }
    put("variables", answer.variables.iter().map(|v| variable(v.name.as_str(), v.kind.as_deref())).collect());
    put("assumed", json!(answer.assumed.iter().map(ToString::to_string).collect::<Vec<_>>()));
    put("conditions", json!(answer.conditions()?));
    put("shape", json!(answer.shape.iter().map(ToString::to_string).collect::<Vec<_>>()));
    put("notation", json!(answer.notation.to_string()));
    put("structure", if answer.remarks().is_empty() { Value::Null } else { json!(answer.convention.to_string()) });
    put("text", json!(formula.body.to_string()));
    put("unicode", json!(unicode(&formula.body)));
    put("latex", json!(latex(&formula.body)));
    put("index", index(answer)?);
    put("where", parts(formula));
    compressed(answer, &mut put)?;
    put("numpy", json!(answer.numpy()?));
    if let Some(v) = verification {
        put("verified", json!({"ok": v.ok, "max_relative_error": v.max_relative_error, "points": v.points}));
    }
    if stats {
        put("stats", statistics(answer));
    }
    Ok(Value::Object(object))
}

/// The compressed form: a list, and apart the core and the pattern where there is one of them.
fn compressed(answer: &Answer, put: &mut impl FnMut(&str, Value)) -> Result<()> {
    let parts = answer.compressed()?;
    let texts: Vec<(String, String)> = parts.iter().map(|p| (p.core.inlined().to_string(), p.pattern.to_string())).collect();
    let one = if let [(core, pattern)] = &texts[..] { (json!(core), json!(pattern)) } else { (Value::Null, Value::Null) };
    put("core", one.0);
    put("pattern", one.1);
    put("compressed", texts.iter().map(|(core, pattern)| json!({"core": core, "pattern": pattern})).collect());
    Ok(())
}

/// The name of a product with directions, and these.
fn product(question: &Question) -> Option<(&'static str, &[Expr])> {
    match question {
        Question::Jvp(directions) => Some(("jvp", directions)),
        Question::Vjp(direction) => Some(("vjp", std::slice::from_ref(direction))),
        Question::Hvp(direction) => Some(("hvp", std::slice::from_ref(direction))),
        _ => None,
    }
}

/// Null where stacked axes have no index notation; every other answer has one.
fn index(answer: &Answer) -> Result<Value> {
    match answer.index() {
        Ok(formula) => Ok(json!(formula.to_string())),
        Err(e) if e.kind == ErrorKind::Unsupported => Ok(Value::Null),
        Err(e) => Err(e),
    }
}

pub fn variable(name: &str, kind: Option<&Kind>) -> Value {
    let dims: Vec<String> = kind.map(|k| k.shape.axes().iter().map(ToString::to_string).collect()).unwrap_or_default();
    json!({"name": name, "kind": kind.map(ToString::to_string), "dims": dims})
}

fn parts(formula: &Presented) -> Value {
    let part = |(name, e): &(indicial::Symbol, Expr)| json!({"name": name.to_string(), "text": e.to_string(), "latex": latex(e)});
    formula.parts.iter().map(part).collect()
}

fn statistics(answer: &Answer) -> Value {
    let mut object = Map::new();
    let stages: Map<String, Value> =
        answer.profile.stages.iter().map(|(stage, time)| ((*stage).to_owned(), json!(time.as_secs_f64() * 1e3))).collect();
    object.insert("milliseconds".to_owned(), Value::Object(stages));
    if let Some(s) = &answer.profile.saturation {
        let rules: Map<String, Value> = s.laws.iter().map(|(rule, hits)| (rule.clone(), json!(hits))).collect();
        object.insert("e_nodes".to_owned(), json!(s.nodes));
        object.insert("e_classes".to_owned(), json!(s.classes));
        object.insert("iterations".to_owned(), json!(s.iterations));
        object.insert("stop".to_owned(), json!(format!("{:?}", s.stop).to_lowercase()));
        object.insert("rules".to_owned(), Value::Object(rules));
    }
    if let Ok(cost) = answer.cost() {
        let [operations, entries] = cost.polynomials();
        object.insert("operations".to_owned(), json!(operations));
        object.insert("numbers".to_owned(), json!(entries));
    }
    Value::Object(object)
}

/// `{"error": {"kind", "message", "span", "help"}}`.
pub fn error(error: &Error) -> Value {
    let span = error.span.map(|s| json!([s.start, s.end]));
    json!({"error": {"kind": error.kind.to_string(), "message": error.message, "span": span, "help": error.help}})
}

/// `{"shape", "value"}`; what is not finite is null, as JSON has no number for it.
pub fn value(value: &ArrayD<f64>) -> Value {
    json!({"shape": value.shape(), "value": nested(value.view())})
}

pub fn nested(value: ArrayViewD<f64>) -> Value {
    match value.ndim() {
        0 => value.first().map_or(Value::Null, |x| json!(x)),
        _ => value.outer_iter().map(nested).collect(),
    }
}
