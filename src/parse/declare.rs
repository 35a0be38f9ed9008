//! Declarations: `A: matrix(m, n); x: vector(n) > 0; f: function(scalar) -> scalar`.

use super::cursor::Cursor;
use super::lex::Tok;
use super::{latex, suggest};
use crate::applied::{Applied, Signature};
use crate::dim::{Dim, Symbol};
use crate::error::{Error, ErrorKind, Result, Span};
use crate::expr::{Kind, Shape, Structure};
use crate::function::Sign;
use crate::number::Number;
use indexmap::{IndexMap, IndexSet};
use std::sync::Arc;

/// No tensor has more axes.
const MAX_ORDER: usize = 64;

/// What a name was declared to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Declaration {
    Variable(Kind),
    /// An unknown differentiable function.
    Function {
        arguments: Vec<Kind>,
        result: Kind,
    },
}

impl Declaration {
    fn kinds(&self) -> Vec<&Kind> {
        match self {
            Declaration::Variable(kind) => vec![kind],
            Declaration::Function { arguments, result } => arguments.iter().chain([result]).collect(),
        }
    }
}

/// The declared names, in the order in which they were declared.
///
/// ```
/// use indicial::Declarations;
/// let declarations = Declarations::parse("A: matrix(m, n); x: vector(n) > 0").unwrap();
/// assert_eq!(declarations.iter().count(), 2);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Declarations {
    names: IndexMap<Symbol, Declaration>,
    /// The symbols of all declared dimensions.
    dims: IndexSet<Symbol>,
}

impl Declarations {
    /// No declaration: every name gets its kind from its spelling and use.
    pub fn new() -> Declarations {
        Declarations::default()
    }

    /// Reads declarations separated by `;`, a new line, or `,`; also such as `A \in \mathbb{R}^{m \times n}` and `x ∈ ℝⁿ`.
    ///
    /// # Errors
    /// If the text is no list of declarations or declares a name twice; places are those of this text.
    pub fn parse(text: &str) -> Result<Declarations> {
        let mut declarations = Declarations::new();
        declarations.extend(text)?;
        Ok(declarations)
    }

    /// Adds the declarations of a further text.
    ///
    /// # Errors
    /// As [`Declarations::parse`].
    pub fn extend(&mut self, text: &str) -> Result<()> {
        if latex::is_membership(text) {
            return latex::membership(text)?.into_iter().try_for_each(|(name, d, span)| self.insert(name, d).map_err(|e| e.at(span)));
        }
        let mut cursor = Cursor::new(text)?;
        loop {
            while matches!(cursor.peek(), Tok::Semicolon | Tok::Comma) {
                cursor.advance();
            }
            if *cursor.peek() == Tok::End {
                return Ok(());
            }
            self.statement(&mut cursor)?;
            if !matches!(cursor.peek(), Tok::Semicolon | Tok::Comma | Tok::End) && !cursor.new_line() {
                return Err(cursor.unexpected("`;` between two declarations"));
            }
        }
    }

    /// The declared function of that name.
    pub(crate) fn function(&self, name: Symbol) -> Option<Applied> {
        let Some(Declaration::Function { arguments, result }) = self.get(name) else { return None };
        let arguments = arguments.iter().map(|k| k.shape.clone()).collect();
        Some(Applied::new(name, Arc::new(Signature { arguments, result: result.shape.clone() })))
    }

    /// What the name was declared to be.
    pub fn get(&self, name: Symbol) -> Option<&Declaration> {
        self.names.get(&name)
    }

    /// The kind of a declared variable.
    pub fn variable(&self, name: Symbol) -> Option<&Kind> {
        match self.names.get(&name) {
            Some(Declaration::Variable(kind)) => Some(kind),
            _ => None,
        }
    }

    /// All declarations, in order.
    pub fn iter(&self) -> impl Iterator<Item = (Symbol, &Declaration)> {
        self.names.iter().map(|(name, d)| (*name, d))
    }

    /// Adds one declaration.
    ///
    /// # Errors
    /// If the name is declared already, or is the name of a dimension.
    pub fn insert(&mut self, name: Symbol, declaration: Declaration) -> Result<()> {
        if self.names.get(&name).is_some_and(|old| *old != declaration) {
            return Err(Error::new(ErrorKind::Name, format!("`{name}` is declared twice")));
        }
        let axes = declaration.kinds().into_iter().flat_map(|k| k.shape.axes());
        let symbols: Vec<Symbol> = axes.flat_map(Dim::symbols).collect();
        let clash = symbols.iter().find(|s| **s == name || self.names.contains_key(*s));
        if let Some(clash) = clash.or(self.dims.get(&name)) {
            return Err(Error::new(ErrorKind::Name, format!("`{clash}` is both a variable and the name of a dimension"))
                .help("name one of them otherwise"));
        }
        self.dims.extend(symbols);
        self.names.insert(name, declaration);
        Ok(())
    }

    /// Adds the name of a dimension that no declared shape has.
    ///
    /// # Errors
    /// If it is the name of a variable.
    pub fn insert_dim(&mut self, symbol: Symbol) -> Result<()> {
        if self.names.contains_key(&symbol) {
            return Err(Error::new(ErrorKind::Name, format!("`{symbol}` is both a variable and the name of a dimension")));
        }
        self.dims.insert(symbol);
        Ok(())
    }

    /// Whether some declared shape has this symbol in a dimension.
    pub fn has_dim(&self, symbol: Symbol) -> bool {
        self.dims.contains(&symbol)
    }

    /// Each symbol that a declared dimension has, in order of appearance.
    pub fn dim_symbols(&self) -> impl Iterator<Item = Symbol> {
        self.dims.iter().copied()
    }

    /// `x, y: kind`
    fn statement(&mut self, cursor: &mut Cursor) -> Result<()> {
        let mut names = vec![cursor.name("the name of a variable")?];
        while cursor.eat(&Tok::Comma) {
            names.push(cursor.name("the name of a variable")?);
        }
        if !cursor.eat(&Tok::Colon) {
            return Err(cursor.unexpected("`:` and a kind").help("a declaration is `x: vector(n)`"));
        }
        let declaration = declaration(cursor)?;
        for (name, span) in names {
            if name == "where" {
                return Err(Error::new(ErrorKind::Name, "`where` is a word of the language and no name").at(span));
            }
            self.insert(Symbol::new(name), declaration.clone()).map_err(|e| e.at(span))?;
        }
        Ok(())
    }
}

fn declaration(cursor: &mut Cursor) -> Result<Declaration> {
    if *cursor.peek() != Tok::Name("function") {
        return Ok(Declaration::Variable(kind(cursor)?));
    }
    cursor.advance();
    let open = cursor.span();
    if !cursor.eat(&Tok::Open) {
        return Err(cursor.unexpected("`(`").help("a function is `f: function(vector(n)) -> scalar`"));
    }
    let mut arguments = vec![kind(cursor)?];
    while cursor.eat(&Tok::Comma) {
        arguments.push(kind(cursor)?);
    }
    cursor.close(&Tok::Close, open)?;
    if !cursor.eat(&Tok::Arrow) {
        return Err(cursor.unexpected("`->` and the kind of the result"));
    }
    Ok(Declaration::Function { arguments, result: kind(cursor)? })
}

fn kind(cursor: &mut Cursor) -> Result<Kind> {
    let (word, span) = cursor.name("a kind such as `vector(n)`")?;
    let structure = Structure::ALL.iter().find(|(_, name)| *name == word).map(|(s, _)| *s);
    let dims = match (word, structure) {
        ("scalar", _) => Vec::new(),
        ("vector" | "row" | "matrix" | "tensor", _) | (_, Some(_)) => dims(cursor, word, span)?,
        _ => return Err(unknown_kind(word, span)),
    };
    let shape = match (word, dims.as_slice()) {
        ("scalar", _) => Shape::Scalar,
        ("vector", [n]) => Shape::Column(*n),
        ("row", [n]) => Shape::Row(*n),
        ("matrix", [n]) => Shape::Matrix(*n, *n),
        ("matrix", [m, n]) => Shape::Matrix(*m, *n),
        ("tensor", axes) => Shape::of_axes(axes),
        (_, [n]) => Shape::Matrix(*n, *n),
        _ => return Err(wrong_count(word, dims.len(), span)),
    };
    let kind = Kind { structure: structure.unwrap_or_default(), ..Kind::plain(shape) };
    properties(cursor, kind)
}

fn dims(cursor: &mut Cursor, word: &str, span: Span) -> Result<Vec<Dim>> {
    let open = cursor.span();
    if !cursor.eat(&Tok::Open) {
        let usage = if matches!(word, "matrix" | "tensor") { "m, n" } else { "n" };
        let error = Error::new(ErrorKind::Syntax, format!("`{word}` needs its dimensions")).at(span);
        return Err(error.help(format!("write `{word}({usage})`; n may be a name or a number")));
    }
    let mut dims = vec![cursor.dim()?];
    while cursor.eat(&Tok::Comma) {
        dims.push(cursor.dim()?);
    }
    let close = cursor.close(&Tok::Close, open)?;
    if dims.len() > MAX_ORDER {
        return Err(Error::new(ErrorKind::Limit, format!("a tensor of more axes than the limit of {MAX_ORDER}")).at(open.join(close)));
    }
    Ok(dims)
}

fn unknown_kind(word: &str, span: Span) -> Error {
    let words = ["scalar", "vector", "row", "matrix", "tensor", "function"];
    let error = Error::new(ErrorKind::Name, format!("`{word}` is no kind")).at(span);
    match suggest::nearest(word, words.into_iter().chain(Structure::ALL.iter().map(|(_, name)| *name))) {
        Some(near) => error.help(format!("did you mean `{near}`?")),
        None => error.help("kinds are scalar, vector(n), row(n), matrix(m, n), tensor(n1, …), symmetric(n) and the like"),
    }
}

fn wrong_count(word: &str, count: usize, span: Span) -> Error {
    let wanted = if word == "matrix" { "one dimension or two" } else { "one dimension" };
    Error::new(ErrorKind::Shape, format!("`{word}` takes {wanted}, not {count}")).at(span)
}

fn properties(cursor: &mut Cursor, mut kind: Kind) -> Result<Kind> {
    loop {
        let sign = match cursor.peek() {
            Tok::Greater => Sign::Positive,
            Tok::GreaterEqual => Sign::NonNegative,
            Tok::Name("full") if !cursor.new_line() && *cursor.look(1) == Tok::Name("rank") => {
                cursor.advance();
                cursor.advance();
                kind.full_rank = true;
                continue;
            }
            _ => return Ok(kind),
        };
        cursor.advance();
        if *cursor.peek() != Tok::Number(Number::ZERO) {
            return Err(cursor.unexpected("`0`").help("properties are `> 0`, `>= 0` and `full rank`"));
        }
        cursor.advance();
        kind.sign = sign;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> String {
        match Declarations::parse(text) {
            Ok(declarations) => declarations.iter().map(|(name, d)| show(name, d)).collect::<Vec<_>>().join("; "),
            Err(e) => format!("{}: {}", e.kind, e.message),
        }
    }

    fn show(name: Symbol, declaration: &Declaration) -> String {
        match declaration {
            Declaration::Variable(kind) => format!("{name}: {kind}"),
            Declaration::Function { arguments, result } => {
                let arguments: Vec<String> = arguments.iter().map(Kind::to_string).collect();
                format!("{name}: function({}) -> {result}", arguments.join(", "))
            }
        }
    }

    #[test]
    fn declarations_are_read() {
        for (text, expected) in [
            ("x: vector(n)", "x: vector(n)"),
            ("A : matrix(m, n);x:row(2*n+1)\n", "A: matrix(m, n); x: row(2*n+1)"),
            ("A: matrix(n), t: scalar > 0", "A: matrix(n, n); t: scalar > 0"),
            ("a, b: vector(3)\nS: posdef(n)", "a: vector(3); b: vector(3); S: posdef(n)"),
            ("X: matrix(m,n) full rank; y: vector(m) ≥ 0", "X: matrix(m, n) full rank; y: vector(m) >= 0"),
            ("T: tensor(2, k, m*n); λ: scalar", "T: tensor(2, k, m*n); λ: scalar"),
            ("f: function(vector(n), scalar) -> row(n)", "f: function(vector(n), scalar) -> row(n)"),
            ("x: vector(n); x: vector(n)", "x: vector(n)"),
            ("", ""),
            ("x: vector(n); x: scalar", "name: `x` is declared twice"),
            ("n: scalar; x: vector(n)", "name: `n` is both a variable and the name of a dimension"),
            ("x: vctor(n)", "name: `vctor` is no kind"),
            ("x: vector(0)", "shape: a dimension is at least 1, not 0"),
            ("x: vector", "syntax: `vector` needs its dimensions"),
            ("x: vector(n) y: scalar", "syntax: expected `;` between two declarations, found `y`"),
            ("x: symmetric(m, n)", "shape: `symmetric` takes one dimension, not 2"),
        ] {
            assert_eq!(read(text), expected, "{text}");
        }
    }
}
