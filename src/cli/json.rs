//! The JSON form of answers, values and errors.

use indicial::{
    Answer, Answers, Comparison, Counterexample, Derivation, DerivationStep, Error, ErrorKind, Expr, Extent, Kind, Proof, ProofStep,
    Question, Requirement, Result, Solution, Symbol, Verdict, Verification, latex, unicode,
};
use ndarray::{ArrayD, ArrayViewD};
use serde_json::{Map, Value, json};

/// One object with everything that is known of an answer.
///
/// # Errors
/// If the answer has no form in Python.
pub fn answer(answer: &Answer, verification: Option<&Verification>, stats: bool) -> Result<Value> {
    is_short_enough(&answer.input)?;
    let formula = answer.shown();
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
    put("layout", json!(answer.layout.to_string()));
    put("structure", if answer.remarks().is_empty() { Value::Null } else { json!(answer.convention.to_string()) });
    put("text", json!(formula.body.to_string()));
    put("unicode", json!(unicode(&formula.body)));
    put("latex", json!(latex(&formula.body)));
    put("index", index(answer)?);
    put("where", shared(&formula.parts));
    compressed(answer, &mut put)?;
    put("numpy", code(answer.numpy())?);
    if let Some(v) = verification {
        put("verified", verified(v));
    }
    if stats {
        put("stats", statistics(answer));
    }
    Ok(Value::Object(object))
}

/// Code, or null where there is none for the formula.
fn code(source: Result<String>) -> Result<Value> {
    match source {
        Err(e) if e.kind == ErrorKind::Unsupported => Ok(Value::Null),
        source => Ok(json!(source?)),
    }
}

/// Shared parts of the input are written wherever they stand.
fn is_short_enough(input: &Expr) -> Result<()> {
    const LONGEST_INPUT: u64 = 1 << 20;
    if input.nodes() <= LONGEST_INPUT {
        return Ok(());
    }
    let message = format!("the input with its definitions put in place is over the limit of {LONGEST_INPUT} parts");
    Err(Error::new(ErrorKind::Limit, message))
}

/// One object with several derivatives of one function. `verifications` has one for each, or none at all.
///
/// # Errors
/// As [`answer`].
pub fn answers(answers: &Answers, verifications: &[Verification], stats: bool) -> Result<Value> {
    let Some(first) = answers.answers.first() else { return Ok(json!({"derivatives": []})) };
    is_short_enough(&first.input)?;
    let mut object = Map::new();
    let mut put = |key: &str, value: Value| {
        object.insert(key.to_owned(), value);
    };
    let mut conditions = Vec::new();
    let mut all = Vec::with_capacity(answers.answers.len());
    for (at, answer) in answers.answers.iter().enumerate() {
        conditions.extend(answer.conditions()?.into_iter().filter(|c| !conditions.contains(c)).collect::<Vec<_>>());
        all.push(one_of_several(answer, verifications.get(at))?);
    }
    let value = answers.answers.iter().position(|a| a.by.is_empty()).map(|at| all.remove(at));
    put("input", json!(first.input.to_string()));
    put("variables", first.variables.iter().map(|v| variable(v.name.as_str(), v.kind.as_deref())).collect());
    put("assumed", json!(first.assumed.iter().map(ToString::to_string).collect::<Vec<_>>()));
    put("conditions", json!(conditions));
    if let Some(value) = value {
        put("value", value);
    }
    put("derivatives", Value::Array(all));
    put("where", shared(&answers.parts));
    put("numpy", code(answers.numpy())?);
    if stats {
        put("stats", statistics(first));
    }
    Ok(Value::Object(object))
}

fn one_of_several(answer: &Answer, verification: Option<&Verification>) -> Result<Value> {
    let body = &answer.formula.body;
    let mut object = json!({
        "wrt": answer.by.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "shape": answer.shape.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "notation": answer.notation.to_string(),
        "structure": (!answer.remarks().is_empty()).then(|| answer.convention.to_string()),
        "text": body.to_string(),
        "unicode": unicode(body),
        "latex": latex(body),
        "index": index(answer)?,
    });
    if let Some(v) = verification {
        object["verified"] = verified(v);
    }
    Ok(object)
}

fn verified(v: &Verification) -> Value {
    json!({"ok": v.ok, "max_relative_error": v.max_relative_error, "points": v.points})
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
        Question::Differential { changes, .. } => Some(("differential", changes)),
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

fn shared(parts: &[(Symbol, Expr)]) -> Value {
    parts.iter().map(|(name, e)| json!({"name": name.to_string(), "text": e.to_string(), "latex": latex(e)})).collect()
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

/// A verdict with its reasons. Always the same keys; null or empty where the verdict has no such thing.
pub fn comparison(comparison: &Comparison) -> Value {
    let (proof, at) = match &comparison.verdict {
        Verdict::Equal(proof) => (Some(proof), None),
        Verdict::Different(at) => (None, at.as_deref()),
        _ => (None, None),
    };
    let mut object = Map::new();
    let mut put = |key: &str, value: Value| {
        object.insert(key.to_owned(), value);
    };
    put("verdict", json!(comparison.verdict.to_string()));
    put("left", json!(comparison.left.to_string()));
    put("right", json!(comparison.right.to_string()));
    put("variables", comparison.variables.iter().map(|v| variable(v.name.as_str(), v.kind.as_deref())).collect());
    put("assumed", json!(comparison.assumed.iter().map(ToString::to_string).collect::<Vec<_>>()));
    put("proof", proof.map_or(Value::Null, |p| p.steps.iter().map(|s| json!(s.rule.to_string())).collect()));
    put("steps", proof.map_or(Value::Null, steps));
    let conditions = |p: &Proof| p.conditions.iter().map(Requirement::sentence).collect::<Vec<_>>();
    put("conditions", json!(proof.map(conditions).unwrap_or_default()));
    put("counterexample", at.map_or(Value::Null, point));
    put("remarks", json!(comparison.remarks.iter().map(ToString::to_string).collect::<Vec<_>>()));
    put("points", json!(comparison.points));
    Value::Object(object)
}

/// The expression that each step leads to, from the first one on.
fn steps(proof: &Proof) -> Value {
    let step = |s: &ProofStep| {
        json!({
            "rule": s.rule.to_string(),
            "direction": if s.forward { "forward" } else { "backward" },
            "text": s.after.to_string(),
            "latex": latex(&s.after),
        })
    };
    let start = json!({"rule": null, "direction": null, "text": proof.start.to_string(), "latex": latex(&proof.start)});
    std::iter::once(start).chain(proof.steps.iter().map(step)).collect()
}

fn point(at: &Counterexample) -> Value {
    let sizes: Map<String, Value> = at.sizes.iter().map(|(s, n)| (s.to_string(), json!(n))).collect();
    let inputs: Map<String, Value> = at.values.iter().map(|(v, value)| (v.name.to_string(), nested(value.view()))).collect();
    json!({"dims": sizes, "inputs": inputs, "left": nested(at.left.view()), "right": nested(at.right.view())})
}

/// A derivation with every step.
pub fn derivation(derivation: &Derivation) -> Value {
    let answer = &derivation.answer;
    let variables = answer.variables.iter().map(|v| {
        let kind = v.kind.as_ref().map(ToString::to_string);
        json!({"name": v.name.to_string(), "kind": kind})
    });
    // Shared parts of the input are written wherever they stand.
    const LONGEST_INPUT: u64 = 1 << 20;
    let input = (derivation.input.nodes() <= LONGEST_INPUT).then(|| derivation.input.to_string());
    json!({
        "input": input,
        "wrt": derivation.wrt.iter().map(|v| v.name.to_string()).collect::<Vec<_>>(),
        "variables": variables.collect::<Vec<_>>(),
        "assumed": answer.assumed.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "steps": derivation.steps.iter().map(step).collect::<Vec<_>>(),
        "answer": answer.to_string(),
        "notation": answer.notation.to_string(),
        "latex": derivation.steps.last().map(|s| &s.right.latex),
    })
}

/// `rule`, `why` and `source` are those of the first of `rules`, null where no rule of the catalog says it.
fn step(step: &DerivationStep) -> Value {
    let rules: Vec<Value> =
        step.reasons.iter().map(|r| json!({"rule": &*r.rule, "law": &*r.law, "why": &*r.why, "source": &*r.source})).collect();
    let first = step.reasons.first();
    let whole = |left: &str, right: &str| if right.is_empty() { left.to_owned() } else { format!("{left} = {right}") };
    json!({
        "number": step.number,
        "title": step.title,
        "rule": first.map(|r| &*r.rule),
        "why": first.map(|r| &*r.why),
        "source": first.map(|r| &*r.source),
        "rules": rules,
        "text": whole(&step.left.text, &step.right.text),
        "unicode": whole(&step.left.unicode, &step.right.unicode),
        "latex": whole(&step.left.latex, &step.right.latex),
        "note": step.note,
    })
}

/// The object of an answer, with the equation and how far it is solved.
///
/// # Errors
/// As [`answer`].
pub fn solution(solution: &Solution, verification: Option<&Verification>, stats: bool) -> Result<Value> {
    let mut object = answer(&solution.answer, verification, stats)?;
    let (extent, free) = match &solution.extent {
        Extent::Only => ("only", Value::Null),
        Extent::Principal => ("principal", Value::Null),
        Extent::LeastNorm(_, left, right) => ("least norm", json!(format!("{left} = {right}"))),
        Extent::LeastSquares => ("least squares", Value::Null),
    };
    let provisos: Vec<String> = solution.provisos.iter().map(ToString::to_string).collect();
    let residual = &solution.residual;
    object["input"] = json!(format!("{} = {}", solution.left, solution.right));
    object["for"] = json!(solution.unknown.name.to_string());
    object["conditions"] = json!(provisos);
    object["extent"] = json!(extent);
    object["free"] = free;
    object["residual"] = json!({"max_relative_error": residual.max_relative_error, "points": residual.points});
    object["numpy"] = code(solution.numpy())?;
    Ok(object)
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
