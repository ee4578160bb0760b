//! Labels of points.

use std::collections::{BTreeMap, BTreeSet};

/// The largest whole number that is its own code; larger and negative ones are numbered in their order.
const OWN_CODE: i64 = u16::MAX as i64;

/// A label for each point, of those that have one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Labels {
    /// Label of each point, an index into `names`; none where the point has no label.
    pub codes: Vec<Option<u32>>,
    /// Name of label 0, 1, ...
    pub names: Vec<String>,
}

impl Labels {
    /// No labels of so many points.
    pub fn none(count: usize) -> Self {
        Self { codes: vec![None; count], names: Vec::new() }
    }

    /// Labels that every point has, each an index into `names`.
    pub fn complete(codes: impl IntoIterator<Item = u32>, names: Vec<String>) -> Self {
        Self { codes: codes.into_iter().map(Some).collect(), names }
    }

    /// The name of the label of a point.
    pub fn name(&self, point: usize) -> Option<&str> {
        self.codes[point].map(|code| self.names[code as usize].as_str())
    }
}

/// Labels as a column holds them, row by row; none where the row has no value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LabelValues {
    /// Texts, such as the names of classes.
    Texts(Vec<Option<String>>),
    /// Whole numbers.
    Numbers(Vec<Option<i64>>),
}

impl LabelValues {
    /// Those of another part of the same column after these; false where they are of another kind.
    pub fn append(&mut self, other: Self) -> bool {
        match (self, other) {
            (Self::Texts(all), Self::Texts(more)) => all.extend(more),
            (Self::Numbers(all), Self::Numbers(more)) => all.extend(more),
            _ => return false,
        }
        true
    }

    /// Takes the label `value` from the points that have it, and says how many had it. `names` are those of the labels, point by
    /// point, where they have names.
    pub(crate) fn set_apart(&mut self, value: &str, names: Option<&[Option<String>]>) -> usize {
        fn take<T>(labels: &mut [Option<T>], is_it: impl Fn(usize, &T) -> bool) -> usize {
            let found = labels
                .iter_mut()
                .enumerate()
                .filter(|(row, label)| label.as_ref().is_some_and(|label| is_it(*row, label)));
            found.map(|(_, label)| *label = None).count()
        }
        match self {
            Self::Texts(texts) => take(texts, |_, text| text == value),
            Self::Numbers(numbers) => {
                let number = value.parse().ok();
                let name = |row: usize| names.and_then(|names| names[row].as_deref());
                take(numbers, |row, &label| Some(label) == number || name(row) == Some(value))
            }
        }
    }

    pub(crate) fn are_texts(&self) -> bool {
        matches!(self, Self::Texts(_))
    }
}

impl From<LabelValues> for Labels {
    /// Texts are numbered in the order of the alphabet. Whole numbers from 0 to 65 535 are their own codes; where some are
    /// others, all are numbered in their order.
    fn from(values: LabelValues) -> Self {
        match values {
            LabelValues::Texts(texts) => numbered(&texts, Clone::clone),
            LabelValues::Numbers(numbers) => {
                if !numbers.iter().flatten().all(|number| (0..=OWN_CODE).contains(number)) {
                    return numbered(&numbers, ToString::to_string);
                }
                let count = numbers.iter().flatten().max().map_or(0, |largest| largest + 1);
                Self {
                    codes: numbers
                        .iter()
                        .map(|number| number.and_then(|number| u32::try_from(number).ok()))
                        .collect(),
                    names: (0..count).map(|label| label.to_string()).collect(),
                }
            }
        }
    }
}

/// Labels of values that are numbered in their order.
fn numbered<T: Ord>(values: &[Option<T>], name: impl Fn(&T) -> String) -> Labels {
    let distinct: BTreeSet<&T> = values.iter().flatten().collect();
    let names = distinct.iter().map(|value| name(value)).collect();
    let codes: BTreeMap<&T, u32> = distinct.into_iter().zip(0..).collect();
    Labels { codes: values.iter().map(|value| value.as_ref().map(|value| codes[value])).collect(), names }
}
