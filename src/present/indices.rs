//! Index notation: names for the labels of contractions, deltas, and the sums that Einstein's convention does not say.

use super::build::{Builder, dim, map2, mapped, size};
use super::factors::{Factors, call, power_of};
use super::lengths::known_lengths;
use crate::dim::{Dim, Symbol};
use crate::error::{Error, ErrorKind, Result};
use crate::expr::{Expr, Op, Subscript};
use crate::function::Call;
use crate::index::{Label, Labels};
use crate::infer::infer;
use crate::matrix::{Form, Mat, MatFn, Spec};
use crate::number::Number;
use crate::parse::Declarations;
use egg::Id;
use smallvec::SmallVec;

/// Names of indices, in the order in which they are taken.
const INDEX_NAMES: [&str; 14] = ["i", "j", "k", "l", "p", "q", "r", "s", "u", "v", "w", "a", "b", "c"];

/// The names of indices in use, so that none means two things.
struct Scope {
    used: usize,
    most: usize,
    names: Vec<Symbol>,
    /// Whether it is a factor of a product that is written.
    within_product: bool,
}

impl Scope {
    fn fresh(&mut self, taken: &std::collections::BTreeSet<Symbol>) -> Symbol {
        while self.names.len() <= self.used {
            let at = self.names.len();
            self.names.extend(index_names(taken).nth(at));
        }
        self.used += 1;
        self.most = self.most.max(self.used);
        self.names[self.used - 1]
    }
}

/// The names of indices in the order in which they are taken, without those that mean something else.
pub(crate) fn index_names(taken: &std::collections::BTreeSet<Symbol>) -> impl Iterator<Item = Symbol> {
    let candidates = INDEX_NAMES.iter().map(|n| (*n).to_owned()).chain((1..).map(|n| format!("i{n}")));
    candidates.map(|n| Symbol::new(&n)).filter(|n| !taken.contains(n))
}

impl Builder<'_> {
    /// A term that holds a contraction, outside of index notation: in braces, or a scalar without.
    pub fn indexed_value(&mut self, id: Id) -> Result<Factors> {
        let terms = self.terms;
        let axes = axes(&self.forms[usize::from(id)]);
        if let Mat::Contract(spec, all) = &terms[usize::from(id)]
            && has_stacked_output(terms, spec, all)
        {
            if let Some(stacked) = self.stacked(spec, all)? {
                return Ok(stacked);
            }
            return self.braces(&axes, |builder, names, scope| builder.contraction(spec, all, names, scope));
        }
        self.braces(&axes, |builder, names, scope| builder.entry(id, names, scope))
    }

    /// `{entry}[i,j]`; of no axes the entry itself.
    fn braces(&mut self, axes: &[Dim], entry: impl FnOnce(&mut Self, &[Symbol], &mut Scope) -> Result<Factors>) -> Result<Factors> {
        let mut scope = Scope { used: self.base, most: self.base, names: Vec::new(), within_product: false };
        let outputs: Vec<Symbol> = axes.iter().map(|_| scope.fresh(&self.taken)).collect();
        let entry = entry(self, &outputs, &mut scope)?;
        self.reached = self.reached.max(scope.most);
        if outputs.is_empty() {
            return Ok(entry);
        }
        let body = entry.finish();
        let known = known_lengths(&body, &outputs);
        let outputs = outputs.into_iter().zip(axes).zip(known).map(|((i, n), known)| (i, if known { None } else { Some(*n) }));
        Ok(Factors::of(Expr::new(Op::Braces(body, outputs.collect())), false))
    }

    /// The entry of a term at the indices named, one for each axis.
    fn entry(&mut self, id: Id, labels: &[Symbol], scope: &mut Scope) -> Result<Factors> {
        let at = usize::from(id);
        let terms = self.terms;
        let inside = self.indexed[at] || matches!(self.forms[at], Form::Tensor(_));
        if !inside {
            return self.subscripted(id, labels, scope);
        }
        match &terms[at] {
            Mat::Contract(spec, all) => self.contraction(spec, all, labels, scope),
            Mat::Scale(n, [a]) => Ok(self.entry(*a, labels, scope)?.scaled(n)),
            Mat::Times([s, a]) => Ok(self.entry(*s, &[], scope)?.times(self.entry(*a, labels, scope)?)),
            Mat::Transpose([a]) => {
                let turned: SmallVec<[Symbol; 2]> = labels.iter().rev().copied().collect();
                self.entry(*a, &turned, scope)
            }
            Mat::Had(all) => all.iter().try_fold(Factors::one(), |f, a| Ok(f.times(self.operand(*a, labels, scope)?))),
            Mat::Map(map, [a]) => Ok(mapped(*map, self.entry(*a, labels, scope)?, true)),
            Mat::Power(p, [a]) => Ok(power_of(self.entry(*a, labels, scope)?, p)),
            Mat::Map2(function, [a, b]) => {
                let (a, b) = (self.operand(*a, labels, scope)?.finish(), self.operand(*b, labels, scope)?.finish());
                Ok(Factors::scalar(map2(*function, a, b, true)))
            }
            Mat::Add(coefficients, all) => self.entry_of_sum(id, coefficients, all, labels, scope),
            Mat::LeviCivita(_) => Ok(Factors::scalar(Expr::new(Op::LeviCivita(subscripts(labels))))),
            Mat::Zero(_) => Ok(Factors::number(Number::ZERO)),
            Mat::Fill(_, _, [c]) => self.entry(*c, &[], scope),
            Mat::Merge(m, n) => Ok(self.merge(*m, *n, labels)),
            _ => self.subscripted(id, labels, scope),
        }
    }

    /// `I = i + m*(j - 1)` says two things of I, each of which a matrix tells: its place within a column, and the column.
    fn merge(&self, m: Dim, n: Dim, labels: &[Symbol]) -> Factors {
        let [long, fast, slow] = labels else { return Factors::one() };
        let (ones, eye) = (|d: Dim| call(Call::Ones, [dim(d)]), |d: Dim| call(Call::Eye, [dim(d)]));
        let entry = |matrix: Expr, short: Symbol| Factors::scalar(Expr::new(Op::Subscript(matrix, subscripts(&[*long, short]))));
        let within = entry(call(Call::Kron, [ones(n), eye(m)]), *fast);
        within.times(entry(call(Call::Kron, [eye(n), ones(m)]), *slow))
    }

    /// An operand of an elementwise operation: a scalar stands for every entry.
    fn operand(&mut self, id: Id, labels: &[Symbol], scope: &mut Scope) -> Result<Factors> {
        if self.is_scalar(id) { self.entry(id, &[], scope) } else { self.entry(id, labels, scope) }
    }

    /// Bound names start anew in each term.
    fn entry_of_sum(&mut self, id: Id, coefficients: &[Number], all: &[Id], labels: &[Symbol], scope: &mut Scope) -> Result<Factors> {
        let (start, mut most) = (scope.used, scope.used);
        let mut terms = Vec::with_capacity(all.len());
        for (n, a) in coefficients.iter().zip(all) {
            scope.used = start;
            terms.push(self.operand(*a, labels, scope)?.scaled(n));
            most = most.max(scope.used);
        }
        scope.used = most;
        if scope.within_product {
            let axes = axes(&self.forms[usize::from(id)]);
            self.complete(&mut terms, labels, &axes);
        }
        Ok(self.oriented_sum(id, terms, true))
    }

    /// Ones at the indices that a term lacks and another one has: a factor that is a sum has to have the same in each term.
    fn complete(&self, terms: &mut [Factors], labels: &[Symbol], axes: &[Dim]) {
        let has = |term: &Factors, index: Symbol| term.above.iter().chain(&term.below).any(|e| occurrences(e, index) > 0);
        let all: Vec<(Symbol, Dim)> = labels.iter().copied().zip(axes.iter().copied()).collect();
        let used: Vec<(Symbol, Dim)> = all.into_iter().filter(|(i, _)| terms.iter().any(|t| has(t, *i))).collect();
        for term in terms.iter_mut().filter(|t| used.iter().any(|(i, _)| has(t, *i))) {
            for (index, n) in used.iter().filter(|(i, _)| !has(term, *i)).copied().collect::<Vec<_>>() {
                term.above.push(Expr::new(Op::Subscript(call(Call::Ones, [dim(n)]), subscripts(&[index]))));
            }
        }
    }

    /// A matrix term with subscripts: `inv(X)[i,k]`, `(A*x)[i]`.
    fn subscripted(&mut self, id: Id, labels: &[Symbol], scope: &mut Scope) -> Result<Factors> {
        if labels.is_empty() {
            let factors = self.within(scope, |builder| builder.factors(id))?;
            let number = factors.clone().finish();
            let places = self.with_places(id, &number, labels);
            return Ok(if places.is_empty() { factors } else { Factors::scalar(Expr::new(Op::Subscript(number, subscripts(&places)))) });
        }
        let terms = self.terms;
        match (&terms[usize::from(id)], labels) {
            (Mat::Eye(_), [_, _]) => return Ok(Factors::scalar(Expr::new(Op::Delta(subscripts(labels))))),
            (Mat::Zero(_), _) => return Ok(Factors::number(Number::ZERO)),
            (Mat::Fill(_, _, [c]), _) => return self.entry(*c, &[], scope),
            (Mat::Scale(n, [a]), _) => return Ok(self.entry(*a, labels, scope)?.scaled(n)),
            (Mat::Times([s, a]), _) => return Ok(self.entry(*s, &[], scope)?.times(self.entry(*a, labels, scope)?)),
            (Mat::Transpose([a]), [i, j]) => return self.entry(*a, &[*j, *i], scope),
            (Mat::Transpose([a]), [_]) => return self.entry(*a, labels, scope),
            (Mat::Call(MatFn::Diag, all), [i, j]) => {
                let entry = self.entry(all[0], &[*i], scope)?;
                return Ok(entry.times(Factors::scalar(Expr::new(Op::Delta(subscripts(&[*i, *j]))))));
            }
            _ => {}
        }
        let (scalars, core) = self.within(scope, |builder| builder.factors(id))?.split();
        let core = core.ok_or_else(|| Error::new(ErrorKind::Internal, "a scalar got subscripts"))?;
        let places = self.with_places(id, &core, labels);
        Ok(scalars.times(Factors::scalar(Expr::new(Op::Subscript(core, subscripts(&places))))))
    }

    /// The labels, and the place 1 along an axis of length 1 that has no label and is an axis in the language all the same: that of
    /// a variable that is declared so.
    fn with_places(&self, id: Id, written: &Expr, labels: &[Symbol]) -> SmallVec<[Symbol; 2]> {
        let narrow = |op: &Op| matches!(op, Op::Var(v) if v.axes().contains(&Dim::ONE));
        let plain = SmallVec::from_slice(labels);
        let Form::Grid(m, n) = &self.forms[usize::from(id)] else { return plain };
        if (*m != Dim::ONE && *n != Dim::ONE) || !written.any(&mut { narrow }) {
            return plain;
        }
        let Ok(typed) = infer(written, &Declarations::default()) else { return plain };
        let first = Symbol::new("1");
        match (typed.root().shape.axes().len(), labels) {
            (2, [label]) if *m == Dim::ONE => SmallVec::from_slice(&[first, *label]),
            (2, [label]) => SmallVec::from_slice(&[*label, first]),
            (order, []) => SmallVec::from_elem(first, order),
            _ => plain,
        }
    }

    /// Writes a part whose own indices take none of the names in use around it.
    fn within<T>(&mut self, scope: &mut Scope, write: impl FnOnce(&mut Self) -> T) -> T {
        let (base, reached) = (self.base, self.reached);
        (self.base, self.reached) = (scope.used, scope.used);
        let written = write(self);
        scope.used = scope.used.max(self.reached);
        scope.most = scope.most.max(scope.used);
        (self.base, self.reached) = (base, reached.max(self.reached));
        written
    }

    fn contraction(&mut self, spec: &Spec, all: &[Id], outputs: &[Symbol], scope: &mut Scope) -> Result<Factors> {
        let mut names: Vec<Option<Symbol>> = vec![None; spec.dims.len()];
        let mut product = Factors::one();
        for (label, name) in spec.out.iter().zip(outputs) {
            match names[usize::from(*label)] {
                None => names[usize::from(*label)] = Some(*name),
                Some(first) => product.above.push(Expr::new(Op::Delta(subscripts(&[first, *name])))),
            }
        }
        let placed = self.places(spec, all, &mut names);
        let mut bound: Vec<(Symbol, Dim)> = Vec::new();
        for label in spec.inputs.iter().flatten() {
            let label = usize::from(*label);
            if names[label].is_none() {
                let name = scope.fresh(&self.taken);
                names[label] = Some(name);
                bound.push((name, spec.dims[label]));
            }
        }
        for (child, labels) in all.iter().zip(&spec.inputs).enumerate().filter(|(at, _)| !placed.contains(at)).map(|(_, input)| input) {
            let labels = self.shown_labels(*child, labels);
            let labels: Vec<Symbol> = labels.iter().filter_map(|l| names[usize::from(*l)]).collect();
            let outside = scope.within_product;
            scope.within_product |= spec.inputs.len() > 1 || !bound.is_empty();
            let entry = self.entry(*child, &labels, scope);
            scope.within_product = outside;
            product = product.times(entry?);
        }
        Ok(bound.into_iter().rev().fold(product, |product, (name, length)| summed(product, name, length)))
    }

    /// A unit vector at an index that is summed chooses a place: the number of the place stands for the index. Which factors
    /// that leaves nothing of.
    fn places(&self, spec: &Spec, all: &[Id], names: &mut [Option<Symbol>]) -> Vec<usize> {
        let mut placed = Vec::new();
        for (at, (child, labels)) in all.iter().zip(&spec.inputs).enumerate() {
            let (Mat::Unit(place, _), Some(label)) = (&self.terms[usize::from(*child)], labels.first()) else { continue };
            let elsewhere = || spec.inputs.iter().enumerate().any(|(other, ls)| other != at && ls.contains(label));
            if names[usize::from(*label)].is_none()
                && elsewhere()
                && let Some(number) = place.as_number()
            {
                names[usize::from(*label)] = Some(Symbol::new(&number.to_string()));
                placed.push(at);
            }
        }
        placed
    }

    /// Without the label of an axis of length 1 that a column or a row does not have in the language.
    fn shown_labels(&self, child: Id, labels: &Labels) -> Labels {
        match &self.forms[usize::from(child)] {
            Form::Grid(m, n) if labels.len() == 2 && *n == Dim::ONE && *m != Dim::ONE => labels[..1].into(),
            Form::Grid(m, n) if labels.len() == 2 && *m == Dim::ONE && *n != Dim::ONE => labels[1..].into(),
            Form::Grid(m, n) if *m == Dim::ONE && *n == Dim::ONE => Labels::new(),
            _ => labels.clone(),
        }
    }

    /// A contraction with stacked outputs: `vec({…}[i,j])` or `kron({…}[j,l], {…}[i,k])`, if it is one of these.
    fn stacked(&mut self, spec: &Spec, all: &[Id]) -> Result<Option<Factors>> {
        let is_merge = |child: &Id| matches!(self.terms[usize::from(*child)], Mat::Merge(..));
        let pairs: Vec<(Id, Labels)> = all.iter().copied().zip(spec.inputs.iter().cloned()).collect();
        let (merges, rest): (Vec<_>, Vec<_>) = pairs.into_iter().partition(|(child, _)| is_merge(child));
        let stack_of = |out: Label| merges.iter().find(|(_, l)| l[0] == out).map(|(_, l)| (l[1], l[2]));
        if let [out] = spec.out[..] {
            // The axes of a tensor, from the last one on: each stack holds another one in its first place.
            let (mut axes, mut long) = (Labels::new(), out);
            while let Some((fast, slow)) = stack_of(long).filter(|_| axes.len() < merges.len()) {
                axes.push(slow);
                long = fast;
            }
            axes.push(long);
            axes.reverse();
            if axes.len() != merges.len() + 1 {
                return Ok(None);
            }
            let part = self.part(spec, &rest, &axes)?;
            return Ok(Some(Factors::of(call(Call::Vec, [part]), false)));
        }
        let stacks: Option<Vec<(Label, Label)>> = spec.out.iter().map(|l| stack_of(*l)).collect();
        if let Some([(i, j), (k, l)]) = stacks.as_deref()
            && merges.len() == 2
            && let Some((fast, slow)) = separated(&rest, &[*i, *k], &[*j, *l])
        {
            let (slow, fast) = (self.part(spec, &slow, &[*j, *l])?, self.part(spec, &fast, &[*i, *k])?);
            return Ok(Some(Factors::of(call(Call::Kron, [slow, fast]), false)));
        }
        Ok(None)
    }

    /// The contraction of some of the factors, as a matrix.
    fn part(&mut self, spec: &Spec, factors: &[(Id, Labels)], out: &[Label]) -> Result<Expr> {
        if let [(only, labels)] = factors
            && labels.as_slice() == out
        {
            return self.expr(*only);
        }
        let part = Spec { dims: spec.dims.clone(), out: out.into(), inputs: factors.iter().map(|(_, l)| l.clone()).collect() };
        let children: Vec<Id> = factors.iter().map(|(child, _)| *child).collect();
        let axes: Vec<Dim> = out.iter().map(|l| spec.dims[usize::from(*l)]).collect();
        Ok(self.braces(&axes, |builder, names, scope| builder.contraction(&part, &children, names, scope))?.finish())
    }
}

/// Whether an output stacks two axes: such a contraction is written with `vec` or `kron`.
pub(super) fn has_stacked_output(terms: &[Mat], spec: &Spec, all: &[Id]) -> bool {
    all.iter()
        .zip(&spec.inputs)
        .any(|(child, labels)| matches!(terms[usize::from(*child)], Mat::Merge(..)) && spec.out.contains(&labels[0]))
}

/// The factors in two groups that share no label, the first with all labels of `a`, the second with those of `b`.
type Group = Vec<(Id, Labels)>;
fn separated(factors: &[(Id, Labels)], a: &[Label], b: &[Label]) -> Option<(Group, Group)> {
    let mut reached: Vec<Label> = a.to_vec();
    // Every pass adds a label or is the last.
    loop {
        let touched: Vec<Label> =
            factors.iter().filter(|(_, l)| l.iter().any(|x| reached.contains(x))).flat_map(|(_, l)| l.iter().copied()).collect();
        let before = reached.len();
        for label in touched {
            if !reached.contains(&label) {
                reached.push(label);
            }
        }
        if reached.len() == before {
            break;
        }
    }
    if b.iter().any(|l| reached.contains(l)) {
        return None;
    }
    Some(factors.iter().cloned().partition(|(_, l)| l.iter().any(|x| reached.contains(x)) || l.is_empty()))
}

fn axes(form: &Form) -> Vec<Dim> {
    match form {
        Form::Grid(m, n) if *n == Dim::ONE => {
            if *m == Dim::ONE {
                vec![]
            } else {
                vec![*m]
            }
        }
        Form::Grid(m, n) => vec![*m, *n],
        Form::Tensor(axes) => axes.to_vec(),
    }
}

/// Indices, and the numbers of places, which no index is called by.
fn subscripts(names: &[Symbol]) -> Vec<Subscript> {
    let subscript = |name: &Symbol| match name.as_str().parse::<i64>() {
        Ok(place) => Subscript::At(Expr::number(place)),
        Err(_) => Subscript::Index(*name),
    };
    names.iter().map(subscript).collect()
}

/// Summed over the index: silently where Einstein's convention says so, that is where the index occurs exactly twice.
fn summed(mut product: Factors, name: Symbol, length: Dim) -> Factors {
    let above: usize = product.above.iter().map(|e| occurrences(e, name)).sum();
    let below: usize = product.below.iter().map(|e| occurrences(e, name)).sum();
    match (above, below) {
        (0, 0) => product.times(size(length)),
        (2, 0) => product,
        _ => {
            let number = std::mem::replace(&mut product.coefficient, Number::ONE);
            Factors::scalar(Expr::new(Op::IndexSum(name, product.finish()))).scaled(&number)
        }
    }
}

/// How often the index is free in a factor: within one tensor each time it stands there, else once or not at all.
fn occurrences(factor: &Expr, name: Symbol) -> usize {
    let here = |s: &[Subscript]| s.iter().filter(|s| **s == Subscript::Index(name)).count();
    match factor.op() {
        Op::Subscript(_, s) | Op::Delta(s) | Op::LeviCivita(s) => here(s),
        _ => usize::from(mentions(factor, name)),
    }
}

/// Names are bound only once in a formula, so that a name that occurs is free unless it is bound right here.
fn mentions(e: &Expr, name: Symbol) -> bool {
    let found = match e.op() {
        Op::Subscript(_, s) | Op::Delta(s) | Op::LeviCivita(s) => s.contains(&Subscript::Index(name)),
        Op::Braces(..) => return false,
        Op::IndexSum(i, _) if *i == name => return false,
        _ => false,
    };
    let mut below = false;
    e.op().for_each_child(|c| below = below || mentions(c, name));
    found || below
}
