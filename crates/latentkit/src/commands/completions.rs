//! `latentkit completions`: a script that completes commands and options.

use clap::CommandFactory;

use crate::cli::{Cli, CompletionsArguments};
use crate::output;

pub(crate) fn print(arguments: &CompletionsArguments) {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut Cli::command(), "latentkit", &mut script);
    output::text(&String::from_utf8_lossy(&script));
}
