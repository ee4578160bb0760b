//! `latentkit onnx`: a trained model as ONNX files.

use latentkit_core::{Result, atomic};
use latentkit_model::{AutoEncoder, onnx};
use serde_json::json;

use crate::cli::{Global, OnnxArguments};
use crate::output;
use crate::trained_model;

pub(crate) fn write(global: &Global, arguments: &OnnxArguments) -> Result<()> {
    let (model, _) = AutoEncoder::load(&trained_model::weights(&arguments.model, global)?)?;
    atomic::create_folder(&arguments.output)?;
    let halves = [("encoder.onnx", onnx::encoder(&model)), ("decoder.onnx", onnx::decoder(&model))];
    let mut written = Vec::new();
    for (name, bytes) in halves {
        let path = arguments.output.join(name);
        atomic::write(&path, &bytes)?;
        written.push(path);
    }
    if global.json {
        let paths: Vec<_> = written.iter().map(|path| path.display().to_string()).collect();
        output::json(&json!({ "opset": onnx::OPSET, "files": paths }));
    } else {
        for path in written {
            output::line(path.display());
        }
    }
    Ok(())
}
