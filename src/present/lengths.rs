//! Which lengths of the outputs in braces the tensors inside tell.

use crate::dim::Symbol;
use crate::expr::{Expr, Op, Subscript};
use rustc_hash::FxHashMap;

/// Which outputs have their length told by a tensor in the body, directly or through deltas; of those joined by
/// deltas only, one is enough.
pub(crate) fn known_lengths(body: &Expr, outputs: &[Symbol]) -> Vec<bool> {
    let mut lengths = Lengths::default();
    lengths.visit(body);
    outputs
        .iter()
        .map(|i| {
            let root = lengths.root(*i);
            // The first of a group tells the others.
            lengths.known.insert(root, true).unwrap_or(false)
        })
        .collect()
}

#[derive(Default)]
struct Lengths {
    parent: FxHashMap<Symbol, Symbol>,
    known: FxHashMap<Symbol, bool>,
}

impl Lengths {
    fn root(&self, mut i: Symbol) -> Symbol {
        while let Some(up) = self.parent.get(&i) {
            i = *up;
        }
        i
    }

    fn visit(&mut self, e: &Expr) {
        match e.op() {
            Op::Subscript(_, s) | Op::LeviCivita(s) => {
                for s in s {
                    if let Subscript::Index(i) = s {
                        let root = self.root(*i);
                        self.known.insert(root, true);
                    }
                }
            }
            Op::Delta(s) => {
                if let [Subscript::Index(i), Subscript::Index(j)] = s.as_slice() {
                    let (a, b) = (self.root(*i), self.root(*j));
                    let known = [a, b].iter().any(|x| self.known.get(x).copied().unwrap_or(false));
                    if a != b {
                        self.parent.insert(a, b);
                    }
                    self.known.insert(b, known);
                }
            }
            Op::Braces(..) => return,
            _ => {}
        }
        e.op().for_each_child(|c| self.visit(c));
    }
}
