//! Declared functions, which are known by their signature alone, and their derivatives.

use crate::dim::{Dim, Symbol};
use crate::expr::Shape;
use crate::function::Call;
use smallvec::SmallVec;
use std::sync::Arc;

/// The shapes of the arguments and of the result of a declared function.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Signature {
    pub arguments: Vec<Shape>,
    pub result: Shape,
}

/// A declared function or a derivative of it: `f`, `D(f)`, `D(D(f),2)`, and `f.` where it works entry by entry.
///
/// ```
/// use indicial::{Declarations, Engine, parse};
/// let declarations = Declarations::parse("g: function(vector(n), vector(m)) -> scalar; A: matrix(m, n); x: vector(n)")?;
/// let (f, x) = (parse("g(x, A*x)", &declarations)?, parse("x", &declarations)?);
/// let answer = Engine::new().derivative(&f, &[x], &declarations)?;
/// assert_eq!(answer.to_string(), "A'*D(g,2)(x, A*x) + D(g)(x, A*x)");
/// # Ok::<(), indicial::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Applied {
    pub function: Symbol,
    /// By which arguments it is differentiated, from 0, in this order.
    pub by: SmallVec<[usize; 2]>,
    /// Whether it is a function of scalars that is applied to each entry.
    pub elementwise: bool,
    pub signature: Arc<Signature>,
    /// The function of matrices that it is a derivative of, `D(expm)`; none of a declared function.
    pub known: Option<Call>,
}

impl Applied {
    /// The function itself, of whole arguments.
    pub fn new(function: Symbol, signature: Arc<Signature>) -> Applied {
        Applied { function, by: SmallVec::new(), elementwise: false, signature, known: None }
    }

    /// A derivative of a function of n×n matrices: `D(D(expm))` is the second.
    pub fn of_matrix(function: Call, order: usize, n: Dim) -> Applied {
        let square = Shape::Matrix(n, n);
        let signature = Arc::new(Signature { arguments: vec![square.clone()], result: square });
        let by = SmallVec::from_elem(0, order);
        Applied { by, known: Some(function), ..Applied::new(Symbol::new(function.name()), signature) }
    }

    /// Its derivative by one more argument, from 0.
    #[must_use]
    pub fn derivative(&self, argument: usize) -> Applied {
        let mut derivative = self.clone();
        derivative.by.push(argument);
        derivative
    }

    /// Whether all that it takes and gives are scalars, so that it can be applied entry by entry.
    pub fn is_of_scalars(&self) -> bool {
        self.signature.arguments.iter().chain([&self.signature.result]).all(|s| *s == Shape::Scalar)
    }

    /// The shape of the value where it is not applied entry by entry: the axes of the result, then those of each argument by
    /// which it is differentiated.
    pub fn shape(&self) -> Shape {
        self.by.iter().filter_map(|k| self.signature.arguments.get(*k)).fold(self.signature.result.clone(), |f, x| derivative_shape(&f, x))
    }

    /// The axes of that.
    pub fn axes(&self) -> SmallVec<[Dim; 4]> {
        let arguments = self.by.iter().filter_map(|k| self.signature.arguments.get(*k));
        self.signature.result.axes().into_iter().chain(arguments.flat_map(Shape::axes)).collect()
    }

    /// Whether it is a second derivative that equals its transpose: by the same vector twice.
    pub fn is_symmetric(&self) -> bool {
        !self.elementwise
            && self.signature.result == Shape::Scalar
            && self.axes().len() == 2
            && self.by.len() == 2
            && self.by[0] == self.by[1]
    }
}

/// The shape of the derivative of a value by another one: the axes of `f`, then those of `x`.
pub fn derivative_shape(f: &Shape, x: &Shape) -> Shape {
    match (f, x) {
        (Shape::Scalar, shape) | (shape, Shape::Scalar) => shape.clone(),
        (f, x) => Shape::of_axes(&f.axes().into_iter().chain(x.axes()).collect::<Vec<_>>()),
    }
}

/// As the language has it: `D(f,2)`.
impl std::fmt::Display for Applied {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        self.by.iter().try_for_each(|_| f.write_str("D("))?;
        write!(f, "{}", self.function)?;
        for k in &self.by {
            if *k == 0 { f.write_str(")")? } else { write!(f, ",{})", k + 1)? }
        }
        if self.elementwise { f.write_str(".") } else { Ok(()) }
    }
}
