//! A rule: a law of mathematics with its conditions, its reason, its source and an example.

use crate::dim::Symbol;
use crate::error::{Error, ErrorKind, Result, Span};
use crate::expr::{Expr, Op};
use crate::function::{Call, Function};
use crate::parse::{Declaration, Declarations};
use std::fmt;
use std::sync::Arc;

/// One law, as a `.rules` file states it. `rules/README.md` has the grammar.
#[derive(Clone, Debug)]
pub struct Rule {
    /// What it states, in the words of its operations: `transpose_mul`.
    pub name: Arc<str>,
    /// The file it stands in, without its ending.
    pub theme: Arc<str>,
    /// What kinds its variables have; with those of the changes `dX`, if it is differential.
    pub declarations: Declarations,
    /// Of a differential law, the `F` of `d F`.
    pub left: Expr,
    /// Of a differential law, an expression in which `dX` is a variable of the kind of `X`.
    pub right: Expr,
    /// Whether it may be used from right to left too (`=` instead of `=>`).
    pub two_way: bool,
    /// Whether it is the law of a differential: `d left => right`.
    pub differential: bool,
    pub conditions: Vec<Condition>,
    /// The step of the engine that does it. Such a law is a specification and is not loaded into the e-graph.
    pub by: Option<Step>,
    /// Why the right side may be longer than the left, and how far that can go.
    pub opens: Option<Arc<str>>,
    /// The reason, in a sentence.
    pub why: Arc<str>,
    pub source: Arc<str>,
    /// What `Catalog::examples` reads.
    pub(crate) example: ExampleText,
    /// The law as it is written.
    pub law: Arc<str>,
    /// Where the law stands in its file.
    pub span: Span,
    pub(crate) places: Places,
}

/// Where the parts of a rule stand in its file.
#[derive(Clone, Debug, Default)]
pub(crate) struct Places {
    pub name: Span,
    pub left: Span,
    pub right: Span,
    pub conditions: Vec<Span>,
    pub opens: Option<Span>,
    pub why: Span,
    pub source: Span,
}

/// A use of a rule: what it makes of `left` is `right`.
#[derive(Clone, Debug)]
pub struct Example {
    pub declarations: Declarations,
    pub left: Expr,
    pub right: Expr,
    /// Whether it is one of a differential: `d left => right`.
    pub differential: bool,
    /// As it is written.
    pub text: Arc<str>,
    /// Where it stands in its file.
    pub span: Span,
    /// Where its two sides stand.
    pub(crate) places: (Span, Span),
}

/// The examples of a rule as they stand in its file, each piece with its place: only tests and listings read them.
#[derive(Clone, Debug, Default)]
pub(crate) struct ExampleText {
    pub with: Option<(Arc<str>, usize)>,
    pub declarations: Vec<(Arc<str>, usize)>,
    pub laws: Vec<(Arc<str>, usize)>,
}

/// What has to be known before a law may be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    pub fact: Fact,
    pub subject: Expr,
}

macro_rules! words {
    ($(#[$doc:meta])* $name:ident: $kind:literal { $($(#[$item_doc:meta])* $item:ident $word:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $name { $($(#[$item_doc])* $item),* }

        impl $name {
            pub const ALL: &[($name, &'static str)] = &[$(($name::$item, $word)),*];

            /// The one of that name.
            ///
            /// # Errors
            /// Of kind `Rule`, naming those that there are.
            pub fn named(word: &str) -> Result<$name> {
                let found = $name::ALL.iter().find(|(_, w)| *w == word).map(|(item, _)| *item);
                let known = || $name::ALL.iter().map(|(_, w)| *w).collect::<Vec<_>>().join(", ");
                found.ok_or_else(|| {
                    Error::new(ErrorKind::Rule, format!(concat!("`{}` is no ", $kind), word)).help(format!("there are {}", known()))
                })
            }

            pub fn name(self) -> &'static str {
                $name::ALL[self as usize].1
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str(self.name())
            }
        }
    };
}

words! {
    /// What a condition may ask for.
    Fact: "fact" {
        Symmetric "symmetric",
        Skew "skew",
        Diagonal "diagonal",
        Orthogonal "orthogonal",
        PositiveDefinite "posdef",
        Invertible "invertible",
        /// Every entry is greater than 0.
        Positive "positive",
        /// Every entry is at least 0.
        NonNegative "nonnegative",
    }
}

words! {
    /// A step of the engine that performs laws by itself.
    Step: "step of the engine" {
        /// A function is defined by others while index form is built.
        Lowering "lowering",
        /// The constructor of contractions makes both sides the same node.
        Contraction "contraction",
        /// The constructor of contractions finds the name of a combination.
        Recognition "recognition",
        /// Common factors are taken out of sums.
        Factoring "factor",
        /// Differentiation.
        Differentiation "diff",
        /// Both sides have one normal form once products of sums are expanded, which only proofs do.
        Expansion "expansion",
        /// The constructors of matrix terms make both sides the same term.
        Construction "construction",
        /// None: it is true and tested, and nothing uses it.
        Statement "statement",
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{}({})", self.fact, self.subject)
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{}: {}", self.name, self.law)?;
        for (at, condition) in self.conditions.iter().enumerate() {
            write!(f, "{}{condition}", if at == 0 { " if " } else { ", " })?;
        }
        Ok(())
    }
}

impl Rule {
    /// Whether saturation uses it: no other step performs it already.
    pub fn is_rewrite(&self) -> bool {
        self.by.is_none()
    }

    /// Of a differential law, each variable that changes with the variable of its change: (`X`, `dX`).
    pub fn changes(&self) -> Vec<(Symbol, Symbol)> {
        if self.differential { changes(&self.declarations, &self.right) } else { Vec::new() }
    }

    /// Whether it is a law of scalars in which every operation is elementwise, so that it holds entry by entry for
    /// tensors of any shape, with `.*` for `*`, `./` for `/`, `.^` for `^` and a number for a tensor of equal entries.
    pub fn is_elementwise(&self) -> bool {
        let scalars = self.declarations.iter().all(|(_, d)| matches!(d, Declaration::Variable(k) if k.shape.axes().is_empty()));
        scalars && self.declarations.iter().next().is_some() && elementwise(&self.left) && elementwise(&self.right)
    }
}

/// The declared variables whose changes stand in an expression, each with its change.
pub(crate) fn changes(declarations: &Declarations, right: &Expr) -> Vec<(Symbol, Symbol)> {
    let pairs = declarations.iter().map(|(name, _)| (name, change_of(name)));
    pairs.filter(|(_, change)| right.mentions(*change)).collect()
}

/// The name of the change of a variable: `dX` of `X`.
pub(crate) fn change_of(name: Symbol) -> Symbol {
    Symbol::new(&format!("d{name}"))
}

fn elementwise(expr: &Expr) -> bool {
    let itself = match expr.op() {
        Op::Number(_) | Op::Constant(_) | Op::Var(_) | Op::Size(_) | Op::Neg(_) | Op::Add(_) | Op::Mul(_) | Op::Had(_) => true,
        Op::Div(..) | Op::HadDiv(..) | Op::Pow(..) | Op::HadPow(..) => true,
        Op::Call(Function::Map(_), _) | Op::Call(Function::Call(Call::Max | Call::Min | Call::Power), _) => true,
        Op::Call(..) | Op::Kron(..) | Op::LeftDiv(..) | Op::Transpose(_) | Op::Apply { .. } | Op::Subscript(..) => false,
        Op::Delta(_) | Op::LeviCivita(_) | Op::IndexSum(..) | Op::Braces(..) | Op::Diff(..) | Op::Block(_) => false,
    };
    let mut all = itself;
    expr.op().for_each_child(|c| all = all && elementwise(c));
    all
}
