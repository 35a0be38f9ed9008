//! The constructors of matrix terms. They normalise as they build and work alike on a plain arena and on an e-graph,
//! where a term is a class and what they look into is its cheapest node.
//!
//! They end because they only ever look from a term into cheaper ones: the cheapest node of a class costs more than
//! each of its children, except a constant array in a sum, whose entry is cheaper still.

use super::{Cost, Form, Mat, MatFn, Spec, call, part, product, sum};
use crate::dim::Dim;
use crate::expr::Var;
use crate::fact::Facts;
use crate::function::{Map, Map2};
use crate::number::Number;
use crate::part::Cut;
use egg::Id;
use std::cmp::Ordering;

/// Where terms are built: six questions, and the constructors that follow from them.
pub trait Build {
    /// Adds the node as it is, or finds it; only the order of commutative children is put right.
    fn insert(&mut self, node: Mat) -> Id;
    fn form(&self, t: Id) -> &Form;
    /// The node to look into.
    fn view(&self, t: Id) -> &Mat;
    /// The one id of all terms known to be equal to `t`.
    fn canonical(&self, t: Id) -> Id;
    fn cost(&self, t: Id) -> Cost;
    fn facts(&self, t: Id) -> Facts;
    /// The order of commutative children.
    fn order(&self, a: Id, b: Id) -> Ordering;
    /// Whether a sum with as many negative as positive terms is better built as minus its negation.
    fn prefers_negation(&self, coefficients: &[Number], terms: &[Id]) -> bool;

    fn is_scalar(&self, t: Id) -> bool {
        self.form(t).is_scalar()
    }

    fn number(&mut self, n: impl Into<Number>) -> Id {
        self.insert(Mat::Number(n.into()))
    }

    fn var(&mut self, var: &Var) -> Id {
        self.insert(Mat::Var(var.clone()))
    }

    /// A dimension as a number.
    fn size(&mut self, n: Dim) -> Id {
        match n.as_number() {
            Some(n) => self.number(n),
            None => self.insert(Mat::Size(n)),
        }
    }

    fn eye(&mut self, n: Dim) -> Id {
        if n == Dim::ONE { self.number(1) } else { self.insert(Mat::Eye(n)) }
    }

    /// `commutation(m, n)`; of one row or one column the identity.
    fn commutation(&mut self, m: Dim, n: Dim) -> Id {
        if m == Dim::ONE || n == Dim::ONE { self.eye(m * n) } else { self.insert(Mat::Commutation(m, n)) }
    }

    fn zero(&mut self, form: Form) -> Id {
        if form.is_scalar() { self.number(0) } else { self.insert(Mat::Zero(form)) }
    }

    /// An array of `rows × columns` in which each entry is the 1×1 `entry`.
    fn fill(&mut self, entry: Id, rows: Dim, columns: Dim) -> Id {
        if rows == Dim::ONE && columns == Dim::ONE {
            return entry;
        }
        let (coefficient, core) = split(self, entry);
        if coefficient.is_zero() {
            return self.zero(Form::Grid(rows, columns));
        }
        let filled = self.insert(Mat::Fill(rows, columns, [core]));
        self.scale(&coefficient, filled)
    }

    fn ones(&mut self, rows: Dim, columns: Dim) -> Id {
        let one = self.number(1);
        self.fill(one, rows, columns)
    }

    /// The unit of elementwise multiplication for that form.
    fn ones_like(&mut self, form: &Form) -> Id {
        self.ones(form.rows(), form.columns())
    }

    /// A rational number times anything.
    fn scale(&mut self, coefficient: &Number, t: Id) -> Id {
        sum::scale(self, coefficient, t)
    }

    fn negate(&mut self, t: Id) -> Id {
        self.scale(&Number::MINUS_ONE, t)
    }

    /// A 1×1 times anything.
    fn times(&mut self, scalar: Id, t: Id) -> Id {
        product::times(self, scalar, t)
    }

    /// The product of linear algebra; a 1×1 factor is a scalar.
    fn mul(&mut self, factors: &[Id]) -> Id {
        product::mul(self, factors)
    }

    /// The sum of terms of one form with their coefficients; 0 if there are none.
    fn add(&mut self, terms: &[(Number, Id)]) -> Id {
        sum::add(self, terms)
    }

    /// The sum of terms.
    fn plus(&mut self, terms: &[Id]) -> Id {
        let terms: Vec<(Number, Id)> = terms.iter().map(|t| (Number::ONE, *t)).collect();
        self.add(&terms)
    }

    /// The elementwise product of terms of one form; 1 if there are none.
    fn had(&mut self, factors: &[Id]) -> Id {
        let factors: Vec<(Id, Number)> = factors.iter().map(|t| (*t, Number::ONE)).collect();
        product::had(self, &factors)
    }

    /// The elementwise product of powers.
    fn had_powers(&mut self, factors: &[(Id, Number)]) -> Id {
        product::had(self, factors)
    }

    /// A column as the stacked columns of an m×n matrix.
    fn reshape(&mut self, m: Dim, n: Dim, t: Id) -> Id {
        part::reshape(self, m, n, t)
    }

    /// Rows and columns of a matrix.
    fn slice(&mut self, cuts: [Cut; 2], t: Id) -> Id {
        part::slice(self, cuts, t)
    }

    fn transpose(&mut self, t: Id) -> Id {
        product::transpose(self, t)
    }

    /// The elementwise power; of a 1×1, the power of a scalar.
    fn power(&mut self, base: Id, exponent: &Number) -> Id {
        product::power(self, base, exponent)
    }

    /// The power of a square matrix.
    fn matpower(&mut self, base: Id, exponent: i64) -> Id {
        call::matpower(self, base, exponent)
    }

    fn map(&mut self, f: Map, t: Id) -> Id {
        call::map(self, f, t)
    }

    fn map2(&mut self, f: Map2, a: Id, b: Id) -> Id {
        call::map2(self, f, a, b)
    }

    fn call(&mut self, f: MatFn, arguments: &[Id]) -> Id {
        call::call(self, f, arguments)
    }

    fn contract(&mut self, spec: Spec, factors: &[Id]) -> Id {
        call::contract(self, spec, factors)
    }
}

/// The coefficient of a term and what it multiplies; of a number, the number and 1.
pub fn split<B: Build + ?Sized>(b: &mut B, t: Id) -> (Number, Id) {
    match b.view(t) {
        Mat::Scale(c, [core]) => (c.clone(), *core),
        Mat::Number(n) if !n.is_one() => {
            let n = n.clone();
            (n, b.number(1))
        }
        Mat::Zero(_) => (Number::ZERO, t),
        _ => (Number::ONE, t),
    }
}

/// Builds a node, whose children are built already, through the constructor that normalises it.
pub fn reconstruct<B: Build + ?Sized>(b: &mut B, node: &Mat) -> Id {
    match node {
        Mat::Commutation(m, n) => b.commutation(*m, *n),
        Mat::Reshape(m, n, [a]) => b.reshape(*m, *n, *a),
        Mat::Number(_)
        | Mat::Constant(_)
        | Mat::Var(_)
        | Mat::Unit(..)
        | Mat::Gather(_)
        | Mat::Scatter(_)
        | Mat::Duplication(_)
        | Mat::Elimination(_)
        | Mat::LeviCivita(_)
        | Mat::Merge(..) => b.insert(node.clone()),
        Mat::Size(n) => b.size(*n),
        Mat::Slice(cuts, [a]) => b.slice(**cuts, *a),
        Mat::Eye(n) => b.eye(*n),
        Mat::Zero(form) => b.zero(form.clone()),
        Mat::Fill(m, n, [a]) => b.fill(*a, *m, *n),
        Mat::Scale(c, [a]) => b.scale(c, *a),
        Mat::Times([s, a]) => b.times(*s, *a),
        Mat::Mul(factors) => b.mul(factors),
        Mat::Add(coefficients, terms) => {
            let terms: Vec<(Number, Id)> = coefficients.iter().cloned().zip(terms.iter().copied()).collect();
            b.add(&terms)
        }
        Mat::Had(factors) => b.had(factors),
        Mat::Transpose([a]) => b.transpose(*a),
        Mat::Map(f, [a]) => b.map(*f, *a),
        Mat::Map2(f, [x, y]) => b.map2(*f, *x, *y),
        Mat::Power(p, [a]) => b.power(*a, p),
        Mat::MatPower(p, [a]) => b.matpower(*a, *p),
        Mat::Call(f, arguments) => b.call(*f, arguments),
        Mat::Apply(..) => b.insert(node.clone()),
        Mat::Contract(spec, factors) => b.contract((**spec).clone(), factors),
    }
}
