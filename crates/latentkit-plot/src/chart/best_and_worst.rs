//! The test images that are reconstructed best and worst.

use latentkit_table::{Reconstruction, ReconstructionKind, Reconstructions};

use super::definition::{Chart, Made, Slot};
use super::pairs::{Block, COLUMNS, Pairs};
use crate::canvas::{Area, Drawn};
use crate::experiment::Experiment;
use crate::{format, frame};

/// The extremes of the test images.
pub(crate) struct Extremes<'a>(Pairs<'a>);

impl<'a> Extremes<'a> {
    /// None where there are neither best nor worst ones.
    pub(super) fn new(table: &'a Reconstructions) -> Option<Self> {
        let blocks: Vec<_> =
            [("best", ReconstructionKind::Best, 1.0), ("worst", ReconstructionKind::Worst, -1.0)]
                .into_iter()
                .filter_map(|(heading, kind, sign)| {
                    let mut rows: Vec<_> = table.rows.iter().filter(|row| row.kind == kind).collect();
                    let order = |row: &Reconstruction| sign * row.bce;
                    rows.sort_by(|a, b| order(a).total_cmp(&order(b)).then(a.id.cmp(&b.id)));
                    rows.truncate(COLUMNS);
                    (!rows.is_empty()).then_some(Block { heading: Some(heading), rows })
                })
                .collect();
        let error = |row: &Reconstruction| format::decimal(f64::from(row.bce), 3);
        (!blocks.is_empty()).then(|| Self(Pairs::new(table, blocks, Some(error))))
    }
}

/// The chart; none where there is no data for it.
pub(super) fn of(experiment: &Experiment) -> Made<'_> {
    let chart = Extremes::new(experiment.reconstructions.as_ref()?)?;
    Some(Box::new(chart))
}

impl Chart for Extremes<'_> {
    fn file_stem(&self) -> &'static str {
        "best_and_worst"
    }

    fn title(&self) -> &'static str {
        "Best and worst reconstructions"
    }

    fn slot(&self) -> Slot {
        Slot::Extremes
    }

    fn caption(&self) -> String {
        "The test images of the least and of the largest binary cross-entropy, which stands below their labels (nats per \
         pixel).".to_owned()
    }

    fn describe(&self) -> String {
        let blocks = self.0.blocks.iter().map(|block| {
            let names: Vec<_> = block.rows.iter().filter_map(|row| row.label_name.as_deref()).collect();
            format!("{}: {}", block.heading.unwrap_or_default(), names.join(", "))
        });
        let blocks: Vec<_> = blocks.collect();
        format!("Test images above their reconstructions. Labels of the {}.", blocks.join("; of the "))
    }

    fn size(&self) -> (u32, u32) {
        self.0.size()
    }

    fn draw(&self, area: &Area, experiment: &str) -> Drawn {
        self.0.draw(&frame::titled(area, self.title(), experiment)?)
    }
}
