def _sqrtm(A):
    """The principal square root; NaN if it is not real."""
    return _real(jnp.where(_is_symmetric(A), _of_symmetric(jnp.sqrt, A), linalg.sqrtm(A)))


def _logm(A):
    """By square roots until the matrix is near the identity; NaN if there is no real logarithm."""
    far = lambda root: jnp.linalg.norm(root - _eye(A)) > 0.2
    more = lambda state: far(state[0]) & (state[1] < 2.0**60)
    halved = lambda state: (linalg.sqrtm(state[0]), 2*state[1])
    root, scale = jax.lax.while_loop(more, halved, (A + 0j, 1.0))
    return _real(jnp.where(_is_regular(A) & ~far(root), scale*_log_near_one(root), jnp.nan))
