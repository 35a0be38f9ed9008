//! From the index form of a value to the formula that people write: the first notation that expresses it, and its simplest form.

use crate::answer::{Notation, Profile};
use crate::dim::Dim;
use crate::error::{Error, ErrorKind, Result};
use crate::eval::Sizes;
use crate::factor;
use crate::index::{Graph, NodeId};
use crate::matrix::{Build, Mat, Terms};
use crate::pipeline::Engine;
use crate::present::{Presented, Rooted, Setting, shortest};
use crate::raise::{Raiser, stacked};
use crate::saturate::{Limits, cheapest_at, simplify};
use crate::spread;
use egg::Id;

impl Engine {
    /// A node as people write it, in the first notation that expresses it. The first `rows` axes are rows in Kronecker
    /// notation; `row` says that the value is a row and not a column.
    pub(crate) fn formula(
        &self,
        graph: &mut Graph,
        node: NodeId,
        (rows, row): (usize, bool),
        setting: Setting,
        profile: &mut Profile,
    ) -> Result<(Presented, Notation)> {
        graph.check_eigenvectors(node)?;
        let (found, notation) = self.simplest(graph, node, (rows, row), false, profile)?;
        Ok((profile.stage("present", || written(&found, setting))?, notation))
    }

    /// The simplest terms of a node in the first notation that expresses it, or those of its transpose.
    pub(super) fn simplest(
        &self,
        graph: &mut Graph,
        node: NodeId,
        (rows, row): (usize, bool),
        turned: bool,
        profile: &mut Profile,
    ) -> Result<(Vec<Rooted>, Notation)> {
        let (mut terms, mut seeds, notation) = profile.stage("raise", || self.raise(graph, node, rows, row));
        if turned {
            seeds.iter_mut().for_each(|s| *s = terms.transpose(*s));
        }
        let found = if let Some(sizes) = &self.sizes {
            sizes_are_known(&terms, &seeds, sizes)?;
            let (rules, limits) = (self.rule_set().with_laws_of_the_engine(), Limits { nodes: self.limits.nodes * 3, ..self.limits });
            let outcome = profile.stage("saturate", || cheapest_at(sizes, &terms, &seeds, rules, &limits))?;
            profile.saturation = Some(outcome.stats);
            outcome.found
        } else if self.saturation {
            let outcome = profile.stage("saturate", || simplify(&terms, &seeds, self.rule_set(), &self.limits))?;
            profile.saturation = Some(outcome.stats);
            outcome.found
        } else {
            let seed = seeds.iter().min_by_key(|s| terms.tokens(**s)).copied().unwrap_or_default();
            vec![terms.to_recexprs(&[seed])]
        };
        Ok((found, notation))
    }

    /// The terms of the first notation that expresses the value: matrix, then Kronecker, then index.
    pub(crate) fn raise(&self, graph: &mut Graph, node: NodeId, rows: usize, row: bool) -> (Terms, Vec<Id>, Notation) {
        let mut terms = Terms::new();
        let (seeds, notation) = self.raise_with(&mut Raiser::new(graph, &mut terms), node, rows, row);
        (terms, seeds, notation)
    }

    /// Likewise among the terms of other values.
    pub(super) fn raise_with(&self, raiser: &mut Raiser, node: NodeId, rows: usize, row: bool) -> (Vec<Id>, Notation) {
        let order = raiser.graph.order(node);
        let seeds = self.seeds(raiser, node, row);
        let formulas = only_formulas(raiser.terms, &seeds);
        if order <= 2 && !formulas.is_empty() && (self.notation == Notation::Matrix || order == 0) {
            return (formulas, Notation::Matrix);
        }
        if self.notation <= Notation::Kronecker
            && (1..order).contains(&rows)
            && let Some(stack) = stacked(raiser.graph, node, rows)
        {
            let seeds = self.seeds(raiser, stack, false);
            let formulas = only_formulas(raiser.terms, &seeds);
            if !formulas.is_empty() {
                return (formulas, Notation::Kronecker);
            }
        }
        if self.notation == Notation::Index {
            return (vec![raiser.in_index_notation(node)], Notation::Index);
        }
        (seeds, Notation::Index)
    }

    /// The node raised as it is, with its sums factored, and with sums over pairs taken apart.
    fn seeds(&self, raiser: &mut Raiser, node: NodeId, row: bool) -> Vec<Id> {
        let factored = if self.factoring { factor::factor(raiser.graph, node) } else { node };
        let spread = spread::spread(raiser.graph, node);
        let mut seeds: Vec<Id> = [factored, node, spread].iter().map(|n| raiser.raise(*n)).collect();
        seeds.dedup();
        if row {
            seeds.iter_mut().for_each(|s| *s = raiser.terms.transpose(*s));
        }
        seeds
    }
}

/// Without the size of each dimension the work of a term is not known.
fn sizes_are_known(terms: &Terms, seeds: &[Id], sizes: &Sizes) -> Result<()> {
    let forms = seeds.iter().flat_map(|seed| terms.to_recexpr(*seed).as_ref().to_vec()).filter_map(|term| match term {
        Mat::Var(v) => Some(v.axes()),
        _ => None,
    });
    let missing = forms.flatten().flat_map(Dim::symbols).find(|s| sizes.get(*s).is_none());
    missing.map_or(Ok(()), |s| {
        let error = Error::new(ErrorKind::Data, format!("the size of {s} is not given"));
        Err(error.help(format!("name every dimension: `--for {s}=100,…`")))
    })
}

/// The shortest of equal terms as people write it.
pub(super) fn written(found: &[Rooted], setting: Setting) -> Result<Presented> {
    let (bodies, parts) = shortest(found, setting)?;
    let body = bodies.into_iter().next().ok_or_else(|| Error::new(ErrorKind::Internal, "no term was written"))?;
    Ok(Presented { body, parts })
}

/// The seeds that need no index notation.
fn only_formulas(terms: &Terms, seeds: &[Id]) -> Vec<Id> {
    let needs_indices = |t: &Mat| matches!(t, Mat::Contract(..) | Mat::LeviCivita(_) | Mat::Merge(..));
    seeds.iter().copied().filter(|s| !terms.to_recexpr(*s).as_ref().iter().any(needs_indices)).collect()
}
