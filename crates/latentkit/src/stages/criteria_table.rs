//! The panel of criteria as a table of text.

use std::collections::BTreeSet;

use latentkit_core::summary::{ClusterSummary, CriterionFigure};

/// The lines of a table for each method that takes k: a row for each k, that of one cluster first where a criterion has
/// a value for it; a column for each criterion, with a `*` before the value of the k that it suggests. The verdict,
/// which is about the first method, ends them.
pub(crate) fn lines(summary: &ClusterSummary) -> Vec<String> {
    let mut methods: Vec<&str> = summary.criteria.iter().map(|figure| figure.method.as_str()).collect();
    methods.dedup();
    let mut lines = Vec::new();
    for method in &methods {
        if methods.len() > 1 {
            lines.push((*method).to_owned());
        }
        let figures: Vec<_> = summary.criteria.iter().filter(|figure| figure.method == *method).collect();
        lines.extend(table(summary, &figures));
    }
    lines.push("(* what the criterion suggests)".to_owned());
    if summary.criteria.iter().any(|figure| !figure.counted) {
        lines.push("(aic is shown beside bic and not counted)".to_owned());
    }
    for figure in &summary.density {
        lines.push(format!(
            "{} finds {} clusters, and {} of {} points that are in none",
            figure.method, figure.clusters, figure.noise, summary.points
        ));
    }
    lines.push(summary.verdict.sentence.clone());
    lines
}

fn table(summary: &ClusterSummary, figures: &[&CriterionFigure]) -> Vec<String> {
    let values = figures.iter().flat_map(|figure| &figure.values);
    let ks = values.map(|value| value.k).chain(summary.sweep.iter().map(|figure| figure.k));
    let ks: BTreeSet<usize> = ks.collect();
    let mut columns = vec![vec!["k".to_owned()]];
    columns[0].extend(ks.iter().map(usize::to_string));
    for figure in figures {
        let cell = |k: usize| {
            let value = figure.values.iter().find(|value| value.k == k);
            let mark = if figure.k == Some(k) { "*" } else { "" };
            value.map_or_else(|| "-".to_owned(), |value| format!("{mark}{}", short(value.value)))
        };
        let mut column = vec![figure.criterion.clone()];
        column.extend(ks.iter().map(|&k| cell(k)));
        columns.push(column);
    }
    let widths: Vec<usize> =
        columns.iter().map(|column| column.iter().map(String::len).max().unwrap_or(0)).collect();
    let row = |row: usize| {
        let cells = columns.iter().zip(&widths).map(|(column, &width)| format!("{:>width$}", column[row]));
        cells.collect::<Vec<_>>().join("  ")
    };
    (0..columns[0].len()).map(row).collect()
}

/// A number with four decimals, or six digits where that would be too long.
fn short(value: f64) -> String {
    if value.abs() < 1000.0 { format!("{value:.4}") } else { format!("{value:.0}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short() {
        assert_eq!([short(0.123_456), short(-3.0), short(123_456.7)], ["0.1235", "-3.0000", "123457"]);
    }
}
