def _array(x):
    """An array; of whole numbers one of floats, whose arithmetic does not wrap around."""
    x = xp.asarray(x)
    return x.astype(float) if x.dtype.kind in "biu" else x


@lru_cache
def _shape(name, shape, *expected):
    """The shape of an argument. It must be as expected, where a name stands for any length, the same wherever it occurs."""
    lengths = {}
    fits = len(shape) == len(expected)
    for e, n in zip(expected, shape):
        fits = fits and n == (lengths.setdefault(e, n) if isinstance(e, str) else e)
    if not fits:
        raise ValueError(f"{name} has the shape {tuple(shape)}, expected ({', '.join(map(str, expected))})")
    return shape


def _duplication(n):
    """The matrix D with vec(S) = D @ vech(S) of symmetric S."""
    row, column = np.indices((n, n))
    low, high = np.minimum(row, column), np.maximum(row, column)
    return np.eye(n*(n + 1)//2)[np.ravel(n*low - low*(low + 1)//2 + high, order='F')]


def _adjugate(A):
    """det(A)*inv(A), also of a singular matrix, by its singular values."""
    U, s, Vt = xp.linalg.svd(A)
    others = xp.stack([xp.prod(xp.concatenate((s[:k], s[k + 1:]))) for k in range(len(s))])
    return xp.linalg.det(U)*xp.linalg.det(Vt)*((Vt.T*others) @ U.T)


def _real(A):
    """A without imaginary parts that are rounding; NaN if they are more, so that there is no real value."""
    size = xp.max(xp.abs(A))
    fits = xp.isfinite(size) & (xp.max(xp.abs(xp.imag(A))) <= xp.finfo(A.dtype).eps**0.5*size)
    return xp.where(fits, xp.real(A), xp.nan)


def _eigenvalue(A, which):
    """The largest or the smallest eigenvalue."""
    values = xp.linalg.eigvals(A)
    return _real(values[which(xp.real(values))])


def _eigenvector(A, which):
    """The eigenvector of length 1 of the largest or smallest eigenvalue; its entry of largest absolute value is positive."""
    values, vectors = xp.linalg.eig(A)
    v = _real(vectors[:, which(xp.real(values))])
    return v*xp.sign(v[xp.argmax(xp.abs(v))])


def _eye(A):
    """The identity that is as large as A."""
    return xp.diag(xp.ones_like(A[0]))


def _sylvester(A, B, C):
    """The X with A @ X + X @ B = C."""
    left = A[:, None, :, None]*_eye(B)[:, None, :] + _eye(A)[:, None, :, None]*B.T[:, None, :]
    left = xp.reshape(left, (len(A)*len(B), -1))
    return xp.reshape(xp.linalg.solve(left, xp.ravel(C)), C.shape)


def _blocks(A, B, C, D):
    return xp.concatenate((xp.concatenate((A, B), 1), xp.concatenate((C, D), 1)))


def _cosm(A):
    """The upper left block of expm([0, -A; A, 0])."""
    return xp.expm(_blocks(0*A, -A, A, 0*A))[:len(A), :len(A)]


def _sinm(A):
    """The lower left block of expm([0, -A; A, 0])."""
    return xp.expm(_blocks(0*A, -A, A, 0*A))[len(A):, :len(A)]


def _is_symmetric(A):
    return xp.max(xp.abs(A - A.T)) <= 500*xp.finfo(A.dtype).eps*xp.max(xp.abs(A))


def _of_symmetric(f, A):
    """A function of the eigenvalues, of which those that are rounding count as 0."""
    values, vectors = xp.linalg.eigh(A)
    zero = xp.abs(values) <= 500*xp.finfo(A.dtype).eps*xp.max(xp.abs(values))
    return (vectors*f(xp.where(zero, 0*values, values))) @ vectors.T


def _is_regular(A):
    """Whether no eigenvalue is 0 but for rounding."""
    sizes = xp.abs(xp.linalg.eigvals(A))
    return xp.min(sizes) > 500*xp.finfo(A.dtype).eps*xp.max(sizes)


def _log_near_one(A):
    """The logarithm of a matrix near the identity: 2*atanh((A - I)/(A + I)) by its series."""
    power = total = xp.linalg.solve(A + _eye(A), A - _eye(A))
    square = power @ power
    for k in range(3, 19, 2):
        power = power @ square
        total = total + power/k
    return 2*total


def _frechet(f, A, E):
    """The derivative of f at A in the direction E: the upper right block of f([A, E; 0, A]), with E as large as A."""
    scale = (1 + xp.max(xp.abs(A)))/(1e-30 + xp.max(xp.abs(E)))
    return f(_blocks(A, scale*E, 0*A, A))[:len(A), len(A):]/scale


def _frechet_matrix(f, A):
    """The matrix K with vec(L) = K @ vec(E) of the derivative L of f at A in any direction E."""
    directions = [xp.reshape(e, A.shape).T for e in _eye(xp.kron(A, A))]
    return xp.stack([xp.ravel(_frechet(f, A, E).T) for E in directions], 1)
