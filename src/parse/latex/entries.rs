//! Sizes below a 1, a 0 or an I, and indices and numbers of entries below a tensor.

use super::commands::{Role, role};
use super::names::Unit;
use super::parser::Parser;
use super::scan::{Tok, Writing};
use crate::dim::Symbol;
use crate::error::{Result, Span};
use crate::expr::{Expr, Op, Subscript, Var};
use crate::function::{Call, Function};
use crate::outline::{Outline, outline};
use std::ops::Range;

impl Parser<'_> {
    /// The sizes below a 1, a 0 or an I: `n`, `m \times n`, `m, n`.
    pub fn sizes(&mut self, range: Range<usize>) -> Result<Vec<Expr>> {
        self.within(range, |p| {
            let mut all = vec![p.size()?];
            while matches!(p.peek(), Tok::Command("times") | Tok::Sign(',')) {
                p.advance();
                all.push(p.size()?);
            }
            Ok(all)
        })
    }

    /// One size: a sum of products of names and numbers.
    fn size(&mut self) -> Result<Expr> {
        let mut terms = Vec::new();
        let start = self.span();
        let mut negative = false;
        loop {
            let mut factors = Vec::new();
            while self.starts_factor() || matches!(self.peek(), Tok::Sign('*') | Tok::Command("cdot")) {
                if matches!(self.peek(), Tok::Sign('*') | Tok::Command("cdot")) {
                    self.advance();
                }
                factors.push(self.factor()?);
            }
            let product = match factors.len() {
                0 => return Err(self.unexpected("a size")),
                1 => factors.swap_remove(0),
                _ => self.node(Op::Mul(factors), start)?,
            };
            terms.push(if negative { self.node(Op::Neg(product), start)? } else { product });
            negative = *self.peek() == Tok::Sign('-');
            if !matches!(self.peek(), Tok::Sign('+' | '-')) {
                break;
            }
            self.advance();
        }
        if terms.len() == 1 { Ok(terms.swap_remove(0)) } else { self.node(Op::Add(terms), start) }
    }

    /// Ones or zeros; without sizes they are as large as their place needs.
    pub fn filled(&mut self, ones: bool, sizes: Vec<Expr>, start: Span) -> Result<Expr> {
        let op = match (ones, sizes.is_empty()) {
            (true, true) => Op::Call(Function::Call(Call::Vector), vec![Expr::number(1)]),
            (true, false) => Op::Call(Function::Call(Call::Ones), sizes),
            (false, true) => Op::Number(crate::number::Number::ZERO),
            (false, false) => Op::Call(Function::Call(Call::Zeros), sizes),
        };
        self.node(op, start)
    }

    /// The entry of a value with these tokens below it.
    pub fn entry(&mut self, value: Expr, range: Range<usize>, start: Span) -> Result<Expr> {
        let span = self.span_of(&range, start);
        let order = match value.op() {
            Op::Var(v) => v.kind.as_ref().map(|k| k.shape.axes().len()),
            _ => match outline(&value) {
                Some(Outline::Matrix) => Some(2),
                Some(Outline::Column | Outline::Row) => Some(1),
                Some(Outline::Scalar) | None => None,
            },
        };
        // `A[i,j]` has its brackets among the tokens.
        let bracketed = range.len() > 1 && self.tokens[range.start].tok == Tok::Sign('[');
        let inner = if bracketed { range.start + 1..range.end - 1 } else { range };
        let subscripts = self.within(inner, |p| p.positions(order, bracketed))?;
        self.note_indices(&subscripts, Some(&value), span);
        self.node(Op::Subscript(value, subscripts), start)
    }

    /// Indices, numbers of entries and ranges. Without commas each letter and, if the order is right, each digit is one.
    fn positions(&mut self, order: Option<usize>, bracketed: bool) -> Result<Vec<Subscript>> {
        let separated = bracketed || (self.at..self.end).any(|at| matches!(self.tokens[at].tok, Tok::Sign(',' | ':')));
        let mut all = Vec::new();
        while *self.peek() != Tok::End {
            if let Tok::Number(n) = self.peek().clone()
                && !separated
                && let Some(order) = order.filter(|o| *o > 1)
                && n.to_string().len() == order
                && n.is_integer()
            {
                all.extend(n.to_string().chars().filter_map(|c| c.to_digit(10)).map(|d| Subscript::At(Expr::number(i64::from(d)))));
                self.advance();
                continue;
            }
            all.push(self.position(separated)?);
            if separated && !self.eat(&Tok::Sign(',')) && *self.peek() != Tok::End {
                return Err(self.unexpected("`,` between two subscripts"));
            }
        }
        if all.is_empty() { Err(self.unexpected("indices")) } else { Ok(all) }
    }

    fn position(&mut self, separated: bool) -> Result<Subscript> {
        if self.eat(&Tok::Sign(':')) {
            return Ok(Subscript::All);
        }
        if let Some((index, next)) = self.index_here()
            && (!separated || next >= self.end || self.tokens[next].tok == Tok::Sign(','))
        {
            self.at = next;
            return Ok(Subscript::Index(index));
        }
        let from = if separated { self.sum()? } else { self.factor()? };
        if self.eat(&Tok::Sign(':')) { Ok(Subscript::Range(from, self.sum()?)) } else { Ok(Subscript::At(from)) }
    }

    /// An undeclared letter that stands here, as an index, and the token after it.
    pub fn index_here(&self) -> Option<(Symbol, usize)> {
        if self.writing != Writing::Latex && matches!(self.peek(), Tok::Letter(_)) {
            let mut at = self.at;
            let mut name = String::new();
            while at < self.end && (at == self.at || self.tokens[at].span.start == self.tokens[at - 1].span.end) {
                let span = self.tokens[at].span;
                match &self.tokens[at].tok {
                    Tok::Letter(c) => name.push(*c),
                    Tok::Number(n) => name.push_str(&n.to_string()),
                    Tok::Sign('_') if self.text[span.start..span.end] == *"_" => name.push('_'),
                    // Lowered signs: all tokens of these stand at one place.
                    Tok::Sign('_') => {
                        let end = self.end_of_argument(at + 1, self.end);
                        self.units(at + 1..end).iter().for_each(|u| name.push_str(u.text()));
                        at = end - 1;
                    }
                    _ => break,
                }
                at += 1;
            }
            return if self.is_known(&name) { None } else { Some((Symbol::new(&name), at)) };
        }
        let below = |at: usize| at < self.end && self.tokens[at].tok == Tok::Sign('_');
        let alone = match self.peek() {
            Tok::Letter(_) => true,
            Tok::Command(command) => matches!(role(command), Some(Role::Letter(_))),
            _ => false,
        };
        if !alone {
            return None;
        }
        let next = if below(self.at + 1) { self.end_of_argument(self.at + 2, self.end) } else { self.at + 1 };
        match self.units(self.at..next).as_slice() {
            [Unit::Letter(name)] if !self.is_known(name) => Some((Symbol::new(name), next)),
            _ => None,
        }
    }

    /// Remembers which indices stand here, and along which axes they run.
    pub fn note_indices(&mut self, subscripts: &[Subscript], tensor: Option<&Expr>, span: Span) {
        let axes = match tensor.map(Expr::op) {
            Some(Op::Var(Var { kind: Some(kind), .. })) => kind.shape.axes(),
            _ => Default::default(),
        };
        for (at, subscript) in subscripts.iter().enumerate() {
            let Subscript::Index(index) = subscript else { continue };
            self.indices.insert(*index);
            if !self.bound.contains(index) {
                self.loose.entry(*index).or_insert(span);
            }
            if let Some(axis) = axes.get(at).filter(|_| axes.len() == subscripts.len()) {
                self.axes.push((*index, *axis));
            }
        }
    }

    /// `[A_{ij} x_j]_i`: a tensor of its free indices, if these are free in the body.
    pub fn tensor_of_free_indices(&mut self, body: &Expr, range: Range<usize>, start: Span) -> Result<Option<Expr>> {
        let mut outputs = Vec::new();
        for unit in self.units(range) {
            match unit {
                Unit::Letter(l) if !self.is_known(&l) => outputs.push((Symbol::new(&l), None)),
                Unit::Comma => {}
                _ => return Ok(None),
            }
        }
        let free = |i: Symbol| {
            body.any(&mut |op| match op {
                Op::Subscript(_, s) | Op::Delta(s) | Op::LeviCivita(s) => s.contains(&Subscript::Index(i)),
                _ => false,
            })
        };
        if outputs.is_empty() || !outputs.iter().any(|(i, _)| free(*i)) {
            return Ok(None);
        }
        for (index, _) in &outputs {
            self.loose.shift_remove(index);
        }
        self.node(Op::Braces(body.clone(), outputs), start).map(Some)
    }
}
