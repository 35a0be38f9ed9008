//! Python with numpy, and scipy where a function needs it.

use super::body::{Body, Factor};
use super::code::{Code, Tight};
use super::names::Spelling;
use super::python::{Library, Solvers, Whole, letters, places, running, shape_check};
use crate::function::Map;
use crate::index::Opaque;
use crate::program::{Part, Solver};

pub(super) static LIBRARY: Library = Library {
    np: "np",
    import: "import numpy as np\n",
    import_special: &[("linalg.", "from scipy import linalg\n"), ("special.", "from scipy import special\n")],
    axis: "axis",
    permute: "transpose",
    like: "",
    from_numpy: ("", ""),
    map,
    map_helpers: &[],
    names: &NAMES,
    shape: SHAPE,
    import_shape: "from functools import lru_cache\n\n",
    shape_of_scalar: "np.shape({})",
    arguments,
    strict: false,
    power: "power",
    vectorize: "np.vectorize",
    functions,
    spellings: &super::functions::NUMPY,
    solver: &Scipy,
    assemble,
};

/// Names of Python, and of what the emitted code imports.
macro_rules! python_names {
    ($($more:literal),*) => {
        Spelling {
            reserved: &[
                "False", "None", "True", "and", "as", "assert", "async", "await", "break", "class", "continue", "def", "del", "elif",
                "else", "except", "finally", "for", "from", "global", "if", "import", "in", "is", "lambda", "nonlocal", "not", "or",
                "pass", "raise", "return", "try", "while", "with", "yield", "len", "range", "np", "special", "linalg", "_shape", "_adjugate",
                "_duplication", "_sylvester", "_real", "_eigenvector", "_frechet", "_frechet_matrix", "_cosm", "_sinm", "_blocks", $($more),*
            ],
            unicode: true,
            underscore_first: true,
        }
    };
}
pub(super) use python_names;

static NAMES: Spelling = python_names!();

// A shape that was seen is not looked at again: for small arrays that would take as long as the formula.
const SHAPE: &str = concat!(
    "
@lru_cache
",
    shape_check!()
);

fn arguments(arrays: &[String], _: &[String]) -> Vec<String> {
    match arrays {
        [] => vec![],
        [one] => vec![format!("{one} = np.asarray({one})")],
        many => vec![format!("{} = map(np.asarray, ({0}))", many.join(", "))],
    }
}

fn map(f: Map) -> &'static str {
    f.row().numpy
}

fn functions(f: Opaque) -> Option<&'static str> {
    match f {
        Opaque::Softmax => Some("special.softmax({}, axis=-1)"),
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
        | Opaque::EigvecMin => super::functions::NUMPY.function(f),
    }
}

/// In place; a delta is a diagonal, of which numpy's einsum gives a view.
fn assemble(body: &mut Body, Whole { name: whole, axes, fresh }: Whole, value: &Code, part: &Part) -> String {
    let places = places(body, part, axes);
    let view = if places.iter().all(|p| p == ":") { whole.to_owned() } else { format!("{whole}[{}]", places.join(", ")) };
    let running = running(part);
    let plain: Vec<usize> = (0..body.axes(part.value).len()).collect();
    let target = if running == plain {
        if view == whole { format!("{whole}[...]") } else { view }
    } else if running == [0, 0] && view == whole {
        format!("{whole}[np.diag_indices({})]", body.dim(axes[0]))
    } else {
        format!("np.einsum('{}->{}', {view})[...]", letters(&running), letters(&plain))
    };
    match value.text.strip_prefix('-') {
        _ if fresh => format!("{target} = {}", value.text),
        Some(rest) if value.tight > Tight::Sum => format!("{target} -= {rest}"),
        _ => format!("{target} += {}", value.text),
    }
}

struct Scipy;

impl Solvers for Scipy {
    fn solve(&self, _: &mut Body, factor: &Factor, transposed: bool, right: &str) -> String {
        let a = &factor.code;
        let trans = if transposed { ", trans=1" } else { "" };
        match (factor.solver, factor.factorised) {
            (Solver::Lower, _) => format!("linalg.solve_triangular({}, {right}{trans}, lower=True)", a.text),
            (Solver::Upper, _) => format!("linalg.solve_triangular({}, {right}{trans})", a.text),
            (Solver::Cholesky, true) => format!("linalg.cho_solve({}, {right})", a.text),
            (Solver::Cholesky, false) => format!("linalg.solve({}, {right}, assume_a='pos')", a.text),
            (Solver::Lu, true) => format!("linalg.lu_solve({}, {right}{trans})", a.text),
            (Solver::Lu, false) if transposed => format!("np.linalg.solve({}, {right})", a.method(".T").text),
            (Solver::Lu, false) => format!("np.linalg.solve({}, {right})", a.text),
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
        (format!("np.diagonal({factor}[0])"), format!("(-1)**np.count_nonzero({factor}[1] != np.arange(len({factor}[1])))"))
    }

    fn cholesky_diagonal(&self, factor: &str) -> String {
        format!("np.diagonal({factor}[0])")
    }
}
