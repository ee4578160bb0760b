//! Which stages the files of an experiment come from.

use std::path::Path;

use crate::artifact::Artifacts;
use crate::config::Name;
use crate::hash::FileRecord;
use crate::layout::{MANIFEST, within};
use crate::lineage::{Lineage, UpstreamStage};
use crate::machine::Machine;
use crate::manifest::Manifest;

/// The lineage of a stage that reads `inputs` now, its config's relative paths starting from `config_folder`.
pub fn lineage(artifacts: &Artifacts, name: &Name, config_folder: &Path, inputs: &[FileRecord]) -> Lineage {
    let mut stages: Vec<UpstreamStage> = Vec::new();
    let mut add = |upstream: UpstreamStage| {
        if !stages.iter().any(|known| known.stage == upstream.stage && known.key == upstream.key) {
            stages.push(upstream);
        }
    };
    for stage in artifacts.stages() {
        let read: Vec<_> =
            inputs.iter().filter_map(|input| Some((within(&input.path, stage)?, input))).collect();
        // A manifest that cannot be read describes no stage.
        let Some(manifest) = Manifest::read(&artifacts.stage(stage)).ok().flatten() else { continue };
        let wrote = |(name, input): &(&str, &FileRecord)| {
            *name == MANIFEST
                || manifest.outputs.iter().any(|output| output.path == *name && output.blake3 == input.blake3)
        };
        if read.is_empty() || !read.iter().all(wrote) {
            continue;
        }
        manifest.lineage.iter().flat_map(|lineage| &lineage.stages).cloned().for_each(&mut add);
        add(manifest.upstream());
    }
    stages.sort_by_key(|upstream| artifacts.stages().iter().position(|stage| *stage == upstream.stage));
    // Absolute, so that the folder is found from any other.
    let config_folder = fs_err::canonicalize(config_folder).unwrap_or_else(|_| config_folder.to_path_buf());
    Lineage { name: name.clone(), config_folder, machine: Machine::current(), stages }
}
