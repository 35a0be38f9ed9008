//! Equations that become linear.
//!
//! - An unknown below the line: both sides are multiplied by what stands there, `X*inv(X)` is 1.
//! - One function of the unknown: it is the unknown of a linear equation, then its inverse is applied.

use super::{Reach, Solver, unknown_way};
use crate::contract::Draft;
use crate::error::Result;
use crate::expr::{Shape, Var};
use crate::fact::Facts;
use crate::function::{Map, Map2, Sign};
use crate::index::{Node, NodeId, Opaque};
use crate::number::Number;
use crate::solution::Region;

/// How often both sides are multiplied.
const MOST_DENOMINATORS: usize = 4;

/// What the unknown is in.
enum Atom {
    Node(NodeId),
    /// A natural power of a node, entry by entry.
    Power(NodeId, i64),
}

impl Solver<'_> {
    pub(super) fn undo(&mut self, g: NodeId, x: &Var) -> Result<NodeId> {
        if let Some(value) = self.without_denominators(g, x) {
            return Ok(value);
        }
        if let Some(value) = self.without_inverses(g, x) {
            return Ok(value);
        }
        if let Some(value) = self.root_of_matrix(g, x) {
            return value;
        }
        let (atom, place, outer) = self.with_place(g, x).ok_or_else(|| unknown_way(x.name))?;
        let Some(linear) = self.linear(outer, &place) else { return Err(unknown_way(x.name)) };
        let value = self.solve_linear(&linear)?;
        if self.reach != Reach::Only {
            return Err(unknown_way(x.name));
        }
        let undone = match atom {
            Atom::Node(node) => self.inverted(node, value, x),
            Atom::Power(u, p) => self.root(u, &Number::int(p), value).map(|value| (u, value)),
        };
        let (inner, value) = undone.ok_or_else(|| unknown_way(x.name))?;
        let g = self.plus(inner, Number::MINUS_ONE, value);
        let before = std::mem::replace(&mut self.reach, Reach::Only);
        let found = self.unknown_of(g, x)?;
        if before != Reach::Only {
            self.reach = before;
        }
        Ok(found)
    }

    /// `n*U^k + C = 0` with a whole k above 1 and a matrix U in which the unknown is: U is the principal root of `-C/n`.
    fn root_of_matrix(&mut self, g: NodeId, x: &Var) -> Option<Result<NodeId>> {
        let (dependent, rest): (Vec<_>, Vec<_>) = self.addends(g).into_iter().partition(|(_, t)| self.depends(*t, x));
        let [(n, power)] = <[_; 1]>::try_from(dependent).ok()?;
        let Node::Contract(c) = self.graph.node(power).clone() else { return None };
        let links = self.graph.links(&c).filter(|_| c.factors.iter().all(|f| f.labels.len() == 2))?;
        let (u, k) = (*links.first()?, links.len());
        if k < 2 || links.iter().any(|l| *l != u) {
            return None;
        }
        let axes = self.graph.axes_of_node(power);
        let factor = -&n.recip()?;
        let right = rest.into_iter().map(|(m, t)| (&m * &factor, t)).collect();
        let right = self.graph.sum(&axes, right);
        self.need_eigenvalues(right, Region::OffTheNegativeAxis);
        self.principal(u, x, if k % 2 == 0 { Facts::PSD } else { Facts::SYMMETRIC });
        let log = self.graph.opaque(Opaque::Logm, right);
        let log = self.graph.scale(&Number::ratio(1, i64::try_from(k).ok()?), log);
        let root = self.graph.opaque(Opaque::Expm, log);
        let reach = std::mem::replace(&mut self.reach, Reach::Only);
        let g = self.plus(u, Number::MINUS_ONE, root);
        let found = self.unknown_of(g, x);
        if self.reach == Reach::Only {
            self.reach = reach;
        }
        Some(found)
    }

    /// Of matrices with that fact there is one: one positive definite root, one symmetric logarithm. Of others there are several.
    fn principal(&mut self, u: NodeId, x: &Var, fact: Facts) {
        let (general, declared) = (self.graph.insert(Node::Var(x.clone())), self.graph.insert(Node::Var(self.declared.clone())));
        let u = self.put_in(u, general, declared);
        if !self.graph.meta(u).facts.contains(fact) {
            self.reach = Reach::Principal;
        }
    }

    /// What the unknown is in, with the equation in which a variable stands for it.
    fn with_place(&mut self, g: NodeId, x: &Var) -> Option<(Atom, Var, NodeId)> {
        if let Some(atom) = self.only_atom(g, x) {
            let (place, node) = self.place(atom);
            return Some((Atom::Node(atom), place, self.put_in(g, atom, node)));
        }
        let (u, p) = self.only_power(g, x)?;
        let (place, node) = self.place(u);
        let terms = self.addends(g);
        let axes = self.graph.axes_of_node(g);
        let terms = terms.into_iter().map(|(n, t)| (n, self.without_repetition(t, u, node))).collect();
        Some((Atom::Power(u, p), place, self.graph.sum(&axes, terms)))
    }

    /// A variable of the axes of a node.
    fn place(&mut self, like: NodeId) -> (Var, NodeId) {
        let place = Var::new("place#", Shape::of_axes(self.graph.axes(like)));
        let node = self.graph.insert(Node::Var(place.clone()));
        (place, node)
    }

    /// The one natural power in which the unknown is in each product: entries of arrays are repeated factors.
    fn only_power(&mut self, g: NodeId, x: &Var) -> Option<(NodeId, i64)> {
        let mut found = None;
        for (_, term) in self.addends(g) {
            if !self.depends(term, x) {
                continue;
            }
            let Node::Contract(c) = self.graph.node(term).clone() else { return None };
            let mut factors = c.factors.iter().filter(|f| self.depends(f.node, x)).collect::<Vec<_>>().into_iter();
            let first = factors.next()?;
            let rest = factors.len();
            let power = (first.node, i64::try_from(rest).ok()? + 1);
            let same = factors.all(|f| f == first) && found.is_none_or(|before| before == power);
            if !same || rest == 0 {
                return None;
            }
            found = Some(power);
        }
        found
    }

    /// The product with one factor in place of all that are `u`.
    fn without_repetition(&mut self, term: NodeId, u: NodeId, by: NodeId) -> NodeId {
        let Node::Contract(c) = self.graph.node(term).clone() else { return term };
        let Some(labels) = c.factors.iter().find(|f| f.node == u).map(|f| f.labels.clone()) else { return term };
        let mut draft = Draft::new();
        draft.labels(&c.dims);
        draft.factors.extend(c.factors.iter().filter(|f| f.node != u).cloned());
        draft.factor(by, &labels);
        self.graph.contract(draft.out(&c.out))
    }

    /// What the unknown is in, if sums and products are taken apart: one node, and not the unknown itself.
    fn only_atom(&mut self, g: NodeId, x: &Var) -> Option<NodeId> {
        let variable = self.graph.insert(Node::Var(x.clone()));
        let order = self.graph.reachable(&[g]);
        let depends = crate::diff::dependent(&self.graph, &order, &[variable]);
        let mut waiting = vec![g];
        let mut atoms: Vec<NodeId> = Vec::new();
        while let Some(id) = waiting.pop() {
            match self.graph.node(id) {
                Node::Contract(_) | Node::Sum(_) | Node::Scale(..) => {
                    self.graph.node(id).for_each_child(|c| {
                        if depends[c.0 as usize] {
                            waiting.push(c);
                        }
                    });
                }
                _ => atoms.push(id),
            }
        }
        atoms.sort();
        atoms.dedup();
        match atoms[..] {
            [atom] if atom != variable => Some(atom),
            _ => None,
        }
    }

    /// The argument of a function and what it has to be for the function to have that value.
    fn inverted(&mut self, atom: NodeId, value: NodeId, x: &Var) -> Option<(NodeId, NodeId)> {
        Some(match self.graph.node(atom).clone() {
            Node::Map(f, u) => (u, self.inverse_of_map(f, value)?),
            Node::Power(u, p) => (u, self.root(u, &p, value)?),
            Node::Map2(Map2::Power, base, exponent) => {
                let (u, known) = (self.graph.map(Map::Log, value), self.graph.map(Map::Log, base));
                self.need_positive(value);
                let reciprocal = self.reciprocal(known);
                (exponent, self.graph.times(u, reciprocal))
            }
            Node::Opaque(f, u) => (u, self.inverse_of_opaque(f, u, value, x)?),
            _ => return None,
        })
    }

    fn inverse_of_opaque(&mut self, f: Opaque, u: NodeId, value: NodeId, x: &Var) -> Option<NodeId> {
        Some(match f {
            Opaque::Inv => self.inverse(value),
            Opaque::Pinv => self.graph.opaque(Opaque::Pinv, value),
            Opaque::Expm => {
                self.need_eigenvalues(value, Region::OffTheNegativeAxis);
                self.principal(u, x, Facts::SYMMETRIC);
                self.graph.opaque(Opaque::Logm, value)
            }
            Opaque::Logm => {
                self.need_eigenvalues(value, Region::Strip);
                self.graph.opaque(Opaque::Expm, value)
            }
            Opaque::Sqrtm => {
                self.need_eigenvalues(value, Region::RightHalfPlane);
                self.product(&[value, value])
            }
            Opaque::Cholesky if self.graph.meta(value).facts.contains(Facts::LOWER) => {
                let diagonal = self.graph.einsum(&[0], &[(value, &[0, 0])]);
                self.need_positive(diagonal);
                let turned = self.graph.transpose(value);
                self.product(&[value, turned])
            }
            Opaque::Adj
            | Opaque::Det
            | Opaque::LogDet
            | Opaque::Product
            | Opaque::NormInf
            | Opaque::Softmax
            | Opaque::LogSumExp
            | Opaque::Cosm
            | Opaque::Sinm
            | Opaque::Cholesky
            | Opaque::Nuclear
            | Opaque::LambdaMax
            | Opaque::LambdaMin
            | Opaque::EigvecMax
            | Opaque::EigvecMin => return None,
        })
    }

    fn inverse_of_map(&mut self, f: Map, value: NodeId) -> Option<NodeId> {
        let inverse = match f {
            Map::Exp => {
                self.need_positive(value);
                Map::Log
            }
            Map::Log => Map::Exp,
            Map::Sinh => Map::Asinh,
            Map::Asinh => Map::Sinh,
            Map::Tanh | Map::Sin => {
                let one = self.ones_like(value);
                let square = self.graph.times(value, value);
                let room = self.plus(one, Number::MINUS_ONE, square);
                self.need_positive(room);
                if f == Map::Sin {
                    self.reach = Reach::Principal;
                }
                if f == Map::Sin { Map::Asin } else { Map::Atanh }
            }
            Map::Tan => {
                self.reach = Reach::Principal;
                Map::Atan
            }
            Map::Cbrt => return Some(self.graph.power(value, &Number::int(3))),
            Map::Sigmoid => return Some(self.logit(value)),
            Map::Softplus => {
                self.need_positive(value);
                let exp = self.graph.map(Map::Exp, value);
                let one = self.ones_like(value);
                let inside = self.plus(exp, Number::MINUS_ONE, one);
                return Some(self.graph.map(Map::Log, inside));
            }
            _ => return None,
        };
        Some(self.graph.map(inverse, value))
    }

    fn logit(&mut self, value: NodeId) -> NodeId {
        let one = self.ones_like(value);
        let rest = self.plus(one, Number::MINUS_ONE, value);
        self.need_positive(value);
        self.need_positive(rest);
        let odds = self.reciprocal_of_positive(rest);
        let odds = self.graph.times(value, odds);
        self.graph.map(Map::Log, odds)
    }

    fn reciprocal_of_positive(&mut self, a: NodeId) -> NodeId {
        self.graph.power(a, &Number::MINUS_ONE)
    }

    fn ones_like(&mut self, a: NodeId) -> NodeId {
        let (axes, one) = (self.graph.axes_of_node(a), self.graph.one());
        self.graph.fill(one, &axes)
    }

    /// What raised to `p` is `value`.
    fn root(&mut self, base: NodeId, p: &Number, value: NodeId) -> Option<NodeId> {
        if *p == Number::MINUS_ONE {
            return Some(self.reciprocal(value));
        }
        if p.abs() == Number::int(3) {
            let value = if p.is_negative() { self.reciprocal(value) } else { value };
            return Some(self.graph.map(Map::Cbrt, value));
        }
        self.need_positive(value);
        if p.is_integer() && self.graph.meta(base).sign == Sign::Any {
            if p.as_integer()? % 2 != 0 {
                return None;
            }
            self.reach = Reach::Principal;
        }
        Some(self.graph.power(value, &p.recip()?))
    }

    /// Multiplies by what stands below the line and has the unknown in it.
    fn without_denominators(&mut self, g: NodeId, x: &Var) -> Option<NodeId> {
        let mut g = g;
        for _ in 0..MOST_DENOMINATORS {
            let (base, p) = self.denominator(g, x)?;
            let factor = self.graph.power(base, &p);
            g = self.term_by_term(g, |s, t| Some(s.graph.times(factor, t)))?;
            if !self.depends(g, x) {
                return None;
            }
            if let Some(linear) = self.linear(g, x) {
                return self.solve_linear(&linear).ok();
            }
        }
        None
    }

    /// A base with the unknown in it and the largest power of it that a term is divided by.
    fn denominator(&mut self, g: NodeId, x: &Var) -> Option<(NodeId, Number)> {
        let order = self.graph.order(g);
        let mut found: Option<(NodeId, Number)> = None;
        for (_, term) in self.addends(g) {
            let factors: Vec<NodeId> = match self.graph.node(term) {
                Node::Contract(c) => c.factors.iter().map(|f| f.node).collect(),
                _ => vec![term],
            };
            for f in factors {
                let Node::Power(base, p) = self.graph.node(f).clone() else { continue };
                let fits = [0, order].contains(&self.graph.order(base));
                if p.is_negative() && p.is_integer() && fits && self.depends(base, x) {
                    let better = found.as_ref().is_none_or(|(b, q)| *b == base && p.abs() > *q);
                    if better {
                        found = Some((base, p.abs()));
                    }
                }
            }
        }
        found
    }

    /// Multiplies by the unknown, whose inverse is in the equation, from the left, the right or both.
    fn without_inverses(&mut self, g: NodeId, x: &Var) -> Option<NodeId> {
        let [m, n] = x.axes()[..] else { return None };
        let square = m == n && self.graph.axes(g) == [m, n];
        if !square {
            return None;
        }
        let variable = self.graph.insert(Node::Var(x.clone()));
        let turned = self.graph.transpose(variable);
        for by in [variable, turned] {
            for (first, last) in [(true, false), (false, true), (true, true)] {
                let multiplied = self.term_by_term(g, |s, t| {
                    let chain: Vec<NodeId> = first.then_some(by).into_iter().chain([t]).chain(last.then_some(by)).collect();
                    Some(s.product(&chain))
                })?;
                if let Some(linear) = self.linear(multiplied, x)
                    && let Ok(value) = self.solve_linear(&linear)
                {
                    return Some(value);
                }
            }
        }
        None
    }

    fn addends(&self, g: NodeId) -> Vec<(Number, NodeId)> {
        let (n, core) = self.graph.unscaled(g);
        match self.graph.node(core) {
            Node::Sum(terms) => terms.iter().map(|(m, t)| (&n * m, *t)).collect(),
            _ => vec![(n, core)],
        }
    }

    /// The sum of what becomes of each addend.
    fn term_by_term(&mut self, g: NodeId, of: impl Fn(&mut Self, NodeId) -> Option<NodeId>) -> Option<NodeId> {
        let terms = self.addends(g);
        let terms = terms.into_iter().map(|(n, t)| Some((n, of(self, t)?))).collect::<Option<Vec<_>>>()?;
        let axes = self.graph.axes_of_node(terms.first()?.1);
        Some(self.graph.sum(&axes, terms))
    }
}
