//! Verbs, options and exit codes.
//!
//! Exit status: 0 answered, 1 answered with no, 2 unusable input, 3 a limit was reached before an answer.

mod check;
mod explain;
mod input;
mod json;
mod output;
mod rules;
mod separate;
mod solve;

use clap::{Args, Parser, Subcommand, ValueEnum};
use indicial::{Answer, Convention, Engine, Error, ErrorKind, Expr, InputFormat, Layout, Notation, Result, Sizes, Symbol};
use input::Input;
use std::path::PathBuf;
use std::process::ExitCode;

const EXAMPLES: &str = "\
Examples:
  indicial diff \"log(norm2(A*x)^2)\" --wrt x
  indicial diff \"x'*A*x\" --wrt x --order 2 --var \"A: symmetric(n); x: vector(n)\"
  indicial diff \"logdet(X)\" --wrt X --format latex
  indicial diff \"A*B\" --wrt A --format json --verify
  indicial simplify \"vec(A)'*kron(B,C)*vec(A)\" --var \"A: matrix(m,n); B: matrix(n,n); C: matrix(m,m)\"
  indicial check \"diff(x'*A*x, x)\" \"2*A*x\"
  echo \"sum(log(1 + exp(-y.*(X*w))))\" | indicial diff - --wrt w

An undeclared upper-case name is a matrix, a lower-case one a vector or a scalar, a Greek one a scalar.";

/// Derivatives of matrix expressions, in matrix notation.
#[derive(Parser)]
#[command(name = "indicial", version, about, after_help = EXAMPLES)]
struct Cli {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// The derivative of an expression.
    #[command(after_help = EXAMPLES)]
    Diff {
        #[command(flatten)]
        expression: Expression,
        /// The variable to differentiate by; several append their axes one after the other.
        #[arg(long, value_name = "X", required = true)]
        wrt: Vec<String>,
        /// How often to differentiate by the whole list of variables.
        #[arg(long, value_name = "K", default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=8))]
        order: u8,
        /// A derivative by each variable on its own, in one answer with shared parts. With --order: each by its own variable
        /// again and again.
        #[arg(long, conflicts_with_all = ["jvp", "vjp", "hvp", "sizes"])]
        separate: bool,
        /// With --separate: the value of the expression as well, sharing parts with its derivatives.
        #[arg(long, requires = "separate")]
        value: bool,
        #[command(flatten)]
        products: Products,
        #[command(flatten)]
        at: AtSizes,
        #[command(flatten)]
        answers: Answers,
    },
    /// The derivation of a derivative, step by step.
    Explain(explain::Explain),
    /// The same value in its simplest form.
    Simplify {
        #[command(flatten)]
        expression: Expression,
        #[command(flatten)]
        at: AtSizes,
        #[command(flatten)]
        answers: Answers,
    },
    /// Whether two expressions are equal: with a proof, or with values at which they differ and what is off.
    ///
    /// Exit status 0: equal; 1: different; 3: they agree at random points but no proof was found.
    Check(check::Arguments),
    /// The unknown of an equation: a formula, with the conditions under which it solves.
    ///
    /// The solution has been put into the equation at random points. Where there are many solutions it is that of least norm,
    /// where there may be none that of least squares; standard error says so.
    Solve(solve::Arguments),
    /// The value of an expression on data.
    Eval {
        #[command(flatten)]
        expression: Expression,
        /// A .npz or .npy file of NumPy, or a JSON object of numbers and nested arrays.
        #[arg(long, value_name = "FILE")]
        data: PathBuf,
        #[arg(long, value_enum, default_value_t = Format::Text)]
        format: Format,
    },
    /// The rules of mathematics that answers are simplified with: listed, shown, tested.
    Rules {
        #[command(subcommand)]
        verb: rules::Verb,
    },
}

#[derive(Args)]
struct Expression {
    /// The expression; `-` reads it from standard input.
    #[arg(value_name = "EXPR", allow_hyphen_values = true)]
    expr: String,
    /// Declarations such as "A: matrix(m,n); x: vector(n)".
    #[arg(long, value_name = "DECLARATIONS")]
    var: Vec<String>,
    /// How the expression is written.
    #[arg(long, value_enum, default_value_t = InputName::Auto)]
    input: InputName,
}

/// How an input is written.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum InputName {
    /// LaTeX by its commands, Unicode by its signs, the language otherwise.
    Auto,
    /// The language.
    Text,
    /// LaTeX's math mode.
    Latex,
    /// Mathematics in Unicode: letters side by side are a product.
    Unicode,
}

impl From<InputName> for InputFormat {
    fn from(name: InputName) -> InputFormat {
        match name {
            InputName::Auto => InputFormat::Auto,
            InputName::Text => InputFormat::Text,
            InputName::Latex => InputFormat::Latex,
            InputName::Unicode => InputFormat::Unicode,
        }
    }
}

/// A direction for a product of the derivative, which is a formula without the derivative in it.
#[derive(Args)]
#[group(multiple = false, conflicts_with_all = ["order", "separate"])]
struct Products {
    /// The Jacobian times a direction of the variable: V has its shape. Several variables: one each, in order; their sum.
    #[arg(long, value_name = "V", allow_hyphen_values = true)]
    jvp: Vec<String>,
    /// The transposed Jacobian times a direction of the expression: V has its shape.
    #[arg(long, value_name = "V", allow_hyphen_values = true)]
    vjp: Option<String>,
    /// The Hessian of a scalar times a direction of the variable: V has its shape.
    #[arg(long, value_name = "V", allow_hyphen_values = true)]
    hvp: Option<String>,
}

impl Products {
    /// The product that is asked for, if one is.
    fn answer(&self, input: &Input, engine: &Engine, by: &[Expr]) -> Option<Result<Answer>> {
        let (f, declarations) = (&input.expr, &input.declarations);
        let one = |name: &str| match by {
            [x] => Ok(x),
            _ => Err(Error::new(ErrorKind::Domain, format!("--{name} is of one variable, and {} are given", by.len()))
                .help("ask for one --wrt at a time: the product has a part for each variable")),
        };
        if let Some(v) = &self.vjp {
            return Some(one("vjp").and_then(|x| engine.vjp(f, x, &input.parse(v)?, declarations)));
        }
        if let Some(v) = &self.hvp {
            return Some(one("hvp").and_then(|x| engine.hvp(f, x, &input.parse(v)?, declarations)));
        }
        let directions = || {
            if self.jvp.len() != by.len() {
                let message = format!("--jvp is given {} times for {} variables", self.jvp.len(), by.len());
                return Err(Error::new(ErrorKind::Domain, message).help("give a direction for each --wrt, in the same order"));
            }
            by.iter().zip(&self.jvp).map(|(x, v)| Ok((x.clone(), input.parse(v)?))).collect::<Result<Vec<_>>>()
        };
        (!self.jvp.is_empty()).then(|| engine.jvp(f, &directions()?, declarations))
    }
}

/// The sizes at which an answer is evaluated. `solve` has no such option: its `--for` names the unknown.
#[derive(Args)]
struct AtSizes {
    /// The equal form that takes the fewest operations at these sizes, as in `--for n=1000,m=10`.
    #[arg(long = "for", value_name = "SIZES")]
    sizes: Option<String>,
}

#[derive(Args)]
struct Answers {
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// The first notation to try; what it cannot express is written in the next one, and the answer says which.
    #[arg(long, value_enum, default_value_t = NotationName::Matrix)]
    notation: NotationName,
    /// Which way matrix and Kronecker notation turn a derivative; shapes and code do not depend on it.
    #[arg(long, value_enum, default_value_t = LayoutName::Mixed)]
    layout: LayoutName,
    /// What a derivative by a structured variable (symmetric, diagonal, orthogonal, …) is; the answer says it.
    #[arg(long, value_enum, default_value_t = StructureName::Projected)]
    structure: StructureName,
    /// Evaluate the answer and central differences of the input at random points and say what was seen.
    #[arg(long)]
    verify: bool,
    /// Say what each stage took, how large the e-graph was, which rules found something, and what the answer costs to evaluate.
    #[arg(long)]
    stats: bool,
    #[command(flatten)]
    rules: rules::Rules,
}

/// What is printed.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// The language of the input; reads back to the same value.
    Text,
    Unicode,
    Latex,
    /// A Python module with value(…) and derivative(…).
    Numpy,
    /// The same with jax; it can be traced.
    Jax,
    /// The same with torch.
    Torch,
    /// A function with both results, for MATLAB and Octave.
    Matlab,
    /// Both functions in Rust with ndarray.
    Rust,
    /// All of these, with shapes and variables, as one object.
    Json,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum NotationName {
    /// Matrix formulas.
    Matrix,
    /// d vec(F) / d vec(X)' with Kronecker products.
    Kron,
    /// Einstein's notation.
    Index,
    /// dF with the changes of all variables in place.
    Differential,
}

impl From<NotationName> for Notation {
    fn from(name: NotationName) -> Notation {
        match name {
            NotationName::Matrix => Notation::Matrix,
            NotationName::Kron => Notation::Kronecker,
            NotationName::Index => Notation::Index,
            NotationName::Differential => Notation::Differential,
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum LayoutName {
    /// Gradients as columns, Jacobians with F's rows and X's columns.
    Mixed,
    /// Gradients as rows.
    Numerator,
    /// Jacobians transposed.
    Denominator,
}

impl From<LayoutName> for Layout {
    fn from(name: LayoutName) -> Layout {
        match name {
            LayoutName::Mixed => Layout::Mixed,
            LayoutName::Numerator => Layout::Numerator,
            LayoutName::Denominator => Layout::Denominator,
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum StructureName {
    /// Structured itself: symmetric by a symmetric variable, diagonal by a diagonal one.
    Projected,
    /// As if every entry moved by itself.
    Free,
    /// As projected; by an orthogonal variable on its tangent space.
    Tangent,
}

impl From<StructureName> for Convention {
    fn from(name: StructureName) -> Convention {
        match name {
            StructureName::Projected => Convention::Projected,
            StructureName::Free => Convention::Free,
            StructureName::Tangent => Convention::Tangent,
        }
    }
}

/// How many random points `--verify` looks at.
const POINTS: usize = 6;

/// Runs the command line of this process.
pub fn run() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(e) => {
            // Help and the version are no errors.
            let _ = e.print();
            return ExitCode::from(u8::try_from(e.exit_code()).unwrap_or(2));
        }
    };
    match cli.verb {
        Verb::Diff { expression, wrt, order, separate: true, value, answers, .. } => {
            separate::run(&expression, &answers, &separate::Wanted { wrt, order, value })
        }
        Verb::Diff { expression, wrt, order, products, at, answers, .. } => answer(&expression, &at, &answers, |input, engine| {
            let once = wrt.iter().map(|x| input.parse(x)).collect::<Result<Vec<_>>>()?;
            if let Some(answer) = products.answer(input, engine, &once) {
                return answer;
            }
            let all: Vec<_> = std::iter::repeat_n(once, usize::from(order)).flatten().collect();
            engine.derivative(&input.expr, &all, &input.declarations)
        }),
        Verb::Explain(arguments) => explain::run(&arguments),
        Verb::Simplify { expression, at, answers } => {
            answer(&expression, &at, &answers, |input, engine| engine.simplify(&input.expr, &input.declarations))
        }
        Verb::Check(arguments) => check::run(&arguments),
        Verb::Solve(arguments) => solve::run(&arguments),
        Verb::Eval { expression, data, format } => evaluate(&expression, &data, format),
        Verb::Rules { verb } => rules::run(verb),
    }
}

/// Reads, computes and prints; the exit code says how it went.
fn answer(expression: &Expression, at: &AtSizes, options: &Answers, compute: impl FnOnce(&Input, &Engine) -> Result<Answer>) -> ExitCode {
    let input = match Input::read(expression) {
        Ok(input) => input,
        Err(failure) => return output::failure(&failure, options.format),
    };
    let engine = match options.rules.engine(options.format) {
        Ok(engine) => engine.notation(options.notation.into()).layout(options.layout.into()).structure(options.structure.into()),
        Err(code) => return code,
    };
    let engine = match at.sizes.as_deref().map(sizes).transpose() {
        Ok(Some(sizes)) => engine.cheapest_at(sizes),
        Ok(None) => engine,
        Err(error) => return output::failure(&input.explain(error), options.format),
    };
    let outcome = compute(&input, &engine).and_then(|answer| {
        let verification = options.verify.then(|| answer.verify(POINTS)).transpose()?;
        let text = output::answer(&answer, options, verification.as_ref())?;
        Ok((text, verification))
    });
    match outcome {
        Ok((text, verification)) => {
            output::print(&text);
            ExitCode::from(u8::from(verification.is_some_and(|v| !v.ok)))
        }
        Err(error) => output::failure(&input.explain(error), options.format),
    }
}

fn evaluate(expression: &Expression, data: &std::path::Path, format: Format) -> ExitCode {
    let outcome = Input::read(expression).and_then(|input| input.evaluate(data).map_err(|e| input.explain(e)));
    match outcome {
        Ok(value) => {
            output::print(&output::value(&value, format));
            ExitCode::SUCCESS
        }
        Err(failure) => output::failure(&failure, format),
    }
}

/// `n=1000,m=10`
fn sizes(text: &str) -> Result<Sizes> {
    let size = |pair: &str| {
        let (name, number) = pair.split_once('=')?;
        let number: i64 = number.trim().parse().ok().filter(|n| *n > 0)?;
        Some((Symbol::new(name.trim()), number))
    };
    text.split(',').map(|pair| size(pair).ok_or_else(|| unreadable(pair))).collect()
}

fn unreadable(pair: &str) -> Error {
    Error::new(ErrorKind::Data, format!("`{}` names no size", pair.trim())).help("write sizes as `--for n=1000,m=10`")
}

/// 3 for a limit, 2 for everything else that is wrong with the input.
fn status(error: &Error) -> u8 {
    if error.kind == ErrorKind::Limit { 3 } else { 2 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn no_option_of_a_verb_has_two_meanings() {
        Cli::command().debug_assert();
    }
}
