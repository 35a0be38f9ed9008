//! Solving: an equation `L = R` to a formula for its unknown.
//!
//! - `linear`: the derivative of `L - R` by the unknown, where it does not depend on it, is a linear map, which `split` takes
//!   apart into terms `A*X*B`
//! - `structured`: an unknown that is symmetric, diagonal, hollow, …
//! - `undo`: equations that become linear: a function of the unknown that has an inverse, an unknown below the line
//! - `residual`: the solution put into the equation at random points; what does not solve it is never shown
//!
//! Ends because each step of `undo` goes from a node to one below it, or leaves fewer inverses.

mod linear;
mod residual;
mod split;
mod structured;
mod undo;

use crate::answer::{Answer, Profile};
use crate::dim::Symbol;
use crate::error::{Error, ErrorKind, Result};
use crate::expr::{Expr, Op, Shape, Structure, Var};
use crate::fact::Facts;
use crate::function::Sign;
use crate::index::{Graph, Node, NodeId};
use crate::infer::infer;
use crate::lower::lower;
use crate::number::Number;
use crate::parse::Declarations;
use crate::pipeline::{Engine, declared_names, on_a_deep_stack, with_axes_for_free_indices};
use crate::proof::Requirement;
use crate::solution::{Extent, Proviso, Solution};
use crate::structure::{lifted, substitute};
use crate::typed::Typed;
use std::collections::BTreeSet;

impl Engine {
    /// The unknown of an equation that is linear in it or becomes so: the only solution, or of many that of least norm, or
    /// where there may be none that of least squares; [`Solution::remarks`] says which and under which conditions. Terms
    /// `diff(F, x)` may stand in it, so that stationarity is an equation like any other. The unknown may have a structure.
    ///
    /// ```
    /// use indicial::{Declarations, Engine, parse, parse_equation};
    /// let declarations = Declarations::parse("X: matrix(m, n); y: vector(m); w: vector(n); c: scalar > 0")?;
    /// let (left, right) = parse_equation("diff(norm2(X*w - y)^2 + c*norm2(w)^2, w) = 0", &declarations)?;
    /// let solution = Engine::new().solve(&left, &right, &parse("w", &declarations)?, &declarations)?;
    /// assert_eq!(solution.to_string(), "inv(X'*X + c*eye(n))*X'*y");
    /// # Ok::<(), indicial::Error>(())
    /// ```
    ///
    /// # Errors
    /// If shapes do not fit, the unknown is not in the equation or cancels, or no way to a solution is known.
    ///
    /// # Sources
    /// Magnus and Neudecker 2019, chapters 2 and 11 (linear matrix equations by vec and Kronecker products); Ben-Israel and
    /// Greville 2003 (solutions of least norm and of least squares).
    pub fn solve(&self, left: &Expr, right: &Expr, unknown: &Expr, declarations: &Declarations) -> Result<Solution> {
        on_a_deep_stack(left.depth().max(right.depth()) + 8, || self.solved(left, right, unknown, declarations))
    }

    fn solved(&self, left: &Expr, right: &Expr, unknown: &Expr, declarations: &Declarations) -> Result<Solution> {
        let difference = with_axes_for_free_indices(&(left - right), declarations)?;
        let Op::Var(Var { name, .. }) = unknown.op() else {
            return Err(Error::unsupported(format!("solving for {unknown}")).help("solve for a whole variable"));
        };
        if !difference.mentions(*name) {
            return Err(Error::new(ErrorKind::Name, format!("{name} does not occur in the equation")));
        }
        let typed = infer(&difference, declarations)?;
        let equation = Equation { left, right, unknown: named(*name, &typed)?, typed };
        let mut last = None;
        for attempt in Attempt::of(&equation.unknown) {
            match self.attempt(&equation, attempt) {
                Ok(solution) => return Ok(solution),
                Err(e) => last = Some(e),
            }
        }
        Err(last.unwrap_or_else(|| unknown_way(*name)))
    }

    fn attempt(&self, equation: &Equation, attempt: Attempt) -> Result<Solution> {
        let mut solver = Solver { engine: self, graph: Graph::new(), needs: Vec::new(), reach: Reach::Only };
        let g = lower(&mut solver.graph, &equation.typed)?;
        let x = lifted(&equation.unknown);
        // Each entry moves by itself; what the structure asks for comes afterwards.
        let g = if x == equation.unknown { g } else { substitute(&mut solver.graph, g, &[(equation.unknown.clone(), x.clone())]) };
        let value = match attempt {
            Attempt::General => solver.unknown_of(g, &x)?,
            Attempt::Structured => solver.structured(g, &x, &equation.unknown)?,
        };
        let solution = solver.solution(equation, value)?;
        residual::verified(solution, equation)
    }
}

/// An equation that has been understood.
struct Equation<'a> {
    left: &'a Expr,
    right: &'a Expr,
    unknown: Var,
    /// The difference of the sides.
    typed: Typed,
}

/// Whether the structure of the unknown is left to turn out by itself, or is made use of.
#[derive(Clone, Copy)]
enum Attempt {
    General,
    Structured,
}

impl Attempt {
    /// A general solution that happens to have the structure is shorter.
    fn of(unknown: &Var) -> Vec<Attempt> {
        match unknown.kind.as_ref().map(|k| k.structure) {
            None | Some(Structure::General) => vec![Attempt::General],
            Some(_) => vec![Attempt::General, Attempt::Structured],
        }
    }
}

/// What has to hold, as nodes.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Need {
    Invertible(NodeId),
    NonZero(NodeId),
    Positive(NodeId),
    Spectra(NodeId, NodeId),
    Consistent(NodeId, NodeId),
}

/// How many solutions there are, as nodes.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Reach {
    Only,
    Principal,
    /// The linear map, with the unknown's axes last.
    LeastNorm(NodeId),
    LeastSquares,
}

struct Solver<'a> {
    engine: &'a Engine,
    graph: Graph,
    needs: Vec<Need>,
    reach: Reach,
}

impl Solver<'_> {
    /// The value of `x` for which `g` is 0.
    fn unknown_of(&mut self, g: NodeId, x: &Var) -> Result<NodeId> {
        if !self.depends(g, x) {
            return Err(cancelled(x, matches!(self.graph.node(g), Node::Zero(_))));
        }
        match self.linear(g, x) {
            Some(linear) => self.solve_linear(&linear),
            None => self.undo(g, x),
        }
    }

    fn depends(&mut self, g: NodeId, x: &Var) -> bool {
        let variable = self.graph.insert(Node::Var(x.clone()));
        self.graph.reachable(&[g]).contains(&variable)
    }

    fn need(&mut self, need: Need) {
        if !self.needs.contains(&need) {
            self.needs.push(need);
        }
    }

    /// The entrywise reciprocal.
    fn reciprocal(&mut self, w: NodeId) -> NodeId {
        let number = self.graph.as_constant(w).is_some_and(|c| !c.is_zero());
        if !number && self.graph.meta(w).sign != Sign::Positive {
            let (_, core) = self.graph.unscaled(w);
            self.need(Need::NonZero(core));
        }
        self.graph.power(w, &Number::MINUS_ONE)
    }

    /// The inverse of a square matrix.
    fn inverse(&mut self, m: NodeId) -> NodeId {
        if !self.graph.meta(m).facts.contains(Facts::INVERTIBLE) {
            let (_, core) = self.graph.unscaled(m);
            self.need(Need::Invertible(core));
        }
        self.graph.inverse(m)
    }

    /// `out[labels]` of matrices one after the other.
    fn product(&mut self, matrices: &[NodeId]) -> NodeId {
        let factors: Vec<(NodeId, [u16; 2])> = matrices.iter().enumerate().map(|(k, m)| (*m, [k as u16, k as u16 + 1])).collect();
        let factors: Vec<(NodeId, &[u16])> = factors.iter().map(|(m, labels)| (*m, &labels[..])).collect();
        self.graph.einsum(&[0, matrices.len() as u16], &factors)
    }

    fn solution(&mut self, equation: &Equation, value: NodeId) -> Result<Solution> {
        let names = declared_names(&equation.typed);
        let mut profile = Profile::default();
        let order = self.graph.order(value);
        let row = matches!(equation.unknown.kind.as_ref().map(|k| &k.shape), Some(Shape::Row(_)));
        let (formula, notation) = self.engine.formula(&mut self.graph, value, (order, row), &names, &mut profile)?;
        let extent = self.extent(equation, &names)?;
        let needs = std::mem::take(&mut self.needs);
        let provisos = needs.into_iter().map(|need| self.proviso(need, &names)).collect::<Result<Vec<_>>>()?;
        let answer = Answer {
            input: formula.inlined(),
            wrt: Vec::new(),
            by: Vec::new(),
            variables: equation.typed.variables.values().cloned().collect(),
            assumed: equation.typed.assumed.clone(),
            shape: self.graph.axes(value).to_vec(),
            notation,
            convention: equation.typed.convention,
            formula,
            profile,
            rows: order,
        };
        let (left, right) = (equation.left.clone(), equation.right.clone());
        Ok(Solution { left, right, unknown: equation.unknown.clone(), answer, extent, provisos, residual: residual::NOT_YET })
    }

    fn written(&mut self, node: NodeId, names: &BTreeSet<Symbol>) -> Result<Expr> {
        let order = self.graph.order(node);
        let (formula, _) = self.engine.formula(&mut self.graph, node, (order, false), names, &mut Profile::default())?;
        Ok(formula.inlined())
    }

    fn proviso(&mut self, need: Need, names: &BTreeSet<Symbol>) -> Result<Proviso> {
        Ok(match need {
            Need::Invertible(a) => Proviso::Requires(Requirement::Invertible(self.written(a, names)?)),
            Need::NonZero(a) => Proviso::Requires(Requirement::NonZero(self.written(a, names)?)),
            Need::Positive(a) => Proviso::Requires(Requirement::Positive(self.written(a, names)?)),
            Need::Spectra(a, b) => Proviso::Spectra(self.written(a, names)?, self.written(b, names)?),
            Need::Consistent(a, b) => Proviso::Consistent(self.written(a, names)?, self.written(b, names)?),
        })
    }

    fn extent(&mut self, equation: &Equation, names: &BTreeSet<Symbol>) -> Result<Extent> {
        Ok(match self.reach.clone() {
            Reach::Only => Extent::Only,
            Reach::Principal => Extent::Principal,
            Reach::LeastSquares => Extent::LeastSquares,
            Reach::LeastNorm(map) => {
                let kind = equation.unknown.kind.as_ref().map(|k| k.as_ref().clone());
                let z = kind.map_or_else(|| Var::undeclared("Z"), |kind| Var::new("Z", kind));
                let z = self.graph.insert(Node::Var(z));
                let moved = self.applied(map, z);
                let zero = self.graph.zero(&self.graph.axes_of_node(moved));
                Extent::LeastNorm(self.written(moved, names)?, self.written(zero, names)?)
            }
        })
    }
}

/// The variable of that name with the kind that was found.
fn named(name: Symbol, typed: &Typed) -> Result<Var> {
    typed.variables.get(&name).cloned().ok_or_else(|| Error::new(ErrorKind::Name, format!("{name} does not occur in the equation")))
}

fn cancelled(x: &Var, holds: bool) -> Error {
    let (what, which) = if holds { ("holds for every", "any value") } else { ("holds for no", "no value") };
    let name = x.name;
    Error::new(ErrorKind::Domain, format!("{name} cancels: the equation {what} {name}")).help(format!("{which} of {name} solves it"))
}

fn unknown_way(x: Symbol) -> Error {
    Error::new(ErrorKind::Unsupported, format!("no way is known to solve this equation for {x}"))
        .help(format!("what is linear in {x}, or a function that has an inverse of what is, can be solved"))
}
