//! What the benches share: the textbook cases, and how answers are counted and timed.

#![allow(dead_code, reason = "each bench uses a part of this")]

use indicial::{Answer, Declarations, Engine, Result, Stats, parse};
use serde_json::Value;
use std::time::{Duration, Instant};

/// One input of `tests/cases`.
pub struct Case {
    pub id: String,
    pub text: String,
    pub declarations: String,
    pub wrt: Vec<String>,
    /// The textbook's answer, if there is one, and its notation.
    pub textbook: Option<String>,
    pub notation: String,
    /// Whether each variable is differentiated by on its own, in one answer.
    pub separate: bool,
}

impl Case {
    pub fn new(id: &str, text: &str, declarations: &str, wrt: &[&str]) -> Case {
        Case {
            id: id.to_owned(),
            text: text.to_owned(),
            declarations: declarations.to_owned(),
            wrt: wrt.iter().map(|x| (*x).to_owned()).collect(),
            textbook: None,
            notation: "matrix".to_owned(),
            separate: false,
        }
    }

    /// A derivative by each of the variables.
    pub fn separate(id: &str, text: &str, declarations: &str, wrt: &[&str]) -> Case {
        Case { separate: true, ..Case::new(id, text, declarations, wrt) }
    }

    /// From text to an answer.
    pub fn solve(&self, engine: &Engine) -> Result<Answer> {
        let declarations = Declarations::parse(&self.declarations)?;
        let f = parse(&self.text, &declarations)?;
        if self.wrt.is_empty() {
            return engine.simplify(&f, &declarations);
        }
        let wrt = self.wrt.iter().map(|x| parse(x, &declarations)).collect::<Result<Vec<_>>>()?;
        engine.derivative(&f, &wrt, &declarations)
    }

    /// From text to the printed answer.
    pub fn print(&self, engine: &Engine) -> Result<String> {
        Ok(self.print_with_stats(engine)?.0)
    }

    /// The printed answer, and what saturation did.
    pub fn print_with_stats(&self, engine: &Engine) -> Result<(String, Option<Stats>)> {
        if !self.separate {
            let answer = self.solve(engine)?;
            return Ok((answer.to_string(), answer.profile.saturation));
        }
        let declarations = Declarations::parse(&self.declarations)?;
        let f = parse(&self.text, &declarations)?;
        let wrt = self.wrt.iter().map(|x| Ok(vec![parse(x, &declarations)?])).collect::<Result<Vec<_>>>()?;
        let answers = engine.derivatives(&f, &wrt, &declarations)?;
        Ok((answers.to_string(), answers.answers.into_iter().next().and_then(|a| a.profile.saturation)))
    }
}

/// All inputs of `tests/cases` that ask for a derivative or a simplification, in the order of the files.
pub fn cases() -> Vec<Case> {
    let directory = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let mut files: Vec<_> = std::fs::read_dir(directory).expect("the cases are there").flatten().map(|f| f.path()).collect();
    files.sort();
    let lines =
        files.iter().flat_map(|f| std::fs::read_to_string(f).expect("a file of cases").lines().map(str::to_owned).collect::<Vec<_>>());
    lines.filter_map(|line| case(&serde_json::from_str(&line).expect("a case is JSON"))).collect()
}

fn case(c: &Value) -> Option<Case> {
    let text = |key: &str| c[key].as_str().unwrap_or_default().to_owned();
    matches!(c["kind"].as_str(), Some("diff" | "simplify")).then(|| Case {
        id: text("id"),
        text: text("expr"),
        declarations: text("vars"),
        wrt: c["wrt"].as_array().into_iter().flatten().filter_map(|x| x.as_str().map(str::to_owned)).collect(),
        textbook: c["answer"].as_str().map(str::to_owned),
        notation: text("notation"),
        separate: false,
    })
}

/// Names, numbers and operators of a formula: what a reader has to read.
pub fn tokens(text: &str) -> usize {
    let text: Vec<char> = text.replace("where", " ").replace("**", "^").chars().collect();
    let name = |c: char| c.is_alphanumeric() || c == '_';
    let (mut at, mut count) = (0, 0);
    while at < text.len() {
        let c = text[at];
        let next = text.get(at + 1).copied().unwrap_or(' ');
        let length = if c.is_alphabetic() || c == '_' {
            text[at..].iter().take_while(|c| name(**c)).count()
        } else if c.is_ascii_digit() {
            number(&text[at..])
        } else if c == '.' && "*/^".contains(next) {
            2
        } else if "-+*/^'⊗⊙\\".contains(c) {
            1
        } else {
            at += 1;
            continue;
        };
        at += length;
        count += 1;
    }
    count
}

/// The length of `digits [. [digits]] [e [-] digits]`.
fn number(text: &[char]) -> usize {
    let digits = |from: usize| text[from.min(text.len())..].iter().take_while(|c| c.is_ascii_digit()).count();
    let mut end = digits(0);
    if text.get(end) == Some(&'.') {
        end += 1 + digits(end + 1);
    }
    if text.get(end) == Some(&'e') {
        let sign = usize::from(text.get(end + 1) == Some(&'-'));
        let exponent = digits(end + 1 + sign);
        end += if exponent > 0 { 1 + sign + exponent } else { 0 };
    }
    end
}

/// The time of the fastest of several runs: the one that other work on the machine has disturbed least.
pub fn fastest(runs: usize, mut work: impl FnMut()) -> Duration {
    let time = |_| {
        let start = Instant::now();
        work();
        start.elapsed()
    };
    (0..=runs).map(time).min().unwrap_or_default()
}

pub fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// Whether the tables are wanted: not when single benches are chosen, or when they are merely tried or listed.
pub fn wants_tables() -> bool {
    std::env::args().skip(1).all(|a| a == "--bench")
}
