use indicial::*;
use std::time::Instant;
fn main() {
    let mut all: Vec<(f64, String, Vec<(&'static str, f64)>)> = vec![];
    for line in std::io::stdin().lines() {
        let line = line.unwrap();
        let parts: Vec<&str> = line.split('|').map(str::trim).collect();
        let run = || -> Result<(String, Answer)> {
            let d = Declarations::parse(parts[1])?;
            let f = parse(parts[2], &d)?;
            let wrt = if parts[3].is_empty() { vec![] } else { parts[3].split(',').map(|w| parse(w, &d)).collect::<Result<Vec<_>>>()? };
            let a = Engine::new().derivative(&f, &wrt, &d)?;
            Ok((a.to_string(), a))
        };
        if run().is_err() {
            continue;
        }
        {
            let a = run().unwrap().1;
            if let Some(s) = &a.profile.saturation {
                println!("NODES {} {} {:?} {}", s.nodes, s.iterations, s.stop, parts[0]);
            }
        }
        let mut best = f64::MAX;
        let mut stages = vec![];
        for _ in 0..5 {
            let t = Instant::now();
            let (_, a) = run().unwrap();
            let e = t.elapsed().as_secs_f64() * 1e3;
            if e < best {
                best = e;
                stages = a.profile.stages.iter().map(|s| (s.0, s.1.as_secs_f64() * 1e3)).collect();
            }
        }
        all.push((best, format!("{} {} {}", parts[0], parts[2], parts[3]), stages));
    }
    all.sort_by(|a, b| a.0.total_cmp(&b.0));
    println!("n {} median {:.3} p90 {:.3} worst {:.3}", all.len(), all[all.len() / 2].0, all[all.len() * 9 / 10].0, all.last().unwrap().0);
    let mut totals: Vec<(&str, f64)> = vec![];
    for (_, _, st) in &all {
        for (n, t) in st {
            match totals.iter_mut().find(|x| x.0 == *n) {
                Some(x) => x.1 += t,
                None => totals.push((n, *t)),
            }
        }
    }
    println!("{totals:?}");
    for a in all.iter().rev().take(12) {
        println!("{:.3} {} {:?}", a.0, a.1.chars().take(110).collect::<String>(), a.2);
    }
}
