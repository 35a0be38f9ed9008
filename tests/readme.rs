//! Every command that the README shows prints what the README says.
#![cfg(unix)]

use std::path::Path;
use std::process::{Command, Stdio};

/// The lines of all fenced blocks of that language.
fn blocks(text: &str, language: &str) -> Vec<Vec<String>> {
    let mut all = Vec::new();
    let mut current: Option<Vec<String>> = None;
    for line in text.lines() {
        match (line.strip_prefix("```"), &mut current) {
            (Some(_), Some(_)) => all.extend(current.take()),
            (Some(name), None) if name == language => current = Some(Vec::new()),
            (None, Some(block)) => block.push(line.to_owned()),
            _ => {}
        }
    }
    all
}

/// A command and the lines that it prints on standard output.
fn sessions(block: &[String]) -> Vec<(String, Vec<String>)> {
    let mut all: Vec<(String, Vec<String>)> = Vec::new();
    for line in block {
        match line.strip_prefix("$ ") {
            Some(command) => all.push((command.to_owned(), Vec::new())),
            None if line.is_empty() => {}
            None => all.last_mut().expect("a block begins with a command").1.push(line.clone()),
        }
    }
    all
}

fn stdout_of(command: &str) -> Vec<String> {
    let binaries = Path::new(env!("CARGO_BIN_EXE_indicial")).parent().expect("the binary is in a directory");
    let path = format!("{}:{}", binaries.display(), std::env::var("PATH").unwrap_or_default());
    let output = Command::new("sh").args(["-c", command]).env("PATH", path).stderr(Stdio::null()).output().expect("sh runs");
    String::from_utf8_lossy(&output.stdout).lines().filter(|l| !l.is_empty()).map(str::to_owned).collect()
}

#[test]
fn the_readme_shows_what_the_commands_print() {
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).expect("the README is there");
    let all: Vec<_> = blocks(&text, "console").iter().flat_map(|b| sessions(b)).collect();
    assert!(all.len() > 20, "the README shows only {} commands", all.len());
    let wrong: Vec<String> = all
        .into_iter()
        .filter_map(|(command, shown)| {
            let printed = stdout_of(&command);
            (printed != shown).then(|| format!("$ {command}\nshown:\n{}\nprinted:\n{}\n", shown.join("\n"), printed.join("\n")))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
