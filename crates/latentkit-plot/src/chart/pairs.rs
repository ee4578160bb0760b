//! Images above their reconstructions, in blocks of columns.

use latentkit_core::ImageShape;
use latentkit_table::{Reconstruction, Reconstructions};
use plotters::style::text_anchor::{HPos, VPos};

use crate::canvas::{Area, Drawn, px};
use crate::picture::Image;
use crate::style::Text;

/// Columns beside one another.
pub(super) const COLUMNS: usize = 10;
/// Side of the square that an image fits into.
const CELL: f64 = 72.0;
/// Room between columns.
const GAP: f64 = 14.0;
/// Room between an image and its reconstruction.
const ROW_GAP: f64 = 8.0;
/// Height of a name above its column, and of a second line below the name.
const NAME: f64 = 24.0;
const SECOND_LINE: f64 = 18.0;
/// Room below a block of columns.
const BLOCK_GAP: f64 = 20.0;
/// Width of the captions of the rows.
const CAPTION: f64 = 100.0;
const MARGIN: f64 = 20.0;
const HEADER: f64 = 50.0;

/// Columns of images with their reconstructions.
pub(super) struct Block<'a> {
    /// What the block shows, above the captions of its rows.
    pub(super) heading: Option<&'static str>,
    /// At most [`COLUMNS`] of them.
    pub(super) rows: Vec<&'a Reconstruction>,
}

/// Blocks of images of one size, one below the other.
pub(super) struct Pairs<'a> {
    pub(super) blocks: Vec<Block<'a>>,
    shape: ImageShape,
    /// What stands below the name of an image.
    second_line: Option<fn(&Reconstruction) -> String>,
}

impl<'a> Pairs<'a> {
    pub(super) fn new(
        table: &Reconstructions,
        blocks: Vec<Block<'a>>,
        second_line: Option<fn(&Reconstruction) -> String>,
    ) -> Self {
        Self { blocks, shape: table.shape, second_line }
    }

    fn names_height(&self) -> f64 {
        NAME + if self.second_line.is_some() { SECOND_LINE } else { 0.0 }
    }

    fn block_height(&self) -> f64 {
        self.names_height() + 2.0 * CELL + ROW_GAP + BLOCK_GAP
    }

    /// Width and height of the picture, in logical pixels.
    pub(super) fn size(&self) -> (u32, u32) {
        let columns = self.blocks.iter().map(|block| block.rows.len()).max().unwrap_or(0).max(5) as f64;
        let width = 2.0 * MARGIN + CAPTION + columns * (CELL + GAP) - GAP;
        let height = HEADER + self.blocks.len() as f64 * self.block_height() - BLOCK_GAP + MARGIN;
        (width as u32, height as u32)
    }

    /// Draws the blocks below a header.
    pub(super) fn draw(&self, area: &Area) -> Drawn {
        for (index, block) in self.blocks.iter().enumerate() {
            self.draw_block(area, block, index as f64 * self.block_height())?;
        }
        Ok(())
    }

    fn draw_block(&self, area: &Area, block: &Block, top: f64) -> Drawn {
        let images = top + self.names_height();
        if let Some(heading) = block.heading {
            let place = (0, px(images - 8.0));
            area.draw_text(heading, &Text::HEADING.at(HPos::Left, VPos::Bottom), place)?;
        }
        for (row, caption) in ["test image", "reconstruction"].into_iter().enumerate() {
            let middle = images + row as f64 * (CELL + ROW_GAP) + CELL / 2.0;
            area.draw_text(caption, &Text::LABEL.at(HPos::Left, VPos::Center), (0, px(middle)))?;
        }
        for (column, example) in block.rows.iter().enumerate() {
            let left = CAPTION + column as f64 * (CELL + GAP);
            let center = |above: f64| (px(left + CELL / 2.0), px(images - above));
            let name = Text::BODY.fit(example.label_name.as_deref().unwrap_or_default(), CELL + GAP - 10.0);
            let above = self.names_height() - NAME + 8.0;
            area.draw_text(&name, &Text::BODY.at(HPos::Center, VPos::Bottom), center(above))?;
            if let Some(second_line) = self.second_line {
                let look = Text::TICK.at(HPos::Center, VPos::Bottom);
                area.draw_text(&second_line(example), &look, center(8.0))?;
            }
            for (row, pixels) in [&example.image, &example.reconstruction].into_iter().enumerate() {
                let corner = (left, images + row as f64 * (CELL + ROW_GAP));
                Image { shape: self.shape, pixels }.draw(area, corner, CELL)?;
            }
        }
        Ok(())
    }
}
