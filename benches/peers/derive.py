"""Part (a): the derivatives of `expressions.py` by the engine, by SymPy and by tensorgrad, side by side.

Each answer is evaluated and held against central differences of the NumPy form; before that the value of the expression itself
is, so that a slip in how it is written is not taken for a wrong derivative.
"""

import json
import subprocess

from common import HERE, Peer, central_differences, fastest, measured_by, median, milliseconds, put, ratio, table
from expressions import EXPRESSIONS, MATRICES, SCALARS, SIZES, VECTORS, declarations

TOLERANCE = {1: 1e-7, 2: 1e-5}
STEP = {1: 1e-3, 2: 5e-3}
PEERS = ["engine", "SymPy", "tensorgrad"]


def run(programs):
    peers = {"SymPy": Peer("peer_sympy"), "tensorgrad": Peer("peer_tensorgrad")}
    cases = [{"name": str(i), "expr": e.text, "var": declarations(e.text), "wrt": e.variables} for i, e in enumerate(EXPRESSIONS)]
    times = measured_by(programs["derive"], cases)
    rows = []
    for index, expression in enumerate(EXPRESSIONS):
        values = random_values()
        truth = reference(expression, values)
        row = {"engine": engine(programs["indicial"], cases[index], times[index], values, truth)}
        for name, peer in peers.items():
            row[name] = best(peer, name, index, values, truth)
        rows.append(row)
    again = measured_by(programs["derive"], cases)
    for row, time in zip(rows, again):
        row["engine"]["seconds"] = min(row["engine"]["seconds"], time.get("seconds", float("inf")))
    starts = whole_processes(programs["indicial"])
    put("derive", summary(rows) + "\n\n" + report(rows) + "\n\n" + starts)
    put("answers", answers(rows), HERE/"answers.md")
    for peer in peers.values():
        peer.close()
    return list(peers.values())


def random_values():
    """Random arrays of small sizes, none of which is another; the square ones have a positive determinant."""
    import numpy as np

    random = np.random.default_rng(7)
    values = {v: random.standard_normal(SIZES[d]) for v, d in VECTORS.items()}
    values |= {v: random.standard_normal([SIZES[i] for i in d]) + 2*np.eye(*[SIZES[i] for i in d])*(d[0] == d[1]) for v, d in MATRICES.items()}
    values |= {v: np.array(random.uniform(0.5, 1.5)) for v in SCALARS}
    return values | {"p": random.uniform(0.5, 1.5, SIZES["n"])}


def reference(expression, values):
    """The value of the expression, and its derivative by central differences."""
    import numpy as np

    order = len(expression.variables)
    code = compile(expression.numpy, "<numpy>", "eval")
    f = lambda values: np.asarray(eval(code, {"np": np, **values}), float)

    def derivative(values, variables):
        if not variables:
            return f(values)
        *rest, x = variables
        return central_differences(lambda moved: derivative({**values, x: moved}, rest), values[x], STEP[order])

    return {"f": f(values), "derivative": derivative(values, expression.variables), "order": order, "axes": f(values).ndim}


def engine(binary, case, time, values, truth):
    """The answer of the engine, evaluated by the Python that it writes."""
    import numpy as np

    command = [binary, "diff", case["expr"], "--format", "json", *sum((["--wrt", x] for x in case["wrt"]), [])]
    out = subprocess.run(command + (["--var", case["var"]] if case["var"] else []), stdout=subprocess.PIPE, text=True, check=False)
    found = json.loads(out.stdout)
    if "error" in found or "error" in time:
        return {"verdict": "raised", "text": str(found.get("error", time.get("error")))[:200], "seconds": float("inf")}
    scope = {}
    exec(found["numpy"], scope)
    import inspect

    call = lambda f: f(**{k: values[k.rstrip("_")] if k.rstrip("_") in values else SIZES[k] for k in inspect.signature(f).parameters})
    verdict = judged(np.asarray(call(scope["derivative"]), float), truth, exact=True)
    note = "" if found["notation"] == "matrix" else found["notation"]
    where = "; ".join(f"{w['name']} = {w['text']}" for w in found["where"])
    return {"verdict": verdict, "note": note, "text": time["answer"], "seconds": time["seconds"], "where": where}


def best(peer, name, index, values, truth):
    """The best answer of a peer over the ways to write the expression: a right one, the fastest of these."""
    import numpy as np

    given = {v: np.asarray(a).tolist() for v, a in values.items()}
    expression = EXPRESSIONS[index]
    found = []
    for variant in range(len(expression.sympy if name == "SymPy" else expression.tensorgrad)):
        reply = peer.ask(index=index, variant=variant, values=given)
        found.append(verdict_of(reply, truth))
    order = ["right", "wrong", "no value", "raised", "timed out", "not installed", "written wrongly"]
    return min(found, key=lambda f: (order.index(f["verdict"]), f["note"] != "", f["seconds"]))


def verdict_of(reply, truth):
    import numpy as np

    result = {"seconds": reply.get("seconds", float("inf")), "text": reply.get("text", ""), "note": ""}
    error = reply.get("error")
    if error:
        kinds = {"not installed": "not installed", "TimeoutError": "timed out", "NotImplementedError: an answer with": "no value"}
        kind = next((k for start, k in kinds.items() if error.startswith(start)), "raised")
        return {**result, "verdict": kind, "text": error}
    if judged(np.asarray(reply["f"], float), {"derivative": truth["f"], "order": 1, "axes": 0}) != "right":
        return {**result, "verdict": "written wrongly"}
    return {**result, "verdict": judged(np.asarray(reply["value"], float), truth), "note": "array" if reply["array"] else ""}


def judged(value, truth, exact=False):
    """Whether a value is the derivative. Where not `exact`, axes of length one do not count, nor which axes come first."""
    import numpy as np

    right = truth["derivative"]
    axes = list(range(right.ndim))
    turned = np.transpose(right, axes[truth["axes"]:] + axes[: truth["axes"]])
    options = [right] if exact else [np.squeeze(right), np.squeeze(turned)]
    value = value if exact else np.squeeze(value)
    near = lambda other: value.shape == other.shape and np.allclose(value, other, rtol=0, atol=TOLERANCE[truth["order"]]*max(1, abs(other).max()))
    return "right" if any(map(near, options)) else "wrong"


def whole_processes(binary):
    """A process from start to answer, for x'*C*x by x."""
    import sys

    programs = {
        "the engine": [binary, "diff", "x'*C*x", "--wrt", "x"],
        "SymPy": [sys.executable, "-c", "from sympy import *; n = Symbol('n'); x = MatrixSymbol('x', n, 1); print((x.T*MatrixSymbol('C', n, n)*x).diff(x))"],
        "tensorgrad": [sys.executable, "-c", "import tensorgrad as t; n = t.symbols('n'); x = t.Variable('x', n); "
                       "print((x @ t.Variable('C', n, n2=n) @ x.rename(n='n2')).grad(x).full_simplify())"],
    }
    times = []
    for name, command in programs.items():
        start = lambda: subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
        try:
            times.append(f"{name} {milliseconds(fastest(start, 1))} ms")
        except subprocess.CalledProcessError:
            times.append(f"{name}: not installed")
    return "A whole process from its start to the answer for `x'*C*x` by x, which is not in the table: " + ", ".join(times) + "."


def summary(rows):
    lines = []
    for name in PEERS:
        cells = [row[name] for row in rows]
        count = lambda *verdicts: sum(c["verdict"] in verdicts for c in cells)
        right = [c["seconds"] for c in cells if c["verdict"] == "right"]
        ratios = [row[name]["seconds"]/row["engine"]["seconds"] for row in rows if row[name]["verdict"] == "right"]
        plain = sum(c["verdict"] == "right" and c["note"] == "" for c in cells)
        lines.append([
            name, count("right"), plain, count("wrong"), count("raised", "timed out"), count("no value"),
            milliseconds(median(right)) if right else "", f"{ratio(median(ratios))} ({ratio(min(ratios))} to {ratio(max(ratios))})" if ratios else "",
        ])
        if count("not installed") == len(cells):
            lines[-1] = [name, "not installed", *[""]*6]
    head = ["", "right", "of these a matrix formula", "wrong", "raised", "no value", "median ms", "times the engine's, median (least to most)"]
    return f"{len(rows)} derivatives:\n\n" + table(head, lines, right=range(1, 8))


def report(rows):
    lines = []
    for expression, row in zip(EXPRESSIONS, rows):
        cells = []
        for name in PEERS:
            c = row[name]
            outcome = c["verdict"] if c["verdict"] != "right" else c["note"] or "right"
            cells += [outcome, milliseconds(c["seconds"]) if c["seconds"] < float("inf") else ""]
        lines.append([expression.name.replace("|", "\\|"), *cells])
    head = ["", "engine", "ms", "SymPy", "ms", "tensorgrad", "ms"]
    return table(head, lines, right=(2, 4, 6))


def answers(rows):
    """What each says, in full up to some length."""
    short = lambda text: text if len(text) <= 300 else text[:300] + " …"
    parts = []
    for expression, row in zip(EXPRESSIONS, rows):
        lines = [f"{name:10}  {row[name]['verdict']:9}  {short(' '.join(row[name]['text'].split()))}" for name in PEERS]
        parts.append(f"{expression.name}\n\n```text\n" + "\n".join(lines) + "\n```")
    return "\n\n".join(parts)
