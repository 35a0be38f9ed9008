//! What can go wrong, as data: the kind, where in the input, what, and what to do about it.

use std::fmt;

/// A range of bytes of the input text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Span {
    pub start: usize,
    pub end: usize,
}

impl Span {
    pub fn new(start: usize, end: usize) -> Span {
        Span { start, end }
    }

    /// The smallest range that holds both.
    pub fn join(self, other: Span) -> Span {
        Span { start: self.start.min(other.start), end: self.end.max(other.end) }
    }
}

/// The classes of errors; `Display` gives the word that JSON output uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The text is not of the language.
    Syntax,
    /// A name that nothing declares and no function has, or one declared twice.
    Name,
    /// Shapes that do not fit.
    Shape,
    /// Index notation whose indices make no sense together.
    Index,
    /// A value outside what an operation takes, such as `0` as a denominator.
    Domain,
    /// A derivative that is not known. It is never taken for 0.
    Derivative,
    /// A construct of the language that this version cannot do yet.
    Unsupported,
    /// A limit on size, depth or work was reached; the message names it.
    Limit,
    /// A file or data that cannot be read or does not fit.
    Data,
    /// A rule that is ill-formed or false.
    Rule,
    /// Two parts of the engine disagree: a bug, reported and not hidden.
    Internal,
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(match self {
            ErrorKind::Syntax => "syntax",
            ErrorKind::Name => "name",
            ErrorKind::Shape => "shape",
            ErrorKind::Index => "index",
            ErrorKind::Domain => "domain",
            ErrorKind::Derivative => "derivative",
            ErrorKind::Unsupported => "unsupported",
            ErrorKind::Limit => "limit",
            ErrorKind::Data => "data",
            ErrorKind::Rule => "rule",
            ErrorKind::Internal => "internal",
        })
    }
}

/// An error with its place in the input.
///
/// `{}` prints the message and the help in one line or two; the command line draws it with the source line and carets.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}{}", .help.as_ref().map(|h| format!("\nhelp: {h}")).unwrap_or_default())]
#[non_exhaustive]
pub struct Error {
    pub kind: ErrorKind,
    pub message: String,
    /// Bytes of the text that was being read, where there was a text.
    pub span: Option<Span>,
    pub help: Option<String>,
    /// Further places, each with what it has to do with it ("x is a vector(n) here").
    pub notes: Vec<(Span, String)>,
}

/// The result of whatever can fail here.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Error {
        Error { kind, message: message.into(), span: None, help: None, notes: Vec::new() }
    }

    /// Where it is, unless a narrower place is known already.
    #[must_use]
    pub fn at(mut self, span: Span) -> Error {
        self.span.get_or_insert(span);
        self
    }

    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Error {
        self.help = Some(help.into());
        self
    }

    #[must_use]
    pub fn note(mut self, span: Span, text: impl Into<String>) -> Error {
        self.notes.push((span, text.into()));
        self
    }

    /// What this version cannot do yet, named.
    pub fn unsupported(construct: impl fmt::Display) -> Error {
        Error::new(ErrorKind::Unsupported, format!("{construct} is not supported yet"))
    }
}
