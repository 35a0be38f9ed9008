//! Python with torch. New tensors have the type that holds all arguments, and the device of the first; nothing that autograd follows is
//! changed in place.

use super::parts::{Whole, index_arrays};
use super::solvers::TorchLinalg;
use super::{Library, python_names};
use crate::emit::body::{Body, Words};
use crate::emit::code::Code;
use crate::emit::functions;
use crate::emit::helpers::Helpers;
use crate::emit::names::Spelling;
use crate::function::Map;
use crate::program::Part;

pub(in crate::emit) static LIBRARY: Library = Library {
    np: "torch",
    import: "import torch\n",
    import_special: &[],
    axis: "dim",
    permute: "permute",
    like: ", **like",
    from_numpy: ("torch.as_tensor(", ", **like)"),
    words: &WORDS,
    shape_of_scalar: "{}.shape",
    arguments,
    strict: true,
    power: "pow",
    vectorize: "",
    solver: &TorchLinalg,
    assemble,
};

// What torch compiles is not to call functions that are cached.
static HELPERS: Helpers = Helpers {
    sources: &[include_str!("../helpers/python.py"), include_str!("../helpers/torch.py")],
    spelled: &[("@lru_cache\n", ""), ("xp.expm", "torch.linalg.matrix_exp"), ("xp.", "torch.")],
};

static WORDS: Words = Words {
    names: python_names!(&HELPERS, "torch", "like"),
    divide: "//",
    pi: "torch.pi",
    infinity: "torch.inf",
    map,
    functions: &functions::TORCH,
};

fn arguments(arrays: &[String], scalars: &[String]) -> Vec<String> {
    let all: Vec<&str> = arrays.iter().chain(scalars).map(String::as_str).collect();
    match all.as_slice() {
        [] => vec!["like = {}".to_owned()],
        [one] => vec![format!("like = _like({one})"), format!("{one} = torch.as_tensor({one}, **like)")],
        many => {
            let many = many.join(", ");
            vec![format!("like = _like({many})"), format!("{many} = (torch.as_tensor(a, **like) for a in ({many}))")]
        }
    }
}

fn map(f: Map) -> &'static str {
    match f {
        Map::Exp => "torch.exp({})",
        Map::Log => "torch.log({})",
        Map::Log1p => "torch.log1p({})",
        Map::Expm1 => "torch.expm1({})",
        Map::Sqrt => "torch.sqrt({})",
        Map::Cbrt => "_cbrt({})",
        Map::Abs => "torch.abs({})",
        Map::Sign => "torch.sign({})",
        Map::Sin => "torch.sin({})",
        Map::Cos => "torch.cos({})",
        Map::Tan => "torch.tan({})",
        Map::Sec => "1/torch.cos({})",
        Map::Csc => "1/torch.sin({})",
        Map::Cot => "1/torch.tan({})",
        Map::Asin => "torch.arcsin({})",
        Map::Acos => "torch.arccos({})",
        Map::Atan => "torch.arctan({})",
        Map::Sinh => "torch.sinh({})",
        Map::Cosh => "torch.cosh({})",
        Map::Tanh => "torch.tanh({})",
        Map::Asinh => "torch.arcsinh({})",
        Map::Acosh => "torch.arccosh({})",
        Map::Atanh => "torch.arctanh({})",
        Map::Relu => "torch.relu({})",
        Map::Step => "torch.gt({}, 0).to(**like)",
        Map::Sigmoid => "torch.sigmoid({})",
        // torch.nn.functional.softplus is the identity above a threshold.
        Map::Softplus => "torch.logaddexp({}, torch.zeros((), **like))",
        Map::Erf => "torch.erf({})",
        Map::Gamma => "_gamma({})",
        Map::Lgamma => "torch.lgamma({})",
        Map::Digamma => "torch.digamma({})",
        Map::Trigamma => "torch.polygamma(1, {})",
    }
}

fn assemble(body: &mut Body, Whole { name: whole, fresh, .. }: Whole, value: &Code, part: &Part) -> String {
    let at = index_arrays(body, part, "torch.arange", ", device=like[\"device\"]");
    let more = if fresh { "" } else { ", accumulate=True" };
    format!("{whole} = {whole}.index_put({at}, {}{more})", tensor(value))
}

/// A plain number as a tensor.
fn tensor(value: &Code) -> String {
    if value.constant { format!("torch.as_tensor({}, **like)", value.text) } else { value.text.clone() }
}
