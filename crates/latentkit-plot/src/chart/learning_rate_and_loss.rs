//! The learning rate against epochs at the left, the loss at the right.

use latentkit_table::HistoryRow;

use super::definition::{Chart, Made, Slot};
use super::epochs::{self, Panel, TRAIN, VALIDATION, points};
use crate::canvas::{Area, Drawn};
use crate::experiment::Experiment;
use crate::lines::{self, Line};
use crate::scale::Axis;
use crate::{format, frame, style};

/// The axis is logarithmic where the rates differ by more than this factor.
const WIDE: f64 = 20.0;

const RATE: Line<'static> = Line { name: "learning rate", color: style::INK, dashed: false };

/// The learning rate and the loss of each epoch.
pub(crate) struct RateAndLoss<'a>(&'a [HistoryRow]);

impl RateAndLoss<'_> {
    fn rates(&self) -> Panel<'static> {
        let rates = points(self.0, |row| row.learning_rate);
        let values: Vec<f64> = rates.iter().map(|point| point.1).collect();
        let (low, high) = values
            .iter()
            .fold((f64::INFINITY, 0.0), |(low, high): (f64, f64), &rate| (low.min(rate), high.max(rate)));
        let log = if high > WIDE * low { Axis::log("learning rate (log scale)", &values) } else { None };
        let y = log.unwrap_or_else(|| Axis::over("learning rate", values.into_iter().chain([0.0]), 6));
        Panel { heading: "Learning rate at the end of each epoch", y, lines: vec![(RATE, rates)] }
    }
}

/// The chart; none where there is no data for it.
pub(super) fn of(experiment: &Experiment) -> Made<'_> {
    let history = experiment.history.as_slice();
    if history.is_empty() { None } else { Some(Box::new(RateAndLoss(history))) }
}

impl Chart for RateAndLoss<'_> {
    fn file_stem(&self) -> &'static str {
        "learning_rate_and_loss"
    }

    fn title(&self) -> &'static str {
        "Learning rate and binary cross-entropy by epoch"
    }

    fn slot(&self) -> Slot {
        Slot::Training
    }

    fn caption(&self) -> String {
        "How far each step of training went, and the binary cross-entropy that it reached.".to_owned()
    }

    fn describe(&self) -> String {
        let (Some(first), Some(last)) = (self.0.first(), self.0.last()) else { return String::new() };
        format!(
            "Two line charts over {} epochs. The learning rate goes from {} to {}. Binary cross-entropy ends at {:.4} in \
             training and {:.4} in validation.",
            self.0.len(),
            format::rate(first.learning_rate),
            format::rate(last.learning_rate),
            last.train.bce,
            last.validation.bce
        )
    }

    fn size(&self) -> (u32, u32) {
        epochs::SIZE
    }

    fn draw(&self, area: &Area, experiment: &str) -> Drawn {
        let inner = frame::titled(area, self.title(), experiment)?;
        let inner = lines::legend(&inner, &[RATE, TRAIN, VALIDATION], self.0.len())?;
        let title = "nats per pixel";
        let loss = Panel::of_metric(self.0, "Binary cross-entropy", title, |metrics| metrics.bce);
        epochs::draw(&inner, self.0, [self.rates(), loss])
    }
}
