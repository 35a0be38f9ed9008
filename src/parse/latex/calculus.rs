//! Sums over indices, and derivatives.

use super::parser::Parser;
use super::scan::{Tok, Writing};
use crate::dim::{Dim, Symbol};
use crate::error::{Error, ErrorKind, Result, Span};
use crate::expr::{Expr, Op};
use crate::function::{Call, Function};
use crate::number::Number;
use crate::outline::{Outline, outline};
use crate::parse::syntax;
use std::ops::Range;

/// Derivatives of a higher order than this are a slip.
const MAX_DERIVATIVES: i64 = 8;

impl<'a> Parser<'a> {
    /// `\sum_{i=1}^n x_i y_i`: over everything multiplied after it; `\prod` likewise.
    pub fn big_operator(&mut self, is_sum: bool) -> Result<Expr> {
        let start = self.span();
        self.advance();
        self.enter()?;
        let (mut lower, mut upper) = (None, None);
        loop {
            if self.eat(&Tok::Sign('_')) {
                lower = Some(self.argument_tokens()?);
            } else if self.eat(&Tok::Sign('^')) {
                upper = Some(self.argument_tokens()?);
            } else if lower.is_none() && self.writing != Writing::Latex && *self.peek() == Tok::Sign('[') && self.adjacent() {
                let close = self.closing(self.at)?;
                lower = Some(self.at + 1..close);
                self.at = close + 1;
            } else {
                break;
            }
        }
        let Some(lower) = lower else { return self.sum_of_all(is_sum, start) };
        let indices = self.indices_of_sum(lower)?;
        let limit = upper.map(|range| self.limit(range)).transpose()?;
        let before = self.axes.len();
        self.bound.extend(&indices);
        self.summed.extend(&indices);
        let body = self.product()?;
        self.bound.truncate(self.bound.len() - indices.len());
        let value = indices.iter().rev().try_fold(body, |body, i| self.summed_over(is_sum, *i, limit, before, body, start))?;
        self.leave();
        Ok(value)
    }

    /// A sum without an index is that of all entries; `∑(i, …)` is as in text.
    fn sum_of_all(&mut self, is_sum: bool, start: Span) -> Result<Expr> {
        if *self.peek() == Tok::Sign('(')
            && *self.look(2) == Tok::Sign(',')
            && let Tok::Letter(c) = self.look(1)
            && is_sum
        {
            let index = Symbol::new(&c.to_string());
            self.at += 3;
            self.bound.push(index);
            self.summed.insert(index);
            self.fences.push(super::parser::Fence::Bracket);
            let body = self.sum()?;
            self.bound.pop();
            self.close(&[Tok::Sign(')')], start)?;
            self.leave();
            return self.node(Op::IndexSum(index, body), start);
        }
        let loose = self.loose.len();
        let body = self.product()?;
        if self.loose.len() > loose {
            let error = syntax("a sum over entries needs its index").at(start);
            return Err(error.help(r"write \sum_i x_i or \sum_{i=1}^n x_i"));
        }
        self.leave();
        self.node(Op::Call(Function::Call(if is_sum { Call::Sum } else { Call::Product }), vec![body]), start)
    }

    /// `i`, `i=1`, `i,j`, `ij`.
    fn indices_of_sum(&mut self, range: Range<usize>) -> Result<Vec<Symbol>> {
        let span = range.clone().fold(self.tokens[range.start.min(self.end)].span, |s, at| s.join(self.tokens[at].span));
        let unclear = |what: &str| {
            let error = syntax(what.to_owned()).at(span);
            error
                .help(r"a sum runs over all entries: \sum_i, \sum_{i=1}^n or \sum_{i,j}; for others multiply by a vector of zeros and ones")
        };
        self.within(range, |p| {
            let mut all = Vec::new();
            while let Some((index, next)) = p.index_here() {
                all.push(index);
                p.at = next;
                p.eat(&Tok::Sign(','));
            }
            if let (Tok::Letter(_), true) = (p.peek(), all.is_empty()) {
                return Err(unclear("a declared name is no index of a sum"));
            }
            if all.is_empty() {
                return Err(unclear("no index stands below the sum"));
            }
            if p.eat(&Tok::Sign('=')) {
                match p.peek().clone() {
                    Tok::Number(n) if n.is_one() => p.advance(),
                    Tok::Number(_) => return Err(unclear("entries are counted from 1")),
                    _ => return Err(unclear("a sum begins at 1")),
                }
            }
            if *p.peek() == Tok::End { Ok(all) } else { Err(unclear("the sum is restricted in a way that is not known")) }
        })
    }

    fn limit(&mut self, range: Range<usize>) -> Result<Dim> {
        let span = range.clone().fold(self.tokens[range.start.min(self.end)].span, |s, at| s.join(self.tokens[at].span));
        let size = self.sizes(range)?;
        let dim = if size.len() == 1 { dim_of(&size[0], 0) } else { None };
        match dim.filter(|d| d.as_number().is_none_or(|n| n > 0)) {
            Some(dim) => Ok(dim),
            None => {
                let error = syntax("a sum ends at the number of entries").at(span);
                Err(error.help("that is a name such as n, or a number; series have no end and are not known"))
            }
        }
    }

    /// One sum: where a declared tensor has the index, its axis has to be as long as the sum.
    fn summed_over(&mut self, is_sum: bool, index: Symbol, limit: Option<Dim>, from: usize, body: Expr, start: Span) -> Result<Expr> {
        let axes: Vec<Dim> = self.axes[from..].iter().filter(|(i, _)| *i == index).map(|(_, dim)| *dim).collect();
        if let Some(limit) = limit
            && let Some(axis) = axes.iter().find(|axis| **axis != limit)
        {
            let error = Error::new(ErrorKind::Index, format!("the sum over `{index}` ends at {limit}, its axis at {axis}"));
            return Err(error.at(start).help("a sum runs over whole axes"));
        }
        let op = match limit {
            _ if is_sum && !axes.is_empty() => Op::IndexSum(index, body),
            None if is_sum => Op::IndexSum(index, body),
            limit => {
                let tensor = self.node(Op::Braces(body, vec![(index, limit)]), start)?;
                Op::Call(Function::Call(if is_sum { Call::Sum } else { Call::Product }), vec![tensor])
            }
        };
        self.node(op, start)
    }

    /// `\frac{\partial f}{\partial x}` and `\frac{d}{dx} f`, if that is what stands at the fraction's arguments.
    pub fn derivative(&mut self, start: Span) -> Result<Option<Expr>> {
        if *self.peek() != Tok::Sign('{') {
            return Ok(None);
        }
        let above = self.at + 1..self.closing(self.at)?;
        if above.end + 1 >= self.end || self.tokens[above.end + 1].tok != Tok::Sign('{') {
            return Ok(None);
        }
        let below = above.end + 2..self.closing(above.end + 1)?;
        let (Some(up), Some(down)) = (self.differential(&above), self.differential(&below)) else { return Ok(None) };
        // `\frac{d}{d}` and the like are quotients of variables.
        if below.start + down >= below.end {
            return Ok(None);
        }
        let (order, from) = self.order_above(above.start + up, above.end)?;
        let by = self.within(below.clone(), |p| p.variables_below(down))?;
        self.at = below.end + 1;
        let found: i64 = by.iter().map(|(_, times)| times).sum();
        if order.unwrap_or(found) != found || order.is_none() && found != 1 || found > MAX_DERIVATIVES {
            let span = start.join(self.last_span());
            let error = syntax(format!("a derivative of order {} by {found}", order.unwrap_or(1))).at(span);
            return Err(error.help(r"write \frac{\partial^2 f}{\partial x \partial y} or \frac{\partial^2 f}{\partial x^2}"));
        }
        let function = if from < above.end {
            self.within(from..above.end, Parser::sum)?
        } else {
            self.enter()?;
            let function = self.product()?;
            self.leave();
            self.left_open(&by);
            function
        };
        self.derivative_by(function, by, start).map(Some)
    }

    /// Notes a derivative with what it is of behind it.
    fn left_open(&mut self, by: &[(Expr, i64)]) {
        self.open_derivatives += usize::from(by.iter().any(|(x, _)| outline(x) != Some(Outline::Scalar)));
    }

    fn derivative_by(&self, function: Expr, by: Vec<(Expr, i64)>, start: Span) -> Result<Expr> {
        if let Op::Var(v) = function.op()
            && v.kind.is_none()
            && by.iter().all(|(x, _)| *x != function)
        {
            let error = syntax(format!("how `{}` depends on the variable is not known", v.name)).at(start.join(self.last_span()));
            return Err(
                error.help(format!("write out what it stands for, or declare `{0}: function(…) -> scalar` and write {0}(…)", v.name))
            );
        }
        let mut value = function;
        let total: i64 = by.iter().map(|(_, times)| times).sum();
        for (x, times) in by {
            let (x, row) = match x.op() {
                Op::Transpose(inner) => (inner.clone(), true),
                _ => (x, false),
            };
            // By x^T the gradient of a scalar is a row; a Jacobian and a Hessian have their columns along x anyway.
            let turned = row && total == 1 && outline(&value) == Some(Outline::Scalar);
            for _ in 0..times {
                value = self.node(Op::Diff(value, x.clone()), start)?;
            }
            if turned {
                value = self.node(Op::Transpose(value), start)?;
            }
        }
        Ok(value)
    }

    /// How many tokens are the sign of a differential at the beginning of a range: `\partial`, `d`, `\mathrm{d}`.
    fn differential(&self, range: &Range<usize>) -> Option<usize> {
        let tok = |ahead: usize| if range.start + ahead < range.end { &self.tokens[range.start + ahead].tok } else { &Tok::End };
        let is_d = |tok: &Tok| *tok == Tok::Letter('d') && !self.is_known("d");
        match (tok(0), tok(1), tok(2), tok(3)) {
            (Tok::Command("partial"), ..) => Some(1),
            (Tok::Command("mathrm" | "text" | "operatorname"), Tok::Sign('{'), d, Tok::Sign('}')) if is_d(d) => Some(4),
            (Tok::Command("mathrm" | "rm" | "text"), d, ..) if is_d(d) => Some(2),
            (d, ..) if is_d(d) => Some(1),
            _ => None,
        }
    }

    /// The order of the derivative above the sign, and where the function begins.
    fn order_above(&mut self, from: usize, end: usize) -> Result<(Option<i64>, usize)> {
        if from >= end || self.tokens[from].tok != Tok::Sign('^') {
            return Ok((None, from));
        }
        let (number, next) = match self.tokens.get(from + 1).map(|t| &t.tok) {
            Some(Tok::Sign('{')) => (from + 2, from + 4),
            _ => (from + 1, from + 2),
        };
        match self.tokens.get(number).map(|t| (&t.tok, t.span)) {
            Some((Tok::Number(n), _)) if number < end && n.as_integer().is_some() => Ok((n.as_integer(), next.min(end))),
            _ => Err(syntax("the order of a derivative is a number").at(self.tokens[from].span)),
        }
    }

    /// `\partial x \partial y^2`: each variable with how often.
    fn variables_below(&mut self, first: usize) -> Result<Vec<(Expr, i64)>> {
        let mut all = Vec::new();
        let mut skip = first;
        loop {
            self.at = (self.at + skip).min(self.end);
            let variable = self.factor()?;
            all.push(match variable.op() {
                Op::Pow(x, times) => match times.op() {
                    Op::Number(n) => {
                        (x.clone(), n.as_integer().filter(|n| (1..=MAX_DERIVATIVES).contains(n)).unwrap_or(MAX_DERIVATIVES + 1))
                    }
                    _ => return Err(syntax("the order of a derivative is a number").at(variable.span().unwrap_or_default())),
                },
                _ => (variable, 1),
            });
            match self.differential(&(self.at..self.end)) {
                Some(next) => skip = next,
                None => return Ok(all),
            }
        }
    }

    /// `\nabla_x f`: of everything multiplied after it; `\nabla_x^2` is the Hessian.
    pub fn nabla(&mut self) -> Result<Expr> {
        let start = self.span();
        self.advance();
        self.enter()?;
        let (mut by, mut order) = (None, 1);
        loop {
            if self.eat(&Tok::Sign('_')) {
                let range = self.argument_tokens()?;
                by = Some(self.within(range, Parser::factor)?);
            } else if *self.peek() == Tok::Sign('^') {
                let (number, next) = self.order_above(self.at, self.end)?;
                order = number.filter(|n| (1..=2).contains(n)).ok_or_else(|| syntax("∇ has no such power").at(self.span()))?;
                self.at = next;
            } else {
                break;
            }
        }
        let Some(by) = by else {
            return Err(syntax("∇ needs the variable below it").at(start).help(r"write \nabla_x f(x)"));
        };
        let function = self.product()?;
        if !matches!(outline(&function), Some(Outline::Scalar) | None) {
            let error = syntax("∇ of what is no scalar has its axes in either order").at(start.join(self.last_span()));
            return Err(error.help(r"write \frac{\partial}{\partial x}, which has those of the function first"));
        }
        self.leave();
        let by = vec![(by, order)];
        self.left_open(&by);
        self.derivative_by(function, by, start)
    }

    /// `∂f/∂x`, as Unicode has it on one line.
    pub fn partial(&mut self) -> Result<Expr> {
        let start = self.span();
        self.advance();
        self.enter()?;
        let function = if *self.peek() == Tok::Sign('/') { None } else { Some(self.factor()?) };
        if !(self.eat(&Tok::Sign('/')) && self.eat(&Tok::Command("partial"))) {
            return Err(self
                .unexpected("`/∂` and a variable")
                .note(start, "of this derivative")
                .help(r"write \frac{\partial f}{\partial x}"));
        }
        let by = self.factor()?;
        let function = match function {
            Some(function) => function,
            None => self.product()?,
        };
        self.leave();
        self.derivative_by(function, vec![(by, 1)], start)
    }

    /// `diff(F, X)` within Unicode.
    pub fn diff_call(&mut self, span: Span) -> Result<Expr> {
        let mut all = self.arguments("diff(F, X)", 2, 9, span)?.into_iter();
        let first = all.next().ok_or_else(|| syntax("diff takes two arguments").at(span))?;
        all.try_fold(first, |f, x| self.node(Op::Diff(f, x), span))
    }

    /// The length of an axis, as in `{…}[i:2*n]`.
    pub fn dim(&mut self) -> Result<Dim> {
        let start = self.span();
        let value = self.sum()?;
        dim_of(&value, 0).ok_or_else(|| syntax("this is no dimension").at(start.join(self.last_span())))
    }
}

/// Sums and products of names and integers.
pub fn dim_of(e: &Expr, depth: usize) -> Option<Dim> {
    const MAX_TERMS: usize = 32;
    const DEEPEST: usize = 50;
    let of = |e: &Expr| if depth < DEEPEST { dim_of(e, depth + 1) } else { None };
    let small = |d: Dim| (d.terms().count() <= MAX_TERMS).then_some(d);
    let integer = |n: &Number| n.as_integer().filter(|n| n.abs() <= i64::from(i32::MAX)).map(Dim::number);
    match e.op() {
        Op::Number(n) => integer(n),
        Op::Size(d) => Some(*d),
        Op::Var(v) if v.kind.is_none() => Some(Dim::of(v.name)),
        Op::Neg(a) => Some(Dim::number(-1) * of(a)?),
        Op::Add(all) => all.iter().try_fold(Dim::number(0), |sum, c| small(sum + of(c)?)),
        Op::Mul(all) => all.iter().try_fold(Dim::ONE, |product, c| small(product * of(c)?)),
        Op::Div(a, b) => of(a)?.over(of(b)?.as_number()?),
        _ => None,
    }
}
