//! Every rule of the catalog: it reads, is well-typed, named, sourced, needs its conditions, and is true.

use indicial::{
    Catalog, Condition, Declaration, Declarations, Error, ErrorKind, Example, Expr, Fact, Inputs, Kind, Op, Rule, Scope, Sign, Step,
    Structure, Symbol, Typed, TypedId, Var, evaluate, infer,
};
use ndarray::{ArrayD, Axis};
use std::collections::BTreeSet;

const REJECTED: &str = include_str!("../rules/rejected.rules");

fn read(text: &str, theme: &str) -> Vec<Rule> {
    Catalog::parse(text, theme).unwrap_or_else(|e| panic!("{theme}: {e} at `{}`", &text[e.span.map_or(0..0, |s| s.start..s.end)]))
}

fn all() -> Vec<Rule> {
    Catalog::files().flat_map(|(theme, text)| read(text, theme)).collect()
}

fn examples(rule: &Rule) -> Vec<Example> {
    Catalog::examples(rule).expect("examples are read with the rules")
}

/// Fails with one line for each rule that does not pass.
fn each(rules: &[Rule], check: impl Fn(&Rule) -> Result<(), String>) {
    let bad: Vec<String> = rules.iter().filter_map(|r| check(r).err().map(|e| format!("{r}\n    {e}"))).collect();
    assert!(bad.is_empty(), "{} of {} rules:\n{}", bad.len(), rules.len(), bad.join("\n"));
}

#[test]
fn every_rule_reads() {
    let rules = all();
    assert!(rules.len() >= 150);
    assert_eq!(Catalog::standard().rules().count(), rules.len());
    assert_eq!(Catalog::standard().rewrites().count(), rules.iter().filter(|r| r.is_rewrite()).count());
    let names: BTreeSet<&str> = rules.iter().map(|r| &*r.name).collect();
    assert_eq!(names.len(), rules.len(), "two rules have one name");
}

#[test]
fn every_reason_is_a_sentence() {
    each(&all(), |r| match r.why.ends_with('.') && r.source.len() > 8 && !examples(r).is_empty() {
        true => Ok(()),
        false => Err(format!("{} {}", r.why, r.source)),
    });
}

#[test]
fn every_side_has_one_shape() {
    each(&all(), |r| {
        Sides::of(&r.declarations, &r.left, &r.right)?;
        examples(r)
            .iter()
            .try_for_each(|e| Sides::of(&e.declarations, &e.left, &e.right).map(|_| ()).map_err(|m| format!("{}: {m}", e.text)))
    });
}

#[test]
fn no_rewrite_makes_a_term_longer_unawares() {
    each(&all(), |r| match (r.is_rewrite(), r.opens.is_some(), tokens(&r.right) > tokens(&r.left) || r.two_way) {
        (true, false, true) => Err(format!("{} tokens become {} and no `opens` says why", tokens(&r.left), tokens(&r.right))),
        (_, true, false) => Err("it has `opens` and needs none".to_owned()),
        (true, true, true) | (true, false, false) | (false, false, _) => Ok(()),
        (false, true, true) => Err("it is no rewrite and needs no `opens`".to_owned()),
    });
}

#[test]
fn no_rewrite_invents_a_variable() {
    each(&all(), |r| {
        let unbound = |e: &Expr, by: &Expr| r.declarations.iter().map(|(n, _)| n).find(|n| e.mentions(*n) && !by.mentions(*n));
        let both = unbound(&r.right, &r.left).filter(|_| !r.differential).or(unbound(&r.left, &r.right).filter(|_| r.two_way));
        let asked = r.conditions.iter().find_map(|c| unbound(&c.subject, &r.left));
        both.or(asked).map_or(Ok(()), |name| Err(format!("`{name}` is not bound")))
    });
}

#[test]
fn differentials_are_those_of_the_theme() {
    each(&all(), |r| match (r.differential, r.by == Some(Step::Differentiation), r.differential != r.changes().is_empty()) {
        (true, true, true) | (false, false, true) => Ok(()),
        _ => Err("a differential law is `by diff` and names a change".to_owned()),
    });
}

#[test]
fn every_rule_holds() {
    each(&all(), |r| {
        let (points, counterexample) = test(r, None)?;
        match counterexample {
            Some(at) => Err(at),
            None if points < 4 => Err(format!("its left side is defined at only {points} points")),
            None => Ok(()),
        }
    });
}

#[test]
fn every_example_holds() {
    let simple: Vec<Rule> = all().into_iter().filter(|r| !r.differential).collect();
    each(&simple, |r| {
        examples(r).iter().try_for_each(|e| {
            let (points, counterexample) = compare(&e.declarations, &e.left, &e.right, &[])?;
            match counterexample {
                Some(at) => Err(format!("{}: {at}", e.text)),
                None if points < 4 => Err(format!("{}: its left side is defined at only {points} points", e.text)),
                None => Ok(()),
            }
        })
    });
}

#[test]
fn every_condition_is_needed() {
    each(&all(), |r| {
        (0..r.conditions.len()).try_for_each(|at| match test(r, Some(at))?.1 {
            Some(_) => Ok(()),
            None => Err(format!("it holds without {}", r.conditions[at])),
        })
    });
}

#[test]
fn every_rejected_rule_is_false() {
    each(&read(REJECTED, "rejected"), |r| test(r, None)?.1.map(|_| ()).ok_or("it holds".to_owned()));
}

/// Both sides of a law, typed together so that they share their dimensions.
struct Sides {
    left: Typed,
    right: Typed,
}

impl Sides {
    fn of(declarations: &Declarations, left: &Expr, right: &Expr) -> Result<Sides, String> {
        let both = Expr::new(Op::Add(vec![left.clone(), -right]));
        let mut typed = infer(&both, declarations).map_err(|e| e.to_string())?;
        // The expressions hold the kinds of the rule; what is assumed beyond these decides only which points are drawn.
        for (name, var) in &mut typed.variables {
            if let Some(kind) = declarations.variable(*name) {
                *var = Var::new(name.as_str(), kind.clone());
            }
        }
        let Op::Add(terms) = &typed.root().op else { return Err("the sides are no sum".to_owned()) };
        let Op::Neg(negated) = typed.node(terms[1]).op else { return Err("the right side is no term".to_owned()) };
        let (l, r) = (terms[0], negated);
        if typed.node(l).shape != typed.node(r).shape {
            return Err(format!("{} is not {}", typed.node(l).shape, typed.node(r).shape));
        }
        let side = |root: TypedId| Typed { root, ..typed.clone() };
        Ok(Sides { left: side(l), right: side(r) })
    }
}

/// How many points were tried, and one where the two sides differ.
type Outcome = (usize, Option<String>);

/// Tries a rule at points that satisfy its conditions, except perhaps one.
fn test(rule: &Rule, without: Option<usize>) -> Result<Outcome, String> {
    let conditions: Vec<(&Condition, bool)> = rule.conditions.iter().enumerate().map(|(at, c)| (c, Some(at) != without)).collect();
    if rule.differential {
        compare_differential(rule, &conditions)
    } else {
        compare(&rule.declarations, &rule.left, &rule.right, &conditions)
    }
}

fn compare(declarations: &Declarations, left: &Expr, right: &Expr, conditions: &[(&Condition, bool)]) -> Result<Outcome, String> {
    let sides = Sides::of(&assuming(declarations, conditions)?, left, right)?;
    let points = draw(&sides, conditions, true)?;
    outcome(&points, |at| evaluate(&sides.left, at), |at| evaluate(&sides.right, at), 1e-8)
}

/// Compares with central differences along the change.
fn compare_differential(rule: &Rule, conditions: &[(&Condition, bool)]) -> Result<Outcome, String> {
    let sides = Sides::of(&assuming(&rule.declarations, conditions)?, &rule.left, &rule.right)?;
    let points = draw(&sides, conditions, false)?;
    let step = 1e-5;
    let moved = |at: &Inputs, by: f64| {
        let mut to = at.clone();
        for (x, dx) in rule.changes() {
            to.values[&x] = &at.values[&x] + &(&at.values[&dx] * by);
        }
        evaluate(&sides.left, &to)
    };
    outcome(&points, |at| Ok((moved(at, step)? - moved(at, -step)?) / (2.0 * step)), |at| evaluate(&sides.right, at), 1e-4)
}

type Side<'a> = dyn Fn(&Inputs) -> Result<ArrayD<f64>, Error> + 'a;

/// A point where the left side is undefined says nothing; one where only the right side is undefined refutes.
fn outcome<'a>(
    points: &[Inputs],
    left: impl Fn(&Inputs) -> Result<ArrayD<f64>, Error> + 'a,
    right: impl Fn(&Inputs) -> Result<ArrayD<f64>, Error> + 'a,
    tolerance: f64,
) -> Result<Outcome, String> {
    let (left, right): (&Side, &Side) = (&left, &right);
    let mut tried = 0;
    for at in points {
        let a = match left(at) {
            Ok(a) if a.iter().all(|v| v.is_finite()) => a,
            Ok(_) => continue,
            Err(e) if e.kind == ErrorKind::Domain || e.kind == ErrorKind::Data => continue,
            Err(e) => return Err(e.to_string()),
        };
        tried += 1;
        match right(at) {
            Ok(b) if close(&a, &b, tolerance) => {}
            Ok(b) => return Ok((tried, Some(format!("{a:?}\n    {b:?}\n    at {:?}", at.values)))),
            Err(e) if e.kind == ErrorKind::Domain || e.kind == ErrorKind::Data => {
                return Ok((tried, Some(format!("{e} at {:?}", at.values))));
            }
            Err(e) => return Err(e.to_string()),
        }
    }
    Ok((tried, None))
}

fn close(a: &ArrayD<f64>, b: &ArrayD<f64>, tolerance: f64) -> bool {
    let scale = a.iter().fold(1.0, |m: f64, v| m.max(v.abs()));
    a.shape() == b.shape() && a.iter().zip(b).all(|(x, y)| (x - y).abs() <= tolerance * scale)
}

/// The declarations with the facts of the conditions that are kept.
fn assuming(declarations: &Declarations, conditions: &[(&Condition, bool)]) -> Result<Declarations, String> {
    let mut all = Declarations::new();
    declarations.dim_symbols().try_for_each(|s| all.insert_dim(s)).map_err(|e| e.to_string())?;
    for (name, declaration) in declarations.iter() {
        let Declaration::Variable(kind) = declaration else { return Err(format!("{name} is a function")) };
        let kept = conditions.iter().filter(|(c, kept)| *kept && subject(c) == Some(name));
        let kind = kept.fold(kind.clone(), |kind, (c, _)| with_fact(kind, c.fact));
        all.insert(name, Declaration::Variable(kind)).map_err(|e| e.to_string())?;
    }
    Ok(all)
}

fn subject(condition: &Condition) -> Option<Symbol> {
    if let Op::Var(v) = condition.subject.op() { Some(v.name) } else { None }
}

fn with_fact(kind: Kind, fact: Fact) -> Kind {
    match fact {
        Fact::Symmetric => Kind { structure: Structure::Symmetric, ..kind },
        Fact::Skew => Kind { structure: Structure::Skew, ..kind },
        Fact::Diagonal => Kind { structure: Structure::Diagonal, ..kind },
        Fact::Lower => Kind { structure: Structure::Lower, ..kind },
        Fact::Upper => Kind { structure: Structure::Upper, ..kind },
        Fact::Orthogonal => Kind { structure: Structure::Orthogonal, ..kind },
        Fact::PositiveDefinite => Kind { structure: Structure::PositiveDefinite, ..kind },
        // A random matrix is.
        Fact::Invertible => kind,
        Fact::Positive => Kind { sign: Sign::Positive, ..kind },
        Fact::NonNegative => Kind { sign: Sign::NonNegative, ..kind },
    }
}

/// Random points. With `simple`, scalars are small integers, a half or 0 in some of them, where laws of powers and kinks are put to
/// the test; differentials do not hold there.
fn draw(sides: &Sides, conditions: &[(&Condition, bool)], simple: bool) -> Result<Vec<Inputs>, String> {
    let scope = Scope::of(&[&sides.left, &sides.right]);
    let singular: Vec<Symbol> =
        conditions.iter().filter(|(c, kept)| !kept && c.fact == Fact::Invertible).filter_map(|(c, _)| subject(c)).collect();
    (0..36)
        .map(|number| {
            let mut at = scope.draw(number).map_err(|e| e.to_string())?;
            if simple && number % 3 == 2 {
                make_simple(&mut at, number / 3, &sides.left);
            }
            singular.iter().for_each(|name| make_singular(&mut at.values[name]));
            Ok(at)
        })
        .collect()
}

fn make_simple(at: &mut Inputs, number: usize, typed: &Typed) {
    let numbers = [-2.0, 2.0, 0.5, 3.0, 0.0, -1.0, 1.0];
    for (turn, (name, value)) in at.values.iter_mut().enumerate().filter(|(_, (_, value))| value.ndim() == 0) {
        let one: f64 = numbers[(number + turn * (1 + number / numbers.len())) % numbers.len()];
        value.fill(match typed.variables.get(name).map_or(Sign::Any, |v| v.sign()) {
            Sign::Any => one,
            Sign::NonNegative => one.abs(),
            Sign::Positive => one.abs().max(1.0),
        });
    }
}

/// Makes the second row the first.
fn make_singular(value: &mut ArrayD<f64>) {
    let first = value.index_axis(Axis(0), 0).to_owned();
    value.index_axis_mut(Axis(0), 1).assign(&first);
}

/// Names, numbers, functions and operators.
fn tokens(expr: &Expr) -> usize {
    let own = match expr.op() {
        Op::Add(all) | Op::Mul(all) | Op::Had(all) => {
            all.len() - 1 - all.iter().filter(|t| matches!(expr.op(), Op::Add(_)) && is_minus(t)).count()
        }
        _ => 1,
    };
    let mut sum = own;
    expr.op().for_each_child(|c| sum += tokens(c));
    sum
}

fn is_minus(term: &Expr) -> bool {
    matches!(term.op(), Op::Neg(_))
}

/// The message for a file that is no list of rules, with the part of it that is marked.
fn refusal(text: &str) -> String {
    match Catalog::parse(text, "test") {
        Ok(rules) => format!("{} rules", rules.len()),
        Err(e) => format!("{} at `{}`", e.message, e.span.map_or("", |s| &text[s.start..s.end])),
    }
}

#[test]
fn what_is_no_rule_is_an_error_with_its_place() {
    let end = "\n why a\n source b\n example a => a\n";
    for (text, expected) in [
        ("", "0 rules"),
        ("# only a comment\n", "0 rules"),
        ("rule", "expected `rule NAME` at `rule`"),
        ("rule a b", "expected `rule NAME` at `rule a b`"),
        ("law a => b", "expected `rule NAME` at `law a => b`"),
        ("  law a => b", "a field outside a rule at `law a => b`"),
        ("rule a\n  lav a => b", "a rule has no field `lav` at `lav`"),
        ("rule a\n  law", "the field `law` is empty at `law`"),
        ("rule a\n  why x.\n  why x.", "the field `why` stands twice in `a` at `why`"),
        ("rule a\n  why x.", "the rule `a` has no `law` at `a`"),
        (&format!("rule a\n law a => a{end}"), "1 rules"),
        (&format!("rule a\n law a => a{end}rule a\n law a => a{end}"), "there are two rules named `a` at `a`"),
        (&format!("rule a\n law a{end}"), "expected `LEFT => RIGHT` or `LEFT = RIGHT` at `a`"),
        (&format!("rule a\n for x: vctor(n)\n law x => x{end}"), "`vctor` is no kind at `vctor`"),
        (&format!("rule a\n for x: scalar; y\n law x => x{end}"), "expected `name: kind` at `y`"),
        (&format!("rule a\n for x: scalar\n law x => x\n if big(x){end}"), "`big` is no fact at `big`"),
        (
            &format!("rule a\n for x: scalar\n law x => x\n if positive(x) positive(x){end}"),
            "expected `,` between two conditions at `positive(x)`",
        ),
        (&format!("rule a\n for x: scalar\n law x => x\n if positive(x{end}"), "a bracket is not closed at `positive(x`"),
        (&format!("rule a\n law a => a\n by magic{end}"), "`magic` is no step of the engine at `magic`"),
    ] {
        let got = refusal(text);
        assert_eq!(got, expected, "{text}");
    }
}

#[test]
fn further_rules_join_under_names_of_their_own() {
    let standard = Catalog::standard();
    let rules = read("rule twice\n for x: scalar\n law x + x => 2*x\n why Counting.\n source None\n example a + a => 2*a\n", "own");
    assert!(rules[0].is_elementwise());
    let more = standard.with(rules.clone()).unwrap();
    assert_eq!(more.len(), standard.len() + 1);
    assert_eq!(&*more.rule("twice").unwrap().theme, "own");
    assert_eq!(more.with(rules).unwrap_err().kind, ErrorKind::Rule);
}

#[test]
fn only_rules_of_functions_that_occur_are_read() {
    let names =
        |occurs: &[&str]| Catalog::standard().rewrites_among(|f| occurs.contains(&f)).map(|r| r.name.to_string()).collect::<Vec<_>>();
    assert!(names(&["det", "inv"]).contains(&"det_inv".to_owned()));
    assert!(!names(&["det"]).contains(&"det_inv".to_owned()));
    assert!(names(&[]).iter().all(|n| !n.contains("exp")));
}
