//! Products of a derivative with directions: the formula, what it reads back as, and central differences.

use indicial::{Answer, Convention, Declarations, Engine, Notation, Result, parse};

/// Declarations, the product, F, its variables, the directions in the same order, and what the answer reads.
type Line = (&'static str, &'static str, &'static str, &'static str, &'static str, &'static str);

const PRODUCTS: &[Line] = &[
    // The losses of textbooks.
    (
        "X: matrix(m, n); y: vector(m); w: vector(n)",
        "hvp",
        "sum(log(1 + exp(-y.*(X*w))))",
        "w",
        "v",
        "X'*(y.^2.*t1.*(1 - t1).*(X*v)) where t1 = sigmoid(-y.*(X*w))",
    ),
    ("", "hvp", "normF(T - U*V')^2", "U", "W", "2*W*V'*V"),
    ("", "hvp", "norm2(A*x - b)^2", "x", "v", "2*A'*A*v"),
    ("", "hvp", "-y'*log(softmax(z))", "z", "v", "sum(y)*softmax(z).*(v - v'*softmax(z))"),
    ("", "hvp", "logsumexp(z)", "z", "v", "softmax(z).*(v - v'*softmax(z))"),
    ("X: matrix(n, n)", "hvp", "logdet(X)", "X", "V", "-(inv(X)*V*inv(X))'"),
    ("x: vector(n)", "hvp", "x'*A*x", "x", "v", "(A + A')*v"),
    ("x: vector(n)", "hvp", "sum(exp(x))", "x", "v", "v.*exp(x)"),
    ("t: scalar", "hvp", "sin(t)", "t", "s", "-s*sin(t)"),
    ("f: function(vector(m)) -> scalar; A: matrix(m, n)", "hvp", "f(A*x)", "x", "v", "A'*D(D(f))(A*x)*A*v"),
    // A direction is constant, also where it is made of the variable.
    ("x: vector(n)", "hvp", "x'*A*x", "x", "x", "(A + A')*x"),
    ("x: vector(n)", "hvp", "sum(x.^3)", "x", "x", "6*x.^2"),
    ("x: vector(n)", "jvp", "x'*x", "x", "2*x", "4*norm2(x)^2"),
    // Matrices by matrices, whose derivatives have four axes.
    ("X: matrix(n, n)", "jvp", "inv(X)", "X", "V", "-inv(X)*V*inv(X)"),
    ("X: matrix(n, n)", "vjp", "inv(X)", "X", "V", "-inv(X)'*V*inv(X)'"),
    ("", "jvp", "A*X*B", "X", "V", "A*V*B"),
    ("", "vjp", "A*X*B", "X", "V", "A'*V*B'"),
    ("X: matrix(m, n)", "vjp", "exp(X)", "X", "V", "V.*exp(X)"),
    ("X: matrix(n, n)", "jvp", "det(X)", "X", "V", "det(X)*tr(V*inv(X))"),
    ("X: matrix(m, n)", "vjp", "X'*X", "X", "V", "X*(V + V')"),
    // Other shapes.
    ("", "jvp", "softmax(x)", "x", "v", "softmax(x).*(v - v'*softmax(x))"),
    ("", "vjp", "A*x", "x", "v", "A'*v"),
    ("r: row(n); A: matrix(n, m)", "jvp", "r*A", "r", "v", "v*A"),
    ("r: row(n); A: matrix(n, m)", "vjp", "r*A", "r", "v", "v*A'"),
    ("t: scalar; A: matrix(n, n); B: matrix(n, n)", "vjp", "A + t*B", "t", "V", "tr(B*V')"),
    ("t: scalar; A: matrix(n, n); B: matrix(n, n)", "jvp", "A + t*B", "t", "s", "s*B"),
    ("", "jvp", "A[i,j]*x[j]", "x", "v", "A*v"),
    ("T: tensor(m, n, p); x: vector(p)", "jvp", "{T[i,j,k]*x[k]}[i,j]", "T", "W", "{W[i,j,k]*x[k]}[i,j]"),
    // Several variables: the sum.
    ("", "jvp", "U*V'", "U, V", "W, Z", "U*Z' + W*V'"),
    ("x: vector(n); y: vector(n)", "jvp", "x'*y", "x, y", "v, v", "v'*(x + y)"),
    // Parts.
    ("x: vector(n); A: matrix(n, n)", "jvp", "A*x", "x[1:k]", "v", "A[:,1:k]*v"),
    ("X: matrix(n, n)", "vjp", "X*X", "X[1:k,:]", "V", "(V*X' + X'*V)[1:k,:]"),
    ("X: matrix(n, n)", "hvp", "logdet(X)", "X[1:k,1:k]", "V", "-(t1*V*t1)' where t1 = inv(X)[1:k,1:k]"),
    ("x: vector(n)", "jvp", "sum(x.^2)", "x[1:k], x[2]", "v, s", "2*x'*(s*unit(2, n) + [v; zeros(n-k)])"),
    // The direction of a structured variable is projected.
    ("S: symmetric(n)", "hvp", "tr(A*S*S)", "S", "V", "sym((A + A')*V)"),
    ("S: symmetric(n); V: matrix(n, n)", "jvp", "tr(A*S)", "S", "V", "tr(A*(V + V'))/2"),
    ("S: symmetric(n); V: matrix(n, n)", "jvp", "inv(S)", "S", "V", "-inv(S)*(V + V')*inv(S)/2"),
    ("P: posdef(n)", "hvp", "logdet(P)", "P", "V", "-inv(P)*V*inv(P)"),
    ("L: lower(n)", "hvp", "logdet(L)", "L", "V", "-diag(diag(V)./diag(L).^2)"),
    ("D: diagonal(n); A: matrix(n, n)", "vjp", "A*D", "D", "V", "diag(diag(V'*A))"),
    ("Q: orthogonal(n); A: matrix(n, n)", "jvp", "tr(A*Q)", "Q", "V", "tr(A*V)"),
    // What does not move.
    ("x: vector(n); y: vector(n)", "hvp", "a'*x", "x", "v", "zeros(n)"),
    ("x: vector(n); y: vector(n)", "jvp", "y'*y", "x", "v", "0"),
];

fn ask(engine: &Engine, (declarations, product, f, by, directions, _): &Line) -> Result<Answer> {
    let declarations = Declarations::parse(declarations)?;
    let read = |text: &str| parse(text, &declarations);
    let all = |texts: &str| texts.split(", ").map(read).collect::<Result<Vec<_>>>();
    let (f, by, directions) = (read(f)?, all(by)?, all(directions)?);
    match *product {
        "jvp" => engine.jvp(&f, &by.into_iter().zip(directions).collect::<Vec<_>>(), &declarations),
        "vjp" => engine.vjp(&f, &by[0], &directions[0], &declarations),
        _ => engine.hvp(&f, &by[0], &directions[0], &declarations),
    }
}

#[test]
fn products_read_as_in_a_textbook() {
    let mut bad = Vec::new();
    for line in PRODUCTS {
        let verdicts = match ask(&Engine::new(), line) {
            Ok(answer) => vec![crate::text(&answer, line.5), crate::derivative(&answer), crate::reads_back(&answer)],
            Err(e) => vec![Err(e.to_string())],
        };
        bad.extend(verdicts.into_iter().filter_map(Result::err).map(|e| format!("{line:?}:\n    {e}")));
    }
    assert!(bad.is_empty(), "{}", bad.join("\n"));
}

#[test]
fn the_product_by_a_structured_variable_is_that_of_its_convention() {
    let mut bad = Vec::new();
    for line in PRODUCTS.iter().filter(|line| line.0.contains("(n);") && line.0.contains(": symmetric") || line.3 == "Q") {
        for convention in [Convention::Free, Convention::Tangent] {
            let answer = ask(&Engine::new().structure(convention).notation(Notation::Index), line).unwrap();
            bad.extend(crate::derivative(&answer).err().map(|e| format!("{line:?}, {convention}: {e}")));
        }
    }
    assert!(bad.is_empty(), "{}", bad.join("\n"));
}

/// The product is the derivative that `diff` gives, times the direction: by the value of both.
#[test]
fn a_product_is_the_derivative_times_the_direction() {
    let declarations = Declarations::parse("A: matrix(m, n); x: vector(n); v: vector(n); y: vector(m); u: vector(m)").unwrap();
    let read = |text: &str| parse(text, &declarations).unwrap();
    for f in ["A*x", "A*exp(x)", "softmax(A*x)", "y.*(A*x).^3", "max(0, A*x)", "norm2(x)*A*x"] {
        let product = Engine::new().jvp(&read(f), &[(read("x"), read("v"))], &declarations).unwrap();
        let formed = Engine::new().simplify(&read(&format!("diff({f}, x)*v")), &declarations).unwrap();
        crate::value(&product, &formed.to_string()).unwrap();
        let product = Engine::new().vjp(&read(f), &read("x"), &read("u"), &declarations).unwrap();
        let formed = Engine::new().simplify(&read(&format!("diff({f}, x)'*u")), &declarations).unwrap();
        crate::value(&product, &formed.to_string()).unwrap();
    }
}
