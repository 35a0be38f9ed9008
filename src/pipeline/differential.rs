//! Differentials: dF with the changes of the variables in place.

use super::asked::{known, part_by_axes, variable, with_axes_for_free_indices};
use super::products::of_each;
use super::{Asked, Engine, Found, declared_names, on_a_deep_stack};
use crate::answer::{Answer, Notation, Profile, declarations_of};
use crate::dim::{Dim, Symbol};
use crate::error::{Error, ErrorKind, Result};
use crate::expr::{Expr, Kind, Op, Shape, Var};
use crate::function::Function;
use crate::index::Graph;
use crate::infer::{infer, infer_beside};
use crate::lower;
use crate::parse::{Declaration, Declarations};
use crate::present::{PartialDifferential, present_differential};
use crate::question::Question;
use crate::structure::kind_of_change;
use crate::typed::Typed;

impl Engine {
    /// The differential of F by all variables together, of F's shape: the derivative along their changes, linear in them. The change
    /// of X is the variable `dX`, or `deltaX` where that name is taken; it has X's shape and structure, and is among the variables of
    /// the answer. Of a scalar it is written with the gradients, `tr(G'*dX)`, so that they can be read off. The differential of order
    /// k is the k-th derivative along the changes, which do not change themselves.
    ///
    /// ```
    /// use indicial::{Declarations, Engine, parse};
    /// let declarations = Declarations::parse("A: matrix(n, n); X: matrix(n, n); x: vector(n)")?;
    /// let read = |text| parse(text, &declarations);
    /// let of = |f, x, order| Engine::new().differential(&read(f)?, &[read(x)?], order, &declarations);
    /// assert_eq!(of("x'*A*x", "x", 1)?.to_string(), "x'*(A + A')*dx");
    /// assert_eq!(of("inv(X)", "X", 1)?.to_string(), "-inv(X)*dX*inv(X)");
    /// assert_eq!(of("x'*A*x", "x", 2)?.to_string(), "2*dx'*A*dx");
    /// # Ok::<(), indicial::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Engine::derivative`].
    ///
    /// # Sources
    /// Magnus and Neudecker 2019, chapters 5 and 6 (the first and the second differential).
    pub fn differential(&self, f: &Expr, variables: &[Expr], order: usize, declarations: &Declarations) -> Result<Answer> {
        variables.iter().try_for_each(|x| known(x, f, declarations))?;
        let f = &with_axes_for_free_indices(f, declarations)?;
        let by = variables.iter().map(|x| part_by_axes(x, f)).collect::<Result<Vec<_>>>()?;
        let (changes, declared, assumed) = self.changes(f, &by, declarations)?;
        let question = Question::Differential { changes, order };
        let usual = self.clone().notation(Notation::Matrix);
        let mut answer = on_a_deep_stack(f.depth(), || match usual.by_gradients(f, &by, &question, &declared)? {
            Some(answer) => Ok(answer),
            None => usual.product(f, &by, question, &declared),
        })?;
        answer.notation = Notation::Differential;
        answer.assumed = assumed;
        Ok(answer)
    }

    /// The same for a list of variables in which each stands as often as the order says.
    pub(super) fn differential_of_list(&self, f: &Expr, wrt: &[Expr], declarations: &Declarations) -> Result<Answer> {
        let mut variables: Vec<Expr> = Vec::new();
        wrt.iter().for_each(|x| {
            if !variables.contains(x) {
                variables.push(x.clone())
            }
        });
        let times = |x: &Expr| wrt.iter().filter(|y| *y == x).count();
        let order = variables.first().map_or(0, times);
        if order == 0 || variables.iter().any(|x| times(x) != order) {
            let error =
                Error::new(ErrorKind::Domain, "a differential is by all variables together, and here one stands more often than another");
            return Err(error.help("name each variable once, and the order with `--order`"));
        }
        self.differential(f, &variables, order, declarations)
    }

    /// The change of each variable or part, declared, and the names whose kinds were found and not declared.
    fn changes(&self, f: &Expr, by: &[Expr], declarations: &Declarations) -> Result<(Vec<Expr>, Declarations, Vec<Symbol>)> {
        let (typed, _) = infer_beside(f, &of_each(by, by), declarations)?;
        let mut declared = declared_with(declarations, &typed);
        let mut names: Vec<(Symbol, Symbol)> = Vec::new();
        let mut changes = Vec::new();
        for x in by {
            let v = variable(x, &typed)?;
            let name = match names.iter().find(|(of, _)| *of == v.name) {
                Some((_, name)) => *name,
                None => {
                    let name = self.name_of_change(&v, matches!(x.op(), Op::Subscript(..)), &typed, &mut declared)?;
                    names.push((v.name, name));
                    name
                }
            };
            let change = Expr::var(Var::undeclared(name.as_str()));
            changes.push(match x.op() {
                Op::Subscript(_, places) => Expr::new(Op::Subscript(change, places.clone())),
                _ => change,
            });
        }
        Ok((changes, declared, typed.assumed))
    }

    /// `dX`, or the first of `deltaX`, `deltaX1`, … that is not taken.
    fn name_of_change(&self, v: &Var, part: bool, typed: &Typed, declared: &mut Declarations) -> Result<Symbol> {
        let taken = declared_names(typed);
        let spelled = ["d", "delta"].map(|d| format!("{d}{}", v.name)).into_iter().chain((1..).map(|k| format!("delta{}{k}", v.name)));
        let free = |name: &Symbol| !taken.contains(name) && declared.get(*name).is_none() && Function::named(name.as_str()).is_none();
        let name = spelled.map(|name| Symbol::new(&name)).find(free).unwrap_or(v.name);
        let kind = v.kind.as_ref().map_or_else(
            || Kind::plain(Shape::Scalar),
            |kind| match part {
                true => Kind::plain(kind.shape.clone()),
                false => kind_of_change(kind, self.convention),
            },
        );
        declared.insert(name, Declaration::Variable(kind))?;
        Ok(name)
    }

    /// The first differential of a scalar as products of its simplest transposed gradients with the changes; `None` where one of them has no
    /// matrix formula.
    fn by_gradients(&self, f: &Expr, by: &[Expr], question: &Question, declared: &Declarations) -> Result<Option<Answer>> {
        let Question::Differential { changes, order: 1 } = question else { return Ok(None) };
        let mut profile = Profile::default();
        let (typed, _) = infer_beside(f, &of_each(by, changes), declared)?;
        if typed.root().shape != Shape::Scalar {
            return Ok(None);
        }
        let (mut graph, mut partials) = (self.graph(), Vec::new());
        for (x, change) in by.iter().zip(changes) {
            let gradient = infer(&Expr::new(Op::Diff(f.clone(), x.clone())), declared)?.by(self.convention);
            let Some(partial) = self.partial(&mut graph, &gradient, change, &mut profile)? else { return Ok(None) };
            partials.push(partial);
        }
        let formula = present_differential(&partials, &declared_names(&typed))?;
        let wrt = by.iter().map(|x| variable(x, &typed)).collect::<Result<Vec<_>>>()?;
        let asked = Asked { input: f, by, wrt, question: question.clone(), whole: f };
        let node = graph.one();
        Ok(Some(self.answered(asked, Found { typed, graph, node, rows: 0, row: false }, formula, Notation::Matrix, profile)?))
    }

    /// The simplest form of a transposed gradient, with the change that stands behind it.
    fn partial(&self, graph: &mut Graph, gradient: &Typed, change: &Expr, profile: &mut Profile) -> Result<Option<PartialDifferential>> {
        let node = lower::lower(graph, gradient)?;
        let axes = graph.order(node);
        // In matrix notation an axis of length 1 is none, and the change has it.
        if axes > 2 || graph.axes(node).contains(&Dim::ONE) {
            return Ok(None);
        }
        let row = matches!(gradient.root().shape, Shape::Row(_));
        let (found, notation) = self.simplest(graph, node, (0, row), !row, profile)?;
        let Some((terms, root)) = found.into_iter().find_map(|(terms, roots)| Some((terms, *roots.first()?))) else {
            return Ok(None);
        };
        let change = if row { Expr::new(Op::Transpose(change.clone())) } else { change.clone() };
        Ok((notation == Notation::Matrix).then_some(PartialDifferential { transposed: (terms, root), change, axes }))
    }
}

/// The declarations with the kinds that were found.
fn declared_with(declarations: &Declarations, typed: &Typed) -> Declarations {
    let mut declared = declarations.clone();
    for (name, found) in declarations_of(typed.variables.values()).iter() {
        // What is declared already is found as it is declared.
        let _ = declared.insert(name, found.clone());
    }
    declared
}
