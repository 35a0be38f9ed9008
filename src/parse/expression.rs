//! The parser of expressions: operators, brackets, blocks, braces and subscripts.

use super::cursor::{Cursor, MAX_DEPTH, too_deep};
use super::declare::Declarations;
use super::lex::Tok;
use super::{resolve, syntax};
use crate::dim::{Dim, Symbol};
use crate::error::{Error, ErrorKind, Result, Span};
use crate::expr::{Expr, Kind, Op, Subscript};
use crate::function::{Call, Constant, Function, Map};
use indexmap::{IndexMap, IndexSet};
use std::ops::Range;
use std::sync::Arc;

/// `name = …` after `where`.
pub struct Definition {
    pub tokens: Range<usize>,
    pub span: Span,
    pub state: State,
}

pub enum State {
    Unread,
    Reading,
    Read(Expr),
}

pub struct Parser<'a> {
    pub cursor: Cursor<'a>,
    pub declarations: &'a Declarations,
    pub definitions: IndexMap<&'a str, Definition>,
    /// The kinds of the declared variables met so far, shared by all their occurrences.
    pub kinds: IndexMap<Symbol, Arc<Kind>>,
    /// Undeclared names that stand where a value stands.
    pub values: IndexSet<Symbol>,
    /// Undeclared names that stand alone as a subscript.
    pub indices: IndexSet<Symbol>,
}

impl<'a> Parser<'a> {
    pub fn new(cursor: Cursor<'a>, declarations: &'a Declarations) -> Result<Parser<'a>> {
        let definitions = IndexMap::new();
        let (kinds, values, indices) = (IndexMap::new(), IndexSet::new(), IndexSet::new());
        let mut parser = Parser { cursor, declarations, definitions, kinds, values, indices };
        parser.find_definitions()?;
        Ok(parser)
    }

    /// Everything up to the end, and the definitions, used or not.
    pub fn whole(&mut self) -> Result<Expr> {
        let expr = self.sum()?;
        self.expect_end()?;
        for name in self.definitions.keys().copied().collect::<Vec<_>>() {
            self.definition(name, self.definitions[name].span)?;
        }
        Ok(expr)
    }

    /// The expression with its indices told apart from its entry numbers.
    pub fn finish(&self, expr: Expr) -> Result<Expr> {
        resolve::indices(expr, &self.indices, |s| self.values.contains(&s) || self.declarations.has_dim(s))
    }

    fn expect_end(&self) -> Result<()> {
        match self.cursor.peek() {
            Tok::End => Ok(()),
            Tok::Name(_) | Tok::Number(_) | Tok::Open | Tok::OpenBrace | Tok::Root => {
                Err(self.cursor.unexpected("an operator").help("a product needs its sign: `2*x`, `A*(x + y)`"))
            }
            Tok::Close | Tok::CloseSquare | Tok::CloseBrace => {
                let span = self.cursor.span();
                Err(syntax(format!("`{}` was never opened", &self.cursor.text[span.start..span.end])).at(span))
            }
            Tok::Equals => Err(self.cursor.unexpected("an operator").help("definitions come after `where`; an equation is for `solve`")),
            _ => Err(self.cursor.unexpected("an operator")),
        }
    }

    /// Splits off what follows `where`; a definition ends where the next begins.
    fn find_definitions(&mut self) -> Result<()> {
        let tokens = &self.cursor.tokens;
        let Some(at) = tokens.iter().position(|t| t.tok == Tok::Name("where")) else { return Ok(()) };
        let starts: Vec<usize> =
            (at + 1..self.cursor.end).filter(|&i| matches!(tokens[i].tok, Tok::Name(_)) && tokens[i + 1].tok == Tok::Equals).collect();
        if starts.first() != Some(&(at + 1)) {
            let found = tokens[at + 1].span;
            return Err(syntax("`where` needs definitions after it").at(found).help("write `… where t = A*x; s = t'*t`"));
        }
        for (i, &start) in starts.iter().enumerate() {
            let mut end = starts.get(i + 1).copied().unwrap_or(self.cursor.end);
            while end > start + 2 && matches!(tokens[end - 1].tok, Tok::Semicolon | Tok::Comma) {
                end -= 1;
            }
            let Tok::Name(name) = tokens[start].tok else { continue };
            let span = tokens[start].span;
            let definition = Definition { tokens: start + 2..end, span, state: State::Unread };
            if self.definitions.insert(name, definition).is_some() {
                return Err(Error::new(ErrorKind::Name, format!("`{name}` is defined twice")).at(span));
            }
            if self.declarations.get(Symbol::new(name)).is_some() {
                return Err(Error::new(ErrorKind::Name, format!("`{name}` is declared, and defined after `where`")).at(span));
            }
        }
        self.cursor.end = at;
        Ok(())
    }

    /// What `name` is defined as; read when first needed, so that the order of definitions does not matter.
    pub fn definition(&mut self, name: &str, used: Span) -> Result<Expr> {
        let definition = &mut self.definitions[name];
        let tokens = definition.tokens.clone();
        match std::mem::replace(&mut definition.state, State::Reading) {
            State::Read(expr) => {
                definition.state = State::Read(expr.clone());
                return Ok(expr);
            }
            State::Reading => {
                let error = Error::new(ErrorKind::Name, format!("`{name}` is defined by itself")).at(used);
                return Err(error.note(definition.span, "the definition"));
            }
            State::Unread => {}
        }
        let (at, end) = (self.cursor.at, self.cursor.end);
        (self.cursor.at, self.cursor.end) = (tokens.start, tokens.end);
        let expr = self.sum()?;
        self.expect_end()?;
        (self.cursor.at, self.cursor.end) = (at, end);
        self.definitions[name].state = State::Read(expr.clone());
        Ok(expr)
    }

    /// A node from `start` up to the last token read.
    pub fn node(&self, op: Op, start: Span) -> Result<Expr> {
        let span = start.join(self.cursor.last_span());
        let expr = Expr::spanned(op, span);
        if expr.depth() > MAX_DEPTH { Err(too_deep(span)) } else { Ok(expr) }
    }

    pub fn sum(&mut self) -> Result<Expr> {
        self.cursor.enter()?;
        let start = self.cursor.span();
        let mut terms = vec![self.signed(Parser::product)?];
        loop {
            let at = self.cursor.span();
            if self.cursor.eat(&Tok::Plus) {
                terms.push(self.product()?);
            } else if self.cursor.eat(&Tok::Minus) {
                let term = self.product()?;
                terms.push(self.node(Op::Neg(term), at)?);
            } else {
                break;
            }
        }
        self.cursor.depth -= 1;
        match terms.len() {
            1 => Ok(terms.swap_remove(0)),
            _ => self.node(Op::Add(terms), start),
        }
    }

    /// `rest`, negated once for each minus before it; a number takes its sign in.
    fn signed(&mut self, rest: fn(&mut Self) -> Result<Expr>) -> Result<Expr> {
        let mut signs = Vec::new();
        loop {
            let at = self.cursor.span();
            if self.cursor.eat(&Tok::Minus) {
                signs.push(at);
            } else if !self.cursor.eat(&Tok::Plus) {
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

    fn product(&mut self) -> Result<Expr> {
        let start = self.cursor.span();
        let bracketed = *self.cursor.peek() == Tok::Open;
        let first = self.operand()?;
        // A product in brackets that begins a product is the same without brackets, unless indices are summed within.
        let opens = if bracketed && self.indices.is_empty() { first.clone() } else { Expr::number(0) };
        // The factors since the last operator of another sort; the run is a product if there are several.
        let mut run = vec![first];
        let mut of = Tok::Star;
        loop {
            let op = self.cursor.peek().clone();
            match op {
                Tok::Star | Tok::DotStar => {
                    if op != of {
                        run = vec![self.finish_run(run, &of, start)?];
                    }
                    if let ([only], Op::Mul(inner), Tok::Star) | ([only], Op::Had(inner), Tok::DotStar) = (run.as_slice(), opens.op(), &op)
                        && only.same_node(&opens)
                    {
                        run.clone_from(inner);
                    }
                    self.cursor.advance();
                    run.push(self.operand()?);
                    of = op;
                }
                Tok::Slash | Tok::DotSlash | Tok::Backslash | Tok::DotBackslash | Tok::Kron => {
                    let left = self.finish_run(run, &of, start)?;
                    self.cursor.advance();
                    let right = self.operand()?;
                    run = vec![self.quotient(&op, left, right, start)?];
                }
                _ => return self.finish_run(run, &of, start),
            }
        }
    }

    fn finish_run(&self, mut run: Vec<Expr>, of: &Tok, start: Span) -> Result<Expr> {
        match (run.len(), of) {
            (1, _) => Ok(run.swap_remove(0)),
            (_, Tok::Star) => self.node(Op::Mul(run), start),
            _ => self.node(Op::Had(run), start),
        }
    }

    fn quotient(&self, op: &Tok, left: Expr, right: Expr, start: Span) -> Result<Expr> {
        let op = match op {
            Tok::Slash => match (left.op(), right.op()) {
                (Op::Number(a), Op::Number(b)) => match a / b {
                    Some(n) => Op::Number(n),
                    None => return Err(Error::new(ErrorKind::Domain, format!("{a} is divided by 0")).at(right.span().unwrap_or(start))),
                },
                _ => Op::Div(left, right),
            },
            Tok::DotSlash => Op::HadDiv(left, right),
            Tok::Backslash => Op::LeftDiv(left, right),
            Tok::DotBackslash => Op::HadDiv(right, left),
            _ => Op::Kron(left, right),
        };
        self.node(op, start)
    }

    fn operand(&mut self) -> Result<Expr> {
        self.signed(Parser::power)
    }

    fn power(&mut self) -> Result<Expr> {
        let start = self.cursor.span();
        let base = self.tight()?;
        if !self.cursor.eat(&Tok::DotCaret) {
            return Ok(base);
        }
        self.cursor.enter()?;
        let exponent = self.operand()?;
        self.cursor.depth -= 1;
        self.node(Op::HadPow(base, check_exponent(exponent)?), start)
    }

    fn tight(&mut self) -> Result<Expr> {
        let start = self.cursor.span();
        let base = self.postfix()?;
        if !self.cursor.eat(&Tok::Caret) {
            return Ok(base);
        }
        self.cursor.enter()?;
        let exponent = self.signed(Parser::tight)?;
        self.cursor.depth -= 1;
        self.node(Op::Pow(base, check_exponent(exponent)?), start)
    }

    pub fn postfix(&mut self) -> Result<Expr> {
        let start = self.cursor.span();
        let mut expr = self.primary()?;
        loop {
            expr = match self.cursor.peek() {
                Tok::Prime => {
                    self.cursor.advance();
                    self.node(Op::Transpose(expr), start)?
                }
                Tok::Caret if self.raised_transpose() => {
                    self.cursor.advance();
                    self.cursor.advance();
                    self.node(Op::Transpose(expr), start)?
                }
                Tok::Superscript(n) => {
                    let exponent = Expr::spanned(Op::Number(n.clone()), self.cursor.span());
                    self.cursor.advance();
                    self.node(Op::Pow(expr, exponent), start)?
                }
                Tok::OpenSquare => {
                    let subscripts = self.subscripts()?;
                    self.node(Op::Subscript(expr, subscripts), start)?
                }
                _ => return Ok(expr),
            };
        }
    }

    /// Whether `^T` or `^⊤` follows, and `T` is no variable.
    fn raised_transpose(&self) -> bool {
        match self.cursor.look(1) {
            Tok::Prime => true,
            Tok::Name("T") => !self.is_known("T") && !matches!(self.cursor.look(2), Tok::Open | Tok::OpenSquare),
            _ => false,
        }
    }

    fn primary(&mut self) -> Result<Expr> {
        let start = self.cursor.span();
        match self.cursor.peek().clone() {
            Tok::Number(n) => {
                self.cursor.advance();
                self.node(Op::Number(n), start)
            }
            Tok::Name(name) => {
                self.cursor.advance();
                self.name(name, start)
            }
            Tok::Open => {
                self.cursor.advance();
                let expr = self.sum()?;
                self.cursor.close(&Tok::Close, start)?;
                Ok(expr)
            }
            Tok::OpenSquare => self.block(),
            Tok::OpenBrace => self.braces(),
            Tok::Root => {
                self.cursor.enter()?;
                self.cursor.advance();
                let argument = self.postfix()?;
                self.cursor.depth -= 1;
                self.node(Op::Call(Function::Map(Map::Sqrt), vec![argument]), start)
            }
            Tok::Bars(None) => self.norm(),
            _ => Err(self.cursor.unexpected("an expression")),
        }
    }

    /// `‖x‖`, `‖x‖₁`
    fn norm(&mut self) -> Result<Expr> {
        let start = self.cursor.span();
        self.cursor.advance();
        let argument = self.sum()?;
        let Tok::Bars(suffix) = *self.cursor.peek() else { return Err(self.cursor.unexpected("`‖`").note(start, "opened here")) };
        self.cursor.advance();
        let call = match suffix {
            Some('1') => Call::Norm1,
            Some('2') => Call::Norm2,
            Some('F') => Call::NormF,
            Some(_) => Call::NormInf,
            None => Call::Norm,
        };
        self.node(Op::Call(Function::Call(call), vec![argument]), start)
    }

    /// `[A, B; C, D]`
    fn block(&mut self) -> Result<Expr> {
        let start = self.cursor.span();
        self.cursor.advance();
        let mut rows = vec![vec![self.sum()?]];
        loop {
            if self.cursor.eat(&Tok::Semicolon) {
                rows.push(Vec::new());
            } else if !self.cursor.eat(&Tok::Comma) {
                break;
            }
            let entry = self.sum()?;
            rows.last_mut().into_iter().for_each(|row| row.push(entry.clone()));
        }
        if matches!(self.cursor.peek(), Tok::Name(_) | Tok::Number(_) | Tok::Open) {
            return Err(self
                .cursor
                .unexpected("`,`, `;` or `]`")
                .help("the parts of a block matrix are separated by `,`, its rows by `;`"));
        }
        self.cursor.close(&Tok::CloseSquare, start)?;
        self.node(Op::Block(rows), start)
    }

    /// `{…}[i, k:n]`
    fn braces(&mut self) -> Result<Expr> {
        let start = self.cursor.span();
        self.cursor.advance();
        let body = self.sum()?;
        self.cursor.close(&Tok::CloseBrace, start)?;
        let open = self.cursor.span();
        if !self.cursor.eat(&Tok::OpenSquare) {
            return Err(self.cursor.unexpected("`[` and the indices").help("a tensor is `{A[i,j]*B[j,k]}[i,k]`"));
        }
        let mut outputs: Vec<(Symbol, Option<Dim>)> = Vec::new();
        loop {
            let (name, span) = self.cursor.name("an index")?;
            let index = Symbol::new(name);
            if outputs.iter().any(|(i, _)| *i == index) {
                return Err(Error::new(ErrorKind::Index, format!("the index `{name}` is named twice")).at(span));
            }
            outputs.push((index, if self.cursor.eat(&Tok::Colon) { Some(self.cursor.dim()?) } else { None }));
            if !self.cursor.eat(&Tok::Comma) {
                break;
            }
        }
        self.cursor.close(&Tok::CloseSquare, open)?;
        self.node(Op::Braces(body, outputs), start)
    }

    pub fn subscripts(&mut self) -> Result<Vec<Subscript>> {
        let open = self.cursor.span();
        self.cursor.advance();
        let mut all = vec![self.subscript()?];
        while self.cursor.eat(&Tok::Comma) {
            all.push(self.subscript()?);
        }
        self.cursor.close(&Tok::CloseSquare, open)?;
        Ok(all)
    }

    fn subscript(&mut self) -> Result<Subscript> {
        if self.cursor.eat(&Tok::Colon) {
            return Ok(Subscript::All);
        }
        if let Tok::Name(name) = *self.cursor.peek()
            && matches!(self.cursor.look(1), Tok::Comma | Tok::CloseSquare)
            && !self.is_known(name)
        {
            self.cursor.advance();
            let index = Symbol::new(name);
            self.indices.insert(index);
            return Ok(Subscript::Index(index));
        }
        let from = self.sum()?;
        if self.cursor.eat(&Tok::Colon) { Ok(Subscript::Range(from, self.sum()?)) } else { Ok(Subscript::At(from)) }
    }

    /// Whether the name is declared or defined.
    pub fn is_known(&self, name: &str) -> bool {
        self.definitions.contains_key(name) || self.declarations.get(Symbol::new(name)).is_some()
    }

    pub fn constant(name: &str) -> Option<Constant> {
        match name {
            "pi" | "π" => Some(Constant::Pi),
            "inf" => Some(Constant::Infinity),
            _ => None,
        }
    }
}

/// `X^2'` reads as the transpose of 2; nobody means that.
fn check_exponent(exponent: Expr) -> Result<Expr> {
    match exponent.op() {
        Op::Transpose(n) if matches!(n.op(), Op::Number(_)) => {
            let error = syntax("a transpose binds tighter than a power, so this would transpose the exponent");
            Err(error.at(exponent.span().unwrap_or_default()).help("write `(X^2)'`"))
        }
        _ => Ok(exponent),
    }
}
