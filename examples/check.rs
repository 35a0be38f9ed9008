//! Checks a derivative that someone worked out by hand, explains the right one, and simplifies with a rule of one's own.
//!
//! `cargo run --example check`
use indicial::{Catalog, Declarations, Engine, Verdict, parse};

fn main() -> indicial::Result<()> {
    let declarations = Declarations::parse("A: matrix(m, n); X: matrix(n, k); B: matrix(m, k)")?;
    let read = |text| parse(text, &declarations);
    let engine = Engine::new();

    let (question, by_hand) = (read("diff(normF(A*X - B)^2, X)")?, read("2*A*(A*X - B)")?);
    match engine.check(&question, &by_hand, &declarations) {
        Ok(comparison) => println!("{}", comparison.verdict),
        Err(error) => println!("{error}"),
    }

    let by_hand = read("A'*(A*X - B)")?;
    let comparison = engine.check(&question, &by_hand, &declarations)?;
    println!("{}", comparison.verdict);
    if let Verdict::Different(Some(point)) = &comparison.verdict {
        for (name, value) in point.lines() {
            println!("  {name} = {value}");
        }
    }
    for remark in &comparison.remarks {
        println!("{remark}");
    }

    let by_hand = read("2*(A'*A*X - A'*B)")?;
    if let Verdict::Equal(proof) = engine.check(&question, &by_hand, &declarations)?.verdict {
        println!("{proof}");
    }

    println!("{}", engine.explain(&read("normF(A*X - B)^2")?, &[read("X")?], &declarations)?);

    let catalog = Catalog::standard().extend(include_str!("own.rules"))?;
    let declarations = Declarations::parse("C: matrix(n, n)")?;
    let series = parse("eye(n) + C*inv(eye(n) - C)", &declarations)?;
    println!("{}", engine.rules(&catalog).simplify(&series, &declarations)?);
    Ok(())
}
