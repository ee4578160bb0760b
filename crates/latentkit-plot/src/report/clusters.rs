//! How many clusters, and what is in them.

use latentkit_core::Result;
use latentkit_core::summary::ClusterSummary;
use latentkit_table::ClusterRow;

use super::html::{Align, Html, Table};
use super::overview::{ties, warnings};
use super::section::{Figures, Section};
use crate::chart::definition::Slot;
use crate::contingency::{Contingency, dominant};
use crate::criterion;
use crate::experiment::Experiment;
use crate::format::{count, decimal, percent, significant};

/// The section on the number of clusters.
pub(super) fn choice_of_k(experiment: &Experiment, figures: &Figures) -> Result<Option<Section>> {
    if experiment.sweep.is_empty() && experiment.cluster.is_none() {
        return Ok(None);
    }
    let mut body = Html::new().paragraph(
        "The mean silhouette compares how close each point is to its own cluster with how close it is to the next one: 1 is \
         well apart, 0 is on the border, −1 is in the wrong cluster. The k of the highest one is chosen.",
    );
    let sample = experiment.cluster.as_ref().and_then(|stage| stage.summary.silhouette_sample);
    if let Some(cluster) = experiment.cluster.as_ref().map(|stage| &stage.summary) {
        for text in warnings(cluster) {
            body = body.warning(text);
        }
        if cluster.verdict.k.is_some() && cluster.verdict.asked > 1 {
            body = body.paragraph(format!(
                "Together: {}.",
                criterion::readable(&cluster.verdict.sentence, &cluster.criteria)
            ));
        }
        if let Some(text) = ties(cluster) {
            body = body.paragraph(text);
        }
    }
    body = figures.place(body, Slot::Silhouettes)?;

    let best = experiment.cluster.as_ref().map(|stage| stage.summary.best_k);
    let seeds = experiment.sweep.iter().map(|figures| figures.seeds).max().unwrap_or(1);
    let silhouette = if sample.is_some() { "silhouette, sampled" } else { "silhouette" };
    let bars = seeds > 1 || sample.is_some();
    let spread: &[&str] = match sample {
        Some(_) => &["95 % from", "to"],
        None if bars => &["lowest", "highest"],
        None => &[],
    };
    let mut table = Table::new("Each number of clusters").columns(Align::Right, ["k", "inertia", silhouette]);
    for name in spread {
        table = table.column(*name, Align::Right);
    }
    for figures in &experiment.sweep {
        let chosen = best == Some(figures.k as usize);
        let mut cells =
            vec![count(figures.k as usize), significant(figures.inertia), decimal(figures.silhouette, 4)];
        if bars {
            cells.extend([decimal(figures.lowest, 4), decimal(figures.highest, 4)]);
        }
        let cell = |text: String| if chosen { strong(text) } else { Html::new().text(text) };
        table.rich_row(cells.into_iter().map(cell).collect());
    }
    let inertia =
        "Inertia is the sum of the squared distances of the points to the nearest centroid; it falls with k.";
    let note = if seeds > 1 {
        format!(
            "{inertia} Each k was tried with {seeds} seeds: the silhouette is their mean, between the lowest and the highest; \
             inertia is of the first seed."
        )
    } else {
        inertia.to_owned()
    };
    body = body.add(table.into_html()).classed("p", "small", Html::new().text(note));
    if let Some(cluster) = experiment.cluster.as_ref().map(|stage| &stage.summary) {
        body = figures.place(body, Slot::Criteria)?;
        if cluster.criteria.len() > 1 {
            body = body.add(criteria_table(cluster));
        }
        if !cluster.density.is_empty() {
            body = body.add(density_table(cluster));
        }
    }
    Ok(Some(Section { id: "choice-of-k", title: "Choice of k", body }))
}

/// What each criterion suggests.
fn criteria_table(cluster: &ClusterSummary) -> Html {
    let several = cluster.criteria.iter().any(|figure| figure.method != cluster.method);
    let mut table = Table::new("What each criterion suggests");
    if several {
        table = table.columns(Align::Left, ["method"]);
    }
    table = table.columns(Align::Left, ["criterion", "suggests", "as good", "because"]);
    for figure in &cluster.criteria {
        let ties: Vec<_> = figure.ties.iter().map(usize::to_string).collect();
        let mut cells = Vec::new();
        if several {
            cells.push(cluster.method_title(&figure.method).to_owned());
        }
        cells.extend([
            criterion::heading(figure).to_owned(),
            criterion::suggestion(figure),
            if ties.is_empty() { "–".to_owned() } else { ties.join(", ") },
            figure.explanation.clone(),
        ]);
        table.row(cells);
    }
    let note = "As good are those k whose values lie no further away than the error bars reach. What lies at the edge of the \
                sweep, or on a curve that differs no more over k than its error bars reach, does not count for the verdict. \
                The gap statistic, BIC and AIC are also asked about one cluster; for the others two clusters are an edge, \
                unless those tell that there are several.";
    table.into_html().classed("p", "small", Html::new().text(note))
}

/// What the methods found that find the number of clusters themselves.
fn density_table(cluster: &ClusterSummary) -> Html {
    let mut table = Table::new("Methods that find the number of clusters themselves")
        .columns(Align::Left, ["method"])
        .columns(Align::Right, ["clusters", "noise", "radius"]);
    for figure in &cluster.density {
        let share = figure.noise as f64 / cluster.points.max(1) as f64;
        table.row([
            cluster.method_title(&figure.method).to_owned(),
            count(figure.clusters),
            percent(share),
            figure.radius.map_or_else(|| "–".to_owned(), significant),
        ]);
    }
    let note = "Noise is the share of the points that belong to no cluster.";
    table.into_html().classed("p", "small", Html::new().text(note))
}

/// The section on what is in each cluster.
pub(super) fn clusters(experiment: &Experiment, figures: &Figures) -> Result<Option<Section>> {
    let mut body = Html::new();
    if let Some(contingency) = &experiment.contingency {
        body = body.paragraph(format!(
            "{} of the {} points have the label that is most frequent in their cluster (purity). The labels were not used \
             to find the clusters.",
            percent(contingency.purity()),
            count(contingency.points())
        ));
    }
    if !experiment.clusters.is_empty() {
        body = body.add(cluster_table(&experiment.clusters));
    }
    body = figures.place(body, Slot::Clusters)?;
    body = figures.place(body, Slot::Labels)?;
    if let Some(contingency) = &experiment.contingency {
        body = body.add(table(contingency));
    }
    body = figures.place(body, Slot::Images)?;
    if experiment.contingency.is_some()
        && let Some(agreement) = agreement(experiment)
    {
        body = body.add(agreement);
    }
    Ok((!body.is_empty()).then_some(Section { id: "clusters", title: "Clusters", body }))
}

/// The figures of each cluster.
fn cluster_table(clusters: &[ClusterRow]) -> Html {
    let points: u32 = clusters.iter().map(|row| row.size).sum();
    let labelled = clusters.iter().all(|row| row.labels.is_some());
    let caption = if labelled { "Each cluster, named by its most frequent labels" } else { "Each cluster" };
    let mut table = Table::new(caption).columns(Align::Right, ["cluster"]);
    if labelled {
        table = table.columns(Align::Left, ["name"]);
    }
    table = table.columns(Align::Right, ["points", "share", "mean silhouette", "mean distance"]);
    if labelled {
        table = table.columns(Align::Right, ["purity"]);
    }
    for row in clusters {
        let labels = row.labels.as_ref();
        let mut cells = vec![row.cluster.to_string()];
        cells.extend(labels.map(|labels| labels.name.clone()));
        cells.extend([
            count(row.size as usize),
            percent(f64::from(row.size) / f64::from(points.max(1))),
            row.silhouette.map_or_else(|| "–".to_owned(), |silhouette| decimal(silhouette, 3)),
            significant(row.distance),
        ]);
        cells.extend(labels.map(|labels| percent(labels.purity)));
        table.row(cells);
    }
    let note = "Distance is that of a point to the centroid. Purity is the share of the points that have the most frequent \
                label of the cluster.";
    let note = if labelled { note } else { "Distance is that of a point to the centroid." };
    table.into_html().classed("p", "small", Html::new().text(note))
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
    let seeds = if experiment.sweep.iter().any(|figures| figures.seeds > 1) {
        " Each figure is the mean over the seeds."
    } else {
        ""
    };
    let note = format!(
        "Labels were not used for the clustering nor for the choice of k. Accuracy is the share of points whose label is that \
         of their cluster under the best one-to-one mapping.{seeds}"
    );
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
