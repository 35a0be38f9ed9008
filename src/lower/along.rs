//! Products of a derivative with directions, of which no larger tensor is formed: forwards along directions of the variables,
//! backwards along a direction of the function.
//!
//! The derivative is the one that `diff` gives. By a structured variable it is a projection, which is symmetric as a map, so
//! that its product with a direction is the derivative along the projected direction. By a part of a variable the direction
//! stands among zeros.

use super::{Frame, Lowering};
use crate::diff::{derivative, jvp, vjp};
use crate::error::{Error, Result};
use crate::expr::{Op, Subscript, Var};
use crate::index::{Axes, Graph, Labels, NodeId};
use crate::number::Number;
use crate::structure;
use crate::typed::{Typed, TypedId};

/// Which product, by the places of its variables and directions.
#[derive(Clone, Debug)]
pub enum Along {
    /// The derivative along a direction of each variable, so many times.
    Forward { pairs: Vec<(TypedId, TypedId)>, times: usize },
    /// The derivative by a variable, from a direction of the function.
    Reverse { variable: TypedId, direction: TypedId },
    /// The gradient by a variable, along a direction of it.
    OfGradient { variable: TypedId, direction: TypedId },
}

impl Along {
    fn variables(&self) -> Vec<TypedId> {
        match self {
            Along::Forward { pairs, .. } => pairs.iter().map(|(x, _)| *x).collect(),
            Along::Reverse { variable, .. } | Along::OfGradient { variable, .. } => vec![*variable],
        }
    }
}

/// The index form of a product of the derivative of an expression.
///
/// # Errors
/// If a construct is not supported, or a derivative is not known.
pub fn lower_along(graph: &mut Graph, typed: &Typed, along: &Along) -> Result<NodeId> {
    let mut lowering = Lowering::of(graph, typed, &along.variables());
    let node = lowering.along(along)?;
    Ok(lowering.with_structure(node))
}

/// A variable, and the part of it that moves.
struct Moving<'a> {
    /// As the function has it.
    variable: Var,
    declared: Var,
    part: Option<&'a [Subscript<TypedId>]>,
}

impl<'a> Lowering<'a> {
    fn along(&mut self, along: &Along) -> Result<NodeId> {
        let f = self.node(self.typed.root)?;
        match along {
            Along::Forward { pairs, times } => {
                let directions = self.directions(pairs)?;
                (0..*times).try_fold(f, |f, _| jvp(self.graph, f, &directions))
            }
            Along::Reverse { variable, direction } => {
                let moving = self.moving(*variable)?;
                let direction = self.node(*direction)?;
                let whole = vjp(self.graph, f, &moving.variable, direction)?;
                self.restricted(whole, &moving)
            }
            Along::OfGradient { variable, direction } => {
                let moving = self.moving(*variable)?;
                let gradient = derivative(self.graph, f, &moving.variable)?;
                let gradient = self.restricted(gradient, &moving)?;
                let directions = self.directions(&[(*variable, *direction)])?;
                jvp(self.graph, gradient, &directions)
            }
        }
    }

    fn moving(&self, x: TypedId) -> Result<Moving<'a>> {
        let (of, part) = match &self.typed.node(x).op {
            Op::Subscript(of, subscripts) => (*of, Some(subscripts.as_slice())),
            _ => (x, None),
        };
        let Op::Var(declared) = &self.typed.node(of).op else {
            return Err(Error::unsupported("the derivative with respect to an expression")
                .help("differentiate with respect to a variable or a part of one"));
        };
        let variable = self.lifted.iter().find(|(_, with)| with == declared).map_or(declared, |(without, _)| without);
        Ok(Moving { variable: variable.clone(), declared: declared.clone(), part })
    }

    /// The part of a derivative by the whole variable, or its projection.
    fn restricted(&mut self, whole: NodeId, moving: &Moving) -> Result<NodeId> {
        let Some(part) = moving.part else { return Ok(structure::project(self.graph, whole, &moving.declared, self.typed.convention)) };
        let mut frame = Frame::new();
        let (labels, kept) = self.subscript_labels(&mut frame, part, &moving.declared.axes())?;
        frame.draft.factor(whole, &labels);
        Ok(self.graph.contract(frame.draft.out(&kept)))
    }

    /// The direction of each variable as a whole, those of its parts added up.
    fn directions(&mut self, pairs: &[(TypedId, TypedId)]) -> Result<Vec<(Var, NodeId)>> {
        let mut all: Vec<(Var, NodeId)> = Vec::new();
        for (x, direction) in pairs {
            let moving = self.moving(*x)?;
            let direction = self.node(*direction)?;
            let direction = match moving.part {
                Some(part) => self.among_zeros(direction, part, &moving.declared.axes())?,
                None => structure::project(self.graph, direction, &moving.declared, self.typed.convention),
            };
            match all.iter_mut().find(|(v, _)| *v == moving.variable) {
                Some((_, sum)) => {
                    let axes: Axes = self.graph.axes(direction).into();
                    *sum = self.graph.sum(&axes, vec![(Number::ONE, *sum), (Number::ONE, direction)]);
                }
                None => all.push((moving.variable, direction)),
            }
        }
        Ok(all)
    }

    /// A tensor in its place in a larger one.
    fn among_zeros(&mut self, part: NodeId, subscripts: &[Subscript<TypedId>], axes: &[crate::Dim]) -> Result<NodeId> {
        let mut frame = Frame::new();
        let (whole, kept) = self.subscript_labels(&mut frame, subscripts, axes)?;
        frame.draft.factor(part, &kept);
        let whole: Labels = whole;
        Ok(self.graph.contract(frame.draft.out(&whole)))
    }
}
