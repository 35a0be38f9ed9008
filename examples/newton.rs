//! Logistic regression by Newton's method on real data: the gradient and the Hessian are derived once, as formulas, and compiled.
//!
//! `cargo run --example newton`
use indicial::{Compiled, Declarations, Engine, Error, ErrorKind, Expr, Inputs, Result, Symbol, infer, parse};
use ndarray::ArrayD;
use std::fmt::Write;

const FLIGHTS: &str = include_str!("data/o_rings.csv");
/// One row of X is a flight, y is 1 where an O-ring showed damage and -1 elsewhere; b is the vector of coefficients.
const DECLARATIONS: &str = "X: matrix(m, n); y: vector(m); b: vector(n)";
const LOSS: &str = "sum(log(1 + exp(-y.*(X*b))))";
const MOST_STEPS: usize = 20;
const SMALL: f64 = 1e-10;

fn main() -> Result<()> {
    print!("{}", report()?);
    Ok(())
}

/// The formulas, a line for each step of Newton's method, and what the coefficients mean.
pub fn report() -> Result<String> {
    let declarations = Declarations::parse(DECLARATIONS)?;
    let (loss, b) = (parse(LOSS, &declarations)?, parse("b", &declarations)?);
    let engine = Engine::new();
    let gradient = engine.derivative(&loss, std::slice::from_ref(&b), &declarations)?;
    let hessian = engine.derivative(&loss, &[b.clone(), b], &declarations)?;
    let step = hessian.formula.inlined().inverse() * gradient.formula.inlined();
    let compiled = |expr: &Expr| Compiled::new(&infer(expr, &declarations)?);
    let problem = Problem { loss: compiled(&loss)?, gradient: gradient.compile()?, step: compiled(&step)? };
    let mut text =
        format!("loss      {LOSS}\ngradient  {gradient}\nHessian   {hessian}\n\nstep       loss       |gradient|  coefficients\n");
    let b = problem.minimum(&flights(&problem.step)?, &mut text)?;
    let risk = |temperature: f64| 1.0 / (1.0 + (-(b[0] + b[1] * temperature)).exp());
    let _ = writeln!(text, "\nprobability of damage at 70 F {:.3}, at 31 F {:.4}", risk(70.0), risk(31.0));
    Ok(text)
}

/// What is evaluated in every step.
struct Problem {
    loss: Compiled,
    gradient: Compiled,
    /// The inverse of the Hessian times the gradient; the program solves an equation and inverts nothing.
    step: Compiled,
}

impl Problem {
    /// Newton's method from 0 on, with a line of text for each step.
    fn minimum(&self, data: &Inputs, text: &mut String) -> Result<ArrayD<f64>> {
        let coefficients = Symbol::new("b");
        let mut b = data.value(coefficients)?.clone();
        for number in 0..MOST_STEPS {
            let at = data.with(coefficients, b.clone());
            let loss = self.loss.run(&at)?.sum();
            let slope = self.gradient.run(&at)?.mapv(|x| x * x).sum().sqrt();
            // Digits below SMALL are those of rounding, which are not the same on each processor.
            let shown = if slope < SMALL { format!("< {SMALL:e}") } else { format!("{slope:.3e}") };
            let _ = writeln!(text, "{number:4} {loss:13.9} {shown:>11}  {:9.6} {:9.6}", b[0], b[1]);
            if slope < SMALL {
                return Ok(b);
            }
            b = b - self.step.run(&at)?;
        }
        Err(Error::new(ErrorKind::Limit, format!("no minimum after {MOST_STEPS} steps")))
    }
}

/// The data as X with a column of ones, and y; b begins at 0.
fn flights(program: &Compiled) -> Result<Inputs> {
    let rows = FLIGHTS.lines().filter(|l| !l.starts_with('#')).skip(1).map(flight).collect::<Result<Vec<_>>>()?;
    let temperatures: Vec<[f64; 2]> = rows.iter().map(|r| [1.0, r.0]).collect();
    let damage: Vec<f64> = rows.iter().map(|r| if r.1 > 0.0 { 1.0 } else { -1.0 }).collect();
    let data = serde_json::json!({"X": temperatures, "y": damage, "b": [0.0, 0.0]});
    Inputs::from_json(&data.to_string(), program.variables())
}

fn flight(line: &str) -> Result<(f64, f64)> {
    let unreadable = || Error::new(ErrorKind::Data, format!("`{line}` is not a temperature and a 0 or 1"));
    let (temperature, distress) = line.split_once(',').ok_or_else(unreadable)?;
    Ok((temperature.parse().map_err(|_| unreadable())?, distress.parse().map_err(|_| unreadable())?))
}
