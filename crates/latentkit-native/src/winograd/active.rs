//! Which positions of a tile are zero and left out.

/// Rows, and so columns, of a tile's 4x4 positions that are not zero. The second always is one of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Active {
    /// All four.
    All,
    /// All but the first: of a 2x2 kernel.
    NotFirst,
    /// All but the last: of a 2x2 kernel that is flipped.
    NotLast,
    /// All but the third: of an image that was enlarged twice, or that will be halved by sums.
    NotThird,
}

pub(super) const ALL: u8 = 0b1111;
pub(super) const NOT_FIRST: u8 = 0b1110;
pub(super) const NOT_LAST: u8 = 0b0111;
pub(super) const NOT_THIRD: u8 = 0b1011;

/// Whether a row is among the active ones.
pub(super) const fn has(active: u8, row: usize) -> bool {
    active >> row & 1 == 1
}

/// Active rows above a row.
const fn before(active: u8, row: usize) -> usize {
    (active & ((1 << row) - 1)).count_ones() as usize
}

/// Where an active position is among the active ones.
pub(super) const fn position(active: u8, row: usize, column: usize) -> usize {
    before(active, row) * active.count_ones() as usize + before(active, column)
}

impl Active {
    /// Number of positions.
    pub(crate) fn positions(self) -> usize {
        if self == Self::All { 16 } else { 9 }
    }
}
