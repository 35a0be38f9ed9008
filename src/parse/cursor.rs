//! A position in the tokens, shared by the parsers of expressions and of declarations.

use super::lex::{Tok, Token, describe, lex};
use crate::dim::Dim;
use crate::error::{Error, ErrorKind, Result, Span};

/// The deepest nesting that is read; every pass after the parser relies on it.
pub const MAX_DEPTH: usize = 500;

pub struct Cursor<'a> {
    pub text: &'a str,
    pub tokens: Vec<Token<'a>>,
    pub at: usize,
    /// Tokens from here on belong to something else.
    pub end: usize,
    pub depth: usize,
}

impl<'a> Cursor<'a> {
    pub fn new(text: &'a str) -> Result<Cursor<'a>> {
        let tokens = lex(text)?;
        let end = tokens.len() - 1;
        Ok(Cursor { text, tokens, at: 0, end, depth: 0 })
    }

    /// A bound for how deep the parser will recurse: only these tokens make it do so.
    pub fn nesting_at_most(&self) -> usize {
        use Tok::{Bars, Caret, DotCaret, Equals, Open, OpenBrace, OpenSquare, Root};
        let nests = |t: &&Token| matches!(t.tok, Open | OpenSquare | OpenBrace | Caret | DotCaret | Root | Equals | Bars(_));
        self.tokens.iter().filter(nests).count()
    }

    /// The token `ahead` places further on.
    pub fn look(&self, ahead: usize) -> &Tok<'a> {
        if self.at + ahead < self.end { &self.tokens[self.at + ahead].tok } else { &Tok::End }
    }

    pub fn peek(&self) -> &Tok<'a> {
        self.look(0)
    }

    pub fn span(&self) -> Span {
        self.tokens[self.at.min(self.end)].span
    }

    /// The place of the token read last.
    pub fn last_span(&self) -> Span {
        self.tokens[self.at.saturating_sub(1)].span
    }

    pub fn new_line(&self) -> bool {
        self.tokens[self.at.min(self.end)].new_line
    }

    pub fn advance(&mut self) {
        self.at = (self.at + 1).min(self.end);
    }

    /// Takes the token if it is that one.
    pub fn eat(&mut self, tok: &Tok) -> bool {
        let found = self.peek() == tok;
        if found {
            self.advance();
        }
        found
    }

    /// Takes the closing bracket that belongs to the one at `open`.
    pub fn close(&mut self, tok: &Tok, open: Span) -> Result<Span> {
        if self.eat(tok) {
            return Ok(self.last_span());
        }
        let bracket = &self.text[open.start..open.end];
        if *self.peek() == Tok::End {
            return Err(Error::new(ErrorKind::Syntax, format!("`{bracket}` is never closed")).at(open));
        }
        Err(self.unexpected("an operator or the closing bracket").note(open, "opened here"))
    }

    pub fn unexpected(&self, wanted: &str) -> Error {
        let found = match self.peek() {
            Tok::End => "the end of the input".to_owned(),
            _ => describe(&self.tokens[self.at], self.text),
        };
        Error::new(ErrorKind::Syntax, format!("expected {wanted}, found {found}")).at(self.span())
    }

    pub fn name(&mut self, wanted: &str) -> Result<(&'a str, Span)> {
        match *self.peek() {
            Tok::Name(name) => {
                self.advance();
                Ok((name, self.last_span()))
            }
            _ => Err(self.unexpected(wanted)),
        }
    }

    /// One level deeper; leave again with `depth -= 1`.
    pub fn enter(&mut self) -> Result<()> {
        self.depth += 1;
        if self.depth > MAX_DEPTH { Err(too_deep(self.span())) } else { Ok(()) }
    }

    /// A dimension: `n`, `3`, `2*n + 1`.
    pub fn dim(&mut self) -> Result<Dim> {
        let start = self.span();
        let dim = self.dim_sum()?;
        if dim.as_number().is_some_and(|n| n < 1) {
            let span = start.join(self.last_span());
            return Err(Error::new(ErrorKind::Shape, format!("a dimension is at least 1, not {dim}")).at(span));
        }
        Ok(dim)
    }

    fn dim_sum(&mut self) -> Result<Dim> {
        let mut sum = self.dim_product()?;
        loop {
            if self.eat(&Tok::Plus) {
                sum = sum + self.dim_product()?;
            } else if self.eat(&Tok::Minus) {
                sum = sum - self.dim_product()?;
            } else {
                return Ok(sum);
            }
        }
    }

    fn dim_product(&mut self) -> Result<Dim> {
        let start = self.span();
        let mut product = self.dim_factor()?;
        loop {
            if self.eat(&Tok::Slash) {
                let quotient = self.dim_factor()?.as_number().and_then(|by| product.over(by));
                let whole = || Error::new(ErrorKind::Shape, "this quotient is not a whole number at all sizes");
                product = quotient.ok_or_else(|| whole().at(start.join(self.last_span())))?;
            } else if self.eat(&Tok::Star) {
                product = product * self.dim_factor()?;
            } else {
                return Ok(product);
            }
            if product.terms().count() > 100 {
                return Err(Error::new(ErrorKind::Limit, "a dimension has more than the limit of 100 terms").at(self.last_span()));
            }
        }
    }

    fn dim_factor(&mut self) -> Result<Dim> {
        let span = self.span();
        match self.peek().clone() {
            Tok::Name(name) => {
                self.advance();
                Ok(Dim::symbol(name))
            }
            Tok::Number(n) => {
                self.advance();
                let small = n.as_integer().filter(|n| *n <= i64::from(i32::MAX));
                let wrong = || Error::new(ErrorKind::Shape, format!("a dimension is a positive integer, not {n}")).at(span);
                small.map(Dim::number).ok_or_else(wrong)
            }
            Tok::Open => {
                self.enter()?;
                self.advance();
                let dim = self.dim_sum()?;
                self.close(&Tok::Close, span)?;
                self.depth -= 1;
                Ok(dim)
            }
            _ => Err(self.unexpected("a dimension")),
        }
    }
}

pub fn too_deep(span: Span) -> Error {
    Error::new(ErrorKind::Limit, format!("the expression is nested deeper than the limit of {MAX_DEPTH}"))
        .help("name parts of it with `where`, or leave out brackets that nothing needs")
        .at(span)
}
