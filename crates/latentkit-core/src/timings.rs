//! How long the parts of a stage took: a file of its own, so that the outputs of a stage are the same bytes every time.

use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::layout::TIMINGS;
use crate::{Result, atomic};

/// Writes the times into the folder of a stage.
pub fn write(folder: &Path, times: &impl Serialize) -> Result<()> {
    let mut text = serde_json::to_vec_pretty(times).expect("times are JSON");
    text.push(b'\n');
    atomic::write(&folder.join(TIMINGS), &text)
}

/// The times in the folder of a stage; none where there are none that can be read, since no result depends on them.
pub fn read<T: DeserializeOwned>(folder: &Path) -> Option<T> {
    serde_json::from_slice(&fs_err::read(folder.join(TIMINGS)).ok()?).ok()
}
