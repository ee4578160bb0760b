//! The points whose silhouettes are wanted.

use super::cells::Cells;

/// The points whose silhouettes are wanted, in the order in which they are computed.
pub(super) struct Queries<'a> {
    order: &'a [u32],
    /// Position in `order` of each point of the sample, where not all points are wanted.
    sample: Option<Vec<u32>>,
}

impl<'a> Queries<'a> {
    pub(super) fn new(cells: &'a Cells, sample: Option<&[u32]>) -> Self {
        let sample = sample.map(|sample| {
            let mut positions = vec![0; cells.order.len()];
            for (position, &point) in (0..).zip(&cells.order) {
                positions[point as usize] = position;
            }
            sample.iter().map(|&point| positions[point as usize]).collect()
        });
        Self { order: &cells.order, sample }
    }

    pub(super) fn count(&self) -> usize {
        self.sample.as_ref().map_or(self.order.len(), Vec::len)
    }

    /// Whether those of all points are, in the order of the cells.
    pub(super) fn are_all(&self) -> bool {
        self.sample.is_none()
    }

    /// The position in the order of the cells of the point that is computed so many'th.
    pub(super) fn position(&self, index: usize) -> usize {
        self.sample.as_ref().map_or(index, |sample| sample[index] as usize)
    }

    /// Where the result of that point belongs.
    pub(super) fn place(&self, index: usize) -> usize {
        if self.sample.is_some() { index } else { self.order[index] as usize }
    }
}
