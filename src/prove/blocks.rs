//! Inverses and determinants of block matrices, by their blocks.
//!
//! That R is the inverse of a square M is shown by M*R = 1, block by block, each with inverses cleared. The determinant of two by
//! two blocks is written by a Schur complement, and the proof goes on from there.

use super::{Chain, Prover, Side, expression_of, names};
use crate::dim::Dim;
use crate::expr::{Expr, Op, Shape};
use crate::function::{Call, Function};
use crate::infer::infer;
use crate::parse::Declarations;
use crate::proof::ProofStep;
use crate::typed::Typed;

type Blocks = Vec<Vec<Expr>>;

/// More rows of blocks than this are not multiplied out.
const MOST: usize = 4;

impl Prover<'_> {
    pub(super) fn by_blocks(&self) -> Option<Chain> {
        self.by_inverse_of_blocks().or_else(|| self.by_schur_complements())
    }

    fn by_inverse_of_blocks(&self) -> Option<Chain> {
        let (left, right) = (&self.left.written, &self.right.written);
        let (of, other) = match (inverted(left), inverted(right)) {
            (Some(of), _) => (of, right),
            (_, Some(of)) => (of, left),
            _ => return None,
        };
        let (Op::Block(of), Op::Block(other)) = (of.op(), other.op()) else { return None };
        self.is_identity(of, other)?;
        Some(vec![ProofStep { rule: "inverse_of_blocks".into(), forward: true, after: right.clone() }])
    }

    /// Whether the product is the identity, which it is if all of its blocks are those of the identity.
    fn is_identity(&self, a: &Blocks, b: &Blocks) -> Option<()> {
        let n = a.len();
        let square = |m: &Blocks| m.len() == n && m.iter().all(|row| row.len() == n);
        if n > MOST || !square(a) || !square(b) {
            return None;
        }
        for (i, row) in a.iter().enumerate() {
            for j in 0..n {
                let factors = row.iter().zip(b).filter_map(|(x, of)| Some(vec![x.clone(), of.get(j)?.clone()]));
                let terms = factors.map(|pair| Expr::new(Op::Mul(pair))).collect();
                let entry = infer(&Expr::new(Op::Add(terms)), &Declarations::new()).ok()?;
                let target = match entry.root().shape {
                    Shape::Scalar => Expr::number(i64::from(i == j)),
                    Shape::Matrix(m, _) if i == j => Expr::call(Function::Call(Call::Eye), [size(m)]),
                    Shape::Matrix(m, k) => Expr::call(Function::Call(Call::Zeros), [size(m), size(k)]),
                    Shape::Column(m) => Expr::call(Function::Call(Call::Zeros), [size(m)]),
                    Shape::Row(m) => Expr::new(Op::Transpose(Expr::call(Function::Call(Call::Zeros), [size(m)]))),
                    Shape::Tensor(_) => return None,
                };
                let target = infer(&target, &Declarations::new()).ok()?;
                self.cleared(&entry, &target)?;
            }
        }
        Some(())
    }

    /// Whether two expressions are the same without more than the inverses that stand in them.
    fn cleared(&self, left: &Typed, right: &Typed) -> Option<()> {
        let prover = self.of(left, right);
        prover.by_expansion().or_else(|| prover.by_words()).map(drop)
    }

    fn of<'a>(&'a self, left: &'a Typed, right: &'a Typed) -> Prover<'a> {
        let (left, right) = (Side::of(left), Side::of(right));
        Prover { rules: self.rules, taken: names(&[left.typed, right.typed]), assumed: self.assumed.clone(), left, right }
    }

    fn by_schur_complements(&self) -> Option<Chain> {
        let sides = [&self.left.written, &self.right.written];
        if !sides.iter().any(|e| e.any(&mut |op| schur(op, true).is_some())) {
            return None;
        }
        // Of the first block, or of the last.
        for first in [true, false] {
            let [left, right] = sides.map(|e| infer(&by_complement(e, first), &Declarations::new()).ok());
            let (left, right) = (left?, right?);
            let prover = self.of(&left, &right);
            let Some(chain) = prover.chain().ok().flatten() else { continue };
            let step = |forward, after: Expr| ProofStep { rule: "determinant_of_blocks".into(), forward, after };
            let mut steps = Vec::new();
            if prover.left.written != *sides[0] {
                steps.push(step(true, prover.left.written.clone()));
            }
            steps.extend(chain);
            if prover.right.written != *sides[1] {
                if steps.last().is_none_or(|s| s.after != prover.right.written) && steps.is_empty() {
                    steps.push(step(true, expression_of(&right)));
                }
                steps.push(step(false, sides[1].clone()));
            }
            return Some(steps);
        }
        None
    }
}

fn inverted(e: &Expr) -> Option<&Expr> {
    match e.op() {
        Op::Call(Function::Call(Call::Inv), a) => a.first(),
        Op::Pow(a, p) if matches!(p.op(), Op::Number(n) if *n == crate::number::Number::MINUS_ONE) => Some(a),
        _ => None,
    }
}

fn size(d: Dim) -> Expr {
    d.as_number().map_or_else(|| Expr::new(Op::Size(d)), Expr::number)
}

/// `det([A, B; C, D])` as `det(A)*det(D - C*inv(A)*B)`, or by the last block, if that block is square.
fn schur(op: &Op<Expr>, first: bool) -> Option<Expr> {
    let Op::Call(Function::Call(Call::Det), arguments) = op else { return None };
    let Op::Block(rows) = arguments.first()?.op() else { return None };
    let [top, bottom] = &rows[..] else { return None };
    let ([a, b], [c, d]) = (&top[..], &bottom[..]) else { return None };
    let (pivot, before, after, last) = if first { (a, c, b, d) } else { (d, b, c, a) };
    let is_square = |e: &Expr| infer(e, &Declarations::new()).is_ok_and(|t| matches!(t.root().shape, Shape::Matrix(m, n) if m == n));
    if !is_square(pivot) || !is_square(last) {
        return None;
    }
    let call = |f, e: Expr| Expr::call(Function::Call(f), [e]);
    let inverse = call(Call::Inv, pivot.clone());
    let complement = Expr::new(Op::Add(vec![last.clone(), -Expr::new(Op::Mul(vec![before.clone(), inverse, after.clone()]))]));
    Some(Expr::new(Op::Mul(vec![call(Call::Det, pivot.clone()), call(Call::Det, complement)])))
}

fn by_complement(e: &Expr, first: bool) -> Expr {
    let inner: Result<Op<Expr>, std::convert::Infallible> = e.op().try_map(|c| Ok(by_complement(c, first)));
    let Ok(op) = inner;
    schur(&op, first).unwrap_or_else(|| Expr::new(op))
}
