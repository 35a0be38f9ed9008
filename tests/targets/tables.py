"""The cases of the tables functions.cases and corners.cases, with points and the values of the engine's own evaluator there."""
import json
import pathlib
import random
import re
import subprocess
from concurrent.futures import ThreadPoolExecutor

TABLES = [pathlib.Path(__file__).resolve().parent / name for name in ("functions.cases", "corners.cases")]
DIMS = {"n": 3, "m": 2, "k": 4}
POINTS = 2


def cases(binary, ident):
    lines = [line for table in TABLES for line in table.read_text().splitlines() if line and not line.startswith("#")]
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
        formula, where, parts = expr.partition(" where ")
        questions["derivative"] = f"diff({', '.join([formula, *wrt])}){where}{parts}"
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
        word, *lengths = re.findall(r"\w+", kind)
        for name in names.split(","):
            values[name.strip()] = value(word, [DIMS.get(d) or int(d) for d in lengths], generator)
    return values


def value(kind, dims, generator):
    """Random numbers; square matrices are so near the identity that they have roots and logarithms, and far from symmetric."""
    if kind == "scalar":
        return generator.uniform(0.5, 1.5)
    if kind in ("vector", "row", "tensor"):
        return normal(dims, generator)
    rows, columns = dims[0], dims[-1]
    a = normal([rows, columns], generator)
    if kind == "matrix" and rows != columns:
        return a
    entry = {
        "matrix": lambda i, j: 0.5*a[i][j] + 2*(i == j),
        "symmetric": lambda i, j: a[i][j] + a[j][i],
        "posdef": lambda i, j: sum(a[i][k]*a[j][k] for k in range(rows)) + (i == j),
    }[kind]
    return [[entry(i, j) for j in range(rows)] for i in range(rows)]


def normal(dims, generator):
    return [normal(dims[1:], generator) for _ in range(dims[0])] if dims else generator.gauss(0, 1)
