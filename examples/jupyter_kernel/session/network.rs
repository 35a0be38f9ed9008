//! Expressions as tensor networks: factors, and wires between them.
//!
//! Nothing is simplified. A matrix has two axes, a vector one; a product joins two of them, a trace joins both of a matrix, an
//! entrywise product joins each with its like. What is no product is one factor.

use indicial::{Call, Expr, Function, Number, Op, Shape, Subscript, Symbol, Typed, TypedId, unicode};
use std::collections::HashMap;

/// A wire; several may be one, which [`Wires`] knows.
type Wire = usize;
/// The wires of one axis: two of an axis of a Kronecker product or of `vec`, the slower one first.
type Axis = Vec<Wire>;

/// A factor with the numbers of its indices.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Factor {
    pub name: String,
    pub indices: Vec<usize>,
}

/// One term: numbers before it, factors, and the open indices of each axis.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Network {
    pub sign: &'static str,
    pub numbers: Vec<String>,
    pub factors: Vec<Factor>,
    pub open: Vec<Vec<usize>>,
    /// The name of each index.
    pub names: Vec<String>,
}

impl Network {
    /// The parts that share no index, in order of their first factors.
    pub fn components(&self) -> Vec<Network> {
        let mut groups: Vec<Vec<usize>> = Vec::new();
        for (at, factor) in self.factors.iter().enumerate() {
            let touches = |group: &Vec<usize>| group.iter().any(|f| self.factors[*f].indices.iter().any(|i| factor.indices.contains(i)));
            let (mut own, others): (Vec<_>, Vec<_>) = groups.into_iter().partition(touches);
            own.push(vec![at]);
            groups = others;
            groups.push(own.concat());
        }
        groups.iter_mut().for_each(|group| group.sort_unstable());
        groups.sort();
        groups.iter().map(|group| self.part(group)).collect()
    }

    fn part(&self, group: &[usize]) -> Network {
        let factors: Vec<Factor> = group.iter().map(|f| self.factors[*f].clone()).collect();
        let has = |index: &usize| factors.iter().any(|f| f.indices.contains(index));
        let open = self.open.iter().map(|axis| axis.iter().copied().filter(has).collect()).collect();
        Network { factors, open, ..self.clone() }
    }
}

/// The terms of an expression, each with its network.
pub fn networks(typed: &Typed) -> Vec<Network> {
    let mut all = Vec::new();
    terms(typed, typed.root, "+", &mut |id, sign, open| all.push(Reader::new(typed).read(id, sign, open)), None);
    all
}

/// Free indices in an order that was asked for, and how.
type Order = Option<Vec<Symbol>>;

fn terms(typed: &Typed, id: TypedId, sign: &'static str, found: &mut dyn FnMut(TypedId, &'static str, Order), order: Order) {
    let other = if sign == "+" { "−" } else { "+" };
    match &typed.node(id).op {
        Op::Add(all) => all.iter().for_each(|c| terms(typed, *c, sign, found, order.clone())),
        Op::Neg(c) => terms(typed, *c, other, found, order),
        Op::Braces(c, names) => terms(typed, *c, sign, found, Some(names.iter().map(|(name, _)| *name).collect())),
        _ => found(id, sign, order),
    }
}

/// Reads one term.
struct Reader<'a> {
    typed: &'a Typed,
    /// The wire that each was joined to, itself if none.
    wires: Vec<Wire>,
    factors: Vec<(String, Vec<Wire>)>,
    numbers: Vec<String>,
    /// The wires of named indices.
    scope: HashMap<Symbol, Wire>,
    /// The names that indices were given.
    given: Vec<(Wire, String)>,
}

impl<'a> Reader<'a> {
    fn new(typed: &'a Typed) -> Reader<'a> {
        Reader { typed, wires: Vec::new(), factors: Vec::new(), numbers: Vec::new(), scope: HashMap::new(), given: Vec::new() }
    }

    fn read(mut self, id: TypedId, sign: &'static str, order: Order) -> Network {
        let mut open = self.axes(id);
        let order = order.unwrap_or_else(|| self.typed.node(id).free.iter().map(|(name, _)| *name).collect());
        open.extend(order.iter().filter_map(|name| self.scope.get(name).map(|wire| vec![*wire])));
        self.close(&open);
        self.named(sign, &open)
    }

    fn wire(&mut self) -> Wire {
        self.wires.push(self.wires.len());
        self.wires.len() - 1
    }

    fn fresh(&mut self, axes: usize) -> Vec<Axis> {
        (0..axes).map(|_| vec![self.wire()]).collect()
    }

    fn root(&self, mut wire: Wire) -> Wire {
        while self.wires[wire] != wire {
            wire = self.wires[wire];
        }
        wire
    }

    fn join(&mut self, a: Wire, b: Wire) {
        let (a, b) = (self.root(a), self.root(b));
        self.wires[a.max(b)] = a.min(b);
    }

    /// Joins two axes; where one has more wires than the other, a factor takes them apart.
    fn join_axes(&mut self, a: &[Wire], b: &[Wire]) {
        if a.len() == b.len() {
            a.iter().zip(b).for_each(|(x, y)| self.join(*x, *y));
        } else {
            self.factors.push(("vec".to_owned(), a.iter().chain(b).copied().collect()));
        }
    }

    fn join_all(&mut self, a: &[Axis], b: &[Axis]) {
        a.iter().zip(b).for_each(|(x, y)| self.join_axes(x, y));
    }

    fn factor(&mut self, name: &str, axes: &[Axis]) {
        self.factors.push((name.to_owned(), axes.iter().flatten().copied().collect()));
    }

    /// A vector of ones at each of these axes, which are summed.
    fn sum(&mut self, axes: &[Axis]) {
        axes.iter().flatten().for_each(|w| self.factors.push(("1".to_owned(), vec![*w])));
    }

    /// What is summed and has one factor only is joined with ones.
    fn close(&mut self, open: &[Axis]) {
        let roots = |s: &Self, all: &[Wire]| all.iter().map(|w| s.root(*w)).collect::<Vec<_>>();
        let used: Vec<Wire> = self.factors.iter().flat_map(|(_, wires)| roots(self, wires)).collect();
        let open = roots(self, &open.concat());
        for wire in used.iter().filter(|w| used.iter().filter(|u| u == w).count() == 1 && !open.contains(w)) {
            self.factors.push(("1".to_owned(), vec![*wire]));
        }
    }

    /// Numbers wires in order of appearance, and names those that have no name yet.
    fn named(self, sign: &'static str, open: &[Axis]) -> Network {
        let mut order: Vec<Wire> = Vec::new();
        let all = open.iter().flatten().chain(self.factors.iter().flat_map(|(_, wires)| wires));
        for wire in all.map(|w| self.root(*w)) {
            if !order.contains(&wire) {
                order.push(wire);
            }
        }
        let place = |w: &Wire| order.iter().position(|o| *o == self.root(*w)).unwrap_or_default();
        let given: HashMap<Wire, &str> = self.given.iter().rev().map(|(w, name)| (self.root(*w), name.as_str())).collect();
        let taken: Vec<&str> = given.values().copied().chain(self.typed.variables.keys().map(|v| v.as_str())).collect();
        let mut free =
            ('i'..='z').chain('a'..='h').map(String::from).chain((1..).map(|n| format!("i{n}"))).filter(|n| !taken.contains(&n.as_str()));
        let names = order.iter().map(|w| given.get(w).map(|n| (*n).to_owned()).or_else(|| free.next()).unwrap_or_default()).collect();
        let factors = self.factors.iter().map(|(name, wires)| Factor { name: name.clone(), indices: wires.iter().map(place).collect() });
        Network {
            sign,
            factors: factors.collect(),
            open: open.iter().map(|axis| axis.iter().map(place).collect()).collect(),
            names,
            numbers: self.numbers.clone(),
        }
    }

    /// The axes of a node, whose factors are noted. Indices that are summed below it are forgotten.
    fn axes(&mut self, id: TypedId) -> Vec<Axis> {
        let bound = self.bound(id);
        let outer: Vec<_> = bound.iter().map(|name| (*name, self.scope.remove(name))).collect();
        let (factors, numbers) = (self.factors.len(), self.numbers.len());
        let axes = self.of_op(id).unwrap_or_else(|| {
            self.factors.truncate(factors);
            self.numbers.truncate(numbers);
            self.whole(id)
        });
        for (name, wire) in outer {
            match wire {
                Some(wire) => self.scope.insert(name, wire),
                None => self.scope.remove(&name),
            };
        }
        axes
    }

    /// The indices that are free in a child and not in the node.
    fn bound(&self, id: TypedId) -> Vec<Symbol> {
        let node = self.typed.node(id);
        let mut names = Vec::new();
        node.op.for_each_child(|c| names.extend(self.typed.node(*c).free.iter().map(|(name, _)| *name)));
        if let Op::Subscript(_, subscripts) | Op::Delta(subscripts) | Op::LeviCivita(subscripts) = &node.op {
            names.extend(subscripts.iter().filter_map(name));
        }
        names.retain(|name| node.free.iter().all(|(free, _)| free != name));
        names
    }

    fn named_wire(&mut self, index: Symbol) -> Wire {
        if let Some(wire) = self.scope.get(&index) {
            return *wire;
        }
        let wire = self.wire();
        self.scope.insert(index, wire);
        self.given.push((wire, index.to_string()));
        wire
    }

    /// The node as one factor, with its own axes and those of its free indices.
    fn whole(&mut self, id: TypedId) -> Vec<Axis> {
        let node = self.typed.node(id);
        let axes = self.fresh(node.shape.axes().len());
        let free: Vec<Axis> = node.free.iter().map(|(name, _)| vec![self.named_wire(*name)]).collect();
        self.factor(&unicode(&expr(self.typed, id)), &[axes.clone(), free].concat());
        axes
    }

    /// None if the node is a factor by itself.
    fn of_op(&mut self, id: TypedId) -> Option<Vec<Axis>> {
        let node = self.typed.node(id);
        Some(match &node.op {
            Op::Number(_) | Op::Constant(_) | Op::Size(_) => {
                self.numbers.push(unicode(&expr(self.typed, id)));
                Vec::new()
            }
            Op::Neg(c) => {
                self.numbers.push("(−1)".to_owned());
                self.axes(*c)
            }
            Op::Mul(all) => self.product(all)?,
            Op::Had(all) => self.entrywise(all)?,
            Op::Kron(a, b) => self.kronecker(*a, *b)?,
            Op::Transpose(c) => self.axes(*c).into_iter().rev().collect(),
            Op::Div(a, b) if matches!(self.typed.node(*b).op, Op::Number(_) | Op::Size(_)) => {
                self.numbers.push(format!("1/{}", unicode(&expr(self.typed, *b))));
                self.axes(*a)
            }
            Op::Div(a, b) => {
                let below = unicode(&expr(self.typed, *b));
                self.factor(&if below.contains([' ', '·', '/']) { format!("1/({below})") } else { format!("1/{below}") }, &[]);
                self.axes(*a)
            }
            Op::Pow(c, p) => self.power(*c, self.whole_number(*p)?)?,
            Op::HadPow(c, p) => {
                let times = self.whole_number(*p)?;
                self.entrywise(&vec![*c; times])?
            }
            Op::Call(Function::Call(call), arguments) => self.call(*call, arguments)?,
            Op::Subscript(whole, subscripts) => {
                let names: Vec<_> = subscripts.iter().map(name).collect::<Option<_>>()?;
                let axes = self.axes(*whole);
                for (axis, name) in axes.iter().zip(names) {
                    let wire = self.named_wire(name);
                    self.join_axes(axis, &[wire]);
                }
                Vec::new()
            }
            Op::Delta(subscripts) => self.symbol("δ", subscripts)?,
            Op::LeviCivita(subscripts) => self.symbol("ε", subscripts)?,
            Op::IndexSum(_, c) => self.axes(*c),
            Op::Braces(c, names) => {
                let own = self.axes(*c);
                let named: Vec<Axis> = names.iter().map(|(name, _)| vec![self.named_wire(*name)]).collect();
                [own, named].concat()
            }
            Op::Var(_)
            | Op::Add(_)
            | Op::HadDiv(..)
            | Op::LeftDiv(..)
            | Op::Call(Function::Map(_), _)
            | Op::Apply { .. }
            | Op::Diff(..)
            | Op::Block(_) => return None,
        })
    }

    fn symbol(&mut self, sign: &str, subscripts: &[Subscript<TypedId>]) -> Option<Vec<Axis>> {
        let names: Vec<_> = subscripts.iter().map(name).collect::<Option<_>>()?;
        let wires: Vec<Axis> = names.into_iter().map(|name| vec![self.named_wire(name)]).collect();
        self.factor(sign, &wires);
        Some(Vec::new())
    }

    fn is_matrix(&self, id: TypedId) -> bool {
        matches!(self.typed.node(id).shape, Shape::Matrix(..))
    }

    fn whole_number(&self, id: TypedId) -> Option<usize> {
        let Op::Number(n) = &self.typed.node(id).op else { return None };
        (2..=12).find(|p| *n == Number::from(*p as i64))
    }

    /// A product of linear algebra: the last axis of a row or a matrix is joined with the first of what follows.
    fn product(&mut self, all: &[TypedId]) -> Option<Vec<Axis>> {
        if all.iter().any(|c| matches!(self.typed.node(*c).shape, Shape::Tensor(_))) {
            return None;
        }
        let mut so_far: (Vec<Axis>, bool) = (Vec::new(), false);
        for c in all {
            let is_row = matches!(self.typed.node(*c).shape, Shape::Row(_));
            let axes = self.axes(*c);
            so_far = match (so_far.0.len(), axes.len()) {
                (0, _) => (axes, is_row),
                (_, 0) => so_far,
                // A column times a row.
                (1, 1) if !so_far.1 => ([so_far.0, axes].concat(), false),
                (left, right) => {
                    let (Some(last), Some(first)) = (so_far.0.last(), axes.first()) else { return None };
                    self.join_axes(&last.clone(), &first.clone());
                    (so_far.0[..left - 1].iter().chain(&axes[1..]).cloned().collect(), so_far.1 && right == 2)
                }
            };
        }
        Some(so_far.0)
    }

    /// Entrywise, all of one shape or scalars.
    fn entrywise(&mut self, all: &[TypedId]) -> Option<Vec<Axis>> {
        let orders: Vec<usize> = all.iter().map(|c| self.typed.node(*c).shape.axes().len()).filter(|order| *order > 0).collect();
        if orders.windows(2).any(|w| w[0] != w[1]) {
            return None;
        }
        let parts: Vec<Vec<Axis>> = all.iter().map(|c| self.axes(*c)).filter(|axes| !axes.is_empty()).collect();
        let first = parts.first().cloned().unwrap_or_default();
        parts.iter().skip(1).for_each(|axes| self.join_all(&first, axes));
        Some(first)
    }

    /// A whole power of a matrix, or of a scalar that is a product; the square of a norm.
    fn power(&mut self, c: TypedId, times: usize) -> Option<Vec<Axis>> {
        match &self.typed.node(c).op {
            Op::Call(Function::Call(Call::Norm2 | Call::NormF), arguments) if times == 2 => {
                let inner = *arguments.first()?;
                // Joined, and open to nobody: a sum of squares.
                self.entrywise(&[inner, inner]).map(|_| Vec::new())
            }
            _ => self.product(&vec![c; times]),
        }
    }

    /// The wires of a Kronecker product, two for each axis.
    fn kronecker(&mut self, a: TypedId, b: TypedId) -> Option<Vec<Axis>> {
        if !self.is_matrix(a) || !self.is_matrix(b) {
            return None;
        }
        let (a, b) = (self.axes(a), self.axes(b));
        Some(a.into_iter().zip(b).map(|(x, y)| [x, y].concat()).collect())
    }

    fn call(&mut self, call: Call, arguments: &[TypedId]) -> Option<Vec<Axis>> {
        let (x, y) = (*arguments.first()?, arguments.get(1).copied());
        match (call, y) {
            (Call::Trace, None) => {
                let axes = self.axes(x);
                self.join_axes(&axes.first()?.clone(), &axes.get(1)?.clone());
                Some(Vec::new())
            }
            (Call::Sum, None) => {
                let axes = self.axes(x);
                self.sum(&axes);
                Some(Vec::new())
            }
            (Call::Dot | Call::Inner, Some(y)) => self.entrywise(&[x, y]).map(|_| Vec::new()),
            (Call::Outer, Some(y)) => Some([self.axes(x), self.axes(y)].concat()),
            (Call::Diag, None) => {
                let axes = self.axes(x);
                match &axes[..] {
                    [one] => Some(vec![one.clone(), one.clone()]),
                    [one, other] => {
                        self.join_axes(&one.clone(), &other.clone());
                        Some(vec![one.clone()])
                    }
                    _ => None,
                }
            }
            (Call::Vec, None) if self.is_matrix(x) => {
                let axes = self.axes(x);
                Some(vec![axes.into_iter().rev().flatten().collect()])
            }
            (Call::Kron, Some(y)) if arguments.len() == 2 => self.kronecker(x, y),
            _ => None,
        }
    }
}

fn name(subscript: &Subscript<TypedId>) -> Option<Symbol> {
    match subscript {
        Subscript::Index(name) => Some(*name),
        Subscript::At(_) | Subscript::All | Subscript::Range(..) => None,
    }
}

/// A node as an expression, for its name.
fn expr(typed: &Typed, id: TypedId) -> Expr {
    match typed.node(id).op.try_map(|c| Ok::<_, std::convert::Infallible>(expr(typed, *c))) {
        Ok(op) => Expr::new(op),
    }
}
