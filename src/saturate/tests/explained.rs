//! Chains of steps: they lead from the seed to the answer that is found without them, and every step is true.

use super::super::{Limits, RuleSet, connect, simplify};
use crate::check::Scope;
use crate::eval::evaluate;
use crate::infer::infer;
use crate::matrix::{Terms, of_typed};
use crate::parse::{Declarations, parse};
use crate::present::{Setting, present};
use crate::typed::Typed;
use std::collections::BTreeSet;
use std::fmt::Write;

const DECLARED: &str = "A: matrix(n,n); B: matrix(n,n); C: matrix(n,n); Q: orthogonal(n); S: symmetric(n); P: posdef(n); X: matrix(m,n); \
                        x: vector(n); y: vector(n); z: vector(n); s: scalar; t: scalar > 0";

/// Each step as text, after it has been held against the one before at random points.
fn explained(text: &str) -> String {
    let declarations = Declarations::parse(DECLARED).unwrap();
    let typed = infer(&parse(text, &declarations).unwrap(), &declarations).unwrap();
    let mut terms = Terms::new();
    let root = of_typed(&typed, &mut terms).unwrap();
    let (rules, limits) = (RuleSet::standard(), Limits::default());
    let plain = simplify(&terms, &[root], rules, &limits).unwrap();
    let best = terms.add_recexpr(&plain.found[0].0);
    let steps = connect(&terms, &[root], &[best], rules, &limits).unwrap().unwrap();
    let typed_of = |term: &egg::RecExpr<crate::matrix::Mat>| -> (String, Typed) {
        let shown = present(term, Setting { taken: &BTreeSet::new(), input: None }).unwrap().inlined();
        (shown.to_string(), infer(&shown, &declarations).unwrap())
    };
    let mut shown = text.to_owned();
    let mut last = root;
    for step in &steps {
        let ((_, before), (after_text, after)) = (typed_of(&terms.to_recexpr(last)), typed_of(&step.after));
        let scope = Scope::of(&[&typed, &before, &after]);
        let seen = scope.compare(&|at| evaluate(&before, at), &|at| evaluate(&after, at), 3, 1e-6).unwrap();
        assert!(seen.ok, "{text}: {} makes {after_text}", step.rule);
        let arrow = if step.forward { "=" } else { "<=" };
        write!(shown, "\n  {arrow} {after_text}    {}", step.rule).unwrap();
        last = terms.add_recexpr(&step.after);
    }
    assert_eq!(last, best, "{text}");
    shown
}

#[test]
fn chains_lead_to_the_answer() {
    let all = [
        "inv(inv(A))*x + B*x",
        "2*A'*(A*x - y) + 2*A'*(y - B*x)",
        "tr(A*inv(B)*B*A')",
        "log(exp(s)*exp(t)) + sin(s)^2 + cos(s)^2",
        "det(Q*A*Q')",
        "inv(A) - inv(A)*B*inv(eye(n) + C*inv(A)*B)*C*inv(A)",
        "A*x*(x'*x) + s*A*x",
        "exp(x)./exp(y).*exp(y)",
        "x'*x + 2*x'*y + y'*y",
        "A*B + A*C + B*A",
        "(A*S*B)' + B'*S*A'",
        "norm2(Q*x)^2 + sum(x.^2)",
        "(1 - t)*A + t*A + t*B - B*t",
        "det(A)*det(inv(A))*x",
        "X'*X*inv(X'*X)*X'",
        "s*x + s*y + t*x + t*y",
        "step(x).*relu(x) + abs(x).*sign(x)",
    ];
    let shown: Vec<String> = all.iter().map(|text| explained(text)).collect();
    insta::with_settings!({snapshot_path => "../../../snapshots", prepend_module_to_snapshot => false}, {
        insta::assert_snapshot!("explained_saturation", shown.join("\n"));
    });
}
