//! Formulas with named indices as expressions, as text in every notation, and as claims that can be evaluated.

use super::Level;
use super::formula::{Factor, Formula, Index, Product, expanded};
use crate::derivation::Written;
use crate::dim::{Dim, Symbol};
use crate::error::Result;
use crate::expr::{Expr, Op, Shape, Subscript, Var};
use crate::function::{Call, Function, Map, Map2};
use crate::index::{Node, NodeId};
use crate::number::Number;
use crate::part::Selection;
use crate::print::{latex, unicode};
use rustc_hash::FxHashMap;

/// A sum of more terms than this is not written out.
const MOST_TERMS: usize = 12;

/// Signs that the language does not have, such as the derivative of an entry: a name that stands for each in an
/// expression, how it is written and what it means.
#[derive(Default)]
pub(super) struct Marks {
    all: Vec<(Symbol, Written, Expr)>,
}

impl Marks {
    /// One private character is the name, so that every printer leaves it alone.
    fn mark(&mut self, written: Written, meaning: Expr) -> Expr {
        let at = self.all.iter().position(|(_, w, m)| *w == written && *m == meaning).unwrap_or(self.all.len());
        let sign = char::from_u32(0xE000 + at as u32).filter(|_| at < 6000).unwrap_or('\u{F8FF}');
        let name = Symbol::new(&sign.to_string());
        if at == self.all.len() {
            self.all.push((name, written, meaning));
        }
        Expr::var(Var { name, kind: None })
    }

    pub fn write(&self, e: &Expr) -> Written {
        let fill = |text: String, of: fn(&Written) -> &str| {
            let signs: Vec<char> = text.chars().collect();
            let mut out = String::new();
            for (at, &c) in signs.iter().enumerate() {
                let Some((_, written, _)) = self.all.iter().find(|(name, ..)| name.as_str().starts_with(c)) else {
                    out.push(c);
                    continue;
                };
                // By itself it needs no parentheses.
                let (before, after) = (at.checked_sub(1).map(|b| signs[b]), signs.get(at + 1));
                let alone = matches!((before, after), (None | Some(' ' | '('), None | Some(' ' | ')')));
                let plain = of(written).strip_prefix('(').and_then(|t| t.strip_suffix(')')).filter(|_| alone);
                out.push_str(plain.unwrap_or(of(written)));
            }
            out
        };
        Written { text: fill(e.to_string(), |w| &w.text), unicode: fill(unicode(e), |w| &w.unicode), latex: fill(latex(e), |w| &w.latex) }
    }
}

/// As [`crate::latex`] and its like write the expression.
pub(super) fn plain(e: &Expr) -> Written {
    Marks::default().write(e)
}

/// `dF[i]/dx[k]` of two entries.
pub(super) fn quotient_of_changes(of: &Expr, by: &Expr) -> Written {
    let (of, by) = (plain(of), plain(by));
    Written {
        text: format!("d{}/d{}", of.text, by.text),
        unicode: format!("∂{}/∂{}", of.unicode, by.unicode),
        latex: format!(r"\frac{{\partial {}}}{{\partial {}}}", of.latex, by.latex),
    }
}

pub(super) fn subscripted(e: Expr, at: &[Symbol]) -> Expr {
    if at.is_empty() { e } else { Expr::new(Op::Subscript(e, at.iter().map(|i| Subscript::Index(*i)).collect())) }
}

/// The expression with names replaced by what they stand for.
pub(super) fn substitute(e: &Expr, known: &impl Fn(Symbol) -> Option<Expr>, memo: &mut FxHashMap<Expr, Expr>) -> Expr {
    if let Op::Var(v) = e.op()
        && let Some(meaning) = known(v.name)
    {
        return meaning;
    }
    if let Some(done) = memo.get(e) {
        return done.clone();
    }
    let new = match e.op().try_map(|c| Ok::<_, std::convert::Infallible>(substitute(c, known, memo))) {
        Ok(op) => Expr::new(op),
    };
    memo.insert(e.clone(), new.clone());
    new
}

/// Gives every index of a closed expression a name that no formula uses.
pub(super) fn with_own_indices(e: &Expr, suffix: Symbol) -> Expr {
    let mut indexed = |op: &Op| matches!(op, Op::Subscript(..) | Op::Delta(_) | Op::LeviCivita(_) | Op::IndexSum(..) | Op::Braces(..));
    if e.any(&mut indexed) { own_indices(e, suffix, &mut FxHashMap::default()) } else { e.clone() }
}

fn own_indices(e: &Expr, suffix: Symbol, memo: &mut FxHashMap<Expr, Expr>) -> Expr {
    if let Some(done) = memo.get(e) {
        return done.clone();
    }
    let own = |i: &Symbol| Symbol::new(&format!("{i}:{suffix}"));
    let subscripts = |s: &[Subscript]| -> Vec<Subscript> {
        let one = |s: &Subscript| if let Subscript::Index(i) = s { Subscript::Index(own(i)) } else { s.clone() };
        s.iter().map(one).collect()
    };
    let Ok(op) = e.op().try_map(|c| Ok::<_, std::convert::Infallible>(own_indices(c, suffix, memo)));
    let new = Expr::new(match op {
        Op::Subscript(a, s) => Op::Subscript(a, subscripts(&s)),
        Op::Delta(s) => Op::Delta(subscripts(&s)),
        Op::LeviCivita(s) => Op::LeviCivita(subscripts(&s)),
        Op::IndexSum(i, a) => Op::IndexSum(own(&i), a),
        Op::Braces(a, outputs) => Op::Braces(a, outputs.iter().map(|(i, d)| (own(i), *d)).collect()),
        other => other,
    });
    memo.insert(e.clone(), new.clone());
    new
}

fn product(mut factors: Vec<Expr>) -> Expr {
    if factors.len() == 1 { factors.remove(0) } else { Expr::new(Op::Mul(factors)) }
}

/// `number * above / below`
fn quotient(number: &Number, above: Vec<Expr>, below: Vec<Expr>) -> Expr {
    let size = number.abs();
    let (p, q) = match size.as_ratio() {
        Some((p, q)) if size.to_string().contains('/') => (Number::int(p), Number::int(q)),
        _ => (size, Number::ONE),
    };
    let mut top: Vec<Expr> = if p.is_one() && !above.is_empty() { Vec::new() } else { vec![Expr::number(p)] };
    top.extend(above);
    let mut under: Vec<Expr> = if q.is_one() { Vec::new() } else { vec![Expr::number(q)] };
    under.extend(below);
    let e = if under.is_empty() { product(top) } else { product(top) / product(under) };
    if number.is_negative() { -e } else { e }
}

fn power(base: Expr, exponent: &Number) -> Expr {
    if exponent.is_one() {
        base
    } else if *exponent == Number::ratio(1, 2) {
        Expr::call(Function::Map(Map::Sqrt), [base])
    } else {
        Expr::new(Op::Pow(base, Expr::number(exponent.clone())))
    }
}

/// A factor as it is written, with its exponent and each occurrence of an index that a reader sees in it.
struct Piece {
    place: usize,
    base: Expr,
    exponent: Number,
    seen: Vec<Symbol>,
    /// Whether it is an entry and no function or sum of entries.
    plain: bool,
}

impl Level<'_> {
    /// A sum of products; of a long one only the first terms are shown.
    pub fn formula(&mut self, formula: &Formula, scope: &[Symbol], marks: &mut Marks) -> Result<Expr> {
        let mut terms = Vec::new();
        for term in &formula.clone().positive_first().terms {
            terms.push(self.product(term, scope, marks)?);
        }
        if terms.len() > MOST_TERMS {
            let rest = terms.split_off(MOST_TERMS - 2);
            let text = format!("… ({} more terms)", rest.len());
            let written = Written { text: text.clone(), unicode: text, latex: format!(r"\cdots \;(\text{{{} more terms}})", rest.len()) };
            let hidden = substitute(&Expr::new(Op::Add(rest)), &|name| self.meaning_of(name, marks), &mut FxHashMap::default());
            terms.push(marks.mark(written, hidden));
        }
        Ok(match terms.len() {
            0 => Expr::number(Number::ZERO),
            1 => terms.remove(0),
            _ => Expr::new(Op::Add(terms)),
        })
    }

    fn product(&mut self, term: &Product, scope: &[Symbol], marks: &mut Marks) -> Result<Expr> {
        let mut scope: Vec<Symbol> = scope.to_vec();
        let mut term = self.flattened(term, &mut scope);
        scope.extend(term.names());
        let before = self.cuts.len();
        self.cut(&mut term);
        let mut pieces: Vec<Piece> = Vec::new();
        for (at, factor) in term.factors.iter().enumerate() {
            let same = |f: &&Factor| *f == factor;
            let count = term.factors.iter().filter(same).count();
            let first = term.factors[..at].iter().filter(same).count() == 0;
            // `x[i]*x[i]` is a sum by the usual convention, `x[k]^2` is not.
            let elsewhere = |i: &Symbol| term.factors.iter().any(|f| f != factor && f.indices().contains(i));
            let paired = count == 2 && factor.indices().iter().any(|i| term.is_bound(*i) && !elsewhere(i));
            if first || paired {
                pieces.push(self.piece(at, factor, if paired { 1 } else { count }, &scope, marks)?);
            }
        }
        let summed = said_sums(&term, &pieces);
        let mut inner: Vec<Piece> = Vec::new();
        let mut outer = pieces;
        // What shares an index that is summed without a sign goes with it.
        let mut reached = summed.clone();
        while let Some(at) = outer.iter().position(|p| p.seen.iter().any(|i| reached.contains(i))) {
            let piece = outer.remove(at);
            reached.extend(piece.seen.iter().copied().filter(|i| term.is_bound(*i)));
            inner.push(piece);
        }
        inner.sort_by_key(|p| p.place);
        let split = |pieces: Vec<Piece>| -> (Vec<Expr>, Vec<Expr>) {
            let (below, above): (Vec<Piece>, Vec<Piece>) = pieces.into_iter().partition(|p| p.exponent.is_negative());
            let write = |p: Piece| power(p.base, &p.exponent.abs());
            (above.into_iter().map(write).collect(), below.into_iter().map(write).collect())
        };
        let (mut above, below) = split(outer);
        if !summed.is_empty() {
            let (a, b) = split(inner);
            let body = quotient(&Number::ONE, a, b);
            above.push(summed.into_iter().rev().fold(body, |body, i| Expr::new(Op::IndexSum(i, body))));
        }
        self.cuts.truncate(before);
        Ok(quotient(&term.coefficient, above, below))
    }

    /// A closed product that stands among the factors once is written out there.
    fn flattened(&mut self, term: &Product, scope: &mut Vec<Symbol>) -> Product {
        let mut flat = Product { factors: Vec::new(), ..term.clone() };
        scope.extend(term.names());
        for factor in &term.factors {
            let alone = term.factors.iter().filter(|f| *f == factor).count() == 1;
            match factor {
                Factor::Entry(node, at) if alone && matches!(self.graph.node(*node), Node::Contract(_)) => {
                    let mut inner = expanded(self.graph, *node, at, scope, &self.names).terms;
                    scope.extend(inner.iter().flat_map(Product::names));
                    flat = match inner.pop() {
                        Some(inner) => flat.times(inner),
                        None => flat,
                    };
                }
                _ => flat.factors.push(factor.clone()),
            }
        }
        flat
    }

    fn piece(&mut self, place: usize, factor: &Factor, count: usize, scope: &[Symbol], marks: &mut Marks) -> Result<Piece> {
        let many = Number::int(count as i64);
        Ok(match factor {
            Factor::Delta(a, b) => {
                let delta = Expr::new(Op::Delta(vec![Subscript::Index(*a), Subscript::Index(*b)]));
                Piece { place, base: delta, exponent: Number::ONE, seen: vec![*a, *b], plain: true }
            }
            Factor::Entry(node, at) => {
                let (base, exponent) = match self.graph.node(*node) {
                    Node::Power(a, p) => (*a, p * &many),
                    _ => (*node, many),
                };
                let e = self.entry(base, at, scope, marks)?;
                let mut seen: Vec<Symbol> = at.iter().map(|i| self.index_within(*i)).collect();
                let plain = exponent.is_one() && matches!(e.op(), Op::Subscript(..) | Op::LeviCivita(_) | Op::Delta(_) | Op::Var(_));
                if !plain {
                    seen.sort();
                    seen.dedup();
                }
                Piece { place, base: e, exponent, seen, plain }
            }
        })
    }

    /// The entry of a node at named indices.
    fn entry(&mut self, node: NodeId, at: &[Symbol], scope: &[Symbol], marks: &mut Marks) -> Result<Expr> {
        let call = |f: Map, a: Expr| Expr::call(Function::Map(f), [a]);
        Ok(match self.graph.node(node).clone() {
            Node::Var(v) => match self.numerator_of(node) {
                Some(of) => self.pending(of, at, marks),
                None => self.at(self.general.restored(&Expr::var(v)), at),
            },
            Node::Constant(c) => Expr::new(Op::Constant(c)),
            Node::Size(d) => Expr::new(Op::Size(d)),
            Node::Zero(_) => Expr::number(Number::ZERO),
            Node::Unit(i, n) => {
                let unit = Expr::call(
                    Function::Call(Call::Unit),
                    [i, n].map(|d| d.as_number().map_or_else(|| Expr::new(Op::Size(d)), Expr::number)),
                );
                subscripted(unit, at)
            }
            Node::LeviCivita(_) => Expr::new(Op::LeviCivita(at.iter().map(|i| Subscript::Index(*i)).collect())),
            Node::Merge(m, n) => stacking(m, n, at, marks),
            Node::Scale(..) | Node::Sum(_) | Node::Contract(_) => {
                let inner = expanded(self.graph, node, at, scope, &self.names);
                self.formula(&inner, scope, marks)?
            }
            Node::Map(f, a) => call(f, self.entry(a, at, scope, marks)?),
            Node::Power(a, p) => {
                let base = power(self.entry(a, at, scope, marks)?, &p.abs());
                if p.is_negative() { 1 / base } else { base }
            }
            Node::Map2(f, a, b) => {
                let (a, b) = (self.entry(a, at, scope, marks)?, self.entry(b, at, scope, marks)?);
                match f {
                    Map2::Power => Expr::new(Op::Pow(a, b)),
                    Map2::Max => Expr::call(Function::Call(Call::Max), [a, b]),
                    Map2::Min => Expr::call(Function::Call(Call::Min), [a, b]),
                }
            }
            Node::Select(s) => {
                let meaning = subscripted(self.matrix(node)?, at);
                selection(s, at, marks, meaning)
            }
            Node::Triangle(..) => {
                let meaning = subscripted(self.matrix(node)?, at);
                triangle(at, marks, meaning)
            }
            Node::Opaque(..) | Node::Operator(..) | Node::Apply(..) | Node::Duplication(_) | Node::Elimination(_) => {
                let matrix = self.matrix(node)?;
                self.at(matrix, at)
            }
        })
    }

    /// `(du[i]/dx[k])`, which means the entry of `diff(u, x)`.
    fn pending(&mut self, of: NodeId, at: &[Symbol], marks: &mut Marks) -> Expr {
        let (own, by) = at.split_at(self.graph.order(of));
        let name = if let Node::Var(v) = self.graph.node(of) { v.clone() } else { self.variable.clone() };
        let mut written = quotient_of_changes(&self.at(Expr::var(name.clone()), own), &subscripted(Expr::var(self.variable.clone()), by));
        written.text = format!("({})", written.text);
        written.unicode = format!("({})", written.unicode);
        let function = self.meanings.get(&name.name).cloned().unwrap_or_else(|| self.general.restored(&Expr::var(name)));
        let meaning = Expr::new(Op::Diff(function, self.by.clone()));
        marks.mark(written, self.at(meaning, at))
    }

    /// `A[p,j]*E[p,i]`, where E selects the places 1 to k and p is summed, is `A[1:k,:][i,j]`.
    ///
    /// Every round removes a factor, so it ends.
    fn cut(&mut self, term: &mut Product) {
        loop {
            let found = term.factors.iter().enumerate().find_map(|(at, f)| match f {
                Factor::Entry(node, indices) => match (self.graph.node(*node), indices.as_slice()) {
                    (Node::Select(s), [whole, within]) if term.is_bound(*whole) => Some((at, *whole, *within, *s)),
                    _ => None,
                }
                .filter(|(at, whole, ..)| self.may_be_cut(term, *at, *whole)),
                Factor::Delta(..) => None,
            });
            let Some((at, whole, within, s)) = found else { return };
            term.factors.remove(at);
            term.bound.retain(|(name, _)| *name != whole);
            self.cuts.push((whole, within, s));
        }
    }

    /// Whether the index is, but for one factor, an index of entries of which a part can be written.
    fn may_be_cut(&self, term: &Product, selection: usize, whole: Symbol) -> bool {
        let mut others = term.factors.iter().enumerate().filter(|(at, f)| *at != selection && f.indices().contains(&whole)).peekable();
        others.peek().is_some()
            && others.all(|(_, f)| match f {
                Factor::Entry(node, _) => self.has_parts(*node),
                Factor::Delta(..) => false,
            })
    }

    fn has_parts(&self, node: NodeId) -> bool {
        match self.graph.node(node) {
            Node::Var(_) | Node::Opaque(..) | Node::Operator(..) => true,
            Node::Map(_, a) | Node::Power(a, _) => self.has_parts(*a),
            Node::Map2(_, a, b) => self.has_parts(*a) && self.has_parts(*b),
            Node::Constant(_)
            | Node::Size(_)
            | Node::Zero(_)
            | Node::Unit(..)
            | Node::Select(_)
            | Node::Duplication(_)
            | Node::Elimination(_)
            | Node::LeviCivita(_)
            | Node::Merge(..)
            | Node::Triangle(..)
            | Node::Apply(..)
            | Node::Scale(..)
            | Node::Sum(_)
            | Node::Contract(_) => false,
        }
    }

    /// The index that is shown for one of the whole axis.
    fn index_within(&self, i: Symbol) -> Symbol {
        self.cuts.iter().rev().find(|(whole, ..)| *whole == i).map_or(i, |(_, within, _)| self.index_within(*within))
    }

    /// The entry, of a part where a part is all that counts: `X[1:k,:][i,j]`.
    fn at(&self, e: Expr, at: &[Symbol]) -> Expr {
        let cut_of = |i: &Symbol| self.cuts.iter().rev().find(|(whole, ..)| whole == i);
        if !at.iter().any(|i| cut_of(i).is_some()) {
            return subscripted(e, at);
        }
        let run = |i: &Symbol| match cut_of(i) {
            Some((_, _, s)) => Subscript::Range(length(s.offset + Dim::ONE), length(s.end())),
            None => Subscript::All,
        };
        let within: Vec<Symbol> = at.iter().map(|i| cut_of(i).map_or(*i, |(_, within, _)| *within)).collect();
        self.at(Expr::new(Op::Subscript(e, at.iter().map(run).collect())), &within)
    }

    fn meaning_of(&self, name: Symbol, marks: &Marks) -> Option<Expr> {
        let marked = marks.all.iter().find(|(mark, ..)| *mark == name).map(|(_, _, meaning)| meaning.clone());
        marked.or_else(|| self.meanings.get(&name).cloned())
    }

    /// What a formula means, as a tensor with the axes `outputs`, in the variables alone.
    pub fn meaning(&self, e: &Expr, outputs: &[Index], marks: &Marks) -> Expr {
        let body = substitute(e, &|name| self.meaning_of(name, marks), &mut FxHashMap::default());
        if outputs.is_empty() { body } else { Expr::new(Op::Braces(body, outputs.iter().map(|(i, n)| (*i, Some(*n))).collect())) }
    }
}

/// The summed indices that need a sign of summation: all but those that two entries above the line share.
fn said_sums(term: &Product, pieces: &[Piece]) -> Vec<Symbol> {
    let needs_sign = |name: Symbol| {
        let count = |below: bool| -> usize {
            pieces.iter().filter(|p| p.exponent.is_negative() == below).map(|p| p.seen.iter().filter(|s| **s == name).count()).sum()
        };
        (count(false), count(true)) != (2, 0) || pieces.iter().any(|p| !p.plain && seems_summed(&p.base, name))
    };
    term.bound.iter().map(|(name, _)| *name).filter(|name| needs_sign(*name)).collect()
}

/// Whether a reader would take the index for summed within: it occurs in two factors or twice in one entry.
fn seems_summed(e: &Expr, name: Symbol) -> bool {
    fn mentions(e: &Expr, name: Symbol) -> bool {
        e.any(&mut |op| match op {
            Op::Subscript(_, s) | Op::Delta(s) | Op::LeviCivita(s) => s.contains(&Subscript::Index(name)),
            _ => false,
        })
    }
    if !mentions(e, name) {
        return false;
    }
    let mut children = Vec::new();
    e.op().for_each_child(|c| children.push(c.clone()));
    let here = match e.op() {
        Op::Mul(_) | Op::Div(..) | Op::Pow(..) => children.iter().filter(|c| mentions(c, name)).count() > 1,
        Op::Subscript(_, s) | Op::Delta(s) | Op::LeviCivita(s) => s.iter().filter(|s| **s == Subscript::Index(name)).count() > 1,
        _ => false,
    };
    here || children.iter().any(|c| seems_summed(c, name))
}

fn length(d: Dim) -> Expr {
    d.as_number().map_or_else(|| Expr::new(Op::Size(d)), Expr::number)
}

/// The entry of a selection, `delta[p,i+k]`: 1 where the places are the same, else 0.
fn selection(s: Selection, at: &[Symbol], marks: &mut Marks, meaning: Expr) -> Expr {
    let [p, i] = at else { return meaning };
    let place = if s.offset == Dim::number(0) { i.to_string() } else { format!("{i}+{}", s.offset) };
    let written =
        Written { text: format!("delta[{p},{place}]"), unicode: format!("δ[{p},{place}]"), latex: format!(r"\delta_{{{p},{place}}}") };
    marks.mark(written, meaning)
}

/// The entry of a triangle of ones, `[i >= j]`: 1 where that holds, else 0.
fn triangle(at: &[Symbol], marks: &mut Marks, meaning: Expr) -> Expr {
    let [i, j] = at else { return meaning };
    let written = Written { text: format!("[{i} >= {j}]"), unicode: format!("[{i} ≥ {j}]"), latex: format!(r"[{i} \ge {j}]") };
    marks.mark(written, meaning)
}

/// The stacking of columns, `[p = i + m*(j - 1)]`: 1 where that holds, else 0. It is the derivative of `vec(X)` by X.
fn stacking(m: Dim, n: Dim, at: &[Symbol], marks: &mut Marks) -> Expr {
    let x = Expr::var(Var::new(&format!("X:{m}:{n}"), Shape::Matrix(m, n)));
    let vec = Expr::call(Function::Call(Call::Vec), [x.clone()]);
    let meaning = subscripted(Expr::new(Op::Diff(vec, x)), at);
    let [p, i, j] = at else { return meaning };
    let m = if m.terms().count() > 1 { format!("({m})") } else { m.to_string() };
    let text = format!("[{p} = {i} + {m}*({j} - 1)]");
    let latex = format!("[{p} = {i} + {m} ({j} - 1)]");
    marks.mark(Written { text: text.clone(), unicode: text, latex }, meaning)
}
