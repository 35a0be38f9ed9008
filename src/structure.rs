//! What a derivative by a structured variable is: a symmetric matrix moves among symmetric ones only, so that many
//! matrices G satisfy `d F = <G, dX>`. A convention chooses one.

use crate::contract::Draft;
use crate::expr::{Kind, Structure, Var};
use crate::index::{Axes, Graph, Labels, Node, NodeId};
use crate::number::Number;
use rustc_hash::FxHashMap;
use std::fmt;

/// How a derivative by a structured variable is meant.
///
/// ```
/// use indicial::{Convention, Declarations, Engine, parse};
/// let declarations = Declarations::parse("A: matrix(n, n); S: symmetric(n)")?;
/// let (f, s) = (parse("tr(A*S)", &declarations)?, parse("S", &declarations)?);
/// let by = |c| Engine::new().structure(c).derivative(&f, &[s.clone()], &declarations);
/// assert_eq!(by(Convention::Projected)?.to_string(), "sym(A)");
/// assert_eq!(by(Convention::Free)?.to_string(), "A'");
/// # Ok::<(), indicial::Error>(())
/// ```
///
/// # Sources
/// Magnus and Neudecker 2019 (linear structures); Edelman, Arias and Smith 1998 (the tangent space of the orthogonal
/// matrices).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Convention {
    /// The derivative that has the structure itself: the projection of the unconstrained one on the space in which the
    /// variable moves. Of an orthogonal variable, which moves in no linear space, the unconstrained derivative.
    #[default]
    Projected,
    /// The unconstrained derivative at a point of that structure: every entry moves by itself.
    Free,
    /// As projected, and of an orthogonal variable the projection on the tangent space at it.
    Tangent,
}

impl fmt::Display for Convention {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(match self {
            Convention::Projected => "projected",
            Convention::Free => "free",
            Convention::Tangent => "tangent",
        })
    }
}

impl Convention {
    /// Whether the function is differentiated as if every entry of the variable moved by itself, so that what is known of
    /// the variable may be used only afterwards.
    pub(crate) fn lifts(self, structure: Structure) -> bool {
        match structure {
            Structure::General => false,
            // Its projection is none, and the extension of a function from the orthogonal matrices is not unique.
            Structure::Orthogonal => true,
            Structure::Symmetric
            | Structure::PositiveDefinite
            | Structure::Skew
            | Structure::Diagonal
            | Structure::Lower
            | Structure::Upper
            | Structure::Hollow => self == Convention::Free,
        }
    }

    /// What an answer says of its convention for that variable; nothing of a general one.
    pub fn remark(self, variable: &Var) -> Option<String> {
        let structure = variable.kind.as_ref().map_or(Structure::General, |k| k.structure);
        let space = match structure {
            Structure::General => return None,
            Structure::Symmetric | Structure::PositiveDefinite => "symmetric",
            Structure::Skew => "skew",
            Structure::Diagonal => "diagonal",
            Structure::Lower => "lower triangular",
            Structure::Upper => "upper triangular",
            Structure::Hollow => "hollow",
            Structure::Orthogonal => "orthogonal",
        };
        let x = variable.name;
        Some(match (self, structure) {
            (Convention::Tangent, Structure::Orthogonal) => {
                format!("projected on the tangent space: d F = <derivative, d{x}> for d{x} that keep {x} orthogonal")
            }
            (Convention::Free, _) | (Convention::Projected, Structure::Orthogonal) => {
                format!("not projected: d F = <derivative, d{x}> for any d{x}, at {space} {x}")
            }
            (Convention::Projected | Convention::Tangent, _) => {
                format!("projected on {space} matrices: d F = <derivative, d{x}> for {space} d{x}")
            }
        })
    }
}

/// What a change of a variable of that kind is: it has the variable's shape and lies in the space in which the variable moves,
/// which is no linear one for an orthogonal matrix.
pub(crate) fn kind_of_change(kind: &Kind, convention: Convention) -> Kind {
    let structure = match kind.structure {
        _ if convention == Convention::Free => Structure::General,
        Structure::Orthogonal => Structure::General,
        Structure::PositiveDefinite => Structure::Symmetric,
        linear @ (Structure::General
        | Structure::Symmetric
        | Structure::Skew
        | Structure::Diagonal
        | Structure::Lower
        | Structure::Upper
        | Structure::Hollow) => linear,
    };
    Kind { structure, ..Kind::plain(kind.shape.clone()) }
}

/// The variable as a general matrix.
pub(crate) fn lifted(v: &Var) -> Var {
    match &v.kind {
        Some(kind) => Var::new(v.name.as_str(), Kind { structure: Structure::General, ..kind.as_ref().clone() }),
        None => v.clone(),
    }
}

/// The projection of a derivative by `x` on the space in which `x` moves; the last two axes are those of `x`.
pub(crate) fn project(graph: &mut Graph, derivative: NodeId, x: &Var, convention: Convention) -> NodeId {
    let structure = x.kind.as_ref().map_or(Structure::General, |k| k.structure);
    if convention == Convention::Free || matches!(graph.node(derivative), Node::Zero(_)) {
        return derivative;
    }
    let axes: Axes = graph.axes(derivative).into();
    let half = Number::ratio(1, 2);
    match structure {
        Structure::General => derivative,
        Structure::Orthogonal if convention == Convention::Projected => derivative,
        Structure::Orthogonal => {
            let turned = between(graph, derivative, x);
            graph.sum(&axes, vec![(half.clone(), derivative), (-&half, turned)])
        }
        Structure::Symmetric | Structure::PositiveDefinite => {
            let turned = swapped(graph, derivative);
            graph.sum(&axes, vec![(half.clone(), derivative), (half, turned)])
        }
        Structure::Skew => {
            let turned = swapped(graph, derivative);
            graph.sum(&axes, vec![(half.clone(), derivative), (-&half, turned)])
        }
        Structure::Diagonal => on_diagonal(graph, derivative),
        Structure::Hollow => {
            let diagonal = on_diagonal(graph, derivative);
            graph.sum(&axes, vec![(Number::ONE, derivative), (Number::MINUS_ONE, diagonal)])
        }
        Structure::Lower => in_triangle(graph, derivative, false),
        Structure::Upper => in_triangle(graph, derivative, true),
    }
}

/// The two axes of the variable exchanged.
fn swapped(graph: &mut Graph, g: NodeId) -> NodeId {
    let k = graph.order(g);
    let order: Vec<usize> = (0..k - 2).chain([k - 1, k - 2]).collect();
    graph.permute(g, &order)
}

/// What stands on the diagonal of the variable's axes, 0 elsewhere.
fn on_diagonal(graph: &mut Graph, g: NodeId) -> NodeId {
    let axes: Axes = graph.axes(g).into();
    let mut draft = Draft::new();
    let mut labels = draft.labels(&axes[..axes.len() - 1]);
    labels.extend(labels.last().copied());
    draft.factor(g, &labels);
    graph.contract(draft.out(&labels))
}

/// What stands in a triangle of the variable's axes, 0 elsewhere.
fn in_triangle(graph: &mut Graph, g: NodeId, upper: bool) -> NodeId {
    let axes: Axes = graph.axes(g).into();
    let mut draft = Draft::new();
    let labels = draft.labels(&axes);
    let (i, j) = (labels[axes.len() - 2], labels[axes.len() - 1]);
    let n = axes[axes.len() - 1];
    let triangle = graph.insert(Node::Triangle(n, n));
    draft.factor(g, &labels).factor(triangle, &if upper { [j, i] } else { [i, j] });
    graph.contract(draft.out(&labels))
}

/// `Q*G'*Q` over the variable's axes.
fn between(graph: &mut Graph, g: NodeId, x: &Var) -> NodeId {
    let q = graph.insert(Node::Var(lifted(x)));
    let axes: Axes = graph.axes(g).into();
    let outer = axes.len() - 2;
    let mut draft = Draft::new();
    let labels = draft.labels(&axes);
    let (i, j) = (draft.label(axes[outer]), draft.label(axes[outer]));
    draft.factor(g, &labels).factor(q, &[i, labels[outer + 1]]).factor(q, &[labels[outer], j]);
    let out: Labels = labels[..outer].iter().copied().chain([i, j]).collect();
    graph.contract(draft.out(&out))
}

/// The node with variables replaced by others of the same axes, built anew so that what is known of them is used.
pub(crate) fn substitute(graph: &mut Graph, root: NodeId, replacements: &[(Var, Var)]) -> NodeId {
    let mut done: FxHashMap<NodeId, NodeId> = FxHashMap::default();
    for id in graph.reachable(&[root]) {
        let built = match graph.node(id).clone() {
            Node::Var(v) => match replacements.iter().find(|(from, _)| *from == v) {
                Some((_, to)) => graph.insert(Node::Var(to.clone())),
                None => id,
            },
            _ => graph.rebuilt(id, |a| done.get(&a).copied().unwrap_or(a)),
        };
        done.insert(id, built);
    }
    done.get(&root).copied().unwrap_or(root)
}
