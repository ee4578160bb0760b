//! Ids of points.

use std::cmp::Ordering;
use std::fmt::{self, Display};

/// The id of each point, in the narrowest type that holds all of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ids {
    /// Whole numbers, as those of this project are.
    U32(Vec<u32>),
    /// Whole numbers of which some are negative or larger.
    I64(Vec<i64>),
    /// Whole numbers of which some take 64 bits.
    U64(Vec<u64>),
    /// Texts; also UUIDs, as in `123e4567-e89b-12d3-a456-426614174000`.
    Texts(Vec<String>),
    /// Bytes that are no UUIDs.
    Bytes(Vec<Vec<u8>>),
}

/// The id of a point.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Id {
    /// Of [`Ids::U32`].
    U32(u32),
    /// Of [`Ids::I64`].
    I64(i64),
    /// Of [`Ids::U64`].
    U64(u64),
    /// Of [`Ids::Texts`].
    Text(String),
    /// Of [`Ids::Bytes`].
    Bytes(Vec<u8>),
}

impl Ids {
    /// Those of points that are numbered from 0 on.
    pub fn numbered(count: usize) -> Self {
        Self::U32((0..count as u32).collect())
    }

    /// Number of points.
    pub fn len(&self) -> usize {
        match self {
            Self::U32(ids) => ids.len(),
            Self::I64(ids) => ids.len(),
            Self::U64(ids) => ids.len(),
            Self::Texts(ids) => ids.len(),
            Self::Bytes(ids) => ids.len(),
        }
    }

    /// Whether there are no points.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The id of a point.
    pub fn of(&self, point: usize) -> Id {
        match self {
            Self::U32(ids) => Id::U32(ids[point]),
            Self::I64(ids) => Id::I64(ids[point]),
            Self::U64(ids) => Id::U64(ids[point]),
            Self::Texts(ids) => Id::Text(ids[point].clone()),
            Self::Bytes(ids) => Id::Bytes(ids[point].clone()),
        }
    }

    /// The order of the ids of two points.
    pub fn compare(&self, a: usize, b: usize) -> Ordering {
        match self {
            Self::U32(ids) => ids[a].cmp(&ids[b]),
            Self::I64(ids) => ids[a].cmp(&ids[b]),
            Self::U64(ids) => ids[a].cmp(&ids[b]),
            Self::Texts(ids) => ids[a].cmp(&ids[b]),
            Self::Bytes(ids) => ids[a].cmp(&ids[b]),
        }
    }

    /// The numbers of images that these are ids of; none where they are of another type.
    pub fn numbers(&self) -> Option<&[u32]> {
        if let Self::U32(ids) = self { Some(ids) } else { None }
    }

    /// Those of whole numbers; none where no type of 64 bits holds all of them.
    pub(crate) fn whole<I: Iterator<Item = i128>>(numbers: impl Fn() -> I) -> Option<Self> {
        fn all<T: TryFrom<i128>>(numbers: impl Iterator<Item = i128>) -> Option<Vec<T>> {
            numbers.map(|number| T::try_from(number).ok()).collect()
        }
        let narrow = all(numbers()).map(Self::U32);
        narrow.or_else(|| all(numbers()).map(Self::I64)).or_else(|| all(numbers()).map(Self::U64))
    }

    /// Those of another part of the same column after these; false where no type holds both.
    pub(crate) fn append(&mut self, other: Self) -> bool {
        if self.is_empty() {
            *self = other;
            return true;
        }
        match (&mut *self, other) {
            (Self::U32(all), Self::U32(more)) => all.extend(more),
            (Self::Texts(all), Self::Texts(more)) => all.extend(more),
            (Self::Bytes(all), Self::Bytes(more)) => all.extend(more),
            (_, other) => {
                let numbers =
                    self.as_whole().into_iter().flatten().chain(other.as_whole().into_iter().flatten());
                let numbers: Vec<i128> = numbers.collect();
                let is_complete = numbers.len() == self.len() + other.len();
                let Some(joined) = Self::whole(|| numbers.iter().copied()).filter(|_| is_complete) else {
                    return false;
                };
                *self = joined;
            }
        }
        true
    }

    fn as_whole(&self) -> Option<Box<dyn Iterator<Item = i128> + '_>> {
        match self {
            Self::U32(ids) => Some(Box::new(ids.iter().map(|&id| id.into()))),
            Self::I64(ids) => Some(Box::new(ids.iter().map(|&id| id.into()))),
            Self::U64(ids) => Some(Box::new(ids.iter().map(|&id| id.into()))),
            Self::Texts(_) | Self::Bytes(_) => None,
        }
    }

    /// A sentence about ids that several points have.
    pub(crate) fn repeated(&self) -> Option<String> {
        match self {
            Self::U32(ids) => repeated(ids, ToString::to_string),
            Self::I64(ids) => repeated(ids, ToString::to_string),
            Self::U64(ids) => repeated(ids, ToString::to_string),
            Self::Texts(ids) => repeated(ids, |id| format!("`{id}`")),
            Self::Bytes(ids) => repeated(ids, |id| hexadecimal(id)),
        }
    }
}

impl From<Vec<u32>> for Ids {
    fn from(ids: Vec<u32>) -> Self {
        Self::U32(ids)
    }
}

/// Ids of some of the points that [`Ids::of`] gave, all of one type.
impl FromIterator<Id> for Ids {
    fn from_iter<T: IntoIterator<Item = Id>>(ids: T) -> Self {
        let mut all = Self::U32(Vec::new());
        for id in ids {
            match (&mut all, id) {
                (Self::U32(all), Id::U32(id)) => all.push(id),
                (Self::I64(all), Id::I64(id)) => all.push(id),
                (Self::U64(all), Id::U64(id)) => all.push(id),
                (Self::Texts(all), Id::Text(id)) => all.push(id),
                (Self::Bytes(all), Id::Bytes(id)) => all.push(id),
                // The first one says what they are.
                (all, Id::U32(id)) => *all = Self::U32(vec![id]),
                (all, Id::I64(id)) => *all = Self::I64(vec![id]),
                (all, Id::U64(id)) => *all = Self::U64(vec![id]),
                (all, Id::Text(id)) => *all = Self::Texts(vec![id]),
                (all, Id::Bytes(id)) => *all = Self::Bytes(vec![id]),
            }
        }
        all
    }
}

impl Id {
    /// The number of an image that this is the id of; none where it is of another type.
    pub fn number(&self) -> Option<u32> {
        if let Self::U32(id) = self { Some(*id) } else { None }
    }
}

impl Display for Id {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::U32(id) => id.fmt(formatter),
            Self::I64(id) => id.fmt(formatter),
            Self::U64(id) => id.fmt(formatter),
            Self::Text(id) => id.fmt(formatter),
            Self::Bytes(id) => hexadecimal(id).fmt(formatter),
        }
    }
}

/// Ids that a sentence names at most.
const SHOWN: usize = 3;

fn repeated<T: Ord>(ids: &[T], name: impl Fn(&T) -> String) -> Option<String> {
    let mut sorted: Vec<&T> = ids.iter().collect();
    sorted.sort_unstable();
    let repeated: Vec<_> = sorted.chunk_by(|a, b| a == b).filter(|same| same.len() > 1).collect();
    let first: Vec<_> = repeated.iter().take(SHOWN).map(|same| name(same[0])).collect();
    match repeated.len() {
        0 => None,
        1 => Some(format!("1 id stands for several points: {}", first[0])),
        count => Some(format!("{count} ids stand for several points each, such as {}", first.join(", "))),
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    let digit = |value: u8| char::from_digit(value.into(), 16).unwrap_or_default();
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// The usual form of a UUID.
pub(crate) fn uuid(bytes: &[u8; 16]) -> String {
    let digits = hexadecimal(bytes);
    [&digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..]].join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(numbers: &[i128]) -> Option<Ids> {
        Ids::whole(|| numbers.iter().copied())
    }

    #[test]
    fn numbers_take_the_narrowest_type_that_holds_all() {
        assert_eq!(whole(&[0, 7, 4_294_967_295]), Some(Ids::U32(vec![0, 7, u32::MAX])));
        assert_eq!(whole(&[0, -1]), Some(Ids::I64(vec![0, -1])));
        assert_eq!(whole(&[4_294_967_296]), Some(Ids::I64(vec![4_294_967_296])));
        assert_eq!(whole(&[0, u64::MAX.into()]), Some(Ids::U64(vec![0, u64::MAX])));
        assert_eq!(whole(&[-1, u64::MAX.into()]), None);
    }

    #[test]
    fn parts_widen_the_ids_of_those_before() {
        let mut ids = Ids::U32(vec![1]);
        assert!(ids.append(Ids::U32(vec![2])));
        assert_eq!(ids, Ids::U32(vec![1, 2]));
        assert!(ids.append(Ids::I64(vec![-3])));
        assert_eq!(ids, Ids::I64(vec![1, 2, -3]));
        assert!(!ids.append(Ids::U64(vec![u64::MAX])));
        assert!(!ids.append(Ids::Texts(vec!["a".into()])));
        assert!(!Ids::Texts(vec!["a".into()]).append(Ids::U32(vec![1])));
        assert_eq!(ids, Ids::I64(vec![1, 2, -3]), "what does not fit changes nothing");
    }

    #[test]
    fn some_of_the_ids_keep_the_type_of_all() {
        for ids in [
            Ids::U32(vec![5, 6, 7]),
            Ids::I64(vec![5, 6, -1]),
            Ids::U64(vec![5, 6, u64::MAX]),
            Ids::Texts(["x", "y", "z"].map(str::to_owned).to_vec()),
            Ids::Bytes(vec![vec![1], vec![], vec![255]]),
        ] {
            let some: Ids = [1, 0].into_iter().map(|point| ids.of(point)).collect();
            assert_eq!(some.len(), 2);
            assert_eq!(std::mem::discriminant(&some), std::mem::discriminant(&ids));
            assert_eq!((some.of(0), some.of(1)), (ids.of(1), ids.of(0)));
            assert_eq!(ids.compare(0, 0), Ordering::Equal);
        }
    }

    #[test]
    fn ids_of_several_points_are_counted() {
        assert_eq!(Ids::U32(vec![3, 1, 2]).repeated(), None);
        let sentence = "2 ids stand for several points each, such as `a`, `b`";
        let texts = ["b", "a", "b", "c", "a", "a"].map(str::to_owned).to_vec();
        assert_eq!(Ids::Texts(texts).repeated().as_deref(), Some(sentence));
        let sentence = "1 id stands for several points: -7";
        assert_eq!(Ids::I64(vec![-7, 1, -7]).repeated().as_deref(), Some(sentence));
    }

    #[test]
    fn a_uuid_has_its_hyphens() {
        let bytes = *b"\x12\x3e\x45\x67\xe8\x9b\x12\xd3\xa4\x56\x42\x66\x14\x17\x40\x00";
        assert_eq!(uuid(&bytes), "123e4567-e89b-12d3-a456-426614174000");
    }
}
