//! Python with jax. Everything is traceable under `jax.jit`: shapes are tuples of Python's numbers, nothing is changed in place.

use super::module::as_arrays;
use super::parts::{Whole, index_arrays, places, running};
use super::solvers::Scipy;
use super::{Library, python_names};
use crate::emit::body::{Body, Words};
use crate::emit::code::Code;
use crate::emit::functions;
use crate::emit::helpers::Helpers;
use crate::emit::names::Spelling;
use crate::function::Map;
use crate::program::Part;

pub(in crate::emit) static LIBRARY: Library = Library {
    np: "jnp",
    import: "import jax.numpy as jnp\n",
    import_special: &[
        ("jax", "import jax\n"),
        ("linalg", "from jax.scipy import linalg\n"),
        ("special", "from jax.scipy import special\n"),
    ],
    axis: "axis",
    permute: "transpose",
    like: "",
    from_numpy: ("jnp.asarray(", ")"),
    words: &WORDS,
    shape_of_scalar: "jnp.shape({})",
    arguments: as_arrays,
    strict: false,
    power: "power",
    vectorize: "jnp.vectorize",
    solver: &Scipy { np: "jnp" },
    assemble,
};

static HELPERS: Helpers = Helpers {
    sources: &[include_str!("../helpers/python.py"), include_str!("../helpers/jax.py")],
    spelled: &[("xp.expm", "linalg.expm"), ("xp.", "jnp.")],
};

static WORDS: Words = Words {
    names: python_names!(&HELPERS, "jnp", "jax"),
    divide: "//",
    pi: "jnp.pi",
    infinity: "jnp.inf",
    map,
    functions: &functions::JAX,
};

fn map(f: Map) -> &'static str {
    match f {
        Map::Exp => "jnp.exp({})",
        Map::Log => "jnp.log({})",
        Map::Log1p => "jnp.log1p({})",
        Map::Expm1 => "jnp.expm1({})",
        Map::Sqrt => "jnp.sqrt({})",
        Map::Cbrt => "jnp.cbrt({})",
        Map::Abs => "jnp.abs({})",
        Map::Sign => "jnp.sign({})",
        Map::Sin => "jnp.sin({})",
        Map::Cos => "jnp.cos({})",
        Map::Tan => "jnp.tan({})",
        Map::Sec => "1/jnp.cos({})",
        Map::Csc => "1/jnp.sin({})",
        Map::Cot => "1/jnp.tan({})",
        Map::Asin => "jnp.arcsin({})",
        Map::Acos => "jnp.arccos({})",
        Map::Atan => "jnp.arctan({})",
        Map::Sinh => "jnp.sinh({})",
        Map::Cosh => "jnp.cosh({})",
        Map::Tanh => "jnp.tanh({})",
        Map::Asinh => "jnp.arcsinh({})",
        Map::Acosh => "jnp.arccosh({})",
        Map::Atanh => "jnp.arctanh({})",
        Map::Relu => "jnp.maximum({}, 0)",
        Map::Step => "jnp.heaviside({}, 0)",
        Map::Sigmoid => "jax.nn.sigmoid({})",
        Map::Softplus => "jax.nn.softplus({})",
        Map::Erf => "special.erf({})",
        Map::Gamma => "special.gamma({})",
        Map::Lgamma => "special.gammaln({})",
        Map::Digamma => "special.digamma({})",
        Map::Trigamma => "special.polygamma(1, {})",
    }
}

fn assemble(body: &mut Body, Whole { name: whole, axes, fresh }: Whole, value: &Code, part: &Part) -> String {
    let plain: Vec<usize> = (0..body.axes(part.value).len()).collect();
    let at = if running(part) == plain { places(body, part, axes).join(", ") } else { index_arrays(body, part, "jnp.arange", "") };
    let verb = if fresh { "set" } else { "add" };
    format!("{whole} = {whole}.at[{at}].{verb}({})", value.text)
}
