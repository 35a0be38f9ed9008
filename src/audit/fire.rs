//! Whether a rule does what its example says: the step that it names, or the e-graph, makes the two sides one.

use super::sides::Sides;
use crate::check::Scope;
use crate::contract::Draft;
use crate::diff::derivative;
use crate::dim::Symbol;
use crate::error::{Error, ErrorKind, Result};
use crate::eval::evaluate;
use crate::expr::Var;
use crate::factor::factor;
use crate::index::{Axes, Graph, Node, NodeId};
use crate::infer::infer;
use crate::lower::lower;
use crate::matrix::{Terms, of_typed};
use crate::number::Number;
use crate::present::present_whole;
use crate::prove::Expander;
use crate::raise::Raiser;
use crate::rule::{Example, Rule, Step, changes};
use crate::saturate::{Limits, RuleSet, equates, laws_of};
use egg::Id;

/// # Errors
/// Of kind `Rule` with the place of the example, if its right side does not come about in the way that the rule says.
pub fn fires(rule: &Rule, example: &Example) -> Result<()> {
    let sides = Sides::of(&example.declarations, (&example.left, &example.right), example.places)?;
    let done = match rule.by {
        None => by_saturation(rule, &sides),
        Some(Step::Lowering | Step::Contraction | Step::Recognition) => by_construction(&sides),
        Some(Step::Factoring) => by_factoring(&sides),
        Some(Step::Differentiation) => by_differentiation(&sides, example),
        Some(Step::Expansion) => by_expansion(&sides),
        Some(Step::Construction) => terms(&sides).map(|(_, left, right)| (left == right).into()),
        Some(Step::Statement) => Ok(Done::Yes),
    };
    let idle = |why: &str, help: &str| Err(Error::new(ErrorKind::Rule, why).at(example.span).help(help));
    match done {
        Ok(Done::Yes) => Ok(()),
        Ok(Done::Before) => idle(
            &format!("`{}` has nothing to do in the example: both sides are one term before it is looked at", rule.name),
            "give an example in which the law changes something",
        ),
        Ok(Done::No) => match rule.by {
            None => idle(
                &format!("`{}` does not fire: the e-graph does not make the right side of the example from the left", rule.name),
                "the left side of the example has to match that of the law, with what `if` asks for declared in `with`",
            ),
            Some(step) => idle(
                &format!("the step `{step}` does not make the right side of the example from the left"),
                "leave `by` out if the law is for the e-graph, or name the step that performs it",
            ),
        },
        Err(e) => Err(Error { kind: ErrorKind::Rule, span: Some(example.span), notes: Vec::new(), ..e }),
    }
}

enum Done {
    Yes,
    No,
    /// There was nothing to do.
    Before,
}

impl From<bool> for Done {
    fn from(yes: bool) -> Done {
        if yes { Done::Yes } else { Done::No }
    }
}

/// The law alone has to find the right side from the left.
fn by_saturation(rule: &Rule, sides: &Sides) -> Result<Done> {
    let (terms, left, right) = terms(sides)?;
    if left == right {
        return Ok(Done::Before);
    }
    let laws = RuleSet::new(laws_of(rule)?);
    Ok(equates(&terms, left, right, &laws, &Limits::default())?.into())
}

fn terms(sides: &Sides) -> Result<(Terms, Id, Id)> {
    let mut terms = Terms::new();
    let (left, right) = (of_typed(&sides.left, &mut terms)?, of_typed(&sides.right, &mut terms)?);
    Ok((terms, left, right))
}

fn nodes(graph: &mut Graph, sides: &Sides) -> Result<(NodeId, NodeId)> {
    Ok((lower(graph, &sides.left)?, lower(graph, &sides.right)?))
}

fn by_construction(sides: &Sides) -> Result<Done> {
    let (left, right) = nodes(&mut Graph::new(), sides)?;
    Ok((left == right).into())
}

fn by_factoring(sides: &Sides) -> Result<Done> {
    let mut graph = Graph::new();
    let (left, right) = nodes(&mut graph, sides)?;
    let (left, right) = (factor(&mut graph, left), factor(&mut graph, right));
    if left == right {
        return Ok(Done::Yes);
    }
    let mut terms = Terms::new();
    let mut raiser = Raiser::new(&mut graph, &mut terms);
    let (left, right) = (raiser.raise(left), raiser.raise(right));
    Ok((left == right || equates(&terms, left, right, &RuleSet::default(), &Limits::default())?).into())
}

fn by_expansion(sides: &Sides) -> Result<Done> {
    let mut graph = Graph::new();
    let (left, right) = nodes(&mut graph, sides)?;
    let mut expander = Expander::new(&mut graph, false);
    let both = expander.node(left).zip(expander.node(right));
    let (left, right) = both.ok_or_else(|| Error::new(ErrorKind::Limit, "multiplied out it has too many terms"))?;
    Ok((left == right).into())
}

/// At how many points the derivative is held against the law.
const POINTS: usize = 4;
const TOLERANCE: f64 = 1e-8;

/// The engine's derivative, applied to the changes, is the right side.
fn by_differentiation(sides: &Sides, example: &Example) -> Result<Done> {
    let mut graph = Graph::new();
    let (left, right) = nodes(&mut graph, sides)?;
    let axes: Axes = graph.axes(left).into();
    let mut terms = Vec::new();
    for (x, dx) in changes(&example.declarations, &example.right) {
        let kind = |name: Symbol| sides.right.variables.get(&name).cloned().unwrap_or_else(|| Var::undeclared(name.as_str()));
        let slope = derivative(&mut graph, left, &kind(x))?;
        let change = graph.insert(Node::Var(kind(dx)));
        terms.push((Number::ONE, applied(&mut graph, slope, change, axes.len())));
    }
    let total = graph.sum(&axes, terms);
    if total == right {
        return Ok(Done::Yes);
    }
    let mut terms = Terms::new();
    let raised = Raiser::new(&mut graph, &mut terms).raise(total);
    let names = example.declarations.iter().map(|(name, _)| name).chain(example.declarations.dim_symbols()).collect();
    let answer = infer(&present_whole(&terms.to_recexpr(raised), &names)?, &example.declarations)?;
    let scope = Scope::of(&[&sides.left, &sides.right]);
    Ok(scope.compare(&|at| evaluate(&answer, at), &|at| evaluate(&sides.right, at), POINTS, TOLERANCE)?.ok.into())
}

/// A derivative, the axes of the function first, applied to a change of the variable.
fn applied(graph: &mut Graph, slope: NodeId, change: NodeId, own: usize) -> NodeId {
    let axes: Axes = graph.axes(slope).into();
    let mut draft = Draft::new();
    let labels = draft.labels(&axes);
    draft.factor(slope, &labels).factor(change, &labels[own..]);
    graph.contract(draft.out(&labels[..own]))
}
