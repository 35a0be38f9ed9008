//! Solving: an equation `L = R` to a formula for its unknown.
//!
//! - `linear`: the derivative of `L - R` by the unknown, where it does not depend on it, is a linear map, which `split` takes
//!   apart into terms `A*X*B`
//! - `structured`: an unknown that is symmetric, diagonal, hollow, …
//! - `undo`: equations that become linear: a function of the unknown that has an inverse, an unknown below the line
//! - `provisos`: what has to hold, in words
//! - `residual`: the solution put into the equation at random points; what does not solve it is never shown
//!
//! Ends because each step of `undo` goes from a node to one below it, or leaves fewer inverses.

mod linear;
mod provisos;
mod residual;
mod split;
mod structured;
mod undo;

use crate::answer::{Answer, Notation, Profile};
use crate::dim::Symbol;
use crate::error::{Error, ErrorKind, Result};
use crate::expr::{Expr, Op, Shape, Structure, Var};
use crate::function::{Call, Function};
use crate::index::{Graph, Node, NodeId};
use crate::infer::infer;
use crate::layout::Layout;
use crate::lower::lower;
use crate::number::Number;
use crate::parse::Declarations;
use crate::pipeline::asked::with_axes_for_free_indices;
use crate::pipeline::{Engine, declared_names, on_a_deep_stack};
use crate::present::{Presented, Setting};
use crate::question::Question;
use crate::solution::{Extent, Solution};
use crate::structure::{lifted, substitute};
use crate::typed::Typed;
use indexmap::IndexSet;
use provisos::Need;
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
        if self.notation_asked() == Notation::Differential {
            return Err(Error::unsupported("differential notation of a solution").help("leave `--notation differential` out"));
        }
        let Op::Var(Var { name, .. }) = unknown.op() else {
            return Err(Error::unsupported(format!("solving for {unknown}")).help("solve for a whole variable"));
        };
        if !difference.mentions(*name) {
            return Err(Error::new(ErrorKind::Name, format!("{name} does not occur in the equation")));
        }
        let typed = infer(&difference, declarations).map_err(|e| of_sides(e, left, right, declarations))?;
        let equation = Equation { left, right, unknown: named(*name, &typed)?, typed };
        let mut last = None;
        for attempt in Attempt::of(&equation.unknown) {
            match self.attempt(&equation, *attempt) {
                Ok(solution) => return Ok(solution),
                // What a more general equation has no meaning for is not said of this one.
                Err(e) if last.is_none() || e.kind == ErrorKind::Unsupported => last = Some(e),
                Err(_) => {}
            }
        }
        Err(last.unwrap_or_else(|| unknown_way(*name)))
    }

    fn attempt(&self, equation: &Equation, attempt: Attempt) -> Result<Solution> {
        let mut solver = Solver { engine: self, graph: Graph::new(), needs: Vec::new(), reach: Reach::Only, declared: &equation.unknown };
        let declared = &equation.unknown;
        let general = lifted(declared);
        let value = match attempt {
            Attempt::AsDeclared => {
                let g = lower(&mut solver.graph, &equation.typed)?;
                solver.unknown_of(g, declared)?
            }
            Attempt::General => {
                let g = solver.lowered(equation, &general)?;
                solver.unknown_of(g, &general)?
            }
            Attempt::Structured => {
                let g = solver.lowered(equation, &general)?;
                solver.structured(g, &general, declared)?
            }
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

/// How the structure of the unknown is taken into account.
#[derive(Clone, Copy)]
enum Attempt {
    /// Left to turn out by itself.
    General,
    /// Used where the equation is written, as in `S' = S`, and left to turn out in the solution.
    AsDeclared,
    /// Made use of.
    Structured,
}

impl Attempt {
    /// A general solution that happens to have the structure is shorter.
    fn of(unknown: &Var) -> &'static [Attempt] {
        match unknown.kind.as_ref().map_or(Structure::General, |k| k.structure) {
            Structure::General => &[Attempt::General],
            Structure::Diagonal => &[Attempt::Structured],
            _ => &[Attempt::General, Attempt::AsDeclared, Attempt::Structured],
        }
    }
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
    /// The unknown with its structure, which an attempt may leave out of account.
    declared: &'a Var,
}

impl Solver<'_> {
    /// The difference of the sides with an unknown each entry of which moves by itself.
    fn lowered(&mut self, equation: &Equation, general: &Var) -> Result<NodeId> {
        let declared = &equation.unknown;
        let differentiated = equation.typed.nodes.iter().any(|n| matches!(n.op, Op::Diff(..)));
        if declared == general || differentiated {
            // A derivative by the unknown is that of its structure.
            let g = lower(&mut self.graph, &equation.typed)?;
            return Ok(substitute(&mut self.graph, g, &[(declared.clone(), general.clone())]));
        }
        let mut typed = equation.typed.clone();
        for node in &mut typed.nodes {
            if matches!(&node.op, Op::Var(v) if v == declared) {
                node.op = Op::Var(general.clone());
            }
        }
        typed.variables.insert(general.name, general.clone());
        lower(&mut self.graph, &typed)
    }

    /// The value of `x` for which `g` is 0.
    fn unknown_of(&mut self, g: NodeId, x: &Var) -> Result<NodeId> {
        if !self.depends(g, x) {
            return Err(self.cancelled(g, x));
        }
        match self.linear(g, x) {
            Some(linear) => self.solve_linear(&linear),
            None => self.undo(g, x),
        }
    }

    /// The error of an equation in which the unknown is not left.
    fn cancelled(&self, g: NodeId, x: &Var) -> Error {
        let name = x.name;
        let (_, core) = self.graph.unscaled(g);
        let number = |a: NodeId| self.graph.as_constant(a).is_some();
        let why = match self.graph.node(core) {
            Node::Zero(_) => format!("the equation holds for every {name}"),
            // A number, or an array of it.
            Node::Contract(c) if number(g) || c.factors.is_empty() => format!("the equation holds for no {name}"),
            _ => format!("what is left does not depend on {name}"),
        };
        Error::new(ErrorKind::Domain, format!("{name} cancels: {why}"))
    }

    fn depends(&mut self, g: NodeId, x: &Var) -> bool {
        let variable = self.graph.insert(Node::Var(x.clone()));
        self.graph.reachable(&[g]).contains(&variable)
    }

    /// The entrywise reciprocal.
    fn reciprocal(&mut self, w: NodeId) -> NodeId {
        self.need_nonzero(w);
        self.graph.power(w, &Number::MINUS_ONE)
    }

    /// The inverse of a square matrix.
    fn inverse(&mut self, m: NodeId) -> NodeId {
        self.need_invertible(m);
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
        let (formula, notation) = self.textbook(value, (order, row), &names, &mut profile)?;
        let extent = self.extent(equation, &names)?;
        let provisos = self.provisos(equation, &formula, &names)?;
        let answer = Answer {
            input: formula.inlined(),
            question: Question::Value,
            wrt: Vec::new(),
            by: Vec::new(),
            variables: equation.typed.variables.values().cloned().collect(),
            assumed: equation.typed.assumed.clone(),
            shape: self.graph.axes(value).to_vec(),
            notation,
            convention: equation.typed.convention,
            layout: Layout::Mixed,
            formula,
            laid_out: None,
            profile,
            rows: order,
        };
        let (left, right) = (equation.left.clone(), equation.right.clone());
        Ok(Solution { left, right, unknown: equation.unknown.clone(), answer, extent, provisos, residual: residual::NOT_YET })
    }

    /// The simplest form, or the form in which the solution was found, if that is no longer: `inv(A'*A + c*eye(n))*A'*b` and
    /// not `A'*inv(A*A' + c*eye(m))*b`.
    fn textbook(
        &mut self,
        value: NodeId,
        form: (usize, bool),
        names: &BTreeSet<Symbol>,
        profile: &mut Profile,
    ) -> Result<(Presented, Notation)> {
        let setting = Setting { taken: names, input: None };
        let simplest = self.engine.formula(&mut self.graph, value, form, setting, profile)?;
        let plain = self.engine.clone().saturation(false);
        let found = plain.formula(&mut self.graph, value, form, setting, &mut Profile::default())?;
        // `inv(X'*X)*X'` is `pinv(X)` where it exists; the conditions are said of the inverse.
        let pseudo = |p: &Presented| p.inlined().any(&mut |op| matches!(op, Op::Call(Function::Call(Call::Pinv), _)));
        if pseudo(&simplest.0) && !pseudo(&found.0) && found.1 <= simplest.1 {
            return Ok(found);
        }
        let length = |p: &Presented| p.body.nodes() + p.parts.iter().map(|(_, part)| part.nodes()).sum::<u64>();
        Ok(if found.1 <= simplest.1 && length(&found.0) <= length(&simplest.0) { found } else { simplest })
    }

    fn written(&mut self, node: NodeId, names: &BTreeSet<Symbol>) -> Result<Expr> {
        let order = self.graph.order(node);
        let setting = Setting { taken: names, input: None };
        let (formula, _) = self.engine.formula(&mut self.graph, node, (order, false), setting, &mut Profile::default())?;
        Ok(formula.inlined())
    }

    fn extent(&mut self, equation: &Equation, names: &BTreeSet<Symbol>) -> Result<Extent> {
        Ok(match self.reach.clone() {
            Reach::Only => Extent::Only,
            Reach::Principal => Extent::Principal,
            Reach::LeastSquares => Extent::LeastSquares,
            Reach::LeastNorm(map) => {
                let kind = equation.unknown.kind.as_ref().map(|k| k.as_ref().clone());
                let name = free_name(names);
                let z = kind.map_or_else(|| Var::undeclared(&name), |kind| Var::new(&name, kind));
                let symbol = z.name;
                let z = self.graph.insert(Node::Var(z));
                let moved = self.applied(map, z);
                let (_, moved) = self.graph.unscaled(moved);
                if moved == z {
                    // Nothing that has the structure of the unknown is mapped to 0.
                    return Ok(Extent::Only);
                }
                let zero = self.graph.zero(&self.graph.axes_of_node(moved));
                Extent::LeastNorm(symbol, self.written(moved, names)?, self.written(zero, names)?)
            }
        })
    }
}

/// Z, or another name that the equation does not have.
fn free_name(names: &BTreeSet<Symbol>) -> String {
    let taken = |name: &String| names.iter().any(|n| n.to_string() == *name);
    let numbered = (0..).map(|k| if k == 0 { "Z".to_owned() } else { format!("Z{k}") });
    numbered.into_iter().find(|name| !taken(name)).unwrap_or_default()
}

/// The variable of that name with the kind that was found.
fn named(name: Symbol, typed: &Typed) -> Result<Var> {
    typed.variables.get(&name).cloned().ok_or_else(|| Error::new(ErrorKind::Name, format!("{name} does not occur in the equation")))
}

/// An error of the difference of the sides, as one of the sides.
fn of_sides(error: Error, left: &Expr, right: &Expr, declarations: &Declarations) -> Error {
    match (infer(left, declarations), infer(right, declarations)) {
        (Ok(l), Ok(r)) if error.kind == ErrorKind::Shape => {
            let shapes = (&l.root().shape, &r.root().shape);
            let message = format!("the sides of the equation have different shapes: {left}: {} and {right}: {}", shapes.0, shapes.1);
            let places = left.span().into_iter().chain(right.span());
            let error = places.fold(Error::new(ErrorKind::Shape, message), |e, place| e.note(place, "one side"));
            match taken_for_matrices(&[&l, &r]).as_slice() {
                [] => error,
                all => error.help(all.join("\n")),
            }
        }
        _ => error,
    }
}

/// What to say of names that nobody declared: `N` for a number of observations is easily forgotten.
fn taken_for_matrices(sides: &[&Typed]) -> Vec<String> {
    let assumed = sides.iter().flat_map(|side| side.assumed.iter().filter_map(|name| side.variables.get(name)));
    let matrices: IndexSet<Symbol> = assumed.filter(|v| v.axes().len() == 2).map(|v| v.name).collect();
    matrices.iter().map(|name| format!("`{name}` is not declared and was taken for a matrix; declare it if it is a scalar")).collect()
}

fn unknown_way(x: Symbol) -> Error {
    Error::new(ErrorKind::Unsupported, format!("no way is known to solve this equation for {x}"))
        .help(format!("{x} is found where the equation is linear in it, or in one function that has an inverse"))
}
