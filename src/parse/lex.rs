//! From text to tokens. Every spelling of an operator becomes the one token that the parser knows.

use crate::error::{Error, ErrorKind, Result, Span};
use crate::number::Number;

/// Longer input is refused before it is looked at.
pub const MAX_BYTES: usize = 1 << 20;
/// More tokens than anyone writes by hand, few enough to be read in milliseconds.
pub const MAX_TOKENS: usize = 50_000;

#[derive(Clone, Debug, PartialEq)]
pub enum Tok<'a> {
    Name(&'a str),
    Number(Number),
    /// `²`, `⁻¹`
    Superscript(Number),
    /// `‖`, with the `₁`, `₂`, `F` or `∞` that may follow the closing one.
    Bars(Option<char>),
    Plus,
    Minus,
    Star,
    DotStar,
    Slash,
    DotSlash,
    Backslash,
    DotBackslash,
    Caret,
    DotCaret,
    Kron,
    Prime,
    Root,
    /// The dot of `f.(x)`; the bracket is a token of its own.
    Dot,
    Open,
    Close,
    OpenSquare,
    CloseSquare,
    OpenBrace,
    CloseBrace,
    Comma,
    Semicolon,
    Colon,
    Equals,
    Greater,
    GreaterEqual,
    Arrow,
    End,
}

#[derive(Clone, Debug)]
pub struct Token<'a> {
    pub tok: Tok<'a>,
    pub span: Span,
    /// Whether a line break stands before it.
    pub new_line: bool,
}

/// Longest first, so that `.*` is not read as a dot and a star.
const OPERATORS: &[(&str, Tok<'static>)] = &[
    (".*", Tok::DotStar),
    ("./", Tok::DotSlash),
    (".\\", Tok::DotBackslash),
    (".^", Tok::DotCaret),
    (".'", Tok::Prime),
    ("**", Tok::Caret),
    ("->", Tok::Arrow),
    (">=", Tok::GreaterEqual),
    ("+", Tok::Plus),
    ("-", Tok::Minus),
    ("−", Tok::Minus),
    ("*", Tok::Star),
    ("@", Tok::Star),
    ("·", Tok::Star),
    ("⋅", Tok::Star),
    ("×", Tok::Star),
    ("⊙", Tok::DotStar),
    ("∘", Tok::DotStar),
    ("⊘", Tok::DotSlash),
    ("/", Tok::Slash),
    ("÷", Tok::Slash),
    ("\\", Tok::Backslash),
    ("^", Tok::Caret),
    ("⊗", Tok::Kron),
    ("'", Tok::Prime),
    ("’", Tok::Prime),
    ("′", Tok::Prime),
    ("ᵀ", Tok::Prime),
    ("⊤", Tok::Prime),
    ("√", Tok::Root),
    (".", Tok::Dot),
    ("(", Tok::Open),
    (")", Tok::Close),
    ("[", Tok::OpenSquare),
    ("]", Tok::CloseSquare),
    ("{", Tok::OpenBrace),
    ("}", Tok::CloseBrace),
    (",", Tok::Comma),
    (";", Tok::Semicolon),
    (":", Tok::Colon),
    ("=", Tok::Equals),
    (">", Tok::Greater),
    ("≥", Tok::GreaterEqual),
    ("→", Tok::Arrow),
    ("∑", Tok::Name("sum")),
    ("∏", Tok::Name("prod")),
    ("∞", Tok::Name("inf")),
];

/// The tokens of the text, with one `End` after the last.
///
/// # Errors
/// Of kind `Syntax` for a character that nothing begins with, of kind `Limit` for a text that is too long.
pub fn lex(text: &str) -> Result<Vec<Token<'_>>> {
    if text.len() > MAX_BYTES {
        return Err(Error::new(ErrorKind::Limit, format!("the input is longer than the limit of {MAX_BYTES} bytes")));
    }
    let mut tokens = Vec::new();
    let (mut at, mut new_line) = (0, false);
    while let Some(c) = text[at..].chars().next() {
        if c.is_whitespace() {
            new_line |= c == '\n';
            at += c.len_utf8();
            continue;
        }
        let (tok, length) = token(&text[at..]).map_err(|e| e.at(Span::new(at, at + c.len_utf8())))?;
        tokens.push(Token { tok, span: Span::new(at, at + length), new_line });
        if tokens.len() > MAX_TOKENS {
            let error = Error::new(ErrorKind::Limit, format!("the input has more than the limit of {MAX_TOKENS} tokens"));
            return Err(error.at(Span::new(at, at + length)));
        }
        at += length;
        new_line = false;
    }
    tokens.push(Token { tok: Tok::End, span: Span::new(text.len(), text.len()), new_line });
    Ok(tokens)
}

fn token(rest: &str) -> Result<(Tok<'_>, usize)> {
    let c = rest.chars().next().unwrap_or(' ');
    if c.is_ascii_digit() || c == '.' && rest[1..].starts_with(|d: char| d.is_ascii_digit()) {
        return number(rest);
    }
    if superscript(c).is_some() || c == '⁻' || c == '⁺' {
        return Ok(superscripts(rest));
    }
    if c == '‖' {
        return Ok(bars(rest));
    }
    if is_name_start(c) {
        let length = rest.find(|c: char| !is_name_part(c)).unwrap_or(rest.len());
        return Ok((Tok::Name(&rest[..length]), length));
    }
    match OPERATORS.iter().find(|(spelling, _)| rest.starts_with(spelling)) {
        Some((spelling, tok)) => Ok((tok.clone(), spelling.len())),
        None => Err(unknown(c)),
    }
}

fn unknown(c: char) -> Error {
    let error = Error::new(ErrorKind::Syntax, format!("unexpected character `{}`", c.escape_debug()));
    match c {
        '|' => error.help("write abs(x) for an absolute value, det(A) for a determinant, norm2(x) for a norm"),
        '!' => error.help("write gamma(n + 1) for a factorial"),
        '%' | '#' => error.help("there are no comments in expressions"),
        _ => error,
    }
}

fn is_name_start(c: char) -> bool {
    (c.is_alphabetic() || c == '_') && c != 'ᵀ'
}

fn is_name_part(c: char) -> bool {
    (c.is_alphanumeric() || c == '_') && c != 'ᵀ' && superscript(c).is_none()
}

fn superscript(c: char) -> Option<char> {
    "⁰¹²³⁴⁵⁶⁷⁸⁹".chars().position(|s| s == c).and_then(|d| char::from_digit(d as u32, 10))
}

/// Digits, a point unless an operator such as `.*` begins there, and an exponent.
fn number(rest: &str) -> Result<(Tok<'_>, usize)> {
    let bytes = rest.as_bytes();
    let digits = |mut at: usize| {
        while bytes.get(at).is_some_and(u8::is_ascii_digit) {
            at += 1;
        }
        at
    };
    let mut end = digits(0);
    if bytes.get(end) == Some(&b'.') && !bytes.get(end + 1).is_some_and(|b| b"*/^\\'(".contains(b)) {
        end = digits(end + 1);
    }
    if matches!(bytes.get(end), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
        if bytes.get(end + 1 + sign).is_some_and(u8::is_ascii_digit) {
            end = digits(end + 1 + sign);
        }
    }
    let text = rest[..end].replace('+', "");
    let value = Number::parse(&text).ok_or_else(|| {
        Error::new(ErrorKind::Limit, "the number is beyond the limit of 4000 digits").help("write it with a smaller exponent")
    })?;
    Ok((Tok::Number(value), end))
}

/// `²`, `⁻¹`, and `⁻` before a raised T as the inverse that is then transposed.
fn superscripts(rest: &str) -> (Tok<'_>, usize) {
    let negative = rest.starts_with('⁻');
    let mut digits = String::new();
    let mut length = 0;
    for c in rest.chars() {
        match superscript(c) {
            Some(d) => digits.push(d),
            None if length == 0 && matches!(c, '⁻' | '⁺') => {}
            None => break,
        }
        length += c.len_utf8();
    }
    let value = Number::parse(if digits.is_empty() { "1" } else { &digits }).unwrap_or(Number::ONE);
    (Tok::Superscript(if negative { -&value } else { value }), length)
}

fn bars(rest: &str) -> (Tok<'_>, usize) {
    let after = &rest['‖'.len_utf8()..];
    let suffixes = [("₁", '1'), ("₂", '2'), ("_1", '1'), ("_2", '2'), ("_F", 'F'), ("_∞", '∞'), ("∞", '∞')];
    match suffixes.iter().find(|(s, _)| after.starts_with(s)) {
        Some((s, c)) => (Tok::Bars(Some(*c)), '‖'.len_utf8() + s.len()),
        None => (Tok::Bars(None), '‖'.len_utf8()),
    }
}

/// A token as messages name it.
pub fn describe(token: &Token, text: &str) -> String {
    match token.tok {
        Tok::End => "the end of the input".to_owned(),
        _ => format!("`{}`", &text[token.span.start..token.span.end]),
    }
}
