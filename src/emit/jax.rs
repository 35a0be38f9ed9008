//! Python with jax. Everything is traceable under `jax.jit`: shapes are tuples of Python's numbers, nothing is changed in place.

use super::body::{Body, Factor};
use super::code::Code;
use super::names::Spelling;
use super::numpy::python_names;
use super::python::{Library, Solvers, Whole, index_arrays, places, running, shape_check};
use crate::function::Map;
use crate::index::Opaque;
use crate::program::{Part, Solver};

pub(super) static LIBRARY: Library = Library {
    np: "jnp",
    import: "import jax.numpy as jnp\n",
    import_special: &[
        ("jax.", "import jax\n"),
        ("linalg.", "from jax.scipy import linalg\n"),
        ("special.", "from jax.scipy import special\n"),
    ],
    axis: "axis",
    permute: "transpose",
    like: "",
    from_numpy: ("jnp.asarray(", ")"),
    map,
    map_helpers: &[],
    names: &NAMES,
    shape: SHAPE,
    import_shape: "",
    shape_of_scalar: "jnp.shape({})",
    arguments,
    strict: false,
    power: "power",
    vectorize: "jnp.vectorize",
    functions,
    spellings: &super::functions::JAX,
    solver: &JaxScipy,
    assemble,
};

static NAMES: Spelling = python_names!("jnp", "jax");

const SHAPE: &str = concat!(
    "
",
    shape_check!()
);

fn arguments(arrays: &[String], _: &[String]) -> Vec<String> {
    match arrays {
        [] => vec![],
        [one] => vec![format!("{one} = jnp.asarray({one})")],
        many => vec![format!("{} = map(jnp.asarray, ({0}))", many.join(", "))],
    }
}

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

fn functions(f: Opaque) -> Option<&'static str> {
    match f {
        Opaque::Softmax => Some("jax.nn.softmax({}, axis=-1)"),
        Opaque::LogSumExp => Some("special.logsumexp({}, axis=-1)"),
        Opaque::Inv | Opaque::Det | Opaque::LogDet | Opaque::Adj | Opaque::Product | Opaque::NormInf | Opaque::Pinv => None,
        Opaque::Expm
        | Opaque::Logm
        | Opaque::Sqrtm
        | Opaque::Cosm
        | Opaque::Sinm
        | Opaque::Cholesky
        | Opaque::Nuclear
        | Opaque::LambdaMax
        | Opaque::LambdaMin
        | Opaque::EigvecMax
        | Opaque::EigvecMin => super::functions::JAX.function(f),
    }
}

fn assemble(body: &mut Body, Whole { name: whole, axes, fresh }: Whole, value: &Code, part: &Part) -> String {
    let plain: Vec<usize> = (0..body.axes(part.value).len()).collect();
    let at = if running(part) == plain { places(body, part, axes).join(", ") } else { index_arrays(body, part, "jnp.arange", "") };
    let verb = if fresh { "set" } else { "add" };
    format!("{whole} = {whole}.at[{at}].{verb}({})", value.text)
}

struct JaxScipy;

impl Solvers for JaxScipy {
    fn solve(&self, _: &mut Body, factor: &Factor, transposed: bool, right: &str) -> String {
        let a = &factor.code;
        let trans = if transposed { ", trans=1" } else { "" };
        match (factor.solver, factor.factorised) {
            (Solver::Lower, _) => format!("linalg.solve_triangular({}, {right}{trans}, lower=True)", a.text),
            (Solver::Upper, _) => format!("linalg.solve_triangular({}, {right}{trans})", a.text),
            (Solver::Cholesky, true) => format!("linalg.cho_solve({}, {right})", a.text),
            (Solver::Cholesky, false) => format!("linalg.solve({}, {right}, assume_a='pos')", a.text),
            (Solver::Lu, true) => format!("linalg.lu_solve({}, {right}{trans})", a.text),
            (Solver::Lu, false) if transposed => format!("jnp.linalg.solve({}, {right})", a.method(".T").text),
            (Solver::Lu, false) => format!("jnp.linalg.solve({}, {right})", a.text),
        }
    }

    fn factorise(&self, _: &mut Body, solver: Solver, matrix: &str) -> String {
        match solver {
            Solver::Cholesky => format!("linalg.cho_factor({matrix}, lower=True)"),
            Solver::Lu => format!("linalg.lu_factor({matrix})"),
            Solver::Lower | Solver::Upper => matrix.to_owned(),
        }
    }

    fn any_order(&self) -> bool {
        false
    }

    fn lu_diagonal(&self, factor: &str) -> (String, String) {
        (format!("jnp.diagonal({factor}[0])"), format!("(-1.0)**jnp.count_nonzero({factor}[1] != jnp.arange(len({factor}[1])))"))
    }

    fn cholesky_diagonal(&self, factor: &str) -> String {
        format!("jnp.diagonal({factor}[0])")
    }
}
