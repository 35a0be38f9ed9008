//! Facts about the value of a term that its form does not tell, and the one table of how they propagate.
//!
//! Index form and matrix form ask the same functions here, so that a fact is the same in both. Products that read the
//! same from both ends (`X'*P*X`) are found by index form alone, which hands what it knows to the terms it is raised to.
//!
//! | of | what is known of the result |
//! | --- | --- |
//! | `A'` | all facts of A, lower and upper exchanged |
//! | `c*A` | symmetric, skew, lower, upper, hollow; invertible for c ≠ 0, orthogonal for c = ±1, semidefinite and sign for c ≥ 0, definite for c > 0 |
//! | `A + B` | symmetric, skew, lower, upper, hollow if both are; semidefinite if both are, definite if one is too |
//! | `A*B` | lower, upper (so diagonal), orthogonal, invertible, sign if both are |
//! | `X'*P*X`, `x*x'` | symmetric, and semidefinite if P is; skew if P is |
//! | `A.*B` | lower, upper, hollow if one is; symmetric, skew by the number of skew factors; (semi)definite if both are (Schur) |
//! | `f.(A)` | symmetric; skew if f is odd; lower, upper, hollow if f(0) = 0; the sign of f |
//! | `A.^p` | symmetric; skew for odd p; lower, upper, hollow for p > 0; (semi)definite for natural p (Schur) |
//! | `inv(A)` | invertible; symmetric, skew, lower, upper, orthogonal; definite if A is semidefinite |
//! | `pinv(A)` | symmetric, skew, diagonal, orthogonal, (semi)definite, invertible |
//! | `expm(A)` | invertible; symmetric and definite if A is symmetric; lower, upper; orthogonal if A is skew |
//! | `sqrtm(A)`, `logm(A)`, `cosm(A)`, `sinm(A)` | symmetric, lower, upper; the root (semi)definite if A is symmetric; the sine of a skew matrix is skew, the cosine symmetric |
//! | `cholesky(A)` | lower, invertible |
//! | `adj(A)` | symmetric, lower, upper, (semi)definite |
//! | `A^k` | symmetric, lower, upper, orthogonal, (semi)definite, invertible; of a skew matrix by the parity of k; semidefinite for even k and symmetric A |
//! | `kron(A, B)` | symmetric, lower, upper, orthogonal, (semi)definite, invertible, sign if both are; hollow if one is; skew if one is and the other is symmetric |
//! | `diag(v)` | diagonal; semidefinite if v ≥ 0, definite if v > 0 |
//! | `A[r,r]` | symmetric, skew, lower, upper, hollow, (semi)definite, sign |
//! | `sym(A)`, `tril(A)`, `triu(A)` | symmetric, lower, upper; diagonal if A is of the other triangle |
//! | `det(A)`, `tr(A)`, `diag(A)` | positive if A is definite, not negative if it is semidefinite |
//!
//! What follows from several: lower and upper, or lower and symmetric, is diagonal; semidefinite and invertible is
//! definite; diagonal without negative entries is
//! semidefinite; skew is hollow.
//!
//! Sources: Horn and Johnson 2013, chapters 0 and 7; Horn and Johnson 1991, chapters 4 and 5 (Kronecker and Hadamard products).

use crate::expr::{Kind, Structure};
use crate::function::{Map, Parity, Sign};
use crate::index::Opaque;
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
    /// The diagonal of a skew matrix is 0.
    pub const SKEW: Facts = Facts(2 | 16);
    pub const LOWER: Facts = Facts(4);
    pub const UPPER: Facts = Facts(8);
    pub const DIAGONAL: Facts = Facts(4 | 8 | 1);
    /// Zeros on the diagonal.
    pub const HOLLOW: Facts = Facts(16);
    pub const ORTHOGONAL: Facts = Facts(32 | 64);
    pub const INVERTIBLE: Facts = Facts(64);
    /// Symmetric and positive semidefinite.
    pub const PSD: Facts = Facts(128 | 1);
    pub const POSDEF: Facts = Facts(256 | 128 | 64 | 1);
    /// Every entry is at least 0.
    pub const NONNEGATIVE: Facts = Facts(512);
    /// Every entry is greater than 0.
    pub const POSITIVE: Facts = Facts(1024 | 512);

    const ALL: Facts = Facts(2047);
    /// What the zeros and the symmetries of a matrix say: the linear spaces.
    const LINEAR: Facts = Facts(1 | 2 | 4 | 8 | 16);
    const ZEROS: Facts = Facts(4 | 8 | 16);

    /// Whether all of `other` are among these.
    pub fn contains(self, other: Facts) -> bool {
        self.0 & other.0 == other.0
    }

    pub fn common(self, other: Facts) -> Facts {
        Facts(self.0 & other.0).closed()
    }

    /// Those of `other` that these have.
    fn only(self, other: Facts) -> Facts {
        self.common(other)
    }

    /// A fact that says several things, only if all of them are known: half of skew is hollow.
    fn whole(self, fact: Facts) -> Facts {
        fact.when(self.contains(fact))
    }

    /// Whether there is a fact that says something of a matrix as a whole.
    pub(crate) fn has_zeros(self) -> bool {
        self.0 & Facts::ZEROS.0 != 0
    }

    /// These without what is said of the sign of single entries.
    pub(crate) fn without_sign(self) -> Facts {
        Facts(self.0 & !Facts::POSITIVE.0)
    }

    fn when(self, condition: bool) -> Facts {
        if condition { self } else { Facts::NONE }
    }

    /// With what follows from several facts together.
    fn closed(mut self) -> Facts {
        if self.contains(Facts::LOWER) && (self.contains(Facts::UPPER) || self.contains(Facts::SYMMETRIC)) {
            self.0 |= Facts::DIAGONAL.0;
        }
        if self.contains(Facts::UPPER) && self.contains(Facts::SYMMETRIC) {
            self.0 |= Facts::DIAGONAL.0;
        }
        if self.contains(Facts::DIAGONAL) && self.contains(Facts::NONNEGATIVE) {
            self.0 |= Facts::PSD.0;
        }
        if self.contains(Facts::PSD) && self.contains(Facts::INVERTIBLE) {
            self.0 |= Facts::POSDEF.0;
        }
        self
    }

    /// What a declaration says of a variable.
    pub fn of_kind(kind: &Kind) -> Facts {
        let full_rank = kind.full_rank && Form::of_shape(&kind.shape).is_square();
        Facts::of_structure(kind.structure) | Facts::of_sign(kind.sign) | Facts::INVERTIBLE.when(full_rank)
    }

    pub fn of_structure(structure: Structure) -> Facts {
        match structure {
            Structure::General => Facts::NONE,
            Structure::Symmetric => Facts::SYMMETRIC,
            Structure::Diagonal => Facts::DIAGONAL,
            Structure::PositiveDefinite => Facts::POSDEF,
            Structure::Orthogonal => Facts::ORTHOGONAL,
            Structure::Skew => Facts::SKEW,
            Structure::Lower => Facts::LOWER,
            Structure::Upper => Facts::UPPER,
            Structure::Hollow => Facts::HOLLOW,
        }
    }

    pub fn of_sign(sign: Sign) -> Facts {
        match sign {
            Sign::Any => Facts::NONE,
            Sign::NonNegative => Facts::NONNEGATIVE,
            Sign::Positive => Facts::POSITIVE,
        }
    }

    pub fn transposed(self) -> Facts {
        let lower = Facts::UPPER.when(self.contains(Facts::LOWER));
        let upper = Facts::LOWER.when(self.contains(Facts::UPPER));
        Facts(self.0 & !(Facts::LOWER.0 | Facts::UPPER.0)) | lower | upper
    }

    /// Of a number times these.
    pub fn times_number(self, c: &Number) -> Facts {
        let orthogonal = self.only(Facts::ORTHOGONAL).when(c.abs().is_one());
        if c.is_negative() {
            orthogonal | self.only(Facts::LINEAR | Facts::INVERTIBLE)
        } else {
            orthogonal | self.times(Facts::POSITIVE, true)
        }
    }

    /// Of these times a scalar of which `scalar` is known.
    pub fn times(self, scalar: Facts, nonzero: bool) -> Facts {
        let kept = self.only(Facts::LINEAR) | self.only(Facts::INVERTIBLE).when(nonzero);
        if scalar.contains(Facts::POSITIVE) {
            kept | self.only(Facts::POSDEF | Facts::POSITIVE)
        } else if scalar.contains(Facts::NONNEGATIVE) {
            kept | self.only(Facts::PSD | Facts::NONNEGATIVE)
        } else {
            kept
        }
    }

    /// Of a sum; each term with whether its coefficient is negative.
    pub fn sum(terms: impl Iterator<Item = (bool, Facts)> + Clone) -> Facts {
        let all = terms.clone().fold(Facts::ALL, |all, (_, f)| all.common(f));
        let structure = all.only(Facts::LINEAR);
        if terms.clone().any(|(negative, _)| negative) {
            return structure;
        }
        let one = |fact: Facts| terms.clone().any(|(_, f)| f.contains(fact));
        structure
            | all.only(Facts::PSD | Facts::NONNEGATIVE)
            | Facts::POSDEF.when(all.contains(Facts::PSD) && one(Facts::POSDEF))
            | Facts::POSITIVE.when(all.contains(Facts::NONNEGATIVE) && one(Facts::POSITIVE))
    }

    /// Of a chain of matrices.
    pub fn product(factors: impl Iterator<Item = Facts>) -> Facts {
        let all = factors.fold(Facts::ALL, Facts::common);
        all.only(Facts::LOWER) | all.only(Facts::UPPER) | all.only(Facts::ORTHOGONAL | Facts::INVERTIBLE | Facts::NONNEGATIVE)
    }

    /// Of the elementwise product of matrices.
    pub fn hadamard(factors: impl Iterator<Item = Facts> + Clone) -> Facts {
        let all = factors.clone().fold(Facts::ALL, Facts::common);
        let zeros = factors.clone().fold(Facts::NONE, |any, f| any | f.only(Facts::ZEROS));
        let skew = factors.clone().filter(|f| f.contains(Facts::SKEW)).count();
        let mirrored = factors.clone().all(|f| f.contains(Facts::SKEW) || f.contains(Facts::SYMMETRIC));
        let mirrored = if skew % 2 == 0 { Facts::SYMMETRIC } else { Facts::SKEW }.when(mirrored);
        all.only(Facts::POSDEF | Facts::POSITIVE).without_inverse() | zeros | mirrored
    }

    /// Without what is said of the inverse, unless it is definite.
    fn without_inverse(self) -> Facts {
        if self.contains(Facts::POSDEF) { self } else { Facts(self.0 & !Facts::INVERTIBLE.0) }
    }

    /// Of an elementwise function of a square matrix.
    pub fn mapped(self, f: Map) -> Facts {
        let row = f.row();
        let at_zero = row.at_zero.is_some_and(|v| v == 0);
        self.only(Facts::SYMMETRIC)
            | self.whole(Facts::SKEW).when(row.parity == Parity::Odd)
            | self.only(Facts::ZEROS).when(at_zero)
            | Facts::SYMMETRIC.when(row.parity == Parity::Even && self.contains(Facts::SKEW))
    }

    /// Of an elementwise power of a square matrix.
    pub fn powered(self, p: &Number) -> Facts {
        let whole = p.as_integer();
        let (even, natural) = (whole.map(|p| p % 2 == 0), whole.is_some_and(|p| p > 0));
        self.only(Facts::SYMMETRIC)
            | self.only(Facts::ZEROS).when(!p.is_negative())
            | self.whole(Facts::SKEW).when(natural && even == Some(false))
            | Facts::SYMMETRIC.when(even == Some(true) && self.contains(Facts::SKEW))
            | self.only(Facts::POSDEF).without_inverse().when(natural)
    }

    pub fn inverted(self) -> Facts {
        Facts::INVERTIBLE
            | self.only(Facts::SYMMETRIC)
            | self.whole(Facts::SKEW)
            | self.only(Facts::LOWER)
            | self.only(Facts::UPPER)
            | self.only(Facts::ORTHOGONAL)
            | self.only(Facts::PSD)
    }

    pub fn pseudoinverted(self) -> Facts {
        let inverse = self.only(Facts::SYMMETRIC) | self.whole(Facts::SKEW) | self.only(Facts::ORTHOGONAL) | self.only(Facts::POSDEF);
        inverse | self.whole(Facts::DIAGONAL) | self.only(Facts::INVERTIBLE)
    }

    /// Of a function of matrices or of a Cholesky factor. A symmetric matrix has a real logarithm or root only if it is definite
    /// or semidefinite.
    pub fn of_function(self, f: Opaque) -> Facts {
        let kept = self.only(Facts::SYMMETRIC) | self.only(Facts::LOWER) | self.only(Facts::UPPER);
        match f {
            Opaque::Expm => {
                let definite = Facts::POSDEF.when(self.contains(Facts::SYMMETRIC));
                kept | definite | Facts::INVERTIBLE | Facts::ORTHOGONAL.when(self.contains(Facts::SKEW))
            }
            Opaque::Sqrtm => {
                kept | Facts::PSD.when(self.contains(Facts::SYMMETRIC)) | self.only(Facts::POSDEF) | self.only(Facts::INVERTIBLE)
            }
            Opaque::Cosm => kept | Facts::SYMMETRIC.when(self.contains(Facts::SKEW)),
            Opaque::Sinm => kept | self.whole(Facts::SKEW),
            Opaque::Cholesky => Facts::LOWER | Facts::INVERTIBLE,
            Opaque::Logm => kept,
            _ => Facts::NONE,
        }
    }

    pub fn adjugated(self) -> Facts {
        self.only(Facts::SYMMETRIC) | self.only(Facts::LOWER) | self.only(Facts::UPPER) | self.only(Facts::POSDEF)
    }

    /// Of a power of a matrix with a whole exponent of at least 2.
    fn matrix_power(self, k: i64) -> Facts {
        let even = k % 2 == 0;
        self.only(Facts::LOWER | Facts::UPPER | Facts::ORTHOGONAL | Facts::POSDEF | Facts::POSITIVE)
            | self.whole(Facts::SKEW).when(!even)
            | Facts::SYMMETRIC.when(even && self.contains(Facts::SKEW))
            | Facts::PSD.when(even && self.contains(Facts::SYMMETRIC))
    }

    fn kronecker(factors: impl Iterator<Item = Facts> + Clone) -> Facts {
        let all = factors.clone().fold(Facts::ALL, Facts::common);
        let any_hollow = factors.clone().any(|f| f.contains(Facts::HOLLOW));
        let skew = factors.clone().filter(|f| f.contains(Facts::SKEW)).count();
        let mirrored = factors.clone().all(|f| f.contains(Facts::SKEW) || f.contains(Facts::SYMMETRIC));
        all.only(Facts::LOWER)
            | all.only(Facts::UPPER)
            | all.only(Facts::ORTHOGONAL | Facts::POSDEF | Facts::POSITIVE)
            | Facts::HOLLOW.when(any_hollow)
            | if skew % 2 == 0 { Facts::SYMMETRIC } else { Facts::SKEW }.when(mirrored)
    }

    /// Of the diagonal matrix of a column.
    pub fn diagonal_of(self) -> Facts {
        Facts::DIAGONAL
            | self.only(Facts::NONNEGATIVE)
            | Facts::PSD.when(self.contains(Facts::NONNEGATIVE))
            | Facts::POSDEF.when(self.contains(Facts::POSITIVE))
    }

    /// Of the rows and columns of one range.
    fn of_principal_part(self) -> Facts {
        self.only(Facts::LINEAR | Facts::POSDEF | Facts::POSITIVE).without_inverse()
    }

    /// Of the trace, the diagonal or the determinant of a matrix.
    pub fn of_definite(self) -> Facts {
        Facts::POSITIVE.when(self.contains(Facts::POSDEF)) | Facts::NONNEGATIVE.when(self.contains(Facts::PSD))
    }
}

/// All facts of both, and what follows from them together.
impl BitOr for Facts {
    type Output = Facts;
    fn bitor(self, other: Facts) -> Facts {
        Facts(self.0 | other.0).closed()
    }
}

/// The facts of a node of matrix form, from its own form and the facts of its children.
pub fn facts_of(node: &Mat, form: &Form, child: impl Fn(Id) -> Facts) -> Facts {
    let square = form.is_square() && !form.is_scalar();
    let matrix = |facts: Facts| if square { facts } else { facts.only(Facts::POSITIVE) };
    match node {
        Mat::Number(n) => of_number(n),
        Mat::Constant(_) | Mat::Size(_) => Facts::POSITIVE,
        Mat::Var(var) => var.kind.as_ref().map_or(Facts::NONE, |kind| Facts::of_kind(kind)),
        Mat::Eye(_) => Facts::DIAGONAL | Facts::ORTHOGONAL | Facts::POSDEF | Facts::NONNEGATIVE,
        Mat::Zero(form) if form.is_square() => Facts::DIAGONAL | Facts::SKEW | Facts::PSD | Facts::NONNEGATIVE,
        Mat::Zero(_) | Mat::Unit(..) | Mat::Gather(_) | Mat::Scatter(_) | Mat::Duplication(_) | Mat::Elimination(_) => Facts::NONNEGATIVE,
        Mat::Slice(cuts, [a]) if cuts[0] == cuts[1] && square => child(*a).of_principal_part(),
        Mat::Slice(_, [a]) | Mat::Reshape(_, _, [a]) => child(*a).only(Facts::POSITIVE),
        Mat::Fill(_, _, [a]) => {
            let entry = child(*a).only(Facts::POSITIVE);
            entry | matrix(Facts::SYMMETRIC | Facts::PSD.when(entry.contains(Facts::NONNEGATIVE)))
        }
        Mat::Scale(c, [a]) if square => child(*a).times_number(c),
        Mat::Scale(c, [a]) => child(*a).only(Facts::POSITIVE).when(!c.is_negative()) | child(*a).only(Facts::INVERTIBLE),
        Mat::Times([s, a]) => child(*a).times(child(*s), child(*s).contains(Facts::INVERTIBLE)),
        Mat::Mul(factors) => matrix(Facts::product(factors.iter().map(|f| child(*f)))),
        Mat::Add(coefficients, terms) => matrix(Facts::sum(coefficients.iter().zip(terms).map(|(c, t)| (c.is_negative(), child(*t))))),
        Mat::Had(factors) => matrix(Facts::hadamard(factors.iter().map(|f| child(*f)))),
        Mat::Transpose([a]) => child(*a).transposed(),
        Mat::Map(f, [a]) => matrix(child(*a).mapped(*f)) | Facts::of_sign(f.row().sign),
        Mat::Map2(..) => Facts::NONE,
        Mat::Power(exponent, [a]) => matrix(child(*a).powered(exponent)) | sign_of_power(exponent, child(*a)),
        Mat::MatPower(k, [a]) => child(*a).matrix_power(*k),
        // Of a matrix that is not square, a triangle in both directions would not be symmetric.
        Mat::Call(MatFn::Tril | MatFn::Triu, a) if !square => child(a[0]).only(Facts::NONNEGATIVE),
        Mat::Call(f, arguments) => of_call(*f, arguments, child),
        Mat::Commutation(m, n) => Facts::ORTHOGONAL | Facts::NONNEGATIVE | Facts::SYMMETRIC.when(m == n),
        Mat::Apply(f, _) if f.is_symmetric() => Facts::SYMMETRIC,
        Mat::Apply(..) | Mat::LeviCivita(_) | Mat::Merge(..) | Mat::Contract(..) => Facts::NONE,
    }
}

fn of_number(n: &Number) -> Facts {
    match (n.is_zero(), n.is_negative()) {
        (true, _) => Facts::NONNEGATIVE,
        (_, true) => Facts::INVERTIBLE,
        _ => Facts::POSITIVE | Facts::INVERTIBLE,
    }
}

fn sign_of_power(exponent: &Number, of: Facts) -> Facts {
    let even = exponent.as_integer().is_some_and(|p| p % 2 == 0);
    Facts::NONNEGATIVE.when(even || !exponent.is_integer()) | of.only(Facts::POSITIVE)
}

fn of_call(f: MatFn, arguments: &[Id], child: impl Fn(Id) -> Facts) -> Facts {
    let of = child(arguments[0]);
    match f {
        MatFn::Inv => of.inverted(),
        MatFn::Adj => of.adjugated(),
        MatFn::Pinv => of.pseudoinverted(),
        MatFn::Expm => of.of_function(Opaque::Expm),
        MatFn::Logm => of.of_function(Opaque::Logm),
        MatFn::Sqrtm => of.of_function(Opaque::Sqrtm),
        MatFn::Cosm => of.of_function(Opaque::Cosm),
        MatFn::Sinm => of.of_function(Opaque::Sinm),
        MatFn::Cholesky => of.of_function(Opaque::Cholesky),
        MatFn::LambdaMax | MatFn::LambdaMin => of.of_definite(),
        MatFn::EigvecMax | MatFn::EigvecMin => Facts::NONE,
        MatFn::Sylvester
        | MatFn::FrechetExpm
        | MatFn::FrechetLogm
        | MatFn::FrechetCosm
        | MatFn::FrechetSinm
        | MatFn::OpenExpm
        | MatFn::OpenLogm
        | MatFn::OpenCosm
        | MatFn::OpenSinm => Facts::NONE,
        MatFn::Det => of.of_definite() | of.only(Facts::INVERTIBLE),
        MatFn::LogDet | MatFn::LogSumExp | MatFn::Cross => Facts::NONE,
        MatFn::Trace | MatFn::DiagOf => of.of_definite() | of.only(Facts::POSITIVE),
        MatFn::Diag => of.diagonal_of(),
        MatFn::Sum
        | MatFn::SumRows
        | MatFn::SumColumns
        | MatFn::Mean
        | MatFn::MeanRows
        | MatFn::MeanColumns
        | MatFn::Product
        | MatFn::Vec
        | MatFn::Vech => of.only(Facts::POSITIVE),
        MatFn::Kron => Facts::kronecker(arguments.iter().map(|a| child(*a))),
        MatFn::Norm1 | MatFn::Norm2 | MatFn::NormF | MatFn::NormInf | MatFn::Nuclear | MatFn::Variance => Facts::NONNEGATIVE,
        MatFn::Softmax => Facts::POSITIVE,
        MatFn::Sym => Facts::SYMMETRIC,
        MatFn::Tril => Facts::LOWER | of.only(Facts::UPPER) | of.only(Facts::HOLLOW) | of.only(Facts::NONNEGATIVE),
        MatFn::Triu => Facts::UPPER | of.only(Facts::LOWER) | of.only(Facts::HOLLOW) | of.only(Facts::NONNEGATIVE),
    }
}

#[cfg(test)]
mod tests;
