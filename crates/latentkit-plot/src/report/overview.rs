//! What the experiment was about, in a paragraph and a few figures, and its data.

use latentkit_core::ImageShape;
use latentkit_core::summary::{ClusterSummary, ExportSummary, IngestSummary, LatentHealth, TrainSummary};

use super::confusion::most_confused;
use super::html::{Align, Html, Table, facts};
use super::neighbours::duplicates;
use super::section::Section;
use crate::criterion;
use crate::experiment::Experiment;
use crate::format::{count, decimal, percent, plural};

/// The paragraph below the title, the key figures, and what to be wary of.
pub(super) fn summary(experiment: &Experiment) -> Html {
    let mut sentences = Vec::new();
    if let Some(train) = &experiment.train {
        sentences
            .push(training_sentence(&train.summary, experiment.ingest.as_ref().map(|stage| &stage.summary)));
    }
    if let Some(cluster) = &experiment.cluster {
        sentences.push(clustering_sentence(&cluster.summary));
    }
    if let Some(contingency) = &experiment.contingency {
        sentences.push(format!(
            "In its clusters, {} of the points have the label that is most frequent in their cluster.",
            percent(contingency.purity())
        ));
    }
    if let Some(pair) = most_confused(experiment) {
        sentences.push(pair);
    }
    let mut html = Html::new();
    if !sentences.is_empty() {
        html = html.classed("p", "lead", Html::new().text(sentences.join(" "))).add(key_figures(experiment));
    }
    if let Some(text) = experiment.export.as_ref().and_then(|stage| dead_latents(&stage.summary)) {
        html = html.warning(text);
    }
    if let Some(cluster) = &experiment.cluster {
        let cluster = &cluster.summary;
        for text in duplicates(cluster).into_iter().chain(warnings(cluster)) {
            html = html.warning(text);
        }
    }
    html
}

fn training_sentence(train: &TrainSummary, ingest: Option<&IngestSummary>) -> String {
    let on =
        ingest.map(|data| format!(" on {} images of {}", count(data.train), data.source)).unwrap_or_default();
    let stop = if train.stopped_early { ", until its loss no longer fell" } else { "" };
    format!(
        "An auto-encoder of the architecture “{}” with {} parameters was trained{on} for {}{stop}. It reconstructs the \
         test images with a binary cross-entropy of {} nats per pixel.",
        train.architecture,
        count(train.parameters.total()),
        plural(train.epochs as usize, "epoch"),
        decimal(train.test.bce, 4)
    )
}

fn clustering_sentence(cluster: &ClusterSummary) -> String {
    let points = format!("{} points of {} dimensions", count(cluster.points), cluster.dimensions);
    let silhouette = decimal(cluster.best_silhouette(), 3);
    let seeds = match cluster.seeds.len() {
        0 | 1 => String::new(),
        seeds => format!(" over {seeds} seeds"),
    };
    let method = cluster.method_title(&cluster.method);
    let mean =
        if cluster.silhouette_sample.is_some() { "mean sampled silhouette" } else { "mean silhouette" };
    match (cluster.sweep.first(), cluster.sweep.last()) {
        (Some(first), Some(last)) if first.k != last.k => format!(
            "{method} on {points} has its highest {mean}, {silhouette}{seeds}, at {} (k from {} to {}).",
            k_is(cluster.best_k),
            first.k,
            last.k
        ),
        _ => {
            format!("{method} on {points} with {} has a {mean} of {silhouette}{seeds}.", k_is(cluster.best_k))
        }
    }
}

fn key_figures(experiment: &Experiment) -> Html {
    let mut cards = Vec::new();
    if let Some(data) = experiment.ingest.as_ref().map(|stage| &stage.summary) {
        cards.push((count(data.train + data.validation + data.test), "images"));
    }
    if let Some(train) = experiment.train.as_ref().map(|stage| &stage.summary) {
        cards.push((count(train.epochs as usize), if train.epochs == 1 { "epoch" } else { "epochs" }));
        cards.push((decimal(train.test.bce, 4), "test BCE"));
    }
    if let Some(cluster) = experiment.cluster.as_ref().map(|stage| &stage.summary) {
        if experiment.ingest.is_none() {
            cards.push((count(cluster.points), "points"));
        }
        cards.push((count(cluster.best_k), "best k"));
        let name = if cluster.silhouette_sample.is_some() { "silhouette, sampled" } else { "silhouette" };
        cards.push((decimal(cluster.best_silhouette(), 3), name));
    }
    let mut list = Html::new();
    for (value, name) in cards {
        let card = Html::new().element("dt", Html::new().text(name)).element("dd", Html::new().text(value));
        list = list.element("div", card);
    }
    Html::new().classed("dl", "cards", list)
}

/// What a reader must know of latents that carry nothing; none where each one lives.
pub(super) fn dead_latents(export: &ExportSummary) -> Option<String> {
    let dead: Vec<_> =
        export.latents.iter().filter(|latent| latent.dead).map(|latent| latent.name.clone()).collect();
    if dead.is_empty() {
        return None;
    }
    let names = list(&dead);
    let (all, alive) = (export.latents.len(), export.latents.len() - dead.len());
    Some(format!(
        "{} of {all} latents {} dead ({names}): {} nearly the same value for every image, so the latent space is \
         effectively {alive}-D, not {all}-D.{}",
        dead.len(),
        if dead.len() == 1 { "is" } else { "are" },
        if dead.len() == 1 { "it has" } else { "they have" },
        if export.latents.iter().any(LatentHealth::killed_by_relu) {
            " A linear latent activation avoids this."
        } else {
            ""
        },
    ))
}

/// What a reader must know of the choice of k.
pub(super) fn warnings(cluster: &ClusterSummary) -> Vec<String> {
    let unclear = (cluster.verdict.k.is_none() && cluster.verdict.asked > 1).then(|| {
        format!(
            "The criteria do not agree: {}.",
            criterion::readable(&cluster.verdict.sentence, &cluster.criteria)
        )
    });
    let one = (cluster.verdict.k == Some(1)).then(|| {
        format!(
            "There may be no clusters: {}. {} divides what hangs together.",
            criterion::readable(&cluster.verdict.sentence, &cluster.criteria),
            k_is(cluster.best_k)
        )
    });
    [best_at_edge(cluster), flat_curve(cluster), one, unclear].into_iter().flatten().collect()
}

/// What a reader must know of a best k that lies at the edge of the sweep; none where it does not.
fn best_at_edge(cluster: &ClusterSummary) -> Option<String> {
    let (first, last) = (cluster.sweep.first()?.k, cluster.sweep.last()?.k);
    if !cluster.best_at_edge || first == last {
        return None;
    }
    if cluster.best_k == 2 {
        return Some(format!(
            "The best {} is the smallest number of clusters that has a silhouette, which does not tell whether there are \
             clusters at all.",
            k_is(2)
        ));
    }
    Some(format!(
        "The best {} is the {} value that was tried (k from {first} to {last}), so a better one may lie outside. Widen \
         the sweep before relying on it.",
        k_is(cluster.best_k),
        if cluster.best_k == first { "smallest" } else { "largest" },
    ))
}

/// What a reader must know of silhouettes that hardly depend on k; none where they do.
fn flat_curve(cluster: &ClusterSummary) -> Option<String> {
    (cluster.flat && cluster.sweep.len() > 1).then(|| {
        format!(
            "The curve is flat: the mean silhouette differs less from one k to another than from one seed to another, so \
             {} is hardly better than the others.",
            k_is(cluster.best_k)
        )
    })
}

/// The other numbers of clusters that are as good as the best; none where there are none.
pub(super) fn ties(cluster: &ClusterSummary) -> Option<String> {
    let rivals: Vec<_> = cluster.ties.iter().map(usize::to_string).collect();
    (!rivals.is_empty()).then(|| {
        format!(
            "k\u{a0}=\u{a0}{} {} as good as {}: no further from its mean silhouette than the seeds {}.",
            list(&rivals),
            if rivals.len() == 1 { "is" } else { "are" },
            k_is(cluster.best_k),
            if cluster.silhouette_sample.is_some() { "and the sample leave open" } else { "spread" },
        )
    })
}

/// The section on the data.
pub(super) fn data(experiment: &Experiment) -> Option<Section> {
    let data = &experiment.ingest.as_ref()?.summary;
    let ImageShape { height, width, .. } = data.shape;
    let all = data.train + data.validation + data.test;
    let mut table = Table::new("Images of each split")
        .column("split", Align::Left)
        .columns(Align::Right, ["images", "share"]);
    for (name, images) in [("train", data.train), ("validation", data.validation), ("test", data.test)] {
        table.row([name.to_owned(), count(images), percent(images as f64 / all.max(1) as f64)]);
    }
    table.row(["all".to_owned(), count(all), percent(1.0)]);
    let body = Html::new()
        .add(facts([
            ("source", data.source.clone()),
            ("size of an image", format!("{height} × {width} pixels, {}", data.shape.colours())),
            ("labels", count(data.labels)),
        ]))
        .add(table.into_html());
    Some(Section { id: "data", title: "Data", body })
}

/// `k = 9` on one line.
fn k_is(k: usize) -> String {
    format!("k\u{a0}=\u{a0}{k}")
}

/// Words as a sentence lists them: `a`, `a and b`, `a, b and c`.
fn list(words: &[String]) -> String {
    match words.split_last() {
        None => String::new(),
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} and {last}", others.join(", ")),
    }
}
