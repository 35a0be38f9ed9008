"""The three models of the evaluation and the patterns of the contractions: for the engine, by hand, and for JAX and PyTorch."""

LAYERS = 10


def inputs(model, sizes, np):
    """Random arrays by name, the same in every process."""
    random = np.random.default_rng(5)
    return {name: random.standard_normal([sizes[d] for d in dims])/scale(name) for name, dims in MODELS[model]["inputs"].items()}


def scale(name):
    """Weights of the network are small, so that its values stay of one size."""
    return 4.0 if name.startswith("W") else 1.0


# logistic regression ------------------------------------------------------------------------------------------------


def logistic_value(np, X, y, w):
    return np.logaddexp(0, -y*(X @ w)).sum()


def logistic_gradient(np, X, y, w):
    return -X.T @ (y*sigmoid(np, -y*(X @ w)))


def logistic_hessian(np, X, y, w):
    p = sigmoid(np, -y*(X @ w))
    return X.T @ ((y**2*p*(1 - p))[:, None]*X)


def sigmoid(np, z):
    from scipy.special import expit

    return expit(z)


# matrix factorisation -----------------------------------------------------------------------------------------------


def factorisation_value(np, T, U, V):
    R = T - U @ V.T
    return np.vdot(R, R)


def factorisation_gradient(np, T, U, V):
    return 2*(U @ V.T - T) @ V


def factorisation_hessian(np, T, U, V):
    m, k = U.shape
    H = np.zeros((m, k, m, k))
    H[np.arange(m), :, np.arange(m), :] = 2*V.T @ V
    return H


def factorisation_compressed(np, T, U, V):
    return 2*V.T @ V


# a network with ten layers ------------------------------------------------------------------------------------------


def forward(np, weights, x):
    """The output, and where each hidden layer is on; the last of the weights comes first."""
    on = []
    for W in reversed(weights[1:]):
        x = W @ x
        on.append(x > 0)
        x = np.where(on[-1], x, 0)
    return weights[0] @ x, on[::-1]


def network_value(np, x, **weights):
    out, _ = forward(np, list(weights.values()), x)
    return out @ out


def network_gradient(np, x, **weights):
    first, *others = weights.values()
    out, on = forward(np, [first, *others], x)
    g = 2*out @ first
    for W, active in zip(others, on):
        g = (g*active) @ W
    return g


def network_hessian(np, x, **weights):
    first, *others = weights.values()
    _, on = forward(np, [first, *others], x)
    J = first
    for W, active in zip(others, on):
        J = (J*active) @ W
    return 2*J.T @ J


def network_like(module, x, **weights):
    """For JAX and PyTorch: `module` is jax.numpy or torch."""
    relu = module.relu if hasattr(module, "relu") else lambda z: module.maximum(z, 0)
    first, *others = (weights[f"W{k}"] for k in range(1, LAYERS + 1))
    for W in reversed(others):
        x = relu(W @ x)
    out = first @ x
    return out @ out


_NETWORK = "W10*x"
for _layer in range(LAYERS - 1, 0, -1):
    _NETWORK = f"W{_layer}*relu({_NETWORK})"

MODELS = {
    "logistic regression": {
        "expr": "sum(log(1 + exp(-y.*(X*w))))", "var": "X: matrix(m, n); y: vector(m); w: vector(n)", "wrt": "w",
        "inputs": {"X": "mn", "y": "m", "w": "n"},
        "value": logistic_value, "gradient": logistic_gradient, "hessian": logistic_hessian,
        "like numpy": lambda np, X, y, w: np.logaddexp(0, -y*(X @ w)).sum(),
        "like torch": lambda torch, X, y, w: torch.nn.functional.softplus(-y*(X @ w)).sum(),
        "sizes": [{"m": 2*n, "n": n} for n in (64, 128, 256, 512, 1024)],
    },
    "matrix factorisation": {
        "expr": "normF(T - U*V')^2", "var": "T: matrix(m, n); U: matrix(m, k); V: matrix(n, k)", "wrt": "U",
        "inputs": {"T": "mn", "U": "mk", "V": "nk"},
        "value": factorisation_value, "gradient": factorisation_gradient, "hessian": factorisation_hessian,
        "compressed hessian": factorisation_compressed,
        "like numpy": lambda np, T, U, V: ((T - U @ V.T)**2).sum(),
        "like torch": lambda torch, T, U, V: ((T - U @ V.T)**2).sum(),
        "sizes": [{"m": n, "n": n, "k": 5} for n in (64, 128, 256, 512)],
    },
    "network of ten layers": {
        "expr": f"norm2({_NETWORK})^2",
        "var": "; ".join(f"W{k}: matrix(n, n)" for k in range(1, LAYERS + 1)) + "; x: vector(n)", "wrt": "x",
        "inputs": {**{f"W{k}": "nn" for k in range(1, LAYERS + 1)}, "x": "n"},
        "value": network_value, "gradient": network_gradient, "hessian": network_hessian,
        "like numpy": network_like, "like torch": network_like,
        "sizes": [{"n": n} for n in (32, 64)],
    },
}

_SQUARE = {"A": "nn", "B": "nn", "C": "nn"}
_CUBE = {"T": "nnn", "A": "nn", "B": "nn"}
_FOUR = {"S": "nnnn", "T": "nnnn", "A": "nn"}

# pattern, the engine's input, the arrays in the order of the pattern, n, operations as a power of n (and how many), and
# whether it is one matrix product
PATTERNS = [
    ("ij,jk->ik", "{A[i,j]*B[j,k]}[i,k]", _SQUARE, "AB", 512, (3, 2), True),
    ("ij,jk,kl->il", "{A[i,j]*B[j,k]*C[k,l]}[i,l]", _SQUARE, "ABC", 256, (3, 4), True),
    ("ij,ij->", "A[i,j]*B[i,j]", _SQUARE, "AB", 1024, (2, 2), False),
    ("ijk,kl->ijl", "{T[i,j,k]*A[k,l]}[i,j,l]", _CUBE, "TA", 96, (4, 2), True),
    ("ijk,jl,km->ilm", "{T[i,j,k]*A[j,l]*B[k,m]}[i,l,m]", _CUBE, "TAB", 96, (4, 4), True),
    ("ijk,ilk->jl", "{T[i,j,k]*T[i,l,k]}[j,l]", _CUBE, "TT", 96, (4, 2), True),
    ("ijkl,kl->ij", "{S[i,j,k,l]*A[k,l]}[i,j]", _FOUR, "SA", 40, (4, 2), False),
    ("ijkl,klmn->ijmn", "{S[i,j,k,l]*T[k,l,p,q]}[i,j,p,q]", _FOUR, "ST", 24, (6, 2), True),
]


def declared(arrays):
    """Declarations for the engine of arrays whose dimensions are all n."""
    kind = {2: "matrix", 3: "tensor", 4: "tensor"}
    return "; ".join(f"{name}: {kind[len(dims)]}({', '.join(dims)})" for name, dims in arrays.items())


for _pattern, _, _arrays, _order, _, _, _ in PATTERNS:
    MODELS[_pattern] = {"inputs": {name: _arrays[name] for name in sorted(set(_order))}, "order": _order}
MODELS["product"] = {"inputs": {"A": "nn", "B": "nn"}}
