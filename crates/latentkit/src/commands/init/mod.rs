//! `latentkit init`: a config that fits some data.

mod defaults;
mod images;
mod points;

use latentkit_core::Result;

use crate::cli::{Global, InitArguments};
use crate::output;

pub(crate) fn print(global: &Global, arguments: &InitArguments) -> Result<()> {
    output::text(&match &arguments.images {
        Some(images) => images::config(global, arguments, images)?,
        None => points::config(arguments)?,
    });
    Ok(())
}
