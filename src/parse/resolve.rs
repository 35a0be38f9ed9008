//! Tells indices from entry numbers, once the whole text is known: `k` in `A[i,k]` is an entry number if `k` is a dimension or used as a
//! value elsewhere, unless something around it binds it.

use crate::dim::Symbol;
use crate::error::{Error, ErrorKind, Result};
use crate::expr::{Expr, Op, Subscript, Var};
use indexmap::{IndexMap, IndexSet};

/// `expr` with the subscripts among `indices` that `is_value` holds for made entry numbers.
pub fn indices(expr: Expr, indices: &IndexSet<Symbol>, is_value: impl Fn(Symbol) -> bool) -> Result<Expr> {
    let doubtful: IndexSet<Symbol> = indices.iter().copied().filter(|&i| is_value(i)).collect();
    if doubtful.is_empty() {
        return Ok(expr);
    }
    let mut pass = Pass { doubtful, bound: Vec::new(), done: IndexMap::new(), uses: IndexMap::new() };
    pass.walk(&expr)
}

struct Pass {
    doubtful: IndexSet<Symbol>,
    bound: Vec<Symbol>,
    /// By node and what was bound there, so that shared parts are walked once.
    done: IndexMap<(Expr, Vec<Symbol>), Expr>,
    /// The tensor that each doubtful name was an entry number of.
    uses: IndexMap<Symbol, Expr>,
}

impl Pass {
    fn walk(&mut self, expr: &Expr) -> Result<Expr> {
        let key = (expr.clone(), self.bound.clone());
        if let Some(done) = self.done.get(&key) {
            return Ok(done.clone());
        }
        let depth = self.bound.len();
        match expr.op() {
            Op::IndexSum(i, _) => self.bound.push(*i),
            Op::Braces(_, outputs) => self.bound.extend(outputs.iter().map(|(i, _)| *i)),
            _ => {}
        }
        let op = expr.op().try_map(|c| self.walk(c))?;
        self.bound.truncate(depth);
        let op = match op {
            Op::Subscript(tensor, s) => {
                let s = self.subscripts(s, expr)?;
                Op::Subscript(tensor, s)
            }
            Op::Delta(s) => Op::Delta(self.subscripts(s, expr)?),
            Op::LeviCivita(s) => Op::LeviCivita(self.subscripts(s, expr)?),
            op => op,
        };
        let new = match expr.span() {
            Some(span) => Expr::spanned(op, span),
            None => Expr::new(op),
        };
        self.done.insert(key, new.clone());
        Ok(new)
    }

    fn subscripts(&mut self, all: Vec<Subscript>, whole: &Expr) -> Result<Vec<Subscript>> {
        all.into_iter().map(|s| self.subscript(s, whole)).collect()
    }

    fn subscript(&mut self, subscript: Subscript, whole: &Expr) -> Result<Subscript> {
        match subscript {
            Subscript::Index(i) if self.doubtful.contains(&i) && !self.bound.contains(&i) => {
                // In two tensors it looks like a summed index, and taking it for an entry would be wrong in silence.
                if *self.uses.entry(i).or_insert_with(|| whole.clone()) != *whole {
                    let error = Error::new(ErrorKind::Index, format!("`{i}` is a dimension or a value, and cannot be an index, too"));
                    return Err(error
                        .at(whole.span().unwrap_or_default())
                        .help(format!("name the index otherwise, or sum with `sum({i}, …)`")));
                }
                Ok(Subscript::At(Expr::new(Op::Var(Var::undeclared(i.as_str())))))
            }
            other => Ok(other),
        }
    }
}
