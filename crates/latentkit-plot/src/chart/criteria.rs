//! Each criterion against the number of clusters, a panel each, the k that it suggests marked.

use latentkit_core::summary::{CriterionFigure, CriterionValue};
use plotters::element::{Circle, PathElement, Rectangle};
use plotters::style::Color;
use plotters::style::text_anchor::{HPos, VPos};

use super::definition::{Chart, Made, Slot};
use crate::canvas::{Area, Drawn, px};
use crate::criterion;
use crate::experiment::Experiment;
use crate::frame::{self, MARGIN, SUBTITLE_HEIGHT, Sheet, TITLE_HEIGHT};
use crate::scale::Axis;
use crate::style::{self, Text};

/// Width of all panels, in logical pixels like everything below.
const WIDTH: f64 = 920.0;
/// Panels in a row.
const COLUMNS: usize = 2;
/// Room between two panels of a row.
const BETWEEN: f64 = 40.0;
/// Room above a panel for its heading, its height, that of the names of its ticks, and what is left free below.
const HEADING: f64 = 24.0;
const PLOT: f64 = 130.0;
const TICKS: f64 = 26.0;
const BELOW: f64 = 18.0;
/// Room at the left of a panel for the names of its ticks.
const LEFT: f64 = 64.0;
/// Half the width of the bar at an end of a whisker.
const CAP: f64 = 3.0;

/// What the criteria of the first method say.
pub(crate) struct Panels<'a> {
    figures: Vec<&'a CriterionFigure>,
    verdict: &'a str,
    clear: bool,
}

impl<'a> Panels<'a> {
    /// None where the silhouette alone was asked, which has a chart of its own.
    pub(super) fn new(experiment: &'a Experiment) -> Option<Self> {
        let summary = &experiment.cluster.as_ref()?.summary;
        let figures: Vec<_> =
            summary.criteria.iter().filter(|figure| figure.method == summary.method).collect();
        let verdict = &summary.verdict;
        (figures.len() > 1).then_some(Self {
            figures,
            verdict: &verdict.sentence,
            clear: verdict.k.is_some(),
        })
    }

    fn rows(&self) -> usize {
        self.figures.len().div_ceil(COLUMNS)
    }
}

/// The chart; none where there is no data for it.
pub(super) fn of(experiment: &Experiment) -> Made<'_> {
    Some(Box::new(Panels::new(experiment)?))
}

impl Chart for Panels<'_> {
    fn file_stem(&self) -> &'static str {
        "criteria"
    }

    fn title(&self) -> &'static str {
        "What each criterion says of k"
    }

    fn slot(&self) -> Slot {
        Slot::Criteria
    }

    fn caption(&self) -> String {
        "The same for each criterion.".to_owned()
    }

    fn describe(&self) -> String {
        let each: Vec<_> = self
            .figures
            .iter()
            .map(|figure| match figure.k {
                Some(k) => format!("{} suggests k = {k}", criterion::title(figure)),
                None => format!("{} suggests none", criterion::title(figure)),
            })
            .collect();
        format!("Line charts of {} criteria: {}.", self.figures.len(), each.join(", "))
    }

    fn note(&self) -> Option<String> {
        Some(
            "A ring marks what a criterion suggests. Bars reach from the lowest seed to the highest; those of the gap \
             statistic and the stability are a standard error long on either side. The point of k = 1 is that of all points \
             as one cluster, where a criterion is defined for it; no line leads to it where k = 2 was not tried."
                .to_owned(),
        )
    }

    fn size(&self) -> (u32, u32) {
        let height = TITLE_HEIGHT + SUBTITLE_HEIGHT + self.rows() as f64 * (HEADING + PLOT + TICKS + BELOW);
        ((2.0 * MARGIN + WIDTH) as u32, (2.0 * MARGIN + height) as u32)
    }

    fn draw(&self, area: &Area, experiment: &str) -> Drawn {
        let inner = frame::titled(area, self.title(), experiment)?;
        let color = if self.clear { style::MUTED } else { style::WARNING };
        let verdict =
            format!("Together: {}.", criterion::readable(self.verdict, self.figures.iter().copied()));
        let inner = frame::subtitled(&inner, &verdict, color)?;
        let width = (WIDTH + BETWEEN) / COLUMNS as f64 - BETWEEN;
        for (index, figure) in self.figures.iter().enumerate() {
            let left = (index % COLUMNS) as f64 * (width + BETWEEN);
            let top = (index / COLUMNS) as f64 * (HEADING + PLOT + TICKS + BELOW);
            draw_panel(figure, &inner, (left, top), width)?;
        }
        Ok(())
    }
}

/// Draws one criterion.
fn draw_panel(figure: &CriterionFigure, area: &Area, (left, top): (f64, f64), width: f64) -> Drawn {
    let sheet =
        Sheet { left: left + LEFT, right: left + width, top: top + HEADING, bottom: top + HEADING + PLOT };
    let heading = criterion::heading(figure);
    area.draw_text(heading, &Text::HEADING.at(HPos::Left, VPos::Top), (px(left), px(top)))?;
    let firm = figure.is_firm();
    let look = if firm { Text::HEADING } else { Text::HEADING.color(style::WARNING) };
    let at = (px(sheet.right), px(top));
    area.draw_text(&criterion::suggestion(figure), &look.at(HPos::Right, VPos::Top), at)?;

    let ends = figure.values.iter().flat_map(|value| [value.low, value.high, value.value]);
    let y = Axis::over("", ends, 4);
    let place = |value: f64| sheet.bottom - y.share(value) * PLOT;
    for (value, name) in &y.ticks {
        let line = vec![(px(sheet.left), px(place(*value))), (px(sheet.right), px(place(*value)))];
        area.draw(&PathElement::new(line, style::line(style::GRID, 1.0)))?;
        let at = (px(sheet.left - 8.0), px(place(*value)));
        area.draw_text(name, &Text::TICK.at(HPos::Right, VPos::Center), at)?;
    }
    let ks: Vec<u32> = figure.values.iter().map(|value| value.k as u32).collect();
    let margin = f64::from(ks.last().copied().unwrap_or(0) - ks.first().copied().unwrap_or(0)) * 0.05;
    let x = Axis::whole("", &ks, margin.max(0.5), 12);
    sheet.draw_x_axis(area, &x)?;

    let at = |value: &CriterionValue, height: f64| (px(sheet.x(&x, value.k as f64)), px(place(height)));
    let line: Vec<_> = figure.values.iter().map(|value| at(value, value.value)).collect();
    area.draw(&PathElement::new(line[lone(&figure.values)..].to_vec(), style::line(style::FIRST, 2.0)))?;
    for value in figure.values.iter().filter(|value| value.low < value.high) {
        let (low, high) = (at(value, value.low), at(value, value.high));
        area.draw(&PathElement::new(vec![low, high], style::line(style::FIRST, 1.5)))?;
        for (x, y) in [low, high] {
            let cap = [(x - px(CAP), y - px(0.75)), (x + px(CAP), y + px(0.75))];
            area.draw(&Rectangle::new(cap, style::FIRST.filled()))?;
        }
    }
    for (value, point) in figure.values.iter().zip(line) {
        if figure.k == Some(value.k) {
            area.draw(&Circle::new(point, px(5.5), style::PAPER.filled()))?;
            area.draw(&Circle::new(point, px(5.5), style::line(style::SECOND, 2.5)))?;
            area.draw(&Circle::new(point, px(2.5), style::SECOND.filled()))?;
        } else {
            area.draw(&Circle::new(point, px(3.0), style::FIRST.filled()))?;
        }
    }
    Ok(())
}

/// How many values at the start stand alone: that of one cluster, where the sweep begins above two.
fn lone(values: &[CriterionValue]) -> usize {
    match values {
        [CriterionValue { k: 1, .. }, next, ..] if next.k > 2 => 1,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_cluster_stands_alone_where_two_were_not_tried() {
        let lone_of = |ks: &[usize]| {
            let value = |&k: &usize| CriterionValue { k, value: 0.0, low: 0.0, high: 0.0 };
            lone(&ks.iter().map(value).collect::<Vec<_>>())
        };
        assert_eq!([lone_of(&[1, 5, 6]), lone_of(&[1, 2, 3]), lone_of(&[5, 6]), lone_of(&[1])], [1, 0, 0, 0]);
    }
}
