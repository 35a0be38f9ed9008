#[test]
#[ignore]
fn cases() {
    use crate::*;
    let text = std::fs::read_to_string("/tmp/cases.txt").unwrap();
    let engine = Engine::new();
    let plain = Engine::new().saturation(false);
    let mut times = Vec::new();
    for line in text.lines() {
        let parts: Vec<&str> = line.split(" | ").collect();
        let [name, vars, f, wrt, ..] = parts[..] else { continue };
        let Some(f) = f.strip_prefix("d ") else { continue };
        let Some((wrt, expected)) = wrt.split_once(" => ") else { continue };
        let Ok(d) = Declarations::parse(vars) else { continue };
        let Ok(f) = parse(f, &d) else { continue };
        let Ok(wrt) = wrt.split(',').map(|x| parse(x.trim(), &d)).collect::<Result<Vec<_>>>() else { continue };
        let _ = engine.derivative(&f, &wrt, &d);
        let start = std::time::Instant::now();
        let Ok(a) = engine.derivative(&f, &wrt, &d) else { continue };
        let t = start.elapsed();
        let b = plain.derivative(&f, &wrt, &d).unwrap();
        let s = a.profile.saturation.clone().unwrap();
        let sat = a.profile.stages.iter().find(|(n, _)| *n == "saturate").map(|(_, t)| *t).unwrap_or_default();
        times.push((sat, t));
        println!(
            "@{name} | {} | {expected} | plain {} | n{} i{} {:?} {:?} of {:?} {:?}",
            a.formula, b.formula, s.nodes, s.iterations, s.stop, sat, t, s.laws
        );
    }
    times.sort();
    let n = times.len();
    println!("@@ {n} median {:?} p90 {:?} max {:?}", times[n / 2].0, times[n * 9 / 10].0, times[n - 1].0);
}
