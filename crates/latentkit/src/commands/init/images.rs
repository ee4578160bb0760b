//! A config for images that an auto-encoder is trained on.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use latentkit_core::{Error, ImageShape, Result};
use latentkit_ingest::config::Source;
use latentkit_ingest::{Look, look};
use latentkit_table::Split;

use super::defaults::{largest_k, name};
use crate::cli::{Global, InitArguments};
use crate::progress;

/// Images at least: so many that each split has some.
const FEWEST: usize = 10;

/// The longest side that a network is trained on without a word: larger images are made smaller.
const LONGEST: usize = 128;

/// Sides that images of several sizes are brought to.
const SIDES: [usize; 3] = [32, 64, 128];

/// Steps of a training that suffice for images of this kind, and epochs at least and at most.
const STEPS: usize = 4000;
const EPOCHS: (usize, usize) = (10, 60);
const BATCH: usize = 64;

/// The config.
///
/// # Errors
/// When the images cannot be read, and of kind input when there are too few of them.
pub(super) fn config(global: &Global, arguments: &InitArguments, images: &Path) -> Result<String> {
    progress::stop_on_signals()?;
    let absolute = std::path::absolute(images).map_err(|error| Error::from(error).into_input())?;
    let text = absolute.to_str().ok_or_else(|| {
        Error::input(format!("cannot write `{}` into a config: it is no UTF-8 text", images.display()))
    })?;
    let key = key(images);
    let source = format!("{{ {key} = {} }}", toml_text(text));
    let known = Source::from_toml(&source).map_err(Error::failed)?;
    let look = look(&known, Path::new(""), &global.data, progress::cancellation())?;
    if look.images < FEWEST {
        return Err(Error::input(format!("`{}` has too few images to train on", images.display()))
            .expected(format!("{FEWEST} or more"))
            .found(look.images.to_string()));
    }
    let name = name(arguments.name.as_deref(), images)?;
    let (size, said) = size(&look.shapes);
    let size = size.map_or_else(String::new, |[height, width]| format!(", size = [{height}, {width}]"));
    let train = look.images * 6 / 10;
    let epochs = (STEPS * BATCH / train.max(1)).clamp(EPOCHS.0, EPOCHS.1);
    Ok(format!(
        "# {} images: {said}; {}.
#
#   latentkit run {name}.toml
#
# configs/README.md in latentkit's repository explains every key.
name = \"{name}\"
seed = 42

[dataset]
# `fit` says how other proportions are brought to a size (\"pad\", \"crop\", \"stretch\"); `channels` takes \"grey\" or \"rgb\".
source = {{ {key} = {}{size} }}
{}
[model]
architecture = \"conv\"
latent-dim = 16
latent-activation = \"linear\"

[train]
epochs = {epochs}
batch-size = {BATCH}
optimizer = {{ kind = \"adam\", learning-rate = 2e-3 }}
schedule = {{ kind = \"one-cycle\", warm-up = 0.25 }}
# Small changes of pose that clusters shall not depend on:
# augment = {{ shift = 0.05, rotate = 10, scale = 1.1, flip = true }}

[cluster]
k = {{ from = 2, to = {} }}    # the numbers of clusters to try

[plot]
formats = [\"png\", \"svg\"]
",
        look.images,
        labels(&look),
        toml_text(text),
        splits(&look),
        largest_k(look.images),
        name = name.as_str(),
    ))
}

/// The key of a source that takes such a path.
fn key(images: &Path) -> &'static str {
    let extension = images.extension().map(|extension| extension.to_string_lossy().to_lowercase());
    match extension.as_deref() {
        _ if images.is_dir() => "folder",
        Some("parquet") => "parquet",
        Some("npz") => "npz",
        Some("npy") => "npy-images",
        Some("csv") => "csv",
        _ => "folder",
    }
}

/// The size that the images are brought to, none where they have one already, and what is said of theirs.
fn size(shapes: &[ImageShape]) -> (Option<[usize; 2]>, String) {
    let colours = if shapes.iter().any(|shape| shape.channels == 3) { "colour" } else { "grey" };
    let sizes: BTreeSet<[usize; 2]> = shapes.iter().map(|shape| [shape.height, shape.width]).collect();
    let longest = |[height, width]: &[usize; 2]| *height.max(width);
    match sizes.first() {
        Some(&[height, width]) if sizes.len() == 1 => {
            let size = [height, width];
            let smaller = |side: usize| (side * LONGEST / longest(&size)).max(1);
            let wanted = (longest(&size) > LONGEST).then(|| size.map(smaller));
            (wanted, format!("{height} x {width} pixels, {colours}"))
        }
        _ => {
            let mut sides: Vec<usize> = shapes.iter().map(|shape| shape.height.max(shape.width)).collect();
            sides.sort_unstable();
            let middle = sides.get(sides.len() / 2).copied().unwrap_or(LONGEST);
            let side = SIDES.into_iter().find(|&side| side >= middle).unwrap_or(LONGEST);
            let (least, most) = (sides.first().copied().unwrap_or(0), sides.last().copied().unwrap_or(0));
            (
                Some([side; 2]),
                format!("of several sizes, the longer sides {least} to {most} pixels, {colours}"),
            )
        }
    }
}

/// What is said of the labels.
fn labels(look: &Look) -> String {
    let Some(labels) = &look.labels else { return "no labels".to_owned() };
    let mut counts: BTreeMap<u32, usize> = BTreeMap::new();
    for code in labels.codes.iter().flatten() {
        *counts.entry(*code).or_default() += 1;
    }
    let (least, most) = (counts.values().min().copied(), counts.values().max().copied());
    format!(
        "{} labels of {} to {} images each, which are compared with the clusters and never used to find them",
        counts.len(),
        least.unwrap_or(0),
        most.unwrap_or(0)
    )
}

/// The shares of the splits that the source does not give.
fn splits(look: &Look) -> String {
    let mut lines = String::new();
    if !look.splits.contains(&Split::Validation) {
        lines += "validation = 0.2    # share of the training images\n";
    }
    if !look.splits.contains(&Split::Test) {
        lines += "test = 0.2          # share of all images\n";
    }
    lines
}

/// A text as TOML writes it.
fn toml_text(text: &str) -> String {
    if text.contains('\'') || text.contains(char::is_control) {
        serde_json::Value::from(text).to_string()
    } else {
        format!("'{text}'")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(height: usize, width: usize, channels: usize) -> ImageShape {
        ImageShape { height, width, channels }
    }

    #[test]
    fn sizes_follow_from_the_images() {
        assert_eq!(size(&[shape(28, 28, 1); 3]), (None, "28 x 28 pixels, grey".to_owned()));
        assert_eq!(size(&[shape(512, 256, 3); 3]), (Some([128, 64]), "512 x 256 pixels, colour".to_owned()));
        let (found, said) = size(&[shape(40, 50, 1), shape(60, 30, 3), shape(500, 20, 1)]);
        assert_eq!(found, Some([64, 64]));
        assert_eq!(said, "of several sizes, the longer sides 50 to 500 pixels, colour");
    }

    #[test]
    fn paths_are_texts_of_toml() {
        for path in ["/a b/c", "/it's", "C:\\x", "/a\"b'c", "/ünï"] {
            let table: toml::Table = format!("x = {}", toml_text(path)).parse().unwrap();
            assert_eq!(table["x"].as_str(), Some(path));
        }
    }
}
