//! Laws that say the same but for the names of their variables.

use crate::dim::{Dim, Symbol};
use crate::error::Result;
use crate::expr::{Expr, Kind, Shape, Var};
use crate::infer::infer;
use crate::matrix::{Build, Mat, Terms, of_typed, reconstruct};
use crate::parse::Declaration;
use crate::rule::{Rule, change_of};
use crate::saturate::with_dims;
use egg::{Id, Language};
use indexmap::IndexMap;
use rustc_hash::FxHashMap;

/// The terms of a law.
struct Pair {
    terms: Terms,
    left: Id,
    right: Id,
    /// Those that change in a differential law stand before their changes, which are not among them.
    variables: Vec<Var>,
}

/// More orders of the variables than this are not tried.
const MOST_ORDERS: usize = 5040;

impl Pair {
    fn of(rule: &Rule) -> Result<Pair> {
        let mut terms = Terms::new();
        let left = of_typed(&infer(&rule.left, &rule.declarations)?, &mut terms)?;
        let right = of_typed(&infer(&rule.right, &rule.declarations)?, &mut terms)?;
        let changes: Vec<Symbol> = rule.declarations.iter().map(|(name, _)| change_of(name)).filter(|_| rule.differential).collect();
        let named = rule.declarations.iter().filter(|(name, _)| rule.left.mentions(*name) || rule.right.mentions(*name));
        let variables = named.filter(|(name, _)| !changes.contains(name)).filter_map(|(name, d)| match d {
            Declaration::Variable(kind) => Some(Var::new(name.as_str(), kind.clone())),
            Declaration::Function { .. } => None,
        });
        let variables = variables.collect();
        Ok(Pair { terms, left, right, variables })
    }

    /// The orders of the variables that differ, where only those of one sort change places.
    fn orders(&self) -> Vec<Vec<&Var>> {
        let sort = |v: &Var| (v.axes().len(), format!("{:?}", v.kind.as_ref().map(|k| (k.structure, k.sign, k.full_rank))));
        let mut sorted: Vec<&Var> = self.variables.iter().collect();
        sorted.sort_by_cached_key(|v| sort(v));
        let mut orders: Vec<Vec<&Var>> = vec![Vec::new()];
        for group in sorted.chunk_by(|a, b| sort(a) == sort(b)) {
            let permuted = permutations(group);
            if orders.len() * permuted.len() > MOST_ORDERS {
                orders.iter_mut().for_each(|o| o.extend(group));
            } else {
                orders = orders.iter().flat_map(|o| permuted.iter().map(move |p| [&o[..], &p[..]].concat())).collect();
            }
        }
        orders
    }
}

fn permutations<T: Copy>(all: &[T]) -> Vec<Vec<T>> {
    // Factorials grow fast; a group this large keeps its order.
    const LARGEST: usize = 6;
    if all.len() <= 1 || all.len() > LARGEST {
        return vec![all.to_vec()];
    }
    let first = |at: usize| {
        let rest: Vec<T> = all.iter().enumerate().filter(|(i, _)| *i != at).map(|(_, x)| *x).collect();
        permutations(&rest).into_iter().map(move |p| [&[all[at]], &p[..]].concat())
    };
    (0..all.len()).flat_map(first).collect()
}

/// What the law of a rule says, in names of its own: of two laws that say the same it is the same text. Nothing for a law
/// without matrix form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    pub forwards: String,
    pub backwards: String,
}

impl Statement {
    pub fn of(rule: &Rule) -> Option<Statement> {
        // Where the constructors make both sides one term, what the law says is in its spelling.
        let Some(pair) = Pair::of(rule).ok().filter(|p| p.left != p.right) else { return Some(Statement::as_written(rule)) };
        let mut best: Option<(String, String)> = None;
        let mut back: Option<(String, String)> = None;
        for order in pair.orders() {
            let mut renamed = Renaming::canonical(&order, rule.differential);
            let mut terms = Terms::new();
            let (left, right) = (renamed.term(&pair.terms, &mut terms, pair.left), renamed.term(&pair.terms, &mut terms, pair.right));
            let (left, right) = (content(&terms, left), content(&terms, right));
            keep_least(&mut back, (right.clone(), left.clone()));
            keep_least(&mut best, (left, right));
        }
        let mark = if rule.differential { "d " } else { "" };
        let conditions: Vec<String> = rule.conditions.iter().map(|c| c.fact.to_string()).collect();
        let text = |(a, b): (String, String)| format!("{mark}{a} => {b} {}", conditions.join(","));
        Some(Statement { forwards: text(best?), backwards: text(back?) })
    }

    /// As it is written, with the names of the variables in the order that makes the first text.
    fn as_written(rule: &Rule) -> Statement {
        let kinds: Vec<(Symbol, String)> = rule.declarations.iter().map(|(name, d)| (name, format!("{d:?}"))).collect();
        let names: Vec<Symbol> = kinds.iter().map(|(name, _)| *name).collect();
        let places: Vec<Symbol> = (1..=names.len()).map(|at| Symbol::new(&format!("#{at}"))).collect();
        let orders = permutations(&names);
        let text = |a: &Expr, b: &Expr| {
            let all = orders.iter().map(|order| {
                let kind = |name: &Symbol| kinds.iter().find(|(n, _)| n == name).map_or("", |(_, kind)| kind);
                let kinds: Vec<&str> = order.iter().map(kind).collect();
                let side = |e: &Expr| replace_words(&e.to_string(), order, &places);
                format!("{} => {} for {}", side(a), side(b), kinds.join("; "))
            });
            all.min().unwrap_or_default()
        };
        Statement { forwards: text(&rule.left, &rule.right), backwards: text(&rule.right, &rule.left) }
    }
}

fn keep_least(best: &mut Option<(String, String)>, new: (String, String)) {
    if best.as_ref().is_none_or(|b| new < *b) {
        *best = Some(new);
    }
}

/// Whether the right side is the left one with its variables exchanged.
pub fn is_permutation(rule: &Rule) -> bool {
    let Ok(mut pair) = Pair::of(rule) else { return false };
    let Some(given) = pair.orders().first().map(|o| o.iter().map(|v| (*v).clone()).collect::<Vec<_>>()) else { return false };
    let orders: Vec<Vec<Var>> = pair.orders().into_iter().map(|o| o.into_iter().cloned().collect()).collect();
    let from = pair.terms.clone();
    orders.iter().skip(1).any(|order| {
        let mut exchanged = Renaming::exchange(&given, order);
        exchanged.term(&from, &mut pair.terms, pair.left) == pair.right
    })
}

/// Whether the text of the right side is that of the left one with its variables exchanged: `A + B => B + A`.
pub fn is_written_permutation(rule: &Rule) -> bool {
    let names: Vec<Symbol> = rule.declarations.iter().map(|(name, _)| name).collect();
    let (left, right) = (rule.left.to_string(), rule.right.to_string());
    left != right && permutations(&names).into_iter().skip(1).any(|to| replace_words(&left, &names, &to) == right)
}

fn replace_words(text: &str, from: &[Symbol], to: &[Symbol]) -> String {
    let is_name = |c: char| c.is_alphanumeric() || c == '_';
    let mut replaced = String::new();
    for word in text.split_inclusive(|c: char| !is_name(c)) {
        let name = word.trim_end_matches(|c: char| !is_name(c));
        let at = from.iter().position(|f| f.as_str() == name);
        replaced += at.map_or(name, |at| to[at].as_str());
        replaced += &word[name.len()..];
    }
    replaced
}

/// Other names for variables and dimensions.
struct Renaming {
    variables: FxHashMap<Symbol, Var>,
    dims: IndexMap<Symbol, Dim>,
    done: FxHashMap<Id, Id>,
}

impl Renaming {
    /// Names by place: `v1`, `v2`, …, and the dimensions by first appearance.
    fn canonical(order: &[&Var], differential: bool) -> Renaming {
        let mut renaming = Renaming { variables: FxHashMap::default(), dims: IndexMap::new(), done: FxHashMap::default() };
        for symbol in order.iter().flat_map(|v| v.axes()).flat_map(Dim::symbols) {
            let next = renaming.dims.len() + 1;
            renaming.dims.entry(symbol).or_insert_with(|| Dim::symbol(&format!("#{next}")));
        }
        for (at, from) in order.iter().enumerate() {
            let name = format!("#v{}", at + 1);
            let kind = renaming.kind(from);
            if differential {
                let change = Var::new(&format!("#d{}", at + 1), kind.shape.clone());
                renaming.variables.insert(change_of(from.name), change);
            }
            renaming.variables.insert(from.name, Var::new(&name, kind));
        }
        renaming
    }

    /// Each of the first in the place of the one of the second.
    fn exchange(from: &[Var], to: &[Var]) -> Renaming {
        let mut dims = IndexMap::new();
        for (a, b) in from.iter().zip(to).flat_map(|(a, b)| a.axes().into_iter().zip(b.axes())) {
            if let [symbol] = a.symbols()[..] {
                dims.entry(symbol).or_insert(b);
            }
        }
        let variables = from.iter().zip(to).map(|(a, b)| (a.name, b.clone())).collect();
        Renaming { variables, dims, done: FxHashMap::default() }
    }

    fn kind(&self, var: &Var) -> Kind {
        let dim = |d: &Dim| d.substitute(&|s| self.dims.get(&s).copied());
        let Some(kind) = var.kind.as_deref() else { return Kind::plain(Shape::Scalar) };
        let shape = match &kind.shape {
            Shape::Scalar => Shape::Scalar,
            Shape::Column(n) => Shape::Column(dim(n)),
            Shape::Row(n) => Shape::Row(dim(n)),
            Shape::Matrix(m, n) => Shape::Matrix(dim(m), dim(n)),
            Shape::Tensor(axes) => Shape::Tensor(axes.iter().map(dim).collect()),
        };
        Kind { shape, ..kind.clone() }
    }

    fn term(&mut self, from: &Terms, to: &mut Terms, t: Id) -> Id {
        if let Some(done) = self.done.get(&t) {
            return *done;
        }
        let renamed = match from.node(t) {
            Mat::Var(var) => {
                let var = self.variables.get(&var.name).unwrap_or(var);
                to.var(var)
            }
            node => {
                let mut node = with_dims(node, &|s| self.dims.get(&s).copied());
                for at in 0..node.children().len() {
                    let child = self.term(from, to, node.children()[at]);
                    node.children_mut()[at] = child;
                }
                reconstruct(to, &node)
            }
        };
        self.done.insert(t, renamed);
        renamed
    }
}

/// The whole content of a term as text.
fn content(terms: &Terms, t: Id) -> String {
    let node = terms.node(t);
    let children: Vec<String> = node.children().iter().map(|c| content(terms, *c)).collect();
    let own = match node {
        Mat::Var(var) => format!("{}:{}", var.name, var.kind.as_deref().map(Kind::to_string).unwrap_or_default()),
        node => format!("{:?}", node.clone().map_children(|_| Id::from(0))),
    };
    format!("{own}({})", children.join(" "))
}
