//! The value of the index form.

use super::einsum::{Labelled, contract};
use super::functions::{elementwise, internal, log_sum_exp, power, scalar};
use super::linear;
use super::matrix_functions;
use super::sizes::Sizes;
use super::spectra;
use super::stand_in;
use super::svd::Svd;
use super::tree::levi_civita;
use super::value::Inputs;
use crate::error::{Error, ErrorKind, Result};
use crate::index::{Graph, Node, NodeId, Opaque};
use ndarray::{Array2, ArrayD, Axis, Dimension, Ix2, IxDyn};

/// The values of nodes of a graph, each with the axes that the node has.
///
/// # Errors
/// As [`super::evaluate`].
pub fn evaluate_graph(graph: &Graph, roots: &[NodeId], inputs: &Inputs) -> Result<Vec<ArrayD<f64>>> {
    let mut values: Vec<Option<ArrayD<f64>>> = vec![None; graph.len()];
    for id in graph.reachable(roots) {
        values[id.0 as usize] = Some(value(graph, id, &values, inputs)?);
    }
    roots.iter().map(|id| known(&values, *id).cloned()).collect()
}

fn known(values: &[Option<ArrayD<f64>>], id: NodeId) -> Result<&ArrayD<f64>> {
    values.get(id.0 as usize).and_then(Option::as_ref).ok_or_else(|| internal("a node comes before its child"))
}

fn value(graph: &Graph, id: NodeId, values: &[Option<ArrayD<f64>>], inputs: &Inputs) -> Result<ArrayD<f64>> {
    let sizes = &inputs.sizes;
    let of = |id: &NodeId| known(values, *id);
    match graph.node(id) {
        Node::Var(v) => {
            let value = inputs.value(v.name)?;
            if value.shape() == sizes.lengths(&v.axes())? {
                return Ok(value.clone());
            }
            Err(Error::new(ErrorKind::Data, format!("the value of {} does not have the axes of its declaration", v.name)))
        }
        Node::Constant(c) => Ok(scalar(c.value())),
        Node::Size(d) => Ok(scalar(sizes.of(*d)? as f64)),
        Node::Zero(axes) => Ok(ArrayD::zeros(IxDyn(&sizes.lengths(axes)?))),
        Node::Unit(i, n) => {
            let i = sizes.of(*i)?.checked_sub(1);
            let length = sizes.lengths(&[*n])?;
            match i.filter(|i| *i < length[0]) {
                Some(i) => Ok(ArrayD::from_shape_fn(IxDyn(&length), |at| f64::from(u8::from(at[0] == i)))),
                None => Err(Error::new(ErrorKind::Domain, format!("an entry beyond the length {}", length[0]))),
            }
        }
        Node::Select(s) => {
            let (lengths, offset) = (sizes.lengths(&[s.of, s.length])?, sizes.of(s.offset)?);
            if offset + lengths[1] > lengths[0] {
                return Err(Error::new(ErrorKind::Domain, format!("a part beyond the length {}", lengths[0])));
            }
            Ok(ArrayD::from_shape_fn(IxDyn(&lengths), |at| f64::from(u8::from(at[0] == offset + at[1]))))
        }
        Node::LeviCivita(k) => {
            let lengths = vec![usize::from(*k); usize::from(*k)];
            Ok(ArrayD::from_shape_fn(IxDyn(&lengths), |at| levi_civita(at.slice())))
        }
        Node::Duplication(n) => Ok(linear::duplication(sizes.of(*n)?)?.into_dyn()),
        Node::Elimination(n) => Ok(linear::elimination(sizes.of(*n)?)?.into_dyn()),
        Node::Merge(m, n) => {
            let lengths = sizes.lengths(&[*m * *n, *m, *n])?;
            let rows = lengths[1];
            Ok(ArrayD::from_shape_fn(IxDyn(&lengths), |at| f64::from(u8::from(at[0] == at[1] + rows * at[2]))))
        }
        Node::Triangle(m, n) => Ok(ArrayD::from_shape_fn(IxDyn(&sizes.lengths(&[*m, *n])?), |at| f64::from(u8::from(at[0] >= at[1])))),
        Node::Contract(c) => {
            let lengths: Vec<usize> = c.dims.iter().map(|d| sizes.of(*d)).collect::<Result<_>>()?;
            let labelled = |f: &crate::index::Factor| Ok(Labelled { value: of(&f.node)?.clone(), labels: f.labels.to_vec() });
            let factors: Vec<Labelled> = c.factors.iter().map(labelled).collect::<Result<_>>()?;
            for f in &factors {
                if !f.labels.iter().map(|l| lengths[*l as usize]).eq(f.value.shape().iter().copied()) {
                    return Err(internal("a factor of a contraction does not have the lengths of its labels"));
                }
            }
            contract(factors, &c.out, &lengths)
        }
        Node::Scale(n, a) => Ok(of(a)? * n.to_f64()),
        Node::Sum(terms) => {
            let mut sum = ArrayD::zeros(IxDyn(&lengths_of(graph, id, sizes)?));
            for (n, a) in terms {
                sum = elementwise(&sum.view(), &of(a)?.view(), |x, y| x + n.to_f64() * y)?;
            }
            Ok(sum)
        }
        Node::Map(m, a) => Ok(of(a)?.mapv(m.row().value)),
        Node::Power(a, p) => {
            let p = p.to_f64();
            Ok(of(a)?.mapv(|x| power(x, p)))
        }
        Node::Map2(m, a, b) => elementwise(&of(a)?.view(), &of(b)?.view(), |x, y| m.value(x, y)),
        Node::Opaque(o, a) => opaque(*o, of(a)?),
        Node::Operator(f, operands, open) => {
            let operands = operands.iter().map(|a| matrix(of(a)?)).collect::<Result<Vec<_>>>()?;
            matrix_functions::operator(*f, &operands, usize::from(*open))
        }
        Node::Apply(f, arguments) => {
            let arguments = arguments.iter().map(|a| Ok(of(a)?.clone())).collect::<Result<Vec<_>>>()?;
            stand_in::apply(f, &arguments, inputs)
        }
    }
}

fn lengths_of(graph: &Graph, id: NodeId, sizes: &Sizes) -> Result<Vec<usize>> {
    sizes.lengths(graph.axes(id))
}

fn matrix(a: &ArrayD<f64>) -> Result<Array2<f64>> {
    a.clone().into_dimensionality::<Ix2>().map_err(internal)
}

/// The value of a function of a whole tensor.
pub(super) fn opaque(o: Opaque, a: &ArrayD<f64>) -> Result<ArrayD<f64>> {
    let matrix = || matrix(a);
    Ok(match o {
        Opaque::Inv => linear::inverse(&matrix()?)?.into_dyn(),
        Opaque::Pinv => linear::pseudoinverse(&matrix()?)?.into_dyn(),
        Opaque::Expm => matrix_functions::exponential(&matrix()?)?.into_dyn(),
        Opaque::Logm => matrix_functions::logarithm(&matrix()?)?.into_dyn(),
        Opaque::Sqrtm => matrix_functions::root(&matrix()?)?.into_dyn(),
        Opaque::Cosm => matrix_functions::cosine_and_sine(&matrix()?)?.0.into_dyn(),
        Opaque::Sinm => matrix_functions::cosine_and_sine(&matrix()?)?.1.into_dyn(),
        Opaque::Cholesky => spectra::cholesky(&matrix()?)?.into_dyn(),
        Opaque::Nuclear => scalar(Svd::of(&matrix()?)?.values.sum()),
        Opaque::LambdaMax | Opaque::LambdaMin => scalar(spectra::eigenvalue(&matrix()?, o == Opaque::LambdaMax)?),
        Opaque::EigvecMax | Opaque::EigvecMin => spectra::eigenvector(&matrix()?, o == Opaque::EigvecMax)?.into_dyn(),
        Opaque::Adj => linear::adjugate(&matrix()?)?.into_dyn(),
        Opaque::Det => scalar(linear::determinant(&matrix()?)?),
        Opaque::LogDet => scalar(linear::log_determinant(&matrix()?)?),
        Opaque::Product => scalar(a.product()),
        Opaque::NormInf => scalar(a.iter().fold(0.0f64, |m, x| m.max(x.abs()))),
        Opaque::LogSumExp => a.map_axis(last(a)?, |lane| log_sum_exp(&lane.to_vec())),
        Opaque::Softmax => {
            let mut value = a.clone();
            for mut lane in value.lanes_mut(last(a)?) {
                let total = log_sum_exp(&lane.to_vec());
                lane.mapv_inplace(|x| (x - total).exp());
            }
            value
        }
    })
}

fn last(a: &ArrayD<f64>) -> Result<Axis> {
    a.ndim().checked_sub(1).map(Axis).ok_or_else(|| internal("a scalar has no last axis"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dim::{Dim, Symbol};
    use crate::expr::{Shape, Var};
    use crate::index::{Contraction, Factor};
    use crate::number::Number;
    use ndarray::{arr1, array};
    use smallvec::smallvec;

    #[test]
    fn vec_is_a_contraction_with_merge() {
        let (m, n) = (Dim::symbol("m"), Dim::symbol("n"));
        let mut g = Graph::new();
        let a = g.insert(Node::Var(Var::new("A", Shape::Matrix(m, n))));
        let merge = g.insert(Node::Merge(m, n));
        let factors = [Factor { node: merge, labels: smallvec![0, 1, 2] }, Factor { node: a, labels: smallvec![1, 2] }];
        let vec = g.insert(Node::Contract(Contraction {
            dims: smallvec![m * n, m, n],
            out: smallvec![0],
            factors: factors.into_iter().collect(),
        }));
        let twice = g.insert(Node::Sum(vec![(Number::int(3), vec), (Number::MINUS_ONE, vec)]));
        let sizes = [("m", 2), ("n", 3)].map(|(s, k)| (Symbol::new(s), k)).into_iter().collect();
        let value = array![[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]].into_dyn();
        let inputs = Inputs { sizes, values: [(Symbol::new("A"), value)].into_iter().collect(), stand_ins: false };
        let values = evaluate_graph(&g, &[twice], &inputs).unwrap();
        assert_eq!(values, [arr1(&[2.0, 8.0, 4.0, 10.0, 6.0, 12.0]).into_dyn()]);
    }

    /// Every expression of the textbook cases, and its derivative, has the same value in index form as in the reference.
    #[test]
    fn the_index_form_agrees_with_the_reference() {
        let mut problems = Vec::new();
        let directory = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
        let files = ["cookbook.jsonl", "field.jsonl", "seeds.jsonl"].map(|f| std::fs::read_to_string(directory.join(f)).unwrap());
        for line in files.iter().flat_map(|f| f.lines()) {
            let case: serde_json::Value = serde_json::from_str(line).unwrap();
            let text = |key: &str| case[key].as_str().unwrap_or_default();
            let wrt = case["wrt"].as_array().into_iter().flatten().filter_map(serde_json::Value::as_str);
            let derivative = wrt.fold(text("expr").to_owned(), |f, x| format!("diff({f}, {x})"));
            for input in [text("expr"), &derivative, text("left"), text("right")].into_iter().filter(|t| !t.is_empty()) {
                match disagreement(text("vars"), input) {
                    Ok(error) if error < 1e-6 => {}
                    Err(e) if e.kind == ErrorKind::Unsupported => {}
                    seen => problems.push(format!("{}: {input}: {seen:?}", text("id"))),
                }
            }
        }
        assert!(problems.is_empty(), "{}", problems.join("\n"));
    }

    fn disagreement(declarations: &str, input: &str) -> Result<f64> {
        let declarations = crate::parse::Declarations::parse(declarations)?;
        let typed = crate::infer::infer(&crate::parse::parse(input, &declarations)?, &declarations)?;
        let mut graph = Graph::new();
        let node = crate::lower::lower(&mut graph, &typed)?;
        let index_form = |at: &Inputs| evaluate_graph(&graph, &[node], at).map(|mut v| v.remove(0));
        let seen = crate::Scope::of(&[&typed]).compare(&|at| crate::evaluate(&typed, at), &index_form, 1, 1e-6)?;
        Ok(seen.max_relative_error)
    }
}
