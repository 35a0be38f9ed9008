"""Derivatives by SymPy's matrix expressions, and their values."""

from common import fastest, serve
from expressions import EXPRESSIONS, MATRICES, SCALARS, SIZES, VECTORS

SECONDS = 0.15
LIMIT = 30


def main():
    try:
        import numpy
        import sympy
    except ImportError as e:
        return serve({"missing": str(e)}, None)
    import signal
    import warnings

    warnings.filterwarnings("ignore")

    def late(*_):
        raise TimeoutError(f"no answer within {LIMIT} s")

    signal.signal(signal.SIGALRM, late)
    scope = names(sympy)

    def answer(request):
        expression = EXPRESSIONS[request["index"]]
        text = expression.sympy[request["variant"]]
        code = compile(text, "<sympy>", "eval")
        derive = lambda: derivative(eval(code, scope), [scope[v] for v in expression.variables])
        values = {name: numpy.array(value) for name, value in request["values"].items()}
        signal.alarm(LIMIT)
        try:
            f = Values(values, sympy, numpy).of(eval(code, scope))
            found = derive()
            reply = {"text": str(found), "f": numpy.asarray(f).tolist()}
            reply["seconds"] = fastest(derive, SECONDS)
            value = Values(values, sympy, numpy).of(found)
            return {**reply, "value": numpy.asarray(value, float).tolist(), "array": arrays_in(found)}
        finally:
            signal.alarm(0)

    serve({"versions": {"SymPy": sympy.__version__}}, answer)


def derivative(f, variables):
    from sympy.tensor.array.expressions.arrayexpr_derivatives import array_derive

    for x in variables:
        f = f.diff(x) if hasattr(f, "diff") else array_derive(f, x)
    return f


def names(sympy):
    """What an expression may use: SymPy itself, the variables, and columns of ones."""
    scope = dict(vars(sympy))
    dims = {d: sympy.Symbol(d, integer=True, positive=True) for d in SIZES}
    scope.update(dims)
    scope.update({v: sympy.MatrixSymbol(v, dims[d], 1) for v, d in VECTORS.items()})
    scope.update({v: sympy.MatrixSymbol(v, dims[d[0]], dims[d[1]]) for v, d in MATRICES.items()})
    scope.update({v: sympy.Symbol(v, positive=True) for v in SCALARS})
    scope.update(one_n=sympy.OneMatrix(dims["n"], 1), one_m=sympy.OneMatrix(dims["m"], 1), u=sympy.Symbol("u", real=True), c=sympy.Symbol("c"))
    return scope


def arrays_in(found):
    """Whether an answer is written with SymPy's array expressions rather than as a matrix."""
    from sympy.tensor.array.expressions.array_expressions import _ArrayExpr, _CodegenArrayAbstract

    return found.has(_ArrayExpr) or found.has(_CodegenArrayAbstract)


class Values:
    """The value of a SymPy expression; a matrix is an array with two axes."""

    def __init__(self, values, sympy, numpy):
        from sympy.matrices import expressions
        from sympy.tensor.array.expressions import array_expressions

        self.values, self.sympy, self.np, self.of_matrix, self.of_array = values, sympy, numpy, expressions, array_expressions
        self.rules = {**self.scalar_rules(), **self.matrix_rules(), **self.array_rules()}

    def of(self, e):
        for kind in type(e).__mro__:
            if kind in self.rules:
                return self.rules[kind](e)
        raise NotImplementedError(f"an answer with {type(e).__name__}: not evaluated")

    def all(self, e):
        return [self.of(a) for a in e.args]

    def size(self, d):
        d = self.sympy.sympify(d)
        return int(d.subs({symbol: SIZES[symbol.name] for symbol in d.free_symbols}))

    def shape(self, e):
        return [self.size(d) for d in e.shape]

    def scalar_rules(self):
        s, np = self.sympy, self.np
        return {
            s.Number: lambda e: float(e),
            s.NumberSymbol: lambda e: float(e),
            s.Symbol: lambda e: float(SIZES[e.name] if e.name in SIZES else self.values[e.name]),
            s.Add: lambda e: sum(self.all(e)[1:], self.all(e)[0]),
            s.Mul: self.product,
            s.Pow: self.power,
            s.Sum: self.sum,
            s.KroneckerDelta: lambda e: float(self.of(e.args[0]) == self.of(e.args[1])),
            s.Integer: lambda e: float(e),
            s.core.function.Application: lambda e: s.lambdify(self.dummies(e), e.func(*self.dummies(e)), "numpy")(*self.all(e)),
        }

    def dummies(self, e):
        return [self.sympy.Symbol(f"d{i}") for i in range(len(e.args))]

    def product(self, e):
        """A product of scalars, matrices and arrays; a matrix of one entry counts as a scalar where it has to."""
        result = 1.0
        for value in self.all(e):
            plain = self.np.ndim(value) < 2 or self.np.ndim(result) < 2
            fits = not plain and self.np.ndim(value) == 2 and self.np.shape(result)[-1] == self.np.shape(value)[0]
            result = result @ value if fits else result*value
        return result

    def power(self, e):
        base, exponent = self.all(e)
        if self.np.ndim(base) == 2 and self.np.shape(base) != (1, 1):
            return self.np.linalg.matrix_power(base, int(exponent))
        return base**exponent

    def sum(self, e):
        from itertools import product as pairs

        ranges = [range(self.size(low), self.size(high) + 1) for _, low, high in e.limits]
        places = [dict(zip([i for i, _, _ in e.limits], p)) for p in pairs(*ranges)]
        return sum(self.of(e.function.subs(place).doit()) for place in places)

    def matrix_rules(self):
        s, np, m = self.sympy, self.np, self.of_matrix
        from sympy.matrices.expressions.applyfunc import ElementwiseApplyFunction
        from sympy.matrices.expressions.matexpr import MatrixElement

        column = lambda a: a.reshape(-1, 1) if np.ndim(a) == 1 else a
        return {
            s.MatrixSymbol: lambda e: column(self.values[e.name]),
            s.MatAdd: lambda e: sum(self.all(e)[1:], self.all(e)[0]),
            s.MatMul: self.product,
            s.MatPow: self.power,
            s.Transpose: lambda e: self.of(e.arg).T,
            s.Inverse: lambda e: np.linalg.inv(self.of(e.arg)),
            s.Trace: lambda e: np.trace(self.of(e.arg)),
            s.Determinant: lambda e: np.linalg.det(self.of(e.arg)),
            s.HadamardProduct: lambda e: np.prod(np.broadcast_arrays(*self.all(e)), axis=0),
            s.HadamardPower: lambda e: self.of(e.base)**self.of(e.exp),
            s.KroneckerProduct: lambda e: __import__("functools").reduce(np.kron, self.all(e)),
            s.Identity: lambda e: np.eye(self.size(e.shape[0])),
            s.ZeroMatrix: lambda e: np.zeros(self.shape(e)),
            s.OneMatrix: lambda e: np.ones(self.shape(e)),
            m.DiagMatrix: lambda e: np.diag(self.of(e.args[0]).ravel()),
            m.DiagonalMatrix: lambda e: np.diag(np.diag(self.of(e.args[0]))),
            m.DiagonalOf: lambda e: np.diag(self.of(e.args[0])).reshape(-1, 1),
            ElementwiseApplyFunction: lambda e: self.elementwise(e.function, e.expr),
            MatrixElement: lambda e: self.of(e.parent)[int(self.of(e.i)), int(self.of(e.j))],
        }

    def elementwise(self, function, inside):
        f = self.sympy.lambdify(function.variables, function.expr.doit(), ["numpy", "scipy"])
        value = self.of(inside)
        return self.np.broadcast_to(f(value), value.shape)

    def array_rules(self):
        np, a = self.np, self.of_array
        return {
            a.ArraySymbol: lambda e: self.values[str(e.name)],
            a.ZeroArray: lambda e: np.zeros(self.shape(e)),
            a.OneArray: lambda e: np.ones(self.shape(e)),
            a.ArrayTensorProduct: lambda e: __import__("functools").reduce(np.multiply.outer, self.all(e)),
            a.ArrayAdd: lambda e: sum(self.all(e)[1:], self.all(e)[0]),
            a.PermuteDims: lambda e: np.transpose(self.of(e.expr), e.permutation.array_form),
            a.ArrayElementwiseApplyFunc: lambda e: self.elementwise(e.function, e.expr),
            a.ArrayContraction: lambda e: self.joined(self.of(e.expr), e.contraction_indices, keep=False),
            a.ArrayDiagonal: lambda e: self.joined(self.of(e.expr), e.diagonal_indices, keep=True),
            a.Reshape: lambda e: self.of(e.expr).reshape([self.size(d) for d in e.shape]),
        }

    def joined(self, value, groups, keep):
        """Axes of a group are one axis: summed, or kept behind the others."""
        label = list(range(value.ndim))
        for group in groups:
            for axis in group:
                label[axis] = int(group[0])
        grouped = {int(axis) for group in groups for axis in group}
        free = [axis for axis in range(value.ndim) if axis not in grouped]
        return self.np.einsum(value, label, free + ([int(group[0]) for group in groups] if keep else []))


if __name__ == "__main__":
    main()
