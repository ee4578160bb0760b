//! How an image lies in memory.

use crate::line::LANES;

/// An image with a border of zeros: one row above, one column to the left, and so many below and to the right that 4x4
/// tiles two apart cover it. The border is never written.
///
/// Channels are padded to whole lines and lie together, `[rows, pitch, blocks]` lines; or the only channel is
/// `[rows, pitch]` numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ImageLayout {
    /// Rows of the image.
    pub(crate) height: usize,
    /// Columns of the image.
    pub(crate) width: usize,
    /// Channels.
    pub(crate) channels: usize,
    /// Rows with the border.
    pub(crate) rows: usize,
    /// Columns with the border.
    pub(crate) pitch: usize,
    /// Lines of a pixel. 1 for single numbers too, where it means nothing.
    pub(crate) blocks: usize,
    /// Whether its only channel is of single numbers.
    pub(crate) single: bool,
}

impl ImageLayout {
    pub(crate) fn new(height: usize, width: usize, channels: usize, single: bool) -> Self {
        let rows = height.next_multiple_of(2) + 2;
        let pitch = width.next_multiple_of(2) + 2;
        Self { height, width, channels, rows, pitch, blocks: channels.div_ceil(LANES), single }
    }

    /// Lines in memory.
    pub(crate) fn lines(self) -> usize {
        if self.single {
            (self.rows * self.pitch).div_ceil(LANES)
        } else {
            self.rows * self.pitch * self.blocks
        }
    }

    /// Pixels without the border.
    pub(crate) fn pixels(self) -> usize {
        self.height * self.width
    }

    /// First line of a row of the image at its first column.
    pub(crate) fn row(self, y: usize) -> usize {
        ((y + 1) * self.pitch + 1) * self.blocks
    }

    /// Where a value is among the plane's numbers.
    pub(crate) fn index(self, y: usize, x: usize, channel: usize) -> usize {
        let pixel = (y + 1) * self.pitch + x + 1;
        if self.single { pixel } else { pixel * self.blocks * LANES + channel }
    }

    /// 2x2 tiles of rows and of columns that cover it.
    pub(crate) fn tiles(self) -> (usize, usize) {
        (self.height.div_ceil(2), self.width.div_ceil(2))
    }
}
