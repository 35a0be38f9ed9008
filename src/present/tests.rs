use super::*;
use crate::dim::Dim;
use crate::expr::{Shape, Var};
use crate::function::{Map, Map2};
use crate::index::Labels;
use crate::matrix::{MatFn, Spec};
use crate::number::Number;
use egg::Id;

/// Terms built by hand; what is added twice is the same node.
#[derive(Default)]
struct Terms(Vec<Mat>);

impl Terms {
    fn add(&mut self, term: Mat) -> Id {
        let at = self.0.iter().position(|t| *t == term).unwrap_or_else(|| {
            self.0.push(term);
            self.0.len() - 1
        });
        Id::from(at)
    }

    fn scalar(&mut self, name: &str) -> Id {
        self.add(Mat::Var(Var::new(name, Shape::Scalar)))
    }

    fn column(&mut self, name: &str) -> Id {
        self.add(Mat::Var(Var::new(name, Shape::Column(Dim::symbol("n")))))
    }

    fn square(&mut self, name: &str) -> Id {
        self.add(Mat::Var(Var::new(name, Shape::Matrix(Dim::symbol("n"), Dim::symbol("n")))))
    }

    fn tensor(&mut self, name: &str) -> Id {
        self.add(Mat::Var(Var::new(name, Shape::Tensor(["m", "n", "p"].map(Dim::symbol).into_iter().collect()))))
    }

    fn t(&mut self, a: Id) -> Id {
        self.add(Mat::Transpose([a]))
    }

    fn mul(&mut self, all: &[Id]) -> Id {
        self.add(Mat::Mul(all.into()))
    }

    fn had(&mut self, all: &[Id]) -> Id {
        self.add(Mat::Had(all.into()))
    }

    fn times(&mut self, s: Id, a: Id) -> Id {
        self.add(Mat::Times([s, a]))
    }

    fn scale(&mut self, n: Number, a: Id) -> Id {
        self.add(Mat::Scale(n, [a]))
    }

    fn power(&mut self, p: Number, a: Id) -> Id {
        self.add(Mat::Power(p, [a]))
    }

    fn call(&mut self, f: MatFn, all: &[Id]) -> Id {
        self.add(Mat::Call(f, all.into()))
    }

    fn map(&mut self, f: Map, a: Id) -> Id {
        self.add(Mat::Map(f, [a]))
    }

    fn sum(&mut self, terms: &[(i64, Id)]) -> Id {
        let (numbers, ids): (Vec<_>, Vec<_>) = terms.iter().map(|(n, a)| (Number::int(*n), *a)).unzip();
        self.add(Mat::Add(numbers.into(), ids.into()))
    }

    fn ones(&mut self) -> Id {
        let one = self.add(Mat::Number(Number::ONE));
        self.add(Mat::Fill(Dim::symbol("n"), Dim::ONE, [one]))
    }

    fn contract(&mut self, dims: &[&str], out: &[u16], inputs: &[(&[u16], Id)]) -> Id {
        let spec = Spec {
            dims: dims.iter().map(|d| Dim::symbol(d)).collect(),
            out: out.into(),
            inputs: inputs.iter().map(|(l, _)| Labels::from(*l)).collect(),
        };
        self.add(Mat::Contract(Box::new(spec), inputs.iter().map(|(_, a)| *a).collect()))
    }

    /// What is printed for the term with that root.
    fn show(&self, root: Id) -> String {
        self.try_show(root).unwrap().to_string()
    }

    fn try_show(&self, root: Id) -> crate::Result<Presented> {
        let terms: Vec<Mat> = self.0[..=usize::from(root)].to_vec();
        present(&egg::RecExpr::from(terms), Setting { taken: &std::collections::BTreeSet::new(), input: None })
    }
}

#[test]
fn scalars_stand_in_front_and_divisors_behind() {
    let mut t = Terms::default();
    let (a, x) = (t.square("A"), t.column("x"));
    let (ax, at) = (t.mul(&[a, x]), t.t(a));
    let norm = t.call(MatFn::Norm2, &[ax]);
    let (chain, inverse) = (t.mul(&[at, a, x]), t.power(Number::int(-2), norm));
    let gradient = t.times(inverse, chain);
    let gradient = t.scale(Number::int(2), gradient);
    assert_eq!(t.show(gradient), "2*A'*A*x/norm2(A*x)^2");
    let (b, c) = (t.scalar("b"), t.scalar("c"));
    let (c_inverse, b_root) = (t.power(Number::MINUS_ONE, c), t.power(Number::ratio(-1, 2), b));
    let s = t.scalar("s");
    let quotient = t.had(&[s, c_inverse, b_root]);
    assert_eq!(t.show(quotient), "s/(c*sqrt(b))");
    let half = t.scale(Number::ratio(1, 2), x);
    assert_eq!(t.show(half), "x/2");
    let (xt, minus_half) = (t.t(x), Number::ratio(-3, 2));
    let form = t.mul(&[xt, a, x]);
    let scaled = t.scale(minus_half, form);
    assert_eq!(t.show(scaled), "-3*x'*A*x/2");
    let by_form = t.times(form, a);
    assert_eq!(t.show(by_form), "(x'*A*x)*A");
}

#[test]
fn elementwise_quotients_join() {
    let mut t = Terms::default();
    let (x, y) = (t.column("x"), t.column("y"));
    let y_inverse = t.power(Number::int(-2), y);
    let quotient = t.had(&[x, y_inverse]);
    assert_eq!(t.show(quotient), "x./y.^2");
    assert_eq!(t.show(y_inverse), "1./y.^2");
    let root = t.power(Number::ratio(-1, 2), x);
    let scaled = t.scale(Number::int(-2), root);
    assert_eq!(t.show(scaled), "-2./sqrt(x)");
}

#[test]
fn signs_move_to_where_they_vanish() {
    let mut t = Terms::default();
    let (a, x, b) = (t.square("A"), t.column("x"), t.column("b"));
    let (ax, at) = (t.mul(&[a, x]), t.t(a));
    let residual = t.sum(&[(1, b), (-1, ax)]);
    let chain = t.mul(&[at, residual]);
    let gradient = t.scale(Number::int(-2), chain);
    assert_eq!(t.show(gradient), "2*A'*(A*x - b)");
    let one = t.ones();
    let sigmoid = t.map(Map::Sigmoid, x);
    let complement = t.sum(&[(-1, one), (1, sigmoid)]);
    let derivative = t.had(&[sigmoid, complement]);
    let derivative = t.scale(Number::MINUS_ONE, derivative);
    assert_eq!(t.show(derivative), "sigmoid(x).*(1 - sigmoid(x))");
    let minus = t.scale(Number::MINUS_ONE, x);
    let (odd, even, neither) = (t.map(Map::Sin, minus), t.map(Map::Cos, minus), t.map(Map::Exp, minus));
    assert_eq!([odd, even, neither].map(|e| t.show(e)), ["-sin(x)", "cos(x)", "exp(-x)"]);
    let negative = t.scale(Number::MINUS_ONE, residual);
    let argument = t.map(Map::Exp, negative);
    assert_eq!(t.show(argument), "exp(A*x - b)");
}

#[test]
fn ones_in_a_sum_are_a_scalar() {
    let mut t = Terms::default();
    let (x, one) = (t.column("x"), t.ones());
    let mean = t.call(MatFn::Mean, &[x]);
    let fill = t.times(mean, one);
    let centred = t.sum(&[(-1, fill), (1, x)]);
    assert_eq!(t.show(centred), "x - mean(x)");
    assert_eq!(t.show(fill), "mean(x)*ones(n)");
    let only = t.sum(&[(1, fill), (1, one)]);
    assert_eq!(t.show(only), "ones(n) + mean(x)*ones(n)");
    let shifted = t.sum(&[(2, one), (-3, x)]);
    assert_eq!(t.show(shifted), "2 - 3*x");
}

#[test]
fn parts_are_named_where_that_is_shorter() {
    let mut t = Terms::default();
    let (a, x, y) = (t.square("A"), t.column("x"), t.column("y"));
    let ax = t.mul(&[a, x]);
    let residual = t.sum(&[(1, ax), (-1, y)]);
    let (s, one) = (t.map(Map::Sigmoid, residual), t.ones());
    let rest = t.sum(&[(1, one), (-1, s)]);
    let product = t.had(&[s, rest]);
    let at = t.t(a);
    let d = t.call(MatFn::Diag, &[product]);
    let hessian = t.mul(&[at, d, a]);
    assert_eq!(t.show(hessian), "A'*diag(t1.*(1 - t1))*A where t1 = sigmoid(A*x - y)");
    assert_eq!(t.show(product), "t1.*(1 - t1) where t1 = sigmoid(A*x - y)");
    let short = t.map(Map::Exp, x);
    let twice = t.mul(&[a, short]);
    let twice = t.had(&[short, twice]);
    assert_eq!(t.show(twice), "exp(x).*(A*exp(x))");
}

#[test]
fn contractions_are_written_with_indices() {
    let mut t = Terms::default();
    let (a, x) = (t.square("A"), t.column("x"));
    let inverse = t.call(MatFn::Inv, &[a]);
    let jacobian = t.contract(&["n"; 4], &[0, 1, 2, 3], &[(&[0, 2], inverse), (&[3, 1], inverse)]);
    let jacobian = t.scale(Number::MINUS_ONE, jacobian);
    assert_eq!(t.show(jacobian), "{-inv(A)[i,k]*inv(A)[l,j]}[i,j,k,l]");
    let identity = t.contract(&["n"; 2], &[0, 1, 0, 1], &[]);
    assert_eq!(t.show(identity), "{delta[i,k]*delta[j,l]}[i:n,j:n,k,l]");
    let product = t.contract(&["n"; 2], &[0], &[(&[0, 1], a), (&[1], x)]);
    assert_eq!(t.show(product), "{A[i,j]*x[j]}[i]");
    let at = t.t(a);
    let trace = t.contract(&["n"; 2], &[], &[(&[0, 1], a), (&[0, 1], at)]);
    assert_eq!(t.show(trace), "A[i,j]*A[j,i]");
    let cubes = t.contract(&["n"], &[], &[(&[0], x), (&[0], x), (&[0], x)]);
    assert_eq!(t.show(cubes), "sum(i, x[i]*x[i]*x[i])");
    let constant = t.contract(&["n", "m"], &[0, 1], &[(&[0], x)]);
    assert_eq!(t.show(constant), "{x[i]}[i,j:m]");
}

#[test]
fn sums_and_maps_of_contractions_share_one_brace() {
    let mut t = Terms::default();
    let (x, y) = (t.column("x"), t.column("y"));
    let first = t.contract(&["n"; 3], &[0, 1, 2], &[(&[0], x), (&[1], x), (&[2], y)]);
    let second = t.contract(&["n"; 3], &[0, 1, 0], &[(&[1], x), (&[2], y), (&[2], x)]);
    let sum = t.sum(&[(2, first), (-1, second)]);
    assert_eq!(t.show(sum), "{2*x[i]*x[j]*y[k] - delta[i,k]*x[j]*x[l]*y[l]}[i,j,k]");
    let big = t.tensor("T");
    let sine = t.map(Map::Sin, big);
    assert_eq!(t.show(sine), "sin(T)");
    let sine = t.map(Map::Sin, first);
    assert_eq!(t.show(sine), "{sin(x[i]*x[j]*y[k])}[i,j,k]");
    let (m, p) = (t.scalar("i"), t.scalar("s"));
    let scaled = t.had(&[m, p]);
    let scaled = t.times(scaled, first);
    assert_eq!(t.show(scaled), "{i*s*x[j]*x[k]*y[l]}[j,k,l]");
}

#[test]
fn stacked_outputs_are_vec_and_kron_or_products() {
    let mut t = Terms::default();
    let a = t.square("A");
    let merge = t.add(Mat::Merge(Dim::symbol("n"), Dim::symbol("n")));
    let vec = t.contract(&["n*n", "n", "n"], &[0], &[(&[0, 1, 2], merge), (&[1, 2], a)]);
    assert_eq!(t.show(vec), "vec(A)");
    let b = t.square("B");
    let inputs: [(&[u16], Id); 4] = [(&[0, 2, 3], merge), (&[1, 4, 5], merge), (&[2, 4], a), (&[3, 5], b)];
    let kron = t.contract(&["n*n", "n*n", "n", "n", "n", "n"], &[0, 1], &inputs);
    assert_eq!(t.show(kron), "kron(B, A)");
    let x = t.tensor("T");
    let odd = t.contract(&["n*n", "n", "n", "n"], &[0, 3], &[(&[0, 1, 2], merge), (&[1, 2, 3], x)]);
    assert!(t.show(odd).contains("kron(ones(n), eye(n))[i,k]*") || t.show(odd).contains("*kron(ones(n), eye(n))[i,k]"), "{}", t.show(odd));
    let s = t.scalar("s");
    let power = t.add(Mat::Map2(Map2::Power, [s, s]));
    assert_eq!(t.show(power), "s^s");
}
