//! Reading values, and fitting them to declarations.

use super::declared;
use super::sizes::{Sizes, check_entries};
use super::value::Inputs;
use crate::dim::{Dim, Symbol};
use crate::error::{Error, ErrorKind, Result};
use crate::expr::{Shape, Var};
use indexmap::IndexMap;
use ndarray::{ArrayD, IxDyn, OwnedRepr};
use ndarray_npy::{NpzReader, ReadNpyExt, ReadableElement};
use serde_json::Value;
use std::fmt::Display;
use std::io::{Cursor, Read, Seek};

/// What a file holds under each name. What cannot be read is an error once it is needed: a file may hold more than an expression
/// uses.
pub(super) type Named = IndexMap<String, Result<ArrayD<f64>>>;

fn data(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Data, message)
}

pub(super) fn read_json(text: &str) -> Result<Named> {
    let text = text.trim_start_matches('\u{feff}');
    let value: Value = serde_json::from_str(text).map_err(|e| {
        let error = data(format!("the data is not JSON: {e}"));
        if text.contains("NaN") || text.contains("Infinity") {
            error.help("JSON has no NaN and no infinity; .npz and .npy have")
        } else {
            error
        }
    })?;
    let Value::Object(members) = value else {
        return Err(data("the data is not a JSON object").help(r#"name each variable: {"A": [[1, 2], [3, 4]], "x": [5, 6]}"#));
    };
    Ok(members.iter().map(|(name, value)| (name.clone(), json_array(name, value))).collect())
}

fn json_array(name: &str, value: &Value) -> Result<ArrayD<f64>> {
    let mut lengths = Vec::new();
    let mut first = value;
    while let Value::Array(items) = first {
        lengths.push(items.len());
        match items.first() {
            Some(item) => first = item,
            None => break,
        }
    }
    let mut entries = Vec::new();
    collect_json(name, value, &lengths, &mut entries)?;
    ArrayD::from_shape_vec(IxDyn(&lengths), entries).map_err(|e| data(format!("the value of {name} is no array: {e}")))
}

/// The recursion is as deep as the JSON, which its reader limits to 128.
fn collect_json(name: &str, value: &Value, lengths: &[usize], entries: &mut Vec<f64>) -> Result<()> {
    match (value, lengths) {
        (Value::Number(n), []) => {
            entries.push(n.as_f64().ok_or_else(|| data(format!("the number {n} in {name} has no double")))?);
            Ok(())
        }
        (Value::Bool(b), []) => {
            entries.push(f64::from(*b));
            Ok(())
        }
        (Value::Array(items), [length, rest @ ..]) if items.len() == *length => {
            items.iter().try_for_each(|item| collect_json(name, item, rest, entries))
        }
        (Value::Array(_), _) => Err(data(format!("the arrays nested in {name} differ in length"))),
        _ => Err(data(format!("the value of {name} is not a number or nested arrays of numbers of equal lengths"))),
    }
}

pub(super) fn read_npz(source: impl Read + Seek) -> Result<Named> {
    let broken = |e: &dyn Display| data(format!("cannot read the .npz file: {e}"));
    let mut archive = NpzReader::new(source).map_err(|e| broken(&e))?;
    let names = archive.names().map_err(|e| broken(&e))?;
    let mut all = Named::new();
    for name in names {
        let array = npz_array(&mut archive, &name);
        all.insert(name.trim_end_matches(".npy").to_owned(), array);
    }
    Ok(all)
}

/// Tries one type of real numbers after the other: the macro's body is an expression of a type and its conversion.
macro_rules! of_any_type {
    ($read:ident) => {
        $read!(f64, |x| x)
            .or_else(|_| $read!(f32, f64::from))
            .or_else(|_| $read!(i64, |x| x as f64))
            .or_else(|_| $read!(i32, f64::from))
            .or_else(|_| $read!(bool, f64::from))
            .or_else(|_| $read!(u8, f64::from))
            .or_else(|_| $read!(i8, f64::from))
            .or_else(|_| $read!(u16, f64::from))
            .or_else(|_| $read!(i16, f64::from))
            .or_else(|_| $read!(u32, f64::from))
            .or_else(|_| $read!(u64, |x| x as f64))
    };
}

fn npz_array<R: Read + Seek>(archive: &mut NpzReader<R>, name: &str) -> Result<ArrayD<f64>> {
    fn read<T: ReadableElement + Copy, R: Read + Seek>(
        archive: &mut NpzReader<R>,
        name: &str,
        to: fn(T) -> f64,
    ) -> Result<ArrayD<f64>, String> {
        archive.by_name::<OwnedRepr<T>, IxDyn>(name).map(|a| a.mapv(to)).map_err(|e| e.to_string())
    }
    macro_rules! read_as {
        ($type:ty, $to:expr) => {
            read::<$type, R>(archive, name, $to)
        };
    }
    of_any_type!(read_as).map_err(|e| unreadable(name.trim_end_matches(".npy"), &e))
}

pub(super) fn read_npy(mut source: impl Read, name: &str) -> Result<ArrayD<f64>> {
    fn read<T: ReadableElement + Copy>(bytes: &[u8], to: fn(T) -> f64) -> Result<ArrayD<f64>, String> {
        ArrayD::<T>::read_npy(Cursor::new(bytes)).map(|a| a.mapv(to)).map_err(|e| e.to_string())
    }
    let mut bytes = Vec::new();
    source.read_to_end(&mut bytes).map_err(|e| data(format!("cannot read the .npy file: {e}")))?;
    macro_rules! read_as {
        ($type:ty, $to:expr) => {
            read::<$type>(&bytes, $to)
        };
    }
    of_any_type!(read_as).map_err(|e| unreadable(name, &e))
}

/// The reader says which type it found: `incorrect descriptor ('<c16') for this type`.
fn unreadable(name: &str, error: &str) -> Error {
    let Some((_, found)) = error.split_once("descriptor (") else { return data(format!("the value of {name} cannot be read: {error}")) };
    let found = found.split(") for").next().unwrap_or(found);
    let word = match found.trim_start_matches(['\'', '<', '>', '|', '=']).chars().next() {
        Some('c') => "complex numbers",
        Some('U' | 'S') => "text",
        Some('O') => "objects",
        Some('M' | 'm') => "dates",
        Some('[') => "records",
        _ => "numbers of a type that is not read",
    };
    data(format!("the value of {name} consists of {word}, {found} in NumPy")).help("convert it before it is saved: `.astype(float)`")
}

/// Gives each variable its value and finds the sizes of the dimension symbols.
pub(super) fn fit(mut named: Named, variables: &[&Var]) -> Result<Inputs> {
    let mut inputs = Inputs::default();
    let mut equations: Vec<(Symbol, Dim, usize)> = Vec::new();
    for v in variables {
        let value = named.shift_remove(v.name.as_str()).ok_or_else(|| missing(v, &named))??;
        let value = oriented(v, value)?;
        check_entries(value.shape())?;
        if value.is_empty() {
            return Err(data(format!("the value of {} is empty", v.name)));
        }
        equations.extend(v.axes().iter().zip(value.shape()).map(|(d, n)| (v.name, *d, *n)));
        inputs.values.insert(v.name, value);
    }
    for (name, value) in named {
        if let Some(size) = value.ok().and_then(|v| given_size(&v)) {
            inputs.sizes.insert(Symbol::new(&name), size);
        }
    }
    solve(&equations, &mut inputs.sizes)?;
    variables.iter().try_for_each(|v| inputs.values.get(&v.name).map_or(Ok(()), |value| declared::check(v, value)))?;
    Ok(inputs)
}

fn missing(v: &Var, left: &Named) -> Error {
    let kind = v.kind.as_ref().map_or(String::new(), |k| format!(": {k}"));
    let error = data(format!("the data has no value for {}{kind}", v.name));
    let others: Vec<&str> = left.keys().map(String::as_str).collect();
    if others.is_empty() { error } else { error.help(format!("unused are {}", others.join(", "))) }
}

/// A column may come as n×1, a row as 1×n; anything else must have the axes of the declaration.
fn oriented(v: &Var, value: ArrayD<f64>) -> Result<ArrayD<f64>> {
    let shape = v.kind.as_ref().map_or(Shape::Scalar, |k| k.shape.clone());
    let target: Option<Vec<usize>> = match (&shape, value.shape()) {
        (s, axes) if s.axes().len() == axes.len() => return Ok(value),
        (Shape::Scalar, axes) if axes.iter().all(|n| *n == 1) => Some(Vec::new()),
        (Shape::Column(_), [n, 1]) | (Shape::Row(_), [1, n]) => Some(vec![*n]),
        _ => None,
    };
    let target = target.ok_or_else(|| {
        let lengths: Vec<String> = value.shape().iter().map(usize::to_string).collect();
        let seen = match &lengths[..] {
            [] => "is a number".to_owned(),
            [one] => format!("has one axis, of length {one}"),
            many => format!("has {} axes, {}", many.len(), many.join("×")),
        };
        data(format!("{} is a {shape}, but its value {seen}", v.name))
    })?;
    value.into_shape_with_order(IxDyn(&target)).map_err(|e| data(e.to_string()))
}

/// What is left of the data may be the size of a symbol that no variable's shape tells. Anything else is not needed: an
/// archive may hold more than one expression uses.
fn given_size(value: &ArrayD<f64>) -> Option<i64> {
    let n = value.first().filter(|n| value.ndim() == 0 && n.fract() == 0.0 && (1.0..1e9).contains(*n));
    n.map(|n| *n as i64)
}

/// Finds symbols one by one from axes whose other symbols are known, then checks every axis. Each round finds at least
/// one symbol or ends the loop.
fn solve(equations: &[(Symbol, Dim, usize)], sizes: &mut Sizes) -> Result<()> {
    loop {
        let found = equations.iter().find_map(|(_, d, n)| unknown_of(*d, *n, sizes));
        match found {
            Some((symbol, size)) => sizes.insert(symbol, size),
            None => break,
        }
    }
    for (name, d, n) in equations {
        if d.symbols().iter().all(|s| sizes.get(*s).is_some()) && d.evaluate(&|s| sizes.get(s)) != i64::try_from(*n).ok() {
            let values: Vec<String> = d.symbols().iter().filter_map(|s| Some(format!("{s} = {}", sizes.get(*s)?))).collect();
            let known = if values.is_empty() { String::new() } else { format!(" with {}", values.join(", ")) };
            return Err(data(format!("an axis of {name} has length {n}, but should have {d}{known}")));
        }
        if let Some(symbol) = d.symbols().into_iter().find(|s| sizes.get(*s).is_none())
            && d.symbols().len() == 1
        {
            return Err(data(format!("an axis of {name} has length {n}, but should have {d}, which it is for no {symbol}")));
        }
    }
    Ok(())
}

/// The only unknown symbol of `d`, if it occurs linearly, and its value for `d = n`.
fn unknown_of(d: Dim, n: usize, sizes: &Sizes) -> Option<(Symbol, i64)> {
    let mut unknown = d.symbols().into_iter().filter(|s| sizes.get(*s).is_none());
    let (symbol, None) = (unknown.next()?, unknown.next()) else { return None };
    let at = |value: i64| d.evaluate(&|s| if s == symbol { Some(value) } else { sizes.get(s) });
    let (zero, one) = (at(0)?, at(1)?);
    let slope = one.checked_sub(zero)?;
    let rest = i64::try_from(n).ok()?.checked_sub(zero)?;
    let size = rest.checked_div(slope)?;
    (size >= 0 && at(size)? == i64::try_from(n).ok()?).then_some((symbol, size))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn n() -> Dim {
        Dim::symbol("n")
    }

    #[test]
    fn sizes_are_found_from_shapes() {
        let (k, m) = (Dim::symbol("k"), Dim::symbol("m"));
        let x = Var::new("x", Shape::Column(k));
        let a = Var::new("A", Shape::Matrix(k + m, Dim::number(2) * n()));
        let inputs = Inputs::from_json(r#"{"A": [[1, 2], [3, 4], [5, 6]], "x": [[1], [2]]}"#, [&a, &x]).unwrap();
        let sizes: Vec<(Symbol, i64)> = ["k", "m", "n"].map(|s| (Symbol::new(s), inputs.sizes.get(Symbol::new(s)).unwrap())).into();
        assert_eq!(sizes.iter().map(|p| p.1).collect::<Vec<_>>(), [2, 1, 1]);
        assert_eq!(inputs.values[&Symbol::new("x")].shape(), [2]);
    }

    #[test]
    fn what_does_not_fit_is_said() {
        let x = Var::new("x", Shape::Column(n()));
        let a = Var::new("A", Shape::Matrix(n(), n()));
        let message = |text: &str| Inputs::from_json(text, [&x, &a]).unwrap_err().to_string();
        assert_eq!(message(r#"{"A": [[1]]}"#), "the data has no value for x: vector(n)\nhelp: unused are A");
        assert_eq!(message(r#"{"x": [1, 2], "A": [[1]]}"#), "an axis of A has length 1, but should have n with n = 2");
        assert_eq!(message(r#"{"x": [1], "A": [[1, 2], [3]]}"#), "the arrays nested in A differ in length");
        assert_eq!(message(r#"{"x": 1, "A": [[1]]}"#), "x is a vector(n), but its value is a number");
        assert!(message("[1]").starts_with("the data is not a JSON object"));
        assert!(message(r#"{"x": ["a"], "A": [[1]]}"#).starts_with("the value of x is not"));
        assert_eq!(message(r#"{"x": [1, 2], "A": [[1, 2], [3, 4]], "n": 3}"#), "an axis of x has length 2, but should have n with n = 3");
        assert_eq!(message(r#"{"x": [[1, 2]], "A": [[1]]}"#), "x is a vector(n), but its value has 2 axes, 1×2");
        assert!(message(r#"{"x": [1, NaN], "A": [[1]]}"#).ends_with("JSON has no NaN and no infinity; .npz and .npy have"));
        assert_eq!(message(r#"{"x": [], "A": [[1, 2], [3, 4]]}"#), "the value of x is empty");
    }

    #[test]
    fn values_are_as_declared() {
        let check = |declared: &str, text: &str| {
            let declarations = crate::parse::Declarations::parse(declared).unwrap();
            let typed = crate::infer::infer(&crate::parse::parse("S", &declarations).unwrap(), &declarations).unwrap();
            Inputs::from_json(text, typed.variables.values()).map_err(|e| e.to_string())
        };
        let wrong = [
            ("S: symmetric(n)", "[[1, 2], [3, 4]]", "S is declared symmetric(n), but entry [1, 2] of its value is 2 and [2, 1] is 3"),
            ("S: skew(n)", "[[1, 2], [-2, 0]]", "S is declared skew(n), but entry [1, 1] of its value is 1"),
            ("S: posdef(n)", "[[1, 2], [2, 1]]", "S is declared posdef(n), but its value has an eigenvalue that is not positive"),
            ("S: lower(n)", "[[1, 2], [2, 1]]", "S is declared lower(n), but entry [1, 2] of its value is 2 and [2, 1] is 2"),
            ("S: orthogonal(n)", "[[1, 2], [2, 1]]", "S is declared orthogonal(n), but entry [1, 1] of its transpose times itself is 5"),
            ("S: scalar > 0", "-1", "S is declared scalar > 0, but its value is -1"),
            ("S: vector(n) > 0", "[1, 0]", "S is declared vector(n) > 0, but its value has the entry 0"),
            ("S: matrix(2*n, 2)", "[[1, 2], [2, 1], [3, 4]]", "an axis of S has length 3, but should have 2*n, which it is for no n"),
        ];
        for (declared, value, message) in wrong {
            assert_eq!(check(declared, &format!("{{\"S\": {value}}}")).unwrap_err(), message);
        }
        let right = [
            ("S: symmetric(n)", "[[1, 2.0000001], [2, 4]]"),
            ("S: posdef(n)", "[[2, 1], [1, 2]]"),
            ("S: orthogonal(n)", "[[0, 1], [-1, 0]]"),
            ("S: hollow(n)", "[[0, 1], [5, 0]]"),
            ("S: vector(n) >= 0", "[1, 0]"),
        ];
        for (declared, value) in right {
            assert!(check(declared, &format!("{{\"S\": {value}, \"unused\": \"text\"}}")).is_ok(), "{declared}");
        }
    }

    #[test]
    fn numpy_files_are_read() {
        use ndarray_npy::{NpzWriter, WriteNpyExt};
        let x = Var::new("x", Shape::Column(n()));
        let value = ndarray::arr1(&[1.0f32, 2.0]);
        let mut bytes = Vec::new();
        value.write_npy(&mut bytes).unwrap();
        assert_eq!(Inputs::from_npy(bytes.as_slice(), [&x]).unwrap().value(x.name).unwrap()[1], 2.0);
        let mut archive = NpzWriter::new(Cursor::new(Vec::new()));
        archive.add_array("x", &value).unwrap();
        archive.add_array("y", &ndarray::arr1(&[1u8, 255])).unwrap();
        let bytes = archive.finish().unwrap();
        let y = Var::new("y", Shape::Column(n()));
        assert_eq!(Inputs::from_npz(Cursor::new(bytes.clone().into_inner()), [&y]).unwrap().value(y.name).unwrap()[1], 255.0);
        assert_eq!(Inputs::from_npz(bytes, [&x]).unwrap().value(x.name).unwrap()[1], 2.0);
        assert_eq!(Inputs::from_npz(Cursor::new(vec![1, 2]), [&x]).unwrap_err().kind, ErrorKind::Data);
    }
}
