//! The figures of each number of clusters over the seeds.

use std::collections::BTreeMap;

use latentkit_table::{External, SweepRow};

/// What was found for a number of clusters.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct KFigures {
    /// Number of clusters.
    pub(crate) k: u32,
    /// How many seeds it was tried with.
    pub(crate) seeds: usize,
    /// Sum of the squared distances to the nearest centroid, for the first seed.
    pub(crate) inertia: f64,
    /// Mean silhouette: its mean over the seeds, the lowest and the highest; of sampled ones the ends of their confidence
    /// intervals.
    pub(crate) silhouette: f64,
    pub(crate) lowest: f64,
    pub(crate) highest: f64,
    /// Agreement with the labels, the mean over the seeds; none without labels.
    pub(crate) external: Option<External>,
}

impl KFigures {
    /// The figures of each k of a method, ascending.
    pub(crate) fn of(rows: &[SweepRow], method: &str) -> Vec<Self> {
        let mut by_k: BTreeMap<u32, Vec<&SweepRow>> = BTreeMap::new();
        for row in rows.iter().filter(|row| row.method == method) {
            by_k.entry(row.k).or_default().push(row);
        }
        by_k.into_iter().map(|(k, rows)| Self::over(k, &rows)).collect()
    }

    /// The figures of a k over its rows, one a seed, the first seed first.
    fn over(k: u32, rows: &[&SweepRow]) -> Self {
        let found: Vec<_> = rows.iter().filter_map(|row| row.silhouette).collect();
        let ends = || found.iter().flat_map(|found| found.interval.unwrap_or([found.mean; 2]));
        Self {
            k,
            seeds: rows.len(),
            inertia: rows[0].inertia,
            silhouette: found.iter().map(|found| found.mean).sum::<f64>() / found.len() as f64,
            lowest: ends().fold(f64::INFINITY, f64::min),
            highest: ends().fold(f64::NEG_INFINITY, f64::max),
            external: rows
                .iter()
                .map(|row| row.external)
                .collect::<Option<Vec<_>>>()
                .map(|measures| mean(&measures)),
        }
    }
}

/// The mean of each measure.
fn mean(rows: &[External]) -> External {
    let of = |measure: fn(&External) -> f64| rows.iter().map(measure).sum::<f64>() / rows.len() as f64;
    External {
        accuracy: of(|row| row.accuracy),
        nmi: of(|row| row.nmi),
        ari: of(|row| row.ari),
        ami: of(|row| row.ami),
        homogeneity: of(|row| row.homogeneity),
        completeness: of(|row| row.completeness),
        v_measure: of(|row| row.v_measure),
        purity: of(|row| row.purity),
    }
}

#[cfg(test)]
mod tests {
    use latentkit_table::SilhouetteFigure;

    use super::*;

    #[test]
    fn seeds_are_averaged_and_the_first_gives_the_inertia() {
        let row = |k, seed: u32, silhouette| SweepRow {
            method: "k-means".to_owned(),
            k,
            seed,
            inertia: f64::from(seed),
            silhouette: Some(SilhouetteFigure { mean: silhouette, interval: None }),
            ..SweepRow::default()
        };
        let other = SweepRow { method: "gaussian-mixture".to_owned(), ..row(3, 42, 0.0) };
        let rows = [row(3, 42, 0.5), row(2, 42, 0.25), row(3, 43, 0.75), row(2, 43, 0.25), other];
        let figures = KFigures::of(&rows, "k-means");
        assert_eq!(figures.iter().map(|figures| figures.k).collect::<Vec<_>>(), [2, 3]);
        let three = &figures[1];
        assert_eq!((three.silhouette, three.lowest, three.highest), (0.625, 0.5, 0.75));
        assert_eq!((three.seeds, three.inertia), (2, 42.0));
    }
}
