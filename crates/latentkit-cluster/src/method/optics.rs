//! OPTICS: an ordering of the points by density, and the valleys of its reachability.

use latentkit_core::config::{AtLeastTwo, Fraction, Section, SectionType};
use latentkit_core::{Cancellation, Error, Phase, Result};
use linfa::traits::Transformer as _;
use linfa_clustering::Optics as LinfaOptics;
use linfa_nn::KdTree;
use linfa_nn::distance::L2Dist;
use ndarray::{Array2, ArrayView2, Axis};
use serde::{Deserialize, Serialize};

use super::definition::{
    Definition, Density, DensityFit, Finds, Task, default_min_cluster_size, default_min_points,
};
use crate::DensityClustering;
use crate::points::check_points;

/// Points at most: linfa compares every point with all others and sorts them, on one thread.
const MOST_POINTS: usize = 10_000;

/// The table `[cluster.optics]`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Keys {
    /// Neighbours, the point itself among them, that make a point part of a core; where it is left out, twice the number
    /// of columns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    min_points: Option<AtLeastTwo>,
    /// Points of a cluster at least; where it is left out, a hundredth of the points, 5 at least.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    min_cluster_size: Option<AtLeastTwo>,
    /// The steepness of the sides of a valley: how much, relatively, the reachability falls or rises between two points.
    #[serde(default = "default_xi")]
    xi: Fraction,
}

fn default_xi() -> Fraction {
    Fraction::new(0.05).expect("a fraction")
}

impl Section for Keys {
    const NAME: &'static str = "cluster.optics";
}

pub(super) struct Optics;

impl Definition for Optics {
    fn name(&self) -> &'static str {
        "optics"
    }

    fn title(&self) -> &'static str {
        "OPTICS"
    }

    fn table(&self) -> Option<SectionType> {
        Some(SectionType::of::<Keys>())
    }

    fn finds(&self) -> Finds<'_> {
        Finds::Density(self)
    }
}

impl Density for Optics {
    fn most_points(&self) -> usize {
        MOST_POINTS
    }

    fn cluster(&self, task: &Task) -> Result<DensityFit> {
        let keys: Keys = task.options.table();
        let given = |key: Option<AtLeastTwo>| key.map(|value| value.get() as usize);
        let min_points = given(keys.min_points).unwrap_or_else(|| default_min_points(task.points));
        let min_cluster_size =
            given(keys.min_cluster_size).unwrap_or_else(|| default_min_cluster_size(task.points));
        let found = optics(task.points.values(), min_points, min_cluster_size, keys.xi.get(), task.cancel)?;
        Ok(DensityFit { found, radius: None, min_points, min_cluster_size: Some(min_cluster_size) })
    }
}

/// Clusters `points`, [n, dimensions], by OPTICS.
///
/// The core distance of a point is that to its `min_points`-th neighbour, itself included. Points are put in an order: the next
/// is always the one of least reachability, the least over the points o before it of the larger of o's core distance and the
/// distance to o. The reachability, drawn in that order, has a valley for each cluster: it begins with a steep fall, by the
/// factor 1 - `xi` at least, and ends with a steep rise. Of valleys within each other the smaller ones are the clusters; points
/// outside of all are noise. A cluster ends where its points no longer follow from points within it (the predecessor
/// correction of Schubert and Gertz), and has `min_cluster_size` points at least.
///
/// The ordering is linfa's, over the exact neighbours of linfa-nn's k-d tree in f64, with two repairs: linfa orders the first
/// point among its own neighbours, where here it is first and has no reachability; and linfa takes the last of equally
/// reachable points, where here as in scikit-learn the first is taken.
///
/// # Errors
/// Of kind config, about `cluster.optics.min-points`, when that is above n; of kind input when a coordinate is not finite; and when
/// the user interrupts.
///
/// # References
/// - M. Ankerst, M. M. Breunig, H.-P. Kriegel and J. Sander, "OPTICS: ordering points to identify the clustering structure",
///   SIGMOD 1999, 49-60.
/// - E. Schubert and M. Gertz, "Improving the cluster structure extracted from OPTICS plots", LWDA 2018, 318-329.
fn optics(
    points: ArrayView2<'_, f32>,
    min_points: usize,
    min_cluster_size: usize,
    xi: f64,
    cancel: Cancellation,
) -> Result<DensityClustering> {
    check_points(points)?;
    let count = points.nrows();
    if min_points > count {
        let message = format!("min-points = {min_points} is above the {count} points");
        return Err(Error::config("cluster.optics.min-points", message));
    }
    let phase = Phase::new(tracing::info_span!("optics", unit = "orderings"), 1);
    let _entered = phase.enter();
    let points = points.mapv(f64::from);
    // linfa cannot be interrupted.
    let (points, order) = cancel.wait_for(move || {
        let order = order(&points, min_points);
        (points, order)
    })?;
    phase.add(1);
    let reachability: Vec<f64> = order.iter().map(|place| place.reachability).collect();
    let predecessor = |place: usize| predecessor(&points, &order, place);
    let valleys = valleys(&reachability, predecessor, min_points, min_cluster_size, xi, cancel)?;
    let mut clusters = vec![None; count];
    // Smaller valleys come first.
    for (name, (start, end)) in (0..).zip(valleys) {
        if order[start..=end].iter().all(|place| clusters[place.point].is_none()) {
            order[start..=end].iter().for_each(|place| clusters[place.point] = Some(name));
        }
    }
    Ok(DensityClustering::named(&clusters))
}

/// A place in the order.
#[derive(Clone, Copy, Debug)]
struct Place {
    point: usize,
    core_distance: f64,
    /// Infinite for the first.
    reachability: f64,
}

/// The points in the order of OPTICS, the first point first, and of equally reachable ones the first.
fn order(points: &Array2<f64>, min_points: usize) -> Vec<Place> {
    // linfa takes the last of equally reachable points, so that it gets all but the first in reverse.
    let count = points.nrows();
    let given: Vec<usize> = (0..count).map(|index| (count - index) % count).collect();
    let analysis = LinfaOptics::params_with(min_points, L2Dist, KdTree::new())
        .transform(points.select(Axis(0), &given).view())
        .expect("min-points is at least 2, and the tolerance infinite");
    let mut order: Vec<Place> = analysis
        .iter()
        .map(|sample| Place {
            point: given[sample.index()],
            core_distance: sample.core_distance().unwrap_or(f64::INFINITY),
            reachability: sample.reachability_distance().unwrap_or(f64::INFINITY),
        })
        .collect();
    if let Some(place) = order.iter().position(|place| place.point == 0) {
        let first = Place { reachability: f64::INFINITY, ..order.remove(place) };
        order.insert(0, first);
    }
    order
}

/// The place of the first point from which the one at `place` has its reachability; none of the first.
fn predecessor(points: &Array2<f64>, order: &[Place], place: usize) -> Option<usize> {
    let point = points.row(order[place].point);
    let reachability = |before: &Place| {
        let squares = points.row(before.point).into_iter().zip(point).map(|(a, b)| (a - b).powi(2));
        before.core_distance.max(squares.sum::<f64>().sqrt())
    };
    (0..place)
        .map(|before| (before, reachability(&order[before])))
        .min_by(|(_, a), (_, b)| a.total_cmp(b))
        .map(|(before, _)| before)
}

/// The valleys of a reachability plot, as first and last places: the smaller of two that begin or end together first.
fn valleys(
    reachability: &[f64],
    predecessor: impl Fn(usize) -> Option<usize>,
    min_points: usize,
    min_cluster_size: usize,
    xi: f64,
    cancel: Cancellation,
) -> Result<Vec<(usize, usize)>> {
    let count = reachability.len();
    // What follows the last point is as far away as can be.
    let at = |place: usize| reachability.get(place).copied().unwrap_or(f64::INFINITY);
    let keep = 1.0 - xi;
    // Infinity over infinity is neither a fall nor a rise.
    let ratio: Vec<f64> = (0..count).map(|place| at(place) / at(place + 1)).collect();
    let is_steep_rise = |place: usize| ratio[place] <= keep;
    let is_steep_fall = |place: usize| ratio[place] >= 1.0 / keep;
    let (mut falls, mut found): (Vec<Fall>, Vec<(usize, usize)>) = (Vec::new(), Vec::new());
    let (mut index, mut highest) = (0, 0.0_f64);
    for steep in (0..count).filter(|&place| is_steep_rise(place) || is_steep_fall(place)) {
        cancel.check()?;
        if steep < index {
            continue;
        }
        highest = (index..=steep).map(at).fold(highest, f64::max);
        // A fall whose top is too low for what lies between is the side of no valley any more.
        falls.retain(|fall| highest <= at(fall.start) * keep);
        for fall in &mut falls {
            fall.highest_since = fall.highest_since.max(highest);
        }
        if is_steep_fall(steep) {
            let end = extend(count, steep, is_steep_fall, |place| ratio[place] < 1.0, min_points);
            falls.push(Fall { start: steep, end, highest_since: 0.0 });
            index = end + 1;
        } else {
            let end = extend(count, steep, is_steep_rise, |place| ratio[place] > 1.0, min_points);
            index = end + 1;
            let valley = |fall: &Fall| {
                valley(fall, (steep, end), at, keep)
                    .and_then(|(start, end)| shrink(start, end, at, &predecessor))
                    .filter(|&(start, last)| {
                        last + 1 - start >= min_cluster_size && start <= fall.end && last >= steep
                    })
            };
            found.extend(falls.iter().rev().filter_map(valley));
        }
        highest = at(index);
    }
    Ok(found)
}

/// A steep fall of the reachability.
struct Fall {
    start: usize,
    end: usize,
    /// The highest reachability after it so far.
    highest_since: f64,
}

/// The last steep place of the area that begins at `start`: it goes in one direction, with at most `most` places in a row that
/// are not steep.
fn extend(
    count: usize,
    start: usize,
    is_steep: impl Fn(usize) -> bool,
    goes_back: impl Fn(usize) -> bool,
    most: usize,
) -> usize {
    let (mut end, mut flat) = (start, 0);
    for place in start..count {
        if is_steep(place) {
            (end, flat) = (place, 0);
        } else if goes_back(place) || flat == most {
            break;
        } else {
            flat += 1;
        }
    }
    end
}

/// The valley between a steep fall and a steep rise, its sides cut to the same height; none where a point between them is too
/// high. Definition 11 of Ankerst et al., with the inequality of its condition 4c the right way round.
fn valley(
    fall: &Fall,
    (rise, last): (usize, usize),
    at: impl Fn(usize) -> f64,
    keep: f64,
) -> Option<(usize, usize)> {
    let (mut start, mut end) = (fall.start, last);
    let (top, after) = (at(fall.start), at(last + 1));
    if after * keep < fall.highest_since {
        return None;
    }
    if top * keep >= after {
        while at(start + 1) > after && start < fall.end {
            start += 1;
        }
    } else if after * keep >= top {
        while end > rise && at(end - 1) > top {
            end -= 1;
        }
    }
    Some((start, end))
}

/// The valley without the points at its end that follow from points outside of it; none where nothing is left.
fn shrink(
    start: usize,
    mut end: usize,
    at: impl Fn(usize) -> f64,
    predecessor: impl Fn(usize) -> Option<usize>,
) -> Option<(usize, usize)> {
    while start < end {
        if at(start) > at(end) || predecessor(end).is_some_and(|before| (start..end).contains(&before)) {
            return Some((start, end));
        }
        end -= 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use ndarray::array;

    use super::*;
    use crate::testing::{blobs, rng};

    /// What `tests/fixtures/optics.py` wrote.
    #[derive(Deserialize)]
    struct Fixture {
        clusterings: Vec<Expected>,
    }

    /// What scikit-learn's OPTICS makes of some points.
    #[derive(Deserialize)]
    struct Expected {
        name: String,
        points: Vec<Vec<f64>>,
        min_points: usize,
        min_cluster_size: usize,
        xi: f64,
        ordering: Vec<usize>,
        reachability: Vec<Option<f64>>,
        predecessor: Vec<Option<usize>>,
        core_distances: Vec<Option<f64>>,
        labels: Vec<i64>,
    }

    impl Expected {
        fn points(&self) -> Array2<f32> {
            Array2::from_shape_fn((self.points.len(), self.points[0].len()), |(row, axis)| {
                self.points[row][axis] as f32
            })
        }

        fn named(&self) -> DensityClustering {
            let labels: Vec<_> = self.labels.iter().map(|&label| u32::try_from(label).ok()).collect();
            DensityClustering::named(&labels)
        }

        fn what(&self) -> String {
            format!("{}, {} {} {}", self.name, self.min_points, self.min_cluster_size, self.xi)
        }
    }

    fn expected() -> Vec<Expected> {
        let fixture = include_str!("../../tests/fixtures/optics.json");
        serde_json::from_str::<Fixture>(fixture).unwrap().clusterings
    }

    #[test]
    fn valleys_are_those_of_scikit_learn() {
        let all = expected();
        for case in &all {
            let plot: Vec<f64> = case
                .ordering
                .iter()
                .map(|&point| case.reachability[point].unwrap_or(f64::INFINITY))
                .collect();
            let places: HashMap<usize, usize> =
                case.ordering.iter().enumerate().map(|(place, &point)| (point, place)).collect();
            let predecessor =
                |place: usize| case.predecessor[case.ordering[place]].map(|point| places[&point]);
            let never = Cancellation::never();
            let found =
                valleys(&plot, predecessor, case.min_points, case.min_cluster_size, case.xi, never).unwrap();
            let mut labels = vec![None; plot.len()];
            for (name, (start, end)) in (0..).zip(found) {
                if case.ordering[start..=end].iter().all(|&point| labels[point].is_none()) {
                    case.ordering[start..=end].iter().for_each(|&point| labels[point] = Some(name));
                }
            }
            assert_eq!(DensityClustering::named(&labels), case.named(), "{}", case.what());
        }
        assert_eq!(all.len(), 18, "clusterings in the fixture");
    }

    #[test]
    fn every_place_has_the_least_reachability_that_is_left() {
        for case in expected() {
            let points = case.points().mapv(f64::from);
            let order = order(&points, case.min_points);
            let distance = |a: usize, b: usize| {
                let squares = points.row(a).into_iter().zip(points.row(b)).map(|(a, b)| (a - b).powi(2));
                squares.sum::<f64>().sqrt()
            };
            let mut left: Vec<f64> = vec![f64::INFINITY; points.nrows()];
            let mut done = vec![false; points.nrows()];
            for (index, place) in order.iter().enumerate() {
                let core = case.core_distances[place.point].unwrap();
                assert!((place.core_distance - core).abs() <= 1e-12 * core, "{}", case.what());
                let least = (0..left.len()).filter(|&point| !done[point]).map(|point| left[point]);
                let least = least.fold(f64::INFINITY, f64::min);
                assert!(index == 0 || (left[place.point] - least).abs() <= 1e-12 * least, "{}", case.what());
                let own = place.reachability;
                assert!(index == 0 || (own - least).abs() <= 1e-12 * least, "{}, {own} {least}", case.what());
                assert!(!std::mem::replace(&mut done[place.point], true), "each point once");
                for point in (0..left.len()).filter(|&point| !done[point]) {
                    left[point] = left[point].min(core.max(distance(place.point, point)));
                }
            }
            assert!(done.iter().all(|&done| done));
        }
    }

    #[test]
    fn clusters_are_those_of_scikit_learn() {
        for case in expected() {
            let Expected { min_points, min_cluster_size, xi, .. } = case;
            let found = optics(case.points().view(), min_points, min_cluster_size, xi, Cancellation::never())
                .unwrap();
            assert_eq!(found, case.named(), "{}", case.what());
        }
    }

    #[test]
    fn what_cannot_be_ordered_is_refused() {
        let of = |points: &Array2<f32>, min_points| {
            optics(points.view(), min_points, 2, 0.05, Cancellation::never())
        };
        let error = of(&array![[0.0], [1.0]], 3).unwrap_err();
        assert_eq!(error.key(), Some("cluster.optics.min-points"));
        assert!(of(&array![[0.0], [f32::NAN]], 2).is_err());
        let interrupted = std::sync::atomic::AtomicBool::new(true);
        let points = blobs(&mut rng(1), 100, 2, 3);
        let error = optics(points.view(), 5, 5, 0.05, Cancellation::new(&interrupted)).unwrap_err();
        assert_eq!(error.kind(), latentkit_core::ErrorKind::Interrupted);
    }
}
