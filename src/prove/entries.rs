//! Tensors of known size, entry by entry: what holds in one dimension only, such as the theorem of Cayley and Hamilton, is
//! a polynomial identity in the entries of the variables.

use super::expand::{Expander, Terms, merge, scaled, single};
use crate::expr::{Kind, Shape, Structure, Var};
use crate::index::{Contraction, Node, NodeId, Opaque};
use crate::number::Number;
use rustc_hash::FxHashMap;

/// Tensors of more entries, and sums over more places, are not looked at.
const MOST_ENTRIES: i64 = 256;
const MOST_PLACES: i64 = 4096;
const LARGEST_MATRIX: usize = 4;

/// The entries of nodes, the last axis fastest.
pub struct Entries<'a, 'b> {
    expander: &'a mut Expander<'b>,
    done: FxHashMap<NodeId, Vec<Terms>>,
}

impl<'a, 'b> Entries<'a, 'b> {
    pub fn new(expander: &'a mut Expander<'b>) -> Entries<'a, 'b> {
        Entries { expander, done: FxHashMap::default() }
    }

    /// `None` if a size is not known, or if it would be too much work.
    pub fn of(&mut self, a: NodeId) -> Option<Vec<Terms>> {
        if let Some(done) = self.done.get(&a) {
            return Some(done.clone());
        }
        let sizes = self.sizes(a)?;
        let entries = self.entries(a, &sizes)?;
        self.done.insert(a, entries.clone());
        Some(entries)
    }

    fn sizes(&self, a: NodeId) -> Option<Vec<usize>> {
        let sizes: Option<Vec<i64>> = self.expander.graph.axes(a).iter().map(|d| d.as_number()).collect();
        let sizes = sizes?;
        (sizes.iter().product::<i64>() <= MOST_ENTRIES).then(|| sizes.into_iter().map(|n| n as usize).collect())
    }

    fn entries(&mut self, a: NodeId, sizes: &[usize]) -> Option<Vec<Terms>> {
        let count: usize = sizes.iter().product();
        let constant = |n: i64, one: NodeId| scaled(&single(one), &Number::int(n));
        let one = self.expander.graph.one();
        Some(match self.expander.graph.node(a).clone() {
            Node::Var(v) => (0..count).map(|at| self.variable(&v, &places(at, sizes))).collect(),
            Node::Constant(_) | Node::Size(_) => vec![single(a)],
            Node::Zero(_) => vec![Terms::new(); count],
            Node::Unit(i, _) => {
                let i = i.as_number()?;
                (0..count).map(|at| constant(i64::from(at as i64 + 1 == i), one)).map(cleaned).collect()
            }
            Node::Select(s) => {
                let offset = usize::try_from(s.offset.as_number()?).ok()?;
                let selected = |p: &[usize]| i64::from(p[0] == offset + p[1]);
                (0..count).map(|at| constant(selected(&places(at, sizes)), one)).map(cleaned).collect()
            }
            Node::Triangle(..) => {
                let lower = |p: &[usize]| i64::from(p[0] >= p[1]);
                (0..count).map(|at| constant(lower(&places(at, sizes)), one)).map(cleaned).collect()
            }
            // What these do is known to the constructors alone.
            Node::Duplication(_) | Node::Elimination(_) | Node::Apply(..) | Node::Operator(..) => return None,
            Node::LeviCivita(_) => (0..count).map(|at| constant(permutation_sign(&places(at, sizes)), one)).map(cleaned).collect(),
            Node::Merge(..) => {
                let stacked = |p: &[usize]| i64::from(p[0] == p[1] + sizes[1] * p[2]);
                (0..count).map(|at| constant(stacked(&places(at, sizes)), one)).map(cleaned).collect()
            }
            Node::Contract(c) => self.contraction(&c, sizes)?,
            Node::Scale(n, b) => self.of(b)?.iter().map(|e| scaled(e, &n)).collect(),
            Node::Sum(terms) => {
                let mut sum = vec![Terms::new(); count];
                for (n, b) in terms {
                    for (into, e) in sum.iter_mut().zip(self.of(b)?) {
                        merge(into, &scaled(&e, &n));
                    }
                }
                sum
            }
            Node::Map(f, b) => {
                let entries = self.of(b)?;
                let mapped = entries.iter().map(|e| {
                    let value = self.expander.collect(one, e);
                    let value = self.expander.graph.map(f, value);
                    self.expander.expand(value)
                });
                mapped.collect::<Option<_>>()?
            }
            Node::Map2(f, b, c) => {
                let (b, c) = (self.of(b)?, self.of(c)?);
                let mapped = b.iter().zip(&c).map(|(x, y)| {
                    let (x, y) = (self.expander.collect(one, x), self.expander.collect(one, y));
                    let value = self.expander.graph.map2(f, x, y);
                    self.expander.expand(value)
                });
                mapped.collect::<Option<_>>()?
            }
            Node::Power(b, p) => {
                let entries = self.of(b)?;
                let powers = entries.iter().map(|e| {
                    let value = self.expander.collect(one, e);
                    let value = self.expander.graph.power(value, &p);
                    self.expander.expand(value)
                });
                powers.collect::<Option<_>>()?
            }
            Node::Opaque(Opaque::Det, b) => {
                let (matrix, n) = self.matrix(b)?;
                let all: Vec<usize> = (0..n).collect();
                vec![self.minor(&matrix, n, &all, &all)?]
            }
            Node::Opaque(f @ (Opaque::Adj | Opaque::Inv), b) => {
                let (matrix, n) = self.matrix(b)?;
                let mut cofactors = Vec::with_capacity(count);
                for at in 0..count {
                    let (row, column) = (at % n, at / n);
                    let without = |k: usize| (0..n).filter(|i| *i != k).collect::<Vec<usize>>();
                    let minor = self.minor(&matrix, n, &without(row), &without(column))?;
                    cofactors.push(scaled(&minor, &Number::int(if (row + column) % 2 == 0 { 1 } else { -1 })));
                }
                if f == Opaque::Adj {
                    return Some(cofactors);
                }
                let all: Vec<usize> = (0..n).collect();
                let det = self.minor(&matrix, n, &all, &all)?;
                let det = self.expander.collect(one, &det);
                let below = self.expander.graph.power(det, &Number::MINUS_ONE);
                let divided = cofactors.iter().map(|c| self.expander.entrywise(one, c, &single(below)));
                divided.collect::<Option<_>>()?
            }
            Node::Opaque(Opaque::Product, b) => {
                let mut product = single(one);
                for e in self.of(b)? {
                    product = self.expander.entrywise(one, &product, &e)?;
                }
                vec![product]
            }
            // The others are no rational functions of the entries.
            Node::Opaque(..) => return None,
        })
    }

    fn matrix(&mut self, a: NodeId) -> Option<(Vec<Terms>, usize)> {
        let n = *self.sizes(a)?.first()?;
        if n > LARGEST_MATRIX { None } else { Some((self.of(a)?, n)) }
    }

    /// The determinant of some rows and columns, along its first row (Laplace).
    fn minor(&mut self, matrix: &[Terms], n: usize, rows: &[usize], columns: &[usize]) -> Option<Terms> {
        let one = self.expander.graph.one();
        let Some((row, rest)) = rows.split_first() else { return Some(single(one)) };
        let mut sum = Terms::new();
        for (k, column) in columns.iter().enumerate() {
            let others: Vec<usize> = columns.iter().copied().filter(|c| c != column).collect();
            let minor = self.minor(matrix, n, rest, &others)?;
            let product = self.expander.entrywise(one, &matrix[row * n + column], &minor)?;
            merge(&mut sum, &scaled(&product, &Number::int(if k % 2 == 0 { 1 } else { -1 })));
        }
        Some(sum)
    }

    /// The entry of a variable: a scalar of its own, or what its structure says.
    fn variable(&mut self, v: &Var, at: &[usize]) -> Terms {
        if at.is_empty() {
            let node = self.expander.graph.insert(Node::Var(v.clone()));
            return single(node);
        }
        let mut at = at.to_vec();
        let mut negative = false;
        if let (Some(kind), [i, j]) = (v.kind.as_ref(), &at[..]) {
            let zero = match kind.structure {
                Structure::Skew | Structure::Hollow => i == j,
                Structure::Diagonal => i != j,
                Structure::Lower => i < j,
                Structure::Upper => i > j,
                Structure::General | Structure::Symmetric | Structure::PositiveDefinite | Structure::Orthogonal => false,
            };
            if zero {
                return Terms::new();
            }
            if (kind.structure.is_symmetric() || kind.structure == Structure::Skew) && i > j {
                negative = kind.structure == Structure::Skew;
                at.reverse();
            }
        }
        let places: Vec<String> = at.iter().map(|i| (i + 1).to_string()).collect();
        let kind = Kind { sign: v.sign(), ..Kind::plain(Shape::Scalar) };
        let entry = Var::new(&format!("{}[{}]", v.name, places.join(",")), kind);
        let node = self.expander.graph.insert(Node::Var(entry));
        scaled(&single(node), &super::monomial::sign(negative))
    }

    fn contraction(&mut self, c: &Contraction, sizes: &[usize]) -> Option<Vec<Terms>> {
        let dims: Option<Vec<i64>> = c.dims.iter().map(|d| d.as_number()).collect();
        let dims = dims?;
        if dims.iter().try_fold(1i64, |all, n| all.checked_mul(*n)).is_none_or(|all| all > MOST_PLACES) {
            return None;
        }
        let dims: Vec<usize> = dims.into_iter().map(|n| n as usize).collect();
        let mut factors = Vec::with_capacity(c.factors.len());
        for f in &c.factors {
            factors.push((self.of(f.node)?, self.sizes(f.node)?, &f.labels));
        }
        let one = self.expander.graph.one();
        let mut sum = vec![Terms::new(); sizes.iter().product()];
        for place in (0..dims.iter().product()).map(|at| places(at, &dims)) {
            let at = |labels: &[u16], sizes: &[usize]| labels.iter().zip(sizes).fold(0, |at, (l, n)| at * n + place[*l as usize]);
            let mut product = single(one);
            for (entries, sizes, labels) in &factors {
                product = self.expander.entrywise(one, &product, &entries[at(labels, sizes)])?;
                if product.is_empty() {
                    break;
                }
            }
            merge(&mut sum[at(&c.out, sizes)], &product);
        }
        Some(sum)
    }

    /// Whether two nodes have the same entries.
    pub fn agree(&mut self, a: NodeId, b: NodeId) -> Option<bool> {
        let (a, b) = (self.of(a)?, self.of(b)?);
        let one = self.expander.graph.one();
        let mut agree = a.len() == b.len();
        for (x, y) in a.into_iter().zip(b) {
            agree = agree
                && (super::expand::same(&x, &y)
                    || self.expander.over_one_denominator(one, x, y).is_some_and(|(x, y, _)| super::expand::same(&x, &y)));
        }
        Some(agree)
    }
}

/// The place of an entry along each axis.
fn places(mut at: usize, sizes: &[usize]) -> Vec<usize> {
    let mut places: Vec<usize> = sizes
        .iter()
        .rev()
        .map(|n| {
            let place = at % n;
            at /= n;
            place
        })
        .collect();
    places.reverse();
    places
}

fn permutation_sign(p: &[usize]) -> i64 {
    let pairs = (0..p.len()).flat_map(|i| (i + 1..p.len()).map(move |j| (i, j)));
    pairs.map(|(i, j)| (p[j] as i64 - p[i] as i64).signum()).product()
}

fn cleaned(mut terms: Terms) -> Terms {
    terms.retain(|_, n| !n.is_zero());
    terms
}
