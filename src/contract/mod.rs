use crate::index::{Contraction, Graph};
pub(crate) fn is_gram(_g: &Graph, _c: &Contraction) -> bool {
    false
}
