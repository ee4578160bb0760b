//! The auto-encoder: its training, what it reconstructs, and its latents.

use latentkit_core::Result;
use latentkit_core::summary::{LabelError, LatentHealth};

use super::html::{Align, Html, Table, facts};
use super::overview::dead_latents;
use super::section::{Figures, Section};
use crate::chart::definition::Slot;
use crate::experiment::Experiment;
use crate::format::{count, decimal, percent, plural, rate};

/// The section on training.
pub(super) fn training(experiment: &Experiment, figures: &Figures) -> Result<Option<Section>> {
    if experiment.train.is_none() && !figures.has(Slot::Training) {
        return Ok(None);
    }
    let mut body = Html::new();
    if let Some(train) = experiment.train.as_ref().map(|stage| &stage.summary) {
        let stop = if train.stopped_early { "yes, the loss no longer fell" } else { "no" };
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
            ("engine", train.engine.clone()),
            ("device", train.device.clone()),
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
    body = figures.place(body, Slot::Training)?;
    Ok(Some(Section { id: "training", title: "Training", body }))
}

/// The section on reconstructions.
pub(super) fn reconstructions(experiment: &Experiment, figures: &Figures) -> Result<Option<Section>> {
    if experiment.export.is_none() && !figures.has(Slot::Reconstructions) {
        return Ok(None);
    }
    let mut body = figures.place(Html::new(), Slot::Reconstructions)?;
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
        if !export.labels.is_empty() {
            body = body.add(errors_by_label(&export.labels));
        }
    }
    body = figures.place(body, Slot::Extremes)?;
    Ok(Some(Section { id: "reconstructions", title: "Reconstructions", body }))
}

/// The errors of the test images of each label, the largest first.
fn errors_by_label(labels: &[LabelError]) -> Html {
    let mut labels: Vec<_> = labels.iter().collect();
    labels.sort_by(|a, b| b.bce.total_cmp(&a.bce));
    let mut table = Table::new("Mean error of the test images of each label, the largest first")
        .column("label", Align::Left)
        .columns(Align::Right, ["images", "BCE (nats)", "MSE"]);
    for label in labels {
        table.row([label.label.clone(), count(label.images), decimal(label.bce, 4), decimal(label.mse, 4)]);
    }
    table.into_html()
}

/// The section on the latents: whether they carry anything, and how the images lie among them.
pub(super) fn latents(experiment: &Experiment, figures: &Figures) -> Result<Option<Section>> {
    let Some(export) = experiment.export.as_ref().map(|stage| &stage.summary) else { return Ok(None) };
    let all = plural(export.latents.len(), "latent");
    let mut body = match dead_latents(export) {
        Some(text) => Html::new().warning(text),
        None => {
            Html::new().paragraph(format!("Each image is described by {all}. All of them carry information."))
        }
    };
    if let Some(text) = often_zero(&export.latents) {
        body = body.paragraph(text);
    }
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
    body = body.add(table.into_html()).classed("p", "small", Html::new().text(note));
    body = figures.place(body, Slot::Latents)?;
    Ok(Some(Section { id: "latents", title: "Latents", body }))
}

/// A sentence on the live latents that are exactly 0 for many images; none where there are none.
fn often_zero(latents: &[LatentHealth]) -> Option<String> {
    let often = || latents.iter().filter(|latent| !latent.dead && latent.zeros > 0.01);
    let most = often().max_by(|a, b| a.zeros.total_cmp(&b.zeros))?;
    let (name, share) = (&most.name, percent(most.zeros));
    Some(match often().count() {
        1 => format!("{name}, which is alive, is exactly 0 for {share} of the images."),
        number => format!(
            "{number} latents that are alive are exactly 0 for more than 1\u{a0}% of the images, {name} most often: for \
             {share}."
        ),
    })
}
