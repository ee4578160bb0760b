//! As much of Thrift's compact protocol as it takes to see what a Parquet file claims. Pure functions over bytes; they
//! borrow, so no number in the bytes makes them allocate.
//!
//! Format: <https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md>.

/// The type of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// No field: the end of a struct.
    Stop,
    True,
    False,
    Byte,
    I16,
    I32,
    I64,
    Double,
    Binary,
    List,
    Set,
    Map,
    Struct,
}

/// How deep structs and lists may lie in each other where nobody looks inside.
const DEPTH: u32 = 32;

/// Bytes that are read from the front. None of its functions returns anything for bytes that are not Thrift.
#[derive(Clone, Copy, Debug)]
pub(super) struct Thrift<'a>(pub(super) &'a [u8]);

impl<'a> Thrift<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn byte(&mut self) -> Option<u8> {
        self.take(1).map(|bytes| bytes[0])
    }

    /// A number in groups of seven bits, the lowest first.
    fn varint(&mut self) -> Option<u64> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(value);
            }
        }
        None
    }

    /// A whole number with a sign: 0, -1, 1, -2, ... are 0, 1, 2, 3, ...
    pub(super) fn integer(&mut self) -> Option<i64> {
        let value = self.varint()?;
        Some((value >> 1).cast_signed() ^ -(value & 1).cast_signed())
    }

    /// The number and the type of the elements of a list that follows.
    pub(super) fn list(&mut self) -> Option<(u64, Kind)> {
        let header = self.byte()?;
        let count = if header >> 4 == 15 { self.varint()? } else { u64::from(header >> 4) };
        // Some writers give an empty list no type.
        Some((count, if count == 0 { Kind::Stop } else { kind(header & 15)? }))
    }

    /// Calls `each` with the number and the type of each field of a struct. It reads the field's value and returns true,
    /// or leaves it and returns false.
    pub(super) fn fields(
        &mut self,
        mut each: impl FnMut(&mut Self, i64, Kind) -> Option<bool>,
    ) -> Option<()> {
        let mut id = 0;
        loop {
            let kind;
            (id, kind) = self.field(id)?;
            if kind == Kind::Stop {
                return Some(());
            }
            let mut inside = *self;
            if each(&mut inside, id, kind)? {
                *self = inside;
            } else {
                self.skip(kind, DEPTH)?;
            }
        }
    }

    /// The number and the type of the field after field `last`.
    fn field(&mut self, last: i64) -> Option<(i64, Kind)> {
        let header = self.byte()?;
        if header == 0 {
            return Some((last, Kind::Stop));
        }
        let kind = kind(header & 15)?;
        let id = if header >> 4 == 0 { self.integer()? } else { last.checked_add(i64::from(header >> 4))? };
        Some((id, kind))
    }

    fn skip(&mut self, kind: Kind, depth: u32) -> Option<()> {
        let depth = depth.checked_sub(1)?;
        match kind {
            Kind::Stop | Kind::True | Kind::False => {}
            Kind::Byte => drop(self.byte()?),
            Kind::I16 | Kind::I32 | Kind::I64 => drop(self.varint()?),
            Kind::Double => drop(self.take(8)?),
            Kind::Binary => {
                let length = self.varint()?;
                self.take(usize::try_from(length).ok()?)?;
            }
            Kind::List | Kind::Set => {
                let (count, inner) = self.list()?;
                for _ in 0..count {
                    self.skip_element(inner, depth)?;
                }
            }
            Kind::Map => {
                let count = self.varint()?;
                if count > 0 {
                    let kinds = self.byte()?;
                    let (key, value) = (self::kind(kinds >> 4)?, self::kind(kinds & 15)?);
                    for _ in 0..count {
                        self.skip_element(key, depth)?;
                        self.skip_element(value, depth)?;
                    }
                }
            }
            Kind::Struct => {
                let mut id = 0;
                loop {
                    let kind;
                    (id, kind) = self.field(id)?;
                    if kind == Kind::Stop {
                        break;
                    }
                    self.skip(kind, depth)?;
                }
            }
        }
        Some(())
    }

    /// A truth value is a byte in a list, and no byte in a struct.
    fn skip_element(&mut self, kind: Kind, depth: u32) -> Option<()> {
        match kind {
            Kind::True | Kind::False => self.byte().map(drop),
            other => self.skip(other, depth),
        }
    }
}

fn kind(code: u8) -> Option<Kind> {
    Some(match code {
        1 => Kind::True,
        2 => Kind::False,
        3 => Kind::Byte,
        4 => Kind::I16,
        5 => Kind::I32,
        6 => Kind::I64,
        7 => Kind::Double,
        8 => Kind::Binary,
        9 => Kind::List,
        10 => Kind::Set,
        11 => Kind::Map,
        12 => Kind::Struct,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_of_the_specification() {
        for (bytes, value) in [(&[0][..], 0), (&[1], -1), (&[2], 1), (&[0x64], 50), (&[0x8f, 0x27], -2504)] {
            assert_eq!(Thrift(bytes).integer(), Some(value));
        }
        let largest = [0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1];
        assert_eq!(Thrift(&largest).integer(), Some(i64::MAX));
        assert_eq!(Thrift(&[0xff; 20]).integer(), None);
        assert_eq!(Thrift(&[0x80]).integer(), None);
    }

    #[test]
    fn fields_are_read_or_skipped() {
        // 1: i32 7; 2: "ab"; 3: list of two structs, each with a true; 20: i64 -1; 21: i32 9.
        let bytes =
            [0x15, 14, 0x18, 2, b'a', b'b', 0x19, 0x2c, 0x11, 0, 0x11, 0, 0x06, 40, 1, 0x15, 18, 0, 99];
        let mut thrift = Thrift(&bytes);
        let mut found = Vec::new();
        thrift
            .fields(|inside, id, kind| {
                let wanted = matches!(kind, Kind::I32 | Kind::I64);
                if wanted {
                    found.push((id, inside.integer()?));
                }
                Some(wanted)
            })
            .unwrap();
        assert_eq!(found, [(1, 7), (20, -1), (21, 9)]);
        assert_eq!(thrift.0, [99], "what follows the struct is left");
        for length in 0..bytes.len() - 1 {
            assert_eq!(Thrift(&bytes[..length]).fields(|_, _, _| Some(false)), None, "cut off at {length}");
        }
    }

    #[test]
    fn what_nests_too_deeply_or_claims_too_much_is_nothing() {
        let lists = [&[0x19][..], &[0x19; 1000]].concat();
        assert_eq!(Thrift(&lists).fields(|_, _, _| Some(false)), None);
        let claims = [0x19, 0xfc, 0xff, 0xff, 0xff, 0xff, 0x7f, 0];
        assert_eq!(Thrift(&claims).fields(|_, _, _| Some(false)), None);
    }
}
