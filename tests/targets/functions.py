"""The cases of functions.cases, with points and the values of the engine's own evaluator there."""
import json
import pathlib
import random
import re
import subprocess
from concurrent.futures import ThreadPoolExecutor

TABLE = pathlib.Path(__file__).resolve().parent / "functions.cases"
DIMS = {"n": 3, "m": 2}
POINTS = 2


def cases(binary, ident):
    lines = [line for line in TABLE.read_text().splitlines() if line and not line.startswith("#")]
    with ThreadPoolExecutor(2) as pool:
        read = list(pool.map(lambda line: case(binary, *map(str.strip, line.split("|"))), lines))
    return [c for c in read if ident in (None, c["id"])]


def case(binary, expr, by, declared, given=None):
    wrt = [] if by == "-" else by.split()
    generator = random.Random(expr + by)
    inputs = [json.loads(given)] if given else [point(declared, generator) for _ in range(POINTS)]
    dims = {} if given else DIMS
    questions = {"value": expr}
    if wrt:
        questions["derivative"] = f"diff({', '.join([expr, *wrt])})"
    points = [{"inputs": p, **{name: evaluated(binary, q, declared, p) for name, q in questions.items()}} for p in inputs]
    name = f"{expr} by {by}" if wrt else expr
    return {"id": name, "kind": "diff" if wrt else "simplify", "expr": expr, "wrt": wrt, "vars": declared, "dims": dims, "points": points}


def evaluated(binary, expr, declared, inputs):
    """The value, or nothing where there is none."""
    arguments = [binary, "eval", expr, "--var", declared, "--data", "/dev/stdin", "--format", "json"]
    answer = json.loads(subprocess.run(arguments, input=json.dumps(inputs), capture_output=True, text=True).stdout)
    if "error" in answer and answer["error"]["kind"] != "domain":
        raise ValueError(f"{expr}: {answer['error']['message']}")
    return answer.get("value")


def point(declared, generator):
    values = {}
    for declaration in declared.split(";"):
        names, kind = declaration.split(":")
        shape = re.findall(r"\w+", kind)
        for name in names.split(","):
            values[name.strip()] = value(shape[0], [DIMS[d] for d in shape[1:]], generator)
    return values


def value(kind, dims, generator):
    """Random numbers; square matrices are so near the identity that they have roots and logarithms, and far from symmetric."""
    if kind == "scalar":
        return generator.uniform(0.5, 1.5)
    if kind == "vector":
        return [generator.gauss(0, 1) for _ in range(dims[0])]
    rows, columns = dims[0], dims[-1]
    a = [[generator.gauss(0, 1) for _ in range(columns)] for _ in range(rows)]
    if kind == "matrix" and len(dims) == 2 and rows != columns:
        return a
    entry = {
        "matrix": lambda i, j: 0.5*a[i][j] + 2*(i == j),
        "symmetric": lambda i, j: a[i][j] + a[j][i],
        "posdef": lambda i, j: sum(a[i][k]*a[j][k] for k in range(rows)) + (i == j),
    }[kind]
    return [[entry(i, j) for j in range(rows)] for i in range(rows)]
