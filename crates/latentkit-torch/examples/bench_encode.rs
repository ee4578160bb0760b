//! latentkit's side of `scripts/bench.sh encode`: encodes for some seconds and prints the images per second as JSON.
//! The only argument is the plan of `scripts/bench/bench.py`, in JSON.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program whose result is read from stdout")]

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use latentkit_core::{Error, ImageShape, Result};
use latentkit_model::config::{self, Device, ModelConfig, Precision};
use latentkit_model::{AutoEncoder, Engines, ModelSummary, Request};
use latentkit_torch::LIBTORCH;
use serde::Deserialize;
use serde_json::{Value, json};

/// Pixels of an image.
const PIXELS: usize = 28 * 28;

/// Batches in a pass, with the latents of all of them as the result.
const BATCHES: usize = 20;

#[derive(Deserialize)]
struct Plan {
    images: PathBuf, // bytes of 28x28 images, one after the other
    batch: usize,
    threads: usize,
    seconds: f64,
    way: config::Engine,
    model: ModelConfig,
}

fn main() -> ExitCode {
    match run() {
        Ok(result) => {
            println!("{result}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<Value> {
    let plan = std::env::args().nth(1).unwrap_or_default();
    let plan: Plan = serde_json::from_str(&plan)
        .map_err(|error| Error::failed(format!("cannot read the plan: {error}")))?;
    rayon::ThreadPoolBuilder::new()
        .num_threads(plan.threads)
        .build_global()
        .map_err(|error| Error::failed(error.to_string()))?;
    let pixels = fs_err::read(&plan.images)?;
    let count = (pixels.len() / PIXELS).min(BATCHES * plan.batch);
    let images = &pixels[..count * PIXELS];
    let model = AutoEncoder::new(&plan.model, ImageShape::grey(28, 28), 1)?;
    let request = Request {
        section: "export",
        engine: plan.way,
        device: Device::Cpu,
        precision: Precision::Float32,
        optimizer: None,
    };
    let mut engine = Engines { libtorch: Some(&LIBTORCH) }.start(&model, &request)?;

    let mut pass = || {
        let mut latents: Vec<f32> = Vec::new();
        for batch in images.chunks(plan.batch * PIXELS) {
            latents.extend(engine.encode(batch));
        }
        latents.len()
    };
    pass(); // warm-up
    let (mut timed, start) = (0, Instant::now());
    while timed == 0 || start.elapsed().as_secs_f64() < plan.seconds {
        pass();
        timed += count;
    }
    let seconds = start.elapsed().as_secs_f64();
    Ok(json!({
        "version": env!("CARGO_PKG_VERSION"),
        "parameters": ModelSummary::new(&model.blueprint).parameters.total(),
        "images_per_second": timed as f64 / seconds,
        "images": timed,
        "seconds": seconds,
    }))
}
