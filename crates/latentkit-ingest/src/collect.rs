//! All images of an open source as pixels of one shape.

use std::collections::BTreeMap;

use latentkit_core::rng::generator;
use latentkit_core::{Cancellation, Error, ImageShape, Phase, Result, hash};
use rand::seq::SliceRandom;

use crate::decoding::{Decoded, Failures, decode_all};
use crate::items::{Item, Opened};
use crate::labelling::{Labelling, labels};
use crate::picture::{Channels, Picture, coloured};
use crate::source::common::{Common, Size, check_memory};
use crate::source::definition::Images;

/// Images that tell what shape all have.
const PREVIEW: usize = 64;

/// Decodes all images, or as many as the limit allows, drawn at random: the same ones whatever the seed of the experiment, so that
/// experiments of several seeds work on the same images.
///
/// Memory is that of the result, a block of items and the pictures that are being decoded.
pub(crate) fn collect(mut opened: Opened, common: &Common, cancel: Cancellation) -> Result<Images> {
    let chosen = choose(opened.count, common);
    let total = chosen.as_ref().map_or(opened.count, Vec::len);
    let phase = Phase::new(tracing::info_span!("decoding", unit = "images"), total);
    let _entered = phase.enter();
    let mut gathered = Gathered::new(common, total);
    let (mut first, mut next) = (0, 0);
    while let Some(block) = opened.items.next_block(cancel)? {
        let indices = first..first + block.len();
        first = indices.end;
        let taken: Vec<(usize, Item)> = match &chosen {
            None => indices.zip(block).collect(),
            Some(chosen) => indices
                .zip(block)
                .filter(|(index, _)| {
                    let is_next = chosen.get(next) == Some(index);
                    next += usize::from(is_next);
                    is_next
                })
                .collect(),
        };
        let (indices, items): (Vec<_>, Vec<_>) = taken.into_iter().unzip();
        let decoded =
            decode_all(items, &common.opening(), &phase, cancel, |picture| gathered.convert(picture))?;
        for (index, decoded) in indices.into_iter().zip(decoded) {
            gathered.add(index, decoded, &opened.name)?;
        }
    }
    gathered.failures.report(total, &opened.name, common.on_error)?;
    gathered.finish(opened, common)
}

/// The shape that [`collect`] would find, told from the first images.
pub(crate) fn preview(mut opened: Opened, common: &Common, cancel: Cancellation) -> Result<ImageShape> {
    let mut gathered = Gathered::new(common, 0);
    let block = opened.items.next_block(cancel)?.unwrap_or_default();
    let items: Vec<_> = block.into_iter().take(PREVIEW).collect();
    let count = items.len();
    let phase = Phase::new(tracing::Span::none(), count);
    let decoded = decode_all(items, &common.opening(), &phase, cancel, |picture| gathered.convert(picture))?;
    for (index, decoded) in decoded.into_iter().enumerate() {
        gathered.add(index, decoded, &opened.name)?;
    }
    gathered.failures.report(count, &opened.name, common.on_error)?;
    gathered.shape.ok_or_else(|| no_images(&opened.name))
}

/// The images that are taken, ascending; none where all are.
fn choose(count: usize, common: &Common) -> Option<Vec<usize>> {
    let limit = common.limit?.get() as usize;
    (limit < count).then(|| {
        let mut all: Vec<usize> = (0..count).collect();
        let (chosen, _) = all.partial_shuffle(&mut generator(0, "limit", 0), limit);
        chosen.sort_unstable();
        chosen.to_vec()
    })
}

/// The images so far.
struct Gathered<'a> {
    common: &'a Common,
    total: usize,
    /// The shape of all of them, once there is one.
    shape: Option<ImageShape>,
    /// The name of the first.
    named: String,
    /// Whether an image was coloured that is stored beside grey ones, which is said once.
    is_mixed: bool,
    pixels: Vec<u8>,
    /// Which images of the source they are.
    indices: Vec<usize>,
    paths: Vec<Option<String>>,
    /// The name and the hash of each file that was read, whether it is an image or not.
    files: Vec<(String, String)>,
    failures: Failures,
}

impl<'a> Gathered<'a> {
    fn new(common: &'a Common, total: usize) -> Self {
        Self {
            common,
            total,
            shape: None,
            named: String::new(),
            is_mixed: false,
            pixels: Vec::new(),
            indices: Vec::new(),
            paths: Vec::new(),
            files: Vec::new(),
            failures: Failures::default(),
        }
    }

    /// A picture in the wanted channels and, where one is given, the wanted size.
    fn convert(&self, picture: Picture) -> Picture {
        let channels = match self.common.channels() {
            Channels::Grey => 1,
            Channels::Rgb => 3,
            Channels::AsIs => 1 + 2 * usize::from(picture.has_colour()),
        };
        let shape = match self.common.size {
            Size::AsIs => ImageShape { channels, ..picture.shape },
            Size::Pixels([height, width]) => ImageShape { height, width, channels },
        };
        Picture { shape, pixels: picture.into_shape(&self.common.wanted(shape)) }
    }

    fn add(&mut self, index: usize, decoded: Decoded, source: &str) -> Result<()> {
        let Decoded { path, name, picture, blake3 } = decoded;
        if let Some(blake3) = blake3 {
            self.files.push((name.clone(), blake3));
        }
        let picture = match picture {
            Ok(picture) => picture,
            Err(refused) => {
                self.failures.add(name, refused);
                return Ok(());
            }
        };
        if self.shape.is_none() {
            check_memory(self.total, picture.shape)?;
            self.named.clone_from(&name);
            self.pixels.reserve_exact(self.total * picture.shape.len());
        }
        let shape = *self.shape.get_or_insert(picture.shape);
        if [picture.shape.height, picture.shape.width] != [shape.height, shape.width] {
            return Err(Error::input(format!("cannot use `{source}`: its images differ in size"))
                .expected(format!("{} x {} pixels, as `{}` has", shape.height, shape.width, self.named))
                .found(format!("{} x {} pixels in `{name}`", picture.shape.height, picture.shape.width))
                .hint(format!(
                    "`size = [{}, {}]` in `dataset.source` gives all of them the same size",
                    shape.height, shape.width
                )));
        }
        match (shape.channels, picture.shape.channels) {
            (1, 3) => {
                self.tell_mixed(source);
                let coloured_shape = ImageShape { channels: 3, ..shape };
                check_memory(self.total, coloured_shape)?;
                self.shape = Some(coloured_shape);
                self.pixels = coloured(&self.pixels);
                self.pixels
                    .reserve_exact((self.total * coloured_shape.len()).saturating_sub(self.pixels.len()));
                self.pixels.extend(picture.pixels);
            }
            (3, 1) => {
                self.tell_mixed(source);
                self.pixels.extend(coloured(&picture.pixels));
            }
            _ => self.pixels.extend(picture.pixels),
        }
        self.indices.push(index);
        self.paths.push(path);
        Ok(())
    }

    fn tell_mixed(&mut self, source: &str) {
        if !self.is_mixed {
            self.is_mixed = true;
            tracing::info!(
                "some images of `{source}` are grey and some have colours: all get three channels; `channels` in `dataset.source` decides otherwise"
            );
        }
    }

    fn finish(self, opened: Opened, common: &Common) -> Result<Images> {
        let shape = self.shape.ok_or_else(|| no_images(&opened.name))?;
        let labelling =
            Labelling { names: &common.label_names, known: opened.label_names, source: &opened.name };
        let labels = labels(opened.labels, &self.indices, &labelling)?;
        let mut hashes: BTreeMap<String, String> = opened.hashes.into_iter().collect();
        if let Some(key) = opened.hashed_key {
            let files = self.files.iter().map(|(name, blake3)| (name.as_str(), blake3.as_str()));
            hashes.insert(key.to_owned(), hash::of_members(files));
        }
        Ok(Images {
            shape,
            labels,
            paths: self.paths.into_iter().collect(),
            pixels: self.pixels,
            splits: self.indices.iter().map(|&index| opened.splits[index]).collect(),
            algorithm: "blake3",
            hashes,
        })
    }
}

fn no_images(source: &str) -> Error {
    Error::input(format!("`{source}` holds no images"))
}
