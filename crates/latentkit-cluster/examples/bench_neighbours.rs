//! Times the exact nearest neighbours of all points of a table:
//! `cargo run --release --workspace --example bench_neighbours -- FILE K RUNS THREADS`
//!
//! Prints the seconds of each run, and the sum of the numbers of all neighbours, by which runs and programs can be compared.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program whose result is read from stdout")]

use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

use latentkit_cluster::nearest_neighbours;
use latentkit_core::{Cancellation, Error, Result};
use latentkit_table::{Columns, Part, read_embeddings};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[String]) -> Result<()> {
    let wrong = || Error::failed("expected FILE K RUNS THREADS").found(arguments.join(" "));
    let [file, numbers @ ..] = arguments else { return Err(wrong()) };
    let numbers: Vec<usize> =
        numbers.iter().map(|text| text.parse().map_err(|_| wrong())).collect::<Result<_>>()?;
    let [k, runs, threads] = numbers[..] else { return Err(wrong()) };
    rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build_global()
        .map_err(|error| Error::failed(format!("cannot start the threads: {error}")))?;
    let points = read_embeddings(&[Part::file(Path::new(file))], &Columns::default())?.values.rounded();
    let queries: Vec<usize> = (0..points.nrows()).collect();
    for _ in 0..runs {
        let start = Instant::now();
        let found = nearest_neighbours(points.view(), &queries, k, Cancellation::never())?;
        println!("neighbours: {:.3} s, sum {}", start.elapsed().as_secs_f64(), found.sum());
    }
    Ok(())
}
