//! `criteria.parquet`: what each criterion says of each number of clusters.

use std::path::Path;

use latentkit_core::Result;
use latentkit_core::summary::CriterionFigure;

use crate::frame::Table;
use crate::metadata::Metadata;

/// Writes columns method, criterion, k u32, value f64, low f64, high f64 (the ends of its error bar), suggested bool: a row
/// for each value of each criterion, in their order. Criteria that are defined for one cluster have a row of k = 1.
pub fn write_criteria(path: &Path, criteria: &[CriterionFigure], metadata: &Metadata) -> Result<()> {
    let rows: Vec<_> =
        criteria.iter().flat_map(|figure| figure.values.iter().map(move |value| (figure, value))).collect();
    Table::new(rows.len())
        .text("method", rows.iter().map(|(figure, _)| figure.method.as_str()))
        .text("criterion", rows.iter().map(|(figure, _)| figure.criterion.as_str()))
        .u32("k", rows.iter().map(|(_, value)| value.k as u32).collect())
        .f64("value", rows.iter().map(|(_, value)| value.value).collect())
        .f64("low", rows.iter().map(|(_, value)| value.low).collect())
        .f64("high", rows.iter().map(|(_, value)| value.high).collect())
        .bool("suggested", rows.iter().map(|(figure, value)| figure.k == Some(value.k)))
        .write(path, metadata)
}
