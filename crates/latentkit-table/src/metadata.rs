//! Key-value metadata of files.

use latentkit_core::ImageShape;

/// Key-value metadata of a file; each key is written with the prefix `latentkit.`.
pub type Metadata = std::collections::BTreeMap<String, String>;

/// What every key of this project's metadata starts with.
pub(crate) const PREFIX: &str = "latentkit.";

/// Records the shape of the images of a table.
pub(crate) fn insert_shape(metadata: &mut Metadata, shape: ImageShape) {
    for (key, value) in [("height", shape.height), ("width", shape.width), ("channels", shape.channels)] {
        metadata.insert(key.into(), value.to_string());
    }
}
