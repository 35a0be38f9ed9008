//! Functions with their arguments, norms, fractions and roots.

use super::commands::{Role, role};
use super::parser::{Fence, Parser, is_lone_entry};
use super::scan::{Tok, Writing};
use super::scripts::Above;
use crate::error::{Error, ErrorKind, Result, Span};
use crate::expr::{Expr, Op};
use crate::function::{Call, Function, Map};
use crate::number::Number;
use crate::outline::{Outline, outline};
use crate::parse::syntax;
use std::ops::Range;

/// The largest expression whose weighted norm is written out, since it stands twice in that.
const MAX_WEIGHTED: u64 = 10_000;

impl<'a> Parser<'a> {
    /// A function with what stands above and below its name, and its arguments in brackets or without.
    pub fn call(&mut self, function: Function, span: Span) -> Result<Expr> {
        self.enter()?;
        let mut power = None;
        let mut base = None;
        loop {
            let at = self.span();
            if self.eat(&Tok::Sign('^')) {
                power = Some(self.power_of_function(at)?);
            } else if *self.peek() == Tok::Sign('_') && function == Function::Map(Map::Log) {
                self.advance();
                let range = self.argument_tokens()?;
                base = Some(self.within(range, Parser::sum)?);
            } else if *self.peek() == Tok::Sign('_') {
                let error = syntax(format!("nothing may stand below `{}`", function.name())).at(at);
                let help = match function {
                    Function::Call(Call::Max | Call::Min) => "write only what is maximised or minimised",
                    _ => "write the index behind the brackets",
                };
                return Err(error.help(help));
            } else {
                break;
            }
        }
        let bracketed = self.opens_arguments();
        let arguments = if bracketed { self.arguments("f(x)", 1, usize::MAX, span)? } else { vec![self.bare_argument(function, span)?] };
        self.check_count(function, arguments.len(), span)?;
        let mut value = match function {
            Function::Call(Call::Kron) => {
                let mut all = arguments.into_iter();
                let first = all.next().ok_or_else(|| syntax("kron takes two arguments").at(span))?;
                all.try_fold(first, |a, b| self.node(Op::Kron(a, b), span))?
            }
            Function::Map(Map::Log) if !bracketed => self.log_of(arguments, span)?,
            _ => self.node(Op::Call(function, arguments), span)?,
        };
        if let Some(base) = base {
            let below = self.node(Op::Call(Function::Map(Map::Log), vec![base]), span)?;
            value = self.node(Op::Div(value, below), span)?;
        }
        if let Some(power) = power {
            let scalar = outline(&value) == Some(Outline::Scalar);
            value = self.node(if scalar { Op::Pow(value, power) } else { Op::HadPow(value, power) }, span)?;
        }
        self.leave();
        Ok(value)
    }

    /// `\sin^2 x` is a square; `\sin^{-1}` may be an inverse function.
    fn power_of_function(&mut self, at: Span) -> Result<Expr> {
        match self.superscript()? {
            Above::Power(e) if matches!(e.op(), Op::Number(n) if !n.is_negative()) => Ok(e),
            _ => Err(syntax("only a positive number may stand above a function").at(at.join(self.last_span())).help(
                "write arcsin, arctan and the like for inverse functions, and parentheses around the whole for other powers: (…)^{-1}",
            )),
        }
    }

    /// `\log\det X`, `\log|X|` are of the absolute value of the determinant, `\log\Gamma(x)` is one function.
    fn log_of(&mut self, mut arguments: Vec<Expr>, span: Span) -> Result<Expr> {
        let Some(argument) = arguments.pop() else { return Err(self.unexpected("an argument")) };
        let (function, argument) = match argument.op() {
            Op::Call(Function::Call(Call::Det), all) => (Function::Call(Call::LogDet), all[0].clone()),
            Op::Call(Function::Map(Map::Gamma), all) => (Function::Map(Map::Lgamma), all[0].clone()),
            Op::Call(Function::Map(Map::Abs), all) => match all[0].op() {
                Op::Call(Function::Call(Call::Det), all) => (Function::Call(Call::LogDet), all[0].clone()),
                _ => (Function::Map(Map::Log), argument),
            },
            _ => (Function::Map(Map::Log), argument),
        };
        self.node(Op::Call(function, vec![argument]), span)
    }

    fn opens_arguments(&self) -> bool {
        matches!(self.peek(), Tok::Sign('(' | '[' | '{') | Tok::Command("{" | "lbrace" | "lbrack" | "lparen"))
    }

    fn check_count(&self, function: Function, count: usize, span: Span) -> Result<()> {
        let (least, most, usage) = match function {
            Function::Map(map) => (1, 1, format!("{}(x)", map.name())),
            Function::Call(call) => (call.row().least_arguments, call.row().most_arguments, call.row().usage.to_owned()),
        };
        if (least..=most).contains(&count) {
            return Ok(());
        }
        let noun = if count == 1 { "argument" } else { "arguments" };
        let error = syntax(format!("`{}` cannot take {count} {noun}", function.name())).at(span.join(self.last_span()));
        Err(error.help(format!("it is used as `{usage}`")))
    }

    /// The arguments in brackets; their number has to be as said.
    pub fn arguments(&mut self, usage: &str, least: usize, most: usize, span: Span) -> Result<Vec<Expr>> {
        let open = self.span();
        let close: &[Tok] = match self.peek() {
            Tok::Sign('(') | Tok::Command("lparen") => &[Tok::Sign(')'), Tok::Command("rparen")],
            Tok::Sign('[') | Tok::Command("lbrack") => &[Tok::Sign(']'), Tok::Command("rbrack")],
            Tok::Sign('{') => &[Tok::Sign('}')],
            _ => &[Tok::Command("}"), Tok::Command("rbrace")],
        };
        self.advance();
        self.fences.push(Fence::Bracket);
        let mut all = vec![self.sum()?];
        while self.eat(&Tok::Sign(',')) {
            all.push(self.sum()?);
        }
        self.close(close, open)?;
        if (least..=most).contains(&all.len()) {
            return Ok(all);
        }
        let error = syntax(format!("{} arguments are given", all.len())).at(span.join(self.last_span()));
        Err(error.help(format!("it is used as `{usage}`")))
    }

    /// `\log x`, `\operatorname{tr} A B`: the factors side by side up to the next sign or function.
    fn bare_argument(&mut self, function: Function, span: Span) -> Result<Expr> {
        let start = self.span();
        if !self.starts_factor() {
            return Err(self.unexpected(&format!("the argument of `{}`", function.name())).note(span, "of this function"));
        }
        let of_matrix = matches!(function, Function::Call(Call::Trace | Call::Det | Call::LogDet | Call::Vec));
        let calls = self.starts_operator() || matches!(self.look(1), Tok::Sign('('));
        let barred = self.starts_bars();
        let mut factors = vec![self.factor()?];
        let called = calls && matches!(factors[0].op(), Op::Call(..) | Op::Apply { .. });
        while self.starts_factor() && !self.starts_operator() {
            // `\log|A||B|` is read in two ways.
            let unclear = match self.peek() {
                Tok::Sign('|') | Tok::Command("|" | "Vert" | "vert") => barred,
                Tok::Sign('(' | '[') | Tok::Command("{") => !barred && !called && !of_matrix,
                _ => false,
            };
            if unclear {
                let error = syntax(format!("where the argument of `{}` ends is not clear", function.name())).at(start.join(self.span()));
                return Err(error.help("write it in parentheses"));
            }
            // Bars enclose an argument as brackets do.
            if barred || called {
                break;
            }
            factors.push(self.factor()?);
        }
        if factors.len() == 1 { Ok(factors.swap_remove(0)) } else { self.node(Op::Mul(factors), start) }
    }

    fn starts_bars(&self) -> bool {
        matches!(self.peek(), Tok::Sign('|') | Tok::Command("|" | "lVert" | "Vert" | "lvert" | "vert"))
    }

    /// A function or a sum: what stands before it ends there.
    fn starts_operator(&self) -> bool {
        match self.peek() {
            Tok::Command(command) => match role(command) {
                Some(Role::Function(_)) => true,
                Some(Role::Word) => super::commands::function(&self.word_at(self.at + 1).0).is_some(),
                _ => matches!(*command, "sum" | "prod" | "nabla" | "partial"),
            },
            _ => false,
        }
    }

    /// `\frac{a}{b}`, and `\frac{\partial f}{\partial x}`.
    pub fn fraction(&mut self) -> Result<Expr> {
        let start = self.span();
        self.advance();
        if let Some(derivative) = self.derivative(start)? {
            return Ok(derivative);
        }
        self.enter()?;
        let above = self.argument()?;
        let below = self.argument()?;
        self.leave();
        self.quotient(false, above, below, start)
    }

    /// `\sqrt{x}`, `\sqrt[3]{x}`, `√(x)`.
    pub fn root(&mut self) -> Result<Expr> {
        let start = self.span();
        self.advance();
        self.enter()?;
        let mut order = None;
        if self.writing == Writing::Latex && *self.peek() == Tok::Sign('[') {
            let close = self.closing(self.at)?;
            order = Some(self.within(self.at + 1..close, Parser::sum)?);
            self.at = close + 1;
        }
        let argument = if self.writing == Writing::Latex { self.argument()? } else { self.factor()? };
        self.leave();
        if outline(&argument) == Some(Outline::Matrix) && self.writing == Writing::Latex {
            let error = syntax("this may be a root of a matrix or of its entries").at(start.join(self.last_span()));
            return Err(error.help(r"write A^{1/2} for the root of a matrix, A^{\odot 1/2} for those of its entries"));
        }
        match order {
            None => self.node(Op::Call(Function::Map(Map::Sqrt), vec![argument]), start),
            Some(order) => {
                let exponent = self.quotient(false, Expr::number(1), order, start)?;
                let scalar = outline(&argument) == Some(Outline::Scalar);
                self.node(if scalar { Op::Pow(argument, exponent) } else { Op::HadPow(argument, exponent) }, start)
            }
        }
    }

    /// `\|x\|`, with what stands below it in either order with a power.
    pub fn norm(&mut self) -> Result<Expr> {
        let open = self.span();
        self.advance();
        self.fences.push(Fence::Norm);
        let body = self.sum()?;
        self.close(&[Tok::Command("|"), Tok::Command("rVert"), Tok::Command("Vert")], open)?;
        if let Some(entry) = self.entry_of_sum(&body) {
            return Err(self.one_of_several(entry));
        }
        let mut above = None;
        if *self.peek() == Tok::Sign('^') && self.power_then_below() {
            self.advance();
            above = Some(self.superscript()?);
        }
        let below = self.below_norm()?;
        let squared = matches!(&above, Some(Above::Power(e)) if *e == Expr::number(2));
        let value = match below {
            None => self.node(Op::Call(Function::Call(Call::Norm), vec![body]), open)?,
            Some(range) => {
                let square_follows = above.is_none() && self.square_follows();
                let value = self.norm_of_kind(body, range, squared || square_follows, open)?;
                // A weighted norm that is squared is its quadratic form, without a root.
                if !matches!(value.op(), Op::Call(..) | Op::Pow(..)) {
                    if square_follows {
                        self.advance();
                        self.superscript()?;
                    }
                    return Ok(value);
                }
                value
            }
        };
        match above {
            Some(above) => self.raised(value, above, open),
            None => Ok(value),
        }
    }

    /// `\sum_i \|x_i - c\|^2`: the place of an entry that is a term of what stands between the bars.
    fn entry_of_sum(&self, body: &Expr) -> Option<Span> {
        let terms = if let Op::Add(terms) = body.op() { terms.as_slice() } else { std::slice::from_ref(body) };
        let bare = terms.iter().map(|t| if let Op::Neg(inner) = t.op() { inner } else { t });
        bare.filter(|t| is_lone_entry(t)).find_map(|t| t.span())
    }

    /// Whether something stands below, behind the power.
    fn power_then_below(&self) -> bool {
        let after = match self.look(1) {
            Tok::Sign('{') => self.closing(self.at + 1).map_or(self.end, |close| close + 1),
            _ => self.at + 2,
        };
        after < self.end && self.tokens[after].tok == Tok::Sign('_')
    }

    fn square_follows(&self) -> bool {
        let two = |tok: &Tok| matches!(tok, Tok::Number(n) if n.as_integer() == Some(2));
        *self.peek() == Tok::Sign('^')
            && (two(self.look(1)) || *self.look(1) == Tok::Sign('{') && two(self.look(2)) && *self.look(3) == Tok::Sign('}'))
    }

    fn below_norm(&mut self) -> Result<Option<Range<usize>>> {
        let unicode = self.writing != Writing::Latex && self.adjacent();
        match self.peek() {
            Tok::Sign('_') => {
                self.advance();
                self.argument_tokens().map(Some)
            }
            Tok::Letter('F') | Tok::Command("infty") if unicode => {
                self.advance();
                Ok(Some(self.at - 1..self.at))
            }
            _ => Ok(None),
        }
    }

    fn norm_of_kind(&mut self, body: Expr, range: Range<usize>, squared: bool, open: Span) -> Result<Expr> {
        let words: Vec<&Tok> = range
            .clone()
            .map(|at| &self.tokens[at].tok)
            .filter(|tok| {
                !matches!(tok, Tok::Sign('{' | '}') | Tok::Command("mathrm" | "text" | "mathcal" | "mathsf" | "operatorname" | "textrm"))
            })
            .collect();
        let text: String = words.iter().map(|tok| if let Tok::Letter(c) = tok { *c } else { ' ' }).collect();
        let call = match (words.as_slice(), text.as_str()) {
            ([Tok::Number(n)], _) if n.is_one() => Some(Call::Norm1),
            ([Tok::Number(n)], _) if n.as_integer() == Some(2) => Some(Call::Norm2),
            ([Tok::Command("infty")], _) | (_, "inf" | "max") => Some(Call::NormInf),
            ([Tok::Sign('*') | Tok::Command("ast" | "star")], _) | (_, "nuc") => Some(Call::Nuclear),
            (_, "F" | "Fro" | "fro" | "HS") => Some(Call::NormF),
            (_, "op" | "sp") => Some(Call::Norm2),
            _ => None,
        };
        if let Some(call) = call {
            return self.node(Op::Call(Function::Call(call), vec![body]), open);
        }
        let place = range.clone().fold(self.tokens[range.start.min(self.end)].span, |s, at| s.join(self.tokens[at].span));
        if words.iter().any(|tok| **tok == Tok::Sign(',')) {
            return Err(Error::new(ErrorKind::Unsupported, "a norm with two exponents is not known").at(place));
        }
        let kind = self.within(range, Parser::sum)?;
        match (outline(&kind), outline(&body)) {
            (Some(Outline::Matrix), Some(Outline::Column)) if body.nodes() < MAX_WEIGHTED => self.weighted_norm(body, kind, squared, open),
            // A letter such as p is a number here, whatever its spelling says.
            (Some(Outline::Scalar), _) => self.node(Op::Call(Function::Call(Call::Norm), vec![body, kind]), open),
            (Some(Outline::Column), _) if matches!(kind.op(), Op::Var(v) if v.kind.is_none()) => {
                self.node(Op::Call(Function::Call(Call::Norm), vec![body, kind]), open)
            }
            _ => Err(syntax("this norm is not known")
                .at(place)
                .help(r"norms are \|x\|_1, _2, _p, _\infty, _F, _*, and \|x\|_W with a matrix W")),
        }
    }

    /// `\|x\|_W` is the root of `x' W x`.
    fn weighted_norm(&self, x: Expr, weight: Expr, squared: bool, open: Span) -> Result<Expr> {
        let transposed = self.node(Op::Transpose(x.clone()), open)?;
        let form = self.node(Op::Mul(vec![transposed, weight, x]), open)?;
        if squared { Ok(form) } else { self.node(Op::Pow(form, Expr::number(Number::ratio(1, 2))), open) }
    }
}
