use indicial::*;
fn main() {
    for line in std::io::stdin().lines() {
        let line = line.unwrap();
        let parts: Vec<&str> = line.split('|').map(str::trim).collect();
        let (id, vars, expr, wrt, want) = (parts[0], parts[1], parts[2], parts[3], parts[4]);
        let r = std::panic::catch_unwind(|| -> Result<String> {
            let d = Declarations::parse(vars)?;
            let f = parse(expr, &d)?;
            let wrt = if wrt.is_empty() { vec![] } else { wrt.split(',').map(|w| parse(w, &d)).collect::<Result<Vec<_>>>()? };
            let a = Engine::new().derivative(&f, &wrt, &d)?;
            Ok(format!("[{}] {a}   {:?}", a.notation, a.profile.stages.iter().map(|s| s.1.as_micros()).collect::<Vec<_>>()))
        });
        match r {
            Ok(Ok(s)) => println!("{id}: {expr} wrt {wrt:?}\n     got {s}\n    want {want}", wrt = parts[3]),
            Ok(Err(e)) => println!("{id}: ERR {expr} {e}"),
            Err(_) => println!("{id}: PANIC {expr}"),
        }
    }
}
