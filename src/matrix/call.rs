//! Functions of matrices: what is linear lets coefficients and scalars out, and what is trivial is done at once.

use super::build::{Build, split};
use super::product::{TURNED, turn};
use super::{Form, Mat, MatFn, Scaling, Spec, structure};
use crate::dim::Dim;
use crate::fact::Facts;
use crate::function::{Map, Map2, Parity};
use crate::number::Number;
use egg::Id;

pub fn map<B: Build + ?Sized>(b: &mut B, f: Map, t: Id) -> Id {
    if f == Map::Sqrt {
        return b.power(t, &Number::ratio(1, 2));
    }
    match b.view(t) {
        Mat::Fill(m, n, [entry]) => {
            let (m, n, entry) = (*m, *n, *entry);
            let entry = map(b, f, entry);
            return b.fill(entry, m, n);
        }
        Mat::Map(inner, [u]) if (f, *inner) == (Map::Log, Map::Exp) || (f, *inner) == (Map::Exp, Map::Log) => return *u,
        Mat::Transpose([inner]) if turn(b, *inner) >= TURNED => {
            let inner = *inner;
            let value = map(b, f, inner);
            return b.transpose(value);
        }
        Mat::Map(inner, _) if f == Map::Abs && *inner == Map::Abs => return t,
        Mat::Number(n) if n.is_one() && f == Map::Log => return b.number(0),
        _ => {}
    }
    let (c, core) = split(b, t);
    if let (true, Some(value)) = (c.is_zero(), f.row().at_zero) {
        let form = b.form(t).clone();
        let entry = b.number(value);
        return b.fill(entry, form.rows(), form.columns());
    }
    if f == Map::Abs && !c.is_one() {
        let magnitude = map(b, f, core);
        return b.scale(&c.abs(), magnitude);
    }
    match f.row().parity {
        Parity::Odd if c.is_negative() => {
            let positive = b.negate(t);
            let value = map(b, f, positive);
            b.negate(value)
        }
        Parity::Even if c.is_negative() => {
            let positive = b.negate(t);
            map(b, f, positive)
        }
        _ if f == Map::Abs && is_one(b, core) => core,
        _ => b.insert(Mat::Map(f, [t])),
    }
}

fn is_one<B: Build + ?Sized>(b: &B, t: Id) -> bool {
    matches!(b.view(t), Mat::Number(n) if n.is_one())
}

pub fn map2<B: Build + ?Sized>(b: &mut B, f: Map2, x: Id, y: Id) -> Id {
    match (f, b.view(x), b.view(y)) {
        (Map2::Power, _, Mat::Number(n)) => {
            let n = n.clone();
            b.power(x, &n)
        }
        (_, Mat::Fill(m, n, [p]), Mat::Fill(_, _, [q])) => {
            let (m, n, p, q) = (*m, *n, *p, *q);
            let entry = map2(b, f, p, q);
            b.fill(entry, m, n)
        }
        (Map2::Max | Map2::Min, ..) if b.canonical(x) == b.canonical(y) => x,
        (Map2::Max | Map2::Min, ..) if b.order(x, y).is_gt() => b.insert(Mat::Map2(f, [y, x])),
        _ => b.insert(Mat::Map2(f, [x, y])),
    }
}

pub fn matpower<B: Build + ?Sized>(b: &mut B, base: Id, exponent: i64) -> Id {
    let form = b.form(base).clone();
    if form.is_scalar() {
        return b.power(base, &Number::int(exponent));
    }
    match (exponent, b.view(base)) {
        (0, _) => b.eye(form.rows()),
        (1, _) | (_, Mat::Eye(_)) => base,
        (2, _) => b.mul(&[base, base]),
        (..=-1, _) => {
            let inverse = b.call(MatFn::Inv, &[base]);
            exponent.checked_neg().map_or(inverse, |p| matpower(b, inverse, p))
        }
        (_, Mat::Scale(c, [core])) if c.pow(&Number::int(exponent)).is_some() => {
            let (c, core) = (c.pow(&Number::int(exponent)).unwrap_or(Number::ONE), *core);
            let power = matpower(b, core, exponent);
            b.scale(&c, power)
        }
        (_, Mat::Times([s, core])) => {
            let (s, core) = (*s, *core);
            let s = b.power(s, &Number::int(exponent));
            let power = matpower(b, core, exponent);
            b.times(s, power)
        }
        (_, Mat::MatPower(inner, [core])) if inner.checked_mul(exponent).is_some() => {
            let (product, core) = (inner.saturating_mul(exponent), *core);
            b.insert(Mat::MatPower(product, [core]))
        }
        _ => b.insert(Mat::MatPower(exponent, [base])),
    }
}

pub fn call<B: Build + ?Sized>(b: &mut B, f: MatFn, arguments: &[Id]) -> Id {
    let scaling = f.row().scaling;
    if matches!(scaling, Scaling::None | Scaling::Even) {
        return bare(b, f, arguments);
    }
    let mut coefficient = Number::ONE;
    let mut scalars: Vec<Id> = Vec::new();
    let mut cores: Vec<Id> = Vec::with_capacity(arguments.len());
    for a in arguments {
        let (c, mut core) = if b.is_scalar(*a) && f != MatFn::Kron { (Number::ONE, *a) } else { split(b, *a) };
        coefficient = &coefficient * &c;
        if let Mat::Times([s, inner]) = b.view(core) {
            scalars.push(*s);
            core = *inner;
        }
        cores.push(core);
    }
    if coefficient.is_zero() {
        return of_zero(b, f, arguments);
    }
    let value = bare(b, f, &cores);
    let scalar = b.had(&scalars);
    let (coefficient, scalar) = match scaling {
        Scaling::Linear | Scaling::Even | Scaling::None => (coefficient, scalar),
        Scaling::Norm => (coefficient.abs(), b.map(Map::Abs, scalar)),
        Scaling::Square => (&coefficient * &coefficient, b.power(scalar, &Number::int(2))),
        Scaling::Inverse => (coefficient.recip().unwrap_or(coefficient), b.power(scalar, &Number::MINUS_ONE)),
    };
    let value = b.times(scalar, value);
    b.scale(&coefficient, value)
}

fn of_zero<B: Build + ?Sized>(b: &mut B, f: MatFn, arguments: &[Id]) -> Id {
    if f == MatFn::Inv || f == MatFn::Sylvester {
        return b.insert(Mat::Call(f, arguments.into()));
    }
    let form = super::form_of(&Mat::Call(f, arguments.into()), |c| b.form(c));
    b.zero(form)
}

/// The call on arguments that have no coefficient, where the function would let it out.
fn bare<B: Build + ?Sized>(b: &mut B, f: MatFn, arguments: &[Id]) -> Id {
    let [a] = *arguments else { return if f == MatFn::Kron { kron(b, arguments) } else { b.insert(Mat::Call(f, arguments.into())) } };
    let form = b.form(a).clone();
    if form.is_scalar() {
        return of_scalar(b, f, a);
    }
    let simpler = match f {
        MatFn::Inv => inverse(b, a),
        MatFn::Pinv => pseudoinverse(b, a),
        MatFn::Expm | MatFn::Logm | MatFn::Sqrtm | MatFn::Cosm | MatFn::Sinm => function_of_matrix(b, f, a),
        MatFn::LambdaMax | MatFn::LambdaMin | MatFn::Nuclear => match b.view(a) {
            Mat::Transpose([inner]) => Some(b.call(f, &[*inner])),
            Mat::Eye(_) if f != MatFn::Nuclear => Some(b.number(1)),
            _ => None,
        },
        MatFn::Trace => trace(b, a),
        MatFn::Det | MatFn::LogDet => determinant(b, f, a),
        MatFn::Diag => diag(b, a),
        MatFn::DiagOf => diagonal(b, a),
        MatFn::Sum => total(b, a),
        MatFn::SumRows | MatFn::SumColumns | MatFn::MeanRows | MatFn::MeanColumns => reduction(b, f, a, &form),
        MatFn::Mean | MatFn::NormF | MatFn::Variance => match (f, b.view(a)) {
            (_, Mat::Transpose([inner])) => Some(b.call(f, &[*inner])),
            (MatFn::Mean, Mat::Fill(_, _, [entry])) => Some(*entry),
            (MatFn::Variance, Mat::Fill(..)) => Some(b.number(0)),
            _ => None,
        },
        MatFn::Vec if form.columns() == Dim::ONE => Some(a),
        MatFn::Sym if b.facts(a).contains(Facts::SYMMETRIC) => Some(a),
        MatFn::Tril | MatFn::Triu => structure::triangle(b, f, a),
        MatFn::Kron => Some(a),
        _ => None,
    };
    simpler.unwrap_or_else(|| b.insert(Mat::Call(f, arguments.into())))
}

/// A function of a 1×1.
fn of_scalar<B: Build + ?Sized>(b: &mut B, f: MatFn, a: Id) -> Id {
    match f {
        MatFn::Inv => b.power(a, &Number::MINUS_ONE),
        MatFn::Adj | MatFn::Softmax => b.number(1),
        MatFn::Variance => b.number(0),
        MatFn::LogDet => {
            let magnitude = b.map(Map::Abs, a);
            b.map(Map::Log, magnitude)
        }
        MatFn::Norm1 | MatFn::Norm2 | MatFn::NormF | MatFn::NormInf | MatFn::Nuclear => b.map(Map::Abs, a),
        MatFn::Expm => b.map(Map::Exp, a),
        MatFn::Logm => b.map(Map::Log, a),
        MatFn::Sqrtm | MatFn::Cholesky => b.power(a, &Number::ratio(1, 2)),
        MatFn::Cosm => b.map(Map::Cos, a),
        MatFn::Sinm => b.map(Map::Sin, a),
        MatFn::FrechetExpm => b.map(Map::Exp, a),
        MatFn::FrechetLogm => b.power(a, &Number::MINUS_ONE),
        MatFn::FrechetCosm => {
            let sine = b.map(Map::Sin, a);
            b.negate(sine)
        }
        MatFn::FrechetSinm => b.map(Map::Cos, a),
        MatFn::EigvecMax | MatFn::EigvecMin => b.number(1),
        MatFn::LambdaMax
        | MatFn::LambdaMin
        | MatFn::Det
        | MatFn::Trace
        | MatFn::Diag
        | MatFn::DiagOf
        | MatFn::Sum
        | MatFn::SumRows
        | MatFn::SumColumns
        | MatFn::Mean
        | MatFn::MeanRows
        | MatFn::MeanColumns
        | MatFn::Product
        | MatFn::LogSumExp
        | MatFn::Vec
        | MatFn::Vech
        | MatFn::Kron
        | MatFn::Sym
        | MatFn::Tril
        | MatFn::Triu => a,
        // The pseudoinverse of 0 is 0.
        MatFn::Cross | MatFn::Sylvester | MatFn::Pinv | MatFn::OpenExpm | MatFn::OpenLogm | MatFn::OpenCosm | MatFn::OpenSinm => {
            b.insert(Mat::Call(f, [a].into()))
        }
    }
}

fn inverse<B: Build + ?Sized>(b: &mut B, a: Id) -> Option<Id> {
    match b.view(a) {
        Mat::Eye(_) => Some(a),
        Mat::Call(MatFn::Inv, inner) => Some(inner[0]),
        Mat::Call(MatFn::Diag, v) => {
            let v = v[0];
            let v = b.power(v, &Number::MINUS_ONE);
            Some(b.call(MatFn::Diag, &[v]))
        }
        Mat::Transpose([inner]) => {
            let inner = *inner;
            let inverse = b.call(MatFn::Inv, &[inner]);
            Some(b.transpose(inverse))
        }
        _ => None,
    }
}

fn pseudoinverse<B: Build + ?Sized>(b: &mut B, a: Id) -> Option<Id> {
    match b.view(a) {
        Mat::Eye(_) => Some(a),
        Mat::Call(MatFn::Pinv, inner) => Some(inner[0]),
        Mat::Transpose([inner]) => {
            let inner = *inner;
            let inverse = b.call(MatFn::Pinv, &[inner]);
            Some(b.transpose(inverse))
        }
        _ if b.facts(a).contains(Facts::INVERTIBLE) => Some(b.call(MatFn::Inv, &[a])),
        _ => None,
    }
}

/// `f(A')` is `f(A)'`; of the identity it is a multiple of it.
fn function_of_matrix<B: Build + ?Sized>(b: &mut B, f: MatFn, a: Id) -> Option<Id> {
    match b.view(a) {
        Mat::Transpose([inner]) => {
            let inner = *inner;
            let value = b.call(f, &[inner]);
            Some(b.transpose(value))
        }
        Mat::Eye(_) => {
            let one = b.number(1);
            let value = b.call(f, &[one]);
            Some(b.times(value, a))
        }
        Mat::Call(MatFn::Diag, v) => {
            let v = v[0];
            let value = match f {
                MatFn::Expm => b.map(Map::Exp, v),
                MatFn::Logm => b.map(Map::Log, v),
                MatFn::Cosm => b.map(Map::Cos, v),
                MatFn::Sinm => b.map(Map::Sin, v),
                _ => b.power(v, &Number::ratio(1, 2)),
            };
            Some(b.call(MatFn::Diag, &[value]))
        }
        Mat::Call(MatFn::Logm, inner) if f == MatFn::Expm => Some(inner[0]),
        _ => None,
    }
}

fn trace<B: Build + ?Sized>(b: &mut B, a: Id) -> Option<Id> {
    match b.view(a).clone() {
        Mat::Eye(n) => Some(b.size(n)),
        Mat::Transpose([inner]) => Some(b.call(MatFn::Trace, &[inner])),
        Mat::Call(MatFn::Diag, v) => Some(b.call(MatFn::Sum, &v)),
        Mat::Mul(factors) => {
            // Rotated to begin where the inner dimension is 1, a chain is a scalar: tr(x*y') = y'*x.
            let at = factors.iter().position(|f| b.form(*f).columns() == Dim::ONE)?;
            let rotated: Vec<Id> = factors[at + 1..].iter().chain(&factors[..=at]).copied().collect();
            Some(b.mul(&rotated))
        }
        _ => None,
    }
}

fn determinant<B: Build + ?Sized>(b: &mut B, f: MatFn, a: Id) -> Option<Id> {
    match b.view(a) {
        Mat::Eye(_) => Some(b.number(i64::from(f == MatFn::Det))),
        Mat::Transpose([inner]) => Some(b.call(f, &[*inner])),
        _ => None,
    }
}

fn diag<B: Build + ?Sized>(b: &mut B, a: Id) -> Option<Id> {
    match *b.view(a) {
        Mat::Fill(n, _, [entry]) => {
            let eye = b.eye(n);
            Some(b.times(entry, eye))
        }
        _ => structure::diagonal_of_product(b, a),
    }
}

fn diagonal<B: Build + ?Sized>(b: &mut B, a: Id) -> Option<Id> {
    match b.view(a) {
        Mat::Eye(n) => {
            let n = *n;
            Some(b.ones(n, Dim::ONE))
        }
        Mat::Call(MatFn::Diag, v) => Some(v[0]),
        Mat::Transpose([inner]) => Some(b.call(MatFn::DiagOf, &[*inner])),
        Mat::Fill(n, _, [entry]) => {
            let (n, entry) = (*n, *entry);
            Some(b.fill(entry, n, Dim::ONE))
        }
        _ => None,
    }
}

fn total<B: Build + ?Sized>(b: &mut B, a: Id) -> Option<Id> {
    match b.view(a) {
        Mat::Eye(n) => {
            let n = *n;
            Some(b.size(n))
        }
        Mat::Unit(..) => Some(b.number(1)),
        Mat::Transpose([inner]) => Some(b.call(MatFn::Sum, &[*inner])),
        Mat::Call(MatFn::Diag, v) => Some(b.call(MatFn::Sum, &[v[0]])),
        Mat::Fill(m, n, [entry]) => {
            let (m, n, entry) = (*m, *n, *entry);
            let (m, n) = (b.size(m), b.size(n));
            Some(b.had(&[m, n, entry]))
        }
        _ => None,
    }
}

/// Sums and means along one direction, of what has one row or one column only.
fn reduction<B: Build + ?Sized>(b: &mut B, f: MatFn, a: Id, form: &Form) -> Option<Id> {
    let over_rows = matches!(f, MatFn::SumRows | MatFn::MeanRows);
    let mean = matches!(f, MatFn::MeanRows | MatFn::MeanColumns);
    let (along, across) = if over_rows { (form.rows(), form.columns()) } else { (form.columns(), form.rows()) };
    if along == Dim::ONE {
        return Some(a);
    }
    if across == Dim::ONE {
        return Some(b.call(if mean { MatFn::Mean } else { MatFn::Sum }, &[a]));
    }
    match *b.view(a) {
        // The places of a run, with ones.
        Mat::Scatter(s) if f == MatFn::SumColumns => {
            let ones = b.ones(s.length, Dim::ONE);
            Some(b.mul(&[a, ones]))
        }
        Mat::Gather(s) if f == MatFn::SumColumns => Some(b.ones(s.length, Dim::ONE)),
        Mat::Fill(_, _, [entry]) => {
            let entry = if mean {
                entry
            } else {
                let length = b.size(along);
                b.had(&[length, entry])
            };
            Some(if over_rows { b.fill(entry, Dim::ONE, across) } else { b.fill(entry, across, Dim::ONE) })
        }
        _ => None,
    }
}

/// Flat, without 1×1 factors, neighbouring identities joined.
fn kron<B: Build + ?Sized>(b: &mut B, arguments: &[Id]) -> Id {
    let mut scalars: Vec<Id> = Vec::new();
    let mut factors: Vec<Id> = Vec::new();
    for a in arguments {
        let parts = match b.view(*a) {
            Mat::Call(MatFn::Kron, inner) => inner.to_vec(),
            _ => vec![*a],
        };
        for part in parts {
            let joined = match (factors.last().map(|f| b.view(*f)), b.view(part)) {
                (Some(Mat::Eye(m)), Mat::Eye(n)) => Some(*m * *n),
                _ => None,
            };
            match joined {
                _ if b.is_scalar(part) => scalars.push(part),
                Some(n) => {
                    factors.pop();
                    factors.push(b.eye(n));
                }
                None => factors.push(part),
            }
        }
    }
    let scalar = b.had(&scalars);
    let product = match factors[..] {
        [] => return scalar,
        [one] => one,
        _ => b.insert(Mat::Call(MatFn::Kron, factors.into())),
    };
    b.times(scalar, product)
}

pub fn contract<B: Build + ?Sized>(b: &mut B, spec: Spec, factors: &[Id]) -> Id {
    let mut coefficient = Number::ONE;
    let mut cores: Vec<Id> = Vec::with_capacity(factors.len());
    for f in factors {
        let (c, core) = split(b, *f);
        coefficient = &coefficient * &c;
        cores.push(core);
    }
    let node = Mat::Contract(Box::new(spec), cores.into());
    if coefficient.is_zero() {
        let form = super::form_of(&node, |c| b.form(c));
        return b.zero(form);
    }
    let value = b.insert(node);
    b.scale(&coefficient, value)
}
