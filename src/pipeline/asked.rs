//! What is differentiated, and by what: free indices are axes, and a variable may be given as a part of one.

use crate::dim::Symbol;
use crate::error::{Error, ErrorKind, Result};
use crate::expr::{Expr, Op, Subscript, Var};
use crate::infer::infer;
use crate::parse::Declarations;
use crate::typed::Typed;

/// `A[i,j]*x[j]` is the vector `{A[i,j]*x[j]}[i]`: what has free indices is the tensor of these, in order of appearance.
pub(crate) fn with_axes_for_free_indices(f: &Expr, declarations: &Declarations) -> Result<Expr> {
    let mut indexed = |op: &Op| matches!(op, Op::Subscript(..) | Op::Delta(_) | Op::LeviCivita(_));
    if matches!(f.op(), Op::Braces(..)) || !f.any(&mut indexed) {
        return Ok(f.clone());
    }
    let typed = infer(f, declarations)?;
    Ok(match &typed.root().op {
        Op::Braces(_, outputs) => Expr::new(Op::Braces(f.clone(), outputs.iter().map(|(i, _)| (*i, None)).collect())),
        _ => f.clone(),
    })
}

/// A derivative by a name that nothing else mentions would be 0, and is more likely a slip.
pub(super) fn known(x: &Expr, f: &Expr, declarations: &Declarations) -> Result<()> {
    match whole_of(x).op() {
        Op::Var(v) if declarations.get(v.name).is_none() && !f.mentions(v.name) => {
            let error = Error::new(ErrorKind::Name, format!("{} does not occur in the expression", v.name));
            Err(error.help("declare it if the derivative is meant to be zero"))
        }
        _ => Ok(()),
    }
}

/// What a part is a part of.
pub(super) fn whole_of(x: &Expr) -> &Expr {
    if let Op::Subscript(of, _) = x.op() { of } else { x }
}

/// By `A[i,j]` with free indices is by the axes of A: `:` in the place of each index.
pub(super) fn part_by_axes(x: &Expr, f: &Expr) -> Result<Expr> {
    let Op::Subscript(of, subscripts) = x.op() else { return Ok(x.clone()) };
    let mut seen: Vec<Symbol> = match f.op() {
        Op::Braces(_, outputs) => outputs.iter().map(|(i, _)| *i).collect(),
        _ => Vec::new(),
    };
    let mut axes = Vec::with_capacity(subscripts.len());
    for s in subscripts {
        axes.push(match s {
            Subscript::Index(i) if seen.contains(i) => {
                let error = Error::new(ErrorKind::Index, format!("the index `{i}` of {x} stands for another axis already"));
                return Err(error.help("give each axis of the derivative an index of its own"));
            }
            Subscript::Index(i) => {
                seen.push(*i);
                Subscript::All
            }
            other => other.clone(),
        });
    }
    let whole = matches!(of.op(), Op::Var(_)) && axes.iter().all(|s| *s == Subscript::All);
    Ok(if whole { of.clone() } else { Expr::new(Op::Subscript(of.clone(), axes)) })
}

/// How many axes a part of a variable has.
pub(super) fn order_of_part(part: &Expr, x: &Var) -> usize {
    match part.op() {
        Op::Subscript(_, subscripts) => subscripts.iter().filter(|s| matches!(s, Subscript::All | Subscript::Range(..))).count(),
        _ => x.axes().len(),
    }
}

/// The variable that an expression to differentiate by is.
pub(super) fn variable(x: &Expr, typed: &Typed) -> Result<Var> {
    let Op::Var(v) = whole_of(x).op() else {
        return Err(Error::unsupported(format!("the derivative with respect to {x}"))
            .help("differentiate with respect to a variable or a part of one"));
    };
    typed.variables.get(&v.name).cloned().ok_or_else(|| Error::new(ErrorKind::Name, format!("{} does not occur in the expression", v.name)))
}

#[cfg(test)]
mod tests {
    use crate::parse::{Declarations, parse};
    use crate::pipeline::Engine;

    #[test]
    fn free_indices_of_the_input_are_its_axes() {
        let declarations = Declarations::parse("A: matrix(m, n); x: vector(n)").unwrap();
        let read = |text| parse(text, &declarations).unwrap();
        let answer = Engine::new().derivative(&read("A[i,j]*x[j]"), &[read("x")], &declarations).unwrap();
        assert_eq!(answer.to_string(), "A");
        assert!(answer.verify(4).unwrap().ok);
    }
}
