//! What is drawn as tensor networks: an expression before and after it is simplified, and the lines of a derivation.

use super::network::{Network, networks};
use super::show::Shown;
use super::svg::Picture;
use indicial::{Answer, Declarations, DerivationStep, Error, ErrorKind, Expr, Result, infer, unicode};

/// More factors than this are no picture, nor are more parts, where shared ones are written out.
const MOST_FACTORS: usize = 12;
const MOST_PARTS: u64 = 1 << 10;
/// More terms than this are none beside a line of a derivation.
const MOST_TERMS: usize = 4;

/// The networks of an expression as it was written, and of its answer: its derivative by these variables, or what it is simplified to.
///
/// # Errors
/// If a term has too many factors.
pub fn pictures(asked: &Expr, by: &[Expr], answer: &Answer) -> Result<Shown> {
    let (declarations, formula) = (answer.declarations(), answer.formula.inlined());
    let before = of(asked, &declarations)?;
    let mut parts = vec![(unicode(asked), before)];
    if !by.is_empty() {
        let by: Vec<String> = by.iter().map(unicode).collect();
        parts.push((format!("derivative by {}: {}", by.join(", "), unicode(&formula)), of(&formula, &declarations)?));
    } else if asked.to_string() != formula.to_string() {
        parts.push((format!("= {}", unicode(&formula)), of(&formula, &declarations)?));
    }
    let plain: Vec<String> = parts.iter().flat_map(|(title, terms)| [title.clone(), format!("  {}", in_indices(terms))]).collect();
    let drawn: Vec<Picture> = parts.iter().flat_map(|(title, terms)| [Picture::text(title), picture(terms)]).collect();
    let svg = Picture::above(&drawn).svg();
    Ok(Shown { plain: plain.join("\n"), html: Some(format!("<div>{svg}</div>")), svg: Some(svg), ..Shown::default() })
}

/// The network of a line of a derivation, if it says more than the line: factors hang together, and there are not many terms.
pub fn of_step(step: &DerivationStep, declarations: &Declarations) -> Option<String> {
    let terms = of(&step.claim.as_ref()?.right, declarations).ok()?;
    let is_drawn = terms.len() <= MOST_TERMS && terms.iter().any(|t| t.components().iter().any(|c| c.factors.len() > 1));
    is_drawn.then(|| picture(&terms).svg())
}

fn of(expr: &Expr, declarations: &Declarations) -> Result<Vec<Network>> {
    if expr.nodes() > MOST_PARTS {
        return Err(Error::new(ErrorKind::Limit, format!("a picture of {} parts cannot be read", expr.nodes())));
    }
    let terms = networks(&infer(expr, declarations)?);
    match terms.iter().map(|t| t.factors.len()).max() {
        Some(factors) if factors > MOST_FACTORS => {
            let message = format!("a picture of {factors} factors cannot be read");
            Err(Error::new(ErrorKind::Limit, message).help(format!("draw at most {MOST_FACTORS} factors")))
        }
        _ => Ok(terms),
    }
}

/// What stands before a term: its sign and its numbers.
fn before(term: &Network, is_first: bool) -> String {
    let sign = if is_first && term.sign == "+" { "" } else { term.sign };
    let numbers = term.numbers.join("·");
    [sign, &numbers].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
}

fn picture(terms: &[Network]) -> Picture {
    let mut parts = Vec::new();
    for (at, term) in terms.iter().enumerate() {
        let text = before(term, at == 0);
        if !text.is_empty() {
            parts.push(Picture::text(&text));
        }
        parts.extend(term.components().iter().map(Picture::network));
    }
    Picture::beside(&parts)
}

/// `2·A[i,j]·B[j,i]`: the networks in text.
fn in_indices(terms: &[Network]) -> String {
    let one = |(at, term): (usize, &Network)| {
        let factor = |f: &super::network::Factor| {
            let indices: Vec<&str> = f.indices.iter().map(|i| term.names[*i].as_str()).collect();
            match &f.name {
                name if indices.is_empty() => name.clone(),
                name if name.contains(' ') => format!("({name})[{}]", indices.join(",")),
                name => format!("{name}[{}]", indices.join(",")),
            }
        };
        let factors: Vec<String> = term.factors.iter().map(factor).collect();
        let open: Vec<&str> = term.open.iter().flatten().map(|i| term.names[*i].as_str()).collect();
        let product = factors.join("·");
        let product = if open.is_empty() { product } else { format!("{{{product}}}[{}]", open.join(",")) };
        [before(term, at == 0), product].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
    };
    terms.iter().enumerate().map(one).collect::<Vec<_>>().join(" ")
}
