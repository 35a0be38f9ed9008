//! The functions of the language, as tables: a new elementwise function is one row of [`ELEMENTWISE`], any other
//! one a row of [`CALLS`].

use rustc_hash::FxHashMap;
use std::fmt;
use std::sync::LazyLock;

/// Sign of a function on the reals, or of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Sign {
    Any,
    NonNegative,
    Positive,
}

/// How a function behaves when its argument changes sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parity {
    /// f(-u) = f(u)
    Even,
    /// f(-u) = -f(u)
    Odd,
    Neither,
}

/// One row of the table of elementwise functions.
#[derive(Debug)]
pub struct Elementwise {
    pub map: Map,
    pub name: &'static str,
    pub aliases: &'static [&'static str],
    /// What it is, in terms of simpler functions of `u`, if it is only a spelling of these.
    pub definition: Option<&'static str>,
    /// d f(u) / du in the language, in terms of the scalar `u`; `None` where no closed form is known.
    pub derivative: Option<&'static str>,
    pub value: fn(f64) -> f64,
    pub parity: Parity,
    pub sign: Sign,
    /// The value at 0, where that is exact and rational.
    pub at_zero: Option<i64>,
    /// Python with numpy as `np` and scipy.special as `special`; `{}` is the argument.
    pub numpy: &'static str,
    /// LaTeX; `{}` is the argument in its brackets.
    pub latex: &'static str,
}

macro_rules! elementwise {
    ($($map:ident $name:literal [$($alias:literal)*] = $def:expr, d $der:expr, $value:expr, $parity:ident $sign:ident $zero:expr, $numpy:literal, $latex:literal;)*) => {
        /// An elementwise function.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Map { $($map),* }

        /// Every elementwise function: name, other spellings, definition, derivative, numeric meaning, parity, sign,
        /// value at 0, Python, LaTeX. The derivatives are those of Abramowitz and Stegun 1964, chapters 4, 6 and 7.
        pub static ELEMENTWISE: [Elementwise; [$(Map::$map),*].len()] = [$(Elementwise {
            map: Map::$map, name: $name, aliases: &[$($alias),*], definition: $def, derivative: $der, value: $value,
            parity: Parity::$parity, sign: Sign::$sign, at_zero: $zero, numpy: $numpy, latex: $latex,
        }),*];
    };
}

elementwise! {
    Exp      "exp"      []               = None, d Some("exp(u)"), f64::exp, Neither Positive Some(1), "np.exp({})", r"\exp{}";
    Log      "log"      ["ln"]           = None, d Some("1/u"), f64::ln, Neither Any None, "np.log({})", r"\log{}";
    Log1p    "log1p"    []               = Some("log(1 + u)"), d None, f64::ln_1p, Neither Any Some(0), "np.log1p({})", r"\operatorname{log1p}{}";
    Expm1    "expm1"    []               = Some("exp(u) - 1"), d None, f64::exp_m1, Neither Any Some(0), "np.expm1({})", r"\operatorname{expm1}{}";
    Sqrt     "sqrt"     []               = Some("u^(1/2)"), d None, f64::sqrt, Neither NonNegative Some(0), "np.sqrt({})", r"\sqrt{}";
    Cbrt     "cbrt"     []               = None, d Some("1/(3*cbrt(u)^2)"), f64::cbrt, Odd Any Some(0), "np.cbrt({})", r"\operatorname{cbrt}{}";
    Abs      "abs"      []               = None, d Some("sign(u)"), f64::abs, Even NonNegative Some(0), "np.abs({})", r"\operatorname{abs}{}";
    Sign     "sign"     ["sgn"]          = None, d Some("0"), sign, Odd Any Some(0), "np.sign({})", r"\operatorname{sign}{}";
    Sin      "sin"      []               = None, d Some("cos(u)"), f64::sin, Odd Any Some(0), "np.sin({})", r"\sin{}";
    Cos      "cos"      []               = None, d Some("-sin(u)"), f64::cos, Even Any Some(1), "np.cos({})", r"\cos{}";
    Tan      "tan"      []               = None, d Some("1 + tan(u)^2"), f64::tan, Odd Any Some(0), "np.tan({})", r"\tan{}";
    Sec      "sec"      []               = Some("1/cos(u)"), d None, |u| 1.0 / u.cos(), Even Any Some(1), "(1/np.cos({}))", r"\sec{}";
    Csc      "csc"      []               = Some("1/sin(u)"), d None, |u| 1.0 / u.sin(), Odd Any None, "(1/np.sin({}))", r"\csc{}";
    Cot      "cot"      []               = Some("1/tan(u)"), d None, |u| 1.0 / u.tan(), Odd Any None, "(1/np.tan({}))", r"\cot{}";
    Asin     "asin"     ["arcsin"]       = None, d Some("1/(1 - u^2)^(1/2)"), f64::asin, Odd Any Some(0), "np.arcsin({})", r"\arcsin{}";
    Acos     "acos"     ["arccos"]       = None, d Some("-1/(1 - u^2)^(1/2)"), f64::acos, Neither NonNegative None, "np.arccos({})", r"\arccos{}";
    Atan     "atan"     ["arctan"]       = None, d Some("1/(1 + u^2)"), f64::atan, Odd Any Some(0), "np.arctan({})", r"\arctan{}";
    Sinh     "sinh"     []               = None, d Some("cosh(u)"), f64::sinh, Odd Any Some(0), "np.sinh({})", r"\sinh{}";
    Cosh     "cosh"     []               = None, d Some("sinh(u)"), f64::cosh, Even Positive Some(1), "np.cosh({})", r"\cosh{}";
    Tanh     "tanh"     []               = None, d Some("1 - tanh(u)^2"), f64::tanh, Odd Any Some(0), "np.tanh({})", r"\tanh{}";
    Asinh    "asinh"    ["arcsinh"]      = None, d Some("1/(1 + u^2)^(1/2)"), f64::asinh, Odd Any Some(0), "np.arcsinh({})", r"\operatorname{arsinh}{}";
    Acosh    "acosh"    ["arccosh"]      = None, d Some("1/(u^2 - 1)^(1/2)"), f64::acosh, Neither NonNegative None, "np.arccosh({})", r"\operatorname{arcosh}{}";
    Atanh    "atanh"    ["arctanh"]      = None, d Some("1/(1 - u^2)"), f64::atanh, Odd Any Some(0), "np.arctanh({})", r"\operatorname{artanh}{}";
    Relu     "relu"     []               = None, d Some("step(u)"), |u| u.max(0.0), Neither NonNegative Some(0), "np.maximum({}, 0)", r"\operatorname{relu}{}";
    Step     "step"     ["heaviside"]    = None, d Some("0"), |u| if u > 0.0 { 1.0 } else { 0.0 }, Neither NonNegative Some(0), "np.heaviside({}, 0)", r"\operatorname{step}{}";
    Sigmoid  "sigmoid"  ["logistic"]     = None, d Some("sigmoid(u)*(1 - sigmoid(u))"), sigmoid, Neither Positive None, "special.expit({})", r"\sigma{}";
    Softplus "softplus" []               = None, d Some("sigmoid(u)"), |u| u.max(0.0) + (-u.abs()).exp().ln_1p(), Neither Positive None, "np.logaddexp({}, 0)", r"\operatorname{softplus}{}";
    Erf      "erf"      []               = None, d Some("2/pi^(1/2)*exp(-u^2)"), libm::erf, Odd Any Some(0), "special.erf({})", r"\operatorname{erf}{}";
    Gamma    "gamma"    []               = None, d Some("gamma(u)*digamma(u)"), libm::tgamma, Neither Any None, "special.gamma({})", r"\Gamma{}";
    Lgamma   "lgamma"   ["gammaln" "loggamma"] = None, d Some("digamma(u)"), libm::lgamma, Neither Any None, "special.gammaln({})", r"\log\Gamma{}";
    Digamma  "digamma"  ["psi"]          = None, d Some("trigamma(u)"), digamma, Neither Any None, "special.digamma({})", r"\psi{}";
    Trigamma "trigamma" []               = None, d None, trigamma, Neither Any None, "special.polygamma(1, {})", r"\psi'{}";
}

impl Map {
    pub fn row(self) -> &'static Elementwise {
        &ELEMENTWISE[self as usize]
    }

    pub fn name(self) -> &'static str {
        self.row().name
    }
}

fn sign(u: f64) -> f64 {
    if u == 0.0 { 0.0 } else { u.signum() }
}

fn sigmoid(u: f64) -> f64 {
    if u < 0.0 { u.exp() / (1.0 + u.exp()) } else { 1.0 / (1.0 + (-u).exp()) }
}

/// The asymptotic series of psi (Abramowitz and Stegun 6.3.18) above 10, the recurrence (6.3.5) and the reflection
/// formula (6.3.7) below.
fn digamma(u: f64) -> f64 {
    if u <= 0.0 {
        return if u == u.floor() { f64::NAN } else { digamma(1.0 - u) - std::f64::consts::PI / (std::f64::consts::PI * u).tan() };
    }
    let (mut x, mut shift) = (u, 0.0);
    while x < 10.0 {
        shift -= 1.0 / x;
        x += 1.0;
    }
    let y = 1.0 / (x * x);
    shift + x.ln()
        - 0.5 / x
        - y * (1.0 / 12.0 - y * (1.0 / 120.0 - y * (1.0 / 252.0 - y * (1.0 / 240.0 - y * (1.0 / 132.0 - y * 691.0 / 32_760.0)))))
}

/// Likewise for psi' (Abramowitz and Stegun 6.4.12, 6.4.6, 6.4.7).
fn trigamma(u: f64) -> f64 {
    if u <= 0.0 {
        let s = (std::f64::consts::PI * u).sin();
        return if u == u.floor() { f64::NAN } else { (std::f64::consts::PI / s).powi(2) - trigamma(1.0 - u) };
    }
    let (mut x, mut shift) = (u, 0.0);
    while x < 10.0 {
        shift += 1.0 / (x * x);
        x += 1.0;
    }
    let y = 1.0 / (x * x);
    shift + 1.0 / x + y / 2.0 + y / x * (1.0 / 6.0 - y * (1.0 / 30.0 - y * (1.0 / 42.0 - y * (1.0 / 30.0 - y * 5.0 / 66.0))))
}

/// One row of the table of the other functions.
#[derive(Debug)]
pub struct CallRow {
    pub call: Call,
    pub name: &'static str,
    pub aliases: &'static [&'static str],
    pub least_arguments: usize,
    pub most_arguments: usize,
    /// What the arguments are, for messages: `kron(A, B)`.
    pub usage: &'static str,
    /// Whether this version can do it.
    pub supported: bool,
}

macro_rules! calls {
    ($($call:ident $name:literal [$($alias:literal)*] $least:literal $most:literal $usage:literal $supported:literal;)*) => {
        /// A function that is not elementwise in one argument.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Call { $($call),* }

        /// Every function that is not elementwise in one argument: name, other spellings, number of arguments, usage,
        /// and whether this version can do it.
        pub static CALLS: &[CallRow] = &[$(CallRow {
            call: Call::$call, name: $name, aliases: &[$($alias),*], least_arguments: $least, most_arguments: $most,
            usage: $usage, supported: $supported,
        }),*];
    };
}

calls! {
    Max         "max"         ["maximum"] 2 2 "max(x, y)" true;
    Min         "min"         ["minimum"] 2 2 "min(x, y)" true;
    Power       "pow"         ["power"]   2 2 "pow(x, p)" true;
    Sum         "sum"         []          1 2 "sum(X), sum(X, 1), sum(X, 2) or sum(i, …)" true;
    Mean        "mean"        []          1 2 "mean(X), mean(X, 1) or mean(X, 2)" true;
    Variance    "var"         []          1 1 "var(x)" true;
    Deviation   "std"         []          1 1 "std(x)" true;
    Product     "prod"        []          1 1 "prod(x)" true;
    Dot         "dot"         []          2 2 "dot(x, y)" true;
    Inner       "inner"       []          2 2 "inner(A, B)" true;
    Trace       "tr"          ["trace"]   1 1 "tr(A)" true;
    Det         "det"         []          1 1 "det(A)" true;
    LogDet      "logdet"      []          1 1 "logdet(A)" true;
    Norm1       "norm1"       []          1 1 "norm1(x)" true;
    Norm2       "norm2"       []          1 1 "norm2(x)" true;
    NormF       "normF"       ["normfro"] 1 1 "normF(A)" true;
    NormInf     "norminf"     []          1 1 "norminf(x)" true;
    Norm        "norm"        []          1 2 "norm(x) or norm(x, p)" true;
    Nuclear     "nuclear"     []          1 1 "nuclear(A)" true;
    LogSumExp   "logsumexp"   []          1 1 "logsumexp(x)" true;
    Softmax     "softmax"     []          1 1 "softmax(x)" true;
    LambdaMax   "lambda_max"  []          1 1 "lambda_max(S)" true;
    LambdaMin   "lambda_min"  []          1 1 "lambda_min(S)" true;
    EigvecMax   "eigvec_max"  []          1 1 "eigvec_max(S)" true;
    EigvecMin   "eigvec_min"  []          1 1 "eigvec_min(S)" true;
    Diag        "diag"        []          1 1 "diag(x)" true;
    Vec         "vec"         []          1 1 "vec(A)" true;
    Vech        "vech"        []          1 1 "vech(A)" true;
    Reshape     "reshape"     []          3 3 "reshape(A, m, n)" true;
    Eye         "eye"         []          1 2 "eye(n)" true;
    Ones        "ones"        []          1 9 "ones(n) or ones(m, n)" true;
    Zeros       "zeros"       []          1 9 "zeros(n) or zeros(m, n)" true;
    Vector      "vector"      []          1 1 "vector(c)" true;
    Matrix      "matrix"      []          1 1 "matrix(c)" true;
    Unit        "unit"        []          2 2 "unit(i, n)" true;
    Triu        "triu"        []          1 1 "triu(A)" true;
    Tril        "tril"        []          1 1 "tril(A)" true;
    Sym         "sym"         []          1 1 "sym(A)" true;
    Skew        "skew"        []          1 1 "skew(A)" true;
    Cross       "cross"       []          2 2 "cross(x, y)" true;
    Outer       "outer"       []          2 2 "outer(x, y)" true;
    Kron        "kron"        []          2 9 "kron(A, B)" true;
    Commutation "commutation" []          2 2 "commutation(m, n)" true;
    Duplication "duplication" []          1 1 "duplication(n)" true;
    Elimination "elimination" []          1 1 "elimination(n)" true;
    Integral    "integral"    []          4 4 "integral(F, t, a, b)" true;
    Inv         "inv"         []          1 1 "inv(A)" true;
    Pinv        "pinv"        []          1 1 "pinv(A)" true;
    Adj         "adj"         []          1 1 "adj(A)" true;
    Expm        "expm"        []          1 1 "expm(A)" true;
    Logm        "logm"        []          1 1 "logm(A)" true;
    Sqrtm       "sqrtm"       []          1 1 "sqrtm(A)" true;
    Cosm        "cosm"        []          1 1 "cosm(A)" true;
    Sinm        "sinm"        []          1 1 "sinm(A)" true;
    Cholesky    "cholesky"    ["chol"]    1 1 "cholesky(A)" true;
    FrechetExpm "frechet_expm" []         1 9 "frechet(expm, A) or frechet(expm, A, E)" true;
    FrechetLogm "frechet_logm" []         1 9 "frechet(logm, A) or frechet(logm, A, E)" true;
    FrechetSqrtm "frechet_sqrtm" []       1 9 "frechet(sqrtm, A) or frechet(sqrtm, A, E)" true;
    FrechetCosm "frechet_cosm" []         1 9 "frechet(cosm, A) or frechet(cosm, A, E)" true;
    FrechetSinm "frechet_sinm" []         1 9 "frechet(sinm, A) or frechet(sinm, A, E)" true;
    OpenExpm    "open_expm"   []          1 8 "frechet(expm, A, E, :)" true;
    OpenLogm    "open_logm"   []          1 8 "frechet(logm, A, E, :)" true;
    OpenSqrtm   "open_sqrtm"  []          1 8 "frechet(sqrtm, A, E, :)" true;
    OpenCosm    "open_cosm"   []          1 8 "frechet(cosm, A, E, :)" true;
    OpenSinm    "open_sinm"   []          1 8 "frechet(sinm, A, E, :)" true;
    Sylvester   "sylvester"   []          3 3 "sylvester(A, B, C)" true;
}

impl Call {
    pub fn row(self) -> &'static CallRow {
        &CALLS[self as usize]
    }

    pub fn name(self) -> &'static str {
        self.row().name
    }

    /// The Fréchet derivative of a function of matrices, which is written `frechet(expm, A, E)`, or with its last direction left
    /// open, `frechet(expm, A, E, :)`.
    pub fn frechet(self, open: bool) -> Option<Call> {
        FRECHET.iter().find(|(f, ..)| *f == self).map(|(_, closed, left_open)| if open { *left_open } else { *closed })
    }

    /// The function whose Fréchet derivative this is, and whether the last direction is left open.
    pub fn of_frechet(self) -> Option<(Call, bool)> {
        let of = |(f, closed, open): &(Call, Call, Call)| match self {
            _ if self == *closed => Some((*f, false)),
            _ if self == *open => Some((*f, true)),
            _ => None,
        };
        FRECHET.iter().find_map(of)
    }
}

/// The functions of matrices and their Fréchet derivatives, without and with a direction left open.
const FRECHET: [(Call, Call, Call); 5] = [
    (Call::Expm, Call::FrechetExpm, Call::OpenExpm),
    (Call::Logm, Call::FrechetLogm, Call::OpenLogm),
    (Call::Sqrtm, Call::FrechetSqrtm, Call::OpenSqrtm),
    (Call::Cosm, Call::FrechetCosm, Call::OpenCosm),
    (Call::Sinm, Call::FrechetSinm, Call::OpenSinm),
];

/// Any function that an expression can call by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Function {
    Map(Map),
    Call(Call),
}

/// Every function by its name and its aliases.
static NAMED: LazyLock<FxHashMap<&'static str, Function>> = LazyLock::new(|| {
    let maps = ELEMENTWISE.iter().map(|r| (r.name, r.aliases, Function::Map(r.map)));
    let calls = CALLS.iter().map(|r| (r.name, r.aliases, Function::Call(r.call)));
    let mut named = FxHashMap::default();
    for (name, aliases, function) in maps.chain(calls) {
        for name in std::iter::once(&name).chain(aliases) {
            named.entry(*name).or_insert(function);
        }
    }
    named
});

impl Function {
    /// The function of that name or alias.
    pub fn named(name: &str) -> Option<Function> {
        NAMED.get(name).copied()
    }

    /// Every function: the elementwise ones, then the others, in the order of their tables.
    ///
    /// ```
    /// use indicial::Function;
    /// assert!(Function::all().any(|f| f.name() == "logdet"));
    /// ```
    pub fn all() -> impl Iterator<Item = Function> {
        let maps = ELEMENTWISE.iter().map(|row| Function::Map(row.map));
        maps.chain(CALLS.iter().map(|row| Function::Call(row.call)))
    }

    pub fn name(self) -> &'static str {
        match self {
            Function::Map(m) => m.name(),
            Function::Call(c) => c.name(),
        }
    }
}

impl fmt::Display for Function {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// An elementwise function of two arguments.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Map2 {
    /// `x.^y` with an exponent that is not a number.
    Power,
    Max,
    Min,
}

impl Map2 {
    pub fn value(self, x: f64, y: f64) -> f64 {
        match self {
            Map2::Power => x.powf(y),
            Map2::Max => x.max(y),
            Map2::Min => x.min(y),
        }
    }
}

/// A named constant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Constant {
    Pi,
    Infinity,
}

impl Constant {
    pub fn name(self) -> &'static str {
        match self {
            Constant::Pi => "pi",
            Constant::Infinity => "inf",
        }
    }

    pub fn value(self) -> f64 {
        match self {
            Constant::Pi => std::f64::consts::PI,
            Constant::Infinity => f64::INFINITY,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_derivative_row_has_a_derivative_or_a_definition() {
        for row in &ELEMENTWISE {
            assert!(row.derivative.is_some() || row.definition.is_some() || row.map == Map::Trigamma, "{}", row.name);
        }
    }

    #[test]
    fn every_function_that_is_no_constant_has_a_rule_for_its_differential() {
        let constants = ["eye", "ones", "zeros", "vector", "matrix", "unit", "commutation", "duplication", "elimination"];
        // Second derivatives of functions of matrices, and eigenvectors, have none in the language of rules.
        let is_frechet = |name: &str| CALLS.iter().any(|r| r.name == name && r.call.of_frechet().is_some());
        // The third polygamma is no function here; an integral has a variable of its own, which no law over values speaks of.
        let without = ["trigamma", "integral"];
        let laws: Vec<&str> = crate::Catalog::standard().rules().filter(|r| r.differential).map(|r| &*r.law).collect();
        let lefts: Vec<&str> = laws.iter().filter_map(|law| law.split("=>").next()).collect();
        let names = ELEMENTWISE.iter().map(|r| r.name).chain(CALLS.iter().filter(|r| r.supported).map(|r| r.name));
        for name in names.filter(|name| !constants.contains(name) && !is_frechet(name) && *name != "eigvec_min") {
            let covered = lefts.iter().any(|left| left.contains(&format!(" {name}(")));
            assert_ne!(covered, without.contains(&name), "{name}");
        }
    }

    #[test]
    fn polygammas_have_the_values_of_the_tables() {
        assert!((digamma(1.0) + 0.577_215_664_901_532_9).abs() < 1e-12);
        assert!((digamma(-0.5) - 0.036_489_973_978_576_52).abs() < 1e-12);
        assert!((trigamma(1.0) - std::f64::consts::PI.powi(2) / 6.0).abs() < 1e-11);
    }
}
