//! The table of structured variables in DESIGN.md says what the engine answers.

use indicial::{Declarations, Engine, parse};
use std::path::Path;

/// The code spans of a line of the table.
fn spans(line: &str) -> Vec<&str> {
    line.split('`').skip(1).step_by(2).collect()
}

#[test]
fn the_table_of_structured_variables_holds() {
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("DESIGN.md")).expect("DESIGN.md is there");
    let section = text.split("## Structured variables").nth(1).expect("it has the section").split("\n## ").next().unwrap_or_default();
    let others = section.lines().find(|l| l.starts_with("`A: matrix")).expect("the section declares the other variables");
    let mut rows = section.lines().filter(|l| l.starts_with('|'));
    let kinds = spans(rows.next().expect("the table has a head"));
    let mut checked = 0;
    let mut wrong = Vec::new();
    for row in rows.map(spans).filter(|row| !row.is_empty()) {
        let (function, answers) = row.split_first().expect("a row begins with a function");
        assert_eq!(answers.len(), kinds.len(), "{function}");
        for (kind, shown) in kinds.iter().zip(answers) {
            let declarations = Declarations::parse(&format!("{}; {kind}", spans(others)[0])).expect("declarations");
            let (f, x) = (parse(function, &declarations).expect("a function"), parse("X", &declarations).expect("a name"));
            let answer = Engine::new().derivative(&f, &[x], &declarations).expect("an answer");
            let seen = answer.verify(4).expect("points");
            if answer.to_string() != *shown || !seen.ok {
                wrong.push(format!("{function} by {kind}: {answer}, shown {shown}, verified: {}", seen.ok));
            }
            checked += 1;
        }
    }
    assert!(checked >= 36, "{checked}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
