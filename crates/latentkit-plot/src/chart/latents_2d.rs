//! The points on their first two principal components, coloured by label and by cluster.

use std::borrow::Cow;

use plotters::element::{Circle, EmptyElement, Rectangle, Text as TextElement};
use plotters::style::text_anchor::{HPos, VPos};
use plotters::style::{Color, RGBColor};

use super::definition::{Chart, Made, Slot};
use crate::canvas::{Area, Drawn, px};
use crate::experiment::Experiment;
use crate::frame::{self, BESIDE_DATA, Grid, MARGIN, SUBTITLE_HEIGHT, TITLE_HEIGHT};
use crate::scale::Axis;
use crate::style::{self, Text};
use crate::{format, palette};

/// Points that are drawn, at most.
const SAMPLE: usize = 5000;
/// Points are drawn in so many layers, so that no group lies on top of all others.
const LAYERS: usize = 10;
/// Radius of a point, in logical pixels like everything below.
const RADIUS: f64 = 1.75;
/// Width of a panel beside another one, and of one alone.
const HALF: f64 = 448.0;
const WHOLE: f64 = 640.0;
/// Room between two panels.
const BETWEEN: f64 = 24.0;
const HEADING: f64 = 26.0;
/// Lowest and highest plot.
const LOWEST: f64 = 240.0;
const HIGHEST: f64 = 480.0;
/// Labels and clusters that have a colour each; the others are grey.
const COLORED_LABELS: usize = 12;
const COLORED_CLUSTERS: usize = 30;
const OTHERS: RGBColor = RGBColor(0xcf, 0xd4, 0xd9);
/// Radius of the disc that a number stands on.
const MARK: f64 = 9.5;
/// The most clusters that have their number on the plot.
const NUMBERED: usize = 40;
/// Height of a row of the legend, width of a swatch in it, widest name, and the room between entries.
const ROW: f64 = 21.0;
const SWATCH: f64 = 16.0;
const NAME: f64 = 130.0;
const GAP: f64 = 14.0;

/// A sample of the points.
pub(crate) struct Scatter<'a> {
    points: Vec<(f64, f64)>,
    /// All points that there are.
    all: usize,
    explained: Vec<f64>,
    panels: Vec<Panel<'a>>,
    /// Whether the experiment has a section on its latents, which the points then are.
    of_latents: bool,
}

/// The name of a label or a cluster, with its colour.
type Group<'a> = (Cow<'a, str>, RGBColor);

/// The points in the colours of their groups.
struct Panel<'a> {
    heading: &'static str,
    /// Each group with its colour; the last one stands for all that have none of their own.
    groups: Vec<Group<'a>>,
    /// The group of each point of the sample.
    members: Vec<usize>,
    /// Texts at the middle of a group.
    marks: Vec<(String, (f64, f64))>,
}

impl<'a> Scatter<'a> {
    /// None where nothing was clustered.
    pub(super) fn new(experiment: &'a Experiment) -> Option<Self> {
        let projection = experiment.projection.as_ref()?;
        let all = projection.ids.len();
        let sample = sample(all);
        let sampled = |group: &dyn Fn(usize) -> usize| sample.iter().map(|&row| group(row)).collect();
        let point = |row: usize| (f64::from(projection.pc1[row]), f64::from(projection.pc2[row]));
        let mut panels = Vec::new();
        // The labels are those of the latents, so they are known only where these are the points.
        if let Some(latents) = &experiment.latents
            && let Some(labels) = &latents.labels
            && let Some(codes) = labels.codes.iter().copied().collect::<Option<Vec<u32>>>()
            && experiment.clustered_latents
            && latents.ids == projection.ids
        {
            let names = labels.names.iter().map(|name| Cow::Borrowed(name.as_str())).collect();
            let members = sampled(&|row| codes[row] as usize);
            panels.push(Panel::new("By label", names, members, COLORED_LABELS));
        }
        if let Some(clusters) = &experiment.members
            && clusters.ids == projection.ids
        {
            let of = |row: usize| clusters.clusters[row] as usize;
            let count = (0..all).map(of).max().map_or(0, |last| last + 1);
            let names = (0..count).map(|cluster| Cow::Owned(cluster.to_string())).collect();
            let members = sampled(&of);
            let mut panel = Panel::new("By cluster", names, members, COLORED_CLUSTERS);
            if count <= NUMBERED {
                panel.marks = middles(count, (0..all).map(|row| (of(row), point(row))));
            }
            panels.push(panel);
        }
        let explained = experiment.cluster.as_ref().map(|stage| stage.summary.explained_variance.clone());
        (all > 0 && !panels.is_empty()).then(|| Self {
            points: sample.into_iter().map(point).collect(),
            all,
            explained: explained.unwrap_or_default(),
            panels,
            of_latents: experiment.export.is_some(),
        })
    }

    fn panel_width(&self) -> f64 {
        if self.panels.len() == 1 { WHOLE } else { HALF }
    }

    fn legend_height(&self) -> f64 {
        let rows =
            |panel: &Panel| panel.legend(self.panel_width()).last().map_or(0.0, |(_, (_, top))| top + ROW);
        self.panels.iter().map(rows).fold(0.0, f64::max)
    }

    fn axes(&self) -> (Axis, Axis) {
        let title = |component: usize| match self.explained.get(component - 1) {
            Some(share) => format!("component {component} ({} of variance)", format::percent(*share)),
            None => format!("component {component}"),
        };
        let x = Axis::over(title(1), self.points.iter().map(|point| point.0), 7);
        let y = Axis::over(title(2), self.points.iter().map(|point| point.1), 6);
        (x, y)
    }

    /// Height of the data: a unit is as long on both axes, where that is neither too low nor too high.
    fn data_height(&self) -> f64 {
        let (x, y) = self.axes();
        let width = self.panel_width() - frame::left_of_plot(&y);
        let span = |axis: &Axis| axis.range.end - axis.range.start;
        (width * span(&y) / span(&x)).clamp(LOWEST, HIGHEST)
    }

    fn draw_panel(&self, area: &Area, panel: &Panel) -> Drawn {
        let (heading, rest) = area.split_vertically(px(HEADING));
        let (body, legend) = rest.split_vertically(px(self.data_height() + BESIDE_DATA));
        let (x, y) = self.axes();
        let left = px(frame::left_of_plot(&y));
        heading.draw_text(panel.heading, &Text::HEADING.at(HPos::Left, VPos::Top), (left, px(4.0)))?;
        let plot = frame::plot(&body, x, y, Grid::Both)?;
        let plotting = plot.plotting_area();

        // The sample comes in a mixed order already.
        let order: Vec<usize> = (0..self.points.len()).collect();
        for layer in order.chunks(order.len().div_ceil(LAYERS)) {
            let mut layer = layer.to_vec();
            // The SVG has one element for the points of a group in a layer. The grey ones lie below.
            layer.sort_by_key(|&point| std::cmp::Reverse(panel.members[point]));
            for point in layer {
                let color = panel.groups[panel.members[point]].1;
                plotting.draw(&Circle::new(self.points[point], px(RADIUS), color.filled()))?;
            }
        }
        let places = panel.marks.iter().map(|(_, middle)| plotting.map_coordinate(middle)).collect();
        for ((mark, middle), place) in panel.marks.iter().zip(apart(places)) {
            let disc = Circle::new(place, px(MARK), style::PAPER.filled());
            let ring = Circle::new(place, px(MARK), style::line(style::INK, 1.0));
            let look = Text { size: style::SMALL_SIZE, ..Text::HEADING }.at(HPos::Center, VPos::Center);
            let number = TextElement::new(mark.clone(), place, look);
            plotting.draw(&(EmptyElement::at(*middle) + disc + ring + number))?;
        }
        for ((name, color), (left, top)) in panel.legend(self.panel_width()) {
            let swatch = [(px(left), px(top + 6.0)), (px(left + 11.0), px(top + 17.0))];
            legend.draw(&Rectangle::new(swatch, color.filled()))?;
            let place = (px(left + SWATCH), px(top + 11.5));
            let name = Text::BODY.fit(name, NAME);
            legend.draw_text(&name, &Text::BODY.at(HPos::Left, VPos::Center), place)?;
        }
        Ok(())
    }
}

impl<'a> Panel<'a> {
    /// The first `colored` groups have a colour each, the others one together.
    fn new(heading: &'static str, names: Vec<Cow<'a, str>>, mut members: Vec<usize>, colored: usize) -> Self {
        let others = names.len().saturating_sub(colored);
        let names = names.into_iter().take(colored).enumerate();
        let mut groups: Vec<_> = names.map(|(index, name)| (name, palette::color(index))).collect();
        if others > 0 {
            groups.push((Cow::Owned(format!("{others} others")), OTHERS));
            for member in &mut members {
                *member = (*member).min(colored);
            }
        }
        Self { heading, groups, members, marks: Vec::new() }
    }

    /// The entries of the legend, each with its left and its top.
    fn legend(&self, width: f64) -> Vec<(&Group<'a>, (f64, f64))> {
        let (mut left, mut top) = (0.0, 8.0);
        let mut entries = Vec::new();
        for group in &self.groups {
            let entry = SWATCH + Text::BODY.width(&group.0).min(NAME);
            if left > 0.0 && left + entry > width {
                (left, top) = (0.0, top + ROW);
            }
            entries.push((group, (left, top)));
            left += entry + GAP;
        }
        entries
    }
}

/// The mean of the points of each group, with the number of the group; none of an empty one.
fn middles(count: usize, points: impl Iterator<Item = (usize, (f64, f64))>) -> Vec<(String, (f64, f64))> {
    let mut sums = vec![(0.0, 0.0, 0.0); count];
    for (group, (x, y)) in points {
        let sum = &mut sums[group];
        *sum = (sum.0 + x, sum.1 + y, sum.2 + 1.0);
    }
    let sums = sums.into_iter().enumerate().filter(|(_, (_, _, points))| *points > 0.0);
    sums.map(|(group, (x, y, points))| (group.to_string(), (x / points, y / points))).collect()
}

/// How far each disc of a number is moved, so that none hides another one: pairs that overlap are pushed apart, over and
/// over.
fn apart(places: Vec<(i32, i32)>) -> Vec<(i32, i32)> {
    let room = f64::from(px(2.0 * MARK + 1.0));
    let start: Vec<(f64, f64)> = places.into_iter().map(|(x, y)| (f64::from(x), f64::from(y))).collect();
    let mut moved = start.clone();
    for _ in 0..100 {
        for second in 1..moved.len() {
            for first in 0..second {
                let (dx, dy) = (moved[second].0 - moved[first].0, moved[second].1 - moved[first].1);
                let distance = dx.hypot(dy);
                if distance >= room {
                    continue;
                }
                // Discs at the same place go to the sides.
                let (dx, dy) = if distance > 0.0 { (dx / distance, dy / distance) } else { (1.0, 0.0) };
                let push = (room - distance) / 2.0;
                moved[first] = (moved[first].0 - dx * push, moved[first].1 - dy * push);
                moved[second] = (moved[second].0 + dx * push, moved[second].1 + dy * push);
            }
        }
    }
    let offset = |(from, to): ((f64, f64), (f64, f64))| {
        ((to.0 - from.0).round() as i32, (to.1 - from.1).round() as i32)
    };
    start.into_iter().zip(moved).map(offset).collect()
}

/// At most [`SAMPLE`] of so many rows in an order that looks random: those of the lowest `SplitMix64` hashes. It is always
/// the same, and unlike every n-th row it does not miss labels that come in turn.
fn sample(rows: usize) -> Vec<usize> {
    let hash = |row: &usize| {
        let mut z = (*row as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    };
    let mut rows: Vec<usize> = (0..rows).collect();
    rows.sort_by_cached_key(hash);
    rows.truncate(SAMPLE);
    rows
}

/// The chart; none where there is no data for it.
pub(super) fn of(experiment: &Experiment) -> Made<'_> {
    Some(Box::new(Scatter::new(experiment)?))
}

impl Chart for Scatter<'_> {
    fn file_stem(&self) -> &'static str {
        "latents_2d"
    }

    fn title(&self) -> &'static str {
        "The points on two principal components"
    }

    fn slot(&self) -> Slot {
        if self.of_latents { Slot::Latents } else { Slot::Clusters }
    }

    fn caption(&self) -> String {
        "The points seen from the two directions in which they vary most; a number stands at the middle of its cluster. \
         Points that are apart here are apart, points that lie together may still differ in the other directions.".to_owned()
    }

    fn describe(&self) -> String {
        let headings: Vec<_> = self.panels.iter().map(|panel| panel.heading.to_lowercase()).collect();
        let explained: f64 = self.explained.iter().sum();
        format!(
            "Scatter of {} points on their first two principal components, which hold {} of the variance, coloured {}.",
            format::count(self.points.len()),
            format::percent(explained),
            headings.join(" and ")
        )
    }

    fn note(&self) -> Option<String> {
        (self.all > self.points.len()).then(|| {
            format!(
                "Shown are {} of the {} points, chosen at random.",
                format::count(self.points.len()),
                format::count(self.all)
            )
        })
    }

    fn size(&self) -> (u32, u32) {
        let width = self.panels.len() as f64 * (self.panel_width() + BETWEEN) - BETWEEN;
        let subtitle = if self.note().is_some() { SUBTITLE_HEIGHT } else { 0.0 };
        let panel = HEADING + self.data_height() + BESIDE_DATA + self.legend_height();
        let height = 2.0 * MARGIN + TITLE_HEIGHT + subtitle + panel;
        ((2.0 * MARGIN + width) as u32, height as u32)
    }

    fn draw(&self, area: &Area, experiment: &str) -> Drawn {
        let mut rest = frame::titled(area, self.title(), experiment)?;
        if let Some(note) = self.note() {
            rest = frame::subtitled(&rest, &note, style::MUTED)?;
        }
        for panel in &self.panels {
            let (area, right) = rest.split_horizontally(px(self.panel_width()));
            self.draw_panel(&area, panel)?;
            rest = right.margin(0, 0, px(BETWEEN), 0);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_is_mixed_and_always_the_same() {
        let few = sample(1000);
        assert!(few.iter().take(100).any(|&row| row >= 900));
        let sorted: std::collections::BTreeSet<_> = few.into_iter().collect();
        assert_eq!(sorted.len(), 1000);

        let many = sample(70_000);
        assert_eq!((many.len(), &many), (SAMPLE, &sample(70_000)));
        for remainder in 0..14 {
            let turn = many.iter().filter(|row| **row % 14 == remainder).count();
            assert!((300..420).contains(&turn), "{turn}");
        }
    }

    #[test]
    fn numbers_do_not_hide_one_another() {
        let places = vec![(0, 0), (0, 0), (20, 10), (500, 500)];
        let moves = apart(places.clone());
        assert_eq!(moves[3], (0, 0));
        let ends: Vec<_> = places.iter().zip(moves).map(|(a, b)| (a.0 + b.0, a.1 + b.1)).collect();
        for (index, a) in ends.iter().enumerate() {
            for b in &ends[..index] {
                let distance = f64::from(a.0 - b.0).hypot(f64::from(a.1 - b.1));
                assert!(distance >= f64::from(px(2.0 * MARK)), "{ends:?}");
            }
        }
    }

    #[test]
    fn groups_beyond_the_colors_are_one() {
        let names = (0..5).map(|name| Cow::Owned(name.to_string())).collect();
        let panel = Panel::new("", names, vec![0, 4, 2, 3], 3);
        assert_eq!(panel.members, [0, 3, 2, 3]);
        assert_eq!(panel.groups[3], (Cow::Borrowed("2 others"), OTHERS));
    }
}
