//! The compressed form of a derivative: smaller arrays, its cores, and how Kronecker deltas spread each of them over the
//! whole.
//!
//! In index form a delta is an output label that stands twice. So the core of a contraction is the same contraction with
//! each of its output labels once, without those that no factor has; what was left out is the pattern. Terms of a sum
//! with one pattern have one core. Where a single term has no delta, the tensor is as large as its shape, and has no
//! compressed form.

use crate::contract::Draft;
use crate::dim::{Dim, Symbol};
use crate::expr::{Expr, Op, Subscript, Var};
use crate::index::{Axes, Contraction, Factor, Graph, Label, Labels, Node, NodeId};
use crate::number::Number;
use crate::present::{Presented, index_names, known_lengths};
use indexmap::IndexMap;
use std::collections::BTreeSet;

/// An array and where its entries stand in a larger one, whose other entries are 0.
///
/// The tensor is the sum over its compressed parts; [`CompressedPart::dense`] writes one part out.
///
/// ```
/// use indicial::{Declarations, Engine, parse};
/// let declarations = Declarations::parse("T: matrix(m, n); U: matrix(m, k); V: matrix(n, k)")?;
/// let (f, u) = (parse("normF(T - U*V')^2", &declarations)?, parse("U", &declarations)?);
/// let hessian = Engine::new().derivative(&f, &[u.clone(), u], &declarations)?;
/// let [part] = &hessian.compressed()?[..] else { panic!("one core") };
/// assert_eq!(part.core.to_string(), "2*V'*V");
/// assert_eq!(part.pattern.to_string(), "{delta[i,l]*core[j,p]}[i:m,j,l,p]");
/// assert_eq!(part.dense().to_string(), "{delta[i,l]*(2*V'*V)[j,p]}[i:m,j,l,p]");
/// # Ok::<(), indicial::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompressedPart {
    /// The array, as people write it.
    pub core: Presented,
    /// The lengths of its axes.
    pub axes: Vec<Dim>,
    /// The whole in index notation, in which the array has the name [`CompressedPart::name`].
    pub pattern: Expr,
    /// The name of the array in the pattern: `core`, unless a variable has that name.
    pub name: Symbol,
    /// Of each axis of the whole, the number of its index; equal indices are joined by a delta.
    whole: Vec<usize>,
    /// The indices of the array.
    own: Vec<usize>,
}

impl CompressedPart {
    /// The whole with the array written in its place.
    pub fn dense(&self) -> Expr {
        put_in(&self.pattern, self.name, &self.core.inlined())
    }
}

fn put_in(e: &Expr, name: Symbol, core: &Expr) -> Expr {
    match e.op() {
        Op::Var(v) if v.name == name => core.clone(),
        op => {
            let mapped: Result<Op, std::convert::Infallible> = op.try_map(|c| Ok(put_in(c, name, core)));
            match mapped {
                Ok(op) => Expr::new(op),
            }
        }
    }
}

/// A core on index form, and the indices of the whole and of the core.
pub(crate) struct Part {
    pub core: NodeId,
    whole: Vec<usize>,
    own: Vec<usize>,
}

/// Which output labels are one, and which of them the factors have.
#[derive(PartialEq, Eq, Hash)]
struct Pattern {
    whole: Vec<usize>,
    own: Vec<usize>,
}

/// The parts of which the tensor is the sum, if each of them has a delta.
pub(crate) fn parts(graph: &mut Graph, node: NodeId) -> Option<Vec<Part>> {
    let (coefficient, core) = graph.unscaled(node);
    let terms = match graph.node(core) {
        Node::Sum(terms) => terms.clone(),
        _ => vec![(Number::ONE, core)],
    };
    let mut groups: IndexMap<Pattern, Vec<(Number, NodeId)>> = IndexMap::new();
    for (n, term) in terms {
        let Node::Contract(c) = graph.node(term) else { return None };
        let c = c.clone();
        let (pattern, own) = pattern_of(&c)?;
        let core = with_output(graph, &c, &own);
        groups.entry(pattern).or_default().push((&n * &coefficient, core));
    }
    Some(groups.into_iter().map(|(pattern, terms)| part(graph, pattern, terms)).collect())
}

/// The pattern of a contraction, and the labels of its core; nothing without a delta.
fn pattern_of(c: &Contraction) -> Option<(Pattern, Labels)> {
    let mut labels = Labels::new();
    for l in &c.out {
        if !labels.contains(l) {
            labels.push(*l);
        }
    }
    if labels.len() == c.out.len() {
        return None;
    }
    let number = |l: &Label| labels.iter().position(|m| m == l).unwrap_or_default();
    let held = |l: &Label| c.factors.iter().any(|f| f.labels.contains(l));
    let own: Labels = labels.iter().copied().filter(held).collect();
    Some((Pattern { whole: c.out.iter().map(number).collect(), own: own.iter().map(number).collect() }, own))
}

fn with_output(graph: &mut Graph, c: &Contraction, out: &[Label]) -> NodeId {
    let mut draft = Draft::new();
    draft.labels(&c.dims);
    draft.factors = c.factors.to_vec();
    // An output that no factor has is no sum of ones.
    let used = |l: &Label| out.contains(l) || c.factors.iter().any(|f| f.labels.contains(l));
    (0..c.dims.len() as Label).filter(|l| !used(l)).for_each(|l| draft.retire(l));
    graph.contract(draft.out(out))
}

fn part(graph: &mut Graph, Pattern { whole, mut own }: Pattern, terms: Vec<(Number, NodeId)>) -> Part {
    let axes: Axes = graph.axes(terms[0].1).into();
    let mut core = graph.sum(&axes, terms);
    // What is only a tensor with its axes in another order is that tensor.
    let (coefficient, bare) = graph.unscaled(core);
    if let Node::Contract(Contraction { out, factors, .. }) = graph.node(bare)
        && let [Factor { node, labels }] = &factors[..]
        && labels.len() == own.len()
        && labels.iter().all(|l| out.contains(l))
    {
        own = labels.iter().filter_map(|l| out.iter().position(|o| o == l)).map(|at| own[at]).collect();
        let node = *node;
        core = graph.scale(&coefficient, node);
    }
    Part { core, whole, own }
}

impl Part {
    /// The part with its core as it is written; no index has a name of `taken`.
    pub fn presented(&self, core: Presented, axes: Vec<Dim>, lengths: &[Dim], taken: &BTreeSet<Symbol>) -> CompressedPart {
        let name = std::iter::once("core".to_owned()).chain((1..).map(|k| format!("core{k}"))).map(|n| Symbol::new(&n));
        let name = name.into_iter().find(|n| !taken.contains(n)).unwrap_or_else(|| Symbol::new("core"));
        let outputs: Vec<Symbol> = index_names(taken).take(self.whole.len()).collect();
        let subscript = |i: Symbol| Subscript::Index(i);
        // The first output of each index.
        let first = |index: usize| outputs[self.whole.iter().position(|w| *w == index).unwrap_or_default()];
        let mut factors: Vec<Expr> = Vec::new();
        let mut joined: Vec<(usize, usize)> = self.whole.iter().copied().enumerate().map(|(at, index)| (index, at)).collect();
        joined.sort_unstable();
        for (index, at) in joined {
            if first(index) != outputs[at] {
                factors.push(Expr::new(Op::Delta(vec![subscript(first(index)), subscript(outputs[at])])));
            }
        }
        let array = Expr::var(Var::undeclared(name.as_str()));
        let entry = Op::Subscript(array.clone(), self.own.iter().map(|o| subscript(first(*o))).collect());
        factors.push(if self.own.is_empty() { array } else { Expr::new(entry) });
        let body = Expr::new(Op::Mul(factors));
        let known = known_lengths(&body, &outputs);
        let outputs = outputs.iter().zip(lengths).zip(known).map(|((i, n), known)| (*i, (!known).then_some(*n))).collect();
        let pattern = Expr::new(Op::Braces(body, outputs));
        CompressedPart { core, axes, pattern, name, whole: self.whole.clone(), own: self.own.clone() }
    }
}
