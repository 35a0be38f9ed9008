//! Declared functions and their derivatives: `f(x)`, `h.(x)`, `D(f)(x)`, `\mathrm{D}f(x)`, `h'(x)`.

use super::parser::Parser;
use super::scan::Tok;
use crate::applied::Applied;
use crate::dim::Symbol;
use crate::error::{Result, Span};
use crate::expr::{Expr, Op};
use crate::outline::{Outline, outline};
use std::sync::Arc;

/// How many derivatives of one function are read.
const MOST_DERIVATIVES: usize = 16;

impl Parser<'_> {
    /// Whether `.(` stands here: each entry is an argument.
    pub fn is_elementwise_call(&self) -> bool {
        *self.peek() == Tok::Sign('.') && *self.look(1) == Tok::Sign('(')
    }

    /// A function with its arguments, which stand here. A function of scalars is applied to the entries of what is none.
    pub fn applied(&mut self, mut function: Applied, span: Span) -> Result<Expr> {
        function.elementwise = self.is_elementwise_call();
        if function.elementwise {
            self.advance();
        }
        let count = function.signature.arguments.len();
        let arguments = self.arguments(&format!("{function}(…)"), count, count, span)?;
        function.elementwise |= function.is_of_scalars() && arguments.iter().any(|a| outline(a) != Some(Outline::Scalar));
        self.node(Op::Apply { function: Arc::new(function), arguments }, span)
    }

    /// The derivative of a declared function with its arguments, if that stands here.
    pub fn derivative_of_declared(&mut self) -> Result<Option<Expr>> {
        let start = self.span();
        let Some((function, next)) = self.derivative_at(self.at, 0) else { return Ok(None) };
        let called = |at: usize| self.tokens.get(at).is_some_and(|t| at < self.end && t.tok == Tok::Sign('('));
        let dotted = self.tokens.get(next).is_some_and(|t| t.tok == Tok::Sign('.'));
        if !(called(next) || dotted && called(next + 1)) {
            return Ok(None);
        }
        self.at = next;
        self.applied(function, start).map(Some)
    }

    /// `D(f)`, `D(f,2)`, `\mathrm{D}f` and `\mathrm{D}_2 f`, and the token after it.
    fn derivative_at(&self, at: usize, depth: usize) -> Option<(Applied, usize)> {
        let mut next = self.operator_at(at).filter(|_| depth < MOST_DERIVATIVES && !self.is_known("D"))?;
        let mut argument = None;
        if self.sign_at(next, '_') {
            let braced = self.sign_at(next + 1, '{');
            argument = Some(self.number_at(next + 1 + usize::from(braced))?);
            next += if braced { 4 } else { 2 };
        }
        let in_brackets = argument.is_none() && self.sign_at(next, '(');
        let (function, mut next) = self.function_at(next + usize::from(in_brackets), depth)?;
        if in_brackets {
            if self.sign_at(next, ',') {
                argument = Some(self.number_at(next + 1)?);
                next += 2;
            }
            if !self.sign_at(next, ')') {
                return None;
            }
            next += 1;
        }
        let argument = argument.unwrap_or(1).checked_sub(1)?;
        (argument < function.signature.arguments.len()).then(|| (function.derivative(argument), next))
    }

    /// A declared function or a derivative of one.
    fn function_at(&self, at: usize, depth: usize) -> Option<(Applied, usize)> {
        let (name, next) = match self.tokens.get(at).filter(|_| at < self.end).map(|t| &t.tok) {
            Some(Tok::Letter(_)) => self.declared_word_at(at)?,
            Some(Tok::Command("mathrm" | "operatorname" | "text" | "mathit")) => self.word_at(at + 1),
            _ => return None,
        };
        match self.declarations.function(Symbol::new(&name)) {
            Some(function) => Some((function, next)),
            None => self.derivative_at(at, depth + 1),
        }
    }

    /// The longest declared function that the letters from here on spell; the `D` of a derivative if none.
    fn declared_word_at(&self, at: usize) -> Option<(String, usize)> {
        let is_part = |to: usize| matches!(self.tokens[to].tok, Tok::Letter(_) | Tok::Number(_));
        let adjacent = |to: usize| to == at || self.tokens[to].span.start == self.tokens[to - 1].span.end;
        let mut end = at;
        while end < self.end && is_part(end) && adjacent(end) {
            end += 1;
        }
        let text = |to: usize| &self.text[self.tokens[at].span.start..self.tokens[to - 1].span.end];
        let found = (at + 1..=end).rev().find(|to| self.declarations.function(Symbol::new(text(*to))).is_some());
        Some(found.map_or_else(|| ("D".to_owned(), at), |to| (text(to).to_owned(), to)))
    }

    /// The token after the sign of a derivative, `D` or `\mathrm{D}`.
    fn operator_at(&self, at: usize) -> Option<usize> {
        match self.tokens.get(at).filter(|_| at < self.end).map(|t| &t.tok)? {
            Tok::Letter('D') => Some(at + 1),
            Tok::Command("mathrm") => Some(self.word_at(at + 1)).filter(|(word, _)| word == "D").map(|(_, next)| next),
            _ => None,
        }
    }

    fn sign_at(&self, at: usize, sign: char) -> bool {
        at < self.end && self.tokens[at].tok == Tok::Sign(sign)
    }

    fn number_at(&self, at: usize) -> Option<usize> {
        match self.tokens.get(at).filter(|_| at < self.end).map(|t| &t.tok)? {
            Tok::Number(n) => n.as_integer().and_then(|n| usize::try_from(n).ok()),
            _ => None,
        }
    }
}
