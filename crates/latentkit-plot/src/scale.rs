//! Axes: their range, and ticks at round numbers.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::ops::Range;

use plotters::coord::ranged1d::{KeyPointHint, NoDefaultFormatting, Ranged, ValueFormatter};

use crate::format;

/// One axis of a chart.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Axis {
    /// What it measures, with the unit.
    pub(crate) title: Cow<'static, str>,
    /// Whether equal lengths stand for equal ratios.
    pub(crate) logarithmic: bool,
    /// The values at its ends.
    pub(crate) range: Range<f64>,
    /// The values that are named, with their names.
    pub(crate) ticks: Vec<(f64, String)>,
}

/// The largest power of ten that a step may be: ticks at ten of them are numbers still.
const LARGEST: i32 = 306;

/// From this power of ten on, ticks are named like `2e13`, not with all their digits.
const MANY_DIGITS: i32 = 12;

/// The distance between two ticks: `digit` times ten to the power of `exponent`.
#[derive(Clone, Copy)]
struct Step {
    digit: i64,
    exponent: i32,
}

impl Step {
    /// The smallest step of 1, 2 or 5 times a power of ten that cuts `span` into at most `count` parts.
    fn covering(span: f64, count: usize) -> Self {
        let steps = (-18..=LARGEST).flat_map(|exponent| [1, 2, 5].map(|digit| Self { digit, exponent }));
        let enough = |step: &Self| step.times(1) * count as f64 >= span * (1.0 - 1e-9);
        steps.into_iter().find(enough).unwrap_or(Self { digit: 1, exponent: LARGEST })
    }

    /// A multiple of the step. Division by a power of ten rounds to the float that the decimal number means, so that
    /// three steps of 0.1 are 0.3 and not 0.30000000000000004.
    fn times(self, count: i64) -> f64 {
        let power = (0..self.exponent.abs()).fold(1.0, |power, _| power * 10.0);
        let units = (self.digit * count) as f64;
        if self.exponent < 0 { units / power } else { units * power }
    }

    fn decimals(self) -> usize {
        self.exponent.min(0).unsigned_abs() as usize
    }
}

impl Axis {
    /// An axis that holds every value, with about `count` ticks, one at each end. Values that are not finite are passed
    /// over; where all are equal, some room is left around them.
    pub(crate) fn over(
        title: impl Into<Cow<'static, str>>,
        values: impl IntoIterator<Item = f64>,
        count: usize,
    ) -> Self {
        // Beyond these ends the distance between two values may be no number.
        let ends = f64::MAX / 100.0;
        let (low, high) = values
            .into_iter()
            .filter(|value| value.is_finite())
            .map(|value| value.clamp(-ends, ends))
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)));
        let (low, high) = if low > high {
            (0.0, 1.0)
        } else if high - low <= f64::EPSILON * high.abs().max(low.abs()) {
            let room = if low == 0.0 { 1.0 } else { low.abs() * 0.1 };
            (low - room, high + room)
        } else {
            (low, high)
        };
        let step = Step::covering(high - low, count);
        // A value that is a multiple but for rounding must not cost another step.
        let first = (low / step.times(1) + 1e-9).floor() as i64;
        let last = ((high / step.times(1) - 1e-9).ceil() as i64).max(first + 1);
        let ticks = (first..=last).map(|count| step.times(count));
        Self {
            title: title.into(),
            logarithmic: false,
            range: step.times(first)..step.times(last),
            ticks: ticks
                .map(|value| match step.exponent {
                    MANY_DIGITS.. => (value, format::rate(value)),
                    _ => (value, format::decimal(value, step.decimals())),
                })
                .collect(),
        }
    }

    /// An axis of whole numbers, `margin` wider than they reach on both sides, with at most `count` ticks: at each of
    /// the `values` if they are that few and not too close together, else at multiples of a round number.
    pub(crate) fn whole(
        title: impl Into<Cow<'static, str>>,
        values: &[u32],
        margin: f64,
        count: usize,
    ) -> Self {
        let values: Vec<u32> = values.iter().copied().collect::<BTreeSet<_>>().into_iter().collect();
        let (low, high) = (values.first().copied().unwrap_or(0), values.last().copied().unwrap_or(0));
        let closest = values.windows(2).map(|pair| pair[1] - pair[0]).min().unwrap_or(0);
        let apart = f64::from(closest) * count as f64 * 1.5 >= f64::from(high - low);
        let ticks: Vec<u32> = if values.len() <= count && apart {
            values
        } else {
            let step = Step::covering(f64::from(high - low), count).times(1).max(1.0) as usize;
            (low.next_multiple_of(step as u32)..=high).step_by(step).collect()
        };
        Self {
            title: title.into(),
            logarithmic: false,
            range: f64::from(low) - margin..f64::from(high) + margin,
            ticks: ticks.into_iter().map(|value| (f64::from(value), format::count(value as usize))).collect(),
        }
    }

    /// The axis from one value to another, with the ticks that lie between them.
    pub(crate) fn within(mut self, range: Range<f64>) -> Self {
        self.ticks.retain(|(value, _)| (range.start..=range.end).contains(value));
        self.range = range;
        self
    }

    /// A logarithmic axis that holds every value, from one power of ten, or twice or five times one, to another. None
    /// where a value is not above 0.
    pub(crate) fn log(title: impl Into<Cow<'static, str>>, values: &[f64]) -> Option<Self> {
        let low = values.iter().copied().fold(f64::INFINITY, f64::min);
        let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        if !(low > 0.0 && high.is_finite()) {
            return None;
        }
        let marks =
            || (-18..=18).flat_map(|exponent| [1, 2, 5].map(|digit| Step { digit, exponent }.times(1)));
        // A value that is a mark but for rounding must not cost another one.
        let first = marks().rfind(|mark| *mark <= low * (1.0 + 1e-9))?;
        let last = marks().find(|mark| *mark >= high * (1.0 - 1e-9) && *mark > first)?;
        let few = last / first < 2e3;
        let is_power = |mark: f64| format!("{mark:e}").starts_with("1e");
        let ticks = marks().filter(|mark| (first..=last).contains(mark) && (few || is_power(*mark)));
        Some(Self {
            title: title.into(),
            logarithmic: true,
            range: first..last,
            ticks: ticks.map(|value| (value, format::rate(value))).collect(),
        })
    }

    /// Where a value lies between the ends of the axis: 0 at the first, 1 at the last.
    pub(crate) fn share(&self, value: f64) -> f64 {
        let Range { start, end } = self.range;
        if self.logarithmic {
            (value / start).ln() / (end / start).ln()
        } else {
            (value - start) / (end - start)
        }
    }
}

impl Ranged for Axis {
    type FormatOption = NoDefaultFormatting;
    type ValueType = f64;

    fn map(&self, value: &f64, (start, end): (i32, i32)) -> i32 {
        start + (self.share(*value) * f64::from(end - start)).round() as i32
    }

    fn key_points<Hint: KeyPointHint>(&self, hint: Hint) -> Vec<f64> {
        // Between the ticks there are no lighter ones.
        if hint.weight().allow_light_points() {
            Vec::new()
        } else {
            self.ticks.iter().map(|(value, _)| *value).collect()
        }
    }

    fn range(&self) -> Range<f64> {
        self.range.clone()
    }
}

impl ValueFormatter<f64> for Axis {
    fn format_ext(&self, value: &f64) -> String {
        // plotters asks for the name of the very values that it got as ticks.
        self.ticks
            .iter()
            .find(|(tick, _)| tick.total_cmp(value).is_eq())
            .map(|(_, name)| name.clone())
            .unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(axis: &Axis) -> Vec<&str> {
        axis.ticks.iter().map(|(_, name)| name.as_str()).collect()
    }

    #[test]
    fn ticks_are_round_numbers() {
        assert_eq!(names(&Axis::over("", [0.0, 0.52], 6)), ["0.0", "0.1", "0.2", "0.3", "0.4", "0.5", "0.6"]);
        assert_eq!(
            names(&Axis::over("", [0.252, 0.28], 6)),
            ["0.250", "0.255", "0.260", "0.265", "0.270", "0.275", "0.280"]
        );
        assert_eq!(names(&Axis::over("", [-0.04, 0.03], 4)), ["−0.04", "−0.02", "0.00", "0.02", "0.04"]);
        assert_eq!(
            names(&Axis::over("", [0.0, 14_234.0], 4)),
            ["0", "5\u{202f}000", "10\u{202f}000", "15\u{202f}000"]
        );
    }

    #[test]
    fn ticks_are_the_floats_that_they_say() {
        for (value, name) in Axis::over("", [0.0, 1.0], 10).ticks {
            assert_eq!(value.to_bits(), name.parse::<f64>().unwrap().to_bits(), "{name}");
        }
    }

    #[test]
    fn equal_values_and_none_have_a_range() {
        for values in [&[0.3, 0.3][..], &[0.0], &[-2.0], &[1e-12], &[]] {
            let axis = Axis::over("", values.iter().copied(), 5);
            assert!(axis.range.start < axis.range.end, "{axis:?}");
            assert!(values.iter().all(|value| axis.range.contains(value)), "{axis:?}");
            assert!((2..=12).contains(&axis.ticks.len()), "{axis:?}");
        }
    }

    #[test]
    fn values_of_any_size_have_a_few_ticks() {
        assert_eq!(names(&Axis::over("", [0.0, 3e38], 4)), ["0", "1e38", "2e38", "3e38"]);
        let most = f64::from(f32::MAX);
        for values in [[-most, most], [0.0, most * most], [f64::MIN, f64::MAX], [0.0, f64::MIN_POSITIVE]] {
            let axis = Axis::over("", values, 6);
            assert!((2..=8).contains(&axis.ticks.len()), "{:?}", axis.ticks);
            assert!(axis.ticks.iter().all(|(value, _)| value.is_finite()), "{:?}", axis.ticks);
            assert!(axis.ticks.iter().all(|(_, name)| name.len() < 30), "{:?}", axis.ticks);
        }
    }

    #[test]
    fn values_that_are_not_finite_are_passed_over() {
        assert_eq!(Axis::over("", [f64::NAN, 1.0, f64::INFINITY, 3.0], 2).range, 1.0..3.0);
    }

    #[test]
    fn an_axis_can_end_between_ticks() {
        let axis = Axis::over("", [0.0, 10.4], 4).within(0.0..10.4);
        assert_eq!((names(&axis), axis.range()), (vec!["0", "5", "10"], 0.0..10.4));
    }

    #[test]
    fn a_logarithmic_axis_ends_at_round_numbers() {
        let axis = Axis::log("", &[3.2e-5, 1e-3]).unwrap();
        assert_eq!(names(&axis), ["2e-5", "5e-5", "1e-4", "2e-4", "5e-4", "0.001"]);
        assert!((axis.share(axis.range.start)).abs() < 1e-12 && (axis.share(1e-3) - 1.0).abs() < 1e-12);
        assert!((axis.share((2e-5f64 * 1e-3).sqrt()) - 0.5).abs() < 1e-12);
        assert_eq!(names(&Axis::log("", &[1e-7, 1e-3]).unwrap()), ["1e-7", "1e-6", "1e-5", "1e-4", "0.001"]);
        assert_eq!(names(&Axis::log("", &[0.01]).unwrap()), ["0.01", "0.02"]);
        assert_eq!(Axis::log("", &[0.0, 1.0]), None);
    }

    #[test]
    fn whole_numbers_have_whole_ticks() {
        assert_eq!(names(&Axis::whole("", &[5, 8, 10], 0.5, 10)), ["5", "8", "10"]);
        assert_eq!(
            names(&Axis::whole("", &[2, 3, 3, 100], 0.5, 10)),
            ["10", "20", "30", "40", "50", "60", "70", "80", "90", "100"]
        );
        let many: Vec<u32> = (1..=23).collect();
        assert_eq!(names(&Axis::whole("", &many, 0.5, 10)), ["5", "10", "15", "20"]);
        let one = Axis::whole("", &[7], 0.5, 10);
        assert_eq!((names(&one), one.range()), (vec!["7"], 6.5..7.5));
    }
}
