//! The auto-encoder: its training, what it reconstructs, and its latents.

use latentkit_core::Result;

use super::html::{Align, Html, Table, facts};
use super::overview::{dead_latents, plural};
use super::{Figures, Section};
use crate::chart::Kind;
use crate::experiment::Experiment;
use crate::format::{count, decimal, percent, rate, seconds, significant};

/// The section on training.
pub(super) fn training(experiment: &Experiment, figures: &Figures) -> Result<Option<Section>> {
    let curves = |kind: &Kind| matches!(kind, Kind::TrainingCurves(_));
    if experiment.train.is_none() && !figures.has(curves) {
        return Ok(None);
    }
    let mut body = Html::new();
    if let Some(train) = experiment.train.as_ref().map(|stage| &stage.summary) {
        let stop = if train.stopped_early { "yes, the loss no longer fell" } else { "no" };
        let resumed = match train.resumed_after {
            Some(epoch) => format!("yes, after epoch {epoch}"),
            None => "no".to_owned(),
        };
        body = body.add(facts([
            ("architecture", train.architecture.clone()),
            (
                "parameters",
                format!(
                    "{} ({} trainable, {} not)",
                    count(train.parameters.total()),
                    count(train.parameters.trainable),
                    count(train.parameters.non_trainable)
                ),
            ),
            ("epochs", count(train.epochs as usize)),
            ("stopped early", stop.to_owned()),
            ("last learning rate", rate(train.learning_rate)),
            ("speed", format!("{} images/s (median of the epochs)", significant(train.images_per_second))),
            ("time", seconds(train.seconds)),
            ("device", train.device.clone()),
            ("resumed", resumed),
        ]));
        let mut table = Table::new("Mean errors of a pixel")
            .column("split", Align::Left)
            .columns(Align::Right, ["BCE (nats)", "MSE", "MAE", "binary accuracy"]);
        for (name, metrics) in
            [("train", train.train), ("validation", train.validation), ("test", train.test)]
        {
            let figures = [metrics.bce, metrics.mse, metrics.mae, metrics.binary_accuracy];
            table.row([name.to_owned()].into_iter().chain(figures.map(|value| decimal(value, 4))));
        }
        body = body.add(table.into_html()).classed(
            "p",
            "small",
            Html::new().text(
                "Those of train are means over the last epoch, the others are of the final weights. Binary accuracy is the share of pixels whose value equals the prediction thresholded at 0.5. Grey pixels \
                 never match, so it does not reach 1.",
            ),
        );
    }
    body = figures.place(
        body,
        curves,
        "Errors after each epoch, on the images that it trained on and on those that it did not.",
    )?;
    Ok(Some(Section { id: "training", title: "Training", body }))
}

/// The section on reconstructions.
pub(super) fn reconstructions(experiment: &Experiment, figures: &Figures) -> Result<Option<Section>> {
    let pictures = |kind: &Kind| matches!(kind, Kind::Reconstructions(_));
    if experiment.export.is_none() && !figures.has(pictures) {
        return Ok(None);
    }
    let mut body = figures.place(
        Html::new(),
        pictures,
        "The first test image of each label, and what the auto-encoder makes of it from its latents alone.",
    )?;
    if let Some(export) = experiment.export.as_ref().map(|stage| &stage.summary) {
        let mut table = Table::new("Mean reconstruction error of a pixel")
            .column("split", Align::Left)
            .columns(Align::Right, ["images", "BCE (nats)", "MSE"]);
        for split in &export.splits {
            table.row([
                split.split.clone(),
                count(split.images),
                decimal(split.bce, 4),
                decimal(split.mse, 4),
            ]);
        }
        body = body.add(table.into_html());
    }
    Ok(Some(Section { id: "reconstructions", title: "Reconstructions", body }))
}

/// The section on the health of the latents.
pub(super) fn latents(experiment: &Experiment) -> Option<Section> {
    let export = &experiment.export.as_ref()?.summary;
    let all = plural(export.latents.len(), "latent");
    let verdict = match dead_latents(export) {
        Some(text) => Html::new().warning(text),
        None => {
            Html::new().paragraph(format!("Each image is described by {all}. All of them carry information."))
        }
    };
    let mut table = Table::new(format!("Each latent over {}", plural(export.images, "image")))
        .column("latent", Align::Left)
        .columns(Align::Right, ["standard deviation", "exactly zero"])
        .column("state", Align::Left);
    for latent in &export.latents {
        let state = if latent.dead { "<strong class=\"bad\">dead</strong>" } else { "alive" };
        table.rich_row(vec![
            Html::new().text(&latent.name),
            Html::new().text(decimal(latent.std, 4)),
            Html::new().text(percent(latent.zeros)),
            Html::new().markup(state),
        ]);
    }
    let note = "A latent is dead when its standard deviation is below 1\u{a0}% of the largest one.";
    let body = verdict.add(table.into_html()).classed("p", "small", Html::new().text(note));
    Some(Section { id: "latents", title: "Latents", body })
}
