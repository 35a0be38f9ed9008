//! Python with torch. Type and device of new tensors are those of the first argument; nothing that autograd follows is
//! changed in place.

use super::body::{Body, Factor};
use super::code::Code;
use super::names::Spelling;
use super::numpy::python_names;
use super::python::{Library, Solvers, Whole, index_arrays, shape_check};
use crate::function::Map;
use crate::index::Opaque;
use crate::program::{Part, Solver};

pub(super) static LIBRARY: Library = Library {
    np: "torch",
    import: "import torch\n",
    import_special: &[],
    axis: "dim",
    permute: "permute",
    like: ", **like",
    from_numpy: ("torch.as_tensor(", ", **like)"),
    map,
    map_helpers: &[("_cbrt", CBRT), ("_gamma", GAMMA)],
    names: &NAMES,
    shape: SHAPE,
    import_shape: "",
    shape_of_scalar: "{}.shape",
    arguments,
    strict: true,
    power: "pow",
    vectorize: "",
    functions,
    spellings: &super::functions::TORCH,
    solver: &TorchLinalg,
    assemble,
};

static NAMES: Spelling = python_names!("torch", "like", "_like", "_cbrt", "_gamma", "_solve_triangular", "_solve_lu", "_solve_cholesky");

const SHAPE: &str = concat!(
    "
def _like(*arguments):
    \"\"\"Type and device of the first tensor among the arguments.\"\"\"
    first = next((a for a in arguments if isinstance(a, torch.Tensor)), torch.tensor(0.0))
    return {\"dtype\": first.dtype, \"device\": first.device}


",
    shape_check!()
);

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

const CBRT: &str = "
def _cbrt(x):
    return torch.sign(x)*torch.abs(x)**(1/3)
";
const GAMMA: &str = "
def _gamma(x):
    \"\"\"Of negative x by reflection.\"\"\"
    size = torch.exp(torch.lgamma(x))
    return torch.where((x < 0) & (torch.floor(x) % 2 != 0), -size, size)
";

fn functions(f: Opaque) -> Option<&'static str> {
    match f {
        Opaque::Softmax => Some("torch.softmax({}, dim=-1)"),
        Opaque::LogSumExp => Some("torch.logsumexp({}, dim=-1)"),
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
        | Opaque::EigvecMin => super::functions::TORCH.function(f),
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

struct TorchLinalg;

const SOLVE_TRIANGULAR: &str = "
def _solve_triangular(A, b, upper):
    return torch.linalg.solve_triangular(A, b.reshape(len(b), -1), upper=upper).reshape(b.shape)
";
const SOLVE_CHOLESKY: &str = "
def _solve_cholesky(factor, b):
    return torch.cholesky_solve(b.reshape(len(b), -1), factor).reshape(b.shape)
";
const SOLVE_LU: &str = "
def _solve_lu(factor, b, transposed=False):
    return torch.linalg.lu_solve(*factor, b.reshape(len(b), -1), adjoint=transposed).reshape(b.shape)
";

impl Solvers for TorchLinalg {
    fn solve(&self, body: &mut Body, factor: &Factor, transposed: bool, right: &str) -> String {
        let a =
            if transposed && !(factor.factorised && factor.solver == Solver::Lu) { factor.code.method(".T") } else { factor.code.clone() };
        match (factor.solver, factor.factorised) {
            (Solver::Lower | Solver::Upper, _) => {
                body.need(SOLVE_TRIANGULAR);
                let upper = if (factor.solver == Solver::Upper) == transposed { "False" } else { "True" };
                format!("_solve_triangular({}, {right}, {upper})", a.text)
            }
            (Solver::Cholesky, factorised) => {
                body.need(SOLVE_CHOLESKY);
                let factor = if factorised { a.text } else { format!("torch.linalg.cholesky({})", a.text) };
                format!("_solve_cholesky({factor}, {right})")
            }
            (Solver::Lu, true) => {
                body.need(SOLVE_LU);
                format!("_solve_lu({}, {right}{})", a.text, if transposed { ", transposed=True" } else { "" })
            }
            (Solver::Lu, false) => format!("torch.linalg.solve({}, {right})", a.text),
        }
    }

    fn factorise(&self, _: &mut Body, solver: Solver, matrix: &str) -> String {
        match solver {
            Solver::Cholesky => format!("torch.linalg.cholesky({matrix})"),
            Solver::Lu => format!("torch.linalg.lu_factor({matrix})"),
            Solver::Lower | Solver::Upper => matrix.to_owned(),
        }
    }

    fn any_order(&self) -> bool {
        false
    }

    fn lu_diagonal(&self, factor: &str) -> (String, String) {
        let moved = format!("torch.count_nonzero({factor}[1] != torch.arange(1, len({factor}[1]) + 1, device=like[\"device\"]))");
        (format!("torch.diagonal({factor}[0])"), format!("(-1)**{moved}"))
    }

    fn cholesky_diagonal(&self, factor: &str) -> String {
        format!("torch.diagonal({factor})")
    }
}
