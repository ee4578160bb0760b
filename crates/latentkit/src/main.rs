//! `latentkit`: trains auto-encoders, exports their latents, clusters them, chooses k and draws the results.

mod cli;
mod columns;
mod commands;
mod output;
mod pipeline;
mod progress;
mod record;
mod versions;

use std::process::ExitCode;

use clap::Parser;
use latentkit_core::{ErrorKind, Result};

use cli::{Cli, Command};

/// `status --check` found something that is not fresh.
const EXIT_STALE: u8 = 5;

fn main() -> ExitCode {
    let cli = Cli::parse();
    progress::start(&cli.global);
    match run(&cli) {
        Ok(code) => code,
        Err(error) => {
            progress::finish();
            output::error(&error);
            ExitCode::from(match error.kind() {
                ErrorKind::Failed => 1,
                ErrorKind::Usage => 2,
                ErrorKind::Config => 3,
                ErrorKind::Input => 4,
                ErrorKind::Interrupted => 130,
            })
        }
    }
}

fn run(cli: &Cli) -> Result<ExitCode> {
    let global = &cli.global;
    match &cli.command {
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
    }
    output::close()?;
    Ok(ExitCode::SUCCESS)
}
