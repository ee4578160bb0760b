//! Times mixtures of Gaussians:
//! `cargo run --release --workspace --example bench_mixture -- LATENTS [FROM TO RESTARTS THREADS]`
//!
//! LATENTS is a Parquet file, as `latentkit cluster --latents` reads it. Prints, for each k, the seconds and the
//! log-likelihood; without the other arguments for k = 5 to 14 with five restarts and a thread for each core.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program whose result is read from stdout")]

mod support;

use std::process::ExitCode;
use std::time::Instant;

use latentkit_cluster::config::ClusterEngine;
use latentkit_cluster::{MixtureParams, gaussian_mixture};
use latentkit_core::rng::generator;
use latentkit_core::{Cancellation, Error, Result};
use support::{program, read, start_threads};

fn main() -> ExitCode {
    program("LATENTS [FROM TO RESTARTS THREADS]", run)
}

fn run(arguments: &[String]) -> Result<()> {
    let number = |place: usize, default: usize| match arguments.get(place) {
        None => Ok(default),
        Some(number) => number.parse().map_err(|_| Error::usage(format!("`{number}` is no number"))),
    };
    let file = arguments.first().ok_or_else(|| Error::usage("which file has the points?"))?;
    let points = read(file)?;
    start_threads(number(4, 0)?)?;
    println!("{} x {}, {} threads", points.nrows(), points.ncols(), rayon::current_num_threads());
    let begin = Instant::now();
    for k in number(1, 5)?..=number(2, 14)? {
        let start = Instant::now();
        let params = MixtureParams {
            k,
            restarts: number(3, 5)? as u32,
            max_iterations: 100,
            tolerance: 1e-3,
            regularisation: 1e-6,
            engine: ClusterEngine::Native,
        };
        let rng = generator(0, "mixture", k as u64);
        let found = gaussian_mixture(points.view(), params, &rng, Cancellation::never())?;
        println!(
            "k = {k}: {:.3} s, log-likelihood {:.3}, converged {}",
            start.elapsed().as_secs_f64(),
            found.log_likelihood,
            found.converged
        );
    }
    println!("{:.3} s", begin.elapsed().as_secs_f64());
    Ok(())
}
