//! The memory of arrays that a run needs no more, kept for those that come next: to get new pages from the system takes longer
//! than most passes over them.

use std::cell::RefCell;
use std::ops::Deref;

/// Smaller arrays are left to the allocator.
const LEAST: usize = 1024;

/// How many times as large as needed a piece of memory may be.
const SPARE: usize = 4;

thread_local! {
    /// That of the run on this thread.
    static POOL: RefCell<Option<Pool>> = const { RefCell::new(None) };
}

/// Memory that nothing uses.
#[derive(Default)]
pub(super) struct Pool(Vec<Vec<f64>>);

impl Pool {
    /// Runs with this memory; gives back what there is then.
    pub fn during<T>(self, run: impl FnOnce() -> T) -> (T, Pool) {
        let outer = POOL.with(|pool| pool.replace(Some(self)));
        let value = run();
        let own = POOL.with(|pool| pool.replace(outer));
        (value, own.unwrap_or_default())
    }

    /// The smallest piece that is large enough.
    fn take(&mut self, n: usize) -> Option<Vec<f64>> {
        let fits = |v: &Vec<f64>| (n..=SPARE * n).contains(&v.capacity());
        let at = (0..self.0.len()).filter(|at| fits(&self.0[*at])).min_by_key(|at| self.0[*at].capacity())?;
        Some(self.0.swap_remove(at))
    }
}

/// The entries of an array. When nothing has them any more, their memory is kept for the run that goes on.
pub(super) struct Buffer(Vec<f64>);

impl Buffer {
    pub fn new(entries: Vec<f64>) -> Buffer {
        Buffer(entries)
    }

    pub fn into_vec(mut self) -> Vec<f64> {
        std::mem::take(&mut self.0)
    }
}

impl Deref for Buffer {
    type Target = [f64];

    fn deref(&self) -> &[f64] {
        &self.0
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        let memory = std::mem::take(&mut self.0);
        if memory.capacity() < LEAST {
            return;
        }
        // There is none while a thread ends.
        let _ = POOL.try_with(|pool| {
            if let Some(Pool(pieces)) = &mut *pool.borrow_mut() {
                pieces.push(memory);
            }
        });
    }
}

fn known(n: usize) -> Option<Vec<f64>> {
    if n < LEAST { None } else { POOL.with(|pool| pool.borrow_mut().as_mut()?.take(n)) }
}

/// Room for entries.
pub(super) fn empty(n: usize) -> Vec<f64> {
    let mut memory = known(n).unwrap_or_else(|| Vec::with_capacity(n));
    memory.clear();
    memory
}

/// Entries that are all to be written before any is read: they may be those of an array that is gone.
pub(super) fn unwritten(n: usize) -> Vec<f64> {
    let Some(mut memory) = known(n) else { return vec![0.0; n] };
    memory.resize(n, 0.0);
    memory
}

pub(super) fn zeros(n: usize) -> Vec<f64> {
    let mut entries = unwritten(n);
    entries.fill(0.0);
    entries
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_of_a_run_is_used_again() {
        let (place, pool) = Pool::default().during(|| {
            let buffer = Buffer::new(zeros(2000));
            buffer.as_ptr() as usize
        });
        assert_eq!(pool.0.len(), 1);
        let ((again, entries), pool) = pool.during(|| {
            let again = unwritten(1500);
            (again.as_ptr() as usize, zeros(300))
        });
        assert_eq!((again, &entries[..]), (place, &[0.0; 300][..]));
        assert!(pool.0.is_empty());
        // Without a run nothing is kept.
        drop(Buffer::new(zeros(2000)));
        assert!(POOL.with(|pool| pool.borrow().is_none()));
    }
}
