//! Products of a derivative with directions: the questions, and what an undeclared direction is.

use super::asked::{known, part_by_axes, variable, with_axes_for_free_indices};
use super::{Asked, Engine, Found, on_a_deep_stack};
use crate::answer::{Answer, Notation, Profile};
use crate::dim::Symbol;
use crate::error::{Error, ErrorKind, Result};
use crate::expr::{Expr, Kind, Op, Shape};
use crate::infer::infer_beside;
use crate::lower::{Along, lower_along};
use crate::parse::{Declaration, Declarations};
use crate::question::Question;
use crate::structure::kind_of_change;
use crate::typed::{Typed, TypedId};

impl Engine {
    /// The Jacobian of F times a direction of each variable, summed: of F's shape. It is found forwards, from the directions, so
    /// that no tensor is larger than the value whose tangent it is. A direction has the shape of its variable, whose shape and
    /// structure an undeclared name gets; it is constant. By a structured variable it is the projection of the direction that
    /// counts, as the derivative is projected.
    ///
    /// ```
    /// use indicial::{Declarations, Engine, parse};
    /// let declarations = Declarations::parse("X: matrix(n, n)")?;
    /// let read = |text| parse(text, &declarations);
    /// let answer = Engine::new().jvp(&read("inv(X)")?, &[(read("X")?, read("V")?)], &declarations)?;
    /// assert_eq!(answer.to_string(), "-inv(X)*V*inv(X)");
    /// assert!(answer.verify(3)?.ok);
    /// # Ok::<(), indicial::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Engine::derivative`]; of kind `Shape` if a direction has not the shape of its variable.
    ///
    /// # Sources
    /// Griewank and Walther 2008, chapter 3; Pearlmutter 1994 (the product with a Hessian).
    pub fn jvp(&self, f: &Expr, directions: &[(Expr, Expr)], declarations: &Declarations) -> Result<Answer> {
        let (by, directions): (Vec<Expr>, Vec<Expr>) = directions.iter().cloned().unzip();
        self.product(f, &by, Question::Jvp(directions), declarations)
    }

    /// The transposed Jacobian of F times a direction of F: of the variable's shape. It is found backwards, from the direction,
    /// so that no tensor is larger than the value whose adjoint it is. An undeclared name gets F's shape.
    ///
    /// ```
    /// use indicial::{Declarations, Engine, parse};
    /// let declarations = Declarations::parse("A: matrix(m, n); X: matrix(n, k)")?;
    /// let read = |text| parse(text, &declarations);
    /// let answer = Engine::new().vjp(&read("A*exp(X)")?, &read("X")?, &read("V")?, &declarations)?;
    /// assert_eq!(answer.to_string(), "exp(X).*(A'*V)");
    /// # Ok::<(), indicial::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Engine::derivative`]; of kind `Shape` if the direction has not F's shape.
    pub fn vjp(&self, f: &Expr, x: &Expr, direction: &Expr, declarations: &Declarations) -> Result<Answer> {
        self.product(f, std::slice::from_ref(x), Question::Vjp(direction.clone()), declarations)
    }

    /// The Hessian of a scalar F times a direction of the variable, of whose shape it is: the derivative of the gradient along the
    /// direction. An undeclared name gets the variable's shape and structure.
    ///
    /// ```
    /// use indicial::{Declarations, Engine, parse};
    /// let declarations = Declarations::parse("X: matrix(m, n); y: vector(m); w: vector(n)")?;
    /// let read = |text| parse(text, &declarations);
    /// let answer = Engine::new().hvp(&read("sum(log(1 + exp(-y.*(X*w))))")?, &read("w")?, &read("v")?, &declarations)?;
    /// assert_eq!(answer.to_string(), "X'*(y.^2.*t1.*(1 - t1).*(X*v)) where t1 = sigmoid(-y.*(X*w))");
    /// # Ok::<(), indicial::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Engine::derivative`]; of kind `Shape` if F is no scalar or the direction has not the variable's shape.
    pub fn hvp(&self, f: &Expr, x: &Expr, direction: &Expr, declarations: &Declarations) -> Result<Answer> {
        self.product(f, std::slice::from_ref(x), Question::Hvp(direction.clone()), declarations)
    }

    /// The answer to a question with directions, for the variables of `by` in the order of these.
    pub(crate) fn product(&self, f: &Expr, by: &[Expr], question: Question, declarations: &Declarations) -> Result<Answer> {
        if self.notation == Notation::Differential {
            let error = Error::new(ErrorKind::Domain, "a product with a direction has no changes to write");
            return Err(error.help("ask for the product, or for the differential"));
        }
        by.iter().try_for_each(|x| known(x, f, declarations))?;
        let f = &with_axes_for_free_indices(f, declarations)?;
        let by = by.iter().map(|x| part_by_axes(x, f)).collect::<Result<Vec<_>>>()?;
        on_a_deep_stack(f.depth(), || {
            let mut profile = Profile::default();
            let directed = profile.stage("infer", || self.directed(f, &by, &question, declarations))?;
            let mut graph = self.graph();
            let node = profile.stage("lower and differentiate", || lower_along(&mut graph, &directed.typed, &directed.along))?;
            let wrt = by.iter().map(|x| variable(x, &directed.typed)).collect::<Result<Vec<_>>>()?;
            let rows = graph.order(node);
            // A tensor of F's or of X's axes is no derivative with two sets of axes to stack.
            let notation = if self.notation == Notation::Index { Notation::Index } else { Notation::Matrix };
            let found = Found { typed: directed.typed, graph, node, rows, row: directed.row };
            self.clone().notation(notation).finished(Asked { input: f, by: &by, wrt, question, whole: f }, found, profile)
        })
    }

    /// The function with its variables and directions, all shapes known.
    fn directed(&self, f: &Expr, by: &[Expr], question: &Question, declarations: &Declarations) -> Result<Directed> {
        let (reverse, directions) = match question {
            Question::Jvp(directions) => (false, directions.as_slice()),
            Question::Differential { changes, .. } => (false, changes.as_slice()),
            Question::Vjp(v) => (true, std::slice::from_ref(v)),
            Question::Hvp(v) => (false, std::slice::from_ref(v)),
            Question::Value | Question::Derivative => (false, &[][..]),
        };
        if directions.len() != by.len() {
            let error = Error::new(ErrorKind::Domain, format!("{} directions for {} variables", directions.len(), by.len()));
            return Err(error.help("give a direction for each variable, in the same order"));
        }
        let (declared, assumed) = self.with_directions(f, by, reverse, directions, declarations)?;
        let mut pairs = of_each(by, by);
        pairs.extend(by.iter().map(|x| if reverse { f } else { x }).cloned().zip(directions.iter().cloned()));
        let (typed, places) = infer_beside(f, &pairs, &declared)?;
        let mut typed = typed.by(self.convention);
        typed.assumed.extend(assumed);
        let (variables, directions) = places.split_at(by.len());
        let pairs: Vec<(TypedId, TypedId)> = variables.iter().zip(directions).map(|((x, _), (_, v))| (*x, *v)).collect();
        let is_row = |id: TypedId| matches!(typed.node(id).shape, Shape::Row(_));
        let row = match question {
            Question::Vjp(_) | Question::Hvp(_) => pairs.first().is_some_and(|(x, _)| is_row(*x)),
            Question::Value | Question::Derivative | Question::Jvp(_) | Question::Differential { .. } => is_row(typed.root),
        };
        let along = match (question, pairs.first()) {
            (Question::Vjp(_), Some((variable, direction))) => Along::Reverse { variable: *variable, direction: *direction },
            (Question::Hvp(_), Some((variable, direction))) => {
                of_a_scalar(&typed)?;
                Along::OfGradient { variable: *variable, direction: *direction }
            }
            (Question::Differential { order, .. }, _) => Along::Forward { pairs, times: *order },
            (Question::Value | Question::Derivative | Question::Jvp(_) | Question::Vjp(_) | Question::Hvp(_), _) => {
                Along::Forward { pairs, times: 1 }
            }
        };
        Ok(Directed { typed, along, row })
    }

    /// The declarations with those of the directions that are nothing but a name that stands nowhere else, and these names.
    fn with_directions(
        &self,
        f: &Expr,
        by: &[Expr],
        reverse: bool,
        directions: &[Expr],
        declarations: &Declarations,
    ) -> Result<(Declarations, Vec<Symbol>)> {
        let of: Vec<(usize, Symbol)> =
            directions.iter().enumerate().filter_map(|(at, v)| Some((at, new_name(v, f, declarations)?))).collect();
        let mut declared = declarations.clone();
        if of.is_empty() {
            return Ok((declared, Vec::new()));
        }
        // No length gets the name of a direction.
        let mut reserved = declarations.clone();
        for (_, name) in &of {
            if reserved.get(*name).is_none() {
                reserved.insert(*name, Declaration::Variable(Kind::plain(Shape::Scalar)))?;
            }
        }
        let pairs = of_each(by, by);
        let (typed, places) = infer_beside(f, &pairs, &reserved)?;
        for (at, name) in &of {
            if declared.get(*name).is_none() {
                let kind = if reverse { Kind::plain(typed.root().shape.clone()) } else { self.kind_of_direction(&typed, places[*at].0) };
                declared.insert(*name, Declaration::Variable(kind))?;
            }
        }
        let mut names: Vec<Symbol> = Vec::new();
        of.into_iter().for_each(|(_, name)| {
            if !names.contains(&name) {
                names.push(name)
            }
        });
        Ok((declared, names))
    }

    /// What a direction of a variable or of a part of one is, if nothing is said of it.
    pub(super) fn kind_of_direction(&self, typed: &Typed, x: TypedId) -> Kind {
        match &typed.node(x).op {
            Op::Var(v) => v.kind.as_ref().map_or_else(|| Kind::plain(Shape::Scalar), |kind| kind_of_change(kind, self.convention)),
            _ => Kind::plain(typed.node(x).shape.clone()),
        }
    }
}

/// Each with the one in the same place.
pub(super) fn of_each(by: &[Expr], directions: &[Expr]) -> Vec<(Expr, Expr)> {
    by.iter().cloned().zip(directions.iter().cloned()).collect()
}

/// A question whose places are found.
struct Directed {
    typed: Typed,
    along: Along,
    /// Whether the value is a row.
    row: bool,
}

/// The name that a direction is, if it is one that nothing declares and the function does not have.
fn new_name(direction: &Expr, f: &Expr, declarations: &Declarations) -> Option<Symbol> {
    match direction.op() {
        Op::Var(v) if v.kind.is_none() && declarations.get(v.name).is_none() && !f.mentions(v.name) => Some(v.name),
        _ => None,
    }
}

fn of_a_scalar(typed: &Typed) -> Result<()> {
    let root = typed.root();
    if root.shape == Shape::Scalar {
        return Ok(());
    }
    let error = Error::new(ErrorKind::Shape, format!("a Hessian is that of a scalar, and this is a {}", root.shape));
    let error = error.help("take the Jacobian times a direction (jvp), or the Hessian of a scalar such as the sum");
    Err(root.span.into_iter().fold(error, Error::at))
}
