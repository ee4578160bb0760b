//! `latentkit man`: a manual page.

use clap::CommandFactory;
use latentkit_core::{Error, Result};

use crate::cli::{Cli, ManArguments};
use crate::output;

pub(crate) fn print(arguments: &ManArguments) -> Result<()> {
    let mut program = Cli::command();
    // Global options reach the commands, and these get their full names.
    program.build();
    let command = match &arguments.command {
        None => program,
        Some(name) => {
            let found = program.get_subcommands().find(|command| command.get_name() == name);
            let names: Vec<_> =
                program.get_subcommands().map(|command| format!("`{}`", command.get_name())).collect();
            found.cloned().ok_or_else(|| {
                Error::usage(format!("there is no manual page for `{name}`"))
                    .expected(names.join(", "))
                    .found(format!("`{name}`"))
            })?
        }
    };
    let mut page = Vec::new();
    clap_mangen::Man::new(command).render(&mut page)?;
    output::text(&String::from_utf8_lossy(&page));
    Ok(())
}
