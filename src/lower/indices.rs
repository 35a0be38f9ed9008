//! Index notation: subscripts, deltas and braces; dimensions and places as arguments.

use super::*;

impl Lowering<'_> {
    pub(super) fn dimension(&mut self, a: TypedId) -> Result<Dim> {
        let bad = || Error::new(ErrorKind::Shape, "a dimension is needed here: a positive integer or a symbol such as n");
        match &self.typed(a).op {
            Op::Size(d) => Ok(*d),
            Op::Number(n) => n.as_integer().filter(|n| *n > 0).map(Dim::number).ok_or_else(bad),
            Op::Add(terms) => terms.clone().iter().try_fold(Dim::number(0), |s, t| Ok(s + self.dimension(*t)?)),
            Op::Mul(terms) => terms.clone().iter().try_fold(Dim::ONE, |s, t| Ok(s * self.dimension(*t)?)),
            Op::Div(a, b) => {
                let (a, b) = (*a, *b);
                let by = self.dimension(b)?.as_number().ok_or_else(bad)?;
                self.dimension(a)?.over(by).ok_or_else(bad)
            }
            _ => Err(bad()),
        }
    }

    /// A number that says which: an axis or an entry.
    pub(super) fn place(&mut self, a: TypedId) -> Result<i64> {
        let node = self.node(a)?;
        self.graph
            .as_constant(node)
            .and_then(|n| n.as_integer())
            .filter(|n| *n > 0)
            .ok_or_else(|| Error::unsupported("a place that is not a positive whole number"))
    }

    /// Kronecker's delta of two numbers.
    pub(super) fn closed_delta(&mut self, subscripts: &[Subscript<TypedId>]) -> Result<NodeId> {
        let [Subscript::At(i), Subscript::At(j)] = subscripts else {
            return Err(Error::new(ErrorKind::Index, "nothing tells over which length the indices of delta are summed")
                .help("use the index in a tensor as well, or name the length: `sum({delta[i,i]}[i:n])`"));
        };
        let (i, j) = (self.place(*i)?, self.place(*j)?);
        Ok(self.graph.number(&Number::int(i64::from(i == j))))
    }

    pub(super) fn subscript(&mut self, typed: &TypedNode, a: TypedId, subscripts: &[Subscript<TypedId>]) -> Result<NodeId> {
        self.closed(a)?;
        let node = self.node(a)?;
        self.subscripted(typed, node, subscripts)
    }

    pub(super) fn subscripted(&mut self, typed: &TypedNode, node: NodeId, subscripts: &[Subscript<TypedId>]) -> Result<NodeId> {
        let mut frame = Frame::new();
        let axes: Axes = self.graph.axes(node).into();
        let (labels, shape) = self.subscript_labels(&mut frame, subscripts, &axes)?;
        frame.draft.factor(node, &labels);
        Ok(frame.finish(self.graph, typed, &shape))
    }

    /// The label of each axis, with the factors that choose places of it, and the labels of the axes that are left.
    pub(super) fn subscript_labels(
        &mut self,
        frame: &mut Frame,
        subscripts: &[Subscript<TypedId>],
        axes: &[Dim],
    ) -> Result<(Labels, Labels)> {
        if axes.len() != subscripts.len() {
            return Err(Error::new(ErrorKind::Index, format!("{} subscripts for {} axes", subscripts.len(), axes.len())));
        }
        let (mut labels, mut shape) = (Labels::new(), Labels::new());
        for (s, &dim) in subscripts.iter().zip(axes) {
            let l = match s {
                Subscript::Index(name) => frame.index(*name, dim),
                Subscript::All => {
                    let l = frame.draft.label(dim);
                    shape.push(l);
                    l
                }
                Subscript::At(entry) => {
                    let place = self.dimension(*entry)?;
                    if let (Some(at), Some(n)) = (place.as_number(), dim.as_number())
                        && at > n
                    {
                        return Err(Error::new(ErrorKind::Index, format!("there is no entry {place} on an axis of length {dim}")));
                    }
                    let unit = self.graph.unit(place, dim);
                    let l = frame.draft.label(dim);
                    frame.draft.factor(unit, &[l]);
                    l
                }
                Subscript::Range(from, to) => {
                    let part = self.run(*from, *to, dim)?;
                    let long = frame.draft.label(dim);
                    let short = frame.draft.label(part.length);
                    let select = self.graph.select(part);
                    frame.draft.factor(select, &[long, short]);
                    shape.push(short);
                    long
                }
            };
            labels.push(l);
        }
        Ok((labels, shape))
    }

    pub(super) fn braces(&mut self, typed: &TypedNode, a: TypedId, outputs: &[(Symbol, Option<Dim>)]) -> Result<NodeId> {
        let node = self.node(a)?;
        let own = self.typed.node(a);
        let mut frame = Frame::new();
        let shape: Labels = outputs.iter().zip(typed.shape.axes()).map(|((name, _), dim)| frame.index(*name, dim)).collect();
        frame.attach(node, own, &[]);
        Ok(frame.finish(self.graph, typed, &shape))
    }
}
