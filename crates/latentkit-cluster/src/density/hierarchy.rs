//! The clusters of all densities, and those that last longest.

use super::components::Components;
use super::spanning::Edge;

/// No cluster.
const NONE: u32 = u32::MAX;

/// The condensed tree: clusters that split into clusters as the density grows, and lose points on the way. Densities are
/// inverse distances. Clusters are numbered from the leaves up.
#[derive(Debug, Default)]
struct Condensed {
    clusters: Vec<Cluster>,
    /// The cluster that each point leaves last, [`NONE`] if it was in none, and the density at which it does: [n].
    exits: Vec<(u32, f64)>,
}

/// A cluster of the condensed tree.
#[derive(Clone, Copy, Debug)]
struct Cluster {
    /// The cluster from which it splits off; the root has none.
    parent: Option<u32>,
    /// The density at which it does, 0 for the root.
    birth: f64,
    /// Number of its points then.
    size: u32,
}

/// The cluster of each point, by the excess of mass, from the edges of a minimum spanning tree of `count` points.
pub(super) fn clusters(count: usize, edges: Vec<Edge>, min_cluster_size: usize) -> Vec<Option<u32>> {
    let condensed = Condensed::new(count, edges, min_cluster_size);
    let owners = condensed.select();
    let owner = |&(cluster, _): &(u32, f64)| (cluster != NONE).then(|| owners[cluster as usize]).flatten();
    condensed.exits.iter().map(owner).collect()
}

impl Condensed {
    /// Joins the points along the edges, the shortest first. Edges of one length are taken at once, so that the result
    /// depends neither on their order nor on which minimum spanning tree they are of.
    fn new(count: usize, mut edges: Vec<Edge>, min_cluster_size: usize) -> Self {
        edges.sort_unstable_by(|a, b| a.square.total_cmp(&b.square));
        let mut growth = Growth {
            condensed: Self { clusters: Vec::new(), exits: vec![(NONE, 0.0); count] },
            sets: Components::new(count),
            parts: vec![Part { size: 1, cluster: NONE }; count],
            next: (0..count as u32).collect(),
            min_cluster_size,
        };
        // Lengths are compared, and not their squares, some of which have the same root.
        for edges in edges.chunk_by(|a, b| a.square.sqrt().total_cmp(&b.square.sqrt()).is_eq()) {
            growth.join(edges);
        }
        growth.condensed
    }

    /// For each cluster, the selected one to which its points belong: itself or one above it.
    ///
    /// The stability of a cluster is the sum over its points of how much denser it is where they leave it than where it
    /// appears. Selected are the clusters of the largest total stability of which none holds another; of equal ones, the
    /// larger cluster. The root is never selected.
    fn select(&self) -> Vec<Option<u32>> {
        let mut stability = vec![0.0; self.clusters.len()];
        for &(cluster, density) in self.exits.iter().filter(|exit| exit.0 != NONE) {
            stability[cluster as usize] += density - self.clusters[cluster as usize].birth;
        }
        for cluster in &self.clusters {
            if let Some(parent) = cluster.parent {
                let since = cluster.birth - self.clusters[parent as usize].birth;
                stability[parent as usize] += since * f64::from(cluster.size);
            }
        }
        // Children have lower numbers than their parents.
        let mut below = vec![0.0; self.clusters.len()];
        let mut selected = vec![false; self.clusters.len()];
        for (number, cluster) in self.clusters.iter().enumerate() {
            if let Some(parent) = cluster.parent {
                selected[number] = below[number] <= stability[number];
                below[parent as usize] += if selected[number] { stability[number] } else { below[number] };
            }
        }
        let mut owners: Vec<Option<u32>> = vec![None; self.clusters.len()];
        for (number, cluster) in self.clusters.iter().enumerate().rev() {
            let above = cluster.parent.and_then(|parent| owners[parent as usize]);
            owners[number] = above.or(selected[number].then_some(number as u32));
        }
        owners
    }
}

/// A set of points while the edges are taken.
#[derive(Clone, Copy, Debug)]
struct Part {
    size: u32,
    /// The cluster that it is, [`NONE`] while it has too few points.
    cluster: u32,
}

struct Growth {
    condensed: Condensed,
    sets: Components,
    /// By the names of the sets.
    parts: Vec<Part>,
    /// The next point of a set that is no cluster, the first one after the last: [n].
    next: Vec<u32>,
    min_cluster_size: usize,
}

impl Growth {
    /// Joins the sets at the ends of edges of one length.
    fn join(&mut self, edges: &[Edge]) {
        let length = edges[0].square.sqrt();
        let density = if length > 0.0 { length.recip() } else { f64::INFINITY };
        let mut old: Vec<u32> =
            edges.iter().flat_map(|edge| edge.ends).map(|end| self.sets.find(end)).collect();
        old.sort_unstable();
        old.dedup();
        for edge in edges {
            self.sets.join(edge.ends[0], edge.ends[1]);
        }
        let mut joined: Vec<(u32, u32)> = old.into_iter().map(|old| (self.sets.find(old), old)).collect();
        joined.sort_unstable();
        for sets in joined.chunk_by(|a, b| a.0 == b.0) {
            self.join_sets(sets[0].0, sets, density);
        }
    }

    /// Makes one set of several, which are the second of each pair.
    fn join_sets(&mut self, name: u32, sets: &[(u32, u32)], density: f64) {
        let parts: Vec<(u32, Part)> = sets.iter().map(|&(_, set)| (set, self.parts[set as usize])).collect();
        let size: u32 = parts.iter().map(|(_, part)| part.size).sum();
        let (small, children): (Vec<_>, Vec<_>) =
            parts.into_iter().partition(|(_, part)| part.cluster == NONE);
        let cluster = match children[..] {
            [] if (size as usize) < self.min_cluster_size => {
                for &(set, _) in &small[1..] {
                    // Two rings become one.
                    self.next.swap(small[0].0 as usize, set as usize);
                }
                NONE
            }
            [(_, child)] => child.cluster,
            _ => {
                let number = self.condensed.clusters.len() as u32;
                self.condensed.clusters.push(Cluster { parent: None, birth: 0.0, size });
                for (_, child) in &children {
                    self.condensed.clusters[child.cluster as usize] =
                        Cluster { parent: Some(number), birth: density, size: child.size };
                }
                number
            }
        };
        if cluster != NONE {
            for (set, _) in small {
                self.leave(set, cluster, density);
            }
        }
        self.parts[name as usize] = Part { size, cluster };
    }

    /// Notes that the points of a set that is no cluster leave `cluster`.
    fn leave(&mut self, set: u32, cluster: u32, density: f64) {
        let mut point = set;
        loop {
            self.condensed.exits[point as usize] = (cluster, density);
            point = self.next[point as usize];
            if point == set {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edge(length: f64, ends: [u32; 2]) -> Edge {
        Edge { square: length * length, ends }
    }

    #[test]
    fn a_tree_by_hand() {
        // 0-1-2 at distance 1, 3-4-5 at 1/2, both joined at 4, and 6 at 8.
        let edges = vec![
            edge(8.0, [6, 0]),
            edge(1.0, [0, 1]),
            edge(0.5, [4, 3]),
            edge(4.0, [2, 3]),
            edge(1.0, [1, 2]),
            edge(0.5, [5, 4]),
        ];
        let condensed = Condensed::new(7, edges.clone(), 3);
        let clusters: Vec<_> =
            condensed.clusters.iter().map(|cluster| (cluster.parent, cluster.birth, cluster.size)).collect();
        assert_eq!(clusters, [(Some(2), 0.25, 3), (Some(2), 0.25, 3), (None, 0.0, 6)]);
        let dense = (0, 2.0);
        let loose = (1, 1.0);
        assert_eq!(condensed.exits, [loose, loose, loose, dense, dense, dense, (2, 0.125)]);
        let expected = [Some(1), Some(1), Some(1), Some(0), Some(0), Some(0), None];
        assert_eq!(super::clusters(7, edges.clone(), 3), expected);
        // With four points in a cluster there is but the root.
        assert_eq!(super::clusters(7, edges, 4), [None; 7]);
    }

    #[test]
    fn edges_of_one_length_are_taken_at_once() {
        // Two groups of three and a point between them that is as far from both: no order puts it into one of them.
        let between = [edge(2.0, [0, 3]), edge(2.0, [3, 4])];
        let groups = [edge(1.0, [0, 1]), edge(1.0, [1, 2]), edge(1.0, [4, 5]), edge(1.0, [5, 6])];
        for between in [between, [between[1], between[0]]] {
            let found = super::clusters(7, [between.to_vec(), groups.to_vec()].concat(), 3);
            assert_eq!(found, [Some(0), Some(0), Some(0), None, Some(1), Some(1), Some(1)]);
        }
    }

    #[test]
    fn a_cluster_is_kept_when_it_lasts_longer_than_its_parts() {
        // Two groups of three that are joined soon, and a third one far away.
        let near = |between: f64| {
            vec![
                edge(1.0, [0, 1]),
                edge(1.0, [1, 2]),
                edge(1.0, [3, 4]),
                edge(1.0, [4, 5]),
                edge(between, [2, 3]),
                edge(1.0, [6, 7]),
                edge(1.0, [7, 8]),
                edge(100.0, [5, 6]),
            ]
        };
        // 6 (1/1.25 - 1/100) against 6 (1/1 - 1/1.25), and the other way round for 10.
        let found = super::clusters(9, near(1.25), 3);
        assert!(found[..6].iter().all(|cluster| cluster.is_some() && *cluster == found[0]), "{found:?}");
        let found = super::clusters(9, near(10.0), 3);
        assert!(found[0] == found[2] && found[3] == found[5] && found[2] != found[3], "{found:?}");
    }
}
