//! Python with numpy, and scipy where a function needs it.

use super::module::as_arrays;
use super::parts::{Whole, places, running};
use super::solvers::Scipy;
use super::{Library, python_names};
use crate::emit::body::{Body, Words};
use crate::emit::code::{Code, Tight, letters};
use crate::emit::functions;
use crate::emit::helpers::Helpers;
use crate::emit::names::Spelling;
use crate::function::Map;
use crate::program::Part;

pub(in crate::emit) static LIBRARY: Library = Library {
    np: "np",
    import: "import numpy as np\n",
    import_special: &[("linalg", "from scipy import linalg\n"), ("special", "from scipy import special\n")],
    axis: "axis",
    permute: "transpose",
    like: "",
    from_numpy: ("", ""),
    words: &WORDS,
    shape_of_scalar: "np.shape({})",
    arguments: as_arrays,
    strict: false,
    power: "power",
    vectorize: "np.vectorize",
    solver: &Scipy { np: "np" },
    assemble,
};

static HELPERS: Helpers =
    Helpers { sources: &[include_str!("../helpers/python.py"), include_str!("../helpers/numpy.py")], spelled: &[("xp.", "np.")] };

static WORDS: Words =
    Words { names: python_names!(&HELPERS), divide: "//", pi: "np.pi", infinity: "np.inf", map, functions: &functions::NUMPY };

fn map(f: Map) -> &'static str {
    f.row().numpy
}

/// In place; a delta is a diagonal, of which numpy's einsum gives a view.
fn assemble(body: &mut Body, Whole { name: whole, axes, fresh }: Whole, value: &Code, part: &Part) -> String {
    let places = places(body, part, axes);
    let view = if places.iter().all(|p| p == ":") { whole.to_owned() } else { format!("{whole}[{}]", places.join(", ")) };
    let running = running(part);
    let plain: Vec<usize> = (0..body.axes(part.value).len()).collect();
    let target = if running == plain {
        if view == whole { format!("{whole}[...]") } else { view }
    } else if running == [0, 0] && view == whole {
        format!("{whole}[np.diag_indices({})]", body.dim(axes[0]))
    } else {
        format!("np.einsum('{}->{}', {view})[...]", letters(&running), letters(&plain))
    };
    match value.text.strip_prefix('-') {
        _ if fresh => format!("{target} = {}", value.text),
        Some(rest) if value.tight > Tight::Sum => format!("{target} -= {rest}"),
        _ => format!("{target} += {}", value.text),
    }
}
