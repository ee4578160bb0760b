//! What is shown of several runs side by side.

use latentkit_table::HistoryRow;

/// Several runs, to be compared on one page.
#[derive(Clone, Debug, Default)]
pub struct Comparison {
    /// The runs, the one that the others are measured against first.
    pub runs: Vec<ComparedRun>,
    /// What differs, in the order of the page.
    pub tables: Vec<ComparedTable>,
}

/// A run.
#[derive(Clone, Debug, Default)]
pub struct ComparedRun {
    /// What it is called.
    pub name: String,
    /// Its epochs; none where nothing was trained.
    pub history: Vec<HistoryRow>,
    /// Each number of clusters with its mean silhouette, ascending; none where nothing was clustered.
    pub silhouettes: Vec<(u32, f64)>,
    /// Whether those are of a sample of the points.
    pub silhouettes_sampled: bool,
    /// The number of clusters that was chosen.
    pub best_k: Option<u32>,
}

/// A section of the page: a table, whose first column names its rows.
#[derive(Clone, Debug, Default)]
pub struct ComparedTable {
    /// What links to it: a word of a-z.
    pub id: &'static str,
    /// Its heading.
    pub title: &'static str,
    /// What its rows are.
    pub caption: &'static str,
    /// What it says where it has no rows.
    pub empty: &'static str,
    /// Names of the columns.
    pub columns: Vec<String>,
    /// Whether the cells are numbers but for the first of each row.
    pub numbers: bool,
    /// The cells of each row, as many as there are columns.
    pub rows: Vec<Vec<String>>,
}
