//! What the structure of matrices says of a contraction, and of a node that is being made.
//!
//! A lower triangular factor `L[i,j]` is 0 unless `i >= j`. Among the factors of a contraction these inequalities form a
//! graph: labels on a cycle of it are equal (a diagonal matrix is a cycle by itself, so that diagonal matrices multiply
//! entry by entry), and a triangle of ones between labels that other factors order already says nothing.

use super::canonical::{self, Parity};
use super::{Draft, all_distinct};
use crate::fact::Facts;
use crate::function::Sign;
use crate::index::{Contraction, Factor, Graph, Label, Labels, Node, NodeId, Opaque};
use crate::number::Number;
use smallvec::SmallVec;

/// What has become of a draft.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Settled {
    Already,
    Changed,
    Zero,
}

/// The first label is at least the second one; with the factor that says so.
type AtLeast = (Label, Label, usize);

impl Graph {
    /// One step: joins two labels, drops a triangle, takes the reciprocal of the diagonal of a triangular inverse, or finds
    /// that all is 0. Each leaves fewer labels or factors, or an inverse less.
    pub(super) fn settle_order(&mut self, draft: &mut Draft) -> Settled {
        let Some(orders) = self.orders(draft) else { return Settled::Already };
        for at in 0..draft.factors.len() {
            let f = &draft.factors[at];
            let ([a, b], facts) = (f.labels.as_slice(), self.meta(f.node).facts) else { continue };
            if a == b {
                if facts.contains(Facts::HOLLOW) {
                    return Settled::Zero;
                }
                if self.settle_diagonal(draft, at) {
                    return Settled::Changed;
                }
            } else if matches!(self.node(f.node), Node::Triangle(..)) && reaches(&orders, *a, *b, at) {
                draft.factors.remove(at);
                return Settled::Changed;
            }
        }
        if self.is_beyond_structure(draft, &orders) {
            return Settled::Zero;
        }
        // A diagonal matrix that stands alone stays what it is.
        if draft.factors.len() == 1 && all_distinct(&draft.factors[0].labels) && super::is_permutation(&draft.factors[0].labels, &draft.out)
        {
            return Settled::Already;
        }
        let cycle =
            orders.iter().find(|&&(a, b, _)| draft.dims[a as usize] == draft.dims[b as usize] && reaches(&orders, b, a, usize::MAX));
        match cycle {
            Some(&(a, b, _)) => {
                draft.join(a, b);
                Settled::Changed
            }
            None => Settled::Already,
        }
    }

    /// The inequalities; `None` if no factor has zeros by its structure.
    fn orders(&self, draft: &Draft) -> Option<SmallVec<[AtLeast; 8]>> {
        let mut any = false;
        let mut orders = SmallVec::new();
        for (at, f) in draft.factors.iter().enumerate() {
            let [a, b] = f.labels[..] else { continue };
            let facts = self.meta(f.node).facts;
            let triangle = matches!(self.node(f.node), Node::Triangle(..));
            any |= triangle || facts.has_zeros();
            if a != b && (triangle || facts.contains(Facts::LOWER)) {
                orders.push((a, b, at));
            }
            if a != b && facts.contains(Facts::UPPER) {
                orders.push((b, a, at));
            }
        }
        any.then_some(orders)
    }

    /// Whether an entry by number is one of those that are 0: `L[1,2]` of a lower triangular L, `H[2,2]` of a hollow H.
    fn is_beyond_structure(&self, draft: &Draft, orders: &[AtLeast]) -> bool {
        let place = |f: &Factor| match self.node(f.node) {
            Node::Unit(place, _) => place.as_number().map(|n| (f.labels[0], n)),
            _ => None,
        };
        let places: SmallVec<[(Label, _); 8]> = draft.factors.iter().filter_map(place).collect();
        let of = |l: Label| places.iter().find(|(k, _)| *k == l).map(|(_, n)| *n);
        let hollow = |f: &Factor| {
            matches!(f.labels[..], [a, b] if of(a).is_some() && of(a) == of(b)) && self.meta(f.node).facts.contains(Facts::HOLLOW)
        };
        places.iter().any(|(a, m)| places.iter().any(|(b, n)| m < n && reaches(orders, *a, *b, usize::MAX)))
            || draft.factors.iter().any(hollow)
    }

    /// A factor on its diagonal: of a triangle of ones 1, of a triangular inverse the reciprocal.
    fn settle_diagonal(&mut self, draft: &mut Draft, at: usize) -> bool {
        let Factor { node, labels } = draft.factors[at].clone();
        match *self.node(node) {
            Node::Triangle(..) => {
                draft.factors.remove(at);
                true
            }
            Node::Opaque(Opaque::Inv, x) if self.is_triangular(x) => {
                let diagonal = self.einsum(&[0], &[(x, &[0, 0])]);
                let node = self.power(diagonal, &Number::MINUS_ONE);
                draft.factors[at] = Factor { node, labels: Labels::from_slice(&labels[..1]) };
                true
            }
            _ => false,
        }
    }

    fn is_triangular(&self, a: NodeId) -> bool {
        let facts = self.meta(a).facts;
        facts.contains(Facts::LOWER) || facts.contains(Facts::UPPER)
    }

    /// `Q'*Q` and `Q*Q'` of an orthogonal matrix are the identity; the label between them must be theirs alone.
    pub(super) fn cancel_orthogonal(&mut self, draft: &mut Draft) -> bool {
        for at in 0..draft.factors.len() {
            let node = draft.factors[at].node;
            if !self.meta(node).facts.contains(Facts::ORTHOGONAL) || draft.factors[at].labels.len() != 2 {
                continue;
            }
            for other in at + 1..draft.factors.len() {
                if draft.factors[other].node != node {
                    continue;
                }
                let (a, b) = (draft.factors[at].labels.clone(), draft.factors[other].labels.clone());
                let private = |d: &Draft, l: Label| !d.is_out(l) && d.uses(l) == 2;
                let Some(k) = (0..2).find(|&k| a[k] == b[k] && a[1 - k] != a[k] && b[1 - k] != b[k] && private(draft, a[k])) else {
                    continue;
                };
                draft.alive[a[k] as usize] = false;
                draft.factors.remove(other);
                draft.factors.remove(at);
                draft.join(a[1 - k], b[1 - k]);
                return true;
            }
        }
        false
    }

    /// The determinant of an orthogonal matrix is 1 or -1, so that its square is 1.
    pub(super) fn cancel_signs(&mut self, draft: &mut Draft) -> bool {
        for at in 0..draft.factors.len() {
            let node = draft.factors[at].node;
            if !self.is_unit_determinant(node) {
                continue;
            }
            if let Some(other) = (at + 1..draft.factors.len()).find(|&k| draft.factors[k].node == node) {
                draft.factors.remove(other);
                draft.factors.remove(at);
                return true;
            }
        }
        false
    }

    /// Whether a node is the determinant of an orthogonal matrix.
    pub(super) fn is_unit_determinant(&self, node: NodeId) -> bool {
        matches!(self.node(node), Node::Opaque(Opaque::Det, q) if self.meta(*q).facts.contains(Facts::ORTHOGONAL))
    }

    /// What is known of a node that is being made; its children are in the graph.
    pub(crate) fn facts_of(&self, node: &Node, axes: &[crate::Dim]) -> Facts {
        if axes.len() != 2 || axes[0] != axes[1] {
            return Facts::NONE;
        }
        let of = |a: &NodeId| self.meta(*a).facts;
        match node {
            Node::Var(v) => v.kind.as_ref().map_or(Facts::NONE, |kind| Facts::of_kind(kind)).without_sign(),
            Node::Zero(_) => Facts::DIAGONAL | Facts::SKEW | Facts::PSD,
            Node::Triangle(..) => Facts::LOWER | Facts::INVERTIBLE,
            Node::Scale(n, a) => of(a).times_number(n),
            Node::Map(f, a) => of(a).mapped(*f),
            Node::Power(a, p) => of(a).powered(p),
            Node::Map2(_, a, b) => of(a).common(of(b)).common(Facts::SYMMETRIC),
            // Zeros have no inverse; facts of zeros would make a product with one vanish.
            Node::Opaque(Opaque::Inv, a) if matches!(self.node(*a), Node::Zero(_)) => Facts::NONE,
            Node::Opaque(Opaque::Inv, a) => of(a).inverted(),
            Node::Opaque(Opaque::Adj, a) => of(a).adjugated(),
            Node::Opaque(Opaque::Pinv, a) => of(a).pseudoinverted(),
            Node::Opaque(f, a) if f.is_function_of_matrix() || *f == Opaque::Cholesky => of(a).of_function(*f),
            Node::Operator(f, operands, 0) => self.facts_of_operator(*f, operands),
            Node::Contract(c) => self.facts_of_contraction(c),
            Node::Sum(terms) => Facts::sum(terms.iter().map(|(n, a)| (n.is_negative(), of(a)))) | self.mirrored_sum(terms),
            Node::Apply(f, arguments) if f.elementwise => arguments.iter().fold(Facts::SYMMETRIC, |all, a| all.common(of(a))),
            Node::Apply(f, _) if f.is_symmetric() => Facts::SYMMETRIC,
            Node::Apply(..)
            | Node::Operator(..)
            | Node::Opaque(..)
            | Node::Constant(_)
            | Node::Size(_)
            | Node::Unit(..)
            | Node::Select(_)
            | Node::Duplication(_)
            | Node::Elimination(_)
            | Node::LeviCivita(_)
            | Node::Merge(..) => Facts::NONE,
        }
    }

    /// Transposing permutes the terms, with or without a change of sign.
    fn mirrored_sum(&self, terms: &[(Number, NodeId)]) -> Facts {
        let has = |sign: &Number, own: Facts| {
            terms.iter().all(|(n, a)| {
                let turned = |(parity, t): (Parity, NodeId)| match parity {
                    Parity::Even => terms.iter().any(|(m, b)| *m == sign * n && *b == t),
                    Parity::Odd => terms.iter().any(|(m, b)| *m == -&(sign * n) && *b == t),
                    Parity::Vanishes => false,
                };
                self.meta(*a).facts.contains(own) || self.found_transpose(*a).is_some_and(turned)
            })
        };
        if has(&Number::ONE, Facts::SYMMETRIC) {
            Facts::SYMMETRIC
        } else if has(&Number::MINUS_ONE, Facts::SKEW) {
            Facts::SKEW
        } else {
            Facts::NONE
        }
    }

    fn facts_of_contraction(&self, c: &Contraction) -> Facts {
        if c.out[0] == c.out[1] {
            return self.facts_of_diagonal(c);
        }
        if self.is_unstacked_half(c) || self.as_projector(c).is_some() {
            return Facts::SYMMETRIC;
        }
        let (turned, parity) = canonical::canonical_and_sign(self, &canonical::transposed(c));
        let mirrored = match parity {
            _ if turned != *c => Facts::NONE,
            Parity::Even => Facts::SYMMETRIC,
            Parity::Odd => Facts::SKEW,
            Parity::Vanishes => Facts::NONE,
        };
        mirrored | self.triangle_of(c) | self.facts_of_chain(c)
    }

    fn facts_of_diagonal(&self, c: &Contraction) -> Facts {
        let least = c.factors.iter().map(|f| self.meta(f.node).sign).min().unwrap_or(Sign::Positive);
        let identity = if c.factors.is_empty() { Facts::ORTHOGONAL } else { Facts::NONE };
        identity | Facts::of_sign(least).diagonal_of().without_sign()
    }

    /// Whether the factors say of all entries above or below the diagonal that they are 0.
    fn triangle_of(&self, c: &Contraction) -> Facts {
        let mut draft = Draft::new();
        draft.factors = c.factors.to_vec();
        let Some(orders) = self.orders(&draft) else { return Facts::NONE };
        let fact = |a: Label, b: Label, fact: Facts| if reaches(&orders, a, b, usize::MAX) { fact } else { Facts::NONE };
        fact(c.out[0], c.out[1], Facts::LOWER) | fact(c.out[1], c.out[0], Facts::UPPER)
    }

    /// Of a chain of matrices between the outputs, or of an outer product of two.
    fn facts_of_chain(&self, c: &Contraction) -> Facts {
        let scalars = c.factors.iter().filter(|f| f.labels.is_empty()).map(|f| self.meta(f.node).sign).min().unwrap_or(Sign::Positive);
        if scalars == Sign::Any {
            return Facts::NONE;
        }
        let mut left: Vec<&Factor> = c.factors.iter().filter(|f| !f.labels.is_empty()).collect();
        let Some(walk) = Walk::from(self, c.out[0], &mut left) else { return Facts::NONE };
        let facts = if walk.end == c.out[1] {
            let plain = walk.vertices.iter().all(Vec::is_empty);
            let links = walk.links.iter().map(|&(l, turned)| if turned { self.meta(l).facts.transposed() } else { self.meta(l).facts });
            (if plain && left.is_empty() { Facts::product(links) } else { Facts::NONE }) | self.facts_of_palindrome(&walk)
        } else {
            // `(A*x)*(A*x)'`: both sides are the same.
            match Walk::from(self, c.out[1], &mut left) {
                Some(other) if other.links == walk.links && other.vertices == walk.vertices => Facts::PSD,
                _ => Facts::NONE,
            }
        };
        if left.is_empty() { facts.times(Facts::of_sign(scalars), scalars == Sign::Positive).without_sign() } else { Facts::NONE }
    }

    /// A chain that reads the same from both ends is semidefinite if what stands in the middle is.
    fn facts_of_palindrome(&self, walk: &Walk) -> Facts {
        let count = walk.links.len();
        let mirrored = |at: usize| {
            let ((a, s), (b, t)) = (walk.links[at], walk.links[count - 1 - at]);
            a == b && (s != t || self.is_symmetric(a))
        };
        let ends_match = (0..count / 2).all(mirrored) && (0..=count).all(|v| walk.vertices[v] == walk.vertices[count - v]);
        if !ends_match {
            return Facts::NONE;
        }
        let middle = if count % 2 == 1 {
            self.meta(walk.links[count / 2].0).facts.contains(Facts::PSD)
        } else {
            walk.vertices[count / 2].iter().all(|v| self.meta(*v).sign != Sign::Any)
        };
        if middle { Facts::PSD } else { Facts::NONE }
    }
}

/// A path of matrices from an output on.
struct Walk {
    /// The matrices, with whether they are walked from column to row.
    links: Vec<(NodeId, bool)>,
    /// The vectors at each label on the way.
    vertices: Vec<Vec<NodeId>>,
    end: Label,
}

impl Walk {
    /// Walks from a label as long as there is one matrix to go on with, and takes what it meets; `None` at a fork.
    fn from(graph: &Graph, start: Label, left: &mut Vec<&Factor>) -> Option<Walk> {
        let mut walk = Walk { links: Vec::new(), vertices: Vec::new(), end: start };
        loop {
            let at = walk.end;
            let here = |f: &&Factor| f.labels.contains(&at);
            let mut vectors: Vec<NodeId> = left.iter().filter(|f| here(f) && f.labels.len() == 1).map(|f| f.node).collect();
            vectors.sort_by_key(|v| (graph.meta(*v).hash, *v));
            left.retain(|f| !(here(f) && f.labels.len() == 1));
            walk.vertices.push(vectors);
            let mut onward = left.iter().enumerate().filter(|(_, f)| here(f));
            let Some((place, f)) = onward.next() else { return Some(walk) };
            if onward.next().is_some() || f.labels.len() != 2 || f.labels[0] == f.labels[1] {
                return None;
            }
            let turned = f.labels[1] == at;
            walk.links.push((f.node, turned));
            walk.end = f.labels[usize::from(!turned)];
            left.remove(place);
        }
    }
}

/// Whether the inequalities, except that of one factor, say that the first label is at least the second.
fn reaches(orders: &[AtLeast], from: Label, to: Label, except: usize) -> bool {
    let mut seen: SmallVec<[Label; 8]> = smallvec::smallvec![from];
    let mut next = 0;
    while let Some(&at) = seen.get(next) {
        if at == to {
            return true;
        }
        next += 1;
        for &(a, b, factor) in orders {
            if a == at && factor != except && !seen.contains(&b) {
                seen.push(b);
            }
        }
    }
    false
}
