//! Every line of the tables of STYLE.md is what the engine answers, and true.

use indicial::{Declarations, Engine, parse};
use std::path::Path;

/// The code spans of a cell or a line.
fn spans(text: &str) -> Vec<&str> {
    text.split('`').skip(1).step_by(2).collect()
}

/// The last three cells of a row: a function, by what, and the answer.
fn example(row: &str) -> Option<[&str; 3]> {
    let cells: Vec<&str> = row.trim_matches('|').split(" | ").collect();
    let [.., f, by, answer] = cells[..] else { return None };
    let [f, by, answer] = [f, by, answer].map(|cell| spans(cell).first().copied());
    Some([f?, by?, answer?])
}

#[test]
fn the_style_is_what_the_engine_answers() {
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("STYLE.md")).expect("STYLE.md is there");
    let names = text.lines().find(|l| l.starts_with("`A: matrix")).map(spans).expect("it declares the names");
    let declarations = Declarations::parse(names[0]).expect("declarations");
    let rows: Vec<[&str; 3]> = text.lines().filter(|l| l.starts_with('|')).filter_map(example).collect();
    assert!(rows.len() >= 30, "{} examples", rows.len());
    let wrong: Vec<String> = rows
        .into_iter()
        .filter_map(|[function, by, shown]| {
            let f = parse(function, &declarations).expect("a function");
            let by: Vec<_> = by.split(',').map(|x| parse(x, &declarations).expect("a name")).collect();
            let answer = Engine::new().derivative(&f, &by, &declarations).expect("an answer");
            let seen = answer.verify(4).expect("points");
            (answer.to_string() != shown || !seen.ok).then(|| format!("{function}: {answer}, shown {shown}, verified: {}", seen.ok))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
