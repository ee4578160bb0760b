//! The image sources: one file each, and the list of them all.

pub(crate) mod common;
mod csv;
pub(crate) mod definition;
pub(crate) mod fashion_mnist;
pub(crate) mod files;
pub(crate) mod folder;
pub(crate) mod mnist;
mod npy;
mod npz;
pub(crate) mod parquet;
mod sample;

use std::fmt;
use std::sync::Arc;

use serde::de::{self, Deserializer, MapAccess, Visitor};
use serde::{Deserialize, Serialize, Serializer};
use toml::Table;

use definition::{ImageSource, Notation};

/// Every source. A new one is a file beside this one, its `mod`, and a line here.
static SOURCES: &[Notation] = &[
    Notation::Name(&mnist::MNIST),
    Notation::Name(&fashion_mnist::FASHION_MNIST),
    Notation::Name(&sample::Sample),
    Notation::Table(files::KEYS, files::read),
    Notation::Table(folder::KEYS, folder::read),
    Notation::Table(parquet::KEYS, parquet::read),
    Notation::Table(npz::KEYS, npz::read),
    Notation::Table(npy::KEYS, npy::read),
    Notation::Table(csv::KEYS, csv::read),
];

/// The images that a config names: a data set that this project knows, or own files.
#[derive(Clone, Debug)]
pub struct Source(Held);

#[derive(Clone, Debug)]
enum Held {
    Known(&'static dyn ImageSource),
    Own(Arc<dyn ImageSource>),
}

impl Source {
    /// A source that has no name.
    #[cfg(test)]
    pub(crate) fn own(source: impl ImageSource + 'static) -> Self {
        Self(Held::Own(Arc::new(source)))
    }

    /// What it does.
    pub(crate) fn get(&self) -> &dyn ImageSource {
        match &self.0 {
            Held::Known(source) => *source,
            Held::Own(source) => source.as_ref(),
        }
    }

    /// The source that a table of a config describes.
    pub(crate) fn of_table(table: Table) -> std::result::Result<Self, toml::de::Error> {
        Self::deserialize(table)
    }

    /// The source that a value of `dataset.source` describes, as TOML.
    ///
    /// # Errors
    /// When it is none, in words.
    pub fn from_toml(text: &str) -> std::result::Result<Self, String> {
        let in_words = |error: toml::de::Error| error.message().to_owned();
        let mut table: Table = toml::from_str(&format!("source = {text}")).map_err(in_words)?;
        let value = table.remove("source").ok_or("there is no value")?;
        Self::deserialize(value).map_err(in_words)
    }

    /// The source that a config names so.
    pub fn named(name: &str) -> Option<Self> {
        names().find(|source| source.name() == name).map(|source| Self(Held::Known(source)))
    }
}

/// The sources that have a name.
fn names() -> impl Iterator<Item = &'static dyn ImageSource> {
    SOURCES.iter().filter_map(|notation| match notation {
        Notation::Name(source) => Some(*source),
        Notation::Table(..) => None,
    })
}

/// The keys of all tables that a config may name as a source.
fn keys() -> impl Iterator<Item = &'static str> {
    let tables = SOURCES.iter().map(|notation| match notation {
        Notation::Name(_) => &[][..],
        Notation::Table(keys, _) => keys,
    });
    tables.flatten().copied()
}

fn quoted<'a>(names: impl Iterator<Item = &'a str>) -> String {
    names.map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

impl Serialize for Source {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.get().value().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Source {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct SourceVisitor;
        impl<'de> Visitor<'de> for SourceVisitor {
            type Value = Source;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "the name of a data set, or a table of files ({})", quoted(keys()))
            }

            fn visit_str<E: de::Error>(self, name: &str) -> Result<Source, E> {
                Source::named(name).ok_or_else(|| {
                    let known = quoted(names().map(ImageSource::name));
                    E::custom(format!("unknown variant `{name}`, expected one of {known}"))
                })
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Source, A::Error> {
                let table = Table::deserialize(de::value::MapAccessDeserializer::new(map))?;
                let known = SOURCES.iter().find_map(|notation| match notation {
                    Notation::Table(keys, read) => {
                        keys.iter().any(|&key| table.contains_key(key)).then_some(read)
                    }
                    Notation::Name(_) => None,
                });
                match (known, table.keys().next()) {
                    (Some(read), _) => read(table)
                        .map(|source| Source(Held::Own(source)))
                        .map_err(|error| de::Error::custom(error.message())),
                    (None, Some(key)) => Err(de::Error::custom(format!(
                        "unknown field `{key}`, expected one of {}",
                        quoted(keys())
                    ))),
                    (None, None) => {
                        Err(de::Error::invalid_type(de::Unexpected::Other("an empty table"), &self))
                    }
                }
            }
        }
        deserializer.deserialize_any(SourceVisitor)
    }
}
