//! How many clusters, and what is in them.

use latentkit_core::Result;

use super::html::{Align, Html, Table};
use super::overview::best_at_edge;
use super::{Figures, Section};
use crate::chart::Kind;
use crate::contingency::{Contingency, dominant};
use crate::experiment::Experiment;
use crate::format::{count, decimal, percent, seconds, significant};

/// The section on the number of clusters.
pub(super) fn choice_of_k(experiment: &Experiment, figures: &Figures) -> Result<Option<Section>> {
    if experiment.sweep.is_empty() && experiment.cluster.is_none() {
        return Ok(None);
    }
    let mut body = Html::new().paragraph(
        "The mean silhouette compares how close each point is to its own cluster with how close it is to the next one: 1 is \
         well apart, 0 is on the border, −1 is in the wrong cluster. The k of the highest one is chosen.",
    );
    if let Some(text) = experiment.cluster.as_ref().and_then(|stage| best_at_edge(&stage.summary)) {
        body = body.warning(text);
    }
    let chart = |kind: &Kind| matches!(kind, Kind::Silhouette(_));
    body = figures.place(
        body,
        chart,
        "Mean silhouette over all points for each number of clusters that was tried.",
    )?;

    let best = experiment.cluster.as_ref().map(|stage| stage.summary.best_k);
    let mut rows: Vec<_> = experiment.sweep.iter().collect();
    rows.sort_by_key(|row| row.k);
    let mut table =
        Table::new("Each number of clusters").columns(Align::Right, ["k", "inertia", "silhouette", "time"]);
    for row in rows {
        let chosen = best == Some(row.k as usize);
        let cells = [
            count(row.k as usize),
            significant(row.inertia),
            decimal(row.silhouette, 4),
            seconds(row.seconds),
        ];
        let cell = |text: String| if chosen { strong(text) } else { Html::new().text(text) };
        table.rich_row(cells.map(cell).into());
    }
    let note =
        "Inertia is the sum of the squared distances of the points to the nearest centroid; it falls with k.";
    body = body.add(table.into_html()).classed("p", "small", Html::new().text(note));
    Ok(Some(Section { id: "choice-of-k", title: "Choice of k", body }))
}

/// The section on the labels in each cluster.
pub(super) fn clusters(experiment: &Experiment, figures: &Figures) -> Result<Option<Section>> {
    let Some(contingency) = &experiment.contingency else { return Ok(None) };
    let mut body = Html::new().paragraph(format!(
        "{} of the {} points have the label that is most frequent in their cluster (purity). The labels were not used to \
         find the clusters.",
        percent(contingency.purity()),
        count(contingency.points())
    ));
    let stacked = |kind: &Kind| matches!(kind, Kind::ClustersStacked(_));
    body = figures.place(body, stacked, "How large each cluster is, and which labels it holds.")?;
    let grouped = |kind: &Kind| matches!(kind, Kind::ClustersGrouped(_));
    body = figures.place(body, grouped, "The same points, each label with a bar of its own.")?;
    body = body.add(table(contingency));
    if let Some(agreement) = agreement(experiment) {
        body = body.add(agreement);
    }
    Ok(Some(Section { id: "clusters", title: "Clusters", body }))
}

/// How well the clusters of each k agree with the labels.
fn agreement(experiment: &Experiment) -> Option<Html> {
    let best = experiment.cluster.as_ref().map(|stage| stage.summary.best_k);
    let mut table = Table::new("Agreement with the labels")
        .columns(Align::Right, ["k", "accuracy", "NMI", "ARI", "AMI", "purity"]);
    for row in &experiment.sweep {
        let measures = row.external?;
        let figures = [measures.accuracy, measures.nmi, measures.ari, measures.ami, measures.purity];
        let chosen = best == Some(row.k as usize);
        let cell = |text: String| if chosen { strong(text) } else { Html::new().text(text) };
        let cells = figures.map(|figure| cell(decimal(figure, 3)));
        table.rich_row([vec![cell(count(row.k as usize))], cells.into()].concat());
    }
    let note = "Labels were not used for the clustering nor for the choice of k. Accuracy is the share of points whose label is \
                that of their cluster under the best one-to-one mapping.";
    (!experiment.sweep.is_empty()).then(|| table.into_html().classed("p", "small", Html::new().text(note)))
}

fn table(contingency: &Contingency) -> Html {
    let mut table = Table::new("Points of each label in each cluster, the most frequent label in bold")
        .columns(Align::Right, ["cluster"])
        .columns(Align::Left, ["most frequent label"])
        .columns(Align::Right, ["share", "points"]);
    for name in &contingency.labels {
        table = table.column(name.clone(), Align::Right);
    }
    for (cluster, counts) in contingency.rows() {
        let (points, dominant) = (counts.iter().sum::<usize>(), dominant(counts));
        let name = dominant.map_or("–", |label| contingency.labels[label].as_str());
        let share =
            dominant.map_or_else(|| "–".to_owned(), |label| percent(counts[label] as f64 / points as f64));
        let mut cells = vec![
            Html::new().text(cluster),
            Html::new().text(name),
            Html::new().text(share),
            Html::new().text(count(points)),
        ];
        cells.extend(counts.iter().enumerate().map(|(label, &number)| {
            if dominant == Some(label) {
                strong(count(number))
            } else if number == 0 {
                Html::new().markup("<span class=\"zero\">0</span>")
            } else {
                Html::new().text(count(number))
            }
        }));
        table.rich_row(cells);
    }
    table.into_html()
}

fn strong(text: String) -> Html {
    Html::new().markup("<strong>").text(text).markup("</strong>")
}
