//! Expressions after inference: an arena in which every node knows its shape and its free indices.

use crate::dim::{Dim, Symbol};
use crate::error::Span;
use crate::expr::{Op, Shape, Var};
use crate::structure::Convention;
use indexmap::IndexMap;
use smallvec::SmallVec;

/// The place of a node in a [`Typed`]; children come before their parents.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TypedId(pub u32);

/// A node with what inference found out about it.
#[derive(Clone, Debug)]
pub struct TypedNode {
    pub op: Op<TypedId>,
    /// Without the free indices: `A[i,j]` is a scalar with the free indices i and j.
    pub shape: Shape,
    /// The free indices with their lengths, in order of first appearance. An index that is free in a child but not
    /// here is summed here: by Einstein's convention in a product or within one tensor, or by `sum(i, …)`.
    pub free: SmallVec<[(Symbol, Dim); 2]>,
    pub span: Option<Span>,
}

/// An expression whose every shape is known.
#[derive(Clone, Debug)]
pub struct Typed {
    pub nodes: Vec<TypedNode>,
    pub root: TypedId,
    /// The variables in order of declaration, then of first use; every `Var` has its kind.
    pub variables: IndexMap<Symbol, Var>,
    /// Those whose kind was not declared but found from spelling and use.
    pub assumed: Vec<Symbol>,
    /// How a derivative by a structured variable is meant.
    pub convention: Convention,
}

impl Typed {
    /// The same with another convention for derivatives by structured variables.
    #[must_use]
    pub fn by(mut self, convention: Convention) -> Typed {
        self.convention = convention;
        self
    }

    pub fn node(&self, id: TypedId) -> &TypedNode {
        &self.nodes[id.0 as usize]
    }

    pub fn root(&self) -> &TypedNode {
        self.node(self.root)
    }
}
