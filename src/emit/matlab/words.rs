//! Names that MATLAB and Octave keep, and what they call functions and constants.

use crate::emit::body::Words;
use crate::emit::functions;
use crate::emit::helpers::Helpers;
use crate::emit::names::Spelling;
use crate::function::Map;

pub(super) static WORDS: Words = Words {
    names: Spelling { reserved: RESERVED, helpers: &HELPERS, unicode: false, underscore_first: false },
    divide: "/",
    pi: "pi",
    infinity: "Inf",
    map,
    functions: &functions::MATLAB,
};

static HELPERS: Helpers = Helpers { sources: &[include_str!("../helpers/matlab.m")], spelled: &[] };

/// Names of the language, of the functions in use and of the results.
#[rustfmt::skip]
const RESERVED: &[&str] = &[
    "break", "case", "catch", "classdef", "continue", "else", "elseif", "end", "for", "function", "global", "if",
    "otherwise", "parfor", "persistent", "return", "spmd", "switch", "try", "while", "do", "until", "endif", "endfor",
    "endwhile", "endfunction", "unwind_protect", "value", "derivative", "solution", "objective", "nargout", "size",
    "zeros", "ones", "eye", "diag", "sum", "prod", "inv", "det", "chol", "reshape", "permute", "max", "min", "abs", "exp",
    "log", "log1p", "expm1", "sqrt", "nthroot", "sign", "sin", "cos", "tan", "sec", "csc", "cot", "asin", "acos", "atan",
    "sinh", "cosh", "tanh", "asinh", "acosh", "atanh", "double", "erf", "gamma", "gammaln", "psi", "pi", "Inf", "tril",
    "triu", "arrayfun", "error", "isequal", "expm", "logm", "sqrtm", "eig", "svd", "pinv", "real", "imag", "sylvester",
    "norm", "NaN",
];

fn map(f: Map) -> &'static str {
    match f {
        Map::Exp => "exp({})",
        Map::Log => "log({})",
        Map::Log1p => "log1p({})",
        Map::Expm1 => "expm1({})",
        Map::Sqrt => "sqrt({})",
        Map::Cbrt => "nthroot({}, 3)",
        Map::Abs => "abs({})",
        Map::Sign => "sign({})",
        Map::Sin => "sin({})",
        Map::Cos => "cos({})",
        Map::Tan => "tan({})",
        Map::Sec => "sec({})",
        Map::Csc => "csc({})",
        Map::Cot => "cot({})",
        Map::Asin => "asin({})",
        Map::Acos => "acos({})",
        Map::Atan => "atan({})",
        Map::Sinh => "sinh({})",
        Map::Cosh => "cosh({})",
        Map::Tanh => "tanh({})",
        Map::Asinh => "asinh({})",
        Map::Acosh => "acosh({})",
        Map::Atanh => "atanh({})",
        Map::Relu => "max({}, 0)",
        Map::Step => "double({} > 0)",
        Map::Sigmoid => "sigmoid_({})",
        Map::Softplus => "softplus_({})",
        Map::Erf => "erf({})",
        Map::Gamma => "gamma({})",
        Map::Lgamma => "gammaln({})",
        Map::Digamma => "psi({})",
        Map::Trigamma => "psi(1, {})",
    }
}
