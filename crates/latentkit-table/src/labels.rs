//! Labels of points.

/// A label for each point.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Labels {
    /// Label of each point, an index into `names`.
    pub codes: Vec<u8>,
    /// Name of label 0, 1, ...
    pub names: Vec<String>,
}
