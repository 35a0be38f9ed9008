//! What a term costs when parts that occur several times are named and written once.

use super::{Build, Cost, Mat, TOKEN, Terms, cost_of};
use egg::{Id, Language};

/// Only parts of at least so many tokens get a name.
const WORTH_A_NAME: u64 = 4;

impl Terms {
    /// The cost of a term with its shared parts named.
    pub fn shared_cost(&self, t: Id) -> u64 {
        let root = usize::from(t);
        let uses = self.uses(root);
        let mut costs: Vec<Cost> = Vec::with_capacity(root + 1);
        let mut total = 0u64;
        for (at, &uses) in uses.iter().enumerate().take(root + 1) {
            let node = self.node(Id::from(at));
            let cost = if uses == 0 { self.cost(Id::from(at)) } else { cost_of(node, |c| costs[usize::from(c)]) };
            let named = at != root && uses > 1 && cost.plain >= WORTH_A_NAME * TOKEN && !matches!(node, Mat::Fill(..));
            if named {
                total = total.saturating_add(cost.plain + TOKEN);
                costs.push(Cost { plain: TOKEN, factor: 2 * TOKEN, addend: TOKEN, tail: 2 * TOKEN, root: 2 * TOKEN });
            } else {
                if at == root {
                    total = total.saturating_add(cost.plain);
                }
                costs.push(cost);
            }
        }
        total
    }

    /// How often each term is a child of a term below the root.
    fn uses(&self, root: usize) -> Vec<usize> {
        let mut uses = vec![0; root + 1];
        uses[root] = 1;
        for at in (0..=root).rev() {
            if uses[at] > 0 {
                self.node(Id::from(at)).children().iter().for_each(|c| uses[usize::from(*c)] += 1);
            }
        }
        uses
    }
}
