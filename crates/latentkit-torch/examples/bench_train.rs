//! latentkit's side of `scripts/bench.sh train`: trains for some seconds and prints the images per second as JSON.
//! The only argument is the plan of `scripts/bench/bench.py`, in JSON.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program whose result is read from stdout")]

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use latentkit_core::{Error, ImageShape, Result, rng};
use latentkit_model::config::{self, Device, Loss, ModelConfig, Optimizer, Precision};
use latentkit_model::{AutoEncoder, Engines, ModelSummary, Request};
use latentkit_torch::LIBTORCH;
use rand::seq::SliceRandom;
use serde::Deserialize;
use serde_json::{Value, json};

/// Pixels of an image.
const PIXELS: usize = 28 * 28;

/// Steps before the clock starts.
const WARM_UP: u32 = 5;

#[derive(Deserialize)]
struct Plan {
    images: PathBuf, // bytes of 28x28 images, one after the other
    batch: usize,
    threads: usize,
    seconds: f64,
    precision: Precision,
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
    let images = fs_err::read(&plan.images)?;
    let count = images.len() / PIXELS;
    let model = AutoEncoder::new(&plan.model, ImageShape::grey(28, 28), 1)?;
    let request = Request {
        section: "train",
        engine: plan.way,
        device: Device::Cpu,
        precision: plan.precision,
        optimizer: Some(&Optimizer::default()),
    };
    let mut engine = Engines { libtorch: Some(&LIBTORCH) }.start(&model, &request)?;

    // The loop of latentkit_train::run, without its checkpoints and its validation.
    let (mut steps, mut timed, mut start) = (0_u32, 0_usize, Instant::now());
    let mut loss = f64::NAN;
    'epochs: for epoch in 1.. {
        let mut order: Vec<usize> = (0..count).collect();
        order.shuffle(&mut rng::generator(1, "shuffle", epoch));
        engine.reset_metrics();
        for ids in order.chunks(plan.batch) {
            let batch: Vec<u8> =
                ids.iter().flat_map(|id| &images[id * PIXELS..][..PIXELS]).copied().collect();
            engine.step(&batch, None, Loss::Bce, 1e-3);

            steps += 1;
            if steps == WARM_UP {
                start = Instant::now();
            } else if steps > WARM_UP {
                timed += ids.len();
                if start.elapsed().as_secs_f64() >= plan.seconds {
                    loss = engine.metrics().means().bce; // the mean over the epoch so far
                    break 'epochs;
                }
            }
        }
    }
    let seconds = start.elapsed().as_secs_f64();
    Ok(json!({
        "version": env!("CARGO_PKG_VERSION"),
        "parameters": ModelSummary::new(&model.blueprint).parameters.total(),
        "images_per_second": timed as f64 / seconds,
        "images": timed,
        "seconds": seconds,
        "loss": loss,
    }))
}
