//! Parts of tensors and tensors made of parts: slices, block matrices, and derivatives by a part.

use super::*;
use crate::part::Selection;

impl Lowering<'_> {
    /// `from:to` along an axis.
    pub(super) fn run(&mut self, from: TypedId, to: TypedId, of: Dim) -> Result<Selection> {
        let (from, to) = (self.dimension(from)?, self.dimension(to)?);
        let run = Selection { offset: from - Dim::ONE, length: to - from + Dim::ONE, of };
        if (run.end() - of - Dim::ONE).is_nonnegative() {
            return Err(Error::new(ErrorKind::Index, format!("the range {from}:{to} goes beyond the length {of}")));
        }
        Ok(run)
    }

    /// `[A, B; C, D]`: the sum of its blocks, each in its place within zeros.
    pub(super) fn block(&mut self, typed: &TypedNode, rows: &[Vec<TypedId>]) -> Result<NodeId> {
        let Some((height, width)) = typed.shape.rows_and_columns() else { return Err(Error::unsupported("a block of a tensor")) };
        let mut terms = Vec::new();
        let mut above = Dim::number(0);
        for row in rows {
            let (mut left, mut rows_here) = (Dim::number(0), Dim::number(0));
            for &id in row {
                let (m, n) = self.typed(id).shape.rows_and_columns().unwrap_or((Dim::ONE, Dim::ONE));
                let place = [Selection { offset: above, length: m, of: height }, Selection { offset: left, length: n, of: width }];
                terms.push((Number::ONE, self.placed(typed, id, place)?));
                left = left + n;
                rows_here = m;
            }
            above = above + rows_here;
        }
        Ok(self.graph.sum(&axes_of(typed), terms))
    }

    /// A block within zeros.
    fn placed(&mut self, typed: &TypedNode, id: TypedId, place: [Selection; 2]) -> Result<NodeId> {
        let node = self.node(id)?;
        let own = self.typed.node(id);
        let mut frame = Frame::new();
        let long = frame.draft.labels(&[place[0].of, place[1].of]);
        let mut short = Labels::new();
        for (s, l) in place.into_iter().zip(&long) {
            let inner = frame.draft.label(s.length);
            let select = self.graph.select(s);
            frame.draft.factor(select, &[*l, inner]);
            short.push(inner);
        }
        let axes: &[Label] = match own.shape {
            Shape::Scalar => &[],
            Shape::Column(_) => &short[..1],
            Shape::Row(_) => &short[1..],
            Shape::Matrix(..) | Shape::Tensor(_) => &short,
        };
        frame.attach(node, own, axes);
        // A column has no second axis: what stands there in rows and columns has length 1 and is summed.
        let out: &[Label] = match typed.shape {
            Shape::Scalar => &[],
            Shape::Column(_) => &long[..1],
            Shape::Row(_) => &long[1..],
            Shape::Matrix(..) | Shape::Tensor(_) => &long,
        };
        Ok(frame.finish(self.graph, typed, out))
    }

    /// The derivative by a variable of which every entry moves by itself, which is right for a part of a structured one.
    fn derivative_by_entries(&mut self, of: TypedId, f: NodeId, v: &Var) -> Result<NodeId> {
        let general = self.lifted(v);
        if let Some(known) = self.derivatives.get(&(f, general.clone())) {
            return Ok(*known);
        }
        let all = self.variables_of_derivatives(of);
        for (v, derivative) in all.iter().zip(derivatives(self.graph, f, &all)?) {
            self.derivatives.insert((f, v.clone()), derivative);
        }
        match self.derivatives.get(&(f, general)) {
            Some(found) => Ok(*found),
            None => Err(Error::new(ErrorKind::Internal, format!("the derivative by {} was not taken", v.name))),
        }
    }

    /// The variables that a part is differentiated by anywhere in the expression, each once.
    fn variables_of_derivatives(&self, of: TypedId) -> Vec<Var> {
        let mut all: Vec<Var> = Vec::new();
        for node in &self.typed.nodes {
            let Op::Diff(f, x) = &node.op else { continue };
            let whole = if let Op::Subscript(whole, _) = &self.typed.node(*x).op { whole } else { x };
            if let (true, Op::Var(v)) = (*f == of, &self.typed.node(*whole).op) {
                let v = self.lifted(v);
                if !all.contains(&v) {
                    all.push(v);
                }
            }
        }
        all
    }

    /// The variable as differentiation sees it.
    fn lifted(&self, v: &Var) -> Var {
        self.lifted.iter().find(|(_, with)| with == v).map_or(v, |(without, _)| without).clone()
    }

    /// `diff(F, X)`; for a part of X the derivative by X, of which the same part is taken.
    pub(super) fn derivative(&mut self, typed: &TypedNode, f: TypedId, x: TypedId) -> Result<NodeId> {
        let value = self.node(f)?;
        let typed_tree = self.typed;
        let (of, subscripts) = match &typed_tree.node(x).op {
            Op::Subscript(of, subscripts) => (*of, Some(subscripts)),
            _ => (x, None),
        };
        let Op::Var(v) = &typed_tree.node(of).op else {
            return Err(Error::unsupported("the derivative with respect to an expression")
                .help("differentiate with respect to a variable or a part of one"));
        };
        let v = v.clone();
        let whole = self.derivative_by_entries(f, value, &v)?;
        let Some(subscripts) = subscripts else { return Ok(structure::project(self.graph, whole, &v, self.typed.convention)) };
        let own = self.typed.node(f);
        let mut frame = Frame::new();
        let mut labels: Labels = own.free.iter().map(|(name, dim)| frame.index(*name, *dim)).collect();
        let mut shape = frame.draft.labels(&own.shape.axes());
        labels.extend_from_slice(&shape);
        let (part, kept) = self.subscript_labels(&mut frame, subscripts, &v.axes())?;
        labels.extend(part);
        shape.extend(kept);
        frame.draft.factor(whole, &labels);
        Ok(frame.finish(self.graph, typed, &shape))
    }
}
