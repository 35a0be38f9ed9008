//! Names that Rust keeps, and what it and the crates in use call functions and constants.

use crate::emit::body::Words;
use crate::emit::functions;
use crate::emit::helpers::Helpers;
use crate::emit::names::Spelling;
use crate::function::Map;

pub(super) static WORDS: Words = Words {
    names: Spelling { reserved: RESERVED, helpers: &HELPERS, unicode: true, underscore_first: true },
    divide: "/",
    pi: "std::f64::consts::PI",
    infinity: "f64::INFINITY",
    map,
    functions: &functions::RUST,
};

static HELPERS: Helpers = Helpers {
    sources: &[
        include_str!("../helpers/rust/entries.rs"),
        include_str!("../helpers/rust/equations.rs"),
        include_str!("../helpers/rust/matrices.rs"),
        include_str!("../helpers/rust/shapes.rs"),
    ],
    spelled: &[],
};

#[rustfmt::skip]
const RESERVED: &[&str] = &[
    "as", "async", "await", "break", "const", "continue", "crate", "dyn", "else", "enum", "extern", "false", "fn", "for",
    "gen", "if", "impl", "in", "let", "loop", "match", "mod", "move", "mut", "pub", "ref", "return", "self", "Self",
    "static", "struct", "super", "trait", "true", "type", "union", "unsafe", "use", "where", "while", "abstract",
    "become", "box", "do", "final", "macro", "override", "priv", "try", "typeof", "unsized", "virtual", "yield", "s",
    "f64", "usize", "libm", "nalgebra", "Axis", "_", "None", "Some", "Ok", "Err",
];

fn map(f: Map) -> &'static str {
    match f {
        Map::Exp => ".exp()",
        Map::Log => ".ln()",
        Map::Log1p => ".ln_1p()",
        Map::Expm1 => ".exp_m1()",
        Map::Sqrt => ".sqrt()",
        Map::Cbrt => ".cbrt()",
        Map::Abs => ".abs()",
        Map::Sign => "sign({})",
        Map::Sin => ".sin()",
        Map::Cos => ".cos()",
        Map::Tan => ".tan()",
        Map::Sec => ".cos().recip()",
        Map::Csc => ".sin().recip()",
        Map::Cot => ".tan().recip()",
        Map::Asin => ".asin()",
        Map::Acos => ".acos()",
        Map::Atan => ".atan()",
        Map::Sinh => ".sinh()",
        Map::Cosh => ".cosh()",
        Map::Tanh => ".tanh()",
        Map::Asinh => ".asinh()",
        Map::Acosh => ".acosh()",
        Map::Atanh => ".atanh()",
        Map::Relu => ".max(0.0)",
        Map::Step => "f64::from(u8::from({} > 0.0))",
        Map::Sigmoid => "sigmoid({})",
        Map::Softplus => "softplus({})",
        Map::Erf => "libm::erf({})",
        Map::Gamma => "libm::tgamma({})",
        Map::Lgamma => "libm::lgamma({})",
        Map::Digamma => "digamma({})",
        Map::Trigamma => "trigamma({})",
    }
}
