//! What an answer is the answer to: a value, a derivative, or the product of one with directions.

use crate::expr::{Expr, Op};

/// What was asked about an expression F and the variables of [`Answer::by`](crate::Answer::by). A direction has the shape of
/// what it is a direction of, and is constant: nothing in it is differentiated.
///
/// ```
/// use indicial::{Declarations, Engine, Question, parse};
/// let declarations = Declarations::parse("A: matrix(n, n); x: vector(n)")?;
/// let read = |text| parse(text, &declarations);
/// let answer = Engine::new().hvp(&read("x'*A*x")?, &read("x")?, &read("v")?, &declarations)?;
/// assert_eq!(answer.question, Question::Hvp(read("v")?));
/// assert_eq!(answer.to_string(), "(A + A')*v");
/// # Ok::<(), indicial::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Question {
    /// The value of F in its simplest form.
    Value,
    /// The derivative by each variable in turn.
    Derivative,
    /// The Jacobian times a direction of each variable, summed: of F's shape.
    Jvp(Vec<Expr>),
    /// The transposed Jacobian times a direction of F: of the variable's shape.
    Vjp(Expr),
    /// The Hessian of a scalar times a direction of the variable, of whose shape it is.
    Hvp(Expr),
    /// The derivative of that order along these changes of all variables together: of F's shape.
    Differential { changes: Vec<Expr>, order: usize },
}

impl Question {
    /// Whether anything is differentiated.
    pub fn is_of_a_derivative(&self) -> bool {
        *self != Question::Value
    }

    /// The derivatives by these variables whose products are asked for, each with the direction of each variable that its last
    /// axes meet, in turn; the sum of them is the answer.
    pub(crate) fn forward(&self, f: &Expr, by: &[Expr]) -> Vec<(Expr, Vec<Expr>)> {
        let derivative = |f: Expr, x: &Expr| Expr::new(Op::Diff(f, x.clone()));
        match self {
            Question::Value => vec![(f.clone(), Vec::new())],
            Question::Derivative | Question::Vjp(_) => vec![(by.iter().fold(f.clone(), derivative), Vec::new())],
            Question::Jvp(directions) => by.iter().zip(directions).map(|(x, v)| (derivative(f.clone(), x), vec![v.clone()])).collect(),
            Question::Differential { changes, order } => (0..*order).fold(vec![(f.clone(), Vec::new())], |terms, _| {
                let along = |(f, directions): &(Expr, Vec<Expr>), (x, v): (&Expr, &Expr)| {
                    (derivative(f.clone(), x), directions.iter().chain([v]).cloned().collect())
                };
                terms.iter().flat_map(|term| by.iter().zip(changes).map(move |pair| along(term, pair))).collect()
            }),
            Question::Hvp(v) => by.iter().map(|x| (derivative(derivative(f.clone(), x), x), vec![v.clone()])).collect(),
        }
    }
}
