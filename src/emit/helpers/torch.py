def _like(*arguments):
    """The type that holds the tensors among the arguments, whole numbers as floats, and the device of the first."""
    tensors = [a for a in arguments if isinstance(a, torch.Tensor)] or [torch.tensor(0.0)]
    dtype = tensors[0].dtype
    for a in tensors[1:]:
        dtype = torch.promote_types(dtype, a.dtype)
    if not (dtype.is_floating_point or dtype.is_complex):
        dtype = torch.get_default_dtype()
    return {"dtype": dtype, "device": tensors[0].device}


def _cbrt(x):
    return torch.sign(x)*torch.abs(x)**(1/3)


def _gamma(x):
    """Of negative x by reflection."""
    size = torch.exp(torch.lgamma(x))
    return torch.where((x < 0) & (torch.floor(x) % 2 != 0), -size, size)


def _solve_triangular(A, b, upper):
    return torch.linalg.solve_triangular(A, b.reshape(len(b), -1), upper=upper).reshape(b.shape)


def _solve_cholesky(factor, b):
    return torch.cholesky_solve(b.reshape(len(b), -1), factor).reshape(b.shape)


def _solve_lu(factor, b, transposed=False):
    return torch.linalg.lu_solve(*factor, b.reshape(len(b), -1), adjoint=transposed).reshape(b.shape)


def _sqrtm(A):
    """By the scaled product form of the iteration of Denman and Beavers (Higham 2008, section 6.3); NaN if it finds no root."""
    if _is_symmetric(A):
        return _of_symmetric(torch.sqrt, A)
    I = _eye(A)
    X, M, error = A, A, float("inf")
    for _ in range(60):
        scale = torch.abs(torch.linalg.det(M))**(-1/len(A)) if error > 0.01 else 1
        inverse = torch.linalg.inv(M)/scale
        X, M = X @ (I + inverse)*scale**0.5/2, (I + (scale*M + inverse)/2)/2
        last, error = error, float(torch.linalg.norm(M - I))
        if not error < last and error < 0.01:
            break
    return torch.where(torch.linalg.norm(M - I) <= torch.finfo(A.dtype).eps**0.5, X, torch.nan)


def _logm(A):
    """By square roots until the matrix is near the identity; NaN if there is no real logarithm."""
    if not _is_regular(A):
        return torch.full_like(A, torch.nan)
    if _is_symmetric(A):
        return _of_symmetric(torch.log, A)
    root, scale = A, 1
    while torch.linalg.norm(root - _eye(A)) > 0.2 and scale < 2**60:
        root, scale = _sqrtm(root), 2*scale
    return scale*_log_near_one(root)
