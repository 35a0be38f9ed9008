//! The session of `examples/jupyter_kernel`: what cells show, what is refused, and help while one is written.

#[path = "../src/cli/json.rs"]
#[allow(dead_code, reason = "the command line needs more of it")]
mod json;
#[path = "../examples/jupyter_kernel/session/mod.rs"]
#[allow(dead_code, unused_imports, reason = "the kernel needs more of it")]
mod session;

use session::{State, complete, inspect, is_complete, run};

const LEAST_SQUARES: &str = "A : matrix(m, n); x : vector(n)\nb : vector(m)\nf = norm2(A*x - b)^2\ng = diff(f, x)";

/// The state after these cells, and what the last of them shows, as plain text, or says is wrong.
fn after(cells: &[&str]) -> (State, String) {
    let mut state = State::default();
    let mut last = String::new();
    for cell in cells {
        let mut shown = Vec::new();
        let outcome = run(&mut state, cell, |s| shown.push(s.plain));
        shown.extend(outcome.err().map(|f| format!("{}: {}", f.kind, f.message)));
        last = shown.join("\n");
    }
    (state, last)
}

/// What the last cell shows or is refused with, of every line of a table.
fn hold(table: &[(&[&str], &str)]) {
    let wrong = table.iter().filter_map(|(cells, wanted)| {
        let seen = after(cells).1;
        (seen != *wanted).then(|| format!("{cells:?}\n  shows  {seen:?}\n  wanted {wanted:?}"))
    });
    let wrong: Vec<String> = wrong.collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn cells() {
    let table: &[(&[&str], &str)] = &[
        (&[LEAST_SQUARES], "f = norm2(A*x - b)^2\ng = 2*A'*(A*x - b)"),
        (&[LEAST_SQUARES, "g"], "2*A'*(A*x - b)"),
        (&[LEAST_SQUARES, "diff(g, x)"], "2*A'*A"),
        (&[LEAST_SQUARES, "diff(diff(f, x), x)"], "2*A'*A"),
        (&[LEAST_SQUARES, "check g == 2*A'*(A*x - b)"], "equal\n    2*A'*(A*x - b)"),
        (&[LEAST_SQUARES, "solve g = 0 for x"], "x = inv(A'*A)*A'*b\nthe only solution, if A'*A is invertible"),
        (&[LEAST_SQUARES, "h = f; h2 = h"], "syntax: expected an operator, found `;`"),
        (&[LEAST_SQUARES, "h = f + lambda*norm2(x)^2", "diff(h, x)"], "2*(A'*(A*x - b) + lambda*x)\nassuming lambda: scalar"),
        // A cell runs again, a name is defined again, also by itself.
        (&[LEAST_SQUARES, LEAST_SQUARES], "f = norm2(A*x - b)^2\ng = 2*A'*(A*x - b)"),
        (&[LEAST_SQUARES, "f = f/2", "diff(f, x)"], "A'*(A*x - b)"),
        (&["x : vector(3)", "x : vector(n)", "diff(x'*x, x)"], "2*x"),
        // Statements go on where a bracket is open, an operator stands at the end, or the next line is indented.
        (&["sum(\nx)"], "sum(x)\nassuming x: vector(n)"),
        (&["s + s +\ns"], "3*s\nassuming s: vector(n)"),
        (&["u'*v\n  where v = 2*u"], "2*norm2(u)^2\nassuming u: vector(n)"),
        (&["# a remark\n\n2 + 3;  # another"], "5"),
        // A sign before an operand makes no variable of a verb.
        (&["names - names"], "zeros(n)\nassuming names: vector(n)"),
        // LaTeX and mathematics in Unicode, and names that stand for formulas in them.
        (
            &[LEAST_SQUARES, r"check \nabla_x f == 2 A^\top (A x - b)"],
            "equal\n    diff(norm2(A*x - b)^2, x)\n  = 2*A'*(A*x - b)   derivative",
        ),
        (&[LEAST_SQUARES, "ℓ = ½‖Ax − b‖²", "∂ℓ/∂x"], "A'*(A*x - b)"),
        (&[LEAST_SQUARES, "λ : scalar > 0\nμ = f + λ‖x‖²", "diff(μ, x)"], "2*(A'*(A*x - b) + λ*x)"),
        // Only what a statement speaks of is declared for it.
        (&["x : vector(n); q : scalar", "draw -x"], "-x\n  − {x[i]}[i]"),
        (&["names"], ""),
        (
            &["S : symmetric(n); c : scalar > 0; h : function(vector(n)) -> scalar", "names"],
            "S: symmetric(n)\nc: scalar > 0\nh: function(vector(n)) -> scalar",
        ),
        (&["x : vector(n); h : function(vector(n)) -> scalar", "q = h(x)^2", "diff(q, x)"], "2*h(x)*D(h)(x)"),
        // What was run before a failure stays.
        (&["k = 2\nk*", "k"], "2"),
    ];
    hold(table);
}

#[test]
fn refusals() {
    let table: &[(&[&str], &str)] = &[
        (&["x : vector(n)\nx*x"], "shape: cannot multiply x: vector(n) by x: vector(n): both are columns"),
        (&[LEAST_SQUARES, "x = 3"], "name: `x` is declared and cannot stand for a formula"),
        (&[LEAST_SQUARES, "f : scalar"], "name: `f` stands for a formula and cannot be declared"),
        (&["f = u'*u", "u = 3"], "name: `u` is a variable of `f` and cannot stand for a formula"),
        (&["f = f + 1"], "name: `f` would be defined by itself"),
        (&["check x"], "syntax: write `check LEFT == RIGHT`"),
        (&["explain x'*x"], "domain: this is no derivative"),
        (&["solve A*x = b"], "syntax: write `solve LEFT = RIGHT for X`"),
        (&["?nothing_at_all"], "name: nothing is known of `nothing_at_all`"),
        (
            &["draw a1[i]*a2[i]*a3[i]*a4[i]*a5[i]*a6[i]*a7[i]*a8[i]*a9[i]*b1[i]*b2[i]*b3[i]*b4[i]"],
            "limit: a picture of 13 factors cannot be read",
        ),
    ];
    hold(table);
}

#[test]
fn verification() {
    let shown = after(&["verify diff(sum(exp(z)), z)"]).1;
    assert!(shown.starts_with("exp(z)\nassuming z: vector(n)\nverified at 6 random points, largest relative error "), "{shown}");
}

/// The place of an error is that in the cell, not in its line.
#[test]
fn errors_are_drawn_into_the_cell() {
    let mut state = State::default();
    let failure = run(&mut state, "x : vector(n)\ncheck x == x*x\n", |_| {}).unwrap_err();
    assert!(failure.drawn.contains("[ cell:2:12 ]"), "{}", failure.drawn);
    assert!(failure.drawn.contains(" 2 │ check x == x*x"), "{}", failure.drawn);
    let failure = run(&mut state, "ü = 1\nf = x'*x\ndiff(f*x, x)*y*", |_| {}).unwrap_err();
    assert!(failure.drawn.contains("[ cell:3:"), "{}", failure.drawn);
}

#[test]
fn a_definition_that_doubles_ends_at_a_limit() {
    let mut state = State::default();
    let first = format!("d = sin({})", vec!["z"; 300].join(".*"));
    let outcome =
        [first.as_str(), "d = d.*d", "d = d.*d", "d = d.*d", "d = d.*d"].iter().find_map(|cell| run(&mut state, cell, |_| {}).err());
    assert_eq!(outcome.map(|f| f.kind).as_deref(), Some("limit"));
}

#[test]
fn completion() {
    let (state, _) = after(&[LEAST_SQUARES, "gradient = g"]);
    let matches = |cell: &str| complete(&state, cell, cell.len()).matches;
    assert_eq!(matches("gr"), ["gradient"]);
    assert_eq!(matches("2*logd"), ["logdet"]);
    assert_eq!(matches("exp"), ["exp", "explain", "expm", "expm1"]);
    assert_eq!(matches("1 + exp"), ["exp", "expm", "expm1"]);
    assert_eq!(matches("Q : sym"), ["sym", "symmetric"]);
    assert_eq!(matches("?trace_mul_c"), ["trace_mul_comm", "trace_mul_cycle"]);
    assert_eq!((complete(&state, "ü + logd", 9).start, complete(&state, "ü + logd", 9).end), (5, 9));
}

#[test]
fn inspection() {
    let (state, _) = after(&[LEAST_SQUARES]);
    let known = |name: &str| inspect(&state, name).unwrap_or_default();
    assert_eq!(known("A"), "A: matrix(m, n)");
    assert_eq!(known("g"), "g = 2*A'*(A*x - b)\n  asked: diff(norm2(A*x - b)^2, x)");
    assert!(known("logdet").contains("[d_logdet]"), "{}", known("logdet"));
    assert!(known("tanh").contains("d tanh(u)/du"), "{}", known("tanh"));
    assert!(known("trace_mul_comm").starts_with("[trace_mul_comm] tr(A*B) => tr(B*A)"));
    assert!(known("check").starts_with("check LEFT == RIGHT"));
    assert_eq!(inspect(&state, ""), None);
}

#[test]
fn completeness() {
    for (cell, whole) in
        [("f = x'*x", true), ("f = sum(", false), ("a + ", false), ("", true), ("[a;\n b", false), ("x'", true), ("u where", false)]
    {
        assert_eq!(is_complete(cell), whole, "{cell}");
    }
}

/// A product of factors as `draw` writes it, `{A[i,j]·x[j]}[i]`, as a sum over all indices that are not open.
fn sum(product: &str) -> String {
    let (product, open) = product.strip_prefix('{').and_then(|p| p.split_once('}')).unwrap_or((product, ""));
    // Ones only say that there is a sum.
    let factors: Vec<&str> = product.split('·').filter(|f| !f.starts_with("1[")).collect();
    let indices = |factor: &str| -> Vec<String> {
        factor.split_once('[').map(|(_, inner)| inner.trim_end_matches(']').split(',').map(str::to_owned).collect()).unwrap_or_default()
    };
    let mut summed: Vec<String> = factors.iter().flat_map(|f| indices(f)).filter(|i| !indices(open).contains(i)).collect();
    summed.sort();
    summed.dedup();
    let sum = summed.iter().fold(factors.join("*"), |inner, i| format!("sum({i}, {inner})"));
    if open.is_empty() { sum } else { format!("{{{sum}}}{open}") }
}

/// All terms: signs, numbers, and products.
fn sums(network: &str) -> String {
    let of = |part: &str| match part {
        "+" => " + ".to_owned(),
        "−" => " - ".to_owned(),
        _ if part.contains('[') => sum(part),
        number => number.replace('·', "*") + "*",
    };
    let all: String = network.split_whitespace().map(of).collect();
    all.strip_prefix(" - ").map_or(all.clone(), |rest| format!("-{rest}"))
}

/// A network is the sum over its inner indices, and that is the expression.
#[test]
fn networks_mean_their_expressions() {
    let declarations =
        "A, E, F : matrix(m, n); B : matrix(n, n); C : matrix(m, m); x, y : vector(n); u, v : vector(m); c : scalar; T : tensor(m, n, n)";
    let expressions = [
        "A*B*x",
        "x'*B*y",
        "tr(A*B*A'*C)",
        "tr(B)",
        "x*u'",
        "A.*E.*F",
        "sum(A.*E)",
        "sum(A*x)",
        "diag(u)*A*diag(x)",
        "diag(A*E')",
        "diag(B)",
        "u'*(A.*E)*x",
        "normF(A*B)^2",
        "norm2(x)^2",
        "x.^2.*y",
        "B^3*x",
        "inner(A, E)",
        "outer(x, u)",
        "T[i,j,k]*x[j]*y[k]",
        "{T[i,j,k]*B[k,l]}[i,l,j]",
        "(x'*y)*(u'*A*x)*B",
        "2*x'*B*x/3 - 4*x'*y",
        "-A/2 + u*x'",
        "dot(x, y)*tr(B)*A",
        "(A*x)'*u",
        "x'*diag(y)*B*diag(x)*y",
    ];
    for expression in expressions {
        let drawn = after(&[declarations, &format!("draw {expression}")]).1;
        let network = drawn.lines().nth(1).unwrap_or_default();
        let verdict = after(&[declarations, &format!("check {} == {expression}", sums(network))]).1;
        assert!(verdict.starts_with("equal"), "{expression}: {drawn}\n{verdict}");
    }
}

/// What the README shows of a cell runs.
#[test]
fn the_cell_of_the_readme() {
    let readme = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap();
    let (_, rest) = readme.split_once("what it declares and defines stays:\n\n```text\n").unwrap();
    let cell = rest.split("```").next().unwrap();
    let mut shown = Vec::new();
    run(&mut State::default(), cell, |s| shown.push(s.plain)).unwrap();
    assert_eq!(shown[1..3], ["g = 2*A'*(A*x - b)", "equal\n    2*A'*(A*x - b)"]);
    assert_eq!(shown.len(), 6);
}

/// The text with each picture reduced to what is written in it.
fn without_pictures(text: &str) -> String {
    let mut parts = text.split("<svg");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |mut all, part| {
        let (picture, rest) = part.split_once("</svg>").unwrap_or((part, ""));
        let labels: Vec<&str> = picture.split("<text").skip(1).filter_map(|p| p.split(['>', '<']).nth(1)).collect();
        all += &format!("(picture: {}){rest}", labels.join(" "));
        all
    })
}

/// Formulas in each form: what front ends draw.
#[test]
fn forms() {
    let (mut state, _) = after(&[LEAST_SQUARES]);
    let mut all = String::new();
    let cell = "g\ndiff(a'*x, x)\ncheck x'*A' == A*x\ncheck A*x - b == -(b - A*x)\nexplain g\nsolve g = 0 for x\ndraw tr(P*Q*R)\ndraw P*u";
    let outcome = run(&mut state, cell, |s| {
        let part = |name: &str, text: Option<&str>| text.map(|t| format!("{name}: {t}\n")).unwrap_or_default();
        let keys = s.json.as_ref().and_then(|j| j.as_object()).map(|o| o.keys().cloned().collect::<Vec<_>>().join(" "));
        all += &format!(
            "{}\n{}{}{}{}\n",
            s.plain,
            part("latex", s.latex.as_deref()),
            part("html", s.html.as_deref()),
            part("svg", s.svg.as_deref()),
            part("json", keys.as_deref())
        );
    });
    all += &outcome.err().map(|f| f.drawn).unwrap_or_default();
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../snapshots");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!("session_forms", without_pictures(&all)));
}
