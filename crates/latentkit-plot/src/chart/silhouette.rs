//! Mean silhouette against the number of clusters, the chosen one marked.

use latentkit_core::summary::ClusterSummary;
use plotters::element::{Circle, EmptyElement, PathElement, Rectangle, Text as TextElement};
use plotters::series::LineSeries;
use plotters::style::Color;
use plotters::style::text_anchor::{HPos, VPos};

use super::definition::{Chart, Made, Slot};
use crate::canvas::{Area, Drawn, Svg, px};
use crate::experiment::Experiment;
use crate::format;
use crate::frame::{self, Grid};
use crate::scale::Axis;
use crate::style::{self, Text};
use crate::sweep::KFigures;

/// Half the width of the bar at an end of a whisker.
const CAP: f64 = 4.0;

/// The numbers of clusters that have a silhouette.
pub(crate) struct Sweep<'a> {
    figures: Vec<&'a KFigures>,
    choice: Option<Choice<'a>>,
    /// Points whose silhouettes were computed, where it was not all of them.
    sample: Option<usize>,
}

/// What clustering chose.
struct Choice<'a> {
    best: &'a KFigures,
    /// Whether a better k may lie outside of the sweep.
    at_edge: bool,
    /// Whether the choice of k says little.
    flat: bool,
}

impl<'a> Sweep<'a> {
    /// None where no k has a silhouette. Without the figures of clustering no k is marked.
    pub(super) fn new(experiment: &'a Experiment) -> Option<Self> {
        let figures: Vec<_> =
            experiment.sweep.iter().filter(|figures| figures.silhouette.is_finite()).collect();
        let choice = experiment.cluster.as_ref().and_then(|stage| {
            let &ClusterSummary { best_k, best_at_edge, flat, .. } = &stage.summary;
            let best = figures.iter().find(|figures| figures.k as usize == best_k)?;
            Some(Choice { best, at_edge: best_at_edge, flat })
        });
        let sample = experiment.cluster.as_ref().and_then(|stage| stage.summary.silhouette_sample);
        (!figures.is_empty()).then_some(Self { figures, choice, sample })
    }

    /// The most seeds that a k was tried with.
    fn seeds(&self) -> usize {
        self.figures.iter().map(|figures| figures.seeds).max().unwrap_or(1)
    }

    /// What the second line of the header says.
    fn verdict(&self) -> Option<String> {
        let Choice { best: KFigures { k, .. }, at_edge, flat } = self.choice.as_ref()?;
        let verdict = match self.figures.len() {
            1 => format!("Only k = {k} was tried."),
            _ if *at_edge && *k == 2 => {
                "The best k = 2 is the smallest that has a silhouette: it does not tell whether there are clusters at all."
                    .to_owned()
            }
            _ if *at_edge => {
                format!("The best k = {k} lies at the edge of the sweep: a better one may lie outside of it.")
            }
            tried if *flat => {
                format!("Best of {tried} values: k = {k}, but the seeds differ more than the values of k.")
            }
            tried => format!("Best of {tried} values: k = {k}."),
        };
        Some(verdict)
    }

    fn is_doubtful(&self) -> bool {
        self.choice.as_ref().is_some_and(|choice| choice.at_edge || choice.flat)
    }
}

/// The chart; none where there is no data for it.
pub(super) fn of(experiment: &Experiment) -> Made<'_> {
    Some(Box::new(Sweep::new(experiment)?))
}

impl Chart for Sweep<'_> {
    fn file_stem(&self) -> &'static str {
        "silhouette"
    }

    fn title(&self) -> &'static str {
        "Silhouette by number of clusters"
    }

    fn slot(&self) -> Slot {
        Slot::Silhouettes
    }

    fn caption(&self) -> String {
        let over = if self.sample.is_some() { "over a sample of the points" } else { "over all points" };
        format!("Mean silhouette {over} for each number of clusters that was tried.")
    }

    fn describe(&self) -> String {
        let values: Vec<_> = self
            .figures
            .iter()
            .map(|figures| format!("{} at k = {}", format::decimal(figures.silhouette, 3), figures.k))
            .collect();
        let what = if self.sample.is_some() { "sampled silhouette" } else { "silhouette" };
        let sentences =
            [Some(format!("Line chart of the mean {what}: {}.", values.join(", "))), self.verdict()];
        sentences.into_iter().flatten().collect::<Vec<_>>().join(" ")
    }

    fn note(&self) -> Option<String> {
        if let Some(points) = self.sample {
            return Some(format!(
                "The silhouettes are those of {} points drawn at random, each compared with all points; a bar is the \
                 confidence interval of 95\u{a0}% of the mean over all points.",
                format::count(points)
            ));
        }
        (self.seeds() > 1).then(|| {
            format!(
                "The line is the mean of {} runs with different seeds, a bar reaches from the lowest of them to the \
                 highest.",
                self.seeds()
            )
        })
    }

    fn size(&self) -> (u32, u32) {
        (960, 440)
    }

    fn draw(&self, area: &Area, experiment: &str) -> Drawn {
        let mut inner = frame::titled(area, self.title(), experiment)?;
        if let Some(verdict) = self.verdict() {
            let color = if self.is_doubtful() { style::WARNING } else { style::MUTED };
            inner = frame::subtitled(&inner, &verdict, color)?;
        }

        let ends = self.figures.iter().flat_map(|figures| [figures.lowest, figures.highest]);
        let (low, high) =
            ends.clone().fold((f64::MAX, f64::MIN), |(low, high), value| (low.min(value), high.max(value)));
        // Room for the value above the best point.
        let room = if high > low { high + (high - low) * 0.15 } else { high };
        let seeds = if self.seeds() > 1 { format!(", {} seeds", self.seeds()) } else { String::new() };
        let sampled = if self.sample.is_some() { ", sampled" } else { "" };
        let title = format!("mean silhouette{sampled}{seeds} (−1 to 1)");
        let y = Axis::over(title, ends.chain([room]), 6);
        let ks: Vec<u32> = self.figures.iter().map(|figures| figures.k).collect();
        let margin = (f64::from(ks[ks.len() - 1] - ks[0]) * 0.04).max(0.5);
        let x = Axis::whole("number of clusters k", &ks, margin, 20);

        let floor = y.range.start;
        let mut plot = frame::plot(&inner, x, y, Grid::Both)?;
        let best = self.choice.as_ref().map(|choice| choice.best);
        let plotting = plot.plotting_area().clone();
        if let Some(best) = best {
            let k = f64::from(best.k);
            let foot = vec![(k, floor), (k, best.silhouette)];
            plotting.draw(&PathElement::new(foot, style::line(style::AXIS, 1.0)))?;
        }
        let points: Vec<_> =
            self.figures.iter().map(|figures| (f64::from(figures.k), figures.silhouette)).collect();
        plot.draw_series(LineSeries::new(points.clone(), style::line(style::FIRST, 2.0)))?;
        for figures in self.figures.iter().filter(|figures| figures.lowest < figures.highest) {
            draw_whisker(&plotting, figures)?;
        }
        for point in points {
            plotting.draw(&Circle::new(point, px(3.5), style::FIRST.filled()))?;
        }
        let Some(best) = best else { return Ok(()) };
        let point = (f64::from(best.k), best.silhouette);
        plotting.draw(&Circle::new(point, px(6.0), style::PAPER.filled()))?;
        plotting.draw(&Circle::new(point, px(6.0), style::line(style::SECOND, 2.5)))?;
        plotting.draw(&Circle::new(point, px(3.0), style::SECOND.filled()))?;

        let text = format!("k = {}: {}", best.k, format::decimal(best.silhouette, 3));
        let half = px(Text::HEADING.width(&text) / 2.0);
        let (columns, _) = plotting.get_pixel_range();
        let top = (point.0, best.highest);
        let (x, y) = plotting.map_coordinate(&top);
        let center = x.clamp(columns.start + half, (columns.end - half).max(columns.start + half));
        // Above the ring, and above the whisker where that is longer.
        let rise = (plotting.map_coordinate(&point).1 - px(13.0)).min(y - px(7.0)) - y;
        let look = Text::HEADING.color(style::WARNING).at(HPos::Center, VPos::Bottom);
        plotting.draw(&(EmptyElement::at(top) + TextElement::new(text, (center - x, rise), look)))
    }
}

/// The bar from the lowest to the highest silhouette of a k.
fn draw_whisker(
    plotting: &plotters::drawing::DrawingArea<Svg, plotters::coord::cartesian::Cartesian2d<Axis, Axis>>,
    figures: &KFigures,
) -> Drawn {
    let k = f64::from(figures.k);
    let stem = vec![(k, figures.lowest), (k, figures.highest)];
    plotting.draw(&PathElement::new(stem, style::line(style::FIRST, 1.5)))?;
    for end in [figures.lowest, figures.highest] {
        let cap = [(-px(CAP), -px(0.75)), (px(CAP), px(0.75))];
        plotting.draw(&(EmptyElement::at((k, end)) + Rectangle::new(cap, style::FIRST.filled())))?;
    }
    Ok(())
}
