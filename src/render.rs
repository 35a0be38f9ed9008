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
    let (shown, start) = excerpt(source, span);
    let span = fit(span, start, shown);
    let config = Config::default().with_color(false).with_char_set(CharSet::Unicode).with_index_type(IndexType::Byte);
    let mut report = Report::build(ReportKind::Error, (name, span.clone())).with_config(config).with_message(&error.message);
    // The whole is marked only where no part of it is.
    if !error.notes.iter().any(|(place, _)| place.start >= span.start && place.end <= span.end) {
        report = report.with_label(Label::new((name, span)).with_message("here"));
    }
    for (place, note) in error.notes.iter().filter(|(p, _)| p.start >= start && p.end <= start + shown.len()) {
        report = report.with_label(Label::new((name, fit(*place, start, shown))).with_message(note));
    }
    if shown.len() < source.len() {
        report = report.with_note(format!("this is a part of the text, from byte {start} of {}", source.len()));
    }
    if let Some(help) = &error.help {
        report = report.with_help(help);
    }
    let mut out = Vec::new();
    match report.finish().write((name, Source::from(shown)), &mut out) {
        Ok(()) => String::from_utf8_lossy(&out).lines().map(str::trim_end).collect::<Vec<_>>().join("\n") + "\n",
        Err(_) => plain(error),
    }
}

fn plain(error: &Error) -> String {
    format!("Error: {error}\n")
}

/// What is shown of the text, and where it begins: all of it, or what is around a place in a long line.
fn excerpt(source: &str, span: Span) -> (&str, usize) {
    const LONG: usize = 2000;
    const AROUND: usize = 40;
    let (before, after) = (floor(span.start, source), floor(span.end, source));
    let first = source[..before].rfind('\n').map_or(0, |at| at + 1);
    let last = source[after..].find('\n').map_or(source.len(), |at| after + at);
    if source.len() <= LONG || last.saturating_sub(first) <= LONG {
        return (source, 0);
    }
    let start = floor(span.start.saturating_sub(AROUND), source);
    let end = floor(span.start.saturating_add(AROUND), source).max(start);
    (&source[start..end], start)
}

/// The end of the last character that ends at or before a place.
fn floor(at: usize, text: &str) -> usize {
    (0..=at.min(text.len())).rev().find(|i| text.is_char_boundary(*i)).unwrap_or(0)
}

/// The place in the part of the text that begins at `from`, on the boundaries of characters, whatever the error says.
fn fit(span: Span, from: usize, shown: &str) -> std::ops::Range<usize> {
    let start = floor(span.start.saturating_sub(from), shown);
    start..floor(span.end.saturating_sub(from), shown).max(start)
}
