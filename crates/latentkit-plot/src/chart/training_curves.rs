//! Errors against epochs: MAE at the left, MSE at the right, each for training and validation.

use latentkit_table::HistoryRow;

use super::definition::{Chart, Made, Slot};
use super::epochs::{self, Panel, TRAIN, VALIDATION};
use crate::canvas::{Area, Drawn};
use crate::experiment::Experiment;
use crate::{frame, lines};

/// The errors of each epoch.
pub(crate) struct Errors<'a>(&'a [HistoryRow]);

/// The chart; none where there is no data for it.
pub(super) fn of(experiment: &Experiment) -> Made<'_> {
    let history = experiment.history.as_slice();
    if history.is_empty() { None } else { Some(Box::new(Errors(history))) }
}

impl Chart for Errors<'_> {
    fn file_stem(&self) -> &'static str {
        "training_curves"
    }

    fn title(&self) -> &'static str {
        "Reconstruction error by epoch"
    }

    fn slot(&self) -> Slot {
        Slot::Training
    }

    fn caption(&self) -> String {
        "Errors after each epoch, on the images that it trained on and on those that it did not.".to_owned()
    }

    fn describe(&self) -> String {
        let Some(last) = self.0.last() else { return String::new() };
        format!(
            "Two line charts over {} epochs. Mean absolute error ends at {:.4} in training and {:.4} in validation, mean \
             squared error at {:.4} and {:.4}.",
            self.0.len(),
            last.train.mae,
            last.validation.mae,
            last.train.mse,
            last.validation.mse
        )
    }

    fn size(&self) -> (u32, u32) {
        epochs::SIZE
    }

    fn draw(&self, area: &Area, experiment: &str) -> Drawn {
        let inner = frame::titled(area, self.title(), experiment)?;
        let inner = lines::legend(&inner, &[TRAIN, VALIDATION], self.0.len())?;
        let mae = "mean absolute error of a pixel (0 to 1)";
        let mse = "mean squared error of a pixel (0 to 1)";
        let panels = [
            Panel::of_metric(self.0, "MAE", mae, |metrics| metrics.mae),
            Panel::of_metric(self.0, "MSE", mse, |metrics| metrics.mse),
        ];
        epochs::draw(&inner, self.0, panels)
    }
}
