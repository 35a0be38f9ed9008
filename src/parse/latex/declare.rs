//! Declarations as papers write them: `A \in \mathbb{R}^{m \times n}`, `x ∈ ℝⁿ`, `\Sigma \in \mathbb{S}^n_{++}`.

use super::parser::{Base, Parser};
use super::scan::{Tok, Writing};
use crate::dim::{Dim, Symbol};
use crate::error::{Result, Span};
use crate::expr::{Kind, Op, Shape, Structure};
use crate::function::Sign;
use crate::parse::{Declaration, Declarations, syntax};

/// Whether a text declares in this way.
pub fn is_membership(text: &str) -> bool {
    text.contains("\\in") || text.contains('∈')
}

/// Reads one declaration or several names of one kind, and gives what was declared with the place of each name.
///
/// # Errors
/// With the place in the text.
pub fn membership(text: &str) -> Result<Vec<(Symbol, Declaration, Span)>> {
    let none = Declarations::new();
    let writing = if text.contains('\\') { Writing::Latex } else { Writing::Unicode { split: false } };
    let mut parser = Parser::new(text, writing, &none)?;
    let mut all = Vec::new();
    while *parser.peek() != Tok::End {
        let mut names = vec![name(&mut parser)?];
        while parser.eat(&Tok::Sign(',')) {
            names.push(name(&mut parser)?);
        }
        if !parser.eat(&Tok::Command("in")) {
            return Err(parser.unexpected(r"`\in` and a set").help(r"write A \in \mathbb{R}^{m \times n}"));
        }
        let kind = set(&mut parser)?;
        all.extend(names.into_iter().map(|(name, span)| (name, Declaration::Variable(kind.clone()), span)));
        if !parser.eat(&Tok::Sign(';')) && !parser.eat(&Tok::Sign(',')) && *parser.peek() != Tok::End {
            return Err(parser.unexpected("`;` between two declarations"));
        }
    }
    Ok(all)
}

fn name(parser: &mut Parser) -> Result<(Symbol, Span)> {
    let start = parser.span();
    let Base::Name(mut name) = parser.primary()? else {
        return Err(syntax("this is no name").at(start));
    };
    if parser.eat(&Tok::Sign('_')) {
        let range = parser.argument_tokens()?;
        name.text = parser.compound(&name, range)?;
    }
    Ok((Symbol::new(&name.text), start.join(parser.last_span())))
}

/// `\mathbb{R}^{m \times n}`, `\mathbb{R}_{>0}`, `\mathbb{S}^n_{++}`.
fn set(parser: &mut Parser) -> Result<Kind> {
    let start = parser.span();
    let unknown =
        || syntax("this set is not known").at(start).help(r"sets are \mathbb{R}, \mathbb{R}^n, \mathbb{R}^{m \times n} and \mathbb{S}^n");
    if !matches!(parser.peek(), Tok::Command("mathbb" | "mathbf" | "mathcal")) {
        return Err(unknown());
    }
    parser.advance();
    let inner = parser.argument_tokens()?;
    let letter = match &parser.tokens[inner.start.min(parser.end)].tok {
        Tok::Letter(c) if inner.len() == 1 => *c,
        _ => return Err(unknown()),
    };
    let (mut sizes, mut signs) = (Vec::new(), 0);
    loop {
        let above = parser.eat(&Tok::Sign('^'));
        if !above && !parser.eat(&Tok::Sign('_')) {
            break;
        }
        let range = parser.argument_tokens()?;
        let plus = range.clone().filter(|at| matches!(parser.tokens[*at].tok, Tok::Sign('+' | '>'))).count();
        if plus > 0 {
            signs += plus;
            continue;
        }
        for e in parser.sizes(range)? {
            sizes.push(dim(&e).ok_or_else(unknown)?);
        }
    }
    let plain = |sizes: &[Dim]| Kind::plain(Shape::of_axes(sizes));
    match (letter, sizes.as_slice()) {
        ('R', sizes) => Ok(Kind { sign: if signs > 0 { Sign::Positive } else { Sign::Any }, ..plain(sizes) }),
        ('S', [n]) => {
            let structure = if signs > 1 { Structure::PositiveDefinite } else { Structure::Symmetric };
            Ok(Kind { structure, ..plain(&[*n, *n]) })
        }
        _ => Err(unknown()),
    }
}

fn dim(e: &crate::Expr) -> Option<Dim> {
    match e.op() {
        Op::Number(_) | Op::Var(_) | Op::Mul(_) | Op::Add(_) | Op::Neg(_) | Op::Size(_) => {
            super::calculus::dim_of(e, 0).filter(|d| d.as_number() != Some(0))
        }
        _ => None,
    }
}
