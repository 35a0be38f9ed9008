//! Fréchet derivatives of functions of matrices, of any order: what simplifies them, and how those of higher order are those of
//! the first at block matrices.
//!
//! Sources: Higham 2008, chapter 3; Higham and Relton 2014 (higher order).

use super::Draft;
use crate::dim::Dim;
use crate::error::{Error, Result};
use crate::function::Call;
use crate::index::{Axes, Factor, Graph, Label, Labels, LinearOperator, Node, NodeId, Opaque, Operands};
use crate::number::Number;
use crate::part::Selection;
use rustc_hash::FxHashMap;

impl Graph {
    /// `tr(L(X, E)) = tr(f'(X)*E)` of a Fréchet derivative, of the second one `tr(L(X, E, F)) = tr(L'(X, E)*F)` with the
    /// derivative L' of f', and so on, and `tr(sylvester(A, A, E)) = tr(inv(A)*E)/2`: under a trace what does not commute does as
    /// far as it matters. Leaves an operator or a direction less.
    pub(super) fn trace_of_derivative(&mut self, draft: &mut Draft) -> bool {
        for at in 0..draft.factors.len() {
            let [l, m] = draft.factors[at].labels[..] else { continue };
            if l != m || draft.is_out(l) || draft.uses(l) != 2 {
                continue;
            }
            let Node::Operator(f, operands, 0) = self.node(draft.factors[at].node) else { continue };
            let (slope, e) = match (*f, &operands.clone()[..]) {
                (LinearOperator::Sylvester, [a, b, e]) if a == b => {
                    draft.coefficient = &draft.coefficient * &Number::ratio(1, 2);
                    (self.inverse(*a), *e)
                }
                (LinearOperator::Sylvester, _) => continue,
                (f, [rest @ .., e]) => match self.of_slope(f, rest) {
                    Some(slope) => (slope, *e),
                    None => continue,
                },
                _ => continue,
            };
            let between = draft.label(draft.dims[l as usize]);
            draft.factors[at] = Factor { node: slope, labels: Labels::from_slice(&[l, between]) };
            draft.factor(e, &[between, l]);
            return true;
        }
        false
    }

    /// The derivative of the function of a scalar, as a function of a matrix; `sylvester` is the derivative of none.
    fn slope_of_function(&mut self, f: LinearOperator, x: NodeId) -> Option<NodeId> {
        match f {
            LinearOperator::FrechetExpm => Some(self.function_of_matrix(Opaque::Expm, x)),
            LinearOperator::FrechetLogm => Some(self.inverse(x)),
            LinearOperator::FrechetCosm => {
                let sine = self.function_of_matrix(Opaque::Sinm, x);
                Some(self.negate(sine))
            }
            LinearOperator::FrechetSinm => Some(self.function_of_matrix(Opaque::Cosm, x)),
            LinearOperator::Sylvester => None,
        }
    }

    /// What is joined to a pair of open axes alone is a direction, `L(X)[i,j,k,l]*E[k,l] = L(X, E)[i,j]`, and to the axes of the
    /// value alone one of the adjoint, `G[i,j]*L(X)[i,j,k,l] = L(X', G)[k,l]`. Leaves a pair of open axes less.
    pub(super) fn take_direction(&mut self, draft: &mut Draft) -> bool {
        for at in 0..draft.factors.len() {
            let Node::Operator(f, operands, open @ 1..) = self.node(draft.factors[at].node).clone() else { continue };
            let labels = draft.factors[at].labels.clone();
            let least = usize::from(open > 1);
            for pair in (least..=usize::from(open)).rev() {
                let (own, mut left) = ([labels[2 * pair], labels[2 * pair + 1]], labels.clone());
                left.drain(2 * pair..2 * pair + 2);
                let Some(joined) = joined_alone(draft, at, own, &left) else { continue };
                let factors = joined.iter().map(|&k| draft.factors[k].clone()).collect();
                let direction = self.contract(draft.part(Labels::from_slice(&own), factors));
                let mut operands: Operands = operands.iter().map(|a| if pair == 0 { self.transpose(*a) } else { *a }).collect();
                operands.push(direction);
                let node = self.open_operator(f, operands, open - 1);
                draft.factors[at] = Factor { node, labels: left };
                let gone: Labels = joined.iter().flat_map(|&k| draft.factors[k].labels.clone()).chain(own).collect();
                gone.iter().for_each(|&l| draft.retire(l));
                let mut place = 0..;
                draft.factors.retain(|_| place.next().is_none_or(|k| !joined.contains(&k)));
                return true;
            }
        }
        false
    }

    /// The Fréchet derivative at X of f', the derivative of the function, in these directions, which stand behind X.
    fn of_slope(&mut self, f: LinearOperator, operands: &[NodeId]) -> Option<NodeId> {
        match (f, operands) {
            (_, [x]) => self.slope_of_function(f, *x),
            (LinearOperator::FrechetExpm, _) => Some(self.operator(f, operands.into())),
            (LinearOperator::FrechetCosm, _) => {
                let sine = self.operator(LinearOperator::FrechetSinm, operands.into());
                Some(self.negate(sine))
            }
            (LinearOperator::FrechetSinm, _) => Some(self.operator(LinearOperator::FrechetCosm, operands.into())),
            (LinearOperator::FrechetLogm, [x, e]) => {
                let inverse = self.inverse(*x);
                let value = self.product(&[inverse, *e, inverse]);
                Some(self.negate(value))
            }
            (LinearOperator::FrechetLogm | LinearOperator::Sylvester, _) => None,
        }
    }

    /// The Fréchet derivative at X in directions, whose order does not matter. In one that commutes with X it is `E*f'(X)`, in two
    /// that do `(E*F + F*E)/2*f''(X)`; in the direction of the identity it is that of f' in the others.
    pub(super) fn frechet(&mut self, f: LinearOperator, mut operands: Operands, open: u8) -> NodeId {
        operands[1..].sort_by_key(|e| self.meta(*e).hash);
        if open > 0 {
            return self.frechet_node(f, operands, open);
        }
        let x = operands[0];
        let identity = (1..operands.len()).find_map(|at| Some((at, self.as_multiple_of_eye(operands[at])?)));
        if let Some((at, multiple)) = identity {
            let mut others = operands.clone();
            others.remove(at);
            if let Some(value) = self.of_slope(f, &others) {
                return self.times(multiple, value);
            }
        }
        let value = match operands[1..] {
            [e] if self.commute(x, e) => self.slope_of_function(f, x).map(|slope| self.product(&[e, slope])),
            [e, g] if self.commute(x, e) && self.commute(x, g) => self.second_of_commuting(f, x, e, g),
            _ => None,
        };
        value.unwrap_or_else(|| self.frechet_node(f, operands, 0))
    }

    /// The node, or the transpose of that of the transposed matrices, `L(X', E') = L(X, E)'`: whichever has fewer of them.
    fn frechet_node(&mut self, f: LinearOperator, operands: Operands, open: u8) -> NodeId {
        let mut turned: Operands = operands.iter().map(|a| self.transpose(*a)).collect();
        let mut coefficient = Number::ONE;
        for e in &mut turned[1..] {
            let (n, core) = self.unscaled(*e);
            coefficient = &coefficient * &n;
            *e = core;
        }
        turned[1..].sort_by_key(|e| self.meta(*e).hash);
        let only_negated = matches!(self.node(turned[0]), Node::Scale(..)) && !matches!(self.node(operands[0]), Node::Scale(..));
        if only_negated || self.turned_matrices(&operands) <= self.turned_matrices(&turned) {
            return self.insert(Node::Operator(f, operands, open));
        }
        let node = self.insert(Node::Operator(f, turned, open));
        let order: Vec<usize> = (0..=usize::from(open)).flat_map(|k| [2 * k + 1, 2 * k]).collect();
        let node = self.permute(node, &order);
        self.scale(&coefficient, node)
    }

    /// How many matrices are turned; then what they are.
    fn turned_matrices(&mut self, operands: &[NodeId]) -> (usize, Vec<u64>) {
        let turned = operands.iter().filter(|a| self.in_better_orientation(**a).is_some()).count();
        (turned, operands.iter().map(|a| self.meta(*a).hash).collect())
    }

    /// `(E*F + F*E)/2*f''(X)`
    fn second_of_commuting(&mut self, f: LinearOperator, x: NodeId, e: NodeId, g: NodeId) -> Option<NodeId> {
        let axes: Axes = self.axes(x).into();
        let eye = self.eye(axes[0]);
        let slope = self.of_slope(f, &[x, eye])?;
        let (one, other) = (self.product(&[e, g, slope]), self.product(&[g, e, slope]));
        let half = Number::ratio(1, 2);
        Some(self.sum(&axes, vec![(half.clone(), one), (half, other)]))
    }

    /// The tensor of all derivatives of that order of a function of matrices at X: axes of the value first.
    ///
    /// # Errors
    /// If there is no such node: of the square root that of the first order is one.
    pub(crate) fn derivative_of_matrix_function(&mut self, f: Call, x: NodeId, order: usize) -> Result<NodeId> {
        let open = u8::try_from(order).unwrap_or(u8::MAX);
        let operator = match f {
            Call::Expm => LinearOperator::FrechetExpm,
            Call::Logm => LinearOperator::FrechetLogm,
            Call::Cosm => LinearOperator::FrechetCosm,
            Call::Sinm => LinearOperator::FrechetSinm,
            _ if order == 1 => {
                let axes: Axes = self.axes(x).into();
                let mut draft = Draft::new();
                let labels = draft.labels(&axes);
                let identity = self.contract(draft.out(&[labels[0], labels[1], labels[0], labels[1]]));
                return Ok(self.differential_of_function(Opaque::Sqrtm, x, identity, 0, false));
            }
            _ => {
                let error = Error::unsupported(format!("a derivative of `{}` of order {order} as a tensor", f.name()));
                return Err(error.help("differentiate along directions, or write it with `sylvester`"));
            }
        };
        Ok(self.open_operator(operator, [x].into_iter().collect(), open))
    }

    /// The derivative of the square root S of X along directions, one at a time: `S*S = X` gives
    /// `S*L(D) + L(D)*S = -sum(L(A)*L(B))` over the ways to part the directions D into two, neither without any.
    pub(crate) fn differential_of_root(&mut self, x: NodeId, directions: &[NodeId]) -> NodeId {
        let root = self.function_of_matrix(Opaque::Sqrtm, x);
        let axes: Axes = self.axes(x).into();
        let mut of: Vec<NodeId> = vec![root];
        // A set of directions is a number with a bit for each; its subsets are smaller numbers.
        for set in 1usize..1 << directions.len() {
            let value = if set.is_power_of_two() {
                self.differential_of_function(Opaque::Sqrtm, x, directions[set.trailing_zeros() as usize], 0, false)
            } else {
                let parts: Vec<usize> = (1..set).filter(|part| part & !set == 0).collect();
                let terms = parts.into_iter().map(|part| (Number::MINUS_ONE, self.product(&[of[part], of[set & !part]]))).collect();
                let right = self.sum(&axes, terms);
                self.operator(LinearOperator::Sylvester, [root, root, right].into_iter().collect())
            };
            of.push(value);
        }
        of[of.len() - 1]
    }

    /// The node with every Fréchet derivative of higher order as one of the first at block matrices, which is what libraries have.
    ///
    /// # Errors
    /// If a derivative of higher order has two open directions or more.
    pub(crate) fn in_first_order(&mut self, root: NodeId) -> Result<NodeId> {
        let mut new: FxHashMap<NodeId, NodeId> = FxHashMap::default();
        for id in self.reachable(&[root]) {
            let of = |a: &NodeId| new.get(a).copied().unwrap_or(*a);
            let mut changed = false;
            self.node(id).for_each_child(|a| changed |= of(&a) != a);
            let value = match self.node(id).clone() {
                Node::Operator(f, operands, open) if f != LinearOperator::Sylvester && operands.len() + usize::from(open) > 2 => {
                    let operands: Operands = operands.iter().map(of).collect();
                    self.frechet_in_blocks(f, &operands, open)?
                }
                _ if changed => self.rebuilt(id, |a| of(&a)),
                _ => id,
            };
            if value != id {
                new.insert(id, value);
            }
        }
        Ok(new.get(&root).copied().unwrap_or(root))
    }

    /// `L(X, E, F)` is the upper right block of `L([X, E; 0, X], [F, 0; 0, F])`: one direction less at twice the size
    /// (Higham and Relton 2014, (3.9)).
    fn frechet_in_blocks(&mut self, f: LinearOperator, operands: &[NodeId], open: u8) -> Result<NodeId> {
        let (x, directions) = (operands[0], &operands[1..]);
        let Some((e, others)) = directions.split_last().filter(|_| directions.len() + usize::from(open) > 1) else {
            if open > 1 {
                let error = Error::unsupported("code for a derivative of a function of a matrix by this matrix twice, as a tensor");
                return Err(error.help("ask for its product with a direction: --hvp V, or --notation differential"));
            }
            return Ok(self.open_operator(f, operands.into(), open));
        };
        let mut doubled: Operands = [self.blocks_of(x, Some(*e))].into_iter().collect();
        doubled.extend(others.iter().map(|e| self.blocks_of(*e, None)));
        let whole = self.frechet_in_blocks(f, &doubled, open)?;
        let [first, second] = self.halves(self.axes(x)[0]);
        if open == 0 {
            return Ok(self.einsum(&[0, 1], &[(whole, &[2, 3]), (first, &[2, 0]), (second, &[3, 1])]));
        }
        let axes: Axes = [self.axes(x), self.axes(x)].concat().into();
        let part = |graph: &mut Graph, half: NodeId| {
            let factors: [(NodeId, &[Label]); 5] =
                [(whole, &[4, 5, 6, 7]), (first, &[4, 0]), (second, &[5, 1]), (half, &[6, 2]), (half, &[7, 3])];
            (Number::ONE, graph.einsum(&[0, 1, 2, 3], &factors))
        };
        let terms = vec![part(self, first), part(self, second)];
        Ok(self.sum(&axes, terms))
    }

    /// `[A, E; 0, A]`
    fn blocks_of(&mut self, a: NodeId, e: Option<NodeId>) -> NodeId {
        let n = self.axes(a)[0];
        let [first, second] = self.halves(n);
        let mut at = |block: NodeId, row: NodeId, column: NodeId| {
            (Number::ONE, self.einsum(&[0, 1], &[(block, &[2, 3]), (row, &[0, 2]), (column, &[1, 3])]))
        };
        let mut terms = vec![at(a, first, first), at(a, second, second)];
        terms.extend(e.map(|e| at(e, first, second)));
        self.sum(&[n + n, n + n], terms)
    }

    /// The first and the last n columns of an identity of twice the size.
    fn halves(&mut self, n: Dim) -> [NodeId; 2] {
        [Dim::number(0), n].map(|offset| self.insert(Node::Select(Selection { offset, length: n, of: n + n })))
    }
}

/// The factors that two labels of the factor at that place reach, if they reach nothing of the output or of its other labels.
fn joined_alone(draft: &Draft, at: usize, own: [Label; 2], others: &[Label]) -> Option<Vec<usize>> {
    let (mut reached, mut joined): (Labels, Vec<usize>) = (Labels::from_slice(&own), Vec::new());
    // Each round reaches a further factor or ends.
    while let Some(next) =
        (0..draft.factors.len()).find(|k| *k != at && !joined.contains(k) && draft.factors[*k].labels.iter().any(|l| reached.contains(l)))
    {
        joined.push(next);
        reached.extend(draft.factors[next].labels.iter().copied());
    }
    joined.sort_unstable();
    (!reached.iter().any(|l| draft.out.contains(l) || others.contains(l))).then_some(joined)
}
