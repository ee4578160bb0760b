//! The mean silhouettes of several runs against the number of clusters, the chosen ones ringed.

use std::collections::BTreeSet;

use plotters::element::Circle;
use plotters::style::Color;

use super::definition::Chart;
use super::overlaid_training::{draw_legend, legend_height, line};
use crate::canvas::{Area, Drawn, px};
use crate::comparison::ComparedRun;
use crate::format;
use crate::frame::{self, Grid};
use crate::lines::Line;
use crate::scale::Axis;
use crate::style;

/// Width of the picture, and its height without the legend.
const SIZE: (u32, u32) = (960, 420);
/// Room between the legend and the plot.
const GAP: f64 = 8.0;

/// The runs that clustered, each with its place among all and the silhouettes that are numbers.
pub(crate) struct Sweeps<'a>(Vec<Sweep<'a>>);

struct Sweep<'a> {
    place: usize,
    run: &'a ComparedRun,
    points: Vec<(f64, f64)>,
}

impl Sweep<'_> {
    /// The point of the chosen number of clusters.
    fn best(&self) -> Option<(f64, f64)> {
        let k = self.run.best_k?;
        self.points.iter().copied().find(|point| point.0 as u32 == k)
    }
}

impl<'a> Sweeps<'a> {
    /// None where no run has a silhouette.
    pub(crate) fn new(runs: &'a [ComparedRun]) -> Option<Self> {
        let sweeps = runs.iter().enumerate().map(|(place, run)| {
            let points = run.silhouettes.iter().filter(|(_, value)| value.is_finite());
            Sweep { place, run, points: points.map(|&(k, value)| (f64::from(k), value)).collect() }
        });
        let sweeps: Vec<_> = sweeps.filter(|sweep| !sweep.points.is_empty()).collect();
        (!sweeps.is_empty()).then_some(Self(sweeps))
    }

    fn lines(&self) -> Vec<Line<'a>> {
        self.0.iter().map(|sweep| line(sweep.place, sweep.run)).collect()
    }
}

impl Chart for Sweeps<'_> {
    fn file_stem(&self) -> &'static str {
        "overlaid_silhouettes"
    }

    fn title(&self) -> &'static str {
        "Silhouette by number of clusters"
    }

    fn caption(&self) -> String {
        "The mean silhouette of each run for each number of clusters; a ring marks the chosen one. Silhouettes \
         compare clusterings of the same points: a higher one of other latents need not be a better one.".to_owned()
    }

    fn describe(&self) -> String {
        let bests = self.0.iter().map(|sweep| match sweep.best() {
            Some((k, value)) => {
                format!("{}: {} at the chosen k = {k}", sweep.run.name, format::decimal(value, 3))
            }
            None => format!("{}: no k chosen", sweep.run.name),
        });
        format!(
            "Line chart of the mean silhouette with a line for each run. {}.",
            bests.collect::<Vec<_>>().join("; ")
        )
    }

    fn size(&self) -> (u32, u32) {
        (SIZE.0, SIZE.1 + legend_height(&self.lines()))
    }

    fn draw(&self, area: &Area, experiment: &str) -> Drawn {
        let inner = frame::titled(area, self.title(), experiment)?;
        let longest = self.0.iter().map(|sweep| sweep.points.len()).max().unwrap_or(0);
        let inner = draw_legend(inner, &self.lines(), longest)?.margin(px(GAP), 0, 0, 0);

        let points = || self.0.iter().flat_map(|sweep| &sweep.points);
        let title = match self.0.iter().filter(|sweep| sweep.run.silhouettes_sampled).count() {
            0 => "mean silhouette (−1 to 1)",
            sampled if sampled == self.0.len() => "mean silhouette, sampled (−1 to 1)",
            _ => "mean silhouette, of some sampled (−1 to 1)",
        };
        let y = Axis::over(title, points().map(|point| point.1), 6);
        let ks: BTreeSet<u32> = points().map(|point| point.0 as u32).collect();
        let ks: Vec<u32> = ks.into_iter().collect();
        let margin = (f64::from(ks[ks.len() - 1] - ks[0]) * 0.04).max(0.5);
        let x = Axis::whole("number of clusters k", &ks, margin, 20);
        let mut plot = frame::plot(&inner, x, y, Grid::Both)?;
        for sweep in &self.0 {
            line(sweep.place, sweep.run).draw(&mut plot, &sweep.points)?;
        }
        // Above every line, so that none hides what was chosen.
        for sweep in &self.0 {
            let Some(best) = sweep.best() else { continue };
            let color = line(sweep.place, sweep.run).color;
            let plotting = plot.plotting_area();
            plotting.draw(&Circle::new(best, px(7.0), style::PAPER.filled()))?;
            plotting.draw(&Circle::new(best, px(7.0), style::line(color, 2.5)))?;
            plotting.draw(&Circle::new(best, px(3.5), color.filled()))?;
        }
        Ok(())
    }
}
