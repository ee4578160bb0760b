//! The keys that every table of a source may have: what becomes of images that differ in size or colours, which are taken, and what
//! happens to those that cannot be read.

use latentkit_core::config::{self, Count};
use latentkit_core::{Error, ImageShape, Result};
use serde::de::{self, DeserializeOwned, Deserializer};
use serde::{Deserialize, Serialize, Serializer};
use toml::{Table, Value};

use crate::picture::{Channels, Fit, MAX_PIXELS, Opening, Wanted};

/// The longest side of an image in pixels.
pub(crate) const MAX_SIDE: usize = 1 << 15;

/// The keys.
pub(super) const KEYS: &[&str] =
    &["size", "fit", "background", "channels", "limit", "on-error", "max-pixels", "label-names"];

/// What they say.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub(crate) struct Common {
    /// The size of the images.
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) size: Size,
    /// How images of other proportions fill it.
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) fit: Fit,
    /// What lies behind transparent pixels and beside padded images: red, green and blue.
    #[serde(skip_serializing_if = "is_white")]
    pub(crate) background: [u8; 3],
    /// How many channels they have.
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) channels: Channels,
    /// How many images are taken at most, drawn at random; all where it is left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) limit: Option<Count>,
    /// What happens to images that cannot be read.
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) on_error: OnError,
    /// Pixels of an image at most, before it is resized.
    #[serde(skip_serializing_if = "is_most")]
    pub(crate) max_pixels: u64,
    /// Names of labels that are numbers, from 0 on, or the order of labels that are texts.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) label_names: Vec<String>,
}

impl Default for Common {
    fn default() -> Self {
        Self {
            size: Size::AsIs,
            fit: Fit::Pad,
            background: [255; 3],
            channels: Channels::AsIs,
            limit: None,
            on_error: OnError::Stop,
            max_pixels: MAX_PIXELS,
            label_names: Vec::new(),
        }
    }
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_white(background: &[u8; 3]) -> bool {
    *background == [255; 3]
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_most(pixels: &u64) -> bool {
    *pixels == MAX_PIXELS
}

/// What happens to images that cannot be read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OnError {
    /// The work ends with an error that lists them.
    #[default]
    Stop,
    /// They are left out, with a warning.
    Skip,
}

/// The size of the images.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Size {
    /// That which they have; all have the same.
    #[default]
    AsIs,
    /// Height and width.
    Pixels([usize; 2]),
}

impl Serialize for Size {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        match self {
            Self::AsIs => "as-is".serialize(serializer),
            Self::Pixels(sides) => sides.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Size {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        let wrong = || {
            de::Error::custom(format!("expected `[height, width]`, each from 1 to {MAX_SIDE}, or \"as-is\""))
        };
        match Value::deserialize(deserializer)? {
            Value::String(text) if text == "as-is" => Ok(Self::AsIs),
            Value::Array(sides) => {
                let sides: Option<Vec<usize>> =
                    sides.iter().map(|side| side.as_integer()?.try_into().ok()).collect();
                let sides: Option<[usize; 2]> = sides.and_then(|sides| sides.try_into().ok());
                let sides = sides.filter(|sides| sides.iter().all(|side| (1..=MAX_SIDE).contains(side)));
                sides.map(Self::Pixels).ok_or_else(wrong)
            }
            _ => Err(wrong()),
        }
    }
}

impl Common {
    pub(crate) fn opening(&self) -> Opening {
        Opening { background: self.background, max_pixels: self.max_pixels }
    }

    /// The shape that is known whatever the images are.
    pub(crate) fn shape(&self) -> Option<ImageShape> {
        match (self.size, self.channels()) {
            (Size::Pixels([height, width]), Channels::Grey) => {
                Some(ImageShape { height, width, channels: 1 })
            }
            (Size::Pixels([height, width]), Channels::Rgb) => Some(ImageShape { height, width, channels: 3 }),
            _ => None,
        }
    }

    /// The shape of images that have this one.
    pub(crate) fn shape_of(&self, stored: ImageShape) -> ImageShape {
        let [height, width] = match self.size {
            Size::AsIs => [stored.height, stored.width],
            Size::Pixels(sides) => sides,
        };
        let channels = match self.channels() {
            Channels::AsIs => stored.channels,
            Channels::Grey => 1,
            Channels::Rgb => 3,
        };
        ImageShape { height, width, channels }
    }

    /// What the config says of channels; a background with a colour needs three.
    pub(crate) fn channels(&self) -> Channels {
        let [red, green, blue] = self.background;
        if self.channels == Channels::AsIs && (red != green || green != blue) {
            Channels::Rgb
        } else {
            self.channels
        }
    }

    /// What an image of this shape shall become.
    pub(crate) fn wanted(&self, shape: ImageShape) -> Wanted {
        Wanted { shape, fit: self.fit, background: self.background, max_pixels: self.max_pixels }
    }
}

/// Reads a table that has the keys `own` beside those of all tables.
pub(super) fn read<T: DeserializeOwned>(
    mut table: Table,
    own: &[&str],
) -> std::result::Result<(T, Common), toml::de::Error> {
    let known: Vec<&str> = own.iter().chain(KEYS).copied().collect();
    if let Some(unknown) = table.keys().find(|key| !known.contains(&key.as_str())) {
        let known = known.iter().map(|key| format!("`{key}`")).collect::<Vec<_>>().join(", ");
        return Err(de::Error::custom(format!("unknown field `{unknown}`, expected one of {known}")));
    }
    let common: Table = KEYS.iter().filter_map(|&key| table.remove_entry(key)).collect();
    Ok((config::from_table(table)?, config::from_table(common)?))
}

/// What a config writes for a source with keys of its own.
pub(super) fn value<T: Serialize>(own: &T, common: &Common) -> Value {
    let mut table = Table::try_from(own).expect("values that were read from a config can be written to one");
    table.extend(Table::try_from(common).expect("they can as well"));
    Value::Table(table)
}

/// The error that says that images need more memory than the machine has, if they do.
pub(crate) fn check_memory(count: usize, shape: ImageShape) -> Result<()> {
    let needed = (count as u64).saturating_mul(shape.len() as u64);
    let Some(available) = available_memory().filter(|&available| needed > available) else { return Ok(()) };
    let gib = |bytes: u64| format!("{:.1} GiB", bytes as f64 / f64::from(1 << 30));
    Err(Error::config("dataset.source", "the images do not fit into memory")
        .expected(format!("at most {}, which this machine has free", gib(available)))
        .found(format!("{count} images of {shape}, {}", gib(needed)))
        .hint("`size = [height, width]` makes them smaller, `limit` takes fewer"))
}

/// Bytes that programs may still take.
fn available_memory() -> Option<u64> {
    let text = fs_err::read_to_string("/proc/meminfo").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    Some(line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()? * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(rename_all = "kebab-case")]
    struct Own {
        folder: String,
    }

    fn parsed(text: &str) -> std::result::Result<(Own, Common), String> {
        read(toml::from_str(text).unwrap(), &["folder"]).map_err(|error| error.message().to_owned())
    }

    #[test]
    fn keys_of_all_tables_beside_those_of_one() {
        let (own, common) = parsed("folder = 'a'").unwrap();
        assert_eq!((own.folder.as_str(), &common), ("a", &Common::default()));
        assert_eq!(value(&own, &common).to_string(), "{ folder = \"a\" }");
        let text = "folder = 'a'\nsize = [2, 3]\nfit = 'crop'\nbackground = [0, 1, 2]\nchannels = 'grey'\nlimit = 7\n\
                    on-error = 'skip'\nmax-pixels = 99\nlabel-names = ['x']";
        let (own, common) = parsed(text).unwrap();
        assert_eq!((common.size, common.limit.unwrap().get()), (Size::Pixels([2, 3]), 7));
        assert_eq!(common.shape(), Some(ImageShape::grey(2, 3)));
        let written = value(&own, &common).to_string();
        let Value::Table(again) = value(&own, &common) else { panic!("{written}") };
        assert_eq!(read::<Own>(again, &["folder"]).unwrap(), (own, common));
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (text, expected) in [
            ("colour = 1", "unknown field `colour`, expected one of `folder`, `size`"),
            ("size = [0, 3]", "`[height, width]`, each from 1 to 32768, or \"as-is\""),
            ("size = 28", "`[height, width]`"),
            ("fit = 'squeeze'", "unknown variant `squeeze`"),
            ("background = [0, 0]", "length"),
            ("limit = 0", "1"),
        ] {
            let error = parsed(&format!("folder = 'a'\n{text}")).unwrap_err();
            assert!(error.contains(expected), "{text}: {error}");
        }
    }

    #[test]
    fn a_coloured_background_makes_colour_images() {
        let common = Common { background: [0, 0, 9], ..Common::default() };
        assert_eq!(common.shape_of(ImageShape::grey(1, 2)).channels, 3);
        assert_eq!(Common::default().shape_of(ImageShape::grey(1, 2)).channels, 1);
    }

    #[test]
    fn more_than_the_memory_is_refused() {
        check_memory(10, ImageShape::grey(28, 28)).unwrap();
        let error = check_memory(1 << 30, ImageShape::grey(1 << 12, 1 << 12)).unwrap_err().to_string();
        assert!(error.contains("do not fit into memory") && error.contains("1073741824 images"), "{error}");
    }
}
