//! Closed forms of derivatives: each line of a `.cases` file is an input, what it is differentiated by, and declarations; what
//! is answered stands below it.
//!
//! The text of every answer is read back and held against central differences of the input, those of a second derivative against
//! differences of the first, and every Fréchet derivative within it against the definition by block matrices.
//!
//! `UPDATE_CASES=1 cargo test --test matrix_functions` writes what is answered; read the difference before you keep it.

use crate::{assert_close, frechet};
use indicial::{Answer, Call, Declarations, Engine, Expr, Function, Inputs, Notation, Op, Scope, evaluate, infer, parse};
use indicial::{kronecker_form, numeric_derivative};
use ndarray::{Array2, ArrayD, Ix2};
use std::fmt::Write;
use std::path::PathBuf;

/// Points at which values are compared, of a second derivative half of them.
const POINTS: usize = 2;
/// Relative to the largest entry; differences of a function near a singularity of its derivative are no better.
const TOLERANCE: f64 = 1e-6;

const FILES: [&str; 6] = ["frechet.cases", "inverses.cases", "powers.cases", "roots.cases", "spectra.cases", "equations.cases"];

/// A line of a file.
struct Case<'a> {
    line: &'a str,
    input: &'a str,
    wrt: Vec<&'a str>,
    declarations: &'a str,
}

impl<'a> Case<'a> {
    /// The cases of a text, without what is answered.
    fn all(text: &'a str) -> impl Iterator<Item = Case<'a>> {
        text.lines().filter(|line| !line.starts_with([' ', '#']) && !line.is_empty()).map(|line| {
            let parts: Vec<&str> = line.split('|').map(str::trim).collect();
            let [input, wrt, declarations] = parts[..] else { panic!("{line}: three parts") };
            Case { line, input, wrt: wrt.split_whitespace().collect(), declarations }
        })
    }

    fn derivative(&self, wrt: &[&str]) -> Answer {
        let answer = || {
            let declarations = Declarations::parse(self.declarations)?;
            let wrt = wrt.iter().map(|x| parse(x, &declarations)).collect::<Result<Vec<Expr>, _>>()?;
            Engine::new().derivative(&parse(self.input, &declarations)?, &wrt, &declarations)
        };
        answer().unwrap_or_else(|e| panic!("{}: {e}", self.line))
    }
}

fn path(file: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/matrix_functions").join(file)
}

/// Holds a file against what is answered to its lines.
fn replay(file: &str) {
    let wanted = std::fs::read_to_string(path(file)).unwrap();
    let mut found = String::new();
    let mut bad = Vec::new();
    for line in wanted.lines().filter(|line| !line.starts_with(' ')) {
        let _ = writeln!(found, "{line}");
        for case in Case::all(line) {
            let answer = case.derivative(&case.wrt);
            let _ = writeln!(found, "    {answer}");
            bad.extend(check(&case, &answer).err().map(|e| format!("{line}\n    {answer}\n    {e}")));
        }
    }
    if std::env::var_os("UPDATE_CASES").is_some() {
        std::fs::write(path(file), &found).unwrap();
    }
    assert!(bad.is_empty(), "{} of {file}:\n{}", bad.len(), bad.join("\n"));
    assert_eq!(found, wanted, "{file}");
}

fn check(case: &Case, answer: &Answer) -> Result<(), String> {
    let declarations = answer.declarations();
    let read = parse(&answer.to_string(), &declarations).and_then(|read| infer(&read, &declarations)).map_err(|e| e.to_string())?;
    if is_unresolved(&answer.formula.inlined()) {
        return Err("what is left to be differentiated or integrated is no closed form".into());
    }
    // What is differentiated last is known to be right: it is the input, that without its integrals, which `tests/integrals`
    // holds against quadrature, or the answer of an order less.
    let known = match case.wrt.len() {
        1 if any_call(&answer.input, &mut |call| call == Call::Integral) => case.derivative(&[]).typed(),
        0 | 1 => infer(&answer.input, &declarations),
        order => case.derivative(&case.wrt[..order - 1]).typed(),
    };
    let known = known.map_err(|e| e.to_string())?;
    let last = answer.wrt.len().checked_sub(1).map(|last| &answer.wrt[last..]).unwrap_or_default();
    let wanted = |at: &Inputs| {
        let derivative = numeric_derivative(&|at| evaluate(&known, at), last, at)?;
        let rows = derivative.ndim() - last.iter().map(|v| v.axes().len()).sum::<usize>();
        if answer.notation == Notation::Kronecker { kronecker_form(&derivative, rows) } else { Ok(derivative) }
    };
    let scope = Scope::of(&[&known, &read]);
    let seen = scope.compare(&wanted, &|at| evaluate(&read, at), POINTS / case.wrt.len().max(1), TOLERANCE).map_err(|e| e.to_string())?;
    if !seen.ok {
        return Err(format!("off by {:.1e}", seen.max_relative_error));
    }
    for part in [&answer.input, &answer.formula.inlined()] {
        hold_against_blocks(case, part, &declarations, &scope);
    }
    Ok(())
}

fn any_call(expr: &Expr, is: &mut impl FnMut(Call) -> bool) -> bool {
    expr.any(&mut |op| if let Op::Call(Function::Call(call), _) = op { is(*call) } else { false })
}

fn is_unresolved(answer: &Expr) -> bool {
    answer.any(&mut |op| matches!(op, Op::Diff(..) | Op::Apply { .. })) || any_call(answer, &mut |call| call == Call::Integral)
}

/// Every Fréchet derivative within an expression, at a point of the scope.
fn hold_against_blocks(case: &Case, expr: &Expr, declarations: &Declarations, scope: &Scope) {
    expr.any(&mut |op| {
        if let Op::Call(Function::Call(call), arguments) = op
            && let Some((f, open)) = call.of_frechet()
        {
            let node = Expr::new(op.clone());
            let value = |e: &Expr, at: &Inputs| -> Option<Array2<f64>> {
                let value: ArrayD<f64> = evaluate(&infer(e, declarations).unwrap(), at).ok()?;
                value.into_dimensionality::<Ix2>().ok()
            };
            let seen = (0..20).find_map(|number| {
                let at = scope.draw(number).ok()?;
                let known = arguments.iter().map(|a| value(a, &at)).collect::<Option<Vec<_>>>()?;
                Some((value(&node, &at)?, known))
            });
            let (seen, known) = seen.unwrap_or_else(|| panic!("{}: {node} has no value", case.line));
            let f = format!("{}(X)", f.name());
            let exact = match &known[..] {
                [x, directions @ ..] if open || directions.is_empty() => stacked(&f, x, directions),
                [x, directions @ ..] => frechet(&f, x, directions),
                [] => panic!("{node} without arguments"),
            };
            assert_close(&seen, &exact, &format!("{}: {node}", case.line));
        }
        false
    });
}

/// The matrix on stacked columns of a derivative whose last direction is left open.
fn stacked(f: &str, x: &Array2<f64>, directions: &[Array2<f64>]) -> Array2<f64> {
    let n = x.nrows();
    let mut matrix = Array2::zeros((n * n, n * n));
    for column in 0..n * n {
        let mut unit = Array2::zeros((n, n));
        unit[[column % n, column / n]] = 1.0;
        let value = frechet(f, x, &[directions, &[unit]].concat());
        matrix.column_mut(column).iter_mut().zip(value.t()).for_each(|(to, from)| *to = *from);
    }
    matrix
}

macro_rules! files {
    ($($test:ident $file:literal;)*) => {
        $(#[test] fn $test() { replay($file); })*

        #[test]
        fn every_file_is_replayed() {
            assert_eq!([$($file),*], FILES);
        }
    };
}

files! {
    frechet_derivatives "frechet.cases";
    inverses_and_determinants "inverses.cases";
    powers "powers.cases";
    roots "roots.cases";
    spectra "spectra.cases";
    equations_and_integrals "equations.cases";
}

/// What is linear in its matrix, or a function of single entries: the tables of `tests/identities` have these.
const ELSEWHERE: [&str; 37] = [
    "max",
    "min",
    "pow",
    "sum",
    "mean",
    "var",
    "std",
    "prod",
    "dot",
    "inner",
    "norm1",
    "norminf",
    "norm",
    "logsumexp",
    "softmax",
    "vec",
    "vech",
    "reshape",
    "ones",
    "zeros",
    "vector",
    "matrix",
    "unit",
    "triu",
    "tril",
    "sym",
    "skew",
    "cross",
    "outer",
    "commutation",
    "duplication",
    "elimination",
    "eye",
    "kron",
    "diag",
    "tr",
    "normF",
];

#[test]
fn every_function_of_matrices_stands_in_a_line() {
    let texts = FILES.map(|file| std::fs::read_to_string(path(file)).unwrap());
    // Of the square root no direction can be left open: its Fréchet derivatives are written with `sylvester`.
    let mut seen: Vec<&str> = [&ELSEWHERE[..], &["open_sqrtm"]].concat();
    for case in texts.iter().flat_map(|text| Case::all(text)) {
        let declarations = Declarations::parse(case.declarations).unwrap();
        any_call(&parse(case.input, &declarations).unwrap(), &mut |call| {
            seen.push(call.name());
            false
        });
    }
    let missing: Vec<&str> =
        Function::all().filter(|f| matches!(f, Function::Call(_))).map(Function::name).filter(|f| !seen.contains(f)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}
