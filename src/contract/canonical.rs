//! The canonical form of a contraction: two drafts that differ only in the names of labels and the order of factors
//! become the same [`Contraction`].
//!
//! Colour refinement (Weisfeiler and Leman 1968) on the graph of labels and factors; where colours tie, each label of
//! the smallest tied class is singled out in turn and the least encoding wins. Every round splits a class or ends, and
//! singling out makes one more class, so the search ends; it looks at no more than [`MOST_LEAVES`] encodings, which only
//! contractions with more symmetry than that can tell apart by chance.

use super::Draft;
use crate::dim::Dim;
use crate::fact::Facts;
use crate::index::{Contraction, Factor, Graph, Label, Labels, Mix, Node, NodeId};
use smallvec::SmallVec;

const MOST_LEAVES: usize = 256;

/// What sorting the axes of skew factors does to the value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Parity {
    #[default]
    Even,
    /// It changes the sign.
    Odd,
    /// Some renaming of the summed labels changes nothing but the sign, so that the value is 0: `x'*W*x` of a skew W.
    Vanishes,
}

/// The canonical form of a flat draft, and its sign in terms of that.
pub(super) fn canonical_and_sign(graph: &Graph, draft: &Draft) -> (Contraction, Parity) {
    let mut search = Search { graph, draft, used: used_labels(draft), best: None, leaves: 0 };
    let mut colours = search.first_colours();
    search.refine(&mut colours);
    search.descend(colours);
    search.best.map(|(_, c, parity)| (c, parity)).unwrap_or_default()
}

/// Whether the factors of a closed contraction come in equal halves joined at shared labels, so that it is a product of
/// sums of squares: `x[i]*A[k,i]*A[k,j]*x[j]`.
pub(crate) fn is_gram(graph: &Graph, c: &Contraction) -> bool {
    let mut halves = halves(graph, c);
    halves.sort_by(|a, b| a.key().cmp(&b.key()));
    halves.len().is_multiple_of(2) && halves.chunks(2).all(|p| p[0].key() == p[1].key())
}

/// h, where a closed contraction is the sum of the squares of the entries of h.
pub(crate) fn gram_half(graph: &Graph, c: &Contraction) -> Option<Draft> {
    let halves = halves(graph, c);
    let [a, b] = halves.as_slice() else { return None };
    (a.key() == b.key()).then(|| a.draft.clone())
}

/// A part of a contraction between shared labels.
struct Half {
    draft: Draft,
    canonical: Contraction,
    parity: Parity,
}

impl Half {
    /// Equal for equal parts at the very same shared labels.
    fn key(&self) -> (&[Factor], &[Label], &[Dim], &[Label], Parity) {
        (&self.canonical.factors, &self.canonical.out, &self.canonical.dims, &self.draft.out, self.parity)
    }
}

/// The parts into which a contraction falls when it is cut at each label at which every (factor, axis) stands an even
/// number of times.
fn halves(graph: &Graph, c: &Contraction) -> Vec<Half> {
    let shared: Vec<bool> = (0..c.dims.len() as Label)
        .map(|l| {
            let mut at: SmallVec<[(NodeId, usize); 6]> = SmallVec::new();
            for f in &c.factors {
                let symmetric = graph.has_symmetric_axes(f.node);
                at.extend(
                    f.labels.iter().enumerate().filter(|(_, m)| **m == l).map(|(axis, _)| (f.node, if symmetric { 0 } else { axis })),
                );
            }
            at.sort();
            at.len().is_multiple_of(2) && at.chunks(2).all(|p| p[0] == p[1])
        })
        .collect();
    let mut draft = Draft::new();
    draft.labels(&c.dims);
    draft.factors = c.factors.to_vec();
    let mut cut = draft.clone();
    for f in &mut cut.factors {
        f.labels.retain(|l| !shared[*l as usize]);
    }
    super::components(&cut)
        .into_iter()
        .map(|component| {
            let factors: Vec<Factor> = component.iter().map(|&f| draft.factors[f].clone()).collect();
            let mut out: Labels = factors.iter().flat_map(|f| &f.labels).copied().filter(|&l| shared[l as usize]).collect();
            out.sort_unstable();
            out.dedup();
            let draft = draft.part(out, factors);
            let (canonical, parity) = canonical_and_sign(graph, &draft);
            Half { canonical, parity, draft }
        })
        .collect()
}

fn inversions(labels: &[Label]) -> usize {
    labels.iter().enumerate().map(|(at, l)| labels[at + 1..].iter().filter(|m| *m < l).count()).sum()
}

fn used_labels(draft: &Draft) -> Vec<Label> {
    let mut used: Vec<Label> = draft.out.iter().chain(draft.factors.iter().flat_map(|f| &f.labels)).copied().collect();
    used.sort_unstable();
    used.dedup();
    used
}

/// Colours by label; only the used ones mean anything.
type Colours = Vec<u64>;
/// What is compared between two ways of numbering: the labels of each factor in order, with the factor's hash.
type Encoding = Vec<(u64, Labels)>;

struct Search<'a> {
    graph: &'a Graph,
    draft: &'a Draft,
    used: Vec<Label>,
    best: Option<(Encoding, Contraction, Parity)>,
    leaves: usize,
}

impl Search<'_> {
    /// A label starts with its places in the output and its length.
    fn first_colours(&self) -> Colours {
        let mut colours = vec![0; self.draft.dims.len()];
        for &l in &self.used {
            let mut h = Mix(0);
            h.dim(self.draft.dims[l as usize]);
            for (at, _) in self.draft.out.iter().enumerate().filter(|(_, o)| **o == l) {
                h.add(at as u64 + 1);
            }
            colours[l as usize] = h.0;
        }
        colours
    }

    /// Symmetric factors, and skew ones up to sign.
    fn sorts_axes(&self, node: NodeId) -> bool {
        self.graph.has_symmetric_axes(node) || self.graph.has_skew_axes(node)
    }

    fn classes(&self, colours: &Colours) -> usize {
        let mut all: SmallVec<[u64; 16]> = self.used.iter().map(|&l| colours[l as usize]).collect();
        all.sort_unstable();
        all.dedup();
        all.len()
    }

    fn refine(&self, colours: &mut Colours) {
        let mut classes = self.classes(colours);
        loop {
            let mut gathered: Vec<SmallVec<[u64; 4]>> = vec![SmallVec::new(); colours.len()];
            for f in &self.draft.factors {
                let symmetric = self.sorts_axes(f.node);
                let mut seen: SmallVec<[u64; 4]> = f.labels.iter().map(|&l| colours[l as usize]).collect();
                if symmetric {
                    seen.sort_unstable();
                }
                let colour = seen
                    .iter()
                    .fold(Mix(self.graph.meta(f.node).hash), |mut m, &c| {
                        m.add(c);
                        m
                    })
                    .0;
                for (axis, &l) in f.labels.iter().enumerate() {
                    let mut m = Mix(colour);
                    m.add(if symmetric { 0 } else { axis as u64 });
                    gathered[l as usize].push(m.0);
                }
            }
            for &l in &self.used {
                let at = &mut gathered[l as usize];
                at.sort_unstable();
                colours[l as usize] = at
                    .iter()
                    .fold(Mix(colours[l as usize]), |mut m, &c| {
                        m.add(c);
                        m
                    })
                    .0;
            }
            let now = self.classes(colours);
            if now == classes {
                return;
            }
            classes = now;
        }
    }

    /// Singles out the labels of the first tied class one after the other; keeps the least encoding.
    fn descend(&mut self, colours: Colours) {
        let mut by_colour: Vec<(u64, Label)> = self.used.iter().map(|&l| (colours[l as usize], l)).collect();
        by_colour.sort_unstable();
        let tied = by_colour.windows(2).find(|w| w[0].0 == w[1].0).map(|w| w[0].0);
        let Some(colour) = tied else {
            self.leaves += 1;
            return self.keep_if_less(&by_colour);
        };
        for &(_, l) in by_colour.iter().filter(|(c, _)| *c == colour) {
            if self.leaves >= MOST_LEAVES {
                return;
            }
            let mut finer = colours.clone();
            let mut m = Mix(colour);
            m.add(u64::MAX);
            finer[l as usize] = m.0;
            self.refine(&mut finer);
            self.descend(finer);
        }
    }

    fn keep_if_less(&mut self, by_colour: &[(u64, Label)]) {
        let mut number: Vec<Label> = vec![Label::MAX; self.draft.dims.len()];
        let ordered = self.draft.out.iter().copied().chain(by_colour.iter().map(|&(_, l)| l));
        let mut order: SmallVec<[Label; 8]> = SmallVec::new();
        for l in ordered {
            if number[l as usize] == Label::MAX {
                number[l as usize] = order.len() as Label;
                order.push(l);
            }
        }
        let renumber = |ls: &Labels| -> Labels { ls.iter().map(|&l| number[l as usize]).collect() };
        let mut odd = false;
        let mut factors: Vec<(u64, Factor)> = self
            .draft
            .factors
            .iter()
            .map(|f| {
                let mut labels = renumber(&f.labels);
                if self.sorts_axes(f.node) {
                    odd ^= self.graph.has_skew_axes(f.node) && inversions(&labels) % 2 == 1;
                    labels.sort_unstable();
                }
                (self.graph.meta(f.node).hash, Factor { node: f.node, labels })
            })
            .collect();
        factors.sort_by(|a, b| (a.0, &a.1.labels, a.1.node).cmp(&(b.0, &b.1.labels, b.1.node)));
        let encoding: Encoding = factors.iter().map(|(h, f)| (*h, f.labels.clone())).collect();
        let parity = if odd { Parity::Odd } else { Parity::Even };
        if let Some((least, _, seen)) = &mut self.best
            && encoding == *least
        {
            if parity != *seen {
                *seen = Parity::Vanishes;
            }
            return;
        }
        if self.best.as_ref().is_none_or(|(least, ..)| encoding < *least) {
            let contraction = Contraction {
                dims: order.iter().map(|&l| self.draft.dims[l as usize]).collect(),
                out: renumber(&self.draft.out),
                factors: factors.into_iter().map(|(_, f)| f).collect(),
            };
            self.best = Some((encoding, contraction, parity));
        }
    }
}

impl Graph {
    /// Whether the two axes of a factor may be swapped freely: of a contraction the labels say it already.
    pub(crate) fn has_symmetric_axes(&self, node: NodeId) -> bool {
        self.is_symmetric(node) && !matches!(self.node(node), Node::Contract(_))
    }

    /// Whether swapping two axes of a factor changes its sign.
    pub(super) fn has_skew_axes(&self, node: NodeId) -> bool {
        match self.node(node) {
            Node::LeviCivita(_) => true,
            Node::Contract(_) => false,
            _ => self.meta(node).facts.contains(Facts::SKEW) && !self.is_symmetric(node),
        }
    }

    /// The transpose of a node of order 2, up to a sign, if it is in the graph already.
    pub(super) fn found_transpose(&self, a: NodeId) -> Option<(Parity, NodeId)> {
        let draft = match self.node(a) {
            Node::Contract(c) => transposed(c),
            _ => {
                let mut draft = Draft::new();
                let labels = draft.labels(self.axes(a));
                draft.factor(a, &labels);
                draft.out(&[labels[1], labels[0]])
            }
        };
        match draft.factors.as_slice() {
            [f] if f.labels == draft.out => Some((Parity::Even, f.node)),
            _ => {
                let (c, parity) = canonical_and_sign(self, &draft);
                Some((parity, self.find(&Node::Contract(c))?))
            }
        }
    }
}

/// A contraction of order 2 with its outputs swapped.
pub(super) fn transposed(c: &Contraction) -> Draft {
    let mut draft = Draft::new();
    draft.labels(&c.dims);
    draft.factors = c.factors.to_vec();
    draft.out(&[c.out[1], c.out[0]])
}
