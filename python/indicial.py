"""The cell magic `%%indicial` for Python notebooks: formulas in, answers out that Python can compute with.

    %load_ext indicial

    %%indicial A: matrix(m, n); x: vector(n); b: vector(m)
    g = diff(norm2(A*x - b)^2, x)

Each line is `name = FORMULA`, `FORMULA` or `check LEFT == RIGHT`. A name is a variable of the notebook afterwards, an `Answer`; the
answer of the last line is shown. In the lines of a cell a name stands for its formula. The same from Python:

    from indicial import diff, simplify, check
    g = diff("norm2(A*x - b)^2", "x", "A: matrix(m, n); x: vector(n); b: vector(m)")
    g.numpy(A=A, x=x, b=b)
    g.check(A=A, x=x, b=b)

It calls the command line `indicial`, which has to be on the path, or named by the environment variable INDICIAL. The answer needs
NumPy where it computes, nothing else.
"""

import json
import os
import re
import subprocess


class IndicialError(Exception):
    """What the command line says is wrong, drawn into the formula."""

    def _render_traceback_(self):
        return str(self).splitlines()


def _run(*arguments):
    """The object that the command line prints."""
    program = os.environ.get("INDICIAL", "indicial")
    try:
        done = subprocess.run([program, *arguments, "--format", "json"], capture_output=True, text=True, encoding="utf-8")
    except FileNotFoundError:
        raise IndicialError(f"`{program}` is not on the path: `cargo install --path .` puts it there") from None
    try:
        answer = json.loads(done.stdout)
    except json.JSONDecodeError:
        raise IndicialError(done.stderr.strip() or f"`{program}` printed no answer") from None
    if "error" in answer:
        text = subprocess.run([program, *arguments], capture_output=True, text=True, encoding="utf-8").stderr
        raise IndicialError(text.strip() or answer["error"]["message"])
    return answer


def _declarations(declarations):
    return ["--var", declarations] if declarations.strip() else []


def diff(formula, wrt, declarations="", *options):
    """The derivative of a formula by one variable, or by several one after the other, given as a list."""
    wrt = [wrt] if isinstance(wrt, str) else list(wrt)
    by = [part for x in wrt for part in ("--wrt", x)]
    return Answer(_run("diff", formula, *by, *_declarations(declarations), *options))


def simplify(formula, declarations="", *options):
    """The same value in its simplest form."""
    return Answer(_run("simplify", formula, *_declarations(declarations), *options))


def check(left, right, declarations=""):
    """Whether two formulas are equal: a `Verdict`, which is true if they are."""
    return Verdict(_run("check", left, right, *_declarations(declarations)))


class Answer:
    """A formula with everything that the command line says of it; `json` has it all."""

    def __init__(self, answer):
        self.json = answer
        self._functions = None

    @property
    def text(self):
        """The formula as the language writes it; it reads back to the same value."""
        parts = "; ".join(f"{part['name']} = {part['text']}" for part in self.json["where"])
        return self.json["text"] + (f" where {parts}" if parts else "")

    @property
    def latex(self):
        parts = r",\quad ".join(f"{part['name']} = {part['latex']}" for part in self.json["where"])
        return self.json["latex"] + (rf" \quad\text{{where}}\quad {parts}" if parts else "")

    def __repr__(self):
        assumed = [v for v in self.json["variables"] if v["name"] in self.json["assumed"]]
        note = "; ".join(f"{v['name']}: {v['kind']}" for v in assumed)
        return self.text + (f"\nassuming {note}" if note else "")

    def _repr_latex_(self):
        return f"$\\displaystyle {self.latex}$"

    @property
    def source(self):
        """Python source with `value` and, for a derivative, `derivative`."""
        return self.json["numpy"]

    def _defined(self, name):
        if self._functions is None:
            self._functions = {}
            exec(compile(self.source, "<indicial>", "exec"), self._functions)
        return self._functions[name]

    @property
    def numpy(self):
        """The formula as a function of NumPy arrays, by keywords."""
        return self._defined("derivative" if self.json["wrt"] else "value")

    @property
    def value(self):
        """What was differentiated, as a function of NumPy arrays, by keywords."""
        return self._defined("value")

    def check(self, **at):
        """Holds a derivative by one variable against central differences at these values.

        Gives the largest error relative to the largest entry; raises an AssertionError where that is over 1e-5. Of a
        symmetric variable every direction is symmetric, and likewise for other structures of linear spaces.
        """
        import numpy as np

        if len(self.json["wrt"]) != 1:
            raise IndicialError("only a derivative by one variable can be checked")
        (name,) = self.json["wrt"]
        kind = next(v["kind"] for v in self.json["variables"] if v["name"] == name)
        x = np.asarray(at[name], dtype=float)
        found = np.asarray(self.numpy(**at))
        largest, scale = 0.0, max(1.0, float(np.max(np.abs(found), initial=0.0)))
        for direction in _directions(kind, x.shape):
            step = 1e-6 * max(1.0, float(np.max(np.abs(x), initial=0.0)))
            ahead, behind = (np.asarray(self.value(**{**at, name: x + s * step * direction})) for s in (1, -1))
            wanted = (ahead - behind) / (2 * step)
            got = np.tensordot(found, direction, axes=x.ndim) if x.ndim else found * direction
            largest = max(largest, float(np.max(np.abs(got - wanted), initial=0.0)) / scale)
        assert largest <= 1e-5, f"{self.text} differs from central differences by {largest:.1e}"
        return largest


def _directions(kind, shape):
    """Directions that span the space in which a variable of this kind moves."""
    import numpy as np

    word = re.match(r"\w*", kind or "").group()
    keeps = {
        "symmetric": lambda e: e + e.T,
        "posdef": lambda e: e + e.T,
        "skew": lambda e: e - e.T,
        "diagonal": lambda e: np.diag(np.diag(e)),
        "hollow": lambda e: e - np.diag(np.diag(e)),
        "lower": np.tril,
        "upper": np.triu,
    }
    if word == "orthogonal":
        raise IndicialError("an orthogonal variable has no straight directions to check along")
    for at in np.ndindex(*shape):
        entry = np.zeros(shape)
        entry[at] = 1.0
        yield keeps.get(word, lambda e: e)(entry)


class Verdict:
    """Whether two formulas are equal, and why."""

    def __init__(self, answer):
        self.json = answer

    def __bool__(self):
        return self.json["verdict"] == "equal"

    def __repr__(self):
        lines = [self.json["verdict"]]
        if self.json["proof"]:
            lines += [f"  {step['text']}" + (f"   {step['rule']}" if step["rule"] else "") for step in self.json["steps"]]
        if self.json["counterexample"]:
            point = self.json["counterexample"]
            lines += [f"  {name} = {value}" for name, value in point["inputs"].items()]
            lines += [f"  {side} = {point[side]}" for side in ("left", "right")]
        return "\n".join(lines + self.json["remarks"])


_NAME = re.compile(r"\s*([A-Za-z]\w*)\s*=(?!=)\s*(.*)", re.DOTALL)
_DIFF = re.compile(r"diff\((.*),\s*([A-Za-z]\w*)\)\s*", re.DOTALL)


def _derivative(formula):
    """`diff(F, X)` as F and X, if that is the whole formula."""
    found = _DIFF.fullmatch(formula)
    if not found:
        return None
    depth = 0
    for c in found.group(1):
        depth += (c in "([{") - (c in ")]}")
        if depth < 0:
            return None
    return found.groups() if depth == 0 else None


def _where(text, formulas):
    """The definitions of all names that a text needs, after `where`."""
    needed, texts = {}, [text]
    while texts:
        words = set(re.findall(r"[A-Za-z]\w*", texts.pop()))
        for name in words & formulas.keys() - needed.keys():
            needed[name] = formulas[name]
            texts.append(formulas[name])
    return " where " + "; ".join(f"{name} = {formula}" for name, formula in sorted(needed.items())) if needed else ""


def evaluate(text, declarations="", formulas=None):
    """The answer to a line of a cell, in which names stand for the formulas given."""
    with_names = lambda part: part.strip() + _where(part, formulas or {})
    if text.startswith("check ") and "==" in text:
        left, right = text[len("check ") :].split("==", 1)
        return check(with_names(left), with_names(right), declarations)
    asked = _derivative(text)
    if asked:
        return diff(with_names(asked[0]), asked[1], declarations)
    return simplify(with_names(text), declarations)


def indicial(line, cell, namespace):
    """Runs the lines of a cell; `line` has declarations. Names go into `namespace`; the answer of the last line comes back."""
    formulas, last = {}, None
    for text in map(str.strip, cell.splitlines()):
        if not text or text.startswith("#"):
            continue
        found = _NAME.fullmatch(text)
        name, formula = found.groups() if found else (None, text)
        last = evaluate(formula, line, formulas)
        if name:
            namespace[name], formulas[name] = last, formula
    return last


def load_ipython_extension(ipython):
    """`%load_ext indicial`"""
    magic = lambda line, cell: indicial(line, cell, ipython.user_ns)
    ipython.register_magic_function(magic, "cell", "indicial")
