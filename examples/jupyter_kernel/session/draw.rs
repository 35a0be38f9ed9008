//! Contractions as tensor networks: factors are nodes, indices edges, free indices open ends.

use super::show::Shown;
use indicial::{Answer, Engine, Error, ErrorKind, Expr, Op, Result, Subscript, unicode};
use layout::backends::svg::SVGWriter;
use layout::core::base::Orientation;
use layout::core::color::Color;
use layout::core::geometry::Point;
use layout::core::style::{LineStyleKind, StyleAttr};
use layout::std_shapes::shapes::{Arrow, Element, LineEndKind, ShapeKind};
use layout::topo::layout::VisualGraph;

/// More factors than this are no picture.
const MOST_FACTORS: usize = 12;
const FONT: usize = 15;

/// The network of each term of an answer.
///
/// # Errors
/// If a term has too many factors.
pub fn pictures(answer: &Answer) -> Result<Shown> {
    let index = index_form(answer)?;
    let svgs = terms(&index).iter().map(|term| Network::of(term).and_then(|n| n.svg())).collect::<Result<Vec<_>>>()?;
    let html = format!("<div><code>{}</code></div><div>{}</div>", super::show::escaped(&unicode(&index)), svgs.join(" + "));
    Ok(Shown { plain: index.to_string(), html: Some(html), svg: svgs.into_iter().next(), ..Shown::default() })
}

/// The answer in index notation. Of a scalar it is the first line of a derivation, which takes traces and norms apart.
fn index_form(answer: &Answer) -> Result<Expr> {
    let formula = answer.formula.inlined();
    let x = answer.variables.iter().find(|v| !v.axes().is_empty() && formula.mentions(v.name)).filter(|_| answer.shape.is_empty());
    if let Some(x) = x
        && let Ok(derivation) = Engine::new().explain(&formula, &[Expr::var(x.clone())], &answer.declarations())
        && let Some(claim) = derivation.steps.into_iter().next().and_then(|s| s.claim)
    {
        return Ok(claim.right);
    }
    Ok(answer.index()?.inlined())
}

/// The terms of a sum, without braces around them.
fn terms(expr: &Expr) -> Vec<Expr> {
    match expr.op() {
        Op::Braces(inner, _) => terms(inner),
        Op::Add(all) => all.iter().flat_map(terms).collect(),
        Op::Neg(inner) => terms(inner),
        _ => vec![expr.clone()],
    }
}

/// A factor with the indices that it has.
struct Factor {
    name: String,
    indices: Vec<String>,
}

struct Network(Vec<Factor>);

impl Network {
    fn of(term: &Expr) -> Result<Network> {
        let mut factors = Vec::new();
        collect(term, &mut factors);
        if factors.len() > MOST_FACTORS {
            let message = format!("a picture of {} factors cannot be read", factors.len());
            return Err(Error::new(ErrorKind::Limit, message).help(format!("draw at most {MOST_FACTORS} factors")));
        }
        Ok(Network(factors))
    }

    /// Laid out from left to right.
    fn svg(&self) -> Result<String> {
        let mut graph = VisualGraph::new(Orientation::LeftToRight);
        let nodes: Vec<_> = self.0.iter().map(|f| graph.add_node(node(&f.name))).collect();
        let mut seen: Vec<&str> = Vec::new();
        for index in self.0.iter().flat_map(|f| &f.indices) {
            if seen.contains(&index.as_str()) {
                continue;
            }
            seen.push(index);
            let ends: Vec<_> = self.0.iter().zip(&nodes).flat_map(|(f, n)| f.indices.iter().filter(|i| *i == index).map(|_| *n)).collect();
            match ends[..] {
                [one] => {
                    let open = graph.add_node(end());
                    graph.add_edge(edge(index), one, open);
                }
                [one, other] => graph.add_edge(edge(index), one, other),
                // An index of three or more factors meets in a point.
                _ => {
                    let point = graph.add_node(dot());
                    ends.iter().for_each(|n| graph.add_edge(edge(index), *n, point));
                }
            }
        }
        let mut svg = SVGWriter::new();
        graph.do_it(false, false, false, &mut svg);
        let whole = svg.finalize();
        // Within a page there is no prologue of XML.
        Ok(whole.find("<svg").map_or(whole.clone(), |at| whole[at..].to_owned()))
    }
}

/// The factors of a product; what is no product is one factor, whose indices are those in it.
fn collect(expr: &Expr, factors: &mut Vec<Factor>) {
    match expr.op() {
        Op::Mul(all) | Op::Had(all) => all.iter().for_each(|e| collect(e, factors)),
        Op::Neg(inner) | Op::IndexSum(_, inner) | Op::Braces(inner, _) => collect(inner, factors),
        Op::Subscript(whole, subscripts) => factors.push(Factor { name: unicode(whole), indices: names(subscripts) }),
        Op::Delta(subscripts) => factors.push(Factor { name: "δ".to_owned(), indices: names(subscripts) }),
        Op::LeviCivita(subscripts) => factors.push(Factor { name: "ε".to_owned(), indices: names(subscripts) }),
        _ => {
            let mut indices: Vec<String> = Vec::new();
            expr.any(&mut |op| {
                if let Op::Subscript(_, s) | Op::Delta(s) | Op::LeviCivita(s) = op {
                    indices.extend(names(s).into_iter().filter(|i| !indices.contains(i)).collect::<Vec<_>>());
                }
                false
            });
            factors.push(Factor { name: unicode(expr), indices });
        }
    }
}

fn names(subscripts: &[Subscript]) -> Vec<String> {
    let name = |s: &Subscript| match s {
        Subscript::Index(i) => Some(i.to_string()),
        Subscript::At(_) | Subscript::All | Subscript::Range(..) => None,
    };
    subscripts.iter().filter_map(name).collect()
}

fn style(line: &str, fill: Option<&str>, width: usize) -> StyleAttr {
    StyleAttr::new(Color::fast(line), width, fill.map(Color::fast), 0, FONT)
}

fn node(name: &str) -> Element {
    let width = 26.0 + 9.0 * name.chars().count() as f64;
    Element::create(
        ShapeKind::new_circle(name),
        style("black", Some("white"), 2),
        Orientation::LeftToRight,
        Point::new(width, width.min(60.0)),
    )
}

fn end() -> Element {
    Element::create(ShapeKind::new_circle(""), style("white", None, 0), Orientation::LeftToRight, Point::new(8.0, 8.0))
}

fn dot() -> Element {
    Element::create(ShapeKind::new_circle(""), style("black", Some("black"), 1), Orientation::LeftToRight, Point::new(8.0, 8.0))
}

fn edge(index: &str) -> Arrow {
    Arrow::new(LineEndKind::None, LineEndKind::None, LineStyleKind::Normal, index, &style("black", None, 2), &None, &None)
}
