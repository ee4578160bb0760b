//! What the nearest neighbours in the latent space are.

use latentkit_core::summary::{
    ClusterSummary, LabelAgreement, NeighbourFigure, NeighbourSummary, Preservation,
};

use super::html::{Align, Html, Table};
use super::section::Section;
use crate::experiment::Experiment;
use crate::format::{count, decimal, percent, plural};

/// Number of neighbours that the sentences are about.
const SAID: usize = 10;

/// The section on the neighbours; none where there are neither labels nor images, and no duplicates to warn of.
pub(super) fn neighbours(experiment: &Experiment) -> Option<Section> {
    let cluster = &experiment.cluster.as_ref()?.summary;
    let neighbours = cluster.neighbours.as_ref()?;
    let mut body = Html::new();
    if let Some(text) = duplicates(cluster) {
        body = body.warning(text);
    }
    if let Some(text) = label_sentence(neighbours) {
        body = body.paragraph(text);
    }
    if let Some(text) = image_sentence(neighbours) {
        body = body.paragraph(text);
    }
    if !neighbours.figures.is_empty() {
        let note = note(neighbours, cluster.points);
        body = body.add(table(neighbours)).classed("p", "small", Html::new().text(note));
    }
    (!body.is_empty()).then_some(Section { id: "neighbours", title: "Neighbours", body })
}

/// What a reader must know of many points that are equal; none where they are few.
pub(super) fn duplicates(cluster: &ClusterSummary) -> Option<String> {
    let neighbours = cluster.neighbours.as_ref()?;
    neighbours.many_twins(cluster.points).then(|| {
        format!(
            "{} of the {} points are equal to another one in every latent, up to {} to each other. There the latent space \
             has collapsed: its distances and silhouettes say little of these points.",
            percent(neighbours.duplicates as f64 / cluster.points as f64),
            count(cluster.points),
            count(neighbours.largest_group)
        )
    })
}

/// How the neighbours' labels agree, in a sentence; none without labels.
fn label_sentence(neighbours: &NeighbourSummary) -> Option<String> {
    let (k, labels) = said(neighbours, |figure| figure.labels)?;
    let LabelAgreement { share, knn_accuracy, .. } = labels;
    let chance = neighbours.chance.map(|chance| format!(" where chance gives {}", percent(chance)));
    Some(format!(
        "Of the {k} nearest neighbours of a point, {} have its label{}; their most frequent label is that of the point for \
         {} of the points.",
        percent(share),
        chance.unwrap_or_default(),
        percent(knn_accuracy)
    ))
}

/// How the neighbours' images agree, in two sentences; none without images.
fn image_sentence(neighbours: &NeighbourSummary) -> Option<String> {
    let (k, images) = said(neighbours, |figure| figure.images)?;
    let Preservation { trustworthiness, continuity } = images;
    Some(format!(
        "With {} the trustworthiness is {} and the continuity {}. The first is near 1 where neighbours in the latent space are \
         neighbours in pixel space too, the second where neighbours in pixel space stay neighbours in the latent space; \
         neighbours drawn at random give 0.5. Pixels are no measure of what an image shows, so a latent space that puts \
         together what is alike may have less.",
        plural(k, "neighbour"),
        decimal(trustworthiness, 3),
        decimal(continuity, 3)
    ))
}

/// The figures of [`SAID`] neighbours, or of as many as there are, with that number.
fn said<T>(neighbours: &NeighbourSummary, of: impl Fn(&NeighbourFigure) -> Option<T>) -> Option<(usize, T)> {
    let known = neighbours.figures.iter().filter(|figure| figure.k <= SAID);
    known.filter_map(|figure| Some((figure.k, of(figure)?))).next_back()
}

fn table(neighbours: &NeighbourSummary) -> Html {
    let mut table = Table::new("Nearest neighbours").columns(Align::Right, ["neighbours"]);
    let labelled = neighbours.figures.iter().any(|figure| figure.labels.is_some());
    let pictured = neighbours.figures.iter().any(|figure| figure.images.is_some());
    if labelled {
        table = table.columns(Align::Right, ["same label", "k-NN accuracy"]);
    }
    if pictured {
        table = table.columns(Align::Right, ["trustworthiness", "continuity"]);
    }
    let none = || "–".to_owned();
    for figure in &neighbours.figures {
        let mut cells = vec![count(figure.k)];
        if labelled {
            cells.extend(figure.labels.map_or_else(
                || [none(), none()],
                |labels| {
                    let same =
                        format!("{} ± {}", decimal(labels.share, 3), decimal(labels.standard_error, 3));
                    [same, decimal(labels.knn_accuracy, 3)]
                },
            ));
        }
        if pictured {
            cells.extend(figure.images.map_or_else(
                || [none(), none()],
                |images| [images.trustworthiness, images.continuity].map(|value| decimal(value, 3)),
            ));
        }
        table.row(cells);
    }
    table.into_html()
}

/// What the figures are of.
fn note(neighbours: &NeighbourSummary, points: usize) -> String {
    let drawn = |sample: usize| if sample < points { " drawn at random" } else { "" };
    let mut sentences = Vec::new();
    if neighbours.label_sample > 0 {
        sentences.push(format!(
            "Labels: {} points{}, with their neighbours among all {} and the standard error of the mean; the accuracy is that \
             of a vote in which a point itself has no voice.",
            count(neighbours.label_sample),
            drawn(neighbours.label_sample),
            count(points)
        ));
    }
    if neighbours.image_sample > 0 {
        sentences.push(format!(
            "Trustworthiness and continuity: {} images{}, with their neighbours among each other.",
            count(neighbours.image_sample),
            drawn(neighbours.image_sample)
        ));
    }
    sentences.join(" ")
}
