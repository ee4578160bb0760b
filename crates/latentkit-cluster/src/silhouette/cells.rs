//! Cells: the points that every clustering puts together.

use std::ops::Range;

use latentkit_core::{Cancellation, Result};

use crate::clusters::Clusters;

/// Clusters, over all clusterings, whose sums a thread keeps at once: 4 MiB. A larger sweep takes several passes.
const CLUSTERS_PER_PASS: usize = 8192;

/// Axes of a point that take as long as adding the sums of a cell to those of one cluster, measured with 2 to 64 axes.
const AXES_PER_SUM: usize = 2;

/// Divides clusterings, given with their numbers of clusters, into passes over the pairs of points. Those of one pass share the
/// distances, but the more they differ the more cells they have, each of which is added to a cluster of each; a pass ends
/// where that takes longer than the distances.
pub(super) fn by_pass(clusterings: Vec<(Clusters, usize)>, dimensions: usize) -> Vec<Vec<Clusters>> {
    let mut passes: Vec<Vec<Clusters>> = Vec::new();
    let (mut cells, mut clusters) = (Refined::default(), 0);
    for (next, found) in clusterings {
        let refined = cells.by(&next, found);
        let sums = passes.last().map_or(0, |pass| (pass.len() + 1) * refined.count);
        if sums == 0 || sums * AXES_PER_SUM > next.len() * dimensions || clusters + found > CLUSTERS_PER_PASS
        {
            (cells, clusters) = (Refined::default().by(&next, found), found);
            passes.push(vec![next]);
        } else {
            (cells, clusters) = (refined, clusters + found);
            passes.last_mut().expect("one pass at least, since there are sums").push(next);
        }
    }
    passes
}

/// The cells of some clusterings, in any order.
#[derive(Default)]
struct Refined {
    cell_of: Vec<u32>, // cell of each point, where there are clusterings: [n]
    count: usize,
}

impl Refined {
    /// The cells when a clustering of `found` clusters is added.
    fn by(&self, clusters: &Clusters, found: usize) -> Self {
        let mut names = vec![u32::MAX; self.count.max(1) * found];
        let mut count = 0;
        let cell = |(point, cluster): (usize, u32)| {
            let before = self.cell_of.get(point).map_or(0, |&cell| cell as usize);
            let name = &mut names[before * found + cluster as usize];
            if *name == u32::MAX {
                *name = count;
                count += 1;
            }
            *name
        };
        let cell_of = clusters.iter().enumerate().map(cell).collect();
        Self { cell_of, count: count as usize }
    }
}

/// The points, grouped by the tuple of their clusters over several clusterings. A distance to a cell is a distance to
/// one cluster of each clustering, so summing the distances to each cell once serves all of them.
pub(super) struct Cells {
    /// The points in the order of the cells: [n].
    pub(super) order: Vec<u32>,
    /// Cell of each point of `order`: [n].
    cell_of: Vec<u32>,
    /// First point of each cell in `order`, and the end of the last: [cells + 1].
    bounds: Vec<u32>,
    /// Cluster of each cell in each clustering, counted over all clusterings: [cells, clusterings].
    clusters: Vec<u32>,
    /// First cluster of each clustering, and the end of the last: [clusterings + 1].
    offsets: Vec<u32>,
    /// Points of each cluster: [clusters].
    pub(super) sizes: Vec<u32>,
}

impl Cells {
    /// Groups the points by their clusters; those of each clustering count from 0 without a gap.
    ///
    /// # Errors
    /// When the user interrupts.
    pub(super) fn new(clusterings: &[Clusters], cancel: Cancellation) -> Result<Self> {
        let count = clusterings.first().map_or(0, Clusters::len);
        let tuple = |point: u32| clusterings.iter().map(move |clusters| clusters.of(point as usize));
        let mut order: Vec<u32> = (0..count as u32).collect();
        // Sorted by the last clustering first, each time without changing the order of equals, they end up sorted by all.
        for clusters in clusterings.iter().rev() {
            cancel.check()?;
            order = sorted_by(clusters, &order);
        }

        let mut offsets = vec![0];
        let mut sizes = Vec::new();
        for clusters in clusterings {
            let start = sizes.len();
            sizes.resize(start + clusters.iter().max().map_or(0, |last| last as usize + 1), 0);
            for cluster in clusters.iter() {
                sizes[start + cluster as usize] += 1;
            }
            offsets.push(sizes.len() as u32);
        }

        let (mut cell_of, mut bounds, mut clusters) = (Vec::with_capacity(count), Vec::new(), Vec::new());
        for (position, &point) in order.iter().enumerate() {
            if position == 0 || tuple(point).ne(tuple(order[position - 1])) {
                bounds.push(position as u32);
                clusters.extend(tuple(point).zip(&offsets).map(|(cluster, offset)| cluster + offset));
            }
            cell_of.push(bounds.len() as u32 - 1);
        }
        bounds.push(count as u32);
        Ok(Self { order, cell_of, bounds, clusters, offsets, sizes })
    }

    /// The points of each cell as a range of `order`, with its cluster in each clustering.
    pub(super) fn iter(&self) -> impl Iterator<Item = (Range<usize>, &[u32])> {
        self.bounds
            .windows(2)
            .map(|bounds| bounds[0] as usize..bounds[1] as usize)
            .zip(self.clusters.chunks_exact(self.clusterings()))
    }

    /// How many of the points at some positions are in each cell, in their order, with its cluster in each clustering.
    pub(super) fn within(&self, positions: Range<usize>) -> impl Iterator<Item = (usize, &[u32])> {
        let first = self.cell_of[positions.start] as usize;
        let cells = first..=self.cell_of[positions.end - 1] as usize;
        cells.zip(self.clusters.chunks_exact(self.clusterings()).skip(first)).map(move |(cell, clusters)| {
            let start = positions.start.max(self.bounds[cell] as usize);
            (positions.end.min(self.bounds[cell + 1] as usize) - start, clusters)
        })
    }

    /// Number of clusterings.
    pub(super) fn clusterings(&self) -> usize {
        self.offsets.len() - 1
    }

    /// The clusters of a clustering, counted over all clusterings.
    pub(super) fn clusters(&self, clustering: usize) -> Range<usize> {
        self.offsets[clustering] as usize..self.offsets[clustering + 1] as usize
    }

    /// The cluster in `clustering` of the point at `position` of `order`, counted over all clusterings.
    pub(super) fn cluster_at(&self, position: usize, clustering: usize) -> usize {
        self.clusters[self.cell_of[position] as usize * self.clusterings() + clustering] as usize
    }

    /// The silhouette of the point at `position` of `order`, from the sum of its distances to each cluster.
    pub(super) fn silhouette(&self, sum: impl Fn(usize) -> f64, clustering: usize, position: usize) -> f64 {
        let own = self.cluster_at(position, clustering);
        if self.sizes[own] == 1 {
            return 0.0;
        }
        // The distance of the point to itself is exactly 0, so its own sum needs no correction.
        let a = sum(own) / f64::from(self.sizes[own] - 1);
        let b = self
            .clusters(clustering)
            .filter(|&cluster| cluster != own)
            .map(|cluster| sum(cluster) / f64::from(self.sizes[cluster]))
            .fold(f64::INFINITY, f64::min);
        let larger = a.max(b);
        if larger > 0.0 { (b - a) / larger } else { 0.0 }
    }
}

/// The points in the order of their clusters, those of one cluster as they were.
fn sorted_by(clusters: &Clusters, order: &[u32]) -> Vec<u32> {
    // Where the next point of each cluster belongs.
    let mut places = vec![0; clusters.iter().max().map_or(0, |last| last as usize + 1)];
    for cluster in clusters.iter() {
        places[cluster as usize] += 1;
    }
    let mut behind = 0;
    for place in &mut places {
        behind += std::mem::replace(place, behind);
    }
    let mut sorted = vec![0; order.len()];
    for &point in order {
        let place: &mut usize = &mut places[clusters.of(point as usize) as usize];
        sorted[*place] = point;
        *place += 1;
    }
    sorted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clusterings_share_a_pass_until_their_cells_take_longer_than_the_distances() {
        // Each clustering divides every cell of those before it in two.
        let halves = |bit: u32| (Clusters::new((0..64).map(move |point| point >> bit & 1), 2), 2);
        let lengths = |clusterings, dimensions| -> Vec<usize> {
            by_pass(clusterings, dimensions).iter().map(Vec::len).collect()
        };
        let all = || (0..6).map(halves).collect::<Vec<_>>();
        // 4 clusterings have 16 cells and so 64 sums, as many as points; 5 have 160.
        assert_eq!(lengths(all(), AXES_PER_SUM), [4, 2]);
        assert_eq!(lengths(all(), 100), [6]);
        assert_eq!(lengths(vec![halves(0); 50], AXES_PER_SUM), [32, 18]);
        assert_eq!(lengths(Vec::new(), 2), [0; 0]);
    }

    #[test]
    fn points_of_one_tuple_are_contiguous_in_their_order() {
        let cells = Cells::new(
            &[Clusters::new([0, 1, 0, 1, 0].into_iter(), 2), Clusters::new([0, 1, 2, 1, 0].into_iter(), 3)],
            Cancellation::never(),
        )
        .unwrap();
        assert_eq!(cells.order, [0, 4, 2, 1, 3]);
        let found: Vec<_> = cells.iter().map(|(range, clusters)| (range, clusters.to_vec())).collect();
        assert_eq!(found, [(0..2, vec![0, 2]), (2..3, vec![0, 4]), (3..5, vec![1, 3])]);
        assert_eq!(cells.sizes, [3, 2, 2, 2, 1]);
        assert_eq!((cells.clusters(0), cells.clusters(1)), (0..2, 2..5));
        assert_eq!((cells.cluster_at(2, 0), cells.cluster_at(2, 1)), (0, 4));
    }
}
