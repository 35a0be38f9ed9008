//! What a term costs when parts that occur several times are named and written once.

use super::{Build, Cost, Mat, TOKEN, Terms, cost_of};
use egg::{Id, Language};

/// Only parts of at least so many tokens get a name.
const WORTH_A_NAME: u64 = 4;

impl Terms {
    /// The cost of terms that are written one after the other, with the parts that they share named.
    pub fn shared_cost(&self, roots: &[Id]) -> u64 {
        let uses = self.uses(roots);
        let mut costs: Vec<Cost> = Vec::with_capacity(uses.len());
        let mut total = 0u64;
        for (at, &uses) in uses.iter().enumerate() {
            let node = self.node(Id::from(at));
            let cost = if uses == 0 { self.cost(Id::from(at)) } else { cost_of(node, |c| costs[usize::from(c)]) };
            let written = roots.iter().filter(|r| usize::from(**r) == at).count() as u64;
            let named = uses > 1 && cost.plain >= WORTH_A_NAME * TOKEN && !matches!(node, Mat::Fill(..));
            if named {
                total = total.saturating_add(cost.plain + TOKEN + written * TOKEN);
                costs.push(Cost { plain: TOKEN, factor: 2 * TOKEN, addend: TOKEN, tail: 2 * TOKEN, root: 2 * TOKEN });
            } else {
                total = total.saturating_add(written * cost.plain);
                costs.push(cost);
            }
        }
        total
    }

    /// How often each term is a root, or a child of a term below one.
    fn uses(&self, roots: &[Id]) -> Vec<usize> {
        let mut uses = vec![0; roots.iter().map(|r| usize::from(*r) + 1).max().unwrap_or(0)];
        roots.iter().for_each(|r| uses[usize::from(*r)] += 1);
        for at in (0..uses.len()).rev() {
            if uses[at] > 0 {
                self.node(Id::from(at)).children().iter().for_each(|c| uses[usize::from(*c)] += 1);
            }
        }
        uses
    }
}
