//! `latentkit`: trains auto-encoders, exports their latents, clusters them, chooses k and draws the results.

mod cli;
mod columns;
mod commands;
mod engines;
mod experiment;
mod figures;
mod handover;
mod later;
mod logging;
mod output;
mod output_diff;
mod pipeline;
mod points;
mod progress;
mod record;
mod scratch;
mod stages;
mod styles;
mod trained_model;
mod verification;
mod versions;

pub use stages::sections;

use std::process::ExitCode;

use clap::Parser;
use latentkit_core::{ErrorKind, Result};
use latentkit_model::Libtorch;

use cli::{Cli, Command};

/// `status --check` found something that is not fresh.
const EXIT_STALE: u8 = 5;
/// `verify` or `reproduce` found something that is not as recorded.
const EXIT_DISAGREES: u8 = 6;

/// The program, with libtorch as an engine or without it.
pub fn main(libtorch: Option<&'static dyn Libtorch>) -> ExitCode {
    let cli = Cli::parse().with_something_to_do();
    engines::set(libtorch);
    let outcome = progress::start(&cli.global).and_then(|trace| {
        let outcome = handover::check().and_then(|()| run(&cli));
        let written = trace.finish();
        outcome.and_then(|code| written.map(|()| code))
    });
    // Whatever was found, results that could not be printed are an error.
    match outcome.and_then(|code| output::close().map(|()| code)) {
        Ok(code) => code.into(),
        Err(error) => {
            let code = match error.kind() {
                ErrorKind::Failed => 1,
                ErrorKind::Usage => 2,
                ErrorKind::Config => 3,
                ErrorKind::Input => 4,
                ErrorKind::Interrupted => 130,
            };
            output::error(&error, code);
            ExitCode::from(code)
        }
    }
}

/// Runs the command, and returns the exit code of what it found.
fn run(cli: &Cli) -> Result<u8> {
    let global = &cli.global;
    let Some(command) = &cli.command else {
        commands::version::print(global);
        return Ok(0);
    };
    match command {
        Command::Run(arguments) => commands::run::all(global, arguments)?,
        Command::Stage(command) => commands::run::one(global, command)?,
        Command::Summary(arguments) => commands::summary::print(global, arguments)?,
        Command::Status(arguments) => {
            let fresh = commands::status::print(global, arguments)?;
            return Ok(if fresh || !arguments.check { 0 } else { EXIT_STALE });
        }
        Command::Init(arguments) => commands::init::print(global, arguments)?,
        Command::Encode(arguments) => commands::encode::write(global, arguments)?,
        Command::Predict(arguments) => commands::predict::write(global, arguments)?,
        Command::Onnx(arguments) => commands::onnx::write(global, arguments)?,
        Command::Config(arguments) => commands::config::print(global, arguments)?,
        Command::Sweep(arguments) => commands::sweep::run(global, arguments)?,
        Command::Runs => commands::runs::print(global)?,
        Command::Compare(arguments) => commands::compare::run(global, arguments)?,
        Command::Verify(arguments) => {
            let agrees = commands::verify::print(global, arguments)?;
            return Ok(if agrees { 0 } else { EXIT_DISAGREES });
        }
        Command::Reproduce(arguments) => {
            let agrees = commands::reproduce::print(global, arguments)?;
            return Ok(if agrees { 0 } else { EXIT_DISAGREES });
        }
        Command::Clean(arguments) => commands::clean::run(global, arguments)?,
        Command::Completions(arguments) => commands::completions::print(arguments),
        Command::Man(arguments) => commands::man::print(arguments)?,
    }
    Ok(0)
}
