"""What is differentiated: common expressions of textbooks and of machine learning, each written four times.

The engine's input, the same in NumPy (from which central differences are taken), and what a user of SymPy and of tensorgrad
would write. Where there are several ways to write it, all are tried and the best answer counts.
"""

from dataclasses import dataclass

SIZES = {"m": 4, "n": 3, "k": 2}

VECTORS = {"x": "n", "y": "n", "a": "n", "p": "n", "b": "m", "z": "m"}
MATRICES = {
    **{name: "mn" for name in "ABWT"},
    **{name: "nn" for name in "CDX"},
    **{"U": "mk", "V": "nk", "Z": "km", "Y": "kn"},
}
SCALARS = ["t", "s"]


@dataclass(frozen=True)
class Expression:
    text: str
    wrt: str
    numpy: str
    sympy: tuple
    tensorgrad: tuple

    @property
    def name(self):
        return f"`{self.text}` by {self.wrt}"

    @property
    def variables(self):
        return self.wrt.split(", ")


def declarations(text):
    """The declarations of the variables that occur in `text`, for the engine."""
    import re

    names = set(re.findall(r"[A-Za-z]+(?![\w(])", text))
    vectors = [f"{v}: vector({d})" + (" > 0" if v == "p" else "") for v, d in VECTORS.items() if v in names]
    matrices = [f"{v}: matrix({d[0]}, {d[1]})" for v, d in MATRICES.items() if v in names]
    scalars = [f"{v}: scalar > 0" for v in SCALARS if v in names]
    return "; ".join(vectors + matrices + scalars)


def _e(text, wrt, numpy, sympy, tensorgrad):
    several = lambda what: what if isinstance(what, tuple) else (what,)
    return Expression(text, wrt, numpy, several(sympy), several(tensorgrad))


def _norm(inside):
    """The ways in which a Euclidean norm is written with SymPy."""
    return (f"sqrt(Trace(({inside}).T*({inside})))", f"(({inside}).T*({inside})).applyfunc(sqrt)", f"(({inside}).T*({inside}))**S.Half")


_CROSS_ENTROPY_SYMPY = (
    "-y.T*x + (y.T*one_n)*(one_n.T*x.applyfunc(exp)).applyfunc(log)",
    "-Trace(y.T*x) + Trace(y.T*one_n)*log(Trace(one_n.T*x.applyfunc(exp)))",
)
_LOGISTIC_SYMPY = (
    "one_m.T*(-HadamardProduct(b, A*x)).applyfunc(Lambda(u, log(1 + exp(u))))",
    "one_m.T*(-DiagMatrix(b)*A*x).applyfunc(Lambda(u, log(1 + exp(u))))",
)
_LOGISTIC_TENSORGRAD = "F.sum(F.log(1 + F.exp(-(b*(A @ x)))))"
_FACTORISATION = ("normF(T - U*V')^2", "((T - U@V.T)**2).sum()", "Trace((T - U*V.T).T*(T - U*V.T))", "F.frobenius2(T - U @ V)")
_SQUARES = ("norm2(A*x - b)^2", "((A@x - b)**2).sum()", "(A*x - b).T*(A*x - b)", "F.frobenius2(A @ x - b)")

EXPRESSIONS = [
    # linear and quadratic
    _e("a'*x", "x", "a@x", "a.T*x", "a @ x"),
    _e("A*x", "x", "A@x", "A*x", "A @ x"),
    _e("x'*C*x", "x", "x@C@x", "x.T*C*x", "x @ C @ x.rename(n='n2')"),
    _e("x'*C*x", "x, x", "x@C@x", "x.T*C*x", "x @ C @ x.rename(n='n2')"),
    _e("x'*C*x", "C", "x@C@x", "x.T*C*x", "x @ C @ x.rename(n='n2')"),
    _e("(a'*x)^2", "x, x", "(a@x)**2", ("(a.T*x)**2", "Trace(a.T*x)**2", "a.T*x*x.T*a"), "(a @ x)**2"),
    _e("b'*A*x + norm2(x)^2/2", "x", "b@A@x + x@x/2", "b.T*A*x + x.T*x/2", "b @ A @ x + x @ x/2"),
    _e("x*x'", "x", "np.outer(x, x)", "x*x.T", "x @ x.rename(n='n2')"),
    # least squares and norms
    _e(_SQUARES[0], "x", *_SQUARES[1:]),
    _e(_SQUARES[0], "x, x", *_SQUARES[1:]),
    _e(_SQUARES[0], "A", *_SQUARES[1:]),
    _e("norm2(A*x - b)^2 + s*norm2(x)^2", "x", "((A@x - b)**2).sum() + s*x@x", "(A*x - b).T*(A*x - b) + s*x.T*x",
       "F.frobenius2(A @ x - b) + s @ x @ x"),
    _e("norm2(x)", "x", "np.sqrt(x@x)", _norm("x"), "F.sqrt(x @ x)"),
    _e("norm2(A*x - b)", "x", "np.sqrt(((A@x - b)**2).sum())", _norm("A*x - b"), "F.sqrt(F.frobenius2(A @ x - b))"),
    _e("log(norm2(A*x)^2)", "x", "np.log(((A@x)**2).sum())", ("log(Trace(x.T*A.T*A*x))", "(x.T*A.T*A*x).applyfunc(log)"),
       "F.log(F.frobenius2(A @ x))"),
    _e("x'*C*x/norm2(x)^2", "x", "x@C@x/(x@x)", ("Trace(x.T*C*x)/Trace(x.T*x)", "x.T*C*x*(x.T*x)**-1"),
       "(x @ C @ x.rename(n='n2'))/(x @ x)"),
    _e("sum(abs(A*x - b))", "x", "abs(A@x - b).sum()", ("one_m.T*(A*x - b).applyfunc(Abs)", "one_m.T*(A*x - b).applyfunc(Lambda(c, sqrt(c**2)))"),
       "F.sum(F.abs(A @ x - b))"),
    _e("normF(A)", "A", "np.sqrt((A**2).sum())", ("sqrt(Trace(A.T*A))",), "F.sqrt(F.frobenius2(A))"),
    _e("exp(-norm2(x - a)^2/2)", "x", "np.exp(-((x - a)**2).sum()/2)",
       ("exp(-Trace((x - a).T*(x - a))/2)", "(-(x - a).T*(x - a)/2).applyfunc(exp)"), "F.exp(-F.frobenius2(x - a)/2)"),
    # traces
    _e("tr(A'*W)", "W", "np.trace(A.T@W)", "Trace(A.T*W)", "A @ W"),
    _e("tr(C*X)", "X", "np.trace(C@X)", "Trace(C*X)", "C @ X.rename(n='n2', n2='n')"),
    _e("tr(X'*C*X)", "X", "np.trace(X.T@C@X)", "Trace(X.T*C*X)", "X @ C.rename(n2='n3') @ X.rename(n='n3')"),
    _e("tr(C*X*D*X)", "X", "np.trace(C@X@D@X)", "Trace(C*X*D*X)",
       "C @ X.rename(n='n2', n2='n3') @ D.rename(n='n3', n2='n4') @ X.rename(n='n4', n2='n')"),
    _e("tr(X^3)", "X", "np.trace(X@X@X)", ("Trace(X*X*X)", "Trace(X**3)"),
       "X @ X.rename(n='n2', n2='n3') @ X.rename(n='n3', n2='n')"),
    _e("a'*X*y", "X", "a@X@y", "a.T*X*y", "a @ X @ y.rename(n='n2')"),
    _e("a'*X'*X*y", "X", "a@X.T@X@y", "a.T*X.T*X*y", "(X @ a.rename(n='n2')) @ (X @ y.rename(n='n2'))"),
    _e("a'*X'*C*X*y", "X", "a@X.T@C@X@y", "a.T*X.T*C*X*y", "(X @ a.rename(n='n2')) @ C @ (X @ y.rename(n='n2')).rename(n='n2')"),
    # determinants and inverses
    _e("det(X)", "X", "np.linalg.det(X)", "Determinant(X)", "F.det(X)"),
    _e("logdet(X)", "X", "np.linalg.slogdet(X)[1]", "log(Determinant(X))", "F.log(F.det(X))"),
    _e("det(C*X*D)", "X", "np.linalg.det(C@X@D)", "Determinant(C*X*D)",
       "F.det(C @ X.rename(n='n2', n2='n3') @ D.rename(n='n3', n2='n4'))"),
    _e("logdet(A'*A)", "A", "np.linalg.slogdet(A.T@A)[1]", "log(Determinant(A.T*A))", "F.log(F.det(A @ A.rename(n='n2')))"),
    _e("logdet(C + t*D)", "t", "np.linalg.slogdet(C + t*D)[1]", "log(Determinant(C + t*D))", "F.log(F.det(C + t @ D))"),
    _e("a'*inv(X)*y", "X", "a@np.linalg.inv(X)@y", "a.T*X.inv()*y", "a @ F.inverse(X).rename(n='n2', n2='n') @ y.rename(n='n2')"),
    _e("tr(C*inv(X))", "X", "np.trace(C@np.linalg.inv(X))", "Trace(C*X.inv())", "C @ F.inverse(X)"),
    _e("inv(C + t*D)", "t", "np.linalg.inv(C + t*D)", "(C + t*D).inv()", "F.inverse(C + t @ D).rename(n='n2', n2='n')"),
    _e("exp(-(x - a)'*inv(C)*(x - a)/2)", "x", "np.exp(-(x - a)@np.linalg.inv(C)@(x - a)/2)",
       ("exp(-Trace((x - a).T*C.inv()*(x - a))/2)", "(-(x - a).T*C.inv()*(x - a)/2).applyfunc(exp)"),
       "F.exp(-((x - a) @ F.inverse(C) @ (x - a).rename(n='n2'))/2)"),
    _e("inv(X)", "X", "np.linalg.inv(X)", "X.inv()", "F.inverse(X).rename(n='n2', n2='n')"),
    _e("X^2", "X", "X@X", ("X*X", "X**2"), "X @ X.rename(n='n2', n2='n3')"),
    _e("A*X*V", "X", "A@X@V", "A*X*V", "A @ X @ V.rename(n='n2')"),
    # factorisation
    _e("normF(A)^2", "A", "(A**2).sum()", "Trace(A.T*A)", "F.frobenius2(A)"),
    _e(_FACTORISATION[0], "U", *_FACTORISATION[1:]),
    _e(_FACTORISATION[0], "U, U", *_FACTORISATION[1:]),
    # functions of entries
    _e("x.*y", "x", "x*y", ("HadamardProduct(x, y)", "DiagMatrix(y)*x"), "x*y"),
    _e("exp(x)", "x", "np.exp(x)", "x.applyfunc(exp)", "F.exp(x)"),
    _e("tanh(A*x)", "x", "np.tanh(A@x)", "(A*x).applyfunc(tanh)", "F.tanh(A @ x)"),
    _e("sum(tanh(A*x))", "x", "np.tanh(A@x).sum()", "one_m.T*(A*x).applyfunc(tanh)", "F.sum(F.tanh(A @ x))"),
    _e("sum(exp(A*x))", "x, x", "np.exp(A@x).sum()", "one_m.T*(A*x).applyfunc(exp)", "F.sum(F.exp(A @ x))"),
    _e("sum(x.^3)", "x, x", "(x**3).sum()", ("one_n.T*x.applyfunc(Lambda(u, u**3))", "one_n.T*HadamardPower(x, 3)"), "F.sum(F.pow(x, 3))"),
    _e("-sum(p.*log(p))", "p", "-(p*np.log(p)).sum()", ("-p.T*p.applyfunc(log)", "-one_n.T*p.applyfunc(Lambda(u, u*log(u)))"),
       "-(p @ F.log(p))"),
    _e("sum(A.*W)", "W", "(A*W).sum()", ("one_m.T*HadamardProduct(A, W)*one_n",), "F.sum(A*W)"),
    _e("b'*(A.*W)*x", "W", "b@(A*W)@x", "b.T*HadamardProduct(A, W)*x", "b @ (A*W) @ x"),
    _e("x'*diag(y)*x", "y", "x@np.diag(y)@x", "x.T*DiagMatrix(y)*x", "x @ F.diag(y, ['n', 'n2']) @ x.rename(n='n2')"),
    _e("A.*exp(W)", "W", "A*np.exp(W)", "HadamardProduct(A, W.applyfunc(exp))", "A*F.exp(W)"),
    # learning
    _e("sum(log(1 + exp(-b.*(A*x))))", "x", "np.log1p(np.exp(-b*(A@x))).sum()", _LOGISTIC_SYMPY, _LOGISTIC_TENSORGRAD),
    _e("sum(log(1 + exp(-b.*(A*x))))", "x, x", "np.log1p(np.exp(-b*(A@x))).sum()", _LOGISTIC_SYMPY, _LOGISTIC_TENSORGRAD),
    _e("log(sum(exp(A*x)))", "x", "np.log(np.exp(A@x).sum())",
       ("(one_m.T*(A*x).applyfunc(exp)).applyfunc(log)", "log(Trace(one_m.T*(A*x).applyfunc(exp)))"), "F.log(F.sum(F.exp(A @ x)))"),
    _e("softmax(x)", "x", "np.exp(x)/np.exp(x).sum()",
       ("x.applyfunc(exp)*(one_n.T*x.applyfunc(exp))**-1", "x.applyfunc(exp)/Trace(one_n.T*x.applyfunc(exp))"), "F.softmax(x, dim='n')"),
    _e("-y'*log(softmax(x))", "x", "-y@np.log(np.exp(x)/np.exp(x).sum())", _CROSS_ENTROPY_SYMPY, "-(y @ F.log(F.softmax(x, dim='n')))"),
    _e("-y'*log(softmax(x))", "x, x", "-y@np.log(np.exp(x)/np.exp(x).sum())", _CROSS_ENTROPY_SYMPY, "-(y @ F.log(F.softmax(x, dim='n')))"),
    _e("sum(relu(A*x))", "x", "np.maximum(A@x, 0).sum()", "one_m.T*(A*x).applyfunc(Lambda(u, Max(0, u)))", "F.sum(F.relu(A @ x))"),
    _e("norm2(Y*x - Z*relu(W*x))^2", "W", "((Y@x - Z@np.maximum(W@x, 0))**2).sum()",
       ("(Y*x - Z*(W*x).applyfunc(Lambda(u, Max(0, u)))).T*(Y*x - Z*(W*x).applyfunc(Lambda(u, Max(0, u))))",),
       "F.frobenius2(Y @ x - Z @ F.relu(W @ x))"),
    _e("sum((x - mean(x)).^2)/n", "x", "x.var()", ("(x - one_n*one_n.T*x/n).T*(x - one_n*one_n.T*x/n)/n",),
       "F.mean(F.pow(x - F.mean(x, keepdims=True), 2))"),
    _e("(x - mean(x))/sqrt(var(x) + s)", "x", "(x - x.mean())/np.sqrt(x.var() + s)",
       ("(x - one_n*one_n.T*x/n)/sqrt(Trace((x - one_n*one_n.T*x/n).T*(x - one_n*one_n.T*x/n))/n + s)",
        "(x - one_n*one_n.T*x/n)*((x - one_n*one_n.T*x/n).T*(x - one_n*one_n.T*x/n)/n + s*OneMatrix(1, 1))**Rational(-1, 2)"),
       "(x - F.mean(x, keepdims=True))/F.sqrt(F.mean(F.pow(x - F.mean(x, keepdims=True), 2)) + s)"),
]
