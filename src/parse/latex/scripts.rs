//! What stands above and below a factor: transposes, inverses, powers, and the tokens of what is below.

use super::names::{Lowered, Name};
use super::parser::{Base, Parser, is_lone_entry};
use super::scan::{Tok, Writing};
use crate::error::{Error, Result, Span};
use crate::expr::{Expr, Op};
use crate::function::{Call, Function, Map};
use crate::number::Number;
use crate::outline::{Outline, outline};
use crate::parse::syntax;
use std::ops::Range;

/// What stands above a factor.
pub enum Above {
    Transpose,
    Inverse,
    InverseTranspose,
    Pseudoinverse,
    Elementwise(Expr),
    Power(Expr),
}

pub enum Script {
    Above(Above),
    /// The tokens below.
    Below(Range<usize>),
}

impl Parser<'_> {
    /// A base with all that stands above and below it.
    pub fn scripted(&mut self, base: Base, start: Span) -> Result<Expr> {
        let mut scripts = self.scripts()?;
        let mut below = scripts.iter().position(|s| matches!(s, Script::Below(_)));
        let value = match base {
            Base::Name(mut name) => {
                if let Some(at) = below
                    && let Script::Below(range) = &scripts[at]
                {
                    match self.lowered(&name, range.clone())? {
                        Lowered::Name(longer) => {
                            name.text = longer;
                            scripts.remove(at);
                            below = scripts.iter().position(|s| matches!(s, Script::Below(_)));
                        }
                        Lowered::Value(value) => {
                            scripts.remove(at);
                            return self.apply(value, scripts, start);
                        }
                        Lowered::Entry => {}
                    }
                }
                if let Some(call) = self.call_of_name(&name, &mut scripts)? {
                    let after = self.scripts()?;
                    return self.apply(call, after, start);
                }
                if let Some(power) = self.exponential(&name, &mut scripts, start)? { power } else { self.named(&name)? }
            }
            Base::Ones | Base::Zeros => {
                let sizes = match below.map(|at| scripts.remove(at)) {
                    Some(Script::Below(range)) => self.sizes(range)?,
                    _ => Vec::new(),
                };
                let value = self.filled(matches!(base, Base::Ones), sizes, start)?;
                return self.apply(value, scripts, start);
            }
            Base::Bracketed(body) => {
                if let Some(Script::Below(range)) = scripts.first()
                    && let Some(tensor) = self.tensor_of_free_indices(&body, range.clone(), start)?
                {
                    scripts.remove(0);
                    tensor
                } else {
                    body
                }
            }
            Base::Value(value) => value,
        };
        // `x^2_i` is the square of an entry, `A^\top_{ij}` an entry of the transpose.
        if let Some(at) = below
            && at < scripts.len()
            && matches!(scripts.first(), Some(Script::Above(Above::Power(_) | Above::Elementwise(_))))
        {
            let entry = scripts.remove(at);
            scripts.insert(0, entry);
        }
        self.apply(value, scripts, start)
    }

    fn apply(&mut self, value: Expr, scripts: Vec<Script>, start: Span) -> Result<Expr> {
        scripts.into_iter().try_fold(value, |value, script| match script {
            Script::Above(Above::Transpose | Above::InverseTranspose) if is_lone_entry(&value) => {
                Err(self.one_of_several(value.span().unwrap_or(start)))
            }
            Script::Above(above) => self.raised(value, above, start),
            Script::Below(range) => self.entry(value, range, start),
        })
    }

    /// `e^{x}`, unless an `e` is declared; of a matrix it is the matrix exponential.
    fn exponential(&mut self, name: &Name, scripts: &mut Vec<Script>, start: Span) -> Result<Option<Expr>> {
        if name.text != "e" || self.is_known("e") || !matches!(scripts.first(), Some(Script::Above(Above::Power(_) | Above::Inverse))) {
            return Ok(None);
        }
        let exponent = match scripts.remove(0) {
            Script::Above(Above::Power(exponent)) => exponent,
            _ => Expr::number(-1),
        };
        let function = match outline(&exponent) {
            Some(Outline::Matrix) => Function::Call(Call::Expm),
            _ => Function::Map(Map::Exp),
        };
        self.node(Op::Call(function, vec![exponent]), start).map(Some)
    }

    pub fn raised(&self, value: Expr, above: Above, start: Span) -> Result<Expr> {
        let inverse = |value: Expr| match outline(&value) {
            Some(Outline::Matrix) => Op::Call(Function::Call(Call::Inv), vec![value]),
            _ => Op::Pow(value, Expr::number(-1)),
        };
        let op = match above {
            Above::Transpose => Op::Transpose(value),
            Above::Inverse => inverse(value),
            Above::InverseTranspose => Op::Transpose(self.node(inverse(value), start)?),
            Above::Pseudoinverse => Op::Call(Function::Call(Call::Pinv), vec![value]),
            Above::Elementwise(exponent) => Op::HadPow(value, exponent),
            Above::Power(exponent) => Op::Pow(value, exponent),
        };
        self.node(op, start)
    }

    /// All scripts that follow, in order.
    fn scripts(&mut self) -> Result<Vec<Script>> {
        let mut all = Vec::new();
        loop {
            let at = self.span();
            let above = match *self.peek() {
                Tok::Sign('_') => {
                    self.advance();
                    all.push(Script::Below(self.argument_tokens()?));
                    continue;
                }
                Tok::Sign('^') => {
                    self.advance();
                    self.superscript()?
                }
                Tok::Sign('\'') | Tok::Command("prime" | "top" | "intercal") => {
                    self.advance();
                    Above::Transpose
                }
                Tok::Sign('.') if *self.look(1) == Tok::Sign('^') => {
                    self.advance();
                    self.advance();
                    Above::Elementwise(self.operand_above()?)
                }
                Tok::Sign('.') if *self.look(1) == Tok::Sign('\'') => {
                    self.advance();
                    continue;
                }
                Tok::Sign('[') if self.writing != Writing::Latex && self.adjacent() => {
                    let open = self.at;
                    let close = self.closing(open)?;
                    self.at = close + 1;
                    all.push(Script::Below(open..close + 1));
                    continue;
                }
                Tok::Sign('!') => {
                    return Err(syntax("a factorial is not known").at(at).help("write gamma(n + 1) for n!"));
                }
                _ => return Ok(all),
            };
            all.push(Script::Above(above));
        }
    }

    /// What stands after `^`.
    pub fn superscript(&mut self) -> Result<Above> {
        let start = self.span();
        match self.peek().clone() {
            Tok::Sign('{') => {
                let close = self.closing(self.at)?;
                let inner = self.at + 1..close;
                let above = self.group_above(inner, start)?;
                self.at = close + 1;
                Ok(above)
            }
            Tok::Sign('+') => {
                self.advance();
                Ok(Above::Pseudoinverse)
            }
            Tok::Sign('*') | Tok::Command("ast" | "star" | "dagger") => Err(self.adjoint()),
            _ => {
                if let Some(length) = self.transposes(self.at..self.end, true) {
                    self.at += length;
                    return Ok(Above::Transpose);
                }
                let exponent = self.operand_above()?;
                Ok(power(exponent))
            }
        }
    }

    fn adjoint(&self) -> Error {
        syntax(format!("{} above a name may be a conjugate transpose, a pseudoinverse or a part of the name", self.found()))
            .at(self.span())
            .help(r"write ^\top for a transpose, ^+ for a pseudoinverse, x_{*} or \hat{x} for a name")
    }

    /// `{\top}`, `{-1}`, `{-\top}`, `{\odot 2}`, `{1/2}`.
    fn group_above(&mut self, inner: Range<usize>, start: Span) -> Result<Above> {
        let tok = |at: usize| if at < inner.end { Some(&self.tokens[at].tok) } else { None };
        let whole = |length: Option<usize>, from: usize| length == Some(inner.end - from) && inner.end > from;
        if whole(self.transposes(inner.clone(), false), inner.start) {
            return Ok(Above::Transpose);
        }
        let (first, second) = (tok(inner.start), tok(inner.start + 1));
        let alone = inner.len() == 1;
        match (first, second) {
            (Some(Tok::Sign('-')), _) if whole(self.transposes(inner.start + 1..inner.end, false), inner.start + 1) => {
                return Ok(Above::InverseTranspose);
            }
            (Some(Tok::Sign('+')), _) if alone => return Ok(Above::Pseudoinverse),
            (Some(Tok::Sign('*') | Tok::Command("ast" | "star" | "dagger")), _) => {
                self.at = inner.start;
                return Err(self.adjoint());
            }
            (Some(Tok::Sign('(')), Some(Tok::Letter(_) | Tok::Number(_))) if inner.len() == 3 => {
                let span = start.join(self.tokens[inner.end].span);
                return Err(syntax("a number in parentheses above a name is no power").at(span).help("make it a part of the name: x_{1}"));
            }
            (Some(Tok::Command("odot" | "circ")), _) => {
                let exponent = self.within(inner.start + 1..inner.end, Parser::sum)?;
                return Ok(Above::Elementwise(exponent));
            }
            _ => {}
        }
        self.within(inner, Parser::sum).map(power)
    }

    /// How many tokens are a sign of transposition, at the beginning of a range.
    fn transposes(&self, range: Range<usize>, bare: bool) -> Option<usize> {
        let mut at = range.start;
        let mut open = 0;
        loop {
            let tok = if at < range.end { &self.tokens[at].tok } else { &Tok::End };
            let is_sign = match tok {
                Tok::Command("top" | "intercal" | "prime" | "transpose") | Tok::Sign('\'') => true,
                Tok::Letter('T') => {
                    let factor = bare && self.writing != Writing::Latex && self.opens_call(at + 1);
                    !factor && !self.is_known("T")
                }
                Tok::Command("mathsf" | "mathrm" | "text" | "mathbf" | "textsf" | "mathit" | "rm" | "sf" | "mathtt" | "textrm") => {
                    at += 1;
                    continue;
                }
                Tok::Sign('{') if at > range.start => {
                    open += 1;
                    at += 1;
                    continue;
                }
                _ => false,
            };
            if !is_sign {
                return None;
            }
            at += 1;
            let closed = (0..open).all(|i| at + i < range.end && self.tokens[at + i].tok == Tok::Sign('}'));
            return if closed { Some(at + open - range.start) } else { None };
        }
    }

    fn opens_call(&self, at: usize) -> bool {
        at < self.end && matches!(self.tokens[at].tok, Tok::Sign('(' | '['))
    }

    /// An exponent without braces: one sign, or in Unicode what a power of the language may have.
    fn operand_above(&mut self) -> Result<Expr> {
        let negative = self.eat(&Tok::Sign('-'));
        let start = self.span();
        let value = self.single()?;
        match value.op() {
            Op::Number(n) if negative => self.node(Op::Number(-n), start),
            _ if negative => self.node(Op::Neg(value), start),
            _ => Ok(value),
        }
    }

    /// The tokens of an argument of `_` or of a command: those between braces, or one sign with what belongs to it.
    pub fn argument_tokens(&mut self) -> Result<Range<usize>> {
        let start = self.at;
        match self.peek() {
            Tok::Sign('{') => {
                let close = self.closing(start)?;
                self.at = close + 1;
                Ok(start + 1..close)
            }
            Tok::End | Tok::Sign('}' | ')' | ']' | '^' | '_') => Err(self.unexpected("what stands below")),
            Tok::Command(command) => {
                let takes = super::commands::role(command).is_some_and(|r| {
                    use super::commands::Role::{Accent, Face, Word};
                    matches!(r, Face | Word | Accent(_))
                });
                self.advance();
                if takes && *self.peek() != Tok::End {
                    self.enter()?;
                    self.argument_tokens()?;
                    self.leave();
                }
                Ok(start..self.at)
            }
            Tok::Letter(_) | Tok::Number(_) if self.writing != Writing::Latex => {
                self.advance();
                while matches!(self.peek(), Tok::Letter(_) | Tok::Number(_)) && self.adjacent() {
                    self.advance();
                }
                Ok(start..self.at)
            }
            _ => {
                self.advance();
                Ok(start..self.at)
            }
        }
    }
}

/// A power as it stands above: -1 is the inverse.
fn power(exponent: Expr) -> Above {
    match exponent.op() {
        Op::Number(n) if *n == Number::MINUS_ONE => Above::Inverse,
        _ => Above::Power(exponent),
    }
}
