//! Facts about the value of a matrix term that its form does not tell.

use crate::expr::{Kind, Structure};
use crate::function::{Map, Sign};
use crate::matrix::{Form, Mat, MatFn};
use crate::number::Number;
use egg::Id;
use std::ops::BitOr;

/// A set of facts. More facts only ever narrow the value, so that those of equal terms add up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Facts(u16);

impl Facts {
    pub const NONE: Facts = Facts(0);
    pub const SYMMETRIC: Facts = Facts(1);
    pub const DIAGONAL: Facts = Facts(2 | 1);
    pub const ORTHOGONAL: Facts = Facts(4 | 16);
    pub const POSDEF: Facts = Facts(8 | 16 | 1);
    pub const INVERTIBLE: Facts = Facts(16);
    /// Every entry is greater than 0.
    pub const POSITIVE: Facts = Facts(32 | 64);
    /// Every entry is at least 0.
    pub const NONNEGATIVE: Facts = Facts(64);
    pub const SKEW: Facts = Facts(128);

    /// Whether all of `other` are among these.
    pub fn contains(self, other: Facts) -> bool {
        self.0 & other.0 == other.0
    }

    pub fn common(self, other: Facts) -> Facts {
        Facts(self.0 & other.0)
    }

    /// Those of `other` that these have.
    fn only(self, other: Facts) -> Facts {
        self.common(other)
    }

    /// What a declaration says of a variable.
    pub fn of_kind(kind: &Kind) -> Facts {
        let structure = match kind.structure {
            Structure::Symmetric => Facts::SYMMETRIC,
            Structure::Diagonal => Facts::DIAGONAL,
            Structure::PositiveDefinite => Facts::POSDEF,
            Structure::Orthogonal => Facts::ORTHOGONAL,
            Structure::Skew => Facts::SKEW,
            Structure::General | Structure::Lower | Structure::Upper | Structure::Hollow => Facts::NONE,
        };
        let full_rank = kind.full_rank && Form::of_shape(&kind.shape).is_square();
        structure | Facts::of_sign(kind.sign) | if full_rank { Facts::INVERTIBLE } else { Facts::NONE }
    }

    pub fn of_sign(sign: Sign) -> Facts {
        match sign {
            Sign::Any => Facts::NONE,
            Sign::NonNegative => Facts::NONNEGATIVE,
            Sign::Positive => Facts::POSITIVE,
        }
    }
}

impl BitOr for Facts {
    type Output = Facts;
    fn bitor(self, other: Facts) -> Facts {
        Facts(self.0 | other.0)
    }
}

const SIGNS: Facts = Facts::POSITIVE;
/// Facts that survive multiplication by a positive number.
const SCALABLE: Facts = Facts(!4);

/// The facts of a node, from its own form and the facts of its children.
pub fn facts_of(node: &Mat, form: &Form, child: impl Fn(Id) -> Facts) -> Facts {
    match node {
        Mat::Number(n) => of_number(n),
        Mat::Constant(_) | Mat::Size(_) => Facts::POSITIVE,
        Mat::Var(var) => var.kind.as_ref().map_or(Facts::NONE, |kind| Facts::of_kind(kind)),
        Mat::Eye(_) => Facts::DIAGONAL | Facts::ORTHOGONAL | Facts::POSDEF | Facts::NONNEGATIVE,
        Mat::Zero(form) if form.is_square() => Facts::DIAGONAL | Facts::NONNEGATIVE,
        Mat::Zero(_) | Mat::Unit(..) | Mat::Gather(_) | Mat::Scatter(_) => Facts::NONNEGATIVE,
        // A principal submatrix.
        Mat::Slice(cuts, [a]) if cuts[0] == cuts[1] && form.is_square() => {
            child(*a).only(Facts::DIAGONAL | Facts::POSDEF | Facts::SKEW | SIGNS)
        }
        Mat::Slice(_, [a]) => child(*a).only(SIGNS),
        Mat::Fill(m, n, [a]) => child(*a).only(SIGNS) | if m == n { Facts::SYMMETRIC } else { Facts::NONE },
        Mat::Scale(c, [a]) => scaled(if c.is_negative() { Facts::NONE } else { Facts::POSITIVE }, true, child(*a)),
        Mat::Times([s, a]) => scaled(child(*s), false, child(*a)),
        Mat::Mul(factors) => of_chain(factors, child),
        Mat::Add(coefficients, terms) => of_sum(coefficients, terms, child),
        Mat::Had(factors) => of_hadamard(factors, form, child),
        Mat::Transpose([a]) => child(*a),
        Mat::Map(f, [a]) => of_map(*f, form, child(*a)),
        Mat::Map2(..) => Facts::NONE,
        Mat::Power(exponent, [a]) => of_power(exponent, child(*a)),
        Mat::MatPower(_, [a]) => child(*a).only(Facts::DIAGONAL | Facts::ORTHOGONAL | Facts::POSDEF | SIGNS),
        Mat::Call(f, arguments) => of_call(*f, child(arguments[0])),
        Mat::Duplication(_) | Mat::Elimination(_) => Facts::NONNEGATIVE,
        Mat::Reshape(_, _, [a]) => child(*a).only(SIGNS),
        Mat::Commutation(..) => Facts::ORTHOGONAL | Facts::NONNEGATIVE,
        Mat::Apply(f, _) if f.is_symmetric() => Facts::SYMMETRIC,
        Mat::Apply(..) | Mat::LeviCivita | Mat::Merge(..) | Mat::Contract(..) => Facts::NONE,
    }
}

fn of_number(n: &Number) -> Facts {
    match (n.is_zero(), n.is_negative()) {
        (true, _) => Facts::NONNEGATIVE,
        (_, true) => Facts::INVERTIBLE,
        _ => Facts::POSITIVE | Facts::INVERTIBLE,
    }
}

fn scaled(scalar: Facts, nonzero: bool, of: Facts) -> Facts {
    let structure = of.only(Facts::DIAGONAL | Facts::SKEW);
    if scalar.contains(Facts::POSITIVE) {
        of.only(SCALABLE)
    } else if scalar.contains(Facts::NONNEGATIVE) {
        structure | of.only(Facts::NONNEGATIVE)
    } else if nonzero {
        structure | of.only(Facts::INVERTIBLE)
    } else {
        structure
    }
}

fn of_chain(factors: &[Id], child: impl Fn(Id) -> Facts) -> Facts {
    let all = factors.iter().map(|f| child(*f)).fold(Facts(0xffff), Facts::common);
    let kept = if all.contains(Facts::DIAGONAL) { Facts::DIAGONAL } else { Facts::NONE };
    kept | all.only(Facts::ORTHOGONAL | Facts::NONNEGATIVE)
}

fn of_sum(coefficients: &[Number], terms: &[Id], child: impl Fn(Id) -> Facts) -> Facts {
    let all = terms.iter().map(|t| child(*t)).fold(Facts(0xffff), Facts::common);
    let structure = all.only(Facts::DIAGONAL | Facts::SKEW);
    if coefficients.iter().any(Number::is_negative) {
        return structure;
    }
    let positive = all.contains(Facts::NONNEGATIVE) && terms.iter().any(|t| child(*t).contains(Facts::POSITIVE));
    let posdef = if all.contains(Facts::POSDEF) { Facts::POSDEF } else { Facts::NONE };
    structure | posdef | all.only(Facts::NONNEGATIVE) | if positive { Facts::POSITIVE } else { Facts::NONE }
}

fn of_hadamard(factors: &[Id], form: &Form, child: impl Fn(Id) -> Facts) -> Facts {
    let all = factors.iter().map(|f| child(*f)).fold(Facts(0xffff), Facts::common);
    let diagonal = !form.is_scalar() && factors.iter().any(|f| child(*f).contains(Facts::DIAGONAL));
    // The Hadamard product of positive definite matrices is positive definite by Schur's theorem.
    let posdef = all.contains(Facts::POSDEF) && !form.is_scalar();
    all.only(Facts::SYMMETRIC | SIGNS)
        | if diagonal { Facts::DIAGONAL } else { Facts::NONE }
        | if posdef { Facts::POSDEF } else { Facts::NONE }
}

fn of_map(f: Map, form: &Form, of: Facts) -> Facts {
    let symmetric = if form.is_square() { of.only(Facts::SYMMETRIC) } else { Facts::NONE };
    symmetric | Facts::of_sign(f.row().sign)
}

fn of_power(exponent: &Number, of: Facts) -> Facts {
    let even = exponent.as_integer().is_some_and(|p| p % 2 == 0);
    let root = !exponent.is_integer();
    let sign = if even || root { Facts::NONNEGATIVE } else { Facts::NONE };
    sign | of.only(SIGNS | Facts::SYMMETRIC)
}

fn of_call(f: MatFn, of: Facts) -> Facts {
    match f {
        MatFn::Inv => of.only(Facts::DIAGONAL | Facts::ORTHOGONAL | Facts::POSDEF) | Facts::INVERTIBLE,
        MatFn::Adj => of.only(Facts::DIAGONAL),
        MatFn::Det if of.contains(Facts::POSDEF) => Facts::POSITIVE,
        MatFn::Det | MatFn::LogDet | MatFn::LogSumExp | MatFn::Cross => Facts::NONE,
        MatFn::Trace | MatFn::DiagOf if of.contains(Facts::POSDEF) => Facts::POSITIVE,
        MatFn::Diag => {
            Facts::DIAGONAL | of.only(Facts::NONNEGATIVE) | if of.contains(Facts::POSITIVE) { Facts::POSDEF } else { Facts::NONE }
        }
        MatFn::Trace
        | MatFn::DiagOf
        | MatFn::Sum
        | MatFn::SumRows
        | MatFn::SumColumns
        | MatFn::Mean
        | MatFn::MeanRows
        | MatFn::MeanColumns
        | MatFn::Product
        | MatFn::Vec
        | MatFn::Vech => of.only(SIGNS),
        MatFn::Kron => Facts::NONE,
        MatFn::Norm1 | MatFn::Norm2 | MatFn::NormF | MatFn::NormInf => Facts::NONNEGATIVE,
        MatFn::Softmax => Facts::POSITIVE,
        MatFn::Sym => Facts::SYMMETRIC,
    }
}
