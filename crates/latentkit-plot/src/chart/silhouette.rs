//! Mean silhouette against the number of clusters, the chosen one marked.

use latentkit_core::summary::ClusterSummary;
use latentkit_table::SweepRow;
use plotters::element::{Circle, EmptyElement, PathElement, Text as TextElement};
use plotters::prelude::DrawingBackend;
use plotters::series::LineSeries;
use plotters::style::Color;
use plotters::style::text_anchor::{HPos, VPos};

use crate::canvas::{Area, Drawn, px};
use crate::format;
use crate::frame::{self, Grid};
use crate::scale::Axis;
use crate::style::{self, Text};

pub(super) const TITLE: &str = "Silhouette by number of clusters";
pub(super) const SIZE: (u32, u32) = (960, 440);

/// The rows of a sweep that have a silhouette, by k.
pub(crate) struct Sweep<'a> {
    rows: Vec<&'a SweepRow>,
    choice: Option<Choice<'a>>,
}

/// What clustering chose.
struct Choice<'a> {
    best: &'a SweepRow,
    /// Whether a better k may lie outside of the sweep.
    at_edge: bool,
}

impl<'a> Sweep<'a> {
    /// None where no row has a silhouette. Without the figures of clustering no k is marked.
    pub(super) fn new(rows: &'a [SweepRow], cluster: Option<&ClusterSummary>) -> Option<Self> {
        let mut rows: Vec<_> = rows.iter().filter(|row| row.silhouette.is_finite()).collect();
        rows.sort_by_key(|row| row.k);
        let choice = cluster.and_then(|cluster| {
            let best = rows.iter().find(|row| row.k as usize == cluster.best_k)?;
            Some(Choice { best, at_edge: cluster.best_at_edge })
        });
        (!rows.is_empty()).then_some(Self { rows, choice })
    }

    /// What the second line of the header says.
    fn verdict(&self) -> Option<String> {
        let Choice { best: SweepRow { k, .. }, at_edge } = self.choice.as_ref()?;
        Some(match self.rows.len() {
            1 => format!("Only k = {k} was tried."),
            _ if *at_edge => {
                format!("The best k = {k} lies at the edge of the sweep: a better one may lie outside of it.")
            }
            tried => format!("Best of {tried} values: k = {k}."),
        })
    }
}

pub(super) fn describe(sweep: &Sweep) -> String {
    let values: Vec<_> = sweep
        .rows
        .iter()
        .map(|row| format!("{} at k = {}", format::decimal(row.silhouette, 3), row.k))
        .collect();
    let sentences =
        [Some(format!("Line chart of the mean silhouette: {}.", values.join(", "))), sweep.verdict()];
    sentences.into_iter().flatten().collect::<Vec<_>>().join(" ")
}

pub(super) fn draw<DB: DrawingBackend>(area: &Area<DB>, sweep: &Sweep, experiment: &str) -> Drawn<DB> {
    let mut inner = frame::titled(area, TITLE, experiment)?;
    if let Some(verdict) = sweep.verdict() {
        let at_edge = sweep.choice.as_ref().is_some_and(|choice| choice.at_edge);
        let color = if at_edge { style::WARNING } else { style::MUTED };
        inner = frame::subtitled(&inner, &verdict, color)?;
    }

    let values: Vec<f64> = sweep.rows.iter().map(|row| row.silhouette).collect();
    let (low, high) =
        values.iter().fold((f64::MAX, f64::MIN), |(low, high), value| (low.min(*value), high.max(*value)));
    // Room for the value above the best point.
    let room = if high > low { high + (high - low) * 0.15 } else { high };
    let y = Axis::over("mean silhouette (−1 to 1)", values.iter().copied().chain([room]), 6);
    let ks: Vec<u32> = sweep.rows.iter().map(|row| row.k).collect();
    let x =
        Axis::whole("number of clusters k", &ks, (f64::from(ks[ks.len() - 1] - ks[0]) * 0.04).max(0.5), 20);

    let floor = y.range.start;
    let mut plot = frame::plot(&inner, x, y, Grid::Both)?;
    let best = sweep.choice.as_ref().map(|choice| (f64::from(choice.best.k), choice.best.silhouette));
    let plotting = plot.plotting_area().clone();
    if let Some(best) = best {
        let foot = vec![(best.0, floor), best];
        plotting.draw(&PathElement::new(foot, style::line(style::AXIS, 1.0)))?;
    }
    let points: Vec<_> = sweep.rows.iter().map(|row| (f64::from(row.k), row.silhouette)).collect();
    plot.draw_series(LineSeries::new(points.clone(), style::line(style::FIRST, 2.0)))?;
    for point in points {
        plotting.draw(&Circle::new(point, px(3.5), style::FIRST.filled()))?;
    }
    let Some(best) = best else { return Ok(()) };
    plotting.draw(&Circle::new(best, px(6.0), style::PAPER.filled()))?;
    plotting.draw(&Circle::new(best, px(6.0), style::line(style::SECOND, 2.5)))?;
    plotting.draw(&Circle::new(best, px(3.0), style::SECOND.filled()))?;

    let text = format!("k = {}: {}", best.0, format::decimal(best.1, 3));
    let half = px(Text::HEADING.width(&text) / 2.0);
    let (columns, _) = plotting.get_pixel_range();
    let (x, _) = plotting.map_coordinate(&best);
    let center = x.clamp(columns.start + half, (columns.end - half).max(columns.start + half));
    let look = Text::HEADING.color(style::WARNING).at(HPos::Center, VPos::Bottom);
    plotting.draw(&(EmptyElement::at(best) + TextElement::new(text, (center - x, -px(13.0)), look)))
}
