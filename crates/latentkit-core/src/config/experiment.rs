//! A loaded config.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use toml::{Table, Value};

use super::document::{Document, first_line};
use super::name::Name;
use super::section::{Section, SectionType};
use crate::{Error, ErrorKind, Result};

/// A loaded config file: the experiment, and the text that errors point into.
#[derive(Clone, Debug)]
pub struct Config {
    header: Header,
    /// The sections, every default filled in, in the order in which the program lists them.
    pub(super) sections: Table,
    types: Vec<SectionType>,
    document: Document,
}

/// What an experiment has beside its sections.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Header {
    name: Name,
    #[serde(default = "default_seed")]
    seed: u32,
}

impl Header {
    const KEYS: [&'static str; 2] = ["name", "seed"];
}

fn default_seed() -> u32 {
    42
}

impl Config {
    /// Reads and checks a config file, after applying the overrides (`section.key=value`, the value as TOML).
    ///
    /// # Errors
    /// Of kind [`ErrorKind::Input`] when the file cannot be read, [`ErrorKind::Config`] with the line and its excerpt
    /// when it is wrong.
    pub fn load(path: &Path, overrides: &[String], sections: &[SectionType]) -> Result<Self> {
        Self::checked(Document::read(path, overrides)?, sections)
    }

    /// The config of one stage, as its manifest records it. Relative paths in it start from `folder`.
    ///
    /// # Errors
    /// Of kind [`ErrorKind::Input`] when it is no config of this version.
    pub fn recorded(
        name: &Name,
        seed: u32,
        recorded: &serde_json::Value,
        folder: &Path,
        sections: &[SectionType],
    ) -> Result<Self> {
        let unusable = |problem: String| {
            Error::input(format!("cannot use the config of the manifest: {problem}"))
                .hint("use the version of latentkit that the manifest names")
        };
        let mut table = Table::try_from(recorded).map_err(|error| unusable(error.to_string()))?;
        table.insert("name".into(), name.as_str().into());
        table.insert("seed".into(), seed.into());
        Self::checked(Document::without_text(folder.join("manifest.json"), table), sections)
            .map_err(|error| unusable(first_line(&error.to_string()).to_owned()))
    }

    /// The config that a document describes, or the first error in it.
    pub(super) fn checked(document: Document, sections: &[SectionType]) -> Result<Self> {
        let names = sections.iter().filter(|section| section.within().is_none()).map(|section| section.name);
        let known: Vec<&str> = Header::KEYS.into_iter().chain(names).collect();
        if let Some(unknown) = document.table.keys().find(|key| !known.contains(&key.as_str())) {
            return Err(document.unknown_key(unknown, &known));
        }
        let mut table = document.table.clone();
        let mut header = table.clone();
        header.retain(|key, _| Header::KEYS.contains(&key));
        let header = serde_path_to_error::deserialize(Value::Table(header))
            .map_err(|error| document.wrong_value(&[], &[], &error))?;
        // Tables with an owner of their own are checked apart from the section that they stand in.
        let mut tables = Vec::new();
        for (section, (parent, name)) in
            sections.iter().filter_map(|section| Some((section, section.within()?)))
        {
            if let Some(parent) = table.get_mut(parent).and_then(Value::as_table_mut) {
                tables.push((section, parent.remove(name)));
            }
        }
        let empty = || Value::Table(Table::new());
        let mut resolved = Table::new();
        for section in sections.iter().filter(|section| section.within().is_none()) {
            let Some(value) = table.remove(section.name).or_else(|| section.implied.then(empty)) else {
                continue;
            };
            let inner: Vec<&str> = tables_of(sections, section.name).collect();
            let value = (section.resolve)(value)
                .map_err(|error| document.wrong_value(&[section.name], &inner, &error))?;
            resolved.insert(section.name.to_owned(), value);
        }
        for (section, value) in tables {
            let (Some(value), Some((parent, name))) =
                (value.or_else(|| section.implied.then(empty)), section.within())
            else {
                continue;
            };
            let value = (section.resolve)(value)
                .map_err(|error| document.wrong_value(&[parent, name], &[], &error))?;
            if let Some(parent) = resolved.get_mut(parent).and_then(Value::as_table_mut) {
                parent.insert(name.to_owned(), value);
            }
        }
        Ok(Self { header, sections: resolved, types: sections.to_vec(), document })
    }

    /// The name of the experiment and of its folder of artifacts.
    pub fn name(&self) -> &Name {
        &self.header.name
    }

    /// The seed of all random numbers.
    pub fn seed(&self) -> u32 {
        self.header.seed
    }

    /// The same config for an experiment of another name.
    pub(super) fn renamed(mut self, name: Name) -> Self {
        self.header.name = name;
        self
    }

    /// The path that the config was read from.
    pub fn path(&self) -> &Path {
        &self.document.path
    }

    /// The folder that relative paths in the config are resolved against.
    pub fn folder(&self) -> PathBuf {
        let parent = self.document.path.parent().unwrap_or(Path::new(""));
        if parent.as_os_str().is_empty() { PathBuf::from(".") } else { parent.to_path_buf() }
    }

    /// Whether the config has a section.
    pub fn has(&self, section: SectionType) -> bool {
        self.sections.contains_key(section.name)
    }

    /// A section without the tables in it that have owners of their own, or the error that says that it is missing.
    pub fn section<S: Section>(&self) -> Result<S> {
        let mut value = self.value(S::NAME)?.clone();
        if let Some(section) = value.as_table_mut() {
            for table in tables_of(&self.types, S::NAME) {
                section.remove(table);
            }
        }
        Ok(value.try_into().expect("a section was checked when it was read"))
    }

    /// The tables within a section that have owners of their own.
    pub fn tables<S: Section>(&self) -> Result<Table> {
        let section = self.value(S::NAME)?.as_table().expect("a section is a table");
        let names = tables_of(&self.types, S::NAME);
        Ok(names.filter_map(|name| Some((name.to_owned(), section.get(name)?.clone()))).collect())
    }

    /// A section with the tables in it as JSON, or the error that says that it is missing.
    pub fn json<S: Section>(&self) -> Result<serde_json::Value> {
        Ok(serde_json::to_value(self.value(S::NAME)?).expect("a section is JSON"))
    }

    /// Fails when a section is missing.
    pub fn require(&self, section: SectionType) -> Result<()> {
        self.value(section.name).map(|_| ())
    }

    fn value(&self, name: &str) -> Result<&Value> {
        self.sections.get(name).ok_or_else(|| {
            Error::config(name, format!("`{}` has no section `[{name}]`", self.document.path.display()))
                .hint(format!("add `[{name}]`; `configs/` holds complete examples"))
        })
    }

    /// The config as TOML, defaults filled in.
    pub fn to_toml(&self) -> String {
        toml::to_string(self).expect("an experiment is a TOML table")
    }

    /// Adds the place in the config file to an error about one of its values, found after loading.
    #[must_use]
    pub fn locate(&self, error: Error) -> Error {
        match (error.kind(), error.key()) {
            (ErrorKind::Config, Some(key)) if !error.has_excerpt() => {
                match self.document.excerpt(&key.split('.').map(str::to_owned).collect::<Vec<_>>()) {
                    Some(excerpt) => error.excerpt(excerpt),
                    None => error,
                }
            }
            _ => error,
        }
    }
}

/// The experiment that the config describes.
impl Serialize for Config {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Experiment<'a> {
            #[serde(flatten)]
            header: &'a Header,
            #[serde(flatten)]
            sections: &'a Table,
        }
        Experiment { header: &self.header, sections: &self.sections }.serialize(serializer)
    }
}

/// The names of the tables within a section that have owners of their own.
fn tables_of<'a>(sections: &'a [SectionType], name: &'a str) -> impl Iterator<Item = &'static str> + 'a {
    sections
        .iter()
        .filter_map(move |section| section.within().filter(|(parent, _)| *parent == name))
        .map(|(_, table)| table)
}
