//! Index notation in numpy: a value with free indices is an array with one axis for each, and products are einsums.

use super::calls;
use super::numpy::{Code, Emitter, Kind, Tight, method, number, plus, power, times};
use crate::dim::{Dim, Symbol};
use crate::error::{Error, ErrorKind, Result};
use crate::expr::{Op, Shape, Subscript};
use crate::number::Number;
use crate::typed::{TypedId, TypedNode};
use smallvec::SmallVec;

type Free = SmallVec<[(Symbol, Dim); 2]>;

/// A value and what its leading axes mean.
#[derive(Clone)]
struct Part {
    code: Code,
    free: Vec<Symbol>,
}

const LETTERS: &str = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

/// Gives indices their einsum letters.
#[derive(Default)]
struct Letters(Vec<Symbol>);

impl Letters {
    fn of(&mut self, index: Symbol) -> Result<char> {
        let at = self.0.iter().position(|i| *i == index).unwrap_or_else(|| {
            self.0.push(index);
            self.0.len() - 1
        });
        LETTERS.chars().nth(at).ok_or_else(|| Error::new(ErrorKind::Limit, "a product of more than 52 indices has no einsum"))
    }

    fn word(&mut self, indices: &[Symbol]) -> Result<String> {
        indices.iter().map(|i| self.of(*i)).collect()
    }
}

impl Emitter<'_> {
    pub(super) fn indexed(&mut self, node: &TypedNode) -> Result<Code> {
        let out = names(&node.free);
        match &node.op {
            Op::Subscript(base, subscripts) => self.subscript(*base, subscripts, &out),
            Op::Delta(subscripts) => self.delta(subscripts, node),
            Op::LeviCivita(subscripts) => self.levi_civita(subscripts, &out),
            Op::IndexSum(_, body) => {
                let body = self.part(*body)?;
                reduced(body, &out)
            }
            Op::Braces(body, outputs) => self.braces(*body, outputs, &node.shape),
            Op::Neg(a) => {
                let a = self.part(*a)?;
                let a = reduced(a, &out)?;
                Ok(Code { text: format!("-{}", a.at_least(Tight::Minus)), tight: Tight::Minus, depth: a.depth + 1 })
            }
            Op::Add(all) => {
                let all = all.iter().map(|a| self.aligned_node(*a, &out)).collect::<Result<Vec<_>>>()?;
                Ok(plus(&all))
            }
            Op::Mul(all) | Op::Had(all) => {
                let all = all.iter().map(|a| self.part(*a)).collect::<Result<Vec<_>>>()?;
                product(&all, &out)
            }
            Op::Div(a, b) | Op::HadDiv(a, b) => {
                let (a, b) = (self.part(*a)?, self.part(*b)?);
                if b.free.is_empty() {
                    return Ok(times(&[reduced(a, &out)?, b.code], "/"));
                }
                let inverse = Part { code: times(&[number(&Number::ONE), b.code], "/"), free: b.free };
                product(&[a, inverse], &out)
            }
            Op::Pow(a, b) | Op::HadPow(a, b) => self.power_of_entry(*a, *b, &out),
            Op::Call(f, all) => {
                let codes = all.iter().map(|a| self.aligned_node(*a, &out)).collect::<Result<Vec<_>>>()?;
                let kinds = vec![Kind::Scalar; codes.len()];
                calls::apply(self, *f, &codes, &kinds, node)
            }
            Op::Transpose(a) => self.aligned_node(*a, &out),
            _ => Err(Error::unsupported("this use of free indices in code")),
        }
    }

    /// The value of a node that is a scalar but for its free indices.
    fn part(&mut self, id: TypedId) -> Result<Part> {
        let node = self.typed.node(id);
        if !matches!(node.shape, Shape::Scalar) {
            return Err(Error::unsupported("an array with free indices in code"));
        }
        Ok(Part { code: self.value(id)?, free: names(&node.free) })
    }

    fn aligned_node(&mut self, id: TypedId, out: &[Symbol]) -> Result<Code> {
        let part = self.part(id)?;
        aligned(part, out)
    }

    fn power_of_entry(&mut self, a: TypedId, b: TypedId, out: &[Symbol]) -> Result<Code> {
        let base = self.aligned_node(a, out)?;
        if let Op::Number(n) = &self.typed.node(b).op {
            return Ok(power(&base, n));
        }
        let exponent = self.aligned_node(b, out)?;
        Ok(Code::atom(format!("np.power({}, {} + 0.0)", base.text, exponent.text), base.depth.max(exponent.depth) + 1))
    }

    fn subscript(&mut self, base: TypedId, subscripts: &[Subscript<TypedId>], out: &[Symbol]) -> Result<Code> {
        let node = self.typed.node(base);
        if !node.free.is_empty() {
            return Err(Error::unsupported("a subscript of a value with free indices in code"));
        }
        let code = self.value(base)?;
        let (code, kept) = self.sliced(code, subscripts)?;
        let indices: Vec<Symbol> = kept.iter().flatten().copied().collect();
        if indices.is_empty() {
            return Ok(code);
        }
        if indices.len() < kept.len() {
            return Err(Error::unsupported("named indices beside ranges in code"));
        }
        reduced(Part { code, free: indices }, out)
    }

    /// Entries and ranges taken; what each axis that is left is named.
    fn sliced(&mut self, code: Code, subscripts: &[Subscript<TypedId>]) -> Result<(Code, Vec<Option<Symbol>>)> {
        let mut places = Vec::new();
        let mut kept = Vec::new();
        for s in subscripts {
            places.push(match s {
                Subscript::Index(i) => {
                    kept.push(Some(*i));
                    ":".to_owned()
                }
                Subscript::All => {
                    kept.push(None);
                    ":".to_owned()
                }
                Subscript::At(e) => format!("{} - 1", self.value(*e)?.text),
                Subscript::Range(a, b) => {
                    kept.push(None);
                    format!("{} - 1:{}", self.value(*a)?.text, self.value(*b)?.text)
                }
            });
        }
        let whole = places.iter().all(|p| p == ":");
        Ok((if whole { code } else { method(&code, &format!("[{}]", places.join(", "))) }, kept))
    }

    fn delta(&mut self, subscripts: &[Subscript<TypedId>], node: &TypedNode) -> Result<Code> {
        let length = node.free.first().map(|(_, d)| *d);
        match (subscripts, length) {
            ([Subscript::Index(i), Subscript::Index(j)], Some(n)) if i != j => {
                let eye = Code::atom(format!("np.eye({})", self.dim(n)), 1);
                reduced(Part { code: eye, free: vec![*i, *j] }, &names(&node.free))
            }
            ([Subscript::Index(_), Subscript::Index(_)], Some(n)) => Ok(Code::atom(format!("np.ones({})", self.dim(n)), 1)),
            ([Subscript::Index(_), Subscript::At(e)] | [Subscript::At(e), Subscript::Index(_)], Some(n)) => {
                let place = self.value(*e)?;
                Ok(Code::atom(format!("np.eye({})[{} - 1]", self.dim(n), place.text), place.depth + 1))
            }
            ([Subscript::At(a), Subscript::At(b)], _) => {
                let (a, b) = (self.value(*a)?, self.value(*b)?);
                Ok(Code::atom(format!("float({} == {})", a.text, b.text), a.depth.max(b.depth) + 1))
            }
            _ => Err(Error::unsupported("this use of delta in code")),
        }
    }

    /// The Levi-Civita symbol is the determinant of rows of the identity: eps[i,j,k] = e_i . (e_j x e_k).
    fn levi_civita(&mut self, subscripts: &[Subscript<TypedId>], out: &[Symbol]) -> Result<Code> {
        let symbol = match subscripts.len() {
            3 => Code::atom("np.einsum('il,jkl->ijk', np.eye(3), np.cross(np.eye(3)[:, None], np.eye(3)[None, :]))", 4),
            k => Code::atom(format!("np.linalg.det(np.eye({k})[np.moveaxis(np.indices(({k},)*{k}), 0, -1)])"), 4),
        };
        let symbol = self.named(symbol);
        let (code, kept) = self.sliced(symbol, subscripts)?;
        let indices: Vec<Symbol> = kept.iter().flatten().copied().collect();
        if indices.len() < kept.len() {
            return Err(Error::unsupported("ranges of eps in code"));
        }
        if indices.is_empty() { Ok(code) } else { reduced(Part { code, free: indices }, out) }
    }

    fn braces(&mut self, body: TypedId, outputs: &[(Symbol, Option<Dim>)], shape: &Shape) -> Result<Code> {
        let body = self.part(body)?;
        let outputs: Vec<Symbol> = outputs.iter().map(|(i, _)| *i).collect();
        let missing = outputs.iter().any(|i| !body.free.contains(i));
        let code = aligned(body, &outputs)?;
        if !missing {
            return Ok(code);
        }
        let axes = self.tuple(&shape.axes());
        Ok(Code::atom(format!("np.broadcast_to({}, ({axes}))", code.text), code.depth + 2))
    }
}

fn names(free: &Free) -> Vec<Symbol> {
    free.iter().map(|(i, _)| *i).collect()
}

/// With exactly the axes `out`, in that order; those that it does not have are of length 1.
fn aligned(part: Part, out: &[Symbol]) -> Result<Code> {
    if part.free == out || part.free.is_empty() {
        return Ok(part.code);
    }
    let own: Vec<Symbol> = out.iter().copied().filter(|i| part.free.contains(i)).collect();
    let all_there = own.len() == out.len();
    let code = reduced(part, &own)?;
    if all_there {
        return Ok(code);
    }
    let places: Vec<&str> = out.iter().map(|i| if own.contains(i) { ":" } else { "None" }).collect();
    // Leading new axes come for free.
    let first = places.iter().position(|p| *p == ":").unwrap_or(0);
    let places = &places[first..];
    Ok(if places.iter().all(|p| *p == ":") { code } else { method(&code, &format!("[{}]", places.join(", "))) })
}

/// Summed over what `out` does not name, diagonals taken, axes in the order of `out`.
fn reduced(part: Part, out: &[Symbol]) -> Result<Code> {
    if part.free == out {
        return Ok(part.code);
    }
    product(&[part], out)
}

/// The einsum of the parts; those without indices are factors in front.
fn product(parts: &[Part], out: &[Symbol]) -> Result<Code> {
    let (scalars, tensors): (Vec<&Part>, Vec<&Part>) = parts.iter().partition(|p| p.free.is_empty());
    let mut factors: Vec<Code> = scalars.into_iter().map(|p| p.code.clone()).collect();
    match tensors.as_slice() {
        [] => {}
        [one] if one.free == out => factors.push(one.code.clone()),
        _ => {
            let mut letters = Letters::default();
            let words = tensors.iter().map(|p| letters.word(&p.free)).collect::<Result<Vec<_>>>()?;
            let there: Vec<Symbol> = out.iter().copied().filter(|i| letters.0.contains(i)).collect();
            let out = letters.word(&there)?;
            let codes: Vec<&str> = tensors.iter().map(|p| p.code.text.as_str()).collect();
            let depth = tensors.iter().map(|p| p.code.depth).max().unwrap_or(0) + 1;
            // Pairwise where there are more than two, else numpy loops over all indices at once.
            let optimize = if codes.len() > 2 { ", optimize=True" } else { "" };
            factors.push(Code::atom(format!("np.einsum('{}->{out}', {}{optimize})", words.join(","), codes.join(", ")), depth));
        }
    }
    Ok(times(&factors, "*"))
}
