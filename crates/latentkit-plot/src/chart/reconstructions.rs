//! One test image of each label above its reconstruction, pixel by pixel.

use latentkit_table::{ReconstructionKind, Reconstructions};

use super::definition::{Chart, Made, Slot};
use super::pairs::{Block, COLUMNS, Pairs};
use crate::canvas::{Area, Drawn};
use crate::experiment::Experiment;
use crate::frame;

/// The first example of each label.
pub(crate) struct Examples<'a>(Pairs<'a>);

impl<'a> Examples<'a> {
    /// None where there are no examples.
    pub(super) fn new(table: &'a Reconstructions) -> Option<Self> {
        let mut rows: Vec<_> =
            table.rows.iter().filter(|row| row.kind == ReconstructionKind::Example).collect();
        rows.sort_by_key(|row| (row.label, row.id));
        rows.dedup_by_key(|row| row.label);
        let blocks = rows.chunks(COLUMNS).map(|rows| Block { heading: None, rows: rows.to_vec() }).collect();
        (!rows.is_empty()).then(|| Self(Pairs::new(table, blocks, None)))
    }
}

/// The chart; none where there is no data for it.
pub(super) fn of(experiment: &Experiment) -> Made<'_> {
    let chart = Examples::new(experiment.reconstructions.as_ref()?)?;
    Some(Box::new(chart))
}

impl Chart for Examples<'_> {
    fn file_stem(&self) -> &'static str {
        "reconstructions"
    }

    fn title(&self) -> &'static str {
        "Test images and their reconstructions"
    }

    fn slot(&self) -> Slot {
        Slot::Reconstructions
    }

    fn caption(&self) -> String {
        "The first test image of each label, and what the auto-encoder makes of it from its latents alone."
            .to_owned()
    }

    fn describe(&self) -> String {
        let rows = self.0.blocks.iter().flat_map(|block| &block.rows);
        let names: Vec<_> = rows.filter_map(|row| row.label_name.as_deref()).collect();
        format!("A test image of each label above its reconstruction: {}.", names.join(", "))
    }

    fn size(&self) -> (u32, u32) {
        self.0.size()
    }

    fn draw(&self, area: &Area, experiment: &str) -> Drawn {
        self.0.draw(&frame::titled(area, self.title(), experiment)?)
    }
}
