//! `latentkit`: trains auto-encoders, exports their latents, clusters them, chooses k and draws the results.

mod agreement;
mod cli;
mod columns;
mod commands;
mod logging;
mod output;
mod pipeline;
mod progress;
mod record;
mod scratch;
mod verification;
mod versions;

use std::process::ExitCode;

use clap::Parser;
use latentkit_core::{ErrorKind, Result};

use cli::{Cli, Command};

/// `status --check` found something that is not fresh.
const EXIT_STALE: u8 = 5;
/// `verify` or `reproduce` found something that is not as recorded.
const EXIT_DISAGREES: u8 = 6;

fn main() -> ExitCode {
    let cli = Cli::parse().with_something_to_do();
    let outcome = progress::start(&cli.global).and_then(|trace| {
        let outcome = run(&cli);
        let written = trace.finish();
        outcome.and_then(|code| written.map(|()| code))
    });
    match outcome {
        Ok(code) => code,
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

fn run(cli: &Cli) -> Result<ExitCode> {
    let global = &cli.global;
    let Some(command) = &cli.command else {
        commands::version::print(global);
        output::close()?;
        return Ok(ExitCode::SUCCESS);
    };
    match command {
        Command::Run(arguments) => commands::run::all(global, arguments)?,
        Command::Ingest(arguments) => commands::run::one(global, latentkit_core::Stage::Ingest, arguments)?,
        Command::Train(arguments) => commands::run::one(global, latentkit_core::Stage::Train, arguments)?,
        Command::Export(arguments) => commands::run::one(global, latentkit_core::Stage::Export, arguments)?,
        Command::Cluster(arguments) => commands::run::cluster(global, arguments)?,
        Command::Decode(arguments) => commands::run::one(global, latentkit_core::Stage::Decode, arguments)?,
        Command::Plot(arguments) => commands::run::one(global, latentkit_core::Stage::Plot, arguments)?,
        Command::Summary(arguments) => commands::summary::print(global, arguments)?,
        Command::Status(arguments) => {
            let fresh = commands::status::print(global, arguments)?;
            if arguments.check && !fresh {
                return Ok(ExitCode::from(EXIT_STALE));
            }
        }
        Command::Config(arguments) => commands::config::print(global, arguments)?,
        Command::Sweep(arguments) => commands::sweep::run(global, arguments)?,
        Command::Runs => commands::runs::print(global)?,
        Command::Compare(arguments) => commands::compare::run(global, arguments)?,
        Command::Verify(arguments) => {
            if !commands::verify::print(global, arguments)? {
                output::close()?;
                return Ok(ExitCode::from(EXIT_DISAGREES));
            }
        }
        Command::Reproduce(arguments) => {
            if !commands::reproduce::print(global, arguments)? {
                output::close()?;
                return Ok(ExitCode::from(EXIT_DISAGREES));
            }
        }
        Command::Clean(arguments) => commands::clean::run(global, arguments)?,
        Command::Completions(arguments) => commands::completions::print(arguments),
        Command::Man(arguments) => commands::man::print(arguments)?,
    }
    output::close()?;
    Ok(ExitCode::SUCCESS)
}
