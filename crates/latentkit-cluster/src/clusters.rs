//! The clusters of the points in little memory.

/// The cluster of each point, in the smallest integers that hold all of them: a byte a point for up to 256 clusters.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Clusters {
    /// Up to 256 clusters: [n].
    Bytes(Vec<u8>),
    /// Up to 65 536: [n].
    Pairs(Vec<u16>),
    /// More: [n].
    Words(Vec<u32>),
}

impl Clusters {
    /// Of clusters that are below `count`, a number for each point.
    pub(crate) fn new(clusters: impl Iterator<Item = u32>, count: usize) -> Self {
        if count <= 1 << 8 {
            Self::Bytes(clusters.map(|cluster| cluster as u8).collect())
        } else if count <= 1 << 16 {
            Self::Pairs(clusters.map(|cluster| cluster as u16).collect())
        } else {
            Self::Words(clusters.collect())
        }
    }

    /// Number of points.
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Bytes(clusters) => clusters.len(),
            Self::Pairs(clusters) => clusters.len(),
            Self::Words(clusters) => clusters.len(),
        }
    }

    /// The cluster of a point.
    #[inline]
    pub(crate) fn of(&self, point: usize) -> u32 {
        match self {
            Self::Bytes(clusters) => clusters[point].into(),
            Self::Pairs(clusters) => clusters[point].into(),
            Self::Words(clusters) => clusters[point],
        }
    }

    /// The clusters of all points, in their order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = u32> {
        (0..self.len()).map(|point| self.of(point))
    }

    /// The same in 32 bits each, as most functions take them.
    pub(crate) fn to_vec(&self) -> Vec<u32> {
        self.iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_few_bytes_as_the_number_of_clusters_needs() {
        for (count, bytes) in [(1, 1), (256, 1), (257, 2), (65_536, 2), (65_537, 4)] {
            let clusters = vec![0, count as u32 - 1, 0];
            let found = Clusters::new(clusters.iter().copied(), count);
            let size = match &found {
                Clusters::Bytes(found) => size_of_val(&found[0]),
                Clusters::Pairs(found) => size_of_val(&found[0]),
                Clusters::Words(found) => size_of_val(&found[0]),
            };
            assert_eq!((size, found.len(), found.of(1)), (bytes, 3, count as u32 - 1), "{count}");
            assert_eq!(found.to_vec(), clusters);
        }
    }
}
