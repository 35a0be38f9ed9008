//! How the targets spell functions of matrices, eigenvalues and singular values, and what they need beside their library for
//! them. What is missing here has no code in that target.

use crate::index::{LinearOperator, Opaque};

/// `None` is no code; helpers come with a template if the template or another helper calls them.
pub(super) struct Spellings {
    pub functions: &'static [(Opaque, &'static str)],
    /// What stands for the function in a Fréchet derivative.
    pub handles: &'static [(LinearOperator, &'static str)],
    /// A Fréchet derivative in a direction, and the matrix of all of them; the handle takes the place of `f`.
    pub frechet: (&'static str, &'static str),
    /// Names with their sources; later ones may call earlier ones.
    pub helpers: &'static [(&'static str, &'static str)],
}

impl Spellings {
    pub fn function(&self, f: Opaque) -> Option<&'static str> {
        self.functions.iter().find(|(g, _)| *g == f).map(|(_, template)| *template)
    }

    /// Of one matrix the matrix of the derivative, of two the derivative in the direction of the second.
    pub fn frechet(&self, f: LinearOperator, operands: usize) -> Option<String> {
        let (_, handle) = self.handles.iter().find(|(g, _)| *g == f)?;
        let template = if operands == 1 { self.frechet.1 } else { self.frechet.0 };
        Some(template.replace("FUNCTION", handle))
    }

    /// The helpers that a text needs, each with those that it needs itself.
    pub fn needed(&self, text: &str) -> Vec<&'static str> {
        let mut needed = Vec::new();
        let mut texts = vec![text.to_owned()];
        for (name, source) in self.helpers.iter().rev() {
            if texts.iter().any(|t| t.contains(&format!("{name}(")) || t.contains(&format!("{name},"))) {
                needed.push(*source);
                texts.push((*source).to_owned());
            }
        }
        needed.reverse();
        needed
    }
}

pub(super) static NUMPY: Spellings = Spellings {
    functions: &[
        (Opaque::Expm, "linalg.expm({})"),
        (Opaque::Logm, "_real(linalg.logm({}))"),
        (Opaque::Sqrtm, "_real(linalg.sqrtm({}))"),
        (Opaque::Cosm, "linalg.cosm({})"),
        (Opaque::Sinm, "linalg.sinm({})"),
        (Opaque::Cholesky, "np.linalg.cholesky({})"),
        (Opaque::Nuclear, "np.linalg.norm({}, 'nuc')"),
        (Opaque::LambdaMax, "np.max(_real(np.linalg.eigvals({})))"),
        (Opaque::LambdaMin, "np.min(_real(np.linalg.eigvals({})))"),
        (Opaque::EigvecMax, "_eigenvector({}, np.argmax)"),
        (Opaque::EigvecMin, "_eigenvector({}, np.argmin)"),
    ],
    handles: &[
        (LinearOperator::FrechetExpm, "linalg.expm"),
        (LinearOperator::FrechetLogm, "linalg.logm"),
        (LinearOperator::FrechetCosm, "linalg.cosm"),
        (LinearOperator::FrechetSinm, "linalg.sinm"),
    ],
    frechet: ("_frechet(FUNCTION, {}, {})", "_frechet_matrix(FUNCTION, {})"),
    helpers: &[
        ("_real", REAL_NUMPY),
        ("_eigenvector", EIGENVECTOR_NUMPY),
        ("_frechet", FRECHET_NUMPY),
        ("_frechet_matrix", FRECHET_MATRIX_NUMPY),
    ],
};

const REAL_NUMPY: &str = "
def _real(A):
    \"\"\"A without imaginary parts that are rounding.\"\"\"
    return np.real_if_close(A, 1e6)
";
const EIGENVECTOR_NUMPY: &str = "
def _eigenvector(A, which):
    \"\"\"The eigenvector of length 1 of the largest or smallest eigenvalue; its entry of largest absolute value is positive.\"\"\"
    values, vectors = np.linalg.eig(A)
    v = _real(vectors[:, which(np.real(values))])
    return v*np.sign(v[np.argmax(np.abs(v))])
";
const FRECHET_NUMPY: &str = "
def _frechet(f, A, E):
    \"\"\"The derivative of f at A in the direction E: the upper right block of f([A, E; 0, A]).\"\"\"
    n = len(A)
    return _real(f(np.block([[A, E], [np.zeros_like(A), A]])))[:n, n:]
";
const FRECHET_MATRIX_NUMPY: &str = "
def _frechet_matrix(f, A):
    \"\"\"The matrix K with vec(L) = K @ vec(E) of the derivative L of f at A in any direction E.\"\"\"
    columns = [_frechet(f, A, np.reshape(e, A.shape, order='F')) for e in np.eye(A.size)]
    return np.stack([np.ravel(c, order='F') for c in columns], axis=1)
";

pub(super) static JAX: Spellings = Spellings {
    functions: &[
        (Opaque::Expm, "linalg.expm({})"),
        (Opaque::Sqrtm, "jnp.real(linalg.sqrtm({}))"),
        (Opaque::Cosm, "_cosm({})"),
        (Opaque::Sinm, "_sinm({})"),
        (Opaque::Cholesky, "jnp.linalg.cholesky({})"),
        (Opaque::Nuclear, "jnp.linalg.norm({}, 'nuc')"),
        (Opaque::LambdaMax, "jnp.max(jnp.real(jnp.linalg.eigvals({})))"),
        (Opaque::LambdaMin, "jnp.min(jnp.real(jnp.linalg.eigvals({})))"),
        (Opaque::EigvecMax, "_eigenvector({}, jnp.argmax)"),
        (Opaque::EigvecMin, "_eigenvector({}, jnp.argmin)"),
    ],
    handles: &[
        (LinearOperator::FrechetExpm, "linalg.expm"),
        (LinearOperator::FrechetCosm, "_cosm"),
        (LinearOperator::FrechetSinm, "_sinm"),
    ],
    frechet: ("_frechet(FUNCTION, {}, {})", "_frechet_matrix(FUNCTION, {})"),
    helpers: &[
        ("_cosm", COSM_JAX),
        ("_sinm", SINM_JAX),
        ("_eigenvector", EIGENVECTOR_JAX),
        ("_frechet", FRECHET_JAX),
        ("_frechet_matrix", FRECHET_MATRIX_JAX),
    ],
};

const COSM_JAX: &str = "
def _cosm(A):
    \"\"\"The upper left block of expm([0, -A; A, 0]).\"\"\"
    zero = jnp.zeros_like(A)
    return linalg.expm(jnp.block([[zero, -A], [A, zero]]))[:len(A), :len(A)]
";
const SINM_JAX: &str = "
def _sinm(A):
    \"\"\"The lower left block of expm([0, -A; A, 0]).\"\"\"
    zero = jnp.zeros_like(A)
    return linalg.expm(jnp.block([[zero, -A], [A, zero]]))[len(A):, :len(A)]
";
const EIGENVECTOR_JAX: &str = "
def _eigenvector(A, which):
    \"\"\"The eigenvector of length 1 of the largest or smallest eigenvalue; its entry of largest absolute value is positive.\"\"\"
    values, vectors = jnp.linalg.eig(A)
    v = jnp.real(vectors[:, which(jnp.real(values))])
    return v*jnp.sign(v[jnp.argmax(jnp.abs(v))])
";
const FRECHET_JAX: &str = "
def _frechet(f, A, E):
    \"\"\"The derivative of f at A in the direction E: the upper right block of f([A, E; 0, A]).\"\"\"
    return f(jnp.block([[A, E], [jnp.zeros_like(A), A]]))[:len(A), len(A):]
";
const FRECHET_MATRIX_JAX: &str = "
def _frechet_matrix(f, A):
    \"\"\"The matrix K with vec(L) = K @ vec(E) of the derivative L of f at A in any direction E.\"\"\"
    columns = [_frechet(f, A, jnp.reshape(e, A.shape).T) for e in jnp.eye(A.size)]
    return jnp.stack([jnp.ravel(c.T) for c in columns], axis=1)
";

pub(super) static TORCH: Spellings = Spellings {
    functions: &[
        (Opaque::Expm, "torch.linalg.matrix_exp({})"),
        (Opaque::Cosm, "_cosm({})"),
        (Opaque::Sinm, "_sinm({})"),
        (Opaque::Cholesky, "torch.linalg.cholesky({})"),
        (Opaque::Nuclear, "torch.linalg.matrix_norm({}, 'nuc')"),
        (Opaque::LambdaMax, "torch.max(torch.linalg.eigvals({}).real)"),
        (Opaque::LambdaMin, "torch.min(torch.linalg.eigvals({}).real)"),
        (Opaque::EigvecMax, "_eigenvector({}, torch.argmax)"),
        (Opaque::EigvecMin, "_eigenvector({}, torch.argmin)"),
    ],
    handles: &[
        (LinearOperator::FrechetExpm, "torch.linalg.matrix_exp"),
        (LinearOperator::FrechetCosm, "_cosm"),
        (LinearOperator::FrechetSinm, "_sinm"),
    ],
    frechet: ("_frechet(FUNCTION, {}, {})", "_frechet_matrix(FUNCTION, {})"),
    helpers: &[
        ("_blocks", BLOCKS_TORCH),
        ("_cosm", COSM_TORCH),
        ("_sinm", SINM_TORCH),
        ("_eigenvector", EIGENVECTOR_TORCH),
        ("_frechet", FRECHET_TORCH),
        ("_frechet_matrix", FRECHET_MATRIX_TORCH),
    ],
};

const BLOCKS_TORCH: &str = "
def _blocks(A, B, C, D):
    return torch.cat((torch.cat((A, B), 1), torch.cat((C, D), 1)))
";
const COSM_TORCH: &str = "
def _cosm(A):
    \"\"\"The upper left block of expm([0, -A; A, 0]).\"\"\"
    zero = torch.zeros_like(A)
    return torch.linalg.matrix_exp(_blocks(zero, -A, A, zero))[:len(A), :len(A)]
";
const SINM_TORCH: &str = "
def _sinm(A):
    \"\"\"The lower left block of expm([0, -A; A, 0]).\"\"\"
    zero = torch.zeros_like(A)
    return torch.linalg.matrix_exp(_blocks(zero, -A, A, zero))[len(A):, :len(A)]
";
const EIGENVECTOR_TORCH: &str = "
def _eigenvector(A, which):
    \"\"\"The eigenvector of length 1 of the largest or smallest eigenvalue; its entry of largest absolute value is positive.\"\"\"
    values, vectors = torch.linalg.eig(A)
    v = vectors[:, which(values.real)].real
    return v*torch.sign(v[torch.argmax(torch.abs(v))])
";
const FRECHET_TORCH: &str = "
def _frechet(f, A, E):
    \"\"\"The derivative of f at A in the direction E: the upper right block of f([A, E; 0, A]).\"\"\"
    return f(_blocks(A, E, torch.zeros_like(A), A))[:len(A), len(A):]
";
const FRECHET_MATRIX_TORCH: &str = "
def _frechet_matrix(f, A):
    \"\"\"The matrix K with vec(L) = K @ vec(E) of the derivative L of f at A in any direction E.\"\"\"
    unit = torch.eye(A.numel(), dtype=A.dtype, device=A.device)
    columns = [_frechet(f, A, torch.reshape(e, A.shape).T) for e in unit]
    return torch.stack([torch.ravel(c.T) for c in columns], dim=1)
";

pub(super) static MATLAB: Spellings = Spellings {
    functions: &[
        (Opaque::Expm, "expm({})"),
        (Opaque::Logm, "real(logm({}))"),
        (Opaque::Sqrtm, "real(sqrtm({}))"),
        (Opaque::Cosm, "real(expm(1i*({})))"),
        (Opaque::Sinm, "imag(expm(1i*({})))"),
        (Opaque::Cholesky, "chol({}, 'lower')"),
        (Opaque::Nuclear, "sum(svd({}))"),
        (Opaque::LambdaMax, "max(real(eig({})))"),
        (Opaque::LambdaMin, "min(real(eig({})))"),
        (Opaque::EigvecMax, "eigenvector_({}, @max)"),
        (Opaque::EigvecMin, "eigenvector_({}, @min)"),
    ],
    handles: &[
        (LinearOperator::FrechetExpm, "@expm"),
        (LinearOperator::FrechetLogm, "@logm"),
        (LinearOperator::FrechetCosm, "@(A) real(expm(1i*A))"),
        (LinearOperator::FrechetSinm, "@(A) imag(expm(1i*A))"),
    ],
    frechet: ("frechet_(FUNCTION, {}, {})", "frechet_matrix_(FUNCTION, {})"),
    helpers: &[("eigenvector_", EIGENVECTOR_MATLAB), ("frechet_", FRECHET_MATLAB), ("frechet_matrix_", FRECHET_MATRIX_MATLAB)],
};

const EIGENVECTOR_MATLAB: &str = "
function v = eigenvector_(A, which)
  % The eigenvector of length 1 of the largest or smallest eigenvalue; its entry of largest absolute value is positive.
  [V, D] = eig(A);
  [~, k] = which(real(diag(D)));
  v = real(V(:, k));
  [~, k] = max(abs(v));
  v = v*(sign(v(k))/norm(v));
end
";
const FRECHET_MATLAB: &str = "
function L = frechet_(f, A, E)
  % The derivative of f at A in the direction E: the upper right block of f([A, E; 0, A]).
  n = size(A, 1);
  L = f([A, E; zeros(n), A]);
  L = real(L(1:n, n+1:end));
end
";
const FRECHET_MATRIX_MATLAB: &str = "
function K = frechet_matrix_(f, A)
  % The matrix K with L(:) = K*E(:) of the derivative L of f at A in any direction E.
  n = size(A, 1);
  K = zeros(n*n);
  for k = 1:n*n
    E = zeros(n);
    E(k) = 1;
    K(:, k) = reshape(frechet_(f, A, E), [], 1);
  end
end
";
