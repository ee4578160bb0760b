//! Times K-Means:
//! `cargo run --release --workspace --example bench_kmeans -- [--latents FILE | --blobs N,D,CENTRES] [OPTION]...`
//!
//! Prints, for each seed, the seconds that the sweep over k took and the inertia of each k. `--help` lists the options.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program whose result is read from stdout")]

#[path = "support/blobs.rs"]
mod blobs;
mod support;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use blobs::blobs;
use latentkit_cluster::config::ClusterEngine;
use latentkit_cluster::{KMeansParams, kmeans};
use latentkit_core::rng::generator;
use latentkit_core::{Cancellation, Error, Result};
use support::{program, read, start_threads};

const HELP: &str = "\
--latents FILE       points of a Parquet file, as `latentkit cluster --latents` reads them
--blobs N,D,CENTRES  N points of D dimensions around random centres (70000,6,10 without --latents)
--k FROM,TO          the numbers of clusters (5,14)
--restarts N         restarts for each k (10)
--exchanges N        exchanges that gain nothing before a run ends (3)
--seeds N            repetitions with other seeds (3)
--threads N          threads (one for each core)
--engine NAME        native or linfa (native)
--batch-size N       points in a mini-batch (none)
--tolerance X        where a restart ends (1e-4)";

struct Plan {
    latents: Option<PathBuf>,
    blobs: [usize; 3], // points, dimensions, centres
    k: [usize; 2],
    seeds: u64,
    threads: usize,
    params: KMeansParams,
}

fn main() -> ExitCode {
    program(HELP, |arguments| run(&plan(arguments)?))
}

fn plan(arguments: &[String]) -> Result<Plan> {
    let mut plan = Plan {
        latents: None,
        blobs: [70_000, 6, 10],
        k: [5, 14],
        seeds: 3,
        threads: 0,
        params: KMeansParams {
            k: 0,
            restarts: 10,
            exchanges: 3,
            max_iterations: 300,
            tolerance: 1e-4,
            engine: ClusterEngine::Native,
            batch_size: None,
        },
    };
    for pair in arguments.chunks(2) {
        let wrong =
            || Error::failed(format!("cannot use `{}`", pair.join(" "))).hint("--help lists the options");
        let [name, value] = pair else { return Err(wrong()) };
        let numbers =
            || value.split(',').map(|part| part.parse().map_err(|_| wrong())).collect::<Result<Vec<usize>>>();
        let number = || numbers()?.first().copied().ok_or_else(wrong);
        match name.as_str() {
            "--latents" => plan.latents = Some(value.into()),
            "--blobs" => plan.blobs = numbers()?.try_into().map_err(|_| wrong())?,
            "--k" => plan.k = numbers()?.try_into().map_err(|_| wrong())?,
            "--restarts" => plan.params.restarts = number()? as u32,
            "--exchanges" => plan.params.exchanges = number()? as u32,
            "--seeds" => plan.seeds = number()? as u64,
            "--threads" => plan.threads = number()?,
            "--engine" if value == "native" => plan.params.engine = ClusterEngine::Native,
            "--engine" if value == "linfa" => plan.params.engine = ClusterEngine::Linfa,
            "--batch-size" => plan.params.batch_size = Some(number()?),
            "--tolerance" => plan.params.tolerance = value.parse().map_err(|_| wrong())?,
            _ => return Err(wrong()),
        }
    }
    Ok(plan)
}

fn run(plan: &Plan) -> Result<()> {
    start_threads(plan.threads)?;
    let points = match &plan.latents {
        Some(file) => read(file)?,
        None => blobs(plan.blobs),
    };
    println!("{} x {}, {} threads", points.nrows(), points.ncols(), rayon::current_num_threads());
    for seed in 0..plan.seeds {
        let start = Instant::now();
        let mut inertias = Vec::new();
        for k in plan.k[0]..=plan.k[1] {
            let params = KMeansParams { k, ..plan.params };
            let found =
                kmeans(points.view(), params, &generator(seed, "k-means", k as u64), Cancellation::never())?;
            inertias.push(format!("{:.6}", found.inertia));
        }
        println!("seed {seed}: {:.3} s, inertia {}", start.elapsed().as_secs_f64(), inertias.join(" "));
    }
    Ok(())
}
