//! One block of channels at every position.
//!
//! A comparison for each of sixteen positions takes as long as the transforms themselves. Here a tile is compared with the
//! number of tiles, which is the same for all positions, and a position with a number that the compiler knows.

#![expect(clippy::inline_always, reason = "to be compiled for the instruction set of the caller")]
#![expect(unsafe_code, reason = "the size of the whole is compared once")]

use crate::line::Line;

/// Lines `[positions, blocks, tiles]`, of which one block is read.
pub(super) struct Grid<'a> {
    lines: &'a [Line],
    positions: usize,
    first: usize,
    stride: usize,
    tiles: usize,
}

/// As [`Grid`], to write.
pub(super) struct GridMut<'a> {
    lines: &'a mut [Line],
    positions: usize,
    first: usize,
    stride: usize,
    tiles: usize,
}

impl<'a> Grid<'a> {
    #[inline(always)]
    pub(super) fn new(lines: &'a [Line], blocks: usize, block: usize, tiles: usize) -> Self {
        assert!(block < blocks, "the block is one of them");
        let stride = blocks * tiles;
        Self { positions: lines.len() / stride, lines, first: block * tiles, stride, tiles }
    }

    #[inline(always)]
    pub(super) fn line(&self, position: usize, tile: usize) -> &Line {
        assert!(tile < self.tiles && position < self.positions, "the line is there");
        // SAFETY: block < blocks, tile < tiles and position < positions, of which the lines hold all.
        unsafe { self.lines.get_unchecked(position * self.stride + self.first + tile) }
    }
}

impl<'a> GridMut<'a> {
    #[inline(always)]
    pub(super) fn new(lines: &'a mut [Line], blocks: usize, block: usize, tiles: usize) -> Self {
        assert!(block < blocks, "the block is one of them");
        let stride = blocks * tiles;
        Self { positions: lines.len() / stride, lines, first: block * tiles, stride, tiles }
    }

    #[inline(always)]
    pub(super) fn line(&mut self, position: usize, tile: usize) -> &mut Line {
        assert!(tile < self.tiles && position < self.positions, "the line is there");
        // SAFETY: block < blocks, tile < tiles and position < positions, of which the lines hold all.
        unsafe { self.lines.get_unchecked_mut(position * self.stride + self.first + tile) }
    }
}
