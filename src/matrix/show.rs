//! Matrix terms as short text, for tests and for messages about the engine itself.

use super::{Build, Mat, MatFn, Terms};
use crate::function::Map2;
use crate::number::Number;
use egg::Id;

impl Terms {
    /// The term with a bracket around every compound part.
    pub fn show(&self, t: Id) -> String {
        let all = |ids: &[Id], between: &str| ids.iter().map(|t| self.inner(*t)).collect::<Vec<_>>().join(between);
        match self.node(t) {
            Mat::Number(n) => n.to_string(),
            Mat::Constant(c) => c.name().to_owned(),
            Mat::Size(n) => n.to_string(),
            Mat::Var(v) => v.name.to_string(),
            Mat::Eye(_) => "I".to_owned(),
            Mat::Zero(_) => "0".to_owned(),
            Mat::Unit(i, n) => format!("unit({i},{n})"),
            Mat::Apply(f, all) => {
                let all: Vec<String> = all.iter().map(|a| self.show(*a)).collect();
                format!("{f}({})", all.join(", "))
            }
            Mat::Duplication(n) => format!("D({n})"),
            Mat::Elimination(n) => format!("L({n})"),
            Mat::Reshape(m, n, [a]) => format!("reshape({},{m},{n})", self.show(*a)),
            Mat::Gather(s) => format!("eye({})[{}:{},:]", s.of, s.offset + crate::dim::Dim::ONE, s.end()),
            Mat::Scatter(s) => format!("eye({})[:,{}:{}]", s.of, s.offset + crate::dim::Dim::ONE, s.end()),
            Mat::Slice(cuts, [a]) => format!("{}{cuts:?}", self.show(*a)),
            Mat::Fill(_, _, [a]) => format!("ones[{}]", self.show(*a)),
            Mat::Scale(c, [a]) => format!("{c}*{}", self.inner(*a)),
            Mat::Times(pair) => all(pair, "."),
            Mat::Mul(factors) => all(factors, "*"),
            Mat::Add(cs, ts) => self.show_sum(cs, ts),
            Mat::Had(factors) if self.is_scalar(t) => all(factors, "."),
            Mat::Had(factors) => all(factors, ".*"),
            Mat::Transpose([a]) => format!("{}'", self.inner(*a)),
            Mat::Map(f, [a]) => format!("{}({})", f.name(), self.show(*a)),
            Mat::Map2(Map2::Power, pair) => all(pair, ".^"),
            Mat::Map2(f, pair) => format!("{f:?}({})", all(pair, ", ")),
            Mat::Power(p, [a]) => format!("{}^{p}", self.inner(*a)),
            Mat::MatPower(p, [a]) => format!("{}^{p}", self.inner(*a)),
            Mat::Call(f, arguments) => self.show_call(*f, arguments),
            Mat::Commutation(m, n) => format!("K({m},{n})"),
            Mat::LeviCivita(_) => "eps".to_owned(),
            Mat::Merge(m, n) => format!("merge({m},{n})"),
            Mat::Contract(spec, factors) => format!("contract({:?} <- {:?}; {})", spec.out, spec.inputs, all(factors, ", ")),
        }
    }

    fn show_sum(&self, coefficients: &[Number], terms: &[Id]) -> String {
        let mut text = String::new();
        for (c, t) in coefficients.iter().zip(terms) {
            let sign = match (c.is_negative(), text.is_empty()) {
                (true, true) => "-",
                (true, false) => " - ",
                (false, true) => "",
                (false, false) => " + ",
            };
            let coefficient = if c.abs().is_one() { String::new() } else { format!("{}*", c.abs()) };
            text += &format!("{sign}{coefficient}{}", self.inner(*t));
        }
        text
    }

    fn show_call(&self, f: MatFn, arguments: &[Id]) -> String {
        let name = format!("{f:?}").to_lowercase();
        let arguments: Vec<String> = arguments.iter().map(|a| self.show(*a)).collect();
        format!("{name}({})", arguments.join(", "))
    }

    fn inner(&self, t: Id) -> String {
        match self.node(t) {
            Mat::Scale(..) | Mat::Times(_) | Mat::Mul(_) | Mat::Add(..) | Mat::Had(_) | Mat::Map2(Map2::Power, _) | Mat::Power(..) => {
                format!("({})", self.show(t))
            }
            _ => self.show(t),
        }
    }
}
