//! What can be said of the images of a source before all of them are read.

use std::path::Path;

use latentkit_core::{Cancellation, ImageShape, Phase, Result};
use latentkit_table::{Labels, Split};

use crate::config::Source;
use crate::decoding::{Decoded, Failures, decode_all};
use crate::items::Item;
use crate::labelling::{Labelling, labels};
use crate::picture::Wanted;
use crate::source::common::OnError;
use crate::source::definition::Folders;

/// Images that are decoded, evenly from all.
const LOOKED_AT: usize = 256;

/// What can be said of the images of a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Look {
    /// Number of images.
    pub images: usize,
    /// The shapes of some of them, in their order; three channels where a pixel has a colour.
    pub shapes: Vec<ImageShape>,
    /// Their labels, where there are any.
    pub labels: Option<Labels>,
    /// The splits that the source gives.
    pub splits: Vec<Split>,
}

/// Looks at the images of a source. Relative paths start at `config_folder`.
///
/// # Errors
/// Of kind input when it cannot be read, holds no images, or some of those that are looked at cannot be read.
pub fn look(source: &Source, config_folder: &Path, data_folder: &Path, cancel: Cancellation) -> Result<Look> {
    let folders = Folders { config: config_folder, data: data_folder };
    let mut opened = source.get().open(folders, cancel)?;
    let step = opened.count.div_ceil(LOOKED_AT).max(1);
    let phase = Phase::new(tracing::info_span!("decoding", unit = "images"), opened.count.div_ceil(step));
    let _entered = phase.enter();
    let (mut shapes, mut failures, mut seen) = (Vec::new(), Failures::default(), 0);
    let opening = Wanted::new(ImageShape::grey(1, 1)).opening();
    while let Some(block) = opened.items.next_block(cancel)? {
        let first = seen;
        seen += block.len();
        let some: Vec<Item> =
            (first..).zip(block).filter(|(index, _)| index % step == 0).map(|(_, item)| item).collect();
        for Decoded { name, picture, .. } in decode_all(some, &opening, &phase, cancel, |picture| picture)? {
            match picture {
                Ok(picture) => {
                    let channels = if picture.has_colour() { 3 } else { 1 };
                    shapes.push(ImageShape { channels, ..picture.shape });
                }
                Err(refused) => failures.add(name, refused),
            }
        }
    }
    failures.report(opened.count.div_ceil(step), &opened.name, OnError::Stop)?;
    let labelling = Labelling { names: &[], known: opened.label_names.clone(), source: &opened.name };
    let all: Vec<usize> = (0..opened.count).collect();
    let labels = opened.labels.map(|values| labels(Some(values), &all, &labelling)).transpose()?;
    let splits = Split::ALL.into_iter().filter(|&split| opened.splits.contains(&Some(split))).collect();
    Ok(Look { images: opened.count, shapes, labels, splits })
}
