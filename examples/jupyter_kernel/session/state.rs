//! What stays from cell to cell: declarations and definitions, as texts.

use indicial::{
    Declaration, Declarations, Error, ErrorKind, Expr, InputFormat, Op, Result, Span, Symbol, infer, parse, parse_equation, parse_input,
};
use serde::{Deserialize, Serialize};

/// The longest formula that a name may stand for, in nodes.
const LONGEST: u64 = 1 << 12;

/// Everything that a session knows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// Each declared name with its declaration, `A: matrix(m, n)`.
    declared: Vec<(String, String)>,
    defined: Vec<Definition>,
}

/// A name that stands for a formula.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Definition {
    pub name: String,
    /// The formula in the declared variables alone.
    pub formula: String,
    /// What was asked where the formula is the answer: `diff(…, x)`.
    pub question: String,
}

fn taken(message: String) -> Error {
    Error::new(ErrorKind::Name, message).help("choose another name, or restart the kernel to forget all of them")
}

impl State {
    /// All declarations.
    ///
    /// # Errors
    /// None after the declarations were taken in one by one.
    fn declarations(&self) -> Result<Declarations> {
        let mut all = Declarations::new();
        for (_, text) in &self.declared {
            all.extend(text)?;
        }
        Ok(all)
    }

    /// The declarations for the engine: those of the names in these expressions, since an answer should say nothing of others, and all
    /// dimensions.
    ///
    /// # Errors
    /// None after the declarations were taken in one by one.
    pub fn declarations_of(&self, exprs: &[&Expr]) -> Result<Declarations> {
        let mut own = Declarations::new();
        for (name, text) in &self.declared {
            let name = Symbol::new(name);
            if exprs.iter().any(|e| e.any(&mut |op| is_named(op, name))) {
                own.extend(text)?;
            }
        }
        for dim in self.declarations()?.dim_symbols() {
            own.insert_dim(dim)?;
        }
        Ok(own)
    }

    /// Takes declarations in; one of a name that is declared already replaces it, so that a cell can be run again.
    ///
    /// # Errors
    /// Those of the text, and if a name stands for a formula.
    pub fn declare(&mut self, text: &str) -> Result<()> {
        let new = Declarations::parse(text)?;
        let mut next = self.clone();
        for (name, declaration) in new.iter() {
            if self.definition(name.as_str()).is_some() {
                return Err(taken(format!("`{name}` stands for a formula and cannot be declared")));
            }
            let entry = (name.to_string(), written(name, declaration));
            match next.declared.iter_mut().find(|(n, _)| *n == entry.0) {
                Some(old) => *old = entry,
                None => next.declared.push(entry),
            }
        }
        // A dimension may clash with an older name.
        next.declarations().map_err(|e| within(e, 0))?;
        *self = next;
        Ok(())
    }

    /// Lets a name stand for a formula.
    ///
    /// # Errors
    /// If the name is a variable, of a declaration or of another formula, or the formula is too long.
    pub fn define(&mut self, name: &str, formula: &Expr, question: &Expr) -> Result<()> {
        let symbol = self.canonical(name)?;
        let name = symbol.as_str();
        let declarations = self.declarations()?;
        if declarations.get(symbol).is_some() || declarations.has_dim(symbol) {
            return Err(taken(format!("`{name}` is declared and cannot stand for a formula")));
        }
        for other in self.defined.iter().filter(|d| d.name != name) {
            if variable_of(&other.formula, symbol, &declarations)? {
                return Err(taken(format!("`{name}` is a variable of `{}` and cannot stand for a formula", other.name)));
            }
        }
        if formula.mentions(symbol) {
            return Err(taken(format!("`{name}` would be defined by itself")));
        }
        short_enough(formula.clone())?;
        let new = Definition { name: name.to_owned(), formula: formula.to_string(), question: question.to_string() };
        match self.defined.iter_mut().find(|d| d.name == name) {
            Some(old) => *old = new,
            None => self.defined.push(new),
        }
        Ok(())
    }

    /// Reads an expression, with formulas in the place of the names that stand for them.
    ///
    /// # Errors
    /// As [`parse_input`]; places within formulas are left out.
    pub fn parse(&self, text: &str) -> Result<Expr> {
        self.parse_by(text, |d| &d.formula).and_then(short_enough)
    }

    /// The same with what was asked in the place of the answer.
    ///
    /// # Errors
    /// As [`State::parse`].
    pub fn parse_question(&self, text: &str) -> Result<Expr> {
        self.parse_by(text, |d| &d.question).and_then(short_enough)
    }

    /// Reads the two sides of an equation.
    ///
    /// # Errors
    /// As [`State::parse`].
    pub fn parse_equation(&self, text: &str) -> Result<(Expr, Expr)> {
        match text.split_once('=') {
            Some((left, right)) if self.is_of_paper(text)? => Ok((self.parse(left)?, self.parse(right)?)),
            _ => self.read(text, |d| &d.formula, parse_equation),
        }
    }

    /// Whether a text may be LaTeX or mathematics in Unicode.
    fn is_of_paper(&self, text: &str) -> Result<bool> {
        Ok(!text.is_ascii() || InputFormat::Auto.of([text], &self.declarations()?) == InputFormat::Latex)
    }

    /// The declarations, and names that stand for formulas as variables of their shapes.
    fn with_formulas(&self) -> Result<Declarations> {
        let declarations = self.declarations()?;
        let mut all = declarations.clone();
        for d in &self.defined {
            let shape = infer(&parse(&d.formula, &declarations)?, &declarations)?.root().shape.clone();
            all.insert(Symbol::new(&d.name), Declaration::Variable(shape.into()))?;
        }
        Ok(all)
    }

    /// The name that the language has for a name in other signs: `lambda` for `λ`.
    fn canonical(&self, name: &str) -> Result<Symbol> {
        match parse_input(name, InputFormat::Auto, &self.declarations()?)?.op() {
            Op::Var(v) => Ok(v.name),
            _ => Err(taken(format!("`{name}` has a meaning of its own and cannot stand for a formula"))),
        }
    }

    fn parse_by(&self, text: &str, formula: fn(&Definition) -> &String) -> Result<Expr> {
        if !self.is_of_paper(text)? {
            return self.read(text, formula, parse);
        }
        let expr = parse_input(text, InputFormat::Auto, &self.with_formulas()?)?;
        if !self.defined.iter().any(|d| expr.mentions(Symbol::new(&d.name))) {
            return Ok(expr);
        }
        // Places are those of another text.
        self.read(&expr.to_string(), formula, parse).map_err(|e| within(e, 0))
    }

    /// Reads by `parser`, which takes definitions after `where`.
    fn read<T>(&self, text: &str, formula: fn(&Definition) -> &String, parser: impl Fn(&str, &Declarations) -> Result<T>) -> Result<T> {
        let declarations = self.declarations()?;
        let used: Vec<String> =
            self.defined.iter().filter(|d| words(text).any(|w| w == d.name)).map(|d| format!("{} = {}", d.name, formula(d))).collect();
        if used.is_empty() {
            return parser(text, &declarations);
        }
        let with = if words(text).any(|w| w == "where") { "; " } else { " where " };
        let whole = format!("{text}{with}{}", used.join("; "));
        parser(&whole, &declarations).map_err(|mut e| {
            // What the word `where` was found in the place of is missing at the end of the text.
            let missing = e.span.filter(|s| s.start >= text.len() && s.start <= text.len() + with.len());
            e.span = missing.map_or(e.span, |_| Some(Span::new(text.len(), text.len())));
            within(e, text.len())
        })
    }

    pub fn definition(&self, name: &str) -> Option<&Definition> {
        self.defined.iter().find(|d| d.name == name)
    }

    /// `A: matrix(m, n)`
    pub fn declaration(&self, name: &str) -> Option<&str> {
        self.declared.iter().find(|(n, _)| n == name).map(|(_, text)| text.as_str())
    }

    /// All declarations, then all definitions, a line each.
    pub fn lines(&self) -> Vec<String> {
        let defined = self.defined.iter().map(|d| format!("{} = {}", d.name, d.formula));
        self.declared.iter().map(|(_, text)| text.clone()).chain(defined).collect()
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.declared.iter().map(|(n, _)| n.as_str()).chain(self.defined.iter().map(|d| d.name.as_str()))
    }
}

/// An error with its places in the first `length` bytes only.
pub fn within(mut error: Error, length: usize) -> Error {
    error.span = error.span.filter(|s| s.end <= length);
    error.notes.retain(|(s, _)| s.end <= length);
    error
}

/// A formula that is not too long with all its names put in place.
fn short_enough(expr: Expr) -> Result<Expr> {
    if expr.nodes() <= LONGEST {
        return Ok(expr);
    }
    Err(Error::new(ErrorKind::Limit, format!("the formula with its names put in place is over the limit of {LONGEST} parts")))
}

fn variable_of(formula: &str, name: Symbol, declarations: &Declarations) -> Result<bool> {
    Ok(parse(formula, declarations)?.any(&mut |op| matches!(op, Op::Var(v) if v.name == name)))
}

fn is_named(op: &Op, name: Symbol) -> bool {
    match op {
        Op::Var(v) => v.name == name,
        Op::Apply { function, .. } => function.function == name,
        _ => false,
    }
}

/// `A: matrix(m, n)`, `f: function(vector(n)) -> scalar`
fn written(name: Symbol, declaration: &Declaration) -> String {
    match declaration {
        Declaration::Variable(kind) => format!("{name}: {kind}"),
        Declaration::Function { arguments, result } => {
            let arguments: Vec<String> = arguments.iter().map(ToString::to_string).collect();
            format!("{name}: function({}) -> {result}", arguments.join(", "))
        }
    }
}

/// The names in a text.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !(c.is_alphanumeric() || c == '_')).filter(|w| w.starts_with(char::is_alphabetic))
}
