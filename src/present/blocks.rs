//! Parts and blocks: `X[1:k,:]`, and sums of terms that stand within zeros as `[A, B; C, D]`.

use super::build::{Builder, constant_array, dim, transposed};
use super::factors::{Factors, call};
use super::share::tokens;
use crate::dim::Dim;
use crate::error::Result;
use crate::expr::{Expr, Op, Subscript};
use crate::function::Call;
use crate::matrix::{Form, Mat};
use crate::number::Number;
use crate::part::{Cut, Selection};
use egg::Id;

/// A run of rows or of columns: the place before the first, and the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Span {
    start: Dim,
    end: Dim,
}

impl Span {
    fn whole(length: Dim) -> Span {
        Span { start: Dim::number(0), end: length }
    }

    fn length(self) -> Dim {
        self.end - self.start
    }
}

/// Rows and columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Region {
    rows: Span,
    columns: Span,
}

/// A product of matrices, or its transpose, times scalars, and where it stands.
#[derive(Clone)]
struct Block {
    region: Region,
    chain: Vec<Id>,
    turned: bool,
    scalars: Factors,
}

/// This many zeros in a row are written one by one.
const FEW: i64 = 3;

/// How many blocks a matrix is looked for in.
const MOST_BLOCKS: usize = 64;

/// `eye(n)[1:k,:]` or `eye(n)[:,1:k]`
pub(super) fn of_identity(s: Selection, rows: bool) -> Expr {
    let run = subscript(&Cut::Run(s));
    let subscripts = if rows { vec![run, Subscript::All] } else { vec![Subscript::All, run] };
    Expr::new(Op::Subscript(call(Call::Eye, [dim(s.of)]), subscripts))
}

fn subscript(cut: &Cut) -> Subscript {
    match cut {
        Cut::All => Subscript::All,
        Cut::At(place) => Subscript::At(dim(*place)),
        Cut::Run(s) => Subscript::Range(dim(s.offset + Dim::ONE), dim(s.end())),
    }
}

impl Builder<'_> {
    /// `A[1:k,2]`; of a column or a row one subscript.
    pub(super) fn slice(&mut self, cuts: &[Cut; 2], a: Id, scalar: bool) -> Result<Factors> {
        let (scalars, core) = self.factors(a)?.split();
        let core = core.unwrap_or_else(|| Expr::number(Number::ONE));
        let form = self.forms[usize::from(a)].clone();
        let mut cuts = *cuts;
        let [before, after] = self.undeclared_places(&mut cuts, [form.rows(), form.columns()]);
        let subscripts: Vec<Subscript> = match form {
            Form::Grid(_, n) if n == Dim::ONE => vec![subscript(&cuts[0])],
            Form::Grid(m, _) if m == Dim::ONE => vec![subscript(&cuts[1])],
            Form::Grid(..) | Form::Tensor(_) => cuts.iter().map(subscript).collect(),
        };
        let core = if cuts == [Cut::All; 2] { core } else { Expr::new(Op::Subscript(core, subscripts)) };
        let mut chain: Vec<Expr> = before.map(|unit| transposed(&unit)).into_iter().chain([core]).chain(after).collect();
        let part = if chain.len() == 1 { chain.remove(0) } else { Expr::new(Op::Mul(chain)) };
        Ok(scalars.times(Factors::of(part, scalar)))
    }

    /// A lone name that is no declared dimension would be read as an index: unit vectors take such a row or column.
    fn undeclared_places(&self, cuts: &mut [Cut; 2], axes: [Dim; 2]) -> [Option<Expr>; 2] {
        let mut units = [None, None];
        for (at, length) in axes.into_iter().enumerate() {
            let Cut::At(place) = cuts[at] else { continue };
            if place.as_symbol().is_some_and(|s| !self.declared.contains(&s)) {
                cuts[at] = Cut::All;
                units[at] = Some(call(Call::Unit, [dim(place), dim(length)]));
            }
        }
        units
    }

    /// Whether a term is something within zeros.
    pub(super) fn is_placed(&self, id: Id) -> bool {
        match &self.terms[usize::from(id)] {
            Mat::Gather(_) | Mat::Scatter(_) | Mat::Unit(..) => true,
            Mat::Mul(all) => {
                all.first().is_some_and(|f| self.rows_of(*f).is_some()) || all.last().is_some_and(|f| self.columns_of(*f).is_some())
            }
            Mat::Scale(_, [a]) | Mat::Times([_, a]) | Mat::Transpose([a]) => self.is_placed(*a),
            Mat::Add(_, all) => all.iter().all(|a| self.is_placed(*a)),
            _ => false,
        }
    }

    /// The rows in which a first factor puts what follows.
    fn rows_of(&self, id: Id) -> Option<Span> {
        match &self.terms[usize::from(id)] {
            Mat::Scatter(s) => Some(Span { start: s.offset, end: s.end() }),
            Mat::Unit(i, _) => Some(Span { start: *i - Dim::ONE, end: *i }),
            _ => None,
        }
    }

    /// The columns in which a last factor puts what comes before it.
    fn columns_of(&self, id: Id) -> Option<Span> {
        match &self.terms[usize::from(id)] {
            Mat::Gather(s) => Some(Span { start: s.offset, end: s.end() }),
            Mat::Transpose([a]) => self.rows_of(*a),
            _ => None,
        }
    }

    /// A product that stands within zeros, as a block matrix if that is no longer.
    pub(super) fn shorter_as_block(&mut self, id: Id, plain: Factors) -> Result<Factors> {
        if !self.is_placed(id) {
            return Ok(plain);
        }
        let Some(block) = self.block_matrix(id, &[(&Number::ONE, &id)])? else { return Ok(plain) };
        let shorter = tokens(std::slice::from_ref(&block)) <= tokens(&[plain.clone().finish()]);
        Ok(if shorter { Factors::of(block, self.is_scalar(id)) } else { plain })
    }

    /// Terms within zeros as one block matrix, or one after the other.
    pub(super) fn block_of_terms(&mut self, id: Id, terms: &[(&Number, &Id)]) -> Result<Vec<Factors>> {
        let mut apart = Vec::with_capacity(terms.len());
        for (n, a) in terms {
            apart.push(self.factors(**a)?.scaled(n));
        }
        if terms.len() < 2 {
            return Ok(apart);
        }
        let Some(block) = self.block_matrix(id, terms)? else { return Ok(apart) };
        let written: u64 = apart.iter().map(|f| tokens(&[f.clone().finish()]) + 1).sum();
        Ok(if tokens(std::slice::from_ref(&block)) <= written { vec![Factors::of(block, self.is_scalar(id))] } else { apart })
    }

    /// The terms as one block matrix; `None` where their places do not fit a grid, or the symbols do not tell.
    fn block_matrix(&mut self, id: Id, terms: &[(&Number, &Id)]) -> Result<Option<Expr>> {
        let Form::Grid(m, n) = self.forms[usize::from(id)] else { return Ok(None) };
        let whole = Region { rows: Span::whole(m), columns: Span::whole(n) };
        let mut blocks = Vec::new();
        for (c, a) in terms {
            self.collect(**a, whole, false, Factors::number((*c).clone()), &mut blocks)?;
        }
        if blocks.len() > MOST_BLOCKS {
            return Ok(None);
        }
        self.layout(id, whole, &blocks)
    }

    /// The blocks of a term that stands in a region, transposed if `turned`.
    fn collect(&mut self, id: Id, region: Region, turned: bool, scalars: Factors, into: &mut Vec<Block>) -> Result<()> {
        let terms = self.terms;
        if into.len() > MOST_BLOCKS {
            return Ok(());
        }
        match &terms[usize::from(id)] {
            _ if !self.is_placed(id) => into.push(Block { region, chain: vec![id], turned, scalars }),
            Mat::Scale(c, [a]) => self.collect(*a, region, turned, scalars.scaled(c), into)?,
            Mat::Times([s, a]) => {
                let scalars = scalars.times(self.factors(*s)?);
                self.collect(*a, region, turned, scalars, into)?;
            }
            Mat::Transpose([a]) => self.collect(*a, region, !turned, scalars, into)?,
            Mat::Add(coefficients, all) => {
                for (c, a) in coefficients.iter().zip(all) {
                    self.collect(*a, region, turned, scalars.clone().scaled(c), into)?;
                }
            }
            Mat::Gather(_) | Mat::Scatter(_) | Mat::Unit(..) => self.collect_chain(&[id], region, turned, scalars, into)?,
            Mat::Mul(all) => self.collect_chain(all, region, turned, scalars, into)?,
            _ => {}
        }
        Ok(())
    }

    fn collect_chain(&mut self, all: &[Id], region: Region, turned: bool, scalars: Factors, into: &mut Vec<Block>) -> Result<()> {
        let mut inner = if turned { Region { rows: region.columns, columns: region.rows } } else { region };
        let within = |outer: Span, part: Span| Span { start: outer.start + part.start, end: outer.start + part.end };
        let mut chain = all;
        if let Some(rows) = chain.first().and_then(|f| self.rows_of(*f)) {
            inner.rows = within(inner.rows, rows);
            chain = &chain[1..];
        }
        if let Some(columns) = chain.last().and_then(|f| self.columns_of(*f)) {
            inner.columns = within(inner.columns, columns);
            chain = &chain[..chain.len() - 1];
        }
        let region = if turned { Region { rows: inner.columns, columns: inner.rows } } else { inner };
        match chain {
            [only] => self.collect(*only, region, turned, scalars, into),
            [first, rest @ ..] if self.is_placed(*first) && self.opens(*first, rest, inner, turned, &scalars, into, true)? => Ok(()),
            [rest @ .., last] if self.is_placed(*last) && self.opens(*last, rest, inner, turned, &scalars, into, false)? => Ok(()),
            _ => {
                into.push(Block { region, chain: chain.to_vec(), turned, scalars });
                Ok(())
            }
        }
    }

    /// `[A; B]*C` as `[A*C; B*C]`, and `C*[A, B]` as `[C*A, C*B]`, within other blocks; says whether it was that.
    #[expect(clippy::too_many_arguments, reason = "a product with one factor apart, and where it stands")]
    fn opens(
        &mut self,
        blocks: Id,
        rest: &[Id],
        inner: Region,
        turned: bool,
        scalars: &Factors,
        into: &mut Vec<Block>,
        before: bool,
    ) -> Result<bool> {
        let Form::Grid(m, n) = self.forms[usize::from(blocks)] else { return Ok(false) };
        let own = if before {
            Region { rows: inner.rows, columns: Span::whole(n) }
        } else {
            Region { rows: Span::whole(m), columns: inner.columns }
        };
        let mut parts = Vec::new();
        self.collect(blocks, own, false, scalars.clone(), &mut parts)?;
        // Blocks that are cut along the inner dimension, too, are no factors of the whole.
        let whole = |b: &Block| !b.turned && if before { b.region.columns == own.columns } else { b.region.rows == own.rows };
        if parts.len() < 2 || !parts.iter().all(whole) {
            return Ok(false);
        }
        for part in parts {
            let region = if before {
                Region { rows: part.region.rows, columns: inner.columns }
            } else {
                Region { rows: inner.rows, columns: part.region.columns }
            };
            let region = if turned { Region { rows: region.columns, columns: region.rows } } else { region };
            let chain = if before { part.chain.iter().chain(rest) } else { rest.iter().chain(&part.chain) };
            into.push(Block { region, chain: chain.copied().collect(), turned, scalars: part.scalars });
        }
        Ok(true)
    }

    /// A region with blocks in it. Each call is for a smaller region.
    fn layout(&mut self, id: Id, region: Region, blocks: &[Block]) -> Result<Option<Expr>> {
        if blocks.is_empty() {
            return Ok(Some(zeros(region)));
        }
        if blocks.iter().all(|b| b.region == region) {
            return self.content(id, region, blocks).map(Some);
        }
        let Some(bands) = cuts(region.rows, blocks, |b| b.region.rows) else { return Ok(None) };
        let mut rows: Vec<Vec<Expr>> = Vec::new();
        let mut seen = 0;
        for rows_here in &bands {
            let here: Vec<Block> = blocks.iter().filter(|b| lies_in(b.region.rows, *rows_here, region.rows)).cloned().collect();
            let Some(cells) = cuts(region.columns, &here, |b| b.region.columns) else { return Ok(None) };
            if bands.len() == 1 && cells.len() == 1 {
                return Ok(None);
            }
            let mut row = Vec::new();
            for columns in cells {
                let cell: Vec<Block> = here.iter().filter(|b| lies_in(b.region.columns, columns, region.columns)).cloned().collect();
                seen += cell.len();
                if let (true, Dim::ONE, Some(n @ 1..=FEW)) = (cell.is_empty(), rows_here.length(), columns.length().as_number()) {
                    row.extend((0..n).map(|_| Expr::number(Number::ZERO)));
                    continue;
                }
                match self.layout(id, Region { rows: *rows_here, columns }, &cell)? {
                    Some(e) => row.push(e),
                    None => return Ok(None),
                }
            }
            rows.push(row);
        }
        // Each block stands in one cell, or the symbols did not tell in which.
        if seen != blocks.len() {
            return Ok(None);
        }
        Ok(Some(Expr::new(Op::Block(rows))))
    }

    /// What stands in one cell, all of it in the very same region.
    fn content(&mut self, id: Id, region: Region, blocks: &[Block]) -> Result<Expr> {
        let scalar = region.rows.length() == Dim::ONE && region.columns.length() == Dim::ONE;
        let mut terms = Vec::with_capacity(blocks.len());
        for b in blocks {
            let (scalars, core) = match b.chain.as_slice() {
                [] if scalar => (Factors::one(), None),
                [] => (Factors::one(), Some(call(Call::Eye, [dim(region.rows.length())]))),
                [only] => self.factors(*only)?.split(),
                chain => self.chain(chain, scalar)?.split(),
            };
            let core = core.map(|c| if b.turned { transposed(&c) } else { c });
            let product = b.scalars.clone().times(scalars);
            terms.push(core.into_iter().fold(product, |p, c| p.times(Factors::of(c, scalar))));
        }
        Ok(if terms.len() == 1 { terms.remove(0) } else { self.oriented_sum(id, terms, scalar) }.finish())
    }
}

fn zeros(region: Region) -> Expr {
    let (m, n) = (region.rows.length(), region.columns.length());
    if m == Dim::ONE && n == Dim::ONE { Expr::number(Number::ZERO) } else { constant_array(Call::Zeros, &Form::Grid(m, n)) }
}

/// Whether a block lies in a band of `whole`, in which all blocks are.
fn lies_in(block: Span, band: Span, whole: Span) -> bool {
    let starts = band.start == whole.start || band.start == block.start || band.start.is_at_most(block.start);
    starts && (band.end == whole.end || block.end == band.end || block.end.is_at_most(band.end))
}

/// A span divided at every start and end of a block that no block crosses; `None` where the symbols do not tell.
fn cuts(whole: Span, blocks: &[Block], of: impl Fn(&Block) -> Span) -> Option<Vec<Span>> {
    let mut places: Vec<Dim> = Vec::new();
    for place in blocks.iter().flat_map(|b| [of(b).start, of(b).end]) {
        if place == whole.start || place == whole.end || places.contains(&place) {
            continue;
        }
        if blocks.iter().map(|b| crosses(of(b), place, whole)).collect::<Option<Vec<bool>>>()?.contains(&true) {
            continue;
        }
        let at = places.iter().position(|other| place.is_at_most(*other)).unwrap_or(places.len());
        if places[..at].iter().any(|other| !other.is_at_most(place)) {
            return None;
        }
        places.insert(at, place);
    }
    let starts = std::iter::once(whole.start).chain(places.iter().copied());
    let ends = places.iter().copied().chain(std::iter::once(whole.end));
    Some(starts.zip(ends).map(|(start, end)| Span { start, end }).collect())
}

/// Whether a place within `whole` is inside a block; `None` where the symbols do not tell.
fn crosses(block: Span, place: Dim, whole: Span) -> Option<bool> {
    let apart = place == block.start || place == block.end || place.is_at_most(block.start) || block.end.is_at_most(place);
    let starts = block.start == whole.start || block.start.is_at_most(place);
    let ends = block.end == whole.end || place.is_at_most(block.end);
    if apart { Some(false) } else { (starts && ends).then_some(true) }
}
