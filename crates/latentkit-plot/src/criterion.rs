//! What the criteria are called, and how they are read.

use latentkit_core::summary::{CriterionFigure, SilhouetteKind};

/// Names of a criterion: in the tables, in a sentence, as a heading, and how its suggestion comes about.
struct Names {
    column: &'static str,
    title: &'static str,
    heading: &'static str,
    rule: &'static str,
}

const NAMES: [Names; 8] = [
    Names {
        column: SilhouetteKind::Exact.name(),
        title: "the silhouette",
        heading: "Silhouette",
        rule: "highest mean",
    },
    Names {
        column: SilhouetteKind::Sampled.name(),
        title: "the sampled silhouette",
        heading: "Silhouette, sampled",
        rule: "highest mean of a sample",
    },
    Names {
        column: "calinski_harabasz",
        title: "Calinski-Harabasz",
        heading: "Calinski-Harabasz",
        rule: "highest ratio of the variance between clusters to that within",
    },
    Names {
        column: "davies_bouldin",
        title: "Davies-Bouldin",
        heading: "Davies-Bouldin (less is better)",
        rule: "lowest mean likeness of a cluster to the one most like it",
    },
    Names {
        column: "gap",
        title: "the gap statistic",
        heading: "Gap statistic",
        rule: "smallest k that the next does not beat by a standard error",
    },
    Names { column: "bic", title: "BIC", heading: "BIC (less is better)", rule: "lowest" },
    Names {
        column: "aic",
        title: "AIC",
        heading: "AIC (less is better)",
        rule: "lowest; shown beside BIC and not counted",
    },
    Names {
        column: "stability",
        title: "the stability",
        heading: "Stability of resamples",
        rule: "largest k within a standard error of the highest adjusted Rand index",
    },
];

fn of(column: &str) -> Option<&'static Names> {
    NAMES.iter().find(|names| names.column == column)
}

/// The name in a sentence.
pub(crate) fn title(column: &str) -> &str {
    of(column).map_or(column, |names| names.title)
}

/// The name above a panel.
pub(crate) fn heading(column: &str) -> &str {
    of(column).map_or(column, |names| names.heading)
}

/// How its suggestion comes about.
pub(crate) fn rule(column: &str) -> &'static str {
    of(column).map_or("", |names| names.rule)
}

/// A sentence about criteria that names them as the tables do, with the names that readers know.
pub(crate) fn readable(sentence: &str) -> String {
    let names = [
        (SilhouetteKind::Sampled.name(), "sampled silhouette"),
        ("calinski_harabasz", "Calinski-Harabasz"),
        ("davies_bouldin", "Davies-Bouldin"),
        ("bic", "BIC"),
        ("aic", "AIC"),
    ];
    names.into_iter().fold(sentence.to_owned(), |sentence, (column, name)| sentence.replace(column, name))
}

/// What it suggests, in a few words.
pub(crate) fn suggestion(figure: &CriterionFigure) -> String {
    match figure.k {
        None => "no k".to_owned(),
        Some(1) => "one cluster".to_owned(),
        Some(k) if figure.flat => format!("k = {k}, but flat"),
        Some(k) if figure.at_edge => format!("k = {k}, at the edge"),
        Some(k) => format!("k = {k}"),
    }
}
