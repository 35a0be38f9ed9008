//! Laws: pairs of patterns, and the set of laws that a query is saturated with.

use super::lift::Lift;
use super::matcher::Side;
use crate::dim::{Dim, Symbol};
use crate::error::{Error, ErrorKind, Result};
use crate::fact::Facts;
use crate::matrix::{Build, Form, Mat, Operator, Terms, form_of, of_typed};
use crate::typed::Typed;
use egg::{Id, Language};
use rustc_hash::FxHashMap;
use smallvec::{SmallVec, smallvec};

/// What a metavariable may stand for.
#[derive(Clone, Debug)]
pub struct Slot {
    /// Its dimensions are metavariables as well.
    pub form: Form,
    pub facts: Facts,
}

/// A law: wherever the left pattern matches, the right one is equal.
///
/// Every variable of a pattern is a metavariable, typed by its kind, and so is every symbol of its dimensions.
#[derive(Debug)]
pub struct Law {
    pub name: String,
    pub(super) terms: Terms,
    pub(super) left: Id,
    right: Id,
    pub(super) slots: Vec<Slot>,
    /// The slot of each term that is a metavariable, in its place.
    slot_of: Vec<Option<usize>>,
    /// The metavariables that occur more than once on the left.
    repeated: Vec<bool>,
    /// The dimensions of the variables that are symbols.
    symbols: Vec<Dim>,
    /// Those without which it cannot match.
    pub(super) operators: u128,
}

impl Law {
    /// The law `left => right` under conditions on its variables, from two typed expressions of the same names.
    ///
    /// # Errors
    /// [`ErrorKind::Rule`] if a side has no matrix form, the left is a mere variable, the sides differ in shape or the
    /// right has a variable that the left does not bind.
    pub fn compile(name: &str, left: &Typed, right: &Typed, conditions: &[(Symbol, Facts)]) -> Result<Law> {
        let mut terms = Terms::new();
        let left = of_typed(left, &mut terms)?;
        let right = of_typed(right, &mut terms)?;
        Law::new(name, terms, left, right, conditions)
    }

    /// The law that a law of scalars is for the entries of arrays.
    ///
    /// # Errors
    /// As [`Law::compile`].
    pub fn compile_elementwise(name: &str, left: &Typed, right: &Typed, conditions: &[(Symbol, Facts)]) -> Result<Law> {
        let (mut scalars, mut arrays) = (Terms::new(), Terms::new());
        let left = of_typed(left, &mut scalars)?;
        let right = of_typed(right, &mut scalars)?;
        let mut lift = Lift::new(&scalars, &mut arrays);
        let (left, right) = (lift.term(left), lift.term(right));
        Law::new(name, arrays, left, right, conditions)
    }

    /// The law `left => right` between two terms of an arena.
    ///
    /// # Errors
    /// As [`Law::compile`].
    pub fn new(name: &str, terms: Terms, left: Id, right: Id, conditions: &[(Symbol, Facts)]) -> Result<Law> {
        let refuse = |why: String| Err(Error::new(ErrorKind::Rule, why));
        if terms.form(left) != terms.form(right) {
            return refuse(format!("its sides have the forms {:?} and {:?}", terms.form(left), terms.form(right)));
        }
        if terms.node(left).is_leaf() && left != right {
            return refuse("its left side has no operation to look for".to_owned());
        }
        let occurrences = variables(&terms, left);
        if let Some((t, _)) = variables(&terms, right).iter().find(|(t, _)| !occurrences.iter().any(|(u, _)| u == t)) {
            return refuse(format!("{} stands only on its right side", terms.show(*t)));
        }
        let mut slots = Vec::with_capacity(occurrences.len());
        for (t, _) in &occurrences {
            let Mat::Var(var) = terms.node(*t) else { continue };
            let condition = conditions.iter().filter(|(name, _)| *name == var.name).map(|(_, facts)| *facts);
            let facts = condition.fold(terms.facts(*t), |all, f| all | f);
            slots.push(Slot { form: terms.form(*t).clone(), facts });
        }
        let mut slot_of = vec![None; occurrences.iter().map(|(t, _)| usize::from(*t) + 1).max().unwrap_or(0)];
        occurrences.iter().enumerate().for_each(|(slot, (t, _))| slot_of[usize::from(*t)] = Some(slot));
        let repeated = occurrences.iter().map(|(_, times)| *times > 1).collect();
        let operators = required_operators(&terms, left);
        let symbols = symbols(&terms, left);
        Ok(Law { name: name.to_owned(), terms, left, right, slots, slot_of, repeated, symbols, operators })
    }

    /// Whether the constructors of terms perform it already, so that it has nothing to find.
    pub fn holds_by_construction(&self) -> bool {
        self.left == self.right
    }

    /// The operators of the nodes that it may match at.
    pub(super) fn roots(&self) -> impl Iterator<Item = Operator> {
        let root = self.terms.node(self.left).operator();
        // A power may be one of several in a product.
        let product = (root == Operator::Power).then_some(Operator::Had);
        std::iter::once(root).chain(product)
    }

    pub(super) fn slot(&self, pattern: Id) -> Option<usize> {
        self.slot_of.get(usize::from(pattern)).copied().flatten()
    }

    /// Whether a dimension of the pattern is a metavariable.
    pub(super) fn is_symbol(&self, dim: Dim) -> bool {
        self.symbols.contains(&dim)
    }

    pub(super) fn is_repeated(&self, slot: usize) -> bool {
        self.repeated[slot]
    }

    /// Builds a side where the metavariables stand for what `value` and `size` say.
    pub(super) fn instantiate<B: Build>(
        &self,
        b: &mut B,
        side: Side,
        value: &impl Fn(&mut B, usize) -> Id,
        size: &impl Fn(Symbol) -> Option<Dim>,
    ) -> Id {
        let mut done = FxHashMap::default();
        let pattern = match side {
            Side::Left => self.left,
            Side::Right => self.right,
        };
        self.build(b, pattern, value, size, &mut done)
    }

    fn build<B: Build>(
        &self,
        b: &mut B,
        pattern: Id,
        value: &impl Fn(&mut B, usize) -> Id,
        size: &impl Fn(Symbol) -> Option<Dim>,
        done: &mut FxHashMap<Id, Id>,
    ) -> Id {
        if let Some(t) = done.get(&pattern) {
            return *t;
        }
        let built = match self.slot(pattern) {
            Some(slot) => value(b, slot),
            None => {
                let mut node = with_dims(self.terms.node(pattern), size);
                for at in 0..node.children().len() {
                    let child = self.build(b, node.children()[at], value, size, done);
                    node.children_mut()[at] = child;
                }
                crate::matrix::reconstruct(b, &node)
            }
        };
        done.insert(pattern, built);
        built
    }
}

/// The variables below a term, each with the number of its occurrences, in order of first occurrence.
fn variables(terms: &Terms, t: Id) -> Vec<(Id, usize)> {
    fn walk(terms: &Terms, t: Id, found: &mut Vec<(Id, usize)>) {
        if let Mat::Var(_) = terms.node(t) {
            match found.iter_mut().find(|(u, _)| *u == t) {
                Some((_, times)) => *times += 1,
                None => found.push((t, 1)),
            }
        }
        terms.node(t).children().iter().for_each(|c| walk(terms, *c, found));
    }
    let mut found = Vec::new();
    walk(terms, t, &mut found);
    found
}

/// The symbols of the dimensions of a term and of what it is made of.
fn symbols(terms: &Terms, t: Id) -> Vec<Dim> {
    let mut found = Vec::new();
    for node in terms.to_recexpr(t).as_ref() {
        let form = match node {
            Mat::Var(_) | Mat::Zero(_) => form_of(node, |_| &Form::SCALAR),
            Mat::Size(n) | Mat::Eye(n) | Mat::Unit(_, n) => Form::column(*n),
            Mat::Fill(m, n, _) | Mat::Commutation(m, n) | Mat::Merge(m, n) => Form::Grid(*m, *n),
            _ => continue,
        };
        let dims: SmallVec<[Dim; 4]> = match form {
            Form::Grid(m, n) => smallvec![m, n],
            Form::Tensor(dims) => dims,
        };
        found.extend(dims.iter().flat_map(|d| d.symbols()).map(Dim::of));
    }
    found.sort_unstable();
    found.dedup();
    found
}

/// The operators without which the pattern cannot match. Numbers, constant arrays and coefficients may be matched by
/// other nodes, and a transpose by a symmetric matrix or a product.
fn required_operators(terms: &Terms, t: Id) -> u128 {
    let node = terms.node(t);
    let own = match node.operator() {
        Operator::Var | Operator::Number | Operator::Zero | Operator::Fill | Operator::Scale | Operator::Transpose => 0,
        operator => operator.bit(),
    };
    node.children().iter().fold(own, |all, c| all | required_operators(terms, *c))
}

/// The node with what its dimensions stand for.
pub fn with_dims(node: &Mat, size: &impl Fn(Symbol) -> Option<Dim>) -> Mat {
    let of = |d: &Dim| d.substitute(size);
    match node {
        Mat::Size(n) => Mat::Size(of(n)),
        Mat::Eye(n) => Mat::Eye(of(n)),
        Mat::Zero(Form::Grid(m, n)) => Mat::Zero(Form::Grid(of(m), of(n))),
        Mat::Unit(i, n) => Mat::Unit(of(i), of(n)),
        Mat::Fill(m, n, a) => Mat::Fill(of(m), of(n), *a),
        Mat::Commutation(m, n) => Mat::Commutation(of(m), of(n)),
        Mat::Reshape(m, n, a) => Mat::Reshape(of(m), of(n), *a),
        Mat::Merge(m, n) => Mat::Merge(of(m), of(n)),
        _ => node.clone(),
    }
}
