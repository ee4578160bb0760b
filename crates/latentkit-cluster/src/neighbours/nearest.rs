//! The points nearest to one, so far.

/// A point that was found, after the squared distance to it.
pub(super) type Neighbour = (f64, u32);

/// The `k` nearest points so far; of equally near ones, those of the lowest numbers.
pub(super) struct Nearest {
    k: usize,
    /// Squared distances and points, ascending.
    found: Vec<Neighbour>,
}

impl Nearest {
    pub(super) fn new(k: usize) -> Self {
        // Room for one more than is kept.
        Self { k, found: Vec::with_capacity(k + 1) }
    }

    /// A squared distance above which a point is too far.
    pub(super) fn limit(&self) -> f64 {
        if self.found.len() < self.k { f64::INFINITY } else { self.found.last().map_or(-1.0, |last| last.0) }
    }

    /// Looks at a point at a squared distance, which is no NaN.
    #[inline]
    pub(super) fn offer(&mut self, square: f64, point: u32) {
        if square <= self.limit() && square < f64::INFINITY {
            self.insert(square, point);
        }
    }

    fn insert(&mut self, square: f64, point: u32) {
        let place = self.found.partition_point(|&other| other < (square, point));
        self.found.insert(place, (square, point));
        self.found.truncate(self.k);
    }

    /// What was found, the nearest first.
    pub(super) fn found(&self) -> Vec<Neighbour> {
        self.found.clone()
    }
}
