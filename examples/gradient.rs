//! Prints the gradient of a least-squares loss.
use indicial::{Declarations, Engine, parse};

fn main() -> indicial::Result<()> {
    let declarations = Declarations::parse("A: matrix(m, n); x: vector(n); b: vector(m)")?;
    let loss = parse("norm2(A*x - b)^2/2", &declarations)?;
    let gradient = Engine::new().derivative(&loss, &[parse("x", &declarations)?], &declarations)?;
    println!("{gradient}");
    Ok(())
}
