//! Parts put into larger arrays: places, ranges, index arrays.

use crate::dim::Dim;
use crate::emit::body::Body;
use crate::program::{self, Part};

/// An array that parts are added to.
pub(super) struct Whole<'a> {
    pub name: &'a str,
    pub axes: &'a [Dim],
    /// Whether it is all zeros so far: each place of a part is another one, so that it may be written there as it is.
    pub fresh: bool,
}

/// `a:b` of an axis, or what of it is not said by itself.
pub(super) fn range(body: &mut Body, offset: Dim, length: Dim, of: Dim) -> String {
    let end = offset + length;
    let from = if offset == Dim::number(0) { String::new() } else { body.dim(offset) };
    let to = if end == of { String::new() } else { body.dim(end) };
    format!("{from}:{to}")
}

/// What a part is put into: `[a:b, c]` for each axis of the whole, without deltas.
pub(super) fn places(body: &mut Body, part: &Part, axes: &[Dim]) -> Vec<String> {
    let own: Vec<Dim> = body.axes(part.value).to_vec();
    let place = |body: &mut Body, (p, of): (&program::Place, &Dim)| match p.axis {
        Some(axis) => range(body, p.offset, own[axis], *of),
        None => body.dim(p.offset),
    };
    part.places.iter().zip(axes).map(|pair| place(body, pair)).collect()
}

/// The axes of the part in the order in which they run along the whole.
pub(in crate::emit) fn running(part: &Part) -> Vec<usize> {
    part.places.iter().filter_map(|p| p.axis).collect()
}

/// An index array for each axis of the whole, which together have the shape of the part.
pub(super) fn index_arrays(body: &mut Body, part: &Part, arange: &str, device: &str) -> String {
    let own: Vec<Dim> = body.axes(part.value).to_vec();
    let order = own.len();
    let mut all = Vec::new();
    for p in &part.places {
        let zero = p.offset == Dim::number(0);
        all.push(match p.axis {
            None => format!("{arange}({}{device})", [body.dim(p.offset), body.dim(p.offset + Dim::ONE)].join(", ")),
            Some(axis) => {
                let ends = if zero { body.dim(own[axis]) } else { format!("{}, {}", body.dim(p.offset), body.dim(p.offset + own[axis])) };
                let shape: Vec<&str> = (axis..order).map(|at| if at == axis { ":" } else { "None" }).collect();
                let shape = if shape.len() > 1 { format!("[{}]", shape.join(", ")) } else { String::new() };
                format!("{arange}({ends}{device}){shape}")
            }
        });
    }
    if all.len() == 1 { format!("({},)", all[0]) } else { format!("({})", all.join(", ")) }
}
