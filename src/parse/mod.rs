use crate::{Expr, Result};
pub(crate) fn formula(_t: &'static str) -> Result<Expr> { Ok(Expr::number(1)) }
