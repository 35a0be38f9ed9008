//! Prints the gradient of a least-squares loss.
use indicial::{Declarations, Engine, Result, parse};

fn main() -> Result<()> {
    println!("{}", report()?);
    Ok(())
}

pub fn report() -> Result<String> {
    let declarations = Declarations::parse("A: matrix(m, n); x: vector(n); b: vector(m)")?;
    let loss = parse("norm2(A*x - b)^2/2", &declarations)?;
    let x = parse("x", &declarations)?;
    let gradient = Engine::new().derivative(&loss, &[x], &declarations)?;
    Ok(gradient.to_string())
}
