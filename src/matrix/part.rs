//! Parts of matrices: what a selection in a chain takes of its neighbour.

use super::build::{Build, split};
use super::{Form, Mat, MatFn};
use crate::dim::Dim;
use crate::part::{Cut, Selection};
use egg::Id;

/// The form of a part of a matrix of that form.
pub fn form_of_slice(cuts: &[Cut; 2], of: &Form) -> Form {
    let length = |cut: &Cut, whole: Dim| match cut {
        Cut::All => whole,
        Cut::At(_) => Dim::ONE,
        Cut::Run(s) => s.length,
    };
    Form::Grid(length(&cuts[0], of.rows()), length(&cuts[1], of.columns()))
}

/// Rows and columns of a matrix; taken of the outer factors of a product, inside transposes and multiples.
pub fn slice<B: Build + ?Sized>(b: &mut B, cuts: [Cut; 2], t: Id) -> Id {
    let whole = |cut: Cut| match cut {
        Cut::Run(s) if s.is_whole() => Cut::All,
        _ => cut,
    };
    let cuts = cuts.map(whole);
    let [rows, columns] = cuts;
    if cuts == [Cut::All; 2] || b.is_scalar(t) {
        return t;
    }
    let (c, core) = split(b, t);
    if !c.is_one() && !c.is_zero() {
        let part = slice(b, cuts, core);
        return b.scale(&c, part);
    }
    match b.view(t).clone() {
        Mat::Times([s, a]) => {
            let part = slice(b, cuts, a);
            b.times(s, part)
        }
        Mat::Transpose([a]) => {
            let part = slice(b, [columns, rows], a);
            b.transpose(part)
        }
        Mat::Zero(form) => {
            let form = form_of_slice(&cuts, &form);
            b.zero(form)
        }
        Mat::Fill(m, n, [a]) => {
            let form = form_of_slice(&cuts, &Form::Grid(m, n));
            b.fill(a, form.rows(), form.columns())
        }
        Mat::Slice(inner, [a]) => match (within(inner[0], rows), within(inner[1], columns)) {
            (Some(rows), Some(columns)) => slice(b, [rows, columns], a),
            _ => b.insert(Mat::Slice(Box::new(cuts), [t])),
        },
        Mat::Mul(factors) => {
            let (first, last) = (factors[0], factors[factors.len() - 1]);
            let mut factors = factors.to_vec();
            factors[0] = slice(b, [rows, Cut::All], first);
            let at = factors.len() - 1;
            factors[at] = slice(b, [Cut::All, columns], last);
            b.mul(&factors)
        }
        _ => b.insert(Mat::Slice(Box::new(cuts), [t])),
    }
}

/// A part of a part.
fn within(outer: Cut, inner: Cut) -> Option<Cut> {
    Some(match (outer, inner) {
        (Cut::All, cut) | (cut, Cut::All) => cut,
        (Cut::Run(s), Cut::Run(t)) => Cut::Run(s.then(t)),
        (Cut::Run(s), Cut::At(place)) => Cut::At(s.offset + place),
        (Cut::At(place), Cut::At(one)) if one == Dim::ONE => Cut::At(place),
        (Cut::At(_), Cut::At(_) | Cut::Run(_)) => return None,
    })
}

/// A factor of a chain that chooses rows of what follows, or columns of what comes before.
enum Chooser {
    Rows(Cut),
    Columns(Cut),
}

fn chooser<B: Build + ?Sized>(b: &B, t: Id) -> Option<Chooser> {
    Some(match b.view(t) {
        Mat::Gather(s) => Chooser::Rows(Cut::Run(*s)),
        Mat::Scatter(s) => Chooser::Columns(Cut::Run(*s)),
        Mat::Unit(i, _) => Chooser::Columns(Cut::At(*i)),
        Mat::Transpose([a]) => match b.view(*a) {
            Mat::Unit(i, _) => Chooser::Rows(Cut::At(*i)),
            _ => return None,
        },
        _ => return None,
    })
}

/// Whether a factor that chooses nothing may join what follows.
fn joins<B: Build + ?Sized>(b: &B, t: Id) -> bool {
    match b.view(t) {
        Mat::Elimination(_) => true,
        Mat::Call(MatFn::Cross, arguments) => matches!(b.view(arguments[1]), Mat::Eye(_)),
        _ => false,
    }
}

/// What a pair of neighbours becomes.
enum Pair {
    Apart,
    One(Id),
    Nothing,
}

/// Selections of a chain taken of their neighbours; `None` if the product is zero. Each step leaves fewer factors.
pub fn fold<B: Build + ?Sized>(b: &mut B, factors: Vec<Id>, scalars: &mut Vec<Id>) -> Option<Vec<Id>> {
    if !factors.iter().any(|f| chooser(b, *f).is_some() || joins(b, *f)) {
        return Some(factors);
    }
    let mut done: Vec<Id> = Vec::with_capacity(factors.len());
    let mut waiting: Vec<Id> = factors.into_iter().rev().collect();
    while let Some(next) = waiting.pop() {
        let Some(&last) = done.last() else {
            done.push(next);
            continue;
        };
        match pair(b, last, next) {
            Pair::Apart => done.push(next),
            Pair::Nothing => return None,
            Pair::One(product) => {
                done.pop();
                match b.view(product).clone() {
                    _ if b.is_scalar(product) => scalars.push(product),
                    Mat::Zero(_) => return None,
                    Mat::Eye(_) => {}
                    Mat::Mul(inner) => waiting.extend(inner.iter().rev()),
                    _ => waiting.push(product),
                }
            }
        }
    }
    Some(done)
}

fn pair<B: Build + ?Sized>(b: &mut B, left: Id, right: Id) -> Pair {
    if let (Mat::Elimination(_), Mat::Call(MatFn::Vec, a)) = (b.view(left), b.view(right)) {
        let a = a[0];
        return Pair::One(b.call(MatFn::Vech, &[a]));
    }
    if let Mat::Call(MatFn::Cross, arguments) = b.view(left)
        && joins(b, left)
    {
        let vector = arguments[0];
        return Pair::One(b.call(MatFn::Cross, &[vector, right]));
    }
    match (chooser(b, left), chooser(b, right)) {
        (Some(Chooser::Rows(x)), Some(Chooser::Columns(y))) => both(b, x, y),
        (Some(Chooser::Rows(Cut::Run(s))), Some(Chooser::Rows(y))) => match y {
            // First the outer rows of the whole, then the inner ones of these.
            Cut::Run(t) => Pair::One(b.insert(Mat::Gather(t.then(s)))),
            Cut::All | Cut::At(_) => Pair::Apart,
        },
        (Some(Chooser::Columns(Cut::Run(s))), Some(Chooser::Columns(y))) => match y {
            Cut::Run(t) => Pair::One(b.insert(Mat::Scatter(s.then(t)))),
            Cut::At(i) => Pair::One(b.insert(Mat::Unit(s.offset + i, s.of))),
            Cut::All => Pair::Apart,
        },
        (Some(Chooser::Rows(cut)), None) => Pair::One(slice(b, [cut, Cut::All], right)),
        (None, Some(Chooser::Columns(cut))) => Pair::One(slice(b, [Cut::All, cut], left)),
        _ => Pair::Apart,
    }
}

/// Rows of the identity chosen by one and columns chosen by the other.
fn both<B: Build + ?Sized>(b: &mut B, rows: Cut, columns: Cut) -> Pair {
    match (rows, columns) {
        (Cut::Run(s), Cut::Run(t)) if s == t => Pair::One(b.eye(s.length)),
        (Cut::Run(s), Cut::Run(t)) if s.is_disjoint(t) => Pair::Nothing,
        (Cut::Run(s), Cut::Run(t)) => match s.common(t) {
            Some((in_s, in_t)) if in_s.is_whole() => Pair::One(b.insert(Mat::Gather(in_t))),
            Some((in_s, in_t)) if in_t.is_whole() => Pair::One(b.insert(Mat::Scatter(in_s))),
            _ => Pair::Apart,
        },
        (Cut::At(i), Cut::At(j)) if i == j => Pair::One(b.number(1)),
        (Cut::At(i), Cut::At(j)) => {
            let apart = (i - j - Dim::ONE).is_nonnegative() || (j - i - Dim::ONE).is_nonnegative();
            if apart { Pair::Nothing } else { Pair::Apart }
        }
        (Cut::Run(s), Cut::At(i)) => place(b, s, i, false),
        (Cut::At(i), Cut::Run(s)) => place(b, s, i, true),
        (Cut::All, _) | (_, Cut::All) => Pair::Apart,
    }
}

fn place<B: Build + ?Sized>(b: &mut B, run: Selection, at: Dim, row: bool) -> Pair {
    match run.place(at) {
        Err(_) => Pair::Nothing,
        Ok(None) => Pair::Apart,
        Ok(Some(within)) => {
            let unit = b.insert(Mat::Unit(within, run.length));
            Pair::One(if row { b.transpose(unit) } else { unit })
        }
    }
}

/// `reshape(v, m, n)`; coefficients and scalars go in front of it.
pub fn reshape<B: Build + ?Sized>(b: &mut B, m: Dim, n: Dim, t: Id) -> Id {
    let (c, core) = split(b, t);
    if !c.is_one() && !c.is_zero() {
        let inner = reshape(b, m, n, core);
        return b.scale(&c, inner);
    }
    match b.view(t).clone() {
        _ if n == Dim::ONE => t,
        Mat::Times([s, a]) => {
            let inner = reshape(b, m, n, a);
            b.times(s, inner)
        }
        Mat::Zero(_) => b.zero(Form::Grid(m, n)),
        Mat::Fill(_, _, [a]) => b.fill(a, m, n),
        Mat::Call(MatFn::Vec, a) if *b.form(a[0]) == Form::Grid(m, n) => a[0],
        _ => b.insert(Mat::Reshape(m, n, [t])),
    }
}
