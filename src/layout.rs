//! Layouts: whether matrix notation shows a derivative or its transpose.

use std::fmt;

/// Which way matrix notation turns a derivative. It changes the formula that is shown, never a shape or code.
///
/// ```
/// use indicial::{Declarations, Engine, Layout, parse};
/// let declarations = Declarations::parse("A: matrix(m, n); x: vector(n)")?;
/// let read = |text| parse(text, &declarations);
/// let by = |layout, f| Engine::new().layout(layout).derivative(&read(f)?, &[read("x")?], &declarations);
/// assert_eq!(by(Layout::Numerator, "norm2(A*x)^2")?.to_string(), "2*x'*A'*A");
/// assert_eq!(by(Layout::Denominator, "A*x")?.to_string(), "A'");
/// # Ok::<(), indicial::Error>(())
/// ```
///
/// # Sources
/// Magnus and Neudecker 2019 (numerator layout); Petersen and Pedersen 2012 (denominator layout).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Layout {
    /// The gradient of a scalar has the shape of the variable, a Jacobian F's rows and X's columns.
    #[default]
    Mixed,
    /// F's rows and X's columns throughout: the gradient of a scalar is a row, or has the shape of X'.
    Numerator,
    /// X's rows and F's columns throughout: a Jacobian is transposed.
    Denominator,
}

impl Layout {
    /// Whether it shows the transpose of what is usual: of the derivative of something with `function` axes by variables of which
    /// `variables` have axes.
    pub(crate) fn turns(self, function: usize, variables: usize) -> bool {
        match self {
            Layout::Mixed => false,
            Layout::Numerator => function == 0 && variables == 1,
            Layout::Denominator => function > 0 || variables > 1,
        }
    }
}

impl fmt::Display for Layout {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(match self {
            Layout::Mixed => "mixed",
            Layout::Numerator => "numerator",
            Layout::Denominator => "denominator",
        })
    }
}
