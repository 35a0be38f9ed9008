//! The catalog's rules as laws of the e-graph.

use super::law::Law;
use crate::catalog::Catalog;
use crate::dim::Symbol;
use crate::error::{Error, ErrorKind, Result};
use crate::expr::{Expr, Op};
use crate::fact::Facts;
use crate::function::{Call, Function, Map, Map2};
use crate::infer::infer;
use crate::matrix::{MatFn, Operator};
use crate::rule::{Fact, Rule};
use std::sync::{Arc, LazyLock, OnceLock};

impl From<Fact> for Facts {
    fn from(fact: Fact) -> Facts {
        match fact {
            Fact::Symmetric => Facts::SYMMETRIC,
            Fact::Skew => Facts::SKEW,
            Fact::Diagonal => Facts::DIAGONAL,
            Fact::Lower => Facts::LOWER,
            Fact::Upper => Facts::UPPER,
            Fact::Orthogonal => Facts::ORTHOGONAL,
            Fact::PositiveDefinite => Facts::POSDEF,
            Fact::Invertible => Facts::INVERTIBLE,
            Fact::Positive => Facts::POSITIVE,
            Fact::NonNegative => Facts::NONNEGATIVE,
        }
    }
}

/// The laws of a rule: one, or two if it may be used both ways.
///
/// # Errors
/// If a side has no matrix form or a condition is not on a variable.
pub fn laws_of(rule: &Rule) -> Result<Vec<Law>> {
    let conditions =
        rule.conditions.iter().map(|c| Ok((variable(&c.subject)?, c.fact.into()))).collect::<Result<Vec<(Symbol, Facts)>>>()?;
    let (left, right) = (infer(&rule.left, &rule.declarations)?, infer(&rule.right, &rule.declarations)?);
    let compile = if rule.is_elementwise() { Law::compile_elementwise } else { Law::compile };
    let mut laws = vec![compile(&rule.name, &left, &right, &conditions)?];
    if rule.two_way {
        laws.push(compile(&rule.name, &right, &left, &conditions)?);
    }
    Ok(laws)
}

fn variable(subject: &Expr) -> Result<Symbol> {
    match subject.op() {
        Op::Var(var) => Ok(var.name),
        _ => Err(Error::new(ErrorKind::Rule, format!("a condition is on variables, not on {subject}"))),
    }
}

/// The laws that a query is saturated with. They are read and compiled once, when a query first has the functions that
/// they are about, and shared.
#[derive(Clone, Debug, Default)]
pub struct RuleSet(Arc<Rules>);

#[derive(Debug, Default)]
struct Rules {
    catalog: Option<Catalog>,
    entries: Vec<Entry>,
    /// With the laws that steps of the engine perform.
    whole: OnceLock<RuleSet>,
}

#[derive(Debug)]
struct Entry {
    place: usize,
    /// The functions that the law's text names on its left.
    functions: u128,
    laws: OnceLock<Vec<Law>>,
}

static STANDARD: LazyLock<RuleSet> = LazyLock::new(|| RuleSet::of(Catalog::standard()));

impl RuleSet {
    /// These laws, but for those that hold by construction.
    pub fn new(laws: impl IntoIterator<Item = Law>) -> RuleSet {
        let laws: Vec<Law> = laws.into_iter().filter(|law| !law.holds_by_construction()).collect();
        let entry = Entry { place: 0, functions: 0, laws: OnceLock::from(laws) };
        RuleSet(Arc::new(Rules { catalog: None, entries: vec![entry], whole: OnceLock::new() }))
    }

    /// The laws of the catalog that comes with the crate.
    pub fn standard() -> &'static RuleSet {
        &STANDARD
    }

    /// The laws of a catalog. A rule without matrix form, such as one about index notation, is none of them.
    pub fn of(catalog: &Catalog) -> RuleSet {
        RuleSet::among(catalog, catalog.rewrite_texts())
    }

    fn among<'a>(catalog: &Catalog, laws: impl Iterator<Item = (usize, &'a str)>) -> RuleSet {
        let entry = |(place, law)| Entry { place, functions: functions_of(law), laws: OnceLock::new() };
        RuleSet(Arc::new(Rules { catalog: Some(catalog.clone()), entries: laws.map(entry).collect(), whole: OnceLock::new() }))
    }

    /// These and the laws that steps of the engine perform, for proofs that name them.
    pub fn with_laws_of_the_engine(&self) -> &RuleSet {
        self.0.whole.get_or_init(|| match &self.0.catalog {
            Some(catalog) => RuleSet::among(catalog, catalog.equation_texts()),
            None => self.clone(),
        })
    }

    /// The laws that may match in a graph with these operators.
    pub(super) fn applicable(&self, present: u128) -> impl Iterator<Item = &Law> {
        let entries = self.0.entries.iter().filter(move |e| e.functions & !present == 0);
        entries.flat_map(|e| self.laws(e)).filter(move |law| law.operators & !present == 0)
    }

    fn laws<'a>(&'a self, entry: &'a Entry) -> &'a [Law] {
        entry.laws.get_or_init(|| {
            let rule = self.0.catalog.as_ref().and_then(|c| c.rule_at(entry.place)).filter(|rule| !rule.differential);
            let laws = rule.and_then(|rule| laws_of(rule).ok()).unwrap_or_default();
            laws.into_iter().filter(|law| !law.holds_by_construction()).collect()
        })
    }
}

/// The functions without whose operators a law cannot match, as far as its text tells: those named on its left side; of
/// a law for both ways, on both sides. Those that have no operator of their own count for nothing.
fn functions_of(law: &str) -> u128 {
    let named = |side: &str| {
        let words = side.split(|c: char| !(c.is_alphanumeric() || c == '_'));
        words.filter_map(Function::named).filter_map(operator).fold(0, |all, operator| all | operator.bit())
    };
    // `frechet(expm, A, E)` is one function.
    let law = law.replace("frechet(", "frechet_");
    match law.split_once("=>") {
        Some((left, _)) => named(left),
        None => law.split('=').map(named).reduce(|all, side| all & side).unwrap_or(0),
    }
}

fn operator(function: Function) -> Option<Operator> {
    match function {
        Function::Map(Map::Sqrt) => None,
        Function::Map(f) => Some(Operator::Map(f)),
        Function::Call(Call::Max) => Some(Operator::Map2(Map2::Max)),
        Function::Call(Call::Min) => Some(Operator::Map2(Map2::Min)),
        // Of a matrix and of a vector it is two operators.
        Function::Call(Call::Diag) => None,
        Function::Call(Call::Kron) => Some(Operator::Call(MatFn::Kron)),
        Function::Call(Call::Cross) => Some(Operator::Call(MatFn::Cross)),
        Function::Call(Call::Sylvester) => Some(Operator::Call(MatFn::Sylvester)),
        Function::Call(Call::FrechetExpm) => Some(Operator::Call(MatFn::FrechetExpm)),
        Function::Call(Call::FrechetLogm) => Some(Operator::Call(MatFn::FrechetLogm)),
        Function::Call(Call::FrechetCosm) => Some(Operator::Call(MatFn::FrechetCosm)),
        Function::Call(Call::FrechetSinm) => Some(Operator::Call(MatFn::FrechetSinm)),
        Function::Call(Call::OpenExpm) => Some(Operator::Call(MatFn::OpenExpm)),
        Function::Call(Call::OpenLogm) => Some(Operator::Call(MatFn::OpenLogm)),
        Function::Call(Call::OpenCosm) => Some(Operator::Call(MatFn::OpenCosm)),
        Function::Call(Call::OpenSinm) => Some(Operator::Call(MatFn::OpenSinm)),
        Function::Call(f) => MatFn::of_one_argument(f).map(Operator::Call),
    }
}
