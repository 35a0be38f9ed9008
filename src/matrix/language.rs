//! `Mat` as an `egg` language: which children a node has, and which nodes differ in their children only.

use super::{Mat, MatFn};
use crate::function::{Map, Map2};
use egg::{Id, Language};

/// The operator of a node without what it carries: what laws are indexed by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Operator {
    Number,
    Constant,
    Size,
    Var,
    Eye,
    Zero,
    Unit,
    Fill,
    Scale,
    Times,
    Mul,
    Add,
    Had,
    Transpose,
    Power,
    MatPower,
    Commutation,
    Duplication,
    Elimination,
    Reshape,
    LeviCivita,
    Merge,
    Contract,
    Apply,
    Gather,
    Scatter,
    Slice,
    Map2(Map2),
    Call(MatFn),
    Map(Map),
}

impl Operator {
    /// One bit for each operator, so that the operators of a law are a subset of those of a graph by one `and`.
    pub fn bit(self) -> u128 {
        let place = match self {
            Operator::Number => 0,
            Operator::Constant => 1,
            Operator::Size => 2,
            Operator::Var => 3,
            Operator::Eye => 4,
            Operator::Zero => 5,
            Operator::Unit => 6,
            Operator::Fill => 7,
            Operator::Scale => 8,
            Operator::Times => 9,
            Operator::Mul => 10,
            Operator::Add => 11,
            Operator::Had => 12,
            Operator::Transpose => 13,
            Operator::Power => 14,
            Operator::MatPower => 15,
            Operator::Commutation => 16,
            Operator::LeviCivita => 17,
            Operator::Merge => 18,
            Operator::Contract => 19,
            Operator::Map2(f) => 20 + f as u32,
            Operator::Call(f) => 24 + f as u32,
            Operator::Map(f) => 80 + f as u32,
            Operator::Duplication
            | Operator::Elimination
            | Operator::Reshape
            | Operator::Apply
            | Operator::Gather
            | Operator::Scatter
            | Operator::Slice => 127,
        };
        // Operators beyond the last bit share it: the filter then lets more laws pass, never fewer.
        1 << place.min(127)
    }
}

impl Mat {
    pub fn operator(&self) -> Operator {
        match self {
            Mat::Number(_) => Operator::Number,
            Mat::Constant(_) => Operator::Constant,
            Mat::Size(_) => Operator::Size,
            Mat::Var(_) => Operator::Var,
            Mat::Eye(_) => Operator::Eye,
            Mat::Zero(_) => Operator::Zero,
            Mat::Unit(..) => Operator::Unit,
            Mat::Fill(..) => Operator::Fill,
            Mat::Scale(..) => Operator::Scale,
            Mat::Times(_) => Operator::Times,
            Mat::Mul(_) => Operator::Mul,
            Mat::Add(..) => Operator::Add,
            Mat::Had(_) => Operator::Had,
            Mat::Transpose(_) => Operator::Transpose,
            Mat::Map(f, _) => Operator::Map(*f),
            Mat::Map2(f, _) => Operator::Map2(*f),
            Mat::Power(..) => Operator::Power,
            Mat::MatPower(..) => Operator::MatPower,
            Mat::Call(f, _) => Operator::Call(*f),
            Mat::Commutation(..) => Operator::Commutation,
            Mat::Duplication(_) => Operator::Duplication,
            Mat::Elimination(_) => Operator::Elimination,
            Mat::Reshape(..) => Operator::Reshape,
            Mat::LeviCivita(_) => Operator::LeviCivita,
            Mat::Merge(..) => Operator::Merge,
            Mat::Contract(..) => Operator::Contract,
            Mat::Apply(..) => Operator::Apply,
            Mat::Gather(_) => Operator::Gather,
            Mat::Scatter(_) => Operator::Scatter,
            Mat::Slice(..) => Operator::Slice,
        }
    }
}

impl Language for Mat {
    type Discriminant = Operator;

    fn discriminant(&self) -> Operator {
        self.operator()
    }

    fn matches(&self, other: &Mat) -> bool {
        match (self, other) {
            (Mat::Number(a), Mat::Number(b)) => a == b,
            (Mat::Constant(a), Mat::Constant(b)) => a == b,
            (Mat::Size(a), Mat::Size(b)) | (Mat::Eye(a), Mat::Eye(b)) => a == b,
            (Mat::Duplication(a), Mat::Duplication(b)) | (Mat::Elimination(a), Mat::Elimination(b)) => a == b,
            (Mat::Var(a), Mat::Var(b)) => a == b,
            (Mat::Zero(a), Mat::Zero(b)) => a == b,
            (Mat::Unit(i, m), Mat::Unit(j, n)) => i == j && m == n,
            (Mat::Gather(s), Mat::Gather(t)) | (Mat::Scatter(s), Mat::Scatter(t)) => s == t,
            (Mat::Apply(f, a), Mat::Apply(g, b)) => f == g && a.len() == b.len(),
            (Mat::Slice(s, _), Mat::Slice(t, _)) => s == t,
            (Mat::Fill(m, n, _), Mat::Fill(p, q, _)) | (Mat::Reshape(m, n, _), Mat::Reshape(p, q, _)) => m == p && n == q,
            (Mat::Scale(a, _), Mat::Scale(b, _)) | (Mat::Power(a, _), Mat::Power(b, _)) => a == b,
            (Mat::Times(_), Mat::Times(_)) | (Mat::Transpose(_), Mat::Transpose(_)) => true,
            (Mat::LeviCivita(a), Mat::LeviCivita(b)) => a == b,
            (Mat::Mul(a), Mat::Mul(b)) | (Mat::Had(a), Mat::Had(b)) => a.len() == b.len(),
            (Mat::Add(a, _), Mat::Add(b, _)) => a == b,
            (Mat::Map(f, _), Mat::Map(g, _)) => f == g,
            (Mat::Map2(f, _), Mat::Map2(g, _)) => f == g,
            (Mat::MatPower(a, _), Mat::MatPower(b, _)) => a == b,
            (Mat::Call(f, a), Mat::Call(g, b)) => f == g && a.len() == b.len(),
            (Mat::Commutation(m, n), Mat::Commutation(p, q)) | (Mat::Merge(m, n), Mat::Merge(p, q)) => m == p && n == q,
            (Mat::Contract(a, _), Mat::Contract(b, _)) => a == b,
            _ => false,
        }
    }

    fn children(&self) -> &[Id] {
        match self {
            Mat::Number(_)
            | Mat::Constant(_)
            | Mat::Size(_)
            | Mat::Var(_)
            | Mat::Eye(_)
            | Mat::Zero(_)
            | Mat::Unit(..)
            | Mat::Gather(_)
            | Mat::Scatter(_)
            | Mat::Commutation(..)
            | Mat::Duplication(_)
            | Mat::Elimination(_)
            | Mat::LeviCivita(_)
            | Mat::Merge(..) => &[],
            Mat::Fill(_, _, c)
            | Mat::Reshape(_, _, c)
            | Mat::Scale(_, c)
            | Mat::Slice(_, c)
            | Mat::Transpose(c)
            | Mat::Map(_, c)
            | Mat::Power(_, c)
            | Mat::MatPower(_, c) => c,
            Mat::Times(c) | Mat::Map2(_, c) => c,
            Mat::Mul(c) | Mat::Add(_, c) | Mat::Had(c) | Mat::Call(_, c) | Mat::Apply(_, c) | Mat::Contract(_, c) => c,
        }
    }

    fn children_mut(&mut self) -> &mut [Id] {
        match self {
            Mat::Number(_)
            | Mat::Constant(_)
            | Mat::Size(_)
            | Mat::Var(_)
            | Mat::Eye(_)
            | Mat::Zero(_)
            | Mat::Unit(..)
            | Mat::Gather(_)
            | Mat::Scatter(_)
            | Mat::Commutation(..)
            | Mat::Duplication(_)
            | Mat::Elimination(_)
            | Mat::LeviCivita(_)
            | Mat::Merge(..) => &mut [],
            Mat::Fill(_, _, c)
            | Mat::Reshape(_, _, c)
            | Mat::Scale(_, c)
            | Mat::Slice(_, c)
            | Mat::Transpose(c)
            | Mat::Map(_, c)
            | Mat::Power(_, c)
            | Mat::MatPower(_, c) => c,
            Mat::Times(c) | Mat::Map2(_, c) => c,
            Mat::Mul(c) | Mat::Add(_, c) | Mat::Had(c) | Mat::Call(_, c) | Mat::Apply(_, c) | Mat::Contract(_, c) => c,
        }
    }
}
