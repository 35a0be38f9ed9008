use super::*;
use crate::expr::{Op, Subscript};

/// The tree as nested calls.
fn tree(e: &Expr) -> String {
    let all = |name: &str, cs: &[Expr]| format!("{name}({})", cs.iter().map(tree).collect::<Vec<_>>().join(", "));
    let two = |name: &str, a: &Expr, b: &Expr| format!("{name}({}, {})", tree(a), tree(b));
    match e.op() {
        Op::Number(n) => n.to_string(),
        Op::Constant(c) => format!("#{}", c.name()),
        Op::Var(v) => v.name.to_string(),
        Op::Size(d) => format!("size({d})"),
        Op::Neg(a) => format!("neg({})", tree(a)),
        Op::Add(cs) => all("add", cs),
        Op::Mul(cs) => all("mul", cs),
        Op::Had(cs) => all("had", cs),
        Op::Kron(a, b) => two("kron", a, b),
        Op::Div(a, b) => two("div", a, b),
        Op::HadDiv(a, b) => two("haddiv", a, b),
        Op::LeftDiv(a, b) => two("leftdiv", a, b),
        Op::Pow(a, b) => two("pow", a, b),
        Op::HadPow(a, b) => two("hadpow", a, b),
        Op::Transpose(a) => format!("t({})", tree(a)),
        Op::Call(f, cs) => all(f.name(), cs),
        Op::Apply { function, arguments } => all(&function.to_string(), arguments),
        Op::Subscript(a, s) => format!("{}[{}]", tree(a), subscripts(s)),
        Op::Delta(s) => format!("delta[{}]", subscripts(s)),
        Op::LeviCivita(s) => format!("eps[{}]", subscripts(s)),
        Op::IndexSum(i, a) => format!("over({i}, {})", tree(a)),
        Op::Braces(a, o) => {
            let o: Vec<String> = o.iter().map(|(i, d)| d.map_or(i.to_string(), |d| format!("{i}:{d}"))).collect();
            format!("{{{}}}[{}]", tree(a), o.join(","))
        }
        Op::Diff(a, b) => two("diff", a, b),
        Op::Block(rows) => all("block", &rows.iter().map(|r| Expr::new(Op::Had(r.clone()))).collect::<Vec<_>>()),
    }
}

fn subscripts(all: &[Subscript]) -> String {
    let show = |s: &Subscript| match s {
        Subscript::Index(i) => i.to_string(),
        Subscript::At(e) => format!("@{}", tree(e)),
        Subscript::All => ":".to_owned(),
        Subscript::Range(a, b) => format!("{}:{}", tree(a), tree(b)),
    };
    all.iter().map(show).collect::<Vec<_>>().join(",")
}

fn read(declarations: &str, text: &str) -> String {
    match parse(text, &Declarations::parse(declarations).unwrap()) {
        Ok(expr) => tree(&expr),
        Err(e) => format!("{}: {}", e.kind, e.message),
    }
}

#[test]
fn operators_bind_as_the_language_says() {
    for (text, expected) in [
        ("A*B*C", "mul(A, B, C)"),
        ("A*(B*C)", "mul(A, mul(B, C))"),
        ("(A*B)*C", "mul(A, B, C)"),
        ("(a[i]*b[i])*c", "mul(mul(a[i], b[i]), c)"),
        ("(A.*B)*C", "mul(had(A, B), C)"),
        ("A.*B.*C", "had(A, B, C)"),
        ("a*x/b*c", "mul(div(mul(a, x), b), c)"),
        ("Q'*Q.*A", "had(mul(t(Q), Q), A)"),
        ("a - b + c", "add(a, neg(b), c)"),
        ("a - (b - c)", "add(a, neg(add(b, neg(c))))"),
        ("-A*B + C", "add(neg(mul(A, B)), C)"),
        ("a*-b", "mul(a, neg(b))"),
        ("--x", "neg(neg(x))"),
        ("+x", "x"),
        ("-x^2", "neg(pow(x, 2))"),
        ("x^-2*y", "mul(pow(x, -2), y)"),
        ("x^a^b", "pow(x, pow(a, b))"),
        ("x.^2", "hadpow(x, 2)"),
        ("x.^y^2", "hadpow(x, pow(y, 2))"),
        ("a^b.^c", "hadpow(pow(a, b), c)"),
        ("x.^-1.*y", "had(hadpow(x, -1), y)"),
        ("A'^2", "pow(t(A), 2)"),
        ("A^B'", "pow(A, t(B))"),
        ("x''", "t(t(x))"),
        ("A/B", "div(A, B)"),
        ("A./B", "haddiv(A, B)"),
        ("A\\b", "leftdiv(A, b)"),
        ("A.\\B", "haddiv(B, A)"),
        ("A⊗B⊗C", "kron(kron(A, B), C)"),
        ("kron(A,B,C)", "kron(kron(A, B), C)"),
    ] {
        assert_eq!(read("", text), expected, "{text}");
    }
}

#[test]
fn numbers_are_exact() {
    for (text, expected) in [
        ("0.5", "1/2"),
        (".5*x", "mul(1/2, x)"),
        ("1e-3", "1/1000"),
        ("1/2*x", "mul(1/2, x)"),
        ("-1/2", "-1/2"),
        ("x^(1/2)", "pow(x, 1/2)"),
        ("2.*x", "had(2, x)"),
        ("2.^x", "hadpow(2, x)"),
        ("1.5e+2", "150"),
        ("2e", "syntax: expected an operator, found `e`"),
        ("1/0", "domain: 1 is divided by 0"),
    ] {
        assert_eq!(read("", text), expected, "{text}");
    }
}

#[test]
fn other_spellings_are_read() {
    for (text, expected) in [
        ("Aᵀ·x − y", "add(mul(t(A), x), neg(y))"),
        ("A⊙B", "had(A, B)"),
        ("A×B @ C", "mul(A, B, C)"),
        ("A′*B.'", "mul(t(A), t(B))"),
        ("X^T*y", "mul(t(X), y)"),
        ("X^⊤*y", "mul(t(X), y)"),
        ("x² + X⁻¹", "add(pow(x, 2), pow(X, -1))"),
        ("A⁻ᵀ", "t(pow(A, -1))"),
        ("x**2", "pow(x, 2)"),
        ("√x", "sqrt(x)"),
        ("√(x + 1)*y", "mul(sqrt(add(x, 1)), y)"),
        ("‖A*x‖^2", "pow(norm(mul(A, x)), 2)"),
        ("‖x‖₁ + ‖X‖_F", "add(norm1(x), normF(X))"),
        ("λ*x + π", "add(mul(λ, x), #pi)"),
        ("ln(x) + arcsin(y)", "add(log(x), asin(y))"),
        ("∑(i, x[i])", "over(i, x[i])"),
        ("δ[i,j]", "delta[i,j]"),
        ("trace(A)", "tr(A)"),
        ("transpose(A)", "t(A)"),
    ] {
        assert_eq!(read("", text), expected, "{text}");
    }
    assert_eq!(read("lambda: scalar", "λ"), "lambda");
}

#[test]
fn names_are_resolved() {
    let declared = "T: matrix(n, n); gamma: scalar; pi: scalar; f: function(scalar) -> scalar; x: vector(n)";
    for (text, expected) in [
        ("X^T", "pow(X, T)"),
        ("gamma*pi", "mul(gamma, pi)"),
        ("inf", "#inf"),
        ("sum(x)/n", "div(sum(x), size(n))"),
        ("f.(x)", "f.(x)"),
        ("exp.(x)", "exp(x)"),
        ("f(n)", "f(size(n))"),
        ("gamma(x)", "name: `gamma` is a variable, not a function"),
        ("f", "name: `f` is a function and needs its arguments"),
        ("exp*x", "name: `exp` is a function and needs its arguments"),
        ("sofmax(x)", "name: unknown function `sofmax`"),
        ("log(x, 2)", "syntax: `log` cannot take 2 arguments"),
        ("f(x, x)", "syntax: `f` cannot take 2 arguments"),
        ("det()", "syntax: `det` cannot take no arguments"),
        ("diff(x, x, n)", "diff(diff(x, x), size(n))"),
        ("D(f)", "syntax: expected the arguments of the derivative, found the end of the input"),
        ("D(f)(n)", "D(f)(size(n))"),
        ("D(D(f)).(x)", "D(D(f)).(x)"),
        ("D(f, 2)(n)", "syntax: expected the number of an argument of `f`, from 1 to 1, found `2`"),
    ] {
        assert_eq!(read(declared, text), expected, "{text}");
    }
    assert_eq!(read("", "psi*beta1"), "mul(psi, beta1)");
}

#[test]
fn indices_are_told_from_entry_numbers() {
    for (text, expected) in [
        ("A[i,j]*x[j]", "mul(A[i,j], x[j])"),
        ("A[2,3]", "A[@2,@3]"),
        ("A[i,:]", "A[i,:]"),
        ("A[1:k,1:k]", "A[1:k,1:k]"),
        ("(B*A)[2,1]", "mul(B, A)[@2,@1]"),
        ("x[k] + k", "add(x[@k], k)"),
        ("x[n]", "x[@n]"),
        ("sum(n, x[n])", "over(n, x[n])"),
        ("{x[n]}[n]", "{x[n]}[n]"),
        ("A[i,n]*x[n]", "index: `n` is a dimension or a value, and cannot be an index, too"),
        ("sum(i, j, A[i,j])", "over(i, over(j, A[i,j]))"),
        ("sum(X, 2)", "sum(X, 2)"),
        ("sum(x)", "sum(x)"),
        ("{delta[i,k]*B[l,j]}[i:m, j, k, l]", "{mul(delta[i,k], B[l,j])}[i:m,j,k,l]"),
        ("{A[i,j]}[i,i]", "index: the index `i` is named twice"),
        ("eps[i,j,k]", "eps[i,j,k]"),
        ("delta[i]", "index: `delta` takes two indices, not 1"),
        ("[A, B; C', 0]", "block(had(A, B), had(t(C), 0))"),
    ] {
        assert_eq!(read("x: vector(n)", text), expected, "{text}");
    }
}

#[test]
fn definitions_are_put_in_place() {
    for (text, expected) in [
        ("a'*t1 where t1 = inv(A)*x", "mul(t(a), mul(inv(A), x))"),
        ("t where t = s + 1; s = u*u; u = 3", "add(mul(3, 3), 1)"),
        ("t where s = u; u = 3;\nt = s", "3"),
        ("t + s where\n t = 1\n s = 2", "add(1, 2)"),
        ("t where t = s; s = t", "name: `t` is defined by itself"),
        ("t where t = 1; t = 2", "name: `t` is defined twice"),
        ("x where x = 1", "name: `x` is declared, and defined after `where`"),
        ("y where", "syntax: `where` needs definitions after it"),
        ("y where y = (1", "syntax: `(` is never closed"),
        ("y where z = 1 +", "syntax: expected an expression, found the end of the input"),
    ] {
        assert_eq!(read("x: vector(n)", text), expected, "{text}");
    }
}

#[test]
fn definitions_are_shared() {
    let expr = parse("t*t where t = A*x", &Declarations::new()).unwrap();
    let Op::Mul(factors) = expr.op() else { panic!("{expr:?}") };
    assert!(factors[0].same_node(&factors[1]));
}

#[test]
fn limits_are_errors() {
    for text in [
        "(".repeat(100_000),
        format!("{}x{}", "(".repeat(1_000), ")".repeat(1_000)),
        "-".repeat(2_000) + "x",
        format!("x{}", "'".repeat(2_000)),
        "x^".repeat(2_000) + "x",
        "√".repeat(2_000) + "x",
        "x*x'*".repeat(100_000),
        "x".repeat((1 << 20) + 1),
        "1e99999".to_owned(),
        (0..600).map(|i| format!("t{i} = t{}'; ", i + 1)).fold("t0 where ".to_owned(), |text, d| text + &d) + "t600 = x",
    ] {
        let error = parse(&text, &Declarations::new()).unwrap_err();
        assert_eq!(error.kind, ErrorKind::Limit, "{}", error.message);
        assert!(error.message.contains("limit"), "{}", error.message);
    }
}

#[test]
fn the_deepest_nesting_allowed_is_read() {
    let text = format!("{}x{}", "(".repeat(490), ")".repeat(490));
    assert_eq!(read("", &text), "x");
    assert_eq!(parse(&format!("x{}", "'".repeat(490)), &Declarations::new()).unwrap().depth(), 491);
}

#[test]
fn places_are_those_of_the_text() {
    let expr = parse("a + inv( A )*x", &Declarations::new()).unwrap();
    let Op::Add(terms) = expr.op() else { panic!("{expr:?}") };
    assert_eq!(terms[1].span(), Some(crate::error::Span::new(4, 14)));
}
