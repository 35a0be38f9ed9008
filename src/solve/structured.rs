//! Unknowns with a structure.
//!
//! A diagonal unknown is its diagonal. Where there are fewer equations than entries, the map is projected on the structure, so
//! that the solution of least norm has it. A symmetric or skew unknown of a matrix equation is found by least squares: the
//! normal equations `N(X) = C` and their transposes together keep symmetry.

use super::linear::Linear;
use super::{Solver, unknown_way};
use crate::contract::Draft;
use crate::error::Result;
use crate::expr::{Structure, Var};
use crate::index::NodeId;
use crate::number::Number;
use crate::structure::{Convention, project};

impl Solver<'_> {
    /// The value of `x`, of the structure of `declared`, for which `g` is 0.
    pub(super) fn structured(&mut self, g: NodeId, x: &Var, declared: &Var) -> Result<NodeId> {
        if !self.depends(g, x) {
            return Err(self.cancelled(g, x));
        }
        let linear = self.linear(g, x).ok_or_else(|| unknown_way(x.name))?;
        let structure = declared.kind.as_ref().map_or(Structure::General, |k| k.structure);
        let equations = self.graph.order(linear.right);
        match structure {
            Structure::Diagonal => {
                let entries = self.of_diagonal(&linear)?;
                let n = x.axes()[0];
                let mut draft = Draft::new();
                let l = draft.label(n);
                draft.factor(entries, &[l]);
                Ok(self.graph.contract(draft.out(&[l, l])))
            }
            Structure::General | Structure::Orthogonal => Err(unknown_way(x.name)),
            _ if equations < 2 => {
                let map = project(&mut self.graph, linear.map, declared, Convention::Projected);
                self.least_norm(&Linear { map, right: linear.right })
            }
            Structure::Symmetric | Structure::PositiveDefinite => self.mirrored(&linear, &Number::ONE),
            Structure::Skew => self.mirrored(&linear, &Number::MINUS_ONE),
            Structure::Lower | Structure::Upper | Structure::Hollow => Err(unknown_way(x.name)),
        }
    }

    /// The diagonal of the unknown.
    fn of_diagonal(&mut self, linear: &Linear) -> Result<NodeId> {
        let axes = self.graph.axes_of_node(linear.map);
        let mut draft = Draft::new();
        let mut labels = draft.labels(&axes[..axes.len() - 1]);
        let out = labels.clone();
        labels.extend(out.last().copied());
        draft.factor(linear.map, &labels);
        let map = self.graph.contract(draft.out(&out));
        self.solve_linear(&Linear { map, right: linear.right })
    }

    /// `X = sign*X'` of least squares.
    fn mirrored(&mut self, linear: &Linear, sign: &Number) -> Result<NodeId> {
        let normal = self.normal_equations(linear);
        let turned = self.graph.permute(normal.map, &[1, 0, 3, 2]);
        let map = self.plus(normal.map, Number::ONE, turned);
        let transposed = self.graph.transpose(normal.right);
        let right = self.plus(normal.right, sign.clone(), transposed);
        let value = self.solve_linear(&Linear { map, right })?;
        self.only_if_consistent(linear, value);
        Ok(value)
    }
}
