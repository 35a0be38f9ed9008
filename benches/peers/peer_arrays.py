"""One peer of the evaluation and of the contractions: NumPy by hand, the engine's own Python, JAX, PyTorch or opt_einsum.

A request names a function and sizes; the answer is the time of the fastest run and a number that depends on every entry of the
result, so that two peers that compute something else are seen.
"""

import sys

from common import fastest, serve
from models import MODELS, inputs

SECONDS = 0.25


def main():
    peer = sys.argv[1]
    try:
        import numpy

        versions, ways = globals()[peer](numpy)
    except ImportError as e:
        return serve({"missing": str(e)}, None)

    def answer(request):
        given = inputs(request["model"], request["sizes"], numpy)
        work, plain = ways(request, given)
        print_of = fingerprint(numpy, plain(work()))
        return {"seconds": fastest(work, request.get("seconds", SECONDS)), "print": print_of}

    serve({"versions": versions}, answer)


def fingerprint(np, value):
    """A sum over all entries with weights that do not repeat."""
    flat = np.asarray(value, float).ravel()
    return float(flat @ np.cos(np.arange(flat.size) % 9973))


def numpy(np):
    """By hand."""
    import scipy

    ways = lambda request, given: (lambda: MODELS[request["model"]][request["what"]](np, **given), lambda value: value)
    return {"NumPy": np.__version__, "SciPy": scipy.__version__}, ways


def defined(request):
    """The function of the Python that the engine writes."""
    scope = {}
    exec(request["source"], scope)
    return scope[request["function"]]


def emitted_numpy(np):
    def ways(request, given):
        f = defined(request)
        return (lambda: f(**given)), (lambda value: value)

    return {}, ways


def emitted_jax(np):
    import jax as j

    def ways(request, given):
        f = j.jit(defined(request))
        arrays = {name: j.numpy.asarray(a) for name, a in given.items()}
        return (lambda: f(**arrays).block_until_ready()), np.asarray

    return {}, ways


def emitted_torch(np):
    import torch as t

    t.set_num_threads(1)

    def ways(request, given):
        f = defined(request)
        arrays = {name: t.from_numpy(np.ascontiguousarray(a)) for name, a in given.items()}
        return (lambda: f(**arrays)), (lambda value: value.numpy())

    return {}, ways


def jax(np):
    import jax as j
    import jax.numpy as jnp

    def ways(request, given):
        model = MODELS[request["model"]]
        f = lambda x, rest: model["like numpy"](jnp, **{**rest, model["wrt"]: x})
        f = {"value": f, "gradient": j.grad(f), "hessian": j.hessian(f)}[request["what"]]
        arrays = {name: jnp.asarray(a) for name, a in given.items()}
        x = arrays.pop(model["wrt"])
        compiled = j.jit(f)
        return (lambda: compiled(x, arrays).block_until_ready()), np.asarray

    return {"JAX": j.__version__}, ways


def torch(np):
    import torch as t

    t.set_num_threads(1)
    t.set_default_dtype(t.float64)

    def ways(request, given):
        model = MODELS[request["model"]]
        f = lambda x, rest: model["like torch"](t, **{**rest, model["wrt"]: x})
        arrays = {name: t.from_numpy(np.ascontiguousarray(a)) for name, a in given.items()}
        x = arrays.pop(model["wrt"])
        # rows of the Hessian in chunks, so that a third axis of that length fits into memory
        chunk = max(1, min(x.numel(), 2**27//max(a.numel() for a in arrays.values())))
        second = t.func.jacrev(t.func.grad(f), chunk_size=chunk) if x.numel() > chunk else t.func.hessian(f)
        f = {"value": f, "gradient": t.func.grad(f), "hessian": second}[request["what"]]
        return (lambda: f(x, arrays)), (lambda value: value.numpy())

    return {"PyTorch": t.__version__}, ways


def opt_einsum(np):
    """Contractions with the path found once, and the rate of a matrix product for comparison."""
    import opt_einsum as o

    def ways(request, given):
        if request["model"] == "product":
            return (lambda: given["A"] @ given["B"]), (lambda value: value)
        arrays = [given[name] for name in MODELS[request["model"]]["order"]]
        contract = o.contract_expression(request["model"], *(a.shape for a in arrays), optimize="optimal")
        return (lambda: contract(*arrays)), (lambda value: value)

    return {"opt_einsum": o.__version__}, ways


if __name__ == "__main__":
    main()
