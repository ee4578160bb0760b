//! Numbers with a checked range.

use std::fmt;

use serde::de::{self, Deserializer, Visitor};
use serde::{Deserialize, Serialize};

/// Defines a checked number: its type, what it holds, the words for the range, and the check.
macro_rules! checked {
    ($(#[$doc:meta])* $name:ident($inner:ty), $expected:literal, |$value:ident| $check:expr) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, PartialOrd, Serialize)]
        #[serde(transparent)]
        pub struct $name($inner);

        impl $name {
            /// The number, if it is in range.
            pub fn new($value: $inner) -> Option<Self> {
                $check.then_some(Self($value))
            }

            /// The number.
            pub fn get(self) -> $inner {
                self.0
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Number;
                impl Visitor<'_> for Number {
                    type Value = $name;

                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str($expected)
                    }

                    fn visit_i64<E: de::Error>(self, value: i64) -> Result<$name, E> {
                        <$inner as FromToml>::integer(value)
                            .and_then($name::new)
                            .ok_or_else(|| E::invalid_value(de::Unexpected::Signed(value), &self))
                    }

                    fn visit_u64<E: de::Error>(self, value: u64) -> Result<$name, E> {
                        // Only JSON distinguishes; no number here is that large.
                        self.visit_i64(i64::try_from(value).unwrap_or(i64::MAX))
                    }

                    fn visit_f64<E: de::Error>(self, value: f64) -> Result<$name, E> {
                        <$inner as FromToml>::float(value)
                            .and_then($name::new)
                            .ok_or_else(|| E::invalid_value(de::Unexpected::Float(value), &self))
                    }
                }
                deserializer.deserialize_any(Number)
            }
        }
    };
}

/// How a TOML number becomes a number of this type; a fraction never becomes a whole number.
trait FromToml: Sized {
    fn integer(value: i64) -> Option<Self>;
    fn float(value: f64) -> Option<Self>;
}

impl FromToml for u32 {
    fn integer(value: i64) -> Option<Self> {
        value.try_into().ok()
    }
    fn float(_: f64) -> Option<Self> {
        None
    }
}

impl FromToml for f64 {
    fn integer(value: i64) -> Option<Self> {
        Some(value as Self)
    }
    fn float(value: f64) -> Option<Self> {
        Some(value)
    }
}

checked! {
    /// A whole number from 1 to 1 000 000; a larger count is a mistake.
    Count(u32), "a whole number from 1 to 1000000", |value| (1..=1_000_000).contains(&value)
}
checked! {
    /// A whole number from 2 to 1 000 000, for counts of which one is too few.
    AtLeastTwo(u32), "a whole number from 2 to 1000000", |value| (2..=1_000_000).contains(&value)
}
checked! {
    /// A whole number of at least 0.
    NonNegativeInt(u32), "a whole number of at least 0", |value| value < u32::MAX
}
checked! {
    /// A number greater than 0.
    Positive(f64), "a number greater than 0", |value| value.is_finite() && value > 0.0
}
checked! {
    /// A number of at least 0.
    NonNegative(f64), "a number of at least 0", |value| value.is_finite() && value >= 0.0
}
checked! {
    /// A number between 0 and 1, neither included.
    Fraction(f64), "a number between 0 and 1, neither included", |value| value > 0.0 && value < 1.0
}
