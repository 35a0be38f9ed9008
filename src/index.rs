//! Index form: a hash-consed graph of tensors in which indices have no names.
//!
//! A product of tensors with some labels summed is one [`Contraction`]: labels are small integers numbered by first
//! appearance, so that terms that differ only in the names of their indices are one node. Kronecker deltas are not
//! nodes: a label that an output repeats is a delta. Nodes are made through the constructors in `contract/`, which
//! normalise; [`Graph::insert`] only hash-conses.

use crate::applied::Applied;
use crate::contract::Generator;
use crate::dim::{Dim, Symbol};
use crate::expr::{Structure, Var};
use crate::fact::Facts;
use crate::function::{Constant, Map, Map2, Sign};
use crate::number::Number;
use crate::part::Selection;
use rustc_hash::FxHashMap;
use smallvec::SmallVec;
use std::sync::Arc;

/// A node of a [`Graph`]. Children always come before their parents, so descending order is reverse topological.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeId(pub u32);

/// A label of a contraction: an index without a name.
pub type Label = u16;
pub type Labels = SmallVec<[Label; 4]>;
/// The lengths of the axes of a tensor.
pub type Axes = SmallVec<[Dim; 4]>;

/// A factor of a contraction: a node and the label of each of its axes.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Factor {
    pub node: NodeId,
    pub labels: Labels,
}

/// `out[labels] = sum over the labels not in out of the product of the factors`.
///
/// A label may be repeated in `out` (a Kronecker delta: the identity matrix is `out = [0, 0]` without factors) and
/// within a factor (a diagonal or a trace). An output label that no factor has makes the value constant along that
/// axis (ones). No output and no factors is the number 1.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Contraction {
    /// The length of each label.
    pub dims: SmallVec<[Dim; 6]>,
    pub out: Labels,
    pub factors: SmallVec<[Factor; 4]>,
}

/// Functions of whole tensors that contractions and maps do not express.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Opaque {
    /// The inverse of a square matrix.
    Inv,
    Det,
    /// The logarithm of the absolute value of the determinant.
    LogDet,
    /// The adjugate.
    Adj,
    /// The product of all entries.
    Product,
    /// The largest absolute value of the entries.
    NormInf,
    /// Softmax along the last axis.
    Softmax,
    /// log(sum(exp(·))) along the last axis, which it removes.
    LogSumExp,
    /// The Moore-Penrose pseudoinverse.
    Pinv,
    /// The exponential, principal logarithm, principal square root, cosine and sine of a square matrix.
    Expm,
    Logm,
    Sqrtm,
    Cosm,
    Sinm,
    /// The lower triangular L with `L*L'` the argument, which is symmetric.
    Cholesky,
    /// The sum of the singular values.
    Nuclear,
    /// The largest and the smallest eigenvalue of a matrix whose eigenvalues are real, and their eigenvectors of length 1, with
    /// the entry of largest absolute value positive.
    LambdaMax,
    LambdaMin,
    EigvecMax,
    EigvecMin,
}

impl Opaque {
    /// Whether the value comes from the eigenvalues or singular values.
    pub fn is_spectral(self) -> bool {
        matches!(self, Opaque::Nuclear | Opaque::LambdaMax | Opaque::LambdaMin | Opaque::EigvecMax | Opaque::EigvecMin | Opaque::Pinv)
    }

    /// What a change of sign of the matrix, or a decreasing function, makes of the largest eigenvalue and its vector.
    pub(crate) fn other_end(self) -> Opaque {
        match self {
            Opaque::LambdaMax => Opaque::LambdaMin,
            Opaque::LambdaMin => Opaque::LambdaMax,
            Opaque::EigvecMax => Opaque::EigvecMin,
            Opaque::EigvecMin => Opaque::EigvecMax,
            other => other,
        }
    }

    /// Whether the value commutes with every matrix that commutes with the argument.
    pub fn is_function_of_matrix(self) -> bool {
        match self {
            Opaque::Inv | Opaque::Adj | Opaque::Expm | Opaque::Logm | Opaque::Sqrtm | Opaque::Cosm | Opaque::Sinm => true,
            Opaque::Det
            | Opaque::LogDet
            | Opaque::Product
            | Opaque::NormInf
            | Opaque::Softmax
            | Opaque::LogSumExp
            | Opaque::Pinv
            | Opaque::Cholesky
            | Opaque::Nuclear
            | Opaque::LambdaMax
            | Opaque::LambdaMin
            | Opaque::EigvecMax
            | Opaque::EigvecMin => false,
        }
    }
}

/// A map of matrices that is linear in its last argument and depends on the others ([`Node::Operator`]).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum LinearOperator {
    /// The X of `A*X + X*B = C`, of A, B and C.
    Sylvester,
    /// The k-th Fréchet derivative of the exponential at X in k directions, and those of the other functions: linear in each
    /// direction and the same in any order of them (Higham and Relton 2014).
    FrechetExpm,
    FrechetLogm,
    FrechetCosm,
    FrechetSinm,
}

impl LinearOperator {
    /// How many arguments it is not linear in.
    pub fn parameters(self) -> usize {
        match self {
            LinearOperator::Sylvester => 2,
            LinearOperator::FrechetExpm | LinearOperator::FrechetLogm | LinearOperator::FrechetCosm | LinearOperator::FrechetSinm => 1,
        }
    }
}

/// The arguments of a linear operator.
pub type Operands = SmallVec<[NodeId; 3]>;

/// A node of the index form.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Node {
    Var(Var),
    /// Order 0.
    Constant(Constant),
    /// A dimension as a number, order 0.
    Size(Dim),
    /// All entries 0.
    Zero(Axes),
    /// The `i`-th unit vector (from 1) of that length.
    Unit(Dim, Dim),
    /// The columns of the identity matrix that a run of places chooses, axes `[of, length]`:
    /// `Select(s)[i, j] = 1 if i = offset + j, else 0`. A part of a tensor, and a block of a matrix, is a contraction with it.
    Select(Selection),
    /// The Levi-Civita symbol of that order, which is the length of each axis as well.
    LeviCivita(u8),
    /// `duplication(n)*vech(A) = vec(A)` for a symmetric n×n matrix A: axes `[n*n, n*(n+1)/2]`.
    Duplication(Dim),
    /// `elimination(n)*vec(A) = vech(A)`: axes `[n*(n+1)/2, n*n]`.
    Elimination(Dim),
    /// The bijection between a long axis and the pair of axes stacked in it, first axis fastest:
    /// `Merge(m, n)[I, i, j] = 1 if I = i + m*j, else 0`, axes `[m*n, m, n]`. It expresses `vec` and `kron`.
    Merge(Dim, Dim),
    /// `1 if i >= j, else 0`, of that many rows and columns: what keeps the lower triangle of a matrix.
    Triangle(Dim, Dim),
    Contract(Contraction),
    /// A number other than 0 and 1 times a node that is neither `Scale` nor `Zero`.
    Scale(Number, NodeId),
    /// Two terms or more of the same axes, flat, like terms merged, no common content, sorted by content, the first
    /// coefficient positive.
    Sum(Vec<(Number, NodeId)>),
    Map(Map, NodeId),
    /// `base.^exponent` with an exponent other than 0 and 1.
    Power(NodeId, Number),
    /// Both of the same axes.
    Map2(Map2, NodeId, NodeId),
    Opaque(Opaque, NodeId),
    /// The value of an operator. The number is how many of its last arguments are left open: each adds the two axes of its
    /// entries to those of the value, so that `L(X, E)[i,j]` is the sum over k and l of `L(X)[i,j,k,l]*E[k,l]`.
    Operator(LinearOperator, Operands, u8),
    /// A declared function: entry by entry of arguments of the same axes, or with the axes of [`Applied::axes`].
    Apply(Arc<Applied>, Vec<NodeId>),
}

impl Node {
    /// Visits the children, each as often as it occurs.
    pub fn for_each_child(&self, mut visit: impl FnMut(NodeId)) {
        match self {
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
            Node::Contract(c) => c.factors.iter().for_each(|f| visit(f.node)),
            Node::Scale(_, a) | Node::Map(_, a) | Node::Power(a, _) | Node::Opaque(_, a) => visit(*a),
            Node::Sum(terms) => terms.iter().for_each(|(_, a)| visit(*a)),
            Node::Apply(_, arguments) => arguments.iter().for_each(|a| visit(*a)),
            Node::Operator(_, operands, _) => operands.iter().for_each(|a| visit(*a)),
            Node::Map2(_, a, b) => {
                visit(*a);
                visit(*b);
            }
        }
    }
}

/// What is known of a node.
#[derive(Clone, Debug)]
pub struct Meta {
    pub axes: Axes,
    /// A hash of the content: the same in every graph and every process.
    pub hash: u64,
    /// A lower bound for every entry.
    pub sign: Sign,
    /// Of a matrix, what is known of it as a whole; the signs of its entries are `sign`.
    pub facts: Facts,
    /// The number of nodes on the longest path to a leaf.
    pub depth: u32,
}

/// A hash-consed graph of tensors.
pub struct Graph {
    nodes: Vec<Node>,
    meta: Vec<Meta>,
    memo: FxHashMap<Node, NodeId>,
    /// Whether softmax, sigmoid and their like get their names where they are written with exponentials.
    pub recognition: bool,
    /// How many factors of products were put into other products.
    pub(crate) spliced: usize,
    /// What matrices are functions of, where it was asked for.
    pub(crate) generators: FxHashMap<NodeId, Generator>,
}

impl Default for Graph {
    fn default() -> Graph {
        Graph {
            nodes: Vec::new(),
            meta: Vec::new(),
            memo: FxHashMap::default(),
            recognition: true,
            spliced: 0,
            generators: FxHashMap::default(),
        }
    }
}

impl Graph {
    pub fn new() -> Graph {
        Graph::default()
    }

    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.0 as usize]
    }

    pub fn meta(&self, id: NodeId) -> &Meta {
        &self.meta[id.0 as usize]
    }

    pub fn axes(&self, id: NodeId) -> &[Dim] {
        &self.meta(id).axes
    }

    /// Whether a node is known to equal its transpose.
    pub fn is_symmetric(&self, id: NodeId) -> bool {
        self.meta(id).facts.contains(Facts::SYMMETRIC)
    }

    pub fn order(&self, id: NodeId) -> usize {
        self.meta(id).axes.len()
    }

    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// The node as it stands, found again if it is there already. Does not normalise: for constructors only.
    pub fn insert(&mut self, node: Node) -> NodeId {
        if let Some(&id) = self.memo.get(&node) {
            return id;
        }
        let id = NodeId(u32::try_from(self.nodes.len()).expect("the node limit is far below 2^32"));
        self.meta.push(self.meta_of(&node));
        self.nodes.push(node.clone());
        self.memo.insert(node, id);
        id
    }

    /// The node as it stands, if it is there.
    pub fn find(&self, node: &Node) -> Option<NodeId> {
        self.memo.get(node).copied()
    }

    /// The nodes that `roots` are made of, children first.
    pub fn reachable(&self, roots: &[NodeId]) -> Vec<NodeId> {
        let mut seen = vec![false; self.len()];
        let mut waiting: Vec<NodeId> = roots.to_vec();
        while let Some(id) = waiting.pop() {
            if !std::mem::replace(&mut seen[id.0 as usize], true) {
                self.node(id).for_each_child(|c| waiting.push(c));
            }
        }
        (0..self.len()).filter(|&i| seen[i]).map(|i| NodeId(i as u32)).collect()
    }

    fn meta_of(&self, node: &Node) -> Meta {
        let mut depth = 0;
        node.for_each_child(|c| depth = depth.max(self.meta(c).depth));
        let axes = self.axes_of(node);
        let facts = self.facts_of(node, &axes);
        Meta { axes, hash: self.hash_of(node), sign: self.sign_of(node), facts, depth: depth + 1 }
    }

    fn axes_of(&self, node: &Node) -> Axes {
        match node {
            Node::Var(v) => v.axes(),
            Node::Constant(_) | Node::Size(_) => Axes::new(),
            Node::Zero(axes) => axes.clone(),
            Node::Unit(_, n) => smallvec::smallvec![*n],
            Node::Select(s) => smallvec::smallvec![s.of, s.length],
            Node::LeviCivita(k) => smallvec::smallvec![Dim::number(i64::from(*k)); usize::from(*k)],
            Node::Duplication(n) => smallvec::smallvec![*n * *n, n.triangular()],
            Node::Elimination(n) => smallvec::smallvec![n.triangular(), *n * *n],
            Node::Merge(m, n) => smallvec::smallvec![*m * *n, *m, *n],
            Node::Triangle(m, n) => smallvec::smallvec![*m, *n],
            Node::Contract(c) => c.out.iter().map(|&l| c.dims[l as usize]).collect(),
            Node::Scale(_, a) | Node::Map(_, a) | Node::Power(a, _) | Node::Map2(_, a, _) => self.meta(*a).axes.clone(),
            Node::Sum(terms) => self.meta(terms[0].1).axes.clone(),
            Node::Apply(f, arguments) if f.elementwise => arguments.first().map(|a| self.meta(*a).axes.clone()).unwrap_or_default(),
            Node::Apply(f, _) => f.axes(),
            Node::Opaque(f, a) if f.is_function_of_matrix() => self.meta(*a).axes.clone(),
            Node::Opaque(Opaque::Softmax | Opaque::Cholesky, a) => self.meta(*a).axes.clone(),
            Node::Opaque(Opaque::EigvecMax | Opaque::EigvecMin, a) => self.axes(*a)[..1].into(),
            Node::Opaque(Opaque::Pinv, a) => self.axes(*a).iter().rev().copied().collect(),
            Node::Operator(f, operands, open) => self.axes_of_operator(*f, operands, *open),
            Node::Opaque(Opaque::LogSumExp, a) => {
                let axes = self.axes(*a);
                axes[..axes.len().saturating_sub(1)].into()
            }
            Node::Opaque(..) => Axes::new(),
        }
    }

    pub(crate) fn axes_of_operator(&self, f: LinearOperator, operands: &[NodeId], open: u8) -> Axes {
        let of = |at: usize| self.axes(operands[at])[0];
        let value = [of(0), of(if f == LinearOperator::Sylvester { 1 } else { 0 })];
        std::iter::repeat_n(value, 1 + usize::from(open)).flatten().collect()
    }

    fn sign_of(&self, node: &Node) -> Sign {
        let of = |id: &NodeId| self.meta(*id).sign;
        match node {
            Node::Var(v) => v.sign(),
            Node::Constant(_) | Node::Size(_) => Sign::Positive,
            Node::Zero(_)
            | Node::Unit(..)
            | Node::Select(_)
            | Node::Duplication(_)
            | Node::Elimination(_)
            | Node::Merge(..)
            | Node::Triangle(..) => Sign::NonNegative,
            Node::LeviCivita(_) => Sign::Any,
            Node::Contract(c) => self.sign_of_contraction(c),
            Node::Scale(n, a) => {
                if n.is_negative() {
                    Sign::Any
                } else {
                    of(a)
                }
            }
            Node::Sum(terms) => {
                let signs = terms.iter().map(|(n, a)| if n.is_negative() { Sign::Any } else { of(a) });
                let (least, most) = signs.fold((Sign::Positive, Sign::Any), |(lo, hi), s| (lo.min(s), hi.max(s)));
                if least == Sign::Any { Sign::Any } else { most }
            }
            Node::Map(m, _) => m.row().sign,
            Node::Apply(..) => Sign::Any,
            Node::Power(a, p) => match (of(a), p.as_integer()) {
                (Sign::Positive, _) => Sign::Positive,
                (Sign::NonNegative, _) => Sign::NonNegative,
                (Sign::Any, Some(n)) if n % 2 == 0 => Sign::NonNegative,
                (Sign::Any, Some(_)) => Sign::Any,
                (Sign::Any, None) => Sign::NonNegative,
            },
            Node::Map2(Map2::Power, a, _) => of(a),
            Node::Map2(Map2::Max, a, b) => of(a).max(of(b)),
            Node::Map2(Map2::Min, a, b) => of(a).min(of(b)),
            Node::Opaque(Opaque::Softmax, _) => Sign::Positive,
            Node::Opaque(Opaque::NormInf | Opaque::Nuclear, _) => Sign::NonNegative,
            Node::Opaque(Opaque::Product, a) => of(a),
            // The eigenvalues of a definite matrix are positive, and the determinant is their product.
            Node::Opaque(Opaque::Det | Opaque::LambdaMax | Opaque::LambdaMin, a) => {
                let facts = self.meta(*a).facts;
                if facts.contains(Facts::POSDEF) {
                    Sign::Positive
                } else if facts.contains(Facts::PSD) {
                    Sign::NonNegative
                } else {
                    Sign::Any
                }
            }
            Node::Opaque(..) | Node::Operator(..) => Sign::Any,
        }
    }

    /// Positive if every factor is and no entry is cut off by a delta; non-negative if the factors come in equal pairs
    /// or are so themselves.
    fn sign_of_contraction(&self, c: &Contraction) -> Sign {
        let repeated = c.out.iter().enumerate().any(|(at, l)| c.out[..at].contains(l));
        let least = c.factors.iter().map(|f| self.meta(f.node).sign).min().unwrap_or(Sign::Positive);
        if least != Sign::Any {
            return if repeated { Sign::NonNegative } else { least };
        }
        if self.is_sum_of_squares(c) { Sign::NonNegative } else { Sign::Any }
    }

    /// Whether the factors that may be negative split at the output into two halves that are the same up to the names
    /// of the summed labels (`x[i]*A[j,i]*A[j,k]*x[k]`), or come in equal pairs.
    fn is_sum_of_squares(&self, c: &Contraction) -> bool {
        let mut unknown: Vec<&Factor> = c.factors.iter().filter(|f| self.meta(f.node).sign == Sign::Any).collect();
        unknown.sort();
        if unknown.len().is_multiple_of(2) && unknown.chunks(2).all(|p| p[0] == p[1]) {
            return true;
        }
        c.out.is_empty() && crate::contract::is_gram(self, c)
    }

    fn hash_of(&self, node: &Node) -> u64 {
        let mut h = Mix(0x9e37_79b9_7f4a_7c15);
        let of = |id: &NodeId| self.meta(*id).hash;
        match node {
            Node::Var(v) => {
                h.add(1).text(v.name);
                // A variable may be in one graph with and without its structure.
                if let Some(kind) = v.kind.as_ref().filter(|k| k.structure != Structure::General) {
                    h.add(kind.structure as u64);
                }
            }
            Node::Constant(c) => {
                h.add(2).add(*c as u64);
            }
            Node::Size(d) => {
                h.add(3).dim(*d);
            }
            Node::Zero(axes) => {
                h.add(4);
                axes.iter().for_each(|d| {
                    h.dim(*d);
                });
            }
            Node::Unit(i, n) => {
                h.add(5).dim(*i).dim(*n);
            }
            Node::Select(s) => {
                h.add(15).dim(s.offset).dim(s.length).dim(s.of);
            }
            Node::LeviCivita(k) => {
                h.add(6 + 64 * u64::from(k.abs_diff(3)));
            }
            Node::Duplication(n) => {
                h.add(17).dim(*n);
            }
            Node::Elimination(n) => {
                h.add(18).dim(*n);
            }
            Node::Merge(m, n) => {
                h.add(7).dim(*m).dim(*n);
            }
            Node::Contract(c) => {
                h.add(8);
                c.dims.iter().for_each(|d| {
                    h.dim(*d);
                });
                c.out.iter().for_each(|l| {
                    h.add(u64::from(*l));
                });
                for f in &c.factors {
                    h.add(of(&f.node)).add(f.labels.len() as u64);
                    f.labels.iter().for_each(|l| {
                        h.add(u64::from(*l));
                    });
                }
            }
            Node::Scale(n, a) => {
                h.add(9).number(n).add(of(a));
            }
            Node::Sum(terms) => {
                h.add(10);
                terms.iter().for_each(|(n, a)| {
                    h.number(n).add(of(a));
                });
            }
            Node::Map(m, a) => {
                h.add(11).add(*m as u64).add(of(a));
            }
            Node::Power(a, n) => {
                h.add(12).number(n).add(of(a));
            }
            Node::Map2(m, a, b) => {
                h.add(13).add(*m as u64).add(of(a)).add(of(b));
            }
            Node::Triangle(m, n) => {
                h.add(15).dim(*m).dim(*n);
            }
            Node::Opaque(o, a) => {
                h.add(14).add(*o as u64).add(of(a));
            }
            Node::Operator(f, operands, open) => {
                h.add(19).add(*f as u64);
                if *open > 0 {
                    h.add(u64::from(*open));
                }
                operands.iter().for_each(|a| {
                    h.add(of(a));
                });
            }
            Node::Apply(f, arguments) => {
                h.add(16).text(f.function).add(u64::from(f.elementwise)).add(f.by.len() as u64);
                f.by.iter().for_each(|k| {
                    h.add(*k as u64);
                });
                arguments.iter().for_each(|a| {
                    h.add(of(a));
                });
            }
        }
        h.0
    }
}

/// A running hash of content, the same on every machine (splitmix64's finaliser; Steele, Lea and Flood 2014).
pub(crate) struct Mix(pub(crate) u64);

impl Mix {
    pub(crate) fn add(&mut self, x: u64) -> &mut Mix {
        let mut z = self.0.rotate_left(5) ^ x.wrapping_add(0x9e37_79b9_7f4a_7c15);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        self.0 = z ^ (z >> 31);
        self
    }

    pub(crate) fn text(&mut self, name: Symbol) -> &mut Mix {
        for chunk in name.as_str().as_bytes().chunks(8) {
            let mut bytes = [0; 8];
            bytes[..chunk.len()].copy_from_slice(chunk);
            self.add(u64::from_le_bytes(bytes));
        }
        self.add(name.as_str().len() as u64)
    }

    pub(crate) fn dim(&mut self, d: Dim) -> &mut Mix {
        for (symbols, c) in d.terms() {
            symbols.iter().for_each(|s| {
                self.text(*s);
            });
            self.add(c as u64);
        }
        if d.denominator() != 1 {
            self.add(d.denominator() as u64);
        }
        self
    }

    pub(crate) fn number(&mut self, n: &Number) -> &mut Mix {
        match n.as_ratio() {
            Some((p, q)) => self.add(p as u64).add(q as u64),
            None => self.text(Symbol::new(&n.to_string())),
        }
    }
}
