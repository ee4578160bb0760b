//! Times DBSCAN and HDBSCAN:
//! `cargo run --release --workspace --example bench_density -- [--latents FILE] [OPTION]...`
//!
//! Prints the seconds that each took and what it found. `--help` lists the options.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program whose result is read from stdout")]

#[path = "support/blobs.rs"]
mod blobs;
mod support;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use blobs::blobs;
use latentkit_cluster::{DbscanParams, DensityClustering, HdbscanParams, dbscan, hdbscan};
use latentkit_core::{Cancellation, Error, Result};
use support::{program, read, start_threads};

const HELP: &str = "\
--latents FILE         points of a Parquet file, as `latentkit cluster --latents` reads them
--blobs N,D,CENTRES    N points of D dimensions around random centres (70000,6,10 without --latents)
--radius X             radius of DBSCAN (chosen from the points)
--min-points N         of both (5)
--min-cluster-size N   of HDBSCAN (50)
--runs N               repetitions (3)
--threads N            threads (one for each core)";

struct Plan {
    latents: Option<PathBuf>,
    blobs: [usize; 3], // points, dimensions, centres
    radius: Option<f64>,
    min_points: usize,
    min_cluster_size: usize,
    runs: usize,
    threads: usize,
}

fn main() -> ExitCode {
    program(HELP, |arguments| run(&plan(arguments)?))
}

fn plan(arguments: &[String]) -> Result<Plan> {
    let mut plan = Plan {
        latents: None,
        blobs: [70_000, 6, 10],
        radius: None,
        min_points: 5,
        min_cluster_size: 50,
        runs: 3,
        threads: 0,
    };
    for pair in arguments.chunks(2) {
        let wrong =
            || Error::failed(format!("cannot use `{}`", pair.join(" "))).hint("--help lists the options");
        let [name, value] = pair else { return Err(wrong()) };
        let number = || value.parse::<usize>().map_err(|_| wrong());
        match name.as_str() {
            "--latents" => plan.latents = Some(value.into()),
            "--blobs" => {
                let numbers: Result<Vec<usize>> =
                    value.split(',').map(|part| part.parse().map_err(|_| wrong())).collect();
                plan.blobs = numbers?.try_into().map_err(|_| wrong())?;
            }
            "--radius" => plan.radius = Some(value.parse().map_err(|_| wrong())?),
            "--min-points" => plan.min_points = number()?,
            "--min-cluster-size" => plan.min_cluster_size = number()?,
            "--runs" => plan.runs = number()?,
            "--threads" => plan.threads = number()?,
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
    let Plan { radius, min_points, min_cluster_size, .. } = *plan;
    for _ in 0..plan.runs {
        let start = Instant::now();
        let (found, radius) =
            dbscan(points.view(), DbscanParams { radius, min_points }, Cancellation::never())?;
        report(&format!("DBSCAN, radius {radius:.6}"), start, &found);
        let start = Instant::now();
        let params = HdbscanParams { min_cluster_size, min_points };
        report("HDBSCAN", start, &hdbscan(points.view(), params, Cancellation::never())?);
    }
    Ok(())
}

fn report(what: &str, start: Instant, found: &DensityClustering) {
    let seconds = start.elapsed().as_secs_f64();
    let mut sizes = vec![0_usize; found.count];
    for cluster in found.clusters.iter().flatten() {
        sizes[*cluster as usize] += 1;
    }
    sizes.truncate(8);
    println!("{what}: {seconds:.3} s, {} clusters {sizes:?}.., {} noise", found.count, found.noise);
}
