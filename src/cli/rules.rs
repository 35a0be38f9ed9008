//! `indicial rules`: the catalog listed, shown and tested; and `--rules FILE`, which adds a user's rules to a query.

use super::output::{self, Printed};
use super::{Format, json};
use clap::{Args, Subcommand, ValueEnum};
use indicial::{
    Audit, Catalog, Condition, Declaration, Engine, Error, ErrorKind, ProofStep, Result, Rule, Step, Test, Trial, latex, render,
    rules_markdown, unicode,
};
use serde_json::{Value, json};
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

#[derive(Subcommand)]
pub enum Verb {
    /// The rules by theme: name, law, conditions.
    List {
        /// Only the rules of this theme; `rejected` are the tempting falsehoods.
        #[arg(long, value_name = "THEME")]
        theme: Option<String>,
        #[arg(long, value_enum, default_value_t = Listing::Text)]
        format: Listing,
    },
    /// Everything that is known of a rule, with its tests run now.
    Show {
        #[arg(value_name = "NAME")]
        name: String,
        #[arg(long, value_enum, default_value_t = Listing::Text)]
        format: Listing,
        #[command(flatten)]
        rules: Rules,
    },
    /// Holds the rules of a file, or of the whole catalog, against the lints and the tests.
    ///
    /// Exit status: 0 all passed, 1 something is refused, 2 the file cannot be read.
    Test {
        /// A file of rules; without it the catalog, and that the rejected rules are false.
        #[arg(value_name = "FILE")]
        file: Option<PathBuf>,
        #[arg(long, value_enum, default_value_t = Listing::Text)]
        format: Listing,
    },
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Listing {
    Text,
    /// As a chapter of a book, with the laws in LaTeX.
    Markdown,
    Json,
}

impl From<Format> for Listing {
    fn from(format: Format) -> Listing {
        if format == Format::Json { Listing::Json } else { Listing::Text }
    }
}

/// The option of each verb that simplifies.
#[derive(Args)]
pub struct Rules {
    /// Further rules, in the format of the catalog; they pass the lints and the tests first. May be repeated.
    #[arg(long = "rules", value_name = "FILE")]
    files: Vec<PathBuf>,
}

impl Rules {
    /// The catalog with these rules; nothing if there are none. A refusal is printed and gives the exit code.
    pub fn catalog(&self, listing: Listing) -> std::result::Result<Option<Catalog>, ExitCode> {
        let mut catalog: Option<Catalog> = None;
        for path in &self.files {
            let file = RuleFile::read(path).map_err(|e| print_errors(listing, &[rendered(&e, "", "")], &[e], 2))?;
            let base = catalog.as_ref().unwrap_or_else(|| Catalog::standard());
            let Audit { rules, errors, .. } = base.audit(&file.text, &file.theme);
            if !errors.is_empty() {
                return Err(print_errors(listing, &file.render(&errors), &errors, 2));
            }
            catalog = Some(base.with(rules).map_err(|e| print_errors(listing, &file.render(std::slice::from_ref(&e)), &[e], 2))?);
        }
        Ok(catalog)
    }

    /// The engine with these rules.
    pub fn engine(&self, format: Format) -> std::result::Result<Engine, ExitCode> {
        Ok(match self.catalog(format.into())? {
            Some(catalog) => Engine::new().rules(&catalog),
            None => Engine::new(),
        })
    }
}

/// Runs the verb.
pub fn run(verb: Verb) -> ExitCode {
    match verb {
        Verb::List { theme, format } => list(theme.as_deref(), format),
        Verb::Show { name, format, rules } => show(&name, format, &rules),
        Verb::Test { file: Some(path), format } => test_file(&path, format),
        Verb::Test { file: None, format } => test_catalog(format),
    }
}

/// A file of a user.
struct RuleFile {
    text: String,
    name: String,
    theme: String,
}

/// The largest file of rules.
const MAX_TEXT: u64 = 1 << 20;

impl RuleFile {
    fn read(path: &Path) -> Result<RuleFile> {
        let unreadable = |e: std::io::Error| Error::new(ErrorKind::Data, format!("{} cannot be read: {e}", path.display()));
        if std::fs::metadata(path).map_err(unreadable)?.len() > MAX_TEXT {
            return Err(Error::new(ErrorKind::Limit, format!("{} is longer than the limit of {MAX_TEXT} bytes", path.display())));
        }
        let text = std::fs::read_to_string(path).map_err(unreadable)?;
        let text = text.trim_start_matches('\u{feff}').to_owned();
        let theme = path.file_stem().map_or_else(|| "own".to_owned(), |stem| stem.to_string_lossy().into_owned());
        Ok(RuleFile { text, name: path.display().to_string(), theme })
    }

    fn render(&self, errors: &[Error]) -> Vec<String> {
        errors.iter().map(|e| rendered(e, &self.text, &self.name)).collect()
    }
}

fn rendered(error: &Error, text: &str, name: &str) -> String {
    render(error, text, name)
}

fn print_errors(listing: Listing, texts: &[String], errors: &[Error], code: u8) -> ExitCode {
    match (listing, errors.first()) {
        (Listing::Json, Some(first)) => print(&json::error(first).to_string()),
        _ => output::print_notes(&texts.join("\n")),
    }
    ExitCode::from(code)
}

fn print(text: &str) {
    output::print(&Printed { answer: text.to_owned(), notes: String::new() });
}

fn list(theme: Option<&str>, format: Listing) -> ExitCode {
    let catalog = if theme == Some("rejected") { Catalog::rejected() } else { Catalog::standard() };
    let themes: Vec<&str> = catalog.themes().into_iter().filter(|t| theme.is_none_or(|wanted| wanted == *t)).collect();
    if themes.is_empty() {
        let error = Error::new(ErrorKind::Name, format!("there is no theme `{}`", theme.unwrap_or_default()));
        let error = error.help(format!("there are {} and rejected", catalog.themes().join(", ")));
        return print_errors(format, &[rendered(&error, "", "")], &[error], 2);
    }
    match format {
        Listing::Json => {
            let rules: Vec<Value> = catalog.rules().filter(|r| themes.contains(&&*r.theme)).map(as_json).collect();
            print(&Value::Array(rules).to_string());
        }
        Listing::Markdown => print(rules_markdown(catalog.rules().filter(|r| themes.contains(&&*r.theme))).trim_end()),
        Listing::Text => print(&listing(catalog, &themes)),
    }
    ExitCode::SUCCESS
}

fn listing(catalog: &Catalog, themes: &[&str]) -> String {
    let mut text = String::new();
    let mut count = 0;
    for theme in themes {
        let rules: Vec<&Rule> = catalog.rules().filter(|r| &*r.theme == *theme).collect();
        let width = rules.iter().map(|r| r.name.len()).max().unwrap_or_default();
        let _ = writeln!(text, "{theme} ({})", rules.len());
        for rule in &rules {
            let _ = writeln!(text, "  {:width$}  {}", rule.name, with_conditions(rule));
        }
        text.push('\n');
        count += rules.len();
    }
    let _ = write!(text, "{count} rules");
    text
}

/// `LEFT => RIGHT if fact(A), fact(B)`
fn with_conditions(rule: &Rule) -> String {
    let conditions = conditions(rule);
    if conditions.is_empty() { rule.law.to_string() } else { format!("{} if {}", rule.law, conditions.join(", ")) }
}

fn conditions(rule: &Rule) -> Vec<String> {
    rule.conditions.iter().map(Condition::to_string).collect()
}

/// The declarations of the law, as a file writes them; the changes of a differential are not declared.
fn declarations(rule: &Rule) -> String {
    let changes: Vec<_> = rule.declarations.iter().map(|(name, _)| format!("d{name}")).collect();
    let named = rule.declarations.iter().filter(|(name, _)| !(rule.differential && changes.iter().any(|c| c == name.as_str())));
    let mut kinds: Vec<String> = Vec::new();
    let mut known = Vec::new();
    for (name, declaration) in named {
        if let Declaration::Variable(kind) = declaration {
            known.extend(kind.shape.axes().into_iter().flat_map(|d| d.symbols()));
            kinds.push(format!("{name}: {kind}"));
        }
    }
    let free = rule.declarations.dim_symbols().filter(|s| !known.contains(s));
    kinds.extend(free.map(|s| format!("{s}: dimension")));
    kinds.join("; ")
}

/// The law in another notation.
fn law(rule: &Rule, spell: fn(&indicial::Expr) -> String, arrow: (&str, &str), d: (&str, &str)) -> String {
    let (before, after) = if rule.differential { d } else { ("", "") };
    let arrow = if rule.two_way { arrow.1 } else { arrow.0 };
    format!("{before}{}{after} {arrow} {}", spell(&rule.left), spell(&rule.right))
}

fn in_unicode(rule: &Rule) -> String {
    law(rule, unicode, ("⇒", "="), ("d(", ")"))
}

fn in_latex(rule: &Rule) -> String {
    law(rule, latex, (r"\Rightarrow", "="), (r"\mathrm{d}\left(", r"\right)"))
}

fn examples(rule: &Rule) -> Vec<String> {
    Catalog::examples(rule).unwrap_or_default().iter().map(|e| e.text.to_string()).collect()
}

fn as_json(rule: &Rule) -> Value {
    json!({
        "name": &*rule.name, "theme": &*rule.theme, "law": &*rule.law, "unicode": in_unicode(rule), "latex": in_latex(rule),
        "for": declarations(rule), "if": conditions(rule), "by": rule.by.map(|s| s.to_string()), "opens": rule.opens.as_deref(),
        "why": &*rule.why, "source": &*rule.source, "examples": examples(rule),
    })
}

fn show(name: &str, format: Listing, rules: &Rules) -> ExitCode {
    let extended = match rules.catalog(format) {
        Ok(extended) => extended,
        Err(code) => return code,
    };
    let catalog = extended.as_ref().unwrap_or_else(|| Catalog::standard());
    let (rule, trials) = match (catalog.rule(name), Catalog::rejected().rule(name)) {
        (Some(rule), _) => (rule, rule.test()),
        (None, Some(rule)) => (rule, vec![rule.test_rejected()]),
        (None, None) => {
            if let Some((name, reason)) = ProofStep::of_the_engine().find(|(step, _)| *step == name) {
                return show_step(name, reason, format);
            }
            let error = unknown(catalog, name);
            return print_errors(format, &[rendered(&error, "", "")], &[error], 2);
        }
    };
    match format {
        Listing::Json => {
            let mut object = as_json(rule);
            object["tests"] = trials.iter().map(trial_as_json).collect();
            print(&object.to_string());
        }
        Listing::Markdown => {
            let at = trials.iter().filter(|t| t.test == Test::False).find_map(|t| t.counterexample.as_ref());
            let counterexample = at.map(|at| format!("\n- Counterexample: {at}")).unwrap_or_default();
            print(&format!("{}{counterexample}", rules_markdown([rule]).trim_end()));
        }
        Listing::Text => print(&sheet(rule, &trials)),
    }
    ExitCode::from(u8::from(!trials.iter().all(Trial::passed)))
}

/// A step of proofs that is no rule.
fn show_step(name: &str, reason: &str, format: Listing) -> ExitCode {
    match format {
        Listing::Json => print(&json!({"name": name, "step": true, "why": reason}).to_string()),
        Listing::Markdown => print(&format!("### {}\n\n{reason} A step of the engine, no rule.", name.replace('_', r"\_"))),
        Listing::Text => print(&format!("{name} (a step of the engine, no rule)\n  {:8} {reason}", "why")),
    }
    ExitCode::SUCCESS
}

/// A name that no rule has, with those that may be meant.
fn unknown(catalog: &Catalog, name: &str) -> Error {
    const MOST: usize = 8;
    let error = Error::new(ErrorKind::Name, format!("there is no rule `{name}`"));
    if let Some(near) = catalog.nearest(name).or_else(|| Catalog::rejected().nearest(name)) {
        return error.help(format!("did you mean `{near}`?"));
    }
    let words: Vec<&str> = name.split('_').filter(|w| !w.is_empty()).collect();
    let shared = |rule: &&Rule| words.iter().filter(|w| rule.name.split('_').any(|own| own == **w)).count();
    let mut like: Vec<&Rule> = catalog.rules().filter(|r| shared(r) > 0).collect();
    like.sort_by_key(|r| std::cmp::Reverse(shared(r)));
    let like: Vec<&str> = like.into_iter().take(MOST).map(|r| &*r.name).collect();
    if like.is_empty() {
        error.help("`indicial rules list` names all of them")
    } else {
        error.help(format!("there are {}", like.join(", ")))
    }
}

fn sheet(rule: &Rule, trials: &[Trial]) -> String {
    let mut text = format!("{} ({})", rule.name, rule.theme);
    let mut field = |word: &str, value: &str| {
        if !value.is_empty() {
            let _ = write!(text, "\n  {word:8} {value}");
        }
    };
    field("for", &declarations(rule));
    field("law", &rule.law);
    field("", &in_unicode(rule));
    field("", &in_latex(rule));
    field("if", &conditions(rule).join(", "));
    field("by", &rule.by.map(|s| s.to_string()).unwrap_or_default());
    field("opens", rule.opens.as_deref().unwrap_or_default());
    field("why", &rule.why);
    field("source", &rule.source);
    examples(rule).iter().for_each(|e| field("example", e));
    for (at, trial) in trials.iter().enumerate() {
        field(if at == 0 { "tests" } else { "" }, &state(rule, trial));
    }
    text
}

/// A test in one line: `holds at 36 points`.
fn state(rule: &Rule, trial: &Trial) -> String {
    let (test, points) = (&trial.test, trial.points);
    if let Some(error) = &trial.error {
        return format!("{test} FAILED: {}", error.to_string().replace('\n', "; "));
    }
    let counterexample = trial.counterexample.as_ref().map(ToString::to_string).unwrap_or_default();
    match test {
        Test::Holds => format!("holds at {points} points"),
        Test::Domain => format!("the right side is defined where the left side is, at {points} points"),
        Test::Needed(condition) => format!("needs {condition}: without it, {counterexample}"),
        Test::Example(_) => match rule.by {
            None => format!("{test} holds at {points} points, and the e-graph finds it by this law alone"),
            Some(Step::Statement) => format!("{test} holds at {points} points; no step uses it"),
            Some(step) => format!("{test} holds at {points} points, and the step {step} makes it so"),
        },
        Test::False => format!("false, {counterexample}"),
        other => format!("{other} passed"),
    }
}

fn trial_as_json(trial: &Trial) -> Value {
    json!({
        "test": trial.test.to_string(), "passed": trial.passed(), "points": trial.points,
        "counterexample": trial.counterexample.as_ref().map(ToString::to_string),
        "error": trial.error.as_ref().map(|e| e.message.clone()),
    })
}

fn test_file(path: &Path, format: Listing) -> ExitCode {
    let file = match RuleFile::read(path) {
        Ok(file) => file,
        Err(e) => return print_errors(format, &[rendered(&e, "", "")], &[e], 2),
    };
    let audit = Catalog::standard().audit(&file.text, &file.theme);
    let remarks = match Catalog::standard().with(audit.rules.clone()) {
        Ok(extended) if audit.passed() => extended.unreached(&file.theme),
        _ => Vec::new(),
    };
    match format {
        Listing::Json => print(
            &json!({
                "rules": audit.rules.len(), "tests": audit.trials.len(), "passed": audit.passed(),
                "errors": audit.errors.iter().map(error_as_json).collect::<Vec<_>>(),
                "remarks": remarks.iter().map(error_as_json).collect::<Vec<_>>(),
            })
            .to_string(),
        ),
        Listing::Text | Listing::Markdown => {
            output::print_notes(&file.render(&audit.errors).join("\n"));
            remarks.iter().for_each(|e| output::print_notes(&format!("remark: {}\n", e.to_string().replace("\nhelp: ", "; "))));
            let verdict = match audit.errors.len() {
                0 if audit.rules.is_empty() => "there is no rule in it".to_owned(),
                0 => "all passed".to_owned(),
                n => counted(n, "error"),
            };
            let (rules, tests) = (counted(audit.rules.len(), "rule"), counted(audit.trials.len(), "test"));
            print(&format!("{rules}, {tests}: {verdict}"));
        }
    }
    ExitCode::from(u8::from(!audit.passed()))
}

fn counted(n: usize, word: &str) -> String {
    if n == 1 { format!("{n} {word}") } else { format!("{n} {word}s") }
}

fn error_as_json(error: &Error) -> Value {
    json::error(error)["error"].take()
}

fn test_catalog(format: Listing) -> ExitCode {
    let start = Instant::now();
    let themes: Vec<((&str, &str), Audit)> = Catalog::files().zip(Catalog::audit_all(Catalog::files())).collect();
    let rejected: Vec<Trial> = Catalog::rejected().rules().map(Rule::test_rejected).collect();
    let seconds = start.elapsed().as_secs_f64();
    let rules: usize = themes.iter().map(|(_, audit)| audit.rules.len()).sum();
    let tests = themes.iter().map(|(_, audit)| audit.trials.len()).sum::<usize>() + rejected.len();
    // A file that was lost would be a failure as well.
    let complete = rules == Catalog::standard().len();
    let still_true: Vec<&Error> = rejected.iter().filter_map(|t| t.error.as_ref()).collect();
    let errors: Vec<&Error> = themes.iter().flat_map(|(_, audit)| &audit.errors).chain(still_true.iter().copied()).collect();
    let passed = complete && errors.is_empty();
    match format {
        Listing::Json => print(
            &json!({
                "rules": rules, "rejected": rejected.len(), "tests": tests, "passed": passed, "seconds": seconds,
                "themes": themes.iter().map(|((name, _), a)| json!({"name": name, "rules": a.rules.len(), "tests": a.trials.len()})).collect::<Vec<_>>(),
                "errors": errors.into_iter().map(error_as_json).collect::<Vec<_>>(),
            })
            .to_string(),
        ),
        Listing::Text | Listing::Markdown => {
            let mut table = format!("{:14} {:>5} {:>6} {:>7}\n", "theme", "rules", "tests", "failed");
            for ((name, text), audit) in &themes {
                let file = format!("rules/{name}.rules");
                audit.errors.iter().for_each(|e| output::print_notes(&rendered(e, text, &file)));
                let _ = writeln!(table, "{name:14} {:5} {:6} {:7}", audit.rules.len(), audit.trials.len(), audit.errors.len());
            }
            still_true.iter().for_each(|e| output::print_notes(&format!("{e}\n")));
            let verdict = if passed { "all passed".to_owned() } else { format!("{} FAILED", errors.len().max(1)) };
            let _ = write!(table, "\n{rules} rules, {} rejected rules, {tests} tests: {verdict} in {seconds:.2} s", rejected.len());
            print(&table);
        }
    }
    ExitCode::from(u8::from(!passed))
}
