//! From LaTeX, or from mathematics in Unicode, to tokens. What only sets type is dropped, and every sign of Unicode becomes the command
//! or the script that it stands for, so that the parser knows one way of writing.

use super::commands::{Role, role};
use super::unicode;
use crate::error::{Error, ErrorKind, Result, Span};
use crate::number::Number;
use crate::parse::lex::{MAX_BYTES, MAX_TOKENS};

#[derive(Clone, Debug, PartialEq)]
pub enum Tok<'a> {
    Letter(char),
    Number(Number),
    /// A command without its backslash; signs of Unicode are commands, too.
    Command(&'a str),
    Sign(char),
    /// `\begin{bmatrix}` and its like.
    Begin(&'a str),
    Finish(&'a str),
    End,
}

#[derive(Clone, Debug)]
pub struct Token<'a> {
    pub tok: Tok<'a>,
    pub span: Span,
}

/// How the text is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Writing {
    Latex,
    /// Signs of Unicode, with words for functions; `split` says that a word that nothing explains is a product of letters.
    Unicode {
        split: bool,
    },
}

/// Environments that only place a formula on the page.
const DISPLAYS: [&str; 15] = [
    "equation",
    "equation*",
    "align",
    "align*",
    "aligned",
    "gather",
    "gather*",
    "multline",
    "multline*",
    "split",
    "displaymath",
    "math",
    "eqnarray",
    "eqnarray*",
    "gathered",
];

/// Environments whose cells are separated by `&` and `\\`.
pub const MATRICES: [&str; 9] = ["matrix", "pmatrix", "bmatrix", "Bmatrix", "vmatrix", "Vmatrix", "smallmatrix", "array", "cases"];

/// The tokens, with one `End` after the last.
///
/// # Errors
/// Of kind `Syntax` for what nothing begins with, of kind `Limit` for a text that is too long.
pub fn scan(text: &str, writing: Writing) -> Result<Vec<Token<'_>>> {
    if text.len() > MAX_BYTES {
        return Err(Error::new(ErrorKind::Limit, format!("the input is longer than the limit of {MAX_BYTES} bytes")));
    }
    let mut scanner = Scanner { text, at: 0, tokens: Vec::new(), matrices: 0, writing };
    while scanner.at < text.len() {
        scanner.next()?;
        if scanner.tokens.len() > MAX_TOKENS {
            let error = Error::new(ErrorKind::Limit, format!("the input has more than the limit of {MAX_TOKENS} tokens"));
            return Err(error.at(Span::new(text.len(), text.len())));
        }
    }
    scanner.drop_full_stop();
    scanner.tokens.push(Token { tok: Tok::End, span: Span::new(text.len(), text.len()) });
    Ok(scanner.tokens)
}

struct Scanner<'a> {
    text: &'a str,
    at: usize,
    tokens: Vec<Token<'a>>,
    /// How many matrices are open; only in them cells are separated.
    matrices: usize,
    writing: Writing,
}

impl<'a> Scanner<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn push(&mut self, tok: Tok<'a>, length: usize) {
        self.tokens.push(Token { tok, span: Span::new(self.at, self.at + length) });
        self.at += length;
    }

    /// Several tokens for one sign of the text.
    fn push_all(&mut self, toks: impl IntoIterator<Item = Tok<'a>>, length: usize) {
        let span = Span::new(self.at, self.at + length);
        self.tokens.extend(toks.into_iter().map(|tok| Token { tok, span }));
        self.at += length;
    }

    fn next(&mut self) -> Result<()> {
        let rest = self.rest();
        let Some(c) = rest.chars().next() else { return Ok(()) };
        let latex = self.writing == Writing::Latex;
        if c == '\\' && latex {
            return self.backslash();
        }
        if c.is_ascii_digit() || c == '.' && rest[1..].starts_with(|d: char| d.is_ascii_digit()) {
            return self.number();
        }
        let scripts = unicode::scripts(rest);
        match c {
            _ if c.is_whitespace() => self.at += c.len_utf8(),
            '~' | '$' if latex => self.at += 1,
            '\u{2061}'..='\u{2064}' | '\u{200b}' | '\u{feff}' => self.at += c.len_utf8(),
            '&' if self.matrices == 0 && latex => self.at += 1,
            '%' if latex => self.at += rest.find('\n').unwrap_or(rest.len()),
            _ if scripts.is_some() => {
                let (toks, length) = scripts.unwrap_or_default();
                self.push_all(toks, length);
            }
            _ if unicode::sign(c).is_some() => self.push_all(unicode::sign(c).unwrap_or_default(), c.len_utf8()),
            _ if c.is_alphabetic() => self.push(Tok::Letter(c), c.len_utf8()),
            '|' if rest.starts_with("||") => self.push(Tok::Command("|"), 2),
            '!'..='~' => self.push(Tok::Sign(c), 1),
            _ => {
                let error = Error::new(ErrorKind::Syntax, format!("unexpected character `{}`", c.escape_debug()));
                return Err(error.at(Span::new(self.at, self.at + c.len_utf8())));
            }
        }
        Ok(())
    }

    /// Digits with a point; an exponent only as in `1e-3`, since `2e` may be a product.
    fn number(&mut self) -> Result<()> {
        let bytes = self.rest().as_bytes();
        let digits = |mut at: usize| {
            while bytes.get(at).is_some_and(u8::is_ascii_digit) {
                at += 1;
            }
            at
        };
        let mut end = digits(0);
        if bytes.get(end) == Some(&b'.') && bytes.get(end + 1).is_some_and(u8::is_ascii_digit) {
            end = digits(end + 1);
        }
        if matches!(bytes.get(end), Some(b'e' | b'E')) && bytes.get(end + 1) == Some(&b'-') && digits(end + 2) > end + 2 {
            end = digits(end + 2);
        }
        let value = Number::parse(&self.rest()[..end]).ok_or_else(|| {
            let error = Error::new(ErrorKind::Limit, "the number is beyond the limit of 4000 digits").at(Span::new(self.at, self.at + end));
            error.help("write it with a smaller exponent")
        })?;
        self.push(Tok::Number(value), end);
        Ok(())
    }

    fn backslash(&mut self) -> Result<()> {
        let after = &self.rest()[1..];
        let letters = after.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(after.len());
        if letters == 0 {
            self.control_sign(after);
            return Ok(());
        }
        let (word, length) = (&after[..letters], 1 + letters);
        match word {
            "begin" | "end" => return self.environment(word == "begin", length),
            "left" | "right" | "big" | "Big" | "bigg" | "Bigg" | "bigl" | "bigr" | "Bigl" | "Bigr" | "biggl" | "biggr" | "Biggl"
            | "Biggr" | "middle" => self.delimiter(word, length),
            _ => match role(word) {
                Some(Role::Space) => self.at += length,
                Some(Role::SpaceWithArgument) => {
                    self.at += length;
                    self.skip_group();
                }
                _ => self.push(Tok::Command(word), length),
            },
        }
        Ok(())
    }

    /// `\,`, `\|`, `\{`, `\\` and their like.
    fn control_sign(&mut self, after: &'a str) {
        let c = after.chars().next().unwrap_or(' ');
        let length = 1 + if after.is_empty() { 0 } else { c.len_utf8() };
        match c {
            '\\' if self.matrices > 0 => self.push(Tok::Command("\\"), length),
            '|' | '{' | '}' | '_' | '%' | '&' | '#' => self.push(Tok::Command(&after[..1]), length),
            _ => self.at += length,
        }
    }

    /// `\left(` is `(`, `\left|` is `\lvert`: only of upright signs the side tells something.
    fn delimiter(&mut self, word: &str, length: usize) {
        let rest = &self.rest()[length..];
        let space = rest.len() - rest.trim_start().len();
        let rest = rest.trim_start();
        let side = match word {
            "left" => Some(true),
            "right" => Some(false),
            _ if word.ends_with('l') => Some(true),
            _ if word.ends_with('r') => Some(false),
            _ => None,
        };
        let norm = ["\\|", "\\Vert", "‖", "||", "\\lVert", "\\rVert"].iter().find(|s| rest.starts_with(**s));
        let bar = ["|", "\\vert", "\\lvert", "\\rvert"].iter().find(|s| rest.starts_with(**s));
        match (side, norm, bar) {
            (Some(left), Some(sign), _) => self.push(Tok::Command(if left { "lVert" } else { "rVert" }), length + space + sign.len()),
            (Some(left), None, Some(sign)) => self.push(Tok::Command(if left { "lvert" } else { "rvert" }), length + space + sign.len()),
            (Some(_), None, None) if rest.starts_with('.') => self.at += length + space + 1,
            _ => self.at += length,
        }
    }

    /// `{…}` and what is in it.
    fn skip_group(&mut self) {
        let rest = self.rest().trim_start();
        self.at = self.text.len() - rest.len();
        if rest.starts_with('{') {
            self.at += rest.find('}').map_or(rest.len(), |end| end + 1);
        }
    }

    fn environment(&mut self, begins: bool, length: usize) -> Result<()> {
        let rest = self.rest();
        let name = rest[length..].trim_start().strip_prefix('{').and_then(|r| r.split_once('}')).map(|(name, _)| name);
        let Some(name) = name else {
            let error = Error::new(ErrorKind::Syntax, "the environment has no name").at(Span::new(self.at, self.at + length));
            return Err(error.help(r"a matrix is \begin{bmatrix} A & B \\ C & D \end{bmatrix}"));
        };
        let end = rest.find('}').map_or(rest.len(), |at| at + 1);
        if DISPLAYS.contains(&name) {
            self.at += end;
        } else if MATRICES.contains(&name) {
            self.matrices = if begins { self.matrices + 1 } else { self.matrices.saturating_sub(1) };
            self.push(if begins { Tok::Begin(name) } else { Tok::Finish(name) }, end);
            if name == "array" && begins {
                self.skip_group();
            }
        } else {
            let error =
                Error::new(ErrorKind::Syntax, format!("the environment `{name}` is no formula")).at(Span::new(self.at, self.at + end));
            return Err(error.help("matrices are bmatrix, pmatrix, matrix, smallmatrix and array"));
        }
        Ok(())
    }

    /// A formula copied with the punctuation of its sentence.
    fn drop_full_stop(&mut self) {
        while matches!(self.tokens.last(), Some(Token { tok: Tok::Sign('.' | ',' | ';'), .. })) {
            self.tokens.pop();
        }
    }
}
