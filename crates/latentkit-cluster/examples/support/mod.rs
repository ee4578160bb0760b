//! What the programs that time something share.

use std::path::Path;
use std::process::ExitCode;

use latentkit_core::{Error, Result};
use latentkit_table::{Columns, Part, read_embeddings};
use ndarray::Array2;

/// Runs a program with its arguments, or prints `help` where they ask for it.
pub(crate) fn program(help: &str, run: impl FnOnce(&[String]) -> Result<()>) -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.iter().any(|argument| argument == "--help") {
        println!("{help}");
        return ExitCode::SUCCESS;
    }
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Starts so many threads, or one for each core where it is 0.
pub(crate) fn start_threads(count: usize) -> Result<()> {
    let threads = rayon::ThreadPoolBuilder::new().num_threads(count).build_global();
    threads.map_err(|error| Error::failed(format!("cannot start the threads: {error}")))
}

/// The points of a file, as `latentkit cluster --latents` reads them.
pub(crate) fn read(file: impl AsRef<Path>) -> Result<Array2<f32>> {
    Ok(read_embeddings(&[Part::file(file.as_ref())], &Columns::default())?.values.rounded())
}
