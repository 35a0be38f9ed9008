//! Laws of scalars in which every operation is elementwise hold for arrays of any shape, entry by entry.

use crate::dim::Dim;
use crate::expr::{Kind, Shape, Var};
use crate::matrix::{Build, Mat, Terms, reconstruct};
use egg::{Id, Language};
use rustc_hash::FxHashMap;
use std::sync::Arc;

/// The terms of a law of scalars as terms of arrays; of a 1×1 array, it is the law itself.
pub struct Lift<'a> {
    pub from: &'a Terms,
    pub to: &'a mut Terms,
    done: FxHashMap<Id, Id>,
    rows: Dim,
    columns: Dim,
}

impl<'a> Lift<'a> {
    pub fn new(from: &'a Terms, to: &'a mut Terms) -> Lift<'a> {
        // No text can hold these names, so that they are no dimensions of the law.
        Lift { from, to, done: FxHashMap::default(), rows: Dim::symbol("#rows"), columns: Dim::symbol("#columns") }
    }

    pub fn term(&mut self, t: Id) -> Id {
        if let Some(lifted) = self.done.get(&t) {
            return *lifted;
        }
        let lifted = match self.from.node(t) {
            Mat::Var(var) => self.to.var(&self.array(var)),
            node if node.is_leaf() => {
                let entry = self.to.insert(node.clone());
                self.to.fill(entry, self.rows, self.columns)
            }
            node => {
                let mut node = node.clone();
                for at in 0..node.children().len() {
                    let child = self.term(node.children()[at]);
                    node.children_mut()[at] = child;
                }
                reconstruct(self.to, &node)
            }
        };
        self.done.insert(t, lifted);
        lifted
    }

    fn array(&self, var: &Var) -> Var {
        let shape = Shape::Matrix(self.rows, self.columns);
        let kind = Kind { sign: var.sign(), ..Kind::plain(shape) };
        Var { name: var.name, kind: Some(Arc::new(kind)) }
    }
}
