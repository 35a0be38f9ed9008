use super::*;

mod explained;
mod laws;
mod values;

use crate::dim::Dim;
use crate::expr::{Shape, Var};
use crate::number::Number;

/// A tiny language for tests: upper-case letters are n×n matrices, lower-case letters vectors of n, `s` and `r` scalars.
struct Dsl(Terms);

impl Dsl {
    fn var(&mut self, name: char) -> Id {
        let n = Dim::symbol("n");
        let shape = match name {
            's' | 'r' => Shape::Scalar,
            'A'..='Z' => Shape::Matrix(n, n),
            _ => Shape::Column(n),
        };
        self.0.var(&Var::new(&name.to_string(), shape))
    }

    /// `A'Bx`: a chain of one-letter variables, each perhaps transposed; a scalar is a factor.
    fn chain(&mut self, text: &str) -> Id {
        let mut factors: Vec<Id> = Vec::new();
        for c in text.chars() {
            match c {
                '\'' => {
                    let last = factors.pop().unwrap();
                    factors.push(self.0.transpose(last));
                }
                _ => factors.push(self.var(c)),
            }
        }
        self.0.mul(&factors)
    }

    /// `A.B'`: a Hadamard product of chains.
    fn hadamard(&mut self, text: &str) -> Id {
        let factors: Vec<Id> = text.split('.').map(|f| self.chain(f)).collect();
        self.0.had(&factors)
    }

    /// `2AB + A.C - x`: a sum of Hadamard products of chains.
    fn sum(&mut self, text: &str) -> Id {
        let mut terms = Vec::new();
        let mut sign = 1;
        for word in text.split(' ') {
            match word {
                "+" => sign = 1,
                "-" => sign = -1,
                _ => {
                    let digits = word.chars().take_while(char::is_ascii_digit).count();
                    let c = word[..digits].parse().unwrap_or(1);
                    terms.push((Number::int(sign * c), self.hadamard(&word[digits..])));
                }
            }
        }
        self.0.add(&terms)
    }
}

fn simplified(terms: &Terms, t: Id) -> String {
    let outcome = simplify(terms, &[t], &RuleSet::default(), &Limits::default()).unwrap();
    let mut back = Terms::new();
    let best = back.add_recexpr(&outcome.found[0].0);
    assert_eq!(back.form(best), terms.form(t));
    assert!(back.tokens(best) <= terms.tokens(t));
    back.show(best)
}

fn check(text: &str, expected: &str) {
    let mut dsl = Dsl(Terms::new());
    let t = dsl.sum(text);
    assert_eq!(simplified(&dsl.0, t), expected, "{text}");
}

#[test]
fn common_factors_of_chains_move_out() {
    check("AB + AC", "A*(B + C)");
    check("BA + CA", "(B + C)*A");
    check("AB + A", "A + (A*B)");
    check("ABC + AC", "A*(C + (B*C))");
    check("ABx + ACx", "A*(B + C)*x");
    check("2ABC + 2ADC - AEC", "A*(2*B + 2*D - E)*C");
    check("AB + AC + DB + DC", "(A + D)*(B + C)");
}

#[test]
fn common_hadamard_and_scalar_factors_move_out() {
    check("x.y + x.z", "x.*(y + z)");
    check("x.x.y + x.z", "x.*(z + (x.*y))");
    check("sx + sy", "s.(x + y)");
    check("ssx + sy", "s.(y + (s.x))");
    check("sAx + rAx", "(r + s).(A*x)");
    check("A.B + B", "B + (A.*B)");
    check("x'Ay + x'By", "x'*(A + B)*y");
    check("xy'A + xx'A", "x*(x + y)'*A");
    check("y'xx + z'xx", "(x'*(y + z)).x");
}

#[test]
fn transposes_leave_a_sum_where_that_is_shorter() {
    check("A' + B'", "(A + B)'");
    check("A'B' + C'", "(C + (B*A))'");
    check("A'.B + B'.A", "2*sym(A.*B')");
}
