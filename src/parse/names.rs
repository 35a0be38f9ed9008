//! What a name stands for, and calls of functions.

use super::expression::Parser;
use super::lex::Tok;
use super::{suggest, syntax};
use crate::applied::Applied;
use crate::dim::{Dim, Symbol};
use crate::error::{Error, ErrorKind, Result, Span};
use crate::expr::{Expr, Op, Subscript, Var};
use crate::function::{CALLS, Call, ELEMENTWISE, Function};
use crate::number::Number;
use crate::parse::Declaration;
use std::sync::Arc;

/// The Greek letters with their English names.
const GREEK: &[(&str, &str)] = &[
    ("α", "alpha"),
    ("β", "beta"),
    ("γ", "gamma"),
    ("δ", "delta"),
    ("ε", "epsilon"),
    ("ϵ", "epsilon"),
    ("ζ", "zeta"),
    ("η", "eta"),
    ("θ", "theta"),
    ("ϑ", "theta"),
    ("ι", "iota"),
    ("κ", "kappa"),
    ("λ", "lambda"),
    ("μ", "mu"),
    ("µ", "mu"),
    ("ν", "nu"),
    ("ξ", "xi"),
    ("ο", "omicron"),
    ("π", "pi"),
    ("ρ", "rho"),
    ("σ", "sigma"),
    ("τ", "tau"),
    ("υ", "upsilon"),
    ("φ", "phi"),
    ("ϕ", "phi"),
    ("χ", "chi"),
    ("ψ", "psi"),
    ("ω", "omega"),
];

/// Whether a name is a small Greek letter or its English name, with or without a number after it.
pub(crate) fn is_greek(name: &str) -> bool {
    let stem = name.trim_end_matches(|c: char| c.is_numeric());
    let stem = stem.strip_suffix('_').unwrap_or(stem);
    GREEK.iter().any(|(letter, english)| stem == *letter || stem == *english)
}

impl Parser<'_> {
    pub fn name(&mut self, name: &str, span: Span) -> Result<Expr> {
        match self.cursor.peek() {
            Tok::Open => return self.call(name, span),
            Tok::Dot => return self.apply_elementwise(name, span),
            _ => {}
        }
        let name = self.known_spelling(name);
        if self.definitions.contains_key(name) {
            return self.definition(name, span);
        }
        match self.declarations.get(Symbol::new(name)) {
            Some(Declaration::Variable(_)) => return self.variable(name, span),
            Some(Declaration::Function { .. }) => {
                return Err(Error::new(ErrorKind::Name, format!("`{name}` is a function and needs its arguments"))
                    .at(span)
                    .help(format!("write `{name}(…)`, or `{name}.(…)` for each entry")));
            }
            None => {}
        }
        if *self.cursor.peek() == Tok::OpenSquare
            && let Some(tensor) = self.index_symbol(name, span)?
        {
            return Ok(tensor);
        }
        if let Some(constant) = Parser::constant(name) {
            return self.node(Op::Constant(constant), span);
        }
        let symbol = Symbol::new(name);
        if self.declarations.has_dim(symbol) {
            self.values.insert(symbol);
            return self.node(Op::Size(Dim::of(symbol)), span);
        }
        self.undeclared(name, span)
    }

    /// `λ` for a declared `lambda` and the other way round.
    fn known_spelling<'n>(&self, name: &'n str) -> &'n str {
        if self.is_known(name) {
            return name;
        }
        let other = GREEK.iter().find_map(|(letter, english)| match () {
            () if *letter == name && self.is_known(english) => Some(*english),
            () if *english == name && self.is_known(letter) => Some(*letter),
            () => None,
        });
        other.unwrap_or(name)
    }

    fn variable(&mut self, name: &str, span: Span) -> Result<Expr> {
        let symbol = Symbol::new(name);
        let declarations = self.declarations;
        let kind = declarations.variable(symbol).map(|kind| self.kinds.entry(symbol).or_insert_with(|| Arc::new(kind.clone())).clone());
        self.node(Op::Var(Var { name: symbol, kind }), span)
    }

    fn undeclared(&mut self, name: &str, span: Span) -> Result<Expr> {
        if name == "where" {
            return Err(syntax("a second `where`").at(span).help("write one `where` with all definitions, separated by `;`"));
        }
        if let Some(function) = Function::named(name)
            && !is_greek(name)
        {
            let error = Error::new(ErrorKind::Name, format!("`{name}` is a function and needs its arguments")).at(span);
            return Err(error.help(format!("write `{}`, or declare `{name}` as a variable", usage(function))));
        }
        self.values.insert(Symbol::new(name));
        self.node(Op::Var(Var::undeclared(name)), span)
    }

    /// `delta[…]` and `eps[…]`
    fn index_symbol(&mut self, name: &str, span: Span) -> Result<Option<Expr>> {
        let is_delta = match name {
            "delta" | "δ" => true,
            "eps" | "epsilon" | "ε" | "ϵ" => false,
            _ => return Ok(None),
        };
        let subscripts = self.subscripts()?;
        let at = span.join(self.cursor.last_span());
        if subscripts.iter().any(|s| matches!(s, Subscript::All | Subscript::Range(..))) {
            return Err(Error::new(ErrorKind::Index, format!("`{name}` takes single indices, no ranges")).at(at));
        }
        if is_delta && subscripts.len() != 2 {
            return Err(Error::new(ErrorKind::Index, format!("`{name}` takes two indices, not {}", subscripts.len())).at(at));
        }
        self.node(if is_delta { Op::Delta(subscripts) } else { Op::LeviCivita(subscripts) }, span).map(Some)
    }

    fn call(&mut self, name: &str, span: Span) -> Result<Expr> {
        let declared = self.declarations.get(Symbol::new(name));
        if let Some(Declaration::Function { .. }) = declared {
            let function = self.declared_function(name)?;
            return self.apply(function, span);
        }
        if self.is_known(name) {
            return Err(self.no_function(name, span));
        }
        match name {
            "sum" if self.binds_index(1) => return self.index_sum(span),
            "diff" => return self.diff(span),
            "frechet" => return self.frechet(span),
            "transpose" => {
                let argument = self.arguments("transpose(A)", 1, 1, span)?.swap_remove(0);
                return self.node(Op::Transpose(argument), span);
            }
            "D" if self.names_function(1) => {
                let function = self.derivative_of_function()?;
                let elementwise = self.cursor.eat(&Tok::Dot);
                if *self.cursor.peek() != Tok::Open {
                    return Err(self.cursor.unexpected("the arguments of the derivative").help("a derivative is applied as `D(f)(x)`"));
                }
                return self.apply(Applied { elementwise, ..function }, span);
            }
            _ => {}
        }
        let Some(function) = Function::named(name) else { return Err(self.no_function(name, span)) };
        match function {
            Function::Map(_) => {
                let arguments = self.arguments(&usage(function), 1, 1, span)?;
                self.node(Op::Call(function, arguments), span)
            }
            Function::Call(call) => {
                let row = call.row();
                let arguments = self.arguments(row.usage, row.least_arguments, row.most_arguments, span)?;
                if call == Call::Kron {
                    return self.kron(arguments, span);
                }
                self.node(Op::Call(function, arguments), span)
            }
        }
    }

    /// `kron(A, B, C)` is `A⊗B⊗C`.
    fn kron(&self, arguments: Vec<Expr>, span: Span) -> Result<Expr> {
        let mut all = arguments.into_iter();
        let first = all.next().ok_or_else(|| syntax("kron takes two arguments").at(span))?;
        all.try_fold(first, |left, right| self.node(Op::Kron(left, right), span))
    }

    /// The arguments in brackets; their number has to be as said.
    fn arguments(&mut self, usage: &str, least: usize, most: usize, span: Span) -> Result<Vec<Expr>> {
        let open = self.cursor.span();
        self.cursor.advance();
        let mut all = Vec::new();
        if *self.cursor.peek() != Tok::Close {
            all.push(self.sum()?);
            while self.cursor.eat(&Tok::Comma) {
                all.push(self.sum()?);
            }
        }
        self.cursor.close(&Tok::Close, open)?;
        if (least..=most).contains(&all.len()) {
            return Ok(all);
        }
        let found = if all.is_empty() { "no".to_owned() } else { all.len().to_string() };
        let noun = if all.len() == 1 { "argument" } else { "arguments" };
        Err(syntax(format!("`{}` cannot take {found} {noun}", &self.cursor.text[span.start..span.end]))
            .at(span.join(self.cursor.last_span()))
            .help(format!("it is used as `{usage}`")))
    }

    /// `frechet(expm, A, E)`, with further directions for higher derivatives; without E, or with `:` as the last direction, the
    /// matrix of that map.
    fn frechet(&mut self, span: Span) -> Result<Expr> {
        let usage = "frechet(expm, A, E), with expm, logm, sqrtm, cosm or sinm, and up to 8 directions";
        let open = self.cursor.span();
        self.cursor.advance();
        let (name, at) = self.cursor.name("a function of matrices")?;
        let Some(function) = function_of_matrix(name) else {
            return Err(syntax(format!("`{name}` is no function with a Fréchet derivative"))
                .at(at)
                .help(format!("it is used as `{usage}`")));
        };
        let (mut all, mut left_open) = (Vec::new(), false);
        while !left_open && self.cursor.eat(&Tok::Comma) {
            left_open = !all.is_empty() && self.cursor.eat(&Tok::Colon);
            if !left_open {
                all.push(self.sum()?);
            }
        }
        self.cursor.close(&Tok::Close, open)?;
        // Its matrix is `frechet(expm, A)` too.
        let function = function.frechet(left_open && all.len() > 1).unwrap_or(function);
        let row = function.row();
        if !(row.least_arguments..=row.most_arguments).contains(&all.len()) {
            let error = syntax(format!("`frechet` cannot take {} matrices", all.len())).at(span.join(self.cursor.last_span()));
            return Err(error.help(format!("it is used as `{usage}`")));
        }
        self.node(Op::Call(Function::Call(function), all), span)
    }

    fn apply(&mut self, function: Applied, span: Span) -> Result<Expr> {
        let count = function.signature.arguments.len();
        let usage = format!("{function}({})", vec!["…"; count].join(", "));
        let arguments = self.arguments(&usage, count, count, span)?;
        self.node(Op::Apply { function: Arc::new(function), arguments }, span)
    }

    fn declared_function(&self, name: &str) -> Result<Applied> {
        let found = self.declarations.function(Symbol::new(name));
        let found = found.or_else(|| Some(Applied::of_matrix(function_of_matrix(name)?, 0, Dim::symbol("n"))));
        found.ok_or_else(|| Error::new(ErrorKind::Name, format!("`{name}` is no declared function")))
    }

    /// Whether a declared function, or the `D` of its derivative, stands `ahead`.
    fn names_function(&self, ahead: usize) -> bool {
        match self.cursor.look(ahead) {
            Tok::Name("D") if !self.is_known("D") && *self.cursor.look(ahead + 1) == Tok::Open => self.names_function(ahead + 2),
            Tok::Name(f) if self.is_declared_function(f) => true,
            Tok::Name(f) => !self.is_known(f) && function_of_matrix(f).is_some() && *self.cursor.look(ahead + 1) == Tok::Close,
            _ => false,
        }
    }

    /// `(f)`, `(f, 2)` or `(D(f), 2)` after a `D`.
    fn derivative_of_function(&mut self) -> Result<Applied> {
        self.cursor.enter()?;
        let open = self.cursor.span();
        self.cursor.advance();
        let (name, _) = self.cursor.name("a declared function")?;
        let function =
            if name == "D" && !self.is_declared_function(name) { self.derivative_of_function()? } else { self.declared_function(name)? };
        let mut argument = 1;
        if self.cursor.eat(&Tok::Comma) {
            let count = function.signature.arguments.len();
            let number = match self.cursor.peek() {
                Tok::Number(n) => n.as_integer().and_then(|n| usize::try_from(n).ok()),
                _ => None,
            };
            argument = number.filter(|n| (1..=count).contains(n)).ok_or_else(|| {
                self.cursor.unexpected(&format!("the number of an argument of `{}`, from 1 to {count}", function.function))
            })?;
            self.cursor.advance();
        }
        self.cursor.close(&Tok::Close, open)?;
        self.cursor.depth -= 1;
        Ok(function.derivative(argument - 1))
    }

    /// `f.(x)`; the functions of the tables that work entry by entry anyway may be written so, too.
    fn apply_elementwise(&mut self, name: &str, span: Span) -> Result<Expr> {
        if *self.cursor.look(1) != Tok::Open {
            self.cursor.advance();
            return Err(self.cursor.unexpected("an operator such as `.*`, or `(` of an elementwise call"));
        }
        self.cursor.advance();
        match self.declarations.get(Symbol::new(name)) {
            Some(Declaration::Function { .. }) => {
                let function = self.declared_function(name)?;
                self.apply(Applied { elementwise: true, ..function }, span)
            }
            None if matches!(Function::named(name), Some(Function::Map(_))) => self.call(name, span),
            _ => Err(self.no_function(name, span)),
        }
    }

    /// `diff(F, X, Y)` is `diff(diff(F, X), Y)`.
    fn diff(&mut self, span: Span) -> Result<Expr> {
        let mut all = self.arguments("diff(F, X)", 2, 9, span)?.into_iter();
        let first = all.next().ok_or_else(|| syntax("diff takes two arguments").at(span))?;
        all.try_fold(first, |f, x| self.node(Op::Diff(f, x), span))
    }

    /// Whether `index ,` and then more than the number of an axis stand `ahead`.
    fn binds_index(&self, ahead: usize) -> bool {
        let axis = |n: &Number| matches!(n.as_integer(), Some(1 | 2));
        matches!(*self.cursor.look(ahead), Tok::Name(i) if !self.is_known(i) && Function::named(i).is_none())
            && *self.cursor.look(ahead + 1) == Tok::Comma
            && !(matches!(self.cursor.look(ahead + 2), Tok::Number(n) if axis(n)) && *self.cursor.look(ahead + 3) == Tok::Close)
    }

    fn index_sum(&mut self, span: Span) -> Result<Expr> {
        let open = self.cursor.span();
        self.cursor.advance();
        let mut indices = Vec::new();
        while self.binds_index(0) {
            indices.push(Symbol::new(self.cursor.name("an index")?.0));
            self.cursor.advance();
        }
        let body = self.sum()?;
        self.cursor.close(&Tok::Close, open)?;
        indices.into_iter().rev().try_fold(body, |body, i| self.node(Op::IndexSum(i, body), span))
    }

    fn is_declared_function(&self, name: &str) -> bool {
        matches!(self.declarations.get(Symbol::new(name)), Some(Declaration::Function { .. }))
    }

    /// The error for `name(` where `name` is no function, with what may have been meant.
    fn no_function(&self, name: &str, span: Span) -> Error {
        if self.is_known(name) {
            return Error::new(ErrorKind::Name, format!("`{name}` is a variable, not a function"))
                .at(span)
                .help(format!("did you mean the product `{name}*(…)` or the entry `{name}[…]`?"));
        }
        let error = Error::new(ErrorKind::Name, format!("unknown function `{name}`")).at(span);
        let declared = self.declarations.iter().map(|(n, _)| n.as_str()).filter(|n| self.is_declared_function(n));
        let maps = ELEMENTWISE.iter().flat_map(|r| r.aliases.iter().chain([&r.name]).copied());
        let calls = CALLS.iter().flat_map(|r| r.aliases.iter().chain([&r.name]).copied());
        let all = declared.chain(maps).chain(calls).chain(["diff", "frechet", "transpose"]);
        match suggest::nearest(name, all).filter(|_| name.chars().count() > 1) {
            Some(near) => error.help(format!("did you mean `{near}`?")),
            None => error
                .help(format!("for a product write `{name}*(…)`; an unknown function is declared as `{name}: function(scalar) -> scalar`")),
        }
    }
}

/// A function of matrices that has derivatives of its own.
fn function_of_matrix(name: &str) -> Option<Call> {
    match Function::named(name) {
        Some(Function::Call(f)) => f.frechet(false).map(|_| f),
        _ => None,
    }
}

fn usage(function: Function) -> String {
    match function {
        Function::Map(map) => format!("{}(x)", map.name()),
        Function::Call(call) => call.row().usage.to_owned(),
    }
}
