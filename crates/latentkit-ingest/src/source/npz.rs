//! An archive of arrays of `NumPy`, as Keras (`x_train`, `y_train`, ...) and `MedMNIST` (`train_images`, `train_labels`, ...) publish them.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use latentkit_core::{Cancellation, ImageShape, Result};
use latentkit_table::{ArrayFile, Split};
use serde::{Deserialize, Serialize};
use toml::{Table, Value};

use super::common::{self, Common};
use super::definition::{Folders, ImageSource, Images, Input};
use super::npy::{Part, open_parts, shape_of_first};
use crate::collect::collect;
use crate::items::Opened;

/// The key that tells this table from others.
pub(super) const KEYS: &[&str] = &["npz"];

/// What the arrays of images and of labels of each split may be called.
const NAMES: [(&str, &str, Option<Split>); 15] = [
    ("x_train", "y_train", None),
    ("x_val", "y_val", Some(Split::Validation)),
    ("x_valid", "y_valid", Some(Split::Validation)),
    ("x_test", "y_test", Some(Split::Test)),
    ("train_images", "train_labels", None),
    ("val_images", "val_labels", Some(Split::Validation)),
    ("test_images", "test_labels", Some(Split::Test)),
    ("X_train", "y_train", None),
    ("X_val", "y_val", Some(Split::Validation)),
    ("X_test", "y_test", Some(Split::Test)),
    ("images", "labels", None),
    ("x", "y", None),
    ("X", "y", None),
    ("data", "labels", None),
    ("arr_0", "arr_1", None),
];

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Keys {
    npz: PathBuf,
}

/// The archive and what becomes of its images.
#[derive(Clone, Debug)]
pub(crate) struct Npz {
    keys: Keys,
    common: Common,
}

/// Reads the table that names the archive.
pub(super) fn read(table: Table) -> std::result::Result<Arc<dyn ImageSource>, toml::de::Error> {
    let (keys, common) = common::read(table, KEYS)?;
    Ok(Arc::new(Npz { keys, common }))
}

impl Npz {
    fn input(&self, folders: Folders) -> Input {
        Input::of_key("npz", &self.keys.npz, folders)
    }

    fn parts(&self, folders: Folders) -> Result<Vec<Part>> {
        let input = self.input(folders);
        if !input.path.try_exists().map_err(|error| input.unreadable(error))? {
            return Err(input.missing());
        }
        let file = ArrayFile::open(&input.path)?;
        let has = |name: &str| file.arrays().iter().any(|array| array.name == name);
        let part = |&(images, labels, split): &(&str, &str, Option<Split>)| Part {
            images: (input.path.clone(), images.to_owned()),
            labels: has(labels).then(|| (input.path.clone(), labels.to_owned())),
            split,
        };
        let parts: Vec<_> = NAMES.iter().filter(|(images, ..)| has(images)).map(part).collect();
        if parts.is_empty() {
            let names: Vec<_> = file.arrays().iter().map(|array| format!("`{}`", array.name)).collect();
            return Err(file
                .wrong("none of its arrays is known to hold images")
                .expected("`x_train`, `y_train`, `x_test`, `y_test`, or `train_images`, `train_labels`, ...")
                .found(names.join(", "))
                .hint("save the arrays by these names, or each with `numpy.save` for `npy-images` and `npy-labels`"));
        }
        Ok(parts)
    }
}

impl ImageSource for Npz {
    fn name(&self) -> &'static str {
        "npz"
    }

    fn value(&self) -> Value {
        common::value(&self.keys, &self.common)
    }

    fn inputs(&self, folders: Folders) -> Result<Vec<Input>> {
        Ok(vec![self.input(folders)])
    }

    /// By the header of the first array.
    fn image_shape(&self, config_folder: &Path) -> Result<ImageShape> {
        let parts = self.parts(Folders { config: config_folder, data: Path::new("") })?;
        Ok(self.common.shape_of(shape_of_first(&parts)?))
    }

    fn load(&self, folders: Folders, cancel: Cancellation) -> Result<Images> {
        collect(self.open(folders, cancel)?, &self.common, cancel)
    }

    fn open(&self, folders: Folders, cancel: Cancellation) -> Result<Opened> {
        open_parts(
            &self.input(folders).path,
            &self.parts(folders)?,
            &[("npz", &self.input(folders).path)],
            cancel,
        )
    }
}
