//! Sums, products by juxtaposition and by signs, and what stands above and below a factor.

use super::names::Name;
use super::scan::{Tok, Token, Writing, scan};
use crate::dim::{Dim, Symbol};
use crate::error::{Error, ErrorKind, Result, Span};
use crate::expr::{Expr, Kind, Op, Subscript};
use crate::function::{Call, Function};
use crate::outline::{Outline, outline};
use crate::parse::cursor::{MAX_DEPTH, too_deep};
use crate::parse::{Declarations, resolve, syntax};
use indexmap::{IndexMap, IndexSet};
use std::ops::Range;
use std::sync::Arc;

/// The innermost open bracket: an upright bar closes if a bar is open, and opens otherwise.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Fence {
    Bracket,
    Norm,
    Bar,
}

/// What a factor is before its scripts are looked at.
pub enum Base {
    Name(Name),
    /// A bold 1: a vector of ones, or with a size below it a tensor of them.
    Ones,
    Zeros,
    Value(Expr),
    /// In square brackets: with indices below it may be the tensor of its free indices.
    Bracketed(Expr),
}

pub struct Parser<'a> {
    pub text: &'a str,
    pub tokens: Vec<Token<'a>>,
    pub at: usize,
    /// Tokens from here on belong to something else.
    pub end: usize,
    depth: usize,
    pub writing: Writing,
    pub declarations: &'a Declarations,
    pub kinds: IndexMap<Symbol, Arc<Kind>>,
    /// Undeclared names that stand where a value stands.
    pub values: IndexSet<Symbol>,
    /// Undeclared names that stand alone as a subscript.
    pub indices: IndexSet<Symbol>,
    /// The indices of the sums around this place.
    pub bound: Vec<Symbol>,
    /// The indices of all sums so far.
    pub summed: IndexSet<Symbol>,
    /// Where an index stands that no sum around it has.
    pub loose: IndexMap<Symbol, Span>,
    /// The declared axes that each index has run along.
    pub axes: Vec<(Symbol, Dim)>,
    pub fences: Vec<Fence>,
    /// How many derivatives by what is no scalar stand before what they are of, without brackets around them.
    pub open_derivatives: usize,
}

impl<'a> Parser<'a> {
    pub fn new(text: &'a str, writing: Writing, declarations: &'a Declarations) -> Result<Parser<'a>> {
        let tokens = scan(text, writing)?;
        let end = tokens.len() - 1;
        Ok(Parser {
            text,
            tokens,
            at: 0,
            end,
            depth: 0,
            writing,
            declarations,
            kinds: IndexMap::new(),
            values: IndexSet::new(),
            indices: IndexSet::new(),
            bound: Vec::new(),
            summed: IndexSet::new(),
            loose: IndexMap::new(),
            axes: Vec::new(),
            fences: Vec::new(),
            open_derivatives: 0,
        })
    }

    /// A bound for how deep the parser will recurse.
    pub fn nesting_at_most(&self) -> usize {
        let flat = |t: &&Token| matches!(t.tok, Tok::Letter(_) | Tok::Number(_) | Tok::Sign('+' | '-' | '*' | ')' | ']' | '}' | ','));
        self.tokens.len() - self.tokens.iter().filter(flat).count()
    }

    /// Everything up to the end.
    pub fn whole(&mut self) -> Result<Expr> {
        let expr = self.sum()?;
        self.expect_end()?;
        self.finish(expr)
    }

    fn expect_end(&self) -> Result<()> {
        match self.peek() {
            Tok::End => Ok(()),
            Tok::Sign('=') => {
                Err(syntax("an expression has no `=`").at(self.span()).help("write one side of the equation, without what it defines"))
            }
            Tok::Sign(')' | ']' | '}') | Tok::Finish(_) => Err(syntax(format!("{} closes nothing", self.found())).at(self.span())),
            _ => Err(self.unexpected("an operator or the end")),
        }
    }

    fn finish(&self, expr: Expr) -> Result<Expr> {
        if let Some((i, span)) = self.loose.iter().find(|(i, _)| self.summed.contains(*i)) {
            let error = Error::new(ErrorKind::Index, format!("`{i}` is the index of a sum, and stands outside of it here")).at(*span);
            return Err(error.help("a sum takes in all factors up to the next + or −; put parentheses around what belongs to it"));
        }
        resolve::indices(expr, &self.indices, |s| self.values.contains(&s) || self.declarations.has_dim(s))
    }

    pub fn look(&self, ahead: usize) -> &Tok<'a> {
        if self.at + ahead < self.end { &self.tokens[self.at + ahead].tok } else { &Tok::End }
    }

    pub fn peek(&self) -> &Tok<'a> {
        self.look(0)
    }

    pub fn span(&self) -> Span {
        self.tokens[self.at.min(self.end)].span
    }

    pub fn last_span(&self) -> Span {
        self.tokens[self.at.saturating_sub(1)].span
    }

    pub fn advance(&mut self) {
        self.at = (self.at + 1).min(self.end);
    }

    pub fn eat(&mut self, tok: &Tok) -> bool {
        let found = self.peek() == tok;
        if found {
            self.advance();
        }
        found
    }

    /// Whether the next token begins where the last one ended.
    pub fn adjacent(&self) -> bool {
        self.at > 0 && self.span().start == self.last_span().end
    }

    /// The next token as messages name it.
    pub fn found(&self) -> String {
        match self.peek() {
            Tok::End if self.at >= self.tokens.len() - 1 => "the end of the input".to_owned(),
            _ => {
                let span = self.span();
                format!("`{}`", &self.text[span.start..span.end])
            }
        }
    }

    pub fn unexpected(&self, wanted: &str) -> Error {
        syntax(format!("expected {wanted}, found {}", self.found())).at(self.span())
    }

    /// One level deeper; leave again with [`Parser::leave`].
    pub fn enter(&mut self) -> Result<()> {
        self.depth += 1;
        if self.depth > MAX_DEPTH { Err(too_deep(self.span())) } else { Ok(()) }
    }

    pub fn leave(&mut self) {
        self.depth -= 1;
    }

    /// A node from `start` up to the last token read.
    pub fn node(&self, op: Op, start: Span) -> Result<Expr> {
        let span = start.join(self.last_span());
        let expr = Expr::spanned(op, span);
        if expr.depth() > MAX_DEPTH { Err(too_deep(span)) } else { Ok(expr) }
    }

    /// What `read` makes of these tokens, all of them.
    pub fn within<T>(&mut self, range: Range<usize>, read: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        let (at, end) = (self.at, self.end);
        let fences = std::mem::take(&mut self.fences);
        (self.at, self.end) = (range.start, range.end);
        let value = read(self)?;
        self.expect_end()?;
        (self.at, self.end, self.fences) = (at, end, fences);
        Ok(value)
    }

    pub fn sum(&mut self) -> Result<Expr> {
        self.enter()?;
        let start = self.span();
        let around = self.open_derivatives;
        let mut terms = vec![self.signed(Parser::product)?];
        loop {
            let at = self.span();
            if !matches!(self.peek(), Tok::Sign('+' | '-')) {
                break;
            }
            let is_minus = self.eat(&Tok::Sign('-')) || !self.eat(&Tok::Sign('+'));
            let (open, from) = (self.open_derivatives > around, self.span());
            let term = self.product()?;
            if open && outline(&term) == Some(Outline::Scalar) {
                return Err(syntax("whether this belongs to the derivative before it is not clear")
                    .at(from.join(self.last_span()))
                    .note(start, "the derivative takes in all factors up to the next + or −, and is no scalar")
                    .help("put parentheses around all that is differentiated"));
            }
            terms.push(if is_minus { self.node(Op::Neg(term), at)? } else { term });
        }
        self.open_derivatives = around;
        self.leave();
        match terms.len() {
            1 => Ok(terms.swap_remove(0)),
            _ => self.node(Op::Add(terms), start),
        }
    }

    /// `rest`, negated once for each minus before it; a number takes its sign in.
    pub fn signed(&mut self, rest: fn(&mut Self) -> Result<Expr>) -> Result<Expr> {
        let mut signs = Vec::new();
        loop {
            let at = self.span();
            if self.eat(&Tok::Sign('-')) {
                signs.push(at);
            } else if !self.eat(&Tok::Sign('+')) {
                break;
            }
        }
        let mut expr = rest(self)?;
        while let Some(at) = signs.pop() {
            expr = match expr.op() {
                Op::Number(n) if !n.is_negative() => self.node(Op::Number(-n), at)?,
                _ => self.node(Op::Neg(expr), at)?,
            };
        }
        Ok(expr)
    }

    /// Products of matrices, side by side, and between these `\odot`, `\otimes`, `\oslash`, `\times`, from left to right.
    pub fn product(&mut self) -> Result<Expr> {
        let start = self.span();
        let mut left = self.chain()?;
        let mut run: Vec<Expr> = Vec::new();
        loop {
            let tok = self.peek().clone();
            let dotted = tok == Tok::Sign('.');
            let elementwise = matches!(tok, Tok::Command("odot" | "circ")) || dotted && *self.look(1) == Tok::Sign('*');
            if !elementwise && !run.is_empty() {
                left = self.node(Op::Had(std::mem::take(&mut run)), start)?;
            }
            let divides = matches!(tok, Tok::Command("oslash")) || dotted && *self.look(1) == Tok::Sign('/');
            if !elementwise && !divides && !matches!(tok, Tok::Command("otimes" | "times")) {
                return Ok(left);
            }
            self.advance();
            if dotted {
                self.advance();
            }
            let right = self.signed(Parser::chain)?;
            if elementwise {
                if run.is_empty() {
                    run.push(left.clone());
                }
                run.push(right);
                continue;
            }
            let op = match tok {
                Tok::Command("otimes") => Op::Kron(left, right),
                Tok::Command("times") if is_column(&left) && is_column(&right) => Op::Call(Function::Call(Call::Cross), vec![left, right]),
                Tok::Command("times") => Op::Mul(vec![left, right]),
                _ => Op::HadDiv(left, right),
            };
            left = self.node(op, start)?;
        }
    }

    /// Factors side by side or with `\cdot` between them, and quotients.
    fn chain(&mut self) -> Result<Expr> {
        let start = self.span();
        let opens = matches!(self.peek(), Tok::Sign('('));
        let first = self.factor()?;
        // A product in brackets that begins a product is the same without brackets, unless indices are summed within.
        let mut factors = match first.op() {
            Op::Mul(inner) if opens && self.indices.is_empty() && self.continues() => inner.clone(),
            _ => vec![first],
        };
        let mut divided: Option<Span> = None;
        loop {
            let at = self.span();
            match *self.peek() {
                Tok::Command("cdot" | "ast" | "bullet") | Tok::Sign('*' | '@') => {
                    self.advance();
                    factors.push(self.signed(Parser::factor)?);
                    divided = None;
                }
                Tok::Sign('/' | '\\') | Tok::Command("div" | "backslash") => {
                    let back = matches!(self.peek(), Tok::Sign('\\') | Tok::Command("backslash"));
                    self.advance();
                    let left = self.finish_chain(factors, start)?;
                    let right = self.signed(Parser::factor)?;
                    let numbers = matches!((left.op(), right.op()), (Op::Number(_), Op::Number(_)));
                    divided = if numbers { None } else { Some(at) };
                    factors = vec![self.quotient(back, left, right, start)?];
                }
                _ if self.starts_factor() => {
                    if let Some(at) = divided {
                        let error = syntax("what stands below this sign is not clear").at(at);
                        return Err(error.help(r"write \frac{…}{…}, or parentheses around what is divided by"));
                    }
                    factors.push(self.factor()?);
                }
                _ => return self.finish_chain(factors, start),
            }
        }
    }

    /// Whether another factor follows.
    fn continues(&self) -> bool {
        self.starts_factor() || matches!(self.peek(), Tok::Command("cdot" | "ast" | "bullet") | Tok::Sign('*' | '@'))
    }

    fn finish_chain(&self, mut factors: Vec<Expr>, start: Span) -> Result<Expr> {
        for pair in factors.windows(2) {
            if is_lone_entry(&pair[1]) && matches!(outline(&pair[0]), Some(Outline::Row | Outline::Matrix)) {
                return Err(self.one_of_several(pair[1].span().unwrap_or(start)));
            }
        }
        if factors.len() == 1 { Ok(factors.swap_remove(0)) } else { self.node(Op::Mul(factors), start) }
    }

    /// `w^\top x_i`: what stands in this way is a vector for each i, not an entry.
    pub fn one_of_several(&self, span: Span) -> Error {
        let name = &self.text[span.start..span.end];
        Error::new(ErrorKind::Index, format!("`{name}` stands where a vector would, but an index alone below a name says an entry"))
            .at(span)
            .help("for rows of a matrix X write X_{i,:}, or sum over entries: \\sum_j X_{ij} w_j; declare the name if it is a vector of entries")
    }

    pub fn quotient(&self, back: bool, left: Expr, right: Expr, start: Span) -> Result<Expr> {
        let op = match (left.op(), right.op()) {
            (Op::Number(a), Op::Number(b)) if !back => match a / b {
                Some(n) => Op::Number(n),
                None => return Err(Error::new(ErrorKind::Domain, format!("{a} is divided by 0")).at(right.span().unwrap_or(start))),
            },
            _ if back => Op::LeftDiv(left, right),
            _ => Op::Div(left, right),
        };
        self.node(op, start)
    }

    /// What stands alone with its scripts.
    pub fn factor(&mut self) -> Result<Expr> {
        self.enter()?;
        let start = self.span();
        let base = self.primary()?;
        let expr = self.scripted(base, start)?;
        self.leave();
        Ok(expr)
    }

    /// The place of the bracket that closes the one at `open`.
    pub fn closing(&self, open: usize) -> Result<usize> {
        let mut depth = 0usize;
        for at in open..self.end {
            match self.tokens[at].tok {
                Tok::Sign('{' | '(' | '[') => depth += 1,
                Tok::Sign('}' | ')' | ']') => {
                    depth = depth.saturating_sub(1);
                    if depth == 0 {
                        return Ok(at);
                    }
                }
                _ => {}
            }
        }
        let span = self.tokens[open].span;
        Err(syntax(format!("`{}` is never closed", &self.text[span.start..span.end])).at(span))
    }
}

/// `x_i` of a name that is not declared.
pub fn is_lone_entry(e: &Expr) -> bool {
    matches!(e.op(), Op::Subscript(x, all) if all.len() == 1 && matches!(all[0], Subscript::Index(_)) && matches!(x.op(), Op::Var(v) if v.kind.is_none()))
}

fn is_column(e: &Expr) -> bool {
    outline(e) == Some(Outline::Column)
}
