//! What both charts of labels in clusters share.

use crate::contingency::Contingency;
use crate::frame::{MARGIN, TITLE_HEIGHT};
use crate::legend::Legend;
use crate::palette;
use crate::scale::Axis;

/// Height of the picture, in logical pixels like everything below.
const HEIGHT: f64 = 480.0;
/// Height of the axis below the plot.
const AXIS_HEIGHT: f64 = 44.0;
/// Width of the margins and of the axis at the left.
const SIDES: f64 = 120.0;
/// Narrowest and widest plot; more bars than fit into the widest become thinner.
const NARROWEST: f64 = 660.0;
const WIDEST: f64 = 2400.0;
/// The most clusters of which each has a name below.
const NAMED_CLUSTERS: usize = 60;

/// Size of a picture whose clusters take `cluster_width` each, where that is possible.
pub(super) fn size(contingency: &Contingency, cluster_width: f64) -> (u32, u32) {
    let plot = (contingency.clusters.len() as f64 * cluster_width).clamp(NARROWEST, WIDEST);
    ((SIDES + plot + legend(contingency, Order::Down).width()).ceil() as u32, HEIGHT as u32)
}

/// Where the first label is.
#[derive(Clone, Copy)]
pub(super) enum Order {
    /// At the top.
    Down,
    /// At the bottom, as in a stack.
    Up,
}

/// The legend of the labels.
pub(super) fn legend(contingency: &Contingency, order: Order) -> Legend<'_> {
    let labels = contingency.labels.iter().enumerate();
    let mut entries: Vec<_> = labels.map(|(index, name)| (name.as_str(), palette::color(index))).collect();
    if let Order::Up = order {
        entries.reverse();
    }
    Legend::new(entries, HEIGHT - 2.0 * MARGIN - TITLE_HEIGHT - AXIS_HEIGHT)
}

/// The axes of clusters and of points up to a number.
pub(super) fn axes(contingency: &Contingency, points: usize) -> (Axis, Axis) {
    let x = Axis::whole("cluster", &contingency.clusters, 0.6, NAMED_CLUSTERS);
    (x, Axis::over("points", [0.0, points.max(1) as f64], 6))
}
