//! The silhouette of every point: a band a cluster, as thick as the cluster is large.

use std::collections::BTreeMap;

use plotters::element::{PathElement, Polygon, Rectangle};
use plotters::style::Color;
use plotters::style::text_anchor::{HPos, VPos};

use super::definition::{Chart, Made, Slot};
use crate::canvas::{Area, Drawn, logical, px};
use crate::experiment::Experiment;
use crate::frame::{self, BESIDE_DATA, MARGIN, SUBTITLE_HEIGHT, Sheet, TITLE_HEIGHT};
use crate::scale::Axis;
use crate::style::{self, Text};
use crate::{cluster_name, format, palette};

/// Width of the picture, in logical pixels like everything below.
const WIDTH: u32 = 960;
/// Height of all bands together: that much for each, within limits.
const BAND: f64 = 26.0;
const LOWEST: f64 = 400.0;
const HIGHEST: f64 = 2000.0;
/// Room between two bands, where there are not too many.
const GAP: f64 = 5.0;
/// Height of a line of text beside the bands.
const LINE: f64 = 16.0;
/// Width at the left of numbers alone and of numbers with names, and of the figures at the right.
const NUMBERS: f64 = 60.0;
const NAMES: f64 = 250.0;
const FIGURES: f64 = 196.0;
/// The values that draw the edge of a band, at most.
const CORNERS: usize = 380;

/// The silhouettes of the points of each cluster.
pub(crate) struct SilhouettePlot<'a> {
    bands: Vec<Band<'a>>,
    points: usize,
    /// Over all points.
    mean: f64,
    /// The seed, where the sweep was repeated with others.
    seed: Option<u32>,
    /// Whether the points are a sample.
    sampled: bool,
}

struct Band<'a> {
    cluster: u32,
    name: Option<&'a str>,
    size: usize,
    mean: f64,
    /// Share of the points that lie closer to another cluster.
    below_zero: f64,
    /// Silhouettes at equal steps from the highest to the lowest.
    edge: Vec<f64>,
}

impl<'a> SilhouettePlot<'a> {
    /// None where nothing was clustered.
    pub(super) fn new(experiment: &'a Experiment) -> Option<Self> {
        let members = experiment.members.as_ref()?;
        let mut by_cluster: BTreeMap<u32, Vec<f64>> = BTreeMap::new();
        for (&cluster, &silhouette) in members.clusters.iter().zip(&members.silhouettes) {
            if let Some(silhouette) = silhouette {
                by_cluster.entry(cluster).or_default().push(f64::from(silhouette));
            }
        }
        let points: usize = by_cluster.values().map(Vec::len).sum();
        if points == 0 {
            return None;
        }
        let sum: f64 = by_cluster.values().flatten().sum();
        let seeds = experiment.cluster.as_ref().map_or(&[][..], |stage| &stage.summary.seeds);
        let band = |(cluster, silhouettes)| Band::new(cluster, silhouettes, experiment.cluster_name(cluster));
        Some(Self {
            bands: by_cluster.into_iter().map(band).collect(),
            points,
            mean: sum / points as f64,
            seed: if seeds.len() > 1 { seeds.first().copied() } else { None },
            sampled: points < members.clusters.len(),
        })
    }

    /// Height of all bands with the room between them.
    fn height(&self) -> f64 {
        (self.bands.len() as f64 * BAND).clamp(LOWEST, HIGHEST)
    }

    /// Room between two bands.
    fn gap(&self) -> f64 {
        if self.bands.len() as f64 * LINE > HIGHEST { 0.0 } else { GAP }
    }

    /// Width of what stands at the left of the bands.
    fn left(&self) -> f64 {
        let names = self.bands.iter().filter_map(|band| band.name);
        let widest = names.map(|name| Text::BODY.width(name)).fold(0.0, f64::max);
        (NUMBERS + widest).min(NAMES)
    }

    fn axis(&self) -> Axis {
        let edges = self.bands.iter().flat_map(|band| band.edge.iter().copied());
        Axis::over("", edges.chain([0.0]), 8)
    }

    /// The top and the bottom of each band within so many logical pixels.
    fn places(&self, height: f64) -> Vec<(f64, f64)> {
        let free = height - self.gap() * (self.bands.len() - 1) as f64;
        let mut top = 0.0;
        let mut places = Vec::new();
        for band in &self.bands {
            let bottom = top + free * band.size as f64 / self.points as f64;
            places.push((top, bottom));
            top = bottom + self.gap();
        }
        places
    }
}

impl<'a> Band<'a> {
    fn new(cluster: u32, mut silhouettes: Vec<f64>, name: Option<&'a str>) -> Self {
        silhouettes.sort_by(|a, b| b.total_cmp(a));
        let size = silhouettes.len();
        let corners = size.clamp(2, CORNERS);
        let at = |corner: usize| silhouettes[corner * (size - 1) / (corners - 1)];
        Self {
            cluster,
            name,
            size,
            mean: silhouettes.iter().sum::<f64>() / size as f64,
            below_zero: silhouettes.iter().filter(|value| **value < 0.0).count() as f64 / size as f64,
            edge: (0..corners).map(at).collect(),
        }
    }

    fn draw(&self, area: &Area, axis: &Axis, sheet: &Sheet, (top, bottom): (f64, f64)) -> Drawn {
        let zero = px(sheet.x(axis, 0.0));
        let step = (bottom - top) / (self.edge.len() - 1) as f64;
        let mut corners = vec![(zero, px(sheet.top + top))];
        for (index, silhouette) in self.edge.iter().enumerate() {
            let corner = (px(sheet.x(axis, *silhouette)), px(sheet.top + top + index as f64 * step));
            if corners.last() != Some(&corner) {
                corners.push(corner);
            }
        }
        corners.push((zero, px(sheet.top + bottom)));
        area.draw(&Polygon::new(corners, palette::color(self.cluster as usize).filled()))
    }
}

/// Moves lines of text apart, so that none covers another one: their middles, ascending, at least `LINE` apart and at
/// most at `last`.
fn spread(mut middles: Vec<f64>, last: f64) -> Vec<f64> {
    for index in 1..middles.len() {
        middles[index] = middles[index].max(middles[index - 1] + LINE);
    }
    let mut limit = last;
    for middle in middles.iter_mut().rev() {
        *middle = middle.min(limit);
        limit = *middle - LINE;
    }
    middles
}

/// The chart; none where there is no data for it.
pub(super) fn of(experiment: &Experiment) -> Made<'_> {
    Some(Box::new(SilhouettePlot::new(experiment)?))
}

impl Chart for SilhouettePlot<'_> {
    fn file_stem(&self) -> &'static str {
        "silhouette_plot"
    }

    fn title(&self) -> &'static str {
        "Silhouette of every point"
    }

    fn slot(&self) -> Slot {
        Slot::Clusters
    }

    fn caption(&self) -> String {
        "The points of each cluster from the best placed to the worst. A cluster that stands out has a band that stays \
         wide to the right; a band that ends left of 0 holds points that belong elsewhere.".to_owned()
    }

    fn describe(&self) -> String {
        let bands: Vec<_> = self
            .bands
            .iter()
            .map(|band| {
                let name = band.name.map(|name| format!(" ({name})")).unwrap_or_default();
                format!("{} in cluster {}{name}", format::decimal(band.mean, 3), band.cluster)
            })
            .collect();
        format!(
            "A band of points for each of {} clusters. Mean silhouette {}: {}.",
            self.bands.len(),
            format::decimal(self.mean, 3),
            bands.join(", ")
        )
    }

    fn note(&self) -> Option<String> {
        let seed = self.seed.map(|seed| format!("These are the clusters of the first seed, {seed}."));
        let sample =
            self.sampled.then(|| format!("Shown are {} points drawn at random.", format::count(self.points)));
        let sentences: Vec<_> = seed.into_iter().chain(sample).collect();
        (!sentences.is_empty()).then(|| sentences.join(" "))
    }

    fn size(&self) -> (u32, u32) {
        let beside = 2.0 * MARGIN + TITLE_HEIGHT + SUBTITLE_HEIGHT + LINE + BESIDE_DATA;
        (WIDTH, (self.height() + beside) as u32)
    }

    fn draw(&self, area: &Area, experiment: &str) -> Drawn {
        let inner = frame::titled(area, self.title(), experiment)?;
        let text = "Thick bands are large clusters. Points left of 0 are closer to another cluster than to their own.";
        let inner = frame::subtitled(&inner, text, style::MUTED)?;
        let width = logical(inner.dim_in_pixel().0);
        let sheet = Sheet {
            left: self.left(),
            right: width - FIGURES,
            top: LINE + 6.0,
            bottom: LINE + 6.0 + self.height(),
        };
        let axis = self.axis();
        sheet.draw_x_axis(&inner, &axis)?;
        let title = (px(f64::midpoint(sheet.left, sheet.right)), px(sheet.bottom + 26.0));
        inner.draw_text(
            if self.sampled { "silhouette of sampled points (−1 to 1)" } else { "silhouette (−1 to 1)" },
            &Text::LABEL.at(HPos::Center, VPos::Top),
            title,
        )?;

        let places = self.places(self.height());
        for (band, place) in self.bands.iter().zip(&places) {
            band.draw(&inner, &axis, &sheet, *place)?;
        }
        let zero = px(sheet.x(&axis, 0.0));
        let ends = vec![(zero, px(sheet.top)), (zero, px(sheet.bottom))];
        inner.draw(&PathElement::new(ends, style::line(style::AXIS, 1.0)))?;
        self.draw_mean(&inner, &axis, &sheet)?;
        // Beside more bands than there are lines nothing could be read.
        if self.bands.len() as f64 * LINE <= self.height() {
            self.draw_lines(&inner, &sheet, &places)?;
        }
        Ok(())
    }
}

impl SilhouettePlot<'_> {
    /// The mean over all points, a line with a white edge, so that it is seen on every band.
    fn draw_mean(&self, area: &Area, axis: &Axis, sheet: &Sheet) -> Drawn {
        let x = px(sheet.x(axis, self.mean));
        for (color, width) in [(style::PAPER, 4.0), (style::INK, 1.5)] {
            let ends = vec![(x, px(sheet.top - 4.0)), (x, px(sheet.bottom))];
            area.draw(&PathElement::new(ends, style::line(color, width)))?;
        }
        let text = format!("mean {}", format::decimal(self.mean, 3));
        let half = Text::HEADING.width(&text) / 2.0;
        let center = sheet.x(axis, self.mean).clamp(sheet.left + half, sheet.right - half);
        let look = Text::HEADING.at(HPos::Center, VPos::Bottom);
        area.draw_text(&text, &look, (px(center), px(sheet.top - 8.0)))
    }

    /// Number and name of each cluster at the left, its figures at the right.
    fn draw_lines(&self, area: &Area, sheet: &Sheet, places: &[(f64, f64)]) -> Drawn {
        let columns = [sheet.right + 56.0, sheet.right + 128.0, sheet.right + FIGURES];
        for (heading, x) in ["mean", "points", "below 0"].into_iter().zip(columns) {
            let place = (px(x), px(sheet.top - 8.0));
            area.draw_text(heading, &Text::TICK.at(HPos::Right, VPos::Bottom), place)?;
        }
        area.draw_text("cluster", &Text::TICK.at(HPos::Left, VPos::Bottom), (0, px(sheet.top - 8.0)))?;

        let middles = places.iter().map(|(top, bottom)| f64::midpoint(*top, *bottom)).collect();
        let middles = spread(middles, self.height() - LINE / 2.0);
        let widest = self.bands.iter().map(|band| Text::HEADING.width(&band.cluster.to_string()));
        let number = 16.0 + widest.fold(0.0, f64::max);
        for (band, middle) in self.bands.iter().zip(middles) {
            let y = px(sheet.top + middle);
            let swatch = [(0, y - px(5.0)), (px(10.0), y + px(5.0))];
            area.draw(&Rectangle::new(swatch, palette::color(band.cluster as usize).filled()))?;
            let look = Text::HEADING.at(HPos::Right, VPos::Center);
            area.draw_text(&band.cluster.to_string(), &look, (px(number), y))?;
            if let Some(name) = band.name {
                let name = cluster_name::fit(name, Text::BODY, sheet.left - number - 8.0 - 12.0);
                area.draw_text(&name, &Text::BODY.at(HPos::Left, VPos::Center), (px(number + 8.0), y))?;
            }
            let figures =
                [format::decimal(band.mean, 3), format::count(band.size), format::percent(band.below_zero)];
            for (figure, x) in figures.iter().zip(columns) {
                area.draw_text(figure, &Text::TICK.at(HPos::Right, VPos::Center), (px(x), y))?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_edge_falls_from_the_highest_to_the_lowest_in_few_steps() {
        let silhouettes = (0..7000).map(|point| f64::from(point * 7919 % 7000) / 7000.0 - 0.25).collect();
        let band = Band::new(3, silhouettes, None);
        assert_eq!((band.size, band.edge.len()), (7000, CORNERS));
        assert!((band.edge[0] - 0.7498).abs() < 1e-4 && (band.edge[CORNERS - 1] + 0.25).abs() < 1e-12);
        assert!(band.edge.is_sorted_by(|a, b| a >= b));
        assert!((band.below_zero - 0.25).abs() < 1e-12);
        assert_eq!(Band::new(0, vec![0.5], None).edge, [0.5, 0.5]);
    }

    #[test]
    fn lines_are_moved_apart() {
        assert_eq!(spread(vec![10.0, 12.0, 90.0, 99.0], 100.0), [10.0, 26.0, 84.0, 100.0]);
    }
}
