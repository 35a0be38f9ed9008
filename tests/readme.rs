//! Every command that the README shows prints what the README shows.

use std::process::Command;

/// The `console` blocks: each command with the lines below it.
fn commands(text: &str) -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = Vec::new();
    let mut inside = false;
    for line in text.lines() {
        match (inside, line.trim_end()) {
            (false, "```console") => inside = true,
            (true, "```") => inside = false,
            (true, line) => match (line.strip_prefix("$ "), found.last_mut()) {
                (Some(command), last) => match last {
                    Some((before, _)) if before.ends_with('\\') => *before = format!("{} {command}", before.trim_end_matches('\\')),
                    _ => found.push((command.to_owned(), String::new())),
                },
                (None, Some((command, output))) if command.ends_with('\\') && output.is_empty() => {
                    *command = format!("{} {}", command.trim_end_matches('\\').trim_end(), line.trim_start_matches("> ").trim());
                }
                (None, Some((_, output))) => {
                    output.push_str(line);
                    output.push('\n');
                }
                (None, None) => {}
            },
            (false, _) => {}
        }
    }
    found
}

/// Standard output of a shell command in which `indicial` is the one that was built.
fn run(command: &str) -> String {
    let binary = env!("CARGO_BIN_EXE_indicial");
    let script = format!("indicial() {{ '{binary}' \"$@\"; }}\n{command}");
    let output = Command::new("sh").args(["-c", &script]).current_dir(env!("CARGO_MANIFEST_DIR")).output().expect("a shell starts");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn commands_print_what_the_readme_shows() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let Ok(text) = std::fs::read_to_string(path) else { return };
    let of_indicial = |(command, _): &(String, String)| command.split(['|', ';', '&']).any(|c| c.trim_start().starts_with("indicial "));
    let wrong: Vec<String> = commands(&text)
        .into_iter()
        .filter(of_indicial)
        .filter_map(|(command, shown)| {
            let printed = run(&command);
            (printed.trim_end() != shown.trim_end()).then(|| format!("$ {command}\nprints\n{printed}the README shows\n{shown}"))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
