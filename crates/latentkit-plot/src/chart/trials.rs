//! Test BCE and best silhouette of the trials of a sweep, a row a trial, the best of each marked.

use plotters::element::{Circle, PathElement, Rectangle};
use plotters::style::Color;
use plotters::style::text_anchor::{HPos, VPos};

use super::definition::Chart;
use crate::canvas::{Area, Drawn, px};
use crate::format;
use crate::frame::{self, MARGIN, Sheet, TITLE_HEIGHT};
use crate::scale::Axis;
use crate::style::{self, Text};

/// The figures of a trial that the chart of a sweep shows.
#[derive(Clone, Debug, PartialEq)]
pub struct TrialFigures {
    /// Number of the trial, from 1.
    pub number: u32,
    /// Name of the trial.
    pub name: String,
    /// Mean binary cross-entropy of the test images, in nats per pixel.
    pub test_bce: Option<f64>,
    /// Mean silhouette of the best k, -1 to 1.
    pub silhouette: Option<f64>,
    /// Whether that is the silhouette of a sample of the points.
    pub silhouette_sampled: bool,
}

/// Width of the picture, in logical pixels like everything below.
const WIDTH: f64 = 960.0;
/// Height of a row while there are few.
const ROW: f64 = 24.0;
/// The most trials that are named. More share the height of these, and some have their number beside them.
const NAMED: usize = 60;
/// The most numbers beside rows.
const NUMBERED: usize = 20;
/// Widest name of a trial.
const NAME: f64 = 300.0;
/// Room between the names and the panels, and between these.
const GAP: f64 = 52.0;
/// Height of a panel's heading, and of the names of the ticks below it.
const HEADING: f64 = 28.0;
const TICKS: f64 = 26.0;
/// Room at both ends of the rows.
const INSET: f64 = 6.0;

/// What a panel shows.
struct Measure {
    heading: &'static str,
    /// The heading where silhouettes are of samples.
    sampled: &'static str,
    name: &'static str,
    value: fn(&TrialFigures) -> Option<f64>,
    /// Whether the best is the lowest.
    lowest: bool,
    decimals: usize,
}

const MEASURES: [Measure; 2] = [
    Measure {
        heading: "Test BCE, nats per pixel (lower is better)",
        sampled: "Test BCE, nats per pixel (lower is better)",
        name: "test BCE",
        value: |trial| trial.test_bce,
        lowest: true,
        decimals: 4,
    },
    Measure {
        heading: "Best silhouette, −1 to 1 (higher is better)",
        sampled: "Best silhouette, sampled, −1 to 1 (higher is better)",
        name: "silhouette",
        value: |trial| trial.silhouette,
        lowest: false,
        decimals: 3,
    },
];

impl Measure {
    fn of(&self, trial: &TrialFigures) -> Option<f64> {
        (self.value)(trial).filter(|value| value.is_finite())
    }

    /// The best value; none where it would mark nothing, since fewer than two trials have one.
    fn best(&self, trials: &[TrialFigures]) -> Option<f64> {
        let values = || trials.iter().filter_map(|trial| self.of(trial));
        let best =
            if self.lowest { values().min_by(f64::total_cmp) } else { values().max_by(f64::total_cmp) };
        best.filter(|_| values().count() > 1)
    }
}

/// The figures of the trials.
pub(crate) struct Figures<'a> {
    trials: &'a [TrialFigures],
    measures: Vec<&'static Measure>,
}

impl<'a> Figures<'a> {
    /// None where no trial has a figure.
    pub(crate) fn new(trials: &'a [TrialFigures]) -> Option<Self> {
        let has = |measure: &&Measure| trials.iter().any(|trial| measure.of(trial).is_some());
        let measures: Vec<_> = MEASURES.iter().filter(has).collect();
        (!measures.is_empty()).then_some(Self { trials, measures })
    }

    fn named(&self) -> bool {
        self.trials.len() <= NAMED
    }

    /// Height of the rows.
    fn rows(&self) -> f64 {
        self.trials.len().min(NAMED) as f64 * ROW
    }

    /// Middle of the row of a trial, below the upper end of the rows.
    fn row(&self, place: usize) -> f64 {
        INSET + (place as f64 + 0.5) * self.rows() / self.trials.len() as f64
    }

    /// What stands beside the rows: the row, and the text.
    fn labels(&self) -> Vec<(f64, String)> {
        if self.named() {
            return (0..)
                .map(|place| self.row(place))
                .zip(self.trials.iter().map(|trial| trial.name.clone()))
                .collect();
        }
        let numbers: Vec<u32> = self.trials.iter().map(|trial| trial.number).collect();
        let ticks = Axis::whole("", &numbers, 0.0, NUMBERED).ticks;
        let place = |number: f64| numbers.iter().position(|&other| f64::from(other) >= number);
        ticks.into_iter().filter_map(|(number, name)| Some((self.row(place(number)?), name))).collect()
    }

    fn draw_panel(&self, area: &Area, measure: &Measure, sheet: Sheet) -> Drawn {
        let heading = (px(sheet.left), px(sheet.top - HEADING + 4.0));
        let sampled = self.trials.iter().any(|trial| trial.silhouette_sampled);
        let measured = if sampled { measure.sampled } else { measure.heading };
        area.draw_text(measured, &Text::HEADING.at(HPos::Left, VPos::Top), heading)?;
        let values = self.trials.iter().filter_map(|trial| measure.of(trial));
        let axis = Axis::over("", values, 5);
        sheet.draw_x_axis(area, &axis)?;
        if self.named() {
            for place in 0..self.trials.len() {
                let y = px(sheet.top + self.row(place));
                let line = vec![(px(sheet.left), y), (px(sheet.right), y)];
                area.draw(&PathElement::new(line, style::line(style::GRID, 1.0)))?;
            }
        }
        let best = measure.best(self.trials);
        let points =
            self.trials.iter().enumerate().filter_map(|(place, trial)| Some((place, measure.of(trial)?)));
        let points: Vec<_> = points
            .map(|(place, value)| (value, sheet.x(&axis, value), sheet.top + self.row(place)))
            .collect();
        let radius = if self.named() { 4.0 } else { 3.0 };
        for &(_, x, y) in &points {
            area.draw(&Circle::new((px(x), px(y)), px(radius), style::FIRST.filled()))?;
        }
        // The best lie on top, so that none is hidden.
        for &(value, x, y) in points.iter().filter(|(value, ..)| Some(*value) == best) {
            area.draw(&Circle::new((px(x), px(y)), px(6.0), style::PAPER.filled()))?;
            area.draw(&Circle::new((px(x), px(y)), px(6.0), style::line(style::SECOND, 2.5)))?;
            area.draw(&Circle::new((px(x), px(y)), px(3.0), style::SECOND.filled()))?;
            let text = format::decimal(value, measure.decimals);
            let look = Text::HEADING.color(style::WARNING);
            let left = x + 12.0 + look.width(&text) <= sheet.right;
            let (at, side) = if left { (x + 12.0, HPos::Left) } else { (x - 12.0, HPos::Right) };
            // The lines of the grid would run through it.
            let start = if left { at } else { at - look.width(&text) };
            let behind = [(px(start - 2.0), px(y - 8.0)), (px(start + look.width(&text) + 2.0), px(y + 8.0))];
            area.draw(&Rectangle::new(behind, style::PAPER.filled()))?;
            area.draw_text(&text, &look.at(side, VPos::Center), (px(at), px(y)))?;
        }
        Ok(())
    }
}

impl Chart for Figures<'_> {
    fn file_stem(&self) -> &'static str {
        "trials"
    }

    fn title(&self) -> &'static str {
        "Figures of each trial"
    }

    fn describe(&self) -> String {
        let mut sentences = vec![format!("Dot chart of {} trials.", self.trials.len())];
        for measure in &self.measures {
            let Some(best) = measure.best(self.trials) else { continue };
            let names = self
                .trials
                .iter()
                .filter(|trial| measure.of(trial) == Some(best))
                .map(|trial| trial.name.as_str());
            sentences.push(format!(
                "The best {} is {}, of {}.",
                measure.name,
                format::decimal(best, measure.decimals),
                names.collect::<Vec<_>>().join(" and ")
            ));
        }
        sentences.join(" ")
    }

    fn size(&self) -> (u32, u32) {
        let height = 2.0 * MARGIN + TITLE_HEIGHT + HEADING + 2.0 * INSET + self.rows() + TICKS;
        (WIDTH as u32, height.ceil() as u32)
    }

    fn draw(&self, area: &Area, experiment: &str) -> Drawn {
        let inner = frame::titled(area, self.title(), experiment)?;
        let labels = self.labels();
        let look = if self.named() { Text::BODY } else { Text::TICK };
        let widest = labels.iter().map(|(_, text)| look.width(text)).fold(0.0, f64::max).min(NAME);
        let (top, width) = (HEADING, WIDTH - 2.0 * MARGIN);
        let bottom = top + 2.0 * INSET + self.rows();
        for (row, text) in labels {
            let place = (px(widest), px(top + row));
            inner.draw_text(&look.fit(&text, NAME), &look.at(HPos::Right, VPos::Center), place)?;
        }
        let left = widest + GAP / 4.0;
        let panels = self.measures.len() as f64;
        let panel = (width - left - (panels - 1.0) * GAP) / panels;
        for (index, measure) in self.measures.iter().enumerate() {
            let left = left + index as f64 * (panel + GAP);
            self.draw_panel(&inner, measure, Sheet { left, right: left + panel, top, bottom })?;
        }
        Ok(())
    }
}
