//! Sets of points that are joined two by two.

use std::sync::atomic::{AtomicU32, Ordering};

/// Disjoint sets of numbers. Several threads may join at the same time, since each set is named by its least number,
/// whatever the order in which it was joined.
///
/// Every number points to one of its set that is not above it; the least points to itself. A link is only ever replaced
/// by one to a lower number of the same set, so that threads need no lock (Anderson and Woll, 1991).
pub(super) struct Components(Vec<AtomicU32>);

impl Components {
    /// Each number from 0 to `count` - 1 on its own.
    pub(super) fn new(count: usize) -> Self {
        Self((0..count as u32).map(AtomicU32::new).collect())
    }

    /// The least number of the set of `number`, as far as it has been joined.
    pub(super) fn find(&self, mut number: u32) -> u32 {
        loop {
            let link = self.link(number);
            let next = self.link(link);
            if link == next {
                return link;
            }
            // Halves the way for the next one who asks. Where another thread was faster, its link is as good.
            let _ =
                self.0[number as usize].compare_exchange(link, next, Ordering::Relaxed, Ordering::Relaxed);
            number = next;
        }
    }

    /// Makes one set of those of two numbers. False when it is one already.
    pub(super) fn join(&self, a: u32, b: u32) -> bool {
        let (mut a, mut b) = (self.find(a), self.find(b));
        while a != b {
            let (low, high) = (a.min(b), a.max(b));
            let linked =
                self.0[high as usize].compare_exchange(high, low, Ordering::Relaxed, Ordering::Relaxed);
            if linked.is_ok() {
                return true;
            }
            // Another thread has linked `high`.
            (a, b) = (self.find(low), self.find(high));
        }
        false
    }

    fn link(&self, number: u32) -> u32 {
        self.0[number as usize].load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use rayon::prelude::*;

    use super::*;
    use crate::testing::{permutation, rng, with_threads};

    #[test]
    fn sets_are_named_by_their_least_number() {
        let sets = Components::new(6);
        assert!(sets.join(5, 3) && sets.join(4, 1) && sets.join(5, 4));
        assert!(!sets.join(1, 3));
        assert_eq!((0..6).map(|number| sets.find(number)).collect::<Vec<_>>(), [0, 1, 2, 1, 1, 1]);
    }

    #[test]
    fn threads_that_join_at_the_same_time_find_the_same_sets() {
        let count = 28_000;
        let order = permutation(&mut rng(80), count);
        let sets = Components::new(count);
        // The step has a common divisor of 7 with the count, so numbers of one remainder by 7 are one set.
        let join = |&number: &usize| sets.join(number as u32, ((number + 7 * 911) % count) as u32);
        let joined =
            with_threads(3, || order.par_iter().with_max_len(1).filter(|&number| join(number)).count());
        assert_eq!(joined, count - 7);
        assert!((0..count as u32).all(|number| sets.find(number) == number % 7));
    }
}
