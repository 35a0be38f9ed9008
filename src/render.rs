//! Draws an error with the line of the input and its places marked.

use crate::error::{Error, Span};
use ariadne::{CharSet, Config, IndexType, Label, Report, ReportKind, Source};

/// The error as people read it, without colour: the same bytes on every machine.
///
/// `name` stands for the text, such as `<expression>` or the name of a file.
///
/// ```
/// use indicial::{Declarations, parse, render};
/// let text = "A*(x + ";
/// let error = parse(text, &Declarations::new()).unwrap_err();
/// assert!(render(&error, text, "<expression>").contains("<expression>:1:8"));
/// ```
pub fn render(error: &Error, source: &str, name: &str) -> String {
    let Some(span) = error.span else { return plain(error) };
    let span = fit(span, source);
    let config = Config::default().with_color(false).with_char_set(CharSet::Unicode).with_index_type(IndexType::Byte);
    let mut report = Report::build(ReportKind::Error, (name, span.clone())).with_config(config).with_message(&error.message);
    // The whole is marked only where no part of it is.
    if !error.notes.iter().any(|(place, _)| place.start >= span.start && place.end <= span.end) {
        report = report.with_label(Label::new((name, span)).with_message("here"));
    }
    for (place, note) in &error.notes {
        report = report.with_label(Label::new((name, fit(*place, source))).with_message(note));
    }
    if let Some(help) = &error.help {
        report = report.with_help(help);
    }
    let mut out = Vec::new();
    match report.finish().write((name, Source::from(source)), &mut out) {
        Ok(()) => String::from_utf8_lossy(&out).lines().map(str::trim_end).collect::<Vec<_>>().join("\n") + "\n",
        Err(_) => plain(error),
    }
}

fn plain(error: &Error) -> String {
    format!("Error: {error}\n")
}

/// Within the text and on the boundaries of characters, whatever the error says.
fn fit(span: Span, source: &str) -> std::ops::Range<usize> {
    let floor = |at: usize| (0..=at.min(source.len())).rev().find(|i| source.is_char_boundary(*i)).unwrap_or(0);
    let start = floor(span.start);
    start..floor(span.end).max(start)
}
