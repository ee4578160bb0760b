//! Manifests and the figures in them.
#![no_main]

use latentkit_core::manifest::{Identity, Manifest};
use latentkit_core::summary::{
    ClusterSummary, DecodeSummary, ExportSummary, IngestSummary, PlotSummary, TrainSummary,
};
use latentkit_fuzz::{file, folder, within};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    file("manifest.json", bytes);
    within((1 << 20) + 1000 * bytes.len(), || {
        let Ok(Some(manifest)) = Manifest::read(folder()) else { return };
        let _ = manifest.summary::<IngestSummary>();
        let _ = manifest.summary::<TrainSummary>();
        let _ = manifest.summary::<ExportSummary>();
        let _ = manifest.summary::<ClusterSummary>().map(|summary| summary.best_silhouette());
        let _ = manifest.summary::<DecodeSummary>();
        let _ = manifest.summary::<PlotSummary>();
        let identity = Identity {
            stage: manifest.stage,
            config: manifest.config.clone(),
            inputs: manifest.inputs.clone(),
        };
        let other = Identity { config: manifest.summary.clone(), inputs: Vec::new(), ..identity.clone() };
        let _ = (identity.differences(&manifest), other.differences(&manifest));
    });
});
