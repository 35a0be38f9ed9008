//! Simplification keeps values, on random terms; and gives the same answer whatever was built before.

use super::*;
use crate::function::Map;
use crate::matrix::MatFn;

/// A dense matrix for these tests.
#[derive(Clone, Debug)]
struct Dense {
    rows: usize,
    columns: usize,
    entries: Vec<f64>,
}

impl Dense {
    fn from(rows: usize, columns: usize, f: impl Fn(usize, usize) -> f64) -> Dense {
        let entries = (0..rows * columns).map(|at| f(at / columns, at % columns)).collect();
        Dense { rows, columns, entries }
    }

    fn at(&self, i: usize, j: usize) -> f64 {
        self.entries[i * self.columns + j]
    }

    fn map(&self, f: impl Fn(f64) -> f64) -> Dense {
        Dense { entries: self.entries.iter().map(|x| f(*x)).collect(), ..*self }
    }

    fn zip(&self, other: &Dense, f: impl Fn(f64, f64) -> f64) -> Dense {
        assert_eq!((self.rows, self.columns), (other.rows, other.columns));
        Dense::from(self.rows, self.columns, |i, j| f(self.at(i, j), other.at(i, j)))
    }

    fn transposed(&self) -> Dense {
        Dense::from(self.columns, self.rows, |i, j| self.at(j, i))
    }

    fn times(&self, other: &Dense) -> Dense {
        assert_eq!(self.columns, other.rows);
        Dense::from(self.rows, other.columns, |i, j| (0..self.columns).map(|k| self.at(i, k) * other.at(k, j)).sum())
    }

    fn scalar(x: f64) -> Dense {
        Dense::from(1, 1, |_, _| x)
    }

    fn sum(&self) -> f64 {
        self.entries.iter().sum()
    }
}

const M: usize = 2;
const N: usize = 3;

fn length(d: Dim) -> usize {
    d.evaluate(&|s| Some(if s.as_str() == "m" { 2 } else { 3 })).unwrap().try_into().unwrap()
}

/// Some number for each entry of each variable.
fn entry(name: &str, i: usize, j: usize) -> f64 {
    let seed = name.bytes().fold(7u64, |h, b| h.wrapping_mul(31).wrapping_add(u64::from(b)));
    let mixed = (seed + 13 * i as u64 + 101 * j as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 40;
    0.3 + mixed as f64 / f64::from(1 << 24)
}

fn value(terms: &Terms, t: Id) -> Dense {
    let of = |t: &Id| value(terms, *t);
    let (rows, columns) = (length(terms.form(t).rows()), length(terms.form(t).columns()));
    match terms.node(t) {
        Mat::Number(n) => Dense::scalar(n.to_f64()),
        Mat::Size(n) => Dense::scalar(length(*n) as f64),
        Mat::Var(v) => Dense::from(rows, columns, |i, j| entry(v.name.as_str(), i, j)),
        Mat::Eye(_) => Dense::from(rows, columns, |i, j| f64::from(u8::from(i == j))),
        Mat::Zero(_) => Dense::from(rows, columns, |_, _| 0.0),
        Mat::Fill(_, _, [a]) => Dense::from(rows, columns, |_, _| of(a).at(0, 0)),
        Mat::Scale(c, [a]) => of(a).map(|x| c.to_f64() * x),
        Mat::Times([s, a]) => of(a).map(|x| of(s).at(0, 0) * x),
        Mat::Mul(factors) => factors.iter().map(of).reduce(|a, b| a.times(&b)).unwrap(),
        Mat::Add(cs, ts) => cs.iter().zip(ts).map(|(c, t)| of(t).map(|x| c.to_f64() * x)).reduce(|a, b| a.zip(&b, |x, y| x + y)).unwrap(),
        Mat::Had(factors) => factors.iter().map(of).reduce(|a, b| a.zip(&b, |x, y| x * y)).unwrap(),
        Mat::Transpose([a]) => of(a).transposed(),
        Mat::Map(f, [a]) => of(a).map(f.row().value),
        Mat::Power(p, [a]) => of(a).map(|x| x.powf(p.to_f64())),
        Mat::MatPower(p, [a]) => (1..*p).fold(of(a), |power, _| power.times(&of(a))),
        Mat::Call(f, arguments) => call(*f, &of(&arguments[0]), rows, columns),
        other => panic!("not made by these tests: {other:?}"),
    }
}

fn call(f: MatFn, a: &Dense, rows: usize, columns: usize) -> Dense {
    match f {
        MatFn::Trace => Dense::scalar((0..a.rows).map(|i| a.at(i, i)).sum()),
        MatFn::Sum => Dense::scalar(a.sum()),
        MatFn::Mean => Dense::scalar(a.sum() / a.entries.len() as f64),
        MatFn::SumColumns => Dense::from(rows, columns, |i, _| (0..a.columns).map(|j| a.at(i, j)).sum()),
        MatFn::SumRows => Dense::from(rows, columns, |_, j| (0..a.rows).map(|i| a.at(i, j)).sum()),
        MatFn::Diag => Dense::from(rows, columns, |i, j| if i == j { a.at(i, 0) } else { 0.0 }),
        MatFn::DiagOf => Dense::from(rows, columns, |i, _| a.at(i, i)),
        MatFn::Norm2 | MatFn::NormF => Dense::scalar(a.map(|x| x * x).sum().sqrt()),
        MatFn::Tril => Dense::from(rows, columns, |i, j| if i >= j { a.at(i, j) } else { 0.0 }),
        MatFn::Triu => Dense::from(rows, columns, |i, j| if i <= j { a.at(i, j) } else { 0.0 }),
        MatFn::Sym => a.zip(&a.transposed(), |x, y| (x + y) / 2.0),
        other => panic!("not made by these tests: {other:?}"),
    }
}

/// A small linear congruential generator, so that the tests are the same every time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % sides
    }
}

fn dims() -> [Dim; 3] {
    [Dim::ONE, Dim::symbol("m"), Dim::symbol("n")]
}

fn variable(terms: &mut Terms, dice: &mut Dice, rows: Dim, columns: Dim) -> Id {
    let which = ["a", "b", "c"][dice.roll(3)];
    let var = match (rows == Dim::ONE, columns == Dim::ONE) {
        (true, true) => Var::new(&format!("s{which}"), Shape::Scalar),
        (_, true) => Var::new(&format!("x{which}{rows}"), Shape::Column(rows)),
        (true, _) => Var::new(&format!("x{which}{columns}"), Shape::Column(columns)),
        _ => Var::new(&format!("M{which}{rows}{columns}"), Shape::Matrix(rows, columns)),
    };
    let t = terms.var(&var);
    if rows == Dim::ONE && columns != Dim::ONE { terms.transpose(t) } else { t }
}

fn random(terms: &mut Terms, dice: &mut Dice, rows: Dim, columns: Dim, depth: usize) -> Id {
    if depth == 0 {
        return variable(terms, dice, rows, columns);
    }
    match dice.roll(11) {
        0 | 1 => {
            let inner = dims()[dice.roll(3)];
            let (a, b) = (random(terms, dice, rows, inner, depth - 1), random(terms, dice, inner, columns, depth - 1));
            terms.mul(&[a, b])
        }
        2..=4 => {
            let all: Vec<(Number, Id)> = (0..2 + dice.roll(3))
                .map(|_| (Number::int([1, 1, 2, -1][dice.roll(4)]), random(terms, dice, rows, columns, depth - 1)))
                .collect();
            terms.add(&all)
        }
        5 => {
            let (a, b) = (random(terms, dice, rows, columns, depth - 1), random(terms, dice, rows, columns, depth - 1));
            terms.had(&[a, b])
        }
        6 => {
            let a = random(terms, dice, columns, rows, depth - 1);
            terms.transpose(a)
        }
        7 => {
            let s = random(terms, dice, Dim::ONE, Dim::ONE, depth - 1);
            let a = random(terms, dice, rows, columns, depth - 1);
            terms.times(s, a)
        }
        8 => {
            let a = random(terms, dice, rows, columns, depth - 1);
            terms.map(Map::Tanh, a)
        }
        9 if rows == columns && rows != Dim::ONE => {
            let v = random(terms, dice, rows, Dim::ONE, depth - 1);
            terms.call(MatFn::Diag, &[v])
        }
        9 if rows == Dim::ONE && columns == Dim::ONE => {
            let n = dims()[1 + dice.roll(2)];
            let a = random(terms, dice, n, n, depth - 1);
            let f = [MatFn::Trace, MatFn::Sum, MatFn::NormF][dice.roll(3)];
            terms.call(f, &[a])
        }
        _ => variable(terms, dice, rows, columns),
    }
}

fn close(a: &Dense, b: &Dense) -> bool {
    let size = a.entries.iter().fold(1.0f64, |m, x| m.max(x.abs()));
    a.entries.iter().zip(&b.entries).all(|(x, y)| (x - y).abs() <= 1e-8 * size)
}

#[test]
fn simplification_keeps_the_value_and_the_form_of_random_terms() {
    let mut dice = Dice(1);
    for round in 0..400 {
        let terms = &mut Terms::new();
        let (rows, columns) = (dims()[dice.roll(3)], dims()[dice.roll(3)]);
        let t = random(terms, &mut dice, rows, columns, 2 + round % 3);
        let before = value(terms, t);
        assert_eq!((before.rows, before.columns), (length(rows), length(columns)));
        let outcome = simplify(terms, &[t], RuleSet::standard(), &Limits::default()).unwrap();
        let mut back = Terms::new();
        let best = back.add_recexpr(&outcome.found[0].0);
        assert!(close(&before, &value(&back, best)), "{} is not {}", terms.show(t), back.show(best));
        assert!(back.tokens(best) <= terms.tokens(t), "{} is longer than {}", back.show(best), terms.show(t));
    }
    assert_eq!((M, N), (length(dims()[1]), length(dims()[2])));
}

#[test]
fn the_answer_does_not_depend_on_what_was_built_before() {
    let answer = |shuffled: bool, seed: u64| {
        let terms = &mut Terms::new();
        if shuffled {
            let mut other = Dice(99);
            (0..5).for_each(|_| _ = random(terms, &mut other, dims()[2], dims()[2], 2));
        }
        let t = random(terms, &mut Dice(seed), dims()[2], dims()[1], 3);
        let outcome = simplify(terms, &[t], RuleSet::standard(), &Limits::default()).unwrap();
        let mut back = Terms::new();
        let best = back.add_recexpr(&outcome.found[0].0);
        (back.show(best), outcome.stats.nodes)
    };
    for seed in 0..60 {
        assert_eq!(answer(false, seed), answer(true, seed));
    }
}
