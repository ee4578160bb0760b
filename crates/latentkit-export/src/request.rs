//! What encoding and decoding ask of an engine.

use latentkit_model::Request;
use latentkit_model::config::Precision;

use crate::config::ExportConfig;

/// What encoding and decoding ask of an engine.
pub fn request(config: &ExportConfig) -> Request<'static> {
    Request {
        section: "export",
        engine: config.engine,
        device: config.device,
        precision: Precision::Float32,
        optimizer: None,
    }
}
