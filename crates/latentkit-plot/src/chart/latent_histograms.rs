//! How the values of each latent are spread, a panel a latent.

use plotters::element::Rectangle;
use plotters::style::Color;
use plotters::style::text_anchor::{HPos, VPos};

use super::definition::{Chart, Made, Slot};
use crate::canvas::{Area, Drawn, px};
use crate::experiment::Experiment;
use crate::format;
use crate::frame::{self, MARGIN, SUBTITLE_HEIGHT, Sheet, TITLE_HEIGHT};
use crate::scale::Axis;
use crate::style::{self, Text};

const BINS: usize = 60;
/// Latents that are shown, at most.
const SHOWN: usize = 32;
/// A larger share of values that are exactly 0 has a bar of its own and is written.
const NOTED_ZEROS: f64 = 0.01;
/// Width of all panels together, in logical pixels like everything below.
const WIDTH: f64 = 920.0;
const HEADING: f64 = 24.0;
const PLOT: f64 = 110.0;
/// Room for the names of the ticks, and below a panel.
const TICKS: f64 = 24.0;
const BELOW: f64 = 18.0;
const BETWEEN: f64 = 28.0;

/// The values of the latents.
pub(crate) struct Histograms<'a> {
    panels: Vec<Histogram<'a>>,
    /// Latents that there are.
    all: usize,
    images: usize,
}

struct Histogram<'a> {
    name: &'a str,
    dead: bool,
    /// Lowest and highest value.
    range: (f64, f64),
    /// Values in each bin, without those that have a bar of their own.
    bins: Vec<usize>,
    /// Values that are exactly 0, where they have a bar of their own, and their share.
    zeros: Option<(usize, f64)>,
}

impl<'a> Histograms<'a> {
    /// None where nothing was exported.
    pub(super) fn new(experiment: &'a Experiment) -> Option<Self> {
        let (latents, export) = (experiment.latents.as_ref()?, experiment.export.as_ref()?);
        let health = &export.summary.latents;
        let values = latents.values.clone().rounded();
        let columns = values.columns();
        let panels: Vec<_> = columns
            .into_iter()
            .zip(health)
            .take(SHOWN)
            .map(|(column, health)| {
                Histogram::new(&health.name, health.dead, column.iter().map(|&value| f64::from(value)))
            })
            .collect();
        (!panels.is_empty()).then_some(Self { panels, all: health.len(), images: latents.ids.len() })
    }

    fn columns(&self) -> usize {
        if self.panels.len() <= 6 { 3 } else { 4 }
    }

    fn explanation(&self) -> String {
        let shown = if self.all > self.panels.len() {
            format!("The first {} of {} latents. ", self.panels.len(), self.all)
        } else {
            String::new()
        };
        let images = format::count(self.images);
        format!("{shown}{images} images in {BINS} bins; each panel has its own scales.")
    }

    /// What the bar of the zeros is, where there is one.
    fn zeros(&self) -> Option<&'static str> {
        let any = self.panels.iter().any(|panel| panel.zeros.is_some());
        any.then_some("Orange: images for which the latent is exactly 0, cut off where they are more than the panel holds.")
    }
}

impl<'a> Histogram<'a> {
    fn new(name: &'a str, dead: bool, values: impl Iterator<Item = f64> + Clone) -> Self {
        let (low, high) = values
            .clone()
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)));
        let count = values.clone().count();
        let zeros = values.clone().filter(|value| *value == 0.0).count();
        let share = zeros as f64 / count.max(1) as f64;
        let apart = share > NOTED_ZEROS;
        let mut bins = vec![0; BINS];
        for value in values.filter(|value| !apart || *value != 0.0) {
            let place =
                if high > low { (value - low) / (high - low) * BINS as f64 } else { BINS as f64 / 2.0 };
            bins[(place as usize).min(BINS - 1)] += 1;
        }
        Self { name, dead, range: (low, high), bins, zeros: apart.then_some((zeros, share)) }
    }

    fn axis(&self) -> Axis {
        let (low, high) = self.range;
        let axis = Axis::over("", [low, high], 4);
        if high > low { axis.within(low..high) } else { axis }
    }

    fn draw(&self, area: &Area, (left, top): (f64, f64), width: f64) -> Drawn {
        let sheet = Sheet { left, right: left + width, top: top + HEADING, bottom: top + HEADING + PLOT };
        area.draw_text(self.name, &Text::HEADING.at(HPos::Left, VPos::Top), (px(left), px(top)))?;
        let mut words = Vec::new();
        if self.dead {
            words.push("dead".to_owned());
        }
        if let Some((_, share)) = self.zeros {
            words.push(format!("{} exactly 0", format::percent(share)));
        }
        let look = if self.dead { Text::HEADING.color(style::WARNING) } else { Text::TICK };
        area.draw_text(&words.join(", "), &look.at(HPos::Right, VPos::Top), (px(sheet.right), px(top)))?;

        let axis = self.axis();
        sheet.draw_x_axis(area, &axis)?;
        let highest = self.bins.iter().copied().max().unwrap_or(0);
        let highest = if highest == 0 { self.zeros.map_or(1, |zeros| zeros.0) } else { highest } as f64;
        // Where all values are equal, they are in the middle of the axis.
        let start = axis.range.start;
        let step = (axis.range.end - start) / BINS as f64;
        let top_of = |count: usize| sheet.bottom - (count as f64 / highest).min(1.0) * PLOT;
        let color = if self.dead { style::AXIS } else { style::FIRST };
        for (bin, &count) in self.bins.iter().enumerate().filter(|(_, count)| **count > 0) {
            let x = |edge: usize| px(sheet.x(&axis, start + edge as f64 * step));
            let corners = [(x(bin), px(top_of(count))), (x(bin + 1), px(sheet.bottom))];
            area.draw(&Rectangle::new(corners, color.filled()))?;
        }
        if let Some((zeros, _)) = self.zeros {
            let half = (width / BINS as f64 / 2.0).max(1.5);
            let x = sheet.x(&axis, 0.0);
            let corners = [(px(x - half), px(top_of(zeros))), (px(x + half), px(sheet.bottom))];
            area.draw(&Rectangle::new(corners, style::SECOND.filled()))?;
        }
        Ok(())
    }
}

/// The chart; none where there is no data for it.
pub(super) fn of(experiment: &Experiment) -> Made<'_> {
    Some(Box::new(Histograms::new(experiment)?))
}

impl Chart for Histograms<'_> {
    fn file_stem(&self) -> &'static str {
        "latent_histograms"
    }

    fn title(&self) -> &'static str {
        "Values of each latent"
    }

    fn slot(&self) -> Slot {
        Slot::Latents
    }

    fn caption(&self) -> String {
        "How the values of each latent are spread over the images.".to_owned()
    }

    fn describe(&self) -> String {
        let panels: Vec<_> = self
            .panels
            .iter()
            .map(|panel| {
                let dead = if panel.dead { ", dead" } else { "" };
                let (low, high) = panel.range;
                format!(
                    "{} from {} to {}{dead}",
                    panel.name,
                    format::decimal(low, 2),
                    format::decimal(high, 2)
                )
            })
            .collect();
        format!("Histograms of {} latents: {}.", self.panels.len(), panels.join("; "))
    }

    fn note(&self) -> Option<String> {
        (self.all > self.panels.len())
            .then(|| format!("Shown are the first {} of {} latents.", self.panels.len(), self.all))
    }

    fn size(&self) -> (u32, u32) {
        let rows = self.panels.len().div_ceil(self.columns()) as f64;
        let subtitles = if self.zeros().is_some() { 2.0 } else { 1.0 } * SUBTITLE_HEIGHT;
        let height = TITLE_HEIGHT + subtitles + rows * (HEADING + PLOT + TICKS + BELOW) - BELOW;
        ((2.0 * MARGIN + WIDTH) as u32, (2.0 * MARGIN + height) as u32)
    }

    fn draw(&self, area: &Area, experiment: &str) -> Drawn {
        let inner = frame::titled(area, self.title(), experiment)?;
        let mut inner = frame::subtitled(&inner, &self.explanation(), style::MUTED)?;
        if let Some(text) = self.zeros() {
            inner = frame::subtitled(&inner, text, style::MUTED)?;
        }
        let columns = self.columns();
        let width = (WIDTH + BETWEEN) / columns as f64 - BETWEEN;
        for (index, panel) in self.panels.iter().enumerate() {
            let left = (index % columns) as f64 * (width + BETWEEN);
            let top = (index / columns) as f64 * (HEADING + PLOT + TICKS + BELOW);
            // The names of the outermost ticks reach beyond the axis.
            panel.draw(&inner, (left + 6.0, top), width - 12.0)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_zeros_have_a_bar_of_their_own() {
        let values: Vec<f64> = (0..100).map(|value| f64::from(value.max(40) - 40)).collect();
        let histogram = Histogram::new("z0", false, values.into_iter());
        assert_eq!(histogram.zeros, Some((41, 0.41)));
        assert_eq!((histogram.bins.iter().sum::<usize>(), histogram.range), (59, (0.0, 59.0)));

        let values: Vec<f64> = (0..1000).map(f64::from).collect();
        let histogram = Histogram::new("z0", false, values.into_iter());
        assert_eq!((histogram.zeros, histogram.bins.iter().sum::<usize>()), (None, 1000));
    }

    #[test]
    fn a_reader_is_told_of_latents_that_are_not_shown() {
        let panels = || (0..SHOWN).map(|_| Histogram::new("z", false, [1.0, 2.0].into_iter())).collect();
        let some = Histograms { panels: panels(), all: 40, images: 2 };
        assert_eq!(some.note().unwrap(), "Shown are the first 32 of 40 latents.");
        assert!(some.explanation().starts_with("The first 32 of 40 latents. "));
        assert_eq!(Histograms { panels: panels(), all: SHOWN, images: 2 }.note(), None);
    }

    #[test]
    fn equal_values_are_one_bar() {
        let histogram = Histogram::new("z0", true, [1.5; 9].into_iter());
        assert_eq!((histogram.bins[30], histogram.bins.iter().sum::<usize>()), (9, 9));
    }
}
