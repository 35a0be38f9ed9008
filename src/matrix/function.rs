//! The functions at matrix level, one row each: every pass that asks for a property of a function asks this table.

use super::Form;
use crate::dim::Dim;
use crate::function::Call;

/// The shape of the value from those of the arguments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Result {
    Scalar,
    /// That of the first argument.
    First,
    /// That of the last argument.
    Last,
    /// That of the transpose of the first argument.
    Transposed,
    /// A column with an entry for each row.
    Column,
    /// A row with an entry for each column.
    Row,
    /// The same of a matrix, a scalar of a column.
    ColumnOfMatrix,
    /// A square matrix with as many rows as the argument.
    Square,
    /// All entries in one column.
    Stacked,
    /// The lower triangle in one column.
    HalfStacked,
    /// Rows times rows, columns times columns.
    Kronecker,
    /// That of the last argument; of one argument of size n, n²×n².
    LastOrStacked,
    /// Of arguments of size n, n²×n².
    OfStacked,
}

/// How a function answers to a factor of its argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scaling {
    /// `f(c*A) = c*f(A)`, in each argument
    Linear,
    /// `f(c*A) = |c|*f(A)`
    Norm,
    /// `f(c*A) = c^2*f(A)`
    Square,
    /// `f(c*A) = f(A)/c`
    Inverse,
    /// `f(-A) = f(A)`
    Even,
    None,
}

/// One row of the table.
#[derive(Debug)]
pub struct Row {
    pub function: MatFn,
    /// What prints it.
    pub call: Call,
    pub result: Result,
    pub scaling: Scaling,
    /// Whether the call of one argument means this function whatever the shape of the argument.
    pub direct: bool,
}

macro_rules! functions {
    ($($(#[$doc:meta])* $function:ident $call:ident $result:ident $scaling:ident $direct:literal;)*) => {
        /// Functions of fixed arity at matrix level. A vector argument is a column unless said otherwise.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum MatFn { $($(#[$doc])* $function),* }

        /// Every function: what prints it, the shape of its value, what a factor of its argument does, and whether the call
        /// of one argument is this function always.
        static FUNCTIONS: [Row; [$(MatFn::$function),*].len()] = [$(Row {
            function: MatFn::$function, call: Call::$call, result: Result::$result, scaling: Scaling::$scaling, direct: $direct,
        }),*];
    };
}

functions! {
    Inv         Inv       First          Inverse true;
    Det         Det       Scalar         None    true;
    LogDet      LogDet    Scalar         Even    true;
    Adj         Adj       First          None    true;
    Trace       Trace     Scalar         Linear  true;
    /// `diag(v)` of a column: a matrix.
    Diag        Diag      Square         Linear  false;
    /// `diag(A)` of a matrix: a column.
    DiagOf      Diag      Column         Linear  false;
    /// The sum of all entries.
    Sum         Sum       Scalar         Linear  false;
    /// `sum(X, 1)`: over rows, a row.
    SumRows     Sum       Row            Linear  false;
    /// `sum(X, 2)`: over columns, a column.
    SumColumns  Sum       Column         Linear  false;
    Mean        Mean      Scalar         Linear  false;
    MeanRows    Mean      Row            Linear  false;
    MeanColumns Mean      Column         Linear  false;
    /// The variance of all entries, divided by how many there are. Its root is printed as `std`.
    Variance    Variance  Scalar         Square  true;
    Product     Product   Scalar         None    true;
    Norm1       Norm1     Scalar         Norm    true;
    /// The Euclidean norm of a column, the spectral norm of a matrix.
    Norm2       Norm2     Scalar         Norm    true;
    NormF       NormF     Scalar         Norm    true;
    NormInf     NormInf   Scalar         Norm    true;
    /// The sum of the singular values.
    Nuclear     Nuclear   Scalar         Norm    true;
    /// Of a column, or of a matrix along each row.
    LogSumExp   LogSumExp ColumnOfMatrix None    true;
    /// Of a column, or of a matrix along each row.
    Softmax     Softmax   First          None    true;
    /// The columns stacked.
    Vec         Vec       Stacked        Linear  true;
    /// The lower triangle of a square matrix, its columns stacked.
    Vech        Vech      HalfStacked    Linear  true;
    Kron        Kron      Kronecker      Linear  false;
    Cross       Cross     Last           Linear  false;
    /// Half of `A + A'`.
    Sym         Sym       First          Linear  false;
    /// The lower triangle with the diagonal, of a square matrix.
    Tril        Tril      First          Linear  true;
    /// The upper triangle with the diagonal, of a square matrix.
    Triu        Triu      First          Linear  true;
    /// The Moore-Penrose pseudoinverse.
    Pinv        Pinv      Transposed     Inverse true;
    /// The X of `A*X + X*B = C`.
    Sylvester   Sylvester Last           None    false;
    Expm        Expm      First          None    true;
    /// The principal logarithm.
    Logm        Logm      First          None    true;
    /// The principal square root.
    Sqrtm       Sqrtm     First          None    true;
    Cosm        Cosm      First          Even    true;
    Sinm        Sinm      First          None    true;
    Cholesky    Cholesky  First          None    true;
    LambdaMax   LambdaMax Scalar         None    true;
    LambdaMin   LambdaMin Scalar         None    true;
    EigvecMax   EigvecMax Column         None    true;
    EigvecMin   EigvecMin Column         None    true;
    /// The Fréchet derivative of the exponential at A in one direction or more; of A alone its matrix on stacked columns.
    FrechetExpm FrechetExpm LastOrStacked None   false;
    FrechetLogm FrechetLogm LastOrStacked None   false;
    FrechetCosm FrechetCosm LastOrStacked None   false;
    FrechetSinm FrechetSinm LastOrStacked None   false;
    /// The same with one direction more, left open: its matrix on stacked columns.
    OpenExpm    OpenExpm    OfStacked None       false;
    OpenLogm    OpenLogm    OfStacked None       false;
    OpenCosm    OpenCosm    OfStacked None       false;
    OpenSinm    OpenSinm    OfStacked None       false;
}

impl MatFn {
    pub fn row(self) -> &'static Row {
        &FUNCTIONS[self as usize]
    }

    /// The function that a call of one argument is.
    pub fn of_one_argument(call: Call) -> Option<MatFn> {
        FUNCTIONS.iter().find(|row| row.direct && row.call == call).map(|row| row.function)
    }

    /// The form of the value, from the rows and columns of the arguments.
    pub fn form(self, arguments: impl IntoIterator<Item = (Dim, Dim)>) -> Form {
        let mut arguments = arguments.into_iter();
        let (m, n) = arguments.next().unwrap_or((Dim::ONE, Dim::ONE));
        match self.row().result {
            Result::Scalar => Form::SCALAR,
            Result::First => Form::Grid(m, n),
            Result::Last => arguments.last().map_or(Form::Grid(m, n), |(m, n)| Form::Grid(m, n)),
            Result::Transposed => Form::Grid(n, m),
            Result::ColumnOfMatrix if n == Dim::ONE => Form::SCALAR,
            Result::Column | Result::ColumnOfMatrix => Form::column(m),
            Result::Row => Form::Grid(Dim::ONE, n),
            Result::Square => Form::Grid(m, m),
            Result::Stacked => Form::column(m * n),
            Result::HalfStacked => Form::column(m.triangular()),
            Result::Kronecker => {
                let (m, n) = arguments.fold((m, n), |(m, n), (p, q)| (m * p, n * q));
                Form::Grid(m, n)
            }
            Result::OfStacked => Form::Grid(m * m, n * n),
            Result::LastOrStacked => arguments.last().map_or(Form::Grid(m * m, n * n), |(m, n)| Form::Grid(m, n)),
        }
    }
}
