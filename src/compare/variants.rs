//! Expressions that differ from one in a single place, by the slips that people make.

use crate::comparison::Remark;
use crate::dim::Symbol;
use crate::expr::{Expr, Op, Shape};
use crate::function::{Call, Function};
use crate::number::Number;
use crate::parse::Declarations;

/// Longer expressions are not varied: there would be too many variants.
const LONGEST: u64 = 200;

/// An expression with one place changed, and what to say if it is the right one.
pub struct Variant {
    pub whole: Expr,
    pub remark: Remark,
}

/// All variants, the likeliest slips first.
pub fn variants(expr: &Expr, declarations: &Declarations) -> Vec<Variant> {
    if expr.nodes() > LONGEST {
        return Vec::new();
    }
    let sizes: Vec<Symbol> = declarations.dim_symbols().collect();
    let shape = |name: Symbol| declarations.variable(name).map(|k| k.shape.clone());
    let slips: [&Slip; 8] = [
        &transposes,
        &orders,
        &terms,
        &|e| exponents(e, &sizes, &shape),
        &products,
        &|e| inverses(e, &shape),
        &|e| diagonals(e, &shape),
        &signs,
    ];
    let mut all: Vec<Variant> = slips.iter().flat_map(|slip| edits(expr, *slip)).collect();
    let names = declarations.iter().map(|(name, _)| name).filter(|n| expr.mentions(*n));
    let everywhere = names.filter(|n| matches!(shape(*n), Some(Shape::Matrix(..)))).map(|n| transposed_everywhere(expr, n));
    let terms_at = all.iter().position(|v| !matches!(v.remark, Remark::Instead { .. })).unwrap_or(all.len());
    all.splice(terms_at..terms_at, everywhere.collect::<Vec<_>>());
    all
}

/// Two factors transposed or swapped at once, in a short expression.
pub fn pairs(expr: &Expr, declarations: &Declarations) -> Vec<Variant> {
    const SHORT: u64 = 12;
    if expr.nodes() > SHORT {
        return Vec::new();
    }
    let is_matrix = |e: &Expr| match e.op() {
        Op::Var(v) => declarations.variable(v.name).is_some_and(|k| matches!(k.shape, Shape::Matrix(..))),
        _ => true,
    };
    let turned = |e: &Expr| if is_matrix(e) { transposes(e) } else { Vec::new() };
    let once: Vec<Expr> = edits(expr, &turned).into_iter().map(|v| v.whole).collect();
    let twice = |slip: &Slip| once.iter().flat_map(|e| edits(e, slip)).map(|v| v.whole).collect::<Vec<Expr>>();
    let mut all = twice(&turned);
    all.extend(twice(&orders));
    let mut seen = rustc_hash::FxHashSet::default();
    // Transposes of transposes and of whole products read worse than what they mend.
    all.retain(|e| e != expr && e.nodes() <= expr.nodes() + 2 && seen.insert(e.clone()));
    all.into_iter().map(|whole| Variant { remark: instead(expr, whole.clone()).1, whole }).collect()
}

/// What may stand in the place of a part, with what to say of it.
type Slip<'a> = dyn Fn(&Expr) -> Vec<(Expr, Remark)> + 'a;

/// The expression with each part in turn replaced. What stands under `diff` is the question, not the answer.
fn edits(expr: &Expr, slip: &Slip) -> Vec<Variant> {
    let mut all: Vec<Variant> = slip(expr).into_iter().map(|(whole, remark)| Variant { whole, remark }).collect();
    if matches!(expr.op(), Op::Diff(..) | Op::Subscript(..)) {
        return all;
    }
    let mut children = Vec::new();
    expr.op().for_each_child(|c| children.push(c.clone()));
    for (at, child) in children.iter().enumerate() {
        all.extend(edits(child, slip).into_iter().map(|v| Variant { whole: with_child(expr, at, &v.whole), remark: v.remark }));
    }
    all
}

fn with_child(expr: &Expr, at: usize, child: &Expr) -> Expr {
    let mut next = 0;
    let mapped: Result<Op, std::convert::Infallible> = expr.op().try_map(|c| {
        next += 1;
        Ok(if next == at + 1 { child.clone() } else { c.clone() })
    });
    match mapped {
        Ok(op) => Expr::new(op),
    }
}

fn instead(part: &Expr, better: Expr) -> (Expr, Remark) {
    (better.clone(), Remark::Instead { part: part.clone(), better, factor: None })
}

fn call(function: Call, argument: &Expr) -> Expr {
    Expr::call(Function::Call(function), [argument.clone()])
}

fn transposes(e: &Expr) -> Vec<(Expr, Remark)> {
    match e.op() {
        Op::Transpose(a) => vec![instead(e, a.clone())],
        Op::Var(_) | Op::Call(..) | Op::Add(_) | Op::Mul(_) | Op::Pow(..) => vec![instead(e, Expr::new(Op::Transpose(e.clone())))],
        _ => Vec::new(),
    }
}

fn orders(e: &Expr) -> Vec<(Expr, Remark)> {
    const MOST: usize = 5;
    match e.op() {
        Op::Mul(factors) if factors.len() <= MOST => neighbours(factors).chain(distant(e, factors)).collect(),
        Op::Kron(a, b) => vec![instead(e, Expr::new(Op::Kron(b.clone(), a.clone())))],
        Op::Call(f @ Function::Call(Call::Kron | Call::Outer | Call::Cross), args) => {
            vec![instead(e, Expr::call(*f, args.iter().rev().cloned()))]
        }
        _ => Vec::new(),
    }
}

/// Neighbouring factors swapped; only they are shown.
fn neighbours(factors: &[Expr]) -> impl Iterator<Item = (Expr, Remark)> {
    (1..factors.len()).filter(|at| !is_number(&factors[at - 1])).map(|at| {
        let [a, b] = [&factors[at - 1], &factors[at]];
        let (part, better) = (a * b, b * a);
        (swapped(factors, at - 1, at), Remark::Instead { part, better, factor: None })
    })
}

/// Factors that are further apart swapped.
fn distant<'a>(e: &'a Expr, factors: &'a [Expr]) -> impl Iterator<Item = (Expr, Remark)> + 'a {
    let pairs = (0..factors.len()).flat_map(|i| (i + 2..factors.len()).map(move |j| (i, j)));
    pairs.filter(|(i, _)| !is_number(&factors[*i])).map(|(i, j)| instead(e, swapped(factors, i, j)))
}

fn swapped(factors: &[Expr], i: usize, j: usize) -> Expr {
    let mut factors = factors.to_vec();
    factors.swap(i, j);
    Expr::new(Op::Mul(factors))
}

fn is_number(e: &Expr) -> bool {
    matches!(e.op(), Op::Number(_))
}

fn terms(e: &Expr) -> Vec<(Expr, Remark)> {
    let Op::Add(all) = e.op() else { return Vec::new() };
    let mut found = Vec::new();
    for (at, term) in all.iter().enumerate() {
        let bare = if let Op::Neg(a) = term.op() { a } else { term };
        let with = |changed: Expr| with_child(e, at, &changed);
        found.push((with(-term), Remark::TermSign(bare.clone())));
        let mut rest = all.clone();
        rest.remove(at);
        let rest = if rest.len() == 1 { rest.remove(0) } else { Expr::new(Op::Add(rest)) };
        found.push((rest, Remark::Superfluous(bare.clone())));
        for factor in [Number::int(2), Number::ratio(1, 2)] {
            let better = match bare.op() {
                Op::Mul(factors) => Expr::new(Op::Mul(std::iter::once(Expr::number(factor)).chain(factors.iter().cloned()).collect())),
                _ => Expr::number(factor) * bare,
            };
            let whole = if bare.same_node(term) { with(better.clone()) } else { with(-&better) };
            found.push((whole, Remark::Instead { part: bare.clone(), better, factor: None }));
        }
    }
    found
}

fn exponents(e: &Expr, sizes: &[Symbol], shape: &dyn Fn(Symbol) -> Option<Shape>) -> Vec<(Expr, Remark)> {
    let others = |p: &Number| {
        let two = Number::int(2);
        let all = [p + &Number::ONE, p - &Number::ONE, -p, p * &two, p * &Number::ratio(1, 2)];
        all.into_iter().filter(|n| !n.is_zero()).map(Expr::number).collect::<Vec<_>>()
    };
    let of_scalar = || {
        let numbers = [2, 3, -1].into_iter().map(Expr::number);
        let sizes = sizes.iter().map(|s| Expr::new(Op::Size(crate::dim::Dim::of(*s))));
        numbers.chain(sizes).map(|p| instead(e, Expr::new(Op::Pow(e.clone(), p)))).collect()
    };
    match e.op() {
        Op::Pow(a, p) | Op::HadPow(a, p) => {
            let Op::Number(n) = p.op() else { return Vec::new() };
            let elementwise = matches!(e.op(), Op::HadPow(..));
            let make = |a: &Expr, p: Expr, elementwise: bool| {
                if matches!(p.op(), Op::Number(n) if n.is_one()) {
                    return a.clone();
                }
                Expr::new(if elementwise { Op::HadPow(a.clone(), p) } else { Op::Pow(a.clone(), p) })
            };
            let same = others(n).into_iter().map(|p| instead(e, make(a, p, elementwise)));
            same.chain([instead(e, make(a, p.clone(), !elementwise))]).collect()
        }
        Op::Var(v) if shape(v.name) == Some(Shape::Scalar) => of_scalar(),
        Op::Call(Function::Call(Call::Norm2 | Call::NormF | Call::Norm | Call::Det | Call::Trace), _) => of_scalar(),
        _ => Vec::new(),
    }
}

/// A product of linear algebra in place of one entry by entry, and the other way.
fn products(e: &Expr) -> Vec<(Expr, Remark)> {
    match e.op() {
        Op::Had(all) => vec![instead(e, Expr::new(Op::Mul(all.clone())))],
        Op::Mul(all) => (1..all.len())
            .map(|at| {
                let entrywise = Expr::new(Op::Had(vec![all[at - 1].clone(), all[at].clone()]));
                let factors: Vec<Expr> = all[..at - 1].iter().cloned().chain([entrywise]).chain(all[at + 1..].iter().cloned()).collect();
                let better = if let [one] = factors.as_slice() { one.clone() } else { Expr::new(Op::Mul(factors)) };
                instead(e, better)
            })
            .collect(),
        Op::HadDiv(a, b) => vec![instead(e, Expr::new(Op::Div(a.clone(), b.clone())))],
        _ => Vec::new(),
    }
}

fn inverses(e: &Expr, shape: &dyn Fn(Symbol) -> Option<Shape>) -> Vec<(Expr, Remark)> {
    match e.op() {
        Op::Call(Function::Call(Call::Inv), args) => args.iter().map(|a| instead(e, a.clone())).collect(),
        Op::Var(v) if matches!(shape(v.name), Some(Shape::Matrix(m, n)) if m == n) => vec![instead(e, call(Call::Inv, e))],
        _ => Vec::new(),
    }
}

fn diagonals(e: &Expr, shape: &dyn Fn(Symbol) -> Option<Shape>) -> Vec<(Expr, Remark)> {
    match e.op() {
        Op::Call(Function::Call(Call::Diag), args) => args.iter().map(|a| instead(e, a.clone())).collect(),
        Op::Call(Function::Map(_), _) => vec![instead(e, call(Call::Diag, e))],
        Op::Var(v) if matches!(shape(v.name), Some(Shape::Column(_) | Shape::Matrix(..))) => vec![instead(e, call(Call::Diag, e))],
        _ => Vec::new(),
    }
}

/// The other sign of what a function is taken of.
fn signs(e: &Expr) -> Vec<(Expr, Remark)> {
    match e.op() {
        Op::Call(f @ Function::Map(_), args) => {
            let negated = args.iter().map(|a| if let Op::Neg(a) = a.op() { a.clone() } else { -a });
            vec![instead(e, Expr::call(*f, negated))]
        }
        _ => Vec::new(),
    }
}

/// Every occurrence of a matrix transposed at once.
fn transposed_everywhere(expr: &Expr, name: Symbol) -> Variant {
    fn walk(e: &Expr, name: Symbol) -> Expr {
        match e.op() {
            Op::Var(v) if v.name == name => Expr::new(Op::Transpose(e.clone())),
            Op::Transpose(a) if matches!(a.op(), Op::Var(v) if v.name == name) => a.clone(),
            op => {
                let mapped: Result<Op, std::convert::Infallible> = op.try_map(|c| Ok(walk(c, name)));
                match mapped {
                    Ok(op) => Expr::new(op),
                }
            }
        }
    }
    let part = Expr::var(crate::expr::Var::undeclared(name.as_str()));
    let better = Expr::new(Op::Transpose(part.clone()));
    Variant { whole: walk(expr, name), remark: Remark::Instead { part, better, factor: None } }
}
