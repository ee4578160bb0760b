//! Which cluster each point belongs to while the centroids move.

use latentkit_core::Cancellation;
use ndarray::{Array2, ArrayView1, Axis};
use rayon::prelude::*;

use super::nearest::{Exact, Found, Tiles};
use crate::prepared::{GROUP, LANES, Prepared, ROUNDOFF};
use crate::simd::{Routine, Simd};

/// Open points of a block of 16 up to which these are copied and not all of it is looked at: of few dimensions, and of [`WIDE`]
/// ones on, where copying takes longer.
const FEW: [usize; 2] = [8, 3];

/// Dimensions from which on the second one holds.
const WIDE: usize = 256;

/// The clusters of all points, with the sums that their means follow from.
///
/// Most points are far from the border of their cluster and need not be looked at in every iteration. By the triangle
/// inequality, the nearest centroid of a point stays the nearest until it and the fastest other one have moved by as much
/// together as the second nearest was farther (G. Hamerly, "Making k-means even faster", SIAM SDM 2010). Here each
/// point has one number, that distance plus what the centroids had moved before, to compare with what they have moved.
pub(super) struct Assignment<'a> {
    simd: Simd,
    points: &'a Prepared<'a>,
    /// When the user interrupts, parts of the points are left out.
    cancel: Cancellation<'a>,
    /// Whether several threads work on it.
    parallel: bool,
    /// Cluster of each point: [n].
    clusters: Vec<u32>,
    /// Its cluster is certain while `moved` of it is below this: [n].
    certain: Vec<f32>,
    /// How far each centroid and the fastest other one have moved together, in units of the blocks: [k].
    moved: Vec<f64>,
    /// Sum of the points of each cluster: [k, dimensions].
    sums: Array2<f64>,
    /// Points of each cluster: [k].
    counts: Vec<u32>,
    parts: Vec<Changes>,
    /// Whether the sums were added up from all points after the last change.
    fresh: bool,
    /// Whether the points have been assigned at all.
    started: bool,
}

/// What an iteration changes in the sums of a part of the points.
struct Changes {
    sums: Vec<f64>,   // [k, dimensions]
    counts: Vec<i32>, // [k]; wraps only with more points than a u32 numbers
    points: usize,
}

impl<'a> Assignment<'a> {
    /// Every point in cluster 0, and nothing certain.
    pub(super) fn new(
        simd: Simd,
        points: &'a Prepared<'a>,
        k: usize,
        parallel: bool,
        cancel: Cancellation<'a>,
    ) -> Self {
        let (count, dimensions) = (points.count(), points.dimensions());
        let parts = count.div_ceil(points.part(k));
        let changes = || Changes { sums: vec![0.0; k * dimensions], counts: vec![0; k], points: 0 };
        Self {
            simd,
            points,
            cancel,
            parallel,
            clusters: vec![0; count],
            certain: vec![f32::NEG_INFINITY; count],
            moved: vec![0.0; k],
            sums: Array2::zeros((k, dimensions)),
            counts: vec![0; k],
            parts: (0..parts).map(|_| changes()).collect(),
            fresh: false,
            started: false,
        }
    }

    /// The cluster of each point: [n].
    pub(super) fn into_clusters(self) -> Vec<u32> {
        self.clusters
    }

    /// Moves each point to the cluster of the nearest of `centroids`, [k, dimensions]; of equally near ones, the first.
    /// Returns whether any point moved. The first time nearly every point does; then it is said of all, and the sums
    /// are left to [`recount`](Self::recount).
    pub(super) fn update(&mut self, centroids: &Array2<f64>) -> bool {
        let points = self.points;
        let part = points.part(centroids.nrows());
        let tiles = Tiles::new(points, centroids.view());
        let exact = Exact::new(centroids.view());
        let bound = |factor: f32| self.moved.iter().map(|&moved| moved as f32 * factor).collect::<Vec<_>>();
        let (below, above) = (bound(1.0 - 4.0 * ROUNDOFF), bound(1.0 + 4.0 * ROUNDOFF));
        let (started, cancel) = (self.started, self.cancel);
        let update = |index: usize, clusters: &mut [u32], certain: &mut [f32], changes: &mut Changes| {
            if cancel.requested() {
                return;
            }
            let first = index * part;
            let moved = Moved { below: &below, above: &above };
            self.simd.call(Update {
                points,
                tiles: &tiles,
                exact: &exact,
                moved,
                first,
                clusters,
                certain,
                changes: started.then_some(changes),
            });
        };
        if self.parallel {
            let clusters = self.clusters.par_chunks_mut(part).zip(self.certain.par_chunks_mut(part));
            clusters.zip(self.parts.par_iter_mut()).enumerate().for_each(
                |(index, ((clusters, certain), changes))| update(index, clusters, certain, changes),
            );
        } else {
            let clusters = self.clusters.chunks_mut(part).zip(self.certain.chunks_mut(part));
            for (index, ((clusters, certain), changes)) in clusters.zip(&mut self.parts).enumerate() {
                update(index, clusters, certain, changes);
            }
        }
        if self.started {
            return self.add_changes();
        }
        self.started = true;
        true
    }

    /// Adds the changes of the parts to the sums, in the order of the parts.
    fn add_changes(&mut self) -> bool {
        let mut changed = false;
        for changes in self.parts.iter_mut().filter(|changes| changes.points > 0) {
            for (sum, change) in self.sums.iter_mut().zip(&mut changes.sums) {
                *sum += std::mem::take(change);
            }
            for (count, change) in self.counts.iter_mut().zip(&mut changes.counts) {
                *count = count.wrapping_add_signed(std::mem::take(change));
            }
            changes.points = 0;
            changed = true;
        }
        self.fresh &= !changed;
        changed
    }

    /// Adds all points to the sums anew, so that no rounding of past changes is left in them. Returns whether there had
    /// been any.
    pub(super) fn recount(&mut self) -> bool {
        if self.fresh {
            return false;
        }
        self.sums.fill(0.0);
        self.counts.fill(0);
        let (points, cancel) = (self.points, self.cancel);
        let part = points.part(self.counts.len());
        let simd = self.simd;
        let add = |index: usize, clusters: &[u32], changes: &mut Changes| {
            if !cancel.requested() {
                simd.call(Add { points, first: index * part, clusters, changes });
            }
        };
        if self.parallel {
            let parts = self.clusters.par_chunks(part).zip(self.parts.par_iter_mut()).enumerate();
            parts.for_each(|(index, (clusters, changes))| add(index, clusters, changes));
        } else {
            for (index, (clusters, changes)) in self.clusters.chunks(part).zip(&mut self.parts).enumerate() {
                add(index, clusters, changes);
            }
        }
        self.add_changes();
        self.fresh = true;
        true
    }

    /// Gives each empty cluster the point farthest from its centroid, the first of equally far ones, out of those whose
    /// cluster has others.
    pub(super) fn fill_empty_clusters(&mut self, centroids: &Array2<f64>) {
        for empty in 0..self.counts.len() {
            if self.counts[empty] > 0 {
                continue;
            }
            let mut farthest = None;
            for (point, &cluster) in self.clusters.iter().enumerate() {
                // A point that has just been given a cluster of its own is alone there.
                if self.counts[cluster as usize] > 1 {
                    let centroid = centroids.row(cluster as usize);
                    let squared = self.points.squared_distance(point, slice(centroid));
                    if farthest.is_none_or(|(_, most)| squared > most) {
                        farthest = Some((point, squared));
                    }
                }
            }
            let Some((point, _)) = farthest else { return };
            let changes = &mut self.parts[0];
            changes.move_point(self.points, point, self.clusters[point], empty as u32);
            self.clusters[point] = empty as u32;
            self.certain[point] = f32::NEG_INFINITY;
            self.add_changes();
        }
    }

    /// The mean of each cluster, none of which may be empty: [k, dimensions].
    pub(super) fn means(&self) -> Array2<f64> {
        let mut means = self.sums.clone();
        for (mut mean, &count) in means.axis_iter_mut(Axis(0)).zip(&self.counts) {
            mean /= f64::from(count);
        }
        means
    }

    /// Takes note that the centroids move.
    pub(super) fn move_centroids(&mut self, from: &Array2<f64>, to: &Array2<f64>) {
        // A part in 1e9 more than rounds off.
        let scale = self.points.scale() * (1.0 + 1e-9);
        let distance = |(from, to): (ArrayView1<'_, f64>, ArrayView1<'_, f64>)| {
            from.iter().zip(to).map(|(a, b)| (a - b) * (a - b)).sum::<f64>().sqrt() * scale
        };
        let steps: Vec<f64> = from.rows().into_iter().zip(to.rows()).map(distance).collect();
        let (mut fastest, mut second) = (0, 0.0_f64);
        for (cluster, &step) in steps.iter().enumerate().skip(1) {
            if step > steps[fastest] {
                (fastest, second) = (cluster, steps[fastest]);
            } else {
                second = second.max(step);
            }
        }
        for (cluster, (moved, step)) in self.moved.iter_mut().zip(&steps).enumerate() {
            *moved += step + if cluster == fastest { second } else { steps[fastest] };
        }
    }

    /// Sum of the squared distances of the points to their centroids, the means of their clusters: that to the mean of all,
    /// less that of the centroids. Where little is left of it, and digits are lost, it is added up as by
    /// [`inertia`](Self::inertia).
    pub(super) fn inertia_of_means(&self, centroids: &Array2<f64>) -> f64 {
        let spread = self.points.spread();
        let square = |centroid: ArrayView1<'_, f64>| centroid.iter().map(|value| value * value).sum::<f64>();
        let between =
            centroids.rows().into_iter().zip(&self.counts).map(|(at, &n)| f64::from(n) * square(at));
        let within = spread - between.sum::<f64>();
        if within > 1e-3 * spread { within } else { self.inertia(centroids) }
    }

    /// Sum of the squared distances of the points to their centroids.
    pub(super) fn inertia(&self, centroids: &Array2<f64>) -> f64 {
        let part = self.points.part(centroids.nrows());
        let of_part = |(index, clusters): (usize, &[u32])| -> f64 {
            if self.cancel.requested() {
                return 0.0;
            }
            let of_point = |(point, &cluster): (usize, &u32)| {
                self.points.squared_distance(point, slice(centroids.row(cluster as usize)))
            };
            (index * part..).zip(clusters).map(of_point).sum()
        };
        if self.parallel {
            let parts: Vec<f64> = self.clusters.par_chunks(part).enumerate().map(of_part).collect();
            parts.iter().sum()
        } else {
            self.clusters.chunks(part).enumerate().map(of_part).sum()
        }
    }
}

fn slice(centroid: ArrayView1<'_, f64>) -> &[f64] {
    centroid.to_slice().expect("centroids lie row by row")
}

/// Adds a part of the points to the sums of their clusters.
struct Add<'a> {
    points: &'a Prepared<'a>,
    first: usize,
    clusters: &'a [u32],
    changes: &'a mut Changes,
}

impl Routine for Add<'_> {
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "to be compiled for the instruction set of the caller")]
    fn run<const FMA: bool>(self) {
        for (point, &cluster) in (self.first..).zip(self.clusters) {
            self.changes.add(self.points, point, cluster);
        }
    }
}

#[expect(clippy::inline_always, reason = "to be compiled for the instruction set of the caller")]
impl Changes {
    #[inline(always)]
    fn add(&mut self, points: &Prepared<'_>, point: usize, cluster: u32) {
        let (cluster, dimensions) = (cluster as usize, points.dimensions());
        let sums = &mut self.sums[cluster * dimensions..(cluster + 1) * dimensions];
        for (sum, value) in sums.iter_mut().zip(points.row(point)) {
            *sum += value;
        }
        self.counts[cluster] += 1;
        self.points += 1;
    }

    #[inline(always)]
    fn move_point(&mut self, points: &Prepared<'_>, point: usize, from: u32, to: u32) {
        self.add(points, point, to);
        let (from, dimensions) = (from as usize, points.dimensions());
        let sums = &mut self.sums[from * dimensions..(from + 1) * dimensions];
        for (sum, value) in sums.iter_mut().zip(points.row(point)) {
            *sum -= value;
        }
        self.counts[from] -= 1;
    }
}

/// Bounds in f32 of how far the centroids have moved: [k].
#[derive(Clone, Copy)]
struct Moved<'a> {
    below: &'a [f32],
    above: &'a [f32],
}

/// The update of a part of the points.
struct Update<'a> {
    points: &'a Prepared<'a>,
    tiles: &'a Tiles,
    exact: &'a Exact,
    moved: Moved<'a>,
    /// Number of the part's first point, a multiple of [`GROUP`].
    first: usize,
    clusters: &'a mut [u32],
    certain: &'a mut [f32],
    /// What the sums change by, unless they are added up later.
    changes: Option<&'a mut Changes>,
}

impl Routine for Update<'_> {
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "to be compiled for the instruction set of the caller")]
    fn run<const FMA: bool>(mut self) {
        let dimensions = self.points.dimensions();
        let few = FEW[usize::from(dimensions >= WIDE)];
        let mut gathered = vec![[0.0; LANES]; (GROUP / LANES * few).div_ceil(LANES) * dimensions];
        let (mut products, mut scratch) = (Vec::new(), Vec::new());
        for start in (0..self.clusters.len()).step_by(GROUP) {
            let length = GROUP.min(self.clusters.len() - start);
            let block = (self.first + start) / LANES;
            let known = self.clusters[start..start + length].iter().zip(&self.certain[start..start + length]);
            let is_open = |(&cluster, &certain): (&u32, &f32)| certain <= self.moved.above[cluster as usize];
            let mut is_open = known.map(is_open);
            let (mut whole, mut copied) = ([false; GROUP / LANES], [0_u16; GROUP]);
            let mut count = 0;
            for (offset, whole) in whole.iter_mut().enumerate().take(length.div_ceil(LANES)) {
                let first = count;
                for (lane, is_open) in is_open.by_ref().take(LANES).enumerate() {
                    copied[count] = (offset * LANES + lane) as u16;
                    count += usize::from(is_open);
                }
                *whole = count - first > few;
                count = if *whole { first } else { count };
            }
            for (offset, _) in whole.iter().enumerate().filter(|(_, whole)| **whole) {
                let (block, squares) =
                    (self.points.block(block + offset), self.points.squares(block + offset));
                let found = self.tiles.nearest::<FMA>(block, squares, &mut products);
                for lane in 0..LANES.min(length - offset * LANES) {
                    self.settle(start + offset * LANES + lane, &found, lane, &mut scratch);
                }
            }
            if count > 0 {
                // The points are copied all before any is used: what has just been written in narrow pieces cannot be
                // read in wide ones at once.
                let open = &copied[..count];
                for (numbers, to) in open.chunks(LANES).zip(gathered.chunks_exact_mut(dimensions)) {
                    for (lane, &number) in numbers.iter().enumerate() {
                        let row = self.points.scaled_row(self.first + start + usize::from(number));
                        for (to, from) in to.iter_mut().zip(row) {
                            to[lane] = from;
                        }
                    }
                    // The lanes behind the last point repeat it.
                    for to in to.iter_mut().filter(|_| numbers.len() < LANES) {
                        let last = to[numbers.len() - 1];
                        to[numbers.len()..].fill(last);
                    }
                }
                for (numbers, gathered) in open.chunks(LANES).zip(gathered.chunks_exact(dimensions)) {
                    let mut squares = [0.0; LANES];
                    for (lane, square) in squares.iter_mut().enumerate() {
                        let number = usize::from(numbers[lane.min(numbers.len() - 1)]);
                        *square = self.points.squares(block + number / LANES)[number % LANES];
                    }
                    let found = self.tiles.nearest::<FMA>(gathered, &squares, &mut products);
                    for (lane, &number) in numbers.iter().enumerate() {
                        self.settle(start + usize::from(number), &found, lane, &mut scratch);
                    }
                }
            }
        }
    }
}

impl Update<'_> {
    /// Moves a point of the part to its nearest centroid.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "to be compiled for the instruction set of the caller")]
    fn settle(&mut self, point: usize, found: &Found, lane: usize, scratch: &mut Vec<f64>) {
        let (mut cluster, mut margin) = (found.clusters[lane], found.margins[lane]);
        if margin.is_nan() || margin <= 0.0 {
            (cluster, margin) = self.exact.nearest(self.points, self.first + point, scratch);
        }
        let before = std::mem::replace(&mut self.clusters[point], cluster);
        self.certain[point] = (margin + self.moved.below[cluster as usize]) * (1.0 - 4.0 * ROUNDOFF);
        if cluster != before
            && let Some(changes) = &mut self.changes
        {
            changes.move_point(self.points, self.first + point, before, cluster);
        }
    }
}
