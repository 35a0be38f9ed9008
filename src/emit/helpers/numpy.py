def _sqrtm(A):
    """The principal square root; NaN if it is not real."""
    return _of_symmetric(np.sqrt, A) if _is_symmetric(A) else _real(linalg.sqrtm(A))


def _logm(A):
    """The principal logarithm; NaN if there is none or it is not real."""
    return _real(linalg.logm(A)) if _is_regular(A) else np.full(A.shape, np.nan)
