//! How the targets spell functions of arrays. What is missing in a table has no code in that target, or none that is one call.

use crate::index::{LinearOperator, Opaque};

pub(super) struct Spellings {
    /// Calls, with `{}` for the argument.
    pub functions: &'static [(Opaque, &'static str)],
    /// What stands for a function in a Fréchet derivative.
    pub handles: &'static [(LinearOperator, &'static str)],
    /// A Fréchet derivative in a direction, and the matrix of all of them; the handle takes the place of `FUNCTION`.
    pub frechet: (&'static str, &'static str),
    /// The X of `A*X + X*B = C`.
    pub sylvester: &'static str,
}

impl Spellings {
    pub fn function(&self, f: Opaque) -> Option<&'static str> {
        self.functions.iter().find(|(g, _)| *g == f).map(|(_, template)| *template)
    }

    /// A Fréchet derivative of one matrix is the matrix of the derivative, of two the derivative in the direction of the second.
    pub fn operator(&self, f: LinearOperator, operands: usize) -> Option<String> {
        if f == LinearOperator::Sylvester {
            return Some(self.sylvester.to_owned());
        }
        let (_, handle) = self.handles.iter().find(|(g, _)| *g == f)?;
        let template = match operands {
            1 => self.frechet.1,
            2 => self.frechet.0,
            _ => return None,
        };
        Some(template.replace("FUNCTION", handle))
    }
}

pub(super) static NUMPY: Spellings = Spellings {
    functions: &[
        (Opaque::Product, "np.prod({})"),
        (Opaque::NormInf, "np.max(np.abs({}))"),
        (Opaque::Softmax, "special.softmax({}, axis=-1)"),
        (Opaque::LogSumExp, "special.logsumexp({}, axis=-1)"),
        (Opaque::Adj, "_adjugate({})"),
        // NumPy's own bound is too small for what is singular but for rounding.
        (Opaque::Pinv, "np.linalg.pinv({}, 1e-13)"),
        (Opaque::Expm, "linalg.expm({})"),
        (Opaque::Logm, "_logm({})"),
        (Opaque::Sqrtm, "_sqrtm({})"),
        (Opaque::Cosm, "linalg.cosm({})"),
        (Opaque::Sinm, "linalg.sinm({})"),
        (Opaque::Cholesky, "np.linalg.cholesky({})"),
        (Opaque::Nuclear, "np.linalg.norm({}, 'nuc')"),
        (Opaque::LambdaMax, "_eigenvalue({}, np.argmax)"),
        (Opaque::LambdaMin, "_eigenvalue({}, np.argmin)"),
        (Opaque::EigvecMax, "_eigenvector({}, np.argmax)"),
        (Opaque::EigvecMin, "_eigenvector({}, np.argmin)"),
    ],
    handles: &[
        (LinearOperator::FrechetExpm, "linalg.expm"),
        (LinearOperator::FrechetLogm, "_logm"),
        (LinearOperator::FrechetCosm, "linalg.cosm"),
        (LinearOperator::FrechetSinm, "linalg.sinm"),
    ],
    frechet: ("_frechet(FUNCTION, {}, {})", "_frechet_matrix(FUNCTION, {})"),
    sylvester: "linalg.solve_sylvester({}, {}, {})",
};

pub(super) static JAX: Spellings = Spellings {
    functions: &[
        (Opaque::Product, "jnp.prod({})"),
        (Opaque::NormInf, "jnp.max(jnp.abs({}))"),
        (Opaque::Softmax, "jax.nn.softmax({}, axis=-1)"),
        (Opaque::LogSumExp, "special.logsumexp({}, axis=-1)"),
        (Opaque::Adj, "_adjugate({})"),
        (Opaque::Pinv, "jnp.linalg.pinv({})"),
        (Opaque::Expm, "linalg.expm({})"),
        (Opaque::Logm, "_logm({})"),
        (Opaque::Sqrtm, "_sqrtm({})"),
        (Opaque::Cosm, "_cosm({})"),
        (Opaque::Sinm, "_sinm({})"),
        (Opaque::Cholesky, "jnp.linalg.cholesky({})"),
        (Opaque::Nuclear, "jnp.linalg.norm({}, 'nuc')"),
        (Opaque::LambdaMax, "_eigenvalue({}, jnp.argmax)"),
        (Opaque::LambdaMin, "_eigenvalue({}, jnp.argmin)"),
        (Opaque::EigvecMax, "_eigenvector({}, jnp.argmax)"),
        (Opaque::EigvecMin, "_eigenvector({}, jnp.argmin)"),
    ],
    handles: &[
        (LinearOperator::FrechetExpm, "linalg.expm"),
        (LinearOperator::FrechetLogm, "_logm"),
        (LinearOperator::FrechetCosm, "_cosm"),
        (LinearOperator::FrechetSinm, "_sinm"),
    ],
    frechet: ("_frechet(FUNCTION, {}, {})", "_frechet_matrix(FUNCTION, {})"),
    sylvester: "_sylvester({}, {}, {})",
};

pub(super) static TORCH: Spellings = Spellings {
    functions: &[
        (Opaque::Product, "torch.prod({})"),
        (Opaque::NormInf, "torch.max(torch.abs({}))"),
        (Opaque::Softmax, "torch.softmax({}, dim=-1)"),
        (Opaque::LogSumExp, "torch.logsumexp({}, dim=-1)"),
        (Opaque::Adj, "_adjugate({})"),
        (Opaque::Pinv, "torch.linalg.pinv({})"),
        (Opaque::Expm, "torch.linalg.matrix_exp({})"),
        (Opaque::Logm, "_logm({})"),
        (Opaque::Sqrtm, "_sqrtm({})"),
        (Opaque::Cosm, "_cosm({})"),
        (Opaque::Sinm, "_sinm({})"),
        (Opaque::Cholesky, "torch.linalg.cholesky({})"),
        (Opaque::Nuclear, "torch.linalg.matrix_norm({}, 'nuc')"),
        (Opaque::LambdaMax, "_eigenvalue({}, torch.argmax)"),
        (Opaque::LambdaMin, "_eigenvalue({}, torch.argmin)"),
        (Opaque::EigvecMax, "_eigenvector({}, torch.argmax)"),
        (Opaque::EigvecMin, "_eigenvector({}, torch.argmin)"),
    ],
    handles: &[
        (LinearOperator::FrechetExpm, "torch.linalg.matrix_exp"),
        (LinearOperator::FrechetLogm, "_logm"),
        (LinearOperator::FrechetCosm, "_cosm"),
        (LinearOperator::FrechetSinm, "_sinm"),
    ],
    frechet: ("_frechet(FUNCTION, {}, {})", "_frechet_matrix(FUNCTION, {})"),
    sylvester: "_sylvester({}, {}, {})",
};

pub(super) static MATLAB: Spellings = Spellings {
    functions: &[
        (Opaque::Adj, "adjugate_({})"),
        (Opaque::Pinv, "pinv({})"),
        (Opaque::Expm, "expm({})"),
        (Opaque::Logm, "logm_({})"),
        (Opaque::Sqrtm, "sqrtm_({})"),
        (Opaque::Cosm, "real(expm(1i*({})))"),
        (Opaque::Sinm, "imag(expm(1i*({})))"),
        (Opaque::Cholesky, "chol({}, 'lower')"),
        (Opaque::Nuclear, "sum(svd({}))"),
        (Opaque::LambdaMax, "eigenvalue_({}, @max)"),
        (Opaque::LambdaMin, "eigenvalue_({}, @min)"),
        (Opaque::EigvecMax, "eigenvector_({}, @max)"),
        (Opaque::EigvecMin, "eigenvector_({}, @min)"),
    ],
    handles: &[
        (LinearOperator::FrechetExpm, "@expm"),
        (LinearOperator::FrechetLogm, "@logm_"),
        (LinearOperator::FrechetCosm, "@(A) real(expm(1i*A))"),
        (LinearOperator::FrechetSinm, "@(A) imag(expm(1i*A))"),
    ],
    frechet: ("frechet_(FUNCTION, {}, {})", "frechet_matrix_(FUNCTION, {})"),
    sylvester: "sylvester({}, {}, {})",
};

pub(super) static RUST: Spellings = Spellings {
    functions: &[
        (Opaque::Softmax, "softmax({})"),
        (Opaque::Adj, "adjugate({})"),
        (Opaque::Pinv, "pinv({})"),
        (Opaque::Expm, "expm({})"),
        (Opaque::Logm, "logm({})"),
        (Opaque::Sqrtm, "sqrtm({})"),
        (Opaque::Cosm, "cosm({})"),
        (Opaque::Sinm, "sinm({})"),
        (Opaque::Cholesky, "cholesky({}).matrix"),
        (Opaque::Nuclear, "nuclear({})"),
        (Opaque::LambdaMax, "lambda_max({})"),
        (Opaque::LambdaMin, "lambda_min({})"),
        (Opaque::EigvecMax, "eigvec_max({})"),
        (Opaque::EigvecMin, "eigvec_min({})"),
    ],
    handles: &[
        (LinearOperator::FrechetExpm, "expm"),
        (LinearOperator::FrechetLogm, "logm"),
        (LinearOperator::FrechetCosm, "cosm"),
        (LinearOperator::FrechetSinm, "sinm"),
    ],
    frechet: ("frechet(FUNCTION, {}, {})", "frechet_matrix(FUNCTION, {})"),
    sylvester: "sylvester({}, {}, {})",
};
