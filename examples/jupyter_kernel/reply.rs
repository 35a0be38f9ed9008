//! Outputs and help of a session as contents of Jupyter's messages.

use crate::session::{Failure, Shown, State, complete, inspect, is_complete, name_at};
use jupyter_protocol::media::{Media, MediaType};
use jupyter_protocol::{
    CodeMirrorMode, CompleteReply, ErrorOutput, HelpLink, HistoryEntry, HistoryReply, HistoryRequest, InspectReply, IsCompleteReply,
    KernelInfoReply, LanguageInfo, ReplyError, ReplyStatus,
};

/// The type of the JSON of `LANGUAGE.md`.
pub const JSON: &str = "application/vnd.indicial+json";

/// An output in each of its forms; the front end takes the richest that it can draw.
pub fn media(shown: Shown) -> Media {
    let mut content = vec![MediaType::Plain(shown.plain)];
    content.extend(shown.latex.map(MediaType::Latex));
    content.extend(shown.html.map(MediaType::Html));
    content.extend(shown.svg.map(MediaType::Svg));
    content.extend(shown.json.map(|json| MediaType::Other((JSON.to_owned(), json))));
    Media::new(content)
}

pub fn error_output(failure: &Failure) -> ErrorOutput {
    ErrorOutput {
        ename: failure.kind.clone(),
        evalue: failure.message.clone(),
        traceback: failure.drawn.lines().map(str::to_owned).collect(),
    }
}

pub fn reply_error(failure: &Failure) -> Box<ReplyError> {
    let ErrorOutput { ename, evalue, traceback } = error_output(failure);
    Box::new(ReplyError { ename, evalue, traceback })
}

pub fn kernel_info() -> KernelInfoReply {
    KernelInfoReply {
        status: ReplyStatus::Ok,
        protocol_version: "5.3".to_owned(),
        implementation: "indicial".to_owned(),
        implementation_version: env!("CARGO_PKG_VERSION").to_owned(),
        language_info: LanguageInfo {
            name: "indicial".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            mimetype: Some("text/x-indicial".to_owned()),
            file_extension: Some(".indicial".to_owned()),
            pygments_lexer: Some("octave".to_owned()),
            codemirror_mode: Some(CodeMirrorMode::Simple("octave".to_owned())),
            nbconvert_exporter: None,
        },
        banner: format!("indicial {}: derivatives of matrix expressions", env!("CARGO_PKG_VERSION")),
        help_links: Vec::<HelpLink>::new(),
        debugger: false,
        error: None,
    }
}

/// The byte of a place that Jupyter counts in characters.
fn byte(cell: &str, characters: usize) -> usize {
    cell.char_indices().nth(characters).map_or(cell.len(), |(at, _)| at)
}

fn characters(cell: &str, byte: usize) -> usize {
    cell[..byte].chars().count()
}

pub fn completion(state: &State, cell: &str, cursor: usize) -> CompleteReply {
    let found = complete(state, cell, byte(cell, cursor));
    CompleteReply {
        matches: found.matches,
        cursor_start: characters(cell, found.start),
        cursor_end: characters(cell, found.end),
        metadata: serde_json::Map::new(),
        status: ReplyStatus::Ok,
        error: None,
    }
}

pub fn inspection(state: &State, cell: &str, cursor: usize) -> InspectReply {
    let text = inspect(state, name_at(cell, byte(cell, cursor)));
    InspectReply {
        found: text.is_some(),
        data: Media::new(text.into_iter().map(MediaType::Plain).collect()),
        metadata: serde_json::Map::new(),
        status: ReplyStatus::Ok,
        error: None,
    }
}

pub fn completeness(cell: &str) -> IsCompleteReply {
    if is_complete(cell) { IsCompleteReply::complete() } else { IsCompleteReply::incomplete("    ".to_owned()) }
}

/// The cells of this session that are asked for; numbers are from 1. Outputs are not kept.
pub fn history(cells: &[String], request: &HistoryRequest) -> HistoryReply {
    let numbered = cells.iter().enumerate().map(|(at, cell)| (at + 1, cell));
    let (chosen, output): (Vec<(usize, &String)>, bool) = match request {
        HistoryRequest::Range { start, stop, output, .. } => {
            let within = |number: usize| i32::try_from(number).is_ok_and(|n| n >= *start && n < *stop);
            (numbered.filter(|(number, _)| within(*number)).collect(), *output)
        }
        HistoryRequest::Tail { n, output, .. } => (last(numbered.collect(), *n), *output),
        HistoryRequest::Search { pattern, n, output, .. } => {
            (last(numbered.filter(|(_, cell)| matches(pattern, cell)).collect(), *n), *output)
        }
    };
    let entry = |(number, cell): (usize, &String)| match output {
        true => HistoryEntry::InputOutput(0, number, (cell.clone(), String::new())),
        false => HistoryEntry::Input(0, number, cell.clone()),
    };
    HistoryReply::new(chosen.into_iter().map(entry).collect())
}

fn last<T>(mut all: Vec<T>, n: i32) -> Vec<T> {
    all.split_off(all.len().saturating_sub(usize::try_from(n).unwrap_or(0)))
}

/// Whether a pattern, in which `*` stands for any text, is the whole of a cell.
fn matches(pattern: &str, cell: &str) -> bool {
    let Some((first, rest)) = pattern.split_once('*') else { return pattern == cell };
    let Some(mut cell) = cell.strip_prefix(first) else { return false };
    let mut parts: Vec<&str> = rest.split('*').collect();
    let last = parts.pop().unwrap_or_default();
    for part in parts {
        match cell.find(part) {
            Some(at) => cell = &cell[at + part.len()..],
            None => return false,
        }
    }
    cell.ends_with(last)
}
