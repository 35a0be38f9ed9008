//! Extraction: the cheapest term of a class, ties broken by content.

use super::graph::Graph;
use crate::matrix::{Build, Cost, Mat, TOKEN, TURNED, Terms, cost_of, reconstruct, turn};
use crate::number::Number;
use egg::{Id, Language};
use rustc_hash::FxHashMap;

/// Where a term will stand, which decides what it costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Place {
    Plain,
    Factor,
    Addend,
    Tail,
}

impl Place {
    fn cost(self, cost: Cost) -> u64 {
        match self {
            Place::Plain => cost.plain,
            Place::Factor => cost.factor,
            Place::Addend => cost.addend,
            Place::Tail => cost.tail,
        }
    }

    fn after(coefficient: &Number, alone: Place, product: Place) -> Place {
        if matches!(coefficient.as_ratio(), Some((1 | -1, _))) { alone } else { product }
    }

    /// Where the child at that position of the node stands.
    fn of_child(self, node: &Mat, at: usize) -> Place {
        match node {
            Mat::Times(_) | Mat::Had(_) | Mat::Contract(..) => Place::Factor,
            Mat::Map2(..) => Place::Addend,
            Mat::Add(coefficients, _) => Place::after(&coefficients[at], Place::Addend, Place::Tail),
            Mat::Scale(c, _) => Place::after(c, Place::Plain, Place::Factor),
            Mat::Fill(..) if self == Place::Plain => Place::Factor,
            Mat::Fill(..) => self,
            _ => Place::Plain,
        }
    }
}

/// A sum of at least this cost is long,
const LONG_SUM: u64 = 6 * TOKEN;
/// and costs so much more as a factor of a product.
const BRACKET: u64 = 5 * TOKEN;

/// What a node costs beyond what it costs a reader.
fn surcharge(graph: &Graph, node: &Mat, multiplied_out: bool) -> u64 {
    let long_sum = |c: &Id| matches!(graph.view(*c), Mat::Add(..)) && graph.cost(*c).plain >= LONG_SUM;
    match node {
        Mat::Mul(factors) if multiplied_out && factors.iter().any(long_sum) => BRACKET,
        _ => 0,
    }
}

/// What each class costs with the surcharge, from the leaves up until nothing falls any more: no cheapest term holds its
/// own class, so that there are no more rounds than classes.
fn costs_multiplied_out(graph: &Graph) -> FxHashMap<Id, Cost> {
    let classes = graph.classes();
    let mut costs: FxHashMap<Id, Cost> = FxHashMap::default();
    for _ in 0..=classes.len() {
        let mut changed = false;
        for class in &classes {
            let known = |node: &&Mat| node.children().iter().all(|c| costs.contains_key(&graph.canonical(*c)));
            let of_class = |c: Id| costs.get(&graph.canonical(c)).copied().unwrap_or_else(|| graph.cost(c));
            let of = |node: &Mat| cost_of(node, of_class).more(surcharge(graph, node, true));
            let Some(cost) = graph.nodes(*class).iter().filter(known).map(of).reduce(Cost::min) else { continue };
            changed |= costs.insert(*class, cost) != Some(cost);
        }
        if !changed {
            break;
        }
    }
    costs
}

/// Takes the cheapest terms out of an e-graph.
pub struct Extractor<'a> {
    graph: &'a Graph,
    /// What classes cost, where that is not what they cost a reader.
    costs: Option<FxHashMap<Id, Cost>>,
    pub terms: Terms,
    done: FxHashMap<(Id, Place), Id>,
}

impl<'a> Extractor<'a> {
    pub fn new(graph: &'a Graph) -> Extractor<'a> {
        Extractor { graph, costs: None, terms: Terms::new(), done: FxHashMap::default() }
    }

    /// Takes terms in which few long sums are factors. `t*t' - B` with a name for t is shorter than `(A*x*x' - C)*A'`,
    /// although that is not seen while what occurs twice is counted twice.
    pub fn multiplied_out(graph: &'a Graph) -> Extractor<'a> {
        Extractor { costs: Some(costs_multiplied_out(graph)), ..Extractor::new(graph) }
    }

    fn cost(&self, class: Id) -> Cost {
        let class = self.graph.canonical(class);
        self.costs.as_ref().and_then(|costs| costs.get(&class)).copied().unwrap_or_else(|| self.graph.cost(class))
    }

    /// The cheapest term of the class.
    pub fn extract(&mut self, class: Id) -> Id {
        let best = self.at(class, Place::Plain);
        self.without_bracket(best)
    }

    /// A transposed sum that stands alone as the sum of transposes, if that needs no more of them: it needs no bracket then.
    fn without_bracket(&mut self, t: Id) -> Id {
        if let Mat::Scale(sign, [inner]) = self.terms.node(t).clone()
            && sign == Number::MINUS_ONE
        {
            let inner = self.without_bracket(inner);
            return self.terms.scale(&sign, inner);
        }
        if let Mat::Transpose([sum]) = self.terms.node(t)
            && let Mat::Add(coefficients, terms) = self.terms.node(*sum).clone()
            && terms.iter().map(|t| turn(&self.terms, *t)).sum::<i64>() <= TURNED
        {
            let terms: Vec<(Number, Id)> = terms.iter().map(|t| self.terms.transpose(*t)).zip(coefficients).map(|(t, c)| (c, t)).collect();
            return self.terms.add(&terms);
        }
        t
    }

    /// Ends because a node costs more than each of its children, except a constant array in a sum, which costs what
    /// its entry does.
    fn at(&mut self, class: Id, place: Place) -> Id {
        let class = self.graph.canonical(class);
        if let Some(t) = self.done.get(&(class, place)) {
            return *t;
        }
        let graph = self.graph;
        let cost = |node: &Mat| place.cost(cost_of(node, |c| self.cost(c)).more(surcharge(graph, node, self.costs.is_some())));
        let costs: Vec<(&Mat, u64)> = graph.nodes(class).iter().map(|node| (node, cost(node))).collect();
        let least = costs.iter().map(|(_, cost)| *cost).min().unwrap_or(0);
        let candidates: Vec<&Mat> = costs.into_iter().filter(|(_, cost)| *cost == least).map(|(node, _)| node).collect();
        let mut best: Option<Id> = None;
        for node in candidates {
            let term = self.build(node, place);
            best = Some(best.map_or(term, |other| self.better(place, other, term)));
        }
        let best = best.unwrap_or_else(|| self.terms.number(0));
        self.done.insert((class, place), best);
        best
    }

    fn build(&mut self, node: &Mat, place: Place) -> Id {
        let mut node = node.clone();
        for at in 0..node.children().len() {
            let child = self.at(node.children()[at], place.of_child(&node, at));
            node.children_mut()[at] = child;
        }
        let normal = reconstruct(&mut self.terms, &node);
        let normal = self.turned(normal);
        let raw = self.terms.insert(node);
        if place.cost(self.terms.cost(raw)) < place.cost(self.terms.cost(normal)) { raw } else { normal }
    }

    /// A chain of mostly transposed factors, as the transpose of a chain. `B'*A'` is how people write it, so that there
    /// has to be more to save than one token.
    fn turned(&mut self, t: Id) -> Id {
        let Mat::Mul(factors) = self.terms.node(t) else { return t };
        if factors.len() < 3 || self.terms.is_scalar(t) || turn(&self.terms, t) + 2 * TURNED >= 0 {
            return t;
        }
        let reversed = self.terms.transpose(t);
        self.terms.insert(Mat::Transpose([reversed]))
    }

    fn better(&self, place: Place, a: Id, b: Id) -> Id {
        let cost = |t: Id| place.cost(self.terms.cost(t));
        if cost(a).cmp(&cost(b)).then_with(|| self.terms.compare(a, b)).is_le() { a } else { b }
    }
}
