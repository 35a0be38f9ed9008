//! Equations and factorisations, in which the libraries differ most.

use crate::emit::body::Factor;
use crate::program::Solver;

/// Equations and factorisations, which differ most.
pub(super) trait Solvers: Sync {
    /// Of a matrix or a factorisation, with a right side of order 1 or 2.
    fn solve(&self, factor: &Factor, transposed: bool, right: &str) -> String;
    fn factorise(&self, solver: Solver, matrix: &str) -> String;
    /// The diagonal that a shared factorisation has, and the sign that its exchanges of rows give the determinant.
    fn lu_diagonal(&self, factor: &str) -> (String, String);
    fn cholesky_diagonal(&self, factor: &str) -> String;
}

/// `scipy.linalg`, which jax has too, and the `linalg` of the module of arrays.
pub(super) struct Scipy {
    pub np: &'static str,
}

impl Solvers for Scipy {
    fn solve(&self, factor: &Factor, transposed: bool, right: &str) -> String {
        let a = &factor.code;
        let trans = if transposed { ", trans=1" } else { "" };
        match (factor.solver, factor.factorised) {
            (Solver::Lower, _) => format!("linalg.solve_triangular({}, {right}{trans}, lower=True)", a.text),
            (Solver::Upper, _) => format!("linalg.solve_triangular({}, {right}{trans})", a.text),
            (Solver::Cholesky, true) => format!("linalg.cho_solve({}, {right})", a.text),
            (Solver::Cholesky, false) => format!("linalg.solve({}, {right}, assume_a='pos')", a.text),
            (Solver::Lu, true) => format!("linalg.lu_solve({}, {right}{trans})", a.text),
            (Solver::Lu, false) => {
                let a = if transposed { a.method(".T") } else { a.clone() };
                format!("{}.linalg.solve({}, {right})", self.np, a.text)
            }
        }
    }

    fn factorise(&self, solver: Solver, matrix: &str) -> String {
        match solver {
            Solver::Cholesky => format!("linalg.cho_factor({matrix}, lower=True)"),
            Solver::Lu => format!("linalg.lu_factor({matrix})"),
            Solver::Lower | Solver::Upper => matrix.to_owned(),
        }
    }

    fn lu_diagonal(&self, factor: &str) -> (String, String) {
        let np = self.np;
        let moved = format!("{np}.count_nonzero({factor}[1] != {np}.arange(len({factor}[1])))");
        (format!("{np}.diagonal({factor}[0])"), format!("(-1.0)**{moved}"))
    }

    fn cholesky_diagonal(&self, factor: &str) -> String {
        format!("{}.diagonal({factor}[0])", self.np)
    }
}

/// `torch.linalg`, whose solvers want right sides of order 2.
pub(super) struct TorchLinalg;

impl Solvers for TorchLinalg {
    fn solve(&self, factor: &Factor, transposed: bool, right: &str) -> String {
        let a =
            if transposed && !(factor.factorised && factor.solver == Solver::Lu) { factor.code.method(".T") } else { factor.code.clone() };
        match (factor.solver, factor.factorised) {
            (Solver::Lower | Solver::Upper, _) => {
                let upper = if (factor.solver == Solver::Upper) == transposed { "False" } else { "True" };
                format!("_solve_triangular({}, {right}, {upper})", a.text)
            }
            (Solver::Cholesky, factorised) => {
                let factor = if factorised { a.text } else { format!("torch.linalg.cholesky({})", a.text) };
                format!("_solve_cholesky({factor}, {right})")
            }
            (Solver::Lu, true) => {
                format!("_solve_lu({}, {right}{})", a.text, if transposed { ", transposed=True" } else { "" })
            }
            (Solver::Lu, false) => format!("torch.linalg.solve({}, {right})", a.text),
        }
    }

    fn factorise(&self, solver: Solver, matrix: &str) -> String {
        match solver {
            Solver::Cholesky => format!("torch.linalg.cholesky({matrix})"),
            Solver::Lu => format!("torch.linalg.lu_factor({matrix})"),
            Solver::Lower | Solver::Upper => matrix.to_owned(),
        }
    }

    fn lu_diagonal(&self, factor: &str) -> (String, String) {
        let moved = format!("torch.count_nonzero({factor}[1] != torch.arange(1, len({factor}[1]) + 1, device=like[\"device\"]))");
        (format!("torch.diagonal({factor}[0])"), format!("(-1)**{moved}"))
    }

    fn cholesky_diagonal(&self, factor: &str) -> String {
        format!("torch.diagonal({factor})")
    }
}
