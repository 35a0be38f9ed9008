"""Derivatives by tensorgrad, and their values by its own evaluator."""

from common import fastest, serve
from expressions import EXPRESSIONS, MATRICES, SCALARS, SIZES, VECTORS

SECONDS = 0.15
LIMIT = 30


def main():
    try:
        import importlib.metadata
        import tensorgrad
        import torch
        from sympy import symbols
        from tensorgrad import functions
        from tensorgrad.extras.evaluate import evaluate
    except ImportError as e:
        return serve({"missing": str(e)}, None)
    import signal
    import warnings

    warnings.filterwarnings("ignore")
    torch.set_num_threads(1)
    torch.set_default_dtype(torch.float64)

    def late(*_):
        raise TimeoutError(f"no answer within {LIMIT} s")

    signal.signal(signal.SIGALRM, late)
    dims = {d: symbols(d) for d in SIZES}

    def names():
        """The variables, new ones each time, so that nothing is remembered of an earlier run."""
        scope = {"F": functions, **dims}
        scope.update({v: tensorgrad.Variable(v, dims[d]) for v, d in VECTORS.items()})
        scope.update({v: tensorgrad.Variable(v, **edges(d)) for v, d in MATRICES.items()})
        scope.update({v: tensorgrad.Variable(v) for v in SCALARS})
        return scope

    def edges(d):
        return {d[0]: dims[d[0]], d[1] + ("2" if d[1] == d[0] else ""): dims[d[1]]}

    def answer(request):
        expression = EXPRESSIONS[request["index"]]
        code = compile(expression.tensorgrad[request["variant"]], "<tensorgrad>", "eval")

        def derive():
            scope = names()
            f = found = eval(code, scope)
            axes = sorted_edges(f)
            for order, v in enumerate(expression.variables):
                new = {e: f"{e}_{order}" for e in scope[v].edges}
                found, axes = found.grad(scope[v], new), axes + list(new.values())
            return scope, f, found.full_simplify(), axes

        def value(tensor, axes, scope):
            given = {scope[v]: torch.tensor(a, dtype=torch.float64) for v, a in request["values"].items() if tensor.depends_on(scope[v])}
            given = {v: a.refine_names(*v.edges) if v.edges else a for v, a in given.items()}
            found = evaluate(tensor, given, {dims[d]: n for d, n in SIZES.items()})
            return (found.align_to(*axes) if axes else found).rename(None).numpy().tolist()

        signal.alarm(LIMIT)
        try:
            scope, f, found, axes = derive()
            reply = {"text": written(found), "f": value(f, sorted_edges(f), scope), "array": True}
            reply["seconds"] = fastest(lambda: derive(), SECONDS)
            return {**reply, "value": value(found, axes, scope)}
        finally:
            signal.alarm(0)

    versions = {"tensorgrad": importlib.metadata.version("tensorgrad"), "PyTorch": torch.__version__}
    serve({"versions": versions}, answer)


def sorted_edges(f):
    """The axes in the order in which the engine has them: m, then n (and n2, n3, …), then k."""
    return sorted(f.edges, key=lambda e: ("mnk".index(e[0]), e))


def written(found):
    from tensorgrad.extras.to_index import to_index

    try:
        return to_index(found)
    except Exception:
        return " ".join(repr(found).split())


if __name__ == "__main__":
    main()
