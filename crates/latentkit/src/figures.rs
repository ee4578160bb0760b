//! The figures of stages that tables of runs and of trials show.

use latentkit_core::manifest::Manifest;
use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer};

use crate::stages::Stage;
use crate::stages::definition::{Figure, Kind};

/// The figures of the stages of a run. Summaries are read as JSON, so that those of other versions can be, too.
#[derive(Clone, Default)]
pub(crate) struct Figures {
    /// Seconds that the stages took.
    pub(crate) seconds: f64,
    /// The value of each figure that [`all`] lists.
    values: Vec<Option<f64>>,
}

/// The figures of all stages, in the order in which tables show them.
pub(crate) fn all() -> impl Iterator<Item = &'static Figure> {
    Stage::all().flat_map(|stage| stage.figures())
}

impl Figures {
    pub(crate) fn of<'a>(manifests: impl Iterator<Item = &'a Manifest>) -> Self {
        let manifests: Vec<_> = manifests.collect();
        let of_stage = |stage: Stage| {
            let manifest = manifests.iter().find(|manifest| manifest.stage == stage.name());
            stage.figures().iter().map(move |figure| (figure.of)(&manifest?.summary))
        };
        Self {
            seconds: manifests.iter().map(|manifest| manifest.seconds).sum(),
            values: Stage::all().flat_map(of_stage).collect(),
        }
    }

    /// The figures with their values.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&'static Figure, Option<f64>)> {
        all().zip(self.values.iter().copied())
    }

    /// The value of the figure of this key.
    pub(crate) fn get(&self, key: &str) -> Option<f64> {
        self.iter().find(|(figure, _)| figure.key == key)?.1
    }
}

impl Figure {
    /// A value as tables of text show it.
    pub(crate) fn shown(&self, value: f64) -> String {
        match self.kind {
            Kind::Count => format!("{value:.0}"),
            Kind::Number => format!("{value:.4}"),
        }
    }
}

impl Serialize for Figures {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("seconds", &self.seconds)?;
        for (figure, value) in self.iter() {
            match figure.kind {
                Kind::Count => map.serialize_entry(figure.key, &value.map(|value| value as u64))?,
                Kind::Number => map.serialize_entry(figure.key, &value)?,
            }
        }
        map.end()
    }
}
