//! The sections that a config may have, in the order in which they are printed.

use latentkit_core::config::SectionType;

/// Every section.
pub const SECTIONS: &[SectionType] = &[
    SectionType::of::<latentkit_ingest::config::DatasetConfig>(),
    SectionType::of::<latentkit_model::config::ModelConfig>(),
    SectionType::of::<latentkit_train::config::TrainConfig>(),
    SectionType::of::<latentkit_export::config::ExportConfig>(),
    SectionType::of::<latentkit_cluster::config::ClusterConfig>(),
    SectionType::of::<latentkit_plot::config::PlotConfig>(),
];

#[cfg(test)]
mod tests;
