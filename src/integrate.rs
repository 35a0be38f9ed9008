//! Integrals over a scalar: an antiderivative at both ends, where a closed form is known.
//!
//! | integrand | antiderivative |
//! | --- | --- |
//! | sums, constant factors and matrices | term by term |
//! | `t^p` | `t^(p+1)/(p+1)`, `log(t)` |
//! | `f.(a*t + b)` | that of f, divided by `a` |
//! | `t^n*f.(a*t + b)` | by parts, n times |
//! | `expm(t*A + B)`, `cosm`, `sinm`, where A and B commute | `inv(A)*expm(t*A + B)` |
//! | `t^n*expm(t*A)` | by parts, n times |
//! | `exp(w*t)*expm(t*A)` | that of `expm(t*(A + w*eye(n)))` |
//! | `expm(t*A)*C*expm(t*B)` | the X of `A*X + X*B = expm(t*A)*C*expm(t*B)` |
//! | `t^n*log(t)` | `t^(n+1)*(log(t)/(n+1) - 1/(n+1)^2)` |
//! | `exp(-a*t^2 + b*t + c)` over all t | `sqrt(pi/a)*exp(c + b^2/(4*a))`, for a > 0; over half of them one half of it, for b = 0 |
//!
//! At an infinite end a term has to vanish. What may have a pole between the ends is refused: an integral over it has no value
//! although the antiderivative has one at both.
//!
//! An infinite integral of exponentials of matrices is taken for one that exists, which the answer says.
//!
//! Sources: Abramowitz and Stegun 1964, chapters 4 and 7; Van Loan 1978 (exponentials of matrices); Horn and Johnson 1991,
//! theorem 4.4.6 (two of them).

use crate::contract::Draft;
use crate::diff::derivative;
use crate::error::{Error, ErrorKind, Result};
use crate::expr::{Structure, Var};
use crate::fact::Facts;
use crate::function::{Constant, Map, Sign};
use crate::index::{Contraction, Factor, Graph, Label, Labels, LinearOperator, Node, NodeId, Opaque};
use crate::number::Number;
use crate::prove::Expander;
use rustc_hash::FxHashMap;

/// Antiderivatives in the language, in terms of the scalar `u`; functions with a pole or a kink are not among them, which quadrature
/// could not hold them against.
const ANTIDERIVATIVES: [(Map, &str); 9] = [
    (Map::Exp, "exp(u)"),
    (Map::Log, "u*log(u) - u"),
    (Map::Sin, "-cos(u)"),
    (Map::Cos, "sin(u)"),
    (Map::Sinh, "cosh(u)"),
    (Map::Cosh, "sinh(u)"),
    (Map::Tanh, "log(cosh(u))"),
    (Map::Atan, "u*atan(u) - log(1 + u^2)/2"),
    (Map::Sigmoid, "softplus(u)"),
];

/// The highest natural power that is integrated by parts.
const MOST_PARTS: i64 = 8;

/// The integral of `f` over `t` between two ends.
///
/// # Errors
/// Of kind `Unsupported` if no closed form is known.
pub fn integral(graph: &mut Graph, f: NodeId, t: &Var, from: NodeId, to: NodeId) -> Result<NodeId> {
    let variable = graph.insert(Node::Var(t.clone()));
    let expanded = Expander::new(graph, false).node(f).unwrap_or(f);
    let kept = keeps_structure(graph, f);
    let mut integrator = Integrator { graph, t: t.clone(), variable, from, to };
    let unknown = || {
        let error = Error::new(ErrorKind::Unsupported, format!("no closed form of this integral over {} is known", t.name));
        error.help("at an infinite end, and where there may be a pole between the ends, signs have to be declared: `a: scalar > 0`")
    };
    if [from, to].into_iter().any(|end| integrator.depends(end)) {
        return Err(Error::new(ErrorKind::Domain, format!("an end of the integral over {} depends on it", t.name)));
    }
    let plain = if kept { None } else { integrator.definite(f) };
    plain.or_else(|| integrator.definite(expanded)).ok_or_else(unknown)
}

/// Whether multiplying out leaves the variables what they are: a skew one becomes `(W - W')/2` of a general one.
fn keeps_structure(graph: &Graph, f: NodeId) -> bool {
    let lifted =
        |v: &Var| v.kind.as_ref().is_some_and(|k| matches!(k.structure, Structure::Skew | Structure::Diagonal | Structure::Hollow));
    !graph.reachable(&[f]).iter().any(|id| matches!(graph.node(*id), Node::Var(v) if lifted(v)))
}

struct Integrator<'a> {
    graph: &'a mut Graph,
    t: Var,
    variable: NodeId,
    from: NodeId,
    to: NodeId,
}

/// An end of the range.
#[derive(Clone, Copy, PartialEq)]
enum End {
    Finite(NodeId),
    /// Whether it is the negative one.
    Infinite(bool),
}

impl Integrator<'_> {
    fn definite(&mut self, f: NodeId) -> Option<NodeId> {
        let axes = self.graph.axes_of_node(f);
        let mut terms = Vec::new();
        for (n, term) in addends(self.graph, f) {
            terms.push((n, self.of_term(term)?));
        }
        Some(self.graph.sum(&axes, terms))
    }

    fn of_term(&mut self, f: NodeId) -> Option<NodeId> {
        if let Some(value) = self.gaussian(f) {
            return Some(value);
        }
        if let Some(value) = self.of_matrix_exponentials(f) {
            return Some(value);
        }
        let antiderivative = self.antiderivative(f)?;
        let (last, first) = (self.at(antiderivative, self.to)?, self.at(antiderivative, self.from)?);
        let axes = self.graph.axes_of_node(f);
        Some(self.graph.sum(&axes, vec![(Number::ONE, last), (Number::MINUS_ONE, first)]))
    }

    fn depends(&self, a: NodeId) -> bool {
        self.graph.reachable(&[a]).contains(&self.variable)
    }

    fn end(&self, a: NodeId) -> End {
        let (n, core) = self.graph.unscaled(a);
        match self.graph.node(core) {
            Node::Constant(Constant::Infinity) => End::Infinite(n.is_negative()),
            _ => End::Finite(a),
        }
    }

    /// The value or the limit at an end.
    fn at(&mut self, a: NodeId, end: NodeId) -> Option<NodeId> {
        match self.end(end) {
            End::Finite(value) => Some(self.put_in(a, value)),
            End::Infinite(negative) => {
                let terms = addends(self.graph, a);
                let vanish = terms.iter().all(|(_, t)| self.vanishes(*t, negative));
                let axes = self.graph.axes_of_node(a);
                vanish.then(|| self.graph.zero(&axes))
            }
        }
    }

    fn put_in(&mut self, root: NodeId, value: NodeId) -> NodeId {
        let mut done: FxHashMap<NodeId, NodeId> = FxHashMap::default();
        for id in self.graph.reachable(&[root]) {
            let built = if id == self.variable { value } else { self.graph.rebuilt(id, |a| done.get(&a).copied().unwrap_or(a)) };
            done.insert(id, built);
        }
        done.get(&root).copied().unwrap_or(root)
    }

    /// Whether a product goes to 0 at an infinite end: one factor `exp` of what goes to minus infinity there outweighs every
    /// power, and a power alone has to be negative.
    fn vanishes(&mut self, term: NodeId, negative: bool) -> bool {
        let factors: Vec<NodeId> = match self.graph.node(term) {
            Node::Contract(c) => c.factors.iter().map(|f| f.node).filter(|f| self.depends(*f)).collect(),
            Node::Zero(_) => return true,
            _ => vec![term],
        };
        let mut decays = false;
        for f in factors {
            match self.graph.node(f).clone() {
                Node::Map(Map::Exp, u) => {
                    let Some(slope) = self.slope(u) else { return false };
                    let downwards = if negative { slope } else { self.graph.negate(slope) };
                    if self.graph.meta(downwards).sign != Sign::Positive {
                        return false;
                    }
                    decays = true;
                }
                Node::Var(_) => {}
                Node::Power(base, _) if base == self.variable => {}
                _ => return false,
            }
        }
        decays || matches!(self.graph.node(term), Node::Power(base, p) if *base == self.variable && p.is_negative())
    }

    /// d u / d t, where it does not depend on t and is not 0.
    fn slope(&mut self, u: NodeId) -> Option<NodeId> {
        let slope = derivative(self.graph, u, &self.t.clone()).ok()?;
        (!self.depends(slope) && !matches!(self.graph.node(slope), Node::Zero(_))).then_some(slope)
    }

    fn antiderivative(&mut self, f: NodeId) -> Option<NodeId> {
        if !self.depends(f) {
            return Some(self.graph.times(self.variable, f));
        }
        match self.graph.node(f).clone() {
            Node::Scale(n, a) => {
                let a = self.antiderivative(a)?;
                Some(self.graph.scale(&n, a))
            }
            Node::Sum(terms) => {
                let axes = self.graph.axes_of_node(f);
                let terms = terms.into_iter().map(|(n, a)| Some((n, self.antiderivative(a)?))).collect::<Option<Vec<_>>>()?;
                Some(self.graph.sum(&axes, terms))
            }
            Node::Contract(c) => self.of_product(&c),
            _ => self.of_factor(f),
        }
    }

    /// Of what is no product: t, a power or a function of `a*t + b`.
    fn of_factor(&mut self, f: NodeId) -> Option<NodeId> {
        let (u, value) = match self.graph.node(f).clone() {
            Node::Var(_) => {
                let square = self.graph.power(f, &Number::int(2));
                return Some(self.graph.scale(&Number::ratio(1, 2), square));
            }
            Node::Power(u, p) => (u, self.of_power(u, &p)?),
            Node::Map(g, u) => {
                let (_, text) = ANTIDERIVATIVES.iter().find(|(map, _)| *map == g)?;
                (u, self.graph.entrywise(text, u)?)
            }
            _ => return None,
        };
        let slope = self.slope(u)?;
        let divisor = self.graph.power(slope, &Number::MINUS_ONE);
        Some(self.graph.times(divisor, value))
    }

    fn of_power(&mut self, u: NodeId, p: &Number) -> Option<NodeId> {
        if p.is_negative() && !self.is_positive_between(u) {
            return None;
        }
        if *p == Number::MINUS_ONE {
            return Some(self.graph.map(Map::Log, u));
        }
        let q = p + &Number::ONE;
        let power = self.graph.power(u, &q);
        Some(self.graph.scale(&q.recip()?, power))
    }

    /// Whether what is linear in t is positive at both ends, and so between them.
    fn is_positive_between(&mut self, u: NodeId) -> bool {
        let ends = [self.from, self.to];
        let positive = |s: &mut Self, end: NodeId| match s.end(end) {
            End::Finite(value) => {
                let at = s.put_in(u, value);
                s.graph.as_constant(at).map_or(s.graph.meta(at).sign == Sign::Positive, |c| c > Number::ZERO)
            }
            // t itself.
            End::Infinite(negative) => u == s.variable && !negative,
        };
        ends.into_iter().all(|end| positive(self, end))
    }

    /// Of a product with constant factors: `t^n` times one function.
    fn of_product(&mut self, c: &Contraction) -> Option<NodeId> {
        let (dependent, mut constant): (Vec<Factor>, Vec<Factor>) = c.factors.iter().cloned().partition(|f| self.depends(f.node));
        let (powers, others): (Vec<Factor>, Vec<Factor>) = dependent.into_iter().partition(|f| self.natural_power(f.node).is_some());
        let n: i64 = powers.iter().filter_map(|f| self.natural_power(f.node)).sum();
        let other = self.joined_exponentials(others)?;
        match other {
            None => {
                let power = self.graph.power(self.variable, &Number::int(n));
                let value = self.antiderivative(power)?;
                constant.push(Factor { node: value, labels: Default::default() });
                Some(self.built(c, constant))
            }
            Some(Factor { node, labels }) if n > 0 && *self.graph.node(node) == Node::Map(Map::Log, self.variable) => {
                let value = self.of_power_and_logarithm(n, node)?;
                constant.push(Factor { node: value, labels });
                Some(self.built(c, constant))
            }
            // By parts they would come back: their antiderivatives are products with what they are a function of.
            Some(other) if n > 0 && matches!(self.graph.node(other.node), Node::Map(Map::Log | Map::Atan, _)) => None,
            Some(other) if n <= MOST_PARTS => {
                let whole = self.of_factor(other.node)?;
                let mut terms = Vec::new();
                for (m, part) in addends(self.graph, whole) {
                    let mut factors = constant.clone();
                    factors.push(Factor { node: part, labels: other.labels.clone() });
                    terms.push((m, factors));
                }
                self.by_parts(c, n, terms)
            }
            Some(_) => None,
        }
    }

    /// `t^n*log(t)`: `t^(n+1)*(log(t)/(n+1) - 1/(n+1)^2)`.
    fn of_power_and_logarithm(&mut self, n: i64, log: NodeId) -> Option<NodeId> {
        let over = Number::ratio(1, n.checked_add(1)?);
        let power = self.graph.power(self.variable, &Number::int(n + 1));
        let product = self.graph.times(power, log);
        let square = &over * &over;
        Some(self.graph.sum(&[], vec![(over, product), (-&square, power)]))
    }

    /// `t^n*G - n*integral of t^(n-1)*G`. Ends because n falls.
    fn by_parts(&mut self, c: &Contraction, n: i64, antiderivative: Vec<(Number, Vec<Factor>)>) -> Option<NodeId> {
        let mut sum = Vec::new();
        for (m, factors) in antiderivative {
            let with_power = |s: &mut Self, k: i64| {
                let power = s.graph.power(s.variable, &Number::int(k));
                let mut factors = factors.clone();
                factors.push(Factor { node: power, labels: Default::default() });
                s.built(c, factors)
            };
            let whole = with_power(self, n);
            sum.push((m.clone(), whole));
            if n > 0 {
                let rest = with_power(self, n - 1);
                let rest = self.antiderivative(rest)?;
                sum.push((&m * &Number::int(-n), rest));
            }
        }
        let axes = self.graph.axes_of_node(sum.first()?.1);
        Some(self.graph.sum(&axes, sum))
    }

    fn natural_power(&self, a: NodeId) -> Option<i64> {
        match self.graph.node(a) {
            _ if a == self.variable => Some(1),
            Node::Power(base, p) if *base == self.variable => p.as_integer().filter(|p| *p > 0),
            _ => None,
        }
    }

    /// At most one factor: several exponentials at the same places are one. `None` if there are others.
    #[expect(clippy::option_option, reason = "no factor is not the same as too many")]
    fn joined_exponentials(&mut self, others: Vec<Factor>) -> Option<Option<Factor>> {
        let mut all = others.into_iter();
        let Some(mut joined) = all.next() else { return Some(None) };
        for f in all {
            let (Node::Map(Map::Exp, u), Node::Map(Map::Exp, v)) = (self.graph.node(joined.node).clone(), self.graph.node(f.node).clone())
            else {
                return None;
            };
            if joined.labels != f.labels {
                return None;
            }
            let axes = self.graph.axes_of_node(u);
            let exponent = self.graph.sum(&axes, vec![(Number::ONE, u), (Number::ONE, v)]);
            joined.node = self.graph.map(Map::Exp, exponent);
        }
        Some(Some(joined))
    }

    fn built(&mut self, c: &Contraction, factors: Vec<Factor>) -> NodeId {
        let mut draft = Draft::new();
        draft.labels(&c.dims);
        draft.factors = factors;
        self.graph.contract(draft.out(&c.out))
    }

    /// Constants times one or two exponentials of matrices that are linear in t. At an infinite end they are taken to vanish.
    fn of_matrix_exponentials(&mut self, f: NodeId) -> Option<NodeId> {
        let c = match self.graph.node(f) {
            Node::Contract(c) => c.clone(),
            Node::Opaque(Opaque::Expm | Opaque::Cosm | Opaque::Sinm, _) => {
                let axes = self.graph.axes_of_node(f);
                let factor = Factor { node: f, labels: Labels::from_slice(&[0, 1]) };
                Contraction { dims: axes.into_iter().collect(), out: Labels::from_slice(&[0, 1]), factors: [factor].into_iter().collect() }
            }
            _ => return None,
        };
        let (dependent, constant): (Vec<Factor>, Vec<Factor>) = c.factors.iter().cloned().partition(|f| self.depends(f.node));
        let (powers, others): (Vec<Factor>, Vec<Factor>) = dependent.into_iter().partition(|f| self.natural_power(f.node).is_some());
        let n: i64 = powers.iter().filter_map(|f| self.natural_power(f.node)).sum();
        let dependent = self.with_scalar_exponentials(others)?;
        if n > MOST_PARTS || !dependent.iter().all(|f| self.may_vanish(f)) {
            return None;
        }
        match &dependent[..] {
            [one] => {
                let value = self.of_power_and_function(n, one)?;
                let factors = constant.into_iter().chain([Factor { node: value, labels: one.labels.clone() }]).collect();
                Some(self.built(&c, factors))
            }
            [first, last] if n == 0 => self.of_two_exponentials(&c, first, last, &constant),
            _ => None,
        }
    }

    /// `t^n*f(t*A + B)` by parts: with F the antiderivative of f, `inv(A)*t^n*F` less the integral of `n*inv(A)*t^(n-1)*F`.
    fn of_power_and_function(&mut self, n: i64, f: &Factor) -> Option<NodeId> {
        let Node::Opaque(mut function, u) = *self.graph.node(f.node) else { return None };
        let slope = self.generator(f)?;
        let inverse = self.graph.inverse(slope);
        let axes = self.graph.axes_of_node(slope);
        let (mut factor, mut before, mut terms) = (Number::ONE, vec![inverse], Vec::new());
        for k in (0..=n).rev() {
            let (sign, next) = match function {
                Opaque::Cosm => (Number::ONE, Opaque::Sinm),
                Opaque::Sinm => (Number::MINUS_ONE, Opaque::Cosm),
                Opaque::Expm => (Number::ONE, Opaque::Expm),
                _ => return None,
            };
            (function, factor) = (next, &factor * &sign);
            let value = self.between_ends(|s, end| {
                let End::Finite(t) = s.end(end) else { return Some(s.graph.zero(&axes)) };
                let argument = s.put_in(u, t);
                let value = s.graph.opaque(function, argument);
                let value = s.graph.product(&[before.as_slice(), &[value]].concat());
                let power = s.graph.power(t, &Number::int(k));
                Some(s.graph.times(power, value))
            })?;
            terms.push((factor.clone(), value));
            factor = &factor * &Number::int(-k);
            before.push(inverse);
        }
        Some(self.graph.sum(&axes, terms))
    }

    /// `exp(w*t)*expm(t*A)` is `expm(t*(A + w*eye))`. At an infinite end the scalar has to vanish by itself, so that what is said
    /// of A is enough.
    fn with_scalar_exponentials(&mut self, factors: Vec<Factor>) -> Option<Vec<Factor>> {
        let (scalars, mut matrices): (Vec<Factor>, Vec<Factor>) = factors.into_iter().partition(|f| f.labels.is_empty());
        for f in scalars {
            let Node::Map(Map::Exp, u) = *self.graph.node(f.node) else { return None };
            let infinite = [self.from, self.to].into_iter().find_map(|end| match self.end(end) {
                End::Infinite(negative) => Some(negative),
                End::Finite(_) => None,
            });
            let Node::Opaque(Opaque::Expm, argument) = *self.graph.node(matrices.first()?.node) else { return None };
            if infinite.is_some_and(|negative| !self.vanishes(f.node, negative)) {
                return None;
            }
            let axes = self.graph.axes_of_node(argument);
            let eye = self.graph.eye(axes[0]);
            let multiple = self.graph.times(u, eye);
            let sum = self.graph.sum(&axes, vec![(Number::ONE, argument), (Number::ONE, multiple)]);
            let value = self.graph.opaque(Opaque::Expm, sum);
            matrices[0].node = match self.graph.node(value) {
                // The exponential of the transpose, transposed.
                Node::Contract(c) if c.factors.len() == 1 => {
                    matrices[0].labels.reverse();
                    c.factors[0].node
                }
                _ => value,
            };
        }
        Some(matrices)
    }

    /// Whether nothing says that an exponential of a matrix does not vanish at the infinite end; it cannot at both.
    fn may_vanish(&mut self, f: &Factor) -> bool {
        let Some(slope) = self.generator(f) else { return false };
        let finite = [self.from, self.to].into_iter().all(|end| matches!(self.end(end), End::Finite(_)));
        if !finite && !matches!(self.graph.node(f.node), Node::Opaque(Opaque::Expm, _)) {
            return false;
        }
        let grows = match (self.end(self.from), self.end(self.to)) {
            (End::Finite(_), End::Finite(_)) => return true,
            (End::Finite(_), End::Infinite(false)) => slope,
            (End::Infinite(true), End::Finite(_)) => self.graph.negate(slope),
            _ => return false,
        };
        !self.graph.meta(grows).facts.contains(Facts::PSD) && !self.graph.meta(grows).facts.contains(Facts::SKEW)
    }

    /// The last end's value minus the first one's.
    fn between_ends(&mut self, at: impl Fn(&mut Self, NodeId) -> Option<NodeId>) -> Option<NodeId> {
        let (to, from) = (self.to, self.from);
        let (last, first) = (at(self, to)?, at(self, from)?);
        let axes = self.graph.axes_of_node(last);
        Some(self.graph.sum(&axes, vec![(Number::ONE, last), (Number::MINUS_ONE, first)]))
    }

    /// The A of `expm(t*A + B)`, where B commutes with it.
    fn generator(&mut self, f: &Factor) -> Option<NodeId> {
        let Node::Opaque(Opaque::Expm | Opaque::Cosm | Opaque::Sinm, u) = *self.graph.node(f.node) else { return None };
        let slope = self.slope(u)?;
        let zero = self.graph.zero(&[]);
        let offset = self.put_in(u, zero);
        (matches!(self.graph.node(offset), Node::Zero(_)) || self.graph.commute(slope, offset)).then_some(slope)
    }

    /// Two factors and what stands between them: `first[a,b]*C[b,c]*last[c,d]`, in either order and either of them transposed, as few
    /// as can be.
    fn of_two_exponentials(&mut self, c: &Contraction, f: &Factor, g: &Factor, constant: &[Factor]) -> Option<NodeId> {
        if [f, g].iter().any(|f| !matches!(self.graph.node(f.node), Node::Opaque(Opaque::Expm, _))) {
            return None;
        }
        let turns = [[false, false], [false, true], [true, false], [true, true]];
        turns
            .into_iter()
            .find_map(|turned| self.of_chain(c, [f, g], turned, constant).or_else(|| self.of_chain(c, [g, f], turned, constant)))
    }

    fn of_chain(&mut self, c: &Contraction, chain: [&Factor; 2], turned: [bool; 2], constant: &[Factor]) -> Option<NodeId> {
        let ends = |at: usize| {
            let labels = &chain[at].labels;
            if turned[at] { (labels[1], labels[0]) } else { (labels[0], labels[1]) }
        };
        let ((a, b), (k, d)) = (ends(0), ends(1));
        let (middle, rest) = self.between(c, constant, (b, k), (a, d))?;
        let oriented = |s: &mut Self, x: NodeId, at: usize| if turned[at] { s.graph.transpose(x) } else { x };
        let (p, q) = (self.generator(chain[0])?, self.generator(chain[1])?);
        let (p, q) = (oriented(self, p, 0), oriented(self, q, 1));
        // Then A and -B have all eigenvalues in common, and the equation has no only solution.
        let (opposite, back) = (self.graph.negate(p), self.graph.transpose(q));
        if [q, back].contains(&opposite) {
            return None;
        }
        let value = self.between_ends(|s, end| {
            let End::Finite(t) = s.end(end) else { return Some(s.graph.zero(&s.graph.axes_of_node(middle))) };
            let (x, y) = (s.put_in(chain[0].node, t), s.put_in(chain[1].node, t));
            let (x, y) = (oriented(s, x, 0), oriented(s, y, 1));
            Some(s.graph.product(&[x, middle, y]))
        })?;
        // With infinite ends it is `sylvester(-P, -Q, C)`, as people write it.
        let negative = [p, q].iter().all(|x| self.graph.unscaled(*x).0.is_negative());
        let sign = |s: &mut Self, x: NodeId| if negative { s.graph.negate(x) } else { x };
        let operands = [sign(self, p), sign(self, q), sign(self, value)];
        let value = self.graph.operator(LinearOperator::Sylvester, operands.into_iter().collect());
        let mut draft = Draft::new();
        draft.labels(&c.dims);
        draft.factors = rest;
        draft.factor(value, &[a, d]);
        let used = |draft: &Draft, l: Label| c.out.contains(&l) || draft.factors.iter().any(|f| f.labels.contains(&l));
        let unused: Vec<Label> = (0..c.dims.len()).map(|l| l as Label).filter(|l| !used(&draft, *l)).collect();
        unused.into_iter().for_each(|l| draft.retire(l));
        Some(self.graph.contract(draft.out(&c.out)))
    }

    /// The matrix that joins two labels, and the factors that are no part of it; they must not touch what it sums over.
    fn between(
        &mut self,
        c: &Contraction,
        constant: &[Factor],
        (b, k): (Label, Label),
        outer: (Label, Label),
    ) -> Option<(NodeId, Vec<Factor>)> {
        if [b, k].iter().any(|l| c.out.contains(l) || *l == outer.0 || *l == outer.1) {
            return None;
        }
        let mut reached = vec![b, k];
        let mut inside: Vec<usize> = Vec::new();
        // Each round takes a further factor or ends.
        while let Some(at) = (0..constant.len()).find(|at| !inside.contains(at) && constant[*at].labels.iter().any(|l| reached.contains(l)))
        {
            inside.push(at);
            reached.extend(constant[at].labels.iter().copied());
        }
        let strays = reached.iter().any(|l| c.out.contains(l) || *l == outer.0 || *l == outer.1);
        if strays {
            return None;
        }
        let part =
            |inner: bool| constant.iter().enumerate().filter(|(at, _)| inside.contains(at) == inner).map(|(_, f)| f.clone()).collect();
        let factors: Vec<Factor> = part(true);
        let middle = if b == k {
            self.graph.eye(c.dims[b as usize])
        } else {
            let mut draft = Draft::new();
            draft.labels(&c.dims);
            (0..c.dims.len()).map(|l| l as Label).filter(|l| !reached.contains(l)).for_each(|l| draft.retire(l));
            draft.factors = factors;
            self.graph.contract(draft.out(&[b, k]))
        };
        Some((middle, part(false)))
    }

    /// Constants times `exp(-a*t^2 + b*t + c)` over all t, with a > 0; over half of them, if b is 0.
    fn gaussian(&mut self, f: NodeId) -> Option<NodeId> {
        let zero = self.graph.zero(&[]);
        let half = match [self.end(self.from), self.end(self.to)] {
            [End::Infinite(true), End::Infinite(false)] => false,
            [End::Finite(end), End::Infinite(false)] | [End::Infinite(true), End::Finite(end)] if end == zero => true,
            _ => return None,
        };
        let whole = Contraction { factors: [Factor { node: f, labels: Default::default() }].into_iter().collect(), ..Default::default() };
        let c = match self.graph.node(f) {
            Node::Contract(c) => c.clone(),
            _ if self.graph.order(f) == 0 => whole,
            _ => return None,
        };
        let (dependent, mut factors): (Vec<Factor>, Vec<Factor>) = c.factors.iter().cloned().partition(|f| self.depends(f.node));
        let exponential = self.joined_exponentials(dependent)??;
        let Node::Map(Map::Exp, q) = *self.graph.node(exponential.node) else { return None };
        let first = derivative(self.graph, q, &self.t.clone()).ok()?;
        let second = self.slope(first)?;
        let a = self.graph.scale(&Number::ratio(-1, 2), second);
        if self.graph.meta(a).sign != Sign::Positive && self.graph.as_constant(a).is_none_or(|a| a <= Number::ZERO) {
            return None;
        }
        let axes = self.graph.axes_of_node(q);
        let (b, constant) = (self.put_in(first, zero), self.put_in(q, zero));
        if half && !matches!(self.graph.node(b), Node::Zero(_)) {
            return None;
        }
        let quarter = self.graph.power(a, &Number::MINUS_ONE);
        let quarter = self.graph.scale(&Number::ratio(1, 4), quarter);
        let square = self.graph.times(b, b);
        let top = self.graph.times(square, quarter);
        let exponent = self.graph.sum(&axes, vec![(Number::ONE, constant), (Number::ONE, top)]);
        let peak = self.graph.map(Map::Exp, exponent);
        let (pi, inverse) = (self.graph.insert(Node::Constant(Constant::Pi)), self.graph.power(a, &Number::MINUS_ONE));
        let width = self.graph.times(pi, inverse);
        let width = self.graph.power(width, &Number::ratio(1, 2));
        let value = self.graph.times(width, peak);
        let value = if half { self.graph.scale(&Number::ratio(1, 2), value) } else { value };
        factors.push(Factor { node: value, labels: exponential.labels });
        Some(self.built(&c, factors))
    }
}

fn addends(graph: &Graph, a: NodeId) -> Vec<(Number, NodeId)> {
    let (n, core) = graph.unscaled(a);
    match graph.node(core) {
        Node::Sum(terms) => terms.iter().map(|(m, t)| (&n * m, *t)).collect(),
        _ => vec![(n, core)],
    }
}
