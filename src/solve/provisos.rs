//! What has to hold for a solution, collected on the way as nodes and said in words.

use super::{Equation, Solver};
use crate::answer::declarations_of;
use crate::contract::Draft;
use crate::dim::Symbol;
use crate::error::Result;
use crate::expr::{Expr, Op};
use crate::fact::Facts;
use crate::function::Sign;
use crate::index::{Contraction, Labels, Node, NodeId, Opaque};
use crate::infer::infer;
use crate::lower::lower;
use crate::number::Number;
use crate::present::Presented;
use crate::proof::Requirement;
use crate::prove::{expression_of, requirements};
use crate::solution::{Proviso, Region};
use std::collections::BTreeSet;

/// What has to hold, as nodes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Need {
    Invertible(NodeId),
    NonZero(NodeId),
    Positive(NodeId),
    Spectra(NodeId, NodeId),
    Eigenvalues(NodeId, Region),
    Consistent(NodeId, NodeId),
}

impl Solver<'_> {
    pub(super) fn need(&mut self, need: Need) {
        if !self.needs.contains(&need) {
            self.needs.push(need);
        }
    }

    /// That no entry is 0, as what has to hold of each factor for that.
    pub(super) fn need_nonzero(&mut self, w: NodeId) {
        if self.graph.as_constant(w).is_some_and(|c| !c.is_zero()) || self.graph.meta(w).sign == Sign::Positive {
            return;
        }
        match self.graph.node(w).clone() {
            Node::Scale(_, core) => self.need_nonzero(core),
            Node::Contract(c) if has_delta(&c) => self.need(Need::NonZero(w)),
            // A reciprocal is 0 nowhere.
            Node::Power(_, p) if p.is_negative() => {}
            Node::Power(base, _) => self.need_nonzero(base),
            Node::Contract(c) if c.factors.iter().all(|f| f.labels.is_empty() || f.labels == c.out) => {
                c.factors.iter().for_each(|f| self.need_nonzero(f.node));
            }
            // What is repeated along an axis is asked once.
            Node::Contract(c) if c.out.iter().any(|l| !c.factors.iter().any(|f| f.labels.contains(l))) => {
                let mut draft = Draft::new();
                draft.labels(&c.dims);
                let (kept, gone): (Labels, Labels) = c.out.iter().copied().partition(|l| c.factors.iter().any(|f| f.labels.contains(l)));
                gone.iter().for_each(|l| draft.retire(*l));
                draft.factors.extend(c.factors.iter().cloned());
                let once = self.graph.contract(draft.out(&kept));
                self.need_nonzero(once);
            }
            _ => self.need(Need::NonZero(w)),
        }
    }

    pub(super) fn need_invertible(&mut self, m: NodeId) {
        if self.graph.meta(m).facts.contains(Facts::INVERTIBLE) {
            return;
        }
        // A product of square matrices is invertible where each of them is, and an inverse is.
        let (_, core) = self.graph.unscaled(m);
        match self.graph.node(core).clone() {
            Node::Opaque(Opaque::Inv, _) => {}
            Node::Contract(c) => match self.graph.links(&c).filter(|links| links.len() > 1) {
                Some(links) => links.into_iter().for_each(|x| self.need_invertible(x)),
                None => self.need(Need::Invertible(core)),
            },
            _ => self.need(Need::Invertible(core)),
        }
    }

    pub(super) fn need_positive(&mut self, a: NodeId) {
        let number = self.graph.as_constant(a).is_some_and(|c| c > Number::ZERO);
        if !number && self.graph.meta(a).sign != Sign::Positive {
            self.need(Need::Positive(a));
        }
    }

    /// That the eigenvalues lie there, unless that is known.
    pub(super) fn need_eigenvalues(&mut self, a: NodeId, region: Region) {
        let facts = self.graph.meta(a).facts;
        let known = match region {
            Region::OffTheNegativeAxis | Region::RightHalfPlane => facts.contains(Facts::POSDEF),
            Region::Strip => facts.contains(Facts::SYMMETRIC),
        };
        if !known {
            self.need(Need::Eigenvalues(a, region));
        }
    }

    /// What has to hold: for each step, and for the equation to have a meaning where the solution is put in.
    pub(super) fn provisos(&mut self, equation: &Equation, formula: &Presented, names: &BTreeSet<Symbol>) -> Result<Vec<Proviso>> {
        let mut provisos: Vec<Proviso> = Vec::new();
        let text = formula.inlined().to_string();
        for need in std::mem::take(&mut self.needs) {
            let proviso = self.proviso(need, &text, names)?;
            if !provisos.contains(&proviso) {
                provisos.push(proviso);
            }
        }
        let x = &equation.unknown;
        let value = formula.inlined();
        let asked = requirements(std::iter::once(&expression_of(&equation.typed)), &[]);
        for r in asked.into_iter().filter(|r| r.of().mentions(x.name)) {
            let typed = infer(&r.of().with(x.name, &value), &declarations_of(equation.typed.variables.values()))?;
            let node = lower(&mut self.graph, &typed)?;
            let before = self.needs.len();
            match r {
                Requirement::Invertible(_) => self.need_invertible(node),
                Requirement::NonZero(_) => self.need_nonzero(node),
                Requirement::Positive(_) => self.need_positive(node),
            }
            for need in self.needs.split_off(before) {
                let proviso = self.proviso(need, &text, names)?;
                if !provisos.contains(&proviso) {
                    provisos.push(proviso);
                }
            }
        }
        Ok(provisos)
    }

    /// A need in words; of its spellings that which stands in the solution.
    fn proviso(&mut self, need: Need, solution: &str, names: &BTreeSet<Symbol>) -> Result<Proviso> {
        Ok(match need {
            Need::Invertible(a) => {
                let turned = self.graph.transpose(a);
                Proviso::Requires(Requirement::Invertible(self.as_in(solution, &[a, turned], names)?))
            }
            Need::NonZero(a) => Proviso::Requires(Requirement::NonZero(base(self.as_in(solution, &[a], names)?))),
            Need::Positive(a) => Proviso::Requires(Requirement::Positive(self.written(a, names)?)),
            Need::Spectra(a, b) => Proviso::Spectra(self.written(a, names)?, self.written(b, names)?),
            Need::Eigenvalues(a, region) => {
                let turned = self.graph.transpose(a);
                Proviso::Eigenvalues(self.as_in(solution, &[a, turned], names)?, region)
            }
            Need::Consistent(a, b) => Proviso::Consistent(self.written(a, names)?, self.written(b, names)?),
        })
    }

    /// One of these or its negative as it stands in the solution, otherwise the shortest.
    fn as_in(&mut self, solution: &str, spellings: &[NodeId], names: &BTreeSet<Symbol>) -> Result<Expr> {
        let mut all: Vec<(Expr, String)> = Vec::new();
        for node in spellings {
            let negative = self.graph.negate(*node);
            for spelling in [*node, negative] {
                let e = self.written(spelling, names)?;
                let text = e.to_string();
                all.push((e, text));
            }
        }
        let found = all.iter().position(|(_, text)| solution.contains(text.as_str()));
        let shortest = (0..all.len()).min_by_key(|at| all[*at].1.len());
        let at = found.or(shortest).unwrap_or_default();
        Ok(all.swap_remove(at).0)
    }
}

/// Whether an array is 0 off a diagonal.
pub(super) fn has_delta(c: &Contraction) -> bool {
    c.out.iter().enumerate().any(|(k, l)| c.out[..k].contains(l))
}

/// A power is 0 where its base is.
fn base(e: Expr) -> Expr {
    match e.op() {
        Op::Pow(b, p) | Op::HadPow(b, p) if matches!(p.op(), Op::Number(n) if *n > Number::ZERO) => b.clone(),
        _ => e,
    }
}
