//! The panel of criteria as a table of text.

use latentkit_core::summary::{ClusterSummary, CriterionFigure};

/// The lines of the table: a row for each k, a column for each criterion of the first method, with a `*` before the value of
/// the k that it suggests; and the verdict.
pub(crate) fn lines(summary: &ClusterSummary) -> Vec<String> {
    let figures: Vec<&CriterionFigure> =
        summary.criteria.iter().filter(|figure| figure.method == summary.method).collect();
    let mut columns = vec![vec!["k".to_owned()]];
    columns[0].extend(summary.sweep.iter().map(|figure| figure.k.to_string()));
    for figure in figures {
        let cell = |k: usize| {
            let value = figure.values.iter().find(|value| value.k == k);
            let mark = if figure.k == Some(k) { "*" } else { "" };
            value.map_or_else(|| "-".to_owned(), |value| format!("{mark}{}", short(value.value)))
        };
        let mut column = vec![figure.criterion.clone()];
        column.extend(summary.sweep.iter().map(|row| cell(row.k)));
        columns.push(column);
    }
    let widths: Vec<usize> =
        columns.iter().map(|column| column.iter().map(String::len).max().unwrap_or(0)).collect();
    let mut lines: Vec<String> = (0..columns[0].len())
        .map(|row| {
            let cells =
                columns.iter().zip(&widths).map(|(column, &width)| format!("{:>width$}", column[row]));
            cells.collect::<Vec<_>>().join("  ")
        })
        .collect();
    lines.push("(* what the criterion suggests)".to_owned());
    lines.push(summary.verdict.sentence.clone());
    lines
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
