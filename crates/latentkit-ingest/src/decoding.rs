//! Items to pictures, many at a time, and what is said of those that cannot be read.

use std::fmt::Write;

use latentkit_core::{Cancellation, Error, Phase, Result, hash};
use rayon::prelude::*;

use crate::content;
use crate::items::{Content, Item};
use crate::picture::{Opening, Picture, Refused, open};
use crate::source::common::OnError;

/// Images that cannot be read and are named.
const SHOWN: usize = 10;

/// Bytes of the file of a picture at most.
const MAX_FILE: u64 = 1 << 30;

/// An image that was decoded.
pub(crate) struct Decoded {
    pub(crate) path: Option<String>,
    pub(crate) name: String,
    /// The picture as `convert` returned it, or why it cannot be used.
    pub(crate) picture: std::result::Result<Picture, Refused>,
    /// The hash of its file, where it is one.
    pub(crate) blake3: Option<String>,
}

/// Decodes items in parallel, in their order, and counts them as steps of the phase.
pub(crate) fn decode_all(
    items: Vec<Item>,
    opening: &Opening,
    phase: &Phase,
    cancel: Cancellation,
    convert: impl Fn(Picture) -> Picture + Sync,
) -> Result<Vec<Decoded>> {
    let decoded = items.into_par_iter().map(|Item { name, path, content }| {
        cancel.check()?;
        let (picture, blake3) = picture_of(content, opening);
        let picture = picture.map(&convert);
        phase.add(1);
        Ok(Decoded { path, name, picture, blake3 })
    });
    decoded.collect()
}

fn picture_of(
    content: Content,
    opening: &Opening,
) -> (std::result::Result<Picture, Refused>, Option<String>) {
    let missing = |found: String| Err(Refused { found, hint: None });
    match content {
        Content::Pixels(picture) => (Ok(picture), None),
        Content::Encoded(bytes) => (open(&bytes, opening), None),
        Content::Missing(reason) => (missing(reason), None),
        Content::File(path) => match content::read(&path, MAX_FILE) {
            Ok(Some(bytes)) => (open(&bytes, opening), Some(hash::of_bytes(&bytes))),
            Ok(None) => (missing("nothing: the file is gone, or a link leads nowhere".to_owned()), None),
            Err(error) => (missing(error.to_string().lines().next().unwrap_or_default().to_owned()), None),
        },
    }
}

/// Images that cannot be read.
#[derive(Debug, Default)]
pub(crate) struct Failures {
    first: Vec<(String, Refused)>,
    pub(crate) count: usize,
}

impl Failures {
    pub(crate) fn add(&mut self, name: String, refused: Refused) {
        self.count += 1;
        if self.first.len() < SHOWN {
            self.first.push((name, refused));
        }
    }

    /// The names and problems of the first, a line each.
    fn list(&self) -> String {
        let mut text = String::new();
        for (index, (name, refused)) in self.first.iter().enumerate() {
            let separator = if index == 0 { "" } else { "\n    " };
            write!(text, "{separator}`{name}`: {}", refused.found).expect("memory takes every write");
        }
        if self.count > self.first.len() {
            write!(text, "\n    and {} more", self.count - self.first.len())
                .expect("memory takes every write");
        }
        text
    }

    /// Ends with an error where there are any, or warns and goes on where they may be skipped.
    ///
    /// # Errors
    /// Of kind input.
    pub(crate) fn report(&self, of: usize, source: &str, on_error: OnError) -> Result<()> {
        if self.count == 0 {
            return Ok(());
        }
        if on_error == OnError::Skip && self.count < of {
            tracing::warn!(
                "{} of {of} image(s) of `{source}` cannot be read and are left out: {}",
                self.count,
                self.list()
            );
            return Ok(());
        }
        let error = Error::input(format!("cannot read {} of {of} image(s) of `{source}`", self.count))
            .expected("whole PNG, JPEG, WebP, TIFF, BMP or GIF pictures")
            .found(self.list());
        let hint = self.first.iter().find_map(|(_, refused)| refused.hint.clone());
        let skip = "`on-error = \"skip\"` in `dataset.source` leaves out what cannot be read";
        Err(match hint {
            Some(hint) => error.hint(format!("{hint}; {skip}")),
            None => error.hint(skip),
        })
    }
}
