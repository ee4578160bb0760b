//! Times the exact nearest neighbours of all points of a table:
//! `cargo run --release --workspace --example bench_neighbours -- FILE K RUNS THREADS`
//!
//! Prints the seconds of each run, and the sum of the numbers of all neighbours, by which runs and programs can be compared.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program whose result is read from stdout")]

mod support;

use std::process::ExitCode;
use std::time::Instant;

use latentkit_cluster::nearest_neighbours;
use latentkit_core::{Cancellation, Error, Result};
use support::{program, read, start_threads};

fn main() -> ExitCode {
    program("FILE K RUNS THREADS", run)
}

fn run(arguments: &[String]) -> Result<()> {
    let wrong = || Error::failed("expected FILE K RUNS THREADS").found(arguments.join(" "));
    let [file, numbers @ ..] = arguments else { return Err(wrong()) };
    let numbers: Vec<usize> =
        numbers.iter().map(|text| text.parse().map_err(|_| wrong())).collect::<Result<_>>()?;
    let [k, runs, threads] = numbers[..] else { return Err(wrong()) };
    start_threads(threads)?;
    let points = read(file)?;
    let queries: Vec<usize> = (0..points.nrows()).collect();
    for _ in 0..runs {
        let start = Instant::now();
        let found = nearest_neighbours(points.view(), &queries, k, Cancellation::never())?;
        println!("neighbours: {:.3} s, sum {}", start.elapsed().as_secs_f64(), found.sum());
    }
    Ok(())
}
