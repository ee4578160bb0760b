//! `sweep.parquet`, `assignments.parquet` and `contingency.parquet`: what clustering found.

use std::path::Path;

use latentkit_core::Result;

use crate::Metadata;
use crate::frame::{Table, TableReader};

/// The figures of one clustering.
#[derive(Clone, Debug, PartialEq)]
pub struct SweepRow {
    /// How the points were clustered, such as `k-means`.
    pub method: String,
    /// Number of clusters.
    pub k: u32,
    /// Seed of the experiment.
    pub seed: u32,
    /// Sum of squared distances to the nearest centroid.
    pub inertia: f64,
    /// Mean silhouette over all points, -1 to 1.
    pub silhouette: f64,
    /// Seconds that the clustering took; the silhouettes of all k are computed together and not counted.
    pub seconds: f64,
    /// How well the clusters agree with the labels, where the points have labels.
    pub external: Option<External>,
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

/// Writes columns method, k u32, seed u32, inertia f64, silhouette f64, seconds f64; and, when every row has
/// [`SweepRow::external`], its measures: accuracy, nmi, ari, ami, homogeneity, completeness, `v_measure`, purity, all
/// f64.
pub fn write_sweep(path: &Path, rows: &[SweepRow], metadata: &Metadata) -> Result<()> {
    let mut table = Table::new(rows.len())
        .text("method", rows.iter().map(|row| row.method.as_str()))
        .u32("k", rows.iter().map(|row| row.k).collect())
        .u32("seed", rows.iter().map(|row| row.seed).collect())
        .f64("inertia", rows.iter().map(|row| row.inertia).collect())
        .f64("silhouette", rows.iter().map(|row| row.silhouette).collect())
        .f64("seconds", rows.iter().map(|row| row.seconds).collect());
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
    let (inertia, silhouette, seconds) =
        (table.f64("inertia")?, table.f64("silhouette")?, table.f64("seconds")?);
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
        seconds: seconds[row],
        external: external
            .as_ref()
            .map(|columns| External::from_values(std::array::from_fn(|index| columns[index][row]))),
    });
    Ok(rows.collect())
}

/// The cluster of every point, for each k: the rows of one k follow those of the one before.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Assignments {
    /// Id of the point.
    pub ids: Vec<u32>,
    /// Number of clusters.
    pub k: Vec<u32>,
    /// Cluster of the point, 0 to k - 1.
    pub clusters: Vec<u32>,
    /// Silhouette of the point, -1 to 1.
    pub silhouettes: Vec<f32>,
    /// Euclidean distance of the point to the centroid of its cluster.
    pub distances: Vec<f32>,
}

/// Writes columns id u32, k u32, cluster u32, silhouette f32, distance f32.
pub fn write_assignments(path: &Path, assignments: Assignments, metadata: &Metadata) -> Result<()> {
    Table::new(assignments.ids.len())
        .u32("id", assignments.ids)
        .u32("k", assignments.k)
        .u32("cluster", assignments.clusters)
        .f32("silhouette", assignments.silhouettes)
        .f32("distance", assignments.distances)
        .write(path, metadata)
}

/// Reads what [`write_assignments`] wrote.
pub fn read_assignments(path: &Path) -> Result<Assignments> {
    let table = TableReader::open(path)?;
    Ok(Assignments {
        ids: table.u32("id")?,
        k: table.u32("k")?,
        clusters: table.u32("cluster")?,
        silhouettes: table.f32("silhouette")?,
        distances: table.f32("distance")?,
    })
}

/// How many points of a label are in a cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContingencyRow {
    /// Cluster, 0 to k - 1.
    pub cluster: u32,
    /// Label.
    pub label: u8,
    /// Name of the label.
    pub label_name: String,
    /// Points.
    pub count: u32,
}

/// Writes columns cluster u32, label u8, `label_name`, count u32; every pair of a cluster and a label that some
/// point has is given a row, also where the count is 0.
pub fn write_contingency(path: &Path, rows: &[ContingencyRow], metadata: &Metadata) -> Result<()> {
    Table::new(rows.len())
        .u32("cluster", rows.iter().map(|row| row.cluster).collect())
        .u8("label", rows.iter().map(|row| row.label).collect())
        .text("label_name", rows.iter().map(|row| row.label_name.as_str()))
        .u32("count", rows.iter().map(|row| row.count).collect())
        .write(path, metadata)
}

/// Reads what [`write_contingency`] wrote.
pub fn read_contingency(path: &Path) -> Result<Vec<ContingencyRow>> {
    let table = TableReader::open(path)?;
    let (label, count) = (table.u8("label")?, table.u32("count")?);
    let names = table.text("label_name")?;
    let rows = table.u32("cluster")?.into_iter().enumerate().map(|(row, cluster)| ContingencyRow {
        cluster,
        label: label[row],
        label_name: names[row].clone(),
        count: count[row],
    });
    Ok(rows.collect())
}
