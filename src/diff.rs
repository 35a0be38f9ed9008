//! Differentiation on the index form: by reverse accumulation, or forwards where the variable has fewer axes than the
//! function (`tangent.rs`).
//!
//! The adjoint of a node carries the axes of the function first, then those of the node; the seed is a product of
//! Kronecker deltas. Each kind of node has one rule, and what has no rule is an error: nothing is ever taken for
//! constant because it is unknown.

mod tangent;

use crate::applied::Applied;
use crate::contract::{Draft, Sandwich};
use crate::error::{Error, ErrorKind, Result};
use crate::expr::Var;
use crate::function::{Map, Map2, Sign};
use crate::index::{Axes, Contraction, Graph, Label, Labels, LinearOperator, Node, NodeId, Opaque, Operands};
use crate::number::Number;

/// d f / d x: axes of `f`, then those of `x`. Of a structured variable each entry counts by itself; `structure.rs` projects.
///
/// # Errors
/// If the derivative of a function on the way is not known.
///
/// # Sources
/// Griewank and Walther 2008, chapter 3 (reverse accumulation); Magnus and Neudecker 2019, chapter 8 (the differentials
/// of the inverse and of the determinant); Laue, Mitterreiter and Giesen 2018 (the same in index notation).
pub fn derivative(graph: &mut Graph, f: NodeId, x: &Var) -> Result<NodeId> {
    if forwards(graph, f, x) {
        return forward(graph, f, x);
    }
    let own: Axes = graph.axes(f).into();
    let seed = identity(graph, &own);
    Ok(reverse(graph, f, std::slice::from_ref(x), &own, seed)?.swap_remove(0))
}

/// d f / d x for each of the variables, in one pass for all that are differentiated in reverse.
///
/// # Errors
/// As [`derivative`].
pub fn derivatives(graph: &mut Graph, f: NodeId, xs: &[Var]) -> Result<Vec<NodeId>> {
    let backwards: Vec<Var> = xs.iter().filter(|x| !forwards(graph, f, x)).cloned().collect();
    let own: Axes = graph.axes(f).into();
    let seed = identity(graph, &own);
    let adjoints = reverse(graph, f, &backwards, &own, seed)?;
    let adjoint = |x: &Var| backwards.iter().position(|b| b == x).map(|at| adjoints[at]);
    xs.iter().map(|x| adjoint(x).map_or_else(|| forward(graph, f, x), Ok)).collect()
}

/// Whether the tangents are smaller than the adjoints.
fn forwards(graph: &Graph, f: NodeId, x: &Var) -> bool {
    x.axes().len() < graph.order(f) || x.axes().is_empty()
}

fn forward(graph: &mut Graph, f: NodeId, x: &Var) -> Result<NodeId> {
    let seed = identity(graph, &x.axes());
    tangent::along(graph, f, &x.axes(), &[(x.clone(), seed)])
}

/// The derivative of `f` by each variable times a direction of it, summed: of the axes of `f`. No tensor on the way has more
/// axes than the value whose tangent it is.
///
/// # Errors
/// As [`derivative`].
///
/// # Sources
/// Griewank and Walther 2008, chapter 3 (tangents).
pub fn jvp(graph: &mut Graph, f: NodeId, directions: &[(Var, NodeId)]) -> Result<NodeId> {
    tangent::along(graph, f, &[], directions)
}

/// A tensor of the axes of `f` times the derivative of `f` by `x`: of the axes of `x`. No tensor on the way has more axes than
/// the value whose adjoint it is.
///
/// # Errors
/// As [`derivative`].
pub fn vjp(graph: &mut Graph, f: NodeId, x: &Var, direction: NodeId) -> Result<NodeId> {
    Ok(reverse(graph, f, std::slice::from_ref(x), &[], direction)?.swap_remove(0))
}

/// Reverse accumulation from a seed whose axes are the outer ones, then those of `f`: the adjoint of each variable.
fn reverse(graph: &mut Graph, f: NodeId, xs: &[Var], outer: &[crate::Dim], seed: NodeId) -> Result<Vec<NodeId>> {
    xs.iter().try_for_each(|x| one_kind(graph, f, x))?;
    let variables: Vec<NodeId> = xs.iter().map(|x| graph.insert(Node::Var(x.clone()))).collect();
    let order = graph.reachable(&[f]);
    let depends = dependent(graph, &order, &variables);
    let mut found: Vec<NodeId> = Vec::with_capacity(xs.len());
    for x in xs {
        let axes: Axes = outer.iter().copied().chain(x.axes()).collect();
        found.push(graph.zero(&axes));
    }
    if !depends[f.0 as usize] {
        return Ok(found);
    }
    let mut reverse = Reverse { outputs: outer.len(), adjoints: vec![Vec::new(); graph.len()], depends };
    reverse.adjoints[f.0 as usize].push((Number::ONE, seed));
    for &node in order.iter().rev() {
        let terms = std::mem::take(&mut reverse.adjoints[node.0 as usize]);
        if terms.is_empty() {
            continue;
        }
        let axes: Axes = outer.iter().copied().chain(graph.axes(node).iter().copied()).collect();
        let adjoint = graph.sum(&axes, terms);
        variables.iter().zip(&mut found).filter(|(v, _)| **v == node).for_each(|(_, found)| *found = adjoint);
        reverse.spread(graph, node, adjoint)?;
    }
    Ok(found)
}

/// The same name with and without its structure would be two variables, and the derivative by one of them silently less
/// than it should be.
fn one_kind(graph: &Graph, f: NodeId, x: &Var) -> Result<()> {
    let other = |id: &NodeId| matches!(graph.node(*id), Node::Var(v) if v.name == x.name && v != x);
    match graph.reachable(&[f]).iter().any(other) {
        true => Err(Error::new(ErrorKind::Internal, format!("{} is in one expression with two kinds", x.name))),
        false => Ok(()),
    }
}

/// Which nodes have one of the variables below them.
pub(crate) fn dependent(graph: &Graph, order: &[NodeId], variables: &[NodeId]) -> Vec<bool> {
    let mut depends = vec![false; graph.len()];
    variables.iter().for_each(|v| depends[v.0 as usize] = true);
    for &node in order {
        let mut any = depends[node.0 as usize];
        graph.node(node).for_each_child(|c| any |= depends[c.0 as usize]);
        depends[node.0 as usize] = any;
    }
    depends
}

/// A delta for each axis: the derivative of a tensor by itself.
fn identity(graph: &mut Graph, axes: &[crate::Dim]) -> NodeId {
    let mut draft = Draft::new();
    let labels = draft.labels(axes);
    let out: Labels = labels.iter().chain(&labels).copied().collect();
    graph.contract(draft.out(&out))
}

struct Reverse {
    /// The order of the function.
    outputs: usize,
    /// The terms of each node's adjoint so far.
    adjoints: Vec<Vec<(Number, NodeId)>>,
    depends: Vec<bool>,
}

impl Reverse {
    fn wants(&self, node: NodeId) -> bool {
        self.depends.get(node.0 as usize).copied().unwrap_or(false)
    }

    fn add(&mut self, node: NodeId, n: Number, term: NodeId) {
        if self.wants(node) {
            self.adjoints[node.0 as usize].push((n, term));
        }
    }

    /// Hands the adjoint of a node on to its children.
    fn spread(&mut self, graph: &mut Graph, node: NodeId, adjoint: NodeId) -> Result<()> {
        match graph.node(node).clone() {
            // Leaves other than the variable do not depend on it and are never reached.
            Node::Var(_)
            | Node::Constant(_)
            | Node::Size(_)
            | Node::Zero(_)
            | Node::Unit(..)
            | Node::Select(_)
            | Node::Duplication(_)
            | Node::Elimination(_)
            | Node::LeviCivita(_)
            | Node::Merge(..)
            | Node::Triangle(..) => {}
            Node::Contract(c) => {
                for (at, f) in c.factors.iter().enumerate().filter(|(_, f)| self.wants(f.node)).collect::<Vec<_>>() {
                    let term = self.through_contraction(graph, &c, at, adjoint);
                    self.add(f.node, Number::ONE, term);
                }
            }
            Node::Scale(n, a) => self.add(a, n, adjoint),
            Node::Sum(terms) => terms.into_iter().for_each(|(n, a)| self.add(a, n, adjoint)),
            Node::Map(f, a) => {
                let slope = graph.derivative_of_map(f, a)?;
                self.through_slope(graph, adjoint, slope, a);
            }
            Node::Power(a, p) => {
                let power = graph.power(a, &(&p - &Number::ONE));
                let slope = graph.scale(&p, power);
                self.through_slope(graph, adjoint, slope, a);
            }
            Node::Map2(f, a, b) => self.through_map2(graph, adjoint, f, a, b),
            Node::Apply(f, arguments) => self.through_function(graph, adjoint, &f, &arguments),
            Node::Opaque(f, a) => self.through_opaque(graph, adjoint, f, a, node)?,
            Node::Operator(LinearOperator::Sylvester, operands, _) => self.through_sylvester(graph, adjoint, &operands, node),
            Node::Operator(f, operands, open) => self.through_frechet(graph, adjoint, f, &operands, open),
        }
        Ok(())
    }

    /// The adjoint of a factor is the contraction of the node's adjoint with the other factors. A label that the factor
    /// repeats comes out repeated, which is a delta; one that nothing else has comes out as ones.
    fn through_contraction(&self, graph: &mut Graph, c: &Contraction, at: usize, adjoint: NodeId) -> NodeId {
        let mut draft = Draft::new();
        draft.labels(&c.dims);
        let outer: Axes = graph.axes(adjoint)[..self.outputs].into();
        let outer = draft.labels(&outer);
        let labels: Labels = outer.iter().chain(&c.out).copied().collect();
        draft.factor(adjoint, &labels);
        for (k, f) in c.factors.iter().enumerate() {
            if k != at {
                draft.factor(f.node, &f.labels);
            }
        }
        let out: Labels = outer.iter().chain(&c.factors[at].labels).copied().collect();
        graph.contract(draft.out(&out))
    }

    fn through_slope(&mut self, graph: &mut Graph, adjoint: NodeId, slope: NodeId, a: NodeId) {
        if self.wants(a) {
            let term = self.join(graph, adjoint, &[slope]);
            self.add(a, Number::ONE, term);
        }
    }

    /// The adjoint times tensors of the node's axes, entry by entry.
    fn join(&self, graph: &mut Graph, adjoint: NodeId, slopes: &[NodeId]) -> NodeId {
        let mut draft = Draft::new();
        let axes: Axes = graph.axes(adjoint).into();
        let labels = draft.labels(&axes);
        draft.factor(adjoint, &labels);
        for &s in slopes {
            draft.factor(s, &labels[self.outputs..]);
        }
        graph.contract(draft.out(&labels))
    }

    fn through_map2(&mut self, graph: &mut Graph, adjoint: NodeId, f: Map2, a: NodeId, b: NodeId) {
        for (to, slope) in [(a, 0), (b, 1)] {
            if self.wants(to) {
                let slope = partial(graph, f, a, b, slope);
                self.through_slope(graph, adjoint, slope, to);
            }
        }
    }

    /// The chain rule of a declared function: its derivative by each argument that depends on the variable.
    fn through_function(&mut self, graph: &mut Graph, adjoint: NodeId, f: &Applied, arguments: &[NodeId]) {
        for (k, &a) in arguments.iter().enumerate() {
            if !self.wants(a) {
                continue;
            }
            let slope = graph.apply(&f.derivative(k), arguments.to_vec());
            if f.elementwise {
                self.through_slope(graph, adjoint, slope, a);
                continue;
            }
            let axes: Axes = graph.axes(a).into();
            let mut draft = self.with_outer(graph, adjoint, &axes);
            let value: Axes = graph.axes(adjoint)[self.outputs..].into();
            let value = draft.draft.labels(&value);
            let of_adjoint: Labels = draft.outer.iter().chain(&value).copied().collect();
            let of_slope: Labels = value.iter().chain(&draft.own).copied().collect();
            draft.draft.factor(adjoint, &of_adjoint).factor(slope, &of_slope);
            let term = draft.finish(graph);
            self.add(a, Number::ONE, term);
        }
    }

    fn through_opaque(&mut self, graph: &mut Graph, adjoint: NodeId, f: Opaque, a: NodeId, node: NodeId) -> Result<()> {
        let axes: Axes = graph.axes(a).into();
        let one = Number::ONE;
        match f {
            Opaque::Pinv => self.through_pseudoinverse(graph, adjoint, a, node),
            Opaque::Expm | Opaque::Logm | Opaque::Sqrtm | Opaque::Cosm | Opaque::Sinm => {
                let term = graph.differential_of_function(f, a, adjoint, self.outputs, true);
                self.add(a, one, term);
            }
            Opaque::Cholesky => {
                let term = graph.differential_of_cholesky(node, adjoint, self.outputs, true);
                self.add(a, one, term);
            }
            Opaque::Nuclear | Opaque::LambdaMax | Opaque::LambdaMin => {
                let slope = if f == Opaque::Nuclear { graph.polar_factor(a) } else { graph.slope_of_eigenvalue(f, a) };
                let mut draft = self.with_outer(graph, adjoint, &axes);
                draft.draft.factor(adjoint, &draft.outer).factor(slope, &draft.own);
                let term = draft.finish(graph);
                self.add(a, one, term);
            }
            // dv = pinv(lambda*eye - S)*dS*v
            Opaque::EigvecMax | Opaque::EigvecMin => {
                let resolvent = resolvent(graph, f, a)?;
                let mut draft = self.with_outer(graph, adjoint, &axes);
                let i = draft.draft.label(axes[0]);
                let labels: Labels = draft.outer.iter().copied().chain([i]).collect();
                draft.draft.factor(adjoint, &labels).factor(resolvent, &[i, draft.own[0]]).factor(node, &[draft.own[1]]);
                let term = draft.finish(graph);
                self.add(a, one, term);
            }
            // d inv(X) = -inv(X)*dX*inv(X)
            Opaque::Inv => {
                let inverse = graph.inverse_for_derivative(a);
                let term = self.sandwich(graph, adjoint, inverse, &[]);
                self.add(a, Number::MINUS_ONE, term);
            }
            // d det(X) = det(X)*tr(inv(X)*dX)
            Opaque::Det | Opaque::LogDet => {
                let inverse = graph.inverse_for_derivative(a);
                let mut draft = self.with_outer(graph, adjoint, &axes);
                draft.draft.factor(adjoint, &draft.outer);
                draft.draft.factor(inverse, &[draft.own[1], draft.own[0]]);
                if f == Opaque::Det {
                    draft.draft.factor(node, &[]);
                }
                let term = draft.finish(graph);
                self.add(a, one, term);
            }
            // adj(X) = det(X)*inv(X), by the product rule.
            Opaque::Adj => {
                let (inverse, det) = (graph.inverse_for_derivative(a), graph.determinant(a));
                let turned = self.sandwich(graph, adjoint, inverse, &[det]);
                let mut draft = self.with_outer(graph, adjoint, &axes);
                let (k, l) = (draft.draft.label(axes[0]), draft.draft.label(axes[1]));
                let labels: Labels = draft.outer.iter().copied().chain([k, l]).collect();
                draft.draft.factor(adjoint, &labels).factor(det, &[]).factor(inverse, &[k, l]);
                draft.draft.factor(inverse, &[draft.own[1], draft.own[0]]);
                let straight = draft.finish(graph);
                self.add(a, one, straight);
                self.add(a, Number::MINUS_ONE, turned);
            }
            Opaque::Product => {
                let reciprocal = graph.power(a, &Number::MINUS_ONE);
                let mut draft = self.with_outer(graph, adjoint, &axes);
                draft.draft.factor(adjoint, &draft.outer).factor(node, &[]).factor(reciprocal, &draft.own);
                let term = draft.finish(graph);
                self.add(a, one, term);
            }
            Opaque::NormInf => {
                let slope = slope_of_largest(graph, node, a);
                let mut draft = self.with_outer(graph, adjoint, &axes);
                draft.draft.factor(adjoint, &draft.outer).factor(slope, &draft.own);
                let term = draft.finish(graph);
                self.add(a, one, term);
            }
            // d s = s.*du - s*(s'*du) along the last axis
            Opaque::Softmax => {
                let straight = self.join(graph, adjoint, &[node]);
                let mut draft = self.with_outer(graph, adjoint, &axes);
                let last = axes.len() - 1;
                let m = draft.draft.label(axes[last]);
                let other: Labels = draft.own[..last].iter().copied().chain([m]).collect();
                let labels: Labels = draft.outer.iter().chain(&other).copied().collect();
                draft.draft.factor(adjoint, &labels).factor(node, &other).factor(node, &draft.own);
                let mixed = draft.finish(graph);
                self.add(a, one, straight);
                self.add(a, Number::MINUS_ONE, mixed);
            }
            Opaque::LogSumExp => {
                let softmax = graph.opaque(Opaque::Softmax, a);
                let mut draft = self.with_outer(graph, adjoint, &axes);
                let labels: Labels = draft.outer.iter().chain(&draft.own[..axes.len() - 1]).copied().collect();
                draft.draft.factor(adjoint, &labels).factor(softmax, &draft.own);
                let term = draft.finish(graph);
                self.add(a, one, term);
            }
        }
        Ok(())
    }

    /// The adjoint of the last operand; of `A*X + X*B = C` that of A is minus it times X', that of B minus X' times it.
    fn through_sylvester(&mut self, graph: &mut Graph, adjoint: NodeId, operands: &[NodeId], node: NodeId) {
        let Some((&last, parameters)) = operands.split_last() else { return };
        let through = graph.apply_operator(LinearOperator::Sylvester, parameters, adjoint, self.outputs, true);
        for (at, &a) in parameters.iter().enumerate().filter(|(_, a)| self.wants(**a)).collect::<Vec<_>>() {
            let axes: Axes = graph.axes(a).into();
            let mut draft = self.with_outer(graph, through, &axes);
            let k = draft.draft.label(graph.axes(node)[1 - at]);
            let (of_through, of_value) = match at {
                0 => ([draft.own[0], k], [draft.own[1], k]),
                _ => ([k, draft.own[1]], [k, draft.own[0]]),
            };
            let labels: Labels = draft.outer.iter().copied().chain(of_through).collect();
            draft.draft.factor(through, &labels).factor(node, &of_value);
            let term = draft.finish(graph);
            self.add(a, Number::MINUS_ONE, term);
        }
        self.add(last, Number::ONE, through);
    }

    /// By a direction it is the same derivative in another direction, by the place the next one in a further direction, and the
    /// adjoint of both is that at X': `tr(A*L(X, E, F)) = tr(L(X, A, F)*E)` (Higham and Relton 2014).
    fn through_frechet(&mut self, graph: &mut Graph, adjoint: NodeId, f: LinearOperator, operands: &[NodeId], open: u8) {
        for at in 0..operands.len() {
            if !self.wants(operands[at]) {
                continue;
            }
            let parameters = beside_the_change(operands, at);
            let term = if open == 0 {
                graph.apply_operator(f, &parameters, adjoint, self.outputs, true)
            } else {
                let tensor = graph.open_operator(f, parameters, open + 1);
                graph.apply_tensor(tensor, adjoint, self.outputs, true)
            };
            self.add(operands[at], Number::ONE, term);
        }
    }

    /// The adjoint of the differential of a pseudoinverse P of X, whose rank does not change:
    /// `dP = -P*dX*P + P*P'*dX'*(eye - X*P) + (eye - P*X)*dX'*P'*P` (Golub and Pereyra 1973, (4.12)).
    fn through_pseudoinverse(&mut self, graph: &mut Graph, adjoint: NodeId, x: NodeId, p: NodeId) {
        for Sandwich { sign, left, turned, right } in graph.differential_of_pseudoinverse(x, p) {
            let axes: Axes = graph.axes(x).into();
            let mut draft = self.with_outer(graph, adjoint, &axes);
            let (k, l) = (draft.draft.label(axes[1]), draft.draft.label(axes[0]));
            let (from, to) = if turned { (draft.own[1], draft.own[0]) } else { (draft.own[0], draft.own[1]) };
            let labels: Labels = draft.outer.iter().copied().chain([k, l]).collect();
            draft.draft.factor(adjoint, &labels).factor(left, &[k, from]).factor(right, &[to, l]);
            let term = draft.finish(graph);
            self.add(x, sign, term);
        }
    }

    /// `result[o,i,j] = adjoint[o,k,l]*Y[k,i]*Y[j,l]` times scalars: the adjoint of `Y*dX*Y`.
    fn sandwich(&self, graph: &mut Graph, adjoint: NodeId, y: NodeId, scalars: &[NodeId]) -> NodeId {
        let axes: Axes = graph.axes(y).into();
        let mut draft = self.with_outer(graph, adjoint, &axes);
        let (k, l) = (draft.draft.label(axes[0]), draft.draft.label(axes[1]));
        let labels: Labels = draft.outer.iter().copied().chain([k, l]).collect();
        draft.draft.factor(adjoint, &labels);
        draft.draft.factor(y, &[k, draft.own[0]]);
        draft.draft.factor(y, &[draft.own[1], l]);
        scalars.iter().for_each(|&s| {
            draft.draft.factor(s, &[]);
        });
        draft.finish(graph)
    }

    fn with_outer(&self, graph: &Graph, adjoint: NodeId, own: &[crate::Dim]) -> Adjoint {
        let mut draft = Draft::new();
        let outer = draft.labels(&graph.axes(adjoint)[..self.outputs]);
        let own = draft.labels(own);
        Adjoint { draft, outer, own }
    }
}

/// The arguments of a Fréchet derivative, but for the last, that gives the change with its argument at `at`: in a direction the
/// change takes its place, of X it is a further direction.
pub(crate) fn beside_the_change(operands: &[NodeId], at: usize) -> Operands {
    operands.iter().enumerate().filter(|(k, _)| at == 0 || *k != at).map(|(_, a)| *a).collect()
}

/// What takes the change of a symmetric matrix to that of its eigenvector.
///
/// # Errors
/// If the matrix is not known to be symmetric.
pub(crate) fn resolvent(graph: &mut Graph, f: Opaque, a: NodeId) -> Result<NodeId> {
    if graph.is_symmetric(a) {
        return Ok(graph.resolvent(f, a));
    }
    let error = Error::unsupported("the derivative of an eigenvector of a matrix that is not known to be symmetric");
    Err(error.help("declare the matrix as symmetric(n) or posdef(n), or take sym(A)"))
}

/// The derivative of `f(a, b)` by its first (0) or second (1) argument, entry by entry.
pub(crate) fn partial(graph: &mut Graph, f: Map2, a: NodeId, b: NodeId, argument: usize) -> NodeId {
    let axes: Axes = graph.axes(a).into();
    match (f, argument) {
        (Map2::Power, 0) => {
            let one = graph.one();
            let ones = graph.fill(one, &axes);
            let less = graph.sum(&axes, vec![(Number::ONE, b), (Number::MINUS_ONE, ones)]);
            let power = graph.map2(Map2::Power, a, less);
            graph.times(b, power)
        }
        (Map2::Power, _) => {
            let (log, power) = (graph.map(Map::Log, a), graph.map2(Map2::Power, a, b));
            graph.times(log, power)
        }
        (Map2::Max | Map2::Min, _) => {
            // The maximum follows its first argument where that is larger, the minimum where it is smaller.
            let first = (f == Map2::Max) == (argument == 0);
            let sign = if first { Number::ONE } else { Number::MINUS_ONE };
            let difference = graph.sum(&axes, vec![(sign.clone(), a), (-&sign, b)]);
            graph.map(Map::Step, difference)
        }
    }
}

/// 1 where the absolute value of an entry is the largest one, else 0, with the entry's sign.
pub(crate) fn slope_of_largest(graph: &mut Graph, largest: NodeId, a: NodeId) -> NodeId {
    let axes: Axes = graph.axes(a).into();
    let abs = graph.map(Map::Abs, a);
    let largest = graph.fill(largest, &axes);
    let below = graph.sum(&axes, vec![(Number::ONE, largest), (Number::MINUS_ONE, abs)]);
    let below = graph.map(Map::Step, below);
    let one = graph.one();
    let ones = graph.fill(one, &axes);
    let at = graph.sum(&axes, vec![(Number::ONE, ones), (Number::MINUS_ONE, below)]);
    // Where nothing is negative, the largest entry counts with its own sign.
    if graph.meta(a).sign != Sign::Any {
        return at;
    }
    let sign = graph.map(Map::Sign, a);
    graph.times(sign, at)
}

/// A contraction whose output is the function's axes and then those of the child.
struct Adjoint {
    draft: Draft,
    outer: SmallLabels,
    own: SmallLabels,
}

type SmallLabels = smallvec::SmallVec<[Label; 4]>;

impl Adjoint {
    fn finish(self, graph: &mut Graph) -> NodeId {
        let out: Labels = self.outer.iter().chain(&self.own).copied().collect();
        graph.contract(self.draft.out(&out))
    }
}
