//! Contractions of dense arrays: pairs of factors, cheapest first.

use super::functions::internal;
use super::sizes::check_entries;
use crate::error::Result;
use crate::index::Label;
use ndarray::{Array2, ArrayD, Axis, IxDyn};

/// An array with a label on each axis.
#[derive(Clone, Debug)]
pub(super) struct Labelled {
    pub value: ArrayD<f64>,
    pub labels: Vec<Label>,
}

/// `out[labels] = sum over the labels not in out of the product of the factors`, as [`crate::index::Contraction`]
/// defines it; `lengths` holds the length of each label.
pub(super) fn contract(mut factors: Vec<Labelled>, out: &[Label], lengths: &[usize]) -> Result<ArrayD<f64>> {
    check_entries(&out.iter().map(|l| lengths[*l as usize]).collect::<Vec<_>>())?;
    for f in &mut factors {
        f.take_diagonals();
    }
    let absent = (0..lengths.len()).filter(|l| {
        let l = *l as Label;
        !out.contains(&l) && factors.iter().all(|f| !f.labels.contains(&l))
    });
    let scale: f64 = absent.map(|l| lengths[l] as f64).product();
    for at in 0..factors.len() {
        let others: Vec<Label> = factors.iter().enumerate().filter(|(k, _)| *k != at).flat_map(|(_, f)| f.labels.clone()).collect();
        factors[at].sum_private(&others, out);
    }
    // Each round has one factor fewer.
    while factors.len() > 1 {
        let (a, b) = cheapest_pair(&factors, out, lengths);
        let (right, left) = (factors.remove(b), factors.remove(a));
        let others: Vec<Label> = factors.iter().flat_map(|f| f.labels.iter().copied()).collect();
        factors.push(multiply(&left, &right, &others, out, lengths)?);
    }
    let mut product = factors.pop().unwrap_or_else(|| Labelled { value: super::functions::scalar(1.0), labels: Vec::new() });
    product.sum_private(&[], out);
    expand(&product, out, lengths, scale)
}

impl Labelled {
    /// Leaves one axis of those with equal labels.
    fn take_diagonals(&mut self) {
        let mut at = 0;
        while at < self.labels.len() {
            let Some(second) = (at + 1..self.labels.len()).find(|k| self.labels[*k] == self.labels[at]) else {
                at += 1;
                continue;
            };
            let length = self.value.len_of(Axis(at)).min(self.value.len_of(Axis(second)));
            let parts: Vec<_> =
                (0..length).map(|i| self.value.index_axis(Axis(second), i).index_axis_move(Axis(at), i).to_owned()).collect();
            let mut lengths = self.value.shape().to_vec();
            lengths.remove(second);
            let mut diagonal = ArrayD::zeros(IxDyn(&lengths));
            for (i, part) in parts.iter().enumerate() {
                diagonal.index_axis_mut(Axis(at), i).assign(part);
            }
            self.value = diagonal;
            self.labels.remove(second);
        }
    }

    /// Sums over the labels that are neither in the result nor in another factor.
    fn sum_private(&mut self, others: &[Label], out: &[Label]) {
        for at in (0..self.labels.len()).rev() {
            if !others.contains(&self.labels[at]) && !out.contains(&self.labels[at]) {
                self.value = self.value.sum_axis(Axis(at));
                self.labels.remove(at);
            }
        }
    }
}

/// The pair whose product is the smallest next to its factors; the first of equals.
fn cheapest_pair(factors: &[Labelled], out: &[Label], lengths: &[usize]) -> (usize, usize) {
    let mut best = (f64::INFINITY, (0, 1));
    for a in 0..factors.len() {
        for b in a + 1..factors.len() {
            let needed = |l: &Label| out.contains(l) || factors.iter().enumerate().any(|(k, f)| k != a && k != b && f.labels.contains(l));
            let mut union = factors[a].labels.clone();
            union.extend(factors[b].labels.iter().filter(|l| !factors[a].labels.contains(l)));
            let size: f64 = union.iter().filter(|l| needed(l)).map(|l| lengths[*l as usize] as f64).product();
            let cost = size - factors[a].value.len() as f64 - factors[b].value.len() as f64;
            if cost < best.0 {
                best = (cost, (a, b));
            }
        }
    }
    best.1
}

/// The product of two factors, summed over the labels that nothing else needs: a product of matrices for each place of
/// the labels that both have and keep.
fn multiply(a: &Labelled, b: &Labelled, others: &[Label], out: &[Label], lengths: &[usize]) -> Result<Labelled> {
    let needed = |l: &Label| out.contains(l) || others.contains(l);
    let split = |of: &Labelled, other: &Labelled, keep: fn(bool, bool) -> bool| -> Vec<Label> {
        of.labels.iter().copied().filter(|l| keep(other.labels.contains(l), needed(l))).collect()
    };
    let batch = split(a, b, |shared, needed| shared && needed);
    let summed = split(a, b, |shared, needed| shared && !needed);
    let (left, right) = (split(a, b, |shared, _| !shared), split(b, a, |shared, _| !shared));
    let labels: Vec<Label> = [batch.as_slice(), &left, &right].concat();
    let shape: Vec<usize> = labels.iter().map(|l| lengths[*l as usize]).collect();
    check_entries(&shape)?;
    let size = |labels: &[Label]| labels.iter().map(|l| lengths[*l as usize]).product::<usize>();
    let (batches, k, m, n) = (size(&batch), size(&summed), size(&left), size(&right));
    let a = arranged(a, &[batch.as_slice(), &left, &summed].concat(), [batches, m, k])?;
    let b = arranged(b, &[batch.as_slice(), &summed, &right].concat(), [batches, k, n])?;
    let mut product = ArrayD::zeros(IxDyn(&[batches, m, n]));
    for at in 0..batches {
        let (x, y) = (slice(&a, at)?, slice(&b, at)?);
        product.index_axis_mut(Axis(0), at).assign(&x.dot(&y));
    }
    let value = product.into_shape_with_order(IxDyn(&shape)).map_err(internal)?;
    Ok(Labelled { value, labels })
}

fn slice(a: &ArrayD<f64>, at: usize) -> Result<Array2<f64>> {
    a.index_axis(Axis(0), at).to_owned().into_dimensionality().map_err(internal)
}

/// The axes in the order of `labels`, merged to the lengths given.
fn arranged(a: &Labelled, labels: &[Label], lengths: [usize; 3]) -> Result<ArrayD<f64>> {
    let order: Option<Vec<usize>> = labels.iter().map(|l| a.labels.iter().position(|k| k == l)).collect();
    let order = order.filter(|o| o.len() == a.value.ndim()).ok_or_else(|| internal("a factor lacks a label"))?;
    let value = a.value.view().permuted_axes(IxDyn(&order)).as_standard_layout().into_owned();
    value.into_shape_with_order(IxDyn(&lengths)).map_err(internal)
}

/// Repeats along labels that the product lacks, and puts a repeated output label on the diagonal.
fn expand(product: &Labelled, out: &[Label], lengths: &[usize], scale: f64) -> Result<ArrayD<f64>> {
    let mut distinct: Vec<Label> = Vec::new();
    out.iter().for_each(|l| {
        if !distinct.contains(l) {
            distinct.push(*l);
        }
    });
    let known: Vec<Label> = distinct.iter().copied().filter(|l| product.labels.contains(l)).collect();
    let order: Vec<usize> = known.iter().filter_map(|l| product.labels.iter().position(|k| k == l)).collect();
    if order.len() != product.labels.len() {
        return Err(internal("a label is left after summation"));
    }
    let mut value = product.value.view().permuted_axes(IxDyn(&order));
    for (at, l) in distinct.iter().enumerate() {
        if !known.contains(l) {
            value = value.insert_axis(Axis(at));
        }
    }
    let shape: Vec<usize> = distinct.iter().map(|l| lengths[*l as usize]).collect();
    let value = value.broadcast(IxDyn(&shape)).ok_or_else(|| internal("axes do not fit"))?.mapv(|x| x * scale);
    if distinct.len() == out.len() {
        return Ok(value);
    }
    let mut whole = ArrayD::zeros(IxDyn(&out.iter().map(|l| lengths[*l as usize]).collect::<Vec<_>>()));
    let place: Vec<usize> = out.iter().filter_map(|l| distinct.iter().position(|k| k == l)).collect();
    for (at, x) in value.indexed_iter() {
        let at: Vec<usize> = place.iter().map(|p| at[*p]).collect();
        whole[IxDyn(&at)] = *x;
    }
    Ok(whole)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{arr1, array};

    fn einsum(factors: &[(&ArrayD<f64>, &[Label])], out: &[Label], lengths: &[usize]) -> ArrayD<f64> {
        let factors = factors.iter().map(|(v, l)| Labelled { value: (*v).clone(), labels: l.to_vec() }).collect();
        contract(factors, out, lengths).unwrap()
    }

    #[test]
    fn contractions_are_the_sums_they_denote() {
        let (a, x) = (array![[1.0, 2.0], [3.0, 4.0]].into_dyn(), arr1(&[5.0, 6.0]).into_dyn());
        assert_eq!(einsum(&[(&a, &[0, 1]), (&x, &[1])], &[0], &[2, 2]), arr1(&[17.0, 39.0]).into_dyn());
        assert_eq!(einsum(&[(&a, &[0, 0])], &[], &[2]), ndarray::arr0(5.0).into_dyn());
        assert_eq!(einsum(&[(&a, &[0, 0])], &[0], &[2]), arr1(&[1.0, 4.0]).into_dyn());
        assert_eq!(einsum(&[(&x, &[0])], &[0, 0], &[2]), array![[5.0, 0.0], [0.0, 6.0]].into_dyn());
        assert_eq!(einsum(&[(&x, &[0])], &[1, 0], &[2, 1]), array![[5.0, 6.0]].into_dyn());
        assert_eq!(einsum(&[], &[0, 0], &[2, 3]), array![[3.0, 0.0], [0.0, 3.0]].into_dyn());
        assert_eq!(einsum(&[(&x, &[0]), (&x, &[0]), (&x, &[0])], &[], &[2]), ndarray::arr0(341.0).into_dyn());
        assert_eq!(einsum(&[(&a, &[0, 1]), (&a, &[2, 1])], &[2, 0], &[2, 2, 2]), array![[5.0, 11.0], [11.0, 25.0]].into_dyn());
    }

    /// The definition: every assignment of all labels, one by one.
    fn by_definition(factors: &[Labelled], out: &[Label], lengths: &[usize]) -> ArrayD<f64> {
        let mut value = ArrayD::zeros(IxDyn(&out.iter().map(|l| lengths[*l as usize]).collect::<Vec<_>>()));
        for mut n in 0..lengths.iter().product::<usize>() {
            let at: Vec<usize> = lengths.iter().map(|l| (n % l, n /= l).0).collect();
            let pick = |labels: &[Label]| IxDyn(&labels.iter().map(|l| at[*l as usize]).collect::<Vec<_>>());
            value[pick(out)] += factors.iter().map(|f| f.value[pick(&f.labels)]).product::<f64>();
        }
        value
    }

    #[test]
    fn random_contractions_agree_with_the_definition() {
        let mut random = crate::eval::random::Random::new(1);
        for _ in 0..300 {
            let lengths: Vec<usize> = (0..1 + random.below(5)).map(|_| 1 + random.below(3)).collect();
            let mut labels = |most: usize| (0..random.below(most + 1)).map(|_| random.below(lengths.len()) as Label).collect::<Vec<_>>();
            let out = labels(3);
            let specs: Vec<Vec<Label>> = (0..labels(4).len()).map(|_| labels(3)).collect();
            let factors: Vec<Labelled> = specs
                .into_iter()
                .map(|labels| {
                    let shape: Vec<usize> = labels.iter().map(|l| lengths[*l as usize]).collect();
                    let mut next = 0.7;
                    let value = ArrayD::from_shape_simple_fn(IxDyn(&shape), || {
                        next = -next * 1.1;
                        next
                    });
                    Labelled { value, labels }
                })
                .collect();
            let (got, want) = (contract(factors.clone(), &out, &lengths).unwrap(), by_definition(&factors, &out, &lengths));
            assert!(crate::check::relative_error(&want, &got) < 1e-12 && got.shape() == want.shape(), "{factors:?} {out:?}");
        }
    }
}
