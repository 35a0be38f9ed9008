//! What a factor begins with: numbers, letters, words, brackets, norms, matrices and functions.

use super::commands::{Role, all, function, role};
use super::names::Name;
use super::parser::{Base, Fence, Parser};
use super::scan::{Tok, Writing};
use crate::error::{Error, ErrorKind, Result, Span};
use crate::expr::{Expr, Op};
use crate::function::{Call, Constant, Function, Map};
use crate::number::Number;
use crate::outline::{Outline, outline};
use crate::parse::{suggest, syntax};

impl<'a> Parser<'a> {
    /// Whether what follows begins a factor, so that it multiplies what stands before it.
    pub fn starts_factor(&self) -> bool {
        let fence = self.fences.last();
        match self.peek() {
            Tok::Letter(_) | Tok::Number(_) | Tok::Sign('(' | '[' | '{') | Tok::Begin(_) => true,
            Tok::Sign('|') => fence != Some(&Fence::Bar),
            Tok::Command("|" | "Vert") => fence != Some(&Fence::Norm),
            Tok::Command("vert") => fence != Some(&Fence::Bar),
            Tok::Command(command) => !matches!(role(command), Some(Role::Operator | Role::Close | Role::Space | Role::SpaceWithArgument)),
            Tok::Sign(_) | Tok::Finish(_) | Tok::End => false,
        }
    }

    pub fn primary(&mut self) -> Result<Base> {
        let start = self.span();
        if let Some(derivative) = self.derivative_of_declared()? {
            return Ok(Base::Value(derivative));
        }
        match self.peek().clone() {
            Tok::Number(n) => {
                self.advance();
                match (n.as_integer(), self.peek()) {
                    (Some(1), Tok::Sign('_')) => Ok(Base::Ones),
                    (Some(0), Tok::Sign('_')) => Ok(Base::Zeros),
                    _ => self.node(Op::Number(n), start).map(Base::Value),
                }
            }
            Tok::Letter(c) => self.letters(c),
            Tok::Command(command) => self.command(command),
            Tok::Sign('(') => self.bracketed(&[Tok::Sign(')'), Tok::Command("rparen")]).map(Base::Value),
            Tok::Sign('[') => self.square().map(Base::Bracketed),
            Tok::Sign('{') => self.group(),
            Tok::Sign('|') => self.bars().map(Base::Value),
            Tok::Begin(name) => self.matrix(name).map(Base::Value),
            Tok::Sign('\\') if self.writing != Writing::Latex => Err(self.unexpected("an expression")),
            Tok::Sign(_) | Tok::Finish(_) | Tok::End => Err(self.unexpected("an expression")),
        }
    }

    /// One sign, without what stands above or below it: what `^` and `\frac` take without braces.
    pub fn single(&mut self) -> Result<Expr> {
        self.enter()?;
        let start = self.span();
        let value = match self.peek().clone() {
            Tok::Letter(c) if self.writing == Writing::Latex => {
                self.advance();
                let name = Name { text: self.letter_name(c), span: start, bold: false };
                self.named(&name)?
            }
            _ => match self.primary()? {
                Base::Name(name) if self.writing == Writing::Latex => self.named(&name)?,
                Base::Name(name) => match self.call_of_name(&name, &mut Vec::new())? {
                    Some(call) => call,
                    None => self.named(&name)?,
                },
                Base::Ones => self.filled(true, Vec::new(), start)?,
                Base::Zeros => self.filled(false, Vec::new(), start)?,
                Base::Value(value) | Base::Bracketed(value) => value,
            },
        };
        self.leave();
        Ok(value)
    }

    /// The argument of `\frac` or `\sqrt`: of a number without braces the first digit.
    pub fn argument(&mut self) -> Result<Expr> {
        let token = self.tokens[self.at.min(self.end)].clone();
        let digits = &self.text[token.span.start..token.span.end];
        if let Tok::Number(_) = token.tok
            && self.at < self.end
            && digits.len() > 1
            && digits.chars().all(|c| c.is_ascii_digit())
        {
            let (first, rest) = digits.split_at(1);
            let span = Span::new(token.span.start, token.span.start + 1);
            let of = |text: &str| Number::parse(text).unwrap_or(Number::ZERO);
            self.tokens[self.at].tok = Tok::Number(of(rest));
            self.tokens[self.at].span.start += 1;
            return Ok(Expr::spanned(Op::Number(of(first)), span));
        }
        self.single()
    }

    /// A letter, or a word that is declared or, before a bracket, a function.
    fn letters(&mut self, c: char) -> Result<Base> {
        let start = self.span();
        if let Some((word, next)) = self.word_of_letters() {
            let span = start.join(self.tokens[next - 1].span);
            self.at = next;
            if self.is_known(&word) {
                return Ok(Base::Name(Name { text: word, span, bold: false }));
            }
            if let Some(found) = function(&word) {
                return self.call(found, span).map(Base::Value);
            }
            return self.word(word, span, false);
        }
        self.advance();
        Ok(Base::Name(Name { text: self.letter_name(c), span: start, bold: false }))
    }

    /// Letters without space between them that are one name, and the token after it. The longest declared one wins.
    fn word_of_letters(&self) -> Option<(String, usize)> {
        let latex = self.writing == Writing::Latex;
        let mut end = self.at;
        let belongs = |at: usize| match &self.tokens[at].tok {
            Tok::Letter(_) => true,
            Tok::Number(n) => !latex && n.is_integer(),
            // Lowered signs of Unicode begin in this way, too.
            Tok::Sign('_') => !latex && self.text[self.tokens[at].span.start..].starts_with('_'),
            _ => false,
        };
        while end < self.end && belongs(end) && (end == self.at || self.follows(end)) {
            end += 1;
        }
        let text = |to: usize| &self.text[self.tokens[self.at].span.start..self.tokens[to - 1].span.end];
        if let Some(to) = (self.at + 2..=end).rev().find(|to| self.is_known(text(*to))) {
            return Some((text(to).to_owned(), to));
        }
        let bracket = |to: usize| to < self.end && matches!(self.tokens[to].tok, Tok::Sign('('));
        if end - self.at >= 2 && function(text(end)).is_some() && (bracket(end) || !latex && !self.are_all_declared(text(end))) {
            return Some((text(end).to_owned(), end));
        }
        if latex {
            return None;
        }
        let stem = (self.at..end).take_while(|at| matches!(self.tokens[*at].tok, Tok::Letter(_))).count();
        let split = self.writing == Writing::Unicode { split: true };
        let is_word = |to: usize| {
            crate::parse::is_greek(text(to)) && !self.are_all_declared(text(to))
                || ["inf", "pi"].contains(&text(to))
                || bracket(to) && to - self.at > 1
        };
        match stem {
            // The digits and the underscore behind a letter belong to its name.
            1 if end > self.at + 1 => Some((text(end).to_owned(), end)),
            0 | 1 => None,
            _ if !split && !self.are_all_declared(text(end)) || is_word(end) => Some((text(end).to_owned(), end)),
            _ => None,
        }
    }

    /// Whether each letter of a word that is not declared is: then it is their product.
    fn are_all_declared(&self, word: &str) -> bool {
        super::is_product_of_letters(word, self.declarations)
    }

    fn follows(&self, at: usize) -> bool {
        self.tokens[at].span.start == self.tokens[at - 1].span.end
    }

    /// `\operatorname{tr}`, `\mathrm{x}`, `\text{new}`: the text and the token after it.
    pub fn word_at(&self, at: usize) -> (String, usize) {
        let Some(token) = self.tokens.get(at).filter(|_| at < self.end) else { return (String::new(), at) };
        let at = if token.tok == Tok::Sign('*') { at + 1 } else { at };
        let clean = |raw: &str| raw.replace("\\_", "_").replace("\\,", "").replace("\\!", "").replace(['\\', '-', '~'], "");
        match self.tokens[at].tok {
            Tok::Sign('{') => match self.closing(at) {
                Ok(close) => (clean(self.text[self.tokens[at].span.end..self.tokens[close].span.start].trim()), close + 1),
                Err(_) => (String::new(), self.end),
            },
            _ => {
                let span = self.tokens[at].span;
                (self.text[span.start..span.end].to_owned(), at + 1)
            }
        }
    }

    /// A word in upright letters: a function, a name, or an identity.
    fn word(&mut self, word: String, span: Span, is_operator: bool) -> Result<Base> {
        if self.is_known(&word) {
            return Ok(Base::Name(Name { text: word, span, bold: false }));
        }
        if let Some(found) = function(&word) {
            return self.call(found, span).map(Base::Value);
        }
        if ["I", "Id", "id"].contains(&word.as_str()) {
            return Ok(Base::Name(Name { text: "I".to_owned(), span, bold: true }));
        }
        if word == "inf" && self.writing != Writing::Latex {
            return self.node(Op::Constant(Constant::Infinity), span).map(Base::Value);
        }
        if let Some(Role::Refused(help)) = role(&word).filter(|_| word.len() > 1) {
            return Err(syntax(format!("`{word}` stands in no expression")).at(span).help(help));
        }
        if word == "diff" && *self.peek() == Tok::Sign('(') {
            return self.diff_call(span).map(Base::Value);
        }
        if is_operator || word.len() > 1 && *self.peek() == Tok::Sign('(') {
            let names = crate::function::ELEMENTWISE.iter().map(|r| r.name).chain(crate::function::CALLS.iter().map(|r| r.name));
            let error = Error::new(ErrorKind::Name, format!("unknown function `{word}`")).at(span);
            return Err(match suggest::nearest(&word, names) {
                Some(near) => error.help(format!("did you mean `{near}`?")),
                None => error.help(format!("an unknown function is declared as `{word}: function(vector(n)) -> scalar`")),
            });
        }
        if word.is_empty() || !word.chars().all(|c| c.is_alphanumeric() || c == '_') || word.starts_with(|c: char| c.is_ascii_digit()) {
            return Err(syntax(format!("`{word}` is no name"))
                .at(span)
                .help("names have letters, digits and `_`; leave words out of the formula"));
        }
        Ok(Base::Name(Name { text: word, span, bold: false }))
    }

    fn command(&mut self, command: &'a str) -> Result<Base> {
        let start = self.span();
        let known = role(command);
        if self.is_known(command) && !matches!(known, Some(Role::Letter(_) | Role::Face | Role::Word | Role::Accent(_) | Role::Opens)) {
            self.advance();
            return Ok(Base::Name(Name { text: command.to_owned(), span: start, bold: false }));
        }
        match known {
            Some(Role::Letter(name)) => {
                self.advance();
                Ok(Base::Name(Name { text: self.command_name(command, name), span: start, bold: false }))
            }
            Some(Role::Face) => self.face(command),
            Some(Role::Word) => {
                let (word, next) = self.word_at(self.at + 1);
                self.at = next.min(self.end);
                let span = start.join(self.last_span());
                self.word(word, span, command == "operatorname" || command == "mathop")
            }
            Some(Role::Accent(suffix)) => self.accented(suffix),
            Some(Role::Function(name)) => {
                self.advance();
                let Some(found) = Function::named(name) else { return Err(self.unexpected("a function")) };
                self.call(found, start).map(Base::Value)
            }
            Some(Role::Opens) => self.opening(command),
            Some(Role::Refused(help)) => Err(syntax(format!("{} stands in no expression", self.found())).at(start).help(help)),
            Some(Role::Operator | Role::Close | Role::Space | Role::SpaceWithArgument) => Err(self.unexpected("an expression")),
            None => {
                let error = syntax(format!("unknown command {}", self.found())).at(start);
                Err(match suggest::nearest(command, all()) {
                    Some(near) => error.help(format!("did you mean `\\{near}`?")),
                    None => {
                        error.help(format!(r"a function is \operatorname{{{command}}}, a name of several letters \mathrm{{{command}}}"))
                    }
                })
            }
        }
    }

    /// `\mathbf{x}`: the face changes nothing, but a bold 1 is a vector of ones.
    fn face(&mut self, command: &'a str) -> Result<Base> {
        let start = self.span();
        self.advance();
        if matches!(command, "bf" | "cal" | "rm" | "sf") {
            return self.primary();
        }
        if command == "vec" && *self.peek() == Tok::Sign('(') {
            return self.call(Function::Call(Call::Vec), start).map(Base::Value);
        }
        let from = self.at;
        let inner = self.argument_tokens()?;
        let upright = command == "mathbb" || command == "mathcal";
        let bold = !matches!(command, "underline" | "mathcal" | "mathit" | "mathnormal" | "mathscr" | "mathfrak");
        match self.tokens[inner.start.min(self.end)].tok.clone() {
            Tok::Number(n) if inner.len() == 1 && n.is_one() => Ok(Base::Ones),
            Tok::Number(n) if inner.len() == 1 && n.is_zero() => Ok(Base::Zeros),
            Tok::Letter(c @ ('E' | 'P' | 'R' | 'N' | 'V'))
                if inner.len() == 1 && upright && (command == "mathbb" || *self.peek() == Tok::Sign('(')) =>
            {
                let span = start.join(self.last_span());
                let help =
                    if c == 'R' { r"sets belong into declarations, such as x \in \mathbb{R}^n" } else { "write out what it stands for" };
                Err(syntax(format!("`{}` is no value", &self.text[span.start..span.end])).at(span).help(help))
            }
            _ => {
                let single = inner.len() == 1;
                self.at = from;
                let base = if single && *self.peek() != Tok::Sign('{') { self.primary_of_one(inner.start)? } else { self.group()? };
                Ok(match base {
                    Base::Name(name) => Base::Name(Name { span: start.join(name.span), bold: bold || name.bold, ..name }),
                    other => other,
                })
            }
        }
    }

    /// The primary that one token is, as after a face without braces.
    fn primary_of_one(&mut self, at: usize) -> Result<Base> {
        match self.tokens[at].tok.clone() {
            Tok::Letter(c) => {
                let span = self.tokens[at].span;
                self.at = at + 1;
                Ok(Base::Name(Name { text: self.letter_name(c), span, bold: false }))
            }
            _ => {
                self.enter()?;
                let base = self.primary();
                self.leave();
                base
            }
        }
    }

    /// `\hat{y}` is the name `y_hat`.
    fn accented(&mut self, suffix: &str) -> Result<Base> {
        let start = self.span();
        self.advance();
        let inner = self.argument_tokens()?;
        let span = start.join(self.last_span());
        let mut names = Vec::new();
        for at in inner {
            match &self.tokens[at].tok {
                Tok::Letter(c) => names.push(self.letter_name(*c)),
                Tok::Command(c) => match role(c) {
                    Some(Role::Letter(name)) => names.push(self.command_name(c, name)),
                    Some(Role::Face | Role::Word) => {}
                    _ => names.extend([String::new(), String::new()]),
                },
                Tok::Sign('{' | '}') => {}
                _ => names.extend([String::new(), String::new()]),
            }
        }
        let [name] = names.as_slice() else {
            let error = syntax("a sign stands over more than one letter").at(span);
            return Err(error.help("only names have signs over them, such as \\hat{y}; what is computed has none"));
        };
        let spellings = [format!("{name}_{suffix}"), format!("{name}{suffix}"), format!("{suffix}_{name}")];
        let text = spellings.iter().find(|s| self.is_known(s)).unwrap_or(&spellings[0]).clone();
        Ok(Base::Name(Name { text, span, bold: false }))
    }

    fn opening(&mut self, command: &'a str) -> Result<Base> {
        let start = self.span();
        let value = match command {
            "frac" | "tfrac" | "dfrac" | "cfrac" | "nicefrac" | "sfrac" => self.fraction()?,
            "sqrt" => self.root()?,
            "sum" | "prod" => self.big_operator(command == "sum")?,
            "nabla" => self.nabla()?,
            "partial" => self.partial()?,
            "infty" => {
                self.advance();
                self.node(Op::Constant(Constant::Infinity), start)?
            }
            "langle" => self.angle()?,
            "lVert" | "Vert" | "|" => self.norm()?,
            "lvert" | "vert" => self.bars()?,
            "lbrack" => return self.square().map(Base::Bracketed),
            "{" | "lbrace" => self.bracketed(&[Tok::Command("}"), Tok::Command("rbrace")])?,
            _ => self.bracketed(&[Tok::Sign(')'), Tok::Command("rparen")])?,
        };
        Ok(Base::Value(value))
    }

    /// An opening bracket, a sum, and the closing one.
    pub fn bracketed(&mut self, close: &[Tok]) -> Result<Expr> {
        let open = self.span();
        self.advance();
        self.fences.push(Fence::Bracket);
        let expr = self.sum()?;
        self.close(close, open)?;
        Ok(expr)
    }

    /// Takes the closing bracket that belongs to the one at `open`.
    pub fn close(&mut self, close: &[Tok], open: Span) -> Result<()> {
        if close.contains(self.peek()) {
            self.advance();
            self.fences.pop();
            return Ok(());
        }
        if *self.peek() == Tok::End {
            let bracket = &self.text[open.start..open.end];
            return Err(syntax(format!("`{bracket}` is never closed")).at(open));
        }
        if *self.peek() == Tok::Sign(',') {
            let error = self.unexpected("an operator or the closing bracket").note(open, "opened here");
            return Err(error.help("only functions have several arguments; was the function's name read as a product of letters?"));
        }
        Err(self.unexpected("an operator or the closing bracket").note(open, "opened here"))
    }

    /// `[…]`: brackets, or in commas and semicolons a block matrix.
    fn square(&mut self) -> Result<Expr> {
        let open = self.span();
        self.advance();
        self.fences.push(Fence::Bracket);
        let mut rows = vec![vec![self.sum()?]];
        loop {
            if self.eat(&Tok::Sign(';')) {
                rows.push(Vec::new());
            } else if !self.eat(&Tok::Sign(',')) {
                break;
            }
            let entry = self.sum()?;
            rows.last_mut().into_iter().for_each(|row| row.push(entry.clone()));
        }
        self.close(&[Tok::Sign(']'), Tok::Command("rbrack")], open)?;
        match rows.as_mut_slice() {
            [row] if row.len() == 1 => Ok(row.swap_remove(0)),
            _ => self.node(Op::Block(rows), open),
        }
    }

    /// `{…}` groups; in Unicode, with indices after it, it is a tensor of these.
    fn group(&mut self) -> Result<Base> {
        let open = self.span();
        if let Ok(close) = self.closing(self.at)
            && close == self.at + 2
            && let Tok::Letter(_) | Tok::Command(_) = self.tokens[self.at + 1].tok
            && !matches!(self.tokens[self.at + 1].tok, Tok::Command(c) if !matches!(role(c), Some(Role::Letter(_))))
        {
            self.advance();
            let at = self.at;
            let base = match self.tokens[at].tok.clone() {
                Tok::Letter(_) => self.primary_of_one(at)?,
                _ => self.primary()?,
            };
            self.at = close + 1;
            return Ok(base);
        }
        let body = self.bracketed(&[Tok::Sign('}')])?;
        if self.writing != Writing::Latex && *self.peek() == Tok::Sign('[') {
            return self.braces(body, open).map(Base::Value);
        }
        Ok(Base::Value(body))
    }

    /// `|x|`: of a matrix the determinant, otherwise the absolute value.
    fn bars(&mut self) -> Result<Expr> {
        let open = self.span();
        self.advance();
        self.fences.push(Fence::Bar);
        let body = self.sum()?;
        self.close(&[Tok::Sign('|'), Tok::Command("rvert"), Tok::Command("vert")], open)?;
        if matches!(body.op(), Op::Call(Function::Map(Map::Abs), _)) {
            let error = syntax("bars within bars may be a norm or absolute values").at(open.join(self.last_span()));
            return Err(error.help(r"write \lVert x \rVert for a norm"));
        }
        let function = match outline(&body) {
            Some(Outline::Matrix) => Function::Call(Call::Det),
            Some(Outline::Scalar | Outline::Column | Outline::Row) => Function::Map(Map::Abs),
            None => {
                let error = syntax("this may be an absolute value or a determinant").at(open.join(self.last_span()));
                return Err(error.help(r"write \det(…) or \operatorname{abs}(…)"));
            }
        };
        self.node(Op::Call(function, vec![body]), open)
    }

    /// `\langle x, y \rangle`
    fn angle(&mut self) -> Result<Expr> {
        let open = self.span();
        self.advance();
        self.fences.push(Fence::Bracket);
        let left = self.sum()?;
        if !self.eat(&Tok::Sign(',')) {
            return Err(self.unexpected("`,` between the two factors").note(open, "opened here"));
        }
        let right = self.sum()?;
        self.close(&[Tok::Command("rangle")], open)?;
        // Of matrices it is Frobenius's product anyway.
        if *self.peek() == Tok::Sign('_') && matches!(self.look(1), Tok::Letter('F')) {
            self.at += 2;
        }
        let is_matrix = outline(&left) == Some(Outline::Matrix) || outline(&right) == Some(Outline::Matrix);
        let call = if is_matrix { Call::Inner } else { Call::Dot };
        self.node(Op::Call(Function::Call(call), vec![left, right]), open)
    }

    /// The cells of a matrix.
    fn matrix(&mut self, name: &str) -> Result<Expr> {
        let open = self.span();
        self.advance();
        if name == "cases" {
            return Err(syntax("cases are no expression").at(open).help("write max(…), min(…), abs(…) or step(…)"));
        }
        self.enter()?;
        self.fences.push(Fence::Bracket);
        let mut rows = vec![Vec::new()];
        loop {
            if matches!(self.peek(), Tok::Finish(_)) && rows.len() > 1 && rows.last().is_some_and(Vec::is_empty) {
                rows.pop();
                break;
            }
            let cell = self.sum()?;
            rows.last_mut().into_iter().for_each(|row: &mut Vec<Expr>| row.push(cell.clone()));
            if self.eat(&Tok::Command("\\")) {
                rows.push(Vec::new());
            } else if !self.eat(&Tok::Sign('&')) {
                break;
            }
        }
        if !matches!(self.peek(), Tok::Finish(_)) {
            return Err(self.unexpected(r"`&`, `\\` or the end of the matrix").note(open, "begun here"));
        }
        self.advance();
        self.fences.pop();
        self.leave();
        let block = self.node(Op::Block(rows), open)?;
        match name {
            "vmatrix" => self.node(Op::Call(Function::Call(Call::Det), vec![block]), open),
            "Vmatrix" => self.node(Op::Call(Function::Call(Call::Norm), vec![block]), open),
            _ => Ok(block),
        }
    }

    /// `{…}[i, k:n]`
    fn braces(&mut self, body: Expr, open: Span) -> Result<Expr> {
        let bracket = self.span();
        self.advance();
        self.fences.push(Fence::Bracket);
        let mut outputs = Vec::new();
        loop {
            let Some((index, next)) = self.index_here() else { return Err(self.unexpected("an index")) };
            self.at = next;
            let dim = if self.eat(&Tok::Sign(':')) { Some(self.dim()?) } else { None };
            if outputs.iter().any(|(i, _)| *i == index) {
                return Err(Error::new(ErrorKind::Index, format!("the index `{index}` is named twice")).at(self.last_span()));
            }
            outputs.push((index, dim));
            self.loose.shift_remove(&index);
            if !self.eat(&Tok::Sign(',')) {
                break;
            }
        }
        self.close(&[Tok::Sign(']')], bracket)?;
        self.node(Op::Braces(body, outputs), open)
    }
}
