//! Images of each cluster: those nearest to the centroid, and those that fit least.

use latentkit_core::ImageShape;
use latentkit_table::ExampleKind;
use plotters::style::text_anchor::{HPos, VPos};

use super::definition::{Chart, Made, Slot};
use crate::canvas::{Area, Drawn, px};
use crate::cluster_name;
use crate::experiment::Experiment;
use crate::frame::{self, MARGIN, TITLE_HEIGHT};
use crate::picture::Image;
use crate::style::Text;

/// Images of a kind in a row.
const SHOWN: usize = 10;
/// Clusters that are shown, at most.
const CLUSTERS: usize = 40;
/// Side of the square that an image fits into, in logical pixels like everything below.
const CELL: f64 = 42.0;
const GAP: f64 = 4.0;
/// Room between the two kinds, and between two clusters.
const BETWEEN: f64 = 24.0;
const ROW_GAP: f64 = 12.0;
/// Width of the names, and height of the headings.
const CAPTION: f64 = 150.0;
const HEADING: f64 = 26.0;

/// Width of the images of a kind.
const KIND: f64 = SHOWN as f64 * (CELL + GAP) - GAP;

/// The images of each cluster.
pub(crate) struct Gallery<'a> {
    rows: Vec<Row<'a>>,
    /// Rows and columns of an image.
    shape: ImageShape,
    /// Clusters that there are.
    all: usize,
}

struct Row<'a> {
    cluster: u32,
    name: Option<&'a str>,
    /// The pixels of the images of each kind.
    kinds: [Vec<&'a [u8]>; 2],
}

impl<'a> Gallery<'a> {
    /// None where the points are not the latents of images.
    pub(super) fn new(experiment: &'a Experiment) -> Option<Self> {
        let images = experiment.example_images.as_ref()?;
        let mut clusters: Vec<u32> = experiment.examples.iter().map(|example| example.cluster).collect();
        clusters.sort_unstable();
        clusters.dedup();
        let of = |cluster: u32, kind: ExampleKind| {
            let mut examples: Vec<_> = experiment
                .examples
                .iter()
                .filter(|example| example.cluster == cluster && example.kind == kind)
                .collect();
            examples.sort_by_key(|example| example.rank);
            let pixels = examples.into_iter().filter_map(|example| images.pixels.get(&example.id.number()?));
            pixels.take(SHOWN).map(Vec::as_slice).collect()
        };
        let row = |&cluster: &u32| Row {
            cluster,
            name: experiment.cluster_name(cluster),
            kinds: [ExampleKind::Nearest, ExampleKind::LowestSilhouette].map(|kind| of(cluster, kind)),
        };
        let rows: Vec<_> = clusters.iter().take(CLUSTERS).map(row).collect();
        (!rows.is_empty()).then_some(Self { rows, shape: images.shape, all: clusters.len() })
    }
}

/// The chart; none where there is no data for it.
pub(super) fn of(experiment: &Experiment) -> Made<'_> {
    Some(Box::new(Gallery::new(experiment)?))
}

impl Chart for Gallery<'_> {
    fn file_stem(&self) -> &'static str {
        "cluster_examples"
    }

    fn title(&self) -> &'static str {
        "Images of each cluster"
    }

    fn slot(&self) -> Slot {
        Slot::Images
    }

    fn caption(&self) -> String {
        "What a cluster is about, and where it frays: the images nearest to its centre, and those of the lowest \
         silhouette.".to_owned()
    }

    fn describe(&self) -> String {
        format!(
            "For each of {} clusters a row of images: at the left the {SHOWN} nearest to the centroid, at the right the \
             {SHOWN} of the lowest silhouette.",
            self.rows.len()
        )
    }

    fn note(&self) -> Option<String> {
        (self.all > self.rows.len())
            .then(|| format!("Shown are the first {} of {} clusters.", self.rows.len(), self.all))
    }

    fn size(&self) -> (u32, u32) {
        let width = CAPTION + 2.0 * KIND + BETWEEN;
        let height = TITLE_HEIGHT + HEADING + self.rows.len() as f64 * (CELL + ROW_GAP) - ROW_GAP;
        ((2.0 * MARGIN + width) as u32, (2.0 * MARGIN + height) as u32)
    }

    fn draw(&self, area: &Area, experiment: &str) -> Drawn {
        let inner = frame::titled(area, self.title(), experiment)?;
        let lefts = [CAPTION, CAPTION + KIND + BETWEEN];
        let headings = ["nearest to the centroid", "lowest silhouette: nearly in another cluster"];
        for (heading, left) in headings.into_iter().zip(lefts) {
            let place = (px(left), px(HEADING - 10.0));
            inner.draw_text(heading, &Text::LABEL.at(HPos::Left, VPos::Bottom), place)?;
        }
        for (index, row) in self.rows.iter().enumerate() {
            let top = HEADING + index as f64 * (CELL + ROW_GAP);
            let middle = top + CELL / 2.0;
            let heading = format!("cluster {}", row.cluster);
            let above = if row.name.is_some() { 9.0 } else { 0.0 };
            let look = Text::HEADING.at(HPos::Left, VPos::Center);
            inner.draw_text(&heading, &look, (0, px(middle - above)))?;
            if let Some(name) = row.name {
                let name = cluster_name::fit(name, Text::TICK, CAPTION - 12.0);
                let look = Text::TICK.at(HPos::Left, VPos::Center);
                inner.draw_text(&name, &look, (0, px(middle + 9.0)))?;
            }
            for (images, left) in row.kinds.iter().zip(lefts) {
                for (column, pixels) in images.iter().enumerate() {
                    let corner = (left + column as f64 * (CELL + GAP), top);
                    Image { shape: self.shape, pixels }.draw(&inner, corner, CELL)?;
                }
            }
        }
        Ok(())
    }
}
