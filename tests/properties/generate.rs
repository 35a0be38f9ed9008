//! Random well-typed expressions, made from a list of choices so that a failing one shrinks to a short one.

use indicial::{Call, Dim, Expr, Function, Map, Op, Shape, Subscript, Symbol};

/// Every variable that may occur.
pub const DECLARATIONS: &str = "s: scalar; t: scalar; p: scalar > 0; x: vector(n); y: vector(n); z: vector(m); u: vector(3); v: vector(3); \
     A: matrix(m, n); B: matrix(n, n); C: matrix(n, n); S: symmetric(n)";

/// What may be differentiated by.
pub const VARIABLES: [&str; 9] = ["s", "p", "x", "y", "z", "u", "A", "B", "C"];

/// Choices taken from a list; once it is used up every choice is the first, which is the simplest.
pub struct Choices<'a> {
    left: &'a [u8],
    indices: usize,
}

impl<'a> Choices<'a> {
    pub fn new(list: &'a [u8]) -> Choices<'a> {
        Choices { left: list, indices: 0 }
    }

    /// One of `0..n`.
    pub fn of(&mut self, n: usize) -> usize {
        let Some((first, rest)) = self.left.split_first() else { return 0 };
        self.left = rest;
        usize::from(*first) % n
    }

    fn one<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.of(all.len())]
    }

    /// An index that is used nowhere else.
    fn index(&mut self) -> Symbol {
        self.indices += 1;
        Symbol::new(&format!("i{}", self.indices))
    }
}

/// Functions that are finite on all reals and do not grow fast.
const TAME: [Map; 12] =
    [Map::Sin, Map::Cos, Map::Tanh, Map::Exp, Map::Sigmoid, Map::Softplus, Map::Relu, Map::Abs, Map::Atan, Map::Asinh, Map::Erf, Map::Sign];

/// Functions with a domain, taken of something positive.
const OF_POSITIVE: [Map; 7] = [Map::Log, Map::Sqrt, Map::Log1p, Map::Lgamma, Map::Cbrt, Map::Gamma, Map::Digamma];

fn n() -> Dim {
    Dim::symbol("n")
}

fn m() -> Dim {
    Dim::symbol("m")
}

fn named(name: &str, shape: Shape) -> Expr {
    Expr::var(indicial::Var::new(name, shape))
}

fn map(f: Map, e: Expr) -> Expr {
    Expr::call(Function::Map(f), [e])
}

fn call(f: Call, arguments: impl IntoIterator<Item = Expr>) -> Expr {
    Expr::call(Function::Call(f), arguments)
}

fn transpose(e: Expr) -> Expr {
    Expr::new(Op::Transpose(e))
}

fn product(factors: Vec<Expr>) -> Expr {
    Expr::new(Op::Mul(factors))
}

fn size(d: Dim) -> Expr {
    d.as_number().map_or_else(|| Expr::new(Op::Size(d)), Expr::number)
}

fn entry(tensor: Expr, indices: &[Symbol]) -> Expr {
    Expr::new(Op::Subscript(tensor, indices.iter().map(|i| Subscript::Index(*i)).collect()))
}

/// An expression of that shape; `depth` bounds how deep it is.
pub fn expression(c: &mut Choices, shape: &Shape, depth: usize) -> Expr {
    if depth == 0 {
        return leaf(c, shape);
    }
    match c.of(8) {
        0 => leaf(c, shape),
        1 => sum(c, shape, depth - 1),
        2 => entrywise(c, shape, depth - 1),
        3 => scaled(c, shape, depth - 1),
        _ => match shape {
            Shape::Scalar => scalar(c, depth - 1),
            Shape::Column(d) => column(c, *d, depth - 1),
            Shape::Row(d) => row(c, *d, depth - 1),
            Shape::Matrix(a, b) => matrix(c, *a, *b, depth - 1),
            Shape::Tensor(_) => leaf(c, shape),
        },
    }
}

fn leaf(c: &mut Choices, shape: &Shape) -> Expr {
    match shape {
        Shape::Scalar => match c.of(5) {
            0 => named("s", Shape::Scalar),
            1 => declared(c.one(&["t", "p"])),
            2 => Expr::number(c.of(4) as i64),
            3 => Expr::new(Op::Number(indicial::Number::ratio(1, 2 + c.of(3) as i64))),
            _ => size(c.one(&[n(), m()])),
        },
        Shape::Column(d) if *d == n() => declared(c.one(&["x", "y"])),
        Shape::Column(d) if *d == m() => declared("z"),
        Shape::Column(_) => declared(c.one(&["u", "v"])),
        Shape::Row(d) => transpose(leaf(c, &Shape::Column(*d))),
        Shape::Matrix(a, b) if *a == m() && *b == n() => declared("A"),
        Shape::Matrix(a, b) if *a == n() && *b == m() => transpose(declared("A")),
        Shape::Matrix(a, b) if *a == n() && *b == n() => declared(c.one(&["B", "C", "S"])),
        Shape::Matrix(a, b) if a == b => call(Call::Eye, [size(*a)]),
        Shape::Matrix(a, b) => call(Call::Ones, [size(*a), size(*b)]),
        Shape::Tensor(axes) => call(Call::Zeros, axes.iter().map(|d| size(*d))),
    }
}

/// A variable with its declared kind.
fn declared(name: &str) -> Expr {
    super::read(name)
}

fn sum(c: &mut Choices, shape: &Shape, depth: usize) -> Expr {
    let terms = 2 + c.of(2);
    let signed = |c: &mut Choices, first: bool| {
        let e = expression(c, shape, depth);
        if c.of(3) == 2 && !first { Expr::new(Op::Neg(e)) } else { e }
    };
    let mut all: Vec<Expr> = (0..terms).map(|at| signed(c, at == 0)).collect();
    if c.of(6) == 5 {
        all.push(expression(c, &Shape::Scalar, depth));
    }
    Expr::new(Op::Add(all))
}

fn entrywise(c: &mut Choices, shape: &Shape, depth: usize) -> Expr {
    let part = |c: &mut Choices| expression(c, shape, depth);
    match c.of(8) {
        0 => Expr::new(Op::Had((0..2 + c.of(2)).map(|_| part(c)).collect())),
        1 => map(c.one(&TAME), part(c)),
        2 => map(c.one(&OF_POSITIVE), map(c.one(&[Map::Exp, Map::Softplus, Map::Sigmoid]), part(c))),
        3 => Expr::new(Op::HadPow(part(c), Expr::number(2 + c.of(2) as i64))),
        4 => Expr::new(Op::HadDiv(part(c), map(c.one(&[Map::Cosh, Map::Exp]), part(c)))),
        5 => call(c.one(&[Call::Max, Call::Min]), [part(c), part(c)]),
        6 => Expr::new(Op::HadPow(map(Map::Exp, part(c)), part(c))),
        _ => Expr::new(Op::Neg(part(c))),
    }
}

fn scaled(c: &mut Choices, shape: &Shape, depth: usize) -> Expr {
    let by = expression(c, &Shape::Scalar, depth);
    let e = expression(c, shape, depth);
    match c.of(3) {
        0 => product(vec![by, e]),
        1 => product(vec![e, by]),
        _ => Expr::new(Op::Div(e, map(Map::Exp, by))),
    }
}

fn scalar(c: &mut Choices, depth: usize) -> Expr {
    let d = c.one(&[n(), m(), Dim::number(3)]);
    let vector = |c: &mut Choices, d| expression(c, &Shape::Column(d), depth);
    let general = |c: &mut Choices, a, b| expression(c, &Shape::Matrix(a, b), depth);
    match c.of(20) {
        0 => product(vec![transpose(vector(c, d)), vector(c, d)]),
        1 => product(vec![transpose(vector(c, n())), general(c, n(), n()), vector(c, n())]),
        2 => product(vec![transpose(vector(c, m())), general(c, m(), n()), vector(c, n())]),
        3 => call(Call::Trace, [general(c, n(), n())]),
        4 => call(Call::Trace, [product(vec![general(c, m(), n()), general(c, n(), m())])]),
        5 => call(c.one(&[Call::Sum, Call::Mean]), [vector(c, d)]),
        6 => call(c.one(&[Call::Sum, Call::Mean]), [general(c, m(), n())]),
        7 => call(c.one(&[Call::Norm2, Call::Norm1, Call::Norm]), [vector(c, d)]),
        8 => Expr::new(Op::Pow(call(Call::Norm2, [vector(c, d)]), Expr::number(2))),
        9 => call(Call::NormF, [general(c, m(), n())]),
        10 => call(Call::LogSumExp, [vector(c, d)]),
        11 => call(c.one(&[Call::Det, Call::LogDet]), [general(c, n(), n())]),
        12 => call(Call::Dot, [vector(c, d), vector(c, d)]),
        13 => call(Call::Inner, [general(c, m(), n()), general(c, m(), n())]),
        14 => call(Call::Trace, [call(Call::Kron, [general(c, n(), n()), general(c, n(), n())])]),
        15 => product(vec![transpose(call(Call::Vec, [general(c, m(), n())])), call(Call::Vec, [general(c, m(), n())])]),
        16 => Expr::new(Op::Pow(expression(c, &Shape::Scalar, depth), Expr::number(2 + c.of(2) as i64))),
        17 => {
            let i = c.index();
            Expr::new(Op::IndexSum(i, product(vec![entry(vector(c, n()), &[i]), entry(vector(c, n()), &[i])])))
        }
        18 => call(c.one(&[Call::Variance, Call::Product]), [vector(c, n())]),
        _ => {
            let (i, j) = (c.index(), c.index());
            product(vec![entry(leaf(c, &Shape::Column(m())), &[i]), entry(general(c, m(), n()), &[i, j]), entry(vector(c, n()), &[j])])
        }
    }
}

fn column(c: &mut Choices, d: Dim, depth: usize) -> Expr {
    let vector = |c: &mut Choices, d| expression(c, &Shape::Column(d), depth);
    let general = |c: &mut Choices, a, b| expression(c, &Shape::Matrix(a, b), depth);
    match c.of(12) {
        0 | 1 => product(vec![general(c, d, n()), vector(c, n())]),
        2 => product(vec![general(c, d, m()), vector(c, m())]),
        3 => transpose(expression(c, &Shape::Row(d), depth)),
        4 => call(Call::Diag, [general(c, d, d)]),
        5 => call(Call::Softmax, [vector(c, d)]),
        6 => call(Call::Sum, [general(c, d, n()), Expr::number(2)]),
        7 => call(c.one(&[Call::Ones, Call::Zeros]), [size(d)]),
        8 => Expr::new(Op::LeftDiv(regular(c, d, depth), vector(c, d))),
        9 if d == Dim::number(3) => call(Call::Cross, [vector(c, d), vector(c, d)]),
        9 => Expr::new(Op::Diff(expression(c, &Shape::Scalar, depth), leaf(c, &Shape::Column(d)))),
        10 => {
            let (i, j) = (c.index(), c.index());
            let body = product(vec![entry(general(c, d, n()), &[i, j]), entry(vector(c, n()), &[j])]);
            Expr::new(Op::Braces(body, vec![(i, None)]))
        }
        _ => Expr::new(Op::Had(vec![vector(c, d), vector(c, d)])),
    }
}

fn row(c: &mut Choices, d: Dim, depth: usize) -> Expr {
    match c.of(3) {
        0 => transpose(expression(c, &Shape::Column(d), depth)),
        1 => product(vec![transpose(expression(c, &Shape::Column(m()), depth)), expression(c, &Shape::Matrix(m(), d), depth)]),
        _ => call(Call::Sum, [expression(c, &Shape::Matrix(m(), d), depth), Expr::number(1)]),
    }
}

fn matrix(c: &mut Choices, a: Dim, b: Dim, depth: usize) -> Expr {
    let general = |c: &mut Choices, a, b| expression(c, &Shape::Matrix(a, b), depth);
    let vector = |c: &mut Choices, d| expression(c, &Shape::Column(d), depth);
    match c.of(12) {
        0 => product(vec![general(c, a, n()), general(c, n(), b)]),
        1 => product(vec![general(c, a, m()), general(c, m(), b)]),
        2 => product(vec![vector(c, a), transpose(vector(c, b))]),
        3 => transpose(general(c, b, a)),
        4 => call(Call::Outer, [vector(c, a), vector(c, b)]),
        5 => call(Call::Ones, [size(a), size(b)]),
        6 => {
            let (i, j) = (c.index(), c.index());
            let body = product(vec![entry(vector(c, a), &[i]), entry(general(c, a, b), &[i, j])]);
            Expr::new(Op::Braces(body, vec![(i, None), (j, None)]))
        }
        7 if a == b => call(Call::Diag, [vector(c, a)]),
        8 if a == b => call(Call::Inv, [regular(c, a, depth)]),
        9 if a == b => Expr::new(Op::Pow(general(c, a, a), Expr::number(2 + c.of(2) as i64))),
        10 if a == b => call(c.one(&[Call::Sym, Call::Skew]), [general(c, a, a)]),
        11 if a == b => call(Call::Eye, [size(a)]),
        _ => Expr::new(Op::Had(vec![general(c, a, b), general(c, a, b)])),
    }
}

/// A square matrix that is not singular by construction.
fn regular(c: &mut Choices, d: Dim, depth: usize) -> Expr {
    if depth == 0 || c.of(3) == 0 {
        return leaf(c, &Shape::Matrix(d, d));
    }
    let (a, square) = (call(Call::Eye, [size(d)]), leaf(c, &Shape::Matrix(d, d)));
    match c.of(2) {
        0 => Expr::new(Op::Add(vec![a, product(vec![transpose(square.clone()), square])])),
        _ => product(vec![leaf(c, &Shape::Matrix(d, d)), square]),
    }
}
