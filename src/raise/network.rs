//! A contraction as a network of vertices, edges and vectors.

use super::Raiser;
use crate::dim::Dim;
use crate::index::{Contraction, Factor, Label, Labels, LinearOperator, Node, NodeId};
use crate::matrix::{Build, Mat, Spec};
use egg::Id;
use smallvec::SmallVec;

/// A label, with the vectors that stand at it.
#[derive(Clone, Debug)]
pub(super) struct Vertex {
    pub dim: Dim,
    /// Columns, multiplied entry by entry.
    pub vectors: Vec<Id>,
}

/// A matrix between two vertices: its rows are `from`, its columns `to`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Edge {
    pub from: Label,
    pub to: Label,
    pub matrix: Id,
    /// Whether the matrix is its own transpose.
    pub symmetric: bool,
}

/// The stacking bijection: `long = fast + length of fast * slow`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stack {
    pub long: Label,
    pub fast: Label,
    pub slow: Label,
    pub term: Id,
}

/// What has three axes or more and no rule but, for the Levi-Civita symbol, one.
#[derive(Clone, Debug)]
pub(super) struct Hyper {
    pub node: NodeId,
    pub labels: Labels,
    pub term: Id,
}

#[derive(Clone)]
pub(super) struct Network {
    pub vertices: Vec<Vertex>,
    pub out: Labels,
    pub edges: Vec<Edge>,
    pub stacks: Vec<Stack>,
    pub hypers: Vec<Hyper>,
    pub scalars: Vec<Id>,
    /// Vertices that are reduced away.
    pub gone: Vec<bool>,
    /// Long axes whose pairs were put in another order already.
    pub regrouped: Vec<Label>,
    /// Whether stacks may be taken to other axes, which is worth it only if a formula comes of it.
    pub restacking: bool,
}

impl Network {
    /// The network of a contraction; `stacked`, operators with an open argument are edges between stacks, otherwise tensors.
    pub fn of(raiser: &mut Raiser, c: &Contraction, stacked: bool) -> Network {
        let mut network = Network {
            vertices: c.dims.iter().map(|&dim| Vertex { dim, vectors: Vec::new() }).collect(),
            out: c.out.clone(),
            edges: Vec::new(),
            stacks: Vec::new(),
            hypers: Vec::new(),
            scalars: Vec::new(),
            gone: vec![false; c.dims.len()],
            regrouped: Vec::new(),
            restacking: false,
        };
        for f in &c.factors {
            // These come when all stacks are known.
            if matches!(raiser.graph.node(f.node), Node::Operator(.., 1..)) {
                continue;
            }
            let term = raiser.raise(f.node);
            match (raiser.graph.node(f.node), f.labels.as_slice()) {
                (_, []) => network.scalars.push(term),
                (_, [l]) => network.vertices[*l as usize].vectors.push(term),
                (_, [from, to]) => {
                    let symmetric = raiser.graph.is_symmetric(f.node);
                    network.edges.push(Edge { from: *from, to: *to, matrix: term, symmetric });
                }
                (Node::Merge(..), [long, fast, slow]) => network.stacks.push(Stack { long: *long, fast: *fast, slow: *slow, term }),
                _ => network.hypers.push(Hyper { node: f.node, labels: f.labels.clone(), term }),
            }
        }
        for f in &c.factors {
            if let Node::Operator(g, operands, open @ 1..) = raiser.graph.node(f.node).clone() {
                network.open_operator(raiser, f, (g, &operands, usize::from(open)), stacked);
            }
        }
        network
    }

    /// An operator with open arguments: its matrix between the stacks of its axes, or the tensor `D(f)` with the matrices that it
    /// is given.
    fn open_operator(&mut self, raiser: &mut Raiser, factor: &Factor, operator: (LinearOperator, &[NodeId], usize), stacked: bool) {
        let (f, operands, open) = operator;
        if let (true, [i, j, k, l]) = (stacked, &factor.labels[..]) {
            let matrix = raiser.stacked_operator(f, operands);
            // `L[i,j,k,l] = L[l,k,j,i]`: the one whose pairs of axes are stacked elsewhere needs no commutation matrix.
            let stacks =
                |pairs: [(Label, Label); 2]| pairs.iter().filter(|pair| self.stacks.iter().any(|s| (s.fast, s.slow) == **pair)).count();
            let (straight, adjoint) = ([(*i, *j), (*k, *l)], [(*l, *k), (*j, *i)]);
            let [from, to] = if stacks(adjoint) > stacks(straight) { adjoint } else { straight };
            let (from, to) = (self.stack(raiser, from.0, from.1), self.stack(raiser, to.0, to.1));
            self.edges.push(Edge { from, to, matrix, symmetric: false });
            return;
        }
        let mut labels = factor.labels.clone();
        let n = self.vertices[usize::from(labels[0])].dim;
        for a in &operands[1..] {
            let (from, to) = (self.vertex(n), self.vertex(n));
            labels.extend([from, to]);
            let (matrix, symmetric) = (raiser.raise(*a), raiser.graph.is_symmetric(*a));
            self.edges.push(Edge { from, to, matrix, symmetric });
        }
        let term = raiser.derivative(f, operands[0], open + operands.len() - 1);
        self.hypers.push(Hyper { node: factor.node, labels, term });
    }

    /// A new long axis that stacks two axes.
    fn stack(&mut self, raiser: &mut Raiser, fast: Label, slow: Label) -> Label {
        let [m, n] = [fast, slow].map(|v| self.vertices[usize::from(v)].dim);
        let (long, term) = (self.vertex(m * n), raiser.terms.insert(Mat::Merge(m, n)));
        self.stacks.push(Stack { long, fast, slow, term });
        long
    }

    pub fn is_out(&self, v: Label) -> bool {
        self.out.contains(&v)
    }

    pub fn bare(&self, v: Label) -> bool {
        self.vertices[v as usize].vectors.is_empty()
    }

    pub fn edges_at(&self, v: Label) -> SmallVec<[usize; 4]> {
        (0..self.edges.len()).filter(|&e| self.edges[e].from == v || self.edges[e].to == v).collect()
    }

    /// How many stacks and tensors of higher order stand at a vertex.
    pub fn held(&self, v: Label) -> usize {
        let stacks = self.stacks.iter().filter(|s| s.long == v || s.fast == v || s.slow == v).count();
        stacks + self.hypers.iter().filter(|h| h.labels.contains(&v)).count()
    }

    /// The matrix of an edge with its rows at `from`.
    pub fn oriented(&self, raiser: &mut Raiser, e: usize, from: Label) -> Id {
        let edge = self.edges[e];
        if edge.from == from || edge.symmetric { edge.matrix } else { raiser.terms.transpose(edge.matrix) }
    }

    pub fn other_end(&self, e: usize, v: Label) -> Label {
        if self.edges[e].from == v { self.edges[e].to } else { self.edges[e].from }
    }

    /// Takes the vectors at a vertex as one column, ones if there are none.
    pub fn take_column(&mut self, raiser: &mut Raiser, v: Label) -> Id {
        let vectors = std::mem::take(&mut self.vertices[v as usize].vectors);
        let dim = self.vertices[v as usize].dim;
        if vectors.is_empty() { raiser.terms.ones(dim, Dim::ONE) } else { raiser.terms.had(&vectors) }
    }

    /// Takes the vectors at a vertex as one column, if there are any.
    pub fn take_vectors(&mut self, raiser: &mut Raiser, v: Label) -> Option<Id> {
        let vectors = std::mem::take(&mut self.vertices[v as usize].vectors);
        (!vectors.is_empty()).then(|| raiser.terms.had(&vectors))
    }

    /// What could not be reduced, as a contraction of what there is.
    pub fn contraction(self, raiser: &mut Raiser) -> Id {
        let mut inputs: SmallVec<[Labels; 4]> = SmallVec::new();
        let mut children: Vec<Id> = Vec::new();
        let mut add = |term: Id, labels: &[Label]| {
            inputs.push(labels.into());
            children.push(term);
        };
        for (v, vertex) in self.vertices.iter().enumerate() {
            vertex.vectors.iter().for_each(|&x| add(x, &[v as Label]));
        }
        self.edges.iter().for_each(|e| add(e.matrix, &[e.from, e.to]));
        self.stacks.iter().for_each(|s| add(s.term, &[s.long, s.fast, s.slow]));
        self.hypers.iter().for_each(|h| add(h.term, &h.labels));
        // Numbered anew without the vertices that are gone.
        let mut number: Vec<Option<Label>> = vec![None; self.vertices.len()];
        let mut dims: SmallVec<[Dim; 6]> = SmallVec::new();
        let mut renumber = |l: Label| {
            *number[l as usize].get_or_insert_with(|| {
                dims.push(self.vertices[l as usize].dim);
                (dims.len() - 1) as Label
            })
        };
        let out: Labels = self.out.iter().map(|&l| renumber(l)).collect();
        let inputs = inputs.iter().map(|ls| ls.iter().map(|&l| renumber(l)).collect()).collect();
        let body = raiser.terms.contract(Spec { dims, out, inputs }, &children);
        self.with_scalars(raiser, body)
    }

    /// The scalar factors times what the rest is.
    pub fn with_scalars(&self, raiser: &mut Raiser, body: Id) -> Id {
        if self.scalars.is_empty() {
            return body;
        }
        let scalar = raiser.terms.had(&self.scalars);
        raiser.terms.times(scalar, body)
    }
}
