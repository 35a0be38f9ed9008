//! Whether the engine, on its way from an expression to an answer, ever meets what a law looks for.

use crate::catalog::Catalog;
use crate::error::{Error, ErrorKind};
use crate::pipeline::Engine;
use crate::rule::{Example, Rule};

/// Why the law does nothing in any of its examples, if it does nothing.
pub fn unreached(engine: &Engine, rule: &Rule) -> Option<Error> {
    let examples = Catalog::examples(rule).ok()?;
    if examples.iter().any(|e| fires(engine, rule, e)) {
        return None;
    }
    let example = examples.first()?;
    let name = &rule.name;
    let simplify = |engine: &Engine, side| engine.simplify(side, &example.declarations);
    let remark = |message: String| Error::new(ErrorKind::Rule, message).at(example.span);
    let (left, right) = (simplify(engine, &example.left), simplify(engine, &example.right));
    if let (Ok(left), Ok(right)) = (&left, &right)
        && left.to_string() == right.to_string()
    {
        return Some(remark(format!("the engine makes `{right}` of the example without `{name}`")));
    }
    // What the e-graph is given.
    let seed = simplify(&engine.clone().saturation(false), &example.left);
    let remark = remark(format!("the engine never comes to use `{name}` in its example"));
    Some(match seed {
        Ok(seed) => remark.help(format!("before the e-graph looks at it, `{}` is written `{seed}`; write the law for that", example.left)),
        Err(e) => remark.help(e.message),
    })
}

fn fires(engine: &Engine, rule: &Rule, example: &Example) -> bool {
    let sides = [&example.left, &example.right];
    sides[..if rule.two_way { 2 } else { 1 }].iter().any(|side| {
        let answer = engine.simplify(side, &example.declarations);
        let stats = answer.ok().and_then(|a| a.profile.saturation);
        stats.is_some_and(|s| s.laws.iter().any(|(name, _)| **name == *rule.name))
    })
}
