//! Messages about shapes: what was being done, both shapes and where they come from, and what may have been meant.

use super::shape::{product_shape, unify_shapes};
use super::{Failure, Found, Guess, Pass};
use crate::dim::{Dim, Symbol};
use crate::error::{Error, ErrorKind};
use crate::expr::{Expr, Op, Shape};
use crate::typed::TypedId;
use indexmap::IndexSet;

/// Why two shapes do not go together.
pub enum Mismatch {
    /// Two lengths that have to be equal.
    Lengths(Dim, Dim),
    /// A vector here, a matrix there, or the like.
    Kinds,
    Because(String),
}

/// Longer expressions are not quoted: shared parts could make them long beyond reason.
const MAX_QUOTED_NODES: usize = 24;

impl Pass<'_> {
    /// A dimension with names for what is unknown yet.
    pub(super) fn show_dim(&self, dim: Dim) -> String {
        let naming = self.naming();
        self.dims.resolve(dim).substitute(&|s| naming.get(&s).copied()).to_string()
    }

    pub(super) fn show(&self, shape: &Shape) -> String {
        let naming = self.naming();
        super::map_shape(shape, &|d| self.dims.resolve(d).substitute(&|s| naming.get(&s).copied())).to_string()
    }

    /// The part of the input, if it is short enough to read in a sentence.
    pub(super) fn quote(&self, id: TypedId) -> String {
        quote(self.expr(id))
    }

    /// The same between backquotes.
    pub(super) fn quoted(&self, id: TypedId) -> String {
        quoted(self.expr(id))
    }

    /// `A: matrix(m, n)`
    fn with_shape(&self, id: TypedId) -> String {
        format!("{}: {}", self.quote(id), self.show(self.shape(id)))
    }

    /// Marks the places of the operands with their shapes.
    fn mark(&self, error: Error, operands: &[TypedId]) -> Error {
        operands.iter().fold(error, |error, &id| match self.expr(id).span() {
            Some(span) => error.note(span, self.origin(id)),
            None => error,
        })
    }

    fn origin(&self, id: TypedId) -> String {
        let shape = self.show(self.shape(id));
        match &self.nodes[id.0 as usize].op {
            Op::Var(v) if self.variables.get(&v.name).is_some_and(|v| v.assumed) => {
                format!("{} is not declared and taken for a {shape}", v.name)
            }
            Op::Var(v) => format!("{} is declared a {shape}", v.name),
            _ => format!("this is a {shape}"),
        }
    }

    /// A failure after which the pass starts anew, with these names as scalars; nobody will read its message.
    fn retyping(&self, names: Vec<Symbol>) -> Box<Failure> {
        let error = Error::new(ErrorKind::Shape, "a vector where none can stand");
        Box::new(Failure { error, retype: names.into_iter().map(|name| (name, Guess::Scalar)).collect() })
    }

    /// An operand that cannot stand where it does.
    pub(super) fn unfit(&self, id: TypedId, rule: &str, help: &str) -> Box<Failure> {
        let blamed = self.blamed(id);
        if !blamed.is_empty() {
            return self.retyping(blamed);
        }
        let mut error = Error::new(ErrorKind::Shape, format!("{rule}, not {}", self.with_shape(id)));
        if !help.is_empty() {
            error = error.help(help);
        }
        self.mark(error, &[id]).into()
    }

    fn because(&self, mismatch: &Mismatch) -> String {
        match mismatch {
            Mismatch::Lengths(a, b) => format!(": {} and {} differ", self.show_dim(*a), self.show_dim(*b)),
            Mismatch::Kinds => String::new(),
            Mismatch::Because(why) => format!(": {why}"),
        }
    }

    /// Operands of a sum or of an elementwise operation that have different shapes.
    pub(super) fn unlike(&self, verb: &str, a: TypedId, b: TypedId, mismatch: &Mismatch) -> Box<Failure> {
        let blamed = blame_one(self.blamed(a), self.blamed(b));
        if !blamed.is_empty() {
            return self.retyping(blamed);
        }
        let (left, right) = (self.with_shape(a), self.with_shape(b));
        let message = match verb {
            "add" => format!("cannot add {right} to {left}"),
            "multiply entry by entry" | "divide entry by entry" | "raise entry by entry" => {
                let (verb, how) = verb.split_once(' ').unwrap_or((verb, ""));
                let by = if verb == "raise" { "to" } else { "by" };
                format!("cannot {verb} {left} {by} {right} {how}")
            }
            _ => format!("cannot {verb} {left} and {right}"),
        };
        let error = Error::new(ErrorKind::Shape, message + &self.because(mismatch));
        let error = self.mark(error, &[a, b]);
        let help = self.help_for_unlike(verb, a, b);
        self.with_help(error, help, &[a, b]).into()
    }

    /// A direction that has not the shape of what it is a direction of.
    pub(super) fn no_direction(&self, of: TypedId, direction: TypedId, others: usize, mismatch: &Mismatch) -> Box<Failure> {
        let own = |name: &Symbol| self.variables.get_index_of(name).is_some_and(|at| at >= others);
        let blamed: Vec<Symbol> = self.blamed(direction).into_iter().filter(own).collect();
        if !blamed.is_empty() {
            return self.retyping(blamed);
        }
        let (of_it, found) = (self.with_shape(of), self.with_shape(direction));
        let message = format!("a direction for {of_it} has the same shape, not that of {found}");
        let error = Error::new(ErrorKind::Shape, message + &self.because(mismatch));
        let mut trial = self.dims.clone();
        let turned = transposed(self.shape(direction)).is_some_and(|t| unify_shapes(&mut trial, self.shape(of), &t).is_ok());
        let help = turned.then(|| format!("did you mean `{}`?", transpose_text(self.expr(direction))));
        self.with_help(error, help, &[]).into()
    }

    fn help_for_unlike(&self, verb: &str, a: TypedId, b: TypedId) -> Option<String> {
        let operator = match verb {
            "add" => " + ",
            "multiply entry by entry" => ".*",
            "divide entry by entry" => "./",
            _ => return None,
        };
        let (left, right) = (self.shape(a), self.shape(b));
        let mut trial = self.dims.clone();
        if transposed(right).is_some_and(|t| unify_shapes(&mut trial, left, &t).is_ok()) {
            return Some(format!("did you mean `{}{operator}{}`?", factor(self.expr(a)), transpose_text(self.expr(b))));
        }
        match (left, right) {
            (Shape::Matrix(..), Shape::Column(_)) if operator == ".*" => {
                let (m, v) = (factor(self.expr(a)), quote(self.expr(b)));
                Some(format!("`diag({v})*{m}` scales the rows, `{m}*diag({v})` the columns"))
            }
            (Shape::Column(_), Shape::Matrix(..)) if operator == ".*" => {
                let (m, v) = (factor(self.expr(b)), quote(self.expr(a)));
                Some(format!("`diag({v})*{m}` scales the rows, `{m}*diag({v})` the columns"))
            }
            _ => None,
        }
    }

    /// The product of `left`, of that shape together, by `right`.
    pub(super) fn no_product(&self, left: &[TypedId], shape: &Shape, right: TypedId, mismatch: &Mismatch) -> Box<Failure> {
        let blamed = blame_one(left.iter().flat_map(|id| self.blamed(*id)).collect(), self.blamed(right));
        if !blamed.is_empty() {
            return self.retyping(blamed);
        }
        let whole = self.joined(left);
        let text = quote(&whole);
        let message = format!("cannot multiply {text}: {} by {}{}", self.show(shape), self.with_shape(right), self.because(mismatch));
        let mut error = Error::new(ErrorKind::Shape, message);
        error = match (left, whole.span()) {
            ([one], _) => self.mark(error, &[*one]),
            (_, Some(span)) => error.note(span, format!("this is a {}", self.show(shape))),
            _ => error,
        };
        error = self.mark(error, &[right]);
        let proposals = self.proposals(&whole, shape, right);
        let help = (!proposals.is_empty()).then(|| format!("did you mean {}?", alternatives(&proposals)));
        let mut operands = left.to_vec();
        operands.push(right);
        self.with_help(error, help, &operands).into()
    }

    /// The product of factors as an expression to quote.
    fn joined(&self, factors: &[TypedId]) -> Expr {
        let exprs: Vec<Expr> = factors.iter().map(|id| self.expr(*id).clone()).collect();
        match exprs.as_slice() {
            [one] => one.clone(),
            _ => {
                let span = exprs.iter().filter_map(Expr::span).reduce(crate::error::Span::join);
                span.map_or_else(|| Expr::new(Op::Mul(exprs.clone())), |s| Expr::spanned(Op::Mul(exprs.clone()), s))
            }
        }
    }

    /// Products of the same operands that exist.
    fn proposals(&self, left: &Expr, shape: &Shape, right: TypedId) -> Vec<String> {
        if is_long(left) || is_long(self.expr(right)) {
            return Vec::new();
        }
        let (a, b) = (factor(left), factor(self.expr(right)));
        let (ta, tb) = (transpose_text(left), transpose_text(self.expr(right)));
        let other = self.shape(right);
        let (Some(shape_t), Some(other_t)) = (transposed(shape), transposed(other)) else { return Vec::new() };
        let fits = |x: &Shape, y: &Shape| product_shape(&mut self.dims.clone(), x, y).is_ok();
        let mut all = Vec::new();
        if fits(&shape_t, other) {
            all.push(format!("`{ta}*{b}`"));
        }
        if fits(shape, &other_t) {
            all.push(format!("`{a}*{tb}`"));
        }
        if unify_shapes(&mut self.dims.clone(), shape, other).is_ok() {
            all.push(format!("`{a}.*{b}`"));
        }
        if all.is_empty() && fits(other, shape) {
            all.push(format!("`{b}*{a}`"));
        }
        all
    }

    fn with_help(&self, error: Error, help: Option<String>, operands: &[TypedId]) -> Error {
        let assumed: IndexSet<Symbol> = operands.iter().flat_map(|id| self.blamed(*id)).collect();
        let assumed: Vec<String> = assumed.into_iter().take(3).map(|name| format!("`{name}`")).collect();
        let taken = match assumed.as_slice() {
            [] => None,
            [one] => Some(format!("{one} is not declared and was taken for a vector; declare it if it is a scalar")),
            many => Some(format!("{} are not declared and were taken for vectors; declare them if they are scalars", many.join(", "))),
        };
        match [help, taken].into_iter().flatten().collect::<Vec<_>>().as_slice() {
            [] => error,
            all => error.help(all.join("\n")),
        }
    }

    pub(super) fn undetermined(&self, a: Dim, b: Dim) -> Error {
        let message = format!("the dimensions cannot be found from {} = {}", self.show_dim(a), self.show_dim(b));
        let error = Error::new(ErrorKind::Shape, message).help("declare the variables");
        let root = self.exprs.last().and_then(Expr::span);
        root.into_iter().fold(error, Error::at)
    }

    /// An error of index notation.
    pub(super) fn index_error<T>(&self, message: String, help: &str) -> Found<T> {
        let error = Error::new(ErrorKind::Index, message);
        Err(if help.is_empty() { error } else { error.help(help) }.into())
    }
}

/// Two operands of which a scalar in place of one would do: only if just one of them may be blamed.
fn blame_one(a: Vec<Symbol>, b: Vec<Symbol>) -> Vec<Symbol> {
    match (a.is_empty(), b.is_empty()) {
        (false, true) => a,
        (true, false) => b,
        _ => Vec::new(),
    }
}

fn alternatives(all: &[String]) -> String {
    match all {
        [] => String::new(),
        [one] => one.clone(),
        [rest @ .., last] => format!("{} or {last}", rest.join(", ")),
    }
}

fn transposed(shape: &Shape) -> Option<Shape> {
    match shape {
        Shape::Column(n) => Some(Shape::Row(*n)),
        Shape::Row(n) => Some(Shape::Column(*n)),
        Shape::Matrix(m, n) => Some(Shape::Matrix(*n, *m)),
        Shape::Scalar | Shape::Tensor(_) => None,
    }
}

fn is_long(expr: &Expr) -> bool {
    let mut waiting = vec![expr.clone()];
    let mut count = 0;
    while let Some(next) = waiting.pop() {
        count += 1;
        if count > MAX_QUOTED_NODES {
            return true;
        }
        next.op().for_each_child(|c| waiting.push(c.clone()));
    }
    false
}

pub fn quoted(expr: &Expr) -> String {
    if is_long(expr) { quote(expr) } else { format!("`{}`", quote(expr)) }
}

pub fn quote(expr: &Expr) -> String {
    match expr.op() {
        Op::Var(v) => v.name.to_string(),
        _ if is_long(expr) => "this part".to_owned(),
        _ => expr.to_string(),
    }
}

/// As a factor of a product.
fn factor(expr: &Expr) -> String {
    match expr.op() {
        Op::Add(_) | Op::Neg(_) | Op::Had(_) | Op::Div(..) | Op::HadDiv(..) | Op::LeftDiv(..) | Op::Kron(..) => {
            format!("({})", quote(expr))
        }
        _ => quote(expr),
    }
}

fn transpose_text(expr: &Expr) -> String {
    match expr.op() {
        Op::Transpose(inner) => factor(inner),
        Op::Var(_) | Op::Call(..) | Op::Subscript(..) => format!("{}'", quote(expr)),
        _ => format!("({})'", quote(expr)),
    }
}
