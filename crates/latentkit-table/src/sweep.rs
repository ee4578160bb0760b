//! `sweep.parquet`: the figures of every clustering.

use std::path::Path;

use latentkit_core::Result;
use latentkit_core::summary::SilhouetteKind;

use crate::frame::{Table, TableReader};
use crate::metadata::Metadata;

/// The figures of one clustering.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SweepRow {
    /// How the points were clustered, such as `k-means`.
    pub method: String,
    /// Number of clusters.
    pub k: u32,
    /// Seed of the experiment.
    pub seed: u32,
    /// Sum of the squared distances to the mean of the cluster.
    pub inertia: f64,
    /// Mean silhouette; none where the method left all points in one cluster.
    pub silhouette: Option<SilhouetteFigure>,
    /// Columns and values of criteria; every row has the same in the same order.
    pub criteria: Vec<(String, Option<f64>)>,
    /// How well the clusters agree with the labels, where the points have labels.
    pub external: Option<External>,
}

/// The mean silhouette of a clustering.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SilhouetteFigure {
    /// Mean over the points, -1 to 1.
    pub mean: f64,
    /// Confidence interval of 95 %, where the mean is that of a sample.
    pub interval: Option<[f64; 2]>,
}

/// How well clusters agree with labels; none of these chooses k.
///
/// The formulas write n for the number of points, aᵢ for that of cluster i, bⱼ for that of label j, nᵢⱼ for that of
/// both, C and L for the clusters and the labels as random variables over the points, H for the entropy and I for the
/// mutual information. Where the clusters are the labels under other names, be that one cluster of one label or a
/// cluster and a label for every point, every measure is exactly 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct External {
    /// Share of the points whose label is that of their cluster, for the best one-to-one mapping of clusters to labels:
    /// max over the mappings m of Σ n at (i, m(i)), divided by n. Above 0, at most 1.
    ///
    /// Clusters beyond the number of labels have no label, and their points count as wrong. The mapping is found by the
    /// Hungarian method of H. W. Kuhn, Naval Research Logistics Quarterly 2 (1955), 83-97, and J. Munkres, Journal of
    /// the Society for Industrial and Applied Mathematics 5 (1957), 32-38.
    pub accuracy: f64,
    /// Normalised mutual information, I(C, L) / ((H(C) + H(L)) / 2), 0 to 1. It equals the V-measure.
    ///
    /// N. X. Vinh, J. Epps and J. Bailey, Journal of Machine Learning Research 11 (2010), 2837-2854, who call it NMI
    /// sum.
    pub nmi: f64,
    /// Adjusted Rand index, (R - E) / (M - E) with R = Σ pairs(nᵢⱼ), A = Σ pairs(aᵢ), B = Σ pairs(bⱼ),
    /// E = A B / pairs(n), M = (A + B) / 2 and pairs(x) = x (x - 1) / 2. From -0.5 to 1, 0 on average by chance.
    ///
    /// L. Hubert and P. Arabie, "Comparing partitions", Journal of Classification 2 (1985), 193-218.
    pub ari: f64,
    /// Adjusted mutual information, (I(C, L) - E) / ((H(C) + H(L)) / 2 - E) with E the mean of I over all ways to deal
    /// the labels to the points. At most 1, 0 on average by chance, below 0 where chance does better.
    ///
    /// N. X. Vinh, J. Epps and J. Bailey, "Information theoretic measures for clusterings comparison: variants,
    /// properties, normalization and correction for chance", Journal of Machine Learning Research 11 (2010), 2837-2854.
    pub ami: f64,
    /// Whether each cluster has points of one label only, 1 - H(L|C) / H(L), 0 to 1; and 1 for a single label.
    ///
    /// A. Rosenberg and J. Hirschberg, "V-measure: a conditional entropy-based external cluster evaluation measure",
    /// EMNLP-CoNLL 2007, 410-420.
    pub homogeneity: f64,
    /// Whether all points of a label are in one cluster, 1 - H(C|L) / H(C), 0 to 1; and 1 for a single cluster.
    ///
    /// A. Rosenberg and J. Hirschberg (2007), as above.
    pub completeness: f64,
    /// Harmonic mean of homogeneity h and completeness c, 2 h c / (h + c), 0 to 1; and 0 where both are 0.
    ///
    /// A. Rosenberg and J. Hirschberg (2007), as above.
    pub v_measure: f64,
    /// Share of the points that have the most frequent label of their cluster, Σ maxⱼ nᵢⱼ / n. Above 0, at most 1.
    ///
    /// It is never below the accuracy, since several clusters may have the same label, and it is 1 when every point is
    /// a cluster. C. D. Manning, P. Raghavan and H. Schütze, "Introduction to information retrieval" (2008), 16.3.
    pub purity: f64,
}

/// Names of the columns of [`External`], in the order of its fields.
const EXTERNAL: [&str; 8] =
    ["accuracy", "nmi", "ari", "ami", "homogeneity", "completeness", "v_measure", "purity"];

impl External {
    /// The measures in the order of [`EXTERNAL`].
    fn values(&self) -> [f64; 8] {
        let Self { accuracy, nmi, ari, ami, homogeneity, completeness, v_measure, purity } = *self;
        [accuracy, nmi, ari, ami, homogeneity, completeness, v_measure, purity]
    }

    /// The inverse of [`External::values`].
    fn from_values(values: [f64; 8]) -> Self {
        let [accuracy, nmi, ari, ami, homogeneity, completeness, v_measure, purity] = values;
        Self { accuracy, nmi, ari, ami, homogeneity, completeness, v_measure, purity }
    }
}

impl SweepRow {
    /// The value of the criterion of this column.
    pub fn criterion(&self, column: &str) -> Option<f64> {
        self.criteria.iter().find(|(name, _)| name == column)?.1
    }
}

/// Writes columns method, k u32, seed u32, inertia f64; one for each criterion, f64, where some row has it; silhouette f64, or where a row has an interval `silhouette_sampled`,
/// `silhouette_sampled_low` and `silhouette_sampled_high` instead; and, when every row has
/// [`SweepRow::external`], its measures: accuracy, nmi, ari, ami, homogeneity, completeness, `v_measure`, purity, all f64.
pub fn write_sweep(path: &Path, rows: &[SweepRow], metadata: &Metadata) -> Result<()> {
    let silhouette =
        |of: fn(&SilhouetteFigure) -> f64| rows.iter().map(|row| row.silhouette.as_ref().map(of)).collect();
    let mut table = Table::new(rows.len())
        .text("method", rows.iter().map(|row| row.method.as_str()))
        .u32("k", rows.iter().map(|row| row.k).collect())
        .u32("seed", rows.iter().map(|row| row.seed).collect())
        .f64("inertia", rows.iter().map(|row| row.inertia).collect());
    if rows.iter().any(|row| row.silhouette.is_some_and(|figure| figure.interval.is_some())) {
        let name = SilhouetteKind::Sampled.name();
        table = table
            .f64_or_null(name, silhouette(|figure| figure.mean))
            .f64_or_null(
                &format!("{name}_low"),
                silhouette(|figure| figure.interval.map_or(figure.mean, |ends| ends[0])),
            )
            .f64_or_null(
                &format!("{name}_high"),
                silhouette(|figure| figure.interval.map_or(figure.mean, |ends| ends[1])),
            );
    } else {
        table = table.f64_or_null(SilhouetteKind::Exact.name(), silhouette(|figure| figure.mean));
    }
    for (index, (name, _)) in rows.first().into_iter().flat_map(|row| row.criteria.iter().enumerate()) {
        let values: Vec<Option<f64>> = rows.iter().map(|row| row.criteria[index].1).collect();
        if values.iter().any(Option::is_some) {
            table = table.f64_or_null(name, values);
        }
    }
    let external: Option<Vec<_>> =
        rows.iter().map(|row| row.external.as_ref().map(External::values)).collect();
    if let Some(external) = external {
        for (index, name) in EXTERNAL.into_iter().enumerate() {
            table = table.f64(name, external.iter().map(|values| values[index]).collect());
        }
    }
    table.write(path, metadata)
}

/// Reads what [`write_sweep`] wrote; the rows have external measures where the table has all of their columns.
pub fn read_sweep(path: &Path) -> Result<Vec<SweepRow>> {
    let table = TableReader::open(path)?;
    let (k, seed) = (table.u32("k")?, table.u32("seed")?);
    let inertia = table.f64("inertia")?;
    let sampled = SilhouetteKind::Sampled.name();
    let silhouette: Vec<_> = if table.has(sampled) {
        let ends = table.f64_or_null(&format!("{sampled}_low"))?.into_iter();
        let ends = ends.zip(table.f64_or_null(&format!("{sampled}_high"))?);
        let interval = |(low, high): (Option<f64>, Option<f64>)| Some([low?, high?]);
        let means = table.f64_or_null(sampled)?.into_iter().zip(ends.map(interval));
        means.map(|(mean, interval)| mean.map(|mean| SilhouetteFigure { mean, interval })).collect()
    } else {
        let means = table.f64_or_null(SilhouetteKind::Exact.name())?.into_iter();
        means.map(|mean| mean.map(|mean| SilhouetteFigure { mean, interval: None })).collect()
    };
    let others = |name: &&str| {
        !["method", "k", "seed", "inertia"].contains(name)
            && !name.starts_with(SilhouetteKind::Exact.name())
            && !EXTERNAL.contains(name)
    };
    let criteria: Vec<_> = table
        .names()
        .filter(others)
        .map(|name| Ok((name.to_owned(), table.f64_or_null(name)?)))
        .collect::<Result<_>>()?;
    let external = if EXTERNAL.iter().all(|name| table.has(name)) {
        Some(EXTERNAL.iter().map(|name| table.f64(name)).collect::<Result<Vec<_>>>()?)
    } else {
        None
    };
    let rows = table.text("method")?.into_iter().enumerate().map(|(row, method)| SweepRow {
        method,
        k: k[row],
        seed: seed[row],
        inertia: inertia[row],
        silhouette: silhouette[row],
        criteria: criteria.iter().map(|(name, values)| (name.clone(), values[row])).collect(),
        external: external
            .as_ref()
            .map(|columns| External::from_values(std::array::from_fn(|index| columns[index][row]))),
    });
    Ok(rows.collect())
}
