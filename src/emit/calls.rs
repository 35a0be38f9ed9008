//! The functions of the language in numpy.

use super::numpy::{Code, Emitter, Kind, Tight, method, times};
use crate::error::{Error, Result};
use crate::function::{Call, Function};
use crate::typed::{TypedId, TypedNode};

pub(super) fn call(emitter: &mut Emitter, function: Function, arguments: &[TypedId], node: &TypedNode) -> Result<Code> {
    if let Function::Call(Call::Kron) = function {
        return emitter.kron(arguments, node);
    }
    if let Function::Call(call) = function
        && let Some(code) = constant(emitter, call, arguments, node)?
    {
        return Ok(code);
    }
    let kinds: Vec<Kind> = arguments.iter().map(|a| Kind::of(emitter.shape(*a))).collect();
    let codes = arguments.iter().map(|a| emitter.value(*a)).collect::<Result<Vec<_>>>()?;
    apply(emitter, function, &codes, &kinds, node)
}

/// The code of a function of arguments that are written already.
pub(super) fn apply(emitter: &mut Emitter, function: Function, codes: &[Code], kinds: &[Kind], node: &TypedNode) -> Result<Code> {
    let depth = codes.iter().map(|c| c.depth).max().unwrap_or(0) + 2;
    let texts: Vec<&str> = codes.iter().map(|c| c.text.as_str()).collect();
    let call = match function {
        Function::Map(map) => return Ok(Code::atom(map.row().numpy.replace("{}", texts.first().unwrap_or(&"")), depth)),
        Function::Call(call) => call,
    };
    let is_vector = matches!(kinds.first(), Some(Kind::Column | Kind::Row));
    let is_matrix = matches!(kinds.first(), Some(Kind::Matrix));
    let text = match (call, texts.as_slice()) {
        (Call::Max, [a, b]) => format!("np.maximum({a}, {b})"),
        (Call::Min, [a, b]) => format!("np.minimum({a}, {b})"),
        (Call::Power, [a, b]) => format!("np.power({a}, {b})"),
        (Call::Sum | Call::Mean, [a]) => format!("np.{}({a})", call.name()),
        (Call::Sum | Call::Mean, [a, axis]) => return along_axis(emitter, call, a, axis, kinds[0], node, depth),
        (Call::Variance, [a]) => format!("np.var({a})"),
        (Call::Deviation, [a]) => format!("np.std({a})"),
        (Call::Product, [a]) => format!("np.prod({a})"),
        (Call::Dot | Call::Inner, [..]) if codes.len() == 2 => format!("np.sum({})", times(codes, "*").text),
        (Call::Trace, [a]) if is_matrix => format!("np.trace({a})"),
        (Call::Det, [a]) if is_matrix => format!("np.linalg.det({a})"),
        (Call::LogDet, [a]) if is_matrix => format!("np.linalg.slogdet({a})[1]"),
        (Call::LogDet, [a]) => format!("np.log(np.abs({a}))"),
        (Call::Norm1, [a]) if is_matrix => format!("np.linalg.norm({a}, 1)"),
        (Call::Norm1, [a]) => format!("np.sum(np.abs({a}))"),
        (Call::Norm2, [a]) if is_matrix => format!("np.linalg.norm({a}, 2)"),
        (Call::NormInf, [a]) if is_matrix => format!("np.linalg.norm({a}, np.inf)"),
        (Call::NormInf, [a]) => format!("np.max(np.abs({a}))"),
        (Call::Norm2 | Call::NormF | Call::Norm, [a]) => format!("np.linalg.norm(np.ravel({a}))"),
        (Call::Norm, [a, p]) if is_vector => format!("np.linalg.norm({a}, {p})"),
        (Call::Norm, [a, p]) if is_matrix => format!("np.linalg.norm({a}, {p})"),
        (Call::LogSumExp, [a]) => format!("special.logsumexp({a}, axis=-1)"),
        (Call::Softmax, [a]) => format!("special.softmax({a}, axis=-1)"),
        (Call::Diag, [a]) if is_matrix || is_vector => format!("np.diag({a})"),
        (Call::Vech, [_]) if is_matrix => {
            // The upper triangle of the transpose, row by row.
            let turned = emitter.named(method(&codes[0], ".T")).text;
            format!("{turned}[np.triu_indices(len({turned}))]")
        }
        (Call::Vech, [a]) => (*a).to_owned(),
        (Call::Reshape, [a, ..]) => format!("np.reshape({a}, ({}), order='F')", emitter.tuple(&node.shape.axes())),
        (Call::Vec, [a]) => format!("np.reshape({a}, -1, order='F')"),
        (Call::Sym | Call::Skew, [_]) if is_matrix => {
            let (a, sign) = (&codes[0], if call == Call::Sym { "+" } else { "-" });
            return Ok(Code { text: format!("({} {sign} {})/2", a.text, method(a, ".T").text), tight: Tight::Product, depth });
        }
        (Call::Tril | Call::Triu, [a]) if is_matrix => format!("np.{}({a})", call.name()),
        (Call::Cross, [a, _]) if matches!(kinds.get(1), Some(Kind::Matrix)) => format!("np.cross({a}, {}).T", method(&codes[1], ".T").text),
        (Call::Cross, [a, b]) => format!("np.cross({a}, {b})"),
        (Call::Outer, [a, b]) => format!("np.outer({a}, {b})"),
        (Call::Inv, [a]) if is_matrix => format!("np.linalg.inv({a})"),
        (Call::Pinv, [a]) if is_matrix => format!("np.linalg.pinv({a})"),
        (Call::Sylvester, [a, b, c]) if is_matrix && matches!(kinds.get(1), Some(Kind::Matrix)) => {
            format!("linalg.solve_sylvester({a}, {b}, {c})")
        }
        (Call::Adj, [_]) if is_matrix => return Ok(adjugate(emitter, &codes[0])),
        // A scalar is its own 1×1 matrix.
        (Call::Inv, [_]) => format!("1/{}", codes[0].at_least(Tight::Atom)),
        (Call::Trace | Call::Det | Call::Diag | Call::Sym | Call::Tril | Call::Triu, [_]) => return Ok(codes[0].clone()),
        _ => return Err(Error::unsupported(format_args!("{} in code", call.row().usage))),
    };
    let tight = if text.starts_with("1/") { Tight::Product } else { Tight::Atom };
    Ok(Code { text, tight, depth })
}

/// `sum(X, 1)` is over the rows, the first axis. A vector has only the axis that its kind says.
fn along_axis(emitter: &mut Emitter, call: Call, a: &str, axis: &str, kind: Kind, node: &TypedNode, depth: usize) -> Result<Code> {
    let name = call.name();
    match (kind, axis) {
        (Kind::Matrix, "1") => Ok(Code::atom(format!("np.{name}({a}, axis=0)"), depth)),
        (Kind::Matrix, "2") => Ok(Code::atom(format!("np.{name}({a}, axis=1)"), depth)),
        (Kind::Column, "1") | (Kind::Row, "2") => {
            let sum = Code::atom(format!("np.{name}({a})"), depth);
            Ok(if node.shape.axes().is_empty() { sum } else { emitter.reshaped(&sum, &node.shape) })
        }
        (Kind::Column | Kind::Row | Kind::Scalar, "1" | "2") => Ok(Code::atom(a, depth)),
        _ => Err(Error::unsupported(format_args!("{name} along axis {axis} in code"))),
    }
}

/// The adjugate from the singular value decomposition, which does not need an inverse: of `U*S*V'` it is
/// `det(U)*det(V)*V*adj(S)*U'`, and `adj(S)` has the products of the other singular values.
fn adjugate(emitter: &mut Emitter, a: &Code) -> Code {
    let svd = emitter.named(Code::atom(format!("np.linalg.svd({})", a.text), a.depth + 1)).text;
    let others = format!("[np.prod(np.delete({svd}[1], k)) for k in range(len({svd}[1]))]");
    let others = emitter.named(Code::atom(format!("np.array({others})"), 4)).text;
    let sign = format!("np.linalg.det({svd}[0])*np.linalg.det({svd}[2])");
    Code { text: format!("{sign}*(({svd}[2].T*{others}) @ {svd}[0].T)"), tight: Tight::Product, depth: 3 }
}

/// Functions whose arguments are sizes: the shape of the node says them.
fn constant(emitter: &mut Emitter, call: Call, arguments: &[TypedId], node: &TypedNode) -> Result<Option<Code>> {
    let axes = node.shape.axes();
    let square = matches!(axes.as_slice(), [m, n] if m == n);
    let text = match call {
        Call::Ones | Call::Zeros if axes.is_empty() => (if call == Call::Ones { "1" } else { "0" }).to_owned(),
        Call::Ones | Call::Zeros => format!("np.{}(({}))", call.name(), emitter.tuple(&axes)),
        Call::Eye if axes.is_empty() => "1".to_owned(),
        Call::Eye if square => format!("np.eye({})", emitter.dim(axes[0])),
        Call::Eye => format!("np.eye({})", emitter.tuple(&axes)),
        Call::Vector | Call::Matrix if !axes.is_empty() => {
            let value = emitter.value(arguments[0])?;
            format!("np.full(({}), {} + 0.0)", emitter.tuple(&axes), value.at_least(Tight::Sum))
        }
        Call::Unit if axes.len() == 1 => {
            let place = emitter.value(arguments[0])?;
            format!("np.eye({})[{} - 1]", emitter.dim(axes[0]), place.text)
        }
        Call::Commutation if arguments.len() == 2 => {
            let (m, n) = (emitter.value(arguments[0])?, emitter.value(arguments[1])?);
            let (m, n) = (m.at_least(Tight::Atom), n.at_least(Tight::Atom));
            format!("np.eye({m}*{n})[np.ravel(np.reshape(np.arange({m}*{n}), ({n}, {m})).T)]")
        }
        Call::Elimination if arguments.len() == 1 => {
            let n = emitter.value(arguments[0])?;
            let n = n.at_least(Tight::Atom);
            format!("np.eye({n}*{n})[[i + {n}*j for j in range({n}) for i in range(j, {n})]]")
        }
        Call::Duplication if arguments.len() == 1 => {
            let n = emitter.value(arguments[0])?;
            let n = n.at_least(Tight::Atom);
            let half = axes.get(1).copied().unwrap_or(crate::dim::Dim::ONE);
            format!(
                "np.eye({})[[{n}*min(i, j) - min(i, j)*(min(i, j) + 1)//2 + max(i, j) for j in range({n}) for i in range({n})]]",
                emitter.dim(half)
            )
        }
        _ => return Ok(None),
    };
    Ok(Some(Code::atom(text, 5)))
}
